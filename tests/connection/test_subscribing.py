"""The connection of a subscriber, without a network: pushes, arrays that are no replies, errors before their fence."""

import asyncio
from typing import Any

import pytest

from redis_aio._connection.monitoring import MonitorLine
from redis_aio._connection.subscribing import FENCE, handlers_of
from redis_aio.exceptions import (
    AuthenticationError,
    MaxClientsError,
    NoPermissionError,
    ProtocolError,
    ReadTimeoutError,
)
from tests.connection.wire import Wire, connected, turns

pytestmark = pytest.mark.one_loop

#: What FENCE is answered: in RESP3, and in RESP2 with and without subscriptions.
PONGS = {"resp3": b"$9\r\nredis_aio\r\n", "resp2": b"*2\r\n$4\r\npong\r\n$9\r\nredis_aio\r\n"}


def frame(protocol: str, *items: bytes) -> bytes:
    """Return a push, as an array in RESP2."""
    head = b">" if protocol == "resp3" else b"*"
    return head + b"%d\r\n" % len(items) + b"".join(b"$%d\r\n%b\r\n" % (len(item), item) for item in items)


def listening(**options: Any) -> tuple[Any, Wire, list[Any]]:
    """Return a connection of a subscriber, its wire, and what came."""
    connection, wire = connected(**options)
    came: list[Any] = []
    encoding = "utf-8" if options.get("decode_responses") else None
    connection.listen(handlers_of(dict.fromkeys(("message", "subscribe"), came.extend)), lambda size: None, encoding)
    return connection, wire, came


@pytest.fixture(params=list(PONGS))
def protocol(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.mark.parametrize("step", [1, 2, 7, 10_000])
async def test_messages_and_acknowledgements_answer_no_request(protocol: str, step: int) -> None:
    connection, wire, came = listening()
    first, second = connection.send(b"one" + FENCE), connection.send(b"two" + FENCE)
    await turns()
    message = frame(protocol, b"message", b"c", b"\xff\r\n")
    acknowledged = frame(protocol, b"subscribe", b"c", b"1")
    stream = message + acknowledged * 3 + message + PONGS[protocol] + message + PONGS[protocol] + message
    for start in range(0, len(stream), step):
        wire.receive(stream[start : start + step])
    assert first.done()
    assert second.done()
    assert [push[0] for push in came] == [b"message", *[b"subscribe"] * 3, *[b"message"] * 3]
    assert came[0][2] == b"\xff\r\n"
    assert connection.idle


async def test_an_error_belongs_to_the_request_before_whose_fence_it_is(protocol: str) -> None:
    connection, wire, _ = listening()
    requests = [connection.send(b"request" + FENCE) for _ in range(3)]
    await turns()
    pong, refusal = PONGS[protocol], b"-NOPERM no permissions to access a channel\r\n"
    wire.receive(pong + refusal + pong + pong)
    values = [request.result() for request in requests]
    assert [isinstance(value, NoPermissionError) for value in values] == [False, True, False]


async def test_two_errors_before_one_fence_are_one(protocol: str) -> None:
    connection, wire, _ = listening()
    request, following = connection.send(b"request" + FENCE), connection.send(FENCE)
    await turns()
    wire.receive(b"-NOPERM first\r\n-ERR second\r\n" + PONGS[protocol] * 2)
    assert isinstance(request.result(), NoPermissionError)
    assert not isinstance(following.result(), Exception)


@pytest.mark.parametrize(
    "refusal",
    [
        b"-NOPERM User u has no permissions to run the 'ping' command\r\n",
        b"-ERR unknown command 'PING', with args beginning with: 'redis_aio' \r\n",
    ],
)
async def test_who_may_not_ping_is_answered_all_the_same(protocol: str, refusal: bytes) -> None:
    connection, wire, _ = listening()
    first, second = connection.send(b"one" + FENCE), connection.send(b"two" + FENCE)
    await turns()
    wire.receive(refusal + b"-NOPERM no permissions to access a channel\r\n" + refusal)
    assert first.result() is None
    assert "channel" in str(second.result())


AUTH = b"*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n"


@pytest.mark.parametrize("step", [1, 7, 10_000])
async def test_auth_has_its_own_answer_and_no_fence(protocol: str, step: int) -> None:
    connection, wire, came = listening()
    before, accepted, between = connection.send(b"one" + FENCE), connection.send_batch(AUTH, 1), connection.send(FENCE)
    refused, after = connection.send_batch(AUTH, 1), connection.send(b"two" + FENCE)
    await turns()
    message = frame(protocol, b"message", b"c", b"x")
    pong = PONGS[protocol]
    stream = b"-NOPERM one\r\n" + message + pong + message + b"+OK\r\n" + message + pong
    stream += b"-WRONGPASS no\r\n" + message + pong + message
    for start in range(0, len(stream), step):
        wire.receive(stream[start : start + step])
    assert isinstance(before.result(), NoPermissionError)
    assert accepted.result() == [b"OK"]
    assert between.result() == b"redis_aio"
    assert isinstance(refused.result()[0], AuthenticationError)
    assert after.result() == b"redis_aio"
    assert len(came) == 5
    assert connection.idle


async def test_auth_on_a_connection_that_monitors() -> None:
    connection, wire = connected()
    seen: list[Any] = []
    connection.listen({"monitor": seen.append}, lambda size: None, None, MonitorLine)
    monitor, auth, ping = connection.send(b"MONITOR" + FENCE), connection.send_batch(AUTH, 1), connection.send(FENCE)
    await turns()
    own = b'+1.5 [0 127.0.0.1:1] "PING" "redis_aio"\r\n'
    others = b'+1.5 [0 127.0.0.1:1] "AUTH" "(redacted)" "(redacted)"\r\n'
    wire.receive(b"+OK\r\n" + PONGS["resp3"] + own + b"+OK\r\n" + others + PONGS["resp3"] + own + own)
    assert monitor.result() == ping.result() == b"redis_aio"
    assert auth.result() == [b"OK"]
    assert [line.split()[3] for line in seen] == [b'"AUTH"', b'"PING"'], (
        "its own fences are hidden, those of others not"
    )


async def test_a_channel_named_ping_is_not_taken_for_the_fence(protocol: str) -> None:
    connection, wire, _ = listening()
    request, following = connection.send(b"request" + FENCE), connection.send(FENCE)
    await turns()
    wire.receive(b"-ERR unknown command 'SSUBSCRIBE', with args beginning with: 'ping' \r\n" + PONGS[protocol])
    assert isinstance(request.result(), Exception)
    assert not following.done()


async def test_what_cannot_be_decoded_stays_bytes(protocol: str) -> None:
    connection, wire, came = listening(decode_responses=True)
    wire.receive(frame(protocol, b"message", b"c", b"\xff") + frame(protocol, b"message", b"\xfe", "ä".encode()))
    assert came == [["message", "c", b"\xff"], ["message", b"\xfe", "ä"]]
    assert connection.usable


@pytest.mark.parametrize("forged", [b"+OK\r\n", b":1\r\n", b"$1\r\nx\r\n", b"*1\r\n:1\r\n", b"*0\r\n", b"-ERR why\r\n"])
async def test_what_is_neither_closes_the_connection(forged: bytes) -> None:
    connection, wire, _ = listening()
    wire.receive(forged)
    assert wire.aborted
    with pytest.raises(ProtocolError):
        await connection.send(FENCE)


async def test_a_server_that_turns_clients_away_says_why() -> None:
    connection, wire, _ = listening()
    wire.receive(b"-ERR max number of clients reached\r\n")
    with pytest.raises(MaxClientsError):
        await connection.send(FENCE)


async def test_a_push_of_another_kind_is_counted_and_harmless() -> None:
    connection, wire, came = listening()
    wire.receive(frame("resp3", b"moving", b"1", b"2"))
    assert connection.pushes.unclaimed == 1
    assert came == []
    assert connection.usable


async def test_half_an_array_is_waited_for(protocol: str) -> None:
    """On other connections the beginning of an array that nobody asked for is a reason to close."""
    connection, wire, came = listening(high_integrity=True)
    message = frame(protocol, b"message", b"c", b"x" * 100)
    for cut in range(1, len(message)):
        wire.receive(message[:cut])
        wire.receive(message[cut:])
    assert len(came) == len(message) - 1
    assert connection.usable


async def test_a_fence_that_is_not_answered_closes_the_connection() -> None:
    connection, wire, _ = listening()
    request = connection.send(FENCE, timeout=0.02)
    with pytest.raises(ReadTimeoutError):
        await request
    for _ in range(3):
        await asyncio.sleep(0)
    assert wire.aborted
    assert not connection.usable


async def test_messages_are_a_sign_of_life() -> None:
    """A fence behind a long row of messages is late, and nothing is wrong."""
    connection, wire, _ = listening(read_timeout=0.05)
    request = connection.send(b"request" + FENCE)
    for _ in range(10):
        await asyncio.sleep(0.02)
        wire.receive(frame("resp3", b"message", b"c", b"x"))
    wire.receive(PONGS["resp3"])
    await request
    assert connection.usable


async def test_what_comes_in_a_row_is_handed_on_together_and_in_order(protocol: str) -> None:
    connection, wire = connected()
    rows: list[Any] = []
    connection.listen(handlers_of(dict.fromkeys(("message", "subscribe"), rows.append)), lambda size: None, None)
    request = connection.send(b"request" + FENCE)
    request.add_done_callback(lambda _: None)
    await turns()
    one, two, ack = (
        frame(protocol, *items)
        for items in ((b"message", b"c", b"1"), (b"message", b"d", b"2"), (b"subscribe", b"c", b"1"))
    )
    wire.receive(one + two + ack + one + PONGS[protocol] + two + one)
    assert [[push[0] + push[2] for push in row] for row in rows] == [
        [b"message1", b"message2"],
        [b"subscribe1"],
        [b"message1"],
        [b"message2", b"message1"],
    ]
    assert request.done()


async def test_what_came_before_a_violation_is_delivered(protocol: str) -> None:
    connection, wire, came = listening()
    wire.receive(frame(protocol, b"message", b"c", b"1") * 3 + b":1\r\n")
    assert len(came) == 3
    assert wire.aborted
    assert not connection.usable
