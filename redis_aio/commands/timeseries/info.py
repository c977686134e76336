"""What TS.INFO returns."""

from redis_aio._replies.timeseries import TSInfo

__all__ = ["TSInfo"]
