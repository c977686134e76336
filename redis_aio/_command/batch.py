"""Batch: commands that travel together: in one write, or as a transaction."""

from typing import Any

from redis_aio._command.command import Command


class Batch:
    """Several commands and how they belong together.

    Args:
        commands: in the order they are sent.
        atomic: wrap them in MULTI and EXEC.
    """

    __slots__ = ("atomic", "commands")

    def __init__(self, commands: list[Command[Any]], *, atomic: bool = False) -> None:
        self.commands: list[Command[Any]] = commands
        self.atomic: bool = atomic

    def __len__(self) -> int:
        return len(self.commands)

    def __repr__(self) -> str:
        kind = "transaction" if self.atomic else "batch"
        return f"<Batch: a {kind} of {len(self.commands)} commands>"
