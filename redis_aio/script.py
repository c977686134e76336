"""Script: a Lua script that is called by its digest, and sent where a server does not know it."""

from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar, overload

from redis_aio._command.raw import ResponseCallback
from redis_aio._command.script import ScriptCall, ScriptText
from redis_aio.commands._arguments import one_or_many
from redis_aio.typing import EncodableT, KeysT, Reply, ReplyParser, ScriptTextT, T


class ScriptCaller(Protocol):
    """What can call a script: a client."""

    def _run_script(self, call: ScriptCall, parse: ResponseCallback | None) -> Reply[Any]: ...


class ScriptQueue(Protocol):
    """What can queue the call of a script: a pipeline."""

    @property
    def command_stack(self) -> list[Any]: ...

    def _run_script(self, call: ScriptCall, parse: ResponseCallback | None) -> Any: ...


Queue = TypeVar("Queue", bound=ScriptQueue)


class Script(Generic[T]):
    """A Lua script; made by :meth:`Redis.register_script`.

    Args:
        registered_client: the client or pipeline that calls it by default.
        script: the text.
        readonly: it may not write. Then it is called with EVALSHA_RO (Redis 7), and again after a lost reply. By
            default it is what the first line says: ``#!lua flags=no-writes``.
        idempotent: executed twice it leaves the same as executed once, so it may be called again after a lost reply.
        parse: makes the value out of what the script returned.

    Attributes:
        sha: the SHA1 digest of the text.
    """

    @overload
    def __init__(
        self: "Script[Any]",
        registered_client: ScriptCaller | ScriptQueue,
        script: ScriptTextT,
        *,
        readonly: bool | None = None,
        idempotent: bool = False,
        parse: None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        registered_client: ScriptCaller | ScriptQueue,
        script: ScriptTextT,
        *,
        readonly: bool | None = None,
        idempotent: bool = False,
        parse: ReplyParser[T],
    ) -> None: ...
    def __init__(
        self,
        registered_client: ScriptCaller | ScriptQueue,
        script: ScriptTextT,
        *,
        readonly: bool | None = None,
        idempotent: bool = False,
        parse: ReplyParser[Any] | None = None,
    ) -> None:
        self.registered_client = registered_client
        self.script = script
        options = getattr(registered_client, "options", None)
        text = script.encode(getattr(options, "encoding", "utf-8")) if isinstance(script, str) else bytes(script)
        if readonly is None:
            readonly = _says_no_writes(text)
        self._text = ScriptText(text, readonly=readonly, idempotent=idempotent)
        self._parse = parse
        self.sha: str = self._text.sha

    @overload
    def __call__(
        self, keys: KeysT | None = None, args: EncodableT | Iterable[EncodableT] | None = None, *, client: Queue
    ) -> Queue: ...
    @overload
    def __call__(
        self,
        keys: KeysT | None = None,
        args: EncodableT | Iterable[EncodableT] | None = None,
        client: ScriptCaller | None = None,
    ) -> Reply[T]: ...
    def __call__(
        self,
        keys: KeysT | None = None,
        args: EncodableT | Iterable[EncodableT] | None = None,
        client: Any = None,
    ) -> Any:
        """Call the script, which sees the keys as ``KEYS`` and the arguments as ``ARGV``.

        A server that does not know it costs one more round trip. On a pipeline the call is queued, and the pipeline
        returned.

        Args:
            keys: the names of the keys.
            args: the arguments.
            client: the client or pipeline to call it on, instead of the one it was registered with.
        """
        call = ScriptCall(
            self._text,
            [] if keys is None else one_or_many(keys),
            [] if args is None else one_or_many(args),
        )
        return (self.registered_client if client is None else client)._run_script(call, self._parse)

    def __repr__(self) -> str:
        return f"<Script {self.sha}>"


def _says_no_writes(text: bytes) -> bool:
    """Return whether the first line declares that the script does not write, which the server then enforces."""
    first, *words = text.partition(b"\n")[0].split() or [b""]
    if not first.startswith(b"#!"):
        return False
    return any(word.startswith(b"flags=") and b"no-writes" in word[6:].split(b",") for word in words)


__all__ = ["Script"]
