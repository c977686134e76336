"""What the tests of clients that outlive something need beside a loop: threads, processes, garbage."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.oracles import Address, eventually

#: What :func:`program` runs.
PROGRAM = Path(__file__).with_name("lifecycle_process.py")


def soon(condition: Callable[[], Any], why: Callable[[], object] = str) -> None:
    """Wait, without a loop, until ``condition()`` is true."""
    asyncio.run(eventually(condition, why=why))


def in_thread(work: Callable[[], None]) -> Callable[[], None]:
    """Start ``work`` in a thread; return what waits for its end, and raises what it raised."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # raised again by who waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait() -> None:
        thread.join(60)
        assert not thread.is_alive()
        if errors:
            raise errors[0]

    return wait


def program(server: Address, *arguments: str, options: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    """Run one scenario of tests/support/lifecycle_process.py in a process of its own."""
    return subprocess.run(
        [sys.executable, *options, str(PROGRAM), server.host, str(server.port), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=PROGRAM.parents[2],
        env={**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])},
    )


def no_older_garbage() -> None:
    """Let clients that another test dropped give their warnings now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
