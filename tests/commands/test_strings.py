"""The string commands on each face, what they send, and what they refuse."""

import enum
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from redis_aio import DataError, ResponseError
from redis_aio.commands.strings import DataPersistOptions
from tests.commands.conftest import Built, Face, Needs, Recorder, Text

pytestmark = pytest.mark.one_loop


# -- reading ----------------------------------------------------------------------------------------------------------


async def test_get(face: Face, text: Text) -> None:
    await face.client.set("k", "vä\r\n")
    assert await face(lambda r: r.get("k")) == text("vä\r\n")
    assert await face(lambda r: r.get(b"k")) == text("vä\r\n")
    assert await face(lambda r: r.get("missing")) is None


async def test_mget(face: Face, text: Text) -> None:
    await face.client.mset({"a": "1", "b": "2"})
    assert await face(lambda r: r.mget("a", "missing", "b")) == text(["1", None, "2"])
    assert await face(lambda r: r.mget(["a", "b"])) == text(["1", "2"])
    assert await face(lambda r: r.mget(iter(["a"]), "b")) == text(["1", "2"])


async def test_mget_of_no_key_is_an_empty_list_in_its_place(face: Face) -> None:
    assert await face(lambda r: r.mget([])) == []


async def test_parts(face: Face, text: Text) -> None:
    await face.client.set("k", "hello")
    assert await face(lambda r: r.getrange("k", 1, 3)) == text("ell")
    assert await face(lambda r: r.substr("k", 1)) == text("ello")
    assert await face(lambda r: r.strlen("k")) == 5
    assert await face(lambda r: r.setrange("k", 1, "ipp")) == 5
    assert await face(lambda r: r.append("k", "!")) == 6
    assert await face(lambda r: r.get("k")) == text("hippo!")


async def test_lcs(face: Face, text: Text) -> None:
    await face.client.mset({"a": "ohmytext", "b": "mynewtext"})
    assert await face(lambda r: r.lcs("a", "b")) == text("mytext")
    assert await face(lambda r: r.lcs("a", "b", len=True)) == 6
    matches = await face(lambda r: r.lcs("a", "b", idx=True))
    assert matches == [text("matches"), [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], text("len"), 6]
    matches = await face(lambda r: r.lcs("a", "b", idx=True, minmatchlen=3, withmatchlen=True))
    assert matches == [text("matches"), [[[4, 7], [5, 8], 4]], text("len"), 6]


async def test_digest(face: Face, needs: Needs) -> None:
    needs("DIGEST")
    await face.client.set("k", "v")
    digest = await face(lambda r: r.digest("k"))
    assert digest is not None
    assert len(digest) == 16
    assert await face(lambda r: r.digest("missing")) is None


# -- reading and changing ---------------------------------------------------------------------------------------------


async def test_getdel_and_getset(face: Face, text: Text) -> None:
    assert await face(lambda r: r.getset("k", "1")) is None
    assert await face(lambda r: r.getset("k", "2")) == text("1")
    assert await face(lambda r: r.getdel("k")) == text("2")
    assert await face(lambda r: r.getdel("k")) is None


async def test_getex(face: Face, text: Text) -> None:
    await face.client.set("k", "v")
    assert await face(lambda r: r.getex("k", ex=100)) == text("v")
    assert 99 <= await face.client.ttl("k") <= 100
    assert await face(lambda r: r.getex("k", persist=True)) == text("v")
    assert await face.client.ttl("k") == -1
    assert await face(lambda r: r.getex("missing")) is None


# -- setting ----------------------------------------------------------------------------------------------------------


async def test_set(face: Face, text: Text) -> None:
    assert await face(lambda r: r.set("k", "v")) is True
    assert await face(lambda r: r.set("k", "w", nx=True)) is None
    assert await face(lambda r: r.set("missing", "w", xx=True)) is None
    assert await face(lambda r: r.set("k", "x", xx=True)) is True
    assert await face(lambda r: r.set("k", "y", get=True)) == text("x")
    assert await face(lambda r: r.set("new", "y", get=True)) is None
    assert await face(lambda r: r.get("new")) == text("y")


@pytest.mark.parametrize(
    ("value", "stored"), [("text", b"text"), (b"\x00\xff", b"\x00\xff"), (12, b"12"), (-1.5, b"-1.5"), ("", b"")]
)
async def test_set_takes_text_bytes_and_numbers(client: Any, value: Any, stored: bytes) -> None:
    assert await client.set("k", value) is True
    assert await client.get("k") == stored


async def test_set_with_an_expiry(face: Face) -> None:
    assert await face(lambda r: r.set("k", "v", ex=100)) is True
    assert 99 <= await face.client.ttl("k") <= 100
    assert await face(lambda r: r.set("k", "v", keepttl=True)) is True
    assert 98 <= await face.client.ttl("k") <= 100
    assert await face(lambda r: r.set("k", "v")) is True
    assert await face.client.ttl("k") == -1
    assert await face(lambda r: r.set("k", "v", pxat=datetime(2100, 1, 1, tzinfo=UTC))) is True
    assert await face.client.pexpiretime("k") == 4_102_444_800_000


async def test_set_if_equal(face: Face, text: Text, needs: Needs) -> None:
    needs("SET", "IFEQ")
    await face.client.set("k", "v")
    assert await face(lambda r: r.set("k", "w", ifeq="other")) is None
    assert await face(lambda r: r.set("k", "w", ifeq="v")) is True
    assert await face(lambda r: r.set("k", "x", ifeq="w", get=True)) == text("w")
    assert await face(lambda r: r.get("k")) == text("x")


async def test_the_old_ways_to_set(face: Face, text: Text) -> None:
    assert await face(lambda r: r.setex("k", 100, "v")) is True
    assert await face(lambda r: r.psetex("k", timedelta(seconds=100), "v")) is True
    assert 99 <= await face.client.ttl("k") <= 100
    assert await face(lambda r: r.setnx("k", "w")) is False
    assert await face(lambda r: r.setnx("new", "w")) is True


async def test_mset(face: Face, text: Text) -> None:
    assert await face(lambda r: r.mset({"a": 1, "b": "2"})) is True
    assert await face(lambda r: r.msetnx({"b": 3, "c": 4})) is False
    assert await face(lambda r: r.msetnx({"c": 4})) is True
    assert await face(lambda r: r.mget("a", "b", "c")) == text(["1", "2", "4"])


async def test_msetex(face: Face, needs: Needs) -> None:
    needs("MSETEX")
    assert await face(lambda r: r.msetex({"a": "1", "b": "2"}, ex=100)) == 1
    assert 99 <= await face.client.ttl("b") <= 100
    assert await face(lambda r: r.msetex({"b": "1", "c": "2"}, DataPersistOptions.NX)) == 0
    assert await face(lambda r: r.msetex({"a": "1", "b": "2"}, DataPersistOptions.XX, keepttl=True)) == 1
    assert 98 <= await face.client.ttl("a") <= 100


# -- counting ---------------------------------------------------------------------------------------------------------


async def test_counting(face: Face) -> None:
    assert await face(lambda r: r.incr("n")) == 1
    assert await face(lambda r: r.incrby("n", 9)) == 10
    assert await face(lambda r: r.decr("n", 3)) == 7
    assert await face(lambda r: r.decrby("n")) == 6
    value = await face(lambda r: r.incrbyfloat("n", 0.5))
    assert (value, type(value)) == (6.5, float)


async def test_counting_what_is_no_number(face: Face) -> None:
    await face.client.set("k", "text")
    with pytest.raises(ResponseError, match="not an integer"):
        await face(lambda r: r.incr("k"))


async def test_increx(face: Face, needs: Needs) -> None:
    needs("INCREX")
    assert await face(lambda r: r.increx("n", byint=5, ubound=8, ex=100)) == [5, 5]
    assert await face(lambda r: r.increx("n", byint=5, ubound=8)) == [5, 0]
    assert await face(lambda r: r.increx("n", byint=5, ubound=8, saturate=True)) == [8, 3]
    values = await face(lambda r: r.increx("f", byfloat=0.5))
    assert values == [0.5, 0.5]
    assert {type(value) for value in values} == {float}


# -- deleting ---------------------------------------------------------------------------------------------------------


async def test_delex(face: Face, needs: Needs) -> None:
    needs("DELEX")
    await face.client.set("k", "v")
    assert await face(lambda r: r.delex("k", ifeq="other")) == 0
    assert await face(lambda r: r.delex("k", ifeq="v")) == 1
    assert await face(lambda r: r.delex("k")) == 0


async def test_delifeq(face: Face, needs: Needs) -> None:
    needs("DELIFEQ")
    await face.client.set("k", "v")
    assert await face(lambda r: r.delifeq("k", "other")) == 0
    assert await face(lambda r: r.delifeq("k", "v")) == 1


# -- what is sent -----------------------------------------------------------------------------------------------------

NOON = datetime(2030, 1, 1, 12, 0, 0, 250_999, tzinfo=UTC)
NOON_S = 1_893_499_200
NOON_MS = NOON_S * 1000 + 250


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.set("k", "v", ex=5), "SET k v EX 5"),
        (lambda r: r.set("k", "v", ex="5"), "SET k v EX 5"),
        (lambda r: r.set("k", "v", ex=timedelta(minutes=1, milliseconds=999)), "SET k v EX 60"),
        (lambda r: r.set("k", "v", px=timedelta(milliseconds=1001)), "SET k v PX 1001"),
        (lambda r: r.set("k", "v", exat=NOON), f"SET k v EXAT {NOON_S}"),
        (lambda r: r.set("k", "v", pxat=NOON), f"SET k v PXAT {NOON_MS}"),
        (lambda r: r.set("k", "v", exat=NOON_S), f"SET k v EXAT {NOON_S}"),
        (lambda r: r.set("k", "v", nx=True, get=True, px=7), "SET k v NX GET PX 7"),
        (lambda r: r.set("k", "v", xx=True, keepttl=True), "SET k v XX KEEPTTL"),
        (lambda r: r.set("k", "v", ifeq="w"), "SET k v IFEQ w"),
        (lambda r: r.set("k", "v", ifne="w"), "SET k v IFNE w"),
        (lambda r: r.set("k", "v", ifdeq="d1", get=True), "SET k v IFDEQ d1 GET"),
        (lambda r: r.set("k", "v", ifdne=b"d1", ex=1), "SET k v IFDNE d1 EX 1"),
        (lambda r: r.set("k", "v", ifeq=""), "SET k v IFEQ "),
        (lambda r: r.setex("k", timedelta(seconds=90), "v"), "SETEX k 90 v"),
        (lambda r: r.getex("k", px=5), "GETEX k PX 5"),
        (lambda r: r.getex("k", exat=NOON), f"GETEX k EXAT {NOON_S}"),
        (lambda r: r.msetex({"a": 1, "b": 2}), "MSETEX 2 a 1 b 2"),
        (lambda r: r.msetex({"a": 1}, DataPersistOptions.XX, pxat=NOON), f"MSETEX 1 a 1 XX PXAT {NOON_MS}"),
        (lambda r: r.increx("n"), "INCREX n"),
        (lambda r: r.increx("n", byint=-2, lbound=0, ubound=9), "INCREX n BYINT -2 LBOUND 0 UBOUND 9"),
        (lambda r: r.increx("n", byfloat=0.5, saturate=True, ex=9, enx=True), "INCREX n BYFLOAT 0.5 SATURATE EX 9 ENX"),
        (lambda r: r.increx("n", persist=True), "INCREX n PERSIST"),
        (lambda r: r.increx("n", xx=True), "INCREX n XX"),
        (lambda r: r.delex("k"), "DELEX k"),
        (lambda r: r.delex("k", ifne="v"), "DELEX k IFNE v"),
        (lambda r: r.delex("k", ifdeq="d1"), "DELEX k IFDEQ d1"),
        (lambda r: r.delex("k", ifdne="d1"), "DELEX k IFDNE d1"),
        (lambda r: r.digest("k"), "DIGEST k"),
        (lambda r: r.lcs("a", "b", minmatchlen=None), "LCS a b"),
        (lambda r: r.mget("a"), "MGET a"),
        (lambda r: r.mget(("a", "b"), "c"), "MGET a b c"),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Any], Any], words: str) -> None:
    assert " ".join(map(str, built(call))) == words


def test_a_datetime_without_a_time_zone_is_local_time(built: Built) -> None:
    local = NOON.astimezone().replace(tzinfo=None)
    assert built(lambda r: r.set("k", "v", pxat=local))[-1] == NOON_MS


def test_msetex_takes_the_enum_of_redis_py(built: Built) -> None:
    theirs = enum.Enum("theirs", {"NX": "NX", "XX": "XX"})
    assert built(lambda r: r.msetex({"a": 1}, theirs.NX)) == ["MSETEX", 1, "a", 1, "NX"]  # type: ignore[arg-type]  # theirs


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.set("k", "v", ex=1, px=1), "ex and px exclude each other"),
        (lambda r: r.set("k", "v", ex=1, keepttl=True), "ex and keepttl exclude each other"),
        (lambda r: r.set("k", "v", ex=1, px=1, exat=1, pxat=1), "ex, px, exat and pxat exclude each other"),
        (lambda r: r.set("k", "v", nx=True, xx=True), "nx and xx exclude each other"),
        (lambda r: r.set("k", "v", nx=True, ifeq="v"), "ifeq and nx exclude each other"),
        (lambda r: r.set("k", "v", ex=1.5), "ex must be an int or a timedelta, not float"),
        (lambda r: r.set("k", "v", ex="soon"), "ex must be an int or a timedelta, not str"),
        (lambda r: r.set("k", "v", px=[1]), "px must be an int or a timedelta, not list"),
        (lambda r: r.set("k", "v", exat=1.5), "exat must be an int or a datetime, not float"),
        (lambda r: r.set("k", "v", pxat=timedelta(1)), "pxat must be an int or a datetime, not timedelta"),
        (lambda r: r.setex("k", None, "v"), "time must be an int or a timedelta, not NoneType"),
        (lambda r: r.getex("k", ex=1, persist=True), "ex and persist exclude each other"),
        (lambda r: r.mset({}), "mapping must have at least one element"),
        (lambda r: r.mset([("a", 1)]), "mapping must be a mapping, not list"),
        (lambda r: r.msetnx({}), "mapping must have at least one element"),
        (lambda r: r.msetex({}, ex=1), "mapping must have at least one element"),
        (lambda r: r.msetex({"a": 1}, "NX"), "data_persist_option must be DataPersistOptions.NX"),
        (lambda r: r.msetex({"a": 1}, ex=1, keepttl=True), "ex and keepttl exclude each other"),
        (lambda r: r.lcs("a", "b", len=True, idx=True), "len and idx exclude each other"),
        (lambda r: r.increx("n", byint=1, byfloat=1), "byfloat and byint exclude each other"),
        (lambda r: r.increx("n", ex=1, persist=True), "ex and persist exclude each other"),
        (lambda r: r.increx("n", nx=True, xx=True), "nx and xx exclude each other"),
        (lambda r: r.increx("n", enx=True), "enx needs one of ex, px, exat and pxat"),
        (lambda r: r.increx("n", enx=True, persist=True), "enx needs one of ex, px, exat and pxat"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Any], Any], error: str) -> None:
    with pytest.raises(DataError, match=error):
        call(recorder)


def test_two_conditions_of_delex_are_a_value_error_as_in_redis_py(recorder: Recorder) -> None:
    with pytest.raises(ValueError, match="ifeq and ifne exclude each other"):
        _ = recorder.delex("k", ifeq="a", ifne="b")


def test_an_error_shows_no_value(recorder: Recorder) -> None:
    with pytest.raises(DataError) as caught:
        recorder.set("k", "v", ex="secret")  # type: ignore[call-overload]  # what the test is about
    assert "secret" not in repr(caught.value)
