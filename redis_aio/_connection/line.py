"""InflightLine: brings the replies of a connection to those who wait for them, in the order of the requests."""

from collections import deque
from functools import partial
from itertools import islice
from typing import Any

from hiredis import PushNotification

from redis_aio._connection.inflight import Entry, Inflight, InflightBatch
from redis_aio._connection.push import PushRouter
from redis_aio._connection.tail import Tail
from redis_aio._resp.decoder import NOT_READY, Decoder, parser_failure
from redis_aio._resp.long_string import LONG, LongString, long_string, may_be_long
from redis_aio.exceptions import ConnectionError, ProtocolError, ReplyDecodeError

#: Bytes that are decoded at a time. hiredis moves what is left of them to the front after each kilobyte it has read.
SLICE = 16 * 1024


class InflightLine:
    """The requests that were written and whose replies have not come.

    A reply is completed by the oldest entry, or belongs to nobody: then the stream is not what we think it is.

    Args:
        decoder: makes replies of bytes.
        pushes: takes the pushes among them.
        high_integrity: look more closely at what comes when nothing is awaited.
    """

    def __init__(self, decoder: Decoder, pushes: PushRouter, *, high_integrity: bool = False) -> None:
        self.entries: deque[Entry] = deque()
        #: Bytes that came since the last complete reply.
        self.partial: int = 0
        self._decoder = decoder
        self._get = decoder.get
        self._pushes = pushes
        self._tail = Tail(always=high_integrity)
        self._long: LongString | None = None

    @property
    def unfinished(self) -> int:
        """The bytes of the reply that is coming, received or announced."""
        return self.partial + self._decoder.incomplete if self._long is None else self._long.size

    def receive(self, data: bytes) -> bool:
        """Give every reply that is complete now to its entry; return whether the replies have got on.

        Pushes alone say nothing of the replies that are awaited.

        Raises:
            ProtocolError: the bytes are no RESP, or a reply that nobody asked for.
            ConnectionError: the server says why it closes the connection (``maxclients``).
        """
        pushed = self._pushes.dispatched
        idle = not self.entries
        between = False
        try:
            if self._long is None and (len(data) <= LONG or not may_be_long(data)):
                if len(data) <= SLICE:
                    completed = self._read(data)
                else:
                    completed, between = self._read_slices(data)
            else:
                behind = self._take_long(data)
                if self._long is not None:
                    self.partial += len(data)
                    return True
                between = completed = len(behind) < len(data)
                data = behind
                if data:
                    idle = not self.entries
                    read, between = self._read_slices(data)
                    completed = read or completed
        except ConnectionError:
            raise
        except Exception as error:  # whatever a parser raises: the stream is out of step
            raise parser_failure(error) from error
        if between:
            self._tail.passed()
        elif self.entries:
            self._tail.awaited(data)
        elif self._tail.suspicious(data, idle=idle, halfway=self._decoder.halfway()):
            raise ProtocolError("the server sent the beginning of a reply that nobody asked for")
        if completed:
            self.partial = 0
        elif pushed == self._pushes.dispatched:
            self.partial += len(data)
            return True
        return completed

    def _take_long(self, data: bytes) -> bytes:
        """Give the long strings at the beginning of a chunk to their entries; return what is behind them.

        Raises:
            ProtocolError: one does not end as it should.
        """
        start = 0
        while start < len(data):
            if self._long is None:
                found = long_string(data, start) if self.entries else None
                if found is None or not (start or self._tail.between_replies()):
                    return data[start:]
                self._long, start = found
            start = self._long.feed(data, start)
            if not self._long.missing:
                value, self._long = self._long.value(), None
                try:
                    reply = self._decoded(value)
                except UnicodeDecodeError:  # the parser makes the error of it
                    self._read(b"$%d\r\n%b\r\n" % (len(value), value))
                else:
                    self._complete(reply)
        return b""

    def _decoded(self, value: bytes) -> Any:
        entry = self.entries[0]
        if isinstance(entry, InflightBatch):
            raw = entry.raws is not None and entry.raws[len(entry.replies)]
        else:
            raw = isinstance(entry, Inflight) and entry.raw
        return value if raw else self._decoder.decode(value)

    def _read(self, data: bytes) -> bool:
        """Decode bytes; return whether a reply was completed."""
        self._decoder.feed(data)
        completed = self._drain()
        self._decoder.settle()
        return completed

    def _read_slices(self, data: bytes) -> tuple[bool, bool]:
        """Decode many bytes; return whether a reply was completed, and whether the last one surely ended with them."""
        completed = between = False
        start = 0
        while start < len(data):
            within = self._decoder.incomplete
            part = data[start : start + max(SLICE, within)]  # a long string is taken whole
            between = self._read(part)
            completed = between or completed
            between = between and len(part) <= within
            start += len(part)
        return completed, between

    def _drain(self) -> bool:
        """Take every complete reply out of the decoder; return whether there was any."""
        completed = False
        while True:
            try:
                return self._take() or completed
            except UnicodeDecodeError as error:  # one reply; the stream goes on behind it
                undecodable = ReplyDecodeError(error.encoding, error.object, error.start, error.end, error.reason)
                undecodable.escaped = vars(error).get("reply")
                self._complete(undecodable)
                completed = True

    def _take(self) -> bool:
        entries = self.entries
        get = self._get
        completed = False
        while entries:
            entry = entries[0]
            if not isinstance(entry, Inflight):
                reply = get()
                future = entry
            elif not isinstance(entry, InflightBatch):
                reply = get(False) if entry.raw else get()
                future = entry.future
            else:
                before = len(entry.replies)
                if not self._fill(entry):
                    return completed or len(entry.replies) > before
                completed = True
                continue
            if reply is NOT_READY:
                return completed
            if type(reply) is PushNotification:
                self._pushes.dispatch(reply)
                continue
            entries.popleft()
            if not future.done():
                future.set_result(reply)
            completed = True
        while (reply := get()) is not NOT_READY:
            if type(reply) is not PushNotification:
                raise unasked(reply)
            self._pushes.dispatch(reply)
        return completed

    def _fill(self, batch: InflightBatch) -> bool:
        """Collect replies of a batch; return whether it is complete."""
        get, replies, raws = self._get, batch.replies, batch.raws
        while missing := batch.expected - len(replies):
            before = len(replies)
            wanted = missing if raws is None else 1
            # One after the other into the list, so that those before one that raises are in it.
            more = iter(get, NOT_READY) if raws is None else iter(partial(get, not raws[before]), NOT_READY)
            try:
                replies.extend(islice(more, wanted))
            finally:
                found = len(replies) - before
                if PushNotification in map(type, replies[before:]):
                    self._take_out_pushes(replies, before)
            if found < wanted:
                return False
        self._finish(batch)
        return True

    def _take_out_pushes(self, replies: list[Any], start: int) -> None:
        taken = replies[start:]
        replies[start:] = [reply for reply in taken if type(reply) is not PushNotification]
        for push in taken:
            if type(push) is PushNotification:
                self._pushes.dispatch(push)

    def _finish(self, batch: InflightBatch) -> None:
        value = batch.checked()
        self.entries.popleft()
        if not batch.future.done():
            batch.future.set_result(value)

    def _complete(self, reply: Any) -> None:
        """Give a reply that was made here to the oldest entry."""
        if not self.entries:
            raise unasked(reply)
        entry = self.entries[0]
        if isinstance(entry, InflightBatch):
            entry.replies.append(reply)
            if len(entry.replies) == entry.expected:
                self._finish(entry)
        else:
            self.entries.popleft()
            future = entry.future if isinstance(entry, Inflight) else entry
            if not future.done():
                future.set_result(reply)


def unasked(reply: Any) -> ConnectionError:
    """Return the error for a reply with nothing in flight; a server that turns a client away says so unasked."""
    if isinstance(reply, ConnectionError):
        return reply
    return ProtocolError("the server sent a reply that nobody asked for")
