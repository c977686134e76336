"""How long the server may wait before it answers a blocking command: functions over its arguments, for the table.

They return seconds. ``None`` is for ever, and also where the timeout cannot be read: the server answers that with an
error at once, which no deadline of ours should forestall.
"""

import math

from redis_aio._command.arguments import number_at, word
from redis_aio._command.spec import Arguments

#: These arguments do not make the command wait (XREAD without BLOCK).
NOT_BLOCKING = -1.0


def _bound(arguments: Arguments, index: int, unit: float = 1.0) -> float | None:
    timeout = number_at(arguments, index)
    if timeout is None or not math.isfinite(timeout) or timeout <= 0:
        return None  # 0 is for ever; the rest is the server's to refuse
    return timeout * unit


def first(arguments: Arguments) -> float | None:
    """Read ``BLMPOP timeout ...`` and ``BZMPOP timeout ...``."""
    return _bound(arguments, 0)


def last(arguments: Arguments) -> float | None:
    """Read ``BLPOP key [key ...] timeout``, and the commands like it."""
    return _bound(arguments, len(arguments) - 1) if arguments else None


def blmovem(arguments: Arguments) -> float | None:
    """Read ``BLMOVEM source destination LEFT|RIGHT LEFT|RIGHT timeout [COUNT|EXACTLY ...]``."""
    return _bound(arguments, 4)


def wait(arguments: Arguments) -> float | None:
    """Read ``WAIT numreplicas timeout``, in milliseconds."""
    return _bound(arguments, 1, 0.001)


def waitaof(arguments: Arguments) -> float | None:
    """Read ``WAITAOF numlocal numreplicas timeout``, in milliseconds."""
    return _bound(arguments, 2, 0.001)


def _block_option(arguments: Arguments, start: int) -> float | None:
    """Read BLOCK milliseconds among options. What follows STREAMS are keys, whatever they are called."""
    for index in range(start, len(arguments)):
        option = word(arguments[index])
        if option == "BLOCK":
            return _bound(arguments, index + 1, 0.001)
        if option == "STREAMS":
            break
    return NOT_BLOCKING


def xread(arguments: Arguments) -> float | None:
    """Read ``XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]``."""
    return _block_option(arguments, 0)


def xreadgroup(arguments: Arguments) -> float | None:
    """Read ``XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS ...``."""
    return _block_option(arguments, 3)


def ts_read(arguments: Arguments) -> float | None:
    """Read ``TS.READ key timestamp [BLOCK milliseconds min_count] [MAX_COUNT max_count]``."""
    return _block_option(arguments, 2)
