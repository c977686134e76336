"""client() and single_connection_client: one connection, whose state lasts; and what else redis-py's clients answer."""

import asyncio
import contextlib
import gc
import warnings
from typing import Any

import pytest
import redis.asyncio as redis_py
from redis.asyncio.connection import parse_url as their_parse_url

import redis_aio
from redis_aio import ConnectionError, ConnectionPool, ConnectionStateLostError, Redis
from redis_aio.backoff import ConstantBackoff, NoBackoff
from redis_aio.connection import Connection, SSLConnection, UnixDomainSocketConnection, parse_url
from redis_aio.retry import Retry
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.proxy import FaultProxy


async def test_what_is_set_on_it_lasts_and_ends_with_it(make_client: MakeClient) -> None:
    everybody = make_client()
    await everybody.set("k", "in 0")
    async with everybody.client() as alone:
        await alone.execute_command("SELECT", 3)
        await alone.client_setname("somebody")
        await alone.set("k", "in 3")
        assert [await alone.client_getname() for _ in range(3)] == ["somebody"] * 3
        assert await everybody.get("k") == b"in 0"
        assert await alone.get("k") == b"in 3"
    await everybody.execute_command("PING")
    async with everybody.connection() as next_one:
        assert await next_one.get("k") == b"in 0"
        assert await next_one.client_getname() is None
    assert everybody.pool_stats().in_use == everybody.pool_stats().shared == 1


async def test_all_commands_go_to_one_connection_however_many_ask_at_once(make_client: MakeClient) -> None:
    single = make_client(single_connection_client=True)
    ids = await asyncio.gather(*(single.client_id() for _ in range(50)))
    assert len({*ids, await single.client_id()}) == 1
    assert single.options.pool_size > 1  # for its pipelines and subscriptions


async def test_its_pipelines_and_subscriptions_have_other_connections(make_client: MakeClient) -> None:
    single = make_client(single_connection_client=True)
    await single.execute_command("SELECT", 3)
    own = await single.client_id()
    pipe: Any
    async with single.pipeline() as pipe:
        await pipe.watch("k")
        assert await pipe.client_id() != own
        pipe.multi()
        pipe.client_id()
        assert await pipe.execute() != [own]
    assert await single.pipeline().client_id().execute() != [own]
    async with single.pubsub() as pubsub:
        await pubsub.subscribe("c")
        assert await single.publish("c", "m") == 1


async def test_a_pool_can_be_shared_by_it(server: RedisServer, clean: None) -> None:
    async with ConnectionPool(host=server.host, port=server.port) as pool:
        async with Redis(connection_pool=pool, single_connection_client=True) as single:
            await single.client_setname("single")
            assert pool.stats().in_use == 1
        assert pool.stats().in_use == 0
        async with Redis(connection_pool=pool) as other:
            assert await other.client_getname() is None


async def test_a_lost_connection_on_which_nothing_was_set_is_replaced(make_client: MakeClient) -> None:
    everybody = make_client()
    async with everybody.client() as alone:
        first = await alone.client_id()
        await everybody.client_kill_filter(_id=str(first))
        assert await alone.get("k") is None
        assert await alone.client_id() != first


async def test_lost_state_is_told_once(make_client: MakeClient) -> None:
    everybody = make_client()
    await everybody.set("k", "in 0")
    async with everybody.client() as alone:
        await alone.execute_command("SELECT", 3)
        await everybody.client_kill_filter(_id=str(await alone.client_id()))
        with pytest.raises(ConnectionStateLostError, match="lost") as caught:
            await alone.get("k")
        assert isinstance(caught.value, ConnectionError)
        assert await alone.get("k") == b"in 0"  # of the new connection


async def test_state_that_is_lost_under_a_command_is_told_too(server: RedisServer, clean: None) -> None:
    async with (
        FaultProxy(server.host, server.port) as proxy,
        Redis(host="127.0.0.1", port=proxy.port, single_connection_client=True) as single,
    ):
        await single.execute_command("SELECT", 3)
        await proxy.hold("down")
        reading = asyncio.create_task(single.get("k"))
        await asyncio.sleep(0)  # it is written
        await proxy.kill()
        await proxy.release("down")
        with pytest.raises(ConnectionStateLostError):
            await reading
        assert await single.get("k") is None


async def test_who_asked_first_may_be_cancelled(server: RedisServer, clean: None) -> None:
    async with FaultProxy(server.host, server.port) as proxy:
        await proxy.hold("down")
        async with Redis(host="127.0.0.1", port=proxy.port, single_connection_client=True) as single:
            first = asyncio.create_task(single.client_id())
            second = asyncio.create_task(single.client_id())
            await proxy.wait_connections(1)
            first.cancel()
            await proxy.release("down")
            assert await second == await single.client_id()
            assert first.cancelled()
            assert single.pool_stats().total == 1


async def test_it_can_be_closed_while_it_dials(server: RedisServer, clean: None) -> None:
    async with FaultProxy(server.host, server.port) as proxy:
        await proxy.hold("down")
        async with ConnectionPool(host="127.0.0.1", port=proxy.port) as pool:
            single = Redis[bytes](connection_pool=pool, single_connection_client=True)
            asking = asyncio.create_task(single.client_id())
            await proxy.wait_connections(1)
            asking.cancel()
            await single.aclose()
            await proxy.release("down")
            async with asyncio.timeout(5):
                while pool.stats().idle != 1:  # noqa: ASYNC110 - nobody is told
                    await asyncio.sleep(0.01)
            assert (await asyncio.gather(asking, return_exceptions=True))[0].__class__ is asyncio.CancelledError


def test_it_works_in_one_event_loop_after_the_other(server: RedisServer, clean: None) -> None:
    single = Redis[bytes](host=server.host, port=server.port, single_connection_client=True)

    async def use(close: bool = False) -> int:
        try:
            return await single.client_id()
        finally:
            if close:
                await single.aclose()

    assert asyncio.run(use()) != asyncio.run(use(close=True))


@pytest.mark.parametrize("command", ["SELECT 1", "WATCH k", "MULTI"])
def test_it_can_be_closed_when_its_event_loop_is(server: RedisServer, clean: None, command: str) -> None:
    client = Redis(host=server.host, port=server.port, single_connection_client=True)
    with warnings.catch_warnings(), contextlib.closing(asyncio.new_event_loop()) as loop:
        warnings.simplefilter("ignore", ResourceWarning)  # of a transport that was never closed: that is so
        loop.run_until_complete(client.execute_command(*command.split()))
        loop.close()
        asyncio.run(client.aclose())
        del loop
        gc.collect()


async def test_one_that_was_dropped_gives_its_connection_back_and_says_so(make_client: MakeClient) -> None:
    everybody = make_client()
    alone = everybody.client()
    await alone.ping()
    assert everybody.pool_stats().in_use == 1
    with pytest.warns(ResourceWarning, match="unclosed"):  # noqa: PT031
        del alone
        gc.collect()
    assert everybody.pool_stats().in_use == 0


# -- what else they answer --------------------------------------------------------------------------------------------


async def test_the_retry_policy_can_be_asked_for_and_set(server: RedisServer, clean: None) -> None:
    async with (
        FaultProxy(server.host, server.port) as proxy,
        Redis(host="127.0.0.1", port=proxy.port) as client,
    ):
        assert client.get_retry().get_retries() == 3
        client.set_retry(Retry(NoBackoff(), 0))
        assert client.get_retry() == Retry(NoBackoff(), 0)
        await client.ping()
        await proxy.refuse()
        await proxy.kill()
        client.set_retry(Retry(ConstantBackoff(0.01), 200))
        asking = asyncio.create_task(client.get("k"))
        await asyncio.sleep(0)
        await proxy.accept()
        assert await asking is None
    with pytest.raises(TypeError, match="retry"):
        client.set_retry(3)  # type: ignore[arg-type]  # that is the point


async def test_each_command_starts_with_a_fresh_backoff() -> None:
    calls: list[int] = []

    class Recording(NoBackoff):
        def reset(self) -> None:
            calls.append(0)

        def compute(self, failures: int) -> float:
            calls.append(failures)
            return 0.0

    async with Redis(host="127.0.0.1", port=1, retry=Retry(Recording(), 2)) as client:
        for _ in range(2):
            with pytest.raises(ConnectionError):
                await client.get("k")
    assert calls == [0, 1, 2] * 2


@pytest.mark.parametrize(
    "value", ["é", b"\xff", 1, 1.5, bytearray(b"x"), memoryview(b"y")], ids=lambda value: type(value).__name__
)
@pytest.mark.parametrize("decode", [False, True], ids=["raw", "decoded"])
def test_the_encoder_does_as_theirs(value: Any, decode: bool) -> None:
    their_client: Any = redis_py.Redis(decode_responses=decode, encoding="latin-1")
    ours, theirs = Redis[Any](decode_responses=decode, encoding="latin-1").get_encoder(), their_client.get_encoder()
    assert ours.encode(value) == theirs.encode(value)
    assert ours.decode(b"\xe9") == theirs.decode(b"\xe9")
    assert ours.decode(b"\xe9", force=True) == theirs.decode(b"\xe9", force=True) == "é"
    assert ours.decode(7) == theirs.decode(7) == 7


@pytest.mark.parametrize("value", [None, True, [], object()], ids=lambda value: type(value).__name__)
def test_the_encoder_refuses_what_theirs_refuses(value: Any) -> None:
    with pytest.raises(redis_aio.DataError):
        Redis().get_encoder().encode(value)
    their_client: Any = redis_py.Redis()
    with pytest.raises(redis_py.DataError):
        their_client.get_encoder().encode(value)


@pytest.mark.parametrize(
    "given",
    [
        {"host": "h", "port": 1, "db": 2, "username": "u", "password": "p", "client_name": "n", "protocol": 2},
        {"socket_timeout": 1.0, "socket_connect_timeout": 2.0, "health_check_interval": 3, "encoding": "latin-1"},
        {"decode_responses": True, "socket_keepalive": False},
    ],
)
def test_connection_kwargs_are_under_their_names(given: dict[str, Any]) -> None:
    their_client: Any = redis_py.Redis(**given)
    ours, theirs = Redis[Any](**given).get_connection_kwargs(), their_client.get_connection_kwargs()
    assert {name: ours[name] for name in given} == {name: theirs[name] for name in given} == given
    assert ConnectionPool(**given).connection_kwargs.keys() == ours.keys()


def test_the_class_of_connections_is_chosen_as_there() -> None:
    assert ConnectionPool(Connection, 7).max_connections == 7
    assert ConnectionPool(connection_class=SSLConnection, ssl_cert_reqs="none").options.ssl_context is not None
    assert ConnectionPool(UnixDomainSocketConnection, path="/s").options.unix_socket_path == "/s"
    assert ConnectionPool(ssl=True).connection_class is SSLConnection
    assert ConnectionPool(unix_socket_path="/s").connection_class is UnixDomainSocketConnection
    assert redis_aio.BlockingConnectionPool(5, None).options.pool_timeout is None
    assert redis_aio.BlockingConnectionPool().options.pool_size == 50
    assert redis_aio.BlockingConnectionPool.from_url("redis://h?pool_size=4").options.pool_size == 4
    assert redis_aio.BlockingConnectionPool.from_url("redis://h").options.pool_timeout == 20


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((redis_py.Connection,), {}, TypeError, "redis_aio.connection"),
        ((UnixDomainSocketConnection,), {}, ValueError, "path"),
        ((Connection,), {"path": "/a", "unix_socket_path": "/b"}, TypeError, "path"),
        ((Connection, 3), {"pool_size": 3}, TypeError, "pool_size"),
    ],
)
def test_what_cannot_be_is_refused(arguments: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ConnectionPool(*arguments, **options)


def test_connections_are_not_made_by_hand() -> None:
    with pytest.raises(TypeError, match=r"client\.connection"):
        Connection(host="h")


@pytest.mark.parametrize(
    "url",
    [
        "redis://u:p@h:1/2?socket_timeout=3&max_connections=4",
        "rediss://h:5",
        "unix:///tmp/x?db=3",
        "redis://h?protocol=2",
    ],
)
def test_a_url_is_parsed_into_the_same_keywords(url: str) -> None:
    ours: dict[str, Any] = {**parse_url(url)}
    theirs: dict[str, Any] = {**their_parse_url(url)}
    if "connection_class" in theirs:
        assert ours["connection_class"].__name__ == theirs["connection_class"].__name__
    ours.pop("connection_class", None)
    theirs.pop("connection_class", None)
    assert ours == theirs
    assert ConnectionPool(**parse_url(url)).options.address


def test_a_module_can_be_hung_on() -> None:
    client = Redis()
    client.load_external_module("foo", lambda: 7)
    assert vars(client)["foo"]() == 7
