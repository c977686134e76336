"""The commands of time series on each face, what they send, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from redis_aio import DataError, ResponseError
from redis_aio._replies import timeseries as replies
from tests.commands.conftest import Built, Face, Needs, Text

pytestmark = [pytest.mark.one_loop, pytest.mark.modules]


@pytest.fixture
async def filled(face: Face, needs: Needs) -> Face:
    """A face of a client of a server with the series a and b."""
    needs("TS.CREATE")
    series = face.client.ts()
    await series.create("a", labels={"room": "1", "kind": "t"})
    await series.create("b", labels={"room": "2", "kind": "t"})
    await series.madd([("a", 1000, 1), ("a", 2000, 2), ("b", 1000, 10)])
    return face


async def test_making_and_changing(filled: Face) -> None:
    assert await filled(lambda r: r.ts().create("c", retention_msecs=10_000, duplicate_policy="last")) is True
    assert await filled(lambda r: r.ts().alter("c", labels={"x": "y"})) is True
    info = await filled(lambda r: r.ts().info("c"))
    assert (info.retention_msecs, info["duplicatePolicy"], info.labels) == (10_000, "last", {"x": "y"})
    assert info.get("total_samples") == 0
    assert repr(info) == "<TSInfo: 0 samples in 1 chunks>"


async def test_adding(filled: Face) -> None:
    assert await filled(lambda r: r.ts().add("a", 3000, 3)) == 3000
    added: list[Any] = await filled(lambda r: r.ts().madd([("a", 4000, 4), ("missing", 1, 1)]))
    assert added[0] == 4000
    assert isinstance(added[1], ResponseError)
    assert await filled(lambda r: r.ts().incrby("a", 1, timestamp=5000)) == 5000
    assert await filled(lambda r: r.ts().decrby("a", 2, timestamp=6000)) == 6000
    assert await filled(lambda r: r.ts().get("a")) == (6000, 3.0)
    assert await filled(lambda r: r.ts().delete("a", 0, 4000)) == 4
    assert await filled(lambda r: r.ts().range("a", "-", "+")) == [(5000, 5.0), (6000, 3.0)]


async def test_ranges(filled: Face) -> None:
    assert await filled(lambda r: r.ts().range("a", "-", "+", aggregation_type="sum", bucket_size_msec=5000)) == [
        (0, 3.0)
    ]
    assert await filled(lambda r: r.ts().revrange("a", 0, 5000, count=1)) == [(2000, 2.0)]
    assert await filled(lambda r: r.ts().mrange("-", "+", ["kind=t"], with_labels=True)) == [
        {"a": [{"kind": "t", "room": "1"}, [(1000, 1.0), (2000, 2.0)]]},
        {"b": [{"kind": "t", "room": "2"}, [(1000, 10.0)]]},
    ]
    assert await filled(lambda r: r.ts().mrevrange("-", "+", ["kind=t"], groupby="kind", reduce="max")) == [
        {"kind=t": [{}, [(2000, 2.0), (1000, 10.0)]]}
    ]
    assert await filled(lambda r: r.ts().mget(["room=1"])) == [{"a": [{}, 2000, 2.0]}]
    assert await filled(lambda r: r.ts().queryindex(["room=2"])) == ["b"]


async def test_rules(filled: Face) -> None:
    await filled.client.ts().create("r")
    assert await filled(lambda r: r.ts().createrule("a", "r", "avg", 1000)) is True
    assert await filled(lambda r: r.ts().deleterule("a", "r")) is True


async def test_reading_what_comes(face: Face, needs: Needs, text: Text) -> None:
    needs("TS.READ")
    await face.client.ts().add("a", 1000, 1, labels={"x": "y"})
    assert await face(lambda r: r.ts().read("a", 0)) == [[1000, 1.0]]
    assert await face(lambda r: r.ts().nrange(["a"], "-", "+")) == [[1000, [1.0]]]
    assert await face(lambda r: r.ts().querylabels()) == text({"x"})


def test_one_filter_need_not_be_in_a_list(built: Built) -> None:
    assert built(lambda r: r.ts().mget("a=b")) == ["TS.MGET", "FILTER", "a=b"]
    assert built(lambda r: r.ts().queryindex("a=b")) == ["TS.QUERYINDEX", "a=b"]
    assert built(lambda r: r.ts().range("a", 0, 1, filter_by_ts=[5])) == ["TS.RANGE", "a", 0, 1, "FILTER_BY_TS", 5]


def test_what_no_server_here_has_is_sent_as_documented(built: Built) -> None:
    assert built(lambda r: r.ts().read("a", 5, 1000, 3, 10)) == ["TS.READ", "a", 5, "BLOCK", 1000, 3, "MAX_COUNT", 10]
    assert built(lambda r: r.ts().read("a", "-", 0)) == ["TS.READ", "a", "-", "BLOCK", 0, 1]
    assert built(lambda r: r.ts().nrange(["a", "b"], "-", "+", 5, ["min,max", "avg"], 1000, empty=True)) == [
        *("TS.NRANGE", 2, "a", "b", "-", "+", "COUNT", 5, "AGGREGATION", "min,max", "avg", 1000, "EMPTY")
    ]
    assert built(lambda r: r.ts().nrevrange(["a"], 0, 9, aggregators="avg", latest=True)) == [
        *("TS.NREVRANGE", 1, "a", 0, 9, "LATEST", "AGGREGATION", "avg", 0)
    ]
    assert built(lambda r: r.ts().querylabels("room", ["kind=t"])) == [
        *("TS.QUERYLABELS", "VALUES", "room", "FILTER", "kind=t")
    ]
    assert built(lambda r: r.ts().querylabels()) == ["TS.QUERYLABELS", "LABELS"]
    assert built(lambda r: r.ts().range("a", "-", "+", aggregation_type=["min", "max"], bucket_size_msec=9)) == [
        *("TS.RANGE", "a", "-", "+", "AGGREGATION", "min,max", 9)
    ]
    assert built(lambda r: r.ts().mrange("-", "+", ["a=b"], exclude_empty=True)) == [
        *("TS.MRANGE", "-", "+", "EXCLUDEEMPTY", "FILTER", "a=b")
    ]


def test_labels_are_the_last_option(built: Built) -> None:
    words = built(lambda r: r.ts().add("a", 1, 2, 5, True, {"x": "y"}, 128, "last", 10, 0.5, on_duplicate="sum"))
    assert words == [
        *("TS.ADD", "a", 1, 2, "RETENTION", 5, "ENCODING", "UNCOMPRESSED", "CHUNK_SIZE", 128),
        *("DUPLICATE_POLICY", "last", "IGNORE", 10, 0.5, "ON_DUPLICATE", "sum", "LABELS", "x", "y"),
    ]


def test_replies_no_server_here_gives() -> None:
    assert replies.samples([[1, b"2", b"3.5"]]) == [(1, 2.0, 3.5)]
    assert replies.sample_lists([[1, b"2"]]) == [[1, 2.0]]
    assert str(replies.rows([[1, [b"2", b"nan"]]])) == "[[1, [2.0, nan]]]"
    assert replies.rows(None) == []


@pytest.mark.parametrize(
    ("error", "call"),
    [
        pytest.param(ValueError, lambda r: r.ts().create("a", ignore_max_time_diff=1), id="half of IGNORE"),
        pytest.param(DataError, lambda r: r.ts().madd([]), id="no sample"),
        pytest.param(DataError, lambda r: r.ts().range("a", 0, 1, filter_by_min_value=1), id="half of a filter"),
        pytest.param(DataError, lambda r: r.ts().range("a", 0, 1, filter_by_ts=[]), id="no time"),
        pytest.param(DataError, lambda r: r.ts().mrange(0, 1, []), id="no filter"),
        pytest.param(DataError, lambda r: r.ts().mrange(0, 1, ["a=b"], groupby="a"), id="half of GROUPBY"),
        pytest.param(
            DataError,
            lambda r: r.ts().mrange(0, 1, ["a=b"], groupby="a", reduce="sum", aggregation_type=["min", "max"]),
            id="GROUPBY of several aggregators",
        ),
        pytest.param(
            DataError,
            lambda r: r.ts().mrange(0, 1, ["a=b"], groupby="a", reduce="sum", exclude_empty=True),
            id="GROUPBY and EXCLUDEEMPTY",
        ),
        pytest.param(DataError, lambda r: r.ts().mget(["a=b"], True, ["x"]), id="two kinds of labels"),
        pytest.param(DataError, lambda r: r.ts().read("a", 0, None, 5), id="half of BLOCK"),
        pytest.param(DataError, lambda r: r.ts().nrange([], 0, 1), id="no key"),
        pytest.param(DataError, lambda r: r.ts().nrange(["a"], 0, 1, aggregators=["a", "b"]), id="too many"),
        pytest.param(DataError, lambda r: r.ts().querylabels(None, []), id="an empty filter"),
    ],
)
def test_what_is_refused(built: Built, error: type[Exception], call: Callable[[Any], Any]) -> None:
    with pytest.raises(error):
        built(call)
