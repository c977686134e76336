"""PubSubCommands: the commands of the group "pubsub" that need no subscription."""

from redis_aio._replies.pubsub import subscribers
from redis_aio.commands.base import CommandGroup
from redis_aio.typing import ChannelT, EncodableT, PatternT, Reply, S


class PubSubCommands(CommandGroup[S]):
    """The commands of the group "pubsub" that need no subscription."""

    def publish(self, channel: ChannelT, message: EncodableT) -> Reply[int]:
        """Send a message to those who are subscribed to a channel; return how many there were.

        In a cluster only those at the node that answers are counted.

        https://redis.io/commands/publish/
        """
        return self._run("PUBLISH", channel, message)

    def spublish(self, shard_channel: ChannelT, message: EncodableT) -> Reply[int]:
        """Send a message to those who are subscribed to a shard channel; return how many there were.

        https://redis.io/commands/spublish/
        """
        return self._run("SPUBLISH", shard_channel, message)

    def pubsub_channels(self, pattern: PatternT = "*") -> Reply[list[S]]:
        """Return the channels that match a glob-style pattern and that somebody is subscribed to.

        https://redis.io/commands/pubsub-channels/
        """
        return self._run("PUBSUB CHANNELS", pattern)

    def pubsub_shardchannels(self, pattern: PatternT = "*") -> Reply[list[S]]:
        """Return the shard channels that match a glob-style pattern and that somebody is subscribed to.

        https://redis.io/commands/pubsub-shardchannels/
        """
        return self._run("PUBSUB SHARDCHANNELS", pattern)

    def pubsub_numpat(self) -> Reply[int]:
        """Return how many patterns are subscribed to.

        https://redis.io/commands/pubsub-numpat/
        """
        return self._run("PUBSUB NUMPAT")

    def pubsub_numsub(self, *args: ChannelT) -> Reply[list[tuple[S, int]]]:
        """Return channels in their order, each with how many are subscribed to it; patterns do not count.

        https://redis.io/commands/pubsub-numsub/
        """
        return self._run("PUBSUB NUMSUB", *args, reply=subscribers)

    def pubsub_shardnumsub(self, *args: ChannelT) -> Reply[list[tuple[S, int]]]:
        """Return shard channels in their order, each with how many are subscribed to it.

        https://redis.io/commands/pubsub-shardnumsub/
        """
        return self._run("PUBSUB SHARDNUMSUB", *args, reply=subscribers)
