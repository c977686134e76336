"""Parsers for the group "server"."""

from datetime import datetime
from typing import Any

from redis_aio._replies.common import mapping, pairs, text, text_keyed
from redis_aio.exceptions import RedisError

# -- INFO, CONFIG, and other texts ------------------------------------------------------------------------------------


def info(reply: Any) -> dict[str, Any]:
    """Return INFO as one dict: numbers as numbers, ``a=1,b=2`` as dicts, ``1,2`` as lists.

    ``"modules"`` lists what the lines of modules say, ``"__raw__"`` the lines that fit nothing.
    """
    found: dict[str, Any] = {}
    for line in text(reply).splitlines():
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if key == "cmdstat_host":  # the one key with a colon, from the security check for cross-protocol attacks
            key, colon, value = line.rpartition(":")
        if not colon:
            found.setdefault("__raw__", []).append(line)
        elif key == "module":
            found.setdefault("modules", []).append(_info_value(value))
        else:
            found[key] = _info_value(value)
    return found


def _info_value(value: str) -> Any:
    if "=" in value:
        fields: dict[str, Any] = {}
        for part in value.split(","):
            name, equals, inner = part.rpartition("=")
            if equals:
                fields[name] = _info_value(inner)
            elif part:
                fields[part] = True
        return fields
    if "," in value:
        return [_info_value(part) for part in value.split(",") if part]
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        return value


def config(reply: Any) -> dict[str | None, str | None]:
    """Return CONFIG GET as a dict of ``str``."""
    return {_text_or_none(name): _text_or_none(value) for name, value in pairs(reply)}


def _text_or_none(value: Any) -> str | None:
    return None if value is None else text(value)


_DEBUG_NUMBERS = frozenset(("refcount", "serializedlength", "lru", "lru_seconds_idle"))


def debug_object(reply: Any) -> dict[str, str | int]:
    """Return the line of DEBUG OBJECT as a dict; its first word is the ``type``."""
    words = (word.partition(":") for word in f"type:{text(reply)}".split())
    return {name: int(value) if name in _DEBUG_NUMBERS else value for name, _, value in words}


# -- times ------------------------------------------------------------------------------------------------------------


def seconds_and_microseconds(reply: Any) -> tuple[int, int]:
    """Return TIME as two integers."""
    seconds, microseconds = reply
    return int(seconds), int(microseconds)


def local_time(reply: Any) -> datetime:
    """Return a Unix time as a datetime in local time, without a time zone."""
    return datetime.fromtimestamp(int(reply))


# -- COMMAND ----------------------------------------------------------------------------------------------------------


def commands(reply: Any) -> dict[str, dict[str, Any]]:
    """Return COMMAND or COMMAND INFO as a dict by name; commands the server does not know are left out."""
    return {details["name"]: details for details in map(_command, filter(None, reply))}


def _command(row: Any) -> dict[str, Any]:
    details = {
        "name": text(row[0]),
        "arity": int(row[1]),
        "flags": [text(flag) for flag in row[2]],
        "first_key_pos": row[3],
        "last_key_pos": row[4],
        "step_count": row[5],
    }
    if len(row) > 6:
        details["acl_categories"] = [text(category) for category in row[6]]
    if len(row) > 7:
        details["tips"] = row[7]
        details["key_specifications"] = [_key_specification(one) for one in row[8]]
        details["subcommands"] = [_subcommand(one) for one in row[9]]
    return details


def _subcommand(row: Any) -> list[Any]:
    """Return a subcommand's row as it came, its key specifications as dicts."""
    return [*row[:8], [_key_specification(one) for one in row[8]], *row[9:]] if len(row) > 8 else row


def _key_specification(reply: Any) -> dict[Any, Any]:
    """Return a key specification, a map of maps; the value of ``flags`` is the one list in it that is no map."""
    return {key: value if text(key) in ("flags", "notes") else _deep(value) for key, value in mapping(reply).items()}


def _deep(reply: Any) -> Any:
    if not isinstance(reply, list | dict):
        return reply
    return {key: _deep(value) for key, value in mapping(reply).items()}


def command_docs(reply: Any) -> dict[str, dict[str, Any]]:
    """Return COMMAND DOCS as dicts of dicts with ``str`` throughout."""
    return {text(name): _docs(details) for name, details in pairs(reply)}


def _docs(reply: Any) -> dict[str, Any]:
    details: dict[str, Any] = {}
    for key, value in text_keyed(reply).items():
        if key == "arguments":
            details[key] = [_docs(argument) for argument in value]
        elif key == "subcommands":
            details[key] = command_docs(value)
        else:
            details[key] = _deep_text(value)
    return details


def _deep_text(reply: Any) -> Any:
    """Return a reply with its strings as ``str``, in lists and maps too."""
    if isinstance(reply, bytes):
        return text(reply)
    if isinstance(reply, list):
        return [_deep_text(element) for element in reply]
    if isinstance(reply, dict):
        return {_deep_text(key): _deep_text(value) for key, value in reply.items()}
    return reply


# -- SLOWLOG, LATENCY, MEMORY, MODULE, HOTKEYS ------------------------------------------------------------------------


def slow_log(reply: Any) -> list[dict[str, Any]]:
    """Return the entries of SLOWLOG GET as dicts, the words of the command joined with spaces."""
    return [_slow_entry(entry) for entry in reply]


def _slow_entry(entry: Any) -> dict[str, Any]:
    details: dict[str, Any] = {"id": entry[0], "start_time": int(entry[1]), "duration": int(entry[2])}
    rest = entry[3:]
    if not isinstance(rest[0], list):  # Redis Enterprise tells the complexity first
        details["complexity"], *rest = rest
    words = rest[0]
    details["command"] = (b" " if any(isinstance(word, bytes) for word in words) else " ").join(words)
    if len(rest) >= 3:
        details["client_address"], details["client_name"] = rest[1:3]
    return details


def memory_stats(reply: Any) -> dict[str, Any]:
    """Return MEMORY STATS as a dict; RESP2's strings are the numbers that RESP3 sends as doubles."""
    return {key: _memory_value(key, value) for key, value in text_keyed(reply).items()}


def _memory_value(key: str, value: Any) -> Any:
    if key.startswith("db.") and isinstance(value, list | dict):
        return memory_stats(value)
    if not isinstance(value, bytes | str):
        return value
    try:
        return float(value)
    except ValueError:
        return text(value)


def latency_histogram(reply: Any) -> dict[str, dict[str, Any]]:
    """Return LATENCY HISTOGRAM as a dict by command: ``calls``, and ``histogram_usec`` as a dict of integers."""
    return {
        text(name): {
            key: mapping(value) if isinstance(value, list | dict) else value for key, value in text_keyed(facts).items()
        }
        for name, facts in pairs(reply)
    }


def maps(reply: Any) -> list[dict[Any, Any]] | None:
    """Return an array of maps as dicts; null stays ``None``."""
    return None if reply is None else [mapping(element) for element in reply]


def modules(reply: Any) -> list[dict[Any, Any]]:
    """Return MODULE LIST as dicts."""
    return [mapping(element) for element in reply or ()]


def done(reply: Any) -> bool:
    """Return ``True`` whatever the reply, for commands that only tell that they began."""
    return True


def aborted(reply: Any) -> None:
    """Return ``None`` for the OK of SHUTDOWN ABORT."""


def not_gone(reply: Any) -> None:
    """Raise RedisError for a SHUTDOWN that is answered; ``None`` is no answer."""
    if reply is not None:
        raise RedisError("the server answered SHUTDOWN and did not go")
