"""Rotation: new credentials that a provider pushes, brought to the connections that are in use.

Invariants:

* AUTH is a request in line as any other is: nobody waits for it, and it shifts no reply.
* Who has a connection to himself says when it is sent there: never within a transaction, nor behind a command that
  waits in the server. Then it goes before the next command, or when the connection is given back.
* A connection that was being made meanwhile, with the credentials of before, is sent the new ones before it is used.
* A connection that the server refuses them on takes no more requests. What it was asked before is still answered.
"""

import asyncio
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeAlias, cast

from redis_aio import _log
from redis_aio._connection.connection import Connection, ConnectionState
from redis_aio._connection.pool import ConnectionPool
from redis_aio._connection.watch import no_context
from redis_aio._discreet import discreet
from redis_aio._options import Options
from redis_aio._resp.encoder import pack
from redis_aio.credentials import OnError, OnNext
from redis_aio.exceptions import AuthenticationError, DataError

logger = logging.getLogger("redis_aio.connection")

Answer: TypeAlias = "asyncio.Future[list[Any]]"
Authenticate: TypeAlias = Callable[[Connection], Answer]


class Streaming(Protocol):
    """The part of a provider that streams; redis-py's have it too."""

    def on_next(self, callback: OnNext) -> None:
        """See :class:`redis_aio.credentials.StreamingCredentialProvider`."""
        ...

    def on_error(self, callback: OnError) -> None:
        """See :class:`redis_aio.credentials.StreamingCredentialProvider`."""
        ...


class Rotation:
    """The credentials of one pool's connections.

    Args:
        pool: whose connections.
        options: its options.
        loop: its event loop.
    """

    def __init__(self, pool: ConnectionPool, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._options = options
        self._loop = loop
        self._request = b""  # AUTH with the last credentials that were pushed
        self._pushed = 0  # how often they were
        #: Those that were made, also before the pool has them.
        self._connections: weakref.WeakSet[Connection] = weakref.WeakSet()

    def take(self, request: bytes) -> list[Answer]:
        """Use new credentials; return the answers of this thread's loop that are under way. Any thread may call it."""
        if self._pool.closed:  # also in a forked child, where the loop is its parent's
            return []
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        self._request = request  # no argument: loops in debug mode show those
        self._pushed += 1
        if here:
            return self._renew()
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._renew, context=no_context())
        return []

    def _renew(self) -> list[Answer]:
        answers: list[Answer] = []
        for connection in () if self._pool.closed else tuple(self._connections):
            if connection.state is ConnectionState.CLOSED:
                continue
            holder = connection.holder
            answer = self._authenticate(connection) if holder is None else holder.renew(self._authenticate)
            if answer is not None:
                answers.append(answer)
        return answers

    def _authenticate(self, connection: Connection) -> Answer:
        answer = connection.send_batch(self._request, 1)
        answer.add_done_callback(partial(self._answered, connection))
        return answer

    def _answered(self, connection: Connection, answer: Answer) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return  # the connection is lost, or too slow: that is told by itself
        (reply,) = answer.result()
        if isinstance(reply, Exception):
            self._pool.log.note(reply)
            connection.retire(reply)
            if connection.holder is None and connection.idle:
                connection.close("its new credentials were refused")

    async def dial(self, dial: Callable[[Options], Coroutine[Any, Any, Connection]], options: Options) -> Connection:
        """Make a connection with the last credentials, also where they come while it is being made."""
        before = self._pushed
        try:
            connection = await dial(options)
        except AuthenticationError:
            if self._pushed == before:
                raise
            before = self._pushed
            connection = await dial(options)  # not again and again: a provider may push whenever it is asked
        if self._pushed != before:
            self._authenticate(connection)
        self._connections.add(connection)
        return connection

    def failed(self, error: BaseException) -> None:
        """Take note that new credentials could not be had."""
        self._pool.log.note(error)
        _log.tell(logger, logging.WARNING, "credentials.failed", self._options, error=error)


class Renewing:
    """What a lease has for new credentials."""

    connection: Connection
    _in_multi: bool
    _recovering: int
    #: How much is in flight that may wait in the server.
    _waiting: int = 0
    #: Sends the new ones; they are still to be sent.
    _renewal: Authenticate | None = None

    def renew(self, authenticate: Authenticate) -> "Answer | None":
        """Send new credentials now, or before the next command, or when the connection is given back."""
        self._renewal = authenticate
        return self._renew()

    def _renew(self) -> "Answer | None":
        """Send them, unless a transaction is being built, or something in flight may wait in the server."""
        if self._in_multi or self._recovering or self._waiting:
            return None
        return self._renew_now()

    def _renew_now(self) -> "Answer | None":
        authenticate, self._renewal = self._renewal, None
        return None if authenticate is None else authenticate(self.connection)

    def _note_wait(self, reply: "asyncio.Future[Any]") -> None:
        """Take note of a reply that the server may have wait."""
        self._waiting += 1
        reply.add_done_callback(self._waited)

    def _waited(self, reply: "asyncio.Future[Any]") -> None:
        self._waiting -= 1


def rotation(pool: ConnectionPool, options: Options, loop: asyncio.AbstractEventLoop) -> Rotation | None:
    """Return the rotation of a pool whose provider streams; ``None`` for another one."""
    provider = options.credential_provider
    if not callable(getattr(provider, "on_next", None)):
        return None
    made = Rotation(pool, options, loop)
    _listen(cast("Streaming", provider), made)
    return made


# -- providers --------------------------------------------------------------------------------------------------------


class Stream:
    """What one provider pushes, for all who use it: a provider may keep the last callback only.

    Args:
        provider: is given the callbacks.
    """

    def __init__(self, provider: Streaming) -> None:
        self._rotations: tuple[weakref.ref[Rotation], ...] = ()
        provider.on_next(self._next)
        provider.on_error(self._error)

    def add(self, rotation: Rotation) -> None:
        """Bring what comes to one more."""
        alive = (reference for reference in self._rotations if reference() is not None)
        self._rotations = (*alive, weakref.ref(rotation))  # replaced, because another thread may be reading it

    def _all(self) -> list[Rotation]:
        return [rotation for reference in self._rotations if (rotation := reference()) is not None]

    @discreet
    def _next(self, credentials: Any) -> Awaitable[None]:
        request = _auth(credentials)
        return _Answers([answer for rotation in self._all() for answer in rotation.take(request)])

    def _error(self, error: Exception) -> Awaitable[None]:
        for rotation in self._all():
            rotation.failed(error)
        return _Answers([])


class _Answers(Awaitable[None]):
    """Waits for answers, whatever they are; also a provider that does not want to may drop it."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers = list(answers)

    def __await__(self) -> Generator[Any, None, None]:
        if self._answers:
            yield from asyncio.wait(self._answers).__await__()


#: The streams of providers that are alive, by identity: a provider need not be hashable.
_streams: dict[int, tuple["weakref.ref[Any]", Stream]] = {}
_lock = threading.RLock()  # the provider's own code runs while it is held


def _listen(provider: Streaming, made: Rotation) -> None:
    """Bring what a provider pushes to a rotation."""
    key = id(provider)
    with _lock:
        known = _streams.get(key)
        if known is None:
            known = weakref.ref(provider, lambda _: _forget(key)), Stream(provider)
            _streams[key] = known
        known[1].add(made)


def _forget(key: int) -> None:
    _streams.pop(key, None)


def _auth(credentials: Any) -> bytes:
    """Return AUTH with credentials, or with a token as redis-py's providers push it.

    Raises:
        DataError: they are neither.
    """
    if callable(getattr(credentials, "get_value", None)):
        user = credentials.try_get("oid") if hasattr(credentials, "try_get") else None
        credentials = (credentials.get_value(),) if user is None else (user, credentials.get_value())
    if not isinstance(credentials, tuple | list) or len(credentials) not in (1, 2):
        raise DataError("new credentials are (password,), (username, password) or a token with get_value()")
    return pack(("AUTH",), tuple(credentials))


__all__ = ["Renewing", "Rotation", "rotation"]
