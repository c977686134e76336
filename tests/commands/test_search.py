"""The commands of Search and Query on each face, what they send, and what they refuse."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from redis_aio import DataError, ResponseError
from redis_aio.commands.search import _parsing as parsing
from redis_aio.commands.search import aggregation, reducers
from redis_aio.commands.search.aggregation import AggregateRequest, Asc, Desc
from redis_aio.commands.search.document import Document
from redis_aio.commands.search.field import Field, NumericField, TagField, TextField, VectorField
from redis_aio.commands.search.hybrid_query import (
    CombinationMethods,
    CombineResultsMethod,
    HybridCursorQuery,
    HybridFilter,
    HybridPostProcessingConfig,
    HybridQuery,
    HybridSearchQuery,
    HybridVsimQuery,
    VectorSearchMethods,
)
from redis_aio.commands.search.hybrid_result import HybridCursorResult, HybridResult
from redis_aio.commands.search.index_definition import IndexDefinition, IndexType
from redis_aio.commands.search.query import Filter, GeoFilter, NumericFilter, Query, SortbyField
from redis_aio.commands.search.querystring import (
    OptionalNode,
    between,
    disjunct,
    disjunct_union,
    equal,
    ge,
    geo,
    gt,
    intersect,
    le,
    lt,
    querystring,
    tags,
    union,
)
from redis_aio.commands.search.result import Result
from redis_aio.commands.search.suggestion import Suggestion
from tests.commands.conftest import Built, Face, Needs, Text

pytestmark = [pytest.mark.one_loop, pytest.mark.modules]

FLOATS = struct.pack("<2f", 0.25, 200.0)


@pytest.fixture
async def filled(face: Face, needs: Needs) -> Face:
    """A face of a client of a server with an index idx of three hashes."""
    needs("FT.CREATE")
    fields = [
        TextField("title"),
        NumericField("price", sortable=True),
        TagField("tag"),
        VectorField("vector", "FLAT", {"TYPE": "FLOAT32", "DIM": 2, "DISTANCE_METRIC": "L2"}),
    ]
    client = face.client
    await client.ft().create_index(fields, definition=IndexDefinition(prefix="doc:", index_type=IndexType.HASH))
    for number in range(3):
        document = {"title": f"hello {number}", "price": 10 * number, "tag": "x,y", "vector": FLOATS}
        await client.hset(f"doc:{number}", mapping=document)
    return face


# -- searching --------------------------------------------------------------------------------------------------------


async def test_search(filled: Face) -> None:
    result = await filled(lambda r: r.ft().search(Query("hello").sort_by("price", asc=False).paging(0, 2)))
    assert (result.total, len(result.docs)) == (3, 2)
    first = result.docs[0]
    assert (first.id, first.title, first["price"], first.payload) == ("doc:2", "hello 2", "20", None)
    assert repr(result).startswith("Result{3 total, docs: [Document ")
    with pytest.raises(AttributeError, match="no field 'missing'"):
        _ = first.missing
    if filled.kind == "client":
        assert result.duration > 0


async def test_vectors_stay_bytes(filled: Face) -> None:
    query = (
        Query("*=>[KNN 2 @vector $v AS distance]").return_field("vector", decode_field=False).return_field("distance")
    )
    result = await filled(lambda r: r.ft().search(query.sort_by("distance"), {"v": FLOATS}))
    assert [document.vector for document in result.docs] == [FLOATS, FLOATS]
    assert float(result.docs[0].distance) == 0.0
    everything = await filled(lambda r: r.ft().search("hello"))
    assert isinstance(everything.docs[0].vector, str)  # as redis-py: nobody said that it is no text


async def test_scores_and_keys_alone(filled: Face) -> None:
    result = await filled(lambda r: r.ft().search(Query("hello").no_content().with_scores().limit_ids("doc:1")))
    assert [(document.id, document.score > 0) for document in result.docs] == [("doc:1", True)]


async def test_json_documents(filled: Face) -> None:
    client = filled.client
    field = TextField("$.title", as_name="title")
    await client.ft("j").create_index(field, definition=IndexDefinition(["j:"], index_type=IndexType.JSON))
    await client.json().set("j:1", "$", {"title": "hello"})
    result = await filled(lambda r: r.ft("j").search("@title:hello"))
    assert json.loads(result.docs[0].json) == {"title": "hello"}


async def test_aggregate(filled: Face, text: Text) -> None:
    request = AggregateRequest("hello").group_by("@tag", reducers.sum("@price").alias("sum")).apply(double="@sum * 2")
    result = await filled(lambda r: r.ft().aggregate(request))
    assert result.rows == [text(["tag", "x,y", "sum", "30", "double", "60"])]
    assert result.cursor is None
    assert repr(result) == "<AggregateResult: 1 rows, cursor -1>"


async def test_aggregate_with_a_cursor(filled: Face) -> None:
    request = AggregateRequest("*").load("@price").cursor(count=2, max_idle=30)
    result = await filled(lambda r: r.ft().aggregate(request))
    assert len(result.rows) == 2
    cursor = result.cursor
    assert cursor is not None
    cursor.count = 2
    rest = await filled(lambda r: r.ft().aggregate(cursor))
    assert (len(rest.rows), cursor.cid) == (1, 0)
    again = await filled(lambda r: r.ft().aggregate(request))
    spare = again.cursor
    assert spare is not None
    await filled(lambda r: r.ft().cursor_del(spare))
    with pytest.raises(ResponseError):
        await filled(lambda r: r.ft().aggregate(spare))


async def test_profile(filled: Face) -> None:
    result, information = await filled(lambda r: r.ft().profile(Query("hello").no_content(), limited=True))
    assert result.total == 3
    assert information.info
    rows, _ = await filled(lambda r: r.ft().profile(AggregateRequest("*").load("@price")))
    assert len(rows.rows) == 3


async def test_explain_spellcheck_tagvals(filled: Face, text: Text) -> None:
    assert "hello" in str(await filled(lambda r: r.ft().explain("hello")))
    assert await filled(lambda r: r.ft().spellcheck("hllo")) == text({"hllo": []}) | {
        text("hllo"): [{"score": "1", "suggestion": text("hello")}]
    }
    assert sorted(await filled(lambda r: r.ft().tagvals("tag"))) == text(["x", "y"])


# -- the index and what goes with it ----------------------------------------------------------------------------------


async def test_the_index(filled: Face, text: Text) -> None:
    info = await filled(lambda r: r.ft().info())
    assert (info["index_name"], int(info["num_docs"])) == ("idx", 3)
    assert info["attributes"][0][:4] == ["identifier", "title", "attribute", "title"]
    assert await filled(lambda r: r.ft().alter_schema_add(TagField("new"))) == text("OK")
    assert await filled(lambda r: r.ft().aliasadd("other")) == text("OK")
    assert (await filled(lambda r: r.ft("other").search("hello"))).total == 3
    assert await filled(lambda r: r.ft().aliasdel("other")) == text("OK")
    assert await filled(lambda r: r.ft().list_indexes()) == [text("idx")]
    assert await filled(lambda r: r.ft().dropindex()) == text("OK")


async def test_dictionaries_and_synonyms(filled: Face, text: Text) -> None:
    assert await filled(lambda r: r.ft().dict_add("d", "one", "two")) == 2
    assert await filled(lambda r: r.ft().dict_del("d", "two")) == 1
    assert await filled(lambda r: r.ft().dict_dump("d")) == text(["one"])
    assert await filled(lambda r: r.ft().synupdate("g", False, "hello", "hi")) == text("OK")
    assert await filled(lambda r: r.ft().syndump()) == text({"hello": ["g"], "hi": ["g"]})


async def test_suggestions(filled: Face) -> None:
    client = filled.client
    assert await client.ft().sugadd("s", Suggestion("hello", 2.0, "p"), Suggestion("help")) == 2
    found = await filled(lambda r: r.ft().sugget("s", "hel", fuzzy=True, with_scores=True, with_payloads=True))
    assert [(str(one), one.payload) for one in found] == [("hello", "p"), ("help", None)]
    assert found[0].score > found[1].score
    assert await filled(lambda r: r.ft().sugadd("s", Suggestion("helm"))) == 3
    assert await filled(lambda r: r.ft().sugdel("s", "helm")) == 1
    assert await filled(lambda r: r.ft().suglen("s")) == 2


async def test_one_of_several_suggestions_is_refused(filled: Face) -> None:
    with pytest.raises(ResponseError, match="invalid score"):
        await filled.client.ft().sugadd("s", Suggestion("one", cast("float", "high")), Suggestion("two"))


async def test_several_suggestions_in_a_pipeline(filled: Face) -> None:
    pipe = filled.client.pipeline()
    pipe.ft().sugadd("s", Suggestion("one"), Suggestion("two"))
    assert await pipe.execute() == [1, 2]


async def test_load_document(filled: Face) -> None:
    document = await filled.client.ft().load_document("doc:1", {"vector": None})
    assert (document.id, document.title) == ("doc:1", "hello 1")
    if not filled.decode:
        assert document.vector == FLOATS


async def test_json_files(face: Face, needs: Needs, tmp_path: Path) -> None:
    needs("JSON.SET")
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"a": 1}')
    bad.write_text("{")
    client = face.client
    assert await client.json().set_file("file", "$", good) is True
    assert await client.json().get("file") == {"a": 1}
    assert await client.json().set_path("$", tmp_path) == {str(bad): False, str(good): True}
    assert await client.json().get(str(tmp_path / "good")) == {"a": 1}


# -- what is sent -----------------------------------------------------------------------------------------------------


def test_hybrid_search_is_sent_as_documented(built: Built) -> None:
    text = HybridSearchQuery("@title:hello").scorer("BM25STD").yield_score_as("text_score")
    vector = HybridVsimQuery("@vector", "$v", VectorSearchMethods.KNN, {"K": 10}, HybridFilter("@tag:{x}"), "score")
    post = HybridPostProcessingConfig().load("@title", "@price AS p").group_by("@tag", reducers.count().alias("n"))
    post.apply(double="@p * 2").sort_by(SortbyField("@p", False)).filter(HybridFilter("@p > 1")).limit(0, 5)
    combine = CombineResultsMethod(CombinationMethods.LINEAR, ALPHA=0.7, BETA=0.3)
    words = built(
        lambda r: r.ft().hybrid_search(
            HybridQuery(text, vector), combine, post, {"v": "x"}, 500, HybridCursorQuery(5, 9)
        )
    )
    assert words == [
        *("FT.HYBRID", "idx", "SEARCH", "@title:hello", "SCORER", "BM25STD", "YIELD_SCORE_AS", "text_score"),
        *("VSIM", "@vector", "$v", "KNN", 2, "K", 10, "FILTER", "@tag:{x}", "YIELD_SCORE_AS", "score"),
        *("COMBINE", "LINEAR", 4, "ALPHA", 0.7, "BETA", 0.3, "LOAD", 4, "@title", "@price", "AS", "p"),
        *("GROUPBY", 1, "@tag", "REDUCE", "COUNT", 0, "AS", "n", "APPLY", "@p * 2", "AS", "double"),
        *("SORTBY", 2, "@p", "DESC", "FILTER", "@p > 1", "LIMIT", 0, 5),
        *("PARAMS", 2, "v", "x", "TIMEOUT", 500, "WITHCURSOR", "COUNT", 5, "MAXIDLE", 9),
    ]


@pytest.mark.parametrize(
    "reply",
    [
        [
            *(b"total_results", 1, b"results", [[b"title", b"a", b"vector", FLOATS]]),
            *(b"warnings", [], b"execution_time", b"0.5"),
        ],
        {
            b"total_results": 1,
            b"results": [{b"title": b"a", b"vector": FLOATS}],
            b"warnings": [],
            b"execution_time": 0.5,
        },
    ],
    ids=["resp2", "resp3"],
)
def test_what_hybrid_search_finds(reply: Any) -> None:
    post = HybridPostProcessingConfig().load("@title", decode_field=True)
    expected = HybridResult(1, [{"title": "a", "vector": FLOATS}], [], 0.5)
    assert parsing.hybrid_by(post, False)(reply) == expected


def test_cursors_of_hybrid_search() -> None:
    cursors = parsing.hybrid_by(None, True)([b"SEARCH", 5, b"VSIM", 7, b"warnings", []])
    assert isinstance(cursors, HybridCursorResult)
    assert (cursors.search_cursor_id, cursors.vsim_cursor_id) == (5, 7)


def test_payloads_and_warnings_of_a_result() -> None:
    array = Result([2, b"a", b"1.5", b"p", [b"id", b"x", b"f", b"v"], b"b", b"1", None, []], True, 0, True, True)
    assert [vars(document) for document in array.docs] == [
        {"id": "a", "payload": "p", "f": "v", "score": 1.5},
        {"id": "b", "payload": None, "score": 1.0},
    ]
    found = {
        b"total_results": 1,
        b"warning": [b"slow"],
        b"results": [{b"id": b"a", b"extra_attributes": {b"$": b"[]"}}],
    }
    mapped = Result(found)
    assert (mapped.total, mapped.warnings, mapped.docs[0].json) == (1, ["slow"], "[]")
    assert Result(None).docs == []


def test_queries_are_put_together() -> None:
    query = Query("q").no_stopwords().with_payloads().expander("e").timeout(5).add_filter(GeoFilter("g", 1, 2, 3))
    query.add_filter(NumericFilter("n", NumericFilter.NEG_INF, 5, maxExclusive=True)).in_order().slop(1).dialect(3)
    assert query.query_string() == "q"
    assert query.get_args() == [
        *("q", "NOSTOPWORDS", "GEOFILTER", "g", 1, 2, 3, "km", "FILTER", "n", "-inf", "(5", "WITHPAYLOADS"),
        *("SLOP", 1, "TIMEOUT", 5, "INORDER", "EXPANDER", "e", "DIALECT", 3, "LIMIT", 0, 10),
    ]


def test_requests_are_put_together() -> None:
    request = AggregateRequest().verbatim().with_schema().add_scores().scorer("BM25").load().sort_by(Desc("@a"), "@b")
    request.filter(["@a > 1", "@b < 2"]).limit(5, 10).dialect(4)
    assert request.build_args() == [
        *("*", "WITHSCHEMA", "VERBATIM", "SCORER", "BM25", "ADDSCORES", "LOAD", "*", "DIALECT", 4),
        *("SORTBY", 3, "@a", "DESC", "@b", "FILTER", "@a > 1", "FILTER", "@b < 2", "LIMIT", 5, 10),
    ]


def test_reducers() -> None:
    assert reducers.first_value("@a", Asc).args == ("@a", "BY", "@a", "ASC")
    assert reducers.random_sample("@a", 5).args == ("@a", "5")
    assert reducers.collect().args == ("FIELDS", "*")
    collected = reducers.collect(["a", "@b"], distinct=True, sort_by=Desc("c"), limit=(0, 5))
    assert collected.args == (*("FIELDS", "2", "@a", "@b", "DISTINCT", "SORTBY", "2", "@c", "DESC", "LIMIT", "0", "5"),)
    assert reducers.sum("@a").alias(aggregation.FIELDNAME).build_args() == ["REDUCE", "SUM", 1, "@a", "AS", "a"]
    for wrong in (
        lambda: reducers.count().alias(aggregation.FIELDNAME),
        lambda: reducers.collect([]),
        lambda: reducers.collect("a", sort_by=[]),
    ):
        with pytest.raises(ValueError, match=r"needs|must"):
            wrong()


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (intersect("hello", "world"), "(hello world)"),
        (union("hello", "world"), "(hello|world)"),
        (disjunct("hello"), "-hello"),
        (disjunct_union("a", "b"), "(-a|b)"),
        (OptionalNode("a", "b"), "(~a b)"),
        (intersect(title="hello"), "@title:hello"),
        (intersect(title=["a", "b"]), "@title:(a b)"),
        (intersect(n=[lt(1), gt(5)]), "(@n:[-inf (1] @n:[(5 inf])"),
        (intersect(n=le(1)), "@n:[-inf 1]"),
        (intersect(n=ge(1)), "@n:[1 inf]"),
        (intersect(n=equal(1)), "@n:[1 1]"),
        (intersect(n=between(1, 2, inclusive_max=False)), "@n:[1 (2]"),
        (intersect(t=tags("a", "b")), "@t:{a | b}"),
        (intersect(p=geo(1, 2, 3, "m")), "@p:[2 1 3 m]"),
        (intersect("a", union("b", "c")), "(a (b|c))"),
    ],
    ids=str,
)
def test_querystring(node: Any, expected: str) -> None:
    assert str(node) == expected


def test_querystring_of_all_parts() -> None:
    assert querystring("a", title="b") == "(a @title:b)"
    with pytest.raises(ValueError, match="at least one tag"):
        tags()


def test_documents() -> None:
    assert repr(Document("a", x=1)) == "Document {'id': 'a', 'payload': None, 'x': 1}"


@pytest.mark.parametrize("name", ["self", "__class__", "__dict__"])
def test_documents_may_have_a_field_of_any_name(name: str) -> None:
    [document] = Result([1, b"a", [name.encode(), b"value"]]).docs
    assert vars(document)[name] == "value"
    assert type(document) is Document


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "make"),
    [
        pytest.param(ValueError, lambda: Field("f", no_index=True), id="neither indexed nor sorted"),
        pytest.param(DataError, lambda: TextField("f", phonetic_matcher="dm:de"), id="an unknown matcher"),
        pytest.param(DataError, lambda: VectorField("f", "TREE", {}), id="an unknown algorithm"),
        pytest.param(DataError, lambda: VectorField("f", "FLAT", {}, sortable=True), id="a sorted vector"),
        pytest.param(TypeError, lambda: IndexDefinition(prefix=None), id="no prefix"),  # type: ignore[arg-type]  # the point
        pytest.param(RuntimeError, lambda: IndexDefinition(index_type=1), id="no type"),  # type: ignore[arg-type]  # the point
        pytest.param(AttributeError, lambda: Query("q").add_filter(5), id="no filter"),  # type: ignore[arg-type]  # the point
    ],
)
def test_wrong_parts(error: type[Exception], make: Callable[[], Any]) -> None:
    with pytest.raises(error):
        make()


@pytest.mark.parametrize(
    ("error", "call"),
    [
        pytest.param(DataError, lambda r: r.ft().create_index([]), id="no field"),
        pytest.param(ValueError, lambda r: r.ft().search(5), id="no query"),
        pytest.param(ValueError, lambda r: r.ft().aggregate("*"), id="no request"),
        pytest.param(ValueError, lambda r: r.ft().profile("*"), id="nothing to profile"),
        pytest.param(NotImplementedError, lambda r: r.ft().explain_cli("*"), id="for terminals"),
        pytest.param(DataError, lambda r: r.ft().sugadd("s"), id="no suggestion"),
        pytest.param(DataError, lambda r: r.ft().dict_add("d"), id="no word"),
    ],
)
def test_what_is_refused(built: Built, error: type[Exception], call: Callable[[Any], Any]) -> None:
    with pytest.raises(error):
        built(call)


def test_filters_are_words() -> None:
    assert Filter("FILTER", "f", 1).args == ["FILTER", "f", 1]
