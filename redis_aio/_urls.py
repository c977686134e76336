"""redis://, rediss:// and unix:// URLs, as dictionaries of options.

No error repeats a part of the URL that may be a user name or password, or one that a stray "@", "/", "?" or "#" in a
password may have put in a wrong place. Only parameters that look like the name of an option are repeated.
"""

import re
from typing import Any
from urllib.parse import unquote, unquote_plus

from redis_aio._option_kinds import closest
from redis_aio._option_table import KINDS

#: Schemes, and whether they are TLS. Lower case only, so that a mistyped one never ends up without TLS.
SCHEMES = {"redis": False, "rediss": True, "valkey": False, "valkeys": True, "unix": False}

# The address belongs before the "?"; everything else that can be written as text may be a parameter.
PARAMETERS = {
    name: kind for name, kind in KINDS.items() if kind.written and name not in ("host", "port", "unix_socket_path")
}

_ENCODE_HINT = "in user names and passwords write '@' as %40, '/' as %2F, '?' as %3F, '#' as %23, ':' as %3A"


def parse_url(url: str) -> dict[str, Any]:
    """Return the options that a URL stands for, under the names that the URL uses.

    Forms: ``redis://[[user]:password@][host][:port][/db][?parameters]``, the same with ``valkey``; ``rediss`` and
    ``valkeys`` for TLS; ``unix://[[user]:password@]/path[?parameters]``. Raises ValueError for everything else.
    """
    if not isinstance(url, str):
        raise TypeError(f"url must be a string, not {type(url).__name__}")
    scheme, found, rest = url.partition("://")
    if not found or scheme not in SCHEMES:
        names = ", ".join(f"{name}://" for name in SCHEMES)
        raise ValueError(f"the URL must begin with one of {names} (lower case)")
    if re.search(r"[\s\x00-\x1f\x7f]", rest):
        raise ValueError("the URL contains white space or control characters; write a space as %20")
    if "#" in rest:
        raise ValueError(f"the URL contains a '#', which has no meaning here; {_ENCODE_HINT}")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    userinfo, _, address = authority.rpartition("@")

    options: dict[str, Any] = _user(userinfo)
    if scheme == "unix":
        options["unix_socket_path"] = _socket_path(address, slash, path)
    else:
        options.update(_address(address))
        options.update(_database(path))
    for name, value in _parameters(query).items():
        if name in ("username", "password") and name in options:
            raise ValueError(f"the URL gives {name} twice, before the host and as a parameter")
        options[name] = value  # a database given as parameter wins over the path, as in redis-py
    if SCHEMES[scheme]:
        if options.get("ssl") is False:
            raise ValueError(f"the URL begins with {scheme}:// and says ssl=false; for no TLS use another scheme")
        options["ssl"] = True
    return options


def _user(userinfo: str) -> dict[str, Any]:
    username, _, password = userinfo.partition(":")
    given = {"username": _decoded(username), "password": _decoded(password)}
    return {name: value for name, value in given.items() if value}


def _address(address: str) -> dict[str, Any]:
    if address.startswith("["):
        host, bracket, tail = address[1:].partition("]")
        if not bracket or not host or not (tail == "" or tail.startswith(":")):
            raise ValueError("the IPv6 address in the URL must be written [address] or [address]:port")
        port = tail[1:]
    else:
        host, _, port = address.partition(":")
        if ":" in port:
            raise ValueError(f"the URL has too many ':' in host and port; put IPv6 addresses in [ ]; {_ENCODE_HINT}")
    options: dict[str, Any] = {}
    if host:
        options["host"] = _decoded(host)
    if port:
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
            raise ValueError(f"the port in the URL must be a number from 1 to 65535; {_ENCODE_HINT}")
        options["port"] = int(port)
    return options


def _database(path: str) -> dict[str, int]:
    path = path.strip("/")
    if not path:
        return {}
    if not re.fullmatch(r"[0-9]{1,9}", path):
        raise ValueError(f"the path of the URL must be the number of a database, such as /0; {_ENCODE_HINT}")
    return {"db": int(path)}


def _socket_path(address: str, slash: str, path: str) -> str:
    if address or not path:
        raise ValueError("a unix URL needs three slashes and a path, as in unix:///run/redis.sock")
    return slash + _decoded(path)


def _parameters(query: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for item in filter(None, query.split("&")):
        name, equals, text = item.partition("=")
        kind = PARAMETERS.get(name)
        if kind is None or not equals:
            raise _bad_parameter(name, query)
        if name in options:
            raise ValueError(f"the URL gives {name} twice")
        value, problem = None, False
        try:
            value = kind.parse(_decoded(text, plus=True))
        except ValueError:
            problem = True  # raised below, so that the error does not drag along one that shows the text
        if problem:
            raise ValueError(f"{name} in the URL must be {kind.written}")
        options[name] = value
    return options


def _bad_parameter(name: str, query: str) -> ValueError:
    # An "@" after the "?" says that the "?" was part of a password: then what stands there is not for anybody's eyes.
    if "@" in query or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", name):
        return ValueError(f"the URL has a '?' that is not followed by name=value parameters; {_ENCODE_HINT}")
    if name in PARAMETERS:
        return ValueError(f"the URL parameter {name} has no value")
    if name in KINDS:
        return ValueError(f"{name} cannot be a parameter of a URL")
    return ValueError(f"the URL has an unknown parameter {name!r}{closest(name, PARAMETERS)}")


def _decoded(text: str, *, plus: bool = False) -> str:
    decoded = None
    try:
        decoded = (unquote_plus if plus else unquote)(text, errors="strict")
    except UnicodeDecodeError:
        pass  # that error carries the text
    if decoded is None:
        raise ValueError("the URL has %-escapes that are not UTF-8")
    return decoded


__all__ = ["PARAMETERS", "SCHEMES", "parse_url"]
