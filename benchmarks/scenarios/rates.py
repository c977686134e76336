"""Scenarios whose result is commands per second: GET by tasks in turn, in pipelines, and of large values."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from itertools import pairwise
from typing import Any

from benchmarks.peers.base import Peer
from benchmarks.scenarios.base import KEYS, VALUE_SIZE, Figures, Scenario, Seed, Settings, key

LARGE = {"100 kB": 100_000, "1 MB": 1_000_000}


#: A run is looked at in slices of this many seconds as well, to tell what other programs disturbed the least.
SLICE = 0.05


class Meter:
    """Runs workers for a while and counts what they did; a worker adds to `done` and ends when not `running`."""

    __slots__ = ("_loop", "_marks", "_until", "done", "running")

    def __init__(self) -> None:
        self.running = True
        self.done = 0
        self._loop = asyncio.get_running_loop()
        self._marks: list[tuple[float, float, int]] = []

    async def run(
        self, worker: Callable[["Meter", int], Coroutine[Any, Any, None]], tasks: int, seconds: float
    ) -> Figures:
        """Run so many workers until the time is over, and return their rate and CPU time per command."""
        self._until = time.perf_counter() + seconds
        self._mark()
        async with asyncio.TaskGroup() as group:
            for number in range(tasks):
                group.create_task(worker(self, number))
        (start, start_cpu, _), end, end_cpu = self._marks[0], time.perf_counter(), time.process_time()
        rate, cpu = self.done / (end - start), (end_cpu - start_cpu) / self.done * 1e6
        slices = [
            ((did - did_before) / (wall - before), (spent - spent_before) / (did - did_before) * 1e6)
            for (before, spent_before, did_before), (wall, spent, did) in pairwise(self._marks)
            if did > did_before
        ]
        return {
            "per_second": rate,
            "cpu_us": cpu,
            "best_per_second": max([rate, *(slice_rate for slice_rate, _ in slices)]),
            "best_cpu_us": min([cpu, *(slice_cpu for _, slice_cpu in slices)]),
            "commands": self.done,
            "seconds": end - start,
        }

    def _mark(self) -> None:
        now = time.perf_counter()
        self._marks.append((now, time.process_time(), self.done))
        if now < self._until:
            self._loop.call_later(SLICE, self._mark)
        else:
            self.running = False


async def measured(
    worker: Callable[[Meter, int], Coroutine[Any, Any, None]], tasks: int, settings: Settings
) -> Figures:
    """Run the workers once to warm up, then once that counts."""
    await Meter().run(worker, tasks, settings.warm_up)
    return await Meter().run(worker, tasks, settings.seconds)


def gets_by(tasks: int) -> Callable[[Peer, Settings], Awaitable[Figures]]:
    """Return the measurement of so many tasks that each GET in turn."""

    async def measure(peer: Peer, settings: Settings) -> Figures:
        get = peer.get

        async def worker(meter: Meter, number: int) -> None:
            name = key(number % KEYS)
            value: bytes | None = b""
            while meter.running:
                value = await get(name)
                meter.done += 1
            assert value is not None
            assert len(value) == VALUE_SIZE

        return await measured(worker, tasks, settings)

    return measure


def pipelines_of(size: int) -> Callable[[Peer, Settings], Awaitable[Figures]]:
    """Return the measurement of one task that sends pipelines of so many GETs, one after the other."""

    async def measure(peer: Peer, settings: Settings) -> Figures:
        names = [key(number % KEYS) for number in range(size)]

        async def worker(meter: Meter, _: int) -> None:
            while meter.running:
                batch = peer.batch()
                for name in names:
                    batch.get(name)
                values = await peer.run(batch)
                assert len(values) == size
                assert len(values[-1]) == VALUE_SIZE
                meter.done += size

        return await measured(worker, 1, settings)

    return measure


def large_gets(size: int) -> Callable[[Peer, Settings], Awaitable[Figures]]:
    """Return the measurement of one task that GETs a value of this size in turn."""

    async def measure(peer: Peer, settings: Settings) -> Figures:
        async def worker(meter: Meter, _: int) -> None:
            while meter.running:
                value = await peer.get(key(0))
                assert value is not None
                assert len(value) == size
                meter.done += 1

        return await measured(worker, 1, settings)

    return measure


RATES = [
    Scenario(
        name="tasks-1",
        title="1 task, GET in turn",
        measure=gets_by(1),
        goals={"redis-py": 2.5, "redis-benchmark": 0.9},
        limit=("-c", "1", "-P", "1"),
    ),
    Scenario(
        name="tasks-50",
        title="50 tasks",
        measure=gets_by(50),
        goals={"redis-py": 15, "valkey-glide": 6},
        limit=("-c", "50", "-P", "1"),
        pool_sizes=(1, 10, 50),
    ),
    Scenario(
        name="tasks-1000",
        title="1,000 tasks",
        measure=gets_by(1_000),
        goals={"redis-py": 20, "valkey-glide": 8},
        pool_sizes=(1, 10, 50, 100),
    ),
    *(
        Scenario(
            name=f"pipeline-{size}",
            title=f"pipeline of {size:,}",
            measure=pipelines_of(size),
            goals={"redis-py": 8, "valkey-glide": 4},
            limit=("-c", "1", "-P", "100") if size == 100 else None,
        )
        for size in (100, 1_000)
    ),
    *(
        Scenario(
            name=f"get-{title.replace(' ', '')}",
            title=f"GET of {title}",
            measure=large_gets(size),
            seeds=(Seed(1, size),),
            goals={"redis-py": 1.5},
        )
        for title, size in LARGE.items()
    ),
]
