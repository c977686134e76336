"""Finding: one thing that somebody should know or do."""

import enum
from dataclasses import dataclass


class Severity(enum.IntEnum):
    """How bad it is; the exit status of the program for the worst finding is this number."""

    #: Worth knowing.
    INFO = 0
    #: Will hurt one day.
    WARNING = 1
    #: Hurts now, or is a hole.
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        severity: how bad it is.
        check: the name of the check, for those who filter.
        what: what was found.
        why: what follows from it.
        todo: what to do about it.
    """

    severity: Severity
    check: str
    what: str
    why: str
    todo: str
