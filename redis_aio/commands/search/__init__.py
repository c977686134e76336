"""Search and Query: ``client.ft("index")``, with the module RediSearch or Redis from 8.0 on."""

from redis_aio.commands.search.commands import SearchCommands

#: redis-py's name.
Search = SearchCommands

__all__ = ["Search", "SearchCommands"]
