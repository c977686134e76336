"""Pipeline: a queue of commands that travel together, as a batch or as a transaction."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import Any, Protocol, overload

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command, command_of
from redis_aio._command.raw import Callbacks, ResponseCallback, raw_command
from redis_aio._command.script import ScriptCall, give_texts
from redis_aio._command.spec import CommandSpec
from redis_aio._command.table import SPECS
from redis_aio._discreet import discreet, discreet_async
from redis_aio._execution.callbacks import call_back, called_back, chosen
from redis_aio._execution.executor import Executor, Lease
from redis_aio._execution.scripts import heal, run_script
from redis_aio._execution.wire import annotate
from redis_aio._replies.common import ok
from redis_aio.backoff import AbstractBackoff, FullJitterBackoff
from redis_aio.codecs import Codec
from redis_aio.commands._chained import ChainedCommands
from redis_aio.script import Script
from redis_aio.typing import KeyT, ReplyParser, S, ScriptTextT, T

#: The pauses after a conflict. Half a millisecond on average after the first one; with 200 contenders some 10 ms.
WATCH_BACKOFF = FullJitterBackoff(cap=0.128, base=0.0005)

#: Commands of a batch that are dealt with in one turn of the event loop: a million would hold it up for 0.1 s.
A_TURN = 10_000


class PipelineOwner(Executor, Protocol):
    """What a pipeline needs: to execute its batch, a connection of its own to watch keys on, and a codec."""

    codec: Codec

    async def lease(self) -> Lease:
        """Take a connection for one caller alone."""
        ...

    @property
    def response_callbacks(self) -> Callbacks:
        """What users set to make values out of raw replies, by the name of the command."""
        ...

    def set_response_callback(self, command: str, callback: ResponseCallback) -> None:
        """Set what makes values out of the raw replies of a command."""
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
        self.codec: Codec = owner.codec
        self._lease: Lease | None = None
        self._queueing = True
        #: An attempt failed on the lease, and was reported: what it watched may be lost.
        self._failed = False
        self.is_transaction: bool = transaction
        #: What is queued, the calls of scripts in it, and callbacks that were given with a command, by their index.
        self._queue = Batch()
        self._scripts: dict[int, ScriptCall] = {}
        self._given: list[tuple[int, ResponseCallback]] = []

    # -- queueing -------------------------------------------------------------------------------------------------

    def _run(
        self, name: str, /, *args: Any, reply: ReplyParser[T] | None = None, spec: CommandSpec | None = None
    ) -> Any:
        """Queue the command and return the pipeline; while watching, execute it at once."""
        spec = spec or SPECS[name]
        if not self._queueing:
            return self._immediately(command_of(spec, args, reply))
        queue = self._queue
        queue.specs.append(spec)
        queue.args.append(args)
        queue.parsers.append(reply)
        return self

    @property
    def command_stack(self) -> list[Command[Any]]:
        """The commands that are queued, made anew each time that it is asked for."""
        return list(self._queue)

    @discreet
    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Queue a command given by its name and arguments; while watching, execute it at once."""
        command, callback = raw_command(args, options, self._owner.response_callbacks)
        if command.spec.refuse:
            raise exceptions.DataError(f"{command.name} cannot be sent through a pipeline: {command.spec.refuse}")
        return self.queue(command, callback)

    def queue(self, command: Command[Any], callback: ResponseCallback | None = None) -> Any:
        """Queue a command that was built as a value; while watching, execute it at once."""
        if not self._queueing:
            return self._immediately(command, callback)
        if callback is not None:
            self._given.append((len(self._queue), callback))
        self._queue.append(command)
        return self

    def _run_script(self, call: ScriptCall, parse: ResponseCallback | None) -> Any:
        """Queue the call of a script; while watching, execute it at once."""
        if self._queueing:
            self._scripts[len(self._queue)] = call
            return self.queue(call, parse)
        assert self._lease is not None
        reply = run_script(self._lease, call)
        parse = parse or self._owner.response_callbacks.get(call.name)
        return reply if parse is None else called_back(reply, parse)

    @overload
    def register_script(
        self, script: ScriptTextT, *, readonly: bool | None = None, idempotent: bool = False, parse: None = None
    ) -> Script[Any]: ...
    @overload
    def register_script(
        self, script: ScriptTextT, *, readonly: bool | None = None, idempotent: bool = False, parse: ReplyParser[T]
    ) -> Script[T]: ...
    def register_script(self, script: ScriptTextT, **options: Any) -> Script[Any]:
        """Return a Lua script that is queued here when it is called; see :meth:`Redis.register_script`."""
        return Script(self, script, **options)

    def set_response_callback(self, command: str, callback: ResponseCallback) -> None:
        """Set what makes values out of the raw replies of a command, here and on the client."""
        self._owner.set_response_callback(command, callback)

    def __len__(self) -> int:
        return len(self._queue)

    def __bool__(self) -> bool:
        """Return ``True``, also when nothing is queued: ``if pipe`` asks whether there is one."""
        return True

    # -- watching -------------------------------------------------------------------------------------------------

    async def watch(self, *names: KeyT) -> bool:
        """Have the transaction fail with ``WatchError`` if one of the keys changes before it is executed.

        From now on commands are executed at once, until :meth:`multi`. When one of them fails because the connection is
        lost, nothing is watched any more: begin again with this. https://redis.io/commands/watch/
        """
        if self._queueing and (self._lease is not None or len(self._queue)):
            raise exceptions.RedisError("Cannot issue a WATCH after a MULTI")
        if not names:
            raise exceptions.DataError("watch needs at least one key")
        if self._failed:
            self._give_back()
        if self._lease is None:
            self._lease = await self._owner.lease()
        self._queueing = False
        return await self._on_lease(Command("WATCH", *names, reply=ok))

    async def unwatch(self) -> bool:
        """Watch no key any more, and queue commands again."""
        if self._lease is None or not self._lease.watching:
            return True
        unwatched = await self._lease.execute(Command("UNWATCH", reply=ok))
        self._give_back()  # so that watch() or multi() can follow
        return unwatched

    @property
    def watching(self) -> bool:
        """Whether keys are watched: from :meth:`watch` to :meth:`execute`, :meth:`unwatch` or :meth:`reset`."""
        return self._lease is not None and self._lease.watching

    def multi(self) -> None:
        """End the part after :meth:`watch` that executes at once: what follows is queued for the transaction."""
        if self._queueing and (self._lease is not None or len(self._queue)):
            raise exceptions.RedisError("Cannot issue nested calls to MULTI or after commands were queued")
        self.is_transaction = True
        self._queueing = True

    async def _immediately(self, command: Command[T], callback: ResponseCallback | None = None) -> T:
        callback = callback or self._owner.response_callbacks.get(command.name)
        if callback is None:
            return await self._on_lease(command)
        command.reply = None
        return await called_back(self._on_lease(command), callback)  # type: ignore[no-any-return]  # the user's

    async def _on_lease(self, command: Command[T]) -> T:
        assert self._lease is not None
        try:
            return await self._lease.execute(command)
        except (exceptions.ConnectionError, exceptions.TimeoutError):
            self._failed = True
            raise

    @discreet_async
    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command at once, on the connection that watches."""
        if self._lease is None:
            self._lease = await self._owner.lease()
        return await self._immediately(*raw_command(args, options, self._owner.response_callbacks))

    # -- executing ------------------------------------------------------------------------------------------------

    @discreet_async
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what is queued and return the values, in order.

        Args:
            raise_on_error: raise the first error among the values; otherwise errors stand in their places.

        Raises:
            WatchError: a watched key had changed; nothing was executed.
            ExecAbortError: the server did not accept one of a transaction's commands; nothing was executed.
            OutcomeUnknownError: replies were lost, and the commands could not be sent again without risk.
        """
        batch, scripts, given = self._queue, self._scripts, self._given
        lease, self._lease = self._lease, None  # it is nobody else's until this has ended
        self._forget()
        self._give_back()
        try:
            if not len(batch):
                return []
            batch.atomic = self.is_transaction
            callbacks = chosen(batch, self._owner.response_callbacks, given)
            by_digest = give_texts(batch, scripts) if scripts else {}
            execute_batch = (lease or self._owner).execute_batch
            values = await execute_batch(batch)
            if by_digest and not batch.atomic:
                await heal(execute_batch, by_digest, values)
        finally:
            if lease is not None:
                lease.release()
        if callbacks:
            await call_back(callbacks, values)
        if raise_on_error:
            found = await first_error(values)
            if found is not None:
                raise annotate(values[found], found + 1, scripts.get(found, batch.specs[found]).name)
        if len(batch) > A_TURN:
            Leftovers(batch).drop()
        return values

    def _forget(self) -> None:
        """Empty the queue."""
        self._queue = Batch()
        self._scripts = {}
        self._given = []

    def _give_back(self) -> None:
        self._queueing, self._failed = True, False
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    async def discard(self) -> None:
        """Forget what is queued."""
        self._forget()
        self._give_back()

    async def reset(self) -> None:  # type: ignore[override]  # redis-py's pipelines have no RESET either
        """Forget what is queued, watch nothing, and give the connection back."""
        self._forget()
        self._give_back()

    async def aclose(self) -> None:
        """Do as :meth:`reset`."""
        await self.reset()

    async def __aenter__(self) -> "Pipeline[S]":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._forget()
        self._give_back()  # without awaiting: also right in a cancelled task

    def __await__(self) -> "Generator[Any, None, Pipeline[S]]":
        return self.__aenter__().__await__()

    def __repr__(self) -> str:
        kind = "transaction" if self.is_transaction else "pipeline"
        state = ", watching" if self._lease is not None else ""
        return f"<Pipeline: a {kind} of {len(self._queue)} commands{state}>"


async def first_error(values: list[Any]) -> int | None:
    """Return the index of the first exception among values, if there is one."""
    for start in range(0, len(values), A_TURN):
        if start:
            await asyncio.sleep(0)
        part = values[start : start + A_TURN]
        if any(issubclass(kind, Exception) for kind in set(map(type, part))):
            return next(index for index, value in enumerate(part, start) if isinstance(value, Exception))
    return None


class Leftovers:
    """The arguments of a batch that has been executed, which are let go of in steps.

    Args:
        batch: has none from now on.
    """

    def __init__(self, batch: Batch) -> None:
        self._args, batch.args = batch.args, []

    def drop(self) -> None:
        """Let go of some now, and of the others in later turns of the event loop."""
        del self._args[-A_TURN:]
        if self._args:
            asyncio.get_running_loop().call_soon(self.drop)


async def run_transaction(
    pipeline: Pipeline[S],
    func: "Callable[[Pipeline[S]], Any | Awaitable[Any]]",
    watches: tuple[KeyT, ...],
    value_from_callable: bool,
    backoff: AbstractBackoff,
) -> Any:
    """Run ``func`` on a watching pipeline and execute, again and again until no watched key changed meanwhile.

    The connection is given back before each pause, so the others have their turn.
    """
    conflicts = 0
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
                conflicts += 1
                await pipe.reset()
                await asyncio.sleep(backoff.compute(conflicts))


__all__ = ["Pipeline"]
