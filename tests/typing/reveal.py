"""What type checkers say of clients, commands and pipelines. Nothing here runs: ``make check`` checks it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal, assert_type

from redis_aio import Pipeline, Redis, Script


def kinds_of_clients(decode: bool) -> None:
    """``decode_responses`` makes the type of the strings."""
    assert_type(Redis(), Redis[bytes])
    assert_type(Redis(decode_responses=False), Redis[bytes])
    assert_type(Redis(host="localhost", port=6379, decode_responses=True), Redis[str])
    assert_type(Redis(decode_responses=decode), Redis[Any])
    assert_type(Redis(decode_responses=True).pipeline(), Pipeline[str])
    assert_type(Redis().pipeline(transaction=False), Pipeline[bytes])


async def a_command_is_a_coroutine(r: Redis[str]) -> None:
    """So it can become a task, and be gathered."""
    coroutine = r.get("k")
    as_declared: Coroutine[Any, Any, str | None] = coroutine
    assert_type(await as_declared, str | None)
    assert_type(asyncio.create_task(r.get("k")), asyncio.Task[str | None])
    assert_type(await asyncio.gather(r.get("k"), r.incr("n"), r.smembers("s")), tuple[str | None, int, set[str]])
    async with asyncio.TaskGroup() as group:
        assert_type(group.create_task(r.hgetall("h")), asyncio.Task[dict[str, str]])


async def keys_and_strings(r: Redis[str], b: Redis[bytes]) -> None:
    """The groups "generic" and "string"."""
    assert_type(await r.get("k"), str | None)
    assert_type(await b.get("k"), bytes | None)
    assert_type(await r.mget("a", "b"), list[str | None])
    assert_type(await b.mget(["a", "b"]), list[bytes | None])
    assert_type(await r.getdel("k"), str | None)
    assert_type(await b.getrange("k", 0, 1), bytes)
    assert_type(await r.incr("n"), int)
    assert_type(await r.decrby("n", 2), int)
    assert_type(await r.incrbyfloat("n", 1.5), float)
    assert_type(await r.append("k", "x"), int)
    assert_type(await r.strlen("k"), int)
    assert_type(await r.setnx("k", "v"), bool)
    assert_type(await r.delete("a", "b"), int)
    assert_type(await r.exists("a"), int)
    assert_type(await r.expire("a", 1), bool)
    assert_type(await r.ttl("a"), int)
    assert_type(await r.keys("*"), list[str])
    assert_type(await b.randomkey(), bytes | None)
    assert_type(await b.scan(), tuple[int, list[bytes]])
    async for name in b.scan_iter():
        assert_type(name, bytes)


async def hashes(r: Redis[str], b: Redis[bytes], flag: bool) -> None:
    """The group "hash"."""
    assert_type(await r.hget("h", "f"), str | None)
    assert_type(await b.hget("h", "f"), bytes | None)
    assert_type(await r.hgetall("h"), dict[str, str])
    assert_type(await b.hgetall("h"), dict[bytes, bytes])
    assert_type(await r.hset("h", "f", 1), int)
    assert_type(await r.hset("h", mapping={"f": 1, "g": b"2"}), int)
    assert_type(await r.hmget("h", ["f", "g"]), list[str | None])
    assert_type(await b.hkeys("h"), list[bytes])
    assert_type(await r.hvals("h"), list[str])
    assert_type(await r.hexists("h", "f"), bool)
    assert_type(await r.hincrbyfloat("h", "f"), float)
    assert_type(await r.hrandfield("h"), str | None)
    assert_type(await r.hrandfield("h", 2), list[str])
    assert_type(await b.hrandfield("h", 2, withvalues=True), list[bytes])
    assert_type(await r.hscan("h"), tuple[int, dict[str, str]])
    assert_type(await r.hscan("h", no_values=True), tuple[int, list[str]])
    assert_type(await r.hscan("h", no_values=flag), tuple[int, dict[str, str] | list[str]])
    assert_type(await b.hgetex("h", "f", ex=1), list[bytes | None])
    assert_type(await r.hexpire("h", 1, "f"), list[int])


async def lists(r: Redis[str], b: Redis[bytes], count: int | None) -> None:
    """The group "list"."""
    assert_type(await r.lpush("l", "a", 1), int)
    assert_type(await r.lrange("l", 0, -1), list[str])
    assert_type(await b.lindex("l", 0), bytes | None)
    assert_type(await r.lpop("l"), str | None)
    assert_type(await r.lpop("l", 2), list[str] | None)
    assert_type(await b.rpop("l", count), bytes | list[bytes] | None)
    assert_type(await r.blpop("l"), tuple[str, str] | None)
    assert_type(await b.brpop(["l", "m"], timeout=1.5), tuple[bytes, bytes] | None)
    assert_type(await r.lmove("l", "m"), str | None)
    assert_type(await r.lpos("l", "a"), int | None)
    assert_type(await r.lpos("l", "a", count=2), list[int])
    assert_type(await r.lmpop(1, "l", direction="LEFT"), list[str | list[str]] | None)
    assert_type(await r.ltrim("l", 0, 1), bool)


async def sets(r: Redis[str], b: Redis[bytes]) -> None:
    """The group "set"."""
    assert_type(await r.sadd("s", "a"), int)
    assert_type(await r.smembers("s"), set[str])
    assert_type(await b.sinter("s", "t"), set[bytes])
    assert_type(await r.sunion(["s", "t"]), set[str])
    assert_type(await r.sismember("s", "a"), Literal[0, 1])
    assert_type(await r.spop("s"), str | None)
    assert_type(await r.spop("s", 2), list[str])
    assert_type(await b.srandmember("s"), bytes | None)
    assert_type(await b.srandmember("s", 2), list[bytes])
    assert_type(await r.sscan("s"), tuple[int, list[str]])
    async for member in r.sscan_iter("s"):
        assert_type(member, str)


async def sorted_sets(r: Redis[str], b: Redis[bytes], flag: bool) -> None:
    """The group "sorted-set"."""
    assert_type(await r.zadd("z", {"a": 1}), int)
    assert_type(await r.zadd("z", {b"a": 1}, incr=True), float | None)
    assert_type(await r.zscore("z", "a"), float | None)
    assert_type(await r.zmscore("z", ["a", "b"]), list[float | None])
    assert_type(await r.zrange("z", 0, -1), list[str])
    assert_type(await r.zrange("z", 0, -1, withscores=True), list[tuple[str, float]])
    assert_type(await b.zrange("z", 0, -1, True, True), list[tuple[bytes, float]])
    assert_type(await r.zrange("z", 0, -1, withscores=True, score_cast_func=int), list[tuple[str, int]])
    assert_type(await r.zrange("z", 0, -1, withscores=flag), list[str] | list[tuple[str, float]])
    assert_type(await b.zrevrange("z", 0, 1, True), list[tuple[bytes, float]])
    assert_type(await r.zrangebyscore("z", "-inf", 5), list[str])
    assert_type(await r.zrangebyscore("z", 1, 5, withscores=True), list[tuple[str, float]])
    assert_type(await r.zrank("z", "a"), int | None)
    assert_type(await r.zrank("z", "a", withscore=True), list[int | float] | None)
    assert_type(await r.zpopmin("z"), list[tuple[str, float]])
    assert_type(await b.bzpopmax("z", 1), tuple[bytes, bytes, float] | None)
    assert_type(await r.zunion(["y", "z"], withscores=True), list[tuple[str, float]])
    assert_type(await r.zinter({"y": 1, "z": 2.5}), list[str])
    assert_type(await r.zscan("z"), tuple[int, list[tuple[str, float]]])
    assert_type(await r.zincrby("z", 1, "a"), float)


async def the_rest(r: Redis[str], b: Redis[bytes]) -> None:
    """The groups "bitmap", "hyperloglog", "connection" and "server"."""
    assert_type(await r.setbit("k", 7, 1), int)
    assert_type(await r.bitcount("k"), int)
    assert_type(await r.pfadd("p", "a"), int)
    assert_type(await r.pfcount("p", "q"), int)
    assert_type(await r.echo("x"), str)
    assert_type(await b.echo("x"), bytes)
    assert_type(await r.dbsize(), int)
    assert_type(await r.time(), tuple[int, int])
    assert_type(await r.flushdb(), bool)
    async with r.connection() as connection:
        assert_type(await connection.get("k"), str | None)


async def pipelines(r: Redis[str], b: Redis[bytes]) -> None:
    """A queued command returns the pipeline, with the same parameters."""
    pipe = r.pipeline()
    assert_type(pipe.get("k"), Pipeline[str])
    assert_type(pipe.set("k", "v", ex=1).incr("n").expire("n", 10), Pipeline[str])
    assert_type(pipe.hset("h", mapping={"f": 1}).hgetall("h"), Pipeline[str])
    assert_type(pipe.rpush("l", 1, 2).lpop("l", 2).blpop(["l"], 1), Pipeline[str])
    assert_type(pipe.sadd("s", "a").smembers("s").spop("s"), Pipeline[str])
    assert_type(pipe.zadd("z", {"a": 1}, incr=True).zrange("z", 0, -1, withscores=True), Pipeline[str])
    assert_type(await pipe.execute(), list[Any])
    async with b.pipeline(transaction=False) as batch:
        assert_type(batch, Pipeline[bytes])
        assert_type(batch.delete("a").exists("a").ttl("a").mget("a", "b").ping(), Pipeline[bytes])
        assert_type(batch.zunionstore("d", {"a": 1.5}).pfadd("p", "x").dbsize(), Pipeline[bytes])


async def what_is_refused(r: Redis[str]) -> None:
    """A checker that stopped refusing one of these would report its comment as unused."""
    await r.get(None)  # type: ignore[arg-type]  # a key is a string
    await r.hset("h", mapping=["f", 1])  # type: ignore[arg-type]  # not a mapping
    await r.zadd("z", [("a", 1)])  # type: ignore[call-overload]  # not a mapping
    await r.lmpop(1, "l", "LEFT")  # type: ignore[call-arg]  # direction has to be named
    r.pipeline().get()  # type: ignore[call-arg]  # the parameters are those of the command


async def users_nodes_and_sentinels(r: Redis[str], b: Redis[bytes]) -> None:
    """ACL, and the groups "cluster" and "sentinel"."""
    assert_type(await r.acl_setuser("u", passwords=["+p"]), bool)
    assert_type(await r.acl_getuser("u"), dict[str, Any] | None)
    assert_type(await r.acl_log(), list[dict[str, Any]])
    assert_type(await b.acl_dryrun("u", "get", "k"), bytes)
    assert_type(await b.acl_whoami(), str)
    assert_type(await r.acl_users(), list[str])
    assert_type(await r.acl_deluser("u"), int)
    assert_type(await r.cluster_info(), dict[str, str])
    assert_type(await r.cluster_nodes(), dict[str, dict[str, Any]])
    assert_type(await r.cluster_slots(), dict[tuple[int, int], dict[str, Any]])
    assert_type(await r.cluster_shards(), list[dict[str, Any]])
    assert_type(await r.cluster_keyslot("k"), int)
    assert_type(await b.cluster_get_keys_in_slot(1, 5), list[str])
    assert_type(await b.clusterscan(), tuple[str, list[bytes]])
    assert_type(await r.cluster_slot_stats(0, 5), dict[int, dict[str, Any]])
    assert_type(await r.cluster("info"), Any)
    assert_type(await r.readonly(), bool)
    assert_type(await r.sentinel_masters(), dict[str, dict[str, Any]])
    assert_type(await r.sentinel_get_master_addr_by_name("m"), tuple[str, int] | None)
    assert_type(await b.sentinel_get_master_addr_by_name("m"), tuple[bytes, int] | None)
    assert_type(await r.sentinel_replicas("m"), list[dict[str, Any]])
    assert_type(await r.sentinel_ckquorum("m"), bool)
    assert_type(await r.sentinel_config_get("*"), dict[str | None, str | None])
    assert_type(await r.client_kill_filter([1, 2]), int)
    assert_type(r.pipeline().acl_whoami().cluster_nodes().sentinel_masters(), Pipeline[str])


async def scripts_functions_and_channels(r: Redis[str], b: Redis[bytes]) -> None:
    """The groups "scripting" and "pubsub", and scripts as functions."""
    assert_type(await r.eval("return 1", 0), Any)
    assert_type(await b.script_load("return 1"), str)
    assert_type(await r.script_exists("a", "b"), list[bool])
    assert_type(await r.script_flush("ASYNC"), bool)
    assert_type(await b.script_show("a"), bytes)
    assert_type(await r.function_dump(), bytes)
    assert_type(await b.function_load("#!lua name=x\n"), bytes)
    assert_type(await r.function_list(), list[list[Any]])
    assert_type(await r.fcall_ro("f", 1, "k", 2), Any)
    assert_type(await r.publish("c", "m"), int)
    assert_type(await b.pubsub_channels(), list[bytes])
    assert_type(await r.pubsub_numsub("c"), list[tuple[str, int]])
    plain = r.register_script("return 1")
    parsed = b.register_script("return 1", parse=int, idempotent=True)
    pipe = r.pipeline()
    assert_type(plain, Script[Any])
    assert_type(await plain(["k"], [1]), Any)
    assert_type(parsed, Script[int])
    assert_type(await parsed("k", client=r), int)
    assert_type(parsed(["k"], client=pipe), Pipeline[str])
    assert_type(pipe.register_script("return 1", parse=str), Script[str])
    assert_type(pipe.evalsha("a", 0).publish("c", "m"), Pipeline[str])
    assert_type(await r.execute_command("GET", "k"), Any)
