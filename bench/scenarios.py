"""What is measured, and the order of it: windows of all contestants take turns, round by round.

Taking turns spreads whatever the machine does meanwhile over everybody. The order is turned by one
place in each round, so that nobody always follows the same neighbour.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal

from bench.contestants.contract import Contestant
from bench.fake_server import CHUNKS, GROUP
from bench.lab import Failed, Lab, Worker
from bench.measure import Window

__all__ = ["SCENARIOS", "Row", "Scenario", "run"]

#: Who takes more than so many seconds for the shortest window gets no more than so many rounds:
#: no aim of ours hangs on the last percent of it, and a run should end.
_SLOW = 0.3
_ROUNDS_OF_SLOW = 2


@dataclass(frozen=True)
class Scenario:
    """One table. ``unit`` is what the cost is of."""

    name: str
    title: str
    unit: Literal["call", "chunk", "process"]
    mode: Literal["sync", "async"] = "sync"
    concurrency: int = 1
    port: Literal["grouped", "single"] = "grouped"

    def takes(self, contestant: Contestant) -> bool:
        """Whether this contestant can take part at all."""
        if self.name == "cold-import":
            return bool(contestant.cold_import)
        if self.name == "cold-call":
            return bool(contestant.cold_call)
        opener = contestant.open_async if self.mode == "async" else contestant.open_sync
        return opener is not None and (self.unit == "call" or contestant.streams)

    def order(self, seconds: float) -> dict[str, object]:
        """What a worker is told."""
        return {
            "name": self.name,
            "mode": self.mode,
            "concurrency": self.concurrency,
            "port": self.port,
            "stream": self.unit == "chunk",
            "units": CHUNKS if self.unit == "chunk" else 1,
            "seconds": seconds,
        }


@dataclass
class Row:
    """One contestant in one scenario: its windows, or why there are none."""

    contestant: Contestant
    windows: list[Window] = field(default_factory=list)
    problem: str = ""


SCENARIOS = [
    Scenario("call-sync-1", "Call, sync, one at a time", "call"),
    Scenario("call-sync-32", "Call, sync, 32 threads", "call", concurrency=32),
    Scenario("call-async-1", "Call, async, one at a time", "call", "async"),
    Scenario("call-async-32", "Call, async, 32 tasks", "call", "async", 32),
    Scenario("stream-sync", f"Streamed chunk, sync, {GROUP} events in a write", "chunk"),
    Scenario("stream-async", f"Streamed chunk, async, {GROUP} events in a write", "chunk", "async"),
    Scenario(
        "stream-sync-single",
        "Streamed chunk, sync, one event in a write",
        "chunk",
        port="single",
    ),
    Scenario(
        "stream-async-single",
        "Streamed chunk, async, one event in a write",
        "chunk",
        "async",
        port="single",
    ),
    Scenario("cold-import", "Cold process, import", "process"),
    Scenario("cold-call", "Cold process, first completed call", "process"),
]

#: The row of an interpreter that does nothing, which heads both tables of cold processes.
_BARE = Contestant(key="bare", label="python -c pass", kind="part")


def run(
    lab: Lab,
    scenarios: list[Scenario],
    contestants: list[Contestant],
    *,
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
) -> Iterator[tuple[Scenario, list[Row]]]:
    """Measure scenario by scenario, giving the rows of each as soon as they are complete."""
    workers: dict[str, Worker] = {}
    with ExitStack() as stack:

        def worker(contestant: Contestant) -> Worker:
            if contestant.key not in workers:
                workers[contestant.key] = lab.worker(contestant)
                stack.callback(workers[contestant.key].close)
            return workers[contestant.key]

        for scenario in scenarios:
            rows = [Row(contestant) for contestant in contestants if scenario.takes(contestant)]
            if scenario.unit == "process":
                stack.close()
                workers.clear()
                rows.insert(0, Row(_BARE))
            for row in rows:
                row.problem = _missing(row.contestant)

            def window(
                contestant: Contestant, seconds: float, scenario: Scenario = scenario
            ) -> Window:
                if scenario.unit == "process":
                    importing = scenario.name == "cold-import"
                    source = contestant.cold_import if importing else contestant.cold_call
                    return lab.cold(contestant, source)
                return worker(contestant).window(scenario.order(seconds))

            _take_turns(rows, window, rounds, seconds, tell, scenario.name)
            yield scenario, rows


def _take_turns(
    rows: list[Row],
    window: Callable[[Contestant, float], Window],
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
    name: str,
) -> None:
    last = {row.contestant.key: rounds for row in rows}
    for number in range(rounds + 1):
        turn = number % len(rows) if rows else 0
        for row in rows[turn:] + rows[:turn]:
            key = row.contestant.key
            tell(f"{name}, round {number} of {rounds}, {row.contestant.label}")
            if row.problem or number > last[key]:
                continue
            try:
                outcome = window(row.contestant, seconds if number else 0.0)
            except Failed as failure:
                row.problem = f"failed: {failure}"
                continue
            if number:
                row.windows.append(outcome)
            # Round 0 warms up: clients connect, byte code is written, file caches fill.
            elif outcome.wall > _SLOW:
                last[key] = min(rounds, _ROUNDS_OF_SLOW)


def _missing(contestant: Contestant) -> str:
    for module in contestant.requires:
        if importlib.util.find_spec(module) is None:
            return "not installed" if module == contestant.requires[0] else f"needs {module}"
    return ""
