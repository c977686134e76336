"""Wire: how commands become bytes, and raw replies values."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.spec import CommandSpec
from redis_aio._connection.inflight import BatchInterrupted
from redis_aio._execution.outcome import NOT_EXECUTED
from redis_aio._options import Options
from redis_aio._resp.encoder import flattened, pack, pack_encoded

Encode = Callable[[CommandSpec, tuple[Any, ...]], bytes]

#: A batch is written in slices of about so many commands and bytes, so that it blocks the event loop only briefly.
SLICE_COMMANDS = 1_024
SLICE_BYTES = 512 * 1024
#: A batch of no more commands, and no more bytes than a slice, is written at once between the requests of others.
SMALL_BATCH = 4_096
#: It is encoded in pieces, so that the server works on one while the next is encoded: the first of so many commands,
#: each further one twice as long as the one before, up to so many.
FIRST_PIECE = 32
LONGEST_PIECE = 256

MULTI = b"*1\r\n$5\r\nMULTI\r\n"
EXEC = b"*1\r\n$4\r\nEXEC\r\n"


def encoder(options: Options) -> Encode:
    """Return what encodes a command for this client."""
    if options.encoding.lower().replace("_", "-") in ("utf-8", "utf8") and options.encoding_errors == "strict":
        return encode_plainly

    def encode_otherwise(spec: CommandSpec, args: tuple[Any, ...]) -> bytes:
        return pack_encoded(spec.words, args, options.encoding, options.encoding_errors)

    return encode_otherwise


def encode_plainly(spec: CommandSpec, args: tuple[Any, ...]) -> bytes:
    """Encode a command, text as UTF-8.

    One or two arguments that are plain ASCII or bytes, as most are, are put into the command's frame; it takes three
    quarters of the time.

    Raises:
        DataError: an argument cannot be sent.
    """
    if len(args) == 1:
        (first,) = args
        if type(first) is str and first.isascii():
            first = first.encode()
        if type(first) is bytes:
            return spec.one % (len(first), first)
    elif len(args) == 2:
        first, second = args
        if type(first) is str and first.isascii():
            first = first.encode()
        if type(second) is str and second.isascii():
            second = second.encode()
        if type(first) is bytes and type(second) is bytes:
            return spec.two % (len(first), first, len(second), second)
    return pack(spec.words, args)


def encode_many(specs: Sequence[CommandSpec], args: Sequence[tuple[Any, ...]], flat: Sequence[bytes]) -> bytes:
    """Encode commands as :func:`encode_plainly` does each, all of them with one formatting: half the time.

    Args:
        specs: of the commands.
        args: of the commands.
        flat: the same, flattened.
    """
    counts = list(map(len, args))
    if counts.count(counts[0]) == len(counts) == specs.count(specs[0]):
        frames = specs[0].frame(counts[0]) * len(counts)
    else:
        known: dict[tuple[CommandSpec, int], bytes] = {}
        kinds = list(zip(specs, counts, strict=True))
        for spec, count in set(kinds):
            known[spec, count] = spec.frame(count)
        frames = b"".join([known[kind] for kind in kinds])
    parts: list[Any] = [None] * (2 * len(flat))
    parts[::2], parts[1::2] = map(len, flat), flat
    return frames % tuple(parts)


def fixed(batch: Batch) -> Batch:
    """Return the batch as it is now: what is added to the caller's while it is executed is none of it.

    A large one is not copied, the garbage collector would stand still over the copy. It is encoded slice by slice, each
    with its replies, so what is added to it in time is executed with it.
    """
    return batch.part(0) if len(batch) <= SMALL_BATCH else batch


def slices(batch: Batch, encode: Encode, most: int = SLICE_COMMANDS) -> Iterator[tuple[bytes, Batch]]:
    """Yield the bytes of a batch, a slice at a time, with the commands of the slice: ``most`` of them."""
    start = 0
    while start < len(batch):
        part = batch.part(start, start + most)
        flat = flattened(part.args) if encode is encode_plainly else None
        if flat is not None and sum(map(len, flat)) < SLICE_BYTES:
            data = encode_many(part.specs, part.args, flat)
        else:
            size = 0
            encoded: list[bytes] = []
            for one in map(encode, part.specs, part.args):
                encoded.append(one)
                size += len(one)
                if size >= SLICE_BYTES:
                    break
            data = b"".join(encoded)
            part = part.part(0, len(encoded))
        yield data, part
        start += len(part)


def pieces(batch: Batch, encode: Encode) -> tuple[bytes, Iterator[bytes] | None] | None:
    """Return the first bytes of a small batch, and what encodes the others if there are; ``None`` if it is not small.

    Raises:
        DataError: an argument cannot be sent. It is raised here, before there is a piece.
    """
    head, tail = (MULTI, EXEC) if batch.atomic else (b"", b"")
    if len(batch) > FIRST_PIECE and encode is encode_plainly:
        flat = flattened(batch.args)
        if flat is not None:
            more = _pieces(batch, flat, tail)
            return (head + next(more), more) if sum(map(len, flat)) < SLICE_BYTES else None
    data, first = next(slices(batch, encode, SMALL_BATCH), (b"", batch))
    return (head + data + tail, None) if len(first) == len(batch) else None


def _pieces(batch: Batch, flat: list[bytes], tail: bytes) -> Iterator[bytes]:
    start, begin, length = 0, 0, FIRST_PIECE
    while start < len(batch):
        stop = start + length if len(batch) - start >= 2 * length else len(batch)  # no short one behind
        args = batch.args[start:stop]
        end = begin + sum(map(len, args))
        data = encode_many(batch.specs[start:stop], args, flat[begin:end])
        yield data + tail if stop == len(batch) else data
        start, begin, length = stop, end, min(2 * length, LONGEST_PIECE)


async def check_all(batch: Batch, encode: Encode, check: Callable[[CommandSpec], None]) -> None:
    """Raise what checking or encoding any of the commands would raise, before a byte of them is written.

    Each kind of command is checked once, only doubtful arguments are encoded for it, and the event loop gets its turn.
    """
    for start in range(0, len(batch), SLICE_COMMANDS):
        part = batch.part(start, start + SLICE_COMMANDS)
        for spec in part.kinds():
            check(spec)
        if encode is not encode_plainly or flattened(part.args) is None:
            for spec, args in zip(part.specs, part.args, strict=True):
                encode(spec, args)
        await asyncio.sleep(0)


def raws(batch: Batch) -> list[bool] | None:
    """Return for each command whether its reply is not decoded; ``None`` where all are."""
    if not any(spec.raw for spec in batch.kinds()):
        return None
    return [spec.raw for spec in batch.specs]


def values_or_errors(batch: Batch, replies: Sequence[Any]) -> list[Any]:
    """Return the values of raw replies; an error reply, or what a parser raises, as the exception itself.

    There may be fewer replies than commands.
    """
    if batch.parsers.count(None) == len(batch):
        return list(replies)
    values: list[Any] = []
    for parse, reply in zip(batch.parsers, replies, strict=False):
        value = reply
        if parse is not None and not isinstance(reply, Exception):
            try:
                value = parse(reply)
            except Exception as error:  # one command's value; the replies of the others are intact
                value = error
        values.append(value)
    return values


def transaction_values(batch: Batch, replies: list[Any], options: Options) -> list[Any]:
    """Return the values of MULTI, the commands and EXEC.

    EXEC's reply comes as one: if that of a single command in it must not be decoded, the others still have to be.

    Raises:
        WatchError: a watched key had changed.
        ExecAbortError: the server did not accept a command; nothing was executed.
        BatchInterrupted: the same, for a reason that may pass: the transaction can be sent again.
        ResponseError: the server did not accept MULTI.
    """
    queued, executed = replies[1:-1], replies[-1]
    if isinstance(replies[0], Exception):
        raise _without_multi(replies[0], queued)
    if isinstance(executed, exceptions.ReplyDecodeError) and isinstance(executed.escaped, list):
        executed = [undecodable(value, executed.encoding) or value for value in executed.escaped]
    if isinstance(executed, Exception):
        refused = {number: reply for number, reply in enumerate(queued, 1) if isinstance(reply, Exception)}
        if not refused:
            raise executed
        number, cause = next(iter(refused.items()))
        name = batch.specs[number - 1].name
        error = exceptions.exec_abort_error(at_fault(number, name, cause), number, name, refused)
        if isinstance(cause, NOT_EXECUTED):
            raise BatchInterrupted([], error) from error
        raise error from cause
    if executed is None:
        raise exceptions.WatchError("Watched variable changed.")
    if not isinstance(executed, list) or len(executed) != len(batch):
        raise exceptions.InvalidResponse("EXEC answered with another number of replies than there were commands")
    flags = raws(batch) if options.decode_responses else None
    if flags is not None:
        executed = [reply if raw else _decoded(reply, options) for raw, reply in zip(flags, executed, strict=True)]
    return values_or_errors(batch, executed)


def _decoded(reply: Any, options: Options) -> Any:
    """Return a reply that was read undecoded as it would have come; an error if it cannot be decoded."""

    def decode(value: Any) -> Any:
        if isinstance(value, bytes):
            return value.decode(options.encoding, options.encoding_errors)
        if isinstance(value, list):
            return [decode(item) for item in value]
        if isinstance(value, dict):
            return {decode(key): decode(item) for key, item in value.items()}
        return value

    try:
        return decode(reply)
    except UnicodeDecodeError as error:
        return exceptions.ReplyDecodeError(error.encoding, error.object, error.start, error.end, error.reason)


def _without_multi(refusal: Exception, queued: Sequence[Any]) -> Exception:
    """Return what to raise where MULTI was refused: the server then executed the commands one by one, if it did."""
    if not all(isinstance(reply, Exception) for reply in queued):
        refusal.args = (f"MULTI was refused, and the commands were executed without a transaction: {refusal}",)
        if isinstance(refusal, exceptions.RedisError):
            refusal.written = True
    return refusal


def undecodable(value: Any, encoding: str) -> exceptions.ReplyDecodeError | None:
    """Return the error for a value that holds lone surrogates in place of what could not be decoded, if it does."""
    if isinstance(value, str):
        try:
            value.encode(encoding)
        except UnicodeEncodeError:
            try:
                value.encode(encoding, "surrogateescape").decode(encoding)
            except UnicodeDecodeError as error:
                return exceptions.ReplyDecodeError(error.encoding, error.object, error.start, error.end, error.reason)
        return None
    parts: Iterable[Any] = ()
    if isinstance(value, dict):
        parts = chain(value.keys(), value.values())
    elif isinstance(value, list | tuple):
        parts = value
    found = (undecodable(part, encoding) for part in parts)
    return next(filter(None, found), None)


def at_fault(number: int, name: str, error: Exception) -> str:
    """Say which command of a batch caused an error: its number and name, never its arguments."""
    return f"Command # {number} ({name}) of pipeline caused error: {error}"


def annotate(error: Exception, number: int, name: str) -> Exception:
    """Say in an error which command of a batch caused it."""
    error.args = (at_fault(number, name, error), *error.args[1:])
    return error
