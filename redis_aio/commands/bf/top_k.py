"""TopKCommands: sketches that keep the items which occur most often."""

import builtins
from collections.abc import Sequence

from redis_aio._replies import bf as replies
from redis_aio._replies.common import ok
from redis_aio.commands._arguments import some
from redis_aio.commands.base import ModuleCommands
from redis_aio.commands.bf._arguments import incremented
from redis_aio.typing import EncodableT, KeyT, Reply, S


class TopKCommands(ModuleCommands[S]):
    """The commands of top-k sketches. Items that look like numbers come back as numbers, the others as ``str``."""

    def reserve(self, key: KeyT, k: int, width: int, depth: int, decay: float) -> Reply[bool]:
        """Make a sketch that keeps ``k`` items.

        Args:
            key: where.
            k: how many items.
            width: counters in each row.
            depth: rows.
            decay: how probably the counter of another item is lowered, from 0 to 1.

        https://redis.io/commands/topk.reserve/
        """
        return self._run("TOPK.RESERVE", key, k, width, depth, decay, reply=ok)

    def add(self, key: KeyT, *items: EncodableT) -> Reply[builtins.list[str | int | float | None]]:
        """Count items once; return for each which item it drove out, or ``None``.

        https://redis.io/commands/topk.add/
        """
        return self._run("TOPK.ADD", key, *some("items", items), reply=replies.names)

    def incrby(
        self, key: KeyT, items: Sequence[EncodableT], increments: Sequence[int]
    ) -> Reply[builtins.list[str | int | float | None]]:
        """Count items, each as often as its increment says; return for each which item it drove out, or ``None``.

        https://redis.io/commands/topk.incrby/
        """
        return self._run("TOPK.INCRBY", key, *incremented(items, increments), reply=replies.names)

    def query(self, key: KeyT, *items: EncodableT) -> Reply[builtins.list[bool]]:
        """Return for each item whether it is one of those kept.

        https://redis.io/commands/topk.query/
        """
        return self._run("TOPK.QUERY", key, *some("items", items), reply=replies.flags)

    def count(self, key: KeyT, *items: EncodableT) -> Reply[builtins.list[int]]:
        """Return the counts of items. Deprecated by the server.

        https://redis.io/commands/topk.count/
        """
        return self._run("TOPK.COUNT", key, *some("items", items))

    def list(self, key: KeyT, withcount: bool = False) -> Reply[builtins.list[str | int | float]]:
        """Return the items kept, the most frequent first; with their counts in turn, if asked for.

        https://redis.io/commands/topk.list/
        """
        return self._run("TOPK.LIST", key, *(("WITHCOUNT",) if withcount else ()), reply=replies.names)

    def info(self, key: KeyT) -> Reply[replies.TopKInfo]:
        """Return what the server knows of a sketch.

        https://redis.io/commands/topk.info/
        """
        return self._run("TOPK.INFO", key, reply=replies.top_k_info)
