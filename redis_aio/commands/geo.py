"""GeoCommands: the commands of the group "geo"."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, overload

from redis_aio._replies import geo as replies
from redis_aio._replies.common import float_or_none
from redis_aio.commands._arguments import at_most_one, some
from redis_aio.commands._collections import one_of
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, FieldT, KeyT, Reply, S

#: What follows the centre of a search, and how its reply is read.
_Search: TypeAlias = "tuple[list[EncodableT], Callable[[Any], Any] | None]"


class GeoCommands(CommandGroup[S]):
    """The commands of the group "geo".

    Places are members of a sorted set. Distances are in a unit: "m" (metres), "km", "mi" (miles) or "ft" (feet).
    """

    def geoadd(
        self, name: KeyT, values: Sequence[EncodableT], nx: bool = False, xx: bool = False, ch: bool = False
    ) -> Reply[int]:
        """Add places, longitude, latitude and name each; return how many are new, or with ``ch`` how many changed.

        ``nx`` only adds, ``xx`` only updates.

        https://redis.io/commands/geoadd/
        """
        at_most_one(nx=nx, xx=xx)
        if len(some("values", values)) % 3:
            raise DataError("values must be longitude, latitude and name of each place")
        words = (word for word, given in (("NX", nx), ("XX", xx), ("CH", ch)) if given)
        return self._run("GEOADD", name, *words, *values)

    def geodist(self, name: KeyT, place1: FieldT, place2: FieldT, unit: str | None = None) -> Reply[float | None]:
        """Return the distance of two places, or ``None`` where one is not there.

        https://redis.io/commands/geodist/
        """
        units = (_unit(unit),) if unit else ()
        return self._run("GEODIST", name, place1, place2, *units, reply=float_or_none)

    def geohash(self, name: KeyT, *values: FieldT) -> Reply[list[str | None]]:
        """Return the geohashes of places, as ``str`` of eleven characters; ``None`` for those that are not there.

        https://redis.io/commands/geohash/
        """
        return self._run("GEOHASH", name, *values, reply=replies.hashes)

    def geopos(self, name: KeyT, *values: FieldT) -> Reply[list[tuple[float, float] | None]]:
        """Return longitude and latitude of places; ``None`` for those that are not there.

        https://redis.io/commands/geopos/
        """
        return self._run("GEOPOS", name, *values, reply=replies.positions)

    # -- searching ----------------------------------------------------------------------------------------------------

    @overload
    def geosearch(
        self,
        name: KeyT,
        member: FieldT | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: Literal[False] = False,
        withdist: Literal[False] = False,
        withhash: Literal[False] = False,
    ) -> Reply[list[S]]: ...
    @overload
    def geosearch(
        self,
        name: KeyT,
        member: FieldT | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
    ) -> Reply[list[Any]]: ...
    def geosearch(
        self,
        name: KeyT,
        member: FieldT | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
    ) -> Reply[list[Any]]:
        """Return the places within a radius, or a box, around a place or a point.

        With ``withdist``, ``withhash`` and ``withcoord`` each is a list: the place, its distance, its hash (an int) and
        ``(longitude, latitude)``, as far as asked for.

        Args:
            name: the key.
            member: the place in the middle; or else:
            longitude: of the point in the middle.
            latitude: of the point in the middle.
            unit: of ``radius``, ``width``, ``height`` and of distances in the reply.
            radius: of the circle; or else:
            width: of the box.
            height: of the box.
            sort: "ASC" has the nearest first, "DESC" the farthest.
            count: as many at most, the nearest.
            any: those found first, instead of the nearest ``count``.
            withcoord: with longitude and latitude.
            withdist: with the distance from the middle.
            withhash: with the hash, which is the score in the sorted set.

        https://redis.io/commands/geosearch/
        """
        shape = _shape(member, longitude, latitude, unit, radius, width, height)
        options, parse = _options(sort, count, any, withdist=withdist, withcoord=withcoord, withhash=withhash)
        return self._run("GEOSEARCH", name, *shape, *options, reply=parse)

    def geosearchstore(
        self,
        dest: KeyT,
        name: KeyT,
        member: FieldT | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        storedist: bool = False,
    ) -> Reply[int]:
        """Store the places that :meth:`geosearch` finds in ``dest``; return how many they are.

        ``storedist`` stores their distances as scores instead of their hashes.

        https://redis.io/commands/geosearchstore/
        """
        shape = _shape(member, longitude, latitude, unit, radius, width, height)
        options, _ = _options(sort, count, any)
        if storedist:
            options.append("STOREDIST")
        return self._run("GEOSEARCHSTORE", dest, name, *shape, *options)

    # -- superseded by geosearch --------------------------------------------------------------------------------------

    @overload
    def georadius(
        self,
        name: KeyT,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: Literal[False] = False,
        withcoord: Literal[False] = False,
        withhash: Literal[False] = False,
        count: int | None = None,
        sort: str | None = None,
        store: None = None,
        store_dist: None = None,
        any: bool = False,
    ) -> Reply[list[S]]: ...
    @overload
    def georadius(
        self,
        name: KeyT,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: KeyT | None = None,
        store_dist: KeyT | None = None,
        any: bool = False,
    ) -> Reply[Any]: ...
    def georadius(
        self,
        name: KeyT,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: KeyT | None = None,
        store_dist: KeyT | None = None,
        any: bool = False,
    ) -> Reply[Any]:
        """Return the places within a radius of a point, as :meth:`geosearch` does, which supersedes it.

        With ``store`` or ``store_dist``, a key, they are stored there, and the reply is how many they are.

        https://redis.io/commands/georadius/
        """
        options, parse = _options(sort, count, any, withdist=withdist, withcoord=withcoord, withhash=withhash)
        stored = _stored(store, store_dist)
        pieces = (longitude, latitude, radius, _unit(unit), *options, *stored)
        return self._run("GEORADIUS", name, *pieces, reply=None if stored else parse)

    @overload
    def georadiusbymember(
        self,
        name: KeyT,
        member: FieldT,
        radius: float,
        unit: str | None = None,
        withdist: Literal[False] = False,
        withcoord: Literal[False] = False,
        withhash: Literal[False] = False,
        count: int | None = None,
        sort: str | None = None,
        store: None = None,
        store_dist: None = None,
        any: bool = False,
    ) -> Reply[list[S]]: ...
    @overload
    def georadiusbymember(
        self,
        name: KeyT,
        member: FieldT,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: KeyT | None = None,
        store_dist: KeyT | None = None,
        any: bool = False,
    ) -> Reply[Any]: ...
    def georadiusbymember(
        self,
        name: KeyT,
        member: FieldT,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: KeyT | None = None,
        store_dist: KeyT | None = None,
        any: bool = False,
    ) -> Reply[Any]:
        """Return the places within a radius of a place, as :meth:`geosearch` does, which supersedes it.

        With ``store`` or ``store_dist``, a key, they are stored there, and the reply is how many they are.

        https://redis.io/commands/georadiusbymember/
        """
        options, parse = _options(sort, count, any, withdist=withdist, withcoord=withcoord, withhash=withhash)
        stored = _stored(store, store_dist)
        pieces = (member, radius, _unit(unit), *options, *stored)
        return self._run("GEORADIUSBYMEMBER", name, *pieces, reply=None if stored else parse)

    def georadius_ro(
        self,
        name: KeyT,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        any: bool = False,
    ) -> Reply[list[Any]]:
        """Do as :meth:`georadius` without storing, which a replica can do too.

        https://redis.io/commands/georadius_ro/
        """
        options, parse = _options(sort, count, any, withdist=withdist, withcoord=withcoord, withhash=withhash)
        pieces = (longitude, latitude, radius, _unit(unit), *options)
        return self._run("GEORADIUS_RO", name, *pieces, reply=parse)

    def georadiusbymember_ro(
        self,
        name: KeyT,
        member: FieldT,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        any: bool = False,
    ) -> Reply[list[Any]]:
        """Do as :meth:`georadiusbymember` without storing, which a replica can do too.

        https://redis.io/commands/georadiusbymember_ro/
        """
        options, parse = _options(sort, count, any, withdist=withdist, withcoord=withcoord, withhash=withhash)
        return self._run("GEORADIUSBYMEMBER_RO", name, member, radius, _unit(unit), *options, reply=parse)


def _unit(unit: str | None) -> str:
    return one_of("unit", unit, "M", "KM", "MI", "FT").lower() if unit else "m"


def _shape(
    member: FieldT | None,
    longitude: float | None,
    latitude: float | None,
    unit: str | None,
    radius: float | None,
    width: float | None,
    height: float | None,
) -> list[EncodableT]:
    """Return where to search: around what, and how far."""
    if unit is None:
        raise DataError("unit must be given")
    pieces: list[EncodableT]
    if member is not None:
        if longitude is not None or latitude is not None:
            raise DataError("member excludes longitude and latitude")
        pieces = ["FROMMEMBER", member]
    elif longitude is None or latitude is None:
        raise DataError("either member, or longitude and latitude must be given")
    else:
        pieces = ["FROMLONLAT", longitude, latitude]
    if radius is not None:
        if width is not None or height is not None:
            raise DataError("radius excludes width and height")
        return [*pieces, "BYRADIUS", radius, _unit(unit)]
    if width is None or height is None:
        raise DataError("either radius, or width and height must be given")
    return [*pieces, "BYBOX", width, height, _unit(unit)]


def _options(
    sort: str | None,
    count: int | None,
    any: bool,
    *,
    withdist: bool = False,
    withcoord: bool = False,
    withhash: bool = False,
) -> _Search:
    """Return the options that all searches have, and the parser that suits them."""
    words = {"WITHDIST": withdist, "WITHCOORD": withcoord, "WITHHASH": withhash}
    options: list[EncodableT] = [word for word, given in words.items() if given]
    parse = replies.places_with(withdist, withhash, withcoord) if options else None
    if sort:
        options.append(one_of("sort", sort, "ASC", "DESC"))
    if count is not None:
        options += ("COUNT", count, *(("ANY",) if any else ()))
    elif any:
        raise DataError("any needs a count")
    return options, parse


def _stored(store: KeyT | None, store_dist: KeyT | None) -> tuple[EncodableT, ...]:
    at_most_one(store=store is not None, store_dist=store_dist is not None)
    if store is not None:
        return ("STORE", store)
    return () if store_dist is None else ("STOREDIST", store_dist)
