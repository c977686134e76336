"""Row 16: a frame that is odd, deep, split or not RESP at all crashes the process, or shifts the replies behind it.

Injected: every kind of reply that DEBUG PROTOCOL and Lua scripts make a real server send; a corpus of valid and invalid
frames, sliced in several ways, and mutations of it, through a scripted server; strings that cannot be decoded.

Passing: each valid frame is the value that the reference parser finds in it; what is invalid, or what we refuse, is a
``ProtocolError`` for the calls pending on that connection. Every call ends, the process lives, and the nonces that
follow are right.
"""

import asyncio
import math
import random
from typing import Any

import pytest

from redis_aio import Redis
from redis_aio.exceptions import ConnectionError, ProtocolError, ReplyDecodeError, ResponseError, TimeoutError
from tests.conftest import MakeClient
from tests.faults.conftest import Connect
from tests.support import scale
from tests.support.frames import INVALID, LENIENT, REFUSED, UNTERMINATED, VALID, matches, mutated, replies
from tests.support.oracles import Nonces, eventually
from tests.support.proxy import FaultProxy
from tests.support.scripted import HANG_UP, Answer, Dialogue, Request, ScriptedServer, Sliced

# -- what real servers send -------------------------------------------------------------------------------------------

BIG = 1234567999999999999999999999999999999
#: What DEBUG PROTOCOL is answered with: the reply in RESP3, and in RESP2.
KINDS: dict[str, tuple[Any, Any]] = {
    "string": (b"Hello World", b"Hello World"),
    "integer": (12345, 12345),
    "double": (3.141, b"3.141"),
    "null": (None, None),
    "array": ([0, 1, 2], [0, 1, 2]),
    "set": ([0, 1, 2], [0, 1, 2]),
    "map": ({0: False, 1: True, 2: False}, [0, 0, 1, 1, 2, 0]),
    "attrib": (b"Some real reply following the attribute", b"Some real reply following the attribute"),
    "push": (b"Some real reply following the push reply", ResponseError),
    "verbatim": (b"This is a verbatim\nstring", b"This is a verbatim\nstring"),
    "true": (True, 1),
    "false": (False, 0),
    "bignum": (b"%d" % BIG, b"%d" % BIG),
}
#: What scripts return, after ``redis.setresp(3)``.
SCRIPTS: dict[str, tuple[Any, Any]] = {
    f"return {{big_number='{BIG}'}}": (b"%d" % BIG, b"%d" % BIG),
    "return {double=1.5}": (1.5, b"1.5"),
    "return {double=1/0}": (math.inf, b"inf"),
    "return {double=-1/0}": (-math.inf, b"-inf"),
    "return {double=0/0}": (math.nan, (b"nan", b"-nan")),
    "return {map={a=1}}": ({b"a": 1}, [b"a", 1]),
    "return {map={}}": ({}, []),
    "return {set={a=true}}": ([b"a"], [b"a"]),
    "return {set={[{1,2}]=true}}": ([[1, 2]], [[1, 2]]),
    "return {1, {big_number='5'}, {map={a={double=1.5}}}}": ([1, b"5", {b"a": 1.5}], [1, b"5", [b"a", b"1.5"]]),
    "return true": (True, 1),
    "return false": (False, (None, 0)),
    "return nil": (None, None),
    "return {err='ERR mine'}": (ResponseError, ResponseError),
    "return {1, {err='ERR mine'}, 3}": ([1, ResponseError, 3], [1, ResponseError, 3]),
    "return redis.call('HELLO', '3') == nil": (ResponseError, ResponseError),
}


def is_like(value: Any, expected: Any) -> bool:
    """Compare a reply with what it should be: a value, one of several, or the class of an error."""
    match expected:
        case type():
            return isinstance(value, expected)
        case tuple():
            return any(is_like(value, one) for one in expected)
        case list():
            return isinstance(value, list) and len(value) == len(expected) and all(map(is_like, value, expected))
        case _:
            return type(value) is type(expected) and repr(value) == repr(expected)


def as_text(expected: Any) -> Any:
    """Return what the reply is when strings are decoded."""
    match expected:
        case bytes():
            return expected.decode()
        case list() | tuple():
            return type(expected)(map(as_text, expected))
        case dict():
            return {as_text(key): as_text(value) for key, value in expected.items()}
        case _:
            return expected


async def _has_debug_protocol(client: "Redis[Any]") -> None:
    try:
        await client.execute_command("DEBUG", "PROTOCOL", "string")
    except ResponseError as error:
        pytest.skip(f"the server has no DEBUG PROTOCOL: {error}")


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "text"])
async def test_every_kind_of_reply(connect: Connect, proxy: FaultProxy, protocol: int, decode: bool) -> None:
    client = connect(protocol=protocol, decode_responses=decode, pool_size=1, max_retries=0)
    await _has_debug_protocol(client)
    nonces = Nonces()
    wrong = []
    for size in (0, 1, 7):
        await proxy.set("down", slice=size)
        for kind, both in KINDS.items():
            expected = as_text(both[3 - protocol]) if decode else both[3 - protocol]
            asked = [client.execute_command("DEBUG", "PROTOCOL", kind), *[nonces.echo(client) for _ in range(3)]]
            reply, *_ = await asyncio.gather(*asked, return_exceptions=True)
            if not is_like(reply, expected):
                wrong.append((kind, size, reply))
            await nonces.settle(client, 3)
    assert not wrong
    assert len(await proxy.log()) == 1


@pytest.mark.parametrize("transaction", [False, True], ids=["pipeline", "transaction"])
async def test_every_kind_of_reply_at_once(
    connect: Connect, proxy: FaultProxy, protocol: int, transaction: bool
) -> None:
    client = connect(protocol=protocol, pool_size=1, max_retries=0)
    await _has_debug_protocol(client)
    nonces = Nonces()
    # DEBUG would put its push into the middle of EXEC's array, as no other command does.
    kinds = [kind for kind in KINDS if not (transaction and kind == "push")]
    pipe = client.pipeline(transaction=transaction)
    for kind in kinds:
        pipe.execute_command("DEBUG", "PROTOCOL", kind)
        pipe.execute_command("ECHO", kind)
    values = await pipe.execute(raise_on_error=False)
    for kind, reply, own in zip(kinds, values[::2], values[1::2], strict=True):
        assert is_like(reply, KINDS[kind][3 - protocol]), kind
        assert own == kind.encode()
    await nonces.settle(client, 3)
    assert len(await proxy.log()) == 1


async def test_what_scripts_return(connect: Connect, proxy: FaultProxy, protocol: int) -> None:
    client = connect(protocol=protocol, pool_size=1, max_retries=0)
    nonces = Nonces()
    wrong = []
    for size in (0, 1):
        await proxy.set("down", slice=size)
        for script, both in SCRIPTS.items():
            asked = [client.execute_command("EVAL", f"redis.setresp(3); {script}", 0)]
            asked += [nonces.echo(client) for _ in range(3)]
            reply, *_ = await asyncio.gather(*asked, return_exceptions=True)
            if not is_like(reply, both[3 - protocol]):
                wrong.append((script, size, reply))
            await nonces.settle(client, 3)
    assert not wrong
    assert len(await proxy.log()) == 1


@pytest.mark.parametrize("depth", [10, 1_000, 1_024, 1_025, 1_500])
async def test_a_deep_reply_of_a_script(connect: Connect, proxy: FaultProxy, protocol: int, depth: int) -> None:
    """Up to a thousand levels it is delivered; beyond what the parser can hold it is refused."""
    client = connect(protocol=protocol, max_retries=0)
    nonces = Nonces()
    await nonces.settle(client, 1)
    script = f"local t = {{'leaf'}} for i = 2, {depth} do t = {{t}} end return t"
    asked = [asyncio.ensure_future(client.execute_command("EVAL_RO", script, 0))]
    asked += [asyncio.ensure_future(nonces.echo(client)) for _ in range(3)]
    await asyncio.wait(asked)
    results = await asyncio.gather(*asked, return_exceptions=True)
    if isinstance(results[0], BaseException):
        assert isinstance(results[0], ProtocolError)
        assert depth > 1_000
        assert all(isinstance(result, (ConnectionError, type(None))) for result in results[1:])
    else:
        reply, levels = results[0], 0
        while isinstance(reply, list):
            reply, levels = reply[0], levels + 1
        assert (reply, levels) == (b"leaf", depth)
        assert results[1:] == [None] * 3
        assert depth < 1_500
    await nonces.settle(client, 3)


@pytest.mark.parametrize("key", ["{1, 2}", "{map={a=1}}", "{set={a=true}}"])
async def test_a_key_that_python_cannot_hash(connect: Connect, proxy: FaultProxy, key: str) -> None:
    client = connect(protocol=3, max_retries=0)
    nonces = Nonces()
    for _ in range(2):
        await nonces.settle(client, 1)
        with pytest.raises(ProtocolError):
            await client.execute_command("EVAL_RO", f"redis.setresp(3); return {{map={{[{key}]='v'}}}}", 0)
    await nonces.settle(client, 3)
    assert len(await proxy.log()) == 3


# -- the corpus -------------------------------------------------------------------------------------------------------


def _serving(frames: list[bytes], size: int) -> Dialogue:
    """A connection on which GET n is answered with the n-th frame, in slices."""

    def answer(request: Request) -> Answer:
        return Sliced(frames[int(request[1])], size)

    return Dialogue(handshake={"GET": answer})


@pytest.mark.one_loop
@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
async def test_valid_frames(make_client: MakeClient, protocol: int, size: int) -> None:
    with ScriptedServer(_serving(VALID, size)) as server:
        client = make_client(host=server.host, port=server.port, protocol=protocol, max_retries=0)
        nonces = Nonces()
        wrong = []
        for number, frame in enumerate(VALID):
            (reference,), _ = replies(frame)
            asked = [client.execute_command("GET", number), *[nonces.echo(client) for _ in range(3)]]
            reply, *others = await asyncio.gather(*asked, return_exceptions=True)
            if not matches(reply, reference) or others != [None] * 3:
                wrong.append((frame, reply, *others))
            await nonces.settle(client, 3)
        assert not wrong
        assert server.connections == 1


@pytest.mark.one_loop
@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
async def test_invalid_frames(make_client: MakeClient, protocol: int, size: int) -> None:
    frames = [*INVALID, *REFUSED]
    with ScriptedServer(_serving(frames, size)) as server:
        client = make_client(host=server.host, port=server.port, protocol=protocol, max_retries=0)
        nonces = Nonces()
        wrong = []
        for number, frame in enumerate(frames):
            await nonces.settle(client, 1)
            asked = [client.execute_command("GET", number), *[nonces.echo(client) for _ in range(3)]]
            async with asyncio.timeout(10 * scale.PROMPT):
                reply, *others = await asyncio.gather(*asked, return_exceptions=True)
            fine = isinstance(reply, ProtocolError)
            if not fine or not all(other is None or isinstance(other, ConnectionError) for other in others):
                wrong.append((frame, reply, *others))
            await nonces.settle(client, 3)
        assert not wrong
        assert server.connections == len(frames) + 1


@pytest.mark.one_loop
@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
async def test_what_the_parser_is_lenient_with(make_client: MakeClient, protocol: int, size: int) -> None:
    """It may be a value, if nobody else's is."""
    frames = [*LENIENT, *UNTERMINATED]
    with ScriptedServer(_serving(frames, size)) as server:
        client = make_client(host=server.host, port=server.port, protocol=protocol, max_retries=0)
        nonces = Nonces()
        for number, frame in enumerate(frames):
            asked = [client.execute_command("GET", number), *[nonces.echo(client) for _ in range(3)]]
            async with asyncio.timeout(10 * scale.PROMPT):
                _, *others = await asyncio.gather(*asked, return_exceptions=True)
            if frame in LENIENT:
                assert others == [None] * 3, frame
            else:
                assert all(isinstance(other, ConnectionError) for other in others), frame
            await nonces.settle(client, 3)
        assert server.connections == len(UNTERMINATED) + 1


LEVELS = [b"*1\r\n", b"~1\r\n", b"%1\r\n+k\r\n", b"%1\r\n", b">1\r\n", b"|1\r\n+k\r\n", b"*2\r\n:1\r\n"]


@pytest.mark.one_loop
@pytest.mark.parametrize("level", LEVELS, ids=repr)
async def test_nesting_without_end(make_client: MakeClient, protocol: int, level: bytes) -> None:
    deep = 10**6 if scale.LONG else 10**5
    frames = [level * deep, level * deep + b":1\r\n"]
    if level[:1] != b"|":  # then the reply is still to come
        frames.append(level * 1_100 + b":1\r\n")
    for size in (1 << 20, 4_099):
        with ScriptedServer(_serving(frames, size)) as server:
            client = make_client(host=server.host, port=server.port, protocol=protocol, max_retries=0)
            for number in range(len(frames)):
                with pytest.raises(ProtocolError):
                    await client.execute_command("GET", number)
                await Nonces().settle(client, 3)
            await client.aclose()


@pytest.mark.one_loop
async def test_attributes_without_end(make_client: MakeClient, protocol: int) -> None:
    """Any number of them may be in front of one reply; one that never ends is refused."""
    many = 100_000
    frames = [b"|1\r\n+k\r\n*1\r\n+v\r\n" * many + b"+reply\r\n", b"|50000\r\n" + b"+v\r\n" * many]
    with ScriptedServer(_serving(frames, 1 << 20)) as server:
        client = make_client(host=server.host, port=server.port, protocol=protocol, max_retries=0)
        assert await client.execute_command("GET", 0) == b"reply"
        await Nonces().settle(client, 3)
        with pytest.raises(ProtocolError):
            await client.execute_command("GET", 1)
        await Nonces().settle(client, 3)


@pytest.mark.one_loop
async def test_damaged_frames(make_client: MakeClient, protocol: int) -> None:
    """Whatever the bytes: every call ends, and what is delivered is what the reference parser finds.

    Behind the first thing that is no RESP there is no right or wrong, only the end of the connection.
    """
    requests = 16
    rounds = scale.FUZZ_ROUNDS // requests
    frames: list[bytes] = []

    def answer(request: Request) -> Answer:
        number, size = int(request[1]), int(request[2])
        return Sliced(frames[number], size) if number < requests - 1 else (Sliced(frames[number], size), HANG_UP)

    with ScriptedServer(Dialogue(handshake={"GET": answer})) as server:
        client = make_client(
            host=server.host, port=server.port, protocol=protocol, max_retries=0, read_timeout=10, pool_size=1
        )
        delivered = 0
        for seed in range(protocol * rounds, (protocol + 1) * rounds):
            chance = random.Random(seed)
            frames[:] = mutated(chance, requests)
            size = chance.choice([1, 2, 3, 7, 1 << 20])
            await Nonces().settle(client, 3)
            asked = [client.execute_command("GET", number, size) for number in range(requests)]
            async with asyncio.timeout(30 * scale.PROMPT):
                results = await asyncio.gather(*asked, return_exceptions=True)
            delivered += _judge(results, b"".join(frames), f"seed {seed}, slices of {size}, frames {frames}")
            # The server's hanging up may be on its way still.
            await eventually(lambda: not client.pool_stats().total, why=lambda: f"seed {seed}")  # noqa: B023  # not kept
        await Nonces().settle(client, 3)
        assert delivered > 2 * rounds


def _judge(results: list[Any], data: bytes, failure: str) -> int:
    """Compare what came with what was in the bytes; return how many values that were."""
    expected, lawful = replies(data)
    delivered = 0
    for number, result in enumerate(results):
        if isinstance(result, ConnectionError):
            assert all(isinstance(other, ConnectionError) for other in results[number:]), failure
            break
        assert not isinstance(result, TimeoutError), failure
        if number < len(expected):
            assert matches(result, expected[number]), f"{result!r} is not {expected[number]!r}: {failure}"
            delivered += 1
        else:
            assert not lawful, f"a reply that nobody sent: {result!r}, {failure}"
    return delivered


# -- strings that cannot be decoded -----------------------------------------------------------------------------------

UNDECODABLE: dict[str, tuple[Any, ...]] = {
    "string": ("ECHO", b"bad \xff"),
    "of a script": ("EVAL_RO", "return ARGV[1]", 0, b"bad \xff"),
    "status": ("EVAL_RO", "return {ok=ARGV[1]}", 0, b"bad \xff"),
    "in an array": ("EVAL_RO", "return {1, {ARGV[1]}, 'good'}", 0, b"bad \xff"),
    "in a set": ("EVAL_RO", "redis.setresp(3); return {set={[ARGV[1]]=true}}", 0, b"bad \xff"),
    "key of a map": ("EVAL_RO", "redis.setresp(3); return {map={[ARGV[1]]=1}}", 0, b"bad \xff"),
    "value of a map": ("EVAL_RO", "redis.setresp(3); return {map={a=ARGV[1]}}", 0, b"bad \xff"),
    "verbatim": (
        "EVAL_RO",
        "redis.setresp(3); return {verbatim_string={format='txt', string=ARGV[1]}}",
        0,
        b"bad \xff",
    ),
}


@pytest.mark.parametrize("size", [0, 1], ids=["whole", "bytes"])
async def test_a_string_that_cannot_be_decoded(connect: Connect, proxy: FaultProxy, protocol: int, size: int) -> None:
    client = connect(protocol=protocol, decode_responses=True, pool_size=1, max_retries=0)
    before = await client.execute_command("CLIENT", "ID")
    await proxy.set("down", slice=size)
    nonces = Nonces()
    for what, command in UNDECODABLE.items():
        pipe = client.pipeline(transaction=False)
        pipe.execute_command("ECHO", "good")
        pipe.execute_command(*command)
        pipe.execute_command("ECHO", "\N{SNOWMAN}")
        good, bad, other = await pipe.execute(raise_on_error=False)
        assert (good, other) == ("good", "\N{SNOWMAN}"), what
        assert isinstance(bad, ReplyDecodeError), what
        assert bad.raw == b"bad \xff", what
        asked = [client.execute_command(*command), *[nonces.echo(client) for _ in range(3)]]
        bad, *others = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(bad, ReplyDecodeError), what
        assert others == [None] * 3
    assert await client.execute_command("CLIENT", "ID") == before
    await nonces.settle(client, 3)


async def test_an_error_text_that_cannot_be_decoded(connect: Connect, protocol: int) -> None:
    """It is an error reply all the same."""
    client = connect(protocol=protocol, decode_responses=True, pool_size=1, max_retries=0)
    before = await client.execute_command("CLIENT", "ID")
    pipe = client.pipeline(transaction=False)
    pipe.execute_command("ECHO", "good")
    pipe.execute_command("EVAL_RO", "return {err=ARGV[1]}", 0, b"ERR bad \xff \xc3\xa6")
    pipe.execute_command("ECHO", "good")
    good, bad, other = await pipe.execute(raise_on_error=False)
    assert (good, other) == ("good", "good")
    assert isinstance(bad, ResponseError)
    assert "bad \ufffd \xe6" in str(bad)
    assert await client.execute_command("CLIENT", "ID") == before


async def test_a_transaction_with_a_string_that_cannot_be_decoded(connect: Connect, protocol: int) -> None:
    """EXEC's array is one reply, so its slots share the error; what follows does not."""
    client = connect(protocol=protocol, decode_responses=True, pool_size=1, max_retries=0)
    before = await client.execute_command("CLIENT", "ID")
    pipe = client.pipeline(transaction=True)
    pipe.execute_command("ECHO", "good")
    pipe.execute_command("ECHO", b"bad \xff")
    try:
        values = await pipe.execute(raise_on_error=False)
    except ReplyDecodeError as error:
        values = [error]
    assert [value.raw for value in values if isinstance(value, ReplyDecodeError)] == [b"bad \xff"]
    await Nonces().settle(client, 3, at_once=3)
    assert await client.execute_command("CLIENT", "ID") == before
