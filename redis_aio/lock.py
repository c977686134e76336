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
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self

from redis_aio import _log, exceptions
from redis_aio._command.arguments import key as as_bytes
from redis_aio._command.command import Command
from redis_aio._command.table import SPECS
from redis_aio._locking import scripts
from redis_aio._locking.hold import Hold, LocalToken, end_interrupted, hurried, this_task
from redis_aio._locking.keeper import LockClient, LockKeeper, keeper_of
from redis_aio._locking.line import Held, WaitingLine
from redis_aio._locking.options import LONGEST, OnLost, check
from redis_aio._locking.waiting import stand_in_line
from redis_aio.typing import KeyT, Number

logger: logging.Logger = logging.getLogger("redis_aio.lock")

#: How many tasks a lock object remembers before it forgets those that are done.
TASKS_KNOWN = 8
#: Seconds for an answer after which the question may have been sent twice.
SLOW = 0.5

_GET_RAW = SPECS["GET"].with_(raw=True)


class Lock:
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
        self.local: LocalToken = LocalToken(self._mine)
        self._name = as_bytes(name)
        self._every = check(timeout, sleep, renew, on_lost)
        self._on_lost = on_lost
        self._keys: tuple[KeyT, ...] = (name, scripts.counter_of(self._name)) if fencing else (name,)
        self._own_keeper: LockKeeper | None = None
        self._line: WaitingLine | None = None
        self._asking: dict[bytes, Hold] = {}
        #: What each task acquired; ``None`` where it holds it no more.
        self._holds: dict[asyncio.Task[Any], Hold | None] = {}
        self._latest: Hold | None = None
        self._last: Hold | None = None  # released or not: what `lost` and `fencing_token` speak of

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
        hold = Hold(scripts.new_token() if token is None else as_bytes(token), chosen=token is not None)
        blocking = self.blocking if blocking is None else blocking
        patience = self.blocking_timeout if blocking_timeout is None else blocking_timeout
        keeper = self._keeper()
        if token is not None:
            await keeper.cleaned_up(self._name, hold.token)
        acquired = False
        self._asking[hold.token] = hold
        try:
            if not blocking or (patience is not None and patience <= 0):
                acquired = await self._ask(hold)
            else:
                acquired = await self._acquire(hold, keeper, math.inf if patience is None else patience)
        finally:
            self._asking.pop(hold.token, None)
            if not acquired and (hold.unanswered or hold.doubtful):
                keeper.clean_up(self._execute, self.name, self._name, hold.token, self.timeout)
        if acquired:
            self._take(hold, keeper)
        return acquired

    async def _acquire(self, hold: Hold, keeper: LockKeeper, patience: float) -> bool:
        hold.waits = True
        deadline = keeper.loop.time() + patience
        task, line = self._task(), self._line_of(keeper)
        mine: Held | None = self._holds.get(task)
        if patience == math.inf and (mine is None or not mine.live):
            mine = line.entered_by(task)
        if mine is not None and mine.live:  # held, or lost without anybody having noticed
            hold.held_already = mine.token
            hold.plainly = False
            if await self._ask(hold):
                return True
            if hold.reentrant:
                raise self._error("this task holds the lock already: it would wait for itself")
        waiter = line.enter()
        try:
            ask = partial(self._ask, hold)
            listen = partial(keeper.listen, self.redis, self._name, line)
            return await stand_in_line(line, waiter, hold, ask, listen, deadline, self.sleep)
        finally:
            line.leave(waiter)

    async def _ask(self, hold: Hold) -> bool:
        """Ask the server once; and once more where the connection was lost, whether the token stands there."""
        started = self._time()
        hold.unanswered = True
        try:
            acquired = await self.do_acquire(hold.token)
        except exceptions.ConnectionError as error:
            if not error.written or isinstance(error, exceptions.ClientClosedError):
                raise
            hold.strict = False
            acquired = await self.do_acquire(hold.token)
        hold.unanswered = False
        # It may have been sent twice: the first request may be under way still, on a connection that is slow.
        hold.doubtful = hold.doubtful or self._time() - started > SLOW
        return acquired

    async def do_acquire(self, token: bytes) -> bool:
        """Ask the server for the lock once; return whether ``token`` holds it now."""
        hold = self._asking.get(token) or Hold(token, chosen=True)
        timeout = 0 if self.timeout is None else scripts.milliseconds(self.timeout)
        sent = self._time()
        if hold.plainly and len(self._keys) == 1:
            hold.plainly = False
            acquired = await scripts.set_plainly(self._execute, self.name, token, timeout, strict=hold.strict)
            if not acquired and not hold.waits:
                return False
        else:
            acquired = False
        if not acquired:
            acquired = await self._do_acquire(hold, timeout)
        if acquired:
            hold.expires_at = sent + timeout / 1000 if timeout else math.inf
        return acquired

    async def _do_acquire(self, hold: Hold, timeout: int) -> bool:
        """Ask by the script, which says more than SET does."""
        script = scripts.ACQUIRE_ONCE if hold.strict else scripts.ACQUIRE
        args = (hold.token, timeout, "0" if hold.strict else "1", scripts.COUNTER_LIFE * 1000, hold.held_already)
        taken, number, mine = await script.run(self._execute, self._keys, *args)
        if taken:
            hold.fence = number
        else:
            hold.left = number / 1000 if number >= 0 else math.inf
            hold.reentrant = bool(mine)
        return bool(taken)

    def _take(self, hold: Hold, keeper: LockKeeper) -> None:
        task = self._task()
        hold.owner = weakref.ref(task)
        hold.line = self._line_of(keeper)
        hold.line.taken(hold)
        if len(self._holds) >= TASKS_KNOWN:
            self._holds = {task: hold for task, hold in self._holds.items() if not task.done()}
        self._holds[task] = self._latest = self._last = hold
        if self._every:
            self._renew(hold, keeper)

    def _renew(self, hold: Hold, keeper: LockKeeper) -> None:
        keeper.renew(self, self._execute, self.name, self._name, hold, self.timeout or math.inf, self._every)

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
        hold.begin_release()
        self._asking[hold.token] = hold
        try:
            await self.do_release(hold.token)
        except exceptions.LockNotOwnedError:
            self._forget(hold)
            raise
        except BaseException:
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
        args = (self._execute, (self.name,), expected_token, scripts.channel_of(self._name))
        if hold.release_sent:
            released = await scripts.RELEASE_AGAIN.run(*args)
        else:
            hold.release_sent = True
            hold.in_time = self._time() < hold.expires_at
            try:
                released = await scripts.RELEASE.run(*args)
            except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
                hold.release_sent = error.written
                if not error.written or isinstance(error, exceptions.ClientClosedError):
                    raise
                released = await scripts.RELEASE_AGAIN.run(*args)
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

    # -- while it is held -----------------------------------------------------------------------------------------

    async def locked(self) -> bool:
        """Return whether anybody holds the lock."""
        return bool(await self._execute(Command("EXISTS", self.name)))

    async def owned(self) -> bool:
        """Return whether this object holds the lock, as the server sees it."""
        hold = self._mine()
        if hold is None:
            return False
        return bool(await self._execute(Command("GET", self.name, spec=_GET_RAW)) == hold.token)

    async def extend(self, additional_time: Number, replace_ttl: bool = False) -> Literal[True]:
        """Give the lock more time.

        Args:
            additional_time: seconds.
            replace_ttl: they are what it has from now on; otherwise they are added to what it has left.

        Raises:
            LockNotOwnedError: the lock was lost.
            LockError: it is not held, or has no timeout.
            OutcomeUnknownError: the reply was lost; the time may have been added.
        """
        self._extensible("extended")
        return await self.do_extend(additional_time, replace_ttl)

    async def do_extend(self, additional_time: Number, replace_ttl: bool) -> Literal[True]:
        """Extend the lock, having checked nothing beforehand."""
        if not 0 < additional_time < LONGEST:
            raise exceptions.DataError("the time by which a lock is extended is a positive number of seconds")
        script, how = (scripts.EXTEND, "set") if replace_ttl else (scripts.EXTEND_BY, "add")
        return await self._extend(script, additional_time, how)

    async def reacquire(self) -> Literal[True]:
        """Give the lock its whole ``timeout`` again; raises as :meth:`extend`."""
        self._extensible("reacquired")
        return await self.do_reacquire()

    async def do_reacquire(self) -> Literal[True]:
        """Set the time to live to ``timeout``, having checked nothing beforehand."""
        return await self._extend(scripts.EXTEND, self.timeout or 0.0, "set")

    def _extensible(self, what: str) -> None:
        if self._mine() is None:
            raise self._error(f"a lock that is not held cannot be {what}")
        if self.timeout is None:
            raise self._error(f"a lock without a timeout cannot be {what}")

    async def _extend(self, script: scripts.LockScript, seconds: Number, how: str) -> Literal[True]:
        hold = self._mine()
        left = 0
        sent = self._time()
        if hold is not None:
            args = (hold.token, scripts.milliseconds(seconds), how)
            left = await script.run(self._execute, (self.name,), *args)
        if hold is None or not left:
            raise self._error("the lock is not, or no longer, held by this object", exceptions.LockNotOwnedError)
        hold.expires_at = math.inf if left < 0 else sent + left / 1000
        if hold.renewal is not None and hold.live:
            self._renew(hold, self._keeper())  # it may have less time now than the renewal thinks
        return True

    @property
    def lost(self) -> asyncio.Event:
        """The event that is set when the renewal finds the lock lost; a new one for each acquire."""
        hold = self._mine() or self._last
        return asyncio.Event() if hold is None else hold.lost

    @property
    def fencing_token(self) -> int:
        """The number of this acquire: larger than that of every earlier acquire of this name.

        Raises:
            LockError: the lock was not acquired, or not with ``fencing=True``.
        """
        hold = self._mine() or self._last
        if hold is None or not hold.fence:
            raise self._error("a fencing token comes with an acquire of a lock with fencing=True")
        return hold.fence

    # -- async with -----------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if not await self.acquire():
            raise self._error("the lock could not be acquired within blocking_timeout")
        task = self._task()
        hold = self._holds[task]
        if hold is not None:
            hold.entered = True
            if self._every and self._on_lost == "cancel":
                hold.cancelling = task.cancelling()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        hold = self._holds.get(self._task()) or self._mine()
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

    def _mine(self) -> Hold | None:
        if self.thread_local:
            task = self._task()
            if task in self._holds:
                return self._holds[task]
        return self._latest

    def _keeper(self) -> LockKeeper:
        keeper = self._own_keeper
        if keeper is None or keeper.loop is not asyncio.get_running_loop():
            keeper = self._own_keeper = keeper_of(self.redis)
        return keeper

    def _time(self) -> float:
        return (self._own_keeper or self._keeper()).loop.time()

    def _task(self) -> "asyncio.Task[Any]":
        return this_task(None if self._own_keeper is None else self._own_keeper.loop)

    def _line_of(self, keeper: LockKeeper) -> WaitingLine:
        line = self._line
        if line is None or line.loop is not keeper.loop:
            line = self._line = keeper.line(self._name)
        return line

    @property
    def _execute(self) -> scripts.Execute:
        client: LockClient = self.redis
        return client._executor.execute

    def _error(self, message: str, kind: type[exceptions.LockError] = exceptions.LockError) -> exceptions.LockError:
        return kind(message, self._name.decode(errors="backslashreplace"))

    def __repr__(self) -> str:
        return f"<Lock: {'not held' if self._latest is None else 'held'}>"
