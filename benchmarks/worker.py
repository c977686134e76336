"""One measurement: one client, one scenario, one event loop, in a process of its own; prints its figures as JSON."""

import argparse
import asyncio
import json
import sys
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.pinning import CLIENT_CPU, pin
from benchmarks.scenarios import SCENARIOS, Figures, Settings


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", required=True)
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), required=True)
    parser.add_argument("--connections", type=int)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    pin(CLIENT_CPU)  # first of all: threads that a client starts inherit it
    try:
        figures = _runner(options.loop)(_measure(options))
    except Exception as error:
        traceback.print_exc()
        figures = {"error": _reason(error)}
    json.dump(figures, sys.stdout)


async def _measure(options: argparse.Namespace) -> Figures:
    from benchmarks.peers import PEERS, Address

    peer = PEERS[options.client](Address(options.host, options.port), options.connections)
    await peer.connect()
    figures = await SCENARIOS[options.scenario].measure(peer, Settings(options.seconds, options.scale))
    await peer.close()
    return figures


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _runner(loop: str) -> Callable[[Coroutine[Any, Any, Figures]], Figures]:
    if loop == "uvloop":
        import uvloop

        return uvloop.run
    return asyncio.run


if __name__ == "__main__":
    main()
