"""ScanIterators: asynchronous iterators over SCAN, HSCAN, SSCAN and ZSCAN, for clients; a pipeline cannot iterate."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Literal, TypeAlias, overload

from redis_aio.commands.hashes import HashCommands
from redis_aio.commands.keys import KeyCommands
from redis_aio.commands.sets import SetCommands
from redis_aio.commands.sorted_sets import SortedSetCommands
from redis_aio.typing import KeyT, PatternT, S

#: Returns the next cursor and the page at a cursor.
Fetch: TypeAlias = Callable[[int], Coroutine[Any, Any, tuple[int, Any]]]


class Pages:
    """The pages of a SCAN.

    Args:
        fetch: asks for a page.
        ahead: ask for the next page while the caller works on this one.
    """

    def __init__(self, fetch: Fetch, ahead: bool) -> None:
        self._fetch = fetch
        self._ahead = ahead
        self._cursor = 0
        self._coming: asyncio.Task[tuple[int, Any]] | None = None
        self._ended = False

    async def next(self) -> Iterable[Any] | None:
        """Return the next page; ``None`` after the last."""
        if self._ended:
            return None
        coming, self._coming = self._coming, None
        if coming is not None and _failed(coming):
            coming = None  # what was in its way may have passed, and asking again does no harm
        cursor, page = await (self._fetch(self._cursor) if coming is None else coming)
        self._cursor = cursor
        self._ended = not cursor
        if cursor and self._ahead:
            self._coming = asyncio.get_running_loop().create_task(self._fetch(cursor))
            self._coming.add_done_callback(_failed)
        return page.items() if isinstance(page, dict) else page

    def close(self) -> None:
        """Give up what was asked for."""
        self._ended = True
        if self._coming is not None:
            self._coming.cancel()


def _failed(task: "asyncio.Task[Any]") -> bool:
    """Return whether a task has failed, and take note of it: nobody else may ask."""
    return task.done() and (task.cancelled() or task.exception() is not None)


async def _items(fetch: Fetch, ahead: bool) -> AsyncIterator[Any]:
    """Iterate over what is on the pages."""
    pages = Pages(fetch, ahead)
    try:
        while (page := await pages.next()) is not None:
            for item in page:
                yield item
    finally:
        pages.close()


class ScanIterators(KeyCommands[S], HashCommands[S], SetCommands[S], SortedSetCommands[S]):
    """Iterate page by page. What is there throughout comes at least once, what comes or goes meanwhile may come or not.

    The next page is on its way while the caller works on this one; not where a connection of one's own has a state that
    the caller may change meanwhile. ``count`` is a hint how much to look at for each.
    """

    _fetches_ahead: bool = True

    def scan_iter(
        self,
        match: PatternT | None = None,
        count: int | None = None,
        _type: str | None = None,
    ) -> AsyncIterator[S]:
        """Iterate over the names of keys that match a glob-style pattern and are of a type; a name may come twice."""
        return _items(lambda cursor: self.scan(cursor, match, count, _type), self._fetches_ahead)

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
    def hscan_iter(
        self,
        name: KeyT,
        match: PatternT | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> AsyncIterator[Any]:
        """Iterate over ``(field, value)`` of a hash, or with ``no_values`` over the fields (Redis 7.4, Valkey 8)."""
        return _items(lambda cursor: self.hscan(name, cursor, match, count, no_values), self._fetches_ahead)

    def sscan_iter(self, name: KeyT, match: PatternT | None = None, count: int | None = None) -> AsyncIterator[S]:
        """Iterate over the members of a set; a member may come twice."""
        return _items(lambda cursor: self.sscan(name, cursor, match, count), self._fetches_ahead)

    def zscan_iter(
        self,
        name: KeyT,
        match: PatternT | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> AsyncIterator[tuple[S, Any]]:
        """Iterate over ``(member, score)`` of a sorted set; a member may come twice."""
        return _items(lambda cursor: self.zscan(name, cursor, match, count, score_cast_func), self._fetches_ahead)


__all__ = ["ScanIterators"]
