"""Calls of the generic, string, bitmap, hyperloglog, connection and server commands, to compare with redis-py."""

from datetime import UTC, datetime, timedelta

from tests.commands.calls_collections import Call, Case, call

YEAR_2100 = datetime(2100, 1, 1, tzinfo=UTC)
LONG = timedelta(days=1000)
K = ("SET", "k", "value")
N = ("SET", "n", "10")
LIST = ("RPUSH", "l", "3", "1", "2")
WEIGHTS = (LIST, ("MSET", "w1", "9", "w2", "5", "w3", "7", "n1", "one", "n3", "three"))

STRINGS = [
    Case("append, strlen", [K], [call("append", "k", "!"), call("append", "new", 1), call("strlen", "k")]),
    Case("get", [K, LIST], [call("get", "k"), call("get", "missing"), call("get", "l")]),
    Case("getdel", [K], [call("getdel", "k"), call("getdel", "k")]),
    Case("getset", [K], [call("getset", "k", b"\xff"), call("getset", "new", 1.5)]),
    Case(
        "getex",
        [K],
        [
            call("getex", "k"),
            call("getex", "k", ex=LONG),
            call("getex", "k", pxat=YEAR_2100),
            call("pexpiretime", "k"),
            call("getex", "k", persist=True),
            call("ttl", "k"),
            call("getex", "missing", ex=1),
            call("getex", "k", ex=1, px=1),
            call("getex", "k", ex=1.5),
        ],
    ),
    Case("getrange, substr", [K], [call("getrange", "k", 1, -2), call("substr", "k", 2), call("substr", "x", 0, 1)]),
    Case("incr", [N], [call("incr", "n"), call("incr", "n", 5), call("incrby", "new", -1), call("incrby", "n")]),
    Case("decr", [N], [call("decr", "n"), call("decr", "n", 5), call("decrby", "new", -1), call("decrby", "n")]),
    Case(
        "incrbyfloat", [N], [call("incrbyfloat", "n"), call("incrbyfloat", "n", 0.1), call("incrbyfloat", "n", "1e3")]
    ),
    Case("incr of no number", [K], [call("incr", "k"), call("incrbyfloat", "k")]),
    Case("mget", [K, N], [call("mget", "k"), call("mget", ["k", "x"], "n"), call("mget", {"k": 1}), call("mget", [])]),
    Case("mset", [], [call("mset", {"a": 1, b"b": b"2"}), call("msetnx", {"b": 3}), call("msetnx", {"c": 3.5})]),
    Case("set", [], [call("set", "k", "v"), call("set", "k", 1.5), call("get", "k"), call("set", "k", b"\x00")]),
    Case(
        "set with an expiry",
        [],
        [
            call("set", "k", "v", LONG),
            call("set", "k", "v", "100"),
            call("set", "k", "v", px=LONG),
            call("set", "k", "v", exat=YEAR_2100),
            call("expiretime", "k"),
            call("set", "k", "v", keepttl=True),
            call("set", "k", "v", pxat=4_102_444_800_123),
            call("pexpiretime", "k"),
            call("set", "k", "v", ex=0),
            call("set", "k", "v", ex=1, pxat=1),
        ],
    ),
    Case(
        "set under a condition",
        [K],
        [
            call("set", "k", "v", nx=True),
            call("set", "k", "v", xx=True),
            call("set", "new", "v", xx=True),
            call("set", "k", "v", nx=True, xx=True),
            call("set", "k", "w", get=True),
            call("set", "new", "w", get=True),
            call("set", "k", "x", xx=True, get=True),
        ],
    ),
    Case("set get of a wrong type", [LIST], [call("set", "l", "v", get=True), call("set", "l", "v")]),
    Case(
        "set if equal",
        [K],
        [
            call("set", "k", "v", ifeq="other"),
            call("set", "k", "v", ifeq="value"),
            call("set", "k", "w", ifeq="v", get=True),
            call("set", "missing", "w", ifeq="v"),
            call("set", "k", "v", ifeq="a", nx=True),
        ],
        ["SET:IFEQ"],
    ),
    Case("setex", [], [call("setex", "k", LONG, "v"), call("setex", "k", 5, "v"), call("psetex", "k", 5000, "v")]),
    Case("setnx", [], [call("setnx", "k", "v"), call("setnx", "k", "v")]),
    Case("setrange", [K], [call("setrange", "k", 3, "xy"), call("setrange", "new", 3, 1), call("get", "new")]),
    Case(
        "lcs",
        [("MSET", "a", "ohmytext", "b", "mynewtext")],
        [
            call("lcs", "a", "b"),
            call("lcs", "a", "b", len=True),
            call("lcs", "a", "b", idx=True),
            call("lcs", "a", "b", idx=True, minmatchlen=3, withmatchlen=True),
            call("lcs", "a", "missing"),
        ],
    ),
    Case("digest", [K], [call("digest", "k"), call("digest", "missing")], ["DIGEST"]),
    Case(
        "msetex",
        [],
        [call("msetex", {"a": 1, "b": 2}, ex=LONG), call("msetex", {"a": 1}, keepttl=True, px=1)],
        ["MSETEX"],
    ),
    Case(
        "increx",
        [],
        [call("increx", "n"), call("increx", "n", byint=5, ubound=3), call("increx", "n", enx=True)],
        ["INCREX"],
    ),
    Case("delex", [K], [call("delex", "k", ifeq="x"), call("delex", "k", "a", "b"), call("delex", "k")], ["DELEX"]),
]

KEYS = [
    Case("delete", [K, N], [call("delete", "k", "x"), call("unlink", "n"), call("exists", "k", "n")]),
    Case("exists, touch", [K], [call("exists", "k", "k"), call("touch", "k", "x"), call("touch", "x")]),
    Case("type", [K, LIST], [call("type", "k"), call("type", "l"), call("type", "x")]),
    Case("keys, randomkey", [K], [call("keys"), call("keys", "x*"), call("randomkey"), call("keys", b"k")]),
    Case("keys of nothing", [], [call("keys"), call("randomkey"), call("dbsize")]),
    Case("scan", [K], [call("scan"), call("scan", 0, "x*", 50), call("scan", match="k", _type="string")]),
    Case("rename", [K, N], [call("rename", "k", "m"), call("renamenx", "m", "n"), call("renamenx", "m", "k")]),
    Case("rename nothing", [], [call("rename", "k", "m"), call("renamenx", "k", "m")]),
    Case("copy", [K, N], [call("copy", "k", "n"), call("copy", "k", "n", replace=True), call("copy", "k", "k", 1)]),
    Case("move", [K], [call("move", "k", 1), call("move", "k", 1), call("move", "x", 1)]),
    Case("dump", [K], [call("dump", "k"), call("dump", "x")]),
    Case("restore", [K], [call("restore", "k", 0, b"no dump"), call("restore", "k", 0, b"", idletime="x")]),
    Case(
        "expire",
        [K],
        [
            call("expire", "k", LONG),
            call("expire", "k", 5000, nx=True),
            call("expire", "x", 5),
            call("ttl", "x"),
            call("persist", "k"),
            call("persist", "k"),
            call("ttl", "k"),
            call("pexpire", "k", "5000", xx=True),
            call("pexpire", "k", LONG, nx=True),
            call("expire", "k", -1),
            call("exists", "k"),
        ],
    ),
    Case(
        "expire at",
        [K],
        [
            call("expireat", "k", YEAR_2100),
            call("expiretime", "k"),
            call("pexpireat", "k", 4_102_444_800_123, gt=True),
            call("pexpiretime", "k"),
            call("pexpireat", "k", YEAR_2100, lt=True),
            call("pexpiretime", "x"),
            call("expiretime", "l"),
        ],
    ),
    Case(
        "object",
        [N],
        [call("object", "encoding", "n"), call("object", "REFCOUNT", "x"), call("object", "freq", "n")],
    ),
    Case(
        "sort",
        WEIGHTS,
        [
            call("sort", "l"),
            call("sort", "l", 1, 1),
            call("sort", "l", by="w*", desc=True),
            call("sort", "l", get="n*"),
            call("sort", "l", get=["#", "n*"]),
            call("sort", "l", get=["#", "n*"], groups=True),
            call("sort", "l", alpha=True, store="s"),
            call("sort", "x"),
            call("sort", "l", 1),
            call("sort", "l", get="n*", groups=True),
            call("sort_ro", "l", by="nosort", get=("#",)),
            call("sort", "n1"),
        ],
    ),
    Case("wait", [], [call("wait", 0, 1)]),
    Case("waitaof", [], [call("waitaof", 0, 0, 1)], ["WAITAOF"]),
]

BITMAPS = [
    Case("bits", [], [call("setbit", "k", 7, 1), call("setbit", "k", 7, False), call("getbit", "k", 7)]),
    Case(
        "bitcount",
        [K],
        [
            call("bitcount", "k"),
            call("bitcount", "k", 1, 2),
            call("bitcount", "k", 1, 9, "BIT"),
            call("bitcount", "k", 1),
        ],
    ),
    Case(
        "bitpos",
        [K],
        [
            call("bitpos", "k", 1),
            call("bitpos", "k", 0, 2),
            call("bitpos", "k", 1, 3, 9, "BIT"),
            call("bitpos", "k", 7),
            call("bitpos", "k", 1, end=1),
        ],
    ),
    Case("bitop", [K, N], [call("bitop", "AND", "d", "k", "n"), call("bitop", "NOT", "d", "k"), call("strlen", "d")]),
    Case("bitfield_ro", [K], [call("bitfield_ro", "k", "u8", 0), call("bitfield_ro", "k", "i4", "#1", [("u2", 3)])]),
]

HYPERLOGLOGS = [
    Case("pfadd", [], [call("pfadd", "h", "a", 1), call("pfadd", "h", "a"), call("pfadd", "g"), call("pfcount", "h")]),
    Case("pfmerge", [("PFADD", "a", "x")], [call("pfmerge", "d", "a", "b"), call("pfcount", "d", "a")]),
]

SERVER = [
    Case("ping, echo", [], [call("ping"), call("echo", "x"), call("echo", 1.5)]),
    Case(
        "config",
        [],
        [
            call("config_get", "maxmemory"),
            call("config_get", "maxmemory", "timeout"),
            call("config_get", "nothing"),
            call("config_set", "timeout", 0),
            call("config_set", "nothing", 0),
            call("config_resetstat"),
        ],
    ),
    Case("flush", [], [call("flushdb"), call("flushall", True), call("swapdb", 0, 1), call("dbsize")]),
    Case(
        "command",
        [],
        [
            call("command_count"),
            call("command_list", pattern="ren*"),
            call("command_getkeys", "MSET", "a", 1, "b", 2),
            call("command_getkeysandflags", "MSET", "a", 1),
        ],
    ),
    Case("latency", [], [call("latency_reset"), call("latency_latest"), call("latency_history", "command")]),
    Case("slow log", [], [call("slowlog_reset"), call("slowlog_get", 1), call("slowlog_len")]),
    Case("memory", [], [call("memory_usage", "x"), call("memory_purge")]),
    Case("modules", [], [call("module_load", "/nowhere"), call("module_unload", "nothing")]),
    Case("role", [], [call("role")]),
    Case(
        "client",
        [],
        [
            call("client_kill", "127.0.0.1:1"),
            call("client_kill_filter", _id="123456"),
            call("client_kill_filter"),
            call("client_kill_filter", _type="king"),
            call("client_kill_filter", skipme="yes"),
            call("client_list", _type="pubsub"),
            call("client_list", "king"),
            call("client_list", client_id="1"),
            call("client_pause", 1, all=False),
            call("client_pause", "1"),
            call("client_unpause"),
            call("client_unblock", 123456),
            call("client_unblock", 123456, True),
            call("client_getredir"),
            call("client_trackinginfo"),
            call("client_reply", "MAYBE"),
            call("client_tracking", prefix=["a"]),
        ],
    ),
]

#: What differs from one call to the next: the types are compared, and the keys of dicts.
VOLATILE = [
    Case("info", [K], [call("info"), call("info", "memory"), call("info", "clients", "keyspace")]),
    Case("clocks", [], [call("time"), call("lastsave")]),
    Case("what a client is", [], [call("client_id"), call("client_info"), call("client_list")]),
    Case("what is used", [K], [call("memory_usage", "k"), call("memory_usage", "k", 0), call("memory_malloc_stats")]),
    Case("lolwut", [], [call("lolwut"), call("lolwut", 5, 1, 1, 1)]),
    Case("idle time", [K], [call("object", "idletime", "k"), call("ttl", "k"), call("pttl", "x")]),
    Case(
        "slow commands",
        [("CONFIG", "SET", "slowlog-log-slower-than", 0), K],
        [call("config_set", "slowlog-log-slower-than", 10_000), call("slowlog_get"), call("slowlog_get", 1)],
    ),
    Case("config of all", [], [call("config_get")]),
]

#: What changes a connection: it runs on one of its own.
STATEFUL = [
    Case("names", [], [call("client_getname"), call("client_setname", "me"), call("client_getname")]),
    Case("select", [], [call("select", 1), call("select", 99), call("select", 0)]),
    Case("tracking", [], [call("client_tracking_off"), call("client_no_evict", "ON")]),
    Case("no touch", [], [call("client_no_touch", "ON"), call("client_no_touch", "OFF")], ["CLIENT NO-TOUCH"]),
    Case("set info", [], [call("client_setinfo", "LIB-NAME", "mine")], ["CLIENT SETINFO"]),
]

_BEFORE = "what cannot work is refused before it is sent"
#: What differs deliberately, and why.
DIFFERENT: list[tuple[str, Call, str]] = [
    (_BEFORE, call("delete"), "and would spoil a transaction"),
    (_BEFORE, call("unlink"), ""),
    (_BEFORE, call("exists"), ""),
    (_BEFORE, call("touch"), ""),
    (_BEFORE, call("mset", {}), ""),
    (_BEFORE, call("msetnx", {}), ""),
    (_BEFORE, call("pfcount"), ""),
    (_BEFORE, call("bitop", "AND", "d"), ""),
    (_BEFORE, call("bitcount", "k", mode="BIT"), ""),
    (_BEFORE, call("expire", "k", 1, nx=True, gt=True), ""),
    (_BEFORE, call("expire", "k", 1.5), ""),
    (_BEFORE, call("set", "k", "v", exat=1.5), ""),
    (_BEFORE, call("lcs", "a", "b", len=True, idx=True), ""),
    (_BEFORE, call("object", "help", "k"), ""),
    (_BEFORE, call("config_set", "a", 1, "b"), ""),
    (_BEFORE, call("command_getkeys"), ""),
    ("a number as text is as good for px as it is for ex", call("set", "k", "v", px="100"), ""),
    ("redis-py sends a string as its letters", call("client_tracking", prefix="ab", bcast=True), ""),
    ("redis-py ignores what is no number", call("memory_usage", "k", samples="5"), ""),
    ("redis-py does not implement it", call("command_info", "get"), ""),
    ("redis-py does not implement it", call("command_docs", "get"), ""),
    ("redis-py does not implement it", call("latency_doctor"), ""),
    ("redis-py does not implement it", call("latency_graph", "command"), ""),
    ("redis-py does not implement it", call("latency_histogram"), ""),
    ("redis-py does not implement it", call("memory_doctor"), ""),
    ("redis-py does not implement it", call("memory_help"), ""),
]

#: What is the same as redis-py's default, which speaks RESP3, but not as with its ``protocol=2``.
UNIFIED: list[tuple[str, Call]] = [
    ("ratios are floats, not strings", call("memory_stats")),
    ("the maps in the details are dicts, not flat lists", call("command")),
]

CASES = [*STRINGS, *KEYS, *BITMAPS, *HYPERLOGLOGS, *SERVER]
