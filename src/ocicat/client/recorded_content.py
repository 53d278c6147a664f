"""The texts of a chat, as OpenTelemetry's conventions want them in a span: JSON in attributes.

Recorded only where somebody asked for it: see ``spans.py``. Media are named by their addresses;
those that came within the request are named by their type alone, as a span is no place for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ocicat.call.attempts import WRONG_SHAPE
from ocicat.dialects import content
from ocicat.errors import OcicatError

__all__ = ["Streamed", "attributes"]


def attributes(request: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, str]:
    """The attributes for a chat's request and its answer, a neutral reply or a part of one.

    There are none for a request in no known form, as the call itself is refused for it.
    """
    try:
        return _attributes(request, answer)
    except WRONG_SHAPE:
        return {}


def _attributes(request: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "gen_ai.input.messages": [_message(each) for each in request.get("messages") or ()],
        "gen_ai.output.messages": [
            {**_message(choice["message"]), "finish_reason": choice.get("finish_reason") or ""}
            for choice in answer.get("choices") or ()
        ],
        "gen_ai.tool.definitions": [_definition(tool) for tool in request.get("tools") or ()],
    }
    return {
        name: msgspec.json.encode(value, enc_hook=repr).decode()
        for name, value in found.items()
        if value
    }


class Streamed:
    """The answer that comes in chunks, as far as it is recorded."""

    def __init__(self) -> None:
        self._choices: dict[int, _StreamedChoice] = {}

    def add(self, chunk: Mapping[str, Any]) -> None:
        for choice in chunk["choices"]:
            self._choices.setdefault(choice["index"], _StreamedChoice()).add(choice)

    def answer(self) -> dict[str, Any]:
        """What has come so far, in the shape of a reply."""
        return {"choices": [self._choices[index].whole() for index in sorted(self._choices)]}


class _StreamedChoice:
    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {"content": [], "reasoning_content": []}
        self._calls: dict[int, tuple[dict[str, Any], list[str]]] = {}
        self._finish_reason: str | None = None

    def add(self, choice: Mapping[str, Any]) -> None:
        delta = choice["delta"]
        for name, pieces in self._texts.items():
            if delta.get(name):
                pieces.append(delta[name])
        for piece in delta.get("tool_calls") or ():
            # The first piece of a call is the one with its id and its name.
            _, arguments = self._calls.setdefault(piece["index"], (piece, []))
            arguments.append(piece["function"]["arguments"])
        self._finish_reason = choice.get("finish_reason") or self._finish_reason

    def whole(self) -> dict[str, Any]:
        calls = [
            {**first, "function": {**first["function"], "arguments": "".join(arguments)}}
            for first, arguments in self._calls.values()
        ]
        texts = {name: "".join(pieces) for name, pieces in self._texts.items()}
        message = {"role": "assistant", **texts, "tool_calls": calls}
        return {"message": message, "finish_reason": self._finish_reason}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if message.get("reasoning_content"):
        parts.append({"type": "reasoning", "content": message["reasoning_content"]})
    if message.get("role") == "tool":
        parts.append(
            {
                "type": "tool_call_response",
                "id": message.get("tool_call_id"),
                "response": message.get("content"),
            }
        )
    else:
        parts += _parts(message.get("content"))
    parts += [_call(call) for call in message.get("tool_calls") or ()]
    return {"role": message.get("role"), "parts": parts}


def _parts(said: Any) -> list[dict[str, Any]]:
    try:
        return [_part(part) for part in content.read(said, "content") if part != content.Text("")]
    except OcicatError:
        return [{"type": "unknown"}]  # the call itself will be refused for it


def _part(part: content.Part) -> dict[str, Any]:
    if isinstance(part, content.Text):
        return {"type": "text", "content": part.text}
    if part.data:
        return {"type": part.kind, "mime_type": part.data[0]}
    if part.file_id:
        return {"type": "file", "modality": part.kind, "file_id": part.file_id}
    return {"type": "uri", "modality": part.kind, "uri": part.url}


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    arguments: Any = function.get("arguments")
    try:
        arguments = msgspec.json.decode(arguments)
    except (ValueError, RecursionError, TypeError):
        pass  # it stays the text that the model wrote
    return {
        "type": "tool_call",
        "id": call.get("id"),
        "name": function.get("name"),
        "arguments": arguments,
    }


def _definition(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": tool.get("type"), **(tool.get("function") or {})}
