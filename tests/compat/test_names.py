"""Every public name of redis-py is at the same place here, or stands in a table with its reason."""

from fnmatch import fnmatchcase

import pytest

from tests.compat.compare import exported, find, missing
from tests.compat.differences import MISSING_HERE, PENDING


def _explained(place: str) -> list[str]:
    return [pattern for pattern in (*MISSING_HERE, *PENDING) if fnmatchcase(place, pattern)]


def test_names_are_there_or_explained() -> None:
    assert [place for place in sorted(missing()) if not _explained(place)] == []


@pytest.mark.parametrize("pattern", [*MISSING_HERE, *PENDING])
def test_no_explanation_is_stale(pattern: str) -> None:
    assert any(fnmatchcase(place, pattern) for place in missing()), "it is there now"


def test_it_looks_at_all_of_redis_py() -> None:
    names = exported()
    assert len(names) > 250
    assert {"Redis", "Pipeline", "ConnectionPool", "Lock", "Retry", "Query", "WatchError"} <= {n.name for n in names}
    there = [name.here for name in names if find(name)[1] is not None and name.here not in missing()]
    assert len(there) > 200
