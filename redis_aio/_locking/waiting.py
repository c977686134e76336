"""How a task waits for a lock: in line, and the first in line by asking whenever there may be news."""

import asyncio
import builtins
import math
import random
from collections.abc import Awaitable, Callable

from redis_aio._locking.hold import Hold
from redis_aio._locking.line import WaitingLine

#: Seconds that a question to the server is given, where the time to wait ends while it is under way.
GRACE = 0.25
#: Asked so many times more rarely when a release will be heard of.
RARELY = 10.0
#: Seconds between two questions, at least.
LEAST_PAUSE = 0.001

Ask = Callable[[], Awaitable[bool]]


async def stand_in_line(
    line: WaitingLine, hold: Hold, ask: Ask, listen: Callable[[], None], deadline: float, sleep: float
) -> bool:
    """Wait for one's turn and then for the lock; return whether it was acquired.

    Args:
        line: where to wait.
        hold: what to acquire; it stands in line.
        ask: asks the server once.
        listen: has the line hear of releases elsewhere.
        deadline: the loop time by which to give up.
        sleep: seconds between two questions where nothing is heard.
    """
    loop = line.loop
    while not line.is_first(hold):
        if (left := deadline - loop.time()) <= 0:
            return False
        await hold.pause(loop, left)
    if not line.left and await (ask() if deadline == math.inf else ask_until(ask, deadline, loop.time())):
        return True
    return await keep_asking(line, hold, ask, listen, deadline, sleep)


async def keep_asking(
    line: WaitingLine, hold: Hold, ask: Ask, listen: Callable[[], None], deadline: float, sleep: float
) -> bool:
    """Wait as the first in line, who was told that somebody holds the lock; the arguments are those above."""
    loop = line.loop
    pause = sleep = max(sleep, LEAST_PAUSE)
    while (left := deadline - loop.time()) > 0:
        if not line.left:
            listen()
        holder_ends = line.left or hold.left + LEAST_PAUSE
        woken = await hold.pause(loop, min(left, holder_ends, pause * random.uniform(0.5, 1.0)))
        if await (ask() if deadline == math.inf else ask_until(ask, deadline, loop.time())):
            return True
        heard = line.listening or line.left > 0
        pause = min(2 * pause, sleep * RARELY) if heard and not woken else sleep
    return False


async def ask_until(ask: Ask, deadline: float, now: float) -> bool:
    """Ask the server, not much longer than until the deadline."""
    scope = asyncio.timeout_at(max(deadline, now + GRACE))
    try:
        async with scope:
            return await ask()
    except builtins.TimeoutError:
        if not scope.expired():
            raise
        return False
