"""The pytest fixtures for users, run by pytest-asyncio in either mode and by anyio's plugin."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import Program

ROOT = Path(__file__).parents[2]

CONFTEST = """
import pytest
pytest_plugins = ["redis_aio.testing.plugin"]

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""

TESTS = """
import pytest

@pytest.mark.MARK
@pytest.mark.parametrize("number", [1, 2])
async def test_each_test_has_an_empty_server(redis_client, redis_server, number):
    assert await redis_client.dbsize() == 0
    await redis_client.set("key", number)
    assert redis_server.command("GET", "key") == str(number).encode()

def test_the_server_alone(redis_server):
    assert redis_server.command("PING") == "PONG"
"""

#: How pytest is told to use it, and the mark of async tests.
ASYNCIO = ("-p", "no:anyio", "-o", "asyncio_default_fixture_loop_scope=function")
RUNNERS = {
    "pytest-asyncio-strict": ([*ASYNCIO, "-o", "asyncio_mode=strict"], "asyncio"),
    "pytest-asyncio-auto": ([*ASYNCIO, "-o", "asyncio_mode=auto"], "filterwarnings('error')"),
    "anyio": (["-p", "no:asyncio"], "anyio"),
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_fixtures(tmp_path: Path, server_program: Program, runner: str) -> None:
    options, mark = RUNNERS[runner]
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_users.py").write_text(TESTS.replace("MARK", mark))
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:valkey", "-p", "no:xdist", *options, "."]
    environment = {**os.environ, "REDIS_AIO_SERVER": str(server_program.path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=60
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
