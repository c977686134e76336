"""The table of specs: what each effect promises, how long commands wait, and how raw arguments find their row."""

import itertools
import random
import string
import sys
from typing import Any

import pytest

from redis_aio._command.blocking import NOT_BLOCKING
from redis_aio._command.spec import Effect
from redis_aio._command.table import _ROWS as CORE_ROWS
from redis_aio._command.table import SPECS, resolve, spec_for
from redis_aio._command.table_modules import MODULE_ROWS
from redis_aio.exceptions import DataError

READ = Effect.READ
IDEMPOTENT = Effect.IDEMPOTENT
ACCUMULATING = Effect.ACCUMULATING
STATEFUL = Effect.STATEFUL
BLOCKING = Effect.BLOCKING
ADMIN = Effect.ADMIN


def names(text: str) -> set[str]:
    """Return the names in a text, separated by commas."""
    return {" ".join(name.split()) for name in text.split(",")}


#: Reads that servers do not flag "readonly", because they touch no key. Each was looked at: none changes anything.
READS_WITHOUT_FLAG = names("""
    PING, ECHO, TIME, INFO, ROLE, LASTSAVE,
    ACL CAT, ACL DRYRUN, ACL GENPASS, ACL GETUSER, ACL LIST, ACL USERS, ACL WHOAMI,
    CLIENT GETNAME, CLIENT GETREDIR, CLIENT ID, CLIENT INFO, CLIENT LIST, CLIENT TRACKINGINFO,
    CLUSTER COUNT-FAILURE-REPORTS, CLUSTER COUNTKEYSINSLOT, CLUSTER GETKEYSINSLOT, CLUSTER GETSLOTMIGRATIONS,
    CLUSTER INFO, CLUSTER KEYSLOT, CLUSTER LINKS, CLUSTER MYID, CLUSTER MYSHARDID, CLUSTER NODES, CLUSTER REPLICAS,
    CLUSTER SHARDS, CLUSTER SLAVES, CLUSTER SLOT-STATS, CLUSTER SLOTS,
    COMMAND, COMMAND COUNT, COMMAND DOCS, COMMAND GETKEYS, COMMAND GETKEYSANDFLAGS, COMMAND INFO, COMMAND LIST,
    COMMANDLOG GET, COMMANDLOG LEN, CONFIG GET, FUNCTION DUMP, FUNCTION LIST, FUNCTION STATS, HOTKEYS GET,
    LATENCY DOCTOR, LATENCY GRAPH, LATENCY HISTOGRAM, LATENCY HISTORY, LATENCY LATEST,
    MEMORY DOCTOR, MEMORY MALLOC-STATS, MEMORY STATS, MODULE LIST,
    PUBSUB CHANNELS, PUBSUB NUMPAT, PUBSUB NUMSUB, PUBSUB SHARDCHANNELS, PUBSUB SHARDNUMSUB,
    SCRIPT EXISTS, SCRIPT SHOW, SLOWLOG GET, SLOWLOG LEN,
    SENTINEL CKQUORUM, SENTINEL GET-MASTER-ADDR-BY-NAME, SENTINEL GET-PRIMARY-ADDR-BY-NAME, SENTINEL INFO-CACHE,
    SENTINEL MASTER, SENTINEL MASTERS, SENTINEL MYID, SENTINEL PENDING-SCRIPTS, SENTINEL PRIMARIES, SENTINEL PRIMARY,
    SENTINEL REPLICAS, SENTINEL SENTINELS, SENTINEL SLAVES,
    ACL HELP, CLIENT HELP, CLUSTER HELP, COMMAND HELP, COMMANDLOG HELP, CONFIG HELP, FUNCTION HELP, HIMPORT HELP,
    HOTKEYS HELP, LATENCY HELP, MEMORY HELP, MODULE HELP, OBJECT HELP, PUBSUB HELP, SCRIPT HELP, SENTINEL HELP,
    SLOWLOG HELP, XGROUP HELP, XINFO HELP
""")

#: Flagged "readonly" by modules, and yet they change the server, or move a cursor on.
CHANGES_DESPITE_FLAG = names("""
    CF.COMPACT, FT.ALIASADD, FT.ALIASDEL, FT.ALIASUPDATE, FT._ALIASADDIFNX, FT._ALIASDELIFX, FT.CONFIG, FT.CURSOR,
    FT.DICTADD, FT.DICTDEL, FT.DEBUG DELETE_LOCAL_CURSORS, FT.DEBUG GC_CLEAN_NUMERIC, FT.DEBUG GC_CONTINUE_SCHEDULE,
    FT.DEBUG GC_FORCEBGINVOKE, FT.DEBUG GC_FORCEINVOKE, FT.DEBUG GC_STOP_SCHEDULE, FT.DEBUG GC_WAIT_FOR_JOBS,
    FT.DEBUG TTL_EXPIRE, FT.DEBUG TTL_PAUSE, TIMESERIES.CLUSTERSET, TIMESERIES.CLUSTERSETFROMSHARD,
    TIMESERIES.FORCESHARDSCONNECTION, TIMESERIES.HELLO, TIMESERIES.INNERCOMMUNICATION, TIMESERIES.NETWORKTEST,
    TIMESERIES.REFRESHCLUSTER
""")

#: What changes the connection it is sent on.
CHANGES_ITS_CONNECTION = names("""
    AUTH, HELLO, RESET, QUIT, SELECT, ASKING, READONLY, READWRITE, MULTI, EXEC, DISCARD, WATCH, UNWATCH,
    CLIENT SETNAME, CLIENT SETINFO, CLIENT TRACKING, CLIENT CACHING, CLIENT NO-EVICT, CLIENT NO-TOUCH, CLIENT CAPA,
    CLIENT IMPORT-SOURCE, CLIENT REPLY, SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE, UNSUBSCRIBE, PUNSUBSCRIBE, SUNSUBSCRIBE,
    MONITOR, SYNC, PSYNC, REPLCONF, CLUSTER SYNCSLOTS, SCRIPT DEBUG,
    HIMPORT PREPARE, HIMPORT SET, HIMPORT DISCARD, HIMPORT DISCARDALL
""")

#: What would leave its connection without the order of one reply to each request, or without itself.
REFUSED = names("""
    SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE, UNSUBSCRIBE, PUNSUBSCRIBE, SUNSUBSCRIBE, MONITOR, SYNC, PSYNC, REPLCONF,
    CLUSTER SYNCSLOTS, CLIENT REPLY, SCRIPT DEBUG, QUIT, HELLO, RESET
""")


# -- the rows ---------------------------------------------------------------------------------------------------------


def test_each_row_is_found_by_its_own_name() -> None:
    assert all(spec.name == name == name.upper() for name, spec in SPECS.items())
    assert all(name.count(" ") <= 1 for name in SPECS)


def test_a_name_appears_once() -> None:
    rows = [spec.name for spec in (*CORE_ROWS, *MODULE_ROWS)]
    assert len(rows) == len(set(rows)) == len(SPECS)


def test_what_writes_is_never_a_read() -> None:
    assert [name for name, spec in SPECS.items() if "write" in spec.flags and spec.effect is READ] == []


def test_reads_are_flagged_readonly_or_were_looked_at() -> None:
    reads = {name for name, spec in SPECS.items() if spec.effect is READ and "readonly" not in spec.flags}
    assert reads == READS_WITHOUT_FLAG


def test_what_is_flagged_readonly_is_a_read_or_was_looked_at() -> None:
    changes = {name for name, spec in SPECS.items() if spec.effect is not READ and "readonly" in spec.flags}
    assert changes - CHANGES_DESPITE_FLAG == {"XREAD", "TS.READ"}  # they wait, and nothing else
    assert changes >= CHANGES_DESPITE_FLAG


def test_what_changes_its_connection_is_stateful() -> None:
    assert {name for name, spec in SPECS.items() if spec.effect is STATEFUL} == CHANGES_ITS_CONNECTION


def test_what_a_connection_does_not_survive_is_refused_with_advice() -> None:
    refused = {name: spec.refuse for name, spec in SPECS.items() if spec.refuse}
    assert refused.keys() == REFUSED
    for reason in refused.values():
        sentence, _, advice = reason.partition("; ")
        assert sentence
        assert advice.startswith(("use ", "give ", "leave "))
        assert not advice.endswith(".")


def test_what_is_flagged_blocking_says_how_long_it_waits() -> None:
    assert {name for name, spec in SPECS.items() if spec.block} == {
        name for name, spec in SPECS.items() if spec.effect is BLOCKING
    }
    flagged = {name for name, spec in SPECS.items() if "blocking" in spec.flags}
    assert flagged | {"TS.READ"} == {name for name, spec in SPECS.items() if spec.block}


def test_what_can_be_shared() -> None:
    for spec in SPECS.values():
        assert spec.shareable == (spec.effect in (READ, IDEMPOTENT, ACCUMULATING, ADMIN))


def test_binary_replies_are_never_decoded() -> None:
    raw = {name for name, spec in SPECS.items() if spec.raw}
    assert raw == names("DUMP, FUNCTION DUMP, SLOWLOG GET, COMMANDLOG GET, BF.SCANDUMP, CF.SCANDUMP")


def test_the_admin_flag_is_respected() -> None:
    """What needs the permission of an administrator only reads, or is not sent a second time."""
    for spec in SPECS.values():
        if "admin" in spec.flags:
            assert spec.effect in (READ, ADMIN, STATEFUL), spec.name


# -- effects that depend on arguments ---------------------------------------------------------------------------------

#: A command line, and its effect.
EFFECTS = [
    # SET: a condition answers for the first execution only
    ("SET k v", IDEMPOTENT),
    ("SET k v XX", IDEMPOTENT),
    ("SET k v EX 10", IDEMPOTENT),
    ("SET k v XX PXAT 1893456000000", IDEMPOTENT),
    ("SET k v KEEPTTL", IDEMPOTENT),
    ("SET k v NX", ACCUMULATING),
    ("SET k v NX EX 10", ACCUMULATING),
    ("SET k v EX 10 NX", ACCUMULATING),
    ("SET k v GET", ACCUMULATING),
    ("SET k v XX GET", ACCUMULATING),
    ("SET k v IFEQ old", ACCUMULATING),
    ("SET k v IFNE old", ACCUMULATING),
    ("SET k v IFDEQ 0123456789abcdef", ACCUMULATING),
    ("SET k v SOMETHINGNEW", ACCUMULATING),
    ("SET NX GET", IDEMPOTENT),  # a key and a value
    ("MSETEX 2 a 1 NX 2", IDEMPOTENT),  # the second key
    ("MSETEX 2 a 1 b 2 EX 5", IDEMPOTENT),
    ("MSETEX 2 a 1 b 2 XX KEEPTTL", IDEMPOTENT),
    ("MSETEX 2 a 1 b 2 NX EX 5", ACCUMULATING),
    ("MSETEX two a 1 b 2", ACCUMULATING),
    ("MSETEX -1 a 1", ACCUMULATING),
    ("MSETEX", ACCUMULATING),
    ("GETEX k", READ),
    ("GETEX k EX 10", IDEMPOTENT),
    ("GETEX k px 10", IDEMPOTENT),
    ("GETEX k PERSIST", IDEMPOTENT),
    ("GETEX k EXAT 1", ACCUMULATING),
    ("GETEX k PXAT 1", ACCUMULATING),
    ("DELEX k", IDEMPOTENT),
    ("DELEX k IFEQ v", ACCUMULATING),
    # bitmaps
    ("BITFIELD k", READ),
    ("BITFIELD k GET u8 0 GET u8 8", READ),
    ("BITFIELD k OVERFLOW SAT GET u8 0", READ),
    ("BITFIELD k GET u8 0 SET u8 0 1", ACCUMULATING),
    ("BITFIELD k INCRBY u8 0 1", ACCUMULATING),
    ("BITFIELD k OVERFLOW FAIL INCRBY u8 0 1", ACCUMULATING),
    ("BITOP AND d a b", IDEMPOTENT),
    ("BITOP NOT d a", IDEMPOTENT),
    ("BITOP NOT d d", ACCUMULATING),
    ("BITOP XOR d a d", ACCUMULATING),
    # keys
    ("EXPIRE k 10", IDEMPOTENT),
    ("EXPIRE k 10 XX", IDEMPOTENT),
    ("EXPIRE k 10 NX", ACCUMULATING),
    ("PEXPIRE k 10 gt", ACCUMULATING),
    ("EXPIREAT k 10 LT", ACCUMULATING),
    ("PEXPIREAT k 10", IDEMPOTENT),
    ("COPY a b", ACCUMULATING),
    ("COPY a b DB 1", ACCUMULATING),
    ("COPY a b REPLACE", IDEMPOTENT),
    ("COPY a b DB 1 REPLACE", IDEMPOTENT),
    ("COPY REPLACE REPLACE", ACCUMULATING),
    ("RESTORE k 0 payload", ACCUMULATING),
    ("RESTORE k 0 payload REPLACE", IDEMPOTENT),
    ("RESTORE k 0 REPLACE", ACCUMULATING),  # the payload
    ("SORT k", READ),
    ("SORT k BY w_* LIMIT 0 5 GET # GET o_* DESC ALPHA", READ),
    ("SORT k BY STORE", READ),  # a pattern
    ("SORT k STORE d", IDEMPOTENT),
    ("SORT k ALPHA LIMIT 1 -1 STORE d", IDEMPOTENT),
    ("SORT k LIMIT 1 -1 STORE k", ACCUMULATING),
    ("SORT k SOMETHINGNEW", ACCUMULATING),
    # hashes
    ("HEXPIRE k 10 FIELDS 1 NX", IDEMPOTENT),  # a field
    ("HEXPIRE k 10 XX FIELDS 1 f", IDEMPOTENT),
    ("HEXPIRE k 10 NX FIELDS 1 f", ACCUMULATING),
    ("HPEXPIREAT k 10 GT FIELDS 1 f", ACCUMULATING),
    ("HEXPIRE k 10", ACCUMULATING),
    ("HGETEX k FIELDS 1 f", READ),
    ("HGETEX k EX 10 FIELDS 1 f", IDEMPOTENT),
    ("HGETEX k PERSIST FIELDS 1 f", IDEMPOTENT),
    ("HGETEX k EXAT 1 FIELDS 1 f", ACCUMULATING),
    ("HGETEX k", ACCUMULATING),
    ("HSETEX k FIELDS 1 FNX v", IDEMPOTENT),  # a field
    ("HSETEX k FXX EX 10 FIELDS 1 f v", IDEMPOTENT),
    ("HSETEX k FNX FIELDS 1 f v", ACCUMULATING),
    ("HSETEX k NX EX 1 FIELDS 1 f v", ACCUMULATING),
    ("HSETEX k", ACCUMULATING),
    # lists: what is left keeps its place, or moves up
    ("LREM k 0 v", IDEMPOTENT),
    ("LREM k 1 v", ACCUMULATING),
    ("LREM k -1 v", ACCUMULATING),
    ("LTRIM k 0 99", IDEMPOTENT),
    ("LTRIM k 0 -1", IDEMPOTENT),
    ("LTRIM k -100 -1", IDEMPOTENT),
    ("LTRIM k -5 3", IDEMPOTENT),
    ("LTRIM k 1 -1", ACCUMULATING),
    ("LTRIM k 0 -2", ACCUMULATING),
    ("LTRIM k 1 5", ACCUMULATING),
    ("LTRIM k -3 -2", ACCUMULATING),
    ("LTRIM k one two", ACCUMULATING),
    ("LTRIM k", ACCUMULATING),
    # sets and sorted sets
    ("SDIFFSTORE d a b", IDEMPOTENT),
    ("SDIFFSTORE d a d", ACCUMULATING),
    ("ZADD k 1 m", IDEMPOTENT),
    ("ZADD k XX CH 1 m", IDEMPOTENT),
    ("ZADD k GT 1 m", IDEMPOTENT),
    ("ZADD k 1 INCR", IDEMPOTENT),  # a member
    ("ZADD k +inf m", IDEMPOTENT),
    ("ZADD k NX 1 m", ACCUMULATING),
    ("ZADD k GT CH 1 m", ACCUMULATING),
    ("ZADD k CH LT 1 m", ACCUMULATING),
    ("ZADD k INCR 1 m", ACCUMULATING),
    ("ZADD k XX INCR 1 m", ACCUMULATING),
    ("ZADD k SOMETHINGNEW 1 m", ACCUMULATING),
    ("ZADD k", ACCUMULATING),
    ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", IDEMPOTENT),
    ("ZUNIONSTORE d 2 a b AGGREGATE d", IDEMPOTENT),  # beyond the keys
    ("ZUNIONSTORE d 2 a d", ACCUMULATING),
    ("ZINTERSTORE d 1 d", ACCUMULATING),
    ("ZDIFFSTORE d many a", ACCUMULATING),
    ("ZRANGESTORE d s 0 9", IDEMPOTENT),
    ("ZRANGESTORE d d 1 9", ACCUMULATING),
    ("ZREMRANGEBYRANK k 0 -101", IDEMPOTENT),
    ("ZREMRANGEBYRANK k 100 -1", IDEMPOTENT),
    ("ZREMRANGEBYRANK k 0 9", ACCUMULATING),
    ("ZREMRANGEBYRANK k -10 -1", ACCUMULATING),
    ("GEOADD k 13.3 38.1 m", IDEMPOTENT),
    ("GEOADD k XX CH 13.3 38.1 m", IDEMPOTENT),
    ("GEOADD k NX 13.3 38.1 m", ACCUMULATING),
    ("GEORADIUS k 15 37 200 km WITHDIST COUNT 3 ANY DESC", READ),
    ("GEORADIUS k 15 37 200 km STORE d", IDEMPOTENT),
    ("GEORADIUS k 15 37 200 km STOREDIST k", ACCUMULATING),
    ("GEORADIUSBYMEMBER k STORE 200 km", READ),  # a member
    ("GEORADIUSBYMEMBER k m 200 km COUNT 1 STORE k", ACCUMULATING),
    ("GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 200 km ASC", IDEMPOTENT),
    ("GEOSEARCHSTORE d d FROMLONLAT 15 37 BYRADIUS 200 km ASC", ACCUMULATING),
    # streams
    ("XADD k * f v", ACCUMULATING),
    ("XADD k 5-1 f v", ACCUMULATING),
    ("XADD k * IDMP v", ACCUMULATING),  # a field
    ("XADD k IDMP p 1 * f v", IDEMPOTENT),
    ("XADD k NOMKSTREAM IDMPAUTO p MAXLEN ~ 5 * f v", IDEMPOTENT),
    ("XADD k NOMKSTREAM MAXLEN = 5 IDMP p 1 * f v", IDEMPOTENT),
    ("XADD k MAXLEN ~ 5 LIMIT 3 * f v", ACCUMULATING),
    ("XREAD COUNT 2 STREAMS s 0", READ),
    ("XREAD COUNT 2 BLOCK 0 STREAMS s $", BLOCKING),
    ("XREADGROUP GROUP g c STREAMS s >", ACCUMULATING),
    ("XREADGROUP GROUP g c BLOCK 10 STREAMS s >", BLOCKING),
    ("XGROUP SETID k g 0", IDEMPOTENT),
    ("XGROUP SETID k g $", ACCUMULATING),
    ("XGROUP SETID k g", ACCUMULATING),
    # scripting, server, cluster
    ("FUNCTION LOAD code", ACCUMULATING),
    ("FUNCTION LOAD replace code", IDEMPOTENT),
    ("FUNCTION RESTORE payload", ACCUMULATING),
    ("FUNCTION RESTORE payload FLUSH", ACCUMULATING),
    ("FUNCTION RESTORE payload REPLACE", IDEMPOTENT),
    ("ACL LOG", READ),
    ("ACL LOG 10", READ),
    ("ACL LOG RESET", ADMIN),
    ("CLUSTER MIGRATION STATUS ALL", READ),
    ("CLUSTER MIGRATION IMPORT 0 5", ADMIN),
    ("DEBUG OBJECT k", READ),
    ("DEBUG SLEEP 1", ADMIN),
    ("SENTINEL DEBUG", READ),
    ("SENTINEL DEBUG PING-PERIOD 1", ADMIN),
    ("SENTINEL CONFIG GET *", READ),
    ("SENTINEL CONFIG SET a b", ADMIN),
    # modules
    ("FT.CONFIG GET *", READ),
    ("FT.CONFIG SET TIMEOUT 1", ADMIN),
    ("FT.AGGREGATE i * GROUPBY 1 @a", READ),
    ("FT.AGGREGATE i * WITHCURSOR COUNT 5", ACCUMULATING),
    ("FT.SUGADD k hello 1", IDEMPOTENT),
    ("FT.SUGADD k hello 1 PAYLOAD INCR", IDEMPOTENT),
    ("FT.SUGADD k hello 1 INCR", ACCUMULATING),
    ("JSON.SET k $.a 1", IDEMPOTENT),
    ("JSON.SET k $.a[0] 1 XX", IDEMPOTENT),
    ("JSON.SET k $.a 1 NX", ACCUMULATING),
    ("JSON.SET k $..a {}", ACCUMULATING),
    ("JSON.SET k $.a[?(@.b==1)] 1", ACCUMULATING),
    ("JSON.MERGE k $ {}", IDEMPOTENT),
    ("JSON.MERGE k $..a {}", ACCUMULATING),
    ("JSON.MSET k $.a 1 l $.b 2", IDEMPOTENT),
    ("JSON.MSET k $.a 1 l $..b 2", ACCUMULATING),
    ("JSON.DEL k", IDEMPOTENT),
    ("JSON.DEL k $.a.b", IDEMPOTENT),
    ("JSON.DEL k $.a[0]", ACCUMULATING),
    ("JSON.FORGET k $..a", ACCUMULATING),
    ("CMS.MERGE d 2 a b", IDEMPOTENT),
    ("CMS.MERGE d 2 a d", ACCUMULATING),
    ("TDIGEST.MERGE d 1 a", ACCUMULATING),
    ("TDIGEST.MERGE d 1 OVERRIDE", ACCUMULATING),  # a key
    ("TDIGEST.MERGE d 1 a OVERRIDE", IDEMPOTENT),
    ("TDIGEST.MERGE d 1 d COMPRESSION 5 OVERRIDE", ACCUMULATING),
    ("TS.READ k 0", READ),
    ("TS.READ k $ MAX_COUNT 5 BLOCK 0 1", BLOCKING),
    # the arguments do not matter
    ("DEL k", IDEMPOTENT),
    ("HSET k f v", IDEMPOTENT),
    ("INCR k", ACCUMULATING),
    ("LPOP k", ACCUMULATING),
    ("RENAME a b", ACCUMULATING),
    ("SETNX k v", ACCUMULATING),
    ("GETDEL k", ACCUMULATING),
    ("EVAL return 0", ACCUMULATING),
    ("EVAL_RO return 0", READ),
    ("PUBLISH c m", ACCUMULATING),
    ("FLUSHDB", ADMIN),
    ("SWAPDB 0 1", ADMIN),
    ("CONFIG SET a b", ADMIN),
    ("CONFIG GET a", READ),
    ("SCRIPT LOAD code", IDEMPOTENT),
]


def line(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


@pytest.mark.parametrize(("text", "effect"), EFFECTS, ids=[text for text, _ in EFFECTS])
def test_effects(text: str, effect: Effect) -> None:
    spec, arguments = resolve(line(text))
    as_bytes = tuple(argument.encode() for argument in arguments)
    assert spec.effect_with(arguments) is effect
    assert spec.effect_with(as_bytes) is effect
    assert spec.effect_with([memoryview(argument) for argument in as_bytes]) is effect
    assert spec.effect_with([bytearray(argument) for argument in as_bytes]) is effect
    numbers = [int(argument) if argument.lstrip("-").isdigit() else argument for argument in arguments]
    assert spec.effect_with(numbers) is effect


def test_options_are_read_in_any_letter_case() -> None:
    for text in ("SET k v nX", "SET k v Get", "ZADD k nx 1 m", "COPY a b"):
        spec, arguments = resolve(line(text))
        assert spec.effect_with(arguments) is ACCUMULATING
    spec, arguments = resolve(line("COPY a b replace db 1"))
    assert spec.effect_with(arguments) is IDEMPOTENT


def test_a_key_is_the_same_key_as_str_and_as_bytes() -> None:
    assert SPECS["ZUNIONSTORE"].effect_with(("ключ", 2, "a", "ключ".encode())) is ACCUMULATING
    assert SPECS["SDIFFSTORE"].effect_with((b"d", "a", memoryview(b"d"))) is ACCUMULATING
    assert SPECS["ZRANGESTORE"].effect_with((7, b"7", 0, 9)) is ACCUMULATING


def _span(count: int, start: int, stop: int) -> range:
    """Return the indexes that a range of the server means, among so many elements."""
    first = max(0, start if start >= 0 else count + start)
    last = min(count - 1, stop if stop >= 0 else count + stop)
    return range(first, last + 1)


def test_trimming_again_takes_no_more_where_it_is_judged_so() -> None:
    judged = {True: 0, False: 0}
    for start, stop in itertools.product(range(-7, 8), repeat=2):
        settles = True
        for count in range(9):
            kept = len(_span(count, start, stop))
            settles = settles and len(_span(kept, start, stop)) == kept
        judged[settles] += 1
        effect = SPECS["LTRIM"].effect_with(("k", start, stop))
        assert settles or effect is ACCUMULATING, (start, stop)
    assert all(judged.values())


def test_removing_ranks_again_takes_no_more_where_it_is_judged_so() -> None:
    judged = {True: 0, False: 0}
    for start, stop in itertools.product(range(-7, 8), repeat=2):
        settles = True
        for count in range(9):
            left = count - len(_span(count, start, stop))
            settles = settles and len(_span(left, start, stop)) == 0
        judged[settles] += 1
        effect = SPECS["ZREMRANGEBYRANK"].effect_with(("k", start, stop))
        assert settles or effect is ACCUMULATING, (start, stop)
    assert all(judged.values())


def test_every_function_of_the_arguments_has_a_case() -> None:
    covered = {resolve(line(text))[0].effect_of for text, _ in EFFECTS}
    assert {spec.effect_of for spec in SPECS.values()} <= covered


#: Anything that can stand in an argument list, sendable or not.
ANYTHING: list[Any] = [
    "", "k", "NX", "XX", "get", "BLOCK", "STREAMS", "FIELDS", "STORE", "REPLACE", "COUNT", "MAXLEN", "~", "$", "$..a",
    b"", b"k", b"BLOCK", b"\xff\x00", b"GET", b"INCRBY", bytearray(b"LIMIT"), memoryview(b"EX"), memoryview(b"5"),
    "\udcff", "ſ", "0", "-1", b"7", "1e999", "nan", "9" * 400, 0, -1, 3, 2**70, 0.5, float("inf"), float("nan"),
    True, None, [], {}, (), object(),
]  # fmt: skip


@pytest.mark.parametrize(
    "name", [name for name, spec in SPECS.items() if spec.effect_of is not None or spec.block is not None]
)
def test_no_arguments_make_a_row_raise(name: str) -> None:
    spec = SPECS[name]
    chance = random.Random(name)
    for _ in range(300):
        arguments = chance.choices(ANYTHING, k=chance.randrange(9))
        effect = spec.effect_with(arguments)
        assert isinstance(effect, Effect)
        if spec.block is not None:
            seconds = spec.block(arguments)
            assert seconds is None or seconds == NOT_BLOCKING or 0 < seconds < float("inf")
            assert (effect is BLOCKING) == (seconds != NOT_BLOCKING)


# -- how long the server may wait -------------------------------------------------------------------------------------

BLOCKS = [
    ("BLPOP a b 5", 5.0),
    ("BLPOP a 0.25", 0.25),
    ("BLPOP a 0", None),
    ("BLPOP a never", None),
    ("BLPOP a -1", None),
    ("BLPOP a inf", None),
    ("BLPOP a nan", None),
    ("BLPOP a 1e999", None),
    ("BLPOP", None),
    ("BRPOP a 2", 2.0),
    ("BRPOPLPUSH a b 3", 3.0),
    ("BLMOVE a b LEFT RIGHT 4", 4.0),
    ("BLMOVEM a b LEFT RIGHT 4 COUNT 2 BULK", 4.0),
    ("BLMOVEM a b", None),
    ("BLMPOP 1.5 2 a b LEFT", 1.5),
    ("BZMPOP 0 1 a MIN COUNT 3", None),
    ("BZPOPMIN a 6", 6.0),
    ("BZPOPMAX a b 7", 7.0),
    ("WAIT 1 500", 0.5),
    ("WAIT 1 0", None),
    ("WAITAOF 1 1 1500", 1.5),
    ("XREAD STREAMS s 0", NOT_BLOCKING),
    ("XREAD COUNT 5 BLOCK 250 STREAMS s $", 0.25),
    ("XREAD BLOCK 0 STREAMS s $", None),
    ("XREAD block 100 streams s $", 0.1),
    ("XREAD STREAMS BLOCK 5", NOT_BLOCKING),  # a key
    ("XREAD BLOCK", None),
    ("XREAD", NOT_BLOCKING),
    ("XREADGROUP GROUP BLOCK 5 STREAMS s >", NOT_BLOCKING),  # a group and a consumer
    ("XREADGROUP GROUP g BLOCK COUNT 1 STREAMS s >", NOT_BLOCKING),  # a consumer
    ("XREADGROUP GROUP g c NOACK BLOCK 5 STREAMS s >", 0.005),
    ("TS.READ k 0", NOT_BLOCKING),
    ("TS.READ k $ BLOCK 5000 1 MAX_COUNT 9", 5.0),
    ("TS.READ k $ MAX_COUNT 9 BLOCK 0 1", None),
]


@pytest.mark.parametrize(("text", "seconds"), BLOCKS, ids=[text for text, _ in BLOCKS])
def test_waits(text: str, seconds: float | None) -> None:
    spec, arguments = resolve(line(text))
    assert spec.block is not None
    assert spec.block(arguments) == seconds
    assert spec.block([argument.encode() for argument in arguments]) == seconds


def test_a_wait_may_be_a_number() -> None:
    block = SPECS["BLPOP"].block
    assert block is not None
    assert block(("k", 5)) == 5.0
    assert block(("k", 0.5)) == 0.5
    assert block(("k", sys.float_info.max)) == sys.float_info.max
    assert block(("k", 10**400)) is None
    assert block(("k", True)) is None


def test_pausing_others_does_not_block_oneself() -> None:
    assert SPECS["CLIENT PAUSE"].block is None
    assert SPECS["CLIENT PAUSE"].shareable


# -- raw arguments ----------------------------------------------------------------------------------------------------

FOUND: list[tuple[tuple[Any, ...], str, tuple[Any, ...]]] = [
    (("GET", "k"), "GET", ("k",)),
    (("get", "k"), "GET", ("k",)),
    ((b"get", "k"), "GET", ("k",)),
    ((bytearray(b"Get"), "k"), "GET", ("k",)),
    ((memoryview(b"GET"), "k"), "GET", ("k",)),
    (("CONFIG", "GET", "x"), "CONFIG GET", ("x",)),
    (("CONFIG GET", "x"), "CONFIG GET", ("x",)),
    (("config get", "x"), "CONFIG GET", ("x",)),
    ((b"config", b"get", b"x"), "CONFIG GET", (b"x",)),
    (("config", memoryview(b"get"), "x"), "CONFIG GET", ("x",)),
    (("CLIENT", "KILL", "ID", 5), "CLIENT KILL", ("ID", 5)),
    (("COMMAND",), "COMMAND", ()),
    (("COMMAND", "COUNT"), "COMMAND COUNT", ()),
    (("command", "info", "get"), "COMMAND INFO", ("get",)),
    (("COMMAND", 5), "COMMAND", (5,)),
    (("SET", "CONFIG", "GET"), "SET", ("CONFIG", "GET")),
    (("GET", "k v"), "GET", ("k v",)),
    (("XGROUP", "CREATE", "k", "g", "$"), "XGROUP CREATE", ("k", "g", "$")),
    (("json.set", "k", "$", "1"), "JSON.SET", ("k", "$", "1")),
    (("GRAPH.QUERY", "g", "q"), "GRAPH.QUERY", ("g", "q")),
    (("graph.query", "g"), "GRAPH.QUERY", ("g",)),
    (("CONFIG", "WHATEVER", "x"), "CONFIG", ("WHATEVER", "x")),
    (("CONFIG", 5), "CONFIG", (5,)),
    (("CONFIG",), "CONFIG", ()),
    (("CONFIG", "GET x"), "CONFIG", ("GET x",)),
    (("SCRIPT", "ſhow"), "SCRIPT", ("ſhow",)),  # its upper case is SHOW
]


@pytest.mark.parametrize(("args", "name", "rest"), FOUND, ids=[f"{n}-{name}" for n, (_, name, _) in enumerate(FOUND)])
def test_raw_arguments_find_their_row(args: tuple[Any, ...], name: str, rest: tuple[Any, ...]) -> None:
    spec, arguments = resolve(args)
    assert (spec.name, arguments) == (name, rest)
    assert spec is SPECS.get(name, spec)


BAD_NAMES = [
    "", " ", " GET", "GET ", "GET k", "GET  k", "CONFIG  GET", "CONFIG\tGET", "CONFIG GET x", "GET\r\nSET", "GET\n",
    "GET\0", "GET\x7f", "GËT", "ſet", "\udcff", "CONFIG WHATEVER", b"", b"GET k", b"GET\r\n", b"\xff", b"GET\xa0",
    "SET k SECRET", None, 5, 1.5, True, ["GET"], ("GET",), {"GET": 1}, object(),
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES, ids=[f"{n}-{type(name).__name__}" for n, name in enumerate(BAD_NAMES)])
def test_what_cannot_be_a_name_is_refused(name: Any) -> None:
    with pytest.raises(DataError) as caught:
        resolve((name, "k", "SECRET"))
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None
    if isinstance(name, str | bytes) and len(name) > 4:
        assert (name if isinstance(name, str) else name.decode("latin-1")) not in str(caught.value)


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="needs a name"):
        resolve(())


def test_data_in_the_place_of_the_name_never_becomes_arguments() -> None:
    chance = random.Random(7)
    pieces = [
        "GET",
        "config",
        "CONFIG GET",
        "SET",
        " ",
        "  ",
        "\t",
        "\r\n",
        "\0",
        "k",
        "é",
        "ſ",
        "$",
        "*1",
        "\x7f",
        "\xa0",
    ]
    accepted = 0
    for _ in range(3_000):
        data = "".join(chance.choices(pieces, k=chance.randrange(1, 5)))
        try:
            spec, arguments = resolve((chance.choice((data, data.encode())), "k"))
        except DataError:
            assert " " in data or not data.isascii() or not data.isprintable()
            continue
        accepted += 1
        assert arguments == ("k",)
        assert spec.name == data.upper()
        assert " " not in data or data.upper() in SPECS
        assert set(data) <= set(string.ascii_letters + string.digits + string.punctuation + " ")
    assert accepted > 100


def test_an_unknown_command_is_never_sent_again() -> None:
    spec, _ = resolve(("GRAPH.QUERY", "g"))
    assert spec.effect is ACCUMULATING
    assert spec.shareable


def test_an_unknown_subcommand_of_client_is_taken_to_change_its_connection() -> None:
    spec, _ = resolve(("CLIENT", "BRAND-NEW", "ON"))
    assert spec.effect is STATEFUL
    assert not spec.shareable


def test_other_unknown_subcommands_are_unknown_commands() -> None:
    spec, arguments = resolve(("CONFIG", "BRAND-NEW", "x"))
    assert (spec.name, spec.effect, arguments) == ("CONFIG", ACCUMULATING, ("BRAND-NEW", "x"))
    assert spec.shareable


def test_an_unknown_name_is_no_key_of_the_table() -> None:
    assert "GRAPH.QUERY" not in SPECS
    with pytest.raises(KeyError):
        SPECS["GRAPH.QUERY"]


def test_spec_for() -> None:
    assert spec_for("get") is SPECS["GET"]
    assert spec_for("config get") is SPECS["CONFIG GET"]
    assert spec_for("graph.query").name == "GRAPH.QUERY"
    with pytest.raises(DataError):
        spec_for("GET k")
