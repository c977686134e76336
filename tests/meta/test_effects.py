"""The effects of the table against a real server: each case is executed once, then twice, and the data compared."""

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest

from redis_aio._command.spec import Effect
from redis_aio._command.table import SPECS, resolve
from redis_aio.testing import RedisServer
from redis_aio.testing.wire import Argument, ReplyError, Wire

#: What is there before each case: every type of value, and enough of it that something is left to take. PFCOUNT stores
#: its count with the value, which is no change that anybody sees.
SETUP = """
SET s hello
SET n 7
SET e hello PX 600000
SETBIT bits 5 1
HSET h f 1 g 2 i 3
HSET he f 1 g 2
HEXPIRE he 600 FIELDS 1 f
RPUSH l a b c d e f a b
SADD t1 a b c d
SADD t2 b c
ZADD z1 1 a 2 b 3 c 4 d 5 e 6 f
ZADD z2 10 a 20 b
PFADD p1 a b
PFADD p2 c
PFCOUNT p1
PFCOUNT p2
GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.5 37.8 Marsala
XADD x 1-1 f v
XADD x 2-1 f v
XADD x 3-1 f v
XGROUP CREATE x grp 0
XREADGROUP GROUP grp c1 COUNT 2 STREAMS x >
"""

#: Judged READ: the data stays as it was. Judged IDEMPOTENT: the second execution changes nothing.
SAFE = """
GET s | STRLEN s | MGET s n | GETRANGE s 0 2 | GETEX s | DUMP s | TYPE s | TTL e | EXISTS s | KEYS * | SCAN 0 | DBSIZE
BITFIELD bits GET u4 0 | BITCOUNT bits | BITPOS bits 1 | GETBIT bits 5
HGET h f | HGETALL h | HMGET h f g | HSCAN h 0 | HRANDFIELD h 2 | HGETEX h FIELDS 1 f
LRANGE l 0 -1 | LINDEX l 0 | LPOS l a | SMEMBERS t1 | SRANDMEMBER t1 2 | SINTER t1 t2 | SUNION t1 t2 | SDIFF t1 t2
ZRANGE z1 0 -1 | ZSCORE z1 a | ZUNION 2 z1 z2 | ZRANDMEMBER z1 2 | PFCOUNT p1 | GEOPOS g Palermo
GEORADIUS g 15 37 200 km ASC | GEORADIUSBYMEMBER g Palermo 200 km | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km
XRANGE x - + | XLEN x | XREAD COUNT 1 STREAMS x 0 | XPENDING x grp | XINFO STREAM x
SORT l ALPHA | SORT_RO l ALPHA | EVAL_RO return{1} 0 | OBJECT ENCODING s | MEMORY USAGE s
SET s v | SET s v XX | SET s v EX 100 | SET e v KEEPTTL | SET new v | SETEX s 100 v | PSETEX s 100000 v | MSET s 1 new 2
SETRANGE s 3 XYZ | GETEX s EX 100 | GETEX e PERSIST | MSETEX 2 s 1 new 2 EX 100 | MSETEX 1 s 1 XX KEEPTTL
SETBIT bits 9 1 | BITOP AND d bits s | BITOP NOT d bits | BITOP XOR d bits s
DEL s h | UNLINK s h | EXPIRE s 100 | EXPIRE e 100 XX | EXPIRE s -1 | PEXPIRE s 100000 | EXPIREAT s 4102444800
PEXPIREAT s 4102444800000 | PERSIST e | COPY s d REPLACE | SORT l ALPHA STORE d | SORT l ALPHA LIMIT 1 3 STORE d
HSET h f 9 new 1 | HMSET h f 9 | HDEL h f g | HEXPIRE h 100 FIELDS 1 f | HEXPIRE he 100 XX FIELDS 1 f
HPEXPIREAT h 4102444800000 FIELDS 1 g | HPERSIST he FIELDS 1 f | HSETEX h FXX EX 100 FIELDS 1 f 5
HSETEX h FIELDS 2 f 5 new 6 | HGETEX h EX 100 FIELDS 1 f | HGETEX he PERSIST FIELDS 1 f
LSET l 1 z | LREM l 0 a | LTRIM l 0 3 | LTRIM l -3 -1 | LTRIM l -5 3 | LTRIM l 0 -1 | LTRIM l -100 100 | LTRIM l -4 1
SADD t1 x y | SREM t1 a b | SUNIONSTORE d t1 t2 | SUNIONSTORE t1 t1 t2 | SINTERSTORE t1 t1 t2 | SDIFFSTORE d t1 t2
ZADD z1 9 a | ZADD z1 XX CH 9 a | ZADD z1 GT 9 a 0 b | ZADD z1 LT 0 a | ZREM z1 a b | ZREMRANGEBYSCORE z1 1 2
ZREMRANGEBYLEX z1 - [b | ZREMRANGEBYRANK z1 0 -4 | ZREMRANGEBYRANK z1 2 -1 | ZREMRANGEBYRANK z1 1 -3
ZREMRANGEBYRANK z1 0 -1 | ZUNIONSTORE d 2 z1 z2 | ZINTERSTORE d 2 z1 z2 WEIGHTS 2 3 | ZDIFFSTORE d 2 z1 z2
ZRANGESTORE d z1 1 3 | PFADD p1 x | PFMERGE p1 p2 | GEOADD g 14 38 Palermo | GEOADD g XX CH 14 38 Palermo
GEORADIUS g 15 37 200 km STORE d | GEORADIUSBYMEMBER g Palermo 200 km STOREDIST d
GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST
XDEL x 1-1 | XTRIM x MAXLEN 1 | XTRIM x MINID 2-1 | XACK x grp 1-1 | XSETID x 9-9 | XGROUP SETID x grp 0
XGROUP CREATECONSUMER x grp c2 | XGROUP DELCONSUMER x grp c1 | XGROUP DESTROY x grp | SCRIPT LOAD return(1)
"""

#: Never sent again, and this is why: the second execution changes the data once more, or answers something else.
UNSAFE = """
INCR n | DECR n | INCRBY n 2 | DECRBY n 2 | INCRBYFLOAT n 0.5 | APPEND s x | GETDEL s | GETSET s v | SETNX new v
SET new v NX | SET s v GET | SET s v IFEQ hello | DELIFEQ s hello | MSETNX new 1 newer 2 | MSETEX 1 new 1 NX
GETEX s EXAT 1 | BITFIELD n INCRBY u8 0 1 | BITFIELD n SET u8 0 200 | BITOP NOT bits bits | BITOP XOR bits s bits
EXPIRE s 100 NX | EXPIREAT e 4102444800 GT | PEXPIREAT s 4102444800000 LT | COPY s d | MOVE s 1 | RENAME s d
RENAMENX s d | SORT l ALPHA LIMIT 1 -1 STORE l
HINCRBY h f 1 | HINCRBYFLOAT h f 0.5 | HSETNX h new 1 | HGETDEL h FIELDS 1 f | HSETEX h FNX FIELDS 1 new 1
HEXPIRE h 100 NX FIELDS 1 f | HGETEX h EXAT 1 FIELDS 1 f
LPUSH l x | RPUSH l x | LPUSHX l x | RPUSHX l x | LPOP l | RPOP l | LINSERT l BEFORE b x | LREM l 1 a | LTRIM l 1 -1
LTRIM l 0 -2 | LTRIM l 1 3 | LTRIM l -3 -2 | LMOVE l l2 LEFT RIGHT | RPOPLPUSH l l2 | LMPOP 1 l LEFT
SPOP t1 | SMOVE t1 t2 a | SDIFFSTORE t2 t1 t2
ZADD z1 INCR 1 a | ZADD z1 NX 1 new | ZADD z1 GT CH 9 a | ZINCRBY z1 1 a | ZPOPMIN z1 | ZPOPMAX z1 | ZMPOP 1 z1 MIN
ZREMRANGEBYRANK z1 0 1 | ZREMRANGEBYRANK z1 -2 -1 | ZUNIONSTORE z1 2 z1 z2 | ZRANGESTORE z1 z1 1 -1
GEOADD g NX 14 38 new | GEORADIUS g 15 37 200 km COUNT 1 STOREDIST g
XADD x * f v | XADD x 5-1 f v | XREADGROUP GROUP grp c1 COUNT 1 STREAMS x > | XREADGROUP GROUP grp c1 STREAMS x 0
XCLAIM x grp c2 0 1-1 | XAUTOCLAIM x grp c2 0 0 | XGROUP CREATE x new 0
"""


def cases(text: str) -> list[str]:
    return [case.strip() for line in text.strip().splitlines() for case in line.split("|")]


@pytest.fixture
def wire(server: RedisServer) -> Iterator[Wire]:
    with Wire(server.unix_socket_path, 5.0) as connection:
        yield connection


@pytest.fixture
def supported(server: RedisServer) -> frozenset[str]:
    """The names of the commands that the server has."""
    reply = server.command("COMMAND", "LIST")
    assert isinstance(reply, list)
    return frozenset(name.decode().upper() for name in reply if isinstance(name, bytes))


def _prepare(wire: Wire, supported: frozenset[str]) -> None:
    wire.call("FLUSHALL")
    for command in SETUP.strip().splitlines():
        if command.split()[0] in supported:
            wire.call(*command.split())


def _try(wire: Wire, *args: Argument) -> Any:
    """Send a command, and return its reply or the text of its error."""
    try:
        return wire.call(*args)
    except ReplyError as error:
        return str(error)


def _state(wire: Wire) -> dict[Any, tuple[Any, ...]]:
    """Return all data: how each key is serialised, without what ages, and roughly how long it lives."""
    state: dict[Any, tuple[Any, ...]] = {}
    for database in (1, 0):
        wire.call("SELECT", database)
        keys = wire.call("KEYS", "*")
        assert isinstance(keys, list)
        for key in keys:
            assert isinstance(key, bytes)
            state[database, key] = (_value(wire, key), _roughly(wire.call("PTTL", key)))
    return state


def _value(wire: Wire, key: bytes) -> Any:
    kind = wire.call("TYPE", key)
    if kind == "stream":  # a dump holds the time of the last delivery
        entries = _try(wire, "XPENDING", key, "grp", "-", "+", 99)
        pending = [[entry[0], entry[1], entry[3]] for entry in entries] if isinstance(entries, list) else entries
        return [wire.call("XRANGE", key, "-", "+"), pending, wire.call("XINFO", "GROUPS", key)]
    if kind == "hash":  # a dump holds the time at which a field ends, to the millisecond
        pairs: Any = wire.call("HGETALL", key)
        ttls: Any = _try(wire, "HPTTL", key, "FIELDS", len(pairs) // 2, *pairs[::2])
        lives = map(_roughly, ttls) if isinstance(ttls, list) else repeat(-1)  # before 7.4 fields lived for ever
        return sorted(zip(pairs[::2], pairs[1::2], lives, strict=False))
    if kind == "set":  # a dump is in the order of the hash table, which moves
        members: Any = wire.call("SMEMBERS", key)
        return sorted(members)
    return wire.call("DUMP", key)


def _roughly(milliseconds: Any) -> Any:
    """Round a time to live to half minutes; -1 (none) stays."""
    return milliseconds if milliseconds < 0 else round(milliseconds / 30_000)


def _need(case: str, supported: frozenset[str], server: RedisServer) -> None:
    if case.split(" ")[0] not in supported:
        pytest.skip("this server does not have the command")
    if "IFEQ" in case.split(" ") and server.version < ((9,) if server.flavour == "valkey" else (8, 4)):
        pytest.skip("this server's SET does not have IFEQ")


@pytest.mark.parametrize("case", cases(SAFE))
def test_what_may_be_sent_again_changes_nothing_more(
    case: str, wire: Wire, supported: frozenset[str], server: RedisServer
) -> None:
    spec, arguments = resolve(tuple(case.split(" ")))
    effect = spec.effect_with(arguments)
    assert effect in (Effect.READ, Effect.IDEMPOTENT)
    _need(case, supported, server)
    _prepare(wire, supported)
    before = _state(wire)
    reply = _try(wire, *case.split(" "))
    once = _state(wire)
    again = _try(wire, *case.split(" "))
    assert not (isinstance(reply, str) and reply.startswith("ERR")), reply
    assert type(again) is type(reply)
    assert _state(wire) == once
    if effect is Effect.READ:
        assert once == before


@pytest.mark.parametrize("case", cases(UNSAFE))
def test_what_is_never_sent_again_would_be_seen(
    case: str, wire: Wire, supported: frozenset[str], server: RedisServer
) -> None:
    spec, arguments = resolve(tuple(case.split(" ")))
    assert spec.effect_with(arguments) is Effect.ACCUMULATING
    _need(case, supported, server)
    _prepare(wire, supported)
    reply = _try(wire, *case.split(" "))
    assert not (isinstance(reply, str) and reply.startswith(("ERR", "WRONGTYPE"))), reply
    once = _state(wire)
    assert (_try(wire, *case.split(" ")), _state(wire)) != (reply, once)


def test_every_command_that_writes_was_tried() -> None:
    tried = {resolve(tuple(case.split(" ")))[0].name for case in cases(SAFE) + cases(UNSAFE)}
    untried = {
        name
        for name, spec in SPECS.items()
        if spec.group in ("string", "hash", "list", "set", "sorted-set", "bitmap", "geo", "hyperloglog")
        and "write" in spec.flags
        and not spec.block
        and spec.effect is not Effect.ADMIN
        and spec.server != "redis"  # 8.2 and later: no such server at hand
    }
    assert untried - tried == {"HPEXPIRE", "HEXPIREAT"}  # as HEXPIRE and HPEXPIREAT
