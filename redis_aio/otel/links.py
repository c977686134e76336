"""Links from who receives to who published: Redis messages have no headers, so the context travels in the data.

Both sides want it: :func:`carry` puts the current span in front of the data, :func:`carried` takes it off again.
A receiver that does not know of it would see the mark; data without a mark are handed on as they are.
"""

from typing import AnyStr

from opentelemetry import trace
from opentelemetry.trace import Link
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

#: Begins marked data; the header of the W3C trace context and a line feed follow, then the data.
MARK = "\x1etraceparent "
#: The longest header looked for.
_LONGEST = 128
_FORMAT = TraceContextTextMapPropagator()


def carry(data: AnyStr) -> AnyStr:
    """Return data to publish, marked with the current span; without a current span, the data as they are."""
    header: dict[str, str] = {}
    _FORMAT.inject(header)
    if "traceparent" not in header:
        return data
    mark = f"{MARK}{header['traceparent']}\n"
    return mark + data if isinstance(data, str) else mark.encode() + data


def carried(data: AnyStr) -> tuple[AnyStr, list[Link]]:
    """Return the data that were given to :func:`carry`, and links to the span that published them, for a span here."""
    if isinstance(data, str):
        mark, end = MARK, data.find("\n", 0, _LONGEST)
        known = data.startswith(mark) and end >= 0
        header, rest = data[len(mark) : end], data[end + 1 :]
    else:
        mark, end = MARK, data.find(b"\n", 0, _LONGEST)
        known = data.startswith(mark.encode()) and end >= 0
        header, rest = data[len(mark) : end].decode("latin-1"), data[end + 1 :]
    if not known:
        return data, []
    found = trace.get_current_span(_FORMAT.extract({"traceparent": header})).get_span_context()
    return rest, [Link(found)] if found.is_valid else []


__all__ = ["carried", "carry"]
