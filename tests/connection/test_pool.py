"""The pool's invariants: nothing leaks, nobody starves, every wait has a bound."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from redis_aio import exceptions
from redis_aio._connection.connection import Connection, ConnectionState
from redis_aio._connection.pool import ConnectionPool
from redis_aio._options import Options
from tests.connection.wire import Network, turns

PING = b"*1\r\n$4\r\nPING\r\n"


@asynccontextmanager
async def pool_of(size: int, **options: Any) -> AsyncIterator[tuple[ConnectionPool, Network]]:
    """Give a pool on a network of its own."""
    network = Network()
    pool = ConnectionPool(Options.build(pool_size=size, **options), network.dial, asyncio.get_running_loop())
    try:
        yield pool, network
    finally:
        for wire in network.wires:
            wire.connection.fail(exceptions.ConnectionError("the test is over"))
            wire.connection.connection_lost(None)
        await pool.aclose()


def accounted(pool: ConnectionPool) -> None:
    """Check that the pool knows where every connection is."""
    stats = pool.stats()
    assert stats.total == stats.idle + stats.in_use


async def test_a_lease_is_dialed_given_back_and_used_again() -> None:
    async with pool_of(4) as (pool, network):
        first = await pool.acquire()
        pool.release(first)
        second = await pool.acquire()
        assert first is second
        assert len(network.wires) == 1
        stats = pool.stats()
        assert (stats.hits, stats.misses, stats.dials, stats.in_use) == (1, 1, 1, 1)


async def test_leases_leave_one_connection_to_shared_traffic() -> None:
    async with pool_of(3) as (pool, _network):
        leases = [await pool.acquire() for _ in range(2)]
        third = asyncio.ensure_future(pool.acquire())
        await turns()
        assert not third.done()
        shared = await asyncio.wait_for(pool.wait(shared=True).future, 1)
        assert shared not in leases
        pool.release(leases[0])
        assert await asyncio.wait_for(third, 1) is leases[0]
        accounted(pool)


async def test_waiters_are_served_first_come_first_served() -> None:
    async with pool_of(2) as (pool, _network):
        held = await pool.acquire()
        order: list[int] = []

        async def take(number: int) -> None:
            connection = await pool.acquire()
            order.append(number)
            await asyncio.sleep(0)
            pool.release(connection)

        tasks = [asyncio.ensure_future(take(number)) for number in range(20)]
        await turns()
        assert pool.stats().waiting == 20
        pool.release(held)
        await asyncio.wait_for(asyncio.gather(*tasks), 2)
        assert order == list(range(20))


async def test_a_waiter_cancelled_in_the_turn_it_is_served_hands_the_connection_on() -> None:
    async with pool_of(1) as (pool, _network):
        held = await pool.acquire()
        for _ in range(50):
            doomed = asyncio.ensure_future(pool.acquire())
            next_one = asyncio.ensure_future(pool.acquire())
            await turns()
            pool.release(held)
            doomed.cancel()
            assert await asyncio.wait_for(next_one, 1) is held
            with pytest.raises(asyncio.CancelledError):
                await doomed
            accounted(pool)


async def test_a_dial_outlives_the_caller_that_asked_for_it() -> None:
    async with pool_of(2) as (pool, network):
        network.gate.clear()
        impatient = asyncio.ensure_future(pool.acquire())
        await turns()
        impatient.cancel()
        await turns()
        network.gate.set()
        await turns()
        assert pool.stats().idle == 1
        assert pool.stats().in_use == 0


@pytest.mark.parametrize("ticks", range(12))
async def test_cancelled_at_any_tick_nothing_leaks(ticks: int) -> None:
    async with pool_of(1) as (pool, _network):
        with anyio.CancelScope() as scope:
            asyncio.get_running_loop().call_soon(scope.cancel)
            for _ in range(ticks):
                await asyncio.sleep(0)
            pool.release(await pool.acquire())
        await turns(5)
        assert pool.stats().in_use == 0
        pool.release(await asyncio.wait_for(pool.acquire(), 1))


async def test_a_wait_that_takes_too_long_shows_its_evidence() -> None:
    async with pool_of(2, pool_timeout=0.05) as (pool, _network):
        held = await pool.acquire()
        with pytest.raises(exceptions.PoolTimeoutError) as failure:
            await pool.acquire()
        error = failure.value
        assert (error.in_use, error.idle, error.waiting, error.dialing, error.pool_size) == (1, 0, 1, 0, 2)
        assert error.oldest_lease is not None
        assert error.oldest_lease >= 0.04
        assert "1 in use" in str(error)
        assert isinstance(error, TimeoutError)
        assert not error.written
        assert pool.stats().timeouts == 1
        pool.release(held)
        pool.release(await pool.acquire())


async def test_a_failed_dial_is_told_to_one_waiter_and_remembered() -> None:
    async with pool_of(2, pool_timeout=0.05) as (pool, network):
        network.error = exceptions.ConnectionError("cannot connect to nowhere")
        with pytest.raises(exceptions.ConnectionError, match="nowhere"):
            await pool.acquire()
        network.error = None
        await pool.acquire()
        network.error = exceptions.ConnectionError("again")
        with pytest.raises(exceptions.PoolTimeoutError):
            await pool.acquire()
        assert pool.stats().failed_dials == 1


async def test_a_connection_that_closes_makes_room_for_a_waiter() -> None:
    async with pool_of(1) as (pool, network):
        held = await pool.acquire()
        waiting = asyncio.ensure_future(pool.acquire())
        await turns()
        held.fail(exceptions.ConnectionError("reset"))
        fresh = await asyncio.wait_for(waiting, 1)
        assert fresh is network.wires[1].connection
        pool.release(held)  # the late release of the dead one changes nothing
        accounted(pool)
        assert pool.stats().in_use == 1


async def test_a_lease_with_replies_outstanding_comes_back_when_they_have_come() -> None:
    async with pool_of(1) as (pool, network):
        lease = await pool.acquire()
        given_up = lease.send(PING)
        await turns()
        given_up.cancel()
        pool.release(lease)
        assert pool.stats().idle == 0
        waiting = asyncio.ensure_future(pool.acquire())
        await turns()
        assert not waiting.done()
        network.wires[0].receive(b"+PONG\r\n")
        assert await asyncio.wait_for(waiting, 1) is lease
        assert lease.idle


async def test_idle_connections_are_bounded() -> None:
    async with pool_of(5, max_idle_conns=2) as (pool, network):
        leases = [await pool.acquire() for _ in range(4)]
        for lease in leases:
            pool.release(lease)
        assert pool.stats().idle == 2
        assert [wire.closing for wire in network.wires].count(True) == 2


async def test_min_idle_connections_are_kept_ready() -> None:
    async with pool_of(5, min_idle_conns=2) as (pool, _network):
        await pool.acquire()
        await turns(5)
        assert pool.stats().idle == 2
        assert pool.stats().in_use == 1


async def test_connections_that_were_idle_or_alive_too_long_are_not_used() -> None:
    async with pool_of(3, conn_max_idle_time=0.05) as (pool, _network):
        old = await pool.acquire()
        pool.release(old)
        await asyncio.sleep(0.1)
        assert await pool.acquire() is not old
        assert pool.stats().stale == 1
    async with pool_of(3, conn_max_lifetime=0.05) as (pool, _network):
        old = await pool.acquire()
        await asyncio.sleep(0.1)
        pool.release(old)
        assert await pool.acquire() is not old


async def test_an_idle_connection_is_asked_whether_it_is_there() -> None:
    async with pool_of(2, health_check_interval=0.02, read_timeout=0.1) as (pool, network):
        lease = await pool.acquire()
        pool.release(lease)
        await asyncio.sleep(0.05)
        checked = asyncio.ensure_future(pool.acquire())
        await turns()
        assert network.wires[0].writes == [PING]
        network.wires[0].receive(b"+PONG\r\n")
        assert await checked is lease
        pool.release(lease)
        await asyncio.sleep(0.05)
        fresh = await asyncio.wait_for(pool.acquire(), 2)  # this time it does not answer
        assert fresh is not lease
        assert network.wires[0].aborted


async def test_closing_tells_those_who_wait() -> None:
    async with pool_of(1) as (pool, _network):
        lease = await pool.acquire()
        reply = lease.send(PING)
        waiting = asyncio.ensure_future(pool.acquire())
        await turns()
        lease.closed.set_result(None)
        await pool.aclose()
        for future in (waiting, reply):
            with pytest.raises(exceptions.ClientClosedError):
                await future
        with pytest.raises(exceptions.ClientClosedError):
            await pool.acquire()
        assert lease.state is ConnectionState.CLOSED


async def test_closing_does_not_wait_for_a_dial() -> None:
    async with pool_of(1) as (pool, network):
        network.gate.clear()
        waiting = asyncio.ensure_future(pool.acquire())
        await turns()
        async with asyncio.timeout(1):
            await pool.aclose()
        with pytest.raises(exceptions.ClientClosedError):
            await waiting
        assert network.dialing == 0


async def test_a_pool_describes_itself() -> None:
    async with pool_of(4) as (pool, _network):
        await pool.acquire()
        assert repr(pool) == "<ConnectionPool: 1 of 4 connections, 1 in use, 0 idle, 0 waiting>"
        assert isinstance(await pool.acquire(), Connection)
