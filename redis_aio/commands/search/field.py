"""Fields of an index: what FT.CREATE and FT.ALTER are told of an attribute."""

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT


class FieldOptions(TypedDict, total=False):
    """What every field can have."""

    #: Results can be sorted by it.
    sortable: bool
    #: It is not searched, only sorted by or returned.
    no_index: bool
    #: ``ismissing(@field)`` finds documents without it.
    index_missing: bool
    #: Its empty value can be searched for.
    index_empty: bool
    #: Its name in queries.
    as_name: str | None


class Field:
    """An attribute of the documents of an index.

    Args:
        name: the field of the hash, or the path in the JSON value.
        args: its type and the options of the type.
        sortable: results can be sorted by it.
        no_index: it is not searched; only with ``sortable``.
        index_missing: ``ismissing(@field)`` finds documents without it.
        index_empty: its empty value can be searched for.
        as_name: its name in queries.

    Raises:
        ValueError: it is neither searched nor sorted by.
    """

    NUMERIC = "NUMERIC"
    TEXT = "TEXT"
    WEIGHT = "WEIGHT"
    GEO = "GEO"
    TAG = "TAG"
    VECTOR = "VECTOR"
    SORTABLE = "SORTABLE"
    NOINDEX = "NOINDEX"
    AS = "AS"
    GEOSHAPE = "GEOSHAPE"
    INDEX_MISSING = "INDEXMISSING"
    INDEX_EMPTY = "INDEXEMPTY"

    def __init__(
        self,
        name: str,
        args: list[EncodableT] | None = None,
        sortable: bool = False,
        no_index: bool = False,
        index_missing: bool = False,
        index_empty: bool = False,
        as_name: str | None = None,
    ) -> None:
        if no_index and not sortable:
            raise ValueError("a field that is not indexed must be sortable: otherwise it would be ignored")
        self.name = name
        self.args: list[EncodableT] = [] if args is None else args
        self.as_name = as_name
        flags = {
            self.NOINDEX: no_index,
            self.INDEX_MISSING: index_missing,
            self.INDEX_EMPTY: index_empty,
            self.SORTABLE: sortable,
        }
        self.args_suffix: list[EncodableT] = [word for word, flag in flags.items() if flag]

    def append_arg(self, value: EncodableT) -> None:
        """Add an option of the type."""
        self.args.append(value)

    def redis_args(self) -> list[EncodableT]:
        """Return the field as FT.CREATE takes it."""
        alias = [self.AS, self.as_name] if self.as_name else []
        return [self.name, *alias, *self.args, *self.args_suffix]


class TextField(Field):
    """Text that is searched for words.

    Args:
        name: where it is.
        weight: how much it counts in the score.
        no_stem: match words only as they are written.
        phonetic_matcher: match what sounds alike: ``dm:en``, ``dm:fr``, ``dm:pt`` or ``dm:es``.
        withsuffixtrie: make searches for ``*part*`` fast.
        options: as for :class:`Field`.
    """

    NOSTEM = "NOSTEM"
    PHONETIC = "PHONETIC"

    def __init__(
        self,
        name: str,
        weight: float = 1.0,
        no_stem: bool = False,
        phonetic_matcher: str | None = None,
        withsuffixtrie: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None:
        super().__init__(name, [Field.TEXT, Field.WEIGHT, weight], **options)
        if no_stem:
            self.append_arg(self.NOSTEM)
        if phonetic_matcher is not None:
            if phonetic_matcher not in ("dm:en", "dm:fr", "dm:pt", "dm:es"):
                raise DataError("phonetic_matcher must be one of dm:en, dm:fr, dm:pt, dm:es")
            self.args.extend([self.PHONETIC, phonetic_matcher])
        if withsuffixtrie:
            self.append_arg("WITHSUFFIXTRIE")


class NumericField(Field):
    """A number that is searched by ranges."""

    def __init__(self, name: str, **options: Unpack[FieldOptions]) -> None:
        super().__init__(name, [Field.NUMERIC], **options)


class GeoShapeField(Field):
    """A shape in well-known text.

    Args:
        name: where it is.
        coord_system: ``SPHERICAL`` (the earth) or ``FLAT``.
        options: as for :class:`Field`.
    """

    SPHERICAL = "SPHERICAL"
    FLAT = "FLAT"

    def __init__(self, name: str, coord_system: str | None = None, **options: Unpack[FieldOptions]) -> None:
        super().__init__(name, [Field.GEOSHAPE, *([coord_system] if coord_system else [])], **options)


class GeoField(Field):
    """A longitude and latitude, searched by distance."""

    def __init__(self, name: str, **options: Unpack[FieldOptions]) -> None:
        super().__init__(name, [Field.GEO], **options)


class TagField(Field):
    """Words that are matched whole.

    Args:
        name: where they are.
        separator: between the words.
        case_sensitive: tell capitals from small letters.
        withsuffixtrie: make searches for ``*part*`` fast.
        options: as for :class:`Field`.
    """

    SEPARATOR = "SEPARATOR"
    CASESENSITIVE = "CASESENSITIVE"

    def __init__(
        self,
        name: str,
        separator: str = ",",
        case_sensitive: bool = False,
        withsuffixtrie: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None:
        super().__init__(name, [Field.TAG, self.SEPARATOR, separator], **options)
        if case_sensitive:
            self.append_arg(self.CASESENSITIVE)
        if withsuffixtrie:
            self.append_arg("WITHSUFFIXTRIE")


class VectorField(Field):
    """A vector, searched by similarity.

    Args:
        name: where it is.
        algorithm: ``FLAT``, ``HNSW`` or ``SVS-VAMANA``.
        attributes: of the algorithm: ``{"TYPE": "FLOAT32", "DIM": 128, "DISTANCE_METRIC": "COSINE"}``.
        options: as for :class:`Field`, but neither ``sortable`` nor ``no_index``.

    Raises:
        DataError: the algorithm is unknown, or an option does not go with vectors.
    """

    def __init__(
        self, name: str, algorithm: str, attributes: Mapping[str, Any], **options: Unpack[FieldOptions]
    ) -> None:
        if options.get("sortable") or options.get("no_index"):
            raise DataError("a vector field can neither be sortable nor left out of the index")
        if algorithm.upper() not in ("FLAT", "HNSW", "SVS-VAMANA"):
            raise DataError("algorithm must be FLAT, HNSW or SVS-VAMANA")
        parts = [part for pair in attributes.items() for part in pair]
        super().__init__(name, [Field.VECTOR, algorithm, len(parts), *parts], **options)
