"""Row 16: a frame that is odd, deep, split or not RESP at all crashes the process, or shifts the replies behind it.

Injected: every kind of reply that DEBUG PROTOCOL and Lua scripts make a real server send; a corpus of valid and invalid
frames, sliced in several ways, and mutations of it, through a scripted server; strings that cannot be decoded.

Passing: each valid frame is the value that the reference parser finds in it; what is invalid, or what we refuse, is a
``ProtocolError`` for the calls pending on that connection. Every call ends, the process lives, and the nonces that
follow are right.
"""
