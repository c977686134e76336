"""A slow, plain RESP2 and RESP3 parser to hold the real one against.

It knows no tricks: every attempt starts at the first byte of the frame, and a frame that is not complete yet is simply
tried again when more has come. Every type keeps its own Python type, so that a set is never taken for an array.
"""

from dataclasses import dataclass
from typing import Any, Final


class Invalid(Exception):
    """The bytes cannot be the beginning of a RESP frame."""


class _Incomplete(Exception):
    """The frame goes on after the last byte at hand."""


@dataclass(frozen=True)
class ErrorReply:
    """``-`` or ``!``: an error reply."""

    text: bytes


@dataclass(frozen=True)
class BigNumber:
    """``(``: an integer of any size."""

    value: int


@dataclass(frozen=True)
class Verbatim:
    """``=``: text with its three-letter format."""

    format: bytes
    text: bytes


@dataclass(frozen=True)
class SetReply:
    """``~``: its elements, in the order they came."""

    items: list[Any]


@dataclass(frozen=True)
class MapReply:
    """``%``: pairs in the order they came; the keys may be anything."""

    pairs: list[tuple[Any, Any]]


@dataclass(frozen=True)
class PushFrame:
    """``>``: not a reply to any command."""

    items: list[Any]


class _NotReady:
    def __repr__(self) -> str:
        return "NOT_READY"


#: What :meth:`ReferenceParser.get` returns while no complete frame is there.
NOT_READY: Final = _NotReady()


class ReferenceParser:
    """Turn bytes into values, one complete frame at a time.

    Attributes (``|``) annotate the value after them; they are dropped from it and collected in ``attributes``.
    """

    def __init__(self) -> None:
        self._data = b""
        self.attributes: list[MapReply] = []

    def feed(self, data: bytes) -> None:
        """Add what came from the socket."""
        self._data += data

    @property
    def pending(self) -> int:
        """The number of bytes that are not part of a returned value yet."""
        return len(self._data)

    def get(self) -> Any:
        """Return the next value, or ``NOT_READY``.

        Raises:
            Invalid: no continuation can make this a frame.
        """
        attributes: list[MapReply] = []
        try:
            value, end = _value(self._data, 0, attributes)
        except _Incomplete:
            return NOT_READY
        self._data = self._data[end:]
        self.attributes += attributes
        return value

    def all(self) -> list[Any]:
        """Return every value that is complete."""
        values = []
        while (value := self.get()) is not NOT_READY:
            values.append(value)
        return values


def parse(data: bytes) -> list[Any]:
    """Return all values of ``data``, which must end with a complete frame."""
    parser = ReferenceParser()
    parser.feed(data)
    values = parser.all()
    if parser.pending:
        raise Invalid("the last frame is not complete")
    return values


def _line(data: bytes, start: int) -> tuple[bytes, int]:
    """Return the text up to the next CRLF, and where the byte after it is."""
    end = data.find(b"\r", start)
    if end < 0 or end + 1 == len(data):
        if b"\n" in data[start:]:
            raise Invalid("a line feed without its carriage return")
        raise _Incomplete
    if data[end + 1 : end + 2] != b"\n" or b"\n" in data[start:end]:
        raise Invalid("a line ends with CRLF and holds neither")
    return data[start:end], end + 2


def _integer(text: bytes) -> int:
    digits = text[1:] if text[:1] in (b"-", b"+") else text
    if not digits.isdigit():
        raise Invalid("not an integer")
    return int(text)


def _length(text: bytes, *, null: bool) -> int:
    """Read the length in a header; -1 says null where the type has one."""
    if null and text == b"-1":
        return -1
    if not text.isdigit():
        raise Invalid("not a length")
    return int(text)


def _blob(data: bytes, start: int, size: int) -> tuple[bytes, int]:
    end = start + size
    terminator = data[end : end + 2]
    if not b"\r\n".startswith(terminator):
        raise Invalid("a blob does not end where its length says")
    if len(terminator) < 2:
        raise _Incomplete
    return data[start:end], end + 2


def _items(data: bytes, start: int, count: int, attributes: list[MapReply]) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        item, start = _value(data, start, attributes)
        if isinstance(item, PushFrame):
            raise Invalid("a push inside another frame")
        items.append(item)
    return items, start


def _double(text: bytes) -> float:
    if text in (b"inf", b"-inf", b"nan", b"-nan"):
        return float(text)
    if not text or text.strip(b"0123456789.eE+-"):
        raise Invalid("not a double")
    try:
        return float(text)
    except ValueError:
        raise Invalid("not a double") from None


def _boolean(text: bytes) -> bool:
    if text not in (b"t", b"f"):
        raise Invalid("not a boolean")
    return text == b"t"


def _null(text: bytes) -> None:
    if text:
        raise Invalid("a null carries nothing")


_LINES: Final[dict[bytes, Any]] = {
    b"+": lambda text: text,
    b"-": ErrorReply,
    b":": _integer,
    b"_": _null,
    b"#": _boolean,
    b",": _double,
    b"(": lambda text: BigNumber(_integer(text)),
}


def _value(data: bytes, start: int, attributes: list[MapReply]) -> tuple[Any, int]:
    if start == len(data):
        raise _Incomplete
    kind = data[start : start + 1]
    if kind not in b"+-:_#,($!=*~>%|":
        raise Invalid("no such type")
    text, after = _line(data, start + 1)
    if kind in _LINES:
        return _LINES[kind](text), after
    if kind in b"$!=":
        return _blob_value(kind, data, after, _length(text, null=kind == b"$"))
    return _aggregate(kind, data, after, _length(text, null=kind == b"*"), attributes)


def _blob_value(kind: bytes, data: bytes, start: int, size: int) -> tuple[Any, int]:
    if size < 0:
        return None, start
    blob, after = _blob(data, start, size)
    if kind == b"$":
        return blob, after
    if kind == b"!":
        return ErrorReply(blob), after
    if blob[3:4] != b":":
        raise Invalid("a verbatim string without its format")
    return Verbatim(blob[:3], blob[4:]), after


def _aggregate(kind: bytes, data: bytes, start: int, count: int, attributes: list[MapReply]) -> tuple[Any, int]:
    if count < 0:
        return None, start
    paired = kind in b"%|"
    items, after = _items(data, start, count * 2 if paired else count, attributes)
    if not paired:
        wrap: dict[bytes, Any] = {b"*": list, b"~": SetReply, b">": PushFrame}
        return wrap[kind](items), after
    pairs = MapReply(list(zip(items[::2], items[1::2], strict=True)))
    if kind == b"%":
        return pairs, after
    attributes.append(pairs)
    return _value(data, after, attributes)
