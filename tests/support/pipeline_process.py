"""Big pipelines in a process of their own, whose memory nothing else has touched: the tests of row 14 start it.

Usage: ``pipeline_process.py <asyncio|uvloop> <host> <port> <scenario> <count> <size>``; it prints `Figures` as JSON.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from redis_aio import Redis
from redis_aio.pipeline import Pipeline
from tests.support.oracles import Heartbeat

_STATUS = Path("/proc/self/status")
_PEAK_RESET = Path("/proc/self/clear_refs")
_SCHEDULING = Path("/proc/thread-self/schedstat")

#: Whether this system can tell how large a process was at its largest.
MEASURABLE = _PEAK_RESET.exists()


@dataclass
class Figures:
    """What a run took.

    Attributes:
        payload: bytes of the commands on the wire, and of the replies.
        queued: bytes of memory that the queued commands took: what the caller has made.
        growth: bytes by which the process was larger at its largest, while the pipeline was executed, than before.
        gap: seconds that the event loop stood still at worst, less those in which the machine had no CPU for it.
        busy: seconds of CPU time that the loop did not turn, at worst.
        seconds: how long ``execute`` took.
        right: how many values were as they should be.
    """

    payload: int
    queued: int
    growth: int
    gap: float
    busy: float
    seconds: float
    right: int


def _memory(name: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def _forget_peak() -> None:
    _PEAK_RESET.write_text("5")


def _waited() -> float:
    """Return how many seconds this thread has been ready to run and did not, because others ran."""
    return int(_SCHEDULING.read_text().split()[1]) / 1e9 if _SCHEDULING.exists() else 0.0


class FairHeartbeat(Heartbeat):
    """A heartbeat that does not blame the loop for the machine's load."""

    async def _beat(self) -> None:
        wall, cpu, waited = time.monotonic(), time.thread_time(), _waited()
        while True:
            await asyncio.sleep(self.period)
            now, used, delayed = time.monotonic(), time.thread_time(), _waited()
            self.gap = max(self.gap, now - wall - self.period - (delayed - waited))
            self.busy = max(self.busy, used - cpu)
            wall, cpu, waited = now, used, delayed


@dataclass(frozen=True)
class Scenario:
    """A pipeline: what is queued, what each value should be, and how many bytes one command and its reply take."""

    queue: Callable[[Pipeline[bytes], int, bytes], object]
    expected: Callable[[int, bytes], Any]
    bytes_each: int
    transaction: bool = False


def _set(pipe: Pipeline[bytes], number: int, value: bytes) -> object:
    return pipe.execute_command("SET", f"key:{number:07d}", value)


def _get(pipe: Pipeline[bytes], number: int, value: bytes) -> object:
    return pipe.execute_command("GET", "key:0000000")


def _both(pipe: Pipeline[bytes], number: int, value: bytes) -> object:
    return _get(pipe, number, value) if number % 2 else pipe.execute_command("SET", "key:0000000", value)


SCENARIOS = {
    "sets": Scenario(_set, lambda number, value: True, 45),
    "transaction": Scenario(_set, lambda number, value: True, 54, transaction=True),
    "gets": Scenario(_get, lambda number, value: value, 40),
    "both": Scenario(_both, lambda number, value: value if number % 2 else True, 40),
}


async def measure(client: "Redis[bytes]", scenario: Scenario, count: int, value: bytes) -> Figures:
    """Run one pipeline and take its figures."""
    await client.execute_command("SET", "key:0000000", value)
    async with client.connection() as lease:  # so that no connection has to be made any more
        await lease.execute_command("PING")
    gc.collect()
    at_first = _memory("VmRSS")
    pipe = client.pipeline(transaction=scenario.transaction)
    for number in range(count):
        scenario.queue(pipe, number, value)
    before = _memory("VmRSS")
    _forget_peak()
    async with FairHeartbeat() as heart:
        started = time.monotonic()
        values = await pipe.execute()
        seconds = time.monotonic() - started
        peak = _memory("VmHWM")
    assert len(values) == count
    right = sum(got == scenario.expected(number, value) for number, got in enumerate(values))
    payload = count * (len(value) + scenario.bytes_each)
    return Figures(payload, before - at_first, peak - before, heart.gap, heart.busy, seconds, right)


async def main(host: str, port: str, name: str, count: str, size: str) -> None:
    """Play one scenario; nothing but the memory and the loop is allowed to fail."""
    client: Redis[bytes] = Redis(host=host, port=int(port))
    async with client:
        figures = await measure(client, SCENARIOS[name], int(count), bytes(int(size)))
    print(json.dumps(asdict(figures)))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if sys.argv[1] == "uvloop" else None) as runner:
        runner.run(main(*sys.argv[2:]))
