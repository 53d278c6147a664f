"""Several flows side by side, each in a thread of its own."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Any, Protocol

from ocicat.errors import APIConnectionError
from ocicat.transport.arrivals import AHEAD, Arrival
from ocicat.vocabulary.flow import Flow, Together

__all__ = ["Threads"]


class Run(Protocol):
    """A flow being driven, as in ``sync.py``. It may be closed from any thread."""

    def finish(self) -> Any:
        """Drive it to its end, and return its result."""
        ...

    def open(self) -> None:
        """Drive it until the far side has accepted the request."""
        ...

    def next_chunk(self, kind: Callable[[dict[str, Any]], dict[str, Any]], /) -> dict[str, Any]:
        """The next chunk; ``StopIteration`` at the end."""
        ...

    def close(self) -> None:
        """End the flow where it stands."""
        ...


class Threads:
    """The flows of ``together``, and what comes of them. ``run_of`` gets one ready to be driven.

    The first that fails ends the others. Threads that are not wanted any more are woken and end by
    themselves; nobody waits for them.
    """

    def __init__(self, together: Together, run_of: Callable[[Flow[Any]], Run]) -> None:
        self._runs = [run_of(flow) for flow in together.flows]
        self._waiting = deque(enumerate(self._runs))
        self._arrivals: SimpleQueue[Arrival] = SimpleQueue()
        self._room = Semaphore(0)
        self._open = len(self._runs)
        self._process = os.getpid()
        drive = self._stream if together.stream else self._run
        at_once = self._open if together.stream else min(together.at_once, self._open)
        try:
            for _ in range(at_once):
                work = (self._work, drive)
                # Daemons, as what is not read to its end must not keep a program from ending.
                Thread(
                    target=copy_context().run, args=work, name="ocicat-together", daemon=True
                ).start()
        except BaseException:  # there may be no more threads to be had
            self.close()
            raise

    def results(self) -> list[Any]:
        """What the flows return, in their order."""
        found: dict[int, Any] = {}
        while self._open:
            arrival = self._next()
            found[arrival.number] = arrival.what
        return [found[number] for number in range(len(self._runs))]

    def begin(self) -> None:
        """Wait until the far side has accepted the request of each flow."""
        waiting = set(range(len(self._runs)))
        while waiting:
            waiting.discard(self._next().number)
        self._room.release(AHEAD)

    def read(self, patience: float | None) -> tuple[int, dict[str, Any]] | None:
        """The next chunk, with the number of its flow; ``None`` when all flows have ended."""
        while self._open:
            arrival = self._next()
            if not arrival.last:
                self._room.release()
                return arrival.number, arrival.what
        return None

    def break_off(self) -> None:
        """End all flows, and wake whoever waits for them in another thread."""
        self.close()
        self._arrivals.put(Arrival(0, failure=APIConnectionError("The calls were broken off.")))

    def close(self) -> None:
        """End all flows where they stand."""
        if os.getpid() != self._process:
            return  # a child has none of the threads, and their locks may be held for ever
        self._waiting.clear()
        for run in self._runs:
            run.close()
        self._room.release(len(self._runs))

    def _next(self) -> Arrival:
        if os.getpid() != self._process:
            raise APIConnectionError("Calls that were begun in a parent process cannot be read on.")
        arrival = self._arrivals.get()
        self._open -= arrival.last
        if arrival.failure is not None:
            self.close()
            raise arrival.failure
        return arrival

    # --- in the threads -------------------------------------------------------------------------

    def _work(self, drive: Callable[[int, Run], Any]) -> None:
        while True:
            try:
                number, run = self._waiting.popleft()
            except IndexError:
                return
            try:
                self._arrivals.put(Arrival(number, drive(number, run), last=True))
            except BaseException as failure:
                self._arrivals.put(Arrival(number, failure=failure, last=True))

    def _run(self, number: int, run: Run) -> Any:
        return run.finish()

    def _stream(self, number: int, run: Run) -> None:
        run.open()
        self._arrivals.put(Arrival(number))
        while True:
            try:
                chunk = run.next_chunk(dict)
            except StopIteration:
                return
            self._room.acquire()
            self._arrivals.put(Arrival(number, chunk))
