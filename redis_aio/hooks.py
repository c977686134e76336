"""Hook: look at, change, or refuse what a client does, without patching it.

A hook wraps: it is given the thing and ``call_next``, and decides what happens before, after, and whether at all.
The hook that was added first is the outermost.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._options import Options

NextConnect: TypeAlias = Callable[[Options], Awaitable[Any]]
NextCommand: TypeAlias = Callable[[Command[Any]], Awaitable[Any]]
NextBatch: TypeAlias = Callable[[Batch], Awaitable[list[Any]]]


class Hook:
    """The base of hooks: override what you need, the others pass everything on.

    What a hook raises fails the call that it wraps, and no other.
    """

    async def on_connect(self, options: Options, call_next: NextConnect) -> Any:
        """Wrap the making of a connection: resolution, TCP, TLS and handshake. Return what ``call_next`` returns."""
        return await call_next(options)

    async def on_command(self, command: Command[Any], call_next: NextCommand) -> Any:
        """Wrap one command, its retries included. Return its value."""
        return await call_next(command)

    async def on_batch(self, batch: Batch, call_next: NextBatch) -> list[Any]:
        """Wrap a pipeline or transaction, its retries included. Return a value or an exception for each command."""
        return await call_next(batch)


__all__ = ["Batch", "Command", "Hook", "NextBatch", "NextCommand", "NextConnect"]
