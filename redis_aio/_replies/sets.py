"""Parsers of the replies of the set commands."""

from collections.abc import Iterable
from typing import Any


def members(reply: Iterable[Any] | None) -> set[Any]:
    """Return an array or a RESP3 set as ``set``; null becomes the empty one."""
    return set(reply or ())
