"""Feeding flows by hand: a driver without sockets, clocks or chance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ocicat.call.exchange import Call
from ocicat.call.learning import Learned
from ocicat.errors import OcicatError
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.flow import Ambient, Flow, Pause, Read, Request, Response, Together
from ocicat.vocabulary.identity import Identity
from ocicat.vocabulary.retry import RetryPolicy

__all__ = [
    "STREAM",
    "Feed",
    "Names",
    "Stopped",
    "call",
    "chunk_event",
    "feed",
    "json_response",
    "sse_bytes",
]


class Stopped(Ambient):
    """A clock that moves only when somebody pauses, and dice that always say one half."""

    def __init__(self) -> None:
        self.time = 1795262400.0
        self.tokens = 0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def random(self) -> float:
        return 0.5

    def token(self) -> str:
        self.tokens += 1
        return f"TOKEN{self.tokens}"


class Name:
    """An identity that signs with its name."""

    def __init__(self, name: str, renewable: bool) -> None:
        self.name = name
        self.renewable = renewable

    def authorize(self, request: Request, now: float) -> None:
        request.headers["authorization"] = f"{self.name} at {now:.1f}"


class Names:
    """Gives one identity after another: the next whenever one was refused."""

    def __init__(self, *names: str, renewable: bool = False) -> None:
        self._names = [Name(name, renewable) for name in names]

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        yield from ()
        if refused is not None:
            self._names.pop(0)
        return self._names[0]


def call(
    model: str = "xai.grok-4.3",
    *,
    ambient: Ambient | None = None,
    identities: Names | None = None,
    transport: str | None = None,
    retry: RetryPolicy | None = None,
    learned: Learned | None = None,
    drop_params: bool = False,
    inline_tool_calls: bool | None = None,
    **request: Any,
) -> Call:
    """A call, ready to be fed."""
    return Call(
        request={"model": model, "messages": [{"role": "user", "content": "hi"}], **request},
        target=resolve(model, Place(region="us-chicago-1", transport=transport)),
        compartment_id="ocid1.compartment.oc1..test",
        identities=identities or Names("me"),
        ambient=ambient or Stopped(),
        user_agent="test",
        retry=retry or RetryPolicy(),
        learned=learned or Learned(),
        drop_params=drop_params,
        inline_tool_calls=inline_tool_calls,
    )


@dataclass
class Feed:
    """What came of feeding a flow."""

    requests: list[Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    reads: list[float | None] = field(default_factory=list)
    chunks: list[dict[str, Any]] = field(default_factory=list)
    result: Any = None
    error: OcicatError | None = None

    @property
    def text(self) -> str:
        """The text of all chunks."""
        return "".join(
            choice["delta"].get("content") or ""
            for chunk in self.chunks
            for choice in chunk["choices"]
        )


def feed(
    flow: Flow[Any], answers: Iterable[Response | bytes | Exception], ambient: Stopped | None = None
) -> Feed:
    """Drive ``flow``; requests and reads take the next of ``answers``, exceptions are thrown in."""
    return _feed(flow, iter(answers), Feed(), ambient)


def _feed(
    flow: Flow[Any], waiting: Iterator[Response | bytes | Exception], fed: Feed, ambient: Any
) -> Feed:
    arrivals: Iterator[Any] | None = None
    try:
        effect = next(flow)
        while True:
            answer: Any = None
            if isinstance(effect, Pause):
                fed.pauses.append(effect.seconds)
                if ambient:
                    ambient.time += effect.seconds
            elif isinstance(effect, dict):
                fed.chunks.append(effect)
            elif isinstance(effect, Together) and effect.stream:
                arrivals = iter(_streams(effect, waiting, fed, ambient))
            elif isinstance(effect, Read) and arrivals is not None:
                answer = next(arrivals)
                if isinstance(answer, Exception):
                    effect = flow.throw(answer)
                    continue
            elif isinstance(effect, Together):
                try:
                    answer = [_together(part, waiting, fed, ambient) for part in effect.flows]
                except OcicatError as failure:
                    effect = flow.throw(failure)
                    continue
            else:
                if isinstance(effect, Request):
                    fed.requests.append(effect)
                elif isinstance(effect, Read):
                    fed.reads.append(effect.patience)
                answer = next(waiting)
                if isinstance(answer, Exception):
                    effect = flow.throw(answer)
                    continue
            effect = flow.send(answer)
    except StopIteration as end:
        fed.result = end.value
    except OcicatError as error:
        fed.error = error
    return fed


def _together(flow: Flow[Any], waiting: Any, fed: Feed, ambient: Any) -> Any:
    """The result of one of several flows, which here come one after the other."""
    apart = Feed(requests=fed.requests, pauses=fed.pauses, reads=fed.reads, chunks=fed.chunks)
    _feed(flow, waiting, apart, ambient)
    if apart.error is not None:
        raise apart.error
    return apart.result


def _streams(together: Together, waiting: Any, fed: Feed, ambient: Any) -> Iterator[Any]:
    """What arrives of several streams, which here come one after the other."""
    for number, flow in enumerate(together.flows):
        apart = Feed(requests=fed.requests, pauses=fed.pauses, reads=fed.reads)
        _feed(flow, waiting, apart, ambient)
        yield from ((number, chunk) for chunk in apart.chunks)
        if apart.error is not None:
            yield apart.error
    yield None


def json_response(body: object, status: int = 200, **headers: str) -> Response:
    """An answer with a JSON body."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        status,
        {"content-type": "application/json", "opc-request-id": "A/B/C", **names},
        msgspec.json.encode(body),
    )


STREAM = Response(
    200, {"content-type": "text/event-stream", "opc-request-id": "A/B/C"}, streaming=True
)


def sse_bytes(*events: object) -> bytes:
    """Events as they stand on the wire; a text is sent as it is."""
    return b"".join(
        b"data: "
        + (event.encode() if isinstance(event, str) else msgspec.json.encode(event))
        + b"\n\n"
        for event in events
    )


def chunk_event(text: str | None = None, finish: str | None = None) -> dict[str, Any]:
    """An event of the OpenAI-compatible surface."""
    delta = {} if text is None else {"content": text}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
