"""Text chats with real models, over every wire that each of them has."""

from __future__ import annotations

import os

import pytest
from recording import Recording

from ocicat import errors
from ocicat.call.exchange import exchange, exchange_stream
from ocicat.client.functions import prepare
from ocicat.client.stream import ChatStream
from ocicat.transport import sync

MODELS = os.environ.get(
    "MODELS",
    "meta.llama-3.3-70b-instruct xai.grok-4.3 openai.gpt-oss-120b google.gemini-2.5-flash"
    " cohere.command-a-03-2025",
).split()
WIRES = [
    (model, transport)
    for model in MODELS
    for transport in ("openai", "native")
    if not (model.startswith("cohere.") and transport == "openai")
]
ASK = [
    {"role": "system", "content": "Answer with one word."},
    {"role": "user", "content": "Which colour has a clear sky? «✓»"},
]

pytestmark = pytest.mark.skipif(
    "OCICAT_LIVE" not in os.environ, reason="real calls are made by `make live` only"
)


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_a_whole_answer(model: str, transport: str) -> None:
    recording = Recording()
    call = prepare(model, ASK, None, {"transport": transport, "max_tokens": 2000})
    try:
        reply = sync.run(recording.of(exchange(call)))
    finally:
        recording.write(f"{model}-{transport}-whole")
    assert reply["choices"][0]["message"]["content"]
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert reply["usage"]["total_tokens"] > 0
    assert reply["opc_request_id"]


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_a_stream(model: str, transport: str) -> None:
    recording = Recording()
    options = {
        "transport": transport,
        "max_tokens": 2000,
        "stream_options": {"include_usage": True},
    }
    call = prepare(model, ASK, True, options)
    try:
        chunks = list(ChatStream(sync.open_stream(recording.of(exchange_stream(call)))))
    finally:
        recording.write(f"{model}-{transport}-stream")
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert "".join(choice["delta"].get("content") or "" for choice in choices)
    assert [c["finish_reason"] for c in choices if c["finish_reason"]] == ["stop"]
    assert any(chunk.get("usage") for chunk in chunks)


@pytest.mark.parametrize("transport", ["openai", "native"])
def test_an_unknown_model(transport: str) -> None:
    recording = Recording()
    call = prepare("meta.no-such-model", ASK, None, {"transport": transport})
    try:
        with pytest.raises(errors.APIStatusError) as caught:
            sync.run(recording.of(exchange(call)))
    finally:
        recording.write(f"unknown-model-{transport}")
    assert caught.value.opc_request_id
