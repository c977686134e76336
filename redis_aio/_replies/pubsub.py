"""Parsers for the group "pubsub"."""

from typing import Any

from redis_aio._replies.common import pairs


def subscribers(reply: Any) -> list[tuple[Any, int]]:
    """Return PUBSUB NUMSUB as a list of channels with how many are subscribed to each."""
    return list(pairs(reply))
