"""The dialect of the query language that queries are sent in."""

#: What newer servers understand best; redis-py's default too.
DEFAULT_DIALECT = 2
