"""Monitor: every command of the server as an asynchronous iterator, bounded, with gaps where some are missing."""

import asyncio
import gc
import re
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
import redis.asyncio

from redis_aio import Gap, Redis
from redis_aio.exceptions import (
    ClientClosedError,
    ConnectionError,
    InvalidResponse,
    NoPermissionError,
    PubSubError,
    TimeoutError,
)
from redis_aio.monitor import Monitor, MonitorCommand, parse
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import Observer, SecretTrap, eventually
from tests.support.proxy import FaultProxy

AWKWARD = ("", " ", '"', "\\", '\\"', 'a"b" "c', "x\\", "\x00\xff\n\r\t\a\b", "schloß", "] [0 lua]", "'", "\\x41")


@pytest.fixture
def observer(server: RedisServer) -> Iterator[Observer]:
    """A connection beside the client under test."""
    with Observer(server) as connected:
        yield connected


async def until(monitor: Monitor, last: bytes) -> list[MonitorCommand]:
    """Read until a command names ``last``."""
    found = []
    async with asyncio.timeout(10):
        while True:
            item = await monitor.get()
            assert not isinstance(item, Gap)
            found.append(item)
            if last in item["args"]:
                return found


# -- what it delivers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
async def test_every_argument_comes_out_as_it_went_in(
    make_client: MakeClient, protocol: int, decode: bool, observer: Observer, server: RedisServer
) -> None:
    client = make_client(protocol=protocol, decode_responses=decode, db=3)
    started = time.time()
    async with client.monitor() as commands:
        for value in AWKWARD:
            observer.ask("ECHO", value.encode("latin-1", "ignore") or value)
        observer.ask("ECHO", "end")
        seen = await until(commands, b"end")
        echoes = [command for command in seen if command["args"][0] == b"ECHO"]
    assert [command["args"][1] for command in echoes] == [
        value.encode("latin-1", "ignore") for value in (*AWKWARD, "end")
    ]
    for command in echoes:
        assert abs(command["time"] - started) < 60
        assert command["db"] == 0
        assert command["client_type"] == "tcp"
        assert command["client_address"] == server.host
        assert command["client_port"].isdigit()


async def test_scripts_unix_sockets_and_databases(
    client: "Redis[bytes]", make_client: MakeClient, server: RedisServer
) -> None:
    local = make_client(unix_socket_path=server.unix_socket_path, db=2)
    async with client.monitor() as commands:
        await local.execute_command("EVAL", "return redis.call('ECHO', 'inside')", 0)
        await local.set("end", "x")
        seen = {command["args"][0].upper(): command for command in await until(commands, b"end")}
    assert seen[b"EVAL"]["client_type"] == "unix"
    assert (seen[b"EVAL"]["client_address"], seen[b"EVAL"]["client_port"]) == ("unix", server.unix_socket_path)
    assert seen[b"EVAL"]["db"] == 2
    inside = seen[b"ECHO"]
    assert (inside["client_type"], inside["client_address"], inside["client_port"]) == ("lua", "lua", "")
    assert inside["command"] == "ECHO inside"


@pytest.mark.one_loop
async def test_as_redis_py(client: "Redis[bytes]", server: RedisServer, observer: Observer) -> None:
    theirs = redis.asyncio.Redis(host=server.host, port=server.port)
    async with theirs, client.monitor() as ours, theirs.monitor() as their:
        observer.ask("SET", "a key", 'quo"ted', "EX", "10")
        observer.ask("PING", "end")

        async def first(listening: Any) -> Any:
            async for command in listening:
                if command["command"].startswith("SET"):
                    return command
            raise AssertionError("it ended")

        expected: dict[str, Any] = dict(await first(their.listen()))
        found: dict[str, Any] = dict(await first(ours.listen()))
        assert found.pop("args") == (b"SET", b"a key", b'quo"ted', b"EX", b"10")
        assert found == expected
        assert {key: type(value) for key, value in found.items()} == {k: type(v) for k, v in expected.items()}


LINES = {
    b'1.5 [0 [::1]:6379] "GET" "k"': ("tcp", "[::1]", "6379", "GET k"),
    b'1.5 [15 10.0.0.1:1] "PING"': ("tcp", "10.0.0.1", "1", "PING"),
    b'1.5 [0 lua] "SET" "\\xc3\\x9f" "\\xff"': ("lua", "lua", "", "SET \u00df \\xff"),
    b'1.5 [0 unix:/tmp/a ] b/s] "GET" "] \\"x"': ("unix", "unix", "/tmp/a ] b/s", 'GET ] "x'),
    '1.5 [0 lua] "A"': ("lua", "lua", "", "A"),
}


@pytest.mark.parametrize("line", LINES, ids=str)
def test_parse(line: Any) -> None:
    found = parse(line)
    kind, address, port, command = LINES[line]
    assert (found["client_type"], found["client_address"], found["client_port"]) == (kind, address, port)
    assert found["command"] == command
    assert found["time"] == 1.5


@pytest.mark.parametrize(
    "line",
    [b"", b"1", b"1.5 secret", b"1.5 [0 lua] secret", b'1.5 [0 lua] "secret', b'1.5 [x lua] "a"', b'1.5 [0 lua] "a"b"'],
)
def test_parse_refuses_what_is_no_line(line: bytes) -> None:
    with pytest.raises(InvalidResponse) as caught:
        parse(line)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("escaped", ["x", "\\x00", 'a\\n\\"', "\\\\"], ids=["plain", "binary", "mixed", "slashes"])
@pytest.mark.one_loop
async def test_a_long_argument_takes_little_memory(escaped: str) -> None:
    line = f'1.5 [0 lua] "SET" "{escaped * 100_000}"'.encode()
    tracemalloc.start()
    try:
        found = parse(line)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found["args"][1] == escaped.encode().decode("unicode_escape").encode("latin-1") * 100_000
    assert peak < 70 * len(line)


# -- its connection ---------------------------------------------------------------------------------------------------


async def test_its_connection_is_its_own_and_closed_afterwards(
    client: "Redis[bytes]", observer: Observer, make_client: MakeClient
) -> None:
    named = make_client(client_name="monitoring")
    assert await named.ping()
    async with named.monitor() as commands:
        assert len(observer.clients("monitoring")) == 2
        assert await named.get("other") is None
        await until(commands, b"other")
    await eventually(lambda: len(observer.clients("monitoring")) == 1)
    assert named.pool_stats().in_use == 1
    assert await named.get("after") is None
    with pytest.raises(ConnectionError):
        await commands.get()
    await commands.aclose()


async def test_many_come_and_go_without_a_trace(make_client: MakeClient) -> None:
    client = make_client(pool_size=3)
    for _ in range(20):
        async with client.monitor(), client.monitor():
            assert await client.ping()
    assert client.pool_stats().in_use <= 1


async def test_a_user_who_may_not(make_client: MakeClient, server: RedisServer) -> None:
    server.command("ACL", "SETUSER", "blind", "on", ">pw", "~*", "+@all", "-monitor")
    try:
        client = make_client(username="blind", password="pw")
        with pytest.raises(NoPermissionError):
            async with client.monitor():
                pass
        assert await client.ping()
        assert client.pool_stats().in_use <= 1
    finally:
        server.command("ACL", "DELUSER", "blind")


@pytest.mark.one_loop
async def test_a_forgotten_one_does_not_cost_the_server_on(make_client: MakeClient, observer: Observer) -> None:
    client = make_client(client_name="forgetful")

    async def forget() -> None:
        await client.monitor().connect()

    with pytest.warns(ResourceWarning, match="unclosed <Monitor"):  # noqa: PT031 - it may take a collection
        await forget()
        gc.collect()
    await eventually(lambda: not observer.clients("forgetful"))


@pytest.mark.one_loop
async def test_no_server() -> None:
    client: Redis[bytes] = Redis(port=1, max_retries=0)
    with pytest.raises(ConnectionError):
        async with client.monitor():
            pass
    await client.aclose()


async def test_closing_the_client_ends_it(make_client: MakeClient) -> None:
    client = make_client()
    async with client.monitor() as commands:
        reader = asyncio.create_task(_read_on(commands))
        await asyncio.sleep(0)
        await client.aclose()
        with pytest.raises(ClientClosedError):
            await reader
    with pytest.raises(ClientClosedError):
        async with client.monitor():
            pass


async def _read_on(commands: Monitor) -> None:
    async for _ in commands:
        pass


@pytest.mark.one_loop
async def test_connected_anew_while_it_is_closed(client: "Redis[bytes]", observer: Observer) -> None:
    """The end of what was given up is not the end of what has taken its place."""
    monitor = client.monitor()
    first = asyncio.ensure_future(monitor.connect())
    await asyncio.sleep(0)
    await monitor.aclose()
    async with monitor:
        with pytest.raises(ConnectionError, match="closed"):
            await first
        observer.ask("ECHO", "anew")
        assert await until(monitor, b"anew")


@pytest.mark.parametrize("ticks", range(0, 30, 3))
async def test_entering_is_given_up(client: "Redis[bytes]", ticks: int) -> None:
    async def enter() -> None:
        async with client.monitor():
            await asyncio.sleep(30)

    task = asyncio.create_task(enter())
    for _ in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await eventually(lambda: client.pool_stats().in_use <= 1)
    assert await client.ping()


# -- nothing is lost without a word -----------------------------------------------------------------------------------


async def test_a_cancelled_reader_takes_nothing(client: "Redis[bytes]", observer: Observer) -> None:
    total = 300
    async with client.monitor() as commands:
        seen: list[int] = []

        async def publish() -> None:
            for number in range(total):
                observer.ask("ECHO", f"n{number}")
                if number % 10 == 0:
                    await asyncio.sleep(0.001)

        publisher = asyncio.create_task(publish())
        deadline = time.monotonic() + 20
        while len(seen) < total and time.monotonic() < deadline:
            with anyio.move_on_after(0.0005):
                while True:
                    item = await commands.get()
                    assert not isinstance(item, Gap)
                    if found := re.fullmatch(r"ECHO n(\d+)", item["command"]):
                        seen.append(int(found[1]))
        await publisher
    assert seen == list(range(total))


async def test_a_lost_connection_is_a_gap(make_client: MakeClient, server: RedisServer, observer: Observer) -> None:
    async with FaultProxy(server.host, server.port) as proxy:
        client = make_client(host=proxy.host, port=proxy.port)
        async with client.monitor() as commands:
            observer.ask("ECHO", "before")
            await until(commands, b"before")
            lost_at = time.time()
            await proxy.kill("rst")
            async with asyncio.timeout(10):
                item = await commands.get()
            assert isinstance(item, Gap)
            assert (item.reason, item.lost) == ("connection", None)
            assert abs(item.since - lost_at) < 5
            observer.ask("ECHO", "after")
            await until(commands, b"after")
            assert commands.stats.reconnects == 1
            await proxy.kill("rst")
            async with asyncio.timeout(10):
                with pytest.raises(ConnectionError, match="missing"):
                    await commands.next_command()
                observer.ask("ECHO", "again")
                while (await commands.next_command())["command"] != "ECHO again":
                    pass


@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest", "error"])
async def test_a_slow_reader_is_told(client: "Redis[bytes]", observer: Observer, overflow: Any) -> None:
    async with client.monitor(buffer=10, overflow=overflow) as commands:
        for number in range(50):
            observer.ask("ECHO", f"n{number}")
        await eventually(lambda: commands.stats.received >= 50 or commands.stats.dropped)
        items: list[Any] = []
        if overflow == "error":
            with pytest.raises(PubSubError):  # noqa: PT012 - the body is what fails
                while True:
                    items.append(await commands.get(timeout=5))
            return
        await eventually(lambda: commands.stats.received >= 50)
        while commands.stats.buffered or not items:
            items.append(await commands.get(timeout=5))
        if overflow == "drop_newest":
            items.append(await commands.get(timeout=5))
        gaps = [item for item in items if isinstance(item, Gap)]
        assert [gap.reason for gap in gaps] == ["overflow"]
        assert gaps[0].lost == commands.stats.dropped == 40
        assert len(items) == 11
        with pytest.raises(TimeoutError):
            await commands.get(timeout=0.01)


async def test_block_holds_the_server_back(client: "Redis[bytes]", observer: Observer) -> None:
    total = 2_000
    async with client.monitor(buffer=10, overflow="block") as commands:
        for number in range(total):
            observer.ask("ECHO", f"n{number}" + "x" * 200)
        seen = await until(commands, f"n{total - 1}".encode() + b"x" * 200)
    assert len([command for command in seen if command["args"][0] == b"ECHO"]) == total
    assert commands.stats.dropped == 0


@pytest.mark.one_loop
async def test_a_dead_connection_is_noticed(make_client: MakeClient, server: RedisServer) -> None:
    async with FaultProxy(server.host, server.port) as proxy:
        client = make_client(host=proxy.host, port=proxy.port, health_check_interval=0.2, read_timeout=0.2)
        async with client.monitor() as commands:
            assert await proxy.log()
            with pytest.raises(TimeoutError):  # its own pings are not shown
                await commands.get(timeout=0.5)
            await proxy.set("down", existing_only=True, blackhole=True)
            async with asyncio.timeout(15):
                assert isinstance(await commands.get(), Gap)


async def test_contents_are_not_logged(client: "Redis[bytes]", observer: Observer) -> None:
    with SecretTrap(["hunter2"]) as trap:
        async with client.monitor() as commands:
            observer.ask("ECHO", "hunter2")
            await until(commands, b"hunter2")
            trap.note(commands)
            observer.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            await commands.get(timeout=10)
    assert not trap.hits


@pytest.mark.one_loop
async def test_bad_options_are_refused(client: "Redis[bytes]") -> None:
    wrong: list[dict[str, Any]] = [{"buffer": 0}, {"buffer": "9"}, {"buffer_bytes": 0}, {"buffer_bytes": None}]
    wrong.append({"overflow": "explode"})
    for options in wrong:
        with pytest.raises(ValueError, match=r"buffer|overflow"):
            client.monitor(**options)
