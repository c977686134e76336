"""PoolLog: what a pool tells of its troubles, and the last of them."""

import logging
import time
from dataclasses import dataclass

from redis_aio import _log, exceptions
from redis_aio._connection.stats import PoolStats
from redis_aio._options import Options

logger = logging.getLogger("redis_aio.pool")

#: Seconds between two records of waits that timed out.
PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class LastError:
    """The last thing that went wrong with a pool's connections. No text: it might hold data.

    Attributes:
        type: the name of the error's class.
        at: when, as a Unix time.
    """

    type: str
    at: float


class PoolLog:
    """Takes note of what went wrong in one pool, and logs it.

    Args:
        options: whose pool it is.
    """

    def __init__(self, options: Options) -> None:
        self.ended = False
        #: The last trouble, also of connections that were lost or answered too late.
        self.last_error: LastError | None = None
        self._options = options
        self._down_since: float | None = None
        self._told_at = float("-inf")
        self._untold = 0

    def note(self, error: BaseException | None) -> None:
        """Remember an error, if there is one, as the last one."""
        if error is not None:
            self.last_error = LastError(type(error).__name__, time.time())

    def dial_failed(self, error: BaseException) -> None:
        """Tell that no connection could be made: of the first failure in a row at INFO."""
        if self.ended:
            return  # cancelled
        self.note(error)
        level = logging.INFO if self._down_since is None else logging.DEBUG
        if self._down_since is None:
            self._down_since = time.monotonic()
        _log.tell(logger, level, "connection.failed", self._options, error=error)

    def dialed(self) -> None:
        """Tell that a connection could be made again."""
        if self._down_since is not None:
            down = time.monotonic() - self._down_since
            self._down_since = None
            _log.tell(logger, logging.INFO, "connection.restored", self._options, duration=down)

    def timed_out(self, error: exceptions.PoolTimeoutError) -> None:
        """Tell that a caller got no connection, once a second at most, and how many did not since the last record."""
        self.note(error)
        self._untold += 1
        now = time.monotonic()
        if now - self._told_at >= PAUSE:
            reason = (
                f"no connection became free within {self._options.pool_timeout:g} s: {error.in_use} in use, "
                f"{error.idle} idle, {error.dialing} being made, {error.waiting} waiting, pool_size {error.pool_size}"
            )
            count, self._untold, self._told_at = self._untold, 0, now
            _log.tell(logger, logging.INFO, "pool.exhausted", self._options, reason=reason, error=error, count=count)

    def closed(self, stats: PoolStats) -> None:
        """Tell that the pool is closed; nothing that fails from now on is news."""
        self.ended = True
        _log.tell(logger, logging.DEBUG, "pool.closed", self._options, count=stats.total)


def timeout_error(
    options: Options, stats: PoolStats, dialing: int, held: float | None, last_dial_error: str | None
) -> exceptions.PoolTimeoutError:
    """Return the error of a caller that got no connection, which says who holds what.

    Args:
        options: the pool's.
        stats: its figures.
        dialing: how many connections are being made.
        held: for how many seconds the oldest lease is held, if there is one.
        last_dial_error: why the last connection could not be made.
    """
    message = (
        f"no connection became free within {options.pool_timeout:g} s: {stats.in_use} in use, "
        f"{stats.idle} idle, {dialing} being made, {stats.waiting} waiting, pool_size {options.pool_size}"
    )
    if held is not None:
        message += f"; the oldest lease is held for {held:.1f} s"
    if last_dial_error is not None:
        message += f"; the last dial failed: {last_dial_error}"
    return exceptions.PoolTimeoutError(
        message,
        in_use=stats.in_use,
        idle=stats.idle,
        dialing=dialing,
        waiting=stats.waiting,
        pool_size=options.pool_size,
        oldest_lease=held,
        last_dial_error=last_dial_error,
    )
