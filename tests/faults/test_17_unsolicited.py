"""Row 17: a reply that nobody asked for, such as a tenant's script can smuggle into the stream, reaches a caller.

Injected: whole frames, half a frame and pushes, forged by the proxy or said by a scripted server: while the connection
is idle; right behind a reply, in the same segment and in the next; in front of and between the replies of commands in
flight (single commands, pipelines, transactions, leases), with ``high_integrity`` and without.

Passing: what comes while nothing is awaited is delivered to nobody and ends that connection; the next command works on
a new one. With ``high_integrity`` no caller ever gets a value that is not its own. Without it the forgery is found at
the latest when the line drains. A push that nobody registered for is harmless. Nothing is left behind.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from redis_aio import Redis
from redis_aio.exceptions import ConnectionError, OutcomeUnknownError, ProtocolError, RedisError, WatchError
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.oracles import Nonces, Observer, eventually
from tests.support.proxy import FaultProxy
from tests.support.scripted import HANG_UP, NOTHING, Answer, Dialogue, Request, ScriptedServer, Sliced, Step, bulk

FORGED = {
    "simple": b"+FAKE\r\n",
    "bulk": b"$4\r\nFAKE\r\n",
    "error": b"-ERR FAKE\r\n",
    "array": b"*1\r\n$4\r\nFAKE\r\n",
    "number": b":1\r\n",
    "null": b"$-1\r\n",
    "two": b"+FAKE\r\n+FAKE\r\n",
}
HALVES = [b"+", b"+FA", b"+FAKE\r", b"-ERR FA", b":1", b"$", b"$4", b"$4\r\nFA", b"$4\r\nFAKE", b"*2\r\n+FAKE\r\n", b"*"]
PUSHES = {"unknown": b">2\r\n+whatever\r\n+FAKE\r\n", "nested": b">2\r\n+whatever\r\n*2\r\n$4\r\nFAKE\r\n%1\r\n:1\r\n_\r\n"}


def echo(request: Request) -> bytes:
    """Answer ECHO."""
    return bulk(request[1])


async def gone(proxy: FaultProxy, connection: int) -> None:
    """Wait until the client has closed this connection."""
    async with asyncio.timeout(5 * scale.PROMPT):
        while (await proxy.log())[connection - 1]["closed"] is None:
            await asyncio.sleep(0.005)


# -- while nothing is awaited -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("integrity", [False, True], ids=["", "integrity"])
@pytest.mark.parametrize("forged", FORGED)
async def test_a_frame_while_idle(
    connect: Connect, proxy: FaultProxy, protocol: int, forged: str, integrity: bool
) -> None:
    client = connect(protocol=protocol, max_retries=0, high_integrity=integrity)
    nonces = Nonces()
    for connection in (1, 2):
        await nonces.settle(client, 1)
        assert await proxy.inject(FORGED[forged]) == 1
        await gone(proxy, connection)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == 3


@pytest.mark.parametrize("half", HALVES, ids=repr)
async def test_half_a_frame_while_idle(connect: Connect, proxy: FaultProxy, protocol: int, half: bytes) -> None:
    """No reply may begin before its request; what follows would be taken for its other half."""
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    await nonces.settle(client, 1)
    assert await proxy.inject(half) == 1
    await gone(proxy, 1)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == 2


@pytest.mark.parametrize("forged", FORGED)
async def test_every_idle_connection_of_the_pool(
    connect: Connect, proxy: FaultProxy, protocol: int, forged: str
) -> None:
    client = connect(protocol=protocol, pool_size=4, max_retries=0)
    async with client.connection() as one, client.connection() as two, client.connection() as three:
        for lease in (one, two, three):
            await Nonces().settle(lease, 1)
    assert await proxy.inject(FORGED[forged]) == 3
    for connection in (1, 2, 3):
        await gone(proxy, connection)
    async with client.connection() as one, client.connection() as two:
        for lease in (one, two, client):
            await Nonces().settle(lease, 5)


@pytest.mark.parametrize("forged", FORGED)
async def test_while_a_holder_is_idle(connect: Connect, proxy: FaultProxy, protocol: int, forged: str) -> None:
    client = connect(protocol=protocol, max_retries=0)
    async with client.connection() as lease:
        await Nonces().settle(lease, 1)
        await proxy.inject(FORGED[forged])
        await gone(proxy, 1)
        with pytest.raises(ConnectionError):
            await lease.execute_command("ECHO", "x")
    async with client.connection() as lease:
        await Nonces().settle(lease, 5)


async def test_while_idle_with_neighbours(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    """The connection that got the forgery is the only one that ends."""
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    async with client.connection() as lease:
        await nonces.settle(client, 1)
        await nonces.settle(lease, 1)
        numbers = {await lease.execute_command("CLIENT", "ID"), await client.execute_command("CLIENT", "ID")}
        assert len(numbers) == 2
        await proxy.inject(FORGED["simple"], connection=1)
        await gone(proxy, 1)
        left = await client.execute_command("CLIENT", "ID")
        await nonces.settle(client, 5)
        if left in numbers:
            with pytest.raises(ConnectionError):
                await lease.execute_command("ECHO", "x")
        else:
            await nonces.settle(lease, 5)


# -- right behind a reply ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forged", FORGED)
async def test_behind_a_reply_in_the_same_segment(make_client: MakeClient, protocol: int, forged: str) -> None:
    """The reply in front of it is still delivered: it is the caller's own."""

    def answer(request: Request) -> bytes:
        return bulk(request[1]) + FORGED[forged]

    with ScriptedServer(Dialogue([Step("ECHO", answer)]), Dialogue([Step("ECHO", answer)]), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, protocol=protocol, max_retries=0)
        nonces = Nonces()
        for connection in (1, 2):
            await nonces.settle(client, 1)
            await server.hung_up(connection)
        await nonces.settle(client, 5)
        assert server.connections == 3


@pytest.mark.parametrize("transaction", [False, True], ids=["pipeline", "transaction"])
@pytest.mark.parametrize("forged", FORGED)
async def test_behind_a_reply_in_the_next_segment(
    connect: Connect, proxy: FaultProxy, protocol: int, forged: str, transaction: bool
) -> None:
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    expected = [nonces.new() for _ in range(4)]
    await nonces.settle(client, 1)
    await proxy.on_bytes(expected[-1].encode() + b"\r\n", seen="down", then="down", inject=FORGED[forged])
    pipe = client.pipeline(transaction=transaction)
    for nonce in expected:
        pipe.execute_command("ECHO", nonce)
    for nonce, value in zip(expected, await pipe.execute(), strict=True):
        nonces.judge(nonce, value)
    await gone(proxy, 1)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == 2


@pytest.mark.parametrize("transaction", [False, True], ids=["pipeline", "transaction"])
async def test_a_script_that_smuggles(connect: Connect, protocol: int, transaction: bool) -> None:
    """What a tenant can try on a real server: line ends in the text of an error."""
    client = connect(protocol=protocol, high_integrity=True, pool_size=1)
    nonces = Nonces()
    for text in (r"x\r\n+FAKE", r"x\r\n$4\r\nFAKE\r\n+FAKE", r"x\n+FAKE", r"\r\n\r\n+FAKE"):
        for script in (f"return redis.error_reply('{text}')", f"return {{err='{text}'}}", f"return {{ok='{text}'}}"):
            pipe = client.pipeline(transaction=transaction)
            expected = [nonces.new() for _ in range(3)]
            pipe.execute_command("ECHO", expected[0])
            pipe.execute_command("EVAL", script, 0)
            pipe.execute_command("ECHO", expected[1])
            pipe.execute_command("ECHO", expected[2])
            first, _, *others = await pipe.execute(raise_on_error=False)
            for nonce, value in zip(expected, (first, *others), strict=True):
                nonces.judge(nonce, value)
            await nonces.settle(client, 3, at_once=3)


# -- while replies are awaited, without the check ---------------------------------------------------------------------


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("callers", [1, 5])
async def test_found_when_the_line_drains(
    connect: Connect, proxy: FaultProxy, protocol: int, forged: str, callers: int
) -> None:
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    await nonces.settle(client, 1)
    received = (await proxy.log())[0]["down"]["received"]
    await proxy.hold("down")
    asked = [asyncio.ensure_future(client.execute_command("ECHO", nonces.new())) for _ in range(callers)]
    await proxy.wait_received(received + 1, "down")
    await proxy.inject(FORGED[forged])
    await proxy.release("down")
    await asyncio.wait(asked)
    await gone(proxy, 1)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == 2


async def test_unread_when_the_next_command_is_sent(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    """The loop had no turn to read it: nobody can tell that it came before the request, so it counts as in flight."""
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    await nonces.settle(client, 1)
    proxy.set_now("down", inject=FORGED["simple"])
    await asyncio.wait([asyncio.ensure_future(client.execute_command("ECHO", "x"))])
    await gone(proxy, 1)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == 2


# -- with the check ---------------------------------------------------------------------------------------------------

Values: TypeAlias = list[tuple[str, Any]]
#: Runs commands whose replies are known; returns each nonce with what came for it.
Face: TypeAlias = Callable[["Redis[Any]"], Awaitable[Values]]


async def single(client: "Redis[Any]") -> Values:
    nonce = Nonces.new()
    return [(nonce, await client.execute_command("ECHO", nonce))]


async def script(client: "Redis[Any]") -> Values:
    """Run what must not be executed twice."""
    nonce = Nonces.new()
    return [(nonce, await client.execute_command("EVAL", "return ARGV[1]", 0, nonce))]


async def several(client: "Redis[Any]") -> Values:
    results = await asyncio.gather(*(single(client) for _ in range(5)), return_exceptions=True)
    values: Values = []
    for result in results:
        if isinstance(result, BaseException):
            values.append(("", result))
        else:
            values += result
    return values


async def batch(queue: Any, commands: int = 5) -> Values:
    expected = [Nonces.new() for _ in range(commands)]
    for nonce in expected:
        queue.execute_command("ECHO", nonce)
    return list(zip(expected, await queue.execute(raise_on_error=False), strict=True))


async def pipeline(client: "Redis[Any]") -> Values:
    return await batch(client.pipeline(transaction=False))


async def transaction(client: "Redis[Any]") -> Values:
    return await batch(client.pipeline(transaction=True))


async def watched(client: "Redis[Any]") -> Values:
    async with client.pipeline() as pipe:
        await pipe.watch("key")
        nonce = Nonces.new()
        early = await pipe.execute_command("ECHO", nonce)
        pipe.multi()
        return [(nonce, early), *await batch(pipe)]


async def leased(client: "Redis[Any]") -> Values:
    async with client.connection() as lease:
        return [*await single(lease), *await single(lease), *await single(lease)]


async def leased_batches(client: "Redis[Any]") -> Values:
    async with client.connection() as lease:
        return [*await batch(lease.pipeline(transaction=False)), *await batch(lease.pipeline(transaction=True))]


async def by_hand(client: "Redis[Any]") -> Values:
    """Queue a transaction command by command; only EXEC has values to give."""
    async with client.connection() as lease:
        expected = [Nonces.new() for _ in range(3)]
        await lease.execute_command("MULTI")
        for nonce in expected:
            await lease.execute_command("ECHO", nonce)
        return list(zip(expected, await lease.execute_command("EXEC"), strict=True))


async def blocking(client: "Redis[Any]") -> Values:
    nonce = Nonces.new()
    key = "{list}" + nonce
    await client.execute_command("RPUSH", key, nonce)
    reply = await client.execute_command("BLPOP", key, 1)
    return [(nonce, reply[1])] if isinstance(reply, list) and reply[0] == key.encode() else [(nonce, reply)]


FACES: dict[str, Face] = {
    face.__name__: face
    for face in (
        single,
        script,
        several,
        pipeline,
        transaction,
        watched,
        leased,
        leased_batches,
        by_hand,
        blocking,
    )
}


def assert_own(values: Values) -> None:
    """Fail if anybody got what was not his; errors are nobody's value."""
    for nonce, value in values:
        if isinstance(value, BaseException):
            assert isinstance(value, (ProtocolError, OutcomeUnknownError, ConnectionError, TimeoutError)), repr(value)
        else:
            assert value == nonce.encode(), f"{nonce} got {value!r}"


@pytest.mark.one_loop
@pytest.mark.parametrize("auto_pipeline", [True, False], ids=["shared", "alone"])
@pytest.mark.parametrize("face", FACES)
async def test_never_delivered_with_integrity(
    connect: Connect, proxy: FaultProxy, protocol: int, face: str, auto_pipeline: bool
) -> None:
    """Forgeries at random ends of lines: between replies, in arrays, in the payloads of strings."""
    seed = 17 * protocol + auto_pipeline
    chance = random.Random(seed)
    client = connect(
        protocol=protocol, high_integrity=True, auto_pipeline=auto_pipeline, read_timeout=1, max_retries=0, pool_size=4
    )
    nonces = Nonces()
    caught = 0
    for number in range(max(2, scale.INJECTIONS // 4)):
        forged = chance.choice([*FORGED.values(), *HALVES, FORGED["simple"] * 3])
        place = chance.randrange(1, 24)
        await nonces.settle(client, 1)
        await proxy.on_bytes(b"\r\n", seen="down", then="down", count=place, inject=forged)
        try:
            values = await FACES[face](client)
        except (RedisError, ValueError, TypeError) as error:
            values = [("", error)]
        try:
            assert_own(values)
        except AssertionError as failure:
            raise AssertionError(f"seed {seed}, round {number}, {forged!r} after line {place}: {failure}") from None
        caught += any(isinstance(value, BaseException) for _, value in values)
        await proxy.clear()
        await _replace_connections(client, proxy)
    assert caught


async def _replace_connections(client: "Redis[Any]", proxy: FaultProxy) -> None:
    """Cut every connection and wait until the client knows."""
    await proxy.kill()
    await eventually(lambda: client.pool_stats().total == 0, why=lambda: client.pool_stats())


FORGERY_IN_FRONT: dict[str, Callable[[Request], Answer]] = {
    "whole": lambda request: b"+FAKE\r\n" + bulk(request[1]),
    "sliced": lambda request: Sliced(b"+FAKE\r\n" + bulk(request[1])),
}


@pytest.mark.parametrize("rest", ["all there", "cut", "silent"])
@pytest.mark.parametrize("how", FORGERY_IN_FRONT)
@pytest.mark.parametrize("face", ["single", "several", "pipeline", "leased", "leased_pipeline"])
async def test_caught_with_integrity(make_client: MakeClient, protocol: int, face: str, how: str, rest: str) -> None:
    """What was not proved to be the caller's own is no value, however the replies end."""
    steps = [Step("ECHO", FORGERY_IN_FRONT[how]), *[Step("ECHO", echo)] * 3]
    steps += {"all there": [Step("ECHO", echo)] * 20, "cut": [Step("ECHO", HANG_UP)], "silent": [Step("ECHO", NOTHING)]}[
        rest
    ]
    with ScriptedServer(Dialogue(steps), Dialogue()) as server:
        client = make_client(
            host=server.host,
            port=server.port,
            protocol=protocol,
            high_integrity=True,
            max_retries=0,
            read_timeout=0.2 if rest == "silent" else 5,
        )
        try:
            if face == "leased_pipeline":
                async with client.connection() as lease:
                    values = await batch(lease.pipeline(transaction=False))
            else:
                values = await FACES[face](client)
        except RedisError as error:
            values = [("", error)]
        assert_own(values)
        assert isinstance(values[0][1], (ProtocolError, ConnectionError, TimeoutError))
        await server.hung_up(1)
        await Nonces().settle(client, 5)


async def test_unread_when_the_next_command_is_sent_with_integrity(
    connect: Connect, proxy: FaultProxy, protocol: int
) -> None:
    client = connect(protocol=protocol, max_retries=0, high_integrity=True)
    nonces = Nonces()
    await nonces.settle(client, 1)
    for forged in FORGED.values():
        proxy.set_now("down", inject=forged)
        with pytest.raises(ProtocolError):
            await client.execute_command("ECHO", "x")
        await proxy.clear()
        await nonces.settle(client, 2)
        with pytest.raises(OutcomeUnknownError) as caught:
            proxy.set_now("down", inject=forged)
            await client.execute_command("INCR", "counter")
        assert isinstance(caught.value.__cause__, ProtocolError)
        await nonces.settle(client, 2)


@pytest.mark.one_loop
@pytest.mark.parametrize("atomic", [False, True], ids=["pipeline", "transaction"])
@pytest.mark.parametrize("at", [50, 4_900])
async def test_a_pipeline_of_several_writes_with_integrity(
    connect: Connect, proxy: FaultProxy, protocol: int, atomic: bool, at: int
) -> None:
    client = connect(protocol=protocol, high_integrity=True, max_retries=0)
    await Nonces().settle(client, 1)
    await proxy.on_bytes(b"\r\n", seen="down", then="down", count=(1 if atomic else 2) * at, inject=FORGED["simple"])
    try:
        values = await batch(client.pipeline(transaction=atomic), 5_000)
    except RedisError as error:
        values = [("", error)]
    assert_own(values)
    assert any(isinstance(value, BaseException) for _, value in values)
    await Nonces().settle(client, 5)


# -- pushes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("integrity", [False, True], ids=["", "integrity"])
@pytest.mark.parametrize("push", PUSHES)
async def test_a_push_is_harmless(
    connect: Connect, proxy: FaultProxy, push: str, integrity: bool, observer: Observer
) -> None:
    """While idle, in two halves, behind a reply, and in front of every line of replies that does not cut a string."""
    client = connect(protocol=3, max_retries=0, high_integrity=integrity)
    nonces = Nonces()
    await nonces.settle(client, 1)
    await proxy.inject(PUSHES[push])
    await nonces.settle(client, 2)
    for cut in range(1, len(PUSHES[push]), 3):
        await proxy.inject(PUSHES[push][:cut])
        await asyncio.sleep(0)
        await proxy.inject(PUSHES[push][cut:])
        await nonces.settle(client, 1)
    last = nonces.new()
    await proxy.on_bytes(last.encode() + b"\r\n", seen="down", then="down", inject=PUSHES[push])
    nonces.judge(last, await client.execute_command("ECHO", last))
    await nonces.settle(client, 2)
    received = (await proxy.log())[0]["down"]["received"]
    await proxy.hold("down")
    asked = [asyncio.ensure_future(nonces.echo(client)) for _ in range(5)]
    await proxy.wait_received(received + 1, "down")
    await proxy.inject(PUSHES[push])
    await proxy.release("down")
    await asyncio.gather(*asked)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == 1


@pytest.mark.parametrize("transaction", [False, True], ids=["pipeline", "transaction"])
@pytest.mark.parametrize("integrity", [False, True], ids=["", "integrity"])
async def test_a_push_between_the_replies_of_a_batch(
    connect: Connect, proxy: FaultProxy, transaction: bool, integrity: bool
) -> None:
    client = connect(protocol=3, max_retries=0, high_integrity=integrity)
    nonces = Nonces()
    await nonces.settle(client, 1)
    expected = [nonces.new() for _ in range(4)]
    if not transaction:  # in EXEC's array there is no place for a push
        for nonce in expected:
            await proxy.on_bytes(nonce.encode() + b"\r\n", seen="down", then="down", inject=PUSHES["unknown"])
    else:
        await proxy.on_bytes(b"+QUEUED\r\n", seen="down", then="down", count=2, inject=PUSHES["unknown"])
    pipe = client.pipeline(transaction=transaction)
    for nonce in expected:
        pipe.execute_command("ECHO", nonce)
    for nonce, value in zip(expected, await pipe.execute(), strict=True):
        nonces.judge(nonce, value)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == 1
