"""What is said in a wire's own words still means the same: requests, replies and streams."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocicat.dialects import registry, sse, whole
from ocicat.dialects.dialect import Notes, Origin
from ocicat.emulator.schema.native import check_chat_details
from ocicat.emulator.schema.openai_chat import check_chat_completion
from ocicat.emulator.schema.openai_responses import check_response_request
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.target import Target
from support.assembly import assembled
from support.decoding import WIRES

words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
).filter(lambda text: text.strip(" .") != "")
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
arguments = st.dictionaries(names, st.integers(-5, 5) | words | st.booleans(), max_size=3)
PNG = "data:image/png;base64,iVBORw0KGgo="

# What every dialect can be told, within the narrowest of their ranges.
PARAMETERS = {
    "temperature": st.floats(0, 1),
    "top_p": st.floats(0.01, 1),
    "max_tokens": st.integers(1, 4000),
}
# What the Responses API has no words for.
MORE = {
    "seed": st.integers(0, 2**31),
    "presence_penalty": st.floats(0, 1),
    "frequency_penalty": st.floats(0, 1),
    "stop": st.lists(words, min_size=1, max_size=3),
}


def target(dialect: str) -> Target:
    model, transport = WIRES[dialect]
    return resolve(model, Place(region="us-chicago-1", transport=transport))


@st.composite
def requests(draw: st.DrawFn, dialect: str) -> dict[str, Any]:
    """A chat with tools: some rounds of question, calls, results and answer, and a question."""
    tools = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    messages: list[dict[str, Any]] = []
    if draw(st.booleans()):
        messages.append({"role": "system", "content": draw(words)})
    number = 0
    for _ in range(draw(st.integers(0, 2))):
        messages.append({"role": "user", "content": draw(words)})
        calls = []
        for _ in range(draw(st.integers(0, 3))):
            function = {
                "name": draw(st.sampled_from(tools)),
                "arguments": json.dumps(draw(arguments)),
            }
            calls.append({"id": f"id_{number}", "type": "function", "function": function})
            number += 1
        if calls:
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
            messages += [
                {"role": "tool", "tool_call_id": call["id"], "content": draw(words)}
                for call in calls
            ]
        messages.append({"role": "assistant", "content": draw(words)})
    texts = draw(st.lists(words, min_size=1, max_size=2))
    messages.append({"role": "user", "content": [{"type": "text", "text": text} for text in texts]})
    usable = {**PARAMETERS, **({} if dialect == "openai_responses" else MORE)}
    chosen = draw(st.lists(st.sampled_from(sorted(usable)), unique=True))
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    return {
        "model": WIRES[dialect][0],
        "messages": messages,
        "tools": [
            {"type": "function", "function": {"name": n, "description": n, "parameters": schema}}
            for n in tools
        ],
        **{name: draw(usable[name]) for name in chosen},
    }


def meaning(request: dict[str, Any]) -> dict[str, Any]:
    """A request without the differences that mean nothing: ids, parts or a text, placeholders."""
    by_id: dict[str, tuple[str, Any]] = {}
    said: list[Any] = []
    for message in request["messages"]:
        role = "system" if message["role"] == "developer" else message["role"]
        content = message.get("content") or ""
        if not isinstance(content, str):
            content = "\n".join(part.get("text", "") for part in content)
        calls = []
        for call in message.get("tool_calls") or []:
            function = call["function"]
            by_id[call["id"]] = (function["name"], json.loads(function["arguments"] or "{}"))
            calls.append(by_id[call["id"]])
        if role == "tool":
            said.append((role, by_id[message["tool_call_id"]], content))
        else:
            said.append((role, "" if calls and content == "." else content, calls))
    tools = [
        (tool["function"]["name"], sorted(tool["function"]["parameters"]["properties"]))
        for tool in request["tools"]
    ]
    rest = {
        name: [value] if name == "stop" and isinstance(value, str) else value
        for name, value in request.items()
        if name in PARAMETERS or name in MORE
    }
    return {"said": said, "tools": tools, **rest}


@pytest.mark.parametrize("dialect", WIRES)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_request_keeps_its_meaning(dialect: str, data: st.DataObject) -> None:
    request = data.draw(requests(dialect))
    if "max_tokens" not in request:
        request["max_tokens"] = 9
    where = target(dialect)
    wire = registry.dialect(dialect).encode_request(request, where, "ocid1.c", Notes())  # type: ignore[arg-type]
    raw = msgspec.json.encode(wire)
    if dialect == "openai_chat":
        check_chat_completion(raw)
    elif dialect == "openai_responses":
        check_response_request(raw)
    else:
        check_chat_details(raw)
    again: Any = registry.dialect(dialect).decode_request(msgspec.json.decode(raw))
    assert meaning(again) == meaning(request)


@st.composite
def replies(draw: st.DrawFn, dialect: str) -> dict[str, Any]:
    """A whole neutral reply: text or tool calls or both, perhaps thoughts, perhaps counts."""
    calls = [
        {
            "id": f"call_C_{number}",
            "type": "function",
            "function": {"name": draw(names), "arguments": json.dumps(draw(arguments))},
        }
        for number in range(draw(st.integers(0, 3)))
    ]
    text = draw(words) if not calls or draw(st.booleans()) else None
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = calls
    if dialect != "oci_cohere" and draw(st.booleans()):
        message["reasoning_content"] = draw(words)
    reason = "tool_calls" if calls else draw(st.sampled_from(["stop", "length"]))
    prompt, completion = draw(st.integers(0, 99)), draw(st.integers(0, 99))
    return {
        "id": "chatcmpl-C",
        "object": "chat.completion",
        "created": 1795262401,
        "model": WIRES[dialect][0],
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    }


def amounts_to(reply: Any) -> dict[str, Any]:
    """What a reply says, in the form in which a stream is put together."""
    choices = []
    for choice in reply["choices"]:
        message = {key: value for key, value in choice["message"].items() if value is not None}
        message.setdefault("content", "")
        calls = [
            {
                "name": call["function"]["name"],
                "arguments": json.loads(call["function"]["arguments"]),
            }
            for call in message.pop("tool_calls", [])
        ]
        choices.append((choice["index"], message, calls, choice["finish_reason"]))
    usage = reply.get("usage") or {}
    return {
        "choices": choices,
        "usage": {name: usage.get(name) for name in ("prompt_tokens", "completion_tokens")},
    }


@pytest.mark.parametrize("dialect", WIRES)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_stream_says_what_the_whole_reply_says(dialect: str, data: st.DataObject) -> None:
    reply = data.draw(replies(dialect))
    spoken = registry.dialect(dialect)
    origin = Origin(reply["model"], "A/B/C", 1795262401)
    wire = msgspec.json.decode(msgspec.json.encode(spoken.encode_reply(reply)))  # type: ignore[arg-type]
    assert amounts_to(spoken.decode_reply(wire, origin)) == amounts_to(reply)

    encoder = spoken.stream_encoder()
    events = [
        event
        for chunk in whole.chunks(reply, with_usage=True)  # type: ignore[arg-type]
        for event in encoder.feed(chunk)
    ]
    events += encoder.end()
    raw = b"".join(sse.encode(msgspec.json.encode(event)) for event in events)
    decoder = spoken.stream_decoder(origin, with_usage=True)
    reader = sse.Decoder()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    chunks: list[Any] = []
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        for payload in reader.feed(raw[start:end]) if end > start else []:
            chunks += decoder.feed(msgspec.json.decode(payload))
    for payload in reader.end():
        chunks += decoder.feed(msgspec.json.decode(payload))
    assert decoder.complete
    assert amounts_to(assembled(chunks)) == amounts_to(reply)
