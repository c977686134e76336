"""Each command gives what redis-py 8.1 gives: equal values of equal types, and the same kinds of errors.

The calls are in ``calls_*.py``. They run through redis-py and through this client, over RESP2 and RESP3, with
``decode_responses`` on and off, each case on the data of its set-up.
"""

import warnings
from typing import Any

import pytest
import redis.asyncio

from redis_aio.exceptions import DataError, ResponseError
from redis_aio.testing import RedisServer
from tests.commands import (
    calls_admin,
    calls_basics,
    calls_bf,
    calls_collections,
    calls_geo,
    calls_json,
    calls_scripting,
    calls_search,
    calls_streams,
    calls_timeseries,
    calls_vectorset,
)
from tests.commands.calls_collections import Call, Case
from tests.commands.conftest import Needs
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop

CASES = [
    *(*calls_admin.ACL, *calls_basics.CASES, *calls_collections.CASES, *calls_scripting.CASES, *calls_vectorset.CASES),
    *(*calls_geo.CASES, *calls_streams.CASES),
]
UNIFIED = [*calls_basics.UNIFIED, *calls_scripting.UNIFIED]
VOLATILE = [*calls_basics.VOLATILE, *calls_admin.VOLATILE, *calls_streams.VOLATILE]
DIFFERENT = [
    *(*calls_admin.DIFFERENT, *calls_basics.DIFFERENT, *calls_scripting.DIFFERENT),
    *(*calls_geo.DIFFERENT, *calls_streams.DIFFERENT),
]
#: Commands of modules, whose shapes in redis-py depend on the protocol: its default is what is compared.
MODULE_CASES = [*calls_bf.CASES, *calls_json.CASES, *calls_search.CASES, *calls_timeseries.CASES]
DECODE = pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])


# -- outcomes ---------------------------------------------------------------------------------------------------------


def typed(value: Any) -> Any:
    """Return a value with its types written out, for 1 == 1.0 == True."""
    match value:
        case list() | tuple():
            return type(value).__name__, [typed(element) for element in value]
        case set():
            return "set", {typed(element) for element in value}
        case dict():
            return "dict", {typed(key): typed(element) for key, element in value.items()}
        case Exception():
            return type(value).__name__, str(value)
        case _ if type(value).__module__.startswith(("redis.", "redis_aio.")):
            return type(value).__name__, typed(
                {name: part for name, part in vars(value).items() if part is not None and name != "duration"}
            )
    return type(value).__name__, value


def shape(value: Any) -> Any:
    """Return the types of a value, and the keys of its dicts."""
    match value:
        case list():
            return "list", {repr(shape(element)) for element in value}
        case tuple():
            return "tuple", [shape(element) for element in value]
        case dict():
            return "dict", {key: shape(element) for key, element in sorted(value.items(), key=repr)}
    return type(value).__name__


def method_of(client: Any, name: str) -> Any:
    """Return a method by its name; ``vset.vadd`` is one of ``client.vset()``, ``ft:i.info`` of ``client.ft("i")``."""
    accessor, _, method = name.rpartition(".")
    accessor, _, argument = accessor.partition(":")
    if not accessor:
        return getattr(client, method)
    return getattr(getattr(client, accessor)(*([argument] if argument else [])), method)


def made(client: Any, argument: Any) -> Any:
    """Return an argument, made of the classes of the client's own library where it says how."""
    if not isinstance(argument, calls_search.Made):
        return argument
    return argument.make(calls_search.Library(type(client).__module__.partition(".")[0]))


async def outcome(client: Any, call: Call, view: Any = typed) -> Any:
    """Return what a call gives: its value, or the kind of its error, and the text where it is the server's."""
    method, args, kwargs = call
    try:
        args, kwargs = (
            tuple(made(client, arg) for arg in args),
            {name: made(client, arg) for name, arg in kwargs.items()},
        )
        return view(await method_of(client, method)(*args, **kwargs))
    except (DataError, redis.DataError):
        return "DataError"
    except (ResponseError, redis.ResponseError) as error:
        return "ResponseError", str(error).removeprefix("WRONGTYPE ")
    except (ValueError, TypeError, NotImplementedError) as error:
        return type(error).__name__


async def outcomes(client: Any, server: RedisServer, case: Case, view: Any = typed) -> list[Any]:
    """Return what each call of a case gives, on the data of its set-up."""
    server.command("FLUSHALL")
    for command in case.setup:
        server.command(*command)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # redis-py warns of what it deprecates or calls experimental
        return [await outcome(client, call, view) for call in case.calls]


def their_client(server: RedisServer, **options: Any) -> Any:
    return redis.asyncio.Redis(host=server.host, port=server.port, **options)


# -- the same ---------------------------------------------------------------------------------------------------------


@DECODE
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_same_as_redis_py(
    case: Case, decode: bool, server: RedisServer, make_client: MakeClient, needs: Needs
) -> None:
    for need in case.needs:
        needs(*need.split(":"))
    async with their_client(server, protocol=2, decode_responses=decode) as theirs:
        expected = await outcomes(theirs, server, case)
    if not decode:  # or redis-py's default gives some scores as bytes nevertheless
        async with their_client(server) as theirs:
            assert await outcomes(theirs, server, case) == expected, "redis-py's default is not its own RESP2"
    for protocol in (2, 3):
        ours = make_client(protocol=protocol, decode_responses=decode)
        assert await outcomes(ours, server, case) == expected, f"RESP{protocol}"


@pytest.mark.modules
@DECODE
@pytest.mark.parametrize("case", MODULE_CASES, ids=[case.name for case in MODULE_CASES])
async def test_modules_same_as_redis_py(
    case: Case, decode: bool, server: RedisServer, make_client: MakeClient, needs: Needs
) -> None:
    for need in case.needs:
        needs(need)
    async with their_client(server, decode_responses=decode) as theirs:
        expected = await outcomes(theirs, server, case)
    for protocol in (2, 3):
        ours = make_client(protocol=protocol, decode_responses=decode)
        assert await outcomes(ours, server, case) == expected, f"RESP{protocol}"


@DECODE
@pytest.mark.parametrize("case", VOLATILE, ids=[case.name for case in VOLATILE])
async def test_same_shape_as_redis_py(case: Case, decode: bool, server: RedisServer, make_client: MakeClient) -> None:
    async with their_client(server, protocol=2, decode_responses=decode) as theirs:
        expected = await outcomes(theirs, server, case, shape)
    for protocol in (2, 3):
        ours = make_client(protocol=protocol, decode_responses=decode)
        assert await outcomes(ours, server, case, shape) == expected, f"RESP{protocol}"


@DECODE
@pytest.mark.parametrize("case", calls_basics.STATEFUL, ids=[case.name for case in calls_basics.STATEFUL])
async def test_same_on_a_connection_of_its_own(
    case: Case, decode: bool, server: RedisServer, make_client: MakeClient, needs: Needs
) -> None:
    for need in case.needs:
        needs(need)
    async with their_client(server, protocol=2, decode_responses=decode, single_connection_client=True) as theirs:
        expected = await outcomes(theirs, server, case)
    for protocol in (2, 3):
        async with make_client(protocol=protocol, decode_responses=decode).connection() as ours:
            assert await outcomes(ours, server, case) == expected, f"RESP{protocol}"


@DECODE
@pytest.mark.parametrize(("reason", "call"), UNIFIED, ids=[call[0] for _, call in UNIFIED])
async def test_same_as_redis_py_by_default(
    reason: str, call: Call, decode: bool, server: RedisServer, make_client: MakeClient
) -> None:
    view = shape if call[0] == "memory_stats" else typed
    async with their_client(server, decode_responses=decode) as theirs:
        expected = await outcome(theirs, call, view)
    async with their_client(server, protocol=2, decode_responses=decode) as theirs:
        assert await outcome(theirs, call, view) != expected, f"not true any more: {reason}"
    for protocol in (2, 3):
        ours = make_client(protocol=protocol, decode_responses=decode)
        assert await outcome(ours, call, view) == expected, f"RESP{protocol}"


# -- deliberately different -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reason", "call", "more"), DIFFERENT, ids=[call[0] for _, call, _ in DIFFERENT])
async def test_different_from_redis_py(
    reason: str, call: Call, more: str, server: RedisServer, make_client: MakeClient
) -> None:
    case = Case(call[0], [("SET", "k", "v")], [call])
    async with their_client(server) as theirs:
        expected = await outcomes(theirs, server, case)
    assert await outcomes(make_client(), server, case) != expected, f"not true any more: {reason} {more}"
