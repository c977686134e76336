"""The server commands on each face, those that would disturb others on a server of their own."""

import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import pytest

import redis_aio
from redis_aio import DataError, RedisError, ResponseError
from redis_aio._replies import server as replies
from redis_aio.commands.server import HotkeysMetricsTypes
from redis_aio.testing import RedisServer
from tests.commands.conftest import Built, Face, Needs, Recorder, Text
from tests.support.oracles import eventually
from tests.support.server import Program

pytestmark = pytest.mark.one_loop


@pytest.fixture
async def own(server_program: Program) -> AsyncIterator[tuple[RedisServer, Any]]:
    """A server that the test may change, and its client."""
    config = {"enable-debug-command": "yes", "repl-diskless-sync-delay": 0}
    async with (
        server_program.server(config=config) as server,
        redis_aio.Redis(host=server.host, port=server.port) as client,
    ):
        yield server, client


# -- what the server is and does --------------------------------------------------------------------------------------


async def test_info(face: Face, server: RedisServer) -> None:
    facts = await face(lambda r: r.info())
    assert facts["tcp_port"] == server.port
    assert type(facts["mem_fragmentation_ratio"]) is float
    assert facts["role"] == "master"
    memory = await face(lambda r: r.info("memory"))
    assert "used_memory" in memory
    assert "tcp_port" not in memory
    some = await face(lambda r: r.info("clients", "keyspace"))
    assert "connected_clients" in some
    assert "db0" not in some
    await face.client.set("k", "v", ex=100)
    keyspace = await face(lambda r: r.info("keyspace"))
    assert keyspace["db0"]["keys"] == keyspace["db0"]["expires"] == 1


async def test_time(face: Face) -> None:
    seconds, microseconds = await face(lambda r: r.time())
    assert abs(seconds - time.time()) < 60
    assert 0 <= microseconds < 1_000_000
    assert type(microseconds) is int


async def test_role_and_lolwut(face: Face, text: Text) -> None:
    assert (await face(lambda r: r.role()))[0] == text("master")
    for call in (lambda r: r.lolwut(), lambda r: r.lolwut(5, 2, 1, 1)):
        art = await face(call)
        assert type(art) is type(text(""))
        assert text("ver.") in art


# -- databases --------------------------------------------------------------------------------------------------------


async def test_databases(face: Face) -> None:
    await face.client.mset({"a": 1, "b": 2})
    assert await face(lambda r: r.dbsize()) == 2
    assert await face(lambda r: r.swapdb(0, 1)) is True
    assert await face(lambda r: r.dbsize()) == 0
    assert await face(lambda r: r.flushdb()) is True
    assert await face(lambda r: r.swapdb(0, 1)) is True
    assert await face(lambda r: r.dbsize()) == 2
    assert await face(lambda r: r.flushdb(asynchronous=True)) is True
    assert await face(lambda r: r.flushall(synchronous=True)) is True
    assert await face(lambda r: r.flushall(True)) is True
    assert await face(lambda r: r.dbsize()) == 0


# -- configuration ----------------------------------------------------------------------------------------------------


async def test_config(face: Face) -> None:
    assert await face(lambda r: r.config_set("slowlog-max-len", 129)) is True
    assert await face(lambda r: r.config_get("slowlog-max-*")) == {"slowlog-max-len": "129"}
    two = await face(lambda r: r.config_set("slowlog-max-len", 128, "latency-monitor-threshold", "0"))
    assert two is True
    both = await face(lambda r: r.config_get("slowlog-max-len", b"latency-monitor-*"))
    assert both == {"slowlog-max-len": "128", "latency-monitor-threshold": "0"}
    assert await face(lambda r: r.config_get("nothing-of-that-name")) == {}
    assert len(await face(lambda r: r.config_get())) > 100
    assert await face(lambda r: r.config_resetstat()) is True
    with pytest.raises(ResponseError):
        await face(lambda r: r.config_set("nothing-of-that-name", 1))


# -- the commands it has ----------------------------------------------------------------------------------------------


async def test_command(face: Face, text: Text) -> None:
    table = await face(lambda r: r.command())
    assert len(table) == await face(lambda r: r.command_count())
    get = table["get"]
    assert (get["name"], get["arity"], get["first_key_pos"]) == ("get", 2, 1)
    assert "readonly" in get["flags"]
    assert "@read" in get["acl_categories"]
    assert get["key_specifications"][0][text("find_keys")] == text(
        {"type": "range", "spec": {"lastkey": 0, "keystep": 1, "limit": 0}}
    )
    assert table["config"]["subcommands"]
    assert await face(lambda r: r.command_info("get", "nothing")) == {"get": get}


async def test_command_docs(face: Face) -> None:
    docs = await face(lambda r: r.command_docs("set", "config"))
    assert docs["set"]["group"] == "string"
    assert docs["set"]["history"][0][0] == "2.6.12"
    assert docs["set"]["arguments"][0]["name"] == "key"
    nested = [one for one in docs["set"]["arguments"] if one["type"] == "oneof"]
    assert "NX" in {one.get("token") for one in nested[0]["arguments"]}
    assert docs["config"]["subcommands"]["config|get"]["group"] == "server"


async def test_command_list(face: Face, text: Text) -> None:
    assert text("get") in await face(lambda r: r.command_list())
    assert sorted(await face(lambda r: r.command_list(pattern="ren*"))) == text(["rename", "renamenx"])
    assert text("pfadd") in await face(lambda r: r.command_list(category="hyperloglog"))
    assert await face(lambda r: r.command_list(module="nobody's")) == []


async def test_command_keys(face: Face, text: Text) -> None:
    assert await face(lambda r: r.command_getkeys("MSET", "a", 1, "b", 2)) == ["a", "b"]
    ((name, flags),) = await face(lambda r: r.command_getkeysandflags("GET", "k"))
    assert name == text("k")
    assert set(flags) == text({"RO", "access"})


# -- looking for what is slow or big ----------------------------------------------------------------------------------


async def test_slowlog(face: Face) -> None:
    await face.client.config_set("slowlog-log-slower-than", 0)
    try:
        await face.client.execute_command("SET", "k", b"\xff")
        await face.client.config_set("slowlog-log-slower-than", -1)
        entries = await face(lambda r: r.slowlog_get(10))
        entry = next(entry for entry in entries if entry["command"].startswith(b"SET k"))
        assert entry["command"] == b"SET k \xff"
        assert set(entry) == {"id", "start_time", "duration", "command", "client_address", "client_name"}
        assert {type(entry[name]) for name in ("id", "start_time", "duration")} == {int}
        assert b":" in entry["client_address"]
        assert len(await face(lambda r: r.slowlog_get(1))) == 1
        assert await face(lambda r: r.slowlog_len()) >= 1
        assert await face(lambda r: r.slowlog_reset()) is True
        assert await face(lambda r: r.slowlog_get()) == []
    finally:
        await face.client.config_set("slowlog-log-slower-than", 10_000)


async def test_commandlog(face: Face, needs: Needs) -> None:
    needs("COMMANDLOG GET")
    assert await face(lambda r: r.commandlog_reset("large-reply")) is True
    assert await face(lambda r: r.commandlog_get(5, "large-reply")) == []
    assert await face(lambda r: r.commandlog_len("large-reply")) == 0


async def test_commandlog_of_an_entry(own: tuple[RedisServer, Any], needs: Needs) -> None:
    needs("COMMANDLOG GET")
    _, client = own
    await client.config_set("commandlog-request-larger-than", 100)
    await client.set("k", b"\xff" * 200)
    assert await client.commandlog_len("large-request") == 1
    [entry] = await client.commandlog_get(-1, "large-request")
    assert entry["command"].startswith(b"SET k \xff")
    assert entry["duration"] > 200  # bytes
    assert await client.commandlog_reset("large-request") is True
    assert await client.commandlog_get(5, "large-request") == []


async def test_latency(face: Face, text: Text) -> None:
    await face.client.get("k")
    histogram = await face(lambda r: r.latency_histogram("get"))
    assert histogram["get"]["calls"] >= 1
    assert {type(limit) for limit in histogram["get"]["histogram_usec"]} == {int}
    await face.client.latency_reset()
    assert await face(lambda r: r.latency_latest()) == []
    assert await face(lambda r: r.latency_history("command")) == []
    assert await face(lambda r: r.latency_reset("command")) == 0
    assert type(await face(lambda r: r.latency_doctor())) is type(text(""))
    with pytest.raises(ResponseError):
        await face(lambda r: r.latency_graph("command"))


async def test_latency_of_an_event(own: tuple[RedisServer, Any]) -> None:
    _, client = own
    await client.config_set("latency-monitor-threshold", 20)
    await client.execute_command("DEBUG", "SLEEP", "0.05")
    latest = {name: facts for name, *facts in await client.latency_latest()}
    when, _, longest, *_ = latest[b"command"]
    assert longest >= 50
    history = await client.latency_history("command")
    assert longest in [latency for _, latency in history]
    assert history[0][0] <= when
    assert b"command" in await client.latency_graph("command")
    assert await client.latency_reset() >= 1


async def test_memory(face: Face, text: Text) -> None:
    await face.client.set("k", "v")
    assert (await face(lambda r: r.memory_usage("k")) or 0) > 0
    assert (await face(lambda r: r.memory_usage("k", samples=0)) or 0) > 0
    assert await face(lambda r: r.memory_usage("missing")) is None
    stats = await face(lambda r: r.memory_stats())
    assert type(stats["total.allocated"]) is int
    assert type(stats["dataset.percentage"]) is float
    assert set(stats["db.0"]) >= {"overhead.hashtable.main", "overhead.hashtable.expires"}
    assert type(await face(lambda r: r.memory_doctor())) is type(text(""))
    assert type(await face(lambda r: r.memory_malloc_stats())) is type(text(""))
    assert (await face(lambda r: r.memory_help()))[0].startswith("MEMORY")
    assert await face(lambda r: r.memory_purge()) is True


async def test_modules(face: Face) -> None:
    assert isinstance(await face(lambda r: r.module_list()), list)
    for call in (
        lambda r: r.module_load("/nowhere"),
        lambda r: r.module_loadex("/nowhere", ["a", "b"], ["c"]),
        lambda r: r.module_unload("nothing"),
    ):
        with pytest.raises(ResponseError):
            await face(call)


async def test_lastsave(face: Face) -> None:
    saved = await face(lambda r: r.lastsave())
    assert abs((datetime.now() - saved).total_seconds()) < 24 * 3600


async def test_debug_object(own: tuple[RedisServer, Any]) -> None:
    _, client = own
    await client.set("k", "v")
    facts = await client.debug_object("k")
    assert facts["type"] == "Value"
    assert facts["encoding"] == "embstr"
    assert type(facts["serializedlength"]) is type(facts["refcount"]) is int


# -- saving and replication -------------------------------------------------------------------------------------------


async def test_saving(own: tuple[RedisServer, Any]) -> None:
    _, client = own
    assert await client.save() is True
    assert await client.bgsave() is True
    assert await client.bgrewriteaof() is True
    with pytest.raises(ResponseError):
        await client.config_rewrite()  # or it would write to the folder of the tests' server


async def test_replication(own: tuple[RedisServer, Any], server_program: Program) -> None:
    server, client = own
    async with server_program.server() as other, redis_aio.Redis(host=other.host, port=other.port) as replica:
        assert await replica.replicaof(server.host, server.port) == b"OK"
        await eventually(lambda: other.command("ROLE")[3] == b"connected", within=10)  # type: ignore[index]  # a list
        await client.set("k", "v")
        async with client.connection() as writer:
            await writer.set("k", "w")
            assert await writer.wait(1, 5000) == 1
        assert await replica.get("k") == b"w"
        assert await replica.slaveof() is True
        assert await replica.slaveof(server.host, server.port) is True
        assert await replica.replicaof("NO", "ONE") == b"OK"
        assert (await replica.role())[0] == b"master"


async def test_failover(own: tuple[RedisServer, Any], server_program: Program) -> None:
    server, client = own
    config = {"replicaof": f"{server.host} {server.port}"}

    def online() -> bool:
        facts: Any = server.command("INFO", "replication")
        return b"state=online" in facts

    async with server_program.server(config=config) as other:
        await eventually(online, within=20)
        await client.set("k", "v")  # with nothing replicated yet it would not hand over
        assert await client.failover((other.host, other.port), timeout=10_000) is True
        await eventually(lambda: other.command("ROLE")[0] == b"master", within=20)  # type: ignore[index]  # a list
        assert (await client.role())[0] == b"slave"


async def test_failover_without_a_replica(own: tuple[RedisServer, Any]) -> None:
    _, client = own
    with pytest.raises(ResponseError, match="FAILOVER"):
        await client.failover()
    with pytest.raises(ResponseError, match="No failover in progress"):
        await client.failover(abort=True)


# -- shutdown ---------------------------------------------------------------------------------------------------------


async def test_shutdown(own: tuple[RedisServer, Any]) -> None:
    _, client = own
    await client.set("k", "v")
    await client.shutdown(nosave=True, now=True)
    with pytest.raises(redis_aio.ConnectionError):
        await client.get("k")


async def test_a_shutdown_that_fails_says_so(own: tuple[RedisServer, Any]) -> None:
    _, client = own
    with pytest.raises(ResponseError):
        await client.shutdown(abort=True)
    assert await client.ping() is True


def test_an_answered_shutdown_has_failed(recorder: Recorder) -> None:
    parse: Any = recorder.shutdown().reply  # type: ignore[attr-defined]  # the recorder hands the command back
    with pytest.raises(RedisError, match="did not go"):
        parse(b"OK")
    assert parse(None) is None


# -- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.bgsave(schedule=False), "BGSAVE"),
        (lambda r: r.bgsave(), "BGSAVE SCHEDULE"),
        (lambda r: r.bgsave(cancel=True), "BGSAVE CANCEL"),
        (lambda r: r.failover(("h", 1), force=True, timeout=9), "FAILOVER TO h 1 FORCE TIMEOUT 9"),
        (lambda r: r.failover(abort=True), "FAILOVER ABORT"),
        (lambda r: r.debug_object("k"), "DEBUG OBJECT k"),
        (lambda r: r.memory_usage("k", 3), "MEMORY USAGE k SAMPLES 3"),
        (lambda r: r.module_loadex("p", ["a", 1], ["b"]), "MODULE LOADEX p CONFIG a 1 ARGS b"),
        (lambda r: r.command_list(category="read"), "COMMAND LIST FILTERBY ACLCAT read"),
        (
            lambda r: r.hotkeys_start([HotkeysMetricsTypes.CPU, HotkeysMetricsTypes.NET], 5, 60, 100, [1, 2]),
            "HOTKEYS START METRICS 2 CPU NET COUNT 5 DURATION 60 SAMPLE 100 SLOTS 2 1 2",
        ),
        (lambda r: r.hotkeys_get(), "HOTKEYS GET"),
        (lambda r: r.hotkeys_stop(), "HOTKEYS STOP"),
        (lambda r: r.hotkeys_reset(), "HOTKEYS RESET"),
        (lambda r: r.lolwut(5), "LOLWUT VERSION 5"),
        (lambda r: r.slaveof(), "SLAVEOF NO ONE"),
        (lambda r: r.shutdown(), "SHUTDOWN"),
        (lambda r: r.shutdown(True, now=True, force=True), "SHUTDOWN SAVE NOW FORCE"),
        (lambda r: r.shutdown(nosave=True, safe=True, failover=True), "SHUTDOWN NOSAVE SAFE FAILOVER"),
        (lambda r: r.shutdown(abort=True), "SHUTDOWN ABORT"),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Any], Any], words: str) -> None:
    assert " ".join(map(str, built(call))) == words


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.info(None, "memory"), "section must be given"),
        (lambda r: r.config_set("a", 1, "b"), "args must be pairs"),
        (lambda r: r.flushall(True, synchronous=True), "asynchronous and synchronous exclude each other"),
        (lambda r: r.replicaof("h"), "args must be a host and a port"),
        (lambda r: r.slaveof("h"), "host and port must be given together"),
        (lambda r: r.failover(force=True), "force needs to and timeout"),
        (lambda r: r.failover(("h", 1), abort=True), "abort excludes the other options"),
        (lambda r: r.command_list("a", "b"), "module and category exclude each other"),
        (lambda r: r.command_getkeys(), "args must have at least one element"),
        (lambda r: r.memory_usage("k", "5"), "samples must be an int, not str"),
        (lambda r: r.shutdown(save=True, nosave=True), "save and nosave exclude each other"),
        (lambda r: r.hotkeys_start([]), "metrics must have at least one element"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Any], Any], error: str) -> None:
    with pytest.raises(DataError, match=error):
        call(recorder)


# -- replies no server here gives -------------------------------------------------------------------------------------


def test_info_of_lines_seldom_seen() -> None:
    lines = b"# Header\r\na:1\r\nb:1.5\r\nc:1.2.3\r\nd:x=1,y=a.b,z\r\ne:1,x\r\nno colon\r\n"
    lines += b"cmdstat_host::calls=2\r\nmodule:name=bf,ver=1\r\nmodule:name=json,ver=2\r\n"
    assert replies.info(lines) == {
        "a": 1,
        "b": 1.5,
        "c": "1.2.3",
        "d": {"x": 1, "y": "a.b", "z": True},
        "e": [1, "x"],
        "__raw__": ["no colon"],
        "cmdstat_host:": {"calls": 2},
        "modules": [{"name": "bf", "ver": 1}, {"name": "json", "ver": 2}],
    }


def test_a_slow_log_with_complexity() -> None:
    entry = [1, 2, 3, b"4", [b"GET", b"k"], b"host:1", b"name"]
    assert replies.slow_log([entry, [1, 2, 3, [b"GET"]]]) == [
        {
            "id": 1,
            "start_time": 2,
            "duration": 3,
            "complexity": b"4",
            "command": b"GET k",
            "client_address": b"host:1",
            "client_name": b"name",
        },
        {"id": 1, "start_time": 2, "duration": 3, "command": b"GET"},
    ]


def test_hotkeys_in_both_protocols() -> None:
    assert replies.maps([[b"a", 1, b"b", [b"k", 2]]]) == replies.maps([{b"a": 1, b"b": [b"k", 2]}])
    assert replies.maps(None) is None
