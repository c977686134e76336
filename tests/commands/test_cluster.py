"""The cluster commands against a node that is a cluster of its own, with the slots 0 to 100."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis.asyncio

import redis_aio
from redis_aio import DataError, ResponseError
from redis_aio._replies import cluster as replies
from redis_aio.testing import RedisServer
from tests.commands.calls_admin import CLUSTER, CLUSTER_STATEFUL
from tests.commands.calls_collections import Case
from tests.commands.conftest import FACES, Built, Face, Needs, Recorder, Text
from tests.commands.test_same_as_redis_py import outcomes
from tests.conftest import MakeClient
from tests.support.oracles import eventually
from tests.support.server import Program

pytestmark = pytest.mark.one_loop

DECODE = pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
#: A slot that the node has, and a key in it.
SLOT, KEY = 48, "key-13316"


@pytest.fixture(scope="module")
def node(server_program: Program) -> Iterator[RedisServer]:
    """A node that is alone."""
    config = {"cluster-enabled": "yes", "cluster-require-full-coverage": "no"}
    with server_program.server(config=config) as server:
        server.command("CLUSTER", "ADDSLOTSRANGE", 0, 100)
        yield server


@pytest.fixture
async def works(node: RedisServer) -> None:
    """Wait until the node accepts keys, which it does not in its first seconds."""
    await eventually(lambda: "cluster_state:ok" in str(node.command("CLUSTER", "INFO")), within=10)


@pytest.fixture(params=FACES)
async def member(request: pytest.FixtureRequest, node: RedisServer, make_client: MakeClient) -> Face:
    """A face of a client of the node."""
    kind, protocol, decode = request.param
    client = make_client(host=node.host, port=node.port, protocol=protocol, decode_responses=decode)
    return Face(kind, protocol, decode, client)


@pytest.fixture
def text(member: Face) -> Text:
    """Strings as the face delivers them."""
    return lambda value: value if member.decode else value.encode()


def myself(node: RedisServer) -> str:
    number = node.command("CLUSTER", "MYID")
    assert isinstance(number, bytes)
    return number.decode()


# -- what the node knows ----------------------------------------------------------------------------------------------


async def test_the_state(member: Face, node: RedisServer) -> None:
    info = await member(lambda r: r.cluster_info())
    assert info["cluster_slots_assigned"] == "101"
    assert await member(lambda r: r.cluster_myid()) == myself(node)
    assert await member(lambda r: r.cluster_links()) == []
    assert await member(lambda r: r.cluster_count_failure_report(myself(node))) == 0


async def test_nodes(member: Face, node: RedisServer) -> None:
    nodes = await member(lambda r: r.cluster_nodes())
    [(address, facts)] = nodes.items()
    assert address.endswith(f":{node.port}")
    assert (facts["node_id"], facts["flags"], facts["slots"]) == (myself(node), "myself,master", [["0", "100"]])
    assert (facts["connected"], facts["master_id"], facts["migrations"]) == (True, "-", [])
    assert await member(lambda r: r.cluster_replicas(myself(node))) == {}
    assert await member(lambda r: r.cluster_slaves(myself(node))) == {}
    with pytest.raises(ResponseError, match="Unknown node"):
        await member(lambda r: r.cluster_replicas("x"))


async def test_slots_and_shards(member: Face, node: RedisServer, text: Text) -> None:
    slots = await member(lambda r: r.cluster_slots())
    assert slots == {(0, 100): {"primary": ("", node.port), "replicas": []}}
    [shard] = await member(lambda r: r.cluster_shards())
    assert shard["slots"] == [(0, 100)]
    assert (shard["nodes"][0]["role"], shard["nodes"][0]["port"]) == (text("master"), node.port)


async def test_the_shard(member: Face, needs: Needs) -> None:
    needs("CLUSTER MYSHARDID")
    assert len(await member(lambda r: r.cluster_myshardid())) == 40


async def test_another_server_is_no_node(face: Face) -> None:
    with pytest.raises(ResponseError, match="cluster support disabled"):
        await face(lambda r: r.cluster_info())


# -- keys and slots ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("works")
async def test_keys_of_a_slot(member: Face) -> None:
    await member.client.flushall()
    assert await member(lambda r: r.cluster_keyslot(KEY)) == SLOT
    assert await member(lambda r: r.cluster_countkeysinslot(SLOT)) == 0
    await member.client.set(KEY, "v")
    assert await member(lambda r: r.cluster_countkeysinslot(SLOT)) == 1
    assert await member(lambda r: r.cluster_get_keys_in_slot(SLOT, 5)) == [KEY]


@pytest.fixture
def every_slot(node: RedisServer) -> Iterator[None]:
    """Give the node the other slots too: the cursor that CLUSTERSCAN begins with is in one, as if it was a key."""
    node.command("CLUSTER", "ADDSLOTSRANGE", 101, 16_383)
    yield
    node.command("CLUSTER", "DELSLOTSRANGE", 101, 16_383)


@pytest.mark.usefixtures("works", "every_slot")
async def test_clusterscan(member: Face, needs: Needs, text: Text) -> None:
    needs("CLUSTERSCAN")
    await member.client.flushall()
    await member.client.set(KEY, "v")
    found: list[Any] = []
    cursor = "0"
    while True:
        cursor, keys = await member(
            lambda r, at=cursor: r.clusterscan(at, match="key*", count=100, _type="string", slot=SLOT)  # type: ignore[misc]  # the type of a default is not inferred
        )
        found += keys
        if cursor == "0":
            break
    assert found == [text(KEY)]


async def test_statistics(member: Face, needs: Needs) -> None:
    needs("CLUSTER SLOT-STATS")
    some = await member(lambda r: r.cluster_slot_stats(3, 5))
    assert list(some) == [3, 4, 5]
    assert some[3]["key-count"] == 0
    ordered = await member(lambda r: r.cluster_slot_stats(orderby="key-count", limit=7, desc=True))
    assert len(ordered) == 7


# -- changing it ------------------------------------------------------------------------------------------------------


async def test_giving_slots(member: Face) -> None:
    assert await member(lambda r: r.cluster_addslots(200, 201)) is True
    with pytest.raises(ResponseError, match="already busy"):
        await member(lambda r: r.cluster_addslots(200))
    assert await member(lambda r: r.cluster_addslotsrange(210, 220, 230, 231)) is True
    assert (await member.client.cluster_info())["cluster_slots_assigned"] == "116"
    assert await member(lambda r: r.cluster_delslots(200, 201)) is True
    assert await member(lambda r: r.cluster_delslotsrange(210, 220, 230, 231)) is True
    assert await member(lambda r: r.cluster_setslot_stable(1)) is True
    with pytest.raises(ResponseError):
        await member(lambda r: r.cluster_setslot("x" * 40, 1, "migrating"))
    assert await member(lambda r: r.cluster_save_config()) is True


async def test_what_a_lone_primary_cannot(member: Face) -> None:
    for call in (
        lambda r: r.cluster_failover(),
        lambda r: r.cluster_failover("takeover"),
        lambda r: r.cluster_forget("x" * 40),
        lambda r: r.cluster_replicate("x" * 40),
        lambda r: r.cluster_meet("nowhere", 1),
    ):
        with pytest.raises(ResponseError):
            await member(call)


async def test_flushing_a_slot(member: Face, needs: Needs) -> None:
    needs("CLUSTER FLUSHSLOT")
    assert await member(lambda r: r.cluster_flushslot(SLOT)) is True
    assert await member(lambda r: r.cluster_flushslot(SLOT, "SYNC")) is True


async def test_moves_of_slots(member: Face, needs: Needs) -> None:
    needs("CLUSTER MIGRATESLOTS")
    assert await member(lambda r: r.cluster_getslotmigrations()) == []
    with pytest.raises(ResponseError):
        await member(lambda r: r.cluster_migrateslots(([(0, 1)], "x" * 40)))
    with pytest.raises(ResponseError, match="No migrations"):
        await member(lambda r: r.cluster_cancelslotmigrations())


async def test_becoming_another_node(server_program: Program) -> None:
    with server_program.server(config={"cluster-enabled": "yes"}) as server:
        async with redis_aio.Redis(host=server.host, port=server.port) as client:
            assert await client.cluster_set_config_epoch(7) is True
            assert (await client.cluster_bumpepoch()).split()[0] in ("BUMPED", "STILL")
            assert await client.cluster_addslots(1) is True
            assert await client.cluster_flushslots() is True
            before = await client.cluster_myid()
            assert await client.cluster_reset() is True
            assert await client.cluster_myid() == before
            assert await client.cluster_reset(soft=False) is True
            assert await client.cluster_myid() != before


async def test_a_node_meets_another(server_program: Program, node: RedisServer) -> None:
    with server_program.server(config={"cluster-enabled": "yes"}) as server:
        async with redis_aio.Redis(host=server.host, port=server.port) as client:
            assert await client.cluster_meet(node.host, node.port) is True
            await eventually(lambda: len(str(server.command("CLUSTER", "LINKS"))) > 10, within=10)
            [first, *_] = await client.cluster_links()
            assert first["direction"] in (b"to", b"from")
            other = myself(server)
            await eventually(lambda: other in str(node.command("CLUSTER", "NODES")), within=10)
            assert await client.cluster_forget(myself(node)) is True
    node.command("CLUSTER", "FORGET", other)


# -- this connection --------------------------------------------------------------------------------------------------


async def test_shared_connections_are_never_readonly(client: Any) -> None:
    for call in (client.readonly, client.readwrite):
        with pytest.raises(DataError, match="changes the state of its connection"):
            await call()


async def test_readonly_of_a_node(node: RedisServer, make_client: MakeClient) -> None:
    async with make_client(host=node.host, port=node.port).connection() as connection:
        assert await connection.readonly() is True
        assert await connection.readwrite() is True


# -- as redis-py ------------------------------------------------------------------------------------------------------


@DECODE
@pytest.mark.parametrize("case", CLUSTER, ids=[case.name for case in CLUSTER])
async def test_same_as_redis_py(case: Case, decode: bool, node: RedisServer, make_client: MakeClient) -> None:
    where: dict[str, Any] = {"host": node.host, "port": node.port, "decode_responses": decode}
    for protocol in (2, 3):
        async with redis.asyncio.Redis(**where, protocol=protocol) as theirs:
            expected = await outcomes(theirs, node, case)
        assert await outcomes(make_client(**where, protocol=protocol), node, case) == expected


@DECODE
@pytest.mark.parametrize("case", CLUSTER_STATEFUL, ids=[case.name for case in CLUSTER_STATEFUL])
async def test_same_on_a_connection(case: Case, decode: bool, node: RedisServer, make_client: MakeClient) -> None:
    where: dict[str, Any] = {"host": node.host, "port": node.port, "decode_responses": decode}
    async with redis.asyncio.Redis(**where, single_connection_client=True) as theirs:
        expected = await outcomes(theirs, node, case)
    async with make_client(**where).connection() as ours:
        assert await outcomes(ours, node, case) == expected


async def test_the_generic_form_of_what_is_not_parsed(node: RedisServer, make_client: MakeClient) -> None:
    client = make_client(host=node.host, port=node.port, protocol=2)
    [[first, last, [_, port, *_]]] = await client.cluster("slots")
    assert (first, last, port) == (0, 100, node.port)
    with pytest.raises(ResponseError, match="unknown subcommand"):
        await client.cluster("nosuch", "x")


# -- what is sent, and what is not ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.cluster("addslots", 1, 2), "CLUSTER ADDSLOTS 1 2"),
        (lambda r: r.cluster("new-one", 1), "CLUSTER NEW-ONE 1"),
        (lambda r: r.cluster_failover("force"), "CLUSTER FAILOVER FORCE"),
        (lambda r: r.cluster_meet("h", 1, cluster_bus_port=2), "CLUSTER MEET h 1 2"),
        (lambda r: r.cluster_replicate(None), "CLUSTER REPLICATE NO ONE"),
        (lambda r: r.cluster_reset(False), "CLUSTER RESET HARD"),
        (lambda r: r.cluster_setslot("n", 5, "importing", timeout=9), "CLUSTER SETSLOT 5 IMPORTING n TIMEOUT 9"),
        (
            lambda r: r.cluster_migrateslots(([(0, 9), (20, 29)], "a"), ([(10, 19)], "b")),
            "CLUSTER MIGRATESLOTS SLOTSRANGE 0 9 20 29 NODE a SLOTSRANGE 10 19 NODE b",
        ),
        (lambda r: r.cluster_migration_import(0, 9, 20, 29), "CLUSTER MIGRATION IMPORT 0 9 20 29"),
        (lambda r: r.cluster_migration_cancel("t"), "CLUSTER MIGRATION CANCEL ID t"),
        (lambda r: r.cluster_migration_cancel(all=True), "CLUSTER MIGRATION CANCEL ALL"),
        (lambda r: r.cluster_migration_status(), "CLUSTER MIGRATION STATUS ALL"),
        (lambda r: r.cluster_migration_status("t"), "CLUSTER MIGRATION STATUS ID t"),
        (lambda r: r.cluster_slot_stats(orderby="m", desc=False), "CLUSTER SLOT-STATS ORDERBY m ASC"),
        (lambda r: r.clusterscan("1-{x}-2", slot=3), "CLUSTERSCAN 1-{x}-2 SLOT 3"),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Any], Any], words: str) -> None:
    assert " ".join(map(str, built(call))) == words


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.cluster(5), "cluster_arg must be a str, not int"),
        (lambda r: r.cluster_addslots(), "slots must have at least one element"),
        (lambda r: r.cluster_addslotsrange(1, 2, 3), "slots must be pairs"),
        (lambda r: r.cluster_failover("soft"), "option must be one of FORCE, TAKEOVER"),
        (lambda r: r.cluster_flushslot(1, "now"), "mode must be one of ASYNC, SYNC"),
        (lambda r: r.cluster_setslot("n", 1, "stable"), "for STABLE there is cluster_setslot_stable"),
        (lambda r: r.cluster_setslot("n", 1, "gone"), "state must be one of IMPORTING, MIGRATING, NODE"),
        (lambda r: r.cluster_slot_stats(1), "give start and end, or orderby"),
        (lambda r: r.cluster_slot_stats(1, 2, limit=3), "give start and end, or orderby"),
        (lambda r: r.cluster_slot_stats(1, 2, orderby="m"), "start and end exclude orderby"),
        (lambda r: r.cluster_migrateslots(), "moves must have at least one element"),
        (lambda r: r.cluster_migrateslots(([], "a")), "the ranges of a move must have at least one element"),
        (lambda r: r.cluster_migration_cancel(), "give task_id or all"),
        (lambda r: r.cluster_migration_cancel("t", all=True), "give task_id or all"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Any], Any], error: str) -> None:
    with pytest.raises(DataError, match=error):
        call(recorder)


# -- replies no server here gives -------------------------------------------------------------------------------------


def test_slots_on_their_way() -> None:
    number = "a" * 40
    assert replies.nodes(
        f"{number} 10.0.0.1:7000@17000,host,x=y master - 0 0 1 connected 5 7-9 [5->-{number}] [6-<-{number}]"
    ) == {
        "10.0.0.1:7000": {
            "node_id": number,
            "hostname": "host",
            "flags": "master",
            "master_id": "-",
            "last_ping_sent": "0",
            "last_pong_rcvd": "0",
            "epoch": "1",
            "slots": [["5"], ["7", "9"]],
            "migrations": [
                {"slot": "5", "node_id": number, "state": "migrating"},
                {"slot": "6", "node_id": number, "state": "importing"},
            ],
            "connected": True,
        }
    }


def test_slots_with_replicas_in_both_protocols() -> None:
    for host, extra in ((b"h", []), ("h", {})):
        reply = [[0, 9, [host, 1, b"id", extra], [host, 2, b"id", extra]], [10, 19, [None, 3, b"id", extra]]]
        assert replies.slots(reply) == {
            (0, 9): {"primary": ("h", 1), "replicas": [("h", 2)]},
            (10, 19): {"primary": ("", 3), "replicas": []},
        }


def test_links_of_the_generic_form_are_flat_in_both_protocols() -> None:
    link = {b"direction": b"to", b"events": b"rw"}
    flat = [[b"direction", b"to", b"events", b"rw"]]
    assert replies.flat_lists([link]) == replies.flat_lists(flat) == flat
