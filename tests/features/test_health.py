"""``client.health()``: an answer in any case, in time, fit for JSON; and health checks of quiet connections."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

import redis_aio
from redis_aio import Health, Redis
from redis_aio.hooks import Command, Hook, NextCommand
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.proxy import FaultProxy
from tests.support.server import Program

SECRET = "p1-planted-secret"


@pytest.fixture
async def own(server_program: Program) -> AsyncIterator[RedisServer]:
    """A server that the test may kill and pause."""
    async with server_program.server() as server:
        yield server


async def connections(server: RedisServer) -> dict[int, str]:
    """Return the last command of each connection to a server by the connection's id."""
    reply = server.command("CLIENT", "LIST")
    assert isinstance(reply, bytes)
    rows = [dict(pair.split("=", 1) for pair in line.split()) for line in reply.decode().splitlines()]
    return {int(row["id"]): row["cmd"] for row in rows}


async def until(true: Any, within: float = 5.0) -> None:
    """Wait until ``true()`` is."""
    deadline = time.monotonic() + within
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


# -- health -----------------------------------------------------------------------------------------------------------


async def test_a_server_that_is_well(client: Redis[bytes], server: RedisServer) -> None:
    before = time.time()
    health = await client.health()
    assert isinstance(health, Health)
    assert health.ok
    assert health.reason is None
    assert health.latency is not None
    assert 0 < health.latency < 1
    assert (health.role, health.server) == ("primary", server.flavour)
    assert health.version is not None
    assert tuple(map(int, health.version.split(".")[:3])) == server.version
    assert health.loading is False
    assert health.replication_link is None
    assert health.pool == client.pool_stats()
    assert health.pool.total == 1
    assert health.last_error is None
    assert before <= health.checked_at <= time.time()


async def test_it_becomes_json(client: Redis[bytes], server: RedisServer) -> None:
    found = json.loads(json.dumps((await client.health()).to_dict()))
    assert found["ok"] is True
    assert found["pool"]["total"] == 1
    assert found["last_error"] is None
    assert set(found) == set(Health.__dataclass_fields__)


async def test_a_server_that_is_down_and_comes_back(own: RedisServer) -> None:
    async with redis_aio.from_url(own.url) as client:
        assert (await client.health()).ok
        own.kill()
        health = await client.health(timeout=5)
        assert not health.ok
        assert health.latency is None
        assert health.reason == f"cannot connect to 127.0.0.1:{own.port}: Connection refused"
        assert (health.role, health.server, health.version, health.loading) == (None, None, None, None)
        assert health.last_error is not None
        assert health.last_error.type == "ConnectionError"
        assert abs(health.last_error.at - time.time()) < 10
        assert json.loads(json.dumps(health.to_dict()))["last_error"]["type"] == "ConnectionError"
        own.restart()
        again = await client.health(timeout=5)
        assert again.ok
        assert again.last_error is not None, "it says what was wrong last, however long ago"


async def test_a_server_that_hangs_takes_no_longer_than_the_timeout(own: RedisServer) -> None:
    async with redis_aio.from_url(own.url) as client:
        await client.ping()
        own.pause()
        try:
            started = time.perf_counter()
            health = await client.health(timeout=0.2)
            assert time.perf_counter() - started < 1
            assert not health.ok
            assert health.reason == "no answer within 0.2 s"
        finally:
            own.resume()


async def test_what_was_measured_is_kept_when_info_takes_too_long(own: RedisServer) -> None:
    class Slow(Hook):
        async def on_batch(self, batch: Any, call_next: Any) -> list[Any]:
            await asyncio.sleep(60)
            raise AssertionError

    async with redis_aio.from_url(own.url) as client:
        client.add_hook(Slow())
        health = await client.health(timeout=0.3)
        assert health.ok
        assert health.latency is not None
        assert health.version is None


async def test_cancellation_passes_through(own: RedisServer) -> None:
    async with redis_aio.from_url(own.url) as client:
        await client.ping()
        own.pause()
        try:
            task = asyncio.create_task(client.health(timeout=30))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        finally:
            own.resume()
        assert await client.ping()


async def test_a_closed_client_is_not_well(server: RedisServer) -> None:
    client = redis_aio.from_url(server.url)
    await client.aclose()
    health = await client.health()
    assert (health.ok, health.reason) == (False, "the client is closed")


async def test_a_hook_that_raises_is_a_reason_without_its_text(make_client: MakeClient, server: RedisServer) -> None:
    class Breaker(Hook):
        async def on_command(self, command: Command[Any], call_next: NextCommand) -> Any:
            raise RuntimeError(SECRET)

    client = make_client()
    client.add_hook(Breaker())
    health = await client.health()
    assert (health.ok, health.reason) == (False, "RuntimeError")


async def test_a_full_pool_is_a_reason_and_the_last_error(make_client: MakeClient, server: RedisServer) -> None:
    client = make_client(pool_size=1, pool_timeout=0.05)
    async with client.connection() as held:
        await held.ping()
        health = await client.health()
        assert not health.ok
        assert health.reason is not None
        assert health.reason.startswith("no connection became free within 0.05 s: 1 in use")
        assert health.pool.timeouts == 1
        assert health.last_error is not None
        assert health.last_error.type == "PoolTimeoutError"


async def test_wrong_credentials_are_told_without_them(server_program: Program) -> None:
    async with server_program.server(password="right") as server:
        async with Redis(host=server.host, port=server.port, password=SECRET) as client:
            health = await client.health()
        assert not health.ok
        assert health.reason == "AuthenticationError (WRONGPASS)"
        assert SECRET not in repr(health)


async def test_a_user_who_may_only_ping_gets_what_there_is(server: RedisServer, make_client: MakeClient) -> None:
    server.command("ACL", "SETUSER", "pinger", "on", ">x", "-@all", "+ping", "+hello", "+auth")
    try:
        health = await make_client(username="pinger", password="x").health()
        assert health.ok
        assert health.latency is not None
        assert (health.role, health.server, health.version, health.loading) == (None, None, None, None)
    finally:
        server.command("ACL", "DELUSER", "pinger")


async def test_a_replica_says_so(own: RedisServer) -> None:
    own.command("REPLICAOF", own.host, "1")  # nobody listens there
    async with redis_aio.from_url(own.url) as client:
        health = await client.health()
        assert (health.ok, health.role, health.replication_link) == (True, "replica", "down")


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "1", None])
async def test_a_timeout_that_makes_no_sense(server: RedisServer, make_client: MakeClient, timeout: Any) -> None:
    with pytest.raises(ValueError, match="timeout must be a positive number"):
        await make_client().health(timeout=timeout)


# -- health_check_interval --------------------------------------------------------------------------------------------


async def test_a_quiet_shared_connection_is_pinged(make_client: MakeClient, server: RedisServer) -> None:
    client = make_client(health_check_interval=0.1)
    client_id = await client.client_id()
    assert (await connections(server))[client_id] == "client|id"

    async def pinged() -> bool:
        return (await connections(server))[client_id] == "ping"

    await until(pinged)


async def test_without_an_interval_nothing_is_sent(make_client: MakeClient, server: RedisServer) -> None:
    client = make_client()
    client_id = await client.client_id()
    await asyncio.sleep(0.3)
    assert (await connections(server))[client_id] == "client|id"


async def test_a_shared_connection_that_went_silent_is_replaced_before_somebody_needs_it(server: RedisServer) -> None:
    async with (
        FaultProxy(server.host, server.port) as proxy,
        Redis(host=proxy.host, port=proxy.port, health_check_interval=0.2, read_timeout=0.3, max_retries=0) as client,
    ):
        first = await client.client_id()
        await proxy.set("both", existing_only=True, blackhole=True)

        async def noticed() -> bool:
            return client.pool_stats().total == 0

        await until(noticed)
        assert await client.client_id() != first


async def test_an_idle_connection_is_checked_before_it_is_leased(make_client: MakeClient, server: RedisServer) -> None:
    client = make_client(health_check_interval=0.1)
    async with client.connection() as connection:
        client_id = await connection.client_id()
    await asyncio.sleep(0.15)
    async with client.connection() as connection:
        assert (await connections(server))[client_id] == "ping"
        assert await connection.client_id() == client_id
    async with client.connection() as connection:  # used a moment ago
        assert (await connections(server))[client_id] == "client|id"


async def test_an_idle_connection_that_does_not_answer_is_not_leased(server: RedisServer) -> None:
    async with (
        FaultProxy(server.host, server.port) as proxy,
        Redis(host=proxy.host, port=proxy.port, health_check_interval=0.05, read_timeout=0.3, max_retries=0) as client,
    ):
        async with client.connection() as connection:
            first = await connection.client_id()
        await proxy.set("both", existing_only=True, blackhole=True)
        await asyncio.sleep(0.06)
        async with client.connection() as connection:
            assert await connection.client_id() != first


async def test_an_idle_connection_that_was_not_checked_is_not_shared(server: RedisServer) -> None:
    async with (
        FaultProxy(server.host, server.port) as proxy,
        Redis(host=proxy.host, port=proxy.port, health_check_interval=0.05, read_timeout=2, max_retries=0) as client,
    ):
        async with client.connection() as connection:
            first = await connection.client_id()
        await proxy.set("both", existing_only=True, blackhole=True)
        await asyncio.sleep(0.06)
        async with asyncio.timeout(1):
            assert await client.client_id() != first


async def test_an_idle_connection_that_was_used_a_moment_ago_is_shared(make_client: MakeClient) -> None:
    client = make_client(health_check_interval=30)
    async with client.connection() as connection:
        first = await connection.client_id()
    assert await client.client_id() == first
