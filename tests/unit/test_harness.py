"""The proxy and the scripted server do what they say: without this, a green fault test proves nothing."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from redis_aio.testing import RedisServer
from tests.support.oracles import Observer, eventually
from tests.support.proxy import FaultProxy, How, ProxyError
from tests.support.reference_parser import (
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


@pytest.fixture(scope="module")
def _running(server: RedisServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.host, server.port) as running:
        yield running


@pytest.fixture
async def proxy(_running: FaultProxy) -> AsyncIterator[FaultProxy]:
    """A proxy to the test server, as new."""
    yield _running
    await _running.reset()


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
            raw.send(b"*2\r\n$4\r\nECHO\r\n$12000000\r\n" + b"x" * 12_000_000 + b"\r\n")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await raw.writer.drain()
            assert (await proxy.log())[0]["up"]["received"] < 1_000_000
            await proxy.release("up")
            assert await raw.read(11) == b"$12000000\r\n"

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
