"""The doctor's checks, each over facts that call for it and over facts that do not; and the shape of reports."""

import json
import ssl
from typing import Any

import pytest

from redis_aio import exceptions
from redis_aio._doctor import report
from redis_aio._doctor.facts import CONFIG, Facts, quantile
from redis_aio._doctor.finding import Finding, Severity
from redis_aio._options import Options
from redis_aio.backoff import NoBackoff
from redis_aio.retry import Retry

SECRET = "p1-planted-secret"
GIB = 1024**3

#: A server and a client about which there is nothing to say.
INFO: dict[str, Any] = {
    "redis_version": "7.2.4",
    "valkey_version": "9.1.0",
    "uptime_in_seconds": 100_000,
    "role": "master",
    "loading": 0,
    "cluster_enabled": 0,
    "connected_clients": 50,
    "blocked_clients": 2,
    "total_connections_received": 10_000,
    "rejected_connections": 0,
    "evicted_keys": 0,
    "used_memory": 2 * GIB,
    "mem_fragmentation_ratio": 1.1,
    "total_system_memory": 8 * GIB,
    "rdb_last_bgsave_status": "ok",
    "aof_last_write_status": "ok",
    "db0": {"keys": 100, "expires": 90},
}
SETTINGS = {
    "maxmemory": str(5 * GIB),
    "maxmemory-policy": "allkeys-lru",
    "maxclients": "10000",
    "timeout": "0",
    "tcp-keepalive": "300",
    "save": "3600 1",
    "appendonly": "no",
    "bind": "127.0.0.1 -::1",
    "protected-mode": "yes",
    "client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    "notify-keyspace-events": "",
    "slowlog-log-slower-than": "10000",
    "latency-monitor-threshold": "100",
    "lazyfree-lazy-eviction": "yes",
    "lazyfree-lazy-expire": "yes",
    "stop-writes-on-bgsave-error": "yes",
}
OPTIONS: dict[str, Any] = {"host": "127.0.0.1", "pool_size": 20}
PINGS = tuple(0.0002 + number * 0.00001 for number in range(50))
KERNEL = {"transparent_hugepage": "always [madvise] never", "overcommit_memory": "1"}


def facts(
    info: dict[str, Any] | None = None,
    config: dict[str, str] | None = None,
    options: dict[str, Any] | None = None,
    **others: Any,
) -> Facts:
    """Return the facts of a healthy server, changed."""
    default: dict[str, Any] = {"user": "app", "default_open": False, "pings": PINGS, "kernel": KERNEL}
    return Facts(
        options=Options.build(**{**OPTIONS, **(options or {})}),
        info={**INFO, **(info or {})},
        config={**SETTINGS, **(config or {})},
        **{**default, **others},
    )


def blind_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def tls_failure() -> Exception:
    error = exceptions.ConnectionError("cannot connect")
    error.__cause__ = ssl.SSLError("no")
    return error


def test_nothing_is_said_of_what_is_well() -> None:
    assert report.examine(facts()) == []


E, W, N = Severity.ERROR, Severity.WARNING, Severity.INFO

#: What is changed about the healthy facts, and the findings: severity, check, a part of what is said.
CASES: dict[str, tuple[dict[str, Any], list[tuple[Severity, str, str]]]] = {
    "unreadable": ({"unreadable": ("CONFIG GET", "SLOWLOG")}, [(N, "unreadable", "CONFIG GET, SLOWLOG")]),
    "no tls": ({"options": {"host": "10.0.0.1"}}, [(W, "tls", "not encrypted")]),
    "no tls to a name": ({"options": {"host": "redis.test"}}, [(W, "tls", "not encrypted")]),
    "blind tls": ({"options": {"ssl_context": blind_context()}}, [(E, "tls", "not verified")]),
    "tls": ({"options": {"host": "10.0.0.1", "ssl": True}}, []),
    "open to all": (
        {"default_open": True, "config": {"bind": "* -::*", "protected-mode": "no"}},
        [(E, "access", "needs no password")],
    ),
    "open here": ({"default_open": True}, [(N, "access", "from this machine only")]),
    "open, protected": ({"default_open": True, "config": {"bind": ""}}, [(N, "access", "from this machine only")]),
    "default user": ({"user": "default"}, [(N, "access", "may do everything")]),
    "slow network": ({"pings": (0.02,) * 10}, [(W, "latency", "20.00 ms at the median")]),
    "jumpy network": ({"pings": (0.001,) * 50 + (0.2,) * 2}, [(W, "latency", "200.00 ms at the 99th")]),
    "no read timeout": ({"options": {"read_timeout": None}}, [(W, "timeouts", "without a bound: read_timeout")]),
    "no bounds": (
        {"options": {"read_timeout": None, "dial_timeout": None, "write_timeout": None, "pool_timeout": None}},
        [(W, "timeouts", "dial_timeout, read_timeout, write_timeout, pool_timeout")],
    ),
    "tight read timeout": (
        {"options": {"read_timeout": 0.05}, "pings": (0.001,) * 200 + (0.04,)},
        [(W, "timeouts", "took 40 ms, read_timeout is 50 ms")],
    ),
    "one connection": ({"options": {"pool_size": 1}}, [(W, "pool", "one connection")]),
    "no pipelining": ({"options": {"auto_pipeline": False}}, [(N, "pool", "auto_pipeline is off")]),
    "no retries": ({"options": {"max_retries": 0}}, [(W, "retries", "never tries again")]),
    "no retries by policy": ({"options": {"retry": Retry(NoBackoff(), 0)}}, [(W, "retries", "never tries again")]),
    "unsafe retries": ({"options": {"retry_unsafe": True}}, [(W, "retries", "retry_unsafe")]),
    "no keepalive": (
        {"options": {"host": "10.0.0.1", "ssl": True, "keepalive": False}},
        [(W, "dead-peers", "neither keepalive")],
    ),
    "no keepalive but checks": (
        {"options": {"host": "10.0.0.1", "ssl": True, "keepalive": False, "health_check_interval": 30}},
        [],
    ),
    "pools too large": ({"config": {"maxclients": "100"}, "processes": 8}, [(E, "maxclients", "160 connections")]),
    "pools large": ({"config": {"maxclients": "180"}, "processes": 8}, [(W, "maxclients", "8 processes")]),
    "nearly full": ({"info": {"connected_clients": 9000}}, [(W, "maxclients", "9000 of 10000")]),
    "server closes idle": ({"config": {"timeout": "60"}}, [(W, "idle-timeout", "idle for 60 s")]),
    "client closes first": ({"config": {"timeout": "60"}, "options": {"conn_max_idle_time": 30}}, []),
    "old valkey": ({"info": {"valkey_version": "7.0.1"}}, [(W, "version", "valkey 7.0.1 gets no fixes")]),
    "replica": (
        {"info": {"role": "slave", "master_link_status": "up"}},
        [(W, "role", "is a replica")],
    ),
    "lost replica": (
        {"info": {"role": "slave", "master_link_status": "down"}},
        [(E, "role", "lost its primary"), (W, "role", "is a replica")],
    ),
    "cluster": ({"info": {"cluster_enabled": 1}}, [(E, "cluster", "node of a cluster")]),
    "loading": ({"info": {"loading": 1}}, [(E, "loading", "is loading")]),
    "disk full": ({"info": {"rdb_last_bgsave_status": "err"}}, [(E, "persistence", "failed: RDB")]),
    "aof": ({"info": {"aof_last_write_status": "err"}}, [(E, "persistence", "failed: AOF")]),
    "not persistent": ({"config": {"save": ""}}, [(N, "persistence", "nothing is written")]),
    "cache not persistent": ({"config": {"save": ""}, "cache": True}, []),
    "persistent cache": ({"cache": True}, [(W, "persistence", "a cache is written")]),
    "no server keepalive": ({"config": {"tcp-keepalive": "0"}}, [(W, "tcp-keepalive", "is off")]),
    "refused": ({"info": {"rejected_connections": 7}}, [(W, "rejected-connections", "7 connections")]),
    "churn": (
        {"info": {"total_connections_received": 10_000_000}},
        [(W, "connection-rate", "100 connections a second")],
    ),
    "blocked": ({"info": {"blocked_clients": 2000}}, [(N, "blocked-clients", "2000 clients")]),
    "subscribers": (
        {"config": {"client-output-buffer-limit": "normal 0 0 0 replica 1 1 60 pubsub 0 0 0"}},
        [(W, "output-buffers", "no limit")],
    ),
    "slow log": (
        {"slow": (("KEYS", 0.25), ("GET", 0.02))},
        [(W, "slow-commands", "the slowest of the last 2 is KEYS, 250 ms")],
    ),
    "slightly slow": ({"slow": (("KEYS", 0.02),)}, [(N, "slow-commands", "KEYS, 20 ms")]),
    "no slow log": ({"config": {"slowlog-log-slower-than": "-1"}}, [(N, "slow-commands", "is off")]),
    "standstills": (
        {"latency": (("command", 0.12), ("fork", 0.5))},
        [(W, "latency-events", "2 kinds of events; the worst is fork, 500 ms")],
    ),
    "no monitor": ({"config": {"latency-monitor-threshold": "0"}}, [(N, "latency-events", "is off")]),
    "notifications": ({"config": {"notify-keyspace-events": "KEA"}}, [(N, "keyspace-events", "'KEA'")]),
    "wrong database": (
        {"options": {"db": 3}},
        [(W, "databases", "database 3 is empty, and database 0 has 100 keys")],
    ),
    "two databases": ({"info": {"db4": {"keys": 9, "expires": 0}}}, []),
    "young": ({"info": {"uptime_in_seconds": 5}}, [(N, "uptime", "5 s ago")]),
    "no limit": ({"config": {"maxmemory": "0"}}, [(W, "maxmemory", "is not set")]),
    "limit too high": ({"config": {"maxmemory": str(8 * GIB)}}, [(W, "maxmemory", "8192 MiB")]),
    "full": (
        {"config": {"maxmemory-policy": "noeviction"}, "info": {"used_memory": 5 * GIB}},
        [(E, "maxmemory-policy", "100% of maxmemory")],
    ),
    "noeviction": ({"config": {"maxmemory-policy": "noeviction"}}, []),
    "cache cannot evict": (
        {"config": {"maxmemory-policy": "noeviction", "save": ""}, "cache": True},
        [(E, "maxmemory-policy", "of this cache is noeviction")],
    ),
    "nothing volatile": (
        {"config": {"maxmemory-policy": "volatile-lru"}, "info": {"db0": {"keys": 100, "expires": 10}}},
        [(W, "maxmemory-policy", "10 of 100 keys expire")],
    ),
    "volatile": ({"config": {"maxmemory-policy": "volatile-lru"}}, []),
    "evicted": ({"info": {"evicted_keys": 12}}, [(W, "evicted-keys", "12 keys")]),
    "cache evicted": (
        {"info": {"evicted_keys": 12}, "config": {"save": ""}, "cache": True},
        [(N, "evicted-keys", "12 keys")],
    ),
    "fragmented": ({"info": {"mem_fragmentation_ratio": 2.0}}, [(W, "fragmentation", "2.0 times")]),
    "swapped": ({"info": {"mem_fragmentation_ratio": 0.5}}, [(E, "fragmentation", "swapped")]),
    "small": ({"info": {"mem_fragmentation_ratio": 20.0, "used_memory": 1_000_000}}, []),
    "eager freeing": (
        {"config": {"lazyfree-lazy-expire": "no", "save": ""}, "cache": True},
        [(N, "lazy-freeing", "lazyfree-lazy-expire")],
    ),
    "huge pages": (
        {"kernel": {**KERNEL, "transparent_hugepage": "[always] madvise never"}},
        [(N, "huge-pages", "always on")],
    ),
    "overcommit": ({"kernel": {**KERNEL, "overcommit_memory": "0"}}, [(W, "overcommit", "is 0")]),
    "overcommit, no fork": (
        {"kernel": {**KERNEL, "overcommit_memory": "0"}, "config": {"save": ""}, "cache": True},
        [],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES.keys())
def test_a_check(changes: dict[str, Any], expected: list[tuple[Severity, str, str]]) -> None:
    found = report.examine(facts(**changes))
    assert [(finding.severity, finding.check) for finding in found] == [(level, name) for level, name, _ in expected]
    for finding, (_, _, part) in zip(found, expected, strict=True):
        assert part in finding.what
        for text in (finding.why, finding.todo):
            assert text.endswith(".")
            assert len(text) > 15


def test_every_check_has_a_case() -> None:
    names = {finding.check for changes, _ in CASES.values() for finding in report.examine(facts(**changes))}
    functions = {check for check in report.CHECKS if any(any(check(facts(**changes))) for changes, _ in CASES.values())}
    assert {check.__name__ for check in report.CHECKS} - {check.__name__ for check in functions} == {"reachable"}
    assert len(names) >= 28


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        (exceptions.ConnectionError("cannot connect to x:1: Connection refused"), "address, port and firewalls"),
        (exceptions.AuthenticationError(SECRET), "user name and password"),
        (exceptions.MaxClientsError(SECRET), "maxclients"),
        (exceptions.BusyLoadingError(SECRET), "Wait"),
        (exceptions.ReadTimeoutError("no reply within read_timeout"), "SLOWLOG GET"),
        (exceptions.ConnectTimeoutError("too long"), "network"),
        (tls_failure(), "authority"),
    ],
)
def test_a_server_that_cannot_be_asked(error: Exception, todo: str) -> None:
    (found,) = report.examine(Facts(options=Options.build(**OPTIONS), error=error))
    assert (found.severity, found.check) == (Severity.ERROR, "reachable")
    assert todo in found.todo
    assert SECRET not in repr(found)


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert report.examine(Facts(options=Options.build(**OPTIONS), user="app", default_open=None)) == []


def test_no_password_is_asked_for() -> None:
    assert not {"requirepass", "masterauth", "masteruser", "aclfile"} & set(CONFIG)
    assert not any("*" in name or "pass" in name for name in CONFIG)


@pytest.mark.parametrize(
    ("severities", "status"),
    [([], 0), ([Severity.INFO], 0), ([Severity.INFO, Severity.WARNING], 1), ([Severity.ERROR, Severity.WARNING], 2)],
)
def test_the_exit_status(severities: list[Severity], status: int) -> None:
    assert report.status([Finding(severity, "x", "x", "x", "x") for severity in severities]) == status


def test_the_worst_comes_first() -> None:
    found = report.examine(facts({"loading": 1}, {"latency-monitor-threshold": "0", "tcp-keepalive": "0"}))
    assert [finding.severity for finding in found] == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_a_report_for_people() -> None:
    looked = facts({"loading": 1}, {"tcp-keepalive": "0"}, {"password": SECRET, "username": SECRET, "db": 0})
    assert report.as_text(looked, report.examine(looked)).splitlines() == [
        "redis://127.0.0.1:6379/0",
        "  valkey 9.1.0, primary, as user app",
        "  50 PINGs: min 0.20 ms, p50 0.44 ms, p99 0.69 ms, max 0.69 ms",
        "",
        "ERROR   loading: the server is loading its data",
        "        Commands fail until that is done.",
        "        -> Wait; INFO persistence says how far it is.",
        "",
        "WARNING tcp-keepalive: tcp-keepalive is off",
        "        Connections of clients that vanished stay for ever, and count against maxclients.",
        "        -> CONFIG SET tcp-keepalive 300.",
        "",
        "1 error, 1 warning, 0 notes",
    ]


def test_a_report_for_programs() -> None:
    looked = facts({"loading": 1}, options={"password": SECRET, "ssl": True, "db": 0})
    found = json.loads(report.as_json(looked, report.examine(looked)))
    assert found["address"] == "rediss://127.0.0.1:6379/0"
    assert (found["server"], found["version"], found["role"], found["user"]) == ("valkey", "9.1.0", "primary", "app")
    assert found["latency"]["samples"] == 50
    assert found["status"] == 2
    assert [(one["severity"], one["check"]) for one in found["findings"]] == [("error", "loading")]
    assert set(found["findings"][0]) == {"severity", "check", "what", "why", "todo"}
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ((1.0,), 0.5, 1.0),
        ((3.0, 1.0, 2.0), 0.5, 2.0),
        (tuple(map(float, range(1, 101))), 0.99, 99.0),
        ((1.0, 2.0), 1, 2.0),
    ],
)
def test_quantiles(values: tuple[float, ...], share: float, expected: float) -> None:
    assert quantile(values, share) == expected
