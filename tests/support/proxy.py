"""FaultProxy: a TCP proxy between client and server that delays, cuts, holds, swallows or forges bytes on request.

It is a process of its own (:mod:`tests.support.proxy_process`), so it shares no event loop with the client under test.
``up`` is from client to server, ``down`` from server to client.
"""

import asyncio
import base64
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal, Self, TypedDict, Unpack

Direction = Literal["up", "down", "both"]
How = Literal["fin", "rst"]

_PATIENCE = 20.0


class RuleChanges(TypedDict, total=False):
    """What may be changed about one direction. Counts are of forwarded bytes, from the moment the rule is set.

    Keys:
        delay, jitter: seconds that each chunk is late; throughput is not touched.
        slice, gap: forward at most this many bytes at a time, and wait ``gap`` seconds between.
        bandwidth: bytes a second.
        hold: read on, forward nothing.
        blackhole: read and discard, the end of the stream too.
        stall: stop reading, until the sender's window is full.
        cut_after, how: forward this many bytes, then close both sides with FIN or RST.
        corrupt: flip the byte at this offset.
        half_close: send FIN in this direction and discard the rest.
        inject: send these bytes at once.
    """

    delay: float
    jitter: float
    slice: int
    gap: float
    bandwidth: float
    hold: bool
    blackhole: bool
    stall: bool
    cut_after: int | None
    how: How
    corrupt: int | None
    half_close: bool
    inject: bytes


class FlowLog(TypedDict):
    """Bytes of one direction: read from its source, and written to its sink."""

    received: int
    forwarded: int


class LinkLog(TypedDict):
    """One connection that the proxy accepted; the times are of ``time.monotonic()``."""

    number: int
    opened: float
    closed: float | None
    reason: str
    client_ended: float | None
    target_ended: float | None
    up: FlowLog
    down: FlowLog


class ProxyError(Exception):
    """The proxy did not understand a request."""


def _wire(rules: RuleChanges) -> dict[str, Any]:
    return {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value for name, value in rules.items()
    }


class FaultProxy:
    """A running proxy to ``target_host:target_port``; it listens on ``host:port``.

    Rules are for one ``connection`` (numbered from 1 in the order they came), or for all, those to come included.

    Args:
        target_host: an IPv4 address.
        target_port: its port.
        socket_buffer: bytes of the proxy's socket buffers, to fill them quickly; 0 leaves the system's.
    """

    host = "127.0.0.1"

    def __init__(self, target_host: str, target_port: int, *, socket_buffer: int = 0) -> None:
        self._arguments = [target_host, str(target_port), str(socket_buffer)]
        self._process: subprocess.Popen[str] | None = None
        self._control = 0
        self.port = 0

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process; return when it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-E", "-s", "-S", "-m", "tests.support.proxy_process", *self._arguments],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port, self._control = map(int, self._process.stdout.readline().split())

    def stop(self) -> None:
        """End the process and with it every connection."""
        if (process := self._process) is None:
            return
        self._process = None
        process.kill()
        process.communicate()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.stop()

    # -- requests -----------------------------------------------------------------------------------------------------

    def call_now(self, op: str, **request: Any) -> dict[str, Any]:
        """Send a request and block this thread until it is answered: for tests without a loop, or without a tick."""
        with socket.create_connection((self.host, self._control), timeout=_PATIENCE) as sock:
            sock.sendall(json.dumps({"op": op, **request}).encode() + b"\n")
            with sock.makefile("rb") as stream:
                return self._checked(stream.readline())

    async def call(self, op: str, **request: Any) -> dict[str, Any]:
        """Send a request; the loop goes on."""
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(self.host, self._control, limit=1 << 24)
            try:
                writer.write(json.dumps({"op": op, **request}).encode() + b"\n")
                return self._checked(await reader.readline())
            finally:
                writer.transport.abort()

    @staticmethod
    def _checked(line: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(line or b'{"error": "the proxy is gone"}')
        if "error" in answer:
            raise ProxyError(answer["error"])
        return answer

    # -- rules --------------------------------------------------------------------------------------------------------

    async def set(
        self,
        direction: Direction = "both",
        *,
        connection: int | None = None,
        existing_only: bool = False,
        **rules: Unpack[RuleChanges],
    ) -> int:
        """Change rules; return how many open connections they were applied to."""
        answer = await self.call(
            "set", direction=direction, connection=connection, existing_only=existing_only, rules=_wire(rules)
        )
        return int(answer["links"])

    def set_now(self, direction: Direction = "both", **rules: Unpack[RuleChanges]) -> None:
        """Change rules of all connections without letting the loop run."""
        self.call_now("set", direction=direction, rules=_wire(rules))

    async def delay(self, ms: float, jitter: float = 0, direction: Direction = "both") -> None:
        """Let each chunk arrive ``ms`` to ``ms + jitter`` milliseconds late, in order."""
        await self.set(direction, delay=ms / 1000, jitter=jitter / 1000)

    async def hold(self, direction: Direction = "both", *, connection: int | None = None) -> None:
        """Keep bytes back until :meth:`release`."""
        await self.set(direction, connection=connection, hold=True)

    async def release(self, direction: Direction = "both", *, connection: int | None = None) -> None:
        """End hold, blackhole and stall; bytes held back go on."""
        await self.set(direction, connection=connection, hold=False, blackhole=False, stall=False)

    async def cut_after(
        self, size: int, direction: Direction, how: How = "rst", *, connection: int | None = None
    ) -> None:
        """Close both sides when ``size`` more bytes have been forwarded."""
        await self.set(direction, connection=connection, cut_after=size, how=how)

    async def inject(self, data: bytes, direction: Direction = "down", *, connection: int | None = None) -> int:
        """Send forged bytes on open connections; return on how many."""
        return await self.set(direction, connection=connection, existing_only=True, inject=data)

    async def on_bytes(
        self,
        pattern: bytes,
        *,
        seen: Direction,
        then: Direction,
        count: int = 1,
        before: bool = False,
        connection: int | None = None,
        **rules: Unpack[RuleChanges],
    ) -> None:
        """When ``pattern`` passes in direction ``seen`` for the ``count``-th time, apply rules to ``then``, once.

        They apply right after its last byte, or with ``before`` in front of its first one. Where the directions differ,
        they are in force before the receiver can see the pattern.
        """
        trigger = {
            "pattern": base64.b64encode(pattern).decode(),
            "direction": then,
            "rules": _wire(rules),
            "count": count,
            "before": before,
        }
        await self.call("set", direction=seen, connection=connection, rules={"on_bytes": trigger})

    async def nth_connection(self, nth: int, direction: Direction = "both", **rules: Unpack[RuleChanges]) -> int:
        """Give the ``nth`` connection from now rules of its own from its first byte; return its number."""
        return int((await self.call("plan", nth=nth, direction=direction, rules=_wire(rules)))["number"])

    async def clear(self) -> None:
        """Forget all rules; everything passes."""
        await self.call("clear")

    async def reset(self) -> None:
        """Be as new: no connections, no log, no rules, the first target."""
        await self.call("reset")

    async def kill(self, how: How = "rst", *, connection: int | None = None) -> int:
        """Close open connections on both sides; return how many."""
        return int((await self.call("kill", how=how, connection=connection))["links"])

    async def refuse(self) -> None:
        """Stop listening: new connections are refused, the others go on."""
        await self.call("refuse")

    async def accept(self) -> None:
        """Listen again, on the same port."""
        await self.call("accept")

    async def retarget(self, host: str, port: int) -> None:
        """Lead new connections to another server."""
        await self.call("retarget", host=host, port=port)

    # -- what happened ------------------------------------------------------------------------------------------------

    async def log(self) -> list[LinkLog]:
        """Return every connection so far, in order."""
        links: list[LinkLog] = (await self.call("log"))["links"]
        return links

    async def forwarded(self, direction: Literal["up", "down"]) -> int:
        """Return how many bytes all connections together have passed on in this direction."""
        return sum((link["up"] if direction == "up" else link["down"])["forwarded"] for link in await self.log())

    async def recorded(self, connection: int, direction: Direction) -> bytes:
        """Return the bytes forwarded (the first megabyte of them)."""
        answer = await self.call("recorded", connection=connection, direction=direction)
        return base64.b64decode(answer["data"])

    async def wait_connections(self, least: int) -> None:
        """Wait until that many connections have been accepted in all."""
        await self.call("wait", what="connections", least=least)

    async def wait_open(self, count: int) -> None:
        """Wait until exactly that many connections are open."""
        await self.call("wait", what="open", least=count)

    async def wait_fired(self, least: int) -> None:
        """Wait until that many rules of :meth:`on_bytes` have applied in all."""
        await self.call("wait", what="fired", least=least)

    async def wait_received(self, least: int, direction: Direction, *, connection: int | None = None) -> None:
        """Wait until the proxy has read that many bytes, whether or not it forwards them."""
        await self.call("wait", what="received", least=least, direction=direction, connection=connection)

    async def wait_forwarded(self, least: int, direction: Direction, *, connection: int | None = None) -> None:
        """Wait until that many bytes have been passed on."""
        await self.call("wait", what="forwarded", least=least, direction=direction, connection=connection)
