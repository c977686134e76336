"""Where a subscriber has its connections from, and whom it tells what comes of them."""

from typing import Protocol

from redis_aio._connection.connection import Connection
from redis_aio._connection.pool import ConnectionPool
from redis_aio._connection.subscribing import Handlers
from redis_aio._execution.names import Kind
from redis_aio._options import Options


class Listener(Protocol):
    """Whom a subscriber tells what happens."""

    #: Take the pushes; what is not in it is nobody's.
    handlers: Handlers

    def lost(self, since: float) -> None:
        """Messages are missing since this Unix time; everything is being restored."""
        ...

    def restored(self) -> None:
        """Everything that is wanted is subscribed to again, except for what is ``absent``."""
        ...

    def refused(self, kind: Kind, name: bytes, error: Exception) -> None:
        """The server agreed to this before, and does not any more."""
        ...

    def ended(self, error: Exception) -> None:
        """Nothing more will come."""
        ...


class Source(Protocol):
    """Where connections come from."""

    options: Options

    async def dedicate(self) -> tuple[Connection, ConnectionPool]:
        """Take a connection that will be closed, and the pool to close it with."""
        ...
