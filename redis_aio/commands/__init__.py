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
| stream            | ``streams.py``      |
| geo               | ``geo.py``          |
| hyperloglog       | ``hyperloglog.py``  |
| array             | ``arrays.py``       |
| pubsub            | ``pubsub.py``       |
| scripting         | ``scripting.py``    |
| connection        | ``connection.py``   |
| server            | ``server.py``       |
| (its ACL)         | ``acl.py``          |
| cluster           | ``cluster.py``      |
| sentinel          | ``sentinel.py``     |

``modules.py`` leads to the groups behind an accessor (``client.json()``), each a package or file of its own.
``models.py`` has what reads and writes values of an application's own types.
"""

from redis_aio.commands.acl import ACLCommands
from redis_aio.commands.arrays import ArrayCommands
from redis_aio.commands.bitmaps import BitmapCommands
from redis_aio.commands.cluster import ClusterCommands
from redis_aio.commands.connection import ConnectionCommands
from redis_aio.commands.geo import GeoCommands
from redis_aio.commands.hashes import HashCommands
from redis_aio.commands.hyperloglog import HyperLogLogCommands
from redis_aio.commands.keys import KeyCommands
from redis_aio.commands.lists import ListCommands
from redis_aio.commands.models import ModelCommands
from redis_aio.commands.modules import ModuleAccessors
from redis_aio.commands.pubsub import PubSubCommands
from redis_aio.commands.scripting import ScriptingCommands
from redis_aio.commands.sentinel import SentinelCommands
from redis_aio.commands.server import ServerCommands
from redis_aio.commands.sets import SetCommands
from redis_aio.commands.sorted_sets import SortedSetCommands
from redis_aio.commands.streams import StreamCommands
from redis_aio.commands.strings import StringCommands
from redis_aio.typing import S


class Commands(
    KeyCommands[S],
    ModelCommands[S],
    StringCommands[S],
    BitmapCommands[S],
    HashCommands[S],
    ListCommands[S],
    SetCommands[S],
    SortedSetCommands[S],
    StreamCommands[S],
    GeoCommands[S],
    HyperLogLogCommands[S],
    ArrayCommands[S],
    PubSubCommands[S],
    ScriptingCommands[S],
    ConnectionCommands[S],
    ServerCommands[S],
    ACLCommands[S],
    ClusterCommands[S],
    SentinelCommands[S],
    ModuleAccessors[S],
):
    """Every command of every group."""


__all__ = ["Commands"]
