"""Each deliberate difference from redis-py, with its reason; docs/from-redis-py.md shows these tables to people.

Keys are places in our package, where ``*`` stands for anything. An entry that explains nothing any more fails a test.
"""

from collections.abc import Mapping

#: Names that will be there, and what to use until then.
PENDING: Mapping[str, str] = {
    "redis_aio.RedisCluster": "cluster clients come later",
    "redis_aio.cluster.*": "cluster clients come later",
    "redis_aio.Sentinel*": "clients of Sentinel come later; the commands of Sentinel are there",
    "redis_aio.sentinel.*": "clients of Sentinel come later; the commands of Sentinel are there",
    "redis_aio.Async*KeyspaceNotifications*": "`client.keyspace_events(pattern)` does it",
    "redis_aio.keyspace_notifications.*": "`client.keyspace_events(pattern)` does it",
    "redis_aio.*.keyspace_notifications": "`client.keyspace_events(pattern)` does it",
    "redis_aio.driver_info.*": "`lib_name` and `lib_version` name the driver; redis-py's `DriverInfo` is accepted",
}

_CONNECTIONS = "connections are named (`connection_class=SSLConnection`); `async with client.connection()` lends one"
_POOL = "the pool has no loose connections: `async with client.connection()` lends one, `pool.stats()` counts them"
_MADE = "made by the client, not by hand"
_INTERNAL = "redis-py's own machinery"
_PARSERS = "redis-py's own machinery: functions that parse replies"
_MAINTENANCE = "maintenance notifications of Redis Enterprise are not supported"
_ACCESSOR = "`client.pipeline()` has the accessor: `pipe.json()`, `pipe.ft()`, `pipe.ts()` ..."

#: Names and members that are not there.
MISSING_HERE: Mapping[str, str] = {
    # clients
    "redis_aio.Redis.debug_segfault": "`execute_command('DEBUG SEGFAULT')` does it",
    "redis_aio.Redis.digest_local": "it needs another library; `digest(name)` asks the server",
    "redis_aio.Redis.hello": "the client says HELLO itself; `protocol`, `username`, `client_name` are options",
    "redis_aio.Redis.himport_*": "state of a connection: `himport_prepare`, `himport_set` on `client.connection()`",
    "redis_aio.Redis.parse_response": "replies come in the order of requests, to whoever made them",
    "redis_aio.Redis.*sync": "they turn a connection into a replication stream, which no caller could read",
    "redis_aio.Redis.sentinel": "it does nothing in redis-py; `sentinel_...` methods are there",
    "redis_aio.Redis.stralgo": "Redis 7 removed STRALGO; `lcs` is there",
    "redis_aio.Redis.*watch": "connections are shared; `pipeline()`, `transaction()` and `client.connection()` watch",
    # pipelines
    "redis_aio.client.Pipeline.UNWATCH_COMMANDS": _INTERNAL,
    "redis_aio.client.Pipeline.annotate_exception": _INTERNAL,
    "redis_aio.client.Pipeline.client": "a pipeline queues commands; ask the client it came from",
    "redis_aio.client.Pipeline.close": "`reset()` and `aclose()` are there",
    "redis_aio.client.Pipeline.debug_segfault": "as on clients",
    "redis_aio.client.Pipeline.digest_local": "as on clients",
    "redis_aio.client.Pipeline.from_*": "a pipeline is made by `client.pipeline()`",
    "redis_aio.client.Pipeline.get_*": "a pipeline queues commands; ask the client it came from",
    "redis_aio.client.Pipeline.hello": "as on clients",
    "redis_aio.client.Pipeline.himport_*": "as on clients",
    "redis_aio.client.Pipeline.initialize": "there is nothing to initialize",
    "redis_aio.client.Pipeline.load_*": "scripts are sent with what calls them",
    "redis_aio.client.Pipeline.lock": "a pipeline queues commands; ask the client it came from",
    "redis_aio.client.Pipeline.monitor": "a pipeline queues commands; ask the client it came from",
    "redis_aio.client.Pipeline.parse_response": _INTERNAL,
    "redis_aio.client.Pipeline.pipeline": "a pipeline queues commands; ask the client it came from",
    "redis_aio.client.Pipeline.pipeline_execute_command": "`execute_command` is there",
    "redis_aio.client.Pipeline.*sync": "as on clients",
    "redis_aio.client.Pipeline.pubsub": "a pipeline queues commands; ask the client it came from",
    "redis_aio.client.Pipeline.raise_first_error": _INTERNAL,
    "redis_aio.client.Pipeline.*scan_iter": "an iterator needs replies at once; ask the client",
    "redis_aio.client.Pipeline.sentinel": "as on clients",
    "redis_aio.client.Pipeline.set_retry": "a pipeline queues commands; ask the client it came from",
    "redis_aio.client.Pipeline.stralgo": "as on clients",
    "redis_aio.client.Pipeline.transaction": "a pipeline queues commands; ask the client it came from",
    # pub/sub, monitor, lock
    "redis_aio.client.PubSub.HEALTH_CHECK_MESSAGE": _INTERNAL,
    "redis_aio.client.PubSub.check_health": "the connection is watched by itself",
    "redis_aio.client.PubSub.execute_command": "`subscribe` and its kin are there, and nothing else can be sent",
    "redis_aio.client.PubSub.handle_message": _INTERNAL,
    "redis_aio.client.PubSub.on_connect": _INTERNAL,
    "redis_aio.client.PubSub.parse_response": "`get_message` and `listen` return messages",
    "redis_aio.client.Monitor.*_re": _INTERNAL,
    "redis_aio.lock.Lock.LUA_*": _INTERNAL,
    "redis_aio.lock.Lock.lua_*": _INTERNAL,
    "redis_aio.lock.Lock.register_scripts": _INTERNAL,
    # pools and connections
    "redis_aio.*Connection.*": _CONNECTIONS,
    "redis_aio.*ConnectionPool.*_REPR_KEYS": _INTERNAL,
    "redis_aio.*ConnectionPool.*moving_notification": _MAINTENANCE,
    "redis_aio.*ConnectionPool.*maint*": _MAINTENANCE,
    "redis_aio.*ConnectionPool.*reconnect": _MAINTENANCE,
    "redis_aio.*ConnectionPool.can_get_connection": _POOL,
    "redis_aio.*ConnectionPool.ensure_connection": _POOL,
    "redis_aio.*ConnectionPool.get_*connection*": _POOL,
    "redis_aio.*ConnectionPool.make_connection": _POOL,
    "redis_aio.*ConnectionPool.re_auth_callback": _INTERNAL,
    "redis_aio.*ConnectionPool.release": _POOL,
    "redis_aio.*ConnectionPool.reset": "a forked child, or another event loop, begins anew by itself",
    "redis_aio.*ConnectionPool.set_retry": "each client has its own: `client.set_retry(retry)`",
    "redis_aio.*ConnectionPool.update_*": "options do not change; make another pool",
    "redis_aio.connection.*ConnectCallbackProtocol": "`redis_connect_func` is refused: `Hook.on_connect` wraps dials",
    "redis_aio.connection.AsyncMaintNotifications*": _MAINTENANCE,
    "redis_aio.connection.ConnectionPoolInterface": _INTERNAL,
    "redis_aio.connection.RedisSSLContext": "give an `ssl.SSLContext` as `ssl_context`",
    "redis_aio.connection.parse_ssl_verify_flags": _INTERNAL,
    # types
    "redis_aio.typing.*Protocol": _INTERNAL,
    # modules
    "redis_aio.commands.*Pipeline": _ACCESSOR,
    "redis_aio.commands.*.pipeline": _ACCESSOR,
    "redis_aio.modules.*.pipeline": _ACCESSOR,
    "redis_aio.commands.json.*.set_[fp]*": "`client.json()` has it; a pipeline reads no files",
    "redis_aio.commands.json.decoders.*": _PARSERS,
    "redis_aio.*Search*.[Bb]atch*": "RediSearch 2 indexes hashes by itself: `client.pipeline()` and `hset`",
    "redis_aio.*Search*.add_document*": "RediSearch 2 indexes hashes by itself: `hset`",
    "redis_aio.commands.search.*.load_document": "`client.ft()` has it; a pipeline has no reply yet",
    "redis_aio.commands.search.result.Result.from_resp3": "one constructor takes the replies of both protocols",
    "redis_aio.commands.timeseries.info.TSInfo.*": "redis-py never sets it; `first_timestamp`, `source_key` are there",
    "redis_aio.commands.timeseries.utils.*": _PARSERS,
    "redis_aio.commands.bf.*.append_*": _INTERNAL,
    "redis_aio.commands.bf.AbstractBloom": _INTERNAL,
    "redis_aio.commands.bf.commands.*": "`BFBloom`, `CFBloom` ... of `redis_aio.commands.bf`",
    "redis_aio.commands.vectorset.*.execute_command": "`client.execute_command`",
    "redis_aio.commands.vectorset.commands.CallbacksOptions": _INTERNAL,
    "redis_aio.commands.vectorset.utils.*": _PARSERS,
}

#: Constructors of what nobody makes by hand.
CONSTRUCTORS: Mapping[str, str] = {
    "redis_aio.client.Monitor": _MADE,
    "redis_aio.client.PubSub": _MADE,
    "redis_aio.client.Pipeline": _MADE,
    "redis_aio.*Connection": _CONNECTIONS,
    "redis_aio.commands.*": _MADE,
    "redis_aio.modules.*": _MADE,
}

#: Functions and methods that take something else: in what, and why.
SIGNATURES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "redis_aio.Redis.from_url": (
        ("no single_connection_client", "auto_close_connection_pool only by keyword"),
        "both are accepted by keyword",
    ),
    "redis_aio.*.latency_graph": (("event is needed here",), "redis-py only raises NotImplementedError"),
    "redis_aio.ConnectionPool.__init__": (("no maint_notifications_config",), "accepted by keyword, as `None`"),
    "redis_aio.BlockingConnectionPool.__init__": (("queue_class=LifoQueue is None here",), "it is ignored"),
    "redis_aio.*.jsonget": (("name is needed here",), "redis-py passes anything on to `get`, which needs it too"),
    "redis_aio.*.jsonmget": (
        ("no args", "keys is needed here", "path is needed here"),
        "redis-py passes anything on to `mget`, which needs them too",
    ),
    "redis_aio.*.jsonset": (
        ("no args", "name is needed here", "path is needed here", "obj is needed here"),
        "redis-py passes anything on to `set`, which needs them too",
    ),
}

#: What is different though names and signatures are the same.
BEHAVIOUR: Mapping[str, str] = {
    "the default timeouts": (
        "`socket_timeout` 3 s and `socket_connect_timeout` 5 s, `None` for no bound; the guide on timeouts says more"
    ),
    "a busy pool": "it waits for `pool_timeout` before it raises `PoolTimeoutError`, which says why",
    "retries": (
        "a command that may have been executed is not sent again unless that is harmless: `OutcomeUnknownError`; "
        "`retry_unsafe=True` sends it"
    ),
    "`SELECT`, `CLIENT SETNAME` ... on a client": (
        "refused, because its connections are shared: `client.connection()`, `client.client()` or "
        "`single_connection_client=True` have one to change"
    ),
    "`client.client()` after its connection was lost": (
        "the next command raises `ConnectionStateLostError` if something had been set, once, instead of running in "
        "another database"
    ),
    "a client after `aclose()`": "it raises `ClientClosedError`, a `ConnectionError`; in redis-py it connects again",
    "what a connection's holder set on it": (
        "it never reaches the next holder; after `client()` and `SELECT` redis-py's pool lends the connection as it is"
    ),
    "texts of errors": (
        "those that are not the server's are worded anew, and have no arguments in them, which may be secret: "
        "`Command # 2 (INCRBY) of pipeline ...`"
    ),
    "classes of errors": "more of them, below redis-py's: `WrongTypeError` is a `ResponseError`",
    "options of `execute_command`": (
        "unknown ones raise `TypeError`; commands themselves take none: `NEVER_DECODE=True` and the like belong to "
        "`execute_command`"
    ),
    "`EMPTY_RESPONSE`": "not supported: catch `ResponseError`",
    "`utils.pipeline` whose block raises": "what was queued is forgotten; redis-py executes it",
    "`connection_kwargs`, `get_connection_kwargs()`, `get_retry()`": "they show; `set_retry` changes",
    "`CredentialProvider.get_credentials`": "it is called in a thread, because it may block",
    "new credentials of a `StreamingCredentialProvider`": (
        "they reach every connection, RESP2 subscriptions by a new one; what the server says to them is not raised in "
        "the provider: a connection that was refused is used no more"
    ),
    "`redis_connect_func`, `event_dispatcher`, `maint_notifications_config`": "accepted as `None`, refused otherwise",
    "`legacy_responses=False`": "refused: replies have redis-py's default shapes, over RESP2 and RESP3 alike",
    "unknown options and parameters of URLs": "`TypeError` and `ValueError`; redis-py passes some on silently",
    "bool arguments": "refused as by redis-py, before anything is sent",
    "`delete()` and the like without a key": "`DataError`, and nothing is sent; redis-py has a `ResponseError`",
    "options whose values are of a wrong type or out of range": (
        "`TypeError` and `ValueError` when the client is made: `decode_responses='yes'`, `max_connections=0`"
    ),
}

__all__ = ["BEHAVIOUR", "CONSTRUCTORS", "MISSING_HERE", "PENDING", "SIGNATURES"]
