"""What is measured: name -> scenario, in the order of the tables."""

from benchmarks.scenarios.base import Check, Figures, Scenario, Seed, Settings, key
from benchmarks.scenarios.beside import BESIDE
from benchmarks.scenarios.burst import BURST
from benchmarks.scenarios.locks import LOCKS
from benchmarks.scenarios.million import MILLION
from benchmarks.scenarios.pubsub import PUBSUB
from benchmarks.scenarios.rates import RATES
from benchmarks.scenarios.tracing import TRACING

__all__ = ["SCENARIOS", "Check", "Figures", "Scenario", "Seed", "Settings", "key"]

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for scenario in (*RATES, *LOCKS, *PUBSUB, BURST, BESIDE, MILLION, TRACING)
}
