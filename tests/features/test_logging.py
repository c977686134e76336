"""Logs: changes of state with their fields, nothing for a command, no secret."""

import ast
import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import redis_aio
from redis_aio import PoolTimeoutError, ReadTimeoutError, Redis, RedisError, _log, exceptions
from redis_aio._connection import pool_log
from redis_aio._connection.push import PushRouter
from redis_aio.credentials import CredentialProvider
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.server import Program

pytestmark = pytest.mark.one_loop

ROOT = Path(__file__).parents[2]
SECRET = "p1-planted-secret"


class Records(logging.Handler):
    """Keeps records, and formats each with all its fields: a record that lacks one fails."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(" ".join(f"%({name})s" for name in ("message", *_log.FIELDS))))
        self.all: list[logging.LogRecord] = []
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
        self.all.append(record)

    def events(self, level: int = logging.DEBUG) -> list[str]:
        return [vars(record)["redis_event"] for record in self.all if record.levelno >= level]

    def one(self, event: str) -> dict[str, Any]:
        (found,) = [vars(record) for record in self.all if vars(record)["redis_event"] == event]
        return found

    async def until(self, event: str) -> None:
        deadline = time.monotonic() + 5
        while event not in self.events():
            assert time.monotonic() < deadline, f"{event} was not logged: {self.events()}"
            await asyncio.sleep(0.01)


@pytest.fixture
def records() -> Iterator[Records]:
    """All that the library logs."""
    handler, logger = Records(), logging.getLogger("redis_aio")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
async def own(server_program: Program) -> AsyncIterator[RedisServer]:
    """A server that the test may kill and pause."""
    async with server_program.server() as server:
        yield server


async def test_the_life_of_a_connection(own: RedisServer, records: Records) -> None:
    async with redis_aio.from_url(f"{own.url}/2", max_retries=0) as client:
        client_id = await client.client_id()
        opened = records.one("connection.opened")
        assert (opened["levelname"], opened["name"]) == ("DEBUG", "redis_aio.connection")
        assert (opened["redis_address"], opened["redis_db"]) == (f"{own.host}:{own.port}", 2)
        assert opened["redis_connection_id"] == client_id
        assert 0 < opened["redis_duration"] < 5

        own.kill()
        await records.until("connection.lost")
        lost = records.one("connection.lost")
        assert lost["levelname"] == "INFO"
        assert lost["redis_connection_id"] == client_id
        assert (lost["redis_reason"], lost["redis_error"]) == ("the server closed the connection", "ConnectionError")

        for _ in range(3):
            with pytest.raises(RedisError):
                await client.ping()
        assert records.events(logging.INFO) == ["connection.lost", "connection.failed"], "the first failure only"
        assert records.events().count("connection.failed") == 3
        failed = next(vars(record) for record in records.all if vars(record)["redis_event"] == "connection.failed")
        assert failed["redis_reason"] == f"cannot connect to {own.host}:{own.port}: Connection refused"

        own.restart()
        await client.ping()
        assert records.one("connection.restored")["levelname"] == "INFO"
        assert records.one("connection.restored")["redis_duration"] > 0
    assert records.one("connection.closed")["redis_reason"] == "the client was closed"
    assert records.one("connection.closed")["levelname"] == "DEBUG"
    assert records.one("pool.closed")["redis_count"] == 1


async def test_nothing_is_logged_for_a_command(make_client: MakeClient, server: RedisServer, records: Records) -> None:
    client = make_client(decode_responses=True)
    await client.ping()
    await client.blpop("nothing", timeout=0.01)
    before = len(records.all)
    for number in range(250):
        await client.set("key", number)
    await asyncio.gather(*(client.get("key") for _ in range(250)))
    pipe = client.pipeline()
    for _ in range(250):
        pipe.incr("counter")
    await pipe.execute()
    for _ in range(125):
        with pytest.raises(RedisError):
            await client.lpush("key", "a")
    for _ in range(125):
        await client.lpush("list", "a")
        await client.blpop("list")
    assert len(records.all) == before


async def test_a_connection_that_answered_too_late_is_retired(own: RedisServer, records: Records) -> None:
    async with redis_aio.from_url(own.url, read_timeout=0.1, max_retries=0) as client:
        client_id = await client.client_id()
        own.pause()
        try:
            with pytest.raises(ReadTimeoutError):
                await client.get("key")
            retired = records.one("connection.retired")
            assert (retired["levelname"], retired["redis_connection_id"]) == ("INFO", client_id)
            assert (retired["redis_reason"], retired["redis_error"]) == (
                "no reply within read_timeout",
                "ReadTimeoutError",
            )
            await records.until("connection.lost")
            assert client.connection_pool.node.last_error is not None
            assert client.connection_pool.node.last_error.type in ("ReadTimeoutError", "ConnectionError")
        finally:
            own.resume()


async def test_a_connection_to_a_replica_is_retired(own: RedisServer, records: Records) -> None:
    async with redis_aio.from_url(own.url, max_retries=0) as client:
        await client.ping()
        own.command("REPLICAOF", own.host, "1")
        with pytest.raises(exceptions.ReadOnlyError):
            await client.set("key", SECRET)
        assert records.one("connection.retired")["redis_reason"] == "ReadOnlyError (READONLY)"
        await records.until("connection.closed")


async def test_connections_whose_time_is_over(make_client: MakeClient, server: RedisServer, records: Records) -> None:
    client = make_client(conn_max_idle_time=0.1)
    async with client.connection() as connection:
        await connection.ping()
    await records.until("connection.closed")
    closed = records.one("connection.closed")
    assert (closed["levelname"], closed["redis_reason"]) == ("DEBUG", "idle for conn_max_idle_time")
    await client.ping()
    await records.until("connection.retired")
    assert records.one("connection.retired")["levelname"] == "DEBUG"


async def test_a_lease_whose_state_cannot_be_undone(
    make_client: MakeClient, server: RedisServer, records: Records
) -> None:
    async with make_client().connection() as connection:
        await connection.select(1)
    assert records.one("connection.closed")["redis_reason"] == "its state cannot be undone"


async def test_a_full_pool_is_told_once_a_second(
    make_client: MakeClient, server: RedisServer, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(pool_size=2, pool_timeout=0.01)
    monkeypatch.setattr(pool_log, "PAUSE", 60.0)
    async with client.connection() as held:
        await held.ping()
        for _ in range(20):
            with pytest.raises(PoolTimeoutError):
                async with client.connection():
                    pass
        told = records.one("pool.exhausted")
        assert (told["levelname"], told["name"], told["redis_count"]) == ("INFO", "redis_aio.pool", 1)
        assert told["redis_reason"].startswith("no connection became free within 0.01 s: 1 in use, 0 idle")
        monkeypatch.setattr(pool_log, "PAUSE", 0.0)
        with pytest.raises(PoolTimeoutError):
            async with client.connection():
                pass
    assert [vars(record)["redis_count"] for record in records.all if record.name == "redis_aio.pool"] == [1, 20]


async def test_what_could_not_be_unblocked(make_client: MakeClient, server: RedisServer, records: Records) -> None:
    server.command("ACL", "SETUSER", "blocked", "on", ">x", "~*", "+@all", "-client|unblock")
    try:
        client = make_client(username="blocked", password="x")
        task = asyncio.create_task(client.blpop("nothing", timeout=0))
        deadline = time.monotonic() + 5
        while b"cmd=blpop" not in server.command("CLIENT", "LIST"):  # type: ignore[operator]  # it is bytes
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        await records.until("command.not_unblocked")
        told = records.one("command.not_unblocked")
        assert (told["levelname"], told["redis_error"]) == ("INFO", "NoPermissionError")
        assert told["redis_connection_id"] > 0
    finally:
        server.command("ACL", "DELUSER", "blocked")


def test_a_push_handler_that_raises(records: Records) -> None:
    def broken(push: Any) -> None:
        raise ValueError("bad")

    router = PushRouter()
    router.register("message", broken)
    router.dispatch(["message", "channel", SECRET])
    told = records.one("push.handler_failed")
    assert (told["levelname"], told["redis_reason"]) == ("ERROR", "a push handler failed")
    assert told["exc_info"][0] is ValueError
    assert SECRET not in "".join(records.lines)


async def test_no_record_holds_a_secret(server_program: Program, records: Records) -> None:
    class Vault(CredentialProvider):
        def get_credentials(self) -> tuple[str, str]:
            raise RuntimeError(SECRET)

    async with server_program.server(password="right") as server:
        cases: list[dict[str, Any]] = [
            {"password": SECRET},
            {"username": SECRET, "password": SECRET},
            {"credential_provider": Vault()},
            {"password": "right", "client_name": SECRET, "db": 999},
        ]
        for options in cases:
            async with Redis(host=server.host, port=server.port, max_retries=0, **options) as client:
                with pytest.raises((RedisError, RuntimeError)):
                    await client.set(SECRET, SECRET)
        async with Redis(host=server.host, port=server.port, password="right") as well:
            await well.set(SECRET, SECRET)
            with pytest.raises(RedisError):
                await well.lpush(SECRET, SECRET)
            with pytest.raises(RedisError):
                await well.execute_command("NOSUCHCOMMAND", SECRET)
            with pytest.raises(RedisError):
                await well.pipeline().execute_command("NOSUCHCOMMAND", SECRET).execute()
    assert records.events().count("connection.failed") == 4
    assert SECRET not in "\n".join(records.lines)
    assert SECRET not in repr([vars(record) for record in records.all])
    reasons = {vars(record)["redis_reason"] for record in records.all} - {None, "the client was closed"}
    assert reasons == {"AuthenticationError (WRONGPASS)", "RuntimeError", "the handshake failed (ERR)"}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (exceptions.ConnectionError("the server closed the connection"), "the server closed the connection"),
        (exceptions.ResponseError(f"unknown command {SECRET}", status_code="ERR"), "ResponseError (ERR)"),
        (exceptions.DataError(SECRET), "DataError"),
        (KeyError(SECRET), "KeyError"),
    ],
)
def test_what_is_told_of_an_error(error: Exception, told: str) -> None:
    assert _log.describe(error) == told


def test_the_text_of_an_error_that_repeats_the_server_is_not_told() -> None:
    reply = exceptions.ResponseError(f"unknown command 'AUTH', with args beginning with: '{SECRET}'", status_code="ERR")
    error = exceptions.ConnectionError(f"the handshake failed: {reply}")
    error.__cause__ = reply
    assert _log.describe(error) == "the handshake failed (ERR)"


def test_the_page_lists_all_records() -> None:
    text = (ROOT / "docs" / "guide" / "logging.md").read_text()
    listed = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(get_args(_log.Event))
    fields = re.findall(r"^\| `(redis_[a-z_]+)` \|", text, re.MULTILINE)
    assert sorted(fields) == sorted(_log.FIELDS)


def test_every_record_of_the_package_has_the_fields() -> None:
    wrong = []
    for path in (ROOT / "redis_aio").rglob("*.py"):
        if path.name == "_log.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            of_logger = isinstance(node.func.value, ast.Name) and node.func.value.id in ("logger", "logging")
            if of_logger and node.func.attr in ("debug", "info", "warning", "error", "exception", "critical", "log"):
                given = [ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg == "extra"]
                if not given:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, "logged without the fields of redis_aio._log: " + ", ".join(wrong)
