"""The buffer of a subscription: order, bounds, policies, gaps in their place, and readers that give up."""

import asyncio
import random
from typing import Any

import anyio
import pytest

from redis_aio._execution.mailbox import POLICIES, Gap, Mailbox, Message, Overflow
from redis_aio.exceptions import ClientClosedError, PubSubError
from tests.support.cancellation import WAYS

pytestmark = pytest.mark.one_loop


def mailbox(limit: int = 100, overflow: Overflow = "drop_oldest", byte_limit: int = 1_000_000, **more: Any) -> Mailbox:
    return Mailbox(asyncio.get_running_loop(), limit, byte_limit, overflow, **more)


def put(box: Mailbox, *numbers: int, size: int = 1) -> None:
    for number in numbers:
        box.put(Message("message", b"c", None, b"%0*d" % (size, number)), size)


async def taken(box: Mailbox) -> list[Any]:
    """Take everything: numbers, and gaps as (reason, lost)."""
    items = []
    while await box.arrival(0):
        items.append(shown(await box.get()))
    return items


def shown(item: Any) -> Any:
    return (item.reason, item.lost) if isinstance(item, Gap) else int(item.data)


async def test_first_in_first_out() -> None:
    box = mailbox()
    put(box, *range(50))
    assert await taken(box) == list(range(50))
    assert (box.stats.received, box.stats.delivered, box.stats.dropped) == (50, 50, 0)


async def test_drop_oldest_has_its_gap_in_front() -> None:
    box = mailbox(limit=3)
    put(box, *range(10))
    items = await taken(box)
    assert items == [("overflow", 7), 7, 8, 9]
    assert (box.stats.dropped, box.stats.gaps) == (7, 1)
    put(box, 10)
    assert await taken(box) == [10]


async def test_drop_newest_has_its_gap_where_it_was_full() -> None:
    box = mailbox(limit=3, overflow="drop_newest")
    put(box, *range(5))
    assert shown(await box.get()) == 0
    assert shown(await box.get()) == 1
    put(box, 5, 6, 7)
    assert await taken(box) == [2, ("overflow", 2), 5, ("overflow", 2)]
    assert (box.stats.received, box.stats.delivered, box.stats.dropped, box.stats.gaps) == (8, 4, 4, 2)


async def test_error_comes_behind_what_was_there() -> None:
    box = mailbox(limit=3, overflow="error")
    put(box, *range(5))
    assert [shown(await box.get()) for _ in range(3)] == [0, 1, 2]
    put(box, 6)
    for _ in range(2):
        with pytest.raises(PubSubError, match="full"):
            await box.get()
    assert box.stats.dropped == 3


async def test_block_stops_the_flow_and_loses_nothing() -> None:
    flow: list[bool] = []
    box = mailbox(limit=4, overflow="block", set_flow=flow.append)
    put(box, *range(7))
    assert flow == [False]
    for number in range(7):
        assert shown(await box.get()) == number
    assert flow == [False, True]
    put(box, *range(5))
    assert flow == [False, True, False]


@pytest.mark.parametrize("overflow", POLICIES)
async def test_bytes_are_bounded_too(overflow: Overflow) -> None:
    flow: list[bool] = []
    box = mailbox(overflow=overflow, byte_limit=100, set_flow=flow.append)
    put(box, *range(4), size=30)
    expected: dict[str, list[Any]] = {
        "drop_oldest": [("overflow", 1), 1, 2, 3],
        "drop_newest": [0, 1, 2, ("overflow", 1)],
        "error": [0, 1, 2],
        "block": [0, 1, 2, 3],
    }
    items = [shown(await box.get()) for _ in expected[overflow]]
    assert items == expected[overflow]
    assert flow == ([False, True] if overflow == "block" else [])


@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest", "error"])
async def test_one_message_larger_than_the_buffer_is_delivered(overflow: Overflow) -> None:
    box = mailbox(overflow=overflow, byte_limit=100)
    put(box, 1, size=1_000)
    assert shown(await box.get()) == 1
    put(box, 2, size=1_000)
    assert shown(await box.get()) == 2
    assert box.stats.dropped == 0


async def test_a_gap_is_seen_when_everything_is_restored_and_before_what_came_since() -> None:
    box = mailbox()
    put(box, 1)
    box.lose(12.5)
    put(box, 2)
    assert shown(await box.get()) == 1
    assert not await box.arrival(0.01)
    box.restored()
    gap = await box.get()
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.since, gap.lost) == ("connection", 12.5, None)
    assert await taken(box) == [2]
    assert (box.stats.gaps, box.stats.reconnects) == (1, 1)


async def test_lost_again_before_it_was_restored() -> None:
    box = mailbox()
    box.lose(1.0)
    box.lose(2.0)  # nothing came in between: it is the same gap
    put(box, 1)
    box.lose(3.0)
    box.restored()
    assert await taken(box) == [("connection", None), 1, ("connection", None)]
    assert (box.stats.gaps, box.stats.reconnects) == (2, 1)


async def test_overflow_while_it_is_restored_keeps_the_gap() -> None:
    box = mailbox(limit=3)
    put(box, 0)
    box.lose(1.0)
    put(box, *range(1, 10))
    box.restored()
    assert await taken(box) == [0, ("connection", None), 7, 8, 9]
    put(box, 1, 2)
    box.lose(2.0)
    box.restored()
    put(box, 3, 4, 5)  # the gap in the middle is dropped over, and must not go with the messages
    items = await taken(box)
    assert items == [("connection", None), 3, 4, 5]


async def test_a_gap_wakes_the_reader() -> None:
    box = mailbox()
    reader = asyncio.ensure_future(box.get())
    await asyncio.sleep(0)
    box.lose(1.0)
    await asyncio.sleep(0)
    assert not reader.done()
    box.restored()
    assert isinstance(await reader, Gap)


async def test_the_end_comes_behind_what_was_there_and_wakes_every_reader() -> None:
    box = mailbox()
    readers = [asyncio.ensure_future(box.get()) for _ in range(3)]
    await asyncio.sleep(0)
    box.fail(ClientClosedError("closed"))
    for reader in readers:
        with pytest.raises(ClientClosedError):
            await reader
    other = mailbox()
    put(other, 1)
    other.fail(ClientClosedError("closed"))
    put(other, 2)
    assert shown(await other.get()) == 1
    with pytest.raises(ClientClosedError):
        await other.arrival(1.0)


async def test_each_item_goes_to_one_of_several_readers() -> None:
    box = mailbox(limit=10_000)
    got: list[int] = []

    async def read() -> None:
        while True:
            got.append(shown(await box.get()))

    readers = [asyncio.ensure_future(read()) for _ in range(5)]
    for start in range(0, 1_000, 10):
        put(box, *range(start, start + 10))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert sorted(got) == list(range(1_000))
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)


async def test_woken_and_cancelled_in_the_same_turn_hands_the_item_on() -> None:
    box = mailbox()
    first, second = asyncio.ensure_future(box.get()), asyncio.ensure_future(box.get())
    await asyncio.sleep(0)
    put(box, 1)
    first.cancel()
    await asyncio.sleep(0)
    assert shown(await asyncio.wait_for(second, 1)) == 1
    assert first.cancelled()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_nothing_is_lost_to_a_reader_that_gives_up(way: Any) -> None:
    """An item put at the turn of the cancellation, before and after it."""
    for ticks in range(8):
        for late in range(4):
            box = mailbox()

            async def publish(late: int = late, box: Mailbox = box) -> None:
                for _ in range(late):
                    await asyncio.sleep(0)
                put(box, 1)

            publisher = asyncio.ensure_future(publish())
            outcome = await way(box.get, ticks)
            await publisher
            assert not outcome.swallowed
            received = [shown(outcome.value)] if outcome.value is not None else []
            assert received + await taken(box) == [1], f"ticks {ticks}, put after {late}"


@pytest.mark.parametrize("limit", ["timeout", "move_on_after"])
async def test_gapless_under_deadlines_of_next_to_nothing(limit: str) -> None:
    chance = random.Random(limit)
    box = mailbox(limit=1_000_000)
    got: list[int] = []

    async def publish() -> None:
        for start in range(0, 2_000, 2):
            put(box, start, start + 1)
            await asyncio.sleep(chance.choice((0, 0, 0.0005)))

    publisher = asyncio.ensure_future(publish())
    while len(got) < 2_000:
        seconds = chance.uniform(0, 0.002)
        if limit == "timeout":
            try:
                async with asyncio.timeout(seconds):
                    got.append(shown(await box.get()))
            except TimeoutError:
                continue
        else:
            with anyio.move_on_after(seconds):
                got.append(shown(await box.get()))
    assert got == list(range(2_000))
    await publisher


async def test_a_timeout_takes_its_time_and_zero_takes_what_is_there() -> None:
    box = mailbox()
    before = asyncio.get_running_loop().time()
    assert not await box.arrival(0.05)
    assert 0.04 < asyncio.get_running_loop().time() - before < 0.5
    assert not await box.arrival(0)
    put(box, 1)
    assert await box.arrival(0)
    assert await box.arrival(None)


@pytest.mark.parametrize("overflow", POLICIES)
@pytest.mark.parametrize("before", [0, 2, 4])
async def test_many_at_once_are_as_many_one_by_one(overflow: Overflow, before: int) -> None:
    for count in (1, 3, 4, 9):
        for size in (1, 40):
            shown_of, stats_of = [], []
            for together in (False, True):
                box = mailbox(limit=6, overflow=overflow, byte_limit=120)
                put(box, *range(before))
                messages = [Message("message", b"c", None, b"%0*d" % (size, n)) for n in range(10, 10 + count)]
                if together:
                    box.put_all(messages, size)
                else:
                    put(box, *range(10, 10 + count), size=size)
                shown_of.append([shown(await box.get()) for _ in range(len(box._ready))])
                stats_of.append(box.stats)
            assert shown_of[0] == shown_of[1]
            assert stats_of[0] == stats_of[1]


@pytest.mark.parametrize("way", ["at once", "restored"])
async def test_as_many_readers_are_woken_as_there_are_items(way: str) -> None:
    """A reader that takes its time over its item does not keep the others from theirs."""
    box = mailbox()
    readers = [asyncio.ensure_future(box.get()) for _ in range(3)]
    await asyncio.sleep(0)
    messages = [Message("message", b"c", None, b"%d" % number) for number in range(2)]
    if way == "restored":
        box.lose(1.0)
    box.put_all(messages, 1)
    if way == "restored":
        for _ in range(3):
            await asyncio.sleep(0)  # they have looked, and wait again
        box.restored()
    done, waiting = await asyncio.wait(readers, timeout=0.05)
    assert len(done) == (3 if way == "restored" else 2)
    for reader in waiting:
        reader.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
