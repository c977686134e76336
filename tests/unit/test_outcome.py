"""What a failed attempt means: the table of effects, row by row."""

from typing import Any

import pytest

from redis_aio import exceptions
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._execution.outcome import final_error, finished, harmless, may_retry
from redis_aio._resp.errors import reply_error

GET: Command[Any] = Command("GET", "k")
SET: Command[Any] = Command("SET", "k", "v")
DEL: Command[Any] = Command("DEL", "k")
INCR: Command[Any] = Command("INCR", "k")
LPOP: Command[Any] = Command("LPOP", "k")
BLPOP: Command[Any] = Command("BLPOP", "k", 1)


def lost(kind: type[exceptions.RedisError], *, written: bool) -> exceptions.RedisError:
    """Return an error of an attempt."""
    error = kind("gone")
    error.written = written
    return error


@pytest.mark.parametrize("command", [GET, SET, DEL, INCR, LPOP, BLPOP], ids=lambda c: c.name)
@pytest.mark.parametrize("kind", [exceptions.ConnectionError, exceptions.ConnectTimeoutError])
def test_what_was_not_written_may_always_be_tried_again(command: Command[Any], kind: Any) -> None:
    error = lost(kind, written=False)
    assert may_retry([command], error, unsafe=False)
    assert final_error(command, error, unsafe=False) is error


@pytest.mark.parametrize(
    "kind",
    ["BusyLoadingError", "ReadOnlyError", "MasterDownError", "ClusterDownError", "TryAgainError", "MaxClientsError"],
)
def test_what_the_server_says_it_did_not_execute_may_be_tried_again(kind: str) -> None:
    assert may_retry([INCR], getattr(exceptions, kind)("no"), unsafe=False)


@pytest.mark.parametrize("kind", [exceptions.ConnectionError, exceptions.ReadTimeoutError])
def test_what_was_written_is_tried_again_only_where_that_does_no_harm(kind: Any) -> None:
    error = lost(kind, written=True)
    for command in (GET, SET, DEL):
        assert may_retry([command], error, unsafe=False)
        assert final_error(command, error, unsafe=False) is error
    for command in (INCR, LPOP, BLPOP):
        assert not may_retry([command], error, unsafe=False)
        outcome = final_error(command, error, unsafe=False)
        assert isinstance(outcome, exceptions.OutcomeUnknownError)
        assert isinstance(outcome, exceptions.TimeoutError) is (kind is exceptions.ReadTimeoutError)
        assert outcome.command == command.name
        assert outcome.__cause__ is error
        assert may_retry([command], error, unsafe=True)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.PoolTimeoutError("busy"),
        exceptions.ClientClosedError("closed"),
        exceptions.AuthenticationError("no"),
        exceptions.OutcomeUnknownError("who knows"),
        exceptions.ProtocolError("not redis"),
        exceptions.WrongTypeError("a list"),
        exceptions.OutOfMemoryError("full"),
        exceptions.NoPermissionError("no"),
        exceptions.DataError("bad"),
        ValueError("bad"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_what_another_attempt_cannot_mend_is_raised_at_once(error: Exception) -> None:
    assert not may_retry([GET], error, unsafe=True)
    assert final_error(INCR, error, unsafe=False) is error


def test_a_batch_may_be_sent_again_unless_a_write_follows_a_read() -> None:
    assert harmless([GET, GET])
    assert harmless([SET, DEL])
    assert harmless([SET, GET])
    assert not harmless([GET, DEL])  # the second GET would find nothing
    assert not harmless([SET, INCR])
    assert harmless([])


def test_each_command_of_a_batch_gets_its_own_outcome() -> None:
    error = lost(exceptions.ConnectionError, written=True)
    values = finished(Batch([GET, GET, INCR]), [b"v"], error, unsafe=False)
    assert values[0] == b"v"
    assert values[1] is error
    assert isinstance(values[2], exceptions.OutcomeUnknownError)


def test_a_transaction_has_one_outcome() -> None:
    with pytest.raises(exceptions.OutcomeUnknownError):
        finished(Batch([SET, INCR], atomic=True), [], lost(exceptions.ConnectionError, written=True), unsafe=False)
    with pytest.raises(exceptions.ConnectionError) as failure:
        finished(Batch([SET, INCR], atomic=True), [], lost(exceptions.ConnectionError, written=False), unsafe=False)
    assert not isinstance(failure.value, exceptions.OutcomeUnknownError)


def test_arguments_stay_out_of_the_error() -> None:
    outcome = final_error(
        Command("LPUSH", "secret-key", "secret-value"), lost(exceptions.ConnectionError, written=True), unsafe=False
    )
    assert "secret" not in str(outcome) + repr(outcome)


REFUSALS = [
    "LOADING Redis is loading the dataset in memory",
    "LOADING Valkey is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "READONLY You can't write against a read only replica. script: 5f2a, on @user_script:1.",
    "ERR Error running script (call to f_5f2a): @user_script:1: @user_script: 1: -READONLY You can't write against a "
    "read only replica.",
    "READONLY Can not run script with write flag on readonly replica",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "CLUSTERDOWN The cluster is down",
    "CLUSTERDOWN Hash slot not served",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "ERR max number of clients reached",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_scripts_that_the_server_refused_may_be_tried_again(text: str) -> None:
    assert may_retry([Command("EVAL", "...", 0)], reply_error(text), unsafe=False)


@pytest.mark.parametrize(
    "text", ["LOADING mine", "READONLY mine", "MASTERDOWN x", "CLUSTERDOWN x", "TRYAGAIN later", "NOREPLICAS x"]
)
def test_what_a_script_answers_proves_nothing(text: str) -> None:
    error = reply_error(text)
    for command in (Command[Any]("EVALSHA", "5f2a", 0), Command[Any]("FCALL", "f", 0)):
        assert not may_retry([command], error, unsafe=False)
        assert may_retry([command], error, unsafe=True)
        assert final_error(command, error, unsafe=False) is error
    assert may_retry([Command("FCALL_RO", "f", 0)], error, unsafe=False)
    assert may_retry([INCR], error, unsafe=False)
