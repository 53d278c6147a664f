"""Several flows side by side, each in an asyncio task of its own."""

from __future__ import annotations

import asyncio
from asyncio import Queue, Semaphore
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from ocicat.errors import APIConnectionError
from ocicat.transport.arrivals import AHEAD, Arrival
from ocicat.vocabulary.flow import Flow, Together

__all__ = ["Tasks"]


class Run(Protocol):
    """A flow being driven, as in ``aio.py``."""

    async def finish(self) -> Any:
        """Drive it to its end, and return its result."""
        ...

    async def open(self) -> None:
        """Drive it until the far side has accepted the request."""
        ...

    async def next_chunk(
        self, kind: Callable[[dict[str, Any]], dict[str, Any]], /
    ) -> dict[str, Any]:
        """The next chunk; ``StopAsyncIteration`` at the end."""
        ...

    def close(self) -> None:
        """End the flow where it stands."""
        ...


class Tasks:
    """The flows of ``together``, and what comes of them. ``run_of`` gets one ready to be driven.

    The first that fails ends the others.
    """

    def __init__(self, together: Together, run_of: Callable[[Flow[Any]], Run]) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrivals: Queue[Arrival] = Queue()
        self._room = Semaphore(0)
        self._open = len(together.flows)
        self._places = Semaphore(self._open if together.stream else together.at_once)
        self._run_of = run_of
        drive = self._stream if together.stream else self._run
        self._tasks = [
            self._loop.create_task(self._work(drive, number, flow))
            for number, flow in enumerate(together.flows)
        ]

    async def results(self) -> list[Any]:
        """What the flows return, in their order."""
        found: dict[int, Any] = {}
        while self._open:
            arrival = await self._next()
            found[arrival.number] = arrival.what
        return [found[number] for number in range(len(self._tasks))]

    async def begin(self) -> None:
        """Wait until the far side has accepted the request of each flow."""
        waiting = set(range(len(self._tasks)))
        while waiting:
            waiting.discard((await self._next()).number)
        for _ in range(AHEAD):
            self._room.release()

    async def read(self, patience: float | None) -> tuple[int, dict[str, Any]] | None:
        """The next chunk, with the number of its flow; ``None`` when all flows have ended."""
        while self._open:
            arrival = await self._next()
            if not arrival.last:
                self._room.release()
                return arrival.number, arrival.what
        return None

    def close(self) -> None:
        """End all flows where they stand, and wake whoever waits for them in another task."""
        if self._loop.is_closed():
            return  # and its connections with it
        for task in self._tasks:
            task.cancel()
        # A task that is cancelled before its first step tells nothing.
        self._arrivals.put_nowait(
            Arrival(0, failure=APIConnectionError("The calls were broken off."))
        )

    async def _next(self) -> Arrival:
        arrival = await self._arrivals.get()
        self._open -= arrival.last
        if arrival.failure is not None:
            self.close()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            raise arrival.failure
        return arrival

    # --- in the tasks ---------------------------------------------------------------------------

    async def _work(
        self, drive: Callable[[int, Run], Awaitable[Any]], number: int, flow: Flow[Any]
    ) -> None:
        try:
            async with self._places:
                run = self._run_of(flow)
                try:
                    result = await drive(number, run)
                finally:
                    run.close()
        except BaseException as failure:
            self._arrivals.put_nowait(Arrival(number, failure=failure, last=True))
        else:
            self._arrivals.put_nowait(Arrival(number, result, last=True))

    async def _run(self, number: int, run: Run) -> Any:
        return await run.finish()

    async def _stream(self, number: int, run: Run) -> None:
        await run.open()
        self._arrivals.put_nowait(Arrival(number))
        while True:
            try:
                chunk = await run.next_chunk(dict)
            except StopAsyncIteration:
                return
            await self._room.acquire()
            self._arrivals.put_nowait(Arrival(number, chunk))
