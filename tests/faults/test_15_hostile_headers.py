"""Row 15: a few bytes of a reply announce so much that the client allocates gigabytes, or stands still.

Injected: a scripted server answers a command, or HELLO itself, with headers of every aggregate and string type and
sizes from 10^8 to 18 digits and below -1: whole, byte by byte, nested in an array, and many in a chain.

Passing: ``ProtocolError`` at once, for the calls pending on that connection and no other; memory does not grow and the
event loop turns; the next command works on a new connection. A large string may be announced, but costs no memory
before its bytes come. Large replies that do come are delivered.
"""

import asyncio
import contextlib
import gc
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from redis_aio.exceptions import ConnectionError, ConnectTimeoutError, ProtocolError, ReadTimeoutError
from tests.conftest import MakeClient
from tests.support import scale
from tests.support.oracles import Heartbeat, Nonces, Observer
from tests.support.scripted import (
    Answer,
    Dialogue,
    Later,
    Request,
    ScriptedServer,
    Sliced,
    Step,
    bulk,
)

TYPES = "*~>%$=|!"
SIZES = [10**8, 2**31, 2**32 - 1, 2**63 - 1, -2, 10**17 + 1]
#: A string of that size is a lawful reply; its bytes are waited for.
LAWFUL = {"$100000000\r\n", "=100000000\r\n"}
HEADERS = {kind: [header for size in SIZES if (header := f"{kind}{size}\r\n") not in LAWFUL] for kind in TYPES}

#: Seconds of CPU, here and between two turns of the loop.
BUSY = 0.1
#: Bytes.
GROWTH = 20 << 20


def _status(field: str) -> int:
    """Return a figure of this process in bytes."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found.group(1)) * 1024


@contextlib.contextmanager
def frugal(memory: int = GROWTH) -> Iterator[None]:
    """Fail if the body, at its worst moment, has taken more memory than ``memory`` bytes."""
    peak = Path("/proc/self/clear_refs")
    if not peak.exists():  # the kernel of macOS does not tell
        yield
        return
    peak.write_text("5")  # let VmHWM begin anew
    before = _status("VmRSS")
    yield
    grown = _status("VmHWM") - before
    assert grown < memory, f"{grown >> 20} MB"


@contextlib.contextmanager
def prompt() -> Iterator[None]:
    """Fail if the body takes long, by the clock or of the CPU."""
    wall, busy = time.monotonic(), time.thread_time()
    yield
    assert time.thread_time() - busy < BUSY
    assert time.monotonic() - wall < scale.PROMPT


@pytest.fixture(autouse=True)
def _nothing_else_to_collect() -> Iterator[None]:
    """Keep what other tests left out of the garbage collector's way, whose work is part of what is measured."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def echo(request: Request) -> bytes:
    """Answer ECHO."""
    return bulk(request[1])


def hostile(answer: Answer) -> Dialogue:
    """A connection that works, until it is asked GET."""
    return Dialogue([Step("ECHO", echo), Step("GET", answer)])


async def assert_refused(make_client: MakeClient, answers: list[Answer], **options: Any) -> None:
    """Check that each answer ends its connection, and costs nothing."""
    with ScriptedServer(*map(hostile, answers), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, max_retries=0, **options)
        nonces = Nonces()
        async with Heartbeat() as beat:
            with frugal():
                for number in range(1, len(answers) + 1):
                    await nonces.settle(client, 1)
                    with prompt(), pytest.raises(ProtocolError):
                        await client.execute_command("GET", "x")
                    await server.hung_up(number)
            await nonces.settle(client, 5)
        assert beat.busy < BUSY
        assert server.connections == len(answers) + 1


# -- in the place of a reply ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TYPES)
async def test_alone(make_client: MakeClient, protocol: int, kind: str) -> None:
    headers = [header.encode() for header in HEADERS[kind]]
    await assert_refused(make_client, [*headers, *map(Sliced, headers)], protocol=protocol)


@pytest.mark.one_loop
@pytest.mark.parametrize("kind", TYPES)
async def test_nested(make_client: MakeClient, protocol: int, kind: str) -> None:
    """Inside another frame, and behind elements that are as they should be."""
    answers: list[Answer] = []
    for header in [header.encode() for header in HEADERS[kind]]:
        for before in (b"*1\r\n", b"*3\r\n:1\r\n$3\r\nabc\r\n", b"%1\r\n+key\r\n", b"~2\r\n*1\r\n_\r\n"):
            answers += [before + header, Sliced(before + header)]
    await assert_refused(make_client, answers, protocol=protocol)


@pytest.mark.one_loop
@pytest.mark.parametrize("kind", TYPES)
async def test_behind_a_long_string(make_client: MakeClient, kind: str) -> None:
    """The header comes in a later chunk than the reply it is in, or right behind its payload's end."""
    start = b"*2\r\n" + bulk(b"*100000000\r\n" * 10_000)
    headers = [header.encode() for header in HEADERS[kind]]
    answers: list[Answer] = [*[start + header for header in headers], *[(start, Sliced(header)) for header in headers]]
    await assert_refused(make_client, answers)


@pytest.mark.one_loop
@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "text"])
@pytest.mark.parametrize("size", [9_999, 10_000, 99_999, 999_999, 9_999_999, 2**24, 2**24 + 1])
async def test_chains(make_client: MakeClient, size: int, decode: bool) -> None:
    """Headers that are lawful one by one, each in the one before."""
    answers: list[Answer] = []
    for kind in ("*", "~", ">", "%", "%1\r\n+key\r\n*", "|"):
        header = f"{kind}{size // 2 if kind in '%|' else size}\r\n".encode()
        if kind == "%":
            header += b"+key\r\n"
        answers += [header * 2_000, Sliced(header * 60 + b"x"), (header * 30, header * 1_100)]
    await assert_refused(make_client, answers, decode_responses=decode, read_timeout=5)


@pytest.mark.one_loop
async def test_a_dead_connection_keeps_nothing(make_client: MakeClient) -> None:
    """What there is of a reply that was refused goes with its connection, not when the garbage collector comes by."""
    answers: list[Answer] = [b"*16777215\r\n*16777215\r\n"] * 3
    with ScriptedServer(*map(hostile, answers), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, max_retries=0)
        gc.disable()
        try:
            for _ in answers:
                await Nonces().settle(client, 1)
                with pytest.raises(ProtocolError):
                    await client.execute_command("GET", "x")
            await Nonces().settle(client, 1)
            kept = sum(sys.getsizeof(item) for item in gc.get_objects() if type(item) is list)
        finally:
            gc.enable()
    assert kept < GROWTH, f"{kept >> 20} MB"


async def test_only_what_is_pending_on_that_connection_fails(make_client: MakeClient, protocol: int) -> None:
    released = threading.Event()
    calm = Dialogue([Step("ECHO", Later(released, echo))])
    with ScriptedServer(hostile(b"*2147483648\r\n"), calm, Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, protocol=protocol, max_retries=0)
        nonces = Nonces()
        await nonces.settle(client, 1)
        async with client.connection() as lease:
            neighbour = asyncio.ensure_future(nonces.echo(lease))
            await server.seen("ECHO", 2)
            pending = [client.execute_command(*command) for command in (("GET", "x"), ("ECHO", "y"), ("ECHO", "z"))]
            pipe = client.pipeline(transaction=False)
            pipe.execute_command("ECHO", "1")
            pipe.execute_command("INCR", "2")
            with prompt():
                results = await asyncio.gather(*pending, pipe.execute(raise_on_error=False), return_exceptions=True)
            assert [type(result) for result in results[:3]] == [ProtocolError] * 3
            # INCR is not sent again by itself, and may be the first to say so.
            batch = results[3] if isinstance(results[3], list) else [results[3]]
            assert all(isinstance(result, ConnectionError) for result in batch)
            await nonces.settle(client, 3)
            released.set()
            await neighbour
            await nonces.settle(lease, 3)
        assert not nonces.wrong
        assert server.connections == 3


async def test_replies_in_front_of_it_are_delivered(make_client: MakeClient, protocol: int) -> None:
    def answer(request: Request) -> bytes:
        return bulk(request[1]) + b"*2147483648\r\n"

    with ScriptedServer(Dialogue([Step("ECHO", answer)]), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, protocol=protocol, max_retries=0)
        pipe = client.pipeline(transaction=False)
        pipe.execute_command("ECHO", "one")
        pipe.execute_command("ECHO", "two")
        one, two = await pipe.execute(raise_on_error=False)
        assert one == b"one"
        assert isinstance(two, ProtocolError)
        await Nonces().settle(client, 3)


# -- in the place of the handshake's ----------------------------------------------------------------------------------


@pytest.mark.one_loop
@pytest.mark.parametrize(("protocol", "step"), [(3, "HELLO"), (2, "CLIENT SETNAME")], ids=["resp3", "resp2"])
@pytest.mark.parametrize("kind", TYPES)
async def test_before_anything_else(make_client: MakeClient, protocol: int, step: str, kind: str) -> None:
    answers: list[Answer] = []
    for header in [header.encode() for header in HEADERS[kind]]:
        answers += [header, Sliced(header), b"%1\r\n+server\r\n" + header]
    with ScriptedServer(*[Dialogue(handshake={step: answer}) for answer in answers], Dialogue()) as server:
        client = make_client(
            host=server.host, port=server.port, protocol=protocol, client_name="hostile", max_retries=0
        )
        async with Heartbeat() as beat:
            with frugal():
                for number in range(1, len(answers) + 1):
                    with prompt(), pytest.raises(ProtocolError):
                        await client.execute_command("ECHO", "x")
                    await server.hung_up(number)
            await Nonces().settle(client, 5)
        assert beat.busy < BUSY


# -- what is lawful ---------------------------------------------------------------------------------------------------


@pytest.mark.one_loop
@pytest.mark.parametrize(
    "announced",
    [*sorted(LAWFUL), "*1\r\n$100000000\r\n", "*2\r\n+OK\r\n=100000000\r\n", "$2147483647\r\n", "*16777216\r\n"],
    ids=repr,
)
async def test_announced_and_not_sent(make_client: MakeClient, protocol: int, announced: str) -> None:
    """It is waited for as any reply is, and costs nothing until it comes."""
    header = announced.encode()
    answers: list[Answer] = [Sliced(header), (header, b"a" * 100_000)]
    with ScriptedServer(*map(hostile, answers), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, protocol=protocol, read_timeout=0.2, max_retries=0)
        for number in range(1, len(answers) + 1):
            await Nonces().settle(client, 1)
            # A byte that cannot be the beginning of an element is an error of another kind.
            with (
                frugal(),
                pytest.raises((ReadTimeoutError, ProtocolError) if "16777216" in announced else ReadTimeoutError),
            ):
                await client.execute_command("GET", "x")
            await server.hung_up(number)
        await Nonces().settle(client, 5)


@pytest.mark.one_loop
async def test_announced_in_the_handshake_and_not_sent(make_client: MakeClient) -> None:
    with ScriptedServer(Dialogue(handshake={"HELLO": b"$100000000\r\n"}), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, dial_timeout=scale.PROMPT, max_retries=0)
        with frugal(), pytest.raises(ConnectTimeoutError):
            await client.execute_command("ECHO", "x")
        await server.hung_up(1)
        await Nonces().settle(client, 5)


@pytest.mark.one_loop
async def test_large_replies_that_do_come(make_client: MakeClient, observer: Observer) -> None:
    fill = """
        for i = 1, ARGV[1], 1000 do
            local t = {}
            for j = i, i + 999 do %s end
            redis.call(ARGV[2], KEYS[1], unpack(t))
        end
    """
    observer.ask("EVAL", fill % "t[#t + 1] = j", 1, "list", 1_000_000, "RPUSH")
    observer.ask("EVAL", fill % "t[#t + 1] = 'f' .. j t[#t + 1] = j", 1, "hash", 300_000, "HSET")
    observer.ask("SETRANGE", "string", (64 << 20) - 1, "x")
    for protocol in (2, 3):
        client = make_client(protocol=protocol, read_timeout=60)
        nonces = Nonces()
        elements = await client.execute_command("LRANGE", "list", 0, -1)
        assert len(elements) == 1_000_000
        assert [int(element) for element in elements[::99_999]] == list(range(1, 1_000_001, 99_999))
        await nonces.settle(client, 2)
        fields = await client.hgetall("hash")
        assert len(fields) == 300_000
        assert all(field == b"f" + value for field, value in fields.items())
        await nonces.settle(client, 2)
        string = await client.execute_command("GET", "string")
        assert len(string) == 64 << 20
        assert string.strip(b"\0") == b"x"
        await nonces.settle(client, 2)


@pytest.mark.one_loop
async def test_what_looks_like_a_header_in_a_string(make_client: MakeClient, protocol: int) -> None:
    """Every header is lawful as data."""
    client = make_client(protocol=protocol)
    value = "".join(header for headers in HEADERS.values() for header in headers).encode() * 20
    pipe = client.pipeline(transaction=False)
    for start in range(len(value) // 20):
        pipe.execute_command("ECHO", value[start:])
    for start, reply in enumerate(await pipe.execute()):
        assert reply == value[start:]
    await Nonces().settle(client, 2)
