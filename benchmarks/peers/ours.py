"""redis_aio with its default options: timeouts and retries on, nothing tuned."""

from collections.abc import Sequence
from typing import Any

from benchmarks.peers.base import Batch, Peer


class Ours(Peer):
    name = "redis_aio"
    distribution = "redis-aio"

    async def connect(self) -> None:
        from redis_aio import Redis

        self.client: Any = Redis(host=self.address.host, port=self.address.port)
        self.get = self.client.get
        self.set = self.client.set

    def batch(self) -> Batch:
        batch: Batch = self.client.pipeline(transaction=False)
        return batch

    async def run(self, batch: Any) -> Sequence[Any]:
        replies: list[Any] = await batch.execute()
        return replies

    async def close(self) -> None:
        await self.client.aclose()

    def pool_size(self) -> int | None:
        size: int = self.client.connection_pool.options.pool_size
        return size
