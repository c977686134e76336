"""Calls of the scripting and pub/sub commands, to compare with redis-py."""

from tests.commands.calls_collections import Call, Case, call

LIBRARY = (
    "#!lua name=lib\n"
    "redis.register_function('echo', function(keys, args) return {keys, args} end)\n"
    "redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end,"
    " flags={'no-writes'}, description='looks'}\n"
)
LOADED = ("FUNCTION", "LOAD", "REPLACE", LIBRARY)
EMPTY = ("FUNCTION", "FLUSH", "SYNC")
FORGOTTEN = ("SCRIPT", "FLUSH", "SYNC")
K = ("SET", "k", "v")
ONE = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"  # of "return 1"

SCRIPTS = [
    Case(
        "eval",
        [K],
        [
            call("eval", "return {KEYS[1], ARGV[1], ARGV[2]}", 1, "k", b"\xc3\xa4", 1.5),
            call("eval", "return redis.call('GET', KEYS[1])", 1, "k"),
            call("eval", "return 3.99", 0),
            call("eval", "return {1, 2, nil, 4}", 0),
            call("eval", "return redis.error_reply('MINE text')", 0),
            call("eval", "return redis.status_reply('FINE')", 0),
            call("eval", "return redis.call('INCR', KEYS[1])", 1, "k"),
            call("eval", "syntax error", 0),
            call("eval", "return 1", 2, "k"),
        ],
    ),
    Case(
        "eval_ro",
        [K],
        [
            call("eval_ro", "return redis.call('GET', KEYS[1])", 1, "k"),
            call("eval_ro", "return redis.call('DEL', KEYS[1])", 1, "k"),
        ],
        ["EVAL_RO"],
    ),
    Case("evalsha", [FORGOTTEN], [call("evalsha", ONE, 0), call("script_load", "return 1"), call("evalsha", ONE, 0)]),
    Case(
        "evalsha_ro",
        [FORGOTTEN],
        [call("evalsha_ro", ONE, 0), call("script_load", b"return 1"), call("evalsha_ro", ONE, 0)],
        ["EVALSHA_RO"],
    ),
    Case(
        "script exists, flush",
        [FORGOTTEN, ("SCRIPT", "LOAD", "return 1")],
        [
            call("script_exists", ONE, "0" * 40),
            call("script_flush"),
            call("script_exists", ONE),
            call("script_flush", "SYNC"),
            call("script_flush", "ASYNC"),
            call("script_flush", sync_type="LATER"),
        ],
    ),
    Case("script_kill, function_kill", [], [call("script_kill"), call("function_kill")]),
    Case("script_debug", [], [call("script_debug", "YES")]),
]

FUNCTIONS = [
    Case(
        "fcall",
        [LOADED, K],
        [
            call("fcall", "echo", 1, "k", "a", 2),
            call("fcall", "peek", 1, "k"),
            call("fcall_ro", "peek", 1, "k"),
            call("fcall_ro", "echo", 0),
            call("fcall", "missing", 0),
        ],
        ["FCALL"],
    ),
    Case(
        "function_load, function_delete",
        [EMPTY],
        [
            call("function_load", LIBRARY),
            call("function_load", LIBRARY),
            call("function_load", LIBRARY, replace=True),
            call("function_load", "no shebang"),
            call("function_delete", "lib"),
            call("function_delete", "lib"),
        ],
        ["FUNCTION LOAD"],
    ),
    Case(
        "function_list",
        [EMPTY, ("FUNCTION", "LOAD", "#!lua name=one\nredis.register_function('f', function() return 1 end)")],
        [
            call("function_list"),
            call("function_list", "o*", withcode=True),
            call("function_list", "x*"),
        ],
        ["FUNCTION LIST"],
    ),
    Case(
        "function_flush, function_dump",
        [LOADED],
        [
            call("function_flush", "ASYNC"),
            call("function_dump"),
            call("function_flush"),
            call("function_flush", "LATER"),
            call("function_list"),
            call("function_restore", b"nonsense"),
            call("function_restore", b"nonsense", "NEVER"),
        ],
        ["FUNCTION DUMP"],
    ),
]

PUBSUB = [
    Case("publish", [], [call("publish", "c", "message"), call("publish", b"c", 1), call("publish", "c", None)]),
    Case("spublish", [], [call("spublish", "c", "message")], ["SPUBLISH"]),
    Case(
        "pubsub",
        [],
        [
            call("pubsub_channels"),
            call("pubsub_channels", "x*"),
            call("pubsub_numpat"),
            call("pubsub_numsub"),
            call("pubsub_numsub", "a", b"b"),
        ],
    ),
    Case(
        "pubsub of shards",
        [],
        [
            call("pubsub_shardchannels"),
            call("pubsub_shardchannels", pattern="x*"),
            call("pubsub_shardnumsub"),
            call("pubsub_shardnumsub", "a", b"b"),
        ],
        ["PUBSUB SHARDNUMSUB"],
    ),
]

CASES = [*SCRIPTS, *FUNCTIONS, *PUBSUB]

_BEFORE = "refused before it is sent, not by the server"

DIFFERENT: list[tuple[str, Call, str]] = [(_BEFORE, call("script_exists"), "")]

#: What is the same as redis-py's default, which speaks RESP3, but not as with its ``protocol=2``.
UNIFIED: list[tuple[str, Call]] = [("the functions' statistics are dicts, not flat lists", call("function_stats"))]
