"""SingleConnection: executes all commands on one connection, whose state (SELECT, CLIENT SETNAME ...) lasts.

Invariant: what was set on a connection that is lost is never silently missing. Whoever uses the client next gets
``ConnectionStateLostError``, once; only then is a new connection taken.
"""

import asyncio
from typing import Any

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._connection.connection import ConnectionState
from redis_aio._execution.lease import ConnectionLease
from redis_aio._execution.node import Node
from redis_aio.typing import T


class SingleConnection:
    """Tries each command once, on a connection that is taken at the first one and kept.

    Batches go to the connections of the node, as in redis-py: its pipelines do not use the one connection either.

    Args:
        node: where the connection comes from.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lease: ConnectionLease | None = None
        self._dialing: asyncio.Task[ConnectionLease] | None = None
        self._released = False

    @property
    def held(self) -> bool:
        """Whether it holds a connection."""
        return self._lease is not None

    def begin(self, command: Command[Any]) -> "asyncio.Future[Any] | None":
        """Return ``None``: there is no shorter way."""
        return None

    def note_error(self, error: Exception) -> None:
        """Do nothing: ``begin`` never sends."""

    async def execute(self, command: Command[T]) -> T:
        """Execute one command, once."""
        lease = self._usable()
        if lease is None:
            lease = await self._taken()
        return await lease.execute(command)

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch, once, on a connection of the pool."""
        return await self._node.execute_batch(batch)

    def _usable(self) -> ConnectionLease | None:
        """Return the lease; ``None`` if there is none, or its connection is lost.

        Raises:
            ConnectionStateLostError: it was lost with what had been set on it.
        """
        lease = self._lease
        if lease is None or (lease.connection.state is ConnectionState.READY and self._here(lease)):
            return lease
        self._lease = None
        if self._here(lease):
            lease.release()  # otherwise its pool ended with its event loop
        if lease.stateful:
            raise exceptions.ConnectionStateLostError(
                "the connection was lost, and with it what had been set on it (its database, name, watched keys ...)"
            )
        return None

    @staticmethod
    def _here(lease: ConnectionLease) -> bool:
        return lease.connection.loop is asyncio.get_running_loop()

    async def _taken(self) -> ConnectionLease:
        """Take a connection, one for all who ask meanwhile."""
        dialing = self._dialing
        if dialing is None or dialing.done() or dialing.get_loop() is not asyncio.get_running_loop():
            dialing = self._dialing = asyncio.ensure_future(self._node.lease())
            dialing.add_done_callback(self._took)
        return await asyncio.shield(dialing)

    def _took(self, dialing: "asyncio.Task[ConnectionLease]") -> None:
        self._dialing = None
        if dialing.cancelled() or dialing.exception() is not None:
            return
        self._lease = dialing.result()
        if self._released:
            self.release()

    def release(self) -> None:
        """Give the connection back; what was set on it is undone, or it is closed."""
        self._released = True
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()


__all__ = ["SingleConnection"]
