"""Lock: at most one holder among all clients of a server, for a limited time.

Invariants (the tests are in tests/faults/test_21_lock.py):

* The token exists before it is sent. An acquire that does not return ``True`` leaves nothing: what may stand in the
  server is deleted in the background, by comparing the token.
* Nothing is deleted, extended or released without comparing the token in the same step, in the server.
* A release may be given up and repeated at any moment. One that is given up is completed in the background.
* Losing the lock is told to the body where it is renewed, before its time to live can have passed unnoticed.
"""

import asyncio
import logging
import math
import weakref
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Self

from redis_aio import _log, exceptions
from redis_aio._command.arguments import key as as_bytes
from redis_aio._locking import scripts
from redis_aio._locking.hold import Hold, end_interrupted, hurried
from redis_aio._locking.holder import LockHolder
from redis_aio._locking.keeper import LockKeeper
from redis_aio._locking.line import Held, WaitingLine
from redis_aio._locking.options import OnLost, check
from redis_aio._locking.waiting import Ask, ask_until, keep_asking, stand_in_line
from redis_aio.typing import KeyT, Number

logger: logging.Logger = logging.getLogger("redis_aio.lock")

#: How many tasks a lock object remembers before it forgets those that are done.
TASKS_KNOWN = 8
#: Seconds for an answer after which the question may have been sent twice.
SLOW = 0.5


class Lock(LockHolder):
    """A lock that is shared with everybody who uses the same name on the same server.

    ``async with client.lock("name", timeout=10): ...``, or :meth:`acquire` and :meth:`release`. The parameters up to
    ``raise_on_release_error`` are redis-py's, in its order.

    Args:
        redis: the client.
        name: the key that holds the lock.
        timeout: seconds after which the server lets the lock go by itself, to the nearest millisecond; ``None`` never.
        sleep: seconds between two questions while waiting, where a release cannot be heard of. Otherwise it is asked
            at most ten times more rarely, and at once when somebody releases.
        blocking: wait for the lock.
        blocking_timeout: seconds to wait at most; ``None`` is for ever.
        thread_local: a task that has acquired through this object releases and extends its own acquire only. Where it
            is False, or in a task that never acquired through it, these concern the latest acquire, of whichever task.
        raise_on_release_error: leaving ``async with`` raises when the lock was not held to the end; otherwise that is
            logged.
        renew: keep the lock by extending it in the background: every third of ``timeout``, or every so many seconds.
        on_lost: what happens when a renewed lock is lost. ``"cancel"`` cancels the body of ``async with``, which then
            raises ``LockLostError``; ``"event"`` only sets :attr:`lost`.
        fencing: take a :attr:`fencing_token` with each acquire.

    Raises:
        ValueError: a time is not positive, or ``renew`` does not fit ``timeout``.
    """

    def __init__(
        self,
        redis: Any,
        name: KeyT,
        timeout: Number | None = None,
        sleep: Number = 0.1,
        blocking: bool = True,
        blocking_timeout: Number | None = None,
        thread_local: bool = True,
        raise_on_release_error: bool = True,
        *,
        renew: bool | float = False,
        on_lost: OnLost = "cancel",
        fencing: bool = False,
    ) -> None:
        self.redis = redis
        self.name = name
        self.timeout: Number | None = timeout or None
        self.sleep = sleep
        self.blocking = blocking
        self.blocking_timeout = blocking_timeout
        self.thread_local: bool = bool(thread_local)
        self.raise_on_release_error = raise_on_release_error
        self._name = name.encode("utf-8", "surrogatepass") if type(name) is str else as_bytes(name)
        self._every = check(timeout, sleep, renew, on_lost)
        self._on_lost = on_lost
        self._fencing = fencing
        self._asking: dict[bytes, Hold] = {}
        self._holds = {}

    # -- acquiring ------------------------------------------------------------------------------------------------

    async def acquire(
        self, blocking: bool | None = None, blocking_timeout: Number | None = None, token: str | bytes | None = None
    ) -> bool:
        """Take the lock, waiting for it if need be; return whether it was taken.

        Whenever this does not return ``True`` (also when it is cancelled or fails) the lock is not left taken: what may
        have reached the server is undone in the background, within a second of the server's answering again.

        Args:
            blocking: instead of the lock's own.
            blocking_timeout: instead of the lock's own.
            token: the value of the lock's key, instead of a new one; to be used for one acquire only.

        Raises:
            LockError: the task holds the lock already, through this object or an ``async with``.
            ConnectionError, TimeoutError: the server could not be asked.
        """
        keeper, task = self._here()
        if blocking is None:
            blocking = self.blocking
        patience = self.blocking_timeout if blocking_timeout is None else blocking_timeout
        if token is None:
            hold = Hold(scripts.new_token())
        else:
            hold = _chosen(as_bytes(token))
            started = keeper.time()
            if not await keeper.cleaned_up(self._name, hold.token, patience if blocking else 0.0):
                return False
            if patience is not None:
                patience -= keeper.time() - started
        acquired = False
        self._asking[hold.token] = hold
        try:
            if not blocking or (patience is not None and patience <= 0):
                acquired = await self.do_acquire(hold.token)
            elif patience is None and (line := keeper.line(self._name)).enter_alone(hold):
                hold.line, hold.waits = line, True
                acquired = await self.do_acquire(hold.token)
                if not acquired:
                    acquired = await keep_asking(*self._waiting(hold, keeper), math.inf, self.sleep)
            else:
                acquired = await self._acquire(hold, keeper, task, math.inf if patience is None else patience)
        finally:
            self._asking.pop(hold.token, None)
            if not acquired:
                if hold.line is not None:
                    hold.line.leave(hold)
                if hold.unanswered or hold.doubtful:
                    keeper.clean_up(self._execute, self.name, self._name, hold.token, self.timeout)
        if acquired:
            self._take(hold, keeper, task)
        return acquired

    async def _acquire(self, hold: Hold, keeper: LockKeeper, task: "asyncio.Task[Any]", patience: float) -> bool:
        """Take the lock, where somebody of this client holds it or waits for it, or there is a bound."""
        hold.waits = True
        deadline = keeper.time() + patience
        mine: Held | None = self._holds.get(task)
        if patience == math.inf and (mine is None or not mine.live):
            mine = keeper.line(self._name).entered_by(task)
        if mine is not None and mine.live:  # held, or lost without anybody having noticed
            hold.held_already = mine.token
            hold.plainly = False
            ask = partial(self.do_acquire, hold.token)
            if await (ask() if deadline == math.inf else ask_until(ask, deadline, keeper.time())):
                return True
            if hold.reentrant:
                raise self._error("this task holds the lock already: it would wait for itself")
        hold.line = keeper.line(self._name)
        hold.line.enter(hold)
        return await stand_in_line(*self._waiting(hold, keeper), deadline, self.sleep)

    def _waiting(self, hold: Hold, keeper: LockKeeper) -> tuple[WaitingLine, Hold, Ask, Callable[[], None]]:
        """Return with what to wait in line."""
        line = hold.line
        assert line is not None
        return line, hold, partial(self.do_acquire, hold.token), partial(keeper.listen, self.redis, self._name, line)

    async def do_acquire(self, token: bytes) -> bool:
        """Ask the server for the lock once; return whether ``token`` holds it now.

        Where the connection was lost, it is asked once more, whether the token stands there.
        """
        hold = self._asking.get(token) or _chosen(token)
        timeout = 0 if self.timeout is None else scripts.milliseconds(self.timeout)
        hold.unanswered = True
        sent = started = self._time()
        again = False
        while True:
            try:
                if hold.plainly and not self._fencing:
                    hold.plainly = False
                    strict = hold.strict
                    found = await self.redis._executor.execute(scripts.set_plainly(self.name, token, timeout, strict))
                    acquired = found is None or (found == token and not strict)
                    if not acquired and hold.waits:
                        acquired = await self._ask_more(hold, timeout)
                else:
                    acquired = await self._ask_more(hold, timeout)
                break
            except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
                if again or not _may_have_been_taken(error):
                    if hold.line is not None and not isinstance(error, exceptions.PoolTimeoutError):
                        hold.line.fail(error)  # where the first one in line cannot ask, that is the end for all
                    raise
            again, hold.strict, sent = True, False, self._time()
        hold.unanswered = False
        if self._time() - started > SLOW:
            hold.doubtful = True  # the first request may be under way still, on a connection that is slow
        if acquired and timeout:
            hold.expires_at = sent + timeout / 1000
        return acquired

    async def _ask_more(self, hold: Hold, timeout: int) -> bool:
        """Ask by the script, which says more than SET does."""
        script = scripts.ACQUIRE_ONCE if hold.strict else scripts.ACQUIRE
        keys = (2, self.name, scripts.counter_of(self._name)) if self._fencing else (1, self.name)
        args = (hold.token, timeout, "0" if hold.strict else "1", scripts.COUNTER_LIFE * 1000, hold.held_already)
        taken, number, mine = await script.run(self._execute, *keys, *args)
        if taken:
            hold.fence = number
        else:
            hold.left = number / 1000 if number >= 0 else math.inf
            hold.reentrant = bool(mine)
        return bool(taken)

    def _take(self, hold: Hold, keeper: LockKeeper, task: "asyncio.Task[Any]") -> None:
        hold.owner = weakref.ref(task)
        if hold.line is None:
            hold.line = keeper.line(self._name)
        hold.line.taken(hold)
        if len(self._holds) >= TASKS_KNOWN:
            self._holds = {task: hold for task, hold in self._holds.items() if not task.done()}
        self._holds[task] = self._latest = self._last = hold
        if self._every:
            self._renew(hold, keeper)

    # -- releasing ------------------------------------------------------------------------------------------------

    async def release(self) -> None:
        """Let the lock go.

        If this is cancelled or fails, it may be called again, and is completed in the background in any case.

        Raises:
            LockNotOwnedError: the lock had been lost: its time had passed, or somebody deleted or took it.
            LockLostError: the same, as the renewal had found out.
            LockError: it is not held, or was released already.
        """
        await self._release(self._mine())

    async def _release(self, hold: Hold | None) -> None:
        if hold is None:
            raise self._error("the lock is not held, or was released already")
        if hold.is_lost:
            self._forget(hold)
            raise self._error(f"the lock was lost: {hold.reason}", exceptions.LockLostError)
        hold.releasing = True
        if hold.renewal is not None:
            hold.renewal.cancel()  # from here on the lock is not to be kept
        self._asking[hold.token] = hold
        try:
            await self.do_release(hold.token)
        except exceptions.LockNotOwnedError:
            self._forget(hold)
            raise
        except BaseException:  # cancelled or failed: the background completes it
            hold.release_sent = True  # if it was not, the background sends it
            self._keeper().clean_up(self._execute, self.name, self._name, hold.token, self.timeout)
            raise
        finally:
            self._asking.pop(hold.token, None)
        self._forget(hold)
        if hold.doubtful:
            self._keeper().clean_up(self._execute, self.name, self._name, hold.token, self.timeout)

    async def do_release(self, expected_token: bytes) -> None:
        """Delete the lock's key if it holds ``expected_token``; raise ``LockNotOwnedError`` if it does not."""
        hold = self._asking.get(expected_token) or Hold(expected_token)
        args = (1, self.name, expected_token, scripts.CHANNEL + self._name)
        execute = self.redis._executor.execute
        if hold.release_sent:
            released = await scripts.RELEASE_AGAIN.run(execute, *args)
        else:
            hold.release_sent = True
            hold.in_time = hold.expires_at == math.inf or self._time() < hold.expires_at
            try:
                try:
                    released = await execute(scripts.RELEASE.by_its_digest(*args))
                except exceptions.NoScriptError:
                    released = await execute(scripts.RELEASE.by_its_text(*args))
            except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
                hold.release_sent = error.written
                if not error.written or isinstance(error, exceptions.ClientClosedError):
                    raise
                released = await scripts.RELEASE_AGAIN.run(execute, *args)
            else:
                hold.release_sent = False  # it is known what became of it
        if not released and not (hold.release_sent and hold.in_time):
            raise self._error("the lock is not, or no longer, held by this object", exceptions.LockNotOwnedError)

    def _forget(self, hold: Hold) -> None:
        hold.over = True
        owner = None if hold.owner is None else hold.owner()
        if owner is not None and self._holds.get(owner) is hold:
            self._holds[owner] = None
        if self._latest is hold:
            self._latest = None
        if hold.line is not None:
            hold.line.freed(hold)

    # -- async with -----------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if not await self.acquire():
            raise self._error("the lock could not be acquired within blocking_timeout")
        hold = self._of_this_task()
        if hold is not None:
            hold.entered = True
            if self._every and self._on_lost == "cancel":
                hold.cancelling = self._here()[1].cancelling()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        hold = self._of_this_task() or self._mine()
        if hold is not None and hold.interrupted:
            self._forget(hold)
            if await end_interrupted(hold, error):
                raise self._error(f"the lock was lost: {hold.reason}", exceptions.LockLostError) from error
            return
        try:
            release = self._release(hold)
            await (hurried(release) if isinstance(error, asyncio.CancelledError) else release)
        except exceptions.LockError as failure:
            if error is not None:
                error.add_note(f"and the lock was not held to the end: {failure}")
            elif self.raise_on_release_error:
                raise
            else:
                reason = "a lock was not held to the end of its block"
                _log.tell(logger, logging.WARNING, "lock.not_held", reason=reason, error=failure)
        except Exception as failure:
            if error is None:
                raise
            error.add_note(f"and the lock could not be released at once: {type(failure).__name__}")

    def __repr__(self) -> str:
        return f"<Lock: {'not held' if self._latest is None else 'held'}>"


def _chosen(token: bytes) -> Hold:
    """Return a new acquire by a token that somebody else may use too."""
    hold = Hold(token)
    hold.strict = True
    return hold


def _may_have_been_taken(error: Exception) -> bool:
    """Return whether the lock may have been given with a connection that was lost, and it can be asked."""
    lost = isinstance(error, exceptions.ConnectionError) and error.written
    return lost and not isinstance(error, exceptions.ClientClosedError)
