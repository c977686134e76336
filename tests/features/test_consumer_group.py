"""A consumer group to iterate over: whatever happens, nothing is lost, and nothing is acknowledged unhandled."""

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from redis_aio import Hook, Redis
from redis_aio._consumer import Consumer
from redis_aio.exceptions import ClientClosedError, ConnectionError, DataError, NoPermissionError, ResponseError
from redis_aio.streams import ConsumerGroup, StreamMessage
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.cancellation import WAYS, Outcome, Way, by_double_cancel, by_task_cancel, sweep
from tests.support.server import Program

pytestmark = pytest.mark.one_loop

ENTRIES = 1_000
#: Seconds until what nobody holds is claimed.
IDLE = 0.2


class Failed(Exception):
    """What a handler raises."""


@pytest.fixture
async def client(make_client: MakeClient, protocol: int) -> Redis[str]:
    return make_client(protocol=protocol, decode_responses=True)


@pytest.fixture
async def own_server(server_program: Program) -> AsyncIterator[RedisServer]:
    with server_program.server() as server:
        yield server


async def add(client: Redis[Any], number: int, stream: str = "s", first: int = 0) -> list[str]:
    """Add entries and return their ids."""
    async with client.pipeline(transaction=False) as pipe:
        for n in range(first, first + number):
            pipe.xadd(stream, {"n": n})
        return await pipe.execute()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.01)


async def pending(client: Redis[str], stream: str = "s") -> set[str]:
    return {entry["message_id"] for entry in await client.xpending_range(stream, "g", "-", "+", 10_000)}


async def unhandled_but_acknowledged(client: Redis[str], handled: set[str], stream: str = "s") -> set[str]:
    """Return what was delivered, is not pending, and was not handled: there must be none of these."""
    waiting = await pending(client, stream)
    [group] = await client.xinfo_groups(stream)
    delivered = {id for id, _ in await client.xrange(stream, "-", group["last-delivered-id"])}
    return delivered - waiting - handled


class Worker:
    """Handles messages until told to stop, and notes their ids; or until it is cancelled, behind a number of them."""

    def __init__(self, client: Redis[Any], name: str, crash_after: int | None = None, **options: Any) -> None:
        self.crash_after = crash_after
        self.messages: ConsumerGroup[Any] = client.consumer_group("s", "g", name, **{"claim_idle": IDLE, **options})
        self.handled: Counter[Any] = Counter()
        self.task = asyncio.ensure_future(self._work())

    async def _work(self) -> None:
        async with self.messages:
            async for message in self.messages:
                async with message:
                    if self.handled.total() == self.crash_after:
                        self.task.cancel()
                    await asyncio.sleep(0)  # a handler awaits: here it is cancelled
                    self.handled[message.id] += 1

    async def stop(self) -> None:
        await self.messages.aclose()
        await self.task

    async def crashed(self) -> None:
        """Wait until it was cancelled."""
        async with asyncio.timeout(10):
            [outcome] = await asyncio.gather(self.task, return_exceptions=True)
        assert isinstance(outcome, asyncio.CancelledError)


async def test_every_entry_comes_once_and_in_order(client: Redis[str]) -> None:
    ids = await add(client, 100)
    seen = []
    async with client.consumer_group("s", "g", "c") as messages:
        async for message in messages:
            async with message:
                seen.append((message.stream, message.id, message.fields, message.deliveries))
            if len(seen) == 100:
                break
    assert seen == [("s", id, {"n": str(n)}, 1) for n, id in enumerate(ids)]
    assert await pending(client) == set()


async def test_raw_strings(make_client: MakeClient, protocol: int) -> None:
    client: Redis[bytes] = make_client(protocol=protocol)
    await client.xadd(b"\xff", {b"\x00": b"\xfe"}, "1-1")
    async with client.consumer_group([b"\xff", "t"], "g", "c") as messages:
        message = await anext(messages)
        assert (message.stream, message.id, message.fields) == (b"\xff", b"1-1", {b"\x00": b"\xfe"})
        await message.ack()
        await client.xadd("t", {"f": 1}, "1-2")
        message = await anext(messages)
        assert (message.stream, message.id) == ("t", b"1-2")
        await message.ack()
        await message.ack()
        assert repr(message) == "<StreamMessage 1-2, delivery 1>"
    assert repr(messages) == "<ConsumerGroup of 2 streams: ended, 0 prefetched, 0 to acknowledge>"


@pytest.mark.parametrize("name", ["é", b"\xe9", bytearray(b"s")])
@pytest.mark.parametrize(
    "coding",
    [
        {"encoding": "latin-1"},
        {"encoding": "latin-1", "decode_responses": True},
        {"encoding_errors": "surrogateescape", "decode_responses": True},
    ],
    ids=["bytes", "text", "escapes"],
)
async def test_names_in_another_encoding(make_client: MakeClient, protocol: int, coding: Any, name: Any) -> None:
    client: Redis[Any] = make_client(protocol=protocol, **coding)
    id = await client.xadd(bytes(name) if isinstance(name, bytearray) else name, {"f": 1})
    streams: list[Any] = [name, "t"]
    async with client.consumer_group(streams, "g", "c") as messages, asyncio.timeout(10):
        message = await anext(messages)
        await message.ack()
    assert (message.stream, message.id) == (name, id)
    assert await client.xpending_range(message.stream, "g", "-", "+", 1) == []


async def test_names_that_replies_do_not_tell_apart(make_client: MakeClient) -> None:
    client: Redis[Any] = make_client(decode_responses=True, encoding_errors="replace")
    with pytest.raises(DataError, match="streams has two names"):
        client.consumer_group([b"\xff", b"\xfe"], "g", "c")
    with pytest.raises(DataError, match="streams has a name that is no utf-8"):
        make_client(decode_responses=True).consumer_group(b"\xff", "g", "c")


@pytest.mark.parametrize("start", ["0", "$"])
async def test_where_a_new_group_begins(client: Redis[str], start: str) -> None:
    [first] = await add(client, 1)
    async with client.consumer_group("s", "g", "c", start=start) as messages:
        [second] = await add(client, 1)
        message = await anext(messages)
        assert message.id == (first if start == "0" else second)


async def test_what_was_not_handled_stays_pending(client: Redis[str]) -> None:
    ids = await add(client, 30)
    handled = []

    async def handle() -> None:
        async with client.consumer_group("s", "g", "c") as messages:
            async for message in messages:
                async with message:
                    if message.id == ids[7]:
                        raise Failed
                    handled.append(message.id)

    with pytest.raises(Failed):
        await handle()
    assert handled == ids[:7]
    assert await unhandled_but_acknowledged(client, set(ids[:7])) == set()
    assert await pending(client) >= {ids[7]}
    async with client.consumer_group("s", "g", "c") as messages:  # as after a restart: its own come first
        assert [(await anext(messages)).id for _ in range(23)] == ids[7:]


async def test_breaking_out_acknowledges_nothing_more(client: Redis[str]) -> None:
    ids = await add(client, 30)
    async with client.consumer_group("s", "g", "c") as messages:
        async for message in messages:
            if message.id == ids[3]:
                break
            await message.ack()
    assert await pending(client) >= {ids[3]}
    assert await unhandled_but_acknowledged(client, set(ids[:3])) == set()


async def test_a_failed_message_comes_again(client: Redis[str]) -> None:
    ids = await add(client, 3)
    failed: list[str] = []
    async with client.consumer_group("s", "g", "c", claim_idle=IDLE) as messages:
        while len(failed) < 3:
            with suppress(Failed):
                async for message in messages:
                    async with message:
                        if message.deliveries < 2:
                            failed.append(message.id)
                            raise Failed
        again = {}
        async for message in messages:
            async with message:
                again[message.id] = message.deliveries
            if len(again) == 3:
                break
    assert failed == ids
    assert again == dict.fromkeys(ids, 2)
    assert await pending(client) == set()


async def test_deleted_entries_are_passed_over(client: Redis[str]) -> None:
    ids = await add(client, 3)
    await client.xgroup_create("s", "g", "0")
    await client.xreadgroup("g", "c", {"s": ">"})
    await client.xdel("s", ids[0], ids[1])
    async with client.consumer_group("s", "g", "c", prefetch=2) as messages:
        message = await anext(messages)
        assert (message.id, message.deliveries) == (ids[2], 2)
        await message.ack()
    assert await pending(client) == set()


# -- crashes ----------------------------------------------------------------------------------------------------------


async def test_cancelled_consumers_lose_nothing(client: Redis[str]) -> None:
    ids = await add(client, ENTRIES)
    handled: Counter[str] = Counter()
    for crash in range(10):
        worker = Worker(client, f"c{crash}", crash_after=50 + crash, prefetch=16)
        await worker.crashed()
        handled += worker.handled
        assert await unhandled_but_acknowledged(client, set(handled)) == set()
    worker = Worker(client, "last")

    async def all_handled() -> bool:
        return handled.keys() | worker.handled.keys() == set(ids) and not await pending(client)

    await until(all_handled)
    await worker.stop()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_cancelled_at_every_await_it_loses_nothing(make_client: MakeClient, way: Way) -> None:
    """From the making of the group to the last acknowledgement: the others get what it did not handle."""
    client: Redis[str] = make_client(decode_responses=True)
    ids = await add(client, ENTRIES)
    await client.xgroup_create("s", "g", "0")
    handled: Counter[str] = Counter()
    tasks = asyncio.all_tasks()

    async def consume() -> None:
        async with client.consumer_group("s", "g", "c", prefetch=4) as messages:
            async for message in messages:
                async with message:
                    await asyncio.sleep(0)
                    handled[message.id] += 1

    async def check(tick: int, outcome: Outcome) -> None:
        async def ended() -> bool:
            return asyncio.all_tasks() <= tasks

        await until(ended)
        assert await unhandled_but_acknowledged(client, set(handled)) == set(), tick
        assert not set(handled) & await pending(client), "what was handled is acknowledged, also when it was cancelled"

    await sweep(way, consume, range(0, 400, 4), check)
    assert handled, "the last of these got that far"
    assert handled.total() == len(handled), "without a crash nothing is handled twice"
    worker = Worker(client, "last", prefetch=100)

    async def all_handled() -> bool:
        return handled.keys() | worker.handled.keys() == set(ids) and not await pending(client)

    await until(all_handled)
    await worker.stop()


@pytest.mark.parametrize("way", [by_task_cancel, by_double_cancel])
async def test_cancelled_while_it_ends_it_acknowledges_what_was_handled(client: Redis[str], way: Way) -> None:
    for tick in range(12):
        await client.flushall()
        ids = await add(client, 6)
        messages = client.consumer_group("s", "g", "c")
        async with messages:
            for _ in range(3):
                await (await anext(messages)).ack()
            await way(messages.aclose, tick)

        left = set(ids[3:])

        async def settled(left: set[str] = left) -> bool:
            return await pending(client) == left

        await until(settled)
        entries = await client.xpending_range("s", "g", "-", "+", 10, idle=59_000)
        assert len(entries) == 3, "what was only prefetched is left to others"


PROCESS = """
import asyncio, os, signal, sys
from redis_aio import Redis

async def main():
    async with Redis(host=sys.argv[1], port=int(sys.argv[2]), decode_responses=True) as client:
        async with client.consumer_group("s", "g", sys.argv[3], prefetch=16) as messages:
            number = 0
            async for message in messages:
                async with message:
                    await client.rpush("handled", message.id)
                    number += 1
                    if number == int(sys.argv[4]):
                        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_killed_processes_lose_nothing(client: Redis[str], server: RedisServer) -> None:
    ids = await add(client, ENTRIES)
    for name, number in (("c1", 137), ("c1", 55), ("c2", 211)):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROCESS, server.host, str(server.port), name, str(number)
        )
        async with asyncio.timeout(20):
            assert await process.wait() == -9
        handled = set(await client.lrange("handled", 0, -1))
        assert await unhandled_but_acknowledged(client, handled) == set()
    worker = Worker(client, "c3")

    async def all_handled() -> bool:
        return handled | worker.handled.keys() == set(ids) and not await pending(client)

    await until(all_handled)
    await worker.stop()
    assert len(handled) == 137 + 55 + 211 - sum(c > 1 for c in Counter(await client.lrange("handled", 0, -1)).values())


async def test_killed_connections_lose_nothing(client: Redis[str], make_client: MakeClient) -> None:
    producer: Redis[str] = make_client(decode_responses=True)
    workers = [Worker(client, f"c{n}") for n in range(3)]
    ids: list[str] = []

    async def killed() -> bool:
        number: int = await producer.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        return number > 0

    for _ in range(10):
        ids += await add(producer, ENTRIES // 10)
        await until(killed)

    async def all_handled() -> bool:
        handled = set().union(*(worker.handled for worker in workers))
        return handled == set(ids) and not await pending(producer)

    await until(all_handled)
    for worker in workers:
        await worker.stop()


async def test_what_a_lost_reply_held_comes_at_once(client: Redis[str]) -> None:
    """The server has given entries to this consumer, which never saw them: it does not wait until they are idle."""
    async with client.consumer_group("s", "g", "c") as messages:
        [first] = await add(client, 1)
        assert (await anext(messages)).id == first
        [connection] = await blocked(client, 1)
        stolen = await add_while_away(client, connection)
        async with asyncio.timeout(10):
            message = await anext(messages)
        assert (message.id, message.deliveries) == (stolen, 2)


async def blocked(client: Redis[str], number: int) -> list[str]:
    """Wait until so many connections wait in XREADGROUP; return their ids."""
    found: list[str] = []

    async def there() -> bool:
        found[:] = [entry["id"] for entry in await client.client_list() if entry["cmd"] == "xreadgroup"]
        return len(found) == number

    await until(there)
    return found


async def add_while_away(client: Redis[str], client_id: str) -> str:
    """End a connection that waits, and give an entry to its consumer behind its back."""
    async with client.pipeline() as pipe:
        pipe.execute_command("CLIENT", "KILL", "ID", client_id)
        pipe.xadd("s", {"n": "stolen"})
        pipe.xreadgroup("g", "c", {"s": ">"})
        _, id, _ = await pipe.execute()
    return str(id)


async def test_a_flushed_server_is_gone_on_with(
    client: Redis[str], server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    workers = [Worker(client, f"c{n}") for n in range(2)]
    await add(client, ENTRIES // 2)
    server.command("FLUSHALL")
    ids = await add(client, ENTRIES // 2)

    async def all_handled() -> bool:
        handled = set().union(*(worker.handled for worker in workers))
        if not handled >= set(ids):
            return False
        return not await pending(client)

    with caplog.at_level(logging.WARNING, "redis_aio.streams"):
        await until(all_handled)
        for worker in workers:
            await worker.stop()
    [group] = await client.xinfo_groups("s")
    assert group["name"] == "g"


async def test_a_destroyed_group_is_made_again_and_said(client: Redis[str], caplog: pytest.LogCaptureFixture) -> None:
    async with client.consumer_group("s", "g", "c", start="$") as messages:
        [first] = await add(client, 1)
        message = await anext(messages)
        await message.ack()
        await blocked(client, 1)
        await client.xgroup_destroy("s", "g")
        [second] = await add(client, 1)
        assert [message.id, (await anext(messages)).id] == [first, second]
    assert [record.redis_event for record in caplog.records] == ["stream.group_gone"]  # type: ignore[attr-defined]


async def test_nothing_is_left_out_of_a_group_that_is_made_again(client: Redis[str]) -> None:
    """Also where the start was given as bytes, and something was seen before."""
    async with client.consumer_group("s", "g", "c", start=b"$") as messages:
        await add(client, 1)
        await (await anext(messages)).ack()
        await blocked(client, 1)
        async with client.pipeline(transaction=True) as pipe:
            pipe.xgroup_destroy("s", "g").xadd("s", {"n": 2})
            _, second = await pipe.execute()
        async with asyncio.timeout(10):
            assert (await anext(messages)).id == second


async def test_a_restarted_server_is_gone_on_with(own_server: RedisServer) -> None:
    async with Redis(host=own_server.host, port=own_server.port, decode_responses=True) as client:
        worker = Worker(client, "c")
        before = await add(client, 10)

        async def handled_before() -> bool:
            return worker.handled.keys() == set(before)

        await until(handled_before)
        await asyncio.to_thread(own_server.kill)
        await asyncio.to_thread(own_server.restart)
        after = await add(client, 10)

        async def handled_after() -> bool:
            return worker.handled.keys() >= set(after)

        await until(handled_after)
        await worker.stop()


# -- several ----------------------------------------------------------------------------------------------------------


async def test_several_tasks_share_a_consumer(client: Redis[str]) -> None:
    ids = await add(client, ENTRIES)
    handled: Counter[str] = Counter()
    by_task: Counter[int] = Counter()

    async def work(number: int, messages: ConsumerGroup[str]) -> None:
        async for message in messages:
            async with message:
                await asyncio.sleep(0)
                handled[message.id] += 1
                by_task[number] += 1
            if handled.total() == ENTRIES:
                await messages.aclose()

    async with client.consumer_group("s", "g", "c") as messages, asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(work(number, messages))
    assert handled == Counter(ids)
    assert all(by_task[number] > 0 for number in range(5))
    assert await pending(client) == set()


async def test_several_consumers_share_a_stream(client: Redis[str]) -> None:
    workers = [Worker(client, f"c{n}", claim_idle=60) for n in range(4)]
    ids = await add(client, ENTRIES)

    async def all_handled() -> bool:
        return sum(worker.handled.total() for worker in workers) >= ENTRIES

    await until(all_handled)
    for worker in workers:
        await worker.stop()
    handled = sum((worker.handled for worker in workers), Counter())
    assert handled == Counter(ids), "without failures each entry is handled once"
    assert await pending(client) == set()


async def test_what_a_living_consumer_holds_is_not_claimed(client: Redis[str]) -> None:
    held, prefetched = await add(client, 2)
    async with client.consumer_group("s", "g", "slow", claim_idle=IDLE) as messages:
        message = await anext(messages)

        async def given() -> bool:
            return await pending(client) == {held, prefetched}

        await until(given)
        async with client.consumer_group("s", "g", "other", claim_idle=IDLE) as others, asyncio.timeout(10):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(4 * IDLE):
                    await anext(others)
            await messages.aclose()
            left = [await anext(others) for _ in range(2)]
    assert message.id == held
    assert {message.id: message.deliveries for message in left} == {held: 2, prefetched: 1}


async def test_what_is_held_is_touched_under_load(client: Redis[str]) -> None:
    """Acknowledgements that never pause leave room for it."""
    held, *_ = await add(client, ENTRIES)
    async with client.consumer_group("s", "g", "c", claim_idle=3 * IDLE, prefetch=200) as messages:
        message = await anext(messages)

        async def load() -> None:
            async for other in messages:
                async with other:
                    await client.xadd("s", {"n": 1})  # there is always a next one, and one to acknowledge

        busy = [asyncio.ensure_future(load()) for _ in range(10)]
        for _ in range(5):
            await asyncio.sleep(1.5 * IDLE)  # that time passes is the point
            [entry] = await client.xpending_range("s", "g", held, held, 1)
            assert entry["time_since_delivered"] < 3 * IDLE * 1000
        await messages.aclose()
        await asyncio.gather(*busy)
        assert message.id == held


async def test_what_is_held_is_not_delivered_twice(client: Redis[str]) -> None:
    """It counts as idle, as after a pause of the whole program, and is claimed by the consumer that holds it."""
    [held] = await add(client, 1)
    async with client.consumer_group("s", "g", "c", claim_idle=IDLE) as messages:
        message = await anext(messages)

        async def claimed() -> bool:
            await client.xclaim("s", "g", "c", 0, [held], idle=60_000, justid=True)
            [entry] = await client.xpending_range("s", "g", "-", "+", 1)
            return bool(entry["times_delivered"] > 1)

        await until(claimed)
        [other] = await add(client, 1)
        assert (await anext(messages)).id == other
        await message.ack()
    assert held not in await pending(client)


async def test_what_another_consumer_took_is_not_handed_out(client: Redis[str]) -> None:
    ids = await add(client, 3)
    async with client.consumer_group("s", "g", "c", claim_idle=IDLE) as messages:
        assert (await anext(messages)).id == ids[0]
        await client.xclaim("s", "g", "other", 0, [ids[1]], justid=True)

        async def noticed() -> bool:
            return len(messages._buffer) == 1

        await until(noticed)
        assert (await anext(messages)).id == ids[2]


async def test_prefetch_is_bounded(client: Redis[str]) -> None:
    ids = await add(client, 100)
    async with client.consumer_group("s", "g", "c", prefetch=4, claim_idle=IDLE) as messages:
        handling = [await anext(messages) for _ in range(2)]

        async def full() -> bool:
            return len(await pending(client)) == 6

        await until(full)
        async with client.consumer_group("s", "g", "d", prefetch=1, claim_idle=IDLE) as others:
            assert [(await anext(others)).id for _ in range(3)] == ids[6:9]
        mine = await client.xpending_range("s", "g", "-", "+", 100, "c")
    assert [entry["message_id"] for entry in mine] == ids[:6], "two are being handled, four are prefetched"
    assert [message.id for message in handling] == ids[:2]


async def test_acknowledgements_travel_together(client: Redis[str], server: RedisServer) -> None:
    await add(client, 400)
    server.command("CONFIG", "RESETSTAT")
    async with client.consumer_group("s", "g", "c", prefetch=100) as messages:
        for _ in range(400):
            await (await anext(messages)).ack()
    assert await pending(client) == set()
    calls = (await client.info("commandstats"))["cmdstat_xack"]["calls"]
    assert 1 <= calls <= 20


# -- the end ----------------------------------------------------------------------------------------------------------


async def test_what_was_only_prefetched_is_left_to_others(client: Redis[str]) -> None:
    ids = await add(client, 5)
    async with client.consumer_group("s", "g", "c") as messages:
        first = await anext(messages)
    async with asyncio.timeout(5), client.consumer_group("s", "g", "other") as others:  # well before 60 s
        left = [await anext(others) for _ in range(4)]
    assert first.id == ids[0]
    assert [message.id for message in left] == ids[1:]
    assert [message.deliveries for message in left] == [1] * 4
    await first.ack()  # late, but it was handled
    assert first.id not in await pending(client)


async def test_closing_ends_all_iterations(client: Redis[str]) -> None:
    async def consume(messages: ConsumerGroup[str]) -> list[str]:
        return [message.id async for message in messages]

    async with client.consumer_group("s", "g", "c") as messages:
        tasks = [asyncio.ensure_future(consume(messages)) for _ in range(3)]
        await blocked(client, 1)
        await messages.aclose()
        assert await asyncio.gather(*tasks) == [[], [], []]
        assert await consume(messages) == []


async def test_ended_before_it_did_anything(client: Redis[str]) -> None:
    async with client.consumer_group("s", "g", "c"):
        pass
    messages = client.consumer_group("s", "g", "c")
    await messages.aclose()
    assert repr(messages).startswith("<ConsumerGroup of 1 streams: ended")
    with pytest.raises(RuntimeError, match="once"):
        await messages.__aenter__()


async def test_ended_while_it_starts(client: Redis[str]) -> None:
    messages = client.consumer_group("s", "g", "c")

    async def consume() -> list[str]:
        async with messages:
            return [message.id async for message in messages]

    consuming = asyncio.ensure_future(consume())
    await asyncio.sleep(0)  # it asks for the group
    await messages.aclose()
    assert await consuming == []


async def test_who_ends_it_second_waits_for_the_end_too(client: Redis[str]) -> None:
    await add(client, 1)
    async with client.consumer_group("s", "g", "c") as messages:
        message = await anext(messages)
        await message.ack()
        first = asyncio.ensure_future(messages.aclose())
        await asyncio.sleep(0)  # as of a handler of signals: the loop of the program ends, and then its client
    assert repr(messages).endswith("0 to acknowledge>")
    await first


async def test_a_late_acknowledgement_that_failed_can_be_repeated(own_server: RedisServer) -> None:
    async with Redis(host=own_server.host, port=own_server.port, decode_responses=True, max_retries=0) as client:
        await add(client, 1)
        async with client.consumer_group("s", "g", "c") as messages:
            message = await anext(messages)
        await client.execute_command("SAVE")
        await asyncio.to_thread(own_server.kill)
        with pytest.raises(ConnectionError):
            await message.ack()
        await asyncio.to_thread(own_server.restart)
        assert await pending(client) == {message.id}
        await message.ack()
        assert await pending(client) == set()


async def test_what_was_given_up_can_be_acknowledged(client: Redis[str]) -> None:
    """A handler says that it will never succeed: there is no sense in delivering it again."""
    await add(client, 1)
    async with client.consumer_group("s", "g", "c") as messages:
        message = await anext(messages)
        with suppress(Failed):
            async with message:
                raise Failed
        await message.ack()
    assert await pending(client) == set()


async def test_closing_the_client_ends_it_with_an_error(client: Redis[str]) -> None:
    async with client.consumer_group("s", "g", "c") as messages:
        waiting = asyncio.ensure_future(anext(messages))
        await blocked(client, 1)
        await client.aclose()
        with pytest.raises(ClientClosedError):
            await waiting


@pytest.mark.parametrize("hook", [False, True], ids=["refused", "hook"])
async def test_what_one_stream_is_refused_keeps_nothing_of_another(
    client: Redis[str], caplog: pytest.LogCaptureFixture, hook: bool
) -> None:
    class Failing(Hook):
        async def on_command(self, command: Any, call_next: Any) -> Any:
            if hook and command.name == "XACK":
                raise Failed
            return await call_next(command)

    await add(client, 1, "a")
    ids = await add(client, 2, "b")
    async with client.consumer_group(["a", "b"], "g", "c") as messages:
        handled = [await anext(messages) for _ in range(2)]
        await blocked(client, 1)
        client.add_hook(Failing())
        async with client.pipeline() as pipe:
            await pipe.delete("a").set("a", "x").execute()
        for message in handled:
            await message.ack()
    assert {message.stream for message in handled} == {"a", "b"}
    assert await pending(client, "b") == (set(ids) if hook else {ids[1]})
    [left] = await client.xpending_range("b", "g", ids[1], ids[1], 1)
    assert left["times_delivered"] == 0, "what was only prefetched is left to others all the same"
    assert "stream.not_acknowledged" in [getattr(record, "redis_event", None) for record in caplog.records]


async def test_the_server_is_away_at_the_end(own_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    async with Redis(host=own_server.host, port=own_server.port, decode_responses=True) as client:
        await add(client, 2)
        async with client.consumer_group("s", "g", "c") as messages:
            message = await anext(messages)
            await asyncio.to_thread(own_server.kill)
            await message.ack()
    assert "stream.not_acknowledged" in [getattr(record, "redis_event", None) for record in caplog.records]


# -- dead letters, refusals -------------------------------------------------------------------------------------------


async def test_dead_letters(client: Redis[str]) -> None:
    [poison, good] = await add(client, 2)
    failures = 0
    handled = []
    async with client.consumer_group("s", "g", "c", claim_idle=IDLE, dead_letter="dead", max_deliveries=2) as messages:

        async def consume() -> None:
            nonlocal failures
            while True:
                with suppress(Failed):
                    async for message in messages:
                        async with message:
                            if message.id == poison:
                                failures += 1
                                raise Failed
                            handled.append(message.id)
                    return

        consuming = asyncio.ensure_future(consume())

        async def buried() -> bool:
            return bool(await client.xlen("dead")) and not await pending(client)

        await until(buried)
        await messages.aclose()
        await consuming
    assert (failures, handled) == (2, [good])
    [(_, letter)] = await client.xrange("dead")
    assert letter == {
        "n": "0",
        "dead-letter-stream": "s",
        "dead-letter-id": poison,
        "dead-letter-deliveries": "2",
    }


async def test_a_key_of_another_type_is_an_error(client: Redis[str]) -> None:
    await client.set("s", "x")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        async with client.consumer_group("s", "g", "c"):
            pytest.fail("it must not begin")
    await client.delete("s")
    messages = client.consumer_group("s", "g", "c")
    await client.set("s", "x")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await messages.__aenter__()
    with pytest.raises(RuntimeError, match="async with"):
        await anext(messages)  # it was never started
    await client.delete("s")
    async with client.consumer_group("s", "g", "c") as messages:
        await blocked(client, 1)
        await client.set("s", "x")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await anext(messages)


async def test_what_is_not_permitted_is_an_error(own_server: RedisServer) -> None:
    own_server.command("ACL", "SETUSER", "u", "on", ">p", "~*", "+@all", "-xack")
    async with Redis(host=own_server.host, port=own_server.port, username="u", password="p") as client:
        await add(client, 100)
        handled = 0

        async def handle(messages: ConsumerGroup[bytes]) -> None:
            nonlocal handled
            async for message in messages:
                async with message:
                    handled += 1
                    await asyncio.sleep(0.001)

        async with client.consumer_group("s", "g", "c") as messages:
            with pytest.raises(NoPermissionError):
                await handle(messages)
        assert handled < 100, "it does not go on for as long as there are entries"


@pytest.mark.parametrize(
    "options",
    [
        {"streams": []},
        {"prefetch": 0},
        {"prefetch": 1.5},
        {"prefetch": None},
        {"streams": [["s"]]},
        {"streams": [None]},
        {"streams": "\ud800"},
        {"group": None},
        {"consumer": None},
        {"start": None},
        {"dead_letter": ["d"], "max_deliveries": 3},
        {"claim_idle": 0},
        {"claim_idle": 0.0001},
        {"claim_idle": float("inf")},
        {"claim_idle": "60"},
        {"claim_idle": float("nan")},
        {"dead_letter": "d"},
        {"max_deliveries": 3},
        {"dead_letter": "d", "max_deliveries": 0},
    ],
    ids=str,
)
async def test_refusals(make_client: MakeClient, options: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="|".join(options)):
        make_client().consumer_group(**{"streams": "s", "group": "g", "consumer": "c", **options})


async def test_it_is_started_once_and_before_it_is_used(client: Redis[str]) -> None:
    messages = client.consumer_group("s", "g", "c")
    with pytest.raises(RuntimeError, match="async with"):
        await anext(messages)
    async with messages:
        with pytest.raises(RuntimeError, match="once"):
            await messages.__aenter__()
    assert isinstance(StreamMessage(messages, "s", "1-0", {}, 1), StreamMessage)


async def test_null_for_a_deleted_entry_is_passed_over() -> None:
    """So XAUTOCLAIM answered before 7.0, which no server here does."""

    class Old:
        async def execute(self, command: Any) -> Any:
            return command.reply([b"0-0", [None, [b"1-1", [b"f", b"v"]]]])

        async def execute_batch(self, batch: Any) -> Any:
            raise AssertionError(batch)

    claimed = await Consumer[bytes](Old(), "g", "c").claim("s", 1.0, "0-0", 10)
    assert claimed == (None, [(b"1-1", {b"f": b"v"})])
