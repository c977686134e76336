"""What executing a command does where its arguments decide: functions over them, for the table of specs.

The rule, for all commands. A command is IDEMPOTENT if executing it a second time right after the first leaves the
same state. A note of what changed may then differ (DEL, SADD, ZREM, SETBIT: 1 the first time, 0 the second), because
it stands beside the work. Where the reply *is* what the caller came for, a second execution would mislead: the
condition (SET NX, RENAMENX, DELEX IFEQ) was met by the first, the value handed out (SET GET, GETDEL) is gone. Those
are ACCUMULATING, and so is every option that is not known here, since new servers bring new ones.

A time to live counts from the execution (EXPIRE, SET EX). A second one makes it end later by the time between the two,
no more than a slow network would have done: it stays IDEMPOTENT.
"""

from collections.abc import Mapping

from redis_aio._command import blocking
from redis_aio._command.arguments import count_at, key, number, number_at, only_options, word, word_at
from redis_aio._command.spec import Arguments, Effect

_NONE: frozenset[str] = frozenset()
_XX = frozenset({"XX"})
_XX_KEEPTTL = frozenset({"XX", "KEEPTTL"})
_TTL = frozenset({"EX", "PX", "EXAT", "PXAT"})
#: A relative time to live. EXAT and PXAT may lie in the past, and then delete.
_RELATIVE_TTL = frozenset({"EX", "PX"})
_PERSIST = frozenset({"PERSIST"})


def _idempotent(condition: bool) -> Effect:
    return Effect.IDEMPOTENT if condition else Effect.ACCUMULATING


def _until(arguments: Arguments, start: int, end: str) -> Arguments | None:
    """Return the options between ``start`` and a word that ends them, or ``None`` where that is missing."""
    for index in range(start, len(arguments)):
        if word(arguments[index]) == end:
            return arguments[start:index]
    return None


# -- strings ----------------------------------------------------------------------------------------------------------


def set_(arguments: Arguments) -> Effect:
    """Judge ``SET key value [XX | NX | IFEQ ...] [GET] [EX seconds | ... | KEEPTTL]``."""
    return _idempotent(only_options(arguments, 2, _XX_KEEPTTL, _TTL))


def msetex(arguments: Arguments) -> Effect:
    """Judge ``MSETEX numkeys key value [key value ...] [NX | XX] [EX seconds | ... | KEEPTTL]``."""
    pairs = count_at(arguments, 0)
    return _idempotent(pairs > 0 and only_options(arguments, 1 + 2 * pairs, _XX_KEEPTTL, _TTL))


def getex(arguments: Arguments) -> Effect:
    """Judge ``GETEX key [EX seconds | PX ... | EXAT ... | PXAT ... | PERSIST]``.

    A time of EXAT or PXAT that has passed makes it a GETDEL.
    """
    if len(arguments) <= 1:
        return Effect.READ
    return _idempotent(only_options(arguments, 1, _PERSIST, _RELATIVE_TTL))


def delex(arguments: Arguments) -> Effect:
    """Judge ``DELEX key [IFEQ value | IFNE value | IFDEQ digest | IFDNE digest]``."""
    return _idempotent(len(arguments) <= 1)


def bitfield(arguments: Arguments) -> Effect:
    """Judge ``BITFIELD key [GET type offset | OVERFLOW how | SET ... | INCRBY ...] ...``.

    SET answers the old value, INCRBY counts.
    """
    index = 1
    while index < len(arguments):
        operation = word(arguments[index])
        if operation == "GET":
            index += 3
        elif operation == "OVERFLOW":
            index += 2
        else:
            return Effect.ACCUMULATING
    return Effect.READ


# -- keys -------------------------------------------------------------------------------------------------------------


def expire(arguments: Arguments) -> Effect:
    """Judge ``EXPIRE key seconds [NX | XX | GT | LT]``, and the commands like it."""
    return _idempotent(only_options(arguments, 2, _XX))


def copy(arguments: Arguments) -> Effect:
    """Judge ``COPY source destination [DB destination-db] [REPLACE]``.

    Without REPLACE the second finds the copy of the first in its way.
    """
    replaces = "REPLACE" in map(word, arguments[2:])
    return _idempotent(replaces and only_options(arguments, 2, frozenset({"REPLACE"}), frozenset({"DB"})))


def restore(arguments: Arguments) -> Effect:
    """Judge ``RESTORE key ttl serialized-value [REPLACE] ...``: without REPLACE the second is a BUSYKEY error."""
    return _idempotent("REPLACE" in map(word, arguments[3:]))


def _stores(arguments: Arguments, start: int, widths: Mapping[str, int]) -> Effect:
    """Judge a read that STORE turns into a write. ``widths``: the words an option takes, its own included."""
    index = start
    destination = None
    while index < len(arguments):
        option = word(arguments[index])
        if option not in widths:
            return Effect.ACCUMULATING
        if option.startswith("STORE") and index + 1 < len(arguments):
            destination = key(arguments[index + 1])
        index += widths[option]
    if destination is None:
        return Effect.READ
    return _idempotent(destination != key(arguments[0]))  # onto itself, a LIMIT or COUNT takes away again


_SORT = {"ASC": 1, "DESC": 1, "ALPHA": 1, "BY": 2, "GET": 2, "LIMIT": 3, "STORE": 2}


def sort(arguments: Arguments) -> Effect:
    """Judge ``SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA] [STORE key]``."""
    return _stores(arguments, 1, _SORT)


# -- one key made of others: the same again, unless it is among its own sources ---------------------------------------


def store(arguments: Arguments) -> Effect:
    """Judge ``SDIFFSTORE destination key [key ...]``."""
    return _idempotent(bool(arguments) and key(arguments[0]) not in map(key, arguments[1:]))


def store_numkeys(arguments: Arguments) -> Effect:
    """Judge ``ZUNIONSTORE destination numkeys key [key ...] ...``: among its own sources, its scores add up."""
    keys = count_at(arguments, 1)
    return _idempotent(keys > 0 and key(arguments[0]) not in map(key, arguments[2 : 2 + keys]))


def store_range(arguments: Arguments) -> Effect:
    """Judge ``ZRANGESTORE dst src ...`` and ``GEOSEARCHSTORE destination source ...``."""
    return _idempotent(len(arguments) > 1 and key(arguments[0]) != key(arguments[1]))


def bitop(arguments: Arguments) -> Effect:
    """Judge ``BITOP operation destkey key [key ...]``: XOR or NOT onto itself turns back."""
    return _idempotent(len(arguments) > 1 and key(arguments[1]) not in map(key, arguments[2:]))


def tdigest_merge(arguments: Arguments) -> Effect:
    """Judge ``TDIGEST.MERGE destination numkeys key ... [OVERRIDE]``: without, it adds to the destination."""
    keys = count_at(arguments, 1)
    overrides = keys > 0 and "OVERRIDE" in map(word, arguments[2 + keys :])
    return store_numkeys(arguments) if overrides else Effect.ACCUMULATING


# -- hashes -----------------------------------------------------------------------------------------------------------


def hexpire(arguments: Arguments) -> Effect:
    """Judge ``HEXPIRE key seconds [NX | XX | GT | LT] FIELDS ...``, and the commands like it."""
    return _idempotent(word_at(arguments, 2) in ("FIELDS", "XX"))


def hgetex(arguments: Arguments) -> Effect:
    """Judge ``HGETEX key [EX seconds | ... | PERSIST] FIELDS numfields field [field ...]``: as GETEX."""
    options = _until(arguments, 1, "FIELDS")
    if options is None:
        return Effect.ACCUMULATING
    if not options:
        return Effect.READ
    return _idempotent(only_options(options, 0, _PERSIST, _RELATIVE_TTL))


def hsetex(arguments: Arguments) -> Effect:
    """Judge ``HSETEX key [FNX | FXX | NX | XX] [EX seconds | ... | KEEPTTL] FIELDS numfields field value ...``."""
    options = _until(arguments, 1, "FIELDS")
    known = options is not None and only_options(options, 0, frozenset({"FXX", "XX", "KEEPTTL"}), _TTL)
    return _idempotent(known)


# -- lists ------------------------------------------------------------------------------------------------------------


def lrem(arguments: Arguments) -> Effect:
    """Judge ``LREM key count element``: 0 removes all; a count removes that many again."""
    return _idempotent(number_at(arguments, 1) == 0)


def ltrim(arguments: Arguments) -> Effect:
    """Judge ``LTRIM key start stop``.

    What is kept stays within the range when it is counted again from the end that was kept: "0 99" and "-100 -1" are
    safe, "1 -1" and "0 -2" take another element.
    """
    start, stop = number_at(arguments, 1), number_at(arguments, 2)
    if start is None or stop is None:
        return Effect.ACCUMULATING
    return _idempotent(start <= 0 and (stop >= 0 or stop == -1))


# -- sorted sets and geo ----------------------------------------------------------------------------------------------


def zadd(arguments: Arguments) -> Effect:
    """Judge ``ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member ...`` and ``GEOADD key [NX | XX] [CH] ...``.

    NX is taken for a claim ("I was first"), and GT or LT with CH for a question ("is it the best so far?").
    """
    options: set[str] = set()
    index = 1
    while word_at(arguments, index) in ("NX", "XX", "GT", "LT", "CH", "INCR"):
        options.add(word_at(arguments, index))
        index += 1
    if number_at(arguments, index) is None or options & {"NX", "INCR"}:
        return Effect.ACCUMULATING
    return _idempotent("CH" not in options or not options & {"GT", "LT"})


def zremrangebyrank(arguments: Arguments) -> Effect:
    """Judge ``ZREMRANGEBYRANK key start stop``.

    Ranks move up into the gap, so "0 9" takes ten more. A start from the bottom with a stop from the top keeps a fixed
    number at either end: "0 -101" (keep the best hundred) removes nothing the second time.
    """
    start, stop = number_at(arguments, 1), number_at(arguments, 2)
    if start is None or stop is None:
        return Effect.ACCUMULATING
    return _idempotent(start >= 0 and stop < 0)


_GEORADIUS = {
    **dict.fromkeys(("WITHCOORD", "WITHDIST", "WITHHASH", "ASC", "DESC", "ANY"), 1),
    **dict.fromkeys(("COUNT", "STORE", "STOREDIST"), 2),
}


def georadius(arguments: Arguments) -> Effect:
    """Judge ``GEORADIUS key longitude latitude radius unit [...] [STORE key | STOREDIST key]``."""
    return _stores(arguments, 5, _GEORADIUS)


def georadiusbymember(arguments: Arguments) -> Effect:
    """Judge ``GEORADIUSBYMEMBER key member radius unit [...] [STORE key | STOREDIST key]``."""
    return _stores(arguments, 4, _GEORADIUS)


# -- streams ----------------------------------------------------------------------------------------------------------


def xadd(arguments: Arguments) -> Effect:
    """Judge ``XADD key [NOMKSTREAM] [IDMPAUTO producer | IDMP producer id] [MAXLEN ...] <* | id> field value ...``.

    Only IDMP and IDMPAUTO let the server recognise the second one; an id of one's own makes it an error.
    """
    index = 1
    while index < len(arguments):
        option = word(arguments[index])
        if option in ("IDMP", "IDMPAUTO"):
            return Effect.IDEMPOTENT
        if option in ("NOMKSTREAM", "KEEPREF", "DELREF", "ACKED"):
            index += 1
        elif option in ("MAXLEN", "MINID"):
            index += 3 if word_at(arguments, index + 1) in ("=", "~") else 2
        elif option == "LIMIT":
            index += 2
        else:
            break  # the id; what follows are fields and values
    return Effect.ACCUMULATING


def xread(arguments: Arguments) -> Effect:
    """Judge ``XREAD``: reads, or waits."""
    return Effect.READ if blocking.xread(arguments) == blocking.NOT_BLOCKING else Effect.BLOCKING


def xreadgroup(arguments: Arguments) -> Effect:
    """Judge ``XREADGROUP``: hands entries out, or waits; also the history of a consumer counts its deliveries."""
    return Effect.ACCUMULATING if blocking.xreadgroup(arguments) == blocking.NOT_BLOCKING else Effect.BLOCKING


def xgroup_setid(arguments: Arguments) -> Effect:
    """Judge ``XGROUP SETID key group <id | $>``: $ is another id once something was added, and would skip it."""
    return _idempotent(len(arguments) > 2 and word(arguments[2]) != "$")


# -- scripting, server, cluster ---------------------------------------------------------------------------------------


def function_load(arguments: Arguments) -> Effect:
    """Judge ``FUNCTION LOAD [REPLACE] code``: without REPLACE the second is an error."""
    return _idempotent(word_at(arguments, 0) == "REPLACE")


def function_restore(arguments: Arguments) -> Effect:
    """Judge ``FUNCTION RESTORE value [FLUSH | APPEND | REPLACE]``.

    APPEND fails the second time, FLUSH may wipe what came in between.
    """
    return _idempotent(word_at(arguments, 1) == "REPLACE")


def acl_log(arguments: Arguments) -> Effect:
    """Judge ``ACL LOG [count | RESET]``."""
    return Effect.READ if not arguments or number(arguments[0]) is not None else Effect.ADMIN


def debug(arguments: Arguments) -> Effect:
    """Judge ``DEBUG OBJECT key`` among all that DEBUG can do."""
    return Effect.READ if word_at(arguments, 0) == "OBJECT" else Effect.ADMIN


def sentinel_debug(arguments: Arguments) -> Effect:
    """Judge ``SENTINEL DEBUG [name milliseconds ...]``."""
    return Effect.ADMIN if arguments else Effect.READ


def reads_if_get(arguments: Arguments) -> Effect:
    """Judge ``FT.CONFIG GET | SET | HELP`` and ``SENTINEL CONFIG GET | SET``."""
    return Effect.READ if word_at(arguments, 0) in ("GET", "HELP") else Effect.ADMIN


def cluster_migration(arguments: Arguments) -> Effect:
    """Judge ``CLUSTER MIGRATION IMPORT ... | CANCEL ... | STATUS ...``."""
    return Effect.READ if word_at(arguments, 0) == "STATUS" else Effect.ADMIN


# -- modules ----------------------------------------------------------------------------------------------------------


def _settled(path: str) -> bool:
    """Return whether a JSON path means the same places after the change: no descent, no filter."""
    return ".." not in path and "?" not in path


def json_set(arguments: Arguments) -> Effect:
    """Judge ``JSON.SET key path value [NX | XX] [FPHA type]``."""
    known = only_options(arguments, 3, _XX, frozenset({"FPHA"}))
    return _idempotent(known and _settled(word_at(arguments, 1)))


def json_merge(arguments: Arguments) -> Effect:
    """Judge ``JSON.MERGE key path value``."""
    return _idempotent(_settled(word_at(arguments, 1)))


def json_mset(arguments: Arguments) -> Effect:
    """Judge ``JSON.MSET key path value [key path value ...]``."""
    return _idempotent(all(_settled(word(path)) for path in arguments[1::3]))


def json_del(arguments: Arguments) -> Effect:
    """Judge ``JSON.DEL key [path]``: an index means the next element once the first is gone."""
    path = word_at(arguments, 1)
    return _idempotent(_settled(path) and "[" not in path)


def ft_aggregate(arguments: Arguments) -> Effect:
    """Judge ``FT.AGGREGATE ... [WITHCURSOR ...]``: each execution leaves a cursor."""
    return Effect.ACCUMULATING if "WITHCURSOR" in map(word, arguments) else Effect.READ


def ft_sugadd(arguments: Arguments) -> Effect:
    """Judge ``FT.SUGADD key string score [INCR] [PAYLOAD payload]``."""
    return _idempotent(only_options(arguments, 3, _NONE, frozenset({"PAYLOAD"})))


def ts_read(arguments: Arguments) -> Effect:
    """Judge ``TS.READ``: reads, or waits."""
    return Effect.READ if blocking.ts_read(arguments) == blocking.NOT_BLOCKING else Effect.BLOCKING
