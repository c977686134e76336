"""Closing connections within a second, whatever their peers do."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

from redis_aio import exceptions
from redis_aio._connection.connection import Connection, ConnectionState

#: Seconds for farewells, and for dials that are slow to end. With what comes before them, the clean-ups of locks
#: (0.25) and of blocking commands (0.4), they make a second.
FAREWELLS = 0.25
LAST = 0.1


class ClosedConnections:
    """Connections on their way out: those in use are cut, the others get a moment for their farewell."""

    def __init__(self, connections: list[Connection]) -> None:
        self._connections = connections

    def close(self) -> None:
        """Start; what is in flight fails with ``ClientClosedError``."""
        for connection in self._connections:
            connection.on_closed = connection.on_drained = None
            if connection.idle:
                connection.close()
            else:
                connection.fail(exceptions.ClientClosedError("the client was closed"))

    async def wait(self, tasks: "list[asyncio.Task[Connection]]") -> None:
        """Wait for the transports and the dials; cut what takes longer than they may."""
        futures: list[asyncio.Future[Any]] = [connection.closed for connection in self._connections]
        futures += tasks
        if not futures:
            return
        try:
            await asyncio.wait(futures, timeout=FAREWELLS)
        finally:
            for connection in self._connections:
                if not connection.closed.done():
                    connection.abort()
        pending = [future for future in futures if not future.done()]
        if pending:
            await asyncio.wait(pending, timeout=LAST)


def end_writing(connection: Connection) -> None:
    """Send the end of the stream, and no request after it: what the server has answered before still arrives.

    With TLS too, where it comes without a farewell.
    """
    connection.retire()
    if connection._socket is not None:
        with suppress(OSError):
            connection._socket.shutdown(socket.SHUT_WR)


def inherited(connection: Connection) -> tuple[Any, ...]:
    """Cut a connection of the parent off from a forked child, where somebody may still hold a lease on it.

    Neither its socket nor its event loop is touched: the parent shares both. Return what must never be destroyed.
    """
    kept = (connection, connection._transport, connection._socket, connection._outbox_line)
    connection.state = ConnectionState.CLOSED
    connection.crowded = True
    connection._transport = connection._socket = None
    connection._outbox_line, connection._outbox = [], []
    connection._failure = exceptions.ClientClosedError("this connection belongs to the process that was forked")
    return kept
