"""The guard: what stands between the network and hiredis.

hiredis makes room for the elements of an aggregate as soon as it has seen the header: thirteen bytes can cost
gigabytes. It also hands out attributes as if they were replies, which would shift every later reply by one. So headers
are checked, and attributes are cut out, before hiredis sees them.

A header is one only at an *item boundary*; the same bytes inside a string are data and nobody's business. Three facts
keep the price of telling one from the other low.

* A chunk with none of ``* ~ % > |`` is harmless, and so is one that has no large number behind them. Only a chunk that
  has both is walked, item by item, from a known boundary.
* Where a chunk ends is nearly always a boundary. If not, hiredis' own buffer begins at one, or one byte behind one
  (it takes the type byte of an item before the rest of the line): only the bytes hiredis keeps have to be walked.
  Lone type bytes and headers that are cut off are held back from it.
* The payload of a string whose length is known is stepped over, chunk after chunk, without a look at it.

Nothing here trusts the server: where two readings of the bytes are possible, either both lead to the same boundary or
the connection is given up.
"""

import re
from collections.abc import Callable
from typing import Final

from hiredis import Reader

from redis_aio._resp.items import LF, LINES, MAX_ATTRIBUTE, PUSH, Attribute, number, skip, step, walk
from redis_aio.exceptions import ProtocolError

#: Elements that may be announced without being paid for with bytes. hiredis reserves eight bytes for each of them.
MAX_ELEMENTS: Final = 1 << 24
#: The least an element takes on the wire: ``_`` and CRLF.
_LEAST_ELEMENT: Final = 3
#: Bytes of one line: a simple string, an error, a line of MONITOR.
MAX_LINE: Final = 1 << 25

#: Aggregates are let through unseen if the number of their elements has fewer digits than this.
_DIGITS: Final = 5
_LARGE = re.compile(rb"[*~%%>]\d{%d,}\r\n|\|-?\d+\r\n" % _DIGITS)
_ATTRIBUTE = re.compile(rb"\|-?\d+\r\n")
#: The length of the shortest line that ``_LARGE`` finds, attributes aside.
_LARGE_LINE: Final = 1 + _DIGITS
#: At the very end: what may be the beginning of a header, and a type byte that would be left alone.
_CUT_OFF = re.compile(rb"(?:(?<![^\n])[-+:,#_(])?[*~%>|$=]-?\d{0,20}\r?\Z|(?<![^\n])[-+:,#_(]\Z")
_LONGEST_CUT_OFF: Final = 24
#: Makes all large headers look like ``*00000``, so that one plain search finds them, at five times the speed.
_SHAPE: Final = bytes(0x2A if byte in b"*~%>" else 0x30 if byte in b"0123456789" else byte for byte in range(256))
_LARGE_SHAPE: Final = b"*" + b"0" * _DIGITS

#: Chunks of this size or more are first asked whether they have any of the five type bytes.
_SMALL: Final = 256
#: Items are walked, this many at a time, as long as they are on the average this long.
_STRIDE: Final = 16
_LONG: Final = 256


class Guard:
    """Feeds a reader with what it can be trusted with.

    Args:
        reader: fed by nobody else, and drained whenever ``settle`` is called.
    """

    __slots__ = (
        "_attribute",
        "_debt",
        "_feed",
        "_has_data",
        "_held",
        "_kept",
        "_line",
        "_open",
        "_rest",
        "_seen",
    )

    def __init__(self, reader: Reader) -> None:
        self._feed: Callable[..., None] = reader.feed
        self._has_data: Callable[[], bool] = reader.has_data
        self._kept: Callable[[], int] = reader.len
        #: What was fed since the last known boundary, until ``settle`` has made out where it ends.
        self._seen = b""
        #: Whether one of the following four is set: something goes on in the next chunk.
        self._open = False
        #: How many bytes of a string's payload and its CRLF are still to be fed.
        self._rest = 0
        #: The first and the last byte of a line that was fed in part.
        self._line = b""
        #: Received and not fed.
        self._held = bytearray()
        self._attribute: Attribute | None = None
        #: How many bytes the elements announced by large aggregates take at the least, less the bytes fed since.
        self._debt = 0

    @property
    def incomplete(self) -> int:
        """How many bytes of a string whose length is known are still to come."""
        return max(0, self._rest - len(self._held))

    def feed(self, data: bytes) -> None:
        """Check the next bytes of the stream and feed the reader with them.

        Raises:
            ProtocolError: they announce more than is safe.
        """
        if self._seen or self._open:
            data = self._resume(data)
        if not data:
            return
        if data[-1] != LF and not (data := self._hold_back(data)):
            return
        seen = self._line + data if self._line else data
        if len(data) >= _SMALL:
            if b"*" in data or b"%" in data or b">" in data or b"~" in data or b"|" in data:
                seen = self._inspect(seen)
                data = seen[len(self._line) :]
        elif _LARGE_SHAPE in data.translate(_SHAPE) or b"|" in data:
            seen = self._inspect(seen)
            data = seen[len(self._line) :]
        self._seen = seen
        self._feed(data)
        if self._debt:
            self._debt = max(0, self._debt - len(data))

    def settle(self) -> None:
        """Make out where the bytes fed so far end.

        Raises:
            ProtocolError: they end in something that no server sends.
        """
        if not self._seen:
            return
        if self._has_data():
            self._locate(self._seen, len(self._line))
        elif self._seen[-1] != LF:
            # Everything was consumed, a lone type byte is never fed: so this is the end of a string.
            raise ProtocolError("a string reply does not end with CRLF")
        else:
            self._seen = self._line = b""

    def _resume(self, data: bytes) -> bytes:
        """Hand the chunk to what goes on in it; return the rest, which begins at a boundary, or in the line fed."""
        self.settle()
        if self._attribute is not None:
            rest = self._attribute.feed(data)
            if rest is None:
                return b""
            self._attribute = None
            self._open = False
            return rest
        if self._line and LF not in data:
            # hiredis would search the whole line again for each chunk.
            self._held += data
            if len(self._held) > MAX_LINE:
                raise ProtocolError(f"a line of the reply is longer than {MAX_LINE} bytes")
            return b""
        if self._held:
            data = bytes(self._held) + data
            self._held.clear()
        if self._rest:
            return self._resume_payload(data)
        self._open = False
        return data

    def _resume_payload(self, data: bytes) -> bytes:
        rest = self._rest
        payload = min(rest, len(data))
        self._debt = max(0, self._debt - payload)
        if rest > payload:
            self._rest = rest - payload
            self._feed(data)
            return b""
        if data[rest - 1] != LF:
            raise ProtocolError("a string reply does not end with CRLF")
        self._feed(data, 0, rest)
        self._rest = 0
        self._open = False
        return data[rest:]

    def _hold_back(self, data: bytes) -> bytes:
        """Keep the beginning of a header at the end of the chunk for the next one; return what is before it."""
        cut_off = _CUT_OFF.search(data, max(0, len(data) - _LONGEST_CUT_OFF))
        if cut_off is None:
            return data
        self._held += cut_off.group()
        self._open = True
        return data[: cut_off.start()]

    def _inspect(self, data: bytes) -> bytes:
        """Check all large aggregates and cut out all attributes of bytes that begin at a boundary."""
        size = len(data)
        at = walked = _stride(data)
        shape = data[walked:].translate(_SHAPE)
        pieces = []
        begin = 0
        aggregate = attribute = -1
        while True:
            if aggregate < at:
                aggregate = shape.find(_LARGE_SHAPE, at - walked) + walked
                aggregate = size if aggregate < walked else aggregate
            if attribute < at:
                attribute = _find_attribute(data, at)
            candidate = min(aggregate, attribute)
            if candidate == size:
                break
            at = walk(data, at, candidate, _LARGE_LINE)
            if at > candidate:
                continue  # the candidate is in the payload of a string, or in a line
            header = _LARGE.match(data, at)
            if header is None:
                if data.find(b"\r\n", at + 1) < 0:
                    break  # and the candidate is in a line that is not complete
                raise ProtocolError("a reply has a length that is not a number")
            if at == attribute:
                pieces.append(data[begin:at])
                begin = at = self._cut_out(data, header)
            else:
                self._announce(data[at], header.group()[1:-2])
                at = header.end()
        return b"".join((*pieces, data[begin:])) if pieces else data

    def _cut_out(self, data: bytes, header: re.Match[bytes]) -> int:
        """Return where the attribute ends; what is missing of it will be taken off what comes next."""
        pairs = number(header.group()[1:-2])
        if not 0 <= pairs <= MAX_ATTRIBUTE:
            raise ProtocolError("an attribute of a reply is too large")
        at, items = skip(data, header.end(), 2 * pairs)
        if at - header.start() > MAX_ATTRIBUTE:
            raise ProtocolError("an attribute of a reply is too large")
        if not items:
            return at
        self._attribute = Attribute(data[at:] + self._held, items)
        self._held.clear()
        self._open = True
        return len(data)

    def _announce(self, kind: int, digits: bytes) -> None:
        """Account for a large aggregate; refuse it if it is the one too many."""
        if kind == PUSH:
            raise ProtocolError("a push of the server is too large")
        elements = int(digits) if len(digits) < 20 else MAX_ELEMENTS + 1
        self._debt += elements * _LEAST_ELEMENT
        if self._debt > MAX_ELEMENTS * _LEAST_ELEMENT:
            raise ProtocolError(f"a reply announces more than {MAX_ELEMENTS} elements")

    def _locate(self, seen: bytes, known: int) -> None:
        """Find out what the end of the bytes fed so far is part of; so many of them had been fed before."""
        self._seen = self._line = b""
        size = len(seen)
        kept_from = size - self._kept()
        if kept_from <= known:
            at = walk(seen, 0, size)
        elif seen[kept_from - 1] == LF:
            at = walk(seen, kept_from, size)
        else:
            # hiredis kept what is behind a type byte, because nothing more of this item can be parsed.
            at = step(seen, kept_from - 1)
            if kept_from <= at <= size:
                raise ProtocolError("a string reply does not end with CRLF")
        if at > size:
            self._rest = at - size
            self._open = True
        elif at < size:
            if seen[at] not in LINES:
                raise ProtocolError("a reply has a length that is not a number")
            self._line = seen[at : at + 1] + seen[-1:]
            self._open = True


def _find_attribute(data: bytes, at: int) -> int:
    header = _ATTRIBUTE.search(data, at) if b"|" in data else None
    return len(data) if header is None else header.start()


def _stride(data: bytes) -> int:
    """Walk from the beginning as long as the items are so long that walking is faster than searching."""
    at = 0
    while True:
        begin = at
        at = walk(data, at, len(data), _LARGE_LINE, _STRIDE)
        if at - begin < _STRIDE * _LONG:
            return at
