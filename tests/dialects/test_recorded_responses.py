"""Streams of OpenAI's own API, as they were recorded, beside the ones that ocicat reads and writes.

``cases/recorded/openai_responses.json`` has them in short: order, types, keys and the values that
say what something is are OpenAI's; texts and ids are made up.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ocicat.dialects import openai_responses
from ocicat.dialects.dialect import Origin
from ocicat.errors import StreamBroken
from support.assembly import assembled

Event = dict[str, Any]

STORIES = {
    story["name"]: story["events"]
    for story in json.loads(
        (Path(__file__).parent.parent / "cases" / "recorded" / "openai_responses.json").read_text()
    )
}
ORIGIN = Origin("openai.gpt-5", "A/B/C", 1795262401)

#: What OpenAI has and ocicat cannot know of a model, or has no use for.
ONLY_OPENAI = {"obfuscation", "verbosity"}
#: What OpenAI's current API has too, or the documentation of the items that are concerned.
ONLY_OURS = {"cache_write_tokens", "completed_at", "frequency_penalty", "presence_penalty"}


def read(events: list[Event]) -> list[Any]:
    decoder = openai_responses.stream_decoder(ORIGIN, with_usage=True)
    return [chunk for event in json.loads(json.dumps(events)) for chunk in decoder.feed(event)]


def written(chunks: list[Any]) -> list[Event]:
    encoder = openai_responses.stream_encoder()
    events = [json.dumps(event) for chunk in chunks for event in encoder.feed(chunk)]
    return [json.loads(event) for event in events + [json.dumps(last) for last in encoder.end()]]


def as_a_chat_can_say(events: list[Event]) -> list[Event]:
    """Without thoughts of which nothing is told, and without the queue.

    Neither leaves a trace in a chat, from which ocicat writes its streams.
    """
    silent = {
        event["item"]["id"]
        for event in events
        if event["type"] == "response.output_item.done"
        and event["item"] == {**event["item"], "type": "reasoning", "summary": []}
    }
    kept = []
    for event in json.loads(json.dumps(events)):
        if event["type"] == "response.queued" or event.get("item", {}).get("id") in silent:
            continue
        if "response" in event:
            if event["response"]["status"] == "queued":
                event["response"]["status"] = "in_progress"
            output = event["response"]["output"]
            event["response"]["output"] = [item for item in output if item["id"] not in silent]
        kept.append(event)
    return kept


def shape(value: Any, key: str = "") -> Any:
    """What a value says of its kind: keys, and the words that tell what something is."""
    if isinstance(value, dict):
        if key in ("arguments", "results", "tools", "action"):
            return "…"
        return {
            name: shape(inner, name)
            for name, inner in value.items()
            if name not in ONLY_OPENAI | ONLY_OURS
        }
    if isinstance(value, list):
        return "…" if key in ("results", "tools", "queries") else [shape(inner) for inner in value]
    return value if key in ("type", "status", "role", "object") or value is None else "…"


def compared(event: Event) -> Any:
    """An event, as far as a stream that is made from a chat is to be like OpenAI's."""
    if "response" not in event:
        if event["type"] == "response.output_item.added":
            # Recordings of different months disagree on whether a search begins with it.
            event = {**event, "item": {**event["item"], "action": None}}
        return shape(event)
    # What it repeats of its request differs from request to request; its keys do not.
    response = event["response"]
    told = {name: response[name] for name in ("object", "status", "output", "error")}
    keys = set(response) - ONLY_OURS
    return {**shape({**event, "response": told}), "keys": keys, "usage": shape(response["usage"])}


@pytest.mark.parametrize("name", [name for name in STORIES if name != "a failure"])
def test_a_recorded_stream_is_read_as_what_its_last_event_says(name: str) -> None:
    events = STORIES[name]
    output = events[-1]["response"]["output"]
    (choice,) = assembled(read(events))["choices"]
    message = choice["message"]
    texts = [
        part["text"] for item in output if item["type"] == "message" for part in item["content"]
    ]
    calls = [item for item in output if item["type"] == "function_call"]
    cited = [
        note for item in output for part in item.get("content", ()) for note in part["annotations"]
    ]
    thoughts = [part["text"] for item in output for part in item.get("summary", ())]
    assert message["content"] == "".join(texts)
    assert [
        (made["id"], made["function"]["name"], made["function"]["arguments"])
        for made in message.get("tool_calls", ())
    ] == [(item["call_id"], item["name"], item["arguments"]) for item in calls]
    assert [note["url_citation"]["url"] for note in message.get("annotations", ())] == [
        note["url"] for note in cited
    ]
    assert message.get("reasoning_content", "") == "".join(thoughts)
    assert choice["finish_reason"] == ("tool_calls" if calls else "stop")


def test_a_recorded_failure_is_a_broken_stream() -> None:
    with pytest.raises(StreamBroken, match="exceeded your current quota"):
        read(STORIES["a failure"])


@pytest.mark.parametrize(
    # Summaries of thoughts become plain thoughts in a chat.
    "name",
    [name for name in STORIES if "summed up" not in name and name != "a failure"],
)
def test_what_is_written_has_the_recorded_order_and_keys(name: str) -> None:
    recorded = as_a_chat_can_say(STORIES[name])
    told = written(read(STORIES[name]))
    assert [event["type"] for event in told] == [event["type"] for event in recorded]
    for ours, theirs in zip(told, recorded, strict=True):
        assert compared(ours) == compared(theirs), ours["type"]


def test_an_answer_that_breaks_off_ends_as_the_recorded_failure_does() -> None:
    recorded = STORIES["a failure"]
    opening = {"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}
    told = written([{"id": "chatcmpl-1", "created": 1, "model": "m", "choices": [opening]}])
    assert [event["type"] for event in told] == [event["type"] for event in recorded]
    # The documentation has what is in `error` beside it, too.
    assert set(told[2]) - set(told[2]["error"]) == set(recorded[2]) - set(recorded[2]["error"])
    assert set(told[3]) == set(recorded[3])
    assert set(told[2]["error"]) == set(recorded[2]["error"])
    assert set(told[3]["response"]["error"]) == set(recorded[3]["response"]["error"])
