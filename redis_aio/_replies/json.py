"""Parsers of the replies of the JSON commands; what they return depends on the path, and in parts on the protocol."""

from collections.abc import Callable
from json import JSONDecodeError, JSONDecoder
from typing import Any

from redis_aio._replies.common import text

Parser = Callable[[Any], Any]


def is_legacy(path: str) -> bool:
    """Return whether a path names one place (``.a``), and not all that match (``$..a``)."""
    return not path.startswith("$")


def json_of(decoder: JSONDecoder) -> Parser:
    """Return the parser of JSON text; null is ``None``, a list of texts is a list of ``str``."""

    def parse(reply: Any) -> Any:
        if isinstance(reply, str | bytes):
            try:
                return decoder.decode(text(reply))
            except JSONDecodeError:
                return text(reply)
        return strings(reply)

    return parse


def jsons_of(decoder: JSONDecoder) -> Parser:
    """Return the parser of a list of JSON texts, of which some may be null."""
    parse_one = json_of(decoder)
    return lambda reply: [parse_one(element) for element in reply]


def popped_of(decoder: JSONDecoder) -> Parser:
    """Return the parser of JSON.ARRPOP: a value, or for all that match a list of JSON texts, ``None`` for null."""
    parse_json = json_of(decoder)

    def parse(reply: Any) -> Any:
        found = parse_json(reply)
        return [None if text == "null" else text for text in found] if isinstance(reply, list) else found

    return parse


def number_of(decoder: JSONDecoder, path: str) -> Parser:
    """Return the parser of JSON.NUMINCRBY: a number for one place, a list for all that match."""
    parse_json = json_of(decoder)

    def parse(reply: Any) -> Any:
        found = parse_json(reply)
        return found[0] if is_legacy(path) and isinstance(found, list) and len(found) == 1 else found

    return parse


def type_of(path: str) -> Parser:
    """Return the parser of JSON.TYPE: a name for one place, a list for all that match; RESP3 has one list more."""

    def parse(reply: Any) -> Any:
        nested = isinstance(reply, list) and len(reply) == 1
        return reply[0] if nested and (is_legacy(path) or not isinstance(reply[0], str | bytes)) else reply

    return parse


def strings(reply: Any) -> Any:
    """Return a list with its strings as ``str``; everything else as it is."""
    if isinstance(reply, list):
        return [text(element) if isinstance(element, bytes) else element for element in reply]
    return reply


def resp(reply: Any) -> Any:
    """Return the reply of JSON.RESP: floats are strings, as in RESP2."""
    if isinstance(reply, bytes | str):
        return text(reply)
    return strings(_floats_as_text(reply))


def _floats_as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_floats_as_text(element) for element in value]
    return str(value) if isinstance(value, float) else value
