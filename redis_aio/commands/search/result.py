"""Result: what FT.SEARCH found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from redis_aio._replies.common import pairs, text, text_keyed
from redis_aio.commands.search.document import Document

#: Field to the encoding of its value; ``None`` leaves it as bytes.
EncodingsT = Mapping[str, str | None]


class Result:
    """The documents that were found.

    Args:
        res: the reply: RESP2's array, or RESP3's map.
        hascontent: the documents come with their fields.
        duration: milliseconds that it took, as far as known.
        has_payload: they come with their payloads.
        with_scores: they come with their scores.
        field_encodings: encodings of fields, UTF-8 for the others.
        warnings: of the server; those in a map are added.

    Attributes:
        total: how many documents match.
        docs: those that were returned.
        duration: as above.
        warnings: such as that the time of the query was over.
    """

    def __init__(
        self,
        res: Any,
        hascontent: bool = True,
        duration: float = 0,
        has_payload: bool = False,
        with_scores: bool = False,
        field_encodings: EncodingsT | None = None,
        warnings: Sequence[str] | None = None,
    ) -> None:
        self.duration = duration
        self.warnings: list[str] = list(warnings or ())
        if isinstance(res, dict):
            found = text_keyed(res)
            self.total: int = found.get("total_results", 0)
            self.warnings += map(text, found.get("warning", ()))
            entries = _from_map(found.get("results", ()), with_scores)
        else:
            self.total = res[0] if res else 0
            entries = _from_array((res or ())[1:], hascontent, has_payload, with_scores)
        self.docs: list[Document] = [_document(*entry, field_encodings or {}, with_scores) for entry in entries]

    def __repr__(self) -> str:
        return f"Result{{{self.total} total, docs: {self.docs}}}"


#: A key, its score, its payload and its fields.
_Entry = tuple[Any, float | None, Any, Any]


def _from_array(parts: Sequence[Any], hascontent: bool, has_payload: bool, with_scores: bool) -> Iterator[_Entry]:
    """Iterate over the documents of RESP2: for each the key, and whatever was asked for."""
    elements = iter(parts)
    for key in elements:
        score = float(next(elements)) if with_scores else None
        payload = next(elements) if has_payload else None
        yield key, score, payload, next(elements) if hascontent else None


def _from_map(results: Sequence[Any], with_scores: bool) -> Iterator[_Entry]:
    for result in results:
        found = text_keyed(result)
        score = float(found["score"]) if with_scores and "score" in found else None
        yield found.get("id", ""), score, found.get("payload"), found.get("extra_attributes")


def _document(
    key: Any, score: float | None, payload: Any, fields: Any, encodings: EncodingsT, scored: bool
) -> Document:
    values = {text(name): decoded(value, text(name), encodings) for name, value in pairs(fields)}
    values.pop("id", None)
    if "$" in values:
        values["json"] = values.pop("$")
    if scored:
        values["score"] = score
    values.pop("payload", None)
    return Document(text(key), payload=None if payload is None else text(payload), **values)


def decoded(value: Any, name: str, encodings: EncodingsT) -> Any:
    """Return the value of a field: bytes in the field's encoding, or UTF-8, or as they are."""
    if not isinstance(value, bytes):
        return value
    encoding = encodings.get(name, "utf-8")
    return value if encoding is None else value.decode(encoding, "replace")
