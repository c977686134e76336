"""Row 25: a client outlives its loop, its thread, its process, its owner's care or its own end.

Injected: one event loop after another, and two at once in two threads; a forked child that ends in either way; clients
that nobody closes; connects that fail by the hundred; ``aclose`` in every state there is (tests/support/closing), and
given up; a garbage collector that runs at every allocation.

Passing: it works, or there is one clear error at once. ``aclose`` takes a second at most and leaves no descriptor, task
or warning; what was in flight gets ClientClosedError, and so does whatever comes later; the parent never notices its
child; who forgets to close is told once, and where.
"""

import asyncio
import contextlib
import gc
import inspect
import threading
import time
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import anyio
import pytest
import uvloop

import redis_aio
from redis_aio import Redis
from redis_aio._connection import closing
from redis_aio._execution import blocking
from redis_aio._locking import keeper
from redis_aio.exceptions import ClientClosedError, ConnectionError, OutcomeUnknownError
from redis_aio.testing import RedisServer
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import turn
from tests.support.closing import STATES, Setting
from tests.support.lifecycle import PROGRAM, in_thread, no_older_garbage, program, soon
from tests.support.oracles import Nonces, Observer, eventually, open_descriptors
from tests.support.proxy import FaultProxy
from tests.support.scripted import HANG_UP, Answer, Dialogue, ScriptedServer

RUNS: dict[str, Callable[[Coroutine[Any, Any, Any]], Any]] = {"asyncio": asyncio.run, "uvloop": uvloop.run}
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
#: Seconds that closing may take: one, and what a busy machine adds.
CLOSING = 1.5


def new_client(server: RedisServer, name: str, **options: Any) -> "Redis[Any]":
    """Return a client of which nobody takes care."""
    return Redis(host=server.host, port=server.port, client_name=name, **options)


# -- loops ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_descriptors_left() -> Iterator[None]:
    """Check that the test has closed what it opened, although no loop is left to do it."""
    uvloop.run(asyncio.sleep(0))  # the first one in a process opens pipes that stay
    gc.collect()
    before = set(open_descriptors().values())
    yield
    gc.collect()
    assert set(open_descriptors().values()) <= before


@pytest.mark.parametrize("kind", RUNS)
def test_one_run_after_another(
    server: RedisServer, observer: Observer, name: str, kind: str, no_descriptors_left: None
) -> None:
    """Each run ends with a command blocked and another one on its way."""
    client = new_client(server, name)
    nonces = Nonces()

    async def use() -> None:
        await nonces.settle(client, 20, at_once=5)
        async with client.connection() as lease:
            await nonces.settle(lease, 2)
        left = [asyncio.ensure_future(client.execute_command("BLPOP", "nobody-pushes", 0)) for _ in range(2)]
        await eventually(lambda: b"blocked_clients:2\r\n" in observer.ask("INFO", "clients"))
        left.append(asyncio.ensure_future(client.execute_command("ECHO", "x")))
        await asyncio.sleep(0)
        assert not any(task.done() for task in left)

    for _ in range(scale.LOOPS):
        RUNS[kind](use())
        soon(lambda: not observer.clients(name), why=lambda: observer.clients(name))
    RUNS[kind](client.aclose())


@pytest.mark.parametrize("kind", RUNS)
def test_closed_in_its_run(server: RedisServer, observer: Observer, name: str, kind: str) -> None:
    """What was closed stays closed, in another loop too; a new client works."""
    for _ in range(scale.LOOPS):
        client = new_client(server, name)

        async def use(client: "Redis[Any]" = client) -> None:
            await Nonces().settle(client, 5)
            await client.aclose()

        RUNS[kind](use())
        with pytest.raises(ClientClosedError):
            RUNS[kind](client.execute_command("PING"))
        RUNS[kind](client.aclose())
        soon(lambda: not observer.clients(name))


@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("ended", ["closed", "left open"])
def test_a_loop_that_nobody_tidied_up(
    server: RedisServer, observer: Observer, name: str, kind: str, ended: str, no_descriptors_left: None
) -> None:
    """``loop.close()`` without the clean-up of ``asyncio.run``, and a loop that just does not run any more."""
    client = new_client(server, name)
    with warnings.catch_warnings(), contextlib.ExitStack() as stack:
        warnings.simplefilter("ignore", ResourceWarning)  # of transports that were never closed: that is so
        stack.callback(lambda: asyncio.run(client.aclose()))
        for _ in range(scale.LOOPS):
            loop = stack.enter_context(contextlib.closing(LOOPS[kind]()))
            loop.run_until_complete(Nonces().settle(client, 5, at_once=5))
            soon(lambda: len(observer.clients(name)) == 1, why=lambda: observer.clients(name))
            if ended == "closed":
                loop.close()
        loop = stack.enter_context(contextlib.closing(LOOPS[kind]()))
        loop.run_until_complete(Nonces().settle(client, 5))
        loop.run_until_complete(client.aclose())
        soon(lambda: not observer.clients(name), why=lambda: observer.clients(name))
        stack.close()
        del loop
        gc.collect()


@pytest.mark.parametrize("kind", LOOPS)
def test_two_loops_by_turns(server: RedisServer, observer: Observer, name: str, kind: str) -> None:
    """Neither of them is closed, and what one of them opens gets the descriptors that the other one had."""
    client = new_client(server, name)
    with contextlib.closing(LOOPS[kind]()) as one, contextlib.closing(LOOPS[kind]()) as other:
        for _ in range(scale.LOOPS):
            one.run_until_complete(Nonces().settle(client, 5, at_once=5))
            other.run_until_complete(Nonces().settle(client, 5, at_once=5))
        other.run_until_complete(client.aclose())
        one.run_until_complete(turn(2))
    soon(lambda: not observer.clients(name), why=lambda: observer.clients(name))


@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("ending", ["used", "closed"])
def test_a_loop_that_runs_again_waits_for_nothing_that_was_taken_from_it(
    server: RedisServer, observer: Observer, name: str, kind: str, ending: str
) -> None:
    """Replies, and a connection that is leased to somebody else."""
    client = new_client(server, name, pool_size=2, pool_timeout=None, read_timeout=None)

    async def start() -> list[asyncio.Task[Any]]:
        await client.execute_command("PING")
        left = [asyncio.ensure_future(client.execute_command("BLPOP", "nobody-pushes", 0)) for _ in range(2)]
        await eventually(lambda: b"blocked_clients:1\r\n" in observer.ask("INFO", "clients"))
        observer.ask("CLIENT", "PAUSE", 300)
        left.append(asyncio.ensure_future(client.execute_command("INCR", "n")))
        await turn(1)
        return left

    async def finish(left: list[asyncio.Task[Any]]) -> list[Any]:
        async with asyncio.timeout(10):
            await asyncio.wait(left, return_when=asyncio.FIRST_EXCEPTION if ending == "used" else asyncio.ALL_COMPLETED)
        for task in left:
            task.cancel()
        return await asyncio.gather(*left, return_exceptions=True)

    with contextlib.closing(LOOPS[kind]()) as one, contextlib.closing(LOOPS[kind]()) as other:
        left = one.run_until_complete(start())
        other.run_until_complete(client.aclose() if ending == "closed" else client.execute_command("PING"))
        ended = one.run_until_complete(finish(left))
        if ending == "closed":
            assert [type(error) for error in ended] == [ClientClosedError] * 3
        else:
            assert isinstance(ended[0], OutcomeUnknownError)
        one.run_until_complete(client.aclose())
        other.run_until_complete(turn(2))
    soon(lambda: not observer.clients(name), why=lambda: observer.clients(name))


# -- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RUNS)
def test_a_client_for_each_thread(server: RedisServer, name: str, kind: str) -> None:
    async def use() -> None:
        async with new_client(server, name) as client:
            await Nonces().settle(client, 300, at_once=10)
            for _ in range(10):
                blocked = asyncio.ensure_future(client.execute_command("BLPOP", "nobody-pushes", 0))
                await turn(4)
                blocked.cancel()
            await Nonces().settle(client, 50)

    for wait in [in_thread(lambda: RUNS[kind](use())) for _ in range(2)]:
        wait()


@pytest.mark.parametrize("kind", RUNS)
def test_one_client_for_two_threads(server: RedisServer, observer: Observer, name: str, kind: str) -> None:
    """While one loop runs, the other one gets one clear error whatever it tries; afterwards it can have the client."""
    client = new_client(server, name)
    running, done = threading.Event(), threading.Event()

    async def first() -> None:
        await Nonces().settle(client, 5)
        running.set()
        while not done.is_set():
            await Nonces().settle(client, 1)

    async def second() -> None:
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: client.execute_command("PING"),
            lambda: client.execute_command("BLPOP", "q", 0),
            lambda: client.pipeline().execute_command("PING").execute(),
            client.lease,
            client.aclose,
        ]
        for call in calls:
            started = time.monotonic()
            with pytest.raises(RuntimeError, match="another event loop"):
                await call()
            assert time.monotonic() - started < scale.PROMPT

    wait = in_thread(lambda: RUNS[kind](first()))
    assert running.wait(10)
    try:
        RUNS[kind](second())
    finally:
        done.set()
        wait()

    async def afterwards() -> None:
        await Nonces().settle(client, 5)
        await client.aclose()

    RUNS[kind](afterwards())
    soon(lambda: not observer.clients(name))


# -- processes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("ending", ["exit", "os._exit", "unused", "unclosed", "inside"])
def test_fork(server: RedisServer, kind: str, ending: str) -> None:
    """The parent keeps its connections and gets what was on its way; the child has its own."""
    done = program(server, "fork", kind, ending)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == (["parent"] if ending == "unused" else ["child", "parent"])


@pytest.mark.parametrize("kind", LOOPS)
def test_fork_while_connections_are_held(server: RedisServer, kind: str) -> None:
    """What the child does with a connection that its parent holds does not reach the server, nor the parent."""
    done = program(server, "fork, held", kind)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["child", "parent"]


@pytest.mark.parametrize(("kind", "option"), [("asyncio", "default"), ("asyncio", "error"), ("uvloop", "error")])
@pytest.mark.parametrize(("scenario", "warned"), [("run", 0), ("dropped", 1), ("dropped after the run", 0)])
def test_at_the_end_of_the_program(server: RedisServer, kind: str, option: str, scenario: str, warned: int) -> None:
    """Who leaves a client unclosed is told once, if they want to know; the end itself prints nothing."""
    options = () if option == "default" else ("-W", "error::ResourceWarning")
    done = program(server, scenario, kind, options=options)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    expected = 0 if option == "default" else warned
    assert done.stderr.count("ResourceWarning: unclosed <Redis client") == expected, done.stderr
    if expected:
        assert PROGRAM.name in done.stderr.partition("ResourceWarning:")[2]
    assert done.stderr.count("Warning:") == expected
    assert expected or done.stderr == ""


# -- nobody closes it -------------------------------------------------------------------------------------------------


async def test_dropped(server: RedisServer, observer: Observer, name: str) -> None:
    no_older_garbage()
    makers: dict[int, Callable[[], Redis[Any]]] = {}
    where = Path(__file__).name
    descriptors = set(open_descriptors().values())
    for maker in (
        lambda: Redis(host=server.host, port=server.port, client_name=name),
        lambda: Redis.from_url(f"redis://{server.host}:{server.port}", client_name=name),
        lambda: redis_aio.from_url(f"redis://{server.host}:{server.port}", client_name=name),
    ):
        makers[inspect.getsourcelines(maker)[1]] = maker
    for line, maker in makers.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            client = maker()
            async with client.connection() as lease:
                await asyncio.gather(Nonces().settle(lease, 3), Nonces().settle(client, 3))
            assert len(observer.clients(name)) == 2
            del client, lease
            gc.collect()
            await eventually(lambda: not observer.clients(name))
            await eventually(lambda: set(open_descriptors().values()) <= descriptors)
        assert [warning.category for warning in caught] == [ResourceWarning], [str(w.message) for w in caught]
        assert f"{where}:{line}" in str(caught[0].message)


@pytest.mark.parametrize("connected", [False, True])
@pytest.mark.parametrize("call", ["method", "raw", "pipeline", "blocking"])
async def test_dropped_before_its_reply_has_come(
    server: RedisServer, observer: Observer, name: str, call: str, connected: bool
) -> None:
    """The call itself keeps its client alive; afterwards nobody does."""

    async def start() -> Awaitable[Any]:
        client = new_client(server, name)
        if connected:
            await Nonces().settle(client, 1)
        calls: dict[str, Awaitable[Any]] = {
            "raw": client.execute_command("ECHO", "mine"),
            "method": client.echo("mine"),
            "blocking": client.blpop("dropped"),
            "pipeline": client.pipeline().execute_command("ECHO", "mine").execute(),
        }
        for other in calls.keys() - {call}:
            calls[other].close()  # type: ignore[attr-defined]  # they are coroutines
        return calls[call]

    observer.ask("DEL", "dropped")
    observer.ask("RPUSH", "dropped", "mine")
    no_older_garbage()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert "mine" in str(await (await start()))
        gc.collect()
        await eventually(lambda: not observer.clients(name), why=lambda: "its connection is still there")
    assert [warning.category for warning in caught] == [ResourceWarning]


def _ours(thing: object) -> bool:
    return isinstance(thing, TracebackType) or type(thing).__module__.startswith("redis_aio")


@pytest.mark.parametrize("failing", ["refused", "hung up", "garbage", "no answer"])
async def test_failed_connects_leave_no_cycles(failing: str) -> None:
    """What a failed connect leaves is freed at once, not when the garbage collector finds it."""
    answers: dict[str, Answer] = {"hung up": HANG_UP, "garbage": b"HTTP/1.1 400\r\n\r\n"}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(ScriptedServer(Dialogue(handshake={"HELLO": answers.get(failing, b"")})))
        port = server.port
        if failing == "refused":
            stack.close()
        client = Redis(host="127.0.0.1", port=port, max_retries=0, dial_timeout=0.01 if failing == "no answer" else 5)

        async def fail(times: int) -> None:
            for _ in range(times):
                try:
                    await client.execute_command("PING")
                except (ConnectionError, TimeoutError):
                    continue
                raise AssertionError("there is no server")

        count = scale.FAILED_CONNECTS // (5 if failing == "no answer" else 1)
        await fail(3)
        gc.collect()
        enabled = gc.isenabled()
        gc.disable()
        try:
            await fail(count)
            await asyncio.sleep(0)
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            found = [type(thing).__name__ for thing in gc.garbage if _ours(thing)]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            if enabled:
                gc.enable()
        await client.aclose()
    assert len(found) < count, f"{len(found)} objects in cycles after {count} failed connects: {sorted(set(found))}"


# -- closing ----------------------------------------------------------------------------------------------------------


async def assert_closed(client: "Redis[Any]") -> None:
    """Check that everything later fails at once, and closing again does nothing."""
    started = time.monotonic()
    for call in (
        client.execute_command("GET", "k"),
        client.execute_command("BLPOP", "k", 0),
        client.pipeline().execute_command("GET", "k").execute(),
        client.lease(),
    ):
        with pytest.raises(ClientClosedError):
            await call
    await client.aclose()
    await asyncio.gather(client.aclose(), client.aclose())
    assert time.monotonic() - started < scale.PROMPT


@pytest.fixture
def setting(connect: Connect, proxy: FaultProxy, observer: Observer, request: pytest.FixtureRequest) -> Setting:
    """What the states are made of."""
    return Setting(connect, proxy, observer, request.getfixturevalue)


@pytest.mark.parametrize("state", STATES)
async def test_close_in_every_state(setting: Setting, state: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        client, underway = await STATES[state](setting, stack)
        started = time.monotonic()
        await client.aclose()
        took = time.monotonic() - started
        assert took < CLOSING, f"aclose took {took:.2f} s"
        if underway:
            done, pending = await asyncio.wait(underway, timeout=scale.PROMPT)
            assert not pending, f"{len(pending)} calls go on"
            outcomes = [task.exception() for task in done]
            assert all(isinstance(outcome, ClientClosedError) for outcome in outcomes), outcomes[:3]
        await assert_closed(client)


def test_all_that_closing_may_wait_for_takes_a_second_together() -> None:
    """Clean-ups of locks, commands that are being unblocked, farewells of TLS, dials: one after the other."""
    assert keeper.CLOSING_TIME + blocking.CLOSING_TIME + closing.FAREWELLS + closing.LAST <= 1.0


@pytest.mark.parametrize("state", STATES)
async def test_close_given_up(setting: Setting, state: str) -> None:
    """Whoever gives the closing up gets everything closed all the same."""
    slow = state in ("pipeline", "between retries") and not scale.LONG
    for ticks in (2, 0) if slow else (1, 2, 4, 8, 0):
        async with contextlib.AsyncExitStack() as stack:
            client, underway = await STATES[state](setting, stack)
            if ticks:
                closing = asyncio.ensure_future(client.aclose())
                await turn(ticks)
                closing.cancel()
                await asyncio.wait([closing])
            else:
                with anyio.CancelScope() as scope:
                    scope.cancel()
                    await client.aclose()
            if underway:
                done, pending = await asyncio.wait(underway, timeout=scale.PROMPT)
                assert not pending
                assert all(isinstance(task.exception(), ClientClosedError) for task in done)
            await assert_closed(client)


# -- garbage collection -----------------------------------------------------------------------------------------------


async def test_with_the_collector_at_every_allocation(connect: Connect, observer: Observer, protocol: int) -> None:
    client = connect(protocol=protocol, pool_size=3)
    nonces = Nonces()
    await nonces.settle(client, 1)
    thresholds = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for number in range(30 if scale.LONG else 4):
            await nonces.settle(client, 10, at_once=5)
            pipe = client.pipeline(transaction=bool(number % 2))
            for value in range(10):
                pipe.execute_command("ECHO", value)
            assert await pipe.execute() == [b"%d" % value for value in range(10)]
            key = f"gc-list-{number}"
            blocked = asyncio.ensure_future(client.execute_command("BLPOP", key, 0))
            await turn(5)
            if number % 2:
                blocked.cancel()
            observer.ask("RPUSH", key, "x")
            await asyncio.wait([blocked])
            await eventually(lambda key=key, left=number % 2: observer.ask("LLEN", key) == left)  # type: ignore[misc]
            async with client.connection() as lease:
                await nonces.settle(lease, 3)
    finally:
        gc.set_threshold(*thresholds)
    await nonces.settle(client, 10)
