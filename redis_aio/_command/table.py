"""SPECS: the table of commands, one row for each of the server's own; the modules' are in ``table_modules.py``.

The columns are the name, the version that introduced it, then arity, flags and key positions as in COMMAND, and the
effect: what may be done when the reply was lost. Where arguments change the effect, a function of ``effects.py``
follows, which also states the rule for doubtful cases. READ says that nothing changes, not that a replica will do it:
that is what the flag "readonly" is for.

The facts are those of Redis where it has the command, in its latest version known here; ``server`` marks what only one
of Redis and Valkey has. ``tests/meta/test_specs.py`` compares all of it with real servers.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from redis_aio._command import blocking, effects
from redis_aio._command.row import (
    ACCUMULATING,
    ADMIN,
    BLOCKING,
    IDEMPOTENT,
    KEY,
    KEYS,
    KEYS_BUT_LAST,
    NO_KEY,
    PAIRS,
    READ,
    STATEFUL,
    SUB_KEY,
    TWO_KEYS,
    rows_of,
)
from redis_aio._command.spec import CommandSpec, unknown
from redis_aio._command.table_modules import MODULE_ROWS
from redis_aio.exceptions import DataError

_ALL_NODES = "all_nodes all_succeeded"
_ALL_SHARDS = "all_shards all_succeeded"
_SCRIPT = "noscript stale skip_monitor no_mandatory_keys movablekeys"
_SCRIPT_RO = "readonly noscript stale skip_monitor no_mandatory_keys movablekeys"

# Why a command is refused, and what to do instead; the error that ends so begins with the command's name.
_SUBSCRIPTION = "a subscription needs a connection that does nothing else; use the pub/sub interface of the client"
_MONITOR = "it turns its connection into a stream of commands; use the monitor interface of the client"
_REPLICATION = "it turns its connection into a replication link; use redis-cli --rdb, or a replica"
_REPLY = "it makes the server leave out replies that the client waits for; use a pipeline to save round trips"
_DEBUGGER = "the script debugger speaks a dialogue of its own; use redis-cli --ldb"
_QUIT = "the client closes its connections itself; use its aclose()"
_HELLO = "each connection begins with its own handshake; give the client protocol, username, password and client_name"
_RESET = "a connection is reset when it comes back to the pool; leave the block of client.connection() instead"

_generic = rows_of("generic")
_string = rows_of("string")
_bitmap = rows_of("bitmap")
_hash = rows_of("hash")
_list = rows_of("list")
_set = rows_of("set")
_sorted_set = rows_of("sorted-set")
_hyperloglog = rows_of("hyperloglog")
_geo = rows_of("geo")
_stream = rows_of("stream")
_array = rows_of("array")
_pubsub = rows_of("pubsub")
_transactions = rows_of("transactions")
_scripting = rows_of("scripting")
_connection = rows_of("connection")
_server = rows_of("server")
_cluster = rows_of("cluster")
_sentinel = rows_of("sentinel")

_ROWS = (
    # -- generic -------------------------------------------------------------------------------------------------------
    # Without REPLACE the second finds the copy in its way and answers 0.
    _generic("COPY", "6.2.0", -3, "write denyoom", TWO_KEYS, ACCUMULATING, effects.copy),
    _generic("DEL", "1.0.0", -2, "write", KEYS, IDEMPOTENT, policies="multi_shard agg_sum"),
    _generic("DUMP", "2.6.0", 2, "readonly", KEY, READ, raw=True),
    _generic("EXISTS", "1.0.0", -2, "readonly fast", KEYS, READ, policies="multi_shard agg_sum"),
    _generic("EXPIRE", "1.0.0", -3, "write fast", KEY, IDEMPOTENT, effects.expire),
    _generic("EXPIREAT", "1.2.0", -3, "write fast", KEY, IDEMPOTENT, effects.expire),
    _generic("EXPIRETIME", "7.0.0", 2, "readonly fast", KEY, READ),
    _generic("KEYS", "1.0.0", 2, "readonly", NO_KEY, READ, policies="all_shards"),
    # The key is gone once it was moved. The timeout bounds each step of the dialogue between the servers, not the
    # whole, so it says nothing about when the reply comes.
    _generic("MIGRATE", "2.6.0", -6, "write movablekeys", (3, 3, 1), ACCUMULATING),
    # The second no longer finds the key and answers 0: the caller would think that nothing was moved.
    _generic("MOVE", "1.0.0", 3, "write fast", KEY, ACCUMULATING),
    _generic("OBJECT ENCODING", "2.2.3", 3, "readonly", SUB_KEY, READ),
    _generic("OBJECT FREQ", "4.0.0", 3, "readonly", SUB_KEY, READ),
    _generic("OBJECT HELP", "6.2.0", 2, "loading stale", NO_KEY, READ),
    _generic("OBJECT IDLETIME", "2.2.3", 3, "readonly", SUB_KEY, READ),
    _generic("OBJECT REFCOUNT", "2.2.3", 3, "readonly", SUB_KEY, READ),
    _generic("PERSIST", "2.2.0", 2, "write fast", KEY, IDEMPOTENT),
    _generic("PEXPIRE", "2.6.0", -3, "write fast", KEY, IDEMPOTENT, effects.expire),
    _generic("PEXPIREAT", "2.6.0", -3, "write fast", KEY, IDEMPOTENT, effects.expire),
    _generic("PEXPIRETIME", "7.0.0", 2, "readonly fast", KEY, READ),
    _generic("PTTL", "2.6.0", 2, "readonly fast", KEY, READ),
    _generic("RANDOMKEY", "1.0.0", 1, "readonly", NO_KEY, READ, policies="all_shards special"),
    # The second no longer finds the key and fails.
    _generic("RENAME", "1.0.0", 3, "write", TWO_KEYS, ACCUMULATING),
    _generic("RENAMENX", "1.0.0", 3, "write fast", TWO_KEYS, ACCUMULATING),
    _generic("RESTORE", "2.6.0", -4, "write denyoom", KEY, ACCUMULATING, effects.restore),
    _generic("SCAN", "2.8.0", -2, "readonly", NO_KEY, READ, policies="special special"),
    _generic("SORT", "1.0.0", -2, "write denyoom movablekeys", KEY, ACCUMULATING, effects.sort),
    _generic("SORT_RO", "7.0.0", -2, "readonly movablekeys", KEY, READ),
    # Flagged readonly: it changes nothing but the access time.
    _generic("TOUCH", "3.2.1", -2, "readonly fast", KEYS, READ, policies="multi_shard agg_sum"),
    _generic("TTL", "1.0.0", 2, "readonly fast", KEY, READ),
    _generic("TYPE", "1.0.0", 2, "readonly fast", KEY, READ),
    _generic("UNLINK", "4.0.0", -2, "write fast", KEYS, IDEMPOTENT, policies="multi_shard agg_sum"),
    # Counts what was written on its own connection.
    _generic("WAIT", "3.0.0", 3, "blocking", NO_KEY, BLOCKING, policies="all_shards agg_min", block=blocking.wait),
    _generic(
        "WAITAOF", "7.2.0", 4, "blocking", NO_KEY, BLOCKING, policies="all_shards agg_min", block=blocking.waitaof
    ),
    # -- string --------------------------------------------------------------------------------------------------------
    _string("APPEND", "2.0.0", 3, "write denyoom fast", KEY, ACCUMULATING),
    _string("DECR", "1.0.0", 2, "write denyoom fast", KEY, ACCUMULATING),
    _string("DECRBY", "1.0.0", 3, "write denyoom fast", KEY, ACCUMULATING),
    _string("DELEX", "8.4.0", -2, "write fast", KEY, IDEMPOTENT, effects.delex, server="redis"),
    # A lock is released with it: 0 would say that it was lost.
    _string("DELIFEQ", "9.0.0", 3, "write fast", KEY, ACCUMULATING, server="valkey"),
    _string("DIGEST", "8.4.0", 2, "readonly fast", KEY, READ, server="redis"),
    _string("GET", "1.0.0", 2, "readonly fast", KEY, READ),
    _string("GETDEL", "6.2.0", 2, "write fast", KEY, ACCUMULATING),
    _string("GETEX", "6.2.0", -2, "write fast", KEY, IDEMPOTENT, effects.getex),
    _string("GETRANGE", "2.4.0", 4, "readonly", KEY, READ),
    _string("GETSET", "1.0.0", 3, "write denyoom fast", KEY, ACCUMULATING),
    _string("INCR", "1.0.0", 2, "write denyoom fast", KEY, ACCUMULATING),
    _string("INCRBY", "1.0.0", 3, "write denyoom fast", KEY, ACCUMULATING),
    _string("INCRBYFLOAT", "2.6.0", 3, "write denyoom fast", KEY, ACCUMULATING),
    _string("INCREX", "8.8.0", -2, "write denyoom fast", KEY, ACCUMULATING, server="redis"),
    _string("LCS", "7.0.0", -3, "readonly", TWO_KEYS, READ),
    _string("MGET", "1.0.0", -2, "readonly fast", KEYS, READ, policies="multi_shard"),
    _string("MSET", "1.0.1", -3, "write denyoom", PAIRS, IDEMPOTENT, policies="multi_shard all_succeeded"),
    _string(
        "MSETEX",
        "8.4.0",
        -4,
        "write denyoom movablekeys",
        NO_KEY,
        IDEMPOTENT,
        effects.msetex,
        policies="multi_shard all_succeeded",
    ),
    # A condition over all keys; as SET NX.
    _string("MSETNX", "1.0.1", -3, "write denyoom", PAIRS, ACCUMULATING),
    _string("PSETEX", "2.6.0", 4, "write denyoom", KEY, IDEMPOTENT),
    _string("SET", "1.0.0", -3, "write denyoom", KEY, IDEMPOTENT, effects.set_),
    _string("SETEX", "2.0.0", 4, "write denyoom", KEY, IDEMPOTENT),
    _string("SETNX", "1.0.0", 3, "write denyoom fast", KEY, ACCUMULATING),
    _string("SETRANGE", "2.2.0", 4, "write denyoom", KEY, IDEMPOTENT),
    _string("STRLEN", "2.2.0", 2, "readonly fast", KEY, READ),
    _string("SUBSTR", "1.0.0", 4, "readonly", KEY, READ),
    # -- bitmap --------------------------------------------------------------------------------------------------------
    _bitmap("BITCOUNT", "2.6.0", -2, "readonly", KEY, READ),
    _bitmap("BITFIELD", "3.2.0", -2, "write denyoom", KEY, ACCUMULATING, effects.bitfield),
    _bitmap("BITFIELD_RO", "6.0.0", -2, "readonly fast", KEY, READ),
    _bitmap("BITOP", "2.6.0", -4, "write denyoom", (2, -1, 1), IDEMPOTENT, effects.bitop),
    _bitmap("BITPOS", "2.8.7", -3, "readonly", KEY, READ),
    _bitmap("GETBIT", "2.2.0", 3, "readonly fast", KEY, READ),
    # The old bit it answers is a note beside the work, as with SADD; BITFIELD SET is for those who came for it.
    _bitmap("SETBIT", "2.2.0", 4, "write denyoom", KEY, IDEMPOTENT),
    # -- hash ----------------------------------------------------------------------------------------------------------
    _hash("HDEL", "2.0.0", -3, "write fast", KEY, IDEMPOTENT),
    _hash("HEXISTS", "2.0.0", 3, "readonly fast", KEY, READ),
    _hash("HEXPIRE", "7.4.0", -6, "write fast", KEY, IDEMPOTENT, effects.hexpire),
    _hash("HEXPIREAT", "7.4.0", -6, "write fast", KEY, IDEMPOTENT, effects.hexpire),
    _hash("HEXPIRETIME", "7.4.0", -5, "readonly fast", KEY, READ),
    _hash("HGET", "2.0.0", 3, "readonly fast", KEY, READ),
    _hash("HGETALL", "2.0.0", 2, "readonly", KEY, READ),
    _hash("HGETDEL", "8.0.0", -5, "write fast", KEY, ACCUMULATING),
    _hash("HGETEX", "8.0.0", -5, "write fast", KEY, IDEMPOTENT, effects.hgetex),
    _hash("HIMPORT DISCARD", "8.10.0", 3, "", NO_KEY, STATEFUL, policies="all_shards", server="redis"),
    _hash("HIMPORT DISCARDALL", "8.10.0", 2, "", NO_KEY, STATEFUL, policies="all_shards", server="redis"),
    _hash("HIMPORT HELP", "8.10.0", 2, "loading stale", NO_KEY, READ, server="redis"),
    # A fieldset belongs to the connection that prepared it.
    _hash("HIMPORT PREPARE", "8.10.0", -4, "denyoom", NO_KEY, STATEFUL, policies="all_shards", server="redis"),
    _hash("HIMPORT SET", "8.10.0", -5, "write denyoom", SUB_KEY, STATEFUL, server="redis"),
    _hash("HINCRBY", "2.0.0", 4, "write denyoom fast", KEY, ACCUMULATING),
    _hash("HINCRBYFLOAT", "2.6.0", 4, "write denyoom fast", KEY, ACCUMULATING),
    _hash("HKEYS", "2.0.0", 2, "readonly", KEY, READ),
    _hash("HLEN", "2.0.0", 2, "readonly fast", KEY, READ),
    _hash("HMGET", "2.0.0", -3, "readonly fast", KEY, READ),
    _hash("HMSET", "2.0.0", -4, "write denyoom fast", KEY, IDEMPOTENT),
    _hash("HPERSIST", "7.4.0", -5, "write fast", KEY, IDEMPOTENT),
    _hash("HPEXPIRE", "7.4.0", -6, "write fast", KEY, IDEMPOTENT, effects.hexpire),
    _hash("HPEXPIREAT", "7.4.0", -6, "write fast", KEY, IDEMPOTENT, effects.hexpire),
    _hash("HPEXPIRETIME", "7.4.0", -5, "readonly fast", KEY, READ),
    _hash("HPTTL", "7.4.0", -5, "readonly fast", KEY, READ),
    _hash("HRANDFIELD", "6.2.0", -2, "readonly", KEY, READ),
    _hash("HSCAN", "2.8.0", -3, "readonly", KEY, READ),
    _hash("HSET", "2.0.0", -4, "write denyoom fast", KEY, IDEMPOTENT),
    _hash("HSETEX", "8.0.0", -6, "write denyoom fast", KEY, IDEMPOTENT, effects.hsetex),
    # As SET NX.
    _hash("HSETNX", "2.0.0", 4, "write denyoom fast", KEY, ACCUMULATING),
    _hash("HSTRLEN", "3.2.0", 3, "readonly fast", KEY, READ),
    _hash("HTTL", "7.4.0", -5, "readonly fast", KEY, READ),
    _hash("HVALS", "2.0.0", 2, "readonly", KEY, READ),
    # -- list ----------------------------------------------------------------------------------------------------------
    _list("BLMOVE", "6.2.0", 6, "write denyoom blocking", TWO_KEYS, BLOCKING, block=blocking.last),
    _list(
        "BLMOVEM", "8.10.0", -6, "write denyoom blocking", TWO_KEYS, BLOCKING, block=blocking.blmovem, server="redis"
    ),
    _list("BLMPOP", "7.0.0", -5, "write blocking movablekeys", NO_KEY, BLOCKING, block=blocking.first),
    _list("BLPOP", "2.0.0", -3, "write blocking", KEYS_BUT_LAST, BLOCKING, block=blocking.last),
    _list("BRPOP", "2.0.0", -3, "write blocking", KEYS_BUT_LAST, BLOCKING, block=blocking.last),
    _list("BRPOPLPUSH", "2.2.0", 4, "write denyoom blocking", TWO_KEYS, BLOCKING, block=blocking.last),
    _list("LINDEX", "1.0.0", 3, "readonly", KEY, READ),
    _list("LINSERT", "2.2.0", 5, "write denyoom", KEY, ACCUMULATING),
    _list("LLEN", "1.0.0", 2, "readonly fast", KEY, READ),
    _list("LMOVE", "6.2.0", 5, "write denyoom", TWO_KEYS, ACCUMULATING),
    _list("LMOVEM", "8.10.0", -5, "write denyoom", TWO_KEYS, ACCUMULATING, server="redis"),
    _list("LMPOP", "7.0.0", -4, "write movablekeys", NO_KEY, ACCUMULATING),
    _list("LPOP", "1.0.0", -2, "write fast", KEY, ACCUMULATING),
    _list("LPOS", "6.0.6", -3, "readonly", KEY, READ),
    _list("LPUSH", "1.0.0", -3, "write denyoom fast", KEY, ACCUMULATING),
    _list("LPUSHX", "2.2.0", -3, "write denyoom fast", KEY, ACCUMULATING),
    _list("LRANGE", "1.0.0", 4, "readonly", KEY, READ),
    _list("LREM", "1.0.0", 4, "write", KEY, ACCUMULATING, effects.lrem),
    _list("LSET", "1.0.0", 4, "write denyoom", KEY, IDEMPOTENT),
    _list("LTRIM", "1.0.0", 4, "write", KEY, ACCUMULATING, effects.ltrim),
    _list("RPOP", "1.0.0", -2, "write fast", KEY, ACCUMULATING),
    _list("RPOPLPUSH", "1.2.0", 3, "write denyoom", TWO_KEYS, ACCUMULATING),
    _list("RPUSH", "1.0.0", -3, "write denyoom fast", KEY, ACCUMULATING),
    _list("RPUSHX", "2.2.0", -3, "write denyoom fast", KEY, ACCUMULATING),
    # -- set -----------------------------------------------------------------------------------------------------------
    _set("SADD", "1.0.0", -3, "write denyoom fast", KEY, IDEMPOTENT),
    _set("SCARD", "1.0.0", 2, "readonly fast", KEY, READ),
    _set("SDIFF", "1.0.0", -2, "readonly", KEYS, READ),
    _set("SDIFFCARD", "8.10.0", -3, "readonly movablekeys", NO_KEY, READ, server="redis"),
    _set("SDIFFSTORE", "1.0.0", -3, "write denyoom", KEYS, IDEMPOTENT, effects.store),
    _set("SINTER", "1.0.0", -2, "readonly", KEYS, READ),
    _set("SINTERCARD", "7.0.0", -3, "readonly movablekeys", NO_KEY, READ),
    _set("SINTERSTORE", "1.0.0", -3, "write denyoom", KEYS, IDEMPOTENT),
    _set("SISMEMBER", "1.0.0", 3, "readonly fast", KEY, READ),
    _set("SMEMBERS", "1.0.0", 2, "readonly", KEY, READ),
    _set("SMISMEMBER", "6.2.0", -3, "readonly fast", KEY, READ),
    # The second no longer finds the member and answers 0: the caller would think that nothing was moved.
    _set("SMOVE", "1.0.0", 4, "write fast", TWO_KEYS, ACCUMULATING),
    _set("SPOP", "1.0.0", -2, "write fast", KEY, ACCUMULATING),
    _set("SRANDMEMBER", "1.0.0", -2, "readonly", KEY, READ),
    _set("SREM", "1.0.0", -3, "write fast", KEY, IDEMPOTENT),
    _set("SSCAN", "2.8.0", -3, "readonly", KEY, READ),
    _set("SUNION", "1.0.0", -2, "readonly", KEYS, READ),
    _set("SUNIONCARD", "8.10.0", -3, "readonly movablekeys", NO_KEY, READ, server="redis"),
    _set("SUNIONSTORE", "1.0.0", -3, "write denyoom", KEYS, IDEMPOTENT),
    # -- sorted-set ----------------------------------------------------------------------------------------------------
    _sorted_set("BZMPOP", "7.0.0", -5, "write blocking movablekeys", NO_KEY, BLOCKING, block=blocking.first),
    _sorted_set("BZPOPMAX", "5.0.0", -3, "write blocking fast", KEYS_BUT_LAST, BLOCKING, block=blocking.last),
    _sorted_set("BZPOPMIN", "5.0.0", -3, "write blocking fast", KEYS_BUT_LAST, BLOCKING, block=blocking.last),
    _sorted_set("ZADD", "1.2.0", -4, "write denyoom fast", KEY, IDEMPOTENT, effects.zadd),
    _sorted_set("ZCARD", "1.2.0", 2, "readonly fast", KEY, READ),
    _sorted_set("ZCOUNT", "2.0.0", 4, "readonly fast", KEY, READ),
    _sorted_set("ZDIFF", "6.2.0", -3, "readonly movablekeys", NO_KEY, READ),
    _sorted_set("ZDIFFSTORE", "6.2.0", -4, "write denyoom movablekeys", KEY, IDEMPOTENT, effects.store_numkeys),
    _sorted_set("ZINCRBY", "1.2.0", 4, "write denyoom fast", KEY, ACCUMULATING),
    _sorted_set("ZINTER", "6.2.0", -3, "readonly movablekeys", NO_KEY, READ),
    _sorted_set("ZINTERCARD", "7.0.0", -3, "readonly movablekeys", NO_KEY, READ),
    _sorted_set("ZINTERSTORE", "2.0.0", -4, "write denyoom movablekeys", KEY, IDEMPOTENT, effects.store_numkeys),
    _sorted_set("ZLEXCOUNT", "2.8.9", 4, "readonly fast", KEY, READ),
    _sorted_set("ZMPOP", "7.0.0", -4, "write movablekeys", NO_KEY, ACCUMULATING),
    _sorted_set("ZMSCORE", "6.2.0", -3, "readonly fast", KEY, READ),
    _sorted_set("ZPOPMAX", "5.0.0", -2, "write fast", KEY, ACCUMULATING),
    _sorted_set("ZPOPMIN", "5.0.0", -2, "write fast", KEY, ACCUMULATING),
    _sorted_set("ZRANDMEMBER", "6.2.0", -2, "readonly", KEY, READ),
    _sorted_set("ZRANGE", "1.2.0", -4, "readonly", KEY, READ),
    _sorted_set("ZRANGEBYLEX", "2.8.9", -4, "readonly", KEY, READ),
    _sorted_set("ZRANGEBYSCORE", "1.0.5", -4, "readonly", KEY, READ),
    _sorted_set("ZRANGESTORE", "6.2.0", -5, "write denyoom", TWO_KEYS, IDEMPOTENT, effects.store_range),
    _sorted_set("ZRANK", "2.0.0", -3, "readonly fast", KEY, READ),
    _sorted_set("ZREM", "1.2.0", -3, "write fast", KEY, IDEMPOTENT),
    _sorted_set("ZREMRANGEBYLEX", "2.8.9", 4, "write", KEY, IDEMPOTENT),
    _sorted_set("ZREMRANGEBYRANK", "2.0.0", 4, "write", KEY, ACCUMULATING, effects.zremrangebyrank),
    _sorted_set("ZREMRANGEBYSCORE", "1.2.0", 4, "write", KEY, IDEMPOTENT),
    _sorted_set("ZREVRANGE", "1.2.0", -4, "readonly", KEY, READ),
    _sorted_set("ZREVRANGEBYLEX", "2.8.9", -4, "readonly", KEY, READ),
    _sorted_set("ZREVRANGEBYSCORE", "2.2.0", -4, "readonly", KEY, READ),
    _sorted_set("ZREVRANK", "2.0.0", -3, "readonly fast", KEY, READ),
    _sorted_set("ZSCAN", "2.8.0", -3, "readonly", KEY, READ),
    _sorted_set("ZSCORE", "1.2.0", 3, "readonly fast", KEY, READ),
    _sorted_set("ZUNION", "6.2.0", -3, "readonly movablekeys", NO_KEY, READ),
    _sorted_set("ZUNIONSTORE", "2.0.0", -4, "write denyoom movablekeys", KEY, IDEMPOTENT, effects.store_numkeys),
    # -- hyperloglog ---------------------------------------------------------------------------------------------------
    _hyperloglog("PFADD", "2.8.9", -2, "write denyoom fast", KEY, IDEMPOTENT),
    # Flagged readonly, though it may store the cached count.
    _hyperloglog("PFCOUNT", "2.8.9", -2, "readonly", KEYS, READ),
    _hyperloglog("PFDEBUG", "2.8.9", 3, "write denyoom admin", SUB_KEY, ADMIN),
    _hyperloglog("PFMERGE", "2.8.9", -2, "write denyoom", KEYS, IDEMPOTENT),
    _hyperloglog("PFSELFTEST", "2.8.9", 1, "admin", NO_KEY, ADMIN),
    # -- geo -----------------------------------------------------------------------------------------------------------
    _geo("GEOADD", "3.2.0", -5, "write denyoom", KEY, IDEMPOTENT, effects.zadd),
    _geo("GEODIST", "3.2.0", -4, "readonly", KEY, READ),
    _geo("GEOHASH", "3.2.0", -2, "readonly", KEY, READ),
    _geo("GEOPOS", "3.2.0", -2, "readonly", KEY, READ),
    _geo("GEORADIUS", "3.2.0", -6, "write denyoom movablekeys", KEY, ACCUMULATING, effects.georadius),
    _geo("GEORADIUSBYMEMBER", "3.2.0", -5, "write denyoom movablekeys", KEY, ACCUMULATING, effects.georadiusbymember),
    _geo("GEORADIUSBYMEMBER_RO", "3.2.10", -5, "readonly", KEY, READ),
    _geo("GEORADIUS_RO", "3.2.10", -6, "readonly", KEY, READ),
    _geo("GEOSEARCH", "6.2.0", -7, "readonly", KEY, READ),
    _geo("GEOSEARCHSTORE", "6.2.0", -8, "write denyoom", TWO_KEYS, IDEMPOTENT, effects.store_range),
    # -- stream --------------------------------------------------------------------------------------------------------
    _stream("XACK", "5.0.0", -4, "write fast", KEY, IDEMPOTENT),
    _stream("XACKDEL", "8.2.0", -6, "write fast", KEY, IDEMPOTENT, server="redis"),
    _stream("XADD", "5.0.0", -5, "write denyoom fast", KEY, ACCUMULATING, effects.xadd),
    # What the first claimed is not idle any more, and is lost to the second.
    _stream("XAUTOCLAIM", "6.2.0", -6, "write fast", KEY, ACCUMULATING),
    _stream("XCFGSET", "8.6.0", -2, "write fast", KEY, IDEMPOTENT, server="redis"),
    _stream("XCLAIM", "5.0.0", -6, "write fast", KEY, ACCUMULATING),
    _stream("XDEL", "5.0.0", -3, "write fast", KEY, IDEMPOTENT),
    _stream("XDELEX", "8.2.0", -5, "write fast", KEY, IDEMPOTENT, server="redis"),
    # The second is a BUSYGROUP error.
    _stream("XGROUP CREATE", "5.0.0", -5, "write denyoom", SUB_KEY, ACCUMULATING),
    _stream("XGROUP CREATECONSUMER", "6.2.0", 5, "write denyoom", SUB_KEY, IDEMPOTENT),
    _stream("XGROUP DELCONSUMER", "5.0.0", 5, "write", SUB_KEY, IDEMPOTENT),
    _stream("XGROUP DESTROY", "5.0.0", 4, "write", SUB_KEY, IDEMPOTENT),
    _stream("XGROUP HELP", "5.0.0", 2, "loading stale", NO_KEY, READ),
    _stream("XGROUP SETID", "5.0.0", -5, "write", SUB_KEY, IDEMPOTENT, effects.xgroup_setid),
    _stream("XIDMPRECORD", "8.6.2", 5, "write denyoom fast", KEY, IDEMPOTENT, server="redis"),
    _stream("XINFO CONSUMERS", "5.0.0", 4, "readonly", SUB_KEY, READ),
    _stream("XINFO GROUPS", "5.0.0", 3, "readonly", SUB_KEY, READ),
    _stream("XINFO HELP", "5.0.0", 2, "loading stale", NO_KEY, READ),
    _stream("XINFO STREAM", "5.0.0", -3, "readonly", SUB_KEY, READ),
    _stream("XLEN", "5.0.0", 2, "readonly fast", KEY, READ),
    # Counts deliveries down, and could take an entry from the consumer that has it by now.
    _stream("XNACK", "8.8.0", -7, "write fast", KEY, ACCUMULATING, server="redis"),
    _stream("XPENDING", "5.0.0", -3, "readonly", KEY, READ),
    _stream("XRANGE", "5.0.0", -4, "readonly", KEY, READ),
    # Blocking only with BLOCK, as the two functions say.
    _stream(
        "XREAD", "5.0.0", -4, "readonly blocking movablekeys", NO_KEY, BLOCKING, effects.xread, block=blocking.xread
    ),
    _stream(
        "XREADGROUP",
        "5.0.0",
        -7,
        "write blocking movablekeys",
        NO_KEY,
        BLOCKING,
        effects.xreadgroup,
        block=blocking.xreadgroup,
    ),
    _stream("XREVRANGE", "5.0.0", -4, "readonly", KEY, READ),
    _stream("XSETID", "5.0.0", -3, "write denyoom fast", KEY, IDEMPOTENT),
    # With "~" a second one may take more, though never more than the caller asked for.
    _stream("XTRIM", "5.0.0", -4, "write", KEY, IDEMPOTENT),
    # -- array ---------------------------------------------------------------------------------------------------------
    _array("ARCOUNT", "8.8.0", 2, "readonly fast", KEY, READ, server="redis"),
    _array("ARDEL", "8.8.0", -3, "write fast", KEY, IDEMPOTENT, server="redis"),
    _array("ARDELRANGE", "8.8.0", -4, "write", KEY, IDEMPOTENT, server="redis"),
    _array("ARGET", "8.8.0", 3, "readonly fast", KEY, READ, server="redis"),
    _array("ARGETRANGE", "8.8.0", 4, "readonly", KEY, READ, server="redis"),
    _array("ARGREP", "8.8.0", -6, "readonly", KEY, READ, server="redis"),
    _array("ARINFO", "8.8.0", -2, "readonly", KEY, READ, server="redis"),
    _array("ARINSERT", "8.8.0", -3, "write denyoom fast", KEY, ACCUMULATING, server="redis"),
    _array("ARLASTITEMS", "8.8.0", -3, "readonly", KEY, READ, server="redis"),
    _array("ARLEN", "8.8.0", 2, "readonly fast", KEY, READ, server="redis"),
    _array("ARMGET", "8.8.0", -3, "readonly fast", KEY, READ, server="redis"),
    _array("ARMSET", "8.8.0", -4, "write denyoom fast", KEY, IDEMPOTENT, server="redis"),
    _array("ARNEXT", "8.8.0", 2, "readonly fast", KEY, READ, server="redis"),
    _array("AROP", "8.8.0", -5, "readonly", KEY, READ, server="redis"),
    _array("ARRING", "8.8.0", -4, "write denyoom", KEY, ACCUMULATING, server="redis"),
    _array("ARSCAN", "8.8.0", -4, "readonly", KEY, READ, server="redis"),
    _array("ARSEEK", "8.8.0", 3, "write fast", KEY, IDEMPOTENT, server="redis"),
    _array("ARSET", "8.8.0", -4, "write denyoom fast", KEY, IDEMPOTENT, server="redis"),
    # -- pubsub --------------------------------------------------------------------------------------------------------
    _pubsub("PSUBSCRIBE", "2.0.0", -2, "pubsub noscript loading stale", NO_KEY, STATEFUL, refuse=_SUBSCRIPTION),
    _pubsub("PUBLISH", "2.0.0", 3, "pubsub loading stale fast", NO_KEY, ACCUMULATING),
    _pubsub("PUBSUB CHANNELS", "2.8.0", -2, "pubsub loading stale", NO_KEY, READ),
    _pubsub("PUBSUB HELP", "6.2.0", 2, "loading stale", NO_KEY, READ),
    _pubsub("PUBSUB NUMPAT", "2.8.0", 2, "pubsub loading stale", NO_KEY, READ),
    _pubsub("PUBSUB NUMSUB", "2.8.0", -2, "pubsub loading stale", NO_KEY, READ),
    _pubsub("PUBSUB SHARDCHANNELS", "7.0.0", -2, "pubsub loading stale", NO_KEY, READ),
    _pubsub("PUBSUB SHARDNUMSUB", "7.0.0", -2, "pubsub loading stale", NO_KEY, READ),
    _pubsub("PUNSUBSCRIBE", "2.0.0", -1, "pubsub noscript loading stale", NO_KEY, STATEFUL, refuse=_SUBSCRIPTION),
    _pubsub("SPUBLISH", "7.0.0", 3, "pubsub loading stale fast", KEY, ACCUMULATING),
    _pubsub("SSUBSCRIBE", "7.0.0", -2, "pubsub noscript loading stale", KEYS, STATEFUL, refuse=_SUBSCRIPTION),
    _pubsub("SUBSCRIBE", "2.0.0", -2, "pubsub noscript loading stale", NO_KEY, STATEFUL, refuse=_SUBSCRIPTION),
    _pubsub("SUNSUBSCRIBE", "7.0.0", -1, "pubsub noscript loading stale", KEYS, STATEFUL, refuse=_SUBSCRIPTION),
    _pubsub("UNSUBSCRIBE", "2.0.0", -1, "pubsub noscript loading stale", NO_KEY, STATEFUL, refuse=_SUBSCRIPTION),
    # -- transactions --------------------------------------------------------------------------------------------------
    _transactions("DISCARD", "2.0.0", 1, "noscript loading stale fast allow_busy", NO_KEY, STATEFUL),
    _transactions("EXEC", "1.2.0", 1, "noscript loading stale skip_slowlog", NO_KEY, STATEFUL),
    _transactions("MULTI", "1.2.0", 1, "noscript loading stale fast allow_busy", NO_KEY, STATEFUL),
    _transactions("UNWATCH", "2.2.0", 1, "noscript loading stale fast allow_busy", NO_KEY, STATEFUL),
    _transactions("WATCH", "2.2.0", -2, "noscript loading stale fast allow_busy", KEYS, STATEFUL),
    # -- scripting -----------------------------------------------------------------------------------------------------
    # A script may do anything.
    _scripting("EVAL", "2.6.0", -3, _SCRIPT, NO_KEY, ACCUMULATING),
    _scripting("EVALSHA", "2.6.0", -3, _SCRIPT, NO_KEY, ACCUMULATING),
    _scripting("EVALSHA_RO", "7.0.0", -3, _SCRIPT_RO, NO_KEY, READ),
    _scripting("EVAL_RO", "7.0.0", -3, _SCRIPT_RO, NO_KEY, READ),
    _scripting("FCALL", "7.0.0", -3, _SCRIPT, NO_KEY, ACCUMULATING),
    _scripting("FCALL_RO", "7.0.0", -3, _SCRIPT_RO, NO_KEY, READ),
    # The second finds no library and fails.
    _scripting("FUNCTION DELETE", "7.0.0", 3, "write noscript", NO_KEY, ACCUMULATING, policies=_ALL_SHARDS),
    _scripting("FUNCTION DUMP", "7.0.0", 2, "noscript", NO_KEY, READ, raw=True),
    _scripting("FUNCTION FLUSH", "7.0.0", -2, "write noscript", NO_KEY, ADMIN, policies=_ALL_SHARDS),
    _scripting("FUNCTION HELP", "7.0.0", 2, "loading stale", NO_KEY, READ),
    _scripting("FUNCTION KILL", "7.0.0", 2, "noscript allow_busy", NO_KEY, ADMIN, policies="all_shards one_succeeded"),
    _scripting("FUNCTION LIST", "7.0.0", -2, "noscript", NO_KEY, READ),
    _scripting(
        "FUNCTION LOAD",
        "7.0.0",
        -3,
        "write denyoom noscript",
        NO_KEY,
        ACCUMULATING,
        effects.function_load,
        policies=_ALL_SHARDS,
    ),
    _scripting(
        "FUNCTION RESTORE",
        "7.0.0",
        -3,
        "write denyoom noscript",
        NO_KEY,
        ACCUMULATING,
        effects.function_restore,
        policies=_ALL_SHARDS,
    ),
    _scripting("FUNCTION STATS", "7.0.0", 2, "noscript allow_busy", NO_KEY, READ, policies="all_shards special"),
    _scripting("SCRIPT DEBUG", "3.2.0", 3, "noscript", NO_KEY, STATEFUL, refuse=_DEBUGGER),
    _scripting("SCRIPT EXISTS", "2.6.0", -3, "noscript", NO_KEY, READ, policies="all_shards agg_logical_and"),
    # Could wipe what was loaded in between.
    _scripting("SCRIPT FLUSH", "2.6.0", -2, "noscript", NO_KEY, ADMIN, policies=_ALL_NODES),
    _scripting("SCRIPT HELP", "5.0.0", 2, "loading stale", NO_KEY, READ),
    _scripting("SCRIPT KILL", "2.6.0", 2, "noscript allow_busy", NO_KEY, ADMIN, policies="all_shards one_succeeded"),
    # The same script has the same digest.
    _scripting("SCRIPT LOAD", "2.6.0", 3, "noscript stale", NO_KEY, IDEMPOTENT, policies=_ALL_NODES),
    _scripting("SCRIPT SHOW", "8.0.0", 3, "noscript stale", NO_KEY, READ, server="valkey"),
    # -- connection ----------------------------------------------------------------------------------------------------
    _connection("AUTH", "1.0.0", -2, "noscript loading stale fast no_auth allow_busy", NO_KEY, STATEFUL),
    _connection("CLIENT CACHING", "6.0.0", 3, "noscript loading stale", NO_KEY, STATEFUL),
    _connection("CLIENT CAPA", "8.0.0", -3, "noscript loading stale allow_busy", NO_KEY, STATEFUL, server="valkey"),
    _connection("CLIENT GETNAME", "2.6.9", 2, "noscript loading stale", NO_KEY, READ),
    _connection("CLIENT GETREDIR", "6.0.0", 2, "noscript loading stale", NO_KEY, READ),
    _connection("CLIENT HELP", "5.0.0", 2, "loading stale", NO_KEY, READ),
    # Of the connection that happens to carry it.
    _connection("CLIENT ID", "5.0.0", 2, "noscript loading stale", NO_KEY, READ),
    _connection("CLIENT IMPORT-SOURCE", "8.1.0", 3, "noscript loading stale", NO_KEY, STATEFUL, server="valkey"),
    _connection("CLIENT INFO", "6.2.0", 2, "noscript loading stale", NO_KEY, READ),
    _connection("CLIENT KILL", "2.4.0", -3, "admin noscript loading stale", NO_KEY, ADMIN),
    _connection("CLIENT LIST", "2.4.0", -2, "admin noscript loading stale", NO_KEY, READ),
    _connection("CLIENT NO-EVICT", "7.0.0", 3, "admin noscript loading stale", NO_KEY, STATEFUL),
    _connection("CLIENT NO-TOUCH", "7.2.0", 3, "noscript loading stale", NO_KEY, STATEFUL),
    # Answers at once; it is the others who wait.
    _connection("CLIENT PAUSE", "3.0.0", -3, "admin noscript loading stale", NO_KEY, ADMIN),
    _connection("CLIENT REPLY", "3.2.0", 3, "noscript loading stale", NO_KEY, STATEFUL, refuse=_REPLY),
    _connection("CLIENT SETINFO", "7.2.0", 4, "noscript loading stale", NO_KEY, STATEFUL, policies=_ALL_NODES),
    _connection("CLIENT SETNAME", "2.6.9", 3, "noscript loading stale", NO_KEY, STATEFUL, policies=_ALL_NODES),
    _connection("CLIENT TRACKING", "6.0.0", -3, "noscript loading stale", NO_KEY, STATEFUL),
    _connection("CLIENT TRACKINGINFO", "6.2.0", 2, "noscript loading stale", NO_KEY, READ),
    # The second could wake a later call of that connection.
    _connection("CLIENT UNBLOCK", "5.0.0", -3, "admin noscript loading stale", NO_KEY, ADMIN),
    _connection("CLIENT UNPAUSE", "6.2.0", 2, "admin noscript loading stale", NO_KEY, ADMIN),
    _connection("ECHO", "1.0.0", 2, "loading stale fast", NO_KEY, READ),
    _connection(
        "HELLO", "6.0.0", -1, "noscript loading stale fast no_auth allow_busy", NO_KEY, STATEFUL, refuse=_HELLO
    ),
    _connection("PING", "1.0.0", -1, "fast", NO_KEY, READ, policies=_ALL_SHARDS),
    _connection("QUIT", "1.0.0", -1, "noscript loading stale fast no_auth allow_busy", NO_KEY, STATEFUL, refuse=_QUIT),
    _connection("RESET", "6.2.0", 1, "noscript loading stale fast no_auth allow_busy", NO_KEY, STATEFUL, refuse=_RESET),
    _connection("SELECT", "1.0.0", 2, "loading stale fast", NO_KEY, STATEFUL),
    # -- server --------------------------------------------------------------------------------------------------------
    _server("ACL CAT", "6.0.0", -2, "noscript loading stale", NO_KEY, READ),
    _server("ACL DELUSER", "6.0.0", -3, "admin noscript loading stale", NO_KEY, ADMIN, policies=_ALL_NODES),
    _server("ACL DRYRUN", "7.0.0", -4, "admin noscript loading stale", NO_KEY, READ),
    # Random, and not kept by the server.
    _server("ACL GENPASS", "6.0.0", -2, "noscript loading stale", NO_KEY, READ),
    _server("ACL GETUSER", "6.0.0", 3, "admin noscript loading stale", NO_KEY, READ),
    _server("ACL HELP", "6.0.0", 2, "loading stale", NO_KEY, READ),
    _server("ACL LIST", "6.0.0", 2, "admin noscript loading stale", NO_KEY, READ),
    _server("ACL LOAD", "6.0.0", 2, "admin noscript loading stale", NO_KEY, ADMIN),
    _server("ACL LOG", "6.0.0", -2, "admin noscript loading stale", NO_KEY, ADMIN, effects.acl_log),
    _server("ACL SAVE", "6.0.0", 2, "admin noscript loading stale", NO_KEY, ADMIN, policies=_ALL_NODES),
    _server("ACL SETUSER", "6.0.0", -3, "admin noscript loading stale", NO_KEY, ADMIN, policies=_ALL_NODES),
    _server("ACL USERS", "6.0.0", 2, "admin noscript loading stale", NO_KEY, READ),
    _server("ACL WHOAMI", "6.0.0", 2, "noscript loading stale", NO_KEY, READ),
    _server("BGREWRITEAOF", "1.0.0", 1, "admin noscript no_async_loading", NO_KEY, ADMIN),
    _server("BGSAVE", "1.0.0", -1, "admin noscript no_async_loading", NO_KEY, ADMIN),
    _server("COMMAND", "2.8.13", -1, "loading stale", NO_KEY, READ),
    _server("COMMAND COUNT", "2.8.13", 2, "loading stale", NO_KEY, READ),
    _server("COMMAND DOCS", "7.0.0", -2, "loading stale", NO_KEY, READ),
    _server("COMMAND GETKEYS", "2.8.13", -3, "loading stale", NO_KEY, READ),
    _server("COMMAND GETKEYSANDFLAGS", "7.0.0", -3, "loading stale", NO_KEY, READ),
    _server("COMMAND HELP", "5.0.0", 2, "loading stale", NO_KEY, READ),
    _server("COMMAND INFO", "2.8.13", -2, "loading stale", NO_KEY, READ),
    _server("COMMAND LIST", "7.0.0", -2, "loading stale", NO_KEY, READ),
    _server(
        "COMMANDLOG GET",
        "8.1.0",
        4,
        "admin loading stale",
        NO_KEY,
        READ,
        policies="all_nodes",
        raw=True,
        server="valkey",
    ),
    _server("COMMANDLOG HELP", "8.1.0", 2, "loading stale", NO_KEY, READ, server="valkey"),
    _server(
        "COMMANDLOG LEN", "8.1.0", 3, "admin loading stale", NO_KEY, READ, policies="all_nodes agg_sum", server="valkey"
    ),
    _server("COMMANDLOG RESET", "8.1.0", 3, "admin loading stale", NO_KEY, ADMIN, policies=_ALL_NODES, server="valkey"),
    _server("CONFIG GET", "2.0.0", -3, "admin noscript loading stale", NO_KEY, READ),
    _server("CONFIG HELP", "5.0.0", 2, "loading stale", NO_KEY, READ),
    _server("CONFIG RESETSTAT", "2.0.0", 2, "admin noscript loading stale", NO_KEY, ADMIN, policies=_ALL_NODES),
    _server("CONFIG REWRITE", "2.8.0", 2, "admin noscript loading stale", NO_KEY, ADMIN, policies=_ALL_NODES),
    _server("CONFIG SET", "2.0.0", -4, "admin noscript loading stale", NO_KEY, ADMIN, policies=_ALL_NODES),
    _server("DBSIZE", "1.0.0", 1, "readonly fast", NO_KEY, READ, policies="all_shards agg_sum"),
    _server("DEBUG", "1.0.0", -2, "admin noscript loading stale", NO_KEY, ADMIN, effects.debug),
    _server("FAILOVER", "6.2.0", -1, "admin noscript stale", NO_KEY, ADMIN),
    # The second could wipe what was written in between.
    _server("FLUSHALL", "1.0.0", -1, "write", NO_KEY, ADMIN, policies=_ALL_SHARDS),
    _server("FLUSHDB", "1.0.0", -1, "write", NO_KEY, ADMIN, policies=_ALL_SHARDS),
    _server("HOTKEYS GET", "8.6.0", 2, "admin noscript", NO_KEY, READ, server="redis"),
    _server("HOTKEYS HELP", "8.6.1", 2, "loading stale", NO_KEY, READ, server="redis"),
    _server("HOTKEYS RESET", "8.6.0", 2, "admin noscript", NO_KEY, ADMIN, server="redis"),
    _server("HOTKEYS START", "8.6.0", -2, "admin noscript", NO_KEY, ADMIN, server="redis"),
    _server("HOTKEYS STOP", "8.6.0", 2, "admin noscript", NO_KEY, ADMIN, server="redis"),
    _server("INFO", "1.0.0", -1, "loading stale", NO_KEY, READ, policies="all_shards special"),
    _server("LASTSAVE", "1.0.0", 1, "loading stale fast", NO_KEY, READ),
    _server("LATENCY DOCTOR", "2.8.13", 2, "admin noscript loading stale", NO_KEY, READ, policies="all_nodes special"),
    _server("LATENCY GRAPH", "2.8.13", 3, "admin noscript loading stale", NO_KEY, READ, policies="all_nodes special"),
    _server("LATENCY HELP", "2.8.13", 2, "loading stale", NO_KEY, READ),
    _server(
        "LATENCY HISTOGRAM", "7.0.0", -2, "admin noscript loading stale", NO_KEY, READ, policies="all_nodes special"
    ),
    _server("LATENCY HISTORY", "2.8.13", 3, "admin noscript loading stale", NO_KEY, READ, policies="all_nodes special"),
    _server("LATENCY LATEST", "2.8.13", 2, "admin noscript loading stale", NO_KEY, READ, policies="all_nodes special"),
    _server("LATENCY RESET", "2.8.13", -2, "admin noscript loading stale", NO_KEY, ADMIN, policies="all_nodes agg_sum"),
    _server("LOLWUT", "5.0.0", -1, "readonly fast", NO_KEY, READ),
    _server("MEMORY DOCTOR", "4.0.0", 2, "", NO_KEY, READ, policies="all_shards special"),
    _server("MEMORY HELP", "4.0.0", 2, "loading stale", NO_KEY, READ),
    _server("MEMORY MALLOC-STATS", "4.0.0", 2, "", NO_KEY, READ, policies="all_shards special"),
    _server("MEMORY PURGE", "4.0.0", 2, "", NO_KEY, ADMIN, policies=_ALL_SHARDS),
    _server("MEMORY STATS", "4.0.0", 2, "", NO_KEY, READ, policies="all_shards special"),
    _server("MEMORY USAGE", "4.0.0", -3, "readonly", SUB_KEY, READ),
    _server("MODULE HELP", "5.0.0", 2, "loading stale", NO_KEY, READ),
    _server("MODULE LIST", "4.0.0", 2, "admin noscript", NO_KEY, READ),
    _server("MODULE LOAD", "4.0.0", -3, "admin noscript no_async_loading", NO_KEY, ADMIN),
    _server("MODULE LOADEX", "7.0.0", -3, "admin noscript no_async_loading", NO_KEY, ADMIN),
    _server("MODULE UNLOAD", "4.0.0", 3, "admin noscript no_async_loading", NO_KEY, ADMIN),
    _server("MONITOR", "1.0.0", 1, "admin noscript loading stale", NO_KEY, STATEFUL, refuse=_MONITOR),
    _server("PSYNC", "2.8.0", -3, "admin noscript no_async_loading no_multi", NO_KEY, STATEFUL, refuse=_REPLICATION),
    _server("REPLCONF", "3.0.0", -1, "admin noscript loading stale allow_busy", NO_KEY, STATEFUL, refuse=_REPLICATION),
    _server("REPLICAOF", "5.0.0", 3, "admin noscript stale no_async_loading", NO_KEY, ADMIN),
    # What MIGRATE sends to a cluster node.
    _server("RESTORE-ASKING", "3.0.0", -4, "write denyoom asking", KEY, ACCUMULATING, effects.restore),
    _server("ROLE", "2.8.12", 1, "noscript loading stale fast", NO_KEY, READ),
    _server("SAVE", "1.0.0", 1, "admin noscript no_async_loading no_multi", NO_KEY, ADMIN),
    _server("SHUTDOWN", "1.0.0", -1, "admin noscript loading stale allow_busy no_multi", NO_KEY, ADMIN),
    _server("SLAVEOF", "1.0.0", 3, "admin noscript stale no_async_loading", NO_KEY, ADMIN),
    # Shows the arguments of commands, which may be binary.
    _server("SLOWLOG GET", "2.2.12", -2, "admin loading stale", NO_KEY, READ, policies="all_nodes", raw=True),
    _server("SLOWLOG HELP", "6.2.0", 2, "loading stale", NO_KEY, READ),
    _server("SLOWLOG LEN", "2.2.12", 2, "admin loading stale", NO_KEY, READ, policies="all_nodes agg_sum"),
    _server("SLOWLOG RESET", "2.2.12", 2, "admin loading stale", NO_KEY, ADMIN, policies=_ALL_NODES),
    # The second swaps back.
    _server("SWAPDB", "4.0.0", 3, "write fast", NO_KEY, ADMIN),
    _server("SYNC", "1.0.0", 1, "admin noscript no_async_loading no_multi", NO_KEY, STATEFUL, refuse=_REPLICATION),
    _server("TIME", "2.6.0", 1, "loading stale fast", NO_KEY, READ),
    _server("TRIMSLOTS", "8.4.0", -5, "write", NO_KEY, ADMIN, server="redis"),
    # -- cluster -------------------------------------------------------------------------------------------------------
    _cluster("ASKING", "3.0.0", 1, "fast", NO_KEY, STATEFUL),
    _cluster("CLUSTER ADDSLOTS", "3.0.0", -3, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER ADDSLOTSRANGE", "7.0.0", -4, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER BUMPEPOCH", "3.0.0", 2, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster(
        "CLUSTER CANCELSLOTMIGRATIONS", "9.0.0", 2, "admin stale no_async_loading", NO_KEY, ADMIN, server="valkey"
    ),
    _cluster("CLUSTER COUNT-FAILURE-REPORTS", "3.0.0", 3, "admin stale", NO_KEY, READ),
    _cluster("CLUSTER COUNTKEYSINSLOT", "3.0.0", 3, "stale", NO_KEY, READ),
    _cluster("CLUSTER DELSLOTS", "3.0.0", -3, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER DELSLOTSRANGE", "7.0.0", -4, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER FAILOVER", "3.0.0", -2, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER FLUSHSLOT", "9.0.0", -3, "write admin no_async_loading", NO_KEY, ADMIN, server="valkey"),
    _cluster("CLUSTER FLUSHSLOTS", "3.0.0", 2, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER FORGET", "3.0.0", 3, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER GETKEYSINSLOT", "3.0.0", 4, "stale", NO_KEY, READ),
    _cluster("CLUSTER GETSLOTMIGRATIONS", "9.0.0", 2, "admin stale no_async_loading", NO_KEY, READ, server="valkey"),
    _cluster("CLUSTER HELP", "5.0.0", 2, "loading stale", NO_KEY, READ),
    _cluster("CLUSTER INFO", "3.0.0", 2, "stale", NO_KEY, READ),
    _cluster("CLUSTER KEYSLOT", "3.0.0", 3, "stale", NO_KEY, READ),
    _cluster("CLUSTER LINKS", "7.0.0", 2, "stale", NO_KEY, READ),
    _cluster("CLUSTER MEET", "3.0.0", -4, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER MIGRATESLOTS", "9.0.0", -4, "admin stale no_async_loading", NO_KEY, ADMIN, server="valkey"),
    _cluster(
        "CLUSTER MIGRATION",
        "8.4.0",
        -4,
        "admin stale no_async_loading",
        NO_KEY,
        ADMIN,
        effects.cluster_migration,
        server="redis",
    ),
    _cluster("CLUSTER MYID", "3.0.0", 2, "stale", NO_KEY, READ),
    _cluster("CLUSTER MYSHARDID", "7.2.0", 2, "stale", NO_KEY, READ),
    _cluster("CLUSTER NODES", "3.0.0", 2, "stale", NO_KEY, READ),
    _cluster("CLUSTER REPLICAS", "5.0.0", 3, "admin stale", NO_KEY, READ),
    _cluster("CLUSTER REPLICATE", "3.0.0", 3, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER RESET", "3.0.0", -2, "admin noscript stale", NO_KEY, ADMIN),
    _cluster("CLUSTER SAVECONFIG", "3.0.0", 2, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER SET-CONFIG-EPOCH", "3.0.0", 3, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER SETSLOT", "3.0.0", -4, "admin stale no_async_loading", NO_KEY, ADMIN),
    _cluster("CLUSTER SHARDS", "7.0.0", 2, "loading stale", NO_KEY, READ),
    _cluster("CLUSTER SLAVES", "3.0.0", 3, "admin stale", NO_KEY, READ),
    _cluster("CLUSTER SLOT-STATS", "8.2.0", -4, "loading stale", NO_KEY, READ, policies="all_shards"),
    _cluster("CLUSTER SLOTS", "3.0.0", 2, "loading stale", NO_KEY, READ),
    _cluster("CLUSTER SYNCSLOTS", "8.4.0", -3, "admin stale no_async_loading", NO_KEY, STATEFUL, refuse=_REPLICATION),
    _cluster("CLUSTERSCAN", "9.1.0", -2, "readonly", KEY, READ, policies="special special", server="valkey"),
    _cluster("READONLY", "3.0.0", 1, "loading stale fast", NO_KEY, STATEFUL),
    _cluster("READWRITE", "3.0.0", 1, "loading stale fast", NO_KEY, STATEFUL),
    # -- sentinel ------------------------------------------------------------------------------------------------------
    _sentinel("SENTINEL CKQUORUM", "2.8.4", 3, "admin", NO_KEY, READ),
    _sentinel("SENTINEL CONFIG", "6.2.0", -4, "admin", NO_KEY, ADMIN, effects.reads_if_get),
    _sentinel("SENTINEL DEBUG", "7.0.0", -2, "admin", NO_KEY, ADMIN, effects.sentinel_debug),
    _sentinel("SENTINEL FAILOVER", "2.8.4", 3, "admin", NO_KEY, ADMIN),
    _sentinel("SENTINEL FLUSHCONFIG", "2.8.4", 2, "admin", NO_KEY, ADMIN),
    _sentinel("SENTINEL GET-MASTER-ADDR-BY-NAME", "2.8.4", 3, "admin", NO_KEY, READ),
    _sentinel("SENTINEL GET-PRIMARY-ADDR-BY-NAME", "8.0.0", 3, "admin", NO_KEY, READ, server="valkey"),
    _sentinel("SENTINEL HELP", "6.2.0", 2, "loading stale", NO_KEY, READ),
    _sentinel("SENTINEL INFO-CACHE", "3.2.0", -3, "admin", NO_KEY, READ),
    # With a run id it asks for a vote, which is given once.
    _sentinel("SENTINEL IS-MASTER-DOWN-BY-ADDR", "2.8.4", 6, "admin", NO_KEY, ADMIN),
    _sentinel("SENTINEL IS-PRIMARY-DOWN-BY-ADDR", "8.0.0", 6, "admin", NO_KEY, ADMIN, server="valkey"),
    _sentinel("SENTINEL MASTER", "2.8.4", 3, "admin", NO_KEY, READ),
    _sentinel("SENTINEL MASTERS", "2.8.4", 2, "admin", NO_KEY, READ),
    _sentinel("SENTINEL MONITOR", "2.8.4", 6, "admin", NO_KEY, ADMIN),
    _sentinel("SENTINEL MYID", "6.2.0", 2, "admin", NO_KEY, READ),
    _sentinel("SENTINEL PENDING-SCRIPTS", "2.8.4", 2, "admin", NO_KEY, READ),
    _sentinel("SENTINEL PRIMARIES", "8.0.0", 2, "admin", NO_KEY, READ, server="valkey"),
    _sentinel("SENTINEL PRIMARY", "8.0.0", 3, "admin", NO_KEY, READ, server="valkey"),
    _sentinel("SENTINEL REMOVE", "2.8.4", 3, "admin", NO_KEY, ADMIN),
    _sentinel("SENTINEL REPLICAS", "5.0.0", 3, "admin", NO_KEY, READ),
    _sentinel("SENTINEL RESET", "2.8.4", 3, "admin", NO_KEY, ADMIN),
    _sentinel("SENTINEL SENTINELS", "2.8.4", 3, "admin", NO_KEY, READ),
    _sentinel("SENTINEL SET", "2.8.4", -5, "admin", NO_KEY, ADMIN),
    _sentinel("SENTINEL SIMULATE-FAILURE", "3.2.0", -3, "admin", NO_KEY, ADMIN),
    _sentinel("SENTINEL SLAVES", "2.8.0", 3, "admin", NO_KEY, READ),
)

#: Every command and subcommand known here, by its name in upper case.
SPECS: Mapping[str, CommandSpec] = {spec.name: spec for spec in (*_ROWS, *MODULE_ROWS)}

#: The names that come before a subcommand.
_CONTAINERS = frozenset(name.partition(" ")[0] for name in SPECS if " " in name)
#: What one argument names for certain.
_WHOLE: Mapping[str, CommandSpec] = {name: spec for name, spec in SPECS.items() if name not in _CONTAINERS}


def spec_for(name: str) -> CommandSpec:
    """Return the row of a command, in any letter case, or a careful spec where the table does not know it.

    Raises:
        DataError: this cannot be the name of a command.
    """
    name = _checked(name)
    return SPECS.get(name) or _unknown(name)


def resolve(args: tuple[Any, ...]) -> tuple[CommandSpec, tuple[Any, ...]]:
    """Find the row of a raw command, and return it with the arguments that follow the name.

    The name is one argument or two: ``("CONFIG", "GET", "x")``, ``("config get", "x")``, ``(b"GET", "key")``. Only a
    name of the table may have two words in one argument: anything else with a space may carry somebody's data, which
    must not become arguments.

    Raises:
        DataError: there is no name, or it cannot be one.
    """
    if not args:
        raise DataError("a command needs a name; nothing was given")
    first = args[0]
    if type(first) is str and (spec := _WHOLE.get(first)) is not None:
        return spec, args[1:]
    name = _checked(first)
    if name in _CONTAINERS and len(args) > 1:
        spec = SPECS.get(f"{name} {_subcommand(args[1])}")
        if spec is not None:
            return spec, args[2:]
    return SPECS.get(name) or _unknown(name), args[1:]


def _checked(name: Any) -> str:
    """Return the name in upper case, or refuse it. The error does not show it: it may be a misplaced argument."""
    text = _text(name)
    if text is None:
        raise DataError(f"the name of a command must be str or bytes, not {type(name).__name__}")
    if not text:
        raise DataError("the name of a command must not be empty")
    if not (text.isascii() and text.isprintable()):
        raise DataError("the name of a command must be printable ASCII")
    text = text.upper()
    if " " in text and text not in SPECS:
        raise DataError(
            'the name of a command is one word, or a known command and subcommand ("CONFIG GET"); '
            "pass what follows it as arguments of their own"
        )
    return text


def _subcommand(value: Any) -> str:
    """Return what may be a subcommand, in upper case. Letters beyond ASCII have upper cases within it."""
    text = _text(value)
    return text.upper() if text is not None and text.isascii() else ""


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return bytes(value).decode("latin-1") if isinstance(value, bytes | bytearray | memoryview) else None


@lru_cache(maxsize=128)  # a module's commands are sent again and again
def _unknown(name: str) -> CommandSpec:
    """Return a spec that assumes nothing good: a new subcommand of CLIENT most likely changes its connection."""
    spec = unknown(name)
    return spec.with_(effect=STATEFUL) if name in ("CLIENT", "HIMPORT") else spec
