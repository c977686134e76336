"""Row 17: a reply that nobody asked for, such as a tenant's script can smuggle into the stream, reaches a caller.

Injected: whole frames, half a frame and pushes, forged by the proxy: while the connection is idle; right behind a
reply, in the same segment and in the next; in front of and between the replies of commands in flight (single commands,
pipelines, transactions, leases), with ``high_integrity`` and without.

Passing: what comes while nothing is awaited is delivered to nobody, and ends that connection; the next command works on
a new one. With ``high_integrity`` no caller ever gets a value that is not its own. Without it the forgery is found at
the latest when the line drains. A push that nobody registered for is harmless. Nothing is left behind.
"""
