"""Streams put together again: what was cut into chunks is whole once more."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import whole
from ocicat.dialects.assembly import Assembly

HEAD = {
    "id": "r",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "opc_request_id": "A/B/C",
}
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def reply(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": None, **message},
            "finish_reason": "stop",
        }
        for index, message in enumerate(messages)
    ]
    return {**HEAD, "choices": choices, "usage": USAGE, **more}


def tool_call(number: int) -> dict[str, Any]:
    return {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": "add", "arguments": '{"a": 1}'},
    }


def assembled(*chunks: Any) -> dict[str, Any]:
    assembly = Assembly()
    for chunk in chunks:
        assembly.add(chunk)
    return assembly.reply()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(reply({"content": "hello"}), id="a text"),
        pytest.param(reply({"content": ""}), id="nothing"),
        pytest.param(reply({"content": "a"}, {"content": "b"}), id="several answers"),
        pytest.param(reply({"tool_calls": [tool_call(0), tool_call(1)]}), id="tool calls"),
        pytest.param(
            reply({"content": "x", "reasoning_content": "hm", "tool_plan": "I will."}),
            id="thoughts",
        ),
        pytest.param(
            reply({"content": "x", "citations": [{"start": 0}], "search_required": False}),
            id="what is Cohere's own",
        ),
        pytest.param(
            reply({"content": "x"}, oci_notes=[{"parameter": "n", "message": "m"}], oci_prompt="p"),
            id="what is told beside the answer",
        ),
    ],
)
def test_a_reply_that_was_cut_into_chunks_is_whole_again(said: Any) -> None:
    head, *rest = whole.chunks(said, with_usage=True)
    # Notes are told once, in whichever chunk.
    assert assembled(head, *[{**chunk, "oci_notes": []} for chunk in rest]) == said


def test_pieces_are_joined_and_choices_kept_apart() -> None:
    def chunk(index: int, **delta: Any) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "finish_reason": None}
        return {**HEAD, "object": "chat.completion.chunk", "choices": [choice]}

    def arguments(index: int, text: str) -> dict[str, Any]:
        return {"index": index, "function": {"arguments": text}}

    first = {"index": 0, **tool_call(0), "function": {"name": "add", "arguments": ""}}
    said = assembled(
        chunk(0, role="assistant", content="he"),
        chunk(1, tool_calls=[first]),
        chunk(0, content="llo"),
        chunk(1, tool_calls=[arguments(0, '{"a":')]),
        chunk(1, tool_calls=[arguments(0, "1}")]),
        chunk(0, citations=[{"start": 1}]),
        chunk(0, citations=[{"start": 2}]),
    )
    one, other = (choice["message"] for choice in said["choices"])
    assert one["content"] == "hello"
    assert one["citations"] == [{"start": 1}, {"start": 2}]
    assert other["content"] is None
    assert other["tool_calls"][0]["function"] == {"name": "add", "arguments": '{"a":1}'}
    assert said["choices"][0]["finish_reason"] is None


def test_log_probabilities_and_notes_are_added_up_and_chunks_left_as_they_are() -> None:
    def chunk(token: str) -> dict[str, Any]:
        choice = {
            "index": 0,
            "delta": {"content": token},
            "logprobs": {"content": [{"token": token}]},
            "finish_reason": None,
        }
        note = {"parameter": token, "message": ""}
        return {**HEAD, "choices": [choice], "oci_notes": [note]}

    chunks = [chunk("a"), chunk("b")]
    said = assembled(*chunks)
    assert said["choices"][0]["logprobs"] == {"content": [{"token": "a"}, {"token": "b"}]}
    assert [note["parameter"] for note in said["oci_notes"]] == ["a", "b"]
    assert chunks == [chunk("a"), chunk("b")]


def test_an_answer_of_nothing_is_an_empty_text_as_in_a_whole_reply() -> None:
    choice = {"index": 0, "delta": {"search_queries": ["snow"]}, "finish_reason": "stop"}
    assert assembled({**HEAD, "choices": [choice]})["choices"][0]["message"]["content"] == ""
    refused = {"index": 0, "delta": {"refusal": "No."}, "finish_reason": "stop"}
    assert assembled({**HEAD, "choices": [refused]})["choices"][0]["message"]["content"] is None
