"""redis-py's way to say what connections are: classes to name, and dictionaries of options."""

from typing import Any, TypedDict

from redis_aio._options import Options
from redis_aio._urls import parse_url as parse
from redis_aio.backoff import FullJitterBackoff
from redis_aio.exceptions import DataError
from redis_aio.retry import Retry
from redis_aio.typing import EncodableT


class AbstractConnection:
    """The base of the kinds of connections, which are there to be named: ``ConnectionPool(connection_class=...)``.

    A connection itself belongs to its pool; ``client.connection()`` lends one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError(
            f"{type(self).__name__} is there to be named as a connection_class; the pool makes the connections, and "
            f"'async with client.connection() as connection' lends one"
        )


class Connection(AbstractConnection):
    """A connection over TCP."""


class SSLConnection(Connection):
    """A connection over TCP and TLS."""


class UnixDomainSocketConnection(AbstractConnection):
    """A connection over a unix socket, whose ``path`` the pool is given."""


class ConnectKwargs(TypedDict, total=False):
    """What :func:`parse_url` returns, with the parameters of the URL beside it."""

    username: str
    password: str
    connection_class: type[AbstractConnection]
    host: str
    port: int
    db: int
    path: str


def parse_url(url: str) -> ConnectKwargs:
    """Return what a URL says, as keywords for a :class:`ConnectionPool`.

    Raises:
        ValueError: it is no URL of a server, or has a parameter that is no option.
    """
    kwargs = parse(url)
    if kwargs.pop("ssl", False):
        kwargs["connection_class"] = SSLConnection
    if "protocol" in kwargs:
        kwargs["protocol"] = int(kwargs["protocol"])
    if "unix_socket_path" in kwargs:
        kwargs["path"] = kwargs.pop("unix_socket_path")
        kwargs["connection_class"] = UnixDomainSocketConnection
    return kwargs  # type: ignore[return-value]  # and more: the parameters of the URL


def chosen(connection_class: type[AbstractConnection], path: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that a class, a path and options make together."""
    if connection_class not in (Connection, SSLConnection, UnixDomainSocketConnection):
        raise TypeError(
            "connection_class must be Connection, SSLConnection or UnixDomainSocketConnection of redis_aio.connection"
        )
    if path is not None:
        if "unix_socket_path" in options:
            raise TypeError("path and unix_socket_path set the same option: give only one of them")
        options = {**options, "unix_socket_path": path}
    if connection_class is UnixDomainSocketConnection and options.get("unix_socket_path") is None:
        raise ValueError("UnixDomainSocketConnection needs a path")
    return {"ssl": True, **options} if connection_class is SSLConnection and "ssl_context" not in options else options


def connection_class(options: Options) -> type[AbstractConnection]:
    """Return what kind of connection options make."""
    if options.unix_socket_path is not None:
        return UnixDomainSocketConnection
    return Connection if options.ssl_context is None else SSLConnection


def to_bool(value: Any) -> bool | None:
    """Return what a word of a URL says: ``None`` where there is none, ``False`` for 0, f, false, n, no."""
    if value is None or value == "":
        return None
    return bool(value) and str(value).upper() not in ("0", "F", "FALSE", "N", "NO")


class Encoder:
    """Text to bytes and back, as a client does it.

    Args:
        encoding: of text.
        encoding_errors: what to do with what cannot be encoded or decoded: ``"strict"``, ``"replace"`` ...
        decode_responses: whether :meth:`decode` makes text of bytes.
    """

    def __init__(self, encoding: str, encoding_errors: str, decode_responses: bool) -> None:
        self.encoding: str = encoding
        self.encoding_errors: str = encoding_errors
        self.decode_responses: bool = decode_responses

    def encode(self, value: EncodableT) -> bytes:
        """Return the bytes that are sent for an argument.

        Raises:
            DataError: it cannot be sent.
        """
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        if isinstance(value, str):
            return value.encode(self.encoding, self.encoding_errors)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DataError(f"a {type(value).__name__} cannot be sent: convert it to bytes, str, int or float first")
        return repr(value).encode()

    def decode(self, value: Any, force: bool = False) -> Any:
        """Return text for bytes, with ``decode_responses`` or ``force``; other values as they are."""
        if not (self.decode_responses or force):
            return value
        if isinstance(value, memoryview):
            value = bytes(value)
        return value.decode(self.encoding, self.encoding_errors) if isinstance(value, bytes) else value


#: redis-py's names for what :func:`connection_kwargs` returns, and ours where they are different.
_KWARGS = {
    "db": "db",
    "username": "username",
    "password": "password",
    "credential_provider": "credential_provider",
    "client_name": "client_name",
    "lib_name": "lib_name",
    "lib_version": "lib_version",
    "protocol": "protocol",
    "encoding": "encoding",
    "encoding_errors": "encoding_errors",
    "decode_responses": "decode_responses",
    "socket_timeout": "read_timeout",
    "socket_connect_timeout": "dial_timeout",
    "socket_keepalive": "keepalive",
    "socket_keepalive_options": "socket_options",
    "health_check_interval": "health_check_interval",
    "retry_on_error": "retry_on_error",
}


def connection_kwargs(options: Options) -> dict[str, Any]:
    """Return options under redis-py's names. The credentials are among them: do not log it."""
    kwargs = {name: getattr(options, ours) for name, ours in _KWARGS.items()}
    kwargs["retry"] = policy(options)
    if options.unix_socket_path is not None:
        return {"path": options.unix_socket_path, **kwargs}
    if options.ssl_context is not None:
        kwargs["ssl_context"] = options.ssl_context
    return {"host": options.host, "port": options.port, **kwargs}


def policy(options: Options) -> Retry:
    """Return the retry policy that options stand for."""
    if options.retry is not None:
        return options.retry
    backoff = FullJitterBackoff(cap=options.max_retry_backoff, base=options.min_retry_backoff)
    return Retry(backoff, options.max_retries)


__all__ = [
    "AbstractConnection",
    "ConnectKwargs",
    "Connection",
    "Encoder",
    "SSLConnection",
    "UnixDomainSocketConnection",
    "chosen",
    "connection_class",
    "connection_kwargs",
    "parse_url",
    "policy",
    "to_bool",
]
