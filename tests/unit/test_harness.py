"""The fault harness does what it says: without this, a green fault test proves nothing."""

import asyncio
import contextlib
import gc
import logging
import math
import socket
import threading
import time
import warnings
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from redis_aio.testing import RedisServer
from tests.support.cancellation import WAYS, Outcome, Way, by_task_cancel, sweep
from tests.support.oracles import Heartbeat, Nonces, Observer, SecretTrap, ServerError, clean, eventually
from tests.support.proxy import FaultProxy, How, ProxyError
from tests.support.reference_parser import (
    NOT_READY,
    BigNumber,
    ErrorReply,
    Invalid,
    MapReply,
    PushFrame,
    ReferenceParser,
    SetReply,
    Verbatim,
    parse,
)
from tests.support.scripted import (
    HANG_UP,
    NOTHING,
    RESET,
    Answer,
    Dialogue,
    Later,
    ScriptedServer,
    Sliced,
    Step,
    array,
    bulk,
    hello,
)

PING = b"*1\r\n$4\r\nPING\r\n"
PONG = b"+PONG\r\n"


@pytest.fixture
async def proxy(server: RedisServer) -> AsyncIterator[FaultProxy]:
    """A proxy to the test server."""
    async with FaultProxy(server.host, server.port) as running:
        yield running


class Raw:
    """A bare connection to the proxy: bytes in, bytes out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, place: FaultProxy | ScriptedServer) -> AsyncIterator["Raw"]:
        reader, writer = await asyncio.open_connection(place.host, place.port)
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def read(self, size: int) -> bytes:
        async with asyncio.timeout(10):
            return await self.reader.readexactly(size)

    async def ping(self) -> None:
        self.send(PING)
        assert await self.read(len(PONG)) == PONG

    async def rest(self) -> tuple[bytes, str]:
        """Read to the end; return the bytes and how it ended."""
        data = b""
        async with asyncio.timeout(10):
            try:
                while chunk := await self.reader.read(1 << 16):
                    data += chunk
            except ConnectionResetError:
                return data, "rst"
        return data, "fin"


async def silent(raw: Raw, direction_of: FaultProxy, received: int) -> None:
    """Check that nothing came although the proxy has read ``received`` bytes from the server."""
    await direction_of.wait_received(received, "down")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await raw.reader.readexactly(1)


class TestProxy:
    async def test_passes_bytes_both_ways_and_logs_them(self, proxy: FaultProxy) -> None:
        before = time.monotonic()
        async with Raw.to(proxy) as raw:
            await raw.ping()
            await proxy.wait_open(1)
            (link,) = await proxy.log()
            assert link["up"]["forwarded"] == len(PING)
            assert link["down"]["forwarded"] == len(PONG)
            assert before <= link["opened"] <= time.monotonic()
            assert link["closed"] is None
            assert await proxy.recorded(1, "up") == PING
            assert await proxy.recorded(1, "down") == PONG
        await proxy.wait_open(0)
        (link,) = await proxy.log()
        assert link["closed"] is not None

    @pytest.mark.parametrize("how", ["fin", "rst"])
    @pytest.mark.parametrize("size", range(1, len(PONG) + 1))
    async def test_cuts_the_reply_after_so_many_bytes(self, proxy: FaultProxy, how: How, size: int) -> None:
        async with Raw.to(proxy) as raw:
            await raw.ping()
            await proxy.cut_after(size, "down", how)
            raw.send(PING)
            assert await raw.rest() == (PONG[:size], how)
            assert (await proxy.log())[0]["down"]["forwarded"] == len(PONG) + size

    async def test_cuts_the_request_after_so_many_bytes(self, proxy: FaultProxy, server: RedisServer) -> None:
        request = b"*2\r\n$4\r\nINCR\r\n$7\r\nharness\r\n"
        with Observer(server) as observer:
            observer.ask("DEL", "harness")
            for size in (0, 1, len(request) - 1):
                async with Raw.to(proxy) as raw:
                    await raw.ping()
                    await proxy.cut_after(size, "up", connection=len(await proxy.log()))
                    if size:
                        raw.send(request)
                    assert (await raw.rest())[0] == b""
            assert observer.ask("GET", "harness") is None
            async with Raw.to(proxy) as raw:
                await raw.ping()
                await proxy.cut_after(len(request), "up", connection=len(await proxy.log()))
                raw.send(request)
                await raw.rest()
            await eventually(lambda: observer.ask("GET", "harness") == b"1")

    async def test_slices_so_that_each_byte_comes_alone(self, proxy: FaultProxy) -> None:
        await proxy.set("down", slice=1, gap=0.002)
        async with Raw.to(proxy) as raw:
            raw.send(PING)
            chunks: list[bytes] = []
            while sum(map(len, chunks)) < len(PONG):
                chunks.append(await raw.reader.read(100))
        assert b"".join(chunks) == PONG
        assert len(chunks) > len(PONG) // 2, "the kernel may join neighbours, not all of them"

    async def test_delays_without_reducing_the_flow(self, proxy: FaultProxy) -> None:
        await proxy.delay(40, direction="down")
        async with Raw.to(proxy) as raw:
            began = time.monotonic()
            for _ in range(20):
                raw.send(PING)
                await asyncio.sleep(0)
            await raw.read(20 * len(PONG))
            assert 0.04 <= time.monotonic() - began < 20 * 0.04

    async def test_holds_and_releases_what_came_meanwhile(self, proxy: FaultProxy) -> None:
        async with Raw.to(proxy) as raw:
            await proxy.hold("down")
            raw.send(PING)
            await silent(raw, proxy, len(PONG))
            await proxy.release("down")
            assert await raw.read(len(PONG)) == PONG

    async def test_swallows_for_good_what_comes_into_a_black_hole(self, proxy: FaultProxy) -> None:
        async with Raw.to(proxy) as raw:
            await proxy.set("down", blackhole=True)
            raw.send(PING)
            await silent(raw, proxy, len(PONG))
            await proxy.release("down")
            raw.send(b"*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n")
            assert await raw.read(7) == bulk(b"x")

    async def test_stalls_until_the_senders_window_is_full(self, server: RedisServer) -> None:
        async with FaultProxy(server.host, server.port, socket_buffer=4096) as proxy, Raw.to(proxy) as raw:
            await raw.ping()
            await proxy.set("up", stall=True)
            raw.send(b"*2\r\n$4\r\nECHO\r\n$30000000\r\n" + b"x" * 30_000_000 + b"\r\n")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await raw.writer.drain()
            assert (await proxy.log())[0]["up"]["received"] < 1_000_000
            await proxy.release("up")
            assert await raw.read(11) == b"$30000000\r\n"

    async def test_half_closes(self, proxy: FaultProxy, server: RedisServer) -> None:
        async with Raw.to(proxy) as raw:
            await raw.ping()
            await proxy.set("down", half_close=True)
            assert await raw.rest() == (b"", "fin")
            raw.send(b"*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$1\r\n1\r\n")
            with Observer(server) as observer:
                await eventually(lambda: observer.ask("GETDEL", "half") == b"1")

    async def test_corrupts_one_byte(self, proxy: FaultProxy) -> None:
        await proxy.set("down", corrupt=2)
        async with Raw.to(proxy) as raw:
            raw.send(PING + PING)
            reply = await raw.read(2 * len(PONG))
        assert [at for at, byte in enumerate(reply) if byte != (PONG + PONG)[at]] == [2]

    async def test_injects_into_silence(self, proxy: FaultProxy) -> None:
        async with Raw.to(proxy) as raw:
            await raw.ping()
            assert await proxy.inject(b"+FAKE\r\n") == 1
            assert await raw.read(7) == b"+FAKE\r\n"
            await raw.ping()

    async def test_refuses_and_accepts_again_on_the_same_port(self, proxy: FaultProxy) -> None:
        async with Raw.to(proxy) as raw:
            await raw.ping()
            await proxy.refuse()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(proxy.host, proxy.port)
            await raw.ping()
        await proxy.accept()
        async with Raw.to(proxy) as raw:
            await raw.ping()

    async def test_limits_bandwidth(self, proxy: FaultProxy) -> None:
        await proxy.set("down", bandwidth=1_000_000)
        async with Raw.to(proxy) as raw:
            began = time.monotonic()
            raw.send(b"*2\r\n$4\r\nECHO\r\n$200000\r\n" + b"x" * 200_000 + b"\r\n")
            await raw.read(200_000)
            assert time.monotonic() - began > 0.15

    async def test_retargets_new_connections(self, proxy: FaultProxy) -> None:
        with ScriptedServer(Dialogue(greeting=b"other")) as other:
            await proxy.retarget(other.host, other.port)
            async with Raw.to(proxy) as raw:
                assert await raw.read(5) == b"other"

    @pytest.mark.parametrize("slice", [0, 1])
    async def test_acts_right_after_a_pattern(self, proxy: FaultProxy, slice: int) -> None:
        async with Raw.to(proxy) as raw:
            await raw.ping()
            await proxy.set(slice=slice)
            await proxy.on_bytes(b"PONG\r\n", seen="down", then="down", count=2, inject=b"+FAKE\r\n")
            raw.send(PING * 3)
            assert await raw.read(4 * len(PONG)) == PONG + PONG + b"+FAKE\r\n" + PONG

    async def test_acts_in_front_of_a_pattern(self, proxy: FaultProxy) -> None:
        async with Raw.to(proxy) as raw:
            await raw.ping()
            await proxy.on_bytes(b"$2\r\nb1", seen="down", then="down", before=True, hold=True)
            raw.send(b"".join(array(bulk(b"ECHO"), bulk(text)) for text in (b"a1", b"b1", b"c1")))
            assert await raw.read(8) == bulk(b"a1")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.03):
                    await raw.reader.readexactly(1)
            await proxy.release("down")
            assert await raw.read(16) == bulk(b"b1") + bulk(b"c1")

    async def test_acts_on_the_other_direction_before_it_can_answer(self, proxy: FaultProxy) -> None:
        async with Raw.to(proxy) as raw:
            await raw.ping()
            await proxy.on_bytes(b"MARK", seen="up", then="down", hold=True)
            raw.send(array(bulk(b"ECHO"), bulk(b"MARK")))
            await proxy.wait_fired(1)
            await silent(raw, proxy, len(PONG) + 10)

    async def test_gives_the_nth_connection_its_own_rules(self, proxy: FaultProxy) -> None:
        assert await proxy.nth_connection(2, "down", cut_after=0, how="fin") == 2
        async with Raw.to(proxy) as first:
            await first.ping()
            async with Raw.to(proxy) as second:
                assert await second.rest() == (b"", "fin")
            async with Raw.to(proxy) as third:
                await third.ping()
            await first.ping()

    async def test_is_as_new_after_a_reset(self, proxy: FaultProxy) -> None:
        await proxy.retarget("127.0.0.1", 1)
        await proxy.hold("down")
        await proxy.nth_connection(1, cut_after=0)
        await proxy.refuse()
        await proxy.reset()
        assert await proxy.log() == []
        async with Raw.to(proxy) as raw:
            await raw.ping()
        assert len(await proxy.log()) == 1

    @pytest.mark.parametrize("how", ["fin", "rst"])
    async def test_kills_and_clears(self, proxy: FaultProxy, how: How) -> None:
        await proxy.hold("down")
        await proxy.clear()
        async with Raw.to(proxy) as raw:
            await raw.ping()
            assert await proxy.kill(how) == 1
            assert await raw.rest() == (b"", how)

    async def test_passes_a_reset_on_as_a_reset(self, proxy: FaultProxy, server: RedisServer) -> None:
        with ScriptedServer(Dialogue([Step("PING", RESET)])) as resetting:
            await proxy.retarget(resetting.host, resetting.port)
            async with Raw.to(proxy) as raw:
                raw.send(PING)
                assert await raw.rest() == (b"", "rst")

    async def test_waits_for_what_has_not_happened_yet(self, proxy: FaultProxy) -> None:
        waiting = asyncio.ensure_future(proxy.wait_forwarded(len(PONG), "down"))
        async with Raw.to(proxy) as raw:
            assert not waiting.done()
            await raw.ping()
            await waiting

    async def test_tells_of_a_request_it_does_not_understand(self, proxy: FaultProxy) -> None:
        with pytest.raises(ProxyError, match="IndexError"):
            await proxy.recorded(99, "up")

    def test_ends_with_its_standard_input(self, server: RedisServer) -> None:
        proxy = FaultProxy(server.host, server.port)
        proxy.start()
        process = proxy._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        assert process.wait(10) == 0
        proxy.stop()


class TestScriptedServer:
    async def test_plays_the_steps_and_knows_the_handshake(self) -> None:
        steps = [Step("GET a", bulk(b"one")), Step("GET", (b"$3\r\n", Sliced(b"two\r\n")))]
        with ScriptedServer(Dialogue(steps)) as server:
            async with Raw.to(server) as raw:
                raw.send(array(bulk(b"HELLO"), bulk(b"3")))
                (greeting,) = parse(await raw.read(len(hello([b"HELLO", b"3"]))))
                assert greeting.pairs[2] == (b"proto", 3)
                raw.send(array(bulk(b"get"), bulk(b"a")) + array(bulk(b"GET"), bulk(b"b")))
                assert await raw.read(18) == bulk(b"one") + bulk(b"two")
                raw.send(array(bulk(b"ECHO"), bulk(b"x")) + PING + array(bulk(b"GET"), bulk(b"c")))
                assert await raw.read(7 + 7) == bulk(b"x") + PONG
                assert await raw.read(5) == b"-ERR "
        assert server.surprises == ["GET C"]
        assert server.received("GET") == [[b"get", b"a"], [b"GET", b"b"], [b"GET", b"c"]]

    @pytest.mark.parametrize(
        ("answer", "end"),
        [(HANG_UP, "fin"), (RESET, "rst"), ((b"+half", HANG_UP), "fin")],
        ids=["hang-up", "reset", "half"],
    )
    async def test_closes_as_told(self, answer: Answer, end: str) -> None:
        with ScriptedServer(Dialogue(handshake={"HELLO": answer}), Dialogue()) as server:
            async with Raw.to(server) as raw:
                raw.send(array(bulk(b"HELLO"), bulk(b"3")))
                assert await raw.rest() == (b"+half" if isinstance(answer, tuple) else b"", end)
            async with Raw.to(server) as raw:
                await raw.ping()
            assert server.connections == 2

    async def test_is_late_until_told(self) -> None:
        event = threading.Event()
        with ScriptedServer(Dialogue([Step("", Later(event, b"+late\r\n")), Step("", NOTHING)])) as server:
            async with Raw.to(server) as raw:
                raw.send(PING + PING + PING)
                await server.seen("PING")
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.03):
                        await raw.reader.readexactly(1)
                event.set()
                assert await raw.read(7) == b"+late\r\n"
                await server.seen("PING", 3)
                assert await raw.read(7) == PONG, "the second one was answered with nothing"

    async def test_answers_while_the_loop_stands_still(self) -> None:
        with ScriptedServer() as server, socket.create_connection((server.host, server.port), timeout=5) as sock:
            sock.sendall(PING)
            assert sock.recv(100) == PONG


class TestReferenceParser:
    FRAMES: tuple[tuple[bytes, Any], ...] = (
        (b"+OK\r\n", b"OK"),
        (b"-ERR no\r\n", ErrorReply(b"ERR no")),
        (b"!6\r\nERR\r\nx\r\n", ErrorReply(b"ERR\r\nx")),
        (b":-12\r\n", -12),
        (b"$5\r\na\r\nbc\r\n", b"a\r\nbc"),
        (b"$0\r\n\r\n", b""),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"_\r\n", None),
        (b"#t\r\n", True),
        (b"#f\r\n", False),
        (b",1.5e3\r\n", 1500.0),
        (b",-inf\r\n", -math.inf),
        (b"(1" + b"0" * 400 + b"\r\n", BigNumber(10**400)),
        (b"=5\r\ntxt:x\r\n", Verbatim(b"txt", b"x")),
        (b"*0\r\n", []),
        (b"*2\r\n:1\r\n*1\r\n$-1\r\n", [1, [None]]),
        (b"~2\r\n:1\r\n:1\r\n", SetReply([1, 1])),
        (b"%1\r\n*1\r\n:1\r\n#t\r\n", MapReply([([1], True)])),
        (b">2\r\n+a\r\n+b\r\n", PushFrame([b"a", b"b"])),
        (b"|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n", b"v"),
    )

    @pytest.mark.parametrize(("frame", "value"), FRAMES)
    def test_knows_every_type_however_it_is_split(self, frame: bytes, value: Any) -> None:
        for size in range(1, len(frame) + 1):
            parser = ReferenceParser()
            for start in range(0, len(frame), size):
                assert parser.get() is NOT_READY
                parser.feed(frame[start : start + size])
            assert parser.get() == value
            assert parser.get() is NOT_READY
            assert parser.pending == 0

    def test_keeps_attributes_apart(self) -> None:
        parser = ReferenceParser()
        parser.feed(b"*1\r\n|1\r\n+k\r\n:1\r\n:2\r\n")
        assert parser.get() == [2]
        assert parser.attributes == [MapReply([(b"k", 1)])]

    @pytest.mark.parametrize(
        "frame",
        [
            *(
                b"?",
                b"x\r\n",
                b"$x\r\n",
                b"$-2\r\n",
                b"*-2\r\n",
                b"$?\r\n",
                b"*?\r\n",
                b"#x\r\n",
                b":\r\n",
                b":1.5\r\n",
            ),
            *(b",one\r\n", b"$1\r\nabc", b"+a\nb", b"+a\rb\r\n", b"=2\r\nab\r\n", b"_x\r\n", b"*1\r\n>1\r\n:1\r\n"),
        ],
    )
    def test_refuses_what_is_no_frame(self, frame: bytes) -> None:
        parser = ReferenceParser()
        parser.feed(frame)
        with pytest.raises(Invalid):
            parser.get()


class TestOracles:
    async def test_observer_asks_the_server(self, server: RedisServer) -> None:
        with Observer(server) as observer:
            observer.forget_executions()
            observer.ask("CLIENT", "SETNAME", "the-observer")
            assert observer.ask("ECHO", b"\xff") == b"\xff"
            assert observer.executions("echo") == 1
            assert observer.executions("incr") == 0
            assert [entry["db"] for entry in observer.clients("the-observer")] == ["0"]
            with pytest.raises(ServerError, match="ERR"):
                observer.ask("NO-SUCH-COMMAND")

    async def test_nonces_notice_a_reply_of_somebody_else(self) -> None:
        class Shifted:
            last = "first"

            async def execute_command(self, *args: str) -> bytes:
                last, self.last = self.last, args[1]
                return last.encode()

        nonces = Nonces()
        await nonces.echo(Shifted())
        assert len(nonces.wrong) == 1
        with pytest.raises(AssertionError, match="wrong caller"):
            await nonces.settle(Shifted(), 3)

    async def test_clean_finds_a_connection_left_open(self, server: RedisServer) -> None:
        with Observer(server) as left:
            left.ask("CLIENT", "SETNAME", "left-behind")
            with pytest.raises(AssertionError, match="CLIENT LIST"):
                async with clean(server, "left-behind", within=0.05):
                    pass

    async def test_clean_finds_a_descriptor_a_task_and_an_unhandled_error(self) -> None:
        ends: list[socket.socket] = []
        with pytest.raises(AssertionError, match="descriptors"):
            async with clean(within=0.05):
                ends.append(socket.create_server(("127.0.0.1", 0)))
        for end in ends:
            end.close()
        forever = asyncio.Event()
        with pytest.raises(AssertionError, match="tasks"):
            async with clean(within=0.05):
                task = asyncio.ensure_future(forever.wait())
        task.cancel()
        with pytest.raises(AssertionError, match="nobody"):
            async with clean(within=0.05):
                _leave_an_error_in_a_future()
        with pytest.raises(AssertionError, match="ZeroDivisionError"):
            async with clean(within=0.05):
                asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        with pytest.raises(AssertionError, match="unclosed"):
            async with clean(within=0.05):
                _drop_unclosed()

    async def test_heartbeat_sees_a_loop_that_stands_still(self) -> None:
        async with Heartbeat() as beat:
            time.sleep(0.15)  # noqa: ASYNC251 - the stall to be seen
        assert beat.gap > 0.13
        assert beat.busy < 0.1

    def test_trap_finds_secrets_in_logs_warnings_and_error_chains(self) -> None:
        with SecretTrap(["s3cr3t"]) as trap:
            logging.getLogger("redis_aio.some.module").debug("connecting as %s", "user")
            assert trap.hits == []
            logging.getLogger("redis_aio.some.module").debug("with %s", "s3cr3t")
            assert len(trap.hits) == 2
            warnings.warn("s3cr3t in a warning", UserWarning, stacklevel=1)
        assert len(trap.hits) == 3
        try:
            try:
                raise ValueError("s3cr3t")
            except ValueError as error:
                raise RuntimeError("outer") from error
        except RuntimeError as error:
            trap.note(error)
        assert len(trap.hits) == 4


class TestCancellation:
    @pytest.mark.parametrize("name", WAYS)
    async def test_each_way_cancels_what_waits(self, name: str) -> None:
        ended: list[str] = []

        async def operation() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cleaned")

        outcomes = await sweep(WAYS[name], operation, range(1, 8))
        assert all(outcome.cancelled for outcome in outcomes)
        assert len(ended) == 7

    @pytest.mark.parametrize("name", WAYS)
    async def test_each_way_reports_values_and_errors(self, name: str) -> None:
        async def answer() -> int:
            return 42

        async def fail() -> None:
            raise TimeoutError("its own")

        patience = 2000 if name == "wait_for" else 5
        assert (await WAYS[name](answer, patience)).value == 42
        failed = await WAYS[name](fail, patience)
        assert str(failed.error) == "its own"
        assert not failed.cancelled

    @pytest.mark.parametrize("way", [WAYS["cancel"], WAYS["timeout"], WAYS["double"]])
    async def test_a_swallowed_cancellation_is_found(self, way: Way) -> None:
        async def swallow() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

        with pytest.raises(AssertionError, match="became"):
            await sweep(way, swallow, range(1, 2))

    async def test_a_scope_cancels_every_await_of_the_clean_up(self) -> None:
        reached: list[int] = []

        async def operation() -> None:
            try:
                await anyio.sleep_forever()
            finally:
                await asyncio.sleep(0)
                reached.append(1)

        assert (await WAYS["scope"](operation, 2)).cancelled
        assert reached == []

    async def test_ticks_are_turns_of_the_loop(self) -> None:
        turns: list[int] = []

        async def operation() -> None:
            turns.append(0)
            while True:
                await asyncio.sleep(0)
                turns[-1] += 1

        async def check(tick: int, outcome: Outcome) -> None:
            assert turns[-1] == tick - 1

        await sweep(by_task_cancel, operation, range(1, 6), check)


def _leave_an_error_in_a_future() -> None:
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("nobody"))


def _drop_unclosed() -> None:
    """Leave a socket to the garbage collector."""
    sock = socket.socket()
    del sock
    gc.collect()
