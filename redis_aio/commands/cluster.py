"""ClusterCommands: the commands of the group "cluster"."""

from collections.abc import Sequence
from typing import Any, Literal

from redis_aio._command.table import resolve
from redis_aio._replies.cluster import PARSERS, cursor_and_keys, dicts, info, nodes, shards, slot_stats, slots
from redis_aio._replies.common import list_of, ok, text
from redis_aio.commands._arguments import some
from redis_aio.commands._collections import one_of, scan_options
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeyT, PatternT, Reply, S

_texts = list_of(text)


class ClusterCommands(CommandGroup[S]):
    """The commands that ask a node about its cluster, or change it; a server that is no node answers with an error."""

    def cluster(self, cluster_arg: str, *args: EncodableT) -> Reply[Any]:
        """Execute CLUSTER with a subcommand, ``cluster("nodes")``; the methods named ``cluster_...`` are typed.

        CLUSTER SLOTS, SHARDS and SLOT-STATS come as the server sends them, LINKS as flat lists of names and values.

        https://redis.io/commands/cluster/
        """
        if not isinstance(cluster_arg, str):
            raise DataError(f"cluster_arg must be a str, not {type(cluster_arg).__name__}")
        spec, words = resolve(("CLUSTER", cluster_arg.upper(), *args))
        return self._run(spec.name, *words, reply=PARSERS.get(spec.name), spec=spec)

    # -- this connection ----------------------------------------------------------------------------------------------

    def readonly(self) -> Reply[bool]:
        """Let a replica answer the reads of this connection, which may be out of date.

        Shared connections refuse it; take one of your own with ``client.connection()``.

        https://redis.io/commands/readonly/
        """
        return self._run("READONLY", reply=ok)

    def readwrite(self) -> Reply[bool]:
        """End :meth:`readonly`.

        https://redis.io/commands/readwrite/
        """
        return self._run("READWRITE", reply=ok)

    # -- what the node knows ------------------------------------------------------------------------------------------

    def cluster_info(self) -> Reply[dict[str, str]]:
        """Return the state of the cluster as the node sees it.

        https://redis.io/commands/cluster-info/
        """
        return self._run("CLUSTER INFO", reply=info)

    def cluster_nodes(self) -> Reply[dict[str, dict[str, Any]]]:
        """Return the nodes that the node knows, by ``"host:port"``, with their slots and migrations.

        https://redis.io/commands/cluster-nodes/
        """
        return self._run("CLUSTER NODES", reply=nodes)

    def cluster_slots(self) -> Reply[dict[tuple[int, int], dict[str, Any]]]:
        """Return by the first and last slot of each range its ``"primary"`` and its ``"replicas"``, ``(host, port)``.

        The host is ``""`` where the node does not know its own.

        https://redis.io/commands/cluster-slots/
        """
        return self._run("CLUSTER SLOTS", reply=slots)

    def cluster_shards(self) -> Reply[list[dict[str, Any]]]:
        """Return the shards: ``"slots"`` as pairs of the first and the last, and ``"nodes"`` as dicts.

        https://redis.io/commands/cluster-shards/
        """
        return self._run("CLUSTER SHARDS", reply=shards)

    def cluster_links(self) -> Reply[list[dict[str, Any]]]:
        """Return the connections between the node and the others, two for each.

        https://redis.io/commands/cluster-links/
        """
        return self._run("CLUSTER LINKS", reply=dicts)

    def cluster_myid(self) -> Reply[str]:
        """Return the identifier of the node.

        https://redis.io/commands/cluster-myid/
        """
        return self._run("CLUSTER MYID", reply=text)

    def cluster_myshardid(self) -> Reply[str]:
        """Return the identifier of the node's shard (Redis 7.2).

        https://redis.io/commands/cluster-myshardid/
        """
        return self._run("CLUSTER MYSHARDID", reply=text)

    def cluster_replicas(self, node_id: str) -> Reply[dict[str, dict[str, Any]]]:
        """Return the replicas of a primary, as :meth:`cluster_nodes` does; an unknown node is a ResponseError.

        https://redis.io/commands/cluster-replicas/
        """
        return self._run("CLUSTER REPLICAS", node_id, reply=nodes)

    def cluster_slaves(self, node_id: str) -> Reply[dict[str, dict[str, Any]]]:
        """Do as :meth:`cluster_replicas`; the older name.

        https://redis.io/commands/cluster-slaves/
        """
        return self._run("CLUSTER SLAVES", node_id, reply=nodes)

    def cluster_count_failure_report(self, node_id: str) -> Reply[int]:
        """Return how many nodes reported of late that they cannot reach a node.

        https://redis.io/commands/cluster-count-failure-reports/
        """
        return self._run("CLUSTER COUNT-FAILURE-REPORTS", node_id)

    # -- keys and slots -----------------------------------------------------------------------------------------------

    def cluster_keyslot(self, key: KeyT) -> Reply[int]:
        """Return the slot that a key belongs to, there or not.

        https://redis.io/commands/cluster-keyslot/
        """
        return self._run("CLUSTER KEYSLOT", key)

    def cluster_countkeysinslot(self, slot_id: int) -> Reply[int]:
        """Return how many keys of a slot the node has.

        https://redis.io/commands/cluster-countkeysinslot/
        """
        return self._run("CLUSTER COUNTKEYSINSLOT", slot_id)

    def cluster_get_keys_in_slot(self, slot: int, num_keys: int) -> Reply[list[str]]:
        """Return at most ``num_keys`` keys of a slot that the node has, as ``str``.

        https://redis.io/commands/cluster-getkeysinslot/
        """
        return self._run("CLUSTER GETKEYSINSLOT", slot, num_keys, reply=_texts)

    def clusterscan(
        self,
        cursor: KeyT = "0",
        match: PatternT | None = None,
        count: int | None = None,
        _type: str | None = None,
        slot: int | None = None,
    ) -> Reply[tuple[str, list[S]]]:
        """Return the next cursor and some keys of the whole cluster, slot by slot (Valkey 9.1).

        The cursor names the slot that goes on, ``"0"`` begins and ends. The parameters are those of :meth:`scan`;
        ``slot`` looks at one slot only.

        https://valkey.io/commands/clusterscan/
        """
        options = scan_options(match, count)
        if _type is not None:
            options += ("TYPE", _type)
        if slot is not None:
            options += ("SLOT", slot)
        return self._run("CLUSTERSCAN", cursor, *options, reply=cursor_and_keys)

    def cluster_slot_stats(
        self,
        start: int | None = None,
        end: int | None = None,
        *,
        orderby: str | None = None,
        limit: int | None = None,
        desc: bool | None = None,
    ) -> Reply[dict[int, dict[str, Any]]]:
        """Return how slots of the node are used: of a range, or the first ``limit`` by a metric (Redis 8.2, Valkey 8).

        ``orderby`` is ``"key-count"``, ``"cpu-usec"``, ``"memory-bytes"`` ... The values are dicts by slot, in order.

        https://redis.io/commands/cluster-slot-stats/
        """
        if orderby is None:
            if start is None or end is None or limit is not None or desc is not None:
                raise DataError("give start and end, or orderby with limit and desc")
            return self._run("CLUSTER SLOT-STATS", "SLOTSRANGE", start, end, reply=slot_stats)
        if start is not None or end is not None:
            raise DataError("start and end exclude orderby")
        words: list[EncodableT] = ["ORDERBY", orderby]
        if limit is not None:
            words += ("LIMIT", limit)
        if desc is not None:
            words.append("DESC" if desc else "ASC")
        return self._run("CLUSTER SLOT-STATS", *words, reply=slot_stats)

    # -- which slots the node has -------------------------------------------------------------------------------------

    def cluster_addslots(self, *slots: EncodableT) -> Reply[bool]:
        """Give slots that no node has to the node.

        https://redis.io/commands/cluster-addslots/
        """
        return self._run("CLUSTER ADDSLOTS", *some("slots", slots), reply=ok)

    def cluster_addslotsrange(self, *slots: EncodableT) -> Reply[bool]:
        """Give ranges of slots to the node: the first and the last of each in turn.

        https://redis.io/commands/cluster-addslotsrange/
        """
        return self._run("CLUSTER ADDSLOTSRANGE", *_ranges(slots), reply=ok)

    def cluster_delslots(self, *slots: EncodableT) -> Reply[bool]:
        """Let the node forget who has these slots.

        https://redis.io/commands/cluster-delslots/
        """
        return self._run("CLUSTER DELSLOTS", *some("slots", slots), reply=ok)

    def cluster_delslotsrange(self, *slots: EncodableT) -> Reply[bool]:
        """Let the node forget who has ranges of slots: the first and the last of each in turn.

        https://redis.io/commands/cluster-delslotsrange/
        """
        return self._run("CLUSTER DELSLOTSRANGE", *_ranges(slots), reply=ok)

    def cluster_flushslots(self) -> Reply[bool]:
        """Let the node forget who has any slot; its database must be empty.

        https://redis.io/commands/cluster-flushslots/
        """
        return self._run("CLUSTER FLUSHSLOTS", reply=ok)

    def cluster_flushslot(self, slot: int, mode: Literal["ASYNC", "SYNC"] | None = None) -> Reply[bool]:
        """Delete all keys of a slot (Valkey 9).

        https://valkey.io/commands/cluster-flushslot/
        """
        words = () if mode is None else (one_of("mode", mode, "ASYNC", "SYNC"),)
        return self._run("CLUSTER FLUSHSLOT", slot, *words, reply=ok)

    def cluster_setslot(self, node_id: str, slot_id: int, state: str, *, timeout: int | None = None) -> Reply[bool]:
        """Say where a slot is going: ``"IMPORTING"`` from a node, ``"MIGRATING"`` to it, or that it has it, ``"NODE"``.

        ``timeout`` is how many milliseconds the replicas may take to learn of it (Valkey 8).

        https://redis.io/commands/cluster-setslot/
        """
        if str(state).upper() == "STABLE":
            raise DataError("for STABLE there is cluster_setslot_stable")
        state = one_of("state", state, "IMPORTING", "MIGRATING", "NODE")
        words = () if timeout is None else ("TIMEOUT", timeout)
        return self._run("CLUSTER SETSLOT", slot_id, state, node_id, *words, reply=ok)

    def cluster_setslot_stable(self, slot_id: int) -> Reply[bool]:
        """End what :meth:`cluster_setslot` began.

        https://redis.io/commands/cluster-setslot/
        """
        return self._run("CLUSTER SETSLOT", slot_id, "STABLE", reply=ok)

    # -- moving slots as a whole --------------------------------------------------------------------------------------

    def cluster_migrateslots(self, *moves: tuple[Sequence[tuple[int, int]], str]) -> Reply[bool]:
        """Begin to move ranges of slots from the node: ``([(0, 9), (20, 29)], node_id)`` each (Valkey 9).

        https://valkey.io/commands/cluster-migrateslots/
        """
        words: list[EncodableT] = []
        for ranges, node_id in some("moves", moves):
            words.append("SLOTSRANGE")
            for first, last in some("the ranges of a move", list(ranges)):
                words += (first, last)
            words += ("NODE", node_id)
        return self._run("CLUSTER MIGRATESLOTS", *words, reply=ok)

    def cluster_getslotmigrations(self) -> Reply[list[dict[str, Any]]]:
        """Return the moves of slots under way and of late (Valkey 9).

        https://valkey.io/commands/cluster-getslotmigrations/
        """
        return self._run("CLUSTER GETSLOTMIGRATIONS", reply=dicts)

    def cluster_cancelslotmigrations(self) -> Reply[bool]:
        """Call the moves of slots under way off; none is a ResponseError (Valkey 9).

        https://valkey.io/commands/cluster-cancelslotmigrations/
        """
        return self._run("CLUSTER CANCELSLOTMIGRATIONS", reply=ok)

    def cluster_migration_import(self, *slots: EncodableT) -> Reply[str]:
        """Begin to move ranges of slots to the node, and return the number of the task (Redis 8.4).

        The first and the last slot of each range follow in turn.

        https://redis.io/commands/cluster-migration/
        """
        return self._run("CLUSTER MIGRATION", "IMPORT", *_ranges(slots), reply=text)

    def cluster_migration_cancel(self, task_id: str | None = None, *, all: bool = False) -> Reply[int]:
        """Call a move of slots off, or all of them, and return how many these were (Redis 8.4).

        https://redis.io/commands/cluster-migration/
        """
        if all == (task_id is not None):
            raise DataError("give task_id or all")
        words = ("ALL",) if task_id is None else ("ID", task_id)
        return self._run("CLUSTER MIGRATION", "CANCEL", *words)

    def cluster_migration_status(self, task_id: str | None = None) -> Reply[list[dict[str, Any]]]:
        """Return how the moves of slots are, or how one is (Redis 8.4).

        https://redis.io/commands/cluster-migration/
        """
        words = ("ALL",) if task_id is None else ("ID", task_id)
        return self._run("CLUSTER MIGRATION", "STATUS", *words, reply=dicts)

    # -- who belongs to the cluster -----------------------------------------------------------------------------------

    def cluster_meet(self, host: str, port: int, *, cluster_bus_port: int | None = None) -> Reply[bool]:
        """Make the node and another one know each other; both clusters become one.

        https://redis.io/commands/cluster-meet/
        """
        words = () if cluster_bus_port is None else (cluster_bus_port,)
        return self._run("CLUSTER MEET", host, port, *words, reply=ok)

    def cluster_forget(self, node_id: str) -> Reply[bool]:
        """Let the node forget another one, for a minute at least.

        https://redis.io/commands/cluster-forget/
        """
        return self._run("CLUSTER FORGET", node_id, reply=ok)

    def cluster_replicate(self, node_id: str | None) -> Reply[bool]:
        """Make the node a replica of a primary, or with ``None`` one of nobody (Valkey 9).

        https://redis.io/commands/cluster-replicate/
        """
        words = ("NO", "ONE") if node_id is None else (node_id,)
        return self._run("CLUSTER REPLICATE", *words, reply=ok)

    def cluster_failover(self, option: str | None = None) -> Reply[bool]:
        """Begin to make the node, a replica, the primary.

        ``"FORCE"`` does not ask the primary, ``"TAKEOVER"`` asks nobody.

        https://redis.io/commands/cluster-failover/
        """
        words = (one_of("option", option, "FORCE", "TAKEOVER"),) if option else ()
        return self._run("CLUSTER FAILOVER", *words, reply=ok)

    def cluster_reset(self, soft: bool = True) -> Reply[bool]:
        """Let the node forget its cluster; with ``soft=False`` it also takes a new identifier.

        https://redis.io/commands/cluster-reset/
        """
        return self._run("CLUSTER RESET", "SOFT" if soft else "HARD", reply=ok)

    def cluster_save_config(self) -> Reply[bool]:
        """Write the file that holds what the node knows of the cluster.

        https://redis.io/commands/cluster-saveconfig/
        """
        return self._run("CLUSTER SAVECONFIG", reply=ok)

    def cluster_set_config_epoch(self, epoch: int) -> Reply[bool]:
        """Set the configuration epoch of a node that is alone and new.

        https://redis.io/commands/cluster-set-config-epoch/
        """
        return self._run("CLUSTER SET-CONFIG-EPOCH", epoch, reply=ok)

    def cluster_bumpepoch(self) -> Reply[str]:
        """Raise the node's configuration epoch if others have a higher one, and return whether: ``"BUMPED 2"``.

        https://redis.io/commands/cluster-bumpepoch/
        """
        return self._run("CLUSTER BUMPEPOCH", reply=text)


def _ranges(slots: tuple[EncodableT, ...]) -> tuple[EncodableT, ...]:
    if len(some("slots", slots)) % 2:
        raise DataError("slots must be pairs of a first and a last slot")
    return slots
