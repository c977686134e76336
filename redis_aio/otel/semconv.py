"""The names of OpenTelemetry's database conventions for Redis, and the attributes they make of commands and errors.

https://opentelemetry.io/docs/specs/semconv/db/redis/ (1.44). Only the stable names are emitted.
"""

import re
from typing import Any, TypeAlias

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._options import Options

SCOPE = "redis_aio"
SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"

Attributes: TypeAlias = dict[str, str | int]

DEFAULT_PORT = 6379
#: What a command is called that the table of commands does not know: its name is the caller's text.
UNKNOWN = "OTHER"
#: Buckets of durations, in seconds. The convention's begin at 1 ms, ten times what a command takes.
BOUNDARIES = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025),
    *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
#: Codes that servers begin their errors with. Another one may be a script's, and anything.
CODES = frozenset(
    (
        *("ASK", "BUSY", "BUSYGROUP", "BUSYKEY", "CLUSTERDOWN", "CROSSSLOT", "DENIED", "ERR", "EXECABORT", "INPROG"),
        *("INVALIDOBJ", "IOERR", "LOADING", "MASTERDOWN", "MISCONF", "MOVED", "NOAUTH", "NOGOODSLAVE", "NOGROUP"),
        *("NOMASTERLINK", "NOPERM", "NOPROTO", "NOQUORUM", "NOREPLICAS", "NOSCRIPT", "NOTBUSY", "NOTREADY", "OOM"),
        *("READONLY", "TRYAGAIN", "UNBLOCKED", "UNKILLABLE", "WRONGPASS", "WRONGTYPE"),
    )
)

_SHA = re.compile(r"[0-9a-fA-F]{40}")
_FUNCTION = re.compile(r"\w{1,64}", re.ASCII)
#: Commands that call what has a name, and what that name looks like.
PROCEDURES = {"EVALSHA": _SHA, "EVALSHA_RO": _SHA, "FCALL": _FUNCTION, "FCALL_RO": _FUNCTION}


def server_attributes(options: Options) -> Attributes:
    """Return the attributes that are the same for all commands of a pool.

    ``db.namespace`` is the database that connections are opened with; SELECT on a leased one does not change it.
    """
    attributes: Attributes = {"db.system.name": "redis", "db.namespace": str(options.db)}
    if options.unix_socket_path is not None:
        return attributes | {"server.address": options.unix_socket_path, "network.transport": "unix"}
    attributes["server.address"] = options.host
    if options.port != DEFAULT_PORT:
        attributes["server.port"] = options.port
    return attributes


def peer_attributes(peer: tuple[str, int] | None) -> Attributes:
    """Return the attributes of the address at the other end."""
    if peer is None:
        return {}
    address, port = peer
    return {"network.peer.address": address, "network.peer.port": port} if port else {"network.peer.address": address}


def pool_name(options: Options) -> str:
    """Return the name of a pool that was given none."""
    return f"{options.address}/{options.db}"


def operation(command: Command[Any]) -> str:
    """Return ``db.operation.name``."""
    spec = command.spec
    return spec.name if spec.group != "unknown" else UNKNOWN


def batch_operation(batch: Batch) -> str:
    """Return ``db.operation.name`` of a batch; one command is no batch."""
    commands = batch.commands
    if len(commands) == 1:
        return operation(commands[0])
    kind = "MULTI" if batch.atomic else "PIPELINE"
    if len({command.spec.name for command in commands}) == 1:
        return f"{kind} {operation(commands[0])}"
    return kind


def procedure(command: Command[Any]) -> str | None:
    """Return ``db.stored_procedure.name``: the digest of a script, the name of a function."""
    pattern = PROCEDURES.get(command.spec.name)
    if pattern is None or not command.args:
        return None
    name = command.args[0]
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    return name if isinstance(name, str) and pattern.fullmatch(name) else None


def status_code(error: BaseException) -> str | None:
    """Return ``db.response.status_code``: the first word of the server's error, if it is one that servers use."""
    code = getattr(error, "status_code", None)
    return code if code in CODES else None


def error_attributes(error: BaseException) -> Attributes:
    """Return ``error.type``, which is the server's code or the name of the error's class, and the code."""
    code = status_code(error)
    if code is None:
        return {"error.type": type(error).__qualname__}
    return {"error.type": code, "db.response.status_code": code}


def first_error(values: list[Any]) -> Exception | None:
    """Return the first error among the values of a batch."""
    if not any(issubclass(kind, Exception) for kind in set(map(type, values))):
        return None
    return next(value for value in values if isinstance(value, Exception))
