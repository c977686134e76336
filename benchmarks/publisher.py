"""A publisher in a process of its own: as fast as the server, but never far ahead of who receives.

``python -m benchmarks.publisher host port channels`` publishes messages of 64 bytes to ``bench:0`` ... in turn, by a
script in the server, which costs the server less than a command for each. On its standard input it is told, line by
line, how many were received.
"""

import os
import socket
import sys
import time

from benchmarks.pinning import SERVER_CPU, pin
from benchmarks.scenarios.base import VALUE_SIZE

#: Messages by one script, and messages on their way at most: far fewer than the server would keep for a client.
AT_ONCE = 1_000
AHEAD = 20_000
SCRIPT = """
local data = string.rep('x', tonumber(ARGV[3]))
local channels = tonumber(ARGV[2])
for i = 0, tonumber(ARGV[1]) - 1 do redis.call('PUBLISH', 'bench:' .. (i % channels), data) end
return 1
"""


def main() -> None:
    """Publish until the standard input is closed."""
    host, port, channels = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    pin(SERVER_CPU)
    os.set_blocking(0, False)
    words = ["EVAL", SCRIPT, "0", str(AT_ONCE), str(channels), str(VALUE_SIZE)]
    request = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    published = received = 0
    with socket.create_connection((host, port)) as connection:
        while True:
            try:
                told = os.read(0, 65_536)
            except BlockingIOError:
                told = b"\n"
            if not told:
                return
            if numbers := told.split():
                received = int(numbers[-1])
            if published - received > AHEAD:
                time.sleep(0.0005)
                continue
            connection.sendall(request.encode())
            if not connection.recv(4_096).startswith(b":"):
                raise RuntimeError("the server did not publish")
            published += AT_ONCE


if __name__ == "__main__":
    main()
