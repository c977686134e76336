"""TypedPipelines: pipelines whose results are a tuple of typed values."""

from collections.abc import Sequence
from typing import Any, TypeVar, overload

from redis_aio._command.command import Command
from redis_aio._command.spec import CommandSpec
from redis_aio.codecs import Codec
from redis_aio.commands import Commands
from redis_aio.commands.search.commands import SearchCommands
from redis_aio.exceptions import DataError
from redis_aio.pipeline import Pipeline
from redis_aio.typing import EncodableT, Reply, ReplyParser, S, T

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")


class SearchValues(SearchCommands[S]):
    """The commands of Search and Query, each of which is one value."""

    def _run_all(self, name: str, calls: Sequence[tuple[EncodableT, ...]]) -> Reply[int]:
        if len(calls) > 1:
            raise DataError("a value is one command: give one suggestion at a time")
        return self._run(name, *calls[0])


class CommandValues(Commands[S]):
    """Commands that are built and not executed; for :meth:`TypedPipelines.pipelined`."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    def _run(
        self, name: str, /, *args: Any, reply: ReplyParser[T] | None = None, spec: CommandSpec | None = None
    ) -> Reply[T]:
        # To a type checker it stands for its reply.
        return Command(name, *args, reply=reply, spec=spec)  # type: ignore[return-value]

    def ft(self, index_name: str = "idx") -> SearchCommands[S]:
        """Return the commands of Search and Query, for an index."""
        return SearchValues(self, index_name)


class TypedPipelines(Commands[S]):
    """Pipelines in one call."""

    def pipeline(self, transaction: bool = True) -> Pipeline[S]:
        """Return a queue of commands that are sent together."""
        raise NotImplementedError

    @property
    def commands(self) -> CommandValues[S]:
        """Every command as a value: its methods send nothing; what they return goes to :meth:`pipelined`."""
        return CommandValues(self.codec)

    @overload
    async def pipelined(self, a: Reply[A], /, *, transaction: bool = False) -> tuple[A]: ...
    @overload
    async def pipelined(self, a: Reply[A], b: Reply[B], /, *, transaction: bool = False) -> tuple[A, B]: ...
    @overload
    async def pipelined(
        self, a: Reply[A], b: Reply[B], c: Reply[C], /, *, transaction: bool = False
    ) -> tuple[A, B, C]: ...
    @overload
    async def pipelined(
        self, a: Reply[A], b: Reply[B], c: Reply[C], d: Reply[D], /, *, transaction: bool = False
    ) -> tuple[A, B, C, D]: ...
    @overload
    async def pipelined(
        self, a: Reply[A], b: Reply[B], c: Reply[C], d: Reply[D], e: Reply[E], /, *, transaction: bool = False
    ) -> tuple[A, B, C, D, E]: ...
    @overload
    async def pipelined(
        self,
        a: Reply[A],
        b: Reply[B],
        c: Reply[C],
        d: Reply[D],
        e: Reply[E],
        f: Reply[F],
        /,
        *,
        transaction: bool = False,
    ) -> tuple[A, B, C, D, E, F]: ...
    @overload
    async def pipelined(
        self,
        a: Reply[A],
        b: Reply[B],
        c: Reply[C],
        d: Reply[D],
        e: Reply[E],
        f: Reply[F],
        g: Reply[G],
        /,
        *,
        transaction: bool = False,
    ) -> tuple[A, B, C, D, E, F, G]: ...
    @overload
    async def pipelined(
        self,
        a: Reply[A],
        b: Reply[B],
        c: Reply[C],
        d: Reply[D],
        e: Reply[E],
        f: Reply[F],
        g: Reply[G],
        h: Reply[H],
        /,
        *,
        transaction: bool = False,
    ) -> tuple[A, B, C, D, E, F, G, H]: ...
    @overload
    async def pipelined(self, *replies: Reply[T], transaction: bool = False) -> tuple[T, ...]: ...
    async def pipelined(self, *replies: Any, transaction: bool = False) -> tuple[Any, ...]:
        """Send commands together and return their values, each of its own type.

        ``c = client.commands``, then ``name, visits = await client.pipelined(c.get("name"), c.incr("visits"))``

        Args:
            replies: what methods of :attr:`commands` returned: up to eight, each typed, or any number of one type.
            transaction: execute them as one, in MULTI and EXEC.

        Raises:
            TypeError: an argument is something else, a call of the client's own method for example.
            RedisError: the first error among the replies; it tells the number of its command.
        """
        for number, command in enumerate(replies, 1):
            if not isinstance(command, Command):
                if hasattr(command, "close"):
                    command.close()  # a coroutine of the client's
                raise TypeError(f"argument {number} is no value of client.commands, but a {type(command).__name__}")
        pipeline = self.pipeline(transaction)
        for command in replies:
            pipeline.queue(command)
        return tuple(await pipeline.execute())


__all__ = ["CommandValues", "TypedPipelines"]
