"""TracingHook: a span for each command and batch, as a child of its caller's span.

A hook runs in the caller's task, so the caller's span is simply the current one, however many callers share the
connection. What is slow below it becomes visible in it: retries are events; a wait for a connection
(``redis.pool.wait``) and the making of one (``redis.connect``) are child spans. A connection that many wait for is made
for the first of them.
"""

import logging
import time
import weakref
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeAlias

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, SpanKind, StatusCode, Tracer, TracerProvider, get_current_span

from redis_aio import _log
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._options import Options
from redis_aio._version import VERSION
from redis_aio.events import ConnectionClosed, ConnectionOpened, Event, PoolWaited, Redirected, Retrying
from redis_aio.hooks import Hook, HookedPool, NextBatch, NextCommand, NextConnect
from redis_aio.otel import sanitize, semconv
from redis_aio.otel.sampling import NOTHING, Sampling
from redis_aio.otel.spans import Operation, Spans

logger: logging.Logger = logging.getLogger("redis_aio.otel")

#: The key of contexts in which nothing shall be traced, as ``suppress_instrumentation`` makes them.
_SUPPRESSED: str = getattr(otel_context, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")
#: Starts the span of a command or batch, in a context whose span has the context that is given too.
Start: TypeAlias = Callable[[Any, Context, SpanContext], Span]
#: The parent of those who have none.
NOBODY: SpanContext = trace.INVALID_SPAN_CONTEXT
#: The span of the command or batch that this task executes.
active_span: ContextVar[Span | None] = ContextVar("redis_aio_span", default=None)


def recorded() -> bool:
    """Return whether this task executes a command or batch whose span is recorded."""
    span = active_span.get()
    return span is not None and span.is_recording()


class Traces:
    """How many hooks trace the commands of a pool: without any, nobody needs to ask for spans."""

    __slots__ = ("__weakref__", "hooks")

    def __init__(self) -> None:
        self.hooks: int = 0


_traces: "weakref.WeakKeyDictionary[HookedPool, Traces]" = weakref.WeakKeyDictionary()


def traces_of(pool: HookedPool) -> Traces:
    """Return the one of a pool."""
    return _traces.setdefault(pool, Traces())


class TracingHook(Hook):
    """Start a span for each command and batch.

    Args:
        tracer_provider: where spans go; by default the global one, also when that is set later.
        query_text: record ``db.query.text``: names and keys of commands, ``?`` for everything else.
        query_keys: ``False`` has ``?`` for keys too.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, *, query_text: bool = False, query_keys: bool = True
    ) -> None:
        self._provider = tracer_provider
        self._query_text = query_text
        self._query_keys = query_keys

    def bind(self, pool: HookedPool) -> Hook:
        """Return the hook for the clients of one pool."""
        return PoolTracing(pool, self._provider, self._query_text, self._query_keys)


class PoolTracing(Hook):
    """The spans of the clients of one pool; see :class:`TracingHook`, which makes it."""

    def __init__(
        self, pool: HookedPool, provider: TracerProvider | None, query_text: bool = False, query_keys: bool = True
    ) -> None:
        self._pool = pool
        self._provider = provider
        self._query_text = query_text
        self._query_keys = query_keys
        self._server = semconv.server_attributes(pool.options)
        self._peer = pool.peer
        self._commands: dict[str, Operation] = {}
        self._batches: dict[str, Operation] = {}
        self._tracer: Tracer = trace.NoOpTracer()
        self._spans = Spans(self._tracer, NOTHING)
        self._sampling: Sampling | None = None  # until there is a provider
        traces_of(pool).hooks += 1

    def unbind(self) -> None:
        """Take note that its spans are no more."""
        traces_of(self._pool).hooks -= 1

    # -- commands -----------------------------------------------------------------------------------------------------

    def on_command(self, command: Command[Any], call_next: NextCommand) -> Any:
        """Wrap a command in a span. Not a coroutine of its own where there is never one, which saves half the time."""
        if (self._sampling or self._ready()).always:
            return call_next(command)
        return self._traced(self._start, command, call_next)

    def on_batch(self, batch: Batch, call_next: NextBatch) -> Any:
        """Wrap a batch in a span; it has failed if one of its commands has."""
        if (self._sampling or self._ready()).always:
            return call_next(batch)
        return self._traced(self._start_batch, batch, call_next)

    def _ready(self) -> Sampling:
        """Return what is known of the sampler; until there is a provider, that it drops everything."""
        provider = self._provider or trace.get_tracer_provider()
        if isinstance(provider, trace.ProxyTracerProvider):
            return NOTHING
        self._tracer = provider.get_tracer(semconv.SCOPE, VERSION, semconv.SCHEMA_URL)
        sampling = Sampling(self._tracer)
        self._spans = Spans(self._tracer, sampling)
        self._sampling = sampling
        return sampling

    async def _traced(self, start: Start, thing: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        here = otel_context.get_current()  # asked for once: the tracer would ask for it several times
        if here:
            parent = get_current_span(here).get_span_context()
            dropped = self._dropped(here, parent)
        else:
            parent, dropped = NOBODY, (self._sampling or self._ready()).root is False
        if dropped:
            return await call_next(thing)
        span: Span | None = None
        try:
            span = start(thing, here, parent)
        except Exception as trouble:  # of a sampler, or of who is told of spans: no fault of the command
            _tell(trouble)
        if span is None:
            return await call_next(thing)
        peer = self._peer
        token = otel_context.attach(trace.set_span_in_context(span, here))
        mark = active_span.set(span)
        try:
            value = await call_next(thing)
            if type(thing) is Batch:
                error = semconv.first_error(value)
                if error is not None:
                    _fail(span, error)
                del error
        except BaseException as error:  # cancelled too: the span says so
            _fail(span, error)
            raise
        finally:
            if self._peer is not peer:
                span.set_attributes(semconv.peer_attributes(self._peer))
            try:
                active_span.reset(mark)
            except ValueError:  # it was closed in another context, which has nothing to get back
                pass
            else:
                otel_context.detach(token)
            _end(span)
        return value

    def _dropped(self, here: Context, parent: SpanContext) -> bool:
        """Return whether a span that is started in this context would be dropped for sure, or is not wanted."""
        return (self._sampling or self._ready()).verdict(parent) is False or bool(here.get(_SUPPRESSED))

    def _start(self, command: Command[Any], here: Context, parent: SpanContext) -> Span:
        name = command.spec.name
        if self._query_text or name in semconv.PROCEDURES:
            return self._start_told(command, here)
        operation = self._commands.get(name) or self._prepare(semconv.operation(command), self._commands)
        return self._spans.start(operation, here, parent)

    def _start_told(self, command: Command[Any], here: Context) -> Span:
        """Start a span some of whose attributes are those of this one call."""
        name, called = semconv.operation(command), semconv.procedure(command)
        attributes = (self._commands.get(name) or self._prepare(name, self._commands)).attributes.copy()
        if called is not None:
            attributes["db.stored_procedure.name"] = called
        if self._query_text:
            attributes["db.query.text"] = sanitize.query_text(command, self._query_keys)
        if called is not None and name.startswith("FCALL"):
            name = f"{name} {called}"
        return self._tracer.start_span(name, here, SpanKind.CLIENT, attributes)

    def _start_batch(self, batch: Batch, here: Context, parent: SpanContext) -> Span:
        name = semconv.batch_operation(batch)
        operation = self._batches.get(name) or self._prepare(name, self._batches)
        if len(batch) == 1 and not self._query_text:
            return self._spans.start(operation, here, parent)
        attributes = operation.attributes.copy()
        if len(batch) != 1:
            attributes["db.operation.batch.size"] = len(batch)
        if self._query_text:
            attributes["db.query.text"] = sanitize.batch_text(batch.commands, self._query_keys)
        return self._tracer.start_span(name, here, SpanKind.CLIENT, attributes)

    def _prepare(self, name: str, known: dict[str, Operation]) -> Operation:
        """Return what is known of an operation before it is executed: samplers see it."""
        attributes = self._server | {"db.operation.name": name, **semconv.peer_attributes(self._peer)}
        operation = known[name] = Operation(name, attributes)
        return operation

    # -- below them ---------------------------------------------------------------------------------------------------

    async def on_connect(self, options: Options, call_next: NextConnect) -> Any:
        """Wrap the making of a connection in a span."""
        here = otel_context.get_current()
        if self._dropped(here, get_current_span(here).get_span_context()):
            return await call_next(options)
        attributes = self._server | {"db.client.connection.pool.name": semconv.pool_name(options)}
        span: Span | None = None
        try:
            span = self._tracer.start_span("redis.connect", attributes=attributes)
        except Exception as trouble:  # as above
            _tell(trouble)
        if span is None:
            return await call_next(options)
        token = otel_context.attach(trace.set_span_in_context(span))
        try:
            connection = await call_next(options)
            span.set_attributes(semconv.peer_attributes(getattr(connection, "peer", None)))
        except BaseException as error:  # cancelled too: the same
            _fail(span, error)
            raise
        finally:
            otel_context.detach(token)
            _end(span)
        return connection

    def on_event(self, event: Event) -> None:
        """Show in the span of the command what happens below it."""
        if isinstance(event, ConnectionOpened) or (isinstance(event, ConnectionClosed) and self._peer is None):
            self._peer = self._pool.peer
            self._commands.clear()
            self._batches.clear()
        elif isinstance(event, PoolWaited):
            self._waited(event)
        elif isinstance(event, Retrying | Redirected):
            span = active_span.get()
            if span is not None and span.is_recording():
                span.add_event(*_shown(event))

    def _waited(self, event: PoolWaited) -> None:
        span = active_span.get() or get_current_span()
        here = otel_context.get_current()
        if not span.is_recording() or self._dropped(here, get_current_span(here).get_span_context()):
            return
        ended = time.time_ns()
        attributes = {"db.client.connection.pool.name": semconv.pool_name(self._pool.options)}
        wait = self._tracer.start_span(
            "redis.pool.wait", attributes=attributes, start_time=ended - int(event.duration * 1e9)
        )
        if event.error is not None:
            _fail(wait, event.error)
        wait.end(ended)


def _end(span: Span) -> None:
    """End a span; what those raise who are told so is no fault of the command."""
    try:
        span.end()
    except Exception as error:
        _tell(error)


def _tell(error: Exception) -> None:
    reason = f"a span could not be recorded: {type(error).__name__}"
    _log.tell(logger, logging.WARNING, "hook.failed", reason=reason, error=error)


def _fail(span: Span, error: BaseException) -> None:
    """Record an error: its kind, and its text if that was written here. What a server says may repeat a value."""
    if span.is_recording():
        told = semconv.error_attributes(error)
        unknown = getattr(error, "status_code", None) is not None and "db.response.status_code" not in told
        span.set_attributes(told)
        span.set_status(StatusCode.ERROR, type(error).__qualname__ if unknown else _log.describe(error))


def _shown(event: Retrying | Redirected) -> tuple[str, dict[str, str | int | float]]:
    if isinstance(event, Redirected):
        where: dict[str, str | int | float] = {"server.address": event.host, "server.port": event.port}
        return "redis.redirect", {"redis.client.redirect.kind": event.kind, **where}
    told: dict[str, str | int | float] = {"redis.client.retry.attempt": event.attempt}
    return "redis.retry", {**told, "redis.client.retry.delay": event.delay, **semconv.error_attributes(event.error)}
