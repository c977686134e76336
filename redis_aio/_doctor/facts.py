"""Facts: all that the checks look at, and how it is asked for. Nothing here is changed on the server."""

import asyncio
import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from redis_aio import _log, exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._options import Options
from redis_aio._replies import server as replies
from redis_aio._replies.common import text, text_keyed
from redis_aio.client import Redis

#: What is asked of CONFIG. Each by name: a pattern would bring passwords along.
CONFIG = (
    *("maxmemory", "maxmemory-policy", "maxclients", "timeout", "tcp-keepalive", "save", "appendonly", "bind"),
    *("client-output-buffer-limit", "notify-keyspace-events", "slowlog-log-slower-than", "latency-monitor-threshold"),
    *("protected-mode", "lazyfree-lazy-eviction", "lazyfree-lazy-expire", "stop-writes-on-bgsave-error"),
)
SECTIONS = ("server", "clients", "memory", "persistence", "stats", "replication", "cluster", "keyspace")
#: Files in which the kernel of this machine, and so of a server on it, says how it is set.
KERNEL = {
    "transparent_hugepage": "/sys/kernel/mm/transparent_hugepage/enabled",
    "overcommit_memory": "/proc/sys/vm/overcommit_memory",
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a server and its client.

    Attributes:
        options: the client's.
        processes: how many processes of the application have such a client.
        cache: whether the server is used as a cache.
        error: why the server could not be asked; ``None`` if it could.
        info: INFO.
        config: CONFIG GET, as far as it may be read.
        user: ACL WHOAMI.
        default_open: whether the user ``default`` is on and needs no password; ``None`` if that is not known.
        slow: name and seconds of the commands in the slow log.
        latency: name and worst seconds of the events that the latency monitor has seen.
        pings: seconds that PING took, in the order they were sent.
        unreadable: what the server did not let this user see.
        kernel: settings of this machine's kernel, if the server is on it.
    """

    options: Options
    processes: int = 1
    cache: bool = False
    error: Exception | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    default_open: bool | None = None
    slow: tuple[tuple[str, float], ...] = ()
    latency: tuple[tuple[str, float], ...] = ()
    pings: tuple[float, ...] = ()
    unreadable: tuple[str, ...] = ()
    kernel: Mapping[str, str] = field(default_factory=dict)

    def number(self, name: str) -> float | None:
        """Return a figure of INFO, or ``None`` where it does not say."""
        value = self.info.get(name)
        return float(value) if isinstance(value, int | float) else None

    def setting(self, name: str) -> int | None:
        """Return a number of CONFIG, or ``None`` where it is not known."""
        try:
            return int(self.config[name])
        except (KeyError, ValueError):
            return None

    @property
    def flavour(self) -> str:
        """``"redis"`` or ``"valkey"``."""
        return "valkey" if "valkey_version" in self.info else "redis"

    @property
    def version(self) -> str | None:
        """The server's version."""
        found = self.info.get("valkey_version", self.info.get("redis_version"))
        return None if found is None else str(found)

    @property
    def local(self) -> bool:
        """Whether the server is reached without leaving this machine."""
        host = self.options.host
        if self.options.unix_socket_path is not None or host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def quantile(values: tuple[float, ...], share: float) -> float:
    """Return the smallest of ``values`` that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


async def gather(client: Redis[Any], *, timeout: float, samples: int, processes: int = 1, cache: bool = False) -> Facts:
    """Ask a server.

    Args:
        client: how to reach it.
        timeout: seconds for all of it.
        samples: how many times to send PING.
        processes, cache: as in ``Facts``.
    """
    options = client.options
    known: dict[str, Any] = {}
    unreadable: list[str] = []
    error: Exception | None = None
    try:
        async with asyncio.timeout(timeout):
            try:
                known["pings"] = await ping(client, samples)
            except exceptions.NoPermissionError:
                unreadable.append("PING")
            await _ask(client, known, unreadable)
    except (exceptions.RedisError, TimeoutError) as failure:
        error = failure
    if error is not None and not isinstance(error, exceptions.RedisError):
        error = exceptions.ReadTimeoutError(f"the server did not answer everything within {timeout:g} s")
    found = Facts(options=options, processes=processes, cache=cache, error=error, unreadable=tuple(unreadable), **known)
    return replace(found, kernel=_kernel()) if found.local else found


async def ping(client: Redis[Any], samples: int) -> tuple[float, ...]:
    """Return how many seconds each of several PINGs took; one more, which connects, goes before them."""
    await client.execute(Command("PING"))
    taken: list[float] = []
    for _ in range(samples):
        started = time.perf_counter()
        await client.execute(Command("PING"))
        taken.append(time.perf_counter() - started)
    return tuple(taken)


async def _ask(client: Redis[Any], known: dict[str, Any], unreadable: list[str]) -> None:
    """Ask for everything but PING in one batch; what is refused is noted."""
    info = [Command("INFO", section, reply=replies.info) for section in SECTIONS]
    config: list[Command[Any]] = [Command("CONFIG GET", name, reply=replies.config) for name in CONFIG]
    others: list[Command[Any]] = [
        Command("ACL WHOAMI", reply=text),
        Command("ACL GETUSER", "default", reply=_needs_no_password),
        Command("SLOWLOG GET", 16, reply=_slow),
        Command("LATENCY LATEST", reply=_latency),
    ]
    values = await client.execute_batch(Batch([*info, *config, *others], atomic=False))
    known["info"] = _merged(values[: len(info)], "INFO", unreadable)
    known["config"] = _merged(values[len(info) : -len(others)], "CONFIG GET", unreadable)
    names = (("ACL WHOAMI", "user"), ("ACL GETUSER", "default_open"), ("SLOWLOG", "slow"), ("LATENCY", "latency"))
    for (name, key), value in zip(names, values[-len(others) :], strict=True):
        if isinstance(value, Exception):
            unreadable.append(name)
        else:
            known[key] = value


def _merged(parts: list[Any], name: str, unreadable: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, dict):
            found.update(part)
        elif name not in unreadable:
            unreadable.append(name)
    return found


def _needs_no_password(reply: Any) -> bool:
    """Return of ACL GETUSER whether the user is on and has no password; the rest is not kept."""
    flags = {text(flag) for flag in text_keyed(reply).get("flags", ())}
    return {"on", "nopass"} <= flags


def _slow(reply: Any) -> tuple[tuple[str, float], ...]:
    """Return of SLOWLOG GET the names and times: the arguments are data."""
    return tuple((text(entry[3][0]).upper(), int(entry[2]) / 1e6) for entry in reply if entry[3])


def _latency(reply: Any) -> tuple[tuple[str, float], ...]:
    return tuple((text(event[0]), int(event[3]) / 1e3) for event in reply)


def _kernel() -> dict[str, str]:
    found = {}
    for name, path in KERNEL.items():
        try:
            found[name] = Path(path).read_text().strip()
        except OSError:
            continue  # another system, or a container that hides it
    return found


def said(error: Exception) -> str:
    """Return what may be printed of an error."""
    return _log.describe(error)
