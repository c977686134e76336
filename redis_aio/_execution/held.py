"""Executors of those who hold less than a client: a connection that is somebody else's, or nothing any more."""

from typing import Any

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._execution.executor import Lease
from redis_aio.exceptions import ClientClosedError
from redis_aio.typing import T


class ClosedExecutor:
    """What a closed client executes with."""

    async def execute(self, command: Command[T]) -> T:
        """Raise ``ClientClosedError``."""
        raise ClientClosedError("the client is closed")

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Raise ``ClientClosedError``."""
        raise ClientClosedError("the client is closed")


class BorrowedLease:
    """A lease within a lease: giving it back leaves the connection with its holder, and what he watches watched."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._watched = lease.watching

    async def execute(self, command: Command[T]) -> T:
        """Execute a command on the connection."""
        return await self._lease.execute(command)

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch on the connection."""
        return await self._lease.execute_batch(batch)

    @property
    def watching(self) -> bool:
        """Whether keys are being watched."""
        return self._lease.watching

    def unwatch(self) -> None:
        """Watch no key any more, unless the holder did before: UNWATCH would take his keys along."""
        if not self._watched:
            self._lease.unwatch()

    def release(self) -> None:
        """Leave the connection to its holder, without what was watched meanwhile."""
        self.unwatch()


__all__ = ["BorrowedLease", "ClosedExecutor"]
