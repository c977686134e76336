"""Parsers for the group "generic"."""

from collections.abc import Callable
from typing import Any


def grouped(size: int) -> Callable[[Any], list[tuple[Any, ...]]]:
    """Return a parser that makes tuples of ``size`` elements out of a flat array."""

    def parse_groups(reply: Any) -> list[tuple[Any, ...]]:
        return list(zip(*[iter(reply or ())] * size, strict=True))

    return parse_groups
