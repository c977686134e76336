"""CountMinCommands: count-min sketches, which say how often an item occurred, or somewhat more."""

from collections.abc import Sequence

from redis_aio._replies import bf as replies
from redis_aio._replies.common import ok
from redis_aio.commands._arguments import some
from redis_aio.commands._collections import counted
from redis_aio.commands.base import ModuleCommands
from redis_aio.commands.bf._arguments import incremented
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeyT, Reply, S


class CountMinCommands(ModuleCommands[S]):
    """The commands of count-min sketches."""

    def initbydim(self, key: KeyT, width: int, depth: int) -> Reply[bool]:
        """Make a sketch of ``depth`` rows of ``width`` counters.

        https://redis.io/commands/cms.initbydim/
        """
        return self._run("CMS.INITBYDIM", key, width, depth, reply=ok)

    def initbyprob(self, key: KeyT, error: float, probability: float) -> Reply[bool]:
        """Make a sketch whose counts exceed the truth by at most ``error`` of the sum of all counts.

        ``probability`` is how often a count may exceed it by more.

        https://redis.io/commands/cms.initbyprob/
        """
        return self._run("CMS.INITBYPROB", key, error, probability, reply=ok)

    def incrby(self, key: KeyT, items: Sequence[EncodableT], increments: Sequence[int]) -> Reply[list[int]]:
        """Count items, each as often as its increment says; return their counts.

        https://redis.io/commands/cms.incrby/
        """
        return self._run("CMS.INCRBY", key, *incremented(items, increments))

    def query(self, key: KeyT, *items: EncodableT) -> Reply[list[int]]:
        """Return the counts of items.

        https://redis.io/commands/cms.query/
        """
        return self._run("CMS.QUERY", key, *some("items", items))

    def merge(
        self,
        destKey: KeyT,
        numKeys: int,
        srcKeys: Sequence[KeyT],
        weights: Sequence[int] = (),
    ) -> Reply[bool]:
        """Replace the counts of ``destKey`` by the sums of those of the sources; all have the same dimensions.

        ``numKeys`` is the number of sources; ``weights``, one for each, multiply their counts.

        https://redis.io/commands/cms.merge/
        """
        sources = counted("srcKeys", numKeys, srcKeys)
        if weights and len(weights) != len(sources):
            raise DataError("weights must have as many elements as srcKeys")
        words = ["WEIGHTS", *weights] if weights else []
        return self._run("CMS.MERGE", destKey, numKeys, *sources, *words, reply=ok)

    def info(self, key: KeyT) -> Reply[replies.CMSInfo]:
        """Return what the server knows of a sketch.

        https://redis.io/commands/cms.info/
        """
        return self._run("CMS.INFO", key, reply=replies.CMSInfo)
