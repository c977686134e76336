"""ScanIterators: asynchronous iterators over SCAN, HSCAN, SSCAN and ZSCAN, for clients; a pipeline cannot iterate."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, overload

from redis_aio.commands.hashes import HashCommands
from redis_aio.commands.keys import KeyCommands
from redis_aio.commands.sets import SetCommands
from redis_aio.commands.sorted_sets import SortedSetCommands
from redis_aio.typing import KeyT, PatternT, S


class ScanIterators(KeyCommands[S], HashCommands[S], SetCommands[S], SortedSetCommands[S]):
    """Iterate page by page. What is there throughout comes at least once, what comes or goes meanwhile may come or not.

    ``count`` is a hint how much to look at for each page.
    """

    async def scan_iter(
        self,
        match: PatternT | None = None,
        count: int | None = None,
        _type: str | None = None,
    ) -> AsyncIterator[S]:
        """Iterate over the names of keys that match a glob-style pattern and are of a type; a name may come twice."""
        cursor = 0
        while True:
            cursor, names = await self.scan(cursor, match, count, _type)
            for name in names:
                yield name
            if cursor == 0:
                return

    @overload
    def hscan_iter(
        self,
        name: KeyT,
        match: PatternT | None = None,
        count: int | None = None,
        no_values: Literal[False] | None = None,
    ) -> AsyncIterator[tuple[S, S]]: ...
    @overload
    def hscan_iter(
        self, name: KeyT, match: PatternT | None = None, count: int | None = None, *, no_values: Literal[True]
    ) -> AsyncIterator[S]: ...
    async def hscan_iter(
        self,
        name: KeyT,
        match: PatternT | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> AsyncIterator[Any]:
        """Iterate over ``(field, value)`` of a hash, or with ``no_values`` over the fields (Redis 7.4, Valkey 8)."""
        cursor = 0
        while True:
            cursor, page = await self.hscan(name, cursor, match, count, no_values)
            for item in page.items() if isinstance(page, dict) else page:
                yield item
            if cursor == 0:
                return

    async def sscan_iter(self, name: KeyT, match: PatternT | None = None, count: int | None = None) -> AsyncIterator[S]:
        """Iterate over the members of a set; a member may come twice."""
        cursor = 0
        while True:
            cursor, members = await self.sscan(name, cursor, match, count)
            for member in members:
                yield member
            if cursor == 0:
                return

    async def zscan_iter(
        self,
        name: KeyT,
        match: PatternT | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> AsyncIterator[tuple[S, Any]]:
        """Iterate over ``(member, score)`` of a sorted set; a member may come twice."""
        cursor = 0
        while True:
            cursor, members = await self.zscan(name, cursor, match, count, score_cast_func)
            for member in members:
                yield member
            if cursor == 0:
                return
