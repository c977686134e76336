"""Results as tables: rates, ratios against the goals, checks, and the comparison with an earlier run."""

import statistics
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.limit import LIMIT
from benchmarks.peers import OURS
from benchmarks.scenarios import SCENARIOS, Check, Scenario
from benchmarks.schedule import median, own_label

Results = dict[str, Any]

#: A ratio of ratios below this is called slower, above its inverse faster; between them is noise.
SLOWER = 0.9


class Ratio(NamedTuple):
    """Ours against one other: of the rates, and of the CPU time per command the other way round.

    ``best`` and ``best_cpu`` compare the best slices of both: those that other programs disturbed the least.
    """

    rate: float
    lowest: float
    highest: float
    cpu: float
    best: float
    best_cpu: float


def measured(results: Results, scenario: Scenario) -> dict[str, Any]:
    """Return label -> contender of those that have figures."""
    clients = results["scenarios"][scenario.name]["clients"]
    return {label: contender for label, contender in clients.items() if contender.get("runs")}


def rates(results: Results) -> list[Scenario]:
    """Return the scenarios of the results that are rates."""
    return [SCENARIOS[name] for name in results["scenarios"] if SCENARIOS[name].is_rate]


def reference(results: Results) -> str:
    """Return the label of ours that the others are compared with: on uvloop where that was measured."""
    labels = [label for entry in results["scenarios"].values() for label in entry["clients"]]
    return own_label("uvloop") if own_label("uvloop") in labels else own_label("asyncio")


def ratio(results: Results, scenario: Scenario, other: str) -> Ratio | None:
    """Return ours against the other; ``None`` where one of them has no figures.

    Run by run: the runs of one round were close together in time, so what slowed the machine slowed both.
    """
    contenders = measured(results, scenario)
    ours = contenders.get(reference(results))
    theirs = contenders.get(other)
    if ours is None or theirs is None:
        return None
    pairs = list(zip(ours["runs"], theirs["runs"], strict=False))
    each = [mine["per_second"] / other["per_second"] for mine, other in pairs]
    cpu = [other["cpu_us"] / mine["cpu_us"] for mine, other in pairs]
    best = max(run["best_per_second"] for run in ours["runs"]) / max(run["best_per_second"] for run in theirs["runs"])
    best_cpu = min(run["best_cpu_us"] for run in theirs["runs"]) / min(run["best_cpu_us"] for run in ours["runs"])
    return Ratio(statistics.median(each), min(each), max(each), statistics.median(cpu), best, best_cpu)


def report(results: Results) -> str:
    """Return all tables as Markdown."""
    return "\n\n".join(block for block in _blocks(results) if block) + "\n"


def _blocks(results: Results) -> Iterator[str]:
    machine, versions = results["machine"], results["versions"]
    facts = [f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['system']}", machine["python"], results["server"]]
    facts += [f"{name} {found}" for name, found in versions.items() if found]
    yield f"{results['date']}: {', '.join(facts)}."
    if not machine["pinned"]:
        yield "Client and server were not pinned to a processor each: expect more noise."
    elif not machine["awake"]:
        yield "The processors went to sleep between commands: with one task, waking them is most of what was measured."
    if rates(results):
        yield "### Commands per second\n\n" + _rate_table(results)
        if any(label == reference(results) for label in _labels(results)):
            yield "### Ratios\n\n" + _ratio_table(results)
    if checks := _check_table(results):
        yield "### Checks\n\n" + checks
    yield _notes(results)


def _table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _labels(results: Results) -> list[str]:
    """Return every label of the results once, ours first and the limit last."""
    found = dict.fromkeys(label for entry in results["scenarios"].values() for label in entry["clients"])
    return sorted(found, key=lambda label: (label == LIMIT, not label.startswith(OURS), list(found).index(label)))


def quantity(number: float) -> str:
    """Return a rate as a person says it: ``312 k``, ``1.2 M``."""
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"


def _rate_table(results: Results) -> str:
    labels = _labels(results)
    rows = []
    for scenario in rates(results):
        contenders = measured(results, scenario)
        row = [scenario.title]
        for label in labels:
            if label in contenders:
                rate, cpu = median(contenders[label], "per_second"), median(contenders[label], "cpu_us")
                row.append(f"{quantity(rate)} ({cpu:.3g} us)")
            else:
                row.append("n/a" if label in results["scenarios"][scenario.name]["clients"] else "")
        rows.append(row)
    return _table(["commands/s (CPU per command)", *labels], rows)


def _ratio_table(results: Results) -> str:
    rows = []
    for scenario in rates(results):
        for other in results["scenarios"][scenario.name]["clients"]:
            if other.startswith(OURS):
                continue
            found, goal = ratio(results, scenario, other), scenario.goals.get(other)
            row = [scenario.title, other]
            if found is None:
                row += ["n/a", "", "", "", "", f">= {goal:g}x" if goal else "", "not measured" if goal else ""]
            else:
                met = ("yes" if found.rate >= goal else "NO") if goal else ""
                row += [f"{found.rate:.2f}x", f"{found.lowest:.2f} to {found.highest:.2f}", f"{found.cpu:.2f}x"]
                row += [f"{found.best:.2f}x", f"{found.best_cpu:.2f}x"]
                row += [f">= {goal:g}x" if goal else "", met]
            rows.append(row)
    head = [reference(results), "against", "ratio", "range", "by CPU time", "best slices", "their CPU time"]
    return _table([*head, "goal", "met"], rows)


def middle_run(scenario: Scenario, contender: dict[str, Any]) -> list[Check]:
    """Return the checks with each figure the median of the runs, where it is a number."""
    assert scenario.checks is not None
    runs = contender["runs"]
    figures = dict(runs[0])
    for name, value in figures.items():
        if isinstance(value, int | float):
            middle = statistics.median(run[name] for run in runs)
            figures[name] = round(middle) if isinstance(value, int) else middle
    if any(run.get("errors") for run in runs):
        figures["errors"] = next(run["errors"] for run in runs if run["errors"])
    return scenario.checks(figures)


def _check_table(results: Results) -> str:
    rows = []
    for name in results["scenarios"]:
        scenario = SCENARIOS[name]
        if scenario.checks is None:
            continue
        for label, contender in measured(results, scenario).items():
            for check in middle_run(scenario, contender):
                met = "" if check.met is None else "yes" if check.met else "NO"
                rows.append([scenario.title, label, check.what, check.value, check.bound, met])
    return _table(["scenario", "client", "what", "value", "bound", "met"], rows) if rows else ""


def _notes(results: Results) -> str:
    lines = []
    for entry in results["scenarios"].values():
        for label, contender in entry["clients"].items():
            if "reason" in contender:
                lines.append(f"* {entry['title']}: {label}: n/a: {contender['reason']}")
    settings = results["settings"]
    lines.append(
        f"* Medians of up to {settings['rounds']} rounds of {settings['seconds']:g} s; ratios are taken round by "
        "round. "
        + ("Each peer at the best of its event loops and pool sizes: " if settings["trials"] else "Not tuned: ")
        + "; ".join(_chosen(results))
        + "."
    )
    return "\n".join(lines)


def _chosen(results: Results) -> Iterator[str]:
    for scenario in rates(results):
        chosen = []
        for label, contender in measured(results, scenario).items():
            if not label.startswith(OURS) and label != LIMIT:
                loop, size = contender["variant"]["loop"], contender["variant"]["connections"]
                chosen.append(f"{label} {loop}" + (f" with {size}" if size else ""))
        yield f"{scenario.title}: {', '.join(chosen) or 'none'}"


def compare(now: Results, then: Results) -> str:
    """Return ratios of ratios: how ours stands to each other now, against how it stood then."""
    rows = []
    for scenario in rates(now):
        if scenario.name not in then["scenarios"]:
            continue
        for other in now["scenarios"][scenario.name]["clients"]:
            new, old = ratio(now, scenario, other), ratio(then, scenario, other)
            if other == reference(now) or new is None or old is None:
                continue
            by_rate, by_cpu = new.rate / old.rate, new.cpu / old.cpu
            by_best = new.best_cpu / old.best_cpu
            verdict = "slower" if by_rate < SLOWER else "faster" if by_rate > 1 / SLOWER else ""
            row = [scenario.title, other, f"{old.rate:.2f}x", f"{new.rate:.2f}x", f"{by_rate:.2f}"]
            row += [f"{by_cpu:.2f}", f"{by_best:.2f}"]
            rows.append([*row, verdict])
    head = [
        reference(now),
        "against",
        f"then ({then['date']})",
        "now",
        "now / then",
        "by CPU time",
        "best CPU time",
        "",
    ]
    return _table(head, rows) if rows else "The two results have no scenario in common."
