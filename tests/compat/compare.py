"""What redis-py exports, and how our signatures differ: the facts that the tables in differences.py explain."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, get_overloads

#: redis-py's modules that users import from, and ours.
MODULES = {
    "redis.asyncio": "redis_aio",
    **{
        f"redis.asyncio.{name}": f"redis_aio.{name}"
        for name in ("client", "cluster", "connection", "keyspace_notifications", "lock", "retry", "sentinel", "utils")
    },
    **{
        f"redis.{name}": f"redis_aio.{name}"
        for name in ("backoff", "crc", "credentials", "driver_info", "exceptions", "keyspace_notifications", "typing")
    },
}
#: Packages whose modules all count.
PACKAGES = ("json", "search", "timeseries", "bf", "vectorset")
for _package in PACKAGES:
    _name = f"redis.commands.{_package}"
    MODULES[_name] = f"redis_aio.commands.{_package}"
    for _found in pkgutil.iter_modules(importlib.import_module(_name).__path__):
        if not _found.name.startswith("_"):
            MODULES[f"{_name}.{_found.name}"] = f"redis_aio.commands.{_package}.{_found.name}"


#: Classes of redis-py that come in two kinds, and have one here: what clients hand out.
TWINS = {
    "redis.commands.json.AsyncJSON": "redis_aio.modules.JSON",
    "redis.commands.search.AsyncSearch": "redis_aio.modules.Search",
    "redis.commands.search.commands.AsyncSearchCommands": "redis_aio.modules.Search",
    "redis.commands.timeseries.AsyncTimeSeries": "redis_aio.commands.timeseries.TimeSeries",
    "redis.commands.vectorset.AsyncVectorSet": "redis_aio.commands.vectorset.VectorSet",
    **{
        f"redis.commands.bf.Async{kind}Bloom": f"redis_aio.commands.bf.{kind}Bloom"
        for kind in ("BF", "CF", "CMS", "TOPK", "TDigest")
    },
}


@dataclass(frozen=True, slots=True)
class Name:
    """A public name of redis-py."""

    module: str
    name: str

    @property
    def here(self) -> str:
        """The same place under our package."""
        there = f"{self.module}.{self.name}"
        return TWINS.get(there, f"{MODULES[self.module]}.{self.name}")


def exported() -> list[Name]:
    """Return the public names that redis-py's modules define, or export by name, in order."""
    return [Name(module, name) for module in MODULES for name in _exported(importlib.import_module(module))]


def _exported(module: ModuleType) -> Iterator[str]:
    listed = set(getattr(module, "__all__", ()))
    for name, value in vars(module).items():
        if name.startswith("_") or inspect.ismodule(value):
            continue
        if name in listed or getattr(value, "__module__", None) == module.__name__:
            yield name


def find(name: Name) -> tuple[Any, Any]:
    """Return what a name means there and here; ``MISSING`` if it means nothing here."""
    theirs = getattr(importlib.import_module(name.module), name.name)
    module, _, ours = name.here.rpartition(".")
    try:
        return theirs, getattr(importlib.import_module(module), ours, MISSING)
    except ModuleNotFoundError:
        return theirs, MISSING


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


def members(theirs: type, ours: type) -> Iterator[tuple[str, Any, Any]]:
    """Iterate over the public members of a class of redis-py: the name, theirs, ours or ``MISSING``."""
    for name in sorted(dir(theirs)):
        if name == "__init__" or not name.startswith("_"):
            mine = getattr(ours, name, MISSING)
            if mine is MISSING and _is_set(ours, name):
                continue  # an attribute of each object
            yield name, getattr(theirs, name), mine


@cache
def _source(kind: type) -> str:
    return inspect.getsource(kind)


@cache
def _is_set(ours: type, name: str) -> bool:
    bases = [base for base in ours.__mro__ if base.__module__.startswith("redis_aio")]
    if any(name in vars(base).get("__annotations__", ()) for base in bases):
        return True
    sources = [_source(base) for base in bases]
    return any(f"self.{name}{sign}" in source for source in sources for sign in (" = ", ": ", ", "))


def unlike(theirs: Callable[..., Any], ours: Callable[..., Any]) -> list[str]:
    """Return in what ours takes less than theirs, or something else; empty if every call of theirs means the same.

    These are no differences:

    * More parameters behind theirs, with defaults; keyword-only ones that can be given by position too.
    * ``()``, ``None`` and ``[]`` or ``{}`` as defaults: redis-py's mutable ones.
    * ``**kwargs`` at the end, in which redis-py's commands pass options to its cluster client and its parsers. What a
      caller could mean by them stands in DIFFERENCES.
    * Options of ours that are written ``**options``, if each name is one of them.
    """
    if not (inspect.isfunction(theirs) or inspect.ismethod(theirs)):
        return []  # built in, or no function
    wanted = inspect.signature(theirs)
    differences = list(_unlike(wanted, inspect.signature(ours)))
    return differences and list(_unlike(wanted, _overloaded(ours)))


def _overloaded(function: Callable[..., Any]) -> inspect.Signature:
    """Return what the overloads of a function take together; its own signature where it has none."""
    if not hasattr(function, "__module__"):
        return inspect.signature(function)  # built in
    functions = [getattr(overload, "__func__", overload) for overload in get_overloads(function)]
    signatures = [inspect.signature(overload) for overload in functions]
    if not signatures:
        return inspect.signature(function)
    defaults = {
        name: parameter.default
        for signature in signatures
        for name, parameter in signature.parameters.items()
        if parameter.default is not parameter.empty
    }
    parameters = list(signatures[-1].parameters.values())
    if inspect.ismethod(function):
        del parameters[0]
    return inspect.Signature([p.replace(default=defaults.get(p.name, p.default)) for p in parameters])


def _unlike(wanted: inspect.Signature, found: inspect.Signature) -> Iterator[str]:
    places = [name for name, p in found.parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = [p for p in found.parameters.values() if p.kind is p.VAR_KEYWORD]
    for place, (name, parameter) in enumerate(wanted.parameters.items()):
        if name == "self" or parameter.kind is parameter.VAR_KEYWORD:
            continue
        ours = found.parameters.get(name)
        if ours is None:
            takes = rest and (name in _options(rest[0]))
            if not takes or parameter.kind is not parameter.KEYWORD_ONLY:
                yield f"no {name}"
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            if ours.kind is not parameter.VAR_POSITIONAL:
                yield f"no *{name}"
            continue
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            if ours.kind is not ours.POSITIONAL_OR_KEYWORD:
                yield f"{name} only by keyword"
            elif places.index(name) != place:
                yield f"{name} in another place"
        if not _same_default(parameter.default, ours.default):
            yield f"{name}={_shown(parameter.default)} is {_shown(ours.default)} here"
    for name, parameter in found.parameters.items():
        if parameter.default is parameter.empty and parameter.kind in (
            parameter.POSITIONAL_ONLY,
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        ):
            theirs = wanted.parameters.get(name)
            if theirs is None:
                yield f"{name} is needed here"


def _options(parameter: inspect.Parameter) -> frozenset[str]:
    annotation = parameter.annotation
    for option in getattr(annotation, "__args__", ()):
        if hasattr(option, "__annotations__"):
            return frozenset(option.__annotations__) | {"decode_responses"}
    return frozenset()


def _same_default(theirs: Any, ours: Any) -> bool:
    if theirs is inspect.Parameter.empty:
        return True  # needed there: optional here is more
    if theirs in ([], {}, ()) or ours == ():
        return ours in ((), None, []) or not ours
    by_identity: Any = object.__eq__
    if type(theirs).__name__ == type(ours).__name__ and type(theirs).__eq__ is by_identity:
        return inspect.isclass(theirs) == inspect.isclass(ours)  # objects without a value, such as encoders
    if isinstance(theirs, tuple) and isinstance(ours, tuple):
        return [_shown(item) for item in theirs] == [_shown(item) for item in ours]
    if inspect.isclass(theirs) and inspect.isclass(ours):
        return theirs.__name__ == ours.__name__
    return bool(theirs == ours)


def _shown(value: Any) -> str:
    return value.__name__ if inspect.isclass(value) else repr(value)


def _pairs() -> Iterator[tuple[str, Any, Any]]:
    """Iterate over names and the members of classes, each class once: the place here, theirs, ours or ``MISSING``."""
    seen: set[tuple[type, type]] = set()
    for name in exported():
        theirs, ours = find(name)
        yield name.here, theirs, ours
        if inspect.isclass(theirs) and inspect.isclass(ours) and (theirs, ours) not in seen:
            seen.add((theirs, ours))
            yield from ((f"{name.here}.{member}", a, b) for member, a, b in members(theirs, ours))


def signatures() -> dict[str, tuple[str, ...]]:
    """Return in what functions and methods are unlike redis-py's, by their places here."""
    pairs = ((place, unlike(a, b)) for place, a, b in _pairs() if callable(b) and b is not MISSING)
    return {place: tuple(differences) for place, differences in pairs if differences}


@cache
def missing() -> frozenset[str]:
    """Return the places where redis-py has a name, or a member of a class, and we have nothing."""
    return frozenset(place for place, _, ours in _pairs() if ours is MISSING)


__all__ = ["exported", "find", "missing", "signatures", "unlike"]
