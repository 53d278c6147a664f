"""What OpenTelemetry is told of a call. Imported only where it is set up: see ``telemetry.py``.

Names and meanings are those of OpenTelemetry's semantic conventions for generative AI, in the
version of the package ``opentelemetry-semantic-conventions`` 0.66b2; what begins with ``oci.`` is
ocicat's own. Texts of messages are recorded only where ``CAPTURE`` asks for it, and so the messages
of errors, which may quote them, are not recorded at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from opentelemetry import context, metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from ocicat._version import __version__
from ocicat.call.attempts import Ask
from ocicat.call.flows import relayed
from ocicat.client import recorded_content
from ocicat.errors import APIStatusError, OcicatError
from ocicat.vocabulary.flow import Effect, Flow, Request, Together
from ocicat.vocabulary.target import Target

__all__ = ["CAPTURE", "PROVIDER", "Reading", "observed"]

T = TypeVar("T")

#: The variable with which a program asks for the texts of messages in its spans.
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_ON_SPANS = frozenset({"true", "span_only", "span_and_event"})

#: The conventions have no name for OCI among their well-known ones; this follows their pattern.
PROVIDER = "oci.generative_ai"

_NUMBERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "seed": "gen_ai.request.seed",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "dimensions": "gen_ai.embeddings.dimension.count",
}
_USAGE = {
    "prompt_tokens": "gen_ai.usage.input_tokens",
    "completion_tokens": "gen_ai.usage.output_tokens",
}
_USAGE_DETAILS = {
    ("prompt_tokens_details", "cached_tokens"): "gen_ai.usage.cache_read.input_tokens",
    ("completion_tokens_details", "reasoning_tokens"): "gen_ai.usage.reasoning.output_tokens",
}
_OUTPUT_TYPES = {"text": "text", "json_object": "json", "json_schema": "json"}
_PORTS = {"https": 443, "http": 80}
#: The bounds that the conventions ask for.
_SECONDS = [0.01 * 2**step for step in range(14)]
_TOKENS = [4**step for step in range(14)]

Attributes = dict[str, Any]


class Reading(Protocol):
    """How what a flow says is read as neutral chunks and as a neutral reply, or parts of one."""

    #: What the answer itself reports to have gone wrong, and nobody raises.
    failure: OcicatError | None

    def chunks(self, said: dict[str, Any]) -> Iterable[Mapping[str, Any]]:
        """What a chunk that the flow yields says."""
        ...

    def reply(self, said: Any) -> Any:
        """What the flow's result says."""
        ...


class _AsItIs:
    """The reading of flows that speak of chats in the neutral form."""

    failure = None

    def chunks(self, said: dict[str, Any]) -> Iterable[Mapping[str, Any]]:
        return (said,)

    def reply(self, said: Any) -> Any:
        if isinstance(said, tuple):  # an answer that is handed on unread, and its origin
            return {"opc_request_id": said[1].opc_request_id}
        return said


def observed(
    flow: Flow[T],
    ask: Ask,
    request: Mapping[str, Any],
    operation: str,
    reading: Reading | None = None,
) -> Flow[T]:
    """``flow`` within a span, whose parent is the span that is current now."""
    parent = context.get_current()
    return _in_span(flow, lambda: _ObservedCall(ask, request, operation, parent, reading))


def _in_span(flow: Flow[T], begin: Callable[[], _ObservedCall]) -> Flow[T]:
    call = begin()
    try:
        result = yield from call.watched(flow)
    except GeneratorExit:
        call.closed()
        raise
    except BaseException as failure:
        call.failed(failure)
        raise
    call.answered(result)
    return result


class _ObservedCall:
    """One call: its span, and what has been seen of it so far.

    The span is never made the current one, as a flow and its caller go on by turns.
    """

    def __init__(
        self,
        ask: Ask,
        request: Mapping[str, Any],
        operation: str,
        parent: context.Context,
        reading: Reading | None,
    ) -> None:
        self._ask = ask
        self._reading = reading or _AsItIs()
        self._request = request
        self._started = ask.ambient.monotonic()
        self._target = ask.target
        #: What spans and metrics both say.
        self._common: Attributes = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": PROVIDER,
            **_server(ask.target),
        }
        name = operation
        if "model" in request:
            name = f"{operation} {ask.target.model}"
            self._common["gen_ai.request.model"] = ask.target.model
        elif "data_source_id" in request:
            name = f"{operation} {request['data_source_id']}"
        self._span = _tracer(trace.get_tracer_provider()).start_span(
            name,
            parent,
            SpanKind.CLIENT,
            {**self._common, **_request_attributes(request)},
        )
        self._context = trace.set_span_in_context(self._span, parent)
        self._content = (
            recorded_content.Streamed()
            if self._span.is_recording() and _captures_content()
            else None
        )
        self._head: Mapping[str, Any] = {}
        self._usage: Mapping[str, Any] = {}
        self._finish_reasons: dict[int, str] = {}
        self._first_chunk: float | None = None
        #: The retry token of each request: the same where it is made again.
        self._tokens: list[str] = []

    def watched(self, flow: Generator[Any, Any, T], *, with_chunks: bool = True) -> Flow[T]:
        """``flow`` as it is, while what it says is looked at."""

        def see(effect: Effect) -> tuple[Effect]:
            if isinstance(effect, dict):
                if with_chunks:
                    self._see_chunk(effect)
            elif isinstance(effect, (Request, Together)):
                effect = self._see_asking(effect)
            return (effect,)

        return relayed(flow, see)

    def _see_asking(self, effect: Request | Together) -> Effect:
        if isinstance(effect, Together):
            # Their chunks come once more, as chunks of the flow that waits for them.
            return replace(
                effect, flows=[self.watched(flow, with_chunks=False) for flow in effect.flows]
            )
        token = effect.headers.get("opc-retry-token")
        if token:  # others are requests for an identity, or about a model
            self._tokens.append(token)
        return effect

    def _see_chunk(self, said: dict[str, Any]) -> None:
        if self._first_chunk is None:
            self._first_chunk = self._ask.ambient.monotonic() - self._started
        for chunk in self._reading.chunks(said):
            self._see(chunk)

    def _see(self, chunk: Mapping[str, Any]) -> None:
        self._head = self._head or chunk
        for choice in chunk["choices"]:
            if choice.get("finish_reason"):
                self._finish_reasons[choice["index"]] = choice["finish_reason"]
        if chunk.get("usage"):
            self._usage = chunk["usage"]
        if self._content is not None:
            self._content.add(chunk)

    def answered(self, reply: Any) -> None:
        """The flow has ended well, with this result; with none, if it was a stream."""
        reply = self._reading.reply(reply)
        if isinstance(reply, dict):
            self._head = reply
            self._usage = reply.get("usage") or {}
            choices = reply.get("choices", ())
            self._finish_reasons = {
                choice["index"]: choice["finish_reason"]
                for choice in choices
                if choice.get("finish_reason")
            }
        if self._reading.failure is not None:
            self.failed(self._reading.failure)
        else:
            self._end()

    def closed(self) -> None:
        """The caller wants no more."""
        if self._reading.failure is not None:
            self.failed(self._reading.failure)
        elif self._first_chunk is None:
            self._fail("cancelled", "")
        else:
            self._end()  # to leave a stream early is no failure

    def failed(self, failure: BaseException) -> None:
        """The flow has raised this."""
        words = f"{failure.status} {failure.code}" if isinstance(failure, APIStatusError) else ""
        opc_request_id = getattr(failure, "opc_request_id", "")
        if opc_request_id:
            self._head = {**self._head, "opc_request_id": opc_request_id}
        self._fail(type(failure).__qualname__, words.strip())

    def _fail(self, kind: str, words: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, words or None))
        self._end({"error.type": kind})

    def _end(self, error: Attributes | None = None) -> None:
        seconds = self._ask.ambient.monotonic() - self._started
        if self._ask.target is not self._target:
            self._common.update(_server(self._ask.target))
        if self._head.get("model"):
            self._common["gen_ai.response.model"] = self._head["model"]
        if self._span.is_recording():
            self._span.set_attributes({**self._common, **(error or {}), **self._outcome()})
            if self._content is not None:
                answer = self._head if self._first_chunk is None else self._content.answer()
                self._span.set_attributes(recorded_content.attributes(self._request, answer))
        self._measure(seconds, error or {})
        self._span.end()

    def _outcome(self) -> Attributes:
        head, usage = self._head, self._usage
        said: Attributes = {
            "gen_ai.response.id": head.get("id"),
            "gen_ai.response.finish_reasons": [
                self._finish_reasons[index] for index in sorted(self._finish_reasons)
            ],
            "gen_ai.response.time_to_first_chunk": self._first_chunk,
            "oci.opc_request_id": head.get("opc_request_id"),
            "oci.retries": len(self._tokens) - len(set(self._tokens)),
        }
        for name, attribute in _USAGE.items():
            said[attribute] = usage.get(name)
        for (details, name), attribute in _USAGE_DETAILS.items():
            said[attribute] = (usage.get(details) or {}).get(name)
        return {name: value for name, value in said.items() if value not in (None, "", [])}

    def _measure(self, seconds: float, error: Attributes) -> None:
        meters = _instruments(metrics.get_meter_provider())
        meters.duration.record(seconds, {**self._common, **error}, self._context)
        if self._first_chunk is not None:
            meters.first_chunk.record(self._first_chunk, self._common, self._context)
        for name, kind in (("prompt_tokens", "input"), ("completion_tokens", "output")):
            if isinstance(self._usage.get(name), int):
                attributes = {**self._common, "gen_ai.token.type": kind}
                meters.tokens.record(self._usage[name], attributes, self._context)


def _captures_content() -> bool:
    return os.environ.get(CAPTURE, "").strip().lower() in _ON_SPANS


def _request_attributes(request: Mapping[str, Any]) -> Attributes:
    """What a request asks for, apart from its contents, as far as it is well formed."""
    said: Attributes = {
        attribute: request[name]
        for name, attribute in _NUMBERS.items()
        if isinstance(request.get(name), (int, float))
    }
    if isinstance(request.get("n"), int) and request["n"] != 1:
        said["gen_ai.request.choice.count"] = request["n"]
    if request.get("stream"):
        said["gen_ai.request.stream"] = True
    stop = _texts(request.get("stop"))
    if stop:
        said["gen_ai.request.stop_sequences"] = stop
    formats = _texts(request.get("embedding_types")) or _texts(request.get("encoding_format"))
    if formats:
        said["gen_ai.request.encoding_formats"] = formats
    wanted = request.get("response_format")
    if isinstance(wanted, Mapping) and str(wanted.get("type")) in _OUTPUT_TYPES:
        said["gen_ai.output.type"] = _OUTPUT_TYPES[wanted["type"]]
    if "data_source_id" in request:
        said["gen_ai.data_source.id"] = request["data_source_id"]
    conversation = request.get("conversation")
    if isinstance(conversation, Mapping):
        conversation = conversation.get("id")
    if isinstance(conversation, str):
        said["gen_ai.conversation.id"] = conversation
    return said


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] if isinstance(value, Sequence) else []


def _server(target: Target) -> Attributes:
    url = urlsplit(f"{target.scheme}://{target.host}")
    return {"server.address": url.hostname, "server.port": url.port or _PORTS[target.scheme]}


@lru_cache(maxsize=8)
def _tracer(provider: trace.TracerProvider) -> trace.Tracer:
    return provider.get_tracer("ocicat", __version__)


class _Instruments:
    def __init__(self, meter: metrics.Meter) -> None:
        self.duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self.first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time to receive the first chunk.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )


@lru_cache(maxsize=8)
def _instruments(provider: metrics.MeterProvider) -> _Instruments:
    return _Instruments(provider.get_meter("ocicat", __version__))
