"""StreamCommands: the commands of the group "stream"."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar, overload

from redis_aio._replies import streams as replies
from redis_aio._replies.common import boolean, list_of, ok, text_keyed
from redis_aio.commands._arguments import at_most_one, flat, some
from redis_aio.commands._collections import one_of
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import ConsumerT, EncodableT, GroupT, KeyT, Reply, S, StreamIdT

#: What becomes of the references that consumer groups hold to an entry.
RefPolicy: TypeAlias = Literal["KEEPREF", "DELREF", "ACKED"]

#: The types of a mapping's keys: a mapping is invariant in them, so a union would refuse ``dict[str, int]``.
NameT = TypeVar("NameT", bound=EncodableT)
StreamT = TypeVar("StreamT", bound=KeyT)

_dicts = list_of(text_keyed)


class StreamCommands(CommandGroup[S]):
    """The commands of the group "stream".

    An entry is ``(id, {field: value})``. Ids are "1526985054069-0", or "1526985054069" for the first of a millisecond;
    "-" and "+" are the lowest and the highest in a range, "$" is the last one there is, ">" what no consumer has got.
    """

    # -- adding and removing entries ----------------------------------------------------------------------------------

    @overload
    def xadd(
        self,
        name: KeyT,
        fields: Mapping[NameT, EncodableT],
        id: StreamIdT = "*",
        maxlen: int | None = None,
        approximate: bool = True,
        nomkstream: Literal[False] = False,
        minid: StreamIdT | None = None,
        limit: int | None = None,
        ref_policy: RefPolicy | None = None,
        idmpauto: str | None = None,
        idmp: tuple[str, bytes] | None = None,
    ) -> Reply[S]: ...
    @overload
    def xadd(
        self,
        name: KeyT,
        fields: Mapping[NameT, EncodableT],
        id: StreamIdT = "*",
        maxlen: int | None = None,
        approximate: bool = True,
        nomkstream: bool = False,
        minid: StreamIdT | None = None,
        limit: int | None = None,
        ref_policy: RefPolicy | None = None,
        idmpauto: str | None = None,
        idmp: tuple[str, bytes] | None = None,
    ) -> Reply[S | None]: ...
    def xadd(
        self,
        name: KeyT,
        fields: Mapping[NameT, EncodableT],
        id: StreamIdT = "*",
        maxlen: int | None = None,
        approximate: bool = True,
        nomkstream: bool = False,
        minid: StreamIdT | None = None,
        limit: int | None = None,
        ref_policy: RefPolicy | None = None,
        idmpauto: str | None = None,
        idmp: tuple[str, bytes] | None = None,
    ) -> Reply[Any]:
        """Add an entry and return its id, or ``None`` where ``nomkstream`` is given and there is no stream.

        ``maxlen`` or ``minid`` trims the stream too, roughly if ``approximate``, by ``limit`` entries at most.
        ``ref_policy`` (Redis 8.2) says what becomes of the trimmed entries in consumer groups.

        ``idmpauto`` (a producer's name) and ``idmp`` (a producer's name and an id of the caller's), both of Redis 8.6,
        let the server recognise an entry that it has got before, whose id is then returned. Only with them the command
        is sent again after its reply was lost.

        https://redis.io/commands/xadd/
        """
        at_most_one(idmpauto=idmpauto is not None, idmp=idmp is not None)
        if id != "*" and (idmpauto is not None or idmp is not None):
            raise DataError("idmpauto and idmp need the id '*'")
        options: list[EncodableT] = ["NOMKSTREAM"] if nomkstream else []
        options += _policy(ref_policy)
        if idmpauto is not None:
            options += ("IDMPAUTO", idmpauto)
        if idmp is not None:
            if not isinstance(idmp, tuple) or len(idmp) != 2:
                raise DataError("idmp must be a tuple: the producer's name and the entry's idempotent id")
            options += ("IDMP", *idmp)
        options += _trimming(maxlen, minid, approximate, limit)
        return self._run("XADD", name, *options, id, *_fields(fields))

    def xdel(self, name: KeyT, *ids: StreamIdT) -> Reply[int]:
        """Remove entries; return how many there were.

        https://redis.io/commands/xdel/
        """
        return self._run("XDEL", name, *some("ids", ids))

    def xdelex(self, name: KeyT, *ids: StreamIdT, ref_policy: RefPolicy = "KEEPREF") -> Reply[list[int]]:
        """Remove entries and, by ``ref_policy``, their references; return a number for each id (Redis 8.2).

        1 is removed, -1 is not there, 2 is not removed because a group has not acknowledged it.

        https://redis.io/commands/xdelex/
        """
        numbered = _numbered(ids)
        return self._run("XDELEX", name, *_policy(ref_policy), *numbered)

    def xtrim(
        self,
        name: KeyT,
        maxlen: int | None = None,
        approximate: bool = True,
        minid: StreamIdT | None = None,
        limit: int | None = None,
        ref_policy: RefPolicy | None = None,
    ) -> Reply[int]:
        """Remove the oldest entries, to ``maxlen`` entries or up to ``minid``; return how many that were.

        If ``approximate``, a few more may stay, which is much cheaper.

        https://redis.io/commands/xtrim/
        """
        if maxlen is None and minid is None:
            raise DataError("either maxlen or minid must be given")
        options = _trimming(maxlen, minid, approximate, limit)
        return self._run("XTRIM", name, *options, *_policy(ref_policy))

    def xsetid(
        self,
        name: KeyT,
        last_id: StreamIdT,
        entries_added: int | None = None,
        max_deleted_id: StreamIdT | None = None,
    ) -> Reply[bool]:
        """Set the last id of a stream, as a server does that loads one.

        https://redis.io/commands/xsetid/
        """
        options: list[EncodableT] = []
        if entries_added is not None:
            options += ("ENTRIESADDED", entries_added)
        if max_deleted_id is not None:
            options += ("MAXDELETEDID", max_deleted_id)
        return self._run("XSETID", name, last_id, *options, reply=ok)

    def xcfgset(self, name: KeyT, idmp_duration: int | None = None, idmp_maxsize: int | None = None) -> Reply[S]:
        """Set how many seconds (1 to 300), and how many per producer (1 to 1,000,000), idempotent ids are kept.

        A change forgets those that are kept. Redis 8.6.

        https://redis.io/commands/xcfgset/
        """
        options: list[EncodableT] = []
        if idmp_duration is not None:
            options += ("IDMP-DURATION", _integer("idmp_duration", idmp_duration, 1, 300))
        if idmp_maxsize is not None:
            options += ("IDMP-MAXSIZE", _integer("idmp_maxsize", idmp_maxsize, 1, 1_000_000))
        if not options:
            raise DataError("either idmp_duration or idmp_maxsize must be given")
        return self._run("XCFGSET", name, *options)

    def xidmprecord(self, name: KeyT, producer_id: EncodableT, idempotent_id: EncodableT, id: StreamIdT) -> Reply[bool]:
        """Record the idempotent id of an entry that is there; a command for replication and loading (Redis 8.6.2).

        https://redis.io/commands/xidmprecord/
        """
        return self._run("XIDMPRECORD", name, producer_id, idempotent_id, id, reply=ok)

    # -- reading ------------------------------------------------------------------------------------------------------

    def xlen(self, name: KeyT) -> Reply[int]:
        """Return how many entries there are.

        https://redis.io/commands/xlen/
        """
        return self._run("XLEN", name)

    def xrange(
        self, name: KeyT, min: StreamIdT = "-", max: StreamIdT = "+", count: int | None = None
    ) -> Reply[list[tuple[S, dict[S, S]]]]:
        """Return the entries from one id to another, both included, or the first ``count`` of them.

        "(" before an id excludes it.

        https://redis.io/commands/xrange/
        """
        return self._run("XRANGE", name, min, max, *_count(count), reply=replies.entries)

    def xrevrange(
        self, name: KeyT, max: StreamIdT = "+", min: StreamIdT = "-", count: int | None = None
    ) -> Reply[list[tuple[S, dict[S, S]]]]:
        """Return the entries from one id down to another, both included, or the last ``count`` of them.

        https://redis.io/commands/xrevrange/
        """
        return self._run("XREVRANGE", name, max, min, *_count(count), reply=replies.entries)

    def xread(
        self,
        streams: Mapping[StreamT, StreamIdT],
        count: int | None = None,
        block: int | None = None,
        max_count: int | None = None,
        max_size: int | None = None,
    ) -> Reply[list[list[Any]]]:
        """Return the entries behind an id in each stream, as ``[[stream, entries], ...]``; nothing new is ``[]``.

        Args:
            streams: the last id that was seen of each stream; "$" waits for those still to come.
            count: as many of each stream at most.
            block: milliseconds to wait for the first entry, 0 for ever. It then has a connection of its own.
            max_count: as many of all streams together at most (Redis 8.10).
            max_size: bytes the reply may have, roughly (Redis 8.10).

        https://redis.io/commands/xread/
        """
        options = [*_block(block), *_bounds(count, max_count, max_size)]
        return self._run("XREAD", *options, *_streams(streams), reply=replies.streams)

    # -- consumer groups ----------------------------------------------------------------------------------------------

    def xreadgroup(
        self,
        groupname: GroupT,
        consumername: ConsumerT,
        streams: Mapping[StreamT, StreamIdT],
        count: int | None = None,
        block: int | None = None,
        noack: bool = False,
        claim_min_idle_time: int | None = None,
        max_count: int | None = None,
        max_size: int | None = None,
    ) -> Reply[list[list[Any]]]:
        """Return entries for a consumer of a group, as ``[[stream, entries], ...]``; nothing new is ``[]``.

        Args:
            groupname: the group, which :meth:`xgroup_create` made.
            consumername: the consumer; the first use of its name makes it.
            streams: ">" for what no consumer got yet; an id for those behind it which are pending for this consumer.
            count: as many of each stream at most.
            block: milliseconds to wait for the first entry, 0 for ever. It then has a connection of its own.
            noack: they count as acknowledged at once.
            claim_min_idle_time: those come first that are pending with anybody for as many milliseconds; entries are
                then ``(id, fields, idle milliseconds, deliveries)`` (Redis 8.4).
            max_count: as many of all streams together at most (Redis 8.10).
            max_size: bytes the reply may have, roughly (Redis 8.10).

        https://redis.io/commands/xreadgroup/
        """
        options = [*_bounds(count, max_count, max_size), *_block(block)]
        if noack:
            options.append("NOACK")
        if claim_min_idle_time is not None:
            options += ("CLAIM", _integer("claim_min_idle_time", claim_min_idle_time))
        parse = replies.streams if claim_min_idle_time is None else replies.streams_with_claims
        return self._run("XREADGROUP", "GROUP", groupname, consumername, *options, *_streams(streams), reply=parse)

    def xack(self, name: KeyT, groupname: GroupT, *ids: StreamIdT) -> Reply[int]:
        """Acknowledge entries, which ends their pending; return how many were.

        https://redis.io/commands/xack/
        """
        return self._run("XACK", name, groupname, *some("ids", ids))

    def xackdel(
        self, name: KeyT, groupname: GroupT, *ids: StreamIdT, ref_policy: RefPolicy = "KEEPREF"
    ) -> Reply[list[int]]:
        """Acknowledge entries and remove them from the stream; return a number for each id (Redis 8.2).

        1 is acknowledged and removed, -1 was not pending, 2 is acknowledged only, because of other groups.

        https://redis.io/commands/xackdel/
        """
        numbered = _numbered(ids)
        return self._run("XACKDEL", name, groupname, *_policy(ref_policy), *numbered)

    def xnack(
        self,
        name: KeyT,
        groupname: GroupT,
        mode: Literal["SILENT", "FAIL", "FATAL"],
        *ids: StreamIdT,
        retrycount: int | None = None,
        force: bool = False,
    ) -> Reply[int]:
        """Give pending entries back, for any consumer to get at once; return how many (Redis 8.8).

        ``mode`` says what becomes of the number of deliveries: SILENT takes this one off it, FAIL leaves it, FATAL
        makes it the greatest there is. ``retrycount`` sets it instead. ``force`` makes entries pending that are not.

        https://redis.io/commands/xnack/
        """
        pieces = [one_of("mode", mode, "SILENT", "FAIL", "FATAL"), *_numbered(ids)]
        if retrycount is not None:
            pieces += ("RETRYCOUNT", _integer("retrycount", retrycount))
        if force:
            pieces.append("FORCE")
        return self._run("XNACK", name, groupname, *pieces)

    @overload
    def xclaim(
        self,
        name: KeyT,
        groupname: GroupT,
        consumername: ConsumerT,
        min_idle_time: int,
        message_ids: Sequence[StreamIdT],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: Literal[False] = False,
    ) -> Reply[list[tuple[S, dict[S, S]]]]: ...
    @overload
    def xclaim(
        self,
        name: KeyT,
        groupname: GroupT,
        consumername: ConsumerT,
        min_idle_time: int,
        message_ids: Sequence[StreamIdT],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        *,
        justid: Literal[True],
    ) -> Reply[list[S]]: ...
    @overload
    def xclaim(
        self,
        name: KeyT,
        groupname: GroupT,
        consumername: ConsumerT,
        min_idle_time: int,
        message_ids: Sequence[StreamIdT],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: bool = False,
    ) -> Reply[list[tuple[S, dict[S, S]]] | list[S]]: ...
    def xclaim(
        self,
        name: KeyT,
        groupname: GroupT,
        consumername: ConsumerT,
        min_idle_time: int,
        message_ids: Sequence[StreamIdT],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: bool = False,
    ) -> Reply[Any]:
        """Make entries pending for a consumer that were pending for another, and return those.

        Args:
            name: the stream.
            groupname: the group.
            consumername: whose they become.
            min_idle_time: milliseconds since their last delivery; others are left alone.
            message_ids: their ids.
            idle: milliseconds their last delivery shall lie back, instead of 0.
            time: the Unix time in milliseconds of their last delivery, instead.
            retrycount: sets their number of deliveries, instead of counting one more.
            force: make entries pending that are not.
            justid: return the ids only, and do not count it as a delivery.

        https://redis.io/commands/xclaim/
        """
        if not isinstance(message_ids, list | tuple):
            raise DataError("message_ids must be a list or a tuple")
        pieces = [_integer("min_idle_time", min_idle_time), *some("message_ids", message_ids)]
        for word, option, value in (("IDLE", "idle", idle), ("TIME", "time", time)):
            if value is not None:
                pieces += (word, _integer(option, value, None))
        if retrycount is not None:
            pieces += ("RETRYCOUNT", _integer("retrycount", retrycount, None))
        pieces += (word for word, given in (("FORCE", force), ("JUSTID", justid)) if _flag(word, given))
        parse = None if justid else replies.entries
        return self._run("XCLAIM", name, groupname, consumername, *pieces, reply=parse)

    @overload
    def xautoclaim(
        self,
        name: KeyT,
        groupname: GroupT,
        consumername: ConsumerT,
        min_idle_time: int,
        start_id: StreamIdT = "0-0",
        count: int | None = None,
        justid: Literal[False] = False,
    ) -> Reply[list[Any]]: ...
    @overload
    def xautoclaim(
        self,
        name: KeyT,
        groupname: GroupT,
        consumername: ConsumerT,
        min_idle_time: int,
        start_id: StreamIdT = "0-0",
        count: int | None = None,
        *,
        justid: Literal[True],
    ) -> Reply[list[S]]: ...
    @overload
    def xautoclaim(
        self,
        name: KeyT,
        groupname: GroupT,
        consumername: ConsumerT,
        min_idle_time: int,
        start_id: StreamIdT = "0-0",
        count: int | None = None,
        justid: bool = False,
    ) -> Reply[list[Any]]: ...
    def xautoclaim(
        self,
        name: KeyT,
        groupname: GroupT,
        consumername: ConsumerT,
        min_idle_time: int,
        start_id: StreamIdT = "0-0",
        count: int | None = None,
        justid: bool = False,
    ) -> Reply[Any]:
        """Make entries pending for a consumer that are pending with anybody for ``min_idle_time`` milliseconds.

        Returns ``[where to go on, entries, ids]``: the first is "0-0" at the end, the last (since 7.0) the ids that
        were pending though their entries are deleted. With ``justid`` it returns the ids of the entries only, and does
        not count it as a delivery.

        https://redis.io/commands/xautoclaim/
        """
        pieces: list[EncodableT] = [_integer("min_idle_time", min_idle_time), start_id]
        if count is not None:
            pieces += ("COUNT", _integer("count", count))
        if justid:
            pieces.append("JUSTID")
        parse = replies.claimed_ids if justid else replies.claimed
        return self._run("XAUTOCLAIM", name, groupname, consumername, *pieces, reply=parse)

    def xpending(self, name: KeyT, groupname: GroupT) -> Reply[dict[str, Any]]:
        """Return how many entries are pending in a group: "pending", "min", "max" and "consumers".

        https://redis.io/commands/xpending/
        """
        return self._run("XPENDING", name, groupname, reply=replies.pending)

    @overload
    def xpending_range(
        self,
        name: KeyT,
        groupname: GroupT,
        min: StreamIdT,
        max: StreamIdT,
        count: int,
        consumername: ConsumerT | None = None,
        idle: int | None = None,
    ) -> Reply[list[dict[str, Any]]]: ...
    @overload
    def xpending_range(
        self, name: KeyT, groupname: GroupT, min: None, max: None, count: None
    ) -> Reply[dict[str, Any]]: ...
    def xpending_range(
        self,
        name: KeyT,
        groupname: GroupT,
        min: StreamIdT | None,
        max: StreamIdT | None,
        count: int | None,
        consumername: ConsumerT | None = None,
        idle: int | None = None,
    ) -> Reply[Any]:
        """Return the entries that are pending in a group, up to ``count`` of those between two ids.

        Each is a dict with "message_id", "consumer", "time_since_delivered" (milliseconds) and "times_delivered".

        Args:
            name: the stream.
            groupname: the group.
            min: the lowest id, or "-".
            max: the highest id, or "+".
            count: as many at most.
            consumername: only those of this consumer.
            idle: only those delivered as many milliseconds ago, or more.

        https://redis.io/commands/xpending/
        """
        if min is None and max is None and count is None:
            if idle is not None or consumername is not None:
                raise DataError("idle and consumername need min, max and count")
            return self.xpending(name, groupname)
        if min is None or max is None or count is None:
            raise DataError("min, max and count need each other: give all or none")
        pieces: list[EncodableT] = [] if idle is None else ["IDLE", _integer("idle", idle)]
        pieces += (min, max, _integer("count", count))
        if consumername:
            pieces.append(consumername)
        return self._run("XPENDING", name, groupname, *pieces, reply=replies.pending_range)

    def xgroup_create(
        self,
        name: KeyT,
        groupname: GroupT,
        id: StreamIdT = "$",
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> Reply[bool]:
        """Make a consumer group that gets what comes behind ``id``; "0" is everything, "$" only what is still to come.

        Args:
            name: the stream.
            groupname: the group.
            id: the last id the group shall count as delivered.
            mkstream: make the stream too, if there is none.
            entries_read: how many entries the group counts as read.

        Raises:
            ResponseError: there is such a group (``BUSYGROUP``), or no such stream.

        https://redis.io/commands/xgroup-create/
        """
        options: list[EncodableT] = ["MKSTREAM"] if mkstream else []
        options += _entries_read(entries_read)
        return self._run("XGROUP CREATE", name, groupname, id, *options, reply=ok)

    def xgroup_createconsumer(self, name: KeyT, groupname: GroupT, consumername: ConsumerT) -> Reply[int]:
        """Make a consumer in a group; return 1, or 0 if it is there.

        https://redis.io/commands/xgroup-createconsumer/
        """
        return self._run("XGROUP CREATECONSUMER", name, groupname, consumername)

    def xgroup_delconsumer(self, name: KeyT, groupname: GroupT, consumername: ConsumerT) -> Reply[int]:
        """Remove a consumer; return how many entries were pending for it, which nobody gets any more.

        https://redis.io/commands/xgroup-delconsumer/
        """
        return self._run("XGROUP DELCONSUMER", name, groupname, consumername)

    def xgroup_destroy(self, name: KeyT, groupname: GroupT) -> Reply[bool]:
        """Remove a consumer group; return whether there was one.

        https://redis.io/commands/xgroup-destroy/
        """
        return self._run("XGROUP DESTROY", name, groupname, reply=boolean)

    def xgroup_setid(
        self, name: KeyT, groupname: GroupT, id: StreamIdT, entries_read: int | None = None
    ) -> Reply[bool]:
        """Set the last id that a group counts as delivered.

        https://redis.io/commands/xgroup-setid/
        """
        return self._run("XGROUP SETID", name, groupname, id, *_entries_read(entries_read), reply=ok)

    # -- looking on ---------------------------------------------------------------------------------------------------

    def xinfo_stream(self, name: KeyT, full: bool = False, *, count: int | None = None) -> Reply[dict[str, Any]]:
        """Return what is known of a stream; with ``full`` its entries, groups and pending entries, ``count`` of each.

        https://redis.io/commands/xinfo-stream/
        """
        if not full:
            if count is not None:
                raise DataError("count needs full")
            return self._run("XINFO STREAM", name, reply=replies.info)
        options = () if count is None else ("COUNT", _integer("count", count))  # here 0 is all of them
        return self._run("XINFO STREAM", name, "FULL", *options, reply=replies.full_info)

    def xinfo_groups(self, name: KeyT) -> Reply[list[dict[str, Any]]]:
        """Return what is known of the consumer groups of a stream.

        https://redis.io/commands/xinfo-groups/
        """
        return self._run("XINFO GROUPS", name, reply=_dicts)

    def xinfo_consumers(self, name: KeyT, groupname: GroupT) -> Reply[list[dict[str, Any]]]:
        """Return what is known of the consumers of a group.

        https://redis.io/commands/xinfo-consumers/
        """
        return self._run("XINFO CONSUMERS", name, groupname, reply=_dicts)

    def xgroup_help(self) -> Reply[list[str]]:
        """Return what XGROUP can do, a line of text each.

        https://redis.io/commands/xgroup-help/
        """
        return self._run("XGROUP HELP", reply=replies.texts)

    def xinfo_help(self) -> Reply[list[str]]:
        """Return what XINFO can do, a line of text each.

        https://redis.io/commands/xinfo-help/
        """
        return self._run("XINFO HELP", reply=replies.texts)


def _integer(name: str, value: Any, least: int | None = 0, most: int | None = None) -> int:
    """Return the value of a parameter; that it is no int, or not within the bounds, is a DataError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise DataError(f"{name} must be an int, not {type(value).__name__}")
    if (least is not None and value < least) or (most is not None and value > most):
        upper = "" if most is None else f" and at most {most}"
        raise DataError(f"{name} must be at least {least}{upper}")
    return value


def _flag(word: str, given: Any) -> bool:
    if given and not isinstance(given, bool):
        raise DataError(f"{word.lower()} must be True or False")
    return bool(given)


def _count(count: int | None) -> tuple[EncodableT, ...]:
    return () if count is None else ("COUNT", _integer("count", count, 1))


def _block(block: int | None) -> tuple[EncodableT, ...]:
    return () if block is None else ("BLOCK", _integer("block", block))


def _bounds(count: int | None, max_count: int | None, max_size: int | None) -> list[EncodableT]:
    pieces: list[EncodableT] = [*_count(count)]
    if max_count is not None:
        pieces += ("MAXCOUNT", _integer("max_count", max_count, 1 if count is None else count))
    if max_size is not None:
        pieces += ("MAXSIZE", _integer("max_size", max_size, 1))
    return pieces


def _streams(streams: Any) -> list[EncodableT]:
    if not isinstance(streams, Mapping):
        raise DataError(f"streams must be a mapping, not {type(streams).__name__}")
    some("streams", list(streams))
    return ["STREAMS", *streams.keys(), *streams.values()]


def _fields(fields: Any) -> list[EncodableT]:
    if not isinstance(fields, Mapping):
        raise DataError(f"fields must be a mapping, not {type(fields).__name__}")
    if not fields:
        raise DataError("fields must have at least one element")
    return flat(fields)


def _trimming(maxlen: int | None, minid: StreamIdT | None, approximate: bool, limit: int | None) -> list[EncodableT]:
    at_most_one(maxlen=maxlen is not None, minid=minid is not None)
    pieces: list[EncodableT] = []
    if maxlen is not None:
        pieces += ("MAXLEN", *(("~",) if approximate else ()), _integer("maxlen", maxlen))
    if minid is not None:
        pieces += ("MINID", *(("~",) if approximate else ()), minid)
    return pieces if limit is None else [*pieces, "LIMIT", limit]


def _policy(ref_policy: str | None) -> tuple[EncodableT, ...]:
    return () if ref_policy is None else (one_of("ref_policy", ref_policy, "KEEPREF", "DELREF", "ACKED"),)


def _numbered(ids: tuple[StreamIdT, ...]) -> list[EncodableT]:
    return ["IDS", len(some("ids", ids)), *ids]


def _entries_read(entries_read: int | None) -> tuple[EncodableT, ...]:
    return () if entries_read is None else ("ENTRIESREAD", entries_read)
