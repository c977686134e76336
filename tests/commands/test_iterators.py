"""The iterators over SCAN and its kin, which only clients have."""

import asyncio
import contextlib
import gc
import re
from typing import Any

import anyio
import pytest

from redis_aio import ClientClosedError
from redis_aio.testing import RedisServer
from tests.commands.conftest import Needs
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop


@pytest.fixture(params=[False, True], ids=["bytes", "str"])
async def r(request: pytest.FixtureRequest, make_client: MakeClient, protocol: int) -> Any:
    return make_client(protocol=protocol, decode_responses=request.param)


def as_text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


async def test_scan_iter(r: Any) -> None:
    await r.mset({f"user:{number}": number for number in range(500)})
    await r.execute_command("RPUSH", "job:1", "x")
    everything = [as_text(name) async for name in r.scan_iter()]
    assert set(everything) == {f"user:{number}" for number in range(500)} | {"job:1"}
    assert [as_text(name) async for name in r.scan_iter("job:*", count=100)] == ["job:1"]
    assert [as_text(name) async for name in r.scan_iter(_type="list")] == ["job:1"]
    assert [name async for name in r.scan_iter(match="nobody")] == []


async def test_hscan_iter(r: Any) -> None:
    content = {f"field-{number}": f"{number}" for number in range(1500)}
    await r.hset("h", mapping=content)
    pairs = [(as_text(field), as_text(value)) async for field, value in r.hscan_iter("h", count=100)]
    assert dict(pairs) == content
    assert [as_text(field) async for field, _ in r.hscan_iter("h", match="field-7")] == ["field-7"]
    assert [item async for item in r.hscan_iter("missing")] == []


async def test_hscan_iter_without_values(r: Any, needs: Needs) -> None:
    needs("HSCAN", "NOVALUES")
    await r.hset("h", mapping={"a": "1", "b": "2"})
    assert {as_text(field) async for field in r.hscan_iter("h", no_values=True)} == {"a", "b"}


async def test_sscan_iter(r: Any) -> None:
    members = {f"member-{number}" for number in range(1500)}
    await r.sadd("s", *members)
    assert {as_text(member) async for member in r.sscan_iter("s", count=100)} == members
    assert [as_text(member) async for member in r.sscan_iter("s", "member-7")] == ["member-7"]


async def test_zscan_iter(r: Any) -> None:
    members = {f"member-{number}": number + 0.5 for number in range(1500)}
    await r.zadd("z", members)
    scored = [(as_text(member), score) async for member, score in r.zscan_iter("z", count=100)]
    assert dict(scored) == members
    whole = [score async for _, score in r.zscan_iter("z", "member-7", score_cast_func=lambda score: int(float(score)))]
    assert whole == [7]


async def test_leaving_a_loop_early_leaves_nothing_behind(r: Any) -> None:
    await r.mset({f"k{number}": number for number in range(100)})
    names = r.scan_iter(count=5)
    async for _ in names:
        break
    await names.aclose()
    assert await r.ping() is True


async def test_a_pipeline_does_not_iterate(r: Any) -> None:
    assert not hasattr(r.pipeline(), "scan_iter")


# -- the next page is on its way --------------------------------------------------------------------------------------


async def scans(server: RedisServer) -> int:
    info = server.command("INFO", "commandstats")
    assert isinstance(info, bytes)
    found = re.search(rb"cmdstat_scan:calls=(\d+)", info)
    return int(found[1]) if found else 0


async def test_the_next_page_comes_while_the_caller_works(r: Any, server: RedisServer) -> None:
    await r.mset({f"key:{number}": number for number in range(1000)})
    before = await scans(server)
    iterator = r.scan_iter(count=10)
    await anext(iterator)
    with anyio.fail_after(5):
        while await scans(server) < before + 2:  # noqa: ASYNC110  # nobody waits for the second, so nothing tells of it
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    assert await scans(server) == before + 2  # and no third one
    await iterator.aclose()


async def test_a_page_that_fails_is_told_when_it_is_wanted(r: Any, server: RedisServer) -> None:
    await r.mset({f"key:{number}": number for number in range(1000)})
    iterator = r.scan_iter(count=10)
    await anext(iterator)
    await r.aclose()
    with pytest.raises(ClientClosedError):
        _ = [name async for name in iterator]


async def test_leaving_early_leaves_nothing(r: Any) -> None:
    await r.mset({f"key:{number}": number for number in range(1000)})
    before = asyncio.all_tasks()
    async for _ in r.scan_iter(count=10):
        break
    gc.collect()
    with anyio.fail_after(5):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  # the garbage collector ended the iterator
            await asyncio.sleep(0)
    assert await r.ping()


async def test_cancelled_at_any_step(r: Any) -> None:
    await r.mset({f"key:{number}": number for number in range(200)})

    async def walk() -> int:
        return len([name async for name in r.scan_iter(count=10)])

    for ticks in range(60):
        task = asyncio.create_task(walk())
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            assert await task >= 200
    assert await walk() >= 200


async def test_a_page_that_failed_is_asked_for_again(make_client: MakeClient) -> None:
    """Whoever works for long does not hear of what has passed meanwhile."""
    r = make_client(auto_pipeline=False, pool_size=1, pool_timeout=0.05)
    await r.mset({f"key:{number}": number for number in range(100)})
    names: set[bytes] = set()
    async for name in r.scan_iter(count=10):
        if not names:
            async with r.connection():
                await asyncio.sleep(0.15)  # the next page gets no connection
        names.add(name)
    assert len(names) == 100


@pytest.mark.parametrize("kind", ["connection", "single"])
async def test_on_a_connection_with_a_state_nothing_is_fetched_ahead(make_client: MakeClient, kind: str) -> None:
    r = make_client(single_connection_client=kind == "single")
    await r.mset({f"key:{number}": number for number in range(100)})
    async with contextlib.AsyncExitStack() as stack:
        own: Any = await stack.enter_async_context(r.connection()) if kind == "connection" else r
        names = set()
        async for name in own.scan_iter(count=10):
            names.add(name)
            await own.execute_command("MULTI")
            await own.set(name, "seen")
            assert await own.execute_command("EXEC") == [b"OK"]
    assert len(names) == 100
