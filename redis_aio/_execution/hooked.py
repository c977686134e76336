"""The onion of hooks around an executor, folded once when a hook is added or removed.

A layer costs one call of a closure beside the hook's own coroutine. What no hook overrides has no layer.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

from redis_aio._connection.connection import Connection
from redis_aio._execution.executor import Executor, Lease
from redis_aio._options import Options
from redis_aio.events import Emitter
from redis_aio.hooks import Hook, HookedClient, HookedPool

Layer = Callable[[Any, Any], Awaitable[Any]]
F = TypeVar("F", bound=Callable[[Any], Awaitable[Any]])


def fold(layers: Sequence[Layer], innermost: F) -> F:
    """Return ``innermost`` wrapped in the layers, the first one outermost."""
    call: Callable[[Any], Awaitable[Any]] = innermost
    for layer in reversed(layers):
        call = _wrapped(layer, call)
    return cast("F", call)


def _wrapped(layer: Layer, call_next: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    def call(thing: Any) -> Awaitable[Any]:
        return layer(thing, call_next)

    return call


async def dial_through(
    layers: Sequence[Layer], dial: Callable[[Options], Awaitable[Connection]], options: Options
) -> Connection:
    """Return the connection that a dial through layers makes; those that they do not hand on are closed.

    Raises:
        TypeError: the layers return something else.
    """
    made: list[Connection] = []

    async def innermost(options: Options) -> Connection:
        made.append(await dial(options))
        return made[-1]

    found: Any = None
    try:
        found = await fold(layers, innermost)(options)
    finally:
        for connection in made:
            if connection is not found:
                connection.abort()
    if not any(connection is found for connection in made):
        raise TypeError(f"on_connect of a hook must return what call_next returned, not {type(found).__name__}")
    return cast("Connection", found)


def overridden(hooks: Iterable[Hook], name: str) -> list[Any]:
    """Return the methods of this name, of the hooks that override it."""
    return [getattr(hook, name) for hook in hooks if getattr(type(hook), name) is not getattr(Hook, name)]


class HookedExecutor:
    """An executor whose calls pass through layers.

    Args:
        inner: executes.
        on_command: layers around each command.
        on_batch: layers around each batch.
    """

    def __init__(self, inner: Executor, on_command: Sequence[Layer], on_batch: Sequence[Layer]) -> None:
        self.execute = fold(on_command, inner.execute)
        self.execute_batch = fold(on_batch, inner.execute_batch)


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

    def unwatch(self) -> None:
        """Watch no key any more."""
        self._lease.unwatch()


class PoolHooks:
    """The hooks that look on at one pool, each once, however many clients of the pool brought it along."""

    def __init__(self) -> None:
        #: Layers around each dial.
        self.on_connect: list[Layer] = []
        #: Tells them of waits and connections.
        self.emit: Emitter = Emitter()
        self._bound: dict[int, tuple[Hook, Hook, int]] = {}  # by identity: hooks need not be hashable

    def add(self, hook: Hook, pool: HookedPool) -> Hook:
        """Add a hook, or count it once more, and return what it is for this pool."""
        _, bound, count = self._bound.get(id(hook)) or (hook, hook.bind(pool), 0)
        if not isinstance(bound, Hook):
            raise TypeError(f"bind must return a redis_aio.Hook, not {type(bound).__name__}")
        self._bound[id(hook)] = (hook, bound, count + 1)
        self._refold()
        return bound

    def remove(self, hook: Hook) -> None:
        """Take a hook away, when it was removed as often as it was added."""
        _, bound, count = self._bound[id(hook)]
        if count > 1:  # it keeps its place
            self._bound[id(hook)] = (hook, bound, count - 1)
            return
        del self._bound[id(hook)]
        self._refold()
        bound.unbind()

    def _refold(self) -> None:
        hooks = [bound for _, bound, _ in self._bound.values()]
        self.on_connect = overridden(hooks, "on_connect")
        self.emit.listen(overridden(hooks, "on_event"))


class ClientHooks:
    """The hooks of one client.

    Args:
        pool: the pool of the client.
        pool_hooks: those who look on at that pool.
    """

    def __init__(self, pool: HookedPool, pool_hooks: PoolHooks) -> None:
        self.on_command: list[Layer] = []
        self.on_batch: list[Layer] = []
        #: Tells them of what happens to this client alone: retries, messages.
        self.emit = Emitter()
        self._pool = pool
        self._pool_hooks = pool_hooks
        self._hooks: list[tuple[Hook, Hook]] = []  # as given, and as bound to the pool

    def add(self, hook: Hook, client: HookedClient) -> None:
        """Add a hook as the innermost; ``client`` is whose hooks these are."""
        if not isinstance(hook, Hook):
            raise TypeError(f"a hook must be a redis_aio.Hook, not {type(hook).__name__}")
        bound = self._pool_hooks.add(hook, self._pool)
        try:
            bound.attached(client)
        except BaseException:  # whatever the hook raises, it is not added by half
            self._pool_hooks.remove(hook)
            raise
        self._hooks.append((hook, bound))
        self._refold()

    def remove(self, hook: Hook, client: HookedClient) -> None:
        """Take away what was added to ``client``; the last one, where it was added several times.

        Raises:
            ValueError: it was not added.
        """
        for index in reversed(range(len(self._hooks))):
            if self._hooks[index][0] is hook:
                _, bound = self._hooks.pop(index)
                self._refold()
                try:
                    bound.detached(client)
                finally:
                    self._pool_hooks.remove(hook)
                return
        raise ValueError(f"{hook!r} was not added to this client")

    def wrap(self, core: Executor) -> Executor:
        """Return the executor with its layers; itself where there are none."""
        return HookedExecutor(core, self.on_command, self.on_batch) if self._hooks else core

    def wrap_lease(self, lease: Lease) -> Lease:
        """Return the lease with its layers; itself where there are none."""
        return HookedLease(lease, self.on_command, self.on_batch) if self._hooks else lease

    def _refold(self) -> None:
        hooks = [bound for _, bound in self._hooks]
        self.on_command = overridden(hooks, "on_command")
        self.on_batch = overridden(hooks, "on_batch")
        self.emit.listen(overridden(hooks, "on_event"))
