"""CommandGroup: the base of the classes that say what a command looks like; they never do I/O."""

from typing import Any, Generic

from redis_aio._command.spec import CommandSpec
from redis_aio.typing import Reply, ReplyParser, S, T


class CommandGroup(Generic[S]):
    """A group of command methods. Each checks its arguments and returns ``self._run(name, *args, reply=parser)``."""

    def _run(
        self, name: str, /, *args: Any, reply: ReplyParser[T] | None = None, spec: CommandSpec | None = None
    ) -> Reply[T]:
        """Hand a command to whatever this is a face of: a client executes it, a pipeline queues it.

        Args:
            name: as for :class:`Command`, like the others.
            args: the arguments after the name.
            reply: turns the raw reply into the value.
            spec: instead of the table's row.
        """
        raise NotImplementedError


class ModuleCommands(CommandGroup[S]):
    """A group behind an accessor of its own, as ``client.json()``.

    Args:
        owner: the client or pipeline it was called on, which runs the commands.
    """

    def __init__(self, owner: CommandGroup[S]) -> None:
        self._owner = owner

    def _run(
        self, name: str, /, *args: Any, reply: ReplyParser[T] | None = None, spec: CommandSpec | None = None
    ) -> Reply[T]:
        return self._owner._run(name, *args, reply=reply, spec=spec)
