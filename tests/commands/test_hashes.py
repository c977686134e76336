"""The hash commands on each face, and what they refuse."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from redis_aio.commands import Commands
from redis_aio.commands.hashes import HashDataPersistOptions
from redis_aio.exceptions import DataError
from tests.commands.conftest import Face, Recorder
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop  # no command depends on the event loop

Text = Callable[[Any], Any]
Needs = Callable[..., None]
Built = Callable[[Callable[[Commands[Any]], Any]], list[Any]]


async def test_set_and_get(face: Face, text: Text) -> None:
    assert await face(lambda r: r.hset("h", "a", "1")) == 1
    assert await face(lambda r: r.hset("h", "a", "0", {"b": 2, "c": b"3"}, ["d", 4.5])) == 3
    assert await face(lambda r: r.hget("h", "a")) == text("0")
    assert await face(lambda r: r.hget("h", "missing")) is None
    assert await face(lambda r: r.hgetall("h")) == text({"a": "0", "b": "2", "c": "3", "d": "4.5"})
    assert await face(lambda r: r.hmget("h", ["a", "x"], "b")) == text(["0", None, "2"])
    assert await face(lambda r: r.hmget("h", "a", "b")) == text(["0", "2"])
    assert await face(lambda r: r.hmset("h", {"a": "9"})) is True
    assert await face(lambda r: r.hsetnx("h", "a", "8")) == 0
    assert await face(lambda r: r.hsetnx("h", "e", "8")) == 1


async def test_the_last_value_of_a_field_stays(face: Face, text: Text) -> None:
    assert await face(lambda r: r.hset("h", "a", "key", {"a": "mapping"}, ["a", "items"])) == 1
    assert await face(lambda r: r.hget("h", "a")) == text("mapping")


async def test_look_at_and_delete(face: Face, text: Text) -> None:
    await face.client.hset("h", mapping={"a": "1", "bb": "22"})
    assert await face(lambda r: r.hexists("h", "a")) is True
    assert await face(lambda r: r.hexists("h", "x")) is False
    assert await face(lambda r: r.hlen("h")) == 2
    assert await face(lambda r: r.hstrlen("h", "bb")) == 2
    assert sorted(await face(lambda r: r.hkeys("h"))) == text(["a", "bb"])
    assert sorted(await face(lambda r: r.hvals("h"))) == text(["1", "22"])
    assert await face(lambda r: r.hdel("h", "a", "x")) == 1


async def test_nothing_there(face: Face) -> None:
    assert await face(lambda r: r.hgetall("none")) == {}
    assert await face(lambda r: r.hkeys("none")) == []
    assert await face(lambda r: r.hmget("none", "a")) == [None]
    assert await face(lambda r: r.hrandfield("none")) is None
    assert await face(lambda r: r.hrandfield("none", 2)) == []
    assert await face(lambda r: r.hrandfield("none", 2, True)) == []
    assert await face(lambda r: r.hscan("none")) == (0, {})


async def test_increments(face: Face) -> None:
    assert await face(lambda r: r.hincrby("h", "n")) == 1
    assert await face(lambda r: r.hincrby("h", "n", -3)) == -2
    assert await face(lambda r: r.hincrbyfloat("h", "f")) == 1.0
    value = await face(lambda r: r.hincrbyfloat("h", "f", 0.5))
    assert (value, type(value)) == (1.5, float)


async def test_random_fields(face: Face, text: Text) -> None:
    await face.client.hset("h", mapping={"a": "1", "b": "2"})
    assert await face(lambda r: r.hrandfield("h")) in text(["a", "b"])
    assert sorted(await face(lambda r: r.hrandfield("h", 5))) == text(["a", "b"])
    assert len(await face(lambda r: r.hrandfield("h", -5))) == 5
    flat = await face(lambda r: r.hrandfield("h", 2, withvalues=True))
    assert dict(zip(flat[::2], flat[1::2], strict=True)) == text({"a": "1", "b": "2"})


async def test_scan(face: Face, text: Text) -> None:
    await face.client.hset("h", mapping={f"field:{n}": n for n in range(600)} | {"other": 1})

    async def page(cursor: int) -> Any:
        return await face(lambda r: r.hscan("h", cursor, match="field:*", count=100))

    cursor, found = await page(0)
    while cursor:
        cursor, more = await page(cursor)
        found |= more
    assert found == text({f"field:{n}": str(n) for n in range(600)})


async def test_scan_of_fields_only(face: Face, text: Text, needs: Needs) -> None:
    needs("HSCAN", "NOVALUES")
    await face.client.hset("h", mapping={"a": 1, "b": 2})
    cursor, fields = await face(lambda r: r.hscan("h", no_values=True))
    assert (cursor, sorted(fields)) == (0, text(["a", "b"]))
    assert await face(lambda r: r.hscan("h", no_values=False)) == (0, text({"a": "1", "b": "2"}))


# -- when single fields expire ----------------------------------------------------------------------------------------


async def test_expire_in(face: Face, needs: Needs) -> None:
    needs("HEXPIRE")
    await face.client.hset("h", mapping={"a": 1, "b": 2, "c": 3})
    assert await face(lambda r: r.hexpire("h", 100, "a", "missing")) == [1, -2]
    assert await face(lambda r: r.hexpire("h", timedelta(minutes=5), "a", "b", nx=True)) == [0, 1]
    assert await face(lambda r: r.hpexpire("h", 500_000, "a", "c", xx=True)) == [1, 0]
    assert await face(lambda r: r.hpexpire("h", timedelta(seconds=400), "a", gt=True)) == [0]
    assert await face(lambda r: r.hpexpire("h", timedelta(seconds=400), "a", lt=True)) == [1]
    [a, b, c, missing] = await face(lambda r: r.httl("h", "a", "b", "c", "missing"))
    assert (350 < a <= 400, 250 < b <= 300, c, missing) == (True, True, -1, -2)
    [a] = await face(lambda r: r.hpttl("h", "a"))
    assert 350_000 < a <= 400_000
    assert await face(lambda r: r.hpersist("h", "a", "c", "missing")) == [1, -1, -2]
    assert await face(lambda r: r.hexpire("h", 0, "b")) == [2]
    assert await face(lambda r: r.hexists("h", "b")) is False


async def test_expire_at(face: Face, needs: Needs) -> None:
    needs("HEXPIREAT")
    soon = int(time.time()) + 1000
    later = datetime.fromtimestamp(soon + 1000, UTC)
    await face.client.hset("h", mapping={"a": 1, "b": 2})
    assert await face(lambda r: r.hexpireat("h", soon, "a")) == [1]
    assert await face(lambda r: r.hexpireat("h", later, "b")) == [1]
    assert await face(lambda r: r.hexpiretime("h", "a", "b", "x")) == [soon, soon + 1000, -2]
    assert await face(lambda r: r.hpexpireat("h", later, "a", gt=True)) == [1]
    assert await face(lambda r: r.hpexpireat("h", soon * 1000 + 7, "b", lt=True)) == [1]
    assert await face(lambda r: r.hpexpiretime("h", "a", "b")) == [(soon + 1000) * 1000, soon * 1000 + 7]


async def test_get_and_expire(face: Face, text: Text, needs: Needs) -> None:
    needs("HGETEX")
    await face.client.hset("h", mapping={"a": 1, "b": 2})
    assert await face(lambda r: r.hgetex("h", "a", "x", ex=100)) == text(["1", None])
    assert await face(lambda r: r.hgetex("h", "b", px=timedelta(seconds=100))) == text(["2"])
    assert [0 < ttl <= 100 for ttl in await face(lambda r: r.httl("h", "a", "b"))] == [True, True]
    assert await face(lambda r: r.hgetex("h", "a", "b", persist=True)) == text(["1", "2"])
    assert await face(lambda r: r.httl("h", "a", "b")) == [-1, -1]


async def test_get_and_delete(face: Face, text: Text, needs: Needs) -> None:
    needs("HGETDEL")
    await face.client.hset("h", mapping={"a": 1, "b": 2})
    assert await face(lambda r: r.hgetdel("h", "a", "x")) == text(["1", None])
    assert await face(lambda r: r.hkeys("h")) == text(["b"])


async def test_set_and_expire(face: Face, text: Text, needs: Needs) -> None:
    needs("HSETEX")
    fnx, fxx = HashDataPersistOptions.FNX, HashDataPersistOptions.FXX
    assert await face(lambda r: r.hsetex("h", "a", "1", ex=100, data_persist_option=fnx)) == 1
    assert await face(lambda r: r.hsetex("h", "a", "2", data_persist_option=fnx)) == 0
    assert await face(lambda r: r.hsetex("h", mapping={"a": "3"}, keepttl=True, data_persist_option=fxx)) == 1
    [ttl] = await face(lambda r: r.httl("h", "a"))
    assert 0 < ttl <= 100
    assert await face(lambda r: r.hsetex("h", items=["a", "4", "b", "5"])) == 1
    assert await face(lambda r: r.httl("h", "a", "b")) == [-1, -1]
    assert await face(lambda r: r.hgetall("h")) == text({"a": "4", "b": "5"})


async def test_set_and_expire_if_the_hash_exists(face: Face, needs: Needs) -> None:
    needs("HSETEX", "NX", "XX")
    assert await face(lambda r: r.hsetex("h", "a", "1", xx=True)) == 0
    assert await face(lambda r: r.hsetex("h", "a", "1", nx=True)) == 1
    assert await face(lambda r: r.hsetex("h", "b", "1", nx=True)) == 0
    assert await face(lambda r: r.hsetex("h", "b", "1", xx=True)) == 1


async def test_many_hashes_of_the_same_fields(make_client: MakeClient, needs: Needs) -> None:
    needs("HIMPORT PREPARE")
    client = make_client()
    async with client.connection() as connection:
        assert await connection.himport_prepare("users", ["name", "age"]) is True
        assert await connection.himport_set("u:1", "users", ["Ann", 30]) is True
        assert await connection.himport_discard("users") == 1
        assert await connection.himport_discard_all() == 0
    assert await client.hgetall("u:1") == {b"name": b"Ann", b"age": b"30"}


# -- without a server -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.hset("h", 1, 2.5), ["HSET", "h", 1, 2.5]),
        (lambda r: r.hset("h", "k", "v", {"m": 1}, ("i", 2)), ["HSET", "h", "i", 2, "k", "v", "m", 1]),
        (lambda r: r.hgetex("h", "f"), ["HGETEX", "h", "FIELDS", 1, "f"]),
        (lambda r: r.hgetex("h", "f", exat=9), ["HGETEX", "h", "EXAT", 9, "FIELDS", 1, "f"]),
        (lambda r: r.hgetex("h", "f", pxat=9), ["HGETEX", "h", "PXAT", 9, "FIELDS", 1, "f"]),
        (
            lambda r: r.hsetex("h", "f", "v", px=timedelta(seconds=1.5), nx=True),
            ["HSETEX", "h", "NX", "PX", 1500, "FIELDS", 1, "f", "v"],
        ),
        (
            lambda r: r.hsetex("h", "f", "v", xx=True, keepttl=True, data_persist_option=HashDataPersistOptions.FXX),
            ["HSETEX", "h", "XX", "FXX", "KEEPTTL", "FIELDS", 1, "f", "v"],
        ),
        (
            lambda r: r.hpexpireat("h", datetime(2030, 1, 1, tzinfo=UTC), "f", "g", lt=True),
            ["HPEXPIREAT", "h", 1893456000000, "LT", "FIELDS", 2, "f", "g"],
        ),
        (lambda r: r.himport_prepare("users", ("name", "age")), ["HIMPORT", "PREPARE", "users", "name", "age"]),
        (lambda r: r.himport_set("u:1", "users", iter(["Ann", 30])), ["HIMPORT", "SET", "u:1", "users", "Ann", 30]),
        (lambda r: r.himport_discard("users"), ["HIMPORT", "DISCARD", "users"]),
        (lambda r: r.himport_discard_all(), ["HIMPORT", "DISCARDALL"]),
        (lambda r: r.hscan("h", 3, "f*", 9, True), ["HSCAN", "h", 3, "MATCH", "f*", "COUNT", 9, "NOVALUES"]),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Commands[Any]], Any], words: list[Any]) -> None:
    assert built(call) == words


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.hset("h"), "at least one field is needed"),
        (lambda r: r.hset("h", mapping={}), "at least one field is needed"),
        (lambda r: r.hset("h", mapping=["a", "b"]), "mapping must be a mapping, not list"),
        (lambda r: r.hset("h", "a"), "key needs a value"),
        (lambda r: r.hset("h", items=["a"]), "its length is odd"),
        (lambda r: r.hsetex("h", ex=1), "at least one field is needed"),
        (lambda r: r.hsetex("h", "a", "b", ex=1, keepttl=True), "exclude each other"),
        (lambda r: r.hsetex("h", "a", "b", nx=True, xx=True), "nx and xx exclude each other"),
        (lambda r: r.hsetex("h", "a", "b", ex=1.5), "ex must be an int or a timedelta, not float"),
        (lambda r: r.hsetex("h", "a", "b", data_persist_option="FNX"), "must be a HashDataPersistOptions"),
        (lambda r: r.hmset("h", {}), "mapping must have at least one element"),
        (lambda r: r.hmget("h", []), "keys must have at least one element"),
        (lambda r: r.hdel("h"), "keys must have at least one element"),
        (lambda r: r.hgetdel("h"), "keys must have at least one element"),
        (lambda r: r.hgetex("h"), "keys must have at least one element"),
        (lambda r: r.hgetex("h", "a", ex=1, persist=True), "exclude each other"),
        (lambda r: r.hgetex("h", "a", px="soon"), "px must be an int or a timedelta, not str"),
        (lambda r: r.hexpire("h", 1), "fields must have at least one element"),
        (lambda r: r.hexpireat("h", timedelta(1), "a"), "unix_time_seconds must be an int or a datetime"),
        (lambda r: r.himport_set("u:1", "users", "Ann"), "values must be several, not one str"),
        (lambda r: r.himport_prepare("users", []), "fields must have at least one element"),
        (lambda r: r.hrandfield("h", withvalues=True), "withvalues needs a count"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Commands[Any]], Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        call(recorder)


@pytest.mark.parametrize("method", ["hexpire", "hpexpire", "hexpireat", "hpexpireat"])
def test_conditions_of_expiry_exclude_each_other(recorder: Recorder, method: str) -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        getattr(recorder, method)("h", 1, "f", nx=True, gt=True)
