"""Tail: what is left of the stream when no reply is awaited, which only the beginning of a push may be.

The beginning of anything else would be joined to the reply of the next request, and change its value.
"""

from redis_aio._resp.items import Refused, skip

#: Bytes of an unfinished push that are kept for the comparison; of a longer one nothing is known.
LONGEST = 64 * 1024


class Tail:
    """Knows where the last top-level frame began, as far as that was looked at.

    Args:
        always: look at each chunk that leaves nothing awaited, not only at those that seem to end within a frame.
            Without it the header of an aggregate right behind a reply is not seen: it would cost each a microsecond.
    """

    __slots__ = ("_always", "_left")

    def __init__(self, *, always: bool) -> None:
        self._always = always
        #: The beginning of the frame that is coming; ``None`` if it is not known.
        self._left: bytes | None = b""

    def awaited(self, data: bytes) -> None:
        """Take note of a chunk behind which replies are awaited."""
        self._left = _unfinished(self._left + data) if self._always and self._left is not None else None

    def suspicious(self, data: bytes, *, idle: bool, halfway: bool) -> bool:
        """Return whether a chunk ends with the beginning of something else than a push.

        Args:
            data: the chunk, all complete replies in which were taken; no other is awaited.
            idle: none was awaited before it either.
            halfway: it ends within a line or a string.
        """
        if not (idle or halfway or self._always):
            self._left = b""
            return False
        if self._left is None:
            self._left = None if halfway else b""
            return False
        left = self._left = _unfinished(self._left + data)
        return left is not None and left[:1] not in (b"", b">", b"|")


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
