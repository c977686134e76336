"""PubSub: redis-py's object for subscriptions, with a connection of its own.

What differs from redis-py: ``subscribe`` returns when the server has agreed, and raises its error; the connection is
made anew in the background, whether or not somebody is reading.
"""

import asyncio
import inspect
import warnings
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

from redis_aio import exceptions
from redis_aio._execution.hub import Inbox
from redis_aio._execution.mailbox import BUFFER, BUFFER_BYTES, Answer, Message, Refused, again
from redis_aio._execution.names import KINDS, SUBSCRIBE, UNSUBSCRIBE, Kind, delivered
from redis_aio._execution.subscriptions import Subscriptions
from redis_aio._replies.common import text
from redis_aio.pubsub.messages import encoded

#: A message as redis-py has it: ``type``, ``pattern``, ``channel`` and ``data``.
MessageDict: TypeAlias = dict[str, Any]
#: Called with each message of its channel, which then is not returned; a plain or a coroutine function.
Handler: TypeAlias = Callable[[MessageDict], Any]


class PubsubWorkerExceptionHandler(Protocol):
    """What :meth:`PubSub.run` tells of an exception."""

    def __call__(self, e: BaseException, pubsub: "PubSub") -> Any:
        """Take note of an exception; what is raised here ends ``run``."""
        ...


class AsyncPubsubWorkerExceptionHandler(Protocol):
    """What :meth:`PubSub.run` tells of an exception, as a coroutine function."""

    async def __call__(self, e: BaseException, pubsub: "PubSub") -> Any:
        """Take note of an exception; what is raised here ends ``run``."""
        ...


class PubSub:
    """Subscriptions on a connection of their own; made by :meth:`redis_aio.Redis.pubsub`.

    When its buffer is full it stops reading, and what is published waits in the server. A lost connection is made anew
    by itself and all subscriptions are restored; what was published meanwhile is lost, which ``report_gaps`` shows.

    Args:
        subscriptions: those of the client.
        owner: the client, which must live as long.
        shard_hint: ignored; redis-py has it.
        ignore_subscribe_messages: do not return the server's answers to subscriptions.
        push_handler_func: in RESP3, is given each push as a list before it is handled, and returns what to handle.
        report_gaps: return a message of type ``"gap"``, whose data is a :class:`Gap`, where messages are missing.
        buffer: messages that are read ahead.
        buffer_bytes: bytes of data that are.
    """

    PUBLISH_MESSAGE_TYPES = ("message", "pmessage", "smessage")
    UNSUBSCRIBE_MESSAGE_TYPES = ("unsubscribe", "punsubscribe", "sunsubscribe")

    def __init__(
        self,
        subscriptions: Subscriptions,
        owner: object,
        *,
        shard_hint: str | None = None,
        ignore_subscribe_messages: bool = False,
        push_handler_func: Callable[[list[Any]], Any] | None = None,
        report_gaps: bool = False,
        buffer: int = BUFFER,
        buffer_bytes: int = BUFFER_BYTES,
    ) -> None:
        self.ignore_subscribe_messages = ignore_subscribe_messages
        self.push_handler_func = push_handler_func
        self.report_gaps = report_gaps
        #: Names to handlers, or ``None``.
        self.channels: dict[Any, Handler | None] = {}
        self.patterns: dict[Any, Handler | None] = {}
        self.shard_channels: dict[Any, Handler | None] = {}
        self._leaving: dict[Kind, set[Any]] = {"channel": set(), "pattern": set(), "shard": set()}
        self._subscriptions = subscriptions
        self._owner = owner
        self._limits = buffer, buffer_bytes
        self._inbox: Inbox | None = None
        #: What is asked of the server is asked in turn; another one after ``aclose``, for another loop perhaps.
        self._turn = asyncio.Lock()

    # -- subscribing ----------------------------------------------------------------------------------------------

    async def subscribe(self, *args: Any, **kwargs: Handler) -> None:
        """Subscribe to channels; those given as keywords, or as :class:`redis_aio.Subscription`, have handlers.

        Raises:
            NoPermissionError: the user may not.
            ConnectionError, TimeoutError: the server could not be asked.

        https://redis.io/commands/subscribe/
        """
        await self._subscribe("channel", args, kwargs)

    async def psubscribe(self, *args: Any, **kwargs: Handler) -> None:
        """Subscribe to patterns, as :meth:`subscribe`.

        https://redis.io/commands/psubscribe/
        """
        await self._subscribe("pattern", args, kwargs)

    async def ssubscribe(self, *args: Any, target_node: Any = None, **kwargs: Handler) -> None:
        """Subscribe to shard channels, as :meth:`subscribe`; ``target_node`` is ignored, redis-py has it.

        https://redis.io/commands/ssubscribe/
        """
        await self._subscribe("shard", args, kwargs)

    async def unsubscribe(self, *args: Any) -> None:
        """Unsubscribe from channels, by default from all.

        https://redis.io/commands/unsubscribe/
        """
        await self._unsubscribe("channel", args)

    async def punsubscribe(self, *args: Any) -> None:
        """Unsubscribe from patterns, by default from all.

        https://redis.io/commands/punsubscribe/
        """
        await self._unsubscribe("pattern", args)

    async def sunsubscribe(self, *args: Any, target_node: Any = None) -> None:
        """Unsubscribe from shard channels, by default from all.

        https://redis.io/commands/sunsubscribe/
        """
        await self._unsubscribe("shard", args)

    @property
    def subscribed(self) -> bool:
        """Whether there are subscriptions, as far as the server's answers have been read."""
        return bool(self.channels or self.patterns or self.shard_channels)

    def _handlers(self, kind: Kind) -> dict[Any, Handler | None]:
        return {"channel": self.channels, "pattern": self.patterns, "shard": self.shard_channels}[kind]

    async def _subscribe(self, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Handler]) -> None:
        options = self._subscriptions.source.options
        given: dict[Any, Handler | None] = {}
        for arg in _flat(args):
            # Anything with a name and a handler: redis-py's Subscription as well.
            name, handler = (arg.name, arg.handler) if hasattr(arg, "handler") else (arg, None)
            given[name] = handler
        given.update(kwargs)
        names = {encoded(name, options): handler for name, handler in given.items()}
        if not names:
            raise exceptions.DataError(f"{SUBSCRIBE[kind]} needs a name")
        async with self._in_turn() as inbox:
            handlers = self._handlers(kind)
            new = {delivered(name, options): handler for name, handler in names.items()}
            leaving = self._leaving[kind]
            before = {name: handlers[name] for name in new if name in handlers and name not in leaving}
            handlers.update(new)  # before the server agrees: a handler must see the first message
            leaving.difference_update(new)
            try:
                await inbox.subscriber.subscribe({kind: list(names)})
            except BaseException as error:  # cancelled too: the handlers are those of before
                for name in new:
                    handlers.pop(name, None)
                if self._inbox is inbox:
                    handlers.update(before)
                refused = isinstance(error, exceptions.ResponseError)
                agreed = inbox.subscriber.wanted[kind] if refused else names  # otherwise nobody knows
                gone = [name for name in names if name in agreed and delivered(name, options) not in before]
                inbox.subscriber.unsubscribe(kind, gone)
                raise
            leaving.difference_update(new)  # refused meanwhile, while the connection was restored

    async def _unsubscribe(self, kind: Kind, args: tuple[Any, ...]) -> None:
        options = self._subscriptions.source.options
        names = [encoded(name, options) for name in _flat(args)]
        async with self._in_turn() as inbox:
            if not self.subscribed:
                await inbox.subscriber.connected()
            handlers = self._handlers(kind)
            leaving = [delivered(name, options) for name in names] if args else list(handlers)
            self._leaving[kind].update(leaving)
            reply = inbox.subscriber.unsubscribe(kind, names if args else None)

        def answered(reply: "asyncio.Future[Any] | None") -> None:
            if reply is None or reply.cancelled() or reply.exception() is not None:  # it went with the connection
                for name in leaving:
                    inbox.mailbox.put(Answer(UNSUBSCRIBE[kind].lower(), name, None, 0), 0)

        if reply is None:
            answered(None)
        else:
            reply.add_done_callback(answered)  # also when nobody waits any more
            await asyncio.wait({reply})

    async def connect(self) -> None:
        """Connect, if that was not done yet; ``subscribe`` does it too."""
        async with self._in_turn() as inbox:
            pass
        await inbox.subscriber.connected()

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[Inbox]:
        """Wait for what was asked for before, and return where messages arrive."""
        turn = self._turn
        async with turn:
            if turn is not self._turn:
                raise exceptions.PubSubError("the subscription is closed")
            yield await self._connected()

    async def _connected(self) -> Inbox:
        """Return where messages arrive; anew after it has ended, with what was subscribed to."""
        inbox = self._inbox
        if inbox is not None and inbox.subscriber.error is None:
            return inbox
        if inbox is not None:
            self._subscriptions.end(inbox, inbox.mailbox, exceptions.PubSubError("the subscription is closed"))
        inbox = self._inbox = self._subscriptions.open_inbox(*self._limits, self._leaving)
        options = self._subscriptions.source.options
        for kind, leaving in self._leaving.items():  # the answers were in the mailbox that nobody will read
            for name in leaving:
                self._handlers(kind).pop(name, None)
            leaving.clear()
        if self.subscribed:
            try:
                await inbox.subscriber.subscribe(
                    {kind: [encoded(name, options) for name in self._handlers(kind)] for kind in KINDS}
                )
            except BaseException:  # cancelled or refused: as it was before
                self._subscriptions.end(inbox, inbox.mailbox, exceptions.PubSubError("the subscription is closed"))
                raise
        return inbox

    # -- reading --------------------------------------------------------------------------------------------------

    async def get_message(
        self, ignore_subscribe_messages: bool = False, timeout: float | None = 0.0
    ) -> MessageDict | None:
        """Return the next message, or ``None`` if none came, or one that a handler took.

        Args:
            ignore_subscribe_messages: return ``None`` for the server's answers to subscriptions.
            timeout: seconds to wait; ``None`` for no bound.

        Raises:
            RuntimeError: nothing was subscribed to.
            ClientClosedError: the client was closed.
            ResponseError: the server does not agree to a subscription any more (``NoPermissionError``), which is over
                now, and the others go on.
        """
        inbox = self._inbox
        if inbox is None:
            raise RuntimeError("there is no connection yet: subscribe first")
        while timeout is None or await inbox.mailbox.arrival(timeout):
            item = await inbox.mailbox.get()
            if isinstance(item, Refused):
                self._left(item.kind, item.channel)  # type: ignore[arg-type]  # of these the kind is that of a name
                raise again(item.data)
            if isinstance(item, Message):
                return await self._handle(item, ignore_subscribe_messages or self.ignore_subscribe_messages)
            if self.report_gaps:
                return {"type": "gap", "pattern": None, "channel": None, "data": item}
        return None

    async def listen(self) -> AsyncIterator[MessageDict]:
        """Iterate over the messages, until everything was unsubscribed from."""
        while self.subscribed:
            message = await self.get_message(timeout=None)
            if message is not None:
                yield message

    async def run(
        self,
        *,
        exception_handler: PubsubWorkerExceptionHandler | AsyncPubsubWorkerExceptionHandler | None = None,
        poll_timeout: float = 1.0,
        pubsub: Any = None,
    ) -> None:
        """Give messages to their handlers, until it is cancelled.

        Args:
            exception_handler: is called with what a handler raises, and this object; without it ``run`` raises that.
            poll_timeout: seconds that one wait for a message takes.
            pubsub: whose messages to take; by default this one's.

        Raises:
            PubSubError: a channel or a pattern has no handler.
        """
        for kind, handlers in (("channel", self.channels), ("pattern", self.patterns)):
            if None in handlers.values():
                raise exceptions.PubSubError(f"a {kind} that is subscribed to has no handler")
        await self.connect()
        source = self if pubsub is None else pubsub
        while True:
            try:
                await source.get_message(ignore_subscribe_messages=True, timeout=poll_timeout)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                if exception_handler is None:
                    raise
                result = exception_handler(error, self)
                if inspect.isawaitable(result):
                    await result
                if self._inbox is None or self._inbox.mailbox.error is not None:
                    raise  # nothing more will come
            await asyncio.sleep(0)  # others shall have their turn, also where messages come without end

    async def _handle(self, message: Message[Any], ignore: bool) -> MessageDict | None:
        kind, pattern, channel, data = text(message.kind), message.pattern, message.channel, message.data
        if self.push_handler_func is not None and kind != "pong" and self._speaks_resp3:
            push = [message.kind, *([pattern] if pattern is not None else []), channel, data]
            handled = self.push_handler_func(push)
            handled = await handled if inspect.isawaitable(handled) else handled
            if not handled:
                return None
            kind, *middle, channel, data = handled
            kind, pattern = text(kind), middle[0] if middle else None
        shown = {"type": kind, "pattern": pattern, "channel": channel, "data": data}
        if kind in self.PUBLISH_MESSAGE_TYPES:
            handler = self._handler_of(kind, pattern, channel)
            if handler is None:
                return shown
            result = handler(shown)
            if inspect.isawaitable(result):
                await result
            return None
        if kind in self.UNSUBSCRIBE_MESSAGE_TYPES:
            of: Kind = {"unsubscribe": "channel", "punsubscribe": "pattern"}.get(kind, "shard")  # type: ignore[assignment]  # the three kinds
            self._left(of, channel)
        elif kind == "pong":
            return shown
        return None if ignore else shown

    def _left(self, kind: Kind, name: Any) -> None:
        if name in self._leaving[kind]:  # otherwise it was subscribed to again
            self._leaving[kind].discard(name)
            self._handlers(kind).pop(name, None)

    def _handler_of(self, kind: str, pattern: Any, channel: Any) -> Handler | None:
        if kind == "pmessage":
            return self.patterns.get(pattern)
        return self.channels.get(channel) if kind == "message" else self.shard_channels.get(channel)

    @property
    def _speaks_resp3(self) -> bool:
        connection = None if self._inbox is None else self._inbox.subscriber.connection
        return connection is not None and connection.session.protocol == 3

    async def ping(self, message: Any = None) -> bool:
        """Send PING on this connection; the reply comes as a message of type ``"pong"``.

        https://redis.io/commands/ping/
        """
        data = b"" if message is None else encoded(message, self._subscriptions.source.options)
        async with self._in_turn() as inbox:
            pass
        await inbox.ping(data)
        return True

    # -- life -----------------------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Unsubscribe from everything and close the connection. Nothing is waited for."""
        inbox, self._inbox = self._inbox, None
        self._turn = asyncio.Lock()
        for handlers in (self.channels, self.patterns, self.shard_channels):
            handlers.clear()
        for leaving in self._leaving.values():
            leaving.clear()
        if inbox is not None:
            self._subscriptions.end(inbox, inbox.mailbox, exceptions.PubSubError("the subscription is closed"))

    async def close(self) -> None:
        """Do as :meth:`aclose`; redis-py's older name."""
        await self.aclose()

    async def reset(self) -> None:
        """Do as :meth:`aclose`; redis-py's older name."""
        await self.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        names = (
            f"{len(self.channels)} channels, {len(self.patterns)} patterns, {len(self.shard_channels)} shard channels"
        )
        return f"<PubSub: {names}>"

    def __del__(self) -> None:
        inbox = getattr(self, "_inbox", None)
        if inbox is None or inbox.subscriber.error is not None or inbox.subscriber.loop.is_closed():
            return
        warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)
        error = exceptions.PubSubError("the subscription is closed")
        inbox.subscriber.loop.call_soon_threadsafe(self._subscriptions.end, inbox, inbox.mailbox, error)


def _flat(args: Iterable[Any]) -> list[Any]:
    """Return the names; the first argument may be a list of some."""
    names: list[Any] = []
    for arg in args:
        names.extend(arg if isinstance(arg, list | tuple | set | frozenset) else (arg,))
    return names
