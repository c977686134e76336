"""Discretion: what the frames of a traceback hold may be keys, values and passwords, and tracebacks get shown.

Tools that report errors print the local variables of each frame. So where an error leaves this library, the frames of
this library's functions that have ended are emptied: of a call that failed remain the places, not what was passed.
"""

import dis
import functools
import inspect
import sys
from collections.abc import Callable, Coroutine
from types import FrameType, TracebackType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
A = TypeVar("A", bound=Callable[..., Coroutine[Any, Any, Any]])

_PACKAGE = __name__.partition(".")[0]
_SUSPENDABLE = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_YIELD = dis.opmap["YIELD_VALUE"]


def forget(error: BaseException) -> None:
    """Empty the frames of this library in the tracebacks of an error and of what it was raised for.

    Frames that are still being executed, or will be, stay as they are: an error that one task has handled can be what
    another one raises an error from.
    """
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        current = todo.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        _empty(current.__traceback__)
        todo += (current.__cause__, current.__context__)


def _empty(traceback: TracebackType | None) -> None:
    while traceback is not None:
        frame = traceback.tb_frame
        if str(frame.f_globals.get("__name__", "")).startswith(f"{_PACKAGE}.") and not _suspended(frame):
            try:
                frame.clear()
            except RuntimeError:  # it is being executed, or, since Python 3.13, suspended
                pass
        traceback = traceback.tb_next


def _suspended(frame: FrameType) -> bool:
    """Return whether a coroutine or generator goes on from here; Python 3.11 and 3.12 would close it."""
    code = frame.f_code
    if sys.version_info >= (3, 13) or not code.co_flags & _SUSPENDABLE:
        return False
    return code.co_code[frame.f_lasti] == _YIELD


def discreet(function: F) -> F:
    """Have a function forget its arguments and variables when it raises."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:  # cancelled too: its traceback shows the same frames
            del args, kwargs
            forget(error)
            raise

    return cast("F", call)


def discreet_async(function: A) -> A:
    """Have a coroutine function forget its arguments and variables when it raises."""

    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except BaseException as error:  # cancelled too: its traceback shows the same frames
            del args, kwargs
            forget(error)
            raise

    return cast("A", call)


__all__ = ["discreet", "discreet_async", "forget"]
