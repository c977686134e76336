"""Options: everything that can be set on a client, checked, with its default.

:meth:`Options.build` takes keywords, :meth:`Options.from_url` a URL; both take redis-py's names too.
"""

import copy
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ssl import CERT_NONE, SSLContext, TLSVersion, VerifyFlags, VerifyMode
from typing import Any, NoReturn, TypedDict, Unpack

from redis_aio._option_table import ALIASES, FIELDS, IGNORED, check
from redis_aio._tls import CONTEXT_OPTIONS, make_context
from redis_aio._urls import parse_url
from redis_aio._version import VERSION
from redis_aio.codecs import JSON_CODEC, Codec
from redis_aio.credentials import CredentialProvider
from redis_aio.exceptions import DataError
from redis_aio.retry import Retry

PathT = str | os.PathLike[str]


class PoolOptions(TypedDict, total=False):
    """The keywords of a pool but those that redis-py's pools take by position too, and ``decode_responses``."""

    # Our names first, then redis-py's.
    host: str
    port: int
    unix_socket_path: PathT | None
    db: int | str | None
    username: str | None
    password: str | bytes | None
    credential_provider: CredentialProvider | None
    client_name: str | None
    lib_name: str | None
    lib_version: str | None
    protocol: int | str | None
    encoding: str
    encoding_errors: str
    codec: Codec
    dial_timeout: float | None
    read_timeout: float | None
    write_timeout: float | None
    pool_size: int | None
    pool_timeout: float | None
    min_idle_conns: int
    max_idle_conns: int | None
    conn_max_idle_time: float | None
    conn_max_lifetime: float | None
    conn_max_lifetime_jitter: float
    max_retries: int
    min_retry_backoff: float
    max_retry_backoff: float
    retry: Retry | None
    retry_on_error: Iterable[type[Exception]] | None
    retry_unsafe: bool
    health_check_interval: float
    auto_pipeline: bool
    single_connection_client: bool
    high_integrity: bool
    keepalive: bool | None
    keepalive_idle: float | None
    keepalive_interval: float | None
    keepalive_count: int | None
    tcp_user_timeout: float | None
    socket_options: Mapping[int, int | bytes] | None
    redis_connect_func: None
    ssl_context: SSLContext | None
    server_hostname: str | None
    # redis-py's
    socket_timeout: float | None
    socket_connect_timeout: float | None
    socket_keepalive: bool | None
    socket_keepalive_options: Mapping[int, int | bytes] | None
    driver_info: Any
    ssl: bool | None
    ssl_keyfile: PathT | None
    ssl_certfile: PathT | None
    ssl_cert_reqs: str | VerifyMode | None
    ssl_include_verify_flags: Iterable[VerifyFlags] | None
    ssl_exclude_verify_flags: Iterable[VerifyFlags] | None
    ssl_ca_certs: PathT | None
    ssl_ca_data: str | bytes | None
    ssl_ca_path: PathT | None
    ssl_check_hostname: bool | None
    ssl_min_version: TLSVersion | int | None
    ssl_ciphers: str | None
    ssl_password: str | bytes | None
    retry_on_timeout: bool | None
    socket_read_size: int
    legacy_responses: bool
    event_dispatcher: None
    maint_notifications_config: None


class RedisOptions(PoolOptions, total=False):
    """The keywords of a client but ``decode_responses``, whose own place in signatures decides on types."""

    max_connections: int | None
    timeout: float | None


def default_pool_size() -> int:
    """Return ten connections for each CPU."""
    return 10 * (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Options:
    """What a client, its pool and its connections go by. Times are in seconds; ``None`` is no bound.

    Made by :meth:`build` or :meth:`from_url`, which check everything; the fields are values ready for use.
    """

    host: str = "localhost"
    port: int = 6379
    unix_socket_path: str | None = None
    db: int = 0
    username: str | None = None
    password: str | None = None
    credential_provider: CredentialProvider | None = None
    client_name: str | None = None
    #: ``None``: the library is not named to the server.
    lib_name: str | None = "redis_aio"
    lib_version: str | None = VERSION
    protocol: int = 3
    encoding: str = "utf-8"
    encoding_errors: str = "strict"
    codec: Codec = JSON_CODEC
    decode_responses: bool = False
    #: For name resolution, TCP, TLS and handshake together.
    dial_timeout: float | None = 5.0
    read_timeout: float | None = 3.0
    write_timeout: float | None = 3.0
    pool_size: int = field(default_factory=default_pool_size)
    #: By default a second more than ``read_timeout``, or 30 where that is ``None``.
    pool_timeout: float | None = 4.0
    min_idle_conns: int = 0
    max_idle_conns: int | None = None
    conn_max_idle_time: float | None = 1800.0
    conn_max_lifetime: float | None = None
    #: Taken off each connection's lifetime at random, so that they do not end together. A tenth of it by default.
    conn_max_lifetime_jitter: float = 0.0
    max_retries: int = 3
    min_retry_backoff: float = 0.008
    max_retry_backoff: float = 0.512
    #: Instead of the three above.
    retry: Retry | None = None
    #: Errors that lead to a retry, besides those that do anyway.
    retry_on_error: tuple[type[Exception], ...] = ()
    #: Send commands again that may have been executed, whatever their effect.
    retry_unsafe: bool = False
    #: An idle connection is pinged before use when this long unused; 0 is never.
    health_check_interval: float = 0.0
    auto_pipeline: bool = True
    #: All commands of the client run on one connection, whose state lasts; pipelines and subscriptions have others.
    single_connection_client: bool = False
    high_integrity: bool = False
    keepalive: bool = True
    keepalive_idle: float | None = 30.0
    keepalive_interval: float | None = 5.0
    keepalive_count: int | None = 3
    #: How long written data may stay unacknowledged before the kernel gives the connection up (Linux).
    tcp_user_timeout: float | None = 10.0
    #: More options of the TCP level of the socket: number to value.
    socket_options: Mapping[int, int | bytes] = field(default_factory=dict)
    #: redis-py's; nothing but ``None`` is accepted. ``Hook.on_connect`` is what there is instead.
    redis_connect_func: None = None
    #: ``None``: no TLS.
    ssl_context: SSLContext | None = None
    #: The name that the server's certificate must be for; ``None`` is ``host``.
    server_hostname: str | None = None

    @classmethod
    def build(cls, *, decode_responses: bool = False, **options: Unpack[RedisOptions]) -> "Options":
        """Check keywords and return the options they make.

        Raises TypeError for a wrong type, an unknown keyword, or two names for the same thing; ValueError for a value
        out of range, or for values that contradict each other.
        """
        return cls._of(_resolved({"decode_responses": decode_responses, **options}))

    @classmethod
    def from_url(cls, url: str, *, decode_responses: bool = False, **options: Unpack[RedisOptions]) -> "Options":
        """Check a URL and keywords and return the options they make; where both set something, the URL wins."""
        given = _resolved({"decode_responses": decode_responses, **options})
        return cls._of(given | _resolved(parse_url(url)))

    @classmethod
    def _of(cls, values: dict[str, Any]) -> "Options":
        """Finish checked values, whose names are those of fields or of TLS options."""
        context = _context(values)
        fields = {name: value for name, value in values.items() if name in FIELDS}
        fields["ssl_context"] = context
        _fill_in(fields)
        options = cls(**fields)
        options._check_together()
        return options

    def __reduce__(self) -> NoReturn:
        raise TypeError("options cannot be pickled or copied: they may hold credentials")

    def _check_together(self) -> None:
        if self.credential_provider is not None and (self.username is not None or self.password is not None):
            raise DataError("credential_provider and username or password cannot both be given")
        if self.unix_socket_path is not None and self.ssl_context is not None:
            raise ValueError("TLS cannot be used with unix_socket_path")
        if self.server_hostname is not None and self.ssl_context is None:
            raise ValueError("server_hostname needs TLS: ssl=True, ssl_context or a rediss:// URL")
        if self.min_retry_backoff > self.max_retry_backoff:
            raise ValueError("min_retry_backoff must not be greater than max_retry_backoff")
        if self.min_idle_conns > self.pool_size:
            raise ValueError("min_idle_conns must not be greater than pool_size")
        if self.max_idle_conns is not None and self.min_idle_conns > self.max_idle_conns:
            raise ValueError("min_idle_conns must not be greater than max_idle_conns")
        if self.conn_max_lifetime is not None and self.conn_max_lifetime_jitter > self.conn_max_lifetime:
            raise ValueError("conn_max_lifetime_jitter must not be greater than conn_max_lifetime")

    @property
    def address(self) -> str:
        """Where the server is, for people: ``host:port``, or the path of the socket."""
        if self.unix_socket_path is not None:
            return self.unix_socket_path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        tls = " over TLS" if self.ssl_context is not None else ""
        known = self.credential_provider is not None or self.username is not None or self.password is not None
        login = ", with credentials" if known else ""
        plural = "" if self.pool_size == 1 else "s"
        return (
            f"<Options for {self.address}{tls}, database {self.db}{login}, RESP{self.protocol}, "
            f"at most {self.pool_size} connection{plural}>"
        )


def _resolved(options: Mapping[str, Any]) -> dict[str, Any]:
    """Check each keyword by itself and give it its one name."""
    values: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    for name, given in options.items():
        value = check(name, given)
        if name in IGNORED:
            continue
        for target, setting in _settings(name, value):
            if target in said_by:
                raise TypeError(f"{said_by[target]} and {name} set the same option: give only one of them")
            said_by[target] = name
            values[target] = setting
    return values


def _settings(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return which options a keyword sets, and to what."""
    if name == "driver_info":
        found = {"lib_name": getattr(value, "formatted_name", None), "lib_version": getattr(value, "lib_version", None)}
        return [(target, check(target, setting)) for target, setting in found.items()]
    if name == "socket_keepalive_options":  # as in redis-py, these are all that is set: none of our own in addition
        return [(target, value if target == "socket_options" else None) for target in ALIASES[name]]
    return [(target, value) for target in ALIASES.get(name, (name,))]


def _context(values: Mapping[str, Any]) -> SSLContext | None:
    given = [name for name in CONTEXT_OPTIONS if name in values]
    wanted: bool | None = values.get("ssl")
    context: SSLContext | None = values.get("ssl_context")
    if context is not None:
        if wanted is False:
            raise ValueError("ssl_context and ssl=False contradict each other")
        if given:
            raise TypeError(f"{given[0]} cannot be given beside ssl_context, which says it all")
        return context
    if wanted:
        return make_context(values)
    # With ssl=False spelled out they may stay, as in redis-py: a program that can switch TLS off leaves them in place.
    idle = [name for name in given if values[name] not in (None, (), CERT_NONE)]
    if wanted is None and idle:
        raise ValueError(f"{idle[0]} needs TLS: ssl=True or a rediss:// URL")
    return None


def _fill_in(fields: dict[str, Any]) -> None:
    """Set the defaults that depend on other options."""
    if fields.get("pool_size", 1) is None:
        del fields["pool_size"]
    if fields.get("db", 0) is None:
        del fields["db"]
    if "pool_timeout" not in fields and "read_timeout" in fields:
        read_timeout = fields["read_timeout"]
        fields["pool_timeout"] = 30.0 if read_timeout is None else read_timeout + 1.0
    lifetime = fields.get("conn_max_lifetime")
    if lifetime is not None and "conn_max_lifetime_jitter" not in fields:
        fields["conn_max_lifetime_jitter"] = lifetime / 10
    if fields.get("retry") is not None:
        fields["retry"] = copy.deepcopy(fields["retry"])  # it can be changed, and it may be shared between clients


__all__ = ["Options", "PoolOptions", "RedisOptions", "default_pool_size"]
