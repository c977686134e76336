"""Health: what a health endpoint wants to know of a server and a pool, in one call that always answers."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from redis_aio import _log
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._connection.pool_log import LastError
from redis_aio._connection.stats import PoolStats
from redis_aio._replies import server as replies
from redis_aio.connection import ConnectionPool

#: The parts of INFO that are looked at, each asked for by itself: several at once are understood from 7.0 on only.
SECTIONS = ("server", "replication", "persistence")


@dataclass(frozen=True, slots=True)
class Health:
    """What was found at one moment. What the server did not say, or may not say to this user, is ``None``.

    Attributes:
        ok: whether the server answered PING in time, and not with an error.
        reason: why not; an error's type or a text of this library, never a text of the server's.
        latency: seconds that PING took, the making of a connection included where there was none.
        role: ``"primary"`` or ``"replica"``.
        server: ``"redis"`` or ``"valkey"``.
        version: the server's version.
        loading: whether the server is loading its data.
        replication_link: of a replica: ``"up"`` or ``"down"``.
        pool: the figures of the client's pool, afterwards.
        last_error: the last thing that went wrong with the pool's connections, however long ago.
        checked_at: when this was found, as a Unix time.
    """

    ok: bool
    reason: str | None
    latency: float | None
    role: str | None
    server: str | None
    version: str | None
    loading: bool | None
    replication_link: str | None
    pool: PoolStats
    last_error: LastError | None
    checked_at: float

    def to_dict(self) -> dict[str, Any]:
        """Return all this as dicts, strings, numbers, booleans and ``None``, ready for JSON."""
        return asdict(self)


class Checked(Protocol):
    """What is asked of a client for it to be checked."""

    @property
    def connection_pool(self) -> ConnectionPool:
        """Its pool."""
        ...

    async def execute(self, command: Command[Any]) -> Any:
        """Execute a command."""
        ...

    async def execute_batch(self, batch: Batch) -> list[Any]:
        """Execute several."""
        ...


class HealthChecks:
    """Gives a client its method ``health``."""

    async def health(self: Checked, *, timeout: float = 1.0) -> Health:
        """Look whether the server answers, and return that with what is known of it and of the pool.

        It is asked the way the program's own commands go, with their retries and hooks. A server that is down, slow or
        unwilling is a ``Health`` whose ``ok`` is false, not an error.

        Args:
            timeout: seconds for all of it.
        """
        if not (isinstance(timeout, int | float) and timeout > 0):
            raise ValueError(f"timeout must be a positive number of seconds, not {timeout!r}")
        latency: float | None = None
        found: Mapping[str, Any] = {}
        reason: str | None = None
        bound = asyncio.timeout(timeout)
        try:
            async with bound:
                started = time.perf_counter()
                await self.execute(Command("PING"))
                latency = time.perf_counter() - started
                found = await _info(self)
        except Exception as error:  # a hook may raise anything, and this is asked in order to be answered
            if latency is None:
                reason = f"no answer within {timeout:g} s" if bound.expired() else _log.describe(error)
        node = self.connection_pool.node
        return health_of(found, latency, reason, node.stats(), node.last_error)


async def _info(client: Checked) -> dict[str, Any]:
    """Return what INFO says, less the sections that this user may not read."""
    batch = Batch([Command("INFO", section, reply=replies.info) for section in SECTIONS], atomic=False)
    found: dict[str, Any] = {}
    for section in await client.execute_batch(batch):
        found.update(section if isinstance(section, dict) else {})
    return found


def health_of(
    info: Mapping[str, Any], latency: float | None, reason: str | None, pool: PoolStats, last_error: LastError | None
) -> Health:
    """Make a ``Health`` of what INFO said and of what the client knows."""
    link = info.get("master_link_status")
    version = info.get("valkey_version", info.get("redis_version"))
    return Health(
        ok=latency is not None,
        reason=reason,
        latency=latency,
        role={"master": "primary", "slave": "replica"}.get(str(info.get("role"))),
        server=None if version is None else ("valkey" if "valkey_version" in info else "redis"),
        version=None if version is None else str(version),
        loading=bool(info["loading"]) if "loading" in info else None,
        replication_link=None if link is None else str(link),
        pool=pool,
        last_error=last_error,
        checked_at=time.time(),
    )


__all__ = ["Health", "HealthChecks", "LastError"]
