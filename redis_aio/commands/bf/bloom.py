"""BloomCommands: Bloom filters, which say that an item was probably, or certainly not, added."""

from collections.abc import Iterable
from typing import Any

from redis_aio._replies import bf as replies
from redis_aio._replies.common import boolean, ok
from redis_aio.commands._arguments import flagged, given, one_or_many, some
from redis_aio.commands.base import ModuleCommands
from redis_aio.typing import EncodableT, KeyT, Reply, S


class BloomCommands(ModuleCommands[S]):
    """The commands of Bloom filters."""

    def create(
        self,
        key: KeyT,
        errorRate: float,
        capacity: int,
        expansion: int | None = None,
        noScale: bool | None = None,
    ) -> Reply[bool]:
        """Make a filter.

        Args:
            key: where.
            errorRate: the share of wrong "probably", between 0 and 1.
            capacity: how many items it holds before it grows.
            expansion: how many times larger each further sub-filter is.
            noScale: do not grow; adding to a full filter is an error.

        https://redis.io/commands/bf.reserve/
        """
        options = [*given(EXPANSION=expansion), *flagged(NONSCALING=noScale)]
        return self._run("BF.RESERVE", key, errorRate, capacity, *options, reply=ok)

    reserve = create

    def add(self, key: KeyT, item: EncodableT) -> Reply[bool]:
        """Add an item; return whether it is certainly new.

        https://redis.io/commands/bf.add/
        """
        return self._run("BF.ADD", key, item, reply=boolean)

    def madd(self, key: KeyT, *items: EncodableT) -> Reply[list[bool]]:
        """Add items; return for each whether it is certainly new.

        An item that a full filter did not take has its error in its place.

        https://redis.io/commands/bf.madd/
        """
        return self._run("BF.MADD", key, *some("items", items), reply=replies.flags)

    def insert(
        self,
        key: KeyT,
        items: Iterable[EncodableT],
        capacity: int | None = None,
        error: float | None = None,
        noCreate: bool | None = None,
        expansion: int | None = None,
        noScale: bool | None = None,
    ) -> Reply[list[bool]]:
        """Add items, to a filter that is made if there is none; return for each whether it is certainly new.

        Args:
            key: the filter.
            items: what to add.
            capacity, error, expansion, noScale: as for :meth:`create`, for a filter that is made.
            noCreate: make none; then a missing filter is an error.

        https://redis.io/commands/bf.insert/
        """
        options = given(CAPACITY=capacity, ERROR=error, EXPANSION=expansion)
        options += flagged(NOCREATE=noCreate, NONSCALING=noScale)
        listed = some("items", one_or_many(items))
        return self._run("BF.INSERT", key, *options, "ITEMS", *listed, reply=replies.flags)

    def exists(self, key: KeyT, item: EncodableT) -> Reply[bool]:
        """Return whether an item was probably added; ``False`` is certain.

        https://redis.io/commands/bf.exists/
        """
        return self._run("BF.EXISTS", key, item, reply=boolean)

    def mexists(self, key: KeyT, *items: EncodableT) -> Reply[list[bool]]:
        """Return for each item whether it was probably added.

        https://redis.io/commands/bf.mexists/
        """
        return self._run("BF.MEXISTS", key, *some("items", items), reply=replies.flags)

    def scandump(self, key: KeyT, iter: int) -> Reply[list[Any]]:
        """Return a part of the filter, for :meth:`loadchunk`: ``[next iter, data]``; the next one is 0 after the last.

        ``iter`` is 0 for the first part. The data is ``bytes``, whatever the client decodes.

        https://redis.io/commands/bf.scandump/
        """
        return self._run("BF.SCANDUMP", key, iter)

    def loadchunk(self, key: KeyT, iter: int, data: bytes) -> Reply[S]:
        """Restore a part of a filter; the first one replaces what is there.

        https://redis.io/commands/bf.loadchunk/
        """
        return self._run("BF.LOADCHUNK", key, iter, data)

    def info(self, key: KeyT) -> Reply[replies.BFInfo]:
        """Return what the server knows of a filter.

        https://redis.io/commands/bf.info/
        """
        return self._run("BF.INFO", key, reply=replies.BFInfo)

    def card(self, key: KeyT) -> Reply[int]:
        """Return how many items were added as new; 0 if there is no filter.

        https://redis.io/commands/bf.card/
        """
        return self._run("BF.CARD", key)
