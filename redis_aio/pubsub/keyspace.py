"""KeyspaceEvents: what the server tells of changes of keys, as an asynchronous iterator."""

import re
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeAlias

from redis_aio import exceptions
from redis_aio._execution.mailbox import Gap, Message, SubscriptionStats
from redis_aio._options import Options
from redis_aio._replies.common import text
from redis_aio.pubsub.messages import Messages, encoded
from redis_aio.typing import S

#: A database by its number, or all of them.
Database: TypeAlias = int | Literal["*"]

#: Events to the class that ``notify-keyspace-events`` must name for them; others depend on the command.
_CLASSES = {
    **dict.fromkeys(("del", "rename_from", "rename_to", "move_to", "copy_to", "restore", "expire", "persist"), "g"),
    **dict.fromkeys(("set", "setrange", "incrby", "incrbyfloat", "append"), "$"),
    **dict.fromkeys(("lpush", "rpush", "lpop", "rpop", "linsert", "lset", "lrem", "ltrim"), "l"),
    **dict.fromkeys(("sadd", "srem", "spop", "sinterstore", "sunionstore", "sdiffstore"), "s"),
    **dict.fromkeys(("hset", "hincrby", "hincrbyfloat", "hdel", "hexpire", "hexpired", "hpersist"), "h"),
    **dict.fromkeys(
        ("zadd", "zincr", "zrem", "zremrangebyscore", "zremrangebyrank", "zinterstore", "zunionstore"), "z"
    ),
    **dict.fromkeys(("xadd", "xdel", "xtrim", "xsetid"), "t"),
    "expired": "x",
    "evicted": "e",
    "new": "n",
    "keymiss": "m",
}
#: What ``A`` stands for.
_ALL = frozenset("g$lshzxetd")
_CHANNEL = re.compile(r"__key(space|event)@(\d+)__:(.*)", re.DOTALL)
_CHANNEL_BYTES = re.compile(rb"__key(space|event)@(\d+)__:(.*)", re.DOTALL)


class KeyspaceEvent(Generic[S]):
    """Something happened to a key.

    Attributes:
        key: the key.
        event: what happened, in the server's words: ``"set"``, ``"del"``, ``"expired"`` ...
        db: the database of the key.
    """

    __slots__ = ("db", "event", "key")
    __match_args__ = ("key", "event", "db")

    def __init__(self, key: S, event: str, db: int) -> None:
        self.key: S = key
        self.event: str = event
        self.db: int = db

    def __repr__(self) -> str:
        return f"<KeyspaceEvent: {self.event}, db {self.db}>"


class KeyspaceEvents(Generic[S]):
    """The changes of some keys; made by :meth:`redis_aio.Redis.keyspace_events`."""

    def __init__(
        self,
        messages: Messages[S],
        events: frozenset[str],
        flags: Callable[[], Coroutine[Any, Any, str | None]],
        needed: frozenset[str],
    ) -> None:
        self._messages = messages
        self._events = events
        self._flags = flags
        self._needed = needed

    async def __aenter__(self) -> Self:
        flags = await self._flags()
        if flags is not None and (missing := missing_flags(flags, self._needed)):
            raise exceptions.PubSubError(
                f"the server does not send these notifications: its notify-keyspace-events is {flags!r} and lacks "
                f"{missing!r}; set it, for example with CONFIG SET notify-keyspace-events KEA"
            )
        await self._messages.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._messages.aclose()

    async def aclose(self) -> None:
        """End the subscription."""
        await self._messages.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> KeyspaceEvent[S] | Gap:
        while True:
            item = await self._messages.__anext__()
            if (event := self._event(item)) is not None:
                return event

    async def get(self, timeout: float | None = None) -> KeyspaceEvent[S] | Gap:
        """Return the next event; raises as :meth:`Messages.get`. Events of other kinds do not end the wait.

        Args:
            timeout: seconds without any event of these keys; ``None`` for no bound.
        """
        while True:
            if (event := self._event(await self._messages.get(timeout))) is not None:
                return event

    def _event(self, item: Message[S] | Gap) -> KeyspaceEvent[S] | Gap | None:
        if isinstance(item, Gap):
            return item
        channel: Any = item.channel
        match = _CHANNEL_BYTES.match(channel) if isinstance(channel, bytes) else _CHANNEL.match(channel)
        if match is None:
            return None
        kind, db, rest = match.groups()
        key: Any
        key, event = (rest, item.data) if text(kind) == "space" else (item.data, rest)
        name = text(event)
        return KeyspaceEvent(key, name, int(db)) if not self._events or name in self._events else None

    @property
    def stats(self) -> SubscriptionStats:
        """The figures of this subscription; those of all events that came, wanted or not."""
        return self._messages.stats

    def __repr__(self) -> str:
        return f"<KeyspaceEvents: {self._messages!r}>"


def patterns_of(
    pattern: str | bytes, events: frozenset[str], db: Database | None, options: Options
) -> tuple[list[bytes], frozenset[str]]:
    """Return the patterns to subscribe to, and what ``notify-keyspace-events`` must have for them.

    Raises:
        DataError: there cannot be such keys, events or databases.
    """
    where = options.db if db is None else db
    if where != "*" and (isinstance(where, bool) or not isinstance(where, int) or where < 0):
        raise exceptions.DataError("db must be the number of a database, or '*' for all")
    if not isinstance(pattern, str | bytes | bytearray | memoryview):
        raise exceptions.DataError(f"pattern must be str or bytes, not {type(pattern).__name__}")
    if not all(isinstance(event, str) for event in events):
        raise exceptions.DataError("events must be one name, or several, in str")
    glob = encoded(pattern, options)
    classes = frozenset(_CLASSES[event] for event in events if event in _CLASSES) or frozenset("?")
    if events and glob == b"*":
        return [f"__keyevent@{where}__:{escaped(event)}".encode() for event in sorted(events)], classes | {"E"}
    return [f"__keyspace@{where}__:".encode() + glob], classes | {"K"}


def escaped(name: str) -> str:
    """Return a name as a pattern that matches nothing else."""
    return re.sub(r"([*?\[\]\\^])", r"\\\1", name)


def missing_flags(flags: str, needed: Iterable[str]) -> str:
    """Return which of the needed flags are not there; ``?`` is any class of events."""
    there = set(flags) | (_ALL if "A" in flags else set())
    classes = there - set("KEA")
    return "".join(sorted(flag for flag in needed if (not classes if flag == "?" else flag not in there)))
