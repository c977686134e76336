"""How long to wait before the next attempt. The names follow ``redis.backoff`` of redis-py.

``compute(failures)`` gives seconds; ``failures`` counts from 1. The exponential kinds grow from ``base`` seconds by a
factor of two per failure and never exceed ``cap`` seconds.
"""

import random
from abc import ABC, abstractmethod

#: The longest wait of the exponential kinds, in seconds, unless said otherwise.
DEFAULT_CAP = 0.512
#: Where the exponential kinds start, in seconds, unless said otherwise.
DEFAULT_BASE = 0.008

# 2**64 times any sensible base is beyond any sensible cap, and far from overflowing a float.
_MAX_EXPONENT = 64


class AbstractBackoff(ABC):
    """The base of all backoffs; subclass it to make your own."""

    def reset(self) -> None:  # noqa: B027  # most kinds have no state, so doing nothing is right
        """Forget earlier failures; called once before the first attempt of an operation."""

    @abstractmethod
    def compute(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row."""


class ConstantBackoff(AbstractBackoff):
    """Wait the same time after every failure: ``backoff`` seconds."""

    def __init__(self, backoff: float) -> None:
        self._backoff = backoff

    def compute(self, failures: int) -> float:
        """Return the constant."""
        return self._backoff

    def __eq__(self, other: object) -> bool:
        return self._backoff == other._backoff if isinstance(other, ConstantBackoff) else NotImplemented

    def __hash__(self) -> int:
        return hash((ConstantBackoff, self._backoff))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._backoff})"


class NoBackoff(ConstantBackoff):
    """Try again at once."""

    def __init__(self) -> None:
        super().__init__(0)

    def __repr__(self) -> str:
        return "NoBackoff()"


class _Growing(AbstractBackoff):
    """What the exponential kinds share. Two are equal when their class, cap and base are."""

    def __init__(self, cap: float = DEFAULT_CAP, base: float = DEFAULT_BASE) -> None:
        self._cap = cap
        self._base = base

    def _grown(self, failures: int) -> float:
        return float(self._base * 2 ** min(failures, _MAX_EXPONENT))

    def _capped(self, failures: int) -> float:
        return min(self._cap, self._grown(failures))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._cap == other._cap and self._base == other._base

    def __hash__(self) -> int:
        return hash((type(self), self._cap, self._base))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(cap={self._cap}, base={self._base})"


class ExponentialBackoff(_Growing):
    """Double the wait with each failure, without jitter.

    Many clients that fail together also come back together; prefer one with jitter.
    """

    def compute(self, failures: int) -> float:
        """Return ``base * 2**failures``, at most ``cap``."""
        return self._capped(failures)


class FullJitterBackoff(_Growing):
    """Wait anything between nothing and the exponential wait. The client's default."""

    def compute(self, failures: int) -> float:
        """Return a random number up to ``base * 2**failures``, at most ``cap``."""
        return random.uniform(0, self._capped(failures))


class EqualJitterBackoff(_Growing):
    """Wait at least half of the exponential wait, and a random part of the other half."""

    def compute(self, failures: int) -> float:
        """Return between half and all of ``base * 2**failures``, at most ``cap``."""
        half = self._capped(failures) / 2
        return half + random.uniform(0, half)


class DecorrelatedJitterBackoff(_Growing):
    """Wait up to three times as long as the last time.

    It remembers its last answer, so operations that share one object influence each other.
    """

    def __init__(self, cap: float = DEFAULT_CAP, base: float = DEFAULT_BASE) -> None:
        super().__init__(cap, base)
        self._previous = 0.0

    def reset(self) -> None:
        """Forget the last answer."""
        self._previous = 0.0

    def compute(self, failures: int) -> float:
        """Return between ``base`` and three times the last answer, at most ``cap``; ``failures`` plays no part."""
        upper = max(self._base, self._previous * 3)
        self._previous = min(self._cap, random.uniform(self._base, upper))
        return self._previous


class ExponentialWithJitterBackoff(_Growing):
    """Wait a random part of the exponential wait, and cap after that.

    Unlike :class:`FullJitterBackoff` it lands on ``cap`` itself more and more often as failures add up.
    """

    def compute(self, failures: int) -> float:
        """Return a random part of ``base * 2**failures``, at most ``cap``."""
        return min(self._cap, random.random() * self._grown(failures))


def default_backoff() -> AbstractBackoff:
    """Return the backoff that redis-py gives by this name: equal jitter from 8 ms up to 512 ms."""
    return EqualJitterBackoff()


__all__ = [
    "DEFAULT_BASE",
    "DEFAULT_CAP",
    "AbstractBackoff",
    "ConstantBackoff",
    "DecorrelatedJitterBackoff",
    "EqualJitterBackoff",
    "ExponentialBackoff",
    "ExponentialWithJitterBackoff",
    "FullJitterBackoff",
    "NoBackoff",
    "default_backoff",
]
