"""The table of specs against what real servers say of themselves: COMMAND and COMMAND DOCS.

It asks the server that all tests run against, and each that ``--servers`` or ``REDIS_AIO_SERVERS`` names, first as a
server and then as a sentinel. Where the table means to differ, the difference stands below with its reason.
"""

import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from redis_aio._command.table import SPECS
from redis_aio.testing.wire import Wire
from tests.support.server import Program, programs


@dataclass(frozen=True, slots=True)
class Facts:
    """What a server says of one command."""

    name: str
    arity: int
    flags: frozenset[str]
    keys: tuple[int, int, int]
    request_policy: str
    response_policy: str
    group: str
    since: str
    alone: bool  # whether it can be sent without a subcommand


@dataclass(frozen=True, slots=True)
class Said:
    """What one server says of all its commands."""

    program: Program
    sentinel: bool
    facts: dict[str, Facts]


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


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _mapping(flat: Any) -> dict[str, Any]:
    return {_text(name): value for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _facts(entries: Any, docs: dict[str, Any]) -> Iterator[Facts]:
    """Read entries of COMMAND with their COMMAND DOCS, subcommands included."""
    for name, arity, flags, first, last, step, _, tips, _, subcommands in entries:
        about = _mapping(docs.get(_text(name), []))
        policies = {kind: policy for kind, _, policy in (_text(tip).partition(":") for tip in tips)}
        yield Facts(
            name=_text(name).upper().replace("|", " "),
            arity=arity,
            flags=frozenset(map(_text, flags)),
            keys=(first, last, step),
            request_policy=policies.get("request_policy", ""),
            response_policy=policies.get("response_policy", ""),
            group=_text(about.get("group", "")),
            since=_text(about.get("since", "")),
            alone=not subcommands or arity == -1,
        )
        yield from _facts(subcommands, _mapping(about.get("subcommands", [])))


def _listens(path: Path) -> bool:
    try:
        Wire(os.fspath(path), 5.0).close()
    except OSError:
        return False
    return True


@contextmanager
def _sentinel(program: Program, folder: Path) -> Iterator[str]:
    """Run the program as a sentinel; gives the path of its Unix socket."""
    socket, config, log = folder / "s", folder / "sentinel.conf", folder / "log"
    config.write_text(f"port 0\nunixsocket {socket}\nlogfile {log}\ndir {folder}\n")
    process = subprocess.Popen([program.path, config, "--sentinel"], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not _listens(socket):  # the file is there before anybody listens
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.005)  # until then
        yield os.fspath(socket)
    finally:
        process.kill()
        process.wait(10)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "said" in metafunc.fixturenames:
        others = str(metafunc.config.getoption("--servers")).split(os.pathsep)
        found = programs(filter(None, others))
        cases = [(program, sentinel) for program in found.values() for sentinel in (False, True)]
        ids = [name + suffix for name in found for suffix in ("", "-sentinel")]
        metafunc.parametrize("said", cases, ids=ids, indirect=True, scope="module")


@pytest.fixture(scope="module")
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What one server says of its commands."""
    program, sentinel = request.param
    if sentinel:
        with _sentinel(program, tmp_path_factory.mktemp("s")) as path, Wire(path, 5.0) as wire:
            entries, docs = wire.call("COMMAND"), wire.call("COMMAND", "DOCS")
    else:
        with program.server() as server:
            entries, docs = server.command("COMMAND"), server.command("COMMAND", "DOCS")
    facts = {fact.name: fact for fact in _facts(entries, _mapping(docs))}
    return Said(program, sentinel, facts)


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
        and not (said.program.flavour == "valkey" and _version(fact.since) >= (8,) and not spec.server)
        and not _listed(SINCE, spec.name, fact.since)
    ] == []


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_what_only_one_of_them_has(said: Said) -> None:
    """A row that names a server is of a command that the other does not have."""
    assert [spec.name for spec, _ in _compare(said) if spec.server not in ("", said.program.flavour)] == []
