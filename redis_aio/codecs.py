"""Codec: how values of an application become bytes in Redis, and values again."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Codec:
    """Two functions, given once per client: ``Redis(codec=Codec(encode, decode))``.

    Args:
        encode: makes bytes, or text, of a value.
        decode: makes a value of a type of bytes: ``decode(data, kind)``.

    With msgspec ``Codec(msgspec.json.encode, lambda data, kind: msgspec.json.decode(data, type=kind))``; with pydantic
    ``Codec(lambda value: value.model_dump_json(), lambda data, kind: kind.model_validate_json(data))``.
    """

    encode: Callable[[Any], bytes | str]
    decode: Callable[[bytes, type[Any]], Any]


def _encode(value: Any) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    """Return as JSON's what JSON does not have."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, set | frozenset):
        return list(value)
    raise TypeError(f"JSON cannot hold a {type(value).__name__}: give the client a codec that can")


def _decode(data: bytes, kind: type[Any]) -> Any:
    found: list[Any] = []
    with suppress(UnicodeDecodeError):  # it shows the value in its repr
        found.append(json.loads(data))
    if not found:
        raise ValueError("the value is no JSON: it is not even text")
    return _typed(found[0], kind)


def _typed(value: Any, kind: Any) -> Any:
    """Return a value of JSON as one of a type; what does not fit is a TypeError, whose text has no value in it."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        return _typed_as_one_of(value, parts)
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, Mapping):
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind) if field.init and field.name in value]
        return kind(**{name: _typed(value[name], hints[name]) for name in names})
    if origin is dict and isinstance(value, dict):
        return {_typed(name, parts[0]): _typed(element, parts[1]) for name, element in value.items()}
    if origin in (list, set, frozenset) and isinstance(value, list):
        return origin(_typed(element, parts[0]) for element in value)
    if origin is tuple and isinstance(value, list):
        kinds = parts[:1] * len(value) if parts[1:] == (...,) else parts
        if len(kinds) == len(value):
            return tuple(map(_typed, value, kinds))
    if origin is Literal and any(type(value) is type(part) and value == part for part in parts):
        return value
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is (NoneType if kind is None else kind):
        return value
    raise TypeError(f"the value does not fit {kind}: it is of JSON's kind {type(value).__name__}")


def _typed_as_one_of(value: Any, kinds: tuple[Any, ...]) -> Any:
    for kind in kinds:
        try:
            return _typed(value, kind)
        except TypeError:
            continue
    raise TypeError(f"the value fits none of {', '.join(map(str, kinds))}")


#: JSON, of the standard library: what JSON has, and dataclasses of it, nested too.
JSON_CODEC = Codec(_encode, _decode)

__all__ = ["JSON_CODEC", "Codec"]
