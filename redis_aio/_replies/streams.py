"""Parsers of the replies of the stream commands: the streams of XREAD are an array in RESP2 and a map in RESP3."""

from typing import Any

from redis_aio._replies.common import mapping, pairs, text, text_keyed

#: What XPENDING says of each entry, in its order.
_PENDING = ("message_id", "consumer", "time_since_delivered", "times_delivered")


def _entry(reply: Any) -> tuple[Any, Any]:
    """Return one entry as ``(id, fields)``; deleted fields are ``{}``, a deleted entry is ``(None, None)``."""
    return (None, None) if reply is None else (reply[0], mapping(reply[1]))


def entries(reply: Any) -> list[tuple[Any, Any]]:
    """Return entries as ``[(id, {field: value}), ...]``; null is ``[]``."""
    return [_entry(element) for element in reply or ()]


def streams(reply: Any) -> list[list[Any]]:
    """Return the reply of XREAD and XREADGROUP: ``[[stream, entries], ...]``; null is ``[]``."""
    return [[name, entries(found)] for name, found in pairs(reply)]


def streams_with_claims(reply: Any) -> list[list[Any]]:
    """Return the reply of XREADGROUP CLAIM: what stands behind the fields of an entry follows them."""
    return [[name, [(*_entry(element), *element[2:]) for element in found or ()]] for name, found in pairs(reply)]


def claimed(reply: Any) -> list[Any]:
    """Return the reply of XAUTOCLAIM: ``[where to go on, entries, ids that are gone]``; the last since 7.0."""
    return [reply[0], entries(reply[1]), *reply[2:]]


def claimed_ids(reply: Any) -> list[Any]:
    """Return the ids in the reply of XAUTOCLAIM JUSTID."""
    ids: list[Any] = reply[1]
    return ids


def pending(reply: Any) -> dict[str, Any]:
    """Return the summary of XPENDING as ``dict``."""
    number, lowest, highest, consumers = reply
    named = [{"name": name, "pending": int(count)} for name, count in consumers or ()]
    return {"pending": number, "min": lowest, "max": highest, "consumers": named}


def pending_range(reply: Any) -> list[dict[str, Any]]:
    """Return the entries of XPENDING, a ``dict`` each."""
    return [dict(zip(_PENDING, element, strict=False)) for element in reply]


def info(reply: Any) -> dict[str, Any]:
    """Return the reply of XINFO STREAM; the first and the last entry are ``(id, fields)``, or ``None``."""
    about = text_keyed(reply)
    for name in ("first-entry", "last-entry"):
        entry = about.get(name)
        if entry is not None and entry[0] is not None:
            about[name] = _entry(entry)
    return about


def full_info(reply: Any) -> dict[str, Any]:
    """Return the reply of XINFO STREAM FULL: the entries by their ids, and what is known of groups and consumers."""
    about = text_keyed(reply)
    about["entries"] = dict(entries(about["entries"]))
    about["groups"] = [text_keyed(group) for group in about["groups"]]
    for group in about["groups"]:
        group["consumers"] = [text_keyed(consumer) for consumer in group["consumers"]]
    return about


def texts(reply: Any) -> list[str]:
    """Return the lines of a HELP subcommand."""
    return [text(line) for line in reply]
