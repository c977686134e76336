"""Parsers for the group "sentinel"."""

from typing import Any

from redis_aio._replies.common import ok, pairs, text

_NUMBERS = frozenset(
    (
        *("can-failover-its-master", "config-epoch", "down-after-milliseconds", "failover-timeout", "info-refresh"),
        *("last-hello-message", "last-ok-ping-reply", "last-ping-reply", "last-ping-sent", "master-link-down-time"),
        *("master-port", "num-other-sentinels", "num-slaves", "o-down-time", "pending-commands", "parallel-syncs"),
        *("port", "quorum", "role-reported-time", "s-down-time", "slave-priority", "slave-repl-offset"),
        "voted-leader-epoch",
    )
)
_FLAGS = {
    "is_master": "master",
    "is_slave": "slave",
    "is_sdown": "s_down",
    "is_odown": "o_down",
    "is_sentinel": "sentinel",
    "is_disconnected": "disconnected",
    "is_master_down": "master_down",
}


def state(reply: Any) -> dict[str, Any]:
    """Return what a sentinel knows of a server: numbers as ``int``, and a ``bool`` for each of the flags."""
    facts: dict[str, Any] = {}
    for key, value in pairs(reply):
        name, word = text(key), text(value)
        facts[name] = int(word) if name in _NUMBERS and word.removeprefix("-").isdigit() else word
    flags = facts["flags"].split(",")
    return facts | {name: flag in flags for name, flag in _FLAGS.items()}


def states(reply: Any) -> list[dict[str, Any]]:
    """Return several states as a list."""
    return [state(one) for one in reply]


def states_by_name(reply: Any) -> dict[str, dict[str, Any]]:
    """Return several states as a dict by the name of the service."""
    return {one["name"]: one for one in states(reply)}


def address(reply: Any) -> tuple[Any, int] | None:
    """Return a host and a port; null, an unknown service, stays ``None``."""
    return None if reply is None else (reply[0], int(reply[1]))


def all_is_well(reply: Any) -> bool:
    """Return ``True`` for the sentence of CKQUORUM, which begins with OK."""
    return text(reply).startswith("OK")


def settings(reply: Any) -> dict[str, int] | bool:
    """Return SENTINEL DEBUG as a dict of milliseconds and counts; OK, the answer to a change, becomes ``True``."""
    if isinstance(reply, list | dict):
        return {text(name): int(value) for name, value in pairs(reply)}
    return ok(reply)


def info_cache(reply: Any) -> dict[str, list[tuple[int, str | None]]]:
    """Return INFO-CACHE as a dict by service: for each server the age of the text in milliseconds, and the text."""
    return {
        text(name): [(age, None if info is None else text(info)) for age, info in caches]
        for name, caches in pairs(reply)
    }
