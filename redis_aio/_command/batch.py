"""Batch: commands that travel together: in one write, or as a transaction."""

from collections.abc import Iterable, Iterator
from typing import Any, Self

from redis_aio._command.command import Command, command_of
from redis_aio._command.spec import CommandSpec
from redis_aio.typing import ReplyParser


class Batch:
    """Several commands and how they belong together.

    They are kept in columns, because a million tuples of plain values cost the garbage collector nothing, and a million
    commands a tenth of a second at a time.

    Args:
        commands: in the order they are sent.
        atomic: wrap them in MULTI and EXEC.

    Attributes:
        specs: the spec of each command.
        args: the arguments of each, after its name.
        parsers: what makes the value of each out of its raw reply, or ``None``.
    """

    __slots__ = ("args", "atomic", "parsers", "specs")

    def __init__(self, commands: Iterable[Command[Any]] = (), *, atomic: bool = False) -> None:
        self.specs: list[CommandSpec] = []
        self.args: list[tuple[Any, ...]] = []
        self.parsers: list[ReplyParser[Any] | None] = []
        self.atomic: bool = atomic
        for command in commands:
            self.append(command)

    def append(self, command: Command[Any]) -> None:
        """Add a command behind the others."""
        self.specs.append(command.spec)
        self.args.append(command.args)
        self.parsers.append(command.reply)

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        """The commands as values, made anew each time that it is asked for."""
        return tuple(self)

    def part(self, start: int, stop: int | None = None) -> Self:
        """Return the commands from ``start`` up to ``stop`` as a batch."""
        part = type(self)(atomic=self.atomic)
        part.specs, part.args, part.parsers = self.specs[start:stop], self.args[start:stop], self.parsers[start:stop]
        return part

    def kinds(self) -> Iterable[CommandSpec]:
        """Return each spec once, in the order in which they first occur."""
        return dict.fromkeys(self.specs)

    def __iter__(self) -> Iterator[Command[Any]]:
        return map(command_of, self.specs, self.args, self.parsers)

    def __len__(self) -> int:
        return len(self.specs)

    def __repr__(self) -> str:
        kind = "transaction" if self.atomic else "batch"
        return f"<Batch: a {kind} of {len(self)} commands>"
