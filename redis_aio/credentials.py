"""Where user name and password come from. The names follow ``redis.credentials`` of redis-py.

A provider is asked each time a connection is made, so it can hand out credentials that change. One that streams says
by itself when they have changed, and connections that are in use are told the server anew.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeAlias

from anyio import to_thread

#: ``(password,)`` for the default user, or ``(username, password)``.
Credentials: TypeAlias = tuple[str] | tuple[str, str]
#: Take credentials, or a token of redis-py's (``get_value()``, ``try_get("oid")``), from any thread. What they return
#: may be awaited: until the server has answered, where that can be waited for.
OnNext: TypeAlias = Callable[[Any], Awaitable[None]]
OnError: TypeAlias = Callable[[Exception], Awaitable[None]]


class CredentialProvider:
    """The base of credential providers: override one of the two methods.

    Override :meth:`get_credentials_async` where getting them waits for something. It counts against ``dial_timeout``.
    """

    def get_credentials(self) -> Credentials:
        """Return ``(password,)`` or ``(username, password)``."""
        raise NotImplementedError(f"{type(self).__name__} must define get_credentials or get_credentials_async")

    async def get_credentials_async(self) -> Credentials:
        """Return what :meth:`get_credentials` returns, called in a worker thread, because it may block."""
        found: list[Credentials] = []  # not what the thread returns: loops in debug mode show that
        await to_thread.run_sync(lambda: found.append(self.get_credentials()), abandon_on_cancel=True)
        return found[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # never what it holds, in subclasses either


class StreamingCredentialProvider(CredentialProvider, ABC):
    """A provider that says by itself when there are new credentials.

    Each client that uses it calls :meth:`on_next` and :meth:`on_error` once at most, before it asks for credentials; a
    provider that keeps the last callback only may still be shared by clients.
    """

    @abstractmethod
    def on_next(self, callback: OnNext) -> None:
        """Keep ``callback``, and call it with new credentials whenever there are any."""

    @abstractmethod
    def on_error(self, callback: OnError) -> None:
        """Keep ``callback``, and call it with the error when new credentials could not be had."""

    @abstractmethod
    def is_streaming(self) -> bool:
        """Return whether it is at work."""


class UsernamePasswordCredentialProvider(CredentialProvider):
    """Hand out a fixed user name and password; without a user name it is the default user."""

    def __init__(self, username: str | None = None, password: str | None = None) -> None:
        self.username: str = username or ""
        self.password: str = password or ""

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials cannot be pickled or copied")

    def get_credentials(self) -> Credentials:
        """Return ``(password,)`` or ``(username, password)``."""
        return (self.username, self.password) if self.username else (self.password,)

    async def get_credentials_async(self) -> Credentials:
        """Return the same as :meth:`get_credentials`, at once."""
        return self.get_credentials()


__all__ = ["CredentialProvider", "Credentials", "StreamingCredentialProvider", "UsernamePasswordCredentialProvider"]
