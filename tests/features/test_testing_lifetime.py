"""The embedded server never outlives the process that started it; the command line that runs one."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from redis_aio.testing import RedisServer
from redis_aio.testing.ports import free_port
from tests.support.processes import PATIENCE, eventually, gone, line_of, listening
from tests.support.server import Program

ROOT = Path(__file__).parents[2]


@pytest.fixture
def binary(server_program: Program) -> Path:
    """The server program the tests run with."""
    return server_program.path


# --- it never outlives its parent ------------------------------------------------------------------------------------

STARTS_ONE = """
import os, sys, threading, time
from redis_aio.testing import RedisServer
how = sys.argv[2]
server = RedisServer(binary=sys.argv[1])
if how == "thread":
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
else:
    server.start()
if how == "paused":
    server.pause()
if how == "restarted":
    server.restart()
if how == "forked" and not os.fork():
    os.close(1)
    time.sleep(600)
print(server.pid, server.unix_socket_path, flush=True)
if how == "exits":
    sys.exit()
if how == "raises":
    raise SystemExit("an error")
time.sleep(600)
"""


@pytest.fixture
def parent(binary: Path) -> Iterator[Callable[[str], tuple[subprocess.Popen[str], int, Path]]]:
    """Start a process that starts a server: the process, the server's pid, its folder."""
    children: list[subprocess.Popen[str]] = []

    def start(how: str) -> tuple[subprocess.Popen[str], int, Path]:
        command = [sys.executable, "-c", STARTS_ONE, str(binary), how]
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        children.append(child)
        pid, path = line_of(child).split()
        return child, int(pid), Path(path).parent

    yield start
    for child in children:
        # The group: also the child that it forked.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(PATIENCE)
        assert child.stdout is not None
        child.stdout.close()


Parent = Callable[[str], tuple[subprocess.Popen[str], int, Path]]


@pytest.mark.parametrize("how", ["plain", "thread", "paused", "restarted", "forked"])
def test_parent_killed_server_gone(parent: Parent, how: str) -> None:
    process, pid, folder = parent(how)
    assert not gone(pid)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    eventually(lambda: gone(pid), 2, "the server's end")
    eventually(lambda: not folder.exists(), PATIENCE, "its folder's end")


@pytest.mark.parametrize("how", ["exits", "raises"])
def test_parent_ended_without_stopping_it(parent: Parent, how: str) -> None:
    process, pid, folder = parent(how)
    process.wait(PATIENCE)
    eventually(lambda: gone(pid), 2, "the server's end")
    eventually(lambda: not folder.exists(), PATIENCE, "its folder's end")


def test_the_end_of_the_thread_that_started_it_is_not_its_end(binary: Path) -> None:
    server = RedisServer(binary=binary)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join(PATIENCE)
    try:
        assert server.command("PING") == "PONG"
        assert server.running
    finally:
        server.stop()


def test_ctrl_c_in_the_terminal_does_not_reach_it(binary: Path) -> None:
    with RedisServer(binary=binary) as server:
        assert os.getpgid(server.pid) != os.getpgid(0)


# --- the command line ------------------------------------------------------------------------------------------------


@pytest.fixture
def command_line(binary: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start ``python -m redis_aio.testing``: the process, and the URL that it printed."""
    processes: list[subprocess.Popen[str]] = []

    def start(*args: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "redis_aio.testing", "--binary", str(binary), *args]
        # Whoever runs the tests in the background may have had SIGINT ignored, and children inherit that.
        inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        signal.signal(signal.SIGINT, inherited)
        processes.append(process)
        return process, line_of(process)

    yield start
    for process in processes:
        process.kill()
        process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


CommandLine = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_command_line_until_a_signal(command_line: CommandLine, ending: signal.Signals) -> None:
    port = free_port()
    process, url = command_line("--port", str(port))
    assert url == f"redis://127.0.0.1:{port}"
    assert listening(port)
    process.send_signal(ending)
    assert process.wait(PATIENCE) == 0
    assert not listening(port)
    assert process.stdout is not None
    assert process.stdout.read() == ""


def test_command_line_on_a_unix_socket(command_line: CommandLine) -> None:
    process, url = command_line("--unix-socket")
    path = Path(url.removeprefix("unix://"))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(b"SHUTDOWN NOSAVE\r\n")
        connection.settimeout(PATIENCE)
        assert connection.recv(64) == b""
    # The server ended by itself: so does the command, and says so.
    assert process.wait(PATIENCE) == 1
    assert not path.parent.exists()


def test_command_line_killed(command_line: CommandLine) -> None:
    process, url = command_line()
    port = int(url.rpartition(":")[2])
    process.kill()
    process.wait(PATIENCE)
    eventually(lambda: not listening(port), 2, "the server's end")
