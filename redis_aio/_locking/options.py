"""The options of a lock, checked."""

import math
from typing import Literal

from redis_aio.typing import Number

OnLost = Literal["cancel", "event"]

#: Seconds that the server can count, in milliseconds since 1970.
LONGEST: float = 1e15


def check(timeout: Number | None, sleep: Number, renew: bool | float, on_lost: OnLost) -> float:
    """Check options of a lock; return the seconds between two renewals, or 0.0.

    Raises:
        ValueError: one cannot be used, or not with the others.
    """
    if timeout is not None and not 0 <= timeout < LONGEST:
        raise ValueError("the timeout of a lock is a positive number of seconds, or None")
    if not 0 <= sleep < math.inf:
        raise ValueError("sleep is a number of seconds that is not negative")
    if on_lost not in ("cancel", "event"):
        raise ValueError('on_lost is "cancel" or "event"')
    if not renew:
        return 0.0
    if not timeout:
        raise ValueError("only a lock with a timeout can be renewed")
    every = timeout / 3 if renew is True else float(renew)
    if not 0 < every < timeout:
        raise ValueError("renew is a number of seconds between 0 and the timeout of the lock")
    return every
