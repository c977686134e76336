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

from redis_aio._resp.items import (
    ATTRIBUTE,
    LF,
    LINES,
    MAX_ATTRIBUTE,
    PUSH,
    Attribute,
    Refused,
    number,
    skip,
    step,
    walk,
)
from redis_aio.exceptions import ProtocolError

#: Elements that may be announced without being paid for with bytes. hiredis reserves eight bytes for each of them.
MAX_ELEMENTS: Final = 1 << 24
#: Large aggregates that may be announced without being paid for. One inside another is rare, three are unheard of.
MAX_LARGE: Final = 64
#: The least an element takes on the wire: ``_`` and CRLF.
_LEAST_ELEMENT: Final = 3
#: Bytes of one line: a simple string, an error, a line of MONITOR.
MAX_LINE: Final = 1 << 25

#: An aggregate is large if the number of its elements has this many digits ...
_DIGITS: Final = 5
#: ... or this many, in a chunk that is crowded with them.
_FEWER_DIGITS: Final = 4
_ATTRIBUTE = re.compile(rb"\|-?\d+\r\n")
#: At the very end: what may be the beginning of a header, and a type byte that would be left alone.
_CUT_OFF = re.compile(rb"(?:(?<![^\n])[-+:,#_(])?[*~%>|$=]-?\d{0,20}\r?\Z|(?<![^\n])[-+:,#_(]\Z")
_LONGEST_CUT_OFF: Final = 24
#: Makes all headers of aggregates look like ``*000``, so that plain searches find large ones, at five times the speed.
_SHAPE: Final = bytes(0x2A if byte in b"*~%>" else 0x30 if byte in b"0123456789" else byte for byte in range(256))
_LARGE: Final = b"*" + b"0" * _FEWER_DIGITS
_NOT_SO_LARGE: Final = _LARGE + b"\r\n"
_NOT_SO_LARGE_BYTES: Final = 10 ** (_FEWER_DIGITS - 1) * _LEAST_ELEMENT

#: The type bytes as numbers: asked whether they hold bytes, bytes first make an exception, which costs ten times more.
_STAR, _PERCENT, _GREATER, _TILDE, _BAR = b"*%>~|"

#: Chunks of this size or more are first asked whether they have any of the five type bytes.
_SMALL: Final = 256
#: What is behind the first byte of a message of pub/sub, and in how many bytes one must be for others to be looked for.
_MESSAGE: Final = b"3\r\n$7\r\nmessage\r\n$"
_NEAR: Final = 1024
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
        "_failure",
        "_feed",
        "_has_data",
        "_held",
        "_kept",
        "_large",
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
        #: Whether one of the following is set: something goes on in the next chunk.
        self._open = False
        #: How many bytes of a string's payload and its CRLF are still to be fed.
        self._rest = 0
        #: The first and the last byte of a line that was fed in part.
        self._line = b""
        #: Received and not fed.
        self._held = bytearray()
        self._attribute: Attribute | None = None
        #: Why what comes next is not fed.
        self._failure = ""
        #: How many bytes the elements announced by large aggregates take at the least, less the bytes fed since.
        self._debt = 0
        #: How many large aggregates were announced since that was 0.
        self._large = 0

    @property
    def incomplete(self) -> int:
        """How many bytes of a string whose length is known are still to come."""
        return max(0, self._rest - len(self._held))

    def feed(self, data: bytes) -> None:
        """Check the next bytes of the stream and feed the reader with them.

        If they announce more than is safe, what is in front of that is fed, and ``settle`` raises.

        Raises:
            ProtocolError: what began in an earlier chunk goes on in a way no server sends.
        """
        if self._seen or self._open:
            data = self._resume(data)
        if not data:
            return
        if data[-1] != LF and not (data := self._hold_back(data)):
            return
        seen = self._line + data if self._line else data
        if (
            data.translate(_SHAPE).find(_LARGE) >= 0 or _BAR in data
            if len(data) < _SMALL
            else _PERCENT in data or _TILDE in data or _BAR in data or not _only_messages(data)
        ):
            seen = self._inspect(seen)
            data = seen[len(self._line) :]
        elif self._debt:
            self._pay(len(data))
        self._seen = seen
        self._feed(data)

    def halfway(self) -> bool:
        """Whether the stream ends, for now, within a line or a string."""
        return self._open or bool(self._seen)

    def settle(self) -> None:
        """Make out where the bytes fed so far end.

        Raises:
            ProtocolError: they end in something that no server sends, or there was more, which is not safe.
        """
        if self._failure:
            raise ProtocolError(self._failure)
        if not self._seen:
            return
        if self._has_data():
            try:
                self._locate(self._seen, len(self._line))
            except Refused as refused:
                raise ProtocolError(str(refused)) from None
        elif self._seen[-1] != LF:
            # Everything was consumed, a lone type byte is never fed: so this is the end of a string.
            raise ProtocolError("a string reply does not end with CRLF")
        else:
            self._seen = self._line = b""

    def _resume(self, data: bytes) -> bytes:
        """Hand the chunk to what goes on in it; return the rest, which begins at a boundary, or in the line fed."""
        self.settle()
        if self._attribute is not None:
            try:
                rest = self._attribute.feed(data)
            except Refused as refused:
                raise ProtocolError(str(refused)) from None
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
        if rest > len(data):
            self._rest = rest - len(data)
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
        """Check bytes that begin at a boundary; return what can be fed: all but attributes, up to what is refused."""
        pieces: list[bytes] = []
        begin, end = 0, len(data)
        paid = 0
        try:
            search = _Search(data, _DIGITS)
            if search.crowded():
                search = _Search(data, _FEWER_DIGITS)
            while (at := search.next()) < end:
                if data[at] == ATTRIBUTE:
                    search.at = self._cut_out(data, at)
                    pieces.append(data[begin:at])
                    begin = search.at
                else:
                    self._pay(at - paid)
                    paid = at
                    search.at = self._announce(data, at)
            self._pay(end - paid)
        except Refused as refused:
            self._failure = str(refused)
            self._open = True
            end = refused.at
        return b"".join((*pieces, data[begin:end])) if begin or self._failure else data

    def _cut_out(self, data: bytes, at: int) -> int:
        """Return where the attribute ends; what is missing of it will be taken off what comes next."""
        end = data.index(b"\r\n", at)
        try:
            end, items = skip(data, end + 2, 2 * number(data, at, end))
        except Refused as refused:
            raise Refused(str(refused), at) from None
        if end - at > MAX_ATTRIBUTE:
            raise Refused("an attribute of a reply is too large", at)
        if not items:
            return end
        self._attribute = Attribute(data[end:] + self._held, items, end - at)
        self._held.clear()
        self._open = True
        return len(data)

    def _announce(self, data: bytes, at: int) -> int:
        """Account for a large aggregate, unless it is the one too many; return where its first element begins."""
        end = data.index(b"\r\n", at)
        elements = number(data, at, end)
        if data[at] == PUSH and end - at > _DIGITS:
            raise Refused("a push of the server is too large", at)
        debt = self._debt + elements * _LEAST_ELEMENT
        if debt > MAX_ELEMENTS * _LEAST_ELEMENT:
            raise Refused(f"a reply announces more than {MAX_ELEMENTS} elements", at)
        if self._large == MAX_LARGE:
            raise Refused(f"a reply announces more than {MAX_LARGE} large aggregates inside one another", at)
        self._debt = debt
        self._large += 1
        return end + 2

    def _pay(self, size: int) -> None:
        """Account for so many bytes that were fed."""
        self._debt -= size
        if self._debt <= 0:
            self._debt = self._large = 0

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
                raise Refused("a string reply does not end with CRLF", at)
        if at > size:
            self._rest = at - size
            self._open = True
        elif at < size:
            if seen[at] not in LINES:
                raise Refused("a reply has a length that is not a number", at)
            self._line = seen[at : at + 1] + seen[-1:]
            self._open = True


def _only_messages(data: bytes) -> bool:
    """Return whether all it may have of arrays and pushes are messages of pub/sub, and one small one at its end.

    Every such byte counts, wherever it is: so nobody needs to know where items begin.
    """
    kind = b">" if _GREATER in data else b"*"
    last = data.rfind(kind)
    if last < 0:
        return True
    if (_STAR in data and kind != b"*") or data[last + 2 : last + 3] != b"\r":
        return False
    header = kind + _MESSAGE
    return data.find(header, 0, _NEAR) >= 0 and data.count(kind, 0, last) == data.count(header, 0, last)


class _Search:
    """Finds the attributes and the large aggregates in bytes that begin at a boundary.

    Args:
        data: the bytes.
        digits: with how many digits an aggregate is large.

    Attributes:
        at: the boundary from which on they are searched.
    """

    __slots__ = ("_aggregate", "_attribute", "_begin", "_data", "_large", "_shape", "at")

    def __init__(self, data: bytes, digits: int) -> None:
        self._data = data
        self._large = b"*" + b"0" * digits
        self.at = self._begin = _stride(data)
        self._shape = data[self._begin :].translate(_SHAPE)
        #: Where there may be the next ones.
        self._aggregate = -1 if _LARGE in self._shape else len(data)
        self._attribute = -1

    def crowded(self) -> bool:
        """Return whether there are more aggregates that are nearly large than there can be with all their elements."""
        return self._aggregate < 0 and self._shape.count(_NOT_SO_LARGE) * _NOT_SO_LARGE_BYTES > len(self._data)

    def next(self) -> int:
        """Return where the header of the next one begins, or the length of the data.

        Raises:
            Refused: there is something else that is not RESP.
        """
        data = self._data
        while (candidate := self._candidate()) < len(data):
            at = self.at = walk(data, self.at, candidate, len(self._large))
            if at <= candidate:  # or in front of it, at a header that no server sends
                return at if data.find(b"\r\n", at + 1) >= 0 else len(data)
            # else the candidate is in the payload of a string, or in a line
        return len(data)

    def _candidate(self) -> int:
        size = len(self._data)
        if self._aggregate < self.at:
            found = self._shape.find(self._large, self.at - self._begin)
            self._aggregate = size if found < 0 else found + self._begin
        if self._attribute < self.at:
            header = _ATTRIBUTE.search(self._data, self.at) if b"|" in self._data else None
            self._attribute = size if header is None else header.start()
        return min(self._aggregate, self._attribute)


def _stride(data: bytes) -> int:
    """Walk from the beginning as long as the items are so long that walking is faster than searching."""
    at = 0
    while True:
        begin = at
        at = walk(data, at, len(data), len(_LARGE), _STRIDE)
        if at - begin < _STRIDE * _LONG:
            return at
