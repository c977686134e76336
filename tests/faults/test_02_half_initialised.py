"""Row 2: a connection whose handshake was disturbed is used, with the wrong user, database, protocol or name.

Injected: callers that give up while each reply of the handshake is held back; the connection cut at every byte of the
handshake; a server that answers each step with nothing, late, with an error, garbage or another type; a credential
provider that raises, is cancelled or interrupted; credentials that are refused.

Passing: every later command runs as the configured user, on the configured database, in the configured protocol; a
connection whose handshake failed is closed; the client needs no replacement; nothing is left behind.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.credentials import CredentialProvider
from redis_aio.exceptions import (
    AuthenticationError,
    ConnectionError,
    ConnectTimeoutError,
    ProtocolError,
    RedisError,
    TimeoutError,
)
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import WAYS
from tests.support.oracles import Nonces, Observer, eventually
from tests.support.proxy import FaultProxy, How
from tests.support.scripted import HANG_UP, NOTHING, RESET, Answer, Dialogue, Later, ScriptedServer

USER, PASSWORD, DB = "half", "pw-of-half", 5


@pytest.fixture
def user(observer: Observer) -> Iterator[None]:
    """A user of the server that may do everything."""
    observer.ask("ACL", "SETUSER", USER, "reset", "on", f">{PASSWORD}", "~*", "&*", "+@all")
    yield
    observer.ask("ACL", "DELUSER", USER)


@pytest.fixture
def authenticated(user: None, connect: Connect, protocol: int) -> Connect:
    """Make clients that authenticate and select a database."""

    def make(**options: Any) -> "Redis[Any]":
        given = {"username": USER, "password": PASSWORD, "db": DB, "protocol": protocol, "pool_size": 2}
        return connect(**{**given, **options})

    return make


async def assert_initialised(
    client: "Redis[Any]", observer: Observer, name: str, protocol: int, at_once: int = 3
) -> None:
    """Check what the client's connections are, from within and from without."""
    users = await asyncio.gather(*(client.execute_command("ACL", "WHOAMI") for _ in range(at_once)))
    assert set(users) == {USER.encode()}
    await Nonces().settle(client, at_once, at_once=at_once)
    mine = observer.clients(name)
    assert mine
    for entry in mine:
        assert entry["user"] == USER, entry
        assert entry["db"] == str(DB), entry
        assert entry.get("resp", str(protocol)) == str(protocol), entry


# -- given up in the middle -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stage", ["first reply", "second reply"])
async def test_given_up_while_a_reply_is_held_back(
    authenticated: Connect, proxy: FaultProxy, observer: Observer, name: str, protocol: int, way: str, stage: str
) -> None:
    for ticks in range(scale.HANDSHAKE_TICKS):
        client = authenticated()
        held = len(await proxy.log()) + 1
        if stage == "first reply":
            await proxy.nth_connection(1, "down", hold=True)
        else:
            await proxy.on_bytes(b"SELECT", seen="up", then="down", hold=True)

        async def reached(held: int = held) -> None:
            await proxy.wait_connections(held)
            forwarded = (await proxy.log())[held - 1]["down"]["forwarded"]
            await proxy.wait_received(forwarded + 1, "down", connection=held)

        outcome = await WAYS[way](partial(client.execute_command, "ECHO", "x"), ticks, reached)
        assert outcome.cancelled
        await proxy.clear()
        await assert_initialised(client, observer, name, protocol)
        await client.aclose()
        await eventually(lambda: not observer.clients(name))


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("direction", ["up", "down"])
async def test_cut_at_every_byte(
    authenticated: Connect,
    proxy: FaultProxy,
    observer: Observer,
    name: str,
    protocol: int,
    how: How,
    direction: Any,
) -> None:
    async with authenticated() as client:
        await client.execute_command("ACL", "WHOAMI")
        handshake = await proxy.forwarded(direction)
    for size in range(0, handshake, scale.HANDSHAKE_CUT_STEP):
        client = authenticated()
        connections = len(await proxy.log())
        await proxy.nth_connection(1, direction, cut_after=size, how=how)
        assert await client.execute_command("ACL", "WHOAMI") == USER.encode()
        assert len(await proxy.log()) == connections + 2
        await assert_initialised(client, observer, name, protocol)
        await client.aclose()


async def test_failing_again_and_again_and_then_not(
    authenticated: Connect, proxy: FaultProxy, observer: Observer, name: str, protocol: int
) -> None:
    client = authenticated(max_retries=0)
    for size in (0, 10, 60, 110):
        for _ in range(3):
            await proxy.nth_connection(1, "up", cut_after=size)
            with pytest.raises(ConnectionError):
                await client.execute_command("PING")
        await assert_initialised(client, observer, name, protocol)
        await proxy.kill()
        await eventually(lambda: not observer.clients(name))


# -- credentials ------------------------------------------------------------------------------------------------------


class Provider(CredentialProvider):
    """Gives the right credentials, unless an error or an event is in its way."""

    def __init__(self) -> None:
        self.calls = 0
        self.errors: dict[int, BaseException] = {}
        self.gate: asyncio.Event | None = None

    async def get_credentials_async(self) -> tuple[str, str]:
        self.calls += 1
        if (error := self.errors.get(self.calls)) is not None:
            raise error
        if self.gate is not None:
            await self.gate.wait()
        return USER, PASSWORD


@pytest.mark.parametrize("call", [1, 3])
@pytest.mark.parametrize("error", [ValueError("no token"), asyncio.CancelledError(), OSError("503")], ids=repr)
async def test_provider_that_raises(
    authenticated: Connect,
    proxy: FaultProxy,
    observer: Observer,
    name: str,
    protocol: int,
    call: int,
    error: BaseException,
) -> None:
    provider = Provider()
    provider.errors[call] = error
    client = authenticated(credential_provider=provider, username=None, password=None, max_retries=0, pool_size=1)
    for connection in range(1, call + 2):
        if connection == call:
            with pytest.raises((ValueError, ConnectionError)):
                await client.execute_command("ECHO", "x")
        else:
            await assert_initialised(client, observer, name, protocol)
            await proxy.kill()
            await eventually(lambda: not observer.clients(name))
    assert provider.calls == call + 1


async def test_provider_given_up_while_it_is_asked(
    authenticated: Connect, observer: Observer, name: str, protocol: int
) -> None:
    for way in WAYS.values():
        for ticks in range(scale.HANDSHAKE_TICKS):
            provider = Provider()
            provider.gate = asyncio.Event()
            client = authenticated(credential_provider=provider, username=None, password=None)
            assert (await way(partial(client.execute_command, "ECHO", "x"), ticks)).cancelled
            provider.gate.set()
            await assert_initialised(client, observer, name, protocol)
            await client.aclose()


def test_provider_interrupted(user: None, proxy_now: FaultProxy, observer: Observer, name: str, protocol: int) -> None:
    """KeyboardInterrupt ends the loop; what the next one runs must still be the right user."""
    provider = Provider()
    provider.errors[1] = KeyboardInterrupt()
    client: Redis[Any] = Redis(
        host=proxy_now.host,
        port=proxy_now.port,
        db=DB,
        protocol=protocol,
        client_name=name,
        credential_provider=provider,
        max_retries=0,
    )

    async def afterwards() -> None:
        await assert_initialised(client, observer, name, protocol)
        await client.aclose()
        await eventually(lambda: not observer.clients(name))

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(client.execute_command("ECHO", "x"))
    asyncio.run(afterwards())


@pytest.fixture
def proxy_now(server: Any) -> Any:
    """A proxy for a test without a loop."""
    with FaultProxy(server.host, server.port) as running:
        yield running


async def test_refused_credentials(
    authenticated: Connect, proxy: FaultProxy, observer: Observer, name: str, protocol: int
) -> None:
    client = authenticated(password="wrong")
    before = observer.ask("INCR", "counter")
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            await client.execute_command("INCR", "counter")
    assert observer.ask("GET", "counter") == b"%d" % before, "nobody else's rights were used"
    await eventually(lambda: not observer.clients(name))
    assert len(await proxy.log()) <= 3, "credentials that were refused are not tried again by themselves"
    observer.ask("ACL", "SETUSER", USER, ">wrong")
    await assert_initialised(client, observer, name, protocol)


# -- a server that misbehaves -----------------------------------------------------------------------------------------

LATE = "late"
ODD: dict[str, Any] = {
    "nothing": NOTHING,
    "late": LATE,
    "error": b"-ERR will not do\r\n",
    "garbage": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "integer": b":1\r\n",
    "null": b"$-1\r\n",
    "half": b"*2\r\n+O",
    "fin": HANG_UP,
    "rst": RESET,
}
REQUIRED = {2: ["AUTH", "CLIENT SETNAME", "SELECT"], 3: ["HELLO", "SELECT"]}
STEPS = [(protocol, step) for protocol in (2, 3) for step in [*REQUIRED[protocol], "CLIENT SETINFO"]]


@pytest.mark.one_loop
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(("protocol", "step"), STEPS)
async def test_a_step_answered_wrongly(make_client: MakeClient, protocol: int, step: str, odd: str) -> None:
    event = threading.Event()
    answer: Answer = Later(event, b"+OK\r\n") if ODD[odd] is LATE else ODD[odd]
    with ScriptedServer(Dialogue(handshake={step: answer}), Dialogue()) as server:
        client = make_client(
            host=server.host,
            port=server.port,
            username=USER,
            password=PASSWORD,
            db=DB,
            protocol=protocol,
            client_name="scripted",
            dial_timeout=0.15 if odd in ("nothing", "late", "half") else 5,
            max_retries=0,
        )
        nonces = Nonces()
        try:
            await nonces.echo(client)
        except (ConnectionError, TimeoutError) as error:
            assert odd not in ("nothing", "late", "half") or isinstance(error, ConnectTimeoutError)  # noqa: PT017
            event.set()
            await server.hung_up(1)
        else:
            assert odd in ("error", "integer", "null"), f"{odd} is nothing one can go on after"
            assert step == "CLIENT SETINFO", "no other step is optional"
        await nonces.settle(client, 10)
        connection, _ = server.requests[-1]
        names = [request[:2] for number, request in server.requests if number == connection]
        assert [b"SELECT", b"5"] in names
        assert any(request[0] in (b"HELLO", b"AUTH") for request in names)
        assert not server.surprises


async def test_a_banner_of_another_service(make_client: MakeClient) -> None:
    with ScriptedServer(Dialogue(greeting=b"SSH-2.0-OpenSSH_9.6\r\n")) as server:
        client = make_client(host=server.host, port=server.port, max_retries=0)
        with pytest.raises(ProtocolError):
            await client.execute_command("PING")


@pytest.mark.parametrize(
    "refusal",
    [b"-ERR unknown command 'HELLO', with args beginning with: '3' \r\n", b"-NOPROTO unsupported protocol version\r\n"],
    ids=["unknown", "noproto"],
)
async def test_falls_back_to_resp2_as_a_whole(make_client: MakeClient, refusal: bytes) -> None:
    handshake: dict[str, Answer] = {"HELLO": refusal}
    with ScriptedServer(Dialogue(handshake=handshake)) as server:
        client = make_client(
            host=server.host, port=server.port, username=USER, password=PASSWORD, db=DB, client_name="fallback"
        )
        await Nonces().settle(client, 5)
        assert server.received("AUTH") == [[b"AUTH", USER.encode(), PASSWORD.encode()]]
        assert server.received("SELECT") == [[b"SELECT", b"5"]]
        assert server.received("CLIENT SETNAME") == [[b"CLIENT", b"SETNAME", b"fallback"]]


async def test_an_unsolicited_error_before_the_handshake_is_answered(make_client: MakeClient) -> None:
    """A server at ``maxclients`` says so before it has read anything, and hangs up."""
    full = b"-ERR max number of clients reached\r\n"
    with ScriptedServer(Dialogue(greeting=full, handshake={"HELLO": HANG_UP}), Dialogue()) as server:
        client = make_client(host=server.host, port=server.port, max_retries=0)
        with pytest.raises(RedisError):
            await client.execute_command("PING")
        await Nonces().settle(client, 5)


async def test_the_server_refuses_more_clients(
    private_server: Any, make_client: MakeClient, protocol: int, name: str
) -> None:
    with Observer(private_server) as observer:
        observer.ask("CONFIG", "SET", "maxclients", "3")
        client = make_client(
            host=private_server.host, port=private_server.port, protocol=protocol, client_name=name, pool_size=10
        )
        await Nonces().settle(client, 1)
        async with contextlib.AsyncExitStack() as leases:

            async def take_all() -> None:
                for _ in range(9):
                    await leases.enter_async_context(client.connection())

            with pytest.raises(RedisError):
                await take_all()
            await Nonces().settle(client, 5)
        observer.ask("CONFIG", "SET", "maxclients", "100")
        await Nonces().settle(client, 20, at_once=5)
