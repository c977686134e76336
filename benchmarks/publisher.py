"""A publisher in a process of its own.

``python -m benchmarks.publisher host port channels`` publishes messages of 64 bytes to ``bench:0`` ... in turn: as many
as each line of its standard input says. It says so on its standard output when they are published.
"""

import socket
import sys

from benchmarks.pinning import SERVER_CPU, pin
from benchmarks.scenarios.base import VALUE_SIZE


def main() -> None:
    """Publish until the standard input is closed."""
    host, port, channels = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    pin(SERVER_CPU)
    names = [b"bench:%d" % number for number in range(channels)]
    frames = [
        b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, VALUE_SIZE, b"x" * VALUE_SIZE)
        for name in names
    ]
    with socket.create_connection((host, port)) as connection:
        for line in sys.stdin:
            rest = int(line)
            while rest:
                some = min(rest, 1_000)
                connection.sendall(b"".join(frames[number % channels] for number in range(some)))
                replies = 0
                while replies < some:
                    replies += connection.recv(65_536).count(b"\n")
                rest -= some
            print("published", flush=True)


if __name__ == "__main__":
    main()
