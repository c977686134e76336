"""The guard on random streams: honest ones come through unchanged, hostile ones get nothing dangerous past it."""

import random
import time

import pytest

from redis_aio._resp import guard as guard_module
from redis_aio.exceptions import ProtocolError
from tests.unit.test_decoder import exactly
from tests.unit.test_guard import Idle, Tap, check_what_was_fed, guarded


class Streams:
    """Makes random streams of valid replies, twice: with attributes strewn in, and without."""

    LINES = (
        b"+OK\r\n",
        b"+\r\n",
        b"-ERR x\r\n",
        b":12345\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",1.5\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"*0\r\n",
    )
    DECEPTIVE = (b"+*99999 |1 $12\r\n", b"-*99999999\r\n", b"+" + b"l" * 1500 + b"\r\n", b"(" + b"1" * 300 + b"\r\n")

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def payload(self) -> bytes:
        kind = self.chance.randrange(8)
        if kind < 3:
            return bytes(self.chance.choice(b"*~%>|$+-:0123456789\r\n") for _ in range(self.chance.randrange(30)))
        if kind == 3:
            return b"*99999999\r\n" * self.chance.randrange(3) + b"|2\r\n+a\r\n"
        if kind == 4:
            return b"x" * self.chance.choice((300, 1000, 1015, 1020, 1030, 2000, 5000))
        if kind == 5:
            return b"*123456\r\n$5\r\n|1\r\n" * self.chance.randrange(200)
        return b"y" * self.chance.randrange(40)

    def item(self, depth: int) -> tuple[bytes, bytes]:
        if self.chance.random() < 0.06:
            pairs = self.chance.randrange(3)
            inside = b"".join(self.item(depth + 3)[0] for _ in range(2 * pairs))
            noisy, clean = self.item(depth)
            return b"|%d\r\n%s%s" % (pairs, inside, noisy), clean
        if self.chance.random() < 0.45 or depth > 5:
            payload = self.payload()
            wire = b"$%d\r\n%s\r\n" % (len(payload), payload)
            return wire, wire
        if self.chance.random() < 0.55:
            wire = self.chance.choice(self.LINES + self.DECEPTIVE)
            return wire, wire
        return self.aggregate(depth)

    def aggregate(self, depth: int) -> tuple[bytes, bytes]:
        kind = self.chance.choice((b"*", b"~", b"%", b">"))
        if self.chance.random() < 0.02 and depth < 2:
            wire = b"*10000\r\n" + b":1\r\n" * 10000
            return wire, wire
        count = self.chance.choice((0, 1, 2, 3, 5))
        noisy = clean = b"%s%d\r\n" % (kind, count)
        for number in range(count):
            key = b"$4\r\nk%03d\r\n" % number if kind == b"%" else b""
            with_attributes, without = self.item(depth + 1)
            noisy += key + with_attributes
            clean += key + without
        return noisy, clean

    def chunks(self, wire: bytes) -> list[bytes]:
        size = self.chance.choice((1, 4, 100, 1500, 10**6)) if len(wire) < 50_000 else 5000
        chunks, at = [], 0
        while at < len(wire):
            until = at + self.chance.choice((1, 2, 3, 1023, 1024, 1025, self.chance.randint(1, size)))
            chunks.append(wire[at:until])
            at = until
        return chunks


@pytest.mark.parametrize("seed", range(8))
def test_random_replies_come_out_as_if_there_were_no_guard(seed: int) -> None:
    streams = Streams(seed)
    for _ in range(12):
        items = [streams.item(0) for _ in range(streams.chance.randrange(1, 40))]
        plain = Tap()
        plain.feed(b"".join(clean for _, clean in items))
        expected = [exactly(value) for value in plain.drain()]
        tap = Tap()
        guard = guarded(tap)
        values = []
        for chunk in streams.chunks(b"".join(noisy for noisy, _ in items)):
            guard.feed(chunk)
            values += [exactly(value) for value in tap.drain()]
            guard.settle()
        assert values == expected
        assert tap.fed == plain.fed
        assert guard.incomplete == 0


def hostile(chance: random.Random) -> bytes:
    """Make a token of a stream that lies about everything."""
    size = chance.choice((0, 1, 2, 3, 5, 9, 12, 1020, 1030))
    match chance.randrange(12):
        case 0 | 1 | 2 | 3:
            payload = chance.choice(
                (
                    b"x" * size,
                    b"*99999\r\n" * (size // 9 + 1),
                    b"$5\r\n" * (size // 5 + 1),
                    b"|1\r\n+a\r\n",
                    b"\n+\n$*\r\n",
                )
            )
            ends = (b"\r\n", b"\r\n", b"\r\n", b"X+", b"\n+", b"\n$", b"$*", b"X\n", b"\n*", b"\n:", b"1\r")
            return b"$%d\r\n%s%s" % (len(payload), payload, chance.choice(ends))
        case 4 | 5:
            count = chance.choice((0, 1, 2, 9999, 10000, 20000, 50000, 70000, 99999999))
            return b"%s%d\r\n" % (chance.choice((b"*", b"*", b"~", b"%", b">")), count)
        case 6:
            return b"|%d\r\n" % chance.choice((0, 1, 2, -1, 99999))
        case 7:
            return chance.choice((b"+*99999\r\n", b"+\n+\r\n", b"+" + b"$5" * size + b"\r\n", b":1\r\n" * size))
        case 8:
            odd = b"|x *0100000 *1x $x !3 $? *-1 $-1 *-2 *+99999 *-99999 $+5 $1_0 $05 *12345x".split()
            return chance.choice(odd) + b"\r\n"
        case 9:
            return b"$%d\r\n" % chance.choice((3, 50, 1500, 5000))
        case 10:
            return bytes(chance.choice(b"*$+|0159\r\n") for _ in range(6))
        case _:
            return chance.choice((b"+OK\r\n", b"_\r\n", b"$3\r\nabc\r\n", b"-ERR\r\n"))


@pytest.mark.parametrize("seed", range(8))
def test_no_hostile_stream_gets_a_large_header_past_the_guard(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 60_000
    monkeypatch.setattr(guard_module, "MAX_ELEMENTS", limit)
    chance = random.Random(seed)
    refused = passed = 0
    for _ in range(250):
        wire = b"".join(hostile(chance) for _ in range(chance.randrange(1, 30)))
        size = chance.choice((1, 3, 20, 200, 2000, 10**6))
        tap = Tap()
        guard = guarded(tap)
        try:
            at = 0
            while at < len(wire):
                until = at + chance.randint(1, size)
                guard.feed(wire[at:until])
                tap.drain()
                guard.settle()
                at = until
        except (ProtocolError, TypeError):
            refused += 1
        passed += check_what_was_fed(bytes(tap.fed), limit)
    assert refused
    assert passed


@pytest.mark.parametrize(
    "chunk",
    [
        b"|0\r\n" * 16384,
        b"*10000\r\n" * 8192,
        b"$8\r\n*10000\r\n\r\n" * 4096,
        b"$4\r\n|1\r\n\r\n" * 6000,
        b"$1\r\n*\r\n" * 9000,
        b"*9999\r\n" * 9000,
        b"+*10000|1" * 7000,
        b"*1|1>" * 13000,
    ],
    ids=lambda chunk: repr(chunk[:16]),
)
def test_no_chunk_takes_long(chunk: bytes) -> None:
    guard = guarded(Idle())
    begin = time.process_time()
    guard.feed(chunk)
    assert time.process_time() - begin < 0.5  # a few milliseconds; seconds, if something were quadratic
