"""ACLCommands: the commands of the container ACL, which COMMAND DOCS files under "server"."""

from collections.abc import Iterable, Mapping
from typing import Any

from redis_aio._discreet import discreet
from redis_aio._replies.acl import log, user
from redis_aio._replies.common import list_of, ok, text
from redis_aio.commands._arguments import one_or_many, some
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import ChannelT, EncodableT, KeyT, Reply, S

_texts = list_of(text)

#: What a value may begin with, and what the server wants to see instead.
_PASSWORDS = {"+": ">", "-": "<"}
_HASHES = {"+": "#", "-": "!"}
_CATEGORIES = {"+@": "+@", "-@": "-@", "+": "+@", "-": "-@"}
_COMMANDS = {"+": "+", "-": "-"}
_KEYS = {"~": "~", "%": "%", "": "~"}
_CHANNELS = {"": "&"}


class ACLCommands(CommandGroup[S]):
    """The commands about users and what they may do."""

    def acl_cat(self, category: str | None = None) -> Reply[list[str]]:
        """Return the names of the categories, or of the commands of one.

        https://redis.io/commands/acl-cat/
        """
        return self._run("ACL CAT", *((category,) if category else ()), reply=_texts)

    def acl_deluser(self, *username: str) -> Reply[int]:
        """Delete users, end their connections, and return how many there were.

        https://redis.io/commands/acl-deluser/
        """
        return self._run("ACL DELUSER", *some("username", username))

    def acl_dryrun(self, username: str, *args: EncodableT) -> Reply[S]:
        """Return ``"OK"`` if a user might execute the command whose words ``args`` are, or the reason why not.

        https://redis.io/commands/acl-dryrun/
        """
        return self._run("ACL DRYRUN", username, *some("args", args))

    def acl_genpass(self, bits: int | None = None) -> Reply[str]:
        """Return a random password of 256 bits, or of ``bits``, in hexadecimal digits.

        https://redis.io/commands/acl-genpass/
        """
        if bits is None:
            return self._run("ACL GENPASS", reply=text)
        try:
            number = int(bits)
        except (TypeError, ValueError):
            number = -1
        if not 0 <= number <= 4096:
            raise DataError("bits must be a number from 1 to 4096")
        return self._run("ACL GENPASS", number, reply=text)

    def acl_getuser(self, username: str) -> Reply[dict[str, Any] | None]:
        """Return what a user may do, or ``None`` for one that does not exist.

        ``"passwords"`` are their SHA-256 hashes; ``"selectors"`` are flat lists of names and values.

        https://redis.io/commands/acl-getuser/
        """
        return self._run("ACL GETUSER", username, reply=user)

    def acl_help(self) -> Reply[list[str]]:
        """Return what ACL can do, a line of text each.

        https://redis.io/commands/acl-help/
        """
        return self._run("ACL HELP", reply=_texts)

    def acl_list(self) -> Reply[list[str]]:
        """Return the rules of all users, as they stand in a configuration file, with the hashes of the passwords.

        https://redis.io/commands/acl-list/
        """
        return self._run("ACL LIST", reply=_texts)

    def acl_load(self) -> Reply[bool]:
        """Replace the users by those of the server's ACL file; without such a file it is a ResponseError.

        https://redis.io/commands/acl-load/
        """
        return self._run("ACL LOAD", reply=ok)

    def acl_log(self, count: int | None = None) -> Reply[list[dict[str, Any]]]:
        """Return what was refused of late, the newest first; at most ``count``, by default 10.

        https://redis.io/commands/acl-log/
        """
        if count is None:
            return self._run("ACL LOG", reply=log)
        if not isinstance(count, int):
            raise DataError(f"count must be an int, not {type(count).__name__}")
        return self._run("ACL LOG", count, reply=log)

    def acl_log_reset(self) -> Reply[bool]:
        """Empty the log of what was refused.

        https://redis.io/commands/acl-log/
        """
        return self._run("ACL LOG", "RESET", reply=ok)

    def acl_save(self) -> Reply[bool]:
        """Write the users into the server's ACL file; without such a file it is a ResponseError.

        https://redis.io/commands/acl-save/
        """
        return self._run("ACL SAVE", reply=ok)

    @discreet
    def acl_setuser(
        self,
        username: str,
        enabled: bool = False,
        nopass: bool = False,
        passwords: str | Iterable[str] | None = None,
        hashed_passwords: str | Iterable[str] | None = None,
        categories: Iterable[str] | None = None,
        commands: Iterable[str] | None = None,
        keys: Iterable[KeyT] | None = None,
        channels: Iterable[ChannelT] | None = None,
        selectors: Iterable[tuple[str, KeyT]] | None = None,
        reset: bool = False,
        reset_keys: bool = False,
        reset_channels: bool = False,
        reset_passwords: bool = False,
        *,
        rules: Iterable[str] = (),
    ) -> Reply[bool]:
        """Create a user, or add to what one may do.

        Without ``enabled`` the user is switched off, even one that was on. Passwords, categories and commands begin
        with ``+`` to add and ``-`` to take away; one password may be given as a string. Keys and channels are
        patterns, a key may begin with ``%R~``, ``%W~`` or ``~``. A selector is a command and a key pattern. The resets
        come first; ``rules`` come last, as they are, for what has no parameter (``"skip-sanitize-payload"``). Errors
        never show a password, nor does the server's own.

        https://redis.io/commands/acl-setuser/
        """
        if nopass and (passwords or hashed_passwords):
            raise DataError("nopass and passwords exclude each other")
        words: list[EncodableT] = []
        resets = (("reset", reset), ("resetkeys", reset_keys), ("resetchannels", reset_channels))
        words += [word for word, given in (*resets, ("resetpass", reset_passwords)) if given]
        words.append("on" if enabled else "off")
        words += _marked("passwords", one_or_many(passwords or ()), _PASSWORDS)
        words += _marked("hashed_passwords", one_or_many(hashed_passwords or ()), _HASHES)
        if nopass:
            words.append("nopass")
        words += _marked("categories", _listed("categories", categories), _CATEGORIES)
        words += _marked("commands", _listed("commands", commands), _COMMANDS)
        words += _marked("keys", _listed("keys", keys), _KEYS)
        words += _marked("channels", _listed("channels", channels), _CHANNELS)
        words += [_selector(selector) for selector in _listed("selectors", selectors)]
        words += _listed("rules", rules)
        return self._run("ACL SETUSER", username, *words, reply=ok)

    def acl_users(self) -> Reply[list[str]]:
        """Return the names of all users.

        https://redis.io/commands/acl-users/
        """
        return self._run("ACL USERS", reply=_texts)

    def acl_whoami(self) -> Reply[str]:
        """Return the user that the client is logged in as.

        https://redis.io/commands/acl-whoami/
        """
        return self._run("ACL WHOAMI", reply=text)


def _listed(name: str, values: Iterable[Any] | None) -> list[Any]:
    if isinstance(values, str | bytes | memoryview):
        raise DataError(f"{name} must be a list, not a single string")
    return list(values or ())


def _marked(name: str, values: Iterable[Any], marks: Mapping[str, str]) -> list[bytes | str]:
    """Return the values with the mark each begins with replaced, the first one that fits.

    The error names the place of a value without a mark, never the value: it may be a password.
    """
    words: list[bytes | str] = []
    for index, value in enumerate(values):
        binary = isinstance(value, bytes | bytearray | memoryview)
        word = bytes(value).decode("latin-1") if binary else str(value)  # each byte a letter, and back below
        mark = next((mark for mark in marks if word.startswith(mark)), None)
        if mark is None:
            raise DataError(f'{name}[{index}] must begin with "+" or "-"')
        word = marks[mark] + word[len(mark) :]
        words.append(word.encode("latin-1") if binary else word)
    return words


def _selector(selector: tuple[Any, Any]) -> bytes | str:
    command, pattern = selector
    parts = _marked("selectors", [command], _COMMANDS) + _marked("selectors", [pattern], _KEYS)
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return f"({' '.join(texts)})"
    return b"(%b)" % b" ".join(part.encode() if isinstance(part, str) else part for part in parts)
