"""``python -m bench``: run the scenarios and print the tables. Always exits with 0.

Numbers are for reading, not for failing a build: a machine may be slow for reasons of its own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bench import dialects, report
from bench.contestants import CONTESTANTS
from bench.contestants.contract import Contestant
from bench.lab import Lab
from bench.scenarios import SCENARIOS, run

__all__: list[str] = []


_NAMES = [scenario.name for scenario in SCENARIOS]
_NAMES += [scenario.name for scenario in dialects.SCENARIOS]
#: The contestant that takes part among dialects only.
_FLOOR = dialects.CONTESTANTS[0]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What a call costs with ocicat, and with its peers."
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="SCENARIO",
        help="a scenario, or the start of several names (repeatable): " + ", ".join(_NAMES),
    )
    parser.add_argument(
        "--contestant",
        action="append",
        metavar="NAME",
        choices=[contestant.key for contestant in (_FLOOR, *CONTESTANTS)],
        help="only this one (repeatable): %(choices)s",
    )
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="one short round, just to see it run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all raw numbers")
    arguments = parser.parse_args()
    if not _chosen(arguments.only):
        parser.error(f"no scenario is called {' or '.join(arguments.only)}")
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def _chosen(only: list[str] | None) -> list[str]:
    """The named scenarios; a name that is none stands for all names that begin with it."""
    if not only:
        return _NAMES
    return [
        scenario
        for scenario in _NAMES
        if any(
            scenario == name or (name not in _NAMES and scenario.startswith(name)) for name in only
        )
    ]


def main() -> None:
    arguments = _arguments()
    rounds, seconds = (1, 0.05) if arguments.quick else (arguments.rounds, 0.1)
    chosen, wanted = _chosen(arguments.only), arguments.contestant

    def take_part(contestants: list[Contestant]) -> list[Contestant]:
        return [each for each in contestants if not wanted or each.key in wanted]

    scenarios = [scenario for scenario in SCENARIOS if scenario.name in chosen]
    spoken = [scenario for scenario in dialects.SCENARIOS if scenario.name in chosen]
    if arguments.quick:
        spoken = [dialects.shortened(scenario) for scenario in spoken]
    contestants = take_part(CONTESTANTS)
    speakers = take_part(dialects.CONTESTANTS)
    console = Console()
    if not console.is_terminal:
        console.width = 120  # the widest table, whatever its verdicts, is 101
    steps = (rounds + 1) * sum(
        sum(map(scenario.takes, contestants)) + (scenario.unit == "process")
        for scenario in scenarios
    )
    steps += sum(
        len(dialects.takes(scenario, speaker)) * (1 if scenario.what == "memory" else rounds + 1)
        for scenario in spoken
        for speaker in speakers
    )
    results: report.Results = []
    spoken_results: dialects.Results = []
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
        for spoken_scenario, spoken_rows in dialects.run(
            lab, spoken, speakers, rounds=rounds, seconds=seconds, tell=tell
        ):
            spoken_results.append((spoken_scenario, spoken_rows))
            dialects.print_table(console, spoken_scenario, spoken_rows)
    report.print_aims(console, [*report.aims(results), *dialects.aims(spoken_results)])
    if arguments.json:
        raw = report.as_json(results)
        raw["scenarios"] += dialects.as_json(spoken_results)
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")
        console.print(f"Raw numbers are in {arguments.json}.")


if __name__ == "__main__":
    main()
