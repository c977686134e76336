"""Wire: how commands become bytes, and raw replies values."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from redis_aio import exceptions
from redis_aio._command.command import Command
from redis_aio._options import Options
from redis_aio._resp.encoder import pack, pack_encoded

Pack = Callable[[tuple[str, ...], tuple[Any, ...]], bytes]

#: A batch is written in slices of at most this many commands and bytes, so that it blocks the event loop only briefly.
SLICE_COMMANDS = 4_096
SLICE_BYTES = 512 * 1024

MULTI = b"*1\r\n$5\r\nMULTI\r\n"
EXEC = b"*1\r\n$4\r\nEXEC\r\n"


def packer(options: Options) -> Pack:
    """Return what encodes a command's words and arguments for this client."""
    if options.encoding.lower().replace("_", "-") in ("utf-8", "utf8") and options.encoding_errors == "strict":
        return pack
    return partial(pack_encoded, encoding=options.encoding, errors=options.encoding_errors)


def slices(commands: Sequence[Command[Any]], pack: Pack) -> Iterator[tuple[bytes, Sequence[Command[Any]]]]:
    """Yield the commands' bytes, a slice at a time, with the commands of the slice."""
    start = 0
    while start < len(commands):
        packed: list[bytes] = []
        size = 0
        for command in commands[start : start + SLICE_COMMANDS]:
            data = pack(command.spec.words, command.args)
            packed.append(data)
            size += len(data)
            if size >= SLICE_BYTES:
                break
        yield b"".join(packed), commands[start : start + len(packed)]
        start += len(packed)


async def check_all(commands: Sequence[Command[Any]], pack: Pack) -> None:
    """Raise what encoding any of the commands would raise, before a byte of them is written.

    Only doubtful arguments are encoded for it; the event loop gets its turn now and then.
    """
    for start in range(0, len(commands), SLICE_COMMANDS):
        for command in commands[start : start + SLICE_COMMANDS]:
            for argument in command.args:
                kind = type(argument)
                if kind is bytes or (kind is str and argument.isascii()) or kind is int or kind is float:
                    continue
                pack(command.spec.words, command.args)
                break
        await asyncio.sleep(0)


def raws(commands: Sequence[Command[Any]]) -> list[bool] | None:
    """Return for each command whether its reply is not decoded; ``None`` where all are."""
    flags = [command.spec.raw for command in commands]
    return flags if any(flags) else None


def value_or_error(command: Command[Any], reply: Any) -> Any:
    """Return the value of a raw reply; an error reply, or what the parser raises, as the exception itself."""
    if isinstance(reply, Exception):
        return reply
    parse = command.reply
    if parse is None:
        return reply
    try:
        return parse(reply)
    except Exception as error:  # one command's value; the replies of the others are intact
        return error


def transaction_values(commands: Sequence[Command[Any]], replies: list[Any]) -> list[Any]:
    """Return the values of MULTI, the commands and EXEC.

    Raises:
        WatchError: a watched key had changed.
        ResponseError: the server did not accept a command; nothing was executed.
    """
    if isinstance(replies[0], Exception):
        raise replies[0]
    executed = replies[-1]
    refused = [
        annotate(reply, number, command)
        for number, (command, reply) in enumerate(zip(commands, replies[1:-1], strict=True), 1)
        if isinstance(reply, Exception)
    ]
    if isinstance(executed, Exception):
        if refused:
            raise refused[0] from executed
        raise executed
    if executed is None:
        raise exceptions.WatchError("Watched variable changed.")
    if not isinstance(executed, list) or len(executed) != len(commands):
        raise exceptions.InvalidResponse("EXEC answered with another number of replies than there were commands")
    return [value_or_error(command, reply) for command, reply in zip(commands, executed, strict=True)]


def annotate(error: Exception, number: int, command: Command[Any]) -> Exception:
    """Say in an error which command of a batch caused it: its number and name, never its arguments."""
    error.args = (f"Command # {number} ({command.name}) of pipeline caused error: {error}", *error.args[1:])
    return error
