"""Parsers for the ACL commands."""

from typing import Any

from redis_aio._replies.common import text, text_keyed
from redis_aio._replies.connection import client_info


def user(reply: Any) -> dict[str, Any] | None:
    """Return ACL GETUSER as a dict; null, an unknown user, stays ``None``.

    The rules about commands are parted into ``commands`` and ``categories``; ``enabled`` says whether the flags have
    "on". A selector is a flat list of names and values.
    """
    if reply is None:
        return None
    facts = text_keyed(reply)
    flags = [text(flag) for flag in facts["flags"]]
    rules = text(facts["commands"]).split(" ")
    facts |= {
        "flags": flags,
        "passwords": [text(password) for password in facts["passwords"]],
        "commands": [rule for rule in rules if "@" not in rule],
        "categories": [rule for rule in rules if "@" in rule],
        "enabled": "on" in flags,
    }
    for name in ("keys", "channels"):
        if name in facts:
            facts[name] = _patterns(facts[name])
    if "selectors" in facts:
        facts["selectors"] = [_selector(selector) for selector in facts["selectors"]]
    return facts


def _patterns(value: Any) -> list[Any]:
    """Return patterns as a list: since 7.0 they come as one string with spaces."""
    if isinstance(value, list):
        return value
    return text(value).split(" ") if value else []


def _selector(reply: Any) -> list[str]:
    parts = [part for pair in reply.items() for part in pair] if isinstance(reply, dict) else reply
    return [text(part) for part in parts]


def log(reply: Any) -> list[dict[str, Any]]:
    """Return ACL LOG as dicts with ``str`` throughout, ``client-info`` as CLIENT INFO is."""
    return [_log_entry(entry) for entry in reply]


def _log_entry(reply: Any) -> dict[str, Any]:
    entry = {name: text(value) if isinstance(value, bytes) else value for name, value in text_keyed(reply).items()}
    entry["client-info"] = client_info(entry.get("client-info", ""))
    entry["age-seconds"] = float(entry["age-seconds"])
    return entry
