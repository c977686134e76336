"""CommandSpec: what is true of a command whoever calls it.

The facts are the server's own (``COMMAND`` and ``COMMAND DOCS``), and one that is ours: the *effect*, which decides
what may be done when an attempt failed.
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


class Effect(enum.Enum):
    """What executing a command does, and so whether it may be sent again when its reply was lost."""

    #: Changes nothing. May be sent again.
    READ = "read"
    #: Executed twice in a row, it leaves the same state as executed once (SET, DEL, HSET, EXPIREAT). May be sent again.
    IDEMPOTENT = "idempotent"
    #: Each execution adds or takes something (INCR, LPUSH, LPOP, XADD). Never sent again.
    ACCUMULATING = "accumulating"
    #: Changes the state of its connection (SELECT, AUTH, WATCH). Needs a connection of its own.
    STATEFUL = "stateful"
    #: May wait in the server (BLPOP). Needs a connection of its own while it runs; never sent again.
    BLOCKING = "blocking"
    #: Changes the server itself (CONFIG SET, SHUTDOWN). Never sent again.
    ADMIN = "admin"


#: Arguments of a command without its name, in the order they are sent.
Arguments = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CommandSpec:
    """The facts about one command. Two are equal if they are the same one, so that they are told apart quickly.

    Args:
        name: upper case; a subcommand's name follows its container's after a space (``"CONFIG GET"``).
        group: the group of COMMAND DOCS (``"string"``, ``"sorted-set"`` ...).
        since: the server version that introduced it (``"1.0.0"``; Valkey's own are marked by ``server``).
        arity: as in COMMAND: the name included; negative means at least.
        flags: as in COMMAND, lower case.
        keys: (first, last, step) as in COMMAND; ``(0, 0, 0)`` is no key, or keys that must be found otherwise.
        request_policy: the ``request_policy`` tip, or ``""``.
        response_policy: the ``response_policy`` tip, or ``""``.
        effect: the effect where the arguments do not change it.
        effect_of: gives the effect for arguments, where they change it.
        block: gives the seconds the server may take for these arguments: ``None`` is for ever, a number the bound,
            and -1.0 says that it does not wait at all with these arguments. Only blocking commands have it.
        raw: the reply holds binary data and is never decoded (DUMP).
        refuse: why the command can never be sent through a pooled connection, or ``""``.
        server: ``"redis"`` or ``"valkey"`` for a command only one of them has, else ``""``.
    """

    name: str
    group: str
    since: str
    arity: int
    flags: frozenset[str]
    keys: tuple[int, int, int]
    effect: Effect
    request_policy: str = ""
    response_policy: str = ""
    effect_of: Callable[[Arguments], Effect] | None = None
    block: Callable[[Arguments], float | None] | None = None
    raw: bool = False
    refuse: str = ""
    server: str = ""
    #: The name as it is sent, a word an element. Derived.
    words: tuple[str, ...] = field(init=False)
    #: Its frame with one and with two arguments, as :meth:`frame` gives them. Derived.
    one: bytes = field(init=False, repr=False, compare=False)
    two: bytes = field(init=False, repr=False, compare=False)
    _head: bytes = field(init=False, repr=False, compare=False)
    #: Whether it can be sent through a connection shared with other callers. Derived.
    shareable: bool = field(init=False)

    def __post_init__(self) -> None:
        words = tuple(self.name.split(" "))
        object.__setattr__(self, "words", words)
        head = b"".join(b"$%d\r\n%b\r\n" % (len(word), word.encode()) for word in words).replace(b"%", b"%%")
        object.__setattr__(self, "_head", head)
        object.__setattr__(self, "one", self.frame(1))
        object.__setattr__(self, "two", self.frame(2))
        shareable = self.effect not in (Effect.STATEFUL, Effect.BLOCKING) and not self.refuse
        object.__setattr__(self, "shareable", shareable)

    def frame(self, count: int) -> bytes:
        """Return its frame with so many arguments, for ``%``: length and bytes of each."""
        return b"*%d\r\n" % (len(self.words) + count) + self._head + b"$%d\r\n%b\r\n" * count

    def effect_with(self, arguments: Arguments) -> Effect:
        """Return the effect of the command with these arguments."""
        return self.effect if self.effect_of is None else self.effect_of(arguments)

    def with_(self, **changes: Any) -> "CommandSpec":
        """Return a copy with some fields changed, for one call that differs."""
        return replace(self, **changes)


def unknown(name: str) -> CommandSpec:
    """Return the spec of a command that the table does not know: assume nothing good of it."""
    return CommandSpec(
        name=name,
        group="unknown",
        since="",
        arity=-1,
        flags=frozenset(),
        keys=(0, 0, 0),
        effect=Effect.ACCUMULATING,
    )
