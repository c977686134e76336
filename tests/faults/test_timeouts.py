"""Section 11 of the catalogue of faults: timeouts that come late, twice, too early, or not at all.

T1 and T2, blocking commands, are row 11: ``test_11_blocking`` and ``test_11_given_up``. T4, a timer that fires although
the reply is there, is row 7. Here are T3, results that are dropped when a deadline passes at the same moment; T5, the
time that a call takes in total; T6, a peer that takes no data.

Passing: a call has its result or the caller's timeout, and what it took is not lost; a call with each phase stalled,
and with all of them, ends within the sum of its bounds, or at once when ``asyncio.timeout`` says so, and leaves
nothing; half a request closes its connection, and the next call has another.
"""

import asyncio
import builtins
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import anyio
import pytest

from redis_aio import Redis
from redis_aio.credentials import CredentialProvider
from redis_aio.exceptions import (
    ConnectTimeoutError,
    OutcomeUnknownTimeoutError,
    PoolTimeoutError,
    ReadTimeoutError,
    TimeoutError,
    WriteTimeoutError,
)
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.blocking import EARLY, LATE, assert_free, timed
from tests.support.oracles import Heartbeat, Nonces, Observer, eventually
from tests.support.proxy import FaultProxy

# -- T3: a result and a deadline at the same moment -------------------------------------------------------------------

Within: TypeAlias = Callable[[Awaitable[Any], float], Awaitable[Any]]


async def by_timeout(call: Awaitable[Any], seconds: float) -> Any:
    """Await with ``asyncio.timeout``."""
    with contextlib.suppress(builtins.TimeoutError):
        async with asyncio.timeout(seconds):
            return await call
    return None


async def by_wait_for(call: Awaitable[Any], seconds: float) -> Any:
    """Await with ``asyncio.wait_for``."""
    try:
        return await asyncio.wait_for(call, seconds)
    except builtins.TimeoutError:
        return None


async def by_move_on_after(call: Awaitable[Any], seconds: float) -> Any:
    """Await with ``anyio.move_on_after``."""
    with anyio.move_on_after(seconds):
        return await call
    return None


async def still_there(observer: Observer, key: str) -> None:
    """Wait until the list has its element."""
    await eventually(lambda: observer.ask("LLEN", key) == 1, why=lambda: f"the element of {key} is lost")


@pytest.mark.parametrize("within", [by_timeout, by_wait_for, by_move_on_after])
async def test_an_element_is_returned_or_still_there(connect: Connect, observer: Observer, within: Within) -> None:
    client = connect(pool_size=3)
    await assert_free(client)
    returned = 0
    for number in range(scale.DEADLINE_RACES):
        key = f"race-{number}"
        deadline = 0.004 + random.random() * 0.004
        waiting = asyncio.ensure_future(within(client.execute_command("BLPOP", key, 0), deadline))
        await asyncio.sleep(0.0035 + random.random() * 0.005)
        observer.ask("RPUSH", key, "x")
        got = await waiting
        returned += got is not None
        if got is None:
            await still_there(observer, key)
        else:
            assert observer.ask("LLEN", key) == 0
    assert 0 < returned < scale.DEADLINE_RACES, "they never met"
    await assert_free(client)


# -- T5: the time of a call in total ----------------------------------------------------------------------------------

#: The bounds of the client under test, in seconds.
BOUNDS = {
    "dial_timeout": 0.3,
    "read_timeout": 0.25,
    "write_timeout": 0.25,
    "pool_timeout": 0.35,
    "min_retry_backoff": 0.02,
    "max_retry_backoff": 0.04,
}
RETRIES = 2
#: The pauses between the attempts, at the longest.
PAUSES = 0.02 + 0.04


class Silent(CredentialProvider):
    """Never answers."""

    async def get_credentials_async(self) -> tuple[str, str]:
        await asyncio.Event().wait()
        raise AssertionError


@contextlib.contextmanager
def deaf_port() -> Any:
    """Listen, and let the kernel take no connection: whoever connects waits."""
    with socket.socket() as listening, contextlib.ExitStack() as filling:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            sock = filling.enter_context(socket.socket())
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(listening.getsockname())
        yield listening.getsockname()[1]


@contextlib.asynccontextmanager
async def stalled(phase: str, connect: Connect, proxy: FaultProxy) -> AsyncIterator["Redis[Any]"]:
    """Give a client whose next command does not get through this phase."""
    options: dict[str, Any] = {**BOUNDS, "max_retries": RETRIES, "pool_size": 2}
    async with contextlib.AsyncExitStack() as stack:
        if phase == "connect":
            yield connect(**options, port=stack.enter_context(deaf_port()))
        elif phase == "tls":
            await proxy.hold("both")
            yield connect(**options, ssl=True)
        elif phase == "credentials":
            yield connect(**options, credential_provider=Silent())
        elif phase == "handshake":
            await proxy.hold("down")
            yield connect(**options)
        elif phase == "reply":
            client = connect(**options)
            await Nonces().settle(client, 1)
            await proxy.hold("down")
            yield client
        elif phase == "pool":
            client = connect(**{**options, "pool_size": 1})
            await stack.enter_async_context(client.connection())
            yield client
        else:  # first the pool, then the dial or the reply of what it gives
            client = connect(**{**options, "pool_size": 1})
            lease = await client.lease()
            await proxy.hold("both")
            asyncio.get_running_loop().call_later(BOUNDS["pool_timeout"] * 0.8, lease.release)
            yield client


DIALS = (RETRIES + 1) * BOUNDS["dial_timeout"] + PAUSES
#: The phases, with the error and the longest time for which a read may take.
PHASES: dict[str, tuple[type[Exception], float]] = {
    "connect": (ConnectTimeoutError, DIALS),
    "tls": (ConnectTimeoutError, DIALS),
    "credentials": (ConnectTimeoutError, DIALS),
    "handshake": (ConnectTimeoutError, DIALS),
    "reply": (TimeoutError, BOUNDS["read_timeout"] + RETRIES * BOUNDS["dial_timeout"] + PAUSES),
    "pool": (PoolTimeoutError, BOUNDS["pool_timeout"]),
    "all": (
        TimeoutError,
        BOUNDS["pool_timeout"] + BOUNDS["read_timeout"] + RETRIES * BOUNDS["dial_timeout"] + PAUSES,
    ),
}


@pytest.mark.parametrize("phase", PHASES)
async def test_a_call_ends_within_the_sum_of_its_bounds(connect: Connect, proxy: FaultProxy, phase: str) -> None:
    kind, bound = PHASES[phase]
    async with stalled(phase, connect, proxy) as client, Heartbeat() as heart:
        took, (error,) = await timed(asyncio.gather(client.execute_command("GET", "k"), return_exceptions=True))
    assert isinstance(error, kind), repr(error)
    assert took <= bound + LATE + heart.gap
    await proxy.clear()


@pytest.mark.parametrize("phase", PHASES)
async def test_a_deadline_of_the_callers_covers_every_phase(connect: Connect, proxy: FaultProxy, phase: str) -> None:
    """It may pass in the first attempt, in a pause, or in a later one."""
    for seconds in (0.05, 0.32, 0.5):
        if seconds >= PHASES[phase][1] - EARLY:
            continue
        async with stalled(phase, connect, proxy) as client, Heartbeat() as heart:
            with pytest.raises(builtins.TimeoutError) as raised:
                await timed(within_deadline(client, seconds))
            assert not isinstance(raised.value, TimeoutError), "the caller's timeout, not one of the library's"
            assert float(str(raised.value)) <= seconds + LATE + heart.gap
        await proxy.clear()


async def within_deadline(client: "Redis[Any]", seconds: float) -> None:
    """Run a command with a deadline; the error says how long it took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        async with asyncio.timeout(seconds):
            await client.execute_command("GET", "k")
    except TimeoutError:
        raise
    except builtins.TimeoutError:
        raise builtins.TimeoutError(str(loop.time() - started)) from None


# -- T6: a peer that takes no data ------------------------------------------------------------------------------------

#: More than all the buffers on the way can hold.
LARGE = b"x" * 24_000_000


@pytest.mark.parametrize("command", ["SET", "APPEND"])
async def test_a_peer_that_takes_no_data(server: RedisServer, make_client: MakeClient, command: str) -> None:
    """Half a request is on the wire, so the connection is closed; others have theirs."""
    with FaultProxy(server.host, server.port, socket_buffer=16_384) as proxy, Observer(server) as observer:
        client = make_client(
            port=proxy.port, read_timeout=30, write_timeout=0.3, max_retries=0, pool_size=4, dial_timeout=2
        )
        await Nonces().settle(client, 1)
        await proxy.set("up", stall=True, existing_only=True)
        async with Heartbeat() as heart:
            large = asyncio.ensure_future(
                timed(asyncio.gather(client.execute_command(command, "large", LARGE), return_exceptions=True))
            )
            await asyncio.sleep(0.02)
            others = await asyncio.gather(*(client.execute_command("INCR", f"beside-{n}") for n in range(5)))
            took, (error,) = await large
        assert others == [1] * 5, "who comes while it stalls goes by another connection"
        if command == "SET":
            assert isinstance(error, WriteTimeoutError)
        else:
            assert isinstance(error, OutcomeUnknownTimeoutError)
            assert isinstance(error.__cause__, WriteTimeoutError)
        assert error.written
        assert 0.3 - EARLY <= took <= 0.3 + 2 * LATE + heart.gap
        await proxy.clear()
        assert observer.ask("EXISTS", "large") == 0
        await Nonces().settle(client, 5)
        assert len(await proxy.log()) == 2


async def test_a_slow_peer_is_not_a_stalled_one(server: RedisServer, make_client: MakeClient) -> None:
    """As long as bytes go, ``write_timeout`` starts anew, and the clock of the reply with it.

    Of what the kernel's buffers hold nobody knows whether it goes; they need less than ``read_timeout`` here.
    """
    with FaultProxy(server.host, server.port, socket_buffer=16_384) as proxy:
        client = make_client(port=proxy.port, read_timeout=1.2, write_timeout=0.4, max_retries=0)
        await Nonces().settle(client, 1)
        await proxy.set("up", bandwidth=len(LARGE) // 2)
        took, value = await timed(client.execute_command("SET", "large", LARGE))
        assert value
        assert took > 1.2


async def test_read_timeout_is_not_early(connect: Connect, proxy: FaultProxy) -> None:
    client = connect(read_timeout=0.3, max_retries=0)
    await Nonces().settle(client, 1)
    await proxy.hold("down")
    took, (error,) = await timed(asyncio.gather(client.execute_command("GET", "k"), return_exceptions=True))
    assert isinstance(error, ReadTimeoutError)
    assert took >= 0.3 - EARLY
