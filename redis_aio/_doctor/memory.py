"""Checks of the server's memory: limit, policy, eviction, fragmentation, and the kernel below."""

from collections.abc import Iterator

from redis_aio._doctor.facts import Facts
from redis_aio._doctor.finding import Finding, Severity

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

MIB = 1024 * 1024
#: Below this, ratios of memory say nothing.
ENOUGH = 100 * MIB


def limit(facts: Facts) -> Iterator[Finding]:
    """Look whether the memory has a limit that the machine can hold."""
    most = facts.setting("maxmemory")
    most = most if most is not None else facts.info.get("maxmemory")
    if most is None:
        return
    total = facts.number("total_system_memory")
    if most == 0:
        yield Finding(
            WARNING,
            "maxmemory",
            "maxmemory is not set",
            "The server grows until the kernel kills it, with all its data.",
            "CONFIG SET maxmemory to some 70 % of the machine's memory (less where it persists or replicates).",
        )
    elif total and most > 0.9 * total:
        yield Finding(
            WARNING,
            "maxmemory",
            f"maxmemory is {most / MIB:.0f} MiB, the machine has {total / MIB:.0f} MiB",
            "Buffers, fragmentation and the copy that a fork needs come on top: the kernel may kill the server.",
            "Lower maxmemory to some 70 % of the machine's memory.",
        )


def policy(facts: Facts) -> Iterator[Finding]:
    """Look what happens when the memory is full, and how near that is."""
    most = facts.setting("maxmemory")
    chosen = facts.config.get("maxmemory-policy", facts.info.get("maxmemory_policy"))
    if not most or chosen is None:
        return
    used = facts.number("used_memory") or 0
    if chosen == "noeviction" and used > 0.9 * most:
        yield Finding(
            ERROR,
            "maxmemory-policy",
            f"{used / most:.0%} of maxmemory are used, and the policy is noeviction",
            "Writes fail with OOM when it is full.",
            "Raise maxmemory, delete, or let a cache evict: CONFIG SET maxmemory-policy allkeys-lru.",
        )
    elif chosen == "noeviction" and facts.cache:
        yield Finding(
            ERROR,
            "maxmemory-policy",
            "the policy of this cache is noeviction",
            "When the memory is full, writes fail with OOM instead of making room.",
            "CONFIG SET maxmemory-policy allkeys-lru, or allkeys-lfu.",
        )
    elif str(chosen).startswith("volatile-"):
        yield from _volatile(facts, str(chosen))


def _volatile(facts: Facts, chosen: str) -> Iterator[Finding]:
    databases = [entry for name, entry in facts.info.items() if name.startswith("db") and isinstance(entry, dict)]
    keys = sum(int(entry.get("keys", 0)) for entry in databases)
    expiring = sum(int(entry.get("expires", 0)) for entry in databases)
    if keys and expiring < keys / 2:
        yield Finding(
            WARNING,
            "maxmemory-policy",
            f"the policy is {chosen}, and {expiring} of {keys} keys expire",
            "The others are never evicted: once nothing that expires is left, writes fail with OOM.",
            "Give each key of a cache a time to live, or choose allkeys-lru.",
        )


def eviction(facts: Facts) -> Iterator[Finding]:
    """Look whether keys were evicted."""
    evicted = facts.number("evicted_keys") or 0
    if evicted:
        yield Finding(
            INFO if facts.cache else WARNING,
            "evicted-keys",
            f"{evicted:.0f} keys were evicted since the server's start",
            "The memory is too small for the data; what was evicted is gone.",
            "Right for a cache (watch its hit rate); otherwise raise maxmemory and set the policy to noeviction.",
        )


def fragmentation(facts: Facts) -> Iterator[Finding]:
    """Compare what the server uses with what it takes from the machine."""
    used, ratio = facts.number("used_memory") or 0, facts.number("mem_fragmentation_ratio")
    if used < ENOUGH or ratio is None:
        return
    if ratio > 1.5:
        yield Finding(
            WARNING,
            "fragmentation",
            f"the server takes {ratio:.1f} times the memory it uses",
            "The rest is wasted, and may get it killed.",
            "CONFIG SET activedefrag yes, or MEMORY PURGE; if it lasts, restart by way of a replica.",
        )
    elif ratio < 0.9:
        yield Finding(
            ERROR,
            "fragmentation",
            "a part of the server's memory was swapped out",
            "Commands wait for the disk.",
            "Lower maxmemory, or give the machine more memory, and switch swapping off.",
        )


def lazy_freeing(facts: Facts) -> Iterator[Finding]:
    """Look whether a cache frees in the background."""
    names = ("lazyfree-lazy-eviction", "lazyfree-lazy-expire")
    off = [name for name in names if facts.config.get(name) == "no"]
    if facts.cache and off:
        yield Finding(
            INFO,
            "lazy-freeing",
            f"freed in the foreground: {', '.join(off)}",
            "Evicting or expiring a large value holds up all commands.",
            "; ".join(f"CONFIG SET {name} yes" for name in off) + ".",
        )


def kernel(facts: Facts) -> Iterator[Finding]:
    """Look at the kernel, where the server runs on this machine."""
    if "[always]" in facts.kernel.get("transparent_hugepage", ""):
        yield Finding(
            INFO,
            "huge-pages",
            "transparent huge pages are always on",
            "After a fork (RDB, AOF rewrite, a new replica) each write copies 2 MiB: latency and memory jump.",
            "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, and restart the server.",
        )
    persists = bool(facts.config.get("save")) or facts.config.get("appendonly") == "yes"
    if persists and facts.kernel.get("overcommit_memory") == "0":
        yield Finding(
            WARNING,
            "overcommit",
            "vm.overcommit_memory is 0",
            "The fork that saves the data can fail although there is memory.",
            "sysctl vm.overcommit_memory=1.",
        )


CHECKS = (limit, policy, eviction, fragmentation, lazy_freeing, kernel)
