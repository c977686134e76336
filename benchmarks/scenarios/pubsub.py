"""Messages received per second: by one subscription, by a hundred to one channel, by a hundred to a channel each.

The publisher is another process. It is told what was received and never gets far ahead, so nothing is dropped.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.peers.base import Peer
from benchmarks.scenarios.base import Figures, Scenario, Settings
from benchmarks.scenarios.rates import Meter

#: Seconds between two words to the publisher.
TELL = 0.002

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
            command = [sys.executable, "-m", "benchmarks.publisher"]
            address = (peer.address.host, str(peer.address.port), str(channels))
            publisher = subprocess.Popen([*command, *address], stdin=subprocess.PIPE)
            stack.callback(publisher.wait, 10)
            assert publisher.stdin is not None
            stack.callback(publisher.stdin.close)
            return await _received(iterators, settings, publisher, count // channels)

    return measure


async def _received(
    iterators: Iterators, settings: Settings, publisher: "subprocess.Popen[bytes]", copies: int
) -> Figures:
    meters: list[Meter] = []

    async def worker(meter: Meter, number: int) -> None:
        async for message in iterators[number]:
            if message is not None:
                meter.done += 1
            if not meter.running:
                break

    async def tell() -> None:
        assert publisher.stdin is not None
        while True:
            publisher.stdin.write(b"%d\n" % (sum(meter.done for meter in meters) // copies))
            publisher.stdin.flush()
            await asyncio.sleep(TELL)

    telling = asyncio.ensure_future(tell())
    try:
        for seconds in (settings.warm_up, settings.seconds):
            meters.append(Meter())
            figures = await meters[-1].run(worker, len(iterators), seconds)
    finally:
        telling.cancel()
        await asyncio.wait([telling])
    return figures


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
