"""ScriptCall: a call of a script by its digest that knows the script's text, for servers that do not."""

import hashlib
from collections.abc import Mapping
from typing import Any

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._command.spec import Effect
from redis_aio._command.table import SPECS

#: Servers keep the 500 scripts that EVAL saw last: after so many the first may be forgotten again.
SCRIPTS_KEPT = 256


class ScriptText:
    """A script: its text and digest, and the specs of the commands that call it.

    Args:
        text: the text, as it is sent.
        readonly: call it with the commands that do not let it write.
        idempotent: executed twice it leaves the same as executed once, so that it may be sent again.
    """

    __slots__ = ("by_digest", "by_text", "sha", "text")

    def __init__(self, text: bytes, *, readonly: bool = False, idempotent: bool = False) -> None:
        self.text = text
        self.sha = hashlib.sha1(text, usedforsecurity=False).hexdigest()
        self.by_digest = SPECS["EVALSHA_RO" if readonly else "EVALSHA"]
        self.by_text = SPECS["EVAL_RO" if readonly else "EVAL"]
        if idempotent and not readonly:
            self.by_digest = self.by_digest.with_(effect=Effect.IDEMPOTENT)
            self.by_text = self.by_text.with_(effect=Effect.IDEMPOTENT)


class ScriptCall(Command[Any]):
    """A call of a script by its digest.

    Args:
        script: the script.
        keys: the names of the keys.
        args: the arguments.
    """

    __slots__ = ("script",)

    def __init__(self, script: ScriptText, keys: list[Any], args: list[Any]) -> None:
        spec = script.by_digest
        super().__init__(spec.name, script.sha, len(keys), *keys, *args, spec=spec)
        self.script = script

    def with_text(self) -> Command[Any]:
        """Return the same call with the script's text, which the server keeps then."""
        spec = self.script.by_text
        return Command(spec.name, self.script.text, *self.args[1:], reply=self.reply, spec=spec)


def give_texts(batch: Batch, calls: Mapping[int, ScriptCall]) -> dict[int, ScriptCall]:
    """Put each script's text into the first call of it, so that the later ones are understood; return those.

    In a transaction nothing can come between. In a batch it takes somebody else's SCRIPT FLUSH at that very moment.

    Args:
        batch: the commands.
        calls: the calls of scripts among them, by their index.
    """
    known: set[str] = set()
    seen = 0
    by_digest: dict[int, ScriptCall] = {}
    for index, spec in enumerate(batch.specs):
        call = calls.get(index)
        if call is not None:
            if call.script.sha in known:
                by_digest[index] = call
                continue
            known.add(call.script.sha)
            with_text = call.with_text()
            batch.specs[index], batch.args[index] = with_text.spec, with_text.args
        elif spec.name == "SCRIPT FLUSH":
            known.clear()
            continue
        elif spec.name not in ("EVAL", "EVAL_RO"):
            continue
        seen += 1
        if seen >= SCRIPTS_KEPT:
            known.clear()
            seen = 0
    return by_digest
