"""A private Redis server that cannot outlive the process that started it."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

import anyio
import anyio.to_thread

from redis_aio.testing.binary import find_server
from redis_aio.testing.guardian import Guardian
from redis_aio.testing.ports import free_port
from redis_aio.testing.wire import Argument, RawReply, ReplyError, Wire

HOST = "127.0.0.1"
#: How many ports are tried when others are faster to take them.
PORT_ATTEMPTS = 10
#: Seconds between two looks at a server that is starting.
_POLL = 0.002
#: Seconds a server that was sent SIGKILL may take to be gone.
_END_TIMEOUT = 10.0
#: A Unix socket's path holds 103 characters on macOS, and macOS' own temporary folder uses half of them.
_LONGEST_FOLDER = 70
#: What the arguments of `RedisServer` decide, so `config` may not.
_RESERVED = frozenset({"port", "tls-port", "unixsocket", "dir", "daemonize", "requirepass", "logfile"})


class ServerStartError(RuntimeError):
    """The server could not be started; the message ends with what it wrote to its log."""


@dataclass(frozen=True, slots=True)
class TLSFiles:
    """Paths of PEM files: the server's certificate chain, its private key, the authority for clients' certificates.

    The server asks clients for a certificate only if ``config={"tls-auth-clients": "yes"}`` says so.
    """

    cert: str | os.PathLike[str]
    key: str | os.PathLike[str]
    ca: str | os.PathLike[str] | None = None


class RedisServer:
    """Run a real, private server, with nothing on disk, for as long as a ``with`` or ``async with`` block lasts.

    It listens on a free loopback port and on a Unix socket in a private temporary folder. It ends with the block, with
    `stop`, and with this process, however this ends. The methods are synchronous and short (a start takes some 50 ms);
    ``async with`` runs start and stop in a thread.

    binary: the server program; see `find_server` for where it is looked for without.
    port: the TCP port, free or not; without, a free one is chosen.
    unix_socket: listen on the Unix socket only.
    tls: listen with TLS only; the plain port is off. Needs a server that was built with TLS.
    password: for ``AUTH``; handed over such that no process list shows it.
    config: more directives of redis.conf; a value is written as it would be in that file, arguments parted by spaces.
    start_timeout: seconds until a server that does not answer makes `start` fail.
    """

    host = HOST

    def __init__(
        self,
        *,
        binary: str | os.PathLike[str] | None = None,
        port: int | None = None,
        unix_socket: bool = False,
        tls: TLSFiles | None = None,
        password: str | None = None,
        config: Mapping[str, str | int] = MappingProxyType({}),
        start_timeout: float = 10.0,
    ) -> None:
        if port is not None and not (isinstance(port, int) and 0 < port < 65_536):
            raise ValueError(f"'port' must be between 1 and 65535, not {port!r}")
        if password is not None and not password:
            raise ValueError("'password' must not be empty: None is for a server without one")
        if unix_socket and (port is not None or tls is not None):
            raise ValueError("'unix_socket' means no TCP port: it excludes 'port' and 'tls'")
        self._binary = binary
        self._wanted_port = port
        self._unix_socket = unix_socket
        self._tls = tls
        self._password = password
        self._config = dict(config)
        self._start_timeout = start_timeout
        for line in self._config_lines():
            _check_line(line)
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self._program: Path | None = None
        self._folder: Path | None = None
        self._guardian: Guardian | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._version: tuple[int, ...] = ()
        self._flavour = ""

    # --- what it is -----------------------------------------------------------

    @property
    def port(self) -> int:
        """The TCP port, 0 for none; it stays the same over `kill` and `restart`."""
        self._check_started()
        return self._port

    @property
    def unix_socket_path(self) -> str:
        """The Unix socket, which is there next to a TCP port as well."""
        return str(self._check_started() / "s")

    @property
    def url(self) -> str:
        """The URL for a client's ``from_url``; it has the password in it."""
        path = self.unix_socket_path
        secret = "" if self._password is None else f":{quote(self._password, safe='')}@"
        if self._unix_socket:
            return f"unix://{secret}{path}"
        return f"{'redis' if self._tls is None else 'rediss'}://{secret}{self.host}:{self._port}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    @property
    def version(self) -> tuple[int, ...]:
        """The server's own version, such as ``(9, 1, 2)``: Valkey's, not that of the Redis it is compatible with."""
        self._check_started()
        return self._version

    @property
    def flavour(self) -> str:
        """``"redis"`` or ``"valkey"``."""
        self._check_started()
        return self._flavour

    @property
    def running(self) -> bool:
        """Whether the process is there, paused or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What the server has written to its log since `start`."""
        folder = self._check_started()
        try:
            return (folder / "log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def __repr__(self) -> str:
        if not self.running:
            return f"<{type(self).__name__}, not running>"
        version = ".".join(map(str, self._version))
        place = self.unix_socket_path if self._unix_socket else f"{self.host}:{self._port}"
        return f"<{type(self).__name__}: {self._flavour} {version} at {place}, pid {self.pid}>"

    # --- start and end ----------------------------------------------------------

    def start(self) -> Self:
        """Start the server and wait until it answers.

        Raises `ServerNotFoundError` where there is no server program, `ServerStartError` where it does not come up.
        """
        with self._lock:
            if self._folder is not None:
                raise RuntimeError("this server was started already")
            self._program = find_server(self._binary)
            self._owner = os.getpid()
            parent = None if len(tempfile.gettempdir()) <= _LONGEST_FOLDER else "/tmp"
            self._folder = Path(tempfile.mkdtemp(prefix="redis-aio-", dir=parent))
            try:
                self._guardian = Guardian(self._folder)
                self._launch_on_free_port()
            except BaseException:  # also Ctrl-C: half a start must leave nothing behind
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """End the server, wait until it is gone and remove its folder; a stopped server stays stopped."""
        if self._owner != os.getpid():
            return  # a forked child: the server is its parent's
        with self._lock:
            self.kill()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None
            if self._guardian is not None:
                self._guardian.close()
                self._guardian = None

    def kill(self) -> None:
        """End the server at once, as a crash would, and wait until it is gone; `restart` brings it back, empty."""
        with self._lock:
            process = self._process
            if process is None:
                return
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(_END_TIMEOUT)
            self._process = None
            if self._guardian is not None:
                self._guardian.forget()

    def restart(self) -> None:
        """Kill the server if it runs and start it again, empty, on the same port and Unix socket."""
        with self._lock:
            self._check_started()
            self.kill()
            self._launch(self._port)

    def pause(self) -> None:
        """Stop the server's execution (SIGSTOP): it keeps its connections and answers nothing until `resume`."""
        with self._lock:
            process = self._running()
            os.killpg(process.pid, signal.SIGSTOP)
            # The signal takes effect a little later; returned means paused. WNOWAIT leaves the exit status to Popen.
            if hasattr(os, "waitid"):
                os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a paused server run on."""
        with self._lock:
            os.killpg(self._running().pid, signal.SIGCONT)

    def wait(self, timeout: float | None = None) -> None:
        """Block until the server's process has ended by itself; `TimeoutError` after ``timeout`` seconds."""
        self._check_started()
        try:
            if self._process is not None:
                self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the server still runs after {timeout} s") from None

    def command(self, *args: Argument, timeout: float = 5.0) -> RawReply:
        """Run one command over a new connection to the Unix socket and return its raw RESP2 reply.

        For setting up and checking behind the back of the client under test. Raises `OSError` where the server does
        not answer within ``timeout`` seconds.
        """
        with Wire(self.unix_socket_path, timeout) as wire:
            if self._password is not None:
                wire.call("AUTH", self._password)
            return wire.call(*args)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        given_up = started = False

        def start() -> None:
            nonlocal started
            with self._lock:
                if not given_up:
                    self.start()
                    started = True

        def give_up() -> None:
            with self._lock:
                if started:
                    self.stop()

        try:
            await anyio.to_thread.run_sync(start)
        except BaseException:  # cancelled, it may be, while the thread still starts the server, or before it does
            given_up = True
            await _surely(give_up)
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await _surely(self.stop)

    # --- the process ------------------------------------------------------------

    def _check_started(self) -> Path:
        if self._folder is None:
            raise RuntimeError("this server is not started")
        return self._folder

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("this server is not running")
        return self._process

    def _launch_on_free_port(self) -> None:
        if self._wanted_port is not None or self._unix_socket:
            self._launch(self._wanted_port or 0)
            return
        for attempt in range(1, PORT_ATTEMPTS + 1):
            try:
                self._launch(free_port(self.host))
                return
            except ServerStartError:
                # Lost the race for the port? Then another one will do.
                if attempt == PORT_ATTEMPTS or not _port_taken(self.log):
                    raise
                self.kill()

    def _launch(self, port: int) -> None:
        assert self._program is not None
        assert self._guardian is not None
        folder = self._check_started()
        log = folder / "log"
        log.unlink(missing_ok=True)
        self._port = port
        lines = [*self._own_lines(folder, port), *self._config_lines()]
        self._process = self._guardian.launch(self._program, "\n".join([*lines, ""]), folder, log)
        self._wait_ready()

    def _wait_ready(self) -> None:
        # Asked over the Unix socket: that nobody else can listen on, as another server might on a port we lost.
        deadline = time.monotonic() + self._start_timeout
        while True:
            assert self._process is not None
            if (code := self._process.poll()) is not None:
                raise self._start_error(f"ended at once, with exit status {code}")
            try:
                self._identify()
                return
            except (OSError, ReplyError) as exc:
                if time.monotonic() > deadline:
                    raise self._start_error(f"did not answer within {self._start_timeout} s") from exc
            time.sleep(_POLL)

    def _identify(self) -> None:
        info = self.command("INFO", "server", timeout=self._start_timeout)
        assert isinstance(info, bytes)
        fields = dict(line.split(":", 1) for line in info.decode(errors="replace").splitlines() if ":" in line)
        # Valkey reports the Redis version that it is compatible with as redis_version.
        valkey = fields.get("valkey_version")
        self._flavour = "redis" if valkey is None else "valkey"
        self._version = tuple(int(part) for part in re.findall(r"\d+", valkey or fields.get("redis_version", ""))[:3])

    def _start_error(self, what: str) -> ServerStartError:
        log = self.log
        for secret in (self._password, self._password and _quoted(self._password)):
            if secret:
                log = log.replace(secret, "***")
        last = "\n".join(log.strip().splitlines()[-8:]) or "(it wrote nothing)"
        return ServerStartError(f"the server {self._program} {what}; it wrote:\n{last}")

    # --- its configuration --------------------------------------------------------

    def _own_lines(self, folder: Path, port: int) -> list[str]:
        lines = [
            f"bind {self.host}",
            f"port {0 if self._tls else port}",
            f"unixsocket {_quoted(str(folder / 's'))}",
            "unixsocketperm 700",
            f"dir {_quoted(str(folder))}",
            "daemonize no",
            'logfile ""',
            'save ""',
            "appendonly no",
        ]
        if self._password is not None:
            lines.append(f"requirepass {_quoted(self._password)}")
        if self._tls is not None:
            lines.append(f"tls-port {port}")
            lines.append(f"tls-cert-file {_quoted(os.path.abspath(self._tls.cert))}")
            lines.append(f"tls-key-file {_quoted(os.path.abspath(self._tls.key))}")
            lines.append("tls-auth-clients no")
            if self._tls.ca is not None:
                lines.append(f"tls-ca-cert-file {_quoted(os.path.abspath(self._tls.ca))}")
        return lines

    def _config_lines(self) -> list[str]:
        return [f"{name} {_directive_value(value)}" for name, value in self._config.items()]


async def _surely(work: Callable[[], None]) -> None:
    """Run something in a thread and wait for its end; it is run also where the task is cancelled again and again."""
    thread = ThreadPoolExecutor(1)
    done = thread.submit(work)
    thread.shutdown(wait=False)
    with anyio.CancelScope(shield=True):
        await anyio.to_thread.run_sync(done.result)


def _directive_value(value: str | int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or '""'


def _check_line(line: str) -> None:
    name = line.split(maxsplit=1)[0].lower()
    if name in _RESERVED:
        raise ValueError(f"'config' may not set {name!r}: an argument of RedisServer decides it")
    if "\n" in line or "\r" in line:
        raise ValueError(f"'config' has a line break in the value of {name!r}")


def _quoted(text: str) -> str:
    """Return ``text`` as one argument of a redis.conf line: any byte but plain ASCII as an escape."""
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in os.fsencode(text))
    return f'"{"".join(plain)}"'


def _port_taken(log: str) -> bool:
    return "Address already in use" in log or "Could not create server TCP listening socket" in log
