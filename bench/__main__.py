"""``python -m bench``: run the scenarios and print the tables. Always exits with 0.

Numbers are for reading, not for failing a build: a machine may be slow for reasons of its own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bench import report
from bench.contestants import CONTESTANTS
from bench.contestants.contract import Contestant
from bench.lab import Lab
from bench.scenarios import SCENARIOS, Scenario, run

__all__: list[str] = []


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What a call costs with ocicat, and with its peers."
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="SCENARIO",
        help="a scenario, or the start of several names (repeatable): "
        + ", ".join(scenario.name for scenario in SCENARIOS),
    )
    parser.add_argument(
        "--contestant",
        action="append",
        metavar="NAME",
        choices=[contestant.key for contestant in CONTESTANTS],
        help="only this one (repeatable): %(choices)s",
    )
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="one short round, just to see it run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all raw numbers")
    arguments = parser.parse_args()
    if not _scenarios(arguments.only):
        parser.error(f"no scenario is called {' or '.join(arguments.only)}")
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def _scenarios(only: list[str] | None) -> list[Scenario]:
    """The named ones; a name that is none stands for all names that begin with it."""
    if not only:
        return SCENARIOS
    exact = {scenario.name for scenario in SCENARIOS}
    return [
        scenario
        for scenario in SCENARIOS
        if any(
            scenario.name == name or (name not in exact and scenario.name.startswith(name))
            for name in only
        )
    ]


def _contestants(only: list[str] | None) -> list[Contestant]:
    return [contestant for contestant in CONTESTANTS if not only or contestant.key in only]


def main() -> None:
    arguments = _arguments()
    rounds, seconds = (1, 0.05) if arguments.quick else (arguments.rounds, 0.1)
    scenarios = _scenarios(arguments.only)
    contestants = _contestants(arguments.contestant)
    console = Console()
    if not console.is_terminal:
        console.width = 100
    steps = (rounds + 1) * sum(
        sum(map(scenario.takes, contestants)) + (scenario.unit == "process")
        for scenario in scenarios
    )
    results: report.Results = []
    # Refreshed by hand: a thread that redraws would run on the core that is being measured.
    progress = Progress(
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        console=console,
        auto_refresh=False,
        transient=True,
        disable=not console.is_terminal,
    )
    with Lab() as lab, progress:
        report.print_machine(console, lab.pinned, rounds)
        task = progress.add_task("", total=steps)

        def tell(step: str) -> None:
            progress.update(task, description=step, advance=1)
            progress.refresh()

        for scenario, rows in run(
            lab, scenarios, contestants, rounds=rounds, seconds=seconds, tell=tell
        ):
            results.append((scenario, rows))
            report.print_table(console, scenario, rows)
    report.print_aims(console, results)
    if arguments.json:
        arguments.json.write_text(json.dumps(report.as_json(results), indent=1) + "\n")
        console.print(f"Raw numbers are in {arguments.json}.")


if __name__ == "__main__":
    main()
