"""Subscriptions on a live server: what arrives, what is shared, what goes wrong, and how they end."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from redis_aio import Gap, KeyspaceEvent, Message, Redis
from redis_aio._execution import hub
from redis_aio.exceptions import (
    ClientClosedError,
    ConnectionError,
    DataError,
    NoPermissionError,
    PoolTimeoutError,
    PubSubError,
    TimeoutError,
)
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import eventually
from tests.support.server import Program


def pubsub_clients(server: RedisServer) -> int:
    """Return how many connections subscribe."""
    listed = server.command("CLIENT", "LIST", "TYPE", "pubsub")
    assert isinstance(listed, bytes)
    return listed.count(b"id=")


async def data(messages: Any, count: int) -> list[Any]:
    """Return the data of the next messages."""
    return [(await messages.get(timeout=5)).data for _ in range(count)]


# -- what arrives -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
@pytest.mark.parametrize("overflow", ["drop_oldest", "block"])
async def test_messages_of_channels_patterns_and_shards(
    make_client: MakeClient, protocol: int, decode: bool, overflow: Any
) -> None:
    client = make_client(protocol=protocol, decode_responses=decode)
    async with client.subscribe("a", b"b", pattern=["n.*", b"m.?"], shard="s", overflow=overflow) as messages:
        await client.publish("a", "1")
        await client.publish("b", "2")
        await client.publish("n.x", "3")
        await client.publish("m.y", "4")
        await client.spublish("s", "5")
        got = [await messages.get(timeout=5) for _ in range(5)]
        shown = [(m.kind, m.channel, m.pattern, m.data) for m in got if isinstance(m, Message)]

    def text(value: str | None) -> Any:
        return value if decode or value is None else value.encode()

    assert shown == [
        (kind, text(channel), text(pattern), text(value))
        for kind, channel, pattern, value in [
            ("message", "a", None, "1"),
            ("message", "b", None, "2"),
            ("pmessage", "n.x", "n.*", "3"),
            ("pmessage", "m.y", "m.?", "4"),
            ("smessage", "s", None, "5"),
        ]
    ]
    assert messages.stats.delivered == messages.stats.received == 5
    assert client.pubsub_stats().delivered == 5


@pytest.mark.parametrize("channels", ["a", "aa", "ab", "aab", "aba", "abba", "abab", "axb", "xax", "aaxbbaa"])
async def test_a_burst_keeps_its_order_whatever_its_channels(
    client: Redis[bytes], make_client: MakeClient, channels: str
) -> None:
    """They come in one write; of what was left, here ``x``, nothing is delivered."""
    async with client.subscribe("a", "b", "x") as both, client.subscribe("b") as one:
        await both.remove("x")
        async with make_client().pipeline(transaction=True) as pipe:
            for number, channel in enumerate(channels):
                pipe.publish(channel, str(number))
            await pipe.execute()
        for messages, wanted in ((both, "ab"), (one, "b")):
            expected = [
                (channel.encode(), b"%d" % number) for number, channel in enumerate(channels) if channel in wanted
            ]
            got = [await messages.get(timeout=1) for _ in expected]
            assert [(m.kind, m.channel, m.pattern, m.data) for m in got if isinstance(m, Message)] == [
                ("message", channel, None, value) for channel, value in expected
            ]
            with pytest.raises(TimeoutError):
                await messages.get(timeout=0)


async def test_iteration_ends_with_the_subscription(client: Redis[bytes]) -> None:
    got = []
    async with client.subscribe("c") as messages:
        await client.publish("c", "1")
        await client.publish("c", "end")
        async for message in messages:
            match message:
                case Message(data=b"end"):
                    await messages.aclose()
                case Message(data=value):
                    got.append(value)
                case Gap():
                    pytest.fail("nothing was lost")
    assert got == [b"1"]
    with pytest.raises(PubSubError, match="closed"):
        await messages.get()
    with pytest.raises(PubSubError, match="closed"):
        await messages.add("d")


async def test_a_reader_that_waits_is_told_of_the_end(client: Redis[bytes]) -> None:
    async with client.subscribe("c") as messages:
        reader = asyncio.ensure_future(messages.get())
        iterator = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0)
        await messages.aclose()
        with pytest.raises(PubSubError):
            await reader
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(_raised_in(iterator), 1)


async def _raised_in(future: Any) -> None:
    await asyncio.wait([future])
    error = future.exception()
    assert error is not None
    raise error


async def test_what_is_published_after_entering_is_received(client: Redis[bytes]) -> None:
    for number in range(100):
        async with client.subscribe(f"c{number % 3}") as messages:
            await client.publish(f"c{number % 3}", number)
            assert await data(messages, 1) == [b"%d" % number]


async def test_names_that_are_no_text(make_client: MakeClient, protocol: int) -> None:
    client = make_client(protocol=protocol, decode_responses=True)
    name = b"\xff\x00 {a}"
    async with client.subscribe(name, memoryview(b"view")) as messages:
        await client.publish(name, b"\xfe")
        await client.publish("view", "x")
        odd, plain = await messages.get(timeout=5), await messages.get(timeout=5)
        assert isinstance(odd, Message)
        assert isinstance(plain, Message)
        assert (odd.channel, odd.data) == (name, b"\xfe")
        assert (plain.channel, plain.data) == ("view", "x")


async def test_a_timeout_of_its_own(client: Redis[bytes]) -> None:
    async with client.subscribe("c") as messages:
        with pytest.raises(TimeoutError):
            await messages.get(timeout=0.02)
        with pytest.raises(TimeoutError):
            await messages.get(timeout=0)
        await client.publish("c", "x")
        assert await data(messages, 1) == [b"x"]


async def test_repr_shows_no_contents(client: Redis[bytes]) -> None:
    async with client.subscribe("secret-channel") as messages:
        await client.publish("secret-channel", "secret-data")
        message = await messages.get(timeout=5)
        assert "secret" not in repr(message) + repr(messages)
        assert "1 received" in repr(messages)


# -- before anything is sent ------------------------------------------------------------------------------------------


async def test_bad_arguments_are_refused_before_a_byte_is_written(client: Redis[bytes]) -> None:
    with pytest.raises(DataError):
        async with client.subscribe():
            pass
    for bad in (1, None, 1.5, object()):
        with pytest.raises(DataError, match="name of a channel"):
            client.subscribe(bad)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(DataError):
        client.subscribe("\ud800")
    with pytest.raises(ValueError, match="overflow"):
        client.subscribe("c", overflow="wait")  # type: ignore[arg-type]  # that is the point
    for number in (0, 1.5, "9", None):
        with pytest.raises(ValueError, match="buffer"):
            client.subscribe("c", buffer=number)  # type: ignore[arg-type]  # that is the point
    wrong: list[dict[str, Any]] = [{"pattern": 5}, {"pattern": None}, {"pattern": ["k"]}, {"pattern": "\ud800"}]
    wrong += [{"db": -1}, {"db": 1.5}, {"db": True}, {"db": "x"}, {"events": [b"set"]}, {"events": b"set"}]
    for options in wrong:
        with pytest.raises(DataError, match="|".join([*options, "name of a channel cannot"])):
            client.keyspace_events(**options)
    messages = client.subscribe("c")
    with pytest.raises(PubSubError, match="enter"):
        await messages.get()
    assert client.pool_stats().dials == 0


@pytest.mark.parametrize("cancel", [False, True])
@pytest.mark.parametrize("overflow", ["drop_oldest", "block"])
async def test_closed_while_it_is_entered(
    client: Redis[bytes], server: RedisServer, overflow: Any, cancel: bool
) -> None:
    async with client.subscribe("kept") as kept:
        messages = client.subscribe("c", overflow=overflow)
        entering = asyncio.ensure_future(messages.__aenter__())
        await asyncio.sleep(0)
        await messages.aclose()
        if cancel:
            entering.cancel()
        with pytest.raises(asyncio.CancelledError if cancel else PubSubError):
            await entering
        await eventually(lambda: server.command("PUBSUB", "NUMSUB", "c") == [b"c", 0])
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        assert isinstance(await kept.get(timeout=5), Gap)
        assert server.command("PUBSUB", "CHANNELS", "*") == [b"kept"]
    await eventually(lambda: pubsub_clients(server) == 0)


async def test_entered_once(client: Redis[bytes]) -> None:
    async with client.subscribe("c") as messages:
        with pytest.raises(PubSubError, match="once"):
            await messages.__aenter__()


# -- who may not ------------------------------------------------------------------------------------------------------


@pytest.fixture
def restricted(server: RedisServer) -> Any:
    """A user who may subscribe to ``allowed*`` alone, and may not even PING."""
    server.command("ACL", "SETUSER", "r", "on", ">pw", "&allowed*", "+@all", "-ping")
    yield {"username": "r", "password": "pw"}
    server.command("ACL", "DELUSER", "r")


async def test_the_servers_error_is_raised_on_entering(
    make_client: MakeClient, restricted: dict[str, str], protocol: int
) -> None:
    client = make_client(**restricted, protocol=protocol)
    admin = make_client()
    async with client.subscribe("allowed:1") as kept:
        for names in ({"pattern": "*"}, {"shard": "forbidden"}):
            with pytest.raises(NoPermissionError):
                async with client.subscribe(**names):  # type: ignore[arg-type]  # one name each
                    pytest.fail("it was entered")
        with pytest.raises(NoPermissionError):
            async with client.subscribe("allowed:1", "forbidden", "allowed:2"):
                pytest.fail("it was entered")
        with pytest.raises(NoPermissionError):
            await kept.add("allowed:3", "forbidden")
        assert await admin.pubsub_numsub("allowed:2", "allowed:3", "forbidden") == [
            (b"allowed:2", 0),
            (b"allowed:3", 0),
            (b"forbidden", 0),
        ]
        await kept.add("allowed:3")
        await admin.publish("allowed:1", "x")
        await admin.publish("allowed:3", "y")
        assert await data(kept, 2) == [b"x", b"y"]


async def test_who_joins_is_not_refused_for_what_another_wanted(
    make_client: MakeClient, restricted: dict[str, str]
) -> None:
    client = make_client(**restricted)
    refused = client.subscribe("allowed", "forbidden")
    joined = client.subscribe("allowed")
    results = await asyncio.gather(refused.__aenter__(), joined.__aenter__(), return_exceptions=True)
    assert isinstance(results[0], NoPermissionError)
    assert results[1] is joined
    await make_client().publish("allowed", "x")
    assert await data(joined, 1) == [b"x"]
    await joined.aclose()


async def test_who_adds_what_is_being_added_waits_for_the_answer(
    make_client: MakeClient, restricted: dict[str, str]
) -> None:
    async with make_client(**restricted).subscribe("allowed") as messages:
        results = await asyncio.gather(*(messages.add("forbidden") for _ in range(2)), return_exceptions=True)
        assert [type(result) for result in results] == [NoPermissionError] * 2
        first, second = (asyncio.ensure_future(messages.add("allowed:2")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await second
        await make_client().publish("allowed:2", "x")
        assert await data(messages, 1) == [b"x"]


async def test_a_server_that_is_not_there(make_client: MakeClient) -> None:
    client = make_client(port=1, max_retries=1)
    for overflow in ("drop_oldest", "block"):
        with pytest.raises(ConnectionError):
            async with client.subscribe("c", overflow=overflow):
                pass
    assert client.pool_stats().in_use == 0


# -- one connection for many ------------------------------------------------------------------------------------------


async def test_many_subscriptions_share_one_connection(
    client: Redis[bytes], server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LINGER", 0.05)
    subscriptions = [client.subscribe("room", f"own:{number}") for number in range(100)]
    await asyncio.gather(*(messages.__aenter__() for messages in subscriptions))
    assert pubsub_clients(server) == 1
    assert await client.publish("room", "to all") == 1
    assert await client.publish("own:7", "to one") == 1
    assert await data(subscriptions[7], 2) == [b"to all", b"to one"]
    for number, messages in enumerate(subscriptions):
        if number != 7:
            assert await data(messages, 1) == [b"to all"]
            assert messages.stats.buffered == 0
    for messages in subscriptions[1:]:
        await messages.aclose()
    await client.publish("room", "to the last")
    assert await data(subscriptions[0], 1) == [b"to the last"]
    assert dict(await client.pubsub_numsub("room", "own:0", "own:1")) == {b"room": 1, b"own:0": 1, b"own:1": 0}
    await subscriptions[0].aclose()
    await eventually(lambda: pubsub_clients(server) == 0)
    assert client.pubsub_stats().delivered == 102


async def test_left_and_entered_again_at_once(client: Redis[bytes], server: RedisServer) -> None:
    for number in range(50):
        async with client.subscribe("c", shard="s") as messages:
            await client.publish("c", number)
            assert await data(messages, 1) == [b"%d" % number]
    assert client.pubsub_stats().reconnects == 0
    assert pubsub_clients(server) == 1


async def test_adding_and_removing(client: Redis[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LINGER", 0.01)
    async with client.subscribe("a") as messages, client.subscribe("a", "b") as other:
        await messages.add("b", pattern="n.*", shard="s")
        await messages.remove("a")
        for channel in ("a", "b", "n.1"):
            await client.publish(channel, channel)
        await client.spublish("s", "s")
        assert await data(messages, 3) == [b"b", b"n.1", b"s"]
        assert await data(other, 2) == [b"a", b"b"]
        await messages.remove("b", "never there", pattern="n.*", shard="s")
        await other.aclose()
        await asyncio.sleep(0.03)  # longer than an unused connection would be kept
        await messages.add("c")
        await client.publish("c", "c")
        assert await data(messages, 1) == [b"c"]


async def test_block_has_a_connection_of_its_own(client: Redis[bytes], server: RedisServer) -> None:
    async with client.subscribe("c", overflow="block", buffer=5) as slow, client.subscribe("c") as fast:
        assert pubsub_clients(server) == 2
        for number in range(100):
            await client.publish("c", number)
        assert await data(fast, 100) == [b"%d" % number for number in range(100)]
        adding = asyncio.ensure_future(slow.add("d"))  # while it does not read
        await asyncio.wait_for(adding, 2)
        assert await data(slow, 100) == [b"%d" % number for number in range(100)]
    await eventually(lambda: pubsub_clients(server) <= 1)


async def test_a_gap_takes_no_room_from_messages(client: Redis[bytes], server: RedisServer) -> None:
    async with client.subscribe("c", overflow="error", buffer=2) as messages:
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        await eventually(lambda: messages.stats.reconnects == 1)
        for number in range(2):
            server.command("PUBLISH", "c", str(number))
        await eventually(lambda: messages.stats.received == 2)
        assert isinstance(await messages.get(timeout=5), Gap)
        assert await data(messages, 2) == [b"0", b"1"]
        for number in range(3):
            server.command("PUBLISH", "c", str(number))
        await eventually(lambda: messages.stats.dropped == 1)
        assert await data(messages, 2) == [b"0", b"1"]
        with pytest.raises(PubSubError, match="full"):
            await messages.get(timeout=5)


async def test_nothing_comes_behind_the_error_of_a_full_buffer(client: Redis[bytes], server: RedisServer) -> None:
    async with client.subscribe("c", overflow="error", buffer=1) as messages, client.subscribe("c") as neighbour:
        await client.publish("c", "1")
        await client.publish("c", "2")
        assert await data(neighbour, 2) == [b"1", b"2"]
        assert await data(messages, 1) == [b"1"]
        with pytest.raises(PubSubError):
            await messages.get(timeout=1)
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        assert isinstance(await neighbour.get(timeout=5), Gap)
        with pytest.raises(PubSubError):
            await messages.get(timeout=1)
        assert messages.stats.gaps == 0


async def test_a_burst_does_not_overflow_a_reader_that_keeps_up(client: Redis[bytes]) -> None:
    """What the kernel holds is handed over in parts, so that readers have their turn in between."""
    count = 40_000
    async with client.subscribe("c", buffer=3_000) as messages:
        seen = 0

        async def read() -> None:
            nonlocal seen
            async for message in messages:
                assert isinstance(message, Message)
                assert int(message.data) == seen
                seen += 1
                if seen == count:
                    return

        reader = asyncio.ensure_future(read())
        pipe = client.pipeline(transaction=False)
        for number in range(count):
            pipe.publish("c", b"%064d" % number)
        await pipe.execute()
        await asyncio.wait_for(reader, 30)


# -- the pool ---------------------------------------------------------------------------------------------------------


async def test_connections_are_leases_and_are_not_used_again(client: Redis[bytes], server: RedisServer) -> None:
    async with client.subscribe("c", overflow="block"):
        assert client.pool_stats().in_use >= 1
        await client.ping()
        assert client.pool_stats().in_use == 2
    assert client.pool_stats().idle == 0
    await eventually(lambda: pubsub_clients(server) == 0)


async def test_a_full_pool_says_so(make_client: MakeClient) -> None:
    client = make_client(pool_size=2, pool_timeout=0.05)
    async with client.subscribe("c", overflow="block"):
        with pytest.raises(PoolTimeoutError):
            async with client.subscribe("c", overflow="block"):
                pass
        await client.ping()
    async with client.subscribe("c", overflow="block"):
        pass


async def test_undelivered_messages_do_not_reach_the_next_subscriber(make_client: MakeClient, protocol: int) -> None:
    client = make_client(protocol=protocol, pool_size=2)
    publisher = make_client()
    async with client.subscribe("old"):
        pipe = publisher.pipeline(transaction=False)
        for number in range(10_000):
            pipe.publish("old", number)
        await pipe.execute()
    async with client.subscribe("new") as messages:
        await publisher.publish("new", "x")
        assert await data(messages, 1) == [b"x"]
        assert messages.stats.received == 1
    assert await client.ping()


# -- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overflow", ["drop_oldest", "block"])
async def test_closing_the_client_ends_its_readers(client: Redis[bytes], overflow: Any) -> None:
    async with client.subscribe("c", overflow=overflow) as messages:
        readers = [asyncio.ensure_future(_raised_by_iteration(messages)) for _ in range(3)]
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await client.aclose()
        assert loop.time() - before < 1
        for reader in readers:
            assert isinstance(await reader, ClientClosedError)
        with pytest.raises(ClientClosedError):
            await messages.get()
    with pytest.raises(ClientClosedError):
        async with client.subscribe("c"):
            pass


async def _raised_by_iteration(messages: Any) -> BaseException:
    try:
        async for _ in messages:
            pass
    except Exception as error:
        return error
    raise AssertionError("the iteration ended without an error")


async def test_closed_while_it_reconnects(make_client: MakeClient, server_program: Program) -> None:
    with server_program.server() as server:
        client = make_client(host=server.host, port=server.port)
        async with client.subscribe("c") as messages:
            server.kill()
            await eventually(lambda: client.pool_stats().failed_dials > 0)
            await client.aclose()
            assert isinstance(await messages.get(), Gap)
            with pytest.raises(ClientClosedError):
                await messages.get()


async def test_level_cancellation(client: Redis[bytes], server: RedisServer) -> None:
    for overflow in ("drop_oldest", "block"):
        with anyio.move_on_after(0.05) as scope:
            async with client.subscribe("c", overflow=overflow) as messages:
                async for _ in messages:
                    pass
        assert scope.cancelled_caught
    assert dict(await client.pubsub_numsub("c")) == {b"c": 0}


def test_a_loop_that_ends_before_the_client(server: RedisServer) -> None:
    async def leave_open(client: "Redis[bytes]") -> Any:
        messages = client.subscribe("c")
        await messages.__aenter__()
        await client.publish("c", "x")
        assert await data(messages, 1) == [b"x"]
        return messages

    client: Redis[bytes] = Redis(host=server.host, port=server.port)
    asyncio.run(leave_open(client))

    async def again() -> None:
        async with client.subscribe("c") as messages:
            await client.publish("c", "y")
            assert await data(messages, 1) == [b"y"]
        await client.aclose()

    asyncio.run(again())


@pytest.mark.one_loop
async def test_a_forked_child_has_none_of_it(client: Redis[bytes]) -> None:
    async with client.subscribe("c") as messages:
        pid = os.fork()
        if pid == 0:
            error = messages._open().error
            os._exit(7 if isinstance(error, ClientClosedError) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7  # noqa: ASYNC222  # it ends at once
        await client.publish("c", "x")
        assert await data(messages, 1) == [b"x"]


# -- keyspace notifications -------------------------------------------------------------------------------------------


@pytest.fixture
def notifying(server: RedisServer) -> Any:
    """The server sends all notifications."""
    server.command("CONFIG", "SET", "notify-keyspace-events", "KEA")
    yield
    server.command("CONFIG", "SET", "notify-keyspace-events", "")


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
async def test_keyspace_events(make_client: MakeClient, notifying: None, protocol: int, decode: bool) -> None:
    client = make_client(protocol=protocol, decode_responses=decode, db=3)
    user = "user:1" if decode else b"user:1"
    async with client.keyspace_events("user:*") as events:
        await client.set("other", "x")
        await client.set("user:1", "x")
        await client.delete("user:1")
        got = [await events.get(timeout=5) for _ in range(2)]
        assert [(e.key, e.event, e.db) for e in got if isinstance(e, KeyspaceEvent)] == [
            (user, "set", 3),
            (user, "del", 3),
        ]


async def test_keyspace_events_in_another_encoding(make_client: MakeClient, notifying: None) -> None:
    client = make_client(encoding="latin-1", decode_responses=True)
    async with client.keyspace_events("é*") as events:
        await client.set("é1", "x")
        event = await events.get(timeout=5)
        assert isinstance(event, KeyspaceEvent)
        assert event.key == "é1"


async def test_keyspace_events_of_some_kinds(client: Redis[bytes], notifying: None) -> None:
    async with (
        client.keyspace_events(events=("del", "expired")) as all_keys,
        client.keyspace_events("k*", events="expired", db="*") as some_keys,
    ):
        await client.set(b"k\xff:1", "x", px=1)
        await client.set("k2", "x")
        await client.delete("k2")
        seen = {(e.event, e.key) async for e in _first(all_keys, 2)}
        assert seen == {("expired", b"k\xff:1"), ("del", b"k2")}
        event = await some_keys.get(timeout=5)
        assert isinstance(event, KeyspaceEvent)
        assert (event.key, event.event, event.db) == (b"k\xff:1", "expired", 0)


async def _first(events: Any, count: int) -> AsyncIterator[Any]:
    for _ in range(count):
        yield await events.get(timeout=5)


async def test_keyspace_events_tell_of_gaps(client: Redis[bytes], notifying: None, server: RedisServer) -> None:
    async with client.keyspace_events() as events:
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        assert isinstance(await events.get(timeout=5), Gap)
        await client.set("k", "x")
        assert isinstance(await anext(events), KeyspaceEvent)
        assert events.stats.gaps == 1


@pytest.mark.parametrize(
    ("flags", "arguments", "missing"),
    [
        ("", {}, "?K"),
        ("E", {}, "?K"),
        ("Ex", {"events": "expired"}, None),
        ("Eg", {"events": "expired"}, "x"),
        ("Kx", {"events": "expired"}, "E"),
        ("KA", {"events": ("expired", "del"), "pattern": "k*"}, None),
        ("KA", {"events": "keymiss", "pattern": "k*"}, "m"),
        ("Kg", {}, None),
    ],
)
async def test_what_the_server_does_not_send_is_said(
    client: Redis[bytes], server: RedisServer, notifying: None, flags: str, arguments: Any, missing: str | None
) -> None:
    server.command("CONFIG", "SET", "notify-keyspace-events", flags)
    if missing is None:
        async with client.keyspace_events(**arguments):
            pass
    else:
        with pytest.raises(PubSubError) as caught:
            async with client.keyspace_events(**arguments):
                pass
        assert repr(missing) in str(caught.value)


async def test_who_may_not_see_the_configuration_is_not_refused(
    make_client: MakeClient, server: RedisServer, notifying: None
) -> None:
    server.command("ACL", "SETUSER", "k", "on", ">pw", "allkeys", "allchannels", "+@all", "-config")
    try:
        client = make_client(username="k", password="pw")
        assert await client.notify_keyspace_events() is None
        async with client.keyspace_events() as events:
            await client.set("k", "x")
            assert isinstance(await events.get(timeout=5), KeyspaceEvent)
    finally:
        server.command("ACL", "DELUSER", "k")


async def test_unclosed_is_warned_of_and_let_go(make_client: MakeClient, server: RedisServer) -> None:
    client = make_client()
    async with client.subscribe("kept"):
        messages = client.subscribe("dropped")
        await messages.__aenter__()
        assert await client.pubsub_numsub("dropped") == [(b"dropped", 1)]
        with pytest.warns(ResourceWarning, match="unclosed <Messages: open"):
            del messages
        async with asyncio.timeout(5):
            while await client.pubsub_numsub("dropped") != [(b"dropped", 0)]:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.002)
