"""The messages of a request, checked and in one form, for dialects to say in their own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ocicat.dialects import content, json_text
from ocicat.dialects.content import Media, Part, Text
from ocicat.dialects.dialect import Entry, Notes
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts

__all__ = [
    "NOTHING",
    "ROLES",
    "ToolCall",
    "Turn",
    "check_content",
    "neutral_calls",
    "neutral_content",
    "note_nothing",
    "seen_as",
    "turns",
]

#: What a message says that would be empty: OCI refuses those, and some of its backends fail on tool
#: calls without content. A full stop is what other clients send in such a place.
NOTHING = "."

ROLES = ("system", "developer", "user", "assistant", "tool")
_KEYS = frozenset(
    {
        *("role", "content", "name", "tool_calls", "tool_call_id"),
        *("reasoning_content", "reasoning", "tool_plan", "citations"),
    }
)
_ARTICLES = {"image": "an image", "document": "a document", "audio": "audio", "video": "a video"}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model made. ``arguments`` is JSON text, just as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One message.

    * ``where``: its place in the request, such as ``messages[2]``, for error messages.
    * ``parts``: what it says; empty for an assistant that only calls tools.
    * ``reasoning``, ``tool_plan``, ``citations``, ``response_items`` and ``tool_calls`` are an
      assistant's, ``tool_call_id`` a tool result's.
    """

    role: str
    parts: tuple[Part, ...]
    where: str
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    reasoning: str = ""
    tool_plan: str = ""
    citations: tuple[dict[str, Any], ...] = ()
    response_items: tuple[dict[str, Any], ...] = ()

    @property
    def texts(self) -> list[str]:
        """The words, in order."""
        return content.texts_of(self.parts)

    @property
    def media(self) -> list[Media]:
        """What is not words, in order."""
        return [part for part in self.parts if isinstance(part, Media)]


def turns(request: ChatRequest) -> list[Turn]:
    """The turns of a request, in order.

    Every tool result is known to answer a call before it; one without an id is taken for that of
    the first call that has none yet.

    Raises :class:`~ocicat.errors.InvalidParameter` for messages of a wrong shape.
    """
    messages = request.get("messages")
    if not isinstance(messages, (list, tuple)) or not messages:
        raise InvalidParameter(
            "`messages` must be a list of at least one message.",
            parameter="messages",
            hint='Such as [{"role": "user", "content": "Hello!"}].',
        )
    read: list[Turn] = []
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        turn = _turn(message, where, open_calls)
        if turn.role == "assistant":
            made = [call.id for call in turn.tool_calls]
            open_calls = [id for id in open_calls if id not in made] + made
        elif turn.role == "tool":
            open_calls.remove(turn.tool_call_id)
        else:
            open_calls = []
        read.append(turn)
    return read


def _turn(message: Any, where: str, open_calls: Sequence[str]) -> Turn:
    if not isinstance(message, Mapping):
        raise InvalidParameter(f"`{where}` must be a dictionary.", parameter=where)
    role = message.get("role")
    if role == "function":
        raise InvalidParameter(
            f"`{where}.role` is 'function', which OpenAI has replaced by 'tool'.",
            parameter=f"{where}.role",
            hint="Give the result as {'role': 'tool', 'tool_call_id': …, 'content': …}.",
        )
    if role not in ROLES:
        raise InvalidParameter(
            f"`{where}.role` must be one of {', '.join(ROLES)}, not {role!r}.",
            parameter=f"{where}.role",
        )
    for key, value in message.items():
        if key in _KEYS or value is None:
            continue
        # People append a reply's message to the history as it is, with all that the model noted
        # on its answer and that no later request could carry.
        if role == "assistant" and key != "function_call":
            continue
        raise InvalidParameter(
            f"`{where}` has a key that no message has: {key!r}.",
            parameter=f"{where}.{key}",
            hint="Give the call in `tool_calls`." if key == "function_call" else "",
        )
    name = _text(message, "name", where) or None
    parts = content.read(message.get("content"), f"{where}.content")
    if role == "assistant":
        refusal = message.get("refusal")
        if refusal and not parts:
            parts = (Text(str(refusal)),)
        return Turn(
            role,
            parts,
            where,
            name,
            tool_calls=_tool_calls(message.get("tool_calls"), f"{where}.tool_calls"),
            reasoning=_text(message, "reasoning_content", where)
            or _text(message, "reasoning", where),
            tool_plan=_text(message, "tool_plan", where),
            citations=tuple(message.get("citations") or ()),
            response_items=tuple(message.get("response_items") or ()),
        )
    if message.get("content") is None:
        raise InvalidParameter(
            f"`{where}.content` must be a text or a list of parts.", parameter=f"{where}.content"
        )
    if role != "tool":
        return Turn(role, parts, where, name)
    call_id = _text(message, "tool_call_id", where) or (open_calls[0] if open_calls else "")
    if call_id not in open_calls:
        raise InvalidParameter(
            f"`{where}` is the result of no tool call: {call_id!r} is not the id of a call in the"
            " assistant's message before it, or has a result already.",
            parameter=f"{where}.tool_call_id",
            hint="Keep the assistant's message with its `tool_calls` in the history.",
        )
    return Turn(role, parts, where, name, tool_call_id=call_id)


def _tool_calls(value: Any, where: str) -> tuple[ToolCall, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        raise InvalidParameter(f"`{where}` must be a list of tool calls.", parameter=where)
    calls: list[ToolCall] = []
    for index, call in enumerate(value):
        here = f"{where}[{index}]"
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise InvalidParameter(
                f'`{here}` must be {{"id": …, "type": "function", "function": {{"name": …,'
                ' "arguments": …}}.',
                parameter=here,
            )
        id = call.get("id") or f"call_{index}"
        if any(id == other.id for other in calls):
            raise InvalidParameter(
                f"`{here}.id` is the id of another call too.", parameter=f"{here}.id"
            )
        arguments = json_text.as_text(function.get("arguments"))
        calls.append(ToolCall(str(id), function["name"], arguments))
    return tuple(calls)


def _text(message: Mapping[str, Any], key: str, where: str) -> str:
    value = message.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidParameter(f"`{where}.{key}` must be a text.", parameter=f"{where}.{key}")
    return value


def check_content(
    conversation: Sequence[Turn],
    table: Mapping[str, Entry],
    facts: ModelFacts,
    notes: Notes,
    *,
    dialect: str,
) -> list[Turn]:
    """The turns without what this dialect or this model cannot be shown.

    That is refused by name, and only left out, with a note, where the caller wants things dropped.
    Raises :class:`~ocicat.errors.UnsupportedFeature`.
    """
    checked = []
    for turn in conversation:
        kept: list[Part] = []
        for part in turn.parts:
            if isinstance(part, Text):
                kept.append(part)
                continue
            entry = table.get(part.kind)
            if entry is None or entry.way == "refused":
                why = entry.note if entry is not None else ""
                notes.refuse(
                    f"{turn.where}.content",
                    f"`{turn.where}` holds {_ARTICLES[part.kind]}, which {dialect} has no place"
                    f" for. {why}".rstrip(),
                )
            elif facts.known and part.kind not in seen_as(facts):
                notes.refuse(
                    f"{turn.where}.content",
                    f"`{turn.where}` holds {_ARTICLES[part.kind]}, and {facts.id} takes only"
                    f" {', '.join(facts.input_modalities)}.",
                    hint=f"`ocicat models --input {part.kind}` lists the models that take it.",
                )
            else:
                kept.append(part)
        checked.append(replace(turn, parts=tuple(kept)) if len(kept) < len(turn.parts) else turn)
    return checked


def seen_as(facts: ModelFacts) -> tuple[str, ...]:
    """The kinds of content that a model takes."""
    # Models that look at images are shown the pages of a document as such.
    more = ("document",) if "image" in facts.input_modalities else ()
    return (*facts.input_modalities, *more)


def note_nothing(turn: Turn, notes: Notes) -> None:
    """Report that ``turn`` is sent as :data:`NOTHING`."""
    notes.add(f"{turn.where}.content", f"Sent as {NOTHING!r}: OCI takes no empty message.")


def neutral_content(parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    """A neutral message's ``content``: a text alone where there is only one, else a list."""
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [content.neutral(part) for part in parts]


def neutral_calls(calls: Sequence[ToolCall]) -> list[dict[str, Any]]:
    """A neutral message's ``tool_calls``."""
    return [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in calls
    ]
