"""The hyperloglog commands on each face, and what they refuse."""

import pytest

from redis_aio import DataError, ResponseError
from tests.commands.conftest import Face, Recorder

pytestmark = pytest.mark.one_loop


async def test_add_count_and_merge(face: Face) -> None:
    assert await face(lambda r: r.pfadd("a", "x", "y", 3)) == 1
    assert await face(lambda r: r.pfadd("a", "x", b"y")) == 0
    assert await face(lambda r: r.pfadd("empty")) == 1
    assert await face(lambda r: r.pfadd("b", "y", "z")) == 1
    assert await face(lambda r: r.pfcount("a")) == 3
    assert await face(lambda r: r.pfcount("a", "b", "missing")) == 4
    assert await face(lambda r: r.pfmerge("merged", "a", "b")) is True
    assert await face(lambda r: r.pfmerge("merged")) is True
    assert await face(lambda r: r.pfcount("merged")) == 4


async def test_what_is_no_hyperloglog(face: Face) -> None:
    await face.client.set("k", "v")
    with pytest.raises(ResponseError, match="HyperLogLog"):
        await face(lambda r: r.pfcount("k"))


def test_counting_nothing_is_refused(recorder: Recorder) -> None:
    with pytest.raises(DataError, match="sources must have at least one element"):
        _ = recorder.pfcount()
