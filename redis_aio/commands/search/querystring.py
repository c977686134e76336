"""Queries put together by functions: ``intersect(title="hello", price=between(1, 5))``.

A keyword is a field, its value a number, a string, a value of this module, or a list of these. What users typed must be
given as a parameter of the query (``$name``), because nothing here is escaped.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar


def tags(*t: object) -> "TagValue":
    """Return a value that matches one of several tags."""
    if not t:
        raise ValueError("tags needs at least one tag")
    return TagValue(*t)


def between(
    a: float | str | None, b: float | str | None, inclusive_min: bool = True, inclusive_max: bool = True
) -> "RangeValue":
    """Return a value that matches numbers from ``a`` to ``b``; ``None`` is no bound."""
    return RangeValue(a, b, inclusive_min=inclusive_min, inclusive_max=inclusive_max)


def equal(n: float | str) -> "RangeValue":
    """Return a value that matches one number."""
    return between(n, n)


def lt(n: float | str) -> "RangeValue":
    """Return a value that matches smaller numbers."""
    return between(None, n, inclusive_max=False)


def le(n: float | str) -> "RangeValue":
    """Return a value that matches smaller numbers and this one."""
    return between(None, n)


def gt(n: float | str) -> "RangeValue":
    """Return a value that matches larger numbers."""
    return between(n, None, inclusive_min=False)


def ge(n: float | str) -> "RangeValue":
    """Return a value that matches larger numbers and this one."""
    return between(n, None)


def geo(lat: float, lon: float, radius: float, unit: str = "km") -> "GeoValue":
    """Return a value that matches places within a distance."""
    return GeoValue(lon, lat, radius, unit)


class Value(ABC):
    """What a field is compared with."""

    #: Whether several of them can stand in one pair of parentheses.
    combinable: bool = False

    @staticmethod
    def make_value(v: object) -> "Value":
        """Return a value as one of these."""
        return v if isinstance(v, Value) else ScalarValue(v)

    @abstractmethod
    def to_string(self) -> str:
        """Return it in the query language."""

    def __str__(self) -> str:
        return self.to_string()


class RangeValue(Value):
    """Numbers between two others."""

    def __init__(
        self, a: float | str | None, b: float | str | None, inclusive_min: bool = False, inclusive_max: bool = False
    ) -> None:
        self.range: list[str] = ["-inf" if a is None else str(a), "inf" if b is None else str(b)]
        self.inclusive_min = inclusive_min
        self.inclusive_max = inclusive_max

    def to_string(self) -> str:
        """Return it in the query language."""
        low, high = self.range
        return f"[{'' if self.inclusive_min else '('}{low} {'' if self.inclusive_max else '('}{high}]"


class ScalarValue(Value):
    """A number or a string as it is."""

    combinable = True

    def __init__(self, v: object) -> None:
        self.v: str = str(v)

    def to_string(self) -> str:
        """Return it in the query language."""
        return self.v


class TagValue(Value):
    """One of several tags."""

    def __init__(self, *tags: object) -> None:
        self.tags = tags

    def to_string(self) -> str:
        """Return it in the query language."""
        return f"{{{' | '.join(map(str, self.tags))}}}"


class GeoValue(Value):
    """Places within a distance."""

    def __init__(self, lon: float, lat: float, radius: float, unit: str = "km") -> None:
        self.lon = lon
        self.lat = lat
        self.radius = radius
        self.unit = unit

    def to_string(self) -> str:
        """Return it in the query language."""
        return f"[{self.lon} {self.lat} {self.radius} {self.unit}]"


class Node:
    """A part of a query, made of others: nodes, strings, and fields by keyword."""

    #: What stands between the parts.
    JOINSTR: ClassVar[str] = ""

    def __init__(self, *children: "Node | str", **kwparams: Any) -> None:
        self.params: list[Node] = [self.to_node(child) for child in children]
        for key, value in kwparams.items():
            values = [value] if isinstance(value, str | int | float | Value) else [*value]
            self.params += self.join_fields(key, [Value.make_value(one) for one in values])

    def join_fields(self, key: str, vals: list[Value]) -> list["BaseNode"]:
        """Return the parts for a field and its values."""
        if len(vals) > 1 and vals[0].combinable:
            return [BaseNode(f"@{key}:({self.JOINSTR.join(map(str, vals))})")]
        return [BaseNode(f"@{key}:{value}") for value in vals]

    @classmethod
    def to_node(cls, obj: "Node | str") -> "Node":
        """Return a string as a node."""
        return obj if isinstance(obj, Node) else BaseNode(obj)

    def to_string(self, with_parens: bool | None = None) -> str:
        """Return it in the query language; in parentheses where it has several parts, unless said otherwise."""
        inner = self._joined()
        return f"({inner})" if self._parenthesised(with_parens) else inner

    def _joined(self) -> str:
        return self.JOINSTR.join(part.to_string() for part in self.params)

    def _parenthesised(self, with_parens: bool | None) -> bool:
        return len(self.params) > 1 if with_parens is None else with_parens

    def __str__(self) -> str:
        return self.to_string()


class BaseNode(Node):
    """A part that is written already."""

    def __init__(self, s: object) -> None:
        super().__init__()
        self.s: str = str(s)

    def to_string(self, with_parens: bool | None = None) -> str:
        """Return it as it is."""
        return self.s


class IntersectNode(Node):
    """All of the parts match."""

    JOINSTR: ClassVar[str] = " "


class UnionNode(Node):
    """One of the parts matches."""

    JOINSTR: ClassVar[str] = "|"


class DisjunctNode(IntersectNode):
    """The parts do not match."""

    _SIGN: ClassVar[str] = "-"

    def to_string(self, with_parens: bool | None = None) -> str:
        """Return it in the query language."""
        inner = f"{self._SIGN}{self._joined()}"
        return f"({inner})" if self._parenthesised(with_parens) else inner


class DistjunctUnion(DisjunctNode):
    """None of the parts matches."""

    JOINSTR: ClassVar[str] = "|"


class OptionalNode(DisjunctNode):
    """The parts need not match, but raise the score."""

    _SIGN = "~"


def intersect(*args: Node | str, **kwargs: Any) -> IntersectNode:
    """Return a query that all of the parts must match."""
    return IntersectNode(*args, **kwargs)


def union(*args: Node | str, **kwargs: Any) -> UnionNode:
    """Return a query that one of the parts must match."""
    return UnionNode(*args, **kwargs)


def disjunct(*args: Node | str, **kwargs: Any) -> DisjunctNode:
    """Return a query that the parts must not match."""
    return DisjunctNode(*args, **kwargs)


def disjunct_union(*args: Node | str, **kwargs: Any) -> DistjunctUnion:
    """Return a query that none of the parts may match."""
    return DistjunctUnion(*args, **kwargs)


def querystring(*args: Node | str, **kwargs: Any) -> str:
    """Return the text of :func:`intersect`."""
    return intersect(*args, **kwargs).to_string()
