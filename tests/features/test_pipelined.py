"""Pipelines whose results are a tuple of typed values."""

from typing import assert_type

import pytest

from redis_aio import DataError, Redis, ResponseError
from redis_aio._command.command import Command
from redis_aio.commands.search.suggestion import Suggestion
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop


async def test_a_tuple_of_values(make_client: MakeClient) -> None:
    r: Redis[str] = make_client(decode_responses=True)
    await r.set("name", "Ada")
    c = r.commands
    name, visits, names = await r.pipelined(c.get("name"), c.incr("visits"), c.zrange("missing", 0, -1))
    assert_type(name, str | None)
    assert_type(visits, int)
    assert (name, visits, names) == ("Ada", 1, [])


@pytest.mark.parametrize("transaction", [False, True], ids=["pipeline", "transaction"])
async def test_any_number_of_one_type(make_client: MakeClient, transaction: bool) -> None:
    r: Redis[bytes] = make_client()
    c = r.commands
    counts = await r.pipelined(*[c.incr(f"n:{n % 10}") for n in range(100)], transaction=transaction)
    assert_type(counts, tuple[int, ...])
    assert counts == tuple(n // 10 + 1 for n in range(100))
    assert await r.pipelined() == ()


async def test_groups_behind_an_accessor(make_client: MakeClient) -> None:
    r: Redis[bytes] = make_client()
    with pytest.raises(ResponseError, match=r"Command # 1 \((JSON.GET|VCARD)\)"):
        await r.pipelined(r.commands.vset().vcard("a"), r.commands.json().get("a"))


def test_one_value_is_one_command() -> None:
    ft = Redis().commands.ft("index")
    assert isinstance(ft.sugadd("s", Suggestion("one")), Command)
    with pytest.raises(DataError, match="one suggestion at a time"):
        _ = ft.sugadd("s", Suggestion("one"), Suggestion("two"))


async def test_the_error_tells_which(make_client: MakeClient) -> None:
    r: Redis[bytes] = make_client()
    await r.rpush("list", "x")
    c = r.commands
    with pytest.raises(ResponseError, match=r"Command # 2 \(GET\)"):
        await r.pipelined(c.ping(), c.get("list"), c.ping())


async def test_what_is_no_command(make_client: MakeClient) -> None:
    r: Redis[bytes] = make_client()
    with pytest.raises(TypeError, match=r"argument 2 is no value of client\.commands, but a coroutine"):
        await r.pipelined(r.commands.ping(), r.get("k"))
    with pytest.raises(TypeError, match=r"argument 1 .* int"):
        await r.pipelined(5)  # type: ignore[call-overload]  # the point


async def test_on_a_connection_of_its_own(make_client: MakeClient) -> None:
    r: Redis[bytes] = make_client()
    async with r.connection() as connection:
        c = connection.commands
        assert await connection.pipelined(c.set("k", "v"), c.get("k")) == (True, b"v")
