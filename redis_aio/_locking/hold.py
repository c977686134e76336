"""Hold: one successful acquire, from the making of its token to the end of its release."""

import asyncio
import math
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

from redis_aio._locking.line import WaitingLine

#: Seconds for which a release may hold up a body that was cancelled; then it is left to the background.
UNWINDING: float = 0.05


class Hold:
    """What is known of one acquire.

    Args:
        token: the value of the lock's key while this holds it.
        chosen: the caller chose the token, so somebody else may use it too.

    Attributes:
        unanswered: it was asked for, and whether it was given is not known.
        doubtful: the question may have been sent twice, and the first one be under way still.
        strict: finding the token in the server does not mean that this acquire put it there.
        plainly: SET is tried first, which is cheaper than the script and says less.
        waits: it is going to be waited for, so what the script says is of use.
        left: the seconds after which the present holder's time is over, as far as one was told.
        held_already: the token that the task holds already, or nothing.
        reentrant: and this one is the present holder's.
        entered: it was acquired by an ``async with``.
        expires_at: the loop time until which it is certainly held, if nobody interferes.
        fence: the fencing token, or 0.
        over: it was released, or its end was reported.
        releasing: its release has begun: nobody works under it any more.
        release_sent: a release may have reached the server, or will, so finding the token gone is no loss.
        in_time: it had time left when its release was first sent.
        is_lost: the renewal found it lost.
        reason: why it was lost.
        owner: the task that acquired it.
        cancelling: how many cancellations of its task were pending when the body began; ``None`` where the body is not
            to be cancelled.
        interrupted: its body was cancelled.
        renewal: the task that renews it.
        line: keeps the line in being while it is held.
    """

    __slots__ = (
        *("__weakref__", "_event", "cancelling", "doubtful", "entered", "expires_at", "fence", "held_already"),
        *("in_time", "interrupted", "is_lost", "left", "line", "over", "owner", "plainly", "reason", "reentrant"),
        *("release_sent", "releasing", "renewal", "strict", "token", "unanswered", "waits"),
    )

    def __init__(self, token: bytes, *, chosen: bool = False) -> None:
        self.token = token
        self.strict = chosen
        self.plainly = True
        self.waits = False
        self.unanswered = False
        self.doubtful = False
        self.left = math.inf
        self.held_already = b""
        self.reentrant = False
        self.entered = False
        self.expires_at = math.inf
        self.fence = 0
        self.over = False
        self.releasing = False
        self.release_sent = False
        self.in_time = True
        self.is_lost = False
        self._event: asyncio.Event | None = None
        self.reason = ""
        self.owner: weakref.ref[asyncio.Task[Any]] | None = None
        self.cancelling: int | None = None
        self.interrupted = False
        self.renewal: asyncio.Task[None] | None = None
        self.line: WaitingLine | None = None

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

    def __init__(self, find: "Callable[[], Hold | None]") -> None:
        self._find = weakref.WeakMethod(find)

    @property
    def token(self) -> bytes | None:
        """The token, or ``None``."""
        find = self._find()
        hold = None if find is None else find()
        return None if hold is None else hold.token


def this_task(loop: asyncio.AbstractEventLoop | None = None) -> "asyncio.Task[Any]":
    """Return the task that runs; most likely on ``loop``, whose asking for costs a system call on Python 3.11."""
    task = None if loop is None else asyncio.current_task(loop)
    if task is None:
        task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a lock is used in a task of the event loop")
    return task
