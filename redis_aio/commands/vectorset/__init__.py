"""Vector sets: ``client.vset()``, Redis 8.0 or newer."""

from redis_aio.commands.vectorset.commands import QuantizationOptions, VectorSetCommands

#: redis-py's name.
VectorSet = VectorSetCommands

__all__ = ["QuantizationOptions", "VectorSet", "VectorSetCommands"]
