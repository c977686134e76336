"""The clients that are measured, each behind the same small face."""

from importlib.metadata import PackageNotFoundError, version

from benchmarks.peers.base import Address, Batch, Peer
from benchmarks.peers.coredis_client import Coredis
from benchmarks.peers.glide import Glide
from benchmarks.peers.ours import Ours
from benchmarks.peers.redis_py import RedisPy

__all__ = ["OURS", "PEERS", "Address", "Batch", "Peer", "installed_version"]

OURS = Ours.name

#: name -> adapter, in the order they are measured and shown.
PEERS: dict[str, type[Peer]] = {peer.name: peer for peer in (Ours, RedisPy, Coredis, Glide)}


def installed_version(peer: type[Peer]) -> str | None:
    """Return the version of the client's distribution, or ``None`` where it is not installed."""
    try:
        return version(peer.distribution)
    except PackageNotFoundError:
        return None
