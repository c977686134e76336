"""Subscriber: one connection that subscribes, made anew whenever it is lost, with everything that is wanted.

Invariants:

* ``wanted`` is what the server has agreed to and nobody has given up. It is restored on each new connection before the
  listener is told so, for ever, until nothing is wanted any more.
* Refused credentials or permissions are not tried again: they end what they concern, with the server's error. A name
  that the server cannot serve at the moment is ``absent``: it is asked for again and again, beside the others.
* A connection that subscribes is a lease of the pool, and is closed after use.
* There is a task only while it connects, or something is absent. Whoever waits for that may be cancelled without harm
  to the others.
* ``subscribe`` returns while the connection that has agreed is the one in use.
"""

import asyncio
import contextvars
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from redis_aio import exceptions
from redis_aio._connection.connection import Connection, ConnectionState
from redis_aio._connection.inflight import ignore
from redis_aio._connection.pool import ConnectionPool
from redis_aio._connection.subscribing import FAIR, FENCE
from redis_aio._connection.watch import no_context
from redis_aio._execution.listening import Listener, Source
from redis_aio._execution.mailbox import again
from redis_aio._execution.names import KINDS, SUBSCRIBE, UNSUBSCRIBE, Kind, Names, Refusal, chunks, delivered
from redis_aio._execution.outcome import NOT_EXECUTED
from redis_aio._resp.encoder import pack

#: Sends AUTH with new credentials on a connection.
Authenticate: TypeAlias = Callable[[Connection], "asyncio.Future[Any]"]

#: Seconds of silence after which the server is asked whether it is there (``health_check_interval``, where that is
#: set), and seconds it may take to answer. Together they bound how long a dead connection goes unnoticed.
PING_INTERVAL = 5.0
PING_TIMEOUT = 5.0
#: Names in one request.
CHUNK = 500
#: Seconds, at most, between attempts to connect.
LONGEST_BACKOFF = 4.0
#: What no further attempt will change.
_FINAL = (exceptions.AuthenticationError, exceptions.AuthorizationError, exceptions.ClientClosedError)


class Subscriber:
    """A connection that subscribes, and its successors.

    Args:
        source: gives connections.
        listener: is told what comes and what happens.
    """

    def __init__(self, source: Source, listener: Listener) -> None:
        self._source = source
        self._options = source.options
        self._listener = listener
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.wanted: dict[Kind, dict[bytes, None]] = {kind: {} for kind in KINDS}
        #: Of what is wanted, what the server could not serve when it was asked last; and who asks again.
        self.absent: dict[Kind, dict[bytes, None]] = {kind: {} for kind in KINDS}
        self._returning: asyncio.Task[None] | None = None
        self.error: Exception | None = None
        self.connection: Connection | None = None
        self._pool: ConnectionPool | None = None
        self._connecting: asyncio.Task[Exception | None] | None = None
        self._ping: asyncio.TimerHandle | None = None
        self._interval = self._options.health_check_interval or PING_INTERVAL
        self._heard_at = self.loop.time()
        self._flowing = True
        self._failure: Exception | None = None
        #: Sends new credentials, as soon as anything is read again.
        self._renewal: Authenticate | None = None
        #: Requests to give up shard channels, and the names in them that were not answered, as they arrive.
        self._leaving: deque[tuple[asyncio.Future[Any], set[bytes | str]]] = deque()

    # -- what is asked of it --------------------------------------------------------------------------------------

    async def subscribe(self, names: Names) -> None:
        """Subscribe, and return when the server has agreed to all of it.

        Raises:
            ResponseError: it has not (``NoPermissionError``).
            ConnectionError, TimeoutError: it could not be asked; after as many attempts as a command has.
        """
        attempt = 0
        while True:
            connection = await self.connected()
            try:
                refused = await self._ask(connection, names, CHUNK)
            except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
                if isinstance(error, _FINAL) or attempt >= self._retries:
                    raise
            else:
                for kind, asked in names.items():
                    unwilling = {name for of, chunk, _ in refused if of == kind for name in chunk}
                    for name in asked:
                        if name not in unwilling:
                            self.wanted[kind][name] = None
                            self.absent[kind].pop(name, None)
                if refused:
                    raise refused[0][2]
                if self.whole and connection is self.connection:
                    return
                if attempt >= self._retries:
                    raise exceptions.ConnectionError("the connection was lost as soon as the server had agreed")
            attempt += 1
            await self._pause(attempt)

    async def _ask(self, connection: Connection, names: Names, size: int, *, again: bool = False) -> list[Refusal]:
        """Ask the server for names, so many in a request; return what it refuses.

        Args:
            again: they were wanted before, and some may be given up meanwhile.
        """
        requests: list[tuple[Kind, Sequence[bytes], asyncio.Future[Any]]] = []
        refused: list[Refusal] = []
        for kind, all_names in names.items():
            for chunk in chunks(kind, all_names, size):
                if again and not (chunk := [name for name in chunk if name in self.wanted[kind]]):
                    continue
                requests.append((kind, chunk, self._send(connection, SUBSCRIBE[kind], chunk)))
                await connection.room()
        for kind, chunk, request in requests:
            reply = await _shielded(request)
            if isinstance(reply, exceptions.ConnectionError):
                raise reply
            if isinstance(reply, Exception):
                refused.append((kind, chunk, reply))
        return refused

    def unsubscribe(self, kind: Kind, names: Sequence[bytes] | None) -> "asyncio.Future[Any] | None":
        """Give up names, or all; return the future of the last request to the server, if it could be asked."""
        wanted = self.wanted[kind]
        leaving = list(wanted if names is None else names)
        for name in leaving:
            wanted.pop(name, None)
            self.absent[kind].pop(name, None)
        if self.connection is None:
            return None
        last = None
        for chunk in [leaving] if names is None else chunks(kind, leaving, CHUNK):
            last = self._send(self.connection, UNSUBSCRIBE[kind], () if names is None else chunk)
            if kind == "shard":
                self._leaving.append((last, {delivered(name, self._options) for name in chunk}))
        return last

    def sunsubscribed(self, name: bytes | str) -> bool:
        """Take a push that says that a shard channel is not subscribed to any more; return whether it was asked for.

        Servers send it unasked as well, when the slot of the channel moves away.
        """
        leaving = self._leaving
        while leaving and leaving[0][0].done():  # answered, it may be with an error
            leaving.popleft()
        for _, names in leaving:
            if name in names:
                names.discard(name)
                return True
        return False

    async def ping(self, message: bytes) -> Any:
        """Send PING on this connection and return the reply.

        Raises:
            NoPermissionError: the user may not.
        """
        connection = await self.connected()
        reply = connection.send(pack(("PING",), (message,)))
        reply.add_done_callback(ignore)
        text = await _shielded(reply)
        if text is None:
            raise exceptions.NoPermissionError("this user has no permission to run PING")
        return text

    @property
    def anything_wanted(self) -> bool:
        """Whether there are subscriptions to keep."""
        return any(self.wanted.values())

    @property
    def whole(self) -> bool:
        """Whether there is a connection on which everything is restored."""
        connection = self.connection
        return connection is not None and self._connecting is None and connection.state is ConnectionState.READY

    def close(self, error: Exception | None = None) -> None:
        """End it, at once; the connection is closed."""
        if self.error is None:
            self.error = error or exceptions.PubSubError("the subscription is closed")
        if self._connecting is not None:
            self._connecting.cancel()
        self._drop("the subscription has ended")

    # -- flow -----------------------------------------------------------------------------------------------------

    def set_flow(self, flowing: bool) -> None:
        """Read what the server sends, or leave it there until the reader of the messages has caught up."""
        self._flowing = flowing
        self._update_flow()
        if flowing and self._renewal is not None:
            self.renew(self._renewal)

    def _update_flow(self) -> None:
        """While a request is under way everything is read: its answer is behind the messages."""
        connection = self.connection
        if connection is None:
            return
        if self._flowing or connection.load:
            connection.resume_reading()
        else:
            connection.pause_reading()

    def _heard(self, size: int) -> None:
        self._heard_at = self.loop.time()
        if size >= FAIR and self.connection is not None:
            # uvloop reads on and on while there is something: let the readers have their turn, or buffers overflow.
            self.connection.pause_reading()
            self.loop.call_soon(self._update_flow, context=no_context())

    # -- connecting -----------------------------------------------------------------------------------------------

    @property
    def _retries(self) -> int:
        retries = self._options.max_retries
        return retries if retries >= 0 else 1_000_000

    async def connected(self) -> Connection:
        """Return the connection, with everything restored; make it if there is none."""
        while self.error is None:
            if self.whole and self.connection is not None:
                return self.connection
            if self._connecting is None:
                self._lose("it takes no more requests")
            self._start()
            assert self._connecting is not None
            patience = (self._options.dial_timeout or 5.0) + (self._options.pool_timeout or 5.0)
            done, _ = await asyncio.wait({self._connecting}, timeout=patience)
            if not done:
                raise self._failure or exceptions.ConnectTimeoutError("the connection could not be restored in time")
            failure = None if self._was_cancelled(done) else done.pop().result()
            if failure is not None:
                raise again(failure)
        raise again(self.error)

    @staticmethod
    def _was_cancelled(done: "set[asyncio.Task[Exception | None]]") -> bool:
        return any(task.cancelled() for task in done)

    def _start(self) -> None:
        if self._connecting is None and self.error is None:
            task = self.loop.create_task(self._connect(), context=contextvars.Context())
            self._connecting = task
            task.add_done_callback(self._stopped)

    def _stopped(self, task: "asyncio.Task[Exception | None]") -> None:
        if self._connecting is task:
            self._connecting = None

    async def _connect(self) -> Exception | None:
        """Connect and restore, again and again while something is wanted; return why it was given up."""
        failures = 0
        while True:
            try:
                await self._attempt()
                self._connecting = None  # now, not a turn later: who is waiting may ask at once
                self._listener.restored()
                return None
            except asyncio.CancelledError:
                self._end(exceptions.ClientClosedError("the client was closed"))
                raise
            except _FINAL as error:
                self._end(error)
                return error
            except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
                self._failure = again(error)
                self._lose("it could not be restored")
                failures += 1
                hopeless = failures > self._retries or isinstance(error, exceptions.PoolTimeoutError)
                if hopeless and not self.anything_wanted:
                    return error
            except Exception as error:  # for example a credential provider that raised
                self._end(error)
                return error
            await self._pause(failures)

    async def _attempt(self) -> None:
        connection, pool = await self._source.dedicate()
        if self.error is not None:
            pool.discard(connection)
            raise again(self.error)
        encoding = self._options.encoding if self._options.decode_responses else None
        connection.listen(self._listener.handlers, self._heard, encoding)
        connection.holder = self
        self.connection, self._pool = connection, pool
        self._heard_at = self.loop.time()
        connection.closed.add_done_callback(partial(self._lost, connection), context=no_context())
        self._watch()
        await self._restore(connection)
        if connection.state is not ConnectionState.READY:
            raise exceptions.ConnectionError("the connection was lost while it was restored")
        self._update_flow()

    async def _restore(self, connection: Connection) -> None:
        """Subscribe to all that is wanted."""
        await self._subscribe_again(connection, self.wanted)
        if any(self.absent.values()):
            self._returning = self.loop.create_task(self._ask_again(connection), context=contextvars.Context())

    async def _subscribe_again(self, connection: Connection, wanted: dict[Kind, dict[bytes, None]]) -> None:
        """Ask for what was agreed to before; tell of what the server refuses now, and note what it cannot serve."""
        refused = await self._ask(connection, {kind: list(wanted[kind]) for kind in KINDS}, CHUNK, again=True)
        if any(len(chunk) > 1 for _, chunk, _ in refused):  # name by name, to know which it is
            alone: dict[Kind, list[bytes]] = {kind: [] for kind in KINDS}
            for kind, chunk, _ in refused:
                alone[kind] += chunk
            refused = await self._ask(connection, alone, 1, again=True)
        self.absent = {kind: {} for kind in KINDS}
        for kind, (name, *_), error in refused:
            if name in self.wanted[kind] and isinstance(error, NOT_EXECUTED):
                self.absent[kind][name] = None
            elif self.wanted[kind].pop(name, 0) is None:
                self._listener.refused(kind, name, error)

    async def _ask_again(self, connection: Connection) -> None:
        """Ask for what is absent until nothing is, or the connection is lost: then everything is restored."""
        failures = 0
        while not failures or any(self.absent.values()):
            failures += 1
            await self._pause(failures)
            try:
                await self._subscribe_again(connection, self.absent)
            except (exceptions.ConnectionError, exceptions.TimeoutError):
                if connection is self.connection:
                    self.restart("it could not be restored")
                return
            self._listener.restored()

    def _send(self, connection: Connection, word: str, names: Sequence[bytes]) -> "asyncio.Future[Any]":
        reply = connection.send(pack((word,), tuple(names)) + FENCE)
        reply.add_done_callback(ignore)
        if not connection.reading:
            connection.resume_reading()
            reply.add_done_callback(lambda _: self._update_flow())
        return reply

    async def _pause(self, failures: int) -> None:
        options = self._options
        longest = options.max_retry_backoff
        if failures > self._retries:
            longest = max(longest, LONGEST_BACKOFF)
        await asyncio.sleep(random.uniform(0.0, min(longest, options.min_retry_backoff * 2.0 ** min(failures, 30))))

    # -- losing ---------------------------------------------------------------------------------------------------

    def _lost(self, connection: Connection, _: "asyncio.Future[None]") -> None:
        if connection is not self.connection or self._connecting is not None:
            return  # it was dropped from here, or the task that restores sees it
        closed = self._pool is not None and self._pool.closed
        self._lose("it is lost")
        if closed:
            self._end(exceptions.ClientClosedError("the client was closed"))
        elif self.anything_wanted:
            self._start()

    def _lose(self, why: str) -> None:
        """Let go of a connection that is of no use any more."""
        if self.connection is None:
            return
        self._drop(why)
        if self.anything_wanted:
            self._listener.lost(time.time() - (self.loop.time() - self._heard_at))

    def _drop(self, why: str) -> None:
        connection, self.connection = self.connection, None
        self._leaving.clear()
        self._renewal = None
        if self._returning is not None:
            self._returning.cancel()
            self._returning = None
        if self._ping is not None:
            self._ping.cancel()
            self._ping = None
        if connection is not None and self._pool is not None:
            self._pool.discard(connection, why)

    def _end(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
            self._drop("the subscription has ended")
            self._listener.ended(error)

    def restart(self, why: str) -> None:
        """Make the connection anew, and restore everything there."""
        if self.connection is None:
            return
        if self._connecting is None:
            self._lose(why)
            self._start()
        else:  # the task that restores begins again
            self.connection.close(why)

    # -- new credentials ------------------------------------------------------------------------------------------

    def renew(self, authenticate: Authenticate) -> "asyncio.Future[Any] | None":
        """Send new credentials on the connection; make it anew where the protocol does not let one (RESP2)."""
        connection = self.connection
        if connection is None:
            return None  # the next one is made with them
        if not self.may_authenticate(connection):
            self.restart("its credentials were replaced")
            return None
        if not self._flowing:  # the answer would wait behind messages that nobody wants yet
            self._renewal = authenticate
            return None
        self._renewal = None
        answer = authenticate(connection)
        answer.add_done_callback(lambda _: self._update_flow(), context=no_context())
        return answer

    def may_authenticate(self, connection: Connection) -> bool:
        """Return whether a connection takes AUTH now: with RESP2, one that subscribes does not."""
        return connection.session.protocol == 3

    # -- looking whether it is there ------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Ask after silence whether the server is there. An answer that is late closes the connection."""
        connection = self.connection
        if connection is None:
            return
        now = self.loop.time()
        due = self._heard_at + self._interval
        if now >= due:
            due = now + self._interval
            if connection.reading and connection.idle and connection.state is not ConnectionState.CLOSED:
                connection.send(FENCE, timeout=PING_TIMEOUT).add_done_callback(ignore)
        self._ping = self.loop.call_at(due, self._watch, context=no_context())


async def _shielded(reply: "asyncio.Future[Any]") -> Any:
    """Await a reply whose request stays in line when its caller is cancelled."""
    if not reply.done():
        await asyncio.wait({reply})
    return reply.result()
