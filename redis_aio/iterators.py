"""ScanIterators: asynchronous iterators over SCAN, HSCAN, SSCAN and ZSCAN, for clients; a pipeline cannot iterate."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Literal, overload

from redis_aio.commands.hashes import HashCommands
from redis_aio.commands.keys import KeyCommands
from redis_aio.commands.sets import SetCommands
from redis_aio.commands.sorted_sets import SortedSetCommands
from redis_aio.typing import KeyT, PatternT, S


class Pages:
    """The pages of a SCAN; the next one is asked for while the caller works on this one.

    Args:
        fetch: returns the next cursor and the page at a cursor.
    """

    def __init__(self, fetch: Callable[[int], Coroutine[Any, Any, tuple[int, Any]]]) -> None:
        self._fetch = fetch
        self._coming: asyncio.Task[tuple[int, Any]] | None = None
        self._ended = False

    async def next(self) -> Iterable[Any] | None:
        """Return the next page; ``None`` after the last."""
        if self._ended:
            return None
        cursor, page = await (self._fetch(0) if self._coming is None else self._coming)
        if cursor:
            self._coming = asyncio.get_running_loop().create_task(self._fetch(cursor))
            self._coming.add_done_callback(_take_note)
        else:
            self._coming = None
            self._ended = True
        return page.items() if isinstance(page, dict) else page

    def close(self) -> None:
        """Give up what was asked for."""
        self._ended = True
        if self._coming is not None:
            self._coming.cancel()


def _take_note(task: "asyncio.Task[Any]") -> None:
    """Take note of a failure; the caller hears of it when it wants the page, if it ever does."""
    if not task.cancelled():
        task.exception()


class ScanIterators(KeyCommands[S], HashCommands[S], SetCommands[S], SortedSetCommands[S]):
    """Iterate page by page. What is there throughout comes at least once, what comes or goes meanwhile may come or not.

    The next page is on its way while the caller works on this one. ``count`` is a hint how much to look at for each.
    """

    async def scan_iter(
        self,
        match: PatternT | None = None,
        count: int | None = None,
        _type: str | None = None,
    ) -> AsyncIterator[S]:
        """Iterate over the names of keys that match a glob-style pattern and are of a type; a name may come twice."""
        pages = Pages(lambda cursor: self.scan(cursor, match, count, _type))
        try:
            while (page := await pages.next()) is not None:
                for name in page:
                    yield name
        finally:
            pages.close()

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
        pages = Pages(lambda cursor: self.hscan(name, cursor, match, count, no_values))
        try:
            while (page := await pages.next()) is not None:
                for item in page:
                    yield item
        finally:
            pages.close()

    async def sscan_iter(self, name: KeyT, match: PatternT | None = None, count: int | None = None) -> AsyncIterator[S]:
        """Iterate over the members of a set; a member may come twice."""
        pages = Pages(lambda cursor: self.sscan(name, cursor, match, count))
        try:
            while (page := await pages.next()) is not None:
                for member in page:
                    yield member
        finally:
            pages.close()

    async def zscan_iter(
        self,
        name: KeyT,
        match: PatternT | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> AsyncIterator[tuple[S, Any]]:
        """Iterate over ``(member, score)`` of a sorted set; a member may come twice."""
        pages = Pages(lambda cursor: self.zscan(name, cursor, match, count, score_cast_func))
        try:
            while (page := await pages.next()) is not None:
                for member in page:
                    yield member
        finally:
            pages.close()


__all__ = ["ScanIterators"]
