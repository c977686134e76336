"""Bytes to replies: hiredis behind the guard.

The connection does, for every chunk it receives: ``feed(chunk)``, then ``get()`` until that returns ``NOT_READY``, then
``settle()``. Error replies come out as exception instances, pushes as ``hiredis.PushNotification``.

An exception from any of the three goes through ``parser_failure``: what comes back as a ``ReplyDecodeError`` is the
value of that one reply, and the stream goes on behind it; a ``ProtocolError`` is the end of the connection.

A push is never the value of a request, so it must not raise in place of one. Its strings that cannot be decoded are
left ``bytes`` (in encodings that are no superset of ASCII: with replacement characters).
"""

import codecs
from collections.abc import Callable
from threading import get_ident
from typing import Any, Final

from hiredis import PushNotification, Reader

from redis_aio._resp.errors import reply_error
from redis_aio._resp.guard import Guard
from redis_aio.exceptions import ProtocolError, ReplyDecodeError


class _NotReady:
    __slots__ = ()

    def __repr__(self) -> str:
        return "NOT_READY"


#: What ``get`` returns when the next reply is not complete; no reply is equal to it.
NOT_READY: Final = _NotReady()

#: Bytes of its buffer that a reader keeps when it is empty. By default it is made anew for every reply of some size.
KEPT_BUFFER: Final = 4 << 20

#: Thread -> the first string that could not be decoded by the call of ``gets`` that is under way in it.
_undecodable: dict[int, UnicodeDecodeError] = {}


def _note(error: UnicodeError) -> tuple[str | bytes, int]:
    """Let hiredis finish the reply, the undecodable bytes in it as lone surrogates, and note the error.

    An exception from here would come out of ``gets`` without a word on whether it was a push.
    """
    assert isinstance(error, UnicodeDecodeError)
    if get_ident() not in _undecodable:  # a copy: Python changes this one when the string has more such bytes
        _undecodable[get_ident()] = UnicodeDecodeError(
            error.encoding, error.object, error.start, error.end, error.reason
        )
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:  # not in encodings such as UTF-16
        return codecs.lookup_error("replace")(error)


_NOTE: Final = "redis_aio.note"
codecs.register_error(_NOTE, _note)


class Decoder:
    """The replies of one connection, from its first byte to its last.

    Args:
        encoding: of strings; ``None`` leaves them bytes.
        errors: what to do with what is not valid in the encoding, as in ``bytes.decode``.

    Attributes:
        feed: ``feed(chunk)`` takes the next bytes of the stream; ``ProtocolError`` if they announce more than is safe.
        get: ``get() -> reply | NOT_READY``; ``get(False)`` does not decode its strings, as far as they arrive in it.
        settle: ``settle()`` notes where the chunk ended; ``ProtocolError`` if that is something no server sends.
        halfway: ``halfway()`` says whether the bytes taken so far end within a line or a string.
    """

    __slots__ = ("_encoding", "_errors", "_guard", "feed", "get", "halfway", "settle")

    get: Callable[..., Any]

    def __init__(self, *, encoding: str | None, errors: str = "strict") -> None:
        self._encoding, self._errors = encoding, errors
        strict = encoding is not None and errors == "strict"
        reader = Reader(
            protocolError=ProtocolError,
            replyError=reply_error,
            encoding=encoding,
            errors=_NOTE if strict else errors,
            notEnoughData=NOT_READY,
        )
        reader.setmaxbuf(KEPT_BUFFER)
        self._guard = Guard(reader)
        # Bound methods of those who do the work: all of them are on the path of every reply.
        self.feed: Callable[[bytes], None] = self._guard.feed
        self.get = _strict(reader.gets, encoding) if strict and encoding else reader.gets
        self.settle: Callable[[], None] = self._guard.settle
        self.halfway: Callable[[], bool] = self._guard.halfway

    def decode(self, value: bytes) -> bytes | str:
        """Return the value of a string that was not given to it.

        Raises:
            UnicodeDecodeError: it is not valid in the encoding.
        """
        return value if self._encoding is None else value.decode(self._encoding, self._errors)

    @property
    def incomplete(self) -> int:
        """How many bytes of a string whose length is known are still to come; 0 if there is none."""
        return self._guard.incomplete


def _strict(gets: Callable[[bool], Any], encoding: str) -> Callable[..., Any]:
    """Return ``gets`` with replies that could not be decoded raising, once they are complete.

    The error's attribute ``reply`` is the whole reply, with lone surrogates for what could not be decoded.
    """
    noted: list[UnicodeDecodeError] = []  # of the reply that is not complete yet

    def get(decode: bool = True) -> Any:
        try:
            reply = gets(decode)
        except BaseException:  # whatever it is: what was noted belongs to this call
            _undecodable.pop(get_ident(), None)  # it would be taken for another connection's
            raise
        if not _undecodable and not noted:
            return reply
        if error := _undecodable.pop(get_ident(), None):
            noted.append(error)
        if reply is NOT_READY or not noted:
            return reply
        error = noted[0]
        noted.clear()
        if type(reply) is not PushNotification:
            vars(error)["reply"] = reply
            raise error
        reply[:] = [unescaped(item, encoding) for item in reply]
        return reply

    return get


def unescaped(item: Any, encoding: str) -> Any:
    """Return the value with strings that could not be decoded as the bytes they were."""
    match item:
        case str():
            try:
                item.encode(encoding)
            except UnicodeEncodeError:
                return item.encode(encoding, "surrogateescape")
            return item
        case list():
            return [unescaped(element, encoding) for element in item]
        case dict():
            return {unescaped(key, encoding): unescaped(value, encoding) for key, value in item.items()}
        case _:
            return item


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
