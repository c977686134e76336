"""One direction of a proxied connection: what comes in, and what the rules make of it."""

import asyncio
import base64
import collections
import contextlib
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

_CHUNK = 65536
_QUEUE = 1 << 20
_HELD_QUEUE = 1 << 26
_RECORD = 1 << 20


class Link(Protocol):
    """What a direction needs of its connection."""

    ended: dict[str, float | None]

    def apply(self, direction: str, changes: dict[str, Any]) -> None: ...

    def close(self, reason: str, *, rst: bool) -> None: ...

    def fired(self) -> None: ...

    def flow_ended(self) -> None: ...

    def notify(self) -> None: ...


@dataclass
class Trigger:
    """When ``pattern`` passes for the ``count``-th time, apply ``rules`` to ``direction``."""

    pattern: bytes
    direction: str
    rules: dict[str, Any]
    count: int = 1
    before: bool = False


@dataclass
class Rules:
    """What happens to one direction of one connection; see ``RuleChanges`` of the controller."""

    delay: float = 0.0
    jitter: float = 0.0
    slice: int = 0
    gap: float = 0.0
    bandwidth: float = 0.0
    hold: bool = False
    blackhole: bool = False
    stall: bool = False
    cut_after: int | None = None
    how: str = "rst"
    corrupt: int | None = None
    triggers: list[Trigger] = field(default_factory=list)

    def copy(self) -> "Rules":
        copied = Rules(**{name: getattr(self, name) for name in self.__dataclass_fields__ if name != "triggers"})
        copied.triggers = [Trigger(t.pattern, t.direction, t.rules, t.count, t.before) for t in self.triggers]
        return copied

    def update(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            if name == "on_bytes":
                pattern = base64.b64decode(value["pattern"])
                self.triggers.append(
                    Trigger(pattern, value["direction"], value["rules"], value["count"], value["before"])
                )
            else:
                setattr(self, name, value)


class Flow:
    """One direction of one connection: a reader that fills a queue, a writer that empties it by the rules."""

    def __init__(self, link: Link, name: str, source: socket.socket, sink: socket.socket, rules: Rules) -> None:
        self.link = link
        self.name = name
        self.source = source
        self.sink = sink
        self.rules = rules
        self.queue: collections.deque[tuple[float, bytes | None]] = collections.deque()  # b"" is FIN, None is RST
        self.queued = 0
        self.received = 0
        self.forwarded = 0
        self.eof = False
        self.tail = b""
        self.record = bytearray()
        self.wake = asyncio.Event()

    def changed(self) -> None:
        """Let the reader and the writer look at the rules and the queue again."""
        self.wake.set()
        self.wake = asyncio.Event()
        self.link.notify()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self.wake.wait()

    def _may_read(self) -> bool:
        rules = self.rules
        limit = _HELD_QUEUE if rules.hold else _QUEUE
        return not rules.stall and (rules.blackhole or self.queued < limit)

    def _may_write(self) -> bool:
        return bool(self.queue) and not self.rules.hold and not self.rules.stall

    async def read(self) -> None:
        loop = asyncio.get_running_loop()
        due = 0.0
        data: bytes | None = b""
        while True:
            await self.until(self._may_read)
            try:
                data = await loop.sock_recv(self.source, _CHUNK)
            except OSError:
                data = None
            if data:
                self.received += len(data)
            else:
                self.link.ended[self.name] = time.monotonic()
            if self.rules.blackhole and data:
                self.changed()
                continue
            await self.until(lambda: not self.rules.blackhole)
            delay = self.rules.delay + random.random() * self.rules.jitter
            due = max(due, time.monotonic() + delay)
            self.queue.append((due, data))
            self.queued += len(data or b"")
            self.changed()
            if not data:
                return

    async def write(self) -> None:
        try:
            while True:
                await self.until(self._may_write)
                due, data = self.queue[0]
                if (wait := due - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                    continue
                self.queue.popleft()
                if data is None:
                    self.link.close("the source of " + self.name + " reset", rst=True)
                    return
                if not data:
                    self.half_close()
                    return
                self.queued -= len(data)
                self.changed()
                await self._triggered(data)
        except OSError:
            self.link.close("the sink of " + self.name + " went away", rst=True)

    def half_close(self) -> None:
        """Send FIN in this direction; what still comes is discarded."""
        self.eof = self.rules.blackhole = True
        with contextlib.suppress(OSError):
            self.sink.shutdown(socket.SHUT_WR)
        self.link.flow_ended()

    async def _triggered(self, data: bytes) -> None:
        """Forward ``data``, and where a trigger's pattern is completed, act there."""
        while data:
            trigger, start, end = self._first_match(data)
            if trigger is None:
                await self._pass(data)
                return
            self.rules.triggers.remove(trigger)
            self.link.fired()
            split = start if trigger.before else end
            head, data = data[:split], data[split:]
            if trigger.direction != self.name and not trigger.before:
                self.link.apply(trigger.direction, trigger.rules)
                await self._pass(head)
            else:
                await self._pass(head)
                self.link.apply(trigger.direction, trigger.rules)
            await self.until(lambda: not self.rules.hold)

    def _tail(self, trigger: Trigger) -> bytes:
        """Return what has passed and may be the beginning of a match: too short to hold a whole one."""
        size = len(trigger.pattern) - 1
        return self.tail[-size:] if size else b""

    def _first_match(self, data: bytes) -> tuple[Trigger | None, int, int]:
        """Find the trigger that is completed first in ``data``, and where in it the match begins and ends."""
        best: tuple[Trigger | None, int, int] = (None, 0, len(data) + 1)
        for trigger in self.rules.triggers:
            tail = self._tail(trigger)
            text, position = tail + data, 0
            for _ in range(trigger.count):
                position = text.find(trigger.pattern, position)
                if position < 0:
                    break
                position += len(trigger.pattern)
            end = position - len(tail)
            if position >= 0 and end < best[2]:
                best = (trigger, max(end - len(trigger.pattern), 0), end)
        return best

    async def _pass(self, data: bytes) -> None:
        """Forward bytes that complete no trigger, or not beyond the end of the one they complete."""
        for trigger in self.rules.triggers:
            trigger.count -= (self._tail(trigger) + data).count(trigger.pattern)
        keep = max((len(trigger.pattern) for trigger in self.rules.triggers), default=1) - 1
        self.tail = (self.tail + data)[-keep:] if keep else b""
        await self._forward(data)

    async def _forward(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            size = self._step(len(view))
            piece, view = bytes(view[:size]), view[size:]
            rules = self.rules
            if rules.corrupt is not None and rules.corrupt < size:
                at, rules.corrupt = rules.corrupt, None
                piece = piece[:at] + bytes([piece[at] ^ 0xFF]) + piece[at + 1 :]
            elif rules.corrupt is not None:
                rules.corrupt -= size
            await self.send(piece)
            if rules.cut_after is not None:
                rules.cut_after -= size
                if rules.cut_after <= 0:
                    self.link.close("cut", rst=rules.how == "rst")
                    raise OSError("cut")
            if rules.bandwidth:
                await asyncio.sleep(size / rules.bandwidth)
            elif rules.slice and view:
                await asyncio.sleep(rules.gap)

    def _step(self, size: int) -> int:
        """Return how many bytes go out in one piece."""
        rules = self.rules
        limits = [size]
        if rules.slice:
            limits.append(rules.slice)
        if rules.bandwidth:
            limits.append(max(1, int(rules.bandwidth / 100)))
        if rules.cut_after:
            limits.append(rules.cut_after)
        return min(limits)

    async def send(self, piece: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sink, piece)
        self.forwarded += len(piece)
        if len(self.record) < _RECORD:
            self.record += piece
        self.link.notify()

    def inject(self, data: bytes) -> None:
        """Send bytes that nobody sent, at once."""
        with contextlib.suppress(BlockingIOError):
            self.sink.send(data)
        if len(self.record) < _RECORD:
            self.record += data
