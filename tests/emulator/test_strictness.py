"""What one model takes and another does not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.refusals import Refused
from ocicat.emulator.strictness import check_model
from ocicat.routing import catalog
from support.emulator_client import (
    LLAMA,
    Answer,
    ask,
    chat_body,
    cohere_body,
    openai_body,
    openai_headers,
)

CHAT = "/20231130/actions/chat"
COMPLETIONS = "/openai/v1/chat/completions"
FORMAT = {"code": "400", "message": "Please pass in correct format of request."}
GROK = "xai.grok-4.3"
GEMINI = "google.gemini-2.5-flash"
PNG = "data:image/png;base64,iVBORw=="


def native(emulator: Emulator, model: str = LLAMA, **chat: Any) -> Answer:
    return ask(emulator, "POST", CHAT, chat_body(emulator, model=model, **chat))


def openai(emulator: Emulator, model: str = LLAMA, **more: Any) -> Answer:
    body = openai_body(model=model, **more)
    return ask(emulator, "POST", COMPLETIONS, body, openai_headers(emulator))


def text(role: str, said: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "TEXT", "text": said}], **more}


def tool(**parameters: Any) -> dict[str, Any]:
    return {"type": "FUNCTION", "name": "f", "parameters": parameters}


def openai_tool(**parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", "parameters": parameters}}


SHOWN = [{"role": "USER", "content": [{"type": "IMAGE", "imageUrl": {"url": PNG}}]}]
OPENAI_SHOWN = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}]


def test_images_are_refused_by_a_model_of_texts(emulator: Emulator) -> None:
    over_native = native(emulator, messages=SHOWN)
    over_openai = openai(emulator, messages=OPENAI_SHOWN)

    assert (over_native.status, over_native.json) == (400, FORMAT)
    assert "messages[0]: image" in over_native.reason
    assert (over_openai.status, over_openai.json["error"]["param"]) == (400, "messages[0].content")


def test_images_are_shown_to_a_model_that_sees(emulator: Emulator) -> None:
    assert "1 image (png, 4 bytes)" in native(emulator, GROK, messages=SHOWN).body.decode()
    assert "1 image (png, 4 bytes)" in openai(emulator, GROK, messages=OPENAI_SHOWN).body.decode()


def test_of_an_unknown_model_nothing_is_refused(emulator: Emulator) -> None:
    emulator.add_model("meta.llama-99")
    assert native(emulator, "meta.llama-99", messages=SHOWN).status == 200


def test_tools_are_refused_by_a_model_without_tools(emulator: Emulator) -> None:
    body = cohere_body(emulator)
    body["servingMode"] = {"servingType": "DEDICATED", "endpointId": emulator.endpoints["COHEREV2"]}
    function = {"name": "f", "parameters": {"type": "object"}}
    body["chatRequest"] = {
        "apiFormat": "COHEREV2",
        "messages": [text("USER", "Hi")],
        "tools": [{"type": "FUNCTION", "function": function}],
    }
    answer = ask(emulator, "POST", CHAT, body)

    assert (answer.status, answer.json) == (400, FORMAT)
    assert "uses none" in answer.reason


def test_tools_after_a_system_message_are_refused_on_the_openai_surface_only() -> None:
    facts = replace(catalog.facts(LLAMA), tools_after_system=False)
    system = {"role": "system", "content": "Be brief."}
    user = {"role": "user", "content": "Hi"}

    def check(messages: Any, *, native: bool) -> None:
        request: Any = {"model": LLAMA, "messages": messages, "tools": [openai_tool()]}
        check_model(request, facts, native=native)

    with pytest.raises(Refused, match="the first message is a system message"):
        check([system, user], native=False)
    check([system, user], native=True)
    check([user], native=False)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}},
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}]}}},
        {"type": "object", "properties": {"a": {"type": "array", "items": {"title": "A"}}}},
    ],
)
def test_schemas_that_generic_does_not_understand_are_refused(
    emulator: Emulator, schema: Any
) -> None:
    format = {"type": "JSON_SCHEMA", "jsonSchema": {"name": "x", "schema": schema}}
    for answer in (
        native(emulator, tools=[tool(**schema)]),
        native(emulator, responseFormat=format),
    ):
        assert (answer.status, answer.json) == (400, FORMAT)
        assert "in a JSON Schema" in answer.reason
    assert openai(emulator, tools=[openai_tool(**schema)]).status == 200


def test_properties_may_have_any_name(emulator: Emulator) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "$ref": {}}}
    assert native(emulator, tools=[tool(**schema)]).status == 200


def test_bounds_that_exclude_are_refused_by_gemini(emulator: Emulator) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer", "exclusiveMinimum": 0}}}
    over_openai = openai(emulator, GEMINI, tools=[openai_tool(**schema)])

    assert native(emulator, GEMINI, tools=[tool(**schema)]).json == FORMAT
    assert over_openai.status == 400
    assert "exclusiveMinimum" in over_openai.json["error"]["message"]
    assert native(emulator, GROK, tools=[tool(**schema)]).status == 200


CALL = {"type": "FUNCTION", "name": "f", "arguments": "{}"}
ASKED = [
    text("USER", "Hi"),
    {"role": "ASSISTANT", "toolCalls": [{**CALL, "id": "1"}, {**CALL, "id": "2"}]},
]
RESULTS = [text("TOOL", "one", toolCallId="1"), text("TOOL", "two", toolCallId="2")]


def test_gemini_wants_a_result_for_each_call(emulator: Emulator) -> None:
    refused = native(emulator, GEMINI, messages=[*ASKED, RESULTS[0]])
    left = native(emulator, GEMINI, messages=[*ASKED, text("USER", "Never mind.")])

    assert refused.status == left.status == 400
    assert "number of function response parts" in refused.json["message"]
    assert "2 tool calls are followed by 1 results" in refused.reason
    assert native(emulator, GEMINI, messages=[*ASKED, *RESULTS]).status == 200
    assert native(emulator, messages=[*ASKED, RESULTS[0]]).status == 200


def test_gemini_wants_it_on_the_openai_surface_too(emulator: Emulator) -> None:
    function = {"name": "f", "arguments": "{}"}
    calls = [{"id": id, "type": "function", "function": function} for id in "12"]
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "1", "content": "one"},
    ]
    answer = openai(emulator, GEMINI, messages=messages)
    assert (answer.status, answer.json["error"]["param"]) == (400, "messages")


@pytest.mark.parametrize(
    "messages",
    [
        [text("SYSTEM", ""), text("USER", "Hi")],
        [text("USER", "Hi"), text("ASSISTANT", ""), text("USER", "Hi?")],
        [{"role": "USER", "content": []}, text("USER", "Hi")],
    ],
)
def test_an_empty_message_of_the_history_is_refused(emulator: Emulator, messages: Any) -> None:
    answer = native(emulator, messages=messages)

    assert (answer.status, answer.json) == (400, FORMAT)
    assert "a message of the history is empty" in answer.reason


def test_an_empty_message_of_coheres_history_is_refused(emulator: Emulator) -> None:
    history = [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": ""}]
    answer = ask(emulator, "POST", CHAT, cohere_body(emulator, chatHistory=history))
    assert (answer.status, answer.json) == (400, FORMAT)


def test_coheres_message_may_be_empty_beside_results(emulator: Emulator) -> None:
    call = {"name": "f", "parameters": {"a": 1}}
    history = [
        {"role": "USER", "message": "Use f."},
        {"role": "CHATBOT", "message": "", "toolCalls": [call]},
    ]
    body = cohere_body(
        emulator,
        "",
        chatHistory=history,
        tools=[{"name": "f", "description": "f"}],
        toolResults=[{"call": call, "outputs": [{"result": "snow"}]}],
    )
    answer = ask(emulator, "POST", CHAT, body)

    assert answer.status == 200, answer.reason
    assert "snow" in answer.json["chatResponse"]["text"]


def test_a_limit_under_the_wrong_name_is_refused_as_its_vendor_would(emulator: Emulator) -> None:
    emulator.add_model("openai.gpt-9")
    over_native = native(emulator, "openai.gpt-9", maxTokens=5)
    over_openai = openai(emulator, "openai.gpt-9", max_tokens=5)

    assert over_native.status == over_openai.status == 400
    assert json.loads(over_native.json["message"]) == over_openai.json
    assert over_openai.json["error"]["param"] == "max_tokens"
    assert native(emulator, "openai.gpt-9", maxCompletionTokens=5).status == 200
