"""PushRouter: brings RESP3 push messages to those who registered for their kind."""

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from redis_aio import _log
from redis_aio._replies.common import text

logger = logging.getLogger("redis_aio.connection")

Push: TypeAlias = list[Any]


class PushRouter:
    """Dispatches pushes by their kind, the first element (``message``, ``invalidate`` ...).

    A handler is a plain function; what it raises is logged and hurts nobody else. Pushes of a kind that nobody asked
    for are counted in ``unclaimed`` and dropped.
    """

    __slots__ = ("_handlers", "dispatched", "unclaimed")

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[[Push], None]] = {}
        #: How many pushes have come, and how many of them nobody had asked for.
        self.dispatched: int = 0
        self.unclaimed: int = 0

    def register(self, kind: str, handler: Callable[[Push], None]) -> None:
        """Call ``handler`` for each push of this kind; one handler a kind."""
        self._handlers[kind] = handler

    def dispatch(self, push: Push) -> None:
        """Hand a push to the handler of its kind."""
        self.dispatched += 1
        handler = self._handlers.get(text(push[0]) if push else "")
        if handler is None:
            self.unclaimed += 1
            return
        try:
            handler(push)
        except Exception:
            extra = _log.fields("push.handler_failed", reason="a push handler failed")
            logger.exception("push.handler_failed: a push handler failed", extra=extra)
