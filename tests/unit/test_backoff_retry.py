"""Backoffs, retries and the retry budget."""

import asyncio
import inspect
from typing import Any

import pytest

from redis_aio import backoff
from redis_aio.backoff import (
    AbstractBackoff,
    ConstantBackoff,
    DecorrelatedJitterBackoff,
    EqualJitterBackoff,
    ExponentialBackoff,
    ExponentialWithJitterBackoff,
    FullJitterBackoff,
    NoBackoff,
    default_backoff,
)
from redis_aio.exceptions import ConnectionError, ResponseError, TimeoutError
from redis_aio.retry import Retry, RetryBudget

GROWING = [ExponentialBackoff, FullJitterBackoff, EqualJitterBackoff, ExponentialWithJitterBackoff]


# -- backoff -----------------------------------------------------------------------------------------------------------


def test_names_and_parameters_are_those_of_redis_py() -> None:
    theirs = pytest.importorskip("redis.backoff")
    for name in backoff.__all__:
        if name.startswith("DEFAULT"):
            assert getattr(backoff, name) == getattr(theirs, name)
            continue
        ours = inspect.signature(getattr(backoff, name))
        assert list(ours.parameters) == list(inspect.signature(getattr(theirs, name)).parameters), name


def test_constant() -> None:
    assert [ConstantBackoff(0.3).compute(n) for n in (1, 2, 50)] == [0.3, 0.3, 0.3]
    assert [NoBackoff().compute(n) for n in (1, 2, 50)] == [0, 0, 0]


def test_exponential_doubles_up_to_its_cap() -> None:
    waits = [ExponentialBackoff(cap=1, base=0.1).compute(n) for n in range(1, 6)]
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1, 1])


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [
        (FullJitterBackoff, [0, 0, 0, 0], [0.2, 0.4, 0.8, 1]),
        (EqualJitterBackoff, [0.1, 0.2, 0.4, 0.5], [0.2, 0.4, 0.8, 1]),
        (ExponentialWithJitterBackoff, [0, 0, 0, 0], [0.2, 0.4, 0.8, 1]),
    ],
)
def test_jitter_fills_its_range(kind: Any, lowest: list[float], highest: list[float]) -> None:
    waiting = kind(cap=1, base=0.1)
    for failures, (low, high) in enumerate(zip(lowest, highest, strict=True), start=1):
        waits = [waiting.compute(failures) for _ in range(500)]
        span = high - low
        assert low <= min(waits) < low + span * 0.2
        assert high - span * 0.2 < max(waits) <= high


def test_decorrelated_depends_on_its_last_answer_and_forgets_it() -> None:
    waiting = DecorrelatedJitterBackoff(cap=1, base=0.1)
    assert waiting.compute(1) == pytest.approx(0.1)
    previous = 0.1
    for failures in range(2, 100):
        wait = waiting.compute(failures)
        assert 0.1 <= wait <= min(1, previous * 3)
        previous = wait
    waiting.reset()
    assert waiting.compute(1) == pytest.approx(0.1)


@pytest.mark.parametrize("kind", GROWING)
def test_many_failures_do_not_overflow(kind: Any) -> None:
    assert 0 <= kind(cap=1, base=0.1).compute(10**6) <= 1


def test_equality_and_repr() -> None:
    assert ExponentialBackoff(1, 0.1) == ExponentialBackoff(1, 0.1)
    assert ExponentialBackoff(1, 0.1) != ExponentialBackoff(2, 0.1)
    assert ExponentialBackoff(1, 0.1) != FullJitterBackoff(1, 0.1)
    assert len({ExponentialBackoff(), ExponentialBackoff(), FullJitterBackoff(), NoBackoff(), NoBackoff()}) == 3
    assert NoBackoff() == ConstantBackoff(0)
    assert NoBackoff() != 0
    assert repr(ConstantBackoff(1.5)) == "ConstantBackoff(1.5)"
    assert repr(NoBackoff()) == "NoBackoff()"
    assert repr(FullJitterBackoff(1, 0.1)) == "FullJitterBackoff(cap=1, base=0.1)"
    assert default_backoff() == EqualJitterBackoff(0.512, 0.008)


# -- retry -------------------------------------------------------------------------------------------------------------


class Recorded(AbstractBackoff):
    """No pause, and a note of what was asked."""

    def __init__(self) -> None:
        self.asked: list[int | str] = []

    def reset(self) -> None:
        self.asked.append("reset")

    def compute(self, failures: int) -> float:
        self.asked.append(failures)
        return 0


class Flaky:
    """Fails with these errors, one a call, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0
        self.failures: list[Any] = []
        self.failed = asyncio.Event()

    async def do(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    async def fail(self, *about: Any) -> None:
        self.failures.append(about)
        self.failed.set()


async def test_tries_again_until_it_works() -> None:
    pauses = Recorded()
    first, second = ConnectionError("1"), TimeoutError("2")
    flaky = Flaky(first, second)
    assert await Retry(pauses, 3).call_with_retry(flaky.do, flaky.fail) == "done"
    assert flaky.calls == 3
    assert flaky.failures == [(first,), (second,)]
    assert pauses.asked == ["reset", 1, 2]


async def test_gives_up_with_the_last_error() -> None:
    errors = [ConnectionError(str(n)) for n in range(5)]
    flaky = Flaky(*errors)
    with pytest.raises(ConnectionError) as caught:
        await Retry(NoBackoff(), 2).call_with_retry(flaky.do, flaky.fail, with_failure_count=True)
    assert caught.value is errors[2]
    assert flaky.failures == [(errors[0], 1), (errors[1], 2), (errors[2], 3)]


async def test_a_negative_number_is_no_bound() -> None:
    flaky = Flaky(*[ConnectionError() for _ in range(100)])
    assert await Retry(NoBackoff(), -1).call_with_retry(flaky.do, flaky.fail) == "done"
    assert flaky.calls == 101


@pytest.mark.parametrize("error", [ResponseError("no"), ValueError("no"), asyncio.CancelledError()])
async def test_other_errors_are_raised_at_once(error: Any) -> None:
    flaky = Flaky(error)
    with pytest.raises(type(error)):
        await Retry(NoBackoff(), 3).call_with_retry(flaky.do, flaky.fail)
    assert (flaky.calls, flaky.failures) == (1, [])


async def test_the_caller_may_decide_against_it() -> None:
    flaky = Flaky(ConnectionError("no"))
    with pytest.raises(ConnectionError):
        await Retry(NoBackoff(), 3).call_with_retry(flaky.do, flaky.fail, is_retryable=lambda error: False)
    assert (flaky.calls, flaky.failures) == (1, [])


async def test_more_errors_can_be_supported() -> None:
    retry = Retry(NoBackoff(), 3)
    retry.update_supported_errors([ValueError, ConnectionError])
    assert retry.supported_errors == (ConnectionError, TimeoutError, ValueError)
    flaky = Flaky(ValueError("again"))
    assert await retry.call_with_retry(flaky.do, flaky.fail) == "done"


async def test_it_pauses_and_can_be_cancelled_there() -> None:
    flaky = Flaky(ConnectionError("again"))
    calling = asyncio.create_task(Retry(ConstantBackoff(60), 3).call_with_retry(flaky.do, flaky.fail))
    await asyncio.wait_for(flaky.failed.wait(), 5)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert flaky.calls == 1


def test_retries_can_be_changed_and_compared() -> None:
    retry = Retry(ConstantBackoff(1), 3)
    assert retry.get_retries() == 3
    assert retry == Retry(ConstantBackoff(1), 3, (TimeoutError, ConnectionError))
    assert hash(retry) == hash(Retry(ConstantBackoff(1), 3, (TimeoutError, ConnectionError)))
    retry.update_retries(-1)
    assert retry != Retry(ConstantBackoff(1), 3)
    assert retry != 3
    assert repr(retry) == "<Retry without bound with ConstantBackoff(1)>"
    assert repr(Retry(NoBackoff(), 2)) == "<Retry up to 2 times with NoBackoff()>"


# -- the budget --------------------------------------------------------------------------------------------------------


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1024.0

    def __call__(self) -> float:
        return self.now


def spent(budget: RetryBudget) -> int:
    """Spend all there is and return how much it was."""
    count = 0
    while budget.spend():
        count += 1
    return count


def test_a_budget_starts_full_and_runs_dry() -> None:
    budget = RetryBudget(Clock())
    assert spent(budget) == 100
    assert budget.spend() is False


def test_time_refills_it_up_to_its_capacity() -> None:
    clock = Clock()
    budget = RetryBudget(clock)
    spent(budget)
    clock.now += 0.0625
    assert spent(budget) == 0
    clock.now += 0.0625  # parts of a token add up; the times are exact in binary
    assert spent(budget) == 1
    clock.now += 2
    assert spent(budget) == 20
    clock.now += 1000
    assert spent(budget) == 100


def test_completed_calls_refill_it_up_to_its_capacity() -> None:
    budget = RetryBudget(Clock())
    spent(budget)
    for _ in range(105):  # ten and a half tokens
        budget.deposit()
    assert spent(budget) == 10
    for _ in range(5000):
        budget.deposit()
    assert spent(budget) == 100


def test_a_full_budget_stays_at_its_capacity() -> None:
    budget = RetryBudget(Clock(), capacity=3)
    for _ in range(1000):
        budget.deposit()
    assert budget.available() == 3
    assert spent(budget) == 3


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    clock = Clock()
    budget = RetryBudget(clock, capacity=5)
    spent(budget)
    clock.now -= 500
    assert spent(budget) == 0
    clock.now += 0.125
    assert spent(budget) == 1


def test_budget_repr() -> None:
    assert repr(RetryBudget(Clock())) == "<RetryBudget of 100, 100.0 left when last used>"
