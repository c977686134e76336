"""Watch: sees that a connection's replies come and its writes go, with one timer for all of them.

Invariants:

* Nothing is called late that the kernel already holds: on expiry the loop reads once more first.
* The clock of a reply starts anew while bytes come or go, so a large transfer is not cut; twenty times at most.
* Time in which the event loop stood still does not count.
* A reply that is late fails its caller only. Its entry stays in line, and the connection takes no more requests.
"""

import asyncio
import contextvars
import weakref
from typing import Protocol

from redis_aio import exceptions
from redis_aio._connection.inflight import Inflight
from redis_aio._options import Options

#: How often the clock of a reply may start anew.
PATIENCE = 20
#: Seconds by which a timer may be late before that counts as a stall.
STALL = 0.02
NEVER = float("inf")


def no_context() -> contextvars.Context:
    """Return where timers run: not in the context of whoever happened to start them, which they would keep alive.

    A new one each time: only one thread at a time can be in a context, and loops run in several.
    """
    return contextvars.Context()


class Watched(Protocol):
    """What a watch sees of its connection, and does to it."""

    loop: asyncio.AbstractEventLoop
    options: Options
    #: Whether the transport has as much to write as it should.
    paused: bool
    #: When bytes of replies last arrived.
    progress_at: float
    #: How many chunks have arrived.
    received: int

    @property
    def pending(self) -> list[Inflight]:
        """The entries whose replies have not come, the oldest first."""
        ...

    @property
    def unwritten(self) -> int:
        """The bytes that the transport has not got rid of."""
        ...

    def retire(self, trouble: Exception | None = None) -> None:
        """Take no more requests."""
        ...

    def fail(self, error: Exception) -> None:
        """Close."""
        ...


class Watch:
    """The timer of one connection.

    Args:
        connection: whom it watches.
    """

    def __init__(self, connection: Watched) -> None:
        #: When it looks next, in loop time.
        self.at = NEVER
        self._watched = weakref.ref(connection)  # it holds the watch
        self._loop = connection.loop
        self._read_timeout = connection.options.read_timeout
        self._write_timeout = connection.options.write_timeout
        self._timer: asyncio.TimerHandle | None = None
        self._unwritten = 0  # at the last look, and when that last changed
        self._unwritten_since = 0.0
        self._pardons = 0

    @property
    def _connection(self) -> Watched:
        connection = self._watched()
        assert connection is not None, "the watch is stopped before its connection goes"
        return connection

    def by(self, when: float) -> None:
        """Look at ``when`` at the latest."""
        if when < self.at:
            if self._timer is not None:
                self._timer.cancel()
            self.at = when
            self._timer = self._loop.call_at(when, self._look, context=no_context())

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.at = NEVER

    def write_paused(self) -> None:
        """Note that the transport has as much to write as it should."""
        self._unwritten = self._connection.unwritten
        self._unwritten_since = self._loop.time()
        if self._write_timeout is not None:
            self.by(self._unwritten_since + self._write_timeout)

    def _look(self) -> None:
        late = self._loop.time() - self.at
        self._timer = None
        self.at = NEVER
        if late > STALL and self._pardons < PATIENCE:
            # The loop stood still, or the whole process did: that time was nobody's chance to write, answer or read.
            self._pardons += 1
            self.by(self._loop.time() + min(late, self._read_timeout or late))
            return
        self._pardons = 0
        if self._write_stalled():
            self._connection.fail(exceptions.WriteTimeoutError("the server took no data within write_timeout"))
            return
        due = self._due()
        if due <= self._loop.time():
            self._look_once_more(self._connection.received)
        elif due != NEVER:
            self.by(due)

    def _write_stalled(self) -> bool:
        """Return whether the transport has not got rid of a byte for ``write_timeout``."""
        if not self._connection.paused or self._write_timeout is None:
            return False
        now = self._loop.time()
        unwritten = self._connection.unwritten
        if unwritten != self._unwritten:
            if unwritten < self._unwritten:
                self._connection.progress_at = now
            self._unwritten, self._unwritten_since = unwritten, now
        if now - self._unwritten_since >= self._write_timeout:
            return True
        self.by(self._unwritten_since + self._write_timeout)
        return False

    def _due(self) -> float:
        """Return when the oldest reply is overdue: at its deadline, or later while bytes keep coming."""
        entry = next(iter(self._connection.pending), None)
        if entry is None or entry.deadline == NEVER or self._read_timeout is None:
            return NEVER if entry is None else entry.deadline
        moving = min(self._connection.progress_at, entry.deadline + (PATIENCE - 1) * self._read_timeout)
        return max(entry.deadline, moving + self._read_timeout)

    def _look_once_more(self, received: int) -> None:
        """Let the loop read what the kernel already holds before anything is called late."""

        def decide() -> None:
            if self._connection.received != received:
                self._look_once_more(self._connection.received)
                return
            due = self._due()
            if due <= self._loop.time():
                self._expire()
            elif due != NEVER:
                self.by(due)

        # Two turns: callbacks of one turn run before the events that the same turn has polled.
        self._loop.call_soon(self._loop.call_soon, decide, context=no_context())

    def _expire(self) -> None:
        """Fail what is overdue, keep its place in line, and take no more requests."""
        now = self._loop.time()
        connection = self._connection
        for entry in connection.pending:
            if entry.deadline <= now and not entry.future.done():
                error = exceptions.ReadTimeoutError("no reply within read_timeout")
                error.written = True
                entry.future.set_exception(entry.lost(error))
        connection.retire(exceptions.ReadTimeoutError("no reply within read_timeout"))
        waiting = [entry.deadline for entry in connection.pending if not entry.future.done()]
        if waiting:
            self.by(max(min(waiting), now))
        else:
            connection.fail(exceptions.ConnectionError("the server did not answer"))
