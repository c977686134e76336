"""SortedSetCommands: the commands of the group "sorted-set"."""

# Score has a default, so it is never unsolved where score_cast_func is left out.
# pyright: reportInvalidTypeVarUse=false

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from redis_aio._replies import sorted_sets as replies
from redis_aio._replies.common import float_or_none, scan_page
from redis_aio.commands._arguments import at_most_one, one_or_many, some
from redis_aio.commands._collections import counted, keys_and_wait, limit, one_of, scan_options, wait
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, FieldT, KeysT, KeyT, PatternT, Reply, S, TimeoutSecT, ZScoreBoundT

if TYPE_CHECKING:
    import typing_extensions

    #: What ``score_cast_func`` makes of a score.
    Score = typing_extensions.TypeVar("Score", default=float)
else:
    Score = TypeVar("Score")

#: The type of a mapping's keys: a mapping is invariant in it, so a union would refuse ``dict[str, float]``.
MemberT = TypeVar("MemberT", bound=EncodableT)


class SortedSetCommands(CommandGroup[S]):
    """The commands of the group "sorted-set".

    Bounds of scores are numbers, or strings for an open end ("(1.5") or none ("-inf", "+inf"); bounds of members are
    "[a" (included), "(a" (not included), "-" and "+".
    """

    # -- members and scores -------------------------------------------------------------------------------------------

    @overload
    def zadd(
        self,
        name: KeyT,
        mapping: Mapping[MemberT, EncodableT],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: Literal[False] = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Reply[int]: ...
    @overload
    def zadd(
        self,
        name: KeyT,
        mapping: Mapping[MemberT, EncodableT],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        *,
        incr: Literal[True],
        gt: bool = False,
        lt: bool = False,
    ) -> Reply[float | None]: ...
    @overload
    def zadd(
        self,
        name: KeyT,
        mapping: Mapping[MemberT, EncodableT],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Reply[int | float | None]: ...
    def zadd(
        self,
        name: KeyT,
        mapping: Mapping[MemberT, EncodableT],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Reply[Any]:
        """Add members with their scores, updating those already there; return how many are new.

        ``nx`` only adds, ``xx`` only updates, ``gt`` and ``lt`` update only to a greater or a lower score. ``ch``
        counts the changed members too. ``incr``, with one member, adds to its score and returns the sum, or ``None``
        where a condition was not met.

        https://redis.io/commands/zadd/
        """
        pieces = _scored_members(mapping)
        if nx or xx or ch or incr or gt or lt:
            at_most_one(nx=nx, xx=xx)
            at_most_one(nx=nx, gt=gt, lt=lt)
            if incr and len(mapping) != 1:
                raise DataError("incr works on a single member, but mapping has several")
            words = {"NX": nx, "XX": xx, "CH": ch, "INCR": incr, "GT": gt, "LT": lt}
            pieces = [*(word for word, given in words.items() if given), *pieces]
        return self._run("ZADD", name, *pieces, reply=float_or_none if incr else None)

    def zcard(self, name: KeyT) -> Reply[int]:
        """Return how many members there are.

        https://redis.io/commands/zcard/
        """
        return self._run("ZCARD", name)

    def zcount(self, name: KeyT, min: ZScoreBoundT, max: ZScoreBoundT) -> Reply[int]:
        """Return how many members have a score between the bounds.

        https://redis.io/commands/zcount/
        """
        return self._run("ZCOUNT", name, min, max)

    def zincrby(self, name: KeyT, amount: float, value: FieldT) -> Reply[float]:
        """Add to the score of a member, which counts as 0 if there is none; return the sum.

        https://redis.io/commands/zincrby/
        """
        return self._run("ZINCRBY", name, amount, value, reply=float)

    def zlexcount(self, name: KeyT, min: EncodableT, max: EncodableT) -> Reply[int]:
        """Return how many members are between the bounds, where all have the same score.

        https://redis.io/commands/zlexcount/
        """
        return self._run("ZLEXCOUNT", name, min, max)

    def zscore(self, name: KeyT, value: FieldT) -> Reply[float | None]:
        """Return the score of a member, or ``None``.

        https://redis.io/commands/zscore/
        """
        return self._run("ZSCORE", name, value, reply=float_or_none)

    def zmscore(self, key: KeyT, members: FieldT | Iterable[FieldT]) -> Reply[list[float | None]]:
        """Return the scores of members in their order, ``None`` for those that are not there.

        https://redis.io/commands/zmscore/
        """
        return self._run("ZMSCORE", key, *some("members", one_or_many(members)), reply=replies.scores)

    @overload
    def zrank(
        self,
        name: KeyT,
        value: FieldT,
        withscore: Literal[False] = False,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> Reply[int | None]: ...
    @overload
    def zrank(
        self, name: KeyT, value: FieldT, withscore: Literal[True], score_cast_func: Callable[[Any], Score] = ...
    ) -> Reply[list[int | Score] | None]: ...
    @overload
    def zrank(
        self, name: KeyT, value: FieldT, withscore: bool = False, score_cast_func: Callable[[Any], Score] = ...
    ) -> Reply[int | list[int | Score] | None]: ...
    def zrank(
        self, name: KeyT, value: FieldT, withscore: bool = False, score_cast_func: Callable[[Any], Any] = float
    ) -> Reply[Any]:
        """Return the position of a member, 0 having the lowest score, or ``None``; with ``withscore`` [rank, score].

        https://redis.io/commands/zrank/
        """
        return self._rank("ZRANK", name, value, withscore, score_cast_func)

    @overload
    def zrevrank(
        self,
        name: KeyT,
        value: FieldT,
        withscore: Literal[False] = False,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> Reply[int | None]: ...
    @overload
    def zrevrank(
        self, name: KeyT, value: FieldT, withscore: Literal[True], score_cast_func: Callable[[Any], Score] = ...
    ) -> Reply[list[int | Score] | None]: ...
    @overload
    def zrevrank(
        self, name: KeyT, value: FieldT, withscore: bool = False, score_cast_func: Callable[[Any], Score] = ...
    ) -> Reply[int | list[int | Score] | None]: ...
    def zrevrank(
        self, name: KeyT, value: FieldT, withscore: bool = False, score_cast_func: Callable[[Any], Any] = float
    ) -> Reply[Any]:
        """Return the position of a member, 0 having the highest score, or ``None``; with ``withscore`` [rank, score].

        https://redis.io/commands/zrevrank/
        """
        return self._rank("ZREVRANK", name, value, withscore, score_cast_func)

    @overload
    def zrandmember(self, key: KeyT, count: None = None, withscores: Literal[False] = False) -> Reply[S | None]: ...
    @overload
    def zrandmember(self, key: KeyT, count: int, withscores: bool = False) -> Reply[list[S]]: ...
    @overload
    def zrandmember(
        self, key: KeyT, count: int | None = None, withscores: bool = False
    ) -> Reply[S | list[S] | None]: ...
    def zrandmember(self, key: KeyT, count: int | None = None, withscores: bool = False) -> Reply[Any]:
        """Return a random member or ``None``, or with ``count`` a list.

        A positive ``count`` gives distinct members, a negative one exactly that many, possibly repeated. With
        ``withscores``, which needs ``count``, the list is member, text of the score, member, text of the score ...

        https://redis.io/commands/zrandmember/
        """
        if count is None:
            if withscores:
                raise DataError("withscores needs a count")
            return self._run("ZRANDMEMBER", key)
        if withscores:
            return self._run("ZRANDMEMBER", key, count, "WITHSCORES", reply=replies.flat_with_scores)
        return self._run("ZRANDMEMBER", key, count)

    @overload
    def zscan(
        self,
        name: KeyT,
        cursor: int = 0,
        match: PatternT | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Score] = ...,
        *,
        no_scores: Literal[False] = False,
    ) -> Reply[tuple[int, list[tuple[S, Score]]]]: ...
    @overload
    def zscan(
        self,
        name: KeyT,
        cursor: int = 0,
        match: PatternT | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Any] = ...,
        *,
        no_scores: Literal[True],
    ) -> Reply[tuple[int, list[S]]]: ...
    def zscan(
        self,
        name: KeyT,
        cursor: int = 0,
        match: PatternT | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Any] = float,
        *,
        no_scores: bool = False,
    ) -> Reply[Any]:
        """Return the next cursor and some members with their scores, or members only with ``no_scores`` (Valkey 8.0).

        Begin with cursor 0; the scan is complete when it comes back as 0. ``count`` is a hint of how much to visit.

        https://redis.io/commands/zscan/
        """
        options = scan_options(match, count)
        if no_scores:
            return self._run("ZSCAN", name, cursor, *options, "NOSCORES", reply=scan_page)
        parser = replies.scanned_with_scores(score_cast_func)
        return self._run("ZSCAN", name, cursor, *options, reply=parser)

    # -- taking members out -------------------------------------------------------------------------------------------

    def zrem(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Remove members; return how many there were.

        https://redis.io/commands/zrem/
        """
        return self._run("ZREM", name, *some("values", values))

    def zremrangebylex(self, name: KeyT, min: EncodableT, max: EncodableT) -> Reply[int]:
        """Remove the members between the bounds, where all have the same score; return how many there were.

        https://redis.io/commands/zremrangebylex/
        """
        return self._run("ZREMRANGEBYLEX", name, min, max)

    def zremrangebyrank(self, name: KeyT, min: int, max: int) -> Reply[int]:
        """Remove the members from one position to another, both included; return how many there were.

        https://redis.io/commands/zremrangebyrank/
        """
        return self._run("ZREMRANGEBYRANK", name, min, max)

    def zremrangebyscore(self, name: KeyT, min: ZScoreBoundT, max: ZScoreBoundT) -> Reply[int]:
        """Remove the members with a score between the bounds; return how many there were.

        https://redis.io/commands/zremrangebyscore/
        """
        return self._run("ZREMRANGEBYSCORE", name, min, max)

    def zpopmax(self, name: KeyT, count: int | None = None) -> Reply[list[tuple[S, float]]]:
        """Remove and return the member with the highest score, or ``count`` of them, with scores.

        https://redis.io/commands/zpopmax/
        """
        return self._run("ZPOPMAX", name, *_optional(count), reply=replies.with_scores)

    def zpopmin(self, name: KeyT, count: int | None = None) -> Reply[list[tuple[S, float]]]:
        """Remove and return the member with the lowest score, or ``count`` of them, with scores.

        https://redis.io/commands/zpopmin/
        """
        return self._run("ZPOPMIN", name, *_optional(count), reply=replies.with_scores)

    def bzpopmax(self, keys: KeysT, timeout: TimeoutSecT | None = 0) -> Reply[tuple[S, S, float] | None]:
        """Pop the highest member of the first set that has any; return key, member and score.

        Waits up to ``timeout`` seconds, 0 or ``None`` for ever, and returns ``None`` when they are over.

        https://redis.io/commands/bzpopmax/
        """
        return self._run("BZPOPMAX", *keys_and_wait(keys, timeout), reply=replies.popped_with_score)

    def bzpopmin(self, keys: KeysT, timeout: TimeoutSecT | None = 0) -> Reply[tuple[S, S, float] | None]:
        """Pop the lowest member of the first set that has any; return key, member and score.

        Waits up to ``timeout`` seconds, 0 or ``None`` for ever, and returns ``None`` when they are over.

        https://redis.io/commands/bzpopmin/
        """
        return self._run("BZPOPMIN", *keys_and_wait(keys, timeout), reply=replies.popped_with_score)

    def zmpop(
        self,
        num_keys: int,
        keys: KeysT,
        min: bool | None = False,
        max: bool | None = False,
        count: int | None = 1,
    ) -> Reply[list[S | list[list[S]]] | None]:
        """Pop members of the first set that has any; return ``[key, [[member, text of the score], ...]]`` or ``None``.

        Either ``min`` or ``max`` must be true: which end they are taken from. ``num_keys`` is the number of keys.

        https://redis.io/commands/zmpop/
        """
        pieces = _multi_pop(num_keys, keys, min, max, count)
        return self._run("ZMPOP", *pieces, reply=replies.multi_popped)

    def bzmpop(
        self,
        timeout: float,
        numkeys: int,
        keys: KeysT,
        min: bool | None = False,
        max: bool | None = False,
        count: int | None = 1,
    ) -> Reply[list[S | list[list[S]]] | None]:
        """Pop members of the first set that has any, as :meth:`zmpop`.

        Waits up to ``timeout`` seconds, 0 for ever, and returns ``None`` when they are over.

        https://redis.io/commands/bzmpop/
        """
        pieces = _multi_pop(numkeys, keys, min, max, count)
        return self._run("BZMPOP", wait(timeout), *pieces, reply=replies.multi_popped)

    # -- ranges -------------------------------------------------------------------------------------------------------

    @overload
    def zrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        desc: bool = False,
        withscores: Literal[False] = False,
        score_cast_func: Callable[[Any], Any] = ...,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Reply[list[S]]: ...
    @overload
    def zrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        desc: bool = False,
        *,
        withscores: Literal[True],
        score_cast_func: Callable[[Any], Score] = ...,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Reply[list[tuple[S, Score]]]: ...
    @overload
    def zrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        desc: bool,
        withscores: Literal[True],
        score_cast_func: Callable[[Any], Score] = ...,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Reply[list[tuple[S, Score]]]: ...
    @overload
    def zrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        desc: bool = False,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Score] = ...,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Reply[list[S] | list[tuple[S, Score]]]: ...
    def zrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        desc: bool = False,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] = float,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Reply[Any]:
        """Return the members from one position, score (``byscore``) or member (``bylex``) to another, both included.

        In rising order of their scores, falling with ``desc``: then ``start`` is the highest. With ``withscores`` the
        elements are (member, score), where ``score_cast_func`` makes each score from its text. ``offset`` and ``num``
        choose a part of what ``byscore`` or ``bylex`` find.

        https://redis.io/commands/zrange/
        """
        if bylex and withscores:
            raise DataError("withscores does not go together with bylex")
        options = _range_options(byscore, bylex, desc, offset, num)
        if options == ["REV"]:  # servers before 6.2 know it only by this name
            return self.zrevrange(name, start, end, withscores, score_cast_func)
        return self._scored("ZRANGE", (name, start, end, *options), withscores, score_cast_func)

    @overload
    def zrevrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        withscores: Literal[False] = False,
        score_cast_func: Callable[[Any], Any] = ...,
    ) -> Reply[list[S]]: ...
    @overload
    def zrevrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        withscores: Literal[True],
        score_cast_func: Callable[[Any], Score] = ...,
    ) -> Reply[list[tuple[S, Score]]]: ...
    @overload
    def zrevrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Score] = ...,
    ) -> Reply[list[S] | list[tuple[S, Score]]]: ...
    def zrevrange(
        self,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> Reply[Any]:
        """Return the members from one position to another in falling order of their scores, as :meth:`zrange`.

        https://redis.io/commands/zrevrange/
        """
        return self._scored("ZREVRANGE", (name, start, end), withscores, score_cast_func)

    def zrangestore(
        self,
        dest: KeyT,
        name: KeyT,
        start: EncodableT,
        end: EncodableT,
        byscore: bool = False,
        bylex: bool = False,
        desc: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Reply[int]:
        """Replace ``dest`` by what :meth:`zrange` returns; return how many members it has.

        https://redis.io/commands/zrangestore/
        """
        options = _range_options(byscore, bylex, desc, offset, num)
        return self._run("ZRANGESTORE", dest, name, start, end, *options)

    def zrangebylex(
        self, name: KeyT, min: EncodableT, max: EncodableT, start: int | None = None, num: int | None = None
    ) -> Reply[list[S]]:
        """Return the members between the bounds in rising order, where all have the same score.

        ``start`` and ``num`` choose a part of them.

        https://redis.io/commands/zrangebylex/
        """
        return self._run("ZRANGEBYLEX", name, min, max, *limit("start", start, num))

    def zrevrangebylex(
        self, name: KeyT, max: EncodableT, min: EncodableT, start: int | None = None, num: int | None = None
    ) -> Reply[list[S]]:
        """Return the members between the bounds in falling order, where all have the same score.

        ``start`` and ``num`` choose a part of them.

        https://redis.io/commands/zrevrangebylex/
        """
        return self._run("ZREVRANGEBYLEX", name, max, min, *limit("start", start, num))

    @overload
    def zrangebyscore(
        self,
        name: KeyT,
        min: ZScoreBoundT,
        max: ZScoreBoundT,
        start: int | None = None,
        num: int | None = None,
        withscores: Literal[False] = False,
        score_cast_func: Callable[[Any], Any] = ...,
    ) -> Reply[list[S]]: ...
    @overload
    def zrangebyscore(
        self,
        name: KeyT,
        min: ZScoreBoundT,
        max: ZScoreBoundT,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[True],
        score_cast_func: Callable[[Any], Score] = ...,
    ) -> Reply[list[tuple[S, Score]]]: ...
    @overload
    def zrangebyscore(
        self,
        name: KeyT,
        min: ZScoreBoundT,
        max: ZScoreBoundT,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Score] = ...,
    ) -> Reply[list[S] | list[tuple[S, Score]]]: ...
    def zrangebyscore(
        self,
        name: KeyT,
        min: ZScoreBoundT,
        max: ZScoreBoundT,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> Reply[Any]:
        """Return the members with a score between the bounds in rising order of their scores.

        ``start`` and ``num`` choose a part of them; ``withscores`` is that of :meth:`zrange`.

        https://redis.io/commands/zrangebyscore/
        """
        options = limit("start", start, num)
        return self._scored("ZRANGEBYSCORE", (name, min, max, *options), withscores, score_cast_func)

    @overload
    def zrevrangebyscore(
        self,
        name: KeyT,
        max: ZScoreBoundT,
        min: ZScoreBoundT,
        start: int | None = None,
        num: int | None = None,
        withscores: Literal[False] = False,
        score_cast_func: Callable[[Any], Any] = ...,
    ) -> Reply[list[S]]: ...
    @overload
    def zrevrangebyscore(
        self,
        name: KeyT,
        max: ZScoreBoundT,
        min: ZScoreBoundT,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[True],
        score_cast_func: Callable[[Any], Score] = ...,
    ) -> Reply[list[tuple[S, Score]]]: ...
    @overload
    def zrevrangebyscore(
        self,
        name: KeyT,
        max: ZScoreBoundT,
        min: ZScoreBoundT,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Score] = ...,
    ) -> Reply[list[S] | list[tuple[S, Score]]]: ...
    def zrevrangebyscore(
        self,
        name: KeyT,
        max: ZScoreBoundT,
        min: ZScoreBoundT,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> Reply[Any]:
        """Return the members with a score between the bounds in falling order of their scores.

        ``start`` and ``num`` choose a part of them; ``withscores`` is that of :meth:`zrange`.

        https://redis.io/commands/zrevrangebyscore/
        """
        options = limit("start", start, num)
        return self._scored("ZREVRANGEBYSCORE", (name, max, min, *options), withscores, score_cast_func)

    # -- several sets -------------------------------------------------------------------------------------------------

    def zdiff(self, keys: KeysT, withscores: bool = False) -> Reply[list[S]]:
        """Return the members of the first set that are in none of the others.

        With ``withscores`` the list is member, text of the score, member, text of the score ...

        https://redis.io/commands/zdiff/
        """
        pieces = _numbered(keys)
        if withscores:
            return self._run("ZDIFF", *pieces, "WITHSCORES", reply=replies.flat_with_scores)
        return self._run("ZDIFF", *pieces)

    def zdiffstore(self, dest: KeyT, keys: KeysT) -> Reply[int]:
        """Replace ``dest`` by what :meth:`zdiff` returns; return how many members it has.

        https://redis.io/commands/zdiffstore/
        """
        return self._run("ZDIFFSTORE", dest, *_numbered(keys))

    @overload
    def zinter(
        self, keys: KeysT, aggregate: str | None = None, withscores: Literal[False] = False
    ) -> Reply[list[S]]: ...
    @overload
    def zinter(
        self, keys: KeysT, aggregate: str | None = None, *, withscores: Literal[True]
    ) -> Reply[list[tuple[S, float]]]: ...
    @overload
    def zinter(
        self, keys: KeysT, aggregate: str | None = None, withscores: bool = False
    ) -> Reply[list[S] | list[tuple[S, float]]]: ...
    def zinter(self, keys: KeysT, aggregate: str | None = None, withscores: bool = False) -> Reply[Any]:
        """Return the members that are in all sets; with ``withscores`` (member, score).

        ``keys`` may map keys to weights, by which their scores are multiplied. ``aggregate`` says how the scores of a
        member become one: SUM (the default), MIN, MAX, or COUNT (Redis 8.8), which adds the weights instead.

        https://redis.io/commands/zinter/
        """
        return self._scored("ZINTER", _weighted(keys, aggregate), withscores, float)

    def zinterstore(self, dest: KeyT, keys: KeysT, aggregate: str | None = None) -> Reply[int]:
        """Replace ``dest`` by what :meth:`zinter` returns; return how many members it has.

        https://redis.io/commands/zinterstore/
        """
        return self._run("ZINTERSTORE", dest, *_weighted(keys, aggregate))

    def zintercard(self, numkeys: int, keys: KeysT, limit: int = 0) -> Reply[int]:
        """Return how many members :meth:`zinter` would; it stops counting at ``limit``, 0 is none.

        ``numkeys`` is the number of keys.

        https://redis.io/commands/zintercard/
        """
        return self._run("ZINTERCARD", numkeys, *counted("keys", numkeys, keys), "LIMIT", limit)

    @overload
    def zunion(
        self,
        keys: KeysT,
        aggregate: str | None = None,
        withscores: Literal[False] = False,
        score_cast_func: Callable[[Any], Any] = ...,
    ) -> Reply[list[S]]: ...
    @overload
    def zunion(
        self,
        keys: KeysT,
        aggregate: str | None = None,
        *,
        withscores: Literal[True],
        score_cast_func: Callable[[Any], Score] = ...,
    ) -> Reply[list[tuple[S, Score]]]: ...
    @overload
    def zunion(
        self,
        keys: KeysT,
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Score] = ...,
    ) -> Reply[list[S] | list[tuple[S, Score]]]: ...
    def zunion(
        self,
        keys: KeysT,
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] = float,
    ) -> Reply[Any]:
        """Return the members that are in any set; ``keys``, ``aggregate`` and ``withscores`` as :meth:`zinter`.

        https://redis.io/commands/zunion/
        """
        return self._scored("ZUNION", _weighted(keys, aggregate), withscores, score_cast_func)

    def zunionstore(self, dest: KeyT, keys: KeysT, aggregate: str | None = None) -> Reply[int]:
        """Replace ``dest`` by what :meth:`zunion` returns; return how many members it has.

        https://redis.io/commands/zunionstore/
        """
        return self._run("ZUNIONSTORE", dest, *_weighted(keys, aggregate))

    def _rank(self, command: str, key: KeyT, value: FieldT, withscore: bool, cast: Callable[[Any], Any]) -> Reply[Any]:
        if withscore:
            return self._run(command, key, value, "WITHSCORE", reply=replies.rank_with_score(cast))
        return self._run(command, key, value)

    def _scored(self, command: str, pieces: Iterable[Any], withscores: bool, cast: Callable[[Any], Any]) -> Reply[Any]:
        if withscores:
            return self._run(command, *pieces, "WITHSCORES", reply=replies.with_cast_scores(cast))
        return self._run(command, *pieces)


def _scored_members(mapping: Mapping[Any, EncodableT]) -> list[EncodableT]:
    try:
        items = mapping.items()
    except AttributeError:
        raise DataError(f"mapping must be a mapping of members to scores, not {type(mapping).__name__}") from None
    return some("mapping", [part for member, score in items for part in (score, member)])


def _optional(count: int | None) -> tuple[int, ...]:
    return () if count is None else (count,)


def _range_options(byscore: bool, bylex: bool, desc: bool, offset: int | None, num: int | None) -> list[EncodableT]:
    if not (byscore or bylex or desc or offset is not None or num is not None):
        return []
    at_most_one(byscore=byscore, bylex=bylex)
    words = {"BYSCORE": byscore, "BYLEX": bylex, "REV": desc}
    return [*(word for word, given in words.items() if given), *limit("offset", offset, num)]


def _numbered(keys: KeysT) -> list[EncodableT]:
    listed = some("keys", one_or_many(keys))
    return [len(listed), *listed]


def _weighted(keys: KeysT, aggregate: str | None) -> list[EncodableT]:
    pieces = _numbered(keys)
    if isinstance(keys, Mapping):
        pieces += ("WEIGHTS", *keys.values())
    if aggregate:
        pieces += ("AGGREGATE", one_of("aggregate", aggregate, "SUM", "MIN", "MAX", "COUNT"))
    return pieces


def _multi_pop(number: int, keys: KeysT, min: bool | None, max: bool | None, count: int | None) -> list[EncodableT]:
    if bool(min) is bool(max):
        raise DataError("either min or max must be true, and not both")
    pieces: list[EncodableT] = [number, *counted("keys", number, keys), "MIN" if min else "MAX"]
    return pieces if count is None else [*pieces, "COUNT", count]
