"""OpenAI's Responses, one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator import Emulator
from support.emulator_client import COHERE, LLAMA, Answer, ask, event_payloads

GROK = "xai.grok-4.3"
RESPONSES = "/openai/v1/responses"
NOT_FOUND = {"code": "404", "message": "Authorization failed or requested resource not found."}


def respond(emulator: Emulator, path: str = RESPONSES, **more: Any) -> Answer:
    body = {"model": GROK, "input": "What is OCI?", **more}
    return ask(emulator, "POST", path, body, {"openai-project": emulator.project_id})


@pytest.mark.parametrize("path", [RESPONSES, "/v1/responses", "/20231130/actions/v1/responses"])
def test_a_response_is_given(emulator: Emulator, path: str) -> None:
    emulator.when("OCI").answer("A cloud.")
    answer = respond(emulator, path)

    assert answer.status == 200
    assert answer.json["object"] == "response"
    assert answer.json["status"] == "completed"
    assert answer.json["output"][0]["content"][0]["text"] == "A cloud."
    assert answer.json["usage"]["output_tokens"] == 3
    assert emulator.ledger.chats[0].request["messages"][0]["role"] == "user"  # type: ignore[index]


def test_a_stream_ends_with_the_whole_response_and_without_done(emulator: Emulator) -> None:
    emulator.when("OCI").think("Hm.").answer("A cloud.").call_tool("f", {"a": 1})
    answer = respond(emulator, stream=True)
    events = event_payloads(answer.body)

    assert answer.headers["content-type"] == "text/event-stream"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    assert [item["type"] for item in events[-1]["response"]["output"]] == [
        "reasoning",
        "message",
        "function_call",
    ]
    assert events[-1]["response"]["usage"]["total_tokens"] > 0
    assert not any("pad" in event for event in events)


@pytest.mark.parametrize("name", ["OpenAI-Project", "opc-project-id"])
def test_either_project_header_will_do(emulator: Emulator, name: str) -> None:
    body = {"model": GROK, "input": "Hi"}
    accepted = ask(emulator, "POST", RESPONSES, body, {name: emulator.project_id})
    other = "ocid1.generativeaiproject.oc1.us-chicago-1.other"
    refused = ask(emulator, "POST", RESPONSES, body, {name: other})
    emulator.add_project(other)

    assert accepted.status == 200
    assert (refused.status, refused.json) == (404, NOT_FOUND)
    assert ask(emulator, "POST", RESPONSES, body, {name: other}).status == 200


def test_a_project_is_needed_whoever_asks(emulator: Emulator) -> None:
    body = {"model": GROK, "input": "Hi"}
    signed = ask(emulator, "POST", RESPONSES, body, {"opc-compartment-id": emulator.compartment_id})
    key = {"authorization": f"Bearer {emulator.identity.add_api_key()}"}
    headers = {**key, "content-type": "application/json"}
    bare = ask(emulator, "POST", RESPONSES, body, headers, sign=False)
    headers["openai-project"] = emulator.project_id

    assert (signed.status, bare.status) == (404, 404)
    assert "OpenAI-Project" in signed.reason
    assert ask(emulator, "POST", RESPONSES, body, headers, sign=False).status == 200


def test_a_compartment_that_is_said_must_exist(emulator: Emulator) -> None:
    headers = {"openai-project": emulator.project_id, "opc-compartment-id": "ocid1.compartment.x"}
    answer = ask(emulator, "POST", RESPONSES, {"model": GROK, "input": "Hi"}, headers)
    assert (answer.status, answer.json) == (404, NOT_FOUND)


def test_a_tool_loop_goes_round(emulator: Emulator) -> None:
    tool = {"type": "function", "name": "weather", "parameters": None, "strict": None}
    (call,) = respond(emulator, input="the weather?", tools=[tool]).json["output"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "snow"}
    turns = [{"role": "user", "content": "the weather?"}, call, result]
    answer = respond(emulator, input=turns, tools=[tool])

    assert call["name"] == "weather"
    text = answer.json["output"][0]["content"][0]["text"]
    assert text == 'The tool weather gave: "snow"'


@pytest.mark.parametrize("model", [LLAMA, COHERE])
def test_models_that_have_no_responses_are_refused(emulator: Emulator, model: str) -> None:
    answer = respond(emulator, model=model)

    assert answer.status == 400
    assert answer.json["error"]["code"] == "unsupported_model"


def test_a_model_that_has_nothing_else_answers(emulator: Emulator) -> None:
    assert respond(emulator, model="xai.grok-4.20-multi-agent").status == 200


def test_what_breaks_the_schema_is_refused(emulator: Emulator) -> None:
    answer = respond(emulator, temperature=3)

    assert answer.status == 400
    assert answer.json["error"]["param"] == "temperature"
