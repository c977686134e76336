"""RawCommands: commands by their names, scripts, and what users make of raw replies: what all clients share."""

import weakref
from types import MappingProxyType
from typing import Any, overload

from redis_aio._command.raw import Callbacks, ResponseCallback, raw_command
from redis_aio._command.script import ScriptCall
from redis_aio._command.spec import CommandSpec
from redis_aio._discreet import discreet_async
from redis_aio._execution.callbacks import called_back
from redis_aio._execution.executor import Executor
from redis_aio._execution.scripts import run_script
from redis_aio.commands.base import CommandGroup
from redis_aio.script import Script
from redis_aio.typing import Reply, ReplyParser, S, ScriptTextT, T


class RawCommands(CommandGroup[S]):
    """Commands by their names, scripts, and callbacks for raw replies."""

    _executor: Executor
    #: What :meth:`set_response_callback` was given, by the name of the command.
    response_callbacks: Callbacks = MappingProxyType({})

    @discreet_async
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command given by its name and arguments.

        As in redis-py, a name that is one string (``"HGETALL"``, ``"CONFIG GET"``) gives what the command's own method
        gives, and options say where the shape depends on arguments (``withscores=True``). A subcommand as an argument
        of its own (``"CONFIG", "GET"``), a name in bytes, or a command unknown to redis-py gives the raw reply.

        Args:
            args: the name, then the arguments.
            options: ``NEVER_DECODE`` leaves the reply as bytes; ``retry_unsafe=True`` lets this call be sent twice;
                ``parse`` is a function that makes the value out of the raw reply. Others are redis-py's.

        Raises:
            DataError: there is no name, or the command would corrupt a connection that others share.
            TypeError: there is no such option.
        """
        command, callback = raw_command(args, options, self.response_callbacks)
        if callback is None:
            return await self._executor.execute(command)
        return await called_back(self._executor.execute(command), callback)

    def set_response_callback(self, command: str, callback: ResponseCallback) -> None:
        """Have a function make the values of a command out of its raw replies, also in pipelines and raw commands.

        It is called with the raw reply, and with the options of ``execute_command`` if there are any. An awaitable that
        it returns is awaited. What it raises fails that call, and no other. Replies that are errors do not reach it.

        Args:
            command: the name of the command, in any letter case.
            callback: the function.
        """
        self.response_callbacks = {**self.response_callbacks, command.upper(): callback}
        held = weakref.ref(self)  # no circle: a client that is dropped is gone at once

        def run(
            name: str, /, *args: Any, reply: ReplyParser[T] | None = None, spec: CommandSpec | None = None
        ) -> Reply[T]:
            client = held()
            assert client is not None  # its caller holds it
            callback = client.response_callbacks.get(name)
            if callback is None:
                return type(client)._run(client, name, *args, reply=reply, spec=spec)
            return called_back(type(client)._run(client, name, *args, spec=spec), callback)

        # Instead of asking in each call of each client whether there are callbacks.
        self._run = run  # type: ignore[method-assign]

    @overload
    def register_script(
        self, script: ScriptTextT, *, readonly: bool | None = None, idempotent: bool = False, parse: None = None
    ) -> Script[Any]: ...
    @overload
    def register_script(
        self, script: ScriptTextT, *, readonly: bool | None = None, idempotent: bool = False, parse: ReplyParser[T]
    ) -> Script[T]: ...
    def register_script(self, script: ScriptTextT, **options: Any) -> Script[Any]:
        """Return a Lua script that can be called like a function: ``await script(keys=["k"], args=[1])``.

        It is called by its digest; a server that does not know it, or not any more, gets the text. Nothing is sent now.

        Args:
            script: the text.
            options: ``readonly``, ``idempotent`` and ``parse``; see :class:`Script`.
        """
        return Script(self, script, **options)

    def _run_script(self, call: ScriptCall, parse: ResponseCallback | None) -> Reply[Any]:
        call.owner = self
        reply = run_script(self._executor, call)
        parse = parse or self.response_callbacks.get(call.name)
        return reply if parse is None else called_back(reply, parse)
