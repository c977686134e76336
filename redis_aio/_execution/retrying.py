"""RetryingExecutor: tries again what can do no harm, and says so when it cannot know.

Attempts are bounded by ``max_retries`` and spaced by jittered backoff; a budget keeps them a small part of the traffic.
"""

import asyncio
import random
from collections.abc import Iterable
from functools import partial
from typing import Any, Protocol

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._connection.inflight import BatchInterrupted
from redis_aio._discreet import discreet_async, forget
from redis_aio._execution.executor import Executor
from redis_aio._execution.outcome import FAILURES, final_error, finished, harmless, may_retry
from redis_aio._execution.wire import fixed
from redis_aio._options import Options
from redis_aio.events import Emitter, Retrying
from redis_aio.retry import RetryBudget
from redis_aio.typing import T


class Attempts(Executor, Protocol):
    """An executor that tries once."""

    def begin(self, command: Command[Any]) -> "asyncio.Future[Any] | None":
        """Send a command if that takes no waiting, and return the future of its raw reply."""
        ...

    def note_error(self, error: Exception) -> None:
        """Take note of an error that a command was answered after ``begin``."""
        ...


class RetryingExecutor:
    """Retries over an executor that tries once.

    Args:
        inner: tries once.
        options: how often, with which pauses.
        budget: bounds the retries of everybody together.
        emit: is told of retries.
    """

    def __init__(self, inner: Attempts, options: Options, budget: RetryBudget, emit: Emitter | None = None) -> None:
        self._inner = inner
        self._emit = emit or Emitter()
        self._begin = inner.begin
        self._unsafe = options.retry_unsafe
        self._policy = options.retry
        self._retries = options.max_retries if self._policy is None else self._policy.get_retries()
        self._min_backoff = options.min_retry_backoff
        self._max_backoff = options.max_retry_backoff
        self._extra = tuple(options.retry_on_error)
        self._catch: tuple[type[Exception], ...] = (*FAILURES, *self._extra)
        self._budget = budget
        self._completed = 0  # calls that the budget has not been told of: it is asked far less often

    async def execute(self, command: Command[T]) -> T:
        """Execute one command; raises the last failure, or ``OutcomeUnknownError``."""
        value: Any
        parse: Any = command.reply
        try:
            begin = self._begin  # called as a variable: an attribute that is called costs more
            reply = begin(command)
            if reply is None:
                value = await self._inner.execute(_unparsed(command))
                parse = _parsed
            else:
                value = await reply
                if isinstance(value, Exception):
                    self._inner.note_error(value)
                    try:
                        raise value
                    finally:
                        del value  # the error's traceback holds this frame: no circles
        except self._catch as error:
            reply = None  # it holds the error, whose traceback holds this frame
            forget(error)  # now: it becomes the context of what is raised behind it when that has left
            value = await self._again(command, error)
            parse = _parsed
        except BaseException as error:  # cancelled too: its traceback shows the same frames
            reply = value = None
            forget(error)
            raise
        self._completed += 1
        if parse is None:
            return value  # type: ignore[no-any-return]  # it is the command's: T
        try:  # not above: what a parser raises is no failed attempt
            return parse(value)  # type: ignore[no-any-return]  # see above
        except BaseException as error:  # an interrupt in a parser, for one: the same
            reply = value = None
            forget(error)
            raise

    async def _again(self, command: Command[Any], failure: Exception) -> Any:
        try:
            attempt = 0
            while self._may_retry([command], failure) and await self._pause(attempt, command.name, failure):
                attempt += 1
                try:
                    return await self._inner.execute(_unparsed(command))
                except self._catch as error:
                    failure = error
            if command.name == "SHUTDOWN" and failure.__class__ is exceptions.ConnectionError:
                return None  # it is answered by the connection's end
            raise final_error(command, failure, unsafe=self._unsafe)
        except BaseException as error:  # cancelled too: the same
            forget(error)
            raise
        finally:
            del failure  # its traceback holds this frame: they would keep each other alive

    def _may_retry(self, commands: Iterable[Command[Any]], failure: Exception) -> bool:
        if self._extra and isinstance(failure, self._extra) and not isinstance(failure, FAILURES):
            return self._unsafe or harmless(commands)
        if self._policy is not None and not isinstance(failure, (*self._policy.supported_errors, *FAILURES)):
            return False
        return may_retry(commands, failure, unsafe=self._unsafe)

    async def _pause(self, attempt: int, name: str, failure: Exception) -> bool:
        """Wait before retry ``attempt``, counted from 0; ``False`` when there shall be none."""
        self._budget.deposit(self._completed)
        self._completed = 0
        if 0 <= self._retries <= attempt or not self._budget.spend():
            return False
        if self._policy is not None:
            if not attempt:
                self._policy.backoff.reset()
            seconds = self._policy.backoff.compute(attempt + 1)
        else:
            seconds = random.uniform(0.0, min(self._max_backoff, self._min_backoff * 2.0 ** min(attempt, 30)))
        if self._emit.active:
            self._emit(Retrying(name, attempt + 1, seconds, failure))
        del failure  # its traceback holds the caller's frame
        await asyncio.sleep(seconds)
        return True

    @discreet_async
    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch; what failed for good is in the place of its command.

        Only what has no reply yet is sent again. An atomic batch is one unit: then the failure is raised.
        """
        values: list[Any] = []
        rest = batch = fixed(batch)
        attempt = 0
        while True:
            try:
                last = await self._inner.execute_batch(rest)
                self._completed += 1
                return values + last if values else last
            except BatchInterrupted as interrupted:
                values += interrupted.replies
                failure = interrupted.cause
            rest = batch.part(len(values))
            name = "MULTI" if batch.atomic else "PIPELINE"
            if not (self._may_retry(rest, failure) and await self._pause(attempt, name, failure)):
                break
            attempt += 1
        return finished(batch, values, failure, unsafe=self._unsafe)


def _unparsed(command: Command[Any]) -> Command[Any]:
    """Return the command with a parser that puts the work off to :func:`_parsed`."""
    parse = command.reply
    if parse is None:
        return command
    return Command(command.name, *command.args, reply=partial(partial, parse), spec=command.spec)


def _parsed(value: Any) -> Any:
    return value() if isinstance(value, partial) else value
