"""Commands to bytes: an array of bulk strings, written by hiredis once the arguments are known to be safe for it.

``hiredis.pack_command`` trusts its input: a sliced or released memoryview makes it read foreign memory, an integer of
thousands of digits crashes the process. So only what is exactly ``str``, ``bytes``, ``float`` or a short ``int`` goes
to it as it is; every other argument is converted first. Whatever is refused is refused before a byte is written.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, Final, cast

import hiredis

from redis_aio.exceptions import DataError

# hiredis' stub says that it takes a tuple of exactly one element.
_pack_command: Final = cast("Callable[[tuple[Any, ...]], bytes]", hiredis.pack_command)

#: Integers of more bits are refused: thousands of digits crash hiredis.
INT_BITS: Final = 1024
_INT_LIMIT: Final = 1 << INT_BITS


def pack(words: tuple[str, ...], args: tuple[Any, ...]) -> bytes:
    """Encode a command: the words of its name and its arguments, text as UTF-8.

    Raises:
        DataError: an argument cannot be sent, or there is neither word nor argument. Nothing was written.
    """
    for arg in args:
        kind = type(arg)
        if kind is str or kind is bytes or kind is float or (kind is int and -_INT_LIMIT < arg < _INT_LIMIT):
            continue
        args = _plain(words, args)
        break
    try:
        packed = _pack_command(words + args)
    except UnicodeEncodeError:
        packed = b""
    if not packed:  # raised here, where no error that holds the text is its context
        raise _unencodable(words, args, "utf-8", "strict") from None
    if not words and not args:
        raise DataError("a command needs a name")
    return packed


def pack_encoded(words: tuple[str, ...], args: tuple[Any, ...], encoding: str, errors: str) -> bytes:
    """Encode a command as :func:`pack` does, text arguments in another encoding.

    The words of the name are ASCII in every encoding, because the server knows no other.
    """
    try:
        encoded: tuple[Any, ...] | None = tuple(
            [arg.encode(encoding, errors) if isinstance(arg, str) else arg for arg in args]
        )
    except (UnicodeError, LookupError):
        encoded = None
    if encoded is None:  # as above
        raise _unencodable(words, args, encoding, errors) from None
    return pack(words, encoded)


def flattened(args: Iterable[tuple[Any, ...]]) -> list[bytes] | None:
    """Return the arguments of many commands one after the other, as they are sent; text as UTF-8.

    ``None`` where one of them is nothing that can be sent as it is, or cannot be sent at all.
    """
    flat = list(chain.from_iterable(args))
    kinds = set(map(type, flat))
    try:
        if kinds == {str}:
            return list(map(str.encode, flat))
        if kinds <= {bytes}:
            return flat
        if kinds <= {bytes, str, int, float}:
            return [arg if type(arg) is bytes else arg.encode() if type(arg) is str else _digits(arg) for arg in flat]
    except (UnicodeEncodeError, OverflowError):
        pass
    return None


def _digits(number: float) -> bytes:
    if type(number) is int and number.bit_length() > INT_BITS:
        raise OverflowError
    return repr(number).encode()


def _plain(words: tuple[str, ...], args: tuple[Any, ...]) -> tuple[str | bytes | int | float, ...]:
    """Return the arguments with everything turned into what hiredis encodes correctly."""
    return tuple([_plain_one(words, position, arg) for position, arg in enumerate(args, 1)])


def _plain_one(words: tuple[str, ...], position: int, arg: Any) -> str | bytes | int | float:
    match arg:
        case bool():  # an int to Python; in Redis there is no boolean to send
            pass
        case str() | bytes():
            return arg
        case int():
            if arg.bit_length() > INT_BITS:
                raise DataError(f"{_which(words, position)} is an integer of more than {INT_BITS} bits")
            return int(arg)  # an IntEnum is its number
        case float():
            return float(arg)  # exact, so that it is sent as Python's repr of the number
        case bytearray():
            return bytes(arg)
        case memoryview():
            try:
                return arg.tobytes()
            except ValueError:
                raise DataError(f"{_which(words, position)} is a released memoryview") from None
        case _:
            pass
    kind = type(arg).__name__
    raise DataError(f"{_which(words, position)} is of type {kind!r}: convert it to bytes, str, int or float first")


def _unencodable(words: tuple[str, ...], args: tuple[Any, ...], encoding: str, errors: str) -> DataError:
    """Make the error that names which text cannot be encoded; never the text."""
    for position, arg in enumerate(args, 1):
        if isinstance(arg, str):
            try:
                arg.encode(encoding, errors)
            except (UnicodeError, LookupError):
                return DataError(f"{_which(words, position)} cannot be encoded as {encoding}")
    return DataError(f"the name of the command cannot be encoded as {encoding}")


def _which(words: tuple[str, ...], position: int) -> str:
    # Only the first word, and only if it is one: a raw command's name may be a whole line with arguments in it.
    name = words[0] if words else ""
    return f"argument {position} of {name}" if name.isascii() and name.isidentifier() else f"argument {position}"
