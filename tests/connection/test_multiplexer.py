"""The multiplexer's invariants: one connection carries everything until it is crowded, and nobody waits unseen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from redis_aio import exceptions
from redis_aio._connection.connection import LARGE_REPLY, ConnectionState
from redis_aio._connection.multiplexer import Multiplexer
from redis_aio._connection.pool import ConnectionPool
from redis_aio._options import Options
from tests.connection.wire import Network, turns

PING = b"*1\r\n$4\r\nPING\r\n"


@asynccontextmanager
async def shared(size: int, **options: Any) -> AsyncIterator[tuple[Multiplexer, ConnectionPool, Network]]:
    """Give a multiplexer over a pool on a network of its own."""
    network = Network()
    built = Options.build(pool_size=size, **options)
    loop = asyncio.get_running_loop()
    pool = ConnectionPool(built, network.dial, loop)
    multiplexer = Multiplexer(pool, built, loop)
    try:
        yield multiplexer, pool, network
    finally:
        multiplexer.close()
        for wire in network.wires:
            wire.connection.fail(exceptions.ConnectionError("the test is over"))
            wire.connection.connection_lost(None)
        await pool.aclose()


async def test_everybody_joins_the_one_dial() -> None:
    async with shared(10) as (multiplexer, pool, network):
        network.gate.clear()
        joining = [asyncio.ensure_future(multiplexer.acquire()) for _ in range(100)]
        await turns()
        assert network.dialing == 1
        network.gate.set()
        connections = await asyncio.gather(*joining)
        assert len(set(map(id, connections))) == 1
        assert pool.stats().shared == 1


async def test_a_failed_dial_gives_each_an_error_of_its_own() -> None:
    async with shared(10) as (multiplexer, _pool, network):
        network.error = exceptions.ConnectionError("nowhere")
        errors = await asyncio.gather(*(multiplexer.acquire() for _ in range(5)), return_exceptions=True)
        assert all(isinstance(error, exceptions.ConnectionError) for error in errors)
        assert len({id(error) for error in errors}) == 5
        network.error = None
        assert (await multiplexer.acquire()).state is ConnectionState.READY


async def test_those_who_are_cancelled_leave_the_others_waiting() -> None:
    async with shared(10) as (multiplexer, _pool, network):
        network.gate.clear()
        joining = [asyncio.ensure_future(multiplexer.acquire()) for _ in range(10)]
        await turns()
        for task in joining[::2]:
            task.cancel()
        await turns()
        network.gate.set()
        assert len(await asyncio.gather(*joining[1::2])) == 5


async def test_a_large_reply_moves_others_to_another_connection_which_is_given_back() -> None:
    async with shared(10) as (multiplexer, pool, network):
        first = await multiplexer.acquire()
        large = first.send(PING)
        await turns()
        network.wires[0].receive(b"$%d\r\nx" % (2 * LARGE_REPLY))
        assert await multiplexer.acquire() is first  # while another is dialed, rather late than never
        await turns()
        second = await multiplexer.acquire()
        assert second is not first
        network.wires[0].receive(b"x" * (2 * LARGE_REPLY - 1) + b"\r\n")
        assert len(await large) == 2 * LARGE_REPLY
        assert pool.stats().idle == 1
        assert pool.stats().shared == 1
        assert await multiplexer.acquire() is second


async def test_with_a_single_connection_leases_and_shared_traffic_take_turns() -> None:
    async with shared(1) as (multiplexer, pool, network):
        connection = await multiplexer.acquire()
        reply = connection.send(PING)
        leasing = asyncio.ensure_future(pool.acquire())
        await turns()
        assert not leasing.done()
        network.wires[0].receive(b"+PONG\r\n")
        assert await reply == b"PONG"
        lease = await asyncio.wait_for(leasing, 1)
        assert lease is connection
        joining = asyncio.ensure_future(multiplexer.acquire())
        await turns()
        assert not joining.done()
        pool.release(lease)
        assert await asyncio.wait_for(joining, 1) is connection


async def test_waiting_for_the_single_connection_is_bounded() -> None:
    async with shared(1, pool_timeout=0.05) as (multiplexer, pool, _network):
        lease = await pool.acquire()
        with pytest.raises(exceptions.PoolTimeoutError, match="1 in use"):
            await multiplexer.acquire()
        pool.release(lease)
        assert await multiplexer.acquire() is lease


async def test_waiting_for_room_is_bounded() -> None:
    async with shared(1, pool_timeout=0.05) as (multiplexer, _pool, _network):
        connection = await multiplexer.acquire()
        connection.send(PING)
        connection.pause_writing()
        with pytest.raises(exceptions.PoolTimeoutError):
            await multiplexer.acquire()
        waiting = asyncio.ensure_future(multiplexer.acquire())
        await turns()
        connection.resume_writing()
        assert await asyncio.wait_for(waiting, 1) is connection


async def test_a_lost_connection_is_replaced() -> None:
    async with shared(4) as (multiplexer, pool, _network):
        connection = await multiplexer.acquire()
        connection.fail(exceptions.ConnectionError("reset"))
        assert await multiplexer.acquire() is not connection
        assert pool.stats().total == 1


async def test_a_retired_connection_is_closed_when_its_last_reply_has_come() -> None:
    async with shared(4) as (multiplexer, pool, network):
        connection = await multiplexer.acquire()
        reply = connection.send(PING)
        multiplexer.retire(connection)
        assert await multiplexer.acquire() is not connection
        network.wires[0].receive(b"+PONG\r\n")
        assert await reply == b"PONG"
        assert connection.state is ConnectionState.CLOSED
        assert pool.stats().total == 1


async def test_the_current_connection_is_checked_and_replaced_in_time() -> None:
    async with shared(4, health_check_interval=0.04, read_timeout=0.1) as (multiplexer, _pool, network):
        connection = await multiplexer.acquire()
        async with asyncio.timeout(2):
            while not network.wires[0].writes:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.005)
            assert network.wires[0].writes == [PING]
            await connection_closed(connection)
        assert await multiplexer.acquire() is not connection
    async with shared(4, conn_max_lifetime=0.04) as (multiplexer, _pool, network):
        connection = await multiplexer.acquire()
        async with asyncio.timeout(2):
            await connection_closed(connection)
        assert await multiplexer.acquire() is not connection
    async with shared(4, conn_max_idle_time=0.04) as (multiplexer, _pool, network):
        connection = await multiplexer.acquire()
        async with asyncio.timeout(2):
            await connection_closed(connection)
        assert network.wires[0].closing


async def connection_closed(connection: Any) -> None:
    """Wait until a connection is closed."""
    while connection.state is not ConnectionState.CLOSED:  # noqa: ASYNC110  # no event tells
        await asyncio.sleep(0.005)
