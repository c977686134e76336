"""``python -m redis_aio``: the doctor and ping against real servers, well and badly configured."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import redis_aio
from redis_aio.__main__ import main
from redis_aio._doctor import report
from redis_aio._doctor.facts import gather
from redis_aio.testing import RedisServer
from redis_aio.testing.ports import free_port
from tests.support.server import Certificates, Program

pytestmark = pytest.mark.one_loop

SECRET = "p1-planted-secret"
#: What a production server of the tests is told.
GOOD: dict[str, str | int] = {
    "maxmemory": "64mb",
    "maxmemory-policy": "allkeys-lru",
    "latency-monitor-threshold": 100,
    "tcp-keepalive": 300,
}
#: Findings that depend on the machine, the program that the tests run with, or on the server having just been started.
CHANCE = {"version", "uptime", "huge-pages", "overcommit", "latency", "connection-rate"}


async def checks(url: str, **arguments: Any) -> dict[str, str]:
    """Return the checks that found something, with their severities."""
    async with redis_aio.from_url(url) as client:
        facts = await gather(client, timeout=10, samples=5, **arguments)
    found = report.examine(facts)
    assert SECRET not in report.as_json(facts, found) + report.as_text(facts, found)
    return {finding.check: finding.severity.name for finding in found if finding.check not in CHANCE}


async def test_a_server_that_is_well(server_program: Program) -> None:
    async with server_program.server(config=GOOD, password=SECRET) as server:
        server.command("ACL", "SETUSER", "app", "on", f">{SECRET}", "~*", "&*", "+@all")
        url = f"redis://app:{SECRET}@{server.host}:{server.port}"
        assert await checks(url) == {"persistence": "INFO"}  # the private server of the tests writes nothing to disk
        settings = {"lazyfree-lazy-eviction": "yes", "lazyfree-lazy-expire": "yes"}
        for name, value in settings.items():
            server.command("CONFIG", "SET", name, value)
        assert await checks(url, cache=True) == {}


async def test_a_server_that_is_not_well(server_program: Program) -> None:
    bad: dict[str, str | int] = {
        "maxclients": 40,
        "tcp-keepalive": 0,
        "timeout": 60,
        "protected-mode": "no",
        "bind": "0.0.0.0",
        "client-output-buffer-limit": "pubsub 0 0 0",
        "notify-keyspace-events": "KEA",
        "slowlog-log-slower-than": 50_000,
        "maxmemory-policy": "noeviction",
    }
    async with server_program.server(config=bad) as server:
        server.command("SET", SECRET, SECRET)
        server.command("DEBUG", "SLEEP", "0.12")
        url = f"{server.url}/3?read_timeout=none&pool_size=30&max_retries=0&retry_unsafe=true"
        assert await checks(url, processes=2, cache=True) == {
            "access": "ERROR",
            "maxclients": "ERROR",
            "timeouts": "WARNING",
            "retries": "WARNING",
            "idle-timeout": "WARNING",
            "tcp-keepalive": "WARNING",
            "output-buffers": "WARNING",
            "slow-commands": "WARNING",
            "databases": "WARNING",
            "maxmemory": "WARNING",
            "keyspace-events": "INFO",
            "latency-events": "INFO",
            **({"lazy-freeing": "INFO"} if server_program.flavour == "redis" or server_program.version < (8,) else {}),
        }


async def test_a_full_server(server_program: Program) -> None:
    async with server_program.server(config={**GOOD, "maxmemory-policy": "noeviction"}) as server:
        server.command("DEBUG", "POPULATE", "1000", "key", "1000")
        used = server.command("INFO", "memory")
        assert isinstance(used, bytes)
        in_use = int(used.decode().split("used_memory:")[1].split()[0])
        server.command("CONFIG", "SET", "maxmemory", str(in_use))
        assert (await checks(server.url))["maxmemory-policy"] == "ERROR"
        server.command("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
        assert (await checks(server.url))["maxmemory-policy"] == "WARNING"
        server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        assert "maxmemory-policy" not in await checks(server.url)


async def test_a_replica_without_its_primary(server_program: Program) -> None:
    async with server_program.server(config=GOOD) as server:
        server.command("REPLICAOF", server.host, "1")
        found = await checks(server.url)
        assert found["role"] in ("ERROR", "WARNING")
        async with redis_aio.from_url(server.url) as client:
            facts = await gather(client, timeout=10, samples=1)
        assert {f.severity.name for f in report.examine(facts) if f.check == "role"} == {"ERROR", "WARNING"}


async def test_a_node_of_a_cluster(server_program: Program) -> None:
    async with server_program.server(config={**GOOD, "cluster-enabled": "yes"}) as server:
        assert (await checks(server.url))["cluster"] == "ERROR"


async def test_a_user_who_may_read_nothing(server_program: Program) -> None:
    async with server_program.server(config=GOOD) as server:
        allowed = ("+hello", "+auth", "+get", "+select")
        server.command("ACL", "SETUSER", "app", "on", f">{SECRET}", "~*", "-@all", *allowed)
        async with redis_aio.from_url(f"redis://app:{SECRET}@{server.host}:{server.port}") as client:
            facts = await gather(client, timeout=10, samples=3)
        assert facts.error is None
        assert set(facts.unreadable) == {
            "PING",
            "INFO",
            "CONFIG GET",
            "ACL WHOAMI",
            "ACL GETUSER",
            "SLOWLOG",
            "LATENCY",
        }
        assert [f.check for f in report.examine(facts) if f.check not in CHANCE] == ["unreadable"]


async def test_tls_without_verification(tls_server: RedisServer, certificates: Certificates) -> None:
    address = f"rediss://localhost:{tls_server.port}"
    assert (await checks(f"{address}?ssl_cert_reqs=none"))["tls"] == "ERROR"
    assert "tls" not in await checks(f"{address}?ssl_ca_certs={certificates.ca}")
    async with redis_aio.from_url(address) as client:
        facts = await gather(client, timeout=10, samples=1)
    [found] = report.examine(facts)
    assert (found.check, found.why) == ("reachable", "TLS could not be agreed on: nothing else can work.")


async def test_tls_to_a_port_without_it(server: RedisServer) -> None:
    async with redis_aio.from_url(f"rediss://{server.host}:{server.port}") as client:
        facts = await gather(client, timeout=0.2, samples=1)
    [found] = report.examine(facts)
    assert "tls-port" in found.todo


async def test_a_database_that_is_not_there(server: RedisServer) -> None:
    async with redis_aio.from_url(f"redis://{server.host}:{server.port}/9999") as client:
        facts = await gather(client, timeout=10, samples=1)
    [found] = report.examine(facts)
    assert found.what == "the server could not be asked: the handshake failed (ERR)"
    assert "the number of the database" in found.todo


async def test_an_old_server(server_program: Program) -> None:
    old = server_program.flavour == "redis" and server_program.version < (7, 2)
    async with server_program.server() as server, redis_aio.from_url(server.url) as client:
        facts = await gather(client, timeout=10, samples=1)
    assert [f.severity.name for f in report.examine(facts) if f.check == "version"] == ["WARNING"] * old


async def test_a_server_that_hangs(server_program: Program) -> None:
    async with server_program.server() as server, redis_aio.from_url(f"{server.url}?read_timeout=none") as client:
        await client.ping()
        server.pause()
        try:
            async with asyncio.timeout(5):
                facts = await gather(client, timeout=0.2, samples=1)
        finally:
            server.resume()
        (found,) = [finding for finding in report.examine(facts) if finding.check == "reachable"]
        assert found.what == "the server could not be asked: the server did not answer everything within 0.2 s"


# -- the program ------------------------------------------------------------------------------------------------------


async def run(*arguments: str, url: str | None = None) -> tuple[int, str, str]:
    """Run ``python -m redis_aio`` and return its exit status and what it wrote."""
    environment = {**os.environ, **({} if url is None else {"REDIS_URL": url})}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "redis_aio", *arguments),
        env=environment,
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def test_the_program(server: RedisServer, clean: None) -> None:
    status, output, errors = await run("doctor", server.url)
    assert (status, errors) == (1, "")
    assert output.startswith(f"redis://{server.host}:{server.port}/0\n  {server.flavour} ")
    assert "WARNING maxmemory: maxmemory is not set" in output
    status, output, errors = await run("doctor", "--json", "--samples", "3", url=server.url)
    found = json.loads(output)
    assert (status, errors, found["status"], found["latency"]["samples"]) == (1, "", 1, 3)


async def test_a_server_that_is_not_there() -> None:
    port = free_port("127.0.0.1")
    status, output, errors = await run("doctor", f"redis://{SECRET}:{SECRET}@127.0.0.1:{port}/0?max_retries=1")
    assert (status, errors) == (2, "")
    assert f"cannot connect to 127.0.0.1:{port}: Connection refused" in output
    assert SECRET not in output


@pytest.mark.parametrize("as_json", [False, True])
def test_wrong_credentials(server_program: Program, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    with server_program.server(password="right") as server:
        url = f"redis://:{SECRET}@{server.host}:{server.port}"
        assert main(["doctor", url, *(["--json"] if as_json else [])]) == 2
        output = capsys.readouterr().out
        assert "AuthenticationError (WRONGPASS)" in output
        assert SECRET not in output
        assert main(["ping", url, *(["--json"] if as_json else [])]) == 2
        output = capsys.readouterr().out
        assert "AuthenticationError (WRONGPASS)" in output
        assert SECRET not in output


def test_ping(server: RedisServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ping", server.url, "--samples", "7"]) == 0
    assert capsys.readouterr().out.startswith("7 PINGs: min ")
    assert main(["ping", server.url, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert 0 < figures["min"] <= figures["p50"] <= figures["p99"] <= figures["max"]


def test_ping_to_a_server_that_hangs(server_program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    with server_program.server() as server:
        server.pause()
        try:
            assert main(["ping", server.url, "--timeout", "0.2"]) == 2
        finally:
            server.resume()
    assert "no answer to all of them within 0.2 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["doctor", f"redis://user:{SECRET}@host:port"],
        ["doctor", f"http://user:{SECRET}@host"],
        ["doctor", "redis://localhost?nonsense=1"],
        ["doctor", "--timeout", "0"],
        ["doctor", "--processes", "0"],
        ["ping", "--samples", "none"],
    ],
)
def test_arguments_that_make_no_sense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 3
    errors = capsys.readouterr().err
    assert errors.startswith("usage: ")
    assert SECRET not in errors
