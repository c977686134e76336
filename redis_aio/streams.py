"""ConsumerGroup: iterate over the entries of streams as a consumer of a group; each is handled at least once.

What it rests on: the server keeps every entry it gave to a consumer as pending until it is acknowledged, and only
:meth:`StreamMessage.ack` acknowledges. Whatever goes wrong in between, an entry stays pending, and comes back: to this
consumer when it starts again or when a reply was lost, to any consumer when it was pending for ``claim_idle``. What is
in the hands of a living consumer does not get that old, because the consumer keeps touching it.
"""

import asyncio
import logging
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, Self
from weakref import WeakValueDictionary

import anyio

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._consumer import Consumer, by_reply, passes, sent
from redis_aio._log import tell
from redis_aio._options import Options
from redis_aio._replies.common import text
from redis_aio.commands._arguments import one_or_many, some
from redis_aio.typing import ConsumerT, GroupT, KeysT, KeyT, S, StreamIdT, T

logger: logging.Logger = logging.getLogger("redis_aio.streams")

#: Seconds that a read waits in the server, at most; then it is sent again.
BLOCK = 5.0
#: Seconds at the end for the last acknowledgements.
CLOSING = 1.0
#: Seconds of the longest pause after failures.
PAUSE = 1.0


class StreamMessage(Generic[S]):
    """One entry of a stream, in the hands of a consumer.

    ``async with message:`` acknowledges it when the block ends without an error, and gives it up otherwise: then it
    comes again, to any consumer, after ``claim_idle``.
    """

    __slots__ = ("__weakref__", "_acknowledged", "_group", "deliveries", "fields", "id", "stream")

    #: The stream, as it was named to :meth:`ConsumerGroups.consumer_group`.
    stream: KeyT
    id: S
    fields: dict[S, S]
    #: How often it was delivered, this time included; more than 1 says that it may have been handled before.
    deliveries: int

    def __init__(self, group: "ConsumerGroup[S]", stream: KeyT, id: S, fields: dict[S, S], deliveries: int) -> None:
        self._group = group
        self._acknowledged = False
        self.stream = stream
        self.id = id
        self.fields = fields
        self.deliveries = deliveries

    async def ack(self) -> None:
        """Acknowledge it: it was handled, or shall not come again. A second call does nothing.

        Acknowledgements travel together, a moment later; when the consumer has ended already, at once, and a call that
        failed can be repeated.
        """
        first, self._acknowledged = not self._acknowledged, True
        await self._group._acknowledge(self, first)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            await self.ack()
        else:
            self._group._give_up(self)

    def __repr__(self) -> str:
        return f"<StreamMessage {text(self.id)}, delivery {self.deliveries}>"


class ConsumerGroup(Generic[S]):
    """One consumer of a group, to iterate over; made by :meth:`ConsumerGroups.consumer_group`.

    ``async with`` starts and ends it. Several tasks may iterate over it at the same time; each message goes to one.
    """

    def __init__(
        self,
        consumer: Consumer[S],
        names: dict[str | bytes, KeyT],
        prefetch: int,
        start: StreamIdT,
        claim_idle: float | None,
        dead_letter: tuple[KeyT, int] | None,
    ) -> None:
        self._consumer = consumer
        self._prefetch = prefetch
        self._start = start
        self._claim_idle = claim_idle
        self._dead_letter = dead_letter
        self._names = names  # as replies have them
        self._streams = list(names.values())
        self._missing = set(self._streams)
        # Per stream: behind which id entries pending for this consumer are read next, None when all were; the last
        # entry that came as a new one; the ids to acknowledge, which stay here until that is confirmed.
        self._behind: dict[KeyT, StreamIdT | None] = dict.fromkeys(self._streams, "0")
        self._last: dict[KeyT, StreamIdT] = {}
        self._acks: dict[KeyT, dict[S, None]] = {stream: {} for stream in self._streams}
        self._buffer: deque[StreamMessage[S]] = deque()
        #: What is buffered, or handed out and not acknowledged nor given up: as long as anybody has it.
        self._held: WeakValueDictionary[tuple[KeyT, S], StreamMessage[S]] = WeakValueDictionary()
        self._arrived = asyncio.Event()
        self._space = asyncio.Event()
        self._work = asyncio.Event()
        self._claim_at = 0.0
        self._failure: Exception | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._started = False
        self._ending: asyncio.Task[None] | None = None

    # -- for who iterates -----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._started or self._ending:
            raise RuntimeError("a consumer can be started once: make another one")
        self._started = True
        await self._make_groups()
        if not self._ending:  # closed meanwhile
            run = asyncio.get_running_loop().create_task
            self._tasks = [run(self._guarded(self._read)), run(self._guarded(self._keep))]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamMessage[S]:
        """Return the next message; it waits for one as long as it takes.

        Raises:
            StopAsyncIteration: the consumer was closed.
            ResponseError: the server refuses to go on (wrong type, no permission ...).
            ClientClosedError: the client was closed.
        """
        if not (self._tasks or self._ending):
            raise RuntimeError("use 'async with client.consumer_group(...) as messages' around the iteration")
        while not (self._buffer or self._ending or self._failure):
            self._arrived.clear()
            await self._arrived.wait()
        if self._ending:
            raise StopAsyncIteration
        if self._failure is not None:
            raise self._failure
        message = self._buffer.popleft()
        if len(self._buffer) <= self._prefetch // 2:
            self._space.set()
        return message

    async def aclose(self) -> None:
        """End: acknowledge what was handled, and leave what was only prefetched to the other consumers.

        It takes a second at most, and goes on in the background where its caller is cancelled. Who iterates comes to
        the end. What is still being handled can be acknowledged later.
        """
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end())
            self._arrived.set()
            for task in self._tasks:
                task.cancel()
        with anyio.CancelScope(shield=True):  # it has its bound; a task's cancellation leaves it to the background
            await asyncio.wait([self._ending])

    async def _end(self) -> None:
        with anyio.move_on_after(CLOSING):
            if self._tasks:
                await asyncio.wait(self._tasks)
            for last in (self._flush, self._leave_prefetched):
                with suppress(Exception):  # a hook's too: what is pending comes again
                    await last()
        if unconfirmed := self._unconfirmed():
            tell(logger, logging.WARNING, "stream.not_acknowledged", count=unconfirmed)
        self._buffer.clear()

    def _unconfirmed(self) -> int:
        return sum(map(len, self._acks.values()))

    def __repr__(self) -> str:
        state = "ended" if self._ending else "running" if self._started else "not started"
        return (
            f"<ConsumerGroup of {len(self._streams)} streams: {state}, {len(self._buffer)} prefetched, "
            f"{self._unconfirmed()} to acknowledge>"
        )

    # -- for messages ---------------------------------------------------------------------------------------------

    async def _acknowledge(self, message: StreamMessage[S], first: bool) -> None:
        if first:
            self._give_up(message)
            self._settle(message.stream, message.id)
        if self._ending:
            await self._flush()

    def _settle(self, stream: KeyT, id: S) -> None:
        """Have an entry acknowledged."""
        self._acks[stream][id] = None
        self._work.set()

    def _give_up(self, message: StreamMessage[S]) -> None:
        """Hold a message no longer."""
        place = message.stream, message.id
        if self._held.get(place) is message:
            del self._held[place]

    # -- reading --------------------------------------------------------------------------------------------------

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a background task; what ends it is raised where somebody iterates."""
        try:
            await work()
        except Exception as error:
            self._failure = error
            self._arrived.set()

    async def _read(self) -> None:
        failures = 0
        while True:
            try:
                await self._make_groups()
                for stream in self._streams:
                    await self._read_pending(stream)
                await self._claim()
                await self._read_new()
                failures = 0
            except exceptions.RedisError as error:
                await self._after(error, failures)
                failures += 1
                # Entries may have been given to us in a reply that was lost: they are pending behind the last we saw.
                for stream in self._streams:
                    if self._behind[stream] is None:
                        self._behind[stream] = self._last.get(stream, "0")

    async def _after(self, error: exceptions.RedisError, failures: int) -> None:
        """Pause after a failure that may pass; raise another."""
        if error.status_code == "NOGROUP":
            self._missing.update(self._streams)
            tell(logger, logging.WARNING, "stream.group_gone", error=error)
        elif not passes(error):
            raise error
        elif not failures:
            tell(logger, logging.INFO, "stream.interrupted", error=error)
        await asyncio.sleep(random.uniform(0.0, min(PAUSE, 0.01 * 2.0 ** min(failures, 20))))

    async def _make_groups(self) -> None:
        for stream in list(self._missing):
            start = self._start
            if stream in self._last:  # the group was there before: what came since is not to be left out
                start = self._last[stream] = self._last[stream] if start in ("$", b"$") else start
            await self._consumer.make_group(stream, start)
            self._missing.discard(stream)

    async def _room(self) -> int:
        """Wait until half of the buffer is free; return how many messages it takes."""
        while len(self._buffer) > self._prefetch // 2:
            self._space.clear()
            await self._space.wait()
        return self._prefetch - len(self._buffer)

    async def _read_pending(self, stream: KeyT) -> None:
        """Deliver what is pending for this consumer: what it left before a start, what it missed in a failure."""
        while (behind := self._behind[stream]) is not None:
            entries = await self._consumer.read_pending(stream, behind, await self._room())
            await self._redeliver(stream, entries)
            self._behind[stream] = entries[-1][0] if entries else None

    async def _claim(self) -> None:
        """Deliver, when it is time, what has been pending for too long, with whomever."""
        now = asyncio.get_running_loop().time()
        if self._claim_idle is None or now < self._claim_at:
            return
        for stream in self._streams:
            cursor: StreamIdT | None = "0-0"
            while cursor is not None:
                room = await self._room()
                cursor, entries = await self._consumer.claim(stream, self._claim_idle, cursor, room)
                await self._redeliver(stream, entries)
        self._claim_at = now + self._claim_idle / 2 * random.uniform(0.8, 1.2)

    async def _redeliver(self, stream: KeyT, entries: Iterable[tuple[S, dict[S, S]]]) -> None:
        acks = self._acks[stream]
        fields = {id: fields for id, fields in entries if id not in acks and (stream, id) not in self._held}
        deliveries = await self._consumer.deliveries(stream, fields)
        for id, count in deliveries.items():
            if not fields[id]:  # its entry was deleted: there is nothing to handle
                self._settle(stream, id)
            elif self._dead_letter is not None and count > self._dead_letter[1]:
                before = count - 1  # this time it is delivered to nobody
                await self._consumer.copy(stream, id, fields[id], before, self._dead_letter[0])
                self._settle(stream, id)
                tell(logger, logging.WARNING, "stream.dead_letter", count=before)
            else:
                self._deliver(StreamMessage(self, stream, id, fields[id], count))

    async def _read_new(self) -> None:
        room = await self._room()
        wait = BLOCK
        if self._claim_idle is not None:
            wait = min(wait, self._claim_at - asyncio.get_running_loop().time())
        count = max(1, room // len(self._streams))
        for name, entries in await self._consumer.read_new(self._streams, count, wait):
            stream = self._names[name]
            for id, fields in entries:
                self._last[stream] = id
                self._deliver(StreamMessage(self, stream, id, fields, 1))

    def _deliver(self, message: StreamMessage[S]) -> None:
        self._held[message.stream, message.id] = message
        self._buffer.append(message)
        self._arrived.set()

    # -- keeping --------------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Send acknowledgements, as many as there are while the last were under way; keep touching what is held."""
        loop = asyncio.get_running_loop()
        pause = None if self._claim_idle is None else self._claim_idle / 3
        due = None if pause is None else loop.time() + pause
        failures = 0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._work.wait()
            try:
                await self._flush()
                if due is not None and pause is not None and loop.time() >= due:
                    await self._touch()
                    due = loop.time() + pause
                failures = 0
            except exceptions.RedisError as error:
                if error.status_code != "NOGROUP":  # that is for who reads to heal
                    await self._after(error, failures)
                elif pause is not None:
                    due = loop.time() + pause
                failures += 1
                self._work.set()

    async def _flush(self) -> None:
        self._work.clear()
        await self._consumer.acknowledge_all(self._acks)

    async def _touch(self) -> None:
        """Have what is held not count as idle, and forget of the prefetched what another consumer has claimed."""
        for stream in self._streams:
            ids = [id for of, id in list(self._held) if of == stream]
            ours = await self._consumer.deliveries(stream, ids)
            lost = set(ids).difference(ours)
            for message in [message for message in self._buffer if message.stream == stream and message.id in lost]:
                self._buffer.remove(message)
            await self._consumer.touch(stream, [id for id in ours if (stream, id) in self._held])
        self._space.set()

    async def _leave_prefetched(self) -> None:
        """Have what nobody has seen here count as idle and as not delivered, so that others can claim it at once."""
        if self._claim_idle is None:
            return
        alike: dict[tuple[KeyT, int], list[S]] = {}
        for message in self._buffer:
            alike.setdefault((message.stream, message.deliveries - 1), []).append(message.id)
        for (stream, deliveries), ids in alike.items():
            await self._consumer.leave(stream, ids, self._claim_idle, deliveries)


class ConsumerGroups(Generic[S]):
    """What clients have for consuming streams."""

    @property
    def options(self) -> Options:
        """The options in force."""
        raise NotImplementedError

    async def execute(self, command: Command[T]) -> T:
        """Execute a command that was built as a value."""
        raise NotImplementedError

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch that was built as a value."""
        raise NotImplementedError

    def consumer_group(
        self,
        streams: KeysT,
        group: GroupT,
        consumer: ConsumerT,
        *,
        prefetch: int = 10,
        start: StreamIdT = "0",
        claim_idle: float | None = 60.0,
        dead_letter: KeyT | None = None,
        max_deliveries: int | None = None,
    ) -> ConsumerGroup[S]:
        """Return the messages of streams, for a consumer of a group, to iterate over.

        ``async with client.consumer_group("orders", "billing", "worker-1") as messages:``, then ``async for message in
        messages:``, then ``async with message:`` around what handles it. The group, and the streams, are made where
        they are missing. It goes on over lost connections and restarts of the server. While it waits for entries, it
        has a connection of its own.

        Args:
            streams: one key or several; in a cluster all of one slot.
            group: the group.
            consumer: the name of this consumer. No other one that runs may have it. With the same name as before a
                restart it goes on with what was left unfinished; others only do so after ``claim_idle``.
            prefetch: how many messages are read ahead, at most; one of each stream where there are more streams.
            start: where a new group begins: "0" at the first entry, "$" behind the last, or behind an id.
            claim_idle: seconds (0.001 or more) after which an entry that nobody has acknowledged, nor a living consumer
                holds, is delivered again; ``None`` never looks for such entries.
            dead_letter: the stream for entries that were delivered more than ``max_deliveries`` times.
            max_deliveries: deliveries of an entry until it becomes a dead letter.

        Raises:
            DataError: an argument cannot be used.
        """
        names = by_reply(some("streams", one_or_many(streams)), self.options)
        for name, value in (("group", group), ("consumer", consumer), ("start", start), ("dead_letter", dead_letter)):
            if value is not None or name != "dead_letter":
                sent(name, value, self.options)
        for name, number in (("prefetch", prefetch), ("max_deliveries", max_deliveries)):
            if (number is not None or name == "prefetch") and (not isinstance(number, int) or number < 1):
                raise exceptions.DataError(f"{name} must be an int of at least 1")
        if claim_idle is not None and not (isinstance(claim_idle, int | float) and 0.001 <= claim_idle < math.inf):
            raise exceptions.DataError("claim_idle must be a number of seconds from 0.001 on, or None")
        if (dead_letter is None) != (max_deliveries is None):
            raise exceptions.DataError("dead_letter and max_deliveries need each other: give both or neither")
        letters = None if dead_letter is None or max_deliveries is None else (dead_letter, max_deliveries)
        return ConsumerGroup(Consumer(self, group, consumer), names, prefetch, start, claim_idle, letters)


__all__ = ["ConsumerGroup", "ConsumerGroups", "StreamMessage"]
