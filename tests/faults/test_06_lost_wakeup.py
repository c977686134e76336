"""Row 6: a waiter sleeps on although a connection is free, because the wake-up went to one that had given up.

Injected: in one turn of the loop a lease is given back and the waiter whose turn it is gives up, in each of the six
ways; leases whose connection dies instead of coming back; two hundred waiters for two connections.

Passing: the next waiter is served at once; waiters are served in the order they came; none waits much longer than the
others.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from redis_aio import Redis
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import WAYS, turn
from tests.support.oracles import Nonces, eventually
from tests.support.proxy import FaultProxy

#: With two places one can be leased; the other is kept for the shared commands.
ONE_LEASE = 2


class Waiter:
    """A task that takes the lease, says when it got it, and holds it until told."""

    def __init__(self, client: "Redis[Any]") -> None:
        self._client = client
        self.got = asyncio.Event()
        self.done = asyncio.Event()
        self.lease: Any = None

    async def run(self) -> None:
        async with self._client.connection() as self.lease:
            self.got.set()
            await self.done.wait()


async def _in_line(client: "Redis[Any]", count: int) -> None:
    await eventually(lambda: client.pool_stats().waiting == count, why=client.pool_stats)


@pytest.mark.parametrize("release_first", [True, False], ids=["release-cancel", "cancel-release"])
@pytest.mark.parametrize("way", WAYS)
async def test_given_back_and_given_up_in_one_turn(connect: Connect, way: str, release_first: bool) -> None:
    client = connect(pool_size=ONE_LEASE, pool_timeout=30)
    await Nonces().settle(client, 1)
    slowest = 0.0
    for round_ in range(scale.WAKE_UPS):
        holder, second, third = Waiter(client), Waiter(client), Waiter(client)
        holding = asyncio.ensure_future(holder.run())
        await holder.got.wait()
        in_place = asyncio.Event()

        async def stage(in_place: asyncio.Event = in_place) -> None:
            await in_place.wait()

        # The way's own count of turns, and ours, put the two events before, into and after the same turn.
        giving_up = asyncio.ensure_future(WAYS[way](second.run, round_ % 3, stage))
        await _in_line(client, 1)
        waiting = asyncio.ensure_future(third.run())
        await _in_line(client, 2)
        began = time.monotonic()
        in_place.set()
        if release_first:
            holder.done.set()
            await turn(round_ % 2)
        else:
            await turn(1 + round_ % 4)
            holder.done.set()
        second.done.set()
        async with asyncio.timeout(10):
            await third.got.wait()
        if way != "wait_for":  # which gives up by the clock
            slowest = max(slowest, time.monotonic() - began)
        third.done.set()
        await asyncio.gather(holding, giving_up, waiting)
    assert slowest < scale.PROMPT / 2
    await _whole(client)


async def _whole(client: "Redis[Any]") -> None:
    await eventually(lambda: client.pool_stats().in_use == client.pool_stats().shared, why=client.pool_stats)
    assert client.pool_stats().waiting == 0
    async with client.connection() as lease:
        await Nonces().settle(lease, 3)


@pytest.mark.parametrize("way", WAYS)
async def test_all_but_the_last_give_up(connect: Connect, way: str) -> None:
    client = connect(pool_size=ONE_LEASE, pool_timeout=30)
    await Nonces().settle(client, 1)
    for ticks in range(8):
        holder, last = Waiter(client), Waiter(client)
        holding = asyncio.ensure_future(holder.run())
        await holder.got.wait()
        others = [asyncio.ensure_future(WAYS[way](Waiter(client).run, ticks)) for _ in range(10)]
        await turn(1)
        waiting = asyncio.ensure_future(last.run())
        await turn(ticks // 2)
        holder.done.set()
        last.done.set()
        async with asyncio.timeout(10):
            await waiting
        await asyncio.gather(holding, *others)
    await _whole(client)


async def _kill(proxy: FaultProxy, waiter: Waiter) -> None:
    await proxy.kill()


async def _taint(proxy: FaultProxy, waiter: Waiter) -> None:
    await waiter.lease.execute_command("SELECT", 3)


@pytest.mark.parametrize("spoil", [_kill, _taint])
async def test_a_connection_that_does_not_come_back(
    connect: Connect, proxy: FaultProxy, spoil: Callable[[FaultProxy, Waiter], Awaitable[None]]
) -> None:
    """Its place goes to the next waiter, with a new connection."""
    client = connect(pool_size=ONE_LEASE, pool_timeout=30)
    for _ in range(scale.WAKE_UPS // 4):
        holder, second = Waiter(client), Waiter(client)
        holding = asyncio.ensure_future(holder.run())
        await holder.got.wait()
        waiting = asyncio.ensure_future(second.run())
        await _in_line(client, 1)
        await spoil(proxy, holder)
        holder.done.set()
        async with asyncio.timeout(10):
            await second.got.wait()
        await Nonces().settle(second.lease, 1)
        second.done.set()
        await asyncio.gather(holding, waiting)
    await _whole(client)


async def test_in_the_order_they_came_and_none_starves(connect: Connect) -> None:
    client = connect(pool_size=3, pool_timeout=60)
    served: list[int] = []
    waits: list[float] = []

    async def wait(number: int) -> None:
        began = time.monotonic()
        async with client.connection() as lease:
            served.append(number)
            waits.append(time.monotonic() - began)
            await lease.execute_command("PING")

    async with client.connection(), client.connection():
        tasks = []
        for number in range(scale.WAITERS):
            tasks.append(asyncio.ensure_future(wait(number)))
            await asyncio.sleep(0)
        await _in_line(client, scale.WAITERS)
    await asyncio.gather(*tasks)
    assert served == list(range(scale.WAITERS))
    assert max(waits) <= 3 * sum(waits) / len(waits)


async def test_leases_do_not_starve_the_ordinary_commands(connect: Connect) -> None:
    client = connect(pool_size=3, pool_timeout=30)
    async with client.connection(), client.connection():
        waiting = [asyncio.ensure_future(Waiter(client).run()) for _ in range(5)]
        await _in_line(client, 5)
        await Nonces().settle(client, 20, at_once=5)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
    await _whole(client)
