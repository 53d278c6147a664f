"""Messages as OpenAI's Chat Completions says them in a request.

Source of the shapes: OpenAI's API reference for Chat Completions. Only a user may show images,
documents and sounds there; everybody else has words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ocicat.dialects.content import Media, Part, Text
from ocicat.dialects.dialect import Notes
from ocicat.dialects.messages import NOTHING, Turn, neutral_calls, neutral_content, note_nothing

__all__ = ["encode", "system_in_first_question"]

# The two kinds of sound that OpenAI takes, by all their names.
_SOUNDS = {
    **dict.fromkeys(("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"), "audio/wav"),
    **dict.fromkeys(("audio/mp3", "audio/mpeg", "audio/x-mp3", "audio/mpeg3"), "audio/mp3"),
}


def encode(conversation: Sequence[Turn], notes: Notes) -> list[dict[str, Any]]:
    """The messages that say these turns.

    What tool results show is shown in a user's message behind them, with a note. Reasoning, plans
    and citations of earlier answers have no place and are left out: the model does without them.

    Raises :class:`~ocicat.errors.UnsupportedFeature` for what no message can hold.
    """
    wire: list[dict[str, Any]] = []
    shown: list[Part] = []
    for turn in conversation:
        if turn.role != "tool" and shown:
            wire.append({"role": "user", "content": neutral_content(shown)})
            shown = []
        shows = _shown(turn, notes) if turn.role == "tool" else []
        shown += shows
        wire.append(_message(turn, _parts(turn, notes), bool(shows), notes))
    if shown:
        wire.append({"role": "user", "content": neutral_content(shown)})
    return wire


def system_in_first_question(conversation: Sequence[Turn], notes: Notes) -> list[Turn]:
    """The turns with the system messages at their beginning moved into the user's first message."""
    first = next(
        (
            number
            for number, turn in enumerate(conversation)
            if turn.role not in ("system", "developer")
        ),
        len(conversation),
    )
    leading, rest = conversation[:first], list(conversation[first:])
    if not leading:
        return rest
    notes.add(
        leading[0].where,
        "Said at the beginning of the user's first message: the model takes no tools after a"
        f" {leading[0].role} message.",
    )
    words = "\n\n".join(text for turn in leading for text in turn.texts)
    if not rest or rest[0].role != "user":
        return [Turn("user", (Text(words),), leading[0].where), *rest]
    asked = rest[0]
    match asked.parts:
        case (Text(text), *others):
            parts = (Text(f"{words}\n\n{text}"), *others)
        case _:
            parts = (Text(words), *asked.parts)
    return [replace(asked, parts=parts), *rest[1:]]


def _shown(turn: Turn, notes: Notes) -> list[Part]:
    """What a tool result shows, introduced by the call that it belongs to."""
    media = _sendable(turn.media, turn, notes)
    if not media:
        return []
    notes.add(
        f"{turn.where}.content",
        "Shown in a message of the user behind the tool results, which hold only text.",
    )
    return [Text(f"This belongs to the result of the tool call {turn.tool_call_id}:"), *media]


def _message(turn: Turn, parts: Sequence[Part], shows: bool, notes: Notes) -> dict[str, Any]:
    """The message that says these parts; ``shows`` where others are shown behind it."""
    wire: dict[str, Any] = {"role": turn.role}
    said = [part for part in parts if part != Text("")]
    if said:
        wire["content"] = neutral_content(said)
    elif shows:
        wire["content"] = "See the next message of the user."
    elif not turn.tool_calls:
        wire["content"] = NOTHING
        note_nothing(turn, notes)
    if turn.role == "tool":
        # A name would only repeat that of the call, and has no place.
        wire["tool_call_id"] = turn.tool_call_id
    elif turn.name:
        wire["name"] = turn.name
    if turn.tool_calls:
        calls = [replace(call, arguments=call.arguments or "{}") for call in turn.tool_calls]
        wire["tool_calls"] = neutral_calls(calls)
    return wire


def _parts(turn: Turn, notes: Notes) -> list[Part]:
    if turn.role == "user":
        return _sendable(turn.parts, turn, notes)
    if turn.media and turn.role != "tool":
        notes.refuse(
            f"{turn.where}.content",
            f"`{turn.where}` is a message of the {turn.role} with more than text in it.",
            hint="Put images, documents and sounds into messages of the user.",
        )
    return [Text(text) for text in turn.texts]


def _sendable(parts: Sequence[Part], turn: Turn, notes: Notes) -> list[Part]:
    """The parts in the forms that OpenAI has, without those that it has none for."""
    kept: list[Part] = []
    for part in parts:
        why = ""
        if isinstance(part, Media):
            part, why = _sayable(part)
        if why:
            notes.refuse(
                f"{turn.where}.content",
                f"`{turn.where}` holds {why}.",
                hint="Put the content of the file into the message, as a data URI.",
            )
        else:
            kept.append(part)
    return kept


def _sayable(media: Media) -> tuple[Media, str]:
    """A medium in OpenAI's form, and why there is none if there is none."""
    if media.kind == "image" and media.file_id:
        return media, "an image by the id of an uploaded file, which Chat Completions does not take"
    if media.kind == "document" and not (media.file_id or media.data):
        return media, "a document by its address, which Chat Completions does not take"
    if media.kind != "audio":
        return media, ""
    if media.data is None:
        return media, "a sound by its address, which Chat Completions does not take"
    type, data = media.data
    sound = _SOUNDS.get(type.lower())
    if sound is None:
        return media, f"a sound of type {type!r}, and Chat Completions takes wav and mp3 only"
    return replace(media, url=f"data:{sound};base64,{data}"), ""
