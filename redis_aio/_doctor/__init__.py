"""The doctor: checks a running server and a client's options against the list in the guide on production.

``facts.py`` asks; ``client.py``, ``server.py`` and ``memory.py`` judge, with pure functions over facts; ``report.py``
prints.
"""
