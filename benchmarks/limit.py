"""redis-benchmark: the server's own load generator in C, as the limit where it can do what a scenario does."""

import resource
import subprocess
from collections.abc import Sequence

from benchmarks.peers.base import Address
from benchmarks.pinning import CLIENT_CPU, allowed, pin, unpin
from benchmarks.scenarios import Figures, key

LIMIT = "redis-benchmark"
_TRIAL = 2_000


def measure_limit(tool: str, address: Address, arguments: Sequence[str], seconds: float) -> Figures:
    """Run it twice: a short run tells how many requests fill the time, the second one counts."""
    rate = _run(tool, address, arguments, _TRIAL * 5)["per_second"]
    return _run(tool, address, arguments, max(_TRIAL, int(rate * seconds)))


def _run(tool: str, address: Address, arguments: Sequence[str], requests: int) -> Figures:
    command = [tool, "-h", address.host, "-p", str(address.port), *arguments, "-n", str(requests), "--csv"]
    mine = allowed()
    pin(CLIENT_CPU)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        ended = subprocess.run([*command, "GET", key(0)], capture_output=True, text=True, check=True)
    finally:
        unpin(mine)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The last line is: "GET bench:0000","41152.26", and since version 7 latencies after that.
    rate = float(ended.stdout.splitlines()[-1].split(",")[1].strip('"'))
    cpu = cpu / requests * 1e6
    return {
        "per_second": rate,
        "cpu_us": cpu,
        "best_per_second": rate,
        "best_cpu_us": cpu,
        "commands": requests,
        "seconds": requests / rate,
    }
