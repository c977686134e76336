"""Parsers of the replies of the list commands."""

from typing import Any


def popped(reply: Any) -> tuple[Any, Any] | None:
    """Return the reply of BLPOP and BRPOP as a tuple of the key and the element; null is ``None``."""
    if not reply:
        return None
    key, element = reply
    return key, element
