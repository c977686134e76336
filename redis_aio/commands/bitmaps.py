"""BitmapCommands: the commands of the group "bitmap"."""

from typing import Generic

from redis_aio.commands._arguments import some
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import BitfieldOffsetT, EncodableT, KeyT, Reply, S


class BitFieldOperation(Generic[S]):
    """Collects the operations of one BITFIELD; each method returns the object itself, :meth:`execute` ends the chain.

    Args:
        client: the face whose :meth:`BitmapCommands.bitfield` made it.
        key: the key of the bit field.
        default_overflow: what happens on overflow until :meth:`overflow` says otherwise: WRAP, SAT or FAIL.
    """

    def __init__(self, client: "BitmapCommands[S]", key: KeyT, default_overflow: str | None = None) -> None:
        self.client = client
        self.key = key
        self._default_overflow = default_overflow
        self.reset()

    def reset(self) -> None:
        """Forget all operations."""
        self.operations: list[tuple[EncodableT, ...]] = []
        self._last_overflow = "WRAP"
        self.overflow(self._default_overflow or "WRAP")

    def overflow(self, overflow: str) -> "BitFieldOperation[S]":
        """Say what happens to later operations on overflow: WRAP around, SATurate, or FAIL (the result is ``None``)."""
        overflow = overflow.upper()
        if overflow != self._last_overflow:
            self._last_overflow = overflow
            self.operations.append(("OVERFLOW", overflow))
        return self

    def incrby(
        self, fmt: str, offset: BitfieldOffsetT, increment: int, overflow: str | None = None
    ) -> "BitFieldOperation[S]":
        """Add to a number; the result is the sum. ``fmt`` is as in :meth:`get`."""
        if overflow is not None:
            self.overflow(overflow)
        self.operations.append(("INCRBY", fmt, offset, increment))
        return self

    def get(self, fmt: str, offset: BitfieldOffsetT) -> "BitFieldOperation[S]":
        """Read a number of the format ``fmt`` (``"u8"``, ``"i16"``) at a bit, or at the n-th number (``"#n"``)."""
        self.operations.append(("GET", fmt, offset))
        return self

    def set(self, fmt: str, offset: BitfieldOffsetT, value: int) -> "BitFieldOperation[S]":
        """Write a number; the result is the number before. ``fmt`` is as in :meth:`get`."""
        self.operations.append(("SET", fmt, offset, value))
        return self

    @property
    def command(self) -> list[EncodableT]:
        """The command so far, as a list of words."""
        return ["BITFIELD", self.key, *(part for operation in self.operations for part in operation)]

    def execute(self) -> Reply[list[int | None]]:
        """Run the operations at once, in their order; the value has a result for each."""
        arguments = self.command[1:]
        self.reset()
        return self.client._run("BITFIELD", *arguments)


class BitmapCommands(CommandGroup[S]):
    """The commands of the group "bitmap"."""

    def getbit(self, name: KeyT, offset: int) -> Reply[int]:
        """Return the bit at an offset, 0 beyond the end.

        https://redis.io/commands/getbit/
        """
        return self._run("GETBIT", name, offset)

    def setbit(self, name: KeyT, offset: int, value: int) -> Reply[int]:
        """Set a bit to 1, or to 0 for a falsy ``value``, and return the bit before.

        https://redis.io/commands/setbit/
        """
        return self._run("SETBIT", name, offset, 1 if value else 0)

    def bitcount(
        self, key: KeyT, start: int | None = None, end: int | None = None, mode: str | None = None
    ) -> Reply[int]:
        """Return how many bits are 1, in all or from ``start`` to ``end``, both included.

        They count bytes, or bits with the ``mode`` "BIT"; negative numbers count from the end.

        https://redis.io/commands/bitcount/
        """
        if (start is None) != (end is None):
            raise DataError("start and end must be given together")
        if start is None or end is None:
            if mode is not None:
                raise DataError("mode needs start and end")
            return self._run("BITCOUNT", key)
        return self._run("BITCOUNT", key, start, end, *_unit(mode))

    def bitpos(
        self, key: KeyT, bit: int, start: int | None = None, end: int | None = None, mode: str | None = None
    ) -> Reply[int]:
        """Return the offset of the first bit that is ``bit``, or -1.

        ``start`` and ``end`` are as in :meth:`bitcount`. A 0 that is looked for without ``end`` is also found in the
        zeros after the value.

        https://redis.io/commands/bitpos/
        """
        if bit not in (0, 1):
            raise DataError("bit must be 0 or 1")
        if end is not None and start is None:
            raise DataError("end needs start")
        if mode is not None and end is None:
            raise DataError("mode needs start and end")
        limits = [limit for limit in (start, end) if limit is not None]
        return self._run("BITPOS", key, bit, *limits, *_unit(mode))

    def bitop(self, operation: str, dest: KeyT, *keys: KeyT) -> Reply[int]:
        """Combine bit maps into ``dest`` and return its length in bytes.

        The ``operation`` is AND, OR, XOR or NOT (of one key), and since Redis 8.2 DIFF (in the first key and in none of
        the others), DIFF1 (in another, not in the first), ANDOR (in the first and in another) or ONE (in exactly one).

        https://redis.io/commands/bitop/
        """
        return self._run("BITOP", operation, dest, *some("keys", keys))

    def bitfield(self, key: KeyT, default_overflow: str | None = None) -> BitFieldOperation[S]:
        """Begin a BITFIELD: ``await r.bitfield("k").set("u8", 0, 255).incrby("u8", 0, 1).execute()``.

        https://redis.io/commands/bitfield/
        """
        return BitFieldOperation(self, key, default_overflow=default_overflow)

    def bitfield_ro(
        self,
        key: KeyT,
        encoding: str,
        offset: BitfieldOffsetT,
        items: list[tuple[str, BitfieldOffsetT]] | None = None,
    ) -> Reply[list[int]]:
        """Return numbers of the formats and at the offsets given, as :meth:`BitFieldOperation.get` does.

        https://redis.io/commands/bitfield_ro/
        """
        reads = [(encoding, offset), *(items or ())]
        return self._run("BITFIELD_RO", key, *(part for read in reads for part in ("GET", *read)))


def _unit(mode: str | None) -> tuple[str, ...]:
    return () if mode is None else (mode,)
