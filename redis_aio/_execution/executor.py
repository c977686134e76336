"""Executor: the one seam. What is above it knows commands, what is below it knows connections."""

from typing import Any, Protocol

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio.typing import T


class Executor(Protocol):
    """Executes commands."""

    async def execute(self, command: Command[T]) -> T:
        """Execute one command and return its parsed reply, or raise what the server answered or what went wrong."""
        ...

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch; return a parsed reply or an exception for each command, in order.

        An atomic batch is executed as a whole or not at all; then this raises.
        """
        ...


class Lease(Executor, Protocol):
    """An executor with a connection of its own, until it is released."""

    def release(self) -> None:
        """Give the connection back; safe to call twice, works in a cancelled task."""
        ...

    @property
    def watching(self) -> bool:
        """Whether keys are being watched."""
        ...

    def unwatch(self) -> None:
        """Watch no key any more; nothing is waited for, so it works in a cancelled task."""
        ...
