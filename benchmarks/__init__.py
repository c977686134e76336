"""Benchmarks of redis_aio beside other asyncio clients; `python -m benchmarks.run` is the command."""
