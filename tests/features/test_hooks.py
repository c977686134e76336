"""Hooks: an onion that sees everything once, in order, and can change or refuse it."""

import asyncio
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from redis_aio import ConnectionPool, Hook, Redis, RedisError
from redis_aio.events import (
    ConnectionClosed,
    ConnectionOpened,
    ConnectionUsed,
    Event,
    PoolWaited,
    Retrying,
)
from redis_aio.exceptions import ConnectionError, PoolTimeoutError
from redis_aio.hooks import Batch, Command, HookedPool
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.proxy import FaultProxy


class Recorder(Hook):
    """Writes down what it sees."""

    def __init__(self, name: str, seen: list[str]) -> None:
        self.name = name
        self.seen = seen

    async def on_connect(self, options: Any, call_next: Any) -> Any:
        self.seen.append(f"{self.name} connects")
        return await call_next(options)

    async def on_command(self, command: Any, call_next: Any) -> Any:
        self.seen.append(f"{self.name} {command.name}")
        try:
            return await call_next(command)
        finally:
            self.seen.append(f"{self.name} done")

    async def on_batch(self, batch: Any, call_next: Any) -> list[Any]:
        self.seen.append(f"{self.name} batch of {len(batch)}")
        values: list[Any] = await call_next(batch)
        return values


async def test_the_first_one_is_the_outermost(make_client: MakeClient) -> None:
    client = make_client()
    seen: list[str] = []
    client.add_hook(Recorder("outer", seen))
    client.add_hook(Recorder("inner", seen))
    assert await client.ping()
    assert [line for line in seen if "connects" not in line] == ["outer PING", "inner PING", "inner done", "outer done"]
    assert [line for line in seen if "connects" in line] == ["outer connects", "inner connects"]


async def test_batches_and_watching_pipelines_are_seen(make_client: MakeClient) -> None:
    client = make_client()
    seen: list[str] = []
    client.add_hook(Recorder("hook", seen))
    await client.pipeline().set("a", 1).get("a").execute()
    async with client.pipeline() as pipe:
        await pipe.watch("a")
        await pipe.get("a")
        pipe.multi()
        await pipe.set("a", 2).execute()
    wanted = ["hook batch of 2", "hook WATCH", "hook done", "hook GET", "hook done", "hook batch of 1"]
    assert [line for line in seen if "connects" not in line] == wanted


async def test_a_hook_can_refuse_and_replace(make_client: MakeClient) -> None:
    class Guard(Hook):
        async def on_command(self, command: Any, call_next: Any) -> Any:
            if command.name == "KEYS":
                raise RedisError("KEYS is not for production")
            value = await call_next(command)
            return b"replaced" if command.name == "GET" else value

    client = make_client()
    client.add_hook(Guard())
    with pytest.raises(RedisError, match="production"):
        await client.keys()
    await client.set("k", "v")
    assert await client.get("k") == b"replaced"


async def test_a_hook_that_fails_fails_that_call_only(make_client: MakeClient) -> None:
    class Clumsy(Hook):
        calls = 0

        async def on_command(self, command: Any, call_next: Any) -> Any:
            self.calls += 1
            value = await call_next(command)
            if self.calls == 1:
                raise ValueError("clumsy")
            return value

    client = make_client()
    client.add_hook(Clumsy())
    with pytest.raises(ValueError, match="clumsy"):
        await client.set("k", "v")
    assert await client.get("k") == b"v"


async def test_what_is_not_overridden_costs_nothing(make_client: MakeClient) -> None:
    client = make_client()
    core = client._core
    client.add_hook(Hook())
    assert client._executor.execute == core.execute
    client.remove_hook(client._hooks._hooks[0][0])
    assert client._executor is core


async def test_a_hook_can_be_removed(make_client: MakeClient) -> None:
    client = make_client()
    seen: list[str] = []
    outer, inner = Recorder("outer", seen), Recorder("inner", seen)
    client.add_hook(outer)
    client.add_hook(inner)
    client.remove_hook(outer)
    await client.ping()
    assert [line for line in seen if "connects" not in line] == ["inner PING", "inner done"]
    assert [line for line in seen if "connects" in line] == ["inner connects"]
    with pytest.raises(ValueError, match="not added"):
        client.remove_hook(outer)
    with pytest.raises(TypeError, match=r"must be a redis_aio\.Hook"):
        client.add_hook(print)  # type: ignore[arg-type]  # that is the question


async def test_a_hook_sees_connections_that_are_made_later(make_client: MakeClient) -> None:
    client = make_client()
    await client.ping()
    seen: list[str] = []
    client.add_hook(Recorder("hook", seen))
    async with client.connection() as connection:
        await connection.ping()
    assert seen == ["hook connects", "hook PING", "hook done"]


class Dialing(Hook):
    """Makes connections and does something else with them than it should."""

    def __init__(self, how: str) -> None:
        self.how = how

    async def on_connect(self, options: Any, call_next: Any) -> Any:
        if self.how == "never":
            return None
        first = await call_next(options)
        if self.how == "raises":
            raise ValueError("not this one")
        return await call_next(options) if self.how == "twice" else "first" if first else None


@pytest.mark.parametrize(
    ("how", "error", "text"),
    [
        ("never", TypeError, "must return what call_next returned, not NoneType"),
        ("returns", TypeError, "must return what call_next returned, not str"),
        ("raises", ValueError, "not this one"),
        ("twice", None, None),
    ],
)
async def test_connections_that_a_hook_does_not_hand_on_are_closed(
    make_client: MakeClient, how: str, error: type[Exception] | None, text: str | None
) -> None:
    observer = make_client()
    client = make_client(pool_size=1, client_name="dialing", max_retries=0)
    client.add_hook(Dialing(how))
    async with asyncio.timeout(5):
        if error is None:
            assert await client.ping()
        for _ in range(0 if error is None else 2):  # the place in the pool is free again
            with pytest.raises(error or Exception, match=text):
                await client.ping()
        while sum(entry["name"] == "dialing" for entry in await observer.client_list()) > (error is None):  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0)


async def test_call_next_may_be_called_twice_or_never(make_client: MakeClient) -> None:
    class Repeating(Hook):
        async def on_command(self, command: Any, call_next: Any) -> Any:
            if command.name == "GET":
                return b"not asked"
            await call_next(command)
            return await call_next(command)

        async def on_batch(self, batch: Any, call_next: Any) -> list[Any]:
            return [*await call_next(batch), *await call_next(batch)]

    client = make_client()
    client.add_hook(Repeating())
    assert await client.incr("n") == 2
    assert await client.get("n") == b"not asked"
    assert await client.execute_batch(Batch([Command("INCR", "n")])) == [3, 4]


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_hook_may_leave_nothing_of_a_batch(make_client: MakeClient, atomic: bool) -> None:
    class Emptying(Hook):
        async def on_batch(self, batch: Any, call_next: Any) -> list[Any]:
            return [*(None for _ in batch), *await call_next(Batch(atomic=atomic))]

    client = make_client(read_timeout=None)
    client.add_hook(Emptying())
    async with asyncio.timeout(5):
        assert await client.pipeline(transaction=atomic).set("a", 1).execute() == [None]


class Clumsy(Hook):
    """Fails when it comes, or when it goes."""

    def __init__(self, failing: str) -> None:
        self.failing = failing
        self.commands = 0

    async def on_command(self, command: Any, call_next: Any) -> Any:
        self.commands += 1
        return await call_next(command)

    def on_event(self, event: Event) -> None:
        pass

    def bind(self, pool: HookedPool) -> Hook:
        self._fail("bind")
        return self

    def attached(self, client: Any) -> None:
        self._fail("attached")

    def detached(self, client: Any) -> None:
        self._fail("detached")

    def unbind(self) -> None:
        self._fail("unbind")

    def _fail(self, what: str) -> None:
        if what == self.failing:
            raise ValueError(what)


@pytest.mark.parametrize("failing", ["bind", "attached", "detached", "unbind"])
async def test_a_hook_that_fails_when_it_comes_or_goes_is_not_there(make_client: MakeClient, failing: str) -> None:
    client = make_client()
    hook = Clumsy(failing)
    if failing in ("bind", "attached"):
        with pytest.raises(ValueError, match=failing):
            client.add_hook(hook)
    else:
        client.add_hook(hook)
        with pytest.raises(ValueError, match=failing):
            client.remove_hook(hook)
    assert client._executor is client._core
    assert not client.connection_pool.node.hooks.emit.active
    assert await client.ping()
    assert hook.commands == 0
    with pytest.raises(ValueError, match="not added"):
        client.remove_hook(hook)


async def test_a_hook_that_is_bound_to_nothing_is_not_there(make_client: MakeClient) -> None:
    class Forgetful(Hook):
        def bind(self, pool: HookedPool) -> Hook:
            return None  # type: ignore[return-value]

    client = make_client()
    with pytest.raises(TypeError, match=r"bind must return a redis_aio\.Hook, not NoneType"):
        client.add_hook(Forgetful())
    seen: list[str] = []
    client.add_hook(Recorder("a", seen))
    assert await client.ping()
    assert seen == ["a PING", "a connects", "a done"]


async def test_the_order_is_kept_when_another_client_of_the_pool_leaves(server: RedisServer, clean: None) -> None:
    async with ConnectionPool(host=server.host, port=server.port) as pool:
        one, other = Redis(connection_pool=pool), Redis(connection_pool=pool)
        seen: list[str] = []
        outer, inner = Recorder("outer", seen), Recorder("inner", seen)
        for client in (one, other):
            client.add_hook(outer)
            client.add_hook(inner)
        other.remove_hook(outer)
        await one.ping()
        assert [line for line in seen if "connects" in line] == ["outer connects", "inner connects"]


async def test_commands_are_coroutines_with_hooks_too(make_client: MakeClient) -> None:
    client = make_client()
    client.add_hook(Recorder("hook", []))
    task = asyncio.create_task(client.set("k", "v"))
    assert await task
    assert asyncio.iscoroutine(coroutine := client.get("k"))
    assert await coroutine == b"v"


# -- events -----------------------------------------------------------------------------------------------------------


@dataclass
class Listener(Hook):
    """Writes down events; it is not hashable, as dataclasses are not."""

    events: list[Event] = field(default_factory=list)

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if type(event) is kind]


async def test_a_command_that_simply_succeeds_makes_no_event(make_client: MakeClient) -> None:
    client = make_client()
    await client.ping()
    listener = Listener()
    client.add_hook(listener)
    await client.set("k", "v")
    await asyncio.gather(*(client.get("k") for _ in range(100)))
    await client.pipeline().get("k").get("k").execute()
    assert listener.events == []
    assert client._executor.execute == client._core.execute  # and takes no step more


async def test_waits_and_connections_are_told(make_client: MakeClient) -> None:
    client = make_client(pool_size=2, pool_timeout=0.05)
    listener = Listener()
    client.add_hook(listener)
    await client.ping()
    (wait,) = listener.of(PoolWaited)
    assert (wait.shared, wait.error) == (True, None)
    assert 0 < wait.duration < 1
    assert listener.of(ConnectionOpened) == [ConnectionOpened(reconnect=False)]
    listener.events.clear()
    async with client.connection() as held:
        await held.ping()
        with pytest.raises(PoolTimeoutError):
            await client.lease()
        cancelled = asyncio.create_task(client.lease())
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait([cancelled])
    got, timed_out, gone = listener.of(PoolWaited)
    assert (got.shared, got.error) == (False, None)
    assert isinstance(timed_out.error, PoolTimeoutError)
    assert timed_out.duration >= 0.045  # uvloop counts in milliseconds
    assert isinstance(gone.error, asyncio.CancelledError)
    (used,) = listener.of(ConnectionUsed)
    assert used.duration >= 0.045
    await client.aclose()
    closed = listener.of(ConnectionClosed)
    assert [(event.reason, event.error) for event in closed] == [("the client was closed", None)] * 2


async def test_retries_and_reconnects_are_told(make_client: MakeClient, server: RedisServer) -> None:
    with FaultProxy(server.host, server.port) as proxy:
        client = make_client(host=proxy.host, port=proxy.port)
        listener = Listener()
        client.add_hook(listener)
        await client.ping()
        await proxy.hold("down")
        calls = [asyncio.create_task(client.get("k")), asyncio.create_task(client.pipeline().get("k").execute())]
        await proxy.wait_received(1, "up")
        await proxy.kill()
        await proxy.release("down")
        await asyncio.gather(*calls)
        await client.aclose()
    retries = listener.of(Retrying)
    assert {event.command for event in retries} == {"GET", "MULTI"}
    assert all(event.attempt >= 1 and isinstance(event.error, ConnectionError) for event in retries)
    (lost,) = [event for event in listener.of(ConnectionClosed) if event.reason == "lost"]
    assert isinstance(lost.error, ConnectionError)
    assert ConnectionOpened(reconnect=True) in listener.events


async def test_what_a_listener_raises_hurts_nothing(make_client: MakeClient, caplog: pytest.LogCaptureFixture) -> None:
    class Clumsy(Hook):
        def on_event(self, event: Event) -> None:
            raise ValueError("secret")

    client = make_client()
    listener = Listener()
    client.add_hook(Clumsy())
    client.add_hook(listener)
    with caplog.at_level(logging.WARNING, "redis_aio.hooks"):
        assert await client.ping()
    assert listener.events
    assert "a hook failed on PoolWaited: ValueError" in caplog.text
    assert "secret" not in caplog.text


async def test_slow_listeners_in_two_threads(server: RedisServer) -> None:
    """Two loops, each in its thread, are told of their connections at the same time."""

    class Slow(Hook):
        def on_event(self, event: Event) -> None:
            time.sleep(0.002)  # lets the other thread run

    troubles: list[Any] = []

    async def use() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
        for _ in range(20):
            async with Redis(host=server.host, port=server.port, pool_size=4, pool_timeout=2) as client:
                client.add_hook(Slow())
                await asyncio.gather(client.ping(), *(client.blpop(f"nothing{n}", timeout=0.01) for n in range(3)))

    def run() -> None:
        try:
            asyncio.run(use())
        except Exception as error:
            troubles.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert troubles == []


async def test_a_hook_of_two_clients_of_one_pool(server: RedisServer, clean: None) -> None:
    """It is bound once, sees each connection once, and leaves with the last of them."""

    class Binding(Recorder):
        pools = 0
        unbound = 0

        def bind(self, pool: HookedPool) -> Hook:
            self.pools += 1
            assert pool.options.pool_size == 7
            return self

        def unbind(self) -> None:
            self.unbound += 1

    async with ConnectionPool(host=server.host, port=server.port, pool_size=7) as pool:
        one, other = Redis(connection_pool=pool), Redis(connection_pool=pool)
        seen: list[str] = []
        hook = Binding("hook", seen)
        for client in (one, other):
            client.add_hook(hook)
        await one.ping()
        await other.ping()
        assert seen == ["hook PING", "hook connects", "hook done", "hook PING", "hook done"]
        one.remove_hook(hook)
        assert (hook.pools, hook.unbound) == (1, 0)
        other.remove_hook(hook)
        assert (hook.pools, hook.unbound) == (1, 1)
