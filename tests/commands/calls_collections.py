"""Calls of the hash, list, set and sorted set commands, for the comparison with redis-py.

A case is a sequence of calls on the data that its set-up made. A call that may give its elements in any order, or one
at random, works on a collection of one element.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


class Case(NamedTuple):
    """Commands that prepare data, calls, and what a server must have: ``"HEXPIRE"``, or an option: ``"ZADD:GT"``."""

    name: str
    setup: Sequence[Sequence[Any]]
    calls: Sequence[Call]
    needs: Sequence[str] = ()


def call(method: str, *args: Any, **kwargs: Any) -> Call:
    """Return a row of the table."""
    return method, args, kwargs


HASH = ("HSET", "h", "f", "1")
LIST = ("RPUSH", "l", "a", "b", "c", "b", "a")
SET = ("SADD", "s", "a")
SETS = (("SADD", "s", "a", "b", "c"), ("SADD", "t", "b", "c", "d"))
ZSET = ("ZADD", "z", 1, "a", 2.5, "b", 3, "c", "inf", "d")
ZSETS = (ZSET, ("ZADD", "y", 10, "b", 20, "c", 30, "e"))

HASHES = [
    Case("hset", [], [call("hset", "h", "f", 1), call("hset", "h", "f", 2), call("hset", "h", mapping={"g": 1.5})]),
    Case("hset everything", [], [call("hset", "h", "f", "1", {"g": "2"}, ["h", "3"]), call("hgetall", "h")]),
    Case("hset nothing", [], [call("hset", "h"), call("hset", "h", mapping={}), call("hset", "h", items=[])]),
    Case("hget", [HASH], [call("hget", "h", "f"), call("hget", "h", "x"), call("hget", "none", "f")]),
    Case("hget of a wrong type", [LIST], [call("hget", "l", "f"), call("hset", "l", "f", 1)]),
    Case("hgetall", [HASH], [call("hgetall", "h"), call("hgetall", "none")]),
    Case("hmget", [HASH], [call("hmget", "h", "f"), call("hmget", "h", ["f", "x"]), call("hmget", "h", ["f"], "x")]),
    Case("hmset", [], [call("hmset", "h", {"f": 1}), call("hmset", "h", {})]),
    Case("hsetnx", [HASH], [call("hsetnx", "h", "f", 2), call("hsetnx", "h", "g", 2)]),
    Case("hdel", [HASH], [call("hdel", "h", "f", "x"), call("hdel", "none", "f")]),
    Case("hexists", [HASH], [call("hexists", "h", "f"), call("hexists", "h", "x")]),
    Case("hlen, hstrlen", [HASH], [call("hlen", "h"), call("hstrlen", "h", "f"), call("hstrlen", "h", "x")]),
    Case("hkeys, hvals", [HASH], [call("hkeys", "h"), call("hvals", "h"), call("hkeys", "none")]),
    Case("hincrby", [HASH], [call("hincrby", "h", "f"), call("hincrby", "h", "n", 5), call("hincrby", "h", "f", -9)]),
    Case("hincrbyfloat", [HASH], [call("hincrbyfloat", "h", "f"), call("hincrbyfloat", "h", "f", 0.25)]),
    Case(
        "hincrby of no number", [("HSET", "h", "f", "x")], [call("hincrby", "h", "f"), call("hincrbyfloat", "h", "f")]
    ),
    Case(
        "hrandfield",
        [HASH],
        [
            call("hrandfield", "h"),
            call("hrandfield", "h", 2),
            call("hrandfield", "h", -2),
            call("hrandfield", "h", 2, withvalues=True),
            call("hrandfield", "h", -2, True),
            call("hrandfield", "none"),
            call("hrandfield", "none", 2),
            call("hrandfield", "none", 2, True),
        ],
    ),
    Case("hscan", [HASH], [call("hscan", "h"), call("hscan", "h", match="x*", count=5), call("hscan", "none")]),
    Case(
        "hscan no_values",
        [HASH],
        [call("hscan", "h", no_values=True), call("hscan", "none", no_values=True)],
        ["HSCAN:NOVALUES"],
    ),
    Case(
        "hexpire",
        [HASH],
        [
            call("hexpire", "h", 100, "f", "x"),
            call("hexpire", "h", timedelta(seconds=50), "f", gt=True),
            call("hexpire", "none", 1, "f"),
            call("hexpire", "h", 1, "f", nx=True, xx=True),
            call("hpexpire", "h", 100_000, "f", lt=True),
            call("hexpireat", "h", 4102444800, "f"),
            call("hexpiretime", "h", "f", "x"),
            call("hpexpiretime", "h", "f"),
            call("hpexpireat", "h", 4102444800123, "f", gt=True),
            call("hpexpiretime", "h", "f"),
            call("hpersist", "h", "f", "x"),
            call("httl", "h", "f", "x"),
            call("hpttl", "h", "f", "x"),
            call("httl", "none", "f"),
            call("hpexpire", "h", 0, "f"),
        ],
        ["HEXPIRE"],
    ),
    Case(
        "hgetex, hgetdel",
        [HASH],
        [
            call("hgetex", "h", "f", "x"),
            call("hgetex", "h", "f", ex=100),
            call("hgetex", "h", "f", persist=True),
            call("hgetex", "h", "f", pxat=4102444800123),
            call("hpexpiretime", "h", "f"),
            call("hgetex", "none", "f"),
            call("hgetex", "h"),
            call("hgetex", "h", "f", ex=1, px=1),
            call("hgetex", "h", "f", ex="soon"),
            call("hgetdel", "h", "f", "x"),
            call("hgetdel", "none", "f"),
            call("hgetdel", "h"),
        ],
        ["HGETEX", "HGETDEL"],
    ),
    Case(
        "hsetex",
        [HASH],
        [
            call("hsetex", "h", "f", "2", ex=100),
            call("hsetex", "h", mapping={"f": "3"}, keepttl=True),
            call("hsetex", "h", items=["f", "4"], px=timedelta(seconds=9)),
            call("hgetall", "h"),
            call("hsetex", "h"),
            call("hsetex", "h", "f", "1", ex=1, keepttl=True),
            call("hsetex", "h", items=["f"]),
        ],
        ["HSETEX"],
    ),
]

LISTS = [
    Case("push", [], [call("rpush", "l", "a", 1, 2.5), call("lpush", "l", b"b"), call("lrange", "l", 0, -1)]),
    Case("push to what exists", [], [call("lpushx", "l", "a"), call("rpush", "l", "a"), call("rpushx", "l", "b")]),
    Case("pop", [LIST], [call("lpop", "l"), call("rpop", "l"), call("lpop", "none"), call("rpop", "none")]),
    Case(
        "pop several", [LIST], [call("lpop", "l", 2), call("rpop", "l", 9), call("lpop", "l", 1), call("rpop", "l", 1)]
    ),
    Case("pop none", [LIST], [call("lpop", "l", 0), call("rpop", "l", 0)]),
    Case("lrange of a wrong type", [SET], [call("lrange", "s", 0, -1), call("lpush", "s", "x")]),
    Case(
        "lindex, llen", [LIST], [call("lindex", "l", 1), call("lindex", "l", 99), call("llen", "l"), call("llen", "x")]
    ),
    Case("linsert", [LIST], [call("linsert", "l", "before", "b", "x"), call("linsert", "l", "AFTER", "none", "x")]),
    Case("lset, ltrim", [LIST], [call("lset", "l", 0, "x"), call("ltrim", "l", 0, 1), call("lrange", "l", 0, -1)]),
    Case("lset beyond the end", [LIST], [call("lset", "l", 99, "x"), call("lset", "none", 0, "x")]),
    Case("lrem", [LIST], [call("lrem", "l", 0, "a"), call("lrem", "l", -1, "b"), call("lrem", "none", 1, "a")]),
    Case(
        "lpos",
        [LIST],
        [
            call("lpos", "l", "b"),
            call("lpos", "l", "x"),
            call("lpos", "l", "b", rank=-1),
            call("lpos", "l", "b", count=0),
            call("lpos", "l", "x", count=2),
            call("lpos", "l", "a", 2, 1, 99),
        ],
    ),
    Case("move", [LIST], [call("lmove", "l", "m"), call("rpoplpush", "l", "m"), call("lmove", "none", "m", "RIGHT")]),
    Case(
        "blocking",
        [LIST],
        [
            call("blpop", "l"),
            call("brpop", ["none", "l"], 1),
            call("blmove", "l", "m", 1, "RIGHT", "LEFT"),
            call("brpoplpush", "l", "m", None),
            call("blpop", "none", 0.01),
            call("brpop", ["none"], timeout=0.01),
            call("blmove", "none", "m", 0.01),
            call("brpoplpush", "none", "m", timeout=0.01),
        ],
    ),
    Case(
        "lmpop",
        [LIST],
        [
            call("lmpop", 2, "none", "l", direction="LEFT"),
            call("lmpop", 1, "l", direction="right", count=2),
            call("blmpop", 1, 2, "none", "l", direction="LEFT", count=9),
            call("lmpop", 1, "l", direction="LEFT"),
            call("blmpop", 0.01, 1, "l", direction="LEFT"),
        ],
        ["LMPOP"],
    ),
    Case(
        "lmovem",
        [LIST],
        [
            call("lmovem", "l", "m"),
            call("lmovem", "l", "m", "RIGHT", "LEFT", 2, ordering="OBO"),
            call("lmovem", "l", "m", count=9, mode="EXACTLY", ordering="BULK"),
            call("blmovem", "l", "m", 0.01, count=1, ordering="BULK"),
        ],
        ["LMOVEM"],
    ),
    Case(
        "lmovem with wrong options",
        [LIST],
        [
            call("lmovem", "l", "m", count=2),
            call("lmovem", "l", "m", mode="COUNT"),
            call("blmovem", "l", "m", 1, ordering="BULK"),
        ],
    ),
]

SETS_ = [
    Case("sadd, srem", [], [call("sadd", "s", "a", 1, 2.5), call("scard", "s"), call("srem", "s", "a", "x")]),
    Case("smembers", SETS, [call("smembers", "s"), call("smembers", "none"), call("scard", "none")]),
    Case("sismember", SETS, [call("sismember", "s", "a"), call("sismember", "s", "x"), call("sismember", "none", "a")]),
    Case("smismember", SETS, [call("smismember", "s", ["a", "x"]), call("smismember", "s", "x", "b")]),
    Case("smove", SETS, [call("smove", "s", "t", "a"), call("smove", "s", "t", "x"), call("smembers", "t")]),
    Case("spop", [SET], [call("spop", "s"), call("spop", "s")]),
    Case("spop several", [SET], [call("spop", "s", 2), call("spop", "s", 2), call("spop", "none", 0)]),
    Case(
        "srandmember",
        [SET],
        [
            call("srandmember", "s"),
            call("srandmember", "s", 3),
            call("srandmember", "s", -3),
            call("srandmember", "none"),
            call("srandmember", "none", 3),
        ],
    ),
    Case(
        "sdiff", SETS, [call("sdiff", "s", "t"), call("sdiff", ["t", "s"]), call("sdiff", "none"), call("sdiff", "s")]
    ),
    Case("sinter", SETS, [call("sinter", "s", "t"), call("sinter", ["s"], "t"), call("sinter", "s", "none")]),
    Case("sunion", SETS, [call("sunion", "s", "t"), call("sunion", ("s", "t")), call("sunion", "none")]),
    Case(
        "store",
        SETS,
        [
            call("sdiffstore", "d", "s", "t"),
            call("sinterstore", "d", ["s", "t"]),
            call("sunionstore", "d", ["s"], "t"),
            call("smembers", "d"),
        ],
    ),
    Case(
        "sintercard",
        SETS,
        [call("sintercard", 2, ["s", "t"]), call("sintercard", 2, ["s", "t"], 1)],
        ["SINTERCARD"],
    ),
    Case(
        "sunioncard",
        SETS,
        [
            call("sunioncard", 2, ["s", "t"]),
            call("sunioncard", 2, ["s", "t"], limit=2),
            call("sdiffcard", 2, ["s", "t"]),
            call("sdiffcard", 2, ["s", "t"], limit=1),
        ],
        ["SUNIONCARD"],
    ),
    Case("sscan", [SET], [call("sscan", "s"), call("sscan", "s", 0, "x*", 5), call("sscan", "none")]),
    Case("sets of a wrong type", [LIST], [call("smembers", "l"), call("sinter", "l", "l"), call("sadd", "l", "a")]),
]

SORTED_SETS = [
    Case(
        "zadd",
        [],
        [
            call("zadd", "z", {"a": 1, "b": 2.5}),
            call("zadd", "z", {"a": 3, "c": "inf"}, ch=True),
            call("zadd", "z", {"a": 9}, nx=True),
            call("zadd", "z", {"a": 4}, xx=True, gt=True, ch=True),
            call("zadd", "z", {"a": 2}, incr=True),
            call("zadd", "z", {"a": 2}, nx=True, incr=True),
            call("zadd", "z", {"a": -1}, lt=True, incr=True),
        ],
    ),
    Case(
        "zadd with wrong options",
        [],
        [
            call("zadd", "z", {}),
            call("zadd", "z", {"a": 1}, nx=True, xx=True),
            call("zadd", "z", {"a": 1}, gt=True, lt=True),
            call("zadd", "z", {"a": 1}, nx=True, lt=True),
            call("zadd", "z", {"a": 1, "b": 1}, incr=True),
            call("zadd", "z", {"a": "x"}),
        ],
    ),
    Case("counts", [ZSET], [call("zcard", "z"), call("zcount", "z", "(1", "+inf"), call("zcount", "z", 1, 2.5)]),
    Case(
        "zincrby",
        [ZSET],
        [call("zincrby", "z", 1, "a"), call("zincrby", "z", 0.25, "new"), call("zincrby", "z", -3, "c")],
    ),
    Case("zscore", [ZSET], [call("zscore", "z", "b"), call("zscore", "z", "d"), call("zscore", "z", "x")]),
    Case(
        "zmscore",
        [ZSET],
        [call("zmscore", "z", ["a", "x", "d"]), call("zmscore", "none", ["a"]), call("zmscore", "z", [])],
    ),
    Case("ranks", [ZSET], [call("zrank", "z", "b"), call("zrank", "z", "x"), call("zrevrank", "z", "a")]),
    Case(
        "ranks with scores",
        [ZSET],
        [
            call("zrank", "z", "b", withscore=True),
            call("zrank", "z", "x", True),
            call("zrevrank", "z", "d", True),
            call("zrevrank", "z", "c", True, int),
        ],
        ["ZRANK:WITHSCORE"],
    ),
    Case(
        "zrange",
        [ZSET],
        [
            call("zrange", "z", 0, -1),
            call("zrange", "z", 0, -1, withscores=True),
            call("zrange", "z", 0, 1, True, True),
            call("zrange", "z", 0, 1, desc=True),
            call("zrange", "z", 1, 9, byscore=True, withscores=True),
            call("zrange", "z", "+inf", "(1", desc=True, byscore=True, offset=1, num=1),
            call("zrange", "z", "-", "+", bylex=True, offset=0, num=2),
            call("zrange", "none", 0, -1, withscores=True),
            call("zrange", "z", 0, 1, byscore=True, bylex=True),
            call("zrange", "z", 0, 1, bylex=True, withscores=True),
            call("zrange", "z", 0, 1, byscore=True, num=1),
            call("zrange", "z", 0, 1, offset=0, num=1),
        ],
    ),
    Case(
        "other ranges",
        [ZSET],
        [
            call("zrevrange", "z", 0, 1),
            call("zrevrange", "z", 0, 1, True),
            call("zrangebyscore", "z", 1, 3),
            call("zrangebyscore", "z", "-inf", "+inf", 1, 2, True),
            call("zrevrangebyscore", "z", "+inf", 2, withscores=True),
            call("zrevrangebyscore", "z", 3, 1, start=0, num=1),
            call("zrangebyscore", "z", 3, 1, start=0),
            call("zrevrangebyscore", "z", 3, 1, num=0),
            call("zrangestore", "x", "z", 0, 1),
            call("zrangestore", "x", "z", "+inf", 0, byscore=True, desc=True, offset=0, num=2),
            call("zrange", "x", 0, -1, withscores=True),
        ],
    ),
    Case(
        "ranges of members",
        [("ZADD", "z", 0, "a", 0, "b", 0, "c")],
        [
            call("zlexcount", "z", "-", "(c"),
            call("zrangebylex", "z", "[b", "+"),
            call("zrangebylex", "z", "-", "+", 1, 1),
            call("zrevrangebylex", "z", "(c", "-"),
            call("zrevrangebylex", "z", "+", "-", start=0, num=1),
            call("zrangebylex", "z", "-", "+", start=1),
            call("zremrangebylex", "z", "-", "[a"),
        ],
    ),
    *(
        Case(
            f"scores as {cast.__name__}",
            [("ZADD", "z", 1, "a", 1e20, "big")],
            [
                call("zrange", "z", 0, -1, withscores=True, score_cast_func=cast),
                call("zrevrange", "z", 0, -1, True, cast),
                call("zrangebyscore", "z", 0, "+inf", withscores=True, score_cast_func=cast),
                call("zrevrangebyscore", "z", "+inf", 0, withscores=True, score_cast_func=cast),
                call("zunion", ["z"], withscores=True, score_cast_func=cast),
                call("zscan", "z", score_cast_func=cast),
            ],
        )
        for cast in (int, Decimal, round)
    ),
    Case(
        "removing",
        [ZSET],
        [call("zrem", "z", "a", "x"), call("zremrangebyrank", "z", 0, 0), call("zremrangebyscore", "z", 3, "+inf")],
    ),
    Case(
        "popping",
        [ZSET],
        [
            call("zpopmin", "z"),
            call("zpopmax", "z", 1),
            call("bzpopmin", "z", 1),
            call("bzpopmax", ["none", "z"]),
            call("zpopmin", "z"),
            call("zpopmax", "z", 2),
            call("bzpopmin", "z", 0.01),
            call("bzpopmax", ["z"], timeout=0.01),
        ],
    ),
    Case(
        "zmpop",
        [ZSET],
        [
            call("zmpop", 2, ["none", "z"], min=True),
            call("zmpop", 1, ["z"], max=True, count=2),
            call("bzmpop", 1, 1, ["z"], min=True),
            call("zmpop", 1, ["z"], min=True),
            call("bzmpop", 0.01, 1, ["z"], max=True),
            call("zmpop", 1, ["z"]),
            call("bzmpop", 1, 1, ["z"], min=True, max=True),
        ],
        ["ZMPOP"],
    ),
    Case(
        "zrandmember",
        [("ZADD", "z", 2.5, "a")],
        [
            call("zrandmember", "z"),
            call("zrandmember", "z", 2),
            call("zrandmember", "z", -2),
            call("zrandmember", "z", 2, True),
            call("zrandmember", "z", -2, withscores=True),
            call("zrandmember", "none"),
            call("zrandmember", "none", 2, True),
        ],
    ),
    Case(
        "differences, intersections, unions",
        ZSETS,
        [
            call("zdiff", ["z", "y"]),
            call("zdiff", ["z", "y"], withscores=True),
            call("zdiff", ["none"], withscores=True),
            call("zinter", ["z", "y"]),
            call("zinter", ["z", "y"], withscores=True),
            call("zinter", ["z", "y"], "max", True),
            call("zinter", {"z": 2, "y": 0.5}, withscores=True),
            call("zunion", ["z", "y"]),
            call("zunion", ("z", "y"), aggregate="MIN", withscores=True),
            call("zunion", {"z": 1, "y": 2}, withscores=True),
            call("zunion", ["z"], aggregate="avg"),
            call("zdiffstore", "d", ["z", "y"]),
            call("zinterstore", "d", ["z", "y"], aggregate="SUM"),
            call("zunionstore", "d", {"z": 1, "y": 2}),
            call("zrange", "d", 0, -1, withscores=True),
        ],
    ),
    Case(
        "zintercard",
        ZSETS,
        [call("zintercard", 2, ["z", "y"]), call("zintercard", 2, ["z", "y"], limit=1)],
        ["ZINTERCARD"],
    ),
    Case("zunion count", ZSETS, [call("zunion", ["z", "y"], "COUNT", True)], ["ZUNION:COUNT"]),
    Case(
        "zscan", [("ZADD", "z", 2.5, "a")], [call("zscan", "z"), call("zscan", "z", 0, "x*", 5), call("zscan", "none")]
    ),
    Case(
        "sorted sets of a wrong type",
        [LIST],
        [call("zrange", "l", 0, 1), call("zscore", "l", "a"), call("zpopmin", "l")],
    ),
]

CASES = [*HASHES, *LISTS, *SETS_, *SORTED_SETS]
