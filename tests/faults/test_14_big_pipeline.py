"""Row 14: a big pipeline, big values or a slow link blow up the memory, freeze the loop or never come to an end.

Injected: pipelines of hundreds of thousands of commands, directly and through a proxy of limited bandwidth; values of
ten megabytes; a server that hangs up on clients that do not read; a proxy that passes one direction only as far as the
other one moves.

Passing: it completes; the memory it takes beyond the commands themselves is bounded by what is on the wire; the loop
goes on turning.
"""
