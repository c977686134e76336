"""What users make of raw replies: their callbacks run after everything else, where nothing they raise is retried."""

import inspect
from collections.abc import Awaitable, Sequence
from typing import Any

from redis_aio._command.batch import Batch
from redis_aio._command.raw import Callbacks, ResponseCallback


async def called_back(reply: Awaitable[Any], callback: ResponseCallback) -> Any:
    """Return what the callback makes of a raw reply."""
    value = callback(await reply)
    return await value if inspect.isawaitable(value) else value


def chosen(
    batch: Batch, callbacks: Callbacks, given: Sequence[tuple[int, ResponseCallback]]
) -> dict[int, ResponseCallback]:
    """Return the callbacks of commands by their index; these commands give raw replies from now on.

    Args:
        batch: the commands.
        callbacks: those set by the name of a command.
        given: those given with a command, by its index; they win.
    """
    found = {
        index: callback
        for index, spec in enumerate(batch.specs if callbacks else ())
        if (callback := callbacks.get(spec.name)) is not None
    }
    found.update(given)
    for index in found:
        batch.parsers[index] = None
    return found


async def call_back(callbacks: dict[int, ResponseCallback], values: list[Any]) -> None:
    """Replace raw replies by what callbacks make of them, and each that raises by what it raised."""
    for index, callback in callbacks.items():
        if isinstance(values[index], Exception):
            continue
        try:
            value = callback(values[index])
            values[index] = await value if inspect.isawaitable(value) else value
        except Exception as error:  # one command's value; the replies of the others are intact
            values[index] = error
