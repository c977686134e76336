"""HybridQuery: text and vectors searched together by FT.HYBRID. Redis 8.4."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Self

from redis_aio.commands.search.aggregation import Limit, Reducer, applied, grouped
from redis_aio.commands.search.query import Filter, SortbyField
from redis_aio.typing import EncodableT


class HybridSearchQuery:
    """The half that searches text.

    Args:
        query_string: in the query language.
        scorer: the function that scores.
        yield_score_as: the name of its score in the result.
    """

    def __init__(self, query_string: str, scorer: str | None = None, yield_score_as: str | None = None) -> None:
        self._query_string = query_string
        self._scorer = scorer
        self._yield_score_as = yield_score_as

    def query_string(self) -> str:
        """Return the query itself."""
        return self._query_string

    def scorer(self, scorer: str) -> Self:
        """Score with this function."""
        self._scorer = scorer
        return self

    def yield_score_as(self, alias: str) -> Self:
        """Have its score in the result under this name."""
        self._yield_score_as = alias
        return self

    def get_args(self) -> list[EncodableT]:
        """Return it as FT.HYBRID takes it."""
        words: list[EncodableT] = ["SEARCH", self._query_string]
        if self._scorer:
            words += ["SCORER", self._scorer]
        return words + _yielded(self._yield_score_as)


class VectorSearchMethods(Enum):
    """How vectors are searched: the nearest ones, or all within a radius."""

    KNN = "KNN"
    RANGE = "RANGE"


class HybridVsimQuery:
    """The half that searches vectors.

    Args:
        vector_field_name: as ``@embedding``.
        vector_data: the vector, or the name of a parameter (``$vec``).
        vsim_search_method: how.
        vsim_search_method_params: such as ``{"K": 10}``.
        filter: what documents must fulfil first.
        yield_score_as: the name of its score in the result.
    """

    def __init__(
        self,
        vector_field_name: str,
        vector_data: bytes | str,
        vsim_search_method: VectorSearchMethods | None = None,
        vsim_search_method_params: Mapping[str, Any] | None = None,
        filter: "HybridFilter | None" = None,
        yield_score_as: str | None = None,
    ) -> None:
        self._vector_field = vector_field_name
        self._vector_data = vector_data
        self._method: list[EncodableT] = []
        self._filter = filter
        self._yield_score_as = yield_score_as
        if vsim_search_method and vsim_search_method_params:
            self.vsim_method_params(vsim_search_method, **vsim_search_method_params)

    def vector_field(self) -> str:
        """Return the field that is searched."""
        return self._vector_field

    def vector_data(self) -> bytes | str:
        """Return the vector."""
        return self._vector_data

    def vsim_method_params(self, method: VectorSearchMethods, **kwargs: Any) -> Self:
        """Search in this way."""
        self._method = [method.value, *_counted(kwargs)]
        return self

    def filter(self, flt: "HybridFilter") -> Self:
        """Look only at documents that fulfil this."""
        self._filter = flt
        return self

    def yield_score_as(self, alias: str) -> Self:
        """Have its score in the result under this name."""
        self._yield_score_as = alias
        return self

    def get_args(self) -> list[EncodableT]:
        """Return it as FT.HYBRID takes it."""
        chosen = [] if self._filter is None else self._filter.args
        return ["VSIM", self._vector_field, self._vector_data, *self._method, *chosen, *_yielded(self._yield_score_as)]


class HybridQuery:
    """Both halves."""

    def __init__(self, search_query: HybridSearchQuery, vector_similarity_query: HybridVsimQuery) -> None:
        self._search_query = search_query
        self._vector_similarity_query = vector_similarity_query

    def get_args(self) -> list[EncodableT]:
        """Return them as FT.HYBRID takes them."""
        return [*self._search_query.get_args(), *self._vector_similarity_query.get_args()]


class CombinationMethods(Enum):
    """How the scores of both halves become one: by rank, or by weight."""

    RRF = "RRF"
    LINEAR = "LINEAR"


class CombineResultsMethod:
    """How the scores of both halves become one.

    Args:
        method: which.
        kwargs: such as ``ALPHA=0.7, BETA=0.3``.
    """

    def __init__(self, method: CombinationMethods, **kwargs: Any) -> None:
        self._method = method
        self._kwargs = kwargs

    def get_args(self) -> list[EncodableT]:
        """Return it as FT.HYBRID takes it."""
        return ["COMBINE", self._method.value, *_counted(self._kwargs)]


class HybridPostProcessingConfig:
    """What becomes of the documents that were found."""

    def __init__(self) -> None:
        self._loads: list[EncodableT] = []
        #: Field to the encoding of its value, ``None`` to leave it as bytes.
        self._return_fields_decode_as: dict[str, str | None] = {}
        self._groups: list[EncodableT] = []
        self._applies: list[EncodableT] = []
        self._sorts: list[SortbyField] = []
        self._filter: HybridFilter | None = None
        self._limit: Limit | None = None

    def load(self, *fields: str, decode_field: bool | None = False, encoding: str | None = "utf8") -> Self:
        """Load fields of the documents, as ``@name`` or ``@name AS other``; decoded if asked to."""
        words = " ".join(fields).split()
        if words:
            self._loads += ["LOAD", len(words), *words]
        names = iter(words)
        for name in names:
            if name.upper() == "AS":
                self._return_fields_decode_as[next(names)] = encoding if decode_field else None
            else:
                self._return_fields_decode_as[name.removeprefix("@")] = encoding if decode_field else None
        return self

    def group_by(self, fields: Sequence[str] | str, *reducers: Reducer) -> Self:
        """Make one row of those that agree in these properties."""
        self._groups += grouped(fields, reducers)
        return self

    def apply(self, **kwexpr: str) -> Self:
        """Add properties: name to expression."""
        self._applies += applied(kwexpr)
        return self

    def sort_by(self, *sortby: SortbyField) -> Self:
        """Sort by properties instead of by score."""
        self._sorts = [*sortby]
        return self

    def filter(self, filter: "HybridFilter") -> Self:
        """Keep what fulfils this."""
        self._filter = filter
        return self

    def limit(self, offset: int, num: int) -> Self:
        """Keep ``num`` rows from ``offset`` on."""
        self._limit = Limit(offset, num)
        return self

    def build_args(self) -> list[EncodableT]:
        """Return it as FT.HYBRID takes it."""
        words = [*self._loads, *self._groups, *self._applies]
        if self._sorts:
            orders = [part for order in self._sorts for part in order.args]
            words += ["SORTBY", len(orders), *orders]
        if self._filter is not None:
            words += self._filter.args
        return words if self._limit is None else [*words, *self._limit.build_args()]


class HybridFilter(Filter):
    """A condition in the query language."""

    def __init__(self, conditions: str) -> None:
        super().__init__("FILTER", conditions)


class HybridCursorQuery:
    """Ask for cursors: ``count`` rows at a time, which end when they were idle for ``max_idle`` milliseconds."""

    def __init__(self, count: int = 0, max_idle: int = 0) -> None:
        self.count = count
        self.max_idle = max_idle

    def build_args(self) -> list[EncodableT]:
        """Return it as FT.HYBRID takes it."""
        words: list[EncodableT] = ["WITHCURSOR"]
        if self.count:
            words += ["COUNT", self.count]
        if self.max_idle:
            words += ["MAXIDLE", self.max_idle]
        return words


def _yielded(alias: str | None) -> list[EncodableT]:
    return ["YIELD_SCORE_AS", alias] if alias else []


def _counted(options: Mapping[str, Any]) -> list[EncodableT]:
    return [2 * len(options), *(part for pair in options.items() for part in pair)] if options else []
