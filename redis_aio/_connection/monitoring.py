"""MonitorLine: the line of a connection that monitors, where a simple string that begins with a time is a command."""

from collections.abc import Callable
from typing import Any

from hiredis import PushNotification

from redis_aio._connection.subscribing import SubscriberLine
from redis_aio._resp.decoder import NOT_READY

#: The end of the line that the connection's own fence makes, as it arrives.
_OWN: dict[type, Any] = {str: '"PING" "redis_aio"', bytes: b'"PING" "redis_aio"'}
#: The first characters of a time, as they are in ``str`` and in ``bytes``.
_DIGITS = frozenset("0123456789") | frozenset(b"0123456789")


class MonitorLine(SubscriberLine):
    """The line of a connection that monitors; the handler ``monitor`` takes the commands, one string each."""

    _fences = 0  # that were answered, and whose own line is still to come

    def _take(self) -> bool:
        get = self._get
        handler: Callable[[Any], None] = self._handlers["monitor"]
        while (reply := get()) is not NOT_READY:
            kind = type(reply)
            if (kind is bytes or kind is str) and reply and reply[0] in _DIGITS:
                if self._fences and reply.endswith(_OWN[kind]):
                    self._fences -= 1
                else:
                    handler(reply)
            elif kind is PushNotification:
                self._pushes.dispatch(reply)
            elif reply not in ("OK", b"OK") or self._alone:  # what MONITOR itself is answered: its fence counts
                self._answer(reply)
        return True

    def _answer(self, reply: Any) -> None:
        self._fences += not (self._alone or isinstance(reply, Exception))
        super()._answer(reply)
