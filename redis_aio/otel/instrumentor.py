"""instrument: attach tracing and metrics to clients; and what ``opentelemetry-instrument`` finds."""

import logging
import weakref
from collections.abc import Collection
from contextlib import suppress
from typing import Any, TypedDict, Unpack

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from redis_aio import _log
from redis_aio.hooks import Hook, Hookable, default_hooks
from redis_aio.otel.metrics import MetricsHook
from redis_aio.otel.tracing import TracingHook

logger: logging.Logger = logging.getLogger("redis_aio.otel")


class Instrumentation(TypedDict, total=False):
    """The parameters of :func:`instrument`.

    Keys:
        tracer_provider: where spans go; by default the global one.
        meter_provider: where measurements go; by default the global one.
        tracing: make spans.
        metrics: measure.
        query_text: record ``db.query.text``: names and keys of commands, ``?`` for everything else.
        query_keys: ``False`` has ``?`` for keys too.
        pool_name: the name of the pool in metrics; by default ``host:port/db``.
    """

    tracer_provider: TracerProvider | None
    meter_provider: MeterProvider | None
    tracing: bool
    metrics: bool
    query_text: bool
    query_keys: bool
    pool_name: str | None


_hooks: "weakref.WeakValueDictionary[tuple[object, ...], Hook]" = weakref.WeakValueDictionary()
_instrumented: "weakref.WeakKeyDictionary[Hookable, list[Hook]]" = weakref.WeakKeyDictionary()
_all: list[Hook] = []


def instrument(client: Hookable, **parameters: Unpack[Instrumentation]) -> None:
    """Attach tracing and metrics to a client; where they are attached already, with these parameters from now on.

    Args:
        client: a client. Others that share its connection pool are not affected, but for the connections they share.
        parameters: see :class:`Instrumentation`.

    Raises:
        TypeError: there is no such parameter.
    """
    made = _make(**parameters)
    uninstrument(client)
    for hook in made:
        client.add_hook(hook)
    _instrumented[client] = made


def uninstrument(client: Hookable) -> None:
    """Detach what :func:`instrument` or :func:`instrument_all` has attached; without that, do nothing."""
    for hook in _instrumented.pop(client, []):
        with suppress(ValueError):  # somebody took it away already
            client.remove_hook(hook)
    default_hooks.withdraw(client)


def instrument_all(**parameters: Unpack[Instrumentation]) -> None:
    """Attach tracing and metrics to every client that is made from now on, as :func:`instrument` does."""
    made = _make(**parameters)
    uninstrument_all()
    for hook in made:
        default_hooks.add(hook)
    _all.extend(made)


def uninstrument_all() -> None:
    """Detach what :func:`instrument_all` has attached, also from the clients that were made meanwhile."""
    while _all:
        default_hooks.remove(_all.pop())


def _make(**parameters: Unpack[Instrumentation]) -> list[Hook]:
    """Make the hooks; the same parameters give the same ones, so that clients of one pool are not counted twice."""
    unknown = parameters.keys() - Instrumentation.__annotations__.keys()
    if unknown:
        raise TypeError(f"instrument has no parameter {min(unknown)!r}")
    made: list[Hook] = []
    if parameters.get("tracing", True):
        traces, text = parameters.get("tracer_provider"), parameters.get("query_text", False)
        keys = parameters.get("query_keys", True)
        made.append(_shared((traces, text, keys), lambda: TracingHook(traces, query_text=text, query_keys=keys)))
    if parameters.get("metrics", True):
        meters, name = parameters.get("meter_provider"), parameters.get("pool_name")
        made.append(_shared((meters, name), lambda: MetricsHook(meters, pool_name=name)))
    return made


def _shared(key: tuple[object, ...], make: Any) -> Hook:
    found = _hooks.get(key)
    if found is None:
        found = _hooks[key] = make()
    return found


class RedisAioInstrumentor:
    """What the entry point ``opentelemetry_instrumentor`` names; it instruments all clients made afterwards.

    It has the methods of ``BaseInstrumentor`` of the package ``opentelemetry-instrumentation``, which is not needed.
    """

    _instance: "RedisAioInstrumentor | None" = None
    is_instrumented_by_opentelemetry: bool = False

    def __new__(cls) -> "RedisAioInstrumentor":
        """Return the one there is: whoever asks for it can undo what another one did."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return which packages must be there."""
        return ("redis-aio",)

    def instrument(self, **parameters: Any) -> None:
        """Do :func:`instrument_all`; parameters that it does not know are for other instrumentors."""
        if self.is_instrumented_by_opentelemetry:
            reason = "all clients are instrumented already"
            _log.tell(logger, logging.WARNING, "hook.attached_already", reason=reason)
            return
        known: Any = {name: value for name, value in parameters.items() if name in Instrumentation.__annotations__}
        instrument_all(**known)
        self.is_instrumented_by_opentelemetry = True

    def uninstrument(self, **parameters: Any) -> None:
        """Do :func:`uninstrument_all`."""
        uninstrument_all()
        self.is_instrumented_by_opentelemetry = False
