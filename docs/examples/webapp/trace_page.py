"""The page ``/traces``: each request as a picture, its spans below each other on one line of time."""

from collections.abc import Sequence
from html import escape

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from .tracing import context_of

WIDTH, ROW, NAMES, RIGHT = 820, 26, 250, 90
COLOURS = {SpanKind.SERVER: "#4c72b0", SpanKind.CLIENT: "#c44e52", SpanKind.INTERNAL: "#8c8c8c"}

STYLE = """body { font: 15px system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
svg { display: block; margin: 0 0 1.5rem; max-width: 100% }"""


def page(traces: Sequence[tuple[str, Sequence[ReadableSpan]]]) -> str:
    """Return the page."""
    pictures = "\n".join(f'<a href="/traces/{trace_id}.svg">{picture(spans)}</a>' for trace_id, spans in traces)
    empty = "" if traces else "<p>There are none yet: <a href='/'>make some</a>, and reload.</p>"
    head = f"<!doctype html><meta charset='utf-8'><title>Traces</title><style>{STYLE}</style>"
    return f"{head}\n<h1>The latest requests</h1>\n{empty}{pictures}\n"


def picture(spans: Sequence[ReadableSpan]) -> str:
    """Return the spans of one trace, in the order in which they began, as SVG."""
    began = min(span.start_time or 0 for span in spans)
    took = max(max(span.end_time or 0 for span in spans) - began, 1)
    room = WIDTH - NAMES - RIGHT
    depths = _depths(spans)
    rows = []
    for number, span in enumerate(spans):
        start, end = (span.start_time or 0) - began, (span.end_time or 0) - began
        x, width = NAMES + room * start / took, max(room * (end - start) / took, 2)
        y = number * ROW
        colour = COLOURS.get(span.kind, COLOURS[SpanKind.INTERNAL])
        indent = 8 + 14 * depths[context_of(span).span_id]
        failed = " (failed)" if span.status.status_code is StatusCode.ERROR else ""
        rows.append(
            f"<g><title>{escape(_attributes(span))}</title>"
            f'<text x="{indent}" y="{y + 17}">{escape(span.name + failed)}</text>'
            f'<rect x="{x:.1f}" y="{y + 5}" width="{width:.1f}" height="{ROW - 10}" rx="2" fill="{colour}"/>'
            f'<text x="{x + width + 6:.1f}" y="{y + 17}">{(end - start) / 1e6:.2f} ms</text></g>'
        )
    height = len(spans) * ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(rows) + "\n</svg>"
    )


def _depths(spans: Sequence[ReadableSpan]) -> dict[int, int]:
    """Return by span id how many parents a span has in this process."""
    depths: dict[int, int] = {}
    for span in spans:
        parent = span.parent.span_id if span.parent else None
        depths[context_of(span).span_id] = depths[parent] + 1 if parent in depths else 0
    return depths


def _attributes(span: ReadableSpan) -> str:
    return "\n".join(f"{name} = {value!s}" for name, value in (span.attributes or {}).items())
