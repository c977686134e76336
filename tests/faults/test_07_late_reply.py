"""Row 7: a reply that comes after its caller's timeout is taken for the next one's, or one that came is called late.

Injected: a server that answers after ``read_timeout``, with the next reply right behind; an event loop that stands
still while replies arrive; a client process that is stopped for longer than its timeouts.

Passing: each slot has its own value or an error, never a neighbour's; a reply that has reached the kernel in time is
delivered, however late the loop looks; standing still costs no connection.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from redis_aio.exceptions import OutcomeUnknownTimeoutError, ReadTimeoutError, RedisError
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.oracles import Nonces
from tests.support.proxy import FaultProxy
from tests.support.scripted import Dialogue, Later, ScriptedServer, Step, array, bulk

HASH = array(bulk(b"field"), bulk(b"value"))
READ_TIMEOUT = 0.2


@pytest.mark.parametrize("stall", [False, True], ids=["turning", "standing-still"])
@pytest.mark.parametrize("transaction", [False, True])
async def test_a_late_reply_with_another_behind_it(make_client: MakeClient, stall: bool, transaction: bool) -> None:
    late = threading.Event()
    replies = [(b"HGETALL", HASH), (b"TTL", b":77\r\n"), (b"ECHO", bulk(b"mine"))]
    if transaction:
        queued = [Step(name.decode(), b"+QUEUED\r\n") for name, _ in replies]
        steps = [Step("MULTI", b"+OK\r\n"), *queued, Step("EXEC", Later(late, array(*(reply for _, reply in replies))))]
    else:
        steps = [Step("HGETALL", Later(late, HASH)), Step("TTL", b":77\r\n"), Step("ECHO", bulk(b"mine"))]
    with ScriptedServer(Dialogue(steps), Dialogue()) as server:
        client = make_client(
            host=server.host, port=server.port, read_timeout=READ_TIMEOUT, max_retries=0, protocol=2, pool_size=2
        )
        pipe = client.pipeline(transaction=transaction)
        pipe.execute_command("HGETALL", "h")
        pipe.execute_command("TTL", "h")
        pipe.execute_command("ECHO", "mine")
        executing = asyncio.ensure_future(pipe.execute(raise_on_error=False))
        await server.seen("EXEC" if transaction else "HGETALL")
        if stall:
            time.sleep(READ_TIMEOUT * 2)  # noqa: ASYNC251 - the loop shall stand still
        await asyncio.wait([executing])
        late.set()
        error = executing.exception()
        slots = executing.result() if error is None else [error] * 3
        for slot, right in zip(slots, [[b"field", b"value"], 77, b"mine"], strict=True):
            assert isinstance(slot, ReadTimeoutError) or slot == right, slots
        assert isinstance(slots[0], ReadTimeoutError)
        await Nonces().settle(client, 20, at_once=4)
        assert not server.surprises


async def test_late_replies_of_concurrent_callers(make_client: MakeClient) -> None:
    """One reply comes late, on a connection that others have joined in the meantime."""
    late = threading.Event()
    nonces = Nonces()
    with ScriptedServer(Dialogue([Step("GET", Later(late, bulk(b"late")))]), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, read_timeout=READ_TIMEOUT, max_retries=0, pool_size=4)
        first = asyncio.ensure_future(client.execute_command("GET", "late"))
        await server.seen("GET")
        behind = [asyncio.ensure_future(nonces.echo(client)) for _ in range(5)]
        with pytest.raises(ReadTimeoutError):
            await first
        late.set()
        for error in await asyncio.gather(*behind, return_exceptions=True):
            assert error is None or isinstance(error, ReadTimeoutError | ConnectionError), error
        await nonces.settle(client, 20, at_once=4)


async def test_given_up_one_by_one_on_a_slow_link(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    """With a link slower than ``read_timeout`` everything is late, and still nothing is mixed up."""
    client = connect(protocol=protocol, read_timeout=0.05, max_retries=0, pool_size=4, dial_timeout=5)
    nonces = Nonces()
    await nonces.settle(client, 1)
    await proxy.set("down", delay=0.04, jitter=0.03)
    results = []
    for _ in range(20):
        results += await asyncio.gather(*(nonces.echo(client) for _ in range(5)), return_exceptions=True)
    assert not nonces.wrong
    assert all(result is None or isinstance(result, RedisError) for result in results)
    assert any(isinstance(result, ReadTimeoutError) for result in results)
    await proxy.clear()
    await nonces.settle(client, 20)


async def test_the_loop_stands_still_while_the_reply_comes(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    client = connect(protocol=protocol, read_timeout=scale.STALL_SECONDS * 2 / 3, max_retries=0, pool_size=4)
    nonces = Nonces()
    await nonces.settle(client, 1)
    replies = (await proxy.log())[0]["down"]["forwarded"]
    flying = [asyncio.ensure_future(nonces.echo(client)) for _ in range(200)]
    counting = asyncio.ensure_future(client.execute_command("INCR", "stalls"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # written
    time.sleep(scale.STALL_SECONDS)  # noqa: ASYNC251 - the loop shall stand still
    await asyncio.gather(*flying)
    assert await counting == 1
    assert not nonces.wrong
    log = await proxy.log()
    assert len(log) == 1, "all replies were there: nothing was wrong with the connection"
    assert log[0]["closed"] is None
    assert log[0]["down"]["forwarded"] > replies + 200


async def test_the_loop_stands_still_before_the_requests_are_written(connect: Connect, proxy: FaultProxy) -> None:
    """The time that a request waits here is not the server's: right after the stall nothing is late yet."""
    client = connect(read_timeout=scale.STALL_SECONDS / 3, max_retries=0, pool_size=2)
    nonces = Nonces()
    await nonces.settle(client, 1)

    async def stand_still() -> None:
        time.sleep(scale.STALL_SECONDS / 2)  # noqa: ASYNC251 - the loop shall stand still

    for count in (1, 2, 20, 7):
        flying = [asyncio.ensure_future(nonces.echo(client)) for _ in range(count)]
        stalling = asyncio.ensure_future(stand_still())  # runs in the turn in which they are sent, after them
        await asyncio.gather(*flying, stalling)
    assert not nonces.wrong
    assert all(link["closed"] is None for link in await proxy.log())


async def test_the_loop_stands_still_before_it_looks_at_the_clock(connect: Connect, proxy: FaultProxy) -> None:
    """In a callback of another socket: some loops run their timers after it, and read this socket only then."""
    client = connect(read_timeout=scale.STALL_SECONDS / 2, max_retries=0, pool_size=2)
    nonces = Nonces()
    await nonces.settle(client, 1)
    await proxy.hold("down")
    flying = [asyncio.ensure_future(nonces.echo(client)) for _ in range(20)]
    await proxy.wait_received(1, "up")
    theirs, ours = socket.socketpair()
    with theirs, ours:
        stalled = asyncio.Event()

        def stand_still() -> None:
            ours.recv(1)
            proxy.set_now("down", hold=False)
            time.sleep(scale.STALL_SECONDS)
            stalled.set()

        asyncio.get_running_loop().add_reader(ours, stand_still)
        theirs.send(b"x")
        await stalled.wait()
        asyncio.get_running_loop().remove_reader(ours)
    await asyncio.gather(*flying)
    assert not nonces.wrong
    assert len(await proxy.log()) == 1


async def test_a_reply_that_is_really_late_is_called_late(make_client: MakeClient) -> None:
    never = threading.Event()
    with ScriptedServer(Dialogue([Step("INCR", Later(never, b":1\r\n"))]), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, read_timeout=READ_TIMEOUT)
        began = time.monotonic()
        with pytest.raises(OutcomeUnknownTimeoutError):
            await client.execute_command("INCR", "x")
        assert READ_TIMEOUT <= time.monotonic() - began < READ_TIMEOUT + scale.PROMPT
        assert len(server.received("INCR")) == 1
        await Nonces().settle(client, 5)


_PROGRAM = """
import asyncio, sys
import redis_aio

async def main():
    client = redis_aio.Redis(host=sys.argv[1], port=int(sys.argv[2]), client_name=sys.argv[3], read_timeout=0.3)
    wrong = errors = rounds = 0
    async def one(number):
        nonlocal wrong, errors
        try:
            wrong += await client.execute_command("ECHO", number) != b"%d" % number
        except redis_aio.RedisError:
            errors += 1
    async def work():
        nonlocal rounds
        while True:
            await asyncio.gather(*(one(number) for number in range(20)))
            rounds += 1
            if rounds == 3:
                print("working", flush=True)
    task = asyncio.ensure_future(work())
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    before = rounds
    while rounds < before + 5:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    stats = client.pool_stats()
    print(wrong, errors, stats.dials - stats.total, flush=True)
    await client.aclose()

asyncio.run(main())
"""


def test_a_process_that_is_stopped_for_longer_than_its_timeouts(server: RedisServer, name: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, server.host, str(server.port), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        for _ in range(2):
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(scale.STALL_SECONDS)
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.05)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "0 0 0\n", "wrong replies, errors, connections given up"
    assert process.returncode == 0
