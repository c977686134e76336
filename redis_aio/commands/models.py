"""ModelCommands: values of an application's own types, through the client's codec."""

from collections.abc import Callable
from typing import Any, TypeVar

from redis_aio._command.table import SPECS
from redis_aio._replies.common import list_of, optional
from redis_aio.codecs import JSON_CODEC, Codec
from redis_aio.commands._arguments import one_or_many, some
from redis_aio.commands.strings import StringCommands
from redis_aio.typing import AbsExpiryT, ExpiryT, KeysT, KeyT, Reply, S

M = TypeVar("M")

# What the codec gets is bytes, whatever the client decodes.
_RAW_GET, _RAW_MGET = (SPECS[name].with_(raw=True) for name in ("GET", "MGET"))


class ModelCommands(StringCommands[S]):
    """Values of types, made bytes and read back by the codec that the client was given."""

    #: Dataclasses as JSON, unless the client was given another.
    codec: Codec = JSON_CODEC

    def get_as(self, name: KeyT, kind: type[M]) -> Reply[M | None]:
        """Return the value of a key as one of this type; ``None`` if there is no such key.

        What the codec raises for a value that does not fit is raised here.

        https://redis.io/commands/get/
        """
        return self._run("GET", name, reply=optional(self._reader(kind)), spec=_RAW_GET)

    def mget_as(self, keys: KeysT, kind: type[M]) -> Reply[list[M | None]]:
        """Return the values of keys as ones of this type; ``None`` for a key that there is not.

        https://redis.io/commands/mget/
        """
        names = some("keys", one_or_many(keys))
        return self._run("MGET", *names, reply=list_of(optional(self._reader(kind))), spec=_RAW_MGET)

    def set_as(
        self,
        name: KeyT,
        value: Any,
        ex: ExpiryT | None = None,
        px: ExpiryT | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        exat: AbsExpiryT | None = None,
        pxat: AbsExpiryT | None = None,
    ) -> Reply[bool | None]:
        """Set a key to what the codec makes of a value. The other arguments, and the value, are those of :meth:`set`.

        https://redis.io/commands/set/
        """
        return self.set(name, self.codec.encode(value), ex, px, nx, xx, keepttl, exat=exat, pxat=pxat)

    def _reader(self, kind: type[M]) -> Callable[[bytes], M]:
        decode = self.codec.decode
        return lambda data: decode(data, kind)
