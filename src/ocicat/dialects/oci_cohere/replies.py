"""What COHERE answers, read and said; and the pieces of it that streams have too.

Source of the names: the ``oci`` SDK's ``CohereChatResponse``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import cohere_citations, faults, finish, json_text, messages, usage
from ocicat.dialects.dialect import Origin
from ocicat.dialects.oci_cohere import history
from ocicat.vocabulary.chat import ChatReply

__all__ = ["called", "decode_reply", "encode_reply", "ending", "failed", "findings"]

_USUAL = ("COMPLETE", "MAX_TOKENS", "ERROR_TOXIC")
_WIRE_REASONS = {"length": "MAX_TOKENS", "content_filter": "ERROR_TOXIC"}


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The ``ChatResult`` that says this reply (its first choice: COHERE has one)."""
    choice: Mapping[str, Any] = reply["choices"][0]
    message = choice["message"]
    chat = ending(message, choice)
    if reply.get("oci_prompt"):
        chat["prompt"] = reply["oci_prompt"]
    counts = reply.get("usage")
    if counts:
        chat["usage"] = usage.encode(counts)
    return {"modelId": reply["model"], "modelVersion": "1.0", "chatResponse": chat}


def ending(message: Mapping[str, Any], choice: Mapping[str, Any]) -> dict[str, Any]:
    """A whole answer, as a reply has it and a stream's last event."""
    turn: dict[str, Any] = {"role": "CHATBOT", "message": message.get("content") or ""}
    wire: dict[str, Any] = {"apiFormat": "COHERE", "text": turn["message"]}
    if message.get("tool_calls"):
        wire["toolCalls"] = turn["toolCalls"] = _wire_calls(message["tool_calls"])
    wire["chatHistory"] = [turn]
    reason = choice.get("finish_reason") or "stop"
    wire["finishReason"] = choice.get("oci_finish_reason") or _WIRE_REASONS.get(reason, "COMPLETE")
    if message.get("refusal"):
        wire["errorMessage"] = message["refusal"]
    if message.get("citations"):
        wire["citations"] = cohere_citations.encode(message["citations"])
    if message.get("documents"):
        wire["documents"] = message["documents"]
    if message.get("search_queries"):
        wire["searchQueries"] = [{"text": query} for query in message["search_queries"]]
    if message.get("search_required") is not None:
        wire["isSearchRequired"] = message["search_required"]
    return wire


def _wire_calls(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": call["function"]["name"],
            "parameters": history.parameters(call["function"]["arguments"]),
        }
        for call in calls
    ]


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a ``ChatResult`` says.

    Raises :class:`~ocicat.errors.MalformedReply` where there is no chat response in it, and
    :class:`~ocicat.errors.InternalServerError` where the model reports that it failed.
    """
    chat = body.get("chatResponse")
    if not isinstance(chat, dict) or not ("text" in chat or chat.get("toolCalls")):
        raise faults.unusable_reply(body, origin, expected="chatResponse.text")
    reason, problem = str(chat.get("finishReason") or "COMPLETE"), chat.get("errorMessage")
    if failed(reason, problem):
        raise faults.failed_answer(chat, origin)
    message: dict[str, Any] = {"role": "assistant", "content": chat.get("text") or ""}
    calls = [
        messages.ToolCall(origin.call_id(number), name, arguments)
        for number, (name, arguments) in enumerate(map(called, chat.get("toolCalls") or ()))
    ]
    if calls:
        message["content"] = message["content"] or None
        message["tool_calls"] = messages.neutral_calls(calls)
    if problem:
        message["refusal"] = problem
    citations = cohere_citations.decode(chat.get("citations"))
    if citations:
        message["citations"] = citations
    message.update(findings(chat, citations))
    choice: dict[str, Any] = {"index": 0, "message": message, "logprobs": None}
    finish.put(choice, reason, called=bool(calls))
    reply: ChatReply = {
        "id": origin.reply_id,
        "object": "chat.completion",
        "created": origin.received,
        "model": origin.model,
        "choices": [choice],  # type: ignore[list-item]
        "usage": usage.decode(chat.get("usage")),
        "opc_request_id": origin.opc_request_id,
    }
    if chat.get("prompt"):
        reply["oci_prompt"] = chat["prompt"]
    return reply


def failed(reason: str, problem: Any) -> bool:
    """Whether an answer's end reports a failure. An answer that was held back is none."""
    return reason == "ERROR" or bool(problem and reason not in _USUAL)


def called(call: Mapping[str, Any]) -> tuple[str, str]:
    """The name and the arguments of a call."""
    return call["name"], history.arguments(call.get("parameters"))


def findings(chat: Mapping[str, Any], citations: list[dict[str, Any]]) -> dict[str, Any]:
    """What an answer says beside its text, in a message's keys."""
    found: dict[str, Any] = {}
    documents = [_document(document) for document in chat.get("documents") or ()]
    if documents:
        found["documents"] = documents
    annotations = cohere_citations.annotations(citations, documents)
    if annotations:
        found["annotations"] = annotations
    if chat.get("searchQueries"):
        found["search_queries"] = [query["text"] for query in chat["searchQueries"]]
    if chat.get("isSearchRequired") is not None:
        found["search_required"] = chat["isSearchRequired"]
    return found


def _document(document: Any) -> Any:
    """A document; the API reference calls it a JSON string, and shows an object."""
    if not isinstance(document, str):
        return document
    return json_text.read(document, {"text": document})
