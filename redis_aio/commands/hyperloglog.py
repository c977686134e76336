"""HyperLogLogCommands: the commands of the group "hyperloglog"."""

from redis_aio._replies.common import ok
from redis_aio.commands._arguments import some
from redis_aio.commands.base import CommandGroup
from redis_aio.typing import FieldT, KeyT, Reply, S


class HyperLogLogCommands(CommandGroup[S]):
    """The commands of the group "hyperloglog"."""

    def pfadd(self, name: KeyT, *values: FieldT) -> Reply[int]:
        """Add elements to a HyperLogLog, and return 1 where its estimate may have changed, else 0.

        https://redis.io/commands/pfadd/
        """
        return self._run("PFADD", name, *values)

    def pfcount(self, *sources: KeyT) -> Reply[int]:
        """Return about how many different elements the HyperLogLogs hold together; the standard error is 0.81 %.

        https://redis.io/commands/pfcount/
        """
        return self._run("PFCOUNT", *some("sources", sources))

    def pfmerge(self, dest: KeyT, *sources: KeyT) -> Reply[bool]:
        """Merge HyperLogLogs into ``dest``, which keeps its own elements.

        https://redis.io/commands/pfmerge/
        """
        return self._run("PFMERGE", dest, *sources, reply=ok)
