"""What servers say of their commands: COMMAND and COMMAND DOCS, asked now or recorded before.

``python -m tests.support.command_facts PROGRAM ...`` asks the default server and these programs, each as a server and
as a sentinel, and writes ``tests/meta/data/command_facts.json`` anew. So the table of specs is compared with all of
them wherever the tests run.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from redis_aio.testing.wire import Wire
from tests.support.sentinel import running_sentinel
from tests.support.server import Program, programs

RECORD = Path(__file__).parents[1] / "meta" / "data" / "command_facts.json"
SENTINEL = "-sentinel"


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
    """What one server says of all its commands; ``name`` is such as ``redis-7.0.15`` or ``redis-7.0.15-sentinel``."""

    name: str
    facts: dict[str, Facts]

    @property
    def flavour(self) -> str:
        """Which of the two it is: ``redis`` or ``valkey``."""
        return self.name.partition("-")[0]


# -- asking -----------------------------------------------------------------------------------------------------------


def ask(program: Program, sentinel: bool) -> Said:
    """Start a program, as a server or as a sentinel, and ask it."""
    if sentinel:
        with (
            tempfile.TemporaryDirectory(prefix="s") as folder,
            running_sentinel(program, Path(folder)) as path,
            Wire(path, 5.0) as wire,
        ):
            entries, docs = wire.call("COMMAND"), wire.call("COMMAND", "DOCS")
    else:
        with program.server() as server:
            entries, docs = server.command("COMMAND"), server.command("COMMAND", "DOCS")
    facts = {fact.name: fact for fact in _facts(entries, _mapping(docs))}
    return Said(program.name + SENTINEL * sentinel, facts)


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


# -- recording --------------------------------------------------------------------------------------------------------


@cache
def recorded() -> dict[str, Said]:
    """Return what servers said when the record was made, by their names."""
    names, *rows = json.loads(RECORD.read_text())
    said = {name: Said(name, {}) for name in names}
    for numbers, name, arity, flags, keys, *rest in rows:
        fact = Facts(name, arity, frozenset(flags.split()), tuple(keys), *rest)
        for number in numbers:
            said[names[number]].facts[name] = fact
    return said


def record(all_said: list[Said]) -> None:
    """Write the record: the names of the servers, then a row for each thing that some of them say, a line each."""
    rows: dict[tuple[Any, ...], list[int]] = {}
    for number, said in enumerate(all_said):
        for fact in said.facts.values():
            name, arity, flags, keys, *rest = astuple(fact)
            rows.setdefault((name, arity, " ".join(sorted(flags)), keys, *rest), []).append(number)
    lines = [[said.name for said in all_said], *([numbers, *row] for row, numbers in sorted(rows.items()))]
    text = ",\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    record([ask(program, sentinel) for program in programs(sys.argv[1:]).values() for sentinel in (False, True)])
