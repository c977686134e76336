"""The files that type checkers read say enough."""

import re
from pathlib import Path

from redis_aio import Redis

FOLDER = Path(__file__).parent


def test_the_types_of_most_commands_are_written_down() -> None:
    text = "".join(path.read_text() for path in FOLDER.glob("reveal*.py"))
    asserted = set(re.findall(r"assert_type\(await [rb]\.(\w+(?:\([^()]*\)\.\w+)?)\(", text))
    assert len(asserted) >= 200
    assert [name for name in asserted if not hasattr(Redis, name.partition("(")[0])] == []
