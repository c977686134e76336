"""Blocking commands that were cancelled: nothing that the server had already taken may be lost.

The server is told to unblock (CLIENT UNBLOCK); if it had popped elements before, they are put back where they came
from. All this happens behind the back of the caller, whose cancellation is not delayed, within a second.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from redis_aio._command.command import Command
from redis_aio._connection.connection import Connection
from redis_aio._replies.common import pairs

#: Seconds for the server to answer after it was told to unblock; then the connection is closed.
UNBLOCK_TIME = 1.0

Restore = Callable[[Command[Any], Any], tuple[Any, ...] | None]


def restoring(command: Command[Any], reply: Any) -> tuple[Any, ...] | None:
    """Return the request that undoes what a blocking command took, or ``None`` where nothing was taken or moved.

    BLMOVE and BRPOPLPUSH have stored their element in another list, XREADGROUP's entries stay pending: neither is lost.
    """
    if reply is None or isinstance(reply, Exception) or not reply:
        return None
    restore = _RESTORE.get(command.name)
    return None if restore is None else restore(command, reply)


def _popped(direction: str) -> Restore:
    def restore(command: Command[Any], reply: Any) -> tuple[Any, ...] | None:
        key, element = reply
        return (direction, key, element)

    return restore


def _popped_many(command: Command[Any], reply: Any) -> tuple[Any, ...] | None:
    key, elements = reply
    where = _word(command.args[2 + int(command.args[1])])
    return ("LPUSH", key, *reversed(elements)) if where == "LEFT" else ("RPUSH", key, *reversed(elements))


def _popped_member(command: Command[Any], reply: Any) -> tuple[Any, ...] | None:
    key, member, score = reply
    return ("ZADD", key, "NX", score, member)


def _popped_members(command: Command[Any], reply: Any) -> tuple[Any, ...] | None:
    key, members = reply
    arguments: list[Any] = []
    for member, score in pairs(members):
        arguments += [score, member]
    return ("ZADD", key, "NX", *arguments)


def _word(argument: Any) -> str:
    return (argument.decode() if isinstance(argument, bytes) else str(argument)).upper()


_RESTORE: dict[str, Restore] = {
    "BLPOP": _popped("LPUSH"),
    "BRPOP": _popped("RPUSH"),
    "BLMPOP": _popped_many,
    "BZPOPMIN": _popped_member,
    "BZPOPMAX": _popped_member,
    "BZMPOP": _popped_members,
}


async def recover(
    command: Command[Any],
    connection: Connection,
    reply: "asyncio.Future[Any]",
    unblock: Callable[[], Any],
    put_back: Callable[[tuple[Any, ...]], Any],
) -> bool:
    """Unblock a cancelled command and put back what it had taken; return whether the connection is fit for use.

    Args:
        command: the command whose caller was cancelled.
        connection: where it runs.
        reply: its reply, still to come.
        unblock: sends CLIENT UNBLOCK through another connection.
        put_back: sends a request on the same connection.
    """
    try:
        async with asyncio.timeout(UNBLOCK_TIME):
            if not reply.done():
                await unblock()
            value = await reply
            request = restoring(command, value)
            if request is not None:
                await put_back(request)
    except Exception:  # the server is away, or does not let this user unblock: closing unblocks as well
        return False
    return True
