"""What commands on collections have in common: counted keys, words, LIMIT, MATCH and COUNT, how long to wait."""

from math import inf
from typing import Any

from redis_aio.commands._arguments import one_or_many, some
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeysT, PatternT, TimeoutSecT


def counted(name: str, number: int, values: Any) -> list[Any]:
    """Return the values as a list; that ``number`` is not how many they are is a DataError."""
    listed = some(name, one_or_many(values))
    if number != len(listed):
        raise DataError(f"{name} has {len(listed)} elements, but the number given beside it is another")
    return listed


def one_of(name: str, value: Any, *words: str) -> str:
    """Return the value in upper case; that it is none of the words is a DataError."""
    word = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    if not isinstance(word, str) or word.upper() not in words:
        raise DataError(f"{name} must be one of {', '.join(words)}")
    return word.upper()


def limit(name: str, start: int | None, num: int | None) -> tuple[EncodableT, ...]:
    """Return LIMIT with its two numbers, or nothing; one without the other is a DataError."""
    if start is None and num is None:
        return ()
    if start is None or num is None:
        raise DataError(f"{name} and num need each other: give both or neither")
    return ("LIMIT", start, num)


def scan_options(match: PatternT | None, count: int | None) -> list[EncodableT]:
    """Return the options that the commands of the SCAN family share."""
    options: list[EncodableT] = []
    if match is not None:
        options += ("MATCH", match)
    if count is not None:
        options += ("COUNT", count)
    return options


def wait(timeout: TimeoutSecT | None) -> TimeoutSecT:
    """Return the timeout of a blocking command in seconds; ``None`` is 0, for ever, and less is a DataError."""
    if timeout is None:
        return 0
    if isinstance(timeout, int | float) and not 0 <= timeout < inf:
        raise DataError("timeout must be 0 (wait for ever) or a positive number of seconds")
    return timeout


def keys_and_wait(keys: KeysT, timeout: TimeoutSecT | None) -> list[Any]:
    """Return the keys of a blocking command with its timeout behind them."""
    return [*some("keys", one_or_many(keys)), wait(timeout)]
