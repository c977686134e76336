"""ServerCommands: the commands of the group "server"."""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from redis_aio._replies.common import list_of, ok, text
from redis_aio._replies.server import (
    aborted,
    command_docs,
    commands,
    config,
    debug_object,
    done,
    info,
    latency_histogram,
    local_time,
    maps,
    memory_stats,
    modules,
    not_gone,
    seconds_and_microseconds,
    slow_log,
)
from redis_aio.commands._arguments import at_most_one, some
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeyT, PatternT, Reply, S

_texts = list_of(text)


class HotkeysMetricsTypes(enum.Enum):
    """What :meth:`ServerCommands.hotkeys_start` measures: time of the processor, bytes of the network."""

    CPU = "CPU"
    NET = "NET"


class ServerCommands(CommandGroup[S]):
    """The commands of the group "server"."""

    # -- what the server is and does ----------------------------------------------------------------------------------

    def info(self, section: str | None = None, *args: str) -> Reply[dict[str, Any]]:
        """Return facts and counters of the server as one dict, all of them or those of some sections.

        Numbers are numbers, ``a=1,b=2`` is a dict. The sections are ``"server"``, ``"memory"``, ``"everything"`` ...

        https://redis.io/commands/info/
        """
        if section is None:
            if args:
                raise DataError("section must be given where further sections are")
            return self._run("INFO", reply=info)
        return self._run("INFO", section, *args, reply=info)

    def time(self) -> Reply[tuple[int, int]]:
        """Return the server's clock: the Unix time in seconds, and the microseconds of this second.

        https://redis.io/commands/time/
        """
        return self._run("TIME", reply=seconds_and_microseconds)

    def role(self) -> Reply[list[Any]]:
        """Return what the server is in replication: ``"master"``, ``"slave"`` or ``"sentinel"``, and facts about it.

        https://redis.io/commands/role/
        """
        return self._run("ROLE")

    def lolwut(self, *version_numbers: str | float) -> Reply[S]:
        """Return a piece of computer art and the server's version; the numbers are a version and its parameters.

        https://redis.io/commands/lolwut/
        """
        words = ("VERSION", *version_numbers) if version_numbers else ()
        return self._run("LOLWUT", *words)

    # -- databases ----------------------------------------------------------------------------------------------------

    def dbsize(self) -> Reply[int]:
        """Return how many keys the database holds.

        https://redis.io/commands/dbsize/
        """
        return self._run("DBSIZE")

    def flushdb(self, asynchronous: bool = False, *, synchronous: bool = False) -> Reply[bool]:
        """Delete all keys of the database.

        The memory is freed in the background (``asynchronous``) or at once (``synchronous``), else as configured.

        https://redis.io/commands/flushdb/
        """
        return self._run("FLUSHDB", *_flush_mode(asynchronous, synchronous), reply=ok)

    def flushall(self, asynchronous: bool = False, *, synchronous: bool = False) -> Reply[bool]:
        """Delete all keys of all databases; the options are as in :meth:`flushdb`.

        https://redis.io/commands/flushall/
        """
        return self._run("FLUSHALL", *_flush_mode(asynchronous, synchronous), reply=ok)

    def swapdb(self, first: int, second: int) -> Reply[bool]:
        """Exchange two databases, for every client.

        https://redis.io/commands/swapdb/
        """
        return self._run("SWAPDB", first, second, reply=ok)

    # -- configuration ------------------------------------------------------------------------------------------------

    def config_get(self, pattern: PatternT = "*", *args: PatternT) -> Reply[dict[str | None, str | None]]:
        """Return the settings whose names match glob-style patterns, as ``str``.

        https://redis.io/commands/config-get/
        """
        return self._run("CONFIG GET", pattern, *args, reply=config)

    def config_set(self, name: KeyT, value: EncodableT, *args: EncodableT) -> Reply[bool]:
        """Change a setting; further names and values follow in turn.

        https://redis.io/commands/config-set/
        """
        if len(args) % 2:
            raise DataError("args must be pairs of a name and a value")
        return self._run("CONFIG SET", name, value, *args, reply=ok)

    def config_resetstat(self) -> Reply[bool]:
        """Set the counters of :meth:`info` to zero.

        https://redis.io/commands/config-resetstat/
        """
        return self._run("CONFIG RESETSTAT", reply=ok)

    def config_rewrite(self) -> Reply[S]:
        """Write the settings into the server's configuration file, and return ``"OK"``; no file is a ResponseError.

        https://redis.io/commands/config-rewrite/
        """
        return self._run("CONFIG REWRITE")

    # -- saving and replication ---------------------------------------------------------------------------------------

    def save(self) -> Reply[bool]:
        """Save to disk, blocking the server meanwhile.

        https://redis.io/commands/save/
        """
        return self._run("SAVE", reply=ok)

    def bgsave(self, schedule: bool = True, *, cancel: bool = False) -> Reply[bool]:
        """Begin to save to disk in the background, and return ``True``.

        With ``schedule`` it waits for a rewrite of the append-only file. ``cancel`` ends a save instead (Valkey 8.1).

        https://redis.io/commands/bgsave/
        """
        if cancel:
            return self._run("BGSAVE", "CANCEL", reply=done)
        return self._run("BGSAVE", *(("SCHEDULE",) if schedule else ()), reply=done)

    def bgrewriteaof(self) -> Reply[bool]:
        """Begin to rewrite the append-only file in the background, and return ``True``.

        https://redis.io/commands/bgrewriteaof/
        """
        return self._run("BGREWRITEAOF", reply=done)

    def lastsave(self) -> Reply[datetime]:
        """Return when the server last saved to disk, in local time without a time zone.

        https://redis.io/commands/lastsave/
        """
        return self._run("LASTSAVE", reply=local_time)

    def replicaof(self, *args: EncodableT) -> Reply[S]:
        """Make the server a replica of ``host, port``, or a primary with ``"NO", "ONE"``, and return ``"OK"``.

        https://redis.io/commands/replicaof/
        """
        if len(args) != 2:
            raise DataError('args must be a host and a port, or "NO" and "ONE"')
        return self._run("REPLICAOF", *args)

    def slaveof(self, host: str | None = None, port: int | None = None) -> Reply[bool]:
        """Make the server a replica of a host and port, or a primary where neither is given.

        https://redis.io/commands/slaveof/
        """
        if host is None and port is None:
            return self._run("SLAVEOF", "NO", "ONE", reply=ok)
        if host is None or port is None:
            raise DataError("host and port must be given together")
        return self._run("SLAVEOF", host, port, reply=ok)

    def failover(
        self,
        to: tuple[str, int] | None = None,
        force: bool = False,
        abort: bool = False,
        timeout: int | None = None,
    ) -> Reply[bool]:
        """Begin to hand the primary's role over to a replica, the one at ``to`` or the best.

        After ``timeout`` milliseconds it gives up, or goes on without the replica being ready (``force``). ``abort``
        ends a failover in progress.

        https://redis.io/commands/failover/
        """
        if force and (to is None or timeout is None):
            raise DataError("force needs to and timeout")
        if abort and (to is not None or timeout is not None):
            raise DataError("abort excludes the other options")
        options: list[EncodableT] = []
        if to is not None:
            options += ("TO", *to)
        if force:
            options.append("FORCE")
        if abort:
            options.append("ABORT")
        if timeout is not None:
            options += ("TIMEOUT", timeout)
        return self._run("FAILOVER", *options, reply=ok)

    def shutdown(
        self,
        save: bool = False,
        nosave: bool = False,
        now: bool = False,
        force: bool = False,
        abort: bool = False,
        *,
        safe: bool = False,
        failover: bool = False,
    ) -> Reply[None]:
        """End the server, saving before if it is configured to, or as ``save`` and ``nosave`` say.

        ``now`` does not wait for replicas, ``force`` ignores errors of saving, ``abort`` calls a shutdown in progress
        off; ``safe`` refuses where it would lose data and ``failover`` hands over to a replica first (Valkey 9). The
        end of the connection is the answer; a server that stays is a RedisError.

        https://redis.io/commands/shutdown/
        """
        at_most_one(save=save, nosave=nosave)
        words = {"SAVE": save, "NOSAVE": nosave, "NOW": now, "FORCE": force, "ABORT": abort}
        words |= {"SAFE": safe, "FAILOVER": failover}
        given = [word for word, is_given in words.items() if is_given]
        return self._run("SHUTDOWN", *given, reply=aborted if abort else not_gone)

    # -- the commands it has ------------------------------------------------------------------------------------------

    def command(self) -> Reply[dict[str, dict[str, Any]]]:
        """Return the details of every command of the server, by name.

        https://redis.io/commands/command/
        """
        return self._run("COMMAND", reply=commands)

    def command_info(self, *names: str) -> Reply[dict[str, dict[str, Any]]]:
        """Return the details of some commands, by name; those the server does not know are left out.

        https://redis.io/commands/command-info/
        """
        return self._run("COMMAND INFO", *names, reply=commands)

    def command_docs(self, *args: str) -> Reply[dict[str, dict[str, Any]]]:
        """Return the documentation of some commands, or of all, by name.

        https://redis.io/commands/command-docs/
        """
        return self._run("COMMAND DOCS", *args, reply=command_docs)

    def command_count(self) -> Reply[int]:
        """Return how many commands the server has.

        https://redis.io/commands/command-count/
        """
        return self._run("COMMAND COUNT")

    def command_list(
        self, module: str | None = None, category: str | None = None, pattern: str | None = None
    ) -> Reply[list[S]]:
        """Return the names of the commands, of all, of a module, of an ACL category, or that match a pattern.

        https://redis.io/commands/command-list/
        """
        at_most_one(module=module is not None, category=category is not None, pattern=pattern is not None)
        for word, value in (("MODULE", module), ("ACLCAT", category), ("PATTERN", pattern)):
            if value is not None:
                return self._run("COMMAND LIST", "FILTERBY", word, value)
        return self._run("COMMAND LIST")

    def command_getkeys(self, *args: EncodableT) -> Reply[list[str]]:
        """Return which of the words of a command are keys, as ``str``.

        https://redis.io/commands/command-getkeys/
        """
        return self._run("COMMAND GETKEYS", *some("args", args), reply=_texts)

    def command_getkeysandflags(self, *args: EncodableT) -> Reply[list[list[Any]]]:
        """Return which of the words of a command are keys, each with what the command does to it.

        https://redis.io/commands/command-getkeysandflags/
        """
        return self._run("COMMAND GETKEYSANDFLAGS", *some("args", args))

    # -- looking for what is slow or big ------------------------------------------------------------------------------

    def slowlog_get(self, num: int | None = None) -> Reply[list[dict[str, Any]]]:
        """Return the slowest commands of late, the newest first; at most ``num``, by default 10.

        ``start_time`` is in seconds, ``duration`` in microseconds. Strings are ``bytes``, whatever ``decode_responses``
        says, for the arguments may be binary.

        https://redis.io/commands/slowlog-get/
        """
        return self._run("SLOWLOG GET", *(() if num is None else (num,)), reply=slow_log)

    def slowlog_len(self) -> Reply[int]:
        """Return how many entries the slow log has.

        https://redis.io/commands/slowlog-len/
        """
        return self._run("SLOWLOG LEN")

    def slowlog_reset(self) -> Reply[bool]:
        """Empty the slow log.

        https://redis.io/commands/slowlog-reset/
        """
        return self._run("SLOWLOG RESET", reply=ok)

    def commandlog_get(self, count: int, type: str) -> Reply[list[dict[str, Any]]]:
        """Return entries of the log ``"slow"``, ``"large-request"`` or ``"large-reply"`` (Valkey 8.1).

        They are as in :meth:`slowlog_get`; in the logs of large ones the ``duration`` is a size in bytes.

        https://valkey.io/commands/commandlog-get/
        """
        return self._run("COMMANDLOG GET", count, type, reply=slow_log)

    def commandlog_len(self, type: str) -> Reply[int]:
        """Return how many entries a log has (Valkey 8.1).

        https://valkey.io/commands/commandlog-len/
        """
        return self._run("COMMANDLOG LEN", type)

    def commandlog_reset(self, type: str) -> Reply[bool]:
        """Empty a log (Valkey 8.1).

        https://valkey.io/commands/commandlog-reset/
        """
        return self._run("COMMANDLOG RESET", type, reply=ok)

    def latency_doctor(self) -> Reply[S]:
        """Return a report about the latencies that the server has seen, for humans.

        https://redis.io/commands/latency-doctor/
        """
        return self._run("LATENCY DOCTOR")

    def latency_graph(self, event: str) -> Reply[S]:
        """Return a drawing of the latencies of an event; an event not seen is a ResponseError.

        https://redis.io/commands/latency-graph/
        """
        return self._run("LATENCY GRAPH", event)

    def latency_histogram(self, *args: str) -> Reply[dict[str, dict[str, Any]]]:
        """Return how long commands took: ``calls``, and ``histogram_usec``, for each limit how many took at most that.

        https://redis.io/commands/latency-histogram/
        """
        return self._run("LATENCY HISTOGRAM", *args, reply=latency_histogram)

    def latency_history(self, event: str) -> Reply[list[list[int]]]:
        """Return the latencies of an event: each its Unix time and its milliseconds.

        https://redis.io/commands/latency-history/
        """
        return self._run("LATENCY HISTORY", event)

    def latency_latest(self) -> Reply[list[list[Any]]]:
        """Return for each event its name, its last Unix time, and the last and the longest latency in milliseconds.

        https://redis.io/commands/latency-latest/
        """
        return self._run("LATENCY LATEST")

    def latency_reset(self, *events: str) -> Reply[int]:
        """Forget the latencies of some events, or of all, and return how many events that were.

        https://redis.io/commands/latency-reset/
        """
        return self._run("LATENCY RESET", *events)

    def memory_doctor(self) -> Reply[S]:
        """Return a report about the server's use of memory, for humans.

        https://redis.io/commands/memory-doctor/
        """
        return self._run("MEMORY DOCTOR")

    def memory_help(self) -> Reply[list[str]]:
        """Return what MEMORY can do, a line of text each.

        https://redis.io/commands/memory-help/
        """
        return self._run("MEMORY HELP", reply=_texts)

    def memory_malloc_stats(self) -> Reply[S]:
        """Return the statistics of the memory allocator, as text.

        https://redis.io/commands/memory-malloc-stats/
        """
        return self._run("MEMORY MALLOC-STATS")

    def memory_purge(self) -> Reply[bool]:
        """Ask the memory allocator to give back what it does not use.

        https://redis.io/commands/memory-purge/
        """
        return self._run("MEMORY PURGE", reply=ok)

    def memory_stats(self) -> Reply[dict[str, Any]]:
        """Return how the server uses memory, in bytes and ratios; ``"db.0"`` and so on are dicts.

        https://redis.io/commands/memory-stats/
        """
        return self._run("MEMORY STATS", reply=memory_stats)

    def memory_usage(self, key: KeyT, samples: int | None = None) -> Reply[int | None]:
        """Return the bytes that a key and its value take, or ``None`` for a missing key.

        Of a collection it looks at ``samples`` elements, by default 5, with 0 at all of them.

        https://redis.io/commands/memory-usage/
        """
        if samples is None:
            return self._run("MEMORY USAGE", key)
        if not isinstance(samples, int):
            raise DataError(f"samples must be an int, not {samples.__class__.__name__}")
        return self._run("MEMORY USAGE", key, "SAMPLES", samples)

    def debug_object(self, key: KeyT) -> Reply[dict[str, str | int]]:
        """Return how a value is kept, for those who debug the server, which must be configured to allow it.

        https://redis.io/commands/debug-object/
        """
        return self._run("DEBUG", "OBJECT", key, reply=debug_object)

    def hotkeys_start(
        self,
        metrics: Sequence[HotkeysMetricsTypes],
        count: int | None = None,
        duration: int | None = None,
        sample_ratio: int | None = None,
        slots: Sequence[int] | None = None,
    ) -> Reply[S]:
        """Begin to track the ``count`` busiest keys, for ``duration`` seconds or until they are stopped (Redis 8.6).

        One of ``sample_ratio`` accesses is looked at, and in a cluster only these ``slots``.

        https://redis.io/commands/hotkeys-start/
        """
        names = [str(getattr(metric, "value", metric)) for metric in some("metrics", metrics)]
        options: list[EncodableT] = ["METRICS", len(names), *names]
        for word, value in (("COUNT", count), ("DURATION", duration), ("SAMPLE", sample_ratio)):
            if value is not None:
                options += (word, value)
        if slots is not None:
            options += ("SLOTS", len(slots), *slots)
        return self._run("HOTKEYS START", *options)

    def hotkeys_stop(self) -> Reply[S]:
        """End the tracking, and keep what was found (Redis 8.6).

        https://redis.io/commands/hotkeys-stop/
        """
        return self._run("HOTKEYS STOP")

    def hotkeys_reset(self) -> Reply[S]:
        """Forget what the tracking found (Redis 8.6).

        https://redis.io/commands/hotkeys-reset/
        """
        return self._run("HOTKEYS RESET")

    def hotkeys_get(self) -> Reply[list[dict[Any, Any]] | None]:
        """Return what the tracking found, or ``None`` where there was none (Redis 8.6).

        https://redis.io/commands/hotkeys-get/
        """
        return self._run("HOTKEYS GET", reply=maps)

    # -- modules ------------------------------------------------------------------------------------------------------

    def module_list(self) -> Reply[list[dict[Any, Any]]]:
        """Return the loaded modules.

        https://redis.io/commands/module-list/
        """
        return self._run("MODULE LIST", reply=modules)

    def module_load(self, path: str, *args: EncodableT) -> Reply[bool]:
        """Load a module from a file on the server, with its arguments; what cannot be loaded is a ModuleError.

        https://redis.io/commands/module-load/
        """
        return self._run("MODULE LOAD", path, *args, reply=ok)

    def module_loadex(
        self, path: str, options: Sequence[EncodableT] | None = None, args: Sequence[EncodableT] | None = None
    ) -> Reply[S]:
        """Load a module with settings, ``options`` being names and values in turn, and return ``"OK"``.

        https://redis.io/commands/module-loadex/
        """
        words: list[EncodableT] = []
        if options is not None:
            words += ("CONFIG", *options)
        if args is not None:
            words += ("ARGS", *args)
        return self._run("MODULE LOADEX", path, *words)

    def module_unload(self, name: str) -> Reply[bool]:
        """Unload a module; one that is not loaded is a ModuleError.

        https://redis.io/commands/module-unload/
        """
        return self._run("MODULE UNLOAD", name, reply=ok)


def _flush_mode(asynchronous: bool, synchronous: bool) -> tuple[Literal["ASYNC", "SYNC"], ...]:
    at_most_one(asynchronous=asynchronous, synchronous=synchronous)
    if asynchronous:
        return ("ASYNC",)
    return ("SYNC",) if synchronous else ()
