"""The turns of a conversation, checked once for every dialect.

On this path a turn is text: of the system, a developer, the user or the assistant. Whatever else a
message may carry (images, tool calls, tool results) is refused by name, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ocicat.errors import InvalidParameter, UnsupportedFeature
from ocicat.vocabulary.chat import ChatRequest

__all__ = ["Turn", "turns"]

ROLES = ("system", "developer", "user", "assistant")

# Keys of an assistant's message that are the model's notes on its answer. People append a reply's
# message to the history as it is; these say nothing that a later request could carry.
_NOTES = frozenset({"refusal", "annotations", "audio", "function_call", "reasoning_content"})


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: who speaks, the texts in order (often one), and the speaker's name if given."""

    role: str
    texts: tuple[str, ...]
    name: str | None = None


def turns(request: ChatRequest) -> list[Turn]:
    """The turns of a request, in order.

    Raises :class:`~ocicat.errors.InvalidParameter` for messages of a wrong shape and
    :class:`~ocicat.errors.UnsupportedFeature` for content other than text.
    """
    messages = request.get("messages")
    if not isinstance(messages, (list, tuple)) or not messages:
        raise InvalidParameter("`messages` must be a list of at least one.", parameter="messages")
    return [_turn(message, f"messages[{index}]") for index, message in enumerate(messages)]


def _turn(message: Any, where: str) -> Turn:
    if not isinstance(message, dict):
        raise InvalidParameter(f"`{where}` must be a dictionary.", parameter=where)
    role = message.get("role")
    if role == "tool":
        raise UnsupportedFeature(
            f"`{where}` is a tool result; tools are not supported yet.", parameter=where
        )
    if role not in ROLES:
        raise InvalidParameter(
            f"`{where}.role` must be one of {', '.join(ROLES)}, not {role!r}.",
            parameter=f"{where}.role",
        )
    for key, value in message.items():
        if key in ("role", "content", "name") or value is None:
            continue
        if role == "assistant" and (key in _NOTES or not value or key.startswith("oci_")):
            continue
        if key == "tool_calls":
            raise UnsupportedFeature(
                f"`{where}` carries tool calls; tools are not supported yet.",
                parameter=f"{where}.tool_calls",
            )
        raise InvalidParameter(
            f"`{where}` has a key that no message has: {key!r}.", parameter=f"{where}.{key}"
        )
    name = message.get("name")
    if name is not None and not isinstance(name, str):
        raise InvalidParameter(f"`{where}.name` must be a text.", parameter=f"{where}.name")
    return Turn(role, _texts(message.get("content"), role, f"{where}.content"), name)


def _texts(content: Any, role: str, where: str) -> tuple[str, ...]:
    if isinstance(content, str):
        return (content,)
    if content is None and role == "assistant":
        return ("",)
    if not isinstance(content, (list, tuple)):
        raise InvalidParameter(f"`{where}` must be a text or a list of parts.", parameter=where)
    texts = []
    for index, part in enumerate(content):
        here = f"{where}[{index}]"
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise InvalidParameter(
                f'`{here}` must be a part such as {{"type": "text", "text": …}}.', parameter=here
            )
        if part["type"] != "text":
            raise UnsupportedFeature(
                f"`{here}` is of type {part['type']!r}; only text is supported yet.",
                parameter=here,
            )
        if not isinstance(part.get("text"), str):
            raise InvalidParameter(f"`{here}.text` must be a text.", parameter=f"{here}.text")
        texts.append(part["text"])
    return tuple(texts)
