"""Functions and methods take what those of redis-py take, in the same order and with the same defaults; or a table says
why not.
"""

import inspect
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.compat.compare import signatures, unlike
from tests.compat.differences import CONSTRUCTORS, SIGNATURES

FOUND = signatures()


def _constructor(place: str) -> str:
    return next((p for p in CONSTRUCTORS if place.endswith(".__init__") and fnmatchcase(place[:-9], p)), "")


def _explained(place: str, differences: tuple[str, ...]) -> bool:
    if place in SIGNATURES or not _constructor(place):
        return any(fnmatchcase(place, p) and differences == expected for p, (expected, _) in SIGNATURES.items())
    return True


def test_signatures_are_theirs_or_explained() -> None:
    assert {place: found for place, found in FOUND.items() if not _explained(place, found)} == {}


@pytest.mark.parametrize("pattern", SIGNATURES)
def test_no_explained_signature_is_stale(pattern: str) -> None:
    assert any(fnmatchcase(place, pattern) for place in FOUND)


@pytest.mark.parametrize("pattern", CONSTRUCTORS)
def test_no_explained_constructor_is_stale(pattern: str) -> None:
    assert any(_constructor(place) == pattern for place in FOUND)


# -- the judge is judged ----------------------------------------------------------------------------------------------


def _theirs(a: int, b: str = "x", c: list[int] = [], *, d: bool = False, **kwargs: Any) -> None: ...  # noqa: B006


def _same(a: int, b: str = "x", c: tuple[int, ...] = (), *, d: bool = False) -> None: ...
def _more(a: int, b: str = "x", c: None = None, e: int = 1, *, d: bool = False, f: int = 2) -> None: ...
def _swapped(b: str = "x", a: int = 1, c: tuple[int, ...] = (), *, d: bool = False) -> None: ...
def _fewer(a: int, b: str = "x", c: tuple[int, ...] = ()) -> None: ...
def _otherwise(a: int, b: str = "y", c: tuple[int, ...] = (), *, d: bool = True) -> None: ...
def _by_keyword(a: int, *, b: str = "x", c: tuple[int, ...] = (), d: bool = False) -> None: ...
def _demanding(a: int, b: str = "x", c: tuple[int, ...] = (), *, d: bool = False, e: int) -> None: ...


@pytest.mark.parametrize(
    ("ours", "differences"),
    [
        (_theirs, []),
        (_same, []),
        (_more, []),
        (_swapped, ["a in another place", "b in another place"]),
        (_fewer, ["no d"]),
        (_otherwise, ["b='x' is 'y' here", "d=False is True here"]),
        (_by_keyword, ["b only by keyword", "c only by keyword"]),
        (_demanding, ["e is needed here"]),
    ],
    ids=lambda value: value.__name__ if inspect.isfunction(value) else "",
)
def test_what_counts_as_a_difference(ours: Callable[..., Any], differences: list[str]) -> None:
    assert unlike(_theirs, ours) == differences
