"""What every test can ask for: event loops, servers, clients; and the check that a test leaves nothing behind."""

import asyncio
import inspect
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Protocol

import pytest
import uvloop

from redis_aio import Redis
from redis_aio.testing import RedisServer, ServerStartError
from tests.support.server import Certificates, Program, make_certificates, programs

_PROGRAMS = pytest.StashKey[dict[str, Program]]()

#: Seconds that what a test ended may take to be gone.
_SETTLE = 1.0


class MakeClient(Protocol):
    """Makes clients of the test server that are closed after the test."""

    def __call__(self, **options: Any) -> Redis[Any]:
        """Return a new client; ``options`` are those of ``Redis``."""
        ...


# --- options and parameters --------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("redis-aio")
    group.addoption(
        "--servers",
        default=os.environ.get("REDIS_AIO_SERVERS", ""),
        metavar=f"PATH{os.pathsep}PATH",
        help="more server programs to run tests/commands against (default: $REDIS_AIO_SERVERS)",
    )
    group.addoption("--matrix", action="store_true", help="run all tests, not only tests/commands, against each server")


def pytest_configure(config: pytest.Config) -> None:
    others = str(config.getoption("--servers")).split(os.pathsep)
    config.stash[_PROGRAMS] = programs(filter(None, others))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    default, *others = _chosen(config)
    scope = "all tests" if config.getoption("--matrix") else "tests/commands"
    more = f"; {scope} also against {', '.join(others)}" if others else ""
    terminalreporter.write_line(f"server: {default}{more}")


def _chosen(config: pytest.Config) -> dict[str, Program]:
    """Return the programs to run tests against, the default one first; without --matrix one of each version."""
    found = config.stash[_PROGRAMS]
    if config.getoption("--matrix"):
        return found
    versions: dict[tuple[str, tuple[int, ...]], str] = {}
    for name, program in found.items():
        versions.setdefault((program.flavour, program.version), name)
    return {name: found[name] for name in versions.values()}


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every async test on both event loops, or on uvloop only where it is marked ``one_loop``."""
    if item.get_closest_marker("one_loop"):
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    found = _chosen(metafunc.config)
    if not metafunc.config.getoption("--matrix"):
        wanted = metafunc.definition.get_closest_marker("modules") is not None
        found = {name: program for name, program in found.items() if program.modules is wanted} or found
    if "server_program" not in metafunc.fixturenames or len(_chosen(metafunc.config)) == 1:
        return
    path = metafunc.definition.path.relative_to(metafunc.config.rootpath)
    everywhere = "commands" in path.parts or metafunc.definition.get_closest_marker("every_server") is not None
    if metafunc.config.getoption("--matrix") or everywhere:
        metafunc.parametrize("server_program", found.values(), ids=found.keys(), indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse names of tests that are not the same in every process: pytest-xdist would refuse them, in a riddle."""
    unstable = sorted({item.nodeid.partition("[")[0] for item in items if re.search(r"\bat 0x[0-9a-f]+", item.nodeid)})
    if unstable:
        raise pytest.UsageError(
            f"the ids of these tests' parameters have memory addresses in them: {', '.join(unstable)}"
        )


# --- servers --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server_program(request: pytest.FixtureRequest) -> Program:
    """The server program of this test."""
    chosen = getattr(request, "param", None) or next(iter(request.config.stash[_PROGRAMS].values()))
    assert isinstance(chosen, Program)
    return chosen


@pytest.fixture(scope="session")
def _servers() -> Iterator[dict[Program, RedisServer]]:
    # Kept until the end of the session, so that switching between them costs nothing.
    servers: dict[Program, RedisServer] = {}
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture(scope="session")
def server(server_program: Program, _servers: dict[Program, RedisServer]) -> RedisServer:
    """The running server of this worker; a test that kills, pauses or reconfigures one starts its own."""
    if server_program not in _servers:
        _servers[server_program] = server_program.server().start()
    return _servers[server_program]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates for a TLS server on localhost and for its clients."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def tls_program(certificates: Certificates, request: pytest.FixtureRequest) -> Program:
    """The first server program at hand that can do TLS; without one the test is skipped."""
    for program in request.config.stash[_PROGRAMS].values():
        try:
            program.server(tls=certificates.server).start().stop()
        except ServerStartError:
            continue
        return program
    pytest.skip("no server program here was built with TLS")


@pytest.fixture(scope="session")
def tls_server(tls_program: Program, certificates: Certificates) -> Iterator[RedisServer]:
    """A running server with TLS, which takes clients with and without a certificate."""
    with tls_program.server(tls=certificates.server, config={"tls-auth-clients": "optional"}) as server:
        yield server


# --- clients --------------------------------------------------------------------------


@pytest.fixture
def clean(server: RedisServer) -> None:
    """Empty the server's databases."""
    server.command("FLUSHALL")


@pytest.fixture
async def make_client(server: RedisServer, clean: None) -> AsyncIterator[MakeClient]:
    """A factory of clients of the test server; they are closed after the test."""
    clients: list[Redis[Any]] = []

    def make(**options: Any) -> Redis[Any]:
        if "unix_socket_path" not in options:
            options = {"host": server.host, "port": server.port, **options}
        client: Redis[Any] = Redis(**options)
        clients.append(client)
        return client

    yield make
    for client in reversed(clients):
        await client.aclose()


@pytest.fixture(params=[2, 3], ids=["resp2", "resp3"])
def protocol(request: pytest.FixtureRequest) -> int:
    """The version of RESP to speak."""
    chosen: int = request.param
    return chosen


@pytest.fixture
async def client(make_client: MakeClient, protocol: int) -> Redis[bytes]:
    """A client of the test server, which is empty."""
    return make_client(protocol=protocol)


# --- nothing is left behind -------------------------------------------------------------


@pytest.fixture
async def loop() -> str:
    """The name of the event loop the test runs on: asyncio or uvloop."""
    return "uvloop" if isinstance(asyncio.get_running_loop(), uvloop.Loop) else "asyncio"


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> None:
    """Check after each async test that no task and no connection is left; a sync one needs no event loop for that."""
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        # Set up here, before the test's own fixtures, so that it ends after them.
        request.getfixturevalue("_nothing_left_async")


@pytest.fixture
async def _nothing_left_async(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    server: RedisServer | None = request.getfixturevalue("server") if "server" in request.fixturenames else None
    connections = _connections(server)
    tasks = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - tasks - {asyncio.current_task()}
    if left:
        left = (await asyncio.wait(left, timeout=_SETTLE))[1]
    assert not left, f"the test left tasks running: {left}"
    deadline = time.monotonic() + _SETTLE
    while (now := _connections(server)) > connections and time.monotonic() < deadline:  # noqa: ASYNC110  # no event tells
        await asyncio.sleep(0.005)
    assert now <= connections, f"the test left {now - connections} connections to the server open"


def _connections(server: RedisServer | None) -> int:
    if server is None:
        return 0
    info = server.command("INFO", "clients")
    assert isinstance(info, bytes)
    return int(dict(line.split(":", 1) for line in info.decode().splitlines() if ":" in line)["connected_clients"])
