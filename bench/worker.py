"""The process of one contestant: it waits for orders on standard input and answers in JSON lines.

The first line names the contestant, its settings and the event sizes to expect; each further line
is one window to run. Whatever goes wrong is an answer too (``{"error": …}``). Standard output
belongs to the answers; what a library prints goes to standard error.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.contestants import CONTESTANTS
from bench.contestants.contract import Contestant, Settings
from bench.measure import measure

__all__: list[str] = []

#: Seconds spent on finding out how long one operation takes, before the first window.
_WARM_UP = 0.1


class _Wrong(Exception):
    """The contestant answered, but not what the server said."""


class _Worker:
    def __init__(self, contestant: Contestant, setup: dict[str, Any]) -> None:
        self._contestant = contestant
        self._urls: dict[str, str] = setup["urls"]
        self._settings: dict[str, Any] = setup["settings"]
        self._text: str = setup["text"]
        self._characters: int = setup["characters"]
        self._threads = ThreadPoolExecutor(32)
        self._runner = asyncio.Runner()
        self._clients: dict[tuple[str, str], Any] = {}
        self._durations: dict[str, float] = {}

    def window(self, order: dict[str, Any]) -> dict[str, Any]:
        """Run one window of a scenario, warming up first where it is the scenario's first."""
        concurrency: int = order["concurrency"]
        work = self._work(order)
        name = order["name"]
        if name not in self._durations:
            self._durations[name] = _duration(work, concurrency)
            gc.collect()
        rounds = max(1, round(order["seconds"] / self._durations[name] / concurrency))
        window = measure(lambda: work(rounds) * order["units"])
        return window.as_json()

    def _work(self, order: dict[str, Any]) -> Callable[[int], int]:
        """A function that makes ``rounds`` calls on each of the scenario's threads or tasks."""
        client = self._client(order["mode"], order["port"])
        concurrency: int = order["concurrency"]
        operation = client.stream if order["stream"] else client.call
        expected = self._characters if order["stream"] else self._text
        if not self._contestant.streams:
            expected = ""

        def many(rounds: int) -> None:
            for _ in range(rounds):
                if (outcome := operation()) != expected:
                    raise _Wrong(f"answered {outcome!r} where {expected!r} was sent")

        async def many_async(rounds: int) -> None:
            for _ in range(rounds):
                if (outcome := await operation()) != expected:
                    raise _Wrong(f"answered {outcome!r} where {expected!r} was sent")

        async def gather(rounds: int) -> None:
            await asyncio.gather(*(many_async(rounds) for _ in range(concurrency)))

        def work(rounds: int) -> int:
            if order["mode"] == "async":
                self._runner.run(gather(rounds) if concurrency > 1 else many_async(rounds))
            elif concurrency == 1:
                many(rounds)
            else:
                jobs = [self._threads.submit(many, rounds) for _ in range(concurrency)]
                for job in jobs:
                    job.result()
            return rounds * concurrency

        return work

    def _client(self, mode: str, port: str) -> Any:
        if (mode, port) not in self._clients:
            settings = Settings(base_url=self._urls[port], **self._settings)
            if mode == "async":
                assert self._contestant.open_async is not None
                client = self._runner.run(_awaited(self._contestant.open_async(settings)))
            else:
                assert self._contestant.open_sync is not None
                client = self._contestant.open_sync(settings)
            self._clients[mode, port] = client
        return self._clients[mode, port]


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _duration(work: Callable[[int], int], concurrency: int) -> float:
    """Seconds that one call takes once the client is warm."""
    work(1)
    calls = 0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < _WARM_UP or not calls:
        calls += work(1)
    return elapsed / calls


def main() -> None:
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        setup = json.loads(sys.stdin.readline())
        contestant = next(c for c in CONTESTANTS if c.key == setup["contestant"])
        worker = _Worker(contestant, setup)
        for line in sys.stdin:
            try:
                answer = worker.window(json.loads(line))
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), file=answers, flush=True)
    # Clients are left open: closing them is no part of a call, and nothing outlives the process.
    os._exit(0)


if __name__ == "__main__":
    main()
