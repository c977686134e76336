"""Calls of scripts that the server may have forgotten: NOSCRIPT says that nothing was executed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from redis_aio._command.batch import Batch
from redis_aio._command.script import ScriptCall
from redis_aio._execution.executor import Executor
from redis_aio.exceptions import NoScriptError, RedisError

#: The words of Redis, and of Valkey, less a full stop; a script that answers with the same code has been executed.
_UNKNOWN = frozenset(("No matching script. Please use EVAL", "No matching script"))


async def run_script(executor: Executor, call: ScriptCall) -> Any:
    """Call a script by its digest, and where the server does not know it, once more with its text."""
    try:
        return await executor.execute(call)
    except NoScriptError as error:
        if not _is_the_servers(error):
            raise
        # What comes next stands outside of this block, so that it does not look like its consequence.
    return await executor.execute(call.with_text())


def _is_the_servers(error: NoScriptError) -> bool:
    """Return whether the server says that it does not know a script; a script can return an error of the same code."""
    return str(error).rstrip(".") in _UNKNOWN


async def heal(
    execute_batch: Callable[[Batch], Awaitable[list[Any]]], calls: Mapping[int, ScriptCall], values: list[Any]
) -> None:
    """Execute again, with their texts, calls by digest that were answered with NOSCRIPT; replace their values.

    Args:
        execute_batch: executes them.
        calls: the calls by digest that were sent, by their index.
        values: the values.
    """
    missed = [
        (index, call)
        for index, call in calls.items()
        if isinstance(error := values[index], NoScriptError) and _is_the_servers(error)
    ]
    if not missed:
        return
    again = Batch([call.with_text() for _, call in missed])
    try:
        found = await execute_batch(again)
    except RedisError as error:
        found = [error] * len(missed)
    for (index, _), value in zip(missed, found, strict=True):
        values[index] = value
