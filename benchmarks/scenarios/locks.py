"""Locks: how fast one is taken and let go when nobody else wants it, and how fair it is when a hundred do."""

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.gauges import percentile
from benchmarks.peers.base import Peer
from benchmarks.scenarios.base import Check, Figures, Scenario, Settings
from benchmarks.scenarios.rates import Meter, measured

CONTENDERS = 100
#: Tasks that use locks at once, each a lock that nobody else wants.
OWNERS = 50
#: The longest wait may be so many times the time that those in front need on average, plus this many seconds.
STRETCH, PLAY = 2.0, 0.05
#: Seconds of contention that are measured.
SECONDS = 3.0


def lock_of(peer: Peer, number: int = 0) -> Any:
    """Return a new lock object of the client's own; a client that has no locks raises."""
    return peer.client.lock(f"bench:lock:{number}", timeout=30)  # type: ignore[attr-defined]  # each peer's own client


def uncontended(tasks: int) -> Callable[[Peer, Settings], Awaitable[Figures]]:
    """Return the measurement of tasks that take and release in turn, each a lock that nobody else wants."""

    async def measure(peer: Peer, settings: Settings) -> Figures:
        async def worker(meter: Meter, number: int) -> None:
            lock = lock_of(peer, number)
            while meter.running:
                await lock.acquire()
                await lock.release()
                meter.done += 1

        return await measured(worker, tasks, settings)

    return measure


async def contended(peer: Peer, settings: Settings) -> Figures:
    """A hundred tasks take and release one lock, each again as soon as it has released it.

    With each acquire is noted how long it waited, and how often the lock was given to somebody meanwhile: in a queue
    that is the number of those in front.
    """
    waits, ahead = array("d"), array("l")
    given = 0
    until = time.perf_counter() + max(SECONDS * settings.scale, settings.seconds)

    async def contender() -> None:
        nonlocal given
        lock = lock_of(peer)
        while (asked := time.perf_counter()) < until:
            before = given
            await lock.acquire()
            waits.append(time.perf_counter() - asked)
            ahead.append(given - before)
            given += 1
            await lock.release()

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONTENDERS):
            group.create_task(contender())
    took = time.perf_counter() - started
    return {
        "handovers_per_second": given / took,
        "turn_ms": took / given * 1e3,
        "wait_p50_ms": percentile(list(waits), 0.5) * 1e3,
        "wait_max_ms": max(waits) * 1e3,
        "ahead_max": max(ahead),
    }


def checks(figures: Figures) -> list[Check]:
    """Hold the longest wait against the place in the queue, and the most that were served first against those in it."""
    explained = (CONTENDERS * figures["turn_ms"]) * STRETCH + PLAY * 1e3
    longest, median, ahead = figures["wait_max_ms"], figures["wait_p50_ms"], figures["ahead_max"]
    return [
        Check(
            "longest wait",
            f"{longest:.0f} ms, median {median:.1f} ms",
            f"< {explained:.0f} ms, {STRETCH:g}x a turn of all",
            longest < explained,
        ),
        Check("served before it at most", f"{ahead}", f"< {CONTENDERS}", ahead < CONTENDERS),
        Check("hand-overs a second", f"{figures['handovers_per_second']:,.0f}", "", None),
    ]


LOCKS = [
    Scenario(
        name="lock",
        title="lock: acquire and release",
        measure=uncontended(1),
        seeds=(),
        goals={"redis-py": 3},
    ),
    Scenario(
        name="lock-50",
        title=f"{OWNERS} locks, a task each",
        measure=uncontended(OWNERS),
        seeds=(),
        pool_sizes=(OWNERS,),
        goals={"redis-py": 3},
    ),
    Scenario(
        name="lock-100",
        title=f"lock with {CONTENDERS} contenders",
        measure=contended,
        seeds=(),
        pool_sizes=(CONTENDERS,),
        checks=checks,
        rounds=(3, 1),
    ),
]
