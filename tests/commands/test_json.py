"""The commands of JSON values on each face, what they send, and what they refuse."""

from collections.abc import Callable
from json import JSONDecoder, JSONEncoder
from typing import Any

import pytest

from redis_aio import DataError
from redis_aio.commands.json import FPHAType, Path
from tests.commands.conftest import Built, Face, Needs, Text

pytestmark = [pytest.mark.one_loop, pytest.mark.modules]

DOCUMENT = {"n": 1, "f": 1.5, "s": "x", "b": True, "z": None, "a": [1, "b"], "o": {"n": 2}}


@pytest.fixture
async def filled(face: Face, needs: Needs) -> Face:
    """A face of a client of a server with a document in d."""
    needs("JSON.MERGE")
    await face.client.json().set("d", "$", DOCUMENT)
    return face


async def test_set_and_get(filled: Face) -> None:
    assert await filled(lambda r: r.json().get("d")) == DOCUMENT
    assert await filled(lambda r: r.json().set("d", ".n", 5)) is True
    assert await filled(lambda r: r.json().set("d", "$.n", 6, nx=True)) is None
    assert await filled(lambda r: r.json().set("d", Path(".new"), [], xx=True)) is None
    assert await filled(lambda r: r.json().get("d", ".n")) == 5
    assert await filled(lambda r: r.json().get("d", "$..n")) == [5, 2]
    assert await filled(lambda r: r.json().get("d", ".n", ".z")) == {".n": 5, ".z": None}
    assert await filled(lambda r: r.json().get("d", ".z")) is None
    assert await filled(lambda r: r.json().get("missing")) is None


async def test_several_keys(filled: Face) -> None:
    assert await filled(lambda r: r.json().mset([("x", "$", [1]), ("y", Path("$"), {"n": 3})])) is True
    assert await filled(lambda r: r.json().mget(["d", "y", "missing"], ".n")) == [1, 3, None]


async def test_merge_delete_clear_type(filled: Face, text: Text) -> None:
    assert await filled(lambda r: r.json().merge("d", "$.o", {"n": None, "k": "v"})) is True
    assert await filled(lambda r: r.json().get("d", ".o")) == {"k": "v"}
    assert await filled(lambda r: r.json().type("d", ".o")) == text("object")
    assert await filled(lambda r: r.json().type("d", "$.o")) == text(["object"])
    assert await filled(lambda r: r.json().type("d", "$.*")) != []
    assert await filled(lambda r: r.json().type("missing")) is None
    assert await filled(lambda r: r.json().clear("d", "$.a")) == 1
    assert await filled(lambda r: r.json().delete("d", ".a")) == 1
    assert await filled(lambda r: r.json().forget("d")) == 1


async def test_numbers_booleans_strings(filled: Face) -> None:
    assert await filled(lambda r: r.json().numincrby("d", ".n", 1)) == 2
    assert await filled(lambda r: r.json().numincrby("d", "$..n", 1)) == [3, 3]
    assert await filled(lambda r: r.json().nummultby("d", ".f", 2)) == 3
    assert await filled(lambda r: r.json().toggle("d", ".b")) is False
    assert await filled(lambda r: r.json().toggle("d", "$.b")) == [1]
    assert await filled(lambda r: r.json().strappend("d", "yz", ".s")) == 3
    assert await filled(lambda r: r.json().strlen("d", "$.s")) == [3]


async def test_arrays_and_objects(filled: Face) -> None:
    assert await filled(lambda r: r.json().arrappend("d", ".a", None, {"k": 1})) == 4
    assert await filled(lambda r: r.json().arrindex("d", ".a", "b", 0, 4)) == 1
    assert await filled(lambda r: r.json().arrinsert("d", "$.a", 0, "first")) == [5]
    assert await filled(lambda r: r.json().arrlen("d", ".a")) == 5
    assert await filled(lambda r: r.json().arrpop("d", ".a")) == {"k": 1}
    assert await filled(lambda r: r.json().arrpop("d", "$.a")) == [None]
    assert await filled(lambda r: r.json().arrtrim("d", ".a", 0, 1)) == 2
    assert await filled(lambda r: r.json().get("d", ".a")) == ["first", 1]
    assert await filled(lambda r: r.json().objkeys("d", ".o")) == ["n"]
    assert await filled(lambda r: r.json().objlen("d", "$.o")) == [1]
    assert await filled(lambda r: r.json().resp("d", ".f")) == "1.5"
    assert await filled(lambda r: r.json().debug("MEMORY", "d")) > 0


class Upper(JSONEncoder):
    """Writes every string in capitals."""

    def encode(self, o: Any) -> str:
        return super().encode(o).upper()


async def test_own_encoder_and_decoder(filled: Face) -> None:
    exact = JSONDecoder(parse_float=str)
    assert await filled(lambda r: r.json(encoder=Upper()).set("u", "$", ["a", 1.5])) is True
    assert await filled(lambda r: r.json(decoder=exact).get("u", ".")) == ["A", "1.5"]


def test_what_is_sent(built: Built) -> None:
    assert built(lambda r: r.json().set("d", "$", {b"k": [1]}, xx=True, decode_keys=True, fpha="fp16")) == [
        *("JSON.SET", "d", "$", '{"k": [1]}', "XX", "FPHA", "FP16")
    ]
    assert built(lambda r: r.json().set("d", "$", [1.5], fpha=FPHAType.BF16))[-2:] == ["FPHA", "BF16"]
    assert built(lambda r: r.json().mget("key", "$")) == ["JSON.MGET", "key", "$"]
    assert built(lambda r: r.json().get("d", no_escape=True)) == ["JSON.GET", "d", "noescape", "."]
    assert built(lambda r: r.json().arrpop("d", index=None)) == ["JSON.ARRPOP", "d", "."]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda r: r.json().set("d", "$", 1, nx=True, xx=True), id="nx and xx"),
        pytest.param(lambda r: r.json().set("d", "$", [1.5], fpha="FP8"), id="an unknown type"),
        pytest.param(lambda r: r.json().mget([], "$"), id="no key"),
        pytest.param(lambda r: r.json().mset([]), id="no triplet"),
        pytest.param(lambda r: r.json().arrappend("d", "$"), id="no value"),
        pytest.param(lambda r: r.json().arrinsert("d", "$", 0), id="nothing to insert"),
        pytest.param(lambda r: r.json().arrindex("d", "$", 1, stop=2), id="stop without start"),
        pytest.param(lambda r: r.json().debug("OTHER"), id="an unknown subcommand"),
        pytest.param(lambda r: r.json().debug("MEMORY"), id="MEMORY of no key"),
    ],
)
def test_what_is_refused(built: Built, call: Callable[[Any], Any]) -> None:
    with pytest.raises(DataError):
        built(call)


def test_what_json_cannot_be_is_refused(built: Built) -> None:
    with pytest.raises(TypeError):
        built(lambda r: r.json().set("d", "$", object()))
