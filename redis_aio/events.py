"""Events: what a client tells its hooks about the waits, failures and connections behind its commands.

They are made where something is slow or has gone wrong, and only while somebody listens: a command that simply succeeds
makes none. An event holds no argument and no value of a command.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from redis_aio import _log

logger: logging.Logger = logging.getLogger("redis_aio.hooks")


@dataclass(frozen=True, slots=True)
class Event:
    """The base of events."""


@dataclass(frozen=True, slots=True)
class Retrying(Event):
    """A command or batch has failed and is tried again after a pause. Told in the caller's task, before the pause.

    Attributes:
        command: the name of the command; ``PIPELINE`` or ``MULTI`` for a batch.
        attempt: the number of the retry, counted from 1.
        delay: seconds of the pause.
        error: why.
    """

    command: str
    attempt: int
    delay: float
    error: Exception


@dataclass(frozen=True, slots=True)
class PoolWaited(Event):
    """A caller has waited for a connection. Told in the caller's task, at the end of the wait.

    Attributes:
        duration: seconds.
        shared: whether it wanted the connection that everybody shares, and not one of its own.
        error: why it got none; ``None`` where it got one.
    """

    duration: float
    shared: bool
    error: BaseException | None


@dataclass(frozen=True, slots=True)
class ConnectionOpened(Event):
    """A connection is ready.

    Attributes:
        reconnect: whether it replaces one that was lost.
    """

    reconnect: bool


@dataclass(frozen=True, slots=True)
class ConnectionClosed(Event):
    """A connection is no more.

    Attributes:
        reason: why it was closed from here, one of a few sentences; ``"lost"`` where it was not.
        error: what it was lost for.
        age: seconds that it lived.
    """

    reason: str
    error: Exception | None
    age: float


@dataclass(frozen=True, slots=True)
class ConnectionUsed(Event):
    """A connection that somebody had alone was given back.

    Attributes:
        duration: seconds that it was held; uvloop's clock has milliseconds.
    """

    duration: float


@dataclass(frozen=True, slots=True)
class Redirected(Event):
    """A server has named another one for a command. Told in the caller's task.

    Attributes:
        command: the name of the command.
        kind: ``"MOVED"`` or ``"ASK"``.
        host: where to.
        port: where to.
    """

    command: str
    kind: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class CacheLookedUp(Event):
    """A client-side cache was asked.

    Attributes:
        hit: whether it had the value.
    """

    hit: bool


Sink: TypeAlias = Callable[[Event], None]


class Emitter:
    """Hands events to those who listen; ask ``active`` before an event is made.

    What a listener raises is logged, and hurts neither the others nor what the event is about.
    """

    __slots__ = ("_sinks", "active")

    def __init__(self) -> None:
        self._sinks: tuple[Sink, ...] = ()
        #: Whether somebody listens.
        self.active: bool = False

    def listen(self, sinks: list[Sink]) -> None:
        """Hand events to these from now on, in this order."""
        self._sinks = tuple(sinks)
        self.active = bool(sinks)

    def __call__(self, event: Event) -> None:
        """Hand on an event."""
        for sink in self._sinks:
            try:
                sink(event)
            except Exception as error:
                reason = f"a hook failed on {type(event).__name__}: {type(error).__name__}"
                _log.tell(logger, logging.WARNING, "hook.failed", reason=reason, error=error)


__all__ = [
    "CacheLookedUp",
    "ConnectionClosed",
    "ConnectionOpened",
    "ConnectionUsed",
    "Emitter",
    "Event",
    "PoolWaited",
    "Redirected",
    "Retrying",
]
