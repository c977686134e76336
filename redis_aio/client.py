"""Redis: the client of one server."""

import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Literal, NoReturn, Self, Unpack, overload

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command, command_of
from redis_aio._command.spec import CommandSpec
from redis_aio._command.table import SPECS
from redis_aio._connection.stats import PoolStats
from redis_aio._discreet import discreet
from redis_aio._execution.executor import Executor, Lease
from redis_aio._execution.held import BorrowedLease, ClosedExecutor
from redis_aio._execution.hooked import ClientHooks
from redis_aio._execution.retrying import RetryingExecutor
from redis_aio._execution.single import SingleConnection
from redis_aio._locking.factory import Locks
from redis_aio._locking.keeper import close_locks
from redis_aio._options import Options, RedisOptions
from redis_aio.backoff import ConstantBackoff
from redis_aio.codecs import Codec
from redis_aio.connection import ConnectionPool
from redis_aio.drop_in import FromRedisPy
from redis_aio.exceptions import ClientClosedError
from redis_aio.health import HealthChecks
from redis_aio.hooks import Hook, default_hooks
from redis_aio.iterators import ScanIterators
from redis_aio.modules import ModuleClients
from redis_aio.monitor import Monitor, MonitorCommandInfo, Monitors
from redis_aio.pipeline import WATCH_BACKOFF, Pipeline, run_transaction
from redis_aio.pipelined import TypedPipelines
from redis_aio.pubsub import PubSub, PubSubFace
from redis_aio.pubsub.classic import AsyncPubsubWorkerExceptionHandler, PubsubWorkerExceptionHandler
from redis_aio.raw import RawCommands
from redis_aio.streams import ConsumerGroups
from redis_aio.typing import (
    AsyncResponseCallbackProtocol,
    KeyT,
    PubSubHandler,
    Reply,
    ReplyParser,
    ResponseCallbackProtocol,
    ResponseCallbackT,
    S,
    Subscription,
    T,
)


class Client(RawCommands[S], ModuleClients[S], TypedPipelines[S], ScanIterators[S], ConsumerGroups[S]):
    """Every command over an executor, and pipelines; the base of all clients."""

    _executor: Executor

    def _run(
        self, name: str, /, *args: Any, reply: ReplyParser[T] | None = None, spec: CommandSpec | None = None
    ) -> Reply[T]:
        command = command_of(spec or SPECS[name], args, reply)
        command.owner = self
        return self._executor.execute(command)

    async def execute(self, command: Command[T]) -> T:
        """Execute a command that was built as a value."""
        return await self._executor.execute(command)

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute a batch that was built as a value; an exception stands in the place of a command that failed."""
        return await self._executor.execute_batch(batch)

    async def lease(self) -> Lease:
        """Take a connection for one caller alone, who must release it."""
        raise NotImplementedError

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline[S]:
        """Return a queue of commands that are sent together.

        Args:
            transaction: execute them as one, in MULTI and EXEC.
            shard_hint: ignored; redis-py has it.
        """
        return Pipeline(self, transaction)

    async def transaction(
        self,
        func: Callable[[Pipeline[S]], Any | Awaitable[Any]],
        *watches: KeyT,
        shard_hint: str | None = None,
        value_from_callable: bool = False,
        watch_delay: float | None = None,
    ) -> Any:
        """Run ``func(pipe)`` and execute what it queued, again until no watched key changed meanwhile.

        Args:
            func: reads with the pipeline, calls ``pipe.multi()``, and queues.
            watches: the keys that must not change.
            shard_hint: ignored; redis-py has it.
            value_from_callable: return what ``func`` returned instead of the values of the commands.
            watch_delay: seconds to wait before each further run; by default a random time, longer with each conflict.

        Raises:
            ExecAbortError: the server did not accept a command; nothing was executed.
            OutcomeUnknownError: the connection was lost during the execution. ``func`` is not run again.
        """
        backoff = WATCH_BACKOFF if watch_delay is None else ConstantBackoff(watch_delay)
        return await run_transaction(self.pipeline(True), func, watches, value_from_callable, backoff)


class Redis(Client[S], HealthChecks, Locks, Monitors, PubSubFace[S], FromRedisPy):
    """A client of one server.

    ``Redis(host="localhost", port=6379, db=0, **options)``: the guide on connections describes the options; redis-py's
    names for them are taken too. Nothing is connected before the first command. Any number of tasks of one event loop
    can share it: their commands travel together over few connections.

    Args:
        decode_responses: replies are ``str`` instead of ``bytes``.
        connection_pool: use the connections of this pool, which is not closed with the client.
        auto_close_connection_pool: close ``connection_pool`` with the client after all.
        options: everything else. Beside ``connection_pool`` only ``single_connection_client`` counts.

    Raises:
        TypeError: an option is unknown, given under two names, or of a wrong type.
        ValueError: the value of an option cannot be used.
    """

    @overload
    def __init__(
        self: "Redis[str]",
        *,
        decode_responses: Literal[True],
        connection_pool: ConnectionPool | None = None,
        auto_close_connection_pool: bool | None = None,
        **options: Unpack[RedisOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "Redis[bytes]",
        *,
        decode_responses: Literal[False] = False,
        connection_pool: ConnectionPool | None = None,
        auto_close_connection_pool: bool | None = None,
        **options: Unpack[RedisOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "Redis[Any]",
        *,
        decode_responses: bool,
        connection_pool: ConnectionPool | None = None,
        auto_close_connection_pool: bool | None = None,
        **options: Unpack[RedisOptions],
    ) -> None: ...
    @discreet
    def __init__(
        self,
        *args: Any,
        connection_pool: ConnectionPool | None = None,
        auto_close_connection_pool: bool | None = None,
        **options: Any,
    ) -> None:
        if args:
            raise TypeError(
                "Redis takes its options by name: Redis(host=..., port=...); for a URL use Redis.from_url(...)"
            )
        if connection_pool is None:
            self._start(ConnectionPool(**options), owned=True)
            return
        if not isinstance(connection_pool, ConnectionPool):
            raise TypeError(f"connection_pool must be a redis_aio.ConnectionPool, not {type(connection_pool).__name__}")
        single = bool(options.get("single_connection_client"))
        self._start(connection_pool, owned=bool(auto_close_connection_pool), single=single)

    def _start(self, pool: ConnectionPool, *, owned: bool, single: bool = False) -> None:
        self._owns_pool = owned
        self._pool = pool
        self._single = SingleConnection(pool.node) if single or pool.options.single_connection_client else None
        self._fetches_ahead = self._single is None
        self.codec: Codec = pool.options.codec
        self._hooks = ClientHooks(pool, pool.node.hooks)
        self._core = self._retrying(pool.options)
        self._executor = self._core
        self._closed = False
        default_hooks.adopt(self)
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_globals.get("__name__") in (__name__, discreet.__module__):
            frame = frame.f_back
        self._made_at = f"{frame.f_code.co_filename}:{frame.f_lineno}"

    @overload
    @classmethod
    def from_url(
        cls: "type[Redis[Any]]",
        url: str,
        *,
        decode_responses: Literal[True],
        auto_close_connection_pool: bool | None = None,
        **options: Unpack[RedisOptions],
    ) -> "Redis[str]": ...
    @overload
    @classmethod
    def from_url(
        cls: "type[Redis[Any]]",
        url: str,
        *,
        decode_responses: Literal[False] = False,
        auto_close_connection_pool: bool | None = None,
        **options: Unpack[RedisOptions],
    ) -> "Redis[bytes]": ...
    @overload
    @classmethod
    def from_url(
        cls: "type[Redis[Any]]",
        url: str,
        *,
        decode_responses: bool,
        auto_close_connection_pool: bool | None = None,
        **options: Unpack[RedisOptions],
    ) -> "Redis[Any]": ...
    @classmethod
    @discreet
    def from_url(
        cls: "type[Redis[Any]]", url: str, *, auto_close_connection_pool: bool | None = None, **options: Any
    ) -> "Redis[Any]":
        """Make a client from ``redis://``, ``rediss://`` or ``unix://``; options in the URL win over keywords.

        ``redis://user:password@host:port/db?read_timeout=500ms&pool_size=20``. An unknown parameter is a ValueError.
        The pool is closed with the client unless ``auto_close_connection_pool`` is ``False``.
        """
        client = cls.__new__(cls)
        client._start(ConnectionPool.from_url(url, **options), owned=auto_close_connection_pool is not False)
        return client

    @classmethod
    def from_pool(cls: "type[Redis[Any]]", connection_pool: ConnectionPool) -> "Redis[Any]":
        """Make a client that owns this pool, and closes it."""
        client = cls.__new__(cls)
        client._start(connection_pool, owned=True)
        return client

    def client(self) -> Self:
        """Return a client that keeps one connection of this one's pool, whose state (SELECT, CLIENT SETNAME ...) lasts.

        Close it, which gives the connection back. Its pipelines and subscriptions use other connections, as in
        redis-py; :meth:`connection` lends a connection whose pipelines are its own.

        The commands raise ``ConnectionStateLostError`` where what had been set was lost with the connection.
        """
        client = type(self).__new__(type(self))
        client._start(self._pool, owned=False, single=True)
        return client

    # -- looking on -----------------------------------------------------------------------------------------------

    @property
    def connection_pool(self) -> ConnectionPool:
        """The pool of this client."""
        return self._pool

    @property
    def options(self) -> Options:
        """The options in force."""
        return self._pool.options

    def pool_stats(self) -> PoolStats:
        """Return the figures of the pool at this moment."""
        return self._pool.stats()

    def add_hook(self, hook: Hook) -> None:
        """Wrap what this client does in a hook; the first one added is the outermost.

        Commands that are under way, and leases, are not affected. ``on_connect`` wraps the dials of the pool, also for
        other clients that share it; so does ``on_event`` see its waits and connections.
        """
        self._hooks.add(hook, self)
        self._rewrap()

    def remove_hook(self, hook: Hook) -> None:
        """Take away a hook that was added; commands that are under way are not affected.

        Raises:
            ValueError: it was not added.
        """
        try:
            self._hooks.remove(hook, self)
        finally:
            self._rewrap()

    def _retrying(self, options: Options) -> RetryingExecutor:
        return RetryingExecutor(self._single or self._pool.node, options, self._pool.budget, self._hooks.emit)

    def _rewrap(self) -> None:
        if not self._closed:
            self._executor = self._hooks.wrap(self._core)

    async def lease(self) -> Lease:
        """Take a connection for one caller alone, who must release it; see :meth:`connection`."""
        if self._closed:
            raise ClientClosedError("the client is closed")
        lease = await self._pool.node.lease()
        return self._hooks.wrap_lease(lease)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["ExclusiveConnection[S]"]:
        """Lend a connection of its own: ``async with client.connection() as connection``.

        Its holder may change its state (SELECT, WATCH, MULTI, CLIENT SETNAME ...), which ends with the block. Commands
        are not retried on it.

        Raises:
            PoolTimeoutError: no connection became free within ``pool_timeout``.
        """
        lease = await self.lease()
        try:
            connection: ExclusiveConnection[S] = ExclusiveConnection(lease)
            connection.codec = self.codec
            for name, callback in self.response_callbacks.items():
                connection.set_response_callback(name, callback)
            yield connection
        finally:
            lease.release()

    # -- life -----------------------------------------------------------------------------------------------------

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the client: commands in flight and later ones raise ``ClientClosedError``.

        It takes a second at most, whatever the server does. A second call does nothing.

        Args:
            close_connection_pool: close the pool too; by default where the client made it.

        Raises:
            RuntimeError: another event loop uses it, and runs; nothing was closed.
        """
        if not self._closed:
            self._pool.node.check_loop()
        self._closed = True
        self._executor = ClosedExecutor()
        self._end_subscriptions()
        self._end_monitors()
        try:
            await close_locks(self)
        finally:
            if self._single is not None:
                self._single.release()
            if close_connection_pool or (close_connection_pool is None and self._owns_pool):
                await self._pool.aclose()

    async def close(self, close_connection_pool: bool | None = None) -> None:
        """Do as :meth:`aclose`; redis-py's older name."""
        await self.aclose(close_connection_pool)

    async def initialize(self) -> Self:
        """Return the client; redis-py's callers await it."""
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __await__(self) -> Any:
        return self.initialize().__await__()

    def __repr__(self) -> str:
        options = self.options
        where = options.unix_socket_path or f"{options.host}:{options.port}"
        stats = self.pool_stats()
        state = "closed" if self._closed else f"{stats.total} of {options.pool_size} connections, {stats.in_use} in use"
        return f"<Redis client of {where}, db {options.db}: {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client cannot be pickled or copied: make one in each process")

    def __del__(self) -> None:
        pool = getattr(self, "_pool", None)
        if pool is None or self._closed or not pool.node.connected:
            return
        holds = self._single is not None and self._single.held
        if not (self._owns_pool or holds):
            return
        warnings.warn(f"unclosed {self!r}, made at {self._made_at}", ResourceWarning, stacklevel=1, source=self)
        if self._owns_pool:
            pool.node.abort()
        elif self._single is not None:
            self._single.release()


class ExclusiveConnection(Client[S]):
    """One connection with every command; made by :meth:`Redis.connection`."""

    _fetches_ahead = False

    def __init__(self, lease: Lease) -> None:
        self._executor = lease
        self._lease = lease

    async def lease(self) -> Lease:
        """Return this connection's own lease, for a pipeline to watch on."""
        return BorrowedLease(self._lease)

    def __repr__(self) -> str:
        return "<ExclusiveConnection>"


@overload
def from_url(url: str, *, decode_responses: Literal[True], **options: Unpack[RedisOptions]) -> Redis[str]: ...
@overload
def from_url(
    url: str, *, decode_responses: Literal[False] = False, **options: Unpack[RedisOptions]
) -> Redis[bytes]: ...
@discreet
def from_url(url: str, **options: Any) -> Redis[Any]:
    """Make a client from a URL; see :meth:`Redis.from_url`."""
    return Redis.from_url(url, **options)


StrictRedis = Redis
#: An option of ``execute_command``, as redis-py spells it.
NEVER_DECODE = "NEVER_DECODE"

__all__ = [
    "NEVER_DECODE",
    "AsyncPubsubWorkerExceptionHandler",
    "AsyncResponseCallbackProtocol",
    "Client",
    "ExclusiveConnection",
    "Monitor",
    "MonitorCommandInfo",
    "Pipeline",
    "PubSub",
    "PubSubHandler",
    "PubsubWorkerExceptionHandler",
    "Redis",
    "ResponseCallbackProtocol",
    "ResponseCallbackT",
    "StrictRedis",
    "Subscription",
    "from_url",
]
