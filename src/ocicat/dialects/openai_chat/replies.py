"""A whole reply, read and said; and the pieces of it that streams have too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ocicat.dialects import faults, finish, json_text
from ocicat.dialects.decoding import CALLS_APART
from ocicat.dialects.dialect import Origin
from ocicat.vocabulary.chat import ChatReply

__all__ = ["decode_reply", "encode_reply", "even_reasoning"]


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The body that says this reply. The request id goes into a header instead."""
    return {key: value for key, value in reply.items() if key != "opc_request_id"}


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a body says.

    Raises :class:`~ocicat.errors.MalformedReply` where there are no choices in it, and the error it
    reports where it reports one (some errors come with status 200).
    """
    choices = body.get("choices")
    failed = body.get("error") or (not choices and body.get("code"))
    if failed or not isinstance(choices, list):
        raise faults.unusable_reply(body, origin, expected="choices")
    for position, choice in enumerate(choices):
        if not isinstance(choice, dict) or not _is_answer(choice):
            raise faults.unusable_reply(body, origin, expected="choices")
        if not isinstance(choice.get("index"), int):
            choice["index"] = position
        message = choice["message"] = choice.get("message") or {}
        if not message.get("role"):
            message["role"] = "assistant"
        message.setdefault("content", None)
        even_reasoning(message)
        calls = message.pop("tool_calls", None)
        if calls:
            message["tool_calls"] = _calls(calls, choice["index"], origin)
        finish.put(choice, str(choice.get("finish_reason") or "stop"), called=bool(calls))
    for name, value in (
        ("id", origin.reply_id),
        ("object", "chat.completion"),
        ("created", origin.received),
        ("model", origin.model),
    ):
        if body.get(name) is None:
            body[name] = value
    body.setdefault("usage", None)
    body["opc_request_id"] = origin.opc_request_id
    return body  # type: ignore[return-value]  # checked above, and the rest is carried along


def _is_answer(choice: Mapping[str, Any]) -> bool:
    message = choice.get("message")
    # A model that has used up its tokens by reasoning may end without a message.
    return isinstance(message, dict) or (message is None and bool(choice.get("finish_reason")))


def even_reasoning(message: dict[str, Any]) -> None:
    """Keep what a model thought under one name, and only where it did think."""
    other = message.get("reasoning")
    if other is None or isinstance(other, str):
        message.pop("reasoning", None)
        thoughts = message.pop("reasoning_content", None) or other
        if thoughts:
            message["reasoning_content"] = thoughts


def _calls(wire: Sequence[Any], index: int, origin: Origin) -> list[dict[str, Any]]:
    """The tool calls of one answer, each with an id of its own."""
    calls: list[dict[str, Any]] = []
    for call in filter(None, wire):
        function = call.get("function") or {}
        id = call.get("id")
        if not id or any(id == other["id"] for other in calls):
            id = origin.call_id(CALLS_APART * index + len(calls))
        # A call without arguments has none; text is passed on just as the model wrote it.
        arguments = json_text.as_text(function.get("arguments")) or "{}"
        calls.append(
            {
                **call,
                "id": id,
                "type": call.get("type") or "function",
                "function": {**function, "arguments": arguments},
            }
        )
    return calls
