"""The handshake: from a transport to a connection of the right user, database, protocol and name.

It is a generator without I/O: it yields groups of requests, is sent the list of their raw replies, and returns a
``Session``. ``HELLO`` or ``AUTH`` always travels alone and first: some servers leave a failing AUTH in the middle of a
pipeline without a reply, which would shift every reply after it.

Source: https://redis.io/commands/hello/
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from redis_aio import exceptions
from redis_aio._options import Options
from redis_aio._replies.common import ok, text, text_keyed

Request = tuple[Any, ...]
Steps = Generator[list[Request], list[Any], "Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """What the server said of itself and of this connection.

    Attributes:
        protocol: 2 or 3.
        client_id: the connection's id in CLIENT LIST; 0 where the server tells none.
        server: ``"redis"`` or ``"valkey"``; empty where the server does not say.
        version: the server's version; empty where it does not say.
        role: ``"master"``, ``"replica"`` ...; empty where it does not say.
    """

    protocol: int = 2
    client_id: int = 0
    server: str = ""
    version: str = ""
    role: str = ""


def handshake(options: Options, credentials: tuple[str, ...]) -> Steps:
    """Run the handshake.

    Args:
        options: protocol, database, names.
        credentials: ``()``, ``(password,)`` or ``(username, password)``.

    Raises:
        AuthenticationError: the server refused the credentials.
        ConnectionError: the server refused the database or the name.
    """
    session = yield from _hello(options, credentials)
    requests: list[Request] = []
    if session.protocol == 2 and options.client_name:
        requests.append(("CLIENT", "SETNAME", options.client_name))
    if options.db:
        requests.append(("SELECT", options.db))
    required = len(requests)
    if session.client_id == 0:
        requests.append(("CLIENT", "ID"))
    requests.extend(("CLIENT", "SETINFO", name, value) for name, value in _library(options))
    if not requests:
        return session
    replies = yield requests
    for reply in replies[:required]:
        _expect_ok(reply)
    if session.client_id == 0 and isinstance(replies[required], int):
        session = Session(session.protocol, replies[required], session.server, session.version, session.role)
    return session  # CLIENT SETINFO is unknown before 7.2: its errors do no harm


def _hello(options: Options, credentials: tuple[str, ...]) -> Generator[list[Request], list[Any], Session]:
    if options.protocol == 3:
        request: list[Any] = ["HELLO", 3]
        if credentials:
            request += ["AUTH", *(credentials if len(credentials) == 2 else ("default", *credentials))]
        if options.client_name:
            request += ["SETNAME", options.client_name]
        (reply,) = yield [tuple(request)]
        if not isinstance(reply, Exception):
            return _session(reply)
        if not _means_no_hello(reply):
            _raise(reply)
    if credentials:
        (reply,) = yield [("AUTH", *credentials)]
        _expect_ok(reply)
    return Session()


def _means_no_hello(error: Exception) -> bool:
    """Return whether a server that answers HELLO 3 like this may still be spoken to in RESP2."""
    if isinstance(error, exceptions.NoPermissionError):
        return True
    if not isinstance(error, exceptions.ResponseError):
        return False
    words = str(error).lower()
    return words.startswith("noproto") or "unknown command" in words or "unsupported protocol" in words


def _session(reply: Any) -> Session:
    if not isinstance(reply, dict | list):
        raise exceptions.ProtocolError("the peer answered HELLO with something that is no map: is it a Redis server?")
    facts = text_keyed(reply)
    protocol = facts.get("proto")
    client_id = facts.get("id", 0)
    return Session(
        protocol=3 if protocol == 3 else 2,
        client_id=client_id if isinstance(client_id, int) else 0,
        server=text(facts.get("server", "")),
        version=text(facts.get("version", "")),
        role=text(facts.get("role", "")),
    )


def _library(options: Options) -> Iterator[tuple[str, str]]:
    if options.lib_name:
        yield "LIB-NAME", options.lib_name
    if options.lib_version:
        yield "LIB-VER", options.lib_version


def _expect_ok(reply: Any) -> None:
    """Accept nothing but OK: a connection of which one cannot say what it is must not be used."""
    _raise(reply)
    if not ok(reply):
        raise exceptions.ProtocolError("the peer answered a step of the handshake with something else than OK")


def _raise(reply: Any) -> None:
    """Raise an error reply of the handshake as what it means for the connection."""
    if not isinstance(reply, Exception):
        return
    if isinstance(reply, exceptions.AuthenticationWrongNumberOfArgsError):
        raise exceptions.AuthenticationError("this server knows no user names: give a password alone") from None
    if isinstance(reply, exceptions.AuthenticationError) and "HELLO must be called" in str(reply):
        raise exceptions.AuthenticationError("the server wants a password, and none was given") from None
    if isinstance(reply, exceptions.ConnectionError):
        raise reply
    raise exceptions.ConnectionError(f"the handshake failed: {reply}") from reply
