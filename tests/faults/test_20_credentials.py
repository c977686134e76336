"""Row 20: credentials change while connections are in use (X6, N8).

Injected: a provider that pushes new credentials while commands, subscriptions, monitors, transactions, blocking
commands and dials are under way; the server drops the old ones and kills who used them; it refuses the new ones.

Passing: no user sees an error of authentication; nothing is lost or shifted; no AUTH within MULTI; a connection whose
new credentials were refused takes no more requests; no secret gets out.
"""

import asyncio
import gc
import itertools
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.auth.token import SimpleToken
from redis.credentials import StreamingCredentialProvider as TheirProvider

from redis_aio import Gap, Message, Redis
from redis_aio._options import Options
from redis_aio.credentials import CredentialProvider, Credentials, StreamingCredentialProvider
from redis_aio.exceptions import AuthenticationError, DataError
from redis_aio.hooks import Hook, NextConnect
from redis_aio.testing import RedisServer
from tests.faults.conftest import Connect
from tests.support.oracles import Nonces, Observer, SecretTrap, eventually
from tests.support.proxy import FaultProxy

#: The beginning of every password here.
SECRET = "geheim-"


class Pushing(StreamingCredentialProvider):
    """A provider that pushes when a test says so, and keeps the last callback only, as redis-entraid's do."""

    __hash__ = None  # type: ignore[assignment]  # a dataclass would have none either

    def __init__(self, user: str, password: str) -> None:
        self.now: Credentials = (user, password)
        self.asked = 0
        self.gate: asyncio.Event | None = None
        self.next: Callable[[Any], Any] | None = None
        self.error: Callable[[Exception], Any] | None = None

    def on_next(self, callback: Callable[[Any], Any]) -> None:
        self.next = callback

    def on_error(self, callback: Callable[[Exception], Any]) -> None:
        self.error = callback

    def is_streaming(self) -> bool:
        return self.next is not None

    async def get_credentials_async(self) -> Credentials:
        self.asked += 1
        given = self.now
        if self.gate is not None:
            await self.gate.wait()
        return given

    def push(self, user: str, password: str) -> Any:
        """Have new credentials; return what can be awaited."""
        self.now = (user, password)
        assert self.next is not None
        return self.next(self.now)


@pytest.fixture
def users(server: RedisServer) -> Iterator[list[str]]:
    """Two users who may do everything, to tell who a connection belongs to; the password of each holds its name."""
    names = ["first", "second"]
    for name in names:
        server.command("ACL", "SETUSER", name, "on", f">{SECRET}{name}", "allkeys", "allchannels", "+@all")
    yield names
    server.command("ACL", "DELUSER", *names)


@pytest.fixture
def provider(users: list[str]) -> Pushing:
    """A provider that begins with the first user."""
    return Pushing("first", f"{SECRET}first")


@pytest.fixture
def trap() -> Iterator[SecretTrap]:
    """What sees to it that no secret gets out."""
    with SecretTrap([SECRET]) as trapping:
        yield trapping
        assert trapping.hits == []


@pytest.fixture
def client(connect: Connect, provider: Pushing, trap: SecretTrap, protocol: int) -> "Redis[Any]":
    """A client whose credentials the provider pushes."""
    return connect(credential_provider=provider, protocol=protocol)


def users_of(observer: Observer, name: str) -> list[str]:
    """Return whose the connections of a test's clients are, in the order they were made."""
    return [entry["user"] for entry in sorted(observer.clients(name), key=lambda entry: int(entry["id"]))]


def second(provider: Pushing) -> Any:
    """Push the credentials of the second user."""
    return provider.push("second", f"{SECRET}second")


async def dialing(client: "Redis[Any]", provider: Pushing) -> "tuple[asyncio.Future[Any], asyncio.Event]":
    """Ask who one is, and stop where the dial has asked the provider; return the answer to come, and what lets it."""
    gate = provider.gate = asyncio.Event()
    who = asyncio.ensure_future(client.acl_whoami())
    await eventually(lambda: provider.asked)
    return who, gate


# -- ordinary commands ------------------------------------------------------------------------------------------------


async def test_a_hundred_tasks_while_passwords_change(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str
) -> None:
    """The server takes the old and the new one for a while, and then the new one alone."""
    done = asyncio.Event()
    nonces = Nonces()

    async def work() -> None:
        while not done.is_set():
            await nonces.echo(client)

    await client.ping()
    before = {entry["id"] for entry in observer.clients(name)}
    tasks = [asyncio.ensure_future(work()) for _ in range(100)]
    for number in range(20):
        observer.ask("ACL", "SETUSER", "first", f">{SECRET}{number}")
        sent = nonces.sent
        await provider.push("first", f"{SECRET}{number}")
        observer.ask("ACL", "SETUSER", "first", "resetpass", f">{SECRET}{number}")
        await eventually(lambda sent=sent: nonces.right > sent)  # type: ignore[misc]  # mypy on defaults of lambdas
    done.set()
    await asyncio.gather(*tasks)
    assert before <= {entry["id"] for entry in observer.clients(name)}, "a connection was made anew for it"
    assert client.pool_stats().stale == 0
    await nonces.settle(client, 50)


async def test_the_server_drops_the_old_password_and_whoever_used_it(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str
) -> None:
    """Reads go on as if nothing were: they are sent again over connections with the new password."""
    done = asyncio.Event()
    await client.set("k", "v")

    async def work() -> None:
        while not done.is_set():
            assert await client.get("k") == b"v"

    tasks = [asyncio.ensure_future(work()) for _ in range(15)]  # no more than may be tried again, all together
    for number in range(5):
        observer.ask("ACL", "SETUSER", "first", "resetpass", f">{SECRET}{number}")
        pushed = provider.push("first", f"{SECRET}{number}")
        observer.ask("CLIENT", "KILL", "USER", "first")
        await pushed
        await asyncio.sleep(0.2)  # not faster than a command is tried again
    done.set()
    await asyncio.gather(*tasks)
    assert set(users_of(observer, name)) == {"first"}


async def test_every_connection_is_told(client: "Redis[Any]", provider: Pushing, observer: Observer, name: str) -> None:
    """The shared one, those that are idle, and those that are lent."""
    async with client.connection() as one, client.connection() as other:
        await asyncio.gather(client.ping(), one.ping(), other.ping())
    async with client.connection() as one:
        await one.ping()
        assert users_of(observer, name) == ["first"] * 3
        await second(provider)
        assert users_of(observer, name) == ["second"] * 3
        assert await one.acl_whoami() == "second"
    assert await client.acl_whoami() == "second"
    assert provider.asked == 3
    assert client.pool_stats().dials == 3


async def test_a_connection_that_was_being_made_meanwhile(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str
) -> None:
    """It was made with the credentials of before, and is sent the new ones before anybody uses it."""
    who, gate = await dialing(client, provider)
    second(provider)
    gate.set()
    assert await who == "second"
    assert provider.asked == 1


async def test_a_dial_that_was_refused_for_the_credentials_of_before(
    client: "Redis[Any]", provider: Pushing, observer: Observer
) -> None:
    """It is made again with the new ones: nobody sees an error of credentials that were already replaced."""
    who, gate = await dialing(client, provider)
    observer.ask("ACL", "SETUSER", "first", "resetpass")
    second(provider)
    gate.set()
    assert await who == "second"
    assert provider.asked == 2


async def test_as_soon_as_a_connection_was_made(client: "Redis[Any]", provider: Pushing) -> None:
    """Also between the end of its handshake and the moment that the pool has it."""

    class Push(Hook):
        async def on_connect(self, options: Options, call_next: NextConnect) -> Any:
            connection = await call_next(options)
            asyncio.get_running_loop().call_soon(second, provider)
            return connection

    client.add_hook(Push())
    await client.ping()
    assert await client.acl_whoami() == "second"
    assert provider.asked == 1


async def test_a_provider_that_pushes_whenever_it_is_asked(connect: Connect, provider: Pushing) -> None:
    """What it has may be wrong; the server is not asked about it for ever."""
    ask = provider.get_credentials_async

    async def get_credentials_async() -> Credentials:
        provider.push(*provider.now)
        return await ask()

    provider.get_credentials_async = get_credentials_async  # type: ignore[method-assign]
    provider.now = ("first", f"{SECRET}wrong")
    client = connect(credential_provider=provider, max_retries=0)
    with pytest.raises(AuthenticationError):
        await client.ping()
    assert provider.asked == 2
    provider.now = ("first", f"{SECRET}first")
    assert await client.acl_whoami() == "first"


async def test_over_one_connection_whose_state_lasts(
    client: "Redis[Any]", provider: Pushing, observer: Observer
) -> None:
    async with client.client() as alone:
        await alone.execute_command("SELECT", 3)
        await alone.set("k", "v")
        for number in range(10):
            name = ("second", "first")[number % 2]
            provider.push(name, f"{SECRET}{name}")
            assert await asyncio.gather(*(alone.get("k") for _ in range(20))) == [b"v"] * 20
            assert await alone.acl_whoami() == name


# -- leases -----------------------------------------------------------------------------------------------------------


async def test_not_within_a_transaction(client: "Redis[Any]", provider: Pushing, observer: Observer) -> None:
    async with client.connection() as connection:
        await connection.execute_command("WATCH", "k")
        await second(provider)
        assert await connection.acl_whoami() == "second"
        await connection.execute_command("MULTI")
        assert provider.push("first", f"{SECRET}first") is not None
        await connection.execute_command("SET", "k", "v")
        await connection.execute_command("ACL", "WHOAMI")
        assert await connection.execute_command("EXEC") == [b"OK", b"second"]
        assert await connection.acl_whoami() == "first"


async def test_a_transaction_that_was_left_open(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str
) -> None:
    async with client.connection() as connection:
        await connection.execute_command("MULTI")
        await second(provider)
        assert users_of(observer, name) == ["first"]
    await eventually(lambda: users_of(observer, name) == ["second"])
    async with client.connection() as connection:
        assert await connection.acl_whoami() == "second"
    assert client.pool_stats().dials == 1


@pytest.mark.parametrize("transaction", [False, True])
async def test_while_a_large_pipeline_is_sent(
    client: "Redis[Any]", provider: Pushing, observer: Observer, transaction: bool
) -> None:
    """It is sent in parts, and gets its own replies, all of them from one execution."""
    done = asyncio.Event()

    async def push() -> None:
        for name in itertools.cycle(["second", "first"]):
            if done.is_set():
                break
            await provider.push(name, f"{SECRET}{name}")
            await asyncio.sleep(0)

    await client.ping()
    pushing = asyncio.ensure_future(push())
    for _ in range(5):
        pipe = client.pipeline(transaction=transaction)
        for number in range(5_000):
            pipe.echo(f"{number}")
        assert await pipe.execute() == [b"%d" % number for number in range(5_000)]
    done.set()
    await pushing


async def test_not_behind_what_waits_in_the_server(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str
) -> None:
    """There its answer would be late. It goes before the next command, or when the connection is given back."""
    async with client.connection() as connection:
        popping = asyncio.ensure_future(connection.blpop("q", timeout=0))
        await eventually(lambda: [entry for entry in observer.clients(name) if entry["cmd"] == "blpop"])
        second(provider)
        observer.ask("RPUSH", "q", "x")
        assert await popping == (b"q", b"x")
        assert users_of(observer, name) == ["first"]
        popping = asyncio.ensure_future(connection.blpop("q", timeout=0))
        await eventually(lambda: users_of(observer, name) == ["second"])
        provider.push("first", f"{SECRET}first")
        observer.ask("RPUSH", "q", "y")
        assert await popping == (b"q", b"y")
    await eventually(lambda: users_of(observer, name) == ["first"])


@pytest.mark.parametrize("pipeline", [False, True])
async def test_not_behind_what_waits_where_replies_have_no_bound(
    connect: Connect, provider: Pushing, observer: Observer, name: str, pipeline: bool
) -> None:
    client = connect(credential_provider=provider, read_timeout=None)
    async with client.connection() as connection:
        if pipeline:
            pipe = connection.pipeline(transaction=False)
            popping: asyncio.Future[Any] = asyncio.ensure_future(pipe.blpop("q", timeout=0).execute())
        else:
            popping = asyncio.ensure_future(connection.blpop("q", timeout=0))
        await eventually(lambda: [entry for entry in observer.clients(name) if entry["cmd"] == "blpop"])
        await second(provider)
        observer.ask("RPUSH", "q", "x")
        assert await popping == ([(b"q", b"x")] if pipeline else (b"q", b"x"))
        assert await connection.acl_whoami() == "second"


async def test_a_blocking_command_of_the_client(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str
) -> None:
    popping = asyncio.ensure_future(client.blpop("q", timeout=0))
    await eventually(lambda: [entry for entry in observer.clients(name) if entry["cmd"] == "blpop"])
    await second(provider)
    observer.ask("RPUSH", "q", "x")
    assert await popping == (b"q", b"x")
    await eventually(lambda: set(users_of(observer, name)) == {"second"})


# -- subscriptions and monitors ---------------------------------------------------------------------------------------


async def several(messages: Any, count: int) -> list[Any]:
    """Return the next messages; there is no gap among them."""
    items = [await messages.get(timeout=5) for _ in range(count)]
    assert not [item for item in items if isinstance(item, Gap)]
    return items


@pytest.mark.parametrize("overflow", ["drop_oldest", "block"])
async def test_while_subscribed(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str, protocol: int, overflow: Any
) -> None:
    """With RESP3 nothing is missing, and nothing else happens. RESP2 needs a new connection, and there is a gap."""
    async with client.subscribe("c", pattern="p.*", shard="s", overflow=overflow) as messages:
        for number in range(10):
            wanted = ("second", "first")[number % 2]
            assert observer.ask("PUBLISH", "c", "before") == 1
            if protocol == 3:
                pushed = provider.push(wanted, f"{SECRET}{wanted}")
                observer.ask("PUBLISH", "p.x", "during")
                await pushed
                observer.ask("SPUBLISH", "s", "after")
                assert [item.data for item in await several(messages, 3)] == [b"before", b"during", b"after"]
            else:
                assert [item.data for item in await several(messages, 1)] == [b"before"]
                provider.push(wanted, f"{SECRET}{wanted}")
                observer.ask("PUBLISH", "p.x", "during")
                assert isinstance(await messages.get(timeout=5), Gap)
                assert observer.ask("SPUBLISH", "s", "after") == 1
                assert [item.data for item in await several(messages, 1)] == [b"after"]
            await eventually(lambda wanted=wanted: users_of(observer, name) == [wanted])  # type: ignore[misc]
            await messages.add("d")
            await messages.remove("d")
    assert client.pubsub_stats().gaps == (0 if protocol == 3 else 10)


async def test_messages_stream_on_while_credentials_change(
    client: "Redis[Any]", connect: Connect, provider: Pushing
) -> None:
    """Numbers go up by one, except at a gap, and no number comes twice."""
    publisher = connect()
    numbers = itertools.count()
    done = asyncio.Event()

    async def publish() -> None:
        while not done.is_set():
            await asyncio.gather(*(publisher.publish("c", next(numbers)) for _ in range(20)))

    async with client.subscribe("c") as messages:
        publishing = asyncio.ensure_future(publish())
        last: int | None = None
        for number in range(2_000):
            if number % 200 == 100:
                name = ("second", "first")[number // 200 % 2]
                provider.push(name, f"{SECRET}{name}")
            item = await messages.get(timeout=5)
            if isinstance(item, Gap):
                assert client.options.protocol == 2
                last = None
            else:
                assert last is None or int(item.data) == last + 1
                last = int(item.data)
        done.set()
        await publishing


async def test_redis_pys_object_too(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str, protocol: int
) -> None:
    async with client.pubsub(ignore_subscribe_messages=True, report_gaps=True) as pubsub:
        await pubsub.subscribe("c")
        await pubsub.get_message(timeout=5)
        second(provider)
        if protocol == 2:
            message = await pubsub.get_message(timeout=5)
            assert message is not None
            assert message["type"] == "gap"
        await eventually(lambda: users_of(observer, name) == ["second"])
        await eventually(lambda: observer.ask("PUBLISH", "c", "x") == 1)
        while (message := await pubsub.get_message(timeout=5)) is None:
            pass
        assert message["data"] == b"x"


async def test_a_reader_that_has_stopped_the_flow(
    connect: Connect, provider: Pushing, observer: Observer, name: str, trap: SecretTrap
) -> None:
    """The new credentials go when it reads on: before that their answer would be behind what nobody wants yet."""
    client = connect(credential_provider=provider, protocol=3, read_timeout=0.2)
    async with client.subscribe("c", overflow="block", buffer=4) as messages:
        for number in range(100):
            observer.ask("PUBLISH", "c", number)
        await eventually(lambda: messages.stats.buffered >= 4)
        second(provider)
        await asyncio.sleep(0.6)  # longer than an answer may take
        assert [item.data for item in await several(messages, 100)] == [b"%d" % number for number in range(100)]
        await eventually(lambda: users_of(observer, name) == ["second"])


async def test_while_it_is_restored(
    client: "Redis[Any]", provider: Pushing, observer: Observer, proxy: FaultProxy, name: str
) -> None:
    async with client.subscribe("c") as messages:
        await proxy.on_bytes(b"SUBSCRIBE", seen="up", then="down", hold=True)
        await proxy.kill(connection=len(await proxy.log()))
        await proxy.wait_fired(1)
        second(provider)
        await proxy.clear()
        await proxy.release("down")
        assert isinstance(await messages.get(timeout=5), Gap)
        await eventually(lambda: users_of(observer, name) == ["second"])
        assert observer.ask("PUBLISH", "c", "x") == 1
        item = await messages.get(timeout=5)
        assert isinstance(item, Message)


async def test_while_monitoring(client: "Redis[Any]", provider: Pushing, observer: Observer, name: str) -> None:
    """Its connection takes AUTH with both protocols; it sees that, as it sees everybody else do it: redacted."""
    async with client.monitor() as monitor:
        for number in range(4):
            wanted = ("second", "first")[number % 2]
            await provider.push(wanted, f"{SECRET}{wanted}")
            assert users_of(observer, name) == [wanted]
            observer.ask("ECHO", "mark")
            seen: list[str] = []
            while not seen or seen[-1] != "ECHO mark":
                seen.append((await monitor.next_command())["command"])
            assert [text for text in seen if text.startswith("AUTH")] == ["AUTH (redacted) (redacted)"]


# -- refused ----------------------------------------------------------------------------------------------------------


async def test_refused_on_a_connection_that_everybody_uses(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str, trap: SecretTrap
) -> None:
    """It is used no more; the next one asks the provider, and its error is everybody's."""
    await client.ping()
    async with client.connection() as idle:
        await idle.ping()
    await provider.push("first", f"{SECRET}wrong")
    await eventually(lambda: not observer.clients(name))
    error = client.connection_pool.node.last_error
    assert error is not None
    assert error.type == "AuthenticationError"
    with pytest.raises(AuthenticationError) as caught:
        await client.ping()
    trap.note(caught.value)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    assert not [frame for frame in frames if "redis_aio/" in frame.filename and SECRET in str(frame.locals)]
    await provider.push("first", f"{SECRET}first")
    assert await client.acl_whoami() == "first"
    assert any("connection.retired" in text and "WRONGPASS" in text for text in trap._texts)


async def test_refused_under_load_fails_nobody(client: "Redis[Any]", provider: Pushing, observer: Observer) -> None:
    """What is in line there is answered; what comes later goes where the provider's credentials are right."""
    await client.set("k", "v")
    for _ in range(10):
        reading = [asyncio.ensure_future(client.get("k")) for _ in range(100)]
        provider.push("first", f"{SECRET}wrong")
        provider.now = ("first", f"{SECRET}first")
        assert await asyncio.gather(*reading) == [b"v"] * 100
        assert await client.get("k") == b"v"


async def test_refused_on_a_lease(client: "Redis[Any]", provider: Pushing, observer: Observer, name: str) -> None:
    """Its holder goes on as who he was. Nobody else gets it."""
    async with client.connection() as connection:
        await connection.execute_command("WATCH", "k")
        await provider.push("first", f"{SECRET}wrong")
        provider.now = ("first", f"{SECRET}first")
        assert await connection.acl_whoami() == "first"
        observer.ask("SET", "k", "x")
        await connection.execute_command("MULTI")
        await connection.execute_command("GET", "k")
        assert await connection.execute_command("EXEC") is None, "what was watched is forgotten"
    await eventually(lambda: not observer.clients(name))
    await client.ping()


async def test_refused_while_subscribed(
    connect: Connect, provider: Pushing, observer: Observer, name: str, trap: SecretTrap
) -> None:
    """Messages come on until the server ends it. What is added goes over a new connection, with everything else."""
    client = connect(credential_provider=provider, protocol=3)
    async with client.subscribe("c") as messages:
        await provider.push("first", f"{SECRET}wrong")
        observer.ask("PUBLISH", "c", "1")
        item = await messages.get(timeout=5)
        assert isinstance(item, Message)
        provider.now = ("second", f"{SECRET}second")
        await messages.add("d")
        assert users_of(observer, name) == ["second"]
        assert isinstance(await messages.get(timeout=5), Gap)
        assert observer.ask("PUBLISH", "d", "2") == 1
        item = await messages.get(timeout=5)
        assert isinstance(item, Message)
        assert item.data == b"2"
        await provider.push("first", f"{SECRET}wrong")
        observer.ask("CLIENT", "KILL", "USER", "second")
        assert isinstance(await messages.get(timeout=5), Gap)
        with pytest.raises(AuthenticationError) as caught:
            await messages.get(timeout=5)
        trap.note(caught.value)


# -- providers --------------------------------------------------------------------------------------------------------


async def test_a_provider_that_fails_is_told_of(client: "Redis[Any]", provider: Pushing, trap: SecretTrap) -> None:
    await client.ping()
    assert provider.error is not None
    await provider.error(RuntimeError(f"the endpoint refused {SECRET}token"))
    error = client.connection_pool.node.last_error
    assert error is not None
    assert error.type == "RuntimeError"
    assert any("credentials.failed" in text and "RuntimeError" in text for text in trap._texts)
    await client.ping()


async def test_a_provider_that_cannot_stream_yet(connect: Connect, provider: Pushing) -> None:
    """Who comes first gets its error. Who comes later is told of new credentials all the same."""
    listen = provider.on_next

    def on_next(callback: Callable[[Any], Any]) -> None:
        provider.on_next = listen  # type: ignore[method-assign]
        raise RuntimeError("no stream yet")

    provider.on_next = on_next  # type: ignore[method-assign]
    client = connect(credential_provider=provider)
    with pytest.raises(RuntimeError, match="no stream yet"):
        await client.ping()
    assert await client.acl_whoami() == "first"
    await second(provider)
    assert await client.acl_whoami() == "second"


@pytest.mark.parametrize("given", [None, "password", ("a", SECRET, "c"), ("a", "b", "c", SECRET)], ids=repr)
async def test_a_provider_that_returns_no_credentials(
    connect: Connect, provider: Pushing, trap: SecretTrap, protocol: int, given: Any
) -> None:
    """The server would repeat what it does not understand."""
    provider.now = given
    client = connect(credential_provider=provider, protocol=protocol)
    with pytest.raises(DataError, match="password") as caught:
        await client.ping()
    trap.note(caught.value)


@pytest.mark.parametrize("token", [None, 7, "password", (), ("a", "b", "c"), ("user", None)], ids=repr)
async def test_what_are_no_credentials_is_refused(client: "Redis[Any]", provider: Pushing, token: Any) -> None:
    await client.ping()
    assert provider.next is not None
    with pytest.raises(DataError):
        provider.next(token)
    assert await client.acl_whoami() == "first"


async def test_redis_pys_providers_and_tokens(
    connect: Connect, users: list[str], observer: Observer, trap: SecretTrap
) -> None:
    class Theirs(TheirProvider):
        """Pushes as redis-entraid does: a coroutine awaits the callback, with a token."""

        callback: Any = None

        def get_credentials(self) -> tuple[str, str]:
            return "first", f"{SECRET}first"

        async def get_credentials_async(self) -> tuple[str, str]:
            return self.get_credentials()

        def on_next(self, callback: Any) -> None:
            self.callback = callback

        def on_error(self, callback: Any) -> None:
            pass

        def is_streaming(self) -> bool:
            return True

    theirs = Theirs()
    client = connect(credential_provider=theirs)
    assert await client.acl_whoami() == "first"
    await theirs.callback(SimpleToken(f"{SECRET}second", -1, 0, {"oid": "second"}))
    assert await client.acl_whoami() == "second"


async def test_clients_that_share_a_provider(connect: Connect, provider: Pushing, trap: SecretTrap) -> None:
    clients = [connect(credential_provider=provider) for _ in range(3)]
    assert [await client.acl_whoami() for client in clients] == ["first"] * 3
    await second(provider)
    assert [await client.acl_whoami() for client in clients] == ["second"] * 3


async def test_from_another_thread(client: "Redis[Any]", provider: Pushing, observer: Observer, name: str) -> None:
    """Where nothing can be awaited; the threads of redis-py's token managers are such."""
    await client.ping()
    thread = threading.Thread(target=second, args=(provider,))
    thread.start()
    thread.join()
    await eventually(lambda: users_of(observer, name) == ["second"])
    assert await client.acl_whoami() == "second"


async def test_debugging_the_loop_shows_nothing(
    client: "Redis[Any]", provider: Pushing, observer: Observer, name: str, trap: SecretTrap
) -> None:
    """It logs what took long, with the arguments."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
    try:
        await client.ping()
        await asyncio.to_thread(second, provider)
        await eventually(lambda: users_of(observer, name) == ["second"])
    finally:
        loop.set_debug(False)


async def test_debugging_the_loop_does_not_show_what_a_thread_was_given(
    connect: Connect, users: list[str], trap: SecretTrap
) -> None:
    class Blocking(CredentialProvider):
        def get_credentials(self) -> Credentials:
            return "first", f"{SECRET}first"

    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
    try:
        assert await connect(credential_provider=Blocking()).acl_whoami() == "first"
    finally:
        loop.set_debug(False)


async def test_from_another_loop(client: "Redis[Any]", provider: Pushing, observer: Observer, name: str) -> None:
    await client.ping()

    async def push() -> None:
        await second(provider)

    thread = threading.Thread(target=asyncio.run, args=(push(),))
    thread.start()
    thread.join()
    await eventually(lambda: users_of(observer, name) == ["second"])
    assert await client.acl_whoami() == "second"


async def test_a_provider_outlives_its_clients(connect: Connect, provider: Pushing, trap: SecretTrap) -> None:
    """And holds nothing of them; what it pushes then concerns nobody."""
    client = connect(credential_provider=provider)
    await client.ping()
    node = client.connection_pool.node
    pool = weakref.ref(node._pool)
    await client.aclose()
    await second(provider)
    del node._pool, node._mux, node._rotation
    gc.collect()
    assert pool() is None
    await second(provider)


def test_a_client_that_is_used_from_one_loop_after_another(server: RedisServer, provider: Pushing) -> None:
    client: Redis[Any] = Redis(host=server.host, port=server.port, credential_provider=provider)

    async def use(name: str) -> None:
        await client.ping()
        await provider.push(name, f"{SECRET}{name}")
        assert await client.acl_whoami() == name

    for name in ("second", "first", "second"):
        asyncio.run(use(name))
        second(provider)  # between the loops
    asyncio.run(client.aclose())
    second(provider)
