"""The process of one contestant among dialects: orders on standard input, answers in JSON lines.

The first line names the contestant; each further line is one window to run, or the memory to look
at. Nothing is sent anywhere. Each operation says how many characters came of it, so that nobody
leaves work out. What a library prints goes to standard error.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec

from bench import dialect_cases as cases
from bench.measure import measure
from ocicat.dialects import sse
from ocicat.dialects.dialect import Notes

__all__: list[str] = []

#: Does one thing, and says what came of it.
Operation = Callable[[], Any]

_WARM_UP = 0.05


class _Floor:
    """msgspec alone: nobody who speaks JSON can do without as much."""

    def encode(self, dialect: str, size: int) -> Operation:
        body = cases.request_body(dialect, size)
        return lambda: msgspec.json.encode(body)

    def decode(self, dialect: str, size: int) -> Operation:
        body = cases.reply_bytes(dialect, size)
        return lambda: msgspec.json.decode(body)

    def stream(self, dialect: str, size: int) -> Operation:
        pieces = cases.stream_pieces(dialect, size)

        def read() -> None:
            for piece in pieces:
                for line in piece.split(b"\n\n"):
                    if line:
                        msgspec.json.decode(line[6:])

        return read


class _Ocicat:
    """The same path as in a call: a request to bytes, bytes to a reply or to chunks."""

    def encode(self, dialect: str, size: int) -> Operation:
        target = cases.target_of(dialect)
        spoken = cases.dialect_of(target)
        request = cases.conversation(target, size)
        return lambda: msgspec.json.encode(
            spoken.encode_request(request, target, cases.COMPARTMENT, Notes())
        )

    def decode(self, dialect: str, size: int) -> Operation:
        spoken = cases.dialect_of(cases.target_of(dialect))
        body = cases.reply_bytes(dialect, size)

        def read() -> int:
            reply = spoken.decode_reply(msgspec.json.decode(body), cases.ORIGIN)
            return len(reply["choices"][0]["message"]["content"] or "")

        return read

    def stream(self, dialect: str, size: int) -> Operation:
        spoken = cases.dialect_of(cases.target_of(dialect))
        pieces = cases.stream_pieces(dialect, size)

        def read() -> int:
            events = sse.Decoder()
            decoder = spoken.stream_decoder(cases.ORIGIN, with_usage=True)
            characters = 0
            for piece in pieces:
                for payload in events.feed(piece):
                    for chunk in decoder.feed(msgspec.json.decode(payload)):
                        for choice in chunk["choices"]:
                            characters += len(choice["delta"].get("content") or "")
            return characters

        return read


class _Litellm:
    """litellm's OCI transformation alone, without what surrounds it in a call."""

    def __init__(self) -> None:
        from litellm.llms.oci.chat.transformation import OCIChatConfig

        self._config = OCIChatConfig()

    def encode(self, dialect: str, size: int) -> Operation:
        request = cases.conversation(cases.target_of(dialect), size)
        model, messages = request.pop("model"), request.pop("messages")

        def write() -> bytes:
            known = self._config.map_openai_params(request, {}, model, False)
            known["oci_compartment_id"] = cases.COMPARTMENT
            body = self._config.transform_request(model, messages, known, {}, {})
            return json.dumps(body).encode()

        return write

    def decode(self, dialect: str, size: int) -> Operation:
        import httpx
        from litellm import ModelResponse

        model, _ = cases.MODELS[dialect]
        body = cases.reply_bytes(dialect, size)

        def read() -> int:
            answer = httpx.Response(200, content=body)
            reply: Any = self._config.transform_response(
                model, answer, ModelResponse(), SimpleNamespace(), {}, [], {}, {}, None
            )
            return len(reply.choices[0].message.content or "")

        return read

    def stream(self, dialect: str, size: int) -> Operation:
        from litellm.llms.oci.chat.transformation import OCIStreamWrapper, _iter_sse_events

        model, _ = cases.MODELS[dialect]
        pieces = cases.stream_pieces(dialect, size)

        def read() -> int:
            events = _iter_sse_events(piece.decode() for piece in pieces)
            about = SimpleNamespace(model_call_details={}, messages=[])
            wrapper = OCIStreamWrapper(events, model, about, "oci")
            characters = 0
            for event in events:
                chunk: Any = wrapper.chunk_creator(event)
                for choice in chunk.choices:
                    characters += len(choice.delta.content or "")
            return characters

        return read


_CONTESTANTS = {"msgspec": _Floor, "ocicat": _Ocicat, "litellm": _Litellm}


class _Worker:
    def __init__(self, contestant: str) -> None:
        self._contestant: Any = _CONTESTANTS[contestant]()
        #: Operations that are ready, and how many seconds each takes.
        self._ready: dict[tuple[str, str, int], tuple[Operation, float]] = {}

    def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        what, dialect, size = order["what"], order["dialect"], order["size"]
        if what == "memory":
            return _memory(self._contestant.encode(dialect, size))
        key = what, dialect, size
        if key not in self._ready:
            operation = getattr(self._contestant, what)(dialect, size)
            _check(operation(), what, size)
            self._ready[key] = operation, _duration(operation)
            gc.collect()
        operation, seconds = self._ready[key]
        times = max(1, round(order["seconds"] / seconds))
        units: int = size if what == "stream" else 1

        def work() -> int:
            for _ in range(times):
                operation()
            return times * units

        return measure(work).as_json()


def _check(outcome: Any, what: str, size: int) -> None:
    """Find out who left work out. The floor has no outcome: it understands nothing."""
    characters = len(outcome) if isinstance(outcome, bytes) else outcome
    expected = cases.streamed_characters(size) if what == "stream" else size // 4
    if isinstance(characters, int) and characters < expected:
        raise ValueError(f"only {characters} of {expected} characters came out")


def _duration(operation: Operation) -> float:
    times = 0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < _WARM_UP or not times:
        operation()
        times += 1
    return elapsed / times


def _memory(operation: Operation) -> dict[str, Any]:
    """The most that one operation holds at a time, beside what it was given, and its result."""
    operation()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = operation()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return {"bytes": len(result), "peak": peak}


def main() -> None:
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        worker = _Worker(json.loads(sys.stdin.readline())["contestant"])
        for line in sys.stdin:
            try:
                answer = worker.answer(json.loads(line))
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), file=answers, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
