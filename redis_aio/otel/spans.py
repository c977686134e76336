"""Spans: making those that are recorded for sure, in about half the time that the SDK takes.

The SDK asks its sampler about each span, and checks each attribute of each span, though both are the same for all
commands of a name. So it starts the first span of each kind, and the next ones are made as it has made that one. This
is done only where a span that is made here is alike in everything to the first one, and where the sampler is one of the
SDK's and can only say yes. Otherwise, and by any other tracer, each span is started as the API has it.
"""

from _thread import LockType
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, SpanKind, TraceFlags, Tracer

from redis_aio.otel.sampling import Sampling
from redis_aio.otel.semconv import Attributes

#: The tracer that is known.
_KNOWN = ("opentelemetry.sdk.trace", "Tracer")
#: Measures nothing; with another one, the SDK counts the spans that it starts.
_UNMEASURED = "NoOpTracerMetrics"


class Operation:
    """A kind of spans.

    Args:
        name: the name of the spans.
        attributes: what is known of them before they are executed.
    """

    __slots__ = ("attributes", "kept", "name")

    def __init__(self, name: str, attributes: Attributes) -> None:
        self.name: str = name
        self.attributes: Attributes = attributes
        #: The attributes as the SDK keeps them; ``None`` until a span was recorded.
        self.kept: dict[str, Any] | None = None


class Spans:
    """Starts the spans of commands.

    Args:
        tracer: makes them.
        sampling: what its sampler decides.
    """

    def __init__(self, tracer: Tracer, sampling: Sampling) -> None:
        self._start = tracer.start_span
        self._sampling = sampling
        kind = type(tracer)
        self._tracer: Any = tracer if (kind.__module__, kind.__qualname__) == _KNOWN else None  # None: unknown
        self._class: Any = None  # of spans that are recorded
        self._ended: Any = None  # what they call when they end
        self._flags: dict[tuple[bool, int] | None, TraceFlags] = {}  # of spans, by what their parents are

    def start(self, operation: Operation, here: Context, parent: SpanContext) -> Span:
        """Start a span in a context, whose span is the parent."""
        tracer, kept = self._tracer, operation.kept
        if kept is None or tracer is None:
            return self._start_first(operation, here, parent)
        valid = parent.is_valid
        flags = self._flags.get((parent.is_remote, parent.trace_flags) if valid else None)
        if flags is None or tracer.sampler is not self._sampling.sampler or not tracer._is_enabled():
            return self._start_first(operation, here, parent)
        ids = tracer.id_generator
        if valid:
            context = SpanContext(parent.trace_id, ids.generate_span_id(), False, flags, parent.trace_state)
            span = self._made(tracer, operation.name, context, parent)
        else:
            context = SpanContext(ids.generate_trace_id(), ids.generate_span_id(), False, flags)
            span = self._made(tracer, operation.name, context, None)
        span._attributes._dict.update(kept)  # as they were kept before: nothing is left to be checked
        span.start(parent_context=here)
        return span  # type: ignore[no-any-return]  # it is of the class of those that the tracer makes

    def _made(self, tracer: Any, name: str, context: SpanContext, parent: SpanContext | None) -> Any:
        """Make a span that was not started, and has no attributes."""
        span = object.__new__(self._class)  # its own refuses, or takes its time
        span.__init__(
            name=name,
            context=context,
            parent=parent,
            sampler=tracer.sampler,
            resource=tracer.resource,
            kind=SpanKind.CLIENT,
            span_processor=tracer.span_processor,
            instrumentation_info=tracer.instrumentation_info,
            limits=tracer._span_limits,
            instrumentation_scope=tracer._instrumentation_scope,
            record_end_metrics=self._ended,
        )
        return span

    def _start_first(self, operation: Operation, here: Context, parent: SpanContext) -> Span:
        """Start a span as the API has it, and learn from it how the next ones are made."""
        span = self._start(operation.name, here, SpanKind.CLIENT, operation.attributes)
        tracer, sampling = self._tracer, self._sampling
        certain = tracer is not None and tracer.sampler is sampling.sampler and sampling.verdict(parent)
        if certain and span.is_recording():
            try:
                self._learn(operation, span, parent)
            except Exception:  # this SDK is not as those that are known, which is no fault of the command
                self._tracer = None
        return span

    def _learn(self, operation: Operation, first: Any, parent: SpanContext) -> None:
        tracer, above = self._tracer, parent if parent.is_valid else None
        context = first.get_span_context()
        kept = first._attributes._dict.copy()
        self._class, self._ended = type(first), first._record_end_metrics
        made = self._made(tracer, operation.name, context, above)
        made._attributes._dict.update(kept)
        made._start_time = first._start_time
        if above is None:
            expected = SpanContext(context.trace_id, context.span_id, False, context.trace_flags)
        else:
            expected = SpanContext(above.trace_id, context.span_id, False, context.trace_flags, above.trace_state)
        plain = type(tracer._tracer_metrics).__name__ == _UNMEASURED and tracer._is_enabled()
        if plain and kept == operation.attributes and context == expected and _alike(made, first):
            self._flags[None if above is None else (above.is_remote, above.trace_flags)] = context.trace_flags
            operation.kept = kept
        else:
            self._tracer = None


def _alike(one: Any, other: Any) -> bool:
    """Return whether two objects are the same in all their parts."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, LockType):
        return True
    parts, others = getattr(one, "__dict__", None), getattr(other, "__dict__", None)
    if not parts or not others:
        return bool(one == other)
    return parts.keys() == others.keys() and all(_alike(part, others[name]) for name, part in parts.items())
