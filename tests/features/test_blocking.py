"""Blocking commands beside everything else: hundreds of them at a time, in pipelines, on every kind of client."""

import asyncio
import statistics
import time
from typing import Any

import pytest

from redis_aio import ClientClosedError, PoolTimeoutError, Redis, ResponseError
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.blocking import EARLY, LATE, assert_free, blocked, timed
from tests.support.oracles import Heartbeat, Nonces, Observer

#: How many block at a time.
MANY = 300


@pytest.fixture
def observer(server: RedisServer) -> Any:
    """A connection beside the client under test."""
    with Observer(server) as connected:
        yield connected


async def median_of_gets(client: "Redis[Any]") -> float:
    """Return the time that a GET takes, one after the other."""
    times = []
    for _ in range(300):
        started = time.perf_counter()
        await client.get("ordinary")
        times.append(time.perf_counter() - started)
    return statistics.median(times)


@pytest.mark.one_loop
async def test_hundreds_that_block_slow_nobody_down(make_client: MakeClient, observer: Observer) -> None:
    client = make_client(pool_size=MANY + 1, pool_timeout=0.5)
    await median_of_gets(client)
    before = await median_of_gets(client)
    waits = [asyncio.ensure_future(client.blpop(f"queue:{number}")) for number in range(MANY)]
    await blocked(observer, MANY)
    during = await median_of_gets(client)

    one_more = asyncio.ensure_future(timed(asyncio.gather(client.blpop("one more"), return_exceptions=True)))
    async with Heartbeat() as heart:
        while not one_more.done():
            await Nonces().settle(client, 20, at_once=10)
    took, (error,) = await one_more
    assert isinstance(error, PoolTimeoutError)
    assert 0.5 - EARLY <= took <= 0.5 + LATE + heart.gap
    assert (error.in_use, error.pool_size, error.idle, error.dialing) == (MANY + 1, MANY + 1, 0, 0)
    assert error.waiting == 1
    assert error.oldest_lease is not None
    assert error.oldest_lease >= 0.5 - EARLY

    for number in range(0, MANY, 2):
        observer.ask("RPUSH", f"queue:{number}", number)
    assert await asyncio.gather(*waits[::2]) == [(b"queue:%d" % n, b"%d" % n) for n in range(0, MANY, 2)]
    for waiting in waits[1::2]:
        waiting.cancel()
    await asyncio.wait(waits)
    await assert_free(client)
    after = await median_of_gets(client)
    assert during < 3 * max(before, after), f"{before * 1e6:.0f} us became {during * 1e6:.0f} us"
    assert client.pool_stats().dials == MANY + 1


@pytest.mark.one_loop
async def test_a_thousand_workers_with_few_leases_are_all_served(make_client: MakeClient, observer: Observer) -> None:
    client = make_client(pool_size=8, pool_timeout=None)
    waits = [asyncio.ensure_future(client.blpop("queue")) for _ in range(1_000)]
    await blocked(observer, 7)
    for start in range(0, 1_000, 100):
        await client.rpush("queue", *range(start, start + 100))
    values = [int(popped[1]) for popped in await asyncio.gather(*waits) if popped]
    assert sorted(values) == list(range(1_000))
    assert client.pool_stats().total <= 8


async def test_within_a_transaction_nothing_waits(make_client: MakeClient) -> None:
    """As in redis-py: between MULTI and EXEC the server answers at once."""
    client = make_client(read_timeout=1)
    took, values = await timed(client.pipeline().blpop("nothing", timeout=0).set("k", 1).execute())
    assert values == [None, True]
    assert took < 1


@pytest.mark.parametrize("options", [{"auto_pipeline": False}, {"high_integrity": True}, {"protocol": 2}])
async def test_on_every_kind_of_client(make_client: MakeClient, observer: Observer, options: dict[str, Any]) -> None:
    client = make_client(pool_size=4, read_timeout=0.3, **options)
    async with Heartbeat() as heart:
        took, value = await timed(client.blpop("nothing", timeout=0.6))
        assert value is None
    assert 0.6 - EARLY <= took <= 0.6 + LATE + heart.gap
    waiting = asyncio.ensure_future(client.brpop("queue", timeout=0))
    await blocked(observer, 1)
    waiting.cancel()
    await blocked(observer, 0)
    observer.ask("RPUSH", "queue", "x")
    assert await client.brpop("queue", timeout=0) == (b"queue", b"x")
    await assert_free(client)


@pytest.mark.parametrize("how", ["command", "pipeline", "transaction"])
async def test_what_waits_for_one_to_be_unblocked_is_not_sent_when_the_connection_is_given_back(
    make_client: MakeClient, observer: Observer, how: str
) -> None:
    client = make_client(pool_size=2)
    async with client.connection() as connection:
        waiting = asyncio.ensure_future(connection.brpop("queue", timeout=0))
        await blocked(observer, 1)
        waiting.cancel()
        await asyncio.wait([waiting])
        if how == "command":
            late = asyncio.ensure_future(connection.execute_command("MULTI"))
        else:
            pipe = connection.pipeline(transaction=how == "transaction")
            late = asyncio.ensure_future(pipe.execute_command("INCR", "n").execute())
        for _ in range(5):
            await asyncio.sleep(0)
    with pytest.raises(ClientClosedError):
        await late
    async with client.connection() as connection:
        assert await connection.get("n") is None
    await assert_free(client)


async def test_what_the_server_refuses_is_raised_at_once(make_client: MakeClient) -> None:
    client = make_client()
    await client.set("text", "x")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await client.blpop("text", timeout=0)
    for bad in ("soon", -1):
        with pytest.raises(ResponseError, match="timeout"):
            await client.execute_command("BLPOP", "k", bad)
    await assert_free(client)


async def test_writes_of_one_pipeline_can_be_waited_for(make_client: MakeClient, observer: Observer) -> None:
    """WAIT is about its own connection, so it travels behind its write; there is no replica here."""
    client = make_client(pool_size=3)
    took, values = await timed(client.pipeline(transaction=False).set("k", 1).wait(1, 300).execute())
    assert values == [True, 0]
    assert took >= 0.3 - EARLY
    await assert_free(client)
