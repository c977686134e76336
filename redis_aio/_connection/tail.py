"""Tail: what is left of the stream when no reply is awaited, which only the beginning of a push may be.

The beginning of anything else would be joined to the reply of the next request, and change its value.
"""

import re

from redis_aio._resp.items import Refused, skip

#: Bytes of an unfinished push that are kept for the comparison; of a longer one nothing is known.
LONGEST = 64 * 1024
#: Bytes of the last replies that are kept, to be searched when there is a reason to.
KEPT = 4096
_AGGREGATE = re.compile(rb"[>*%~|]\d+\r\n")


class Tail:
    """Knows where the last top-level frame began, as far as that was looked at.

    Args:
        always: look at each chunk that leaves nothing awaited, not only at those that seem to end within a frame.
            Without it the header of an aggregate right behind a reply is not seen: it would cost each a microsecond.
    """

    __slots__ = ("_always", "_last", "_left", "_whole")

    def __init__(self, *, always: bool) -> None:
        self._always = always
        #: The beginning of the frame that is coming; ``None`` if it is not known.
        self._left: bytes | None = b""
        #: The chunk that ended with the last reply, if that is why nothing should be left; and whether it is all of it.
        self._last = b""
        self._whole = True

    def awaited(self, data: bytes) -> None:
        """Take note of a chunk behind which replies are awaited."""
        left = self._known() if self._always else None
        self._left = None if left is None else _unfinished(left + data)
        self._last = b""

    def passed(self) -> None:
        """Take note that the stream is between two replies."""
        self._left = self._last = b""
        self._whole = True

    def between_replies(self) -> bool:
        """Return whether it is certain that the stream is between two replies, and no push has begun."""
        return self._whole and self._known() == b""

    def suspicious(self, data: bytes, *, idle: bool, halfway: bool) -> bool:
        """Return whether a chunk ends with the beginning of something else than a push.

        Args:
            data: the chunk, all complete replies in which were taken; no other is awaited.
            idle: none was awaited before it either.
            halfway: it ends within a line or a string.
        """
        if not (idle or halfway or (self._always and self._left is not None)):
            self._left, self._last, self._whole = b"", data, True
            if len(data) > KEPT:
                self._last, self._whole = data[-KEPT:], False
            return False
        left = self._known()
        if left is not None:
            left = _unfinished(left + data)
        self._left, self._last, self._whole = left, b"", True
        return left is not None and left[:1] not in (b"", b">", b"|")

    def _known(self) -> bytes | None:
        """Return the beginning of the frame that is coming; ``None`` where it may be a push that began unseen."""
        return None if self._last and _AGGREGATE.search(self._last) else self._left


def _unfinished(stream: bytes) -> bytes | None:
    """Return the beginning of the last frame, if that is not complete; ``None`` where it takes too long to say."""
    at = 0
    try:
        while at < len(stream):
            behind, missing = skip(stream, at, 1)
            if missing:
                break
            at = behind
    except Refused:
        return None
    return stream[at:] if len(stream) - at <= LONGEST else None
