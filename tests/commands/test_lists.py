"""The list commands on each face, and what they refuse."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from redis_aio.commands import Commands
from redis_aio.exceptions import DataError
from tests.commands.conftest import Face, Recorder
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop  # no command depends on the event loop

Text = Callable[[Any], Any]
Needs = Callable[..., None]
Built = Callable[[Callable[[Commands[Any]], Any]], list[Any]]


async def test_push_and_read(face: Face, text: Text) -> None:
    assert await face(lambda r: r.rpush("l", "b", "c")) == 2
    assert await face(lambda r: r.lpush("l", "a", 1)) == 4
    assert await face(lambda r: r.lrange("l", 0, -1)) == text(["1", "a", "b", "c"])
    assert await face(lambda r: r.llen("l")) == 4
    assert await face(lambda r: r.lindex("l", -1)) == text("c")
    assert await face(lambda r: r.lindex("l", 9)) is None


async def test_push_only_to_a_list_that_exists(face: Face, text: Text) -> None:
    assert await face(lambda r: r.lpushx("l", "a")) == 0
    assert await face(lambda r: r.rpushx("l", "a", "b")) == 0
    await face.client.rpush("l", "x")
    assert await face(lambda r: r.lpushx("l", "a", "b")) == 3
    assert await face(lambda r: r.rpushx("l", "z")) == 4
    assert await face(lambda r: r.lrange("l", 0, -1)) == text(["b", "a", "x", "z"])


async def test_nothing_there(face: Face) -> None:
    assert await face(lambda r: r.lrange("none", 0, -1)) == []
    assert await face(lambda r: r.llen("none")) == 0
    assert await face(lambda r: r.lpop("none")) is None
    assert await face(lambda r: r.rpop("none")) is None
    assert await face(lambda r: r.lpop("none", 2)) is None
    assert await face(lambda r: r.rpop("none", 2)) is None
    assert await face(lambda r: r.lmove("none", "other")) is None
    assert await face(lambda r: r.rpoplpush("none", "other")) is None
    assert await face(lambda r: r.lpos("none", "a")) is None
    assert await face(lambda r: r.lpos("none", "a", count=0)) == []


async def test_pop(face: Face, text: Text) -> None:
    await face.client.rpush("l", "a", "b", "c", "d", "e")
    assert await face(lambda r: r.lpop("l")) == text("a")
    assert await face(lambda r: r.rpop("l")) == text("e")
    assert await face(lambda r: r.lpop("l", 2)) == text(["b", "c"])
    assert await face(lambda r: r.rpop("l", 9)) == text(["d"])


async def test_pop_from_the_first_list_that_has_elements(face: Face, text: Text, needs: Needs) -> None:
    needs("LMPOP")
    await face.client.rpush("l", "a", "b", "c", "d")
    assert await face(lambda r: r.lmpop(2, "none", "l", direction="LEFT")) == text(["l", ["a"]])
    assert await face(lambda r: r.lmpop(2, "none", "l", direction="right", count=2)) == text(["l", ["d", "c"]])
    assert await face(lambda r: r.lmpop(1, "l", direction="LEFT", count=None)) == text(["l", ["b"]])
    assert await face(lambda r: r.lmpop(1, "l", direction="LEFT")) is None


async def test_insert_set_remove_trim(face: Face, text: Text) -> None:
    await face.client.rpush("l", "a", "c", "a", "c", "a")
    assert await face(lambda r: r.linsert("l", "before", "c", "b")) == 6
    assert await face(lambda r: r.linsert("l", "AFTER", "missing", "b")) == -1
    assert await face(lambda r: r.linsert("none", "AFTER", "a", "b")) == 0
    assert await face(lambda r: r.lset("l", 0, "first")) is True
    assert await face(lambda r: r.lrem("l", -1, "c")) == 1
    assert await face(lambda r: r.lrange("l", 0, -1)) == text(["first", "b", "c", "a", "a"])
    assert await face(lambda r: r.lrem("l", 0, "a")) == 2
    assert await face(lambda r: r.ltrim("l", 1, -1)) is True
    assert await face(lambda r: r.lrange("l", 0, -1)) == text(["b", "c"])


async def test_positions(face: Face) -> None:
    await face.client.rpush("l", "a", "b", "a", "b", "a")
    assert await face(lambda r: r.lpos("l", "b")) == 1
    assert await face(lambda r: r.lpos("l", "missing")) is None
    assert await face(lambda r: r.lpos("l", "a", rank=-1)) == 4
    assert await face(lambda r: r.lpos("l", "a", count=0)) == [0, 2, 4]
    assert await face(lambda r: r.lpos("l", "a", rank=2, count=5)) == [2, 4]
    assert await face(lambda r: r.lpos("l", "b", maxlen=1)) is None


async def test_move(face: Face, text: Text) -> None:
    await face.client.rpush("l", "a", "b", "c")
    assert await face(lambda r: r.lmove("l", "m")) == text("a")
    assert await face(lambda r: r.lmove("l", "m", "right", "LEFT")) == text("c")
    assert await face(lambda r: r.rpoplpush("l", "m")) == text("b")
    assert await face(lambda r: r.lrange("m", 0, -1)) == text(["b", "c", "a"])


async def test_move_several(face: Face, text: Text, needs: Needs) -> None:
    needs("LMOVEM")
    await face.client.rpush("l", "a", "b", "c", "d")
    assert await face(lambda r: r.lmovem("l", "m")) == text(["a"])
    assert await face(lambda r: r.lmovem("l", "m", count=2, ordering="BULK")) == text(["b", "c"])
    assert await face(lambda r: r.lmovem("l", "m", count=2, mode="EXACTLY", ordering="OBO")) is None
    assert await face(lambda r: r.blmovem("l", "m", 1, count=9, ordering="OBO")) == text(["d"])


# -- blocking ---------------------------------------------------------------------------------------------------------


async def test_blocking_commands_return_at_once_where_there_is_something(face: Face, text: Text) -> None:
    await face.client.rpush("l", "a", "b", "c", "d")
    assert await face(lambda r: r.blpop("l", 1)) == text(("l", "a"))
    assert await face(lambda r: r.brpop(["none", "l"], timeout=1)) == text(("l", "d"))
    assert await face(lambda r: r.blmove("l", "m", 1, "LEFT", "RIGHT")) == text("b")
    assert await face(lambda r: r.brpoplpush("l", "m", 1)) == text("c")
    assert await face(lambda r: r.lrange("m", 0, -1)) == text(["c", "b"])


async def test_blocking_pop_from_several_lists(face: Face, text: Text, needs: Needs) -> None:
    needs("BLMPOP")
    await face.client.rpush("l", "a", "b", "c")
    assert await face(lambda r: r.blmpop(1, 2, "none", "l", direction="LEFT", count=2)) == text(["l", ["a", "b"]])
    assert await face(lambda r: r.blmpop(1, 1, "l", direction="RIGHT")) == text(["l", ["c"]])
    assert await face(lambda r: r.blmpop(0.01, 1, "l", direction="RIGHT")) is None


async def test_blocking_commands_return_none_when_the_time_is_over(face: Face) -> None:
    assert await face(lambda r: r.blpop(["x", "y"], 0.01)) is None
    assert await face(lambda r: r.brpop("x", 0.01)) is None
    assert await face(lambda r: r.blmove("x", "y", 0.01)) is None
    assert await face(lambda r: r.brpoplpush("x", "y", 0.01)) is None


async def test_a_waiting_pop_gets_what_is_pushed_later(make_client: MakeClient) -> None:
    client = make_client()
    async with asyncio.timeout(10):
        popped, length = await asyncio.gather(client.blpop(["none", "l"]), client.rpush("l", "a"))
    assert (popped, length) == ((b"l", b"a"), 1)


# -- without a server -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.blpop("k"), ["BLPOP", "k", 0]),
        (lambda r: r.blpop(("k", "m"), None), ["BLPOP", "k", "m", 0]),
        (lambda r: r.brpop(b"k", 1.5), ["BRPOP", "k", 1.5]),
        (lambda r: r.brpoplpush("a", "b", None), ["BRPOPLPUSH", "a", "b", 0]),
        (lambda r: r.blmove("a", "b", 3), ["BLMOVE", "a", "b", "LEFT", "RIGHT", 3]),
        (lambda r: r.blmpop(2, 1, "a", direction="left"), ["BLMPOP", 2, 1, "a", "LEFT", "COUNT", 1]),
        (lambda r: r.lmpop(2, "a", "b", direction="RIGHT"), ["LMPOP", 2, "a", "b", "RIGHT", "COUNT", 1]),
        (lambda r: r.lpos("l", "v", 1, 2, 3), ["LPOS", "l", "v", "RANK", 1, "COUNT", 2, "MAXLEN", 3]),
        (lambda r: r.lmovem("a", "b"), ["LMOVEM", "a", "b", "LEFT", "RIGHT"]),
        (
            lambda r: r.lmovem("a", "b", "right", "left", 4, ordering="OBO"),
            ["LMOVEM", "a", "b", "RIGHT", "LEFT", "COUNT", 4, "OBO"],
        ),
        (
            lambda r: r.blmovem("a", "b", 0.5, count=4, mode="EXACTLY", ordering="BULK"),
            ["BLMOVEM", "a", "b", "LEFT", "RIGHT", 0.5, "EXACTLY", 4, "BULK"],
        ),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Commands[Any]], Any], words: list[Any]) -> None:
    assert built(call) == words


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.lpush("l"), "values must have at least one element"),
        (lambda r: r.rpush("l"), "values must have at least one element"),
        (lambda r: r.lpushx("l"), "values must have at least one element"),
        (lambda r: r.rpushx("l"), "values must have at least one element"),
        (lambda r: r.blpop([]), "keys must have at least one element"),
        (lambda r: r.brpop("l", -1), "timeout must be 0"),
        (lambda r: r.blpop("l", float("nan")), "timeout must be 0"),
        (lambda r: r.blmove("a", "b", -0.5), "timeout must be 0"),
        (lambda r: r.brpoplpush("a", "b", float("inf")), "timeout must be 0"),
        (lambda r: r.blmpop(-1, 1, "a", direction="LEFT"), "timeout must be 0"),
        (lambda r: r.lmpop(2, "a", direction="LEFT"), "has 1 elements, but the number given"),
        (lambda r: r.lmpop(0, direction="LEFT"), "must have at least one element"),
        (lambda r: r.lmpop(1, "a", direction="UP"), "direction must be one of LEFT, RIGHT"),
        (lambda r: r.lmove("a", "b", "TOP"), "src must be one of LEFT, RIGHT"),
        (lambda r: r.lmove("a", "b", "LEFT", 1), "dest must be one of LEFT, RIGHT"),
        (lambda r: r.linsert("a", "between", "b", "c"), "where must be one of BEFORE, AFTER"),
        (lambda r: r.lmovem("a", "b", count=1), "count needs an ordering"),
        (lambda r: r.lmovem("a", "b", mode="COUNT"), "need a count"),
        (lambda r: r.blmovem("a", "b", 1, ordering="BULK"), "need a count"),
        (lambda r: r.lmovem("a", "b", count=1, ordering="FIFO"), "ordering must be one of OBO, BULK"),
        (lambda r: r.lmovem("a", "b", count=1, ordering="OBO", mode="ALL"), "mode must be one of COUNT, EXACTLY"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Commands[Any]], Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        call(recorder)
