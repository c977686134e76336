"""StringCommands: the commands of the group "string"."""

import enum
from collections.abc import Mapping
from typing import Any, Literal, overload

from redis_aio._replies.common import boolean, ok
from redis_aio._replies.strings import floats, match_list, set_result
from redis_aio.commands._arguments import at_most_one, expiry, flat, milliseconds, one_or_many, seconds
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import AbsExpiryT, AnyKeyT, EncodableT, ExpiryT, KeysT, KeyT, Reply, S


class DataPersistOptions(enum.Enum):
    """The condition of :meth:`StringCommands.msetex`: all keys must be new (NX), or must exist (XX)."""

    NX = "NX"
    XX = "XX"


class StringCommands(CommandGroup[S]):
    """The commands of the group "string"."""

    # -- reading ------------------------------------------------------------------------------------------------------

    def get(self, name: KeyT) -> Reply[S | None]:
        """Return the value of a key, or ``None`` where there is none.

        https://redis.io/commands/get/
        """
        return self._run("GET", name)

    def mget(self, keys: KeysT, *args: KeyT) -> Reply[list[S | None]]:
        """Return the values of several keys in their order, ``None`` for a key that is missing or is not a string.

        Without any key the value is ``[]``.

        https://redis.io/commands/mget/
        """
        names = one_or_many(keys, args)
        if not names:
            # MGET needs a key. A pipeline needs a reply in this place, so something harmless asks for one.
            return self._run("ECHO", "", reply=_nothing)
        return self._run("MGET", *names)

    def getrange(self, key: KeyT, start: int, end: int) -> Reply[S]:
        """Return the bytes from ``start`` to ``end``, both included; negative numbers count from the end.

        https://redis.io/commands/getrange/
        """
        return self._run("GETRANGE", key, start, end)

    def substr(self, name: KeyT, start: int, end: int = -1) -> Reply[S]:
        """Return a part of the value; the old name of :meth:`getrange`.

        https://redis.io/commands/substr/
        """
        return self._run("SUBSTR", name, start, end)

    def strlen(self, name: KeyT) -> Reply[int]:
        """Return the length of the value in bytes, 0 for a missing key.

        https://redis.io/commands/strlen/
        """
        return self._run("STRLEN", name)

    def digest(self, name: KeyT) -> Reply[S | None]:
        """Return the XXH3 digest of the value as 16 hexadecimal digits, or ``None`` for a missing key (Redis 8.4).

        https://redis.io/commands/digest/
        """
        return self._run("DIGEST", name)

    @overload
    def lcs(
        self,
        key1: KeyT,
        key2: KeyT,
        len: Literal[False] | None = False,
        idx: Literal[False] | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> Reply[S]: ...
    @overload
    def lcs(
        self,
        key1: KeyT,
        key2: KeyT,
        len: Literal[True],
        idx: Literal[False] | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> Reply[int]: ...
    @overload
    def lcs(
        self,
        key1: KeyT,
        key2: KeyT,
        len: Literal[False] | None = False,
        *,
        idx: Literal[True],
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> Reply[list[Any]]: ...
    @overload
    def lcs(
        self,
        key1: KeyT,
        key2: KeyT,
        len: bool | None = False,
        idx: bool | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> Reply[S | int | list[Any]]: ...
    def lcs(
        self,
        key1: KeyT,
        key2: KeyT,
        len: bool | None = False,
        idx: bool | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> Reply[Any]:
        """Return the longest common subsequence of two values.

        ``len`` asks for its length instead. ``idx`` asks for the ranges that match, as a flat list: ``"matches"``, the
        ranges, ``"len"``, the length; ``minmatchlen`` leaves shorter ones out and ``withmatchlen`` adds each length.

        https://redis.io/commands/lcs/
        """
        if len and idx:
            raise DataError("len and idx exclude each other: the reply to idx holds the length")
        options: list[EncodableT] = []
        if len:
            options.append("LEN")
        if idx:
            options.append("IDX")
        if minmatchlen:
            options += ("MINMATCHLEN", minmatchlen)
        if withmatchlen:
            options.append("WITHMATCHLEN")
        return self._run("LCS", key1, key2, *options, reply=match_list if idx else None)

    # -- reading and changing -----------------------------------------------------------------------------------------

    def getdel(self, name: KeyT) -> Reply[S | None]:
        """Return the value of a key and delete the key.

        https://redis.io/commands/getdel/
        """
        return self._run("GETDEL", name)

    def getex(
        self,
        name: KeyT,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        persist: bool = False,
    ) -> Reply[S | None]:
        """Return the value of a key and change when it expires.

        The new expiry is in ``ex`` seconds, in ``px`` milliseconds, at Unix time ``exat`` in seconds or ``pxat`` in
        milliseconds, or never (``persist``); give at most one.

        https://redis.io/commands/getex/
        """
        return self._run("GETEX", name, *expiry(ex, px, exat, pxat, persist=persist))

    def getset(self, name: KeyT, value: EncodableT) -> Reply[S | None]:
        """Set a value, drop the expiry and return the value before; ``set(..., get=True)`` does the same.

        https://redis.io/commands/getset/
        """
        return self._run("GETSET", name, value)

    # -- setting ------------------------------------------------------------------------------------------------------

    @overload
    def set(
        self,
        name: KeyT,
        value: EncodableT,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[False] = False,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        ifeq: EncodableT | None = None,
        ifne: EncodableT | None = None,
        ifdeq: str | bytes | None = None,
        ifdne: str | bytes | None = None,
    ) -> Reply[bool | None]: ...
    @overload
    def set(
        self,
        name: KeyT,
        value: EncodableT,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        *,
        get: Literal[True],
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        ifeq: EncodableT | None = None,
        ifne: EncodableT | None = None,
        ifdeq: str | bytes | None = None,
        ifdne: str | bytes | None = None,
    ) -> Reply[S | None]: ...
    @overload
    def set(
        self,
        name: KeyT,
        value: EncodableT,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        ifeq: EncodableT | None = None,
        ifne: EncodableT | None = None,
        ifdeq: str | bytes | None = None,
        ifdne: str | bytes | None = None,
    ) -> Reply[S | bool | None]: ...
    def set(
        self,
        name: KeyT,
        value: EncodableT,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        ifeq: EncodableT | None = None,
        ifne: EncodableT | None = None,
        ifdeq: str | bytes | None = None,
        ifdne: str | bytes | None = None,
    ) -> Reply[Any]:
        """Set the value of a key, of whatever type it was, and when it expires.

        It expires in ``ex`` seconds, in ``px`` milliseconds, at Unix time ``exat`` in seconds or ``pxat`` in
        milliseconds; ``keepttl`` keeps the expiry it had; with none of them it never expires. Give at most one.

        It is set only if it is new (``nx``), exists (``xx``), holds the value ``ifeq`` (Valkey 8.1, Redis 8.4), does
        not hold ``ifne``, has the digest ``ifdeq`` or has not ``ifdne`` (Redis 8.4). Give at most one.

        The value is ``True``, or ``None`` where the condition did not hold. With ``get`` it is the value before, and
        does not tell whether it was replaced.

        https://redis.io/commands/set/
        """
        words: tuple[EncodableT, ...]
        if ifeq is ifne is ifdeq is ifdne is None and not (nx and xx):
            words = ("NX",) if nx else ("XX",) if xx else ()
        else:
            words = _condition(nx, xx, ifeq, ifne, ifdeq, ifdne)
        if get:
            words = (*words, "GET")
        if px is exat is pxat is None and not keepttl:
            if ex is not None:
                words = (*words, "EX", ex if type(ex) is int else seconds("ex", ex))
        else:
            words = (*words, *expiry(ex, px, exat, pxat, keepttl=keepttl))
        if not words:  # as most are; a call with a star takes twice as long
            return self._run("SET", name, value, reply=set_result)
        return self._run("SET", name, value, *words, reply=None if get else set_result)

    def setex(self, name: KeyT, time: ExpiryT, value: EncodableT) -> Reply[bool]:
        """Set a value that expires in ``time`` seconds; ``set(..., ex=time)`` does the same.

        https://redis.io/commands/setex/
        """
        return self._run("SETEX", name, seconds("time", time), value, reply=ok)

    def psetex(self, name: KeyT, time_ms: ExpiryT, value: EncodableT) -> Reply[bool]:
        """Set a value that expires in ``time_ms`` milliseconds; ``set(..., px=time_ms)`` does the same.

        https://redis.io/commands/psetex/
        """
        return self._run("PSETEX", name, milliseconds("time_ms", time_ms), value, reply=ok)

    def setnx(self, name: KeyT, value: EncodableT) -> Reply[bool]:
        """Set a value if the key is new and return whether it was.

        https://redis.io/commands/setnx/
        """
        return self._run("SETNX", name, value, reply=boolean)

    def setrange(self, name: KeyT, offset: int, value: EncodableT) -> Reply[int]:
        """Overwrite the value from byte ``offset`` on and return its new length; a gap is filled with zero bytes.

        https://redis.io/commands/setrange/
        """
        return self._run("SETRANGE", name, offset, value)

    def append(self, key: KeyT, value: EncodableT) -> Reply[int]:
        """Append to the value and return its new length.

        https://redis.io/commands/append/
        """
        return self._run("APPEND", key, value)

    def mset(self, mapping: Mapping[AnyKeyT, EncodableT]) -> Reply[bool]:
        """Set several keys at once.

        https://redis.io/commands/mset/
        """
        return self._run("MSET", *flat(mapping), reply=ok)

    def msetnx(self, mapping: Mapping[AnyKeyT, EncodableT]) -> Reply[bool]:
        """Set several keys, if all of them are new, and return whether they were.

        https://redis.io/commands/msetnx/
        """
        return self._run("MSETNX", *flat(mapping), reply=boolean)

    def msetex(
        self,
        mapping: Mapping[AnyKeyT, EncodableT],
        data_persist_option: DataPersistOptions | None = None,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        keepttl: bool = False,
    ) -> Reply[int]:
        """Set several keys with one expiry and return 1, or 0 where the condition did not hold (Redis 8.4, Valkey 9.1).

        The expiry is as in :meth:`set`.

        https://redis.io/commands/msetex/
        """
        pairs = flat(mapping)
        words: list[EncodableT] = []
        if data_persist_option is not None:
            words.append(getattr(data_persist_option, "value", ""))  # redis-py's enum is as good as ours
            if words[0] not in ("NX", "XX"):
                raise DataError("data_persist_option must be DataPersistOptions.NX or DataPersistOptions.XX")
        words += expiry(ex, px, exat, pxat, keepttl=keepttl)
        return self._run("MSETEX", len(pairs) // 2, *pairs, *words)

    # -- counting -----------------------------------------------------------------------------------------------------

    def incrby(self, name: KeyT, amount: int = 1) -> Reply[int]:
        """Add an integer to the value, a missing one counting as 0, and return the sum.

        https://redis.io/commands/incrby/
        """
        return self._run("INCRBY", name, amount)

    incr = incrby

    def decrby(self, name: KeyT, amount: int = 1) -> Reply[int]:
        """Take an integer from the value, a missing one counting as 0, and return the difference.

        https://redis.io/commands/decrby/
        """
        return self._run("DECRBY", name, amount)

    decr = decrby

    def incrbyfloat(self, name: KeyT, amount: float = 1.0) -> Reply[float]:
        """Add a floating point number to the value, a missing one counting as 0, and return the sum.

        https://redis.io/commands/incrbyfloat/
        """
        return self._run("INCRBYFLOAT", name, amount, reply=float)

    @overload
    def increx(
        self,
        name: KeyT,
        *,
        byfloat: None = None,
        byint: int | str | bytes | None = None,
        lbound: EncodableT | None = None,
        ubound: EncodableT | None = None,
        saturate: bool = False,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        persist: bool = False,
        enx: bool = False,
        nx: bool = False,
        xx: bool = False,
    ) -> Reply[list[int]]: ...
    @overload
    def increx(
        self,
        name: KeyT,
        *,
        byfloat: EncodableT,
        byint: None = None,
        lbound: EncodableT | None = None,
        ubound: EncodableT | None = None,
        saturate: bool = False,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        persist: bool = False,
        enx: bool = False,
        nx: bool = False,
        xx: bool = False,
    ) -> Reply[list[float]]: ...
    def increx(
        self,
        name: KeyT,
        *,
        byfloat: EncodableT | None = None,
        byint: EncodableT | None = None,
        lbound: EncodableT | None = None,
        ubound: EncodableT | None = None,
        saturate: bool = False,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        persist: bool = False,
        enx: bool = False,
        nx: bool = False,
        xx: bool = False,
    ) -> Reply[Any]:
        """Add 1, ``byint`` or ``byfloat`` within bounds, and return the sum and what was added (Redis 8.8).

        A sum beyond ``lbound`` or ``ubound`` changes nothing and what was added is 0, or with ``saturate`` stops at
        the bound. The expiry is as in :meth:`getex`; ``enx`` sets it only where the key has none. ``nx`` and ``xx`` ask
        that the key is new, or exists (Valkey 9.2).

        https://redis.io/commands/increx/
        """
        at_most_one(byfloat=byfloat is not None, byint=byint is not None)
        at_most_one(nx=nx, xx=xx)
        when = expiry(ex, px, exat, pxat, persist=persist)
        if enx and (persist or not when):
            raise DataError("enx needs one of ex, px, exat and pxat")
        options: list[EncodableT] = []
        for word, number in (("BYFLOAT", byfloat), ("BYINT", byint), ("LBOUND", lbound), ("UBOUND", ubound)):
            if number is not None:
                options += (word, number)
        if saturate:
            options.append("SATURATE")
        options += when
        options += [flag for flag, given in (("ENX", enx), ("NX", nx), ("XX", xx)) if given]
        return self._run("INCREX", name, *options, reply=None if byfloat is None else floats)

    # -- deleting -----------------------------------------------------------------------------------------------------

    def delex(
        self,
        name: KeyT,
        ifeq: EncodableT | None = None,
        ifne: EncodableT | None = None,
        ifdeq: str | bytes | None = None,
        ifdne: str | bytes | None = None,
    ) -> Reply[int]:
        """Delete a key if it holds ``ifeq``, not ``ifne``, has the digest ``ifdeq`` or not ``ifdne`` (Redis 8.4).

        The value is 1, or 0 where the key is missing or the condition did not hold. More than one condition is a
        ``ValueError``, as in redis-py.

        https://redis.io/commands/delex/
        """
        try:
            condition = _condition(False, False, ifeq, ifne, ifdeq, ifdne)
        except DataError as error:
            raise ValueError(str(error)) from None
        return self._run("DELEX", name, *condition)

    def delifeq(self, name: KeyT, value: EncodableT) -> Reply[int]:
        """Delete a key if it holds this value, and return 1 or 0 (Valkey 9).

        https://valkey.io/commands/delifeq/
        """
        return self._run("DELIFEQ", name, value)


def _nothing(reply: Any) -> list[Any]:
    return []


def _condition(
    nx: bool,
    xx: bool,
    ifeq: EncodableT | None,
    ifne: EncodableT | None,
    ifdeq: str | bytes | None,
    ifdne: str | bytes | None,
) -> tuple[EncodableT, ...]:
    """Return the words of the one condition that is given, or none; more than one is a DataError."""
    values = (("IFEQ", ifeq), ("IFNE", ifne), ("IFDEQ", ifdeq), ("IFDNE", ifdne))
    words: list[tuple[EncodableT, ...]] = [(word, value) for word, value in values if value is not None]
    words += [(word,) for word, given in (("NX", nx), ("XX", xx)) if given]
    if len(words) > 1:
        names = [str(word[0]).lower() for word in words]
        at_most_one(**dict.fromkeys(names, True))
    return words[0] if words else ()
