"""The handshake as a dialogue, without I/O: what is asked, in which order, and what each answer leads to."""

from typing import Any

import pytest

from redis_aio import exceptions
from redis_aio._connection.handshake import Session, handshake
from redis_aio._options import Options

HELLO = {b"server": b"redis", b"version": b"7.4.0", b"proto": 3, b"id": 42, b"role": b"master"}
QUIET: dict[str, Any] = {"lib_name": None, "lib_version": None}


def play(answers: list[list[Any]], credentials: tuple[str, ...] = (), **options: Any) -> tuple[Session, list[Any]]:
    """Answer each group of requests in turn; return the session and the requests."""
    steps = handshake(Options.build(**options), credentials)
    asked = [next(steps)]
    for answer in answers:
        try:
            asked.append(steps.send(answer))
        except StopIteration as done:
            return done.value, asked
    raise AssertionError(f"it asks for more: {asked[-1]}")


def test_hello_alone_is_enough() -> None:
    session, asked = play([[HELLO]], **QUIET)
    assert asked == [[("HELLO", 3)]]
    assert session == Session(3, 42, "redis", "7.4.0", "master")


def test_credentials_and_name_travel_with_hello_and_alone() -> None:
    _session, asked = play([[HELLO], [b"OK"]], ("alice", "secret"), client_name="web", db=3, **QUIET)
    assert asked == [[("HELLO", 3, "AUTH", "alice", "secret", "SETNAME", "web")], [("SELECT", 3)]]
    _session, asked = play([[HELLO]], ("secret",), **QUIET)
    assert asked == [[("HELLO", 3, "AUTH", "default", "secret")]]


def test_what_the_library_is_called_may_be_refused() -> None:
    unknown = exceptions.ResponseError("unknown subcommand")
    session, asked = play([[HELLO], [b"OK", unknown, unknown]], db=1, lib_name="lib", lib_version="1.0")
    assert session.protocol == 3
    assert asked[1] == [
        ("SELECT", 1),
        ("CLIENT", "SETINFO", "LIB-NAME", "lib"),
        ("CLIENT", "SETINFO", "LIB-VER", "1.0"),
    ]


@pytest.mark.parametrize(
    "refusal",
    [
        exceptions.ResponseError("unknown command 'HELLO', with args beginning with: '3'"),
        exceptions.ResponseError("NOPROTO unsupported protocol version"),
        exceptions.NoPermissionError("this user has no permissions to run the 'hello' command"),
    ],
)
def test_a_server_without_hello_is_spoken_to_in_resp2(refusal: Exception) -> None:
    session, asked = play([[refusal], [b"OK"], [b"OK", b"OK", 9]], ("alice", "s"), client_name="web", db=2, **QUIET)
    assert session == Session(2, 9)
    assert asked[1:] == [
        [("AUTH", "alice", "s")],
        [("CLIENT", "SETNAME", "web"), ("SELECT", 2), ("CLIENT", "ID")],
    ]


def test_resp2_by_choice_asks_no_hello() -> None:
    session, asked = play([[b"OK"], [5]], ("secret",), protocol=2, **QUIET)
    assert asked == [[("AUTH", "secret")], [("CLIENT", "ID")]]
    assert session == Session(2, 5)


def test_a_server_that_answers_with_another_protocol_is_taken_at_its_word() -> None:
    session, _asked = play([[[b"proto", 2, b"id", 1]]], **QUIET)
    assert session.protocol == 2


@pytest.mark.parametrize(
    ("answers", "options", "credentials", "error"),
    [
        ([[exceptions.AuthenticationError("invalid username-password pair")]], {}, ("a", "b"), "AuthenticationError"),
        ([[exceptions.MaxClientsError("max number of clients reached")]], {}, (), "MaxClientsError"),
        ([[exceptions.BusyLoadingError("loading")]], {}, (), "BusyLoadingError"),
        ([[HELLO], [exceptions.ResponseError("DB index is out of range")]], {"db": 99}, (), "ConnectionError"),
        ([[b"HTTP/1.1 400 Bad Request"]], {}, (), "ProtocolError"),
        (
            [[exceptions.AuthenticationWrongNumberOfArgsError("wrong number")]],
            {"protocol": 2},
            ("a", "b"),
            "AuthenticationError",
        ),
    ],
)
def test_refusals_are_named(
    answers: list[list[Any]], options: dict[str, Any], credentials: tuple[str, ...], error: str
) -> None:
    with pytest.raises(getattr(exceptions, error)) as failure:
        play(answers, credentials, **options, **QUIET)
    assert type(failure.value).__name__ == error
