"""Parsers for the group "connection"."""

from typing import Any

from redis_aio._replies.common import ok, text

_NUMBERS = frozenset(
    (
        "id",
        "age",
        "idle",
        "db",
        "sub",
        "psub",
        "multi",
        "qbuf",
        "qbuf-free",
        "obl",
        "argv-mem",
        "oll",
        "omem",
        "tot-mem",
    )
)


def pong(reply: Any) -> bool:
    """Return whether the reply is PONG."""
    return text(reply) == "PONG"


def name_or_none(reply: Any) -> str | None:
    """Return a name as ``str``; null stays ``None``."""
    return None if reply is None else text(reply)


def killed(reply: Any) -> bool | int:
    """Return CLIENT KILL's count, or whether it answered OK."""
    return reply if isinstance(reply, int) else ok(reply)


def client_info(reply: Any) -> dict[str, str | int]:
    """Return the line of CLIENT INFO as a dict, its numbers as ``int``."""
    return {key: int(value) if key in _NUMBERS else value for key, value in _fields(text(reply).strip()).items()}


def client_list(reply: Any) -> list[dict[str, str]]:
    """Return the lines of CLIENT LIST as dicts of ``str``."""
    return [_fields(line) for line in text(reply).splitlines() if line]


def _fields(line: str) -> dict[str, str]:
    """Split ``key=value`` words; a word without "=" belongs to the value before it, a socket path with a space."""
    fields: dict[str, str] = {}
    key = ""
    for word in line.split(" "):
        name, equals, value = word.partition("=")
        if equals:
            key = name
            fields[key] = value
        elif key:
            fields[key] += f" {word}"
    return fields


def tracking_info(reply: Any) -> list[Any]:
    """Return CLIENT TRACKINGINFO as a flat list of names and values, whether it came as a map or as an array."""
    parts = [part for pair in reply.items() for part in pair] if isinstance(reply, dict) else reply
    return [text(part) if isinstance(part, bytes) else part for part in parts]
