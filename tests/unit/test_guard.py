"""The guard: what must not reach hiredis does not, and what is harmless is left alone."""

import tracemalloc
from typing import Any

import pytest
from hiredis import Reader

from redis_aio._resp import guard as guard_module
from redis_aio._resp.decoder import NOT_READY, Decoder
from redis_aio._resp.guard import MAX_ELEMENTS, MAX_LARGE, Guard
from redis_aio._resp.items import MAX_ATTRIBUTE
from redis_aio.exceptions import ProtocolError
from tests.support.reference_parser import parse
from tests.unit.test_decoder import decode, exactly, ours, slicings


class Tap:
    """A hiredis reader that remembers what it was fed."""

    def __init__(self) -> None:
        self.reader = Reader(notEnoughData=NOT_READY, protocolError=ProtocolError)
        self.has_data = self.reader.has_data
        self.len = self.reader.len
        self.fed = bytearray()

    def feed(self, data: bytes, begin: int = 0, size: int = -1) -> None:
        self.fed += data[begin:] if size < 0 else data[begin : begin + size]
        self.reader.feed(data, begin, len(data) - begin if size < 0 else size)

    def drain(self) -> list[Any]:
        values = []
        while (value := self.reader.gets()) is not NOT_READY:
            values.append(value)
        return values


class Idle:
    """What stands in for a reader where nothing must be allocated."""

    def __init__(self) -> None:
        self.fed = bytearray()

    def feed(self, data: bytes, begin: int = 0, size: int = -1) -> None:
        self.fed += data[begin:] if size < 0 else data[begin : begin + size]

    def drain(self) -> list[Any]:
        return []

    def has_data(self) -> bool:
        return False

    def len(self) -> int:
        return 0


def guarded(reader: Any) -> Guard:
    return Guard(reader)


def receive(guard: Guard, tap: Tap | Idle, chunks: list[bytes]) -> ProtocolError | None:
    """Do what the connection does; return what ended it."""
    try:
        for chunk in chunks:
            guard.feed(chunk)
            tap.drain()
            guard.settle()
    except ProtocolError as error:
        return error
    return None


def check_what_was_fed(fed: bytes, limit: int) -> int:
    """Walk what hiredis was fed by hiredis' rules; return how many large aggregates there were."""
    at = debt = large = 0
    while (end := fed.find(b"\r\n", at + 1)) >= 0:
        kind, text = fed[at : at + 1], fed[at + 1 : end]
        if kind not in b"$=*~%>|+-:,#_(":
            break
        at = end + 2
        if kind in b"+-:,#_(" or text == b"-1":
            assert kind != b"|"
            continue
        if not text.isdigit() or (text[:1] == b"0" and text != b"0"):
            break  # hiredis gives up here
        assert kind != b"|"
        number = int(text)
        if kind in b"$=":
            at += number + 2
            continue
        if number >= 10_000:
            assert kind != b">"
            large += 1
            debt += 3 * number
        assert debt - at <= 3 * limit
    return large


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


# -- sizes -------------------------------------------------------------------------------------------------------------

COUNTS = [10**8, 2**31, 2**32 - 1, 2**63 - 1, 2**64, 10**18 - 1, 10**40, MAX_ELEMENTS + 1]
SURROUNDINGS = {
    "first": b"",
    "after a reply": b"+before\r\n",
    "in an array": b"*3\r\n:1\r\n",
    "deep": b"*2\r\n:1\r\n%1\r\n$1\r\nk\r\n~1\r\n",
    "after a string like it": b"$13\r\n*1\r\n|1\r\n$99\r\n\r\n",
    "after a line like it": b"+*99999999\r\n",
    "after a long string": b"$3000\r\n" + b"*" * 3000 + b"\r\n",
    "after many items": b":1\r\n" * 300,
    "in a large array": b"*20000\r\n" + b":1\r\n" * 300,
}


@pytest.mark.parametrize("before", SURROUNDINGS.values(), ids=list(SURROUNDINGS))
@pytest.mark.parametrize("kind", "*~%>")
def test_a_huge_aggregate_is_refused_before_the_parser_sees_it(kind: str, before: bytes) -> None:
    tracemalloc.start()
    try:
        for count in COUNTS:
            header = b"%s%d\r\n" % (kind.encode(), count)
            whole = before + header + b"$1\r\nx\r\n"
            in_header = [[whole[:at], whole[at:]] for at in range(len(before), len(before + header) + 1)]
            for chunks in [[whole], cut(whole, 100), cut(whole, 1025), *in_header]:
                tap = Tap()
                assert receive(guarded(tap), tap, chunks)
                if count < 10**20:  # a longer number is refused by the parser, which reads it as text
                    assert bytes(tap.fed) == before
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", "$=")
@pytest.mark.parametrize("size", [2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64, 10**40])
def test_a_huge_string_is_refused_when_its_header_is_there(kind: str, size: int) -> None:
    for before in SURROUNDINGS.values():
        for chunks in slicings(before + b"%s%d\r\n" % (kind.encode(), size)):
            values = decode(Decoder(encoding=None), chunks)
            assert type(values[-1]) is ProtocolError


def test_the_replies_in_front_of_what_is_refused_are_delivered() -> None:
    for refused in (b"*99999999\r\n", b"|-1\r\n", b"|99999\r\n", b">10000\r\n", b"$99999999999\r\n*10000\r\n"):
        wire = b"+one\r\n|1\r\n+a\r\n+b\r\n*2\r\n+two\r\n|0\r\n:2\r\n+three\r\n" + refused
        for chunks in ([wire], [b"*10000\r\n" + b":1\r\n" * 10000 + wire]):
            *values, error = decode(Decoder(encoding=None), chunks)
            assert values[-3:] == [b"one", [b"two", 2], b"three"]
            assert type(error) is ProtocolError


def test_nothing_is_fed_after_a_refusal() -> None:
    for before in (b"", b"+OK\r\n"):
        idle = Idle()
        guard = guarded(idle)
        guard.feed(before + b"*99999999\r\n")
        with pytest.raises(ProtocolError):
            guard.feed(b"+late\r\n")
        assert bytes(idle.fed) == before


@pytest.mark.parametrize("kind", "*~%>|$=")
def test_a_number_that_python_cannot_read_is_refused(kind: str) -> None:
    for before in (b"", b"|1\r\n+k\r\n"):
        (error,) = decode(Decoder(encoding=None), [before + kind.encode() + b"9" * 5000 + b"\r\n"])
        assert type(error) is ProtocolError
        assert "ValueError" not in str(error)


@pytest.mark.parametrize("header", [b"*10000000\r\n", b"*16777216\r\n", b"%1000000\r\n", b"~5000000\r\n", b">9999\r\n"])
def test_large_replies_that_servers_do_send_pass(header: bytes) -> None:
    for chunks in ([header], cut(header, 1), [header[:-1], header[-1:] + b":1\r\n"]):
        idle = Idle()
        guard = guarded(idle)
        for chunk in chunks:
            guard.feed(chunk)
            guard.settle()
        assert idle.fed.startswith(header)


def test_announcing_without_sending_is_limited_in_sum() -> None:
    idle = Idle()
    guard = guarded(idle)
    for _ in range(4):
        guard.feed(b"*1\r\n*4000000\r\n:1\r\n")
        guard.settle()
    guard.feed(b"*1\r\n*4000000\r\n:1\r\n")
    with pytest.raises(ProtocolError, match="announces more than 16777216 elements"):
        guard.settle()
    assert idle.fed.count(b"*4000000\r\n") == 4


@pytest.mark.parametrize("header", [b"*1000\r\n", b"~9999\r\n", b"*10000\r\n", b"*2\r\n*20000\r\n", b"%9999\r\n+k\r\n"])
def test_large_aggregates_inside_one_another_are_limited(header: bytes) -> None:
    for size in (1, 7, 100, 10_000):
        tap = Tap()
        error = receive(guarded(tap), tap, cut(header * 1000, size))
        assert "large aggregates inside one another" in str(error)
        assert tap.fed.count(header) == MAX_LARGE


def test_large_aggregates_one_after_the_other_are_not_limited() -> None:
    for count, element in ((1000, b"_\r\n"), (10000, b"+\r\n"), (1000, b"$10\r\n0123456789\r\n")):
        replies = MAX_LARGE + 10
        wire = (b"*%d\r\n" % count + element * count) * replies
        for size in (1400, 65536):
            values = decode(Decoder(encoding=None), cut(wire, size))
            assert [len(value) for value in values] == [count] * replies


def test_what_was_sent_is_announced_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "MAX_ELEMENTS", 25_000)
    reply = b"*20000\r\n" + b"_\r\n" * 20_000
    for size in (11, 4096, 65536):
        decoder = Decoder(encoding=None)
        for _ in range(3):
            assert decode(decoder, cut(reply, size)) == [[None] * 20_000]
    nested = b"*2\r\n" + reply + b"%12000\r\n" + b"$1\r\nk\r\n_\r\n" * 12_000 + reply
    assert len(decode(Decoder(encoding=None), cut(nested, 1000))) == 2


def test_what_was_sent_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "MAX_ELEMENTS", 100_000)
    level = b"*20000\r\n" + b":1\r\n" * 1000
    for size in (65536, 1000):
        tap = Tap()
        error = receive(guarded(tap), tap, cut(level * 10, size))
        assert "announces more than 100000 elements" in str(error)
        assert tap.fed.count(b"*20000\r\n") == 5


def test_a_small_push_is_no_matter() -> None:
    wire = b">9999\r\n" + b":1\r\n" * 9999
    assert decode(Decoder(encoding=None), cut(wire, 1000)) == [[1] * 9999]


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "MAX_LINE", 100_000)
    (error,) = decode(Decoder(encoding=None), [b"+", *[b"x" * 1000] * 200])
    assert type(error) is ProtocolError
    assert "longer than 100000 bytes" in str(error)
    line = b"y" * 99_000
    assert decode(Decoder(encoding=None), cut(b"+" + line + b"\r\n:1\r\n", 1000)) == [line, 1]


def test_a_line_is_not_searched_again_for_every_chunk() -> None:
    tap = Tap()
    guard = guarded(tap)
    guard.feed(b"-ERR ")
    guard.settle()
    for _ in range(1000):
        guard.feed(b"xxx")
        assert tap.drain() == []
        guard.settle()
    assert tap.fed == b"-ERR "
    guard.feed(b"\r")
    guard.feed(b"\n+OK\r\n")
    error, reply = tap.drain()
    guard.settle()
    assert str(error) == "ERR " + "xxx" * 1000
    assert reply == b"OK"


# -- what only looks like a header -------------------------------------------------------------------------------------

LOOKALIKES = [
    b"*99999999\r\n",
    b"*99999999\r\n" * 300,
    b"|2\r\n+a\r\n",
    b"|2\r\n" * 2000,
    b">10000\r\n%99999\r\n~88888888\r\n",
    b"\r\n*99999999\r\n\r\n",
    b"$99999999999\r\n",
    b"*99999999\r",
    b"*99999",
    b"*",
    b"\n+",
    b"\n$",
    b"+",
    b"$5",
    b"*" * 1021,
    b"$" * 1022,
    b"+" * 1023,
    b"x" * 1016 + b"\n$12\r\n",
    b"x" * 1017 + b"\n*12345\r\n",
]


@pytest.mark.parametrize("payload", LOOKALIKES, ids=lambda payload: repr(payload[:30]))
def test_the_bytes_of_a_string_are_innocent(payload: bytes) -> None:
    string = b"$%d\r\n%s\r\n" % (len(payload), payload)
    wires = [
        string * 2 + b":1\r\n",
        b"*2\r\n" + string + string + b"+OK\r\n",
        b"$900\r\n" + b"x" * 900 + b"\r\n" + string * 3,
    ]
    for wire in wires:
        expected = [exactly(ours(value)) for value in parse(wire)]
        for chunks in slicings(wire):
            assert [exactly(value) for value in decode(Decoder(encoding=None), chunks)] == expected


@pytest.mark.parametrize(
    "text", [b"*99999999", b"|1", b">10000 ", b"$5", b"+", b"*", b"-", b"$", b":+*12345", b"|" * 1023]
)
@pytest.mark.parametrize("kind", [b"+", b"-"])
def test_the_text_of_a_line_is_innocent(kind: bytes, text: bytes) -> None:
    wire = kind + text + b"\r\n*1\r\n" + kind + text + b"\r\n:1\r\n"
    expected = [exactly(ours(value)) for value in parse(wire)]
    for chunks in slicings(wire):
        assert [exactly(value) for value in decode(Decoder(encoding=None), chunks)] == expected


def test_a_string_of_known_length_is_stepped_over_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    inspected = []
    inspect = Guard._inspect

    def spy(guard: Guard, data: bytes) -> bytes:
        inspected.append(len(data))
        return inspect(guard, data)

    monkeypatch.setattr(Guard, "_inspect", spy)
    payload = b"*~%>|" * 200_000
    wire = b"*2\r\n:1\r\n$%d\r\n" % len(payload) + payload + b"\r\n:1\r\n*0\r\n"
    assert decode(Decoder(encoding=None), cut(wire, 65536)) == [[1, payload], 1, []]
    assert len(inspected) == 1  # the first chunk only


def test_incomplete_is_what_is_missing_of_a_string() -> None:
    payload = b"*12345\r\n" * 100
    frame = b"$%d\r\n%s\r\n" % (len(payload), payload)
    for before in (b"", b"*2\r\n:1\r\n", b":1\r\n" * 400, b"+OK"):
        start = before + (b"\r\n" if before == b"+OK" else b"") + frame
        header = len(start) - len(payload) - 2
        for size in (1, 3, 50, 1000, len(start)):
            decoder = Decoder(encoding=None)
            for at in range(0, len(start), size):
                decode(decoder, [start[at : at + size]])
                seen = min(at + size, len(start))
                assert decoder.incomplete == (len(start) - seen if seen >= header else 0)


def test_a_chunk_that_was_not_drained_is_no_problem() -> None:
    wire = (
        b"+one\r\n$1500\r\n"
        + b"*" * 1500
        + b"\r\n*2\r\n+two\r\n$4\r\nthre\r\n|1\r\n+a\r\n+b\r\n:4\r\n"
        + b":5\r\n" * 600
    )
    for size in (1, 2, 7, 100, 1024):
        decoder = Decoder(encoding=None)
        for chunk in cut(wire, size):
            decoder.feed(chunk)
        values = []
        while (value := decoder.get()) is not NOT_READY:
            values.append(value)
        decoder.settle()
        assert values == [b"one", b"*" * 1500, [b"two", b"thre"], 4, *[5] * 600]


# -- strings that do not end where they should -------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"XY", b"\n+", b"\n*", b"X$", b"\r$", b"\n\r", b"$1"])
def test_a_string_without_its_line_end_is_noticed_where_a_chunk_ends(end: bytes) -> None:
    for size in (1, 1017, 5000):
        string = b"$%d\r\n" % size + b"x" * size + end
        for chunks in ([string], [string[:-5], string[-5:]], [string[:-1], string[-1:]]):
            values = decode(Decoder(encoding=None), [*chunks, b"+OK\r\n"])
            assert values[:-1] in (
                [b"x" * size],
                [],
            )  # not complete, if its end was held back for looking like a header
            assert type(values[-1]) is ProtocolError


def test_a_string_without_its_line_end_cannot_hide_a_header() -> None:
    # hiredis takes the plus sign for the second byte of a line end and keeps what is behind it; seen from there, it
    # looks like the type byte of a line, so that the large header would be in a line.
    for size in (1, 1017, 1020, 5000):
        string = b"$%d\r\n" % size + b"x" * size + b"\n+"
        for rest in (b"$5\r\n+a", b"$5\r\n+", b"+a", b":1\r\n$5\r\n+a"):
            tap = Tap()
            assert receive(guarded(tap), tap, [string + rest, b"bcdXX*99999999\r\n", b"bcdXX*99999999\r\n"])
            check_what_was_fed(bytes(tap.fed), 0)


# -- attributes --------------------------------------------------------------------------------------------------------

ATTRIBUTES = [
    b"|0\r\n",
    b"|1\r\n+k\r\n+v\r\n",
    b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n",
    b"|2\r\n+k\r\n%1\r\n:1\r\n~1\r\n:2\r\n+l\r\n$-1\r\n",
    b"|1\r\n|1\r\n+inner\r\n:1\r\n+k\r\n*1\r\n|1\r\n+inner\r\n:1\r\n:2\r\n",
    b"|1\r\n$12\r\n|1\r\n+a\r\n+b\r\n\r\n+*99999\r\n",
    b"|1\r\n+k\r\n$1500\r\n" + b"|1\r\n*" * 300 + b"\r\n",
    b"|1\r\n*-1\r\n_\r\n",
    b"|1\r\n+first\r\n:1\r\n|1\r\n+second\r\n:2\r\n",
]


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda attribute: repr(attribute[:40]))
def test_attributes_are_dropped_wherever_they_are(attribute: bytes) -> None:
    template = [
        b"{}+OK\r\n{}-ERR bad\r\n{}>2\r\n+push\r\n:1\r\n{}*2\r\n{}:1\r\n{}$1\r\nx\r\n+end\r\n{}",
        b"{}%1\r\n{}+k\r\n{}~1\r\n{}:5\r\n+end\r\n{}",
        b"{}{}+OK\r\n$6\r\n|1\r\n:1\r\n{}+end\r\n",
        b":1\r\n" * 300 + b"{}$1100\r\n" + b"|" * 1100 + b"\r\n{}+end\r\n",
    ]
    for wire in template:
        expected = [exactly(ours(value)) for value in parse(wire.replace(b"{}", b""))]
        for chunks in slicings(wire.replace(b"{}", attribute)):
            assert [exactly(value) for value in decode(Decoder(encoding=None), chunks)] == expected


def test_large_attributes_are_refused() -> None:
    big = b"|1\r\n+k\r\n$%d\r\n%s\r\n" % (MAX_ATTRIBUTE, b"x" * MAX_ATTRIBUTE)
    many = b"|1\r\n+k\r\n*20000\r\n" + b":1\r\n" * 20000
    for wire in (
        b"|-1\r\n",
        b"|99999999\r\n",
        b"|18446744073709551617\r\n",
        b"|1\r\n+k\r\n*99999999\r\n",
        b"|1\r\n|-1\r\n",
        big,
        many,
    ):
        for size in (1000, 65536, 10**6):
            before, *others = decode(Decoder(encoding=None), cut(b"+before\r\n" + wire + b"+reply\r\n", size))
            assert before == b"before"
            assert [type(value) for value in others] == [ProtocolError]


def test_an_attribute_as_large_as_allowed_passes() -> None:
    payload = b"x" * (MAX_ATTRIBUTE - 100)
    wire = b"|1\r\n+k\r\n$%d\r\n%s\r\n+reply\r\n" % (len(payload), payload)
    for size in (1000, 65536, 10**6):
        assert decode(Decoder(encoding=None), cut(wire, size)) == [b"reply"]


@pytest.mark.parametrize("kind", [b">", b"*"])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("large", [b">100000000\r\n", b"*100000000\r\n", b"~100000000\r\n", b"%100000000\r\n"])
def test_a_large_aggregate_among_messages_is_refused(kind: bytes, place: str, large: bytes) -> None:
    message = kind + b"3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$20\r\n" + b"x" * 20 + b"\r\n"
    before, behind = {"first": (0, 20), "middle": (10, 10), "last": (20, 0)}[place]
    tap = Idle()
    error = receive(guarded(tap), tap, [message * before + large + message * behind])
    assert error is not None
    assert bytes(tap.fed) == message * before


@pytest.mark.parametrize("kind", [b">", b"*"])
def test_messages_alone_are_not_searched(kind: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is searched costs several times as much; a message that is cut off at the end changes nothing."""
    message = kind + b"3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$20\r\n" + b"x" * 20 + b"\r\n"
    searched: list[bytes] = []
    monkeypatch.setattr(guard_module, "_Search", lambda data, digits: searched.append(data))
    for cut in range(1, len(message)):
        tap = Tap()
        guard = guarded(tap)
        stream = message * 20
        assert receive(guard, tap, [stream[: 400 + cut]]) is None
        assert searched == []
