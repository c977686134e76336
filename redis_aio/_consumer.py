"""Consumer: what one consumer of a group asks of the server, and which refusals pass; it remembers nothing."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Generic, Protocol

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._command.spec import Effect
from redis_aio._command.table import SPECS
from redis_aio._options import Options
from redis_aio._replies import streams as replies
from redis_aio._replies.common import ok, text
from redis_aio.typing import ConsumerT, EncodableT, GroupT, KeyT, S, StreamIdT, T

#: A second execution is an error that we expect, so it may be sent again.
_CREATE = SPECS["XGROUP CREATE"].with_(effect=Effect.IDEMPOTENT)
#: Ids in one command, at most.
IDS = 1_000

#: What passes, so that it is worth to try again.
_TRANSIENT = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.ClusterDownError,
    exceptions.TryAgainError,
    exceptions.BusyScriptError,
)
#: What does not pass, though it is among those.
_FINAL = (exceptions.ClientClosedError, exceptions.AuthenticationError, exceptions.AuthorizationError)


def passes(error: exceptions.RedisError) -> bool:
    """Return whether what was refused may be accepted a moment later."""
    transient = isinstance(error, _TRANSIENT) or error.status_code == "UNBLOCKED"
    return transient and not isinstance(error, _FINAL)


def sent(name: str, value: Any, options: Options) -> bytes:
    """Return the bytes that are sent for an argument; ``name`` is the parameter's."""
    if isinstance(value, str):
        with suppress(UnicodeError):  # it holds the text: what is raised behind this has no such context
            return value.encode(options.encoding, options.encoding_errors)
        raise exceptions.DataError(f"{name} cannot be encoded as {options.encoding}")
    if isinstance(value, bool) or not isinstance(value, bytes | bytearray | memoryview | int | float):
        raise exceptions.DataError(f"{name} must be str or bytes, not {type(value).__name__}")
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else repr(value).encode()


def by_reply(streams: Iterable[KeyT], options: Options) -> dict[str | bytes, KeyT]:
    """Return streams, each once, by the names that replies have for them.

    Raises:
        DataError: one cannot be sent or received, or two of them are one and the same when they are received.
    """
    named: dict[bytes, KeyT] = {}
    for stream in streams:
        name = sent("streams", stream, options)
        named[name] = name if isinstance(stream, bytearray | memoryview) else stream  # those may have no hash
    received: dict[str | bytes, KeyT] = {}
    for name, stream in named.items():
        try:
            heard = name.decode(options.encoding, options.encoding_errors) if options.decode_responses else name
        except UnicodeError:
            raise exceptions.DataError(f"streams has a name that is no {options.encoding}") from None
        received[heard] = stream
    if len(received) < len(named):
        raise exceptions.DataError(f"streams has two names that are the same text when decoded as {options.encoding}")
    return received


class Executes(Protocol):
    """What executes commands: a client."""

    async def execute(self, command: Command[T]) -> T:
        """Execute a command."""
        ...

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch; what failed is in the place of its command."""
        ...


class Consumer(Generic[S]):
    """One consumer of a group.

    Args:
        client: executes.
        group: the group, of the same name in each stream.
        name: the consumer's.
    """

    def __init__(self, client: Executes, group: GroupT, name: ConsumerT) -> None:
        self._client = client
        self._group = group
        self._name = name

    async def make_group(self, stream: KeyT, start: StreamIdT) -> None:
        """Make the group, and the stream, unless they are there."""
        with suppress(exceptions.BusyGroupError):
            pieces = (stream, self._group, start, "MKSTREAM")
            await self._client.execute(Command("XGROUP CREATE", *pieces, reply=ok, spec=_CREATE))

    async def _read(self, *options: EncodableT) -> list[list[Any]]:
        read = Command("XREADGROUP", "GROUP", self._group, self._name, *options, reply=replies.streams)
        return await self._client.execute(read)

    async def read_new(self, streams: list[KeyT], count: int, wait: float) -> list[list[Any]]:
        """Return ``[[stream, entries], ...]`` that no consumer got yet; wait some seconds for the first."""
        block = max(1, int(wait * 1000))  # 0 would be for ever
        return await self._read("COUNT", count, "BLOCK", block, "STREAMS", *streams, *(">" for _ in streams))

    async def read_pending(self, stream: KeyT, behind: StreamIdT, count: int) -> list[tuple[S, dict[S, S]]]:
        """Return entries behind an id that are pending for this consumer; deleted ones have no fields."""
        reply = await self._read("COUNT", count, "STREAMS", stream, behind)
        entries: list[tuple[S, dict[S, S]]] = reply[0][1] if reply else []
        return entries

    async def claim(
        self, stream: KeyT, idle: float, cursor: StreamIdT, count: int
    ) -> tuple[StreamIdT | None, list[tuple[S, dict[S, S]]]]:
        """Take over entries that are pending for some seconds, with whomever; return where to go on, and those."""
        pieces = (stream, self._group, self._name, int(idle * 1000), cursor, "COUNT", count)
        behind, entries, *_ = await self._client.execute(Command("XAUTOCLAIM", *pieces, reply=replies.claimed))
        there = [entry for entry in entries if entry[0] is not None]  # before 7.0 null stood for a deleted one
        return None if text(behind) == "0-0" else behind, there

    async def deliveries(self, stream: KeyT, ids: Iterable[S]) -> dict[S, int]:
        """Return how often entries were delivered, without those that are not pending for this consumer."""
        commands: list[Command[Any]] = [
            Command("XPENDING", stream, self._group, id, id, 1, self._name, reply=replies.pending_range) for id in ids
        ]
        if not commands:
            return {}
        found = await self._client.execute_batch(Batch(commands))
        for value in found:
            if isinstance(value, Exception):
                raise value
        return {entry["message_id"]: entry["times_delivered"] for entries in found for entry in entries}

    async def acknowledge(self, stream: KeyT, ids: dict[S, None]) -> None:
        """Acknowledge entries, and take each out of ``ids`` when that is confirmed; those that come meanwhile wait."""
        waiting = list(ids)
        for first in range(0, len(waiting), IDS):
            some = waiting[first : first + IDS]
            await self._client.execute(Command("XACK", stream, self._group, *some))
            for id in some:
                ids.pop(id, None)

    async def acknowledge_all(self, acks: dict[KeyT, dict[S, None]]) -> None:
        """Acknowledge entries of each stream; what is refused for one is raised behind the others."""
        refused: exceptions.ResponseError | None = None
        for stream, ids in acks.items():
            try:
                await self.acknowledge(stream, ids)
            except exceptions.ResponseError as error:
                refused = error
        if refused is not None:
            raise refused

    async def touch(self, stream: KeyT, ids: list[S]) -> None:
        """Have entries count as delivered just now, without counting another delivery."""
        if ids:
            await self._client.execute(Command("XCLAIM", stream, self._group, self._name, 0, *ids, "JUSTID"))

    async def leave(self, stream: KeyT, ids: list[S], idle: float, deliveries: int) -> None:
        """Have entries count as idle for some seconds, so that any consumer can claim them."""
        options = ("IDLE", int(idle * 1000), "RETRYCOUNT", deliveries, "JUSTID")
        await self._client.execute(Command("XCLAIM", stream, self._group, self._name, 0, *ids, *options))

    async def copy(self, stream: KeyT, id: S, fields: dict[S, S], deliveries: int, to: KeyT) -> None:
        """Add an entry to another stream, with fields that say where it is from."""
        pairs = [part for pair in fields.items() for part in pair]
        origin = ("dead-letter-stream", stream, "dead-letter-id", id, "dead-letter-deliveries", deliveries)
        await self._client.execute(Command("XADD", to, "*", *pairs, *origin))
