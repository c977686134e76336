"""``db.query.text`` without values: ``SET key ?``. Keys are shown if that is wanted, everything else never.

Of commands that take secrets not even the number of arguments is shown.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from redis_aio._command.arguments import count_at, word
from redis_aio._command.command import Command
from redis_aio.otel.semconv import operation, procedure

#: Commands of which nothing but the name is shown.
HIDDEN = frozenset(("AUTH", "HELLO", "ACL SETUSER", "CONFIG SET", "MIGRATE"))
#: Where the number of keys stands among the arguments; the keys follow it.
_COUNTED = {
    **dict.fromkeys(("ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD", "SINTERCARD", "SUNIONCARD", "SDIFFCARD"), 0),
    **dict.fromkeys(("LMPOP", "ZMPOP"), 0),
    **dict.fromkeys(("BLMPOP", "BZMPOP", "ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"), 1),
    **dict.fromkeys(("EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO"), 1),
}
#: Arguments that are shown of one command, characters of one key, and of the whole text.
ARGUMENTS = 32
KEY = 64
LENGTH = 1_024
CUT = "..."


def query_text(command: Command[Any], keys: bool = True) -> str:
    """Return the text of a command: its name, its keys, and ``?`` for every other argument.

    Args:
        command: the command.
        keys: show the keys.
    """
    name = operation(command)
    if name in HIDDEN or command.spec.group == "unknown":
        return f"{name} ?" if command.args else name
    shown = set(_keys(command)) if keys else set()
    parts = [name]
    for index, argument in enumerate(command.args[:ARGUMENTS]):
        parts.append(_text(argument) if index in shown else "?")
    if len(command.args) > ARGUMENTS:
        parts.append(CUT)
    called = procedure(command)
    if called is not None:
        parts[1] = called
    return _cut(" ".join(parts), LENGTH)


def batch_text(commands: Sequence[Command[Any]], keys: bool = True) -> str:
    """Return the texts of the commands of a batch, one where they are all the same, not longer than a bound."""
    texts: list[str] = []
    length = 0
    for command in commands:
        text = query_text(command, keys)
        texts.append(text)
        length += len(text) + 2
        if length > LENGTH and len(set(texts)) > 1:
            break
    if len(texts) == len(commands) and len(set(texts)) == 1:
        return texts[0]
    return _cut("; ".join(texts), LENGTH)


def _keys(command: Command[Any]) -> Iterator[int]:
    """Yield the indices of the arguments that are keys, as far as they are shown."""
    spec, arguments = command.spec, command.args
    first, last, step = spec.keys
    if first:
        words = len(spec.words)
        stop = last if last >= 0 else words + len(arguments) + last
        yield from range(first - words, min(stop + 1 - words, ARGUMENTS), step)
    if spec.name in _COUNTED:
        at = _COUNTED[spec.name]
        yield from range(at + 1, min(at + 1 + count_at(arguments, at), ARGUMENTS))  # the count may be any number
    elif spec.name in ("XREAD", "XREADGROUP"):
        streams = next((i for i, argument in enumerate(arguments) if word(argument) == "STREAMS"), None)
        if streams is not None:
            yield from range(streams + 1, streams + 1 + (len(arguments) - streams - 1) // 2)


def _text(argument: Any) -> str:
    """Return a key as redis-cli would take it."""
    if isinstance(argument, bytes | bytearray | memoryview):
        argument = bytes(argument).decode("utf-8", "backslashreplace")
    elif not isinstance(argument, str | int | float):
        return "?"  # it is refused when it is sent
    text = _cut(str(argument), KEY)
    plain = text.isprintable() and not any(character in " \"';?" for character in text)
    return text if plain and text else json.dumps(text, ensure_ascii=False)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - len(CUT)] + CUT
