"""Command: a command as a value: its spec, its arguments, and how its reply becomes a value."""

from typing import Any, Generic

from redis_aio._command.spec import CommandSpec, Effect
from redis_aio._command.table import SPECS
from redis_aio.typing import ReplyParser, T


class Command(Generic[T]):
    """One command, ready to be sent; building it does no I/O.

    Args:
        name: a name of the table of specs, upper case (``"ZADD"``, ``"CONFIG GET"``).
        args: the arguments after the name.
        reply: turns the raw reply into the value; ``None`` hands the raw reply on. Not called for error replies.
        spec: instead of the table's row, for a single call that differs.
    """

    __slots__ = ("args", "owner", "reply", "spec")

    spec: CommandSpec
    args: tuple[Any, ...]
    reply: ReplyParser[T] | None
    #: Who executes it; held so that a client lives as long as what it was asked for.
    owner: object

    def __init__(
        self,
        name: str,
        *args: Any,
        reply: ReplyParser[T] | None = None,
        spec: CommandSpec | None = None,
    ) -> None:
        self.spec = SPECS[name] if spec is None else spec
        self.args = args
        self.reply = reply

    @property
    def name(self) -> str:
        """The name, upper case, subcommand included."""
        return self.spec.name

    @property
    def effect(self) -> Effect:
        """What executing it does, its arguments considered."""
        return self.spec.effect_with(self.args)

    def __repr__(self) -> str:
        return f"<Command {self.spec.name} with {len(self.args)} arguments>"  # never the arguments: they may be secret


def command_of(spec: CommandSpec, args: tuple[Any, ...], reply: ReplyParser[T] | None) -> Command[T]:
    """Make a command of its parts; it takes half the time of the constructor."""
    command: Command[T] = _new(Command)
    command.spec, command.args, command.reply = spec, args, reply
    return command


_new = object.__new__
