"""ConnectionPool: connections to one server, which several clients can share."""

import time
from types import TracebackType
from typing import Any, NoReturn, Self, Unpack

from redis_aio._connection.dial import dial
from redis_aio._connection.stats import PoolStats
from redis_aio._discreet import discreet
from redis_aio._execution.node import Node
from redis_aio._kwargs import (
    AbstractConnection,
    Connection,
    ConnectKwargs,
    Encoder,
    SSLConnection,
    UnixDomainSocketConnection,
    chosen,
    connection_class,
    connection_kwargs,
    parse_url,
    to_bool,
)
from redis_aio._options import Options, PoolOptions, RedisOptions
from redis_aio.retry import RetryBudget


class ConnectionPool:
    """The connections to one server.

    It waits for a free connection, ``pool_timeout`` seconds at most, and then says who holds them. A client makes one
    for itself; make one yourself to share it between clients.

    Args:
        connection_class: ``SSLConnection`` is ``ssl=True``; ``UnixDomainSocketConnection`` goes with a ``path``.
        max_connections: redis-py's name for ``pool_size``.
        decode_responses: replies are ``str`` instead of ``bytes``.
        path: of the unix socket.
        options: the same keywords as for :class:`redis_aio.Redis`.
    """

    @discreet
    def __init__(
        self,
        connection_class: type[AbstractConnection] = Connection,
        max_connections: int | None = None,
        *,
        decode_responses: bool = False,
        path: str | None = None,
        **options: Unpack[PoolOptions],
    ) -> None:
        given: dict[str, Any] = {**options, "decode_responses": decode_responses}
        if max_connections is not None:
            given["max_connections"] = max_connections
        self._start(Options.build(**chosen(connection_class, path, given)))

    def _start(self, options: Options) -> None:
        self.options = options
        self.node: Node = Node(options, dial)
        self.budget: RetryBudget = RetryBudget(time.monotonic)

    @classmethod
    @discreet
    def from_url(cls, url: str, *, decode_responses: bool = False, **options: Unpack[RedisOptions]) -> Self:
        """Make a pool from a URL; options in the URL win over keywords."""
        pool = cls.__new__(cls)
        pool._start(Options.from_url(url, decode_responses=decode_responses, **options))
        return pool

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connection pool cannot be pickled or copied: make one in each process")

    def stats(self) -> PoolStats:
        """Return the figures of this moment."""
        return self.node.stats()

    @property
    def peer(self) -> tuple[str, int] | None:
        """The address of the server, where all connections lead to the same one; of a unix socket its path, and 0."""
        return self.node.peer

    @property
    def waiting(self) -> int:
        """How many callers wait for a connection."""
        return self.node.waiting

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self.node.closed

    @property
    def connection_class(self) -> type[AbstractConnection]:
        """The kind of its connections."""
        return connection_class(self.options)

    @property
    def connection_kwargs(self) -> dict[str, Any]:
        """The options under redis-py's names, credentials included; changing it changes nothing."""
        return connection_kwargs(self.options)

    @property
    def max_connections(self) -> int:
        """redis-py's name for ``pool_size``."""
        return self.options.pool_size

    def get_encoder(self) -> Encoder:
        """Return what makes bytes of text and text of bytes, as the clients of this pool do."""
        return Encoder(self.options.encoding, self.options.encoding_errors, self.options.decode_responses)

    def get_protocol(self) -> int:
        """Return the version of RESP that is asked for."""
        return self.options.protocol

    async def aclose(self) -> None:
        """Close every connection. Takes a second at most; a second call does nothing."""
        await self.node.aclose()

    async def disconnect(self, inuse_connections: bool = True) -> None:
        """Close every connection, as :meth:`aclose`; the parameter is redis-py's."""
        await self.node.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        stats = self.node.stats()
        where = self.options.unix_socket_path or f"{self.options.host}:{self.options.port}"
        return (
            f"<ConnectionPool to {where}, db {self.options.db}: {stats.total} of {self.options.pool_size} connections, "
            f"{stats.in_use} in use, {stats.waiting} waiting>"
        )


class BlockingConnectionPool(ConnectionPool):
    """redis-py's pool that waits, with its defaults; here every pool does.

    Args:
        max_connections: ``pool_size``.
        timeout: ``pool_timeout``.
        connection_class: as for :class:`ConnectionPool`.
        queue_class: ignored; redis-py has it.
        decode_responses: replies are ``str`` instead of ``bytes``.
        path: of the unix socket.
        options: the same keywords as for :class:`redis_aio.Redis`.
    """

    @discreet
    def __init__(
        self,
        max_connections: int | None = 50,
        timeout: float | None = 20,
        connection_class: type[AbstractConnection] = Connection,
        queue_class: Any = None,
        *,
        decode_responses: bool = False,
        path: str | None = None,
        **options: Unpack[PoolOptions],
    ) -> None:
        given: dict[str, Any] = {**options, "decode_responses": decode_responses, "max_connections": max_connections}
        if "pool_timeout" not in options:
            given["timeout"] = timeout
        if "pool_size" in options:
            del given["max_connections"]
        self._start(Options.build(**chosen(connection_class, path, given)))

    @classmethod
    @discreet
    def from_url(cls, url: str, *, decode_responses: bool = False, **options: Unpack[RedisOptions]) -> Self:
        """Make a pool from a URL; options in the URL win over keywords, and those over the defaults of this class."""
        given: dict[str, Any] = {**options, "decode_responses": decode_responses}
        if "pool_size" not in given:
            given.setdefault("max_connections", 50)
        if "pool_timeout" not in given:
            given.setdefault("timeout", 20)
        return super().from_url(url, **given)


__all__ = [
    "AbstractConnection",
    "BlockingConnectionPool",
    "ConnectKwargs",
    "Connection",
    "ConnectionPool",
    "PoolStats",
    "SSLConnection",
    "UnixDomainSocketConnection",
    "parse_url",
    "to_bool",
]
