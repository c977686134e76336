"""Locks: the method by which a client makes locks."""

from typing import Any

from redis_aio._locking.keeper import LockKeeper
from redis_aio._locking.options import OnLost
from redis_aio.lock import Lock
from redis_aio.typing import KeyT, Number


class Locks:
    """The part of a client that makes locks."""

    _lock_keeper: LockKeeper | None = None

    def lock(
        self,
        name: KeyT,
        timeout: Number | None = None,
        sleep: Number = 0.1,
        blocking: bool = True,
        blocking_timeout: Number | None = None,
        lock_class: type[Any] | None = None,
        thread_local: bool = True,
        raise_on_release_error: bool = True,
        *,
        renew: bool | float = False,
        on_lost: OnLost = "cancel",
        fencing: bool = False,
    ) -> Lock:
        """Return a lock; nothing is sent before it is acquired. See :class:`redis_aio.lock.Lock`.

        Args:
            lock_class: makes it, called as ``Lock`` is; the last three options only where they are given.

        The others are those of the class.
        """
        if lock_class is None and not renew and not fencing and on_lost == "cancel":  # what most are; names take time
            return Lock(self, name, timeout, sleep, blocking, blocking_timeout, thread_local, raise_on_release_error)
        more: dict[str, Any] = {"renew": renew} if renew else {}
        if on_lost != "cancel":
            more["on_lost"] = on_lost
        if fencing:
            more["fencing"] = fencing
        made: Lock = (lock_class or Lock)(
            self,
            name,
            timeout=timeout,
            sleep=sleep,
            blocking=blocking,
            blocking_timeout=blocking_timeout,
            thread_local=thread_local,
            raise_on_release_error=raise_on_release_error,
            **more,
        )
        return made
