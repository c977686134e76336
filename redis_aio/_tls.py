"""The ssl.SSLContext made of redis-py's ``ssl_*`` options.

What holds unless it is switched off by name: the chain is verified, the host name is verified, and nothing older than
TLS 1.2 is spoken.
"""

import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from redis_aio._option_kinds import Checked, Flag, Kind, Path, Text

_CERT_REQS = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def _cert_reqs(value: Any) -> ssl.VerifyMode:
    if value is None:  # as in redis-py: asked for by name, so it is no accident
        return ssl.CERT_NONE
    if isinstance(value, str):
        mode = _CERT_REQS.get(value.lower())
        if mode is None:
            raise ValueError("'required', 'optional' or 'none'")
        return mode
    if not isinstance(value, ssl.VerifyMode):
        raise TypeError
    return value


def _min_version(value: Any) -> ssl.TLSVersion | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if value not in _VERSIONS.values():
        raise ValueError("TLS 1.2 or 1.3; to speak anything older, pass an ssl_context of your own")
    return ssl.TLSVersion(value)


def _min_version_text(text: str) -> int:
    version = _VERSIONS.get(text.lower().removeprefix("tlsv").replace("_", "."))
    return int(text) if version is None else int(version)


def _verify_flags(value: Any) -> tuple[ssl.VerifyFlags, ...]:
    if value is None:
        return ()
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise TypeError
    flags = tuple(value)
    if not all(isinstance(flag, ssl.VerifyFlags) for flag in flags):
        raise TypeError
    return flags


def _verify_flags_text(text: str) -> tuple[ssl.VerifyFlags, ...]:
    names = (name.strip() for name in text.strip("[]").split(","))
    try:
        return tuple(ssl.VerifyFlags[name] for name in names)
    except KeyError:
        raise ValueError from None


def _context(value: Any) -> ssl.SSLContext | None:
    if value is not None and not isinstance(value, ssl.SSLContext):
        raise TypeError
    return value


_FLAGS = "a list of ssl.VerifyFlags, or None"
_FLAGS_WRITTEN = "names of ssl.VerifyFlags with commas between them"

#: The options a context is made of.
CONTEXT_OPTIONS: Mapping[str, Kind] = {
    "ssl_keyfile": Path(),
    "ssl_certfile": Path(),
    "ssl_cert_reqs": Checked("'required', 'optional', 'none' or an ssl.VerifyMode", _cert_reqs, parse=str),
    "ssl_include_verify_flags": Checked(_FLAGS, _verify_flags, parse=_verify_flags_text, written=_FLAGS_WRITTEN),
    "ssl_exclude_verify_flags": Checked(_FLAGS, _verify_flags, parse=_verify_flags_text, written=_FLAGS_WRITTEN),
    "ssl_ca_certs": Path(),
    "ssl_ca_data": Text(bytes_too=True),
    "ssl_ca_path": Path(),
    "ssl_check_hostname": Flag(none=True),
    "ssl_min_version": Checked(
        "an ssl.TLSVersion or None", _min_version, parse=_min_version_text, written="TLSv1.2 or TLSv1.3"
    ),
    "ssl_ciphers": Text(),
    "ssl_password": Text(bytes_too=True),
}

#: Every option that has to do with TLS.
TLS_OPTIONS: Mapping[str, Kind] = {
    "ssl": Flag(none=True),
    "ssl_context": Checked("an ssl.SSLContext or None", _context),
    "server_hostname": Text(),
    **CONTEXT_OPTIONS,
}


def make_context(options: Mapping[str, Any]) -> ssl.SSLContext:
    """Make the context; the options are checked already.

    Files are read here. Raises ValueError, naming the options, where one cannot be loaded.
    """
    context = ssl.create_default_context()
    context.minimum_version = options.get("ssl_min_version") or ssl.TLSVersion.TLSv1_2
    mode = options.get("ssl_cert_reqs", ssl.CERT_REQUIRED)
    # The host name can only be verified on a verified chain; asking for no chain asks for no host name, as in redis-py.
    context.check_hostname = mode is not ssl.CERT_NONE and options.get("ssl_check_hostname", True)
    context.verify_mode = mode
    for flag in options.get("ssl_include_verify_flags", ()):
        context.verify_flags |= flag
    for flag in options.get("ssl_exclude_verify_flags", ()):
        context.verify_flags &= ~flag
    _load_own_certificate(context, options)
    _load_authorities(context, options)
    ciphers = options.get("ssl_ciphers")
    if ciphers is not None:
        _loading(("ssl_ciphers",), lambda: context.set_ciphers(ciphers))
    return context


def _load_own_certificate(context: ssl.SSLContext, options: Mapping[str, Any]) -> None:
    certificate, key, password = (options.get(name) for name in ("ssl_certfile", "ssl_keyfile", "ssl_password"))
    if certificate is None:
        if key is not None:
            raise ValueError("ssl_keyfile needs ssl_certfile, the certificate that belongs to the key")
        return
    # Without a password OpenSSL would ask for one on the terminal and stop the event loop until somebody types.
    secret = _refuse_to_ask if password is None else password
    names = ("ssl_certfile",) if key is None else ("ssl_certfile", "ssl_keyfile")
    _loading(names, lambda: context.load_cert_chain(certificate, key, secret))


def _load_authorities(context: ssl.SSLContext, options: Mapping[str, Any]) -> None:
    given = {name: options.get(name) for name in ("ssl_ca_certs", "ssl_ca_path", "ssl_ca_data")}
    names = tuple(name for name, value in given.items() if value is not None)
    if names:
        file, path, data = given.values()
        _loading(names, lambda: context.load_verify_locations(file, path, data))


def _refuse_to_ask() -> NoReturn:
    raise ValueError("the key is encrypted: pass ssl_password")


def _loading(names: tuple[str, ...], load: Callable[[], Any]) -> None:
    try:
        load()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        # OpenSSL's word for it, or the operating system's, or whatever there is.
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error.args[0]
    else:
        return
    raise ValueError(f"{' and '.join(names)} could not be loaded: {reason}")


__all__ = ["CONTEXT_OPTIONS", "TLS_OPTIONS", "make_context"]
