"""From windows to tables, to the aims and to JSON. Knows nothing of how the numbers were made."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.measure import REFERENCE
from bench.scenarios import Row, Scenario

__all__ = [
    "STYLES",
    "Aim",
    "Results",
    "aims",
    "as_json",
    "print_aims",
    "print_machine",
    "print_table",
]

Results = list[tuple[Scenario, list[Row]]]

_DISTRIBUTIONS = ("ocicat", "aiohttp", "httpx2", "openai", "oci-openai", "oci", "litellm")
STYLES = {"ocicat": "bold green", "bound": "cyan", "floor": "cyan", "part": "dim", "peer": ""}


def print_machine(console: Console, pinned: bool, rounds: int) -> None:
    """What the numbers were made with."""
    versions = ", ".join(f"{name} {version}" for name, version in _versions().items())
    console.print(f"Python {platform.python_version()} with {versions}.")
    console.print(
        f"CPU time of the client process, scaled to a machine that takes {REFERENCE * 1e3:.0f} ms "
        f"for the calibration loop; medians of {rounds} rounds (2 of what takes long); "
        + ("client and server have a core each." if pinned else "client and server share cores.")
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in _DISTRIBUTIONS:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def print_table(console: Console, scenario: Scenario, rows: list[Row]) -> None:
    """One scenario: contestants down, costs across."""
    cold = scenario.unit == "process"
    unit, factor, digits = ("ms", 1e3, 0) if cold else ("µs", 1e6, 0)
    if scenario.unit == "chunk":
        digits = 1
    table = Table(title=f"{scenario.name}: {scenario.title}", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column(f"CPU {unit} a {scenario.unit}", justify="right")
    if cold:
        table.add_column("over python", justify="right")
        table.add_column("wall ms", justify="right")
        table.add_column("peak MB", justify="right")
    else:
        table.add_column("× bound", justify="right")
    table.add_column("× ocicat", justify="right")
    table.add_column("spread", justify="right", no_wrap=True)
    if scenario.unit == "chunk":
        table.add_column("chunks/s a core", justify="right")
    base = _cost(rows, "bare" if cold else "bound")
    ours = _cost(rows, "ocicat")
    for row in rows:
        style = STYLES[row.contestant.kind]
        if not row.windows or row.problem:
            table.add_row(row.contestant.label, row.problem.split(":")[0], style="dim")
            continue
        costs = [window.cost for window in row.windows]
        cost = median(costs)
        cells = [row.contestant.label, f"{cost * factor:,.{digits}f}"]
        if cold:
            cells.append("" if base is None else f"{(cost - base) * 1e3:,.0f}")
            cells.append(f"{median(window.wall for window in row.windows) * 1e3:,.0f}")
            cells.append(f"{median(window.peak for window in row.windows) / 1e6:,.0f}")
        else:
            cells.append("" if base is None else f"{cost / base:.2f}")
        cells.append("" if ours is None else f"{cost / ours:.2f}")
        cells.append(f"{min(costs) * factor:,.{digits}f}-{max(costs) * factor:,.{digits}f}")
        if scenario.unit == "chunk":
            cells.append(f"{1 / cost:,.0f}")
        table.add_row(*cells, style=style)
    console.print()
    console.print(table)
    for row in rows:
        if row.problem.startswith("failed"):
            console.print(f"{row.contestant.label} {row.problem}", style="dim", markup=False)


@dataclass(frozen=True)
class Aim:
    """What should be so: what was ``measured``, and what it may be at most."""

    text: str
    limit: float
    measured: float | None
    form: Callable[[float], str]


def print_aims(console: Console, aims: list[Aim]) -> None:
    """Each aim, what was measured, and whether it is met."""
    table = Table(title="Aims", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in ("aim", "measured", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for aim in aims:
        if aim.measured is None:
            verdict, style = "not measured", "dim"
        elif aim.measured <= aim.limit:
            verdict, style = "met", "green"
        else:
            verdict, style = "not met", "bold red"
        measured = "" if aim.measured is None else aim.form(aim.measured)
        table.add_row(aim.text, f"≤ {aim.form(aim.limit)}", measured, verdict, style=style)
    if aims:
        console.print()
        console.print(table)


def aims(results: Results) -> list[Aim]:
    """The aims of calls, streams and cold processes."""
    found = []
    for scenario, rows in results:
        for row in rows:
            if row.contestant.kind == "ocicat":
                text = f"{scenario.name}, {row.contestant.label}"
                cost = _cost(rows, row.contestant.key)
                if row.contestant.key == "ocicat-openai":
                    # Most of it is the SDK's own work, which is the same for its peer.
                    ratio = _quotient(cost, _cost(rows, "oci-openai"))
                    found.append(Aim(text, 1.0, ratio, "{:.2f} × oci-openai".format))
                else:
                    found.append(_aim(scenario, rows, text, cost))
    return found


def _aim(scenario: Scenario, rows: list[Row], text: str, cost: float | None) -> Aim:
    bound = _cost(rows, "bound")
    if scenario.unit == "call":
        return Aim(text, 1.3, _quotient(cost, bound), "{:.2f} × bound".format)
    if scenario.unit == "chunk" and scenario.port == "single":
        # One read from the socket for each chunk costs more than the aim, whoever makes it.
        return Aim(text, 12, _difference(cost, bound, 1e6), "{:.1f} µs over bound".format)
    if scenario.unit == "chunk":
        return Aim(text, 12, _difference(cost, 0.0, 1e6), "{:.1f} µs".format)
    if scenario.name == "cold-import":
        over = _difference(cost, _cost(rows, "bare"), 1e3)
        return Aim(text, 60, over, "{:.0f} ms over python".format)
    costs = {
        row.contestant.label: _cost(rows, row.contestant.key)
        for row in rows
        if row.contestant.kind == "peer"
    }
    peers = {label: known for label, known in costs.items() if known is not None}
    best = min(peers, key=peers.__getitem__, default="best peer")
    return Aim(text, 0.5, _quotient(cost, peers.get(best)), f"{{:.2f}} × {best}".format)


def _quotient(cost: float | None, base: float | None) -> float | None:
    return None if cost is None or base is None else cost / base


def _difference(cost: float | None, base: float | None, factor: float) -> float | None:
    return None if cost is None or base is None else (cost - base) * factor


def _cost(rows: list[Row], key: str) -> float | None:
    """The median CPU seconds of a row, or ``None`` where it has none."""
    for row in rows:
        if row.contestant.key == key and row.windows and not row.problem:
            return median(window.cost for window in row.windows)
    return None


def as_json(results: Results) -> dict[str, Any]:
    """All raw numbers: seconds of CPU and wall time, and of the calibration loop, per window."""
    scenarios = [
        {
            "scenario": scenario.name,
            "unit": scenario.unit,
            "rows": [
                {
                    "contestant": row.contestant.key,
                    "problem": row.problem,
                    "windows": [window.as_json() for window in row.windows],
                }
                for row in rows
            ],
        }
        for scenario, rows in results
    ]
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": _versions(),
        "reference_loop": REFERENCE,
        "scenarios": scenarios,
    }
