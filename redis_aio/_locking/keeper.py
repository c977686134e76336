"""LockKeeper: what the locks of one client do in the background, on one event loop; nothing outlives the client.

* Clean-ups: a token that may stand in the server without anybody knowing of it is deleted, by comparing it.
* Renewals: extend what is held, and say so when it is lost.
* Listeners: hear of releases elsewhere, for lines in which somebody waits.
"""

import asyncio
import contextvars
import logging
import random
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from redis_aio import _log
from redis_aio._execution.executor import Executor
from redis_aio._locking.hold import Hold
from redis_aio._locking.line import WaitingLine
from redis_aio._locking.scripts import CHANNEL, EXTEND, RELEASE_AGAIN, Execute, milliseconds
from redis_aio._locking.waiting import GRACE
from redis_aio._options import Options
from redis_aio.exceptions import ClientClosedError, NoPermissionError, WrongTypeError
from redis_aio.typing import KeyT

logger = logging.getLogger("redis_aio.lock")

#: Seconds for which a clean-up is tried beyond the time to live of the lock; and in all, where that is unlimited.
CLEAN_UP_TIME = 60.0
CLEAN_UP_UNLIMITED = 600.0
#: Seconds between its attempts while the server does not answer.
CLEAN_UP_PAUSE = 0.1
#: Seconds after which it is done again: the lost acquire may arrive after its clean-up, on a connection that was slow.
CLEAN_UP_AGAIN = (0.15, 0.35)
#: What no further attempt will change. Any other error may pass: BUSY, READONLY, MISCONF, CLUSTERDOWN ...
FINAL: tuple[type[Exception], ...] = (ClientClosedError, NoPermissionError, WrongTypeError)
#: Seconds that closing the client waits for clean-ups.
CLOSING_TIME = 0.25
#: Seconds between attempts to renew while the server does not answer.
RENEW_PAUSE = 0.1
#: Seconds for which a listener stays when nobody waits any more; and until it is tried again when it failed.
LINGER = 1.0
DEAF = 5.0


class LockClient(Protocol):
    """What a lock needs of a client."""

    _executor: Executor
    _lock_keeper: "LockKeeper | None"


class LockKeeper:
    """The background of the locks of one client.

    Args:
        loop: the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.time: Callable[[], float] = loop.time
        self._lines: dict[bytes, WaitingLine] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._clean_ups: dict[tuple[bytes, bytes], asyncio.Task[None]] = {}
        #: Of each clean-up that the server has not answered yet.
        self._unanswered: set[asyncio.Future[None]] = set()
        self._renewed: weakref.WeakSet[Hold] = weakref.WeakSet()

    def line(self, name: bytes) -> WaitingLine:
        """Return the line before a lock; whoever gets it uses it in the same step, or asks again."""
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = WaitingLine(self.loop, name, self._lines)
        return line

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        # In a context of its own: it is not part of what its caller does.
        task = self.loop.create_task(work, name=f"redis_aio lock {name}", context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """End everything: what is renewed counts as lost, clean-ups get a quarter of a second."""
        for hold in list(self._renewed):
            hold.lose("the client was closed")
        for line in list(self._lines.values()):
            line.close()
        try:
            if self._unanswered:
                await asyncio.wait(self._unanswered, timeout=CLOSING_TIME)
        finally:
            for task in self._tasks:
                task.cancel()

    # -- clean-ups ------------------------------------------------------------------------------------------------

    def clean_up(self, execute: Execute, key: KeyT, name: bytes, token: bytes, timeout: float | None) -> None:
        """Delete a token that may stand in the server, in the background.

        Args:
            execute: executes.
            key: the lock.
            name: the same, as bytes.
            token: what to compare with.
            timeout: the time to live of the lock in seconds.
        """
        if (name, token) in self._clean_ups:
            return
        patience = CLEAN_UP_UNLIMITED if timeout is None else CLEAN_UP_TIME + timeout
        answered: asyncio.Future[None] = self.loop.create_future()
        self._unanswered.add(answered)
        work = self._delete(execute, key, name, token, self.loop.time() + patience, answered)
        task = self._clean_ups[name, token] = self._start(work, "clean-up")

        def done(_: object) -> None:
            del self._clean_ups[name, token]
            self._unanswered.discard(answered)
            answered.cancel()

        task.add_done_callback(done)

    async def cleaned_up(self, name: bytes, token: bytes, patience: float | None) -> bool:
        """Wait until nothing is going to delete this token any more; return whether that is so in time."""
        task = self._clean_ups.get((name, token))
        if task is None:
            return True
        await asyncio.wait([task], timeout=None if patience is None else max(patience, GRACE))
        return task.done()

    async def _delete(
        self, execute: Execute, key: KeyT, name: bytes, token: bytes, until: float, answered: "asyncio.Future[None]"
    ) -> None:
        for pause in (0.0, *CLEAN_UP_AGAIN):
            await asyncio.sleep(pause)
            while True:
                try:
                    await RELEASE_AGAIN.run(execute, 1, key, token, CHANNEL + name)
                except FINAL as error:
                    reason = "a lock could not be cleaned up"
                    _log.tell(logger, logging.INFO, "lock.not_deleted", reason=reason, error=error)
                    return
                except Exception:  # the server does not answer, or cannot write now, or a hook raises
                    if self.loop.time() >= until:
                        return
                    await asyncio.sleep(CLEAN_UP_PAUSE * random.uniform(0.5, 1.0))
                else:
                    break
            if not answered.done():
                answered.set_result(None)
                self._unanswered.discard(answered)
            line = self._lines.get(name)
            if line is not None:
                line.wake()

    # -- renewals -------------------------------------------------------------------------------------------------

    def renew(
        self, owner: object, execute: Execute, key: KeyT, name: bytes, hold: Hold, timeout: float, every: float
    ) -> None:
        """Extend a hold again and again, until it is released or lost, or ``owner`` is no more.

        Args:
            owner: the lock object; not kept alive.
            execute: executes.
            key: the lock.
            name: the same, as bytes.
            hold: what to extend. One that is renewed already is renewed by these times from now on.
            timeout: the seconds that it shall have after a renewal, at least.
            every: seconds between two renewals.
        """
        self._renewed.add(hold)
        if hold.renewal is not None:
            hold.renewal.cancel()
        task = hold.renewal = self._start(self._renew(execute, key, name, hold, timeout, every), "renewal")
        forsaken = weakref.finalize(owner, _cancel, self.loop, weakref.ref(task))
        forsaken.atexit = False
        task.add_done_callback(lambda _: forsaken.detach())

    async def _renew(self, execute: Execute, key: KeyT, name: bytes, hold: Hold, timeout: float, every: float) -> None:
        clock = self.loop.time
        pause = min(every, (hold.expires_at - clock()) / 3)
        while hold.live:
            await asyncio.sleep(max(0.0, min(pause, hold.expires_at - clock())))
            if (sent := clock()) >= hold.expires_at:
                hold.lose("it could not be renewed in time")
                self.clean_up(execute, key, name, hold.token, timeout)
                return
            try:
                async with asyncio.timeout_at(hold.expires_at):
                    left = await EXTEND.run(execute, 1, key, hold.token, milliseconds(timeout), "least")
            except ClientClosedError:
                hold.lose("the client was closed")
                return
            except Exception:  # the server does not answer in time, or a hook raises
                pause = RENEW_PAUSE * random.uniform(0.5, 1.0)
                continue
            if not left:
                hold.lose("it had expired, or somebody deleted or took it")
                return
            if left > 0:
                hold.expires_at = sent + left / 1000
            pause = every

    # -- listeners ------------------------------------------------------------------------------------------------

    def listen(self, client: LockClient, name: bytes, line: WaitingLine) -> None:
        """Have a line hear of releases elsewhere, where the client can subscribe."""
        if line.listener is not None:
            return
        subscribe = getattr(client, "subscribe", None)
        options: Options | None = getattr(client, "options", None)
        if subscribe is None or options is None or options.pool_size < 3:  # others may need the only lease
            return
        line.listener = self._start(self._listen(subscribe, CHANNEL + name, line), "listener")

    async def _listen(self, subscribe: Callable[[bytes], Any], channel: bytes, line: WaitingLine) -> None:
        try:
            async with subscribe(channel) as messages:
                line.listening = True
                line.wake()  # a release before this moment was not heard
                stays_until = self.time() + LINGER
                while True:
                    try:
                        item = await messages.get(timeout=LINGER)
                    except TimeoutError:
                        item = None
                    if not line.empty:
                        stays_until = self.time() + LINGER
                    elif item is None or self.time() >= stays_until:  # others may release it again and again
                        return
                    if item is not None:
                        line.wake()
        except Exception as error:  # it may not, or cannot now; whatever it is, asking goes on
            line.listening = False
            reason = "releases of a lock are not heard of, it is asked for instead"
            _log.tell(logger, logging.INFO, "lock.not_heard", reason=reason, error=error)
            await asyncio.sleep(DEAF)
        finally:
            line.listening = False
            line.listener = None
            line.end_if_unused()


def _cancel(loop: asyncio.AbstractEventLoop, reference: "weakref.ref[asyncio.Task[None]]") -> None:
    task = reference()
    if task is not None and not task.done() and not loop.is_closed():
        loop.call_soon_threadsafe(task.cancel)  # the garbage collector runs in any thread


def keeper_of(client: LockClient) -> LockKeeper:
    """Return the keeper of a client on the running loop."""
    loop = asyncio.get_running_loop()
    keeper: LockKeeper | None = getattr(client, "_lock_keeper", None)
    if keeper is None or keeper.loop is not loop:
        keeper = client._lock_keeper = LockKeeper(loop)
    return keeper


async def close_locks(client: LockClient) -> None:
    """End what the locks of a client do in the background. Takes a quarter of a second at most."""
    keeper, client._lock_keeper = client._lock_keeper, None
    if keeper is not None and keeper.loop is asyncio.get_running_loop():
        await keeper.aclose()
