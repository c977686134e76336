"""Multiplexer: lends a few shared connections to everybody, so that concurrent commands travel together.

Invariants:

* One connection is *current*; it carries everything until it is crowded: a reply or a write too large to wait behind,
  no reply for a while, or too many requests in flight. Then another becomes current, within the pool's budget.
* A connection that is not current any more goes back to the pool when its last reply has come.
* At most one request to the pool is under way, and everybody who waits joins it, each with a bound of its own.
"""

import asyncio
import copy
import time

from redis_aio import exceptions
from redis_aio._connection.connection import Connection, ConnectionState
from redis_aio._connection.pool import ConnectionPool
from redis_aio._connection.waiting import Waiter
from redis_aio._connection.watch import no_context
from redis_aio._options import Options

#: The most connections that are shared at a time.
MOST_SHARED = 8


class Multiplexer:
    """The shared connections of one pool.

    Args:
        pool: where they come from and go back to.
        options: health checks and life times.
        loop: the event loop.
    """

    def __init__(self, pool: ConnectionPool, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        self.current: Connection | None = None
        self._pool = pool
        self._options = options
        self._loop = loop
        self._others: set[Connection] = set()
        self._joiners: dict[asyncio.Future[None], None] = {}  # in the order they came
        self._request: Waiter | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._most = max(1, min(MOST_SHARED, options.pool_size // 2))
        pool.on_pressure = self._yield_one
        pool.on_lost = self._others.discard

    def pick(self) -> Connection | None:
        """Return a connection that takes a request now, or ``None``: then :meth:`acquire` waits for one."""
        current = self.current
        if current is None:
            return self._adopt(self._pool.take_shared())
        if not current.crowded:
            return current
        if current.state is not ConnectionState.READY:
            self._set_aside(current)
            return self.pick()
        for other in self._others:
            if not other.crowded:
                self._others.discard(other)
                return self._adopt(other)
        if len(self._others) + 1 < self._most:
            found = self._pool.take_shared()
            if found is not None:
                return self._adopt(found)
            if self._request is None and self._pool.has_room:
                self._ask()
        return None if current.full else current

    async def acquire(self) -> Connection:
        """Return a connection that takes a request now; wait for it where there is none.

        Raises:
            PoolTimeoutError: there was none within ``pool_timeout``.
            ConnectionError: none could be made.
        """
        while True:
            connection = self.pick()
            if connection is not None:
                return connection
            if self.current is None:
                await self._join()
            else:
                await self._wait_for_room(self.current)

    async def _join(self) -> None:
        """Wait, with everybody else, until the pool has given a connection."""
        self._pool.check_open()
        began = time.perf_counter()
        joiner: asyncio.Future[None] = self._loop.create_future()
        self._joiners[joiner] = None
        request = self._request or self._ask()
        timer = self._pool.start_timer(joiner, request)
        try:
            await joiner
        finally:
            self._joiners.pop(joiner, None)
            self._pool.events.waited(joiner, began, True)
            if timer is not None:
                timer.cancel()
            del joiner, request  # they hold the error, and its traceback holds this frame

    async def _wait_for_room(self, connection: Connection) -> None:
        began = time.perf_counter()
        failure: Exception | None = None
        try:
            async with asyncio.timeout(self._options.pool_timeout):
                await connection.room()
        except exceptions.TimeoutError:
            raise
        except TimeoutError:
            failure = self._pool.timeout_error()
            raise failure from None
        finally:
            self._pool.events.ended(began, True, failure)
            del failure

    def _ask(self) -> Waiter:
        self._request = self._pool.wait(shared=True)
        self._request.future.add_done_callback(self._arrived)
        return self._request

    def _arrived(self, future: "asyncio.Future[Connection]") -> None:
        self._request = None
        joiners, self._joiners = self._joiners, {}
        error = None if future.cancelled() else future.exception()
        if error is None and not future.cancelled():
            self._adopt(future.result())
        for joiner in joiners:
            if joiner.done():
                continue
            if error is None:
                joiner.set_result(None)
            else:
                joiner.set_exception(clone(error))

    def _adopt(self, connection: Connection | None) -> Connection | None:
        """Make a connection the current one."""
        if connection is None:
            return None
        previous, self.current = self.current, connection
        connection.on_drained = None
        if previous is not None:
            self._set_aside(previous)
        self._schedule_check()
        return connection

    def _set_aside(self, connection: Connection) -> None:
        """Give a connection back to the pool, when its last reply has come."""
        if connection is self.current:
            self.current = None
        if connection.idle or connection.state is ConnectionState.CLOSED:
            self._pool.release(connection)
        else:
            self._others.add(connection)
            connection.on_drained = self._give_back

    def _give_back(self, connection: Connection) -> None:
        self._others.discard(connection)
        self._pool.release(connection)

    def retire(self, connection: Connection, trouble: Exception | None = None) -> None:
        """Use a connection no more: it answered that it is not what it was (READONLY), or its time is over."""
        connection.retire(trouble)
        if connection is self.current:
            self._set_aside(connection)

    def _yield_one(self) -> None:
        """Give a connection to the leases that wait, keeping one where the pool has more than one."""
        if self._options.pool_size == 1 and self.current is not None:
            self._set_aside(self.current)

    # -- time -----------------------------------------------------------------------------------------------------

    def _schedule_check(self) -> None:
        limits = [self._options.health_check_interval or None, self._options.conn_max_idle_time]
        limits.append(self._options.conn_max_lifetime)
        known = [limit for limit in limits if limit is not None]
        if known and self._timer is None and not self._pool.closed:
            self._timer = self._loop.call_later(max(0.01, min(known) / 2), self._check, context=no_context())

    def _check(self) -> None:
        """Close the current connection when its time is over; see that it answers when it has been quiet."""
        self._timer = None
        current = self.current
        if current is None or self._pool.closed:
            return
        quiet = self._loop.time() - current.progress_at
        limit = self._options.conn_max_idle_time
        if self._pool.expired(current) or (limit is not None and current.idle and quiet >= limit):
            self.retire(current)
            return
        interval = self._options.health_check_interval
        if interval and current.idle and quiet >= interval / 2:
            # The reply is of no interest: a connection that does not answer closes itself.
            current.send(b"*1\r\n$4\r\nPING\r\n").add_done_callback(
                lambda future: future.cancelled() or future.exception()
            )
        self._schedule_check()

    @property
    def joined(self) -> int:
        """How many callers wait for a connection together."""
        return len(self._joiners)

    def close(self) -> None:
        """Stop the timer; the pool closes the connections."""
        if self._timer is not None:
            self._timer.cancel()
        self.current = None
        self._others.clear()


def clone(error: BaseException) -> BaseException:
    """Return a copy of an error, for another caller, with its cause: tracebacks and contexts do not mix."""
    try:
        copied = copy.copy(error).with_traceback(None)
    except Exception:
        copied = exceptions.ConnectionError(str(error))
    copied.__cause__ = error.__cause__
    return copied
