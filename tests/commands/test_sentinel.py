"""The sentinel commands against a real sentinel that watches the test server as the service "m"."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis.asyncio

from redis_aio import DataError, ResponseError
from redis_aio._replies import sentinel as replies
from redis_aio.testing import RedisServer
from redis_aio.testing.wire import Wire
from tests.commands.calls_admin import SENTINEL
from tests.commands.conftest import FACES, Built, Face, Recorder
from tests.commands.test_same_as_redis_py import outcome, shape
from tests.conftest import MakeClient
from tests.support.oracles import eventually
from tests.support.sentinel import running_sentinel
from tests.support.server import Program

pytestmark = pytest.mark.one_loop


@pytest.fixture(scope="module")
def sentinel(server_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path of a sentinel's Unix socket."""
    with running_sentinel(server_program, tmp_path_factory.mktemp("s")) as path:
        yield path


@pytest.fixture
def wire(sentinel: str, server: RedisServer) -> Iterator[Wire]:
    """A connection to the sentinel, which watches the service "m" and nothing else."""
    with Wire(sentinel, 5.0) as wire:
        wire.call("SENTINEL", "MONITOR", "m", server.host, server.port, 1)
        yield wire
        wire.call("SENTINEL", "REMOVE", "m")


@pytest.fixture(params=FACES)
async def watcher(request: pytest.FixtureRequest, wire: Wire, sentinel: str, make_client: MakeClient) -> Face:
    """A face of a client of the sentinel; it has no transactions."""
    kind, protocol, decode = request.param
    if kind == "transaction":
        pytest.skip("a sentinel has no transactions")
    client = make_client(unix_socket_path=sentinel, protocol=protocol, decode_responses=decode)
    return Face(kind, protocol, decode, client)


@pytest.fixture
async def client(wire: Wire, sentinel: str, make_client: MakeClient) -> Any:
    """A client of the sentinel."""
    return make_client(unix_socket_path=sentinel)


# -- what it knows ----------------------------------------------------------------------------------------------------


async def test_the_state_of_a_service(watcher: Face, server: RedisServer) -> None:
    state = await watcher(lambda r: r.sentinel_master("m"))
    assert (state["name"], state["ip"], state["port"]) == ("m", server.host, server.port)
    assert (state["is_master"], state["is_slave"], state["is_odown"]) == (True, False, False)
    assert state["quorum"] == 1
    masters = await watcher(lambda r: r.sentinel_masters())
    assert masters.keys() == {"m"}
    assert masters["m"].keys() == state.keys()
    with pytest.raises(ResponseError, match="No such master"):
        await watcher(lambda r: r.sentinel_master("nobody"))


async def test_the_address_of_a_service(watcher: Face, server: RedisServer) -> None:
    host = server.host if watcher.decode else server.host.encode()
    assert await watcher(lambda r: r.sentinel_get_master_addr_by_name("m")) == (host, server.port)
    assert await watcher(lambda r: r.sentinel_get_master_addr_by_name("nobody")) is None


async def test_the_names_of_valkey(watcher: Face, server: RedisServer) -> None:
    if server.flavour != "valkey":
        pytest.skip("a Redis sentinel says master")
    host = server.host if watcher.decode else server.host.encode()
    assert await watcher(lambda r: r.sentinel_get_primary_addr_by_name("m")) == (host, server.port)
    assert (await watcher(lambda r: r.sentinel_primary("m")))["port"] == server.port
    assert (await watcher(lambda r: r.sentinel_primaries())).keys() == {"m"}


async def test_others(watcher: Face) -> None:
    assert await watcher(lambda r: r.sentinel_slaves("m")) == []
    assert await watcher(lambda r: r.sentinel_replicas("m")) == []
    assert await watcher(lambda r: r.sentinel_sentinels("m")) == []
    assert await watcher(lambda r: r.sentinel_pending_scripts()) == []
    assert len(await watcher(lambda r: r.sentinel_myid())) == 40
    cache = await watcher(lambda r: r.sentinel_info_cache("m"))
    [(age, text)] = cache["m"]
    assert type(age) is int
    assert text is None or "redis_version" in text


async def test_the_quorum(client: Any, wire: Wire) -> None:
    def connected() -> bool:
        state: Any = wire.call("SENTINEL", "MASTER", "m")
        return b"master" in state  # no longer "master,disconnected"

    await eventually(connected, within=10)
    assert await client.sentinel_ckquorum("m") is True
    await client.sentinel_set("m", "quorum", 2)
    with pytest.raises(ResponseError, match="NOQUORUM"):
        await client.sentinel_ckquorum("m")


async def test_replicas(client: Any, wire: Wire, server_program: Program, server: RedisServer) -> None:
    def online() -> bool:
        facts: Any = server.command("INFO", "replication")
        return b"state=online" in facts

    def asked() -> bool:
        replicas: Any = wire.call("SENTINEL", "REPLICAS", "m")
        return replicas != [] and str(server.port).encode() in replicas[0]

    with server_program.server(config={"replicaof": f"{server.host} {server.port}"}) as other:
        await eventually(online, within=10)
        wire.call("SENTINEL", "REMOVE", "m")  # the next one asks at once
        wire.call("SENTINEL", "MONITOR", "m", server.host, server.port, 1)
        await eventually(asked, within=30)
        [replica] = await client.sentinel_replicas("m")
        assert (replica["port"], replica["is_slave"], replica["master-port"]) == (other.port, True, server.port)


# -- changing it ------------------------------------------------------------------------------------------------------


async def test_watching(watcher: Face, wire: Wire) -> None:
    wire.call("SENTINEL", "REMOVE", "m")
    assert await watcher(lambda r: r.sentinel_monitor("m", "127.0.0.1", 1, 1)) is True
    assert await watcher(lambda r: r.sentinel_set("m", "quorum", 5, "down-after-milliseconds", 1234)) is True
    assert (await watcher(lambda r: r.sentinel_master("m")))["down-after-milliseconds"] == 1234
    assert await watcher(lambda r: r.sentinel_reset("m*")) is True
    assert await watcher(lambda r: r.sentinel_reset("x*")) is False
    assert await watcher(lambda r: r.sentinel_remove("m")) is True
    with pytest.raises(ResponseError):
        await watcher(lambda r: r.sentinel_remove("m"))
    wire.call("SENTINEL", "MONITOR", "m", "127.0.0.1", 1, 1)  # for the fixture to remove


async def test_its_own_settings(watcher: Face) -> None:
    assert await watcher(lambda r: r.sentinel_config_set("announce-port", 7)) is True
    assert await watcher(lambda r: r.sentinel_config_get("announce-p*")) == {"announce-port": "7"}
    assert await watcher(lambda r: r.sentinel_config_set("announce-port", 0)) is True
    assert await watcher(lambda r: r.sentinel_flushconfig()) is True
    periods = await watcher(lambda r: r.sentinel_debug())
    assert isinstance(periods, dict)
    assert periods["PING-PERIOD"] == 1000
    assert await watcher(lambda r: r.sentinel_debug("PING-PERIOD", 1000)) is True
    assert "crash-after-election" in str(await watcher(lambda r: r.sentinel_simulate_failure("help")))


async def test_a_failover_without_replicas(watcher: Face) -> None:
    with pytest.raises(ResponseError, match="NOGOODSLAVE"):
        await watcher(lambda r: r.sentinel_failover("m"))


# -- as redis-py ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decode", [False, True])
async def test_same_as_redis_py(decode: bool, wire: Wire, sentinel: str, make_client: MakeClient) -> None:
    [case] = SENTINEL

    def view(value: Any) -> Any:
        return value if isinstance(value, tuple | bool | None) else shape(value)  # times change

    older: dict[str, Any] = {"protocol": 2}
    for options in (older, {}):
        async with redis.asyncio.Redis(unix_socket_path=sentinel, decode_responses=decode, **options) as theirs:
            expected = [await outcome(theirs, call, view) for call in case.calls]
        for protocol in (2, 3):
            ours = make_client(unix_socket_path=sentinel, decode_responses=decode, protocol=protocol)
            assert [await outcome(ours, call, view) for call in case.calls] == expected


async def test_what_redis_py_always_calls_false(client: Any, wire: Wire, sentinel: str) -> None:
    """It takes any answer but "OK" for a failure, and these two have another one."""
    async with redis.asyncio.Redis(unix_socket_path=sentinel) as theirs:
        assert await theirs.sentinel_reset("m") is False
    assert await client.sentinel_reset("m") is True
    assert replies.all_is_well(b"OK 1 usable Sentinels. Quorum can be reached") is True


# -- what is sent, and what is not ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.sentinel_failover("m", coordinated=True), "SENTINEL FAILOVER m COORDINATED"),
        (lambda r: r.sentinel_set("m", "a", 1, "b", 2), "SENTINEL SET m a 1 b 2"),
        (lambda r: r.sentinel_info_cache("m", "n"), "SENTINEL INFO-CACHE m n"),
        (lambda r: r.sentinel_config_get("a", "b"), "SENTINEL CONFIG GET a b"),
        (lambda r: r.sentinel_config_set("a", 1, "b", 2), "SENTINEL CONFIG SET a 1 b 2"),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Any], Any], words: str) -> None:
    assert " ".join(map(str, built(call))) == words


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.sentinel_config_get(), "patterns must have at least one element"),
        (lambda r: r.sentinel_config_set("a", 1, "b"), "args must be pairs"),
        (lambda r: r.sentinel_debug("a"), "args must be pairs"),
        (lambda r: r.sentinel_info_cache(), "service_names must have at least one element"),
        (lambda r: r.sentinel_simulate_failure(), "modes must have at least one element"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Any], Any], error: str) -> None:
    with pytest.raises(DataError, match=error):
        call(recorder)
