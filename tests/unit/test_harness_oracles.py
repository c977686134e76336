"""What judges the fault tests does see faults: the reference parser, the oracles, and the ways to give up."""

import asyncio
import contextlib
import gc
import logging
import math
import socket
import time
import warnings
from typing import Any

import anyio
import pytest

from redis_aio.testing import RedisServer
from tests.support.cancellation import WAYS, Outcome, Way, by_task_cancel, sweep
from tests.support.oracles import Heartbeat, Nonces, Observer, SecretTrap, ServerError, clean
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
)


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
        left: list[asyncio.Future[Any]] = []
        with pytest.raises(AssertionError, match="tasks"):
            async with clean(within=0.05):
                left.append(asyncio.ensure_future(forever.wait()))
        left[0].cancel()
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
