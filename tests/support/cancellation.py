"""The cancellation matrix: six ways to give up an operation, at every turn of the event loop.

A *way* starts an operation, lets the loop turn ``ticks`` times and gives up. :func:`sweep` does that for every number
of ticks in a range: without knowing the client's insides it lands in each of its awaits. With ``stage``, something to
await before the turns are counted, they fall into a chosen stage of the protocol, which ``FaultProxy.hold`` prolongs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import anyio

Operation: TypeAlias = Callable[[], Coroutine[Any, Any, Any]]
Stage: TypeAlias = Callable[[], Awaitable[Any]]

#: Seconds that reaching a stage takes, for the way that can only count time.
_STAGE_TIME = 0.05


@dataclass
class Outcome:
    """How an operation ended that was given up.

    Attributes:
        value: what it returned, if it did.
        error: what it raised, if it did; not the cancellation.
        cancelled: it ended by being cancelled.
        late: it was still running when it was told to end, so anything but ``cancelled`` is wrong. Where a way cannot
            know that for certain, it is False.
    """

    value: Any = None
    error: BaseException | None = None
    cancelled: bool = False
    late: bool = False

    @property
    def swallowed(self) -> bool:
        """The cancellation was lost, or turned into something else."""
        return self.late and not self.cancelled


class Way(Protocol):
    """Starts an operation and gives it up."""

    async def __call__(self, operation: Operation, ticks: int, stage: Stage | None = None) -> Outcome: ...


async def turn(ticks: int, stage: Stage | None = None) -> None:
    """Let the loop turn, when the stage is reached."""
    if stage is not None:
        await stage()
    for _ in range(ticks):
        await asyncio.sleep(0)


async def _ended(task: "asyncio.Task[Any]", *, late: bool) -> Outcome:
    await asyncio.wait([task])
    if task.cancelled():
        return Outcome(cancelled=True, late=late)
    if (error := task.exception()) is not None:
        return Outcome(error=error, late=late)
    return Outcome(value=task.result(), late=late)


async def by_task_cancel(operation: Operation, ticks: int, stage: Stage | None = None) -> Outcome:
    """Cancel the task."""
    task = asyncio.ensure_future(operation())
    await turn(ticks, stage)
    late = task.cancel()
    return await _ended(task, late=late)


async def by_double_cancel(operation: Operation, ticks: int, stage: Stage | None = None) -> Outcome:
    """Cancel the task, and again up to five turns later, while it may be cleaning up."""
    task = asyncio.ensure_future(operation())
    await turn(ticks, stage)
    late = task.cancel()
    await turn(1 + ticks % 5)
    task.cancel()
    return await _ended(task, late=late)


async def by_timeout(operation: Operation, ticks: int, stage: Stage | None = None) -> Outcome:
    """Let ``asyncio.timeout`` expire."""
    outcome = Outcome()
    scope = asyncio.timeout(None)

    async def run() -> None:
        try:
            async with scope:
                try:
                    outcome.value = await operation()
                except Exception as error:
                    outcome.error = error
        except TimeoutError:
            outcome.cancelled = True

    task = asyncio.ensure_future(run())
    await turn(ticks, stage)
    if not task.done() and (ticks or stage):
        scope.reschedule(asyncio.get_running_loop().time())
    elif not task.done():
        task.cancel()  # not entered yet: nothing to reschedule
        outcome.cancelled = True
    await asyncio.wait([task])
    outcome.late = scope.expired()
    return outcome


async def by_wait_for(operation: Operation, ticks: int, stage: Stage | None = None) -> Outcome:
    """Let ``asyncio.wait_for`` expire after a time of the order of so many turns."""
    reaching = 0.0 if stage is None else _STAGE_TIME
    try:
        return Outcome(value=await asyncio.wait_for(_shown(operation), reaching + ticks * 0.0001))
    except TimeoutError:
        return Outcome(cancelled=True)
    except _Raised as raised:
        return Outcome(error=raised.error)


class _Raised(Exception):
    """Carries the operation's own error, a TimeoutError perhaps, past the one of ``wait_for``."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


async def _shown(operation: Operation) -> Any:
    try:
        return await operation()
    except Exception as error:
        raise _Raised(error) from None


async def by_scope(operation: Operation, ticks: int, stage: Stage | None = None) -> Outcome:
    """Cancel an anyio scope: every await in it raises, clean-up included."""
    outcome = Outcome()
    scope = anyio.CancelScope()

    async def run() -> None:
        with scope:
            try:
                outcome.value = await operation()
            except Exception as error:
                outcome.error = error
        outcome.cancelled = scope.cancelled_caught

    task = asyncio.ensure_future(run())
    await turn(ticks, stage)
    scope.cancel()
    await asyncio.wait([task])
    task.result()
    return outcome


class _SiblingFailed(Exception):
    """What the sibling raises."""


async def by_sibling(operation: Operation, ticks: int, stage: Stage | None = None) -> Outcome:
    """Let a sibling in the same TaskGroup fail."""
    outcome = Outcome()

    async def run() -> None:
        try:
            outcome.value = await operation()
        except asyncio.CancelledError:
            outcome.cancelled = True
            raise
        except Exception as error:
            outcome.error = error

    async def fail() -> None:
        await turn(ticks, stage)
        raise _SiblingFailed

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(run())
            group.create_task(fail())
    except* _SiblingFailed:
        pass
    return outcome


#: All six, by the name that shows in test ids.
WAYS: dict[str, Way] = {
    "cancel": by_task_cancel,
    "timeout": by_timeout,
    "wait_for": by_wait_for,
    "scope": by_scope,
    "sibling": by_sibling,
    "double": by_double_cancel,
}


async def sweep(
    way: Way,
    operation: Operation,
    ticks: range,
    check: Callable[[int, Outcome], Awaitable[None]] | None = None,
    stage: Stage | None = None,
) -> list[Outcome]:
    """Give ``operation`` up after each number of ticks; ``check`` looks at the world after each.

    Raises:
        AssertionError: a cancellation was swallowed.
    """
    outcomes = []
    for tick in ticks:
        outcome = await way(operation, tick, stage)
        assert not outcome.swallowed, f"at tick {tick} the cancellation became {outcome}"
        if check is not None:
            await check(tick, outcome)
        outcomes.append(outcome)
    return outcomes
