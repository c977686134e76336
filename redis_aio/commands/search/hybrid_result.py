"""What FT.HYBRID found."""

from dataclasses import dataclass
from typing import Any


@dataclass
class HybridResult:
    """Documents, the best first.

    Attributes:
        total_results: how many there are.
        results: a dict of field to value for each.
        warnings: of the server, such as that its time was over.
        execution_time: milliseconds in the server.
    """

    total_results: int
    results: list[dict[str, Any]]
    warnings: list[str | bytes]
    execution_time: float


class HybridCursorResult:
    """Cursors to read the two halves with."""

    def __init__(self, search_cursor_id: int, vsim_cursor_id: int) -> None:
        self.search_cursor_id = search_cursor_id
        self.vsim_cursor_id = vsim_cursor_id
