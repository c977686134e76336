"""ArrayCommands: the commands of the group "array", which Redis has since 8.8.

No server with them was at hand: what is sent is tested byte for byte, and replies as the server's own data files
describe them.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Literal, overload

from redis_aio._replies.common import text_keyed
from redis_aio.commands._arguments import flat, some
from redis_aio.commands._collections import one_of
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, FieldT, KeyT, Reply, S


class ArrayAggregateOperations(Enum):
    """What AROP can make of the elements in a range."""

    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    AND = "AND"
    OR = "OR"
    XOR = "XOR"
    MATCH = "MATCH"
    USED = "USED"


class ArrayPredicateType(Enum):
    """How ARGREP compares an element: all of it, a part of it, with a glob-style pattern, a regular expression."""

    EXACT = "EXACT"
    MATCH = "MATCH"
    GLOB = "GLOB"
    RE = "RE"


class ArrayPredicateCombinator(Enum):
    """Whether ARGREP wants all of its predicates, or any of them."""

    AND = "AND"
    OR = "OR"


class ArrayCommands(CommandGroup[S]):
    """The commands of the group "array", all of them since Redis 8.8.

    An array is sparse: it has elements at indices, which count from 0, and holes between them. Both ends of a range are
    included; one whose start is greater than its end goes backwards.
    """

    # -- writing ------------------------------------------------------------------------------------------------------

    def arset(self, name: KeyT, index: int, *values: FieldT) -> Reply[int]:
        """Set the elements from an index on; return how many of them are new.

        https://redis.io/commands/arset/
        """
        return self._run("ARSET", name, index, *some("values", values))

    def armset(self, name: KeyT, mapping: Mapping[int, FieldT]) -> Reply[int]:
        """Set elements by their indices; return how many of them are new.

        https://redis.io/commands/armset/
        """
        return self._run("ARMSET", name, *flat(mapping))

    def arinsert(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Set the elements from the insert cursor on, and move it behind them; return the last index.

        https://redis.io/commands/arinsert/
        """
        return self._run("ARINSERT", name, *some("values", values))

    def arring(self, name: KeyT, size: int, *values: FieldT) -> Reply[int]:
        """Insert as into a ring of ``size`` elements, over the oldest ones; return the last index.

        https://redis.io/commands/arring/
        """
        return self._run("ARRING", name, size, *some("values", values))

    def arseek(self, name: KeyT, index: int) -> Reply[int]:
        """Set the insert cursor; return 1, or 0 where there is no array.

        https://redis.io/commands/arseek/
        """
        return self._run("ARSEEK", name, index)

    def ardel(self, name: KeyT, *indices: int) -> Reply[int]:
        """Remove elements; return how many there were.

        https://redis.io/commands/ardel/
        """
        return self._run("ARDEL", name, *some("indices", indices))

    def ardelrange(self, name: KeyT, *ranges: tuple[int, int]) -> Reply[int]:
        """Remove the elements in ranges, ``(start, end)`` each; return how many there were.

        https://redis.io/commands/ardelrange/
        """
        bounds = (bound for start, end in some("ranges", ranges) for bound in (start, end))
        return self._run("ARDELRANGE", name, *bounds)

    # -- reading ------------------------------------------------------------------------------------------------------

    def arget(self, name: KeyT, index: int) -> Reply[S | None]:
        """Return the element at an index, or ``None``.

        https://redis.io/commands/arget/
        """
        return self._run("ARGET", name, index)

    def armget(self, name: KeyT, *indices: int) -> Reply[list[S | None]]:
        """Return the elements at indices, ``None`` for holes.

        https://redis.io/commands/armget/
        """
        return self._run("ARMGET", name, *some("indices", indices))

    def argetrange(self, name: KeyT, start: int, end: int) -> Reply[list[S | None]]:
        """Return the elements in a range, ``None`` for holes.

        https://redis.io/commands/argetrange/
        """
        return self._run("ARGETRANGE", name, start, end)

    def arlastitems(self, name: KeyT, count: int, rev: bool = False) -> Reply[list[S | None]]:
        """Return the elements inserted last, ``count`` at most; with ``rev`` the last one first.

        https://redis.io/commands/arlastitems/
        """
        return self._run("ARLASTITEMS", name, count, *(("REV",) if rev else ()))

    def arscan(self, name: KeyT, start: int, end: int, limit: int | None = None) -> Reply[list[list[Any]]]:
        """Return the elements in a range without the holes, ``[index, element]`` each, ``limit`` at most.

        https://redis.io/commands/arscan/
        """
        return self._run("ARSCAN", name, start, end, *_limit(limit))

    @overload
    def argrep(
        self,
        name: KeyT,
        start: int,
        end: int,
        predicates: Iterable[tuple[ArrayPredicateType | str, EncodableT]],
        combinator: ArrayPredicateCombinator | str | None = None,
        limit: int | None = None,
        withvalues: Literal[False] = False,
        nocase: bool = False,
    ) -> Reply[list[int]]: ...
    @overload
    def argrep(
        self,
        name: KeyT,
        start: int,
        end: int,
        predicates: Iterable[tuple[ArrayPredicateType | str, EncodableT]],
        combinator: ArrayPredicateCombinator | str | None = None,
        limit: int | None = None,
        *,
        withvalues: Literal[True],
        nocase: bool = False,
    ) -> Reply[list[list[Any]]]: ...
    @overload
    def argrep(
        self,
        name: KeyT,
        start: int,
        end: int,
        predicates: Iterable[tuple[ArrayPredicateType | str, EncodableT]],
        combinator: ArrayPredicateCombinator | str | None = None,
        limit: int | None = None,
        withvalues: bool = False,
        nocase: bool = False,
    ) -> Reply[list[Any]]: ...
    def argrep(
        self,
        name: KeyT,
        start: int,
        end: int,
        predicates: Iterable[tuple[ArrayPredicateType | str, EncodableT]],
        combinator: ArrayPredicateCombinator | str | None = None,
        limit: int | None = None,
        withvalues: bool = False,
        nocase: bool = False,
    ) -> Reply[Any]:
        """Return the indices of the elements in a range that meet predicates; or with ``withvalues`` also the elements.

        Args:
            name: the key.
            start: the first index.
            end: the last index.
            predicates: a type and a text each: ``[(ArrayPredicateType.GLOB, "a*")]``.
            combinator: whether all predicates must be met, or any, which is the default.
            limit: as many at most.
            withvalues: return ``[index, element]`` each.
            nocase: upper and lower case are the same.

        https://redis.io/commands/argrep/
        """
        pieces: list[EncodableT] = []
        for kind, value in some("predicates", list(predicates)):
            pieces += (_word("type of a predicate", kind, ArrayPredicateType), value)
        if combinator is not None:
            pieces.append(_word("combinator", combinator, ArrayPredicateCombinator))
        pieces += _limit(limit)
        pieces += (word for word, given in (("WITHVALUES", withvalues), ("NOCASE", nocase)) if given)
        return self._run("ARGREP", name, start, end, *pieces)

    def arop(
        self,
        name: KeyT,
        start: int,
        end: int,
        operation: ArrayAggregateOperations | str,
        value: EncodableT | None = None,
    ) -> Reply[S | int | None]:
        """Return what an operation makes of the elements in a range, or ``None`` where no element suits it.

        SUM, MIN and MAX give a string; AND, OR, XOR, MATCH (how many equal ``value``) and USED (how many there are) an
        int.

        https://redis.io/commands/arop/
        """
        word = _word("operation", operation, ArrayAggregateOperations)
        if (word == "MATCH") is (value is None):
            raise DataError("value must be given for MATCH, and only for it")
        values = () if value is None else (value,)
        return self._run("AROP", name, start, end, word, *values)

    # -- looking on ---------------------------------------------------------------------------------------------------

    def arcount(self, name: KeyT) -> Reply[int]:
        """Return how many elements there are, without the holes.

        https://redis.io/commands/arcount/
        """
        return self._run("ARCOUNT", name)

    def arlen(self, name: KeyT) -> Reply[int]:
        """Return the length, which is the highest index and one; 0 where there is no array.

        https://redis.io/commands/arlen/
        """
        return self._run("ARLEN", name)

    def arnext(self, name: KeyT) -> Reply[int | None]:
        """Return the index where :meth:`arinsert` would begin, or ``None`` where there is no room any more.

        https://redis.io/commands/arnext/
        """
        return self._run("ARNEXT", name)

    def arinfo(self, name: KeyT, full: bool = False) -> Reply[dict[str, Any]]:
        """Return what is known of an array; with ``full`` also of its parts, which must be visited for that.

        https://redis.io/commands/arinfo/
        """
        return self._run("ARINFO", name, *(("FULL",) if full else ()), reply=text_keyed)


def _limit(limit: int | None) -> tuple[EncodableT, ...]:
    return () if limit is None else ("LIMIT", limit)


def _word(name: str, value: Any, words: type[Enum]) -> str:
    """Return the word of an enumeration, given as its member or as a string."""
    return one_of(name, value.value if isinstance(value, Enum) else value, *(member.value for member in words))
