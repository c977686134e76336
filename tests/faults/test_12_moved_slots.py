"""Row 12, S5: the server ends a shard subscription by itself when the slot of the channel moves away.

Injected: slots taken from a node of a cluster, and given back, while their channels are subscribed to, given up and
subscribed to again, and while other commands run; an answer to SUNSUBSCRIBE that is an error.

Passing: who subscribed is told, with a gap or, where the slot has moved, with the server's error; nothing that answers
no request shifts a reply; subscriptions of other channels and slots go on.
"""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from redis_aio import Gap, Message, Redis
from redis_aio.exceptions import ClusterDownError, MovedError
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import Nonces, Observer, eventually
from tests.support.scripted import HANG_UP, Answer, Dialogue, Later, ScriptedServer, Step, bulk
from tests.support.server import Program

#: Every slot there is.
ALL = (0, 16_383)


def cluster_node(program: Program) -> RedisServer:
    """Return a node that is a whole cluster, once it has slots; not yet started."""
    return program.server(config={"cluster-enabled": "yes"})


def serves(observer: Observer) -> bool:
    """Tell whether a node thinks that its cluster is complete."""
    return b"cluster_state:ok" in observer.ask("CLUSTER", "INFO")


@pytest.fixture
def node(server_program: Program) -> Iterator[RedisServer]:
    """A cluster of one node, which serves every slot."""
    with cluster_node(server_program) as server:
        server.command("CLUSTER", "ADDSLOTSRANGE", *map(str, ALL))
        # A slot without a node shall concern that slot alone.
        server.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        yield server


@pytest.fixture
async def admin(node: RedisServer) -> Any:
    """A connection beside the client under test."""
    with Observer(node) as observer:
        await eventually(lambda: serves(observer))
        yield observer


@pytest.fixture
def cluster_client(node: RedisServer, make_client: MakeClient, protocol: int) -> "Redis[Any]":
    """A client of the node."""
    return make_client(host=node.host, port=node.port, protocol=protocol)


def take(observer: Observer, channel: str) -> None:
    """Take the slot of a channel away from the node."""
    observer.ask("CLUSTER", "DELSLOTS", observer.ask("CLUSTER", "KEYSLOT", channel))


def give(observer: Observer, channel: str) -> None:
    """Give it back."""
    observer.ask("CLUSTER", "ADDSLOTS", observer.ask("CLUSTER", "KEYSLOT", channel))


async def item_of(messages: Any) -> Any:
    """Return the next item."""
    return await messages.get(timeout=5)


# -- the slot has gone ------------------------------------------------------------------------------------------------


@pytest.mark.one_loop
@pytest.mark.every_server
@pytest.mark.parametrize("how", ["DELSLOTS", "FLUSHSLOTS"])
@pytest.mark.parametrize("overflow", ["drop_oldest", "block"])
async def test_a_slot_that_nobody_serves_is_waited_for(
    cluster_client: "Redis[Any]", admin: Observer, how: str, overflow: Any
) -> None:
    """Who wants others does not wait, and who joins is told."""
    async with (
        cluster_client.subscribe(shard="a", overflow=overflow) as gone,
        cluster_client.subscribe("ordinary") as kept,
    ):
        admin.ask("SPUBLISH", "a", "before")
        if how == "DELSLOTS":
            take(admin, "a")
        else:
            admin.ask("CLUSTER", "FLUSHSLOTS")
        assert (await item_of(gone)).data == b"before"
        if overflow != "block":  # then they share a connection
            assert isinstance(await item_of(kept), Gap)
        admin.ask("PUBLISH", "ordinary", "after")
        assert (await item_of(kept)).data == b"after"
        with pytest.raises(ClusterDownError):
            async with cluster_client.subscribe(shard="a"):
                pytest.fail("it was entered")
        assert gone.stats.buffered == gone.stats.reconnects == 0
        give(admin, "a")
        assert isinstance(await item_of(gone), Gap)
        assert admin.ask("SPUBLISH", "a", "after") == 1
        assert (await item_of(gone)).data == b"after"
        assert (gone.stats.gaps, kept.stats.gaps) == (1, 1 if overflow != "block" else 0)


@pytest.mark.parametrize("how", ["given up", "closed", "lost", "joined"])
async def test_what_happens_while_a_slot_is_waited_for(cluster_client: "Redis[Any]", admin: Observer, how: str) -> None:
    async with cluster_client.subscribe("ordinary", shard="a") as messages:
        take(admin, "a")
        await eventually(lambda: any(waited_for(messages).values()))
        admin.ask("PUBLISH", "ordinary", "1")
        if how == "given up":
            await messages.remove(shard="a")
        elif how == "closed":
            await messages.aclose()
            return  # no task is left
        elif how == "lost":
            admin.ask("CLIENT", "KILL", "TYPE", "pubsub")
            await eventually(lambda: messages.stats.gaps == 2)
            give(admin, "a")
        else:
            give(admin, "a")
            await eventually(lambda: serves(admin))
            async with cluster_client.subscribe(shard="a") as joined:
                admin.ask("SPUBLISH", "a", "joined")
                assert (await item_of(joined)).data == b"joined"
        while isinstance(await item_of(messages), Gap):
            pass
        if how != "given up":
            assert admin.ask("SPUBLISH", "a", "2") == 1
            while isinstance(item := await item_of(messages), Gap) or item.data != b"2":
                pass


def waited_for(messages: Any) -> Any:
    """Return what a subscription waits for."""
    return messages._hub.subscriber.absent


@pytest.mark.one_loop
@pytest.mark.every_server
async def test_moved_to_another_node(
    cluster_client: "Redis[Any]", admin: Observer, node: RedisServer, server_program: Program
) -> None:
    with cluster_node(server_program) as other:
        admin.ask("CLUSTER", "MEET", other.host, other.port)
        with Observer(other) as observer:
            identity = observer.ask("CLUSTER", "MYID")
        await eventually(
            lambda: [
                line
                for line in admin.ask("CLUSTER", "NODES").splitlines()
                if line.startswith(identity) and b"handshake" not in line
            ]
        )
        async with cluster_client.subscribe(shard="a") as messages:
            slot = admin.ask("CLUSTER", "KEYSLOT", "a")
            admin.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", identity)
            admin.ask("SPUBLISH", "a", "migrating")
            assert (await item_of(messages)).data == b"migrating", "until it has moved nothing changes"
            admin.ask("CLUSTER", "SETSLOT", slot, "NODE", identity)
            assert isinstance(await item_of(messages), Gap)
            with pytest.raises(MovedError) as caught:
                await item_of(messages)
            assert caught.value.slot_id == slot
            assert caught.value.node_addr == (other.host, other.port)
        with pytest.raises(MovedError):
            async with cluster_client.subscribe(shard="a"):
                pytest.fail("it was entered")


@pytest.mark.every_server
async def test_given_back_at_once_costs_a_gap(cluster_client: "Redis[Any]", admin: Observer) -> None:
    """The channel is subscribed to again by itself where the node serves it."""
    async with cluster_client.subscribe(shard=["a", "b"]) as messages:
        for number in range(20):
            slot = admin.ask("CLUSTER", "KEYSLOT", "a")
            admin.ask("MULTI")
            admin.ask("CLUSTER", "DELSLOTS", slot)
            admin.ask("CLUSTER", "ADDSLOTS", slot)
            admin.ask("EXEC")
            assert isinstance(await item_of(messages), Gap)
            for channel in "ab":
                assert admin.ask("SPUBLISH", channel, number) == 1
                assert (await item_of(messages)).data == b"%d" % number


async def shown_by(pubsub: Any) -> Any:
    """Return the next message of redis-py's object."""
    async with asyncio.timeout(5):
        while (message := await pubsub.get_message(timeout=1)) is None:
            pass
    return message


async def test_redis_pys_object_is_told_too(cluster_client: "Redis[Any]", admin: Observer) -> None:
    async with cluster_client.pubsub(ignore_subscribe_messages=True, report_gaps=True) as pubsub:
        await pubsub.ssubscribe("a", "b")
        slot = admin.ask("CLUSTER", "KEYSLOT", "a")
        admin.ask("MULTI")
        admin.ask("CLUSTER", "DELSLOTS", slot)
        admin.ask("CLUSTER", "ADDSLOTS", slot)
        admin.ask("EXEC")
        assert (await shown_by(pubsub))["type"] == "gap"
        assert admin.ask("SPUBLISH", "a", "again") == 1
        assert (await shown_by(pubsub))["data"] == b"again"
        take(admin, "a")
        await eventually(lambda: admin.ask("PUBSUB", "SHARDCHANNELS") == [b"b"])
        give(admin, "a")
        assert (await shown_by(pubsub))["type"] == "gap"
        assert admin.ask("SPUBLISH", "a", "given back") == 1
        assert (await shown_by(pubsub))["data"] == b"given back"


# -- what answers no request ------------------------------------------------------------------------------------------


async def test_given_up_in_the_turn_in_which_it_moves(cluster_client: "Redis[Any]", admin: Observer) -> None:
    """The answer to SUNSUBSCRIBE is then another sunsubscribe, or an error."""
    nonces = Nonces()
    async with cluster_client.subscribe("ordinary") as kept:
        for number in range(100):
            messages = cluster_client.subscribe(shard="a")
            await messages.__aenter__()
            leaving = asyncio.ensure_future(messages.remove("nothing", shard="a"))
            take(admin, "a")
            await asyncio.gather(leaving, nonces.echo(cluster_client))
            give(admin, "a")
            if number % 2:
                await messages.add(shard="a")
                await eventually(lambda: admin.ask("SPUBLISH", "a", "x") == 1)
                while isinstance(item := await item_of(messages), Gap):
                    pass
                assert item.data == b"x"
            await messages.aclose()
            admin.ask("PUBLISH", "ordinary", number)
            while isinstance(item := await item_of(kept), Gap) or item.data != b"%d" % number:
                if isinstance(item, Gap):  # it may have been published before everything was restored
                    admin.ask("PUBLISH", "ordinary", number)
    await nonces.settle(cluster_client, 20)


def pushed(kind: bytes, channel: bytes, count: int) -> bytes:
    """Return the push that the server sends of a subscription."""
    return b">3\r\n" + bulk(kind) + bulk(channel) + b":%d\r\n" % count


def dialogue(*answers: Answer, leaves: int = 0) -> Dialogue:
    """Return the dialogue of a connection that subscribes; each answer is for one request and its fence.

    Args:
        answers: in order.
        leaves: which of them is for SUNSUBSCRIBE; 0 for none.
    """
    steps: list[Step] = []
    for number, answer in enumerate(answers, 1):
        steps += [Step("SUNSUBSCRIBE" if number == leaves else "SSUBSCRIBE", b""), Step("PING", answer)]
    return Dialogue(steps=steps)


PONG = bulk(b"redis_aio")
AGREED = pushed(b"ssubscribe", b"a", 1) + PONG
ENDED = pushed(b"sunsubscribe", b"a", 0)
MESSAGE = b">3\r\n" + bulk(b"smessage") + bulk(b"a") + bulk(b"x")


async def test_ended_as_soon_as_it_was_agreed(make_client: MakeClient) -> None:
    """The server's answer and the end of the subscription arrive together."""
    with ScriptedServer(dialogue(AGREED + ENDED), dialogue(AGREED, AGREED + MESSAGE)) as server:
        client = make_client(host=server.host, port=server.port)
        async with client.subscribe(shard="a") as messages:
            assert server.connections == 2, "it was entered before the server had agreed for good"
            item = await item_of(messages)
            assert isinstance(item, Message | Gap)
        assert [request for _, request in server.requests if request[0] == b"SSUBSCRIBE"] == [[b"SSUBSCRIBE", b"a"]] * 3


async def test_ended_while_everything_is_restored(make_client: MakeClient) -> None:
    other = AGREED.replace(b"$1\r\na", b"$1\r\nb")
    lost = threading.Event()
    with ScriptedServer(
        dialogue(AGREED, (other, Later(lost, HANG_UP))),
        dialogue(AGREED + ENDED, other),
        dialogue(AGREED, other + MESSAGE),
    ) as server:
        client = make_client(host=server.host, port=server.port)
        async with client.subscribe(shard=["a", "b"]) as messages:
            lost.set()
            assert isinstance(await item_of(messages), Gap)
            assert server.connections == 3
            assert (await item_of(messages)).data == b"x"
            assert messages.stats.gaps == 1, "the same loss was told twice"


@pytest.mark.parametrize("classic", [False, True])
async def test_an_answer_that_was_an_error_is_not_waited_for(make_client: MakeClient, classic: bool) -> None:
    """Otherwise the end of a later subscription would be taken for it."""
    later = threading.Event()
    busy = b"-BUSY Redis is busy running a script.\r\n" + PONG
    agreed = AGREED.replace(b"$1\r\na", b"$1\r\nb")
    with ScriptedServer(
        dialogue(agreed, AGREED, busy, (AGREED, Later(later, ENDED)), leaves=3),
        dialogue(agreed, AGREED + MESSAGE, AGREED),
    ) as server:
        client = make_client(host=server.host, port=server.port)
        if classic:
            async with client.pubsub(ignore_subscribe_messages=True, report_gaps=True) as pubsub:
                await pubsub.ssubscribe("b")
                await pubsub.ssubscribe("a")
                await pubsub.sunsubscribe("a")
                await pubsub.ssubscribe("a")
                later.set()
                assert (await shown_by(pubsub))["type"] == "gap"
                assert (await shown_by(pubsub))["data"] == b"x"
        else:
            async with client.subscribe(shard="b") as messages:
                await messages.add(shard="a")
                await messages.remove(shard="a")
                await messages.add(shard="a")
                later.set()
                assert isinstance(await item_of(messages), Gap)
                assert (await item_of(messages)).data == b"x"
        assert server.connections == 2
