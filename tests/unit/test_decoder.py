"""Bytes to replies, held against a slow parser that knows no tricks, however the bytes are cut."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hiredis import PushNotification

from redis_aio._resp.decoder import NOT_READY, Decoder, parser_failure
from redis_aio._resp.errors import reply_error
from redis_aio.exceptions import ProtocolError, ReplyDecodeError, ResponseError, WrongTypeError
from tests.support.reference_parser import (
    BigNumber,
    ErrorReply,
    Invalid,
    MapReply,
    PushFrame,
    SetReply,
    Verbatim,
    parse,
)

#: What redis-server 8.0 sent, attributes and pushes included.
RECORDED = [
    b"$11\r\nHello World\r\n",
    b":12345\r\n",
    b",3.141\r\n",
    b"_\r\n",
    b"*3\r\n:0\r\n:1\r\n:2\r\n",
    b"~3\r\n:0\r\n:1\r\n:2\r\n",
    b"%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n",
    b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$39\r\nSome real reply following the attribute\r\n",
    b"$40\r\nSome real reply following the push reply\r\n>2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n",
    b"=29\r\ntxt:This is a verbatim\nstring\r\n",
    b"#t\r\n#f\r\n",
    b"(1234567999999999999999999999999999999\r\n",
    b"%1\r\n$1\r\na\r\n:1\r\n",
    b",1.5\r\n,inf\r\n,-inf\r\n,nan\r\n",
    b"(123\r\n",
    b"=7\r\nmkd:# x\r\n",
    b"-MY error\r\n",
    b"~1\r\n$1\r\na\r\n",
    b"*0\r\n",
    b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
    b":1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n",
    b"%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$2\r\nid\r\n:5\r\n$7\r\nmodules\r\n*1\r\n%2\r\n$4\r\nname\r\n$9\r\nvectorset\r\n"
    b"$4\r\nargs\r\n*0\r\n",
]

_LEAVES = [
    b"+OK\r\n",
    b"+\r\n",
    b"+*99999999 |1 $5\r\n",
    b"-ERR bad\r\n",
    b"-\r\n",
    b"-WRONGTYPE Operation against a key\r\n",
    b"-MOVED nonsense\r\n",
    b"-ERR \xff\xfe\r\n",
    b":0\r\n",
    b":-1\r\n",
    b":9223372036854775807\r\n",
    b":-9223372036854775808\r\n",
    b"$0\r\n\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"$1\r\n\xff\r\n",
    b"$2\r\n\r\n\r\n",
    b"$11\r\n*99999999\r\n\r\n",
    b"$4\r\n|1\r\n\r\n",
    b"$3\r\n+OK\r\n",
    b"_\r\n",
    b"#t\r\n",
    b"#f\r\n",
    b",1\r\n",
    b",-0.5e3\r\n",
    b",inf\r\n",
    b",-inf\r\n",
    b",nan\r\n",
    b"(1\r\n",
    b"(-" + b"9" * 400 + b"\r\n",
    b"=4\r\ntxt:\r\n",
    b"=8\r\nmkd:*1\r\n\r\n",
    b"*0\r\n",
    b"~0\r\n",
    b"%0\r\n",
]

VALID = [
    *RECORDED,
    *_LEAVES,
    b">0\r\n",
    *[b"*2\r\n" + leaf + b":7\r\n" for leaf in _LEAVES],
    *[b"~1\r\n" + leaf for leaf in _LEAVES],
    *[b"%1\r\n$1\r\nk\r\n" + leaf for leaf in _LEAVES],
    *[b">2\r\n+kind\r\n" + leaf for leaf in _LEAVES],
    *[b"|1\r\n+attribute\r\n" + leaf + b"+value\r\n" for leaf in _LEAVES],
    *[
        b"%1\r\n" + key + b":1\r\n"
        for key in (b":1\r\n", b"#t\r\n", b",1.5\r\n", b"_\r\n", b"(12\r\n", b"-ERR key\r\n")
    ],
    b"*3\r\n*2\r\n:1\r\n%1\r\n+k\r\n~2\r\n:1\r\n$1\r\na\r\n*0\r\n=5\r\ntxt:x\r\n",
    b"*1000\r\n" + b":1\r\n" * 1000,
    b"*10000\r\n" + b"_\r\n" * 10000,
    b"%10000\r\n" + b"".join(b":%d\r\n+v\r\n" % number for number in range(10000)),
    b"$60000\r\n" + b"*10000\r\n|1\r\n" * 5000 + b"\r\n",
]

INVALID = [
    b"\r\n",
    b"\n",
    b"x\r\n",
    b"OK\r\n",
    b"\x00",
    b"?1\r\n",
    b";4\r\nabcd\r\n",
    b".\r\n",
    b"$\r\n",
    b"$x\r\n",
    b"$?\r\n",
    b"$-2\r\n",
    b"$1x\r\na\r\n",
    b"$ 1\r\na\r\n",
    b"$99999999999999999999\r\n",
    b"$18446744073709551616\r\n",
    b"*\r\n",
    b"*?\r\n",
    b"*x\r\n",
    b"*-2\r\n",
    b"*1 \r\n",
    b"*18446744073709551616\r\n",
    b"~?\r\n",
    b"~-2\r\n",
    b"%?\r\n",
    b"%-2\r\n",
    b">?\r\n",
    b">-2\r\n",
    b"|?\r\n+OK\r\n",
    b"|-1\r\n+OK\r\n",
    b":\r\n",
    b":x\r\n",
    b":1.5\r\n",
    b":1 \r\n",
    b"#x\r\n",
    b"#\r\n",
    b"#tt\r\n",
    b"_x\r\n",
    b",\r\n",
    b",x\r\n",
    b",1.5x\r\n",
    b"(x\r\n",
    b"(1.5\r\n",
    b"=3\r\ntxt\r\n",
    b"=5\r\ntxt-x\r\n",
    b"+a\nb\r\n",
    b"-a\nb\r\n",
    b"*1\r\n*1\r\n$x\r\n",
    b"%1\r\n:1\r\n$?\r\n",
]

#: Correct in the specification, refused here.
UNSUPPORTED = [
    b"!9\r\nERR wrong\r\n",
    b"*1\r\n!9\r\nERR wrong\r\n",
    b"%1\r\n*1\r\n:1\r\n:2\r\n",
    b"%1\r\n%1\r\n:1\r\n:2\r\n:3\r\n",
    b"%1\r\n~0\r\n:2\r\n",
    b"*1\r\n" * 1025 + b":1\r\n",
    b"$2147483648\r\n",
    b"*16777217\r\n",
    b">10000\r\n",
]


def ours(value: Any) -> Any:
    """Translate what the reference parser gives into what the decoder should."""
    match value:
        case ErrorReply(text):
            return reply_error(text.decode("utf-8", "replace"))
        case BigNumber(number):
            return str(number).encode()
        case Verbatim(_, text):
            return text
        case SetReply(items) | list(items):
            return [ours(item) for item in items]
        case PushFrame(items):
            return PushNotification(ours(item) for item in items)
        case MapReply(pairs):
            return {ours(key): ours(item) for key, item in pairs}
        case _:
            return value


def exactly(value: Any) -> Any:
    """Make a value comparable: 1 is not True, nan is nan, an error is its class and text."""
    match value:
        case BaseException():
            return (type(value).__name__, str(value), getattr(value, "status_code", None))
        case PushNotification():
            return ("push", [exactly(item) for item in value])
        case list():
            return [exactly(item) for item in value]
        case dict():
            return [(exactly(key), exactly(item)) for key, item in value.items()]
        case _:
            return (type(value).__name__, repr(value))


def decode(decoder: Decoder, chunks: list[bytes]) -> list[Any]:
    """Do what the connection does; the last value is a ``ProtocolError`` if that ended it."""
    values: list[Any] = []
    try:
        for chunk in chunks:
            decoder.feed(chunk)
            while True:
                try:
                    value = decoder.get()
                except UnicodeDecodeError as error:
                    value = parser_failure(error)
                if value is NOT_READY:
                    break
                values.append(value)
            decoder.settle()
    except Exception as error:
        values.append(parser_failure(error))
    return values


def slicings(data: bytes) -> Iterator[list[bytes]]:
    """Cut bytes in many ways: not at all, in two, in equal parts, at random."""
    yield [data]
    size = len(data)
    if size <= 120:
        for cut in range(1, size):
            yield [data[:cut], data[cut:]]
    steps = [1, 2, 3, 7] if size <= 5000 else []
    for step in [*steps, 1023, 1024, 1025, 65536]:
        yield [data[at : at + step] for at in range(0, size, step)]
    chance = random.Random(size)
    for _ in range(3):
        cuts = sorted({0, size, *(chance.randrange(size + 1) for _ in range(10))})
        yield [data[a:b] for a, b in itertools.pairwise(cuts)]


NONCES = [b"nonce-1", b"nonce-2", b"nonce-3"]
ECHOES = b"".join(b"$7\r\n%s\r\n" % nonce for nonce in NONCES)


@pytest.mark.parametrize("frame", VALID, ids=lambda frame: repr(frame[:40]))
def test_a_valid_frame_and_three_replies_behind_it(frame: bytes) -> None:
    expected = [exactly(ours(value)) for value in parse(frame + ECHOES)]
    for chunks in slicings(frame + ECHOES):
        assert [exactly(value) for value in decode(Decoder(encoding=None), chunks)] == expected, chunks


@pytest.mark.parametrize("frame", INVALID, ids=lambda frame: repr(frame[:40]))
def test_an_invalid_frame_ends_the_connection(frame: bytes) -> None:
    with pytest.raises(Invalid):
        parse(frame)
    _check_that_it_ends(frame)


@pytest.mark.parametrize("frame", UNSUPPORTED, ids=lambda frame: repr(frame[:40]))
def test_a_frame_that_is_not_supported_ends_the_connection(frame: bytes) -> None:
    _check_that_it_ends(frame)


def _check_that_it_ends(frame: bytes) -> None:
    for chunks in slicings(b"+before\r\n" + frame + ECHOES):
        before, *others = decode(Decoder(encoding=None), chunks)
        assert before == b"before"
        assert [type(value) for value in others] == [ProtocolError], chunks


@pytest.mark.parametrize("kind", [b"*1\r\n", b"~1\r\n", b">1\r\n", b"%1\r\n+k\r\n"], ids=repr)
@pytest.mark.parametrize("depth", [10, 1000, 1024])
def test_deep_replies_up_to_the_depth_that_is_supported(kind: bytes, depth: int) -> None:
    (value,) = decode(Decoder(encoding=None), [kind * depth + b":7\r\n"])
    for _ in range(depth):
        value = value[b"k"] if isinstance(value, dict) else value[0]
    assert value == 7


@pytest.mark.parametrize("kind", [b"*1\r\n", b"~1\r\n", b">1\r\n", b"%1\r\n+k\r\n", b"|1\r\n+k\r\n"], ids=repr)
@pytest.mark.parametrize("depth", [1025, 1_000_000])
def test_deeper_replies_end_the_connection(kind: bytes, depth: int) -> None:
    wire = b"+before\r\n" + kind * depth + b":7\r\n"
    for chunks in ([wire], [wire[at : at + 65536] for at in range(0, len(wire), 65536)]):
        before, *others = decode(Decoder(encoding=None), chunks)
        assert before == b"before"
        if kind[:1] == b"|" and depth == 1025:
            assert others == []  # still waiting for the values of the outer ones
        else:
            assert [type(value) for value in others] == [ProtocolError]


# -- strings -----------------------------------------------------------------------------------------------------------


def test_strings_are_decoded_in_every_place() -> None:
    text = "é".encode()
    wire = b"+%b\r\n$2\r\n%b\r\n%%1\r\n$2\r\n%b\r\n~1\r\n=6\r\ntxt:%b\r\n" % (text, text, text, text)
    wire += b"(12\r\n>2\r\n+m\r\n$2\r\n%b\r\n" % text
    for chunks in slicings(wire):
        assert decode(Decoder(encoding="utf-8"), chunks) == ["é", "é", {"é": ["é"]}, "12", ["m", "é"]]
    assert decode(Decoder(encoding="latin-1"), [b"$2\r\n\xc3\xa9\r\n"]) == ["Ã©"]


UNDECODABLE = [
    b"$2\r\na\xff\r\n",
    b"+a\xff\r\n",
    b"=6\r\ntxt:a\xff\r\n",
    b"*3\r\n:1\r\n$2\r\na\xff\r\n$1\r\n\xfe\r\n",
    b"*1\r\n*1\r\n~1\r\n+a\xff\r\n",
    b"%1\r\n$2\r\na\xff\r\n:1\r\n",
    b"%1\r\n:1\r\n$2\r\na\xff\r\n",
]


@pytest.mark.parametrize("frame", UNDECODABLE, ids=repr)
def test_an_undecodable_string_fails_its_reply_and_no_other(frame: bytes) -> None:
    for chunks in slicings(b"$4\r\ngood\r\n" + frame + b"$3\r\n\xe2\x98\x83\r\n" + frame + b"+OK\r\n"):
        values = decode(Decoder(encoding="utf-8"), chunks)
        assert [type(value) for value in values] == [str, ReplyDecodeError, str, ReplyDecodeError, str], chunks
        assert values[::2] == ["good", "\N{SNOWMAN}", "OK"]
        assert values[1].raw == b"a\xff"
        assert (values[1].encoding, values[1].start, values[1].end) == ("utf-8", 1, 2)


def test_the_first_undecodable_byte_is_named() -> None:
    (error,) = decode(Decoder(encoding="utf-8"), [b"*2\r\n$5\r\nok\xff\xfe\xfd\r\n$1\r\n\xfc\r\n"])
    assert str(error) == "'utf-8' codec can't decode byte 0xff in position 2: invalid start byte"
    assert (error.raw, error.start, error.end) == (b"ok\xff\xfe\xfd", 2, 3)


def test_an_undecodable_push_is_no_failed_reply() -> None:
    wire = (
        b">3\r\n+message\r\n$1\r\n\xff\r\n*3\r\n$1\r\n\xfe\r\n+\xc3\xa9\r\n%1\r\n+\xff\r\n:1\r\n+OK\r\n$1\r\n\xff\r\n"
    )
    for chunks in slicings(wire):
        push, reply, failed = decode(Decoder(encoding="utf-8"), chunks)
        assert type(push) is PushNotification
        assert push == ["message", b"\xff", [b"\xfe", "é", {b"\xff": 1}]]
        assert reply == "OK"
        assert type(failed) is ReplyDecodeError


def test_an_undecodable_string_does_not_fail_another_connection() -> None:
    first, second = Decoder(encoding="utf-8"), Decoder(encoding="utf-8")
    assert decode(first, [b"*2\r\n$1\r\n\xff\r\n"]) == []
    assert decode(second, [b"+fine\r\n"]) == ["fine"]
    assert [type(value) for value in decode(first, [b":1\r\n"])] == [ReplyDecodeError]
    assert decode(second, [b"+fine\r\n"]) == ["fine"]
    # the reader dies in the middle of a reply whose key could not be decoded
    third = decode(first, [b"%2\r\n$1\r\n\xff\r\n:1\r\n*0\r\n:1\r\n"])
    assert [type(value) for value in third] == [ProtocolError]
    assert decode(second, [b"+fine\r\n"]) == ["fine"]


def test_an_encoding_without_escapes_fails_the_reply_as_well() -> None:
    values = decode(Decoder(encoding="utf-16-le"), [b"$3\r\na\0b\r\n$2\r\na\0\r\n"])
    assert [type(value) for value in values] == [ReplyDecodeError, str]
    assert values[0].raw == b"a\0b"


def test_another_error_handler_is_used() -> None:
    assert decode(Decoder(encoding="utf-8", errors="replace"), [b"$2\r\na\xff\r\n"]) == ["a\ufffd"]
    assert decode(Decoder(encoding="utf-8", errors="surrogateescape"), [b"$2\r\na\xff\r\n"]) == ["a\udcff"]


def test_an_unknown_encoding_is_refused_at_once() -> None:
    with pytest.raises(LookupError):
        Decoder(encoding="no-such-encoding")
    with pytest.raises(LookupError):
        Decoder(encoding="utf-8", errors="no-such-handler")


@pytest.mark.parametrize("encoding", [None, "utf-8"])
def test_one_reply_without_decoding(encoding: str | None) -> None:
    decoder = Decoder(encoding=encoding)
    decoder.feed(b"$1\r\n\xff\r\n*1\r\n$1\r\nx\r\n+OK\r\n")
    assert decoder.get(False) == b"\xff"
    assert decoder.get(False) == [b"x"]
    assert decoder.get() == ("OK" if encoding else b"OK")
    assert decoder.get(False) is NOT_READY


@pytest.mark.parametrize("encoding", [None, "utf-8"])
def test_error_texts_are_always_text(encoding: str | None) -> None:
    decoder = Decoder(encoding=encoding)
    decoder.feed(b"-WRONGTYPE not \xff that\r\n*1\r\n-ERR \xc3\xa9\r\n+OK\r\n")
    error, nested = decoder.get(), decoder.get()[0]
    assert type(error) is WrongTypeError
    assert str(error) == "WRONGTYPE not \ufffd that"
    assert type(nested) is ResponseError
    assert str(nested) == "é"
    assert decoder.get() in ("OK", b"OK")


# -- failures ----------------------------------------------------------------------------------------------------------


def test_false_is_a_reply() -> None:
    decoder = Decoder(encoding=None)
    decoder.feed(b"#f\r\n_\r\n")
    assert decoder.get() is False
    assert decoder.get() is None
    assert decoder.get() is NOT_READY
    assert repr(NOT_READY) == "NOT_READY"


def test_what_becomes_of_failures() -> None:
    own = ProtocolError("own")
    assert parser_failure(own) is own
    undecodable = parser_failure(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "because"))
    assert isinstance(undecodable, ReplyDecodeError)
    assert undecodable.raw == b"\xff"
    assert str(parser_failure(TypeError("unhashable type: 'list'"))) == "a map reply has a key that Python cannot hash"
    assert str(parser_failure(MemoryError("secret"))) == "the parser failed with MemoryError"
