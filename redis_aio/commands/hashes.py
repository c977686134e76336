"""HashCommands: the commands of the group "hash"."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, TypeVar, overload

from redis_aio._replies.common import boolean, ok, scan_page
from redis_aio._replies.common import mapping as as_dict
from redis_aio._replies.hashes import flat_pairs, scanned_fields
from redis_aio.commands._arguments import at_most_one, expiry, flat, one_or_many, some, unix_milliseconds, unix_seconds
from redis_aio.commands._arguments import milliseconds as to_milliseconds
from redis_aio.commands._arguments import seconds as to_seconds
from redis_aio.commands._collections import scan_options
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import AbsExpiryT, EncodableT, ExpiryT, FieldT, KeyT, PatternT, Reply, S

#: The type of a mapping's keys: a mapping is invariant in it, so a union would refuse ``dict[str, ...]``.
FieldNameT = TypeVar("FieldNameT", bound=EncodableT)


class HashDataPersistOptions(Enum):
    """When HSETEX sets its fields: only if none of them exists, or only if all do."""

    FNX = "FNX"
    FXX = "FXX"


class HashCommands(CommandGroup[S]):
    """The commands of the group "hash"."""

    def hdel(self, name: KeyT, *keys: FieldT) -> Reply[int]:
        """Delete fields; return how many there were.

        https://redis.io/commands/hdel/
        """
        some("keys", keys)
        return self._run("HDEL", name, *keys)

    def hexists(self, name: KeyT, key: FieldT) -> Reply[bool]:
        """Return whether the field exists.

        https://redis.io/commands/hexists/
        """
        return self._run("HEXISTS", name, key, reply=boolean)

    def hget(self, name: KeyT, key: FieldT) -> Reply[S | None]:
        """Return the value of a field, ``None`` if there is none.

        https://redis.io/commands/hget/
        """
        return self._run("HGET", name, key)

    def hgetall(self, name: KeyT) -> Reply[dict[S, S]]:
        """Return all fields with their values; ``{}`` if there is no such hash.

        https://redis.io/commands/hgetall/
        """
        return self._run("HGETALL", name, reply=as_dict)

    def hgetdel(self, name: KeyT, *keys: FieldT) -> Reply[list[S | None]]:
        """Return the values of fields and delete these fields.

        https://redis.io/commands/hgetdel/
        """
        return self._run("HGETDEL", name, *_fields("keys", keys))

    def hgetex(
        self,
        name: KeyT,
        *keys: FieldT,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        persist: bool = False,
    ) -> Reply[list[S | None]]:
        """Return the values of fields, and change when these fields expire.

        ``ex`` and ``exat`` are seconds, ``px`` and ``pxat`` milliseconds: from now, or as Unix time. ``persist`` makes
        them stay for good. Without any of these, when they expire stays as it is.

        https://redis.io/commands/hgetex/
        """
        _one_expiry(ex, px, exat, pxat, persist=persist)
        options = ("PERSIST",) if persist else expiry(ex, px, exat, pxat)
        return self._run("HGETEX", name, *options, *_fields("keys", keys))

    def hincrby(self, name: KeyT, key: FieldT, amount: int = 1) -> Reply[int]:
        """Add to the integer in a field, which counts as 0 if there is none; return the sum.

        https://redis.io/commands/hincrby/
        """
        return self._run("HINCRBY", name, key, amount)

    def hincrbyfloat(self, name: KeyT, key: FieldT, amount: float = 1.0) -> Reply[float]:
        """Add to the number in a field, which counts as 0 if there is none; return the sum.

        https://redis.io/commands/hincrbyfloat/
        """
        return self._run("HINCRBYFLOAT", name, key, amount, reply=float)

    def hkeys(self, name: KeyT) -> Reply[list[S]]:
        """Return the names of all fields.

        https://redis.io/commands/hkeys/
        """
        return self._run("HKEYS", name)

    def hlen(self, name: KeyT) -> Reply[int]:
        """Return how many fields there are.

        https://redis.io/commands/hlen/
        """
        return self._run("HLEN", name)

    def hset(
        self,
        name: KeyT,
        key: FieldT | None = None,
        value: EncodableT | None = None,
        mapping: Mapping[FieldNameT, EncodableT] | None = None,
        items: Sequence[EncodableT] | None = None,
    ) -> Reply[int]:
        """Set fields; return how many of them are new.

        They come from ``items`` (field, value, field, value ...), then ``key`` and ``value``, then ``mapping``: where
        a field is given twice, the last one stays.

        https://redis.io/commands/hset/
        """
        return self._run("HSET", name, *_field_values(key, value, mapping, items))

    def hsetex(
        self,
        name: KeyT,
        key: FieldT | None = None,
        value: EncodableT | None = None,
        mapping: Mapping[FieldNameT, EncodableT] | None = None,
        items: Sequence[EncodableT] | None = None,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
        data_persist_option: HashDataPersistOptions | None = None,
        keepttl: bool = False,
        *,
        nx: bool = False,
        xx: bool = False,
    ) -> Reply[int]:
        """Set fields and when they expire; return 1, or 0 if a condition was not met and nothing was set.

        ``ex`` and ``exat`` are seconds, ``px`` and ``pxat`` milliseconds: from now, or as Unix time. Without any of
        these and without ``keepttl`` the fields stay for good. ``nx`` and ``xx`` (Valkey 9.1) ask that the hash does
        not, or does, exist; ``data_persist_option`` asks it of the fields.

        https://redis.io/commands/hsetex/
        """
        _one_expiry(ex, px, exat, pxat, keepttl=keepttl)
        at_most_one(nx=nx, xx=xx)
        pieces = _field_values(key, value, mapping, items)
        options: list[EncodableT] = ["NX"] if nx else ["XX"] if xx else []
        if data_persist_option is not None:
            options.append(_persist_option(data_persist_option))
        options += ("KEEPTTL",) if keepttl else expiry(ex, px, exat, pxat)
        return self._run("HSETEX", name, *options, "FIELDS", len(pieces) // 2, *pieces)

    def hsetnx(self, name: KeyT, key: FieldT, value: EncodableT) -> Reply[int]:
        """Set a field if it does not exist; return 1 if it was set, else 0.

        https://redis.io/commands/hsetnx/
        """
        return self._run("HSETNX", name, key, value)

    def hmset(self, name: KeyT, mapping: Mapping[FieldNameT, EncodableT]) -> Reply[bool]:
        """Set fields; return ``True``. The server has deprecated it: use :meth:`hset`.

        https://redis.io/commands/hmset/
        """
        pieces = flat(mapping)
        return self._run("HMSET", name, *pieces, reply=ok)

    def hmget(self, name: KeyT, keys: FieldT | Iterable[FieldT], *args: FieldT) -> Reply[list[S | None]]:
        """Return the values of fields in their order, ``None`` for those that do not exist.

        https://redis.io/commands/hmget/
        """
        return self._run("HMGET", name, *some("keys", one_or_many(keys, args)))

    def hvals(self, name: KeyT) -> Reply[list[S]]:
        """Return the values of all fields.

        https://redis.io/commands/hvals/
        """
        return self._run("HVALS", name)

    def hstrlen(self, name: KeyT, key: FieldT) -> Reply[int]:
        """Return the length of a field's value in bytes, 0 if there is none.

        https://redis.io/commands/hstrlen/
        """
        return self._run("HSTRLEN", name, key)

    @overload
    def hrandfield(self, key: KeyT, count: None = None, withvalues: Literal[False] = False) -> Reply[S | None]: ...
    @overload
    def hrandfield(self, key: KeyT, count: int, withvalues: bool = False) -> Reply[list[S]]: ...
    @overload
    def hrandfield(
        self, key: KeyT, count: int | None = None, withvalues: bool = False
    ) -> Reply[S | list[S] | None]: ...
    def hrandfield(self, key: KeyT, count: int | None = None, withvalues: bool = False) -> Reply[Any]:
        """Return a random field, or with ``count`` a list of them.

        A positive ``count`` gives distinct fields, a negative one exactly that many, possibly repeated. With
        ``withvalues``, which needs ``count``, the list is field, value, field, value ...

        https://redis.io/commands/hrandfield/
        """
        if count is None:
            if withvalues:
                raise DataError("withvalues needs a count")
            return self._run("HRANDFIELD", key)
        if withvalues:
            return self._run("HRANDFIELD", key, count, "WITHVALUES", reply=flat_pairs)
        return self._run("HRANDFIELD", key, count)

    @overload
    def hscan(
        self,
        name: KeyT,
        cursor: int = 0,
        match: PatternT | None = None,
        count: int | None = None,
        no_values: Literal[False] | None = None,
    ) -> Reply[tuple[int, dict[S, S]]]: ...
    @overload
    def hscan(
        self,
        name: KeyT,
        cursor: int = 0,
        match: PatternT | None = None,
        count: int | None = None,
        *,
        no_values: Literal[True],
    ) -> Reply[tuple[int, list[S]]]: ...
    @overload
    def hscan(
        self,
        name: KeyT,
        cursor: int = 0,
        match: PatternT | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> Reply[tuple[int, dict[S, S] | list[S]]]: ...
    def hscan(
        self,
        name: KeyT,
        cursor: int = 0,
        match: PatternT | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> Reply[Any]:
        """Return the next cursor and some fields with their values, or only fields with ``no_values``.

        Begin with cursor 0; the scan is complete when it comes back as 0. ``count`` is a hint of how much to visit.

        https://redis.io/commands/hscan/
        """
        options = scan_options(match, count)
        parser: Callable[[Any], tuple[int, Any]] = scanned_fields
        if no_values:
            options.append("NOVALUES")
            parser = scan_page
        return self._run("HSCAN", name, cursor, *options, reply=parser)

    # -- when single fields expire: Redis 7.4, Valkey 9.0 ------------------------------------------------------------

    def hexpire(
        self,
        name: KeyT,
        seconds: ExpiryT,
        *fields: FieldT,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Reply[list[int]]:
        """Make fields expire in some seconds; return for each field what was done.

        1 set, 2 deleted at once because it is due, 0 the condition was not met, -2 no such field. The conditions: it
        has no expiry (``nx``), it has one (``xx``), the new one is later (``gt``) or earlier (``lt``) than the one it
        has, where none counts as for ever.

        https://redis.io/commands/hexpire/
        """
        when = to_seconds("seconds", seconds)
        return self._run("HEXPIRE", name, when, *_expire(fields, nx, xx, gt, lt))

    def hpexpire(
        self,
        name: KeyT,
        milliseconds: ExpiryT,
        *fields: FieldT,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Reply[list[int]]:
        """Make fields expire in some milliseconds; conditions and results are those of :meth:`hexpire`.

        https://redis.io/commands/hpexpire/
        """
        when = to_milliseconds("milliseconds", milliseconds)
        return self._run("HPEXPIRE", name, when, *_expire(fields, nx, xx, gt, lt))

    def hexpireat(
        self,
        name: KeyT,
        unix_time_seconds: AbsExpiryT,
        *fields: FieldT,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Reply[list[int]]:
        """Make fields expire at a time in seconds; conditions and results are those of :meth:`hexpire`.

        https://redis.io/commands/hexpireat/
        """
        when = unix_seconds("unix_time_seconds", unix_time_seconds)
        return self._run("HEXPIREAT", name, when, *_expire(fields, nx, xx, gt, lt))

    def hpexpireat(
        self,
        name: KeyT,
        unix_time_milliseconds: AbsExpiryT,
        *fields: FieldT,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Reply[list[int]]:
        """Make fields expire at a time in milliseconds; conditions and results are those of :meth:`hexpire`.

        https://redis.io/commands/hpexpireat/
        """
        when = unix_milliseconds("unix_time_milliseconds", unix_time_milliseconds)
        return self._run("HPEXPIREAT", name, when, *_expire(fields, nx, xx, gt, lt))

    def hpersist(self, name: KeyT, *fields: FieldT) -> Reply[list[int]]:
        """Make fields stay for good; return for each 1, -1 if it had no expiry, -2 if there is no such field.

        https://redis.io/commands/hpersist/
        """
        return self._run("HPERSIST", name, *_fields("fields", fields))

    def hexpiretime(self, key: KeyT, *fields: FieldT) -> Reply[list[int]]:
        """Return when fields expire in seconds of Unix time; -1 is never, -2 no such field.

        https://redis.io/commands/hexpiretime/
        """
        return self._run("HEXPIRETIME", key, *_fields("fields", fields))

    def hpexpiretime(self, key: KeyT, *fields: FieldT) -> Reply[list[int]]:
        """Return when fields expire in milliseconds of Unix time; -1 is never, -2 no such field.

        https://redis.io/commands/hpexpiretime/
        """
        return self._run("HPEXPIRETIME", key, *_fields("fields", fields))

    def httl(self, key: KeyT, *fields: FieldT) -> Reply[list[int]]:
        """Return in how many seconds fields expire; -1 is never, -2 no such field.

        https://redis.io/commands/httl/
        """
        return self._run("HTTL", key, *_fields("fields", fields))

    def hpttl(self, key: KeyT, *fields: FieldT) -> Reply[list[int]]:
        """Return in how many milliseconds fields expire; -1 is never, -2 no such field.

        https://redis.io/commands/hpttl/
        """
        return self._run("HPTTL", key, *_fields("fields", fields))

    # -- many hashes of the same fields: Redis 8.10 -------------------------------------------------------------------
    #
    # The server keeps a fieldset with the connection that prepared it, so these belong together on one connection:
    # that of ``client.connection()``, or of one pipeline.

    def himport_prepare(self, fieldset_name: KeyT, fields: Iterable[FieldT]) -> Reply[bool]:
        """Give a list of fields a name on this connection, for :meth:`himport_set`; return ``True``.

        https://redis.io/commands/himport-prepare/
        """
        return self._run("HIMPORT PREPARE", fieldset_name, *_several("fields", fields), reply=ok)

    def himport_set(self, key: KeyT, fieldset_name: KeyT, values: Iterable[EncodableT]) -> Reply[bool]:
        """Make a hash of values for the fields of a fieldset that this connection has prepared; return ``True``.

        https://redis.io/commands/himport-set/
        """
        return self._run("HIMPORT SET", key, fieldset_name, *_several("values", values), reply=ok)

    def himport_discard(self, fieldset_name: KeyT) -> Reply[int]:
        """Forget a fieldset of this connection; return how many there were, 1 or 0.

        https://redis.io/commands/himport-discard/
        """
        return self._run("HIMPORT DISCARD", fieldset_name)

    def himport_discard_all(self) -> Reply[int]:
        """Forget all fieldsets of this connection; return how many there were.

        https://redis.io/commands/himport-discardall/
        """
        return self._run("HIMPORT DISCARDALL")


def _several(name: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, str | bytes | bytearray | memoryview) or not isinstance(values, Iterable):
        raise DataError(f"{name} must be several, not one {type(values).__name__}")
    return some(name, list(values))


def _fields(name: str, fields: Sequence[FieldT]) -> tuple[EncodableT, ...]:
    return ("FIELDS", len(some(name, fields)), *fields)


def _expire(fields: Sequence[FieldT], nx: bool, xx: bool, gt: bool, lt: bool) -> tuple[EncodableT, ...]:
    if nx + xx + gt + lt > 1:
        raise ValueError("nx, xx, gt and lt exclude each other: give at most one")  # not DataError: as in redis-py
    condition = ("NX",) if nx else ("XX",) if xx else ("GT",) if gt else ("LT",) if lt else ()
    return (*condition, *_fields("fields", fields))


def _one_expiry(
    ex: ExpiryT | None, px: ExpiryT | None, exat: AbsExpiryT | None, pxat: AbsExpiryT | None, **flag: bool
) -> None:
    at_most_one(ex=ex is not None, px=px is not None, exat=exat is not None, pxat=pxat is not None, **flag)


def _field_values(
    key: FieldT | None,
    value: EncodableT | None,
    mapping: Mapping[Any, EncodableT] | None,
    items: Sequence[EncodableT] | None,
) -> list[EncodableT]:
    pieces = list(items) if items else []
    if len(pieces) % 2:
        raise DataError("items must be field, value, field, value ..., but its length is odd")
    if key is not None:
        if value is None:
            raise DataError("key needs a value")
        pieces += (key, value)
    if mapping:
        pieces += flat(mapping)
    if not pieces:
        raise DataError("at least one field is needed: key and value, a mapping, or items")
    return pieces


def _persist_option(option: Any) -> str:
    if not isinstance(option, HashDataPersistOptions):
        raise DataError("data_persist_option must be a HashDataPersistOptions")
    return option.value
