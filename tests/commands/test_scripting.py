"""The scripting commands on each face, and what they refuse."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.commands import Commands
from redis_aio.exceptions import BusyScriptError, DataError, NoScriptError, ResponseError
from redis_aio.testing import RedisServer
from tests.commands.calls_scripting import LIBRARY
from tests.commands.conftest import Built, Face, Needs, Recorder, Text
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop

ONE = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"  # of "return 1"


@pytest.fixture
def _no_scripts(server: RedisServer) -> None:
    server.command("SCRIPT", "FLUSH", "SYNC")


@pytest.fixture
def _no_functions(server: RedisServer, needs: Needs) -> None:
    needs("FUNCTION FLUSH")
    server.command("FUNCTION", "FLUSH", "SYNC")


# -- scripts ----------------------------------------------------------------------------------------------------------


async def test_eval(face: Face, text: Text) -> None:
    await face.client.set("k", "v")
    assert await face(lambda r: r.eval("return {KEYS[1], ARGV[1]}", 1, "k", 1.5)) == text(["k", "1.5"])
    assert await face(lambda r: r.eval("return redis.call('GET', KEYS[1])", 1, "k")) == text("v")


async def test_eval_ro(face: Face, text: Text, needs: Needs) -> None:
    needs("EVAL_RO")
    await face.client.set("k", "v")
    assert await face(lambda r: r.eval_ro("return redis.call('GET', KEYS[1])", 1, "k")) == text("v")
    with pytest.raises(ResponseError, match="Write commands are not allowed"):
        await face(lambda r: r.eval_ro("return redis.call('DEL', KEYS[1])", 1, "k"))
    assert await face.client.get("k") == text("v")


@pytest.mark.usefixtures("_no_scripts")
async def test_scripts_by_their_digest(face: Face, needs: Needs) -> None:
    with pytest.raises(NoScriptError):
        await face(lambda r: r.evalsha(ONE, 0))
    assert await face(lambda r: r.script_load("return 1")) == ONE
    assert await face(lambda r: r.evalsha(ONE, 0)) == 1
    assert await face(lambda r: r.script_exists(ONE, "0" * 40)) == [True, False]
    assert await face(lambda r: r.script_flush()) is True
    assert await face(lambda r: r.script_exists(ONE)) == [False]
    needs("EVALSHA_RO")
    assert await face(lambda r: r.script_load(b"return 1")) == ONE
    assert await face(lambda r: r.evalsha_ro(ONE, 0)) == 1


@pytest.mark.usefixtures("_no_scripts")
async def test_show_a_script(face: Face, text: Text, needs: Needs) -> None:
    needs("SCRIPT SHOW")
    await face.client.script_load("return 1")
    assert await face(lambda r: r.script_show(ONE)) == text("return 1")
    with pytest.raises(NoScriptError):
        await face(lambda r: r.script_show("0" * 40))


# -- functions --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_no_functions")
async def test_functions(face: Face, text: Text) -> None:
    assert await face(lambda r: r.function_load(LIBRARY)) == text("lib")
    with pytest.raises(ResponseError, match="already exists"):
        await face(lambda r: r.function_load(LIBRARY))
    assert await face(lambda r: r.function_load(LIBRARY, replace=True)) == text("lib")
    await face.client.set("k", "v")
    assert await face(lambda r: r.fcall("echo", 1, "k", "a")) == text([["k"], ["a"]])
    assert await face(lambda r: r.fcall_ro("peek", 1, "k")) == text("v")
    with pytest.raises(ResponseError):
        await face(lambda r: r.fcall_ro("echo", 0))
    assert await face(lambda r: r.function_delete("lib")) is True
    with pytest.raises(ResponseError, match="not found"):
        await face(lambda r: r.function_delete("lib"))


@pytest.mark.usefixtures("_no_functions")
async def test_list_functions(face: Face, text: Text) -> None:
    assert await face(lambda r: r.function_list()) == []
    await face.client.function_load(LIBRARY)
    [library] = await face(lambda r: r.function_list("l*", withcode=True))
    facts = dict(zip(library[::2], library[1::2], strict=True))
    assert facts[text("library_name")] == text("lib")
    assert facts[text("library_code")] == text(LIBRARY)
    functions = {f[1]: dict(zip(f[::2], f[1::2], strict=True)) for f in facts[text("functions")]}
    assert functions[text("peek")][text("description")] == text("looks")
    assert functions[text("peek")][text("flags")] == text(["no-writes"])
    assert functions[text("echo")][text("flags")] == []
    assert await face(lambda r: r.function_list("other")) == []


@pytest.mark.usefixtures("_no_functions")
async def test_dump_and_restore(face: Face) -> None:
    await face.client.function_load(LIBRARY)
    dump = await face(lambda r: r.function_dump())
    assert type(dump) is bytes  # also where the client decodes
    assert b"echo" in dump
    with pytest.raises(ResponseError, match="already exists"):
        await face(lambda r: r.function_restore(dump))
    assert await face(lambda r: r.function_restore(dump, "REPLACE")) is True
    assert await face(lambda r: r.function_flush()) is True
    assert await face(lambda r: r.function_restore(dump)) is True
    assert len(await face.client.function_list()) == 1
    assert await face(lambda r: r.function_restore(dump, policy="FLUSH")) is True


@pytest.mark.usefixtures("_no_functions")
async def test_statistics_of_functions(face: Face, text: Text) -> None:
    await face.client.function_load(LIBRARY)
    stats = await face(lambda r: r.function_stats())
    assert stats[text("running_script")] is None
    assert stats[text("engines")][text("LUA")] == text({"libraries_count": 1, "functions_count": 2})


# -- what runs too long -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def busy(
    server: RedisServer, protocol: int, call: Callable[[Commands[bytes]], Any]
) -> AsyncIterator[Redis[bytes]]:
    """A client of a server that is busy with what another client called."""
    options: dict[str, Any] = {"host": server.host, "port": server.port, "protocol": protocol, "max_retries": 0}
    async with (
        Redis(decode_responses=False, **options) as client,
        Redis(decode_responses=False, **options, read_timeout=None) as other,
    ):
        await client.config_set("busy-reply-threshold", 1)
        running = asyncio.ensure_future(call(other))
        try:
            async with asyncio.timeout(10):
                while True:
                    try:
                        await client.ping()
                    except BusyScriptError:
                        break
            yield client
        finally:
            await asyncio.wait([running], timeout=10)
        with pytest.raises(ResponseError, match="killed"):
            await running


async def test_kill_a_script(server: RedisServer, protocol: int, clean: None) -> None:
    async with busy(server, protocol, lambda r: r.eval("while true do end", 0)) as client:
        assert await client.script_kill() is True


async def test_kill_a_function(server: RedisServer, protocol: int, needs: Needs, make_client: MakeClient) -> None:
    needs("FUNCTION KILL")
    code = "#!lua name=forever\nredis.register_function('forever', function() while true do end end)"
    await make_client().function_load(code, replace=True)
    async with busy(server, protocol, lambda r: r.fcall("forever", 0)) as client:
        stats = await client.function_stats()
        assert stats[b"running_script"][b"name"] == b"forever"
        assert stats[b"running_script"][b"command"] == [b"FCALL", b"forever", b"0"]
        assert await client.function_kill() == b"OK"


# -- without a server -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.eval("s", 1, "k", "a"), ["EVAL", "s", 1, "k", "a"]),
        (lambda r: r.evalsha_ro("x", 0), ["EVALSHA_RO", "x", 0]),
        (lambda r: r.script_flush("ASYNC"), ["SCRIPT", "FLUSH", "ASYNC"]),
        (lambda r: r.script_flush(), ["SCRIPT", "FLUSH"]),
        (lambda r: r.function_list(None), ["FUNCTION", "LIST"]),
        (lambda r: r.function_list(), ["FUNCTION", "LIST", "LIBRARYNAME", "*"]),
        (lambda r: r.function_restore(b"x", None), ["FUNCTION", "RESTORE", "x"]),
        (lambda r: r.function_flush(), ["FUNCTION", "FLUSH", "SYNC"]),
        (lambda r: r.fcall("f", 0, 1), ["FCALL", "f", 0, 1]),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Commands[Any]], Any], words: list[Any]) -> None:
    assert built(call) == words


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: r.script_exists(), DataError, "args must have at least one element"),
        (lambda r: r.script_flush("LATER"), DataError, "sync_type must be one of SYNC, ASYNC"),
        (lambda r: r.script_debug("YES"), NotImplementedError, "redis-cli --ldb"),
    ],
)
def test_what_is_refused(
    recorder: Recorder, call: Callable[[Commands[Any]], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(recorder)
