"""Parsers of the replies of the hash commands."""

from typing import Any

from redis_aio._replies.common import mapping, pairs


def scanned_fields(reply: Any) -> tuple[int, dict[Any, Any]]:
    """Return the reply of HSCAN as the next cursor and a dict of what it visited."""
    cursor, elements = reply
    return int(cursor), mapping(elements)


def flat_pairs(reply: Any) -> list[Any]:
    """Return the pairs of HRANDFIELD WITHVALUES, nested in RESP3, as field, value, field, value ..."""
    return [part for pair in pairs(reply) for part in pair]
