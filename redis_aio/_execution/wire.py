"""Wire: how commands become bytes, and raw replies values."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from redis_aio import exceptions
from redis_aio._command.command import Command
from redis_aio._command.spec import CommandSpec
from redis_aio._connection.inflight import BatchInterrupted
from redis_aio._execution.outcome import NOT_EXECUTED
from redis_aio._options import Options
from redis_aio._resp.encoder import pack, pack_encoded
from redis_aio.typing import ReplyParser

Encode = Callable[[CommandSpec, tuple[Any, ...]], bytes]

#: A batch is written in slices of about so many commands and bytes, so that it blocks the event loop only briefly.
SLICE_COMMANDS = 1_024
SLICE_BYTES = 512 * 1024
#: A batch of no more commands, and no more bytes than a slice, is written at once between the requests of others.
SMALL_BATCH = 4_096

MULTI = b"*1\r\n$5\r\nMULTI\r\n"
EXEC = b"*1\r\n$4\r\nEXEC\r\n"


def encoder(options: Options) -> Encode:
    """Return what encodes a command for this client."""
    if options.encoding.lower().replace("_", "-") in ("utf-8", "utf8") and options.encoding_errors == "strict":
        return encode

    def encode_otherwise(spec: CommandSpec, args: tuple[Any, ...]) -> bytes:
        return pack_encoded(spec.words, args, options.encoding, options.encoding_errors)

    return encode_otherwise


def encode(spec: CommandSpec, args: tuple[Any, ...]) -> bytes:
    """Encode a command.

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


def slices(
    commands: Sequence[Command[Any]], encode: Encode, most: int = SLICE_COMMANDS
) -> Iterator[tuple[bytes, Sequence[Command[Any]]]]:
    """Yield the commands' bytes, a slice at a time, with the commands of the slice: ``most`` of them."""
    start = 0
    while start < len(commands):
        size = 0
        encoded: list[bytes] = []
        for command in commands[start : start + most]:
            data = encode(command.spec, command.args)
            encoded.append(data)
            size += len(data)
            if size >= SLICE_BYTES:
                break
        stop = start + len(encoded)
        yield b"".join(encoded), commands[start:stop]
        start = stop


async def check_all(commands: Sequence[Command[Any]], encode: Encode, check: Callable[[Command[Any]], None]) -> None:
    """Raise what checking or encoding any of the commands would raise, before a byte of them is written.

    Each kind of command is checked once, only doubtful arguments are encoded for it, and the event loop gets its turn.
    """
    for start in range(0, len(commands), SLICE_COMMANDS):
        part = commands[start : start + SLICE_COMMANDS]
        for command in kinds(part):
            check(command)
        for command in part:
            for argument in command.args:
                kind = type(argument)
                if kind is bytes or (kind is str and argument.isascii()) or kind is float:
                    continue
                encode(command.spec, command.args)
                break
        await asyncio.sleep(0)


def kinds(commands: Sequence[Command[Any]]) -> Collection[Command[Any]]:
    """Return one command of each kind, the last one, in the order in which the kinds first occur."""
    return {id(command.spec): command for command in commands}.values()


def raws(commands: Sequence[Command[Any]]) -> list[bool] | None:
    """Return for each command whether its reply is not decoded; ``None`` where all are."""
    flags = [command.spec.raw for command in commands]
    return flags if any(flags) else None


def values_or_errors(commands: Sequence[Command[Any]], replies: Sequence[Any]) -> list[Any]:
    """Return the values of raw replies; an error reply, or what a parser raises, as the exception itself.

    There may be fewer replies than commands.
    """
    return [
        reply if (parse := command.reply) is None or isinstance(reply, Exception) else _value_or_error(parse, reply)
        for command, reply in zip(commands, replies, strict=False)
    ]


def _value_or_error(parse: ReplyParser[Any], reply: Any) -> Any:
    try:
        return parse(reply)
    except Exception as error:  # one command's value; the replies of the others are intact
        return error


def transaction_values(commands: Sequence[Command[Any]], replies: list[Any]) -> list[Any]:
    """Return the values of MULTI, the commands and EXEC.

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
        name = commands[number - 1].name
        error = exceptions.exec_abort_error(at_fault(number, name, cause), number, name, refused)
        if isinstance(cause, NOT_EXECUTED):
            raise BatchInterrupted([], error) from error
        raise error from cause
    if executed is None:
        raise exceptions.WatchError("Watched variable changed.")
    if not isinstance(executed, list) or len(executed) != len(commands):
        raise exceptions.InvalidResponse("EXEC answered with another number of replies than there were commands")
    return values_or_errors(commands, executed)


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


def annotate(error: Exception, number: int, command: Command[Any]) -> Exception:
    """Say in an error which command of a batch caused it."""
    error.args = (at_fault(number, command.name, error), *error.args[1:])
    return error
