"""Parsers for the group "cluster"."""

from collections.abc import Callable, Mapping
from typing import Any

from redis_aio._replies.common import list_of, ok, pairs, text, text_keyed


def info(reply: Any) -> dict[str, str]:
    """Return CLUSTER INFO as a dict of ``str``."""
    lines = (line.partition(":") for line in text(reply).splitlines() if line)
    return {name: value for name, _, value in lines}


def nodes(reply: Any) -> dict[str, dict[str, Any]]:
    """Return the lines of CLUSTER NODES, or the list of CLUSTER REPLICAS, as dicts by ``"host:port"``."""
    lines = reply if isinstance(reply, list) else text(reply).splitlines()
    return dict(_node(text(line)) for line in lines)


def _node(line: str) -> tuple[str, dict[str, Any]]:
    number, address, flags, primary, ping, pong, epoch, link, *places = line.split(" ")
    address, _, extra = address.partition("@")
    _, *names = extra.split(",")  # the port of the cluster bus, then a host name and more
    node: dict[str, Any] = {
        "node_id": number,
        "hostname": names[0] if names else "",
        "flags": flags,
        "master_id": primary,
        "last_ping_sent": ping,
        "last_pong_rcvd": pong,
        "epoch": epoch,
        "slots": [place.split("-") for place in places if place and place[0] != "["],
        "migrations": [_migration(place[1:-1]) for place in places if place and place[0] == "["],
        "connected": link == "connected",
    }
    return address, node


def _migration(place: str) -> dict[str, str]:
    """Return ``slot->-node`` or ``slot-<-node`` as a dict."""
    arrow, state = ("->-", "migrating") if "->-" in place else ("-<-", "importing")
    slot, _, node = place.partition(arrow)
    return {"slot": slot, "node_id": node, "state": state}


def slots(reply: Any) -> dict[tuple[int, int], dict[str, Any]]:
    """Return CLUSTER SLOTS as a dict by the first and last slot: the ``primary`` and the ``replicas`` as addresses."""
    return {
        (first, last): {"primary": _address(primary), "replicas": [_address(replica) for replica in replicas]}
        for first, last, primary, *replicas in reply
    }


def _address(node: Any) -> tuple[str, int]:
    host, port = node[:2]
    return "" if host is None else text(host), port


def shards(reply: Any) -> list[dict[str, Any]]:
    """Return CLUSTER SHARDS as dicts: ``slots``, pairs of the first and the last, and ``nodes`` as dicts."""
    found = []
    for shard in reply:
        facts = text_keyed(shard)
        limits = facts.get("slots") or []
        facts["slots"] = list(zip(limits[::2], limits[1::2], strict=True))
        facts["nodes"] = [text_keyed(node) for node in facts.get("nodes") or ()]
        found.append(facts)
    return found


def dicts(reply: Any) -> list[dict[str, Any]]:
    """Return an array of maps (CLUSTER LINKS, CLUSTER GETSLOTMIGRATIONS ...) as dicts with ``str`` keys."""
    return [text_keyed(one) for one in reply]


def flat_lists(reply: Any) -> list[list[Any]]:
    """Return an array of maps as flat lists of names and values, which is how RESP2 sends them."""
    return [[part for pair in pairs(one) for part in pair] for one in reply]


def slot_stats(reply: Any) -> dict[int, dict[str, Any]]:
    """Return CLUSTER SLOT-STATS as a dict of dicts by slot, in the order of the reply."""
    return {slot: text_keyed(facts) for slot, facts in reply}


def cursor_and_keys(reply: Any) -> tuple[str, list[Any]]:
    """Return one page of CLUSTERSCAN: the next cursor, which is text, and the keys."""
    cursor, keys = reply
    return text(cursor), keys


#: What ``cluster("...")`` makes of its replies; the others stay as the server sent them, as in redis-py.
PARSERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        (
            *("CLUSTER ADDSLOTS", "CLUSTER ADDSLOTSRANGE", "CLUSTER DELSLOTS", "CLUSTER DELSLOTSRANGE"),
            *("CLUSTER FAILOVER", "CLUSTER FORGET", "CLUSTER MEET", "CLUSTER REPLICATE", "CLUSTER RESET"),
            *("CLUSTER SAVECONFIG", "CLUSTER SET-CONFIG-EPOCH", "CLUSTER SETSLOT"),
        ),
        ok,
    ),
    **dict.fromkeys(("CLUSTER NODES", "CLUSTER REPLICAS", "CLUSTER SLAVES"), nodes),
    "CLUSTER GETKEYSINSLOT": list_of(text),
    "CLUSTER INFO": info,
    "CLUSTER LINKS": flat_lists,
}
