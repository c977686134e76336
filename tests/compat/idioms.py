"""An application as redis-py's documentation has them; test_idioms.py runs it twice, once with our imports."""

# mypy: disable-error-code="no-untyped-call"
# redis-py's types are not complete.

import asyncio
import sys
from typing import Any

import redis.asyncio as redis
from redis.asyncio.client import Pipeline, PubSub
from redis.asyncio.connection import ConnectionPool, parse_url
from redis.asyncio.lock import Lock
from redis.asyncio.retry import Retry
from redis.asyncio.utils import pipeline as pipeline_of
from redis.backoff import ConstantBackoff, ExponentialBackoff, NoBackoff, default_backoff
from redis.commands.search.query import Query
from redis.crc import key_slot
from redis.credentials import UsernamePasswordCredentialProvider
from redis.exceptions import (
    ConnectionError,
    DataError,
    LockError,
    LockNotOwnedError,
    NoScriptError,
    RedisError,
    ResponseError,
    TimeoutError,
    WatchError,
)

HOST, PORT = sys.argv[1], int(sys.argv[2])
URL = f"redis://{HOST}:{PORT}/0"


async def pools() -> None:
    """One pool for several clients; pools from URLs; who closes what."""
    pool = ConnectionPool.from_url(URL, decode_responses=True, max_connections=10)
    first, second = redis.Redis(connection_pool=pool), redis.Redis.from_pool(pool)
    await first.set("shared", "1")
    print("pool", await second.get("shared"), pool.connection_kwargs["host"] == HOST, pool.max_connections)
    await first.aclose()
    await second.aclose()
    blocking = redis.BlockingConnectionPool(max_connections=2, timeout=5, host=HOST, port=PORT)
    async with redis.Redis(connection_pool=blocking) as client:
        print(
            "blocking pool", sorted(await asyncio.gather(*(client.incr("n") for _ in range(20)))) == list(range(1, 21))
        )
    await blocking.disconnect()
    kwargs: dict[str, Any] = {**parse_url(f"{URL}?socket_timeout=3&max_connections=4")}
    print("url", {name: kwargs[name] for name in ("db", "socket_timeout", "max_connections")})
    kept = redis.Redis.from_url(URL, auto_close_connection_pool=False)
    await kept.ping()
    await kept.aclose()
    await kept.connection_pool.disconnect()


async def values(r: Any) -> None:
    """Values, expiry, and what comes back."""
    print(await r.set("foo", "bar"), await r.get("foo"), await r.get("none"), await r.set("foo", "x", nx=True))
    print(await r.set("foo", "y", ex=100, get=True), await r.ttl("foo") > 90, await r.exists("foo", "none"))
    print(await r.hset("h", mapping={"a": 1, "b": "two"}), await r.hgetall("h"), await r.hget("h", "c"))
    print(
        await r.rpush("l", 1, 2, 3), await r.lrange("l", 0, -1), await r.lpop("l", 2), await r.blpop(["l"], timeout=1)
    )
    print(
        await r.zadd("z", {"one": 1, "two": 2.5}),
        await r.zrange("z", 0, -1, withscores=True),
        await r.zscore("z", "two"),
    )
    print(await r.sadd("s", "a"), await r.smembers("s"), await r.sismember("s", "a"))
    print(await r.xadd("x", {"f": "v"}, id="1-1"), await r.xrange("x"), await r.xread({"x": "0"}, count=1))
    print(sorted([key async for key in r.scan_iter(match="[fhl]*", count=10)]))
    print(sorted([item async for item in r.hscan_iter("h")]), [item async for item in r.zscan_iter("z")])
    print(await r.execute_command("GET", "foo"), await r.execute_command("HGETALL", "h"))
    print(type(await r.info("server")).__name__, (await r.info())["db0"]["keys"] > 3, await r.config_get("appendonly"))
    r.set_response_callback("GET", lambda reply, **_: f"<{reply}>")
    print(await r.get("foo"))


async def pipelines(r: Any) -> None:
    """Pipelines, transactions, optimistic locking."""
    async with r.pipeline(transaction=True) as pipe:
        print(isinstance(pipe, Pipeline), await pipe.set("a", 1).incr("a").get("a").execute())
    async with r.pipeline(transaction=False) as pipe:
        pipe.set("a", "text")
        pipe.incr("a")
        try:
            await pipe.execute()
        except ResponseError as error:
            print("pipeline:", str(error).startswith("Command # 2 (INCRBY"))
        pipe.set("a", "text").incr("a")
        print([type(value).__name__ for value in await pipe.execute(raise_on_error=False)])
    await r.set("counter", 5)
    async with r.pipeline() as pipe:
        while True:
            try:
                await pipe.watch("counter")
                current = int(await pipe.get("counter"))
                pipe.multi()
                pipe.set("counter", current + 1)
                print("watched:", await pipe.execute())
                break
            except WatchError:
                continue
    async with r.pipeline() as pipe:
        await pipe.watch("counter")
        await r.set("counter", "other")
        pipe.multi()
        pipe.get("counter")
        try:
            await pipe.execute()
        except WatchError as error:
            print("conflict", isinstance(error, RedisError))

    async def double(pipe: Any) -> str:
        value = int(await pipe.get("counter"))
        pipe.multi()
        pipe.set("counter", value * 2)
        return "doubled"

    await r.set("counter", 21)
    print(await r.transaction(double, "counter", value_from_callable=True), await r.get("counter"))
    async with pipeline_of(r) as pipe:
        pipe.set("by", "utils")
    print(await r.get("by"))


async def messages(r: Any) -> None:
    """Pub/sub with handlers, patterns, and a reader task."""
    seen: asyncio.Queue[Any] = asyncio.Queue()
    async with r.pubsub(ignore_subscribe_messages=True) as pubsub:
        print(isinstance(pubsub, PubSub))

        async def handler(message: Any) -> None:
            await seen.put(message)

        await pubsub.subscribe(chan=handler)
        await pubsub.psubscribe("news.*")

        async def reader() -> None:
            async for message in pubsub.listen():
                await seen.put(message)
                if message["data"] == "STOP":
                    return

        task = asyncio.create_task(reader())
        while await r.publish("chan", "hello") < 1 or (await r.pubsub_numpat()) < 1:  # noqa: ASYNC110 - the server's
            await asyncio.sleep(0.01)
        await r.publish("news.today", "STOP")
        await task
        print([await seen.get() for _ in range(2)])
        await pubsub.unsubscribe("chan")
        await pubsub.punsubscribe()
    async with r.pubsub() as pubsub:
        await pubsub.subscribe("other")
        print(
            await pubsub.get_message(timeout=5), await pubsub.get_message(ignore_subscribe_messages=True, timeout=0.01)
        )


async def locks(r: Any) -> None:
    """Locks."""
    async with r.lock("resource", timeout=10, blocking_timeout=1) as lock:
        print(isinstance(lock, Lock), await lock.locked(), await lock.owned())
        other = r.lock("resource", timeout=10)
        print(await other.acquire(blocking=False))
        try:
            await other.release()
        except LockError as error:
            print("lock:", type(error).__name__, isinstance(error, ValueError))
        await r.delete("resource")
        try:
            await lock.extend(5)
        except LockNotOwnedError as error:
            print("lock:", isinstance(error, LockError))
        await r.set("resource", lock.local.token, px=10_000)
    print(await r.exists("resource"))


async def scripts(r: Any) -> None:
    """Scripts, alone and in pipelines."""
    multiply = r.register_script("return redis.call('GET', KEYS[1]) * ARGV[1]")
    await r.set("factor", 6)
    print(await multiply(keys=["factor"], args=[7]), multiply.sha)
    async with r.pipeline() as pipe:
        await multiply(keys=["factor"], args=[2], client=pipe)
        pipe.get("factor")
        print(await pipe.execute())
    try:
        await r.evalsha("0" * 40, 0)
    except NoScriptError as error:
        print("script:", isinstance(error, ResponseError))


async def single_connections() -> None:
    """A client with one connection, whose state lasts."""
    async with redis.Redis(host=HOST, port=PORT, single_connection_client=True, decode_responses=True) as r:
        await r.client_setname("me")
        print(await r.client_getname(), await r.client_id() == await r.client_id())
        await r.execute_command("SELECT", 2)
        await r.set("only", "here")
    async with redis.from_url(URL, decode_responses=True) as everybody:
        print(await everybody.get("only"))
        alone = everybody.client()
        await alone.initialize()
        await alone.execute_command("SELECT", 2)
        print(await alone.get("only"))
        await alone.execute_command("SELECT", 0)
        await alone.aclose()
        print(await everybody.get("only"))
    client = await redis.Redis(host=HOST, port=PORT)
    print(await client.ping())
    await client.aclose()


async def failures(r: Any) -> None:
    """What is raised, and by which names it can be caught."""
    for call in (
        lambda: r.lpush("foo", 1),
        lambda: r.execute_command("NO-SUCH-COMMAND"),
        lambda: r.set("k", object()),
        lambda: r.set("k", None),
        lambda: r.zadd("z", {}),
        lambda: r.set("k", "v", nx=True, xx=True),
        lambda: r.hset("h"),
    ):
        try:
            await call()
        except RedisError as error:
            print(isinstance(error, DataError), isinstance(error, ResponseError), error.error_type.value)
    retry = Retry(ExponentialBackoff(cap=0.02, base=0.001), 2)
    lost = redis.Redis(host="127.0.0.1", port=1, retry=retry, socket_connect_timeout=1)
    try:
        await lost.ping()
    except ConnectionError as error:
        print("refused", isinstance(error, RedisError), isinstance(error, TimeoutError))
    await lost.aclose()
    slow = redis.Redis(host=HOST, port=PORT, socket_timeout=0.05, retry=Retry(NoBackoff(), 0))
    await slow.ping()
    try:
        await r.client_pause(300)
        await slow.get("k")
    except TimeoutError as error:
        print("timeout", isinstance(error, RedisError))
    await slow.aclose()
    denied = redis.Redis(
        host=HOST, port=PORT, credential_provider=UsernamePasswordCredentialProvider("nobody", "wrong")
    )
    try:
        await denied.ping()
    except redis.AuthenticationError as error:
        print("denied", isinstance(error, ConnectionError))
    await denied.aclose()
    print(Retry(ConstantBackoff(1), 3) == Retry(ConstantBackoff(1), 3), default_backoff().compute(0) >= 0)


async def credentials(r: Any) -> None:
    """A user, logged in by a provider."""
    await r.acl_setuser("app", enabled=True, passwords=["+secret"], categories=["+@all"], keys=["*"])
    provider = UsernamePasswordCredentialProvider("app", "secret")
    async with redis.Redis(host=HOST, port=PORT, credential_provider=provider, decode_responses=True) as client:
        print(await client.acl_whoami())


async def main() -> None:
    """Do it all."""
    await pools()
    for decode in (True, False):
        async with redis.Redis(host=HOST, port=PORT, decode_responses=decode) as r:
            await r.flushall()
            await values(r)
    async with redis.from_url(URL, decode_responses=True) as r:
        for part in (pipelines, messages, locks, scripts, failures, credentials):
            print("--", part.__name__)
            await part(r)
        r.set_retry(Retry(NoBackoff(), 1))
        print(r.get_connection_kwargs()["db"], r.get_encoder().encode("é"), type(r.get_retry()).__name__)
    await single_connections()
    print(key_slot(b"{user}:1"), Query("a").paging(0, 5).get_args())


asyncio.run(main())
