"""Chooses a free port on the loopback interface."""

import itertools
import os
import socket
from functools import cache
from pathlib import Path

_LOWEST = 10_000

# Processes that start together, such as the workers of pytest-xdist, begin far apart.
_steps = itertools.count(os.getpid() * 97)


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port nobody listens on now, and not soon the same one again.

    Chosen below the range from which the kernel takes the ports of outgoing connections, so that no client gets it
    between here and the server's bind, and none that redials a dead server can connect to itself. Another process may
    still be faster: who binds the port must be ready to try another.
    """
    count = _highest() - _LOWEST
    for _ in range(count):
        port = _LOWEST + next(_steps) % count
        with socket.socket() as probe:
            # As the server does: a port with old connections in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port
    raise OSError(f"there is no free port on {host}")


@cache
def _highest() -> int:
    try:
        lowest_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return 32_768
    # A machine may be set up to use nearly every port for outgoing connections: then there is no room below them.
    return lowest_outgoing if lowest_outgoing > _LOWEST + 1_000 else 32_768
