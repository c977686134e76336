"""What is read while a scenario runs: CPU time, memory, and how long the event loop stood still."""

import asyncio
import resource
import sys
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

MIB = 1024 * 1024

_STATUS = Path("/proc/self/status")


def resident() -> int:
    """Return the resident memory of this process in bytes; outside Linux its peak so far."""
    return _status("VmRSS")


def peak_resident() -> int:
    """Return the peak of the resident memory in bytes since `reset_peak`; outside Linux since the start."""
    return _status("VmHWM")


def reset_peak() -> None:
    """Forget the peak of the resident memory, where the system can."""
    if _STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")


def _status(field: str) -> int:
    if not _STATUS.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{_STATUS} has no {field}")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of the values do not exceed; ``values`` need not be sorted."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Heartbeat:
    """Ticks every 10 ms and keeps how much later than asked each tick came: that long was the event loop blocked.

    It keeps the CPU time between ticks as well: what of a block was work of this process, and not another program's.
    """

    INTERVAL = 0.010

    def __init__(self) -> None:
        self.delays = array("d")
        self.work = array("d")

    async def __aenter__(self) -> "Heartbeat":
        self._task = asyncio.create_task(self._beat())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(self.INTERVAL)  # a block that ends with the work would otherwise not be seen
        self._task.cancel()

    async def _beat(self) -> None:
        last, last_cpu = time.perf_counter(), time.process_time()
        while True:
            await asyncio.sleep(self.INTERVAL)
            now, cpu = time.perf_counter(), time.process_time()
            self.delays.append(now - last - self.INTERVAL)
            self.work.append(cpu - last_cpu)
            last, last_cpu = now, cpu

    def longest(self) -> float:
        """Return the longest block in seconds."""
        return max(self.delays, default=0.0)

    def most_work(self) -> float:
        """Return the most CPU time in seconds between two ticks."""
        return max(self.work, default=0.0)
