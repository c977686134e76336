"""Mailbox: the bounded buffer between a connection and who reads its messages.

Invariants:

* It never holds more messages or bytes than it may; what happens instead is its policy, and is counted.
* Where messages are missing there is a ``Gap`` in their place, and it is seen before the next message.
* An item leaves it in the same step in which its reader gets it: a reader that is cancelled has taken nothing.
* A gap in the connection is seen when the subscriptions are restored, not before: who then reads the state again misses
  no change.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, TypeAlias

from redis_aio import exceptions
from redis_aio.typing import S

Overflow: TypeAlias = Literal["block", "drop_oldest", "drop_newest", "error"]
POLICIES: tuple[Overflow, ...] = ("block", "drop_oldest", "drop_newest", "error")
#: Messages and bytes that a subscription holds for its reader, unless it says otherwise.
BUFFER = 10_000
BUFFER_BYTES = 32 * 1024 * 1024


class Message(Generic[S]):
    """A message that was published.

    Attributes:
        kind: ``"message"``, ``"pmessage"`` (of a pattern) or ``"smessage"`` (of a shard channel).
        channel: where it was published.
        pattern: the pattern that the channel matches; ``None`` unless ``kind`` is ``"pmessage"``.
        data: what was published.
    """

    __slots__ = ("channel", "data", "kind", "pattern")
    __match_args__ = ("channel", "data")

    def __init__(self, kind: str, channel: S, pattern: S | None, data: S) -> None:
        self.kind: str = kind
        self.channel: S = channel
        self.pattern: S | None = pattern
        self.data: S = data

    def __repr__(self) -> str:
        return f"<Message of kind {self.kind}>"  # what is in it may be secret


class Answer(Message[Any]):
    """What the server said of a subscription or of a PING; ``data`` is the number of subscriptions or the text."""

    __slots__ = ()


class Refused(Answer):
    """The server does not agree to a subscription any more; ``kind`` is that of its name, ``data`` the error."""

    __slots__ = ()


class Gap:
    """Messages are missing here.

    Attributes:
        reason: ``"connection"``: it was lost, and everything is restored now; ``"overflow"``: the buffer was full.
        since: the Unix time from which messages may be missing.
        lost: how many were dropped; ``None`` where nobody can know.
    """

    __slots__ = ("lost", "reason", "since")
    __match_args__ = ("reason", "since", "lost")

    def __init__(self, reason: Literal["connection", "overflow"], since: float, lost: int | None) -> None:
        self.reason = reason
        self.since: float = since
        self.lost: int | None = lost

    def __repr__(self) -> str:
        return f"<Gap: {self.reason}, since {self.since:.3f}, {'unknown' if self.lost is None else self.lost} lost>"


@dataclass(frozen=True, slots=True)
class SubscriptionStats:
    """The figures of a subscription, or of all those of a client together.

    Attributes:
        received: messages that came for it.
        delivered: those that were handed to its reader.
        dropped: those that were dropped because the buffer was full.
        gaps: gaps there were, seen or not.
        reconnects: how often its connection was lost and made anew.
        buffered: messages that wait for the reader.
    """

    received: int = 0
    delivered: int = 0
    dropped: int = 0
    gaps: int = 0
    reconnects: int = 0
    buffered: int = 0


class Mailbox:
    """The buffer of one subscription.

    Args:
        loop: the event loop of the connection and the reader.
        limit: messages it holds at most.
        byte_limit: bytes of their data, a single message excepted. Of messages smaller than ``byte_limit / limit``
            only the number counts.
        overflow: what happens when it is full.
        set_flow: with ``"block"``, called with ``False`` when no more shall come for now, and with ``True`` after that.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limit: int,
        byte_limit: int,
        overflow: Overflow,
        set_flow: Callable[[bool], None] | None = None,
    ) -> None:
        self._loop = loop
        self._limit = limit
        self._byte_limit = byte_limit
        self._overflow = overflow
        self._set_flow = set_flow
        #: Messages of so many bytes are not counted by their bytes: as many as there may be stay below that bound.
        self._small = byte_limit // limit
        self._stopped = False  # whether the flow is
        self._ready: deque[Message[Any] | Gap] = deque()
        self._incoming = self._ready  # another one while a lost connection is being restored
        self._bytes = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._error: Exception | None = None
        self._unread = 0  # messages that were thrown away at the end
        self.received: int = 0
        self.dropped: int = 0
        self.gaps: int = 0
        self.reconnects: int = 0

    # -- filling ------------------------------------------------------------------------------------------------------

    def put(self, message: Message[Any], size: int) -> None:
        """Take a message whose data have ``size`` bytes."""
        incoming = self._incoming
        self.received += 1
        if size > self._small:
            if (len(incoming) >= self._limit or self._bytes + size > self._byte_limit) and self._full(size):
                return
            self._bytes += size
        elif len(incoming) >= self._limit and self._full(0):
            return
        incoming.append(message)
        if self._waiters:
            self._wake()

    def put_all(self, messages: list[Message[Any]], largest: int) -> None:
        """Take messages, the data of the largest of which have so many bytes."""
        incoming = self._incoming
        if largest > self._small or len(incoming) + len(messages) > self._limit:
            for message in messages:
                self.put(message, len(message.data))
            return
        self.received += len(messages)
        incoming.extend(messages)
        if self._waiters:
            self._wake(len(messages))

    def _full(self, size: int) -> bool:
        """Do what the policy says; return whether the message that is coming is dropped."""
        if self._error is not None:
            self.dropped += 1
            return True
        match self._overflow:
            case "block":
                if not self._stopped and self._set_flow is not None:
                    self._stopped = True
                    self._set_flow(False)
                return False
            case "drop_oldest":
                return self._drop_oldest(size)
            case "drop_newest":
                if not self._incoming:  # one message that is larger than the buffer
                    return False
                self._gap_here()
            case "error":
                held = sum(type(item) is not Gap for item in self._incoming)
                if not held or (held < self._limit and self._bytes + size <= self._byte_limit):
                    return False
                self.fail(exceptions.PubSubError("the buffer of the subscription is full: its reader is too slow"))
        self.dropped += 1
        return True

    def _drop_oldest(self, size: int) -> bool:
        incoming = self._incoming
        gap: Gap | None = None
        lost = 0
        if incoming and isinstance(oldest := incoming[0], Gap):
            gap = oldest
            incoming.popleft()
        while incoming and (len(incoming) >= self._limit or self._bytes + size > self._byte_limit):
            oldest = incoming.popleft()
            self._taken(oldest)
            if isinstance(oldest, Gap):
                gap = oldest if gap is None else Gap("connection", min(gap.since, oldest.since), None)
            else:
                lost += type(oldest) is Message
        if gap is None and lost:
            gap = Gap("overflow", time.time(), 0)
            self.gaps += 1
        if gap is not None:
            if gap.lost is not None:
                gap.lost += lost
            incoming.appendleft(gap)
        self.dropped += lost
        return False

    def _gap_here(self) -> None:
        """Note that a message is missing behind what there is."""
        last = self._incoming[-1]
        if not isinstance(last, Gap):
            self.gaps += 1
            self._incoming.append(Gap("overflow", time.time(), 1))
        elif last.lost is not None:
            last.lost += 1

    def lose(self, since: float) -> None:
        """Note that the connection is lost: what comes from now on waits until :meth:`restored`."""
        if self._error is not None:
            return
        if self._incoming is self._ready:
            self._incoming = deque()
        if not self._incoming or type(self._incoming[-1]) is not Gap:
            self.gaps += 1
            self._incoming.append(Gap("connection", since, None))

    def restored(self) -> None:
        """Note that everything is subscribed to again."""
        if self._incoming is not self._ready:
            self.reconnects += 1
            self._ready.extend(self._incoming)
            self._incoming = self._ready
            self._wake(len(self._ready))

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more."""
        return self._error is not None

    def fail(self, error: Exception) -> None:
        """End it: its reader gets what it holds, then ``error``."""
        if self._error is None:
            self._error = error
            self._limit = 0  # all that still comes is dropped
            if self._incoming is not self._ready:
                self._ready.extend(self._incoming)
                self._incoming = self._ready
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    def forget(self, error: Exception) -> None:
        """End it in a process that does not own it: nobody is woken, for the event loop is another process's."""
        self._waiters.clear()
        self.fail(error)

    def clear(self) -> None:
        """Throw away what nobody will read."""
        self._unread += self.stats.buffered
        self._ready.clear()
        self._incoming = self._ready
        self._bytes = 0

    def _wake(self, count: int = 1) -> None:
        """Wake so many readers, as far as there are any."""
        while self._waiters and count > 0:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                count -= 1

    # -- reading ------------------------------------------------------------------------------------------------------

    @property
    def error(self) -> Exception | None:
        """Why nothing more comes."""
        return self._error

    async def get(self) -> Message[Any] | Gap:
        """Return the next item.

        Raises:
            RedisError: what :meth:`fail` was told, once it is empty.
        """
        ready = self._ready
        while not ready:
            if self._error is not None:
                raise again(self._error)
            await self._wait(None)
        item = ready.popleft()
        if self._bytes:
            self._taken(item)
        if self._stopped:
            self._flow_again()
        return item

    def _taken(self, item: Message[Any] | Gap) -> None:
        if type(item) is Message and (size := len(item.data)) > self._small:
            self._bytes -= size

    async def arrival(self, timeout: float | None) -> bool:
        """Wait until there is an item; return whether there is one after ``timeout`` seconds.

        Raises:
            RedisError: nothing more will come.
        """
        ready = self._ready
        deadline = None if timeout is None else self._loop.time() + timeout
        if not ready and self._error is None and timeout is not None and timeout <= 0:
            await asyncio.sleep(0)  # what the kernel holds is there two turns later
            await asyncio.sleep(0)
        while not ready:
            if self._error is not None:
                raise again(self._error)
            if deadline is not None and self._loop.time() >= deadline:
                return False
            await self._wait(deadline)
        return True

    async def _wait(self, deadline: float | None) -> None:
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        timer = None if deadline is None else self._loop.call_at(deadline, _finish, waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if self._ready and waiter.done() and not waiter.cancelled():
                self._wake()  # it was woken and cancelled in the same turn: the next one shall have the item
            raise
        finally:
            if timer is not None:
                timer.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _flow_again(self) -> None:
        if len(self._ready) <= self._limit // 2 and self._bytes <= self._byte_limit // 2:
            self._stopped = False
            if self._set_flow is not None:
                self._set_flow(True)

    @property
    def stats(self) -> SubscriptionStats:
        """The figures of this moment."""
        boxes = [self._ready] if self._incoming is self._ready else [self._ready, self._incoming]
        buffered = sum(isinstance(item, Message) for box in boxes for item in box)
        delivered = self.received - self.dropped - self._unread - buffered
        return SubscriptionStats(self.received, delivered, self.dropped, self.gaps, self.reconnects, buffered)


def check_limits(limit: int, byte_limit: int, overflow: Overflow) -> None:
    """Refuse limits that a mailbox cannot have."""
    if overflow not in POLICIES:
        raise ValueError(f"overflow must be one of {', '.join(POLICIES)}")
    if not all(isinstance(number, int) and number >= 1 for number in (limit, byte_limit)):
        raise ValueError("buffer and buffer_bytes must be ints of at least 1")


def total(all_stats: Iterable[SubscriptionStats]) -> SubscriptionStats:
    """Add figures up."""
    every = list(all_stats)
    names = [field.name for field in fields(SubscriptionStats)]
    return SubscriptionStats(*(sum(getattr(stats, name) for stats in every) for name in names))


def largest_of(messages: Iterable[Message[Any]]) -> int:
    """Return how many bytes the data of the largest message have."""
    return max([len(message.data) for message in messages])


def again(error: Exception) -> Exception:
    """Return a copy of an error, to be raised once more without the traces of the last time."""
    copy = type(error)(*error.args)
    copy.__cause__ = error.__cause__
    return copy


def _finish(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
