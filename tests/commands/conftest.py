"""What the tests of the command groups share.

``face`` runs a command on each face of each kind of client, ``text`` says what a string looks like there, ``needs``
skips where the server lacks a command, and ``built`` shows what a command method sends without a server.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, TypeVar

import pytest

from redis_aio._command.command import Command
from redis_aio._command.spec import CommandSpec
from redis_aio.commands import Commands
from redis_aio.testing import RedisServer
from redis_aio.typing import Reply, ReplyParser
from tests.conftest import MakeClient

T = TypeVar("T")

#: The types of the fixtures below.
Text = Callable[[Any], Any]
Needs = Callable[..., None]
Built = Callable[[Callable[[Commands[Any]], Any]], list[Any]]

KINDS = ("client", "pipeline", "transaction")
FACES = [
    pytest.param((kind, protocol, decode), id=f"{kind}-resp{protocol}-{'str' if decode else 'bytes'}")
    for kind, protocol, decode in product(KINDS, (2, 3), (False, True))
]


class Face:
    """One way to run a command: on a client, in a pipeline, or in a transaction.

    ``client`` is the client behind it, for preparing data and for commands that cannot be queued.
    """

    def __init__(self, kind: str, protocol: int, decode: bool, client: Any) -> None:
        self.kind = kind
        self.protocol = protocol
        self.decode = decode
        self.client = client

    async def __call__(self, call: Callable[[Commands[Any]], Reply[T]]) -> T:
        """Run the one command that ``call`` makes and return its value."""
        if self.kind == "client":
            return await call(self.client)
        pipeline = self.client.pipeline(transaction=self.kind == "transaction")
        _ = call(pipeline)
        values = await pipeline.execute()
        assert len(values) == 1, f"a {self.kind} of one command gave {len(values)} values"
        value: T = values[0]
        return value


@pytest.fixture(params=FACES)
async def face(request: pytest.FixtureRequest, make_client: MakeClient) -> Face:
    """A face of a client of an empty server; twelve of them."""
    kind, protocol, decode = request.param
    return Face(kind, protocol, decode, make_client(protocol=protocol, decode_responses=decode))


@pytest.fixture
def text(face: Face) -> Text:
    """``text("x")`` is ``b"x"`` or ``"x"`` as the face delivers strings, also inside collections."""

    def as_delivered(value: Any) -> Any:
        match value:
            case str():
                return value if face.decode else value.encode()
            case list() | tuple() | set():
                return type(value)(as_delivered(element) for element in value)
            case dict():
                return {as_delivered(key): as_delivered(element) for key, element in value.items()}
        return value

    return as_delivered


# -- what the server can ----------------------------------------------------------------------------------------------


class Capabilities:
    """The commands a server has, and the option words each takes, from COMMAND LIST and COMMAND DOCS."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._options: dict[str, set[str]] = {}
        names = server.command("COMMAND", "LIST")
        assert isinstance(names, list)
        self.commands = {name.decode().replace("|", " ").upper() for name in names if isinstance(name, bytes)}

    def options(self, command: str) -> set[str]:
        """Return the words of the options of a command, upper case."""
        if command not in self._options:
            docs = self._server.command("COMMAND", "DOCS", command.lower().replace(" ", "|"))
            self._options[command] = set(tokens(docs))
        return self._options[command]


def tokens(node: Any) -> Iterator[str]:
    """Iterate over every ``token`` in a RESP2 tree of COMMAND DOCS."""
    if not isinstance(node, list):
        return
    for index, element in enumerate(node):
        if element == b"token" and index + 1 < len(node):
            yield node[index + 1].decode().upper()
        yield from tokens(element)


@pytest.fixture(scope="session")
def capabilities(server: RedisServer) -> Capabilities:
    """What the server of this run can do."""
    return Capabilities(server)


@pytest.fixture
def needs(server: RedisServer, capabilities: Capabilities) -> Needs:
    """Skip where the server lacks a command (``needs("HEXPIRE")``) or an option (``needs("SET", "IFEQ")``)."""

    def skip_without(command: str, *options: str) -> None:
        here = f"{server.flavour} {'.'.join(map(str, server.version))}"
        if command.upper() not in capabilities.commands:
            pytest.skip(f"{here} has no {command}")
        missing = [option for option in options if option.upper() not in capabilities.options(command.upper())]
        if missing:
            pytest.skip(f"{here} has no {command} ... {' '.join(missing)}")

    return skip_without


# -- without a server -------------------------------------------------------------------------------------------------


class Recorder(Commands[Any]):
    """A face that sends nothing: ``_run`` hands the command back."""

    def _run(
        self, name: str, /, *args: Any, reply: ReplyParser[T] | None = None, spec: CommandSpec | None = None
    ) -> Any:
        return Command(name, *args, reply=reply, spec=spec)


@pytest.fixture
def recorder() -> Recorder:
    """A face whose methods return the Command they build."""
    return Recorder()


@pytest.fixture
def built(recorder: Recorder) -> Built:
    """``built(lambda r: r.get("k"))`` is ``["GET", "k"]``: what a method would send, bytes shown as str."""

    def words(call: Callable[[Commands[Any]], Any]) -> list[Any]:
        command = call(recorder)
        arguments = [argument.decode() if isinstance(argument, bytes) else argument for argument in command.args]
        return [*command.spec.words, *arguments]

    return words
