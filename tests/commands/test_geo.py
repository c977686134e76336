"""The geo commands on each face, and what they refuse."""

from typing import Any

import pytest

from redis_aio.exceptions import DataError
from tests.commands.conftest import Built, Face, Recorder, Text

pytestmark = pytest.mark.one_loop  # no command depends on the event loop

PALERMO = (13.361389, 38.115556, "Palermo")
CATANIA = (15.087269, 37.502669, "Catania")
#: Where Redis' grid puts them.
PALERMO_AT = pytest.approx((13.361389, 38.115556), abs=1e-5)


async def prepare(face: Face) -> None:
    assert await face.client.geoadd("g", (*PALERMO, *CATANIA)) == 2


async def test_add(face: Face) -> None:
    assert await face(lambda r: r.geoadd("g", [*PALERMO, *CATANIA])) == 2
    assert await face(lambda r: r.geoadd("g", (13, 38, "Palermo"), nx=True)) == 0
    assert await face(lambda r: r.geoadd("g", (13, 38, "Palermo"), xx=True, ch=True)) == 1


async def test_places(face: Face) -> None:
    await prepare(face)
    assert await face(lambda r: r.geopos("g", "Palermo", "none")) == [PALERMO_AT, None]
    assert await face(lambda r: r.geohash("g", "Palermo", "none")) == ["sqc8b49rny0", None]
    distance = await face(lambda r: r.geodist("g", "Palermo", "Catania", "km"))
    assert distance == pytest.approx(166.2742, abs=1e-3)
    assert isinstance(distance, float)
    assert await face(lambda r: r.geodist("g", "Palermo", "none")) is None


async def test_search(face: Face, text: Text) -> None:
    await prepare(face)
    assert await face(lambda r: r.geosearch("g", longitude=15, latitude=37, unit="km", radius=100)) == text(["Catania"])
    assert await face(lambda r: r.geosearch("g", "Palermo", unit="km", width=400, height=400, sort="DESC")) == text(
        ["Catania", "Palermo"]
    )
    assert await face(lambda r: r.geosearch("g", "Palermo", unit="km", radius=200, count=1, sort="ASC")) == text(
        ["Palermo"]
    )
    assert await face(lambda r: r.geosearch("g", "Palermo", radius=0, withdist=True)) == [[text("Palermo"), 0.0]]
    [[name, distance, place, at]] = await face(
        lambda r: r.geosearch("g", "Palermo", radius=1, withcoord=True, withdist=True, withhash=True)
    )
    assert (name, distance, place, at) == (text("Palermo"), 0.0, 3479099956230698, PALERMO_AT)
    assert (type(distance), type(place), type(at)) == (float, int, tuple)


async def test_store_a_search(face: Face) -> None:
    await prepare(face)
    assert await face(lambda r: r.geosearchstore("d", "g", "Palermo", unit="km", radius=200)) == 2
    assert await face(lambda r: r.geosearchstore("d", "g", "Palermo", radius=1, storedist=True)) == 1
    assert await face(lambda r: r.zscore("d", "Palermo")) == 0.0


async def test_radius(face: Face, text: Text) -> None:
    await prepare(face)
    both = text(["Palermo", "Catania"])
    assert await face(lambda r: r.georadius("g", 13, 38, 300, "km", sort="ASC")) == both
    assert await face(lambda r: r.georadius_ro("g", 13, 38, 300, "km", sort="ASC")) == both
    assert await face(lambda r: r.georadiusbymember("g", "Palermo", 300, "km", sort="ASC")) == both
    assert await face(lambda r: r.georadiusbymember_ro("g", "Palermo", 300, "km", sort="ASC")) == both
    assert await face(lambda r: r.georadiusbymember_ro("g", "Palermo", 300, withdist=True)) == [[both[0], 0.0]]
    assert await face(lambda r: r.georadius("g", 13, 38, 300, "km", store="d")) == 2
    assert await face(lambda r: r.georadiusbymember("g", "Palermo", 300, store_dist="d")) == 1
    assert await face(lambda r: r.georadiusbymember("g", "Palermo", 300, withcoord=True)) == [[both[0], PALERMO_AT]]


def test_what_is_sent(built: Built) -> None:
    assert built(lambda r: r.geosearch("g", "m", unit="KM", width=1, height=2, sort="asc", count=3, any=True)) == [
        *("GEOSEARCH", "g", "FROMMEMBER", "m", "BYBOX", 1, 2, "km", "ASC", "COUNT", 3, "ANY")
    ]
    assert built(lambda r: r.georadius("g", 1, 2, 3, withcoord=True, count=4, any=True, store_dist="d")) == [
        *("GEORADIUS", "g", 1, 2, 3, "m", "WITHCOORD", "COUNT", 4, "ANY", "STOREDIST", "d")
    ]


REFUSED = [
    lambda r: r.geoadd("g", []),
    lambda r: r.geoadd("g", (1, 2)),
    lambda r: r.geoadd("g", (1, 2, "a"), nx=True, xx=True),
    lambda r: r.geodist("g", "a", "b", "parsec"),
    lambda r: r.geosearch("g", "a", longitude=0, radius=1),
    lambda r: r.geosearch("g", "a", radius=1, height=1),
    lambda r: r.geosearch("g", longitude=1, radius=1),
    lambda r: r.geosearchstore("d", "g", "a"),
    lambda r: r.georadius("g", 1, 2, 3, any=True),
    lambda r: r.georadius("g", 1, 2, 3, sort="UP"),
    lambda r: r.georadiusbymember("g", "a", 3, store="a", store_dist="b"),
]


@pytest.mark.parametrize("call", REFUSED, ids=range(len(REFUSED)))
def test_refusals(recorder: Recorder, call: Any) -> None:
    with pytest.raises(DataError):
        call(recorder)
