"""Log records: one shape for all of them, and no text in them that a caller or a server wrote.

Records tell of changes of state, never of single commands. Each has the same fields (``extra``), ``None`` where they do
not apply, so that one format fits all. Their names begin with ``redis_``, so that they meet no field of the program's.
"""

import logging
from typing import Any, Literal, TypeAlias, TypedDict, Unpack

from redis_aio import exceptions
from redis_aio._options import Options

#: Everything that is logged.
Event: TypeAlias = Literal[
    "connection.opened",
    "connection.closed",
    "connection.lost",
    "connection.retired",
    "connection.failed",
    "connection.restored",
    "credentials.failed",
    "pool.exhausted",
    "pool.closed",
    "command.not_unblocked",
    "command.not_put_back",
    "push.handler_failed",
    "hook.failed",
    "hook.attached_already",
    "lock.not_held",
    "lock.not_deleted",
    "lock.not_heard",
    "stream.interrupted",
    "stream.group_gone",
    "stream.dead_letter",
    "stream.not_acknowledged",
]

#: The fields of every record. ``redis_event`` is always set.
FIELDS = (
    *("redis_event", "redis_address", "redis_db", "redis_connection_id"),
    *("redis_reason", "redis_error", "redis_duration", "redis_count"),
)

#: Errors whose text is written here. That of others may repeat what a server or a caller said.
_OURS = (
    exceptions.ConnectionError,
    exceptions.ConnectTimeoutError,
    exceptions.ReadTimeoutError,
    exceptions.WriteTimeoutError,
    exceptions.PoolTimeoutError,
    exceptions.ProtocolError,
    exceptions.ClientClosedError,
)


class Fields(TypedDict, total=False):
    """What may be said of an event.

    Keys:
        connection_id: the connection's id in CLIENT LIST; 0 is unknown.
        reason: why, in words written here; by default what can be said of ``error``.
        error: why; its type is given, and its text if that is written here.
        duration: seconds; of what, the event says.
        count: how many.
    """

    connection_id: int
    reason: str | None
    error: BaseException | None
    duration: float
    count: int


def fields(event: Event, options: Options | None = None, **more: Unpack[Fields]) -> dict[str, Any]:
    """Return the ``extra`` of a record of ``event``, such as ``connection.lost``, at the address in ``options``."""
    reason, error = more.get("reason"), more.get("error")
    return {
        "redis_event": event,
        "redis_address": None if options is None else options.address,
        "redis_db": None if options is None else options.db,
        "redis_connection_id": more.get("connection_id") or None,
        "redis_reason": describe(error) if reason is None and error is not None else reason,
        "redis_error": None if error is None else type(error).__name__,
        "redis_duration": more.get("duration"),
        "redis_count": more.get("count"),
    }


def describe(error: BaseException) -> str:
    """Return what may be said of an error in a log: its text if that is written here, otherwise its type and code."""
    code = getattr(error, "status_code", None) or getattr(error.__cause__, "status_code", None)
    what = type(error).__name__
    if type(error) in _OURS:
        text, _, _ = str(error).partition("; the last dial failed: ")
        if text.startswith("the handshake failed: "):
            what = "the handshake failed"
        elif not isinstance(error.__cause__, exceptions.ResponseError) and "status_code" not in vars(error):
            return text
    return f"{what} ({code})" if code else what


def tell(
    logger: logging.Logger, level: int, event: Event, options: Options | None = None, **more: Unpack[Fields]
) -> None:
    """Log a record whose message says what its fields say, in one line."""
    if not logger.isEnabledFor(level):
        return
    extra = fields(event, options, **more)
    parts = [str(extra["redis_event"])]
    if extra["redis_address"] is not None:
        parts.append(f"{extra['redis_address']} db {extra['redis_db']}")
    if extra["redis_connection_id"] is not None:
        parts.append(f"id {extra['redis_connection_id']}")
    if extra["redis_duration"] is not None:
        parts.append(f"{extra['redis_duration']:.3f} s")
    if extra["redis_count"] is not None:
        parts.append(f"{extra['redis_count']} times")
    message = ", ".join(parts)
    if extra["redis_reason"] is not None:
        message += f": {extra['redis_reason']}"
    logger.log(level, "%s", message, extra=extra)


__all__ = ["FIELDS", "Event", "Fields", "describe", "fields", "tell"]
