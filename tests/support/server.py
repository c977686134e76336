"""Real servers for the tests: which programs there are, and certificates for TLS."""

import os
import re
import ssl
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import trustme

from redis_aio.testing import RedisServer, TLSFiles, find_server
from redis_aio.testing.binary import VARIABLE, bundled_server

#: The oldest server the tests are written for.
OLDEST = (7, 0)


@dataclass(frozen=True, slots=True)
class Program:
    """A server program, and what it says about itself."""

    path: Path
    flavour: str
    version: tuple[int, ...]
    #: Whether it brings the modules JSON, search, time series and Bloom.
    modules: bool = False

    @property
    def name(self) -> str:
        """Such as ``redis-7.0.15``."""
        return f"{self.flavour}-{'.'.join(map(str, self.version))}"

    def server(self, **options: object) -> RedisServer:
        """Return a server, not yet started, on which the tests may use the command DEBUG."""
        # Before 7.0 there was no such directive, and DEBUG was always allowed.
        config = {"enable-debug-command": "yes"} if self.version >= (7, 0) else {}
        given = options.pop("config", {})
        assert isinstance(given, dict)
        return RedisServer(binary=self.path, config={**config, **given}, **options)  # type: ignore[arg-type]  # passed on


@cache
def program(path: Path) -> Program:
    """Return what the program at ``path`` is."""
    text = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    found = re.search(r"v=(\d+)\.(\d+)\.(\d+)", text)
    if found is None:
        raise ValueError(f"{path} is no Redis server: --version says {text[:100]!r}")
    flavour = "valkey" if text.startswith("Valkey") else "redis"
    with path.open("rb") as file:  # a script then, which hands them over
        modules = b"--loadmodule" in file.read(4096)
    return Program(path, flavour, tuple(map(int, found.groups())), modules)


def programs(others: Iterable[str]) -> dict[str, Program]:
    """Return the programs to test with by their names: first the default one, then ``others`` (paths)."""
    found: dict[str, Program] = {}
    for path in [default_program().path, *map(Path, others)]:
        entry = program(path)
        name = entry.name
        # Two of the same version: redis-stack beside Redis, or the wheel's Valkey beside a packaged one.
        if name in found and os.path.samefile(found[name].path, path):
            continue
        if name in found:
            name += f"-{1 + sum(other.startswith(name) for other in found)}"
        found[name] = entry
    return found


def default_program() -> Program:
    """Return the program that the whole suite runs against.

    It is the one `RedisServer` would run, unless that was merely found on PATH and is too old for the tests.
    """
    found = program(find_server())
    if found.version < OLDEST and VARIABLE not in os.environ and (bundled := bundled_server()) is not None:
        return program(bundled)
    return found


@dataclass(frozen=True, slots=True)
class Certificates:
    """A certificate authority, and what it issued: files for a server and for a client."""

    ca: Path
    server: TLSFiles
    client: TLSFiles

    def context(self, *, with_client: bool = False) -> ssl.SSLContext:
        """Return a context that trusts the authority, with the client's own certificate if asked to."""
        context = ssl.create_default_context(cafile=self.ca)
        if with_client:
            context.load_cert_chain(self.client.cert, self.client.key)
        return context


def make_certificates(folder: Path) -> Certificates:
    """Write an authority, a server's certificate for localhost and a client's into ``folder``."""
    authority = trustme.CA()
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    return Certificates(
        ca,
        _issue(authority, folder / "server.pem", ca, "localhost", "127.0.0.1", "::1"),
        _issue(authority, folder / "client.pem", ca, "client.test"),
    )


def _issue(authority: trustme.CA, path: Path, ca: Path, *names: str) -> TLSFiles:
    # One file for both: the key, then the chain.
    authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(str(path))
    return TLSFiles(cert=path, key=path, ca=ca)
