"""URLs: what they mean, what is refused, and that no error tells a secret."""

import ssl
import traceback
from typing import Any

import pytest

from redis_aio._options import Options
from redis_aio._urls import parse_url

BEGIN = "the URL must begin with one of redis://, rediss://, valkey://, valkeys://, unix:// (lower case)"
WAIT = "a duration greater than 0, such as 3, 0.5, 500ms or 5m, or none"
FLAGS = "names of ssl.VerifyFlags with commas between them"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://", {}),
        ("redis:///", {}),
        ("redis://localhost", {"host": "localhost"}),
        ("redis://localhost:6380", {"host": "localhost", "port": 6380}),
        ("redis://localhost:", {"host": "localhost"}),
        ("redis://:6380", {"port": 6380}),
        ("redis://localhost/3", {"host": "localhost", "db": 3}),
        ("redis://localhost/3/", {"host": "localhost", "db": 3}),
        ("redis:///3", {"db": 3}),
        ("redis://h/3?db=5", {"host": "h", "db": 5}),
        ("redis://h?db=5", {"host": "h", "db": 5}),
        ("valkey://h", {"host": "h"}),
        ("rediss://h", {"host": "h", "ssl": True}),
        ("valkeys://h", {"host": "h", "ssl": True}),
        ("redis://user:pass@h", {"host": "h", "username": "user", "password": "pass"}),
        ("redis://:pass@h", {"host": "h", "password": "pass"}),
        ("redis://user@h", {"host": "h", "username": "user"}),
        ("redis://user:@h", {"host": "h", "username": "user"}),
        ("redis://us%40er:p%2Fa%3As%23s%25@h", {"host": "h", "username": "us@er", "password": "p/a:s#s%"}),
        ("redis://u:a@b@h", {"host": "h", "username": "u", "password": "a@b"}),
        ("redis://u:a:b@h", {"host": "h", "username": "u", "password": "a:b"}),
        ("redis://u:a+b@h", {"host": "h", "username": "u", "password": "a+b"}),
        ("redis://u:p%C3%A9@h", {"host": "h", "username": "u", "password": "pé"}),
        ("redis://[::1]", {"host": "::1"}),
        ("redis://[::1]:6380/1", {"host": "::1", "port": 6380, "db": 1}),
        ("redis://u:p@[fe80::1%25eth0]:1", {"host": "fe80::1%eth0", "port": 1, "username": "u", "password": "p"}),
        ("unix:///run/redis.sock", {"unix_socket_path": "/run/redis.sock"}),
        ("unix:///run/my%20redis.sock?db=1", {"unix_socket_path": "/run/my redis.sock", "db": 1}),
        ("unix://u:p@/r.sock", {"unix_socket_path": "/r.sock", "username": "u", "password": "p"}),
        ("unix://u@/r.sock?password=p%20q", {"unix_socket_path": "/r.sock", "username": "u", "password": "p q"}),
        ("redis://h?", {"host": "h"}),
        ("redis://h?&db=1&", {"host": "h", "db": 1}),
    ],
)
def test_url(url: str, expected: dict[str, Any]) -> None:
    assert parse_url(url) == expected


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("read_timeout=3", 3.0),
        ("read_timeout=0.25", 0.25),
        ("read_timeout=.5", 0.5),
        ("read_timeout=500ms", 0.5),
        ("read_timeout=3s", 3.0),
        ("read_timeout=5m", 300.0),
        ("read_timeout=1h30m", 5400.0),
        ("read_timeout=1.5s", 1.5),
        ("read_timeout=100us", 1e-4),
        ("read_timeout=none", None),
        ("socket_timeout=2", 2.0),
        ("socket_connect_timeout=2", 2.0),
        ("timeout=20", 20.0),
        ("decode_responses=true", True),
        ("decode_responses=1", True),
        ("decode_responses=Yes", True),
        ("decode_responses=ON", True),
        ("decode_responses=False", False),
        ("decode_responses=0", False),
        ("decode_responses=no", False),
        ("decode_responses=off", False),
        ("max_connections=7", 7),
        ("pool_size=7", 7),
        ("max_idle_conns=none", None),
        ("protocol=2", "2"),
        ("client_name=web%2d1", "web-1"),
        ("encoding=latin-1", "latin-1"),
        ("legacy_responses=True", True),
        ("socket_read_size=1024", 1024),
        ("retry_on_timeout=yes", True),
        ("health_check_interval=30", 30.0),
        ("ssl_check_hostname=false", False),
        ("ssl_cert_reqs=none", "none"),
        ("ssl_min_version=771", 771),
        ("ssl_min_version=TLSv1.3", 772),
        ("ssl_min_version=TLSv1_3", 772),
        ("ssl_include_verify_flags=[VERIFY_X509_STRICT]", (ssl.VerifyFlags.VERIFY_X509_STRICT,)),
        (
            "ssl_exclude_verify_flags=VERIFY_X509_STRICT,VERIFY_X509_TRUSTED_FIRST",
            (ssl.VerifyFlags.VERIFY_X509_STRICT, ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST),
        ),
    ],
)
def test_parameter(parameter: str, value: Any) -> None:
    name = parameter.partition("=")[0]
    found = parse_url(f"redis://?{parameter}")[name]
    assert found == pytest.approx(value) if isinstance(value, float) else found == value


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis//localhost", BEGIN),
        ("http://localhost", BEGIN),
        ("Rediss://localhost", BEGIN),
        ("localhost:6379", BEGIN),
        ("", BEGIN),
        ("redis://h?pool_sise=3", "the URL has an unknown parameter 'pool_sise'; did you mean 'pool_size'?"),
        ("redis://h?zzz=3", "the URL has an unknown parameter 'zzz'"),
        ("redis://h?host=other", "host cannot be a parameter of a URL"),
        ("redis://h?retry=3", "retry cannot be a parameter of a URL"),
        ("redis://h?db", "the URL parameter db has no value"),
        ("redis://h?db=1&db=2", "the URL gives db twice"),
        ("redis://h?db=one", "db in the URL must be a whole number of at least 0, or none"),
        ("redis://h?read_timeout=soon", f"read_timeout in the URL must be {WAIT}"),
        ("redis://h?read_timeout=nan", f"read_timeout in the URL must be {WAIT}"),
        ("redis://h?decode_responses=maybe", "decode_responses in the URL must be true or false"),
        ("redis://h?decode_responses=", "decode_responses in the URL must be true or false"),
        ("rediss://h?ssl_min_version=new", "ssl_min_version in the URL must be TLSv1.2 or TLSv1.3"),
        ("rediss://h?ssl_include_verify_flags=ALL", f"ssl_include_verify_flags in the URL must be {FLAGS}"),
        ("rediss://h?ssl=false", "the URL begins with rediss:// and says ssl=false; for no TLS use another scheme"),
        ("unix://run/redis.sock", "a unix URL needs three slashes and a path, as in unix:///run/redis.sock"),
        ("unix:///", "a unix URL needs three slashes and a path, as in unix:///run/redis.sock"),
        ("redis://[::1", "the IPv6 address in the URL must be written [address] or [address]:port"),
        ("redis://[::1]6379", "the IPv6 address in the URL must be written [address] or [address]:port"),
        ("redis://h/zero", "the path of the URL must be the number of a database, such as /0; "),
        ("redis://h:port", "the port in the URL must be a number from 1 to 65535; "),
        ("redis://h:0", "the port in the URL must be a number from 1 to 65535; "),
        ("redis://h:65536", "the port in the URL must be a number from 1 to 65535; "),
        ("redis://::1:6379", "the URL has too many ':' in host and port; put IPv6 addresses in [ ]; "),
        ("redis://h\n", "the URL contains white space or control characters; write a space as %20"),
        ("redis://h#x", "the URL contains a '#', which has no meaning here; "),
        ("redis://u:%FF@h", "the URL has %-escapes that are not UTF-8"),
        ("redis://u@h?username=v", "the URL gives username twice, before the host and as a parameter"),
    ],
)  # fmt: skip
def test_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match="URL") as caught:
        parse_url(url)
    assert str(caught.value).startswith(message)
    assert message.endswith("; ") or str(caught.value) == message


def test_what_is_no_string_is_a_type_error() -> None:
    url: Any = b"redis://localhost"
    with pytest.raises(TypeError, match=r"^url must be a string, not bytes$"):
        parse_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis//user:GEHEIM@h",
        "redis//GEHEIM:x@h",
        "http://user:GEHEIM@h",
        "redis://user:GEHEIM@h:port",
        "redis://user:GEHEIM@h:99999",
        "redis://user:GEHEIM@h/x",
        "redis://user:GEHEIM@[h",
        "redis://user:GEHEIM@a:b:c",
        "redis://user:GEHEIM@h?nothing=1",
        "redis://user:GEHEIM %zz@h",
        "redis://user:GEHEIM#@h",
        "redis://user:GE/HEIM@h",
        "redis://user:/GEHEIM@h",
        "redis://user:1/GEHEIM@h",
        "redis://user:?GEHEIM@h",
        "redis://user:1?GEHEIM@h",
        "redis://user:1?GEHEIM=x@h",
        "redis://user:1?db=GEHEIM@h",
        "redis://user:1?x&GEHEIM=@h:6379",
        "redis://user:%FFGEHEIM@h",
        "redis://GEHEIM%FF:x@h",
        "redis://h?read_timeout=GEHEIM",
        "redis://h?password=%FFGEHEIM",
        "redis://user:GEHEIM\u2100@h:x",
        "unix://user:GEHEIM@h/x",
        "unix://user:GEHEIM@/",
    ],
)
def test_no_error_tells_a_part_that_may_be_secret(url: str) -> None:
    with pytest.raises(ValueError, match="URL") as caught:
        Options.from_url(url)
    link: BaseException | None = caught.value
    while link is not None:
        shown = str(link) + repr(link) + repr(vars(link)) + repr(getattr(link, "object", ""))
        assert "GEHEIM" not in shown
        link = link.__cause__ or link.__context__
    assert "GEHEIM" not in "".join(traceback.format_exception_only(caught.value))


# -- together with keywords --------------------------------------------------------------------------------------------


def build(url: str, **options: Any) -> Options:
    return Options.from_url(url, **options)


def test_from_url() -> None:
    options = build("rediss://me:geheim@cache.example:6380/2?socket_timeout=500ms&max_connections=4&protocol=2")
    assert (options.host, options.port, options.db) == ("cache.example", 6380, 2)
    assert (options.username, options.password) == ("me", "geheim")
    assert (options.read_timeout, options.write_timeout, options.pool_timeout) == (0.5, 0.5, 1.5)
    assert (options.pool_size, options.protocol) == (4, 2)
    assert options.ssl_context is not None
    assert options.ssl_context.check_hostname is True


def test_without_a_host_it_is_localhost() -> None:
    assert (build("redis://").host, build("redis://").port) == ("localhost", 6379)


def test_the_url_wins_over_keywords_whatever_name_either_uses() -> None:
    options = build("redis://h/1?socket_timeout=1", host="other", db=5, read_timeout=9, pool_size=3)
    assert (options.host, options.db, options.read_timeout, options.pool_size) == ("h", 1, 1.0, 3)
    assert build("redis://h", db=5).db == 5


def test_tls_is_verified_unless_the_url_says_otherwise_by_name() -> None:
    context = build("rediss://h?ssl_check_hostname=false").ssl_context
    assert context is not None
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_REQUIRED)
    context = build("rediss://h?ssl_cert_reqs=none").ssl_context
    assert context is not None
    assert context.verify_mode is ssl.CERT_NONE
    with pytest.raises(ValueError, match="unknown parameter 'skip_verify'"):
        build("rediss://h?skip_verify=true")


def test_a_value_out_of_range_names_its_option() -> None:
    with pytest.raises(ValueError, match=r"^read_timeout must be .* not -1"):
        build("redis://h?read_timeout=-1")
    with pytest.raises(ValueError, match=r"^protocol must be 2 or 3$"):
        build("redis://h?protocol=4")
    with pytest.raises(ValueError, match=r"^legacy_responses must be True: "):
        build("redis://h?legacy_responses=false")
