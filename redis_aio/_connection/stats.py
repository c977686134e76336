"""PoolStats: the figures of a pool."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The pool's figures at one moment.

    Attributes:
        hits: connections that were free when somebody asked.
        misses: connections that had to be waited for or made.
        timeouts: waits that ended with :class:`~redis_aio.PoolTimeoutError`.
        total: connections there are, those being made not included.
        idle: connections that nobody holds.
        in_use: connections that are leased or shared.
        shared: those of ``in_use`` that carry the ordinary commands of everybody.
        waiting: callers in line.
        wait_time: seconds that all callers together have waited.
        stale: connections that were closed because they were idle or alive too long, or found dead.
        dials: connections made.
        failed_dials: attempts that failed.
    """

    hits: int = 0
    misses: int = 0
    timeouts: int = 0
    total: int = 0
    idle: int = 0
    in_use: int = 0
    shared: int = 0
    waiting: int = 0
    wait_time: float = 0.0
    stale: int = 0
    dials: int = 0
    failed_dials: int = 0
