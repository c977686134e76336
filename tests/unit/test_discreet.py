"""What the frames of a traceback show: ours nothing of what was passed, the program's what it wants."""

import asyncio
import contextlib
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from redis_aio import Hook, Redis, RedisError, _discreet
from redis_aio._command.raw import raw_command
from redis_aio._discreet import discreet, discreet_async, forget
from redis_aio._resp.encoder import pack
from redis_aio.events import Event, Retrying
from redis_aio.exceptions import DataError

pytestmark = pytest.mark.one_loop


def shown(error: BaseException) -> str:
    """Return what a tool would show of all frames but this module's."""
    stack = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    return "".join(f"{frame.name}: {frame.locals}\n" for frame in stack if frame.filename != __file__)


def refused(secret: str) -> bytes:
    hidden = secret.upper()
    return pack(("SET",), (hidden, object()))


def test_frames_of_ours_are_emptied_and_others_are_not() -> None:
    with pytest.raises(DataError) as caught:
        refused("secret")
    assert "SECRET" in shown(caught.value)
    forget(caught.value)
    assert "SECRET" not in shown(caught.value)
    assert "pack: " in shown(caught.value)  # the places stay
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__) if frame.f_code is refused.__code__]
    assert frames[0].f_locals["hidden"] == "SECRET"


def test_causes_and_contexts_are_looked_through() -> None:
    def fail() -> None:
        try:
            refused("secret")
        except DataError as error:
            error.__context__ = error.__cause__ = None
            raise ValueError("outer") from error

    with pytest.raises(ValueError, match="outer") as caught:
        fail()
    cause = caught.value.__cause__
    assert cause is not None
    cause.__context__ = caught.value  # a circle ends as well
    forget(caught.value)
    assert "SECRET" not in shown(cause)


def test_a_frame_that_is_being_executed_stays() -> None:
    value = "mine"
    try:
        refused("secret")
    except DataError as error:
        forget(error)
    assert value == "mine"


def test_a_generator_that_waits_stays() -> None:
    """The traceback of an old error may hold the frame of a program's generator that caught it and lives on."""

    def generator() -> Iterator[BaseException]:
        try:
            refused("secret")
        except DataError as error:
            yield error
        yield ValueError("alive")

    running = generator()
    forget(next(running))
    assert str(next(running)) == "alive"


async def test_decorated_functions_forget_their_arguments() -> None:
    @discreet
    def direct(*args: Any) -> Any:
        return raw_command(args, {}, {})

    @discreet_async
    async def awaited(*args: Any) -> Any:
        return raw_command(args, {}, {})

    with pytest.raises(DataError) as one:
        direct("", "secret")
    with pytest.raises(DataError) as other:
        await awaited("", "secret")
    for caught in (one, other):
        assert "secret" not in shown(caught.value)
        assert _discreet.__file__ in "".join(traceback.format_exception(caught.value))
    assert direct("GET", "k")[0].name == "GET"
    assert (await awaited("GET", "k"))[0].name == "GET"
    with contextlib.suppress(DataError):
        direct()


# -- coroutines ----------------------------------------------------------------------------------------------------


def in_library(source: str) -> Any:
    """Return the function ``call`` as if it were one of this library's."""
    names: dict[str, Any] = {"__name__": "redis_aio.made_up", "asyncio": asyncio}
    exec(source, names)
    return names["call"]


@pytest.mark.parametrize("how", ["it failed", "it was cancelled"])
async def test_a_coroutine_that_has_ended_is_emptied(how: str) -> None:
    failing = "0 / 0" if how == "it failed" else "await asyncio.sleep(10)"
    call = in_library(f"async def call(value):\n    await asyncio.sleep(0)\n    {failing}\n")
    task = asyncio.create_task(call("secret"))
    for _ in range(2):
        await asyncio.sleep(0)
    if how == "it was cancelled":
        task.cancel()
    with pytest.raises((ZeroDivisionError, asyncio.CancelledError)) as caught:
        await task
    assert "secret" in shown(caught.value)
    forget(caught.value)
    assert "secret" not in shown(caught.value)


async def test_a_coroutine_that_goes_on_stays() -> None:
    """An error that one task has caught can reach another one, while the first waits."""
    source = """
async def call(caught, go_on):
    value = "alive"
    try:
        await asyncio.sleep(0)
        0 / 0
    except ZeroDivisionError as error:
        caught.set_result(error)
        await go_on.wait()
    return value
"""
    caught: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    go_on = asyncio.Event()
    task = asyncio.create_task(in_library(source)(caught, go_on))
    async with asyncio.timeout(5):
        forget(await caught)
        go_on.set()
        assert await task == "alive"


class Breaker(Hook):
    """Refuses batches, for what other calls have failed with."""

    def __init__(self) -> None:
        self.failed = asyncio.Event()
        self.error: Exception | None = None

    def on_event(self, event: Event) -> None:
        if isinstance(event, Retrying):
            self.error = event.error
            self.failed.set()

    async def on_batch(self, batch: Any, call_next: Any) -> Any:
        raise RedisError("refused") from self.error


async def test_a_call_that_is_retried_outlives_an_error_that_names_its_trouble() -> None:
    async with Redis(host="127.0.0.1", port=1, max_retries=1, min_retry_backoff=0.1, max_retry_backoff=0.1) as client:
        breaker = Breaker()
        client.add_hook(breaker)
        retried = asyncio.create_task(client.get("k"))
        async with asyncio.timeout(5):
            await breaker.failed.wait()
            with pytest.raises(RedisError, match="refused"):
                await client.pipeline().get("k").execute()
            with pytest.raises(RedisError, match="cannot connect"):
                await retried
