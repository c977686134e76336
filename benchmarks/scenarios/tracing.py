"""What OpenTelemetry costs: CPU time per GET with no hook, with tracing, with metrics; and what it costs redis-py.

Everything is measured in one process, in turns, and the best turn of each counts: what is compared are small numbers.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.peers.base import Peer
from benchmarks.scenarios.base import KEYS, Check, Figures, Scenario, Settings, key
from benchmarks.scenarios.rates import Meter

#: Tasks that GET in turn: one waits for each reply, many share their writes and have almost no CPU time to hide in.
TASKS = (1, 50)
TURNS = 6

Get = Callable[[str], Coroutine[Any, Any, Any]]


class Variants:
    """The clients that are compared; all of them stay connected, and each turn goes through all of them."""

    def __init__(self, peer: Peer) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

        self.exporter = InMemorySpanExporter()
        self.recording = TracerProvider(shutdown_on_exit=False)
        self.recording.add_span_processor(BatchSpanProcessor(self.exporter))
        self.dropping = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
        self.dropping_by_parent = TracerProvider(sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
        self.meters = MeterProvider(metric_readers=[InMemoryMetricReader()], shutdown_on_exit=False)
        self.clients: list[Any] = []
        self.gets: dict[str, Get] = {}
        self._ours(peer)
        self._theirs(peer)

    def _ours(self, peer: Peer) -> None:
        from redis_aio import Redis
        from redis_aio.otel import instrument, uninstrument

        hooked: dict[str, dict[str, Any] | None] = {
            "core": None,
            "removed": {"tracer_provider": self.recording, "meter_provider": self.meters},
            "sampler off": {"tracer_provider": self.dropping, "metrics": False},
            "sampler off by parent": {"tracer_provider": self.dropping_by_parent, "metrics": False},
            "every span": {"tracer_provider": self.recording, "metrics": False},
            "metrics": {"meter_provider": self.meters, "tracing": False},
        }
        for name, parameters in hooked.items():
            client: Any = Redis(host=peer.address.host, port=peer.address.port)
            if parameters is not None:
                instrument(client, **parameters)
            if name == "removed":
                uninstrument(client)
            self.clients.append(client)
            self.gets[name] = client.get
        core, removed = self.clients[:2]
        self.steps_without_hooks = int(core._executor is not core._core) + int(removed._executor is not removed._core)

    def _theirs(self, peer: Peer) -> None:
        from opentelemetry.instrumentation.redis import RedisInstrumentor
        from redis.asyncio import BlockingConnectionPool, Redis

        for name in ("redis-py", "redis-py, every span"):
            pool = BlockingConnectionPool(
                host=peer.address.host, port=peer.address.port, timeout=60, max_connections=max(TASKS)
            )
            client: Any = Redis.from_pool(pool)
            if name != "redis-py":
                RedisInstrumentor().instrument_client(client, tracer_provider=self.recording)
            self.clients.append(client)
            self.gets[name] = client.get

    async def turn(self, name: str, tasks: int, seconds: float) -> float:
        """Return the CPU time of one command, in microseconds."""
        get = self.gets[name]

        async def worker(meter: Meter, number: int) -> None:
            while meter.running:
                await get(key(number % KEYS))
                meter.done += 1

        figures = await Meter().run(worker, tasks, seconds)
        self.recording.force_flush()
        self.exporter.clear()
        best: float = figures["best_cpu_us"]
        return best

    async def close(self) -> None:
        """End all connections and background threads."""
        for client in self.clients:
            await client.aclose()
        self.recording.shutdown()
        self.meters.shutdown()


async def measure(peer: Peer, settings: Settings) -> Figures:
    """Measure each variant in turn, several times, and keep the best."""
    variants = Variants(peer)
    figures: Figures = {"steps": variants.steps_without_hooks}
    for tasks in TASKS:
        best: dict[str, float] = {}
        for turn in range(TURNS + 1):
            for name in variants.gets:
                cpu = await variants.turn(name, tasks, settings.warm_up)
                if turn:  # the first one warms up
                    best[name] = min(best.get(name, cpu), cpu)
        figures |= {f"{name}/{tasks}": cpu for name, cpu in best.items()}
    await variants.close()
    return figures


def checks(figures: Figures) -> list[Check]:
    """Hold the ratios to the core against their bounds, and what a recorded span adds against redis-py's."""
    found = [Check("steps in the path of a command without hooks", str(figures["steps"]), "0", figures["steps"] == 0)]
    for tasks in TASKS:
        core = figures[f"core/{tasks}"]
        where = f"{tasks} task" + "s" * (tasks > 1)
        found.append(Check(f"no hook, {where}", f"{core:.2f} us", "", None))
        bounds = {"removed": None, "sampler off": 1.3, "sampler off by parent": 1.3, "metrics": 1.25}
        for name, bound in bounds.items():
            ratio = figures[f"{name}/{tasks}"] / core
            told = "hooks removed again" if name == "removed" else name
            limit, met = ("", None) if bound is None else (f"{bound:g}x", ratio <= bound)
            found.append(Check(f"{told}, {where}", f"{ratio:.2f}x", limit, met))
        added = figures[f"every span/{tasks}"] - core
        theirs = figures[f"redis-py, every span/{tasks}"] - figures[f"redis-py/{tasks}"]
        found.append(
            Check(
                f"every span recorded, {where}",
                f"+{added:.1f} us; redis-py +{theirs:.1f} us",
                "half of redis-py's",
                added <= theirs / 2,
            )
        )
    return found


TRACING = Scenario(
    name="otel",
    title="OpenTelemetry",
    measure=measure,
    checks=checks,
    rounds=(2, 0),
)
