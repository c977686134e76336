"""Programs that end, fork or forget: run in processes of their own by the tests of row 25 (lifecycle).

Usage: ``lifecycle_process.py <host> <port> <scenario> <asyncio|uvloop> [<ending>]``.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from redis_aio import Redis
from redis_aio.client import ExclusiveConnection
from redis_aio.exceptions import ClientClosedError, WatchError

HOST, PORT = sys.argv[1], int(sys.argv[2])
NEW_LOOP: Callable[[], asyncio.AbstractEventLoop]
NEW_LOOP = uvloop.new_event_loop if sys.argv[4] == "uvloop" else asyncio.new_event_loop


def run(main: Any) -> Any:
    """Do as ``asyncio.run`` does, on the chosen loop."""
    with asyncio.Runner(loop_factory=NEW_LOOP) as runner:
        return runner.run(main)


async def work(client: "Redis[Any]", tag: str) -> set[int]:
    """Check that replies are this process' own; return the ids of the connections."""
    for start in range(0, 200, 20):
        values = [f"{tag}-{number}" for number in range(start, start + 20)]
        replies = await asyncio.gather(*(client.execute_command("ECHO", value) for value in values))
        assert replies == [value.encode() for value in values]
    async with client.connection() as lease:
        return {await client.execute_command("CLIENT", "ID"), await lease.execute_command("CLIENT", "ID")}


def fork(ending: str) -> None:
    """Fork with connections open and replies under way, between two runs of the loop or inside of one."""
    client: Redis[Any] = Redis(host=HOST, port=PORT, pool_size=3)
    loop = NEW_LOOP()
    before = loop.run_until_complete(work(client, "before"))
    underway = [loop.create_task(client.execute_command("ECHO", f"underway-{number}")) for number in range(20)]
    loop.run_until_complete(asyncio.sleep(0))
    forked = _fork_inside(client, loop, before) if ending == "inside" else os.fork()
    if not forked:
        _child(client, before, ending)
        return
    assert loop.run_until_complete(work(client, "parent")) == before
    replies = loop.run_until_complete(asyncio.gather(*underway))
    assert replies == [b"underway-%d" % number for number in range(20)]
    status = os.waitpid(forked, 0)[1]
    assert status == 0, status
    assert loop.run_until_complete(work(client, "parent again")) == before
    loop.run_until_complete(client.aclose())
    loop.close()
    print("parent")


def _fork_inside(client: "Redis[Any]", loop: asyncio.AbstractEventLoop, before: set[int]) -> int:
    async def inside() -> int:
        forked = os.fork()
        if not forked:
            try:
                _child(client, before, "os._exit")
            finally:
                os._exit(1)
        return forked

    return loop.run_until_complete(inside())


def _child(client: "Redis[Any]", before: set[int], ending: str) -> None:
    if ending == "unused":
        return
    loop = NEW_LOOP()
    assert not loop.run_until_complete(work(client, "child")) & before
    if ending != "unclosed":
        loop.run_until_complete(client.aclose())
    loop.close()
    print("child", flush=True)
    if ending == "os._exit":
        os._exit(0)


async def fork_holding() -> None:
    """Fork with connections held, of which the child uses and gives back what it finds."""
    client: Redis[Any] = Redis(host=HOST, port=PORT, pool_size=5)
    one = client.client()
    await one.execute_command("SELECT", 1)
    async with client.connection() as clean, client.connection() as watching, client.connection() as tainted:
        held = (clean, watching, tainted)
        await watching.execute_command("WATCH", "key")
        await tainted.execute_command("CLIENT", "SETNAME", "held")
        before = [await connection.client_id() for connection in (*held, one)]
        underway = [asyncio.ensure_future(connection.echo("underway")) for connection in held]
        await asyncio.sleep(0)
        forked = os.fork()
        if not forked:
            try:
                NEW_LOOP().run_until_complete(_give_back(held, one))
                print("child", flush=True)
                os._exit(0)
            finally:
                os._exit(1)
        assert (await asyncio.to_thread(os.waitpid, forked, 0))[1] == 0
        assert await asyncio.gather(*underway) == [b"underway"] * 3
        assert [await connection.client_id() for connection in (*held, one)] == before
        await client.execute_command("SET", "key", 1)
        try:
            await watching.pipeline().echo("x").execute()
        except WatchError:
            print("parent")
    await one.aclose()
    await client.aclose()


async def _give_back(held: "tuple[ExclusiveConnection[Any], ...]", one: "Redis[Any]") -> None:
    for connection in held:
        for call in (connection.echo("child"), connection.pipeline().echo("child").execute()):
            with pytest.raises(ClientClosedError, match="the process that was forked"):
                await call
        connection._lease.release()
    await one.aclose()


async def use(client: "Redis[Any]") -> None:
    """Have two connections."""
    async with client.connection() as lease:
        await lease.execute_command("PING")
        await client.execute_command("PING")


#: A client that lives until the end of the program.
forgotten: "Redis[Any]" = Redis(host=HOST, port=PORT)


async def drop() -> None:
    """Use a client and forget it while the loop runs."""
    client: Redis[Any] = Redis(host=HOST, port=PORT)
    await use(client)
    del client
    await asyncio.sleep(0.01)


def main(scenario: str) -> None:
    """Play one scenario."""
    if scenario == "fork":
        fork(sys.argv[5])
        return
    if scenario == "fork, held":
        run(fork_holding())
        return
    if scenario == "run":
        run(use(forgotten))
    elif scenario == "dropped":
        run(drop())
    elif scenario == "dropped after the run":
        client: Redis[Any] = Redis(host=HOST, port=PORT)
        run(use(client))
        del client
    print("ok")


if __name__ == "__main__":
    main(sys.argv[3])
