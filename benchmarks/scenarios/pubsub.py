"""Messages received per second: by one subscription, by a hundred to one channel, by a hundred to a channel each.

The publisher is another process. It publishes in bursts that wait in the server and the kernel, and what is measured is
how fast a client takes them: on two processors a publisher that goes on meanwhile is slower than the fastest client.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.peers.base import Peer
from benchmarks.scenarios.base import Figures, Scenario, Settings

#: Deliveries of one burst: few enough for the server to keep them, with what it keeps for a slow client.
BURST = 20_000

Iterators = list[AsyncIterator[Any]]


async def _ours(client: Any, channels: Sequence[str], stack: AsyncExitStack) -> Iterators:
    return [await stack.enter_async_context(client.subscribe(channel)) for channel in channels]


async def _redis_py(client: Any, channels: Sequence[str], stack: AsyncExitStack) -> Iterators:
    iterators: Iterators = []
    for channel in channels:
        pubsub = await stack.enter_async_context(client.pubsub(ignore_subscribe_messages=True))
        await pubsub.subscribe(channel)
        await pubsub.get_message(timeout=1.0)
        iterators.append(pubsub.listen())
    return iterators


async def _coredis(client: Any, channels: Sequence[str], stack: AsyncExitStack) -> Iterators:
    iterators: Iterators = []
    for channel in channels:
        pubsub = client.pubsub(channels=[channel], ignore_subscribe_messages=True)
        iterators.append(aiter(await stack.enter_async_context(pubsub)))
    return iterators


#: How each client subscribes, each channel in a subscription of its own.
SUBSCRIBE: dict[str, Callable[[Any, Sequence[str], AsyncExitStack], Awaitable[Iterators]]] = {
    "redis_aio": _ours,
    "redis-py": _redis_py,
    "coredis": _coredis,
}


def subscriptions(count: int, channels: int) -> Callable[[Peer, Settings], Awaitable[Figures]]:
    """Return the measurement of so many subscriptions, spread over so many channels."""

    async def measure(peer: Peer, settings: Settings) -> Figures:
        if peer.name not in SUBSCRIBE:
            raise NotImplementedError(f"{peer.name} takes its subscriptions when it is made, one set a client")
        async with AsyncExitStack() as stack:
            names = [f"bench:{number % channels}" for number in range(count)]
            client: Any = peer.client  # type: ignore[attr-defined]  # each peer's own client
            iterators = await SUBSCRIBE[peer.name](client, names, stack)
            publisher = stack.enter_context(Publisher(peer, channels))
            copies = count // channels
            await drained(publisher, iterators, copies, settings.warm_up)
            return await drained(publisher, iterators, copies, settings.seconds)

    return measure


class Publisher:
    """The process that publishes."""

    def __init__(self, peer: Peer, channels: int) -> None:
        self.channels = channels
        self._command = [sys.executable, "-m", "benchmarks.publisher"]
        self._command += [peer.address.host, str(peer.address.port), str(channels)]

    def __enter__(self) -> "Publisher":
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def publish(self, messages: int) -> None:
        """Publish so many, and return when the server has them all. The event loop stands still meanwhile."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{messages}\n")
        self._process.stdin.flush()
        if not self._process.stdout.readline():
            raise RuntimeError("the publisher has ended")

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)


async def drained(publisher: Publisher, iterators: Iterators, copies: int, seconds: float) -> Figures:
    """Publish bursts, and measure how fast each is received; the time in which it is published does not count."""
    each = BURST // len(iterators)
    spans: list[tuple[float, float]] = []
    while sum(span for span, _ in spans) < seconds:
        publisher.publish(BURST // copies)
        wall, cpu = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for iterator in iterators:
                group.create_task(take(iterator, each))
        spans.append((time.perf_counter() - wall, time.process_time() - cpu))
    received = BURST * len(spans)
    took = sum(span for span, _ in spans)
    return {
        "per_second": received / took,
        "cpu_us": sum(spent for _, spent in spans) / received * 1e6,
        "best_per_second": BURST / min(span for span, _ in spans),
        "best_cpu_us": min(spent for _, spent in spans) / BURST * 1e6,
        "commands": received,
        "seconds": took,
    }


async def take(iterator: AsyncIterator[Any], count: int) -> None:
    """Receive so many messages."""
    async for message in iterator:
        if message is not None:
            count -= 1
        if not count:
            break


PUBSUB = [
    Scenario(
        name="pubsub-1",
        title="1 subscription, 64-byte messages",
        measure=subscriptions(1, 1),
        seeds=(),
        goals={"redis-py": 5, "coredis": 5},
        pool_sizes=(10,),
    ),
    Scenario(
        name="pubsub-100",
        title="deliveries over 100 subscriptions of one client",
        measure=subscriptions(100, 1),
        seeds=(),
        goals={"redis-py": 8, "coredis": 8},
        pool_sizes=(150,),
    ),
    Scenario(
        name="pubsub-channels",
        title="100 subscriptions of one client, a channel each",
        measure=subscriptions(100, 100),
        seeds=(),
        pool_sizes=(150,),
    ),
]
