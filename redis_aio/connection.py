"""ConnectionPool: connections to one server, which several clients can share."""

import time
from types import TracebackType
from typing import NoReturn, Self, Unpack

from redis_aio._connection.dial import dial
from redis_aio._connection.stats import PoolStats
from redis_aio._discreet import discreet
from redis_aio._execution.node import Node
from redis_aio._options import Options, RedisOptions
from redis_aio.retry import RetryBudget


class ConnectionPool:
    """The connections to one server.

    It waits for a free connection, ``pool_timeout`` seconds at most, and then says who holds them. A client makes one
    for itself; make one yourself to share it between clients.

    Args:
        options: the same keywords as for :class:`redis_aio.Redis`.
    """

    @discreet
    def __init__(self, **options: Unpack[RedisOptions]) -> None:
        self._start(Options.build(**options))

    def _start(self, options: Options) -> None:
        self.options = options
        self.node: Node = Node(options, dial)
        self.budget: RetryBudget = RetryBudget(time.monotonic)

    @classmethod
    @discreet
    def from_url(cls, url: str, **options: Unpack[RedisOptions]) -> Self:
        """Make a pool from a URL; options in the URL win over keywords."""
        pool = cls.__new__(cls)
        pool._start(Options.from_url(url, **options))
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


#: redis-py's pool that waits; here every pool does.
BlockingConnectionPool = ConnectionPool

__all__ = ["BlockingConnectionPool", "ConnectionPool", "PoolStats"]
