"""Stepping over the items of a RESP stream without parsing them.

Items are strung together flat: an aggregate is its header, then its elements, so that its nesting does not matter to
where items begin. The rules are hiredis' own, which does not look at the two bytes behind the payload of a string.
"""

import sys
from typing import Final

from redis_aio.exceptions import ProtocolError

#: Bytes of one string.
MAX_STRING: Final = (1 << 31) - 1
#: Bytes of one attribute with everything in it.
MAX_ATTRIBUTE: Final = 1 << 16

LF: Final = ord("\n")
ATTRIBUTE: Final = ord("|")
PUSH: Final = ord(">")
#: Types whose item is a line with a length, and a payload of that length.
STRINGS: Final = frozenset(b"$=")
#: Types whose item, as far as stepping is concerned, is a line with a number.
AGGREGATES: Final = frozenset(b"*~%>|")
PAIRS: Final = frozenset(b"%|")
#: Types whose item is a line.
LINES: Final = frozenset(b"+-:,#_(")


def number(text: bytes) -> int:
    """Read the number of a header."""
    digits = text[1:] if text[:1] == b"-" else text
    if not digits.isdigit() or len(digits) > 20:
        raise ProtocolError("a reply has a length that is not a number")
    return int(text)


def step(data: bytes, at: int) -> int:
    """Return the boundary behind the item that begins at ``at``; ``at`` itself if its line is not complete.

    The boundary of a string that is not complete is beyond the end of the data.
    """
    end = data.find(b"\r\n", at + 1)
    if end < 0:
        return at
    kind = data[at]
    if kind in STRINGS:
        length = number(data[at + 1 : end])
        if length > MAX_STRING:
            raise ProtocolError(f"a string reply is longer than {MAX_STRING} bytes")
        return end + 2 if length < 0 else end + length + 4
    if kind in LINES or kind in AGGREGATES:
        return end + 2
    raise ProtocolError("a reply has an unknown type")


def walk(data: bytes, at: int, until: int, large: int = sys.maxsize, items: int = sys.maxsize) -> int:
    """Step over items until the boundary is ``until`` or behind it, and return the boundary.

    Stops before that at a line that is not complete, at the header of an attribute, or of an aggregate whose line is
    ``large`` bytes long or longer, and after so many ``items``.
    """
    find = data.find
    while at < until and items:
        end = find(b"\r\n", at + 1)
        kind = data[at]
        if end < 0 or (kind in AGGREGATES and (kind == ATTRIBUTE or end - at >= large)):
            break
        at = step(data, at)
        items -= 1
    return at


class Attribute:
    """An attribute of a reply, taken off the stream as it arrives."""

    __slots__ = ("_at", "_data", "_items")

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0
        self._items = 0

    def feed(self, data: bytes) -> bytes | None:
        """Take more bytes, the first of them its type byte; return what is behind its end, or ``None`` before that.

        Raises:
            ProtocolError: it is too large.
        """
        return None
