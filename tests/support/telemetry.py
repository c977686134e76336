"""Telemetry: OpenTelemetry's SDK with exporters in memory, read in the form that tests compare."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, Metric, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler


@dataclass(frozen=True)
class Point:
    """One data point of a metric: a number, or a count and a sum."""

    attributes: dict[str, Any]
    value: float
    count: int = 1


class Telemetry:
    """A tracer and a meter provider, and what they were given.

    Args:
        sampler: what spans are kept; by default all.
    """

    def __init__(self, sampler: Sampler | None = None) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.traces = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.traces.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider(metric_readers=[self._reader], shutdown_on_exit=False)
        self.tracer = self.traces.get_tracer("test")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.traces.shutdown()
        self.meters.shutdown()

    @property
    def providers(self) -> dict[str, Any]:
        """The keywords for ``instrument``."""
        return {"tracer_provider": self.traces, "meter_provider": self.meters}

    # -- spans --------------------------------------------------------------------------------------------------------

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        """Return the spans that have ended, in that order; of this name if one is given."""
        return [span for span in self._exporter.get_finished_spans() if name in (None, span.name)]

    def span(self, name: str) -> ReadableSpan:
        """Return the one span of this name."""
        (found,) = self.spans(name)
        return found

    def commands(self) -> list[ReadableSpan]:
        """Return the spans of commands and batches."""
        return [span for span in self.spans() if span.kind is trace.SpanKind.CLIENT]

    def clear(self) -> None:
        """Forget the spans there are."""
        self._exporter.clear()

    # -- metrics ------------------------------------------------------------------------------------------------------

    def metrics(self) -> dict[str, Metric]:
        """Collect, and return the metrics by their names."""
        data = self._reader.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name: str) -> list[Point]:
        """Collect, and return the points of a metric."""
        metric = self.metrics().get(name)
        return [] if metric is None else [_point(point) for point in metric.data.data_points]

    def text(self) -> str:
        """Return everything there is, as text."""
        data = self._reader.get_metrics_data()
        return "\n".join([*(span.to_json() for span in self.spans()), "" if data is None else data.to_json()])


def _point(point: Any) -> Point:
    attributes = dict(point.attributes or {})
    if isinstance(point, HistogramDataPoint):
        return Point(attributes, point.sum, point.count)
    assert isinstance(point, NumberDataPoint)
    return Point(attributes, point.value)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


def parent(span: ReadableSpan) -> int | None:
    """Return the id of the parent of a span."""
    return None if span.parent is None else span.parent.span_id


def own(span: ReadableSpan) -> int:
    """Return the id of a span."""
    context = span.get_span_context()
    assert context is not None
    return int(context.span_id)


__all__ = ["Point", "Telemetry", "attributes", "own", "parent"]
