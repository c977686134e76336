"""OpenTelemetry: traces and metrics of a client, by one call of :func:`instrument`.

It needs nothing but ``opentelemetry-api``; without an SDK that is set up, it does nothing. Both signals are hooks and
can be attached by hand as well: :class:`TracingHook`, :class:`MetricsHook`.
"""

from redis_aio.otel.instrumentor import (
    Instrumentation,
    RedisAioInstrumentor,
    instrument,
    instrument_all,
    uninstrument,
    uninstrument_all,
)
from redis_aio.otel.links import carried, carry
from redis_aio.otel.metrics import MetricsHook
from redis_aio.otel.tracing import TracingHook

__all__ = [
    "Instrumentation",
    "MetricsHook",
    "RedisAioInstrumentor",
    "TracingHook",
    "carried",
    "carry",
    "instrument",
    "instrument_all",
    "uninstrument",
    "uninstrument_all",
]
