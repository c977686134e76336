"""A sentinel for the tests: the server program with ``--sentinel``, on a Unix socket."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis_aio.testing.wire import Wire
from tests.support.server import Program


@contextmanager
def running_sentinel(program: Program, folder: Path) -> Iterator[str]:
    """Run the program as a sentinel that watches nothing yet; gives the path of its Unix socket."""
    socket, config, log = folder / "s", folder / "sentinel.conf", folder / "log"
    config.write_text(f"port 0\nunixsocket {socket}\nlogfile {log}\ndir {folder}\n")
    process = subprocess.Popen([program.path, config, "--sentinel"], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not _listens(socket):  # the file is there before anybody listens
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.005)  # until then
        yield os.fspath(socket)
    finally:
        process.kill()
        process.wait(10)


def _listens(path: Path) -> bool:
    try:
        Wire(os.fspath(path), 5.0).close()
    except OSError:
        return False
    return True
