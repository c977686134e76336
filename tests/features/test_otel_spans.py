"""Spans that are made without the tracer: they are what the tracer would have made, or it is asked."""

import asyncio
import contextvars
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, Tracer, TracerProvider
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    StaticSampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

from redis_aio import Hook, Redis
from redis_aio.otel import TracingHook, instrument, semconv, uninstrument
from redis_aio.otel import metrics as otel_metrics
from redis_aio.otel.tracing import active_span, traces_of
from tests.conftest import MakeClient
from tests.support.telemetry import Telemetry, attributes, own, parent

STATE = TraceState([("vendor", "value")])


def within(flags: int, *, remote: bool = False, state: TraceState | None = None) -> trace.Span:
    """Return what a caller's span may be."""
    return NonRecordingSpan(
        SpanContext(1 << 100, 2, is_remote=remote, trace_flags=TraceFlags(flags), trace_state=state)
    )


CALLERS = {
    "none": trace.INVALID_SPAN,
    "sampled": within(1),
    "random": within(3),
    "remote": within(3, remote=True, state=STATE),
    "unsampled": within(2),
}


@dataclass
class Watching(SpanProcessor):
    """Keeps what it sees of spans when they start and when they end."""

    started: list[tuple[Any, dict[str, Any], Context | None]] = field(default_factory=list)
    ended: list[ReadableSpan] = field(default_factory=list)

    def on_start(self, span: Any, parent_context: Context | None = None) -> None:
        self.started.append((span, dict(span.attributes), parent_context))

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append(span)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the spans that a tracer of the SDK was asked to start."""
    names: list[str] = []
    start_span = Tracer.start_span

    def started(self: Tracer, name: str, *more: Any, **named: Any) -> trace.Span:
        names.append(name)
        return start_span(self, name, *more, **named)

    monkeypatch.setattr(Tracer, "start_span", started)
    return names


def traced(client: Redis[bytes], provider: Any) -> Redis[bytes]:
    client.add_hook(TracingHook(provider))
    return client


def looks(span: Any) -> dict[str, Any]:
    """Return what a span is made of, without what differs from span to span."""
    found: dict[str, Any] = {"": type(span)}
    for name, part in vars(span).items():
        if name in ("_attributes", "_events", "_links"):
            found |= {f"{name}.{inner}": value for inner, value in vars(part).items() if inner != "_lock"}
            part = type(part)
        if name not in ("_context", "_start_time", "_end_time"):
            found[name] = type(part) if name == "_lock" else part
    return found


@pytest.mark.parametrize("sampler", [DEFAULT_ON, ALWAYS_ON], ids=["by parent", "always on"])
@pytest.mark.parametrize("caller", CALLERS)
async def test_they_are_those_of_the_tracer(
    make_client: MakeClient, asked: list[str], sampler: Sampler, caller: str
) -> None:
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    watching = Watching()
    provider.add_span_processor(watching)
    client = traced(make_client(), provider)
    await client.ping()
    watching.started.clear()
    watching.ended.clear()
    asked.clear()
    with trace.use_span(CALLERS[caller]):
        for _ in range(3):
            await client.get("k")
    if caller == "unsampled" and sampler is DEFAULT_ON:
        assert (watching.ended, asked) == ([], [])
        return
    assert asked == ["GET"]
    first, second, third = watching.ended
    assert looks(second) == looks(third) == looks(first)
    one, two, three = (looks(span) for span, _, _ in watching.started)
    assert two == three == one
    above = CALLERS[caller].get_span_context()
    ids = set()
    for span in watching.ended:
        assert span.context is not None
        ids.add(span.context.span_id)
        assert (span.context.trace_id == above.trace_id) == above.is_valid
        assert span.context.trace_flags == (first.context and first.context.trace_flags)
        assert span.context.trace_flags.sampled
        assert dict(span.context.trace_state) == dict(above.trace_state)
        assert span.parent == (above if above.is_valid else None)
        assert (span.start_time or 0) <= (span.end_time or 0)
    assert len(ids) == 3
    assert [seen for _, seen, _ in watching.started] == [attributes(first)] * 3
    for _, _, context in watching.started:
        assert trace.get_current_span(context) is CALLERS[caller]
    provider.shutdown()


class Labelling(StaticSampler):
    """One of the SDK's that was extended, and calls itself as it does."""

    def should_sample(self, *arguments: Any, **named: Any) -> SamplingResult:
        super().should_sample(*arguments, **named)
        return SamplingResult(Decision.RECORD_AND_SAMPLE, {"label": "mine"})


class Derived(TracerProvider):
    """A provider whose tracers are not the SDK's."""

    def get_tracer(self, *arguments: Any, **named: Any) -> Any:
        tracer: Any = super().get_tracer(*arguments, **named)
        tracer.__class__ = type("Tracer", (Tracer,), {"__module__": "elsewhere"})
        return tracer


OTHERS: dict[str, tuple[type[TracerProvider], dict[str, Any]]] = {
    "an extended sampler": (TracerProvider, {"sampler": Labelling(Decision.RECORD_AND_SAMPLE)}),
    "an extended sampler by parent": (
        TracerProvider,
        {"sampler": ParentBased(Labelling(Decision.RECORD_AND_SAMPLE))},
    ),
    "a ratio": (TracerProvider, {"sampler": TraceIdRatioBased(1.0)}),
    "few attributes": (TracerProvider, {"span_limits": SpanLimits(max_span_attributes=3)}),
    "short attributes": (TracerProvider, {"span_limits": SpanLimits(max_span_attribute_length=2)}),
    "another tracer": (Derived, {}),
}


@pytest.mark.parametrize("which", OTHERS)
async def test_the_tracer_is_asked_where_more_depends_on_it(
    make_client: MakeClient, asked: list[str], which: str
) -> None:
    kind, parameters = OTHERS[which]
    provider = kind(**parameters, shutdown_on_exit=False)
    watching = Watching()
    provider.add_span_processor(watching)
    client = traced(make_client(), provider)
    await client.ping()
    asked.clear()
    for _ in range(3):
        await client.get("k")
    assert asked == ["GET"] * 3
    first, *others = (span for span in watching.ended if span.name == "GET")
    for other in others:
        assert (attributes(other), other.dropped_attributes) == (attributes(first), first.dropped_attributes)
    assert (first.dropped_attributes > 0) == (which == "few attributes")
    assert attributes(first).get("label") == ("mine" if "sampler" in which else None)
    provider.shutdown()


@pytest.mark.parametrize("new", [{"_novel": 1}, {"_limits": SpanLimits(max_events=7)}], ids=["part", "value"])
async def test_the_tracer_is_asked_where_its_spans_have_more_to_them(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, new: dict[str, Any]
) -> None:
    """As those of an SDK may that does not exist yet."""
    asked: list[str] = []
    start_span = Tracer.start_span

    def started(self: Tracer, name: str, *more: Any, **named: Any) -> trace.Span:
        asked.append(name)
        span = start_span(self, name, *more, **named)
        vars(span).update(new)
        return span

    monkeypatch.setattr(Tracer, "start_span", started)
    with Telemetry() as telemetry:
        client = traced(make_client(), telemetry.traces)
        for _ in range(3):
            await client.get("k")
        assert len(telemetry.spans("GET")) == asked.count("GET") == 3


async def test_the_sdk_counts_its_spans(
    make_client: MakeClient, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED", "true")
    client = traced(make_client(), TracerProvider(shutdown_on_exit=False))
    for _ in range(3):
        await client.get("k")
    assert asked.count("GET") == 3


async def test_a_tracer_that_is_disabled_makes_nothing_from_then_on(make_client: MakeClient) -> None:
    with Telemetry() as telemetry:
        client = traced(make_client(), telemetry.traces)
        for _ in range(3):
            await client.get("k")
        tracer: Any = telemetry.traces.get_tracer(semconv.SCOPE)
        configuration = type(tracer._tracer_config)
        telemetry.traces._set_tracer_configurator(tracer_configurator=lambda scope: configuration(is_enabled=False))
        await client.get("k")
        assert len(telemetry.spans("GET")) == 3


async def test_a_processor_that_comes_later_sees_everything(make_client: MakeClient) -> None:
    with Telemetry() as telemetry:
        client = traced(make_client(), telemetry.traces)
        for _ in range(3):
            await client.get("k")
        watching = Watching()
        telemetry.traces.add_span_processor(watching)
        await client.get("k")
        ((_, seen, _),) = watching.started
        assert seen == attributes(telemetry.spans("GET")[0])


async def test_what_one_span_is_told_no_other_has(make_client: MakeClient) -> None:
    class Telling(Hook):
        async def on_command(self, command: Any, call_next: Any) -> Any:
            if command.args == ("told",):
                trace.get_current_span().set_attributes({"told": True, "db.namespace": "other"})
                trace.get_current_span().add_event("told")
            return await call_next(command)

    with Telemetry() as telemetry:
        client = traced(make_client(), telemetry.traces)
        client.add_hook(Telling())
        await client.ping()
        await client.get("k")
        await asyncio.gather(*(client.get("told" if number % 2 else "k") for number in range(20)))
        assert sorted(len(span.events) for span in telemetry.spans("GET")) == [0] * 11 + [1] * 10
        for span in telemetry.spans("GET"):
            found = attributes(span)
            assert (found.get("told"), found["db.namespace"]) == ((True, "other") if span.events else (None, "0"))


async def test_whoever_awaits_decides_whether_there_is_a_span(make_client: MakeClient) -> None:
    with Telemetry(ParentBased(ALWAYS_OFF)) as telemetry:
        client = traced(make_client(), telemetry.traces)
        await client.ping()
        made = client.get("k")
        with trace.use_span(CALLERS["sampled"]):
            await made
            unwanted = client.set("k", 1)
        await unwanted
        assert [span.name for span in telemetry.commands()] == ["GET"]
        assert parent(telemetry.span("GET")) == CALLERS["sampled"].get_span_context().span_id


async def test_a_coroutine_that_is_closed_in_another_context(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    """As happens to those that are collected with their loop."""
    with Telemetry() as telemetry:
        client = traced(make_client(), telemetry.traces)
        await client.ping()
        with telemetry.tracer.start_as_current_span("caller") as caller:
            waiting = client.blpop("nothing", timeout=5)
            contextvars.copy_context().run(waiting.send, None)
            waiting.close()
            assert trace.get_current_span() is caller
            assert active_span.get() is None
        span = telemetry.span("BLPOP")
        assert attributes(span)["error.type"] == "GeneratorExit"
        assert parent(span) == own(telemetry.span("caller"))
    assert caplog.records == []


async def test_a_command_that_is_called_as_batches_are(make_client: MakeClient) -> None:
    """What is remembered of batches is not what is remembered of commands; a command's name may be anything."""
    with Telemetry() as telemetry:
        client = make_client()
        instrument(client, **telemetry.providers)
        await client.ping()
        telemetry.clear()
        await client.pipeline(transaction=False).get("a").set("b", 1).execute()
        with pytest.raises(Exception, match="unknown command"):
            await client.execute_command("PIPELINE")
        assert [span.name for span in telemetry.commands()] == ["PIPELINE", "OTHER"]


async def test_metrics_ask_for_spans_only_while_there_are_any(make_client: MakeClient) -> None:
    with Telemetry() as telemetry:
        client = make_client()
        traces = traces_of(client.connection_pool)
        instrument(client, **telemetry.providers)
        assert traces.hooks == 1
        uninstrument(client)
        assert traces.hooks == 0
        instrument(client, **telemetry.providers, tracing=False)
        assert traces.hooks == 0


def test_values_may_be_added_while_others_are_handed_over() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    series = otel_metrics.instruments(provider).durations.series({"db.operation.name": "GET"})

    def add() -> None:
        for _ in range(300_000):
            series.values.append(0.001)

    def hand_over() -> None:
        while adding.is_alive():
            series.hand_over()

    adding, handing = threading.Thread(target=add), threading.Thread(target=hand_over)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in (adding, handing):
            thread.start()
        hand_over()
    finally:
        for thread in (adding, handing):
            thread.join()
        sys.setswitchinterval(usual)
    series.hand_over()
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics[:1]
    (point,) = metric.data.data_points
    assert point.count == 300_000  # type: ignore[union-attr]  # it is a histogram
    provider.shutdown()


@pytest.mark.parametrize("count", [1, 2, 1_000])
def test_values_that_are_handed_over_lie_in_the_buckets_in_which_the_sdk_puts_them(count: int) -> None:
    """Boundaries themselves, values below the first and above the last one, and the same value many times."""
    bounds = semconv.BOUNDARIES
    values = [value for bound in bounds for value in (bound, bound * 0.999, bound * 1.001)] + [0.0, 11.0, 0.0002]
    readers = [InMemoryMetricReader(), InMemoryMetricReader()]
    points: list[Any] = []
    for reader in readers:
        provider = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
        made = otel_metrics.instruments(provider)
        series = made.durations.series({"db.operation.name": "GET"})
        for number in range(count):
            value = values[number * 7 % len(values)]
            if reader is readers[0]:
                series.values.append(value)
                if number in (0, 500):
                    series.hand_over()
            else:
                made.duration.record(value, {"db.operation.name": "GET"})
        data = reader.get_metrics_data()
        assert data is not None
        (metric,) = (m for m in data.resource_metrics[0].scope_metrics[0].metrics if m.unit == "s")
        points += metric.data.data_points
        provider.shutdown()
    ours, theirs = points
    assert (ours.count, ours.bucket_counts, ours.min, ours.max) == (
        theirs.count,
        theirs.bucket_counts,
        theirs.min,
        theirs.max,
    )
    assert ours.sum == pytest.approx(theirs.sum)
