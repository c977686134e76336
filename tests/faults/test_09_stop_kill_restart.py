"""Row 9: the server stands still, is killed or is away for a while, with load on it.

Injected: SIGSTOP, SIGKILL and a restart on the same port, under a steady rate of GET and INCR.

Passing: each call ends by its deadline, retries and pauses included; nobody connects in a storm; when the server is back,
so are the calls; no INCR is executed twice, and one whose fate is unknown says so.
"""
