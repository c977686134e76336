"""The bitmap commands on each face, what they send, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from redis_aio import DataError
from tests.commands.conftest import Built, Face, Needs, Recorder, Text

pytestmark = pytest.mark.one_loop


async def test_bits(face: Face, text: Text) -> None:
    assert await face(lambda r: r.setbit("k", 7, 1)) == 0
    assert await face(lambda r: r.setbit("k", 7, True)) == 1
    assert await face(lambda r: r.setbit("k", 9, 1)) == 0
    assert await face(lambda r: r.getbit("k", 7)) == 1
    assert await face(lambda r: r.getbit("k", 1000)) == 0
    assert await face(lambda r: r.setbit("k", 9, 0)) == 1


async def test_bitcount(face: Face) -> None:
    await face.client.set("k", b"\xff\x01")
    assert await face(lambda r: r.bitcount("k")) == 9
    assert await face(lambda r: r.bitcount("k", 1, -1)) == 1
    assert await face(lambda r: r.bitcount("k", 0, 3, "BIT")) == 4
    assert await face(lambda r: r.bitcount("missing")) == 0


async def test_bitpos(face: Face) -> None:
    await face.client.set("k", b"\x00\x0f")
    assert await face(lambda r: r.bitpos("k", 1)) == 12
    assert await face(lambda r: r.bitpos("k", 1, 1)) == 12
    assert await face(lambda r: r.bitpos("k", 0, 1, 1, "BYTE")) == 8
    assert await face(lambda r: r.bitpos("k", 1, 0, 3, "BIT")) == -1


async def test_bitop(face: Face, text: Text) -> None:
    await face.client.mset({"a": b"\x0f", "b": b"\x3c"})
    for operation, value in (("AND", 0x0C), ("OR", 0x3F), ("XOR", 0x33)):
        assert await face(lambda r, operation=operation: r.bitop(operation, "d", "a", "b")) == 1  # type: ignore[misc]  # a default binds it
        assert await face.client.execute_command("GET", "d", NEVER_DECODE=True) == bytes([value])
    assert await face(lambda r: r.bitop("not", "d", "a")) == 1


async def test_bitop_of_redis_8_2(face: Face, needs: Needs) -> None:
    needs("BITOP", "DIFF")
    await face.client.mset({"a": b"\x0f", "b": b"\x3c", "c": b"\x05"})
    for operation, value in (("DIFF", 0x02), ("DIFF1", 0x30), ("ANDOR", 0x0D), ("ONE", 0x32)):
        assert await face(lambda r, operation=operation: r.bitop(operation, "d", "a", "b", "c")) == 1  # type: ignore[misc]  # a default binds it
        assert await face.client.execute_command("GET", "d", NEVER_DECODE=True) == bytes([value])


async def test_bitfield(face: Face) -> None:
    sums = await face(lambda r: r.bitfield("k").set("u8", 0, 250).incrby("u8", 0, 10).get("u8", "#0").execute())
    assert sums == [0, 4, 4]
    saturated = await face(lambda r: r.bitfield("k", "SAT").incrby("u8", 0, 255).execute())
    assert saturated == [255]
    failed = await face(lambda r: r.bitfield("k").incrby("u8", 0, 1, overflow="FAIL").get("u4", 0).execute())
    assert failed == [None, 15]


async def test_bitfield_ro(face: Face) -> None:
    await face.client.set("k", b"\x12\x34")
    assert await face(lambda r: r.bitfield_ro("k", "u8", 0)) == [0x12]
    assert await face(lambda r: r.bitfield_ro("k", "u8", "#1", [("u4", 0), ("i4", 4)])) == [0x34, 1, 2]


def test_a_bitfield_is_built_step_by_step(recorder: Recorder) -> None:
    field = recorder.bitfield("k", default_overflow="sat")
    field.overflow("wrap").overflow("WRAP").set("u8", 0, 1)
    assert field.command == ["BITFIELD", "k", "OVERFLOW", "SAT", "OVERFLOW", "WRAP", "SET", "u8", 0, 1]
    field.reset()
    assert field.command == ["BITFIELD", "k", "OVERFLOW", "SAT"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.bitcount("k", 0, 5, "BYTE"), "BITCOUNT k 0 5 BYTE"),
        (lambda r: r.bitpos("k", 0, 3), "BITPOS k 0 3"),
        (lambda r: r.bitpos("k", 1, 3, 4, "BIT"), "BITPOS k 1 3 4 BIT"),
        (lambda r: r.setbit("k", 3, []), "SETBIT k 3 0"),
        (lambda r: r.bitop("DIFF1", "d", "a", "b"), "BITOP DIFF1 d a b"),
        (lambda r: r.bitfield_ro("k", "i5", 3, [("u1", "#2")]), "BITFIELD_RO k GET i5 3 GET u1 #2"),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Any], Any], words: str) -> None:
    assert " ".join(map(str, built(call))) == words


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.bitcount("k", 1), "start and end must be given together"),
        (lambda r: r.bitcount("k", end=1), "start and end must be given together"),
        (lambda r: r.bitcount("k", mode="BIT"), "mode needs start and end"),
        (lambda r: r.bitpos("k", 2), "bit must be 0 or 1"),
        (lambda r: r.bitpos("k", 1, end=2), "end needs start"),
        (lambda r: r.bitpos("k", 1, 2, mode="BIT"), "mode needs start and end"),
        (lambda r: r.bitop("AND", "d"), "keys must have at least one element"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Any], Any], error: str) -> None:
    with pytest.raises(DataError, match=error):
        call(recorder)
