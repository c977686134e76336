"""FromRedisPy: what redis-py's clients have, and ours need for nobody but those who come from there."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from redis_aio._execution.retrying import RetryingExecutor
from redis_aio._kwargs import Encoder, connection_kwargs, policy
from redis_aio._option_table import check
from redis_aio._options import Options
from redis_aio.retry import Retry


class FromRedisPy:
    """The names of redis-py that ask a client about itself, and change it."""

    _core: RetryingExecutor
    _policy: Retry | None = None

    @property
    def options(self) -> Options:
        """The options in force."""
        raise NotImplementedError

    def _retrying(self, options: Options) -> RetryingExecutor:
        raise NotImplementedError

    def _rewrap(self) -> None:
        raise NotImplementedError

    def get_encoder(self) -> Encoder:
        """Return what makes bytes of text and text of bytes, as this client does."""
        options = self.options
        return Encoder(options.encoding, options.encoding_errors, options.decode_responses)

    def get_connection_kwargs(self) -> dict[str, Any]:
        """Return the options of the connections under redis-py's names, credentials included; see :attr:`options`.

        Changing it changes nothing.
        """
        return {**connection_kwargs(self.options), "retry": self.get_retry()}

    def get_retry(self) -> Retry:
        """Return the retry policy in force; to change it, give another one to :meth:`set_retry`."""
        return self._policy or policy(self.options)

    def set_retry(self, retry: Retry) -> None:
        """Set the retry policy of this client, from the next command on.

        Raises:
            TypeError: it is no ``Retry``.
        """
        retry = check("retry", retry)
        self._policy = retry
        self._core = self._retrying(replace(self.options, retry=retry))
        self._rewrap()

    def load_external_module(self, funcname: str, func: Callable[..., Any]) -> None:
        """Give this client another attribute, such as the accessor of a module's commands."""
        setattr(self, funcname, func)


__all__ = ["FromRedisPy"]
