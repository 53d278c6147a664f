"""Spans and metrics as OpenTelemetry's own SDK receives them, of calls to the emulator."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import openai
import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import SpanKind, StatusCode

from ocicat import (
    AsyncOciOpenAI,
    OciOpenAI,
    acompletion,
    apply_guardrails,
    completion,
    embedding,
    errors,
    rerank,
)
from ocicat.call.exchange import exchange
from ocicat.client.functions import prepare
from ocicat.client.telemetry import traced
from ocicat.emulator import Emulator
from ocicat.transport import aio
from ocicat.vocabulary.flow import Flow
from support.doors import DOORS, Door

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
LLAMA = "meta.llama-3.3-70b-instruct"
COHERE = "cohere.command-a-03-2025"
SECRET = "The password is swordfish."
ASK = [{"role": "user", "content": SECRET}]
EVERY_DOOR = [pytest.param(door, id=name) for name, door in DOORS.items()]


@dataclass(frozen=True)
class Telemetry:
    """What a program that has set OpenTelemetry up exports."""

    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader
    tracer: trace.Tracer

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans of ocicat that have ended."""
        finished = self.exporter.get_finished_spans()
        return [span for span in finished if span.instrumentation_scope.name == "ocicat"]

    @property
    def span(self) -> ReadableSpan:
        [only] = self.spans
        return only

    def said(self) -> dict[str, Any]:
        """The attributes of the only span."""
        return dict(self.span.attributes or {})

    def points(self, name: str) -> list[Any]:
        """What was measured under this name."""
        data = self.reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


def set_up(monkeypatch: pytest.MonkeyPatch, *, traces: Any, meters: Any) -> None:
    """Set the providers, which OpenTelemetry lets nobody set twice in a process."""
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", traces)
    monkeypatch.setattr("opentelemetry.metrics._internal._METER_PROVIDER", meters)


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    monkeypatch.delenv(CAPTURE, raising=False)
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    traces, meters = TracerProvider(), MeterProvider([reader])
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    set_up(monkeypatch, traces=traces, meters=meters)
    yield Telemetry(exporter, reader, traces.get_tracer("a program"))
    traces.shutdown()
    meters.shutdown()


@pytest.mark.parametrize("door", EVERY_DOOR)
@pytest.mark.parametrize("model", [LLAMA, COHERE])
def test_a_call_is_a_span(
    oci_emulator: Emulator, telemetry: Telemetry, door: Door, model: str
) -> None:
    oci_emulator.when().answer("Fish.")
    answered = door(
        f"oci/{model}",
        ASK,
        transport="native",
        temperature=0.5,
        max_tokens=20,
        top_p=0.9,
        top_k=3,
        seed=7,
        stop="END",
    )
    span, said = telemetry.span, telemetry.said()
    assert span.name == f"chat {model}"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert span.end_time > span.start_time
    streamed = "gen_ai.request.stream" in said
    if streamed:
        assert 0 < said.pop("gen_ai.response.time_to_first_chunk") < 30
        assert said.pop("gen_ai.request.stream") is True
    assert said.pop("gen_ai.response.id")
    for detail in ("cache_read.input_tokens", "reasoning.output_tokens"):
        assert said.pop(f"gen_ai.usage.{detail}", 0) == 0
    host, port = oci_emulator.url.removeprefix("http://").split(":")
    assert said == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "oci.generative_ai",
        "gen_ai.request.model": model,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 20,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.top_k": 3,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.response.model": model,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": answered.usage["prompt_tokens"],
        "gen_ai.usage.output_tokens": answered.usage["completion_tokens"],
        "server.address": host,
        "server.port": int(port),
        "oci.opc_request_id": answered.opc_request_id,
        "oci.retries": 0,
    }


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_a_call_is_measured(oci_emulator: Emulator, telemetry: Telemetry, door: Door) -> None:
    oci_emulator.when().answer("Fish.")
    answered = door(LLAMA, ASK)
    [duration] = telemetry.points("gen_ai.client.operation.duration")
    assert 0 < duration.sum < 30
    assert list(duration.explicit_bounds)[:2] == [0.01, 0.02]
    common = dict(duration.attributes)
    assert set(common) == {
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.response.model",
        "server.address",
        "server.port",
    }
    tokens = {
        point.attributes["gen_ai.token.type"]: point.sum
        for point in telemetry.points("gen_ai.client.token.usage")
    }
    assert tokens == {
        "input": answered.usage["prompt_tokens"],
        "output": answered.usage["completion_tokens"],
    }
    first = telemetry.points("gen_ai.client.operation.time_to_first_chunk")
    assert len(first) == (1 if "gen_ai.request.stream" in telemetry.said() else 0)
    for point in first:
        assert 0 < point.sum <= duration.sum


def test_the_names_are_those_of_the_conventions(
    oci_emulator: Emulator, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAPTURE, "true")
    completion(
        LLAMA,
        ASK,
        n=2,
        temperature=1,
        presence_penalty=0.5,
        frequency_penalty=0.5,
        response_format={"type": "json_object"},
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    )
    embedding("cohere.embed-v4.0", "a", dimensions=256, embedding_types=["float", "int8"])
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI")}
    said = {name for span in telemetry.spans for name in span.attributes or ()}
    assert {name for name in said if name.startswith("gen_ai.")} <= known
    assert {"gen_ai.output.type", "gen_ai.request.choice.count", "gen_ai.input.messages"} <= said
    assert {"gen_ai.request.encoding_formats", "gen_ai.embeddings.dimension.count"} <= said


def test_thoughts_and_cached_tokens_are_counted(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    choice = {"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}
    body = {"id": "r0", "object": "chat.completion", "created": 1, "choices": [choice]}
    body |= {"model": LLAMA, "usage": usage}
    oci_emulator.when().reply_raw(200, {"content-type": "application/json"}, json.dumps(body))
    completion(LLAMA, ASK)
    assert telemetry.said()["gen_ai.usage.cache_read.input_tokens"] == 8
    assert telemetry.said()["gen_ai.usage.reasoning.output_tokens"] == 3


# --- whose child a span is ------------------------------------------------------------------------


def test_a_stream_belongs_to_where_it_was_opened_and_leaves_its_reader_alone(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    oci_emulator.when().answer("one two three four five six")
    with telemetry.tracer.start_as_current_span("opener") as opener:
        stream = completion(LLAMA, ASK, stream=True)
        assert trace.get_current_span() is opener
    with telemetry.tracer.start_as_current_span("reader") as reader:
        for _ in stream:
            assert trace.get_current_span() is reader
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert telemetry.span.parent.span_id == opener.get_span_context().span_id
    assert telemetry.span.context.trace_id == opener.get_span_context().trace_id


def test_a_call_without_a_parent_begins_a_trace(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    completion(LLAMA, ASK)
    assert telemetry.span.parent is None


@pytest.mark.anyio
async def test_calls_side_by_side_have_the_parents_of_their_tasks(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    parents: dict[str, int] = {}

    async def ask(number: int) -> None:
        with telemetry.tracer.start_as_current_span(f"task {number}") as parent:
            asked = [{"role": "user", "content": f"number {number}"}]
            if number % 2:
                reply: Any = await acompletion(LLAMA, asked)
            else:
                async with await acompletion(LLAMA, asked, stream=True) as stream:
                    [reply, *_] = [chunk async for chunk in stream]
            parents[reply.opc_request_id] = parent.get_span_context().span_id
            assert trace.get_current_span() is parent

    await asyncio.gather(*map(ask, range(60)))
    found = {span.attributes["oci.opc_request_id"]: span.parent.span_id for span in telemetry.spans}
    assert found == parents
    assert len(found) == 60


@pytest.mark.anyio
async def test_flows_that_begin_a_call_on_their_way_know_their_parents_too(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    """In a crowd they go on in threads."""
    parents: dict[str, int] = {}

    def on_the_way() -> Flow[Any]:
        call = prepare(LLAMA, ASK, None, {})
        return (yield from traced(exchange(call), call, call.request))

    async def ask(number: int) -> None:
        with telemetry.tracer.start_as_current_span(f"task {number}") as parent:
            reply = await aio.run(on_the_way())
            parents[reply["opc_request_id"]] = parent.get_span_context().span_id

    await asyncio.gather(*map(ask, range(60)))
    found = {span.attributes["oci.opc_request_id"]: span.parent.span_id for span in telemetry.spans}
    assert found == parents


def test_calls_in_threads_have_the_parents_of_their_threads(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    parents: dict[str, int] = {}

    def ask() -> None:
        with telemetry.tracer.start_as_current_span("thread") as parent:
            reply = completion(LLAMA, ASK)
            parents[reply.opc_request_id] = parent.get_span_context().span_id

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {span.attributes["oci.opc_request_id"]: span.parent.span_id for span in telemetry.spans}
    assert found == parents
    assert len(found) == 8


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_oci_is_not_told_of_the_trace(
    oci_emulator: Emulator, telemetry: Telemetry, door: Door
) -> None:
    with telemetry.tracer.start_as_current_span("mine"):
        door(LLAMA, ASK)
    sent = oci_emulator.ledger.last.headers
    assert not {"traceparent", "tracestate", "baggage"} & set(sent)


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_requests_that_were_repeated_are_counted(
    oci_emulator: Emulator, telemetry: Telemetry, door: Door
) -> None:
    oci_emulator.when().fail(503).times(1)
    oci_emulator.when().answer("Fish.")
    door(LLAMA, ASK)
    assert telemetry.said()["oci.retries"] == 1
    assert "error.type" not in telemetry.said()
    assert telemetry.span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_an_error_is_named_without_its_words(
    oci_emulator: Emulator, telemetry: Telemetry, door: Door
) -> None:
    oci_emulator.when().fail(429, code="TooManyRequests", message=f"You said: {SECRET}")
    with pytest.raises(errors.RateLimitError) as raised:
        door(LLAMA, ASK, max_retries=0)
    span, said = telemetry.span, telemetry.said()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "429 TooManyRequests"
    assert said["error.type"] == "RateLimitError"
    assert said["oci.opc_request_id"] == raised.value.opc_request_id
    assert not span.events
    assert SECRET not in span.to_json()
    [duration] = telemetry.points("gen_ai.client.operation.duration")
    assert duration.attributes["error.type"] == "RateLimitError"
    assert not telemetry.points("gen_ai.client.token.usage")


def test_what_cannot_be_asked_is_an_error_too(oci_emulator: Emulator, telemetry: Telemetry) -> None:
    with pytest.raises(errors.UnsupportedFeature):
        completion(COHERE, ASK, logit_bias={"5": 1})
    assert telemetry.said()["error.type"] == "UnsupportedFeature"
    assert telemetry.span.status.description is None


def broken_sync() -> None:
    for _ in completion(LLAMA, ASK, stream=True):
        pass


def broken_async() -> None:
    async def read() -> None:
        async for _ in await acompletion(LLAMA, ASK, stream=True):
            pass

    asyncio.run(read())


@pytest.mark.parametrize("read", [broken_sync, broken_async])
def test_a_stream_that_breaks_is_an_error(
    oci_emulator: Emulator, telemetry: Telemetry, read: Callable[[], None]
) -> None:
    oci_emulator.when().answer("one two three four five six").cut_after(3)
    with pytest.raises(errors.StreamBroken):
        read()
    said = telemetry.said()
    assert said["error.type"] == "StreamBroken"
    assert telemetry.span.status.status_code is StatusCode.ERROR
    assert said["oci.opc_request_id"] == oci_emulator.ledger.last.opc_request_id
    assert said["gen_ai.response.time_to_first_chunk"] > 0
    assert "gen_ai.response.finish_reasons" not in said


def left_sync() -> None:
    with completion(LLAMA, ASK, stream=True) as stream:
        next(stream)


def dropped_sync() -> None:
    next(completion(LLAMA, ASK, stream=True))


def left_async() -> None:
    async def read() -> None:
        async with await acompletion(LLAMA, ASK, stream=True) as stream:
            await anext(stream)

    asyncio.run(read())


@pytest.mark.parametrize("leave", [left_sync, dropped_sync, left_async])
def test_to_leave_a_stream_early_is_no_error(
    oci_emulator: Emulator, telemetry: Telemetry, leave: Callable[[], None]
) -> None:
    oci_emulator.when().answer("one two three four five six").stall(20, after_events=3)
    leave()
    said = telemetry.said()
    assert "error.type" not in said
    assert telemetry.span.status.status_code is StatusCode.UNSET
    assert said["gen_ai.response.time_to_first_chunk"] > 0
    assert "gen_ai.response.finish_reasons" not in said


def test_a_call_that_is_cancelled_says_so(oci_emulator: Emulator, telemetry: Telemetry) -> None:
    oci_emulator.when().stall(20)

    async def give_up() -> None:
        async with asyncio.timeout(0.2):
            await acompletion(LLAMA, ASK)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert telemetry.said()["error.type"] == "cancelled"
    assert telemetry.span.status.status_code is StatusCode.ERROR


# --- calls made of several ------------------------------------------------------------------------


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_answers_that_are_asked_for_apart_are_one_span(
    oci_emulator: Emulator, telemetry: Telemetry, door: Door
) -> None:
    oci_emulator.when().fail(503).times(1)
    oci_emulator.when().answer("Fish.")
    door(COHERE, ASK, n=3)
    said = telemetry.said()
    assert said["gen_ai.request.choice.count"] == 3
    assert said["gen_ai.response.finish_reasons"] == ("stop", "stop", "stop")
    assert said["oci.retries"] == 1


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_the_failure_of_one_of_several_is_the_failure_of_all(
    oci_emulator: Emulator, telemetry: Telemetry, door: Door
) -> None:
    oci_emulator.when().fail(400)
    with pytest.raises(errors.BadRequestError):
        door(COHERE, ASK, n=3)
    assert telemetry.said()["error.type"] == "BadRequestError"


@pytest.mark.parametrize("read", [DOORS["sync stream"], DOORS["async stream"]])
def test_the_stream_that_breaks_is_the_failure_of_all(
    oci_emulator: Emulator, telemetry: Telemetry, read: Door
) -> None:
    oci_emulator.when().answer("one two three").stall(20, after_events=2).times(1)
    oci_emulator.when().answer("one two three").cut_after(2)
    with pytest.raises(errors.StreamBroken):
        read(COHERE, ASK, n=2)
    said = telemetry.said()
    assert said["error.type"] == "StreamBroken"
    assert said["gen_ai.response.time_to_first_chunk"] > 0


def test_embeddings_are_a_span(oci_emulator: Emulator, telemetry: Telemetry) -> None:
    reply = embedding("cohere.embed-v4.0", ["a", "b"], dimensions=256)
    said = telemetry.said()
    assert telemetry.span.name == "embeddings cohere.embed-v4.0"
    assert said["gen_ai.operation.name"] == "embeddings"
    assert said["gen_ai.embeddings.dimension.count"] == 256
    assert said["gen_ai.usage.input_tokens"] == reply.usage.prompt_tokens
    assert said["oci.opc_request_id"] == reply.opc_request_id
    [tokens] = telemetry.points("gen_ai.client.token.usage")
    assert tokens.attributes["gen_ai.token.type"] == "input"


def test_embeddings_of_many_inputs_are_one_span(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    embedding("cohere.embed-v4.0", [f"text {number}" for number in range(200)])
    assert telemetry.said()["oci.retries"] == 0
    assert len(oci_emulator.ledger) > 1


def test_rerankings_and_guardrails_are_spans(oci_emulator: Emulator, telemetry: Telemetry) -> None:
    reranked = rerank("cohere.rerank-v4.0-fast", "a", ["a", "b"])
    guarded = apply_guardrails("a", prompt_injection=True)
    first, second = telemetry.spans
    assert first.name == "rerank cohere.rerank-v4.0-fast"
    assert first.attributes["oci.opc_request_id"] == reranked.opc_request_id
    assert second.name == "guardrails"
    assert second.attributes["gen_ai.operation.name"] == "guardrails"
    assert second.attributes["oci.opc_request_id"] == guarded.opc_request_id
    assert "gen_ai.request.model" not in second.attributes


# --- texts ----------------------------------------------------------------------------------------

CHAT = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": SECRET},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGlkZGVu"}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "42"},
]
TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "Does it.", "parameters": {"type": "object"}},
}


@pytest.mark.parametrize("door", EVERY_DOOR)
@pytest.mark.parametrize("value", [None, "false", "NO_CONTENT", "EVENT_ONLY"])
def test_no_text_is_recorded_unasked(
    oci_emulator: Emulator,
    telemetry: Telemetry,
    monkeypatch: pytest.MonkeyPatch,
    door: Door,
    value: str | None,
) -> None:
    if value:
        monkeypatch.setenv(CAPTURE, value)
    oci_emulator.when().answer("swordfish")
    door("google.gemini-2.5-flash", CHAT, tools=[TOOL])
    assert "swordfish" not in telemetry.span.to_json()
    assert "Does it." not in telemetry.span.to_json()


@pytest.mark.parametrize("door", EVERY_DOOR)
@pytest.mark.parametrize("value", ["true", "SPAN_ONLY", "span_and_event"])
def test_texts_are_recorded_where_they_are_asked_for(
    oci_emulator: Emulator,
    telemetry: Telemetry,
    monkeypatch: pytest.MonkeyPatch,
    door: Door,
    value: str,
) -> None:
    monkeypatch.setenv(CAPTURE, value)
    scripted = oci_emulator.when().answer("I will look it up.").think("Hm. Well.")
    scripted.call_tool("f", {"b": [2, 3]}).call_tool("f", {})
    answered = door("google.gemini-2.5-flash", CHAT, tools=[TOOL])
    said = telemetry.said()
    assert json.loads(said["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {
            "role": "user",
            "parts": [
                {"type": "text", "content": SECRET},
                {"type": "image", "mime_type": "image/png"},
                {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
            ],
        },
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "42"}]},
    ]
    first, second = (call["id"] for call in answered.message["tool_calls"])
    thoughts = {"type": "reasoning", "content": "Hm. Well."}
    assert json.loads(said["gen_ai.output.messages"]) == [
        {
            "role": "assistant",
            "parts": [
                *([thoughts] if answered.message.get("reasoning_content") else []),
                {"type": "text", "content": "I will look it up."},
                {"type": "tool_call", "id": first, "name": "f", "arguments": {"b": [2, 3]}},
                {"type": "tool_call", "id": second, "name": "f", "arguments": {}},
            ],
            "finish_reason": "tool_calls",
        }
    ]
    assert json.loads(said["gen_ai.tool.definitions"]) == [
        {"type": "function", **TOOL["function"]}  # type: ignore[dict-item]
    ]


def test_what_had_come_of_a_broken_stream_is_recorded(
    oci_emulator: Emulator, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAPTURE, "true")
    oci_emulator.when().answer("one two three four five six").cut_after(4)
    with pytest.raises(errors.StreamBroken) as raised:
        broken_sync()
    [message] = json.loads(telemetry.said()["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "text", "content": raised.value.partial}]
    assert message["finish_reason"] == ""


def test_messages_that_nobody_can_read_do_not_get_in_the_way(
    oci_emulator: Emulator, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAPTURE, "true")
    with pytest.raises(errors.InvalidRequest):
        completion(LLAMA, [{"role": "user", "content": 5}])
    [message] = json.loads(telemetry.said()["gen_ai.input.messages"])
    assert message["parts"] == [{"type": "unknown"}]


# --- where it is not, or not wholly, set up -------------------------------------------------------


def test_a_span_that_is_not_sampled_is_measured_all_the_same(
    oci_emulator: Emulator, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", TracerProvider(sampler=ALWAYS_OFF))
    completion(LLAMA, ASK)
    assert telemetry.points("gen_ai.client.operation.duration")


def test_metrics_need_no_traces(
    oci_emulator: Emulator, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", None)
    completion(LLAMA, ASK)
    assert telemetry.points("gen_ai.client.operation.duration")
    assert not telemetry.spans


def test_traces_need_no_metrics(
    oci_emulator: Emulator, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opentelemetry.metrics._internal._METER_PROVIDER", None)
    completion(LLAMA, ASK)
    assert telemetry.span
    assert not telemetry.points("gen_ai.client.operation.duration")


@pytest.mark.parametrize(
    ("before", "loaded"),
    [
        pytest.param("", set(), id="nothing"),
        pytest.param(
            "import opentelemetry.trace, opentelemetry.metrics",
            {"opentelemetry", "opentelemetry.trace", "opentelemetry.metrics"},
            id="only the API",
        ),
    ],
)
def test_nothing_is_loaded_for_a_program_that_has_set_nothing_up(
    oci_emulator: Emulator, before: str, loaded: set[str]
) -> None:
    program = f"""{before}
import sys, ocicat
ocicat.completion({LLAMA!r}, {ASK!r})
for chunk in ocicat.completion({LLAMA!r}, {ASK!r}, stream=True):
    pass
print([name for name in sys.modules if name.startswith(("opentelemetry", "ocicat.client.spans"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=40
    )
    found = set(json.loads(done.stdout.replace("'", '"')))
    assert "ocicat.client.spans" not in found
    assert "opentelemetry.sdk" not in found
    assert found >= loaded
    assert loaded or not found


def test_the_openai_sdk_is_a_door_too(oci_emulator: Emulator, telemetry: Telemetry) -> None:
    client = OciOpenAI()
    with telemetry.tracer.start_as_current_span("mine") as parent:
        client.chat.completions.create(model=LLAMA, messages=ASK)  # type: ignore[arg-type]
        client.responses.create(model=LLAMA, input=SECRET)
        client.embeddings.create(model="cohere.embed-v4.0", input="a")
    assert [span.name for span in telemetry.spans] == [
        f"chat {LLAMA}",
        f"chat {LLAMA}",
        "embeddings cohere.embed-v4.0",
    ]
    assert {span.parent.span_id for span in telemetry.spans} == {parent.get_span_context().span_id}


# --- OCI's own Responses --------------------------------------------------------------------------

GROK = "xai.grok-4.3"
GPT_OSS = "openai.gpt-oss-120b"
Responder = Callable[..., Any]


def respond_sync(**body: Any) -> Any:
    return OciOpenAI(max_retries=0).responses.create(**body)


def respond_async(**body: Any) -> Any:
    async def ask() -> Any:
        async with AsyncOciOpenAI(max_retries=0) as client:
            return await client.responses.create(**body)

    return asyncio.run(ask())


def stream_sync(**body: Any) -> Any:
    *_, last = OciOpenAI(max_retries=0).responses.create(**body, stream=True)
    return last.response


def stream_async(**body: Any) -> Any:
    async def ask() -> Any:
        async with AsyncOciOpenAI(max_retries=0) as client:
            *_, last = [event async for event in await client.responses.create(**body, stream=True)]
            return last.response

    return asyncio.run(ask())


STREAMS = [stream_sync, stream_async]
RESPONDERS = pytest.mark.parametrize("respond", [respond_sync, respond_async, *STREAMS])


@RESPONDERS
def test_a_response_of_ocis_own_is_a_span(
    oci_emulator: Emulator, telemetry: Telemetry, respond: Responder
) -> None:
    oci_emulator.when().answer("Fish.")
    conversation = OciOpenAI().conversations.create().id
    response = respond(
        model=f"oci/{GROK}",
        input=SECRET,
        temperature=0.5,
        top_p=0.9,
        max_output_tokens=20,
        conversation=conversation,
        text={"format": {"type": "json_object"}},
    )
    assert oci_emulator.ledger.last.target == "/openai/v1/responses"
    span, said = telemetry.span, telemetry.said()
    assert (span.name, span.kind) == (f"chat {GROK}", SpanKind.CLIENT)
    assert span.status.status_code is StatusCode.UNSET
    assert SECRET not in span.to_json()
    common = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "oci.generative_ai",
        "gen_ai.request.model": GROK,
        "gen_ai.response.model": GROK,
        "server.address": said["server.address"],
        "server.port": said["server.port"],
    }
    streamed = respond in STREAMS
    if streamed:
        assert said.pop("gen_ai.response.time_to_first_chunk") > 0
        assert said.pop("gen_ai.request.stream") is True
    for detail in ("cache_read.input_tokens", "reasoning.output_tokens"):
        assert said.pop(f"gen_ai.usage.{detail}", 0) == 0
    assert said == {
        **common,
        "gen_ai.conversation.id": conversation,
        "gen_ai.output.type": "json",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 20,
        "gen_ai.response.id": response.id,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": response.usage.input_tokens,
        "gen_ai.usage.output_tokens": response.usage.output_tokens,
        "oci.opc_request_id": oci_emulator.ledger.last.opc_request_id,
        "oci.retries": 0,
    }
    [duration] = telemetry.points("gen_ai.client.operation.duration")
    assert dict(duration.attributes) == common
    tokens = telemetry.points("gen_ai.client.token.usage")
    assert sorted(point.attributes["gen_ai.token.type"] for point in tokens) == ["input", "output"]
    first = telemetry.points("gen_ai.client.operation.time_to_first_chunk")
    assert len(first) == streamed


@RESPONDERS
def test_what_is_said_in_a_response_of_ocis_own_is_recorded_where_it_is_asked_for(
    oci_emulator: Emulator,
    telemetry: Telemetry,
    monkeypatch: pytest.MonkeyPatch,
    respond: Responder,
) -> None:
    monkeypatch.setenv(CAPTURE, "true")
    oci_emulator.when().think("Hm.").answer("I will look it up.").call_tool("f", {"b": 2})
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}
    server = {"type": "mcp", "server_label": "s", "server_url": "https://s", "authorization": "key"}
    response = respond(
        model=GPT_OSS,
        instructions="Be brief.",
        input=[
            {"role": "user", "content": SECRET},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'},
            {"type": "function_call_output", "call_id": "c1", "output": "42"},
        ],
        tools=[tool, server],
    )
    said = telemetry.said()
    call = next(item for item in response.output if item.type == "function_call")
    assert json.loads(said["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": SECRET}]},
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "42"}]},
    ]
    [message] = json.loads(said["gen_ai.output.messages"])
    assert message == {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "Hm."},
            {"type": "text", "content": "I will look it up."},
            {"type": "tool_call", "id": call.call_id, "name": "f", "arguments": {"b": 2}},
        ],
        "finish_reason": "tool_calls",
    }
    assert [tool["type"] for tool in json.loads(said["gen_ai.tool.definitions"])] == [
        *("function", "mcp"),
    ]
    assert '"key"' not in telemetry.span.to_json()


@RESPONDERS
def test_a_refused_response_of_ocis_own_is_an_error(
    oci_emulator: Emulator, telemetry: Telemetry, respond: Responder
) -> None:
    oci_emulator.when().fail(429, code="TooManyRequests", message=f"You said: {SECRET}")
    with pytest.raises(openai.RateLimitError):
        respond(model=GROK, input=SECRET)
    span, said = telemetry.span, telemetry.said()
    assert span.status.status_code is StatusCode.ERROR
    assert said["error.type"] == "RateLimitError"
    assert said["oci.opc_request_id"] == oci_emulator.ledger.last.opc_request_id
    assert SECRET not in span.to_json()


@pytest.mark.parametrize("respond", STREAMS)
def test_a_stream_of_ocis_own_that_breaks_is_an_error(
    oci_emulator: Emulator, telemetry: Telemetry, respond: Responder
) -> None:
    oci_emulator.when().answer("one two three four five six").cut_after(6)
    with pytest.raises(openai.APIError):
        respond(model=GROK, input="a")
    said = telemetry.said()
    assert said["error.type"] == "StreamBroken"
    assert said["gen_ai.response.id"]
    assert said["gen_ai.response.time_to_first_chunk"] > 0
    assert "gen_ai.response.finish_reasons" not in said


FAILED = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": GROK,
    "status": "failed",
    "output": [],
    "error": {"code": "server_error", "message": SECRET},
}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_response_that_says_that_it_failed_is_an_error(
    oci_emulator: Emulator, telemetry: Telemetry, streamed: bool
) -> None:
    event = {"type": "response.failed", "sequence_number": 0, "response": FAILED}
    body = f"data: {json.dumps(event)}\n\n" if streamed else json.dumps(FAILED)
    kind = "text/event-stream" if streamed else "application/json"
    oci_emulator.when().reply_raw(200, {"content-type": kind}, body)
    answered = (stream_sync if streamed else respond_sync)(model=GROK, input="a")
    assert answered.status == "failed"
    span, said = telemetry.span, telemetry.said()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "500 server_error"
    assert (said["error.type"], said["gen_ai.response.id"]) == ("InternalServerError", "resp_1")
    assert SECRET not in span.to_json()


def test_a_response_in_the_background_has_not_failed(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    response = respond_sync(model=GROK, input="a", background=True)
    assert response.status == "queued"
    said = telemetry.said()
    assert said["gen_ai.response.id"] == response.id
    assert not {"error.type", "gen_ai.response.finish_reasons"} & said.keys()


def test_items_that_only_oci_understands_do_not_get_in_the_way(
    oci_emulator: Emulator, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAPTURE, "true")
    with pytest.raises(openai.APIStatusError):
        respond_sync(model=GROK, input=[{"type": "item_reference", "id": "msg_1"}])
    assert "gen_ai.input.messages" not in telemetry.said()


@pytest.mark.parametrize("respond", [respond_sync, stream_sync])
def test_a_response_out_of_a_chat_goes_by_the_id_that_its_caller_sees(
    oci_emulator: Emulator, telemetry: Telemetry, respond: Responder
) -> None:
    response = respond(model=LLAMA, input="a")
    assert telemetry.said()["gen_ai.response.id"] == response.id


@pytest.mark.parametrize(
    "odd",
    [
        {"tools": 5},
        {"response_format": {"type": []}},
        {"tools": [5]},
        {"stop": 5},
    ],
)
def test_what_is_refused_for_its_shape_is_so_with_telemetry_too(
    oci_emulator: Emulator,
    telemetry: Telemetry,
    monkeypatch: pytest.MonkeyPatch,
    odd: dict[str, Any],
) -> None:
    monkeypatch.setenv(CAPTURE, "true")
    with pytest.raises(errors.InvalidRequest):
        completion(LLAMA, ASK, **odd)
    assert telemetry.said()["error.type"] == "InvalidParameter"


def test_a_search_of_a_vector_store_is_a_retrieval(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    client = OciOpenAI()
    store = client.vector_stores.create(name="a")
    client.vector_stores.search(store.id, query=SECRET)
    span, said = telemetry.span, telemetry.said()
    assert (span.name, span.kind) == (f"retrieval {store.id}", SpanKind.CLIENT)
    assert said == {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.provider.name": "oci.generative_ai",
        "gen_ai.data_source.id": store.id,
        "server.address": said["server.address"],
        "server.port": said["server.port"],
        "oci.opc_request_id": oci_emulator.ledger.last.opc_request_id,
        "oci.retries": 0,
    }


def test_what_is_no_generative_call_is_no_span(
    oci_emulator: Emulator, telemetry: Telemetry
) -> None:
    client = OciOpenAI()
    client.models.list()
    client.conversations.create()
    assert telemetry.spans == []
