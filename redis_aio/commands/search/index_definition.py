"""IndexDefinition: which keys an index is made of, and what it takes from them."""

from collections.abc import Sequence
from enum import Enum

from redis_aio.commands._arguments import one_or_many
from redis_aio.typing import EncodableT


class IndexType(Enum):
    """The type of the keys."""

    HASH = 1
    JSON = 2


class IndexDefinition:
    """What FT.CREATE is told of the keys of an index.

    Args:
        prefix: beginnings of the keys; none is every key.
        filter: an expression that a document must fulfil.
        language_field: the field that names a document's language.
        language: the language of documents that name none.
        score_field: the field that holds a document's score.
        score: the score of documents that have none.
        payload_field: the field that holds a document's payload.
        index_type: hashes by default.

    Raises:
        TypeError: ``prefix`` is ``None``.
        RuntimeError: ``index_type`` is no ``IndexType``.
    """

    def __init__(
        self,
        prefix: Sequence[str] | str = (),
        filter: str | None = None,
        language_field: str | None = None,
        language: str | None = None,
        score_field: str | None = None,
        score: float | None = 1.0,
        payload_field: str | None = None,
        index_type: IndexType | None = None,
    ) -> None:
        if prefix is None:
            raise TypeError("prefix must be a sequence of str")
        if index_type is not None and not isinstance(index_type, IndexType):
            raise RuntimeError(f"index_type must be one of {', '.join(map(str, IndexType))}")
        self.args: list[EncodableT] = [] if index_type is None else ["ON", index_type.name]
        if prefix:
            prefixes = one_or_many(prefix)
            self.args += ["PREFIX", len(prefixes), *prefixes]
        options = {
            "FILTER": filter,
            "LANGUAGE_FIELD": language_field,
            "LANGUAGE": language,
            "SCORE_FIELD": score_field,
            "SCORE": score,
            "PAYLOAD_FIELD": payload_field,
        }
        for word, value in options.items():
            if value is not None:
                self.args += [word, value]
