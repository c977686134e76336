"""Row 4: a command that was written once is executed twice, because its reply was lost and it was sent again.

Injected: the connection cut at every byte of the request and of the reply; a server that stands still longer than
``read_timeout``; a caller that gives up while a retry is due.

Passing: no call of a command that accumulates is executed more than once; a call that returns was executed exactly
once; otherwise it raises OutcomeUnknownError. Reads are simply repeated. Only ``retry_unsafe`` lifts the rule.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.codecs import Codec
from redis_aio.exceptions import (
    BusyLoadingError,
    ConnectionError,
    OutcomeUnknownError,
    OutcomeUnknownTimeoutError,
    ReadTimeoutError,
    RedisError,
    WatchError,
)
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.oracles import Nonces, Observer
from tests.support.proxy import Direction, FaultProxy, How

Call = Callable[["Redis[Any]", str], Awaitable[Any]]


async def _transaction(client: "Redis[Any]", key: str) -> Any:
    pipe = client.pipeline(transaction=True)
    pipe.execute_command("INCR", key)
    pipe.execute_command("GET", key)
    return await pipe.execute()


async def _watching(client: "Redis[Any]", key: str) -> Any:
    async with client.pipeline() as pipe:
        await pipe.watch(key)
        await pipe.execute_command("GET", key)
        pipe.multi()
        pipe.execute_command("INCR", key)
        return await pipe.execute()


async def _helper(client: "Redis[Any]", key: str) -> Any:
    runs = 0

    async def func(pipe: Any) -> None:
        nonlocal runs
        runs += 1
        await pipe.execute_command("GET", key)
        pipe.multi()
        pipe.execute_command("INCR", key)

    try:
        return await client.transaction(func, key)
    finally:
        assert runs <= 1, "nobody else has changed the key"


async def _pipeline(client: "Redis[Any]", key: str) -> Any:
    pipe = client.pipeline(transaction=False)
    pipe.execute_command("ECHO", "before")
    pipe.execute_command("INCR", key)
    pipe.execute_command("ECHO", "after")
    values = await pipe.execute(raise_on_error=False)
    assert len(values) == 3
    for value, expected in zip(values, [b"before", None, b"after"], strict=True):
        assert value == expected or expected is None or isinstance(value, RedisError)
    if isinstance(values[1], Exception):
        raise values[1]
    return values[1]


async def _leased(client: "Redis[Any]", key: str) -> Any:
    async with client.connection() as lease:
        return await lease.execute_command("INCR", key)


def _command(*args: Any) -> Call:
    return lambda client, key: client.execute_command(args[0], *(key if arg == "KEY" else arg for arg in args[1:]))


def _number(observer: Observer, key: str) -> int:
    return int(observer.ask("GET", key) or 0)


@dataclass(frozen=True)
class Case:
    """A call that accumulates, and how the server tells how often it was executed."""

    call: Call
    executed: Callable[[Observer, str], int] = _number


CASES = {
    "INCR": Case(_command("INCR", "KEY")),
    "LPUSH": Case(_command("LPUSH", "KEY", "x"), lambda observer, key: observer.ask("LLEN", key)),
    "XADD": Case(_command("XADD", "KEY", "*", "f", "v"), lambda observer, key: observer.ask("XLEN", key)),
    "EVAL": Case(_command("EVAL", "return redis.call('INCR', KEYS[1])", 1, "KEY")),
    "unknown": Case(_command("INCRBY", "KEY", 1)),
    "MULTI": Case(_transaction),
    "WATCH": Case(_watching),
    "transaction": Case(_helper),
    "pipeline": Case(_pipeline),
    "lease": Case(_leased),
}


async def _warm_up(client: "Redis[Any]") -> None:
    """Have a shared and a leased connection ready, so that what is cut is the call."""
    async with client.connection() as lease:
        await asyncio.gather(Nonces().settle(lease, 1), Nonces().settle(client, 1))


async def _sizes(connect: Connect, proxy: FaultProxy, call: Call, direction: Any, protocol: int) -> int:
    """Return how many bytes the call needs in this direction."""
    async with connect(protocol=protocol) as client:
        await _warm_up(client)
        before = await proxy.forwarded(direction)
        await call(client, "measured")
        return await proxy.forwarded(direction) - before


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("case", CASES)
async def test_cut_at_every_byte(
    connect: Connect,
    proxy: FaultProxy,
    observer: Observer,
    protocol: int,
    case: str,
    direction: Direction,
    how: How,
) -> None:
    call, executed = CASES[case].call, CASES[case].executed
    size = await _sizes(connect, proxy, call, direction, protocol)
    client = connect(protocol=protocol, pool_size=2)
    succeeded = unknown = 0
    for round_ in range(scale.CUT_ROUNDS):
        for cut in {*range(1, size + 1, scale.CUT_STEP), size}:
            key = f"cut-{round_}-{cut}"
            await _warm_up(client)
            await proxy.set(direction, cut_after=cut, how=how, existing_only=True)
            try:
                await call(client, key)
            except OutcomeUnknownError as error:
                unknown += 1
                assert error.command  # noqa: PT017 - the other outcomes are right as well
                assert executed(observer, key) <= 1
            except (ConnectionError, WatchError):
                assert executed(observer, key) == 0, "a call that may have been executed says so"
            else:
                succeeded += 1
                assert executed(observer, key) == 1
            await proxy.clear()
    assert unknown
    await _settled(client, observer, executed, [f"cut-0-{cut}" for cut in range(1, size + 1, scale.CUT_STEP)])
    if direction == "down":
        assert succeeded <= 2 * scale.CUT_ROUNDS * (size // scale.CUT_STEP + 2)


async def _settled(
    client: "Redis[Any]", observer: Observer, executed: Callable[[Observer, str], int], keys: list[str]
) -> None:
    """Check once more when nothing can be on its way any more."""
    await Nonces().settle(client, 5)
    assert all(executed(observer, key) <= 1 for key in keys)


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_read_is_repeated(connect: Connect, proxy: FaultProxy, observer: Observer, direction: Any) -> None:
    observer.ask("SET", "read", "value")
    size = await _sizes(connect, proxy, _command("GET", "KEY"), direction, 3)
    client = connect(pool_size=2)
    for cut in range(1, size + 1, scale.CUT_STEP):
        await Nonces().settle(client, 1)
        await proxy.set(direction, cut_after=cut, existing_only=True)
        assert await client.execute_command("GET", "read") == b"value"
        await proxy.clear()


async def test_once_only_answers_stay_true(connect: Connect, proxy: FaultProxy, observer: Observer) -> None:
    """SET NX and GETDEL answer a second execution with something that is wrong about the first."""
    client = connect(pool_size=2)
    for cut in range(1, 4):
        await Nonces().settle(client, 1)
        observer.ask("SET", f"getdel-{cut}", "value")
        for call, right in [
            (client.execute_command("SET", f"nx-{cut}", "v", "NX"), True),
            (client.execute_command("GETDEL", f"getdel-{cut}"), b"value"),
        ]:
            await proxy.set("down", cut_after=cut, existing_only=True)
            try:
                assert await call == right
            except OutcomeUnknownError:
                pass
            await proxy.clear()
            await Nonces().settle(client, 1)


async def test_the_server_stands_still(private_server: RedisServer, make_client: MakeClient, protocol: int) -> None:
    client = make_client(
        host=private_server.host, port=private_server.port, protocol=protocol, read_timeout=0.15, dial_timeout=0.3
    )
    await Nonces().settle(client, 1)
    keys = {case: f"still-{case}" for case in CASES if case not in ("WATCH", "transaction", "lease")}
    private_server.pause()
    try:
        outcomes = await asyncio.gather(
            *(CASES[case].call(client, key) for case, key in keys.items()), return_exceptions=True
        )
        read = await asyncio.gather(client.execute_command("GET", "x"), return_exceptions=True)
    finally:
        private_server.resume()
    for case, outcome in zip(keys, outcomes, strict=True):
        assert isinstance(outcome, OutcomeUnknownTimeoutError), (case, outcome)
    assert isinstance(read[0], ReadTimeoutError | ConnectionError)
    assert not isinstance(read[0], OutcomeUnknownError)
    await Nonces().settle(client, 5)
    with Observer(private_server) as observer:
        for case, key in keys.items():
            assert CASES[case].executed(observer, key) <= 1, case


async def test_retry_unsafe_lifts_the_rule(connect: Connect, proxy: FaultProxy, observer: Observer) -> None:
    for client, options in [
        (connect(retry_unsafe=True, pool_size=2), {}),
        (connect(pool_size=2), {"retry_unsafe": True}),
    ]:
        await Nonces().settle(client, 1)
        observer.ask("DEL", "unsafe")
        await proxy.set("down", cut_after=1, existing_only=True)
        assert await client.execute_command("INCR", "unsafe", **options) == 2
        await proxy.clear()


async def test_nothing_is_executed_after_a_caller_gave_up(
    connect: Connect, proxy: FaultProxy, observer: Observer
) -> None:
    client = connect(pool_size=2, min_retry_backoff=0.05, max_retry_backoff=0.05, max_retries=10)
    await Nonces().settle(client, 1)
    observer.forget_executions()
    await proxy.set("down", cut_after=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.12):
            await client.execute_command("GET", "given-up")
    await proxy.clear()
    executed = observer.executions("get")
    await Nonces().settle(client, 20)
    await asyncio.sleep(0.15)  # several backoffs: nothing may happen in them
    assert observer.executions("get") == executed


@pytest.mark.parametrize("options", [{}, {"auto_pipeline": False}, {"single_connection_client": True}], ids=str)
@pytest.mark.parametrize("error", [ConnectionError, ReadTimeoutError, BusyLoadingError, asyncio.CancelledError])
async def test_what_a_parser_raises_is_no_failed_attempt(
    make_client: MakeClient, observer: Observer, error: type[BaseException], options: Any
) -> None:
    """A parser may be the user's own. Its error is the caller's, as it is, and nothing is sent again."""

    def fail(*args: Any) -> Any:
        raise error("of a parser")

    client = make_client(**options, codec=Codec(str, fail))
    await client.zadd("z", {str(number): number for number in range(10)})
    with pytest.raises(error, match=r"^of a parser$"):
        await client.execute_command("ZPOPMIN", "z", score_cast_func=fail)
    assert observer.ask("ZCARD", "z") == 9
    observer.forget_executions()
    await client.set("k", 1)
    with pytest.raises(error, match=r"^of a parser$"):
        await client.get_as("k", int)
    assert observer.executions("get") == 1
    assert await client.zscore("z", "5") == 5.0
