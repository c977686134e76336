"""The connection commands: those of a shared connection on each face, those that change one on a lease."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from redis_aio import AuthenticationError, DataError, ResponseError
from redis_aio.testing import RedisServer
from tests.commands.conftest import Built, Face, Needs, Recorder, Text
from tests.conftest import MakeClient
from tests.support.oracles import eventually

pytestmark = pytest.mark.one_loop


@pytest.fixture(params=[(2, False), (2, True), (3, False), (3, True)], ids=lambda p: f"resp{p[0]}-{'str' * p[1]}")
async def lease(request: pytest.FixtureRequest, make_client: MakeClient) -> AsyncIterator[Any]:
    """A connection of the test's own."""
    protocol, decode = request.param
    client = make_client(protocol=protocol, decode_responses=decode)
    async with client.connection() as connection:
        yield connection


OK = (b"OK", "OK")


# -- on every face ----------------------------------------------------------------------------------------------------


async def test_ping_and_echo(face: Face, text: Text) -> None:
    assert await face(lambda r: r.ping()) is True
    assert await face(lambda r: r.ping(message="hi")) == text("hi")
    assert await face(lambda r: r.echo("ho")) == text("ho")


async def test_what_the_server_knows(face: Face) -> None:
    assert await face(lambda r: r.client_id()) > 0
    mine = await face(lambda r: r.client_info())
    assert mine["id"] in [int(one["id"]) for one in await face.client.client_list()]
    assert type(mine["age"]) is int
    assert type(mine["addr"]) is str
    listed = await face(lambda r: r.client_list())
    assert {type(value) for value in listed[0].values()} == {str}
    assert str(mine["id"]) in {one["id"] for one in listed}


async def test_client_list_of_some(face: Face) -> None:
    number = await face.client.client_id()
    assert [one["id"] for one in await face(lambda r: r.client_list(client_id=[number]))] == [str(number)]
    assert await face(lambda r: r.client_list("pubsub")) == []
    assert str(number) in [one["id"] for one in await face(lambda r: r.client_list(_type="NORMAL"))]


async def test_client_list_by_more_filters(face: Face, needs: Needs) -> None:
    needs("CLIENT LIST", "NOT-ID", "SKIPME")
    number = await face.client.client_id()
    assert await face(lambda r: r.client_list(not_id=[number], addr="127.0.0.1:1")) == []
    user = await face(lambda r: r.client_list(user="default", skipme=False))
    assert str(number) in [one["id"] for one in user]


async def test_client_kill(face: Face) -> None:
    with pytest.raises(ResponseError, match="No such client"):
        await face(lambda r: r.client_kill("127.0.0.1:1"))
    assert await face(lambda r: r.client_kill_filter(_id="1234567", skipme=True)) == 0
    assert await face(lambda r: r.client_kill_filter(_type="pubsub", user="default")) == 0


async def test_client_kill_ends_a_connection(make_client: MakeClient, client: Any) -> None:
    other = make_client()
    async with other.connection() as victim:
        address = (await victim.client_info())["addr"]
        assert await client.client_kill(address) is True
    async with other.connection() as victim:
        number = await victim.client_id()
        assert await client.client_kill_filter(_id=number) == 1


async def test_client_kill_ends_several(make_client: MakeClient, client: Any, needs: Needs) -> None:
    needs("CLIENT KILL", "NOT-ID")
    other = make_client()
    async with other.connection() as first, other.connection() as second:
        numbers = [await first.client_id(), await second.client_id()]
        assert await client.client_kill_filter(numbers, not_type="pubsub") == 2


@pytest.mark.parametrize(
    "filters",
    [
        {"name": "me"},
        {"flags": "N", "name": "me"},
        {"lib_name": "mine"},
        {"lib_ver": "1.2"},
        {"db": 3},
        {"capa": "r"},
        {"ip": "127.0.0.1", "name": "me"},
        {"user": "default", "name": "me", "skipme": False},
        {"not_type": "pubsub", "not_id": [999_999, 999_998], "name": "me"},
        {"not_addr": "127.0.0.1:1", "not_laddr": "127.0.0.1:1", "name": "me"},
        {"not_name": "other", "not_flags": "b", "not_lib_name": "x", "not_lib_ver": "9", "name": "me"},
        {"not_db": 5, "not_ip": "10.0.0.1", "name": "me"},
    ],
    ids=lambda filters: "-".join(filters),
)
async def test_each_filter_of_valkey(make_client: MakeClient, client: Any, needs: Needs, filters: Any) -> None:
    needs("CLIENT LIST", "NOT-ID")
    async with make_client(client_name="me", db=3).connection() as other:
        await other.client_setinfo("LIB-NAME", "mine")
        await other.client_setinfo("LIB-VER", "1.2")
        await other.client_capa("redirect")
        number = await other.client_id()
        assert [int(one["id"]) for one in await client.client_list(**filters)] == [number]
        kept = {name: value for name, value in filters.items() if name not in ("user", "addr", "laddr", "skipme")}
        assert await client.client_kill_filter(**kept) == 1


async def test_client_pause(face: Face, text: Text) -> None:
    assert await face(lambda r: r.client_pause(1, all=False)) is True
    assert await face(lambda r: r.client_unpause()) == text("OK")


async def test_client_unblock(face: Face) -> None:
    assert await face(lambda r: r.client_unblock(123456)) is False


def blocked(server: RedisServer) -> bool:
    clients = server.command("INFO", "clients")
    assert isinstance(clients, bytes)
    return b"blocked_clients:1" in clients


@pytest.mark.parametrize("error", [False, True])
async def test_client_unblock_ends_a_wait(
    make_client: MakeClient, client: Any, server: RedisServer, error: bool
) -> None:
    async with make_client().connection() as other:
        number = await other.client_id()
        waiting = asyncio.ensure_future(other.execute_command("BLPOP", "empty", 0))
        await eventually(lambda: blocked(server))
        assert await client.client_unblock(number, error) is True
        if error:
            with pytest.raises(ResponseError, match="UNBLOCKED"):
                await waiting
        else:
            assert await waiting is None


async def test_trackinginfo_and_getredir(face: Face, text: Text) -> None:
    assert await face(lambda r: r.client_trackinginfo()) == ["flags", text(["off"]), "redirect", -1, "prefixes", []]
    assert await face(lambda r: r.client_getredir()) == -1


# -- on a connection of one's own -------------------------------------------------------------------------------------


async def test_names(lease: Any) -> None:
    assert await lease.client_setname("me") is True
    assert await lease.client_getname() == "me"
    assert (await lease.client_info())["name"] == "me"


async def test_select(lease: Any) -> None:
    assert await lease.select(1) is True
    assert (await lease.client_info())["db"] == 1


async def test_auth_is_refused(lease: Any) -> None:
    with pytest.raises((AuthenticationError, ResponseError)):
        await lease.auth("wrong", "nobody")


async def test_tracking(lease: Any) -> None:
    assert await lease.client_tracking_on(optin=True, clientid=await lease.client_id()) in OK
    assert await lease.client_caching("YES") in OK
    assert (await lease.client_trackinginfo())[3] == await lease.client_getredir() == await lease.client_id()
    assert await lease.client_tracking_off() in OK


async def test_broadcast_tracking(lease: Any) -> None:
    number = await lease.client_id()
    assert await lease.client_tracking(clientid=number, prefix=["user:", "job:"], bcast=True, noloop=True) in OK
    info = await lease.client_trackinginfo()
    assert info[0::2] == ["flags", "redirect", "prefixes"]
    assert len(info[5]) == 2


async def test_no_evict(lease: Any) -> None:
    assert await lease.client_no_evict("ON") in OK
    assert await lease.client_no_evict("off") in OK


async def test_no_touch(lease: Any, needs: Needs) -> None:
    needs("CLIENT NO-TOUCH")
    assert await lease.client_no_touch("ON") in OK


async def test_setinfo(lease: Any, needs: Needs) -> None:
    needs("CLIENT SETINFO")
    assert await lease.client_setinfo("LIB-NAME", "mine") is True
    assert (await lease.client_info())["lib-name"] == "mine"


async def test_capa(lease: Any, needs: Needs) -> None:
    needs("CLIENT CAPA")
    assert await lease.client_capa("redirect") in OK


async def test_import_source(lease: Any, needs: Needs) -> None:
    needs("CLIENT IMPORT-SOURCE")
    await lease.config_set("import-mode", "yes")
    try:
        assert await lease.client_import_source("ON") in OK
    finally:
        await lease.config_set("import-mode", "no")


# -- refused by a client ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.client_reply("OFF"),
        lambda r: r.reset(),
        lambda r: r.quit(),
        lambda r: r.select(1),
        lambda r: r.auth("p"),
        lambda r: r.client_setname("x"),
        lambda r: r.client_tracking_on(),
    ],
)
async def test_what_a_client_with_shared_connections_refuses(client: Any, call: Callable[[Any], Any]) -> None:
    with pytest.raises(DataError):
        await call(client)
    assert await client.ping() is True


# -- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.auth("p"), "AUTH p"),
        (lambda r: r.auth("p", "u"), "AUTH u p"),
        (lambda r: r.client_list("replica", [1, "2"]), "CLIENT LIST TYPE replica ID 1 2"),
        (
            lambda r: r.client_list(skipme=True, maxage=5, lib_name="a", not_type="pubsub", not_lib_ver="1"),
            "CLIENT LIST SKIPME YES MAXAGE 5 LIB-NAME a NOT-TYPE pubsub NOT-LIB-VER 1",
        ),
        (
            lambda r: r.client_kill_filter("7", "slave", "a:1", False, "l:1", "u", 9),
            "CLIENT KILL TYPE slave SKIPME NO ID 7 ADDR a:1 LADDR l:1 USER u MAXAGE 9",
        ),
        (lambda r: r.client_kill_filter([7, "8"], idle=5), "CLIENT KILL ID 7 8 IDLE 5"),
        (lambda r: r.client_kill_filter(not_id=(1, 2), db=0), "CLIENT KILL NOT-ID 1 2 DB 0"),
        (lambda r: r.client_pause(5), "CLIENT PAUSE 5"),
        (lambda r: r.client_unblock("5", error=True), "CLIENT UNBLOCK 5 ERROR"),
        (
            lambda r: r.client_tracking(True, 5, ["a", "b"], bcast=True, optout=True, noloop=True),
            "CLIENT TRACKING ON REDIRECT 5 PREFIX a PREFIX b BCAST OPTOUT NOLOOP",
        ),
        (lambda r: r.client_reply("SKIP"), "CLIENT REPLY SKIP"),
        (lambda r: r.client_reply("on"), "CLIENT REPLY on"),
        (lambda r: r.ping(message=b""), "PING "),
    ],
)
def test_what_is_sent(built: Built, call: Callable[[Any], Any], words: str) -> None:
    assert " ".join(map(str, built(call))) == words


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.client_list("king"), "_type must be one of normal, master"),
        (lambda r: r.client_list(client_id=7), "client_id must be a list"),
        (lambda r: r.client_list(client_id="7"), "client_id must be a list"),
        (lambda r: r.client_list(skipme="yes"), "skipme must be a bool"),
        (lambda r: r.client_list(not_type="king"), "not_type must be one of normal, master"),
        (lambda r: r.client_kill_filter(), "client_kill_filter needs at least one filter"),
        (lambda r: r.client_kill_filter([]), "_id must have at least one element"),
        (lambda r: r.client_kill_filter(_type="king"), "_type must be one of"),
        (lambda r: r.client_kill_filter(skipme="yes"), "skipme must be a bool"),
        (lambda r: r.client_pause("5"), "timeout must be an int"),
        (lambda r: r.client_unblock("me"), "client_id must be the number of a client"),
        (lambda r: r.client_reply("MAYBE"), "reply must be one of ON, OFF, SKIP"),
        (lambda r: r.client_no_evict("yes"), "mode must be one of ON, OFF"),
        (lambda r: r.client_no_touch(True), "mode must be one of ON, OFF"),
        (lambda r: r.client_caching("ON"), "mode must be one of YES, NO"),
        (lambda r: r.client_tracking(prefix=["a"]), "prefix needs bcast"),
        (lambda r: r.client_tracking(prefix="user:", bcast=True), "prefix must be a sequence of prefixes"),
        (lambda r: r.client_tracking(optin=True, optout=True), "optin and optout exclude each other"),
        (lambda r: r.client_capa(), "capabilities must have at least one element"),
    ],
)
def test_what_is_refused(recorder: Recorder, call: Callable[[Any], Any], error: str) -> None:
    with pytest.raises(DataError, match=error):
        call(recorder)


@pytest.mark.parametrize("method", ["client_list", "client_kill_filter"])
def test_an_unknown_filter_is_a_type_error(recorder: Recorder, method: str) -> None:
    with pytest.raises(TypeError, match=rf"{method}\(\) got an unexpected keyword argument 'nmae'"):
        getattr(recorder, method)(nmae="x")
