"""Path: a place in a JSON value."""


class Path:
    """A path, for those who do not write it as ``str``.

    Args:
        path: in the syntax of JSONPath (``$.a[0]``), or the older one (``.a[0]``).
    """

    strPath: str = ""  # noqa: N815  # redis-py's name

    @staticmethod
    def root_path() -> str:
        """Return the path of the whole value."""
        return "."

    def __init__(self, path: str) -> None:
        self.strPath = path

    def __str__(self) -> str:
        return self.strPath

    def __repr__(self) -> str:
        return self.strPath
