"""Suggestion: a completion, for FT.SUGADD and of FT.SUGGET."""

from collections.abc import Iterator, Sequence
from typing import Any

from redis_aio._replies.common import text


class Suggestion:
    """A completion.

    Args:
        string: the text.
        score: its weight.
        payload: what is kept with it.
    """

    def __init__(self, string: str | bytes, score: float = 1.0, payload: str | bytes | None = None) -> None:
        self.string: str = text(string)
        self.payload: str | None = None if payload is None else text(payload)
        self.score = score

    def __repr__(self) -> str:
        return self.string


class SuggestionParser:
    """The suggestions of a reply of FT.SUGGET, which has texts, scores and payloads in turn.

    Args:
        with_scores: there are scores.
        with_payloads: there are payloads.
        ret: the reply.
    """

    def __init__(self, with_scores: bool, with_payloads: bool, ret: Sequence[Any]) -> None:
        self._with_scores = with_scores
        self._with_payloads = with_payloads
        self._parts = ret

    def __iter__(self) -> Iterator[Suggestion]:
        parts = iter(self._parts)
        for string in parts:
            score = float(next(parts)) if self._with_scores else 1.0
            yield Suggestion(string, score, next(parts) if self._with_payloads else None)
