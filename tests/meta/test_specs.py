"""The table of specs against what real servers say of themselves: COMMAND and COMMAND DOCS.

It asks the server that all tests run against, and each that ``--servers`` or ``REDIS_AIO_SERVERS`` names, first as a
server and then as a sentinel; what other servers said is on record (``tests/support/command_facts.py``). Where the
table means to differ, the difference stands below with its reason.
"""

import os
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pytest

from redis_aio._command.table import SPECS
from tests.support.command_facts import RECORD, SENTINEL, Facts, Said, ask, recorded
from tests.support.server import Program, programs

# -- where the table means to differ ----------------------------------------------------------------------------------


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in text.split(","))


#: (reason, flags that one of the two does not have, commands)
FLAGS = [
    (
        "before 7.2 a script could not call what may block",
        {"noscript"},
        _names("BLMOVE, BLPOP, BRPOP, BRPOPLPUSH, BZPOPMAX, BZPOPMIN"),
    ),
    ("before 7.2 it was not flagged as what it does", {"noscript", "blocking"}, _names("WAIT")),
    ("while loading: since 7.2", {"loading"}, _names("CLUSTER SHARDS, CLUSTER SLOTS")),
    (
        "while loading: on Valkey",
        {"loading"},
        _names("CLUSTER INFO, CLUSTER MYID, CLUSTER MYSHARDID, CLUSTER NODES, MEMORY MALLOC-STATS, MEMORY PURGE"),
    ),
    ("on a stale replica: since Valkey 9", {"stale"}, _names("SCRIPT EXISTS, SCRIPT FLUSH, SCRIPT SHOW")),
    (
        "while a script is busy: on Valkey 9, so that a connection can be set up",
        {"allow_busy"},
        _names("""
            CLIENT CACHING, CLIENT CAPA, CLIENT GETNAME, CLIENT GETREDIR, CLIENT ID, CLIENT NO-EVICT, CLIENT NO-TOUCH,
            CLIENT SETINFO, CLIENT SETNAME, SELECT
        """),
    ),
    (
        "while a script is busy, and not in a transaction: on Valkey 9",
        {"allow_busy", "no_multi"},
        _names("CLIENT REPLY"),
    ),
    ("not in a transaction: Valkey says it where Redis checks it", {"no_multi"}, _names("MULTI, WATCH")),
    ("Valkey 9 renamed the log of slow commands", {"skip_slowlog", "skip_commandlog"}, _names("EXEC")),
    (
        "Redis 7.4 did not yet know that a shorter life needs no memory",
        {"denyoom"},
        _names("HEXPIRE, HEXPIREAT, HPEXPIRE, HPEXPIREAT"),
    ),
]

#: (reason, arity, commands)
ARITIES = [
    ("no WITHSCORE before 7.2", 3, _names("ZRANK, ZREVRANK")),
    (
        "before 7.2 only commands with an argument were looked into",
        -4,
        _names("COMMAND GETKEYS, COMMAND GETKEYSANDFLAGS"),
    ),
    ("before 7.2 a SET without a value was only found out later", -3, _names("SENTINEL CONFIG")),
    ("Valkey 9 can REPLICATE NO ONE", -3, _names("CLUSTER REPLICATE")),
    ("Valkey 9 has other debuggers", -3, _names("SCRIPT DEBUG")),
    ("Valkey 9 has COORDINATED", -3, _names("SENTINEL FAILOVER")),
]

#: (reason, request and response policy, commands)
POLICIES = [
    (
        "7.0 sent it to one node",
        ("", ""),
        _names("ACL DELUSER, ACL SAVE, ACL SETUSER, CLIENT SETNAME, CONFIG RESETSTAT, CONFIG REWRITE"),
    ),
    ("7.0 did not count", ("all_nodes", "all_succeeded"), _names("LATENCY RESET")),
    ("7.0 let it be split, though not even one shard can promise it", ("multi_shard", "agg_min"), _names("MSETNX")),
    ("7.0 named no response policy", ("all_shards", ""), _names("RANDOMKEY")),
    ("7.0 named no response policy", ("special", ""), _names("SCAN")),
]

#: (reason, version, commands)
SINCE = [
    ("7.0 named the development version", "2.9.50", _names("CLIENT PAUSE")),
]


def _listed(differences: Iterable[tuple[str, Any, frozenset[str]]], name: str, value: object) -> bool:
    return any(name in names and value == theirs for _, theirs, names in differences)


def test_the_differences_are_about_commands_of_the_table() -> None:
    named = [names for _, _, names in (*FLAGS, *ARITIES, *POLICIES, *SINCE)]
    assert frozenset().union(*named) <= SPECS.keys()


# -- asking -----------------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    others = str(metafunc.config.getoption("--servers")).split(os.pathsep)
    found = programs(filter(None, others))
    live = {
        name + SENTINEL * sentinel: (program, sentinel) for name, program in found.items() for sentinel in (False, True)
    }
    if "said" in metafunc.fixturenames:
        old = {f"recorded-{name}": name for name in recorded()}
        metafunc.parametrize("said", [*live.values(), *old.values()], ids=[*live, *old], indirect=True, scope="module")
    if "asked" in metafunc.fixturenames:
        metafunc.parametrize("asked", live.values(), ids=live, indirect=True, scope="module")


@cache
def _answer(program: Program, sentinel: bool) -> Said:
    return ask(program, sentinel)


@pytest.fixture(scope="module")
def asked(request: pytest.FixtureRequest) -> Said:
    """What one server at hand says of its commands."""
    return _answer(*request.param)


@pytest.fixture(scope="module")
def said(request: pytest.FixtureRequest) -> Said:
    """What one server says of its commands, or said when the record was made."""
    return recorded()[request.param] if isinstance(request.param, str) else _answer(*request.param)


# -- the record -------------------------------------------------------------------------------------------------------


def test_the_record_is_small_and_of_many_servers() -> None:
    assert RECORD.stat().st_size < 300_000
    names = recorded().keys()
    assert {name.removesuffix(SENTINEL) for name in names} >= {"redis-7.0.15", "redis-8.0.2", "valkey-9.1.2"}
    modules = {fact.name.partition(".")[0] for said in recorded().values() for fact in said.facts.values()}
    assert modules >= {"JSON", "FT", "TS", "BF", "CF", "CMS", "TOPK", "TDIGEST"}


def test_the_record_is_what_the_servers_say(asked: Said) -> None:
    """A build with other modules has other commands; those that both know are the same."""
    if asked.name not in recorded():
        pytest.skip(f"{asked.name} is not on record")
    old = recorded()[asked.name].facts
    assert [(fact, old[name]) for name, fact in asked.facts.items() if name in old and old[name] != fact] == []


# -- comparing --------------------------------------------------------------------------------------------------------


def test_every_command_has_a_row(said: Said) -> None:
    assert len(said.facts) > 50
    assert {name for name, fact in said.facts.items() if fact.alone} - SPECS.keys() == set()


def test_what_cannot_be_sent_alone_has_no_row(said: Said) -> None:
    assert {name for name, fact in said.facts.items() if not fact.alone} & SPECS.keys() == set()


def _compare(said: Said) -> Iterator[tuple[Any, Facts]]:
    return ((SPECS[name], fact) for name, fact in said.facts.items() if name in SPECS)


def test_arity(said: Said) -> None:
    assert [
        (spec.name, spec.arity, fact.arity)
        for spec, fact in _compare(said)
        if spec.arity != fact.arity and not _listed(ARITIES, spec.name, fact.arity)
    ] == []


def test_flags(said: Said) -> None:
    assert [
        (spec.name, sorted(spec.flags), sorted(fact.flags))
        for spec, fact in _compare(said)
        if spec.flags != fact.flags and not _listed(FLAGS, spec.name, spec.flags ^ fact.flags)
    ] == []


def test_keys(said: Said) -> None:
    assert [(spec.name, spec.keys, fact.keys) for spec, fact in _compare(said) if spec.keys != fact.keys] == []


def test_policies(said: Said) -> None:
    assert [
        (spec.name, spec.request_policy, spec.response_policy, fact.request_policy, fact.response_policy)
        for spec, fact in _compare(said)
        if (spec.request_policy, spec.response_policy) != (theirs := (fact.request_policy, fact.response_policy))
        and not _listed(POLICIES, spec.name, theirs)
    ] == []


def test_group(said: Said) -> None:
    """Of a module's command, servers know at most that it is a module's."""
    assert [
        (spec.name, spec.group, fact.group)
        for spec, fact in _compare(said)
        if spec.group != fact.group and not ("module" in spec.flags and fact.group in ("module", ""))
    ] == []


def test_since(said: Said) -> None:
    """Versions of modules are their own, and Valkey took over what Redis has since 7.4 in versions of its own."""
    assert [
        (spec.name, spec.since, fact.since)
        for spec, fact in _compare(said)
        if spec.since != fact.since
        and "module" not in spec.flags
        and not (said.flavour == "valkey" and _version(fact.since) >= (8,) and not spec.server)
        and not _listed(SINCE, spec.name, fact.since)
    ] == []


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_what_only_one_of_them_has(said: Said) -> None:
    """A row that names a server is of a command that the other does not have."""
    assert [spec.name for spec, _ in _compare(said) if spec.server not in ("", said.flavour)] == []
