"""Row 1: a reply reaches a caller it does not belong to, because another caller gave up before its own had come.

Injected: callers that give up in each of the six ways, at every turn of the event loop, while replies are sliced into
single bytes, late, or held back; also callers of blocking commands.

Passing: each reply that is delivered is the caller's own; the callers that did not give up all succeed; giving up costs
no connection (except for a blocking command, which may); nothing is left behind.
"""

import asyncio
import random
from functools import partial
from typing import Any

import pytest

from redis_aio import Redis
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import WAYS, Outcome, by_task_cancel, sweep
from tests.support.oracles import Nonces
from tests.support.proxy import FaultProxy

POOL = 4


async def _storm(client: "Redis[Any]", nonces: Nonces, operations: int, seed: int) -> list[Outcome]:
    """Let many tasks run nonces and give most of them up, each in a way and after a time of its own."""
    chance = random.Random(seed)
    ways = list(WAYS.values())
    outcomes: list[Outcome] = []

    async def worker(count: int) -> None:
        for _ in range(count):
            outcome = await chance.choice(ways)(lambda: nonces.echo(client), chance.randrange(60))
            assert not outcome.swallowed
            outcomes.append(outcome)

    share = operations // scale.STORM_TASKS
    await asyncio.gather(*(worker(share) for _ in range(scale.STORM_TASKS)))
    return outcomes


@pytest.mark.parametrize(("size", "part"), [(1, 0.25), (2, 0.25), (7, 0.5)], ids=["bytes", "pairs", "sevens"])
async def test_storm(connect: Connect, proxy: FaultProxy, protocol: int, size: int, part: float) -> None:
    client = connect(protocol=protocol, pool_size=POOL, read_timeout=30)
    nonces = Nonces()
    await nonces.settle(client, 1)
    await proxy.set(slice=size, delay=0.0005, jitter=0.003)
    outcomes = await _storm(client, nonces, int(scale.STORM_OPERATIONS * part), seed=size)
    assert not nonces.wrong
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert not errors, errors[:3]
    assert any(outcome.cancelled for outcome in outcomes)
    await proxy.clear()
    await nonces.settle(client, scale.STORM_SETTLE)
    assert len(await proxy.log()) <= POOL


@pytest.mark.parametrize("way", WAYS)
async def test_every_tick_with_neighbours(connect: Connect, proxy: FaultProxy, protocol: int, way: str) -> None:
    client = connect(protocol=protocol, pool_size=2)
    nonces = Nonces()
    await nonces.settle(client, 1)

    async def check(tick: int, outcome: Outcome) -> None:
        assert outcome.error is None
        await asyncio.gather(*neighbours)
        neighbours[:] = [asyncio.ensure_future(nonces.echo(client)) for _ in range(3)]

    neighbours = [asyncio.ensure_future(nonces.echo(client)) for _ in range(3)]
    await sweep(WAYS[way], lambda: nonces.echo(client), range(scale.SWEEP_TICKS), check)
    await asyncio.gather(*neighbours)
    await nonces.settle(client, 20, at_once=5)
    assert len(await proxy.log()) <= 2


@pytest.mark.parametrize("way", WAYS)
async def test_given_up_while_the_reply_is_under_way(
    connect: Connect, proxy: FaultProxy, protocol: int, way: str
) -> None:
    """The late reply of the one that gave up comes first, and must not be taken for the next one's."""
    client = connect(protocol=protocol, pool_size=2, read_timeout=30)
    nonces = Nonces()
    await nonces.settle(client, 1)
    for ticks in range(2, 2 + scale.SWEEP_TICKS // 4):
        await proxy.hold("down")
        outcome = await WAYS[way](lambda: nonces.echo(client), ticks)
        assert outcome.cancelled
        after = [asyncio.ensure_future(nonces.echo(client)) for _ in range(4)]
        await asyncio.sleep(0)
        after[1].cancel()
        await proxy.release("down")
        await asyncio.wait(after)
        await asyncio.gather(after[0], *after[2:])
    await nonces.settle(client, 20)
    assert len(await proxy.log()) <= 2


@pytest.mark.parametrize("way", WAYS)
async def test_batches(connect: Connect, proxy: FaultProxy, protocol: int, way: str) -> None:
    """A pipeline and a transaction that are given up swallow all of their replies, and no more."""
    client = connect(protocol=protocol, pool_size=2)
    nonces = Nonces()
    await nonces.settle(client, 1)

    async def batch(transaction: bool) -> None:
        pipe = client.pipeline(transaction=transaction)
        expected = [nonces.new() for _ in range(5)]
        for nonce in expected:
            pipe.execute_command("ECHO", nonce)
        for nonce, reply in zip(expected, await pipe.execute(), strict=True):
            nonces.judge(nonce, reply)

    async def check(tick: int, outcome: Outcome) -> None:
        assert outcome.error is None
        await nonces.settle(client, 2, at_once=2)

    for transaction in (False, True):
        await sweep(WAYS[way], partial(batch, transaction), range(scale.SWEEP_TICKS // 2), check)
    await nonces.settle(client, 20)
    assert len(await proxy.log()) <= 2


async def test_blocking_commands_given_up(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    client = connect(protocol=protocol, pool_size=POOL)
    nonces = Nonces()
    cancels = scale.SWEEP_TICKS

    async def check(tick: int, outcome: Outcome) -> None:
        assert outcome.cancelled
        await nonces.settle(client, 4, at_once=4)

    await sweep(by_task_cancel, lambda: client.execute_command("BLPOP", "nobody-pushes", 0), range(cancels), check)
    async with client.connection() as lease:
        await nonces.settle(lease, 20)
    assert len(await proxy.log()) <= POOL + cancels
