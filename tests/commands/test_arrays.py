"""The array commands: what is sent, and what is made of documented replies; on a server where there is one."""

from typing import Any

import pytest

from redis_aio.commands.arrays import ArrayAggregateOperations, ArrayPredicateCombinator, ArrayPredicateType
from redis_aio.exceptions import DataError
from tests.commands.conftest import Built, Face, Needs, Recorder, Text

pytestmark = pytest.mark.one_loop  # no command depends on the event loop

GLOB, EXACT = ArrayPredicateType.GLOB, ArrayPredicateType.EXACT


def test_what_is_sent(built: Built) -> None:
    assert built(lambda r: r.arset("a", 5, "x", b"y")) == ["ARSET", "a", 5, "x", "y"]
    assert built(lambda r: r.armset("a", {0: "x", 9: "y"})) == ["ARMSET", "a", 0, "x", 9, "y"]
    assert built(lambda r: r.arget("a", 5)) == ["ARGET", "a", 5]
    assert built(lambda r: r.armget("a", 5, 6)) == ["ARMGET", "a", 5, 6]
    assert built(lambda r: r.argetrange("a", 9, 0)) == ["ARGETRANGE", "a", 9, 0]
    assert built(lambda r: r.arscan("a", 0, 9)) == ["ARSCAN", "a", 0, 9]
    assert built(lambda r: r.arscan("a", 0, 9, 2)) == ["ARSCAN", "a", 0, 9, "LIMIT", 2]
    assert built(lambda r: r.ardel("a", 1, 2)) == ["ARDEL", "a", 1, 2]
    assert built(lambda r: r.ardelrange("a", (0, 1), (5, 9))) == ["ARDELRANGE", "a", 0, 1, 5, 9]
    assert built(lambda r: r.arcount("a")) == ["ARCOUNT", "a"]
    assert built(lambda r: r.arlen("a")) == ["ARLEN", "a"]
    assert built(lambda r: r.arinfo("a")) == ["ARINFO", "a"]
    assert built(lambda r: r.arinfo("a", True)) == ["ARINFO", "a", "FULL"]
    assert built(lambda r: r.arnext("a")) == ["ARNEXT", "a"]
    assert built(lambda r: r.arseek("a", 7)) == ["ARSEEK", "a", 7]
    assert built(lambda r: r.arinsert("a", "x", "y")) == ["ARINSERT", "a", "x", "y"]
    assert built(lambda r: r.arring("a", 10, "x")) == ["ARRING", "a", 10, "x"]
    assert built(lambda r: r.arlastitems("a", 3)) == ["ARLASTITEMS", "a", 3]
    assert built(lambda r: r.arlastitems("a", 3, rev=True)) == ["ARLASTITEMS", "a", 3, "REV"]


def test_searches_and_operations(built: Built) -> None:
    assert built(lambda r: r.argrep("a", 0, 9, [(GLOB, "x*")])) == ["ARGREP", "a", 0, 9, "GLOB", "x*"]
    assert built(
        lambda r: r.argrep("a", 0, 9, [(EXACT, "x"), ("re", "^y")], ArrayPredicateCombinator.AND, 5, True, True)
    ) == [*("ARGREP", "a", 0, 9, "EXACT", "x", "RE", "^y", "AND", "LIMIT", 5, "WITHVALUES", "NOCASE")]
    assert built(lambda r: r.arop("a", 0, 9, ArrayAggregateOperations.SUM)) == ["AROP", "a", 0, 9, "SUM"]
    assert built(lambda r: r.arop("a", 0, 9, "match", "x")) == ["AROP", "a", 0, 9, "MATCH", "x"]


@pytest.mark.parametrize("reply", [[b"count", 2, b"len", 10], {b"count": 2, b"len": 10}], ids=["resp2", "resp3"])
def test_the_reply_of_arinfo(recorder: Recorder, reply: Any) -> None:
    command: Any = recorder.arinfo("a")
    assert command.reply(reply) == {"count": 2, "len": 10}


async def test_on_a_server(face: Face, text: Text, needs: Needs) -> None:
    needs("ARSET")
    assert await face(lambda r: r.arset("a", 0, "x", "y")) == 2
    assert await face(lambda r: r.armset("a", {1: "z", 5: "w"})) == 1
    assert await face(lambda r: r.argetrange("a", 0, 5)) == text(["x", "z", None, None, None, "w"])
    assert await face(lambda r: r.arscan("a", 0, 9)) == [[0, text("x")], [1, text("z")], [5, text("w")]]
    assert await face(lambda r: r.argrep("a", 0, 9, [(GLOB, "[xw]")])) == [0, 5]
    assert await face(lambda r: r.argrep("a", 0, 9, [(EXACT, "w")], withvalues=True)) == [[5, text("w")]]
    assert await face(lambda r: r.arop("a", 0, 9, ArrayAggregateOperations.USED)) == 3
    assert (await face(lambda r: r.arinfo("a")))["len"] == 6
    assert await face(lambda r: r.ardelrange("a", (0, 1))) == 2
    assert await face(lambda r: r.arcount("a")) == 1


REFUSED = [
    lambda r: r.arset("a", 0),
    lambda r: r.armset("a", {}),
    lambda r: r.armget("a"),
    lambda r: r.ardel("a"),
    lambda r: r.ardelrange("a"),
    lambda r: r.arinsert("a"),
    lambda r: r.arring("a", 5),
    lambda r: r.argrep("a", 0, 9, []),
    lambda r: r.argrep("a", 0, 9, [("LIKE", "x")]),
    lambda r: r.arop("a", 0, 9, "AVG"),
    lambda r: r.arop("a", 0, 9, "MATCH"),
    lambda r: r.arop("a", 0, 9, "SUM", 5),
]


@pytest.mark.parametrize("call", REFUSED, ids=range(len(REFUSED)))
def test_refusals(recorder: Recorder, call: Any) -> None:
    with pytest.raises(DataError):
        call(recorder)
