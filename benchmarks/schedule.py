"""The schedule: which client is measured how, first tried in its variants, then all of them in turn, round by round."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.limit import LIMIT, measure_limit
from benchmarks.peers import OURS, PEERS, installed_version
from benchmarks.scenarios import Figures, Scenario
from benchmarks.server import ConnectionWatch, Server, benchmark_tool

#: A measurement that takes longer than this is given up and reported so.
GIVE_UP = 120.0


class Variant(NamedTuple):
    """How a client is set up: its event loop and, where it has a pool, its number of connections."""

    loop: str
    connections: int | None = None


@dataclass(frozen=True)
class Plan:
    """What is asked for."""

    scenarios: Sequence[Scenario]
    clients: Sequence[str]
    loops: Sequence[str]
    rounds: int
    seconds: float
    scale: float
    #: Whether peers are tried in all their variants first; otherwise they run on uvloop with the largest pool.
    trials: bool = True

    def rounds_of(self, scenario: Scenario, client: str) -> int:
        """Return how many rounds this client takes part in."""
        most = scenario.rounds[0 if client == OURS else 1]
        return self.rounds if most is None else min(self.rounds, most)


class NotMeasuredError(Exception):
    """A client could not do a scenario; the message is the reason shown."""


def own_label(loop: str) -> str:
    """Return the name of ours on this loop, as the tables have it."""
    return f"{OURS} ({loop})"


class Runner:
    """Carries a plan out against one server and collects the figures."""

    def __init__(self, plan: Plan, server: Server) -> None:
        self.plan = plan
        self.server = server
        self.tool = benchmark_tool()

    def run(self) -> dict[str, Any]:
        """Return scenario -> client -> its variant and the figures of each of its runs."""
        results: dict[str, Any] = {}
        for scenario in self.plan.scenarios:
            results[scenario.name] = {"title": scenario.title, "clients": dict(self._contenders(scenario))}
        for number in range(self.plan.rounds):
            for scenario in self.plan.scenarios:
                self._round(scenario, number, results[scenario.name]["clients"])
        return results

    def _contenders(self, scenario: Scenario) -> Iterator[tuple[str, dict[str, Any]]]:
        for client in self.plan.clients:
            if installed_version(PEERS[client]) is None:
                yield client, {"reason": "not installed"}
            elif client == OURS:
                for loop in self.plan.loops:
                    yield own_label(loop), {"client": client, "variant": Variant(loop)._asdict(), "runs": []}
            else:
                yield client, self._best_variant(scenario, client)
        if scenario.limit is not None:
            missing = {"reason": "redis-benchmark is not beside the server and not on PATH"}
            yield LIMIT, {"client": LIMIT, "variant": {}, "runs": []} if self.tool else missing

    def _best_variant(self, scenario: Scenario, client: str) -> dict[str, Any]:
        """Try each variant of a peer for a short while and return the best, with what was tried."""
        sizes = scenario.pool_sizes if PEERS[client].pooled else (None,)
        variants = [Variant(loop, size) for loop in self.plan.loops for size in sizes]
        if not scenario.is_rate or not self.plan.trials:
            variants = [Variant(max(self.plan.loops), sizes[-1])]  # the larger name is "uvloop"
        tried: dict[Variant, float] = {}
        reason = ""
        for variant in variants if len(variants) > 1 else []:
            try:
                figures = self._measure(scenario, client, variant, min(0.4, self.plan.seconds))
                tried[variant] = figures["best_per_second"]
            except NotMeasuredError as error:
                reason = str(error)
        if len(variants) > 1 and not tried:
            say(f"{scenario.name}: {client}: {reason}")
            return {"reason": reason}
        best = max(tried, key=tried.__getitem__) if tried else variants[0]
        if tried:
            shown = ", ".join(f"{loop}/{size or '-'} {rate:,.0f}" for (loop, size), rate in tried.items())
            say(f"{scenario.name}: tried {client}: {shown}")
        tries = [{**variant._asdict(), "per_second": rate} for variant, rate in tried.items()]
        return {"client": client, "variant": best._asdict(), "tried": tries, "runs": []}

    def _round(self, scenario: Scenario, number: int, contenders: dict[str, Any]) -> None:
        told = []
        for label, contender in contenders.items():
            if "reason" in contender or number >= self.plan.rounds_of(scenario, contender["client"]):
                continue
            try:
                if label == LIMIT:
                    assert self.tool is not None
                    assert scenario.limit is not None
                    self.server.admin.prepare(scenario)
                    figures = measure_limit(self.tool, self.server.address, scenario.limit, self.plan.seconds)
                else:
                    variant = Variant(**contender["variant"])
                    figures = self._measure(scenario, contender["client"], variant, self.plan.seconds)
            except NotMeasuredError as error:
                contender["reason"] = str(error)
                told.append(f"{label} n/a: {error}")
                continue
            contender["runs"].append(figures)
            told.append(f"{label} {figures['per_second']:,.0f}/s" if "per_second" in figures else f"{label} done")
        if told:
            say(f"round {number + 1} of {self.plan.rounds}, {scenario.name}: {', '.join(told)}")

    def _measure(self, scenario: Scenario, client: str, variant: Variant, seconds: float) -> Figures:
        """Run one measurement in a fresh process."""
        self.server.admin.prepare(scenario)
        address = self.server.address
        command = [sys.executable, "-m", "benchmarks.worker", "--client", client, "--scenario", scenario.name]
        command += ["--loop", variant.loop, "--host", address.host, "--port", str(address.port)]
        command += ["--seconds", str(seconds), "--scale", str(self.plan.scale)]
        if variant.connections is not None:
            command += ["--connections", str(variant.connections)]
        if not scenario.connections_seen:
            return _worker(command)
        with ConnectionWatch(address) as watch:
            figures = _worker(command)
        return {**figures, "connections": watch.most}


def _worker(command: list[str]) -> Figures:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=GIVE_UP, check=False)
    except subprocess.TimeoutExpired:
        raise NotMeasuredError(f"not done after {GIVE_UP:.0f} s") from None
    if ended.returncode != 0 or not ended.stdout:
        raise NotMeasuredError(f"the process ended with status {ended.returncode}")
    figures: Figures = json.loads(ended.stdout.splitlines()[-1])
    if "error" in figures:
        raise NotMeasuredError(figures["error"])
    return figures


def median(contender: dict[str, Any], figure: str) -> float:
    """Return the median of one figure over a contender's runs."""
    middle: float = statistics.median(run[figure] for run in contender["runs"])
    return middle


def say(line: str) -> None:
    """Tell the person who waits what is going on."""
    print(line, file=sys.stderr, flush=True)
