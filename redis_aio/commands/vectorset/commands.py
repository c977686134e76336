"""VectorSetCommands: the commands of the group "vector_set"."""

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Literal, TypeAlias, overload

from redis_aio._command.table import SPECS
from redis_aio._replies import vectorset as replies
from redis_aio._replies.common import boolean, optional
from redis_aio.commands._arguments import flagged
from redis_aio.commands.base import ModuleCommands
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeyT, Number, Reply, S

#: An element's name.
ElementT: TypeAlias = str | bytes
#: Numbers, or 32-bit little-endian floats.
VectorT: TypeAlias = Sequence[float] | bytes
#: What JSON objects are made of, or their text.
AttributesT: TypeAlias = Mapping[str, Any] | str


class QuantizationOptions(Enum):
    """How the numbers of a vector set are kept."""

    #: As 32-bit floats.
    NOQUANT = "NOQUANT"
    #: One bit each.
    BIN = "BIN"
    #: Signed 8-bit integers.
    Q8 = "Q8"


class VectorSetCommands(ModuleCommands[S]):
    """The commands of the group "vector_set"."""

    def vadd(
        self,
        key: KeyT,
        vector: VectorT,
        element: ElementT,
        reduce_dim: int | None = None,
        cas: bool | None = False,
        quantization: QuantizationOptions | None = None,
        ef: Number | None = None,
        attributes: AttributesT | None = None,
        numlinks: int | None = None,
    ) -> Reply[bool]:
        """Add an element, or change its vector; return whether it is new.

        Args:
            key: the vector set; the first element decides its dimension and quantization.
            vector: numbers, or bytes of 32-bit little-endian floats.
            element: its name.
            reduce_dim: project the vector to this many dimensions.
            cas: look for neighbours in a thread, and check before the change.
            quantization: how the numbers are kept; Q8 by default.
            ef: how many candidates are looked at, from which the neighbours are chosen.
            attributes: what :meth:`vsim` can filter by.
            numlinks: how many neighbours an element is connected to.

        https://redis.io/commands/vadd/
        """
        if not len(vector) or not element:
            raise DataError("vector and element must not be empty")
        words: list[EncodableT] = ["REDUCE", reduce_dim] if reduce_dim else []
        words += [*_vector(vector), element]
        if cas:
            words.append("CAS")
        if quantization is not None:
            words.append(quantization.value)
        if ef:
            words += ["EF", ef]
        if attributes:
            words += ["SETATTR", _attributes(attributes)]
        if numlinks:
            words += ["M", numlinks]
        return self._run("VADD", key, *words, reply=boolean)

    @overload
    def vsim(
        self,
        key: KeyT,
        input: VectorT | str,
        with_scores: Literal[False] | None = False,
        with_attribs: Literal[False] | None = False,
        count: int | None = None,
        ef: Number | None = None,
        filter: str | None = None,
        filter_ef: str | int | None = None,
        truth: bool | None = False,
        no_thread: bool | None = False,
        epsilon: Number | None = None,
    ) -> Reply[list[S]]: ...
    @overload
    def vsim(
        self,
        key: KeyT,
        input: VectorT | str,
        with_scores: bool | None = False,
        with_attribs: bool | None = False,
        count: int | None = None,
        ef: Number | None = None,
        filter: str | None = None,
        filter_ef: str | int | None = None,
        truth: bool | None = False,
        no_thread: bool | None = False,
        epsilon: Number | None = None,
    ) -> Reply[Any]: ...
    def vsim(
        self,
        key: KeyT,
        input: VectorT | str,
        with_scores: bool | None = False,
        with_attribs: bool | None = False,
        count: int | None = None,
        ef: Number | None = None,
        filter: str | None = None,
        filter_ef: str | int | None = None,
        truth: bool | None = False,
        no_thread: bool | None = False,
        epsilon: Number | None = None,
    ) -> Reply[Any]:
        """Return the elements most similar to a vector, or to an element, the nearest first.

        With scores, a dict of element to similarity (1 is the same, 0 the opposite). With attributes, a dict of element
        to what its JSON means. With both, to ``{"score": ..., "attributes": ...}``.

        Args:
            key: the vector set.
            input: a vector as for :meth:`vadd`, or an element's name as ``str``.
            with_scores: tell the similarities.
            with_attribs: tell the attributes, ``None`` where there are none.
            count: how many elements.
            ef: how many candidates are looked at.
            filter: an expression over the attributes, as ``.year > 1950``.
            filter_ef: how many candidates the filter may look at.
            truth: compare with every element.
            no_thread: search in the server's main thread.
            epsilon: leave out what is further away than this, from 0 to 1.

        https://redis.io/commands/vsim/
        """
        if not len(input):
            raise DataError("input must not be empty")
        words: list[EncodableT] = ["ELE", input] if isinstance(input, str) else _vector(input)
        words += flagged(WITHSCORES=with_scores, WITHATTRIBS=with_attribs)
        options = {"COUNT": count, "EPSILON": epsilon, "EF": ef, "FILTER": filter, "FILTER-EF": filter_ef}
        for word, value in options.items():
            if value:
                words += [word, value]
        words += flagged(TRUTH=truth, NOTHREAD=no_thread)
        parse = replies.SIMILAR[bool(with_scores), bool(with_attribs)]
        return self._run("VSIM", key, *words, reply=parse)

    def vdim(self, key: KeyT) -> Reply[int]:
        """Return the dimension of the vectors; of the projected ones, if they were reduced.

        https://redis.io/commands/vdim/
        """
        return self._run("VDIM", key)

    def vcard(self, key: KeyT) -> Reply[int]:
        """Return how many elements there are.

        https://redis.io/commands/vcard/
        """
        return self._run("VCARD", key)

    def vrem(self, key: KeyT, element: ElementT) -> Reply[bool]:
        """Remove an element; return whether it was there.

        https://redis.io/commands/vrem/
        """
        return self._run("VREM", key, element, reply=boolean)

    def vismember(self, key: KeyT, element: ElementT) -> Reply[bool]:
        """Return whether there is this element.

        https://redis.io/commands/vismember/
        """
        return self._run("VISMEMBER", key, element, reply=boolean)

    @overload
    def vemb(self, key: KeyT, element: ElementT, raw: Literal[False] | None = False) -> Reply[list[float] | None]: ...
    @overload
    def vemb(self, key: KeyT, element: ElementT, raw: Literal[True]) -> Reply[dict[str, Any] | None]: ...
    @overload
    def vemb(self, key: KeyT, element: ElementT, raw: bool | None) -> Reply[Any]: ...
    def vemb(self, key: KeyT, element: ElementT, raw: bool | None = False) -> Reply[Any]:
        """Return the vector of an element as far as its quantization has kept it; ``None`` if there is none.

        ``raw`` returns a dict of what the server has: ``quantization`` (``str``), ``raw`` (``bytes``), ``l2``, and for
        Q8 ``range``.

        https://redis.io/commands/vemb/
        """
        if not raw:
            return self._run("VEMB", key, element, reply=replies.vector)
        return self._run("VEMB", key, element, "RAW", reply=replies.raw_vector, spec=_RAW_VEMB)

    @overload
    def vlinks(
        self, key: KeyT, element: ElementT, with_scores: Literal[False] | None = False
    ) -> Reply[list[list[S]] | None]: ...
    @overload
    def vlinks(
        self, key: KeyT, element: ElementT, with_scores: Literal[True]
    ) -> Reply[list[dict[S, float]] | None]: ...
    @overload
    def vlinks(self, key: KeyT, element: ElementT, with_scores: bool | None) -> Reply[Any]: ...
    def vlinks(self, key: KeyT, element: ElementT, with_scores: bool | None = False) -> Reply[Any]:
        """Return the neighbours of an element, a list for each level; ``None`` if there is no such element.

        With scores, a dict of neighbour to similarity for each level.

        https://redis.io/commands/vlinks/
        """
        if with_scores:
            return self._run("VLINKS", key, element, "WITHSCORES", reply=replies.scored_links)
        return self._run("VLINKS", key, element)

    def vinfo(self, key: KeyT) -> Reply[dict[S, Any] | None]:
        """Return what the server knows of a vector set; ``None`` if there is none.

        https://redis.io/commands/vinfo/
        """
        return self._run("VINFO", key, reply=replies.info)

    def vsetattr(self, key: KeyT, element: ElementT, attributes: AttributesT | None = None) -> Reply[bool]:
        """Replace the attributes of an element; return whether there is such an element.

        ``None`` leaves it without attributes: an empty object.

        https://redis.io/commands/vsetattr/
        """
        text = "{}" if attributes is None else _attributes(attributes)
        return self._run("VSETATTR", key, element, text, reply=boolean)

    def vgetattr(self, key: KeyT, element: ElementT) -> Reply[dict[str, Any] | None]:
        """Return the attributes of an element; ``None`` if it has none, or an empty object.

        https://redis.io/commands/vgetattr/
        """
        return self._run("VGETATTR", key, element, reply=optional(replies.attributes))

    @overload
    def vrandmember(self, key: KeyT, count: None = None) -> Reply[S | None]: ...
    @overload
    def vrandmember(self, key: KeyT, count: int) -> Reply[list[S]]: ...
    @overload
    def vrandmember(self, key: KeyT, count: int | None) -> Reply[list[S] | S | None]: ...
    def vrandmember(self, key: KeyT, count: int | None = None) -> Reply[Any]:
        """Return a random element, or a list of ``count``; a negative count allows an element more than once.

        https://redis.io/commands/vrandmember/
        """
        return self._run("VRANDMEMBER", key, *(() if count is None else (count,)))

    def vrange(self, key: KeyT, start: ElementT, end: ElementT, count: int | None = None) -> Reply[list[S]]:
        """Return the elements between two names, in lexicographical order. Redis 8.4.

        ``start`` and ``end`` are ``[name`` (inclusive), ``(name`` (exclusive), ``-`` (the first) or ``+`` (the last).

        https://redis.io/commands/vrange/
        """
        return self._run("VRANGE", key, start, end, *(() if count is None else (count,)))


_RAW_VEMB = SPECS["VEMB"].with_(raw=True)


def _vector(vector: VectorT) -> list[EncodableT]:
    """Return a vector as VADD and VSIM take it."""
    if isinstance(vector, bytes | bytearray | memoryview):
        return ["FP32", bytes(vector)]
    return ["VALUES", len(vector), *vector]


def _attributes(attributes: AttributesT) -> str:
    return attributes if isinstance(attributes, str) else json.dumps(attributes)
