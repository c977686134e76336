"""What is said about the machine and the software with the results; nothing that names the machine or its owner."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.awake import can_stay_awake
from benchmarks.peers import PEERS, installed_version
from benchmarks.pinning import can_pin

LIBRARIES = ("hiredis", "uvloop", "anyio")


def machine() -> dict[str, object]:
    """Return the processor, its count, the system and Python."""
    return {
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "pinned": can_pin(),
        "awake": can_stay_awake(),
    }


def versions() -> dict[str, str | None]:
    """Return the versions of the clients and of the libraries that matter; ``None`` is not installed."""
    found: dict[str, str | None] = {name: installed_version(peer) for name, peer in PEERS.items()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = None
    return found


def _cpu_model() -> str:
    path = Path("/proc/cpuinfo")
    match = re.search(r"model name\s*:\s*(.+)", path.read_text()) if path.exists() else None
    return match[1].strip() if match else platform.processor() or "unknown"
