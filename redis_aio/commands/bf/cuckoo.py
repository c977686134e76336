"""CuckooCommands: Cuckoo filters, as Bloom filters, from which items can be deleted again."""

from collections.abc import Iterable
from typing import Any

from redis_aio._replies import bf as replies
from redis_aio._replies.common import boolean, ok
from redis_aio.commands._arguments import flagged, given, one_or_many, some
from redis_aio.commands.base import ModuleCommands
from redis_aio.typing import EncodableT, KeyT, Reply, S


class CuckooCommands(ModuleCommands[S]):
    """The commands of Cuckoo filters."""

    def create(
        self,
        key: KeyT,
        capacity: int,
        expansion: int | None = None,
        bucket_size: int | None = None,
        max_iterations: int | None = None,
    ) -> Reply[bool]:
        """Make a filter.

        Args:
            key: where.
            capacity: how many items it holds before it grows.
            expansion: how many times larger each further sub-filter is.
            bucket_size: items in each bucket.
            max_iterations: how often items are moved to make room, before the filter counts as full.

        https://redis.io/commands/cf.reserve/
        """
        options = given(EXPANSION=expansion, BUCKETSIZE=bucket_size, MAXITERATIONS=max_iterations)
        return self._run("CF.RESERVE", key, capacity, *options, reply=ok)

    reserve = create

    def add(self, key: KeyT, item: EncodableT) -> Reply[bool]:
        """Add an item, again if it is there.

        https://redis.io/commands/cf.add/
        """
        return self._run("CF.ADD", key, item, reply=boolean)

    def addnx(self, key: KeyT, item: EncodableT) -> Reply[bool]:
        """Add an item that is not there yet; return whether it was added.

        https://redis.io/commands/cf.addnx/
        """
        return self._run("CF.ADDNX", key, item, reply=boolean)

    def insert(
        self, key: KeyT, items: Iterable[EncodableT], capacity: int | None = None, nocreate: bool | None = None
    ) -> Reply[list[bool | int]]:
        """Add items, again if they are there; return for each ``True``, or -1 where the filter is full.

        Args:
            key: the filter.
            items: what to add.
            capacity: of a filter that is made because there is none.
            nocreate: make none; then a missing filter is an error.

        https://redis.io/commands/cf.insert/
        """
        words = self._options(items, capacity, nocreate)
        return self._run("CF.INSERT", key, *words, reply=replies.flags)

    def insertnx(
        self, key: KeyT, items: Iterable[EncodableT], capacity: int | None = None, nocreate: bool | None = None
    ) -> Reply[list[int]]:
        """Add the items that are not there yet; return for each 1, 0 if it was there, or -1 where the filter is full.

        The arguments are those of :meth:`insert`.

        https://redis.io/commands/cf.insertnx/
        """
        return self._run("CF.INSERTNX", key, *self._options(items, capacity, nocreate))

    @staticmethod
    def _options(items: Iterable[EncodableT], capacity: int | None, nocreate: bool | None) -> list[EncodableT]:
        listed = some("items", one_or_many(items))
        return [*given(CAPACITY=capacity), *flagged(NOCREATE=nocreate), "ITEMS", *listed]

    def exists(self, key: KeyT, item: EncodableT) -> Reply[bool]:
        """Return whether an item was probably added; ``False`` is certain.

        https://redis.io/commands/cf.exists/
        """
        return self._run("CF.EXISTS", key, item, reply=boolean)

    def mexists(self, key: KeyT, *items: EncodableT) -> Reply[list[bool]]:
        """Return for each item whether it was probably added.

        https://redis.io/commands/cf.mexists/
        """
        return self._run("CF.MEXISTS", key, *some("items", items), reply=replies.flags)

    def delete(self, key: KeyT, item: EncodableT) -> Reply[bool]:
        """Delete an item once; return whether it was there.

        Deleting what was never added may delete another item.

        https://redis.io/commands/cf.del/
        """
        return self._run("CF.DEL", key, item, reply=boolean)

    def count(self, key: KeyT, item: EncodableT) -> Reply[int]:
        """Return how often an item was probably added.

        https://redis.io/commands/cf.count/
        """
        return self._run("CF.COUNT", key, item)

    def scandump(self, key: KeyT, iter: int) -> Reply[list[Any]]:
        """Return a part of the filter, for :meth:`loadchunk`: ``[next iter, data]``; the next one is 0 after the last.

        ``iter`` is 0 for the first part. The data is ``bytes``, whatever the client decodes.

        https://redis.io/commands/cf.scandump/
        """
        return self._run("CF.SCANDUMP", key, iter)

    def loadchunk(self, key: KeyT, iter: int, data: bytes) -> Reply[S]:
        """Restore a part of a filter; the first one replaces what is there.

        https://redis.io/commands/cf.loadchunk/
        """
        return self._run("CF.LOADCHUNK", key, iter, data)

    def info(self, key: KeyT) -> Reply[replies.CFInfo]:
        """Return what the server knows of a filter.

        https://redis.io/commands/cf.info/
        """
        return self._run("CF.INFO", key, reply=replies.CFInfo)
