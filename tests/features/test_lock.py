"""Lock: taking, waiting in line, extending, what its options mean. Its faults are in tests/faults/test_21_lock.py."""

import asyncio
import gc
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from redis_aio import LockError, LockLostError, LockNotOwnedError, Redis, ResponseError
from redis_aio._locking import keeper
from redis_aio.exceptions import DataError
from redis_aio.lock import Lock
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.oracles import Observer, eventually

#: Seconds that something immediate may take on a slow machine.
PROMPT = 1.0


@pytest.fixture
def observer(server: RedisServer) -> Any:
    """A connection beside the clients under test."""
    with Observer(server) as connected:
        yield connected


@pytest.fixture(params=[False, True], ids=["bytes", "str"])
async def either(request: pytest.FixtureRequest, make_client: MakeClient, protocol: int) -> "Redis[Any]":
    """A client, on RESP2 and RESP3, with and without decoding."""
    return make_client(protocol=protocol, decode_responses=request.param)


# -- taking and letting go --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["lock", b"\xff\x00lock", memoryview(b"lock"), "schloß", "{tag}:lock"],
    ids=["str", "binary", "view", "text", "tagged"],
)
async def test_it_is_taken_and_released(either: "Redis[Any]", observer: Observer, name: Any) -> None:
    key = name.encode() if isinstance(name, str) else bytes(name)
    lock = either.lock(name, timeout=10, fencing=True)
    assert not await lock.locked()
    assert await lock.acquire()
    assert lock.local.token == observer.ask("GET", key)
    assert await lock.locked()
    assert await lock.owned()
    assert 9_000 < observer.ask("PTTL", key) <= 10_000
    await lock.release()
    assert lock.local.token is None
    assert not await lock.owned()
    assert not observer.ask("EXISTS", key)


async def test_without_a_timeout_it_does_not_expire(client: "Redis[bytes]", observer: Observer) -> None:
    async with client.lock("lock") as lock:
        assert observer.ask("PTTL", "lock") == -1
        assert await lock.owned()
    assert not observer.ask("EXISTS", "lock")


async def test_it_excludes_others(client: "Redis[bytes]", make_client: MakeClient) -> None:
    async with client.lock("lock"):
        for other in (client.lock("lock"), make_client().lock("lock")):
            assert not await other.acquire(blocking=False)
            assert not await other.acquire(blocking_timeout=0)
            assert not await other.acquire(blocking_timeout=0.05)
            assert not await other.owned()
            assert await other.locked()
        with pytest.raises(LockError, match="within blocking_timeout"):
            async with client.lock("lock", blocking_timeout=0.01):
                pass
    assert await client.lock("lock", blocking=False).acquire()


async def test_a_chosen_token(either: "Redis[Any]", observer: Observer) -> None:
    lock = either.lock("lock")
    assert await lock.acquire(token="mine")
    assert observer.ask("GET", "lock") == b"mine"
    assert lock.local.token == b"mine"
    await lock.release()
    assert await lock.acquire(token=b"\xff")
    assert await lock.owned()
    await lock.release()


async def test_a_chosen_token_can_be_used_again_after_it_was_given_up(client: "Redis[bytes]") -> None:
    lock = client.lock("lock")
    for ticks in range(8):
        task = asyncio.ensure_future(lock.acquire(token="mine"))
        for _ in range(ticks):
            await asyncio.sleep(0)
        if task.cancel():
            await asyncio.wait([task])
            assert await lock.acquire(token="mine", blocking_timeout=2)
        else:
            assert await task
        await asyncio.sleep(0.01)
        assert await client.get("lock") == b"mine"
        await client.delete("lock")
        lock = client.lock("lock")


@pytest.mark.one_loop
async def test_times_are_rounded_to_milliseconds(client: "Redis[bytes]", observer: Observer) -> None:
    sent: list[Any] = []

    async def spy(command: Any) -> Any:
        sent.append(command.args)
        return await execute(command)

    execute = client._executor.execute
    client._executor.execute = spy  # type: ignore[method-assign]  # to see what is sent
    for timeout, milliseconds in ((1.001, 1001), (0.29, 290), (0.0001, 1), (2, 2000), (0.0015, 2)):
        await client.lock("lock", timeout=timeout).acquire()
        assert milliseconds in sent[-1]
        observer.ask("DEL", "lock")


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": -1},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"timeout": 1e300},
        {"sleep": -0.1},
        {"renew": True},
        {"renew": 5, "timeout": 5},
        {"renew": -1, "timeout": 5},
        {"timeout": 1, "on_lost": "explode"},
    ],
    ids=str,
)
@pytest.mark.one_loop
async def test_bad_options_are_refused(client: "Redis[bytes]", options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"lock|sleep|on_lost"):
        client.lock("lock", **options)


async def test_a_key_that_is_no_lock(client: "Redis[bytes]") -> None:
    await client.rpush("lock", "x")
    with pytest.raises(ResponseError):
        await client.lock("lock").acquire()
    assert await client.lrange("lock", 0, -1) == [b"x"]


# -- who may release --------------------------------------------------------------------------------------------------


async def test_reentrant_use_is_refused_at_once(client: "Redis[bytes]") -> None:
    lock = client.lock("lock", timeout=10)
    async with lock:
        assert not await lock.acquire(blocking=False)
        async with asyncio.timeout(PROMPT):
            with pytest.raises(LockError, match="already"):
                await lock.acquire()
        assert await lock.owned()
    assert await lock.acquire(blocking=False)
    await client.delete("lock")
    assert await lock.acquire(blocking_timeout=1), "it was lost, so it can be taken again"
    await lock.release()


async def test_nested_blocks_of_one_task_are_refused(client: "Redis[bytes]") -> None:
    """Through two objects, as it happens when a function that locks calls another one."""
    async with client.lock("lock", timeout=60):
        async with asyncio.timeout(PROMPT):
            with pytest.raises(LockError, match="already"):
                async with client.lock("lock", timeout=60):
                    pass
        assert not await client.lock("lock").acquire(blocking_timeout=0.05)
        elsewhere = asyncio.create_task(client.lock("lock").acquire())
        await asyncio.sleep(0.05)
        assert not elsewhere.done()
    assert await elsewhere
    await client.delete("lock")
    async with client.lock("lock", timeout=60, raise_on_release_error=False):
        await client.delete("lock")
        async with asyncio.timeout(PROMPT), client.lock("lock", raise_on_release_error=False):
            pass  # it was lost, so it can be taken again


async def test_a_lock_that_was_not_taken_by_a_block_can_be_waited_for(client: "Redis[bytes]") -> None:
    """Somebody else may release it, or its time may pass."""
    await client.lock("lock", timeout=0.1).acquire()
    async with asyncio.timeout(PROMPT), client.lock("lock"):
        pass


async def _elsewhere(call: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        return await call()

    return await asyncio.create_task(run())


@pytest.mark.parametrize("thread_local", [True, False])
async def test_a_lock_can_be_handed_over(client: "Redis[bytes]", thread_local: bool) -> None:
    """Acquired by one task, released by another: as a fixture does that runs in two tasks."""
    lock = client.lock("lock", timeout=10, thread_local=thread_local)
    await _elsewhere(lock.acquire)
    await lock.extend(5)
    await lock.release()
    assert not await lock.locked()


async def test_a_task_releases_its_own_acquire_only(client: "Redis[bytes]") -> None:
    lock = client.lock("lock", timeout=10)
    await lock.acquire()
    await client.delete("lock")
    taken, done = asyncio.Event(), asyncio.Event()

    async def other() -> None:
        async with lock:
            taken.set()
            await done.wait()

    task = asyncio.create_task(other())
    await taken.wait()
    with pytest.raises(LockNotOwnedError):
        await lock.release()
    with pytest.raises(LockError):
        await lock.release()
    assert await lock.locked(), "the other task's lock was left alone"
    done.set()
    await task
    assert not await lock.locked()


async def test_release_errors(client: "Redis[bytes]", caplog: pytest.LogCaptureFixture) -> None:
    lock = client.lock("lock")
    with pytest.raises(LockError, match="not held") as caught:
        await lock.release()
    assert caught.value.lock_name == "lock"
    with caplog.at_level(logging.WARNING, "redis_aio.lock"):
        async with client.lock("lock", raise_on_release_error=False):
            await client.delete("lock")
    assert "not held to the end" in caplog.text
    with pytest.raises(LockNotOwnedError):
        async with client.lock("lock"):
            await client.delete("lock")
    with pytest.raises(LockError):
        async with client.lock("lock") as lock:
            await lock.release()


# -- waiting ----------------------------------------------------------------------------------------------------------


async def test_one_client_serves_its_waiters_in_order(client: "Redis[bytes]") -> None:
    served: list[int] = []

    async def contender(number: int) -> None:
        async with client.lock("lock", timeout=10, sleep=5):
            served.append(number)
            await asyncio.sleep(0)

    async with asyncio.timeout(10 * PROMPT):
        await asyncio.gather(*(contender(number) for number in range(100)))
    assert served == list(range(100))


async def test_only_the_first_in_line_asks(client: "Redis[bytes]", observer: Observer) -> None:
    async with client.lock("lock"):
        observer.ask("CONFIG", "RESETSTAT")
        waiters = [
            asyncio.create_task(client.lock("lock", sleep=0.01).acquire(blocking_timeout=0.3)) for _ in range(50)
        ]
        assert not any(await asyncio.gather(*waiters))
    assert observer.executions("evalsha") < 100  # 50 that poll on their own would have asked 1,500 times


async def test_a_release_elsewhere_wakes_the_waiter(make_client: MakeClient, protocol: int) -> None:
    here, there = make_client(protocol=protocol), make_client(protocol=protocol)
    holder = here.lock("lock")
    await holder.acquire()
    waiter = asyncio.create_task(there.lock("lock", sleep=60).acquire())
    await eventually(lambda: there.pubsub_stats() is not None and _listening(there))
    released = time.monotonic()
    await holder.release()
    async with asyncio.timeout(10):
        assert await waiter
    assert time.monotonic() - released < PROMPT


async def test_listening_ends_though_others_go_on_releasing(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LINGER", 0.1)
    here, there = make_client(), make_client()
    async with here.lock("lock"):
        waiter = asyncio.create_task(there.lock("lock").acquire(blocking_timeout=0.2))
        await eventually(lambda: _listening(there))
        assert not await waiter
    async with asyncio.timeout(10):
        while there._lock_keeper is not None and there._lock_keeper._lines:
            async with here.lock("lock"):
                await asyncio.sleep(0.01)


def _listening(client: "Redis[Any]") -> bool:
    return any(task.get_name() == "redis_aio lock listener" for task in asyncio.all_tasks()) and _subscribed(client)


def _subscribed(client: "Redis[Any]") -> bool:
    subscriptions = client._subscriptions
    return subscriptions is not None and client.pool_stats().in_use > 1


@pytest.mark.one_loop
async def test_a_release_is_noticed_where_it_cannot_be_heard(make_client: MakeClient, observer: Observer) -> None:
    """Of a holder who does not publish, as redis-py's; and by a client with one connection."""
    for options in ({}, {"pool_size": 1}):
        observer.ask("SET", "lock", "foreign")
        waiter = asyncio.create_task(make_client(**options).lock("lock", sleep=0.02).acquire())
        await asyncio.sleep(0.1)
        assert not waiter.done()
        observer.ask("DEL", "lock")
        async with asyncio.timeout(PROMPT):
            assert await waiter
        observer.ask("DEL", "lock")


@pytest.mark.one_loop
async def test_waiting_does_not_take_the_only_lease(make_client: MakeClient, observer: Observer) -> None:
    observer.ask("SET", "lock", "foreign")
    client = make_client(pool_size=2, pool_timeout=0.3)
    waiter = asyncio.create_task(client.lock("lock", sleep=0.02).acquire())
    await asyncio.sleep(0.1)
    assert await client.blpop("nothing", timeout=0.01) is None
    observer.ask("DEL", "lock")
    async with asyncio.timeout(PROMPT):
        assert await waiter


@pytest.mark.one_loop
async def test_the_end_of_the_holders_time_is_not_waited_beyond(make_client: MakeClient, observer: Observer) -> None:
    observer.ask("SET", "lock", "foreign", "PX", 200)
    lock = make_client().lock("lock", sleep=60)
    async with asyncio.timeout(PROMPT):
        assert await lock.acquire()
    await lock.release()


@pytest.mark.one_loop
async def test_a_user_who_may_not_publish_can_use_locks(make_client: MakeClient, server: RedisServer) -> None:
    server.command("ACL", "SETUSER", "mute", "on", ">pw", "~*", "+@all", "resetchannels")
    try:
        clients = [make_client(username="mute", password="pw") for _ in range(2)]
        holder = clients[0].lock("lock")
        await holder.acquire()
        waiter = asyncio.create_task(clients[1].lock("lock", sleep=0.02).acquire())
        await asyncio.sleep(0.05)
        await holder.release()
        async with asyncio.timeout(PROMPT):
            assert await waiter
    finally:
        server.command("ACL", "DELUSER", "mute")


async def test_blocking_timeout_is_kept(client: "Redis[bytes]") -> None:
    async with client.lock("lock"):
        for contenders in (1, 20):
            started = time.monotonic()
            waits = [client.lock("lock").acquire(blocking_timeout=0.2) for _ in range(contenders)]
            assert not any(await asyncio.gather(*waits))
            assert 0.19 < time.monotonic() - started < 0.2 + PROMPT  # the loop counts in milliseconds


async def test_anyio_cancels_a_waiter(client: "Redis[bytes]") -> None:
    holder = client.lock("lock")
    await holder.acquire()
    with anyio.move_on_after(0.05) as scope:
        await client.lock("lock").acquire()
    assert scope.cancelled_caught
    await holder.release()
    async with client.lock("lock", blocking_timeout=1):
        pass


async def test_nothing_is_kept_of_a_lock_that_nobody_holds_or_waits_for(
    client: "Redis[bytes]", observer: Observer
) -> None:
    """A client may use a new name each time."""
    async with client.lock("lock", timeout=10):
        keeper = client._lock_keeper
        assert keeper is not None
        assert len(keeper._lines) == 1
        assert not await client.lock("lock").acquire(blocking_timeout=0.01)
        assert not await client.lock("lock").acquire(blocking=False)
    observer.ask("SET", "foreign", "token")
    assert not await client.lock("foreign").acquire(blocking=False)
    abandoned = client.lock("abandoned", timeout=10)
    await abandoned.acquire()
    assert len(keeper._lines) == 1
    del abandoned
    gc.collect()
    assert not keeper._lines


# -- more time --------------------------------------------------------------------------------------------------------


async def test_extend_and_reacquire(either: "Redis[Any]", observer: Observer) -> None:
    lock = either.lock("lock", timeout=10)
    await lock.acquire()
    assert await lock.extend(5.5) is True
    assert 15_000 < observer.ask("PTTL", "lock") <= 15_500
    assert await lock.extend(3, replace_ttl=True) is True
    assert 2_500 < observer.ask("PTTL", "lock") <= 3_000
    assert await lock.reacquire() is True
    assert 9_500 < observer.ask("PTTL", "lock") <= 10_000
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(DataError):
            await lock.extend(seconds)
    await lock.release()


async def test_what_is_not_held_is_not_extended(client: "Redis[bytes]") -> None:
    for call in ("extend", "reacquire"):
        args = (1,) if call == "extend" else ()
        lock = client.lock("lock", timeout=10)
        with pytest.raises(LockError):
            await getattr(lock, call)(*args)
        await lock.acquire()
        await client.set("lock", "rival")
        with pytest.raises(LockNotOwnedError):
            await getattr(lock, call)(*args)
        assert await client.pttl("lock") == -1
        await client.delete("lock")
        endless = client.lock("lock")
        await endless.acquire()
        with pytest.raises(LockError, match="timeout"):
            await getattr(endless, call)(*args)
        await endless.release()


async def test_renewal_keeps_it_and_does_not_shorten_it(client: "Redis[bytes]", observer: Observer) -> None:
    async with client.lock("lock", timeout=0.3, renew=True) as lock:
        await asyncio.sleep(0.8)
        assert await lock.owned()
        assert not lock.lost.is_set()
        await lock.extend(60)
        await asyncio.sleep(0.25)
        assert observer.ask("PTTL", "lock") > 50_000
        observer.ask("PERSIST", "lock")
        await asyncio.sleep(0.25)
        assert observer.ask("PTTL", "lock") == -1
    assert not observer.ask("EXISTS", "lock")


async def test_the_loss_is_a_lock_error_of_its_own(client: "Redis[bytes]") -> None:
    with pytest.raises(LockNotOwnedError) as caught:  # noqa: PT012 - the body is what fails
        async with client.lock("lock", timeout=0.3, renew=0.05):
            await client.delete("lock")
            await asyncio.sleep(10)
    assert type(caught.value) is LockLostError
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert caught.value.lock_name == "lock"


async def test_an_error_of_the_body_wins_over_the_loss(client: "Redis[bytes]") -> None:
    with pytest.raises(ZeroDivisionError) as caught:  # noqa: PT012 - the body is what fails
        async with client.lock("lock", timeout=0.3, renew=0.05):
            await client.delete("lock")
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise ZeroDivisionError from None
    assert "was lost" in caught.value.__notes__[0]


# -- fencing ----------------------------------------------------------------------------------------------------------


async def test_fencing_tokens_grow(either: "Redis[Any]", make_client: MakeClient, observer: Observer) -> None:
    seen: list[int] = []
    for number in range(10):
        lock = (either if number % 2 else make_client()).lock("lock", fencing=True)
        with pytest.raises(LockError):
            _ = lock.fencing_token
        async with lock:
            seen.append(lock.fencing_token)
    assert seen == sorted(set(seen))
    assert all(type(token) is int for token in seen)
    assert int(observer.ask("GET", "{lock}:fencing")) == seen[-1]
    assert 0 < observer.ask("TTL", "{lock}:fencing") <= 86_400


# -- the surface ------------------------------------------------------------------------------------------------------


async def test_lock_class(client: "Redis[bytes]") -> None:
    class Counted(Lock):
        """A lock that overrides what redis-py's callers override."""

        asked = 0

        async def do_acquire(self, token: bytes) -> bool:
            self.asked += 1
            return await super().do_acquire(token)

    lock = client.lock("lock", lock_class=Counted)
    assert isinstance(lock, Counted)
    async with lock:
        assert lock.asked == 1

    def plain(redis: Any, name: Any, **options: Any) -> Any:
        return sorted(options)

    options: Any = client.lock("lock", lock_class=plain)  # type: ignore[arg-type]  # as redis-py's callers do
    assert options == sorted(
        {"timeout", "sleep", "blocking", "blocking_timeout", "thread_local", "raise_on_release_error"}
    )


async def test_nothing_tells_the_name_but_its_attribute(client: "Redis[bytes]") -> None:
    lock = client.lock("secret")
    assert "secret" not in repr(lock)
    with pytest.raises(LockError) as caught:
        await lock.release()
    assert "secret" not in str(caught.value)


@pytest.mark.one_loop
async def test_on_a_connection_of_ones_own(client: "Redis[bytes]") -> None:
    async with client.connection() as connection, Lock(connection, "lock", timeout=5) as lock:
        assert await lock.owned()
    assert not await client.exists("lock")


@pytest.mark.one_loop
def test_a_client_is_used_from_one_loop_after_another(server: RedisServer) -> None:
    client: Redis[bytes] = Redis(host=server.host, port=server.port)
    lock = client.lock("lock", timeout=10, renew=True)

    async def use() -> None:
        async with lock:
            assert await lock.owned()

    asyncio.run(use())
    asyncio.run(use())
    asyncio.run(client.aclose())


def test_it_has_docstrings() -> None:
    for name, member in inspect.getmembers(Lock):
        assert name.startswith("_") or member.__doc__, name


async def test_a_lock_with_less_time_is_renewed_in_time(client: "Redis[bytes]") -> None:
    async with client.lock("lock", timeout=60, renew=True) as lock:
        await lock.extend(0.3, replace_ttl=True)
        await asyncio.sleep(0.5)
        assert await lock.owned()
        assert await client.pttl("lock") > 50_000


async def test_a_lock_that_may_have_less_time_is_renewed_in_time(client: "Redis[bytes]", observer: Observer) -> None:
    async with client.lock("lock", timeout=60, renew=True) as lock:
        await lock.extend(60)  # the server knows the script now
        observer.ask("CLIENT", "PAUSE", 10_000, "WRITE")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await lock.extend(0.3, replace_ttl=True)
        observer.ask("CLIENT", "UNPAUSE")
        await asyncio.sleep(0.5)
        assert await lock.owned()
        assert await client.pttl("lock") > 50_000
