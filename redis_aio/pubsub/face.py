"""PubSubFace: what a client has for those who subscribe."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic

from redis_aio._execution.mailbox import BUFFER, BUFFER_BYTES, Overflow, SubscriptionStats
from redis_aio._execution.subscriptions import Subscriptions
from redis_aio._replies.common import text, text_keyed
from redis_aio.connection import ConnectionPool
from redis_aio.exceptions import NoPermissionError, ResponseError
from redis_aio.pubsub.classic import PubSub
from redis_aio.pubsub.keyspace import Database, KeyspaceEvents, patterns_of
from redis_aio.pubsub.messages import ChannelsT, Messages, PatternsT, names_of
from redis_aio.typing import ChannelT, S


class PubSubFace(Generic[S]):
    """The part of a client that subscribes."""

    _pool: ConnectionPool
    _subscriptions: Subscriptions | None = None

    if TYPE_CHECKING:

        async def execute_command(self, *args: Any, **options: Any) -> Any:
            """See :meth:`Client.execute_command`."""

    def subscribe(
        self,
        *channels: ChannelT,
        pattern: PatternsT = (),
        shard: ChannelsT = (),
        buffer: int = BUFFER,
        buffer_bytes: int = BUFFER_BYTES,
        overflow: Overflow = "drop_oldest",
    ) -> Messages[S]:
        """Subscribe: ``async with client.subscribe("news") as messages: async for message in messages: ...``

        Entering returns when the server has agreed to everything. A lost connection is made anew by itself, for as long
        as it takes, and all subscriptions are restored; where messages are missing, the reader gets a :class:`Gap`
        before the next one.

        Args:
            channels: names of channels.
            pattern: one pattern or several (``"news.*"``).
            shard: one shard channel or several.
            buffer: how many messages may wait for the reader.
            buffer_bytes: how many bytes of data may; a single message may be larger.
            overflow: what happens to the message that finds the buffer full. ``"drop_oldest"`` drops what has waited
                longest, ``"drop_newest"`` the message itself; both leave a :class:`Gap` in its place. ``"error"`` ends
                the subscription. ``"block"`` stops reading: it takes a connection of its own, and the server, whose
                buffer then grows, may close that. All others share one connection.

        Raises, when it is entered:
            NoPermissionError: the user may not subscribe to one of them.
            ConnectionError, TimeoutError: the server could not be asked.
            DataError: there is no name, or one cannot be sent.

        https://redis.io/commands/subscribe/
        """
        subscriptions = self._all_subscriptions()
        names = names_of(subscriptions.source.options, channels, pattern, shard)
        return Messages(subscriptions, names, buffer, buffer_bytes, overflow)

    def pubsub(self, **options: Any) -> PubSub:
        """Return redis-py's object for subscriptions, which has a connection of its own; see :class:`PubSub`.

        :meth:`subscribe` is cheaper and tells of lost messages.
        """
        return PubSub(self._all_subscriptions(), self, **options)

    def keyspace_events(
        self,
        pattern: str | bytes = "*",
        *,
        events: str | Iterable[str] = (),
        db: Database | None = None,
        buffer: int = BUFFER,
        buffer_bytes: int = BUFFER_BYTES,
        overflow: Overflow = "drop_oldest",
    ) -> KeyspaceEvents[S]:
        """Follow what happens to keys: ``async with client.keyspace_events("user:*") as events: async for ...``

        Each item is a :class:`KeyspaceEvent`, or a :class:`Gap` where events are missing. The server sends them only
        where its ``notify-keyspace-events`` says so, which is looked at on entering where the user may.

        Args:
            pattern: of the keys.
            events: those to deliver (``"expired"``); by default all.
            db: the database, by default the client's; ``"*"`` for all.
            buffer, buffer_bytes, overflow: as for :meth:`subscribe`.

        Raises:
            DataError: an argument cannot be used.

        Raises, when it is entered:
            PubSubError: ``notify-keyspace-events`` lacks what is needed; the message says what.
            NoPermissionError, ConnectionError, TimeoutError: as for :meth:`subscribe`.

        https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/
        """
        subscriptions = self._all_subscriptions()
        wanted = frozenset((events,) if isinstance(events, str) else events)
        patterns, needed = patterns_of(pattern, wanted, db, subscriptions.source.options)
        messages: Messages[S] = Messages(subscriptions, {"pattern": patterns}, buffer, buffer_bytes, overflow)
        return KeyspaceEvents(messages, wanted, self.notify_keyspace_events, needed)

    async def notify_keyspace_events(self) -> str | None:
        """Return the server's ``notify-keyspace-events``; ``None`` where this user may not see it."""
        try:
            reply = await self.execute_command("CONFIG GET", "notify-keyspace-events")
        except (NoPermissionError, ResponseError):
            return None
        found = text_keyed(reply)
        return text(found["notify-keyspace-events"]) if found else None

    def pubsub_stats(self) -> SubscriptionStats:
        """Return the figures of all subscriptions of this client together, past ones included."""
        return SubscriptionStats() if self._subscriptions is None else self._subscriptions.stats()

    def _all_subscriptions(self) -> Subscriptions:
        if self._subscriptions is None:
            self._subscriptions = Subscriptions(self._pool.node)
        return self._subscriptions

    def _end_subscriptions(self) -> None:
        """End all subscriptions, and refuse new ones."""
        self._all_subscriptions().close()
