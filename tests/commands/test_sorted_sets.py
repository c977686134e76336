"""The sorted set commands on each face, and what they refuse."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from redis_aio._replies.sorted_sets import flat_with_scores, multi_popped, popped_with_score, scores, with_scores
from redis_aio.commands import Commands
from redis_aio.exceptions import DataError
from tests.commands.conftest import Face, Recorder
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop  # no command depends on the event loop

Text = Callable[[Any], Any]
Needs = Callable[..., None]
Built = Callable[[Callable[[Commands[Any]], Any]], list[Any]]

ABCD = {"a": 1, "b": 2, "c": 3, "d": 4.5}


async def test_add(face: Face) -> None:
    assert await face(lambda r: r.zadd("z", {"a": 1, "b": 2.5})) == 2
    assert await face(lambda r: r.zadd("z", {"a": 5}, nx=True)) == 0
    assert await face(lambda r: r.zadd("z", {"a": 5, "c": 1}, xx=True, ch=True)) == 1
    assert await face(lambda r: r.zadd("z", {"a": 4, "b": 4}, gt=True, ch=True)) == 1
    assert await face(lambda r: r.zadd("z", {"a": 4, "b": 9}, lt=True, ch=True)) == 1
    assert await face(lambda r: r.zmscore("z", ["a", "b", "c"])) == [4.0, 4.0, None]


async def test_add_to_a_score(face: Face) -> None:
    assert await face(lambda r: r.zadd("z", {"a": 1.5}, incr=True)) == 1.5
    assert await face(lambda r: r.zadd("z", {"a": 1}, incr=True, nx=True)) is None
    assert await face(lambda r: r.zadd("z", {"a": -1}, incr=True, gt=True)) is None
    value = await face(lambda r: r.zincrby("z", 0.5, "a"))
    assert (value, type(value)) == (2.0, float)


async def test_scores_and_ranks(face: Face) -> None:
    await face.client.zadd("z", ABCD)
    assert await face(lambda r: r.zcard("z")) == 4
    assert await face(lambda r: r.zscore("z", "d")) == 4.5
    assert await face(lambda r: r.zscore("z", "x")) is None
    assert await face(lambda r: r.zrank("z", "a")) == 0
    assert await face(lambda r: r.zrevrank("z", "a")) == 3
    assert await face(lambda r: r.zrank("z", "x")) is None
    assert await face(lambda r: r.zcount("z", "(1", 3)) == 2


async def test_ranks_with_scores(face: Face, needs: Needs) -> None:
    needs("ZRANK", "WITHSCORE")
    await face.client.zadd("z", ABCD)
    assert await face(lambda r: r.zrank("z", "d", withscore=True)) == [3, 4.5]
    assert await face(lambda r: r.zrevrank("z", "c", True, int)) == [1, 3]
    assert await face(lambda r: r.zrank("z", "x", withscore=True)) is None


async def test_infinite_scores(face: Face, text: Text) -> None:
    top, bottom = float("inf"), float("-inf")
    await face.client.zadd("z", {"top": top, "bottom": "-inf"})
    assert await face(lambda r: r.zscore("z", "top")) == top
    assert await face(lambda r: r.zrange("z", 0, -1, withscores=True)) == text([("bottom", bottom), ("top", top)])
    assert await face(lambda r: r.zrandmember("z", 5, True)) in (
        text(["top", "inf", "bottom", "-inf"]),
        text(["bottom", "-inf", "top", "inf"]),
    )


async def test_nothing_there(face: Face) -> None:
    assert await face(lambda r: r.zrange("none", 0, -1)) == []
    assert await face(lambda r: r.zrange("none", 0, -1, withscores=True)) == []
    assert await face(lambda r: r.zpopmin("none")) == []
    assert await face(lambda r: r.zpopmax("none", 3)) == []
    assert await face(lambda r: r.zscan("none")) == (0, [])
    assert await face(lambda r: r.zrandmember("none")) is None
    assert await face(lambda r: r.zrandmember("none", 2, True)) == []
    assert await face(lambda r: r.zinter(["none", "other"], withscores=True)) == []
    assert await face(lambda r: r.zmscore("none", ["a"])) == [None]


async def test_range_by_rank(face: Face, text: Text) -> None:
    await face.client.zadd("z", ABCD)
    assert await face(lambda r: r.zrange("z", 1, 2)) == text(["b", "c"])
    assert await face(lambda r: r.zrange("z", 0, 1, desc=True)) == text(["d", "c"])
    assert await face(lambda r: r.zrange("z", 2, -1, withscores=True)) == text([("c", 3.0), ("d", 4.5)])
    assert await face(lambda r: r.zrange("z", 0, 0, True, True)) == text([("d", 4.5)])
    assert await face(lambda r: r.zrevrange("z", 0, 1)) == text(["d", "c"])
    assert await face(lambda r: r.zrevrange("z", 0, 0, True)) == text([("d", 4.5)])


async def test_range_by_score(face: Face, text: Text) -> None:
    await face.client.zadd("z", ABCD)
    assert await face(lambda r: r.zrangebyscore("z", "(1", "+inf")) == text(["b", "c", "d"])
    assert await face(lambda r: r.zrangebyscore("z", 1, 9, 1, 2, True)) == text([("b", 2.0), ("c", 3.0)])
    assert await face(lambda r: r.zrevrangebyscore("z", 3, "-inf")) == text(["c", "b", "a"])
    assert await face(lambda r: r.zrevrangebyscore("z", 9, 1, start=0, num=1, withscores=True)) == text([("d", 4.5)])
    assert await face(lambda r: r.zrange("z", 2, 3, byscore=True)) == text(["b", "c"])
    assert await face(lambda r: r.zrange("z", 9, 1, desc=True, byscore=True, offset=1, num=2, withscores=True)) == text(
        [("c", 3.0), ("b", 2.0)]
    )


async def test_range_by_member(face: Face, text: Text) -> None:
    await face.client.zadd("z", dict.fromkeys("abcd", 0))
    assert await face(lambda r: r.zlexcount("z", "[b", "+")) == 3
    assert await face(lambda r: r.zrangebylex("z", "(a", "[c")) == text(["b", "c"])
    assert await face(lambda r: r.zrangebylex("z", "-", "+", 1, 2)) == text(["b", "c"])
    assert await face(lambda r: r.zrevrangebylex("z", "+", "-", 0, 2)) == text(["d", "c"])
    assert await face(lambda r: r.zrange("z", "-", "(c", bylex=True)) == text(["a", "b"])
    assert await face(lambda r: r.zremrangebylex("z", "[a", "(c")) == 2


async def test_store_a_range(face: Face, text: Text) -> None:
    await face.client.zadd("z", ABCD)
    assert await face(lambda r: r.zrangestore("x", "z", 0, 1)) == 2
    assert await face(lambda r: r.zrangestore("y", "z", 9, 2, byscore=True, desc=True, offset=0, num=2)) == 2
    assert await face(lambda r: r.zrange("y", 0, -1)) == text(["c", "d"])


@pytest.mark.parametrize("cast", [int, str, Decimal, round])
async def test_scores_of_the_callers_choice(face: Face, text: Text, cast: Callable[[Any], Any]) -> None:
    await face.client.zadd("z", {"a": 2, "big": 1e20})
    values: dict[Any, list[Any]] = {
        int: [2, 10**20],
        str: [str(text("2")), str(text("1e+20"))],
        Decimal: [Decimal(2), Decimal(10**20)],
        round: [2, 10**20],
    }
    expected = list(zip(text(["a", "big"]), values[cast], strict=True))
    assert await face(lambda r: r.zrange("z", 0, -1, withscores=True, score_cast_func=cast)) == expected
    assert await face(lambda r: r.zrevrange("z", 0, -1, True, cast)) == expected[::-1]
    assert await face(lambda r: r.zunion(["z"], withscores=True, score_cast_func=cast)) == expected
    assert await face(lambda r: r.zscan("z", score_cast_func=cast)) == (0, expected)


async def test_remove(face: Face, text: Text) -> None:
    await face.client.zadd("z", {**ABCD, "e": 5, "f": 6})
    assert await face(lambda r: r.zrem("z", "a", "x")) == 1
    assert await face(lambda r: r.zremrangebyrank("z", 0, 0)) == 1
    assert await face(lambda r: r.zremrangebyscore("z", 5, "+inf")) == 2
    assert await face(lambda r: r.zrange("z", 0, -1)) == text(["c", "d"])


async def test_pop(face: Face, text: Text) -> None:
    await face.client.zadd("z", {**ABCD, "e": 5})
    assert await face(lambda r: r.zpopmin("z")) == text([("a", 1.0)])
    assert await face(lambda r: r.zpopmax("z", 2)) == text([("e", 5.0), ("d", 4.5)])
    assert await face(lambda r: r.bzpopmin(["none", "z"], 1)) == text(("z", "b", 2.0))
    assert await face(lambda r: r.bzpopmax("z", timeout=1)) == text(("z", "c", 3.0))
    assert await face(lambda r: r.bzpopmax("z", 0.01)) is None
    assert await face(lambda r: r.bzpopmin("z", 0.01)) is None


async def test_pop_from_the_first_set_that_has_members(face: Face, text: Text, needs: Needs) -> None:
    needs("ZMPOP")
    await face.client.zadd("z", ABCD)
    assert await face(lambda r: r.zmpop(2, ["none", "z"], min=True)) == text(["z", [["a", "1"]]])
    assert await face(lambda r: r.zmpop(1, ["z"], max=True, count=2)) == text(["z", [["d", "4.5"], ["c", "3"]]])
    assert await face(lambda r: r.bzmpop(1, 2, ["none", "z"], max=True)) == text(["z", [["b", "2"]]])
    assert await face(lambda r: r.bzmpop(0.01, 1, ["z"], min=True)) is None
    assert await face(lambda r: r.zmpop(1, ["z"], min=True)) is None


async def test_random_members(face: Face, text: Text) -> None:
    await face.client.zadd("z", {"a": 1, "b": 2.5})
    assert await face(lambda r: r.zrandmember("z")) in text(["a", "b"])
    assert sorted(await face(lambda r: r.zrandmember("z", 5))) == text(["a", "b"])
    assert len(await face(lambda r: r.zrandmember("z", -5))) == 5
    flat = await face(lambda r: r.zrandmember("z", 2, withscores=True))
    assert dict(zip(flat[::2], flat[1::2], strict=True)) == text({"a": "1", "b": "2.5"})


async def test_differences_intersections_unions(face: Face, text: Text) -> None:
    await face.client.zadd("z", {"a": 1, "b": 2})
    await face.client.zadd("y", {"b": 3, "c": 4})
    assert await face(lambda r: r.zdiff(["z", "y"])) == text(["a"])
    assert await face(lambda r: r.zdiff(["z", "y"], withscores=True)) == text(["a", "1"])
    assert await face(lambda r: r.zinter(["z", "y"])) == text(["b"])
    assert await face(lambda r: r.zinter({"z": 2, "y": 0.5}, withscores=True)) == text([("b", 5.5)])
    assert await face(lambda r: r.zinter(["z", "y"], aggregate="max", withscores=True)) == text([("b", 3.0)])
    assert await face(lambda r: r.zunion(["z", "y"])) == text(["a", "c", "b"])
    assert await face(lambda r: r.zunion({"z": 1, "y": 10}, "MIN", True)) == text([("a", 1.0), ("b", 2.0), ("c", 40.0)])
    assert await face(lambda r: r.zdiffstore("x", ["z", "y"])) == 1
    assert await face(lambda r: r.zinterstore("x", ["z", "y"], "SUM")) == 1
    assert await face(lambda r: r.zunionstore("x", {"z": 1, "y": 2})) == 3
    assert await face(lambda r: r.zrange("x", 0, -1, withscores=True)) == text([("a", 1.0), ("b", 8.0), ("c", 8.0)])


async def test_count_instead_of_adding(face: Face, text: Text, needs: Needs) -> None:
    needs("ZUNION", "COUNT")
    await face.client.zadd("z", {"a": 1, "b": 2})
    await face.client.zadd("y", {"b": 3})
    assert await face(lambda r: r.zunion(["z", "y"], "count", True)) == text([("a", 1.0), ("b", 2.0)])


async def test_cardinality_of_an_intersection(face: Face, needs: Needs) -> None:
    needs("ZINTERCARD")
    await face.client.zadd("z", ABCD)
    await face.client.zadd("y", ABCD)
    assert await face(lambda r: r.zintercard(2, ["z", "y"])) == 4
    assert await face(lambda r: r.zintercard(2, ["z", "y"], limit=3)) == 3


async def test_scan(face: Face, text: Text) -> None:
    await face.client.zadd("z", {f"member:{n}": n for n in range(600)} | {"other": 1})

    async def page(cursor: int) -> Any:
        return await face(lambda r: r.zscan("z", cursor, match="member:*", count=100))

    cursor, found = await page(0)
    while cursor:
        cursor, more = await page(cursor)
        found += more
    assert dict(found) == text({f"member:{n}": float(n) for n in range(600)})


async def test_scan_of_members_only(face: Face, text: Text, needs: Needs) -> None:
    needs("ZSCAN", "NOSCORES")
    await face.client.zadd("z", {"a": 1, "b": 2})
    assert await face(lambda r: r.zscan("z", no_scores=True)) == (0, text(["a", "b"]))


async def test_a_waiting_pop_gets_what_is_added_later(make_client: MakeClient) -> None:
    client = make_client()
    async with asyncio.timeout(10):
        popped, added = await asyncio.gather(client.bzpopmin(["none", "z"]), client.zadd("z", {"a": 1}))
    assert (popped, added) == ((b"z", b"a", 1.0), 1)


# -- without a server -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda r: r.zadd("z", {"a": 1, b"b": "+inf"}, xx=True, ch=True, gt=True),
            ["ZADD", "z", "XX", "CH", "GT", 1, "a", "+inf", "b"],
        ),
        (lambda r: r.zadd("z", {"a": 1}, incr=True, lt=True), ["ZADD", "z", "INCR", "LT", 1, "a"]),
        (lambda r: r.zrange("z", 0, 1, desc=True), ["ZREVRANGE", "z", 0, 1]),
        (
            lambda r: r.zrange("z", "+", "-", True, bylex=True, offset=1, num=2),
            ["ZRANGE", "z", "+", "-", "BYLEX", "REV", "LIMIT", 1, 2],
        ),
        (
            lambda r: r.zrangestore("d", "z", 0, 1, byscore=True, offset=0, num=5),
            ["ZRANGESTORE", "d", "z", 0, 1, "BYSCORE", "LIMIT", 0, 5],
        ),
        (
            lambda r: r.zunion({"a": 1, "b": 2.5}, "count", True),
            ["ZUNION", 2, "a", "b", "WEIGHTS", 1, 2.5, "AGGREGATE", "COUNT", "WITHSCORES"],
        ),
        (lambda r: r.zinterstore("d", "a"), ["ZINTERSTORE", "d", 1, "a"]),
        (lambda r: r.zdiff(("a", "b"), True), ["ZDIFF", 2, "a", "b", "WITHSCORES"]),
        (lambda r: r.zintercard(2, ["a", "b"], 7), ["ZINTERCARD", 2, "a", "b", "LIMIT", 7]),
        (lambda r: r.bzpopmin("z", None), ["BZPOPMIN", "z", 0]),
        (lambda r: r.bzmpop(1.5, 1, ["z"], max=True), ["BZMPOP", 1.5, 1, "z", "MAX", "COUNT", 1]),
        (lambda r: r.zscan("z", 1, "m*", 5), ["ZSCAN", "z", 1, "MATCH", "m*", "COUNT", 5]),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Commands[Any]], Any], words: list[Any]) -> None:
    assert built(call) == words


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.zadd("z", {}), "mapping must have at least one element"),
        (lambda r: r.zadd("z", [("a", 1)]), "mapping must be a mapping of members to scores, not list"),
        (lambda r: r.zadd("z", {"a": 1}, nx=True, xx=True), "nx and xx exclude each other"),
        (lambda r: r.zadd("z", {"a": 1}, gt=True, lt=True), "gt and lt exclude each other"),
        (lambda r: r.zadd("z", {"a": 1}, nx=True, gt=True), "nx and gt exclude each other"),
        (lambda r: r.zadd("z", {"a": 1, "b": 2}, incr=True), "incr works on a single member"),
        (lambda r: r.zrem("z"), "values must have at least one element"),
        (lambda r: r.zmscore("z", []), "members must have at least one element"),
        (lambda r: r.zrange("z", 0, 1, byscore=True, bylex=True), "byscore and bylex exclude each other"),
        (lambda r: r.zrange("z", 0, 1, bylex=True, withscores=True), "withscores does not go together with bylex"),
        (lambda r: r.zrange("z", 0, 1, byscore=True, offset=1), "offset and num need each other"),
        (lambda r: r.zrangestore("d", "z", 0, 1, num=1), "offset and num need each other"),
        (lambda r: r.zrangebyscore("z", 0, 1, start=1), "start and num need each other"),
        (lambda r: r.zrevrangebylex("z", "+", "-", num=1), "start and num need each other"),
        (lambda r: r.zunion([]), "keys must have at least one element"),
        (lambda r: r.zunion(["a"], aggregate="AVG"), "aggregate must be one of SUM, MIN, MAX, COUNT"),
        (lambda r: r.zdiff([]), "keys must have at least one element"),
        (lambda r: r.zintercard(3, ["a"]), "keys has 1 elements"),
        (lambda r: r.zmpop(1, ["a"]), "either min or max must be true"),
        (lambda r: r.bzmpop(1, 1, ["a"], min=True, max=True), "either min or max must be true"),
        (lambda r: r.bzmpop(-1, 1, ["a"], min=True), "timeout must be 0"),
        (lambda r: r.bzpopmax([], 1), "keys must have at least one element"),
        (lambda r: r.zrandmember("z", withscores=True), "withscores needs a count"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Commands[Any]], Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        call(recorder)


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (1.0, "1"),
        (-2.0, "-2"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1 / 3, "0.3333333333333333"),
        (1e16, "10000000000000000"),
        (1e20, "1e+20"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
    ],
)
def test_a_double_becomes_the_text_that_resp2_has(score: float, text: str) -> None:
    assert multi_popped(["z", [["member", score]]]) == ["z", [["member", text]]]
    assert flat_with_scores([[b"member", score]]) == [b"member", text.encode()]
    assert flat_with_scores(["member", text]) == ["member", text]
    assert float(text) == score


def test_null_is_nothing() -> None:
    assert with_scores(None) == []
    assert scores(None) == []
    assert multi_popped(None) is None
    assert popped_with_score(None) is None
