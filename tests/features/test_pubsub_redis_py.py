"""``client.pubsub()`` does what redis-py's does: the same dialogues give the same messages, through both."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import redis.asyncio

from redis_aio import AuthenticationError, ClientClosedError, NoPermissionError, PubSubError
from redis_aio._execution.mailbox import Gap
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import eventually

pytestmark = pytest.mark.one_loop

#: Talks to a PubSub; ``publish`` publishes, and returns when the message is there.
Dialogue = Callable[[Any, Any], Awaitable[Any]]


async def until(pubsub: Any, count: int, **options: Any) -> list[Any]:
    """Return the next messages; ``None`` is skipped."""
    found: list[Any] = []
    async with asyncio.timeout(5):
        while len(found) < count:  # no event tells
            message = await pubsub.get_message(timeout=1.0, **options)
            if message is not None:
                found.append(message)
    return found


async def _channels(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe("a", "b")
    got = await until(pubsub, 2)
    await publish("a", "1")
    await publish("b", "2")
    return [got, await until(pubsub, 2), dict(pubsub.channels), pubsub.subscribed]


async def _patterns(pubsub: Any, publish: Any) -> Any:
    await pubsub.psubscribe("n.*", b"m.*")
    await publish("n.1", "x")
    return [await until(pubsub, 3), set(pubsub.patterns)]


async def _shards(pubsub: Any, publish: Any) -> Any:
    await pubsub.ssubscribe("s")
    await publish("s", "x", "SPUBLISH")
    got = await until(pubsub, 2)
    await pubsub.sunsubscribe("s")
    return [got, await until(pubsub, 1), dict(pubsub.shard_channels), pubsub.subscribed]


async def _lists_and_twice(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe(["a", "b"], "c")
    await pubsub.subscribe("a")
    return await until(pubsub, 4)


async def _unsubscribing(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe("a", "b")
    await pubsub.psubscribe("p*")
    await pubsub.unsubscribe("a")
    got: list[Any] = [await until(pubsub, 4), set(pubsub.channels), pubsub.subscribed]
    await pubsub.unsubscribe()
    got += [await until(pubsub, 1), set(pubsub.channels), pubsub.subscribed]
    await pubsub.punsubscribe()
    got += [await until(pubsub, 1), pubsub.subscribed]
    await pubsub.subscribe("a")
    return [*got, await until(pubsub, 1), pubsub.subscribed]


async def _unsubscribed_from_nothing(pubsub: Any, publish: Any) -> Any:
    await pubsub.unsubscribe()
    return [await until(pubsub, 1), pubsub.subscribed]


async def _ignoring(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe("a")
    first = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1.0)
    pubsub.ignore_subscribe_messages = True
    await pubsub.subscribe("b")
    second = await pubsub.get_message(timeout=1.0)
    await publish("b", "x")
    return [first, second, await until(pubsub, 1)]


async def _handlers(pubsub: Any, publish: Any) -> Any:
    handled: list[Any] = []

    async def later(message: Any) -> None:
        await asyncio.sleep(0)
        handled.append(("later", message))

    await pubsub.subscribe("plain", a=handled.append, b=later)
    await pubsub.psubscribe(**{"n.*": handled.append})
    await until(pubsub, 4)
    for channel in ("a", "b", "n.1", "plain"):
        await publish(channel, channel)
    return [await until(pubsub, 1), handled, set(pubsub.channels)]


async def _subscription_objects(pubsub: Any, publish: Any) -> Any:
    handled: list[Any] = []
    await pubsub.subscribe(redis.asyncio.Subscription(b"a", handled.append), redis.asyncio.Subscription("b"), "c")
    await until(pubsub, 3)
    for channel in ("a", "b", "c"):
        await publish(channel, channel)
    return [await until(pubsub, 2), handled]


async def _pinging(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe("a")
    await until(pubsub, 1)
    await pubsub.ping()
    first = await until(pubsub, 1)
    await pubsub.ping("hello")
    return [first, await until(pubsub, 1)]


async def _listening(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe("a")
    await publish("a", "1")
    await publish("a", "stop")
    got = []
    async for message in pubsub.listen():
        got.append(message)
        if message["data"] in (b"stop", "stop"):
            await pubsub.unsubscribe()
    return [got, pubsub.subscribed]


async def _nothing_there(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe("a")
    await until(pubsub, 1)
    return [await pubsub.get_message(), await pubsub.get_message(timeout=0.02)]


async def _binary(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe(b"\x00\r\n", "ä")
    await publish(b"\x00\r\n", "é")
    return [await until(pubsub, 3), set(pubsub.channels)]


async def _raising_handler(pubsub: Any, publish: Any) -> Any:
    def fail(message: Any) -> None:
        raise LookupError(message["channel"])

    await pubsub.subscribe("b", a=fail)
    await until(pubsub, 2)
    await publish("a", "x")
    await publish("b", "y")
    try:
        await until(pubsub, 1)
    except LookupError as error:
        return [error.args, await until(pubsub, 1)]
    return "it was not raised"


async def _running(pubsub: Any, publish: Any) -> Any:
    handled: list[Any] = []
    raised: list[Any] = []

    def handle(message: Any) -> None:
        handled.append(message)
        if message["data"] in (b"bad", "bad"):
            raise LookupError

    async def note(error: BaseException, who: Any) -> None:
        raised.append((type(error), who is pubsub))

    await pubsub.subscribe(a=handle)
    task = asyncio.ensure_future(pubsub.run(exception_handler=note, poll_timeout=0.1))
    for data in ("1", "bad", "2"):
        await publish("a", data)
    async with asyncio.timeout(5):
        while len(handled) < 3:  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.wait([task])
    return [handled, raised, task.cancelled()]


async def _run_without_handler(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe("a")
    try:
        await pubsub.run()
    except Exception as error:
        return type(error).__name__


async def _before_anything(pubsub: Any, publish: Any) -> Any:
    try:
        await pubsub.get_message()
    except Exception as error:
        return type(error).__name__


async def _closed_and_used_again(pubsub: Any, publish: Any) -> Any:
    await pubsub.subscribe("a")
    await pubsub.aclose()
    state = [dict(pubsub.channels), pubsub.subscribed]
    await pubsub.subscribe("b")
    return [*state, await until(pubsub, 1)]


async def _restored(pubsub: Any, publish: Any) -> Any:
    """Killed: the answers to the subscriptions come once more, and then the messages."""
    await pubsub.subscribe("a")
    await pubsub.psubscribe("p*")
    await until(pubsub, 2)
    await publish.kill()
    again = asyncio.ensure_future(until(pubsub, 2))
    got = await again
    await publish("a", "x")
    return [got, await until(pubsub, 1)]


DIALOGUES = [
    value for name, value in sorted(globals().items()) if name.startswith("_") and asyncio.iscoroutinefunction(value)
]


class Publisher:
    """Publishes, when somebody subscribes to what it publishes to."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server

    async def __call__(self, channel: Any, data: str, command: str = "PUBLISH") -> None:
        async with asyncio.timeout(5):
            while not self.server.command(command, channel, data.encode()):  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.002)

    async def kill(self) -> None:
        assert self.server.command("CLIENT", "KILL", "TYPE", "pubsub") == 1


@pytest.fixture
async def theirs(server: RedisServer, protocol: int, decode: bool) -> AsyncIterator[Any]:
    client: Any = redis.asyncio.Redis(host=server.host, port=server.port, protocol=protocol, decode_responses=decode)
    yield client
    await client.aclose()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:redis")
@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.__name__.strip("_"))
async def test_same_as_redis_py(
    make_client: MakeClient, server: RedisServer, theirs: Any, protocol: int, decode: bool, dialogue: Dialogue
) -> None:
    if (dialogue, protocol, decode) == (_pinging, 3, True):
        pytest.skip("redis-py 8.1 takes the text PONG for a message, letter by letter")
    publish = Publisher(server)
    async with theirs.pubsub() as pubsub:
        expected = await dialogue(pubsub, publish)
    async with asyncio.timeout(5):
        while b"id=" in server.command("CLIENT", "LIST", "TYPE", "pubsub"):  # type: ignore[operator]  # bytes  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.002)
    client = make_client(protocol=protocol, decode_responses=decode)
    async with client.pubsub() as pubsub:
        assert await dialogue(pubsub, publish) == expected


# -- where it is better, on purpose -----------------------------------------------------------------------------------


async def test_subscribe_raises_the_servers_error(make_client: MakeClient, server: RedisServer, protocol: int) -> None:
    server.command("ACL", "SETUSER", "p", "on", ">pw", "&allowed", "+@all")
    try:
        client = make_client(protocol=protocol, username="p", password="pw")
        async with client.pubsub() as pubsub:
            with pytest.raises(NoPermissionError):
                await pubsub.subscribe("forbidden")
            assert not pubsub.subscribed
            await pubsub.subscribe("allowed")
            await make_client().publish("allowed", "x")
            assert [message["type"] for message in await until(pubsub, 2)] == ["subscribe", "message"]
    finally:
        server.command("ACL", "DELUSER", "p")


async def test_a_name_that_is_refused_while_it_is_restored_costs_the_others_nothing(
    make_client: MakeClient, server: RedisServer, protocol: int
) -> None:
    server.command("ACL", "SETUSER", "p", "on", ">pw", "allchannels", "+@all")
    try:
        client = make_client(protocol=protocol, username="p", password="pw")
        async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe("kept", "refused", "again")
            await pubsub.psubscribe("refused*")
            server.command("ACL", "SETUSER", "p", "resetchannels", "&kept")  # and the connection is closed
            stats = client.pubsub_stats
            await eventually(lambda: stats().reconnects == 1)
            server.command("ACL", "SETUSER", "p", "&again")
            await pubsub.subscribe("again")
            for _ in range(3):
                with pytest.raises(NoPermissionError):
                    await until(pubsub, 1)
            assert pubsub.channels.keys() == {b"kept", b"again"}
            assert not pubsub.patterns
            for name in (b"kept", b"again"):
                assert server.command("PUBLISH", name, "x") == 1
                (message,) = await until(pubsub, 1)
                assert (message["channel"], message["data"]) == (name, b"x")
    finally:
        server.command("ACL", "DELUSER", "p")


async def test_gaps_are_reported_where_they_are_asked_for(make_client: MakeClient, server: RedisServer) -> None:
    client = make_client()
    async with client.pubsub(ignore_subscribe_messages=True, report_gaps=True) as pubsub:
        await pubsub.subscribe("a")
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        (message,) = await until(pubsub, 1)
        assert message["type"] == "gap"
        assert isinstance(message["data"], Gap)
    assert client.pubsub_stats().gaps == 1


async def test_reading_and_subscribing_at_the_same_time(make_client: MakeClient) -> None:
    client = make_client()
    async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe("c0")
        got = []

        async def read() -> None:
            async for message in pubsub.listen():
                got.append(message["data"])

        reader = asyncio.ensure_future(read())
        for number in range(1, 50):
            await pubsub.subscribe(f"c{number}")
            await client.publish(f"c{number}", number)
            await pubsub.unsubscribe(f"c{number}")
        async with asyncio.timeout(5):
            while len(got) < 49:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.002)
        await pubsub.unsubscribe()
        await asyncio.wait_for(reader, 5)
        assert got == [b"%d" % number for number in range(1, 50)]


async def test_a_handler_may_subscribe(make_client: MakeClient) -> None:
    client = make_client()
    async with client.pubsub(ignore_subscribe_messages=True) as pubsub:

        async def more(message: Any) -> None:
            await pubsub.subscribe("b")

        await pubsub.subscribe(a=more)
        await client.publish("a", "x")
        async with asyncio.timeout(5):
            while not await client.publish("b", "y"):
                await pubsub.get_message(timeout=0.1)
        assert [message["data"] for message in await until(pubsub, 1)] == [b"y"]


async def test_a_slow_handler_delays_nobody_elses(make_client: MakeClient) -> None:
    client = make_client()
    stuck, entered, got = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(message: Any) -> None:
        entered.set()
        await stuck.wait()

    async with client.pubsub() as one, client.pubsub() as other, client.subscribe("c") as messages:
        await one.subscribe(c=slow)
        await other.subscribe(c=lambda message: got.set())
        running = [asyncio.ensure_future(each.run()) for each in (one, other)]
        await client.publish("c", "x")
        async with asyncio.timeout(5):
            await entered.wait()
            await got.wait()
            await messages.get()
            assert await client.ping()
        for task in running:
            task.cancel()
        await asyncio.wait(running)


async def test_closing_the_client_ends_it(make_client: MakeClient) -> None:
    client = make_client()
    pubsub = client.pubsub()
    await pubsub.subscribe("a")
    await until(pubsub, 1)
    waiting = asyncio.ensure_future(pubsub.get_message(timeout=None))
    running = asyncio.ensure_future(_run(pubsub))
    await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(ClientClosedError):
        await waiting
    with pytest.raises((ClientClosedError, PubSubError)):
        await running
    with pytest.raises(ClientClosedError):
        await pubsub.subscribe("b")


async def _run(pubsub: Any) -> None:
    while True:
        await pubsub.get_message(timeout=1.0)


async def test_back_pressure(make_client: MakeClient, server: RedisServer) -> None:
    client = make_client()
    async with client.pubsub(ignore_subscribe_messages=True, buffer=10) as pubsub:
        await pubsub.subscribe("a")
        for number in range(500):
            await client.publish("a", number)
        assert client.pubsub_stats().buffered < 500
        got = [message["data"] for message in await until(pubsub, 500)]
        assert got == [b"%d" % number for number in range(500)]
    assert client.pubsub_stats().dropped == 0


async def test_unclosed_is_warned_of_and_let_go(make_client: MakeClient, server: RedisServer) -> None:
    client = make_client()
    pubsub = client.pubsub()
    await pubsub.subscribe("a")
    with pytest.warns(ResourceWarning, match="unclosed <PubSub: 1 channels"):
        del pubsub
    async with asyncio.timeout(5):
        while b"id=" in server.command("CLIENT", "LIST", "TYPE", "pubsub"):  # type: ignore[operator]  # bytes  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.002)


async def test_resp3_pushes_go_through_the_push_handler(make_client: MakeClient, server: RedisServer) -> None:
    pushes: list[Any] = []

    async def note(push: list[Any]) -> list[Any]:
        pushes.append(list(push))
        return push

    for client in (make_client(), redis.asyncio.Redis(host=server.host, port=server.port, protocol=3)):
        async with client.pubsub(push_handler_func=note) as pubsub:
            await pubsub.psubscribe("p*")
            await client.publish("p1", "x")
            got = await until(pubsub, 2)
            assert [message["type"] for message in got] == ["psubscribe", "pmessage"]
        await client.aclose()
    assert pushes[:2] == pushes[2:] == [[b"psubscribe", b"p*", 1], [b"pmessage", b"p*", b"p1", b"x"]]


# -- given up ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ticks", range(6))
async def test_subscribing_again_is_given_up_before_the_answer_to_unsubscribing_was_read(
    make_client: MakeClient, server: RedisServer, ticks: int
) -> None:
    pubsub = make_client().pubsub()
    await pubsub.subscribe("a", "kept")
    await until(pubsub, 2)
    await pubsub.unsubscribe("a")
    task = asyncio.ensure_future(pubsub.subscribe("a"))
    for _ in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await pubsub.unsubscribe("kept")
    while pubsub.channels.keys() & {b"kept"}:  # the answers before it have been read then
        await until(pubsub, 1)
    channels = [] if task.cancelled() else [b"a"]
    assert list(pubsub.channels) == channels
    assert server.command("PUBSUB", "CHANNELS", "a") == channels
    await pubsub.aclose()


async def test_closed_while_it_subscribes_again(make_client: MakeClient) -> None:
    pubsub = make_client().pubsub()
    await pubsub.subscribe("a")
    subscribing = asyncio.ensure_future(pubsub.subscribe("a"))
    await asyncio.sleep(0)
    await pubsub.aclose()
    with pytest.raises(PubSubError):
        await subscribing
    assert not pubsub.subscribed


async def test_what_could_not_be_restored_is_tried_again(make_client: MakeClient, server: RedisServer) -> None:
    server.command("ACL", "SETUSER", "p", "on", ">pw", "allchannels", "+@all")
    pubsub = make_client(username="p", password="pw").pubsub()
    await pubsub.subscribe("a")
    await until(pubsub, 1)
    server.command("ACL", "DELUSER", "p")  # and the connection is closed
    with pytest.raises(AuthenticationError):
        await pubsub.get_message(timeout=5)
    server.command("ACL", "SETUSER", "p", "on", ">pw", "allchannels", "+@all")
    subscribing = asyncio.ensure_future(pubsub.subscribe("b"))
    await asyncio.sleep(0)
    subscribing.cancel()
    await asyncio.wait([subscribing])
    await pubsub.subscribe("b")
    assert server.command("PUBSUB", "NUMSUB", "a", "b") == [b"a", 1, b"b", 1]
    await pubsub.aclose()
    server.command("ACL", "DELUSER", "p")


async def test_unsubscribing_is_given_up_and_the_connection_lost(make_client: MakeClient, server: RedisServer) -> None:
    pubsub = make_client().pubsub()
    await pubsub.subscribe("a")
    await until(pubsub, 1)
    unsubscribing = asyncio.ensure_future(pubsub.unsubscribe("a"))
    await asyncio.sleep(0)
    unsubscribing.cancel()
    assert pubsub._inbox is not None
    assert pubsub._inbox.subscriber.connection is not None
    pubsub._inbox.subscriber.connection.close("by the test")
    assert (await until(pubsub, 1))[0]["type"] == "unsubscribe"
    assert not pubsub.subscribed
    await pubsub.aclose()


@pytest.mark.parametrize("connected", [False, True])
async def test_unsubscribing_from_what_is_being_subscribed_to(
    make_client: MakeClient, server: RedisServer, connected: bool
) -> None:
    pubsub = make_client().pubsub()
    if connected:
        await pubsub.connect()
    subscribing = asyncio.ensure_future(pubsub.subscribe("a"))
    await asyncio.sleep(0)
    await pubsub.unsubscribe("a")
    await subscribing
    await pubsub.subscribe("b")
    await until(pubsub, 3)
    assert list(pubsub.channels) == [b"b"]
    assert server.command("PUBSUB", "CHANNELS", "*") == [b"b"]
    server.command("CLIENT", "KILL", "TYPE", "pubsub")
    await eventually(lambda: server.command("PUBSUB", "CHANNELS", "*") == [b"b"])
    await pubsub.aclose()


@pytest.mark.parametrize("ticks", range(6))
async def test_subscribing_to_the_same_is_given_up_by_one_of_two(
    make_client: MakeClient, server: RedisServer, ticks: int
) -> None:
    pubsub = make_client().pubsub(ignore_subscribe_messages=True)
    first, second = Recorder(), Recorder()
    giving_up = asyncio.ensure_future(pubsub.subscribe(a=first))
    staying = asyncio.ensure_future(pubsub.subscribe(a=second))
    for _ in range(ticks):
        await asyncio.sleep(0)
    giving_up.cancel()
    await staying
    assert pubsub.channels == {b"a": second}
    assert server.command("PUBLISH", "a", "x") == 1
    await eventually_read(pubsub, second)
    assert not first
    await pubsub.aclose()


class Recorder(list[Any]):
    """A handler that keeps what it was given."""

    def __call__(self, message: Any) -> None:
        """Keep a message."""
        self.append(message["data"])


async def eventually_read(pubsub: Any, seen: "Recorder") -> None:
    """Read until a handler was given something."""
    async with asyncio.timeout(5):
        while not seen:
            await pubsub.get_message(timeout=1.0)


async def test_what_waits_its_turn_when_it_is_closed_asks_for_nothing(
    make_client: MakeClient, server: RedisServer
) -> None:
    pubsub = make_client().pubsub()
    asked = [asyncio.ensure_future(pubsub.subscribe(name)) for name in "ab"]
    await asyncio.sleep(0)
    await pubsub.aclose()
    for each in asked:
        with pytest.raises(PubSubError):
            await each
    assert pubsub._inbox is None
    assert server.command("PUBSUB", "CHANNELS") == []


async def test_what_was_unsubscribed_from_is_not_restored_by_the_next_subscribe(
    make_client: MakeClient, server: RedisServer
) -> None:
    server.command("ACL", "SETUSER", "p", "on", ">pw", "allchannels", "+@all")
    pubsub = make_client(username="p", password="pw").pubsub()
    await pubsub.subscribe("a", "kept")
    await pubsub.unsubscribe("a")
    server.command("ACL", "DELUSER", "p")  # and the connection is closed
    assert pubsub._inbox is not None
    ended = pubsub._inbox.mailbox
    await eventually(lambda: ended.ended)
    server.command("ACL", "SETUSER", "p", "on", ">pw", "allchannels", "+@all")
    await pubsub.subscribe("b")
    assert set(pubsub.channels) == {b"kept", b"b"}
    assert server.command("PUBSUB", "NUMSUB", "a", "b", "kept") == [b"a", 0, b"b", 1, b"kept", 1]
    await pubsub.aclose()
    server.command("ACL", "DELUSER", "p")
