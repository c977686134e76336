"""Row 15: a few bytes of a reply announce so much that the client allocates gigabytes, or stands still.

Injected: a scripted server answers a command, or HELLO itself, with headers of every aggregate and string type and
sizes from 10^8 to 18 digits and below -1: whole, byte by byte, nested in an array, and many in a chain.

Passing: ``ProtocolError`` at once, for the calls pending on that connection and no other; memory does not grow and the
event loop turns; the next command works on a new connection. A large string may be announced, but costs no memory
before its bytes come. Large replies that do come are delivered.
"""
