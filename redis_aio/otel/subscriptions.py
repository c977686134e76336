"""Subscriptions: the figures of pub/sub, read from clients when the metrics are collected: no message pays for them."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TypeAlias

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from redis_aio.hooks import HookedClient
from redis_aio.otel.semconv import Attributes

Key: TypeAlias = tuple[tuple[str, str | int], ...]

#: Name, unit and description of an instrument, and the figure of a client that it shows.
_COUNTED = (
    ("messages", "{message}", "Messages of subscriptions.", "received"),
    ("gaps", "{gap}", "Places in subscriptions where messages are missing.", "gaps"),
    ("drops", "{message}", "Messages that were thrown away, because nobody took them in time.", "dropped"),
)


class _Watched:
    """A client, and what was seen of it last."""

    def __init__(self, client: HookedClient, attributes: Attributes) -> None:
        self.client = weakref.ref(client)
        self.key: Key = tuple(sorted(attributes.items()))
        self.before = _figures(client)
        self.seen: Counter[str] = Counter()

    def look(self) -> bool:
        """See what has come since it is watched; return whether the client is still there."""
        client = self.client()
        if client is None:
            return False
        self.seen = _figures(client)
        self.seen.subtract(self.before)
        return True


def _figures(client: HookedClient) -> Counter[str]:
    """Ask a client, which may be at work in another thread meanwhile."""
    for _ in range(10):
        try:
            stats = client.pubsub_stats()
        except RuntimeError:  # a subscription has come or gone while they were counted
            continue
        return Counter({figure: getattr(stats, figure) for _, _, _, figure in _COUNTED})
    return Counter()


class Subscriptions:
    """The subscriptions of all clients that are measured by one meter.

    Args:
        meter: makes the instruments.
    """

    def __init__(self, meter: Meter) -> None:
        self._watched: list[_Watched] = []
        self._past: dict[Key, Counter[str]] = {}  # of clients that are gone: counters never go back
        self._lock = Lock()
        for name, unit, description, figure in _COUNTED:
            name = f"redis.client.pubsub.{name}"
            meter.create_observable_counter(name, [self._observing(figure)], unit, description)

    def watch(self, client: HookedClient, attributes: Attributes) -> None:
        """Observe a client from now on."""
        with self._lock:
            self._watched.append(_Watched(client, attributes))

    def forget(self, client: HookedClient) -> None:
        """Observe a client no more."""
        with self._lock:
            for watched in [watched for watched in self._watched if watched.client() is client]:
                watched.look()
                self._retire(watched)

    def _retire(self, watched: _Watched) -> None:
        self._watched.remove(watched)
        self._past.setdefault(watched.key, Counter()).update(watched.seen)

    def _observing(self, figure: str) -> Callable[[CallbackOptions], Iterator[Observation]]:
        def observe(options: CallbackOptions) -> Iterator[Observation]:
            for key, counted in self._totals().items():
                if counted["received"] or counted["gaps"]:
                    yield Observation(counted[figure], dict(key))

        return observe

    def _totals(self) -> dict[Key, Counter[str]]:
        with self._lock:
            for watched in list(self._watched):
                if not watched.look():
                    self._retire(watched)
            totals = {key: counted.copy() for key, counted in self._past.items()}
            for watched in self._watched:
                totals.setdefault(watched.key, Counter()).update(watched.seen)
        return totals


__all__ = ["Subscriptions"]
