"""An asyncio-native Redis client: change one import, and concurrent commands share a few connections.

``import redis_aio as redis`` where it said ``import redis.asyncio as redis``.
"""

from redis_aio._connection.stats import PoolStats
from redis_aio._version import VERSION
from redis_aio.backoff import default_backoff
from redis_aio.client import ExclusiveConnection, Redis, StrictRedis, from_url
from redis_aio.connection import (
    BlockingConnectionPool,
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis_aio.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    BusyLoadingError,
    ChildDeadlockedError,
    ClientClosedError,
    ConnectionError,
    ConnectionStateLostError,
    ConnectTimeoutError,
    DataError,
    ExecAbortError,
    InvalidResponse,
    LockError,
    LockLostError,
    LockNotOwnedError,
    NoPermissionError,
    NoScriptError,
    OutcomeUnknownError,
    OutOfMemoryError,
    PoolTimeoutError,
    ProtocolError,
    PubSubError,
    ReadOnlyError,
    ReadTimeoutError,
    RedisError,
    ReplyDecodeError,
    ResponseError,
    TimeoutError,
    WatchError,
    WriteTimeoutError,
)
from redis_aio.health import Health, LastError
from redis_aio.hooks import Hook
from redis_aio.pipeline import Pipeline
from redis_aio.pubsub import (
    Gap,
    KeyspaceEvent,
    KeyspaceEvents,
    Message,
    Messages,
    PubSub,
    SubscriptionStats,
)
from redis_aio.script import Script
from redis_aio.streams import ConsumerGroup, StreamMessage
from redis_aio.typing import Subscription

__version__ = VERSION

__all__ = [
    "AuthenticationError",
    "AuthenticationWrongNumberOfArgsError",
    "BlockingConnectionPool",
    "BusyLoadingError",
    "ChildDeadlockedError",
    "ClientClosedError",
    "ConnectTimeoutError",
    "Connection",
    "ConnectionError",
    "ConnectionPool",
    "ConnectionStateLostError",
    "ConsumerGroup",
    "DataError",
    "ExclusiveConnection",
    "ExecAbortError",
    "Gap",
    "Health",
    "Hook",
    "InvalidResponse",
    "KeyspaceEvent",
    "KeyspaceEvents",
    "LastError",
    "LockError",
    "LockLostError",
    "LockNotOwnedError",
    "Message",
    "Messages",
    "NoPermissionError",
    "NoScriptError",
    "OutOfMemoryError",
    "OutcomeUnknownError",
    "Pipeline",
    "PoolStats",
    "PoolTimeoutError",
    "ProtocolError",
    "PubSub",
    "PubSubError",
    "ReadOnlyError",
    "ReadTimeoutError",
    "Redis",
    "RedisError",
    "ReplyDecodeError",
    "ResponseError",
    "SSLConnection",
    "Script",
    "StreamMessage",
    "StrictRedis",
    "Subscription",
    "SubscriptionStats",
    "TimeoutError",
    "UnixDomainSocketConnection",
    "WatchError",
    "WriteTimeoutError",
    "__version__",
    "default_backoff",
    "from_url",
]
