"""Probabilistic types: ``client.bf()``, ``cf()``, ``cms()``, ``topk()`` and ``tdigest()``.

They come with the module RedisBloom, and with Redis from 8.0 on.
"""

from redis_aio.commands.bf.bloom import BloomCommands
from redis_aio.commands.bf.count_min import CountMinCommands
from redis_aio.commands.bf.cuckoo import CuckooCommands
from redis_aio.commands.bf.t_digest import TDigestCommands
from redis_aio.commands.bf.top_k import TopKCommands

#: redis-py's names.
BFBloom = BloomCommands
CFBloom = CuckooCommands
CMSBloom = CountMinCommands
TOPKBloom = TopKCommands
TDigestBloom = TDigestCommands

__all__ = [
    "BFBloom",
    "BloomCommands",
    "CFBloom",
    "CMSBloom",
    "CountMinCommands",
    "CuckooCommands",
    "TDigestBloom",
    "TDigestCommands",
    "TOPKBloom",
    "TopKCommands",
]
