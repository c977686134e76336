"""Names: what can be subscribed to, and how it is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from redis_aio._options import Options

Kind: TypeAlias = Literal["channel", "pattern", "shard"]
#: Names to subscribe to, by their kind; and names that the server refused, with its error.
Names: TypeAlias = Mapping[Kind, Sequence[bytes]]
Refusal: TypeAlias = tuple[Kind, Sequence[bytes], Exception]
KINDS: tuple[Kind, ...] = ("channel", "pattern", "shard")
SUBSCRIBE: dict[Kind, str] = {"channel": "SUBSCRIBE", "pattern": "PSUBSCRIBE", "shard": "SSUBSCRIBE"}
UNSUBSCRIBE: dict[Kind, str] = {"channel": "UNSUBSCRIBE", "pattern": "PUNSUBSCRIBE", "shard": "SUNSUBSCRIBE"}


def delivered(name: bytes, options: Options) -> bytes | str:
    """Return a name as it arrives with messages: decoded, where the client decodes and it can be."""
    if not options.decode_responses:
        return name
    try:
        return name.decode(options.encoding, options.encoding_errors)
    except UnicodeError:
        return name


def chunks(kind: Kind, names: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    """Divide names into requests. Shard channels may belong to different slots: each has a request of its own."""
    if kind == "shard":
        size = 1
    for start in range(0, len(names), size):
        yield names[start : start + size]


__all__ = ["KINDS", "SUBSCRIBE", "UNSUBSCRIBE", "Kind", "Names", "Refusal", "chunks", "delivered"]
