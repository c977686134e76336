"""Messages: the messages of some channels, as an asynchronous iterator."""

import warnings
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Generic, Self, TypeAlias

from redis_aio import exceptions
from redis_aio._execution.hub import Hub
from redis_aio._execution.mailbox import Gap, Mailbox, Message, Overflow, SubscriptionStats, check_limits
from redis_aio._execution.names import Kind
from redis_aio._execution.subscriptions import Subscriptions
from redis_aio._options import Options
from redis_aio.typing import ChannelT, PatternT, S

#: One name or several.
ChannelsT: TypeAlias = ChannelT | Iterable[ChannelT]
PatternsT: TypeAlias = PatternT | Iterable[PatternT]


class Messages(Generic[S]):
    """The messages of some channels; made by :meth:`redis_aio.Redis.subscribe`.

    ``async with`` subscribes, and ``async for`` reads: each item is a :class:`Message`, or a :class:`Gap` where
    messages are missing. Several tasks may read; each item goes to one of them. A reader that is cancelled has taken
    nothing.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        names: dict[Kind, list[bytes]],
        buffer: int,
        buffer_bytes: int,
        overflow: Overflow,
    ) -> None:
        check_limits(buffer, buffer_bytes, overflow)
        self._subscriptions = subscriptions
        self._names = names
        self._limits = buffer, buffer_bytes, overflow
        self._hub: Hub | None = None
        self._mailbox: Mailbox | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        if self._mailbox is not None:
            raise exceptions.PubSubError("a subscription can be entered once: subscribe again")
        if not any(self._names.values()):
            raise exceptions.DataError("there is nothing to subscribe to: name a channel, a pattern or a shard channel")
        self._hub, self._mailbox = self._subscriptions.open(*self._limits)
        try:
            await self._hub.add(self._mailbox, self._names)
        except BaseException:  # cancelled or refused: nobody reads what it joined
            self._close()
            raise
        self._check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    async def aclose(self) -> None:
        """End the subscription. Nothing is waited for; a second call does nothing."""
        self._close()

    def _close(self) -> None:
        if not self._closed and self._hub is not None and self._mailbox is not None:
            self._closed = True
            self._subscriptions.end(self._hub, self._mailbox, StopAsyncIteration())

    def __del__(self) -> None:
        hub, mailbox = getattr(self, "_hub", None), getattr(self, "_mailbox", None)
        if hub is None or mailbox is None or self._closed or mailbox.ended or hub.subscriber.loop.is_closed():
            return
        warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)
        hub.subscriber.loop.call_soon_threadsafe(self._subscriptions.end, hub, mailbox, StopAsyncIteration())

    def _check_open(self) -> None:
        if self._closed:
            raise exceptions.PubSubError("the subscription is closed")

    def _open(self) -> Mailbox:
        if self._mailbox is None:
            raise exceptions.PubSubError("enter the subscription first: async with client.subscribe(...) as messages")
        return self._mailbox

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[Message[S] | Gap]:
        return (self._mailbox or self._open()).get()

    async def get(self, timeout: float | None = None) -> Message[S] | Gap:
        """Return the next item.

        Args:
            timeout: seconds to wait for it; ``None`` for no bound, 0 for what has arrived already.

        Raises:
            TimeoutError: there was none in that time.
            ClientClosedError: the client was closed.
            PubSubError: the subscription was closed, or its buffer has overflowed under the policy ``"error"``.
            ResponseError: the server does not agree to the subscription any more (``NoPermissionError``).
            AuthenticationError: the connection was lost, and the server refused the credentials for a new one.
        """
        mailbox = self._open()
        try:
            if timeout is not None and not await mailbox.arrival(timeout):
                raise exceptions.TimeoutError(f"no message came within {timeout:g} s")
            return await mailbox.get()
        except StopAsyncIteration:
            raise exceptions.PubSubError("the subscription is closed") from None

    async def add(self, *channels: ChannelT, pattern: PatternsT = (), shard: ChannelsT = ()) -> None:
        """Subscribe to more; returns when the server has agreed to all of it, and otherwise changes nothing.

        Raises:
            ResponseError: the server does not agree (``NoPermissionError``).
            ConnectionError, TimeoutError: it could not be asked.
        """
        mailbox = self._open()
        names = names_of(self._subscriptions.source.options, channels, pattern, shard)
        self._check_open()
        assert self._hub is not None
        await self._hub.add(mailbox, names)
        self._check_open()

    async def remove(self, *channels: ChannelT, pattern: PatternsT = (), shard: ChannelsT = ()) -> None:
        """Unsubscribe from some; what has arrived from them is still delivered."""
        mailbox = self._open()
        names = names_of(self._subscriptions.source.options, channels, pattern, shard)
        if self._hub is not None and not self._closed:
            self._hub.remove(mailbox, names)

    @property
    def stats(self) -> SubscriptionStats:
        """The figures of this subscription."""
        return SubscriptionStats() if self._mailbox is None else self._mailbox.stats

    def __repr__(self) -> str:
        state = "closed" if self._closed else "not entered" if self._mailbox is None else "open"
        stats = self.stats
        return f"<Messages: {state}, {stats.received} received, {stats.buffered} buffered, {stats.dropped} dropped>"


def names_of(
    options: Options, channels: Iterable[ChannelT], pattern: PatternsT, shard: ChannelsT
) -> dict[Kind, list[bytes]]:
    """Return the names as they are sent, each once.

    Raises:
        DataError: one is neither a string nor bytes, or cannot be encoded.
    """
    kinds: dict[Kind, Iterable[ChannelT]] = {"channel": channels, "pattern": several(pattern), "shard": several(shard)}
    return {kind: list(dict.fromkeys(encoded(name, options) for name in names)) for kind, names in kinds.items()}


def several(names: ChannelsT) -> Iterable[ChannelT]:
    """Return one name or several as several."""
    if isinstance(names, str | bytes | bytearray):
        return (names,)
    return (bytes(names),) if isinstance(names, memoryview) else names


def encoded(name: object, options: Options) -> bytes:
    """Return the name of a channel as it is sent."""
    match name:
        case bytes():
            return name
        case str():
            with suppress(UnicodeError):  # it holds the name: what is raised behind this has no such context
                return name.encode(options.encoding, options.encoding_errors)
            raise exceptions.DataError(f"the name of a channel cannot be encoded as {options.encoding}")
        case bytearray() | memoryview():
            return bytes(name)
        case _:
            raise exceptions.DataError(f"the name of a channel is str or bytes, not {type(name).__name__}")
