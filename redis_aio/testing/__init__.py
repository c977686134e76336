"""A real private server for tests and demos, and pytest fixtures around it.

>>> from redis_aio.testing import RedisServer  # doctest: +SKIP
>>> async with RedisServer() as server:  # doctest: +SKIP
...     async with redis_aio.Redis.from_url(server.url) as client:
...         await client.ping()

``python -m redis_aio.testing`` starts one from the command line; the fixtures are in `redis_aio.testing.plugin`.
"""

from redis_aio.testing.binary import ServerNotFoundError, find_server
from redis_aio.testing.server import RedisServer, ServerStartError, TLSFiles

__all__ = ["RedisServer", "ServerNotFoundError", "ServerStartError", "TLSFiles", "find_server"]
