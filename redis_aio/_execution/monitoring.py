"""MonitorFeed: brings what one connection monitors to a mailbox; the connection is made anew when it is lost."""

from typing import Any

from redis_aio._connection.connection import Connection
from redis_aio._connection.inflight import ignore
from redis_aio._connection.monitoring import MonitorLine
from redis_aio._connection.subscribing import FENCE, Handlers
from redis_aio._execution.listening import Source
from redis_aio._execution.mailbox import Mailbox, Message, Overflow
from redis_aio._execution.names import Kind
from redis_aio._execution.subscriber import Subscriber

MONITOR = b"*1\r\n$7\r\nMONITOR\r\n"


class Monitoring(Subscriber):
    """A connection that monitors, and its successors."""

    agreed = False

    async def _restore(self, connection: Connection) -> None:
        connection.listen(self._listener.handlers, self._heard, None, MonitorLine)
        reply = connection.send(MONITOR + FENCE)
        reply.add_done_callback(ignore)
        answer = await reply
        if isinstance(answer, Exception):
            raise answer
        self.agreed = True

    def may_authenticate(self, connection: Connection) -> bool:
        """Return ``True``: a connection that monitors takes any command."""
        return True

    @property
    def anything_wanted(self) -> bool:
        """Whether it is made anew when it is lost: once it has been there."""
        return self.agreed


class MonitorFeed:
    """One connection that monitors, and the mailbox for what it sees.

    Args:
        source: gives connections.
        limit: commands that the mailbox holds.
        byte_limit: bytes of them.
        overflow: what happens when it is full.
    """

    def __init__(self, source: Source, limit: int, byte_limit: int, overflow: Overflow) -> None:
        self.handlers: Handlers = {"monitor": self._command}
        self.connection = Monitoring(source, self)
        flow = self.connection.set_flow if overflow == "block" else None
        self.mailbox = Mailbox(self.connection.loop, limit, byte_limit, overflow, flow)

    def _command(self, line: Any) -> None:
        self.mailbox.put(Message("monitor", None, None, line), len(line))

    async def start(self) -> None:
        """Return when the server monitors.

        Raises:
            ResponseError, ConnectionError, TimeoutError: it does not.
        """
        await self.connection.connected()

    def lost(self, since: float) -> None:
        """Note the gap."""
        self.mailbox.lose(since)

    def restored(self) -> None:
        """Go on."""
        self.mailbox.restored()

    def refused(self, kind: Kind, name: bytes, error: Exception) -> None:
        """Do nothing: there are no names to refuse."""

    def ended(self, error: Exception) -> None:
        """End."""
        self.mailbox.fail(error)

    def close(self, error: Exception) -> None:
        """Close the connection; who still reads gets ``error``."""
        self.connection.close(error)
        self.mailbox.fail(error)
