"""Faces: the ways to run commands whose replies are known, and who got a value that was not his.

A single command, several at once, pipelines, transactions, leases: what protects one way need not protect another.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from redis_aio import Redis
from redis_aio.exceptions import ConnectionError, TimeoutError
from tests.support.oracles import Echoing, Nonces

Values: TypeAlias = list[tuple[str, Any]]
#: Runs commands whose replies are known; returns each nonce with what came for it.
Face: TypeAlias = Callable[["Redis[Any]"], Awaitable[Values]]


async def single(client: Echoing) -> Values:
    """Run one command."""
    nonce = Nonces.new()
    return [(nonce, await client.execute_command("ECHO", nonce))]


async def script(client: "Redis[Any]") -> Values:
    """Run what must not be executed twice."""
    nonce = Nonces.new()
    return [(nonce, await client.execute_command("EVAL", "return ARGV[1]", 0, nonce))]


async def several(client: "Redis[Any]") -> Values:
    """Run five at once; each may fail for itself."""
    results = await asyncio.gather(*(single(client) for _ in range(5)), return_exceptions=True)
    values: Values = []
    for result in results:
        if isinstance(result, BaseException):
            values.append(("", result))
        else:
            values += result
    return values


async def batch(queue: Any, commands: int = 5) -> Values:
    """Queue commands, execute them."""
    expected = [Nonces.new() for _ in range(commands)]
    for nonce in expected:
        queue.execute_command("ECHO", nonce)
    return list(zip(expected, await queue.execute(raise_on_error=False), strict=True))


async def pipeline(client: "Redis[Any]") -> Values:
    """Run a pipeline."""
    return await batch(client.pipeline(transaction=False))


async def transaction(client: "Redis[Any]") -> Values:
    """Run a transaction."""
    return await batch(client.pipeline(transaction=True))


async def watched(client: "Redis[Any]") -> Values:
    """Run a transaction that watches, with a command before MULTI."""
    async with client.pipeline() as pipe:
        await pipe.watch("key")
        nonce = Nonces.new()
        early = await pipe.execute_command("ECHO", nonce)
        pipe.multi()
        return [(nonce, early), *await batch(pipe)]


async def leased(client: "Redis[Any]") -> Values:
    """Run three commands, one after the other, on a lease."""
    async with client.connection() as lease:
        return [*await single(lease), *await single(lease), *await single(lease)]


async def leased_pipeline(client: "Redis[Any]") -> Values:
    """Run a pipeline on a lease."""
    async with client.connection() as lease:
        return await batch(lease.pipeline(transaction=False))


async def leased_transaction(client: "Redis[Any]") -> Values:
    """Run a transaction on a lease."""
    async with client.connection() as lease:
        return await batch(lease.pipeline(transaction=True))


async def by_hand(client: "Redis[Any]") -> Values:
    """Queue a transaction command by command; only EXEC has values to give."""
    async with client.connection() as lease:
        expected = [Nonces.new() for _ in range(3)]
        await lease.execute_command("MULTI")
        for nonce in expected:
            await lease.execute_command("ECHO", nonce)
        return list(zip(expected, await lease.execute_command("EXEC"), strict=True))


async def blocking(client: "Redis[Any]") -> Values:
    """Pop what is there."""
    nonce = Nonces.new()
    key = "list-" + nonce
    await client.execute_command("RPUSH", key, nonce)
    return [(nonce, (await client.execute_command("BLPOP", key, 1))[1])]


FACES: dict[str, Face] = {
    face.__name__: face
    for face in (
        single,
        script,
        several,
        pipeline,
        transaction,
        watched,
        leased,
        leased_pipeline,
        leased_transaction,
        by_hand,
        blocking,
    )
}


def not_own(values: Values) -> list[str]:
    """Return who got what was not his, and errors that do not say that a reply was lost."""
    wrong = []
    for nonce, value in values:
        if isinstance(value, BaseException):
            if not isinstance(value, (ConnectionError, TimeoutError)):
                wrong.append(f"{nonce} got {value!r}")
        elif value != nonce.encode():
            wrong.append(f"{nonce} got {str(value)[:80]}")
    return wrong


def summary(wrong: list[str]) -> str:
    """Return how many, and the first ones."""
    return "\n".join([f"{len(wrong)} wrong:", *wrong[:5]])


async def run(face: Face, client: "Redis[Any]") -> Values:
    """Run commands; what fails as a whole is one value."""
    try:
        return await face(client)
    except Exception as error:
        return [("", error)]
