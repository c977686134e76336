"""Options: what they accept, what they refuse and how they say so."""

import dataclasses
import datetime
import inspect
import math
import os
import pathlib
import socket
import ssl
from types import SimpleNamespace
from typing import Any, get_type_hints

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from redis_aio._option_table import ALIASES, FIELDS, IGNORED, KINDS
from redis_aio._options import Options, RedisOptions
from redis_aio._tls import TLS_OPTIONS
from redis_aio._version import VERSION
from redis_aio.backoff import FullJitterBackoff, NoBackoff
from redis_aio.credentials import UsernamePasswordCredentialProvider
from redis_aio.exceptions import DataError
from redis_aio.retry import Retry

WAIT = "a number of seconds greater than 0, or None for no bound"
FLAGS = "a list of ssl.VerifyFlags, or None"


def build(**options: Any) -> Options:
    """Build without the type checker's help: these tests give wrong types on purpose."""
    return Options.build(**options)


# -- the three lists of names ------------------------------------------------------------------------------------------


def test_typed_dict_dataclass_and_table_name_the_same_options() -> None:
    fields = {field.name for field in dataclasses.fields(Options)}
    assert fields == set(FIELDS)
    assert {"decode_responses", *get_type_hints(RedisOptions)} == set(KINDS)
    assert set(KINDS) == fields | set(ALIASES) | set(IGNORED) | set(TLS_OPTIONS)
    for alias, targets in ALIASES.items():
        assert alias not in fields
        assert set(targets) <= fields


def test_every_default_passes_its_own_check() -> None:
    options = Options()
    for field in dataclasses.fields(Options):
        value = getattr(options, field.name)
        assert FIELDS[field.name].check(field.name, value) == value


def test_every_keyword_of_redis_py_is_accepted() -> None:
    redis = pytest.importorskip("redis.asyncio")
    theirs = set(inspect.signature(redis.Redis.__init__).parameters) - {"self"}
    # What the client itself takes, and what redis-py has deprecated since 5.0.1.
    theirs -= {"connection_pool", "auto_close_connection_pool"}
    assert theirs <= set(KINDS)


# -- defaults ----------------------------------------------------------------------------------------------------------


def test_defaults_are_those_of_the_documentation() -> None:
    options = build()
    assert options == Options()
    assert (options.host, options.port, options.db, options.protocol) == ("localhost", 6379, 0, 3)
    assert (options.dial_timeout, options.read_timeout, options.write_timeout) == (5.0, 3.0, 3.0)
    assert options.pool_size == 10 * (os.cpu_count() or 1)
    assert options.pool_timeout == 4.0
    assert (options.min_idle_conns, options.max_idle_conns) == (0, None)
    assert (options.conn_max_idle_time, options.conn_max_lifetime) == (1800.0, None)
    assert (options.max_retries, options.min_retry_backoff, options.max_retry_backoff) == (3, 0.008, 0.512)
    assert (options.keepalive_idle, options.keepalive_interval, options.keepalive_count) == (30.0, 5.0, 3)
    assert options.tcp_user_timeout == 10.0
    assert (options.lib_name, options.lib_version) == ("redis_aio", VERSION)
    assert options.ssl_context is None


@pytest.mark.parametrize(("read_timeout", "pool_timeout"), [(3.0, 4.0), (0.5, 1.5), (None, 30.0)])
def test_pool_timeout_follows_read_timeout(read_timeout: float | None, pool_timeout: float) -> None:
    assert build(read_timeout=read_timeout).pool_timeout == pool_timeout
    assert build(read_timeout=read_timeout, pool_timeout=None).pool_timeout is None
    assert build(read_timeout=read_timeout, pool_timeout=0).pool_timeout == 0


def test_lifetime_jitter_follows_lifetime() -> None:
    assert build(conn_max_lifetime=600).conn_max_lifetime_jitter == 60
    assert build(conn_max_lifetime=600, conn_max_lifetime_jitter=0).conn_max_lifetime_jitter == 0


def test_options_cannot_be_changed() -> None:
    options = build()
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.port = 1  # type: ignore[misc]  # the point of the test


# -- values that become others -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "name", "expected"),
    [
        ({"db": "7"}, "db", 7),
        ({"db": None}, "db", 0),
        ({"protocol": "2"}, "protocol", 2),
        ({"protocol": None}, "protocol", 3),
        ({"read_timeout": 2}, "read_timeout", 2.0),
        ({"password": ""}, "password", None),
        ({"username": ""}, "username", None),
        ({"password": b"p\xc3\xa9"}, "password", "pé"),
        ({"pool_size": None}, "pool_size", 10 * (os.cpu_count() or 1)),
        ({"max_connections": None}, "pool_size", 10 * (os.cpu_count() or 1)),
        ({"unix_socket_path": pathlib.Path("/run/r.sock")}, "unix_socket_path", "/run/r.sock"),
        ({"retry_on_error": [KeyError, OSError]}, "retry_on_error", (KeyError, OSError)),
        ({"retry_on_error": None}, "retry_on_error", ()),
        ({"keepalive": None}, "keepalive", False),
        ({"socket_options": None}, "socket_options", {}),
        ({"single_connection_client": True, "max_connections": 10}, "pool_size", 10),
    ],
)
def test_value_becomes(given: dict[str, Any], name: str, expected: Any) -> None:
    value = getattr(build(**given), name)
    assert value == expected
    assert type(value) is type(expected)


def test_a_retry_object_is_copied() -> None:
    retry = Retry(FullJitterBackoff(), 5)
    options = build(retry=retry)
    retry.update_retries(50)
    assert options.retry is not None
    assert options.retry.get_retries() == 5


# -- aliases -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"socket_timeout": 7}, {"read_timeout": 7.0, "write_timeout": 7.0, "pool_timeout": 8.0}),
        ({"socket_timeout": None}, {"read_timeout": None, "write_timeout": None, "pool_timeout": 30.0}),
        ({"socket_connect_timeout": 2}, {"dial_timeout": 2.0}),
        ({"max_connections": 3}, {"pool_size": 3}),
        ({"timeout": 20}, {"pool_timeout": 20.0}),
        ({"timeout": None}, {"pool_timeout": None}),
        ({"socket_keepalive": False}, {"keepalive": False}),
        ({"socket_keepalive": None}, {"keepalive": False}),
        ({"driver_info": None}, {"lib_name": None, "lib_version": None}),
    ],
)
def test_names_of_redis_py(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert build(**given) == dataclasses.replace(Options(), **expected)


def test_driver_info_names_the_library() -> None:
    info = SimpleNamespace(formatted_name="redis-py(celery_v5.4)", lib_version="8.1.0")
    options = build(driver_info=info)
    assert (options.lib_name, options.lib_version) == ("redis-py(celery_v5.4)", "8.1.0")


def test_keepalive_options_of_redis_py_replace_our_own() -> None:
    options = build(socket_keepalive_options={socket.TCP_KEEPINTVL: 9})
    assert options.socket_options == {socket.TCP_KEEPINTVL: 9}
    assert (options.keepalive_idle, options.keepalive_interval, options.keepalive_count) == (None, None, None)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"socket_timeout": 1, "read_timeout": 1}, ("socket_timeout", "read_timeout")),
        ({"socket_timeout": 1, "write_timeout": 1}, ("socket_timeout", "write_timeout")),
        ({"dial_timeout": 1, "socket_connect_timeout": 1}, ("dial_timeout", "socket_connect_timeout")),
        ({"pool_size": 1, "max_connections": 1}, ("pool_size", "max_connections")),
        ({"pool_timeout": 1, "timeout": 1}, ("pool_timeout", "timeout")),
        ({"driver_info": None, "lib_name": "x"}, ("driver_info", "lib_name")),
    ],
)
def test_a_name_and_its_alias_cannot_both_be_given(given: dict[str, Any], names: tuple[str, str]) -> None:
    with pytest.raises(TypeError) as caught:
        build(**given)
    assert str(caught.value) == f"{names[0]} and {names[1]} set the same option: give only one of them"


@pytest.mark.parametrize(
    "given",
    [
        {"retry_on_timeout": True},
        {"socket_read_size": 65536},
        {"legacy_responses": True},
        {"event_dispatcher": None},
        {"maint_notifications_config": None},
    ],
)
def test_names_that_change_nothing(given: dict[str, Any]) -> None:
    assert build(**given) == Options()


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"host": b"localhost"}, "host must be a host name or address, not bytes"),
        ({"host": None}, "host must be a host name or address, not None"),
        ({"port": True}, "port must be an integer from 1 to 65535, not bool"),
        ({"db": 1.0}, "db must be an integer of at least 0 or None, not float"),
        ({"db": True}, "db must be an integer of at least 0 or None, not bool"),
        ({"protocol": 3.0}, "protocol must be 2 or 3, not float"),
        (
            {"read_timeout": "3"},
            f"read_timeout must be {WAIT}, not str",
        ),
        ({"socket_timeout": True}, f"socket_timeout must be {WAIT}, not bool"),
        ({"dial_timeout": datetime.timedelta(1)}, f"dial_timeout must be {WAIT}, not datetime.timedelta"),
        ({"password": 12345}, "password must be a string, bytes, or None, not int"),
        ({"username": b"me"}, "username must be a string or None, not bytes"),
        ({"decode_responses": 1}, "decode_responses must be True or False, not int"),
        ({"encoding": None}, "encoding must be the name of an encoding, not None"),
        ({"retry": 3}, "retry must be a redis_aio.retry.Retry or None, not int"),
        ({"retry_on_error": KeyError}, "retry_on_error must be a list of exception classes or None, not type"),
        ({"max_retries": None}, "max_retries must be an integer of at least 0, not None"),
        ({"credential_provider": "me"}, "must be a redis_aio.credentials.CredentialProvider or None, not str"),
        ({"driver_info": "x"}, "driver_info must be an object that has a formatted_name, or None, not str"),
        ({"socket_keepalive_options": 3}, "must be a mapping of integers to integers or bytes, or None, not int"),
        ({"ssl": "yes"}, "ssl must be True or False, not str"),
        ({"ssl_context": True}, "ssl_context must be an ssl.SSLContext or None, not bool"),
        ({"ssl_min_version": "1.2"}, "ssl_min_version must be an ssl.TLSVersion or None, not str"),
        (
            {"ssl_include_verify_flags": "X"},
            f"ssl_include_verify_flags must be {FLAGS}, not str",
        ),
        (
            {"ssl_exclude_verify_flags": [3]},
            f"ssl_exclude_verify_flags must be {FLAGS}, not list",
        ),
        (
            {"ssl_cert_reqs": 1.5},
            "must be 'required', 'optional', 'none' or an ssl.VerifyMode, not float",
        ),
        ({"unix_socket_path": 5}, "unix_socket_path must be a path or None, not int"),
        ({"maximum_connections": 5}, "there is no option 'maximum_connections'; did you mean 'max_connections'?"),
        ({"decode_response": True}, "there is no option 'decode_response'; did you mean 'decode_responses'?"),
        ({"zzz": True}, "there is no option 'zzz'"),
    ],
)
def test_type_error(given: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        build(**given)
    assert str(caught.value).endswith(message)
    assert next(iter(given)) in str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"host": ""}, "host must be a host name or address, not an empty string"),
        ({"host": "redis://localhost"}, "host must be a host name or address; for a URL use Redis.from_url"),
        ({"host": "localhost/0"}, "host must be a host name or address; for a URL use Redis.from_url"),
        ({"host": "local host"}, "host must be a host name or address; for a URL use Redis.from_url"),
        ({"host": "me:secret@localhost"}, "host must be a host name or address; for a URL use Redis.from_url"),
        ({"port": 0}, "port must be an integer from 1 to 65535, not 0"),
        ({"port": 65536}, "port must be an integer from 1 to 65535, not 65536"),
        ({"db": -1}, "db must be an integer of at least 0 or None, not -1"),
        ({"db": "one"}, "db must be an integer of at least 0 or None; the text given is not a number"),
        ({"protocol": 4}, "protocol must be 2 or 3"),
        ({"password": b"\xff"}, "password must be UTF-8 where it is bytes"),
        ({"read_timeout": -1}, f"read_timeout must be {WAIT}, not -1"),
        ({"socket_timeout": 0}, f"socket_timeout must be {WAIT}, not 0"),
        ({"write_timeout": math.nan}, f"must be {WAIT}, not nan"),
        ({"dial_timeout": math.inf}, f"must be {WAIT}, not inf"),
        ({"pool_timeout": -0.1}, "must be a number of seconds of at least 0, or None for no bound, not -0.1"),
        ({"health_check_interval": -1}, "health_check_interval must be a number of seconds of at least 0, not -1"),
        ({"pool_size": 0}, "pool_size must be an integer of at least 1 or None, not 0"),
        ({"max_connections": -5}, "max_connections must be an integer of at least 1 or None, not -5"),
        ({"max_retries": -1}, "max_retries must be an integer of at least 0, not -1"),
        ({"client_name": "my app"}, "client_name must hold printable ASCII characters only, and no spaces"),
        ({"lib_name": "a\nb"}, "lib_name must hold printable ASCII characters only, and no spaces"),
        ({"encoding": "utf-9"}, "encoding must be the name of an encoding that Python knows"),
        ({"encoding_errors": "shrug"}, "encoding_errors must be the name of an error handler that Python knows"),
        ({"retry_on_error": [KeyError, 5]}, "retry_on_error must be a list of exception classes"),
        ({"legacy_responses": False}, "legacy_responses must be True: replies have redis-py's legacy shape, and its"
                                      " unified one is not supported"),
        ({"redis_connect_func": print}, "redis_connect_func must be None: connections have no methods for it to call;"
                                        " use a Hook with on_connect"),
        ({"event_dispatcher": object()}, "event_dispatcher must be None: it is accepted for redis-py's sake, and the"
                                         " feature is not supported"),
        ({"maint_notifications_config": object()}, "maint_notifications_config must be None: it is accepted for"
                                                   " redis-py's sake, and the feature is not supported"),
        ({"socket_options": {"x": 1}}, "socket_options must be a mapping of integers to integers or bytes"),
        ({"min_retry_backoff": 2}, "min_retry_backoff must not be greater than max_retry_backoff"),
        ({"min_idle_conns": 5, "pool_size": 4}, "min_idle_conns must not be greater than pool_size"),
        ({"min_idle_conns": 5, "max_idle_conns": 4}, "min_idle_conns must not be greater than max_idle_conns"),
        ({"conn_max_lifetime": 5, "conn_max_lifetime_jitter": 6}, "conn_max_lifetime_jitter must not be greater than"
                                                                  " conn_max_lifetime"),
        ({"unix_socket_path": "a\0b"}, "unix_socket_path must be a path and so cannot hold a NUL character"),
        ({"ssl_cert_reqs": "never"}, "ssl_cert_reqs must be 'required', 'optional' or 'none'"),
        ({"ssl_min_version": ssl.TLSVersion.TLSv1_1}, "ssl_min_version must be TLS 1.2 or 1.3; to speak anything older,"
                                                      " pass an ssl_context of your own"),
        ({"unix_socket_path": "/s", "ssl": True}, "TLS cannot be used with unix_socket_path"),
        ({"server_hostname": "h"}, "server_hostname needs TLS: ssl=True, ssl_context or a rediss:// URL"),
        ({"ssl_ca_certs": "/ca.pem"}, "ssl_ca_certs needs TLS: ssl=True or a rediss:// URL"),
    ],
)  # fmt: skip
def test_value_error(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=next(iter(given)).split("_")[0]) as caught:
        build(**given)
    assert str(caught.value).endswith(message)


def test_credentials_come_from_one_place() -> None:
    provider = UsernamePasswordCredentialProvider("me", "geheim")
    with pytest.raises(DataError) as caught:
        build(credential_provider=provider, password="geheim")
    assert str(caught.value) == "credential_provider and username or password cannot both be given"


def test_a_credential_provider_of_redis_py_will_do() -> None:
    credentials = pytest.importorskip("redis.credentials")
    provider = credentials.UsernamePasswordCredentialProvider("me", "geheim")
    assert build(credential_provider=provider).credential_provider is provider


# -- TLS ---------------------------------------------------------------------------------------------------------------


def context_of(**options: Any) -> ssl.SSLContext:
    context = build(**options).ssl_context
    assert context is not None
    return context


def test_tls_verifies_chain_and_host_by_default() -> None:
    context = context_of(ssl=True)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is True
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_switching_the_host_off_leaves_the_chain_on() -> None:
    context = context_of(ssl=True, ssl_check_hostname=False)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is False


@pytest.mark.parametrize("none", ["none", ssl.CERT_NONE, None])
def test_switching_the_chain_off_is_asked_for_by_name(none: Any) -> None:
    context = context_of(ssl=True, ssl_cert_reqs=none)
    assert context.verify_mode is ssl.CERT_NONE
    assert context.check_hostname is False


def test_tls_version_flags_and_ciphers() -> None:
    strict, partial = ssl.VerifyFlags.VERIFY_X509_STRICT, ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST
    context = context_of(
        ssl=True,
        ssl_min_version=ssl.TLSVersion.TLSv1_3,
        ssl_include_verify_flags=[strict],
        ssl_exclude_verify_flags=[partial],
        ssl_ciphers="ECDHE-RSA-AES256-GCM-SHA384",
    )
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.verify_flags & strict
    assert not context.verify_flags & partial
    assert "ECDHE-RSA-AES256-GCM-SHA384" in {cipher["name"] for cipher in context.get_ciphers()}


def test_authorities_from_file_and_text(tmp_path: pathlib.Path) -> None:
    authority = trustme.CA()
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    subject = "trustme"
    for given in ({"ssl_ca_certs": path}, {"ssl_ca_data": authority.cert_pem.bytes().decode()}):
        loaded = str(context_of(ssl=True, **given).get_ca_certs())
        assert subject in loaded


def test_a_context_of_ones_own_is_used_as_it_is() -> None:
    context = ssl.create_default_context()
    assert build(ssl_context=context, server_hostname="cache.example").ssl_context is context
    with pytest.raises(TypeError, match=r"^ssl_ca_certs cannot be given beside ssl_context"):
        build(ssl_context=context, ssl_ca_certs="/ca.pem")
    with pytest.raises(ValueError, match=r"^ssl_context and ssl=False contradict each other$"):
        build(ssl_context=context, ssl=False)


def test_tls_options_may_stay_where_tls_is_switched_off() -> None:
    assert build(ssl=False, ssl_ca_certs="/ca.pem") == Options()
    assert build(ssl_cert_reqs=None, ssl_ca_certs=None) == Options()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ssl_ca_certs": "/does/not/exist"}, "ssl_ca_certs could not be loaded: No such file or directory"),
        ({"ssl_ciphers": "NO-SUCH-CIPHER"}, "ssl_ciphers could not be loaded: No cipher can be selected."),
        ({"ssl_keyfile": "/key.pem"}, "ssl_keyfile needs ssl_certfile, the certificate that belongs to the key"),
        ({"ssl_certfile": "/does/not/exist"}, "ssl_certfile could not be loaded: No such file or directory"),
    ],
)
def test_what_cannot_be_loaded_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="ssl_") as caught:
        build(ssl=True, **given)
    assert str(caught.value) == message


def encrypted_key(directory: pathlib.Path, password: bytes) -> tuple[pathlib.Path, pathlib.Path]:
    certificate = trustme.CA().issue_cert("client.example")
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    encoded = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )
    key_path, certificate_path = directory / "key.pem", directory / "cert.pem"
    key_path.write_bytes(encoded)
    certificate.cert_chain_pems[0].write_to_path(str(certificate_path))
    return certificate_path, key_path


def test_an_encrypted_key_needs_its_password_and_never_asks_for_it(tmp_path: pathlib.Path) -> None:
    certificate, key = encrypted_key(tmp_path, b"geheim")
    files = {"ssl_certfile": certificate, "ssl_keyfile": key}
    assert context_of(ssl=True, ssl_password="geheim", **files)
    with pytest.raises(ValueError, match=r"^ssl_certfile and ssl_keyfile could not be loaded: .*pass ssl_password$"):
        build(ssl=True, **files)
    with pytest.raises(ValueError, match=r"^ssl_certfile and ssl_keyfile could not be loaded: ") as caught:
        build(ssl=True, ssl_password="wrong-geheim", **files)
    assert "geheim" not in str(caught.value)


# -- how options look --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"pool_size": 20}, "<Options for localhost:6379, database 0, RESP3, at most 20 connections>"),
        (
            {"host": "::1", "db": 2, "protocol": 2, "pool_size": 1},
            "<Options for [::1]:6379, database 2, RESP2, at most 1 connection>",
        ),
        (
            {"username": "me", "password": "geheim", "ssl": True, "pool_size": 5},
            "<Options for localhost:6379 over TLS, database 0, with credentials, RESP3, at most 5 connections>",
        ),
        (
            {"unix_socket_path": "/run/redis.sock", "pool_size": 5},
            "<Options for /run/redis.sock, database 0, RESP3, at most 5 connections>",
        ),
    ],
)
def test_repr_reads_like_prose_and_shows_no_secret(given: dict[str, Any], text: str) -> None:
    assert repr(build(**given)) == text


def test_retry_of_ones_own() -> None:
    options = build(retry=Retry(NoBackoff(), 0), retry_on_error=[KeyError])
    assert options.retry == Retry(NoBackoff(), 0)
    assert options.retry_on_error == (KeyError,)
