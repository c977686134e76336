"""Arguments that several command groups take: lists of keys, durations, points in time, exclusive options."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from redis_aio.exceptions import DataError
from redis_aio.typing import AbsExpiryT, EncodableT, ExpiryT

_Sized = TypeVar("_Sized", bound=Sequence[Any] | dict[Any, Any])

_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_ONE_STRING = (str, bytes, bytearray, memoryview)


def one_or_many(first: Any, rest: Iterable[Any] = ()) -> list[Any]:
    """Return the elements of ``first`` (itself, if it is a string or not iterable) and of ``rest`` as one list."""
    if isinstance(first, _ONE_STRING):
        return [first, *rest]
    try:
        return [*first, *rest]
    except TypeError:
        return [first, *rest]


def some(name: str, values: _Sized) -> _Sized:
    """Return the values of the parameter ``name``; none at all is a DataError."""
    if not values:
        raise DataError(f"{name} must have at least one element")
    return values


def given(**options: EncodableT | None) -> list[EncodableT]:
    """Return the words and values of the options that have one."""
    return [part for word, value in options.items() if value is not None for part in (word, value)]


def flagged(**flags: bool | None) -> list[EncodableT]:
    """Return the words of the options that are true."""
    return [word for word, flag in flags.items() if flag]


def at_most_one(**options: bool) -> None:
    """Raise DataError when more than one of the options is given."""
    if sum(map(bool, options.values())) > 1:
        *most, last = (name for name, given in options.items() if given)
        raise DataError(f"{', '.join(most)} and {last} exclude each other: give at most one")


def flat(mapping: Any) -> list[Any]:
    """Return the keys and values of a mapping in turn; an empty one, or no mapping, is a DataError."""
    try:
        pairs = mapping.items()
    except AttributeError:
        raise DataError(f"mapping must be a mapping, not {type(mapping).__name__}") from None
    return some("mapping", [part for pair in pairs for part in pair])


def seconds(name: str, value: ExpiryT) -> int | str:
    """Return a duration in seconds; a timedelta is cut to whole seconds."""
    if isinstance(value, timedelta):
        return value // _SECOND
    return _whole(name, value, "timedelta")


def milliseconds(name: str, value: ExpiryT) -> int | str:
    """Return a duration in milliseconds; a timedelta is cut to whole milliseconds."""
    if isinstance(value, timedelta):
        return value // _MILLISECOND
    return _whole(name, value, "timedelta")


def unix_seconds(name: str, value: AbsExpiryT) -> int | str:
    """Return a point in time in Unix seconds; a datetime without a time zone is local time."""
    if isinstance(value, datetime):
        return int(value.replace(microsecond=0).timestamp())
    return _whole(name, value, "datetime")


def unix_milliseconds(name: str, value: AbsExpiryT) -> int | str:
    """Return a point in time in Unix milliseconds; a datetime without a time zone is local time."""
    if isinstance(value, datetime):
        # In integers: the product of the float and 1000 may fall just short of the millisecond.
        return int(value.replace(microsecond=0).timestamp()) * 1000 + value.microsecond // 1000
    return _whole(name, value, "datetime")


def _whole(name: str, value: Any, other: str) -> int | str:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.removeprefix("-").isdigit():
        return value
    raise DataError(f"{name} must be an int or a {other}, not {type(value).__name__}")


def expiry(
    ex: ExpiryT | None,
    px: ExpiryT | None,
    exat: AbsExpiryT | None,
    pxat: AbsExpiryT | None,
    *,
    keepttl: bool = False,
    persist: bool = False,
) -> tuple[EncodableT, ...]:
    """Return the words of the one expiry that is given, or none; more than one is a DataError."""
    given = (ex is not None) + (px is not None) + (exat is not None) + (pxat is not None)
    if given + bool(keepttl) + bool(persist) > 1:
        moments = {"ex": ex, "px": px, "exat": exat, "pxat": pxat}
        flags = {name: moment is not None for name, moment in moments.items()}
        at_most_one(**flags, keepttl=keepttl, persist=persist)
    if ex is not None:
        return ("EX", seconds("ex", ex))
    if px is not None:
        return ("PX", milliseconds("px", px))
    if exat is not None:
        return ("EXAT", unix_seconds("exat", exat))
    if pxat is not None:
        return ("PXAT", unix_milliseconds("pxat", pxat))
    if keepttl:
        return ("KEEPTTL",)
    return ("PERSIST",) if persist else ()
