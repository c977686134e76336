"""10,000 tasks at once with default options: no error, bounded memory, and no more connections than the pool has."""

import asyncio
from collections import Counter

from benchmarks.gauges import MIB, peak_resident, reset_peak, resident
from benchmarks.peers.base import Peer
from benchmarks.scenarios.base import KEYS, VALUE_SIZE, Check, Figures, Scenario, Settings, key

TASKS = 10_000
WAVES = 5
#: A task, its coroutines and its entry in line take a few kilobytes; ten is generous, and far from unbounded.
PER_TASK = 10 * 1024
#: What the waves after the first may still add: the allocator's play, not a leak.
PLAY = 8 * MIB


async def measure(peer: Peer, settings: Settings) -> Figures:
    """Start all tasks at once, each doing one GET, and repeat that a few times."""
    tasks = int(TASKS * settings.scale)
    errors: Counter[str] = Counter()

    async def once(number: int) -> None:
        try:
            value = await peer.get(key(number % KEYS))
        except Exception as error:  # counted, whatever it is: that is the result
            errors[type(error).__name__] += 1
        else:
            if value is None or len(value) != VALUE_SIZE:
                errors["wrong value"] += 1

    await peer.get(key(0))
    before = resident()
    peaks = []
    for _ in range(WAVES):
        reset_peak()
        async with asyncio.TaskGroup() as group:
            for number in range(tasks):
                group.create_task(once(number))
        peaks.append(peak_resident())
    return {
        "tasks": tasks,
        "errors": dict(errors),
        "growth_first": peaks[0] - before,
        "growth_later": max(peaks[1:]) - peaks[0],
        "pool_size": peer.pool_size(),
    }


def checks(figures: Figures) -> list[Check]:
    """Hold a run against: no error, growth per task, no growth after the first wave, connections."""
    errors = ", ".join(f"{count} {name}" for name, count in figures["errors"].items())
    first, later, tasks = figures["growth_first"], figures["growth_later"], figures["tasks"]
    connections, size = figures["connections"], figures["pool_size"]
    return [
        Check("errors", errors or "none", "none", not errors),
        Check(
            "memory, first wave",
            f"+{first / MIB:.0f} MiB",
            f"{tasks * PER_TASK / MIB:.0f} MiB",
            first <= tasks * PER_TASK,
        ),
        Check("memory, four more waves", f"+{max(0, later) / MIB:.0f} MiB", f"{PLAY // MIB} MiB", later <= PLAY),
        Check("connections", str(connections), f"pool_size {size}", size is None or connections <= size),
    ]


BURST = Scenario(
    name="burst-10000",
    title=f"{TASKS:,} tasks at once",
    measure=measure,
    pool_sizes=(None,),
    checks=checks,
    rounds=(2, 1),
    connections_seen=True,
)
