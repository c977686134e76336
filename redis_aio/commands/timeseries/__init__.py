"""Time series: ``client.ts()``, with the module RedisTimeSeries or Redis from 8.0 on."""

from redis_aio.commands.timeseries.commands import TimeSeriesCommands
from redis_aio.commands.timeseries.info import TSInfo

#: redis-py's name.
TimeSeries = TimeSeriesCommands

__all__ = ["TSInfo", "TimeSeries", "TimeSeriesCommands"]
