"""coredis with its pool, whose connections several tasks share."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.peers.base import Batch, Peer


class Coredis(Peer):
    name = "coredis"
    distribution = "coredis"
    pooled = True

    async def connect(self) -> None:
        from coredis import Redis

        self.stack = AsyncExitStack()
        client = Redis(host=self.address.host, port=self.address.port, max_connections=self.connections)
        self.client: Any = await self.stack.enter_async_context(client)
        self.connections = self.client.connection_pool.max_connections
        self.get = self.client.get
        self.set = self.client.set

    def batch(self) -> Batch:
        batch: Batch = self.client.pipeline(transaction=False)
        return batch

    async def run(self, batch: Any) -> Sequence[Any]:
        async with batch:  # leaving the block is what sends it
            pass
        replies: tuple[Any, ...] = batch.results
        return replies

    async def close(self) -> None:
        await self.stack.aclose()
