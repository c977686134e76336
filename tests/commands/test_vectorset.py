"""The commands of vector sets on each face, what they send, and what they refuse."""

import struct

import pytest

from redis_aio import DataError
from redis_aio.commands.vectorset import QuantizationOptions
from tests.commands.conftest import Built, Face, Needs, Text

pytestmark = pytest.mark.one_loop

NOQUANT = QuantizationOptions.NOQUANT


@pytest.fixture
async def filled(face: Face, needs: Needs) -> Face:
    """A face of a client of a server with the vectors a (1, 0) and b (0, 1) in v."""
    needs("VADD")
    vectors = face.client.vset()
    await vectors.vadd("v", [1, 0], "a", quantization=NOQUANT, attributes={"year": 1950})
    await vectors.vadd("v", [0, 1], "b", quantization=NOQUANT)
    return face


async def test_vadd_and_what_is_there(filled: Face, text: Text) -> None:
    assert await filled(lambda r: r.vset().vadd("v", struct.pack("<2f", 1, 1), "c", quantization=NOQUANT)) is True
    assert await filled(lambda r: r.vset().vadd("v", [1, 1], "c", cas=True, quantization=NOQUANT)) is False
    assert await filled(lambda r: r.vset().vcard("v")) == 3
    assert await filled(lambda r: r.vset().vdim("v")) == 2
    assert await filled(lambda r: r.vset().vrem("v", "c")) is True
    assert await filled(lambda r: r.vset().vrandmember("v", 10)) in (text(["a", "b"]), text(["b", "a"]))


async def test_vemb(filled: Face) -> None:
    assert await filled(lambda r: r.vset().vemb("v", "a")) == [1, 0]
    assert await filled(lambda r: r.vset().vemb("v", "missing")) is None
    await filled.client.vset().vadd("q", [1, 0], "a")
    raw = await filled(lambda r: r.vset().vemb("q", "a", raw=True))
    assert raw is not None
    assert raw.keys() == {"quantization", "raw", "l2", "range"}
    assert (raw["quantization"], raw["l2"]) == ("int8", 1.0)
    assert isinstance(raw["raw"], bytes)
    assert await filled(lambda r: r.vset().vemb("q", "missing", raw=True)) is None


async def test_vsim(filled: Face, text: Text) -> None:
    assert await filled(lambda r: r.vset().vsim("v", "a")) == text(["a", "b"])
    assert await filled(lambda r: r.vset().vsim("v", [0.1, 1], with_scores=True, count=1)) == text(
        {"b": pytest.approx(0.9975, abs=1e-3)}
    )
    assert await filled(lambda r: r.vset().vsim("v", "b", filter=".year == 1950")) == text(["a"])


async def test_vsim_with_attributes(filled: Face, needs: Needs, text: Text) -> None:
    needs("VSIM", "WITHATTRIBS")
    assert await filled(lambda r: r.vset().vsim("v", "a", with_attribs=True)) == text({"a": {"year": 1950}, "b": None})


async def test_neighbours(filled: Face, text: Text) -> None:
    levels = await filled(lambda r: r.vset().vlinks("v", "a"))
    assert levels is not None
    assert levels[-1] == text(["b"])
    scored = await filled(lambda r: r.vset().vlinks("v", "a", with_scores=True))
    assert scored is not None
    assert scored[-1] == text({"b": 0.5})


async def test_attributes(filled: Face) -> None:
    assert await filled(lambda r: r.vset().vgetattr("v", "a")) == {"year": 1950}
    assert await filled(lambda r: r.vset().vgetattr("v", "b")) is None
    assert await filled(lambda r: r.vset().vsetattr("v", "b", '{"x": [1]}')) is True
    assert await filled(lambda r: r.vset().vgetattr("v", "b")) == {"x": [1]}
    assert await filled(lambda r: r.vset().vsetattr("v", "missing", {})) is False


async def test_vinfo(filled: Face, text: Text) -> None:
    info = await filled(lambda r: r.vset().vinfo("v"))
    assert info is not None
    assert info[text("size")] == 2
    assert await filled(lambda r: r.vset().vinfo("missing")) is None


async def test_vismember(filled: Face, needs: Needs) -> None:
    needs("VISMEMBER")
    assert await filled(lambda r: r.vset().vismember("v", "a")) is True
    assert await filled(lambda r: r.vset().vismember("v", "missing")) is False


def test_what_is_sent(built: Built) -> None:
    q8 = QuantizationOptions.Q8
    assert built(lambda r: r.vset().vadd("v", [1, 2], "e", 1, True, q8, 200, {"a": 1}, 16)) == [
        *("VADD", "v", "REDUCE", 1, "VALUES", 2, 1, 2, "e", "CAS", "Q8", "EF", 200, "SETATTR", '{"a": 1}', "M", 16)
    ]
    assert built(lambda r: r.vset().vsim("v", "e", True, True, 5, 9, ".a", 3, True, True, 0.5)) == [
        *("VSIM", "v", "ELE", "e", "WITHSCORES", "WITHATTRIBS", "COUNT", 5, "EPSILON", 0.5, "EF", 9),
        *("FILTER", ".a", "FILTER-EF", 3, "TRUTH", "NOTHREAD"),
    ]
    assert built(lambda r: r.vset().vrange("v", "-", "(b", 3)) == ["VRANGE", "v", "-", "(b", 3]
    assert built(lambda r: r.vset().vismember("v", "a")) == ["VISMEMBER", "v", "a"]


@pytest.mark.parametrize("vector", [b"abcd", bytearray(b"abcd"), memoryview(b"abcd")], ids=lambda v: type(v).__name__)
def test_vectors_of_bytes(built: Built, vector: bytes) -> None:
    assert built(lambda r: r.vset().vadd("v", vector, "e")) == ["VADD", "v", "FP32", "abcd", "e"]


def test_what_is_refused(built: Built) -> None:
    with pytest.raises(DataError, match="vector and element"):
        built(lambda r: r.vset().vadd("v", [], "e"))
    with pytest.raises(DataError, match="vector and element"):
        built(lambda r: r.vset().vadd("v", [1], ""))
    with pytest.raises(DataError, match="input"):
        built(lambda r: r.vset().vsim("v", ""))
