"""Read the raw arguments of a command: words, numbers, keys, options; none of these ever raises.

Arguments come from callers, in any type that can be sent. What cannot be read is ``None``, or no match: the server
says what is wrong with it.
"""

import math
from typing import Any

from redis_aio._command.spec import Arguments


def word(value: Any) -> str:
    """Return an argument as an upper-case word, as a server compares it."""
    if isinstance(value, str):
        return value.upper()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("latin-1").upper()
    return ""


def word_at(arguments: Arguments, index: int) -> str:
    """Return the word at an index, or ``""`` where there is none."""
    return word(arguments[index]) if index < len(arguments) else ""


def number(value: Any) -> float | None:
    """Return an argument as a number, or ``None``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, memoryview):
        value = bytes(value)
    if not isinstance(value, int | float | str | bytes | bytearray):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def number_at(arguments: Arguments, index: int) -> float | None:
    """Return the number at an index, or ``None``."""
    return number(arguments[index]) if index < len(arguments) else None


def count_at(arguments: Arguments, index: int) -> int:
    """Return the count of keys or pairs at an index, or -1 where there is no sensible one."""
    value = number_at(arguments, index)
    return int(value) if value is not None and math.isfinite(value) and value >= 0 else -1


def key(value: Any) -> bytes:
    """Return a key as bytes, so that a ``str`` and the ``bytes`` it is sent as compare equal."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return str(value).encode("utf-8", "surrogatepass")


def only_options(arguments: Arguments, start: int, plain: frozenset[str], valued: frozenset[str] = frozenset()) -> bool:
    """Return whether everything from ``start`` on is an option we know.

    Args:
        plain: options that stand alone.
        valued: options that are followed by one value, which is not looked at.
    """
    index = start
    while index < len(arguments):
        option = word(arguments[index])
        if option in plain:
            index += 1
        elif option in valued:
            index += 2
        else:
            return False
    return True
