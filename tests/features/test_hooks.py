"""Hooks: an onion that sees everything once, in order, and can change or refuse it."""

from typing import Any

import pytest

from redis_aio import Hook, RedisError
from tests.conftest import MakeClient


class Recorder(Hook):
    """Writes down what it sees."""

    def __init__(self, name: str, seen: list[str]) -> None:
        self.name = name
        self.seen = seen

    async def on_connect(self, options: Any, call_next: Any) -> Any:
        self.seen.append(f"{self.name} connects")
        return await call_next(options)

    async def on_command(self, command: Any, call_next: Any) -> Any:
        self.seen.append(f"{self.name} {command.name}")
        try:
            return await call_next(command)
        finally:
            self.seen.append(f"{self.name} done")

    async def on_batch(self, batch: Any, call_next: Any) -> list[Any]:
        self.seen.append(f"{self.name} batch of {len(batch)}")
        values: list[Any] = await call_next(batch)
        return values


async def test_the_first_one_is_the_outermost(make_client: MakeClient) -> None:
    client = make_client()
    seen: list[str] = []
    client.add_hook(Recorder("outer", seen))
    client.add_hook(Recorder("inner", seen))
    assert await client.ping()
    assert [line for line in seen if "connects" not in line] == ["outer PING", "inner PING", "inner done", "outer done"]
    assert sorted(line for line in seen if "connects" in line) == ["inner connects", "outer connects"]


async def test_batches_and_watching_pipelines_are_seen(make_client: MakeClient) -> None:
    client = make_client()
    seen: list[str] = []
    client.add_hook(Recorder("hook", seen))
    await client.pipeline().set("a", 1).get("a").execute()
    async with client.pipeline() as pipe:
        await pipe.watch("a")
        await pipe.get("a")
        pipe.multi()
        await pipe.set("a", 2).execute()
    wanted = ["hook batch of 2", "hook WATCH", "hook done", "hook GET", "hook done", "hook batch of 1"]
    assert [line for line in seen if "connects" not in line] == wanted


async def test_a_hook_can_refuse_and_replace(make_client: MakeClient) -> None:
    class Guard(Hook):
        async def on_command(self, command: Any, call_next: Any) -> Any:
            if command.name == "KEYS":
                raise RedisError("KEYS is not for production")
            value = await call_next(command)
            return b"replaced" if command.name == "GET" else value

    client = make_client()
    client.add_hook(Guard())
    with pytest.raises(RedisError, match="production"):
        await client.keys()
    await client.set("k", "v")
    assert await client.get("k") == b"replaced"


async def test_a_hook_that_fails_fails_that_call_only(make_client: MakeClient) -> None:
    class Clumsy(Hook):
        calls = 0

        async def on_command(self, command: Any, call_next: Any) -> Any:
            self.calls += 1
            value = await call_next(command)
            if self.calls == 1:
                raise ValueError("clumsy")
            return value

    client = make_client()
    client.add_hook(Clumsy())
    with pytest.raises(ValueError, match="clumsy"):
        await client.set("k", "v")
    assert await client.get("k") == b"v"


async def test_what_is_not_overridden_costs_nothing(make_client: MakeClient) -> None:
    client = make_client()
    core = client._core
    client.add_hook(Hook())
    assert client._executor._execute == core.execute  # type: ignore[attr-defined]  # the onion is looked into
