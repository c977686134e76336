"""MetricsHook: how long operations take, and how the pool of connections does."""

import weakref
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from time import perf_counter
from typing import Any

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

from redis_aio import events
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._options import Options
from redis_aio._version import VERSION
from redis_aio.exceptions import PoolTimeoutError
from redis_aio.hooks import Hook, HookedClient, HookedPool, NextBatch, NextCommand, NextConnect
from redis_aio.otel import semconv
from redis_aio.otel.durations import Durations, Series
from redis_aio.otel.subscriptions import Subscriptions
from redis_aio.otel.tracing import recorded, traces_of

POOL_NAME = "db.client.connection.pool.name"
STATE = "db.client.connection.state"
#: What the observable instruments ask of a pool: the name of an instrument, and what it measures.
Figure = Callable[[HookedPool], Iterable[tuple[int, semconv.Attributes]]]


class MetricsHook(Hook):
    """Measure operations, connections, and what goes wrong below commands.

    Args:
        meter_provider: where measurements go; by default the global one, also when that is set later.
        pool_name: the name of the pool (``db.client.connection.pool.name``); by default ``host:port/db``. Pools of
            the same name are numbered.
    """

    def __init__(self, meter_provider: MeterProvider | None = None, *, pool_name: str | None = None) -> None:
        self._instruments = instruments(meter_provider or metrics.get_meter_provider())
        self._pool_name = pool_name

    def bind(self, pool: HookedPool) -> Hook:
        """Return the hook for the clients of one pool."""
        return PoolMetrics(pool, self._instruments, self._pool_name)


class PoolMetrics(Hook):
    """The measurements of the clients of one pool; see :class:`MetricsHook`, which makes it."""

    def __init__(self, pool: HookedPool, instruments: "Instruments", pool_name: str | None) -> None:
        self._pool = pool
        self._instruments = instruments
        self._server = semconv.server_attributes(pool.options)
        self._commands: dict[str, Series] = {}
        self._batches: dict[str, Series] = {}
        self._traces = traces_of(pool)
        self._name = instruments.watch(pool, pool_name or semconv.pool_name(pool.options))
        self._pool_attributes: semconv.Attributes = {POOL_NAME: self._name}

    def attached(self, client: HookedClient) -> None:
        """Observe the subscriptions of a client."""
        self._instruments.subscriptions.watch(client, self._server)

    def detached(self, client: HookedClient) -> None:
        """Observe them no more."""
        self._instruments.subscriptions.forget(client)

    def unbind(self) -> None:
        """Observe the pool no more."""
        self._instruments.forget(self._name)

    # -- commands -----------------------------------------------------------------------------------------------------

    async def on_command(self, command: Command[Any], call_next: NextCommand) -> Any:
        """Measure a command."""
        started = perf_counter()
        try:
            value = await call_next(command)
        except BaseException as error:  # cancelled too: that is an outcome to be counted
            self._failed(semconv.operation(command), started, error)
            raise
        spent = perf_counter() - started
        try:
            series = self._commands[command.spec.name]
        except KeyError:
            series = self._prepare(semconv.operation(command), self._commands)
        if self._traces.hooks and recorded():
            series.record(spent)
        else:  # written out, because it is done for each command
            values = series.values
            values.append(spent)
            if len(values) >= series.most:
                series.hand_over()
        return value

    async def on_batch(self, batch: Batch, call_next: NextBatch) -> list[Any]:
        """Measure a batch, as one operation."""
        started = perf_counter()
        name = semconv.batch_operation(batch)
        try:
            values = await call_next(batch)
        except BaseException as error:  # cancelled too: the same
            self._failed(name, started, error)
            raise
        first = semconv.first_error(values)
        if first is not None:
            self._failed(name, started, first)
        else:
            series = self._batches.get(name) or self._prepare(name, self._batches)
            series.record(perf_counter() - started)
        return values

    def _prepare(self, operation: str, known: dict[str, Series]) -> Series:
        series = self._instruments.durations.series(self._server | {"db.operation.name": operation})
        known[operation] = series
        return series

    def _failed(self, operation: str, started: float, error: BaseException) -> None:
        attributes = {**self._server, "db.operation.name": operation, **semconv.error_attributes(error)}
        self._instruments.duration.record(perf_counter() - started, attributes)

    # -- below them ---------------------------------------------------------------------------------------------------

    async def on_connect(self, options: Options, call_next: NextConnect) -> Any:
        """Measure the making of a connection."""
        started = perf_counter()
        connection = await call_next(options)
        self._instruments.create_time.record(perf_counter() - started, self._pool_attributes)
        return connection

    def on_event(self, event: events.Event) -> None:
        """Count and measure what happens below commands."""
        told = self._instruments
        match event:
            case events.PoolWaited(duration=duration, error=error):
                told.wait_time.record(duration, self._pool_attributes)
                if isinstance(error, PoolTimeoutError):
                    told.timeouts.add(1, self._pool_attributes)
            case events.ConnectionUsed(duration=duration):
                told.use_time.record(duration, self._pool_attributes)
            case events.ConnectionOpened(reconnect=reconnect):
                if reconnect:
                    told.reconnects.add(1, self._pool_attributes)
            case events.ConnectionClosed(reason=reason):
                told.closed.add(1, self._pool_attributes | {"redis.client.connection.close.reason": reason})
            case events.Retrying(error=error):
                told.retries.add(1, self._server | {"error.type": semconv.error_attributes(error)["error.type"]})
            case events.Redirected(kind=kind):
                told.redirects.add(1, self._server | {"redis.client.redirect.kind": kind})
            case events.CacheLookedUp(hit=hit):
                (told.cache_hits if hit else told.cache_misses).add(1, self._server)
            case _:
                pass


class Instruments:
    """The instruments of one meter provider, and the pools they observe.

    Args:
        provider: makes the meter.
    """

    duration: metrics.Histogram
    create_time: metrics.Histogram
    wait_time: metrics.Histogram
    use_time: metrics.Histogram
    timeouts: metrics.Counter
    retries: metrics.Counter
    redirects: metrics.Counter
    reconnects: metrics.Counter
    closed: metrics.Counter
    cache_hits: metrics.Counter
    cache_misses: metrics.Counter

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter(semconv.SCOPE, VERSION, semconv.SCHEMA_URL)
        self._pools: dict[str, weakref.ref[HookedPool]] = {}
        self._lock = Lock()

        def seconds(name: str, description: str) -> metrics.Histogram:
            return meter.create_histogram(
                name, "s", description, explicit_bucket_boundaries_advisory=list(semconv.BOUNDARIES)
            )

        def connections(name: str) -> str:
            return f"db.client.connection.{name}"

        count = meter.create_counter
        self.duration = seconds("db.client.operation.duration", "Duration of database client operations.")
        self.durations: Durations = Durations(self.duration)
        self.create_time = seconds(connections("create_time"), "The time it took to create a new connection.")
        self.wait_time = seconds(connections("wait_time"), "The time it took to obtain a connection from the pool.")
        self.use_time = seconds(connections("use_time"), "The time between borrowing a connection and returning it.")
        self.timeouts = count(
            connections("timeouts"), "{timeout}", "Waits for a connection that ran into pool_timeout."
        )
        self.retries = count("redis.client.retries", "{retry}", "Attempts after the first one.")
        self.redirects = count("redis.client.redirects", "{redirect}", "MOVED and ASK that were followed.")
        self.reconnects = count("redis.client.reconnects", "{reconnect}", "Connections that replaced a lost one.")
        self.closed = count("redis.client.connection.closed", "{connection}", "Connections that are no more.")
        self.cache_hits = count("redis.client.cache.hits", "{hit}", "Values that a client-side cache had.")
        self.cache_misses = count("redis.client.cache.misses", "{miss}", "Values that a client-side cache had not.")
        self.subscriptions: Subscriptions = Subscriptions(meter)
        for name, unit, description, figure in _OBSERVED:
            meter.create_observable_up_down_counter(connections(name), [self._observing(figure)], unit, description)

    def _observing(self, figure: Figure) -> Callable[[CallbackOptions], Iterator[Observation]]:
        def observe(options: CallbackOptions) -> Iterator[Observation]:
            self.durations.hand_over()  # observable instruments are asked before the others are read
            for name, pool in self._watched():
                for value, attributes in _undisturbed(figure, pool):
                    yield Observation(value, {POOL_NAME: name, **attributes})

        return observe

    def _watched(self) -> list[tuple[str, HookedPool]]:
        with self._lock:
            found = [(name, reference()) for name, reference in self._pools.items()]
        return [(name, pool) for name, pool in found if pool is not None and not pool.closed]

    def watch(self, pool: HookedPool, name: str) -> str:
        """Observe a pool; return its name, which has a number where others have the same."""
        with self._lock:
            self._pools = {taken: ref for taken, ref in self._pools.items() if (it := ref()) and not it.closed}
            number, unique = 1, name
            while unique in self._pools:
                number += 1
                unique = f"{name}#{number}"
            self._pools[unique] = weakref.ref(pool)
        return unique

    def forget(self, name: str) -> None:
        """Observe a pool no more."""
        with self._lock:
            self._pools.pop(name, None)


def _undisturbed(figure: Figure, pool: HookedPool) -> list[tuple[int, semconv.Attributes]]:
    """Ask a pool, which may be at work in another thread meanwhile."""
    for _ in range(10):
        try:
            return list(figure(pool))
        except RuntimeError:  # its line has changed while it was counted
            continue
    return []


def _stated(pool: HookedPool) -> Iterator[tuple[int, semconv.Attributes]]:
    stats = pool.stats()
    yield stats.idle, {STATE: "idle"}
    yield stats.in_use, {STATE: "used"}


def _pending(pool: HookedPool) -> Iterator[tuple[int, semconv.Attributes]]:
    yield pool.waiting, {}


def _maximum(pool: HookedPool) -> Iterator[tuple[int, semconv.Attributes]]:
    yield pool.options.pool_size, {}


def _idle_minimum(pool: HookedPool) -> Iterator[tuple[int, semconv.Attributes]]:
    yield pool.options.min_idle_conns, {}


def _idle_maximum(pool: HookedPool) -> Iterator[tuple[int, semconv.Attributes]]:
    limit = pool.options.max_idle_conns
    yield pool.options.pool_size if limit is None else limit, {}


_OBSERVED: tuple[tuple[str, str, str, Figure], ...] = (
    ("count", "{connection}", "Connections in the state that the attribute says.", _stated),
    ("idle.max", "{connection}", "The most connections that may be idle.", _idle_maximum),
    ("idle.min", "{connection}", "The connections that are kept ready.", _idle_minimum),
    ("max", "{connection}", "The most connections that may be open.", _maximum),
    ("pending_requests", "{request}", "Callers that wait for a connection.", _pending),
)

#: What the API has for a global provider that was not set yet.
_PROXY = "_ProxyMeterProvider"
_instruments: "weakref.WeakKeyDictionary[MeterProvider, Instruments]" = weakref.WeakKeyDictionary()


def instruments(provider: MeterProvider) -> Instruments:
    """Return the instruments of a provider, which are made once.

    What was made before the program has set its global provider belongs to that one afterwards.
    """
    found = _instruments.get(provider)
    if found is None and provider is metrics.get_meter_provider():
        found = next((made for known, made in _instruments.items() if type(known).__name__ == _PROXY), None)
    if found is None:
        found = Instruments(provider)
    return _instruments.setdefault(provider, found)
