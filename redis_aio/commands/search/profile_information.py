"""ProfileInformation: what FT.PROFILE says of how a query was executed."""

from typing import Any


class ProfileInformation:
    """What the server measured."""

    def __init__(self, info: Any) -> None:
        self._info = info

    @property
    def info(self) -> Any:
        """It, as the server sent it."""
        return self._info
