"""Inflight: the place in line of a request whose reply has not arrived.

A connection's entries form a first-in-first-out line. Invariants:

* The order of the line is the order on the wire, so each reply belongs to the oldest entry.
* An entry stays in line until its replies are complete, also when its caller has gone (cancelled, timed out): it then
  swallows the late reply, so that no later entry can get it.
* A batch is one entry and one future with a count, not one future for each command.
* An ordinary request is in line as its bare future, because an entry of its own costs as much as the future does. Its
  deadline is that of the turn in which it joined; :class:`Turns` knows it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias

from redis_aio import exceptions


class Inflight:
    """One command in flight.

    Args:
        future: gets the raw reply, or the error that lost it.
        deadline: the loop time by which the reply is due; infinite where there is no bound.
        raw: the reply is not decoded.
    """

    __slots__ = ("deadline", "future", "raw")

    def __init__(self, future: "asyncio.Future[Any]", deadline: float, raw: bool) -> None:
        self.future = future
        self.deadline = deadline
        self.raw = raw

    def cancelled(self) -> bool:
        """Return whether its caller has gone, as a bare future does."""
        return self.future.cancelled()

    def lost(self, cause: Exception) -> Exception:
        """Return the exception for the future when the connection failed for ``cause``."""
        return cause


class InflightBatch(Inflight):
    """Several commands in flight that share one future, which gets the list of their raw replies.

    Args:
        future: gets the list.
        deadline: as for one command.
        expected: the number of replies to come.
        raws: for each command whether its reply is not decoded, or ``None`` where all are decoded.
        nonce: the last reply must equal it and is taken off; ``None`` for no such check.
        single: hand on the first reply alone (one command and its check).
    """

    __slots__ = ("expected", "nonce", "raws", "replies", "single")

    def __init__(
        self,
        future: "asyncio.Future[Any]",
        deadline: float,
        expected: int,
        raws: Sequence[bool] | None = None,
        nonce: bytes | None = None,
        single: bool = False,
    ) -> None:
        super().__init__(future, deadline, False)
        self.replies: list[Any] = []
        self.expected = expected
        self.raws = raws
        self.nonce = nonce
        self.single = single

    def checked(self) -> Any:
        """Return what the future gets when all replies have come.

        Raises:
            ProtocolError: the last one is not the nonce: the replies are not ours.
        """
        if self.nonce is not None:
            echo = self.replies.pop()
            if (echo.encode() if isinstance(echo, str) else echo) != self.nonce:
                raise exceptions.ProtocolError("a reply did not belong to its request (high_integrity check)")
        return self.replies[0] if self.single else self.replies

    def lost(self, cause: Exception) -> Exception:
        # What the nonce has not vouched for is not handed over.
        return cause if self.single else BatchInterrupted(self.replies if self.nonce is None else [], cause)


def ignore(future: "asyncio.Future[Any]") -> None:
    """Take note of a result that nobody waits for any more."""
    if not future.cancelled():
        future.exception()


class BatchInterrupted(Exception):
    """A batch ended before all its replies had arrived; for the executor, which decides what that means.

    Attributes:
        replies: the raw replies that did arrive, in order.
        cause: why the others will not.
    """

    def __init__(self, replies: list[Any], cause: Exception) -> None:
        super().__init__("the batch was interrupted")
        self.replies = replies
        self.cause = cause


#: What is in line: an ordinary request stands there as its bare future.
Entry: TypeAlias = "asyncio.Future[Any] | Inflight"


class Turns:
    """The deadlines of the requests that are in line as bare futures, one for all that were written together."""

    __slots__ = ("_deadlines", "written")

    def __init__(self) -> None:
        #: How many requests were ever put in line.
        self.written: int = 0
        self._deadlines: deque[tuple[int, float]] = deque()  # up to which request, by that count

    def wrote(self, count: int, deadline: float, waiting: int) -> None:
        """Note that ``count`` requests with this deadline were put in line, in which ``waiting`` now are."""
        self.written += count
        deadlines = self._deadlines
        while deadlines and deadlines[0][0] <= self.written - waiting:
            deadlines.popleft()
        deadlines.append((self.written, deadline))

    def entries(self, line: Sequence[Entry]) -> list[Inflight]:
        """Return what is in line, with an entry made for each bare future."""
        deadlines = iter(self._deadlines)
        last, deadline = 0, 0.0
        found: list[Inflight] = []
        for number, entry in enumerate(line, self.written - len(line) + 1):
            while last < number and not isinstance(entry, Inflight):
                last, deadline = next(deadlines)
            found.append(as_inflight(entry, deadline))
        return found


def copy_of(error: Exception, *, written: bool) -> Exception:
    """Return a copy of an error, for one of the callers it concerns."""
    copy = type(error)(*error.args)
    if isinstance(copy, exceptions.RedisError):
        copy.written = written
    return copy


def as_inflight(entry: Entry, deadline: float) -> Inflight:
    """Return the entry; one made for it, with this deadline, if it is a bare future."""
    return entry if isinstance(entry, Inflight) else Inflight(entry, deadline, False)
