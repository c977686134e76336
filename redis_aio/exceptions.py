"""Every error this library raises.

The names and the tree follow ``redis.exceptions`` of redis-py, so ``except`` clauses written for it keep working.
What is added here says *which phase* ran out of time and *whether a command may have been executed*.

No error carries a password, a value, or an argument that may hold one: at most the name of the command.
"""

import builtins
from collections.abc import Mapping
from enum import Enum
from typing import Any


class ExceptionType(Enum):
    """Where an error comes from, for those who sort them; redis-py's classes of errors."""

    NETWORK = "network"
    TLS = "tls"
    AUTH = "auth"
    SERVER = "server"


class RedisError(Exception):
    """The base of every error of this library.

    Attributes:
        written: whether the request had been written, at least in part, when this happened. ``False`` proves that the
            command was not executed, unless the server has answered: of a ``ResponseError`` or ``ReplyDecodeError`` it
            proves nothing.
        error_type: where it comes from.
        status_code: of an error reply its first word, such as ``"WRONGTYPE"``; otherwise ``None``.
    """

    written: bool = False
    error_type: ExceptionType = ExceptionType.SERVER
    status_code: str | None = None

    def __init__(self, *args: object, status_code: str | None = None) -> None:
        super().__init__(*args)
        if status_code is not None:
            self.status_code = status_code


class ConnectionError(RedisError):
    """The connection could not be made, or was lost."""

    error_type: ExceptionType = ExceptionType.NETWORK


class TimeoutError(RedisError, builtins.TimeoutError):
    """A wait ran into its bound. The subclasses name the wait."""

    error_type: ExceptionType = ExceptionType.NETWORK


# -- connection and time ----------------------------------------------------------------------------------------------


class PoolTimeoutError(TimeoutError, ConnectionError):
    """No connection became free within ``pool_timeout``.

    The attributes are the evidence, taken at the moment of the failure.

    Attributes:
        in_use: connections lent to somebody.
        idle: connections free in the pool.
        dialing: connections being made.
        waiting: callers in line, this one included.
        pool_size: the bound on all connections.
        oldest_lease: seconds since the longest-held connection was lent out, or ``None``.
        last_dial_error: the text of the last failed dial, or ``None``.
    """

    def __init__(
        self,
        message: str,
        *,
        in_use: int = 0,
        idle: int = 0,
        dialing: int = 0,
        waiting: int = 0,
        pool_size: int = 0,
        oldest_lease: float | None = None,
        last_dial_error: str | None = None,
    ) -> None:
        super().__init__(message)
        self.in_use = in_use
        self.idle = idle
        self.dialing = dialing
        self.waiting = waiting
        self.pool_size = pool_size
        self.oldest_lease = oldest_lease
        self.last_dial_error = last_dial_error


class ConnectTimeoutError(TimeoutError, ConnectionError):
    """Dialing (name resolution, TCP, TLS and handshake) took longer than ``dial_timeout``."""


class ReadTimeoutError(TimeoutError):
    """The reply did not arrive within ``read_timeout``."""


class WriteTimeoutError(TimeoutError):
    """The server did not take the request within ``write_timeout``."""


class OutcomeUnknownError(ConnectionError):
    """The command was written and its reply was lost: it may or may not have been executed.

    It was not sent again, because executing it twice could do harm. ``command`` is the command's name.
    """

    def __init__(self, message: str, *, command: str = "") -> None:
        super().__init__(message)
        self.command = command


class OutcomeUnknownTimeoutError(OutcomeUnknownError, ReadTimeoutError):
    """As :class:`OutcomeUnknownError`, because the reply did not arrive within ``read_timeout``."""


class ClientClosedError(ConnectionError):
    """The client was closed with ``aclose()``, before or during the call."""


class ConnectionStateLostError(ConnectionError):
    """The one connection of a client was lost, and with it what had been set on it (SELECT, WATCH, MULTI ...).

    The next command goes to a new connection, on which nothing is set.
    """


class ProtocolError(ConnectionError):
    """The server sent bytes that are not valid RESP, or beyond a safe size. The connection was closed."""


class MaxConnectionsError(ConnectionError):
    """A pool had no connection to give. Here pools wait; see :class:`PoolTimeoutError`."""


class AuthenticationError(ConnectionError):
    """The server refused the credentials, or wants some."""

    error_type: ExceptionType = ExceptionType.AUTH


class AuthorizationError(ConnectionError):
    """The credentials are not allowed to do this."""

    error_type: ExceptionType = ExceptionType.AUTH


class BusyLoadingError(ConnectionError):
    """The server is loading its data set into memory and executed nothing."""


class ExternalAuthProviderError(ConnectionError):
    """The server's external authentication provider (LDAP) failed."""

    error_type: ExceptionType = ExceptionType.AUTH


class InvalidResponse(RedisError):
    """A reply has a shape that does not belong to its command."""


# -- what the caller gave ---------------------------------------------------------------------------------------------


class DataError(RedisError):
    """An argument has a wrong type or value, or options contradict each other. Nothing was sent."""


class ReplyDecodeError(UnicodeDecodeError, RedisError):
    """A string reply is not valid in the client's encoding.

    Only this call fails; the connection stays in step. ``raw`` holds the undecoded bytes.
    """

    #: The whole reply, what could not be decoded as lone surrogates; for those who can tell its parts apart.
    escaped: object = None

    def __init__(self, encoding: str, object: bytes, start: int, end: int, reason: str) -> None:
        super().__init__(encoding, object, start, end, reason)
        self.args: tuple[Any, ...] = (str(self),)  # the reply is in ``raw`` alone, for those who ask for it

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.encoding, b"", self.start, self.end, self.reason)  # without the reply

    @property
    def raw(self) -> bytes:
        """The bytes that could not be decoded; empty after pickling."""
        return self.object

    def __repr__(self) -> str:
        return f"ReplyDecodeError({str(self)!r})"


class PubSubError(RedisError):
    """Pub/sub was used in a way that cannot work."""


class WatchError(RedisError):
    """A watched key changed before EXEC; the transaction was not executed."""


class LockError(RedisError, ValueError):
    """A lock could not be acquired or released."""

    def __init__(self, message: str | None = None, lock_name: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.lock_name = lock_name


class LockNotOwnedError(LockError):
    """The lock is not, or no longer, owned by this object."""


class LockLostError(LockNotOwnedError):
    """The renewal found that the lock had been lost while it was held."""


class ChildDeadlockedError(Exception):
    """A forked child could not take over a lock (kept for redis-py's importers; never raised here)."""


# -- what the server answered -----------------------------------------------------------------------------------------


class ResponseError(RedisError):
    """The server answered with an error; ``status_code`` is the first word of the reply, if that is a code."""


class WrongTypeError(ResponseError):
    """The key holds a value of another type than the command works on."""


class NoScriptError(ResponseError):
    """The server does not know the script of this digest."""


class OutOfMemoryError(ResponseError):
    """The server has reached ``maxmemory`` and may not evict."""


class ExecAbortError(ResponseError):
    """EXEC was refused, because a command before it was not accepted. Nothing was executed.

    Where a pipeline raises it, it is also of the class of the server's error about that command, such as
    :class:`NoPermissionError`, which is its cause: an ``except`` clause for either of them catches it.

    Attributes:
        number: which command of the transaction was not accepted, the first one of several, counted from 1; 0 where
            that is not known.
        command: its name.
        errors: the server's errors about all commands that were not accepted, by their numbers.
    """

    def __init__(self, *args: object, status_code: str | None = None) -> None:
        ResponseError.__init__(self, *args, status_code=status_code)  # whatever the second class wants to be told
        self.number = 0
        self.command = ""
        self.errors: Mapping[int, Exception] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _exec_abort_copy, (type(self).__bases__[-1], self.args, vars(self))


def exec_abort_error(message: str, number: int, command: str, errors: Mapping[int, Exception]) -> ExecAbortError:
    """Return an :class:`ExecAbortError` that is also of the class of the error numbered ``number``, and its effect."""
    cause = errors[number]
    known = {**vars(cause), "number": number, "command": command, "errors": errors}
    error: ExecAbortError = _exec_abort_copy(type(cause), (message,), known)
    error.__cause__ = cause
    return error


def _exec_abort_copy(kind: type[Exception], args: tuple[Any, ...], attributes: dict[str, Any]) -> ExecAbortError:
    error = _exec_abort_class(kind)(*args)
    vars(error).update(attributes)
    return error


def _exec_abort_class(kind: type[Exception]) -> type[ExecAbortError]:
    if issubclass(ExecAbortError, kind) or not issubclass(kind, ResponseError | ConnectionError):
        return ExecAbortError
    if kind not in _exec_abort_classes:
        described = {"__module__": __name__, "__doc__": ExecAbortError.__doc__}
        _exec_abort_classes[kind] = type("ExecAbortError", (ExecAbortError, kind), described)
    return _exec_abort_classes[kind]


_exec_abort_classes: dict[type[Exception], type[ExecAbortError]] = {}


class ReadOnlyError(ResponseError):
    """A write was sent to a read-only replica, which did not execute it."""


class NoPermissionError(ResponseError):
    """The ACL user may not run this command or touch this key or channel."""

    error_type: ExceptionType = ExceptionType.AUTH


class NoReplicasError(ResponseError):
    """The server has fewer good replicas than ``min-replicas-to-write``, and did not execute the write."""


class BusyScriptError(ResponseError):
    """The server is busy with a script or function and executed nothing."""


class BusyGroupError(ResponseError):
    """The consumer group exists already."""


class ModuleError(ResponseError):
    """A server module could not be loaded or unloaded."""


class NoSuchFieldsetError(ResponseError):
    """The connection has not prepared this fieldset."""


class AuthenticationWrongNumberOfArgsError(ResponseError):
    """AUTH was called with a wrong number of arguments; servers before 6.0 know no user names."""

    error_type: ExceptionType = ExceptionType.AUTH


class MaxClientsError(ConnectionError):
    """The server has reached ``maxclients`` and closed the connection without executing anything."""


# -- cluster ----------------------------------------------------------------------------------------------------------


class RedisClusterException(Exception):
    """The base of the errors of the cluster client that are not server replies."""


class ClusterError(RedisError):
    """The cluster could not serve the command."""


class ClusterDownError(ClusterError, ResponseError):
    """The hash slot is not served at present."""

    def __init__(self, resp: object = "", status_code: str | None = None) -> None:
        super().__init__(resp, status_code=status_code)


class AskError(ResponseError):
    """The slot is migrating: ask the other node, this once.

    Attributes:
        slot_id: the hash slot.
        node_addr: ``(host, port)`` of the node to ask.
    """

    def __init__(self, resp: str, status_code: str | None = None) -> None:
        super().__init__(resp, status_code=status_code)
        self.message: str = resp
        slot, _, address = resp.partition(" ")
        host, _, port = address.rpartition(":")
        try:
            self.slot_id: int = int(slot)
            self.port: int = int(port)
        except ValueError:
            raise InvalidResponse("the server sent a redirection that names no slot and address") from None
        self.host: str = host
        self.node_addr: tuple[str, int] = (host, self.port)


class MovedError(AskError):
    """The slot is served by another node from now on."""


class TryAgainError(ResponseError):
    """A multi-key command touched keys of a slot that is being migrated; nothing was executed."""


class ClusterCrossSlotError(ResponseError):
    """The keys of the command are not in one hash slot."""

    message = "Keys in request don't hash to the same slot"


class MasterDownError(ClusterDownError):
    """The replica lost its primary and may not serve stale data."""


class SlotNotCoveredError(RedisClusterException):
    """No node of the cluster serves this hash slot."""


class CrossSlotTransactionError(RedisClusterException):
    """A transaction's keys are not in one hash slot."""


class InvalidPipelineStack(RedisClusterException):
    """A cluster pipeline got into an impossible state."""


class IncorrectPolicyType(Exception):
    """A command's routing policy is unknown."""
