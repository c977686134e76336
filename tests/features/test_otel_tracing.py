"""Tracing: a span for each command, as the conventions want it, under the span of whoever called."""

import asyncio
import gc
import importlib
import tomllib
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import anyio
import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from redis_aio import ConnectionPool, Hook, Redis
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._options import Options
from redis_aio.credentials import CredentialProvider
from redis_aio.events import Redirected
from redis_aio.exceptions import PoolTimeoutError, ResponseError, WrongTypeError
from redis_aio.otel import (
    RedisAioInstrumentor,
    TracingHook,
    carried,
    carry,
    instrument,
    instrument_all,
    sanitize,
    semconv,
    uninstrument,
    uninstrument_all,
)
from redis_aio.otel.sampling import Sampling
from redis_aio.pubsub import Message
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import eventually
from tests.support.proxy import FaultProxy
from tests.support.telemetry import Telemetry, attributes, own, parent

SHA = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"  # of "return 1"


@pytest.fixture
def telemetry() -> Any:
    with Telemetry() as made:
        yield made


@pytest.fixture
async def traced(make_client: MakeClient, telemetry: Telemetry) -> Redis[bytes]:
    """A connected client whose commands are traced."""
    client = make_client(max_retries=1)
    instrument(client, **telemetry.providers)
    await client.ping()
    telemetry.clear()
    return client


def always(server: RedisServer) -> dict[str, Any]:
    """Return the attributes of every command on a connected client."""
    return {
        "db.system.name": "redis",
        "db.namespace": "0",
        "server.address": server.host,
        "server.port": server.port,
        "network.peer.address": "127.0.0.1",
        "network.peer.port": server.port,
    }


# -- one command -----------------------------------------------------------------------------------------------------

Call = Callable[[Redis[Any]], Coroutine[Any, Any, Any]]
COMMANDS: list[tuple[str, Call, dict[str, Any]]] = [
    ("SET", lambda c: c.set("k", "v"), {}),
    ("GET", lambda c: c.get("missing"), {}),
    ("CONFIG GET", lambda c: c.config_get("maxmemory"), {}),
    ("CLIENT ID", lambda c: c.client_id(), {}),
    ("MGET", lambda c: c.mget("a", "b", "c"), {}),
    ("EXISTS", lambda c: c.execute_command("exists", "k"), {}),
    ("EVAL", lambda c: c.execute_command("EVAL", "return 1", 0), {}),
    ("EVALSHA", lambda c: c.execute_command("EVALSHA", SHA, 0), {"db.stored_procedure.name": SHA}),
]


@pytest.mark.parametrize(("name", "call", "more"), COMMANDS, ids=[name for name, _, _ in COMMANDS])
async def test_a_span_is_what_the_convention_says(
    traced: Redis[bytes], telemetry: Telemetry, server: RedisServer, name: str, call: Call, more: dict[str, Any]
) -> None:
    if name == "EVALSHA":
        await traced.execute_command("SCRIPT LOAD", "return 1")
        telemetry.clear()
    await call(traced)
    (span,) = telemetry.spans()
    assert span.name == name
    assert span.kind is SpanKind.CLIENT
    assert attributes(span) == {**always(server), "db.operation.name": name, **more}
    assert span.status.status_code is StatusCode.UNSET
    assert span.events == ()
    assert span.links == ()
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "redis_aio"
    assert span.instrumentation_scope.schema_url == "https://opentelemetry.io/schemas/1.44.0"


async def test_a_function_is_the_target(traced: Redis[bytes], telemetry: Telemetry) -> None:
    library = "#!lua name=mine\nredis.register_function('answer', function() return 42 end)"
    await traced.execute_command("FUNCTION LOAD", "REPLACE", library)
    telemetry.clear()
    assert await traced.execute_command("FCALL", "answer", 0) == 42
    (span,) = telemetry.spans()
    assert (span.name, attributes(span)["db.operation.name"]) == ("FCALL answer", "FCALL")
    assert attributes(span)["db.stored_procedure.name"] == "answer"


async def test_a_unix_socket(make_client: MakeClient, telemetry: Telemetry, server: RedisServer) -> None:
    client = make_client(unix_socket_path=str(server.unix_socket_path), db=3)
    instrument(client, **telemetry.providers)
    await client.ping()
    assert attributes(telemetry.span("PING")) == {
        "db.system.name": "redis",
        "db.namespace": "3",
        "db.operation.name": "PING",
        "server.address": str(server.unix_socket_path),
        "network.transport": "unix",
        "network.peer.address": str(server.unix_socket_path),
    }


def test_the_default_port_is_not_said() -> None:
    assert "server.port" not in semconv.server_attributes(Options.build(host="redis.example"))
    assert semconv.server_attributes(Options.build(host="redis.example", port=6380))["server.port"] == 6380


ERRORS: list[tuple[Call, dict[str, str], str]] = [
    (
        lambda c: c.lpush("text", "secret"),
        {"error.type": "WRONGTYPE", "db.response.status_code": "WRONGTYPE"},
        "WrongTypeError (WRONGTYPE)",
    ),
    (
        lambda c: c.execute_command("EVALSHA", "f" * 40, 0),
        {"error.type": "NOSCRIPT", "db.response.status_code": "NOSCRIPT"},
        "NoScriptError (NOSCRIPT)",
    ),
    (lambda c: c.incr("text"), {"error.type": "ERR", "db.response.status_code": "ERR"}, "ResponseError (ERR)"),
    # A script's own code may be anything: only its class is told.
    (
        lambda c: c.execute_command("EVAL", "return redis.error_reply('SECRET x')", 0),
        {"error.type": "ResponseError"},
        "ResponseError",
    ),
    (lambda c: c.execute_command("SUBSCRIBE", "x"), {"error.type": "DataError"}, "DataError"),
]


@pytest.mark.parametrize(("call", "told", "description"), ERRORS)
async def test_errors_are_told_without_values(
    traced: Redis[bytes], telemetry: Telemetry, call: Call, told: dict[str, str], description: str
) -> None:
    await traced.set("text", "text")
    telemetry.clear()
    with pytest.raises(Exception):  # noqa: B017, PT011  # which one is not the question
        await call(traced)
    (span,) = telemetry.spans()
    found = {k: v for k, v in attributes(span).items() if k in ("error.type", "db.response.status_code")}
    assert found == told
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == description
    assert "secret" not in span.to_json().lower()


async def test_a_cancelled_command_is_told(traced: Redis[bytes], telemetry: Telemetry) -> None:
    waiting = asyncio.create_task(traced.blpop("nothing", timeout=5))
    await eventually(lambda: traced.pool_stats().in_use > 1)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert attributes(telemetry.span("BLPOP"))["error.type"] == "CancelledError"


async def test_a_coroutine_that_is_closed_gives_its_place_in_line_back(make_client: MakeClient) -> None:
    """As happens to those whose loop has ended: neither their span nor a connection stays open."""
    client = make_client(pool_size=2)
    await client.ping()
    waiting = client.blpop("nothing", timeout=5)
    waiting.send(None)
    waiting.close()
    await eventually(lambda: client.pool_stats().idle == 1)
    assert client.pool_stats().waiting == 0
    assert client.pool_stats().in_use == client.pool_stats().shared


# -- batches ---------------------------------------------------------------------------------------------------------

BATCHES = [
    (False, ["GET", "GET"], "PIPELINE GET", 2),
    (False, ["GET", "SET"], "PIPELINE", 2),
    (True, ["SET", "SET", "SET"], "MULTI SET", 3),
    (True, ["SET", "GET"], "MULTI", 2),
    (False, ["GET"], "GET", None),
    (True, ["SET"], "SET", None),
    (False, [], "PIPELINE", 0),
]


@pytest.mark.parametrize(("atomic", "names", "name", "size"), BATCHES)
async def test_a_batch_is_one_span(
    traced: Redis[bytes],
    telemetry: Telemetry,
    server: RedisServer,
    atomic: bool,
    names: list[str],
    name: str,
    size: int | None,
) -> None:
    commands = [Command[Any](n, *(("k", "v") if n == "SET" else ("k",))) for n in names]
    await traced.execute_batch(Batch(commands, atomic=atomic))
    (span,) = telemetry.commands()
    more = {} if size is None else {"db.operation.batch.size": size}
    assert (span.name, span.kind) == (name, SpanKind.CLIENT)
    assert attributes(span) == {**always(server), "db.operation.name": name, **more}


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_batch_fails_with_one_of_its_commands(traced: Redis[bytes], telemetry: Telemetry, atomic: bool) -> None:
    pipe = traced.pipeline(atomic).set("k", "v").lpush("k", "secret").get("k")
    values = await pipe.execute(raise_on_error=False)
    assert isinstance(values[1], WrongTypeError)
    (span,) = telemetry.spans()
    assert attributes(span)["error.type"] == "WRONGTYPE"
    assert span.status.status_code is StatusCode.ERROR


# -- the text of commands --------------------------------------------------------------------------------------------

TEXTS = [
    (("SET", "k", "v", "EX", 5), "SET k ? ? ?"),
    (("GET", b"k\xff"), "GET k\\xff"),
    (("GET", "two words"), 'GET "two words"'),
    (("GET", "k" * 100), f"GET {'k' * 61}..."),
    (("MSET", "a", 1, "b", 2), "MSET a ? b ?"),
    (("HSET", "h", "field", "value"), "HSET h ? ?"),
    (("BLPOP", "a", "b", 1), "BLPOP a b ?"),
    (("ZUNION", 2, "a", "b", "WEIGHTS", 1, 2), "ZUNION ? a b ? ? ?"),
    (("ZUNIONSTORE", "to", 2, "a", "b"), "ZUNIONSTORE to ? a b"),
    (("BZMPOP", 0, 1, "a", "MIN"), "BZMPOP ? ? a ?"),
    (("EVAL", "return ARGV[1]", 1, "k", "secret"), "EVAL ? ? k ?"),
    (("EVALSHA", SHA, 0, "secret"), f"EVALSHA {SHA} ? ?"),
    (("EVALSHA", "no digest", 0), "EVALSHA ? ?"),
    (("FCALL", "answer", 1, "k", "secret"), "FCALL answer ? k ?"),
    (("XREADGROUP", "GROUP", "g", "c", "STREAMS", "a", "b", ">", ">"), "XREADGROUP ? ? ? ? a b ? ?"),
    (("OBJECT ENCODING", "k"), "OBJECT ENCODING k"),
    (("PING",), "PING"),
    (("AUTH", "user", "secret"), "AUTH ?"),
    (("HELLO", 3, "AUTH", "user", "secret"), "HELLO ?"),
    (("ACL SETUSER", "user", ">secret"), "ACL SETUSER ?"),
    (("CONFIG SET", "requirepass", "secret"), "CONFIG SET ?"),
    (("MIGRATE", "h", 1, "k", 0, 1, "AUTH", "secret"), "MIGRATE ?"),
    (("EVAL", "return 1", 10**12, "k"), "EVAL ? ? k"),  # the count of keys is the caller's
    (("GET", object()), "GET ?"),
    (("DEL", *"abcdefghijklmnopqrstuvwxyzabcdefghijkl"), f"DEL {' '.join('abcdefghijklmnopqrstuvwxyzabcdef')} ..."),
]


@pytest.mark.parametrize(("words", "shown"), TEXTS)
def test_the_text_shows_keys_only(words: tuple[Any, ...], shown: str) -> None:
    command = Command[Any](*words)
    assert sanitize.query_text(command) == shown
    hidden = sanitize.query_text(command, keys=False).split()
    assert set(hidden) - {*command.spec.words, sanitize.CUT, SHA, "answer"} <= {"?"}


def test_the_text_of_a_batch() -> None:
    get, put = Command[Any]("GET", "k"), Command[Any]("SET", "k", "secret")
    assert sanitize.batch_text([get, put]) == "GET k; SET k ?"
    assert sanitize.batch_text([put, put]) == "SET k ?"
    many = sanitize.batch_text([Command[Any]("GET", str(number)) for number in range(100_000)])
    assert len(many) == sanitize.LENGTH
    assert many.endswith("...")


async def test_the_text_is_recorded_only_if_wanted(make_client: MakeClient, telemetry: Telemetry) -> None:
    client = make_client()
    await client.set("k", "secret")
    assert telemetry.spans() == []
    wanted: list[tuple[dict[str, Any], str]] = [
        ({"query_text": True}, "SET k ?"),
        ({"query_text": True, "query_keys": False}, "SET ? ?"),
    ]
    for parameters, shown in wanted:
        instrument(client, **telemetry.providers, **parameters)
        await client.set("k", "secret")
        await client.pipeline().set("k", "secret").set("k", "secret2").execute()
        assert [attributes(span).get("db.query.text") for span in telemetry.commands()] == [shown] * 2
        telemetry.clear()
    instrument(client, **telemetry.providers)
    await client.set("k", "secret")
    assert "db.query.text" not in attributes(telemetry.span("SET"))


async def test_unknown_commands_have_one_name(traced: Redis[bytes], telemetry: Telemetry) -> None:
    for number in range(20):
        with pytest.raises(ResponseError):
            await traced.execute_command(f"SECRET{number}", "x")
    assert {span.name for span in telemetry.spans()} == {"OTHER"}
    assert "SECRET" not in telemetry.text()


# -- who is the parent -----------------------------------------------------------------------------------------------


async def in_gather(jobs: list[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*jobs)


async def in_a_task_group(jobs: list[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(job)


async def in_an_anyio_task_group(jobs: list[Coroutine[Any, Any, None]]) -> None:
    async def run(job: Coroutine[Any, Any, None]) -> None:
        await job

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(run, job)


async def in_tasks(jobs: list[Coroutine[Any, Any, None]]) -> None:
    await asyncio.wait([asyncio.create_task(job) for job in jobs])


@pytest.mark.parametrize("together", [in_gather, in_a_task_group, in_an_anyio_task_group, in_tasks])
async def test_each_command_is_a_child_of_its_caller(
    traced: Redis[bytes], telemetry: Telemetry, together: Callable[..., Coroutine[Any, Any, None]]
) -> None:
    """500 callers share one connection, and their commands travel in shared writes."""

    async def caller(number: int) -> None:
        with telemetry.tracer.start_as_current_span(f"caller {number}"):
            await traced.set(f"k{number}", number)
            await asyncio.sleep(0)
            pipe = traced.pipeline(transaction=number % 2 == 0).get(f"k{number}").incr(f"k{number}")
            assert await pipe.execute() == [str(number).encode(), number + 1]
            await asyncio.gather(traced.get(f"k{number}"), asyncio.create_task(traced.exists(f"k{number}")))
            if number % 50 == 0:
                await traced.blpop(f"nothing{number}", timeout=0.01)
                async with traced.pipeline() as watching:
                    await watching.watch(f"k{number}")
                    await watching.get(f"k{number}")
                    watching.multi()
                    await watching.set(f"k{number}", 1).delete("x").execute()

    await together([caller(number) for number in range(500)])
    callers = {own(span): span.name for span in telemetry.spans() if span.name.startswith("caller")}
    assert len(callers) == 500
    children: dict[str, list[str]] = {name: [] for name in callers.values()}
    for span in telemetry.commands():
        children[callers[parent(span) or 0]].append(span.name)
    for name, found in children.items():
        number = int(name.split()[1])
        wanted = ["SET", "MULTI" if number % 2 == 0 else "PIPELINE", "GET", "EXISTS"]
        wanted += ["BLPOP", "WATCH", "GET", "MULTI"] if number % 50 == 0 else []
        assert sorted(found) == sorted(wanted), name
    assert traced.pool_stats().dials <= 20  # those who block or watch have their own


async def test_a_coroutine_belongs_to_whoever_awaits_it(traced: Redis[bytes], telemetry: Telemetry) -> None:
    with telemetry.tracer.start_as_current_span("maker"):
        made = traced.get("k")
    with telemetry.tracer.start_as_current_span("awaiter"):
        await made
    assert parent(telemetry.span("GET")) == own(telemetry.span("awaiter"))


async def test_the_span_is_current_for_inner_hooks_only(traced: Redis[bytes], telemetry: Telemetry) -> None:
    with telemetry.tracer.start_as_current_span("caller") as caller:
        await traced.get("k")
        assert trace.get_current_span() is caller


# -- where the time went ---------------------------------------------------------------------------------------------


async def test_many_wait_for_one_connection(make_client: MakeClient, telemetry: Telemetry, server: RedisServer) -> None:
    """The connection is made for the first of them; each has its own wait."""
    client = make_client()
    instrument(client, **telemetry.providers)
    await asyncio.gather(*(client.get(f"k{number}") for number in range(100)))
    commands = {own(span): span for span in telemetry.spans("GET")}
    connect = telemetry.span("redis.connect")
    waits = telemetry.spans("redis.pool.wait")
    assert {parent(span) for span in waits} == set(commands)
    for wait in waits:
        command = commands[parent(wait) or 0]
        assert within(wait, command)
        assert wait.kind is SpanKind.INTERNAL
        assert attributes(wait) == {"db.client.connection.pool.name": f"{server.host}:{server.port}/0"}
    first = min(commands.values(), key=lambda span: span.start_time or 0)
    assert parent(connect) == own(first)
    assert within(connect, first)
    assert attributes(connect) == {
        **always(server),
        "db.client.connection.pool.name": f"{server.host}:{server.port}/0",
    }


def within(inner: ReadableSpan, outer: ReadableSpan, slack: int = 5_000_000) -> bool:
    """Tell whether a span lies in another; wall clock and loop time differ a little."""
    assert inner.start_time is not None
    assert inner.end_time is not None
    assert outer.start_time is not None
    assert outer.end_time is not None
    return outer.start_time - slack <= inner.start_time <= inner.end_time <= outer.end_time + slack


async def test_a_wait_that_runs_out(make_client: MakeClient, telemetry: Telemetry) -> None:
    client = make_client(pool_size=2, pool_timeout=0.05)
    instrument(client, **telemetry.providers)
    await client.ping()
    telemetry.clear()
    async with client.connection() as held:
        await held.ping()
        with pytest.raises(PoolTimeoutError):
            await client.blpop("x", timeout=1)
        with telemetry.tracer.start_as_current_span("caller"), pytest.raises(PoolTimeoutError):
            await client.lease()
    command = telemetry.span("BLPOP")
    of_command, of_lease = telemetry.spans("redis.pool.wait")
    assert parent(of_command) == own(command)
    assert parent(of_lease) == own(telemetry.span("caller"))
    for span in (of_command, of_lease, command):
        assert attributes(span)["error.type"] == "PoolTimeoutError"
        assert "no connection became free within 0.05 s" in (span.status.description or "")
    assert (of_command.end_time or 0) - (of_command.start_time or 0) >= 45_000_000


async def test_a_connection_that_cannot_be_made(telemetry: Telemetry, make_client: MakeClient) -> None:
    client = make_client(port=1, max_retries=1)
    instrument(client, **telemetry.providers)
    with pytest.raises(Exception, match="cannot connect"):
        await client.get("k")
    command = telemetry.span("GET")
    first, second = telemetry.spans("redis.connect")
    (retry,) = command.events
    assert {parent(first), parent(second)} == {own(command)}
    assert attributes(first)["error.type"] == attributes(command)["error.type"] == "ConnectionError"
    told = dict(retry.attributes or {})
    delay = told.pop("redis.client.retry.delay")
    assert retry.name == "redis.retry"
    assert told == {"redis.client.retry.attempt": 1, "error.type": "ConnectionError"}
    assert isinstance(delay, float)
    assert 0 <= delay <= 0.008


async def test_a_retry_is_told_in_the_span_of_its_caller(
    make_client: MakeClient, telemetry: Telemetry, server: RedisServer
) -> None:
    with FaultProxy(server.host, server.port) as proxy:
        client = make_client(host=proxy.host, port=proxy.port, max_retries=3)
        instrument(client, **telemetry.providers)
        await client.ping()
        await proxy.hold("down")
        calls = [asyncio.create_task(client.get(f"k{number}")) for number in range(20)]
        await proxy.wait_received(1, "up")
        await proxy.kill()
        await proxy.release("down")
        assert await asyncio.gather(*calls) == [None] * 20
        await client.aclose()
    for span in telemetry.spans("GET"):
        assert [event.name for event in span.events][:1] == ["redis.retry"]
        assert span.status.status_code is StatusCode.UNSET  # it was handled
        assert "error.type" not in attributes(span)


async def test_a_redirection_is_told(traced: Redis[bytes], telemetry: Telemetry) -> None:
    class Redirecting(Hook):
        async def on_command(self, command: Any, call_next: Any) -> Any:
            traced._hooks.emit(Redirected("GET", "MOVED", "10.0.0.1", 7001))
            return await call_next(command)

    traced.add_hook(Redirecting())
    await traced.get("k")
    (event,) = telemetry.span("GET").events
    assert event.name == "redis.redirect"
    assert dict(event.attributes or {}) == {
        "redis.client.redirect.kind": "MOVED",
        "server.address": "10.0.0.1",
        "server.port": 7001,
    }


async def test_credentials_are_fetched_within_the_making_of_a_connection(
    make_client: MakeClient, telemetry: Telemetry
) -> None:
    class Vault(CredentialProvider):
        async def get_credentials_async(self) -> tuple[str]:
            with telemetry.tracer.start_as_current_span("vault"):
                return ("any",)

    client = make_client(credential_provider=Vault())
    instrument(client, **telemetry.providers)
    await client.ping()
    connect = telemetry.span("redis.connect")
    assert parent(telemetry.span("vault")) == own(connect)
    assert parent(connect) == own(telemetry.span("PING"))


async def test_the_context_of_a_caller_is_not_kept(make_client: MakeClient) -> None:
    """Connections, their timers and tasks live longer than the caller who needed them first.

    Timers that were cancelled may keep it until they would have been due, in asyncio.
    """

    class Request:
        pass

    current: ContextVar[Request] = ContextVar("current")
    lasting = {"health_check_interval": 30, "conn_max_idle_time": 60, "conn_max_lifetime": 60, "min_idle_conns": 2}
    client = make_client(**lasting, dial_timeout=0.3, pool_timeout=0.3, read_timeout=0.3)

    async def handle() -> "weakref.ref[Request]":
        request = Request()
        current.set(request)
        await client.set("k", "v")
        await client.blpop("nothing", timeout=0.01)
        await client.pipeline().get("k").execute()
        return weakref.ref(request)

    request = await asyncio.create_task(handle())
    await eventually(lambda: gc.collect() >= 0 and request() is None, within=2)
    assert client.pool_stats().total >= 3


# -- pub/sub -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decode", [False, True])
async def test_who_receives_can_be_linked_to_who_published(
    make_client: MakeClient, telemetry: Telemetry, decode: bool
) -> None:
    client = make_client(decode_responses=decode)
    instrument(client, **telemetry.providers)
    async with client.subscribe("news") as messages:
        with telemetry.tracer.start_as_current_span("publisher"):
            await client.publish("news", carry("first\nline"))
        await client.publish("news", carry(b"second"))  # nobody's
        item = await messages.get(timeout=5)
        assert isinstance(item, Message)
        data, links = carried(item.data)
        with telemetry.tracer.start_as_current_span("receiver", links=links):
            await client.set("seen", data)
        assert data == ("first\nline" if decode else b"first\nline")
        item = await messages.get(timeout=5)
        assert isinstance(item, Message)
        assert carried(item.data) == ("second" if decode else b"second", [])
    receiver = telemetry.span("receiver")
    assert [link.context.span_id for link in receiver.links] == [own(telemetry.span("publisher"))]
    assert parent(telemetry.span("SET")) == own(receiver)


@pytest.mark.parametrize("data", [b"", b"\x1etraceparent ", b"\x1etraceparent nonsense\nrest", b"x" * 1000])
def test_data_that_carry_nothing(data: bytes) -> None:
    assert carried(data) == (data if b"nonsense" not in data else b"rest", [])
    text = data.decode()
    assert carried(text) == (text if "nonsense" not in text else "rest", [])


# -- samplers --------------------------------------------------------------------------------------------------------


class Watching(Sampler):
    """Keeps everything, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def should_sample(self, parent_context: Any, trace_id: int, name: str, *more: Any, **named: Any) -> Any:
        given = more[1] if len(more) > 1 else named.get("attributes")
        self.asked.append((name, dict(given or {})))
        return ALWAYS_ON.should_sample(parent_context, trace_id, name, *more, **named)

    def get_description(self) -> str:
        return "Watching"


async def test_samplers_are_given_the_attributes(make_client: MakeClient, server: RedisServer) -> None:
    sampler = Watching()
    with Telemetry(sampler) as telemetry:
        client = make_client()
        instrument(client, **telemetry.providers, query_text=True)
        await client.ping()
        sampler.asked.clear()
        await client.set("k", "v")
    assert sampler.asked == [("SET", {**always(server), "db.operation.name": "SET", "db.query.text": "SET k ?"})]


UNSAMPLED = NonRecordingSpan(SpanContext(1, 2, is_remote=False))
REMOTE = NonRecordingSpan(SpanContext(1, 2, is_remote=True))
SAMPLED = NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)))
SAMPLERS = [ALWAYS_OFF, ALWAYS_ON, ParentBased(ALWAYS_OFF), ParentBased(ALWAYS_ON), ParentBased(TraceIdRatioBased(0.0))]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: sampler.get_description().partition(",")[0])
@pytest.mark.parametrize("span", [trace.INVALID_SPAN, UNSAMPLED, REMOTE, SAMPLED])
async def test_a_span_is_recorded_exactly_if_the_sampler_wants_it(
    make_client: MakeClient, sampler: Sampler, span: trace.Span
) -> None:
    with Telemetry(sampler) as telemetry:
        wanted = telemetry.tracer.start_span("probe", trace.set_span_in_context(span)).is_recording()
        client = make_client()
        instrument(client, **telemetry.providers)
        with trace.use_span(span):
            assert await client.get("k") is None
            assert await client.pipeline().get("k").get("k").execute() == [None, None]
        assert [found.name for found in telemetry.commands()] == (["GET", "MULTI GET"] if wanted else [])


def test_what_is_not_known_of_a_sampler_is_asked() -> None:
    class Own(ParentBased):
        pass

    for sampler in (Watching(), Own(ALWAYS_OFF), ParentBased(ParentBased(ALWAYS_OFF)), None):
        tracer = type("Tracer", (), {"sampler": sampler})()
        assert not Sampling(tracer).drops(trace.INVALID_SPAN.get_span_context())


async def test_nothing_is_traced_where_that_is_suppressed(traced: Redis[bytes], telemetry: Telemetry) -> None:
    """Programs have ``suppress_instrumentation`` for this, of the package opentelemetry-instrumentation."""
    token = context.attach(context.set_value(context._SUPPRESS_INSTRUMENTATION_KEY, True))
    await traced.get("k")
    await traced.pipeline().get("k").get("k").execute()
    context.detach(token)
    assert telemetry.spans() == []
    await traced.get("k")
    assert len(telemetry.spans()) == 1


async def test_neither_is_a_wait_where_that_is_suppressed(traced: Redis[bytes], telemetry: Telemetry) -> None:
    """Not even within a span that is recorded."""
    with telemetry.traces.get_tracer("test").start_as_current_span("caller"):
        token = context.attach(context.set_value(context._SUPPRESS_INSTRUMENTATION_KEY, True))
        async with traced.connection() as connection:  # that has to be made first
            await connection.get("k")
        context.detach(token)
    assert [span.name for span in telemetry.spans()] == ["caller"]


async def test_a_wait_before_the_first_command(make_client: MakeClient, telemetry: Telemetry) -> None:
    client = make_client(pool_size=2)

    async def borrow() -> None:
        async with client.connection():
            pass

    lent = AsyncExitStack()
    await lent.enter_async_context(client.connection())
    client.add_hook(TracingHook(telemetry.traces))
    with telemetry.traces.get_tracer("test").start_as_current_span("caller"):
        waiting = asyncio.ensure_future(borrow())
        await eventually(lambda: client.pool_stats().waiting)
        await lent.aclose()
        await waiting
    assert "redis.pool.wait" in [span.name for span in telemetry.spans()]


@pytest.mark.parametrize("at", ["on_start", "on_end", "should_sample"])
async def test_what_fails_with_a_span_fails_no_command(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture, at: str
) -> None:
    """It was executed, after all."""

    def fail(*args: Any, **more: Any) -> Any:
        raise RuntimeError("of a processor or sampler")

    class Own(ParentBased):
        """One that is asked about each span."""

    provider = TracerProvider(sampler=Own(ALWAYS_ON), shutdown_on_exit=False)
    processor = SpanProcessor()
    setattr(provider.sampler if at == "should_sample" else processor, at, fail)
    provider.add_span_processor(processor)
    client = make_client()
    client.add_hook(TracingHook(provider))
    for _ in range(2):
        assert await client.set("k", "v")
        assert await client.pipeline().get("k").get("k").execute() == [b"v", b"v"]
        with pytest.raises(WrongTypeError):
            await client.lpush("k", "x")
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert "hook.failed: a span could not be recorded: RuntimeError" in caplog.messages


def test_where_tracing_is_disabled_no_span_is_started() -> None:
    assert Sampling(trace.NoOpTracer()).drops(SAMPLED.get_span_context())


# -- attaching -------------------------------------------------------------------------------------------------------


async def test_without_a_provider_nothing_happens(make_client: MakeClient) -> None:
    client = make_client()
    instrument(client)
    assert await client.set("k", "v")
    uninstrument(client)


async def test_a_provider_that_is_set_later(
    make_client: MakeClient, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client()
    client.add_hook(TracingHook())
    await client.ping()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", telemetry.traces)
    await client.get("k")
    assert [span.name for span in telemetry.spans()] == ["GET"]


async def test_uninstrument(traced: Redis[bytes], telemetry: Telemetry) -> None:
    core = traced._core
    uninstrument(traced)
    await traced.get("k")
    assert telemetry.spans() == []
    assert traced._executor is core
    assert not traced.connection_pool.node.hooks.emit.active
    uninstrument(traced)  # does nothing


async def test_instrumenting_again_replaces(traced: Redis[bytes], telemetry: Telemetry) -> None:
    instrument(traced, **telemetry.providers)
    await traced.get("k")
    assert len(telemetry.spans()) == 1
    with pytest.raises(TypeError, match="no parameter 'colour'"):
        instrument(traced, colour="red")  # type: ignore[call-arg]  # that is the question


async def test_two_clients_of_one_pool(telemetry: Telemetry, server: RedisServer, clean: None) -> None:
    async with ConnectionPool(host=server.host, port=server.port) as pool:
        one, other = Redis(connection_pool=pool), Redis(connection_pool=pool)
        for client in (one, other):
            instrument(client, **telemetry.providers)
        await one.get("k")
        assert len(telemetry.spans("redis.connect")) == len(telemetry.spans("redis.pool.wait")) == 1
        uninstrument(one)
        await asyncio.gather(one.get("k"), other.set("k", 1))
        assert [span.name for span in telemetry.commands()] == ["GET", "SET"]


@pytest.fixture
async def afterwards() -> AsyncIterator[None]:
    yield
    uninstrument_all()
    RedisAioInstrumentor().uninstrument()


async def test_all_clients_made_from_now_on(make_client: MakeClient, telemetry: Telemetry, afterwards: None) -> None:
    before = make_client()
    instrument_all(**telemetry.providers)
    after = make_client()
    await before.get("k")
    await after.set("k", 1)
    assert [span.name for span in telemetry.commands()] == ["SET"]
    uninstrument_all()
    await after.set("k", 1)
    assert len(telemetry.commands()) == 1
    assert after._executor is after._core


async def test_one_of_all_clients_is_instrumented_once(
    make_client: MakeClient, telemetry: Telemetry, afterwards: None
) -> None:
    """A program that was started with ``opentelemetry-instrument`` may attach its own parameters to a client."""
    instrument_all(**telemetry.providers)
    client = make_client()
    instrument(client, **telemetry.providers, query_text=True)
    await client.get("k")
    assert attributes(telemetry.span("GET"))["db.query.text"] == "GET k"
    assert [point.count for point in telemetry.points("db.client.operation.duration")] == [1]
    uninstrument_all()
    await client.get("k")
    assert len(telemetry.spans("GET")) == 2  # it keeps its own
    instrument_all(**telemetry.providers)
    other = make_client()
    uninstrument(other)
    await other.get("k")
    assert len(telemetry.spans("GET")) == 2
    assert other._executor is other._core


async def test_what_opentelemetry_instrument_calls(
    make_client: MakeClient, telemetry: Telemetry, afterwards: None
) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    (named,) = project["entry-points"]["opentelemetry_instrumentor"].values()
    module, _, name = named.partition(":")
    instrumentor = getattr(importlib.import_module(module), name)()
    instrumentor.instrument(raise_exception_on_conflict=True, skip_dep_check=True, **telemetry.providers)
    assert instrumentor.is_instrumented_by_opentelemetry
    assert instrumentor.instrumentation_dependencies() == ("redis-aio",)
    client = make_client()
    await client.get("k")
    RedisAioInstrumentor().uninstrument()
    await client.get("k")
    assert len(telemetry.commands()) == 1
