"""One pipeline of 1,000,000 SETs: does it complete, does the event loop stay awake, and what memory does it take?"""

import asyncio
import time

from benchmarks.gauges import MIB, Heartbeat, peak_resident, reset_peak, resident
from benchmarks.peers.base import Peer
from benchmarks.scenarios.base import VALUE_SIZE, Check, Figures, Scenario, Settings

COMMANDS = 1_000_000
#: The queue is filled in pieces with a turn of the event loop between, as an application would read its input.
PIECE = 500
#: The longest the event loop may stand still.
LONGEST = 0.100


def name_of(number: int) -> str:
    """Return a name of a key of ten characters."""
    return f"m:{number:08d}"


#: Bytes of one SET on the wire.
WIRE = len(b"*3\r\n$3\r\nSET\r\n$10\r\n" + b"m:00000000" + b"\r\n$64\r\n" + b"v" * VALUE_SIZE + b"\r\n")


async def measure(peer: Peer, settings: Settings) -> Figures:
    """Fill the pipeline, then send it, with a heartbeat over both."""
    commands = int(COMMANDS * settings.scale)
    value = b"v" * VALUE_SIZE
    await peer.set(name_of(0), value)
    at_first = resident()
    reset_peak()
    async with Heartbeat() as filling:
        start = time.perf_counter()
        batch = peer.batch()
        for number in range(commands):
            batch.set(name_of(number), value)
            if number % PIECE == 0:
                await asyncio.sleep(0)
        filled = time.perf_counter() - start
    queued = resident()
    reset_peak()
    async with Heartbeat() as sending:
        start, cpu = time.perf_counter(), time.process_time()
        replies = await peer.run(batch)
        sent, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "commands": commands,
        "completed": sum(1 for reply in replies if reply in (True, "OK", b"OK")),
        "fill_s": filled,
        "send_s": sent,
        "per_second": commands / sent,
        "cpu_us": cpu / commands * 1e6,
        "blocked_filling_ms": filling.longest() * 1e3,
        "blocked_sending_ms": sending.longest() * 1e3,
        "work_filling_ms": filling.most_work() * 1e3,
        "work_sending_ms": sending.most_work() * 1e3,
        "payload": commands * WIRE,
        "queued": queued - at_first,
        "growth": peak_resident() - queued,
    }


def checks(figures: Figures) -> list[Check]:
    """Hold a run against: all done, the longest block, the memory that sending adds to what is queued."""
    commands, completed = figures["commands"], figures["completed"]
    blocked = max(figures["blocked_filling_ms"], figures["blocked_sending_ms"])
    growth, payload = figures["growth"], figures["payload"]
    return [
        Check(
            "completed",
            f"{completed:,} in {figures['fill_s']:.1f} + {figures['send_s']:.1f} s",
            "all",
            completed == commands,
        ),
        Check(
            "event loop blocked",
            f"{figures['blocked_filling_ms']:.0f} ms filling, {figures['blocked_sending_ms']:.0f} ms sending "
            f"(CPU {figures['work_filling_ms']:.0f} and {figures['work_sending_ms']:.0f} ms)",
            f"{LONGEST * 1e3:.0f} ms",
            blocked <= LONGEST * 1e3,
        ),
        Check(
            "memory while sending",
            f"+{growth / MIB:.0f} MiB (queue {figures['queued'] / MIB:.0f} MiB)",
            f"payload {payload / MIB:.0f} MiB",
            growth <= payload,
        ),
    ]


MILLION = Scenario(
    name="million-sets",
    title=f"pipeline of {COMMANDS:,} SETs",
    measure=measure,
    seeds=(),
    pool_sizes=(None,),
    checks=checks,
    rounds=(3, 1),
)
