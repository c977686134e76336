"""ScriptingCommands: the commands of the group "scripting": scripts, and libraries of functions."""

from typing import Any, Literal

from redis_aio._replies.common import ok, text
from redis_aio._replies.scripting import exist, function_stats, libraries
from redis_aio.commands._arguments import some
from redis_aio.commands._collections import one_of
from redis_aio.commands.base import CommandGroup
from redis_aio.typing import EncodableT, EncodedT, PatternT, Reply, S, ScriptTextT


class ScriptingCommands(CommandGroup[S]):
    """The commands of the group "scripting".

    ``numkeys`` says how many of ``keys_and_args`` are names of keys; a script sees them as ``KEYS``, the others as
    ``ARGV``. What a script returns becomes a reply as the guide on scripting says.
    """

    # -- scripts ------------------------------------------------------------------------------------------------------

    def eval(self, script: ScriptTextT, numkeys: int, *keys_and_args: EncodableT) -> Reply[Any]:
        """Run a Lua script and return what it returns.

        https://redis.io/commands/eval/
        """
        return self._run("EVAL", script, numkeys, *keys_and_args)

    def eval_ro(self, script: ScriptTextT, numkeys: int, *keys_and_args: EncodableT) -> Reply[Any]:
        """Run a Lua script that may not write, also on a replica, and return what it returns.

        https://redis.io/commands/eval_ro/
        """
        return self._run("EVAL_RO", script, numkeys, *keys_and_args)

    def evalsha(self, sha: str | bytes, numkeys: int, *keys_and_args: EncodableT) -> Reply[Any]:
        """Run the script of this SHA1 digest; the server not knowing it is a NoScriptError.

        https://redis.io/commands/evalsha/
        """
        return self._run("EVALSHA", sha, numkeys, *keys_and_args)

    def evalsha_ro(self, sha: str | bytes, numkeys: int, *keys_and_args: EncodableT) -> Reply[Any]:
        """Run the script of this SHA1 digest, which may not write; the server not knowing it is a NoScriptError.

        https://redis.io/commands/evalsha_ro/
        """
        return self._run("EVALSHA_RO", sha, numkeys, *keys_and_args)

    def script_exists(self, *args: str | bytes) -> Reply[list[bool]]:
        """Return for each SHA1 digest whether the server knows its script.

        https://redis.io/commands/script-exists/
        """
        return self._run("SCRIPT EXISTS", *some("args", args), reply=exist)

    def script_load(self, script: ScriptTextT) -> Reply[str]:
        """Have the server keep a script without running it; return its SHA1 digest.

        https://redis.io/commands/script-load/
        """
        return self._run("SCRIPT LOAD", script, reply=text)

    def script_show(self, sha: str | bytes) -> Reply[S]:
        """Return the text of the script of this SHA1 digest (Valkey 8); an unknown one is a NoScriptError.

        https://valkey.io/commands/script-show/
        """
        return self._run("SCRIPT SHOW", sha)

    def script_flush(self, sync_type: Literal["SYNC", "ASYNC"] | None = None) -> Reply[bool]:
        """Have the server forget all scripts: at once, in the background (``"ASYNC"``), or as it is configured.

        https://redis.io/commands/script-flush/
        """
        mode = () if sync_type is None else (one_of("sync_type", sync_type, "SYNC", "ASYNC"),)
        return self._run("SCRIPT FLUSH", *mode, reply=ok)

    def script_kill(self) -> Reply[bool]:
        """End the script that is running; one that has written is a ResponseError, and so is none.

        https://redis.io/commands/script-kill/
        """
        return self._run("SCRIPT KILL", reply=ok)

    def script_debug(self, *args: Any) -> Reply[None]:
        """Raise NotImplementedError: the debugger speaks a dialogue of its own. ``redis-cli --ldb`` does.

        https://redis.io/commands/script-debug/
        """
        raise NotImplementedError("the script debugger speaks a dialogue of its own; use redis-cli --ldb")

    # -- functions ----------------------------------------------------------------------------------------------------

    def fcall(self, function: str | bytes, numkeys: int, *keys_and_args: EncodableT) -> Reply[Any]:
        """Call a function of a library and return what it returns.

        https://redis.io/commands/fcall/
        """
        return self._run("FCALL", function, numkeys, *keys_and_args)

    def fcall_ro(self, function: str | bytes, numkeys: int, *keys_and_args: EncodableT) -> Reply[Any]:
        """Call a function with the flag ``no-writes``, also on a replica, and return what it returns.

        https://redis.io/commands/fcall_ro/
        """
        return self._run("FCALL_RO", function, numkeys, *keys_and_args)

    def function_load(self, code: ScriptTextT, replace: bool | None = False) -> Reply[S]:
        """Load a library of functions, which outlives restarts; return its name.

        The code begins with ``#!lua name=...``. A library of that name is a ResponseError, unless with ``replace``.

        https://redis.io/commands/function-load/
        """
        return self._run("FUNCTION LOAD", *(("REPLACE",) if replace else ()), code)

    def function_delete(self, library: str | bytes) -> Reply[bool]:
        """Delete a library and its functions; none of that name is a ResponseError.

        https://redis.io/commands/function-delete/
        """
        return self._run("FUNCTION DELETE", library, reply=ok)

    def function_flush(self, mode: str = "SYNC") -> Reply[bool]:
        """Delete all libraries, at once or in the background (``"ASYNC"``).

        https://redis.io/commands/function-flush/
        """
        return self._run("FUNCTION FLUSH", mode, reply=ok)

    def function_list(self, library: PatternT | None = "*", withcode: bool | None = False) -> Reply[list[list[Any]]]:
        """Return the libraries whose names match a glob-style pattern, each as a flat list of names and values.

        The value of ``functions`` is a list of such lists. ``withcode`` adds the source.

        https://redis.io/commands/function-list/
        """
        options = () if library is None else ("LIBRARYNAME", library)
        return self._run("FUNCTION LIST", *options, *(("WITHCODE",) if withcode else ()), reply=libraries)

    def function_dump(self) -> Reply[bytes]:
        """Return all libraries as bytes that only :meth:`function_restore` understands.

        https://redis.io/commands/function-dump/
        """
        return self._run("FUNCTION DUMP")

    def function_restore(self, payload: EncodedT, policy: str | None = "APPEND") -> Reply[bool]:
        """Load the libraries of a :meth:`function_dump`.

        A library already there is a ResponseError (``"APPEND"``), is replaced (``"REPLACE"``), or all are deleted
        before (``"FLUSH"``).

        https://redis.io/commands/function-restore/
        """
        return self._run("FUNCTION RESTORE", payload, *(() if policy is None else (policy,)), reply=ok)

    def function_kill(self) -> Reply[S]:
        """End the function that is running, and return ``"OK"``; one that has written is a ResponseError.

        https://redis.io/commands/function-kill/
        """
        return self._run("FUNCTION KILL")

    def function_stats(self) -> Reply[dict[Any, Any]]:
        """Return the function that is running, or ``None``, and the engines with what they hold.

        https://redis.io/commands/function-stats/
        """
        return self._run("FUNCTION STATS", reply=function_stats)
