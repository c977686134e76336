"""InflightLine: however the stream is cut into chunks, each reply reaches the request it belongs to.

Long strings are taken out of the stream beside the parser, where it is certain that a reply begins with them.
"""

import asyncio
import random
import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest

from redis_aio._connection.inflight import Entry, Inflight, InflightBatch
from redis_aio._connection.line import SLICE, InflightLine
from redis_aio._connection.push import PushRouter
from redis_aio._connection.tail import KEPT
from redis_aio._resp.decoder import Decoder
from redis_aio._resp.long_string import MANY
from redis_aio.exceptions import ProtocolError, ReplyDecodeError

LONG = 5_000
NEVER = float("inf")


class Line:
    """A line, what is in it, and the pushes that came.

    Args:
        encoding: of strings.
        high_integrity: as the option.
    """

    def __init__(self, encoding: str | None = None, *, high_integrity: bool = False) -> None:
        self.loop = asyncio.get_running_loop()
        self.pushed: list[Any] = []
        router = PushRouter()
        router.register("message", self.pushed.append)
        self.line = InflightLine(Decoder(encoding=encoding), router, high_integrity=high_integrity)

    def ask(self, *, raw: bool = False) -> "asyncio.Future[Any]":
        """Put a request in line."""
        future: asyncio.Future[Any] = self.loop.create_future()
        entry: Entry = Inflight(future, NEVER, raw) if raw else future
        self.line.entries.append(entry)
        return future

    def ask_many(self, count: int, raws: Sequence[bool] | None = None) -> "asyncio.Future[Any]":
        """Put a batch in line."""
        future: asyncio.Future[Any] = self.loop.create_future()
        self.line.entries.append(InflightBatch(future, NEVER, count, raws))
        return future

    def expect_push(self, channel: bytes) -> None:
        """Send what is missing of a push, while a reply is awaited, and see that it is not taken for that."""
        reply = self.ask()
        self.line.receive(bulk(b"y" * LONG))
        assert not reply.done()
        self.line.receive(bulk(b"z" * LONG))
        assert reply.result() == b"z" * LONG
        assert self.pushed == [[b"message", channel, b"y" * LONG]]


def bulk(payload: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(payload), payload)


def message(payload: bytes) -> bytes:
    return b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n" + bulk(payload)


@pytest.fixture(params=[False, True], ids=["", "high_integrity"])
async def line(request: pytest.FixtureRequest) -> Line:
    return Line(high_integrity=request.param)


# -- where a long string may begin -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1_023, 1_024, LONG, SLICE, 10 * SLICE])
async def test_a_long_reply_however_it_is_cut(line: Line, size: int) -> None:
    stream = bulk(b"x" * size)
    for cut in (1, 6, 7, 8, 9, 1_030, size // 2, len(stream) - 3, len(stream) - 2, len(stream) - 1):
        reply = line.ask()
        line.line.receive(stream[:cut])
        line.line.receive(stream[cut:])
        assert reply.result() == b"x" * size
    assert line.line.partial == 0


async def test_several_in_one_chunk(line: Line) -> None:
    replies = [line.ask() for _ in range(5)]
    values = [b"a" * LONG, b"b" * LONG, b"c", b"d" * LONG, b"e" * 2 * SLICE]
    line.line.receive(b"".join(map(bulk, values)))
    assert [reply.result() for reply in replies] == values


@pytest.mark.parametrize("cuts", [(-1,), (0,), (-3, -2), (-2, 0), (-1, 0), (-3, 0), (-4, -3, -2, -1, 0)])
async def test_what_a_push_holds_is_no_reply(line: Line, cuts: Sequence[int]) -> None:
    """However its beginning is cut off behind a reply: the request that is sent then does not get it."""
    line.ask()
    payload = b"y" * LONG
    head = message(payload)[: -len(bulk(payload))]
    stream = b"+OK\r\n" + head
    at = 0
    for cut in cuts:
        stop = len(stream) - len(head) + 4 + cut  # about the end of >3 and its CRLF
        line.line.receive(stream[at:stop])
        at = stop
    reply = line.ask()
    line.line.receive(stream[at:])
    line.line.receive(bulk(payload))
    assert not reply.done()
    line.line.receive(bulk(b"z" * LONG))
    assert reply.result() == b"z" * LONG
    assert line.pushed == [[b"message", b"c", payload]]


@pytest.mark.parametrize("before", [b"+OK\r\n", bulk(b"x" * LONG), bulk(b"<p>" * LONG), b"*1\r\n:1\r\n"])
@pytest.mark.parametrize("cut", [0, 4, 17, 24])
async def test_a_push_that_is_cut_between_its_items(line: Line, before: bytes, cut: int) -> None:
    payload = b"y" * LONG
    push = message(payload)
    line.ask()
    line.line.receive(before + push[:cut])
    reply = line.ask()
    if behind := push[cut : -len(bulk(payload))]:
        line.line.receive(behind)
    line.line.receive(bulk(payload) + bulk(b"z" * LONG))
    assert reply.result() == b"z" * LONG
    assert line.pushed == [[b"message", b"c", payload]]


async def test_a_push_that_began_far_in_front_of_the_cut(line: Line) -> None:
    line.ask()
    line.line.receive(b"+OK\r\n>3\r\n$7\r\nmessage\r\n" + bulk(b"c" * 2 * KEPT))
    line.expect_push(b"c" * 2 * KEPT)


async def test_the_rest_of_a_push_that_began_behind_a_reply(line: Line) -> None:
    """It comes while nothing is awaited, and is no reason to close the connection."""
    line.ask()
    line.line.receive(b"+OK\r\n>3\r\n$7\r\nmessage\r\n")
    line.line.receive(b"$1\r\nc\r\n$3")
    line.line.receive(b"\r\nabc\r\n")
    assert line.pushed == [[b"message", b"c", b"abc"]]


async def test_a_push_of_which_too_much_came_while_nothing_was_awaited(line: Line) -> None:
    push = b">3\r\n$7\r\nmessage\r\n" + bulk(b"c" * 5 * SLICE)
    line.line.receive(push[: 4 * SLICE + 100])
    line.line.receive(push[4 * SLICE + 100 :])
    line.expect_push(b"c" * 5 * SLICE)


async def test_what_an_array_holds_is_no_reply(line: Line) -> None:
    first, second = line.ask(), line.ask()
    line.line.receive(b"*2\r\n")
    line.line.receive(bulk(b"x" * LONG))
    assert not first.done()
    line.line.receive(bulk(b"y" * LONG) + bulk(b"z" * LONG))
    assert first.result() == [b"x" * LONG, b"y" * LONG]
    assert second.result() == b"z" * LONG


# -- what becomes of it ------------------------------------------------------------------------------------------------


async def test_it_is_decoded_unless_it_is_raw() -> None:
    line = Line("utf-8")
    text, raw = line.ask(), line.ask(raw=True)
    many = line.ask_many(3, [False, True, False])
    value = "ä" * LONG
    line.line.receive(bulk(value.encode()) * 4)
    assert not many.done()
    line.line.receive(b"+OK\r\n")
    assert text.result() == value
    assert raw.result() == value.encode()
    assert many.result() == [value, value.encode(), "OK"]


async def test_one_that_cannot_be_decoded_is_an_error_of_its_own() -> None:
    line = Line("utf-8")
    replies = [line.ask() for _ in range(3)]
    broken = b"x" * LONG + b"\xff" + b"y" * LONG
    line.line.receive(bulk(b"a" * LONG) + bulk(broken) + bulk(b"b" * LONG))
    assert replies[0].result() == "a" * LONG
    error = replies[1].result()
    assert isinstance(error, ReplyDecodeError)
    assert (error.start, error.object) == (LONG, broken)
    assert error.escaped == broken.decode("utf-8", "surrogateescape")
    assert replies[2].result() == "b" * LONG


async def test_a_cancelled_request_swallows_it(line: Line) -> None:
    gone, there = line.ask(), line.ask()
    gone.cancel()
    line.line.receive(bulk(b"x" * LONG)[:2_000])
    line.line.receive(bulk(b"x" * LONG)[2_000:] + bulk(b"y" * LONG))
    assert there.result() == b"y" * LONG


@pytest.mark.one_loop
async def test_it_takes_little_more_memory_than_its_size(line: Line) -> None:
    """However small the chunks are that it comes in."""
    size = 50_000
    reply = line.ask()
    stream = bulk(bytes(range(250)) * (size // 250))
    line.line.receive(stream[:2_000])
    tracemalloc.start()
    try:
        for at in range(2_000, len(stream)):
            line.line.receive(stream[at : at + 1])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reply.result() == bytes(range(250)) * (size // 250)
    assert peak < 2 * size + 600 * MANY


@pytest.mark.parametrize("end", [b"xx", b"\rx", b"x\n", b"\n\r"])
async def test_one_that_does_not_end_is_the_end_of_the_connection(line: Line, end: bytes) -> None:
    reply = line.ask()
    with pytest.raises(ProtocolError):
        line.line.receive(bulk(b"x" * LONG)[:-2] + end)
    assert not reply.done()


async def test_nobody_asked_for_it(line: Line) -> None:
    with pytest.raises(ProtocolError):
        line.line.receive(bulk(b"x" * LONG))


async def test_its_size_is_known_while_it_comes(line: Line) -> None:
    line.ask()
    line.line.receive(bulk(b"x" * 10 * LONG)[:2_000])
    assert line.line.partial == 2_000
    assert line.line.unfinished >= 10 * LONG
    line.line.receive(bulk(b"x" * 10 * LONG)[2_000:])
    assert line.line.partial == 0
    assert line.line.unfinished == 0


# -- anything, cut anywhere --------------------------------------------------------------------------------------------


class Script:
    """A random stream: replies, each with the value it is to have, and pushes between them.

    Args:
        chance: what makes it.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.values: list[Any] = []
        self.pushes: list[Any] = []
        self.stream = bytearray()
        self.items: list[int] = []  # where each ends
        self.begins: list[int] = []  # where each reply begins
        for _ in range(chance.randint(1, 12)):
            while chance.random() < 0.25:
                payload = self.payload()
                self.pushes.append([b"message", b"c", payload])
                for item in (b">3\r\n", b"$7\r\nmessage\r\n", b"$1\r\nc\r\n", bulk(payload)):
                    self.add(item)
            self.begins.append(len(self.stream))
            self.values.append(self.value())

    def add(self, item: bytes) -> None:
        self.stream += item
        self.items.append(len(self.stream))

    def payload(self) -> bytes:
        size = self.chance.choice((0, 1, 60, 1_023, 1_024, 3_000, 3_000, 20_000))
        return self.chance.choice((b"x", b">", b"\r\n", b">3\r\n", b"$1024\r\n", b"*1\r\n")) * size

    def value(self) -> Any:
        kind = self.chance.randint(0, 5)
        if kind == 0:
            count = self.chance.randint(0, 3)
            self.add(b"*%d\r\n" % count)
            return [self.value() for _ in range(count)]
        if kind == 1:
            self.add(b":7\r\n")
            return 7
        payload = self.payload()
        self.add(bulk(payload))
        return payload

    def chunks(self) -> Iterator[tuple[bytes, int]]:
        """The stream, cut at the ends of items, near them, or anywhere; and how many replies have begun with each."""
        size = len(self.stream)
        cuts = {0, size}
        for end in self.items:
            if self.chance.random() < 0.5:
                cuts.add(min(size, max(0, end + self.chance.choice((0, 0, 0, -1, -2, 1, 2)))))
        for _ in range(self.chance.randint(0, 3)):
            cuts.add(self.chance.randint(0, size))
        for begin, end in pairwise(sorted(cuts)):
            yield bytes(self.stream[begin:end]), sum(start < end for start in self.begins)


@pytest.mark.one_loop
@pytest.mark.parametrize("high_integrity", [False, True])
async def test_whatever_comes_and_however(high_integrity: bool) -> None:
    """Each request is sent as late as it can be, so that often nothing is awaited when a chunk ends."""
    chance = random.Random(20)
    for _ in range(1_500):
        line = Line(high_integrity=high_integrity)
        script = Script(chance)
        answers: list[asyncio.Future[Any]] = []
        for chunk, begun in script.chunks():
            answers += [line.ask() for _ in range(begun - len(answers))]
            line.line.receive(chunk)
        assert [answer.result() for answer in answers] == script.values
        assert line.pushed == script.pushes


@pytest.mark.one_loop
async def test_whatever_comes_for_a_batch() -> None:
    chance = random.Random(21)
    for _ in range(500):
        line = Line()
        script = Script(chance)
        answer = line.ask_many(len(script.values))
        for chunk, _ in script.chunks():
            line.line.receive(chunk)
        assert answer.result() == script.values
        assert line.pushed == script.pushes
