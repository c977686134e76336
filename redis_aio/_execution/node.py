"""Node: an executor for one server: shared connections for ordinary commands, leases for the others.

It binds to the event loop of its first use. It can be used again from another loop when that one has ended; while it
runs, using it from another is an error. A forked child starts anew and never touches its parent's sockets.
"""

import asyncio
import os
import weakref
from asyncio import get_running_loop
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from threading import get_ident
from typing import Any

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._command.spec import CommandSpec, Effect
from redis_aio._connection.closing import inherited
from redis_aio._connection.connection import Connection
from redis_aio._connection.inflight import BatchInterrupted
from redis_aio._connection.multiplexer import Multiplexer
from redis_aio._connection.pool import ConnectionPool
from redis_aio._connection.pool_log import LastError
from redis_aio._connection.stats import PoolStats
from redis_aio._discreet import discreet_async
from redis_aio._execution.blocking import Recoveries
from redis_aio._execution.hooked import PoolHooks, dial_through
from redis_aio._execution.lease import ConnectionLease
from redis_aio._execution.rotation import Rotation, rotation
from redis_aio._execution.wire import (
    SMALL_BATCH,
    encoder,
    pieces,
    raws,
    transaction_values,
    values_or_errors,
)
from redis_aio._options import Options
from redis_aio.typing import T

Dial = Callable[[Options], Coroutine[Any, Any, Connection]]

_nodes: "weakref.WeakSet[Node]" = weakref.WeakSet()
#: What a forked child inherited: kept for ever, because destroying it could reach the parent's sockets.
_inherited: list[Any] = []


class Node:
    """Executes commands on one server.

    Args:
        options: everything.
        dial: makes a connection.
    """

    def __init__(self, options: Options, dial: Dial) -> None:
        self.options = options
        self.dial = dial
        #: Who looks on, and is told of waits and connections.
        self.hooks: PoolHooks = PoolHooks()
        self.closed: bool = False
        self._loop: asyncio.AbstractEventLoop | None = None
        # A thread runs one loop at a time, so these two tell whether ours is the one that is running here. Asking for
        # the running loop would say so too, but costs a system call on Python 3.11.
        self._thread = -1
        self._is_running: Callable[[], bool] = bool
        self._pool: ConnectionPool
        self._mux: Multiplexer
        self._rotation: Rotation | None = None
        self._service: AsyncGenerator[None, None]
        self._encode = encoder(options)
        self._special = options.high_integrity or not options.auto_pipeline
        self._recoveries = Recoveries(self.execute, options)
        _nodes.add(self)

    # -- executing ------------------------------------------------------------------------------------------------

    def begin(self, command: Command[Any]) -> "asyncio.Future[Any] | None":
        """Send a command if that takes no waiting, and return the future of its raw reply; otherwise ``None``.

        This is the way of nearly all commands; it saves them a coroutine. Whoever takes it tells of an error reply
        with :meth:`note_error`.
        """
        is_running, encode = self._is_running, self._encode  # called as variables: attributes that are called cost more
        if get_ident() != self._thread or not is_running():
            return None
        spec = command.spec
        connection = self._mux.current
        if connection is None or connection.crowded or self._special or not spec.shareable:
            return None
        return connection.send(encode(spec, command.args), spec.raw)

    async def execute(self, command: Command[T]) -> T:
        """Execute one command, once.

        Raises:
            ConnectionError, TimeoutError: the attempt failed; ``written`` says whether it may have been executed.
        """
        if get_ident() != self._thread or not self._is_running():
            self._bind()
        spec = command.spec
        if not spec.shareable:
            return await self._execute_unshareable(command)
        data = self._encode(spec, command.args)
        if not self.options.auto_pipeline:
            return await self._execute_alone(command, data)
        connection = self._mux.pick() or await self._mux.acquire()
        if self.options.high_integrity:
            reply = await connection.send_checked(data, None, [spec.raw] if spec.raw else None)
        else:
            reply = await connection.send(data, spec.raw)
        if isinstance(reply, Exception):
            self.note_error(reply, connection)
            try:
                raise reply
            finally:
                del reply  # the error's traceback holds this frame: no circles
        parse = command.reply
        return reply if parse is None else parse(reply)

    async def _execute_alone(self, command: Command[T], data: bytes) -> T:
        """Execute a command on a lease."""
        lease = await self._lease()
        try:
            reply = await lease.send(command, data)
        finally:
            lease.release()
        if isinstance(reply, Exception):
            self.note_error(reply, lease.connection)
            try:
                raise reply
            finally:
                del reply  # the error's traceback holds this frame: no circles
        parse = command.reply
        return reply if parse is None else parse(reply)

    def note_error(self, error: Exception, connection: Connection | None = None) -> None:
        """Leave a connection whose server has become a replica: the address may name another server now.

        Args:
            error: what a command was answered.
            connection: where; the one that everybody uses, if it is not said.
        """
        connection = connection or self._mux.current
        if isinstance(error, exceptions.ReadOnlyError) and connection is not None:
            self._mux.retire(connection, error)

    async def _execute_unshareable(self, command: Command[T]) -> T:
        """Execute a command that may wait in the server on a lease; refuse one that changes its connection."""
        spec = command.spec
        self._check(spec)
        if spec.block is not None and spec.block(command.args) == -1.0:
            ordinary = spec.with_(block=None, effect=Effect.ACCUMULATING)  # these arguments do not wait
            return await self.execute(Command(spec.name, *command.args, reply=command.reply, spec=ordinary))
        # Bad arguments raise before a connection is taken.
        return await self._execute_alone(command, self._encode(spec, command.args))

    def _check(self, spec: CommandSpec) -> None:
        """Refuse a command that would change a connection that others use."""
        if spec.refuse:
            raise exceptions.DataError(f"{spec.name} cannot be sent through a client: {spec.refuse}")
        if not spec.shareable and spec.block is None:
            raise exceptions.DataError(
                f"{spec.name} changes the state of its connection, and a client's connections are shared: use "
                f"'async with client.connection() as connection' for it"
            )

    # -- batches --------------------------------------------------------------------------------------------------

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch, once.

        Raises:
            BatchInterrupted: it ended early; ``replies`` holds the values so far (none of an atomic batch).
        """
        if get_ident() != self._thread or not self._is_running():
            self._bind()
        if not len(batch):
            return []  # there is no reply that could tell of its end
        if self.options.auto_pipeline and len(batch) <= SMALL_BATCH:
            kinds = batch.kinds()
            for spec in kinds:
                self._check(spec)
            if all(spec.shareable for spec in kinds):
                encoded = pieces(batch, self._encode)
                if encoded is not None:
                    return await self._execute_small(batch, *encoded)
        # Too large to be written at once, or it may wait in the server: others do not wait behind it.
        lease = await self._interruptible(self._lease())
        try:
            return await lease.run_batch(batch, self._check)
        finally:
            lease.release()

    async def _execute_small(self, batch: Batch, data: bytes, more: Iterator[bytes] | None) -> list[Any]:
        """Execute a batch between the requests of others, given its first bytes and the others."""
        expected = len(batch)
        flags = raws(batch)
        if batch.atomic:
            expected += 2
            flags = flags and [*[False] * (expected - 1), True]
        connection = self._mux.pick()
        if connection is None:
            connection = await self._interruptible(self._mux.acquire())
        if self.options.high_integrity:
            reply = connection.send_checked(b"".join((data, *(more or ()))), expected, flags)
        else:
            reply = connection.send_batch(data, expected, flags, more=more)
        try:
            replies = await reply
        except BatchInterrupted as interrupted:
            values = [] if batch.atomic else values_or_errors(batch, interrupted.replies)
            raise BatchInterrupted(values, interrupted.cause) from interrupted.cause
        if not batch.atomic:
            return values_or_errors(batch, replies)
        try:
            return transaction_values(batch, replies, self.options)
        except BatchInterrupted as refused:
            self.note_error(refused.cause, connection)
            raise

    async def _interruptible(self, taking: Coroutine[Any, Any, T]) -> T:
        """Await a connection for a batch; a failure means that nothing of the batch was written."""
        try:
            return await taking
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            raise BatchInterrupted([], error) from error

    # -- leases ---------------------------------------------------------------------------------------------------

    @discreet_async
    async def lease(self) -> ConnectionLease:
        """Take a connection for one caller alone.

        Raises:
            PoolTimeoutError: none became free within ``pool_timeout``.
            ConnectionError: a new one could not be made.
        """
        if get_ident() != self._thread or not self._is_running():
            self._bind()
        return await self._lease()

    @discreet_async
    async def dedicate(self) -> tuple[Connection, ConnectionPool]:
        """Take a connection that will not be given back, and the pool to discard it with; raises as :meth:`lease`."""
        if get_ident() != self._thread or not self._is_running():
            self._bind()
        return await self._pool.acquire(), self._pool

    async def _lease(self) -> ConnectionLease:
        return ConnectionLease(await self._pool.acquire(), self._pool, self.options, self._encode, self._recoveries)

    # -- life -----------------------------------------------------------------------------------------------------

    def stats(self) -> PoolStats:
        """Return the pool's figures; all zero before the first use."""
        return PoolStats() if self._loop is None else self._pool.stats()

    @property
    def last_error(self) -> LastError | None:
        """The last thing that went wrong with its connections."""
        return None if self._loop is None else self._pool.log.last_error

    @property
    def peer(self) -> tuple[str, int] | None:
        """The address of the server, where all connections lead to the same one; of a unix socket its path, and 0."""
        return None if self._loop is None else self._pool.peer

    @property
    def waiting(self) -> int:
        """How many callers wait for a connection; those who wait for the shared one included, each of them."""
        return 0 if self._loop is None else self._pool.stats().waiting + max(0, self._mux.joined - 1)

    @property
    def connected(self) -> bool:
        """Whether it has connections to close."""
        return self._loop is not None and not self._pool.closed

    def _bind(self) -> None:
        """Attach to the running event loop."""
        if self.closed:
            raise exceptions.ClientClosedError("the client is closed")
        loop = get_running_loop()
        if self._loop is loop:  # it runs in another thread now
            self._thread = get_ident()
            return
        if self._loop is not None and not self._pool.closed:
            if self._loop.is_running():
                raise RuntimeError(
                    f"this client is in use by another event loop ({type(self._loop).__name__}), which is running: "
                    f"make a client for each loop"
                )
            self._let_go(exceptions.ConnectionError("the client was used in another event loop meanwhile"))
        pool = ConnectionPool(self.options, self._dial, loop, self.hooks.emit)
        self._rotation = rotation(pool, self.options, loop)  # first: the provider may raise
        self._loop = loop
        self._thread = get_ident()
        self._is_running = loop.is_running
        self._pool = pool
        self._mux = Multiplexer(pool, self.options, loop)
        self._service = _serve(self._pool, self._mux)
        with suppress(StopIteration):
            self._service.__anext__().send(None)

    def _dial(self, options: Options) -> Coroutine[Any, Any, Connection]:
        layers = self.hooks.on_connect
        dial = partial(dial_through, layers, self.dial) if layers else self.dial
        return dial(options) if self._rotation is None else self._rotation.dial(dial, options)

    def _unbind(self) -> asyncio.AbstractEventLoop | None:
        loop, self._loop = self._loop, None
        self._thread, self._is_running = -1, bool
        return loop

    def _let_go(self, error: Exception) -> None:
        """Drop the connections of a loop that does not run and was not ended properly.

        Unless it is closed it may run again: whoever waits there gets ``error`` then.
        """
        loop = self._unbind()
        self._mux.close()
        self._pool.closed = True
        ended = loop is None or loop.is_closed()
        if not ended:
            self._pool.turn_away(error)
        for connection in self._pool.abandon():
            if not ended:
                connection.fail(error, "its event loop does not run")
            connection.abandon()
        self._end_service()

    def _end_service(self) -> None:
        """End what waits for the end of the loop, where its connections are gone: then it does not wait."""
        with suppress(StopIteration):
            self._service.aclose().send(None)

    async def aclose(self) -> None:
        """Close every connection; what is in flight fails with ``ClientClosedError``. Takes a second at most."""
        if self.closed:
            return
        self.check_loop()
        self.closed = True
        loop = self._loop
        if loop is None:
            return
        if loop is get_running_loop():
            try:
                await self._recoveries.finish()
            finally:
                self._unbind()
                await self._service.aclose()
        else:
            self._let_go(exceptions.ClientClosedError("the client was closed"))

    def check_loop(self) -> None:
        """Raise ``RuntimeError`` if another event loop uses it, and runs: it can be closed there alone."""
        loop = self._loop
        if loop is not None and loop.is_running() and loop is not get_running_loop():
            raise RuntimeError("this client is in use by another event loop: close it there")

    def abort(self) -> None:
        """Drop the connections without waiting; for a client that was never closed."""
        loop = self._unbind()
        if loop is None or self.closed:
            return
        self.closed = True
        for connection in self._pool.abandon():
            if loop.is_closed():
                connection.abandon()
            else:
                loop.call_soon_threadsafe(connection.abort)

    def _forget_parent(self) -> None:
        if self._loop is None:
            return
        _inherited.extend((self._unbind(), self._pool, self._mux, *map(inherited, self._pool.abandon())))
        self._end_service()


async def _serve(pool: ConnectionPool, multiplexer: Multiplexer) -> AsyncGenerator[None, None]:
    """Wait for the end, then close the pool.

    The end is ``aclose``, or the end of the loop: asynchronous generators are what ``asyncio.run`` and its like close
    before they close the loop, so a client that lives longer than its loop leaves no socket behind.
    """
    try:
        yield
    finally:
        multiplexer.close()
        await pool.aclose()


def _after_fork() -> None:
    for node in list(_nodes):
        node._forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
