"""States in which a client can be closed: each makes a client, brings it there and says which calls are under way."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

from redis_aio import Redis
from redis_aio.testing import RedisServer
from tests.support.oracles import Nonces, Observer, eventually
from tests.support.proxy import FaultProxy
from tests.support.scripted import NOTHING, Dialogue, ScriptedServer
from tests.support.scripted_tls import ScriptedTLSServer
from tests.support.server import Certificates

Underway: TypeAlias = "list[asyncio.Task[Any]]"
State: TypeAlias = "Callable[[Setting, AsyncExitStack], Awaitable[tuple[Redis[Any], Underway]]]"


@dataclass
class Setting:
    """What states are made of.

    Attributes:
        connect: makes a client of the test server through ``proxy``, or of another address.
        proxy: to the test server.
        observer: beside it.
        fixture: gives what only few states need: a private server to stop, and certificates.
    """

    connect: Callable[..., "Redis[Any]"]
    proxy: FaultProxy
    observer: Observer
    fixture: Callable[[str], Any]


def _start(client: "Redis[Any]", count: int, *command: Any) -> Underway:
    return [asyncio.ensure_future(client.execute_command(*command)) for _ in range(count)]


async def _warm(client: "Redis[Any]", leases: int = 1) -> None:
    """Have so many connections beside the shared one."""
    await Nonces().settle(client, 1)
    async with AsyncExitStack() as stack:
        for _ in range(leases):
            await Nonces().settle(await stack.enter_async_context(client.connection()), 1)


async def _idle(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    client = setting.connect()
    await _warm(client, 3)
    return client, []


async def _unused(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    return setting.connect(), []


async def _in_flight(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    client = setting.connect()
    await _warm(client)
    await setting.proxy.hold("down")
    stack.push_async_callback(setting.proxy.clear)
    underway = _start(client, 100, "INCR", "n")
    await asyncio.sleep(0)
    return client, [*underway, *_start(client, 10, "GET", "not written yet")]


async def _blocked(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    client = setting.connect(pool_size=4)
    underway = _start(client, 3, "BLPOP", "nobody-pushes", 0)
    await eventually(lambda: b"blocked_clients:3\r\n" in setting.observer.ask("INFO", "clients"))
    in_line = asyncio.ensure_future(client.execute_command("BLPOP", "nobody-pushes", 0))
    await asyncio.sleep(0)
    return client, [*underway, in_line]


async def _unblocking(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    """A blocked command was given up, and the server has not answered to that yet."""
    client, underway = await _blocked(setting, stack)
    await setting.proxy.hold("down")
    stack.push_async_callback(setting.proxy.clear)
    underway[0].cancel()
    await asyncio.wait([underway[0]])
    await asyncio.sleep(0)
    return client, underway[1:]


async def _handshake(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    server = stack.enter_context(ScriptedServer(Dialogue(handshake={"HELLO": NOTHING})))
    client = setting.connect(host=server.host, port=server.port)
    underway = [*_start(client, 3, "GET", "k"), *_start(client, 2, "BLPOP", "k", 0)]
    await server.connected(3)
    await server.seen("HELLO", 3)
    return client, underway


async def _connecting(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    """The listener's queue is full, so that the kernel answers no further SYN."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(8):
        filler = stack.enter_context(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
    client = setting.connect(host="127.0.0.1", port=listener.getsockname()[1])
    underway = [*_start(client, 3, "GET", "k"), *_start(client, 2, "BLPOP", "k", 0)]
    await asyncio.sleep(0.05)
    assert client.pool_stats().total == 0
    return client, underway


async def _between_retries(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = setting.connect(host="127.0.0.1", port=port, min_retry_backoff=0.5, max_retry_backoff=0.5)
    underway = _start(client, 3, "GET", "k")
    await eventually(lambda: client.pool_stats().failed_dials > 0)
    return client, underway


async def _stopped(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    server: RedisServer = setting.fixture("private_server")
    client = setting.connect(host=server.host, port=server.port)
    await _warm(client, 2)
    server.pause()
    stack.callback(server.resume)
    underway = [*_start(client, 20, "INCR", "n"), *_start(client, 4, "BLPOP", "k", 0)]
    await asyncio.sleep(0.02)
    return client, underway


async def _stalled(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    """The peer takes nothing more: the transport is full, and callers wait for room."""
    client = setting.connect(pool_size=2)
    await _warm(client)
    await setting.proxy.set("up", stall=True)
    stack.push_async_callback(setting.proxy.clear)
    underway = _start(client, 5, "SET", "k", bytes(8_000_000))
    await asyncio.sleep(0.02)
    return client, [*underway, *_start(client, 20, "GET", "k")]


async def _pipeline(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    client = setting.connect()
    await _warm(client)
    await setting.proxy.set("up", bandwidth=1_000_000)
    stack.push_async_callback(setting.proxy.clear)
    pipe = client.pipeline(transaction=False)
    for number in range(100_000):
        pipe.execute_command("SET", "k", number)
    received = sum(link["up"]["received"] for link in await setting.proxy.log())
    underway: Underway = [asyncio.ensure_future(pipe.execute())]
    await setting.proxy.wait_received(received + 100_000, "up")
    return client, underway


async def _tls(setting: Setting, stack: AsyncExitStack, *, busy: bool) -> "tuple[Redis[Any], Underway]":
    """The peer never answers that the connection is being closed."""
    certificates: Certificates = setting.fixture("certificates")
    server = stack.enter_context(ScriptedTLSServer(certificates))
    proxy = stack.enter_context(FaultProxy(server.host, server.port))
    client = setting.connect(host=proxy.host, port=proxy.port, ssl_context=certificates.context())
    await _warm(client, 3)
    await proxy.set(blackhole=True)
    underway = _start(client, 5, "ECHO", "x") if busy else []
    await asyncio.sleep(0)
    return client, underway


async def _tls_idle(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    return await _tls(setting, stack, busy=False)


async def _tls_busy(setting: Setting, stack: AsyncExitStack) -> "tuple[Redis[Any], Underway]":
    return await _tls(setting, stack, busy=True)


#: By the name that shows in test ids.
STATES: dict[str, State] = {
    "unused": _unused,
    "idle": _idle,
    "in flight": _in_flight,
    "blocked": _blocked,
    "unblocking": _unblocking,
    "handshake": _handshake,
    "connecting": _connecting,
    "between retries": _between_retries,
    "server stopped": _stopped,
    "proxy stalled": _stalled,
    "pipeline": _pipeline,
    "tls idle": _tls_idle,
    "tls busy": _tls_busy,
}
