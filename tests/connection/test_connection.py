"""The connection's invariants, on a wire without a network."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hiredis import PushNotification

from redis_aio import exceptions
from redis_aio._connection.connection import CROWDED_REQUESTS, LARGE_REPLY, ConnectionState
from redis_aio._connection.inflight import BatchInterrupted
from tests.connection.wire import connected, turns

PING = b"*1\r\n$4\r\nPING\r\n"
GET = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
INCR = b"*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n"


async def test_a_lone_request_is_written_at_once() -> None:
    connection, wire = connected()
    reply = connection.send(PING)
    assert wire.writes == [PING]
    wire.receive(b"+PONG\r\n")
    assert await reply == b"PONG"
    assert connection.idle


async def test_requests_of_one_turn_travel_in_one_write() -> None:
    connection, wire = connected()
    first = connection.send(PING)
    others = [connection.send(GET) for _ in range(5)]
    assert wire.writes == [PING]
    await turns()
    assert wire.writes == [PING, GET * 5]
    wire.receive(b"+PONG\r\n" + b"".join(b"$1\r\n%d\r\n" % n for n in range(5)))
    assert await first == b"PONG"
    assert [await other for other in others] == [b"%d" % n for n in range(5)]


async def test_as_many_requests_as_callers_were_woken_are_written_without_waiting_for_the_turn() -> None:
    connection, wire = connected()
    replies = [connection.send(PING) for _ in range(3)]
    await turns()
    wire.receive(b"+PONG\r\n" * 3)
    await asyncio.gather(*replies)
    before = len(wire.writes)
    connection.send(GET)
    connection.send(GET)
    assert len(wire.writes) == before
    connection.send(GET)
    assert wire.writes[before:] == [GET * 3]


async def test_what_is_cancelled_before_the_flush_is_never_written() -> None:
    connection, wire = connected()
    first = connection.send(PING)
    doomed = connection.send(INCR)
    last = connection.send(GET)
    doomed.cancel()
    await turns()
    assert wire.written == PING + GET
    wire.receive(b"+PONG\r\n$1\r\nv\r\n")
    assert (await first, await last) == (b"PONG", b"v")


async def test_what_is_cancelled_after_the_flush_swallows_its_reply() -> None:
    connection, wire = connected()
    doomed = connection.send(INCR)
    next_one = connection.send(GET)
    await turns()
    doomed.cancel()
    wire.receive(b":1\r\n$1\r\nv\r\n")
    assert await next_one == b"v"
    assert connection.idle
    assert connection.state is ConnectionState.READY


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_replies_may_come_in_any_slices(size: int) -> None:
    connection, wire = connected()
    replies = [connection.send(GET), connection.send_batch(GET * 2, 2), connection.send(GET)]
    await turns()
    stream = b"$5\r\nhello\r\n*2\r\n:1\r\n$-1\r\n-ERR no\r\n_\r\n"
    for start in range(0, len(stream), size):
        wire.receive(stream[start : start + size])
    hello, batch, nothing = [await reply for reply in replies]
    assert hello == b"hello"
    assert batch[0] == [1, None]
    assert isinstance(batch[1], exceptions.ResponseError)
    assert nothing is None


async def test_pushes_go_to_their_handlers_and_shift_nothing() -> None:
    connection, wire = connected()
    seen: list[Any] = []
    connection.pushes.register("message", seen.append)
    reply = connection.send(GET)
    batch = connection.send_batch(GET * 2, 2)
    await turns()
    push = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n"
    wire.receive(push + b"$1\r\na\r\n" + push + b"$1\r\nb\r\n" + push + b"$1\r\nc\r\n" + push + b">1\r\n+other\r\n")
    assert await reply == b"a"
    assert await batch == [b"b", b"c"]
    assert seen == [PushNotification([b"message", b"c", b"m"])] * 4
    assert connection.pushes.unclaimed == 1


async def test_the_pieces_of_a_batch_are_written_at_once_and_nothing_comes_between() -> None:
    connection, wire = connected()
    before = [connection.send(PING), connection.send(GET)]
    made: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            made.append(len(wire.writes))
            yield INCR
            assert wire.writes[-1] == INCR  # it is written before the next is made
            assert number + 1 == len(made)

    batch = connection.send_batch(GET, 4, more=pieces())
    after = connection.send(PING)
    assert wire.written == PING + GET + GET + INCR * 3
    await turns()
    assert wire.written == PING + GET + GET + INCR * 3 + PING
    wire.receive(b"+PONG\r\n$1\r\na\r\n" + b"$1\r\nb\r\n:1\r\n:2\r\n:3\r\n" + b"+PONG\r\n")
    assert [await reply for reply in before] == [b"PONG", b"a"]
    assert await batch == [b"b", 1, 2, 3]
    assert await after == b"PONG"


async def test_a_batch_that_is_interrupted_between_its_pieces_ends_the_connection() -> None:
    """Half a batch is on the wire: what came next would be taken for the rest of it."""
    connection, _ = connected()
    first = connection.send(PING)

    def pieces() -> Iterator[bytes]:
        yield INCR
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        connection.send_batch(GET, 3, more=pieces())
    assert connection.state is ConnectionState.CLOSED
    with pytest.raises(exceptions.ConnectionError, match="not written to its end") as lost:
        await first
    assert lost.value.written


async def test_a_batch_on_a_closed_connection_makes_no_pieces() -> None:
    connection, _ = connected()
    connection.close()
    more = iter([INCR])
    batch = connection.send_batch(GET, 2, more=more)
    with pytest.raises(BatchInterrupted) as interrupted:
        await batch
    assert isinstance(interrupted.value.cause, exceptions.ConnectionError)
    assert not interrupted.value.cause.written
    assert list(more) == [INCR]


@pytest.mark.parametrize("size", [1, 3, 20, 1000])
@pytest.mark.parametrize("raws", [None, [False] * 4])
async def test_pushes_and_what_cannot_be_decoded_within_a_batch(size: int, raws: list[bool] | None) -> None:
    """What came before the reply that raises is kept, and pushes go their way, in their order."""
    connection, wire = connected(decode_responses=True)
    seen: list[Any] = []
    connection.pushes.register("message", seen.append)
    batch = connection.send_batch(GET * 4, 4, raws)
    last = connection.send(GET)
    await turns()

    def push(text: bytes) -> bytes:
        return b">3\r\n+message\r\n+c\r\n+%b\r\n" % text

    stream = push(b"1") + b"$1\r\na\r\n" + push(b"2") + b"$1\r\n\xff\r\n$1\r\nb\r\n" + push(b"3") + push(b"4")
    stream += b"$1\r\nc\r\n" + push(b"5") + b"$1\r\nd\r\n"
    for start in range(0, len(stream), size):
        wire.receive(stream[start : start + size])
    a, bad, b, c = await batch
    assert (a, b, c, await last) == ("a", "b", "c", "d")
    assert isinstance(bad, exceptions.ReplyDecodeError)
    assert [message[2] for message in seen] == ["1", "2", "3", "4", "5"]


async def test_a_push_handler_that_raises_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    connection, wire = connected()

    def broken(_push: list[Any]) -> None:
        raise ValueError("secret value")

    connection.pushes.register("message", broken)
    reply = connection.send(GET)
    wire.receive(b">2\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\na\r\n")
    assert await reply == b"a"
    assert "a push handler failed" in caplog.text


async def test_a_reply_that_nobody_asked_for_closes_the_connection() -> None:
    connection, wire = connected()
    wire.receive(b"+FAKE\r\n")
    assert wire.aborted
    assert connection.state is ConnectionState.CLOSED
    with pytest.raises(exceptions.ConnectionError) as failure:
        await connection.send(GET)
    assert not failure.value.written


async def test_what_a_reply_is_followed_by_without_request_closes_the_connection_too() -> None:
    connection, wire = connected()
    reply = connection.send(GET)
    wire.receive(b"$1\r\na\r\n+FAKE\r\n")
    assert await reply == b"a"
    assert wire.aborted


async def test_an_illegal_frame_fails_what_is_in_flight_and_says_it_was_written() -> None:
    connection, wire = connected()
    written = connection.send(INCR)
    waiting = connection.send(GET)
    wire.receive(b"?what\r\n")
    with pytest.raises(exceptions.ProtocolError) as first:
        await written
    with pytest.raises(exceptions.ProtocolError) as second:
        await waiting
    assert (first.value.written, second.value.written) == (True, False)
    assert wire.written == INCR


async def test_an_undecodable_string_fails_its_caller_only() -> None:
    connection, wire = connected(decode_responses=True)
    good, bad, batch, last = (
        connection.send(GET),
        connection.send(GET),
        connection.send_batch(GET * 2, 2),
        connection.send(GET),
    )
    await turns()
    wire.receive(b"$1\r\na\r\n$2\r\n\xff\xfe\r\n$1\r\nb\r\n$1\r\n\xff\r\n$1\r\nc\r\n")
    assert await good == "a"
    error = await bad
    assert isinstance(error, exceptions.ReplyDecodeError)
    assert error.raw == b"\xff\xfe"
    first, second = await batch
    assert first == "b"
    assert isinstance(second, exceptions.ReplyDecodeError)
    assert await last == "c"
    assert "\\xff" not in repr(error)


async def test_raw_replies_are_not_decoded() -> None:
    connection, wire = connected(decode_responses=True)
    raw, decoded = connection.send(GET, raw=True), connection.send(GET)
    batch = connection.send_batch(GET * 2, 2, [False, True])
    await turns()
    wire.receive(b"$1\r\n\xff\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\n\xff\r\n")
    assert (await raw, await decoded, await batch) == (b"\xff", "b", ["c", b"\xff"])


async def test_a_lost_connection_hands_over_the_replies_that_came() -> None:
    connection, wire = connected()
    batch = connection.send_batch(GET * 3, 3)
    wire.receive(b"$1\r\na\r\n")
    connection.connection_lost(ConnectionResetError())
    with pytest.raises(BatchInterrupted) as interrupted:
        await batch
    assert interrupted.value.replies == [b"a"]
    assert isinstance(interrupted.value.cause, exceptions.ConnectionError)
    assert interrupted.value.cause.written


# -- time -------------------------------------------------------------------------------------------------------------


async def test_a_late_reply_fails_its_caller_and_is_swallowed_when_it_comes() -> None:
    connection, wire = connected(read_timeout=0.05)
    late = connection.send(INCR)
    patient = connection.send(GET, timeout=None)
    with pytest.raises(exceptions.ReadTimeoutError) as failure:
        await late
    assert failure.value.written
    assert connection.state is ConnectionState.RETIRED
    wire.receive(b":1\r\n$1\r\nv\r\n")
    assert await patient == b"v"


async def test_a_silent_connection_is_closed_when_its_last_caller_has_given_up() -> None:
    connection, wire = connected(read_timeout=0.05)
    both = [connection.send(INCR), connection.send(GET)]
    errors = await asyncio.gather(*both, return_exceptions=True)
    assert all(isinstance(error, exceptions.ReadTimeoutError) for error in errors)
    assert wire.aborted


async def test_each_reply_is_due_when_it_is_due_for_its_turn() -> None:
    connection, wire = connected(read_timeout=10)
    sent: dict[asyncio.Future[Any], float] = {}
    patient = connection.send(PING, timeout=None)  # written at once, with a bound of its own
    for _ in range(3):
        now = connection.loop.time()
        sent.update((connection.send(GET), now) for _ in range(3))
        await asyncio.sleep(0.02)
    wire.receive(b"+PONG\r\n" + b"$1\r\nv\r\n" * 4)
    assert await patient == b"PONG"
    now = connection.loop.time()
    sent.update((connection.send(GET), now) for _ in range(2))  # not written yet
    waiting = [future for future in sent if not future.done()]
    assert [entry.future for entry in connection.pending] == waiting
    assert len(waiting) == 7
    for entry in connection.pending:
        assert entry.deadline == pytest.approx(sent[entry.future] + 10, abs=0.01)


async def test_the_clock_starts_anew_while_a_reply_is_coming() -> None:
    connection, wire = connected(read_timeout=0.2)
    reply = connection.send(GET)
    wire.receive(b"$8\r\n")
    for _ in range(8):
        await asyncio.sleep(0.05)
        wire.receive(b"x")
    wire.receive(b"\r\n")
    assert await reply == b"x" * 8


async def test_pushes_do_not_keep_a_reply_waiting() -> None:
    connection, wire = connected(read_timeout=0.1)
    reply = connection.send(GET)

    async def chatter() -> None:
        while not reply.done():
            wire.receive(b">1\r\n+hello\r\n")
            await asyncio.sleep(0.02)

    async with asyncio.timeout(2):
        await asyncio.gather(chatter(), asyncio.wait([reply]))
    assert isinstance(reply.exception(), exceptions.ReadTimeoutError)


async def test_a_write_that_gets_nowhere_closes_the_connection() -> None:
    connection, wire = connected(write_timeout=0.05, read_timeout=10)
    reply = connection.send(GET)
    wire.unwritten = 100
    connection.pause_writing()
    with pytest.raises(exceptions.WriteTimeoutError):
        await reply
    assert wire.aborted


async def test_a_write_that_gets_on_is_waited_for() -> None:
    connection, wire = connected(write_timeout=0.1, read_timeout=0.1)
    reply = connection.send(GET)
    wire.unwritten = 100
    connection.pause_writing()
    for unwritten in range(90, 0, -10):
        await asyncio.sleep(0.05)
        wire.unwritten = unwritten
    connection.resume_writing()
    wire.receive(b"$1\r\nv\r\n")
    assert await reply == b"v"


# -- crowds -----------------------------------------------------------------------------------------------------------


async def test_a_large_reply_makes_it_crowded_until_it_has_come() -> None:
    connection, wire = connected()
    reply = connection.send(GET)
    wire.receive(b"$%d\r\nx" % (2 * LARGE_REPLY))
    assert connection.crowded
    wire.receive(b"x" * (2 * LARGE_REPLY - 1) + b"\r\n")
    assert len(await reply) == 2 * LARGE_REPLY
    assert not connection.crowded


async def test_many_requests_make_it_crowded_and_then_full() -> None:
    connection, wire = connected()
    replies = [connection.send(PING) for _ in range(CROWDED_REQUESTS + 2)]
    await turns()
    assert (connection.crowded, connection.full) == (True, False)
    replies += [connection.send(PING) for _ in range(CROWDED_REQUESTS)]
    assert connection.full
    room = asyncio.ensure_future(connection.room())
    await turns()
    assert not room.done()
    wire.receive(b"+PONG\r\n" * len(replies))
    await asyncio.wait_for(room, 1)
    assert not connection.crowded


async def test_room_comes_back_when_the_transport_resumes_or_ends() -> None:
    connection, _wire = connected()
    connection.pause_writing()
    first, second = asyncio.ensure_future(connection.room()), asyncio.ensure_future(connection.room())
    await turns()
    first.cancel()
    connection.resume_writing()
    await asyncio.wait_for(second, 1)
    connection.pause_writing()
    third = asyncio.ensure_future(connection.room())
    await turns()
    connection.connection_lost(None)
    await asyncio.wait_for(third, 1)
    with pytest.raises(asyncio.CancelledError):
        await first


# -- checks -----------------------------------------------------------------------------------------------------------


def echo(wire_bytes: bytes) -> bytes:
    """Return the nonce of the last ECHO that was written, as a reply."""
    nonce = wire_bytes.rsplit(b"\r\n", 2)[-2]
    return b"$%d\r\n%s\r\n" % (len(nonce), nonce)


async def test_a_checked_reply_is_handed_on_when_its_echo_has_come() -> None:
    connection, wire = connected(high_integrity=True)
    reply = connection.send_checked(GET)
    wire.receive(b"$1\r\nv\r\n")
    await turns()
    assert not reply.done()
    wire.receive(echo(wire.written))
    assert await reply == b"v"
    batch = connection.send_checked(GET * 2, 2)
    wire.receive(b"$1\r\na\r\n$1\r\nb\r\n" + echo(wire.written))
    assert await batch == [b"a", b"b"]


async def test_an_injected_reply_is_caught_by_the_check() -> None:
    connection, wire = connected(high_integrity=True)
    reply = connection.send_checked(GET)
    wire.receive(b"$4\r\nFAKE\r\n$1\r\nv\r\n")
    with pytest.raises(exceptions.ProtocolError):
        await reply
    assert wire.aborted


# -- the end ----------------------------------------------------------------------------------------------------------


async def test_the_end_is_told_once() -> None:
    connection, _wire = connected()
    told: list[object] = []
    connection.on_closed = told.append
    connection.eof_received()
    connection.connection_lost(None)
    connection.fail(exceptions.ConnectionError("again"))
    assert told == [connection]
    assert connection.closed.done()


async def test_an_idle_connection_is_closed_politely_and_a_busy_one_is_cut() -> None:
    idle, idle_wire = connected()
    idle.close()
    assert idle_wire.closing
    assert not idle_wire.aborted
    busy, busy_wire = connected()
    reply = busy.send(GET)
    busy.close()
    assert busy_wire.aborted
    with pytest.raises(exceptions.ConnectionError):
        await reply


async def test_drained_is_told_when_the_last_reply_has_come() -> None:
    connection, wire = connected()
    drained: list[object] = []
    connection.on_drained = drained.append
    connection.send(GET)
    connection.send(GET).cancel()
    await turns()
    assert not drained
    wire.receive(b"$1\r\nv\r\n")
    assert drained == [connection]


async def test_a_connection_describes_itself_without_secrets() -> None:
    connection, _wire = connected(host="localhost", port=7000, username="alice", password="hunter2", db=3)
    connection.send(GET)
    assert repr(connection) == "<Connection to localhost:7000, db 3: ready, RESP3, 1 in flight>"
