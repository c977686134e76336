"""ModuleAccessors: the way to the groups that stand behind an accessor, as ``client.json()``."""

from redis_aio.commands.base import CommandGroup
from redis_aio.commands.vectorset.commands import VectorSetCommands
from redis_aio.typing import S


class ModuleAccessors(CommandGroup[S]):
    """Each method returns a group whose commands run where the method was called: on a client, or on a pipeline."""

    def vset(self) -> VectorSetCommands[S]:
        """Return the commands of vector sets."""
        return VectorSetCommands(self)
