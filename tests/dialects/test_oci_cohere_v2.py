"""COHEREV2, in what golden cases do not say: ids of streams, the emulator's half, learning."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_cohere_v2
from ocicat.dialects.dialect import Notes, Origin
from ocicat.errors import InternalServerError, MalformedReply, StreamBroken, UnsupportedFeature
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.chat import ChatParameters

MODEL = "cohere.command-a-reasoning-08-2025"
ORIGIN = Origin(MODEL, "A/B/C", 1795262401)
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]


def chat(notes: Notes, **request: Any) -> dict[str, Any]:
    target = resolve(MODEL, Place(region="us-chicago-1"))
    whole: Any = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], **request}
    body = oci_cohere_v2.encode_request(whole, target, "ocid1.compartment.oc1..x", notes)
    said: dict[str, Any] = body["chatRequest"]
    return said


def chunks(*events: dict[str, Any]) -> list[Any]:
    decoder = oci_cohere_v2.stream_decoder(ORIGIN, with_usage=False)
    return [chunk for event in events for chunk in decoder.feed(event)]


def speech(text: str, **more: Any) -> dict[str, Any]:
    return {"message": {"content": [{"type": "TEXT", "text": text}]}, **more}


def said(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": message, **more}]}


def test_every_parameter_has_a_row() -> None:
    assert set(oci_cohere_v2.PARAMETERS) == set(ChatParameters.__annotations__)


def test_a_stream_has_the_id_that_its_first_event_gives() -> None:
    made = chunks(speech("a", id="rep-1"), speech("b"), {"finishReason": "COMPLETE", "id": "rep-2"})
    assert [chunk["id"] for chunk in made] == ["rep-1"] * 3


def test_a_stream_without_an_id_has_that_of_the_call() -> None:
    made = chunks(speech("a"), {"finishReason": "COMPLETE", "id": "rep-2"})
    assert [chunk["id"] for chunk in made] == ["chatcmpl-C"] * 2


def test_content_of_a_kind_that_nobody_knows_is_carried_along_in_streams() -> None:
    part = {"type": "SMELL", "smell": "roses"}
    first, last = chunks({"message": {"content": [part]}}, {"finishReason": "COMPLETE"})
    assert first["choices"][0]["delta"] == {"role": "assistant", "oci_content": [part]}
    assert last["choices"][0]["delta"] == {}


def test_an_event_that_says_nothing_makes_no_chunk() -> None:
    nothing = {"message": {"role": "ASSISTANT", "content": []}, "pad": "aaa"}
    assert len(chunks(speech("a"), nothing, {"pad": "a"}, {"finishReason": "COMPLETE"})) == 2


def test_counts_in_the_chunk_of_the_ending_ride_on_it() -> None:
    counts = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    chunk: Any = {**said({}, finish_reason="stop"), "usage": counts}
    (event,) = oci_cohere_v2.stream_encoder().feed(chunk)
    assert event["finishReason"] == "COMPLETE"
    assert event["usage"] == {"promptTokens": 7, "completionTokens": 2, "totalTokens": 9}


def test_what_is_learned_to_be_refused_is_left_out() -> None:
    notes = Notes(learned={"reasoning_effort": "unsupported"})
    assert "thinking" not in chat(notes, reasoning_effort="high")
    assert [note["parameter"] for note in notes.items] == ["reasoning_effort"]


def test_what_cannot_be_left_out_is_refused_once_it_is_learned() -> None:
    with pytest.raises(UnsupportedFeature, match="no tools today"):
        chat(Notes(learned={"tools": "no tools today"}), tools=TOOLS)


def test_tools_that_are_learned_to_be_refused_go_with_their_choice() -> None:
    notes = Notes(drop=True, learned={"tools": "no tools today"})
    wire = chat(notes, tools=TOOLS, tool_choice={"type": "function", "function": {"name": "f"}})
    assert not {"tools", "toolsChoice"} & set(wire)
    assert [note["parameter"] for note in notes.items] == ["tools"]


def test_a_document_in_a_message_is_read_as_json() -> None:
    message = {
        "role": "TOOL",
        "toolCallId": "f_0",
        "content": [{"type": "DOCUMENT", "document": {"a": 1}}],
    }
    body = {
        "servingMode": {"servingType": "ON_DEMAND", "modelId": MODEL},
        "chatRequest": {"apiFormat": "COHEREV2", "messages": [message]},
    }
    assert oci_cohere_v2.decode_request(body)["messages"] == [
        {"role": "tool", "tool_call_id": "f_0", "content": '{"a":1}'}
    ]


def test_calls_in_pieces_are_told_whole_before_the_ending() -> None:
    encoder = oci_cohere_v2.stream_encoder()
    opening = {"index": 0, "id": "f_0", "type": "function"}
    pieces: list[Any] = [
        said({"tool_calls": [{**opening, "function": {"name": "f", "arguments": '{"a"'}}]}),
        said({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}),
        said({}, finish_reason="tool_calls"),
    ]
    assert [event for piece in pieces for event in encoder.feed(piece)] == [
        {
            "apiFormat": "COHEREV2",
            "message": {
                "role": "ASSISTANT",
                "toolCalls": [
                    {
                        "id": "f_0",
                        "type": "FUNCTION",
                        "function": {"name": "f", "arguments": '{"a":1}'},
                    }
                ],
            },
        },
        {
            "apiFormat": "COHEREV2",
            "message": {"role": "ASSISTANT"},
            "finishReason": "TOOL_CALL",
        },
    ]


def test_a_reply_that_reports_a_failure_raises_it() -> None:
    body = {"chatResponse": {"finishReason": "ERROR", "errorMessage": "out of order"}}
    with pytest.raises(InternalServerError, match="out of order"):
        oci_cohere_v2.decode_reply(body, ORIGIN)


@pytest.mark.parametrize("body", [{}, {"chatResponse": None}, {"chatResponse": {"id": "rep-1"}}])
def test_what_is_no_reply_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedReply, match=r"chatResponse\.message"):
        oci_cohere_v2.decode_reply(body, ORIGIN)


def test_a_stream_that_fails_says_why() -> None:
    with pytest.raises(StreamBroken) as caught:
        chunks(speech("Hel"), {"errorMessage": "out of order"})
    assert isinstance(caught.value.__cause__, InternalServerError)
    assert caught.value.__cause__.code == "ERROR"
