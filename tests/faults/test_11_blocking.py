"""Row 11: a blocking command returns late, early or twice, loses an element, or holds up everybody else.

Injected: every blocking command with a timeout shorter and longer than ``read_timeout``, and with none; more of them
than the pool has connections; callers that give up in each of the six ways at every turn, and an element that is pushed
right after.

Passing: each returns at its own timeout and is executed once; ordinary commands go on meanwhile; an element that nobody
got is in the list, once; no connection stays in use.
"""
