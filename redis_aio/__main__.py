"""``python -m redis_aio``: look at a server from the command line.

``doctor [URL]`` checks a server and the options in the URL; ``ping [URL]`` measures how long PING takes. Without a URL
it is the environment's ``REDIS_URL``, or ``redis://localhost:6379``: a password in there is in no list of processes.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from redis_aio import exceptions
from redis_aio._doctor import report
from redis_aio._doctor.facts import gather, ping, said
from redis_aio.client import Redis

#: The exit status for arguments that make no sense: 1 and 2 are what the doctor found.
USAGE = 3
#: The exit status of ``ping`` for a server that does not answer.
UNREACHABLE = 2


class Parser(argparse.ArgumentParser):
    """An argument parser with an exit status of its own."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _parser() -> Parser:
    parser = Parser(prog="python -m redis_aio", description="Look at a Redis or Valkey server.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = Parser(add_help=False)
    common.add_argument("url", nargs="?", metavar="URL", help="default: $REDIS_URL, or redis://localhost:6379")
    common.add_argument("--json", action="store_true", help="print JSON")
    common.add_argument("--timeout", type=_positive, default=5.0, metavar="S", help="seconds for all of it (5)")
    doctor = commands.add_parser(
        "doctor",
        parents=[common],
        help="check a server and a client's options",
        description="Check a running server, and the client's options in the URL, against the list of the guide on "
        "production. Exit status: 0 nothing but notes, 1 warnings, 2 errors, 3 wrong arguments.",
    )
    doctor.add_argument("--processes", type=_count, default=1, metavar="N", help="processes with such a client (1)")
    doctor.add_argument("--cache", action="store_true", help="the server is used as a cache")
    doctor.add_argument("--samples", type=_count, default=50, metavar="N", help="how many PINGs to time (50)")
    pinging = commands.add_parser(
        "ping",
        parents=[common],
        help="measure how long PING takes",
        description="Measure how long PING takes. Exit status: 0, 2 if the server does not answer, 3 wrong arguments.",
    )
    pinging.add_argument("--samples", type=_count, default=20, metavar="N", help="how many (20)")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


_positive.__name__, _count.__name__ = "number of seconds", "count"  # argparse says "invalid count value"


async def _doctor(client: Redis[Any], arguments: argparse.Namespace) -> int:
    facts = await gather(
        client,
        timeout=arguments.timeout,
        samples=arguments.samples,
        processes=arguments.processes,
        cache=arguments.cache,
    )
    findings = report.examine(facts)
    shown = report.as_json if arguments.json else report.as_text
    sys.stdout.write(shown(facts, findings) + "\n")
    return report.status(findings)


async def _ping(client: Redis[Any], arguments: argparse.Namespace) -> int:
    try:
        async with asyncio.timeout(arguments.timeout):
            pings = await ping(client, arguments.samples)
    except (exceptions.RedisError, TimeoutError) as error:
        known = isinstance(error, exceptions.RedisError)
        reason = said(error) if known else f"no answer to all of them within {arguments.timeout:g} s"
        sys.stdout.write((json.dumps({"error": reason}) if arguments.json else reason) + "\n")
        return UNREACHABLE
    shown = json.dumps(report.latency(pings)) if arguments.json else report.latency_line(pings)
    sys.stdout.write(shown + "\n")
    return 0


async def run(arguments: argparse.Namespace, client: Redis[Any]) -> int:
    """Run one of the commands and close the client."""
    async with client:
        return await (_doctor if arguments.command == "doctor" else _ping)(client, arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    url = arguments.url or os.environ.get("REDIS_URL") or "redis://localhost:6379"
    try:
        client = Redis.from_url(url)
    except (ValueError, TypeError, exceptions.DataError) as error:
        parser.error(str(error))
    try:
        return asyncio.run(run(arguments, client))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
