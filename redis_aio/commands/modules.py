"""ModuleAccessors: the way to the groups that stand behind an accessor, as ``client.json()``."""

from json import JSONDecoder, JSONEncoder

from redis_aio.commands.base import CommandGroup
from redis_aio.commands.bf.bloom import BloomCommands
from redis_aio.commands.bf.count_min import CountMinCommands
from redis_aio.commands.bf.cuckoo import CuckooCommands
from redis_aio.commands.bf.t_digest import TDigestCommands
from redis_aio.commands.bf.top_k import TopKCommands
from redis_aio.commands.json.commands import DEFAULT_DECODER, DEFAULT_ENCODER, JSONCommands
from redis_aio.commands.search.commands import SearchCommands
from redis_aio.commands.timeseries.commands import TimeSeriesCommands
from redis_aio.commands.vectorset.commands import VectorSetCommands
from redis_aio.typing import S


class ModuleAccessors(CommandGroup[S]):
    """Each method returns a group whose commands run where the method was called: on a client, or on a pipeline."""

    def json(self, encoder: JSONEncoder = DEFAULT_ENCODER, decoder: JSONDecoder = DEFAULT_DECODER) -> JSONCommands[S]:
        """Return the commands of JSON values; ``encoder`` and ``decoder`` make text of values, and values of text."""
        return JSONCommands(self, encoder, decoder)

    def ft(self, index_name: str = "idx") -> SearchCommands[S]:
        """Return the commands of Search and Query, for an index."""
        return SearchCommands(self, index_name)

    def bf(self) -> BloomCommands[S]:
        """Return the commands of Bloom filters."""
        return BloomCommands(self)

    def cf(self) -> CuckooCommands[S]:
        """Return the commands of Cuckoo filters."""
        return CuckooCommands(self)

    def cms(self) -> CountMinCommands[S]:
        """Return the commands of count-min sketches."""
        return CountMinCommands(self)

    def topk(self) -> TopKCommands[S]:
        """Return the commands of top-k sketches."""
        return TopKCommands(self)

    def tdigest(self) -> TDigestCommands[S]:
        """Return the commands of t-digests."""
        return TDigestCommands(self)

    def ts(self) -> TimeSeriesCommands[S]:
        """Return the commands of time series."""
        return TimeSeriesCommands(self)

    def vset(self) -> VectorSetCommands[S]:
        """Return the commands of vector sets."""
        return VectorSetCommands(self)
