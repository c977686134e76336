"""Row 3: an error or a cancellation between the replies of a pipeline or transaction shifts those that follow.

Injected: reply parsers that raise (a plain error, a cancellation) at the second slot; strings that cannot be decoded;
callers that give up at every turn of WATCH ... EXEC, in each of the six ways, also with replies of their own
outstanding; state that a holder leaves on its connection.

Passing: only the slot concerned has an error; the nonces that follow are right; the next holder of the connection finds
no MULTI, no WATCH, no other database; a transaction is executed as a whole or not at all.
"""

import asyncio
from functools import partial
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.exceptions import DataError, RedisError, ReplyDecodeError, WatchError
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import WAYS, Outcome, sweep, turn
from tests.support.oracles import Nonces, Observer, eventually
from tests.support.proxy import FaultProxy


async def assert_untainted(client: "Redis[Any]", observer: Observer, name: str) -> None:
    """Check that no connection carries anybody's state, from within and from without."""
    await eventually(lambda: _tainted(observer, name) == [], why=lambda: _tainted(observer, name))
    async with client.pipeline() as pipe:
        await pipe.watch("untouched")
        pipe.multi()
        pipe.execute_command("INCR", "stranger")
        assert len(await pipe.execute()) == 1
    async with client.connection() as lease:
        await Nonces().settle(lease, 3)
    await Nonces().settle(client, 3, at_once=3)


def _tainted(observer: Observer, name: str) -> list[dict[str, str]]:
    def tainted(entry: dict[str, str]) -> bool:
        # Valkey says multi=0 after a transaction, Redis multi=-1; the flag x is an open MULTI on both.
        queued = int(entry["multi"]) > 0 or "x" in entry["flags"]
        return queued or entry["db"] != "0" or entry.get("watch", "0") != "0" or int(entry["sub"]) > 0

    return [entry for entry in observer.clients(name) if tainted(entry)]


# -- errors of the caller's own making --------------------------------------------------------------------------------


@pytest.mark.parametrize("transaction", [False, True])
@pytest.mark.parametrize("size", [0, 1])
async def test_a_parser_that_raises(
    connect: Connect, proxy: FaultProxy, protocol: int, transaction: bool, size: int
) -> None:
    def fail(reply: Any) -> Any:
        raise ValueError("the caller's own parser")

    client = connect(protocol=protocol, pool_size=1)
    await proxy.set("down", slice=size)
    for _ in range(3):
        pipe = client.pipeline(transaction=transaction)
        pipe.execute_command("ECHO", "one")
        pipe.execute_command("ECHO", "two", parse=fail)
        pipe.execute_command("ECHO", "three")
        one, two, three = await pipe.execute(raise_on_error=False)
        assert (one, three) == (b"one", b"three")
        assert isinstance(two, ValueError)
    with pytest.raises(ValueError, match="own parser"):
        await client.execute_command("ECHO", "x", parse=fail)
    await proxy.clear()
    await Nonces().settle(client, scale.FOLLOWING_NONCES)
    assert len(await proxy.log()) == 1


@pytest.mark.parametrize("transaction", [False, True])
async def test_a_parser_that_is_cancelled(
    connect: Connect, proxy: FaultProxy, protocol: int, transaction: bool
) -> None:
    def fail(reply: Any) -> Any:
        raise asyncio.CancelledError

    client = connect(protocol=protocol, pool_size=1)
    for _ in range(3):
        pipe = client.pipeline(transaction=transaction)
        pipe.execute_command("ECHO", "one")
        pipe.execute_command("ECHO", "two", parse=fail)
        pipe.execute_command("ECHO", "three")
        with pytest.raises(asyncio.CancelledError):
            await pipe.execute()
        with pytest.raises(asyncio.CancelledError):
            await client.execute_command("ECHO", "x", parse=fail)
        await Nonces().settle(client, scale.FOLLOWING_NONCES)
    assert len(await proxy.log()) == 1


@pytest.mark.parametrize("transaction", [False, True])
@pytest.mark.parametrize("size", [0, 1])
async def test_a_string_that_cannot_be_decoded(
    connect: Connect, proxy: FaultProxy, protocol: int, transaction: bool, size: int
) -> None:
    client = connect(protocol=protocol, pool_size=1, decode_responses=True)
    await proxy.set("down", slice=size)
    pipe = client.pipeline(transaction=transaction)
    pipe.execute_command("ECHO", "good")
    pipe.execute_command("ECHO", b"\xff\xfe")
    pipe.execute_command("ECHO", "good too")
    values = await pipe.execute(raise_on_error=False)

    assert values[0] == "good"
    assert isinstance(values[1], ReplyDecodeError)
    assert values[1].raw == b"\xff\xfe"
    assert values[2] == "good too"
    with pytest.raises(ReplyDecodeError):
        await client.execute_command("ECHO", b"\xff\xfe")
    await proxy.clear()
    await Nonces().settle(client, scale.FOLLOWING_NONCES)
    assert len(await proxy.log()) == 1


@pytest.mark.parametrize("transaction", [False, True])
async def test_an_argument_that_cannot_be_sent(
    connect: Connect, proxy: FaultProxy, observer: Observer, transaction: bool
) -> None:
    """Nothing of the pipeline is written, and the neighbours do not notice."""
    client = connect(pool_size=1)
    await Nonces().settle(client, 1)
    sent = (await proxy.log())[0]["up"]["forwarded"]
    for bad in (None, object(), {"a": 1}, ["x"], "\udcff", True):
        pipe = client.pipeline(transaction=transaction)
        pipe.execute_command("SET", "written", "1")
        pipe.execute_command("SET", "written", bad)
        pipe.execute_command("SET", "written", "3")
        with pytest.raises((DataError, UnicodeError)):
            await pipe.execute()
        with pytest.raises((DataError, UnicodeError)):
            await client.execute_command("SET", "written", bad)
    assert observer.ask("GET", "written") is None
    assert (await proxy.log())[0]["up"]["forwarded"] == sent
    await Nonces().settle(client, 5)


# -- given up in the middle -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_given_up_at_every_turn_of_a_watching_transaction(
    connect: Connect, proxy: FaultProxy, observer: Observer, name: str, protocol: int, way: str
) -> None:
    client = connect(protocol=protocol, pool_size=1)

    async def operation() -> None:
        async with client.pipeline() as pipe:
            await pipe.watch("watched")
            await pipe.execute_command("GET", "watched")
            pipe.multi()
            pipe.execute_command("INCR", "first")
            pipe.execute_command("INCR", "second")
            await pipe.execute()

    async def check(tick: int, outcome: Outcome) -> None:
        assert outcome.error is None
        if tick % 5 == 0:
            await assert_untainted(client, observer, name)
            assert observer.ask("GET", "first") == observer.ask("GET", "second")

    await sweep(WAYS[way], operation, range(scale.TRANSACTION_TICKS), check)
    await assert_untainted(client, observer, name)
    await Nonces().settle(client, scale.FOLLOWING_NONCES)
    assert observer.ask("GET", "first") == observer.ask("GET", "second")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stage", ["WATCH", "watched", "MULTI", "EXEC"])
async def test_given_up_while_a_reply_of_a_transaction_is_held_back(
    connect: Connect, proxy: FaultProxy, observer: Observer, name: str, way: str, stage: str
) -> None:
    client = connect(pool_size=1)
    await Nonces().settle(client, 1)

    async def operation() -> None:
        async with client.pipeline() as pipe:
            await pipe.watch("watched")
            await pipe.execute_command("GET", "watched")
            pipe.multi()
            pipe.execute_command("INCR", "first")
            pipe.execute_command("INCR", "second")
            await pipe.execute()

    for held, ticks in enumerate(range(0, scale.TRANSACTION_TICKS, 10), 1):
        await proxy.on_bytes(stage.encode(), seen="up", then="down", hold=True)
        outcome = await WAYS[way](operation, ticks, partial(proxy.wait_fired, held))
        assert outcome.error is None
        await proxy.clear()
        await assert_untainted(client, observer, name)
        assert observer.ask("GET", "first") == observer.ask("GET", "second")


async def test_given_up_before_the_transaction_left_the_outbox(
    connect: Connect, proxy: FaultProxy, observer: Observer
) -> None:
    """With an older reply outstanding MULTI waits to be written: giving up there must take EXEC and all with it.

    The watched key has changed, so whatever of the transaction is executed is executed wrongly.
    """
    client = connect(pool_size=2)
    await Nonces().settle(client, 1)
    for ticks in range(6):
        observer.ask("DEL", "watched", "must-not-be")
        async with client.pipeline() as pipe:
            await pipe.watch("watched")
            observer.ask("SET", "watched", "changed")
            await proxy.hold("down")
            older = asyncio.ensure_future(pipe.execute_command("GET", "watched"))
            await turn(2)
            older.cancel()
            pipe.multi()
            pipe.execute_command("SET", "must-not-be", "set")
            executing = asyncio.ensure_future(pipe.execute())
            await turn(ticks)
            executing.cancel()
            await asyncio.wait([executing])
            await proxy.release("down")
        await Nonces().settle(client, 2)
        assert observer.ask("GET", "must-not-be") is None, f"given up after {ticks} turns, it was executed all the same"


async def test_a_conflict_is_told_and_leaves_nothing(connect: Connect, observer: Observer, name: str) -> None:
    client = connect(pool_size=1)
    async with client.pipeline() as pipe:
        await pipe.watch("watched")
        observer.ask("SET", "watched", "by another")
        pipe.multi()
        pipe.execute_command("SET", "watched", "by me")
        with pytest.raises(WatchError):
            await pipe.execute()
    assert observer.ask("GET", "watched") == b"by another"
    await assert_untainted(client, observer, name)


# -- state that would stick to a shared connection --------------------------------------------------------------------

STICKY = [
    ("MULTI",),
    ("WATCH", "k"),
    ("SELECT", 9),
    ("SUBSCRIBE", "c"),
    ("PSUBSCRIBE", "c*"),
    ("MONITOR",),
    ("CLIENT", "REPLY", "OFF"),
    ("CLIENT", "REPLY", "SKIP"),
    ("RESET",),
    ("AUTH", "x"),
    ("HELLO", 2),
    ("QUIT",),
    ("CLIENT", "TRACKING", "ON"),
    ("READONLY",),
    ("ASKING",),
]


@pytest.mark.one_loop
@pytest.mark.parametrize("command", STICKY, ids=lambda command: "-".join(map(str, command)))
async def test_state_does_not_stick_to_a_shared_connection(
    connect: Connect, observer: Observer, name: str, protocol: int, command: tuple[Any, ...]
) -> None:
    client = connect(protocol=protocol, pool_size=2, read_timeout=1)
    await Nonces().settle(client, 1)
    try:
        await client.execute_command(*command)
    except (DataError, RedisError):
        pass
    await assert_untainted(client, observer, name)
    with pytest.raises((DataError, RedisError)):
        await client.pipeline(transaction=False).execute_command(*command).execute()
    await assert_untainted(client, observer, name)


@pytest.mark.one_loop
@pytest.mark.parametrize("command", STICKY, ids=lambda command: "-".join(map(str, command)))
async def test_state_does_not_outlive_a_lease(
    connect: Connect, observer: Observer, name: str, protocol: int, command: tuple[Any, ...]
) -> None:
    client = connect(protocol=protocol, pool_size=2, read_timeout=1)
    await Nonces().settle(client, 1)
    async with client.connection() as lease:
        try:
            async with asyncio.timeout(0.3):
                await lease.execute_command(*command)
        except (RedisError, TimeoutError):
            pass
    await assert_untainted(client, observer, name)
