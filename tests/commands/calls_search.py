"""Calls of the search commands, for the comparison with redis-py: values by value, so queries are made by both.

``ft`` without a name is about the index ``idx``. A :class:`Made` argument is made of each library's own classes.
"""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.commands.calls_collections import Case, call


class Made(NamedTuple):
    """An argument that each library makes of its own classes."""

    make: Callable[["Library"], Any]


class Library:
    """The search classes of a library, by the names that both have: ``library.query.Query``.

    Args:
        package: ``redis`` or ``redis_aio``.
    """

    def __init__(self, package: str) -> None:
        self._package = package

    def __getattr__(self, module: str) -> Any:
        return importlib.import_module(f"{self._package}.commands.search.{module}")


def query(text: str = "*", *steps: tuple[str, Any]) -> Made:
    """Return a query of a text, and calls of its methods."""

    def make(library: Library) -> Any:
        made = library.query.Query(text)
        for name, args in steps:
            made = getattr(made, name)(*args)
        return made

    return Made(make)


INDEX = ("FT.CREATE", "idx", "ON", "HASH", "PREFIX", "1", "doc:", "SCHEMA")
SCHEMA = ("title", "TEXT", "body", "TEXT", "price", "NUMERIC", "SORTABLE", "tag", "TAG", "place", "GEO")
DOC1 = ("HSET", "doc:1", "title", "hello world", "body", "a long text", "price", "10", "tag", "x,y", "place", "1,1")
DOC2 = ("HSET", "doc:2", "title", "hello redis", "body", "another text", "price", "20", "tag", "y", "place", "5,5")
SETUP = [(*INDEX, *SCHEMA), DOC1, DOC2]


def _schema(library: Library) -> list[Any]:
    field = library.field
    return [
        field.TextField("title", weight=5.0, no_stem=True, phonetic_matcher="dm:en", sortable=True, as_name="t"),
        field.NumericField("price", sortable=True, no_index=True),
        field.TagField("tag", separator=";", case_sensitive=True, withsuffixtrie=True, index_missing=True),
        field.GeoField("place"),
        field.GeoShapeField("shape", field.GeoShapeField.FLAT),
        field.VectorField("v", "HNSW", {"TYPE": "FLOAT32", "DIM": 2, "DISTANCE_METRIC": "L2"}),
    ]


def _definition(library: Library) -> Any:
    definition = library.index_definition
    return definition.IndexDefinition(
        prefix=["a:", "b:"], filter="@price > 0", language="english", score=0.5, index_type=definition.IndexType.HASH
    )


def _request(*steps: Callable[[Any, Library], Any]) -> Made:
    def make(library: Library) -> Any:
        request = library.aggregation.AggregateRequest("hello")
        for step in steps:
            request = step(request, library)
        return request

    return Made(make)


CASES = [
    Case(
        "indexes",
        SETUP,
        [
            call("ft.create_index", Made(_schema)),
            call("ft:other.create_index", Made(_schema), definition=Made(_definition), stopwords=["the"]),
            call("ft:t.create_index", Made(_schema), True, True, [], None, True, 100, True, True, True),
            call("ft.alter_schema_add", Made(lambda library: library.field.TagField("new"))),
            call("ft.alter_schema_add", Made(lambda library: [library.field.TextField("new2")])),
            call("ft.aliasadd", "alias"),
            call("ft.aliasupdate", "alias"),
            call("ft:alias.tagvals", "tag"),
            call("ft.aliasdel", "alias"),
            call("ft:none.info"),
            call("ft.dropindex", delete_documents=True),
            call("ft.dropindex"),
        ],
        ["FT.CREATE"],
    ),
    Case(
        "searches",
        SETUP,
        [
            call("ft.search", "hello"),
            call("ft.search", "nothing"),
            call("ft.search", query("hello", ("paging", (0, 1)), ("sort_by", ("price", False)))),
            call("ft.search", query("hello", ("no_content", ()), ("with_scores", ()))),
            call("ft.search", query("hello", ("return_fields", ("title", "price")), ("verbatim", ()))),
            call("ft.search", query("hello", ("return_field", ("title", "name")), ("sort_by", ("price",)))),
            call("ft.search", query("hello", ("return_field", ("title", None, False)), ("limit_ids", ("doc:1",)))),
            call("ft.search", query("hello", ("limit_fields", ("title",)), ("slop", (1,)), ("in_order", ()))),
            call("ft.search", query("hello", ("highlight", (["title"], ["<", ">"])), ("sort_by", ("price",)))),
            call("ft.search", query("text", ("summarize", ("body", 3, 1, "...")), ("sort_by", ("price",)))),
            call(
                "ft.search", query("hello", ("language", ("english",)), ("scorer", ("DOCSCORE",)), ("timeout", (500,)))
            ),
            call(
                "ft.search",
                Made(lambda lib: lib.query.Query("hello").add_filter(lib.query.NumericFilter("price", 10, 20, True))),
            ),
            call(
                "ft.search",
                Made(lambda lib: lib.query.Query("*").add_filter(lib.query.GeoFilter("place", 1, 1, 10, unit="km"))),
            ),
            call("ft.search", query("@price:[$low $high]", ("dialect", (2,))), {"low": 15, "high": 25}),
            call("ft.search", Made(lambda lib: lib.querystring.intersect(tag=lib.querystring.tags("x")).to_string())),
            call("ft.search", 5),
            call("ft.search", "@@@"),
            call("ft.explain", "hello world"),
            call("ft.spellcheck", "hllo", distance=2),
            call("ft.spellcheck", "hello"),
        ],
        ["FT.SEARCH"],
    ),
    Case(
        "aggregations",
        SETUP,
        [
            call("ft.aggregate", _request(lambda r, _: r.load("title").sort_by("@price"))),
            call(
                "ft.aggregate",
                _request(lambda r, lib: r.group_by("@tag", lib.reducers.count().alias("n")).sort_by("@tag", max=5)),
            ),
            call(
                "ft.aggregate",
                _request(
                    lambda r, lib: r.load("@price").group_by(
                        [],
                        lib.reducers.sum("@price").alias(lib.aggregation.FIELDNAME),
                        lib.reducers.avg("@price"),
                        lib.reducers.max("@price"),
                        lib.reducers.quantile("@price", 0.5),
                        lib.reducers.count_distinct("@price"),
                        lib.reducers.first_value("@price", lib.aggregation.Desc("@price")),
                    )
                ),
            ),
            call(
                "ft.aggregate",
                _request(
                    lambda r, lib: (
                        r.apply(double="@price * 2")
                        .filter("@double > 20")
                        .sort_by(lib.aggregation.Asc("@double"))
                        .limit(0, 5)
                    )
                ),
            ),
            call("ft.aggregate", 5),
        ],
        ["FT.AGGREGATE"],
    ),
    Case(
        "dictionaries, synonyms, suggestions",
        SETUP,
        [
            call("ft.dict_add", "d", "one", "two"),
            call("ft.dict_del", "d", "two", "three"),
            call("ft.dict_dump", "d"),
            call("ft.synupdate", "g", False, "hello", "hi"),
            call("ft.synupdate", "g2", True, "hello"),
            call("ft.syndump"),
            call("ft.sugadd", "s", Made(lambda lib: lib.suggestion.Suggestion("hello", 2.0, "payload"))),
            call("ft.sugadd", "s", Made(lambda lib: lib.suggestion.Suggestion("help")), increment=True),
            call("ft.suglen", "s"),
            call("ft.sugget", "s", "hel"),
            call("ft.sugget", "s", "hel", with_payloads=True),
            call("ft.sugget", "s", "none"),
            call("ft.sugdel", "s", "help"),
            call("ft.sugdel", "s", "help"),
        ],
        ["FT.SUGADD"],
    ),
]
