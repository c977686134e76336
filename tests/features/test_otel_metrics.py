"""Metrics: names, units and attributes are the conventions', and the figures are right."""

import asyncio
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import metrics as metrics_api
from opentelemetry.metrics._internal import _ProxyMeterProvider
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)

from redis_aio import ConnectionPool, Redis
from redis_aio.events import CacheLookedUp, Redirected
from redis_aio.exceptions import PoolTimeoutError, RedisError, ResponseError
from redis_aio.otel import MetricsHook, instrument, semconv, uninstrument
from redis_aio.otel import metrics as otel_metrics
from redis_aio.otel.durations import FEW, MOST
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import eventually
from tests.support.proxy import FaultProxy
from tests.support.telemetry import Point, Telemetry, own

pytestmark = pytest.mark.one_loop

DURATION = "db.client.operation.duration"
POOL = "db.client.connection.pool.name"
STATE = "db.client.connection.state"


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    with Telemetry() as made:
        yield made


@pytest.fixture
def measured(make_client: MakeClient, telemetry: Telemetry) -> Redis[bytes]:
    """A client that is measured, and not traced."""
    client = make_client(max_retries=1)
    instrument(client, **telemetry.providers, tracing=False)
    return client


def common(server: RedisServer) -> dict[str, Any]:
    return {
        "db.system.name": "redis",
        "db.namespace": "0",
        "server.address": server.host,
        "server.port": server.port,
    }


def by_operation(points: list[Point]) -> dict[str, int]:
    found: dict[str, int] = {}
    for point in points:
        name = point.attributes["db.operation.name"]
        found[name] = found.get(name, 0) + point.count
    return found


# -- operations ---------------------------------------------------------------------------------------------------


async def test_an_operation_is_what_the_convention_says(
    measured: Redis[bytes], telemetry: Telemetry, server: RedisServer
) -> None:
    await measured.set("text", "secret")
    await measured.get("missing")
    with pytest.raises(ResponseError):
        await measured.lpush("text", "x")
    await measured.pipeline(transaction=False).get("a").get("b").execute()
    with pytest.raises(ResponseError):
        await measured.pipeline().set("a", 1).lpush("a", 1).execute()
    wrong = {"error.type": "WRONGTYPE", "db.response.status_code": "WRONGTYPE"}
    wanted: dict[str, dict[str, str]] = {"SET": {}, "GET": {}, "LPUSH": wrong, "PIPELINE GET": {}, "MULTI": wrong}
    found = {point.attributes["db.operation.name"]: point for point in telemetry.points(DURATION)}
    assert set(found) == set(wanted)
    for name, more in wanted.items():
        assert found[name].attributes == {**common(server), "db.operation.name": name, **more}
        assert found[name].count == 1
        assert 0 < found[name].value < 1
    metric = telemetry.metrics()[DURATION]
    assert metric.unit == "s"
    (first, *_) = metric.data.data_points
    assert tuple(first.explicit_bounds) == semconv.BOUNDARIES  # type: ignore[union-attr]  # it is a histogram
    assert "secret" not in telemetry.text()


INSTRUMENTS = {
    DURATION: ("s", "HistogramDataPoint"),
    "db.client.connection.count": ("{connection}", "NumberDataPoint"),
    "db.client.connection.idle.max": ("{connection}", "NumberDataPoint"),
    "db.client.connection.idle.min": ("{connection}", "NumberDataPoint"),
    "db.client.connection.max": ("{connection}", "NumberDataPoint"),
    "db.client.connection.pending_requests": ("{request}", "NumberDataPoint"),
    "db.client.connection.timeouts": ("{timeout}", "NumberDataPoint"),
    "db.client.connection.create_time": ("s", "HistogramDataPoint"),
    "db.client.connection.wait_time": ("s", "HistogramDataPoint"),
    "db.client.connection.use_time": ("s", "HistogramDataPoint"),
    "redis.client.retries": ("{retry}", "NumberDataPoint"),
    "redis.client.redirects": ("{redirect}", "NumberDataPoint"),
    "redis.client.reconnects": ("{reconnect}", "NumberDataPoint"),
    "redis.client.connection.closed": ("{connection}", "NumberDataPoint"),
    "redis.client.cache.hits": ("{hit}", "NumberDataPoint"),
    "redis.client.cache.misses": ("{miss}", "NumberDataPoint"),
    "redis.client.pubsub.messages": ("{message}", "NumberDataPoint"),
    "redis.client.pubsub.gaps": ("{gap}", "NumberDataPoint"),
    "redis.client.pubsub.drops": ("{message}", "NumberDataPoint"),
}


async def test_names_and_units(make_client: MakeClient, telemetry: Telemetry, server: RedisServer) -> None:
    """Everything happens once, so that every instrument has a point."""
    with FaultProxy(server.host, server.port) as proxy:
        client = make_client(host=proxy.host, port=proxy.port, pool_size=2, pool_timeout=0.02)
        instrument(client, **telemetry.providers)
        await client.ping()
        async with client.connection():
            with pytest.raises(PoolTimeoutError):
                await client.lease()
        await proxy.hold("down")
        call = asyncio.create_task(client.get("k"))
        await proxy.wait_received(1, "up")
        await proxy.kill()
        await proxy.release("down")
        await call
        for event in (
            CacheLookedUp(True),
            CacheLookedUp(False),
            Redirected("GET", "ASK", "h", 1),
        ):
            client._hooks.emit(event)
        async with client.subscribe("news", buffer=2) as messages:
            for _ in range(5):
                await client.publish("news", "x")
            await eventually(lambda: messages.stats.received == 5)
        metrics = telemetry.metrics()
        assert {n: (m.unit, type(m.data.data_points[0]).__name__) for n, m in metrics.items()} == INSTRUMENTS
        address = {**common(server), "server.port": proxy.port}
        assert telemetry.points("redis.client.pubsub.messages") == [Point(address, 5)]
        assert telemetry.points("redis.client.pubsub.drops") == [Point(address, 3)]
        assert telemetry.points("redis.client.pubsub.gaps") == [Point(address, 1)]
        assert telemetry.points("redis.client.cache.hits") == [Point(address, 1)]
        (asked,) = telemetry.points("redis.client.redirects")
        assert asked.attributes["redis.client.redirect.kind"] == "ASK"
        name = f"{proxy.host}:{proxy.port}/0"
        assert telemetry.points("db.client.connection.timeouts") == [Point({POOL: name}, 1)]
        (reconnects,) = telemetry.points("redis.client.reconnects")
        assert reconnects.value >= 1
        (retries,) = telemetry.points("redis.client.retries")
        assert retries.attributes == {**address, "error.type": "ConnectionError"}
        await client.aclose()
        reasons = {p.attributes["redis.client.connection.close.reason"] for p in telemetry.points(CLOSED)}
        assert reasons == {"lost", "the subscription has ended", "the client was closed"}


CLOSED = "redis.client.connection.closed"


async def test_nothing_is_lost_or_counted_twice_under_load(
    measured: Redis[bytes], telemetry: Telemetry, server: RedisServer
) -> None:
    """500 tasks, some of whose commands fail, while another thread collects all the time."""
    stop = threading.Event()

    def collect() -> None:
        while not stop.is_set():
            telemetry.metrics()

    async def caller(number: int) -> None:
        for _ in range(20):
            await measured.set(f"k{number}", "text")
            if number % 10 == 0:
                with pytest.raises(ResponseError):
                    await measured.incr(f"k{number}")

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        await asyncio.gather(*(caller(number) for number in range(500)))
    finally:
        stop.set()
        await asyncio.to_thread(collector.join)
    found = telemetry.points(DURATION)
    assert by_operation(found) == {"SET": 500 * 20, "INCRBY": 50 * 20}
    for metric in telemetry.metrics()[DURATION].data.data_points:
        assert sum(metric.bucket_counts) == metric.count  # type: ignore[union-attr]  # it is a histogram
        assert metric.min <= metric.sum / metric.count <= metric.max  # type: ignore[union-attr]  # as above


async def test_the_number_of_series_is_bounded(measured: Redis[bytes], telemetry: Telemetry) -> None:
    for number in range(300):
        with pytest.raises(ResponseError):
            await measured.execute_command(f"COMMAND{number}", "x")
        with pytest.raises(ResponseError):
            await measured.execute_command("EVAL", f"return redis.error_reply('CODE{number} x')", 0)
    found = telemetry.points(DURATION)
    assert by_operation(found) == {"OTHER": 300, "EVAL": 300}
    assert len(found) == 2


async def test_cancellation_is_measured(measured: Redis[bytes], telemetry: Telemetry) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await measured.blpop("nothing", timeout=10)
    (point,) = telemetry.points(DURATION)
    assert point.attributes["error.type"] == "CancelledError"


# -- pools --------------------------------------------------------------------------------------------------------


async def test_the_figures_of_a_pool(make_client: MakeClient, telemetry: Telemetry, server: RedisServer) -> None:
    client = make_client(pool_size=4, min_idle_conns=1, max_idle_conns=2)
    instrument(client, **telemetry.providers, pool_name="sessions")
    await client.ping()
    pool = {POOL: "sessions"}
    async with client.connection() as held:
        await held.ping()
        stats = client.pool_stats()
        assert telemetry.points("db.client.connection.count") == [
            Point({**pool, STATE: "idle"}, stats.idle),
            Point({**pool, STATE: "used"}, stats.in_use),
        ]
        assert stats.in_use == 2
    assert telemetry.points("db.client.connection.max") == [Point(pool, 4)]
    assert telemetry.points("db.client.connection.idle.min") == [Point(pool, 1)]
    assert telemetry.points("db.client.connection.idle.max") == [Point(pool, 2)]
    (made,) = telemetry.points("db.client.connection.create_time")
    assert made.attributes == pool
    assert made.count == client.pool_stats().dials
    (used,) = telemetry.points("db.client.connection.use_time")
    assert (used.attributes, used.count) == (pool, 1)
    await client.aclose()
    assert telemetry.points("db.client.connection.count") == []


async def test_callers_who_wait(make_client: MakeClient, telemetry: Telemetry, server: RedisServer) -> None:
    client = make_client(pool_size=2)
    instrument(client, **telemetry.providers, tracing=False)
    held = await client.lease()
    leases = [asyncio.create_task(client.lease()) for _ in range(3)]
    await eventually(lambda: client.pool_stats().waiting == 3)
    (pending,) = telemetry.points("db.client.connection.pending_requests")
    assert pending.value == 3
    held.release()
    for lease in leases:
        (await lease).release()
    (pending,) = telemetry.points("db.client.connection.pending_requests")
    assert pending.value == 0
    (waits,) = telemetry.points("db.client.connection.wait_time")
    assert waits.count == 4


async def test_everybody_who_waits_for_the_first_connection_is_pending(
    measured: Redis[bytes], telemetry: Telemetry
) -> None:
    calls = [asyncio.create_task(measured.get("k")) for _ in range(100)]
    await asyncio.sleep(0)  # each has begun
    assert measured.connection_pool.waiting == 100
    (pending,) = telemetry.points("db.client.connection.pending_requests")
    assert pending.value == 100
    await asyncio.gather(*calls)


async def test_pools_can_be_told_apart(make_client: MakeClient, telemetry: Telemetry, server: RedisServer) -> None:
    name = f"{server.host}:{server.port}"
    clients = [make_client(), make_client(), make_client(db=1)]
    for client in clients:
        instrument(client, **telemetry.providers, tracing=False)
        await client.ping()
    names = {point.attributes[POOL] for point in telemetry.points("db.client.connection.max")}
    assert names == {f"{name}/0", f"{name}/0#2", f"{name}/1"}
    uninstrument(clients[0])
    names = {point.attributes[POOL] for point in telemetry.points("db.client.connection.max")}
    assert names == {f"{name}/0#2", f"{name}/1"}


async def test_clients_of_one_pool_are_one_pool(telemetry: Telemetry, server: RedisServer, clean: None) -> None:
    async with ConnectionPool(host=server.host, port=server.port) as pool:
        clients = [Redis(connection_pool=pool) for _ in range(3)]
        for client in clients:
            instrument(client, **telemetry.providers, tracing=False)
        await asyncio.gather(*(client.get("k") for client in clients))
        assert len(telemetry.points("db.client.connection.max")) == 1
        (made,) = telemetry.points("db.client.connection.create_time")
        assert made.count == 1
        assert by_operation(telemetry.points(DURATION)) == {"GET": 3}


async def test_a_dropped_client_is_not_kept(telemetry: Telemetry, server: RedisServer) -> None:
    client: Redis[bytes] = Redis(host=server.host, port=server.port)
    instrument(client, **telemetry.providers)
    await client.ping()
    await client.aclose()
    assert telemetry.points("db.client.connection.max") == []


async def test_messages_of_clients_that_are_gone_stay_counted(
    make_client: MakeClient, telemetry: Telemetry, server: RedisServer
) -> None:
    publisher = make_client()
    for number in range(1, 4):
        client = make_client()
        instrument(client, **telemetry.providers, tracing=False)
        async with client.subscribe("news") as messages:
            await publisher.publish("news", "x")
            await messages.get(timeout=5)
        if number == 2:
            uninstrument(client)
        await client.aclose()
        assert telemetry.points("redis.client.pubsub.messages") == [Point(common(server), number)]


# -- other providers ----------------------------------------------------------------------------------------------


async def test_without_a_provider_nothing_happens(make_client: MakeClient) -> None:
    client = make_client()
    client.add_hook(MetricsHook())
    for number in range(3_000):
        await client.set("k", number)
    with pytest.raises(RedisError):
        await client.execute_command("NOSUCH")


async def test_a_global_provider_that_is_set_between_two_clients(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instruments of the same names are made once: those of the second client are those of the first."""
    proxy = _ProxyMeterProvider()
    monkeypatch.setattr(otel_metrics, "_instruments", weakref.WeakKeyDictionary())  # programs have one such proxy
    monkeypatch.setattr(metrics_api, "get_meter_provider", lambda: proxy)
    clients = [make_client(), make_client(db=1)]
    clients[0].add_hook(MetricsHook())
    with Telemetry() as telemetry:
        proxy.on_set_meter_provider(telemetry.meters)
        monkeypatch.setattr(metrics_api, "get_meter_provider", lambda: telemetry.meters)
        clients[1].add_hook(MetricsHook())
        for client in clients:
            await client.set("k", "v")
        namespaces = {point.attributes["db.namespace"]: point.count for point in telemetry.points(DURATION)}
        assert namespaces == {"0": 1, "1": 1}
        assert len(telemetry.points("db.client.connection.max")) == 2


async def test_examples_are_of_the_span_in_which_they_were_measured(make_client: MakeClient) -> None:
    """Values that were gathered from everybody are no examples of whoever happens to hand them over."""
    with Telemetry() as telemetry:
        client = make_client()
        client.add_hook(MetricsHook(telemetry.meters))
        for _ in range(MOST - 1):
            await client.get("k")
        with telemetry.tracer.start_as_current_span("stranger"):
            await client.get("k")
        (point,) = telemetry.metrics()[DURATION].data.data_points
        assert point.exemplars == []
        instrument(client, **telemetry.providers)
        await client.set("k", "v")
        (_, point) = telemetry.metrics()[DURATION].data.data_points
        assert [example.span_id for example in point.exemplars] == [own(telemetry.span("SET"))]


async def test_values_that_must_be_recorded_one_by_one_are_not_gathered_for_long(make_client: MakeClient) -> None:
    """Nobody who hands them over shall be held up."""
    deltas: dict[type, AggregationTemporality] = {Histogram: AggregationTemporality.DELTA}
    reader = InMemoryMetricReader(preferred_temporality=deltas)
    provider = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    series = otel_metrics.instruments(provider).durations.series({"db.operation.name": "GET"})
    for _ in range(3):
        series.values.append(0.001)
    series.hand_over()
    assert series.most == FEW
    provider.shutdown()


@pytest.mark.parametrize(
    "aggregation", [ExplicitBucketHistogramAggregation((0.5, 1.0)), ExponentialBucketHistogramAggregation()]
)
async def test_views_and_several_readers(make_client: MakeClient, aggregation: Any) -> None:
    """What a program wants to have of durations, it gets."""
    readers = [InMemoryMetricReader(), InMemoryMetricReader()]
    views = [View(instrument_name=DURATION, aggregation=aggregation, attribute_keys={"db.operation.name"})]
    provider = MeterProvider(metric_readers=readers, views=views, shutdown_on_exit=False)
    client = make_client()
    instrument(client, meter_provider=provider, tracing=False)
    for number in range(1_500):
        await client.set("k", number)
        await client.get("k")
    for reader in readers:
        data = reader.get_metrics_data()
        assert data is not None
        metrics = {metric.name: metric for metric in data.resource_metrics[0].scope_metrics[0].metrics}
        points: Any = metrics[DURATION].data.data_points
        assert {point.attributes["db.operation.name"]: point.count for point in points} == {"SET": 1_500, "GET": 1_500}
        assert {tuple(point.attributes) for point in points} == {("db.operation.name",)}
    provider.shutdown()
