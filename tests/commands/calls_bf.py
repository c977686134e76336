"""Calls of the commands of probabilistic types, for the comparison with redis-py."""

from tests.commands.calls_collections import Case, call

B = ("BF.RESERVE", "b", "0.01", "100")
BA = ("BF.ADD", "b", "a")
FULL = ("BF.RESERVE", "full", "0.01", "1", "NONSCALING")
C = ("CF.RESERVE", "c", "100")
CA = ("CF.ADD", "c", "a")
M = ("CMS.INITBYDIM", "m", "100", "5")
MA = ("CMS.INCRBY", "m", "a", "3")
K = ("TOPK.RESERVE", "k", "2", "50", "4", "0.9")
KA = ("TOPK.INCRBY", "k", "a", "10", "42", "5")
T = ("TDIGEST.CREATE", "t")
TA = ("TDIGEST.ADD", "t", "1", "2", "3", "4", "5")

CASES = [
    Case(
        "bf",
        [B, BA],
        [
            call("bf.create", "new", 0.01, 100),
            call("bf.create", "new2", 0.01, 100, expansion=4),
            call("bf.reserve", "new3", 0.01, 100, None, True),
            call("bf.create", "b", 0.01, 100),
            call("bf.add", "b", "b"),
            call("bf.add", "b", "a"),
            call("bf.madd", "b", "a", "c"),
            call("bf.insert", "b", ["a", "d"]),
            call("bf.insert", "n", ["a"], 100, 0.1, None, 2, None),
            call("bf.insert", "n", ["b"], noCreate=True),
            call("bf.insert", "none", ["b"], noCreate=True),
            call("bf.exists", "b", "a"),
            call("bf.exists", "none", "a"),
            call("bf.mexists", "b", "a", "x"),
            call("bf.card", "b"),
            call("bf.card", "none"),
            call("bf.info", "b"),
            call("bf.info", "none"),
            call("bf.scandump", "b", 0),
            call("bf.scandump", "b", 1_000_000),
            call("bf.loadchunk", "x", 1, b"nothing"),
        ],
        ["BF.ADD"],
    ),
    Case(
        "cf",
        [C, CA],
        [
            call("cf.create", "new", 100),
            call("cf.reserve", "new2", 100, 2, 4, 10),
            call("cf.create", "c", 100),
            call("cf.add", "c", "b"),
            call("cf.add", "c", "a"),
            call("cf.addnx", "c", "a"),
            call("cf.addnx", "c", "n"),
            call("cf.insert", "c", ["x", "y"]),
            call("cf.insert", "i", ["x"], capacity=100),
            call("cf.insertnx", "c", ["x", "z"]),
            call("cf.insertnx", "none", ["z"], None, True),
            call("cf.exists", "c", "a"),
            call("cf.mexists", "c", "a", "missing"),
            call("cf.count", "c", "a"),
            call("cf.delete", "c", "a"),
            call("cf.delete", "c", "missing"),
            call("cf.info", "c"),
            call("cf.info", "none"),
        ],
        ["CF.ADD"],
    ),
    Case(
        "cms",
        [M, MA],
        [
            call("cms.initbydim", "new", 10, 5),
            call("cms.initbyprob", "new2", 0.01, 0.01),
            call("cms.initbydim", "m", 10, 5),
            call("cms.incrby", "m", ["a", "b"], [1, 2]),
            call("cms.query", "m", "a", "missing"),
            call("cms.initbydim", "sum", 100, 5),
            call("cms.merge", "sum", 1, ["m"]),
            call("cms.merge", "sum", 2, ["m", "m"], [1, 3]),
            call("cms.query", "sum", "a"),
            call("cms.info", "m"),
            call("cms.info", "none"),
        ],
        ["CMS.QUERY"],
    ),
    Case(
        "topk",
        [K, KA],
        [
            call("topk.reserve", "new", 3, 50, 4, 0.9),
            call("topk.reserve", "k", 3, 50, 4, 0.9),
            call("topk.add", "k", "a", "1.5"),
            call("topk.incrby", "k", ["a", "b"], [10, 100]),
            call("topk.query", "k", "a", "x"),
            call("topk.count", "k", "a", "x"),
            call("topk.list", "k"),
            call("topk.list", "k", withcount=True),
            call("topk.info", "k"),
        ],
        ["TOPK.ADD"],
    ),
    Case(
        "tdigest",
        [T, TA, ("TDIGEST.CREATE", "empty")],
        [
            call("tdigest.create", "new"),
            call("tdigest.create", "new2", 200),
            call("tdigest.create", "t"),
            call("tdigest.add", "t", [6, 7.5]),
            call("tdigest.add", "t", ["x"]),
            call("tdigest.merge", "sum", 1, "t"),
            call("tdigest.merge", "sum", 2, "t", "new", compression=50, override=True),
            call("tdigest.min", "t"),
            call("tdigest.max", "t"),
            call("tdigest.quantile", "t", 0, 0.5, 1),
            call("tdigest.cdf", "t", 1, 3.5),
            call("tdigest.trimmed_mean", "t", 0.1, 0.9),
            call("tdigest.rank", "t", 0, 3, 100),
            call("tdigest.revrank", "t", 0, 3, 100),
            call("tdigest.byrank", "t", 0, 100),
            call("tdigest.byrevrank", "t", 0, 100),
            call("tdigest.rank", "empty", 1),
            call("tdigest.reset", "t"),
            call("tdigest.info", "t"),
            call("tdigest.info", "none"),
        ],
        ["TDIGEST.ADD"],
    ),
]
