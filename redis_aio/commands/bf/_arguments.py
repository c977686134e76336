"""Arguments that the probabilistic types share."""

from collections.abc import Mapping, Sequence

from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT


def given(options: Mapping[str, EncodableT | None]) -> list[EncodableT]:
    """Return the words and values of the options that have one."""
    return [part for word, value in options.items() if value is not None for part in (word, value)]


def flagged(**flags: bool | None) -> list[EncodableT]:
    """Return the words of the options that are true."""
    return [word for word, flag in flags.items() if flag]


def incremented(items: Sequence[EncodableT], increments: Sequence[int]) -> list[EncodableT]:
    """Return each item followed by its increment.

    Raises:
        DataError: there is none, or not as many of the one as of the other.
    """
    if not items or len(items) != len(increments):
        raise DataError("items and increments must have the same number of elements, at least one")
    return [part for pair in zip(items, increments, strict=True) for part in pair]
