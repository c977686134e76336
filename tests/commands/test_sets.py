"""The set commands on each face, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from redis_aio.commands import Commands
from redis_aio.exceptions import DataError
from tests.commands.conftest import Face, Recorder

pytestmark = pytest.mark.one_loop  # no command depends on the event loop

Text = Callable[[Any], Any]
Needs = Callable[..., None]
Built = Callable[[Callable[[Commands[Any]], Any]], list[Any]]


async def test_add_read_remove(face: Face, text: Text) -> None:
    assert await face(lambda r: r.sadd("s", "a", "b", 3)) == 3
    assert await face(lambda r: r.sadd("s", "a", "d")) == 1
    assert await face(lambda r: r.scard("s")) == 4
    assert await face(lambda r: r.smembers("s")) == text({"a", "b", "3", "d"})
    assert await face(lambda r: r.srem("s", "a", "missing")) == 1
    assert await face(lambda r: r.sismember("s", "b")) == 1
    assert await face(lambda r: r.sismember("s", "a")) == 0


async def test_nothing_there(face: Face) -> None:
    assert await face(lambda r: r.smembers("none")) == set()
    assert await face(lambda r: r.scard("none")) == 0
    assert await face(lambda r: r.spop("none")) is None
    assert await face(lambda r: r.spop("none", 2)) == []
    assert await face(lambda r: r.srandmember("none")) is None
    assert await face(lambda r: r.srandmember("none", 2)) == []
    assert await face(lambda r: r.sinter("none", "other")) == set()
    assert await face(lambda r: r.sscan("none")) == (0, [])


async def test_several_members_at_once(face: Face) -> None:
    await face.client.sadd("s", "a", "b")
    assert await face(lambda r: r.smismember("s", ["a", "x", "b"])) == [1, 0, 1]
    assert await face(lambda r: r.smismember("s", "x", "a")) == [0, 1]


async def test_move(face: Face, text: Text) -> None:
    await face.client.sadd("s", "a", "b")
    assert await face(lambda r: r.smove("s", "t", "a")) is True
    assert await face(lambda r: r.smove("s", "t", "a")) is False
    assert await face(lambda r: r.smembers("t")) == text({"a"})


async def test_random_members(face: Face, text: Text) -> None:
    everything = text({"a", "b", "c"})
    await face.client.sadd("s", "a", "b", "c")
    assert await face(lambda r: r.srandmember("s")) in everything
    some = await face(lambda r: r.srandmember("s", 2))
    assert type(some) is list
    assert len(set(some)) == 2
    assert set(some) <= everything
    assert len(await face(lambda r: r.srandmember("s", -7))) == 7
    first = await face(lambda r: r.spop("s"))
    rest = await face(lambda r: r.spop("s", 5))
    assert type(rest) is list
    assert {first, *rest} == everything


async def test_differences_intersections_unions(face: Face, text: Text) -> None:
    await face.client.sadd("s", "a", "b", "c")
    await face.client.sadd("t", "b", "c", "d")
    assert await face(lambda r: r.sdiff("s", "t")) == text({"a"})
    assert await face(lambda r: r.sinter(["s", "t"])) == text({"b", "c"})
    assert await face(lambda r: r.sunion(["s"], "t")) == text({"a", "b", "c", "d"})
    assert await face(lambda r: r.sdiffstore("x", "s", "t")) == 1
    assert await face(lambda r: r.sinterstore("y", ["s", "t"])) == 2
    assert await face(lambda r: r.sunionstore("z", "s", "t")) == 4
    assert await face(lambda r: r.smembers("z")) == text({"a", "b", "c", "d"})


async def test_cardinality_of_an_intersection(face: Face, needs: Needs) -> None:
    needs("SINTERCARD")
    await face.client.sadd("s", "a", "b", "c")
    await face.client.sadd("t", "b", "c", "d")
    assert await face(lambda r: r.sintercard(2, ["s", "t"])) == 2
    assert await face(lambda r: r.sintercard(2, ["s", "t"], limit=1)) == 1


async def test_cardinalities_of_unions_and_differences(face: Face, needs: Needs) -> None:
    needs("SUNIONCARD")
    await face.client.sadd("s", "a", "b", "c")
    await face.client.sadd("t", "b", "c", "d")
    assert await face(lambda r: r.sunioncard(2, ["s", "t"])) == 4
    assert await face(lambda r: r.sunioncard(2, ["s", "t"], approx=True)) == 4
    assert await face(lambda r: r.sdiffcard(2, ["s", "t"])) == 1


async def test_scan(face: Face, text: Text) -> None:
    await face.client.sadd("s", *(f"member:{n}" for n in range(600)), "other")

    async def page(cursor: int) -> Any:
        return await face(lambda r: r.sscan("s", cursor, match="member:*", count=100))

    cursor, found = await page(0)
    assert type(found) is list
    while cursor:
        cursor, more = await page(cursor)
        found += more
    assert set(found) == text({f"member:{n}" for n in range(600)})


# -- without a server -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.sdiff("a"), ["SDIFF", "a"]),
        (lambda r: r.sunion({"a": 1}, b"b"), ["SUNION", "a", "b"]),
        (lambda r: r.sintercard(1, "a"), ["SINTERCARD", 1, "a", "LIMIT", 0]),
        (lambda r: r.sdiffcard(2, ("a", "b"), 3), ["SDIFFCARD", 2, "a", "b", "LIMIT", 3]),
        (lambda r: r.sunioncard(2, ["a", "b"]), ["SUNIONCARD", 2, "a", "b", "LIMIT", 0]),
        (lambda r: r.sunioncard(1, ["a"], 3, True), ["SUNIONCARD", 1, "a", "APPROX", "LIMIT", 3]),
        (lambda r: r.spop("s", 0), ["SPOP", "s", 0]),
        (lambda r: r.sscan("s", 5, "a*", 10), ["SSCAN", "s", 5, "MATCH", "a*", "COUNT", 10]),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Commands[Any]], Any], words: list[Any]) -> None:
    assert built(call) == words


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.sadd("s"), "values must have at least one element"),
        (lambda r: r.srem("s"), "values must have at least one element"),
        (lambda r: r.smismember("s", []), "values must have at least one element"),
        (lambda r: r.sdiff([]), "keys must have at least one element"),
        (lambda r: r.sinterstore("d", []), "keys must have at least one element"),
        (lambda r: r.sintercard(1, ["a", "b"]), "keys has 2 elements, but the number given"),
        (lambda r: r.sunioncard(0, []), "keys must have at least one element"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Commands[Any]], Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        call(recorder)
