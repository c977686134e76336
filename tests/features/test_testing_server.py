"""The embedded server: how it is found, started, driven and stopped."""

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import anyio
import pytest

from redis_aio.testing import RedisServer, ServerNotFoundError, ServerStartError, TLSFiles, find_server
from redis_aio.testing import binary as binary_module
from redis_aio.testing import server as server_module
from redis_aio.testing.__main__ import main
from redis_aio.testing.ports import free_port
from redis_aio.testing.wire import ReplyError
from tests.support.processes import PATIENCE, gone, listening
from tests.support.server import Certificates, Program

ROOT = Path(__file__).parents[2]


def folder_of(server: RedisServer) -> Path:
    return Path(server.unix_socket_path).parent


@pytest.fixture
def binary(server_program: Program) -> Path:
    """The server program the tests run with."""
    return server_program.path


# --- which program -----------------------------------------------------------------------------------------------


@pytest.fixture
def empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is all of PATH on a machine without any server."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(binary_module.VARIABLE, raising=False)
    monkeypatch.setattr(binary_module, "WHEEL", "no_such_wheel")
    return tmp_path


def program_at(path: Path) -> Path:
    """Write a program that does nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_without_any_server_one_sentence_says_what_to_do(empty_machine: Path) -> None:
    with pytest.raises(ServerNotFoundError) as caught:
        RedisServer().start()
    assert str(caught.value) == (
        'there is no Redis server here: pip install "redis-aio[server]", or put redis-server on PATH, '
        "or set REDIS_AIO_SERVER to the path of one"
    )


def test_command_line_without_a_server(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as caught:
            main([])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("python -m redis_aio.testing: there is no Redis server here: pip install")


def test_the_order_of_discovery(empty_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = program_at(empty_machine / "site" / "some_wheel" / "_binaries" / "linux-riscv64" / "valkey-server")
    (empty_machine / "site" / "some_wheel" / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(empty_machine / "site")
    monkeypatch.setattr(binary_module, "WHEEL", "some_wheel")
    assert find_server() == wheel
    valkey = program_at(empty_machine / "valkey-server")
    assert find_server() == valkey
    redis = program_at(empty_machine / "redis-server")
    assert find_server() == redis
    named = program_at(empty_machine / "elsewhere" / "named")
    monkeypatch.setenv("REDIS_AIO_SERVER", str(named))
    assert find_server() == named
    explicit = program_at(empty_machine / "explicit")
    assert find_server(explicit) == explicit
    assert find_server("explicit") == explicit


@pytest.mark.parametrize("name", ["nothing-here", "folder", "plain-file"])
def test_what_was_named_must_be_there(empty_machine: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    program_at(empty_machine / "redis-server")
    (empty_machine / "folder").mkdir()
    (empty_machine / "plain-file").touch(mode=0o600)
    path = str(empty_machine / name)
    with pytest.raises(ServerNotFoundError, match=r"the argument 'binary' names '.*', which is no program"):
        find_server(path)
    monkeypatch.setenv("REDIS_AIO_SERVER", path)
    with pytest.raises(ServerNotFoundError, match=r"the environment variable REDIS_AIO_SERVER names '.*', which is no"):
        find_server()


def test_the_wheel_has_a_server_that_runs() -> None:
    bundled = binary_module.bundled_server()
    assert bundled is not None
    with RedisServer(binary=bundled) as server:
        assert server.flavour == "valkey"
        assert server.version >= (9, 1)
        assert server.command("PING") == "PONG"


# --- start and stop -------------------------------------------------------------------------------------------------


def test_a_server_lasts_as_long_as_its_block(binary: Path) -> None:
    with RedisServer(binary=binary) as server:
        pid, port, folder = server.pid, server.port, folder_of(server)
        assert server.running
        assert listening(port)
        assert server.url == f"redis://127.0.0.1:{port}"
        assert server.flavour in ("redis", "valkey")
        assert len(server.version) == 3
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert gone(pid)
    assert not listening(port)
    assert not folder.exists()
    assert not server.running


async def test_an_async_block_too(binary: Path) -> None:
    async with RedisServer(binary=binary) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"PING\r\n")
        assert await reader.readline() == b"+PONG\r\n"
        writer.close()
        await writer.wait_closed()
        pid = server.pid
    assert gone(pid)


def test_started_and_stopped_by_hand(binary: Path) -> None:
    server = RedisServer(binary=binary)
    server.stop()
    first = server.start().pid
    with pytest.raises(RuntimeError, match="was started already"):
        server.start()
    server.stop()
    server.stop()
    assert gone(first)
    for ask in (lambda: server.url, lambda: server.pid, lambda: server.version, server.restart, server.pause):
        with pytest.raises(RuntimeError, match=r"is not (started|running)"):
            ask()
    second = server.start().pid
    assert second != first
    server.stop()


def test_nothing_is_saved(binary: Path) -> None:
    with RedisServer(binary=binary) as server:
        assert server.command("CONFIG", "GET", "save") == [b"save", b""]
        assert server.command("CONFIG", "GET", "appendonly") == [b"appendonly", b"no"]
        server.command("SET", "key", "value")
        server.command("SAVE")
        # What a test saves on purpose goes with the folder.
        assert (folder_of(server) / "dump.rdb").exists()
        folder = folder_of(server)
    assert not folder.exists()


async def test_cancelled_while_it_starts(binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launched = threading.Event()
    identify = RedisServer._identify

    def slow(self: RedisServer) -> None:
        launched.set()
        time.sleep(0.1)  # as a machine under load would
        identify(self)

    monkeypatch.setattr(RedisServer, "_identify", slow)
    server = RedisServer(binary=binary)
    entering = asyncio.create_task(server.__aenter__())
    await anyio.to_thread.run_sync(launched.wait, PATIENCE)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert not server.running
    with pytest.raises(RuntimeError, match="is not started"):
        _ = server.url


@pytest.mark.parametrize("stage", ["starts", "ends"])
async def test_cancelled_at_any_turn_while_it(stage: str, binary: Path) -> None:
    for ticks in range(8):
        server = RedisServer(binary=binary)
        inside, leave = asyncio.Event(), asyncio.Event()

        async def use(server: RedisServer, inside: asyncio.Event, leave: asyncio.Event) -> None:
            async with server:
                inside.set()
                await leave.wait()

        using = asyncio.create_task(use(server, inside, leave))
        if stage == "ends":
            await inside.wait()
            leave.set()
        for _ in range(ticks):
            await asyncio.sleep(0)
        using.cancel()
        for _ in range(ticks % 3):
            await asyncio.sleep(0)
        using.cancel()  # once more, while it cleans up
        await asyncio.wait([using])
        with anyio.fail_after(PATIENCE):
            while server._folder is not None:  # noqa: ASYNC110  # a thread stops it
                await asyncio.sleep(0.005)
        assert not server.running


async def test_entered_twice_it_goes_on(binary: Path) -> None:
    async with RedisServer(binary=binary) as server:
        with pytest.raises(RuntimeError, match="was started already"):
            await server.__aenter__()
        assert server.command("PING") == "PONG"


def test_without_its_guardian_it_leaves_nothing_either(binary: Path) -> None:
    with RedisServer(binary=binary) as server:
        folder, pid = folder_of(server), server.pid
        assert server._guardian is not None
        server._guardian._process.kill()
        server._guardian._process.wait()
    assert gone(pid)
    assert not folder.exists()


def test_a_forked_child_leaves_its_parents_server_alone(binary: Path) -> None:
    code = """
import os, sys
from redis_aio.testing import RedisServer
with RedisServer(binary=sys.argv[1]) as server:
    child = os.fork()
    if not child:
        server.stop()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert server.command("PING") == "PONG"
"""
    subprocess.run([sys.executable, "-c", code, binary], check=True, cwd=ROOT, timeout=PATIENCE)


# --- what it listens on, and how ----------------------------------------------------------------------------------


def test_on_a_unix_socket_only(binary: Path) -> None:
    with RedisServer(binary=binary, unix_socket=True) as server:
        assert server.port == 0
        assert server.url == f"unix://{server.unix_socket_path}"
        assert stat.S_ISSOCK(os.stat(server.unix_socket_path).st_mode)
        assert server.command("CONFIG", "GET", "port") == [b"port", b"0"]


def test_on_a_chosen_port(binary: Path) -> None:
    port = free_port()
    with RedisServer(binary=binary, port=port) as server:
        assert server.port == port
        with pytest.raises(ServerStartError, match="Address already in use"):
            RedisServer(binary=binary, port=port).start()
        assert server.command("PING") == "PONG"


def test_a_lost_race_for_the_port_is_run_again(binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = iter([taken, taken, free_port()])
        monkeypatch.setattr(server_module, "free_port", lambda host: next(ports))
        with RedisServer(binary=binary) as server:
            assert server.port != taken
            assert next(ports, None) is None


def test_with_tls(tls_program: Program, certificates: Certificates) -> None:
    with tls_program.server(tls=certificates.server) as server:
        assert server.url == f"rediss://127.0.0.1:{server.port}"
        assert server.command("CONFIG", "GET", "port") == [b"port", b"0"]
        with (
            socket.create_connection((server.host, server.port), PATIENCE) as plain,
            certificates.context().wrap_socket(plain, server_hostname=server.host) as connection,
        ):
            connection.sendall(b"PING\r\n")
            assert connection.recv(64) == b"+PONG\r\n"


def test_with_tls_that_asks_for_certificates(tls_program: Program, certificates: Certificates) -> None:
    with (
        tls_program.server(tls=certificates.server, config={"tls-auth-clients": "yes"}) as server,
        socket.create_connection((server.host, server.port), PATIENCE) as plain,
        certificates.context(with_client=True).wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"PING\r\n")
        assert connection.recv(64) == b"+PONG\r\n"


SECRETS = ["xyzzy-plain", 'with "quotes" and \\', "with spaces", "ünïcode", "#start", "colon:at@slash/"]


@pytest.mark.parametrize("password", SECRETS)
def test_with_a_password(binary: Path, password: str) -> None:
    with RedisServer(binary=binary, password=password) as server:
        assert server.command("PING") == "PONG"
        with socket.create_connection((server.host, server.port), PATIENCE) as connection:
            connection.sendall(b"PING\r\n")
            assert connection.recv(64).startswith(b"-NOAUTH")
        assert password not in repr(server)
        command = ["ps", "-ww", "-e", "-o", "pid=,args="]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert str(server.pid) in shown
        assert password not in shown


def test_config_directives(binary: Path) -> None:
    config: dict[str, str | int] = {
        "maxmemory": 50_000_000,
        "notify-keyspace-events": "",
        "activedefrag": False,
        "bind": "127.0.0.1 -::1",
    }
    with RedisServer(binary=binary, config=config) as server:
        assert server.command("CONFIG", "GET", "maxmemory") == [b"maxmemory", b"50000000"]
        assert server.command("CONFIG", "GET", "notify-keyspace-events") == [b"notify-keyspace-events", b""]
        assert server.command("CONFIG", "GET", "activedefrag") == [b"activedefrag", b"no"]


# --- what cannot be --------------------------------------------------------------------------------------------------


def test_options_that_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="'port' must be between 1 and 65535, not 0"):
        RedisServer(port=0)
    with pytest.raises(ValueError, match="'port' must be between 1 and 65535, not '6379'"):
        RedisServer(port="6379")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ValueError, match="'password' must not be empty"):
        RedisServer(password="")
    with pytest.raises(ValueError, match="'unix_socket' means no TCP port"):
        RedisServer(unix_socket=True, port=6379)
    with pytest.raises(ValueError, match="'unix_socket' means no TCP port"):
        RedisServer(unix_socket=True, tls=TLSFiles("cert", "key"))
    with pytest.raises(ValueError, match="'config' may not set 'requirepass'"):
        RedisServer(config={"RequirePass": "x"})
    with pytest.raises(ValueError, match="'config' has a line break in the value of 'maxmemory'"):
        RedisServer(config={"maxmemory": "1\nport 6379"})


def test_a_bad_directive_is_told_in_the_servers_words(
    binary: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(server_module, "_LONGEST_FOLDER", 1_000)
    with pytest.raises(ServerStartError, match=r"ended at once, with exit status 1; it wrote:(.|\n)*nonsense"):
        RedisServer(binary=binary, config={"nonsense": 1}).start()
    assert not list(tmp_path.iterdir())


def test_a_program_that_is_no_server() -> None:
    cat = shutil.which("cat")
    assert cat is not None
    with pytest.raises(ServerStartError) as caught:
        RedisServer(binary=cat, password='secret "word"').start()
    # It wrote the configuration back, and the message quotes what it wrote.
    assert "secret" not in str(caught.value)
    sleeper = Path(cat).with_name("tail")
    with pytest.raises(ServerStartError, match=r"ended at once|did not answer within 0.3 s"):
        RedisServer(binary=sleeper, start_timeout=0.3).start()


# --- driving it ------------------------------------------------------------------------------------------------------


def test_paused_and_resumed(binary: Path) -> None:
    with RedisServer(binary=binary) as server:
        server.pause()
        assert server.running
        with pytest.raises(TimeoutError):
            server.command("PING", timeout=0.1)
        server.resume()
        assert server.command("PING") == "PONG"
        server.pause()
    assert not server.running


def test_killed_and_restarted_on_the_same_port(binary: Path) -> None:
    with RedisServer(binary=binary) as server:
        port, path, first = server.port, server.unix_socket_path, server.pid
        server.command("SET", "key", "value")
        server.kill()
        server.kill()
        assert gone(first)
        assert not server.running
        assert not listening(port)
        assert server.port == port
        for _ in range(3):
            server.restart()
            assert (server.port, server.unix_socket_path) == (port, path)
            assert listening(port)
            assert server.command("DBSIZE") == 0
        assert server.pid != first


def test_a_server_that_ended_by_itself(binary: Path) -> None:
    with RedisServer(binary=binary) as server:
        with pytest.raises(TimeoutError, match=r"still runs after 0.01 s"):
            server.wait(0.01)
        with pytest.raises(ConnectionError):
            server.command("SHUTDOWN", "NOSAVE")
        server.wait(PATIENCE)
        assert not server.running
        assert repr(server) == "<RedisServer, not running>"
        with pytest.raises(RuntimeError, match="is not running"):
            server.pause()
        server.restart()
        assert server.command("PING") == "PONG"


def test_commands_behind_the_clients_back(server: RedisServer) -> None:
    server.command("DEL", "list")
    assert server.command("RPUSH", "list", b"\xff", 2, 1.5) == 3
    assert server.command("LRANGE", "list", 0, -1) == [b"\xff", b"2", b"1.5"]
    assert server.command("GET", "missing") is None
    with pytest.raises(ReplyError, match="WRONGTYPE"):
        server.command("GET", "list")
    server.command("DEL", "list")


def test_its_repr_reads_like_prose(binary: Path) -> None:
    with RedisServer(binary=binary) as server:
        version = ".".join(map(str, server.version))
        place = f"127.0.0.1:{server.port}"
        assert repr(server) == f"<RedisServer: {server.flavour} {version} at {place}, pid {server.pid}>"
    assert repr(server) == "<RedisServer, not running>"
