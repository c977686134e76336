"""Durations: a histogram that is handed values in bulk.

Recording one value in the SDK costs several times what a command does, most of it to find out what its attributes mean.
So values are gathered by their attributes, and handed over when the metrics are collected, or when there are many. The
SDK has no call for that: where its insides are as they are known, the values are added to them, and otherwise recorded
one by one. Either way each value is counted once, in the buckets that the program wants to have.
"""

import contextvars
from bisect import bisect_right
from itertools import pairwise
from threading import Lock
from typing import Any

from opentelemetry.metrics import Histogram

from redis_aio.otel.semconv import Attributes

#: Values with the same attributes that are kept back at most.
MOST = 1_024
#: The same where they have to be recorded one by one: nobody shall wait for many.
FEW = 32
#: What the SDK keeps a histogram's values in, and what is used of it.
_KNOWN = "_ExplicitBucketHistogramAggregation"
_PARTS = frozenset(("_lock", "_value", "_boundaries", "_sum", "_record_min_max", "_min", "_max"))


class Series:
    """The values with the same attributes.

    Args:
        histogram: where they go.
        attributes: theirs.
    """

    __slots__ = ("_attributes", "_histogram", "_taking", "most", "values")

    def __init__(self, histogram: Histogram, attributes: Attributes) -> None:
        self._histogram = histogram
        self._attributes = attributes
        #: Those that are gathered, always the same list; who adds the last of ``most`` hands them over.
        self.values: list[float] = []
        self.most: int = MOST
        self._taking = Lock()

    def record(self, value: float) -> None:
        """Record a value at once, in the current context: the SDK may keep it as an example of the current span."""
        self._histogram.record(value, self._attributes)

    def hand_over(self) -> None:
        """Record what was added; other threads may do so, and add, at the same time.

        In a context of its own: the values are those of others, and no examples of the span that is current here.
        """
        with self._taking:  # what is added meanwhile stands behind what is taken
            values = self.values[:]
            del self.values[: len(values)]
        places = _places(self._histogram, self._attributes) if values else []
        if places is None:
            contextvars.Context().run(self._record, values)
        elif places:
            _add(places, values)

    def _record(self, values: list[float]) -> None:
        self._histogram.record(values.pop(), self._attributes)  # now the SDK has a place for these attributes
        places = _places(self._histogram, self._attributes)
        self.most = FEW if places is None else MOST
        if places is not None:
            _add(places, values)
            return
        for value in values:
            self._histogram.record(value, self._attributes)


def _places(histogram: Any, attributes: Attributes) -> list[Any] | None:
    """Return where the SDK's readers keep the values with these attributes; ``None`` if that is not known."""
    histogram = getattr(histogram, "_real_instrument", None) or histogram
    enabled = getattr(histogram, "_is_enabled", None)
    if enabled is not None and not enabled():
        return None  # it knows what to do with values that nobody wants
    found: list[Any] = []
    try:
        for storage in histogram._measurement_consumer._reader_storages.values():
            for match in storage._instrument_view_instrument_matches[histogram]:
                if match._reset_on_collect:
                    return None  # the place may be thrown away at any time
                kept = match._view._attribute_keys
                wanted = {key: value for key, value in attributes.items() if kept is None or key in kept}
                places = [place for place in match._attributes_aggregation.values() if place._attributes == wanted]
                if len(places) != 1 or type(places[0]).__name__ != _KNOWN or not vars(places[0]).keys() >= _PARTS:
                    return None
                found += places
    except (AttributeError, KeyError, TypeError, RuntimeError):  # not the SDK, or another one than is known
        return None
    return found


def _add(places: list[Any], values: list[float]) -> None:
    values.sort()  # then only the ends of the buckets have to be looked for
    for place in places:
        ends = [bisect_right(values, boundary) for boundary in place._boundaries]
        counts = [end - begin for begin, end in pairwise([0, *ends, len(values)])]
        with place._lock:
            if place._value is not None:
                counts = [count + before for count, before in zip(counts, place._value, strict=True)]
            place._value = counts
            place._sum += sum(values)
            if values and place._record_min_max:
                place._min = min(place._min, values[0])
                place._max = max(place._max, values[-1])


class Durations:
    """A histogram of durations.

    Args:
        histogram: where they go.
    """

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._series: dict[tuple[tuple[str, str | int], ...], Series] = {}
        self._lock = Lock()

    def series(self, attributes: Attributes) -> Series:
        """Return the series with these attributes."""
        key = tuple(sorted(attributes.items()))
        with self._lock:
            found = self._series.get(key)
            if found is None:
                found = self._series[key] = Series(self._histogram, attributes)
        return found

    def hand_over(self) -> None:
        """Record what was added to any series."""
        with self._lock:
            known = list(self._series.values())
        for series in known:
            series.hand_over()
