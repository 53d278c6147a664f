"""Messages as GENERIC says them: requests' turns, and what requests and replies have in common.

Source: the ``oci`` SDK's ``Message``, ``ChatContent``, ``FunctionCall`` and ``Annotation`` classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ocicat.dialects import json_text, links
from ocicat.dialects.content import Media, Part, Text
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

__all__ = [
    "decode_annotations",
    "decode_message",
    "encode_annotations",
    "encode_call",
    "encode_turn",
]


def encode_turn(turn: Turn, notes: Notes) -> dict[str, Any]:
    """The message that says ``turn``.

    Raises :class:`~ocicat.errors.UnsupportedFeature` for a file that was uploaded before.
    """
    content = [part for part in (_part(each, turn, notes) for each in turn.parts) if part]
    if not content:
        content = [{"type": "TEXT", "text": NOTHING}]
        if not turn.tool_calls:
            note_nothing(turn, notes)
    wire: dict[str, Any] = {"role": turn.role.upper(), "content": content}
    if turn.role == "tool":
        # A name would only repeat that of the call, and has no place.
        wire["toolCallId"] = turn.tool_call_id
        return wire
    if turn.name:
        wire["name"] = turn.name
    if turn.tool_calls:
        wire["toolCalls"] = [
            encode_call(call.id, call.name, call.arguments or "{}") for call in turn.tool_calls
        ]
    # The plan of a Cohere model whose conversation goes on here was its reasoning.
    reasoning = turn.reasoning or turn.tool_plan
    if reasoning:
        wire["reasoningContent"] = reasoning
    return wire


def _part(part: Part, turn: Turn, notes: Notes) -> dict[str, Any] | None:
    if isinstance(part, Text):
        return {"type": "TEXT", "text": part.text} if part.text else None
    where = f"{turn.where}.content"
    if part.file_id:
        notes.refuse(
            where,
            f"`{where}` names the uploaded file {part.file_id!r}, and GENERIC has no place for it.",
            hint="Put the content of the file into the message, as a data URI.",
        )
        return None
    if part.name:
        notes.add(where, f"The file's name {part.name!r} is left out: GENERIC has no place for it.")
    link = {"url": links.encode(part)}
    if part.detail:
        link["detail"] = part.detail.upper()
    return {"type": part.kind.upper(), f"{part.kind}Url": link}


def encode_call(id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    """A tool call, or a piece of one, which may lack id and name."""
    wire = {"type": "FUNCTION", "arguments": arguments}
    if id:
        wire["id"] = id
    if name:
        wire["name"] = name
    return wire


def decode_message(wire: dict[str, Any]) -> ChatMessage:
    """The neutral message that a request's message says."""
    parts = _parts(wire.get("content") or ())
    message: ChatMessage = {"role": wire["role"].lower(), "content": neutral_content(parts)}
    if wire.get("name"):
        message["name"] = wire["name"]
    if message["role"] == "tool":
        message["tool_call_id"] = wire.get("toolCallId") or ""
    if wire.get("toolCalls"):
        message["tool_calls"] = neutral_calls(
            [
                ToolCall(
                    call["id"], call.get("name") or "", json_text.as_text(call.get("arguments"))
                )
                for call in wire["toolCalls"]
            ]
        )
        if message["content"] in ("", NOTHING):
            message["content"] = None
    if wire.get("refusal"):
        message["refusal"] = wire["refusal"]
    if wire.get("annotations"):
        message["annotations"] = decode_annotations(wire["annotations"])
    if wire.get("reasoningContent"):
        message["reasoning_content"] = wire["reasoningContent"]
    return message


def _parts(content: Iterable[dict[str, Any]]) -> list[Part]:
    parts: list[Part] = []
    for wire in content:
        kind = wire["type"].lower()
        if kind == "text":
            parts.append(Text(wire.get("text") or ""))
            continue
        link = wire.get(f"{kind}Url")
        if link:
            detail = link.get("detail")
            url = links.decode(link["url"])
            parts.append(Media(kind, url, detail.lower() if detail else None))
    return parts


_CITATION = {"startIndex": "start_index", "endIndex": "end_index", "title": "title", "url": "url"}


def decode_annotations(wire: Iterable[Any]) -> list[dict[str, Any]]:
    """Annotations in OpenAI's form; those of a kind that is not known stay as they are."""
    return [
        {"type": "url_citation", "url_citation": _renamed(annotation["urlCitation"], _CITATION)}
        if annotation.get("urlCitation")
        else annotation
        for annotation in wire
        if annotation
    ]


def encode_annotations(annotations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Annotations in GENERIC's form."""
    back = {neutral: camel for camel, neutral in _CITATION.items()}
    return [
        {"type": "url_citation", "urlCitation": _renamed(annotation["url_citation"], back)}
        if annotation.get("url_citation")
        else annotation
        for annotation in annotations
    ]


def _renamed(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """``values`` under other names; names that are not known stay, and nulls go."""
    return {names.get(name, name): value for name, value in values.items() if value is not None}
