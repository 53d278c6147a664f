"""What golden cases of COHERE's streams cannot say: the shape of their events."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_cohere
from ocicat.dialects.dialect import Origin

ORIGIN = Origin("cohere.command-a-03-2025", "A/B/C", 1795262401)


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
