"""A 50 MB GET beside 200 tasks that GET small values: how much longer do the 200 wait?

Looked at in two ways: over the second that begins with the large GET, for which the project has set itself a bound; and
over the large GET alone, which shows what is stuck behind it.
"""

import asyncio
import time
from array import array

from benchmarks.gauges import percentile
from benchmarks.peers.base import Peer
from benchmarks.scenarios.base import KEYS, VALUE_SIZE, Check, Figures, Scenario, Seed, Settings, key

TASKS = 200
LARGE = 50_000_000
#: The large value's key is the first after the small ones.
LARGE_KEY = key(KEYS)
REPEATS = 4
#: Seconds from the start of the large GET that are looked at; longer where it takes longer.
WINDOW = 1.0
BOUND = 5.0


class Clients:
    """The 200 tasks, with the start and the end of every GET they did."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.running = True
        self.starts = array("d")
        self.ends = array("d")

    async def __aenter__(self) -> "Clients":
        self.tasks = [asyncio.create_task(self._work(key(number))) for number in range(TASKS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running = False
        await asyncio.gather(*self.tasks)

    async def _work(self, name: str) -> None:
        get, clock = self.peer.get, time.perf_counter
        while self.running:
            start = clock()
            await get(name)
            self.ends.append(clock())
            self.starts.append(start)

    def durations(self, since: float, until: float) -> list[float]:
        """Return how long the GETs took that were under way at some moment of this time."""
        return [
            end - start for start, end in zip(self.starts, self.ends, strict=True) if end >= since and start <= until
        ]


async def measure(peer: Peer, settings: Settings) -> Figures:
    """Measure the 200 alone, then with the large GET beside them, several times."""
    async with Clients(peer) as clients:
        await asyncio.sleep(settings.warm_up)
        since = time.perf_counter()
        await asyncio.sleep(WINDOW)
        alone = clients.durations(since, time.perf_counter())
    beside: list[float] = []
    shadow: list[float] = []
    large: list[float] = []
    for _ in range(max(2, int(REPEATS * settings.scale))):
        async with Clients(peer) as clients:
            await asyncio.sleep(settings.warm_up)
            since = time.perf_counter()
            value = await peer.get(LARGE_KEY)
            until = time.perf_counter()
            await asyncio.sleep(max(0.0, since + WINDOW - until))
            end = time.perf_counter()
        assert value is not None
        assert len(value) == LARGE
        large.append(until - since)
        beside += clients.durations(since, end)
        shadow += clients.durations(since, until)
    return {
        "alone_p99_ms": percentile(alone, 0.99) * 1e3,
        "beside_p99_ms": percentile(beside, 0.99) * 1e3,
        "beside_max_ms": max(beside) * 1e3,
        "large_ms": percentile(large, 0.5) * 1e3,
        "samples": len(beside),
        "shadow_p50_ms": percentile(shadow, 0.50) * 1e3,
        "shadow_p99_ms": percentile(shadow, 0.99) * 1e3,
        "shadow_samples": len(shadow),
    }


def checks(figures: Figures) -> list[Check]:
    """Hold the 99th percentile beside the large GET against the one alone."""
    alone, beside, shadow = figures["alone_p99_ms"], figures["beside_p99_ms"], figures["shadow_p99_ms"]
    value = f"{beside:.1f} ms = {beside / alone:.1f}x of {alone:.1f} ms alone"
    under_way = (
        f"{shadow:.0f} ms = {shadow / alone:.1f}x, median {figures['shadow_p50_ms']:.1f} ms, of "
        f"{figures['shadow_samples']:,.0f} GETs in {figures['large_ms']:.0f} ms"
    )
    return [
        Check("p99 of the 200 in its second", value, f"< {BOUND:g}x", beside < BOUND * alone),
        Check("p99 of the 200 while it is under way", under_way, "", None),
    ]


BESIDE = Scenario(
    name="beside-50MB",
    title=f"50 MB GET beside {TASKS} tasks",
    measure=measure,
    seeds=(Seed(KEYS, VALUE_SIZE), Seed(1, LARGE)),
    pool_sizes=(TASKS + 1,),  # no waiting in the pool: redis-py's lets some tasks starve behind the others
    checks=checks,
    rounds=(3, 1),
)
