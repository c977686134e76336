"""ScriptedServer: a server that says exactly what a test wrote, byte for byte, and nothing else.

It runs in threads, so a client whose loop stands still still gets its replies into the kernel. Lateness is an event
that the test sets, never a sleep.

A connection follows a :class:`Dialogue`: the handshake commands are answered as a well-behaved server would, unless the
dialogue says otherwise; then come its steps; after the last one the server still understands PING and ECHO.
"""

import asyncio
import contextlib
import enum
import socket
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeAlias

from tests.support.reference_parser import NOT_READY, Invalid, ReferenceParser


class Silence(enum.Enum):
    """Answers that are no bytes."""

    #: Say nothing and go on listening.
    NOTHING = enum.auto()
    #: Close with FIN.
    HANG_UP = enum.auto()
    #: Close with RST.
    RESET = enum.auto()


NOTHING = Silence.NOTHING
HANG_UP = Silence.HANG_UP
RESET = Silence.RESET


@dataclass(frozen=True)
class Later:
    """Give the answer when the event is set; what comes after it waits too."""

    event: threading.Event
    answer: "Answer"


@dataclass(frozen=True)
class Sliced:
    """Send the bytes so many at a time, each in a segment of its own."""

    data: bytes
    size: int = 1


Request: TypeAlias = list[bytes]
#: What to do about a request; a tuple is done in order, a callable is asked with the request.
Answer: TypeAlias = bytes | Silence | Later | Sliced | tuple["Answer", ...] | Callable[[Request], "Answer"]


@dataclass(frozen=True)
class Step:
    """Expect a request that begins with these words (``"GET"``, ``"CLIENT KILL"``; ``""`` is any), and answer it."""

    expect: str
    answer: Answer


@dataclass(frozen=True)
class Dialogue:
    """What one connection hears.

    Args:
        steps: in order; a request out of order is answered with an error and noted in ``surprises``.
        handshake: answers that differ from a good server's, by command (``"HELLO"``, ``"CLIENT SETINFO"``).
        greeting: bytes sent before anything was asked.
    """

    steps: Sequence[Step] = ()
    handshake: Mapping[str, Answer] = field(default_factory=dict)
    greeting: bytes = b""


def bulk(value: bytes) -> bytes:
    """Return the frame of a bulk string."""
    return b"$%d\r\n%s\r\n" % (len(value), value)


def array(*items: bytes) -> bytes:
    """Return the frame of an array of frames."""
    return b"*%d\r\n%s" % (len(items), b"".join(items))


def hello(request: Request) -> bytes:
    """Answer HELLO as a server of version 7.4 does."""
    protocol = int(request[1]) if len(request) > 1 else 2
    pairs = [
        (b"server", bulk(b"redis")),
        (b"version", bulk(b"7.4.0")),
        (b"proto", b":%d\r\n" % protocol),
        (b"id", b":7\r\n"),
        (b"mode", bulk(b"standalone")),
        (b"role", bulk(b"master")),
        (b"modules", array()),
    ]
    head = b"%%%d\r\n" % len(pairs) if protocol == 3 else b"*%d\r\n" % (2 * len(pairs))
    return head + b"".join(bulk(name) + value for name, value in pairs)


GOOD_HANDSHAKE: Mapping[str, Answer] = {
    "HELLO": hello,
    "AUTH": b"+OK\r\n",
    "SELECT": b"+OK\r\n",
    "READONLY": b"+OK\r\n",
    "CLIENT": b"+OK\r\n",
    "CLIENT ID": b":7\r\n",
}


def words(request: Request) -> str:
    """Return the request's first two words, upper case: enough to know a command with its subcommand."""
    return b" ".join(request[:2]).decode(errors="replace").upper()


def is_command(request: Request, name: str) -> bool:
    """Tell whether the request begins with the words of ``name``; an empty name fits every request."""
    expected = name.upper().encode().split()
    return [word.upper() for word in request[: len(expected)]] == expected


class _Closed(Exception):
    """The script closed the connection."""


class _Conversation:
    """One connection: a thread that reads requests and plays the dialogue."""

    def __init__(self, server: "ScriptedServer", number: int, sock: socket.socket, dialogue: Dialogue) -> None:
        self.server = server
        self.number = number
        self.sock = sock
        self.dialogue = dialogue
        self.steps = list(dialogue.steps)
        self.over = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        parser = ReferenceParser()
        with contextlib.suppress(OSError, _Closed, Invalid):
            self.sock.sendall(self.dialogue.greeting)
            while data := self.sock.recv(65536):
                parser.feed(data)
                while (request := parser.get()) is not NOT_READY:
                    self.server.note(self.number, request)
                    self.give(self.answer(request), request)
        self.sock.close()
        self.over = True
        self.server.news()

    def answer(self, request: Request) -> Answer:
        if self.steps and is_command(request, self.steps[0].expect):
            return self.steps.pop(0).answer
        for table in (self.dialogue.handshake, GOOD_HANDSHAKE):
            for name in sorted(table, key=len, reverse=True):
                if is_command(request, name):
                    return table[name]
        if not self.steps and is_command(request, "PING"):
            return b"+PONG\r\n"
        if not self.steps and is_command(request, "ECHO"):
            return bulk(request[1])
        self.server.surprises.append(words(request))
        return b"-ERR not in the script\r\n"

    def give(self, answer: Answer, request: Request) -> None:
        match answer:
            case bytes():
                self.sock.sendall(answer)
            case Sliced(data, size):
                for start in range(0, len(data), size):
                    self.sock.sendall(data[start : start + size])
            case Later(event, later):
                self.server.wait(event)
                self.give(later, request)
            case tuple():
                for part in answer:
                    self.give(part, request)
            case Silence.NOTHING:
                pass
            case Silence.HANG_UP | Silence.RESET:
                if answer is RESET:
                    self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise _Closed
            case _:
                self.give(answer(request), request)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)


class ScriptedServer:
    """Listen on ``host:port`` and play the n-th dialogue to the n-th connection; the last one serves all that follow.

    Attributes:
        requests: ``(connection, request)`` in the order they were read, connections counted from 1.
        surprises: requests that no step expected.
    """

    host = "127.0.0.1"

    def __init__(self, *dialogues: Dialogue) -> None:
        self._dialogues = dialogues or (Dialogue(),)
        self._listener = socket.create_server((self.host, 0))
        self.port = int(self._listener.getsockname()[1])
        self.requests: list[tuple[int, Request]] = []
        self.surprises: list[str] = []
        self._conversations: list[_Conversation] = []
        self._lock = threading.Lock()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, Callable[[], bool]]] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for conversation in self._conversations:
            conversation.close()

    @property
    def connections(self) -> int:
        """How many connections have come so far."""
        return len(self._conversations)

    def received(self, name: str) -> list[Request]:
        """Return the requests so far that begin with these words."""
        return [request for _, request in list(self.requests) if is_command(request, name)]

    async def seen(self, name: str, count: int = 1) -> None:
        """Wait until the ``count``-th such request has been read."""
        await self._until(lambda: len(self.received(name)) >= count)

    async def connected(self, count: int) -> None:
        """Wait until the ``count``-th connection has come."""
        await self._until(lambda: self.connections >= count)

    async def hung_up(self, connection: int) -> None:
        """Wait until this connection, counted from 1, is closed."""
        await self._until(lambda: self.connections >= connection and self._conversations[connection - 1].over)

    async def _until(self, condition: Callable[[], bool], patience: float = 10.0) -> None:
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event, condition)
        with self._lock:
            if condition():
                return
            self._waiters.append(waiter)
        async with asyncio.timeout(patience):
            await event.wait()

    def news(self) -> None:
        """Look at what is waited for (called by the conversations)."""
        with self._lock:
            for waiter in list(self._waiters):
                loop, event, condition = waiter
                if condition():
                    self._waiters.remove(waiter)
                    with contextlib.suppress(RuntimeError):  # that test's loop is closed
                        loop.call_soon_threadsafe(event.set)

    def note(self, connection: int, request: Request) -> None:
        """Remember a request (called by the conversations)."""
        self.requests.append((connection, request))
        self.news()

    def wait(self, event: threading.Event) -> None:
        """Wait for an event of the test's, or the end of the server."""
        while not event.wait(0.02):
            if self._closing.is_set():
                raise _Closed

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            number = len(self._conversations)
            dialogue = self._dialogues[min(number, len(self._dialogues) - 1)]
            conversation = _Conversation(self, number + 1, sock, dialogue)
            self._conversations.append(conversation)
            conversation.thread.start()
            self.news()
