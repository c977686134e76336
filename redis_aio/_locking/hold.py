"""Hold: one successful acquire, from the making of its token to the end of its release."""

import asyncio
import math
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

from redis_aio._locking.line import Waiter, WaitingLine

#: Seconds for which a release may hold up a body that was cancelled; then it is left to the background.
UNWINDING: float = 0.05


class Hold(Waiter):
    """What is known of one acquire. Most of it is as below in most of them, so that it is set where it is not.

    Args:
        token: the value of the lock's key while this holds it.
    """

    #: The caller chose the token: finding it in the server does not mean that this acquire put it there.
    strict: bool = False
    #: SET is tried first, which is cheaper than the script and says less.
    plainly: bool = True
    #: It is going to be waited for, so what the script says is of use.
    waits: bool = False
    #: It was asked for, and whether it was given is not known.
    unanswered: bool = False
    #: The question may have been sent twice, and the first one be under way still.
    doubtful: bool = False
    #: The seconds after which the present holder's time is over, as far as one was told.
    left: float = math.inf
    #: The token that the task holds already, or nothing; and whether this one is the present holder's.
    held_already: bytes = b""
    reentrant: bool = False
    #: It was acquired by an ``async with``.
    entered: bool = False
    #: The loop time until which it is certainly held, if nobody interferes.
    expires_at: float = math.inf
    #: The fencing token, or 0.
    fence: int = 0
    #: It was released, or its end was reported.
    over: bool = False
    #: Its release has begun: nobody works under it any more.
    releasing: bool = False
    #: A release may have reached the server, or will, so finding the token gone is no loss.
    release_sent: bool = False
    #: It had time left when its release was first sent.
    in_time: bool = True
    #: The renewal found it lost, and why.
    is_lost: bool = False
    reason: str = ""
    #: The task that acquired it.
    owner: "weakref.ref[asyncio.Task[Any]] | None" = None
    #: How many cancellations of its task were pending when the body began; ``None`` where the body is not to be
    #: cancelled.
    cancelling: int | None = None
    #: Its body was cancelled.
    interrupted: bool = False
    #: The task that renews it.
    renewal: "asyncio.Task[None] | None" = None
    #: Where it stands in line, or is known to hold the lock.
    line: WaitingLine | None = None
    _event: asyncio.Event | None = None

    def __init__(self, token: bytes) -> None:
        self.token = token

    @property
    def live(self) -> bool:
        """Whether somebody works under it, as far as one knows."""
        return not (self.over or self.releasing or self.is_lost)

    @property
    def lost(self) -> asyncio.Event:
        """The event that is set when the renewal finds it lost."""
        if self._event is None:
            self._event = asyncio.Event()
            if self.is_lost:
                self._event.set()
        return self._event

    def begin_release(self) -> None:
        """Stop the renewal: from here on the lock is not to be kept."""
        self.releasing = True
        if self.renewal is not None:
            self.renewal.cancel()

    def lose(self, reason: str) -> None:
        """Tell the body that the lock is lost: by the event, and by a cancellation where that is wanted."""
        if not self.live:
            return
        self.reason = reason
        self.is_lost = True
        self.lost.set()
        body = self.owner() if self.owner is not None and self.cancelling is not None else None
        if body is not None and not body.done():
            self.interrupted = True
            body.cancel()


async def hurried(release: Awaitable[None]) -> None:
    """Await the release of a body that was cancelled: whoever cancelled it does not wait for a server that is away.

    Raises:
        TimeoutError: it took too long.
    """
    async with asyncio.timeout(UNWINDING):
        await release


async def end_interrupted(hold: Hold, error: BaseException | None) -> bool:
    """End a body that was cancelled because its lock was lost; return whether that is what its caller shall be told.

    That cancellation, and no other, is taken back.

    Args:
        hold: of the body, in whose task this runs.
        error: what the body ended with.
    """
    task = this_task()
    before = hold.cancelling or 0
    others = task.uncancel() > before
    if error is None:
        try:
            await asyncio.sleep(0)  # the body ended before the cancellation could reach it
        except asyncio.CancelledError:
            if task.cancelling() > before:
                raise
        return True
    if isinstance(error, asyncio.CancelledError) and not others:
        return True
    error.add_note(f"and the lock was lost: {hold.reason}")
    return False


class LocalToken:
    """The token of the acquire that the calling task may release, where redis-py has it: ``lock.local.token``.

    Args:
        find: finds that acquire.
    """

    def __init__(self, find: Callable[[], Hold | None]) -> None:
        self._find = find

    @property
    def token(self) -> bytes | None:
        """The token, or ``None``."""
        hold = self._find()
        return None if hold is None else hold.token


def this_task(loop: asyncio.AbstractEventLoop | None = None) -> "asyncio.Task[Any]":
    """Return the task that runs; most likely on ``loop``, whose asking for costs a system call on Python 3.11."""
    task = None if loop is None else asyncio.current_task(loop)
    if task is None:
        task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a lock is used in a task of the event loop")
    return task
