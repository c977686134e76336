"""dial: from options to a ready connection, or to nothing: no half-initialised connection leaves this file."""

import asyncio
import builtins
import contextvars
import inspect
import logging
import ssl
import time
from typing import Any

from redis_aio import _log, exceptions
from redis_aio._connection.connection import Connection
from redis_aio._connection.handshake import Session, handshake
from redis_aio._connection.inflight import BatchInterrupted
from redis_aio._connection.transport import open_transport, peer_of
from redis_aio._discreet import discreet_async
from redis_aio._options import Options
from redis_aio._resp.encoder import pack

logger = logging.getLogger("redis_aio.connection")


@discreet_async
async def dial(options: Options) -> Connection:
    """Connect and shake hands.

    Raises:
        ConnectTimeoutError: it took longer than ``dial_timeout``, all steps together.
        AuthenticationError: the server refused the credentials.
        ConnectionError: no address could be reached, TLS failed, or the peer is no Redis server.
    """
    started = time.perf_counter()  # the loop's clock may stand still for a millisecond
    loop = asyncio.get_running_loop()
    connection = Connection(options, loop)
    where = options.unix_socket_path or f"{options.host}:{options.port}"
    timed_out = False
    try:
        async with asyncio.timeout(options.dial_timeout):
            # In a context of its own: a transport lives longer than the caller that happened to need it first.
            opening = open_transport(options, lambda: connection)
            try:
                sock = await loop.create_task(opening, context=contextvars.Context())
            except UnicodeError as error:  # of the codec that host names go through
                raise OSError(None, "a part of the host name is empty or too long") from error
            connection.attach(sock)
            connection.peer = peer_of(sock)
            connection.ready(await _shake_hands(connection, options))
    except builtins.TimeoutError:
        connection.fail(exceptions.ConnectionError("the handshake took too long"))
        timed_out = True  # raised below: the error here knows its task, which would know the error that is raised
    except ssl.SSLCertVerificationError as error:
        raise exceptions.ConnectionError(f"the certificate of {where} is not valid: {error.verify_message}") from error
    except OSError as error:
        connection.fail(exceptions.ConnectionError("the handshake failed"))
        reason = error.strerror or error.__class__.__name__
        raise exceptions.ConnectionError(f"cannot connect to {where}: {reason}") from error
    except BaseException:  # cancelled, refused, or a credential provider that raised: nothing half made remains
        connection.fail(exceptions.ConnectionError("the handshake failed"))
        raise
    if timed_out:
        raise exceptions.ConnectTimeoutError(f"connecting to {where} took longer than dial_timeout")
    client_id, took = connection.session.client_id, time.perf_counter() - started
    _log.tell(logger, logging.DEBUG, "connection.opened", options, connection_id=client_id, duration=took)
    return connection


async def _shake_hands(connection: Connection, options: Options) -> Session:
    steps = handshake(options, await _credentials(options))
    requests = next(steps)
    while True:
        data = b"".join(pack((), request) for request in requests)
        replies = await _answers(connection.send_batch(data, len(requests), timeout=None))
        try:
            requests = steps.send(replies)
        except StopIteration as done:
            session: Session = done.value
            return session


async def _answers(batch: "asyncio.Future[list[Any]]") -> list[Any]:
    """Return the replies, or raise why there are none, without leaving circles of errors, tracebacks and frames."""
    try:
        return await batch
    except BatchInterrupted as interrupted:
        cause = interrupted.cause
    finally:
        del batch
    cause.__dict__.pop("written", None)  # a handshake executes no command of a caller's
    try:
        raise cause
    finally:
        del cause


async def _credentials(options: Options) -> tuple[str, ...]:
    provider = options.credential_provider
    if provider is not None:
        given = provider.get_credentials_async()
        found = await given if inspect.isawaitable(given) else given
        if not isinstance(found, tuple | list) or len(found) > 2:  # the server would tell what it does not understand
            raise exceptions.DataError("a credential provider returns (password,) or (username, password)")
        return tuple(found)
    if options.username is not None:
        return options.username, options.password or ""
    return () if options.password is None else (options.password,)
