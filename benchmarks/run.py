"""Measure redis_aio beside its peers and print the ratios; writes JSON, Markdown and a plot under results/."""

import argparse
import datetime
import json
import sys
from pathlib import Path

from benchmarks import facts
from benchmarks.awake import Awake
from benchmarks.peers import OURS, PEERS
from benchmarks.report import compare, report
from benchmarks.scenarios import SCENARIOS
from benchmarks.schedule import Plan, Runner, say
from benchmarks.server import Server

RESULTS = Path(__file__).parent / "results"
LOOPS = ("uvloop", "asyncio")


def main() -> None:
    """Run what the arguments say."""
    options = _arguments()
    then = json.loads(options.against.read_text()) if options.against else None
    plan = Plan(
        scenarios=[SCENARIOS[name] for name in options.only],
        clients=options.clients,
        loops=LOOPS if options.loop == "both" else (options.loop,),
        rounds=options.rounds or (1 if options.quick else 5),
        seconds=options.seconds or (0.3 if options.quick else 0.8),
        scale=0.1 if options.quick else 1.0,
        trials=not options.quick,
    )
    with Awake(), Server() as server:
        results = {
            "format": 1,
            "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "settings": {
                "rounds": plan.rounds,
                "seconds": plan.seconds,
                "scale": plan.scale,
                "trials": plan.trials,
            },
            "machine": facts.machine(),
            "server": server.version,
            "versions": facts.versions(),
            "scenarios": Runner(plan, server).run(),
        }
    partial = options.quick or len(plan.scenarios) < len(SCENARIOS) or len(plan.clients) < len(PEERS)
    target = options.output or RESULTS / ("partial" if partial or options.loop != "both" else "latest")
    tables = report(results)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    target.with_suffix(".md").write_text(tables)
    if not options.no_plot:
        _plot(results, target.with_suffix(".png"))
    print(tables)
    if then is not None:
        print("### Against the earlier results\n\n" + compare(results, then))
    say(f"written: {target}.json, .md" + ("" if options.no_plot else ", .png"))


def _plot(results: dict[str, object], path: Path) -> None:
    try:
        from benchmarks.plot import draw
    except ImportError:
        say("no plot: matplotlib is not installed")
        return
    draw(results, path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute: one short round, smaller sizes")
    parser.add_argument("--only", type=_scenarios, default=list(SCENARIOS), metavar="SCENARIO,...")
    parser.add_argument(
        "--clients", type=_clients, default=list(PEERS), metavar="CLIENT,...", help="'ours' is redis_aio"
    )
    parser.add_argument("--loop", choices=(*LOOPS, "both"), default="both")
    parser.add_argument("--rounds", type=int, help="5 unless told")
    parser.add_argument("--seconds", type=float, help="of each measured rate; 0.8 unless told")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with the JSON of an earlier run")
    parser.add_argument("--output", type=Path, metavar="NAME", help="where to write, without a suffix")
    parser.add_argument("--no-plot", action="store_true")
    parser.add_argument("--list", action="store_true", help="name the scenarios and the clients, and end")
    options = parser.parse_args()
    if options.list:
        for scenario in SCENARIOS.values():
            print(f"{scenario.name:15} {scenario.title}")
        print("clients:", ", ".join(PEERS))
        sys.exit()
    return options


def _scenarios(text: str) -> list[str]:
    return _chosen(text, list(SCENARIOS))


def _clients(text: str) -> list[str]:
    return _chosen(text.replace("ours", OURS), list(PEERS))


def _chosen(text: str, known: list[str]) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in known]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is not one of {', '.join(known)}")
    return [name for name in known if name in names]


if __name__ == "__main__":
    main()
