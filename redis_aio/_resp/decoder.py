"""Bytes to replies: hiredis behind the guard.

The connection does, for every chunk it receives: ``feed(chunk)``, then ``get()`` until that returns ``NOT_READY``, then
``settle()``. Error replies come out as exception instances, pushes as ``hiredis.PushNotification``.

An exception from any of the three goes through ``parser_failure``: what comes back as a ``ReplyDecodeError`` is the
value of that one reply, and the stream goes on behind it; a ``ProtocolError`` is the end of the connection.
"""

from typing import Final

from hiredis import Reader

from redis_aio._resp.errors import reply_error
from redis_aio._resp.guard import Guard
from redis_aio.exceptions import ProtocolError, ReplyDecodeError


class _NotReady:
    __slots__ = ()

    def __repr__(self) -> str:
        return "NOT_READY"


#: What ``get`` returns when the next reply is not complete; no reply is equal to it.
NOT_READY: Final = _NotReady()


class Decoder:
    """The replies of one connection, from its first byte to its last.

    Args:
        encoding: of strings; ``None`` leaves them bytes.
        errors: what to do with what is not valid in the encoding, as in ``bytes.decode``.
    """

    __slots__ = ("_guard", "feed", "get", "settle")

    def __init__(self, *, encoding: str | None, errors: str = "strict") -> None:
        reader = Reader(
            protocolError=ProtocolError,
            replyError=reply_error,
            encoding=encoding,
            errors=errors,
            notEnoughData=NOT_READY,
        )
        self._guard = Guard(reader)
        # Bound methods of those who do the work: all three are on the path of every reply.
        #: ``feed(chunk)`` takes the next bytes of the stream; ``ProtocolError`` if they announce more than is safe.
        self.feed = self._guard.feed
        #: ``get() -> reply | NOT_READY``; ``get(False)`` does not decode the strings of this reply.
        self.get = reader.gets
        #: ``settle()`` notes where the chunk ended; ``ProtocolError`` if that is something no server sends.
        self.settle = self._guard.settle

    @property
    def incomplete(self) -> int:
        """How many bytes of a string whose length is known are still to come; 0 if there is none."""
        return self._guard.incomplete


def parser_failure(error: Exception) -> ProtocolError | ReplyDecodeError:
    """Translate what ``feed``, ``get`` or ``settle`` raised.

    A ``ReplyDecodeError`` stands for one reply, the stream is in step; after a ``ProtocolError`` nothing can be read.
    """
    match error:
        case ProtocolError():
            return error
        case UnicodeDecodeError():
            return ReplyDecodeError(*error.args)
        case TypeError():
            return ProtocolError("a map reply has a key that Python cannot hash")
        case _:
            return ProtocolError(f"the parser failed with {type(error).__name__}")
