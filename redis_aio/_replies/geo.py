"""Parsers of the replies of the geo commands: distances and coordinates are strings in RESP2, doubles in RESP3."""

from collections.abc import Callable
from typing import Any

from redis_aio._replies.common import text


def hashes(reply: Any) -> list[str | None]:
    """Return the reply of GEOHASH, always as text; null for a place that is not there stays ``None``."""
    return [None if geohash is None else text(geohash) for geohash in reply]


def _coordinates(reply: Any) -> tuple[float, float]:
    longitude, latitude = reply
    return float(longitude), float(latitude)


def positions(reply: Any) -> list[tuple[float, float] | None]:
    """Return the reply of GEOPOS: ``(longitude, latitude)``, or ``None``, for each place."""
    return [None if position is None else _coordinates(position) for position in reply]


def places_with(withdist: bool, withhash: bool, withcoord: bool) -> Callable[[Any], list[list[Any]]]:
    """Return the parser of a search: ``[place, distance, hash, (longitude, latitude)]``, as far as asked for."""
    wanted = ((withdist, float), (withhash, int), (withcoord, _coordinates))
    casts: list[Callable[[Any], Any]] = [cast for given, cast in wanted if given]

    def parse(reply: Any) -> list[list[Any]]:
        return [[place, *(cast(value) for cast, value in zip(casts, values, strict=True))] for place, *values in reply]

    return parse
