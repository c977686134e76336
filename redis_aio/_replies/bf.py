"""Parsers of the replies of the probabilistic types: filters, sketches and digests."""

# ruff: noqa: N815, RUF012  # attributes have redis-py's names, and tables of the class

from typing import Any

from redis_aio._replies.common import text, text_keyed


def flag(reply: Any) -> Any:
    """Return 0 or 1 as ``bool``; -1 (a filter was full) and errors within a list stay as they are."""
    return bool(reply) if isinstance(reply, int) and reply in (0, 1) else reply


def flags(reply: Any) -> list[Any]:
    """Return :func:`flag` of each element."""
    return [flag(element) for element in reply]


def floats(reply: Any) -> list[float]:
    """Return numbers: RESP2 strings (``nan``, ``inf`` among them) or RESP3 doubles."""
    return [float(number) for number in reply]


def names(reply: Any) -> list[Any]:
    """Return items and counts as redis-py does: what looks like a number is one, everything else is ``str``."""
    return [_name(element) for element in reply or ()]


def _name(value: Any) -> Any:
    if value is None or isinstance(value, float):
        return value
    shown = text(value)
    if shown.lower() in ("infinity", "-infinity", "nan"):
        return shown
    for kind in (int, float):
        try:
            return kind(shown)
        except ValueError:
            continue
    return shown


def top_k_info(reply: Any) -> "TopKInfo":
    """Return the reply of TOPK.INFO; its decay is a string in RESP2."""
    info = TopKInfo(reply)
    info.decay = float(info.decay)
    return info


class _Info:
    """What an INFO reply says, as attributes; also ``info["capacity"]`` and ``info.get("capacity")``."""

    #: Attribute to the name in the reply.
    _names: dict[str, str]

    def __init__(self, args: Any) -> None:
        found = text_keyed(args)
        for attribute, name in self._names.items():
            setattr(self, attribute, found[name])

    def get(self, item: str) -> Any:
        """Return an attribute, or ``None``."""
        return getattr(self, item, None)

    def __getitem__(self, item: str) -> Any:
        return getattr(self, item)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self._names)})"


class BFInfo(_Info):
    """A Bloom filter: how many items it may hold, its bytes, sub-filters, items and growth."""

    capacity: int
    size: int
    filterNum: int
    insertedNum: int
    expansionRate: int | None
    _names = {
        "capacity": "Capacity",
        "size": "Size",
        "filterNum": "Number of filters",
        "insertedNum": "Number of items inserted",
        "expansionRate": "Expansion rate",
    }


class CFInfo(_Info):
    """A Cuckoo filter: its bytes, buckets, sub-filters, items, and how it grows."""

    size: int
    bucketNum: int
    filterNum: int
    insertedNum: int
    deletedNum: int
    bucketSize: int
    expansionRate: int
    maxIteration: int
    _names = {
        "size": "Size",
        "bucketNum": "Number of buckets",
        "filterNum": "Number of filters",
        "insertedNum": "Number of items inserted",
        "deletedNum": "Number of items deleted",
        "bucketSize": "Bucket size",
        "expansionRate": "Expansion rate",
        "maxIteration": "Max iterations",
    }


class CMSInfo(_Info):
    """A count-min sketch: its dimensions, and the sum of all counts."""

    width: int
    depth: int
    count: int
    _names = {"width": "width", "depth": "depth", "count": "count"}


class TopKInfo(_Info):
    """A top-k sketch: how many items it keeps, its dimensions and its decay."""

    k: int
    width: int
    depth: int
    decay: float
    _names = {"k": "k", "width": "width", "depth": "depth", "decay": "decay"}


class TDigestInfo(_Info):
    """A t-digest: its compression, and what it holds."""

    compression: int
    capacity: int
    merged_nodes: int
    unmerged_nodes: int
    merged_weight: int
    unmerged_weight: int
    total_compressions: int
    memory_usage: int
    _names = {
        "compression": "Compression",
        "capacity": "Capacity",
        "merged_nodes": "Merged nodes",
        "unmerged_nodes": "Unmerged nodes",
        "merged_weight": "Merged weight",
        "unmerged_weight": "Unmerged weight",
        "total_compressions": "Total compressions",
        "memory_usage": "Memory usage",
    }
