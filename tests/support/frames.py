"""A corpus of RESP frames, and what a client that decodes nothing may deliver for them.

``VALID`` frames each hold exactly one reply, and perhaps pushes and attributes. ``INVALID`` ones are no RESP.
``LENIENT`` ones are none either, but are one reply to hiredis, and what follows stays in step. ``UNTERMINATED`` ones
are a string that does not end where it says, which is found at the latest in what is behind it. ``REFUSED`` ones are
RESP, but no Python value can stand for them, or no server sends them. ``mutated`` makes new ones of all these.
"""

import random
from collections.abc import Iterator
from typing import Any

from redis_aio._resp.errors import reply_error
from tests.support.reference_parser import (
    NOT_READY,
    BigNumber,
    ErrorReply,
    Invalid,
    MapReply,
    PushFrame,
    ReferenceParser,
    SetReply,
    Verbatim,
)

LEAVES = [
    b"+OK\r\n",
    b"+\r\n",
    b"+*100000000 |1 $5 >2\r\n",
    b"+\xff\xfe\r\n",
    b"-ERR bad\r\n",
    b"-\r\n",
    b"-WRONGTYPE Operation against a key\r\n",
    b"-ERR \xff\r\n",
    b":0\r\n",
    b":-1\r\n",
    b":9223372036854775807\r\n",
    b":-9223372036854775808\r\n",
    b"$0\r\n\r\n",
    b"$3\r\nabc\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"$9\r\n*1\r\n+OK\r\n\r\n",
    b"$12\r\n|1\r\n>2\r\n%1\r\n\r\n",
    b"$2\r\n\r\n\r\n",
    b"_\r\n",
    b"#t\r\n",
    b"#f\r\n",
    b",1.5\r\n",
    b",-1e10\r\n",
    b",10\r\n",
    b",inf\r\n",
    b",-inf\r\n",
    b",nan\r\n",
    b"(12345678901234567890123456789\r\n",
    b"(-12345678901234567890123456789\r\n",
    b"=8\r\ntxt:abcd\r\n",
    b"=4\r\nmkd:\r\n",
    b"*0\r\n",
    b"~0\r\n",
    b"%0\r\n",
]
_ATTRIBUTE = b"|1\r\n+popularity\r\n*2\r\n$3\r\nkey\r\n,0.5\r\n"
_PUSH = b">3\r\n+message\r\n$1\r\nc\r\n*2\r\n:1\r\n_\r\n"

VALID = [
    *LEAVES,
    *[b"*3\r\n:1\r\n" + leaf + b"+end\r\n" for leaf in LEAVES],
    *[b"~2\r\n" + leaf + b"*1\r\n" + leaf for leaf in LEAVES],
    *[b"%2\r\n+key\r\n" + leaf + b"$3\r\nabc\r\n*1\r\n%1\r\n:1\r\n" + leaf for leaf in LEAVES],
    *[_ATTRIBUTE + leaf for leaf in LEAVES[::4]],
    *[b"|1\r\n+key\r\n" + leaf + b"+value\r\n" for leaf in LEAVES[1::4]],
    *[b">2\r\n+whatever\r\n" + leaf + b":1\r\n" for leaf in LEAVES[2::4]],
    *[b"%1\r\n" + key + b":1\r\n" for key in (b":1\r\n", b"#t\r\n", b",1.5\r\n", b"_\r\n", b"(12\r\n", b"$0\r\n\r\n")],
    # attributes and pushes, in every place where they may be
    _ATTRIBUTE + b"-ERR annotated\r\n",
    _ATTRIBUTE + _ATTRIBUTE + b"+twice\r\n",
    _ATTRIBUTE + _PUSH + b"+reply\r\n",
    _PUSH + _ATTRIBUTE + b"+reply\r\n",
    _PUSH + _PUSH + b"*1\r\n" + _ATTRIBUTE + b":1\r\n",
    b"+reply\r\n" + _PUSH,
    b"*2\r\n" + _ATTRIBUTE + b":1\r\n" + _ATTRIBUTE + b":2\r\n",
    b"*1\r\n" + _ATTRIBUTE + b"-ERR annotated\r\n",
    b"%1\r\n" + _ATTRIBUTE + b"+key\r\n" + _ATTRIBUTE + b"*0\r\n",
    b"~1\r\n*1\r\n" + _ATTRIBUTE + b"$0\r\n\r\n",
    b"|0\r\n+none\r\n",
    b"|1\r\n" + _ATTRIBUTE + b"+key\r\n+value\r\n" + b"+nested\r\n",
    b"|1\r\n%1\r\n:1\r\n:2\r\n*1\r\n:3\r\n" + b"+odd key\r\n",
    # long ones
    b"*300\r\n" + b":1\r\n" * 300,
    b"%150\r\n" + b"".join(b":%d\r\n+v\r\n" % number for number in range(150)),
    b"$864\r\n" + b"*10000\r\n|1\r\n" * 72 + b"\r\n",
    b"*1\r\n" * 60 + b":1\r\n",
    b"*12\r\n" + b"*12\r\n%1\r\n+k\r\n~1\r\n_\r\n" + b"*0\r\n" * 11 + b"*0\r\n" * 11,
]

INVALID = [
    b"\r\n",
    b"\n",
    b"\x00",
    b"x\r\n",
    b"OK\r\n",
    b"HTTP/1.1 400 Bad Request\r\n",
    b"?1\r\n",
    b";4\r\nabcd\r\n",
    b".\r\n",
    b"$\r\n",
    b"$x\r\n",
    b"$?\r\n",
    b"$-2\r\n",
    b"$-\r\n",
    b"$1x\r\na\r\n",
    b"$ 1\r\na\r\n",
    b"$99999999999999999999\r\n",
    b"$18446744073709551616\r\n",
    b"*\r\n",
    b"*?\r\n",
    b"*x\r\n",
    b"*-2\r\n",
    b"*1 \r\n",
    b"*1\n\r\n",
    b"*18446744073709551616\r\n",
    b"~?\r\n",
    b"~-2\r\n",
    b"%?\r\n",
    b"%-2\r\n",
    b">?\r\n",
    b"|?\r\n+OK\r\n",
    b"|-1\r\n+OK\r\n",
    b":\r\n",
    b":x\r\n",
    b":1.5\r\n",
    b":1 \r\n",
    b":--1\r\n",
    b"#\r\n",
    b"#x\r\n",
    b"#tt\r\n",
    b"_x\r\n",
    b",\r\n",
    b",x\r\n",
    b",1.5x\r\n",
    b",infinity\r\n",
    b"(x\r\n",
    b"(1.5\r\n",
    b"=3\r\ntxt\r\n",
    b"=5\r\ntxt-x\r\n",
    b"+a\nb\r\n",
    b"-a\nb\r\n",
    b"*1\r\n*1\r\n$x\r\n",
    b"%1\r\n:1\r\n$?\r\n",
    b"*2\r\n:1\r\nx\r\n",
    _ATTRIBUTE + b"x\r\n",
    _PUSH + b"?\r\n",
]

LENIENT = [b"~-1\r\n", b"%-1\r\n", b">-1\r\n", b"=-1\r\n", b"(\r\n"]

UNTERMINATED = [b"$1\r\nab\r\n", b"$0\r\na\r\n", b"*2\r\n$1\r\nab\r\n:1\r\n", b"=5\r\ntxt:abc\r\n"]

REFUSED = [
    b"!9\r\nERR wrong\r\n",
    b"*1\r\n!9\r\nERR wrong\r\n",
    b"%1\r\n*1\r\n:1\r\n:2\r\n",
    b"%1\r\n*0\r\n:2\r\n",
    b"%1\r\n%1\r\n:1\r\n:2\r\n:3\r\n",
    b"%1\r\n~0\r\n:2\r\n",
    b"*1\r\n%2\r\n:1\r\n:2\r\n*0\r\n:3\r\n",
    b"$2147483648\r\n",
    b"*16777217\r\n",
    b">10000\r\n",
]


def replies(data: bytes) -> tuple[list[Any], bool]:
    """Return the replies the reference parser finds, pushes left out, and whether all of the bytes are lawful."""
    parser = ReferenceParser()
    parser.feed(data)
    found = []
    try:
        while (value := parser.get()) is not NOT_READY:
            if not isinstance(value, PushFrame):
                found.append(value)
    except (Invalid, RecursionError, ValueError):  # int() has its own opinion on thousands of digits
        return found, False
    return found, True


def matches(value: Any, reference: Any) -> bool:
    """Tell whether what the client delivered is what the reference parser found."""
    match reference:
        case ErrorReply(text):
            expected = reply_error(text.decode("utf-8", "replace"))
            return type(value) is type(expected) and str(value) == str(expected)
        case BigNumber(number):
            return type(value) is bytes and int(value) == number
        case Verbatim(_, text):
            return matches(value, text)
        case SetReply(items) | list(items):
            return type(value) is list and len(value) == len(items) and all(map(matches, value, items))
        case MapReply(pairs):
            return type(value) is dict and _same_pairs(value, pairs)
        case _:  # 1 is not True, nan is nan
            return type(value) is type(reference) and repr(value) == repr(reference)


def _same_pairs(value: dict[Any, Any], pairs: list[tuple[Any, Any]]) -> bool:
    if len(value) == len(pairs):
        return all(matches(key, k) and matches(value[key], v) for key, (k, v) in zip(value, pairs, strict=True))
    # Keys that Python holds to be equal have become one.
    return len(value) < len(pairs) and all(any(matches(key, k) for k, _ in pairs) for key in value)


_ALPHABET = [
    *[bytes([byte]) for byte in b"+-:$*~%>|,#_(=!?0123456789\r\n\x00\xffxtf"],
    b"\r\n",
    b"\r\n+",
    b"-1\r\n",
    b"*1\r\n",
]


def mutated(chance: random.Random, frames: int) -> Iterator[bytes]:
    """Yield so many frames of the corpus, most of them as they are, some of them damaged."""
    corpus = [*VALID * 8, *INVALID, *LENIENT, *UNTERMINATED, *REFUSED]
    for _ in range(frames):
        frame = bytearray(chance.choice(corpus))
        for _ in range(chance.choice([*[0] * 12, 1, 1, 1, 2, 5])):
            _damage(chance, frame)
        yield bytes(frame)


def _damage(chance: random.Random, frame: bytearray) -> None:
    at = chance.randrange(len(frame) + 1)
    match chance.randrange(6):
        case 0:
            del frame[at : at + chance.choice([1, 1, 2, 5])]
        case 1:
            frame[at:at] = chance.choice(_ALPHABET)
        case 2:
            frame[at : at + 1] = chance.choice(_ALPHABET)
        case 3:
            frame[at:at] = frame[at : at + chance.randrange(1, 12)]
        case 4:
            frame[at:at] = chance.choice(LEAVES)
        case _:
            del frame[at:]
