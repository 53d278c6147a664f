"""A window of work and what it cost, beside a fixed loop that tells how fast the machine was.

CPU time is user plus system time of the process that works. On a shared machine the same work
takes more of it when neighbours are busy, so a fixed pure-Python loop is timed right before and
after each window, and the cost is scaled to a machine that takes :data:`REFERENCE` for the loop.
This module knows no client and no server.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

__all__ = ["REFERENCE", "Window", "calibrate", "measure"]

#: CPU seconds that the loop takes on the machine in whose microseconds all costs are given.
REFERENCE = 0.011


@dataclass(frozen=True)
class Window:
    """``operations`` took ``cpu`` and ``wall`` seconds; ``loop`` is the calibration's mean.

    ``peak`` is the most memory (bytes) that a process of its own held, where it was one.
    """

    operations: int
    cpu: float
    wall: float
    loop: float
    peak: int = 0

    @property
    def cost(self) -> float:
        """CPU seconds for one operation, on the reference machine."""
        return self.cpu / self.operations * REFERENCE / self.loop

    def as_json(self) -> dict[str, float]:
        return {**asdict(self), "cost": self.cost}


def calibrate() -> float:
    """CPU seconds of this thread for the fixed loop."""
    started = time.thread_time()
    total = 0
    for number in range(200_000):
        total += number * number
    return time.thread_time() - started


def measure(work: Callable[[], int]) -> Window:
    """Run ``work``, which says how many operations it did, between two calibrations."""
    before = calibrate()
    wall = time.perf_counter()
    cpu = time.process_time()
    operations = work()
    cpu = time.process_time() - cpu
    wall = time.perf_counter() - wall
    return Window(operations, cpu, wall, (before + calibrate()) / 2)
