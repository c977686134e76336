"""Row 9: the server stands still, is killed or is away for a while, with load on it.

Injected: SIGSTOP, SIGKILL and a restart on the same port, under a steady rate of GET and INCR.

Passing: each call ends by its deadline, retries and pauses included; nobody connects in a storm; when the server is
back, so are the calls; no INCR is executed twice, and one whose fate is unknown says so. The server that is killed has
an append-only file, so that its counter tells of both of its lives.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.exceptions import OutcomeUnknownError, RedisError
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support import scale
from tests.support.oracles import Observer, eventually
from tests.support.proxy import FaultProxy
from tests.support.server import Program

#: Calls a second, half of them INCR.
RATE = 200
READ, DIAL, RETRIES = 0.5, 0.2, 1
#: The longest pauses before the first retry and before any, by default.
FIRST_PAUSE, BACKOFF_CAP = 0.008, 0.512
#: What a call may take at most: each attempt waits for a connection and then for its reply.
DEADLINE = (1 + RETRIES) * (READ + DIAL) + FIRST_PAUSE
#: How long the server stands still; longer than any call may take, so that waiting for its return is no way out.
STOPPED = max(2.0, scale.OUTAGE_SECONDS)
KILLED = scale.OUTAGE_SECONDS
#: Connects beyond a fifth of the calls: what the budget of retries holds at first, as far as a fifth does not cover it.
BUDGET = 30


@dataclass
class Call:
    """One call of the load, in ``time.monotonic()``."""

    name: str
    started: float
    ended: float = math.inf
    error: Exception | None = None

    @property
    def took(self) -> float:
        """Seconds."""
        return self.ended - self.started


@dataclass
class Load:
    """A steady rate of GET and INCR on one client."""

    client: "Redis[Any]"
    calls: list[Call] = field(default_factory=list)

    async def _one(self, call: Call) -> None:
        try:
            await self.client.execute_command(call.name, "counter" if call.name == "INCR" else "read")
        except RedisError as error:
            call.error = error
        finally:
            call.ended = time.monotonic()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            started = time.monotonic()
            for number in range(1_000_000):
                # By the clock, not by adding up sleeps: on a busy machine the rate stays what it is.
                await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
                if self._ended:
                    return
                call = Call("INCR" if number % 2 else "GET", time.monotonic())
                self.calls.append(call)
                group.create_task(self._one(call))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Have it run, and wait at the end for the calls that are under way."""
        self._ended = False
        task = asyncio.ensure_future(self._run())
        try:
            yield
        finally:
            self._ended = True
            await task

    def between(self, since: float, until: float = math.inf, name: str = "") -> list[Call]:
        """Return the calls that were started then."""
        return [call for call in self.calls if since <= call.started < until and call.name.startswith(name)]

    def judge(self, executed: int) -> None:
        """Check the deadlines, and the INCRs against how often the server has executed them."""
        slow = max(self.calls, key=lambda call: call.took)
        assert slow.took <= DEADLINE + scale.PROMPT, f"{slow.name} took {slow.took:.2f} s: {slow.error!r}"
        increments = self.between(0, name="INCR")
        succeeded = sum(call.error is None for call in increments)
        unknown = sum(isinstance(call.error, OutcomeUnknownError) for call in increments)
        assert succeeded <= executed <= succeeded + unknown, f"{succeeded} and perhaps {unknown} INCRs, not {executed}"
        for call in self.calls:
            if call.name == "GET":
                assert not isinstance(call.error, OutcomeUnknownError), "a read can be repeated"
            elif isinstance(call.error, RedisError) and not isinstance(call.error, OutcomeUnknownError):
                assert not call.error.written, f"{call.error!r}: it was written, so its outcome is unknown"


def share_of_successes(calls: list[Call]) -> float:
    """Return the part of the calls that succeeded."""
    assert calls
    return sum(call.error is None for call in calls) / len(calls)


def counter(server: RedisServer) -> int:
    """Return how often INCR was executed."""
    return int(server.command("GET", "counter") or 0)  # type: ignore[arg-type]  # a string of digits


async def no_longer_connected(server: RedisServer, name: str) -> None:
    """Wait until the server has read everything that the client ever sent, and closed its connections."""
    with Observer(server) as observer:
        await eventually(lambda: not observer.clients(name))


@pytest.fixture
def lasting_server(server_program: Program) -> Iterator[RedisServer]:
    """A server whose data outlive it; it does not wait for the disk, which SIGKILL leaves alone."""
    with server_program.server(config={"appendonly": "yes", "appendfsync": "no"}) as running:
        yield running


# -- it stands still --------------------------------------------------------------------------------------------------


async def test_stopped_and_continued(private_server: RedisServer, make_client: MakeClient, name: str) -> None:
    with FaultProxy(private_server.host, private_server.port) as proxy:
        client = make_client(
            host=proxy.host,
            port=proxy.port,
            client_name=name,
            read_timeout=READ,
            dial_timeout=DIAL,
            max_retries=RETRIES,
            pool_size=4,
        )
        await client.execute_command("PING")
        load = Load(client)
        async with load.running():
            await asyncio.sleep(0.3)
            before = len(await proxy.log())
            stopped = time.monotonic()
            private_server.pause()
            try:
                await asyncio.sleep(STOPPED)
            finally:
                private_server.resume()
            resumed = time.monotonic()
            connects = len(await proxy.log()) - before
            await asyncio.sleep(1.7)
        await client.aclose()
        await no_longer_connected(private_server, name)
    assert share_of_successes([call for call in load.calls if call.ended < stopped]) == 1.0
    lost = load.between(stopped + 0.1, resumed - DEADLINE)
    assert lost
    assert share_of_successes(lost) == 0.0, "a server that stands still cannot have answered them"
    assert share_of_successes(load.between(resumed + 1.0)) >= 0.99
    load.judge(counter(private_server))
    # One connection is tried at a time; those that wait share its fate.
    assert connects <= 4 + 2 * (resumed - stopped) / DIAL, f"{connects} connects in {resumed - stopped:.1f} s"


# -- it is killed -----------------------------------------------------------------------------------------------------


async def test_killed_and_restarted(lasting_server: RedisServer, make_client: MakeClient, name: str) -> None:
    server = lasting_server
    client = make_client(
        host=server.host, port=server.port, client_name=name, read_timeout=READ, dial_timeout=DIAL, max_retries=RETRIES
    )
    load = Load(client)
    async with load.running():
        await asyncio.sleep(0.4)
        killed = time.monotonic()
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(KILLED)
        await asyncio.to_thread(server.restart)
        restarted = time.monotonic()
        await asyncio.sleep(BACKOFF_CAP + 0.5 + 0.5)
    assert share_of_successes([call for call in load.calls if call.ended < killed]) == 1.0
    first = min(call.ended for call in load.between(killed + 0.1, name="GET") if call.error is None)
    assert first <= restarted + BACKOFF_CAP + 0.5, f"the first read succeeded {first - restarted:.2f} s later"
    assert share_of_successes(load.between(restarted + BACKOFF_CAP + 0.5)) == 1.0
    await client.aclose()
    await no_longer_connected(server, name)
    load.judge(counter(server))
    assert any(call.error for call in load.calls)


async def test_killed_again_and_again(lasting_server: RedisServer, make_client: MakeClient, name: str) -> None:
    """With many INCRs under way, so that the kills find some of them in each stage."""
    server = lasting_server
    client = make_client(host=server.host, port=server.port, client_name=name, max_retries=5)
    outcomes: list[Any] = []
    going_on = True

    async def worker() -> None:
        while going_on:
            outcomes.extend(
                await asyncio.gather(
                    *(client.execute_command("INCR", "counter") for _ in range(5)), return_exceptions=True
                )
            )
            await asyncio.sleep(0.002)

    workers = [asyncio.ensure_future(worker()) for _ in range(scale.OUTAGE_WORKERS)]
    try:
        for number in range(20 if scale.LONG else 4):
            await asyncio.sleep(0.1)
            if number % 2:
                server.pause()
                await asyncio.sleep(0.05)  # what is called now is under way for certain
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.restart)
    finally:
        going_on = False
        await asyncio.gather(*workers)
    await client.aclose()
    await no_longer_connected(server, name)
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    unknown = [error for error in errors if isinstance(error, OutcomeUnknownError)]
    assert all(isinstance(error, RedisError) and not error.written for error in errors if error not in unknown)
    values = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert len(set(values)) == len(values), "two calls got the same number"
    assert len(values) <= counter(server) <= len(values) + len(unknown)
    assert unknown, "no kill met an INCR that was under way"


# -- it is away -------------------------------------------------------------------------------------------------------


@pytest.mark.one_loop
async def test_away_at_a_steady_rate(private_server: RedisServer, make_client: MakeClient, name: str) -> None:
    """Retries are a part of the traffic, however long it lasts: seen by the proxy, and where nobody listens at all."""
    server = private_server
    with FaultProxy(server.host, server.port) as proxy:
        options = {"client_name": name, "max_retries": 3}
        direct = make_client(host=server.host, port=server.port, **options)
        proxied = make_client(host=proxy.host, port=proxy.port, **options)
        loads = [Load(direct), Load(proxied)]
        for load in loads:
            await load.client.execute_command("PING")
        server.kill()
        await eventually(lambda: direct.pool_stats().total == 0)
        before = len(await proxy.log())
        async with loads[0].running(), loads[1].running():
            await asyncio.sleep(3 * scale.OUTAGE_SECONDS)
        stats = direct.pool_stats()
        attempts = [stats.dials + stats.failed_dials - 1, len(await proxy.log()) - before]
        for load, tried in zip(loads, attempts, strict=True):
            assert all(call.error is not None for call in load.calls)
            assert max(call.took for call in load.calls) < scale.PROMPT, "a refused connection is no reason to wait"
            assert len(load.calls) > RATE
            assert 1 <= tried <= 1.2 * len(load.calls) + BUDGET, f"{tried} connects for {len(load.calls)} calls"
        await asyncio.to_thread(server.restart)
        restarted = time.monotonic()
        for load in loads:
            await load.client.execute_command("GET", "read")
        assert time.monotonic() - restarted < BACKOFF_CAP + 0.5 + scale.PROMPT
        await asyncio.gather(direct.aclose(), proxied.aclose())
