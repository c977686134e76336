"""Wire: a transport that plays the network for one Connection, without a socket or a server."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from redis_aio._connection.connection import Connection
from redis_aio._connection.handshake import Session
from redis_aio._options import Options


class Wire(asyncio.Transport):
    """Records what a connection writes, and is told what it receives."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection = connection
        #: What was written, a write an element.
        self.writes: list[bytes] = []
        self.aborted = False
        self.closing = False
        #: How much the transport pretends not to have got rid of.
        self.unwritten = 0

    @property
    def written(self) -> bytes:
        """Everything that was written."""
        return b"".join(self.writes)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.aborted, "written after the end"
        self.writes.append(bytes(data))

    def receive(self, data: bytes) -> None:
        """Have the connection receive a chunk."""
        self.connection.data_received(data)

    def get_write_buffer_size(self) -> int:
        return self.unwritten

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.aborted = True


def connected(**options: Any) -> tuple[Connection, Wire]:
    """Return a ready connection and its wire."""
    connection = Connection(Options.build(**options), asyncio.get_running_loop())
    wire = Wire(connection)
    connection.connection_made(wire)
    connection.ready(Session(protocol=3, client_id=7))
    connection._expected = 1  # as after a first reply: what finds an empty line is written at once
    return connection, wire


#: Makes a connection and a wire of its own, for tests of pools: a dialer without a network.
Dial = Callable[[Options], Coroutine[Any, Any, Connection]]


class Network:
    """A dialer whose connections answer nothing until told, and that can refuse or be slow."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.dialing = 0

    async def dial(self, options: Options) -> Connection:
        """Make a ready connection."""
        self.dialing += 1
        try:
            await self.gate.wait()
            if self.error is not None:
                raise self.error
            connection = Connection(options, asyncio.get_running_loop())
            wire = Wire(connection)
            connection.connection_made(wire)
            connection.ready(Session(protocol=3, client_id=len(self.wires) + 1))
            self.wires.append(wire)
            return connection
        finally:
            self.dialing -= 1


async def turns(count: int = 3) -> None:
    """Let the event loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)
