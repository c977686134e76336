"""AggregateRequest: what FT.AGGREGATE is asked, put together by methods that return the request."""

from collections.abc import Sequence
from typing import Any, Final, Self

from redis_aio.commands.search.dialect import DEFAULT_DIALECT
from redis_aio.typing import EncodableT

#: As an alias: the name of the reducer's own field.
FIELDNAME: Final[Any] = object()


class Limit:
    """So many rows, from an offset on; 0 is all."""

    def __init__(self, offset: int = 0, count: int = 0) -> None:
        self.offset = offset
        self.count = count

    def build_args(self) -> list[EncodableT]:
        """Return it as the server takes it."""
        return ["LIMIT", self.offset, self.count] if self.count else []


class Reducer:
    """What makes one value of a group; see :mod:`redis_aio.commands.search.reducers`."""

    NAME: str | None = None

    def __init__(self, *args: str) -> None:
        self._args = args
        self._field: str | None = None
        self._alias: str | None = None

    def alias(self, alias: str) -> Self:
        """Give the value a name; ``FIELDNAME`` is that of the field.

        Raises:
            ValueError: ``FIELDNAME``, but there is no field.
        """
        if alias is FIELDNAME:
            if not self._field:
                raise ValueError("FIELDNAME needs a reducer with a field")
            alias = self._field.removeprefix("@")
        self._alias = alias
        return self

    @property
    def args(self) -> tuple[str, ...]:
        """What follows its name."""
        return self._args

    def build_args(self) -> list[EncodableT]:
        """Return it as the server takes it."""
        words: list[EncodableT] = ["REDUCE", self.NAME or "", len(self._args), *self._args]
        return words if self._alias is None else [*words, "AS", self._alias]


class SortDirection:
    """A property to sort by, and the direction."""

    DIRSTRING: str = ""

    def __init__(self, field: str) -> None:
        self.field = field


class Asc(SortDirection):
    """Ascending."""

    DIRSTRING: str = "ASC"


class Desc(SortDirection):
    """Descending."""

    DIRSTRING: str = "DESC"


def grouped(fields: Sequence[str] | str, reducers: Sequence[Reducer]) -> list[EncodableT]:
    """Return GROUPBY with its reducers."""
    properties = [fields] if isinstance(fields, str) else [*fields]
    words: list[EncodableT] = ["GROUPBY", len(properties), *properties]
    for reducer in reducers:
        words += reducer.build_args()
    return words


def applied(expressions: dict[str, str]) -> list[EncodableT]:
    """Return APPLY for each name and expression."""
    return [part for alias, expression in expressions.items() for part in ("APPLY", expression, "AS", alias)]


class AggregateRequest:
    """A query and what becomes of its documents: ``AggregateRequest("*").group_by("@city", reducers.count())``.

    The steps are done in the order in which their methods are called.

    Args:
        query: in the query language.
    """

    def __init__(self, query: str = "*") -> None:
        self._query = query
        self._aggregateplan: list[EncodableT] = []
        self._loadfields: list[str] = []
        self._loadall = False
        self._with_schema = False
        self._verbatim = False
        self._add_scores = False
        self._scorer = "TFIDF"
        self._cursor: list[EncodableT] = []
        self._dialect = DEFAULT_DIALECT

    # -- steps ------------------------------------------------------------------------------------------------------

    def group_by(self, fields: Sequence[str] | str, *reducers: Reducer) -> Self:
        """Make one row of those that agree in these properties (``@name``)."""
        self._aggregateplan += grouped(fields, reducers)
        return self

    def apply(self, **kwexpr: str) -> Self:
        """Add properties: name to expression."""
        self._aggregateplan += applied(kwexpr)
        return self

    def limit(self, offset: int, num: int) -> Self:
        """Keep ``num`` rows from ``offset`` on."""
        self._aggregateplan += Limit(offset, num).build_args()
        return self

    def sort_by(self, *fields: str | SortDirection, max: int = 0) -> Self:
        """Sort by properties, or by ``Asc("@p")`` and ``Desc("@p")``; keep at most ``max`` rows."""
        words: list[EncodableT] = []
        for field in fields:
            words += [field.field, field.DIRSTRING] if isinstance(field, SortDirection) else [field]
        self._aggregateplan += ["SORTBY", len(words), *words]
        if max > 0:
            self._aggregateplan += ["MAX", max]
        return self

    def filter(self, expressions: Sequence[str] | str) -> Self:
        """Keep the rows that fulfil every expression."""
        for expression in [expressions] if isinstance(expressions, str) else expressions:
            self._aggregateplan += ["FILTER", expression]
        return self

    # -- options ----------------------------------------------------------------------------------------------------

    def load(self, *fields: str) -> Self:
        """Load these fields of the documents; all, if none is named."""
        if fields:
            self._loadfields += fields
        else:
            self._loadall = True
        return self

    def with_schema(self) -> Self:
        """Return the types of the properties."""
        self._with_schema = True
        return self

    def add_scores(self) -> Self:
        """Have the score as ``@__score``."""
        self._add_scores = True
        return self

    def scorer(self, scorer: str) -> Self:
        """Score with this function."""
        self._scorer = scorer
        return self

    def verbatim(self) -> Self:
        """Match words only as they are written."""
        self._verbatim = True
        return self

    def cursor(self, count: int = 0, max_idle: float = 0.0) -> Self:
        """Return ``count`` rows, and a cursor for the rest, which ends when it was idle for so many seconds."""
        self._cursor = ["WITHCURSOR"]
        if count:
            self._cursor += ["COUNT", count]
        if max_idle:
            self._cursor += ["MAXIDLE", round(max_idle * 1000)]
        return self

    def dialect(self, dialect: int) -> Self:
        """Speak this dialect of the query language."""
        self._dialect = dialect
        return self

    def build_args(self) -> list[EncodableT]:
        """Return the request as FT.AGGREGATE takes it."""
        words: list[EncodableT] = [self._query]
        words += [word for word, flag in (("WITHSCHEMA", self._with_schema), ("VERBATIM", self._verbatim)) if flag]
        if self._scorer:
            words += ["SCORER", self._scorer]
        if self._add_scores:
            words.append("ADDSCORES")
        words += self._cursor
        if self._loadall:
            words += ["LOAD", "*"]
        elif self._loadfields:
            words += ["LOAD", len(self._loadfields), *self._loadfields]
        if self._dialect:
            words += ["DIALECT", self._dialect]
        return words + self._aggregateplan


class Cursor:
    """Where the rest of the rows is; ``max_idle`` (milliseconds) and ``count`` are for the next read."""

    def __init__(self, cid: int) -> None:
        self.cid = cid
        self.max_idle = 0
        self.count = 0

    def build_args(self) -> list[EncodableT]:
        """Return it as FT.CURSOR READ takes it."""
        words: list[EncodableT] = [self.cid]
        if self.max_idle:
            words += ["MAXIDLE", self.max_idle]
        if self.count:
            words += ["COUNT", self.count]
        return words


class AggregateResult:
    """What FT.AGGREGATE found.

    Attributes:
        rows: each a list of names and values in turn.
        cursor: where the rest is; ``None`` without one, its ``cid`` is 0 at the end.
        schema: the types of the properties, if asked for.
        total: what the server says of the number of rows; it is not exact.
        warnings: of the server, such as that its time was over.
    """

    def __init__(
        self, rows: list[Any], cursor: Cursor | None, schema: Any, total: int = 0, warnings: list[str] | None = None
    ) -> None:
        self.rows = rows
        self.cursor = cursor
        self.schema = schema
        self.total = total
        self.warnings: list[str] = warnings or []

    def __repr__(self) -> str:
        cursor = self.cursor.cid if self.cursor else -1
        return f"<{type(self).__name__}: {len(self.rows)} rows, cursor {cursor}>"
