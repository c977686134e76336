"""LockHolder: what a lock object holds, for which task, and what can be asked and changed while it is held."""

import asyncio
import math
from typing import Any, Literal

from redis_aio import exceptions
from redis_aio._command.command import Command
from redis_aio._command.table import SPECS
from redis_aio._locking import scripts
from redis_aio._locking.hold import Hold, LocalToken, this_task
from redis_aio._locking.keeper import LockKeeper, keeper_of
from redis_aio._locking.options import LONGEST
from redis_aio.typing import KeyT, Number

_GET_RAW = SPECS["GET"].with_(raw=True)


class LockHolder:
    """The part of a lock object that knows what it holds."""

    redis: Any
    name: KeyT
    timeout: Number | None
    thread_local: bool
    _name: bytes
    _every: float
    #: What each task acquired; ``None`` where it holds it no more.
    _holds: dict[asyncio.Task[Any], Hold | None]
    _latest: Hold | None = None
    _last: Hold | None = None  # released or not: what `lost` and `fencing_token` speak of
    _own_keeper: LockKeeper | None = None

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
            try:
                left = await script.run(self._execute, 1, self.name, *args)
            except (Exception, asyncio.CancelledError):
                if how == "set":  # it may have no more time than that now
                    self._expires_at(hold, min(hold.expires_at, sent + seconds))
                raise
        if hold is None or not left:
            raise self._error("the lock is not, or no longer, held by this object", exceptions.LockNotOwnedError)
        self._expires_at(hold, math.inf if left < 0 else sent + left / 1000)
        return True

    def _expires_at(self, hold: Hold, when: float) -> None:
        hold.expires_at = when
        if hold.renewal is not None and hold.live:
            self._renew(hold, self._keeper())  # it may have less time now than the renewal thinks

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

    def _renew(self, hold: Hold, keeper: LockKeeper) -> None:
        keeper.renew(self, self._execute, self.name, self._name, hold, self.timeout or math.inf, self._every)

    def _of_this_task(self) -> Hold | None:
        """Return what the task that runs holds through this object."""
        if len(self._holds) > 1:
            return self._holds.get(self._here()[1])
        return self._latest  # of the only task that ever acquired

    def _mine(self) -> Hold | None:
        """Return what the task that runs may release."""
        if self.thread_local and len(self._holds) > 1:
            return self._holds.get(self._here()[1], self._latest)
        return self._latest

    @property
    def local(self) -> LocalToken:
        """What redis-py keeps for each thread, and this for each task: ``local.token``."""
        return LocalToken(self._mine)

    def _here(self) -> "tuple[LockKeeper, asyncio.Task[Any]]":
        """Return the keeper of the running loop, and the task that runs."""
        keeper = self._own_keeper
        task = None if keeper is None else asyncio.current_task(keeper.loop)
        if keeper is None or task is None:
            keeper = self._own_keeper = keeper_of(self.redis)
            task = this_task(keeper.loop)
        return keeper, task

    def _keeper(self) -> LockKeeper:
        """Return the keeper of the running loop, also where no task runs: a coroutine can be closed anywhere."""
        keeper = self._own_keeper
        if keeper is None or keeper.loop is not asyncio.get_running_loop():
            keeper = self._own_keeper = keeper_of(self.redis)
        return keeper

    def _time(self) -> float:
        return (self._own_keeper or self._keeper()).time()

    @property
    def _execute(self) -> scripts.Execute:
        execute: scripts.Execute = self.redis._executor.execute
        return execute

    def _error(self, message: str, kind: type[exceptions.LockError] = exceptions.LockError) -> exceptions.LockError:
        return kind(message, self._name.decode(errors="backslashreplace"))
