"""Scenario: one thing that is measured; and the two ways a measurement is read, as a rate or as checks of its own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benchmarks.peers.base import Peer

#: What one run gives: names of figures to figures.
Figures = dict[str, Any]

VALUE_SIZE = 64
#: How many different keys the small GETs are spread over.
KEYS = 1_000


class Settings(NamedTuple):
    """How long and how much one run does."""

    #: How long a rate is measured.
    seconds: float
    #: The share of the full size that scenarios of a fixed size do: 1.0, or less in a quick run.
    scale: float = 1.0

    @property
    def warm_up(self) -> float:
        """How long a rate runs before it counts: connections open, caches fill, code specialises."""
        return min(0.25, self.seconds / 2)


class Seed(NamedTuple):
    """The keys a scenario finds: ``keys`` of them named by `key`, each with a value of ``size`` bytes."""

    keys: int
    size: int


def key(number: int) -> str:
    """Return the name of the seeded key with this number."""
    return f"bench:{number:04d}"


class Check(NamedTuple):
    """One figure held against its bound, or only shown: then ``met`` is ``None``."""

    what: str
    value: str
    bound: str
    met: bool | None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One thing that is measured.

    Args:
        name: the word for `--only`.
        title: what it is, in the tables.
        measure: runs it on a connected peer.
        seeds: the keys it finds.
        goals: name of a peer -> the ratio that ours shall have to it.
        limit: arguments of redis-benchmark that do the same, where it can.
        pool_sizes: numbers of connections to try with the clients that have pools; ``None`` is the client's default.
        checks: reads the figures of one client where the scenario is not a rate.
        rounds: how many runs at most, for ours and for each peer; ``None`` is as many as asked for.
        connections_seen: whether the server's connections are counted while it runs.
    """

    name: str
    title: str
    measure: Callable[[Peer, Settings], Awaitable[Figures]]
    seeds: tuple[Seed, ...] = (Seed(KEYS, VALUE_SIZE),)
    goals: Mapping[str, float] = field(default_factory=dict)
    limit: tuple[str, ...] | None = None
    pool_sizes: tuple[int | None, ...] = (1,)
    checks: Callable[[Figures], list[Check]] | None = None
    rounds: tuple[int | None, int | None] = (None, None)
    connections_seen: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether its result is commands per second, which can be compared as a ratio."""
        return self.checks is None
