"""Peer: the face a scenario drives, the same for every client.

`get` and `set` are attributes that hold the client's own bound methods, and a batch is the client's own pipeline:
a wrapper around either would cost the fastest client most and so flatter the slow ones.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol


class Address(NamedTuple):
    """Where the server listens."""

    host: str
    port: int


class Batch(Protocol):
    """A pipeline being filled: its methods queue and do no I/O."""

    def get(self, name: str, /) -> Any: ...

    def set(self, name: str, value: bytes, /) -> Any: ...


class Peer(ABC):
    """One client library, configured to be at its best."""

    #: The name in the tables.
    name: ClassVar[str]
    #: The distribution whose version is reported.
    distribution: ClassVar[str]
    #: Whether the number of connections is a knob worth turning: then several are tried and the best is taken.
    pooled: ClassVar[bool] = False

    get: Callable[[str], Awaitable[bytes | None]]
    set: Callable[[str, bytes], Awaitable[Any]]

    def __init__(self, address: Address, connections: int | None = None) -> None:
        """Keep where to connect; ``connections`` sizes the pool, ``None`` leaves the client's default."""
        self.address = address
        self.connections = connections

    @abstractmethod
    async def connect(self) -> None:
        """Make the client ready, and set `get` and `set`."""

    @abstractmethod
    def batch(self) -> Batch:
        """Return an empty pipeline, not a transaction."""

    @abstractmethod
    async def run(self, batch: Any) -> Sequence[Any]:
        """Send the batch and return its replies."""

    @abstractmethod
    async def close(self) -> None:
        """End all connections."""

    def pool_size(self) -> int | None:
        """Return how many connections the client promises at most, or ``None`` where it does not say."""
        return self.connections
