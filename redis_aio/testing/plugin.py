"""Pytest fixtures: a real private server, and an empty client of it for each test.

Switched on in a ``conftest.py`` with ``pytest_plugins = ["redis_aio.testing.plugin"]``. The tests that use ``redis_client``
are run by pytest-asyncio (in either mode) or, where that is not installed, by anyio's plugin.
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from redis_aio.client import Redis
from redis_aio.testing.server import RedisServer

try:
    # In its strict mode pytest-asyncio runs the async fixtures that it was told about.
    from pytest_asyncio import fixture as async_fixture
except ImportError:
    async_fixture = pytest.fixture


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A running private server, one for the session (for each worker of pytest-xdist)."""
    with RedisServer() as server:
        yield server


@async_fixture
async def redis_client(redis_server: RedisServer) -> AsyncIterator[Redis[bytes]]:
    """A client of the private server, which is emptied before each test."""
    redis_server.command("FLUSHALL")
    async with Redis.from_url(redis_server.url) as client:
        yield client
