"""What redis_aio does, in ten seconds, against a real private server that this script starts and ends.

Run it with ``make demo``, or ``python docs/examples/demo.py`` where the package and a server are installed.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import redis_aio as redis
from redis_aio.testing import RedisServer

TASKS = 1_000
COMMANDS_OF_A_TASK = 10
PIPELINE = 10_000
SLICE = 500


def say(text: str) -> None:
    """Print a headline."""
    print(f"\n{text}")


def show(rows: Iterable[tuple[str, str]]) -> None:
    """Print a table of two columns."""
    for name, value in rows:
        print(f"  {name:<44}{value:>12}")


def progress(done: int, total: int) -> None:
    """Draw a progress bar: over the last one on a terminal, otherwise a line for each quarter."""
    line = f"  [{'#' * (done * 40 // total):<40}] {done:,} of {total:,}"
    if sys.stdout.isatty():
        print(f"\r{line}", end="" if done < total else "\n", flush=True)
    elif done * 4 % total == 0:
        print(line)


async def many_tasks(client: "redis.Redis[str]") -> float:
    """Have many tasks SET and GET at the same time; return commands per second."""
    say(f"{TASKS:,} tasks at once, each {COMMANDS_OF_A_TASK} times SET or GET, one client")

    async def work(number: int) -> None:
        for turn in range(COMMANDS_OF_A_TASK // 2):
            await client.set(f"task:{number}", f"{number}/{turn}")
            value = await client.get(f"task:{number}")
            assert value == f"{number}/{turn}", "a reply went to the wrong caller"

    started = time.perf_counter()
    await asyncio.gather(*(work(number) for number in range(TASKS)))
    rate = TASKS * COMMANDS_OF_A_TASK / (time.perf_counter() - started)
    print(f"  every task got its own value; {client!r}")
    return rate


async def pipeline(client: "redis.Redis[str]") -> float:
    """Send many commands of one task in pipelines; return commands per second."""
    say(f"A pipeline of {PIPELINE:,} commands, in slices of {SLICE}")
    started = time.perf_counter()
    total = 0
    for start in range(0, PIPELINE, SLICE):
        async with client.pipeline(transaction=False) as pipe:
            for number in range(start, start + SLICE):
                pipe.incrby("sum", number)
            total = (await pipe.execute())[-1]
        progress(start + SLICE, PIPELINE)
    rate = PIPELINE / (time.perf_counter() - started)
    assert total == sum(range(PIPELINE)), "a command was lost or executed twice"
    return rate


async def transaction(client: "redis.Redis[str]") -> None:
    """Move an amount between two accounts, while somebody else changes one of them."""
    say("A transaction with WATCH, disturbed once by somebody else")
    await client.mset({"account:a": 100, "account:b": 0})
    attempts = 0
    async with client.pipeline() as pipe:
        while True:
            attempts += 1
            await pipe.watch("account:a")
            balance: Any = await pipe.get("account:a")  # while watching, a value; else it would be the pipeline
            if attempts == 1:
                await client.incrby("account:a", 5)
            pipe.multi()
            pipe.set("account:a", int(balance) - 30).incrby("account:b", 30)
            try:
                await pipe.execute()
                break
            except redis.WatchError:
                print(f"  attempt {attempts}: WatchError, account:a has changed; nothing was executed")
    print(f"  attempt {attempts}: done, balances {await client.mget('account:a', 'account:b')}")


async def pool_timeout(url: str) -> None:
    """Hold the one connection that a pool of two lends out, and ask for another."""
    say("A pool of two: one connection is leased, the other is kept for ordinary commands")
    async with redis.from_url(url, pool_size=2, pool_timeout=0.3) as client, client.connection() as held:
        await held.ping()
        try:
            async with client.connection():
                raise AssertionError("there was a connection to lease")
        except redis.PoolTimeoutError as error:
            print(f"  {type(error).__name__}: {error}")
        print(f"  ordinary commands still work: PING -> {await client.ping()}")


def fastest_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes event loops: uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def main() -> None:
    """Run everything and show what happened."""
    async with RedisServer() as server:
        print(f"A private server: {server!r}")
        print(f"The event loop: {type(asyncio.get_running_loop()).__module__}")
        async with redis.from_url(server.url, decode_responses=True) as client:
            before = await client.info("stats")
            concurrent = await many_tasks(client)
            piped = await pipeline(client)
            await transaction(client)
            after = await client.info("stats")
            calls = await client.info("commandstats")
            stats = client.pool_stats()
            await pool_timeout(server.url)

            executed = sum(calls[f"cmdstat_{name}"]["calls"] for name in ("set", "get", "incrby"))
            # The server counts how often it read from a socket: as often as a request, or many in one, arrived.
            trips = after["total_reads_processed"] - before["total_reads_processed"]
            say("What happened")
            show(
                [
                    ("commands executed", f"{executed:,}"),
                    ("round trips", f"{trips:,}"),
                    ("connections used", f"{stats.dials:,}"),
                    ("pool_size", f"{client.options.pool_size:,}"),
                    (f"commands/s, {TASKS:,} tasks", f"{concurrent:,.0f}"),
                    (f"commands/s, pipeline of {PIPELINE:,}", f"{piped:,.0f}"),
                ]
            )
    print("\nThe client is closed, the server has ended, nothing was left on disk.")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        runner.run(main())
