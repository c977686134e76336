"""The pub/sub commands that need no subscription, on each face."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from redis_aio.testing import RedisServer
from tests.commands.conftest import Face, Needs, Text

pytestmark = pytest.mark.one_loop


def frame(*words: str) -> bytes:
    """Return a request."""
    return b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%b\r\n" % (len(w), w.encode()) for w in words)])


@asynccontextmanager
async def subscribed(server: RedisServer, *requests: tuple[str, ...]) -> AsyncIterator[asyncio.StreamReader]:
    """A connection that has subscribed."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        for request in requests:
            writer.write(frame(*request))
            async with asyncio.timeout(5):
                await reader.readuntil(b"subscribe\r\n")
                await reader.readuntil(b":1\r\n" if request is requests[0] else b"\r\n")
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()
        deadline = time.monotonic() + 5
        while server.command("PUBSUB", "CHANNELS") and time.monotonic() < deadline:  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.005)


async def test_publish(face: Face, server: RedisServer) -> None:
    assert await face(lambda r: r.publish("c", "nobody listens")) == 0
    async with subscribed(server, ("SUBSCRIBE", "c")) as reader:
        assert await face(lambda r: r.publish("c", "heard")) == 1
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"heard\r\n")).endswith(b"$5\r\nheard\r\n")


async def test_publish_to_a_shard_channel(face: Face, server: RedisServer, needs: Needs) -> None:
    needs("SPUBLISH")
    assert await face(lambda r: r.spublish("c", "nobody listens")) == 0
    async with subscribed(server, ("SSUBSCRIBE", "c")) as reader:
        assert await face(lambda r: r.spublish("c", "heard")) == 1
        assert await face(lambda r: r.publish("c", "not heard")) == 0
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"heard\r\n")).endswith(b"$5\r\nheard\r\n")


async def test_who_is_subscribed(face: Face, text: Text, server: RedisServer) -> None:
    assert await face(lambda r: r.pubsub_channels()) == []
    assert await face(lambda r: r.pubsub_numpat()) == 0
    async with subscribed(server, ("SUBSCRIBE", "news"), ("PSUBSCRIBE", "n*")):
        assert await face(lambda r: r.pubsub_channels()) == text(["news"])
        assert await face(lambda r: r.pubsub_channels("n?ws")) == text(["news"])
        assert await face(lambda r: r.pubsub_channels("x*")) == []
        assert await face(lambda r: r.pubsub_numpat()) == 1
        assert await face(lambda r: r.pubsub_numsub("other", "news")) == text([("other", 0), ("news", 1)])
        assert await face(lambda r: r.pubsub_numsub()) == []


async def test_who_is_subscribed_to_shard_channels(face: Face, text: Text, server: RedisServer, needs: Needs) -> None:
    needs("PUBSUB SHARDNUMSUB")
    assert await face(lambda r: r.pubsub_shardchannels()) == []
    async with subscribed(server, ("SSUBSCRIBE", "news")):
        assert await face(lambda r: r.pubsub_shardchannels("n*")) == text(["news"])
        assert await face(lambda r: r.pubsub_shardnumsub("other", b"news")) == text([("other", 0), ("news", 1)])
