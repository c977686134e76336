"""Row 11, second half: a blocking command that was given up loses an element, or holds up its connection.

Injected: callers that give up in each of the six ways at every turn, with an element that is pushed right after, or
that the server has popped already; with no right to CLIENT UNBLOCK, no second connection, a client that is closed.

Passing: an element that nobody got is in its list, in its place, once; no connection stays in use.
"""

import asyncio
import logging
import time
from functools import partial
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio._execution.blocking import UNBLOCK_TIME
from redis_aio.testing import RedisServer
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.blocking import (
    TAKES,
    WAITS,
    Asking,
    Take,
    Wait,
    assert_back,
    assert_free,
    blocked,
    filled,
    timed,
)
from tests.support.cancellation import WAYS, Outcome, turn
from tests.support.oracles import Nonces, Observer, eventually
from tests.support.proxy import FaultProxy
from tests.support.server import Certificates

#: Milliseconds after which the element is pushed, in turn.
PUSH_DELAYS = (0, 1, 5, 20)


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
    assert tuple(await holder) == (b"held", b"y")
    assert tuple(await behind) == (b"q", b"x")
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


# -- where the server cannot be told ----------------------------------------------------------------------------------


async def give_up_untold(
    client: "Redis[Any]", proxy: FaultProxy, observer: Observer, way: str, ticks: int, *, popped: bool
) -> None:
    """Give up a BLPOP that waits, or whose reply is held back; then push, and check that all is there."""
    take = TAKES["BLPOP"].of(f"untold-{way}-{ticks}-{popped}")
    full = filled(observer, take)

    async def stage() -> None:
        await blocked(observer, 1)
        if popped:
            await proxy.hold("down")
            observer.ask(*take.fill)
            await eventually(lambda: len(observer.ask(*take.look)) < len(full))

    assert (await WAYS[way](partial(client.execute_command, *take.command), ticks, stage)).cancelled
    if popped:
        await proxy.release("down")
    else:
        # What is pushed while the server reads the end of the connection can be lost in the server.
        took, _ = await timed(blocked(observer, 0))
        assert took < UNBLOCK_TIME / 2, "only because the connection was closed in the end"
        observer.ask(*take.fill)
    await assert_back(observer, take, full, f"{way}, {ticks} turns")


@pytest.mark.parametrize("popped", [False, True])
async def test_a_user_who_may_not_unblock(
    connect: Connect, proxy: FaultProxy, observer: Observer, popped: bool
) -> None:
    """Without the right to CLIENT UNBLOCK the connection is closed in a way that loses no reply."""
    observer.ask("ACL", "SETUSER", "poor", "reset", "on", ">pw-of-poor", "~*", "&*", "+@all", "-client|unblock")
    try:
        client = connect(pool_size=3, username="poor", password="pw-of-poor")
        for ticks, way in enumerate(WAYS):
            if way != "wait_for" or not popped:  # it can only guess how long the stage takes
                await give_up_untold(client, proxy, observer, way, ticks, popped=popped)
                await assert_free(client)
        await client.aclose()
    finally:
        observer.ask("ACL", "DELUSER", "poor")


@pytest.mark.parametrize("popped", [False, True])
async def test_with_one_connection_in_all(
    connect: Connect, proxy: FaultProxy, observer: Observer, popped: bool
) -> None:
    """There is no other connection to unblock on, and what was popped goes back over the next one."""
    client = connect(pool_size=1)
    for ticks, way in enumerate(WAYS):
        if way != "wait_for" or not popped:
            await give_up_untold(client, proxy, observer, way, ticks, popped=popped)
            await Nonces().settle(client, 1)


async def test_over_tls(tls_server: RedisServer, certificates: Certificates) -> None:
    """Also where the end of the stream comes without TLS' farewell."""
    options: dict[str, Any] = {"host": "localhost", "port": tls_server.port, "ssl": True}
    asking = Asking(tls_server.command)
    for pool_size in (1, 3):
        async with Redis(**options, ssl_ca_certs=str(certificates.ca), pool_size=pool_size) as client:
            for number in range(6):
                take = TAKES["BLPOP"].of("tls")
                full = filled(asking, take)
                waiting = asyncio.ensure_future(client.execute_command("BLPOP", "tls", 0))
                await blocked(asking, 1)
                if number % 2:
                    asking.ask(*take.fill)
                waiting.cancel()
                await blocked(asking, 0)
                if not number % 2:
                    asking.ask(*take.fill)
                await assert_back(asking, take, full, f"{pool_size} connections")
                asking.ask("DEL", "tls")


# -- popped already, and more -----------------------------------------------------------------------------------------


async def give_up_popped(
    waiting: "asyncio.Future[Any]", proxy: FaultProxy, observer: Observer, take: Take, *, connection: int = 2
) -> None:
    """Give up a command whose reply, with all that was in the key, is held back; and let the reply go on."""
    await blocked(observer, 1)
    await proxy.hold("down", connection=connection)
    observer.ask(*take.fill)
    await eventually(lambda: observer.ask("EXISTS", take.look[1]) == 0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    await proxy.release("down", connection=connection)


async def test_pops_of_one_pipeline_come_back_in_their_order(
    connect: Connect, proxy: FaultProxy, observer: Observer
) -> None:
    client = connect(pool_size=2)
    await assert_free(client)
    for pops in (["BLPOP"] * 3, ["BRPOP"] * 3, ["BLPOP", "BRPOP", "BLPOP"]):
        take = Take((), ("RPUSH", "pipe", "a", "b", "c"), ("LRANGE", "pipe", "0", "-1"))
        full = filled(observer, take)
        pipe = client.pipeline(transaction=False)
        pipe.execute_command("BLPOP", "first", 0)
        for pop in pops:
            pipe.execute_command(pop, "pipe", 0)
        waiting = asyncio.ensure_future(pipe.execute())
        await blocked(observer, 1)
        observer.ask("RPUSH", "pipe", "a", "b", "c")
        first = Take((), ("RPUSH", "first", "x"), ("LRANGE", "first", "0", "-1"))
        await give_up_popped(waiting, proxy, observer, first)
        await assert_back(observer, take, full, str(pops))
        await assert_back(observer, first, [b"x"], "the last one to be put back")
        observer.ask("DEL", "first", "pipe")
        await assert_free(client)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
async def test_what_is_no_text_comes_back_as_it_was(
    connect: Connect, proxy: FaultProxy, observer: Observer, protocol: int, encoding: str
) -> None:
    client = connect(pool_size=2, decode_responses=True, encoding=encoding, protocol=protocol)
    await assert_free(client)
    for element in (b"\xff\xfe\x00", b"\xc3\xa4", b"plain"):
        take = Take((), ("RPUSH", b"key", element), ("LRANGE", "key", "0", "-1"))
        waiting = asyncio.ensure_future(client.execute_command("BLPOP", b"key", 0))
        await give_up_popped(waiting, proxy, observer, take)
        await assert_back(observer, take, [element], encoding)
        observer.ask("DEL", "key")
        await assert_free(client)


async def test_the_client_is_closed_right_after(connect: Connect, proxy: FaultProxy, observer: Observer) -> None:
    """As where a worker is cancelled and its program ends."""
    take = Take((), ("RPUSH", "key", "x"), ("LRANGE", "key", "0", "-1"))
    client = connect(pool_size=2)
    await assert_free(client)
    waiting = asyncio.ensure_future(client.execute_command("BLPOP", "key", 0))
    await blocked(observer, 1)
    await proxy.hold("down", connection=2)
    observer.ask(*take.fill)
    await eventually(lambda: observer.ask("EXISTS", "key") == 0)
    waiting.cancel()
    closing = asyncio.ensure_future(client.aclose())
    await turn(3)
    await proxy.release("down", connection=2)
    await closing
    assert waiting.cancelled()
    await assert_back(observer, take, [b"x"], "closed")


async def test_closing_does_not_wait_long_for_it(connect: Connect, proxy: FaultProxy, observer: Observer) -> None:
    client = connect(pool_size=5)
    await assert_free(client)
    waits = [asyncio.ensure_future(client.execute_command("BLPOP", "key", 0)) for _ in range(4)]
    await blocked(observer, 4)
    await proxy.hold("both")
    for waiting in waits:
        waiting.cancel()
    took, _ = await timed(client.aclose())
    assert took < scale.PROMPT
    await proxy.release("both")


async def test_a_lease_goes_on_after_it(connect: Connect, observer: Observer) -> None:
    """The next command on the connection is not the one that is unblocked."""
    client = connect(pool_size=2)
    for ticks in range(scale.SWEEP_TICKS):
        observer.ask("DEL", "key", "next")
        async with client.connection() as lease:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01 if ticks % 3 else 0):
                    await lease.execute_command("BLPOP", "key", 0)
            following = asyncio.ensure_future(lease.execute_command("BLPOP", "next", 0))
            await blocked(observer, 1)
            observer.ask("RPUSH", "key", "not for anybody")
            await turn(ticks)
            observer.ask("RPUSH", "next", "x")
            assert tuple(await following) == (b"next", b"x")
            assert await lease.pipeline().llen("key").execute() == [1]
        await assert_free(client)


async def test_the_next_command_of_a_lease_is_not_unblocked(
    connect: Connect, proxy: FaultProxy, observer: Observer
) -> None:
    """CLIENT UNBLOCK is on its way when the command ends by itself: what follows is sent when that has arrived."""
    client = connect(pool_size=2)
    await assert_free(client)
    async with client.connection() as lease:
        waiting = asyncio.ensure_future(lease.execute_command("BLPOP", "key", 0))
        await blocked(observer, 1)
        await proxy.hold("up", connection=1)
        waiting.cancel()
        await asyncio.wait([waiting])
        observer.ask("RPUSH", "key", "x")
        following = asyncio.ensure_future(lease.execute_command("BLPOP", "next", 0))
        batch = asyncio.ensure_future(lease.pipeline(transaction=False).execute_command("BLPOP", "third", 0).execute())
        done, _ = await asyncio.wait([following], timeout=0.1)  # time for what must not happen: to wait in the server
        assert not done
        await proxy.release("up", connection=1)
        for key, call in (("next", following), ("third", batch)):
            await blocked(observer, 1)
            observer.ask("RPUSH", key, "y")
            assert await call
            assert key == "third" or tuple(following.result()) == (b"next", b"y")
        assert [tuple(value) for value in batch.result()] == [(b"third", b"y")]
        assert observer.ask("LRANGE", "key", 0, -1) == [b"x"]


@pytest.mark.parametrize("way", WAYS)
async def test_entries_of_a_group_are_new_or_pending(connect: Connect, observer: Observer, way: str) -> None:
    """XREADGROUP takes nothing out: what its caller did not get is claimed, as after a crash of the consumer."""
    client = connect(pool_size=3)
    for ticks in range(0, scale.SWEEP_TICKS, 3):
        observer.ask("DEL", "s")
        observer.ask("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
        read = ("XREADGROUP", "GROUP", "g", "me", "BLOCK", 0, "STREAMS", "s", ">")
        assert (await WAYS[way](partial(client.execute_command, *read), ticks)).cancelled
        await asyncio.sleep(PUSH_DELAYS[ticks % len(PUSH_DELAYS)] / 1000)
        observer.ask("XADD", "s", "*", "f", "v")
        await assert_free(client)
        pending = observer.ask("XPENDING", "s", "g")[0]
        new = observer.ask("XREADGROUP", "GROUP", "g", "other", "STREAMS", "s", ">") or []
        assert pending + len(new) == 1


@pytest.mark.parametrize("command", ["XREAD", "WAIT", "WAITAOF", "BLMOVE", "BRPOPLPUSH"])
async def test_what_takes_nothing_frees_its_connection(
    connect: Connect, proxy: FaultProxy, observer: Observer, command: str
) -> None:
    if observer.ask("COMMAND", "INFO", command)[0] is None:
        pytest.skip(f"this server has no {command}")
    client = connect(pool_size=2)
    for way in WAYS.values():
        words = Wait.named(WAITS[command].arguments(0), "key")
        outcome = await way(partial(client.execute_command, *words), 5, lambda: blocked(observer, 1))
        assert outcome.cancelled
        await blocked(observer, 0)
        await assert_free(client)
    assert len(await proxy.log()) == 2


async def test_what_cannot_be_put_back_is_told(
    connect: Connect, proxy: FaultProxy, observer: Observer, caplog: pytest.LogCaptureFixture
) -> None:
    """The key has become something else: the element is lost, and the log says so, without it."""
    client = connect(pool_size=2)
    await assert_free(client)
    waiting = asyncio.ensure_future(client.execute_command("BLPOP", "key", 0))
    await blocked(observer, 1)
    await proxy.hold("down", connection=2)
    observer.ask("RPUSH", "key", "SECRET-ELEMENT")
    await eventually(lambda: observer.ask("EXISTS", "key") == 0)
    observer.ask("SET", "key", "a string")
    waiting.cancel()
    with caplog.at_level(logging.WARNING, "redis_aio"):
        await proxy.release("down", connection=2)
        await assert_free(client)
    assert "a cancelled BLPOP had taken could not be put back: WrongTypeError" in caplog.text
    assert "SECRET" not in caplog.text
