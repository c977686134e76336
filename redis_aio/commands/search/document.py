"""Document: one result of a search."""

from typing import Any


class Document:
    """A document: its key as ``id``, and its fields as attributes or items.

    Args:
        id: the key.
        payload: what is kept with it.
        fields: the fields; a JSON document is ``json``.
    """

    def __init__(self, /, id: str, payload: str | None = None, **fields: Any) -> None:
        self.id = id
        self.payload = payload
        vars(self).update(fields)  # not setattr: whoever writes documents may name a field "__class__"

    def __getattr__(self, name: str) -> Any:  # for type checkers: the fields are not known before
        raise AttributeError(f"this document has no field {name!r}")

    def __getitem__(self, item: str) -> Any:
        return getattr(self, item)

    def __repr__(self) -> str:
        return f"Document {vars(self)}"
