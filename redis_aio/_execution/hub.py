"""Hub: brings the messages of one connection to the mailboxes of many subscriptions.

Invariants:

* A name that several subscriptions want is subscribed to once, and given up with the last of them.
* A message is one object, whoever gets it. What one mailbox does with it never waits for another.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from redis_aio import exceptions
from redis_aio._connection.subscribing import Handlers, handlers_of
from redis_aio._connection.watch import no_context
from redis_aio._execution.listening import Source
from redis_aio._execution.mailbox import Answer, Mailbox, Message, Refused, again, largest_of
from redis_aio._execution.names import KINDS, SUBSCRIBE, UNSUBSCRIBE, Kind, Names, delivered
from redis_aio._execution.subscriber import Subscriber

#: Seconds that a connection without subscriptions is kept for the next one.
LINGER = 1.0
ENDED = "the server ended a subscription"


class Topic:
    """A channel or pattern that at least one mailbox wants."""

    __slots__ = ("agreed", "asking", "kind", "mailboxes", "name", "refusal")

    def __init__(self, kind: Kind, name: bytes) -> None:
        self.kind: Kind = kind
        self.name = name
        self.mailboxes: dict[Mailbox, None] = {}
        #: Whether the server has agreed; and who is asking it, done when that is over, however it ended.
        self.agreed = False
        self.asking: asyncio.Future[None] | None = None
        #: The server's error, if it does not agree any more.
        self.refusal: Exception | None = None

    def join(self, mailbox: Mailbox) -> None:
        """Deliver to a mailbox too."""
        self.mailboxes[mailbox] = None

    def leave(self, mailbox: Mailbox) -> None:
        """Deliver to a mailbox no more."""
        self.mailboxes.pop(mailbox, None)


class Hub:
    """The subscriptions that share one connection.

    Args:
        source: gives connections.
        linger: seconds that the connection is kept when nothing is wanted any more; by default ``LINGER``.
    """

    def __init__(self, source: Source, linger: float | None = None) -> None:
        self._topics: dict[Kind, dict[Any, Topic]] = {kind: {} for kind in KINDS}
        self._channels, self._patterns, self._shards = (self._topics[kind] for kind in KINDS)
        self.handlers: Handlers = handlers_of(
            {
                "message": _messages("message", self._channels),
                "smessage": _messages("smessage", self._shards),
                "pmessage": _pmessages(self._patterns),
                "sunsubscribe": self._sunsubscribe,
                **dict.fromkeys(("subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe"), _ignore),
            }
        )
        self._options = source.options
        self._topics_of: dict[Mailbox, dict[Topic, None]] = {}
        self._entered: dict[Mailbox, None] = {}  # those whose subscription is complete: to them gaps are told
        self._linger = LINGER if linger is None else linger
        self._timer: asyncio.TimerHandle | None = None
        self.subscriber: Subscriber = Subscriber(source, self)

    @property
    def usable(self) -> bool:
        """Whether it can take subscriptions, here and now."""
        return self.subscriber.error is None and self.subscriber.loop is asyncio.get_running_loop()

    # -- coming and going -------------------------------------------------------------------------------------------

    async def add(self, mailbox: Mailbox, names: Names) -> None:
        """Subscribe a mailbox to names; when the server does not agree to all of them, to none.

        Raises:
            ResponseError, ConnectionError, TimeoutError: why the server does not, or could not be asked.
        """
        new: list[Topic] = []
        try:
            while True:
                topics = self._join(mailbox, names, new)
                await self._agree(topics)
                if mailbox.ended:  # it was closed meanwhile
                    return
                if all(mailbox in topic.mailboxes for topic in topics):  # nobody gave up one of them meanwhile
                    break
        except BaseException:  # cancelled or refused: the topics it joined are left
            self._leave(mailbox, new)
            raise
        self._entered[mailbox] = None

    def _join(self, mailbox: Mailbox, names: Names, new: list[Topic]) -> list[Topic]:
        """Return the topics of names, having joined those that the mailbox did not want, which go to ``new`` too."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        topics: list[Topic] = []
        mine = self._topics_of.setdefault(mailbox, {})
        for kind, wanted in names.items():
            for name in wanted:
                topic = self._topics[kind].setdefault(delivered(name, self._options), Topic(kind, name))
                topics.append(topic)
                if mailbox not in topic.mailboxes:
                    mine[topic] = None
                    topic.join(mailbox)
                    new.append(topic)
        return topics

    async def _agree(self, topics: list[Topic]) -> None:
        """Ask for what nobody is asking for, and wait for those who ask for the rest, and until all is restored."""
        while True:
            if refusal := next((topic.refusal for topic in topics if topic.refusal is not None), None):
                raise again(refusal)
            absent = self.subscriber.absent
            missing = [
                topic for topic in topics if topic.mailboxes and (not topic.agreed or topic.name in absent[topic.kind])
            ]
            if mine := [topic for topic in missing if topic.asking is None]:
                await self._ask(mine)
            elif others := {topic.asking for topic in missing if topic.asking is not None}:
                await asyncio.wait(others)
            elif not self.subscriber.whole:  # what others subscribed to is not there at this moment
                await self.subscriber.connected()
            else:
                return

    async def _ask(self, topics: list[Topic]) -> None:
        over: asyncio.Future[None] = self.subscriber.loop.create_future()
        for topic in topics:
            topic.asking = over
        try:
            await self.subscriber.subscribe(
                {kind: [topic.name for topic in topics if topic.kind == kind] for kind in KINDS}
            )
            for topic in topics:
                topic.agreed = True
        finally:
            for topic in topics:
                topic.asking = None
            over.set_result(None)
            self._give_up(topics)

    def remove(self, mailbox: Mailbox, names: Names | None = None) -> None:
        """Give up names of a mailbox, or all of them and the mailbox."""
        topics = list(self._topics_of.get(mailbox, ()))
        if names is None:
            self._entered.pop(mailbox, None)
        else:
            topics = [topic for topic in topics if topic.name in names.get(topic.kind, ())]
        self._leave(mailbox, topics)

    def _leave(self, mailbox: Mailbox, topics: list[Topic]) -> None:
        mine = self._topics_of.get(mailbox, {})
        for topic in topics:
            topic.leave(mailbox)
            mine.pop(topic, None)
        if not mine and mailbox not in self._entered:
            self._topics_of.pop(mailbox, None)
        self._give_up(topics)

    def _give_up(self, topics: list[Topic]) -> None:
        """Unsubscribe from those that no mailbox wants; who is asking for one does it when that is over."""
        for kind in KINDS:
            unwanted: list[bytes] = []
            for topic in topics:
                if topic.kind != kind or topic.mailboxes or topic.asking is not None:
                    continue
                shown = delivered(topic.name, self._options)
                if self._topics[kind].get(shown) is topic:  # after a refusal another one may have its name
                    del self._topics[kind][shown]
                    unwanted.append(topic.name)
            if unwanted:
                self.subscriber.unsubscribe(kind, unwanted)
        unused = not self._entered and not any(self._topics.values())
        if unused and self._timer is None and self.subscriber.error is None:
            self._timer = self.subscriber.loop.call_later(self._linger, self.close, context=no_context())

    def close(self, error: Exception | None = None) -> None:
        """Close the connection; mailboxes that are left end with ``error``."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.subscriber.close(error)
        if error is not None:
            self.ended(error)

    # -- what comes ---------------------------------------------------------------------------------------------------

    def _sunsubscribe(self, pushes: list[Any]) -> None:
        """Tell an answer from what the server does when a slot moves away: then everything is restored, or refused."""
        for _, channel, _ in pushes:
            if not self.subscriber.sunsubscribed(channel) and channel in self._shards:
                self.subscriber.restart(ENDED)

    # -- what happens -------------------------------------------------------------------------------------------------

    def lost(self, since: float) -> None:
        """Have every mailbox note the gap."""
        for mailbox in self._entered:
            mailbox.lose(since)

    def restored(self) -> None:
        """Let the mailboxes go on that have all they want."""
        absent = self.subscriber.absent
        for mailbox in self._entered:
            if not any(topic.name in absent[topic.kind] for topic in self._topics_of[mailbox]):
                mailbox.restored()

    def refused(self, kind: Kind, name: bytes, error: Exception) -> None:
        """End the mailboxes that want what the server does not agree to any more."""
        topic = self._topics[kind].pop(delivered(name, self._options), None)
        if topic is not None:
            topic.refusal = error
            for mailbox in topic.mailboxes:
                if mailbox in self._entered:  # the others are told by who lets them enter
                    mailbox.fail(again(error))

    def ended(self, error: Exception) -> None:
        """End every mailbox."""
        for mailbox in self._entered:
            mailbox.fail(again(error))


class Inbox:
    """One mailbox that gets everything, answers included, in the order it comes; for a connection of its own.

    Args:
        source: gives connections.
        limit: messages it holds before it reads no more.
        byte_limit: bytes of their data.
        leaving: names that are not subscribed to any more, which the reader is yet to learn.
    """

    def __init__(self, source: Source, limit: int, byte_limit: int, leaving: dict[Kind, set[Any]]) -> None:
        self.leaving: dict[Kind, set[Any]] = leaving
        answers = [word.lower() for words in (SUBSCRIBE, UNSUBSCRIBE) for word in words.values()]
        answers.remove("sunsubscribe")
        self.handlers: Handlers = handlers_of(
            {
                **dict.fromkeys(("message", "smessage"), self._messages),
                "pmessage": self._pmessages,
                **dict.fromkeys(answers, self._answers),
                "sunsubscribe": self._sunsubscribe,
            }
        )
        self._options = source.options
        self.subscriber: Subscriber = Subscriber(source, self)
        self.mailbox: Mailbox = Mailbox(self.subscriber.loop, limit, byte_limit, "block", self.subscriber.set_flow)

    def _messages(self, pushes: list[Any]) -> None:
        messages = [Message(kind, channel, None, data) for kind, channel, data in pushes]
        self.mailbox.put_all(messages, largest_of(messages))

    def _pmessages(self, pushes: list[Any]) -> None:
        messages = [Message(kind, channel, pattern, data) for kind, pattern, channel, data in pushes]
        self.mailbox.put_all(messages, largest_of(messages))

    def _answers(self, pushes: list[Any]) -> None:
        for kind, channel, count in pushes:
            self.mailbox.put(Answer(kind, channel, None, count), 0)

    def _sunsubscribe(self, pushes: list[Any]) -> None:
        self._answers(pushes)
        wanted = self.subscriber.wanted["shard"]
        for _, channel, _ in pushes:
            asked = channel is None or self.subscriber.sunsubscribed(channel)
            if not asked and any(delivered(name, self._options) == channel for name in wanted):
                self.subscriber.restart(ENDED)

    async def ping(self, message: bytes) -> None:
        """Send PING; the reply is put among the messages."""
        reply = await self.subscriber.ping(message)
        self.mailbox.put(Answer("pong", None, None, reply), 0)

    def lost(self, since: float) -> None:
        """Note the gap."""
        self.mailbox.lose(since)

    def restored(self) -> None:
        """Go on, when nothing is absent."""
        if not any(self.subscriber.absent.values()):
            self.mailbox.restored()

    def refused(self, kind: Kind, name: bytes, error: Exception) -> None:
        """Let the reader know in its place that the server does not agree any more."""
        shown = delivered(name, self._options)
        self.leaving[kind].add(shown)
        self.mailbox.put(Refused(kind, shown, None, error), 0)

    def ended(self, error: Exception) -> None:
        """End."""
        self.mailbox.fail(error)

    def close(self, error: Exception | None = None) -> None:
        """Close the connection."""
        self.subscriber.close(error)
        self.mailbox.fail(error or exceptions.PubSubError("the subscription is closed"))


def _messages(kind: str, topics: dict[Any, Topic]) -> Callable[[list[Any]], None]:
    """Return the handler of messages to channels, of which there may be hundreds of thousands a second.

    A message is filled in here, which takes two thirds of the time of its constructor.
    """
    new, topic_of = object.__new__, topics.get

    def handle(pushes: list[Any]) -> None:
        if len(pushes) > 1 and pushes[0][1] == pushes[-1][1]:  # most likely all to the same channel
            in_rows(pushes, pushes[0][1])
            return
        for _, channel, data in pushes:
            topic = topic_of(channel)
            if topic is not None:
                message: Message[Any] = new(Message)
                message.kind = kind
                message.channel = channel
                message.pattern = None
                message.data = data
                size = len(data)
                for mailbox in topic.mailboxes:
                    mailbox.put(message, size)

    def in_rows(pushes: list[Any], last: Any) -> None:
        row: list[Message[Any]] = []  # to one channel
        for _, channel, data in pushes:
            if channel != last:
                _deliver(topic_of(last), row)
                row, last = [], channel
            message: Message[Any] = new(Message)
            message.kind = kind
            message.channel = channel
            message.pattern = None
            message.data = data
            row.append(message)
        _deliver(topic_of(last), row)

    return handle


def _pmessages(topics: dict[Any, Topic]) -> Callable[[list[Any]], None]:
    def handle(pushes: list[Any]) -> None:
        for _, pattern, channel, data in pushes:
            _deliver(topics.get(pattern), [Message("pmessage", channel, pattern, data)])

    return handle


def _deliver(topic: Topic | None, messages: list[Message[Any]]) -> None:
    if topic is None:
        return
    if len(messages) == 1:
        message, size = messages[0], len(messages[0].data)
        for mailbox in topic.mailboxes:
            mailbox.put(message, size)
    else:
        largest = largest_of(messages)
        for mailbox in topic.mailboxes:
            mailbox.put_all(messages, largest)


def _ignore(pushes: list[Any]) -> None:
    pass
