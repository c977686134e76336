"""The options that the time series commands share."""

from collections.abc import Iterable, Mapping, Sequence

from redis_aio.commands._arguments import at_most_one, given, one_or_many, some
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, Number


def series(
    retention_msecs: int | None,
    uncompressed: bool | None,
    labels: Mapping[str, str] | None,
    chunk_size: int | None,
    duplicate_policy: str | None,
    ignore_max_time_diff: int | None,
    ignore_max_val_diff: Number | None,
    on_duplicate: str | None = None,
) -> list[EncodableT]:
    """Return the options of a series."""
    if (ignore_max_time_diff is None) != (ignore_max_val_diff is None):
        raise ValueError("ignore_max_time_diff and ignore_max_val_diff need each other: give both or neither")
    words: list[EncodableT] = [] if retention_msecs is None else ["RETENTION", retention_msecs]
    if uncompressed:
        words += ["ENCODING", "UNCOMPRESSED"]
    words += given(CHUNK_SIZE=chunk_size, DUPLICATE_POLICY=duplicate_policy)
    if ignore_max_time_diff is not None and ignore_max_val_diff is not None:
        words += ["IGNORE", ignore_max_time_diff, ignore_max_val_diff]
    words += given(ON_DUPLICATE=on_duplicate)
    if labels:  # last: what follows would be taken for more labels
        words += ["LABELS", *(part for pair in labels.items() for part in pair)]
    return words


def chosen(
    latest: bool | None,
    filter_by_ts: Sequence[int] | None,
    filter_by_min_value: Number | None,
    filter_by_max_value: Number | None,
) -> list[EncodableT]:
    """Return what chooses the samples of a range."""
    words: list[EncodableT] = ["LATEST"] if latest else []
    if filter_by_ts is not None:
        words += ["FILTER_BY_TS", *some("filter_by_ts", one_or_many(filter_by_ts))]
    if (filter_by_min_value is None) != (filter_by_max_value is None):
        raise DataError("filter_by_min_value and filter_by_max_value need each other: give both or neither")
    if filter_by_min_value is not None and filter_by_max_value is not None:
        words += ["FILTER_BY_VALUE", filter_by_min_value, filter_by_max_value]
    return words


def aggregated(
    count: int | None,
    align: int | str | None,
    aggregators: Sequence[str] | None,
    bucket_size_msec: int | None,
    bucket_timestamp: str | None,
    empty: bool | None,
) -> list[EncodableT]:
    """Return how many samples there shall be, and what is made of them."""
    words = given(COUNT=count, ALIGN=align)
    if aggregators is not None:
        words += ["AGGREGATION", *aggregators, bucket_size_msec or 0]
    words += given(BUCKETTIMESTAMP=bucket_timestamp)
    return [*words, "EMPTY"] if empty else words


def aggregators(aggregation_type: str | Sequence[str] | None) -> list[str] | None:
    """Return one or several aggregators as the one argument they are."""
    if aggregation_type is None:
        return None
    return [
        aggregation_type if isinstance(aggregation_type, str) else ",".join(some("aggregation_type", aggregation_type))
    ]


def labelled(with_labels: bool | None, select_labels: Sequence[str] | None) -> list[EncodableT]:
    """Return which labels the reply shall have."""
    at_most_one(with_labels=bool(with_labels), select_labels=bool(select_labels))
    if with_labels:
        return ["WITHLABELS"]
    return ["SELECTED_LABELS", *select_labels] if select_labels else []


def filtered(filters: Iterable[str]) -> list[EncodableT]:
    """Return which series are meant."""
    return ["FILTER", *some("filters", one_or_many(filters))]
