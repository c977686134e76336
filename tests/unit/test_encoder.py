"""Commands to bytes: what the server would read, and what is refused before a byte is written."""

import array
import enum
import math
from typing import Any

import pytest

from redis_aio._consumer import sent
from redis_aio._options import Options
from redis_aio._resp.encoder import flattened, pack, pack_encoded
from redis_aio.exceptions import DataError
from redis_aio.pubsub.messages import encoded
from tests.support.reference_parser import parse


class Level(enum.IntEnum):
    HIGH = 3


class Colour(enum.StrEnum):
    RED = "red"


class Shouting(str):
    __slots__ = ()

    def __str__(self) -> str:
        return self.upper() + "!"


class Odd(float):
    def __repr__(self) -> str:
        return "Odd()"


class OddNumber(int):
    def __repr__(self) -> str:
        return "OddNumber()"

    __str__ = __repr__


def name(value: object) -> str:
    return repr(value[:20]) if isinstance(value, bytes) else type(value).__name__


ACCEPTED = [
    ("text", b"text"),
    ("", b""),
    ("\r\n$3\r\n", b"\r\n$3\r\n"),
    ("nul\0", b"nul\0"),
    ("snow \u2603 \U0001f600", "snow \u2603 \U0001f600".encode()),
    (b"\x00\xff\r\n", b"\x00\xff\r\n"),
    (bytearray(b"array"), b"array"),
    (memoryview(b"abcdef"), b"abcdef"),
    (memoryview(b"abcdef")[::2], b"ace"),
    (memoryview(b"abcdef")[::-1], b"fedcba"),
    (memoryview(b"abcdef")[2:4], b"cd"),
    (memoryview(b"abcd").cast("B", (2, 2)), b"abcd"),
    (memoryview(array.array("H", [0x6161, 0x6262])), b"aabb"),
    (memoryview(b""), b""),
    (0, b"0"),
    (-5, b"-5"),
    (2**63, b"9223372036854775808"),
    (-(2**63), b"-9223372036854775808"),
    (10**300, b"1" + b"0" * 300),
    (1.0, b"1.0"),
    (0.1, b"0.1"),
    (1e22, b"1e+22"),
    (5e-324, b"5e-324"),
    (math.inf, b"inf"),
    (-math.inf, b"-inf"),
    (math.nan, b"nan"),
    (Level.HIGH, b"3"),
    (Colour.RED, b"red"),
    (Shouting("quiet"), b"quiet"),
    (Odd(2.5), b"2.5"),
    (OddNumber(7), b"7"),
]

REFUSED = [
    None,
    True,
    False,
    [1],
    (1,),
    {1},
    {"k": "v"},
    object(),
    1 + 2j,
    array.array("b", [1]),
    range(2),
    Ellipsis,
    str,
]


@pytest.mark.parametrize(("value", "sent"), ACCEPTED, ids=name)
def test_what_is_sent_for_an_argument(value: Any, sent: bytes) -> None:
    assert parse(pack(("SET",), ("key", value))) == [[b"SET", b"key", sent]]


@pytest.mark.parametrize(("value", "sent"), ACCEPTED, ids=name)
def test_one_argument_of_an_odd_type_does_not_change_the_others(value: Any, sent: bytes) -> None:
    packed = pack(("CONFIG", "SET"), (value, 1, "a", b"b", 2.5, value))
    assert parse(packed) == [[b"CONFIG", b"SET", sent, b"1", b"a", b"b", b"2.5", sent]]


def test_a_command_without_arguments() -> None:
    assert pack(("PING",), ()) == b"*1\r\n$4\r\nPING\r\n"


def test_an_empty_command_is_refused() -> None:
    with pytest.raises(DataError, match="needs a name"):
        pack((), ())


@pytest.mark.parametrize("value", REFUSED, ids=name)
def test_a_refused_argument_is_named_by_position_and_type(value: Any) -> None:
    with pytest.raises(DataError, match=rf"^argument 2 of SET is of type '{type(value).__name__}'"):
        pack(("SET",), ("key", value))


@pytest.mark.parametrize("value", ["lone \udcff secret", "\ud800 secret"])
def test_text_that_cannot_be_encoded_is_refused_without_being_quoted(value: str) -> None:
    with pytest.raises(DataError, match=r"^argument 3 of SET cannot be encoded as utf-8$") as caught:
        pack(("SET",), ("key", "good", value))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", [10**5000, -(10**5000), OddNumber(10**5000)], ids=["big", "negative", "subclass"])
def test_an_integer_of_thousands_of_digits_is_refused(value: int) -> None:
    with pytest.raises(DataError, match="argument 1 of INCRBY is an integer of more than 1024 bits"):
        pack(("INCRBY",), (value,))


def test_a_released_memoryview_is_refused() -> None:
    view = memoryview(b"secret")
    view.release()
    with pytest.raises(DataError, match="argument 1 of ECHO is a released memoryview"):
        pack(("ECHO",), (view,))


@pytest.mark.parametrize("words", [("GET secret",), ("\r\nsecret",), ("s\u00e9cret",), ("AUTH", "secret")])
def test_a_name_that_may_hold_arguments_is_not_quoted(words: tuple[str, ...]) -> None:
    with pytest.raises(DataError) as caught:
        pack(words, ([],))
    assert "secret" not in str(caught.value)
    assert "cret" not in str(caught.value)


def test_a_name_that_cannot_be_encoded_is_refused() -> None:
    with pytest.raises(DataError, match=r"^the name of the command cannot be encoded"):
        pack(("\udcff",), ("fine",))


def test_the_encoding_of_the_client_is_for_arguments_only() -> None:
    packed = pack_encoded(("SET",), ("\xe9", b"\xff", 5, Shouting("\xe9"), 1.5), "latin-1", "strict")
    assert parse(packed) == [[b"SET", b"\xe9", b"\xff", b"5", b"\xe9", b"1.5"]]
    assert parse(pack_encoded(("GET",), ("a",), "utf-16-le", "strict")) == [[b"GET", b"a\0"]]


def test_the_error_handler_of_the_client_is_used() -> None:
    assert parse(pack_encoded(("GET",), ("a\udcff",), "utf-8", "surrogateescape")) == [[b"GET", b"a\xff"]]
    assert parse(pack_encoded(("GET",), ("\u2603",), "ascii", "replace")) == [[b"GET", b"?"]]


def test_text_outside_the_encoding_of_the_client_is_refused_without_being_quoted() -> None:
    with pytest.raises(DataError, match=r"^argument 2 of SET cannot be encoded as latin-1$") as caught:
        pack_encoded(("SET",), ("key", "secret \u2603"), "latin-1", "strict")
    assert caught.value.__suppress_context__
    assert caught.value.__context__ is None


def test_a_mutable_argument_is_copied() -> None:
    value = bytearray(b"before")
    packed = pack(("SET",), ("key", value, memoryview(value)))
    value[:] = b"AFTER!"
    assert parse(packed) == [[b"SET", b"key", b"before", b"before"]]


def test_many_arguments_at_once() -> None:
    """They are what ``pack`` sends, or it is for ``pack`` to convert or to refuse them."""
    assert flattened([]) == []
    assert flattened([("abc", "é"), (), ("d",)]) == [b"abc", "é".encode(), b"d"]
    numbers = (7, -(1 << 1023), (1 << 1024) - 1, 1.5, 1e22, -0.0, float("inf"), float("nan"))
    for mixed in [("abc", b"defg"), (b"x",), numbers, ("%d", 1)]:
        flat = flattened([mixed])
        assert flat is not None
        assert pack(("X",), tuple(flat)) == pack(("X",), mixed)
    for odd in (True, None, bytearray(b"x"), memoryview(b"x"), "\ud800", 1 << 1024, type("Text", (str,), {})("x")):
        assert flattened([("abc",), (odd,)]) is None
        assert flattened([(odd,)]) is None


def test_names_that_cannot_be_encoded_are_in_no_context_of_the_error() -> None:
    with pytest.raises(DataError, match="group cannot be encoded as utf-8") as caught:
        sent("group", "g\ud800", Options())
    assert caught.value.__context__ is None
    with pytest.raises(DataError, match="channel cannot be encoded as utf-8") as caught:
        encoded("c\ud800", Options())
    assert caught.value.__context__ is None
