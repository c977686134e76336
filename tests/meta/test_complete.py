"""Every command has a method: each row of the table of specs is built by one, or stands in docs/reference/omissions.md.

The methods are called, on the commands themselves and on the groups behind accessors (``client.json()``), and what
they build is collected. Most are called with samples of what their parameters say they take; those that want more than
that have calls written out below.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from redis_aio._command.command import Command
from redis_aio._command.table import SPECS
from redis_aio.commands.base import CommandGroup, ModuleCommands
from redis_aio.commands.search.aggregation import AggregateRequest, Cursor
from redis_aio.commands.search.field import TextField
from redis_aio.commands.search.hybrid_query import HybridQuery, HybridSearchQuery, HybridVsimQuery
from redis_aio.commands.search.query import Query
from redis_aio.commands.search.suggestion import Suggestion
from redis_aio.exceptions import RedisError
from tests.commands.conftest import Recorder

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "omissions.md"

#: Calls of methods that no sample of their parameters satisfies.
BY_HAND: list[Callable[[Any], Any]] = [
    lambda r: r.ardelrange("k", (1, 2)),
    lambda r: r.argrep("k", 0, 9, [("EXACT", "v")]),
    lambda r: r.arop("k", 0, 9, "SUM"),
    lambda r: r.bitfield("k").get("u8", 0).execute(),
    lambda r: r.blmpop(1, 1, "k", direction="LEFT"),
    lambda r: r.bzmpop(1, 1, ["k"], min=True),
    lambda r: r.client_caching("YES"),
    lambda r: r.client_import_source("ON"),
    lambda r: r.client_kill_filter(_id=1),
    lambda r: r.client_no_evict("ON"),
    lambda r: r.client_no_touch("ON"),
    lambda r: r.client_reply("ON"),
    lambda r: r.cluster_migrateslots(([(0, 9)], "n")),
    lambda r: r.cluster_slot_stats(0, 9),
    lambda r: r.cms().merge("d", 1, ["k"]),
    lambda r: r.ft().aggregate(AggregateRequest("*")),
    lambda r: r.ft().aggregate(Cursor(1)),
    lambda r: r.ft().alter_schema_add([TextField("t")]),
    lambda r: r.ft().create_index([TextField("t")]),
    lambda r: r.ft().hybrid_search(HybridQuery(HybridSearchQuery("*"), HybridVsimQuery("@v", b"1"))),
    lambda r: r.ft().profile(Query("*")),
    lambda r: r.ft().sugadd("k", Suggestion("s")),
    lambda r: r.geoadd("k", [1, 2, "m"]),
    lambda r: r.geosearch("k", member="m", unit="km", radius=1),
    lambda r: r.geosearchstore("d", "k", member="m", unit="km", radius=1),
    lambda r: r.hset("k", "f", "v"),
    lambda r: r.hsetex("k", "f", "v"),
    lambda r: r.json().debug("MEMORY", "k"),
    lambda r: r.json().mset([("k", "$", 1)]),
    lambda r: r.linsert("k", "BEFORE", "a", "b"),
    lambda r: r.lmpop(1, "k", direction="LEFT"),
    lambda r: r.sdiffcard(1, ["k"]),
    lambda r: r.sintercard(1, ["k"]),
    lambda r: r.sunioncard(1, ["k"]),
    lambda r: r.tdigest().merge("d", 1, "k"),
    lambda r: r.xcfgset("k", idmp_duration=1),
    lambda r: r.xnack("k", "g", "FAIL", "1-1"),
    lambda r: r.xtrim("k", maxlen=1),
    lambda r: r.zintercard(1, ["k"]),
    lambda r: r.zmpop(1, ["k"], min=True),
]


# -- what the methods build -------------------------------------------------------------------------------------------


def _sample(parameter: inspect.Parameter) -> Any:
    """Return something that a parameter takes, by its annotation."""
    annotation = str(parameter.annotation)
    if "Mapping" in annotation or "dict" in annotation:
        return {"a": 1}
    if "KeysT" in annotation or "Sequence" in annotation or "Iterable" in annotation:
        return ["a", "b"]
    if any(word in annotation for word in ("int", "float", "Number", "Expiry", "Timeout")):
        return 1
    return "a"


def _arguments(method: Callable[..., Any]) -> list[Any]:
    arguments: list[Any] = []
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            arguments += [_sample(parameter)] * 2
        elif parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            arguments.append(_sample(parameter))
    return arguments


def _methods(group: CommandGroup[Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in dir(group):
        member = getattr(group, name)
        if not name.startswith("_") and callable(member):
            yield name, member


@cache
def _built() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names of the commands that methods build, and what could not be called with samples."""
    recorder = Recorder()
    names = {call(recorder).name for call in BY_HAND}
    uncalled: list[str] = []
    groups: list[CommandGroup[Any]] = [recorder]
    for group in groups:  # it grows
        for name, method in _methods(group):
            try:
                made = method(*_arguments(method))
            except (RedisError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
                uncalled.append(f"{type(group).__name__}.{name}: {error}")
                continue
            if isinstance(made, Command):
                names.add(made.name)
            elif isinstance(made, ModuleCommands):
                groups.append(made)
    return frozenset(names), tuple(uncalled)


# -- what is left out -------------------------------------------------------------------------------------------------


def _omissions() -> list[tuple[list[str], str]]:
    """Return the rows of the table on the page: patterns of names, and the reason."""
    rows = [line.strip("|").split("|", 1) for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return [(re.findall(r"`([^`]+)`", names), reason.strip()) for names, reason in rows]


def _matching(patterns: list[str]) -> set[str]:
    return {name for name in SPECS if any(fnmatchcase(name, pattern) for pattern in patterns)}


@cache
def _omitted() -> frozenset[str]:
    return frozenset().union(*(_matching(patterns) for patterns, _ in _omissions()))


# -- comparing --------------------------------------------------------------------------------------------------------


def test_every_command_has_a_method_or_a_reason_to_have_none() -> None:
    built, uncalled = _built()
    missing = SPECS.keys() - built - _omitted()
    hints = [line for line in uncalled if any(name.lower().replace(" ", "_") in line for name in missing)]
    assert not missing, f"{sorted(missing)} have no method; perhaps these need a line in BY_HAND: {hints}"


def test_what_methods_build_is_in_the_table() -> None:
    built, _ = _built()
    assert built - {"CLUSTER"} <= SPECS.keys()  # cluster("anything")
    assert len(built) > 450


def test_what_is_left_out_has_no_method() -> None:
    built, _ = _built()
    assert {name for name in built & _omitted() if not name.endswith(" HELP")} == set()


@pytest.mark.parametrize("patterns", [patterns for patterns, _ in _omissions()], ids=" ".join)
def test_what_is_left_out_exists(patterns: list[str]) -> None:
    for pattern in patterns:
        assert _matching([pattern]), pattern


def test_the_reasons_are_reasons() -> None:
    rows = _omissions()
    assert len(rows) > 5
    assert [patterns for patterns, reason in rows if len(reason) < 10] == []
    assert [patterns for patterns, _ in rows] == sorted(patterns for patterns, _ in rows), "sort the table"


def test_what_is_always_refused_is_left_out() -> None:
    """A method that can only fail helps nobody; but redis-py's names stay, to say what to do instead."""
    refused = {name for name, spec in SPECS.items() if spec.refuse}
    built, _ = _built()
    assert refused - _omitted() == refused & built == {"CLIENT REPLY", "QUIT", "RESET"}
