"""Tools, schemas and reasoning with real models; each answer is a case to learn from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from recording import Recording
from test_chat import WIRES, pytestmark

from ocicat.call.exchange import exchange, exchange_stream
from ocicat.client.functions import prepare
from ocicat.client.stream import ChatStream
from ocicat.transport import sync

__all__ = ["pytestmark"]

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]
ASK = [{"role": "user", "content": "Use get_weather for Oslo and for Rome, at once."}]
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string"}},
    "required": ["colour"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(("model", "transport"), WIRES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_round_with_tools(model: str, transport: str, stream: bool) -> None:
    options: dict[str, Any] = {"transport": transport, "max_tokens": 2000, "tools": TOOLS}
    recording = Recording()
    call = prepare(model, ASK, stream or None, options)
    try:
        if stream:
            chunks = list(ChatStream(sync.open_stream(recording.of(exchange_stream(call)))))
            calls = [
                piece
                for chunk in chunks
                for choice in chunk["choices"]
                for piece in choice["delta"].get("tool_calls") or []
            ]
        else:
            reply = sync.run(recording.of(exchange(call)))
            calls = reply["choices"][0]["message"].get("tool_calls") or []
    finally:
        recording.write(f"{model}-{transport}-tools-{'stream' if stream else 'whole'}")
    assert calls
    assert calls[0]["id"]
    assert calls[0]["function"]["name"] == "get_weather"
    if stream:
        return
    messages = [*ASK, reply["choices"][0]["message"]]
    messages += [
        {"role": "tool", "tool_call_id": call["id"], "content": "Sunny."} for call in calls
    ]
    after = Recording()
    try:
        answer = sync.run(after.of(exchange(prepare(model, messages, None, options))))
    finally:
        after.write(f"{model}-{transport}-tools-result")
    assert answer["choices"][0]["message"]["content"] or answer["choices"][0]["message"].get(
        "tool_calls"
    )


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_an_answer_that_follows_a_schema(model: str, transport: str) -> None:
    recording = Recording()
    format = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}
    options = {"transport": transport, "max_tokens": 2000, "response_format": format}
    call = prepare(model, [{"role": "user", "content": "The colour of snow?"}], None, options)
    try:
        reply = sync.run(recording.of(exchange(call)))
    finally:
        recording.write(f"{model}-{transport}-schema")
    assert isinstance(json.loads(reply["choices"][0]["message"]["content"])["colour"], str)
