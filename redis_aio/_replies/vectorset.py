"""Parsers of the replies of the vector set commands."""

import json
from typing import Any

from redis_aio._replies.common import optional, pairs, text


def vector(reply: Any) -> list[int | float] | None:
    """Return the reply of VEMB: numbers; null is ``None``."""
    return None if reply is None else [_number(number) for number in reply]


def _number(value: Any) -> int | float:
    """Return a RESP3 double as it is, a RESP2 string as the number it shows."""
    if isinstance(value, float):
        return value
    shown = text(value)
    return int(shown) if shown.lstrip("-").isdigit() else float(shown)


def raw_vector(reply: Any) -> dict[str, Any] | None:
    """Return the reply of VEMB RAW; null is ``None``."""
    if reply is None:
        return None
    quantization, blob, l2, *rest = reply
    parts = {"quantization": text(quantization), "raw": blob, "l2": float(l2)}
    if rest:
        parts["range"] = float(rest[0])
    return parts


def attributes(reply: Any) -> Any:
    """Return the meaning of an element's JSON; ``None`` where it is empty."""
    return (json.loads(reply) or None) if reply else None


def info(reply: Any) -> dict[Any, Any] | None:
    """Return the reply of VINFO; null is ``None``."""
    return dict(pairs(reply)) or None


def scored_links(reply: Any) -> list[dict[Any, float]] | None:
    """Return the reply of VLINKS WITHSCORES, a dict for each level; null is ``None``."""
    return None if reply is None else [_scored(level) for level in reply]


def _scored(reply: Any) -> dict[Any, float]:
    return {element: float(score) for element, score in pairs(reply)}


def _described(reply: Any) -> dict[Any, Any]:
    return {element: json.loads(found) if found else None for element, found in pairs(reply)}


def _scored_and_described(reply: Any) -> dict[Any, dict[str, Any]]:
    if isinstance(reply, dict):
        triples = [(element, *rest) for element, rest in reply.items()]
    else:
        triples = list(zip(reply[::3], reply[1::3], reply[2::3], strict=True))
    return {
        element: {"score": float(score), "attributes": None if found is None else json.loads(found)}
        for element, score, found in triples
    }


#: The parsers of VSIM, by whether there are scores, and attributes.
SIMILAR = {
    (False, False): None,
    (True, False): optional(_scored),
    (False, True): optional(_described),
    (True, True): optional(_scored_and_described),
}
