"""Hash slots: which of a cluster's slots a key belongs to. The names follow ``redis.crc`` of redis-py."""

from binascii import crc_hqx

from redis_aio.typing import EncodedT

#: How many slots a cluster has.
REDIS_CLUSTER_HASH_SLOTS = 16384


def key_slot(key: EncodedT, bucket: int = REDIS_CLUSTER_HASH_SLOTS) -> int:
    """Return the hash slot of a key, in bytes: of what stands between its first braces, if there is something.

    Args:
        key: the key.
        bucket: how many slots there are.

    https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
    """
    tagged = bytes(key)
    start = tagged.find(b"{")
    end = tagged.find(b"}", start + 2)
    if start >= 0 and end > 0 and tagged[start + 1 : start + 2] != b"}":
        tagged = tagged[start + 1 : end]
    return crc_hqx(tagged, 0) % bucket


__all__ = ["REDIS_CLUSTER_HASH_SLOTS", "key_slot"]
