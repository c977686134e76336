"""WaitingLine: those of one client who wait for one lock, first come first served.

Only the first in line asks the server. It is woken by a release within this client, by the message that a release
elsewhere publishes, and, should both fail to come, by the clock.
"""

import asyncio
import math
import weakref
from typing import Any, Protocol

from redis_aio._execution.mailbox import again


class Held(Protocol):
    """What the line knows of the present holder."""

    token: bytes
    entered: bool
    expires_at: float
    owner: "weakref.ref[asyncio.Task[Any]] | None"

    @property
    def live(self) -> bool:
        """Whether it is held still, as far as one knows."""
        ...


class Waiter:
    """One who stands in line. What it needs for waiting is made when it has to wait."""

    _woken: bool = False
    _future: "asyncio.Future[None] | None" = None
    #: Why the one in front could not ask the server.
    failure: Exception | None = None

    def wake(self) -> None:
        """End the present pause, or the next one before it begins."""
        self._woken = True
        self._end()

    def _end(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def pause(self, loop: asyncio.AbstractEventLoop, seconds: float) -> bool:
        """Wait until woken, so many seconds at most; return whether it was woken.

        Raises:
            ConnectionError, TimeoutError: the server could not be asked by the one in front.
        """
        if not self._woken:
            self._future = loop.create_future()
            timer = None if seconds == math.inf else loop.call_later(seconds, self._end)
            try:
                await self._future
            finally:
                self._future = None
                if timer is not None:
                    timer.cancel()
        woken, self._woken = self._woken, False
        failure, self.failure = self.failure, None
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # the error's traceback holds this frame: no circles
        return woken


class WaitingLine:
    """The line before one lock. It is known while somebody of this client holds the lock, waits, or listens.

    Args:
        loop: the event loop.
        name: the lock.
        lines: the lines that are known.
    """

    _holder: "weakref.ref[Held] | None" = None
    #: Hears of releases elsewhere, while somebody waits; where that fails, it is a pause until it is tried again.
    listener: "asyncio.Task[None] | None" = None
    #: Whether the server agreed that it hears of them.
    listening: bool = False

    def __init__(self, loop: asyncio.AbstractEventLoop, name: bytes, lines: "dict[bytes, WaitingLine]") -> None:
        self.loop = loop
        self._name = name
        self._lines = lines
        self._waiters: list[Waiter] = []  # shorter than what a deque allocates

    @property
    def left(self) -> float:
        """The seconds that a holder within this client may still have, or 0.0 where there is none."""
        holder = None if self._holder is None else self._holder()
        if holder is None or not holder.live:
            return 0.0
        return max(0.0, holder.expires_at - self.loop.time())

    def entered_by(self, task: "asyncio.Task[Any]") -> Held | None:
        """Return the holder that is the ``async with`` of this task, if there is one."""
        holder = None if self._holder is None else self._holder()
        mine = holder is not None and holder.entered and holder.owner is not None and holder.owner() is task
        return holder if mine else None

    def close(self) -> None:
        """Have those in line ask, one after the other, and find that the client is closed."""
        self._holder = None
        self.wake()

    def enter(self, waiter: Waiter) -> None:
        """Stand in line."""
        self._waiters.append(waiter)

    def enter_alone(self, waiter: Waiter) -> bool:
        """Stand in line if nobody of this client holds the lock or waits; return whether that is so."""
        if self._holder is not None or self._waiters:
            return False
        self._waiters.append(waiter)
        return True

    def leave(self, waiter: Waiter) -> None:
        """Leave the line; whoever is first now is told."""
        if self.is_first(waiter):
            del self._waiters[0]
            self.wake()
        else:
            self._waiters.remove(waiter)
        self.end_if_unused()

    def is_first(self, waiter: object) -> bool:
        """Return whether it is this one's turn to ask the server."""
        return bool(self._waiters) and self._waiters[0] is waiter

    def fail(self, error: Exception) -> None:
        """Tell those behind the first one that the server cannot be asked: each in turn would find out for itself."""
        for waiter in list(self._waiters)[1:]:
            waiter.failure = again(error)
            waiter.wake()

    @property
    def empty(self) -> bool:
        """Whether nobody waits."""
        return not self._waiters

    def wake(self) -> None:
        """Let the first in line ask now."""
        if self._waiters:
            self._waiters[0].wake()

    def taken(self, holder: Held) -> None:
        """Take note that a lock object of this client holds the lock; it was the first in line, or not in line."""
        waiters = self._waiters
        first: object = waiters[0] if waiters else None
        if first is holder:
            del waiters[0]
            if waiters:
                waiters[0].wake()
        self._holder = weakref.ref(holder, self._abandoned)

    def freed(self, holder: Held) -> None:
        """Take note that it does not hold it any more."""
        if self._holder is not None and self._holder() is holder:
            self._holder = None
            if self._waiters:
                self._waiters[0].wake()
            else:
                self.end_if_unused()

    def _abandoned(self, holder: "weakref.ref[Held]") -> None:
        """Let go of a holder whom nobody knows any more; the garbage collector calls this in any thread."""
        if self._holder is holder:
            self._holder = None
            self.end_if_unused()

    def end_if_unused(self) -> None:
        """Be known no more, if there is nothing to know."""
        if not self._waiters and self._holder is None and self.listener is None:
            self._lines.pop(self._name, None)
