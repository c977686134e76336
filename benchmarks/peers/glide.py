"""valkey-glide as its documentation recommends: one client, whose Rust core multiplexes one connection.

Raised from their defaults, so that it is measured and not stopped by them: the 250 ms bound of a request, which a large
value or a long batch overruns, and the 1,000 requests in flight, beyond which it may refuse.
"""

from collections.abc import Sequence
from typing import Any

from benchmarks.peers.base import Batch, Peer


class Glide(Peer):
    name = "valkey-glide"
    distribution = "valkey-glide"

    async def connect(self) -> None:
        from glide import GlideClient, GlideClientConfiguration, NodeAddress

        self.client: Any = await GlideClient.create(
            GlideClientConfiguration(
                [NodeAddress(self.address.host, self.address.port)],
                request_timeout=120_000,
                inflight_requests_limit=1_000_000,
            )
        )
        self.get = self.client.get
        self.set = self.client.set

    def batch(self) -> Batch:
        from glide import Batch as GlideBatch

        batch: Batch = GlideBatch(is_atomic=False)
        return batch

    async def run(self, batch: Any) -> Sequence[Any]:
        replies: list[Any] = await self.client.exec(batch, raise_on_error=True)
        return replies

    async def close(self) -> None:
        await self.client.close()

    def pool_size(self) -> int | None:
        return 1
