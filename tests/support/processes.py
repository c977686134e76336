"""Looking at processes from outside: whether one has ended, what it prints, whether it listens."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from typing import IO

#: What a machine under load may take to start or end a process, in seconds.
PATIENCE = 20.0


def eventually(check: Callable[[], bool], seconds: float, what: str) -> None:
    """Fail unless ``check`` becomes true within the time."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)


def gone(pid: int) -> bool:
    """Return whether the process has ended, waited for by whoever must or not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return not state.strip() or state.startswith("Z")


def listening(port: int) -> bool:
    """Return whether somebody accepts connections at the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def line_of(process: subprocess.Popen[str]) -> str:
    """Return the next line the process prints."""
    stream: IO[str] | None = process.stdout
    assert stream is not None
    line = stream.readline()
    assert line, f"the process ended, with exit status {process.wait(PATIENCE)}"
    return line.strip()
