"""CommandGroup: the base of the classes that say what a command looks like; they never do I/O."""

from typing import Generic

from redis_aio._command.command import Command
from redis_aio.typing import Reply, S, T


class CommandGroup(Generic[S]):
    """A group of command methods. Each checks its arguments, builds one Command and returns ``self._run(command)``."""

    def _run(self, command: Command[T]) -> Reply[T]:
        """Hand the command to whatever this is a face of: a client executes it, a pipeline queues it."""
        raise NotImplementedError


class ModuleCommands(CommandGroup[S]):
    """A group behind an accessor of its own, as ``client.json()``.

    Args:
        owner: the client or pipeline it was called on, which runs the commands.
    """

    def __init__(self, owner: CommandGroup[S]) -> None:
        self._owner = owner

    def _run(self, command: Command[T]) -> Reply[T]:
        return self._owner._run(command)
