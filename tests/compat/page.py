"""The tables of docs/from-redis-py.md: ``python -m tests.compat.page`` writes them anew from differences.py."""

from collections.abc import Mapping
from pathlib import Path

from tests.compat.differences import BEHAVIOUR, CONSTRUCTORS, MISSING_HERE, PENDING, SIGNATURES

PAGE = Path(__file__).parents[2] / "docs" / "from-redis-py.md"
START = "<!-- tables: written by python -m tests.compat.page -->"
END = "<!-- end of the tables -->"


def _table(title: str, heads: tuple[str, str], rows: Mapping[str, str]) -> str:
    """Return a table, in which what has the same reason stands in one row."""
    reasons: dict[str, list[str]] = {}
    for place, reason in rows.items():
        name = place.removeprefix("redis_aio.")
        reasons.setdefault(reason, []).append(name if "`" in name or " " in name else f"`{name}`")
    lines = [f"| {', '.join(places)} | {reason} |".replace("\n", " ") for reason, places in reasons.items()]
    return "\n".join([f"### {title}", "", f"| {heads[0]} | {heads[1]} |", "|---|---|", *lines, ""])


def tables() -> str:
    """Return the tables."""
    signatures = {place: f"{', '.join(found)}: {reason}" for place, (found, reason) in SIGNATURES.items()}
    return "\n".join(
        [
            _table("Behaviour", ("What", "How it is here"), BEHAVIOUR),
            _table("Pending", ("Name", "Until then"), PENDING),
            _table("Signatures", ("Function", "Difference"), signatures),
            _table("Constructors", ("Class", "Why"), CONSTRUCTORS),
            _table("Not there", ("Name", "Why, or what instead"), MISSING_HERE),
        ]
    )


def main() -> None:
    """Write the tables into the page."""
    text = PAGE.read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n\n{tables()}\n{END}{after}")


if __name__ == "__main__":
    main()
