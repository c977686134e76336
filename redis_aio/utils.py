"""from_url and pipeline, where redis-py's users import them from."""

from types import TracebackType
from typing import Generic

from redis_aio.client import Client, from_url
from redis_aio.pipeline import Pipeline
from redis_aio.typing import S


class pipeline(Generic[S]):  # noqa: N801 - redis-py's name
    """A pipeline that is executed where its block ends: ``async with pipeline(client) as pipe``.

    A block that raises is not executed.

    Args:
        redis_obj: the client.
    """

    def __init__(self, redis_obj: Client[S]) -> None:
        self.p: Pipeline[S] = redis_obj.pipeline()

    async def __aenter__(self) -> Pipeline[S]:
        return self.p

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            await self.p.execute()
        else:
            await self.p.reset()


__all__ = ["from_url", "pipeline"]
