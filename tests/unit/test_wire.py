"""How a batch becomes bytes and its replies values, without a connection."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._execution import wire
from redis_aio._execution.wire import (
    EXEC,
    FIRST_PIECE,
    LONGEST_PIECE,
    MULTI,
    SLICE_BYTES,
    SLICE_COMMANDS,
    SMALL_BATCH,
    encode_plainly,
    encoder,
    pieces,
    slices,
    values_or_errors,
)
from redis_aio._options import Options

ARGUMENTS: list[Any] = [
    "key",
    "é",
    "%d",
    b"%b",
    b"",
    b"\x00\xff\r\n",
    7,
    -(1 << 70),
    1.5,
    bytearray(b"%s"),
    memoryview(b"abc"),
]
NAMES = ["GET", "SET", "CONFIG GET", "MSET"]


def joined(parts: "tuple[bytes, Iterator[bytes] | None] | None") -> bytes:
    assert parts is not None
    return b"".join((parts[0], *(parts[1] or ())))


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_pieces_are_what_encoding_each_command_gives(seed: int, atomic: bool) -> None:
    """Whatever the arguments: signs of formatting in them, text beyond ASCII, numbers, buffers."""
    chance = random.Random(seed)
    choice = ARGUMENTS[: chance.choice([2, 6, 9, len(ARGUMENTS)])]  # plain ones, and some that must be converted
    commands = [
        Command[Any](chance.choice(NAMES), *chance.choices(choice, k=chance.randrange(5)))
        for _ in range(chance.randrange(1, 9))
    ]
    times = chance.randrange(1, 300)
    batch = Batch(commands * times, atomic=atomic)
    alone = b"".join(encode_plainly(command.spec, command.args) for command in commands) * times
    assert joined(pieces(batch, encode_plainly)) == (MULTI + alone + EXEC if atomic else alone)


@pytest.mark.parametrize("count", [1, FIRST_PIECE, FIRST_PIECE + 1, 2 * FIRST_PIECE, 100, 1_000, SMALL_BATCH])
def test_pieces_grow(count: int) -> None:
    batch = Batch([Command[Any]("GET", n) for n in range(count)])
    parts = pieces(batch, encode_plainly)
    assert parts is not None
    counts = [part.count(b"GET") for part in (parts[0], *(parts[1] or ()))]
    assert sum(counts) == count
    assert counts == sorted(counts)  # none is shorter than the one before
    assert counts[0] == min(count, counts[0] if count < 2 * FIRST_PIECE else FIRST_PIECE)
    assert max(counts) < 2 * LONGEST_PIECE


@pytest.mark.parametrize("seed", range(20))
def test_slices_are_what_encoding_each_command_gives(seed: int) -> None:
    chance = random.Random(seed)
    values = [*ARGUMENTS, bytes(SLICE_BYTES // 3)] if seed % 2 else ARGUMENTS[:9]
    commands = [Command[Any](chance.choice(NAMES), *chance.choices(values, k=chance.randrange(4))) for _ in range(50)]
    batch = Batch(commands * 50)
    at = 0
    for data, part in slices(batch, encode_plainly):
        assert 0 < len(part) <= SLICE_COMMANDS
        assert part.args == batch.args[at : at + len(part)]
        assert data == b"".join(map(encode_plainly, part.specs, part.args))
        assert len(part) == 1 or len(data) < 2 * SLICE_BYTES
        at += len(part)
    assert at == len(batch)


def test_what_is_too_large_for_one_write_has_no_pieces() -> None:
    assert pieces(Batch([Command[Any]("SET", "k", bytes(SLICE_BYTES))] * 2), encode_plainly) is None
    large = [Command[Any]("SET", "k", bytes(SLICE_BYTES // 99))] * 100
    assert pieces(Batch(large), encode_plainly) is None


@pytest.mark.parametrize("bad", [None, object(), True, "\ud800", 1 << 2000, [b"x"]])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_an_argument_that_cannot_be_sent_is_refused_before_there_is_a_piece(bad: Any, encoding: str) -> None:
    encode = encoder(Options.build(encoding=encoding))
    commands = [Command[Any]("SET", "k", "v")] * 500
    assert pieces(Batch(commands), encode) is not None
    with pytest.raises(exceptions.DataError, match="argument 2 of SET"):
        pieces(Batch([*commands, Command("SET", "k", bad)]), encode)


def test_another_encoding_is_used_in_long_batches_too() -> None:
    encode = encoder(Options.build(encoding="latin-1"))
    batch = Batch([Command[Any]("GET", "é")] * 1_000)
    assert joined(pieces(batch, encode)) == b"*2\r\n$3\r\nGET\r\n$1\r\n\xe9\r\n" * 1_000


def test_values() -> None:
    """A reply has its parser; what that raises is the value; fewer replies than commands are no error."""
    batch = Batch([Command[Any]("GET", "k", reply=int), Command[Any]("GET", "k"), Command[Any]("GET", "k", reply=int)])
    refusal = exceptions.ResponseError("no")
    first, second, third = values_or_errors(batch, [b"1", b"2", b"x"])
    assert (first, second, type(third)) == (1, b"2", ValueError)
    assert values_or_errors(batch, [refusal, refusal]) == [refusal, refusal]
    replies = [b"1", refusal]
    values = values_or_errors(batch.part(1, 2), replies[:1])
    assert values == [b"1"]


def test_a_batch_is_its_columns() -> None:
    commands = [Command[Any]("GET", "a", reply=int), Command[Any]("SET", "b", "v"), Command[Any]("GET", "c")]
    batch = Batch(commands, atomic=True)
    assert len(batch) == 3
    assert [(c.name, c.args, c.reply) for c in batch] == [(c.name, c.args, c.reply) for c in commands]
    assert [spec.name for spec in batch.kinds()] == ["GET", "SET"]
    rest = batch.part(1)
    assert rest.atomic
    assert [command.args for command in rest.commands] == [("b", "v"), ("c",)]
    assert "a batch of 0" in repr(Batch())
    assert wire.raws(batch) is None
    assert wire.raws(Batch([*commands, Command[Any]("DUMP", "k")])) == [False, False, False, True]
