"""Row 21: a lock that nobody holds stays taken, a lock that was lost is thought to be held, a foreign one is deleted.

Injected: the server stopped, and acquire and release given up in each of the six ways at every turn meanwhile; the
connection cut right behind the request; a stall of server or client longer than the time to live; a rival who deletes,
replaces or expires the lock; connections killed at random under contention.

Passing: no key without a holder stands for more than a second after the server answers again; the body is told of the
loss before its time to live is over; a foreign lock is never touched; what fenced sections count is exact.
"""

import asyncio
import contextlib
import gc
import itertools
import random
import time
import weakref
from typing import Any

import anyio
import pytest

from redis_aio import (
    ClientClosedError,
    ConnectionError,
    LockError,
    LockLostError,
    LockNotOwnedError,
    Redis,
    RedisError,
)
from redis_aio.exceptions import BusyScriptError
from redis_aio.exceptions import TimeoutError as RedisTimeoutError
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.cancellation import WAYS, Outcome, sweep
from tests.support.oracles import Observer, eventually
from tests.support.proxy import FaultProxy

pytestmark = pytest.mark.one_loop

#: Seconds that a key without a holder may stand after the server answers again.
BOUND = 1.0


async def warmed_up(client: "Redis[Any]") -> "Redis[Any]":
    """Have a connection ready and the scripts known."""
    async with client.lock("warm-up"):
        pass
    return client


async def cut(proxy: FaultProxy, name: str, direction: Any) -> None:
    """Cut the present connection when a request that names the lock has passed; the next one is left alone."""
    newest = max(link["number"] for link in await proxy.log() if link["closed"] is None)
    rules: dict[str, Any] = {"seen": "up", "then": direction, "connection": newest}
    await proxy.on_bytes(name.encode(), cut_after=0, how="rst", **rules)


def lock_keys(observer: Observer) -> list[bytes]:
    """Return the keys of the locks that are taken."""
    return sorted(observer.ask("KEYS", "l:*"))


# -- L1: given up while it is acquired --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_an_acquire_that_was_given_up_while_the_server_stood_still_leaves_nothing(
    private_server: RedisServer, make_client: MakeClient, way: str
) -> None:
    numbers = itertools.count()
    options: dict[str, Any] = {"host": private_server.host, "port": private_server.port}
    warm = await warmed_up(make_client(**options))
    cold = make_client(**options)

    async def acquire() -> bool:
        client = cold if next(numbers) % 5 == 4 else warm
        return await client.lock(f"l:{next(numbers)}").acquire()

    private_server.pause()
    outcomes = await sweep(WAYS[way], acquire, range(scale.LOCK_TICKS))
    private_server.resume()
    assert all(outcome.cancelled for outcome in outcomes)
    await asyncio.sleep(BOUND)  # the bound itself: a key that is set late must be gone by then as well
    with Observer(private_server) as observer:
        assert lock_keys(observer) == []


@pytest.mark.parametrize("way", WAYS)
async def test_an_acquire_that_was_given_up_leaves_nothing_or_can_be_released(
    connect: Connect, observer: Observer, way: str
) -> None:
    client = await warmed_up(connect())
    numbers = itertools.count()
    locks: dict[str, Any] = {}

    async def acquire() -> bool:
        name = f"l:{next(numbers)}"
        lock = locks[name] = client.lock(name, thread_local=False)
        return bool(await lock.acquire())

    async def check(tick: int, outcome: Outcome) -> None:
        for lock in locks.values():
            if outcome.value:
                await lock.release()
        locks.clear()
        await eventually(lambda: not lock_keys(observer), within=BOUND)

    await sweep(WAYS[way], acquire, range(scale.LOCK_TICKS), check)


async def test_a_waiter_that_gives_up_leaves_its_place_to_the_next(connect: Connect, observer: Observer) -> None:
    client = await warmed_up(connect())
    holder = client.lock("l:1")
    await holder.acquire()
    waiters = [asyncio.ensure_future(client.lock("l:1").acquire()) for _ in range(5)]
    await asyncio.sleep(0)
    for ticks, waiter in enumerate(waiters[:4]):
        for _ in range(ticks):
            await asyncio.sleep(0)
        waiter.cancel()
    await holder.release()
    async with asyncio.timeout(scale.PROMPT):
        assert await waiters[4]
    assert await observer_token(observer, "l:1") is not None
    await asyncio.gather(*waiters[:4], return_exceptions=True)


async def observer_token(observer: Observer, name: str) -> bytes | None:
    """Return the token that holds a lock."""
    token: bytes | None = observer.ask("GET", name)
    return token


async def test_closing_the_client_does_not_strand_a_given_up_acquire(
    make_client: MakeClient, server: RedisServer
) -> None:
    client = await warmed_up(make_client())
    with Observer(server) as observer:
        for ticks in range(scale.LOCK_TICKS):
            other = await warmed_up(make_client())
            task = asyncio.ensure_future(other.lock(f"l:{ticks}").acquire())
            for _ in range(ticks):
                await asyncio.sleep(0)
            taken = not task.cancel()
            await asyncio.wait([task])
            await other.aclose()
            assert taken or not lock_keys(observer)
            observer.ask("DEL", f"l:{ticks}")
    await client.aclose()


@pytest.mark.parametrize("token", [None, "chosen"], ids=["new", "chosen"])
@pytest.mark.parametrize("direction", ["up", "down"])
async def test_an_acquire_whose_reply_was_lost_finds_its_own_token(
    connect: Connect, proxy: FaultProxy, observer: Observer, token: str | None, direction: Any
) -> None:
    client = await warmed_up(connect())
    for number in range(10):
        name = f"l:{number}"
        await cut(proxy, name, direction)
        lock = client.lock(name, fencing=True)
        assert await lock.acquire(blocking=False, token=token)
        await proxy.clear()
        assert await observer_token(observer, name) == lock.local.token
        assert lock.fencing_token == int(observer.ask("GET", f"{{{name}}}:fencing"))
        await lock.release()
    assert lock_keys(observer) == []


async def test_a_chosen_token_that_somebody_else_uses_does_not_let_one_in(connect: Connect, observer: Observer) -> None:
    client = connect()
    observer.ask("SET", "l:1", "chosen")
    assert not await client.lock("l:1").acquire(blocking=False, token="chosen")
    assert await observer_token(observer, "l:1") == b"chosen"


async def test_an_acquire_that_failed_is_cleaned_up(connect: Connect, proxy: FaultProxy, observer: Observer) -> None:
    client = await warmed_up(connect(max_retries=0))
    for number in range(5):
        name = f"l:{number}"
        await proxy.on_bytes(name.encode(), seen="up", then="down", hold=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.lock(name).acquire()
        assert observer.ask("EXISTS", name)
        await proxy.kill("rst")
        await proxy.clear()
        await eventually(lambda: not lock_keys(observer), within=BOUND)


async def test_blocking_timeout_holds_for_who_holds_the_lock_already(
    private_server: RedisServer, make_client: MakeClient
) -> None:
    client = await warmed_up(make_client(host=private_server.host, port=private_server.port))
    lock = client.lock("l:1")
    await lock.acquire()
    private_server.pause()
    started = time.monotonic()
    assert not await lock.acquire(blocking_timeout=0.1)
    assert time.monotonic() - started < 0.1 + scale.PROMPT
    private_server.resume()
    await lock.release()


@pytest.mark.parametrize("token", [None, "chosen"])
async def test_blocking_timeout_holds_while_the_server_stands_still(
    private_server: RedisServer, make_client: MakeClient, token: str | None
) -> None:
    client = await warmed_up(make_client(host=private_server.host, port=private_server.port))
    private_server.pause()
    started = time.monotonic()
    assert not await client.lock("l:1").acquire(blocking_timeout=0.3, token=token)
    assert time.monotonic() - started < 0.3 + scale.PROMPT
    if token is not None:  # which is being cleaned up still
        for blocking in (True, False):
            started = time.monotonic()
            assert not await client.lock("l:1").acquire(blocking, 0.1 if blocking else None, token)
            assert time.monotonic() - started < 0.1 + scale.PROMPT
    private_server.resume()
    with Observer(private_server) as observer:
        await asyncio.sleep(BOUND)
        assert lock_keys(observer) == []


async def test_all_who_wait_are_told_when_the_server_cannot_be_asked(
    private_server: RedisServer, make_client: MakeClient
) -> None:
    """Not one after the other, each when its own attempts have failed."""
    address: dict[str, Any] = {"host": private_server.host, "port": private_server.port}
    client = make_client(**address, read_timeout=0.2, dial_timeout=0.2, max_retries=0)
    private_server.command("SET", "l:1", "foreign")
    waiters = [asyncio.ensure_future(client.lock("l:1", sleep=0.02).acquire()) for _ in range(30)]
    await asyncio.sleep(0.1)
    private_server.pause()
    _, waiting = await asyncio.wait(waiters, timeout=2 * scale.PROMPT)
    private_server.resume()
    assert not waiting
    failures = [waiter.exception() for waiter in waiters]
    assert all(isinstance(failure, RedisTimeoutError) for failure in failures)
    assert len(set(map(id, failures))) == len(failures)


# -- L2: given up while it is released --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_a_release_that_was_given_up_is_completed_and_can_be_repeated(
    private_server: RedisServer, make_client: MakeClient, way: str
) -> None:
    client = await warmed_up(make_client(host=private_server.host, port=private_server.port))
    locks = [client.lock(f"l:{number}", thread_local=False) for number in range(scale.LOCK_TICKS)]
    for lock in locks:
        assert await lock.acquire()
    remaining = iter(locks)
    private_server.pause()
    outcomes = await sweep(WAYS[way], lambda: next(remaining).release(), range(scale.LOCK_TICKS))
    private_server.resume()
    given_up = [lock for lock, outcome in zip(locks, outcomes, strict=True) if outcome.cancelled]
    assert len(given_up) >= len(locks) - 2  # at tick 0 it may not have been begun
    for lock in given_up[1::2]:
        await lock.release()
        with pytest.raises(LockError):
            await lock.release()
    with Observer(private_server) as observer:
        await eventually(lambda: len(lock_keys(observer)) <= 1, within=BOUND)


async def test_leaving_the_block_in_a_cancelled_scope_releases(connect: Connect, observer: Observer) -> None:
    """Every await in a cancelled scope raises, also those of the release."""
    client = await warmed_up(connect())
    for ticks in range(scale.LOCK_TICKS):
        others = [asyncio.ensure_future(client.get("busy")) for _ in range(3)]
        with anyio.CancelScope() as scope:
            async with client.lock("l:1", timeout=60):
                scope.cancel()
                for _ in range(ticks):
                    await asyncio.sleep(0)
        await eventually(lambda: not lock_keys(observer), within=BOUND)
        await asyncio.gather(*others)


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_release_whose_reply_was_lost_is_no_loss_of_the_lock(
    connect: Connect, proxy: FaultProxy, observer: Observer, direction: Any
) -> None:
    client = await warmed_up(connect())
    for number in range(5):
        lock = client.lock(f"l:{number}", timeout=60)
        await lock.acquire()
        await cut(proxy, f"l:{number}", direction)
        await lock.release()
        await proxy.clear()
        assert lock_keys(observer) == []


async def test_the_error_of_the_body_is_not_hidden(connect: Connect, observer: Observer) -> None:
    client = connect()
    with pytest.raises(ZeroDivisionError) as caught:  # noqa: PT012 - the body is what fails
        async with client.lock("l:1"):
            observer.ask("DEL", "l:1")
            raise ZeroDivisionError
    assert "not held to the end" in "".join(caught.value.__notes__)


async def test_a_lost_lock_is_reported_once(connect: Connect, observer: Observer) -> None:
    lock = connect().lock("l:1", timeout=60)
    await lock.acquire()
    observer.ask("SET", "l:1", "rival")
    with pytest.raises(LockNotOwnedError):
        await lock.extend(10)
    with pytest.raises(LockNotOwnedError):
        await lock.release()
    with pytest.raises(LockError) as caught:
        await lock.release()
    assert not isinstance(caught.value, LockNotOwnedError)
    assert await observer_token(observer, "l:1") == b"rival"


async def test_a_cancelled_body_is_not_held_up_by_the_release(
    private_server: RedisServer, make_client: MakeClient
) -> None:
    """The server stands still: whoever cancels the body does not wait for it as well."""
    client = await warmed_up(make_client(host=private_server.host, port=private_server.port))
    left = 0.0
    with pytest.raises(TimeoutError):  # noqa: PT012 - the body is what fails
        async with asyncio.timeout(0.2):
            async with client.lock("l:1", timeout=60):
                private_server.pause()
                try:
                    await asyncio.sleep(30)
                finally:
                    left = time.monotonic()
    assert time.monotonic() - left < scale.PROMPT / 2
    private_server.resume()
    with Observer(private_server) as observer:
        await eventually(lambda: not lock_keys(observer), within=BOUND)


async def test_a_release_that_failed_and_was_completed_can_be_repeated(
    private_server: RedisServer, make_client: MakeClient
) -> None:
    client = make_client(host=private_server.host, port=private_server.port, max_retries=0)
    lock = client.lock("l:1", timeout=60)
    await lock.acquire()
    private_server.kill()
    await eventually(lambda: client.pool_stats().total == 0)
    with pytest.raises(ConnectionError) as caught:
        await lock.release()
    assert not getattr(caught.value, "written", True)
    token = lock.local.token
    assert token is not None
    private_server.restart()
    with Observer(private_server) as observer:
        observer.ask("SET", "l:1", token)  # as if it had been persistent
        await eventually(lambda: not lock_keys(observer), within=BOUND)
    await lock.release()
    with pytest.raises(LockError, match="already"):
        await lock.release()


#: Until so many microseconds have passed.
_BUSY = """
local function now() local time = redis.call('TIME') return time[1] * 1000000 + time[2] end
local till = now() + ARGV[1]
while now() < till do end
"""


async def test_a_server_that_is_busy_gets_its_clean_up_later(
    private_server: RedisServer, make_client: MakeClient
) -> None:
    client = await warmed_up(make_client(host=private_server.host, port=private_server.port))
    private_server.command("CONFIG", "SET", "busy-reply-threshold", "20")
    lock = client.lock("l:1")
    await lock.acquire()
    busy = asyncio.ensure_future(
        make_client(host=private_server.host, port=private_server.port).eval(_BUSY, 0, 400_000)
    )
    await asyncio.sleep(0.1)
    with pytest.raises(BusyScriptError):
        await lock.release()
    await busy
    with Observer(private_server) as observer:
        await eventually(lambda: not lock_keys(observer), within=BOUND)


# -- L3: lost while it is held ----------------------------------------------------------------------------------------


async def test_the_body_is_told_when_the_server_stands_still_longer_than_the_time_to_live(
    private_server: RedisServer, make_client: MakeClient
) -> None:
    client = await warmed_up(make_client(host=private_server.host, port=private_server.port))
    timeout = 0.6
    told = 0.0
    with pytest.raises(LockLostError):  # noqa: PT012 - the body is what fails
        async with client.lock("l:1", timeout=timeout, renew=True):
            await asyncio.sleep(timeout / 2)
            private_server.pause()
            stopped = time.monotonic()
            try:
                await asyncio.sleep(30)
            finally:
                told = time.monotonic() - stopped
    private_server.resume()
    assert told <= timeout + scale.PROMPT / 2
    assert _this_task().cancelling() == 0
    await asyncio.sleep(BOUND)
    with Observer(private_server) as observer:
        assert lock_keys(observer) == []


RIVALS: dict[str, tuple[Any, ...]] = {
    "deletes": ("DEL", "l:1"),
    "takes": ("SET", "l:1", "rival"),
    "expires": ("PEXPIRE", "l:1", 1),
    "flushes": ("FLUSHDB",),
}


@pytest.mark.parametrize("rival", RIVALS)
async def test_the_body_is_told_of_a_rival(connect: Connect, observer: Observer, rival: str) -> None:
    client = await warmed_up(connect())
    timeout = 0.6
    told = 0.0
    with pytest.raises(LockLostError):  # noqa: PT012 - the body is what fails
        async with client.lock("l:1", timeout=timeout, renew=True):
            await asyncio.sleep(0.05)
            observer.ask(*RIVALS[rival])
            since = time.monotonic()
            try:
                await asyncio.sleep(30)
            finally:
                told = time.monotonic() - since
    assert told <= timeout
    assert await observer_token(observer, "l:1") == (b"rival" if rival == "takes" else None)
    async with client.lock("l:2"):
        await asyncio.sleep(0)  # the cancellation is spent


async def test_the_body_is_told_by_the_event_alone(connect: Connect, observer: Observer) -> None:
    lock = connect().lock("l:1", timeout=0.6, renew=0.1, on_lost="event")
    with pytest.raises(LockLostError):  # noqa: PT012 - the body is what fails
        async with lock:
            observer.ask("DEL", "l:1")
            async with asyncio.timeout(scale.PROMPT):
                await lock.lost.wait()
            await asyncio.sleep(0)
    assert lock.lost.is_set()


async def test_a_stall_of_this_process_is_noticed(connect: Connect, observer: Observer) -> None:
    client = await warmed_up(connect())
    with pytest.raises(LockLostError):  # noqa: PT012 - the body is what fails
        async with client.lock("l:1", timeout=0.2, renew=True):
            await asyncio.sleep(0.05)
            time.sleep(0.4)  # noqa: ASYNC251 - the stall
            observer.ask("SET", "l:1", "rival")
            async with asyncio.timeout(scale.PROMPT):
                await asyncio.sleep(30)
    assert await observer_token(observer, "l:1") == b"rival"


async def test_a_short_stall_of_this_process_is_survived(connect: Connect, observer: Observer) -> None:
    client = await warmed_up(connect())
    lock = client.lock("l:1", timeout=1.5, renew=0.2)
    async with lock:
        await asyncio.sleep(0.3)
        time.sleep(0.7)  # noqa: ASYNC251 - the stall
        await asyncio.sleep(1.2)
        assert await lock.owned()
        assert not lock.lost.is_set()


async def test_a_body_that_ends_as_the_lock_is_lost_is_told_as_well(connect: Connect, observer: Observer) -> None:
    lock = connect().lock("l:1", timeout=60, renew=True)
    with pytest.raises(LockLostError):  # noqa: PT012 - the body is what fails
        async with lock:
            hold = lock._latest
            assert hold is not None
            hold.lose("a test says so")  # cancels this task, which does not wait any more
    assert _this_task().cancelling() == 0
    await asyncio.sleep(0)
    observer.ask("DEL", "l:1")


async def test_an_outer_cancellation_is_not_swallowed_by_the_loss(connect: Connect) -> None:
    lock = connect().lock("l:1", timeout=60, renew=True)

    async def body() -> None:
        async with lock:
            started.set_result(None)
            await asyncio.sleep(30)

    started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(body())
    await started
    hold = lock._latest
    assert hold is not None
    hold.lose("a test says so")
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_the_client_is_closed_while_a_lock_is_renewed(make_client: MakeClient) -> None:
    client = await warmed_up(make_client())
    entered = asyncio.Event()

    async def body() -> None:
        async with client.lock("l:1", timeout=60, renew=True):
            entered.set()
            await asyncio.sleep(30)

    task = asyncio.ensure_future(body())
    await entered.wait()
    await client.aclose()
    await asyncio.wait([task], timeout=scale.PROMPT)
    assert isinstance(task.exception(), LockLostError)
    await eventually(lambda: not _lock_tasks())


async def test_the_client_is_closed_while_tasks_wait(make_client: MakeClient) -> None:
    client = await warmed_up(make_client())
    await client.lock("l:1").acquire()
    waiters = [asyncio.ensure_future(client.lock("l:1", sleep=10).acquire()) for _ in range(50)]
    await asyncio.sleep(0.05)
    await client.aclose()
    _, waiting = await asyncio.wait(waiters, timeout=scale.PROMPT)
    assert not waiting
    assert all(isinstance(waiter.exception(), ClientClosedError) for waiter in waiters)


# -- L5: nothing is left behind ---------------------------------------------------------------------------------------


async def test_a_forgotten_lock_is_not_renewed_for_ever(connect: Connect, observer: Observer) -> None:
    client = connect()

    async def forgetful() -> "weakref.ref[Any]":
        lock = client.lock("l:1", timeout=0.5, renew=True)
        await lock.acquire()
        return weakref.ref(lock)

    reference = await forgetful()
    gc.collect()
    assert reference() is None
    await eventually(lambda: not _lock_tasks(), within=BOUND)
    await eventually(lambda: not lock_keys(observer), within=BOUND)


async def test_an_error_leaves_no_circles_behind(connect: Connect, observer: Observer) -> None:
    client = connect()
    observer.ask("SET", "l:2", "foreign")

    async def failing(options: dict[str, Any]) -> "weakref.ref[Any]":
        lock = client.lock(**options)
        with contextlib.suppress(LockError):
            async with lock:
                observer.ask("DEL", "l:1")
                await asyncio.sleep(0.15)
        return weakref.ref(lock)

    gc.disable()
    try:
        for options in (
            {"name": "l:1", "timeout": 1, "renew": 0.05},
            {"name": "l:1", "timeout": 1},
            {"name": "l:2", "blocking_timeout": 0.05},
        ):
            assert (await asyncio.create_task(failing(options)))() is None
    finally:
        gc.enable()


async def test_renewals_and_lines_end_with_their_locks(connect: Connect) -> None:
    client = connect()
    for number in range(50):
        async with client.lock(f"l:{number}", timeout=5, renew=True):
            await client.lock(f"l:{number}").acquire(blocking=False)
    await eventually(lambda: not _lock_tasks())


def _lock_tasks() -> list[Any]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("redis_aio lock")]


def _this_task() -> "asyncio.Task[Any]":
    task = asyncio.current_task()
    assert task is not None
    return task


# -- L4: contention ---------------------------------------------------------------------------------------------------

READ = """
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') then return -1 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1])
return tonumber(redis.call('HGET', KEYS[1], 'value') or '0')
"""
WRITE = """
if ARGV[1] ~= redis.call('HGET', KEYS[1], 'fence') then return 0 end
redis.call('HSET', KEYS[1], 'value', ARGV[2])
return 1
"""


@pytest.mark.parametrize("trouble", ["none", "kills", "deletions"])
async def test_fenced_sections_count_exactly(connect: Connect, observer: Observer, name: str, trouble: str) -> None:
    """A counter that is read and written in two steps, by tasks of several clients."""
    clients = [connect() for _ in range(4)]
    reads = [client.register_script(READ, idempotent=True) for client in clients]
    writes = [client.register_script(WRITE, idempotent=True) for client in clients]
    counted = inside = most = 0
    todo = iter(range(scale.LOCK_SECTIONS))
    fences: list[int] = []

    async def section(number: int) -> None:
        nonlocal counted, inside, most
        lock = clients[number % 4].lock("l:1", timeout=5, sleep=0.02, renew=True, fencing=True)
        async with lock:
            fence = lock.fencing_token
            inside += 1
            most = max(most, inside)
            try:
                value = await reads[number % 4](keys=["counter"], args=[fence])
                if value >= 0:
                    await asyncio.sleep(0)
                    fences.append(fence)
                    written = await writes[number % 4](keys=["counter"], args=[fence, value + 1])
                    counted += written
            finally:
                inside -= 1

    async def contender(number: int) -> None:
        for _ in todo:
            try:
                await section(number)
            except LockError:
                assert trouble != "none"
            except RedisError:
                assert trouble == "kills"

    async def disturb() -> None:
        while True:
            await asyncio.sleep(random.uniform(0.005, 0.05))
            if trouble == "kills":
                victims = observer.clients(name)
                if victims:
                    observer.ask("CLIENT", "KILL", "ID", random.choice(victims)["id"])
            elif trouble == "deletions":
                observer.ask("DEL", "l:1")

    rival = asyncio.ensure_future(disturb())
    async with asyncio.timeout(60 if not scale.LONG else 1200):
        await asyncio.gather(*(contender(number) for number in range(scale.LOCK_CONTENDERS)))
    rival.cancel()
    await asyncio.wait([rival])
    assert counted > 0
    assert int(observer.ask("HGET", "counter", "value")) == counted
    assert len(fences) == len(set(fences))
    if trouble == "none":
        assert counted == scale.LOCK_SECTIONS
    if trouble != "deletions":
        assert most == 1
        assert fences == sorted(fences)
    await eventually(lambda: not lock_keys(observer), within=5 + BOUND)


async def test_fencing_tokens_grow_whatever_becomes_of_the_counter(connect: Connect, observer: Observer) -> None:
    client = connect()
    seen = []
    for number in range(20):
        async with client.lock("l:1", fencing=True) as lock:
            seen.append(lock.fencing_token)
        if number % 5 == 0:
            observer.ask("DEL", "{l:1}:fencing")
    assert seen == sorted(set(seen))
