"""Blocking commands that were cancelled: nothing that the server had already taken may be lost.

The server is told to unblock (CLIENT UNBLOCK); if it had popped elements before, they are put back where they came
from. All this happens behind the back of the caller, whose cancellation is not delayed.

Where the server cannot be told (the user may not, or no other connection is left), it is sent the end of the stream
instead, which unblocks as well. What it had answered before still arrives, and goes back over another connection.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from redis_aio import _log
from redis_aio._command.command import Command
from redis_aio._connection.closing import end_writing
from redis_aio._connection.connection import Connection, ConnectionState
from redis_aio._connection.inflight import BatchInterrupted, ignore
from redis_aio._options import Options
from redis_aio._replies.common import pairs
from redis_aio._resp.encoder import pack
from redis_aio.exceptions import ConnectionError, ReplyDecodeError

logger = logging.getLogger("redis_aio.execution")

#: Seconds for the server to answer after it was told to unblock, and again after it was sent the end of the stream.
UNBLOCK_TIME = 1.0
#: Seconds until it is told again.
UNBLOCK_AGAIN = 0.02
#: Seconds for what is under way when the client is closed.
CLOSING_TIME = 0.4

Restore = Callable[[Command[Any], Any], tuple[Any, ...]]


def restoring(command: Command[Any], reply: Any, encoding: str = "utf-8") -> Command[Any] | None:
    """Return the command that undoes what a blocking command took, or ``None`` where nothing was taken or moved.

    BLMOVE and BRPOPLPUSH have stored their element in another list, XREADGROUP's entries stay pending: neither is lost.

    Args:
        command: what was executed.
        reply: what it was answered.
        encoding: in which strings of the reply were decoded.
    """
    if isinstance(reply, ReplyDecodeError):
        reply = reply.escaped
    if reply is None or isinstance(reply, Exception) or not reply:
        return None
    restore = _RESTORE.get(command.name)
    if restore is None:
        return None
    name, *arguments = restore(command, reply)
    # Surrogates stand for bytes that are no text in this encoding.
    return Command(name, *(a.encode(encoding, "surrogateescape") if isinstance(a, str) else a for a in arguments))


def _popped(direction: str) -> Restore:
    def restore(command: Command[Any], reply: Any) -> tuple[Any, ...]:
        key, element = reply
        return (direction, key, element)

    return restore


def _popped_many(command: Command[Any], reply: Any) -> tuple[Any, ...]:
    key, elements = reply
    where = _word(command.args[2 + int(command.args[1])])
    return ("LPUSH" if where == "LEFT" else "RPUSH", key, *reversed(elements))


def _popped_member(command: Command[Any], reply: Any) -> tuple[Any, ...]:
    key, member, score = reply
    return ("ZADD", key, b"NX", score, member)


def _popped_members(command: Command[Any], reply: Any) -> tuple[Any, ...]:
    key, members = reply
    arguments: list[Any] = []
    for member, score in pairs(members):
        arguments += [score, member]
    return ("ZADD", key, b"NX", *arguments)


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
        execute: executes a command on another connection than the one that is blocked.
        options: the client's.
    """

    def __init__(self, execute: Callable[[Command[Any]], Awaitable[Any]], options: Options) -> None:
        self._execute = execute
        self._options = options
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
            connection: where they run. It is closed if they cannot be unblocked.
            reply: to come: of one command the reply itself, of a batch the list.
            done: called in any case, when the connection is free again or closed.
        """
        task = asyncio.get_running_loop().create_task(self._recover(commands, connection, reply, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait for what is under way, and give up what takes too long."""
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=CLOSING_TIME)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _recover(
        self,
        commands: Command[Any] | Sequence[Command[Any]],
        connection: Connection,
        reply: "asyncio.Future[Any]",
        done: Callable[[], None],
    ) -> None:
        intact = False
        try:
            intact = await self._unblocked(connection, reply)
            if intact:
                await self._put_back(commands, reply, lambda command: _on(connection, command))
            else:
                end_writing(connection)
                await asyncio.wait([reply], timeout=UNBLOCK_TIME)
        finally:
            reply.add_done_callback(ignore)
            if not intact:
                connection.fail(ConnectionError("a cancelled command could not be unblocked"))
            done()
        if not intact:
            await self._put_back(commands, reply, self._execute)

    async def _unblocked(self, connection: Connection, reply: "asyncio.Future[Any]") -> bool:
        """Unblock until the reply has come, and return whether it has and the connection can be used on.

        It takes more than once where CLIENT UNBLOCK overtakes the command, and where several block in turn.
        """
        client_id = connection.session.client_id
        try:
            async with asyncio.timeout(UNBLOCK_TIME):
                while not reply.done():
                    if not client_id or self._options.pool_size == 1:
                        return False
                    await self._execute(Command("CLIENT UNBLOCK", client_id))
                    await asyncio.wait([reply], timeout=UNBLOCK_AGAIN)
        except Exception as error:  # the server is away, or does not let this user unblock
            reason = "a cancelled command could not be unblocked"
            known = _log.Fields(connection_id=client_id, reason=reason, error=error)
            _log.tell(logger, logging.INFO, "command.not_unblocked", self._options, **known)
            return False
        return connection.state is ConnectionState.READY

    async def _put_back(
        self,
        commands: Command[Any] | Sequence[Command[Any]],
        reply: "asyncio.Future[Any]",
        execute: Callable[[Command[Any]], Awaitable[Any]],
    ) -> None:
        """Undo what the commands took, the last one first, so that everything comes back to its place."""
        if not reply.done():
            return
        for command, undo in reversed(list(self._undoing(commands, reply))):
            try:
                async with asyncio.timeout(UNBLOCK_TIME):
                    await execute(undo)
            except Exception as error:  # the key is of another type now, or the user may not write to it
                kind = type(error).__name__
                reason = f"what a cancelled {command.name} had taken could not be put back: {kind}"
                _log.tell(logger, logging.WARNING, "command.not_put_back", self._options, reason=reason, error=error)

    def _undoing(
        self, commands: Command[Any] | Sequence[Command[Any]], reply: "asyncio.Future[Any]"
    ) -> Iterator[tuple[Command[Any], Command[Any]]]:
        """Yield the commands that took something, each with what undoes it."""
        lost = reply.exception()
        if isinstance(lost, BatchInterrupted):
            values = lost.replies
        elif lost is not None:
            return
        else:
            values = [reply.result()] if isinstance(commands, Command) else reply.result()
        for command, value in zip([commands] if isinstance(commands, Command) else commands, values, strict=False):
            undo = restoring(command, value, self._options.encoding)
            if undo is not None:
                yield command, undo


async def _on(connection: Connection, command: Command[Any]) -> None:
    """Execute a command on this connection."""
    reply = await connection.send(pack(command.spec.words, command.args))
    if isinstance(reply, Exception):
        raise reply
