"""Hook: look at, change, or refuse what a client does, without patching it.

A hook wraps: it is given the thing and ``call_next``, and decides what happens before, after, and whether at all.
The hook that was added first is the outermost. What lies below commands (retries, waits for a connection, connections
made and lost) is told to :meth:`Hook.on_event`.
"""

import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol, TypeAlias

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._connection.stats import PoolStats
from redis_aio._execution.mailbox import SubscriptionStats
from redis_aio._options import Options
from redis_aio.events import Event

NextConnect: TypeAlias = Callable[[Options], Awaitable[Any]]
NextCommand: TypeAlias = Callable[[Command[Any]], Awaitable[Any]]
NextBatch: TypeAlias = Callable[[Batch], Awaitable[list[Any]]]


class HookedPool(Protocol):
    """What a hook can ask of the pool of the client to which it was added."""

    @property
    def options(self) -> Options:
        """The options in force."""
        ...

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        ...

    @property
    def peer(self) -> tuple[str, int] | None:
        """The address of the server, where all connections lead to the same one; of a unix socket its path, and 0."""
        ...

    @property
    def waiting(self) -> int:
        """How many callers wait for a connection."""
        ...

    def stats(self) -> PoolStats:
        """Return the figures of this moment."""
        ...


class HookedClient(Protocol):
    """What a hook can ask of a client to which it was added."""

    def pubsub_stats(self) -> SubscriptionStats:
        """Return the figures of all subscriptions together."""
        ...


class Hook:
    """The base of hooks: override what you need, the others pass everything on and cost nothing.

    What a hook raises fails the call that it wraps, and no other. Only what :meth:`on_event` raises fails nothing, and
    is logged.
    """

    async def on_connect(self, options: Options, call_next: NextConnect) -> Any:
        """Wrap the making of a connection: resolution, TCP, TLS and handshake. Return what ``call_next`` returns.

        It runs in a task of its own, in the context of the caller who waits for the connection.
        """
        return await call_next(options)

    async def on_command(self, command: Command[Any], call_next: NextCommand) -> Any:
        """Wrap one command, its retries included. Return its value."""
        return await call_next(command)

    async def on_batch(self, batch: Batch, call_next: NextBatch) -> list[Any]:
        """Wrap a pipeline or transaction, its retries included. Return a value or an exception for each command."""
        return await call_next(batch)

    def on_event(self, event: Event) -> None:
        """Take note of what happened below the commands; see :mod:`redis_aio.events`. It must not block."""

    def bind(self, pool: HookedPool) -> "Hook":
        """Return the hook for the clients of one pool; by default itself.

        Override it for a hook that is added to several clients and has to tell them apart.
        """
        return self

    def attached(self, client: HookedClient) -> None:
        """Take note that the hook, as ``bind`` returned it, was added to a client."""

    def detached(self, client: HookedClient) -> None:
        """Take note that the hook, as ``bind`` returned it, was removed from a client."""

    def unbind(self) -> None:
        """Take note that the hook, as ``bind`` returned it, was removed from the last client of its pool."""


class Hookable(Protocol):
    """What hooks can be added to."""

    def add_hook(self, hook: Hook) -> None:
        """Add a hook as the innermost."""
        ...

    def remove_hook(self, hook: Hook) -> None:
        """Take it away again."""
        ...


class DefaultHooks:
    """Hooks for every client that is made from now on."""

    def __init__(self) -> None:
        self._hooks: list[tuple[Hook, weakref.WeakSet[Hookable]]] = []

    def add(self, hook: Hook) -> None:
        """Add a hook to the clients that are made from now on."""
        if all(hook is not other for other, _ in self._hooks):
            self._hooks.append((hook, weakref.WeakSet()))

    def remove(self, hook: Hook) -> None:
        """Take a hook away, also from the clients that were made meanwhile."""
        for client in [client for other, clients in self._hooks if other is hook for client in clients]:
            with suppress(ValueError):  # somebody took it away already
                client.remove_hook(hook)
        self._hooks = [(other, clients) for other, clients in self._hooks if other is not hook]

    def withdraw(self, client: Hookable) -> None:
        """Take its hooks away from one client."""
        for hook, clients in self._hooks:
            if client in clients:
                clients.discard(client)
                with suppress(ValueError):  # as above
                    client.remove_hook(hook)

    def adopt(self, client: Hookable) -> None:
        """Give a new client its hooks."""
        for hook, clients in self._hooks:
            client.add_hook(hook)
            clients.add(client)


#: What :func:`redis_aio.otel.instrument_all` uses.
default_hooks: DefaultHooks = DefaultHooks()

__all__ = [
    "Batch",
    "Command",
    "DefaultHooks",
    "Hook",
    "HookedClient",
    "HookedPool",
    "NextBatch",
    "NextCommand",
    "NextConnect",
]
