"""The ACL commands on each face; users and files of a server of the test's own."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

import redis_aio
from redis_aio import AuthenticationError, DataError, NoPermissionError, ResponseError
from redis_aio._replies import acl as replies
from redis_aio.testing import RedisServer
from redis_aio.testing.wire import ReplyError
from tests.commands.conftest import Built, Face, Recorder, Text
from tests.commands.test_same_as_redis_py import shape
from tests.conftest import MakeClient
from tests.support.server import Program

pytestmark = pytest.mark.one_loop

HASH = hashlib.sha256(b"pw").hexdigest()


@pytest.fixture(autouse=True)
def _no_bob(server: RedisServer) -> Iterator[None]:
    server.command("ACL", "DELUSER", "bob")
    yield
    server.command("ACL", "DELUSER", "bob")


# -- users ------------------------------------------------------------------------------------------------------------


async def test_a_user_comes_and_goes(face: Face) -> None:
    assert await face(lambda r: r.acl_getuser("bob")) is None
    assert await face(lambda r: r.acl_setuser("bob", True, passwords="+pw", categories=["+@read"], keys=["k*"])) is True
    bob = await face(lambda r: r.acl_getuser("bob"))
    assert bob is not None
    assert bob["enabled"] is True
    assert "on" in bob["flags"]
    assert bob["passwords"] == [HASH]
    assert bob["categories"] == ["-@all", "+@read"]
    assert bob["keys"] == ["~k*"]
    assert bob["channels"] == []
    assert sorted(await face(lambda r: r.acl_users())) == ["bob", "default"]
    assert any(line.startswith("user bob on ") for line in await face(lambda r: r.acl_list()))
    assert await face(lambda r: r.acl_deluser("bob", "nobody")) == 1


async def test_selectors_and_rules(face: Face) -> None:
    await face(lambda r: r.acl_setuser("bob", selectors=[("+get", "a")], rules=["+@write", "-@all", "allkeys"]))
    bob = await face(lambda r: r.acl_getuser("bob"))
    assert bob is not None
    assert bob["selectors"][0][:4] == ["commands", "-@all +get", "keys", "~a"]
    assert bob["keys"] == ["~*"]
    assert bob["enabled"] is False


async def test_a_binary_key_pattern(face: Face) -> None:
    await face(lambda r: r.acl_setuser("bob", keys=[b"\xff*"]))
    dry = await face.client.execute_command("ACL DRYRUN", "bob", "GET", b"\xff1", NEVER_DECODE=True)
    assert b"'get'" in dry  # not the key is refused


async def test_what_a_user_might_do(face: Face, text: Text) -> None:
    await face.client.acl_setuser("bob", keys=["a*"], commands=["+set"])
    assert await face(lambda r: r.acl_dryrun("bob", "set", "a", 1)) == text("OK")
    assert text("no permissions") in await face(lambda r: r.acl_dryrun("bob", "set", "z", 1))
    with pytest.raises(ResponseError, match="not found"):
        await face(lambda r: r.acl_dryrun("nobody", "set", "a", 1))


async def test_what_there_is(face: Face) -> None:
    assert "read" in await face(lambda r: r.acl_cat())
    assert "pfadd" in await face(lambda r: r.acl_cat("hyperloglog"))
    with pytest.raises(ResponseError):
        await face(lambda r: r.acl_cat("nosuch"))
    assert await face(lambda r: r.acl_whoami()) == "default"
    assert (await face(lambda r: r.acl_help()))[0].startswith("ACL")
    assert [len(await face(lambda r, n=bits: r.acl_genpass(n))) for bits in (None, 5, 128)] == [64, 2, 32]  # type: ignore[misc]  # the type of a default is not inferred


# -- the log ----------------------------------------------------------------------------------------------------------


def be_refused(server: RedisServer) -> None:
    with pytest.raises(ReplyError):
        server.command("AUTH", "bob", "wrong")


async def test_the_log(face: Face, server: RedisServer) -> None:
    assert await face(lambda r: r.acl_log_reset()) is True
    assert await face(lambda r: r.acl_log()) == []
    be_refused(server)
    be_refused(server)
    entries = await face(lambda r: r.acl_log())
    assert len(await face(lambda r: r.acl_log(1))) == 1
    entry = entries[0]
    assert (entry["reason"], entry["object"], entry["username"]) == ("auth", "AUTH", "bob")
    assert entry["count"] in (1, 2)  # one entry for both, where they were close
    assert 0 <= entry["age-seconds"] < 60
    assert type(entry["client-info"]["id"]) is int
    assert type(entry["client-info"]["addr"]) is str
    assert await face(lambda r: r.acl_log_reset()) is True


@pytest.mark.parametrize("decode", [False, True])
async def test_the_log_is_as_in_redis_py(decode: bool, server: RedisServer, make_client: MakeClient) -> None:
    server.command("ACL", "LOG", "RESET")
    be_refused(server)
    async with redis.asyncio.Redis(host=server.host, port=server.port, decode_responses=decode) as theirs:
        expected = await theirs.acl_log()
    for protocol in (2, 3):
        assert shape(await make_client(protocol=protocol, decode_responses=decode).acl_log()) == shape(expected)


# -- a file, and logging in -------------------------------------------------------------------------------------------


@pytest.fixture
async def own(server_program: Program, tmp_path: Path) -> AsyncIterator[tuple[RedisServer, Any]]:
    """A server with an ACL file, and its client."""
    path = tmp_path / "users.acl"
    path.touch()
    async with (
        server_program.server(config={"aclfile": str(path)}) as server,
        redis_aio.Redis(host=server.host, port=server.port) as client,
    ):
        yield server, client


async def test_users_in_a_file(own: tuple[RedisServer, Any], tmp_path: Path) -> None:
    _, client = own
    await client.acl_setuser("bob", passwords=["+pw"])
    assert await client.acl_save() is True
    assert f"user bob off #{HASH}" in (tmp_path / "users.acl").read_text().replace("sanitize-payload ", "")
    await client.acl_deluser("bob")
    assert await client.acl_load() is True
    assert sorted(await client.acl_users()) == ["bob", "default"]


async def test_no_file(face: Face) -> None:
    for call in (lambda r: r.acl_load(), lambda r: r.acl_save()):
        with pytest.raises(ResponseError, match="not configured to use an ACL file"):
            await face(call)


async def test_a_user_logs_in(own: tuple[RedisServer, Any]) -> None:
    server, client = own
    await client.acl_setuser("bob", True, passwords=["+pw", b"+\xff"], keys=["a"], commands=["+get", "+acl|whoami"])
    options: dict[str, Any] = {"host": server.host, "port": server.port, "username": "bob"}
    async with redis_aio.Redis(**options, password="pw") as bob:
        assert await bob.acl_whoami() == "bob"
        assert await bob.get("a") is None
        with pytest.raises(NoPermissionError):
            await bob.get("z")
    await client.acl_setuser("bob", True, passwords="-pw")
    async with redis_aio.Redis(**options, password="pw", max_retries=0) as bob:
        with pytest.raises(AuthenticationError):
            await bob.get("a")
    async with client.connection() as connection:
        assert await connection.auth(b"\xff", "bob") is True
        assert await connection.acl_whoami() == "bob"


# -- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [{"passwords": "-secret"}, {"hashed_passwords": ["+secret"]}])
async def test_no_error_shows_a_password(face: Face, secret: Any) -> None:
    with pytest.raises(ResponseError, match=r"'[<#]\.\.\.'") as caught:
        await face(lambda r: r.acl_setuser("bob", **secret))
    assert "secret" not in repr(caught.value)
    assert "secret" not in str(vars(caught.value))


@pytest.mark.parametrize("name", ["passwords", "hashed_passwords", "categories", "commands"])
def test_no_data_error_shows_what_was_given(recorder: Recorder, name: str) -> None:
    options: dict[str, Any] = {name: ["+ok", "secret"]}
    with pytest.raises(DataError, match=rf'{name}\[1\] must begin with "\+" or "-"$'):
        _ = recorder.acl_setuser("bob", **options)


def test_no_repr_shows_a_password(recorder: Recorder) -> None:
    assert repr(recorder.acl_setuser("bob", passwords="+secret")) == "<Command ACL SETUSER with 3 arguments>"


# -- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.acl_cat(""), "ACL CAT"),
        (lambda r: r.acl_cat("read"), "ACL CAT read"),
        (lambda r: r.acl_log(3), "ACL LOG 3"),
        (lambda r: r.acl_genpass("12"), "ACL GENPASS 12"),
        (lambda r: r.acl_setuser("b"), "ACL SETUSER b off"),
        (lambda r: r.acl_setuser("b", True, nopass=True), "ACL SETUSER b on nopass"),
        (
            lambda r: r.acl_setuser("b", reset=True, reset_keys=True, reset_channels=True, reset_passwords=True),
            "ACL SETUSER b reset resetkeys resetchannels resetpass off",
        ),
        (
            lambda r: r.acl_setuser("b", passwords=["+p", b"-q", memoryview(b"+r")], hashed_passwords=["+h", "-i"]),
            "ACL SETUSER b off >p <q >r #h !i",
        ),
        (
            lambda r: r.acl_setuser("b", categories=["+a", "-@b", b"+@c"], commands=["+d|e", "-f"]),
            "ACL SETUSER b off +@a -@b +@c +d|e -f",
        ),
        (
            lambda r: r.acl_setuser("b", keys=["k", "~l", "%R~m", b"n", 5], channels=["c", b"d"]),
            "ACL SETUSER b off ~k ~l %R~m ~n ~5 &c &d",
        ),
        (
            lambda r: r.acl_setuser("b", selectors=[("+get", "k"), (b"-set", "%W~l"), ("+del", b"~m")], rules=["x"]),
            "ACL SETUSER b off (+get ~k) (-set %W~l) (+del ~m) x",
        ),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Any], Any], words: str) -> None:
    assert " ".join(map(str, built(call))) == words


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.acl_deluser(), "username must have at least one element"),
        (lambda r: r.acl_dryrun("bob"), "args must have at least one element"),
        (lambda r: r.acl_genpass(4097), "bits must be a number from 1 to 4096"),
        (lambda r: r.acl_genpass("many"), "bits must be a number from 1 to 4096"),
        (lambda r: r.acl_log("5"), "count must be an int, not str"),
        (lambda r: r.acl_setuser("b", nopass=True, passwords="+p"), "nopass and passwords exclude each other"),
        (lambda r: r.acl_setuser("b", nopass=True, hashed_passwords="+p"), "nopass and passwords exclude each other"),
        (lambda r: r.acl_setuser("b", passwords=5), r"passwords\[0\] must begin"),
        (lambda r: r.acl_setuser("b", selectors=[("get", "k")]), r"selectors\[0\] must begin"),
        (lambda r: r.acl_setuser("b", keys="abc"), "keys must be a list, not a single string"),
        (lambda r: r.acl_setuser("b", rules=b"abc"), "rules must be a list, not a single string"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Any], Any], error: str) -> None:
    with pytest.raises(DataError, match=error):
        call(recorder)


# -- replies no server here gives -------------------------------------------------------------------------------------


def test_a_user_of_a_server_before_7() -> None:
    reply = [b"flags", [b"off"], b"passwords", [], b"commands", b"-@all", b"keys", [b"k"]]
    assert replies.user(reply) == {
        "flags": ["off"],
        "passwords": [],
        "commands": [],
        "categories": ["-@all"],
        "enabled": False,
        "keys": [b"k"],
    }
