"""Row 25: a client outlives its loop, its thread, its process, its owner's care or its own end.

Injected: one event loop after another, and two at once in two threads; a forked child that ends in either way; clients
that nobody closes; connects that fail by the hundred; ``aclose`` in every state there is, given up too; a garbage
collector that runs at every allocation.

Passing: it works, or there is one clear error at once. ``aclose`` takes a second at most and leaves no descriptor, task
or warning; what was in flight gets ClientClosedError, and so does whatever comes later; the parent never notices its
child.
"""
