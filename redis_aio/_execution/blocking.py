"""Blocking commands that were cancelled: nothing that the server had already taken may be lost.

The server is told to unblock (CLIENT UNBLOCK); if it had popped elements before, they are put back where they came
from. All this happens behind the back of the caller, whose cancellation is not delayed, within a second.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis_aio._command.command import Command
from redis_aio._connection.connection import Connection
from redis_aio._connection.inflight import ignore
from redis_aio._replies.common import pairs
from redis_aio._resp.encoder import pack
from redis_aio.exceptions import ConnectionError

logger = logging.getLogger("redis_aio.execution")

#: Seconds for the server to answer after it was told to unblock; then the connection is closed.
UNBLOCK_TIME = 1.0
#: Seconds until it is told again.
UNBLOCK_AGAIN = 0.02

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


class Recoveries:
    """The recoveries of one client that are under way.

    Args:
        execute: executes CLIENT UNBLOCK, on another connection than the one that is blocked.
    """

    def __init__(self, execute: Callable[[Command[Any]], Awaitable[Any]]) -> None:
        self._execute = execute
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self,
        commands: Command[Any] | Sequence[Command[Any]],
        connection: Connection,
        reply: "asyncio.Future[Any]",
        done: Callable[[], None],
    ) -> None:
        """Unblock commands whose caller was cancelled, and put back what they had taken.

        Args:
            commands: one, or those of a batch in the order they were sent.
            connection: where they run. It is closed if they do not end.
            reply: to come: of one command the reply itself, of a batch the list.
            done: called at the end, in any case.
        """
        task = asyncio.get_running_loop().create_task(self._recover(commands, connection, reply, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()

    async def _recover(
        self,
        commands: Command[Any] | Sequence[Command[Any]],
        connection: Connection,
        reply: "asyncio.Future[Any]",
        done: Callable[[], None],
    ) -> None:
        recovered = False
        try:
            async with asyncio.timeout(UNBLOCK_TIME):
                await self._unblock(connection, reply)
                value = await reply
                taken = [(commands, value)] if isinstance(commands, Command) else zip(commands, value, strict=True)
                for command, value in taken:
                    request = restoring(command, value)
                    if request is not None:
                        await connection.send(pack((), request))
            recovered = True
        except Exception as error:  # the server is away, or does not let this user unblock: closing unblocks as well
            logger.info("a cancelled command could not be unblocked: %s", type(error).__name__)
        finally:
            reply.add_done_callback(ignore)
            if not recovered:
                connection.fail(ConnectionError("a cancelled command could not be unblocked"))
            done()

    async def _unblock(self, connection: Connection, reply: "asyncio.Future[Any]") -> None:
        """Unblock until the reply has come: CLIENT UNBLOCK may overtake the command, and several may block in turn."""
        client_id = connection.session.client_id
        if not client_id:
            raise ConnectionError("the server did not tell the connection's id")
        while not reply.done():
            await self._execute(Command("CLIENT UNBLOCK", client_id))
            await asyncio.wait([reply], timeout=UNBLOCK_AGAIN)
