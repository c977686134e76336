"""What a failed attempt means: may the command be sent again, and what does its caller get to know?

Pure functions over a command and an error; the table is section "Effects" of the guide on timeouts and retries.
"""

from collections.abc import Iterable
from typing import Any

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._command.spec import Effect

#: Error replies by which the server says that it executed nothing and may do so soon.
NOT_EXECUTED = (
    exceptions.BusyLoadingError,
    exceptions.ReadOnlyError,
    exceptions.MasterDownError,
    exceptions.ClusterDownError,
    exceptions.TryAgainError,
    exceptions.NoReplicasError,
    exceptions.MaxClientsError,
)
#: How servers say so themselves. A script can answer with an error of any kind, after it has written.
SENTENCES = (
    "is loading the dataset in memory",
    "You can't write against a read only",
    "Can not run script with write flag on readonly replica",
    "Link with MASTER is down",
    "The cluster is down",
    "Hash slot not served",
    "Multiple keys request during rehashing of slot",
    "max number of clients reached",
)
#: Connection errors that another attempt would only repeat, or that have waited long enough already.
FINAL = (
    exceptions.PoolTimeoutError,
    exceptions.ClientClosedError,
    exceptions.ConnectionStateLostError,
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
    exceptions.ExternalAuthProviderError,
    exceptions.OutcomeUnknownError,
)
#: What an attempt can fail with so that another one may help.
FAILURES = (exceptions.ConnectionError, exceptions.TimeoutError, *NOT_EXECUTED)


def harmless(commands: Iterable[Command[Any]]) -> bool:
    """Return whether commands that may have been executed can be executed again, in this order.

    Each must be READ or IDEMPOTENT, and no write may follow a read: after ``GET k, DEL k`` were executed once, a second
    execution would answer the GET with nothing.
    """
    seen_read = False
    for command in commands:
        effect = command.effect
        if effect is Effect.READ:
            seen_read = True
        elif effect is not Effect.IDEMPOTENT or seen_read:
            return False
    return True


def may_retry(commands: Iterable[Command[Any]], error: Exception, *, unsafe: bool) -> bool:
    """Return whether the commands may be sent again after ``error``."""
    if isinstance(error, NOT_EXECUTED):
        return unsafe or harmless(commands) or _is_the_servers(error, commands)
    if isinstance(error, FINAL) or not isinstance(error, FAILURES):
        return False
    if isinstance(error, exceptions.ProtocolError) and not error.written:
        return False  # the peer does not speak RESP: it will not learn it
    return not error.written or unsafe or harmless(commands)


def _is_the_servers(error: Exception, commands: Iterable[Command[Any]]) -> bool:
    """Return whether an error reply is certain to be the server's own, and not one that a script made."""
    if not any(command.spec.group == "scripting" for command in commands):
        return True
    said = str(error)
    return any(sentence in said for sentence in SENTENCES)


def final_error(command: Command[Any], error: Exception, *, unsafe: bool) -> Exception:
    """Return what the caller of a command gets when it is not tried again after ``error``."""
    if not isinstance(error, exceptions.RedisError) or not error.written or isinstance(error, FINAL):
        return error
    if isinstance(error, exceptions.ResponseError) or unsafe or harmless((command,)):
        return error
    if command.effect is Effect.STATEFUL and command.name != "EXEC" and "write" not in command.spec.flags:
        return error  # what it changed was the connection, which is gone
    kind = exceptions.OutcomeUnknownError
    if isinstance(error, exceptions.TimeoutError):
        kind = exceptions.OutcomeUnknownTimeoutError
    outcome = kind(
        f"{command.name} was sent and its reply was lost ({error}): it may or may not have been executed",
        command=command.name,
    )
    outcome.written = True
    outcome.__cause__ = error
    return outcome


def finished(batch: Batch, values: list[Any], error: Exception, *, unsafe: bool) -> list[Any]:
    """Return the values of a batch that ended early for good, with errors for the commands that got no reply.

    Raises:
        Exception: nothing of the batch was written; or it is atomic: its outcome is known or unknown as a whole.
    """
    if not values and not getattr(error, "written", False):
        raise error
    errors = [final_error(command, error, unsafe=unsafe) for command in batch.part(len(values))]
    if not batch.atomic:
        return values + errors
    unknown = [outcome for outcome in errors if isinstance(outcome, exceptions.OutcomeUnknownError)]
    raise unknown[0] if unknown else error
