"""Row 12: messages are lost and nobody is told; subscriptions are not restored (S1, S2, S4, S7).

Injected: subscribers are killed between numbered messages; killed again at every stage of restoring 5,000 names; a
reader that stands still while hundreds of megabytes are published; a link that goes dead without a word.

Passing: a gap in the stream at the very place of the loss, no message twice, every subscription restored, memory bound.
"""

import asyncio
import itertools
import tracemalloc
from collections.abc import Callable
from typing import Any, Literal

import pytest

from redis_aio import Gap, Message, NoPermissionError
from redis_aio._execution import subscriber
from redis_aio._execution.mailbox import Overflow
from redis_aio.exceptions import AuthenticationError
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.oracles import Observer, eventually
from tests.support.proxy import FaultProxy

BOTH: tuple[Overflow, ...] = ("drop_oldest", "block")


async def subscribers(observer: Observer, channel: str | bytes, count: int) -> None:
    """Wait until so many connections subscribe to a channel."""
    await eventually(lambda: observer.ask("PUBSUB", "NUMSUB", channel)[1] == count, within=5.0)


# -- the gap is where the loss is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("overflow", BOTH)
async def test_killed_between_numbered_messages(
    connect: Connect, observer: Observer, protocol: int, overflow: Overflow
) -> None:
    client = connect(protocol=protocol)
    async with client.subscribe("numbers", overflow=overflow) as messages:
        seen: list[Any] = []
        for number in range(60):
            if number % 10 == 5:
                assert observer.ask("CLIENT", "KILL", "TYPE", "pubsub") == 1
                seen.append(await messages.get(timeout=5))  # seen at once, and not before everything is restored
                assert isinstance(seen[-1], Gap)
                assert observer.ask("PUBSUB", "NUMSUB", "numbers")[1] == 1
            assert observer.ask("PUBLISH", "numbers", number) == 1
            seen.append(await messages.get(timeout=5))
        shown = ["gap" if isinstance(item, Gap) else int(item.data) for item in seen]
        expected: list[Any] = []
        for number in range(60):
            expected += ["gap", number] if number % 10 == 5 else [number]
        assert shown == expected
        assert (messages.stats.gaps, messages.stats.reconnects, messages.stats.dropped) == (6, 6, 0)


async def test_killed_while_messages_stream(connect: Connect, observer: Observer, protocol: int) -> None:
    """Numbers go up by one, except at a gap; nothing comes twice; the first number behind a gap comes behind it."""
    client = connect(protocol=protocol)
    numbers = itertools.count()
    done = asyncio.Event()

    async def publish() -> None:
        while not done.is_set():
            await asyncio.gather(*(observing.publish("numbers", next(numbers)) for _ in range(20)))

    observing = connect(protocol=3)
    async with client.subscribe("numbers") as messages:
        publisher = asyncio.ensure_future(publish())
        gaps, last, jumped = 0, -1, 0
        for _ in range(scale.PUBSUB_KILLS):
            for _ in range(200):
                item = await messages.get(timeout=5)
                if isinstance(item, Gap):
                    gaps += 1
                    number = None
                    while number is None:
                        item = await messages.get(timeout=5)
                        number = None if isinstance(item, Gap) else int(item.data)
                    jumped += number > last + 1
                else:
                    number = int(item.data)
                    assert number == last + 1, "messages are missing, and no gap says so"
                assert number > last, "a message came twice"
                last = number
            observer.ask("CLIENT", "KILL", "TYPE", "pubsub")
        done.set()
        await publisher
    assert gaps
    assert jumped


# -- everything is restored -------------------------------------------------------------------------------------------


def names() -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Return 5,000 names in all: channels, patterns and shard channels, binary ones among them."""
    odd = [b"\xff\x00 {a}", b"\r\n", b"", b"ping", "ä".encode()]
    channels = odd + [b"channel:%d" % number for number in range(scale.PUBSUB_NAMES - 1_000)]
    patterns = [b"\xfe\x00*"] + [b"pattern:%d:*" % number for number in range(499)]
    return channels, patterns, odd + [b"shard:%d" % number for number in range(495)]


def subscribed(observer: Observer) -> tuple[set[bytes], int, set[bytes]]:
    """Return what the server holds: channels, the number of patterns, shard channels."""
    channels = set(observer.ask("PUBSUB", "CHANNELS"))
    shards = set(observer.ask("PUBSUB", "SHARDCHANNELS"))
    return channels, observer.ask("PUBSUB", "NUMPAT"), shards


async def test_5000_names_restored_and_killed_again_in_the_middle(
    connect: Connect, observer: Observer, proxy: FaultProxy, protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "CHUNK", 100)
    client = connect(protocol=protocol)
    channels, patterns, shards = names()
    wanted = set(channels), len(patterns), set(shards)
    async with client.subscribe(*channels, pattern=patterns, shard=shards) as messages:
        assert subscribed(observer) == wanted
        before = len(await proxy.log())
        await proxy.kill(connection=before)
        assert isinstance(await messages.get(timeout=10), Gap)
        assert subscribed(observer) == wanted
        total = (await proxy.log())[-1]["up"]["forwarded"]
        for part in range(1, scale.PUBSUB_CUTS + 1):
            number = len(await proxy.log())
            await proxy.nth_connection(1, "up", cut_after=total * part // (scale.PUBSUB_CUTS + 1))
            await proxy.kill(connection=number)
            item = await messages.get(timeout=10)
            assert isinstance(item, Gap)
            assert len(await proxy.log()) >= number + 2, "it was not killed in the middle"
            assert subscribed(observer) == wanted
            assert messages.stats.buffered == 0, "the same loss was told twice"
        for channel in (channels[0], channels[2], channels[-1]):
            observer.ask("PUBLISH", channel, "x")
            item = await messages.get(timeout=5)
            assert isinstance(item, Message)
            assert item.channel == channel
        observer.ask("SPUBLISH", shards[0], "x")
        observer.ask("PUBLISH", b"\xfe\x00y", "x")
        kinds = {(await messages.get(timeout=5)).kind for _ in range(2)}  # type: ignore[union-attr]  # no gap
        assert kinds == {"smessage", "pmessage"}
    await eventually(lambda: subscribed(observer) == (set(), 0, set()))


async def test_subscriptions_that_come_and_go_while_it_is_restored(
    connect: Connect, observer: Observer, proxy: FaultProxy, protocol: int
) -> None:
    client = connect(protocol=protocol)
    async with client.subscribe("kept", "given up") as messages:
        await proxy.hold("down")
        await proxy.kill(connection=len(await proxy.log()))
        await proxy.wait_connections(2)
        adding = asyncio.ensure_future(messages.add("added"))
        await messages.remove("given up")
        await proxy.release("down")
        await adding
        assert isinstance(await messages.get(timeout=5), Gap)
        await eventually(lambda: subscribed(observer)[0] == {b"kept", b"added"})


async def test_what_is_given_up_while_it_is_restored_is_not_restored_again(
    connect: Connect, observer: Observer, proxy: FaultProxy, protocol: int
) -> None:
    client = connect(protocol=protocol)
    async with client.subscribe("kept", "given up") as messages:
        await proxy.on_bytes(b"SUBSCRIBE", seen="up", then="down", hold=True)
        await proxy.kill(connection=len(await proxy.log()))
        await proxy.wait_fired(1)
        await messages.remove("given up")
        await proxy.clear()
        for _ in range(2):
            assert isinstance(await messages.get(timeout=5), Gap)
            await eventually(lambda: subscribed(observer)[0] == {b"kept"})
            observer.ask("CLIENT", "KILL", "TYPE", "pubsub")


@pytest.mark.parametrize("allowed", [True, False])
async def test_who_joins_what_is_being_restored_waits_for_it(
    connect: Connect, observer: Observer, proxy: FaultProxy, protocol: int, allowed: bool
) -> None:
    """The server had agreed to the channel before, and whoever enters now was promised all that comes from now on."""
    observer.ask("ACL", "SETUSER", "joins", "on", ">secret", "allchannels", "+@all")
    client = connect(protocol=protocol, username="joins", password="secret")
    try:
        async with client.subscribe("c") as first:
            await proxy.hold("down")
            await proxy.kill(connection=len(await proxy.log()))
            await proxy.wait_connections(2)
            if not allowed:
                observer.ask("ACL", "SETUSER", "joins", "resetchannels")
            second = client.subscribe("c")
            entering = asyncio.ensure_future(second.__aenter__())
            for _ in range(20):
                await asyncio.sleep(0)
            assert not entering.done()
            await proxy.release("down")
            assert isinstance(await first.get(timeout=5), Gap)
            if allowed:
                assert await entering is second
                assert observer.ask("PUBLISH", "c", "x") == 1
                for messages in (first, second):
                    item = await messages.get(timeout=5)
                    assert isinstance(item, Message)
                    assert item.data == b"x"
            else:
                with pytest.raises(NoPermissionError):
                    await first.get(timeout=5)
                with pytest.raises(NoPermissionError):
                    await entering
            await second.aclose()
    finally:
        await client.aclose()
        observer.ask("ACL", "DELUSER", "joins")


async def test_a_server_that_is_away_for_a_while(make_client: MakeClient, private_server: RedisServer) -> None:
    client = make_client(host=private_server.host, port=private_server.port)
    async with client.subscribe("c") as messages:
        private_server.kill()
        await asyncio.sleep(scale.OUTAGE_SECONDS)  # the outage
        private_server.restart()
        gap = await messages.get(timeout=10)
        assert isinstance(gap, Gap)
        assert gap.reason == "connection"
        await client.publish("c", "x")
        assert isinstance(await messages.get(timeout=5), Message)


# -- what will not be restored ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["channel", "credentials"])
async def test_who_may_not_any_more_is_told(
    make_client: MakeClient, private_server: RedisServer, protocol: int, what: Literal["channel", "credentials"]
) -> None:
    server = private_server
    server.command("ACL", "SETUSER", "u", "on", ">secret", "allkeys", "allchannels", "+@all")
    address = {"host": server.host, "port": server.port, "protocol": protocol}
    client = make_client(**address, username="u", password="secret")
    admin = make_client(**address)
    async with client.subscribe("kept", "forbidden") as forbidden, client.subscribe("kept") as kept:
        if what == "channel":
            server.command("ACL", "SETUSER", "u", "resetchannels", "&kept")
        else:
            server.command("ACL", "SETUSER", "u", "resetpass", ">another")
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        assert isinstance(await forbidden.get(timeout=5), Gap)
        with pytest.raises(NoPermissionError if what == "channel" else AuthenticationError):
            await forbidden.get(timeout=5)
        if what == "channel":
            assert isinstance(await kept.get(timeout=5), Gap)
            await admin.publish("kept", "x")
            assert isinstance(await kept.get(timeout=5), Message)
        else:
            assert isinstance(await kept.get(timeout=5), Gap)
            with pytest.raises(AuthenticationError):
                await kept.get(timeout=5)
    if what == "credentials":
        server.command("ACL", "SETUSER", "u", ">secret")
        async with client.subscribe("kept") as again:  # the client can be used again
            await admin.publish("kept", "y")
            assert isinstance(await again.get(timeout=5), Message)


# -- a reader that stands still ---------------------------------------------------------------------------------------

#: What is published again and again, and how many bytes of it a buffer may hold.
PAYLOAD = "x" * 100_000
BOUND = 4_000_000


@pytest.mark.one_loop
@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest", "error"])
async def test_a_reader_that_stands_still_costs_its_buffer_and_no_more(
    connect: Connect, observer: Observer, overflow: Overflow
) -> None:
    client = connect()
    async with (
        client.subscribe("large", buffer_bytes=BOUND, overflow=overflow) as slow,
        client.subscribe("large", overflow=overflow) as fast,
    ):
        for number in range(scale.PUBSUB_LARGE):
            observer.ask("PUBLISH", "large", f"{number:06}{PAYLOAD}")
            item = await fast.get(timeout=5)
            assert isinstance(item, Message)
            assert int(item.data[:6]) == number, "the slow reader cost the other one a message"
        held = slow.stats
        assert held.buffered <= BOUND / len(PAYLOAD) + 1
        assert held.received == scale.PUBSUB_LARGE
        assert held.dropped == held.received - held.buffered
        if overflow == "drop_oldest":
            gap = await slow.get(timeout=1)
            assert isinstance(gap, Gap)
            assert (gap.reason, gap.lost) == ("overflow", held.dropped)
            item = await slow.get(timeout=1)
            assert isinstance(item, Message)
            assert int(item.data[:6]) == held.dropped
        assert client.pubsub_stats().dropped == held.dropped


@pytest.mark.one_loop
async def test_block_is_back_pressure_up_to_the_server(connect: Connect, observer: Observer) -> None:
    """What a reader has not taken stays in the server; killed meanwhile, it gets what had left that, then a gap."""
    client = connect()
    async with client.subscribe("large", buffer=10, overflow="block") as messages:
        for number in range(scale.PUBSUB_LARGE):
            assert observer.ask("PUBLISH", "large", f"{number:06}{PAYLOAD}") == 1
            await asyncio.sleep(0)
        assert messages.stats.buffered <= 30, "the buffer and one chunk"
        for number in range(scale.PUBSUB_LARGE // 2):
            item = await messages.get(timeout=5)
            assert isinstance(item, Message)
            assert int(item.data[:6]) == number
        observer.ask("CLIENT", "KILL", "TYPE", "pubsub")
        number = scale.PUBSUB_LARGE // 2
        while isinstance(item := await messages.get(timeout=5), Message):
            assert int(item.data[:6]) == number
            number += 1
        assert isinstance(item, Gap)
        assert item.reason == "connection"
        await subscribers(observer, "large", 1)
        observer.ask("PUBLISH", "large", "000000")
        assert isinstance(await messages.get(timeout=5), Message)


@pytest.mark.one_loop
async def test_cut_by_the_servers_own_limit(
    make_client: MakeClient, private_server: RedisServer, protocol: int
) -> None:
    """What had left the server comes, in order; then a gap; then what is published when all is restored."""
    private_server.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
    client = make_client(host=private_server.host, port=private_server.port, protocol=protocol)
    payload = "x" * 10_000  # larger ones are shared and not counted by newer servers
    async with client.subscribe("large", buffer=10, overflow="block") as messages:
        with Observer(private_server) as observer:
            (first,) = observer.ask("CLIENT", "LIST", "TYPE", "pubsub").splitlines()
            connection = first.split()[0]
            sent = 0
            while sent % 100 or connection in observer.ask("CLIENT", "LIST", "TYPE", "pubsub").split():
                observer.ask("PUBLISH", "large", f"{sent:06}{payload}")
                sent += 1
                assert sent < 50_000, "the server did not cut it"
                await asyncio.sleep(0)
            received = 0
            while isinstance(item := await messages.get(timeout=5), Message):
                assert int(item.data[:6]) == received
                received += 1
            assert received < sent, "there was nothing to be lost"
            assert item.reason == "connection"
            before = asyncio.get_running_loop().time()
            await subscribers(observer, "large", 1)
            assert asyncio.get_running_loop().time() - before < scale.PROMPT
            observer.ask("PUBLISH", "large", "behind")
            item = await messages.get(timeout=5)
            assert isinstance(item, Message)
            assert item.data == b"behind"


@pytest.mark.one_loop
@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest", "error", "block"])
async def test_the_memory_that_a_reader_costs_is_bound(
    connect: Connect, observer: Observer, overflow: Overflow
) -> None:
    client = connect()
    async with client.subscribe("large", buffer_bytes=BOUND, overflow=overflow) as messages:
        tracemalloc.start()
        try:
            for number in range(scale.PUBSUB_LARGE):
                observer.ask("PUBLISH", "large", f"{number:06}{PAYLOAD}")
                await asyncio.sleep(0)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2 * BOUND < scale.PUBSUB_LARGE * len(PAYLOAD) / 3
        assert messages.stats.buffered <= BOUND / len(PAYLOAD) + 10


# -- a link that is dead ----------------------------------------------------------------------------------------------


@pytest.fixture
def quick_pings(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Shorten the silence that is tolerated; return the bound that the default keeps."""
    bound = subscriber.PING_INTERVAL + subscriber.PING_TIMEOUT
    monkeypatch.setattr(subscriber, "PING_INTERVAL", 0.2)
    monkeypatch.setattr(subscriber, "PING_TIMEOUT", 0.2)
    return lambda: bound


@pytest.mark.parametrize("overflow", BOTH)
async def test_a_link_that_is_dead_is_noticed(
    connect: Connect, proxy: FaultProxy, quick_pings: Callable[[], float], protocol: int, overflow: Overflow
) -> None:
    assert quick_pings() < 15
    client = connect(protocol=protocol)
    async with client.subscribe("c", overflow=overflow) as messages:
        number = len(await proxy.log())
        await proxy.set("both", connection=number, blackhole=True)
        before = asyncio.get_running_loop().time()
        assert isinstance(await messages.get(timeout=5), Gap)
        assert asyncio.get_running_loop().time() - before < 0.4 + 3 * scale.PROMPT
        await client.publish("c", "x")
        assert isinstance(await messages.get(timeout=5), Message)


async def test_pings_steal_and_reorder_nothing(
    connect: Connect, observer: Observer, protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "PING_INTERVAL", 0.01)
    client = connect(protocol=protocol)
    async with client.subscribe("c") as messages:
        for number in range(100):
            observer.ask("PUBLISH", "c", number)
            await asyncio.sleep(0.004)  # so that some pings fall between the messages
        data = [(await messages.get(timeout=5)).data for _ in range(100)]  # type: ignore[union-attr]  # no gap
        assert data == [b"%d" % number for number in range(100)]
        assert messages.stats.gaps == 0
    assert observer.executions("ping") >= 5


# -- at every turn ----------------------------------------------------------------------------------------------------


@pytest.mark.one_loop
async def test_cancelled_while_entering_at_every_turn(connect: Connect, observer: Observer, protocol: int) -> None:
    """Nothing is left subscribed, and a neighbour does not notice."""
    client = connect(protocol=protocol)

    async def enter(names: list[str]) -> None:
        async with client.subscribe(*names):
            pass

    async with client.subscribe("kept") as kept:
        for ticks in range(scale.SWEEP_TICKS):
            task = asyncio.ensure_future(enter(["kept", "other"]))
            for _ in range(ticks):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            await subscribers(observer, "other", 0)
            observer.ask("PUBLISH", "kept", ticks)
            item = await kept.get(timeout=5)
            assert isinstance(item, Message)
            assert item.data == b"%d" % ticks
