"""Error replies: the class, the text and the code; redis-py is the judge where it knows the code."""

from typing import Any

import pytest
from redis._parsers.base import BaseParser

from redis_aio import exceptions as e
from redis_aio._resp.errors import reply_error

SERVER_TEXTS = [
    "ERR syntax error",
    "ERR",
    "ERR ",
    "ERR unknown command 'NOPE', with args beginning with: ",
    "ERR max number of clients reached",
    "ERR invalid password",
    "ERR Client sent AUTH, but no password is set",
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?",
    "ERR wrong number of arguments for 'auth' command",
    "ERR wrong number of arguments for 'AUTH' command",
    "ERR wrong number of arguments for 'set' command",
    "ERR problem with LDAP service",
    "ERR no such fieldset",
    "ERR Error loading the extension. Please check the server logs.",
    "ERR Error unloading module: no such module with that name",
    "ERR Error unloading module: operation not possible.",
    "ERR Error unloading module: the module exports one or more module-side data types, can't unload",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "OOM command not allowed when used memory > 'maxmemory'. script: 948fb05a, on @user_script:1.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "EXECABORT Transaction discarded because of previous errors.",
    "LOADING Redis is loading the dataset in memory",
    "NOSCRIPT No matching script. Please use EVAL.",
    "NOSCRIPT No matching script.",
    "READONLY You can't write against a read only replica.",
    "READONLY You can't write against a read only replica. script: 948fb05a, on @user_script:1.",
    "NOAUTH Authentication required.",
    "NOPERM this user has no permissions to run the 'get' command",
    "ASK 3999 127.0.0.1:6381",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "MOVED 3999 127.0.0.1:6381",
    "CLUSTERDOWN Hash slot not served",
    "CROSSSLOT Keys in request don't hash to the same slot",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "NOREPLICAS Not enough good replicas to write.",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "BUSYGROUP Consumer Group name already exists",
    "BUSYKEY Target key name already exists.",
    "UNBLOCKED client unblocked via CLIENT UNBLOCK",
    "NOPROTO unsupported protocol version",
    "MISCONF Redis is configured to save RDB snapshots",
    "My own error",
    "lower case",
    "",
    " ",
    "MOVEDX 1 a:1",
    "OOMPH",
]


@pytest.mark.parametrize("text", SERVER_TEXTS)
def test_the_text_is_what_redis_py_gives(text: str) -> None:
    theirs: Any = BaseParser.parse_error(text)  # type: ignore[no-untyped-call]  # redis-py's own parser is untyped
    ours = reply_error(text)
    assert str(ours) == str(theirs)
    # A class redis-py does not have is derived from the one it uses there.
    names = [kind.__name__ for kind in type(ours).__mro__]
    assert type(theirs).__name__ in names
    if theirs.status_code is not None:
        assert getattr(ours, "status_code", None) == theirs.status_code


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("WRONGTYPE Operation against a key", e.WrongTypeError, "WRONGTYPE"),
        ("NOREPLICAS Not enough good replicas to write.", e.NoReplicasError, "NOREPLICAS"),
        ("BUSY Redis is busy running a script.", e.BusyScriptError, "BUSY"),
        ("BUSYGROUP Consumer Group name already exists", e.BusyGroupError, "BUSYGROUP"),
        ("ERR max number of clients reached", e.MaxClientsError, "ERR"),
        ("ERR max number of clients + cluster connections reached", e.MaxClientsError, "ERR"),
        ("UNBLOCKED client unblocked via CLIENT UNBLOCK", e.ResponseError, "UNBLOCKED"),
        ("NOPROTO unsupported protocol version", e.ResponseError, "NOPROTO"),
        ("LOADING", e.BusyLoadingError, "LOADING"),
        ("ERR nothing special", e.ResponseError, "ERR"),
        ("Mixed Case", e.ResponseError, None),
        ("", e.ResponseError, None),
        ("ÄRGER", e.ResponseError, None),
        ("X\ufffd bad", e.ResponseError, None),
    ],
)
def test_the_class_and_the_code(text: str, kind: type[Exception], code: str | None) -> None:
    error = reply_error(text)
    assert type(error) is kind
    assert error.status_code == code


READONLY_FROM_SCRIPTS = [
    "READONLY You can't write against a read only replica. script: 9e97b4ce, on @user_script:1.",
    "ERR Error running script (call to f_9e97b4ce): @user_script:1: @user_script: 1: "
    "-READONLY You can't write against a read only replica.",
    "ERR Error running function (call to f): @user_function:1: -READONLY You can't write against a read only replica.",
    "ERR user_script:1: READONLY You can't write against a read only replica. script: 9e97b4ce, on @user_script:1.",
]


@pytest.mark.parametrize("text", READONLY_FROM_SCRIPTS)
def test_a_write_of_a_script_on_a_replica_is_a_readonly_error(text: str) -> None:
    error = reply_error(text)
    assert type(error) is e.ReadOnlyError
    assert "You can't write against a read only replica" in str(error)


@pytest.mark.parametrize("text", ["ERR no -READONLY here", "ERR '@user_script:1: READONLY ' is not an integer"])
def test_other_errors_that_mention_readonly_are_not(text: str) -> None:
    assert type(reply_error(text)) is e.ResponseError


@pytest.mark.parametrize("rule", ["<secret", ">secret", "#secret", "!secret", "<secret': secret"])
def test_a_password_that_acl_setuser_refuses_is_not_shown(rule: str) -> None:
    error = reply_error(f"ERR Error in ACL SETUSER modifier '{rule}': The password does not exist")
    assert str(error) == f"Error in ACL SETUSER modifier '{rule[0]}...': The password does not exist"
    assert "secret" not in repr(vars(error))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "ERR unknown command 'X', with args beginning with: 'secret' 'x' ",
            "unknown command 'X', with args beginning with: ",
        ),
        (
            "NOPERM User secret has no permissions to run the 'get' command",
            "this user has no permissions to run the 'get' command",
        ),
        (
            "NOGROUP No such key 'secret' or consumer group 'secret' in XREADGROUP with GROUP option",
            "NOGROUP No such key or consumer group in XREADGROUP with GROUP option",
        ),
    ],
)
def test_what_servers_repeat_is_not_shown(text: str, shown: str) -> None:
    assert str(reply_error(text)) == shown


def test_other_rules_that_acl_setuser_refuses_are_shown() -> None:
    text = "Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL"
    assert str(reply_error("ERR " + text)) == text


@pytest.mark.parametrize("code", ["MOVED", "ASK"])
def test_a_redirection_names_slot_and_address(code: str) -> None:
    error = reply_error(f"{code} 3999 ::1:6381")
    assert isinstance(error, e.AskError)
    assert (error.slot_id, error.node_addr, error.status_code) == (3999, ("::1", 6381), code)


@pytest.mark.parametrize("code", ["MOVED", "ASK"])
@pytest.mark.parametrize("rest", ["", " ", " x", " 1", " 1 h", " 1 h:port", " x h:1", " 1 h:1 more", " a b c"])
def test_a_malformed_redirection_is_an_ordinary_error(code: str, rest: str) -> None:
    error = reply_error(code + rest)
    assert type(error) is e.ResponseError
    assert code in str(error)
    assert error.status_code == code


def test_no_text_makes_it_raise() -> None:
    pieces = ["MOVED", "ASK", "ERR", "READONLY", " ", ":", "1", "\ufffd", "\0", "-", "x" * 1000]
    for first in pieces:
        for second in pieces:
            for third in pieces:
                assert isinstance(reply_error(first + second + third), e.RedisError)
