"""Row 13: a message is taken off the stream and lost, because who waited for it has given up (C7).

Injected: deadlines of 0 to 2 ms around every receive, of both kinds, while numbered messages come through a proxy that
slices and delays them.

Passing: the numbers that were received are gapless and in order.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from redis_aio import Message, Redis
from redis_aio._execution.mailbox import Overflow
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.proxy import FaultProxy

Receive = Callable[[], Awaitable[Any]]


async def publish(client: "Redis[Any]", count: int, chance: random.Random) -> None:
    """Publish numbers in bursts, with pauses between some of them."""
    number = 0
    while number < count:
        burst = min(chance.randrange(1, 20), count - number)
        pipe = client.pipeline(transaction=False)
        for _ in range(burst):
            pipe.publish("numbers", number)
            number += 1
        await pipe.execute()
        if chance.random() < 0.7:
            await asyncio.sleep(chance.uniform(0, 0.01))


async def receive_all(receive: Receive, count: int, chance: random.Random, limit: str) -> tuple[list[int], int]:
    """Receive so many, giving up again and again; return them, and how often it was given up."""
    numbers: list[int] = []
    given_up = 0
    while len(numbers) < count:
        seconds = chance.uniform(0, 0.002)
        before = len(numbers)
        if limit == "timeout":
            try:
                async with asyncio.timeout(seconds):
                    numbers.append(await receive())
            except TimeoutError:
                pass
        elif limit == "move_on_after":
            with anyio.move_on_after(seconds):
                numbers.append(await receive())
        else:
            task = asyncio.ensure_future(receive())
            await asyncio.sleep(seconds if chance.random() < 0.5 else 0)
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                numbers.append(task.result())
        given_up += len(numbers) == before
    return numbers, given_up


@pytest.mark.parametrize("limit", ["timeout", "move_on_after", "cancel"])
@pytest.mark.parametrize("face", ["drop_oldest", "block", "get_message"])
async def test_gapless_under_deadlines_of_next_to_nothing(
    connect: Connect, proxy: FaultProxy, protocol: int, face: str, limit: str
) -> None:
    chance = random.Random(f"{limit} {face} {protocol}")
    client = connect(protocol=protocol)
    publishing = connect()
    count = scale.PUBSUB_RECEIVES // 5
    await proxy.set("down", slice=97, jitter=0.001)
    if face == "get_message":
        async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe("numbers")
            await pubsub.get_message()

            async def by_get_message() -> int:
                message = None
                while message is None:
                    message = await pubsub.get_message(timeout=None)
                return int(message["data"])

            publisher = asyncio.ensure_future(publish(publishing, count, chance))
            numbers, given_up = await receive_all(by_get_message, count, chance, limit)
    else:
        overflow: Overflow = "block" if face == "block" else "drop_oldest"
        async with client.subscribe("numbers", overflow=overflow) as messages:

            async def by_iteration() -> int:
                item = await anext(messages)
                assert isinstance(item, Message)
                return int(item.data)

            publisher = asyncio.ensure_future(publish(publishing, count, chance))
            numbers, given_up = await receive_all(by_iteration, count, chance, limit)
    await publisher
    assert numbers == list(range(count))
    assert given_up, "no receive was given up: nothing was tested"
