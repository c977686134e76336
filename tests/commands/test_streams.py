"""The stream commands on each face, and what they refuse."""

import asyncio
from typing import Any

import pytest

from redis_aio._command.spec import Effect
from redis_aio._replies import streams as replies
from redis_aio.commands.streams import StreamCommands
from redis_aio.exceptions import DataError, ResponseError
from tests.commands.conftest import Built, Face, Needs, Recorder, Text

pytestmark = pytest.mark.one_loop  # no command depends on the event loop


async def prepare(face: Face) -> None:
    """Add three entries, give two of them to a consumer, and acknowledge the first."""
    for n in (1, 2, 3):
        await face.client.xadd("s", {"n": n}, f"{n}-0")
    await face.client.xgroup_create("s", "g", "0")
    await face.client.xreadgroup("g", "c", {"s": ">"}, count=2)
    await face.client.xack("s", "g", "1-0")


async def test_add(face: Face, text: Text) -> None:
    assert await face(lambda r: r.xadd("s", {"f": 1, "g": 2.5}, "1-1")) == text("1-1")
    assert await face(lambda r: r.xadd("s", {"f": "v"}, "1-*")) == text("1-2")
    assert isinstance(await face(lambda r: r.xadd("s", {"f": "v"})), type(text("")))
    assert await face(lambda r: r.xadd("none", {"f": "v"}, nomkstream=True)) is None
    assert await face(lambda r: r.xlen("s")) == 3
    assert await face(lambda r: r.xrange("s", max="1-1")) == text([("1-1", {"f": "1", "g": "2.5"})])


async def test_trim(face: Face, text: Text) -> None:
    for n in range(1, 6):
        await face.client.xadd("s", {"n": n}, f"{n}-0")
    assert await face(lambda r: r.xtrim("s", 4, approximate=False)) == 1
    assert await face(lambda r: r.xtrim("s", minid="3", approximate=False)) == 1
    await face(lambda r: r.xadd("s", {"n": 6}, "6-0", maxlen=2, approximate=False))
    assert await face(lambda r: r.xrange("s", count=1)) == text([("5-0", {"n": "5"})])
    assert await face(lambda r: r.xdel("s", "5-0", "9-0")) == 1
    assert await face(lambda r: r.xsetid("s", "8-0")) is True
    assert (await face(lambda r: r.xinfo_stream("s")))["last-generated-id"] == text("8-0")


async def test_ranges(face: Face, text: Text) -> None:
    await prepare(face)
    entries = text([(f"{n}-0", {"n": str(n)}) for n in (1, 2, 3)])
    assert await face(lambda r: r.xrange("s")) == entries
    assert await face(lambda r: r.xrange("s", "(1-0", "2-0")) == entries[1:2]
    assert await face(lambda r: r.xrevrange("s", count=2)) == entries[:0:-1]
    assert await face(lambda r: r.xrange("none")) == []


async def test_read(face: Face, text: Text) -> None:
    await prepare(face)
    await face.client.xadd("t", {"f": "v"}, "1-0")
    assert await face(lambda r: r.xread({"s": "2-0", "t": 0})) == [
        text(["s", [("3-0", {"n": "3"})]]),
        text(["t", [("1-0", {"f": "v"})]]),
    ]
    assert await face(lambda r: r.xread({"s": "0"}, count=1)) == [text(["s", [("1-0", {"n": "1"})]])]
    assert await face(lambda r: r.xread({"s": "3-0"})) == []
    assert await face(lambda r: r.xread({"s": "$"}, block=1)) == []


async def test_a_read_waits_for_the_first_entry(face: Face, text: Text) -> None:
    if face.kind != "client":
        pytest.skip("a pipeline is answered as a whole, a transaction does not wait")
    reading = asyncio.ensure_future(face.client.xread({"s": "$"}, block=0))
    async with asyncio.timeout(5):
        while all(entry["cmd"] != "xread" for entry in await face.client.client_list()):  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.01)
        await face.client.xadd("s", {"f": "v"}, "1-0")
        assert await reading == [text(["s", [("1-0", {"f": "v"})]])]


async def test_groups_and_consumers(face: Face, text: Text) -> None:
    assert await face(lambda r: r.xgroup_create("s", "g", mkstream=True)) is True
    with pytest.raises(ResponseError, match="BUSYGROUP"):
        await face(lambda r: r.xgroup_create("s", "g"))
    assert await face(lambda r: r.xgroup_createconsumer("s", "g", "c")) == 1
    assert await face(lambda r: r.xgroup_createconsumer("s", "g", "c")) == 0
    assert await face(lambda r: r.xgroup_setid("s", "g", "0", entries_read=0)) is True
    [group] = await face(lambda r: r.xinfo_groups("s"))
    assert (group["name"], group["consumers"], group["last-delivered-id"]) == (text("g"), 1, text("0-0"))
    [consumer] = await face(lambda r: r.xinfo_consumers("s", "g"))
    assert (consumer["name"], consumer["pending"]) == (text("c"), 0)
    assert await face(lambda r: r.xgroup_delconsumer("s", "g", "c")) == 0
    assert await face(lambda r: r.xgroup_destroy("s", "g")) is True
    assert await face(lambda r: r.xgroup_destroy("s", "g")) is False


async def test_read_as_a_consumer(face: Face, text: Text) -> None:
    await prepare(face)
    assert await face(lambda r: r.xreadgroup("g", "c", {"s": "0"})) == [text(["s", [("2-0", {"n": "2"})]])]
    assert await face(lambda r: r.xreadgroup("g", "d", {"s": "0"})) == [text(["s", []])]
    assert await face(lambda r: r.xreadgroup("g", "d", {"s": ">"}, 5, 1)) == [text(["s", [("3-0", {"n": "3"})]])]
    assert await face(lambda r: r.xreadgroup("g", "d", {"s": ">"}, noack=True)) == []
    await face.client.xdel("s", "2-0")
    assert await face(lambda r: r.xreadgroup("g", "c", {"s": "0"})) == [text(["s", [("2-0", {})]])]
    assert await face(lambda r: r.xack("s", "g", "1-0", "2-0", "3-0")) == 2
    with pytest.raises(ResponseError, match="NOGROUP"):
        await face(lambda r: r.xreadgroup("none", "d", {"s": ">"}))


async def test_pending(face: Face, text: Text) -> None:
    await prepare(face)
    assert await face(lambda r: r.xpending("s", "g")) == {
        "pending": 1,
        "min": text("2-0"),
        "max": text("2-0"),
        "consumers": [{"name": text("c"), "pending": 1}],
    }
    [entry] = await face(lambda r: r.xpending_range("s", "g", "-", "+", 10, "c"))
    assert entry["time_since_delivered"] >= 0
    del entry["time_since_delivered"]
    assert entry == {"message_id": text("2-0"), "consumer": text("c"), "times_delivered": 1}
    assert await face(lambda r: r.xpending_range("s", "g", "-", "+", 10, idle=100_000)) == []
    assert (await face(lambda r: r.xpending_range("s", "g", None, None, None)))["pending"] == 1
    assert (await face(lambda r: r.xpending("s", "g")))["consumers"] != []


async def test_claim(face: Face, text: Text) -> None:
    await prepare(face)
    entry = text([("2-0", {"n": "2"})])
    assert await face(lambda r: r.xclaim("s", "g", "d", 100_000, ["2-0"])) == []
    assert await face(lambda r: r.xclaim("s", "g", "d", 0, ["2-0"])) == entry
    assert await face(lambda r: r.xclaim("s", "g", "d", 0, ["2-0"], justid=True)) == text(["2-0"])
    await face(lambda r: r.xclaim("s", "g", "d", 0, ("3-0",), idle=5_000, retrycount=7, force=True))
    [claimed] = await face(lambda r: r.xpending_range("s", "g", "3-0", "3-0", 1))
    assert claimed["times_delivered"] == 7
    assert claimed["time_since_delivered"] >= 5_000
    assert await face(lambda r: r.xautoclaim("s", "g", "e", 0, count=1)) == [text("3-0"), entry, []]
    assert await face(lambda r: r.xautoclaim("s", "g", "e", 0, "3-0", justid=True)) == text(["3-0"])
    await face.client.xdel("s", "3-0")
    assert await face(lambda r: r.xautoclaim("s", "g", "e", 0)) == [text("0-0"), entry, text(["3-0"])]


async def test_all_about_a_stream(face: Face, text: Text) -> None:
    await prepare(face)
    about = await face(lambda r: r.xinfo_stream("s"))
    assert (about["length"], about["groups"]) == (3, 1)
    assert about["first-entry"] == text(("1-0", {"n": "1"}))
    assert about["last-entry"] == text(("3-0", {"n": "3"}))
    about = await face(lambda r: r.xinfo_stream("s", full=True))
    assert about["entries"] == text({f"{n}-0": {"n": str(n)} for n in (1, 2, 3)})
    [group] = about["groups"]
    assert group["name"] == text("g")
    [consumer] = group["consumers"]
    assert (consumer["name"], consumer["pel-count"], len(consumer["pending"])) == (text("c"), 1, 1)
    assert len((await face(lambda r: r.xinfo_stream("s", True, count=1)))["entries"]) == 1


async def test_an_empty_stream(face: Face) -> None:
    await face.client.xgroup_create("s", "g", mkstream=True)
    about = await face(lambda r: r.xinfo_stream("s"))
    assert (about["first-entry"], about["last-entry"]) == (None, None)
    assert (await face(lambda r: r.xpending("s", "g"))) == {"pending": 0, "min": None, "max": None, "consumers": []}


async def test_help(face: Face) -> None:
    assert (await face(lambda r: r.xgroup_help()))[0].startswith("XGROUP")
    assert (await face(lambda r: r.xinfo_help()))[0].startswith("XINFO")


async def test_references(face: Face, needs: Needs) -> None:
    needs("XACKDEL")
    await prepare(face)
    assert await face(lambda r: r.xackdel("s", "g", "2-0", "9-0", ref_policy="DELREF")) == [1, -1]
    assert await face(lambda r: r.xdelex("s", "1-0", "9-0")) == [1, -1]


async def test_idempotent_adding(face: Face, text: Text, needs: Needs) -> None:
    needs("XCFGSET")
    first = await face(lambda r: r.xadd("s", {"f": 1}, idmp=("p", b"i")))
    assert await face(lambda r: r.xadd("s", {"f": 1}, idmp=("p", b"i"))) == first
    assert await face(lambda r: r.xcfgset("s", 10, 10)) == text("OK")


# -- what is sent -----------------------------------------------------------------------------------------------------


def test_what_no_server_at_hand_has(built: Built) -> None:
    assert built(lambda r: r.xadd("s", {"f": "v"}, idmp=("p", b"i"), ref_policy="ACKED", maxlen=5)) == [
        *("XADD", "s", "ACKED", "IDMP", "p", "i", "MAXLEN", "~", 5, "*", "f", "v")
    ]
    assert built(lambda r: r.xadd("s", {"f": "v"}, idmpauto="p", nomkstream=True, minid="1", limit=9)) == [
        *("XADD", "s", "NOMKSTREAM", "IDMPAUTO", "p", "MINID", "~", "1", "LIMIT", 9, "*", "f", "v")
    ]
    assert built(lambda r: r.xtrim("s", 5, ref_policy="DELREF")) == ["XTRIM", "s", "MAXLEN", "~", 5, "DELREF"]
    assert built(lambda r: r.xdelex("s", "1", "2", ref_policy="ACKED")) == ["XDELEX", "s", "ACKED", "IDS", 2, "1", "2"]
    assert built(lambda r: r.xackdel("s", "g", "1")) == ["XACKDEL", "s", "g", "KEEPREF", "IDS", 1, "1"]
    assert built(lambda r: r.xnack("s", "g", "FAIL", "1", "2", retrycount=3, force=True)) == [
        *("XNACK", "s", "g", "FAIL", "IDS", 2, "1", "2", "RETRYCOUNT", 3, "FORCE")
    ]
    assert built(lambda r: r.xcfgset("s", 100, 50)) == ["XCFGSET", "s", "IDMP-DURATION", 100, "IDMP-MAXSIZE", 50]
    assert built(lambda r: r.xidmprecord("s", "p", b"i", "1-0")) == ["XIDMPRECORD", "s", "p", "i", "1-0"]
    assert built(lambda r: r.xread({"s": "0", "t": 1}, 1, 2, 3, 4)) == [
        *("XREAD", "BLOCK", 2, "COUNT", 1, "MAXCOUNT", 3, "MAXSIZE", 4, "STREAMS", "s", "t", "0", 1)
    ]
    assert built(lambda r: r.xreadgroup("g", "c", {"s": ">"}, 1, 2, True, 5, 3, 4)) == [
        *("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "MAXCOUNT", 3, "MAXSIZE", 4, "BLOCK", 2, "NOACK"),
        *("CLAIM", 5, "STREAMS", "s", ">"),
    ]


def test_the_reply_of_a_read_that_claims() -> None:
    entries = [["1-0", ["f", "v"], 1500, 3], ["2-0", ["f", "w"], 0, 0]]
    expected = [["s", [("1-0", {"f": "v"}, 1500, 3), ("2-0", {"f": "w"}, 0, 0)]]]
    assert replies.streams_with_claims([["s", entries]]) == expected
    assert replies.streams_with_claims({"s": entries}) == expected
    assert replies.streams_with_claims(None) == []


def test_the_reply_of_an_older_server() -> None:
    """Before 7.0 XAUTOCLAIM has no list of deleted entries, and null stands for them."""
    assert replies.claimed(["0-0", [["1-0", ["f", "v"]], None]]) == ["0-0", [("1-0", {"f": "v"}), (None, None)]]


def test_effects(recorder: Recorder) -> None:
    def effect(command: Any) -> Effect:
        found: Effect = command.effect
        return found

    r: Any = recorder
    assert effect(r.xadd("s", {"f": 1})) is Effect.ACCUMULATING
    assert effect(r.xadd("s", {"IDMP": "IDMPAUTO"}, maxlen=1)) is Effect.ACCUMULATING
    assert effect(r.xadd("s", {"f": 1}, idmpauto="p", maxlen=1)) is Effect.IDEMPOTENT
    assert effect(r.xadd("s", {"f": 1}, idmp=("p", b"i"), nomkstream=True)) is Effect.IDEMPOTENT
    assert effect(r.xread({"BLOCK": "0"})) is Effect.READ
    assert effect(r.xread({"s": "0"}, max_count=1, block=5)) is Effect.BLOCKING
    assert effect(r.xreadgroup("BLOCK", "1", {"s": ">"})) is Effect.ACCUMULATING
    assert effect(r.xreadgroup("g", "c", {"s": ">"}, max_size=5, block=5, claim_min_idle_time=1)) is Effect.BLOCKING
    assert effect(r.xack("s", "g", "1")) is Effect.IDEMPOTENT
    assert effect(r.xautoclaim("s", "g", "c", 1)) is Effect.ACCUMULATING


REFUSED = [
    lambda r: r.xadd("s", {}),
    lambda r: r.xadd("s", "fv"),
    lambda r: r.xadd("s", {"f": 1}, maxlen=True),
    lambda r: r.xadd("s", {"f": 1}, idmp=["p", b"i"]),
    lambda r: r.xdel("s"),
    lambda r: r.xack("s", "g"),
    lambda r: r.xread({"s": 0}, count=True),
    lambda r: r.xread({"s": 0}, block=1.0),
    lambda r: r.xread("s"),
    lambda r: r.xinfo_stream("s", count=1),
    lambda r: r.xautoclaim("s", "g", "c", "5"),
    lambda r: r.xnack("s", "g", "FAIL", "1", retrycount="1"),
]


@pytest.mark.parametrize("call", REFUSED, ids=range(len(REFUSED)))
def test_refusals(recorder: Recorder, call: Any) -> None:
    assert isinstance(recorder, StreamCommands)
    with pytest.raises(DataError):
        call(recorder)
