"""Pipelines and transactions: order, errors in their places, watching, and what happens to the connection."""

import asyncio
import weakref
from typing import Any

import pytest

from redis_aio import ClientClosedError, DataError, RedisError, ResponseError, WatchError
from redis_aio.hooks import Batch, Command
from redis_aio.pipeline import A_TURN, Pipeline
from tests.conftest import MakeClient


class Text(str):
    """Text that can be looked for when it should be gone."""


def queue_texts(pipe: Any, texts: "weakref.WeakSet[Text]", count: int) -> None:
    """Queue so many SETs of texts, which are remembered and not held."""
    for number in range(count):
        text = Text(number)
        texts.add(text)
        pipe.set("a", text)


@pytest.fixture(params=[False, True], ids=["pipeline", "transaction"])
def atomic(request: pytest.FixtureRequest) -> bool:
    """Whether the pipeline is a transaction."""
    return bool(request.param)


@pytest.fixture(params=[2, 3], ids=["resp2", "resp3"])
def client(request: pytest.FixtureRequest, make_client: MakeClient) -> Any:
    """A client of an empty server."""
    return make_client(protocol=request.param)


async def test_values_come_in_order(client: Any, atomic: bool) -> None:
    async with client.pipeline(transaction=atomic) as pipe:
        pipe.set("a", 1).incr("a").get("a")
        pipe.hset("h", mapping={"x": 1, "y": 2})
        pipe.hgetall("h")
        assert len(pipe) == 5
        assert await pipe.execute() == [True, 2, b"2", 2, {b"x": b"1", b"y": b"2"}]
        assert len(pipe) == 0
        assert await pipe.execute() == []
        assert bool(pipe)


async def test_an_error_is_raised_with_its_number_and_name_only(client: Any, atomic: bool) -> None:
    await client.set("text", "x")
    pipe = client.pipeline(transaction=atomic)
    pipe.set("a", 1).lpush("text", "SECRET-VALUE").set("b", 2)
    with pytest.raises(ResponseError, match=r"Command # 2 \(LPUSH\) of pipeline caused error: WRONGTYPE") as failure:
        await pipe.execute()
    assert "SECRET" not in repr(failure.value)
    assert await client.mget("a", "b") == [b"1", b"2"]


async def test_errors_stand_in_their_places_where_asked(client: Any, atomic: bool) -> None:
    await client.set("text", "x")
    values = (
        await client.pipeline(transaction=atomic).set("a", 1).lpush("text", 1).get("a").execute(raise_on_error=False)
    )
    assert values[0] is True
    assert isinstance(values[1], ResponseError)
    assert values[2] == b"1"


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("held", [False, True])
async def test_beside_a_reply_that_is_not_decoded_the_others_are(
    make_client: MakeClient, atomic: bool, protocol: int, held: bool
) -> None:
    client = make_client(protocol=protocol, decode_responses=True)
    await client.set("bad", b"\xff")
    dump = await client.dump("bad")
    async with client.connection() as connection:
        pipe = (connection if held else client).pipeline(transaction=atomic)
        pipe.hset("h", mapping={"f": "v"}).hgetall("h").dump("bad").get("bad").echo("x").lpush("h", 1).get("missing")
        values = await pipe.zadd("z", {"m": 1.5}).zrange("z", 0, -1, withscores=True).execute(raise_on_error=False)
    assert values[:3] == [1, {"f": "v"}, dump]
    assert isinstance(values[3], UnicodeDecodeError)
    assert values[4] == "x"
    assert isinstance(values[5], ResponseError)
    assert values[6:] == [None, 1, [("m", 1.5)]]


async def test_a_command_that_the_server_does_not_accept_aborts_the_transaction(client: Any) -> None:
    pipe = client.pipeline(transaction=True)
    pipe.set("a", 1)
    pipe.execute_command("GET")
    with pytest.raises(ResponseError, match=r"Command # 2 \(GET\)"):
        await pipe.execute()
    assert await client.get("a") is None
    assert await client.pipeline(transaction=True).set("a", 2).execute() == [True]


async def test_bad_arguments_send_nothing(client: Any, atomic: bool) -> None:
    pipe = client.pipeline(transaction=atomic)
    pipe.set("a", 1)
    pipe.execute_command("SET", "b", object())
    pipe.set("c", 1)
    with pytest.raises(DataError):
        await pipe.execute()
    assert await client.exists("a", "b", "c") == 0


async def test_a_pipeline_can_be_larger_than_a_slice(client: Any, atomic: bool) -> None:
    pipe = client.pipeline(transaction=atomic)
    for number in range(10_000):
        pipe.set(f"key:{number}", number)
    pipe.get("key:9999")
    values = await pipe.execute()
    assert values[:-1] == [True] * 10_000
    assert values[-1] == b"9999"
    assert await client.dbsize() == 10_000


async def test_large_pipelines_with_a_bad_argument_send_nothing(client: Any, atomic: bool) -> None:
    pipe = client.pipeline(transaction=atomic)
    for number in range(9_000):
        pipe.set(f"key:{number}", number)
    pipe.execute_command("SET", "key", "\udcff")
    with pytest.raises(DataError):
        await pipe.execute()
    assert await client.dbsize() == 0


async def test_an_error_far_behind_is_raised_with_its_number(client: Any, atomic: bool) -> None:
    await client.set("text", "x")
    pipe = client.pipeline(transaction=atomic)
    for number in range(2 * A_TURN + 2):
        pipe.lpush("text", 1) if number == 2 * A_TURN else pipe.set("a", number)
    with pytest.raises(ResponseError, match=rf"Command # {2 * A_TURN + 1} \(LPUSH\)"):
        await pipe.execute()
    assert await client.get("a") == b"%d" % (2 * A_TURN + 1)


async def test_the_arguments_of_a_large_pipeline_go_in_steps(client: Any, atomic: bool) -> None:
    """To let go of a million of them at once would hold up the event loop."""
    pipe = client.pipeline(transaction=atomic)
    texts: weakref.WeakSet[Text] = weakref.WeakSet()
    queue_texts(pipe, texts, 3 * A_TURN)
    assert await pipe.execute() == [True] * (3 * A_TURN)
    assert len(texts) == 2 * A_TURN
    await asyncio.sleep(0)
    assert len(texts) == A_TURN
    await asyncio.sleep(0)
    assert len(texts) == 0


async def test_large_values_travel(client: Any, atomic: bool) -> None:
    value = b"x" * 3_000_000
    values = await client.pipeline(transaction=atomic).set("a", value).get("a").set("b", value).get("b").execute()
    assert values == [True, value, True, value]


async def test_pipelines_of_many_tasks_do_not_mix(client: Any, atomic: bool) -> None:
    async def one(number: int) -> None:
        for turn in range(20):
            pipe = client.pipeline(transaction=atomic)
            pipe.echo(f"{number}-{turn}-a").echo(f"{number}-{turn}-b")
            assert await pipe.execute() == [b"%d-%d-a" % (number, turn), b"%d-%d-b" % (number, turn)]

    await asyncio.gather(*(one(number) for number in range(30)))


@pytest.mark.parametrize("size", [10, 100, 4_096])
@pytest.mark.parametrize("held", [False, True])
async def test_what_joins_a_batch_that_is_being_executed_is_none_of_it(
    client: Any, atomic: bool, size: int, held: bool
) -> None:
    async with client.connection() as connection:
        batch = Batch([Command("ECHO", number) for number in range(size)], atomic=atomic)
        task = asyncio.ensure_future((connection if held else client).execute_batch(batch))
        await asyncio.sleep(0)
        echoes = [asyncio.ensure_future(client.echo(name)) for name in "abc"]
        batch.append(Command("ECHO", "late"))
        assert await task == [b"%d" % number for number in range(size)]
        assert await asyncio.gather(*echoes) == [b"a", b"b", b"c"]


async def test_blocking_commands_in_a_pipeline_do_not_hold_up_others(client: Any) -> None:
    pipe = client.pipeline(transaction=False)
    pipe.blpop("nothing", timeout=0.3)
    pipe.set("a", 1)
    running = asyncio.ensure_future(pipe.execute())
    await asyncio.sleep(0.05)
    assert await asyncio.wait_for(client.ping(), 0.2)
    assert await running == [None, True]


# -- watching ---------------------------------------------------------------------------------------------------------


async def test_a_watched_key_that_changes_stops_the_transaction(client: Any) -> None:
    async with client.pipeline() as pipe:
        await pipe.watch("a")
        assert await pipe.get("a") is None
        await client.set("a", "changed")
        pipe.multi()
        pipe.set("a", "mine")
        with pytest.raises(WatchError):
            await pipe.execute()
    assert await client.get("a") == b"changed"
    assert client.pool_stats().in_use == client.pool_stats().shared


async def test_a_watched_key_that_does_not_change_lets_it_through(client: Any) -> None:
    async with client.pipeline() as pipe:
        await pipe.watch("a", "b")
        value = int(await pipe.get("a") or 0)
        pipe.multi()
        pipe.set("a", value + 1)
        assert await pipe.execute() == [True]
        assert await pipe.get("a").execute() == [b"1"]


async def test_unwatch_forgets(client: Any) -> None:
    async with client.pipeline() as pipe:
        assert await pipe.unwatch()
        await pipe.watch("a")
        await client.set("a", "changed")
        assert await pipe.unwatch()
        pipe.set("b", 1)
        assert await pipe.execute() == [True]


async def test_after_unwatch_it_begins_anew(client: Any) -> None:
    async with client.pipeline() as pipe:
        for _ in range(2):
            await pipe.watch("a")
            assert pipe.watching
            assert await pipe.unwatch()
            assert not pipe.watching
        assert client.pool_stats().in_use == client.pool_stats().shared
        pipe.multi()
        assert await pipe.set("a", 1).execute() == [True]
        await pipe.watch("a")
        pipe.multi()
        await client.set("a", "changed")
        with pytest.raises(WatchError):
            await pipe.set("a", 2).execute()
        assert not pipe.watching


async def test_what_is_watched_and_given_up_does_not_reach_the_next_holder(make_client: MakeClient) -> None:
    client = make_client(pool_size=1)
    for _ in range(20):
        pipe: Pipeline[Any] = client.pipeline()
        await pipe.watch("a")
        await pipe.reset()
        await client.set("a", "changed")
        async with client.connection() as connection:
            assert await connection.pipeline().set("b", 1).execute() == [True]
    stats = client.pool_stats()
    assert stats.dials == 1


@pytest.mark.parametrize("raw", [False, True], ids=["pipeline", "raw"])
async def test_what_was_given_up_before_it_was_written_is_undone_too(make_client: MakeClient, raw: bool) -> None:
    client, other = make_client(pool_size=1), make_client()
    for ticks in range(8):
        async with client.connection() as connection, connection.pipeline() as pipe:
            await pipe.watch("a")
            wire: Any = connection._lease
            wire.connection._expected = 9  # as after many replies: what comes is not written at once
            if raw:
                await connection.execute_command("MULTI")
                wire.connection._expected = 9
                task = asyncio.ensure_future(connection.execute_command("EXEC"))
            else:
                pipe.multi()
                task = asyncio.ensure_future(pipe.set("b", 1).execute())
            for _ in range(ticks):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        await other.set("a", ticks)
        async with client.connection() as connection:
            assert await connection.pipeline().set("c", 1).execute() == [True]


@pytest.mark.parametrize("high_integrity", [False, True])
async def test_what_a_pipeline_left_open_last_does_not_reach_the_next_holder(
    make_client: MakeClient, high_integrity: bool
) -> None:
    client, other = make_client(pool_size=1, high_integrity=high_integrity), make_client()
    async with client.connection() as connection:
        pipe = connection.pipeline(transaction=False)
        pipe.execute_command("MULTI").execute_command("EXEC").execute_command("MULTI")
        assert await pipe.execute() == [b"OK", [], b"OK"]
    assert await client.get("a") is None
    async with client.connection() as connection:
        pipe = connection.pipeline(transaction=False)
        await pipe.execute_command("WATCH", "a").execute_command("UNWATCH").execute_command("WATCH", "a").execute()
    await other.set("a", 1)
    async with client.connection() as connection:
        assert await connection.pipeline().set("b", 1).execute() == [True]


async def test_a_large_transaction_stays_whole_when_its_pipeline_is_reset_or_used_meanwhile(client: Any) -> None:
    for ticks in range(1, 12):
        await client.flushdb()
        pipe = client.pipeline()
        await pipe.watch("w")
        pipe.multi()
        for number in range(5_000):
            pipe.incr(f"n{number}")
        task = asyncio.ensure_future(pipe.execute())
        for _ in range(ticks):
            await asyncio.sleep(0)
        await pipe.reset()
        assert await pipe.set("a", 1).execute() == [True]
        assert await task == [1] * 5_000


async def test_a_connection_that_was_given_back_sends_no_more_of_a_batch(make_client: MakeClient, atomic: bool) -> None:
    client = make_client(pool_size=1)
    for ticks in range(1, 16):
        await client.flushdb()
        async with client.connection() as connection:
            pipe = connection.pipeline(transaction=atomic)
            for number in range(5_000):
                pipe.incr(f"n{number}")
            task = asyncio.ensure_future(pipe.execute(raise_on_error=False))
            for _ in range(ticks):
                await asyncio.sleep(0)
        size = await client.dbsize()
        try:
            values = await task
        except ClientClosedError:
            values = []
        done = values.count(1)
        assert done in (0, 5_000) or not atomic
        assert all(isinstance(value, ClientClosedError) for value in values[done:])
        assert await client.dbsize() == done == size


@pytest.mark.parametrize("high_integrity", [False, True])
async def test_a_large_transaction_that_is_cancelled_leaves_no_half_to_the_holder(
    make_client: MakeClient, high_integrity: bool
) -> None:
    client = make_client(pool_size=1, high_integrity=high_integrity)
    async with client.connection() as connection:
        await connection.hset("h", "f", "v")
        for ticks in range(1, 16):
            pipe = connection.pipeline()
            for number in range(5_000):
                pipe.set(f"n{number}", ticks)
            task = asyncio.ensure_future(pipe.execute())
            for _ in range(ticks):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert await connection.hgetall("h") == {b"f": b"v"}
            assert await connection.pipeline().get("missing").execute() == [None]
            assert await connection.dbsize() in (1, 5_001)
            await connection.delete(*(f"n{number}" for number in range(5_000)))
    assert await client.get("missing") is None
    assert client.pool_stats().dials == 1


async def test_misuse_is_told(client: Any) -> None:
    pipe = client.pipeline()
    pipe.set("a", 1)
    with pytest.raises(RedisError, match="WATCH after a MULTI"):
        await pipe.watch("a")
    with pytest.raises(RedisError, match="MULTI"):
        pipe.multi()
    await pipe.reset()
    with pytest.raises(DataError):
        await pipe.watch()
    with pytest.raises(DataError, match="pub/sub"):
        pipe.execute_command("SUBSCRIBE", "c")


async def test_transaction_helper_runs_until_nothing_interferes(client: Any) -> None:
    runs = 0

    async def increment(pipe: Any) -> str:
        nonlocal runs
        runs += 1
        value = int(await pipe.get("n") or 0)
        if runs < 3:
            await client.set("n", value + 10)
        pipe.multi()
        pipe.set("n", value + 1)
        return "done"

    assert await client.transaction(increment, "n", value_from_callable=True) == "done"
    assert runs == 3
    assert await client.get("n") == b"21"


async def test_many_tasks_count_exactly(client: Any) -> None:
    async def increment(pipe: Any) -> None:
        value = int(await pipe.get("n") or 0)
        pipe.multi()
        pipe.set("n", value + 1)

    await asyncio.gather(*(client.transaction(increment, "n") for _ in range(30)))
    assert await client.get("n") == b"30"


async def test_a_pipeline_describes_itself(client: Any) -> None:
    assert repr(client.pipeline().set("k", "SECRET")) == "<Pipeline: a transaction of 1 commands>"
    assert await client.pipeline() is not None
