"""Query: what FT.SEARCH is asked, put together by methods that return the query."""

from collections.abc import Sequence
from typing import Self

from redis_aio.commands._arguments import flagged
from redis_aio.commands.search.dialect import DEFAULT_DIALECT
from redis_aio.typing import EncodableT


class Query:
    """A query and its options: ``Query("@title:hello").paging(0, 5).with_scores()``.

    Args:
        query_string: in the query language. What users typed must be given as a parameter (``$name``), not put into it.
    """

    def __init__(self, query_string: str) -> None:
        self._query_string = query_string
        self._offset = 0
        self._num = 10
        self._no_content = False
        self._no_stopwords = False
        self._verbatim = False
        self._in_order = False
        self._with_payloads = False
        self._with_scores = False
        self._fields: list[str] = []
        self._filters: list[Filter] = []
        self._ids: tuple[EncodableT, ...] = ()
        self._slop = -1
        self._scorer: str | None = None
        self._timeout: float | None = None
        self._sortby: SortbyField | None = None
        self._language: str | None = None
        self._expander: str | None = None
        self._dialect = DEFAULT_DIALECT
        self._return_fields: list[EncodableT] = []
        #: Field to the encoding of its value, ``None`` to leave it as bytes.
        self._return_fields_decode_as: dict[str, str | None] = {}
        self._summarize_fields: list[EncodableT] = []
        self._highlight_fields: list[EncodableT] = []

    def query_string(self) -> str:
        """Return the query itself."""
        return self._query_string

    # -- what is found ----------------------------------------------------------------------------------------------

    def limit_ids(self, *ids: EncodableT) -> Self:
        """Look only at these keys."""
        self._ids = ids
        return self

    def limit_fields(self, *fields: str) -> Self:
        """Look only into these fields."""
        self._fields = list(fields)
        return self

    def add_filter(self, flt: "Filter") -> Self:
        """Keep what also passes a filter."""
        if not isinstance(flt, Filter):
            raise AttributeError("flt must be a Filter")
        self._filters.append(flt)
        return self

    def verbatim(self) -> Self:
        """Match words only as they are written."""
        self._verbatim = True
        return self

    def no_stopwords(self) -> Self:
        """Look for words that are otherwise ignored, too."""
        self._no_stopwords = True
        return self

    def in_order(self) -> Self:
        """Match words only in the order of the query; with :meth:`slop`."""
        self._in_order = True
        return self

    def slop(self, slop: int) -> Self:
        """Allow so many words between those of a phrase."""
        self._slop = slop
        return self

    def language(self, language: str) -> Self:
        """Stem the words of the query in this language."""
        self._language = language
        return self

    def expander(self, expander: str) -> Self:
        """Expand the words of the query with this expander."""
        self._expander = expander
        return self

    def scorer(self, scorer: str) -> Self:
        """Score with this function: ``TFIDF``, ``BM25STD``, ``DISMAX``, ``DOCSCORE`` ..."""
        self._scorer = scorer
        return self

    def timeout(self, timeout: float) -> Self:
        """Let the server search so many milliseconds."""
        self._timeout = timeout
        return self

    def dialect(self, dialect: int) -> Self:
        """Speak this dialect of the query language."""
        self._dialect = dialect
        return self

    # -- what is returned -------------------------------------------------------------------------------------------

    def paging(self, offset: int, num: int) -> Self:
        """Return ``num`` documents from ``offset`` on."""
        self._offset = offset
        self._num = num
        return self

    def sort_by(self, field: str, asc: bool = True) -> Self:
        """Sort by a field instead of by score."""
        self._sortby = SortbyField(field, asc)
        return self

    def no_content(self) -> Self:
        """Return only the keys."""
        self._no_content = True
        return self

    def with_payloads(self) -> Self:
        """Return the documents' payloads."""
        self._with_payloads = True
        return self

    def with_scores(self) -> Self:
        """Return the documents' scores."""
        self._with_scores = True
        return self

    def return_fields(self, *fields: str) -> Self:
        """Return these fields."""
        for field in fields:
            self.return_field(field)
        return self

    def return_field(
        self, field: str, as_field: str | None = None, decode_field: bool | None = True, encoding: str | None = "utf8"
    ) -> Self:
        """Return a field.

        Args:
            field: its name, or a path.
            as_field: its name in the result.
            decode_field: ``False`` leaves its value as ``bytes``, a vector for example.
            encoding: of its value.
        """
        self._return_fields.append(field)
        self._return_fields_decode_as[field if as_field is None else as_field] = encoding if decode_field else None
        if as_field is not None:
            self._return_fields += ["AS", as_field]
        return self

    def summarize(
        self,
        fields: Sequence[str] | str | None = None,
        context_len: int | None = None,
        num_frags: int | None = None,
        sep: str | None = None,
    ) -> Self:
        """Return the parts of fields that match: so many, of so many words, with ``sep`` between them."""
        words = ["SUMMARIZE", *_counted(fields)]
        for word, value in (("LEN", context_len), ("FRAGS", num_frags), ("SEPARATOR", sep)):
            if value is not None:
                words += [word, value]
        self._summarize_fields = words
        return self

    def highlight(self, fields: Sequence[str] | str | None = None, tags: Sequence[str] | None = None) -> Self:
        """Put what matches between two tags, ``<b>`` and ``</b>`` by default."""
        self._highlight_fields = ["HIGHLIGHT", *_counted(fields), *(["TAGS", *tags] if tags else [])]
        return self

    # -- how it is sent ---------------------------------------------------------------------------------------------

    def get_args(self) -> list[EncodableT]:
        """Return the query as FT.SEARCH takes it."""
        return [
            *(self._query_string, *self._get_args_tags(), *self._summarize_fields, *self._highlight_fields),
            *("LIMIT", self._offset, self._num),
        ]

    def _get_args_tags(self) -> list[EncodableT]:
        words: list[EncodableT] = ["NOCONTENT"] if self._no_content else []
        if self._fields:
            words += ["INFIELDS", len(self._fields), *self._fields]
        words += flagged(VERBATIM=self._verbatim, NOSTOPWORDS=self._no_stopwords)
        for flt in self._filters:
            words += flt.args
        words += flagged(WITHPAYLOADS=self._with_payloads)
        if self._scorer:
            words += ["SCORER", self._scorer]
        words += flagged(WITHSCORES=self._with_scores)
        if self._ids:
            words += ["INKEYS", len(self._ids), *self._ids]
        if self._slop >= 0:
            words += ["SLOP", self._slop]
        if self._timeout is not None:
            words += ["TIMEOUT", self._timeout]
        words += flagged(INORDER=self._in_order)
        if self._return_fields:
            words += ["RETURN", len(self._return_fields), *self._return_fields]
        if self._sortby is not None:
            words += ["SORTBY", *self._sortby.args]
        for word, value in (("LANGUAGE", self._language), ("EXPANDER", self._expander), ("DIALECT", self._dialect)):
            if value:
                words += [word, value]
        return words


class Filter:
    """A condition on a field; see its kinds.

    Args:
        keyword: the word it begins with.
        field: the field, or the condition.
        args: the rest.
    """

    def __init__(self, keyword: str, field: str, *args: EncodableT) -> None:
        self.args: list[EncodableT] = [keyword, field, *args]


class NumericFilter(Filter):
    """A number between two others, which are included unless said otherwise.

    Args:
        field: the field.
        minval: the smallest, or ``NumericFilter.NEG_INF``.
        maxval: the largest, or ``NumericFilter.INF``.
        minExclusive: leave the smallest out.
        maxExclusive: leave the largest out.
    """

    INF = "+inf"
    NEG_INF = "-inf"

    def __init__(
        self,
        field: str,
        minval: float | str,
        maxval: float | str,
        minExclusive: bool = False,
        maxExclusive: bool = False,
    ) -> None:
        ends = [f"({end}" if left_out else end for end, left_out in ((minval, minExclusive), (maxval, maxExclusive))]
        super().__init__("FILTER", field, *ends)


class GeoFilter(Filter):
    """A place within a distance of another.

    Args:
        field: the field.
        lon: longitude in degrees.
        lat: latitude in degrees.
        radius: the distance.
        unit: ``m``, ``km``, ``ft`` or ``mi``.
    """

    METERS = "m"
    KILOMETERS = "km"
    FEET = "ft"
    MILES = "mi"

    def __init__(self, field: str, lon: float, lat: float, radius: float, unit: str = KILOMETERS) -> None:
        super().__init__("GEOFILTER", field, lon, lat, radius, unit)


class SortbyField:
    """A field to sort by, ascending or descending."""

    def __init__(self, field: str, asc: bool = True) -> None:
        self.args: list[EncodableT] = [field, "ASC" if asc else "DESC"]


def _counted(fields: Sequence[str] | str | None) -> list[EncodableT]:
    listed = [fields] if isinstance(fields, str) else [*(fields or ())]
    return ["FIELDS", len(listed), *listed] if listed else []
