"""JSONCommands: the commands of JSON values."""

import builtins
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from json import JSONDecoder, JSONEncoder
from typing import Any, TypeAlias

from redis_aio._replies import json as replies
from redis_aio._replies.common import ok
from redis_aio.commands._arguments import at_most_one, one_or_many, some
from redis_aio.commands.base import CommandGroup, ModuleCommands
from redis_aio.commands.json.path import Path
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeyT, Reply, S

PathT: TypeAlias = str | Path
#: For one place (``.a``) a value, ``None`` where there is nothing; for all that match (``$..a``) a list of these.
ForEachT: TypeAlias = int | list[int | None] | None

#: Standard JSON.
DEFAULT_DECODER = JSONDecoder()
DEFAULT_ENCODER = JSONEncoder()


class FPHAType(str, Enum):  # noqa: UP042 - as in redis-py; a StrEnum prints otherwise
    """How an array of floating-point numbers is kept. Redis 8.8."""

    BF16 = "BF16"
    FP16 = "FP16"
    FP32 = "FP32"
    FP64 = "FP64"

    @classmethod
    def from_value(cls, value: "FPHAType | str") -> "FPHAType":
        """Return the member of this name; another is a DataError."""
        try:
            return cls(value.upper() if isinstance(value, str) else value)
        except ValueError:
            raise DataError(f"fpha must be one of {', '.join(member.value for member in cls)}") from None


class JSONCommands(ModuleCommands[S]):
    """The commands of JSON values.

    A path that begins with ``$`` (JSONPath) stands for all that match, and the reply is a list. Another one (``.a``)
    stands for one place, and the reply is its value.

    Args:
        owner: the client or pipeline.
        encoder: makes JSON text of values.
        decoder: makes values of JSON text.
    """

    def __init__(
        self, owner: CommandGroup[S], encoder: JSONEncoder = DEFAULT_ENCODER, decoder: JSONDecoder = DEFAULT_DECODER
    ) -> None:
        super().__init__(owner)
        self._encoder = encoder
        self._decoder = decoder

    def set(
        self,
        name: KeyT,
        path: PathT,
        obj: Any,
        nx: bool | None = False,
        xx: bool | None = False,
        decode_keys: bool | None = False,
        fpha: FPHAType | str | None = None,
    ) -> Reply[bool | None]:
        """Set a value; return ``None`` if ``nx`` or ``xx`` prevented it.

        Args:
            name: the key.
            path: where; ``$`` or ``.`` for a new key.
            obj: what the encoder takes.
            nx: only where there is nothing.
            xx: only where there is something.
            decode_keys: turn the keys of ``obj`` that are ``bytes`` into ``str``.
            fpha: how arrays of floating-point numbers are kept. Redis 8.8.

        https://redis.io/commands/json.set/
        """
        at_most_one(nx=bool(nx), xx=bool(xx))
        words: list[EncodableT] = ["NX"] if nx else ["XX"] if xx else []
        if fpha is not None:
            words += ["FPHA", FPHAType.from_value(fpha).value]
        document = self._text(_with_text_keys(obj) if decode_keys else obj)
        return self._run("JSON.SET", name, str(path), document, *words, reply=_ok_or_none)

    def get(self, name: KeyT, *args: PathT, no_escape: bool | None = False) -> Reply[Any]:
        """Return the value at a path (``.`` by default), or a dict of path to value for several.

        ``None`` if there is no such key. ``no_escape`` asks older servers not to escape what is not ASCII.

        https://redis.io/commands/json.get/
        """
        words = [*(("noescape",) if no_escape else ()), *(map(str, args or (Path.root_path(),)))]
        return self._run("JSON.GET", name, *words, reply=replies.json_of(self._decoder))

    def mget(self, keys: Sequence[KeyT], path: PathT) -> Reply[builtins.list[Any]]:
        """Return the values at a path of several keys; ``None`` for a missing one.

        https://redis.io/commands/json.mget/
        """
        names = some("keys", one_or_many(keys))
        return self._run("JSON.MGET", *names, str(path), reply=replies.jsons_of(self._decoder))

    def mset(self, triplets: Iterable[tuple[KeyT, PathT, Any]]) -> Reply[bool]:
        """Set values, each a tuple of key, path and value, all at once.

        https://redis.io/commands/json.mset/
        """
        parts = [part for name, path, obj in triplets for part in (name, str(path), self._text(obj))]
        return self._run("JSON.MSET", *some("triplets", parts), reply=ok)

    def merge(self, name: KeyT, path: PathT, obj: Any, decode_keys: bool | None = False) -> Reply[bool]:
        """Merge a value into what is there (RFC 7396): ``None`` deletes, objects are merged, the rest is replaced.

        https://redis.io/commands/json.merge/
        """
        document = self._text(_with_text_keys(obj) if decode_keys else obj)
        return self._run("JSON.MERGE", name, str(path), document, reply=ok)

    def delete(self, key: KeyT, path: PathT = ".") -> Reply[int]:
        """Delete what is at a path; return how many places.

        https://redis.io/commands/json.del/
        """
        return self._run("JSON.DEL", key, str(path))

    forget = delete

    def clear(self, name: KeyT, path: PathT = ".") -> Reply[int]:
        """Empty arrays and objects, set numbers to 0; return how many were changed.

        https://redis.io/commands/json.clear/
        """
        return self._run("JSON.CLEAR", name, str(path))

    def type(self, name: KeyT, path: PathT = ".") -> Reply[Any]:
        """Return what is at a path: ``object``, ``array``, ``string``, ``integer``, ``number``, ``boolean``, ``null``.

        https://redis.io/commands/json.type/
        """
        return self._run("JSON.TYPE", name, str(path), reply=replies.type_of(str(path)))

    def resp(self, name: KeyT, path: PathT = ".") -> Reply[Any]:
        """Return a value in the server's own types; floats are ``str``.

        https://redis.io/commands/json.resp/
        """
        return self._run("JSON.RESP", name, str(path), reply=replies.resp)

    # -- numbers, booleans, strings ---------------------------------------------------------------------------------

    def numincrby(self, name: KeyT, path: PathT, number: float) -> Reply[Any]:
        """Add to a number; return it.

        https://redis.io/commands/json.numincrby/
        """
        return self._number("JSON.NUMINCRBY", name, path, number)

    def nummultby(self, name: KeyT, path: PathT, number: float) -> Reply[Any]:
        """Multiply a number; return it. Deprecated by the server.

        https://redis.io/commands/json.nummultby/
        """
        return self._number("JSON.NUMMULTBY", name, path, number)

    def _number(self, command: str, name: KeyT, path: PathT, number: float) -> Reply[Any]:
        parse = replies.number_of(self._decoder, str(path))
        return self._run(command, name, str(path), self._text(number), reply=parse)

    def toggle(self, name: KeyT, path: PathT = ".") -> Reply[bool | builtins.list[int | None] | None]:
        """Turn a boolean into the other one; return it, or for all that match 0 or 1.

        https://redis.io/commands/json.toggle/
        """
        return self._run("JSON.TOGGLE", name, str(path), reply=replies.json_of(self._decoder))

    def strlen(self, name: KeyT, path: PathT | None = None) -> Reply[ForEachT]:
        """Return the length of a string.

        https://redis.io/commands/json.strlen/
        """
        return self._run("JSON.STRLEN", name, *(() if path is None else (str(path),)))

    def strappend(self, name: KeyT, value: str, path: PathT = ".") -> Reply[ForEachT]:
        """Append to a string; return its length.

        https://redis.io/commands/json.strappend/
        """
        return self._run("JSON.STRAPPEND", name, str(path), self._text(value))

    # -- arrays, objects --------------------------------------------------------------------------------------------

    def arrappend(self, name: KeyT, path: PathT = ".", *args: Any) -> Reply[ForEachT]:
        """Append values to an array; return its length.

        https://redis.io/commands/json.arrappend/
        """
        return self._run("JSON.ARRAPPEND", name, str(path), *map(self._text, some("args", args)))

    def arrindex(
        self, name: KeyT, path: PathT, scalar: Any, start: int | None = None, stop: int | None = None
    ) -> Reply[ForEachT]:
        """Return where in an array a value first stands; -1 if nowhere.

        Args:
            name: the key.
            path: the array.
            scalar: a value that is no array or object.
            start: where to begin.
            stop: where to end, exclusive; needs ``start``.

        https://redis.io/commands/json.arrindex/
        """
        if stop is not None and start is None:
            raise DataError("stop needs start")
        limits = [limit for limit in (start, stop) if limit is not None]
        return self._run("JSON.ARRINDEX", name, str(path), self._text(scalar), *limits)

    def arrinsert(self, name: KeyT, path: PathT, index: int, *args: Any) -> Reply[ForEachT]:
        """Insert values before a place in an array; return its length.

        https://redis.io/commands/json.arrinsert/
        """
        return self._run("JSON.ARRINSERT", name, str(path), index, *map(self._text, some("args", args)))

    def arrlen(self, name: KeyT, path: PathT = ".") -> Reply[ForEachT]:
        """Return the length of an array.

        https://redis.io/commands/json.arrlen/
        """
        return self._run("JSON.ARRLEN", name, str(path))

    def arrpop(self, name: KeyT, path: PathT = ".", index: int | None = -1) -> Reply[Any]:
        """Take an element out of an array and return it; for all that match, a list of JSON texts.

        https://redis.io/commands/json.arrpop/
        """
        where = () if index is None else (index,)
        return self._run("JSON.ARRPOP", name, str(path), *where, reply=replies.popped_of(self._decoder))

    def arrtrim(self, name: KeyT, path: PathT, start: int, stop: int) -> Reply[ForEachT]:
        """Keep the elements of an array from ``start`` to ``stop``, both included; return its length.

        https://redis.io/commands/json.arrtrim/
        """
        return self._run("JSON.ARRTRIM", name, str(path), start, stop)

    def objkeys(self, name: KeyT, path: PathT = ".") -> Reply[builtins.list[Any] | None]:
        """Return the keys of an object as ``str``; for all that match, a list of lists.

        https://redis.io/commands/json.objkeys/
        """
        return self._run("JSON.OBJKEYS", name, str(path), reply=replies.strings)

    def objlen(self, name: KeyT, path: PathT = ".") -> Reply[ForEachT]:
        """Return how many keys an object has.

        https://redis.io/commands/json.objlen/
        """
        return self._run("JSON.OBJLEN", name, str(path))

    def debug(self, subcommand: str, key: KeyT | None = None, path: PathT = ".") -> Reply[Any]:
        """Return the bytes that a value takes (``MEMORY``), or the lines of ``HELP``.

        https://redis.io/commands/json.debug/
        """
        if subcommand not in ("MEMORY", "HELP"):
            raise DataError("subcommand must be MEMORY or HELP")
        if subcommand == "HELP":
            return self._run("JSON.DEBUG", "HELP", reply=replies.strings)
        if key is None:
            raise DataError("MEMORY needs a key")
        return self._run("JSON.DEBUG", "MEMORY", key, str(path))

    #: redis-py's older names.
    jsonget = get
    jsonmget = mget
    jsonset = set

    def _text(self, obj: Any) -> str:
        return self._encoder.encode(obj)


def _ok_or_none(reply: Any) -> bool | None:
    return None if reply is None else ok(reply)


def _with_text_keys(obj: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key.decode() if isinstance(key, bytes) else key: value for key, value in obj.items()}
