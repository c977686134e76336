"""Every option by name: what it takes, and which names mean the same.

:mod:`redis_aio._options` has the values and their defaults, :mod:`redis_aio._urls` the way they are written in a URL.
A test keeps this table, ``Options`` and ``RedisOptions`` in step.
"""

import codecs
import re
from collections.abc import Iterable, Mapping
from typing import Any

from redis_aio._option_kinds import (
    Checked,
    Flag,
    Integer,
    Kind,
    Path,
    Seconds,
    Text,
    closest,
    pairs_of_integers,
)
from redis_aio._tls import TLS_OPTIONS
from redis_aio.codecs import Codec
from redis_aio.retry import Retry


def _host(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    if not value:
        raise ValueError("a host name or address, not an empty string")
    if re.search(r"[\s/@\0]", value):  # "://" included
        raise ValueError("a host name or address; for a URL use Redis.from_url")
    return value


def _password(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        if text.encode() != value:
            raise ValueError("UTF-8 where it is bytes")
        value = text
    if not isinstance(value, str):
        raise TypeError
    return value or None


def _protocol(value: Any) -> int:
    if value is None:
        return 3
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    if value not in (2, 3, "2", "3"):
        raise ValueError("2 or 3")
    return int(value)


def _encoding(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    try:
        codecs.lookup(value)
    except LookupError:
        raise ValueError("the name of an encoding that Python knows") from None
    return value


def _encoding_errors(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    try:
        codecs.lookup_error(value)
    except LookupError:
        raise ValueError("the name of an error handler that Python knows") from None
    return value


def _error_classes(value: Any) -> tuple[type[Exception], ...]:
    if value is None:
        return ()
    if not isinstance(value, Iterable):
        raise TypeError
    classes = tuple(value)
    if not all(isinstance(item, type) and issubclass(item, Exception) for item in classes):
        raise ValueError("a list of exception classes")
    return classes


def _retry(value: Any) -> Retry | None:
    if value is not None and not isinstance(value, Retry):
        raise TypeError
    return value


def _credential_provider(value: Any) -> Any:
    if value is not None and not callable(getattr(value, "get_credentials_async", None)):
        raise TypeError
    return value


def _codec(value: Any) -> Codec:
    if not isinstance(value, Codec):
        raise TypeError
    return value


def _no_connect_func(value: Any) -> None:
    if value is not None:
        raise ValueError("None: connections have no methods for it to call; use a Hook with on_connect")


def _driver_info(value: Any) -> Any:
    if value is not None and not hasattr(value, "formatted_name"):
        raise TypeError
    return value


def _legacy_responses(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    if not value:
        raise ValueError("True: replies have redis-py's legacy shape, and its unified one is not supported")
    return value


def _unsupported(value: Any) -> None:
    if value is not None:
        raise ValueError("None: it is accepted for redis-py's sake, and the feature is not supported")


def _parse_legacy_responses(text: str) -> bool:
    return Flag().parse(text)


#: The options themselves; each is a field of ``Options``.
FIELDS: Mapping[str, Kind] = {
    "host": Checked("a host name or address", _host),
    "port": Integer(1, 65535, digits=True),
    "unix_socket_path": Path(),
    "db": Integer(0, none=True, digits=True),
    "username": Text(),
    "password": Checked("a string, bytes, or None", _password, parse=str, written="a text"),
    "credential_provider": Checked("a redis_aio.credentials.CredentialProvider or None", _credential_provider),
    "client_name": Text(word=True),
    "lib_name": Text(word=True),
    "lib_version": Text(word=True),
    "protocol": Checked("2 or 3", _protocol, parse=str),
    "encoding": Checked("the name of an encoding", _encoding, parse=str),
    "encoding_errors": Checked("the name of an error handler", _encoding_errors, parse=str),
    "decode_responses": Flag(),
    "codec": Checked("a redis_aio.codecs.Codec", _codec),
    "dial_timeout": Seconds(),
    "read_timeout": Seconds(),
    "write_timeout": Seconds(),
    "pool_size": Integer(1, none=True),
    "pool_timeout": Seconds(zero=True),
    "min_idle_conns": Integer(0),
    "max_idle_conns": Integer(0, none=True),
    "conn_max_idle_time": Seconds(),
    "conn_max_lifetime": Seconds(),
    "conn_max_lifetime_jitter": Seconds(zero=True, none=False),
    "max_retries": Integer(0),
    "min_retry_backoff": Seconds(zero=True, none=False),
    "max_retry_backoff": Seconds(zero=True, none=False),
    "retry": Checked("a redis_aio.retry.Retry or None", _retry),
    "retry_on_error": Checked("a list of exception classes or None", _error_classes),
    "retry_unsafe": Flag(),
    "health_check_interval": Seconds(zero=True, none=False),
    "auto_pipeline": Flag(),
    "single_connection_client": Flag(),
    "high_integrity": Flag(),
    "keepalive": Flag(none=True),
    "keepalive_idle": Seconds(),
    "keepalive_interval": Seconds(),
    "keepalive_count": Integer(1, none=True),
    "tcp_user_timeout": Seconds(),
    "socket_options": Checked("a mapping of integers to integers or bytes, or None", pairs_of_integers),
    "redis_connect_func": Checked("None", _no_connect_func),
    **{name: TLS_OPTIONS[name] for name in ("ssl_context", "server_hostname")},
}

#: redis-py's names for options, and the options each of them sets.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "socket_timeout": ("read_timeout", "write_timeout"),
    "socket_connect_timeout": ("dial_timeout",),
    "max_connections": ("pool_size",),
    "timeout": ("pool_timeout",),
    "socket_keepalive": ("keepalive",),
    "socket_keepalive_options": ("socket_options", "keepalive_idle", "keepalive_interval", "keepalive_count"),
    "driver_info": ("lib_name", "lib_version"),
}

#: redis-py's options that are checked and then change nothing.
IGNORED: Mapping[str, Kind] = {
    "retry_on_timeout": Flag(none=True),
    "socket_read_size": Integer(1),
    "legacy_responses": Checked("True", _legacy_responses, parse=_parse_legacy_responses, written="true"),
    "event_dispatcher": Checked("None", _unsupported),
    "maint_notifications_config": Checked("None", _unsupported),
}

#: Everything that may be given, by name.
KINDS: Mapping[str, Kind] = {
    **FIELDS,
    **TLS_OPTIONS,
    **IGNORED,
    **{alias: FIELDS[targets[0]] for alias, targets in ALIASES.items()},
    "driver_info": Checked("an object that has a formatted_name, or None", _driver_info),
}


def check(name: str, value: Any) -> Any:
    """Return the value as it is used from here on, or raise an error that names the option."""
    kind = KINDS.get(name)
    if kind is None:
        raise TypeError(f"there is no option {name!r}{closest(name, KINDS)}")
    return kind.check(name, value)


__all__ = ["ALIASES", "FIELDS", "IGNORED", "KINDS", "check"]
