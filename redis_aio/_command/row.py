"""A row of the table of specs, and the short names its columns are written in."""

from collections.abc import Callable
from typing import Protocol

from redis_aio._command.spec import Arguments, CommandSpec, Effect

READ = Effect.READ
IDEMPOTENT = Effect.IDEMPOTENT
ACCUMULATING = Effect.ACCUMULATING
STATEFUL = Effect.STATEFUL
BLOCKING = Effect.BLOCKING
ADMIN = Effect.ADMIN

#: No key, or keys that a number or a word among the arguments announces.
NO_KEY = (0, 0, 0)
#: The first argument.
KEY = (1, 1, 1)
#: All arguments.
KEYS = (1, -1, 1)
#: The first two arguments.
TWO_KEYS = (1, 2, 1)
#: All arguments but the last, which is a timeout.
KEYS_BUT_LAST = (1, -2, 1)
#: Keys and values in turn.
PAIRS = (1, -1, 2)
#: Keys, and two values after each.
TRIPLES = (1, -1, 3)
#: The first argument after a subcommand.
SUB_KEY = (2, 2, 1)

_flags: dict[str, frozenset[str]] = {}


class Row(Protocol):
    """What makes the rows of one group."""

    def __call__(
        self,
        name: str,
        since: str,
        arity: int,
        flags: str,
        keys: tuple[int, int, int],
        effect: Effect,
        effect_of: Callable[[Arguments], Effect] | None = None,
        *,
        policies: str = "",
        block: Callable[[Arguments], float | None] | None = None,
        raw: bool = False,
        refuse: str = "",
        server: str = "",
    ) -> CommandSpec:
        """Make one row.

        Args:
            flags: separated by spaces.
            policies: the request policy and, after a space, the response policy.

        The others are the fields of :class:`CommandSpec`.
        """
        ...


def rows_of(group: str) -> Row:
    """Return the function that makes the rows of a group of COMMAND DOCS."""

    def row(
        name: str,
        since: str,
        arity: int,
        flags: str,
        keys: tuple[int, int, int],
        effect: Effect,
        effect_of: Callable[[Arguments], Effect] | None = None,
        *,
        policies: str = "",
        block: Callable[[Arguments], float | None] | None = None,
        raw: bool = False,
        refuse: str = "",
        server: str = "",
    ) -> CommandSpec:
        request, _, response = policies.partition(" ")
        if flags not in _flags:  # a few dozen sets serve all rows
            _flags[flags] = frozenset(flags.split())
        return CommandSpec(
            name=name,
            group=group,
            since=since,
            arity=arity,
            flags=_flags[flags],
            keys=keys,
            effect=effect,
            request_policy=request,
            response_policy=response,
            effect_of=effect_of,
            block=block,
            raw=raw,
            refuse=refuse,
            server=server,
        )

    return row
