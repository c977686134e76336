"""Waiter: a place in a pool's line. PoolEvents: what a pool tells of its waits and connections."""

import asyncio
import contextvars
import time
from collections.abc import Iterable

from redis_aio._connection.connection import Connection, ConnectionState
from redis_aio.events import ConnectionClosed, ConnectionOpened, ConnectionUsed, Emitter, PoolWaited


class Waiter:
    """A place in the pool's line.

    Args:
        future: gets the connection.
        shared: whether others will use it too.
        since: the loop time at which the wait began.
    """

    __slots__ = ("began", "context", "future", "shared", "since")

    def __init__(self, future: "asyncio.Future[Connection]", shared: bool, since: float) -> None:
        self.future = future
        self.shared = shared
        self.since = since
        #: The same by a clock that is finer than some loops'.
        self.began = time.perf_counter()
        #: Whose wait it is: a dial that is made for it runs in this context.
        self.context = contextvars.copy_context()


class PoolEvents:
    """Tells of the waits and connections of one pool, while somebody listens.

    Args:
        emit: hands the events on.
        loop: the event loop.
    """

    def __init__(self, emit: Emitter, loop: asyncio.AbstractEventLoop) -> None:
        self._emit = emit
        self._loop = loop
        self._lost = 0  # and not replaced yet

    def waited(self, future: "asyncio.Future[Connection] | asyncio.Future[None]", began: float, shared: bool) -> None:
        """Tell that a wait which began at ``began``, by ``perf_counter``, has ended as ``future`` says."""
        if not self._emit.active:
            return
        lost = future.cancelled() or not future.done()
        error = asyncio.CancelledError() if lost else future.exception()
        self.ended(began, shared, error)
        del error, future  # its traceback holds this frame's caller

    def ended(self, began: float, shared: bool, error: BaseException | None) -> None:
        """Tell that a wait has ended."""
        if self._emit.active:
            self._emit(PoolWaited(time.perf_counter() - began, shared, error))

    def opened(self) -> None:
        """Tell that a connection was made."""
        reconnect, self._lost = self._lost > 0, max(0, self._lost - 1)
        if self._emit.active:
            self._emit(ConnectionOpened(reconnect))

    def closing(self, connections: Iterable[Connection], why: str) -> None:
        """Tell that connections are about to be closed from here, as far as they are not closed already."""
        for connection in connections:
            if self._emit.active and connection.state is not ConnectionState.CLOSED:
                self._emit(ConnectionClosed(why, None, self._loop.time() - connection.created_at))

    def lost(self, connection: Connection) -> None:
        """Tell that a connection has closed by itself."""
        self._lost += 1
        if self._emit.active:
            self._emit(ConnectionClosed("lost", connection.trouble, self._loop.time() - connection.created_at))

    def used(self, since: float | None) -> None:
        """Tell that a connection was given back which had been leased at ``since``, if it had been."""
        if since is not None and self._emit.active:
            self._emit(ConnectionUsed(self._loop.time() - since))


def peer_of(connections: Iterable[Connection]) -> tuple[str, int] | None:
    """Return the address at the other end of all these connections; ``None`` if there are several or it is unknown.

    The port of a unix socket is 0.
    """
    peers = {connection.peer for connection in connections}
    return peers.pop() if len(peers) == 1 else None
