"""The scripts of the lock: whatever compares a token and then acts does both in one step, in the server.

Two keys belong to a lock called ``name``: ``name`` itself, whose value is the token of its holder, and with fencing
``{name}:fencing``, the last fencing token. Releasing publishes on the channel ``redis_aio:lock:name``.
"""

import itertools
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from redis_aio._command.command import Command, command_of
from redis_aio._command.script import ScriptText
from redis_aio._command.spec import Effect
from redis_aio._command.table import SPECS
from redis_aio.exceptions import NoScriptError
from redis_aio.typing import KeyT

Execute: TypeAlias = Callable[[Command[Any]], Awaitable[Any]]

#: Seconds that a fencing counter outlives the last acquire. A new one starts at the server's time, which is later.
COUNTER_LIFE = 86_400
#: The channel on which the release of a lock is published begins like this, and ends with its name.
CHANNEL = b"redis_aio:lock:"


class LockScript(ScriptText):
    """One script, executed by its digest; by its text where the server does not know it.

    Args:
        text: the script.
        idempotent: it may be sent again when its reply was lost.
    """

    def __init__(self, text: str, *, idempotent: bool) -> None:
        super().__init__(text.encode(), idempotent=idempotent)

    def by_its_digest(self, *args: Any) -> Command[Any]:
        """Return the command that calls it, with the number of keys, the keys and the arguments."""
        return command_of(self.by_digest, (self.sha, *args), None)

    def by_its_text(self, *args: Any) -> Command[Any]:
        """Return the command that calls it where the server does not know it."""
        return command_of(self.by_text, (self.text, *args), None)

    async def run(self, execute: Execute, *args: Any) -> Any:
        """Execute it and return its raw reply."""
        try:
            return await execute(self.by_its_digest(*args))
        except NoScriptError:
            return await execute(self.by_its_text(*args))


# KEYS: the lock; the fencing counter, where one is kept.
# ARGV: the token; its time to live in ms, or 0; whether finding this token there means that an earlier execution
#       put it there; how long the counter lives in ms; the token that the caller holds already, or ''.
# Gives {1, fencing token} or {0, the holder's ms to live, whether the caller is the holder}.
_ACQUIRE = """
local holder = redis.call('GET', KEYS[1])
if holder and not (holder == ARGV[1] and ARGV[3] == '1') then
  return {0, redis.call('PTTL', KEYS[1]), ARGV[5] ~= '' and holder == ARGV[5] and 1 or 0}
end
local fence = 0
if KEYS[2] then
  fence = tonumber(redis.call('GET', KEYS[2]) or '') or 0
  if not holder or fence == 0 then
    local now = redis.call('TIME')
    fence = math.max(fence + 1, now[1] * 1000000 + now[2])
    redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', ARGV[4])
  end
end
if ARGV[2] == '0' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return {1, fence, 0}
"""

# KEYS: the lock. ARGV: the token; the channel. Gives 1 where the lock was released, 0 where the token is not there.
# A user who may not publish releases all the same: the others find out by asking.
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], 'released')
return 1
"""

# KEYS: the lock. ARGV: the token; ms; `add` to the time to live, `set` it, or `least`: never shorten it.
# Gives the new time to live in ms, -1 where it is unlimited, 0 where the token is not there.
_EXTEND = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local left = redis.call('PTTL', KEYS[1])
local time = tonumber(ARGV[2])
if ARGV[3] ~= 'set' and left < 0 then
  return -1
end
if ARGV[3] == 'add' then
  time = time + left
elseif ARGV[3] == 'least' and left > time then
  return left
end
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', time))
return time
"""

_SET_ONCE = SPECS["SET"].with_(raw=True)
_SET = _SET_ONCE.with_(effect=Effect.IDEMPOTENT, effect_of=None)

#: With a token that nobody else uses. It may be sent again: the second execution finds the token there.
ACQUIRE = LockScript(_ACQUIRE, idempotent=True)
#: With a token that the caller chose: finding it there proves nothing.
ACQUIRE_ONCE = LockScript(_ACQUIRE, idempotent=False)
#: The reply says whether the lock was held to the end, which a second execution cannot say.
RELEASE = LockScript(_RELEASE, idempotent=False)
#: For the one who wants it gone, whatever it was.
RELEASE_AGAIN = LockScript(_RELEASE, idempotent=True)
EXTEND = LockScript(_EXTEND, idempotent=True)
#: Adding twice would add twice.
EXTEND_BY = LockScript(_EXTEND, idempotent=False)


def set_plainly(name: KeyT, token: bytes, timeout: int, strict: bool) -> Command[bytes | None]:
    """Return what sets the lock's key, if there is none, without a script; it is answered by the token that was there.

    Args:
        name: the lock.
        token: the value.
        timeout: its time to live in ms, or 0.
        strict: finding the token there does not mean that an earlier execution put it there.
    """
    args = (name, token, "NX", "GET", "PX", timeout) if timeout else (name, token, "NX", "GET")
    return command_of(_SET_ONCE if strict else _SET, args, None)


class _Tokens:
    """Makes tokens: a random part for each process, and a number."""

    def __init__(self) -> None:
        self.renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self._random = os.urandom(16).hex()
        self._numbers = itertools.count(1)

    def new(self) -> bytes:
        return f"{self._random}-{next(self._numbers):x}".encode()


#: Returns a token that nobody else has.
new_token = _Tokens().new


def counter_of(name: bytes) -> bytes:
    """Return the key of a lock's fencing counter, which is in the hash slot of the lock."""
    opening = name.find(b"{")
    tagged = opening >= 0 and name.find(b"}", opening) > opening + 1
    return name + b":fencing" if tagged else b"{" + name + b"}:fencing"


def milliseconds(seconds: float) -> int:
    """Return seconds as the server takes them: to the nearest millisecond, and at least one."""
    return int(seconds * 1000 + 0.5) or 1
