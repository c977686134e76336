"""The commands of the probabilistic types on each face, what they send, and what they refuse."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from redis_aio import DataError, ResponseError
from tests.commands.conftest import Built, Face, Needs

pytestmark = [pytest.mark.one_loop, pytest.mark.modules]


async def test_bloom_filter(face: Face, needs: Needs) -> None:
    needs("BF.ADD")
    assert await face(lambda r: r.bf().create("b", 0.01, 1000)) is True
    assert await face(lambda r: r.bf().add("b", "a")) is True
    assert await face(lambda r: r.bf().madd("b", "a", "b")) == [False, True]
    assert await face(lambda r: r.bf().insert("b", ["b", "c"])) == [False, True]
    assert await face(lambda r: r.bf().exists("b", "a")) is True
    assert await face(lambda r: r.bf().mexists("b", "a", "x")) == [True, False]
    assert await face(lambda r: r.bf().card("b")) == 3
    info = await face(lambda r: r.bf().info("b"))
    assert (info.capacity, info["insertedNum"], info.get("expansionRate"), info.get("x")) == (1000, 3, 2, None)
    assert repr(info).startswith("BFInfo(capacity=1000, ")


async def test_a_full_filter_has_errors_in_place(face: Face, needs: Needs) -> None:
    needs("BF.ADD")
    await face.client.bf().create("b", 0.01, 1, noScale=True)
    added: list[Any] = await face(lambda r: r.bf().madd("b", "a", "b"))
    assert added[0] is True
    assert isinstance(added[-1], ResponseError)


async def test_filters_are_dumped_and_loaded(face: Face, needs: Needs) -> None:
    needs("BF.ADD")
    await face.client.bf().insert("b", [f"item {number}" for number in range(100)])
    position = 0
    while True:
        position, data = await face(lambda r, at=position: r.bf().scandump("b", at))  # type: ignore[misc]  # mypy and defaults
        if position == 0:
            break
        assert isinstance(data, bytes)
        await face(lambda r, at=position, data=data: r.bf().loadchunk("copy", at, data))  # type: ignore[misc]  # as above
    assert all(await face(lambda r: r.bf().mexists("copy", "item 0", "item 99")))


async def test_cuckoo_filter(face: Face, needs: Needs) -> None:
    needs("CF.ADD")
    assert await face(lambda r: r.cf().create("c", 1000, bucket_size=2)) is True
    assert await face(lambda r: r.cf().add("c", "a")) is True
    assert await face(lambda r: r.cf().addnx("c", "a")) is False
    assert await face(lambda r: r.cf().insert("c", ["a", "b"])) == [True, True]
    assert await face(lambda r: r.cf().insertnx("c", ["a", "c"])) == [0, 1]
    assert await face(lambda r: r.cf().count("c", "a")) == 2
    assert await face(lambda r: r.cf().delete("c", "a")) is True
    assert await face(lambda r: r.cf().delete("c", "missing")) is False
    assert await face(lambda r: r.cf().mexists("c", "a", "missing")) == [True, False]
    position, data = await face(lambda r: r.cf().scandump("c", 0))
    assert isinstance(data, bytes)
    await face(lambda r: r.cf().loadchunk("copy", position, data))
    assert (await face(lambda r: r.cf().info("c"))).bucketSize == 2


async def test_count_min_sketch(face: Face, needs: Needs) -> None:
    needs("CMS.QUERY")
    assert await face(lambda r: r.cms().initbyprob("m", 0.001, 0.01)) is True
    assert await face(lambda r: r.cms().incrby("m", ["a", "b"], [2, 3])) == [2, 3]
    info = await face(lambda r: r.cms().info("m"))
    await face.client.cms().initbydim("sum", info.width, info.depth)
    assert await face(lambda r: r.cms().merge("sum", 1, ["m"], [10])) is True
    assert await face(lambda r: r.cms().query("sum", "a", "x")) == [20, 0]


async def test_top_k(face: Face, needs: Needs) -> None:
    needs("TOPK.ADD")
    assert await face(lambda r: r.topk().reserve("k", 1, 50, 4, 0.9)) is True
    assert await face(lambda r: r.topk().add("k", "a")) == [None]
    assert await face(lambda r: r.topk().incrby("k", ["7"], [10])) == ["a"]
    assert await face(lambda r: r.topk().query("k", "7", "a")) == [True, False]
    assert await face(lambda r: r.topk().list("k", withcount=True)) == [7, 10]
    assert (await face(lambda r: r.topk().info("k"))).k == 1


async def test_t_digest(face: Face, needs: Needs) -> None:
    needs("TDIGEST.ADD")
    assert await face(lambda r: r.tdigest().create("t")) is True
    await face(lambda r: r.tdigest().add("t", range(1, 101)))
    assert await face(lambda r: r.tdigest().quantile("t", 0, 1)) == [1.0, 100.0]
    assert await face(lambda r: r.tdigest().byrank("t", 0, 1000)) == [1.0, math.inf]
    assert await face(lambda r: r.tdigest().byrevrank("t", 1000)) == [-math.inf]
    assert await face(lambda r: r.tdigest().rank("t", 0, 1)) == [-1, 0]
    assert await face(lambda r: r.tdigest().trimmed_mean("t", 0.25, 0.75)) == pytest.approx(50.5, abs=1)
    await face(lambda r: r.tdigest().merge("sum", 1, "t", compression=50))
    assert (await face(lambda r: r.tdigest().info("sum"))).compression == 50
    await face(lambda r: r.tdigest().reset("t"))
    assert math.isnan(await face(lambda r: r.tdigest().min("t")))
    assert math.isnan((await face(lambda r: r.tdigest().cdf("t", 1)))[0])


def test_what_is_sent(built: Built) -> None:
    assert built(lambda r: r.bf().insert("b", ["x"], 10, 0.1, True, 2, True)) == [
        *("BF.INSERT", "b", "CAPACITY", 10, "ERROR", 0.1, "EXPANSION", 2, "NOCREATE", "NONSCALING", "ITEMS", "x")
    ]
    assert built(lambda r: r.bf().insert("b", "word")) == ["BF.INSERT", "b", "ITEMS", "word"]
    assert built(lambda r: r.cf().insertnx("c", "word")) == ["CF.INSERTNX", "c", "ITEMS", "word"]
    assert built(lambda r: r.cf().create("c", 10, 1, 2, 3)) == [
        *("CF.RESERVE", "c", 10, "EXPANSION", 1, "BUCKETSIZE", 2, "MAXITERATIONS", 3)
    ]
    assert built(lambda r: r.tdigest().merge("t", 2, "a", "b", override=True)) == [
        *("TDIGEST.MERGE", "t", 2, "a", "b", "OVERRIDE")
    ]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda r: r.bf().madd("b"), id="no item"),
        pytest.param(lambda r: r.bf().insert("b", []), id="an empty list"),
        pytest.param(lambda r: r.cms().incrby("m", ["a"], [1, 2]), id="too many increments"),
        pytest.param(lambda r: r.cms().merge("m", 2, ["a"]), id="another number"),
        pytest.param(lambda r: r.cms().merge("m", 1, ["a"], [1, 2]), id="too many weights"),
        pytest.param(lambda r: r.topk().incrby("k", [], []), id="no increment"),
        pytest.param(lambda r: r.tdigest().add("t", []), id="no value"),
    ],
)
def test_what_is_refused(built: Built, call: Callable[[Any], Any]) -> None:
    with pytest.raises(DataError):
        built(call)
