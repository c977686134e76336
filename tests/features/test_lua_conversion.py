"""What Lua becomes in Python: each row of the guide's table, on the server."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from redis_aio.exceptions import ResponseError
from redis_aio.testing import RedisServer
from tests.commands.test_same_as_redis_py import typed
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "scripting.md"
HEADER = "| returned by the script | over RESP2 | over RESP3 |"
RESP3 = "`redis.setresp(3)` and "


class Row(NamedTuple):
    """A row of the table: what a script returns, and what becomes of it over RESP2 and RESP3."""

    script: str
    values: dict[int, Any]


def rows() -> list[Row]:
    """Read the table in the guide."""
    lines = GUIDE.read_text().split(HEADER)[1].splitlines()[2:]
    found: list[Row] = []
    for line in lines[: lines.index("")]:
        returned, two, three = line.strip("| ").split(" | ")
        prefix = "redis.setresp(3); " if returned.startswith(RESP3) else ""
        script = f"{prefix}return {returned.removeprefix(RESP3).strip('`')}"
        found.append(Row(script, {2: python(two), 3: python(three)}))
    return found


def python(cell: str) -> Any:
    """Return the value that a cell shows."""
    return eval(cell.strip("`"), {"ResponseError": ResponseError, "inf": math.inf})


ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=[row.script for row in ROWS])
async def test_conversion(row: Row, protocol: int, server: RedisServer, make_client: MakeClient) -> None:
    for command in (("HSET", "h", "f", "1"), ("SADD", "s", "a"), ("ZADD", "z", "1.5", "m")):
        server.command(*command)
    client = make_client(protocol=protocol)
    expected = row.values[protocol]
    script = client.register_script(row.script)
    if isinstance(expected, Exception):
        with pytest.raises(ResponseError) as caught:
            await script()
        assert str(caught.value) == str(expected)
    else:
        assert typed(await script()) == typed(expected)
        assert typed(await client.eval(row.script, 0)) == typed(expected)


@pytest.mark.parametrize("row", ROWS, ids=[row.script for row in ROWS])
async def test_conversion_with_decoding(row: Row, protocol: int, server: RedisServer, make_client: MakeClient) -> None:
    for command in (("HSET", "h", "f", "1"), ("SADD", "s", "a"), ("ZADD", "z", "1.5", "m")):
        server.command(*command)
    expected = row.values[protocol]
    if isinstance(expected, Exception):
        return
    client = make_client(protocol=protocol, decode_responses=True)
    assert typed(await client.register_script(row.script)()) == typed(decoded(expected))


def decoded(value: Any) -> Any:
    match value:
        case bytes():
            return value.decode()
        case list():
            return [decoded(element) for element in value]
        case dict():
            return {decoded(key): decoded(element) for key, element in value.items()}
    return value


def test_the_table_says_what_it_must() -> None:
    """The rows that surprise people are there, and the two protocols differ where they do."""
    scripts = {row.script.removeprefix("redis.setresp(3); ").removeprefix("return ") for row in ROWS}
    assert {"3.99", "true", "false", "nil", "{1, nil, 3}", "{ok = 'FINE'}", "{err = 'MINE some text'}"} <= scripts
    assert {"{double = 1.5}", "{map = {a = {1, 2}}}", "{set = {a = true}}", "tostring(3.99)"} <= scripts
    assert len(ROWS) == len({row.script for row in ROWS}) > 35
    differ = [row.script for row in ROWS if typed(row.values[2]) != typed(row.values[3])]
    assert len(differ) == 7
    assert all(script.startswith("redis.setresp(3)") for script in differ)
