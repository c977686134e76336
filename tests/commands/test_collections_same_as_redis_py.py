"""Hashes, lists, sets and sorted sets give what redis-py 8.1 gives: equal values, equal types, the same errors."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import redis.asyncio

from redis_aio.exceptions import DataError, ResponseError
from redis_aio.testing import RedisServer
from tests.commands.calls_collections import CASES, Call, Case
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop

Needs = Callable[..., None]


def typed(value: Any) -> Any:
    """Return a value with its types written out, so that comparing compares them too; 1 is neither 1.0 nor True."""
    match value:
        case list() | tuple():
            return type(value).__name__, [typed(element) for element in value]
        case set():
            return "set", {typed(element) for element in value}
        case dict():
            return "dict", [(typed(key), typed(element)) for key, element in value.items()]
    return type(value).__name__, value


async def outcome(client: Any, call: Call) -> Any:
    """Return the value of a call, or the kind of its error: the same for a subclass of what redis-py raises."""
    method, args, kwargs = call
    try:
        return typed(await getattr(client, method)(*args, **kwargs))
    except (DataError, redis.DataError):
        return "DataError"
    except (ResponseError, redis.ResponseError) as error:
        return "ResponseError", str(error).removeprefix("WRONGTYPE ")
    except ValueError:
        return "ValueError"


async def outcomes(client: Any, server: RedisServer, case: Case) -> list[Any]:
    """Return what each call of the case gives, from the same start."""
    server.command("FLUSHALL")
    for command in case.setup:
        server.command(*command)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # redis-py's hmset
        return [await outcome(client, call) for call in case.calls]


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_same_as_redis_py(
    case: Case, decode: bool, server: RedisServer, make_client: MakeClient, needs: Needs
) -> None:
    for need in case.needs:
        needs(*need.split())
    theirs = redis.asyncio.Redis(host=server.host, port=server.port, protocol=2, decode_responses=decode)
    async with theirs:
        expected = await outcomes(theirs, server, case)
    for protocol in (2, 3):
        ours = make_client(protocol=protocol, decode_responses=decode)
        assert await outcomes(ours, server, case) == expected, f"RESP{protocol}"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_same_as_redis_py_by_default(
    case: Case, server: RedisServer, make_client: MakeClient, needs: Needs
) -> None:
    """Without a ``protocol`` redis-py speaks RESP3 and gives the shapes of RESP2; so do we."""
    for need in case.needs:
        needs(*need.split())
    async with redis.asyncio.Redis(host=server.host, port=server.port) as theirs:
        expected = await outcomes(theirs, server, case)
    assert await outcomes(make_client(), server, case) == expected
