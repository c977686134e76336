"""Pipeline: a queue of commands that travel together, as a batch or as a transaction."""

import inspect
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import Any, Protocol

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._command.spec import Effect
from redis_aio._command.table import resolve
from redis_aio._execution.executor import Executor, Lease
from redis_aio._execution.wire import annotate
from redis_aio._replies.common import ok
from redis_aio.commands._chained import ChainedCommands
from redis_aio.typing import KeyT, S, T


class PipelineOwner(Executor, Protocol):
    """What a pipeline needs: to execute its batch, and a connection of its own to watch keys on."""

    async def lease(self) -> Lease:
        """Take a connection for one caller alone."""
        ...


class Pipeline(ChainedCommands[S]):
    """Commands that are queued by calling their methods, and sent by :meth:`execute`.

    Args:
        owner: executes.
        transaction: wrap the commands in MULTI and EXEC, so that they are executed as one.

    After :meth:`watch`, commands are executed at once, on a connection of the pipeline's own, until :meth:`multi`.
    Use it as a context manager, or call :meth:`reset` where you gave it up after :meth:`watch`.
    """

    def __init__(self, owner: PipelineOwner, transaction: bool = True) -> None:
        self._owner = owner
        self._lease: Lease | None = None
        self._queueing = True
        self.is_transaction = transaction
        self.command_stack: list[Command[Any]] = []

    # -- queueing -------------------------------------------------------------------------------------------------

    def _run(self, command: Command[T]) -> Any:
        """Queue the command and return the pipeline; while watching, execute it at once."""
        if not self._queueing:
            return self._immediately(command)
        self.command_stack.append(command)
        return self

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Queue a command given by its name and arguments; while watching, execute it at once."""
        command = raw_command(args, options)
        if command.spec.refuse:
            raise exceptions.DataError(f"{command.name} cannot be sent through a pipeline: {command.spec.refuse}")
        return self._run(command)

    def __len__(self) -> int:
        return len(self.command_stack)

    def __bool__(self) -> bool:
        """Return ``True``, also when nothing is queued: ``if pipe`` asks whether there is one."""
        return True

    # -- watching -------------------------------------------------------------------------------------------------

    async def watch(self, *names: KeyT) -> bool:
        """Have the transaction fail with ``WatchError`` if one of the keys changes before it is executed.

        From now on commands are executed at once, until :meth:`multi`. https://redis.io/commands/watch/
        """
        if self._queueing and (self._lease is not None or self.command_stack):
            raise exceptions.RedisError("Cannot issue a WATCH after a MULTI")
        if not names:
            raise exceptions.DataError("watch needs at least one key")
        if self._lease is None:
            self._lease = await self._owner.lease()
        self._queueing = False
        return await self._lease.execute(Command("WATCH", *names, reply=ok))

    async def unwatch(self) -> bool:
        """Watch no key any more, and queue commands again."""
        if self._lease is None or not self._lease.watching:
            return True
        unwatched = await self._lease.execute(Command("UNWATCH", reply=ok))
        self._queueing = True
        return unwatched

    def multi(self) -> None:
        """End the part after :meth:`watch` that executes at once: what follows is queued for the transaction."""
        if self._queueing and (self._lease is not None or self.command_stack):
            raise exceptions.RedisError("Cannot issue nested calls to MULTI or after commands were queued")
        self.is_transaction = True
        self._queueing = True

    async def _immediately(self, command: Command[T]) -> T:
        assert self._lease is not None
        return await self._lease.execute(command)

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command at once, on the connection that watches."""
        if self._lease is None:
            self._lease = await self._owner.lease()
        return await self._lease.execute(raw_command(args, options))

    # -- executing ------------------------------------------------------------------------------------------------

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what is queued and return the values, in order.

        Args:
            raise_on_error: raise the first error among the values; otherwise errors stand in their places.

        Raises:
            WatchError: a watched key had changed; nothing was executed.
            OutcomeUnknownError: replies were lost, and the commands could not be sent again without risk.
        """
        commands = self.command_stack
        lease = self._lease
        if not commands and lease is None:
            return []
        self.command_stack = []
        try:
            if not commands:
                return []
            batch = Batch(commands, atomic=self.is_transaction)
            if lease is None:
                values = await self._owner.execute_batch(batch)
            else:
                values = await lease.execute_batch(batch)
        finally:
            self._give_back()
        if raise_on_error and any(issubclass(kind, Exception) for kind in set(map(type, values))):
            for number, value in enumerate(values, 1):
                if isinstance(value, Exception):
                    raise annotate(value, number, commands[number - 1])
        return values

    def _give_back(self) -> None:
        self._queueing = True
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    async def discard(self) -> None:
        """Forget what is queued."""
        self.command_stack = []
        self._give_back()

    async def reset(self) -> None:  # type: ignore[override]  # redis-py's pipelines have no RESET either
        """Forget what is queued, watch nothing, and give the connection back."""
        self.command_stack = []
        self._give_back()

    async def aclose(self) -> None:
        """Do as :meth:`reset`."""
        await self.reset()

    async def __aenter__(self) -> "Pipeline[S]":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.command_stack = []
        self._give_back()  # without awaiting: also right in a cancelled task

    def __await__(self) -> "Generator[Any, None, Pipeline[S]]":
        return self.__aenter__().__await__()

    def __repr__(self) -> str:
        kind = "transaction" if self.is_transaction else "pipeline"
        state = ", watching" if self._lease is not None else ""
        return f"<Pipeline: a {kind} of {len(self.command_stack)} commands{state}>"


def raw_command(args: tuple[Any, ...], options: dict[str, Any]) -> Command[Any]:
    """Return the command that raw arguments mean.

    Args:
        args: the name, then the arguments, as for ``execute_command``.
        options: ``NEVER_DECODE`` leaves this reply as bytes; ``retry_unsafe`` lets this call be sent twice.
    """
    spec, arguments = resolve(args)
    if options.pop("NEVER_DECODE", None) is not None:
        spec = spec.with_(raw=True)
    if options.pop("retry_unsafe", False):
        spec = spec.with_(effect=Effect.IDEMPOTENT, effect_of=None)
    parse = options.pop("parse", None)
    for option in options:
        if option not in ("keys",):  # redis-py's own callers pass it for client-side caching
            raise TypeError(f"execute_command has no option {option!r}")
    return Command(spec.name, *arguments, reply=parse, spec=spec)


async def run_transaction(
    pipeline: Pipeline[S],
    func: "Callable[[Pipeline[S]], Any | Awaitable[Any]]",
    watches: tuple[KeyT, ...],
    value_from_callable: bool,
    pause: Callable[[], Awaitable[None]] | None,
) -> Any:
    """Run ``func`` on a watching pipeline and execute, again and again until no watched key changed meanwhile."""
    async with pipeline as pipe:
        while True:
            try:
                if watches:
                    await pipe.watch(*watches)
                value = func(pipe)
                if inspect.isawaitable(value):
                    value = await value
                executed = await pipe.execute()
                return value if value_from_callable else executed
            except exceptions.WatchError:
                if pause is not None:
                    await pause()


__all__ = ["Pipeline"]
