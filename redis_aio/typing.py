"""The vocabulary of types: what command methods accept and what they return.

The names follow ``redis.typing`` of redis-py.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
#: The type of string replies: ``bytes``, or ``str`` where ``decode_responses=True``.
S = TypeVar("S", bound=bytes | str)

#: What a command method returns: a coroutine whose result is a ``T``.
Reply: TypeAlias = Coroutine[Any, Any, T]

Number: TypeAlias = int | float
EncodedT: TypeAlias = bytes | bytearray | memoryview
DecodedT: TypeAlias = str | int | float
#: What can be sent as one argument of a command.
EncodableT: TypeAlias = EncodedT | DecodedT
_StringLikeT: TypeAlias = bytes | str | memoryview

KeyT: TypeAlias = _StringLikeT
KeysT: TypeAlias = KeyT | Iterable[KeyT]
PatternT: TypeAlias = _StringLikeT
FieldT: TypeAlias = EncodableT
GroupT: TypeAlias = _StringLikeT
ConsumerT: TypeAlias = _StringLikeT
ChannelT: TypeAlias = _StringLikeT
StreamIdT: TypeAlias = int | _StringLikeT
ScriptTextT: TypeAlias = _StringLikeT

#: A point in time: Unix time (the unit is the command's), or a datetime.
AbsExpiryT: TypeAlias = int | datetime
#: A duration: an integer (the unit is the command's), or a timedelta.
ExpiryT: TypeAlias = int | timedelta
ZScoreBoundT: TypeAlias = float | str
BitfieldOffsetT: TypeAlias = int | str
TimeoutSecT: TypeAlias = int | float | _StringLikeT

AnyKeyT = TypeVar("AnyKeyT", bytes, str, memoryview)
AnyFieldT = TypeVar("AnyFieldT", bytes, str, memoryview)
AnyChannelT = TypeVar("AnyChannelT", bytes, str, memoryview)

#: Turns a raw reply into the value the caller gets; runs in the caller's task.
ReplyParser: TypeAlias = Callable[[Any], T]

#: What redis-py's commands return; here they are coroutines, and :data:`Reply` says of what.
ResponseT: TypeAlias = Awaitable[Any] | Any
#: Is called with each message of a channel, as a dictionary.
PubSubHandler: TypeAlias = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Subscription:
    """A channel or pattern to subscribe to, with what is called for its messages.

    Attributes:
        name: the channel or pattern.
        handler: is called with each message; ``None`` to have them returned.
    """

    name: ChannelT
    handler: PubSubHandler | None = None


class ResponseCallbackProtocol(Protocol):
    """Makes a value out of a raw reply; see :meth:`redis_aio.Redis.set_response_callback`."""

    def __call__(self, response: Any, **kwargs: Any) -> Any:
        """Return the value; ``kwargs`` are the options of ``execute_command``."""
        ...


class AsyncResponseCallbackProtocol(Protocol):
    """Makes a value out of a raw reply, and waits for something meanwhile."""

    async def __call__(self, response: Any, **kwargs: Any) -> Any:
        """Return the value; ``kwargs`` are the options of ``execute_command``."""
        ...


ResponseCallbackT: TypeAlias = ResponseCallbackProtocol | AsyncResponseCallbackProtocol

__all__ = [
    "AbsExpiryT",
    "AnyChannelT",
    "AnyFieldT",
    "AnyKeyT",
    "AsyncResponseCallbackProtocol",
    "BitfieldOffsetT",
    "ChannelT",
    "ConsumerT",
    "DecodedT",
    "EncodableT",
    "EncodedT",
    "ExpiryT",
    "FieldT",
    "GroupT",
    "KeyT",
    "KeysT",
    "Number",
    "PatternT",
    "PubSubHandler",
    "Reply",
    "ReplyParser",
    "ResponseCallbackProtocol",
    "ResponseCallbackT",
    "ResponseT",
    "S",
    "ScriptTextT",
    "StreamIdT",
    "Subscription",
    "T",
    "TimeoutSecT",
    "ZScoreBoundT",
]
