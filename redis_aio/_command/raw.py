"""Raw commands: ``execute_command("ZADD", "z", 1, "a")`` as a Command, with the reply parser that its name implies."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from redis_aio._command.by_name import parser_for
from redis_aio._command.command import Command
from redis_aio._command.spec import Effect
from redis_aio._command.table import resolve

#: Gets the raw reply; what it returns, awaited if need be, is the value of the command.
ResponseCallback: TypeAlias = Callable[..., Any]
#: What users set, by the name of the command, upper case.
Callbacks: TypeAlias = Mapping[str, ResponseCallback]


def raw_command(
    args: tuple[Any, ...], options: dict[str, Any], callbacks: Callbacks
) -> tuple[Command[Any], ResponseCallback | None]:
    """Return the command that raw arguments mean, and the callback for its raw reply if the user gave one.

    As in redis-py, only a name that is a single ``str`` has a parser: ``("CONFIG GET", "x")`` has, ``("CONFIG", "GET",
    "x")`` and ``(b"GET", "k")`` give the raw reply.

    Args:
        args: the name, then the arguments.
        options: ``NEVER_DECODE`` leaves this reply as bytes; ``retry_unsafe`` lets this call be sent twice; ``parse``
            makes the value out of the raw reply. The others are for the parser or the user's callback.
        callbacks: those that the user set.

    Raises:
        TypeError: there is no such option.
    """
    spec, arguments = resolve(args)
    if options.pop("NEVER_DECODE", None) is not None:
        spec = spec.with_(raw=True)
    if options.pop("retry_unsafe", False):
        spec = spec.with_(effect=Effect.IDEMPOTENT, effect_of=None)
    options.pop("keys", None)  # redis-py's own callers pass it for client-side caching
    callback = options.pop("parse", None)
    name = args[0].upper() if isinstance(args[0], str) else ""
    parser = None
    if callback is None:
        callback = callbacks.get(name) or callbacks.get(spec.name)
        if callback is None:
            parser = parser_for(name, arguments, options)
        elif options:
            callback = partial(callback, **options)
            options = {}
    for option in options:
        raise TypeError(f"execute_command of {spec.name} has no option {option!r}")
    return Command(spec.name, *arguments, reply=parser, spec=spec), callback
