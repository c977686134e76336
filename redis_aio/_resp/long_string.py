"""Long strings: taken out of the stream as they come. The parser would copy each of them twice more."""

import re
from typing import Final

from redis_aio.exceptions import ProtocolError

#: Bytes of a chunk that is worth a look at how it begins.
LONG: Final = 1024
#: Parts that are joined before the end where they are shorter than ``LONG`` on the average: each takes some 400 bytes.
MANY: Final = 1024
_HEADER: Final = re.compile(rb"\$(\d{4,12})\r\n")
_DOLLAR, _ZERO = b"$0"


class LongString:
    """A string that is coming.

    Args:
        size: bytes of its payload.

    Attributes:
        size: as it was given.
        missing: bytes that have not come yet, its CRLF included.
    """

    __slots__ = ("_parts", "missing", "size")

    def __init__(self, size: int) -> None:
        self._parts: list[memoryview] = []
        self.size: int = size
        self.missing: int = size + 2

    def feed(self, data: bytes, start: int = 0) -> int:
        """Take what belongs to it of the next bytes of the stream; return where that ends."""
        stop = min(start + self.missing, len(data))
        self._parts.append(memoryview(data)[start:stop])
        self.missing -= stop - start
        if len(self._parts) > MANY and self.size - self.missing < MANY * LONG:
            self._parts = [memoryview(b"".join(self._parts))]
        return stop

    def value(self) -> bytes:
        """Return the payload; to be called once, when nothing is missing.

        Raises:
            ProtocolError: it does not end with CRLF.
        """
        parts = self._parts
        ends = b""
        while len(ends) < 2:  # the last chunk may have been the LF alone
            last = parts.pop()
            cut = max(0, len(last) + len(ends) - 2)
            ends = bytes(last[cut:]) + ends
            if cut:
                parts.append(last[:cut])
        if ends != b"\r\n":
            raise ProtocolError("a string reply does not end with CRLF")
        return b"".join(parts)


def may_be_long(data: bytes) -> bool:
    """Return, quickly, whether a chunk of more than ``LONG`` bytes may begin with a long string: with four digits."""
    return data[0] == _DOLLAR and data[4] >= _ZERO


def long_string(data: bytes, start: int = 0) -> tuple[LongString, int] | None:
    """Return the long string that begins here and where its payload does, if there is one.

    Args:
        data: bytes of the stream.
        start: where a reply begins in them.
    """
    header = _HEADER.match(data, start)
    if header is None or (size := int(header[1])) < LONG:
        return None
    return LongString(size), header.end()
