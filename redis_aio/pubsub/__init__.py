"""Pub/sub: ``client.subscribe(...)``, and redis-py's ``client.pubsub()``.

| What                                   | File          |
| -------------------------------------- | ------------- |
| the methods of a client                | `face.py`     |
| ``Messages``: an asynchronous iterator | `messages.py` |
| ``PubSub``: redis-py's surface         | `classic.py`  |
| ``KeyspaceEvents``                     | `keyspace.py` |
"""

from redis_aio._execution.mailbox import Gap, Message, SubscriptionStats
from redis_aio.pubsub.classic import (
    AsyncPubsubWorkerExceptionHandler,
    PubSub,
    PubsubWorkerExceptionHandler,
)
from redis_aio.pubsub.face import PubSubFace
from redis_aio.pubsub.keyspace import KeyspaceEvent, KeyspaceEvents
from redis_aio.pubsub.messages import Messages

__all__ = [
    "AsyncPubsubWorkerExceptionHandler",
    "Gap",
    "KeyspaceEvent",
    "KeyspaceEvents",
    "Message",
    "Messages",
    "PubSub",
    "PubSubFace",
    "PubsubWorkerExceptionHandler",
    "SubscriptionStats",
]
