"""Calls of the ACL, cluster and sentinel commands, to compare with redis-py."""

from tests.commands.calls_collections import Call, Case, call

NOBODY = ("ACL", "DELUSER", "bob")
BOB = ("ACL", "SETUSER", "bob", "on", ">pw", "~a*", "%R~b", "&c", "+@read", "-@write", "+set", "(+get ~k)")
HASH = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"

ACL = [
    Case(
        "acl_setuser",
        [NOBODY],
        [
            call("acl_setuser", "bob"),
            call("acl_getuser", "bob"),
            call(
                "acl_setuser",
                "bob",
                enabled=True,
                passwords=["+a", b"+\xff"],
                hashed_passwords="+" + HASH,
                categories=["+read", "-@write", b"+set"],
                commands=["+set", b"-get", "+client|id"],
                keys=["a*", "~b", "%R~c", b"d"],
                channels=["e", b"f"],
                selectors=[("+get", "x"), (b"-set", "%W~y"), ("+del", b"~z")],
            ),
            call("acl_list"),
            call("acl_setuser", "bob", True, passwords="-a", hashed_passwords=["-" + HASH]),
            call("acl_setuser", "bob", reset_keys=True, reset_channels=True, reset_passwords=True, keys=["only"]),
            call("acl_list"),
            call("acl_setuser", "bob", nopass=True, reset=True),
            call("acl_list"),
        ],
    ),
    Case(
        "acl_setuser of what is refused",
        [NOBODY],
        [
            call("acl_setuser", "bob", nopass=True, passwords="+a"),
            call("acl_setuser", "bob", nopass=True, hashed_passwords="+a"),
            call("acl_setuser", "bob", passwords="a"),
            call("acl_setuser", "bob", passwords=5),
            call("acl_setuser", "bob", hashed_passwords=["a"]),
            call("acl_setuser", "bob", categories=["read"]),
            call("acl_setuser", "bob", commands=["get"]),
            call("acl_setuser", "bob", selectors=[("get", "k")]),
            call("acl_setuser", "bob", commands=["+nosuch"]),
            call("acl_users"),
        ],
    ),
    Case("acl_getuser", [NOBODY, BOB], [call("acl_getuser", "bob"), call("acl_getuser", "x")]),
    Case("acl_deluser", [BOB], [call("acl_deluser", "bob", "x"), call("acl_deluser", "bob"), call("acl_users")]),
    Case(
        "acl_dryrun",
        [NOBODY, BOB],
        [
            call("acl_dryrun", "bob", "set", "a1", "v"),
            call("acl_dryrun", "bob", "set", "z", "v"),
            call("acl_dryrun", "bob", "nosuch"),
            call("acl_dryrun", "nobody", "get", "a"),
        ],
    ),
    Case("acl_cat", [], [call("acl_cat"), call("acl_cat", "pubsub"), call("acl_cat", category="nosuch")]),
    Case("acl_genpass", [], [call("acl_genpass", -1), call("acl_genpass", "x"), call("acl_genpass", 4097)]),
    Case("acl_log", [], [call("acl_log_reset"), call("acl_log"), call("acl_log", 5), call("acl_log", "5")]),
    Case("acl_whoami, acl_users", [NOBODY], [call("acl_whoami"), call("acl_users"), call("acl_list")]),
    Case("acl files", [], [call("acl_load"), call("acl_save")]),
    Case("acl_help", [], [call("acl_help")]),
]

#: On a node that has the slots 0 to 100.
CLUSTER = [
    Case(
        "cluster",
        [],
        [
            call("cluster", "info"),
            call("cluster", "NODES"),
            call("cluster", "myid"),
            call("cluster", "links"),
            call("cluster", "keyslot", "x"),
            call("cluster", "countkeysinslot", 1),
            call("cluster", "getkeysinslot", 1, 5),
            call("cluster", "replicas", "x"),
            call("cluster", "count-failure-reports", "x"),
            call("cluster", "saveconfig"),
            call("cluster", "nosuch"),
        ],
    ),
    Case(
        "cluster that changes",
        [],
        [
            call("cluster", "addslots", 200, 201),
            call("cluster", "addslotsrange", 210, 220),
            call("cluster", "delslots", 200, 201),
            call("cluster", "delslotsrange", 210, 220),
            call("cluster", "setslot", 1, "stable"),
            call("cluster", "failover"),
            call("cluster", "forget", "x"),
            call("cluster", "replicate", "x"),
            call("cluster", "meet", "nowhere", 1),
        ],
    ),
]

#: On a connection of its own.
CLUSTER_STATEFUL = [Case("readonly", [], [call("readonly"), call("readwrite")])]

#: On a sentinel that watches the service "m".
SENTINEL = [
    Case(
        "sentinel",
        [],
        [
            call("sentinel_masters"),
            call("sentinel_master", "m"),
            call("sentinel_master", "m", return_responses=True),
            call("sentinel_master", "x"),
            call("sentinel_get_master_addr_by_name", "m"),
            call("sentinel_get_master_addr_by_name", "x"),
            call("sentinel_slaves", "m"),
            call("sentinel_slaves", "x"),
            call("sentinel_sentinels", "m"),
            call("sentinel_set", "m", "quorum", 1),
            call("sentinel_set", "m", "nosuch", 1),
            call("sentinel_flushconfig"),
            call("sentinel_failover", "m"),
            call("sentinel_failover", "x"),
            call("sentinel_ckquorum", "x"),
            call("sentinel_monitor", "m", "127.0.0.1", 1, 1),
            call("sentinel_remove", "x"),
        ],
    ),
]

#: What differs from one call to the next: the types are compared, and the keys of dicts.
VOLATILE = [
    Case("acl_genpass of a length", [], [call("acl_genpass"), call("acl_genpass", 5), call("acl_genpass", "128")]),
]

_BEFORE = "what cannot work is refused before it is sent"
#: What differs deliberately, and why.
DIFFERENT: list[tuple[str, Call, str]] = [
    (_BEFORE, call("acl_deluser"), ""),
    (_BEFORE, call("acl_dryrun", "bob"), ""),
    ("redis-py takes a string as its letters", call("acl_setuser", "bob", keys="ab"), ""),
]
