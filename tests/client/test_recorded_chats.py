"""What OpenAI's own API streams, as it was recorded, beside what ocicat streams for every format.

``cases/recorded/openai_chat.json`` has the recordings; texts and ids in them are made up.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ocicat import OciTransport
from ocicat.emulator import Emulator

STORIES = {
    story["name"]: story["chunks"]
    for story in json.loads(
        (Path(__file__).parent.parent / "cases" / "recorded" / "openai_chat.json").read_text()
    )
}
MODELS = [
    *("meta.llama-3.3-70b-instruct", "google.gemini-2.5-pro", "openai.gpt-oss-120b"),
    *("cohere.command-a-03-2025", "cohere.command-a-reasoning-08-2025"),
    *("xai.grok-4.20-multi-agent", "xai.grok-4.3"),
]
TOOL = {
    "name": "get_capital",
    "parameters": {"type": "object", "properties": {"country": {"type": "string"}}},
}


def steps(chunks: list[dict[str, Any]]) -> list[str]:
    """What is told, one after the other, however it is cut into chunks."""
    told: list[str] = []
    for chunk in chunks:
        for choice in chunk["choices"]:
            delta = choice["delta"]
            told += ["role"] if "role" in delta else []
            told += ["text"] if delta.get("content") else []
            for call in delta.get("tool_calls") or ():
                told += [f"opening {sorted(set(call) - {'function'})}"] if "id" in call else []
                told += ["arguments"] if call["function"]["arguments"] else []
            told += [f"end: {choice['finish_reason']}"] if choice["finish_reason"] else []
        told += ["usage"] if chunk.get("usage") else []
    return [step for number, step in enumerate(told) if told[number - 1 : number] != [step]]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", STORIES)
def test_a_stream_is_told_in_the_recorded_order(
    oci_emulator: Emulator, model: str, name: str
) -> None:
    if name == "a call":
        oci_emulator.when("UK").call_tool("get_capital", {"country": "UK"})
    else:
        oci_emulator.when("UK").answer("The capital is London.")
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "UK"}],
        "tools": [{"type": "function", "function": TOOL}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    with httpx2.Client(transport=OciTransport()) as client:
        answer = client.post("https://ocicat.invalid/v1/chat/completions", json=body)
    *events, last = [line[6:] for line in answer.text.split("\n\n") if line]
    chunks = [json.loads(event) for event in events]
    recorded = STORIES[name]
    assert last == "[DONE]"
    assert steps(chunks) == steps(recorded)
    # An end says nothing else, and token counts stand alone.
    assert [chunk["choices"][0]["delta"] for chunk in (chunks[-2], recorded[-2])] == [{}, {}]
    assert [chunk["choices"] for chunk in (chunks[-1], recorded[-1])] == [[], []]
    always = {"id", "object", "created", "model", "choices"}
    assert all(always <= set(chunk) for chunk in [*chunks, *recorded])
    assert {chunk["object"] for chunk in chunks} == {chunk["object"] for chunk in recorded}
    assert len({chunk["id"] for chunk in chunks}) == 1
