"""Parsers of the replies of the time series commands."""

from collections.abc import Callable
from typing import Any

from redis_aio._replies.common import pairs, text, text_keyed


def sample(reply: Any) -> tuple[int, float] | None:
    """Return the reply of TS.GET: time and value; an empty series is ``None``."""
    return (int(reply[0]), float(reply[1])) if reply else None


def samples(reply: Any) -> list[tuple[Any, ...]]:
    """Return the reply of TS.RANGE: time and value, or time and the values of several aggregators."""
    return [(row[0], *(float(value) for value in row[1:])) for row in reply or ()]


def sample_lists(reply: Any) -> list[list[Any]]:
    """Return the reply of TS.READ: a list of time and value for each sample."""
    return [list(row) for row in samples(reply)]


def rows(reply: Any) -> list[list[Any]]:
    """Return the reply of TS.NRANGE: ``[time, [value, ...]]``, ``nan`` where a series has none."""
    return [[int(time), [float(value) for value in values]] for time, values in reply or ()]


def _labels(reply: Any) -> dict[str, Any]:
    return {text(name): text(value) if isinstance(value, bytes) else value for name, value in pairs(reply)}


def _by_key(describe: Callable[[Any], list[Any]]) -> Callable[[Any], list[dict[str, list[Any]]]]:
    """Return the parser of a reply about several series: a dict of one key for each, sorted by key.

    RESP2 has ``[key, labels, data]``, RESP3 a map of key to ``[labels, ..., data]``.
    """

    def parse(reply: Any) -> list[dict[str, list[Any]]]:
        if isinstance(reply, dict):
            found = [(key, parts[0], parts[-1] if len(parts) > 1 else []) for key, parts in reply.items()]
        else:
            found = [(key, labels, data) for key, labels, data in reply]
        series = [{text(key): [_labels(labels), *describe(data)]} for key, labels, data in found]
        return sorted(series, key=list)

    return parse


def _last(data: Any) -> list[Any]:
    return [int(data[0]), float(data[1])] if data else [None, None]


#: TS.MGET: ``[{key: [labels, time, value]}, ...]``.
last_samples = _by_key(_last)
#: TS.MRANGE: ``[{key: [labels, samples]}, ...]``.
ranges = _by_key(lambda data: [samples(data)])


def _rules(reply: Any) -> dict[Any, list[Any]]:
    if isinstance(reply, dict):
        return reply
    return {target: rest for target, *rest in reply or ()}


class TSInfo:
    """A time series; also ``info["chunk_count"]``, ``info["chunkCount"]`` and ``info.get("chunk_count")``."""

    #: Target to ``[milliseconds of a bucket, aggregator, alignment]``.
    rules: dict[Any, list[Any]]
    labels: dict[str, Any]
    source_key: Any
    chunk_count: int | None
    memory_usage: int | None
    total_samples: int | None
    #: Milliseconds for which samples are kept, 0 is for ever.
    retention_msecs: int | None
    last_timestamp: int | None
    first_timestamp: int | None
    chunk_size: int | None
    duplicate_policy: str | None

    _names = {  # noqa: RUF012  # a table
        "sourceKey": "source_key",
        "chunkCount": "chunk_count",
        "memoryUsage": "memory_usage",
        "totalSamples": "total_samples",
        "retentionTime": "retention_msecs",
        "lastTimestamp": "last_timestamp",
        "firstTimestamp": "first_timestamp",
        "chunkSize": "chunk_size",
        "duplicatePolicy": "duplicate_policy",
    }

    def __init__(self, args: Any) -> None:
        found = text_keyed(args)
        for name, attribute in self._names.items():
            setattr(self, attribute, found.get(name))
        self.rules = _rules(found.get("rules"))
        self.labels = _labels(found.get("labels"))
        policy = found.get("duplicatePolicy")
        self.duplicate_policy = None if policy is None else text(policy)

    def get(self, item: str) -> Any:
        """Return an attribute, or ``None``."""
        return getattr(self, self._names.get(item, item), None)

    def __getitem__(self, item: str) -> Any:
        return getattr(self, self._names.get(item, item))

    def __repr__(self) -> str:
        return f"<TSInfo: {self.total_samples} samples in {self.chunk_count} chunks>"
