"""Values of an application's own types: get_as, mget_as, set_as, and the codecs behind them."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal, assert_type

import msgspec
import pydantic
import pytest

from redis_aio import Redis
from redis_aio.codecs import JSON_CODEC, Codec
from tests.conftest import MakeClient

pytestmark = pytest.mark.one_loop


@dataclass
class Address:
    """A part of a user."""

    city: str
    point: tuple[float, float] | None = None


@dataclass
class User:
    """What the tests keep in Redis."""

    name: str
    age: int
    score: float = 0.0
    tags: list[str] = field(default_factory=list)
    address: Address | None = None
    limits: dict[str, Address] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)


ADA = User("Ada", 36, 1.5, ["a"], Address("London", (51.5, 0.1)), {"work": Address("Paris")})


@pytest.fixture(params=[False, True], ids=["bytes", "str"])
async def r(request: pytest.FixtureRequest, make_client: MakeClient) -> Redis[Any]:
    """A client of each kind; what a codec gets is bytes on both."""
    return make_client(decode_responses=request.param)


async def test_dataclasses_as_json(r: Redis[Any]) -> None:
    assert await r.set_as("u", ADA, ex=100) is True
    assert await r.get_as("u", User) == ADA
    assert 0 < await r.ttl("u") <= 100
    assert json.loads(await r.get("u") or "")["address"] == {"city": "London", "point": [51.5, 0.1]}
    assert await r.get_as("missing", User) is None
    assert await r.set_as("u", ADA, nx=True) is None


async def test_several_keys(r: Redis[Any]) -> None:
    await r.set_as("u", ADA)
    assert await r.mget_as(["u", "missing"], User) == [ADA, None]
    assert await r.mget_as("u", User) == [ADA]


async def test_in_pipelines(r: Redis[Any]) -> None:
    async with r.pipeline() as pipe:
        assert await pipe.set_as("u", ADA).get_as("u", User).get_as("missing", User).execute() == [True, ADA, None]
    async with r.connection() as connection:
        assert await connection.get_as("u", User) == ADA


async def test_what_does_not_fit_fails_that_call_alone(r: Redis[Any]) -> None:
    await r.set("u", '{"name": "Ada", "age": "secret"}')
    with pytest.raises(TypeError, match="does not fit <class 'int'>") as caught:
        await r.get_as("u", User)
    assert "secret" not in str(caught.value)
    values = await r.pipeline().get_as("u", User).get("u").execute(raise_on_error=False)
    assert isinstance(values[0], TypeError)
    assert values[1]


@pytest.mark.parametrize("data", [b'"secret\xff"', b"secret"], ids=["no text", "no JSON"])
def test_what_is_no_json_is_not_shown(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no JSON|Expecting value") as caught:
        JSON_CODEC.decode(data, str)
    assert "secret" not in repr(caught.value) + repr(caught.value.__context__)


async def test_msgspec(make_client: MakeClient) -> None:
    class Point(msgspec.Struct):
        x: int
        y: float = 0.0

    codec = Codec(msgspec.msgpack.encode, lambda data, kind: msgspec.msgpack.decode(data, type=kind))
    r = make_client(codec=codec)
    await r.set_as("p", Point(1, 2.5))
    point = await r.get_as("p", Point)
    assert_type(point, Point | None)
    assert point == Point(1, 2.5)
    pipe = r.pipeline().get_as("p", Point)
    assert await pipe.execute() == [Point(1, 2.5)]


async def test_pydantic(make_client: MakeClient) -> None:
    class Item(pydantic.BaseModel):
        name: str
        price: float

    codec = Codec(lambda value: value.model_dump_json(), lambda data, kind: kind.model_validate_json(data))
    r = make_client(codec=codec, decode_responses=True)
    await r.set_as("i", Item(name="x", price=1.5))
    assert await r.get_as("i", Item) == Item(name="x", price=1.5)
    await r.set("i", "{}")
    with pytest.raises(pydantic.ValidationError):
        await r.get_as("i", Item)


@dataclass
class Derived:
    """Has a field that is computed, and is written all the same."""

    x: int
    double: int = field(init=False)

    def __post_init__(self) -> None:
        self.double = 2 * self.x


def test_fields_that_are_computed() -> None:
    data = JSON_CODEC.encode(Derived(3))
    assert data == '{"x": 3, "double": 6}'
    assert JSON_CODEC.decode(b'{"x": 3, "double": 7}', Derived) == Derived(3)


def test_a_codec_is_a_codec() -> None:
    with pytest.raises(TypeError, match="codec"):
        Redis(codec=json)  # type: ignore[call-overload]  # the point


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (5, int),
        (1.5, float),
        ("x", str),
        (None, None),
        ([1, 2], list[int]),
        ({"a": [1.0]}, dict[str, list[float]]),
        ((1, "x"), tuple[int, str]),
        ((1, 2, 3), tuple[int, ...]),
        (5, int | str),
        ("x", int | str),
        ({"a": 1}, dict[str, Any]),
        (True, bool),
        ("a", Literal["a", "b"]),
        ((1, 2), tuple[int, int, int] | tuple[int, int]),
    ],
    ids=str,
)
def test_json_has_these_types(value: Any, kind: Any) -> None:
    data = JSON_CODEC.encode(value)
    assert isinstance(data, str)
    found = JSON_CODEC.decode(data.encode(), kind)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("5", str),
        ("true", int),
        ('"x"', int | None),
        ("[1]", dict[str, int]),
        ('{"1": 2}', dict[int, int]),  # a key of JSON is a string
        ("[1, 2, 3]", tuple[int, int]),
        ('"c"', Literal["a", "b"]),
        ("1", Literal[True]),
    ],
)
def test_json_of_another_type(data: str, kind: Any) -> None:
    with pytest.raises(TypeError, match="fit"):
        JSON_CODEC.decode(data.encode(), kind)
