"""Calls of the geo commands, for the comparison with redis-py."""

from tests.commands.calls_collections import LIST, Call, Case, call

PLACES = ("GEOADD", "g", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")
PLACE = ("GEOADD", "g", 13.361389, 38.115556, "Palermo")
POINT = {"longitude": 15, "latitude": 37}

CASES = [
    Case(
        "geoadd",
        [],
        [
            call("geoadd", "g", [13.361389, 38.115556, "Palermo", "15.087269", "37.502669", b"Catania"]),
            call("geoadd", "g", (13.3, 38.1, "Palermo"), nx=True),
            call("geoadd", "g", (13.3, 38.1, "Palermo"), xx=True, ch=True),
            call("geoadd", "g", (13.3, 38.1, "Palermo"), True, True),
            call("geoadd", "g", (13.3, 38.1)),
            call("geoadd", "g", (999, 38.1, "nowhere")),
        ],
    ),
    Case(
        "geodist",
        [PLACES],
        [
            call("geodist", "g", "Palermo", "Catania"),
            call("geodist", "g", "Palermo", "Catania", "km"),
            call("geodist", "g", "Palermo", "none"),
            call("geodist", "none", "a", "b"),
            call("geodist", "g", "Palermo", "Catania", "parsec"),
        ],
    ),
    Case(
        "geohash, geopos",
        [PLACES],
        [
            call("geohash", "g", "Palermo", "none", "Catania"),
            call("geohash", "none", "a"),
            call("geopos", "g", "Palermo", "none", "Catania"),
            call("geopos", "none", "a"),
            call("geopos", "g"),
        ],
    ),
    Case(
        "geosearch",
        [PLACES],
        [
            call("geosearch", "g", **POINT, unit="km", radius=200, sort="ASC"),
            call("geosearch", "g", **POINT, unit="km", radius=200, sort="desc", withdist=True),
            call("geosearch", "g", **POINT, unit="KM", width=400, height=400, sort="ASC", withcoord=True),
            call("geosearch", "g", "Palermo", radius=1, withcoord=True, withdist=True, withhash=True),
            call("geosearch", "g", "Palermo", unit="mi", radius=200, sort="ASC", count=1),
            call("geosearch", "g", member="Palermo", unit="ft", radius=10_000_000, count=5, any=True, sort="ASC"),
            call("geosearch", "none", **POINT, radius=1),
            call("geosearch", "none", **POINT, radius=1, withdist=True),
            call("geosearch", "g", "none", radius=1),
        ],
    ),
    Case(
        "geosearch that cannot be",
        [PLACES],
        [
            call("geosearch", "g"),
            call("geosearch", "g", "Palermo"),
            call("geosearch", "g", longitude=1, radius=1),
            call("geosearch", "g", "Palermo", 15, 37, radius=1),
            call("geosearch", "g", "Palermo", radius=1, width=1, height=1),
            call("geosearch", "g", "Palermo", width=1),
            call("geosearch", "g", "Palermo", radius=1, unit=None),
            call("geosearch", "g", "Palermo", radius=1, unit="parsec"),
            call("geosearch", "g", "Palermo", radius=1, sort="UP"),
            call("geosearch", "g", "Palermo", radius=1, any=True),
        ],
    ),
    Case(
        "geosearchstore",
        [PLACES],
        [
            call("geosearchstore", "d", "g", **POINT, unit="km", radius=200),
            call("zrange", "d", 0, -1, withscores=True),
            call("geosearchstore", "e", "g", "Palermo", unit="km", radius=200, count=1, storedist=True),
            call("zrange", "e", 0, -1, withscores=True),
            call("geosearchstore", "d", "g", **POINT),
        ],
    ),
    Case(
        "georadius",
        [PLACES],
        [
            call("georadius", "g", 15, 37, 200, "km", sort="ASC"),
            call("georadius", "g", 15, 37, 200, "km", True, True, True, sort="DESC"),
            call("georadius", "g", 15, 37, 200_000, withdist=True, count=1, sort="ASC"),
            call("georadius", "g", 15, 37, 200, "km", count=5, any=True, sort="ASC"),
            call("georadius", "g", 15, 37, 200, "km", store="d"),
            call("georadius", "g", 15, 37, 200, "km", store_dist="d"),
            call("georadius", "none", 15, 37, 200),
            call("georadius", "g", 15, 37, 200, "km", any=True),
            call("georadius", "g", 15, 37, 200, "parsec"),
            call("georadius", "g", 15, 37, 200, sort="UP"),
            call("georadius", "g", 15, 37, 200, store="a", store_dist="b"),
        ],
    ),
    Case(
        "georadiusbymember",
        [PLACES],
        [
            call("georadiusbymember", "g", "Palermo", 200, "km", sort="ASC"),
            call("georadiusbymember", "g", "Palermo", 200, "km", withhash=True, sort="DESC"),
            call("georadiusbymember", "g", "Palermo", 1, withcoord=True),
            call("georadiusbymember", "g", "Palermo", 200, "km", store="d"),
            call("georadiusbymember", "g", "none", 200),
        ],
    ),
    Case("geo of a wrong type", [LIST], [call("geopos", "l", "a"), call("geoadd", "l", (1, 1, "a"))]),
]

_BEFORE = "what cannot work is refused before it is sent"
#: What differs deliberately, and why.
DIFFERENT: list[tuple[str, Call, str]] = [
    (_BEFORE, call("geoadd", "none", []), ""),
    ("a radius of 0 is one, and finds what is there", call("geosearch", "none", **POINT, radius=0), ""),
    ("a place may have an empty name", call("geosearch", "none", "", radius=1), ""),
]
