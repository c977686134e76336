"""SetCommands: the commands of the group "set"."""

from collections.abc import Iterable
from typing import Any, Literal, overload

from redis_aio._replies.common import boolean, scan_page
from redis_aio._replies.sets import members
from redis_aio.commands._arguments import one_or_many, some
from redis_aio.commands._collections import counted, scan_options
from redis_aio.commands.base import CommandGroup
from redis_aio.typing import FieldT, KeysT, KeyT, PatternT, Reply, S


class SetCommands(CommandGroup[S]):
    """The commands of the group "set"."""

    def sadd(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Add members; return how many are new.

        https://redis.io/commands/sadd/
        """
        some("values", values)
        return self._run("SADD", name, *values)

    def scard(self, name: KeyT) -> Reply[int]:
        """Return how many members there are.

        https://redis.io/commands/scard/
        """
        return self._run("SCARD", name)

    def sdiff(self, keys: KeysT, *args: KeyT) -> Reply[set[S]]:
        """Return the members of the first set that are in none of the others.

        https://redis.io/commands/sdiff/
        """
        return self._run("SDIFF", *some("keys", one_or_many(keys, args)), reply=members)

    def sdiffcard(self, numkeys: int, keys: Iterable[KeyT], limit: int = 0) -> Reply[int]:
        """Return how many members :meth:`sdiff` would; it stops counting at ``limit``, 0 is none. Redis 8.10.

        ``numkeys`` is the number of keys.

        https://redis.io/commands/sdiffcard/
        """
        listed = counted("keys", numkeys, keys)
        return self._run("SDIFFCARD", numkeys, *listed, "LIMIT", limit)

    def sdiffstore(self, dest: KeyT, keys: KeysT, *args: KeyT) -> Reply[int]:
        """Replace ``dest`` by what :meth:`sdiff` returns; return how many members it has.

        https://redis.io/commands/sdiffstore/
        """
        return self._run("SDIFFSTORE", dest, *some("keys", one_or_many(keys, args)))

    def sinter(self, keys: KeysT, *args: KeyT) -> Reply[set[S]]:
        """Return the members that are in all of the sets.

        https://redis.io/commands/sinter/
        """
        return self._run("SINTER", *some("keys", one_or_many(keys, args)), reply=members)

    def sintercard(self, numkeys: int, keys: Iterable[KeyT], limit: int = 0) -> Reply[int]:
        """Return how many members :meth:`sinter` would; it stops counting at ``limit``, 0 is none.

        ``numkeys`` is the number of keys.

        https://redis.io/commands/sintercard/
        """
        listed = counted("keys", numkeys, keys)
        return self._run("SINTERCARD", numkeys, *listed, "LIMIT", limit)

    def sinterstore(self, dest: KeyT, keys: KeysT, *args: KeyT) -> Reply[int]:
        """Replace ``dest`` by what :meth:`sinter` returns; return how many members it has.

        https://redis.io/commands/sinterstore/
        """
        return self._run("SINTERSTORE", dest, *some("keys", one_or_many(keys, args)))

    def sismember(self, name: KeyT, value: FieldT) -> Reply[Literal[0, 1]]:
        """Return 1 if the value is a member, else 0.

        https://redis.io/commands/sismember/
        """
        return self._run("SISMEMBER", name, value)

    def smembers(self, name: KeyT) -> Reply[set[S]]:
        """Return all members.

        https://redis.io/commands/smembers/
        """
        return self._run("SMEMBERS", name, reply=members)

    def smismember(self, name: KeyT, values: FieldT | Iterable[FieldT], *args: FieldT) -> Reply[list[Literal[0, 1]]]:
        """Return for each value in its order 1 if it is a member, else 0.

        https://redis.io/commands/smismember/
        """
        return self._run("SMISMEMBER", name, *some("values", one_or_many(values, args)))

    def smove(self, src: KeyT, dst: KeyT, value: FieldT) -> Reply[bool]:
        """Move a member from one set to another; return whether it was in the first.

        https://redis.io/commands/smove/
        """
        return self._run("SMOVE", src, dst, value, reply=boolean)

    @overload
    def spop(self, name: KeyT, count: None = None) -> Reply[S | None]: ...
    @overload
    def spop(self, name: KeyT, count: int) -> Reply[list[S]]: ...
    @overload
    def spop(self, name: KeyT, count: int | None = None) -> Reply[S | list[S] | None]: ...
    def spop(self, name: KeyT, count: int | None = None) -> Reply[Any]:
        """Remove and return a random member or ``None``, or with ``count`` a list of up to that many.

        https://redis.io/commands/spop/
        """
        return self._run("SPOP", name, *(() if count is None else (count,)))

    @overload
    def srandmember(self, name: KeyT, number: None = None) -> Reply[S | None]: ...
    @overload
    def srandmember(self, name: KeyT, number: int) -> Reply[list[S]]: ...
    @overload
    def srandmember(self, name: KeyT, number: int | None = None) -> Reply[S | list[S] | None]: ...
    def srandmember(self, name: KeyT, number: int | None = None) -> Reply[Any]:
        """Return a random member or ``None``, or with ``number`` a list.

        A positive ``number`` gives up to that many distinct members, a negative one exactly that many, possibly
        repeated.

        https://redis.io/commands/srandmember/
        """
        return self._run("SRANDMEMBER", name, *(() if number is None else (number,)))

    def srem(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Remove members; return how many there were.

        https://redis.io/commands/srem/
        """
        some("values", values)
        return self._run("SREM", name, *values)

    def sscan(
        self, name: KeyT, cursor: int = 0, match: PatternT | None = None, count: int | None = None
    ) -> Reply[tuple[int, list[S]]]:
        """Return the next cursor and some members.

        Begin with cursor 0; the scan is complete when it comes back as 0. ``count`` is a hint of how much to visit.

        https://redis.io/commands/sscan/
        """
        options = scan_options(match, count)
        return self._run("SSCAN", name, cursor, *options, reply=scan_page)

    def sunion(self, keys: KeysT, *args: KeyT) -> Reply[set[S]]:
        """Return the members that are in any of the sets.

        https://redis.io/commands/sunion/
        """
        return self._run("SUNION", *some("keys", one_or_many(keys, args)), reply=members)

    def sunioncard(self, numkeys: int, keys: Iterable[KeyT], limit: int = 0, approx: bool = False) -> Reply[int]:
        """Return how many members :meth:`sunion` would; it stops counting at ``limit``, 0 is none. Redis 8.10.

        ``numkeys`` is the number of keys; ``approx`` allows an estimate.

        https://redis.io/commands/sunioncard/
        """
        listed = counted("keys", numkeys, keys)
        options = ("APPROX", "LIMIT", limit) if approx else ("LIMIT", limit)
        return self._run("SUNIONCARD", numkeys, *listed, *options)

    def sunionstore(self, dest: KeyT, keys: KeysT, *args: KeyT) -> Reply[int]:
        """Replace ``dest`` by what :meth:`sunion` returns; return how many members it has.

        https://redis.io/commands/sunionstore/
        """
        return self._run("SUNIONSTORE", dest, *some("keys", one_or_many(keys, args)))
