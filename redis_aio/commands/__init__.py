"""The commands, a file for each group of COMMAND DOCS.

| group             | file                |
|-------------------|---------------------|
| generic           | ``keys.py``         |
| string            | ``strings.py``      |
| bitmap            | ``bitmaps.py``      |
| hash              | ``hashes.py``       |
| list              | ``lists.py``        |
| set               | ``sets.py``         |
| sorted-set        | ``sorted_sets.py``  |
| hyperloglog       | ``hyperloglog.py``  |
| connection        | ``connection.py``   |
| server            | ``server.py``       |

``modules.py`` leads to the groups behind an accessor (``client.json()``), each a package or file of its own.
``iterators.py`` holds the iterators over SCAN and its kin, which only clients have.
"""

from redis_aio.commands.bitmaps import BitmapCommands
from redis_aio.commands.connection import ConnectionCommands
from redis_aio.commands.hashes import HashCommands
from redis_aio.commands.hyperloglog import HyperLogLogCommands
from redis_aio.commands.keys import KeyCommands
from redis_aio.commands.lists import ListCommands
from redis_aio.commands.modules import ModuleAccessors
from redis_aio.commands.server import ServerCommands
from redis_aio.commands.sets import SetCommands
from redis_aio.commands.sorted_sets import SortedSetCommands
from redis_aio.commands.strings import StringCommands
from redis_aio.typing import S


class Commands(
    KeyCommands[S],
    StringCommands[S],
    BitmapCommands[S],
    HashCommands[S],
    ListCommands[S],
    SetCommands[S],
    SortedSetCommands[S],
    HyperLogLogCommands[S],
    ConnectionCommands[S],
    ServerCommands[S],
    ModuleAccessors[S],
):
    """Every command of every group."""


__all__ = ["Commands"]
