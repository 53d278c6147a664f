"""A conversation as the items of ``input``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ocicat.dialects import content
from ocicat.dialects.content import Media, Part, Text
from ocicat.dialects.dialect import Notes
from ocicat.dialects.messages import NOTHING, Turn, neutral_content, note_nothing
from ocicat.dialects.openai_responses.replies import is_beside, thoughts
from ocicat.errors import UnsupportedFeature
from ocicat.vocabulary.chat import ChatMessage

__all__ = ["decode", "encode"]

_SOUNDS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mp3": "mp3",
    "audio/mpeg": "mp3",
}


def encode(spoken: Iterable[Turn], notes: Notes) -> list[dict[str, Any]]:
    """The items that say these turns, in order.

    What the model thought is sent only as OCI gave it, encrypted.
    """
    items: list[dict[str, Any]] = []
    for turn in spoken:
        if turn.name:
            notes.add(f"{turn.where}.name", "Left out: Responses has no names of speakers.")
        if turn.role == "tool":
            output = _content(turn, notes, sound=False)
            items.append(
                {"type": "function_call_output", "call_id": turn.tool_call_id, "output": output}
            )
        elif turn.role == "assistant":
            items += _answer(turn, notes)
        else:
            said = _content(turn, notes, sound=True)
            if not said:
                said = NOTHING
                note_nothing(turn, notes)
            items.append({"type": "message", "role": turn.role, "content": said})
    return items


def _answer(turn: Turn, notes: Notes) -> list[dict[str, Any]]:
    """What the model said and the calls that it made."""
    if turn.media:
        notes.refuse(
            f"{turn.where}.content",
            f"`{turn.where}` is the assistant's and more than text, which Responses has no place"
            " for.",
        )
    items: list[dict[str, Any]] = [dict(item) for item in turn.response_items]
    texts = [text for text in turn.texts if text]
    if not texts and not items and not turn.tool_calls:
        texts = [NOTHING]
        note_nothing(turn, notes)
    if texts:
        said: Any = texts[0]
        if len(texts) > 1:
            said = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
        items.append({"type": "message", "role": "assistant", "content": said})
    items += (
        {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments or "{}",
        }
        for call in turn.tool_calls
    )
    return items


def _content(turn: Turn, notes: Notes, *, sound: bool) -> str | list[dict[str, Any]]:
    if not turn.media and len(turn.parts) <= 1:
        return "".join(turn.texts)
    said = []
    for part in turn.parts:
        wire = _part(part)
        if wire is None or (wire["type"] == "input_audio" and not sound):
            notes.refuse(
                f"{turn.where}.content",
                f"`{turn.where}` holds audio; Responses takes it only in messages, as wav or mp3"
                " in base64.",
            )
        else:
            said.append(wire)
    return said


def _part(part: Part) -> dict[str, Any] | None:
    """A part in the form of Responses; ``None`` for audio in a form that it has not."""
    if isinstance(part, Text):
        return {"type": "input_text", "text": part.text}
    if part.kind == "image":
        shown = {"file_id": part.file_id} if part.file_id else {"image_url": part.url}
        return {"type": "input_image", "detail": part.detail or "auto", **shown}
    if part.kind == "audio":
        type, data = part.data or ("", "")
        if type not in _SOUNDS:
            return None
        return {"type": "input_audio", "input_audio": {"data": data, "format": _SOUNDS[type]}}
    return {"type": "input_file", **_file(part)}


def _file(part: Media) -> dict[str, Any]:
    named = {"filename": part.name} if part.name else {}
    if part.file_id:
        return {"file_id": part.file_id}
    if part.data is None:
        return {"file_url": part.url}
    # A file that travels along must have a name.
    return {"file_data": part.url, **(named or {"filename": "document.pdf"})}


def decode(instructions: str | None, given: str | list[dict[str, Any]]) -> list[ChatMessage]:
    """The messages that ``instructions`` and ``input`` say.

    Thoughts, words and calls of the model that follow each other are one message. Raises
    :class:`~ocicat.errors.UnsupportedFeature` for an item that needs what only OCI has.
    """
    messages: list[dict[str, Any]] = []
    if instructions:
        messages.append({"role": "system", "content": instructions})
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    for index, item in enumerate(given):
        _take(messages, item, f"input[{index}]")
    # Thoughts and searches that nothing followed are no message.
    silent = {"role", "reasoning", "response_items"}
    return [_whole(message) for message in messages if message.keys() - silent]


def _take(messages: list[dict[str, Any]], item: dict[str, Any], where: str) -> None:
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    if kind == "message":
        parts = content.read(item["content"], f"{where}.content")
        if item["role"] == "assistant":
            _speaker(messages).setdefault("content", []).extend(parts)
        else:
            messages.append({"role": item["role"], "content": neutral_content(parts)})
    elif kind == "reasoning":
        _speaker(messages).setdefault("reasoning", []).extend(thoughts(item))
        if is_beside(item):
            _keep(messages, item)
    elif kind in ("function_call", "custom_tool_call"):
        _speaker(messages).setdefault("tool_calls", []).append(_call(item))
    elif kind in ("function_call_output", "custom_tool_call_output"):
        result: dict[str, Any] = {"role": "tool"}
        if item.get("call_id"):
            result["tool_call_id"] = item["call_id"]
        result["content"] = neutral_content(content.read(item["output"], f"{where}.output"))
        messages.append(result)
    elif is_beside(item):
        _keep(messages, item)
    else:
        raise UnsupportedFeature(
            f"`{where}` is of type {kind!r}, which a chat has no place for.", parameter=where
        )


def _speaker(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The message of the model that goes on, or a new one."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant"})
    return messages[-1]


def _keep(messages: list[dict[str, Any]], item: dict[str, Any]) -> None:
    _speaker(messages).setdefault("response_items", []).append(item)


def _call(item: dict[str, Any]) -> dict[str, Any]:
    arguments = item.get("arguments")
    if arguments is None:  # a tool that takes a text
        arguments = msgspec.json.encode({"input": item["input"]}).decode()
    return {
        "id": item["call_id"],
        "type": "function",
        "function": {"name": item["name"], "arguments": arguments},
    }


def _whole(message: dict[str, Any]) -> ChatMessage:
    if message["role"] == "assistant":
        said = message.get("content")
        message["content"] = None if said is None else neutral_content(said)
        reasoning = message.pop("reasoning", None)
        if reasoning:
            message["reasoning_content"] = "\n\n".join(reasoning)
    return message  # type: ignore[return-value]  # built key by key
