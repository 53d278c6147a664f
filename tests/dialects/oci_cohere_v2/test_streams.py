"""What golden cases of COHEREV2's streams cannot say: ids, failures, the shape of events."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_cohere_v2
from ocicat.dialects.dialect import Origin
from ocicat.errors import InternalServerError, StreamBroken

ORIGIN = Origin("cohere.command-a-reasoning-08-2025", "A/B/C", 1795262401)


def chunks(*events: dict[str, Any]) -> list[Any]:
    decoder = oci_cohere_v2.stream_decoder(ORIGIN, with_usage=False)
    return [chunk for event in events for chunk in decoder.feed(event)]


def speech(text: str, **more: Any) -> dict[str, Any]:
    return {"message": {"content": [{"type": "TEXT", "text": text}]}, **more}


def said(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": message, **more}]}


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


def test_a_stream_that_fails_says_why() -> None:
    with pytest.raises(StreamBroken) as caught:
        chunks(speech("Hel"), {"errorMessage": "out of order"})
    assert isinstance(caught.value.__cause__, InternalServerError)
    assert caught.value.__cause__.code == "ERROR"
