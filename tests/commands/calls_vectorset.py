"""Calls of the vector set commands, for the comparison with redis-py.

What redis-py gives as 0 or 1 over RESP2 and as a boolean by default is not here: it is a boolean.
"""

import struct

from tests.commands.calls_collections import Case, call

A = ("VADD", "v", "VALUES", "2", "1", "0", "a", "NOQUANT", "SETATTR", '{"year": 1950}')
B = ("VADD", "v", "VALUES", "2", "0", "1", "b", "NOQUANT")
Q8 = ("VADD", "q", "VALUES", "2", "1", "0", "a", "Q8")

CASES = [
    Case(
        "vadd of nothing",
        [A],
        [
            call("vset.vadd", "v", [], "a"),
            call("vset.vadd", "v", [1.0, 0.5], ""),
            call("vset.vadd", "v", [1.0], "e"),
        ],
        ["VADD"],
    ),
    Case(
        "vsim",
        [A, B],
        [
            call("vset.vsim", "v", "a"),
            call("vset.vsim", "v", [0.5, 1.0], count=1),
            call("vset.vsim", "v", struct.pack("<2f", 1.0, 0.0), with_scores=True),
            call("vset.vsim", "v", "a", filter=".year > 1900", filter_ef=10, ef=50, truth=True, no_thread=True),
            call("vset.vsim", "none", "a"),
            call("vset.vsim", "v", []),
            call("vset.vsim", "v", ""),
        ],
        ["VSIM"],
    ),
    Case(
        "vsim with attributes",
        [A, B],
        [
            call("vset.vsim", "v", "a", with_attribs=True),
            call("vset.vsim", "v", "a", with_scores=True, with_attribs=True),
            call("vset.vsim", "v", "a", epsilon=0.2),
        ],
        ["VSIM:WITHATTRIBS"],
    ),
    Case(
        "one element",
        [A, B, Q8],
        [
            call("vset.vdim", "v"),
            call("vset.vcard", "v"),
            call("vset.vcard", "none"),
            call("vset.vemb", "none", "a"),
            call("vset.vemb", "v", "x"),
            call("vset.vlinks", "v", "x"),
            call("vset.vgetattr", "v", "a"),
            call("vset.vgetattr", "v", "b"),
            call("vset.vgetattr", "v", "a"),
            call("vset.vrandmember", "q"),
            call("vset.vrandmember", "q", 5),
            call("vset.vrandmember", "none"),
            call("vset.vrandmember", "none", 2),
            call("vset.vinfo", "none"),
        ],
        ["VADD"],
    ),
    Case("vrange", [A, B], [call("vset.vrange", "v", "-", "+"), call("vset.vrange", "v", "[b", "+", 1)], ["VRANGE"]),
]
