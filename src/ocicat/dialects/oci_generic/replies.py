"""What GENERIC answers, read and said; and the pieces of it that streams have too.

Source: the ``oci`` SDK's ``GenericChatResponse`` and ``ChatChoice``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ocicat.dialects import faults, finish, json_text, usage
from ocicat.dialects.decoding import CALLS_APART
from ocicat.dialects.dialect import Origin
from ocicat.dialects.messages import ToolCall, neutral_calls
from ocicat.dialects.oci_generic import grounding, logprobs
from ocicat.dialects.oci_generic.messages import (
    decode_annotations,
    encode_annotations,
    encode_call,
)
from ocicat.vocabulary.chat import ChatReply

__all__ = [
    "decode_reply",
    "decode_said",
    "encode_reply",
    "encode_said",
]


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a ``ChatResult`` says.

    Raises :class:`~ocicat.errors.MalformedReply` where there is no chat response in it, and the
    error it reports where it reports one.
    """
    chat = body.get("chatResponse")
    # Answers that are null are none; where nothing speaks of answers, it is no reply.
    if not isinstance(chat, dict) or not isinstance(chat.get("choices", ""), list | None):
        raise faults.unusable_reply(body, origin, expected="chatResponse.choices")
    answers = chat["choices"] or []
    reply: ChatReply = {
        "id": origin.reply_id,
        "object": "chat.completion",
        "created": _seconds(chat.get("timeCreated"), origin.received),
        "model": origin.model,
        "choices": [],
        "usage": usage.decode(chat.get("usage")),
        "opc_request_id": origin.opc_request_id,
    }
    tier = chat.get("serviceTier")
    for position, wire in enumerate(answers):
        if not isinstance(wire, dict):
            raise faults.unusable_reply(body, origin, expected="chatResponse.choices")
        reply["choices"].append(_choice(wire, position, origin))  # type: ignore[arg-type]
        tier = tier or wire.get("serviceTier")
        if reply["usage"] is None:
            reply["usage"] = usage.decode(wire.get("usage"))
    if tier:
        reply["service_tier"] = tier.lower()
    return reply


def _seconds(moment: Any, otherwise: int) -> int:
    """Epoch seconds of an RFC 3339 moment; the SDK's documentation speaks of epoch seconds."""
    if isinstance(moment, (int, float)):
        return int(moment)
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (TypeError, ValueError):
        return otherwise


def _choice(wire: dict[str, Any], position: int, origin: Origin) -> dict[str, Any]:
    index = wire.get("index")
    if not isinstance(index, int):
        index = position
    # A model that has used up its tokens by reasoning gives no message.
    given = wire.get("message") or {}
    calls = _calls(given.get("toolCalls") or (), index, origin)
    message = {"role": "assistant", "content": "", **decode_said(given)}
    text = message["content"]
    if calls:
        message["tool_calls"] = calls
    if not text and (calls or "refusal" in message):
        message["content"] = None
    choice: dict[str, Any] = {
        "index": index,
        "message": message,
        "logprobs": logprobs.decode(wire.get("logprobs")),
    }
    found = wire.get("groundingMetadata")
    if found:
        choice["grounding_metadata"] = found
        cited = grounding.citations(found, text)
        if cited and "annotations" not in message:
            message["annotations"] = cited
    finish.put(choice, str(wire.get("finishReason") or "stop"), called=bool(calls))
    return choice


def decode_said(wire: dict[str, Any]) -> dict[str, Any]:
    """What a message, or a delta of one, says beside tool calls. It may hold nulls anywhere."""
    said: dict[str, Any] = {}
    content = wire.get("content")
    if content:
        texts = []
        for part in [{"text": content}] if isinstance(content, str) else content:
            if part and part.get("type", "TEXT") == "TEXT":
                texts.append(part.get("text") or "")
            elif part:
                said.setdefault("oci_content", []).append(part)
        text = "".join(texts)
        if text:
            said["content"] = text
    if wire.get("reasoningContent"):
        said["reasoning_content"] = wire["reasoningContent"]
    if wire.get("refusal"):
        said["refusal"] = wire["refusal"]
    if wire.get("annotations"):
        said["annotations"] = decode_annotations(wire["annotations"])
    return said


def _calls(wire: Iterable[Any], index: int, origin: Origin) -> list[dict[str, Any]]:
    """The tool calls of one answer, each with an id of its own."""
    calls: list[ToolCall] = []
    for call in wire:
        if not call:
            continue
        id = call.get("id")
        if not id or any(id == other.id for other in calls):
            id = origin.call_id(CALLS_APART * index + len(calls))
        # A call without arguments has none; text is passed on just as the model wrote it.
        arguments = json_text.as_text(call.get("arguments")) or "{}"
        calls.append(ToolCall(id, call.get("name") or "", arguments))
    return neutral_calls(calls)


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The ``ChatResult`` that says this reply."""
    created = datetime.fromtimestamp(reply.get("created", 0), UTC)
    chat: dict[str, Any] = {
        "apiFormat": "GENERIC",
        "timeCreated": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "choices": [_encode_choice(choice) for choice in reply["choices"]],  # type: ignore[arg-type]
    }
    counts = reply.get("usage")
    if counts:
        chat["usage"] = usage.encode(counts)
    if reply.get("service_tier"):
        chat["serviceTier"] = str(reply["service_tier"]).upper()
    return {"modelId": reply["model"], "modelVersion": "1.0.0", "chatResponse": chat}


def _encode_choice(choice: dict[str, Any]) -> dict[str, Any]:
    message = choice["message"]
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    wire = {"role": "ASSISTANT", **encode_said(message, choice, text)}
    if content is not None:
        wire["content"] = [{"type": "TEXT", "text": text}, *wire.get("content", [])]
    calls = message.get("tool_calls")
    if calls:
        functions = [(call["id"], call["function"]) for call in calls]
        wire["toolCalls"] = [
            encode_call(id, function["name"], function["arguments"]) for id, function in functions
        ]
    encoded = {
        "index": choice["index"],
        "message": wire,
        "finishReason": choice.get("oci_finish_reason") or choice.get("finish_reason") or "stop",
        "logprobs": logprobs.encode(choice.get("logprobs")),
    }
    if choice.get("grounding_metadata"):
        encoded["groundingMetadata"] = choice["grounding_metadata"]
    return encoded


def encode_said(said: dict[str, Any], choice: dict[str, Any], text: str) -> dict[str, Any]:
    """What a message, or a delta, says beside its text and tool calls. ``text`` is the answer's."""
    wire: dict[str, Any] = {}
    if said.get("oci_content"):
        wire["content"] = [*said["oci_content"]]
    if said.get("reasoning_content"):
        wire["reasoningContent"] = said["reasoning_content"]
    if said.get("refusal"):
        wire["refusal"] = said["refusal"]
    # What the grounding says already is not said twice.
    known = grounding.citations(choice.get("grounding_metadata"), text)
    annotations = [each for each in said.get("annotations") or () if each not in known]
    if annotations:
        wire["annotations"] = encode_annotations(annotations)
    return wire
