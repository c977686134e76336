"""The parsers of raw commands: ``execute_command("HGETALL", "h")`` returns what ``hgetall("h")`` does.

The names are those that redis-py has a callback for; everything else is handed on as it came. Where the shape depends
on arguments, redis-py's options say so (``withscores=True``). The arguments themselves are only looked at where
redis-py would fail, or make nonsense of the reply.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from redis_aio._command.arguments import word, word_at
from redis_aio._command.spec import Arguments
from redis_aio._replies import (
    acl,
    cluster,
    connection,
    geo,
    hashes,
    keys,
    lists,
    pubsub,
    scripting,
    sentinel,
    server,
    sets,
    sorted_sets,
    streams,
    strings,
)
from redis_aio._replies.common import boolean, float_or_none, list_of, mapping, ok, scan_page, text, text_keyed
from redis_aio.typing import ReplyParser

Options: TypeAlias = dict[str, Any]
#: Takes the options it knows, may look at the arguments, and returns the parser.
Choice: TypeAlias = Callable[[Options, Arguments], ReplyParser[Any] | None]

_ZADD_OPTIONS = frozenset({"NX", "XX", "GT", "LT", "CH"})


def _same(names: str, parser: ReplyParser[Any]) -> Iterator[tuple[str, ReplyParser[Any]]]:
    return ((name.replace("#", " "), parser) for name in names.split())


def lcs(reply: Any) -> Any:
    """Return LCS as it came, except that a map becomes a flat list."""
    return strings.match_list(reply) if isinstance(reply, dict) else reply


def acl_log(reply: Any) -> Any:
    """Return ACL LOG as dicts, or whether ACL LOG RESET answered OK."""
    return acl.log(reply) if isinstance(reply, list) else ok(reply)


#: Commands whose replies have one shape.
PARSERS: Mapping[str, ReplyParser[Any]] = {
    **cluster.PARSERS,
    **dict(_same("AUTH COPY EXPIRE EXPIREAT HEXISTS MOVE MSETNX PERSIST PEXPIRE PEXPIREAT", boolean)),
    **dict(_same("RENAMENX SETNX SMOVE", boolean)),
    **dict(_same("ASKING FLUSHALL FLUSHDB HMSET LSET LTRIM MSET PFMERGE PSETEX READONLY READWRITE RENAME", ok)),
    **dict(_same("SAVE SELECT SETEX SLAVEOF SWAPDB UNWATCH WATCH", ok)),
    **dict(_same("HINCRBYFLOAT INCRBYFLOAT ZINCRBY", float)),
    **dict(_same("SDIFF SINTER SMEMBERS SUNION", sets.members)),
    **dict(_same("BLPOP BRPOP", lists.popped)),
    **dict(_same("BZPOPMAX BZPOPMIN", sorted_sets.popped_with_score)),
    **dict(_same("BZMPOP ZMPOP", sorted_sets.multi_popped)),
    **dict(_same("BGREWRITEAOF BGSAVE", server.done)),
    **dict(_same("SCAN SSCAN", scan_page)),
    **dict(_same("XRANGE XREVRANGE", streams.entries)),
    **dict(_same("XINFO#CONSUMERS XINFO#GROUPS", list_of(text_keyed))),
    **dict(_same("ACL#CAT ACL#HELP ACL#LIST ACL#USERS", list_of(text))),
    **dict(_same("ACL#LOAD ACL#SAVE ACL#SETUSER XGROUP#CREATE XGROUP#SETID", ok)),
    **dict(_same("ACL#GENPASS ACL#WHOAMI SCRIPT#LOAD", text)),
    **dict(_same("SENTINEL#FAILOVER SENTINEL#FLUSHCONFIG SENTINEL#MONITOR SENTINEL#REMOVE SENTINEL#SET", ok)),
    **dict(_same("SENTINEL#SENTINELS SENTINEL#SLAVES", sentinel.states)),
    "ACL GETUSER": acl.user,
    "ACL LOG": acl_log,
    "ARINFO": text_keyed,
    "CLIENT GETNAME": connection.name_or_none,
    "CLIENT INFO": connection.client_info,
    "CLIENT KILL": connection.killed,
    "CLIENT LIST": connection.client_list,
    "CLIENT PAUSE": ok,
    "CLIENT SETINFO": ok,
    "CLIENT SETNAME": ok,
    "CLIENT TRACKINGINFO": connection.tracking_info,
    "CLIENT UNBLOCK": boolean,
    "COMMAND": server.commands,
    "COMMAND GETKEYS": list_of(text),
    "CONFIG GET": server.config,
    "CONFIG RESETSTAT": ok,
    "CONFIG SET": ok,
    "FUNCTION DELETE": ok,
    "FUNCTION FLUSH": ok,
    "FUNCTION LIST": scripting.libraries,
    "FUNCTION RESTORE": ok,
    "GEODIST": float_or_none,
    "GEOHASH": geo.hashes,
    "GEOPOS": geo.positions,
    "HGETALL": mapping,
    "HIMPORT PREPARE": ok,
    "HIMPORT SET": ok,
    "HOTKEYS GET": server.maps,
    "INFO": server.info,
    "LASTSAVE": server.local_time,
    "LCS": lcs,
    "MEMORY PURGE": ok,
    "MEMORY STATS": server.memory_stats,
    "MODULE LIST": server.modules,
    "MODULE LOAD": ok,
    "MODULE UNLOAD": ok,
    "PING": connection.pong,
    "PUBSUB NUMSUB": pubsub.subscribers,
    "PUBSUB SHARDNUMSUB": pubsub.subscribers,
    "SCRIPT EXISTS": scripting.exist,
    "SCRIPT FLUSH": ok,
    "SCRIPT KILL": ok,
    "SENTINEL CKQUORUM": sentinel.all_is_well,
    "SENTINEL GET-MASTER-ADDR-BY-NAME": sentinel.address,
    "SENTINEL MASTER": sentinel.state,
    "SENTINEL MASTERS": sentinel.states_by_name,
    "SENTINEL RESET": boolean,
    "SHUTDOWN": server.not_gone,
    "SLOWLOG RESET": ok,
    "TIME": server.seconds_and_microseconds,
    "XGROUP DESTROY": boolean,
    "ZMSCORE": sorted_sets.scores,
    "ZSCORE": float_or_none,
}


# -- shapes that options choose ---------------------------------------------------------------------------------------


def _given(arguments: Arguments, start: int, option: str, *valued: str) -> bool:
    """Return whether an option is among the arguments; what follows a valued one is its value."""
    index = start
    while index < len(arguments):
        found = word(arguments[index])
        if found == option:
            return True
        index += 2 if found in valued else 1
    return False


def _scores(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    cast = options.pop("score_cast_func", float)
    return sorted_sets.with_cast_scores(cast) if options.pop("withscores", False) else None


def _flat_scores(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    return sorted_sets.flat_with_scores if options.pop("withscores", False) else None


def _popped(options: Options, arguments: Arguments) -> ReplyParser[Any]:
    options.pop("withscores", None)  # they always have them
    return sorted_sets.with_cast_scores(options.pop("score_cast_func", float))


def _rank(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    cast = options.pop("score_cast_func", float)
    return sorted_sets.rank_with_score(cast) if options.pop("withscore", False) else None


def _zscan(options: Options, arguments: Arguments) -> ReplyParser[Any]:
    return sorted_sets.scanned_with_scores(options.pop("score_cast_func", float))


def _zadd(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    index = 1
    while word_at(arguments, index) in _ZADD_OPTIONS:
        index += 1
    increments = word_at(arguments, index) == "INCR"
    return float_or_none if options.pop("as_score", increments) else None


def _hscan(options: Options, arguments: Arguments) -> ReplyParser[Any]:
    bare = _given(arguments, 2, "NOVALUES", "MATCH", "COUNT")
    return scan_page if options.pop("no_values", bare) else hashes.scanned_fields


def _hrandfield(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    return hashes.flat_pairs if options.pop("withvalues", False) else None


def _set(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    return None if options.pop("get", False) else strings.set_result


def _sort(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    size = options.pop("groups", None)
    return keys.grouped(size) if size else None


def _slow_log(options: Options, arguments: Arguments) -> ReplyParser[Any]:
    options.pop("decode_responses", None)  # the arguments of commands are never decoded
    return server.slow_log


def _places(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    for option in ("store", "store_dist", "unit", "sort", "count", "any"):  # what redis-py gives along
        options.pop(option, None)
    wanted = [bool(options.pop(option, False)) for option in ("withdist", "withhash", "withcoord")]
    return geo.places_with(*wanted) if any(wanted) else None


def _xread(options: Options, arguments: Arguments) -> ReplyParser[Any]:
    return streams.streams if options.pop("claim_min_idle_time", None) is None else streams.streams_with_claims


def _xclaim(options: Options, arguments: Arguments) -> ReplyParser[Any] | None:
    return None if options.pop("parse_justid", _given(arguments, 4, "JUSTID")) else streams.entries


def _xautoclaim(options: Options, arguments: Arguments) -> ReplyParser[Any]:
    ids = _given(arguments, 4, "JUSTID")
    return streams.claimed_ids if options.pop("parse_justid", ids) else streams.claimed


def _xpending(options: Options, arguments: Arguments) -> ReplyParser[Any]:
    return streams.pending_range if options.pop("parse_detail", len(arguments) > 2) else streams.pending


def _xinfo(options: Options, arguments: Arguments) -> ReplyParser[Any]:
    return streams.full_info if options.pop("full", _given(arguments, 1, "FULL")) else streams.info


#: Commands whose replies have the shape that redis-py's options name.
CHOICES: Mapping[str, Choice] = {
    **dict.fromkeys(["ZINTER", "ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYSCORE", "ZUNION"], _scores),
    **dict.fromkeys(("ZDIFF", "ZRANDMEMBER"), _flat_scores),
    **dict.fromkeys(("ZPOPMAX", "ZPOPMIN"), _popped),
    **dict.fromkeys(("ZRANK", "ZREVRANK"), _rank),
    **dict.fromkeys(("GEORADIUS", "GEORADIUSBYMEMBER", "GEOSEARCH"), _places),
    **dict.fromkeys(("XREAD", "XREADGROUP"), _xread),
    "HRANDFIELD": _hrandfield,
    "HSCAN": _hscan,
    "SET": _set,
    "SLOWLOG GET": _slow_log,
    "SORT": _sort,
    "XAUTOCLAIM": _xautoclaim,
    "XCLAIM": _xclaim,
    "XINFO STREAM": _xinfo,
    "XPENDING": _xpending,
    "ZADD": _zadd,
    "ZSCAN": _zscan,
}


def parser_for(name: str, arguments: Arguments, options: Options) -> ReplyParser[Any] | None:
    """Return the parser of a raw command, or ``None``, and take the options that it knows out of ``options``."""
    choose = CHOICES.get(name)
    return PARSERS.get(name) if choose is None else choose(options, arguments)
