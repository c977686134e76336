"""What the fault tests share: a server behind a proxy, an observer beside it, and clients that can be told apart."""

import gc
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

import pytest

from redis_aio import Redis
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import Observer, clean
from tests.support.proxy import FaultProxy
from tests.support.server import Program

Connect: TypeAlias = Callable[..., "Redis[Any]"]

_serial = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _cheap_collections() -> Iterator[None]:
    """Spare the garbage collector, which runs before and after each test here, what was imported."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def _proxy_process(server: RedisServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.host, server.port) as running:
        yield running


@pytest.fixture
async def proxy(_proxy_process: FaultProxy) -> AsyncIterator[FaultProxy]:
    """A proxy to the test server, passing everything; it is as new for each test."""
    yield _proxy_process
    await _proxy_process.reset()


@pytest.fixture
def observer(server: RedisServer) -> Iterator[Observer]:
    """A connection beside the client under test."""
    with Observer(server) as connected:
        yield connected


@pytest.fixture
def private_server(server_program: Program) -> Iterator[RedisServer]:
    """A server to stop, kill and reconfigure."""
    with server_program.server() as running:
        yield running


@pytest.fixture
def name() -> str:
    """The ``client_name`` of this test's clients."""
    return f"fault-{os.getpid()}-{next(_serial)}"


@pytest.fixture
async def clean_afterwards(server: RedisServer, name: str) -> AsyncIterator[None]:
    """Check, when the test's clients are closed, that they left nothing behind."""
    async with clean(server, name):
        yield


@pytest.fixture
def connect(clean_afterwards: None, make_client: MakeClient, proxy: FaultProxy, name: str) -> Connect:
    """Make a client of the test server that goes through the proxy."""

    def make(**options: Any) -> "Redis[Any]":
        return make_client(**{"host": proxy.host, "port": proxy.port, "client_name": name, **options})

    return make
