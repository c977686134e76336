"""Calls of the time series commands, for the comparison with redis-py.

TS.INFO is not among them: over RESP3, undecoded, redis-py finds nothing in it.
"""

from tests.commands.calls_collections import Case, call

A = ("TS.CREATE", "a", "LABELS", "room", "1", "kind", "t")
B = ("TS.CREATE", "b", "LABELS", "room", "2", "kind", "t")
DATA = ("TS.MADD", "a", "1000", "1", "a", "2000", "2", "a", "3000", "3.5", "b", "1000", "10", "b", "3000", "30")

CASES = [
    Case(
        "making series",
        [A],
        [
            call("ts.create", "new"),
            call("ts.create", "new", 1000),
            call("ts.create", "n2", 1000, True, {"x": "y"}, 128, "last"),
            call("ts.create", "n3", ignore_max_time_diff=5),
            call("ts.alter", "a", retention_msecs=5000, labels={"room": "9"}, chunk_size=256, duplicate_policy="sum"),
            call("ts.info", "none"),
        ],
        ["TS.CREATE"],
    ),
    Case(
        "adding samples",
        [A],
        [
            call("ts.add", "a", 1000, 1.5),
            call("ts.add", "a", 1000, 2, on_duplicate="sum"),
            call("ts.add", "a", 1000, 2),
            call("ts.add", "n", 1, "2", 1000, False, {"x": "y"}, 128, "first"),
            call("ts.madd", [("a", 2000, 1), ("a", 1000, 2), ("none", 1, 1)]),
            call("ts.incrby", "a", 5, timestamp=3000),
            call("ts.decrby", "a", 1.5, timestamp=4000),
            call("ts.incrby", "c", 1, 10, 1000, True, {"x": "y"}, 128),
            call("ts.get", "a"),
            call("ts.get", "a", latest=True),
            call("ts.get", "none"),
            call("ts.delete", "a", 0, 2000),
            call("ts.range", "a", "-", "+"),
        ],
        ["TS.CREATE"],
    ),
    Case(
        "ranges",
        [A, B, DATA, ("TS.CREATE", "empty")],
        [
            call("ts.range", "a", "-", "+"),
            call("ts.range", "a", 1000, 2000, count=1),
            call("ts.range", "a", "-", "+", aggregation_type="avg", bucket_size_msec=2000, align="-"),
            call(
                *("ts.range", "a", "-", "+"),
                aggregation_type="sum",
                bucket_size_msec=500,
                bucket_timestamp="+",
                empty=True,
            ),
            call("ts.range", "a", "-", "+", filter_by_ts=[1000, 3000], filter_by_min_value=2, filter_by_max_value=9),
            call("ts.range", "empty", "-", "+"),
            call("ts.get", "empty"),
            call("ts.revrange", "a", "-", "+", 2),
            call("ts.revrange", "a", "-", "+", latest=True),
            call("ts.range", "none", "-", "+"),
        ],
        ["TS.RANGE"],
    ),
    Case(
        "several series",
        [A, B, DATA, ("TS.CREATE", "empty", "LABELS", "kind", "t")],
        [
            call("ts.mrange", "-", "+", ["kind=t"]),
            call("ts.mrange", "-", "+", ["kind=t"], with_labels=True, count=1),
            call("ts.mrange", "-", "+", ["kind=t"], select_labels=["room"]),
            call("ts.mrange", "-", "+", ["kind=t"], groupby="kind", reduce="sum"),
            call("ts.mrange", "-", "+", ["kind=t"], 10, "max", 2000, align=0, bucket_timestamp="~", empty=True),
            call("ts.mrange", "-", "+", ["kind=t"], with_labels=True, select_labels=["room"]),
            call("ts.mrange", "-", "+", ["kind=x"]),
            call("ts.mrevrange", "-", "+", ["room=(1,2)"], filter_by_ts=[1000]),
            call("ts.mget", ["kind=t"]),
            call("ts.mget", ["kind=t"], with_labels=True),
            call("ts.mget", ["kind=t"], select_labels=["room"], latest=True),
            call("ts.queryindex", ["kind=t", "room=1"]),
            call("ts.queryindex", ["kind=x"]),
        ],
        ["TS.MRANGE"],
    ),
    Case(
        "rules",
        [A, ("TS.CREATE", "r")],
        [
            call("ts.createrule", "a", "r", "avg", 1000),
            call("ts.createrule", "a", "r", "avg", 1000),
            call("ts.deleterule", "a", "r"),
            call("ts.createrule", "a", "r", "twa", 1000, 500),
        ],
        ["TS.CREATERULE"],
    ),
]
