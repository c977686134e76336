"""Checks of the server: its version, role, persistence, connections and what it says of itself."""

from collections.abc import Iterator

from redis_aio._doctor.facts import Facts
from redis_aio._doctor.finding import Finding, Severity

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

#: The oldest versions that still get fixes, as of the release of this library.
OLDEST = {"redis": (7, 2), "valkey": (7, 2)}
#: New connections a second, on average, from which somebody seems to make one for each request.
MANY_CONNECTIONS = 20.0


def version(facts: Facts) -> Iterator[Finding]:
    """Look whether the server's version still gets fixes."""
    if facts.version is None:
        return
    number = tuple(int(part) for part in facts.version.split(".")[:2] if part.isdigit())
    oldest = OLDEST[facts.flavour]
    if number < oldest:
        yield Finding(
            WARNING,
            "version",
            f"{facts.flavour} {facts.version} gets no fixes any more",
            "Known holes stay open.",
            f"Move to {facts.flavour} {'.'.join(map(str, oldest))} or later.",
        )


def role(facts: Facts) -> Iterator[Finding]:
    """Look whether this is a primary, and whether replication works."""
    if facts.info.get("role") != "slave":
        return
    yield Finding(
        WARNING,
        "role",
        "this server is a replica",
        "Writes fail with READONLY, and reads may be behind.",
        "Connect to the primary; where it can change, to an address that follows it.",
    )
    if facts.info.get("master_link_status") == "down":
        yield Finding(
            ERROR,
            "role",
            "the replica has lost its primary",
            "What it answers gets older and older.",
            "Look at the primary and the network between them; INFO replication says since when.",
        )


def cluster(facts: Facts) -> Iterator[Finding]:
    """Look whether this is a node of a cluster, which a client of one server cannot use."""
    if facts.number("cluster_enabled"):
        yield Finding(
            ERROR,
            "cluster",
            "this server is a node of a cluster, and the client is one of a single server",
            "Keys of other nodes' slots fail with MOVED.",
            "Use a cluster client, or a server that is no node of a cluster.",
        )


def loading(facts: Facts) -> Iterator[Finding]:
    """Look whether the server is loading its data."""
    if facts.number("loading"):
        yield Finding(
            ERROR,
            "loading",
            "the server is loading its data",
            "Commands fail until that is done.",
            "Wait; INFO persistence says how far it is.",
        )


def persistence(facts: Facts) -> Iterator[Finding]:
    """Look whether writing to disk works, and whether it is wanted."""
    failed = [
        name
        for name, key in (
            ("RDB", "rdb_last_bgsave_status"),
            ("AOF", "aof_last_write_status"),
            ("AOF rewrite", "aof_last_bgrewrite_status"),
        )
        if facts.info.get(key) == "err"
    ]
    if failed:
        yield Finding(
            ERROR,
            "persistence",
            f"the last write to disk failed: {', '.join(failed)}",
            "A restart loses data; with stop-writes-on-bgsave-error the server refuses writes with MISCONF.",
            "Look at the server's log: a full disk, permissions of its folder, or no memory to fork.",
        )
    if "save" not in facts.config and "appendonly" not in facts.config:
        return
    saves = bool(facts.config.get("save")) or facts.config.get("appendonly") == "yes"
    if facts.cache and saves:
        yield Finding(
            WARNING,
            "persistence",
            "a cache is written to disk",
            "Forks and writes cost latency and memory for data that can be made again.",
            'CONFIG SET save "" and appendonly no, in the configuration file too.',
        )
    elif not facts.cache and not saves and facts.info.get("role") != "slave":
        yield Finding(
            INFO,
            "persistence",
            "nothing is written to disk",
            "After a restart the server is empty. That is right for a cache only.",
            "If this is no cache, set appendonly yes, or save; if it is one, say --cache.",
        )


def keepalive(facts: Facts) -> Iterator[Finding]:
    """Look whether the server notices clients that vanished."""
    if facts.setting("tcp-keepalive") == 0:
        yield Finding(
            WARNING,
            "tcp-keepalive",
            "tcp-keepalive is off",
            "Connections of clients that vanished stay for ever, and count against maxclients.",
            "CONFIG SET tcp-keepalive 300.",
        )


def connections(facts: Facts) -> Iterator[Finding]:
    """Look whether clients are refused, blocked, or made for each request."""
    refused = facts.number("rejected_connections") or 0
    if refused:
        yield Finding(
            WARNING,
            "rejected-connections",
            f"{refused:.0f} connections were refused since the server's start: there were maxclients already",
            "Their commands failed.",
            "Lower pool sizes, raise maxclients, and see whether clients are closed: CLIENT LIST.",
        )
    uptime = facts.number("uptime_in_seconds") or 0
    made = facts.number("total_connections_received") or 0
    if uptime >= 60 and made / uptime > MANY_CONNECTIONS:
        yield Finding(
            WARNING,
            "connection-rate",
            f"{made / uptime:.0f} connections a second were made, on average, since the server's start",
            "Somebody makes a client for each request: slow, and the ports of its machine run out in TIME_WAIT.",
            "Make one client for each process and share it; close it when the process ends.",
        )
    blocked = facts.number("blocked_clients") or 0
    if blocked > 1000:
        yield Finding(
            INFO,
            "blocked-clients",
            f"{blocked:.0f} clients wait in a blocking command",
            "Each holds a connection.",
            "Count these waits in when you choose pool_size and maxclients.",
        )


def output_buffers(facts: Facts) -> Iterator[Finding]:
    """Look whether a slow subscriber can fill the server's memory."""
    words = facts.config.get("client-output-buffer-limit", "").split()
    limits = {words[at]: words[at + 1 : at + 4] for at in range(0, len(words) - 3, 4)}
    if limits.get("pubsub", [])[:2] == ["0", "0"]:
        yield Finding(
            WARNING,
            "output-buffers",
            "the output buffers of subscribers have no limit",
            "One subscriber that does not read fills the memory of the server.",
            'CONFIG SET client-output-buffer-limit "pubsub 32mb 8mb 60".',
        )


def slow_commands(facts: Facts) -> Iterator[Finding]:
    """Look at the slow log."""
    if facts.setting("slowlog-log-slower-than") == -1:
        yield Finding(
            INFO,
            "slow-commands",
            "the slow log is off",
            "Nobody can tell afterwards which command held up all others.",
            "CONFIG SET slowlog-log-slower-than 10000.",
        )
    if facts.slow:
        name, seconds = max(facts.slow, key=lambda entry: entry[1])
        most = f"{name}, {seconds * 1e3:.0f} ms"
        yield Finding(
            WARNING if seconds >= 0.1 else INFO,
            "slow-commands",
            f"the slow log has entries; the slowest of the last {len(facts.slow)} is {most}",
            "While such a command runs, the server answers nobody else.",
            "See SLOWLOG GET: read less at a time (SCAN for KEYS, ranges), UNLINK for DEL, keep values small.",
        )


def latency_events(facts: Facts) -> Iterator[Finding]:
    """Look at the latency monitor."""
    if facts.latency:
        name, seconds = max(facts.latency, key=lambda event: event[1])
        worst = f"{name}, {seconds * 1e3:.0f} ms"
        yield Finding(
            WARNING if seconds >= 0.1 else INFO,
            "latency-events",
            f"the latency monitor has seen {len(facts.latency)} kinds of events; the worst is {worst}",
            "The server answered nobody for that long.",
            "Ask LATENCY DOCTOR; fork and disk events call for another persistence, command events for SLOWLOG GET.",
        )
    elif facts.setting("latency-monitor-threshold") == 0:
        yield Finding(
            INFO,
            "latency-events",
            "the latency monitor is off",
            "Standstills of the server leave no trace.",
            "CONFIG SET latency-monitor-threshold 100 (milliseconds).",
        )


def keyspace_events(facts: Facts) -> Iterator[Finding]:
    """Look whether each change of a key is published."""
    flags = facts.config.get("notify-keyspace-events")
    if flags:
        yield Finding(
            INFO,
            "keyspace-events",
            f"notify-keyspace-events is {flags!r}",
            "Each such change of a key publishes a message, listened to or not.",
            'If nobody listens: CONFIG SET notify-keyspace-events "".',
        )


def databases(facts: Facts) -> Iterator[Finding]:
    """Look whether the data is in another database than the client's."""
    sizes = {
        int(name[2:]): int(entry.get("keys", 0))
        for name, entry in facts.info.items()
        if name.startswith("db") and name[2:].isdigit() and isinstance(entry, dict)
    }
    others = {number: size for number, size in sizes.items() if number != facts.options.db and size}
    if others and not sizes.get(facts.options.db):
        largest = max(others, key=lambda number: others[number])
        yield Finding(
            WARNING,
            "databases",
            f"database {facts.options.db} is empty, and database {largest} has {others[largest]} keys",
            "The client may be looking in the wrong one.",
            f"If so, end the URL with /{largest}.",
        )


def uptime(facts: Facts) -> Iterator[Finding]:
    """Say when the counters are too young to tell much."""
    seconds = facts.number("uptime_in_seconds")
    if seconds is not None and seconds < 600:
        yield Finding(
            INFO,
            "uptime",
            f"the server was started {seconds:.0f} s ago",
            "Counters of evicted keys, refused connections and the like say little yet.",
            "Ask again later; if nobody restarted it, look at its log.",
        )


CHECKS = (
    *(version, role, cluster, loading, persistence, keepalive, connections, output_buffers),
    *(slow_commands, latency_events, keyspace_events, databases, uptime),
)
