"""The server that is measured against, and an administrator's connection to it that needs no client library."""

import shutil
import socket
import threading

from benchmarks.peers.base import Address
from benchmarks.pinning import SERVER_CPU, allowed, pin, unpin
from benchmarks.scenarios import Scenario, Seed, key
from redis_aio.testing.binary import find_server
from redis_aio.testing.server import RedisServer


class Server:
    """A private server on the loopback interface, pinned to its own processor, with nothing on disk."""

    def __enter__(self) -> "Server":
        mine = allowed()
        pin(SERVER_CPU)  # inherited, so that the server's own threads are there as well
        try:
            self.server = RedisServer().start()
        finally:
            unpin(mine)
        self.address = Address(self.server.host, self.server.port)
        self.version = f"{self.server.flavour} {'.'.join(map(str, self.server.version))}"
        self.admin = Admin(self.address)
        return self

    def __exit__(self, *_: object) -> None:
        self.admin.close()
        self.server.stop()


def benchmark_tool() -> str | None:
    """Return redis-benchmark, from beside the server or from PATH, or ``None``."""
    folder = find_server().parent
    for name in ("redis-benchmark", "valkey-benchmark"):
        beside = folder / name
        found = str(beside) if beside.exists() else shutil.which(name)
        if found:
            return found
    return None


class Admin:
    """A blocking connection that speaks as much RESP2 as the harness needs."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection(address, timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._held: tuple[Seed, ...] = ()

    def close(self) -> None:
        """End the connection."""
        self._file.close()
        self._socket.close()

    def call(self, *arguments: str | bytes) -> bytes:
        """Send one command and return its reply, a status, a number or a string."""
        words = [word.encode() if isinstance(word, str) else word for word in arguments]
        parts = [b"*%d\r\n" % len(words), *(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)]
        self._socket.sendall(b"".join(parts))
        line = self._file.readline().rstrip(b"\r\n")
        if line.startswith(b"$"):
            return self._file.read(int(line[1:]) + 2)[:-2]
        if line.startswith(b"-") or not line:
            raise RuntimeError(f"the server answered {arguments[0]!r} with {line!r}")
        return line[1:]

    def info(self, section: str) -> dict[str, str]:
        """Return a section of INFO."""
        text = self.call("INFO", section).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def prepare(self, scenario: Scenario) -> None:
        """Empty the database and put in what the scenario finds, if that is not what it holds."""
        if scenario.seeds and scenario.seeds == self._held:
            return
        self.call("FLUSHALL")
        self._held = scenario.seeds
        number = 0
        for seed in scenario.seeds:
            for _ in range(seed.keys):
                self.call("SET", key(number), b"v" * seed.size)
                number += 1


class ConnectionWatch:
    """Keeps the largest number of connections that the server sees, but for the harness' own."""

    INTERVAL = 0.02

    def __init__(self, address: Address) -> None:
        self.address = address
        self.most = 0

    def __enter__(self) -> "ConnectionWatch":
        self._over = threading.Event()
        self._admin = Admin(self.address)
        self._own = int(self._admin.info("clients")["connected_clients"])
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._admin.close()

    def _watch(self) -> None:
        while not self._over.wait(self.INTERVAL):
            seen = int(self._admin.info("clients")["connected_clients"])
            self.most = max(self.most, seen - self._own)
