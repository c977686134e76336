"""ConnectionLease: an executor with one connection of its own, for what needs its state (WATCH, MULTI, SELECT ...).

Invariant: no state crosses to the next holder. WATCH and MULTI are undone in the same line in which they were sent, so
even a cancelled one is undone after it took effect; any other state closes the connection.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, TypeAlias

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._command.spec import CommandSpec, Effect
from redis_aio._connection.connection import Connection, ConnectionState
from redis_aio._connection.inflight import BatchInterrupted, ignore
from redis_aio._connection.pool import ConnectionPool
from redis_aio._discreet import discreet_async
from redis_aio._execution.blocking import Recoveries
from redis_aio._execution.outcome import final_error, finished
from redis_aio._execution.rotation import Renewing
from redis_aio._execution.wire import (
    EXEC,
    MULTI,
    Encode,
    check_all,
    fixed,
    raws,
    slices,
    transaction_values,
    values_or_errors,
)
from redis_aio._options import Options
from redis_aio.typing import T

#: Slices that may wait for their replies while the next is written. More would have the server keep more replies.
SLICES_IN_FLIGHT = 4

#: Slices whose replies have not come, with their commands.
Underway: TypeAlias = "deque[tuple[asyncio.Future[list[Any]], Batch]]"

DISCARD = b"*1\r\n$7\r\nDISCARD\r\n"
UNWATCH = b"*1\r\n$7\r\nUNWATCH\r\n"
#: Commands that end what MULTI or WATCH began.
UNDOING = frozenset(("EXEC", "DISCARD", "UNWATCH"))
#: What a command is answered in MULTI.
QUEUED = (b"QUEUED", "QUEUED")
GIVEN_BACK = "this connection was given back to its pool"
Check: TypeAlias = Callable[[CommandSpec], None]


class ConnectionLease(Renewing):
    """One connection, held by one caller.

    Args:
        connection: the connection.
        pool: where it goes back to.
        options: the client's.
        encode: encodes commands.
        recoveries: unblocks what is cancelled while it waits in the server.
    """

    def __init__(
        self, connection: Connection, pool: ConnectionPool, options: Options, encode: Encode, recoveries: Recoveries
    ) -> None:
        self.connection = connection
        connection.holder = self
        self._recoveries = recoveries
        self._recovering = 0
        self._recovered_waiters: list[asyncio.Future[None]] = []
        self._pool: ConnectionPool | None = pool
        self._returning: ConnectionPool | None = None
        self._options = options
        self._encode = encode
        self._watching = False
        self._in_multi = False
        #: A transaction was given up: whether it was discarded is seen when the connection is given back.
        self._gave_up = False
        self._tainted = False

    @property
    def watching(self) -> bool:
        """Whether keys are being watched."""
        return self._watching

    @property
    def stateful(self) -> bool:
        """Whether its holder set something that is lost with the connection."""
        return self._tainted or self._watching or self._in_multi

    @discreet_async
    async def execute(self, command: Command[T]) -> T:
        """Execute a command on this connection; it may change the connection's state."""
        spec = command.spec
        self._check(spec)
        data = self._encode(spec, command.args)
        undoes = spec.name in UNDOING
        if not undoes:
            self._note(spec)
        try:
            reply = await self.send(command, data)
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            raise final_error(command, error, unsafe=self._options.retry_unsafe) from error.__cause__
        if undoes:  # only now: if it was cancelled before it was written, the state is still there
            self._note(spec)
        if isinstance(reply, Exception):
            try:
                raise reply
            finally:
                del reply  # the error's traceback holds this frame: no circles
        parse = command.reply
        if self._in_multi and spec.name != "MULTI":
            if reply in QUEUED:
                return reply  # type: ignore[no-any-return]  # it is no value of the command's
            self._in_multi = False  # an EXEC or DISCARD that was cancelled came through
        return reply if parse is None else parse(reply)

    async def send(self, command: Command[Any], data: bytes) -> Any:
        """Send an encoded command and return its raw reply.

        Where the command may wait in the server, its reply is due ``read_timeout`` after the command's own timeout; and
        when the caller is cancelled, it is unblocked before the connection is given back.
        """
        self._check(command.spec)
        if self._recovering:
            await self._recovery()
        if self._renewal is not None:
            self._renew()
        if command.spec.block is None or self._in_multi:
            return await self._send(command, data, -1.0)
        future = self._send(command, data, self._patience(Batch([command])))
        self._note_wait(future)
        return await self._unblockable(command, future)

    async def _unblockable(self, commands: Command[Any] | Sequence[Command[Any]], reply: "asyncio.Future[T]") -> T:
        """Await the reply of commands that may wait in the server."""
        try:
            return await asyncio.shield(reply)
        except asyncio.CancelledError:
            self._recover(commands, reply)
            raise

    def _recover(self, commands: Command[Any] | Sequence[Command[Any]], reply: "asyncio.Future[Any]") -> None:
        self._recovering += 1
        self._recoveries.start(commands, self.connection, reply, self._recovered)

    def _recovered(self) -> None:
        self._recovering -= 1
        if self._recovering:
            return
        waiters, self._recovered_waiters = self._recovered_waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        if self._returning is not None:
            self._give_back(self._returning)

    async def _recovery(self) -> None:
        """Wait until what was cancelled has been unblocked: telling the server could hit the next command instead."""
        waiter = self.connection.loop.create_future()
        self._recovered_waiters.append(waiter)
        await waiter
        self._check_held()

    @discreet_async
    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch on this connection; what failed is in the place of its command."""
        batch = fixed(batch)
        try:
            return await self.run_batch(batch)
        except BatchInterrupted as interrupted:
            return finished(batch, interrupted.replies, interrupted.cause, unsafe=self._options.retry_unsafe)

    async def run_batch(self, batch: Batch, check: Check | None = None) -> list[Any]:
        """Execute a batch on this connection, for somebody who can try the rest again.

        Args:
            batch: the batch.
            check: raises where a command may not be sent; by default as for a single one.

        Raises:
            BatchInterrupted: it ended early; ``replies`` holds the values so far.
        """
        await check_all(batch, self._encode, check or self._check)
        if self._recovering:
            await self._recovery()
        self._check_held()
        if self._renewal is not None:
            self._renew()
        if batch.atomic:
            return await self._transaction(batch)
        values: list[Any] = []
        underway: Underway = deque()
        try:
            for data, part in slices(batch, self._encode):
                await self.connection.room()
                if len(underway) == SLICES_IN_FLIGHT:
                    await self._collect(underway, values)
                if self._pool is None:
                    break
                for spec in reversed(dict.fromkeys(reversed(part.specs))):  # what comes last decides
                    self._note(spec)
                patience = self._patience(part)
                future = self._send_batch(data, len(part), raws(part), patience)
                if patience != -1.0:
                    self._note_wait(future)
                underway.append((future, part))
                await asyncio.sleep(0)  # let it be written, replies in, and others have their turn
            while underway:
                await self._collect(underway, values)
            if len(values) < len(batch):
                raise BatchInterrupted([], exceptions.ClientClosedError(GIVEN_BACK))
        except BatchInterrupted as interrupted:
            raise BatchInterrupted(values, interrupted.cause) from interrupted.cause
        finally:
            for future, part in underway:
                if _may_wait(part) and not future.done():
                    self._recover(part.commands, future)
                else:
                    future.cancel()
                    future.add_done_callback(ignore)
        return values

    async def _collect(self, underway: Underway, values: list[Any]) -> None:
        future, part = underway.popleft()
        try:
            if _may_wait(part):
                replies = await self._unblockable(part.commands, future)
            else:
                replies = await future
        except BatchInterrupted as interrupted:
            values += values_or_errors(part, interrupted.replies)
            raise
        values += values_or_errors(part, replies)

    async def _transaction(self, batch: Batch) -> list[Any]:
        """Send MULTI, the commands and EXEC, and nothing in between."""
        flags = raws(batch) and [True]
        parts = slices(batch, self._encode)
        first = next(parts, (b"", batch))
        if len(first[1]) == len(batch):  # one write: if it is cancelled before, nothing of it is sent
            flags = flags and [False] * (len(batch) + 1) + [True]
            pending = [self._send_batch(MULTI + first[0] + EXEC, len(batch) + 2, flags)]
            return await self._executed(batch, pending)
        self._in_multi = True
        pending = [self._send_batch(MULTI, 1)]
        try:
            for data, part in chain([first], parts):
                await self.connection.room()
                self._check_held()
                pending.append(self._send_batch(data, len(part)))
                await asyncio.sleep(0)
            self._check_held()
        except BaseException:  # whatever the holder does next, it must not execute half a transaction
            for future in pending:
                future.add_done_callback(ignore)
            if self._pool is not None:
                self._in_multi, self._watching, self._gave_up = False, False, True
                self.connection.send(DISCARD).add_done_callback(ignore)
            raise
        self._in_multi = False
        pending.append(self._send_batch(EXEC, 1, flags))
        # Shielded: a part that was dropped because its future was cancelled would leave a transaction of the others.
        return await self._executed(batch, [asyncio.shield(future) for future in pending])

    async def _executed(self, batch: Batch, pending: "list[asyncio.Future[list[Any]]]") -> list[Any]:
        replies: list[Any] = []
        try:
            for future in pending:
                replies.extend(await future)
        except BatchInterrupted as interrupted:
            raise BatchInterrupted([], interrupted.cause) from interrupted.cause
        finally:
            for future in pending:
                future.add_done_callback(ignore)
        self._watching = False  # only now: what is not written ends nothing
        try:
            return transaction_values(batch, replies, self._options)
        except BatchInterrupted as refused:
            self._tainted = self._tainted or isinstance(refused.cause, exceptions.ReadOnlyError)
            raise

    def _send(self, command: Command[Any], data: bytes, timeout: float | None) -> "asyncio.Future[Any]":
        raw = command.spec.raw
        if self._options.high_integrity and (not self._in_multi or command.spec.name in ("EXEC", "DISCARD")):
            return self.connection.send_checked(data, None, [raw] if raw else None, timeout)
        return self.connection.send(data, raw, timeout)

    def _send_batch(
        self, data: bytes, count: int, flags: list[bool] | None = None, timeout: float | None = -1.0
    ) -> "asyncio.Future[list[Any]]":
        if self._options.high_integrity and not self._in_multi:
            return self.connection.send_checked(data, count, flags, timeout)
        return self.connection.send_batch(data, count, flags, timeout)

    def _patience(self, batch: Batch) -> float | None:
        """Return how long to wait for the replies of commands, some of which may wait in the server; -1.0 if none."""
        if not _may_wait(batch):
            return -1.0
        waits = [spec.block(args) for spec, args in zip(batch.specs, batch.args, strict=True) if spec.block is not None]
        if self._options.read_timeout is None or None in waits:
            return None
        return sum(max(wait, 0.0) for wait in waits if wait is not None) + self._options.read_timeout

    def _check_held(self) -> None:
        if self._pool is None:
            raise exceptions.ClientClosedError(GIVEN_BACK)

    def _check(self, spec: CommandSpec) -> None:
        self._check_held()
        if spec.refuse:
            raise exceptions.DataError(f"{spec.name} cannot be sent through a client: {spec.refuse}")

    def _note(self, spec: CommandSpec) -> None:
        """Keep account of the connection's state, from the moment that it may change."""
        if spec.effect is not Effect.STATEFUL:
            return
        name = spec.name
        if name == "WATCH":
            self._watching = True
        elif name == "MULTI":
            self._in_multi = True
        elif name in ("EXEC", "DISCARD"):
            self._in_multi = self._watching = False
        elif name == "UNWATCH":
            self._watching = False
        else:
            self._tainted = True

    def unwatch(self) -> None:
        """Watch no key any more, without waiting for it; a transaction that is being built goes on as it was."""
        if self._watching and not self._in_multi:
            self._watching = False
            self.connection.send(UNWATCH).add_done_callback(self._unwatched)

    def _unwatched(self, reply: "asyncio.Future[Any]") -> None:
        if reply.cancelled() or reply.exception() is not None or isinstance(reply.result(), Exception):
            self._tainted = True

    def release(self) -> None:
        """Give the connection back, with its state undone; or close it."""
        pool, self._pool = self._pool, None
        if pool is None or self.connection.loop.is_closed():
            return
        if self._recovering:
            self._returning = pool  # when what was cancelled has been unblocked
        else:
            self._give_back(pool)

    def _give_back(self, pool: ConnectionPool) -> None:
        connection = self.connection
        connection.holder = None
        if self._tainted or connection.state is not ConnectionState.READY:
            pool.discard(connection)
            return
        in_multi = self._in_multi or self._gave_up
        undo = [request for request, needed in ((DISCARD, in_multi), (UNWATCH, self._watching)) if needed]
        if undo:
            undone = connection.send_batch(b"".join(undo), len(undo))
            undone.add_done_callback(lambda future: self._undone(pool, future))
            self._renew_now()
        else:
            self._renew_now()
            pool.release(connection)

    def _undone(self, pool: ConnectionPool, future: "asyncio.Future[list[Any]]") -> None:
        """Give the connection back if its state was undone; close it if that cannot be said."""
        failed = future.cancelled() or future.exception() is not None
        # There is no MULTI to discard where it was dropped before it was written, or EXEC came through after all.
        if failed or any(isinstance(r, Exception) and "without MULTI" not in str(r) for r in future.result()):
            pool.discard(self.connection)
        else:
            pool.release(self.connection)


def _may_wait(batch: Batch) -> bool:
    """Return whether any of the commands may wait in the server."""
    return any(spec.block is not None for spec in batch.kinds())
