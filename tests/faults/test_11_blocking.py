"""Row 11: a blocking command returns late, early or twice, loses an element, or holds up everybody else.

Injected: every blocking command with a timeout shorter and longer than ``read_timeout``, and with none; more of them
than the pool has connections; callers that give up in each of the six ways at every turn, with an element that is
pushed right after, or that the server has popped already.

Passing: each returns at its own timeout and is executed once; ordinary commands go on meanwhile; an element that nobody
got is in its list, in its place, once; no connection stays in use.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.exceptions import PoolTimeoutError
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import WAYS, Outcome
from tests.support.oracles import Nonces, Observer, eventually
from tests.support.proxy import FaultProxy

#: How much earlier than its timeout a command may return: the server's clock ticks in milliseconds.
EARLY = 0.02
#: Milliseconds after which the element is pushed, in turn.
PUSH_DELAYS = (0, 1, 5, 20)

Arguments = Callable[[float], tuple[Any, ...]]

#: Every blocking command, with a timeout in seconds, on keys that nobody fills.
WAITING: dict[str, Arguments] = {
    "BLPOP": lambda seconds: ("BLPOP", "w:a", "w:b", seconds),
    "BRPOP": lambda seconds: ("BRPOP", "w:a", seconds),
    "BLMOVE": lambda seconds: ("BLMOVE", "w:a", "w:b", "LEFT", "RIGHT", seconds),
    "BRPOPLPUSH": lambda seconds: ("BRPOPLPUSH", "w:a", "w:b", seconds),
    "BLMPOP": lambda seconds: ("BLMPOP", seconds, 2, "w:a", "w:b", "LEFT", "COUNT", 3),
    "BZPOPMIN": lambda seconds: ("BZPOPMIN", "w:z", seconds),
    "BZPOPMAX": lambda seconds: ("BZPOPMAX", "w:z", seconds),
    "BZMPOP": lambda seconds: ("BZMPOP", seconds, 1, "w:z", "MIN", "COUNT", 3),
    "XREAD": lambda seconds: ("XREAD", "BLOCK", int(seconds * 1000), "STREAMS", "w:x", "$"),
    "XREADGROUP": lambda seconds: (
        *("XREADGROUP", "GROUP", "g", "me", "BLOCK", int(seconds * 1000), "STREAMS", "w:s", ">"),
    ),
    "WAIT": lambda seconds: ("WAIT", 1, int(seconds * 1000)),
}


@dataclass(frozen=True)
class Take:
    """A command that takes what others put in ``KEY``; with it, how to fill it and what is left if nothing was lost."""

    command: tuple[Any, ...]
    fill: tuple[Any, ...]
    look: tuple[Any, ...]

    def of(self, key: str) -> "Take":
        """Return the same on a key of its own."""

        def named(words: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(key if word == "KEY" else word for word in words)

        return Take(named(self.command), named(self.fill), named(self.look))


LIST, ZSET = ("LRANGE", "KEY", "0", "-1"), ("ZRANGE", "KEY", "0", "-1", "WITHSCORES")
PUSH, ADD = ("RPUSH", "KEY", "a", "b", "c"), ("ZADD", "KEY", 1.5, "a", 2.5, "b", 3.5, "c")
TAKES = {
    "BLPOP": Take(("BLPOP", "KEY", 0), PUSH, LIST),
    "BRPOP": Take(("BRPOP", "KEY", 0), PUSH, LIST),
    "BLMPOP left": Take(("BLMPOP", 0, 1, "KEY", "LEFT", "COUNT", 2), PUSH, LIST),
    "BLMPOP right": Take(("BLMPOP", 0, 2, "other", "KEY", "RIGHT", "COUNT", 2), PUSH, LIST),
    "BZPOPMIN": Take(("BZPOPMIN", "KEY", 0), ADD, ZSET),
    "BZPOPMAX": Take(("BZPOPMAX", "KEY", 0), ADD, ZSET),
    "BZMPOP": Take(("BZMPOP", 0, 1, "KEY", "MAX", "COUNT", 2), ADD, ZSET),
}


async def timed(call: Awaitable[Any]) -> tuple[float, Any]:
    """Return how long a call took, and what came of it."""
    started = time.monotonic()
    value = await call
    return time.monotonic() - started, value


async def blocked(observer: Observer, count: int) -> None:
    """Wait until so many clients wait in the server."""
    await eventually(lambda: f"blocked_clients:{count}\r\n" in observer.ask("INFO", "clients").decode())


async def assert_free(client: "Redis[Any]") -> None:
    """Check that every connection but the shared one is free again, and that commands and leases still work."""
    await eventually(lambda: client.pool_stats().in_use == client.pool_stats().shared, why=client.pool_stats)
    await Nonces().settle(client, 3)
    async with client.connection() as lease:
        await Nonces().settle(lease, 1)
    assert client.pool_stats().waiting == 0


# -- its own timeout --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.5, scale.BLOCK_SECONDS])
async def test_returns_at_its_own_timeout_and_runs_once(connect: Connect, observer: Observer, seconds: float) -> None:
    """Under default options, and with a wait that is longer than ``read_timeout``."""
    options = {} if scale.LONG or seconds == 0.5 else {"read_timeout": scale.BLOCK_READ_TIMEOUT}
    client = connect(pool_size=len(WAITING) + 2, **options)
    observer.ask("XGROUP", "CREATE", "w:s", "g", "$", "MKSTREAM")
    await Nonces().settle(client, 1)
    observer.forget_executions()
    waits = [asyncio.ensure_future(timed(client.execute_command(*args(seconds)))) for args in WAITING.values()]
    slowest = 0.0
    for _ in range(10):
        await asyncio.wait(waits, timeout=seconds / 20)
        took, _ = await timed(client.execute_command("GET", "ordinary"))
        slowest = max(slowest, took)
    for name, (took, value) in zip(WAITING, await asyncio.gather(*waits), strict=True):
        assert seconds - EARLY <= took <= seconds + scale.PROMPT, f"{name} returned after {took:.3f} s"
        assert value in (None, 0, [], {})
        assert observer.executions(name.lower()) == 1, name
    assert slowest < min(seconds, scale.PROMPT), "an ordinary command waited behind a blocking one"
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
    assert await waits[0] == [b"q0", b"x"]
    observer.ask("RPUSH", "q2", "z")
    assert await late == [b"q2", b"z"], "the first one to end makes room for the next in line"
    observer.ask("RPUSH", "q1", "y")
    assert await waits[1] == [b"q1", b"y"]
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
    assert await waiting == [b"q", b"x"]
    assert await later is None
    await Nonces().settle(client, 3)


# -- given up ---------------------------------------------------------------------------------------------------------


def filled(observer: Observer, take: Take) -> Any:
    """Return what a full key looks like, and leave it empty."""
    observer.ask(*take.fill)
    full = observer.ask(*take.look)
    observer.ask("DEL", take.look[1])
    return full


async def assert_back(observer: Observer, take: Take, full: Any, how: str) -> None:
    """Check that the key is full again soon, everything in its place."""
    await eventually(
        lambda: observer.ask(*take.look) == full,
        within=scale.PROMPT,
        why=lambda: f"{observer.ask(*take.look)} is left of {full} ({how})",
    )


@pytest.mark.parametrize("way", WAYS)
async def test_given_up_at_every_turn_then_pushed(connect: Connect, observer: Observer, way: str) -> None:
    clients = [connect(protocol=protocol, pool_size=4) for protocol in (2, 3)]
    takes = list(TAKES)
    rounds = range(scale.BLOCK_CANCELS // len(WAYS))
    for number in rounds:
        command = takes[number // 2 % len(takes)] if number % 2 else "BLPOP"
        take = TAKES[command].of(f"given-up-{number}")
        full = filled(observer, take)
        ticks, delay = 2 * number % scale.SWEEP_TICKS, PUSH_DELAYS[number % len(PUSH_DELAYS)]
        operation = partial(clients[number // 2 % 2].execute_command, *take.command)
        outcome: Outcome = await WAYS[way](operation, ticks)
        assert outcome.cancelled, outcome
        await asyncio.sleep(delay / 1000)
        observer.ask(*take.fill)
        await assert_back(observer, take, full, f"{command}, {ticks} turns, {delay} ms")
    for client in clients:
        await assert_free(client)
    for number in rounds:
        key = f"given-up-{number}"
        count = "LLEN" if observer.ask("TYPE", key) == b"list" else "ZCARD"
        assert observer.ask(count, key) == 3, "something came back twice, or went when all was over"


async def test_given_up_and_nothing_comes(connect: Connect, proxy: FaultProxy, observer: Observer) -> None:
    """The server is told, so that the connection is free again at once and need not be closed."""
    client = connect(pool_size=2)
    for number in range(scale.SWEEP_TICKS):
        waiting = asyncio.ensure_future(client.execute_command("BLPOP", "nobody-pushes", 0))
        await blocked(observer, 1)
        given_up = time.monotonic()
        waiting.cancel()
        await blocked(observer, 0)
        await assert_free(client)
        assert time.monotonic() - given_up < scale.PROMPT, number
        assert waiting.cancelled()
    assert len(await proxy.log()) == 2


async def test_given_up_when_it_had_been_popped_already(
    connect: Connect, proxy: FaultProxy, observer: Observer, protocol: int
) -> None:
    """The reply is under way: nobody will get it, so what is in it goes back to where it was."""
    client = connect(protocol=protocol, pool_size=2)
    await assert_free(client)
    ways = ("cancel", "double", "scope", "sibling", "timeout")
    for ticks, command in enumerate(list(TAKES) * (10 if scale.LONG else 2)):
        way = ways[ticks % len(ways)]
        take = TAKES[command].of(f"popped-{ticks}")
        full = filled(observer, take)

        async def popped(take: Take = take, full: Any = full) -> None:
            await blocked(observer, 1)
            await proxy.hold("down", connection=2)
            observer.ask(*take.fill)
            await eventually(lambda: len(observer.ask(*take.look)) < len(full))

        outcome = await WAYS[way](partial(client.execute_command, *take.command), ticks % 5, popped)
        assert outcome.cancelled, outcome
        await proxy.release("down", connection=2)
        await assert_back(observer, take, full, f"{command}, {way}")
        await assert_free(client)
    assert len(await proxy.log()) == 2, "no connection was given up for it"


async def test_a_moved_element_is_in_one_of_the_lists(connect: Connect, observer: Observer) -> None:
    client = connect(pool_size=3)
    for ticks in range(scale.SWEEP_TICKS):
        observer.ask("DEL", "from", "to")
        way = list(WAYS.values())[ticks % len(WAYS)]
        outcome = await way(partial(client.execute_command, "BLMOVE", "from", "to", "LEFT", "LEFT", 0), ticks)
        assert outcome.cancelled
        observer.ask("RPUSH", "from", "x")
        await assert_free(client)
        assert observer.ask("LLEN", "from") + observer.ask("LLEN", "to") == 1


async def test_given_up_while_waiting_for_a_connection(connect: Connect, observer: Observer) -> None:
    """Nothing of it was sent; the one that waits behind it comes next."""
    client = connect(pool_size=2)
    holder = asyncio.ensure_future(client.execute_command("BLPOP", "held", 0))
    await blocked(observer, 1)
    for ticks, way in enumerate(WAYS.values()):
        assert (await way(partial(client.execute_command, "BLPOP", "q", 0), ticks)).cancelled
    behind = asyncio.ensure_future(client.execute_command("BLPOP", "q", 0))
    await Nonces().settle(client, 3)
    observer.ask("RPUSH", "q", "x")
    observer.ask("RPUSH", "held", "y")
    assert await holder == [b"held", b"y"]
    assert await behind == [b"q", b"x"]
    await assert_free(client)


@pytest.mark.parametrize("holder", ["lease", "pipeline"])
async def test_given_up_on_a_lease(connect: Connect, observer: Observer, holder: str) -> None:
    """A connection that waits in the server when its holder leaves must not take what is pushed later."""
    client = connect(pool_size=3)
    await Nonces().settle(client, 1)

    async def operation(key: str) -> None:
        if holder == "lease":
            async with client.connection() as lease:
                await lease.execute_command("BLPOP", key, 0)
        else:
            await client.pipeline(transaction=False).execute_command("BLPOP", key, 0).execute()

    ways = list(WAYS)
    for ticks in range(0, 2 * scale.SWEEP_TICKS, 2):
        way = ways[ticks // 2 % len(ways)]
        take = TAKES["BLPOP"].of(f"leased-{ticks}")
        full = filled(observer, take)
        assert (await WAYS[way](partial(operation, f"leased-{ticks}"), ticks)).cancelled
        await asyncio.sleep(PUSH_DELAYS[ticks // 2 % len(PUSH_DELAYS)] / 1000)
        observer.ask(*take.fill)
        await assert_back(observer, take, full, f"{way}, {ticks} turns")
        await assert_free(client)


@pytest.mark.parametrize("way", ["cancel", "scope"])
async def test_a_user_who_may_not_unblock(connect: Connect, observer: Observer, name: str, way: str) -> None:
    """Without the right to CLIENT UNBLOCK the connection is closed, which unblocks as well."""
    observer.ask("ACL", "SETUSER", "poor", "reset", "on", ">pw-of-poor", "~*", "&*", "+@all", "-client|unblock")
    try:
        client = connect(pool_size=3, username="poor", password="pw-of-poor")
        for ticks in range(4, 24, 4):
            outcome = await WAYS[way](partial(client.execute_command, "BLPOP", "poor-q", 0), ticks)
            assert outcome.cancelled
            await assert_free(client)
            # As long as the server has not seen the end of the connection, what is pushed is lost with it.
            await eventually(lambda: len(observer.clients(name)) == client.pool_stats().total)
            observer.ask("RPUSH", "poor-q", "x")
            assert await client.execute_command("LPOP", "poor-q") == b"x"
        await client.aclose()
    finally:
        observer.ask("ACL", "DELUSER", "poor")
