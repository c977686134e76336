"""Parsers of the replies of the sorted set commands: scores are strings in RESP2 and doubles in RESP3."""

from collections.abc import Callable
from typing import Any

from redis_aio._replies.common import pairs

Cast = Callable[[Any], Any]


def scores(reply: Any) -> list[float | None]:
    """Return the reply of ZMSCORE: a score, or ``None``, for each member."""
    return [None if score is None else float(score) for score in reply or ()]


def with_scores(reply: Any) -> list[tuple[Any, float]]:
    """Return members and scores, flat or nested, as a list of tuples."""
    return [(member, float(score)) for member, score in pairs(reply)]


def with_cast_scores(cast: Cast) -> Callable[[Any], list[tuple[Any, Any]]]:
    """Return the parser that is :func:`with_scores`, but ``cast`` makes each score from its text."""
    if cast is float:
        return with_scores

    def parse(reply: Any) -> list[tuple[Any, Any]]:
        return [(member, _cast(cast, _as_text(score, member))) for member, score in pairs(reply)]

    return parse


def flat_with_scores(reply: Any) -> list[Any]:
    """Return members and the texts of their scores in turn, which is what ZDIFF and ZRANDMEMBER give in RESP2."""
    return [part for member, score in pairs(reply) for part in (member, _as_text(score, member))]


def rank_with_score(cast: Cast) -> Callable[[Any], list[Any] | None]:
    """Return the parser of ZRANK WITHSCORE: ``[rank, score]``, or ``None``."""

    def parse(reply: Any) -> list[Any] | None:
        if reply is None:
            return None
        rank, score = reply
        # Nothing in the reply tells whether this client decodes: a cast of its own sees bytes for a double.
        return [rank, float(score) if cast is float else _cast(cast, _as_text(score, b""))]

    return parse


def popped_with_score(reply: Any) -> tuple[Any, Any, float] | None:
    """Return the reply of BZPOPMIN and BZPOPMAX: a tuple of key, member and score; null is ``None``."""
    if not reply:
        return None
    key, member, score = reply
    return key, member, float(score)


def multi_popped(reply: Any) -> list[Any] | None:
    """Return the reply of ZMPOP and BZMPOP: ``[key, [[member, text of the score], ...]]``; null is ``None``."""
    if not reply:
        return None
    key, members = reply
    return [key, [[member, _as_text(score, member)] for member, score in pairs(members)]]


def scanned_with_scores(cast: Cast) -> Callable[[Any], tuple[int, list[tuple[Any, Any]]]]:
    """Return the parser of ZSCAN: the next cursor and a list of members with their scores."""
    parse_elements = with_cast_scores(cast)

    def parse(reply: Any) -> tuple[int, list[tuple[Any, Any]]]:
        cursor, elements = reply
        return int(cursor), parse_elements(elements)

    return parse


def _as_text(score: Any, like: Any) -> Any:
    """Return a score as the shortest text that is the same number, bytes or str as the string beside it."""
    if not isinstance(score, float):
        return score
    whole = score.is_integer() and abs(score) < 1e17  # written with an exponent from there on
    text = str(int(score)) if whole else repr(score)
    return text if isinstance(like, str) else text.encode()


def _cast(cast: Cast, text: Any) -> Any:
    try:
        return cast(text)
    except (TypeError, ValueError):
        return cast(float(text))  # int("1e+20") and Decimal(b"1.5") do not work, but int(1e20) and Decimal(1.5) do
