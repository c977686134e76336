"""SentinelCommands: the commands of the group "sentinel", which only sentinels understand."""

from typing import Any

from redis_aio._replies.cluster import dicts
from redis_aio._replies.common import boolean, list_of, ok, text
from redis_aio._replies.sentinel import address, all_is_well, info_cache, settings, state, states, states_by_name
from redis_aio._replies.server import config
from redis_aio.commands._arguments import some
from redis_aio.commands.base import CommandGroup
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, PatternT, Reply, S

_texts = list_of(text)


class SentinelCommands(CommandGroup[S]):
    """The commands for a client that is connected to a sentinel.

    ``return_responses`` is redis-py's, and means something on a ``Sentinel`` only: a client of one server always
    returns the reply.
    """

    # -- the services it watches --------------------------------------------------------------------------------------

    def sentinel_masters(self) -> Reply[dict[str, dict[str, Any]]]:
        """Return the state of each watched primary, by the name of its service.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL MASTERS", reply=states_by_name)

    def sentinel_master(self, service_name: str, return_responses: bool = False) -> Reply[dict[str, Any]]:
        """Return the state of one primary; an unknown service is a ResponseError.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL MASTER", service_name, reply=state)

    def sentinel_primaries(self) -> Reply[dict[str, dict[str, Any]]]:
        """Do as :meth:`sentinel_masters` (Valkey 8).

        https://valkey.io/topics/sentinel/
        """
        return self._run("SENTINEL PRIMARIES", reply=states_by_name)

    def sentinel_primary(self, service_name: str) -> Reply[dict[str, Any]]:
        """Do as :meth:`sentinel_master` (Valkey 8).

        https://valkey.io/topics/sentinel/
        """
        return self._run("SENTINEL PRIMARY", service_name, reply=state)

    def sentinel_get_master_addr_by_name(
        self, service_name: str, return_responses: bool = False
    ) -> Reply[tuple[S, int] | None]:
        """Return the host and the port of a primary, or ``None`` for an unknown service.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL GET-MASTER-ADDR-BY-NAME", service_name, reply=address)

    def sentinel_get_primary_addr_by_name(self, service_name: str) -> Reply[tuple[S, int] | None]:
        """Do as :meth:`sentinel_get_master_addr_by_name` (Valkey 8).

        https://valkey.io/topics/sentinel/
        """
        return self._run("SENTINEL GET-PRIMARY-ADDR-BY-NAME", service_name, reply=address)

    def sentinel_slaves(self, service_name: str) -> Reply[list[dict[str, Any]]]:
        """Return the states of a primary's replicas; the older name of :meth:`sentinel_replicas`.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL SLAVES", service_name, reply=states)

    def sentinel_replicas(self, service_name: str) -> Reply[list[dict[str, Any]]]:
        """Return the states of a primary's replicas; an unknown service is a ResponseError.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL REPLICAS", service_name, reply=states)

    def sentinel_sentinels(self, service_name: str, return_responses: bool = False) -> Reply[list[dict[str, Any]]]:
        """Return the states of the other sentinels that watch a service.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL SENTINELS", service_name, reply=states)

    def sentinel_ckquorum(self, new_master_name: str) -> Reply[bool]:
        """Check that enough sentinels are there to agree on a failover of a service.

        The value is ``True``; too few are a ResponseError that says how many.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL CKQUORUM", new_master_name, reply=all_is_well)

    def sentinel_info_cache(self, *service_names: str) -> Reply[dict[str, list[tuple[int, str | None]]]]:
        """Return what INFO last said of each server of some services, and the age of it in milliseconds.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL INFO-CACHE", *some("service_names", service_names), reply=info_cache)

    # -- changing what it watches -------------------------------------------------------------------------------------

    def sentinel_monitor(self, name: str, ip: str, port: int, quorum: int) -> Reply[bool]:
        """Begin to watch a service; ``quorum`` sentinels must agree that its primary is down.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL MONITOR", name, ip, port, quorum, reply=ok)

    def sentinel_remove(self, name: str) -> Reply[bool]:
        """End to watch a service.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL REMOVE", name, reply=ok)

    def sentinel_set(self, name: str, option: str, value: EncodableT, *args: EncodableT) -> Reply[bool]:
        """Change a setting of a service; further settings and values follow in turn.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL SET", name, option, value, *args, reply=ok)

    def sentinel_reset(self, pattern: PatternT) -> Reply[bool]:
        """Forget what was found out about the services whose names match, and return whether there were any.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL RESET", pattern, reply=boolean)

    def sentinel_failover(self, new_master_name: str, *, coordinated: bool = False) -> Reply[bool]:
        """Begin a failover of a service without asking the other sentinels.

        ``coordinated`` lets the primary hand over to its replica (Valkey 9).

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        words = ("COORDINATED",) if coordinated else ()
        return self._run("SENTINEL FAILOVER", new_master_name, *words, reply=ok)

    # -- the sentinel itself ------------------------------------------------------------------------------------------

    def sentinel_myid(self) -> Reply[str]:
        """Return the identifier of the sentinel.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL MYID", reply=text)

    def sentinel_config_get(self, *patterns: PatternT) -> Reply[dict[str | None, str | None]]:
        """Return the sentinel's own settings whose names match glob-style patterns, as ``str``.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL CONFIG", "GET", *some("patterns", patterns), reply=config)

    def sentinel_config_set(self, name: str, value: EncodableT, *args: EncodableT) -> Reply[bool]:
        """Change a setting of the sentinel's own; further names and values follow in turn (Redis 7.2).

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        if len(args) % 2:
            raise DataError("args must be pairs of a name and a value")
        return self._run("SENTINEL CONFIG", "SET", name, value, *args, reply=ok)

    def sentinel_flushconfig(self) -> Reply[bool]:
        """Write the sentinel's configuration file again.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL FLUSHCONFIG", reply=ok)

    def sentinel_pending_scripts(self) -> Reply[list[dict[str, Any]]]:
        """Return the scripts that are running or wait for it.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL PENDING-SCRIPTS", reply=dicts)

    def sentinel_debug(self, *args: EncodableT) -> Reply[dict[str, int] | bool]:
        """Return the periods that the sentinel works by, or change some: names and milliseconds in turn.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        if len(args) % 2:
            raise DataError("args must be pairs of a name and a value")
        return self._run("SENTINEL DEBUG", *args, reply=settings)

    def sentinel_simulate_failure(self, *modes: str) -> Reply[list[str] | bool]:
        """Let the sentinel crash at a moment of the next failover; ``"help"`` returns which moments there are.

        https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
        """
        return self._run("SENTINEL SIMULATE-FAILURE", *some("modes", modes), reply=_moments)


def _moments(reply: Any) -> list[str] | bool:
    return _texts(reply) if isinstance(reply, list) else ok(reply)
