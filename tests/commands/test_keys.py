"""The generic commands on each face, what they send, and what they refuse."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from redis_aio import DataError, ResponseError
from tests.commands.conftest import Built, Face, Needs, Recorder, Text
from tests.support.server import Program

pytestmark = pytest.mark.one_loop


# -- existence --------------------------------------------------------------------------------------------------------


async def test_delete_unlink_exists_touch(face: Face) -> None:
    await face.client.mset({"a": 1, "b": 2, "c": 3})
    assert await face(lambda r: r.exists("a", "a", "missing")) == 2
    assert await face(lambda r: r.touch("a", "b", "missing")) == 2
    assert await face(lambda r: r.delete("a", "missing")) == 1
    assert await face(lambda r: r.unlink("b", "c")) == 2
    assert await face(lambda r: r.exists("a", "b", "c")) == 0


async def test_type(face: Face, text: Text) -> None:
    await face.client.set("k", "v")
    assert await face(lambda r: r.type("k")) == text("string")
    assert await face(lambda r: r.type("missing")) == text("none")


async def test_names(face: Face, text: Text) -> None:
    assert await face(lambda r: r.randomkey()) is None
    assert await face(lambda r: r.keys()) == []
    await face.client.mset({"user:1": 1, "user:2": 2, "job:1": 3})
    assert sorted(await face(lambda r: r.keys())) == text(["job:1", "user:1", "user:2"])
    assert sorted(await face(lambda r: r.keys("user:*"))) == text(["user:1", "user:2"])
    assert await face(lambda r: r.randomkey()) in text(["job:1", "user:1", "user:2"])


async def test_scan(face: Face, text: Text) -> None:
    await face.client.mset({f"user:{number}": number for number in range(50)})
    await face.client.execute_command("RPUSH", "user:list", "x")
    cursor, names = await face(lambda r: r.scan())
    assert type(cursor) is int
    assert 0 < len(names) < 51
    seen = list(names)
    while cursor:
        cursor, names = await face(lambda r, cursor=cursor: r.scan(cursor, match="user:*", count=20))  # type: ignore[misc]  # a default binds it
        seen += names
    assert set(seen) == text({f"user:{number}" for number in range(50)} | {"user:list"})
    assert await face(lambda r: r.scan(0, "user:*", 1000, "list")) == (0, text(["user:list"]))
    assert await face(lambda r: r.scan(match="nobody", count=1000)) == (0, [])


# -- names and places -------------------------------------------------------------------------------------------------


async def test_rename(face: Face, text: Text) -> None:
    await face.client.mset({"a": 1, "b": 2})
    assert await face(lambda r: r.rename("a", "c")) is True
    assert await face(lambda r: r.renamenx("c", "b")) is False
    assert await face(lambda r: r.renamenx("c", "a")) is True
    with pytest.raises(ResponseError, match="no such key"):
        await face(lambda r: r.rename("missing", "a"))


async def test_copy_and_move(face: Face, text: Text) -> None:
    await face.client.set("a", "v")
    assert await face(lambda r: r.copy("a", "b")) is True
    assert await face(lambda r: r.copy("a", "b")) is False
    assert await face(lambda r: r.copy("a", "b", replace=True)) is True
    assert await face(lambda r: r.copy("a", "a", destination_db=1)) is True
    assert await face(lambda r: r.move("b", 1)) is True
    assert await face(lambda r: r.move("a", 1)) is False
    assert await face(lambda r: r.exists("a", "b")) == 1


async def test_dump_and_restore(face: Face, text: Text) -> None:
    await face.client.set("k", b"\xff\x00 value")
    value = await face(lambda r: r.dump("k"))
    assert type(value) is bytes
    assert await face(lambda r: r.dump("missing")) is None
    assert await face(lambda r: r.restore("copy", 0, value)) == text("OK")
    with pytest.raises(ResponseError, match="Target key name already exists"):
        await face(lambda r: r.restore("copy", 0, value))
    assert await face(lambda r: r.restore("copy", 100_000, value, replace=True, idletime=50)) == text("OK")
    assert 0 < await face.client.pttl("copy") <= 100_000
    assert await face.client.dump("copy") == value


async def test_migrate(face: Face, text: Text, server_program: Program) -> None:
    with server_program.server() as other:
        await face.client.set("k", "v")
        move = await face(lambda r: r.migrate(other.host, other.port, ["k", "missing"], 0, 5000, copy=True))
        assert move == text("OK")
        assert other.command("GET", "k") == b"v"
        assert await face(lambda r: r.migrate(other.host, other.port, "missing", 0, 5000)) == text("NOKEY")


# -- expiry -----------------------------------------------------------------------------------------------------------


async def test_expire(face: Face) -> None:
    await face.client.set("k", "v")
    assert await face(lambda r: r.ttl("k")) == -1
    assert await face(lambda r: r.expiretime("k")) == -1
    assert await face(lambda r: r.expire("missing", 100)) is False
    assert await face(lambda r: r.expire("k", 100)) is True
    assert 99 <= await face(lambda r: r.ttl("k")) <= 100
    assert await face(lambda r: r.expire("k", 200, nx=True)) is False
    assert await face(lambda r: r.expire("k", 50, gt=True)) is False
    assert await face(lambda r: r.pexpire("k", timedelta(seconds=50), lt=True)) is True
    assert 49_000 < await face(lambda r: r.pttl("k")) <= 50_000
    assert await face(lambda r: r.persist("k")) is True
    assert await face(lambda r: r.persist("k")) is False
    assert await face(lambda r: r.pttl("missing")) == -2


async def test_expire_at(face: Face) -> None:
    await face.client.set("k", "v")
    then = int(time.time()) + 1000
    assert await face(lambda r: r.expireat("k", then)) is True
    assert await face(lambda r: r.expiretime("k")) == then
    assert await face(lambda r: r.pexpireat("k", datetime(2100, 1, 1, tzinfo=UTC), xx=True)) is True
    assert await face(lambda r: r.pexpiretime("k")) == 4_102_444_800_000


# -- how a value is kept ----------------------------------------------------------------------------------------------


async def test_object(face: Face, text: Text) -> None:
    await face.client.set("k", "1234567")  # too big to be one of the shared objects
    assert await face(lambda r: r.object("encoding", "k")) == text("int")
    assert await face(lambda r: r.object("REFCOUNT", "k")) >= 1
    assert await face(lambda r: r.object_encoding("k")) == text("int")
    assert await face(lambda r: r.object_encoding("missing")) is None
    assert (await face(lambda r: r.object_refcount("k")) or 0) >= 1
    assert await face(lambda r: r.object_idletime("k")) in range(60)
    with pytest.raises(ResponseError, match="LFU"):
        await face(lambda r: r.object_freq("k"))


# -- sorting ----------------------------------------------------------------------------------------------------------


async def test_sort(face: Face, text: Text) -> None:
    await face.client.execute_command("RPUSH", "l", "3", "1", "2")
    assert await face(lambda r: r.sort("l")) == text(["1", "2", "3"])
    assert await face(lambda r: r.sort("l", desc=True, start=0, num=2)) == text(["3", "2"])
    assert await face(lambda r: r.sort("l", store="sorted")) == 3
    assert await face(lambda r: r.sort("missing")) == []
    assert await face(lambda r: r.sort_ro("l", alpha=True)) == text(["1", "2", "3"])


async def test_sort_by_and_get(face: Face, text: Text) -> None:
    await face.client.execute_command("RPUSH", "l", "1", "2")
    await face.client.mset({"weight:1": 9, "weight:2": 3, "name:1": "one"})
    assert await face(lambda r: r.sort("l", by="weight:*")) == text(["2", "1"])
    assert await face(lambda r: r.sort("l", get="name:*")) == text(["one", None])
    assert await face(lambda r: r.sort("l", get=["#", "name:*"])) == text(["1", "one", "2", None])
    grouped = await face(lambda r: r.sort("l", get=["#", "name:*"], groups=True))
    assert grouped == text([("1", "one"), ("2", None)])
    assert await face(lambda r: r.sort("missing", get=["#", "name:*"], groups=True)) == []
    assert await face(lambda r: r.sort_ro("l", by="weight:*", get=["#"])) == text(["2", "1"])


# -- replication ------------------------------------------------------------------------------------------------------


async def test_wait(face: Face) -> None:
    assert await face(lambda r: r.wait(0, 1)) == 0


async def test_waitaof(face: Face, needs: Needs) -> None:
    needs("WAITAOF")
    assert await face(lambda r: r.waitaof(0, 0, 1)) == [0, 0]


# -- what is sent -----------------------------------------------------------------------------------------------------

NOON = datetime(2030, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.expire("k", timedelta(seconds=1.9)), "EXPIRE k 1"),
        (lambda r: r.expire("k", "10", xx=True, lt=True), "EXPIRE k 10 XX LT"),
        (lambda r: r.expire("k", -1), "EXPIRE k -1"),
        (lambda r: r.pexpire("k", timedelta(seconds=1.9), nx=True), "PEXPIRE k 1900 NX"),
        (lambda r: r.expireat("k", NOON), "EXPIREAT k 1893499200"),
        (lambda r: r.pexpireat("k", NOON, gt=True), "PEXPIREAT k 1893499200999 GT"),
        (lambda r: r.copy("a", "b", "3", True), "COPY a b DB 3 REPLACE"),
        (
            lambda r: r.migrate("h", 1, ("a", "b"), 2, 3, True, True, "p"),
            "MIGRATE h 1  2 3 COPY REPLACE AUTH p KEYS a b",
        ),
        (lambda r: r.migrate("h", 1, "a", 2, 3, auth="p", username="u"), "MIGRATE h 1  2 3 AUTH2 u p KEYS a"),
        (
            lambda r: r.restore("k", 5, b"v", True, True, 7, "8"),
            "RESTORE k 5 v REPLACE ABSTTL IDLETIME 7 FREQ 8",
        ),
        (
            lambda r: r.sort("k", 0, 5, "w*", ["#", "n*"], True, True, "s"),
            "SORT k BY w* LIMIT 0 5 GET # GET n* DESC ALPHA STORE s",
        ),
        (lambda r: r.sort_ro("k", get="n*"), "SORT_RO k GET n*"),
        (lambda r: r.scan(3, b"a*", 5, "hash"), "SCAN 3 MATCH a* COUNT 5 TYPE hash"),
        (lambda r: r.object("idletime", "k"), "OBJECT IDLETIME k"),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Any], Any], words: str) -> None:
    assert " ".join(map(str, built(call))) == words


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.delete(), "names must have at least one element"),
        (lambda r: r.unlink(), "names must have at least one element"),
        (lambda r: r.exists(), "names must have at least one element"),
        (lambda r: r.touch(), "args must have at least one element"),
        (lambda r: r.migrate("h", 1, [], 0, 1), "keys must have at least one element"),
        (lambda r: r.migrate("h", 1, "k", 0, 1, username="u"), "username needs auth"),
        (lambda r: r.restore("k", 0, b"", idletime="x"), "idletime must be an integer"),
        (lambda r: r.restore("k", 0, b"", frequency=[]), "frequency must be an integer"),
        (lambda r: r.expire("k", 1.5), "time must be an int or a timedelta, not float"),
        (lambda r: r.pexpire("k", None), "time must be an int or a timedelta, not NoneType"),
        (lambda r: r.expireat("k", timedelta(1)), "when must be an int or a datetime, not timedelta"),
        (lambda r: r.expire("k", 1, nx=True, gt=True), "nx excludes xx, gt and lt"),
        (lambda r: r.expire("k", 1, gt=True, lt=True), "gt and lt exclude each other"),
        (lambda r: r.sort("k", start=1), "start and num must be given together"),
        (lambda r: r.sort_ro("k", num=1), "start and num must be given together"),
        (lambda r: r.sort("k", groups=True), "groups needs a list of at least two patterns"),
        (lambda r: r.sort("k", get="a*", groups=True), "groups needs a list of at least two patterns"),
        (lambda r: r.sort("k", get=["a*", "b*"], groups=True, store="s"), "groups and store exclude each other"),
        (lambda r: r.object("help", "k"), "infotype must be"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Any], Any], error: str) -> None:
    with pytest.raises(DataError, match=error):
        call(recorder)
