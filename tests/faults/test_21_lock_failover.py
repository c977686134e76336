"""Row 21, L3: a failover loses a lock, because its replica had not got it yet.

Injected: the link from the primary to its replica goes dead, a lock is taken, the primary dies or is demoted, and the
replica is promoted in its place.

Passing: what the guide on locks says of it, no more and no less. Each test says in its name what holds; those below
"what does not hold" keep the guide honest.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from redis_aio import LockLostError, LockNotOwnedError, Redis
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support import scale
from tests.support.oracles import Observer, eventually
from tests.support.proxy import FaultProxy
from tests.support.server import Program

pytestmark = pytest.mark.one_loop

#: A resource that refuses a fencing token which is smaller than one it has seen. It is on a server of its own.
GUARD = """
if tonumber(ARGV[1]) < tonumber(redis.call('GET', KEYS[1]) or '0') then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""


class Pair:
    """A primary and its replica, and the address by which clients know whichever is the primary.

    Args:
        program: the server.
    """

    def __init__(self, program: Program) -> None:
        self.primary: RedisServer = program.server(config={"repl-diskless-sync-delay": 0})
        self.replica: RedisServer = program.server()

    async def __aenter__(self) -> "Pair":
        self.primary.start()
        self.replica.start()
        self.link = FaultProxy(self.primary.host, self.primary.port)
        self.address = FaultProxy(self.primary.host, self.primary.port)
        self.link.start()
        self.address.start()
        self.replica.command("REPLICAOF", self.link.host, str(self.link.port))
        await eventually(lambda: b"master_link_status:up" in self._replication(), within=20)
        return self

    async def __aexit__(self, *exc: object) -> None:
        for each in (self.address, self.link, self.replica, self.primary):
            each.stop()

    def _replication(self) -> bytes:
        info = self.replica.command("INFO", "replication")
        assert isinstance(info, bytes)
        return info

    async def part(self) -> None:
        """Let nothing that is written from now on reach the replica."""
        await self.link.set("down", blackhole=True)

    async def promote(self) -> None:
        """Make the replica the primary, and lead new connections to it."""
        self.replica.command("REPLICAOF", "NO", "ONE")
        await self.address.retarget(self.replica.host, self.replica.port)

    async def fail_over(self) -> None:
        """Have the primary die, and the replica take its place."""
        self.primary.kill()
        await self.promote()


@pytest.fixture
async def pair(server_program: Program) -> AsyncIterator[Pair]:
    async with Pair(server_program) as running:
        yield running


@pytest.fixture
def holder(pair: Pair, make_client: MakeClient) -> "Redis[Any]":
    """The client that has the lock when it is lost."""
    return make_client(host=pair.address.host, port=pair.address.port)


@pytest.fixture
def rival(pair: Pair, make_client: MakeClient) -> "Redis[Any]":
    """A client of the replica, whatever becomes of it."""
    return make_client(host=pair.replica.host, port=pair.replica.port)


def accepts(resource: Observer, token: int) -> bool:
    """Have the resource look at a fencing token."""
    return bool(resource.ask("EVAL", GUARD, 1, "resource", token))


async def lost(lock: Any, within: float) -> float:
    """Wait until the holder is told; return how many seconds that took."""
    began = time.monotonic()
    async with asyncio.timeout(within):
        await lock.lost.wait()
    return time.monotonic() - began


# -- what holds -------------------------------------------------------------------------------------------------------


async def test_a_lock_that_was_replicated_outlives_the_primary(
    pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]"
) -> None:
    lock = holder.lock("l:1", timeout=3, renew=0.1, on_lost="event")
    async with lock:
        assert await holder.wait(1, 5_000) == 1
        await pair.fail_over()
        assert not await rival.lock("l:1").acquire(blocking=False)
        await asyncio.sleep(0.5)  # several renewals
        assert await lock.owned()
        assert not lock.lost.is_set()
    assert await rival.lock("l:1").acquire(blocking=False)


@pytest.mark.parametrize("taken", [False, True], ids=["nobody", "rival"])
async def test_the_renewal_tells_the_body(pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]", taken: bool) -> None:
    """It is cancelled at the first renewal that the new primary answers, whether somebody else has the lock or not."""
    told = 0.0
    await pair.part()
    with pytest.raises(LockLostError):  # noqa: PT012 - the body is what fails
        async with holder.lock("l:1", timeout=5, renew=0.2):
            await pair.fail_over()
            if taken:
                assert await rival.lock("l:1", timeout=60).acquire(blocking=False)
            since = time.monotonic()
            try:
                await asyncio.sleep(30)
            finally:
                told = time.monotonic() - since
    assert told <= 0.2 + scale.PROMPT
    assert bool(await rival.exists("l:1")) is taken, "the rival's lock was touched"


async def test_no_later_than_the_end_of_its_time_where_no_server_answers(pair: Pair, holder: "Redis[Any]") -> None:
    lock = holder.lock("l:1", timeout=0.6, renew=0.2, on_lost="event")
    await lock.acquire()
    pair.primary.kill()
    assert await lost(lock, 5) <= 0.6 + scale.PROMPT / 2


@pytest.mark.parametrize("taken", [False, True], ids=["nobody", "rival"])
async def test_release_extend_and_reacquire_tell(
    pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]", taken: bool
) -> None:
    """Without renewal it is these that find out."""
    lock = holder.lock("l:1", timeout=60)
    await pair.part()
    await lock.acquire()
    await pair.fail_over()
    if taken:
        assert await rival.lock("l:1", timeout=60).acquire(blocking=False)
    assert not await lock.owned()
    with pytest.raises(LockNotOwnedError):
        await lock.reacquire()
    with pytest.raises(LockNotOwnedError):
        await lock.extend(10)
    with pytest.raises(LockNotOwnedError):
        await lock.release()
    assert bool(await rival.exists("l:1")) is taken, "the rival's lock was touched"


async def test_a_resource_that_has_seen_the_new_token_refuses_the_old_one(
    pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]", observer: Observer
) -> None:
    """The counter is lost with the lock, and the tokens grow all the same."""
    await pair.part()
    old, new = holder.lock("l:1", timeout=60, fencing=True), rival.lock("l:1", timeout=60, fencing=True)
    await old.acquire()
    assert accepts(observer, old.fencing_token)
    await pair.fail_over()
    assert not await rival.exists("{l:1}:fencing")
    assert await new.acquire(blocking=False)
    assert new.fencing_token > old.fencing_token
    assert accepts(observer, new.fencing_token)
    assert not accepts(observer, old.fencing_token), "who lost the lock still writes"
    assert accepts(observer, new.fencing_token)


async def test_a_primary_that_is_demoted_under_its_holder_tells_in_time(
    pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]"
) -> None:
    """Nobody answers a renewal with yes from then on."""
    await pair.part()
    lock = holder.lock("l:1", timeout=1, renew=0.2, on_lost="event")
    await lock.acquire()
    pair.replica.command("REPLICAOF", "NO", "ONE")
    assert await rival.lock("l:1", timeout=60).acquire(blocking=False)
    pair.primary.command("REPLICAOF", pair.replica.host, str(pair.replica.port))
    assert await lost(lock, 5) <= 1 + scale.PROMPT / 2
    with pytest.raises(LockLostError):
        await lock.release()
    assert await rival.exists("l:1"), "the rival's lock was touched"


# -- what does not hold -----------------------------------------------------------------------------------------------


async def test_until_it_is_told_there_are_two_holders(
    pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]", observer: Observer
) -> None:
    """And a resource that has not seen the new token yet lets the old one in."""
    await pair.part()
    old = holder.lock("l:1", timeout=60, renew=20, on_lost="event", fencing=True)
    new = rival.lock("l:1", timeout=60, fencing=True)
    await old.acquire()
    await pair.fail_over()
    assert await new.acquire(blocking=False)
    assert not old.lost.is_set()
    assert accepts(observer, old.fencing_token)
    assert accepts(observer, new.fencing_token)
    with pytest.raises(LockNotOwnedError):
        await old.release()


async def test_who_still_reaches_the_old_primary_is_not_told(
    pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]", observer: Observer
) -> None:
    """Its renewals are answered with yes. The resource is what protects from it."""
    await pair.part()
    old = holder.lock("l:1", timeout=0.6, renew=0.1, on_lost="event", fencing=True)
    new = rival.lock("l:1", timeout=60, fencing=True)
    await old.acquire()
    pair.replica.command("REPLICAOF", "NO", "ONE")
    assert await new.acquire(blocking=False)
    assert accepts(observer, new.fencing_token)
    await asyncio.sleep(1.2)  # twice its time
    assert not old.lost.is_set()
    assert await old.owned()
    assert not accepts(observer, old.fencing_token)
    await old.release()


async def test_a_release_that_the_old_primary_took_along_does_not_tell(
    pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]"
) -> None:
    """It may have been executed there in time; nobody knows any more. The rival's lock stands all the same."""
    await pair.part()
    lock = holder.lock("l:1", timeout=60)
    await lock.acquire()
    await pair.address.hold("both")
    releasing = asyncio.ensure_future(lock.release())
    await pair.address.wait_received(1, "up")
    await pair.promote()
    assert await rival.lock("l:1", timeout=60).acquire(blocking=False)
    pair.primary.kill()
    await pair.address.kill()
    await pair.address.release("both")
    await releasing
    assert await rival.exists("l:1")


async def test_tokens_do_not_grow_where_the_new_primarys_clock_is_behind(
    pair: Pair, holder: "Redis[Any]", rival: "Redis[Any]", observer: Observer
) -> None:
    """It is then the new holder that is refused, until the clock has caught up: late, but never two at a time."""
    hour = 3_600_000_000
    await pair.part()
    pair.primary.command("SET", "{l:1}:fencing", str(time.time_ns() // 1000 + hour))  # as if its clock were ahead
    old, new = holder.lock("l:1", timeout=60, fencing=True), rival.lock("l:1", timeout=60, fencing=True)
    await old.acquire()
    assert accepts(observer, old.fencing_token)
    await pair.fail_over()
    assert await new.acquire(blocking=False)
    assert new.fencing_token < old.fencing_token
    assert not accepts(observer, new.fencing_token)
    assert accepts(observer, old.fencing_token)
