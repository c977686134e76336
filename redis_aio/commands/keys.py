"""KeyCommands: the commands of the group "generic"."""

from collections.abc import Sequence
from typing import Any, Literal, overload

from redis_aio._replies.common import boolean, ok, scan_page
from redis_aio._replies.keys import grouped
from redis_aio.commands._arguments import (
    milliseconds,
    one_or_many,
    seconds,
    some,
    unix_milliseconds,
    unix_seconds,
)
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import AbsExpiryT, EncodableT, ExpiryT, KeysT, KeyT, PatternT, Reply, S

_OBJECT_FACTS = ("ENCODING", "FREQ", "IDLETIME", "REFCOUNT")


class KeyCommands(CommandGroup[S]):
    """The commands of the group "generic"."""

    # -- existence ----------------------------------------------------------------------------------------------------

    def delete(self, *names: KeyT) -> Reply[int]:
        """Delete keys and return how many there were.

        https://redis.io/commands/del/
        """
        return self._run("DEL", *some("names", names))

    def unlink(self, *names: KeyT) -> Reply[int]:
        """Delete keys and return how many there were; their memory is freed in the background.

        https://redis.io/commands/unlink/
        """
        return self._run("UNLINK", *some("names", names))

    def exists(self, *names: KeyT) -> Reply[int]:
        """Return how many of the names exist; a name given twice counts twice.

        https://redis.io/commands/exists/
        """
        return self._run("EXISTS", *some("names", names))

    def touch(self, *args: KeyT) -> Reply[int]:
        """Make keys look recently used, and return how many there are.

        https://redis.io/commands/touch/
        """
        return self._run("TOUCH", *some("args", args))

    def type(self, name: KeyT) -> Reply[S]:
        """Return the type of the value: ``"string"``, ``"hash"`` ... or ``"none"`` for a missing key.

        https://redis.io/commands/type/
        """
        return self._run("TYPE", name)

    def randomkey(self) -> Reply[S | None]:
        """Return the name of some key, or ``None`` in an empty database.

        https://redis.io/commands/randomkey/
        """
        return self._run("RANDOMKEY")

    def keys(self, pattern: PatternT = "*") -> Reply[list[S]]:
        """Return all names that match a glob-style pattern; it blocks the server while it looks, unlike :meth:`scan`.

        https://redis.io/commands/keys/
        """
        return self._run("KEYS", pattern)

    def scan(
        self,
        cursor: int | str | bytes = 0,
        match: PatternT | None = None,
        count: int | None = None,
        _type: str | None = None,
    ) -> Reply[tuple[int, list[S]]]:
        """Return the next cursor and some of the names; begin with 0, the end is the cursor 0.

        ``match`` is a glob-style pattern, ``count`` a hint how many to look at, ``_type`` the only type wanted. A name
        may come twice, and a page may be empty before the end. ``scan_iter`` does the loop.

        https://redis.io/commands/scan/
        """
        options: list[EncodableT] = []
        if match is not None:
            options += ("MATCH", match)
        if count is not None:
            options += ("COUNT", count)
        if _type is not None:
            options += ("TYPE", _type)
        return self._run("SCAN", cursor, *options, reply=scan_page)

    # -- names and places ---------------------------------------------------------------------------------------------

    def rename(self, src: KeyT, dst: KeyT) -> Reply[bool]:
        """Rename a key, replacing ``dst``; a missing ``src`` is a ResponseError.

        https://redis.io/commands/rename/
        """
        return self._run("RENAME", src, dst, reply=ok)

    def renamenx(self, src: KeyT, dst: KeyT) -> Reply[bool]:
        """Rename a key if ``dst`` is new, and return whether it was; a missing ``src`` is a ResponseError.

        https://redis.io/commands/renamenx/
        """
        return self._run("RENAMENX", src, dst, reply=boolean)

    def copy(
        self,
        source: KeyT,
        destination: KeyT,
        destination_db: int | str | None = None,
        replace: bool = False,
    ) -> Reply[bool]:
        """Copy a value to another name, or another database, and return whether it was done.

        It is not done where ``source`` is missing, or ``destination`` exists and ``replace`` is not given.

        https://redis.io/commands/copy/
        """
        options: list[EncodableT] = []
        if destination_db is not None:
            options += ("DB", destination_db)
        if replace:
            options.append("REPLACE")
        return self._run("COPY", source, destination, *options, reply=boolean)

    def move(self, name: KeyT, db: int) -> Reply[bool]:
        """Move a key to another database and return whether it was done; a key of that name there prevents it.

        https://redis.io/commands/move/
        """
        return self._run("MOVE", name, db, reply=boolean)

    def migrate(
        self,
        host: str,
        port: int,
        keys: KeysT,
        destination_db: int,
        timeout: int,
        copy: bool = False,
        replace: bool = False,
        auth: str | None = None,
        *,
        username: str | None = None,
    ) -> Reply[S]:
        """Move keys to another server, and return ``"OK"``, or ``"NOKEY"`` where there were none.

        ``timeout`` bounds each pause in the transfer, in milliseconds. ``copy`` keeps the keys here, ``replace``
        replaces those there. ``auth`` is the password there, ``username`` the user it belongs to.

        https://redis.io/commands/migrate/
        """
        names = some("keys", one_or_many(keys))
        if username is not None and auth is None:
            raise DataError("username needs auth, the password of that user")
        options: list[EncodableT] = []
        if copy:
            options.append("COPY")
        if replace:
            options.append("REPLACE")
        if username is not None:
            options += ("AUTH2", username, auth or "")
        elif auth:
            options += ("AUTH", auth)
        return self._run("MIGRATE", host, port, "", destination_db, timeout, *options, "KEYS", *names)

    def dump(self, name: KeyT) -> Reply[bytes | None]:
        """Return the value in the server's own format, for :meth:`restore`, or ``None`` for a missing key.

        It is always ``bytes``, whatever ``decode_responses`` says.

        https://redis.io/commands/dump/
        """
        return self._run("DUMP", name)

    def restore(
        self,
        name: KeyT,
        ttl: float,
        value: EncodableT,
        replace: bool = False,
        absttl: bool = False,
        idletime: int | None = None,
        frequency: int | None = None,
    ) -> Reply[S]:
        """Make a key of what :meth:`dump` returned, and return ``"OK"``.

        ``ttl`` is in milliseconds, 0 is for ever; with ``absttl`` it is a Unix time in milliseconds. ``idletime``
        (seconds) or ``frequency`` preset what eviction looks at. A key of that name is a ResponseError, unless
        ``replace`` is given.

        https://redis.io/commands/restore/
        """
        options: list[EncodableT] = []
        if replace:
            options.append("REPLACE")
        if absttl:
            options.append("ABSTTL")
        if idletime is not None:
            options += ("IDLETIME", _integer("idletime", idletime))
        if frequency is not None:
            options += ("FREQ", _integer("frequency", frequency))
        return self._run("RESTORE", name, ttl, value, *options)

    # -- expiry -------------------------------------------------------------------------------------------------------

    def expire(
        self, name: KeyT, time: ExpiryT, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Reply[bool]:
        """Let a key expire in ``time`` seconds, and return whether it was set; no time left deletes the key.

        Only where it has no expiry (``nx``), has one (``xx``), or the new one is later (``gt``) or earlier (``lt``). A
        timedelta is cut to whole seconds: :meth:`pexpire` takes milliseconds.

        https://redis.io/commands/expire/
        """
        return self._expire("EXPIRE", name, seconds("time", time), nx, xx, gt, lt)

    def pexpire(
        self, name: KeyT, time: ExpiryT, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Reply[bool]:
        """Let a key expire in ``time`` milliseconds, and return whether it was set; options as in :meth:`expire`.

        https://redis.io/commands/pexpire/
        """
        return self._expire("PEXPIRE", name, milliseconds("time", time), nx, xx, gt, lt)

    def expireat(
        self, name: KeyT, when: AbsExpiryT, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Reply[bool]:
        """Let a key expire at a Unix time in seconds, and return whether it was set; options as in :meth:`expire`.

        https://redis.io/commands/expireat/
        """
        return self._expire("EXPIREAT", name, unix_seconds("when", when), nx, xx, gt, lt)

    def pexpireat(
        self, name: KeyT, when: AbsExpiryT, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Reply[bool]:
        """Let a key expire at a Unix time in milliseconds, and return whether it was set; options as in :meth:`expire`.

        https://redis.io/commands/pexpireat/
        """
        return self._expire("PEXPIREAT", name, unix_milliseconds("when", when), nx, xx, gt, lt)

    def _expire(self, command: str, name: KeyT, when: int | str, nx: bool, xx: bool, gt: bool, lt: bool) -> Reply[bool]:
        options: list[str] = []
        if nx or xx or gt or lt:
            if (nx and (xx or gt or lt)) or (gt and lt):
                raise DataError("nx excludes xx, gt and lt, and gt and lt exclude each other")
            options = [word for word, given in (("NX", nx), ("XX", xx), ("GT", gt), ("LT", lt)) if given]
        return self._run(command, name, when, *options, reply=boolean)

    def persist(self, name: KeyT) -> Reply[bool]:
        """Let a key never expire, and return whether it was going to.

        https://redis.io/commands/persist/
        """
        return self._run("PERSIST", name, reply=boolean)

    def ttl(self, name: KeyT) -> Reply[int]:
        """Return the seconds until a key expires, -1 for a key that does not, -2 for a missing key.

        https://redis.io/commands/ttl/
        """
        return self._run("TTL", name)

    def pttl(self, name: KeyT) -> Reply[int]:
        """Return the milliseconds until a key expires, -1 for a key that does not, -2 for a missing key.

        https://redis.io/commands/pttl/
        """
        return self._run("PTTL", name)

    def expiretime(self, key: KeyT) -> Reply[int]:
        """Return the Unix time in seconds at which a key expires, -1 for a key that does not, -2 for a missing key.

        https://redis.io/commands/expiretime/
        """
        return self._run("EXPIRETIME", key)

    def pexpiretime(self, key: KeyT) -> Reply[int]:
        """Return the Unix time in milliseconds at which a key expires, -1 where it does not, -2 for a missing key.

        https://redis.io/commands/pexpiretime/
        """
        return self._run("PEXPIRETIME", key)

    # -- how a value is kept ------------------------------------------------------------------------------------------

    def object(self, infotype: str, key: KeyT) -> Reply[Any]:
        """Return what the server knows of a value: its ``"encoding"``, ``"freq"``, ``"idletime"`` or ``"refcount"``.

        ``None`` for a missing key. The methods ``object_encoding`` and so on have precise types.

        https://redis.io/commands/object/
        """
        fact = infotype.upper()
        if fact not in _OBJECT_FACTS:
            raise DataError('infotype must be "encoding", "freq", "idletime" or "refcount"')
        return self._run(f"OBJECT {fact}", key)

    def object_encoding(self, key: KeyT) -> Reply[S | None]:
        """Return how the value is kept (``"int"``, ``"listpack"`` ...), or ``None`` for a missing key.

        https://redis.io/commands/object-encoding/
        """
        return self._run("OBJECT ENCODING", key)

    def object_freq(self, key: KeyT) -> Reply[int | None]:
        """Return how often the key is used, on a logarithmic scale; a ResponseError unless the server evicts by LFU.

        https://redis.io/commands/object-freq/
        """
        return self._run("OBJECT FREQ", key)

    def object_idletime(self, key: KeyT) -> Reply[int | None]:
        """Return the seconds since the key was last used; a ResponseError where the server evicts by LFU.

        https://redis.io/commands/object-idletime/
        """
        return self._run("OBJECT IDLETIME", key)

    def object_refcount(self, key: KeyT) -> Reply[int | None]:
        """Return how many references the server holds to the value, or ``None`` for a missing key.

        https://redis.io/commands/object-refcount/
        """
        return self._run("OBJECT REFCOUNT", key)

    # -- sorting ------------------------------------------------------------------------------------------------------

    @overload
    def sort(
        self,
        name: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        get: None = None,
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[False] | None = False,
    ) -> Reply[list[S]]: ...
    @overload
    def sort(
        self,
        name: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        *,
        get: PatternT | Sequence[PatternT],
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[False] | None = False,
    ) -> Reply[list[S | None]]: ...
    @overload
    def sort(
        self,
        name: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        *,
        get: Sequence[PatternT],
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[True],
    ) -> Reply[list[tuple[S | None, ...]]]: ...
    @overload
    def sort(
        self,
        name: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        get: PatternT | Sequence[PatternT] | None = None,
        desc: bool = False,
        alpha: bool = False,
        *,
        store: KeyT,
        groups: Literal[False] | None = False,
    ) -> Reply[int]: ...
    @overload
    def sort(
        self,
        name: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        get: PatternT | Sequence[PatternT] | None = None,
        desc: bool = False,
        alpha: bool = False,
        store: KeyT | None = None,
        groups: bool | None = False,
    ) -> Reply[Any]: ...
    def sort(
        self,
        name: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        get: PatternT | Sequence[PatternT] | None = None,
        desc: bool = False,
        alpha: bool = False,
        store: KeyT | None = None,
        groups: bool | None = False,
    ) -> Reply[Any]:
        """Return the elements of a list, set or sorted set, sorted by number, or by text (``alpha``).

        ``num`` of them from ``start`` on. ``by`` is a pattern of keys that hold the weights, ``get`` patterns of keys
        to return instead of the elements (``"#"`` is the element itself, a missing key is ``None``); with ``groups``
        there is a tuple for each element, which needs two patterns at least. ``store`` puts the result into a list and
        returns its length.

        https://redis.io/commands/sort/
        """
        patterns = [] if get is None else one_or_many(get)
        options = _sort_options(start, num, by, patterns, desc, alpha)
        if groups and (isinstance(get, str | bytes) or len(patterns) < 2):
            raise DataError("groups needs a list of at least two patterns in get")
        if groups and store is not None:
            raise DataError("groups and store exclude each other: with store the reply is a number")
        if store is not None:
            options += ("STORE", store)
        return self._run("SORT", name, *options, reply=grouped(len(patterns)) if groups else None)

    @overload
    def sort_ro(
        self,
        key: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        get: None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> Reply[list[S]]: ...
    @overload
    def sort_ro(
        self,
        key: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        *,
        get: PatternT | Sequence[PatternT],
        desc: bool = False,
        alpha: bool = False,
    ) -> Reply[list[S | None]]: ...
    @overload
    def sort_ro(
        self,
        key: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        get: PatternT | Sequence[PatternT] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> Reply[list[Any]]: ...
    def sort_ro(
        self,
        key: KeyT,
        start: int | None = None,
        num: int | None = None,
        by: PatternT | None = None,
        get: PatternT | Sequence[PatternT] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> Reply[Any]:
        """Return sorted elements as :meth:`sort` does, by the command that replicas may answer too.

        https://redis.io/commands/sort_ro/
        """
        patterns = [] if get is None else one_or_many(get)
        return self._run("SORT_RO", key, *_sort_options(start, num, by, patterns, desc, alpha))

    # -- replication of what was written ------------------------------------------------------------------------------

    def wait(self, num_replicas: int, timeout: int) -> Reply[int]:
        """Wait until replicas have what *this connection* wrote, and return how many have.

        ``timeout`` is in milliseconds, 0 is for ever. Concurrent commands may travel on another connection: write and
        wait on the same ``client.connection()``, or in one pipeline.

        https://redis.io/commands/wait/
        """
        return self._run("WAIT", num_replicas, timeout)

    def waitaof(self, num_local: int, num_replicas: int, timeout: int) -> Reply[list[int]]:
        """Wait until what *this connection* wrote is synced to disk here (0 or 1) and on replicas; return both numbers.

        ``timeout`` is in milliseconds, 0 is for ever. See :meth:`wait` (Redis 7.2).

        https://redis.io/commands/waitaof/
        """
        return self._run("WAITAOF", num_local, num_replicas, timeout)


def _integer(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise DataError(f"{name} must be an integer") from None


def _sort_options(
    start: int | None,
    num: int | None,
    by: PatternT | None,
    patterns: list[PatternT],
    desc: bool,
    alpha: bool,
) -> list[EncodableT]:
    options: list[EncodableT] = []
    if by is not None:
        options += ("BY", by)
    if start is not None and num is not None:
        options += ("LIMIT", start, num)
    elif start is not None or num is not None:
        raise DataError("start and num must be given together")
    for pattern in patterns:
        options += ("GET", pattern)
    if desc:
        options.append("DESC")
    if alpha:
        options.append("ALPHA")
    return options
