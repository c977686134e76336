"""How often to try again, after which errors, and when to stop a storm.

:class:`Retry` follows ``redis.asyncio.retry`` of redis-py. :class:`RetryBudget` is what a client adds to it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from redis_aio.backoff import AbstractBackoff
from redis_aio.exceptions import ConnectionError, TimeoutError
from redis_aio.typing import T


class Retry:
    """A retry policy: how often, after which errors, with which pauses.

    Args:
        backoff: gives the pause before each further attempt.
        retries: how many further attempts; 0 is none, a negative number is no bound.
        supported_errors: only these, and their subclasses, lead to another attempt.

    A client that is given one takes a copy. Which commands may be sent twice at all is not decided here but by their
    effect: see the guide on timeouts and retries.
    """

    def __init__(
        self,
        backoff: AbstractBackoff,
        retries: int,
        supported_errors: tuple[type[Exception], ...] = (ConnectionError, TimeoutError),
    ) -> None:
        self._backoff = backoff
        self._retries = retries
        self._supported_errors = tuple(supported_errors)

    @property
    def backoff(self) -> AbstractBackoff:
        """What gives the pauses."""
        return self._backoff

    @property
    def supported_errors(self) -> tuple[type[Exception], ...]:
        """The errors that lead to another attempt."""
        return self._supported_errors

    def get_retries(self) -> int:
        """Return how many further attempts are made; negative is no bound."""
        return self._retries

    def update_retries(self, value: int) -> None:
        """Set how many further attempts are made."""
        self._retries = value

    def update_supported_errors(self, specified_errors: Iterable[type[Exception]]) -> None:
        """Add to the errors that lead to another attempt."""
        self._supported_errors = tuple(dict.fromkeys((*self._supported_errors, *specified_errors)))

    async def call_with_retry(
        self,
        do: Callable[[], Awaitable[T]],
        fail: Callable[..., Awaitable[Any]],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> T:
        """Await ``do()`` until it succeeds or the policy gives up, and return its result.

        ``fail`` is awaited after every failure, the last one included, with the error and, if ``with_failure_count``,
        how many failures there were. Errors that are not supported, or for which ``is_retryable`` is false, are raised
        at once and without ``fail``. Cancellation ends it at any point.
        """
        self._backoff.reset()
        failures = 0
        while True:
            try:
                return await do()
            except self._supported_errors as error:
                if is_retryable is not None and not is_retryable(error):
                    raise
                failures += 1
                await (fail(error, failures) if with_failure_count else fail(error))
                if 0 <= self._retries < failures:
                    raise
            pause = self._backoff.compute(failures)
            if pause > 0:
                await asyncio.sleep(pause)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Retry):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self._backoff, self._retries, frozenset(self._supported_errors))

    def __repr__(self) -> str:
        times = "without bound" if self._retries < 0 else f"up to {self._retries} times"
        return f"<Retry {times} with {self._backoff!r}>"


class RetryBudget:
    """A token bucket that keeps retries a small part of the traffic, so that a failing server is not stormed.

    Every retry costs a token. Tokens come back with time and with completed calls, up to ``capacity``; the bucket
    starts full. It reads no clock of its own.

    Args:
        clock: gives monotonic seconds, such as ``loop.time``.
        capacity: how many tokens it holds.
        per_second: tokens that come back each second.
        per_call: tokens that come back with each completed call.
    """

    __slots__ = ("_clock", "_seen", "_tokens", "capacity", "per_call", "per_second")

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        capacity: float = 100.0,
        per_second: float = 10.0,
        per_call: float = 0.1,
    ) -> None:
        self._clock = clock
        self.capacity: float = capacity
        self.per_second: float = per_second
        self.per_call: float = per_call
        self._tokens = capacity
        self._seen = clock()

    def deposit(self, calls: int = 1) -> None:
        """Note completed calls."""
        # No clock and no cap here: only retries take tokens, and `available` caps for them.
        self._tokens += self.per_call * calls

    def spend(self) -> bool:
        """Take a token for one retry; ``False`` says there is none, and the retry must not be made."""
        available = self.available()
        if available < 1.0:
            return False
        self._tokens = available - 1.0
        return True

    def available(self) -> float:
        """Return how many tokens there are now."""
        now = self._clock()
        elapsed = max(0.0, now - self._seen)  # a clock may belong to another loop now and stand earlier
        self._seen = now
        self._tokens = min(self.capacity, self._tokens + elapsed * self.per_second)
        return self._tokens

    def __repr__(self) -> str:
        return f"<RetryBudget of {self.capacity:g}, {min(self.capacity, self._tokens):.1f} left when last used>"


__all__ = ["Retry", "RetryBudget"]
