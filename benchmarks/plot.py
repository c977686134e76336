"""The plot of a run: one panel a scenario, one bar a client, with the rate and the ratio written beside the bar."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.limit import LIMIT
from benchmarks.peers import OURS
from benchmarks.report import Results, measured, quantity, rates, ratio, reference
from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.schedule import median

COLUMNS = 3
OURS_COLOUR = "#c6302b"
OURS_OTHER_COLOUR = "#e39b98"
PEER_COLOUR = "#8a94a3"
LIMIT_COLOUR = "#d5d9df"


def draw(results: Results, path: Path) -> None:
    """Write the plot of these results."""
    scenarios = rates(results)
    beside = SCENARIOS["beside-50MB"] if "beside-50MB" in results["scenarios"] else None
    panels = len(scenarios) + (beside is not None)
    if not panels:
        return
    columns = min(COLUMNS, panels)
    rows = -(-panels // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(5.2 * columns, 2.5 * rows + 1.0), squeeze=False)
    axes = list(grid.flat)
    for axis, scenario in zip(axes, scenarios, strict=False):
        _rates_panel(axis, results, scenario)
    if beside is not None:
        _beside_panel(axes[len(scenarios)], results, beside)
    for axis in axes[panels:]:
        axis.set_axis_off()
    machine = results["machine"]
    figure.suptitle(
        "redis_aio and its peers: commands per second, one process, 64-byte values", fontsize=14, x=0.01, ha="left"
    )
    facts = f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['python']}, {results['server']}, {results['date']}"
    figure.text(
        0.01,
        0.005,
        f"Longer is better; in brackets: {reference(results)} is so many times as fast. {facts}",
        fontsize=8,
    )
    figure.tight_layout(rect=(0, 0.02, 1, 0.97), h_pad=2.0, w_pad=2.0)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _bars(axis: Axes, title: str, bars: list[tuple[str, float, str]]) -> None:
    labels = [label for label, _, _ in bars]
    places = range(len(bars))
    axis.barh(places, [value for _, value, _ in bars], color=[_colour(label) for label in labels], height=0.72)
    axis.set_yticks(places, labels, fontsize=9)
    axis.invert_yaxis()
    longest = max(value for _, value, _ in bars)
    for place, (label, value, text) in enumerate(bars):
        weight = "bold" if label.startswith(OURS) else "normal"
        axis.text(value + longest * 0.015, place, text, va="center", fontsize=9, fontweight=weight)
    axis.set_xlim(0, longest * 1.42)
    axis.set_xticks([])
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.tick_params(left=False)
    axis.set_title(title, loc="left", fontsize=11, fontweight="bold")


def _colour(label: str) -> str:
    if label.startswith(OURS):
        return OURS_COLOUR if "asyncio" not in label else OURS_OTHER_COLOUR
    return LIMIT_COLOUR if label == LIMIT else PEER_COLOUR


def _rates_panel(axis: Axes, results: Results, scenario: Scenario) -> None:
    bars = []
    for label, contender in measured(results, scenario).items():
        rate = median(contender, "per_second")
        against = None if label.startswith(OURS) else ratio(results, scenario, label)
        bars.append((label, rate, quantity(rate) + (f"/s  ({against.rate:.3g}x)" if against else "/s")))
    if bars:
        _bars(axis, scenario.title, bars)


def _beside_panel(axis: Axes, results: Results, scenario: Scenario) -> None:
    bars: list[tuple[str, float, str]] = []
    contenders: dict[str, Any] = measured(results, scenario)
    for label, contender in contenders.items():
        alone, beside = median(contender, "alone_p99_ms"), median(contender, "beside_p99_ms")
        bars.append((label, beside / alone, f"{beside / alone:.1f}x  ({alone:.1f} to {beside:.0f} ms)"))
    if bars:
        _bars(axis, f"{scenario.title}:\np99 of the tasks, times its value alone (shorter is better)", bars)
