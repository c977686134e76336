"""Transactions: what is refused and why, conflicts and how they end, errors in their places."""

import asyncio
import contextlib
import copy
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from redis_aio import ConnectionError, Redis, RedisError, ResponseError, WatchError
from redis_aio.exceptions import (
    BusyLoadingError,
    ExecAbortError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    WrongTypeError,
    exec_abort_error,
)
from redis_aio.pipeline import Pipeline
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import Observer, eventually
from tests.support.server import Program

#: Tasks that change one key at the same time.
CONTENDERS = 200


@pytest.fixture
def private_server(server_program: Program) -> Any:
    """A server to reconfigure."""
    with server_program.server() as running:
        yield running


# -- refused ----------------------------------------------------------------------------------------------------------


async def refusal(pipe: "Pipeline[Any]", **options: Any) -> ExecAbortError:
    """Execute and return the error, for which both of redis-py's ways to catch it must work."""
    with pytest.raises(ExecAbortError) as failure:
        await pipe.execute(**options)
    assert isinstance(failure.value, ResponseError)
    assert failure.value.__cause__ is failure.value.errors[failure.value.number]
    return failure.value


@pytest.mark.parametrize("raise_on_error", [False, True])
async def test_the_error_names_the_command_at_fault(client: Any, raise_on_error: bool) -> None:
    pipe = client.pipeline().set("a", 1)
    pipe.execute_command("GET")
    pipe.set("b", 2)
    pipe.execute_command("LPUSH", "SECRET-KEY")
    error = await refusal(pipe, raise_on_error=raise_on_error)
    assert (error.number, error.command) == (2, "GET")
    assert list(error.errors) == [2, 4]
    assert str(error).startswith("Command # 2 (GET) of pipeline caused error: ")
    assert "wrong number" in str(error.__cause__)
    assert "Command #" not in str(error.__cause__)
    assert "SECRET" not in repr(error)
    assert await client.exists("a", "b") == 0
    assert await client.pipeline().set("a", 1).execute() == [True], "the connection is as it was"


async def test_the_error_is_also_of_the_class_of_its_cause(make_client: MakeClient, observer: Observer) -> None:
    observer.ask("ACL", "SETUSER", "reader", "reset", "on", ">pw-of-reader", "~*", "+@all", "-set")
    try:
        client = make_client(username="reader", password="pw-of-reader")
        error = await refusal(client.pipeline().get("a").set("SECRET-KEY", "SECRET-VALUE"))
        assert isinstance(error, NoPermissionError)
        assert type(error).__name__ == "ExecAbortError"
        assert (error.number, error.command) == (2, "SET")
        assert error.status_code == "NOPERM"
        assert type(error.__cause__) is NoPermissionError
        assert "SECRET" not in f"{error!r} {error.__cause__!r}"
    finally:
        observer.ask("ACL", "DELUSER", "reader")


@pytest.fixture
def observer(server: RedisServer) -> Any:
    """A connection beside the client under test."""
    with Observer(server) as connected:
        yield connected


async def test_out_of_memory(make_client: MakeClient, private_server: RedisServer) -> None:
    client = make_client(host=private_server.host, port=private_server.port)
    private_server.command("CONFIG", "SET", "maxmemory", "1")
    error = await refusal(client.pipeline().get("a").set("a", 1))
    assert isinstance(error, OutOfMemoryError)
    assert isinstance(error.__cause__, OutOfMemoryError)


async def test_while_watching(client: Any) -> None:
    async with client.pipeline() as pipe:
        await pipe.watch("a")
        pipe.multi()
        pipe.execute_command("GET")
        error = await refusal(pipe)
        assert (error.number, error.command) == (1, "GET")
    assert await client.pipeline().set("a", 1).execute() == [True]


def aborted(kind: type[Exception]) -> ExecAbortError:
    """Return an error as a pipeline makes it."""
    # Imported from the module, as nobody outside needs to make one.

    return exec_abort_error("Command # 3 (SET) of pipeline caused error: text", 3, "SET", {3: kind("text")})


@pytest.mark.parametrize("kind", [ResponseError, NoPermissionError, BusyLoadingError, ExecAbortError])
@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"])
def test_copies_are_the_same(kind: type[Exception], again: Callable[[ExecAbortError], ExecAbortError]) -> None:
    error = aborted(kind)
    other = again(error)
    assert type(other) is type(error)
    assert isinstance(other, kind)
    assert (str(other), other.number, other.command) == (str(error), 3, "SET")
    assert list(other.errors) == [3]
    assert type(other)("only a message").errors == {}


async def test_what_may_pass_is_tried_again(make_client: MakeClient, private_server: RedisServer) -> None:
    """A replica refuses the write; nothing was executed. When it has become a primary the transaction goes through."""
    client = make_client(
        host=private_server.host,
        port=private_server.port,
        min_retry_backoff=0.05,
        max_retry_backoff=0.05,
        max_retries=50,
    )
    assert await client.ping()
    private_server.command("REPLICAOF", "127.0.0.1", "1")
    with pytest.raises(ReadOnlyError):
        await make_once(client)
    waiting = asyncio.ensure_future(client.pipeline().incr("n").incr("n").execute())
    with Observer(private_server) as observer:
        await eventually(lambda: int(observer.executions("multi")) >= 3)
    assert not waiting.done()
    private_server.command("REPLICAOF", "NO", "ONE")
    assert await waiting == [1, 2]
    assert await client.get("n") == b"2"


async def make_once(client: "Redis[Any]") -> Any:
    """Execute a transaction on a lease, where nothing is tried again."""
    async with client.connection() as connection:
        return await connection.pipeline().incr("n").execute()


async def test_multi_itself_is_refused(make_client: MakeClient, observer: Observer) -> None:
    """The server has executed the commands one by one, which the error must not hide."""
    observer.ask("ACL", "SETUSER", "single", "reset", "on", ">pw-of-single", "~*", "+@all", "-multi", "-exec")
    try:
        client = make_client(username="single", password="pw-of-single")
        with pytest.raises(NoPermissionError, match="MULTI was refused, and the commands were executed") as failure:
            await client.pipeline().incr("n").execute()
        assert failure.value.written
        assert await client.get("n") == b"1"
    finally:
        observer.ask("ACL", "DELUSER", "single")


# -- errors in their places -------------------------------------------------------------------------------------------


async def test_a_command_that_fails_does_not_stop_the_others(client: Any) -> None:
    await client.set("text", "x")
    values = await client.pipeline().incr("n").lpush("text", 1).incr("n").execute(raise_on_error=False)
    assert (values[0], values[2]) == (1, 2)
    assert isinstance(values[1], WrongTypeError)
    with pytest.raises(WrongTypeError, match=r"Command # 2 \(LPUSH\)"):
        await client.pipeline().incr("n").lpush("text", 1).incr("n").execute()
    assert await client.get("n") == b"4", "there is no rollback"


# -- conflicts --------------------------------------------------------------------------------------------------------


async def by_hand(client: "Redis[Any]", attempts: list[int]) -> None:
    """Increment in a loop as redis-py's documentation has it, which does not pause."""
    async with client.pipeline() as pipe:
        while True:
            attempts.append(1)
            try:
                await pipe.watch("n")
                value: Any = await pipe.get("n")
                pipe.multi()
                await pipe.set("n", int(value or 0) + 1).execute()
                return
            except WatchError:
                continue


async def by_helper(client: "Redis[Any]", attempts: list[int]) -> None:
    """Increment with ``client.transaction``."""

    async def increment(pipe: Any) -> None:
        attempts.append(1)
        value = int(await pipe.get("n") or 0)
        pipe.multi()
        pipe.set("n", value + 1)

    await client.transaction(increment, "n")


@pytest.mark.parametrize("pool_size", [2, 16, CONTENDERS + 1])
@pytest.mark.parametrize("loop_of", [by_hand, by_helper])
async def test_many_tasks_count_exactly(
    make_client: MakeClient, loop_of: Callable[["Redis[Any]", list[int]], Awaitable[None]], pool_size: int
) -> None:
    client = make_client(pool_size=pool_size, pool_timeout=30)
    attempts: list[list[int]] = [[] for _ in range(CONTENDERS)]
    await asyncio.gather(*(loop_of(client, each) for each in attempts))
    assert await client.get("n") == b"%d" % CONTENDERS
    assert client.pool_stats().total <= pool_size
    if loop_of is by_helper:
        assert max(map(len, attempts)) <= 60, "somebody starved"
        assert sum(map(len, attempts)) <= 30 * CONTENDERS, "they got into each other's way more than they must"


async def test_ordinary_commands_go_on_beside_the_conflicts(make_client: MakeClient) -> None:
    client = make_client(pool_size=4, pool_timeout=30)
    running = asyncio.gather(*(by_helper(client, []) for _ in range(50)))
    while not running.done():
        async with asyncio.timeout(1):
            assert await client.ping()
    await running


async def test_the_pause_is_the_callers_choice(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds:
            pauses.append(seconds)
        await real_sleep(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    def conflicting(times: int) -> Any:
        async def func(pipe: Any) -> None:
            nonlocal times
            times -= 1
            if times >= 0:
                await client.incr("n")
            pipe.multi()
            pipe.incr("n")

        return func

    await client.transaction(conflicting(3), "n", watch_delay=0.25)
    assert pauses == [0.25, 0.25, 0.25]
    pauses.clear()
    await client.transaction(conflicting(3), "n", watch_delay=0)
    assert pauses == []
    await client.transaction(conflicting(12), "n")
    assert len(pauses) == 12
    assert len(set(pauses)) == 12, "no two wait in step"
    assert max(pauses) <= 0.128


async def test_a_conflict_that_func_finds_itself_runs_it_again(client: Any) -> None:
    runs = 0

    def func(pipe: Any) -> str:
        nonlocal runs
        runs += 1
        pipe.multi()
        pipe.incr("n")
        if runs < 3:
            raise WatchError
        return "done"

    assert await client.transaction(func, "n", value_from_callable=True) == "done"
    assert (runs, await client.get("n")) == (3, b"1")


async def test_what_func_raises_is_raised_and_nothing_is_executed(client: Any) -> None:
    for error in (ValueError("func's own"), ConnectionError("of another server"), RedisError("any")):

        def func(pipe: Any, error: Exception = error) -> None:
            pipe.multi()
            pipe.incr("n")
            raise error

        with pytest.raises(type(error)) as failure:
            await client.transaction(func, "n")
        assert failure.value is error
    assert await client.exists("n") == 0
    await eventually(lambda: client.pool_stats().in_use == client.pool_stats().shared)


async def test_watching_begins_anew_after_the_connection_was_lost(client: Any, observer: Observer) -> None:
    async with client.pipeline() as pipe:
        await pipe.watch("key")
        observer.ask("CLIENT", "KILL", "ID", await pipe.client_id())
        with pytest.raises(ConnectionError):
            await pipe.watch("other")  # "key" is not watched any more: that must be told
        with pytest.raises(ConnectionError):
            await pipe.get("key")
        await pipe.watch("key")
        assert await pipe.get("key") is None
        observer.ask("SET", "key", "rival")
        pipe.multi()
        pipe.set("key", "mine")
        with pytest.raises(WatchError):
            await pipe.execute()
    assert client.pool_stats().in_use <= 1


@pytest.mark.parametrize("how", ["leave", "reset", "raise"])
async def test_a_pipeline_of_a_held_connection_leaves_no_watch(make_client: MakeClient, how: str) -> None:
    """Given up, it has the connection as it was: the holder's next transaction is no business of its keys."""
    client, other = make_client(), make_client()
    async with client.connection() as connection:
        for _ in range(3):
            with contextlib.suppress(ZeroDivisionError):
                async with connection.pipeline() as pipe:
                    await pipe.watch("k")
                    await pipe.get("k")
                    if how == "reset":
                        await pipe.reset()
                    elif how == "raise":
                        raise ZeroDivisionError
            await other.incr("k")
            assert await connection.pipeline().incr("n").execute()


async def test_a_pipeline_of_a_held_connection_leaves_the_holders_watch(make_client: MakeClient) -> None:
    """UNWATCH would forget the holder's keys as well: then rather too many are watched."""
    client, other = make_client(), make_client()
    async with client.connection() as connection:
        await connection.execute_command("WATCH", "mine")
        async with connection.pipeline() as pipe:
            await pipe.watch("k")
        await other.incr("mine")
        with pytest.raises(WatchError):
            await connection.pipeline().incr("n").execute()
