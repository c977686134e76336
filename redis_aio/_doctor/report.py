"""Report: what the checks found, as text or as JSON."""

import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from redis_aio._doctor import client, memory, server
from redis_aio._doctor.facts import Facts, quantile
from redis_aio._doctor.finding import Finding, Severity

Check = Callable[[Facts], Iterator[Finding]]

#: All checks. Those of a server that could not be asked find nothing.
CHECKS: Sequence[Check] = (*client.CHECKS, *server.CHECKS, *memory.CHECKS)
WIDTH = 100


def examine(facts: Facts) -> list[Finding]:
    """Return what all checks find, the worst first."""
    found = [finding for check in CHECKS for finding in check(facts)]
    return sorted(found, key=lambda finding: -finding.severity)


def status(findings: Sequence[Finding]) -> int:
    """Return the exit status: 0 without, 1 with warnings, 2 with errors."""
    return max((int(finding.severity) for finding in findings), default=0)


def address(facts: Facts) -> str:
    """Return where the server is, without user and password."""
    options = facts.options
    if options.unix_socket_path is not None:
        return f"unix://{options.unix_socket_path}?db={options.db}"
    return f"{'redis' if options.ssl_context is None else 'rediss'}://{options.address}/{options.db}"


def as_dict(facts: Facts, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the report for programs."""
    return {
        "address": address(facts),
        "server": facts.flavour if facts.version else None,
        "version": facts.version,
        "role": {"master": "primary", "slave": "replica"}.get(str(facts.info.get("role"))),
        "user": facts.user,
        "latency": latency(facts.pings),
        "unreadable": list(facts.unreadable),
        "findings": [
            {"severity": f.severity.name.lower(), "check": f.check, "what": f.what, "why": f.why, "todo": f.todo}
            for f in findings
        ],
        "status": status(findings),
    }


def as_json(facts: Facts, findings: Sequence[Finding]) -> str:
    """Return the report as JSON."""
    return json.dumps(as_dict(facts, findings), indent=2)


def latency(pings: tuple[float, ...]) -> dict[str, Any] | None:
    """Return figures of PING, in seconds."""
    if not pings:
        return None
    half, most = quantile(pings, 0.5), quantile(pings, 0.99)
    return {"samples": len(pings), "min": min(pings), "p50": half, "p99": most, "max": max(pings)}


def latency_line(pings: tuple[float, ...]) -> str:
    """Return figures of PING for people."""
    figures = latency(pings) or {}
    shown = ", ".join(f"{name} {figures[name] * 1e3:.2f} ms" for name in ("min", "p50", "p99", "max"))
    return f"{figures['samples']} PINGs: {shown}"


def as_text(facts: Facts, findings: Sequence[Finding]) -> str:
    """Return the report for people."""
    lines = [address(facts)]
    about = [f"{facts.flavour} {facts.version}"] if facts.version else []
    about += [{"master": "primary", "slave": "replica"}.get(str(facts.info.get("role")), "")]
    about += [f"as user {facts.user}"] if facts.user else []
    if any(about):
        lines.append("  " + ", ".join(filter(None, about)))
    if facts.pings:
        lines.append(f"  {latency_line(facts.pings)}")
    for finding in findings:
        lines += ["", f"{finding.severity.name:<8}{finding.check}: {finding.what}"]
        lines += _indented("", finding.why)
        lines += _indented("-> ", finding.todo)
    counts = {level: sum(f.severity is level for f in findings) for level in reversed(Severity)}
    plural = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    told = ", ".join(f"{count} {plural[level]}{'s' * (count != 1)}" for level, count in counts.items())
    return "\n".join([*lines, "", told])


def _indented(mark: str, text: str) -> list[str]:
    first = " " * 8 + mark
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False)
