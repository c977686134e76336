"""Which processor runs what: the client on CPU 0, the server on CPU 1, so that neither takes the other's time."""

import os

CLIENT_CPU = 0
SERVER_CPU = 1


def can_pin() -> bool:
    """Return whether this machine has the call and both processors."""
    return hasattr(os, "sched_setaffinity") and {CLIENT_CPU, SERVER_CPU} <= os.sched_getaffinity(0)


def pin(cpu: int) -> None:
    """Keep this process, and what it starts from now on, on one processor, where that is possible."""
    if hasattr(os, "sched_setaffinity") and cpu in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {cpu})


def unpin(cpus: set[int] | None) -> None:
    """Give this process back the processors that it had."""
    if cpus is not None:
        os.sched_setaffinity(0, cpus)


def allowed() -> set[int] | None:
    """Return the processors of this process, or ``None`` where the system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
