"""ChainedCommands: the commands as a pipeline has them: each queues, and returns the pipeline.

The types are in ``_chained.pyi``, which ``python -m tests.support.chained_stub`` writes from the commands themselves.
"""

from redis_aio.commands import Commands
from redis_aio.typing import S


class ChainedCommands(Commands[S]):
    """Every command of every group, for a class whose ``_run`` queues the command and returns ``self``."""
