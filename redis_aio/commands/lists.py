"""ListCommands: the commands of the group "list"."""

from collections.abc import Iterable
from typing import Any, Literal, overload

from redis_aio._replies.common import ok
from redis_aio._replies.lists import popped
from redis_aio.commands._arguments import some
from redis_aio.commands._collections import counted, keys_and_wait, one_of, wait
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, FieldT, KeyT, Number, Reply, S

_ENDS = ("LEFT", "RIGHT")


class ListCommands(CommandGroup[S]):
    """The commands of the group "list"."""

    # -- commands that wait -------------------------------------------------------------------------------------------

    def blpop(self, keys: KeyT | Iterable[KeyT], timeout: Number | None = 0) -> Reply[tuple[S, S] | None]:
        """Pop the first element of the first list that has one; return the list's key and the element.

        Waits up to ``timeout`` seconds, 0 or ``None`` for ever, and returns ``None`` when they are over.

        https://redis.io/commands/blpop/
        """
        return self._run("BLPOP", *keys_and_wait(keys, timeout), reply=popped)

    def brpop(self, keys: KeyT | Iterable[KeyT], timeout: Number | None = 0) -> Reply[tuple[S, S] | None]:
        """Pop the last element of the first list that has one; return the list's key and the element.

        Waits up to ``timeout`` seconds, 0 or ``None`` for ever, and returns ``None`` when they are over.

        https://redis.io/commands/brpop/
        """
        return self._run("BRPOP", *keys_and_wait(keys, timeout), reply=popped)

    def brpoplpush(self, src: KeyT, dst: KeyT, timeout: Number | None = 0) -> Reply[S | None]:
        """Move the last element of ``src`` to the front of ``dst``; return it. The server prefers :meth:`blmove`.

        Waits up to ``timeout`` seconds, 0 or ``None`` for ever, and returns ``None`` when they are over.

        https://redis.io/commands/brpoplpush/
        """
        return self._run("BRPOPLPUSH", src, dst, wait(timeout))

    def blmpop(
        self, timeout: float, numkeys: int, *args: KeyT, direction: str, count: int | None = 1
    ) -> Reply[list[S | list[S]] | None]:
        """Pop up to ``count`` elements of the first list that has any; return ``[key, [element, ...]]``.

        Waits up to ``timeout`` seconds, 0 for ever, and returns ``None`` when they are over. ``direction`` is LEFT or
        RIGHT; ``numkeys`` is the number of keys that follow.

        https://redis.io/commands/blmpop/
        """
        seconds = wait(timeout)
        return self._run("BLMPOP", seconds, *_multi_pop(numkeys, args, direction, count))

    def blmove(
        self, first_list: KeyT, second_list: KeyT, timeout: Number, src: str = "LEFT", dest: str = "RIGHT"
    ) -> Reply[S | None]:
        """Move an element from the end ``src`` of one list to the end ``dest`` of another; return it.

        Waits up to ``timeout`` seconds, 0 for ever, and returns ``None`` when they are over. The ends are LEFT or
        RIGHT.

        https://redis.io/commands/blmove/
        """
        ends = _ends(src, dest)
        return self._run("BLMOVE", first_list, second_list, *ends, wait(timeout))

    def blmovem(
        self,
        first_list: KeyT,
        second_list: KeyT,
        timeout: float,
        src: str = "LEFT",
        dest: str = "RIGHT",
        count: int | None = None,
        mode: Literal["COUNT", "EXACTLY"] | None = None,
        ordering: Literal["OBO", "BULK"] | None = None,
    ) -> Reply[list[S] | None]:
        """Move several elements from one list to another, as :meth:`lmovem`; return them. Redis 8.10.

        Waits up to ``timeout`` seconds, 0 for ever, until there is one element, or with EXACTLY ``count`` of them; then
        returns ``None`` and moves nothing.

        https://redis.io/commands/blmovem/
        """
        options = _move_options(count, mode, ordering)
        seconds = wait(timeout)
        return self._run("BLMOVEM", first_list, second_list, *_ends(src, dest), seconds, *options)

    # -- commands that do not -----------------------------------------------------------------------------------------

    def lmpop(
        self, num_keys: int, *args: KeyT, direction: str, count: int | None = 1
    ) -> Reply[list[S | list[S]] | None]:
        """Pop up to ``count`` elements of the first list that has any; return ``[key, [element, ...]]`` or ``None``.

        ``direction`` is LEFT or RIGHT; ``num_keys`` is the number of keys that follow.

        https://redis.io/commands/lmpop/
        """
        return self._run("LMPOP", *_multi_pop(num_keys, args, direction, count))

    def lmove(self, first_list: KeyT, second_list: KeyT, src: str = "LEFT", dest: str = "RIGHT") -> Reply[S | None]:
        """Move an element from the end ``src`` of one list to the end ``dest`` of another; return it.

        The ends are LEFT or RIGHT. ``None`` if the first list is empty.

        https://redis.io/commands/lmove/
        """
        return self._run("LMOVE", first_list, second_list, *_ends(src, dest))

    def lmovem(
        self,
        first_list: KeyT,
        second_list: KeyT,
        src: str = "LEFT",
        dest: str = "RIGHT",
        count: int | None = None,
        mode: Literal["COUNT", "EXACTLY"] | None = None,
        ordering: Literal["OBO", "BULK"] | None = None,
    ) -> Reply[list[S] | None]:
        """Move several elements from one list to another; return them as they lie there, or ``None``. Redis 8.10.

        Without ``count`` one element; ``mode`` COUNT (the default) moves up to ``count``, EXACTLY that many or none.
        ``ordering``, needed with ``count``: OBO pushes one by one, which reverses them, BULK keeps their order.

        https://redis.io/commands/lmovem/
        """
        options = _move_options(count, mode, ordering)
        return self._run("LMOVEM", first_list, second_list, *_ends(src, dest), *options)

    def lindex(self, name: KeyT, index: int) -> Reply[S | None]:
        """Return the element at a position, ``None`` beyond the ends; -1 is the last.

        https://redis.io/commands/lindex/
        """
        return self._run("LINDEX", name, index)

    def linsert(self, name: KeyT, where: str, refvalue: FieldT, value: FieldT) -> Reply[int]:
        """Insert an element BEFORE or AFTER the first one that equals ``refvalue``; return the new length.

        -1 if no element equals it, 0 if there is no list.

        https://redis.io/commands/linsert/
        """
        place = one_of("where", where, "BEFORE", "AFTER")
        return self._run("LINSERT", name, place, refvalue, value)

    def llen(self, name: KeyT) -> Reply[int]:
        """Return the length, 0 if there is no list.

        https://redis.io/commands/llen/
        """
        return self._run("LLEN", name)

    @overload
    def lpop(self, name: KeyT, count: None = None) -> Reply[S | None]: ...
    @overload
    def lpop(self, name: KeyT, count: int) -> Reply[list[S] | None]: ...
    @overload
    def lpop(self, name: KeyT, count: int | None = None) -> Reply[S | list[S] | None]: ...
    def lpop(self, name: KeyT, count: int | None = None) -> Reply[Any]:
        """Pop the first element, or with ``count`` a list of up to that many; ``None`` if there is no list.

        https://redis.io/commands/lpop/
        """
        return self._run("LPOP", name, *(() if count is None else (count,)))

    def lpush(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Push elements to the front one by one, so that the last one given is first; return the new length.

        https://redis.io/commands/lpush/
        """
        some("values", values)
        return self._run("LPUSH", name, *values)

    def lpushx(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Push elements to the front if the list exists; return the new length, 0 if there is no list.

        https://redis.io/commands/lpushx/
        """
        some("values", values)
        return self._run("LPUSHX", name, *values)

    def lrange(self, name: KeyT, start: int, end: int) -> Reply[list[S]]:
        """Return the elements from one position to another, both included; -1 is the last.

        https://redis.io/commands/lrange/
        """
        return self._run("LRANGE", name, start, end)

    def lrem(self, name: KeyT, count: int, value: FieldT) -> Reply[int]:
        """Remove elements that equal ``value``; return how many.

        A positive ``count`` removes up to that many from the front, a negative one from the back, 0 all.

        https://redis.io/commands/lrem/
        """
        return self._run("LREM", name, count, value)

    def lset(self, name: KeyT, index: int, value: FieldT) -> Reply[bool]:
        """Set the element at a position, which must exist; return ``True``.

        https://redis.io/commands/lset/
        """
        return self._run("LSET", name, index, value, reply=ok)

    def ltrim(self, name: KeyT, start: int, end: int) -> Reply[bool]:
        """Keep only the elements from one position to another, both included; return ``True``.

        https://redis.io/commands/ltrim/
        """
        return self._run("LTRIM", name, start, end, reply=ok)

    @overload
    def rpop(self, name: KeyT, count: None = None) -> Reply[S | None]: ...
    @overload
    def rpop(self, name: KeyT, count: int) -> Reply[list[S] | None]: ...
    @overload
    def rpop(self, name: KeyT, count: int | None = None) -> Reply[S | list[S] | None]: ...
    def rpop(self, name: KeyT, count: int | None = None) -> Reply[Any]:
        """Pop the last element, or with ``count`` a list of up to that many; ``None`` if there is no list.

        https://redis.io/commands/rpop/
        """
        return self._run("RPOP", name, *(() if count is None else (count,)))

    def rpoplpush(self, src: KeyT, dst: KeyT) -> Reply[S | None]:
        """Move the last element of ``src`` to the front of ``dst``; return it. The server prefers :meth:`lmove`.

        https://redis.io/commands/rpoplpush/
        """
        return self._run("RPOPLPUSH", src, dst)

    def rpush(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Push elements to the back; return the new length.

        https://redis.io/commands/rpush/
        """
        some("values", values)
        return self._run("RPUSH", name, *values)

    def rpushx(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Push elements to the back if the list exists; return the new length, 0 if there is no list.

        https://redis.io/commands/rpushx/
        """
        some("values", values)
        return self._run("RPUSHX", name, *values)

    @overload
    def lpos(
        self, name: KeyT, value: FieldT, rank: int | None = None, count: None = None, maxlen: int | None = None
    ) -> Reply[int | None]: ...
    @overload
    def lpos(
        self, name: KeyT, value: FieldT, rank: int | None = None, *, count: int, maxlen: int | None = None
    ) -> Reply[list[int]]: ...
    @overload
    def lpos(
        self,
        name: KeyT,
        value: FieldT,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> Reply[int | list[int] | None]: ...
    def lpos(
        self,
        name: KeyT,
        value: FieldT,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> Reply[Any]:
        """Return the position of the first element that equals ``value``, or ``None``.

        ``rank`` 2 looks for the second match, -1 for the first from the back. With ``count`` the reply is a list of up
        to that many positions, 0 meaning all. ``maxlen`` bounds how many elements are looked at.

        https://redis.io/commands/lpos/
        """
        options: list[EncodableT] = []
        if rank is not None:
            options += ("RANK", rank)
        if count is not None:
            options += ("COUNT", count)
        if maxlen is not None:
            options += ("MAXLEN", maxlen)
        return self._run("LPOS", name, value, *options)


def _ends(src: str, dest: str) -> tuple[str, str]:
    return one_of("src", src, *_ENDS), one_of("dest", dest, *_ENDS)


def _multi_pop(number: int, keys: tuple[KeyT, ...], direction: str, count: int | None) -> tuple[EncodableT, ...]:
    listed = counted("args", number, keys)
    end = one_of("direction", direction, *_ENDS)
    return (number, *listed, end) if count is None else (number, *listed, end, "COUNT", count)


def _move_options(count: int | None, mode: str | None, ordering: str | None) -> tuple[EncodableT, ...]:
    if count is None:
        if mode is not None or ordering is not None:
            raise DataError("mode and ordering need a count")
        return ()
    if ordering is None:
        raise DataError("count needs an ordering, OBO or BULK")
    amount = one_of("mode", mode or "COUNT", "COUNT", "EXACTLY")
    return (amount, count, one_of("ordering", ordering, "OBO", "BULK"))
