"""Connection: one pipelined connection to one server, an asyncio protocol without tasks of its own.

Invariants (each has its test in tests/connection):

* ``send`` never awaits: the bytes go to the outbox and the entry goes to the outbox's line in the same step, and both
  leave it together, so the order on the wire is the order of the line.
* What is cancelled before the flush leaves the outbox and is never written. What is cancelled later keeps its place in
  line and swallows its reply.
* A request that finds nothing in flight is written at once. Otherwise one write carries what gathers in a turn of the
  loop, or as many requests as the last replies woke callers, or enough to keep the server busy, whichever is first.
* A reply is completed by the oldest entry, or belongs to nobody: then the connection is closed.
* A connection is READY or it is not used: a failed handshake, a protocol violation or half a written frame closes it.
* However a connection ends, each entry's future gets an exception that says whether the request had been written.
"""

import asyncio
import enum
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, cast

from redis_aio import _log, exceptions
from redis_aio._connection.handshake import Session
from redis_aio._connection.inflight import Entry, Inflight, InflightBatch, Turns, as_inflight, copy_of
from redis_aio._connection.line import InflightLine
from redis_aio._connection.push import PushRouter
from redis_aio._connection.subscribing import Subscribing
from redis_aio._connection.transport import peer_has_gone
from redis_aio._connection.watch import NEVER, Watch, no_context
from redis_aio._options import Options
from redis_aio._resp.decoder import Decoder
from redis_aio._resp.encoder import pack

logger = logging.getLogger("redis_aio.connection")

#: Requests in flight on one connection before it counts as crowded, and before it takes no more.
CROWDED_REQUESTS = 8_192
#: Requests that are worth a write of their own: the server works on them while the next ones gather here.
OVERLAP = 31
#: Bytes of one unfinished reply, received or announced, from which other callers should go elsewhere.
LARGE_REPLY = 128 * 1024
#: Bytes that wait in the outbox or in the transport before callers have to wait.
WRITE_BUFFER = 1024 * 1024
#: Seconds without a reply after which other callers should go elsewhere.
SLOW = 0.1
#: Seconds for a TLS peer to answer that the connection is being closed.
FAREWELL = 0.5
#: Seconds of silence after which an idle socket is looked at before it is written to.
QUIET = 1.0


class ConnectionState(enum.Enum):
    """The life of a connection."""

    #: The transport is open, the handshake is under way.
    HANDSHAKE = "in its handshake"
    #: Usable.
    READY = "ready"
    #: Takes no new requests; replies still arrive.
    RETIRED = "retired"
    #: Gone.
    CLOSED = "closed"


class Connection(Subscribing):
    """A connection; made by :func:`redis_aio._connection.dial.dial`.

    Args:
        options: timeouts, decoding and checks.
        loop: the event loop it lives on.
    """

    def __init__(self, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.session: Session = Session()
        self.state: ConnectionState = ConnectionState.HANDSHAKE
        #: Whether new callers should rather use another connection. Maintained, so that asking costs nothing.
        self.crowded: bool = True
        self.closed: asyncio.Future[None] = loop.create_future()
        self.created_at: float = loop.time()
        self.idle_since: float = self.created_at
        self.pushes: PushRouter = PushRouter()
        #: The address at the other end; for a unix socket its path, and 0.
        self.peer: tuple[str, int] | None = None
        #: Called once when the connection is closed, and each time the last request in flight is done while set.
        self.on_closed: Callable[[Connection], None] | None = None
        self.on_drained: Callable[[Connection], None] | None = None
        self.options = options
        #: Why it was lost or is not used any more, where that is the fault of somebody else.
        self.trouble: Exception | None = None
        #: When bytes of replies last arrived or a request met an empty line.
        self.progress_at: float = self.created_at
        #: How many chunks have arrived.
        self.received: int = 0
        #: Whether the transport has as much to write as it should.
        self.paused: bool = False
        self._read_timeout = options.read_timeout
        self._transport: asyncio.Transport | None = None
        self._failure: Exception = exceptions.ConnectionError("the connection is closed")
        self._socket: socket.socket | None = None
        encoding = options.encoding if options.decode_responses else None
        decoder = Decoder(encoding=encoding, errors=options.encoding_errors)
        #: ``None`` when it is closed: the decoder may hold the beginning of something large.
        self._line: InflightLine | None = InflightLine(decoder, self.pushes, high_integrity=options.high_integrity)
        self._inflight = self._line.entries
        self._outbox: list[bytes] = []
        self._outbox_line: list[Entry] = []
        self._outbox_bytes = 0
        self._turns, self._turn_deadline = Turns(), NEVER  # of requests that joined the line before, and in this turn
        self._flush_scheduled = False
        #: How many callers the last replies woke: they are likely to send again in this turn.
        self._expected = 0
        #: A request that meets this many in the outbox has them all written, before the turn is over.
        self._enough = OVERLAP
        self._room_waiters: set[asyncio.Future[None]] = set()
        self._watch = Watch(self)

    # -- what others ask ------------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether no request is in flight or waiting to be written."""
        return not self._inflight and not self._outbox_line

    @property
    def full(self) -> bool:
        """Whether it takes no more requests for now."""
        return self.paused or len(self._inflight) + len(self._outbox_line) >= 2 * CROWDED_REQUESTS

    @property
    def load(self) -> int:
        """The number of requests in flight or waiting to be written."""
        return len(self._inflight) + len(self._outbox_line)

    @property
    def usable(self) -> bool:
        """Whether it can take requests: it is ready and, as far as one can see, its peer is there."""
        return self.state is ConnectionState.READY and not (self.idle and peer_has_gone(self._socket))

    @property
    def pending(self) -> "list[Inflight]":
        """The entries whose replies have not come, the oldest first."""
        return self._turns.entries(self._inflight) + [as_inflight(e, self._turn_deadline) for e in self._outbox_line]

    @property
    def unwritten(self) -> int:
        """The bytes that the transport has not got rid of."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def __repr__(self) -> str:
        where = self.options.unix_socket_path or f"{self.options.host}:{self.options.port}"
        return (
            f"<Connection to {where}, db {self.options.db}: {self.state.value}, RESP{self.session.protocol}, "
            f"{self.load} in flight>"
        )

    # -- sending --------------------------------------------------------------------------------------------------

    def send(self, data: bytes, raw: bool = False, timeout: float | None = -1.0) -> "asyncio.Future[Any]":
        """Queue one encoded request and return the future of its raw reply.

        Args:
            data: exactly one request.
            raw: do not decode the reply.
            timeout: seconds for the reply; ``None`` for no bound, -1.0 for ``read_timeout``.

        The future ends with a ``ConnectionError`` or ``ReadTimeoutError`` whose ``written`` says whether the request
        may have reached the server.
        """
        future = self.loop.create_future()
        line = self._outbox_line
        if timeout == -1.0 and line and len(line) < self._enough and not raw:  # one more of many: a flush is coming
            line.append(future)
            self._outbox.append(data)
            self._outbox_bytes += len(data)
            if self._outbox_bytes > WRITE_BUFFER:
                self._flush()
        else:
            self._enqueue(Inflight(future, self._deadline(timeout), raw), data)
        return future

    def send_batch(
        self,
        data: bytes,
        expected: int,
        raws: Sequence[bool] | None = None,
        timeout: float | None = -1.0,
        more: Iterator[bytes] | None = None,
    ) -> "asyncio.Future[list[Any]]":
        """Queue ``expected`` encoded requests, contiguous on the wire; the future gets the list of their raw replies.

        What ``more`` yields is part of them, written as it is made: the server works on one part while the next is
        encoded. When the connection fails first, the future gets :class:`BatchInterrupted` with the replies so far.
        """
        future: asyncio.Future[list[Any]] = self.loop.create_future()
        self._enqueue(InflightBatch(future, self._deadline(timeout), expected, raws), data, more)
        return future

    def send_checked(
        self, data: bytes, expected: int | None = None, raws: Sequence[bool] | None = None, timeout: float | None = -1.0
    ) -> "asyncio.Future[Any]":
        """As ``send`` (``expected=None``) or ``send_batch``, followed by an ECHO that proves the replies to be ours."""
        future: asyncio.Future[Any] = self.loop.create_future()
        nonce = os.urandom(8).hex().encode()
        count = 1 if expected is None else expected
        entry = InflightBatch(
            future, self._deadline(timeout), count + 1, None if raws is None else [*raws, True], nonce, expected is None
        )
        self._enqueue(entry, data + pack(("ECHO",), (nonce,)))
        return future

    def _deadline(self, timeout: float | None) -> float:
        if timeout == -1.0:
            timeout = self._read_timeout
        return NEVER if timeout is None else self.loop.time() + timeout

    def _enqueue(self, entry: Inflight, data: bytes, more: Iterator[bytes] | None = None) -> None:
        inflight, line, alone = self._inflight, self._outbox_line, False
        if not inflight and not line:
            now = self.loop.time()
            if now - self.progress_at > QUIET and peer_has_gone(self._socket):
                self.fail(exceptions.ConnectionError("the server closed the connection"))
            self.progress_at = now
            alone = self._expected == 1
        if self._transport is None or self._line is None:
            entry.future.set_exception(entry.lost(copy_of(self._failure, written=False)))
            return
        if alone or more is not None:
            if line:
                self._flush()
            inflight.append(entry)
            self._turns.written += 1
            self._transport.write(data)
            if more is not None:
                self._write_all(more)
            if entry.deadline < self._watch.at:
                self._watch.by(entry.deadline)
            return
        if not line:
            self._turn_deadline = self._deadline(-1.0)
        line.append(entry)
        self._outbox.append(data)
        self._outbox_bytes += len(data)
        if entry.deadline < self._watch.at:
            self._watch.by(entry.deadline)
        if len(line) > self._enough or self._outbox_bytes > WRITE_BUFFER:
            self._flush()
        elif not self._flush_scheduled:
            self._flush_scheduled = True
            self.loop.call_soon(self._flush)
            if not self.crowded and self.loop.time() - self.progress_at > SLOW:
                self.crowded = True

    def _write_all(self, pieces: Iterator[bytes]) -> None:
        assert self._transport is not None
        try:
            for piece in pieces:
                self._transport.write(piece)
        except BaseException:  # an interrupt, for one: half a batch is written
            self.fail(exceptions.ConnectionError("a batch was not written to its end"))
            raise

    def _flush(self) -> None:
        """Write what has gathered, less what was cancelled meanwhile."""
        self._flush_scheduled = False
        line = self._outbox_line
        if not line or self._transport is None:
            return
        data = self._outbox
        for entry in line:
            if entry.cancelled():
                alive = [(e, d) for e, d in zip(line, data, strict=True) if not e.cancelled()]
                line = [e for e, _ in alive]
                data = [d for _, d in alive]
                break
        self._outbox, self._outbox_line, self._outbox_bytes = [], [], 0
        if not line:
            self._settle_line()
            return
        self._inflight.extend(line)
        self._turns.wrote(len(line), self._turn_deadline, len(self._inflight))
        self._enough = max(OVERLAP, len(self._inflight) // 2)
        if len(self._inflight) > CROWDED_REQUESTS:
            self.crowded = True
        self._transport.write(b"".join(data) if len(data) > 1 else data[0])

    async def room(self) -> None:
        """Wait until it is not full any more, or closed."""
        while self.full and self.state is not ConnectionState.CLOSED:
            waiter = self.loop.create_future()
            self._room_waiters.add(waiter)
            try:
                await waiter
            finally:
                self._room_waiters.discard(waiter)

    def _wake_room_waiters(self) -> None:
        waiters, self._room_waiters = self._room_waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # -- asyncio.Protocol -----------------------------------------------------------------------------------------

    def attach(self, sock: socket.socket) -> None:
        """Take the socket, to look at; called by the dialer when it is connected."""
        self._socket = sock

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass of asyncio's
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)

    def data_received(self, data: bytes) -> None:
        if self._line is None:
            return
        self.received += 1
        before = len(self._inflight)
        try:
            moved = self._line.receive(data)
        except exceptions.ConnectionError as error:
            self.fail(error)
            return
        self._expected = (before - len(self._inflight)) or 1
        self._enough = self._expected - 1 if 1 < self._expected < OVERLAP else max(OVERLAP, len(self._inflight) // 2)
        if moved:
            self.progress_at = self.loop.time()
        self._settle_line()

    def _settle_line(self) -> None:
        """Bring ``crowded`` up to date, and say so when the line has become empty."""
        inflight = self._inflight
        if self._line is not None and self._line.partial and self._line.unfinished > LARGE_REPLY:
            self.crowded = True
        elif self.crowded and self.state is ConnectionState.READY and not self.paused:
            self.crowded = len(inflight) >= CROWDED_REQUESTS
        if self._room_waiters and not self.full:
            self._wake_room_waiters()
        if not inflight and self.on_drained is not None and not self._outbox_line:
            self.idle_since = self.loop.time()
            self.on_drained(self)

    def pause_writing(self) -> None:
        self.paused = True
        self.crowded = True
        self._watch.write_paused()

    def resume_writing(self) -> None:
        self.paused = False
        self._settle_line()

    def eof_received(self) -> bool:
        self.fail(exceptions.ConnectionError("the server closed the connection"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        reason = f"the connection was lost: {exc.__class__.__name__}" if exc else "the connection was closed"
        self.fail(exceptions.ConnectionError(reason))
        self._transport = self._socket = None
        if not self.closed.done():
            self.closed.set_result(None)

    # -- the end --------------------------------------------------------------------------------------------------

    def ready(self, session: Session) -> None:
        """Open the connection for use; called by the dialer after the handshake."""
        if self.state is ConnectionState.HANDSHAKE:
            self.session = session
            self.state = ConnectionState.READY
            self.crowded = False
            self.idle_since = self.loop.time()

    def retire(self, trouble: Exception | None = None) -> None:
        """Take no new requests; the owner is told by ``on_drained`` when the last reply has come."""
        if self.state is ConnectionState.READY:
            self.state = ConnectionState.RETIRED
            self.crowded = True
            self.trouble = trouble and copy_of(trouble, written=False)
            self._tell("connection.retired", "its time is over" if trouble is None else _log.describe(trouble))

    def _tell(self, event: _log.Event, reason: str) -> None:
        """Log a change of state: what somebody else has caused at INFO."""
        level = logging.DEBUG if self.trouble is None else logging.INFO
        age, client_id = self.loop.time() - self.created_at, self.session.client_id
        known = _log.Fields(connection_id=client_id, reason=reason, error=self.trouble, duration=age)
        _log.tell(logger, level, event, self.options, **known)

    def fail(self, error: Exception, why: str | None = None) -> None:
        """Close at once; whatever is in flight or waiting fails with a copy of ``error``.

        Args:
            error: what those get.
            why: the reason, if it is closed from here.
        """
        if self.state is ConnectionState.CLOSED:
            return
        opened, self.state = self.state is not ConnectionState.HANDSHAKE, ConnectionState.CLOSED
        self.crowded = True
        self._failure = copy_of(error, written=False)  # without its traceback, which holds all that was read
        ours = why is not None or isinstance(error, exceptions.ClientClosedError)
        if not ours:
            self.trouble = self._failure
        if opened:
            self._tell("connection.closed" if ours else "connection.lost", why or _log.describe(error))
        self._line = None
        self._watch.stop()
        if self._transport is not None:
            self._transport.abort()
        pending, written = self.pending, len(self._inflight)
        self._inflight.clear()
        self._outbox_line, self._outbox = [], []
        for number, entry in enumerate(pending):
            if not entry.future.done():
                entry.future.set_exception(entry.lost(copy_of(error, written=number < written)))
        self._wake_room_waiters()
        callback, self.on_closed, self.on_drained = self.on_closed, None, None
        if callback is not None:
            callback(self)

    def close(self, why: str = "the client was closed") -> None:
        """Close an idle connection politely (with TLS: after its farewell); one in use as ``fail`` does."""
        if self.state is ConnectionState.CLOSED:
            return
        if self._transport is not None and self.idle:
            self._transport.close()
            if self.options.ssl_context is not None:  # a peer that does not say farewell is not waited for
                self.loop.call_later(FAREWELL, self._transport.abort, context=no_context())
            transport, self._transport = self._transport, None
            self.fail(exceptions.ConnectionError("the connection was closed"), why)
            self._transport = transport
        else:
            self.fail(exceptions.ConnectionError("the connection was closed"), why)

    def abort(self) -> None:
        """Drop the transport without any farewell."""
        if self._transport is not None:
            self._transport.abort()

    def abandon(self) -> None:
        """Let go of the socket without the event loop, which is closed or not ours any more."""
        self.state = ConnectionState.CLOSED
        self.crowded = True
        self._transport = None
        self._watch.stop()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # whoever else holds the descriptor, the server is told
            self._socket.close()
