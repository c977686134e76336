"""Lock does what redis-py 8.1 does, where that is right: the same calls, the same values, the same kinds of errors."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis.asyncio
import redis.asyncio.lock

from redis_aio import LockError, Redis
from redis_aio.lock import Lock
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop

Scenario = Callable[[Any], Awaitable[Any]]


async def acquire_and_release(client: Any) -> Any:
    lock = client.lock("lock")
    before = lock.local.token
    taken = await lock.acquire()
    value = await client.get("lock")
    state = [await lock.locked(), await lock.owned(), lock.local.token in (value, str(value).encode())]
    ttl = await client.ttl("lock")
    released = await lock.release()
    return before, taken, state, ttl, released, await client.get("lock"), lock.local.token


async def chosen_token(client: Any) -> Any:
    lock = client.lock("lock")
    return await lock.acquire(token="mine"), lock.local.token, await client.get("lock"), await lock.owned()


async def held_by_another(client: Any) -> Any:
    first, second = client.lock("lock"), client.lock("lock")
    await first.acquire()
    outcomes = [await second.acquire(blocking=False), await second.acquire(blocking_timeout=0.05)]
    outcomes += [await second.locked(), await second.owned()]
    await first.release()
    return [*outcomes, await second.acquire(blocking=False)]


async def options_of_the_lock(client: Any) -> Any:
    await client.set("lock", "taken")
    return [
        await client.lock("lock", blocking=False).acquire(),
        await client.lock("lock", blocking_timeout=0.05).acquire(),
        await client.lock("lock", sleep=0.01, blocking_timeout=5).acquire(blocking=False),
    ]


async def same_object_without_blocking(client: Any) -> Any:
    lock = client.lock("lock")
    return await lock.acquire(), await lock.acquire(blocking=False), await lock.release()


async def context_manager(client: Any) -> Any:
    async with client.lock("lock") as lock:
        inside = await lock.owned()
    return inside, await client.exists("lock")


async def context_manager_not_acquired(client: Any) -> None:
    await client.set("lock", "taken")
    async with client.lock("lock", blocking_timeout=0.05):
        pass


async def context_manager_lost(client: Any) -> None:
    async with client.lock("lock"):
        await client.delete("lock")


async def context_manager_lost_quietly(client: Any) -> Any:
    async with client.lock("lock", raise_on_release_error=False):
        await client.delete("lock")
    return await client.exists("lock")


async def context_manager_released_by_hand(client: Any) -> None:
    async with client.lock("lock") as lock:
        await lock.release()


async def release_unheld(client: Any) -> None:
    await client.lock("lock").release()


async def release_of_a_foreign_lock(client: Any) -> Any:
    lock = client.lock("lock")
    await lock.acquire()
    await client.set("lock", "foreign")
    kinds = []
    for _ in range(2):
        try:
            await lock.release()
        except Exception as error:
            kinds.append(type(error).__name__)
    return kinds, lock.local.token, await client.get("lock")


async def expired(client: Any) -> Any:
    lock = client.lock("lock", timeout=0.05)
    await lock.acquire()
    while await client.exists("lock"):  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.01)
    return await lock.owned(), await lock.locked(), await lock.acquire(blocking=False)


async def extend(client: Any) -> Any:
    lock = client.lock("lock", timeout=10)
    await lock.acquire()
    values = [await lock.extend(10), 18_000 < await client.pttl("lock") <= 20_000]
    values += [await lock.extend(5.5, replace_ttl=True), 4_000 < await client.pttl("lock") <= 5_500]
    values += [await lock.reacquire(), 8_000 < await client.pttl("lock") <= 10_000]
    return [*values, await lock.release()]


async def _extended(lock: Any, how: str) -> Any:
    return await (lock.extend(1) if how == "extend" else lock.reacquire())


async def extend_unheld(client: Any) -> None:
    await _extended(client.lock("lock", timeout=10), "extend")


async def reacquire_unheld(client: Any) -> None:
    await _extended(client.lock("lock", timeout=10), "reacquire")


async def extend_without_timeout(client: Any) -> None:
    lock = client.lock("lock")
    await lock.acquire()
    await _extended(lock, "extend")


async def reacquire_without_timeout(client: Any) -> None:
    lock = client.lock("lock")
    await lock.acquire()
    await _extended(lock, "reacquire")


async def extend_lost(client: Any) -> None:
    lock = client.lock("lock", timeout=10)
    await lock.acquire()
    await client.set("lock", "foreign")
    await _extended(lock, "extend")


async def reacquire_lost(client: Any) -> None:
    lock = client.lock("lock", timeout=10)
    await lock.acquire()
    await client.set("lock", "foreign")
    await _extended(lock, "reacquire")


async def handed_to_another_task(client: Any) -> Any:
    lock = client.lock("lock", timeout=10)

    async def take() -> None:
        await lock.acquire()

    await asyncio.create_task(take())
    return await lock.owned(), await lock.release(), await client.exists("lock")


async def the_public_steps(client: Any) -> Any:
    lock = client.lock("lock")
    taken = [await lock.do_acquire(b"mine"), await lock.do_acquire(b"other"), await client.get("lock")]
    return [*taken, await lock.do_release(b"mine"), await client.exists("lock")]


async def the_public_step_of_releasing_fails(client: Any) -> None:
    await client.set("lock", "foreign")
    await client.lock("lock").do_release(b"mine")


async def attributes(client: Any) -> Any:
    lock = client.lock("lock", timeout=3, sleep=0.5, blocking=False, blocking_timeout=2, thread_local=False)
    names = ("name", "timeout", "sleep", "blocking", "blocking_timeout", "thread_local", "raise_on_release_error")
    return [getattr(lock, name) for name in names], lock.redis is client


async def zero_timeout_is_none(client: Any) -> Any:
    await client.lock("lock", timeout=0).acquire()
    return await client.ttl("lock")


SCENARIOS: list[Scenario] = [
    *(acquire_and_release, chosen_token, held_by_another, options_of_the_lock, same_object_without_blocking),
    *(context_manager, context_manager_not_acquired, context_manager_lost, context_manager_lost_quietly),
    *(context_manager_released_by_hand, release_unheld, release_of_a_foreign_lock, expired, extend, extend_unheld),
    *(reacquire_unheld, extend_without_timeout, reacquire_without_timeout, extend_lost, reacquire_lost),
    *(handed_to_another_task, the_public_steps, the_public_step_of_releasing_fails, attributes, zero_timeout_is_none),
]


async def outcome(scenario: Scenario, client: Any, server: RedisServer) -> Any:
    """Return what a scenario gives: its value, or the kind of its error."""
    server.command("FLUSHALL")
    try:
        return await scenario(client)
    except Exception as error:
        return [kind.__name__ for kind in type(error).__mro__ if kind.__module__ != "builtins"], isinstance(
            error, ValueError
        )


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_as_redis_py(make_client: MakeClient, server: RedisServer, scenario: Scenario, decode: bool) -> None:
    async with redis.asyncio.Redis(host=server.host, port=server.port, decode_responses=decode) as theirs:
        expected = await outcome(scenario, theirs, server)
    assert await outcome(scenario, make_client(decode_responses=decode), server) == expected


def test_the_parameters_are_redis_pys() -> None:
    for ours, theirs in (
        (Lock, redis.asyncio.lock.Lock),
        (Lock.acquire, redis.asyncio.lock.Lock.acquire),
        (Lock.extend, redis.asyncio.lock.Lock.extend),
        (Redis.lock, redis.asyncio.Redis.lock),
    ):
        expected = inspect.signature(theirs).parameters
        found = inspect.signature(ours).parameters
        assert [(p.name, p.default) for p in expected.values()] == [
            (p.name, p.default) for p in found.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY
        ]
    public = {name for name in dir(redis.asyncio.lock.Lock) if not name.startswith("_")}
    ours_public = {name for name in dir(Lock) if not name.startswith("_")}
    internal = {name for name in public if "lua" in name.lower()} | {"register_scripts"}
    assert public - internal <= ours_public


async def test_both_exclude_each_other(make_client: MakeClient, server: RedisServer) -> None:
    """While an application moves from one to the other, both are in use."""
    ours = make_client().lock("lock", sleep=0.01)
    async with redis.asyncio.Redis(host=server.host, port=server.port) as client:
        theirs = client.lock("lock", sleep=0.01)
        inside = most = 0

        async def work(lock: Any) -> None:
            nonlocal inside, most
            for _ in range(10):
                async with lock:
                    inside += 1
                    most = max(most, inside)
                    await asyncio.sleep(0.001)
                    inside -= 1
                await asyncio.sleep(0.002)

        async with asyncio.timeout(20):
            await asyncio.gather(work(ours), work(theirs))
    assert most == 1


async def test_where_we_differ_reentrant_use_raises(make_client: MakeClient) -> None:
    """redis-py waits for itself, for ever."""
    async with make_client().lock("lock") as lock:
        with pytest.raises(LockError):
            await lock.acquire()
