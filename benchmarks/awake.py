"""Awake: keeps the processors from going to sleep while clients are measured.

A processor with nothing to do sleeps, and a virtual one was seen to take 0.4 ms to wake: several times what a command
takes, whichever client sent it. So each gets a process that always has something to do, of the class that runs only
where nobody else wants to, and that is interrupted at once by whoever does.
"""

import os
import subprocess
import sys

from benchmarks.pinning import CLIENT_CPU, SERVER_CPU, can_pin, pin


def can_stay_awake() -> bool:
    """Return whether this system has such processes, and processors to put them on."""
    return can_pin() and hasattr(os, "SCHED_IDLE")


class Awake:
    """Both processors awake, within ``with``; without effect where the system cannot do it."""

    def __enter__(self) -> "Awake":
        self._processes: list[subprocess.Popen[bytes]] = []
        for cpu in (CLIENT_CPU, SERVER_CPU) if can_stay_awake() else ():
            command = [sys.executable, "-m", "benchmarks.awake", str(cpu), str(os.getpid())]
            self._processes.append(subprocess.Popen(command))
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


def main() -> None:
    """Turn over on one processor until the process that wants it has ended."""
    cpu, parent = map(int, sys.argv[1:])
    pin(cpu)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while os.getppid() == parent:
        for _ in range(100_000):
            pass


if __name__ == "__main__":
    main()
