"""Row 19: nothing secret gets out.

Injected: twelve secrets, planted where programs put them, and every error that can be provoked around them, with all
logs on, traced and measured.

Passing: none of them in any span, metric, log, warning, error (its text, repr, arguments, attributes, pickle), in the
repr or pickle of clients, pools, connections, options and credentials, or in the local variables of this library's
frames in any traceback. Two bounds: a command method that refuses its arguments at once is itself in the traceback,
with its parameters, beside the caller who passed them; and ``query_text=True`` shows keys, which is what it is for.
"""

import asyncio
import contextlib
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

import redis_aio
from redis_aio import ConnectionPool, Hook, Redis, from_url
from redis_aio.credentials import CredentialProvider, UsernamePasswordCredentialProvider
from redis_aio.hooks import Command
from redis_aio.otel import instrument
from redis_aio.testing import RedisServer
from tests.support.oracles import SecretTrap
from tests.support.proxy import FaultProxy
from tests.support.scripted import Dialogue, ScriptedServer, Step
from tests.support.telemetry import Telemetry

pytestmark = pytest.mark.one_loop

PACKAGE = str(Path(redis_aio.__file__).parent)


class Secrets(NamedTuple):
    """What must not be seen. No other text in the test contains one of these."""

    password: str = "zq1passwordqz"
    username: str = "zq2usernameqz"
    token: str = "zq3tokenqz"
    key: str = "zq4keyqz"
    value: str = "zq5valueqz"
    userinfo: str = "zq6userinfoqz"
    tls: str = "zq7tlskeyqz"
    argv: str = "zq8argvqz"
    raw_auth: str = "zq9rawauthqz"
    acl: str = "zq10aclqz"
    migrate: str = "zq11migrateqz"
    config: str = "zq12configqz"


S = Secrets()
Provoke = Callable[[], Awaitable[Any]]


class Findings:
    """Takes note of errors, and of what their frames and pickles show."""

    def __init__(self, trap: SecretTrap) -> None:
        self.trap = trap
        self.errors: list[BaseException] = []
        self.leaks: list[str] = []

    async def provoke(self, *calls: Provoke, at_once: bool = False) -> None:
        """Call what must fail.

        Args:
            at_once: the command method itself refuses its arguments: its frame is not looked at.
        """
        for call in calls:
            try:
                await call()
            except (Exception, asyncio.CancelledError) as error:
                self.note(error, at_once=at_once)
            else:
                raise AssertionError(f"{call} did not fail")

    def note(self, error: BaseException, *, at_once: bool = False) -> None:
        self.errors.append(error)
        self.trap.note(error)
        # The reply that could not be decoded is kept for those who ask for it by name.
        self.look("attributes", repr({name: value for name, value in vars(error).items() if name != "escaped"}))
        with contextlib.suppress(pickle.PicklingError, AttributeError, TypeError):
            self.look("pickle", repr(pickle.dumps(error)))
        self._frames(traceback.TracebackException.from_exception(error, capture_locals=True), at_once)

    def _frames(self, shown: traceback.TracebackException | None, at_once: bool) -> None:
        if shown is None:
            return
        for frame in shown.stack:
            if not frame.filename.startswith(PACKAGE) or (at_once and "/commands/" in frame.filename):
                continue
            for name, local in (frame.locals or {}).items():
                self.look(f"{frame.filename}:{frame.lineno} {frame.name}: {name}", local)
        self._frames(shown.__cause__, at_once)
        self._frames(shown.__context__, at_once)

    def look(self, where: str, text: str) -> None:
        self.leaks += [f"{where} shows {name}" for name, secret in S._asdict().items() if secret in text]


class Token(CredentialProvider):
    """Hands out a token that no server takes."""

    def __init__(self) -> None:
        self.token = S.token

    async def get_credentials_async(self) -> tuple[str, str]:
        return ("default2", self.token)


class Broken(CredentialProvider):
    """Fails, with the token in a variable."""

    async def get_credentials_async(self) -> tuple[str]:
        raise ValueError("no token")


class Refusing(Hook):
    """Refuses KEYS."""

    async def on_command(self, command: Any, call_next: Any) -> Any:
        if command.name == "KEYS":
            raise PermissionError("KEYS is not for production")
        return await call_next(command)


@pytest.fixture
def findings() -> Iterator[Findings]:
    with SecretTrap(S) as trap:
        yield Findings(trap)


@pytest.fixture(params=["no query text", "query text", "query text with keys"])
def text(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What of commands is shown in spans."""
    return {"query_text": request.param != "no query text", "query_keys": request.param == "query text with keys"}


@pytest.fixture
async def make(private_server: RedisServer, text: dict[str, Any]) -> AsyncIterator[tuple[Telemetry, Any]]:
    """The telemetry, and what makes instrumented clients."""
    clients: list[Redis[Any]] = []
    with Telemetry() as telemetry:

        def made(client: Redis[Any] | None = None, **options: Any) -> Redis[Any]:
            given: dict[str, Any] = {"host": private_server.host, "port": private_server.port, **options}
            client = client or Redis(**given)
            instrument(client, **telemetry.providers, **text)
            clients.append(client)
            return client

        yield telemetry, made
        for client in clients:
            await client.aclose()


async def refused_arguments(find: Findings, client: Redis[Any]) -> None:
    """Arguments that are refused before anything is sent."""
    nothing: Any = object()
    await find.provoke(
        lambda: client.set(S.key, nothing),
        lambda: client.set(S.key, S.value + "\udcff"),
        lambda: client.execute_command("SET", S.key, S.value, nothing),
        lambda: client.execute_command("AUTH", S.raw_auth),
        lambda: client.acl_setuser(S.username, passwords=[S.acl]),
        lambda: client.execute_command("MONITOR", S.value),
        lambda: client.execute_command("SET", S.key, S.value, nonsense=S.value),
        lambda: client.pipeline().set(S.key, S.value).set(S.key, nothing).execute(),
    )
    await find.provoke(lambda: client.set(S.key, S.value, ex=1, px=2), at_once=True)


async def error_replies(find: Findings, client: Redis[Any], server: RedisServer) -> None:
    """Errors that the server answers."""
    await client.set(S.key, S.value)
    migrate = ("MIGRATE", "127.0.0.1", "1", S.key, 0, 10, "AUTH2", S.username, S.migrate)
    await find.provoke(
        lambda: client.lpush(S.key, S.value),
        lambda: client.execute_command("NOSUCHCOMMAND", S.key, S.value),
        lambda: client.execute_command("CONFIG SET", "requirepass", S.config, "nonsense", S.config),
        lambda: client.execute_command("ACL SETUSER", S.username, f">{S.acl}", f"<{S.acl}x", f"#{S.acl}"),
        lambda: client.execute_command("EVAL", "return redis.call('LPUSH', KEYS[1], ARGV[1])", 1, S.key, S.argv),
        lambda: client.execute_command("EVALSHA", "0" * 40, 1, S.key, S.argv),
        lambda: client.execute_command("FCALL", "nosuchfunction", 1, S.key, S.argv),
        lambda: client.execute_command(*migrate),
        lambda: client.execute_command("XREADGROUP", "GROUP", S.value, "me", "STREAMS", S.key + "x", ">"),
        lambda: _failing_parser(client),
        lambda: client.pipeline(transaction=False).set(S.key, S.value).lpush(S.key, S.value).execute(),
        lambda: client.pipeline().set(S.key, S.value).lpush(S.key, S.value).execute(),
        lambda: client.pipeline().set(S.key, S.value).execute_command("NOSUCHCOMMAND", S.value).execute(),
        lambda: client.keys(S.key),
    )
    async with client.connection() as connection:
        await find.provoke(
            lambda: connection.execute_command("AUTH", S.username, S.raw_auth),
            lambda: connection.execute_command("HELLO", 3, "AUTH", S.username, S.raw_auth),
            lambda: connection.lpush(S.key, S.value),
        )

    async def watched() -> None:
        async with client.pipeline() as pipe:
            await pipe.watch(S.key)
            await client.set(S.key, S.value + "2")
            pipe.multi()
            await pipe.set(S.key, S.value).execute()

    await find.provoke(watched)
    server.command("ACL", "SETUSER", S.username, "on", f">{S.password}", "~nothing", "+ping", "+client", "+hello")


async def _failing_parser(client: Redis[Any]) -> None:
    def parse(reply: Any) -> Any:
        raise ValueError("this is no number")

    await client.execute_command("GET", S.key, parse=parse)


async def undecodable(find: Findings, client: Redis[Any]) -> None:
    """A reply that is no text."""
    await client.set(S.key, S.value.encode() + b"\xff")
    await find.provoke(
        lambda: client.get(S.key),
        lambda: client.pipeline().get(S.key).get(S.key).execute(),
        lambda: client.pipeline(transaction=False).get(S.key).execute(),
    )


async def logins(find: Findings, make: Any, url: str) -> None:
    """Credentials that are refused, or do not allow a command."""
    allowed = make(username=S.username, password=S.password)
    assert await allowed.ping()
    await find.provoke(lambda: allowed.get(S.key), lambda: allowed.acl_whoami())
    refused: list[dict[str, Any]] = [
        {"username": S.username, "password": S.config},
        {"credential_provider": Token()},
        {"credential_provider": Broken()},
        {"credential_provider": UsernamePasswordCredentialProvider(S.username, S.userinfo)},
        {"username": S.username, "password": S.config, "protocol": 2},
    ]
    for options in refused:
        client = make(**options)
        await find.provoke(client.ping, client.pipeline().get(S.key).execute, client.lease)
    client = make(from_url(f"redis://{S.username}:{S.userinfo}@{url}"))
    await find.provoke(client.ping)


async def bad_options(find: Findings, certificates: Path) -> None:
    """Options and URLs that cannot be used."""

    async def attempt(made: Callable[[], Any]) -> None:
        made()

    both: Any = {"socket_timeout": 1, "read_timeout": 2}
    await find.provoke(
        lambda: attempt(lambda: from_url(f"redis://{S.username}:{S.userinfo}@localhost?nonsense=1")),
        lambda: attempt(lambda: Redis.from_url(f"http://{S.username}:{S.userinfo}@localhost")),
        lambda: attempt(lambda: ConnectionPool.from_url(f"redis://{S.username}:{S.userinfo}@a:b:c")),
        lambda: attempt(lambda: Redis(password=S.password, username=S.username, **both)),
        lambda: attempt(lambda: ConnectionPool(password=S.password, credential_provider=Token())),
        lambda: attempt(lambda: Redis(ssl=True, ssl_keyfile=str(certificates), ssl_certfile=str(certificates),
                                      ssl_password=S.tls, password=S.password)),
    )  # fmt: skip


async def lost_connections(find: Findings, make: Any, proxy: FaultProxy) -> None:
    """Waits that run out, and connections that are lost at a bad moment."""
    quick = {"read_timeout": 0.1, "max_retries": 0, "pool_timeout": 0.2, "dial_timeout": 0.3}
    client = make(host=proxy.host, port=proxy.port, **quick, pool_size=2)

    async def out_of_time() -> None:
        async with asyncio.timeout(0.01):
            await client.set(S.key, S.value)

    calls: list[Provoke] = [
        lambda: client.get(S.key),
        lambda: client.lpush(S.key + "l", S.value),
        lambda: client.pipeline().set(S.key, S.value).execute(),
        lambda: client.pipeline(transaction=False).rpush(S.key + "l", S.value).execute(),
        out_of_time,
    ]
    for call in calls:
        await client.set(S.key, S.value)
        await proxy.hold("down")
        await find.provoke(call)
        await proxy.release("down")
    lease = await client.lease()
    try:
        await find.provoke(client.lease)
    finally:
        lease.release()
    await proxy.refuse()
    await proxy.kill()
    await find.provoke(lambda: client.set(S.key, S.value))
    again = make(host=proxy.host, port=proxy.port, max_retries=1)
    await find.provoke(
        lambda: again.set(S.key, S.value),
        lambda: again.blmove(S.key, S.key + "x", timeout=1),
        lambda: again.pipeline().set(S.key, S.value).execute(),
    )
    await client.aclose()
    await find.provoke(lambda: client.set(S.key, S.value), client.lease)


async def hostile(find: Findings, make: Any) -> None:
    """A server that does not speak RESP, and one that does not answer."""
    with ScriptedServer(Dialogue(steps=[Step("SET", b"*nonsense\r\n")])) as server:
        client = make(host=server.host, port=server.port, max_retries=0, password=S.password)
        await find.provoke(lambda: client.set(S.key, S.value))
        await client.aclose()


async def test_no_secret_gets_out(
    findings: Findings,
    make: tuple[Telemetry, Any],
    text: dict[str, Any],
    private_server: RedisServer,
    tmp_path: Path,
) -> None:
    telemetry, made = make
    client = made(decode_responses=True, max_retries=1)
    client.add_hook(Refusing())
    key = tmp_path / "key.pem"
    trustme.CA().private_key_pem.write_to_path(str(key))
    await refused_arguments(findings, client)
    await error_replies(findings, client, private_server)
    await undecodable(findings, client)
    await logins(findings, made, f"{private_server.host}:{private_server.port}")
    await bad_options(findings, key)
    with FaultProxy(private_server.host, private_server.port) as proxy:
        await lost_connections(findings, made, proxy)
    await hostile(findings, made)
    for shown in objects(client, made):
        findings.trap.note(shown)
        if not isinstance(shown, Command | Token):  # a command is its arguments, and the provider is the program's
            with contextlib.suppress(TypeError, pickle.PicklingError, AttributeError):
                findings.look(f"pickle of {type(shown).__name__}", repr(pickle.dumps(shown)))
    kinds = {type(error).__name__ for error in findings.errors}
    assert kinds >= EXPECTED, f"not provoked: {EXPECTED - kinds}"
    assert not findings.leaks, "\n".join(findings.leaks)
    assert findings.trap.hits == []
    visible = {S.key} if text["query_keys"] else set()
    told = telemetry.text()
    assert "db.client.operation.duration" in told
    assert [secret for secret in S if secret in told and secret not in visible] == []


EXPECTED = {
    *("AuthenticationError", "WrongTypeError", "DataError", "ResponseError", "NoScriptError", "ReplyDecodeError"),
    *("WatchError", "ExecAbortError", "NoPermissionError", "OutcomeUnknownTimeoutError", "ReadTimeoutError"),
    *("PoolTimeoutError", "ConnectionError", "ClientClosedError", "ProtocolError", "ValueError", "TypeError"),
    *("PermissionError", "TimeoutError"),
}


def objects(client: Redis[Any], made: Any) -> Iterator[object]:
    """Yield what a program may print or pickle."""
    secretive = made(username=S.username, password=S.password, client_name=S.value)
    for one in (client, secretive):
        pool = one.connection_pool
        yield from (one, pool, pool.node, pool.options, one.pool_stats(), one.pipeline().set(S.key, S.value))
    yield client.connection_pool.node._mux.current
    yield from (UsernamePasswordCredentialProvider(S.username, S.password), Token())
    yield Command("SET", S.key, S.value)
    yield from_url(f"redis://{S.username}:{S.userinfo}@localhost")
