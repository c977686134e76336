"""HookedExecutor: the onion of hooks around an executor, folded once when a hook is added."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._execution.executor import Executor, Lease
from redis_aio.typing import T

Layer = Callable[[Any, Any], Awaitable[Any]]
F = TypeVar("F", bound=Callable[[Any], Awaitable[Any]])


def fold(layers: Sequence[Layer], innermost: F) -> F:
    """Return ``innermost`` wrapped in the layers, the first one outermost."""
    call: Callable[[Any], Awaitable[Any]] = innermost
    for layer in reversed(layers):
        call = partial(_wrapped, layer, call)
    return cast("F", call)


async def _wrapped(layer: Layer, call_next: Any, thing: Any) -> Any:
    return await layer(thing, call_next)


class HookedExecutor:
    """An executor whose calls pass through layers.

    Args:
        inner: executes.
        on_command: layers around each command.
        on_batch: layers around each batch.
    """

    def __init__(self, inner: Executor, on_command: Sequence[Layer], on_batch: Sequence[Layer]) -> None:
        self._execute = fold(on_command, inner.execute)
        self._execute_batch = fold(on_batch, inner.execute_batch)

    async def execute(self, command: Command[T]) -> T:
        """Execute a command through the layers."""
        return cast("T", await self._execute(command))

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch through the layers."""
        return await self._execute_batch(batch)


class HookedLease(HookedExecutor):
    """A lease whose calls pass through layers."""

    def __init__(self, inner: Lease, on_command: Sequence[Layer], on_batch: Sequence[Layer]) -> None:
        super().__init__(inner, on_command, on_batch)
        self._lease = inner

    def release(self) -> None:
        """Give the connection back."""
        self._lease.release()

    @property
    def watching(self) -> bool:
        """Whether keys are being watched."""
        return self._lease.watching
