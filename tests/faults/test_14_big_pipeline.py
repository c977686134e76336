"""Row 14: a big pipeline, big values or a slow link blow up the memory, freeze the loop or never come to an end.

Injected: pipelines of hundreds of thousands of commands, directly and through a proxy of limited bandwidth; values of
ten megabytes; a server that hangs up on clients that do not read; peers with small buffers, and one that reads nothing
while it has something to say.

Passing: it completes, with every value right; the process grows by no more than a fifth over what travels, and where
that is only sent, by what may be on its way at a time; the loop goes on turning. Growth is that of the resident memory
at its peak, over the moment when all was queued: the commands themselves are the caller's. Each pipeline runs in a
process of its own (tests/support/pipeline_process), so that nothing else is measured.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from redis_aio.testing import RedisServer
from tests.support import scale
from tests.support.oracles import Address
from tests.support.pipeline_process import MEASURABLE, Figures
from tests.support.proxy import FaultProxy
from tests.support.scripted import Dialogue, ScriptedServer, bulk

MEGABYTE = 1_000_000
#: The commands of a pipeline of small values, and of one whose replies are a hundred times larger.
SETS, GETS = (scale.PIPELINE_COMMANDS, scale.PIPELINE_COMMANDS) if scale.LONG else (200_000, 100_000)
VALUE = 10 * MEGABYTE
#: What a process may grow by whatever it sends.
BASE = 64 * MEGABYTE
#: Seconds without a turn of the loop, not counting those in which the machine had no CPU for it.
STALL = 0.1

pytestmark = pytest.mark.skipif(not MEASURABLE, reason="this system does not tell a process' peak of memory")
both_loops = pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
one_loop = both_loops if scale.LONG else pytest.mark.parametrize("kind", ["uvloop"])


def run(kind: str, address: Address, scenario: str, count: int, size: int) -> Figures:
    """Run a pipeline in a process of its own; check what holds of every one, and return its figures."""
    arguments = map(str, (kind, address.host, address.port, scenario, count, size))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.pipeline_process", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600 if scale.LONG else 60,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]
    figures = Figures(**json.loads(done.stdout))
    assert figures.right == count
    assert figures.growth <= 1.2 * figures.payload + BASE, figures
    assert max(figures.gap, figures.busy) < STALL, figures
    return figures


@pytest.fixture
def proxy_now(server: RedisServer, clean: None) -> Iterator[FaultProxy]:
    """A proxy for tests without a loop."""
    with FaultProxy(server.host, server.port) as running:
        yield running


@pytest.fixture
def impatient_server(private_server: RedisServer) -> RedisServer:
    """A server that hangs up on a client as soon as it has not read 16 MB."""
    private_server.command("CONFIG", "SET", "client-output-buffer-limit", "normal 16mb 0 0")
    return private_server


# -- what is sent -----------------------------------------------------------------------------------------------------


@both_loops
def test_many_commands(server: RedisServer, clean: None, kind: str) -> None:
    figures = run(kind, server, "sets", SETS, 8)
    assert figures.queued > figures.payload, "the commands were not there yet: the growth would be theirs"


@one_loop
def test_a_large_transaction(server: RedisServer, clean: None, kind: str) -> None:
    """EXEC has one reply, which is one piece of work: a transaction that is larger still stalls the loop longer."""
    run(kind, server, "transaction", 50_000, 8)


@one_loop
def test_many_commands_on_a_slow_link(proxy_now: FaultProxy, kind: str) -> None:
    proxy_now.set_now("up", bandwidth=scale.PIPELINE_BANDWIDTH)
    run(kind, proxy_now, "sets", SETS, 8)


@both_loops
def test_large_values(server: RedisServer, clean: None, kind: str) -> None:
    """They go out one after the other, as the server takes them: not all of them in one piece."""
    figures = run(kind, server, "sets", max(20, scale.PIPELINE_VALUES), VALUE)
    assert figures.growth <= BASE + 4 * VALUE, figures


@one_loop
def test_large_values_on_a_slow_link(proxy_now: FaultProxy, kind: str) -> None:
    """The link needs longer for them than ``read_timeout`` and ``write_timeout``: what moves is not late."""
    proxy_now.set_now("up", bandwidth=scale.PIPELINE_BANDWIDTH)
    figures = run(kind, proxy_now, "sets", 50 if scale.LONG else 7, VALUE)
    assert figures.seconds > 3.0
    assert figures.growth <= BASE + 4 * VALUE, figures


# -- what comes back --------------------------------------------------------------------------------------------------


@both_loops
def test_replies_are_read_while_commands_are_written(impatient_server: RedisServer, kind: str) -> None:
    run(kind, impatient_server, "gets", GETS, 1_000)


@one_loop
def test_replies_on_a_slow_link(impatient_server: RedisServer, kind: str) -> None:
    """No more is asked for than the server may keep: it does not know how slow the link is that its replies take."""
    with FaultProxy(impatient_server.host, impatient_server.port) as proxy:
        proxy.set_now("down", bandwidth=2 * scale.PIPELINE_BANDWIDTH)
        run(kind, proxy, "gets", GETS // 3, 1_000)


# -- both ways at once ------------------------------------------------------------------------------------------------


@one_loop
def test_both_ways_through_small_buffers(server: RedisServer, clean: None, kind: str) -> None:
    with FaultProxy(server.host, server.port, socket_buffer=65536) as proxy:
        run(kind, proxy, "both", 100 if not scale.LONG else 400, MEGABYTE)


@both_loops
def test_both_ways_with_a_peer_that_does_one_at_a_time(kind: str) -> None:
    """It reads nothing while a reply of its own is not taken: who only writes waits for it for ever, and it for him."""
    answers = {"SET": b"+OK\r\n", "GET": bulk(bytes(MEGABYTE))}
    with ScriptedServer(Dialogue(handshake=answers)) as peer:
        run(kind, peer, "both", 100 if not scale.LONG else 400, MEGABYTE)
        assert not peer.surprises
