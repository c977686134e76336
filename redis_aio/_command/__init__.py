"""A command as a value, and what is true of each: the vocabulary of everything above and below the seam.

| file                               | holds                                                                       |
|------------------------------------|-----------------------------------------------------------------------------|
| ``command.py``, ``batch.py``       | ``Command``: name, arguments, reply parser; ``Batch``: commands sent together |
| ``spec.py``                        | ``CommandSpec``: the facts about a command; ``Effect``                       |
| ``table.py``, ``table_modules.py`` | ``SPECS``: a row for each command; ``resolve``: raw arguments to their row   |
| ``row.py``                         | how a row is written                                                        |
| ``effects.py``, ``blocking.py``    | the effect, and the longest wait, where the arguments decide them            |
| ``arguments.py``                   | reading raw arguments without ever raising                                  |
"""
