"""The documentation tells the truth: its examples run and show what they say, its table of options is the code's.

A page is one program: each ``python`` block continues the one before. A block that calls ``asyncio.run`` is a program
of its own. Where a block prints, each ``print`` has a comment with what it shows, in which ``...`` stands for anything.
A block is left out only for a reason, given in the line before it: ``% skip: <reason>``, or in the README
``<!-- skip: <reason> -->``.
"""

import ast
import asyncio
import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from redis_aio import Redis, exceptions
from redis_aio._option_table import FIELDS, KINDS
from redis_aio._options import Options
from redis_aio._tls import TLS_OPTIONS
from redis_aio._urls import PARAMETERS
from redis_aio.testing import RedisServer

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)]

_FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SKIP = re.compile(r"^(?:% skip: .+|<!-- skip: .+ -->)\n\Z", re.MULTILINE)
_SHOWN = re.compile(r"^ *print\(.*\)  # (.*)$", re.MULTILINE)
_PRINT = re.compile(r"^ *print\(", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One example: its code, and the number of the line before it."""

    page: Path
    line: int
    code: str

    @property
    def is_program(self) -> bool:
        return "asyncio.run(" in self.code

    @property
    def shown(self) -> list[str]:
        """What its prints are said to show."""
        found: list[str] = _SHOWN.findall(self.code)
        assert len(found) == len(_PRINT.findall(self.code)), f"{self}: a print does not say what it shows"
        return found

    def compiled(self) -> CodeType:
        source = "\n" * self.line + self.code  # so that tracebacks point into the page
        code: CodeType = compile(source, str(self.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        return code

    def check_shown(self, output: str) -> None:
        lines = output.splitlines()
        assert len(lines) == len(self.shown), f"{self} shows {lines}"
        for line, said in zip(lines, self.shown, strict=True):
            pattern = ".*".join(map(re.escape, said.split("...")))
            assert re.fullmatch(pattern, line), f"{self} is said to show {said!r} and shows {line!r}"

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}, line {self.line}"


def blocks(page: Path, server: RedisServer) -> Iterator[Block]:
    text = page.read_text()
    for match in _FENCE.finditer(text):
        if _SKIP.search(text, 0, match.start()):
            continue
        code = match[1].replace("localhost:6379", f"{server.host}:{server.port}")
        code = code.replace('host="localhost", port=6379', f'host="{server.host}", port={server.port}')
        yield Block(page, text.count("\n", 0, match.start(1)), code)


def pages_with_examples() -> list[Path]:
    return [page for page in PAGES if _FENCE.search(page.read_text())]


@pytest.mark.parametrize("page", pages_with_examples(), ids=lambda page: str(page.relative_to(ROOT)))
async def test_examples(page: Path, server: RedisServer, clean: None) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    try:
        for block in blocks(page, server):
            output = await run_program(block) if block.is_program else await run_block(block, namespace)
            block.check_shown(output)
    except BaseException:  # an interrupt too: its clients do not stay open
        for client in [value for value in namespace.values() if isinstance(value, Redis)]:
            await client.aclose()  # a page that gets to its end closes them itself
        raise


async def run_block(block: Block, namespace: dict[str, Any]) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        result = eval(block.compiled(), namespace)
        if result is not None:
            await asyncio.wait_for(result, 30)
    return output.getvalue()


async def run_program(block: Block) -> str:
    return await run_python("-c", block.code)


async def run_python(*arguments: str, timeout: float = 30) -> str:
    """Run Python, with warnings as errors, and return what it writes; anything on stderr is a failure."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", *arguments),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), timeout)
    except BaseException:  # interrupted or too slow: the process does not outlive the test
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, errors.decode()
    assert not errors, errors.decode()
    return output.decode()


@pytest.mark.one_loop
async def test_demo() -> None:
    output = await run_python(str(ROOT / "docs" / "examples" / "demo.py"), timeout=60)
    assert "10,000 of 10,000" in output  # the progress bar went to its end
    assert "PoolTimeoutError: no connection became free within" in output
    figures = dict(re.findall(r"^  (.+?) {2,}([\d,]+)", output, re.MULTILINE))
    assert int(figures["commands executed"].replace(",", "")) > 20_000
    assert int(figures["round trips"].replace(",", "")) * 10 < int(figures["commands executed"].replace(",", ""))
    assert 1 <= int(figures["connections used"]) <= int(figures["pool_size"])


# -- what is said of options -------------------------------------------------------------------------------------------

_ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (✓?) ?\| ", re.MULTILINE)


def option_rows() -> dict[str, tuple[str, bool]]:
    text = (ROOT / "docs" / "reference" / "options.md").read_text()
    return {name: (default, bool(tick)) for name, default, tick in _ROW.findall(text)}


def test_the_table_of_options_is_complete() -> None:
    assert set(option_rows()) == set(FIELDS) | set(TLS_OPTIONS)


def test_the_table_of_options_has_the_right_defaults() -> None:
    options = Options()
    in_words = {"codec", "lib_version", "pool_timeout", "pool_size", "conn_max_lifetime_jitter", "encoding_errors"}
    for field in fields(Options):
        said = option_rows()[field.name][0]
        if said.startswith("`") and said.endswith("`") and field.name not in in_words - {"encoding_errors"}:
            assert ast.literal_eval(said.strip("`")) == getattr(options, field.name), field.name
        else:
            assert field.name in in_words, field.name


def test_the_table_of_options_says_what_a_url_can_say() -> None:
    assert {name for name, (_, in_url) in option_rows().items() if in_url} == set(PARAMETERS) & set(option_rows())


def test_the_table_of_redis_py_names_is_complete() -> None:
    text = (ROOT / "docs" / "guide" / "connections.md").read_text().partition("## Names from redis-py")[2]
    table = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`([a-z_]+)(?:=\w+)?`", table))
    assert named == set(KINDS) - set(FIELDS) - set(TLS_OPTIONS)


def test_the_guide_to_errors_names_errors_that_exist() -> None:
    text = (ROOT / "docs" / "guide" / "errors.md").read_text()
    named = set(re.findall(r"^\| \*?`(\w+)`", text, re.MULTILINE))
    assert len(named) > 15
    assert named <= set(vars(exceptions))


# -- links -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"
