"""JSON values: ``client.json()``, with the module RedisJSON or Redis from 8.0 on."""

from redis_aio.commands.json.commands import FPHAType, JSONCommands
from redis_aio.commands.json.path import Path

#: redis-py's name.
JSON = JSONCommands

__all__ = ["JSON", "FPHAType", "JSONCommands", "Path"]
