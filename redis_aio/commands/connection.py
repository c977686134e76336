"""ConnectionCommands: the commands of the group "connection"."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack, overload

from redis_aio._replies.common import boolean, ok, text
from redis_aio._replies.connection import client_info, client_list, killed, name_or_none, pong, tracking_info
from redis_aio.commands._arguments import at_most_one, one_or_many, some
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeyT, Reply, S

_CLIENT_TYPES = ("normal", "master", "primary", "slave", "replica", "pubsub")
_ON_OFF = ("ON", "OFF")


class ClientFilters(TypedDict, total=False):
    """Filters of CLIENT LIST and CLIENT KILL that only Valkey has (8.1 and 9); ``not_...`` turns one around."""

    name: str
    idle: int
    flags: str
    lib_name: str
    lib_ver: str
    db: int
    capa: str
    ip: str
    not_type: str
    not_id: int | str | Sequence[int | str]
    not_user: str
    not_addr: str
    not_laddr: str
    not_name: str
    not_flags: str
    not_lib_name: str
    not_lib_ver: str
    not_db: int
    not_capa: str
    not_ip: str


class ClientListFilters(ClientFilters, total=False):
    """Filters of CLIENT LIST that Redis has for CLIENT KILL only (Valkey 8.1)."""

    user: str
    addr: str
    laddr: str
    skipme: bool
    maxage: int


class ConnectionCommands(CommandGroup[S]):
    """The commands of the group "connection".

    Those that change the state of a connection are refused on connections that callers share; take one of your own with
    ``client.connection()``.
    """

    @overload
    def ping(self, *, message: None = None) -> Reply[bool]: ...
    @overload
    def ping(self, *, message: EncodableT) -> Reply[S]: ...
    def ping(self, *, message: EncodableT | None = None) -> Reply[Any]:
        """Ask the server for a sign of life: ``True``, or the ``message`` back.

        https://redis.io/commands/ping/
        """
        if message is None:
            return self._run("PING", reply=pong)
        return self._run("PING", message)

    def echo(self, value: EncodableT) -> Reply[S]:
        """Return the value as the server received it.

        https://redis.io/commands/echo/
        """
        return self._run("ECHO", value)

    def auth(self, password: str, username: str | None = None) -> Reply[bool]:
        """Log this connection in, as the default user or as ``username``; a refusal is an AuthenticationError.

        https://redis.io/commands/auth/
        """
        credentials = (password,) if username is None else (username, password)
        return self._run("AUTH", *credentials, reply=ok)

    def select(self, index: int) -> Reply[bool]:
        """Select the database that this connection works on; a client's own is its option ``db``.

        https://redis.io/commands/select/
        """
        return self._run("SELECT", index, reply=ok)

    def quit(self) -> Reply[bool]:
        """Ask the server to close this connection; pooled connections refuse it: end a client with ``aclose()``.

        https://redis.io/commands/quit/
        """
        return self._run("QUIT", reply=ok)

    def reset(self) -> Reply[str]:
        """Put this connection into the state of a new one, and return ``"RESET"``; pooled connections refuse it.

        https://redis.io/commands/reset/
        """
        return self._run("RESET", reply=text)

    # -- this connection ----------------------------------------------------------------------------------------------

    def client_id(self) -> Reply[int]:
        """Return the number the server gave to this connection.

        https://redis.io/commands/client-id/
        """
        return self._run("CLIENT ID")

    def client_info(self) -> Reply[dict[str, str | int]]:
        """Return what the server knows of this connection.

        https://redis.io/commands/client-info/
        """
        return self._run("CLIENT INFO", reply=client_info)

    def client_getname(self) -> Reply[str | None]:
        """Return the name of this connection, or ``None``.

        https://redis.io/commands/client-getname/
        """
        return self._run("CLIENT GETNAME", reply=name_or_none)

    def client_setname(self, name: str) -> Reply[bool]:
        """Name this connection, for CLIENT LIST; the option ``client_name`` names all of a client.

        https://redis.io/commands/client-setname/
        """
        return self._run("CLIENT SETNAME", name, reply=ok)

    def client_setinfo(self, attr: str, value: str) -> Reply[bool]:
        """Tell the server the ``LIB-NAME`` or ``LIB-VER`` of this connection's client (Redis 7.2).

        https://redis.io/commands/client-setinfo/
        """
        return self._run("CLIENT SETINFO", attr, value, reply=ok)

    def client_reply(self, reply: Literal["ON", "OFF", "SKIP"]) -> Reply[S]:
        """Say whether the server replies to this connection; pooled connections refuse it, they need each reply.

        https://redis.io/commands/client-reply/
        """
        return self._run("CLIENT REPLY", _one_of("reply", reply, ("ON", "OFF", "SKIP")))

    def client_no_evict(self, mode: str) -> Reply[S]:
        """Exempt this connection from client eviction (``"ON"``), or not (``"OFF"``).

        https://redis.io/commands/client-no-evict/
        """
        return self._run("CLIENT NO-EVICT", _one_of("mode", mode, _ON_OFF))

    def client_no_touch(self, mode: str) -> Reply[S]:
        """Let the commands of this connection leave keys looking unused (``"ON"``), or not (``"OFF"``) (Redis 7.2).

        https://redis.io/commands/client-no-touch/
        """
        return self._run("CLIENT NO-TOUCH", _one_of("mode", mode, _ON_OFF))

    def client_import_source(self, mode: str) -> Reply[S]:
        """Mark this connection as one that imports data, so that its keys do not expire meanwhile (Valkey 8.1).

        https://valkey.io/commands/client-import-source/
        """
        return self._run("CLIENT IMPORT-SOURCE", _one_of("mode", mode, _ON_OFF))

    def client_capa(self, *capabilities: str) -> Reply[S]:
        """Tell the server what this connection can handle, such as ``"redirect"`` (Valkey 8).

        https://valkey.io/commands/client-capa/
        """
        return self._run("CLIENT CAPA", *some("capabilities", capabilities))

    # -- tracking -----------------------------------------------------------------------------------------------------

    def client_tracking(
        self,
        on: bool = True,
        clientid: int | None = None,
        prefix: Sequence[KeyT] = (),
        bcast: bool = False,
        optin: bool = False,
        optout: bool = False,
        noloop: bool = False,
    ) -> Reply[S]:
        """Turn the tracking of the keys that this connection reads on or off.

        The invalidations go to the connection ``clientid``, else to this one (RESP3). ``bcast`` reports every key with
        a ``prefix``; ``optin`` and ``optout`` leave the choice to :meth:`client_caching`; ``noloop`` leaves out what
        this connection changed itself.

        https://redis.io/commands/client-tracking/
        """
        if isinstance(prefix, str | bytes | memoryview):
            raise DataError("prefix must be a sequence of prefixes, not a single string")
        if prefix and not bcast:
            raise DataError("prefix needs bcast")
        at_most_one(optin=optin, optout=optout)
        options: list[EncodableT] = []
        if clientid is not None:
            options += ("REDIRECT", clientid)
        for one in prefix:
            options += ("PREFIX", one)
        words = (("BCAST", bcast), ("OPTIN", optin), ("OPTOUT", optout), ("NOLOOP", noloop))
        options += [word for word, given in words if given]
        return self._run("CLIENT TRACKING", "ON" if on else "OFF", *options)

    def client_tracking_on(
        self,
        clientid: int | None = None,
        prefix: Sequence[KeyT] = (),
        bcast: bool = False,
        optin: bool = False,
        optout: bool = False,
        noloop: bool = False,
    ) -> Reply[S]:
        """Turn tracking on; see :meth:`client_tracking`.

        https://redis.io/commands/client-tracking/
        """
        return self.client_tracking(True, clientid, prefix, bcast, optin, optout, noloop)

    def client_tracking_off(
        self,
        clientid: int | None = None,
        prefix: Sequence[KeyT] = (),
        bcast: bool = False,
        optin: bool = False,
        optout: bool = False,
        noloop: bool = False,
    ) -> Reply[S]:
        """Turn tracking off; see :meth:`client_tracking`.

        https://redis.io/commands/client-tracking/
        """
        return self.client_tracking(False, clientid, prefix, bcast, optin, optout, noloop)

    def client_caching(self, mode: str) -> Reply[S]:
        """Say whether the next command's keys are tracked (``"YES"``, ``"NO"``), after ``optin`` or ``optout``.

        https://redis.io/commands/client-caching/
        """
        return self._run("CLIENT CACHING", _one_of("mode", mode, ("YES", "NO")))

    def client_trackinginfo(self) -> Reply[list[Any]]:
        """Return how this connection tracks keys, as a flat list: ``"flags"``, the flags, ``"redirect"`` ...

        https://redis.io/commands/client-trackinginfo/
        """
        return self._run("CLIENT TRACKINGINFO", reply=tracking_info)

    def client_getredir(self) -> Reply[int]:
        """Return the connection that this one's invalidations go to, 0 for itself, -1 where it does not track.

        https://redis.io/commands/client-getredir/
        """
        return self._run("CLIENT GETREDIR")

    # -- all connections ----------------------------------------------------------------------------------------------

    def client_list(
        self,
        _type: str | None = None,
        client_id: Sequence[int | str] = (),
        **filters: Unpack[ClientListFilters],
    ) -> Reply[list[dict[str, str]]]:
        """Return what the server knows of its connections, of all, of a type, or of those with these numbers.

        https://redis.io/commands/client-list/
        """
        options: list[EncodableT] = []
        if _type is not None:
            options += ("TYPE", _client_type("_type", _type))
        if isinstance(client_id, str | bytes) or not isinstance(client_id, Sequence):
            raise DataError("client_id must be a list of client numbers")
        if client_id:
            options += ("ID", *client_id)
        options += _filters("client_list", filters, ClientListFilters)
        return self._run("CLIENT LIST", *options, reply=client_list)

    def client_kill(self, address: str) -> Reply[bool | int]:
        """Close the connection from an address, ``"host:port"``; none from there is a ResponseError.

        https://redis.io/commands/client-kill/
        """
        return self._run("CLIENT KILL", address, reply=killed)

    def client_kill_filter(
        self,
        _id: int | str | Sequence[int | str] | None = None,
        _type: str | None = None,
        addr: str | None = None,
        skipme: bool | None = None,
        laddr: str | None = None,
        user: str | None = None,
        maxage: int | None = None,
        **filters: Unpack[ClientFilters],
    ) -> Reply[int]:
        """Close the connections that match all filters, and return how many.

        ``_id`` may be several numbers (Valkey 8.1). ``addr`` and ``laddr`` are the connection's two ends, ``maxage`` is
        in seconds (Redis 7.4), and ``skipme=False`` may close this one too.

        https://redis.io/commands/client-kill/
        """
        options: list[EncodableT] = []
        if _type is not None:
            options += ("TYPE", _client_type("_type", _type))
        if skipme is not None:
            options += ("SKIPME", _yes_no("skipme", skipme))
        if _id is not None:
            options += ("ID", *some("_id", one_or_many(_id)))
        for word, value in (("ADDR", addr), ("LADDR", laddr), ("USER", user), ("MAXAGE", maxage)):
            if value is not None:
                options += (word, value)
        options += _filters("client_kill_filter", filters, ClientFilters)
        if not options:
            raise DataError("client_kill_filter needs at least one filter")
        return self._run("CLIENT KILL", *options)

    def client_pause(self, timeout: int, all: bool = True) -> Reply[bool]:
        """Let the server hold back all commands, or only writes (``all=False``), for ``timeout`` milliseconds.

        https://redis.io/commands/client-pause/
        """
        if not isinstance(timeout, int):
            raise DataError(f"timeout must be an int, the milliseconds to pause, not {type(timeout).__name__}")
        return self._run("CLIENT PAUSE", timeout, *(() if all else ("WRITE",)), reply=ok)

    def client_unpause(self) -> Reply[S]:
        """End :meth:`client_pause`, and return ``"OK"``.

        https://redis.io/commands/client-unpause/
        """
        return self._run("CLIENT UNPAUSE")

    def client_unblock(self, client_id: int, error: bool = False) -> Reply[bool]:
        """End a blocking command of another connection as if its time were out, or with an ``error``.

        The value is whether it was waiting.

        https://redis.io/commands/client-unblock/
        """
        try:
            number = int(client_id)
        except (TypeError, ValueError):
            raise DataError("client_id must be the number of a client") from None
        return self._run("CLIENT UNBLOCK", number, *(("ERROR",) if error else ()), reply=boolean)


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value.upper() not in choices:
        raise DataError(f"{name} must be one of {', '.join(choices)}")
    return value


def _client_type(name: str, value: str) -> str:
    if str(value).lower() not in _CLIENT_TYPES:
        raise DataError(f"{name} must be one of {', '.join(_CLIENT_TYPES)}")
    return value


def _yes_no(name: str, value: bool) -> str:
    if not isinstance(value, bool):
        raise DataError(f"{name} must be a bool")
    return "YES" if value else "NO"


def _filters(method: str, filters: Mapping[str, Any], known: type[ClientFilters]) -> list[EncodableT]:
    """Return the words of keyword filters: ``not_lib_name="x"`` is NOT-LIB-NAME x."""
    words: list[EncodableT] = []
    for name, value in filters.items():
        if name not in known.__annotations__:
            raise TypeError(f"{method}() got an unexpected keyword argument {name!r}")
        if value is None:
            continue
        if name == "skipme":
            value = _yes_no(name, value)
        elif name == "not_type":
            value = _client_type(name, value)
        words.append(name.upper().replace("_", "-"))
        words += value if isinstance(value, list | tuple) else (value,)
    return words
