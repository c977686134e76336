"""ChainedCommands: every command as a pipeline has it, each returning the pipeline itself.

At run time it is ``Commands``; the types are in the stub beside this file, which is generated from the command groups.
"""

from redis_aio.commands import Commands
from redis_aio.typing import S


class ChainedCommands(Commands[S]):
    """The commands of a pipeline."""
