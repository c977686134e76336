"""Oracles: what tells right from wrong in a test that cannot know the outcome beforehand.

* :class:`Observer` asks the server itself, over a connection that owes nothing to the client under test.
* :class:`Nonces` knows which reply belongs to which command.
* :func:`clean` finds what a test left behind: connections, descriptors, tasks, warnings, unhandled errors.
* :class:`Heartbeat` measures how long the event loop stood still.
* :class:`SecretTrap` finds planted secrets in logs, warnings and errors.
"""

import asyncio
import contextlib
import gc
import itertools
import logging
import os
import socket
import time
import traceback
import warnings
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Protocol, Self

from tests.support.reference_parser import NOT_READY, ErrorReply, ReferenceParser


class Address(Protocol):
    """Whatever listens: a server or a proxy."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


class Echoing(Protocol):
    """Whatever runs raw commands: a client, a lease."""

    def execute_command(self, *args: Any) -> Any: ...


class ServerError(Exception):
    """The server answered the observer with an error."""


# -- asking the server ------------------------------------------------------------------------------------------------


class Observer:
    """A blocking connection to the server, for questions that take no time."""

    def __init__(self, server: Address, *, timeout: float = 10.0) -> None:
        self._socket = socket.create_connection((server.host, server.port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._parser = ReferenceParser()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def ask(self, *args: str | bytes | int) -> Any:
        """Run one command; an error reply is raised as `ServerError`."""
        words = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
        self._socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        while (reply := self._parser.get()) is NOT_READY:
            if not (data := self._socket.recv(1 << 16)):
                raise ConnectionError("the server closed the observer's connection")
            self._parser.feed(data)
        if isinstance(reply, ErrorReply):
            raise ServerError(reply.text.decode(errors="replace"))
        return reply

    def clients(self, name: str) -> list[dict[str, str]]:
        """Return the entries of CLIENT LIST whose connection is named ``name``."""
        lines: str = self.ask("CLIENT", "LIST").decode()
        entries = [dict(pair.split("=", 1) for pair in line.split(" ")) for line in lines.splitlines()]
        return [entry for entry in entries if entry["name"] == name]

    def executions(self, command: str) -> int:
        """Return how often the server has run ``command`` (lower case, ``config|set``) since CONFIG RESETSTAT."""
        for line in self.ask("INFO", "commandstats").decode().splitlines():
            if line.startswith(f"cmdstat_{command}:calls="):
                return int(line.partition("=")[2].partition(",")[0])
        return 0

    def forget_executions(self) -> None:
        """Let :meth:`executions` begin at 0."""
        self.ask("CONFIG", "RESETSTAT")


# -- whose reply is it ------------------------------------------------------------------------------------------------

_serial = itertools.count(1)


class Nonces:
    """Commands whose only right reply is known: ECHO of a value that is never used again.

    Attributes:
        sent: how many were asked.
        right: how many got their own reply.
        wrong: the replies that were somebody else's.
    """

    def __init__(self) -> None:
        self.sent = 0
        self.right = 0
        self.wrong: list[tuple[str, Any]] = []

    @staticmethod
    def new() -> str:
        """Return a value that nobody else has."""
        return f"nonce-{os.getpid()}-{next(_serial)}"

    async def echo(self, client: Echoing) -> None:
        """Run one; errors are the caller's business, a wrong reply is noted."""
        nonce = self.new()
        self.sent += 1
        self.judge(nonce, await client.execute_command("ECHO", nonce))

    def judge(self, nonce: str, reply: Any) -> None:
        """Compare a reply with the nonce it should be, and note it where it is another."""
        if reply in (nonce, nonce.encode()):
            self.right += 1
        else:
            self.wrong.append((nonce, reply))

    async def settle(self, client: Echoing, count: int, *, at_once: int = 1) -> None:
        """Run ``count`` more, all of which must succeed, and fail if any reply ever was wrong."""
        for start in range(0, count, at_once):
            await asyncio.gather(*(self.echo(client) for _ in range(min(at_once, count - start))))
        assert not self.wrong, f"{len(self.wrong)} replies reached the wrong caller, first {self.wrong[:3]}"


# -- what is left behind ----------------------------------------------------------------------------------------------


async def eventually(condition: Callable[[], Any], *, within: float = 5.0, why: Callable[[], object] = str) -> None:
    """Wait until ``condition()`` is true; it is asked every few milliseconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {within:g} s: {why() or condition}")
        await asyncio.sleep(0.005)


def open_descriptors() -> dict[str, str]:
    """Return the sockets and pipes this process has open, by descriptor; not the pairs that event loops use."""
    found = {}
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{name}")
            if target.startswith(("pipe:", "anon_inode:")) or (target.startswith("socket:") and not _paired(int(name))):
                found[name] = target
    return found


def _paired(descriptor: int) -> bool:
    """Tell whether a socket is an end of a nameless pair; uvloop makes a new one each time it runs."""
    with socket.socket(fileno=os.dup(descriptor)) as sock:
        return sock.family == socket.AF_UNIX and not sock.getsockname()


def _this_task() -> "asyncio.Task[Any]":
    task = asyncio.current_task()
    assert task is not None
    return task


@contextlib.asynccontextmanager
async def clean(
    server: Address | None = None, client_name: str | None = None, *, within: float = 5.0
) -> AsyncIterator[None]:
    """Fail unless the body leaves the process and the server as they were.

    Watched: connections named ``client_name`` in CLIENT LIST, descriptors, tasks, ResourceWarning, and calls of the
    loop's exception handler (a task's error that nobody fetched arrives there). What ends may take ``within`` seconds.
    """
    loop = asyncio.get_running_loop()
    unhandled: list[dict[str, Any]] = []
    previous = loop.get_exception_handler()
    gc.collect()
    descriptors = set(open_descriptors().values())
    tasks = asyncio.all_tasks()
    loop.set_exception_handler(lambda _, context: unhandled.append(context))
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            yield
            if server is not None and client_name is not None:
                with Observer(server) as observer:
                    await eventually(
                        lambda: not observer.clients(client_name),
                        within=within,
                        why=lambda: f"CLIENT LIST still has {observer.clients(client_name)}",
                    )
            tasks.add(_this_task())
            await eventually(
                lambda: asyncio.all_tasks() <= tasks,
                within=within,
                why=lambda: f"tasks {asyncio.all_tasks() - tasks}",
            )
            gc.collect()
            await asyncio.sleep(0)
            await eventually(
                lambda: set(open_descriptors().values()) <= descriptors,
                within=within,
                why=lambda: f"descriptors {set(open_descriptors().values()) - descriptors}",
            )
    finally:
        loop.set_exception_handler(previous)
    leaks = [str(warning.message) for warning in caught if issubclass(warning.category, ResourceWarning)]
    assert not leaks, leaks
    assert not unhandled, unhandled


# -- did the loop stand still -----------------------------------------------------------------------------------------


class Heartbeat:
    """Measure the longest time the loop did not turn, in an ``async with``.

    Attributes:
        gap: seconds between two beats, at worst, less the period.
        busy: seconds of CPU this thread used between two beats, at worst: what the machine's load cannot blur.
    """

    period = 0.01

    def __init__(self) -> None:
        self.gap = 0.0
        self.busy = 0.0
        self._task: asyncio.Task[None] | None = None

    async def _beat(self) -> None:
        wall, cpu = time.monotonic(), time.thread_time()
        while True:
            await asyncio.sleep(self.period)
            now, used = time.monotonic(), time.thread_time()
            self.gap = max(self.gap, now - wall - self.period)
            self.busy = max(self.busy, used - cpu)
            wall, cpu = now, used

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._beat())
        await asyncio.sleep(self.period)
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._task is not None
        await asyncio.sleep(2 * self.period)
        self._task.cancel()
        await asyncio.wait([self._task])


# -- did a secret get out ---------------------------------------------------------------------------------------------


class SecretTrap(logging.Handler):
    """Collect everything that is logged, warned or raised in a ``with``, and look for planted secrets in it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(logging.NOTSET)
        self._secrets = list(secrets)
        self._texts: list[str] = []
        self._stack = contextlib.ExitStack()
        self._level = logging.WARNING

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._level = root.level
        root.addHandler(self)
        root.setLevel(logging.NOTSET)
        self._caught = self._stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        return self

    def __exit__(self, *exc: object) -> None:
        logging.getLogger().removeHandler(self)
        logging.getLogger().setLevel(self._level)
        self._texts += [str(warning.message) for warning in self._caught]
        self._stack.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a log record: its message, its arguments, its traceback."""
        self._texts += [record.getMessage(), repr(record.args)]
        if record.exc_info and record.exc_info[1] is not None:
            self.note(record.exc_info[1])

    def note(self, shown: object) -> None:
        """Keep what a user might print: an error with its whole chain, or the repr of an object."""
        self._texts += [repr(shown), str(shown)]
        if isinstance(shown, BaseException):
            self._texts += [repr(shown.args), "".join(traceback.format_exception(shown))]

    @property
    def hits(self) -> list[str]:
        """The texts in which a secret was found."""
        return [text for text in self._texts if any(secret in text for secret in self._secrets)]
