"""Parsers shared by several command groups. Each takes RESP2 and RESP3 shapes, decoded or raw strings."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from redis_aio.typing import T


def text(value: Any) -> str:
    """Return a string reply as ``str``, whatever the client's decoding."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else str(value)


def ok(reply: Any) -> bool:
    """Return whether the reply is the status OK."""
    return reply in (b"OK", "OK")


def boolean(reply: Any) -> bool:
    """Return an integer reply of 0 or 1, or a RESP3 boolean, as ``bool``."""
    return bool(reply)


def float_or_none(reply: Any) -> float | None:
    """Return a RESP2 string or RESP3 double as ``float``; null stays ``None``."""
    return None if reply is None else float(reply)


def pairs(reply: Any) -> Iterator[tuple[Any, Any]]:
    """Iterate over the pairs of a map: a RESP3 map, a flat RESP2 array, or an array of pairs."""
    if reply is None:
        return iter(())
    if isinstance(reply, dict):
        return iter(reply.items())
    if reply and isinstance(reply[0], list):
        return ((key, value) for key, value in reply)
    return zip(reply[::2], reply[1::2], strict=True)


def mapping(reply: Any) -> dict[Any, Any]:
    """Return a map reply as ``dict``; null becomes ``{}``."""
    return reply if isinstance(reply, dict) else dict(pairs(reply))


def text_keyed(reply: Any) -> dict[str, Any]:
    """Return a map reply as ``dict`` with ``str`` keys."""
    return {text(key): value for key, value in pairs(reply)}


def list_of(parse: Callable[[Any], T]) -> Callable[[Sequence[Any] | None], list[T]]:
    """Return a parser of an array whose elements ``parse`` understands; null becomes ``[]``."""

    def parse_list(reply: Sequence[Any] | None) -> list[T]:
        return [] if reply is None else [parse(element) for element in reply]

    return parse_list


def optional(parse: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """Return a parser that hands null on as ``None``."""

    def parse_optional(reply: Any) -> T | None:
        return None if reply is None else parse(reply)

    return parse_optional


def scan_page(reply: Any) -> tuple[int, list[Any]]:
    """Return one page of SCAN or SSCAN: the next cursor (0 is the end) and the elements."""
    cursor, elements = reply
    return int(cursor), elements
