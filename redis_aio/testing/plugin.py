"""Pytest fixtures: a real private server, and an empty client of it for each test.

Switched on in a ``conftest.py`` with ``pytest_plugins = ["redis_aio.testing.plugin"]``. Tests that use ``redis_client``
are run by pytest-asyncio (in either mode) or, where that is not installed, by anyio's plugin.
"""

import importlib
import importlib.util
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import pytest

from redis_aio.client import Redis
from redis_aio.testing.server import RedisServer

F = TypeVar("F", bound=Callable[..., Any])


def _async_fixture(function: F) -> F:
    # In its strict mode pytest-asyncio runs only the async fixtures that it was told about.
    name = "pytest" if importlib.util.find_spec("pytest_asyncio") is None else "pytest_asyncio"
    made: F = importlib.import_module(name).fixture(function)
    return made


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A running private server, one for the session (for each worker of pytest-xdist)."""
    with RedisServer() as server:
        yield server


@_async_fixture
async def redis_client(redis_server: RedisServer) -> AsyncIterator[Redis[bytes]]:
    """A client of the private server, which is emptied before each test."""
    redis_server.command("FLUSHALL")
    async with Redis.from_url(redis_server.url) as client:
        yield client
