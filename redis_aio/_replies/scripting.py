"""Parsers for the group "scripting". What a script or a function returns is handed on as it came."""

from typing import Any

from redis_aio._replies.common import mapping, pairs, text


def exist(reply: Any) -> list[bool]:
    """Return SCRIPT EXISTS as a list of ``bool``."""
    return [bool(known) for known in reply]


def libraries(reply: Any) -> list[list[Any]]:
    """Return FUNCTION LIST as flat lists of names and values, the functions in it too, as RESP2 has them."""
    return [_library(library) for library in reply]


def _library(reply: Any) -> list[Any]:
    flat: list[Any] = []
    for name, value in pairs(reply):
        flat += (name, [_flat(function) for function in value] if text(name) == "functions" else value)
    return flat


def _flat(reply: Any) -> list[Any]:
    return [part for pair in pairs(reply) for part in pair]


def function_stats(reply: Any) -> dict[Any, Any]:
    """Return FUNCTION STATS as a dict, the running function and the engines in it as dicts too."""
    return {name: _details(text(name), value) for name, value in pairs(reply)}


def _details(name: str, value: Any) -> Any:
    if name == "engines":
        return {engine: mapping(counts) for engine, counts in pairs(value)}
    return mapping(value) if isinstance(value, list | dict) else value
