"""Row 11: a blocking command returns late, early or twice, or holds up everybody else.

Injected: every blocking command with a timeout shorter and longer than ``read_timeout``, and with none; more of them
than the pool has connections. What happens to those that are given up is in ``test_11_given_up``.

Passing: each returns at its own timeout and is executed once; ordinary commands go on meanwhile.
"""

import asyncio
from typing import Any

import pytest

from redis_aio.exceptions import PoolTimeoutError
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.blocking import EARLY, LATE, TAKES, WAITS, Wait, assert_free, blocked, timed
from tests.support.oracles import Heartbeat, Nonces, Observer
from tests.support.proxy import FaultProxy


def serve(observer: Observer, command: str, key: str, name: str) -> None:
    """End the wait of the one client of this name that waits in this command."""
    if WAITS[command].serve:
        observer.ask(*Wait.named(WAITS[command].serve, key))
        return
    waiting = [entry["id"] for entry in observer.clients(name) if entry["cmd"] == command.lower()]
    assert [observer.ask("CLIENT", "UNBLOCK", client_id) for client_id in waiting].count(1) == 1


# -- its own timeout --------------------------------------------------------------------------------------------------


@pytest.mark.one_loop
async def test_every_command_returns_at_its_own_timeout_and_runs_once(
    connect: Connect, observer: Observer, name: str
) -> None:
    """Under default options: shorter than ``read_timeout``, longer, and for ever; all at the same time."""
    names = [each for each in WAITS if observer.ask("COMMAND", "INFO", each)[0] is not None]
    bounded = (0.5, scale.BLOCK_DEFAULT_SECONDS)
    client = connect(pool_size=3 * len(names) + 2)
    calls = {}
    for each in names:
        for seconds in (*bounded, 0):
            key = f"{each}-{seconds}"
            if WAITS[each].prepare:
                observer.ask(*Wait.named(WAITS[each].prepare, key))
            calls[each, seconds] = Wait.named(WAITS[each].arguments(seconds), key)
    await Nonces().settle(client, 1)
    observer.forget_executions()
    async with Heartbeat() as heart:
        waits = {call: asyncio.ensure_future(timed(client.execute_command(*words))) for call, words in calls.items()}
        for_ever = {call for call in waits if not call[1]}
        slowest = 0.0
        while not all(waits[call].done() for call in waits.keys() - for_ever):
            await asyncio.sleep(0.05)
            slowest = max(slowest, (await timed(client.execute_command("GET", "ordinary")))[0])
    for each, seconds in waits.keys() - for_ever:
        took, value = await waits[each, seconds]
        assert seconds - EARLY <= took <= seconds + LATE + heart.gap, f"{each} {seconds} returned after {took:.3f} s"
        assert value in (None, 0, [], {}, [0, 0])
    assert slowest < LATE + heart.gap, "an ordinary command waited behind a blocking one"
    assert bounded[1] > 3.5, "longer than read_timeout and some margin"
    assert not any(waits[call].done() for call in for_ever), "read_timeout is no bound of what may wait for ever"
    await blocked(observer, len(for_ever))
    for each, seconds in for_ever:
        serve(observer, each, f"{each}-{seconds}", name)
        _, value = await waits[each, seconds]
        assert value or not WAITS[each].serve, each
    for each in names:
        assert observer.executions(each.lower()) == 3, each
    await assert_free(client)


async def test_without_a_timeout_waits_for_what_comes(connect: Connect, observer: Observer, proxy: FaultProxy) -> None:
    client = connect(pool_size=len(TAKES) + 2, read_timeout=scale.BLOCK_READ_TIMEOUT)
    observer.forget_executions()
    takes = {name: take.of(f"for-ever-{name}") for name, take in TAKES.items()}
    waits = [asyncio.ensure_future(client.execute_command(*take.command)) for take in takes.values()]
    await blocked(observer, len(waits))
    connections = len(await proxy.log())
    done, _ = await asyncio.wait(waits, timeout=2.5 * scale.BLOCK_READ_TIMEOUT)
    assert not done, "read_timeout is no bound of a command that may wait for ever"
    for take in takes.values():
        observer.ask(*take.fill)
    replies = await asyncio.gather(*waits)
    assert all(replies)
    for take in takes.values():
        observer.ask("DEL", take.look[1])
    assert observer.executions("blpop") == 1
    assert observer.executions("blmpop") == 2
    assert len(await proxy.log()) == connections
    await assert_free(client)


async def test_in_a_pipeline_and_on_a_lease(connect: Connect, observer: Observer) -> None:
    """A wait in a pipeline or on an exclusive connection has its own timeout as well."""
    seconds = scale.BLOCK_SECONDS
    client = connect(pool_size=4, read_timeout=scale.BLOCK_READ_TIMEOUT)
    await Nonces().settle(client, 1)
    observer.forget_executions()

    async def on_a_lease() -> Any:
        async with client.connection() as lease:
            return await lease.execute_command("BLPOP", "w:a", seconds)

    async def in_a_pipeline() -> Any:
        pipe = client.pipeline(transaction=False)
        pipe.execute_command("ECHO", "before").execute_command("BLPOP", "w:a", seconds).execute_command("ECHO", "after")
        return await pipe.execute()

    leased, piped = await asyncio.gather(
        timed(on_a_lease()), asyncio.gather(timed(in_a_pipeline()), return_exceptions=True)
    )
    assert seconds - EARLY <= leased[0] <= seconds + scale.PROMPT
    assert not isinstance(piped[0], BaseException), piped
    assert piped[0][1] == [b"before", None, b"after"]
    assert seconds - EARLY <= piped[0][0] <= seconds + scale.PROMPT
    assert observer.executions("blpop") == 2
    await assert_free(client)


# -- others -----------------------------------------------------------------------------------------------------------


async def test_leases_cannot_take_the_last_connection(connect: Connect, observer: Observer) -> None:
    client = connect(pool_size=3, pool_timeout=0.3)
    waits = [asyncio.ensure_future(client.execute_command("BLPOP", f"q{n}", 0)) for n in range(2)]
    await blocked(observer, 2)
    nonces = Nonces()
    third = asyncio.ensure_future(
        timed(asyncio.gather(client.execute_command("BLPOP", "q2", 0), return_exceptions=True))
    )
    while not third.done():
        took, _ = await timed(nonces.settle(client, 5, at_once=5))
        assert took < scale.PROMPT
        await asyncio.sleep(0.01)
    took, (error,) = await third
    assert isinstance(error, PoolTimeoutError)
    assert 0.3 - EARLY <= took < 0.3 + scale.PROMPT, "one wait, and no retry of it"
    assert (error.pool_size, error.in_use, error.idle, error.dialing) == (3, 3, 0, 0)
    assert error.waiting >= 1
    assert error.oldest_lease is not None
    assert error.oldest_lease >= 0.3 - EARLY
    assert "3" in str(error)
    late = asyncio.ensure_future(client.execute_command("BLPOP", "q2", 0))
    await nonces.settle(client, 3)
    observer.ask("RPUSH", "q0", "x")
    assert tuple(await waits[0]) == (b"q0", b"x")
    observer.ask("RPUSH", "q2", "z")
    assert tuple(await late) == (b"q2", b"z"), "the first one to end makes room for the next in line"
    observer.ask("RPUSH", "q1", "y")
    assert tuple(await waits[1]) == (b"q1", b"y")
    await assert_free(client)


async def test_with_one_connection_they_take_turns(connect: Connect, observer: Observer) -> None:
    client = connect(pool_size=1, pool_timeout=0.2)
    await Nonces().settle(client, 1)
    waiting = asyncio.ensure_future(client.execute_command("BLPOP", "q", 0))
    await blocked(observer, 1)
    with pytest.raises(PoolTimeoutError) as raised:
        await client.execute_command("GET", "k")
    assert (raised.value.pool_size, raised.value.in_use) == (1, 1)
    later = asyncio.ensure_future(client.execute_command("GET", "k"))
    await asyncio.sleep(0)
    observer.ask("RPUSH", "q", "x")
    assert tuple(await waiting) == (b"q", b"x")
    assert await later is None
    await Nonces().settle(client, 3)
