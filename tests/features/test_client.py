"""The client as its user meets it: making, closing, raw commands, exclusive connections, loops and forks."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import warnings
from typing import Any

import pytest

import redis_aio
from redis_aio import ClientClosedError, ConnectionError, ConnectionPool, DataError, Redis
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient


async def test_ten_lines(server: RedisServer, clean: None) -> None:
    async with redis_aio.from_url(server.url, decode_responses=True) as client:
        await client.set("greeting", "hello")
        assert await client.get("greeting") == "hello"
    async with Redis(host=server.host, port=server.port) as raw:
        assert await raw.get("greeting") == b"hello"


async def test_a_client_can_be_made_before_any_loop_runs(server: RedisServer, clean: None) -> None:
    made: list[Redis[bytes]] = []
    thread = threading.Thread(target=lambda: made.append(Redis(host=server.host, port=server.port)))
    thread.start()
    thread.join()
    async with made[0] as client:
        assert await client.ping()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("localhost",), {}, TypeError, "host="),
        (("redis://localhost",), {}, TypeError, "from_url"),
        ((), {"host": "redis://localhost"}, ValueError, "from_url"),
        ((), {"read_timeout": -1}, ValueError, "read_timeout"),
        ((), {"pool_sise": 1}, TypeError, "pool_size"),
        ((), {"pool_size": "many"}, TypeError, "pool_size"),
        ((), {"connection_pool": object()}, TypeError, "ConnectionPool"),
    ],
)
def test_bad_options_are_named(arguments: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Redis(*arguments, **options)


@pytest.mark.parametrize(
    "arguments",
    [(), ("",), ("GET k",), ("GET\r\n",), (b"\xff",), (None,), ("GET", None), ("GET", True), ("GET", ["k"])],
    ids=repr,
)
async def test_bad_raw_commands_send_nothing(make_client: MakeClient, arguments: Any) -> None:
    client = make_client()
    with pytest.raises(DataError):
        await client.execute_command(*arguments)
    assert client.pool_stats().dials == 0


@pytest.mark.parametrize(
    "command",
    [
        "SUBSCRIBE c",
        "PSUBSCRIBE c",
        "MONITOR",
        "SYNC",
        "PSYNC ? -1",
        "MULTI",
        "EXEC",
        "WATCH k",
        "SELECT 3",
        "AUTH x",
        "HELLO 2",
        "RESET",
        "QUIT",
        "CLIENT REPLY OFF",
        "CLIENT SETNAME x",
        "CLIENT TRACKING ON",
    ],
)
async def test_what_would_corrupt_a_shared_connection_is_refused(make_client: MakeClient, command: str) -> None:
    client = make_client()
    with pytest.raises(DataError):
        await client.execute_command(*command.split())
    assert await client.echo("still in step") == b"still in step"


async def test_an_exclusive_connection_keeps_its_state_to_itself(make_client: MakeClient) -> None:
    client = make_client()
    await client.set("where", "db 0")
    async with client.connection() as connection:
        assert await connection.execute_command("SELECT", 5) is True
        await connection.set("where", "db 5")
        assert await connection.get("where") == b"db 5"
        assert await client.get("where") == b"db 0"
    async with client.connection() as connection:
        assert await connection.get("where") == b"db 0"
    with pytest.raises(ClientClosedError):
        await connection.get("where")


async def test_raw_transactions_on_an_exclusive_connection(make_client: MakeClient) -> None:
    client = make_client(pool_size=2)
    async with client.connection() as connection:
        await connection.execute_command("MULTI")
        assert await connection.execute_command("SET", "a", 1) == b"QUEUED"
        assert await connection.execute_command("EXEC") == [b"OK"]
        await connection.execute_command("MULTI")
    async with client.connection() as connection:
        assert await connection.get("a") == b"1"
    assert client.pool_stats().dials == 1  # DISCARD went out behind MULTI: the connection could be kept


@pytest.mark.parametrize("ending", ["EXEC", "DISCARD"])
async def test_replies_are_parsed_after_the_cancelled_end_of_a_raw_transaction(
    make_client: MakeClient, ending: str
) -> None:
    async with make_client(protocol=2).connection() as connection:
        await connection.hset("h", mapping={"a": "1"})
        await connection.execute_command("MULTI")
        assert await connection.execute_command("HGETALL", "h") == b"QUEUED"
        undoing = asyncio.ensure_future(connection.execute_command(ending))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        undoing.cancel()
        await asyncio.wait([undoing])
        assert await connection.hgetall("h") == {b"a": b"1"}
        assert await connection.hgetall("h") == {b"a": b"1"}


async def test_never_decode(make_client: MakeClient) -> None:
    client = make_client(decode_responses=True)
    await client.set("k", b"\xff\xfe")
    assert await client.execute_command("GET", "k", NEVER_DECODE=True) == b"\xff\xfe"
    with pytest.raises(redis_aio.ReplyDecodeError):
        await client.get("k")
    assert await client.ping()
    with pytest.raises(TypeError, match="no option"):
        await client.execute_command("GET", "k", never=True)


# -- closing ----------------------------------------------------------------------------------------------------------


async def test_closing_ends_what_is_in_flight_and_what_comes_later(make_client: MakeClient) -> None:
    client = make_client()
    await client.ping()
    blocked = asyncio.ensure_future(client.blpop("nothing", timeout=0))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(1):
        await client.aclose()
    with pytest.raises(ConnectionError):
        await blocked
    for call in (client.get("k"), client.pipeline().get("k").execute(), client.lease()):
        with pytest.raises(ClientClosedError):
            await call
    await client.aclose()
    assert "closed" in repr(client)


async def test_a_shared_pool_outlives_its_clients(server: RedisServer, clean: None) -> None:
    async with ConnectionPool(host=server.host, port=server.port) as pool:
        first: Redis[bytes] = Redis(connection_pool=pool)
        second: Redis[bytes] = Redis(connection_pool=pool)
        await first.set("k", "v")
        await first.aclose()
        assert await second.get("k") == b"v"
        assert pool.stats().dials == 1
        with pytest.raises(ClientClosedError):
            await first.get("k")
        owner = Redis.from_pool(pool)
        assert await owner.get("k") == b"v"
        await owner.aclose()
        with pytest.raises(ClientClosedError):
            await second.get("k")


async def test_a_client_that_was_never_closed_says_so_once(server: RedisServer) -> None:
    client: Redis[bytes] = Redis(host=server.host, port=server.port, password=None)
    await client.ping()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del client
        gc.collect()
        await asyncio.sleep(0.01)
    assert [warning.category for warning in caught] == [ResourceWarning]
    assert os.path.basename(__file__) in str(caught[0].message)


# -- loops, threads, forks --------------------------------------------------------------------------------------------


def test_one_client_in_two_runs(server: RedisServer) -> None:
    client: Redis[bytes] = Redis(host=server.host, port=server.port)

    async def use() -> bytes:
        await client.set("k", "v")
        value = await client.get("k")
        assert value is not None
        return value

    for _ in range(3):
        assert asyncio.run(use()) == b"v"
    asyncio.run(client.aclose())


async def test_another_thread_gets_one_clear_error(make_client: MakeClient) -> None:
    client = make_client()
    await client.ping()

    def elsewhere() -> str:
        try:
            asyncio.run(client.execute_command("PING"))
        except RuntimeError as error:
            return str(error)
        return "no error"

    assert "another event loop" in await asyncio.to_thread(elsewhere)
    assert await client.ping()


def test_a_forked_child_starts_anew(server: RedisServer, tmp_path: Any) -> None:
    script = tmp_path / "fork.py"
    script.write_text(
        f"""
import asyncio, os, sys
from redis_aio import Redis
client = Redis(host={server.host!r}, port={server.port})
async def work(tag):
    for n in range(200):
        assert await client.echo(f"{{tag}}-{{n}}") == f"{{tag}}-{{n}}".encode()
    return await client.client_id()
async def parent():
    before = await work("before")
    child = os.fork()
    if child == 0:
        os._exit(in_child())
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert status == 0, status
    assert await work("parent") == before
    await client.aclose()
def in_child():
    try:
        asyncio.new_event_loop().run_until_complete(work("child"))
    except Exception as error:
        print(repr(error), file=sys.stderr)
        return 1
    return 0
asyncio.run(parent())
"""
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
