"""Everything that a chat can ask, through every door, over every wire, on real sockets.

The emulator behaves as each family does: it cuts tool calls its family's way, leaves ids out where
its family does, and refuses what OCI is known to refuse.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat import errors
from ocicat.emulator import Emulator
from support.doors import DOORS, Door

LLAMA, GROK, GPT = "meta.llama-3.3-70b-instruct", "xai.grok-4.3", "openai.gpt-oss-120b"
GEMINI, SCOUT = "google.gemini-2.5-flash", "meta.llama-4-scout-17b-16e-instruct"
COHERE, COHERE_V2 = "cohere.command-a-03-2025", "cohere.command-a-reasoning-08-2025"
MULTI_AGENT = "xai.grok-4.20-multi-agent"


def wire(model: str, transport: str | None = None) -> Any:
    return pytest.param(model, transport, id=f"{model.split('-')[0]} {transport or ''}".strip())


WIRES = [
    wire(LLAMA),
    wire(GROK),
    wire(GPT),
    wire(GEMINI),
    wire(LLAMA, "native"),
    wire(GROK, "native"),
    wire(GPT, "native"),
    wire(GEMINI, "native"),
    wire(GROK, "responses"),
    pytest.param(COHERE, None, id="COHERE"),
    pytest.param(COHERE_V2, None, id="COHEREV2"),
    pytest.param(MULTI_AGENT, None, id="Responses only"),
]
#: One for each dialect.
DIALECTS = [WIRES[0], WIRES[4], WIRES[8], WIRES[9], WIRES[10]]
SEEING = [
    wire(SCOUT),
    wire(SCOUT, "native"),
    wire(GEMINI),
    wire(GEMINI, "native"),
    wire(GROK, "responses"),
    pytest.param("COHEREV2", None, id="COHEREV2"),  # the emulator's endpoint
]
REASONING = [WIRES[2], WIRES[6], WIRES[8], WIRES[10]]

ASK = [{"role": "user", "content": "What is the weather in Oslo and in Rome?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "get_time", "description": "The time."}}
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)

pytestmark = pytest.mark.parametrize("door", [pytest.param(d, id=n) for n, d in DOORS.items()])


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_a_tool_is_called(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("weather").call_tool("get_weather", {"city": "Oslo — ☁", "days": 2})
    answered = door(model, ASK, transport=transport, tools=[WEATHER, CLOCK])
    assert answered.calls == [("get_weather", {"city": "Oslo — ☁", "days": 2})]
    assert answered.finish_reasons == ["tool_calls"]
    assert answered.message["tool_calls"][0]["id"]
    assert answered.message["tool_calls"][0]["type"] == "function"


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_tools_are_called_side_by_side(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("weather").call_tool("get_weather", {"city": "Oslo"}).call_tool(
        "get_weather", {"city": "Rome"}
    ).call_tool("get_time", {})
    answered = door(model, ASK, transport=transport, tools=[WEATHER, CLOCK])
    assert answered.calls == [
        ("get_weather", {"city": "Oslo"}),
        ("get_weather", {"city": "Rome"}),
        ("get_time", {}),
    ]
    assert answered.finish_reasons == ["tool_calls"]
    assert len({call["id"] for call in answered.message["tool_calls"]}) == 3


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_a_loop_with_tools_comes_to_its_end(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("weather").call_tool("get_weather", {"city": "Oslo"}).call_tool(
        "get_weather", {"city": "Rome"}
    ).times(1)
    oci_emulator.when("weather").call_tool("get_time", {}).times(1)
    oci_emulator.when("weather").answer("Rain and sun.")
    messages: list[Any] = [{"role": "system", "content": "Be brief."}, *ASK]
    results = {"Oslo": "rain", "Rome": [{"type": "text", "text": "sun"}]}
    for _ in range(2):
        answered = door(model, messages, transport=transport, tools=[WEATHER, CLOCK])
        messages.append(answered.message)
        for call in answered.message["tool_calls"]:
            city = json.loads(call["function"]["arguments"]).get("city")
            content = results.get(city, "noon")
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})
    answered = door(model, messages, transport=transport, tools=[WEATHER, CLOCK])
    assert answered.text == "Rain and sun."
    assert answered.finish_reasons == ["stop"]
    request: Any = oci_emulator.ledger.last.request
    told = [
        message["content"] if isinstance(message["content"], str) else message["content"][0]["text"]
        for message in request["messages"]
        if message["role"] == "tool"
    ]
    assert [any(word in text for text in told) for word in ("rain", "sun", "noon")] == [True] * 3
    assert len(told) == 3


@pytest.mark.parametrize(("model", "transport"), WIRES)
@pytest.mark.parametrize(
    "choice", ["none", "auto", "required", {"type": "function", "function": {"name": "get_time"}}]
)
def test_every_tool_choice_is_said(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None, choice: Any
) -> None:
    answered = door(model, ASK, transport=transport, tools=[WEATHER, CLOCK], tool_choice=choice)
    if choice == "none":
        assert not answered.calls
    elif choice != "auto":
        assert answered.calls
    if isinstance(choice, dict):
        assert [name for name, _ in answered.calls] == ["get_time"]


@pytest.mark.parametrize(("model", "transport"), SEEING)
def test_images_are_shown(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
    ]
    model = oci_emulator.endpoints.get(model, model)
    door(model, [{"role": "user", "content": content}], transport=transport)
    request: Any = oci_emulator.ledger.last.request
    shown = [part for part in request["messages"][-1]["content"] if part["type"] == "image_url"]
    assert shown == [{"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}]


@pytest.mark.parametrize(("model", "transport"), [wire(LLAMA), wire(LLAMA, "native"), WIRES[9]])
def test_a_model_that_sees_no_images_refuses_them_by_name(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    content = [{"type": "image_url", "image_url": {"url": PNG}}]
    with pytest.raises(errors.UnsupportedFeature, match="image") as caught:
        door(model, [{"role": "user", "content": content}], transport=transport)
    assert caught.value.parameter == "messages[0].content"
    assert not oci_emulator.ledger.chats


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_an_answer_follows_a_schema(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    schema = {
        "type": "object",
        "title": "Weather",
        "$defs": {"Sky": {"enum": ["clear", "cloudy"], "title": "Sky", "type": "string"}},
        "properties": {
            "city": {"type": "string"},
            "sky": {"$ref": "#/$defs/Sky"},
            "wind": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        },
        "required": ["city", "sky"],
    }
    format = {"type": "json_schema", "json_schema": {"name": "weather", "schema": schema}}
    answered = door(model, ASK, transport=transport, response_format=format)
    said = json.loads(answered.text)
    assert isinstance(said["city"], str)
    assert said["sky"] in ("clear", "cloudy")


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_an_answer_may_be_any_json(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    answered = door(model, ASK, transport=transport, response_format={"type": "json_object"})
    assert isinstance(json.loads(answered.text), dict)


@pytest.mark.parametrize(("model", "transport"), REASONING)
def test_thoughts_are_told_apart_from_the_answer(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("weather").think("First, Oslo. Then — Rome.").answer("Rain.")
    answered = door(model, ASK, transport=transport, reasoning_effort="high")
    assert answered.message["reasoning_content"] == "First, Oslo. Then — Rome."
    assert answered.text == "Rain."
    assert answered.usage["completion_tokens_details"]["reasoning_tokens"] > 0


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_thoughts_do_not_disturb_the_next_turn(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    history = [*ASK, {"role": "assistant", "content": "Rain.", "reasoning_content": "Hm."}]
    oci_emulator.when("sure").answer("Yes.")
    again = [*history, {"role": "user", "content": "Are you sure?"}]
    assert door(model, again, transport=transport).text == "Yes."


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_usage_is_what_oci_counted(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("weather").answer("one two three")
    usage = door(model, ASK, transport=transport).usage
    assert usage["completion_tokens"] == 3
    assert usage["total_tokens"] == usage["prompt_tokens"] + 3


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_a_long_context_goes_through_whole(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    long = "Grüße aus Zürich ☀ " * 20_000
    oci_emulator.when("weather").answer(long[:100_000])
    messages = [{"role": "user", "content": long}, {"role": "assistant", "content": "x"}, *ASK]
    answered = door(model, messages, transport=transport, max_tokens=100_000)
    assert answered.text.strip() == long[:100_000].strip()
    request: Any = oci_emulator.ledger.last.request
    assert request["messages"][0]["content"] == long


@pytest.mark.parametrize(("model", "transport"), WIRES)
@pytest.mark.parametrize(
    "text", ["🧑‍🚀 é ́ \u200b\u2028 \U0001f1f3\U0001f1f4", "a\tb\n\n c", '{"a": "\\""}']
)
def test_every_character_arrives(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None, text: str
) -> None:
    oci_emulator.when("say").answer(text)
    messages = [{"role": "user", "content": f"say {text}"}]
    assert door(model, messages, transport=transport).text == text
    request: Any = oci_emulator.ledger.last.request
    assert request["messages"][-1]["content"] == f"say {text}"


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_an_empty_answer_is_an_answer(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("weather").answer("")
    answered = door(model, ASK, transport=transport)
    assert answered.text == ""
    assert answered.finish_reasons == ["stop"]


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_an_empty_turn_in_the_history_is_no_obstacle(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("weather").answer("Rain.")
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": ""}, *ASK]
    assert door(model, messages, transport=transport).text == "Rain."


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_several_answers(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    answered = door(model, ASK, transport=transport, n=3)
    assert [choice["index"] for choice in answered.choices] == [0, 1, 2]
    assert all(choice["message"]["content"] for choice in answered.choices)
    assert answered.usage["completion_tokens"] > 3


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
@pytest.mark.parametrize(
    "event", [{"code": "500", "message": "boom"}, {"error": {"message": "boom"}}]
)
def test_an_error_in_mid_stream_is_an_error(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None, event: Any
) -> None:
    oci_emulator.when("weather").answer("one two three").error_event(event, after_events=2)
    with pytest.raises(errors.OcicatError, match="boom"):
        door(model, ASK, transport=transport, max_retries=0)


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
@pytest.mark.parametrize("mid_event", [False, True])
@pytest.mark.parametrize("clean", [False, True])
def test_an_answer_that_breaks_off_is_an_error(
    oci_emulator: Emulator,
    door: Door,
    model: str,
    transport: str | None,
    mid_event: bool,
    clean: bool,
) -> None:
    oci_emulator.when("weather").answer("one two three four").cut_after(
        3, mid_event=mid_event, clean=clean
    )
    with pytest.raises(errors.TransportError):
        door(model, ASK, transport=transport, max_retries=0)


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_what_everyday_clients_send_is_taken(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    answered = door(
        model,
        ASK,
        transport=transport,
        n=1,
        user="me",
        store=False,
        tools=[WEATHER],
        parallel_tool_calls=True,
        tool_choice="auto",
        prompt_cache_key="k",
        metadata={"a": "b"},
    )
    assert answered.finish_reasons[0] in ("stop", "tool_calls")


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_a_parameter_that_the_model_refuses_is_left_out_and_reported(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    for shape in ("nested", "text", "openai"):
        oci_emulator.script.clear()
        oci_emulator.when("weather").refuse_parameter("temperature", shape=shape)
        answered = door(model, ASK, transport=transport, temperature=0.3)
        assert [note["parameter"] for note in answered.notes] == ["temperature"]


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE", "COHEREV2"])
def test_an_endpoint_that_does_not_stream_answers_in_one_piece(
    oci_emulator: Emulator, door: Door, api_format: str
) -> None:
    oci_emulator.when("weather").refuse_streaming().answer("Rain.")
    answered = door(oci_emulator.endpoints[api_format], ASK)
    assert answered.text == "Rain."
    assert answered.usage


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE", "COHEREV2"])
def test_what_an_endpoint_speaks_is_looked_up_once(
    oci_emulator: Emulator, door: Door, api_format: str
) -> None:
    endpoint = oci_emulator.endpoints[api_format]
    for _ in range(2):
        door(endpoint, ASK)
    assert oci_emulator.ledger.last.json["chatRequest"]["apiFormat"] == api_format
    looked_up = [entry for entry in oci_emulator.ledger if entry.method == "GET"]
    assert len(looked_up) <= 2


def test_a_deployment_of_data_science_is_called_by_its_ocid(
    oci_emulator: Emulator, door: Door
) -> None:
    oci_emulator.when("weather").answer("Rain.")
    answered = door(oci_emulator.deployments[0], ASK)
    assert answered.text == "Rain."
    assert "opc-compartment-id" not in oci_emulator.ledger.last.headers


@pytest.mark.parametrize("tail", ["", "/predict", "/predictWithResponseStream", "/predict/v1"])
def test_a_deployment_is_called_by_whichever_url_people_have(
    oci_emulator: Emulator, door: Door, tail: str
) -> None:
    oci_emulator.when("weather").answer("Rain.")
    base = f"{oci_emulator.url}/{oci_emulator.deployments[0]}{tail}"
    answered = door("odsc-llm", ASK, api_base=base)
    assert answered.text == "Rain."
    assert answered.usage
    streams_apart = tail in ("/predict", "/predictWithResponseStream")
    is_stream = bool(oci_emulator.ledger.last.json.get("stream"))
    assert ("predictWithResponseStream" in oci_emulator.ledger.last.path) == (
        streams_apart and is_stream
    )
