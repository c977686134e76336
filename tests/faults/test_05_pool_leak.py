"""Row 5: a place in the pool is lost for good when its holder is cancelled, killed or refused at a bad moment.

Injected, several times as often as the pool has places: callers that give up while connecting, while authenticating, in
a blocking command, in the middle of a lease and while waiting for one, in each of the six ways and with others
competing; connections killed by the server while leased; dials that are refused, cut, or answered with an error.

Passing: afterwards the pool gives out as many connections as it has, a hundred concurrent commands succeed at once, and
its figures add up.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.exceptions import ConnectionError, RedisError
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import WAYS
from tests.support.oracles import Nonces, Observer, eventually
from tests.support.proxy import FaultProxy
from tests.support.scripted import HANG_UP, NOTHING, Answer, Dialogue, ScriptedServer

POOL = 3
TIMES = scale.LEAK_FACTOR * POOL


async def assert_whole(client: "Redis[Any]", size: int = POOL) -> None:
    """Check that no place is missing: all can be leased at once, but one that is kept for the shared commands."""
    nonces = Nonces()
    began = time.monotonic()
    await nonces.settle(client, 100, at_once=100)
    assert time.monotonic() - began < scale.PROMPT
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.timeout(5):
            leases = [await stack.enter_async_context(client.connection()) for _ in range(size - 1)]
            await asyncio.gather(*(nonces.settle(lease, 2) for lease in leases))
            await nonces.settle(client, 2)
        stats = client.pool_stats()
        assert stats.total == stats.in_use + stats.idle <= size
        assert stats.waiting == 0
    await eventually(lambda: client.pool_stats().in_use == client.pool_stats().shared, why=client.pool_stats)
    assert client.pool_stats().waiting == 0


async def _lease_and_echo(client: "Redis[Any]") -> None:
    async with client.connection() as lease:
        await Nonces().settle(lease, 1)


# -- given up ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_given_up_while_connecting(connect: Connect, proxy: FaultProxy, way: str) -> None:
    """The connection is accepted, and then nobody answers."""
    client = connect(pool_size=POOL, dial_timeout=0.2, max_retries=0)
    await proxy.set("down", hold=True)
    for ticks in range(TIMES):
        for operation in (partial(client.execute_command, "ECHO", "x"), partial(_lease_and_echo, client)):
            outcome = await WAYS[way](operation, ticks)
            assert outcome.cancelled, outcome
    await proxy.clear()
    await assert_whole(client)
    assert len(await proxy.log()) <= 2 * TIMES


@pytest.mark.parametrize("way", WAYS)
async def test_given_up_in_a_lease(connect: Connect, proxy: FaultProxy, way: str) -> None:
    """Fifty callers compete for two leases, so that some are given up holding one and the others waiting."""
    client = connect(pool_size=POOL)
    await proxy.delay(1, jitter=1)
    operation = partial(_lease_and_echo, client)
    for ticks in range(0, TIMES * 3, 3):
        outcomes = await asyncio.gather(*(WAYS[way](operation, ticks + n % 4) for n in range(50)))
        assert all(outcome.error is None for outcome in outcomes)
    await proxy.clear()
    await assert_whole(client)
    assert len(await proxy.log()) <= POOL


@pytest.mark.parametrize("way", WAYS)
async def test_given_up_in_a_blocking_command(connect: Connect, proxy: FaultProxy, way: str) -> None:
    client = connect(pool_size=POOL)
    await Nonces().settle(client, 1)
    for ticks in range(TIMES):
        outcomes = await asyncio.gather(
            *(WAYS[way](partial(client.execute_command, "BLPOP", f"nobody-{n}", 0), ticks) for n in range(POOL + 1))
        )
        assert all(outcome.cancelled for outcome in outcomes)
    await assert_whole(client)


async def test_given_up_in_a_blocking_command_of_a_server_that_stands_still(
    connect: Connect, proxy: FaultProxy
) -> None:
    client = connect(pool_size=POOL, read_timeout=0.3, dial_timeout=0.3)
    await Nonces().settle(client, 1)
    waiting = [asyncio.ensure_future(client.execute_command("BLPOP", "nobody", 0)) for _ in range(POOL)]
    await eventually(lambda: client.pool_stats().in_use == POOL)
    await proxy.set(blackhole=True)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    await asyncio.sleep(0)
    await proxy.clear()
    await proxy.kill()
    await assert_whole(client)


@pytest.mark.parametrize("way", WAYS)
async def test_given_up_while_authenticating(make_client: MakeClient, way: str) -> None:
    silent = Dialogue(handshake={"AUTH": NOTHING})
    times = TIMES // 2
    with ScriptedServer(*[silent] * times, Dialogue()) as server:
        client = make_client(
            host=server.host, port=server.port, password="x", protocol=2, pool_size=POOL, dial_timeout=0.2
        )
        while server.connections <= times:
            outcomes = await asyncio.gather(
                *(WAYS[way](partial(client.execute_command, "ECHO", "x"), 2 + n) for n in range(POOL))
            )
            assert not [outcome.error for outcome in outcomes if not isinstance(outcome.error, RedisError | None)]
            with contextlib.suppress(RedisError):
                await client.execute_command("ECHO", "x")
        await assert_whole(client)


# -- killed and refused -----------------------------------------------------------------------------------------------


async def test_killed_while_leased(connect: Connect, observer: Observer, name: str) -> None:
    client = connect(pool_size=POOL)
    for round_ in range(TIMES):
        async with client.connection() as lease:
            await Nonces().settle(lease, 1)
            identity = await lease.execute_command("CLIENT", "ID")
            reading = asyncio.ensure_future(lease.execute_command("BLPOP", "nobody", 0)) if round_ % 2 else None
            await asyncio.sleep(0)
            observer.ask("CLIENT", "KILL", "ID", identity)
            with pytest.raises(ConnectionError):
                await (reading or _until_it_fails(lease))
    await assert_whole(client)


async def _until_it_fails(lease: Any) -> None:
    while True:
        await lease.execute_command("ECHO", "x")


async def test_killed_while_idle(connect: Connect, observer: Observer, name: str) -> None:
    """What the server closed is noticed before anything is written to it: nothing fails, nothing runs twice."""
    client = connect(pool_size=POOL)
    for _ in range(TIMES):
        await assert_whole(client)
        for entry in observer.clients(name):
            observer.ask("CLIENT", "KILL", "ID", entry["id"])
        await eventually(lambda: client.pool_stats().total == 0, why=client.pool_stats)
        await client.execute_command("INCR", "idle-kills")
    assert int(observer.ask("GET", "idle-kills")) == TIMES


async def _refusing(proxy: FaultProxy) -> None:
    await proxy.refuse()


async def _cutting(proxy: FaultProxy) -> None:
    await proxy.set("down", cut_after=5)


@pytest.mark.parametrize("fault", [_refusing, _cutting])
async def test_dials_that_fail(
    connect: Connect, proxy: FaultProxy, fault: Callable[[FaultProxy], Awaitable[None]]
) -> None:
    client = connect(pool_size=POOL, max_retries=0)
    await fault(proxy)
    for _ in range(scale.LEAK_FACTOR):
        results = await asyncio.gather(
            *(client.execute_command("ECHO", "x") for _ in range(POOL)),
            *(_lease_and_echo(client) for _ in range(POOL)),
            return_exceptions=True,
        )
        assert all(isinstance(result, ConnectionError) for result in results), results
    await proxy.clear()
    await proxy.accept()
    await assert_whole(client)


@pytest.mark.parametrize(
    "answer",
    [b"-NOAUTH Authentication required.\r\n", b"-ERR max number of clients reached\r\n", b"-LOADING\r\n", HANG_UP],
    ids=["noauth", "maxclients", "loading", "hang-up"],
)
async def test_handshakes_that_fail(make_client: MakeClient, answer: Answer) -> None:
    refusing = Dialogue(handshake={"HELLO": answer})
    with ScriptedServer(*[refusing] * TIMES, Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, pool_size=POOL, max_retries=0)
        while server.connections < TIMES:
            results = await asyncio.gather(
                *(client.execute_command("ECHO", "x") for _ in range(2)),
                _lease_and_echo(client),
                return_exceptions=True,
            )
            assert not [result for result in results if not isinstance(result, RedisError | bytes | None)]
        await assert_whole(client)


@pytest.mark.parametrize("way", WAYS)
async def test_everything_given_up_while_the_server_stands_still(connect: Connect, proxy: FaultProxy, way: str) -> None:
    """Requests that are given up by the hundred hold nothing that others need."""
    client = connect(pool_size=POOL, read_timeout=30, dial_timeout=30)
    await assert_whole(client)
    await proxy.set("down", hold=True)
    for ticks in range(1, TIMES):
        operations = [partial(client.execute_command, "ECHO", "x"), partial(_lease_and_echo, client)]
        outcomes = await asyncio.gather(*(WAYS[way](operations[n % 2], ticks) for n in range(10)))
        assert all(outcome.cancelled for outcome in outcomes)
    await proxy.clear()
    await assert_whole(client)
    assert len(await proxy.log()) <= POOL
