"""Raw commands give what redis-py's give, and users' callbacks get raw replies and hurt nobody but their callers."""

import asyncio
import gc
import weakref
from typing import Any, NamedTuple

import pytest
import redis
from redis._parsers.response_callbacks import get_response_callbacks

from redis_aio import Redis
from redis_aio._command.by_name import CHOICES, PARSERS
from redis_aio._command.command import Command
from redis_aio.exceptions import ConnectionError, DataError, ResponseError
from redis_aio.testing import RedisServer
from tests.commands.calls_collections import Case
from tests.commands.conftest import Needs, Recorder
from tests.commands.test_same_as_redis_py import CASES, outcome, their_client, typed
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop

WIRES = [(protocol, decode) for protocol in (2, 3) for decode in (False, True)]


def commands_of(case: Case) -> list[tuple[Any, Command[Any]]]:
    """Return the calls of a case that send something, with the commands that they send."""
    found: list[tuple[Any, Command[Any]]] = []
    for call in case.calls:
        method, args, kwargs = call
        try:
            command = getattr(Recorder(), method)(*args, **kwargs)
        except Exception:
            continue
        found.append((call, command))
    return found


def theirs_on(server: RedisServer, protocol: int, decode: bool) -> Any:
    """Return redis-py's client; its default, which speaks RESP3, where we speak it."""
    options: dict[str, Any] = {"protocol": 2} if protocol == 2 else {}
    return their_client(server, decode_responses=decode, **options)


async def raw_outcome(client: Any, *args: Any, **options: Any) -> Any:
    """Return what a raw command gives, or the kind of its error."""
    try:
        return typed(await client.execute_command(*args, **options))
    except (ResponseError, redis.ResponseError):
        return "ResponseError"
    except (DataError, redis.DataError):
        return "DataError"
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return type(error).__name__


def prepare(server: RedisServer, case: Any) -> None:
    server.command("FLUSHALL")
    for command in case.setup:
        server.command(*command)


# -- the same as redis-py's -------------------------------------------------------------------------------------------

#: Where redis-py fails or returns nonsense, because it does not look at the arguments; then we do as the method does.
BETTER = {
    "BZMPOP": "redis-py gives scores as bytes to clients that decode, over RESP3",
    "DUMP": "redis-py decodes it",
    "FUNCTION DUMP": "redis-py decodes it",
    "HSCAN": "redis-py makes pairs of the fields of NOVALUES",
    "XAUTOCLAIM": "redis-py takes the ids of JUSTID for entries",
    "XCLAIM": "redis-py takes the ids of JUSTID for entries",
    "XINFO STREAM": "redis-py fails on FULL",
    "XPENDING": "redis-py fails on a range",
    "ZADD": "redis-py gives the score of INCR as int, or fails on a fraction",
    "ZMPOP": "redis-py gives scores as bytes to clients that decode, over RESP3",
}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_raw_commands(case: Case, server: RedisServer, make_client: MakeClient, needs: Needs) -> None:
    for need in case.needs:
        needs(*need.split(":"))
    calls = commands_of(case)
    for protocol, decode in WIRES:
        ours = make_client(protocol=protocol, decode_responses=decode)
        prepare(server, case)
        got = [await raw_outcome(ours, command.name, *command.args) for _, command in calls]
        prepare(server, case)
        async with theirs_on(server, protocol, decode) as theirs:
            expected = [await raw_outcome(theirs, command.name, *command.args) for _, command in calls]
        if any(command.name in BETTER for _, command in calls):
            prepare(server, case)
            by_method = [await outcome(ours, call) for call, _ in calls]
            for index, (_, command) in enumerate(calls):
                if command.name in BETTER:
                    method = by_method[index]
                    expected[index] = "ResponseError" if method[0] == "ResponseError" else method
        assert got == expected, (protocol, decode)


class Raw(NamedTuple):
    """A raw command, on data."""

    setup: list[tuple[Any, ...]]
    args: tuple[Any, ...]
    options: dict[str, Any] = {}  # noqa: RUF012  # never changed


ZSET = ("ZADD", "z", 1, "a", 2.5, "b")
STREAM = [("XADD", "s", "1-0", "f", "v"), ("XGROUP", "CREATE", "s", "g", "0")]
READ = ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
PLACES = [("GEOADD", "g", 13.361389, 38.115556, "Palermo")]
NEAR = ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "BYRADIUS", 1, "km")

RAW = [
    Raw([("HSET", "h", "f", "v")], ("hgetall", "h")),
    Raw([("HSET", "h", "f", "v")], (b"HGETALL", "h")),
    Raw([], ("CONFIG GET", "databases")),
    Raw([], ("config get", "databases")),
    Raw([], ("CONFIG", "GET", "databases")),
    Raw([], ("SCRIPT", "EXISTS", "0" * 40)),
    Raw([], ("COMMAND COUNT",)),
    Raw([], ("SET", "k", "v", "GET")),
    Raw([("SET", "k", "old")], ("SET", "k", "v", "GET")),
    Raw([("SET", "k", "old")], ("SET", "k", "v", "GET"), {"get": True}),
    Raw([("SET", "k", "old")], ("SET", "k", "v", "NX")),
    Raw([("SET", "k", "v")], ("GET", "k"), {"keys": ["k"]}),
    Raw([("SET", "k", "v")], ("GET", "k"), {"NEVER_DECODE": []}),
    Raw([("SET", "k", "v")], ("MGET", "k", "x")),
    Raw([ZSET], ("ZRANGE", "z", 0, -1, "WITHSCORES")),
    Raw([ZSET], ("ZRANGE", "z", 0, -1, "WITHSCORES"), {"withscores": True}),
    Raw([ZSET], ("ZRANGE", "z", 0, -1, "WITHSCORES"), {"withscores": True, "score_cast_func": str}),
    Raw([ZSET], ("ZREVRANGEBYSCORE", "z", 5, 2, "WITHSCORES"), {"withscores": True, "score_cast_func": int}),
    Raw([ZSET], ("ZUNION", 1, "z", "WITHSCORES"), {"withscores": True}),
    Raw([ZSET], ("ZDIFF", 1, "z", "WITHSCORES"), {"withscores": True}),
    Raw([("ZADD", "z", 1, "a")], ("ZRANDMEMBER", "z", 1, "WITHSCORES"), {"withscores": True}),
    Raw([ZSET], ("ZPOPMIN", "z")),
    Raw([ZSET], ("ZPOPMAX", "z", 2), {"withscores": True, "score_cast_func": str}),
    Raw([ZSET], ("ZRANK", "z", "b", "WITHSCORE")),
    Raw([ZSET], ("ZRANK", "z", "b", "WITHSCORE"), {"withscore": True, "score_cast_func": str}),
    Raw([ZSET], ("ZSCAN", "z", 0), {"score_cast_func": str}),
    Raw([ZSET], ("ZADD", "z", "INCR", 1.5, "a"), {"as_score": True}),
    Raw([("HSET", "h", "f", "v")], ("HRANDFIELD", "h", 1, "WITHVALUES")),
    Raw([("HSET", "h", "f", "v")], ("HRANDFIELD", "h", 1, "WITHVALUES"), {"withvalues": True}),
    Raw([("HSET", "h", "f", "v")], ("HSCAN", "h", 0, "NOVALUES"), {"no_values": True}),
    Raw([("RPUSH", "l", 2, 1)], ("SORT", "l", "GET", "#", "GET", "#"), {"groups": 2}),
    Raw([("RPUSH", "l", 2, 1)], ("SORT", "l", "STORE", "m")),
    Raw(STREAM, ("XRANGE", "s", "-", "+")),
    Raw(STREAM, ("XREAD", "STREAMS", "s", "0")),
    Raw(STREAM, ("XREAD", "STREAMS", "s", "$")),
    Raw([*STREAM, READ], ("XCLAIM", "s", "g", "d", 0, "1-0", "JUSTID"), {"parse_justid": True}),
    Raw([*STREAM, READ], ("XAUTOCLAIM", "s", "g", "d", 0, 0, "JUSTID"), {"parse_justid": True}),
    Raw([*STREAM, READ], ("XPENDING", "s", "g")),
    Raw(PLACES, NEAR),
    Raw(PLACES, (*NEAR, "WITHDIST")),
    Raw(
        PLACES,
        (*NEAR, "WITHDIST", "WITHCOORD", "WITHHASH"),
        {"store": None, "store_dist": None, "withdist": True, "withcoord": True, "withhash": True},
    ),
    Raw([], ("LCS", "a", "b", "IDX")),
    Raw([("MSET", "a", "xyz", "b", "xy")], ("LCS", "a", "b")),
    Raw([], ("NO-SUCH-COMMAND", "x")),
    Raw([], ("PING",)),
    Raw([], ("TIME", "x")),
]


@pytest.mark.parametrize("raw", RAW, ids=[f"{' '.join(map(str, raw.args[:2]))} {[*raw.options]}" for raw in RAW])
async def test_raw_commands_with_options(raw: Raw, server: RedisServer, make_client: MakeClient, needs: Needs) -> None:
    if str(raw.args[-1]) == "WITHSCORE":
        needs("ZRANK", "WITHSCORE")
    if str(raw.args[-1]) == "NOVALUES":
        needs("HSCAN", "NOVALUES")
    for protocol, decode in WIRES:
        outcomes: list[Any] = []
        ours = make_client(protocol=protocol, decode_responses=decode)
        # Over RESP3 redis-py gives scores as bytes to clients that decode; over RESP2 it does not. We do for ZRANK.
        same = 2 if decode and "score" in "".join(raw.options) and raw.args[0] != "ZRANK" else protocol
        async with theirs_on(server, same, decode) as theirs:
            for client in (ours, theirs):
                prepare(server, raw)
                outcomes.append(await raw_outcome(client, *raw.args, **raw.options))
        assert outcomes[0] == outcomes[1], (protocol, decode)
        pipe = ours.pipeline()
        prepare(server, raw)
        try:
            pipe.execute_command(*raw.args, **raw.options)
            [value] = await pipe.execute(raise_on_error=False)
        except ResponseError as error:
            value = error
        assert ("ResponseError" if isinstance(value, Exception) else typed(value)) == outcomes[0]


@pytest.mark.parametrize(
    ("args", "options", "error", "message"),
    [
        (("GET", "k"), {"withscores": True}, TypeError, "execute_command of GET has no option 'withscores'"),
        (("HGETALL", "k"), {"keys": ["k"], "other": 1}, TypeError, "execute_command of HGETALL has no option 'other'"),
        (("ZRANGE", "k", 0, 1), {"withscore": True}, TypeError, "execute_command of ZRANGE has no option"),
        (("GET", "k"), {"parse": str, "withscores": True}, TypeError, "has no option 'withscores'"),
        ((), {}, DataError, "a command needs a name"),
    ],
)
async def test_what_is_refused(
    args: tuple[Any, ...], options: Any, error: type[Exception], message: str, make_client: MakeClient
) -> None:
    client = make_client()
    with pytest.raises(error, match=message):
        await client.execute_command(*args, **options)
    pipe = client.pipeline()
    with pytest.raises(error, match=message):
        pipe.execute_command(*args, **options)
    assert len(pipe) == 0
    assert client.pool_stats().total == 0  # nothing was sent


async def test_parse(client: Redis[bytes]) -> None:
    await client.hset("h", mapping={"f": "1"})
    kind = type(await client.execute_command("HGETALL", "h", parse=lambda reply: reply))
    assert kind in (dict, list)  # the raw reply
    assert await client.execute_command("HGET", "h", "f", parse=int) == 1
    pipe = client.pipeline(transaction=False).execute_command("HGET", "h", "f", parse=int).hget("h", "f")
    assert await pipe.execute() == [1, b"1"]


# -- one table, not two -----------------------------------------------------------------------------------------------

#: Names that redis-py has callbacks for, and we do not need any.
MISSING = {
    "DEBUG OBJECT": "its name is DEBUG here, for which the reply is not parsed",
    "HIMPORT DISCARD": "an integer reply is one",
    "HIMPORT DISCARDALL": "an integer reply is one",
    "QUIT": "refused",
    "RESET": "refused",
    "STRALGO": "no server has it any more",
}


def test_every_callback_of_redis_py_has_its_parser() -> None:
    theirs = set(get_response_callbacks(2, True)) | set(get_response_callbacks(None, True))
    assert theirs - PARSERS.keys() - CHOICES.keys() == set(MISSING)
    assert (PARSERS.keys() | CHOICES.keys()) - theirs == set()
    assert PARSERS.keys() & CHOICES.keys() == set()


#: Where the method knows from its arguments what a raw command must see from the reply; or the shape is redis-py's.
BY_REPLY = {"ACL LOG", "CLIENT KILL", "CLUSTER LINKS", "LCS"}


def test_raw_commands_have_the_parsers_of_the_methods() -> None:
    """Also of those commands that cannot be executed here."""
    compared = set()
    for case in CASES:
        for _, command in commands_of(case):
            parser = PARSERS.get(command.name)
            if parser is None or command.name in BY_REPLY:
                continue
            compared.add(command.name)
            assert command.reply is not None, command.name
            assert command.reply.__qualname__ == parser.__qualname__, command.name
    assert len(compared) > 80


# -- users' callbacks -------------------------------------------------------------------------------------------------


def shout(reply: Any, **options: Any) -> Any:
    """A callback that shows what it was given."""
    return "called", reply, options


async def test_callbacks_everywhere(client: Redis[Any]) -> None:
    await client.set("k", "v")
    client.set_response_callback("get", shout)
    mine: Any = ("called", b"v", {})
    assert await client.get("k") == mine
    assert await client.execute_command("GET", "k") == mine
    assert await client.execute_command("get", "k", color="red") == ("called", b"v", {"color": "red"})
    assert await client.execute_command("GET", "k", parse=len) == 1
    for transaction in (False, True):
        pipe = client.pipeline(transaction=transaction)
        pipe.get("k").execute_command("GET", "k").execute_command("GET", "k", a=1).set("k", "v").mget("k")
        assert await pipe.execute() == [mine, mine, ("called", b"v", {"a": 1}), True, [b"v"]]
    async with client.pipeline() as pipe:
        await pipe.watch("k")
        assert await pipe.get("k") == mine
        assert await pipe.execute_command("GET", "k") == mine
        assert await pipe.immediate_execute_command("GET", "k", a=1) == ("called", b"v", {"a": 1})
        pipe.multi()
        pipe.get("k")
        assert await pipe.execute() == [mine]
    async with client.connection() as connection:
        assert await connection.get("k") == mine
        assert await connection.execute_command("GET", "k") == mine
    assert await client.strlen("k") == 1


async def test_callbacks_set_on_a_pipeline_are_the_clients(client: Redis[Any]) -> None:
    pipe = client.pipeline()
    pipe.set_response_callback("GET", shout)
    await client.set("k", "v")
    assert await pipe.get("k").execute() == [("called", b"v", {})]
    assert await client.get("k") == ("called", b"v", {})


async def test_callbacks_get_raw_replies(client: Redis[Any], protocol: int) -> None:
    await client.hset("h", "f", "v")
    client.set_response_callback("HGETALL", lambda reply: reply)
    raw: Any = await client.hgetall("h")
    assert raw == ([b"f", b"v"] if protocol == 2 else {b"f": b"v"})
    client.set_response_callback("CONFIG GET", lambda reply: type(reply).__name__)
    kind: Any = await client.config_get("databases")
    assert kind == ("list" if protocol == 2 else "dict")


@pytest.mark.parametrize("protocol", [2, 3])
async def test_callbacks_as_in_redis_py(server: RedisServer, make_client: MakeClient, protocol: int) -> None:
    """What both can be asked: the same callback sees the same replies."""

    async def awaited(reply: Any, **options: Any) -> Any:
        await asyncio.sleep(0)
        return "awaited", reply

    async def with_callbacks(client: Any) -> list[Any]:
        client.set_response_callback("HGETALL", lambda reply, **_: ("mine", reply))
        client.set_response_callback("get", awaited)
        client.set_response_callback("MY.OWN", shout)
        pipe = client.pipeline()
        pipe.get("k")
        pipe.hgetall("h")
        return [
            await client.hgetall("h"),
            await client.execute_command("HGETALL", "h"),
            await client.get("k"),
            await client.execute_command("GET", "k"),
            await client.execute_command("CONFIG GET", "databases"),
            await pipe.execute(),
        ]

    server.command("HSET", "h", "f", "v")
    server.command("SET", "k", "v")
    ours = make_client(protocol=protocol)
    async with theirs_on(server, protocol, False) as theirs:
        assert await with_callbacks(ours) == await with_callbacks(theirs)


async def test_errors_do_not_reach_callbacks(client: Redis[Any]) -> None:
    called: list[Any] = []
    client.set_response_callback("INCR", called.append)
    client.set_response_callback("INCRBY", called.append)
    await client.set("k", "text")
    with pytest.raises(ResponseError):
        await client.incr("k")
    pipe = client.pipeline(transaction=False)
    values = await pipe.incr("k").execute(raise_on_error=False)
    assert isinstance(values[0], ResponseError)
    assert called == []


@pytest.mark.parametrize("transaction", [False, True])
async def test_what_a_callback_raises_hurts_only_its_call(transaction: bool, client: Redis[Any]) -> None:
    """Nothing is shifted, nothing executed again, whatever is raised: C2."""

    def fail(reply: Any) -> Any:
        raise ConnectionError("no connection of ours")

    client.set_response_callback("INCRBY", fail)
    with pytest.raises(ConnectionError, match="no connection of ours"):
        await client.incr("n")
    with pytest.raises(ConnectionError, match="no connection of ours"):
        await client.execute_command("INCRBY", "n", 1)
    pipe = client.pipeline(transaction=transaction)
    pipe.echo("before").incr("n").echo("after")
    before, error, after = await pipe.execute(raise_on_error=False)
    assert (before, after) == (b"before", b"after")
    assert isinstance(error, ConnectionError)
    with pytest.raises(ConnectionError, match=r"Command # 1 \(INCRBY\) of pipeline caused error: no connection"):
        await pipe.incr("n").execute()
    assert await client.get("n") == b"4"
    for number in range(100):
        assert await client.echo(f"{number}") == f"{number}".encode()


async def test_a_cancelled_callback_hurts_only_its_call(client: Redis[Any]) -> None:
    reached = asyncio.Event()

    async def wait(reply: Any) -> Any:
        reached.set()
        await asyncio.Event().wait()

    client.set_response_callback("GET", wait)
    for call in (lambda: client.get("k"), lambda: client.pipeline().get("k").echo("x").execute()):
        reached.clear()
        task = asyncio.ensure_future(call())
        async with asyncio.timeout(5):
            await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await client.echo("mine") == b"mine"


async def test_without_callbacks_nothing_is_asked(client: Redis[Any]) -> None:
    assert "_run" not in vars(client)
    client.set_response_callback("GET", shout)
    assert "_run" in vars(client)


async def test_callbacks_belong_to_one_client(make_client: MakeClient) -> None:
    one, other = make_client(), make_client()
    one.set_response_callback("ECHO", shout)
    assert await one.echo("x") == ("called", b"x", {})
    assert await other.echo("x") == b"x"


async def test_a_dropped_client_is_gone_at_once(server: RedisServer, clean: None) -> None:
    client: Redis[Any] = Redis(host=server.host, port=server.port)
    client.set_response_callback("ECHO", shout)
    assert await client.echo("x") == ("called", b"x", {})
    await client.aclose()
    gone = weakref.ref(client)
    gc.disable()
    try:
        del client
        assert gone() is None
    finally:
        gc.enable()
