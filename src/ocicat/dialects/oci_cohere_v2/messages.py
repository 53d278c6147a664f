"""Messages as COHEREV2 says them: requests' turns, and what requests and replies have in common.

Thoughts are a part of the content, before the words. Source of the names: the ``oci`` SDK's
``CohereMessageV2`` and ``CohereContentV2`` and their kin, ``CohereToolCallV2`` and
``CohereCitationV2``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import cohere_citations, json_text
from ocicat.dialects.content import Media, Part, Text, read, texts_of
from ocicat.dialects.decoding import CallFragment
from ocicat.dialects.dialect import Notes
from ocicat.dialects.messages import (
    NOTHING,
    ToolCall,
    Turn,
    neutral_calls,
    neutral_content,
    note_nothing,
)
from ocicat.vocabulary.chat import ChatMessage
from ocicat.vocabulary.model import ModelFacts

__all__ = ["decode_message", "decode_said", "encode_said", "encode_turn", "listed"]


def encode_turn(turn: Turn, facts: ModelFacts, notes: Notes) -> dict[str, Any]:
    """The message that says ``turn``.

    Raises :class:`~ocicat.errors.UnsupportedFeature` for a file that was uploaded before.
    """
    # A tool's name would only repeat that of the call.
    if turn.name and turn.role != "tool":
        notes.add(f"{turn.where}.name", "Left out: COHEREV2 has no place for it.")
    parts = [*_thoughts(turn, facts, notes), *_parts(turn, notes)]
    if not parts and not turn.tool_calls:
        parts = [{"type": "TEXT", "text": NOTHING}]
        note_nothing(turn, notes)
    role = "SYSTEM" if turn.role == "developer" else turn.role.upper()
    wire: dict[str, Any] = {"role": role, "content": parts}
    if turn.tool_plan:
        wire["toolPlan"] = turn.tool_plan
    if turn.tool_calls:
        wire["toolCalls"] = [
            _call(call.id, call.name, call.arguments or "{}") for call in turn.tool_calls
        ]
    if turn.citations:
        wire["citations"] = cohere_citations.encode(map(_as_here, turn.citations))
    if turn.role == "tool":
        wire["toolCallId"] = turn.tool_call_id
    return wire


def _thoughts(turn: Turn, facts: ModelFacts, notes: Notes) -> list[dict[str, Any]]:
    if not turn.reasoning:
        return []
    if facts.known and not facts.reasoning:
        notes.add(f"{turn.where}.reasoning_content", f"Left out: {facts.id} does not reason.")
        return []
    return [{"type": "THINKING", "thinking": turn.reasoning}]


def _parts(turn: Turn, notes: Notes) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for part in turn.parts:
        if isinstance(part, Text):
            if part.text:
                parts.append({"type": "TEXT", "text": part.text})
        elif part.file_id:
            where = f"{turn.where}.content"
            notes.refuse(
                where,
                f"`{where}` names the uploaded file {part.file_id!r}, and COHEREV2 has no place"
                " for it.",
                hint="Give the image as a URL or a data URI.",
            )
        else:
            link = {"url": part.url, **({"detail": part.detail.upper()} if part.detail else {})}
            parts.append({"type": "IMAGE_URL", "imageUrl": link})
    return parts


def _call(id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": id, "type": "FUNCTION", "function": {"name": name, "arguments": arguments}}


_CITATION = ("start", "end", "text", "content_index", "type", "sources")


def _as_here(citation: Mapping[str, Any]) -> dict[str, Any]:
    """A citation with this format's keys alone, also where an answer of COHERE's has it."""
    kept = {key: citation[key] for key in _CITATION if citation.get(key) is not None}
    if citation.get("document_ids"):
        kept.setdefault(
            "sources", [{"type": "document", "id": id} for id in citation["document_ids"]]
        )
    return kept


def decode_message(wire: Mapping[str, Any]) -> ChatMessage:
    """The neutral message that a request's message says. Documents in it become JSON text."""
    parts: list[Part] = []
    thoughts: list[str] = []
    for part in wire["content"]:
        match part["type"]:
            case "THINKING":
                thoughts.append(part.get("thinking") or "")
            case "IMAGE_URL":
                link = part["imageUrl"]
                detail = link.get("detail")
                parts.append(Media("image", link["url"], detail.lower() if detail else None))
            case "DOCUMENT":
                parts.append(Text(json_text.as_text(part.get("document") or {})))
            case _:
                parts.append(Text(part.get("text") or ""))
    calls = [
        ToolCall(piece.id, piece.name, piece.arguments)
        for piece in map(_piece, wire.get("toolCalls") or ())
    ]
    message: ChatMessage = {
        "role": wire["role"].lower(),
        "content": None if calls and not parts else neutral_content(parts),
    }
    if any(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    if wire.get("toolPlan"):
        message["tool_plan"] = wire["toolPlan"]
    if calls:
        message["tool_calls"] = neutral_calls(calls)
    if wire.get("citations"):
        message["citations"] = cohere_citations.decode(wire["citations"])
    if wire.get("toolCallId"):
        message["tool_call_id"] = wire["toolCallId"]
    return message


def decode_said(wire: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer, or a piece of one, says under neutral keys; those of nothing are absent.

    There may be nulls anywhere. ``tool_calls`` are :class:`CallFragment`, for the caller to put
    together.
    """
    texts: list[str] = []
    thoughts: list[str] = []
    documents: list[Any] = []
    others: list[Any] = []
    for part in listed(wire.get("content")):
        if isinstance(part, str):
            texts.append(part)
            continue
        match part.get("type", "TEXT"):
            case "TEXT":
                texts.append(part.get("text") or "")
            case "THINKING":
                thoughts.append(part.get("thinking") or "")
            case "DOCUMENT":
                documents.append(part.get("document") or {})
            case _:
                others.append(part)
    found: dict[str, Any] = {
        "content": "".join(texts),
        "reasoning_content": "".join(thoughts),
        "tool_plan": wire.get("toolPlan"),
        "documents": documents,
        "oci_content": others,
    }
    if wire.get("toolCalls"):
        found["tool_calls"] = [_piece(call) for call in listed(wire["toolCalls"])]
    if wire.get("citations"):
        found["citations"] = cohere_citations.decode(listed(wire["citations"]))
        found["annotations"] = cohere_citations.annotations(found["citations"], documents)
    return {key: value for key, value in found.items() if value}


def listed(value: Any) -> list[Any]:
    """The items of what should be a list, and may be null, hold nulls, or be an item alone."""
    if value is None:
        return []
    return [item for item in value if item is not None] if isinstance(value, list) else [value]


def _piece(wire: Mapping[str, Any]) -> CallFragment:
    """A tool call, or a piece of one. Its arguments are JSON text, or the object itself."""
    function = wire.get("function") or {}
    arguments = json_text.as_text(function.get("arguments"))
    return CallFragment(wire.get("id") or "", function.get("name") or "", arguments)


def encode_said(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message that says what an answer, or a delta of one, says. Calls in it are whole."""
    parts: list[Any] = []
    if message.get("reasoning_content"):
        parts.append({"type": "THINKING", "thinking": message["reasoning_content"]})
    texts = texts_of(read(message.get("content"), "content"))
    parts += [{"type": "TEXT", "text": text} for text in texts if text]
    parts += [{"type": "DOCUMENT", "document": each} for each in message.get("documents") or ()]
    parts += message.get("oci_content") or ()
    wire: dict[str, Any] = {"role": "ASSISTANT", "content": parts}
    if message.get("tool_plan"):
        wire["toolPlan"] = message["tool_plan"]
    if message.get("tool_calls"):
        functions = [(call["id"], call["function"]) for call in message["tool_calls"]]
        wire["toolCalls"] = [
            _call(id, function["name"], function["arguments"]) for id, function in functions
        ]
    if message.get("citations"):
        wire["citations"] = cohere_citations.encode(message["citations"])
    return wire
