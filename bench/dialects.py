"""What the dialects cost: requests to bytes, bytes to replies, and streams, without any network.

Contestants work on the same conversations and the same bytes (``dialect_cases.py``), each in a
process of its own (``dialect_worker.py``), and take turns as in ``scenarios.py``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from bench.contestants.contract import Contestant
from bench.lab import Failed, Lab, Worker
from bench.measure import Window
from bench.report import STYLES, Aim

__all__ = [
    "CONTESTANTS",
    "SCENARIOS",
    "Results",
    "aims",
    "as_json",
    "print_table",
    "run",
    "shortened",
    "takes",
]

_DIALECTS = ("openai_chat", "openai_responses", "oci_generic", "oci_cohere", "oci_cohere_v2")
_FLOOR = Contestant(key="msgspec", label="msgspec", kind="floor")
_OCICAT = Contestant(key="ocicat", label="ocicat", kind="ocicat")
_LITELLM = Contestant(
    key="litellm",
    label="litellm",
    kind="peer",
    requires=("litellm",),
    environment=(("LITELLM_LOCAL_MODEL_COST_MAP", "True"),),
)
CONTESTANTS = [_FLOOR, _OCICAT, _LITELLM]
#: litellm has a transformation for these.
_LITELLM_DIALECTS = ("oci_generic", "oci_cohere")


@dataclass(frozen=True)
class Scenario:
    """One table. ``sizes`` are bytes, or chunks of a stream: a small one and a large one."""

    name: str
    title: str
    what: Literal["encode", "decode", "stream", "memory"]
    sizes: tuple[int, ...]


SCENARIOS = [
    Scenario("dialects-encode", "CPU µs of a request, to bytes", "encode", (2_000, 200_000)),
    Scenario("dialects-decode", "CPU µs of a whole answer, from bytes", "decode", (2_000, 200_000)),
    Scenario("dialects-stream", "CPU µs of a chunk, from bytes", "stream", (1_000, 100_000)),
    Scenario("dialects-memory", "What a request of a million tokens holds", "memory", (4_000_000,)),
]


def shortened(scenario: Scenario) -> Scenario:
    """The same with streams a tenth as long, just to see it run."""
    if scenario.what != "stream":
        return scenario
    return replace(scenario, sizes=(scenario.sizes[0], scenario.sizes[1] // 10))


@dataclass
class Row:
    """One contestant in one dialect, or why there is nothing."""

    dialect: str
    contestant: Contestant
    windows: dict[int, list[Window]] = field(default_factory=dict)
    #: Of the one operation that was looked at: the bytes that it made, and the most that it held.
    held: tuple[int, int] | None = None
    problem: str = ""

    def cost(self, size: int) -> float | None:
        """The median CPU seconds of a unit."""
        windows = self.windows.get(size)
        return median(window.cost for window in windows) if windows else None


Results = list[tuple[Scenario, list[Row]]]


def takes(scenario: Scenario, contestant: Contestant) -> list[tuple[str, int]]:
    """The dialects and sizes at which a contestant takes part."""
    if contestant is _LITELLM:
        # A long stream would take litellm minutes.
        sizes = scenario.sizes[:1] if scenario.what == "stream" else scenario.sizes
        return [(dialect, size) for dialect in _LITELLM_DIALECTS for size in sizes]
    return [(dialect, size) for dialect in _DIALECTS for size in scenario.sizes]


def run(
    lab: Lab,
    scenarios: Iterable[Scenario],
    contestants: list[Contestant],
    *,
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
) -> Iterator[tuple[Scenario, list[Row]]]:
    """Measure scenario by scenario, giving the rows of each as soon as they are complete."""
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}

        def worker(contestant: Contestant) -> Worker:
            if contestant.key not in workers:
                workers[contestant.key] = lab.dialect_worker(contestant)
                stack.callback(workers[contestant.key].close)
            return workers[contestant.key]

        for scenario in scenarios if contestants else ():
            rows: dict[tuple[str, str], Row] = {}
            for contestant in contestants:
                for dialect, _ in takes(scenario, contestant):
                    missing = contestant.requires and not importlib.util.find_spec(
                        contestant.requires[0]
                    )
                    row = Row(dialect, contestant, problem="not installed" if missing else "")
                    rows[dialect, contestant.key] = row
            # A look at memory is the same each time.
            for number in range(1 if scenario.what == "memory" else rounds + 1):
                turn = number % len(contestants)
                for contestant in contestants[turn:] + contestants[:turn]:
                    for dialect, size in takes(scenario, contestant):
                        tell(f"{scenario.name}, round {number} of {rounds}, {contestant.label}")
                        row = rows[dialect, contestant.key]
                        if not row.problem:
                            order = {"what": scenario.what, "dialect": dialect, "size": size}
                            order["seconds"] = seconds if number else 0.0
                            _take(row, worker(contestant), order, warm=bool(number))
            yield scenario, sorted(rows.values(), key=lambda row: _DIALECTS.index(row.dialect))


def _take(row: Row, worker: Worker, order: dict[str, Any], *, warm: bool) -> None:
    try:
        if order["what"] == "memory":
            held = worker.ask(order)
            row.held = held["bytes"], held["peak"]
            return
        window = worker.window(order)
    except Failed as failure:
        row.problem = f"failed: {failure}"
        return
    if warm:
        row.windows.setdefault(order["size"], []).append(window)


# --- tables ---------------------------------------------------------------------------------------


def print_table(console: Console, scenario: Scenario, rows: list[Row]) -> None:
    """Dialects and contestants down, sizes across."""
    if not rows:
        return
    table = Table(title=f"{scenario.name}: {scenario.title}", title_justify="left")
    for heading in ("dialect", ""):
        table.add_column(heading, no_wrap=True)
    for heading in _headings(scenario):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        style = STYLES[row.contestant.kind]
        if row.problem:
            cells, style = [row.problem.split(":")[0]], "dim"
        elif scenario.what == "memory":
            cells = _memory_cells(row)
        else:
            cells = _cost_cells(scenario, row, rows)
        table.add_row(row.dialect, row.contestant.label, *cells, style=style)
    console.print()
    console.print(table)
    for row in rows:
        if row.problem.startswith("failed"):
            line = f"{row.dialect}, {row.contestant.label} {row.problem}"
            console.print(line, style="dim", markup=False)


def _headings(scenario: Scenario) -> list[str]:
    if scenario.what == "memory":
        return ["body MB", "held MB at most", "× body"]
    if scenario.what == "stream":
        short, long = scenario.sizes
        return [f"µs, {short:,}", "× floor", f"µs, {long:,}", "× floor", "long/short", "spread"]
    small, large = scenario.sizes
    return [f"µs, {small // 1000} KB", "× floor", f"µs, {large // 1000} KB", "× floor", "spread"]


def _memory_cells(row: Row) -> list[str]:
    assert row.held is not None
    made, held = row.held
    return [f"{made / 1e6:.1f}", f"{held / 1e6:.1f}", f"{held / made:.2f}"]


def _cost_cells(scenario: Scenario, row: Row, rows: list[Row]) -> list[str]:
    digits = 2 if scenario.what == "stream" else 1
    floor = _find(rows, row.dialect, _FLOOR)
    cells, spreads = [], []
    for size in scenario.sizes:
        cost, base = row.cost(size), floor.cost(size) if floor else None
        if cost is None:
            cells += ["", ""]
            continue
        costs = [window.cost for window in row.windows[size]]
        spreads.append((max(costs) - min(costs)) / cost)
        cells.append(f"{cost * 1e6:,.{digits}f}")
        cells.append("" if base is None else f"{cost / base:.1f}")
    if scenario.what == "stream":
        growth = _growth(scenario, row)
        cells.append("" if growth is None else f"{growth:.2f}")
    return [*cells, f"{max(spreads):.0%}"]


def _find(rows: Iterable[Row], dialect: str, contestant: Contestant) -> Row | None:
    return next(
        (row for row in rows if row.dialect == dialect and row.contestant is contestant), None
    )


def _growth(scenario: Scenario, row: Row) -> float | None:
    """How much dearer a chunk of the longest stream is than one of the shortest."""
    short, long = row.cost(scenario.sizes[0]), row.cost(scenario.sizes[-1])
    return long / short if scenario.what == "stream" and short and long else None


def aims(results: Results) -> list[Aim]:
    """A chunk costs the same in any stream; a long request is held twice at most."""
    found = []
    for scenario, rows in results:
        for row in rows:
            if row.contestant is not _OCICAT:
                continue
            text = f"{scenario.name}, {row.dialect}"
            if scenario.what == "stream":
                growth = _growth(scenario, row)
                found.append(Aim(text, 1.2, growth, "{:.2f} × in a short stream".format))
            elif scenario.what == "memory":
                share = row.held[1] / row.held[0] if row.held else None
                found.append(Aim(text, 2.0, share, "{:.2f} × body".format))
    return found


def as_json(results: Results) -> list[dict[str, Any]]:
    """All raw numbers."""
    return [
        {
            "scenario": scenario.name,
            "rows": [
                {
                    "dialect": row.dialect,
                    "contestant": row.contestant.key,
                    "problem": row.problem,
                    "windows": {
                        str(size): [window.as_json() for window in windows]
                        for size, windows in row.windows.items()
                    },
                    "memory": row.held and {"bytes": row.held[0], "peak": row.held[1]},
                }
                for row in rows
            ],
        }
        for scenario, rows in results
    ]
