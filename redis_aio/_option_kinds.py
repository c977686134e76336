"""Kinds of option values: what each accepts, what it makes of it, and how it is written in a URL.

``check`` takes what a program gave, ``parse`` what a URL says. No error tells a text that was given: it may be secret.
"""

import difflib
import os
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})
_NONE = frozenset({"none", "null"})
_PLAIN_SECONDS = re.compile(r"-?[0-9]+(\.[0-9]*)?|-?\.[0-9]+")
_DURATION = re.compile(r"(-?)((?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+)")
_DURATION_PART = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
# Thirty years: beyond it event loops cannot count, and who writes more means None.
_LONGEST = 1e9
# What the server takes as a client name: printable, no space.
_WORD = re.compile(r"[!-~]*")


class Kind:
    """What values an option takes.

    ``expected`` finishes the sentence "it must be ..."; ``written`` does the same for a URL and is empty where a URL
    cannot say it.
    """

    expected = ""
    written = ""

    def check(self, name: str, value: Any) -> Any:
        """Return the value as it is used from here on, or raise an error that names the option."""
        raise NotImplementedError

    def parse(self, text: str) -> Any:
        """Return what the text in a URL stands for, or raise ValueError, whose text nobody sees."""
        raise NotImplementedError

    def wrong_type(self, name: str, value: object) -> TypeError:
        """Return the error for a value of a wrong type."""
        return TypeError(f"{name} must be {self.expected}, not {type_name(value)}")


class Seconds(Kind):
    """A duration; ``None`` is no bound."""

    def __init__(self, *, zero: bool = False, none: bool = True) -> None:
        self._zero = zero
        self._none = none
        least = "of at least 0" if zero else "greater than 0"
        self.expected = f"a number of seconds {least}" + (", or None for no bound" if none else "")
        self.written = f"a duration {least}, such as 3, 0.5, 500ms or 5m" + (", or none" if none else "")

    def check(self, name: str, value: Any) -> float | None:
        if value is None and self._none:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong_type(name, value)
        if not (0 < value <= _LONGEST or (self._zero and value == 0)):  # NaN is neither
            raise ValueError(f"{name} must be {self.expected}, not {value}")
        return float(value)

    def parse(self, text: str) -> float | None:
        if text.lower() in _NONE:
            return None
        if _PLAIN_SECONDS.fullmatch(text):
            return float(text)
        match = _DURATION.fullmatch(text)
        if match is None:
            raise ValueError
        total = sum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(match[2]))
        return -total if match[1] else total


class Integer(Kind):
    """A whole number. With ``digits`` a program may give it as text too; with ``none`` it may be left open."""

    def __init__(self, least: int, most: int | None = None, *, none: bool = False, digits: bool = False) -> None:
        self._least = least
        self._most = most
        self._none = none
        self._digits = digits
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        self.written = f"a whole number {bounds}" + (", or none" if none else "")
        self.expected = f"an integer {bounds}" + (" or None" if none else "")

    def check(self, name: str, value: Any) -> int | None:
        if value is None and self._none:
            return None
        if self._digits and isinstance(value, str):
            if not re.fullmatch(r"[0-9]{1,18}", value):
                raise ValueError(f"{name} must be {self.expected}; the text given is not a number")
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong_type(name, value)
        if value < self._least or (self._most is not None and value > self._most):
            raise ValueError(f"{name} must be {self.expected}, not {value}")
        return int(value)

    def parse(self, text: str) -> int | None:
        if self._none and text.lower() in _NONE:
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise ValueError
        return int(text)


class Flag(Kind):
    """True or false; with ``none``, ``None`` is false."""

    written = "true or false"

    def __init__(self, *, none: bool = False) -> None:
        self._none = none
        self.expected = "True or False"

    def check(self, name: str, value: Any) -> bool:
        if value is None and self._none:
            return False
        if not isinstance(value, bool):
            raise self.wrong_type(name, value)
        return value

    def parse(self, text: str) -> bool:
        lower = text.lower()
        if lower in _TRUE:
            return True
        if lower in _FALSE:
            return False
        raise ValueError


class Text(Kind):
    """A text; the empty one counts as ``None``. A ``word`` goes into CLIENT LIST and may hold no space."""

    written = "a text"

    def __init__(self, *, word: bool = False, bytes_too: bool = False) -> None:
        self._word = word
        self._types: tuple[type, ...] = (str, bytes) if bytes_too else (str,)
        self.expected = "a string or bytes, or None" if bytes_too else "a string or None"

    def check(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, self._types):
            raise self.wrong_type(name, value)
        if self._word and not _WORD.fullmatch(str(value)):
            raise ValueError(f"{name} must hold printable ASCII characters only, and no spaces")
        return value or None

    def parse(self, text: str) -> str:
        return text


class Path(Kind):
    """The path of a file or directory, or ``None``."""

    expected = "a path or None"
    written = "a path"

    def check(self, name: str, value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str):
            raise self.wrong_type(name, value)
        if "\0" in value:
            raise ValueError(f"{name} must be a path and so cannot hold a NUL character")
        return value or None

    def parse(self, text: str) -> str:
        return text


class Of(Kind):
    """An instance of a class, or ``None``. A URL cannot say it."""

    def __init__(self, expected: str, *classes: type) -> None:
        self.expected = f"{expected} or None"
        self._classes = classes

    def check(self, name: str, value: Any) -> Any:
        if value is not None and not isinstance(value, self._classes):
            raise self.wrong_type(name, value)
        return value


class Checked(Kind):
    """What a function accepts.

    Args:
        expected: see :class:`Kind`.
        accept: returns the value to use; raises TypeError (the message comes from here) or ValueError (with a message).
        parse: makes a value of the text in a URL; without one a URL cannot say it.
        written: see :class:`Kind`.
    """

    def __init__(
        self,
        expected: str,
        accept: Callable[[Any], Any],
        *,
        parse: Callable[[str], Any] | None = None,
        written: str = "",
    ) -> None:
        self.expected = expected
        self.written = (written or expected) if parse is not None else ""
        self._accept = accept
        self._parse = parse

    def check(self, name: str, value: Any) -> Any:
        problem: str
        try:
            return self._accept(value)
        except TypeError:
            problem = ""
        except ValueError as error:
            problem = str(error) or self.expected
        # Raised out here, so that the error does not drag along one that may show the value.
        if problem:
            raise ValueError(f"{name} must be {problem}")
        raise self.wrong_type(name, value)

    def parse(self, text: str) -> Any:
        if self._parse is None:
            raise ValueError
        return self._parse(text)


def pairs_of_integers(value: Any) -> dict[int, int | bytes]:
    """Accept a mapping of socket option numbers to values."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError
    for option, setting in value.items():
        if not isinstance(option, int) or not isinstance(setting, int | bytes):
            raise ValueError("a mapping of integers to integers or bytes")
    return dict(value)


def type_name(value: object) -> str:
    """Return the name of the type of a value as a reader knows it: ``None`` is a name of its own."""
    kind = type(value)
    if value is None:
        return "None"
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def closest(name: str, names: Collection[str]) -> str:
    """Return "; did you mean 'x'?" for the known name closest to an unknown one, or nothing."""
    matches = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""


__all__ = [
    "Checked",
    "Flag",
    "Integer",
    "Kind",
    "Of",
    "Path",
    "Seconds",
    "Text",
    "closest",
    "pairs_of_integers",
    "type_name",
]
