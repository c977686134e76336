"""Arguments that the probabilistic types share."""

from collections.abc import Sequence

from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT


def incremented(items: Sequence[EncodableT], increments: Sequence[int]) -> list[EncodableT]:
    """Return each item followed by its increment.

    Raises:
        DataError: there is none, or not as many of the one as of the other.
    """
    if not items or len(items) != len(increments):
        raise DataError("items and increments must have the same number of elements, at least one")
    return [part for pair in zip(items, increments, strict=True) for part in pair]
