"""Parsers of the replies of the search commands: what RESP2 and RESP3 say in different shapes becomes one."""

from collections.abc import Callable
from typing import Any

from redis_aio._replies.common import mapping, pairs, text, text_keyed
from redis_aio.commands.search.aggregation import AggregateRequest, AggregateResult, Cursor
from redis_aio.commands.search.hybrid_query import HybridPostProcessingConfig
from redis_aio.commands.search.hybrid_result import HybridCursorResult, HybridResult
from redis_aio.commands.search.profile_information import ProfileInformation
from redis_aio.commands.search.query import Query
from redis_aio.commands.search.result import Result, decoded

Clock = Callable[[], float]


def no_clock() -> float:
    """Return 0: a time that nobody measures."""
    return 0.0


def found_by(query: Query, clock: Clock) -> Callable[[Any], Result]:
    """Return the parser of FT.SEARCH; ``clock`` (seconds) is read now and when the reply is there."""
    started = clock()
    return lambda reply: Result(
        reply,
        not query._no_content,
        duration=(clock() - started) * 1000.0,
        has_payload=query._with_payloads,
        with_scores=query._with_scores,
        field_encodings=query._return_fields_decode_as,
    )


def aggregated_by(query: AggregateRequest | Cursor) -> Callable[[Any], AggregateResult]:
    """Return the parser of FT.AGGREGATE and FT.CURSOR READ; a cursor that is read on gets its new id."""
    has_cursor = isinstance(query, Cursor) or bool(query._cursor)
    with_schema = isinstance(query, AggregateRequest) and query._with_schema

    def parse(reply: Any) -> AggregateResult:
        cursor = None
        if has_cursor:
            reply, cid = reply
            cursor = query if isinstance(query, Cursor) else Cursor(cid)
            cursor.cid = cid
        if isinstance(reply, dict):
            found = text_keyed(reply)
            rows = [_flat(text_keyed(row).get("extra_attributes")) for row in found.get("results", ())]
            return AggregateResult(rows, cursor, None, found.get("total_results", 0), _texts(found.get("warning")))
        if with_schema:
            return AggregateResult(list(reply[2:]), cursor, reply[0])
        return AggregateResult(list(reply[1:]), cursor, None, reply[0] if reply else 0)

    return parse


def _flat(attributes: Any) -> list[Any]:
    return [part for pair in pairs(attributes) for part in pair]


def _texts(reply: Any) -> list[str]:
    return [text(element) for element in reply or ()]


def profiled_by(query: Query | AggregateRequest, clock: Clock) -> Callable[[Any], tuple[Any, ProfileInformation]]:
    """Return the parser of FT.PROFILE: what the query found, and what the server says of how."""
    parse_result: Callable[[Any], Any] = (
        aggregated_by(query) if isinstance(query, AggregateRequest) else found_by(query, clock)
    )

    def parse(reply: Any) -> tuple[Any, ProfileInformation]:
        if isinstance(reply, dict):
            parts = {text(name).lower(): part for name, part in reply.items()}
            result, information = parts.get("results"), parts.get("profile")
            if isinstance(result, list):
                result = {"total_results": len(result), "results": result}
        else:
            result, information = reply[0], reply[1]
        return parse_result(result), ProfileInformation(all_text(information))

    return parse


def hybrid_by(post: HybridPostProcessingConfig | None, has_cursor: bool) -> Callable[[Any], Any]:
    """Return the parser of FT.HYBRID."""
    encodings = {} if post is None else post._return_fields_decode_as

    def parse(reply: Any) -> HybridResult | HybridCursorResult:
        found = text_keyed(reply)
        if has_cursor:
            return HybridCursorResult(int(found["SEARCH"]), int(found["VSIM"]))
        return HybridResult(
            total_results=int(found.get("total_results", 0)),
            results=[
                {
                    name: decoded(value, name, encodings) if name in encodings else value
                    for name, value in text_keyed(row).items()
                }
                for row in found.get("results", ())
            ],
            warnings=found.get("warnings", []),
            execution_time=float(found.get("execution_time", 0)),
        )

    return parse


def info(reply: Any) -> dict[str, Any]:
    """Return the reply of FT.INFO; attributes are lists of words and values."""
    found = all_text(mapping(reply))
    attributes = found.get("attributes")
    if isinstance(attributes, list):
        found["attributes"] = [_words(attribute) for attribute in attributes]
    return {text(name): value for name, value in found.items()}


def _words(attribute: Any) -> Any:
    if not isinstance(attribute, dict):
        return attribute
    flags = attribute.get("flags") or []
    return [*(part for pair in attribute.items() if pair[0] != "flags" for part in pair), *flags]


def corrections(reply: Any) -> dict[Any, list[dict[str, Any]]]:
    """Return the reply of FT.SPELLCHECK: word to ``[{"score": text, "suggestion": word}, ...]``."""
    if isinstance(reply, dict):
        found = text_keyed(reply).get("results", {})
        meant = {
            term: [(_short(score), word) for entry in words for word, score in entry.items()]
            for term, words in found.items()
        }
    else:
        entries = [entry for entry in reply or () if isinstance(entry, list) and len(entry) == 3]
        meant = {term: [(score, word) for score, word in filter(None, words)] for _, term, words in entries}
    return {
        term: [{"score": text(score), "suggestion": word} for score, word in words]
        for term, words in meant.items()
        if words
    }


def _short(score: Any) -> str:
    return str(score).removesuffix(".0")


def names(reply: Any) -> set[Any]:
    """Return the reply of FT.ALIASLIST."""
    return set(reply or ())


def all_text(value: Any) -> Any:
    """Return a value with all its bytes as ``str``."""
    if isinstance(value, bytes):
        return text(value)
    if isinstance(value, dict):
        return {all_text(name): all_text(part) for name, part in value.items()}
    return [all_text(part) for part in value] if isinstance(value, list) else value
