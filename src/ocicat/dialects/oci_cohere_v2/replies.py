"""What COHEREV2 answers, read and said; and the pieces of it that streams have too.

Source of the names: the ``oci`` SDK's ``CohereChatResponseV2``, ``CohereAssistantMessageV2`` and
``LogProbability``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ocicat.dialects import faults, finish, usage
from ocicat.dialects.decoding import CallFragment
from ocicat.dialects.dialect import Origin
from ocicat.dialects.messages import ToolCall, neutral_calls
from ocicat.dialects.oci_cohere_v2.messages import decode_said, encode_said, listed
from ocicat.vocabulary.chat import ChatReply

__all__ = [
    "decode_logprobs",
    "decode_reply",
    "encode_logprobs",
    "encode_reply",
    "failed",
    "wire_reason",
]

_ENDINGS = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "tool_calls": "TOOL_CALL",
    "content_filter": "ERROR_TOXIC",  # COHERE's word; COHEREV2 documents none
}
#: The reasons to end that are no failure, whatever `errorMessage` says.
_USUAL = frozenset({"COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL"})


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a ``ChatResult`` says.

    The message may be missing, where thinking has used up all tokens. Raises
    :class:`~ocicat.errors.MalformedReply` where there is no chat response in it, and
    :class:`~ocicat.errors.InternalServerError` where the model reports that it failed.
    """
    chat = body.get("chatResponse")
    if not isinstance(chat, dict) or not (chat.get("message") or chat.get("finishReason")):
        raise faults.unusable_reply(body, origin, expected="chatResponse.message")
    if failed(chat):
        raise faults.failed_answer(chat, origin)
    message = decode_said(chat.get("message") or {})
    calls = _calls(message.pop("tool_calls", ()), origin)
    message = {"role": "assistant", "content": None if calls else "", **message}
    if calls:
        message["tool_calls"] = calls
    choice: dict[str, Any] = {
        "index": 0,
        "message": message,
        "logprobs": decode_logprobs(listed(chat.get("logProbabilities"))),
    }
    finish.put(choice, str(chat.get("finishReason") or "COMPLETE"), called=bool(calls))
    return {
        "id": chat.get("id") or origin.reply_id,
        "object": "chat.completion",
        "created": origin.received,
        "model": origin.model,
        "choices": [choice],  # type: ignore[list-item]  # built key by key
        "usage": usage.decode(chat.get("usage")),
        "opc_request_id": origin.opc_request_id,
    }


def failed(chat: Mapping[str, Any]) -> bool:
    """Whether an answer, or an event of a stream, reports that the model failed."""
    reason = chat.get("finishReason")
    return reason == "ERROR" or (bool(chat.get("errorMessage")) and reason not in _USUAL)


def _calls(pieces: Iterable[CallFragment], origin: Origin) -> list[dict[str, Any]]:
    """The tool calls of a whole answer, each with an id of its own."""
    calls: list[ToolCall] = []
    for piece in pieces:
        id = piece.id
        if not id or any(id == other.id for other in calls):
            id = origin.call_id(len(calls))
        calls.append(ToolCall(id, piece.name, piece.arguments or "{}"))
    return neutral_calls(calls)


def decode_logprobs(wire: list[Any]) -> dict[str, Any] | None:
    """OpenAI's list of tokens. A text that took several tokens is one, as likely as all of them."""
    if not wire:
        return None
    texts = [(chunk.get("text") or "", chunk.get("logProbabilities") or ()) for chunk in wire]
    return {
        "content": [
            {
                "token": text,
                "logprob": sum(likelihoods),
                "bytes": list(text.encode()),
                "top_logprobs": [],
            }
            for text, likelihoods in texts
        ]
    }


def encode_logprobs(logprobs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """COHEREV2's chunks of text with their likelihoods; none where there is nothing to tell."""
    return [
        {"text": item["token"], "logProbabilities": [item["logprob"]]}
        for item in logprobs.get("content") or ()
    ]


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The ``ChatResult`` that says this reply (its first choice: COHEREV2 has one)."""
    choice = reply["choices"][0]
    chat: dict[str, Any] = {
        "apiFormat": "COHEREV2",
        "id": reply["id"],
        "message": encode_said(choice["message"]),
        "finishReason": wire_reason(choice),
    }
    likelihoods = encode_logprobs(choice.get("logprobs") or {})
    if likelihoods:
        chat["logProbabilities"] = likelihoods
    counts = reply.get("usage")
    if counts:
        chat["usage"] = usage.encode(counts)
    return {"modelId": reply["model"], "modelVersion": "1.0", "chatResponse": chat}


def wire_reason(choice: Mapping[str, Any]) -> str:
    """Why a neutral choice ended, in COHEREV2's words."""
    neutral = _ENDINGS.get(choice.get("finish_reason") or "stop", "COMPLETE")
    return str(choice.get("oci_finish_reason") or neutral)
