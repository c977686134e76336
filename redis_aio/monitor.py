"""Monitor: every command that a server executes, as an asynchronous iterator."""

import os
import re
import warnings
import weakref
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, TypedDict

from redis_aio import exceptions
from redis_aio._execution.listening import Source
from redis_aio._execution.mailbox import BUFFER, BUFFER_BYTES, Gap, Overflow, SubscriptionStats, check_limits
from redis_aio._execution.monitoring import MonitorFeed
from redis_aio.connection import ConnectionPool

_LINE = re.compile(r'(\d+\.\d+) \[(\d+) (.*?)\] (".*")', re.DOTALL)
# Of escaped bytes many are taken at once, but not so many that the expression needs much memory for it.
_ESCAPE = re.compile(rb"\\(?:(x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2}){0,1000})|(.))", re.DOTALL)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}


class MonitorCommand(TypedDict):
    """A command that the server executed. The keys but the last are redis-py's.

    Keys:
        time: the server's Unix time.
        db: the database.
        client_address: the host; ``"unix"`` for a Unix socket, ``"lua"`` for a script.
        client_port: the port; the path of a Unix socket; ``""`` for a script.
        client_type: ``"tcp"``, ``"unix"`` or ``"lua"``.
        command: its name and arguments with spaces between, what is no UTF-8 as ``\\xNN``.
        args: the same, exactly.
    """

    time: float
    db: int
    client_address: str
    client_port: str
    client_type: str
    command: str
    args: tuple[bytes, ...]


#: redis-py's name.
MonitorCommandInfo = MonitorCommand


class Monitor:
    """Every command that the server executes; made by :meth:`redis_aio.Redis.monitor`.

    ``async with`` takes a connection for it, which is closed afterwards, and returns when the server has agreed.
    ``async for`` then reads: each item is a :class:`MonitorCommand`, or a :class:`~redis_aio.Gap` where some are
    missing, because the reader was too slow or the connection was lost. A reader that is cancelled has taken nothing.
    """

    def __init__(self, source: Source, buffer: int, buffer_bytes: int, overflow: Overflow) -> None:
        check_limits(buffer, buffer_bytes, overflow)
        self._source = source
        self._limits = buffer, buffer_bytes, overflow
        self._feed: MonitorFeed | None = None
        self._process = os.getpid()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def connect(self) -> None:
        """Start to monitor, if that has not been done.

        Raises:
            NoPermissionError: the user may not.
            ConnectionError, TimeoutError: the server could not be asked.
        """
        if self._feed is not None:
            return
        feed = self._feed = MonitorFeed(self._source, *self._limits)
        try:
            await feed.start()
        except BaseException:  # cancelled or refused: its connection does not stay
            feed.close(exceptions.ConnectionError("the monitor was not connected"))
            if self._feed is feed:  # closed and connected anew meanwhile, it has another one
                self._feed = None
            raise

    async def aclose(self) -> None:
        """End it and close its connection. Nothing is waited for; a second call does nothing."""
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.close(exceptions.ConnectionError("the monitor is closed"))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> "MonitorCommand | Gap":
        return await self.get()

    async def get(self, timeout: float | None = None) -> "MonitorCommand | Gap":
        """Return the next item.

        Args:
            timeout: seconds to wait for it; ``None`` for no bound.

        Raises:
            TimeoutError: there was none in that time.
            ClientClosedError: the client was closed.
            PubSubError: the buffer has overflowed under the policy ``"error"``.
            ConnectionError: it is not connected.
        """
        if self._feed is None:
            raise exceptions.ConnectionError("enter the monitor first: async with client.monitor() as commands")
        mailbox = self._feed.mailbox
        if timeout is not None and not await mailbox.arrival(timeout):
            raise exceptions.TimeoutError(f"no command came within {timeout:g} s")
        item = await mailbox.get()
        return item if isinstance(item, Gap) else parse(item.data)

    async def next_command(self) -> MonitorCommand:
        """Return the next command, as redis-py does.

        Raises:
            ConnectionError: commands are missing here; the next call goes on behind them.
        """
        await self.connect()
        item = await self.get()
        if isinstance(item, Gap):
            why = "the connection was lost" if item.reason == "connection" else "they were not read in time"
            raise exceptions.ConnectionError(f"commands are missing: {why}")
        return item

    async def listen(self) -> AsyncIterator[MonitorCommand]:
        """Yield what :meth:`next_command` returns."""
        while True:
            yield await self.next_command()

    @property
    def stats(self) -> SubscriptionStats:
        """The figures: how many commands came, were delivered and were dropped."""
        return SubscriptionStats() if self._feed is None else self._feed.mailbox.stats

    def __repr__(self) -> str:
        stats = self.stats
        state = "not connected" if self._feed is None else "open"
        return f"<Monitor: {state}, {stats.received} received, {stats.buffered} buffered, {stats.dropped} dropped>"

    def __del__(self) -> None:
        feed = getattr(self, "_feed", None)
        if feed is None or feed.connection.error is not None or feed.connection.loop.is_closed():
            return
        if self._process != os.getpid():
            return  # the connection is the parent's
        warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)
        feed.connection.loop.call_soon_threadsafe(feed.close, exceptions.ConnectionError("the monitor is closed"))


class Monitors:
    """The part of a client that monitors."""

    _pool: ConnectionPool
    _monitors: "weakref.WeakSet[Monitor] | None" = None

    def monitor(
        self, *, buffer: int = BUFFER, buffer_bytes: int = BUFFER_BYTES, overflow: Overflow = "drop_oldest"
    ) -> Monitor:
        """Follow every command that the server executes: ``async with client.monitor() as commands: async for ...``

        It costs the server much of its speed, and shows the arguments of everybody's commands. The connection is the
        monitor's own; a lost one is made anew by itself, and the reader gets a :class:`~redis_aio.Gap`.

        Args:
            buffer: how many commands may wait for the reader.
            buffer_bytes: how many bytes of them may.
            overflow: what happens to the command that finds the buffer full, as for :meth:`subscribe`:
                ``"drop_oldest"``, ``"drop_newest"``, ``"error"``, or ``"block"``, which stops reading: the server then
                keeps them in its memory.

        https://redis.io/commands/monitor/
        """
        monitor = Monitor(self._pool.node, buffer, buffer_bytes, overflow)
        if self._monitors is None:
            self._monitors = weakref.WeakSet()
        self._monitors.add(monitor)
        return monitor

    def _end_monitors(self) -> None:
        """End all monitors: their readers get ``ClientClosedError``."""
        for monitor in list(self._monitors or ()):
            if monitor._feed is not None:
                monitor._feed.close(exceptions.ClientClosedError("the client was closed"))


def parse(line: Any) -> MonitorCommand:
    """Return what a line of MONITOR says.

    Raises:
        InvalidResponse: it is none.
    """
    text = line if isinstance(line, str) else bytes(line).decode("latin-1")
    found = _LINE.fullmatch(text)
    args: list[bytes] = []
    at = end = 0
    if found is not None:
        at, end = found.span(4)
        while at < end and (closing := _closing(text, at)):
            args.append(_ESCAPE.sub(_unescaped, text[at + 1 : closing].encode("latin-1", "replace")))
            at = closing + 2
    if found is None or at < end:
        raise exceptions.InvalidResponse("the server sent a line that MONITOR does not send")
    client = found[3]
    if client == "lua":
        address, port, kind = "lua", "", "lua"
    elif client.startswith("unix:"):
        address, port, kind = "unix", client.removeprefix("unix:"), "unix"
    else:  # the colons of an IPv6 address are in front of the last one
        (address, _, port), kind = client.rpartition(":"), "tcp"
    return MonitorCommand(
        time=float(found[1]),
        db=int(found[2]),
        client_address=address,
        client_port=port,
        client_type=kind,
        command=b" ".join(args).decode("utf-8", "backslashreplace"),
        args=tuple(args),
    )


def _closing(text: str, opening: int) -> int:
    """Return where the argument ends that begins here, or 0 if none does.

    A regular expression would take a hundred times the size of a long argument to find that.
    """
    closing = opening
    while text[opening] == '"' and (closing := text.find('"', closing + 1)) > 0:
        slash = closing
        while text[slash - 1] == "\\":
            slash -= 1
        if (closing - slash) % 2 == 0:  # otherwise the quote is escaped
            return closing if text[closing + 1 : closing + 2] in ("", " ") else 0
    return 0


def _unescaped(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        return bytes.fromhex(escape[1][1:].replace(b"\\x", b"").decode())
    return _CONTROL.get(escape[2], escape[2])


__all__ = ["Monitor", "MonitorCommand", "MonitorCommandInfo"]
