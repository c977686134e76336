"""Spans: one for each request, written to the console and kept for the page ``/traces``.

In production there is an exporter to your collector in place of both, and ``opentelemetry-instrumentation-starlette``
in place of ``RequestSpans``. What Redis does comes from ``redis_aio.otel`` either way.
"""

import sys
from collections import OrderedDict
from collections.abc import Sequence

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.trace import SpanContext, SpanKind, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Requests that are not traced: those that look at traces, and those of load balancers.
SILENT = ("/traces", "/health")


class Traces(SpanExporter):
    """Keeps the spans of the latest traces.

    Args:
        kept: how many traces.
    """

    def __init__(self, kept: int = 30) -> None:
        self._kept = kept
        self._traces: OrderedDict[str, list[ReadableSpan]] = OrderedDict()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take finished spans, but for commands outside of any request."""
        for span in spans:
            if span.parent is None and span.kind is not SpanKind.SERVER:
                continue
            self._traces.setdefault(f"{context_of(span).trace_id:032x}", []).append(span)
        while len(self._traces) > self._kept:
            self._traces.popitem(last=False)
        return SpanExportResult.SUCCESS

    def latest(self) -> list[tuple[str, list[ReadableSpan]]]:
        """Return the ids and spans of the finished requests, the newest first."""
        return [(trace_id, self.spans(trace_id)) for trace_id in reversed(self._traces)]

    def spans(self, trace_id: str) -> list[ReadableSpan]:
        """Return the spans of a trace in the order in which they began."""
        return sorted(self._traces.get(trace_id, []), key=lambda span: span.start_time or 0)


def context_of(span: ReadableSpan) -> SpanContext:
    """Return the ids of a span."""
    context = span.get_span_context()
    assert context is not None, "a span that was made has them"
    return context


def line(span: ReadableSpan) -> str:
    """Return a finished span as one line."""
    took = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
    mark = "  " if span.parent else ""
    return f"{context_of(span).trace_id:032x} {mark}{span.name} {took:.2f} ms\n"


def set_up(*, console: bool) -> tuple[TracerProvider, Traces]:
    """Return what makes spans, and where they are kept."""
    provider, traces = TracerProvider(resource=Resource({"service.name": "message-board"})), Traces()
    provider.add_span_processor(SimpleSpanProcessor(traces))
    if console:
        exporter = ConsoleSpanExporter(out=sys.stdout, formatter=line)
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
    return provider, traces


class RequestSpans:
    """Middleware that makes a span for each request, as a child of the caller's where that sent one (``traceparent``).

    Args:
        app: what answers.
        provider: makes spans.
    """

    def __init__(self, app: ASGIApp, provider: TracerProvider) -> None:
        self._app = app
        self._tracer = provider.get_tracer("message-board")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request within a span."""
        if scope["type"] != "http" or scope["path"].startswith(SILENT):
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        attributes = {"http.request.method": method, "url.path": path, "url.scheme": scope["scheme"]}
        caller = propagate.extract(headers)
        with self._tracer.start_as_current_span(f"{method} {path}", caller, SpanKind.SERVER, attributes) as span:
            await self._app(scope, receive, _noting_status(span, send))


def _noting_status(span: trace.Span, send: Send) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            span.set_attribute("http.response.status_code", message["status"])
            if message["status"] >= 500:
                span.set_status(StatusCode.ERROR)
        await send(message)

    return noting
