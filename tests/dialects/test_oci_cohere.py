"""What COHERE does that no golden case can say: models that take less, failures, streams' shape."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_cohere
from ocicat.dialects.dialect import Notes, Origin
from ocicat.errors import InternalServerError, MalformedReply, UnsupportedFeature
from ocicat.routing.resolve import Place, resolve

MODEL = "cohere.command-a-03-2025"
WITHOUT_TOOLS = "cohere.command-a-translate-08-2025"
ORIGIN = Origin(MODEL, "A/B/C", 1795262401)
TOOLS = [{"type": "function", "function": {"name": "now", "description": "tells the time"}}]
JSON = {"type": "json_object"}


def encode(notes: Notes, model: str = MODEL, **asked: Any) -> dict[str, Any]:
    request: Any = {"model": model, "messages": [{"role": "user", "content": "hi"}], **asked}
    target = resolve(model, Place(region="us-chicago-1", transport="native"))
    wire = oci_cohere.encode_request(request, target, "ocid1.compartment.oc1..test", notes)
    chat: dict[str, Any] = wire["chatRequest"]
    return chat


def test_what_the_model_has_refused_before_is_left_out_and_noted_once() -> None:
    notes = Notes(drop=True, learned={"tools": "no tools", "response_format": "no JSON"})
    chat = encode(notes, tools=TOOLS, tool_choice="required", response_format=JSON)
    assert not {"tools", "responseFormat", "preambleOverride"} & set(chat)
    assert [note["parameter"] for note in notes.items] == ["tools", "response_format"]


def test_tools_for_a_model_that_uses_none_are_refused_or_dropped() -> None:
    with pytest.raises(UnsupportedFeature, match="uses no tools"):
        encode(Notes(), WITHOUT_TOOLS, tools=TOOLS)
    notes = Notes(drop=True)
    assert "tools" not in encode(notes, WITHOUT_TOOLS, tools=TOOLS)
    assert [note["parameter"] for note in notes.items] == ["tools"]


def test_an_empty_list_of_tools_asks_nothing_of_a_model_that_uses_none() -> None:
    notes = Notes()
    assert "tools" not in encode(notes, WITHOUT_TOOLS, tools=[])
    assert notes.items == []


def decode(**chat: Any) -> Any:
    return oci_cohere.decode_reply({"chatResponse": {"apiFormat": "COHERE", **chat}}, ORIGIN)


@pytest.mark.parametrize("reason", ["ERROR", "ERROR_LIMIT", "USER_CANCEL"])
def test_a_reply_that_reports_a_failure_is_an_error(reason: str) -> None:
    with pytest.raises(InternalServerError, match="out of luck") as caught:
        decode(text="", finishReason=reason, errorMessage="out of luck")
    assert caught.value.code == reason


def test_a_reply_that_says_nothing_at_all_is_malformed() -> None:
    with pytest.raises(MalformedReply, match="text"):
        decode(finishReason="COMPLETE")


def feed(*events: dict[str, Any]) -> list[Any]:
    decoder = oci_cohere.stream_decoder(ORIGIN, with_usage=False)
    return [chunk for event in events for chunk in decoder.feed(event)]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [{"text": "a"}, {"text": "a", "prompt": "<hi>", "finishReason": "COMPLETE"}],
            id="with the ending",
        ),
        pytest.param(
            [{"prompt": "<hi>"}, {"text": "a"}, {"text": "a", "finishReason": "COMPLETE"}],
            id="before the answer",
        ),
    ],
)
def test_the_prompt_comes_back_in_a_stream(events: list[dict[str, Any]]) -> None:
    chunks = feed(*events)
    assert [chunk["oci_prompt"] for chunk in chunks if "oci_prompt" in chunk] == ["<hi>"]
    encoder = oci_cohere.stream_encoder()
    assert [event for chunk in chunks for event in encoder.feed(chunk)][-1]["prompt"] == "<hi>"


def test_a_tool_call_in_pieces_is_said_whole_and_again_in_the_ending() -> None:
    encoder = oci_cohere.stream_encoder()

    def piece(**function: str) -> dict[str, Any]:
        return {"index": 0, "function": function}

    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": "I look."},
        {"tool_calls": [{**piece(name="now", arguments=""), "id": "a", "type": "function"}]},
        {"tool_calls": [piece(arguments='{"zone": ')]},
        {"tool_calls": [piece(arguments='"CET"}')]},
    ]
    chunks: list[Any] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    call = {"name": "now", "parameters": {"zone": "CET"}}
    assert [event for chunk in chunks for event in encoder.feed(chunk)] == [
        {"apiFormat": "COHERE", "text": "I look."},
        {"apiFormat": "COHERE", "toolCalls": [call]},
        {
            "apiFormat": "COHERE",
            "text": "I look.",
            "toolCalls": [call],
            "chatHistory": [{"role": "CHATBOT", "message": "I look.", "toolCalls": [call]}],
            "finishReason": "COMPLETE",
        },
    ]
