"""Parsers for the group "string"."""

from typing import Any


def set_result(reply: Any) -> bool | None:
    """Return ``True`` when SET was done, ``None`` when a condition kept it from being done."""
    return None if reply is None else reply in (b"OK", "OK")


def match_list(reply: Any) -> list[Any]:
    """Return LCS ... IDX as a flat list of names and values, whether it came as a map or as an array."""
    if isinstance(reply, dict):
        return [part for pair in reply.items() for part in pair]
    return list(reply)


def floats(reply: Any) -> list[float]:
    """Return an array of RESP2 strings or RESP3 doubles as floats."""
    return [float(number) for number in reply]
