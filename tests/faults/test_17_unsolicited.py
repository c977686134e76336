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
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.exceptions import ConnectionError, OutcomeUnknownError, ProtocolError
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import turn
from tests.support.faces import FACES, batch, not_own, run, summary
from tests.support.oracles import Nonces, eventually
from tests.support.proxy import FaultProxy
from tests.support.scripted import HANG_UP, NOTHING, Answer, Dialogue, Request, ScriptedServer, Sliced, Step, bulk

#: Whole replies that nobody asked for.
FORGED = [
    b"+FAKE\r\n",
    b"$4\r\nFAKE\r\n",
    b"-ERR FAKE\r\n",
    b"*1\r\n$4\r\nFAKE\r\n",
    b":1\r\n",
    b"$-1\r\n",
    b"+FAKE\r\n+FAKE\r\n",
]
#: What the reply behind it would be taken for the other half of.
HALVES = [b"+", b"+FA", b"+FAKE\r", b"-ERR FA", b":1", b"$", b"$4", b"$4\r\nFA", b"$4\r\nFAKE", b"*"]
#: What swallows the reply behind it.
WRAPPERS = [b"*1\r\n", b"*2\r\n+FAKE\r\n"]
PUSHES = [b">2\r\n+whatever\r\n+FAKE\r\n", b">2\r\n+whatever\r\n*2\r\n$4\r\nFAKE\r\n%1\r\n:1\r\n_\r\n"]


def echo(request: Request) -> bytes:
    """Answer ECHO."""
    return bulk(request[1])


async def left(client: "Redis[Any]", connections: int) -> None:
    """Wait until the client has so many connections left."""
    await eventually(lambda: client.pool_stats().total == connections, within=scale.PROMPT, why=client.pool_stats)


# -- while nothing is awaited -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("integrity", [False, True], ids=["", "integrity"])
async def test_a_frame_while_idle(connect: Connect, proxy: FaultProxy, protocol: int, integrity: bool) -> None:
    client = connect(protocol=protocol, max_retries=0, high_integrity=integrity)
    nonces = Nonces()
    for forged in FORGED:
        await nonces.settle(client, 2)
        assert await proxy.inject(forged) == 1, forged
        await left(client, 0)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == len(FORGED) + 1


async def test_half_a_frame_while_idle(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    """No reply may begin before its request; what follows would be taken for its other half."""
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    for half in [*HALVES, *WRAPPERS]:
        await nonces.settle(client, 2)
        assert await proxy.inject(half) == 1, half
        await left(client, 0)
    await nonces.settle(client, 5)


@pytest.mark.parametrize("integrity", [False, True], ids=["", "integrity"])
async def test_half_a_frame_is_not_delivered(
    connect: Connect, proxy: FaultProxy, protocol: int, integrity: bool
) -> None:
    """Whatever becomes of the connection, the caller gets its own reply."""
    client = connect(protocol=protocol, read_timeout=0.5, high_integrity=integrity)
    nonces = Nonces()
    for half in [*HALVES, *WRAPPERS]:
        await nonces.settle(client, 2)
        await proxy.inject(half)
        await turn(5)  # the kernel has it, so the loop reads it in one of these
        await nonces.settle(client, 2)


async def test_every_idle_connection_of_the_pool(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    client = connect(protocol=protocol, pool_size=4, max_retries=0)
    for forged in FORGED[:3]:
        async with client.connection() as one, client.connection() as two, client.connection() as three:
            for lease in (one, two, three):
                await Nonces().settle(lease, 1)
        assert await proxy.inject(forged) == 3
        await left(client, 0)
    async with client.connection() as one, client.connection() as two:
        for face in (one, two, client):
            await Nonces().settle(face, 5)


async def test_while_a_holder_is_idle(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    client = connect(protocol=protocol, max_retries=0)
    for forged in FORGED:
        async with client.connection() as lease:
            await Nonces().settle(lease, 1)
            await proxy.inject(forged)
            await left(client, 0)
            with pytest.raises(ConnectionError):
                await lease.execute_command("ECHO", "x")
    async with client.connection() as lease:
        await Nonces().settle(lease, 5)


async def test_the_neighbours_go_on(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    """The connection that got the forgery is the only one that ends."""
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    await nonces.settle(client, 1)
    async with client.connection() as lease:
        await nonces.settle(lease, 1)
        await nonces.settle(client, 1)
        mine = await lease.execute_command("CLIENT", "ID")
        received = (await proxy.log())[-1]["down"]["received"]
        await proxy.hold("down", connection=len(await proxy.log()))
        pending = asyncio.ensure_future(nonces.echo(lease))
        await proxy.wait_received(received + 1, "down", connection=len(await proxy.log()))
        await proxy.inject(FORGED[0], connection=1)
        await left(client, 1)
        await nonces.settle(client, 5)
        await proxy.release("down")
        await pending
        assert await lease.execute_command("CLIENT", "ID") == mine


# -- right behind a reply ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forgeries", "integrity"),
    [(FORGED, False), (HALVES, False), (WRAPPERS, True)],
    ids=["frames", "halves", "wrappers, integrity"],
)
async def test_behind_a_reply_in_the_same_segment(
    make_client: MakeClient, protocol: int, forgeries: list[bytes], integrity: bool
) -> None:
    """The reply in front of it is still delivered: it is the caller's own.

    Looking for a header that hides the reply behind it would cost each reply a microsecond: it is part of integrity.
    """

    def followed_by(forged: bytes) -> Dialogue:
        last = Step("ECHO", lambda request: bulk(request[1]) + forged)
        return Dialogue([Step("ECHO", echo), last] if integrity else [last])

    with ScriptedServer(*map(followed_by, forgeries), Dialogue()) as server:
        client = make_client(
            host=server.host, port=server.port, protocol=protocol, max_retries=0, high_integrity=integrity
        )
        nonces = Nonces()
        for connection, forged in enumerate(forgeries, 1):
            await nonces.settle(client, 1)
            await eventually(lambda: client.pool_stats().total == 0, within=scale.PROMPT, why=lambda: forged)  # noqa: B023  # at once
            await server.hung_up(connection)
        await nonces.settle(client, 5)
        assert server.connections == len(forgeries) + 1


@pytest.mark.parametrize("transaction", [False, True], ids=["pipeline", "transaction"])
async def test_behind_a_reply_in_the_next_segment(
    connect: Connect, proxy: FaultProxy, protocol: int, transaction: bool
) -> None:
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    for forged in FORGED:
        await nonces.settle(client, 1)
        expected = [nonces.new() for _ in range(4)]
        await proxy.on_bytes(expected[-1].encode() + b"\r\n", seen="down", then="down", inject=forged)
        pipe = client.pipeline(transaction=transaction)
        for nonce in expected:
            pipe.execute_command("ECHO", nonce)
        for nonce, value in zip(expected, await pipe.execute(), strict=True):
            nonces.judge(nonce, value)
        await left(client, 0)
        await proxy.clear()
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == len(FORGED) + 1


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


@pytest.mark.parametrize("callers", [1, 5])
async def test_found_when_the_line_drains(connect: Connect, proxy: FaultProxy, protocol: int, callers: int) -> None:
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    for number, forged in enumerate(FORGED, 1):
        await nonces.settle(client, 1)
        received = (await proxy.log())[-1]["down"]["received"]
        await proxy.hold("down")
        asked = [asyncio.ensure_future(client.execute_command("ECHO", nonces.new())) for _ in range(callers)]
        await proxy.wait_received(received + 1, "down", connection=number)
        await proxy.inject(forged)
        await proxy.release("down")
        await asyncio.gather(*asked, return_exceptions=True)
        await left(client, 0)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == len(FORGED) + 1


async def test_unread_when_the_next_command_is_sent(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    """The loop had no turn to read it: nobody can tell that it came before the request, so it counts as in flight."""
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    for forged in FORGED:
        await nonces.settle(client, 1)
        proxy.set_now("down", inject=forged)
        value = (await asyncio.gather(client.execute_command("ECHO", "x"), return_exceptions=True))[0]
        if value != b"x":  # else the loop had read it before the task had its turn
            await left(client, 0)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == len(FORGED) + 1


# -- with the check ---------------------------------------------------------------------------------------------------


async def lines(proxy: FaultProxy) -> int:
    """Return how many lines of replies have passed."""
    links = await proxy.log()
    return sum([(await proxy.recorded(link["number"], "down")).count(b"\r\n") for link in links])


@pytest.mark.one_loop
@pytest.mark.parametrize("face", FACES)
async def test_never_delivered_with_integrity(connect: Connect, proxy: FaultProxy, protocol: int, face: str) -> None:
    """Forgeries behind random lines: between replies, in arrays, in the payloads of strings, in handshakes."""
    wrong: list[str] = []
    caught = 0
    for auto_pipeline in (True, False):
        seed = f"{face} {protocol} {auto_pipeline}"
        chance = random.Random(seed)
        options = {"auto_pipeline": auto_pipeline, "read_timeout": 0.5, "dial_timeout": 1, "pool_size": 4}
        client = connect(protocol=protocol, high_integrity=True, max_retries=0, **options)
        await Nonces().settle(client, 1)
        before = await lines(proxy)
        assert not not_own(await run(FACES[face], client))
        most = await lines(proxy) - before
        for number in range(scale.INJECTIONS // 4):
            forged = chance.choice([*FORGED, *FORGED, *HALVES, FORGED[0] * 3])
            place = chance.randrange(1, most + 1)
            await proxy.on_bytes(b"\r\n", seen="down", then="down", count=place, inject=forged)
            values = await run(FACES[face], client)
            where = f"{seed}, round {number}, {forged!r} behind line {place}"
            wrong += [f"{where}: {what}" for what in not_own(values)]
            caught += any(isinstance(value, BaseException) for _, value in values)
            await proxy.clear()
            await proxy.kill()
            await left(client, 0)
            await Nonces().settle(client, 1)
    assert not wrong, summary(wrong)
    assert caught


@pytest.mark.one_loop
@pytest.mark.parametrize("smuggled", [False, True], ids=["in front", "smuggled"])
@pytest.mark.parametrize("face", ["single", "several", "pipeline", "leased", "leased_pipeline"])
async def test_caught_with_integrity(make_client: MakeClient, protocol: int, face: str, smuggled: bool) -> None:
    """What was not proved to be the caller's own is no value, however the replies end.

    What a reply smuggles in may swallow the proof. In a batch it could as well swallow the batch's own next reply: that
    is the one thing that a check behind the whole batch cannot see.
    """
    wrong: list[str] = []
    for end in ("all there", "cut", "silent"):
        all_of_them = FORGED if end == "all there" else FORGED[:2]
        for forged in [*all_of_them, *WRAPPERS] if smuggled and "pipeline" not in face else all_of_them:
            for size in (1, 1000):

                def answer(request: Request, forged: bytes = forged, size: int = size) -> Answer:
                    parts = bulk(request[1]) + forged if smuggled else forged + bulk(request[1])
                    return Sliced(parts, size)

                rest: list[Step] = {"cut": [Step("ECHO", HANG_UP)], "silent": [Step("ECHO", NOTHING)] * 20}.get(end, [])
                with ScriptedServer(Dialogue([Step("ECHO", answer), *rest]), Dialogue()) as server:
                    client = make_client(
                        host=server.host,
                        port=server.port,
                        protocol=protocol,
                        high_integrity=True,
                        max_retries=0,
                        read_timeout=0.05 if end == "silent" else 5,
                    )
                    values = await run(FACES[face], client)
                    where = f"{forged!r}, then {end}, sliced by {size}"
                    wrong += [f"{where}: {what}" for what in not_own(values)]
                    assert wrong or any(isinstance(value, BaseException) for _, value in values), where
                    await server.hung_up(1)
                    await Nonces().settle(client, 3)
                    await client.aclose()
    assert not wrong, summary(wrong)


async def test_unread_when_the_next_command_is_sent_with_integrity(
    connect: Connect, proxy: FaultProxy, protocol: int
) -> None:
    client = connect(protocol=protocol, max_retries=0, high_integrity=True)
    nonces = Nonces()
    await nonces.settle(client, 1)
    for forged in FORGED:
        proxy.set_now("down", inject=forged)
        with pytest.raises(ProtocolError):
            await client.execute_command("ECHO", "x")
        await nonces.settle(client, 2)
        proxy.set_now("down", inject=forged)
        with pytest.raises(OutcomeUnknownError) as caught:
            await client.execute_command("INCR", "counter")
        assert isinstance(caught.value.__cause__, ProtocolError)
        await nonces.settle(client, 2)


@pytest.mark.one_loop
@pytest.mark.parametrize("line", [50, 9_000])
@pytest.mark.parametrize("atomic", [False, True], ids=["pipeline", "transaction"])
async def test_a_batch_of_several_writes_with_integrity(
    connect: Connect, proxy: FaultProxy, protocol: int, atomic: bool, line: int
) -> None:
    client = connect(protocol=protocol, high_integrity=True, max_retries=0)
    await Nonces().settle(client, 1)
    await proxy.on_bytes(b"\r\n", seen="down", then="down", count=line, inject=FORGED[0])
    values = await run(lambda client: batch(client.pipeline(transaction=atomic), 5_000), client)
    assert not not_own(values), summary(not_own(values))
    assert any(isinstance(value, BaseException) for _, value in values)
    await Nonces().settle(client, 5)


# -- pushes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("integrity", [False, True], ids=["", "integrity"])
async def test_a_push_is_harmless(connect: Connect, proxy: FaultProxy, integrity: bool) -> None:
    """While idle, in two halves, behind a reply, and in front of the replies that are awaited."""
    client = connect(protocol=3, max_retries=0, high_integrity=integrity)
    nonces = Nonces()
    await nonces.settle(client, 1)
    for push in PUSHES:
        await proxy.inject(push)
        await nonces.settle(client, 2)
        for cut in range(1, len(push), 5):
            await proxy.inject(push[:cut])
            await turn(5)  # the kernel has it, so the loop reads it in one of these
            await proxy.inject(push[cut:])
            await nonces.settle(client, 1)
        last = nonces.new()
        await proxy.on_bytes(last.encode() + b"\r\n", seen="down", then="down", inject=push)
        nonces.judge(last, await client.execute_command("ECHO", last))
        await nonces.settle(client, 2)
        received = (await proxy.log())[0]["down"]["received"]
        await proxy.hold("down")
        asked = [asyncio.ensure_future(nonces.echo(client)) for _ in range(5)]
        await proxy.wait_received(received + 1, "down")
        await proxy.inject(push)
        await proxy.release("down")
        await asyncio.gather(*asked)
    await nonces.settle(client, 5)
    assert len(await proxy.log()) == 1


@pytest.mark.parametrize("integrity", [False, True], ids=["", "integrity"])
async def test_a_push_between_the_replies_of_a_batch(connect: Connect, proxy: FaultProxy, integrity: bool) -> None:
    client = connect(protocol=3, max_retries=0, high_integrity=integrity)
    nonces = Nonces()
    await nonces.settle(client, 1)
    for atomic in (False, True):
        expected = [nonces.new() for _ in range(4)]
        for place, nonce in enumerate(expected, 1):
            # Behind each reply; in a transaction behind each QUEUED, for EXEC's array has no place for a push.
            pattern, count = (b"+QUEUED\r\n", place) if atomic else (nonce.encode() + b"\r\n", 1)
            await proxy.on_bytes(pattern, seen="down", then="down", count=count, inject=PUSHES[0])
        pipe = client.pipeline(transaction=atomic)
        for nonce in expected:
            pipe.execute_command("ECHO", nonce)
        for nonce, value in zip(expected, await pipe.execute(), strict=True):
            nonces.judge(nonce, value)
        await nonces.settle(client, 5)
    assert len(await proxy.log()) == 1
