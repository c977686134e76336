"""TDigestCommands: t-digests, which estimate quantiles of numbers that they do not keep."""

from collections.abc import Iterable

from redis_aio._replies import bf as replies
from redis_aio._replies.common import ok
from redis_aio.commands._arguments import some
from redis_aio.commands._collections import counted
from redis_aio.commands.base import ModuleCommands
from redis_aio.typing import KeyT, Reply, S


class TDigestCommands(ModuleCommands[S]):
    """The commands of t-digests. Of an empty digest estimates are ``nan``."""

    def create(self, key: KeyT, compression: int = 100) -> Reply[bool]:
        """Make a digest; a higher compression is more exact and takes more memory.

        https://redis.io/commands/tdigest.create/
        """
        return self._run("TDIGEST.CREATE", key, "COMPRESSION", compression, reply=ok)

    def reset(self, key: KeyT) -> Reply[S]:
        """Empty a digest.

        https://redis.io/commands/tdigest.reset/
        """
        return self._run("TDIGEST.RESET", key)

    def add(self, key: KeyT, values: Iterable[float]) -> Reply[S]:
        """Add numbers.

        https://redis.io/commands/tdigest.add/
        """
        return self._run("TDIGEST.ADD", key, *some("values", [*values]))

    def merge(
        self, destination_key: KeyT, num_keys: int, *keys: KeyT, compression: int | None = None, override: bool = False
    ) -> Reply[S]:
        """Add the numbers of other digests to one, which is made if there is none.

        Args:
            destination_key: where.
            num_keys: how many keys follow.
            keys: the others.
            compression: of the result; by default the largest of all.
            override: replace what is in ``destination_key``.

        https://redis.io/commands/tdigest.merge/
        """
        words = [] if compression is None else ["COMPRESSION", compression]
        if override:
            words.append("OVERRIDE")
        return self._run("TDIGEST.MERGE", destination_key, num_keys, *counted("keys", num_keys, keys), *words)

    def min(self, key: KeyT) -> Reply[float]:
        """Return the smallest number.

        https://redis.io/commands/tdigest.min/
        """
        return self._run("TDIGEST.MIN", key, reply=float)

    def max(self, key: KeyT) -> Reply[float]:
        """Return the largest number.

        https://redis.io/commands/tdigest.max/
        """
        return self._run("TDIGEST.MAX", key, reply=float)

    def quantile(self, key: KeyT, quantile: float, *quantiles: float) -> Reply[list[float]]:
        """Return for each quantile, from 0 to 1, the number below which so large a share lies.

        https://redis.io/commands/tdigest.quantile/
        """
        return self._run("TDIGEST.QUANTILE", key, quantile, *quantiles, reply=replies.floats)

    def cdf(self, key: KeyT, value: float, *values: float) -> Reply[list[float]]:
        """Return for each value the share of numbers that are not larger.

        https://redis.io/commands/tdigest.cdf/
        """
        return self._run("TDIGEST.CDF", key, value, *values, reply=replies.floats)

    def info(self, key: KeyT) -> Reply[replies.TDigestInfo]:
        """Return what the server knows of a digest.

        https://redis.io/commands/tdigest.info/
        """
        return self._run("TDIGEST.INFO", key, reply=replies.TDigestInfo)

    def trimmed_mean(self, key: KeyT, low_cut_quantile: float, high_cut_quantile: float) -> Reply[float]:
        """Return the mean of the numbers between two quantiles.

        https://redis.io/commands/tdigest.trimmed_mean/
        """
        return self._run("TDIGEST.TRIMMED_MEAN", key, low_cut_quantile, high_cut_quantile, reply=float)

    def rank(self, key: KeyT, value: float, *values: float) -> Reply[list[int]]:
        """Return for each value how many numbers are smaller; -1 if it is below all, -2 if there are none.

        https://redis.io/commands/tdigest.rank/
        """
        return self._run("TDIGEST.RANK", key, value, *values)

    def revrank(self, key: KeyT, value: float, *values: float) -> Reply[list[int]]:
        """Return for each value how many numbers are larger; -1 if it is above all, -2 if there are none.

        https://redis.io/commands/tdigest.revrank/
        """
        return self._run("TDIGEST.REVRANK", key, value, *values)

    def byrank(self, key: KeyT, rank: int, *ranks: int) -> Reply[list[float]]:
        """Return the number at each rank, counted from 0 for the smallest; ``inf`` beyond the last.

        https://redis.io/commands/tdigest.byrank/
        """
        return self._run("TDIGEST.BYRANK", key, rank, *ranks, reply=replies.floats)

    def byrevrank(self, key: KeyT, rank: int, *ranks: int) -> Reply[list[float]]:
        """Return the number at each rank, counted from 0 for the largest; ``-inf`` beyond the last.

        https://redis.io/commands/tdigest.byrevrank/
        """
        return self._run("TDIGEST.BYREVRANK", key, rank, *ranks, reply=replies.floats)
