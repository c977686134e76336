"""What the tests of blocking commands share: the commands, how to serve each, and what is left if nothing was lost."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from redis_aio import Redis
from tests.support import scale
from tests.support.oracles import Nonces, eventually

#: How much earlier than its timeout a command may return: the server's clock ticks in milliseconds.
EARLY = 0.02
#: How much later it may return, on a loop that does not stand still.
LATE = 0.2


class Asks(Protocol):
    """Whoever can ask the server: an observer."""

    @property
    def ask(self) -> Callable[..., Any]: ...


@dataclass(frozen=True)
class Asking:
    """Asks by any function."""

    ask: Callable[..., Any]


@dataclass(frozen=True)
class Wait:
    """A blocking command on keys that begin with ``KEY``, which nobody fills before ``serve`` does.

    Attributes:
        arguments: from the timeout in seconds.
        serve: what ends the wait.
        prepare: what has to be there before.
    """

    arguments: Callable[[float], tuple[Any, ...]]
    serve: tuple[Any, ...] = ("RPUSH", "KEY", "x")
    prepare: tuple[Any, ...] = ()

    @staticmethod
    def named(words: tuple[Any, ...], key: str) -> tuple[Any, ...]:
        """Return the words on a key of their own."""
        return tuple(key + word[3:] if isinstance(word, str) and word.startswith("KEY") else word for word in words)


def milliseconds(seconds: float) -> int:
    """Return what XREAD, WAIT and WAITAOF count in."""
    return int(seconds * 1000)


_ADD_ONE, _ADD_ENTRY = ("ZADD", "KEY", 1, "x"), ("XADD", "KEY", "*", "f", "v")

#: Every blocking command. WAIT and WAITAOF wait for replicas that are not there, so only CLIENT UNBLOCK ends them.
WAITS = {
    "BLPOP": Wait(lambda seconds: ("BLPOP", "KEY-empty", "KEY", seconds)),
    "BRPOP": Wait(lambda seconds: ("BRPOP", "KEY", seconds)),
    "BLMOVE": Wait(lambda seconds: ("BLMOVE", "KEY", "KEY-to", "LEFT", "RIGHT", seconds)),
    "BLMOVEM": Wait(lambda seconds: ("BLMOVEM", "KEY", "KEY-to", "LEFT", "RIGHT", seconds, "COUNT", 2)),
    "BRPOPLPUSH": Wait(lambda seconds: ("BRPOPLPUSH", "KEY", "KEY-to", seconds)),
    "BLMPOP": Wait(lambda seconds: ("BLMPOP", seconds, 2, "KEY-empty", "KEY", "LEFT", "COUNT", 3)),
    "BZPOPMIN": Wait(lambda seconds: ("BZPOPMIN", "KEY", seconds), _ADD_ONE),
    "BZPOPMAX": Wait(lambda seconds: ("BZPOPMAX", "KEY", seconds), _ADD_ONE),
    "BZMPOP": Wait(lambda seconds: ("BZMPOP", seconds, 1, "KEY", "MIN", "COUNT", 3), _ADD_ONE),
    "XREAD": Wait(lambda seconds: ("XREAD", "BLOCK", milliseconds(seconds), "STREAMS", "KEY", "$"), _ADD_ENTRY),
    "XREADGROUP": Wait(
        lambda seconds: ("XREADGROUP", "GROUP", "g", "me", "BLOCK", milliseconds(seconds), "STREAMS", "KEY", ">"),
        _ADD_ENTRY,
        ("XGROUP", "CREATE", "KEY", "g", "$", "MKSTREAM"),
    ),
    "WAIT": Wait(lambda seconds: ("WAIT", 1, milliseconds(seconds)), ()),
    "WAITAOF": Wait(lambda seconds: ("WAITAOF", 0, 1, milliseconds(seconds)), ()),
}


@dataclass(frozen=True)
class Take:
    """A command that takes what others put in ``KEY``; with it, how to fill it and what is left if nothing was lost."""

    command: tuple[Any, ...]
    fill: tuple[Any, ...]
    look: tuple[Any, ...]

    def of(self, key: str) -> "Take":
        """Return the same on a key of its own."""

        def named(words: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(key if word == "KEY" else word for word in words)

        return Take(named(self.command), named(self.fill), named(self.look))


LIST, ZSET = ("LRANGE", "KEY", "0", "-1"), ("ZRANGE", "KEY", "0", "-1", "WITHSCORES")
PUSH, ADD = ("RPUSH", "KEY", "a", "b", "c"), ("ZADD", "KEY", 1.5, "a", 2.5, "b", 3.5, "c")
TAKES = {
    "BLPOP": Take(("BLPOP", "KEY", 0), PUSH, LIST),
    "BRPOP": Take(("BRPOP", "KEY", 0), PUSH, LIST),
    "BLMPOP left": Take(("BLMPOP", 0, 1, "KEY", "LEFT", "COUNT", 2), PUSH, LIST),
    "BLMPOP right": Take(("BLMPOP", 0, 2, "other", "KEY", "RIGHT", "COUNT", 2), PUSH, LIST),
    "BZPOPMIN": Take(("BZPOPMIN", "KEY", 0), ADD, ZSET),
    "BZPOPMAX": Take(("BZPOPMAX", "KEY", 0), ADD, ZSET),
    "BZMPOP": Take(("BZMPOP", 0, 1, "KEY", "MAX", "COUNT", 2), ADD, ZSET),
}


async def timed(call: Awaitable[Any]) -> tuple[float, Any]:
    """Return how long a call took, and what came of it."""
    started = time.monotonic()
    value = await call
    return time.monotonic() - started, value


async def blocked(observer: Asks, count: int) -> None:
    """Wait until so many clients wait in the server."""
    await eventually(lambda: f"blocked_clients:{count}\r\n" in observer.ask("INFO", "clients").decode())


async def assert_free(client: "Redis[Any]") -> None:
    """Check that every connection but the shared one is free again, and that commands and leases still work."""
    await eventually(lambda: client.pool_stats().in_use == client.pool_stats().shared, why=client.pool_stats)
    await Nonces().settle(client, 3)
    async with client.connection() as lease:
        await Nonces().settle(lease, 1)
    assert client.pool_stats().waiting == 0


def filled(observer: Asks, take: Take) -> Any:
    """Return what a full key looks like, and leave it empty."""
    observer.ask(*take.fill)
    full = observer.ask(*take.look)
    observer.ask("DEL", take.look[1])
    return full


async def assert_back(observer: Asks, take: Take, full: Any, how: str) -> None:
    """Check that the key is full again soon, everything in its place."""
    await eventually(
        lambda: observer.ask(*take.look) == full,
        within=scale.PROMPT,
        why=lambda: f"{observer.ask(*take.look)} is left of {full} ({how})",
    )
