"""WaitingLine: those of one client who wait for one lock, first come first served.

Only the first in line asks the server. It is woken by a release within this client, by the message that a release
elsewhere publishes, and, should both fail to come, by the clock.
"""

import asyncio
import math
import weakref
from collections import deque
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
    """A place in the line.

    Args:
        loop: the event loop.
    """

    __slots__ = ("_future", "_loop", "_woken", "failure")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._woken = False
        self._future: asyncio.Future[None] | None = None
        #: Why the one in front could not ask the server.
        self.failure: Exception | None = None

    def wake(self) -> None:
        """End the present pause, or the next one before it begins."""
        self._woken = True
        self._end()

    def _end(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def pause(self, seconds: float) -> bool:
        """Wait until woken, so many seconds at most; return whether it was woken.

        Raises:
            ConnectionError, TimeoutError: the server could not be asked by the one in front.
        """
        if not self._woken:
            self._future = self._loop.create_future()
            timer = None if seconds == math.inf else self._loop.call_later(seconds, self._end)
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
    """The line before one lock.

    Args:
        loop: the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiters: deque[Waiter] = deque()
        self._holder: weakref.ref[Held] | None = None
        #: Hears of releases elsewhere, while somebody waits.
        self.listener: asyncio.Task[None] | None = None
        #: Whether the server agreed that it hears of them.
        self.listening = False
        #: The loop time before which listening is not tried again.
        self.deaf_until = 0.0

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

    def enter(self) -> Waiter:
        """Stand in line."""
        waiter = Waiter(self.loop)
        self._waiters.append(waiter)
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """Leave the line; whoever is first now is told."""
        if self._waiters[0] is waiter:
            self._waiters.popleft()
            self.wake()
        else:
            self._waiters.remove(waiter)

    def is_first(self, waiter: Waiter) -> bool:
        """Return whether it is this one's turn to ask the server."""
        return self._waiters[0] is waiter

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
        """Take note that a lock object of this client holds the lock."""
        self._holder = weakref.ref(holder)

    def freed(self, holder: Held) -> None:
        """Take note that it does not hold it any more."""
        if self._holder is not None and self._holder() is holder:
            self._holder = None
            self.wake()
