"""What the frames of a traceback show: ours nothing of what was passed, the program's what it wants."""

import contextlib
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from redis_aio import _discreet
from redis_aio._command.raw import raw_command
from redis_aio._discreet import discreet, discreet_async, forget
from redis_aio._resp.encoder import pack
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
