"""Stepping over the items of a RESP stream without parsing them.

Items are strung together flat: an aggregate is its header, then its elements, so that its nesting does not matter to
where items begin. The rules are hiredis' own, which does not look at the two bytes behind the payload of a string.
"""

import sys
from typing import Final

#: Bytes of one string.
MAX_STRING: Final = (1 << 31) - 1
#: Bytes of one attribute with everything in it.
MAX_ATTRIBUTE: Final = 1 << 16

LF: Final = ord("\n")
ATTRIBUTE: Final = ord("|")
PUSH: Final = ord(">")
_STRING: Final = ord("$")
#: Types whose item is a line with a length, and a payload of that length.
STRINGS: Final = frozenset(b"$=")
#: Types whose item, as far as stepping is concerned, is a line with a number.
AGGREGATES: Final = frozenset(b"*~%>|")
PAIRS: Final = frozenset(b"%|")
#: Types whose item is a line.
LINES: Final = frozenset(b"+-:,#_(")


class Refused(Exception):
    """An item is not RESP, or too large.

    Attributes:
        at: where it begins.
    """

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


def number(data: bytes | bytearray, at: int, end: int) -> int:
    """Read the number in the header that begins at ``at``; its line ends at ``end``."""
    text = data[at + 1 : end]
    digits = text[1:] if text[:1] == b"-" else text
    if not digits.isdigit() or len(digits) > 20:
        raise Refused("a reply has a length that is not a number", at)
    return int(text)


def step(data: bytes | bytearray, at: int) -> int:
    """Return the boundary behind the item that begins at ``at``; ``at`` itself if its line is not complete.

    The boundary of a string that is not complete is beyond the end of the data.

    Raises:
        Refused: it is no item.
    """
    end = data.find(b"\r\n", at + 1)
    if end < 0:
        return at
    kind = data[at]
    if kind in STRINGS:
        length = number(data, at, end)
        if length > MAX_STRING:
            raise Refused(f"a string reply is longer than {MAX_STRING} bytes", at)
        return end + 2 if length < 0 else end + length + 4
    if kind in LINES or kind in AGGREGATES:
        return end + 2
    raise Refused("a reply has an unknown type", at)


def walk(data: bytes, at: int, until: int, large: int = sys.maxsize, items: int = sys.maxsize) -> int:
    """Step over items until the boundary is ``until`` or behind it, and return the boundary.

    Stops before that at a line that is not complete, at the header of an attribute, or of an aggregate whose line is
    ``large`` bytes long or longer, and after so many ``items``.
    """
    find = data.find
    while at < until and items:
        end = find(b"\r\n", at + 1)
        if end < 0:
            break
        kind = data[at]
        if kind == _STRING and (length := data[at + 1 : end]).isdigit() and end - at < 10:
            at = end + int(length) + 4  # the common case of step()
        elif kind in AGGREGATES and (kind == ATTRIBUTE or end - at >= large):
            break
        else:
            at = step(data, at)
        items -= 1
    return at


def skip(data: bytes | bytearray, at: int, items: int) -> tuple[int, int]:
    """Step over so many items with everything in them; return the boundary, and how many are left if they are cut off.

    An item that is cut off itself is not stepped into.
    """
    if not 0 <= items <= MAX_ATTRIBUTE:
        raise Refused("an attribute of a reply is too large", at)
    size = len(data)
    while items:
        behind = step(data, at)
        if behind == at or behind > size:
            break
        kind = data[at]
        if kind in AGGREGATES:
            elements = number(data, at, behind - 2)
            if kind == ATTRIBUTE:
                if elements < 0:
                    raise Refused("an attribute has a length that is not a number", at)
                items += 1  # it is not an element, but in front of one
            items += max(0, elements) * (2 if kind in PAIRS else 1)
            if items > MAX_ATTRIBUTE:
                raise Refused("an attribute of a reply is too large", at)
        at = behind
        items -= 1
    return at, items


class Attribute:
    """An attribute of a reply, taken off the stream as it arrives.

    Args:
        data: the bytes that are there behind its header.
        items: how many items there are still in it.
        taken: how many bytes of it were taken already.
    """

    __slots__ = ("_data", "_items", "_taken")

    def __init__(self, data: bytes, items: int, taken: int) -> None:
        self._data = bytearray(data)
        self._items = items
        self._taken = taken

    def feed(self, data: bytes) -> bytes | None:
        """Take more bytes; return what is behind its end, or ``None`` before that.

        Raises:
            Refused: it is too large, or holds something that is not RESP.
        """
        self._data += data
        at, self._items = skip(self._data, 0, self._items)
        self._taken += at
        del self._data[:at]
        if self._taken + (len(self._data) if self._items else 0) > MAX_ATTRIBUTE:
            raise Refused("an attribute of a reply is too large", at)
        return None if self._items else bytes(self._data)
