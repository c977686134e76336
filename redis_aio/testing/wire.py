"""A minimal RESP2 conversation over a Unix socket: enough to ask a private server how it is."""

import socket
from types import TracebackType
from typing import Self, TypeAlias

Argument: TypeAlias = str | bytes | int | float
#: A raw RESP2 reply: status lines are str, bulk strings bytes.
RawReply: TypeAlias = "str | int | bytes | list[RawReply] | None"


class ReplyError(Exception):
    """The server answered with an error."""


class Wire:
    """One blocking connection; every wait is bounded by ``timeout`` seconds."""

    def __init__(self, path: str, timeout: float) -> None:
        """Connect to the Unix socket at ``path``."""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(path)
            self._file = self._socket.makefile("rb")
        except BaseException:  # an interrupt too: the socket does not stay open
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def call(self, *args: Argument) -> RawReply:
        """Send one command and return its reply; raises `ReplyError` for an error reply."""
        self._socket.sendall(encode(args))
        return self._read()

    def _read(self) -> RawReply:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise ReplyError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        length = int(rest)
        if length < 0:
            return None
        if kind == b"$":
            return self._file.read(length + 2)[:-2]
        if kind == b"*":
            return [self._read() for _ in range(length)]
        raise ConnectionError(f"a reply that is not RESP2: it begins with {kind!r}")


def encode(args: tuple[Argument, ...]) -> bytes:
    """Return one command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)
