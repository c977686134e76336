"""Inflight: the place in line of a request whose reply has not arrived.

A connection's entries form a first-in-first-out line. Invariants:

* The order of the line is the order on the wire, so each reply belongs to the oldest entry.
* An entry stays in line until its replies are complete, also when its caller has gone (cancelled, timed out): it then
  swallows the late reply, so that no later entry can get it.
* A batch is one entry and one future with a count, not one future for each command.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis_aio.exceptions import ProtocolError


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
                raise ProtocolError("a reply did not belong to its request (high_integrity check)")
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
