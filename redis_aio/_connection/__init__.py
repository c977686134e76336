"""How to say it: one pipelined connection, and the two ways of sharing connections (multiplexer and pool)."""
