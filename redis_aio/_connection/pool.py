"""ConnectionPool: the one budget of connections to a server, and the line of those who wait for one.

Invariants:

* idle + leased + shared + dialing never exceeds ``pool_size``, at any await.
* A free connection and a live waiter never coexist beyond one turn of the loop; waiters are served first come, first
  served. A waiter that was given a connection and cancelled in the same turn hands it on.
* ``release`` and ``discard`` are synchronous: they work in a cancelled task and need no lock.
* Leases leave at least one connection to the shared traffic (where ``pool_size`` allows two).
* Dials run in tasks of the pool: a caller that goes away does not kill a dial that another caller can use.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeAlias

from redis_aio import exceptions
from redis_aio._connection.closing import ClosedConnections
from redis_aio._connection.connection import Connection, ConnectionState
from redis_aio._connection.inflight import copy_of
from redis_aio._connection.pool_log import PoolLog, timeout_error
from redis_aio._connection.stats import PoolStats
from redis_aio._connection.waiting import PoolEvents, Waiter, peer_of
from redis_aio._connection.watch import no_context
from redis_aio._options import Options
from redis_aio.events import Emitter

Dial: TypeAlias = Callable[[Options], Coroutine[Any, Any, Connection]]


class ConnectionPool:
    """The connections to one server, on one event loop.

    Args:
        options: the sizes and times.
        dial: makes one ready connection.
        loop: the event loop.
        emit: is told of waits and connections.
    """

    def __init__(
        self, options: Options, dial: Dial, loop: asyncio.AbstractEventLoop, emit: Emitter | None = None
    ) -> None:
        self._options = options
        self._dial = dial
        self._loop = loop
        self.closed = False
        self.log = PoolLog(options)
        self.events = PoolEvents(emit or Emitter(), loop)
        #: Called when leases wait and only shared connections could serve them; the multiplexer gives some back.
        self.on_pressure: Callable[[], None] | None = None
        #: Called when a connection has closed by itself.
        self.on_lost: Callable[[Connection], None] | None = None
        self._idle: deque[Connection] = deque()  # the most recently used last
        self._leased: dict[Connection, float] = {}  # since when; the oldest first
        self._shared: set[Connection] = set()
        self._dials: set[asyncio.Task[Connection]] = set()
        self._waiters: deque[Waiter] = deque()
        self._expiry: dict[Connection, float] = {}
        self._last_dial_error: str | None = None
        self._maintenance: asyncio.TimerHandle | None = None
        self._hits = self._misses = self._timeouts = self._stale = self._dialed = self._failed_dials = 0
        self._waited = 0.0
        self._most_leases = max(1, options.pool_size - 1)

    # -- taking ---------------------------------------------------------------------------------------------------

    async def acquire(self) -> Connection:
        """Lease a connection to the caller alone.

        Raises:
            PoolTimeoutError: none became free within ``pool_timeout``.
            ConnectionError: a new one could not be made.
        """
        while True:
            connection = await self._acquire()
            interval = self._options.health_check_interval
            if not interval or self._loop.time() - connection.idle_since < interval:
                return connection
            if await self._answers(connection):
                return connection

    async def _acquire(self) -> Connection:
        self.check_open()
        if len(self._leased) < self._most_leases and not self._waiters:
            connection = self._take_idle()
            if connection is not None:
                self._hits += 1
                self._leased[connection] = self._loop.time()
                return connection
        self._misses += 1
        waiter = self.wait(shared=False)
        timer = self.start_timer(waiter.future, waiter)
        try:
            return await waiter.future
        except (asyncio.CancelledError, GeneratorExit):
            self._forget(waiter)
            raise
        finally:
            self._waited += self._loop.time() - waiter.since
            self.events.waited(waiter.future, waiter.began, False)
            if timer is not None:
                timer.cancel()
            del waiter  # it holds the error, and the error's traceback holds this frame

    def take_shared(self) -> Connection | None:
        """Take an idle connection for shared use at once, or return ``None``."""
        if self._waiters:
            return None
        connection = self._take_idle(shared=True)
        if connection is not None:
            self._hits += 1
            self._shared.add(connection)
        return connection

    def wait(self, *, shared: bool) -> Waiter:
        """Stand in line; the waiter's future gets a connection or the error of a dial."""
        waiter = Waiter(self._loop.create_future(), shared, self._loop.time())
        self._waiters.append(waiter)
        self._serve()
        return waiter

    def start_timer(self, future: "asyncio.Future[Any]", waiter: Waiter) -> asyncio.TimerHandle | None:
        """Have ``future`` fail with the evidence when ``pool_timeout`` has passed.

        Not while a connection is being made for ``waiter``: that wait has a bound and an error of its own.
        """
        if self._options.pool_timeout is None:
            return None
        grace = self._options.dial_timeout or 0.0
        return self._loop.call_later(self._options.pool_timeout, self._expire, future, waiter, grace)

    def _expire(self, future: "asyncio.Future[Any]", waiter: Waiter, grace: float) -> None:
        if future.done():
            return
        in_line = [other for other in self._waiters if not other.future.done()]
        if grace and waiter in in_line[: len(self._dials)]:
            self._loop.call_later(grace, self._expire, future, waiter, 0.0)
            return
        self._timeouts += 1
        future.set_exception(self.timeout_error())

    def timeout_error(self) -> exceptions.PoolTimeoutError:
        """Return the error that says who holds what."""
        oldest = next(iter(self._leased.values()), None)
        held = None if oldest is None else self._loop.time() - oldest
        error = timeout_error(self._options, self.stats(), len(self._dials), held, self._last_dial_error)
        self.log.timed_out(error)
        return error

    def _forget(self, waiter: Waiter) -> None:
        """Take a cancelled waiter out of the line; what it was given in the same turn goes to the next."""
        future = waiter.future
        if future.done() and not future.cancelled() and future.exception() is None:
            self.release(future.result())
        else:
            future.cancel()
            self._serve()

    def _take_idle(self, *, shared: bool = False) -> Connection | None:
        """Pop the most recently used connection that is fit for use; close those that are not."""
        while self._idle:
            connection = self._idle.pop()
            if (outdated := self._outdated(connection, shared)) or not connection.usable:
                self._stale += 1
                self._drop(connection, outdated or "the server closed the connection")
                continue
            return connection
        return None

    def _outdated(self, connection: Connection, shared: bool = False) -> str:
        """Return why the time of an idle connection is over; empty if it is not."""
        limit, idle = self._options.conn_max_idle_time, self._loop.time() - connection.idle_since
        if limit is not None and idle >= limit:
            return "idle for conn_max_idle_time"
        if shared and 0 < self._options.health_check_interval <= idle:  # a lease is checked, here nobody could wait
            return "idle for health_check_interval"
        return "alive for conn_max_lifetime" if self.expired(connection) else ""

    async def _answers(self, connection: Connection) -> bool:
        """Check a leased connection with PING; one that does not answer is closed."""
        try:
            reply = await connection.send(b"*1\r\n$4\r\nPING\r\n")
        except exceptions.RedisError:
            self.discard(connection, "it did not answer the health check")
            return False
        except BaseException:  # cancelled: the lease must not be lost
            self.release(connection)
            raise
        if isinstance(reply, Exception):
            self.discard(connection, "it refused the health check")
            return False
        return True

    # -- giving back ----------------------------------------------------------------------------------------------

    def release(self, connection: Connection) -> None:
        """Give back a lease or a shared connection.

        With replies outstanding it stays out of reach until they have come, or its reply timer closes it.
        """
        if connection.state is ConnectionState.CLOSED or self.closed:
            self.discard(connection)
        elif not connection.idle:
            connection.on_drained = self.release
        elif connection.state is not ConnectionState.READY:
            self.discard(connection, "retired")
        elif outdated := self._outdated(connection):
            self.discard(connection, outdated)
        else:
            connection.on_drained = None
            self.events.used(self._leased.pop(connection, None))
            self._shared.discard(connection)
            limit = self._options.max_idle_conns
            if limit is not None and len(self._idle) >= limit and not self._live_waiters():
                self._drop(connection, "max_idle_conns are idle")
            else:
                connection.idle_since = self._loop.time()
                self._idle.append(connection)
            self._serve()

    def discard(self, connection: Connection, why: str = "its state cannot be undone") -> None:
        """Close a connection and give its place to whoever waits."""
        self.events.used(self._leased.pop(connection, None))
        self._shared.discard(connection)
        self._drop(connection, why)
        self._serve()

    def _drop(self, connection: Connection, why: str) -> None:
        self._expiry.pop(connection, None)
        connection.on_closed = connection.on_drained = None
        self.events.closing([connection], why)
        connection.close(why)
        self.log.note(connection.trouble)

    def _lost(self, connection: Connection) -> None:
        """Take note that a connection has closed by itself."""
        self.log.note(connection.trouble)
        self.events.lost(connection)
        if connection in self._idle:
            self._idle.remove(connection)
            self._stale += 1
        self.events.used(self._leased.pop(connection, None))
        self._shared.discard(connection)
        self._expiry.pop(connection, None)
        if self.on_lost is not None:
            self.on_lost(connection)
        self._serve()

    # -- serving --------------------------------------------------------------------------------------------------

    def _live_waiters(self) -> int:
        return sum(1 for waiter in self._waiters if not waiter.future.done())

    def _serve(self) -> None:
        """Give idle connections to the waiters whose turn it is, and dial for the rest."""
        if self.closed:
            return
        skipped: deque[Waiter] = deque()
        unserved: list[Waiter] = []
        room = self._most_leases - len(self._leased)
        while self._waiters:
            waiter = self._waiters.popleft()
            if waiter.future.done():
                continue
            if not waiter.shared and room <= 0:
                skipped.append(waiter)  # leases may not take the last connection; a shared waiter behind may have it
                continue
            room -= not waiter.shared
            connection = self._take_idle(shared=waiter.shared)
            if connection is None:
                skipped.append(waiter)
                unserved.append(waiter)
            else:
                self._grant(connection, waiter)
        self._waiters = skipped
        while len(unserved) > len(self._dials) and self._total() < self._options.pool_size:
            self._start_dial(unserved[len(self._dials)].context)
        if len(unserved) > len(self._dials) and self.on_pressure is not None:
            self.on_pressure()
        self._top_up()

    def _grant(self, connection: Connection, waiter: Waiter) -> None:
        if waiter.shared:
            self._shared.add(connection)
        else:
            self._leased[connection] = self._loop.time()
        waiter.future.set_result(connection)

    @property
    def has_room(self) -> bool:
        """Whether one more connection could be given out at once or made."""
        return bool(self._idle) or self._total() < self._options.pool_size

    def _total(self) -> int:
        return len(self._idle) + len(self._leased) + len(self._shared) + len(self._dials)

    def _top_up(self) -> None:
        """Keep ``min_idle_conns`` ready."""
        while (
            len(self._idle) + len(self._dials) < self._options.min_idle_conns
            and self._total() < self._options.pool_size
            and self._last_dial_error is None  # a server that is down is not dialed for stock
        ):
            self._start_dial(no_context())

    def _start_dial(self, context: Context) -> None:
        """Dial, in a copy of the context of the waiter that it is for: its variables are no business of others."""
        task = self._loop.create_task(self._dial(self._options), context=context.copy())
        self._dials.add(task)
        task.add_done_callback(self._dialed_one, context=no_context())

    def _dialed_one(self, task: "asyncio.Task[Connection]") -> None:
        self._dials.discard(task)
        error = exceptions.ConnectionError("connecting was cancelled") if task.cancelled() else task.exception()
        if error is not None:
            self._dial_failed(error)
            return
        connection = task.result()
        if self.closed:
            connection.abort()
            return
        self._dialed += 1
        self._last_dial_error = None
        self.log.dialed()
        if self._options.conn_max_lifetime is not None:
            lifetime = self._options.conn_max_lifetime - random.uniform(0.0, self._options.conn_max_lifetime_jitter)
            self._expiry[connection] = connection.created_at + lifetime
        connection.on_closed = self._lost
        if connection.state is ConnectionState.READY:
            self._idle.append(connection)
        self.events.opened()
        self._serve()
        self._schedule_maintenance()

    def _dial_failed(self, error: BaseException) -> None:
        """Tell the waiter whose turn it is; the others get a dial of their own."""
        self._failed_dials += 1
        self.log.dial_failed(error)
        self._last_dial_error = str(error) if isinstance(error, exceptions.RedisError) else type(error).__name__
        leases_full = len(self._leased) >= self._most_leases
        for waiter in self._waiters:
            if not waiter.future.done() and (waiter.shared or not leases_full):
                waiter.future.set_exception(error)
                break
        self._serve()

    # -- time -----------------------------------------------------------------------------------------------------

    def _schedule_maintenance(self) -> None:
        limits = [t for t in (self._options.conn_max_idle_time, self._options.conn_max_lifetime) if t is not None]
        if limits and self._maintenance is None and not self.closed:
            self._maintenance = self._loop.call_later(max(0.01, min(limits) / 4), self._maintain, context=no_context())

    def _maintain(self) -> None:
        """Close idle connections whose time is over; the shared ones are the multiplexer's to replace."""
        self._maintenance = None
        kept: deque[Connection] = deque()
        surplus = len(self._idle) - self._options.min_idle_conns
        for connection in self._idle:  # the least recently used first
            if (outdated := self._outdated(connection)) and (surplus > 0 or self.expired(connection)):
                surplus -= 1
                self._stale += 1
                self._drop(connection, outdated)
            else:
                kept.append(connection)
        self._idle = kept
        if self._total():
            self._schedule_maintenance()
        self._serve()

    def expired(self, connection: Connection) -> bool:
        """Return whether a connection has lived for ``conn_max_lifetime``."""
        return self._loop.time() >= self._expiry.get(connection, float("inf"))

    # -- the whole ------------------------------------------------------------------------------------------------

    def stats(self) -> PoolStats:
        """Return the figures of this moment."""
        return PoolStats(
            hits=self._hits,
            misses=self._misses,
            timeouts=self._timeouts,
            total=self._total() - len(self._dials),
            idle=len(self._idle),
            in_use=len(self._leased) + len(self._shared),
            shared=len(self._shared),
            waiting=self._live_waiters(),
            wait_time=self._waited,
            stale=self._stale,
            dials=self._dialed,
            failed_dials=self._failed_dials,
        )

    @property
    def peer(self) -> tuple[str, int] | None:
        """The address of the server, where all connections lead to the same one."""
        return peer_of(self.connections)

    @property
    def connections(self) -> list[Connection]:
        """All that there are; not those that are being made."""
        return [*self._idle, *self._leased, *self._shared]

    def __repr__(self) -> str:
        stats = self.stats()
        return (
            f"<ConnectionPool: {stats.total} of {self._options.pool_size} connections, "
            f"{stats.in_use} in use, {stats.idle} idle, {stats.waiting} waiting>"
        )

    def check_open(self) -> None:
        """Raise ``ClientClosedError`` if the pool is closed."""
        if self.closed:
            raise exceptions.ClientClosedError("the client is closed")

    async def aclose(self) -> None:
        """Close every connection; callers in line get ``ClientClosedError``. Takes a second at most."""
        if self.closed:
            return
        self.log.closed(self.stats())
        self.closed = True
        if self._maintenance is not None:
            self._maintenance.cancel()
        self.turn_away(exceptions.ClientClosedError("the client was closed"))
        connections = self.abandon()
        self.events.closing(connections, "the client was closed")
        closing = ClosedConnections(connections)
        dials = list(self._dials)
        for task in dials:
            task.cancel()
        closing.close()
        await closing.wait(dials)

    def turn_away(self, error: Exception) -> None:
        """Tell those in line that nothing will come."""
        for waiter in self._waiters:
            if not waiter.future.done():
                waiter.future.set_exception(copy_of(error, written=False))

    def abandon(self) -> list[Connection]:
        """Forget every connection without touching the event loop; return them."""
        self.closed = True
        connections = self.connections
        for each in (self._idle, self._leased, self._shared, self._waiters):
            each.clear()
        return connections
