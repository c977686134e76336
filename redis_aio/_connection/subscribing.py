"""Subscribing: a connection of a subscriber, where most of what arrives answers no request.

Messages and the acknowledgements of subscriptions are pushes; in RESP2 they are arrays, which look like replies. Behind
each request goes a PING, the *fence*: its reply says that the server has dealt with the request, and an error in front
of it belongs to the request. So a request is one entry in line, however many acknowledgements it has, and nothing that
the server sends unasked can shift the line. Only a batch has a reply of its own, and no fence: that is AUTH.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from hiredis import PushNotification

from redis_aio._connection.inflight import Entry, Inflight, InflightBatch
from redis_aio._connection.line import SLICE, InflightLine, unasked
from redis_aio._resp.decoder import NOT_READY, parser_failure, unescaped
from redis_aio.exceptions import ConnectionError, ProtocolError, ResponseError

#: Bring what arrives to whom it is for, by the first element of a push as it arrives. Each is given a list: as many of
#: its kind as came in a row.
Handlers = dict[Any, Callable[[list[Any]], None]]

FENCE = b"*2\r\n$4\r\nPING\r\n$9\r\nredis_aio\r\n"
#: Bytes in one chunk from which others shall have their turn before the next is read.
FAIR = 16 * 1024


def handlers_of(kinds: dict[str, Callable[[list[Any]], None]]) -> Handlers:
    """Return the handlers of kinds, which arrive as ``bytes`` or ``str``."""
    handlers: Handlers = {}
    for kind, handler in kinds.items():
        handlers[kind] = handlers[kind.encode()] = handler
    return handlers


class SubscriberLine(InflightLine):
    """The line of a connection that subscribes. Each entry waits for the reply of its fence.

    Its future gets the error that came before that, or the reply; ``None`` where the user may not PING.

    Args:
        line: the line so far; nothing is in it.
        handlers: take the pushes, in the order they come; what is decoded at once and is of one kind, together.
            What one raises closes the connection.
        heard: called behind each chunk, with its size.
        encoding: of strings; ``None`` if they are bytes.
    """

    def __init__(
        self, line: InflightLine, handlers: Handlers, heard: Callable[[int], None], encoding: str | None
    ) -> None:
        self.entries: deque[Entry] = line.entries
        self.partial = 0
        self._decoder = line._decoder
        self._get = line._get
        self._pushes = line._pushes
        self._handlers = {**handlers, **handlers_of({"pong": self._pongs})}
        self._heard = heard
        self._encoding = encoding
        self._error: Exception | None = None  # what the oldest entry was answered before its fence

    def receive(self, data: bytes) -> bool:
        """Hand on everything that is complete now; return ``True``: whatever comes, the server is there."""
        try:
            if len(data) <= SLICE:
                self._read(data)
            else:
                self._read_slices(data)
        except ConnectionError:
            raise
        except Exception as error:  # whatever a parser raises: the stream is out of step
            raise parser_failure(error) from error
        self._heard(len(data))
        return True

    def _drain(self) -> bool:
        while True:
            try:
                return self._take()
            except UnicodeDecodeError as error:  # in RESP2: as in RESP3, what cannot be decoded stays bytes
                reply = unescaped(vars(error)["reply"], self._encoding or "utf-8")
                if type(reply) is list:
                    self._dispatch([reply])
                else:
                    self._answer(reply)

    def _take(self) -> bool:
        get, nothing, push = self._get, NOT_READY, PushNotification
        row: list[Any] = []  # of one kind, which is handed on together: a call for each takes longer than decoding it
        kind: Any = nothing
        try:
            while (reply := get()) is not nothing:
                if type(reply) is push or type(reply) is list:
                    if reply[0] != kind:
                        done, row, kind = row, [], reply[0]
                        self._dispatch(done)
                    row.append(reply)
                else:
                    done, row, kind = row, [], nothing
                    self._dispatch(done)
                    self._answer(reply)
        finally:
            self._dispatch(row)
        return True

    def _dispatch(self, row: list[Any]) -> None:
        """Hand on pushes of one kind, or arrays in place of them."""
        if not row:
            return
        handler = self._handlers.get(row[0][0])
        if handler is not None:
            handler(row)
            return
        for reply in row:
            if type(reply) is not PushNotification:
                raise ProtocolError("the server sent an array that is no message")
            self._pushes.dispatch(reply)

    def _pongs(self, row: list[Any]) -> None:
        for reply in row:
            self._answer(reply[1])

    @property
    def _alone(self) -> bool:
        """Whether the next reply is that of a request without a fence."""
        return bool(self.entries) and isinstance(self.entries[0], InflightBatch)

    def _answer(self, reply: Any) -> None:
        entries = self.entries
        if not entries:
            raise unasked(reply)
        if self._alone:
            self._complete(reply)
            return
        if isinstance(reply, Exception):
            if not _of_fence(reply):
                self._error = self._error or reply
                return
            reply = None
        error, self._error = self._error, None
        entry = entries.popleft()
        future = entry.future if isinstance(entry, Inflight) else entry
        if not future.done():
            future.set_result(error or reply)


def _of_fence(error: Exception) -> bool:
    """Return whether an error is the answer to PING: who may not PING is answered all the same."""
    if not isinstance(error, ResponseError):
        return False
    words = str(error).lower()
    return words.startswith("unknown command 'ping'") or "run the 'ping' command" in words


class Holder(Protocol):
    """Who has a connection to himself, and says when AUTH may be sent there."""

    def renew(self, authenticate: "Callable[[Any], asyncio.Future[Any]]") -> "asyncio.Future[Any] | None":
        """Call ``authenticate`` with the connection, now or later; return its answer if that was now."""
        ...


class Subscribing(asyncio.Protocol):
    """What a connection has for those who subscribe, and for others who have one to themselves."""

    #: Who that is.
    holder: Holder | None = None
    _line: InflightLine | None
    _transport: asyncio.Transport | None
    _reading = True

    def listen(
        self,
        handlers: Handlers,
        heard: Callable[[int], None],
        encoding: str | None,
        kind: type[SubscriberLine] = SubscriberLine,
    ) -> None:
        """Make it the connection of a subscriber, for good: it is closed after use.

        From now on each request must end with ``FENCE``. The arguments are those of ``kind``.
        """
        if self._line is not None:
            self._line = kind(self._line, handlers, heard, encoding)

    @property
    def reading(self) -> bool:
        """Whether it reads what the server sends."""
        return self._reading

    def pause_reading(self) -> None:
        """Read no more for now: what the server sends stays in the kernel, then in the server."""
        if self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()
