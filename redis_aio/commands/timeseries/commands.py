"""TimeSeriesCommands: the commands of time series."""

import builtins
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from redis_aio._replies import timeseries as replies
from redis_aio._replies.bf import names
from redis_aio._replies.common import ok
from redis_aio._replies.sets import members
from redis_aio.commands._arguments import one_or_many, some
from redis_aio.commands.base import ModuleCommands
from redis_aio.commands.timeseries._arguments import aggregated, aggregators, chosen, filtered, labelled, series
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeyT, Number, Reply, S

#: Milliseconds; in ranges also ``-`` and ``+``, in writing ``*`` for now.
TimestampT: TypeAlias = int | str
#: Time and value, or time and the values of several aggregators.
SampleT: TypeAlias = tuple[Any, ...]


class TimeSeriesCommands(ModuleCommands[S]):
    """The commands of time series. Times are integers in milliseconds."""

    def create(
        self,
        key: KeyT,
        retention_msecs: int | None = None,
        uncompressed: bool | None = False,
        labels: Mapping[str, str] | None = None,
        chunk_size: int | None = None,
        duplicate_policy: str | None = None,
        ignore_max_time_diff: int | None = None,
        ignore_max_val_diff: Number | None = None,
    ) -> Reply[bool]:
        """Make a series.

        Args:
            key: where.
            retention_msecs: milliseconds after which a sample is dropped, counted from the latest; 0 is never.
            uncompressed: keep the samples uncompressed.
            labels: what the series can be found by.
            chunk_size: bytes in each piece of its memory, a multiple of 8.
            duplicate_policy: ``block``, ``first``, ``last``, ``min``, ``max`` or ``sum``: what a second sample of one
                time means.
            ignore_max_time_diff: with the policy ``last``, ignore a sample that is no later than this ...
            ignore_max_val_diff: ... and differs no more than this from the latest; both are given, or none.

        https://redis.io/commands/ts.create/
        """
        options = series(
            retention_msecs,
            uncompressed,
            labels,
            chunk_size,
            duplicate_policy,
            ignore_max_time_diff,
            ignore_max_val_diff,
        )
        return self._run("TS.CREATE", key, *options, reply=ok)

    def alter(
        self,
        key: KeyT,
        retention_msecs: int | None = None,
        labels: Mapping[str, str] | None = None,
        chunk_size: int | None = None,
        duplicate_policy: str | None = None,
        ignore_max_time_diff: int | None = None,
        ignore_max_val_diff: Number | None = None,
    ) -> Reply[bool]:
        """Change the options of a series; those of :meth:`create`.

        https://redis.io/commands/ts.alter/
        """
        options = series(
            retention_msecs, False, labels, chunk_size, duplicate_policy, ignore_max_time_diff, ignore_max_val_diff
        )
        return self._run("TS.ALTER", key, *options, reply=ok)

    def add(
        self,
        key: KeyT,
        timestamp: TimestampT,
        value: Number | str,
        retention_msecs: int | None = None,
        uncompressed: bool | None = False,
        labels: Mapping[str, str] | None = None,
        chunk_size: int | None = None,
        duplicate_policy: str | None = None,
        ignore_max_time_diff: int | None = None,
        ignore_max_val_diff: Number | None = None,
        on_duplicate: str | None = None,
    ) -> Reply[int]:
        """Add a sample, to a series that is made if there is none; return its time.

        ``timestamp`` may be ``*`` for the server's time. ``on_duplicate`` overrides the series' policy for this sample.
        The other arguments are those of :meth:`create`, for a series that is made.

        https://redis.io/commands/ts.add/
        """
        options = series(
            *(retention_msecs, uncompressed, labels, chunk_size, duplicate_policy),
            *(ignore_max_time_diff, ignore_max_val_diff, on_duplicate),
        )
        return self._run("TS.ADD", key, timestamp, value, *options)

    def madd(self, ktv_tuples: Sequence[tuple[KeyT, TimestampT, Number | str]]) -> Reply[list[int]]:
        """Add samples, each a tuple of key, time and value, to series that exist; return their times.

        A sample that was not added has its error in its place.

        https://redis.io/commands/ts.madd/
        """
        parts = [part for sample in some("ktv_tuples", ktv_tuples) for part in sample]
        return self._run("TS.MADD", *parts)

    def incrby(
        self,
        key: KeyT,
        value: Number,
        timestamp: TimestampT | None = None,
        retention_msecs: int | None = None,
        uncompressed: bool | None = False,
        labels: Mapping[str, str] | None = None,
        chunk_size: int | None = None,
        duplicate_policy: str | None = None,
        ignore_max_time_diff: int | None = None,
        ignore_max_val_diff: Number | None = None,
    ) -> Reply[int]:
        """Add to the latest value of a series, which is made if there is none; return the sample's time.

        ``timestamp`` is not before the latest sample; by default it is the server's time. The other arguments are those
        of :meth:`create`, for a series that is made.

        https://redis.io/commands/ts.incrby/
        """
        options = series(
            retention_msecs,
            uncompressed,
            labels,
            chunk_size,
            duplicate_policy,
            ignore_max_time_diff,
            ignore_max_val_diff,
        )
        when = () if timestamp is None else ("TIMESTAMP", timestamp)
        return self._run("TS.INCRBY", key, value, *when, *options)

    def decrby(
        self,
        key: KeyT,
        value: Number,
        timestamp: TimestampT | None = None,
        retention_msecs: int | None = None,
        uncompressed: bool | None = False,
        labels: Mapping[str, str] | None = None,
        chunk_size: int | None = None,
        duplicate_policy: str | None = None,
        ignore_max_time_diff: int | None = None,
        ignore_max_val_diff: Number | None = None,
    ) -> Reply[int]:
        """Subtract from the latest value of a series, which is made if there is none; return the sample's time.

        ``timestamp`` is not before the latest sample; by default it is the server's time. The other arguments are those
        of :meth:`create`, for a series that is made.

        https://redis.io/commands/ts.decrby/
        """
        options = series(
            retention_msecs,
            uncompressed,
            labels,
            chunk_size,
            duplicate_policy,
            ignore_max_time_diff,
            ignore_max_val_diff,
        )
        when = () if timestamp is None else ("TIMESTAMP", timestamp)
        return self._run("TS.DECRBY", key, value, *when, *options)

    def delete(self, key: KeyT, from_time: int, to_time: int) -> Reply[int]:
        """Delete the samples between two times, both included; return how many.

        https://redis.io/commands/ts.del/
        """
        return self._run("TS.DEL", key, from_time, to_time)

    def createrule(
        self,
        source_key: KeyT,
        dest_key: KeyT,
        aggregation_type: str,
        bucket_size_msec: int,
        align_timestamp: int | None = None,
    ) -> Reply[bool]:
        """Have the server keep an aggregate of one series in another.

        Args:
            source_key: the series that samples are added to.
            dest_key: the series of aggregates; both exist.
            aggregation_type: ``avg``, ``sum``, ``min``, ``max``, ``range``, ``count``, ``first``, ``last``, ``std.p``,
                ``std.s``, ``var.p``, ``var.s`` or ``twa``.
            bucket_size_msec: milliseconds that become one sample.
            align_timestamp: a time at which a bucket starts.

        https://redis.io/commands/ts.createrule/
        """
        words: list[EncodableT] = ["AGGREGATION", aggregation_type, bucket_size_msec]
        if align_timestamp is not None:
            words.append(align_timestamp)
        return self._run("TS.CREATERULE", source_key, dest_key, *words, reply=ok)

    def deleterule(self, source_key: KeyT, dest_key: KeyT) -> Reply[bool]:
        """Undo :meth:`createrule`.

        https://redis.io/commands/ts.deleterule/
        """
        return self._run("TS.DELETERULE", source_key, dest_key, reply=ok)

    def range(
        self,
        key: KeyT,
        from_time: TimestampT,
        to_time: TimestampT,
        count: int | None = None,
        aggregation_type: str | Sequence[str] | None = None,
        bucket_size_msec: int | None = 0,
        filter_by_ts: Sequence[int] | None = None,
        filter_by_min_value: Number | None = None,
        filter_by_max_value: Number | None = None,
        align: int | str | None = None,
        latest: bool | None = False,
        bucket_timestamp: str | None = None,
        empty: bool | None = False,
    ) -> Reply[builtins.list[SampleT]]:
        """Return the samples between two times, both included, the earliest first.

        Args:
            key: the series.
            from_time: ``-`` is the first.
            to_time: ``+`` is the last.
            count: how many samples at most.
            aggregation_type: an aggregator of :meth:`createrule`, or several (Redis 8.8).
            bucket_size_msec: milliseconds that become one sample.
            filter_by_ts: only samples of these times.
            filter_by_min_value: only samples of values from this ...
            filter_by_max_value: ... to this; both are given, or none.
            align: a time at which a bucket starts; ``-`` and ``+`` are the ends of the range.
            latest: of a series of aggregates, also the bucket that is not over.
            bucket_timestamp: ``-``, ``~`` or ``+``: which moment of the bucket is reported.
            empty: report empty buckets too.

        https://redis.io/commands/ts.range/
        """
        words = [
            *chosen(latest, filter_by_ts, filter_by_min_value, filter_by_max_value),
            *aggregated(count, align, aggregators(aggregation_type), bucket_size_msec, bucket_timestamp, empty),
        ]
        return self._run("TS.RANGE", key, from_time, to_time, *words, reply=replies.samples)

    def revrange(
        self,
        key: KeyT,
        from_time: TimestampT,
        to_time: TimestampT,
        count: int | None = None,
        aggregation_type: str | Sequence[str] | None = None,
        bucket_size_msec: int | None = 0,
        filter_by_ts: Sequence[int] | None = None,
        filter_by_min_value: Number | None = None,
        filter_by_max_value: Number | None = None,
        align: int | str | None = None,
        latest: bool | None = False,
        bucket_timestamp: str | None = None,
        empty: bool | None = False,
    ) -> Reply[builtins.list[SampleT]]:
        """Return the samples between two times, both included, the latest first.

        The arguments are those of :meth:`range`.

        https://redis.io/commands/ts.revrange/
        """
        words = [
            *chosen(latest, filter_by_ts, filter_by_min_value, filter_by_max_value),
            *aggregated(count, align, aggregators(aggregation_type), bucket_size_msec, bucket_timestamp, empty),
        ]
        return self._run("TS.REVRANGE", key, from_time, to_time, *words, reply=replies.samples)

    def read(
        self,
        key: KeyT,
        timestamp: TimestampT,
        block_milliseconds: int | None = None,
        block_min_count: int | None = None,
        max_count: int | None = None,
    ) -> Reply[list[list[Any]]]:
        """Return the samples from a time on, waiting for them if asked to. Redis 8.10.

        Args:
            key: the series.
            timestamp: from when.
            block_milliseconds: wait so long, 0 is for ever; by default not at all.
            block_min_count: for so many samples, by default one.
            max_count: how many at most.

        https://redis.io/commands/ts.read/
        """
        words: list[EncodableT] = []
        if block_milliseconds is not None:
            words += ["BLOCK", block_milliseconds, 1 if block_min_count is None else block_min_count]
        elif block_min_count is not None:
            raise DataError("block_min_count needs block_milliseconds")
        if max_count is not None:
            words += ["MAX_COUNT", max_count]
        return self._run("TS.READ", key, timestamp, *words, reply=replies.sample_lists)

    def nrange(
        self,
        keys: Sequence[KeyT],
        from_time: TimestampT,
        to_time: TimestampT,
        count: int | None = None,
        aggregators: str | Sequence[str] | None = None,
        bucket_size_msec: int | None = 0,
        filter_by_ts: Sequence[int] | None = None,
        filter_by_min_value: Number | None = None,
        filter_by_max_value: Number | None = None,
        align: int | str | None = None,
        latest: bool | None = False,
        bucket_timestamp: str | None = None,
        empty: bool | None = False,
    ) -> Reply[list[list[Any]]]:
        """Return ``[time, [value of each series, ...]]``, the earliest first; ``nan`` for no value. Redis 8.10.

        ``aggregators`` has one entry for each key, which may name several with commas. The other arguments are those of
        :meth:`range`.

        https://redis.io/commands/ts.nrange/
        """
        each = [aggregators] if isinstance(aggregators, str) else aggregators
        words = self._joined(keys, each)
        words += [from_time, to_time, *chosen(latest, filter_by_ts, filter_by_min_value, filter_by_max_value)]
        words += aggregated(count, align, each, bucket_size_msec, bucket_timestamp, empty)
        return self._run("TS.NRANGE", *words, reply=replies.rows)

    def nrevrange(
        self,
        keys: Sequence[KeyT],
        from_time: TimestampT,
        to_time: TimestampT,
        count: int | None = None,
        aggregators: str | Sequence[str] | None = None,
        bucket_size_msec: int | None = 0,
        filter_by_ts: Sequence[int] | None = None,
        filter_by_min_value: Number | None = None,
        filter_by_max_value: Number | None = None,
        align: int | str | None = None,
        latest: bool | None = False,
        bucket_timestamp: str | None = None,
        empty: bool | None = False,
    ) -> Reply[list[list[Any]]]:
        """Return ``[time, [value of each series, ...]]``, the latest first; ``nan`` for no value. Redis 8.10.

        ``aggregators`` has one entry for each key, which may name several with commas. The other arguments are those of
        :meth:`range`.

        https://redis.io/commands/ts.nrevrange/
        """
        each = [aggregators] if isinstance(aggregators, str) else aggregators
        words = self._joined(keys, each)
        words += [from_time, to_time, *chosen(latest, filter_by_ts, filter_by_min_value, filter_by_max_value)]
        words += aggregated(count, align, each, bucket_size_msec, bucket_timestamp, empty)
        return self._run("TS.NREVRANGE", *words, reply=replies.rows)

    @staticmethod
    def _joined(keys: Sequence[KeyT], aggregators: Sequence[str] | None) -> list[EncodableT]:
        some("keys", keys)
        if aggregators is not None and len(aggregators) != len(keys):
            raise DataError("aggregators must have one element for each key")
        return [len(keys), *keys]

    def mrange(
        self,
        from_time: TimestampT,
        to_time: TimestampT,
        filters: Sequence[str],
        count: int | None = None,
        aggregation_type: str | Sequence[str] | None = None,
        bucket_size_msec: int | None = 0,
        with_labels: bool | None = False,
        filter_by_ts: Sequence[int] | None = None,
        filter_by_min_value: Number | None = None,
        filter_by_max_value: Number | None = None,
        groupby: str | None = None,
        reduce: str | None = None,
        select_labels: Sequence[str] | None = None,
        align: int | str | None = None,
        latest: bool | None = False,
        bucket_timestamp: str | None = None,
        empty: bool | None = False,
        exclude_empty: bool | None = False,
    ) -> Reply[list[dict[str, list[Any]]]]:
        """Return ``[{key: [labels, samples]}, ...]`` of the series that the filters match, the earliest samples first.

        Args:
            from_time: as for :meth:`range`, and so are those not listed here.
            to_time: as for :meth:`range`.
            filters: such as ``label=value``, ``label!=``, ``label=(a,b)``; a series matches all of them.
            with_labels: report all labels.
            select_labels: report these labels.
            groupby: join the series of one value of this label ...
            reduce: ... with this aggregator.
            exclude_empty: leave out series without samples.

        https://redis.io/commands/ts.mrange/
        """
        joined = aggregators(aggregation_type)
        words = [
            *(from_time, to_time, *chosen(latest, filter_by_ts, filter_by_min_value, filter_by_max_value)),
            *labelled(with_labels, select_labels),
            *aggregated(count, align, joined, bucket_size_msec, bucket_timestamp, empty),
            *_grouped(filters, groupby, reduce, exclude_empty, joined),
        ]
        return self._run("TS.MRANGE", *words, reply=replies.ranges)

    def mrevrange(
        self,
        from_time: TimestampT,
        to_time: TimestampT,
        filters: Sequence[str],
        count: int | None = None,
        aggregation_type: str | Sequence[str] | None = None,
        bucket_size_msec: int | None = 0,
        with_labels: bool | None = False,
        filter_by_ts: Sequence[int] | None = None,
        filter_by_min_value: Number | None = None,
        filter_by_max_value: Number | None = None,
        groupby: str | None = None,
        reduce: str | None = None,
        select_labels: Sequence[str] | None = None,
        align: int | str | None = None,
        latest: bool | None = False,
        bucket_timestamp: str | None = None,
        empty: bool | None = False,
        exclude_empty: bool | None = False,
    ) -> Reply[list[dict[str, list[Any]]]]:
        """Return ``[{key: [labels, samples]}, ...]`` of the series that the filters match, the latest samples first.

        The arguments are those of :meth:`mrange`.

        https://redis.io/commands/ts.mrevrange/
        """
        joined = aggregators(aggregation_type)
        words = [
            *(from_time, to_time, *chosen(latest, filter_by_ts, filter_by_min_value, filter_by_max_value)),
            *labelled(with_labels, select_labels),
            *aggregated(count, align, joined, bucket_size_msec, bucket_timestamp, empty),
            *_grouped(filters, groupby, reduce, exclude_empty, joined),
        ]
        return self._run("TS.MREVRANGE", *words, reply=replies.ranges)

    def get(self, key: KeyT, latest: bool | None = False) -> Reply[tuple[int, float] | None]:
        """Return the latest sample; ``None`` if there is none.

        ``latest`` tells, of a series of aggregates, also the bucket that is not over.

        https://redis.io/commands/ts.get/
        """
        return self._run("TS.GET", key, *(("LATEST",) if latest else ()), reply=replies.sample)

    def mget(
        self,
        filters: Sequence[str],
        with_labels: bool | None = False,
        select_labels: Sequence[str] | None = None,
        latest: bool | None = False,
    ) -> Reply[list[dict[str, list[Any]]]]:
        """Return the latest samples of the series that the filters match: ``[{key: [labels, time, value]}, ...]``.

        The arguments are those of :meth:`mrange`.

        https://redis.io/commands/ts.mget/
        """
        words = [*(("LATEST",) if latest else ()), *labelled(with_labels, select_labels), *filtered(filters)]
        return self._run("TS.MGET", *words, reply=replies.last_samples)

    def info(self, key: KeyT) -> Reply[replies.TSInfo]:
        """Return what the server knows of a series.

        https://redis.io/commands/ts.info/
        """
        return self._run("TS.INFO", key, reply=replies.TSInfo)

    def queryindex(self, filters: Sequence[str]) -> Reply[list[Any]]:
        """Return the keys of the series that the filters match.

        Keys are ``str``, and numbers where they look like one, as in redis-py.

        https://redis.io/commands/ts.queryindex/
        """
        return self._run("TS.QUERYINDEX", *some("filters", one_or_many(filters)), reply=names)

    def querylabels(self, label: str | None = None, filters: Iterable[str] | None = None) -> Reply[set[S]]:
        """Return the names of labels, or the values of one. Redis 8.10.

        Args:
            label: whose values.
            filters: only of the series that these match.

        https://redis.io/commands/ts.querylabels/
        """
        words = ["LABELS"] if label is None else ["VALUES", label]
        only = [] if filters is None else filtered(filters)
        return self._run("TS.QUERYLABELS", *words, *only, reply=members)


def _grouped(
    filters: Sequence[str],
    groupby: str | None,
    reduce: str | None,
    exclude_empty: bool | None,
    aggregators: Sequence[str] | None,
) -> list[EncodableT]:
    """Return which series are meant, and how they are joined."""
    if (groupby is None) != (reduce is None):
        raise DataError("groupby and reduce need each other: give both or neither")
    if groupby is not None and exclude_empty:
        raise DataError("groupby and exclude_empty exclude each other: give at most one")
    if groupby is not None and aggregators is not None and "," in aggregators[0]:
        raise DataError("groupby does not go with several aggregators")
    words = [*(("EXCLUDEEMPTY",) if exclude_empty else ()), *filtered(filters)]
    return words if groupby is None or reduce is None else [*words, "GROUPBY", groupby, "REDUCE", reduce.upper()]
