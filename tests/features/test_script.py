"""Scripts: called by their digest, sent where the server does not know them, everywhere and whatever happens."""

import asyncio
import hashlib
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from redis_aio import Redis, Script
from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._command.script import SCRIPTS_KEPT, ScriptCall, ScriptText, give_texts
from redis_aio._command.spec import Effect
from redis_aio.exceptions import ConnectionError, NoScriptError, OutcomeUnknownError, RedisError, ResponseError
from redis_aio.hooks import Hook, NextBatch, NextCommand
from redis_aio.testing import RedisServer
from tests.conftest import MakeClient
from tests.support.proxy import FaultProxy
from tests.support.server import Program

pytestmark = pytest.mark.one_loop

ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])"
LOOK = "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])"


class Sent(Hook):
    """Notes the names of what is sent: of single commands, and of batches in a list."""

    def __init__(self) -> None:
        self.names: list[Any] = []

    async def on_command(self, command: Command[Any], call_next: NextCommand) -> Any:
        self.names.append(command.name)
        return await call_next(command)

    async def on_batch(self, batch: Batch, call_next: NextBatch) -> list[Any]:
        self.names.append([command.name for command in batch.commands])
        return await call_next(batch)


@pytest.fixture
def _forgotten(server: RedisServer) -> None:
    server.command("SCRIPT", "FLUSH", "SYNC")


@pytest.fixture
def sent(client: Redis[bytes], _forgotten: None) -> Sent:
    """What the client sends; the server knows no script."""
    hook = Sent()
    client.add_hook(hook)
    return hook


# -- one call ---------------------------------------------------------------------------------------------------------


async def test_unknown_scripts_cost_one_more_round_trip(client: Redis[bytes], sent: Sent) -> None:
    script = client.register_script(ADD)
    assert sent.names == []
    assert await script(["n"], [5]) == 5
    assert sent.names == ["EVALSHA", "EVAL"]
    assert await script(["n"], [5]) == 10
    assert sent.names == ["EVALSHA", "EVAL", "EVALSHA"]


async def test_what_a_script_knows_of_itself(client: Redis[bytes]) -> None:
    script = client.register_script("return 1")
    assert script.sha == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"
    assert script.script == "return 1"
    assert script.registered_client is client
    assert "return" not in repr(script)
    assert Script(client, b"return 1").sha == script.sha
    assert await Script(client, memoryview(b"return 1"))() == 1


async def test_keys_and_arguments(client: Redis[bytes], sent: Sent) -> None:
    script = client.register_script("return {#KEYS, #ARGV, KEYS[1] or '', ARGV[1] or ''}")
    assert await script() == [0, 0, b"", b""]
    assert await script("key", "argument") == [1, 1, b"key", b"argument"]
    assert await script(["a", "b"], (n for n in range(3))) == [2, 3, b"a", b"0"]
    assert await script(keys=[], args=[b"\xff"]) == [0, 1, b"", b"\xff"]


async def test_on_another_client(client: Redis[bytes], make_client: MakeClient, sent: Sent) -> None:
    other = make_client(decode_responses=True)
    script = client.register_script("return ARGV[1]")
    assert await script(args=["x"], client=other) == "x"
    assert sent.names == []
    async with client.connection() as connection:
        assert await script(args=["x"], client=connection) == b"x"


@pytest.mark.usefixtures("_forgotten")
async def test_texts_that_are_not_ascii(make_client: MakeClient, protocol: int) -> None:
    text = "return '\u00e6'"
    utf8 = make_client(protocol=protocol)
    latin = make_client(protocol=protocol, encoding="latin-1")
    assert utf8.register_script(text).sha == hashlib.sha1(text.encode()).hexdigest()
    assert latin.register_script(text).sha == hashlib.sha1(text.encode("latin-1")).hexdigest()
    assert await utf8.register_script(text)() == b"\xc3\xa6"
    assert await latin.register_script(text)() == b"\xe6"
    assert await utf8.register_script(b"return '\xe6'")() == b"\xe6"


async def test_parse(client: Redis[bytes], sent: Sent) -> None:
    pair = client.register_script("return {ARGV[1], 7}", parse=tuple)
    assert await pair(args=["x"]) == (b"x", 7)
    async with client.pipeline(transaction=False) as pipe:
        pair(args=["y"], client=pipe)
        pipe.echo("between")
        await pair(args=["z"], client=pipe)
        assert await pipe.execute() == [(b"y", 7), b"between", (b"z", 7)]


async def test_what_parse_raises_is_its_callers_and_executes_nothing_again(client: Redis[bytes], sent: Sent) -> None:
    def parse(reply: Any) -> Any:
        raise ConnectionError("no connection of ours")

    script = client.register_script(ADD, parse=parse, idempotent=True)
    with pytest.raises(ConnectionError, match="no connection of ours"):
        await script(["n"], [1])
    assert await client.get("n") == b"1"


@pytest.mark.usefixtures("_forgotten")
async def test_callbacks_of_evalsha(client: Redis[bytes]) -> None:
    """As in redis-py: a script's own ``parse`` comes first, then what was set for the command."""
    plain = client.register_script("return ARGV[1]")
    parsed = client.register_script("return ARGV[1]", parse=len)
    client.set_response_callback("EVALSHA", lambda reply: (reply,))
    async with client.connection() as connection, client.pipeline() as watching:
        await watching.watch("k")
        for own in (client, connection, watching):
            assert await plain(args=["x"], client=own) == (b"x",)
            assert await parsed(args=["x"], client=own) == 1
    pipe = client.pipeline()
    plain(args=["x"], client=pipe)
    parsed(args=["x"], client=pipe)
    assert await pipe.execute() == [(b"x",), 1]


async def test_errors_of_the_script(client: Redis[bytes], sent: Sent) -> None:
    with pytest.raises(ResponseError, match="MINE") as caught:
        await client.register_script("return redis.error_reply('MINE own')")()
    assert caught.value.__context__ is None
    with pytest.raises(ResponseError, match="compiling"):
        await client.register_script("this is no Lua")()


# -- effects ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options", "name", "effect"),
    [
        ("return 1", {}, "EVALSHA", Effect.ACCUMULATING),
        ("return 1", {"idempotent": True}, "EVALSHA", Effect.IDEMPOTENT),
        ("return 1", {"readonly": True}, "EVALSHA_RO", Effect.READ),
        ("return 1", {"readonly": True, "idempotent": True}, "EVALSHA_RO", Effect.READ),
        ("#!lua flags=no-writes\nreturn 1", {}, "EVALSHA_RO", Effect.READ),
        ("#!lua flags=allow-stale,no-writes\nreturn 1", {}, "EVALSHA_RO", Effect.READ),
        ("#!lua name=x flags=no-writes\n", {}, "EVALSHA_RO", Effect.READ),
        ("#!lua flags=no-writes\nreturn 1", {"readonly": False}, "EVALSHA", Effect.ACCUMULATING),
        ("#!lua flags=allow-oom\nreturn 1", {}, "EVALSHA", Effect.ACCUMULATING),
        ("#!lua flags=no-writes-at-all\nreturn 1", {}, "EVALSHA", Effect.ACCUMULATING),
        ("-- flags=no-writes\nreturn 1", {}, "EVALSHA", Effect.ACCUMULATING),
        ("\n#!lua flags=no-writes\nreturn 1", {}, "EVALSHA", Effect.ACCUMULATING),
        ("", {}, "EVALSHA", Effect.ACCUMULATING),
    ],
)
def test_what_may_be_sent_again(text: str, options: Any, name: str, effect: Effect) -> None:
    class Caller:
        def _run_script(self, call: ScriptCall, parse: Any) -> Any:
            return call

    call: Any = Script(Caller(), text, **options)(["k"], ["a"])
    assert (call.name, call.effect) == (name, effect)
    full = call.with_text()
    assert (full.name, full.effect) == (name.replace("SHA", ""), effect)
    assert (full.args, call.args[1:]) == ((text.encode(), 1, "k", "a"), (1, "k", "a"))


async def test_readonly_scripts(client: Redis[bytes], sent: Sent, server: RedisServer) -> None:
    if server.version < (7,):
        pytest.skip("EVAL_RO is new in 7.0")
    await client.set("k", "v")
    assert await client.register_script(LOOK)(["k"]) == b"v"
    assert await client.register_script("return redis.call('GET', KEYS[1])", readonly=True)(["k"]) == b"v"
    assert sent.names == ["SET", "EVALSHA_RO", "EVAL_RO", "EVALSHA_RO", "EVAL_RO"]
    with pytest.raises(ResponseError, match="Write commands are not allowed"):
        await client.register_script("return redis.call('DEL', KEYS[1])", readonly=True)(["k"])
    assert await client.get("k") == b"v"


@pytest.mark.parametrize("idempotent", [False, True])
async def test_a_lost_reply(idempotent: bool, server: RedisServer, protocol: int, clean: None) -> None:
    """Unless it is declared idempotent, a script is never executed twice."""
    async with (
        FaultProxy(server.host, server.port) as proxy,
        Redis(host=proxy.host, port=proxy.port, protocol=protocol, min_retry_backoff=0.001) as client,
    ):
        script = client.register_script(ADD, idempotent=idempotent)
        assert await script(["n"], [1]) == 1
        await proxy.set("down", cut_after=1, existing_only=True)
        if idempotent:
            assert await script(["n"], [1]) == 3
        else:
            with pytest.raises(OutcomeUnknownError, match="EVALSHA was sent"):
                await script(["n"], [1])
            assert await client.get("n") == b"2"


# -- pipelines and transactions ---------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("transaction", [False, True], ids=["pipeline", "transaction"])


@BOTH
async def test_many_calls_in_one_batch(transaction: bool, client: Redis[bytes], sent: Sent) -> None:
    """The first call of each script brings its text, the others are understood; nothing else is sent."""
    add, look = client.register_script(ADD), client.register_script("return redis.call('GET', KEYS[1])")
    for _ in range(2):
        await client.delete("n")
        sent.names.clear()
        async with client.pipeline(transaction=transaction) as pipe:
            assert await add(["n"], [1], client=pipe) is pipe
            pipe.incr("n")
            look(["n"], client=pipe)
            add(["n"], [3], client=pipe)
            look(["n"], client=pipe)
            assert await pipe.execute() == [1, 2, b"2", 5, b"5"]
            assert sent.names == [["EVAL", "INCRBY", "EVAL", "EVALSHA", "EVALSHA"]]
            pipe.get("n")
            assert await pipe.execute() == [b"5"]


@BOTH
async def test_a_flush_in_the_batch_itself(transaction: bool, client: Redis[bytes], sent: Sent) -> None:
    add = client.register_script(ADD)
    pipe = client.pipeline(transaction=transaction)
    add(["n"], [1], client=pipe)
    pipe.script_flush()
    add(["n"], [1], client=pipe)
    pipe.execute_command("script", "flush")
    add(["n"], [1], client=pipe)
    assert await pipe.execute() == [1, True, 2, b"OK", 3]


@BOTH
async def test_many_scripts_in_one_batch(transaction: bool, client: Redis[bytes], sent: Sent) -> None:
    """Servers keep the last 500 scripts that EVAL brought, and forget the others."""
    pipe = client.pipeline(transaction=transaction)
    scripts = [client.register_script(f"return {n}") for n in range(SCRIPTS_KEPT + 2)]
    for script in [*scripts, *scripts]:
        script(client=pipe)
    for n in range(600):
        pipe.eval(f"return -{n}", 0)
    scripts[0](client=pipe)
    values = await pipe.execute()
    assert values == [*range(len(scripts)), *range(len(scripts)), *(-n for n in range(600)), 0]
    assert sent.names[0][-1] == "EVAL"


@BOTH
async def test_a_flush_by_somebody_else(transaction: bool, client: Redis[bytes], server: RedisServer) -> None:
    """While another connection flushes all the time, every call is executed once; transactions keep the order too."""
    add = client.register_script(ADD)
    rounds, calls = 40, 25
    for round_ in range(rounds):
        pipe = client.pipeline(transaction=transaction)
        for _ in range(calls):
            add(["n"], [1], client=pipe)
        flushes = [asyncio.ensure_future(client.script_flush()) for _ in range(5)]
        values = await pipe.execute()
        await asyncio.gather(*flushes)
        start = round_ * calls
        if transaction:
            assert values == list(range(start + 1, start + calls + 1))
        else:
            assert sorted(values) == list(range(start + 1, start + calls + 1))
    assert await client.get("n") == str(rounds * calls).encode()


class FlushBetween(Hook):
    """Has the server forget its scripts in the middle of a batch, as somebody else could."""

    async def on_batch(self, batch: Batch, call_next: NextBatch) -> list[Any]:
        middle = len(batch) // 2
        if middle < 2:
            return await call_next(batch)
        first = await call_next(Batch(batch.commands[:middle]))
        await call_next(Batch([Command("SCRIPT FLUSH", "SYNC")]))
        return first + await call_next(Batch(batch.commands[middle:]))


@pytest.mark.usefixtures("_forgotten")
async def test_what_was_flushed_in_the_middle_is_sent_again(client: Redis[bytes]) -> None:
    client.add_hook(FlushBetween())
    sent = Sent()
    client.add_hook(sent)
    add = client.register_script(ADD, parse=str)
    pipe = client.pipeline(transaction=False)
    for n in range(4):
        add(["n"], [10**n], client=pipe)
    pipe.get("n")
    add(["n"], [10**4], client=pipe)
    # The GET comes before the calls that had to be sent again: the one thing that a pipeline does not promise.
    assert await pipe.execute() == ["1", "11", "111", "1111", b"111", "11111"]
    assert sent.names[-1] == ["EVAL", "EVAL"]


async def test_an_error_that_only_looks_like_it(client: Redis[bytes], sent: Sent) -> None:
    """A script may answer with the codes of errors that mean, from the server, that nothing was executed."""
    for code in ("NOSCRIPT", "NOSCRIPT No matching script", "TRYAGAIN", "LOADING", "READONLY", "CLUSTERDOWN"):
        await client.delete("n")
        odd = client.register_script(f"redis.call('INCR', 'n'); return {{err='{code} of my own'}}")
        await client.script_load(odd.script)
        with pytest.raises(RedisError, match="of my own"):
            await odd()
        assert await client.get("n") == b"1"
        pipe = client.pipeline(transaction=False)
        odd(client=pipe)
        odd(client=pipe)
        values = await pipe.execute(raise_on_error=False)
        assert [type(value) for value in values] == [type(values[0])] * 2
        assert await client.get("n") == b"3"


async def test_watching(client: Redis[bytes], sent: Sent) -> None:
    """What is called while watching is executed at once; what is queued goes with the transaction."""
    look = client.register_script("return redis.call('GET', KEYS[1])", parse=lambda reply: int(reply or 0))
    add = client.register_script(ADD)
    await client.set("n", 5)
    sent.names.clear()
    async with client.pipeline() as pipe:
        await pipe.watch("n")
        assert await look(["n"], client=pipe) == 5  # type: ignore[comparison-overlap]  # while watching it is no queue
        pipe.multi()
        add(["n"], [1], client=pipe)
        add(["n"], [1], client=pipe)
        look(["n"], client=pipe)
        assert await pipe.execute() == [6, 7, 7]
    assert sent.names == ["WATCH", "EVALSHA", "EVAL", ["EVAL", "EVALSHA", "EVAL"]]


async def test_registered_on_a_pipeline(client: Redis[bytes], sent: Sent) -> None:
    pipe = client.pipeline()
    script = pipe.register_script(ADD)
    assert script.registered_client is pipe
    await script(["n"], [1])
    await script(["n"], [1])
    assert await pipe.execute() == [1, 2]


async def test_given_up_pipelines_forget_their_scripts(client: Redis[bytes], sent: Sent) -> None:
    parsed = client.register_script("return 1", parse=str)
    pipe = client.pipeline()
    parsed(client=pipe)
    await pipe.reset()
    pipe.set("k", "v")
    assert await pipe.execute() == [True]
    assert sent.names == [["SET"]]


async def test_queued_while_another_batch_is_executed(client: Redis[bytes], sent: Sent) -> None:
    parsed = client.register_script("return 1", parse=str)
    pipe = client.pipeline(transaction=False)
    parsed(client=pipe)
    first = asyncio.ensure_future(pipe.execute())
    await asyncio.sleep(0)  # the first batch is on its way
    parsed(client=pipe)
    pipe.execute_command("ECHO", "2", parse=int)
    assert await first == ["1"]
    assert await pipe.execute() == ["1", 2]
    assert sent.names == [["EVAL"], ["EVAL", "ECHO"]]


@BOTH
async def test_errors_in_a_batch(transaction: bool, client: Redis[bytes], sent: Sent) -> None:
    bad, good = client.register_script("no Lua"), client.register_script("return 1")
    pipe = client.pipeline(transaction=transaction)
    bad(client=pipe)
    bad(client=pipe)
    good(client=pipe)
    values = await pipe.execute(raise_on_error=False)
    assert [type(value) for value in values] == [ResponseError, NoScriptError if transaction else ResponseError, int]
    bad(client=pipe)
    with pytest.raises(ResponseError, match=r"Command # 1 \(EVALSHA\) of pipeline caused error: .*compiling"):
        await pipe.execute()


def test_the_text_goes_with_the_first_call() -> None:
    one, two = ScriptText(b"return 1"), ScriptText(b"return 2", readonly=True)
    scripts = [one, two, one, None, one, one]
    calls = {index: ScriptCall(script, [], []) for index, script in enumerate(scripts) if script}
    batch = Batch([calls.get(index, Command("SCRIPT FLUSH")) for index in range(6)])
    by_digest = give_texts(batch, calls)
    assert list(by_digest) == [2, 5]
    assert [spec.name for spec in batch.specs] == ["EVAL", "EVAL_RO", "EVALSHA", "SCRIPT FLUSH", "EVAL", "EVALSHA"]


# -- restarts, cancellation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("face", ["client", "pipeline", "transaction"])
async def test_a_restart(face: str, server_program: Program, protocol: int) -> None:
    """What a server forgot with its restart is sent again, without anybody noticing."""
    with server_program.server() as server:
        async with Redis(host=server.host, port=server.port, protocol=protocol) as client:
            add = client.register_script(ADD)

            async def call() -> Any:
                if face == "client":
                    return await add(["n"], [1])
                pipe = client.pipeline(transaction=face == "transaction")
                add(["n"], [1], client=pipe)
                add(["n"], [1], client=pipe)
                return await pipe.execute()

            first = await call()
            assert await client.script_exists(add.sha) == [True]
            server.kill()
            server.restart()
            deadline = asyncio.get_running_loop().time() + 10
            while True:
                try:
                    assert await client.script_exists(add.sha) == [False]
                    break
                except ConnectionError:
                    assert asyncio.get_running_loop().time() < deadline
            assert await call() == first
            assert await client.script_exists(add.sha) == [True]


async def cancelled_after(ticks: int, call: Callable[[], Any]) -> bool:
    """Cancel a call after some turns of the event loop; return whether it had not ended by itself."""
    task = asyncio.ensure_future(call())
    for _ in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


@pytest.mark.parametrize("face", ["client", "pipeline", "transaction"])
async def test_cancelled_at_any_time(face: str, client: Redis[bytes], server: RedisServer) -> None:
    """A cancelled call is executed once or not at all, and the neighbours get what is theirs."""
    add = client.register_script(ADD)

    async def call() -> Any:
        server.command("SCRIPT", "FLUSH")
        if face == "client":
            return await add(["n"], [1])
        pipe = client.pipeline(transaction=face == "transaction")
        add(["n"], [1], client=pipe)
        return await pipe.execute()

    last, given_ups = 0, 0
    given_up = True
    for ticks in chain(range(40), (2**n for n in range(6, 20))):  # the later ones: until it is not cancelled any more
        if ticks >= 40 and not given_up:
            break
        given_up = await cancelled_after(ticks, call)
        now = int(await client.get("n") or 0)
        assert now - last in ((0, 1) if given_up else (1,))
        given_ups += given_up
        last = now
        assert await client.echo(f"nonce {ticks}") == f"nonce {ticks}".encode()
    assert given_ups
    assert not given_up
