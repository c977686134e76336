"""Subscriptions: everything that one client subscribes to, and its figures.

A forked child has none of its parent's: there they end.
"""

import os
import weakref
from collections.abc import Callable
from typing import Any

from redis_aio import exceptions
from redis_aio._execution.hub import Hub, Inbox
from redis_aio._execution.listening import Source
from redis_aio._execution.mailbox import Mailbox, Overflow, SubscriptionStats, total
from redis_aio._execution.names import Kind

_all: "weakref.WeakSet[Subscriptions]" = weakref.WeakSet()
#: What a forked child inherited: kept for ever, because destroying it could reach the parent's sockets.
_inherited: list[object] = []


class Subscriptions:
    """The subscriptions of a client.

    Args:
        source: gives connections.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._closed = False
        self._hub: Hub | None = None
        self._alone: dict[Hub | Inbox, None] = {}  # those with a connection of their own
        self._mailboxes: dict[Mailbox, None] = {}
        self._past = SubscriptionStats()
        _all.add(self)

    def check_open(self) -> None:
        """Raise ``ClientClosedError`` if the client is closed."""
        if self._closed:
            raise exceptions.ClientClosedError("the client is closed")

    def open(self, limit: int, byte_limit: int, overflow: Overflow) -> tuple[Hub, Mailbox]:
        """Return a new mailbox and the hub for it, which it shares with others unless it can hold them up."""
        self.check_open()
        flow: Callable[[bool], None] | None = None
        if overflow == "block":
            hub = Hub(self.source, linger=0.0)
            self._alone[hub] = None
            flow = hub.subscriber.set_flow
        else:
            if self._hub is None or not self._hub.usable:
                self._hub = Hub(self.source)
            hub = self._hub
        mailbox = Mailbox(hub.subscriber.loop, limit, byte_limit, overflow, flow)
        self._mailboxes[mailbox] = None
        return hub, mailbox

    def open_inbox(self, limit: int, byte_limit: int, leaving: dict[Kind, set[Any]]) -> Inbox:
        """Return a mailbox that gets everything from a connection of its own; ``leaving`` as in :class:`Inbox`."""
        self.check_open()
        inbox = Inbox(self.source, limit, byte_limit, leaving)
        self._alone[inbox] = None
        self._mailboxes[inbox.mailbox] = None
        return inbox

    def end(self, hub: Hub | Inbox, mailbox: Mailbox, error: Exception) -> None:
        """Let a mailbox go, and its connection if that is its own; who still reads it gets ``error``."""
        mailbox.fail(error)
        mailbox.clear()
        if self._mailboxes.pop(mailbox, 0) is None:
            self._past = total([self._past, mailbox.stats])
        if isinstance(hub, Hub):
            hub.remove(mailbox)
        if self._alone.pop(hub, 0) is None:
            hub.close()

    def close(self) -> None:
        """End all of them: their readers get ``ClientClosedError``, and the connections are closed."""
        self._closed = True
        error = exceptions.ClientClosedError("the client was closed")
        hubs: list[Hub | Inbox] = [*self._alone]
        self._alone.clear()
        if self._hub is not None and self._hub.subscriber.error is None:
            hubs.append(self._hub)
        self._hub = None
        for mailbox in self._mailboxes:
            mailbox.fail(error)
        for hub in hubs:
            hub.close(error)

    def stats(self) -> SubscriptionStats:
        """Return the figures of all subscriptions together, past ones included."""
        return total([self._past, *(mailbox.stats for mailbox in self._mailboxes)])

    def _forget_parent(self) -> None:
        _inherited.extend((self._hub, list(self._alone)))
        for mailbox in self._mailboxes:
            mailbox.forget(exceptions.ClientClosedError("this subscription belongs to the process that was forked"))
        self._hub = None
        self._alone.clear()
        self._mailboxes.clear()


def _after_fork() -> None:
    for subscriptions in list(_all):
        subscriptions._forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
