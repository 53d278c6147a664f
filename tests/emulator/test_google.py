"""Chats below ``/google``, in the words of Google's Gemini API."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ocicat.emulator import Emulator
from support.emulator_client import Answer, ask, event_payloads

WHOLE = "/google/v1beta/models/google.gemini-2.5-flash:generateContent"
STREAM = "/google/v1beta/models/google.gemini-2.5-flash:streamGenerateContent?alt=sse"
WEATHER = {
    "functionDeclarations": [
        {
            "name": "get_weather",
            "parameters": {"type": "OBJECT", "properties": {"days": {"type": "INTEGER"}}},
        }
    ]
}
CALL = {"functionCall": {"name": "get_weather", "args": {"the_city": "Oslo"}}}


def said(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


def told(emulator: Emulator, target: str = WHOLE, **body: Any) -> Answer:
    return ask(emulator, "POST", target, {"contents": [said("What is OCI?")], **body})


def test_an_answer_has_candidates_and_counts(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("A cloud.")
    answer = told(oci_emulator)

    assert answer.status == 200
    assert answer.json["candidates"] == [
        {
            "content": {"role": "model", "parts": [{"text": "A cloud."}]},
            "finishReason": "STOP",
            "index": 0,
        }
    ]
    assert answer.json["usageMetadata"] == {
        "promptTokenCount": 4,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 0,
        "totalTokenCount": 7,
    }


def test_a_stream_ends_with_reason_and_counts_in_one_event_and_no_done(
    oci_emulator: Emulator,
) -> None:
    oci_emulator.when("OCI").answer("A cloud.")
    events = event_payloads(told(oci_emulator, STREAM).body)

    texts = [each["candidates"][0]["content"]["parts"] for each in events]
    assert texts == [[{"text": "A "}], [{"text": "cloud"}], [{"text": "."}], []]
    assert [each["candidates"][0].get("finishReason") for each in events] == [None] * 3 + ["STOP"]
    assert events[-1]["usageMetadata"]["totalTokenCount"] == 7


def test_several_answers_end_in_one_event(oci_emulator: Emulator) -> None:
    config = {"candidateCount": 2}
    last = event_payloads(told(oci_emulator, STREAM, generationConfig=config).body)[-1]

    assert [each["index"] for each in last["candidates"]] == [0, 1]


def test_a_limit_of_length_is_told_in_googles_words(oci_emulator: Emulator) -> None:
    answer = told(oci_emulator, generationConfig={"maxOutputTokens": 2})

    assert answer.json["candidates"][0]["finishReason"] == "MAX_TOKENS"


def test_a_function_is_called_with_values_of_its_schema(oci_emulator: Emulator) -> None:
    config = {"functionCallingConfig": {"mode": "ANY"}}
    answer = told(oci_emulator, tools=[WEATHER], toolConfig=config)

    (part,) = answer.json["candidates"][0]["content"]["parts"]
    assert part == {"functionCall": {"name": "get_weather", "args": {"days": 1}}}


@pytest.mark.parametrize(
    ("mode", "choice"),
    [
        ({"mode": "AUTO"}, "auto"),
        ({"mode": "NONE"}, "none"),
        ({"mode": "ANY"}, "required"),
        (
            {"mode": "ANY", "allowedFunctionNames": ["get_weather"]},
            {"type": "function", "function": {"name": "get_weather"}},
        ),
    ],
)
def test_the_mode_of_calling_is_understood(
    oci_emulator: Emulator, mode: dict[str, Any], choice: Any
) -> None:
    told(oci_emulator, tools=[WEATHER], toolConfig={"functionCallingConfig": mode})

    assert oci_emulator.ledger.last.request is not None
    assert oci_emulator.ledger.last.request["tool_choice"] == choice


def test_a_result_finds_its_call_and_keeps_its_names(oci_emulator: Emulator) -> None:
    result = {"functionResponse": {"name": "get_weather", "response": {"the_sky": "blue"}}}
    contents = [
        said("Weather?"),
        {"role": "model", "parts": [CALL]},
        {"role": "user", "parts": [result]},
    ]
    answer = told(oci_emulator, tools=[WEATHER], contents=contents)

    assert answer.status == 200
    request = oci_emulator.ledger.last.request
    assert request is not None
    called, tool = request["messages"][1:]
    assert called["tool_calls"][0]["function"]["arguments"] == '{"the_city":"Oslo"}'
    assert tool["tool_call_id"] == called["tool_calls"][0]["id"]
    assert tool["content"] == '{"the_sky":"blue"}'


def test_names_may_be_in_snake_case(oci_emulator: Emulator) -> None:
    answer = told(oci_emulator, generation_config={"max_output_tokens": 2})

    assert answer.json["candidates"][0]["finishReason"] == "MAX_TOKENS"


def test_base64_may_be_of_either_alphabet(oci_emulator: Emulator) -> None:
    sound = b"\xfb\xff\xfe"
    blob = {"mimeType": "audio/wav", "data": base64.urlsafe_b64encode(sound).decode()}
    answer = told(oci_emulator, contents=[{"parts": [{"inlineData": blob}, {"text": "This?"}]}])

    assert answer.status == 200
    assert base64.b64encode(sound).decode() in str(oci_emulator.ledger.last.request)


def test_thoughts_are_told_on_request(oci_emulator: Emulator) -> None:
    config = {"thinkingConfig": {"includeThoughts": True}}
    parts = told(oci_emulator, generationConfig=config).json["candidates"][0]["content"]["parts"]

    assert [part.get("thought") for part in parts] == [True, None]


@pytest.mark.parametrize(
    ("target", "body", "reason"),
    [
        (STREAM.removesuffix("?alt=sse"), {}, "the query is []"),
        (WHOLE + "?key=abc", {}, "should be []"),
        (WHOLE.replace("flash", "lightning"), {}, "lightning"),
        (WHOLE.replace("google.gemini-2.5-flash", "xai.grok-4.3"), {}, "not one of Google's"),
        (WHOLE, {"contents": []}, "contents"),
        (WHOLE, {"contents": [{"parts": [{"text": "a", "functionCall": {"name": "b"}}]}]}, "one"),
        (WHOLE, {"cachedContent": "abc"}, "cachedContent: unknown field"),
        (WHOLE, {"generationConfig": {"temperature": 3}}, "temperature"),
        (
            WHOLE,
            {"contents": [{"parts": [{"functionResponse": {"name": "b", "response": {}}}]}]},
            "b was not called",
        ),
    ],
)
def test_what_is_wrong_is_refused_in_googles_form(
    oci_emulator: Emulator, target: str, body: dict[str, Any], reason: str
) -> None:
    answer = told(oci_emulator, target, **body)

    assert reason in answer.reason
    assert answer.status in (400, 404)
    error = answer.json["error"]
    assert error["code"] == answer.status
    assert error["status"] == {400: "INVALID_ARGUMENT", 404: "NOT_FOUND"}[answer.status]
    assert error["message"]


def test_an_unknown_compartment_is_refused(oci_emulator: Emulator) -> None:
    headers = {"opc-compartment-id": "ocid1.compartment.oc1..nobody"}
    answer = ask(oci_emulator, "POST", WHOLE, {"contents": [said("Hi")]}, headers)

    assert answer.status == 404


@pytest.mark.parametrize("good", [True, False])
def test_an_api_key_stands_in_for_the_signature(oci_emulator: Emulator, good: bool) -> None:
    key = oci_emulator.identity.add_api_key() if good else "nobody-knows"
    headers = {"x-goog-api-key": key, "content-type": "application/json"}
    answer = ask(oci_emulator, "POST", WHOLE, {"contents": [said("Hi")]}, headers, sign=False)

    assert answer.status == (200 if good else 401)
