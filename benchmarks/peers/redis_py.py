"""redis-py's asyncio client: hiredis parses, and a BlockingConnectionPool waits instead of raising when it is busy.

Its default pool is not used: it raises `MaxConnectionsError` from the hundred and first concurrent command on.
"""

from collections.abc import Sequence
from typing import Any

from benchmarks.peers.base import Batch, Peer


class RedisPy(Peer):
    name = "redis-py"
    distribution = "redis"
    pooled = True

    async def connect(self) -> None:
        from redis.asyncio import BlockingConnectionPool, Redis

        sized: dict[str, Any] = {} if self.connections is None else {"max_connections": self.connections}
        # 60 s to wait for a connection instead of 20: with thousands of tasks the wait is long, and it is not what
        # is measured.
        pool = BlockingConnectionPool(host=self.address.host, port=self.address.port, timeout=60, **sized)
        self.connections = pool.max_connections
        self.client: Any = Redis.from_pool(pool)
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
