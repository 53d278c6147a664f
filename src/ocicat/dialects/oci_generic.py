"""GENERIC: OCI's native format for every family but Cohere.

Source of names, types and ranges: the ``oci`` SDK's ``GenericChatRequest``, ``GenericChatResponse``
and OCI's API reference for Chat (2023-11-30). On this path a message is text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ocicat.dialects import faults, finish, parameters, usage
from ocicat.dialects.decoding import StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.messages import turns
from ocicat.dialects.parameters import Parameter
from ocicat.errors import MalformedReply, UnsupportedFeature
from ocicat.vocabulary.chat import ChatChunk, ChatMessage, ChatReply, ChatRequest
from ocicat.vocabulary.target import Target

__all__ = [
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "stream_decoder",
    "stream_encoder",
]

_NAME = "the native GENERIC format"

_PARAMETERS = {
    "temperature": Parameter("temperature", parameters.number(0)),
    "top_p": Parameter("topP", parameters.number(0, 1)),
    "top_k": Parameter("topK", parameters.integer(-1)),
    "n": Parameter("numGenerations", parameters.integer(1, 5)),
    "stop": Parameter("stop", parameters.texts),
    "seed": Parameter("seed", parameters.integer()),
    "presence_penalty": Parameter("presencePenalty", parameters.number(-2, 2)),
    "frequency_penalty": Parameter("frequencyPenalty", parameters.number(-2, 2)),
    "logit_bias": Parameter("logitBias", parameters.numbers_by_token),
    "reasoning_effort": Parameter(
        "reasoningEffort",
        parameters.choice("none", "minimal", "low", "medium", "high", upper=True),
        back=str.lower,
    ),
    "verbosity": Parameter(
        "verbosity", parameters.choice("low", "medium", "high", upper=True), back=str.lower
    ),
    "stream_options": Parameter(
        "streamOptions",
        parameters.usage_option("isIncludeUsage"),
        back=lambda options: {"include_usage": bool(options.get("isIncludeUsage"))},
    ),
}
_LENGTHS = {"max_tokens": "maxTokens", "max_completion_tokens": "maxCompletionTokens"}
_STRUCTURE = frozenset({"apiFormat", "messages", "isStream", *_LENGTHS.values()})


def encode_request(request: ChatRequest, target: Target, compartment_id: str) -> dict[str, Any]:
    """The ``ChatDetails`` that ask ``target`` for this chat."""
    chat: dict[str, Any] = {
        "apiFormat": "GENERIC",
        "messages": [
            {
                "role": turn.role.upper(),
                "content": [{"type": "TEXT", "text": text} for text in turn.texts],
                **({"name": turn.name} if turn.name else {}),
            }
            for turn in turns(request)
        ],
        **parameters.encode(request, _PARAMETERS, dialect=_NAME),
    }
    limit = parameters.length_limit(request, target.facts)
    if limit:
        chat[_LENGTHS[limit[0]]] = limit[1]
    if request.get("stream"):
        chat["isStream"] = True
    return envelope(chat, target, compartment_id)


def envelope(chat: dict[str, Any], target: Target, compartment_id: str) -> dict[str, Any]:
    """``ChatDetails`` around a chat request: who pays, and what serves."""
    serving = target.serving
    place = "modelId" if serving.kind == "ON_DEMAND" else "endpointId"
    return {
        "compartmentId": compartment_id,
        "servingMode": {"servingType": serving.kind, place: serving.id},
        "chatRequest": chat,
    }


def serving_id(body: dict[str, Any]) -> str:
    """The model id, or the endpoint OCID, that ``ChatDetails`` name."""
    serving = body["servingMode"]
    return str(serving.get("modelId") or serving.get("endpointId"))


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that ``ChatDetails`` with a GENERIC chat request say."""
    chat = body["chatRequest"]
    request = parameters.decode(chat, _PARAMETERS, known=_STRUCTURE, dialect=_NAME)
    request["model"] = serving_id(body)
    request["messages"] = [_decode_message(message) for message in chat.get("messages") or []]
    if chat.get("maxTokens") is not None:
        request["max_tokens"] = chat["maxTokens"]
    if chat.get("maxCompletionTokens") is not None:
        request["max_completion_tokens"] = chat["maxCompletionTokens"]
    if chat.get("isStream"):
        request["stream"] = True
    return request


def _decode_message(wire: dict[str, Any]) -> ChatMessage:
    role = wire["role"].lower()
    if role == "tool" or wire.get("toolCalls"):
        raise UnsupportedFeature("Tools are not supported yet.", parameter="toolCalls")
    texts = []
    for part in wire.get("content") or []:
        if part["type"] != "TEXT":
            raise UnsupportedFeature(
                f"Content of type {part['type']} is not supported yet.", parameter="content"
            )
        texts.append(part.get("text") or "")
    message: ChatMessage = {
        "role": role,
        "content": (
            texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]
        ),
    }
    if wire.get("name"):
        message["name"] = wire["name"]
    return message


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The ``ChatResult`` that says this reply."""
    created = datetime.fromtimestamp(reply.get("created", 0), UTC)
    chat: dict[str, Any] = {
        "apiFormat": "GENERIC",
        "timeCreated": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "choices": [
            {
                "index": choice["index"],
                "message": _encode_message(choice["message"]),
                "finishReason": choice.get("finish_reason") or "stop",
                "logprobs": {},
            }
            for choice in reply["choices"]
        ],
    }
    counts = reply.get("usage")
    if counts:
        chat["usage"] = usage.encode(counts)
    return {"modelId": reply["model"], "modelVersion": "1.0.0", "chatResponse": chat}


def _encode_message(message: ChatMessage) -> dict[str, Any]:
    content = message.get("content") or ""
    texts = [content] if isinstance(content, str) else [part["text"] for part in content]
    wire: dict[str, Any] = {
        "role": "ASSISTANT",
        "content": [{"type": "TEXT", "text": text} for text in texts],
    }
    if message.get("reasoning_content"):
        wire["reasoningContent"] = message["reasoning_content"]
    return wire


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a ``ChatResult`` says.

    Raises :class:`~ocicat.errors.MalformedReply` where there is no chat response in it, and the
    error it reports where it reports one.
    """
    chat = body.get("chatResponse")
    if not isinstance(chat, dict) or not isinstance(chat.get("choices"), list):
        raise faults.unusable_reply(body, origin, expected="chatResponse.choices")
    reply: ChatReply = {
        "id": origin.reply_id,
        "object": "chat.completion",
        "created": _seconds(chat.get("timeCreated"), origin.received),
        "model": origin.model,
        "choices": [],
        "usage": usage.decode(chat.get("usage")),
        "opc_request_id": origin.opc_request_id,
    }
    for position, wire in enumerate(chat["choices"]):
        if not isinstance(wire, dict):
            raise faults.unusable_reply(body, origin, expected="chatResponse.choices")
        message = wire.get("message") or {}
        choice: dict[str, Any] = {
            "index": wire.get("index", position),
            "message": {"role": "assistant", "content": _joined_text(message, origin)},
            "logprobs": None,
        }
        if message.get("reasoningContent"):
            choice["message"]["reasoning_content"] = message["reasoningContent"]
        finish.put(choice, str(wire.get("finishReason") or "stop"))
        reply["choices"].append(choice)  # type: ignore[arg-type]
        if reply["usage"] is None:
            reply["usage"] = usage.decode(wire.get("usage"))
    return reply


def _joined_text(message: dict[str, Any], origin: Origin) -> str:
    """The text of a message's parts, in order. Parts may be null, and so may their text."""
    texts = []
    for part in message.get("content") or []:
        if isinstance(part, dict) and part.get("type", "TEXT") == "TEXT":
            texts.append(part.get("text") or "")
        else:
            raise MalformedReply(
                f"{origin.model} answered with content other than text.",
                hint="This version of ocicat reads text answers only.",
                opc_request_id=origin.opc_request_id,
            )
    return "".join(texts)


def _seconds(moment: Any, otherwise: int) -> int:
    """Epoch seconds of an RFC 3339 moment."""
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (TypeError, ValueError):
        return otherwise


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one GENERIC stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """GENERIC's untagged deltas, told apart by ``index`` where several answers were asked for."""

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """Chunks for one event: a delta, an ending, token counts, or several of these."""
        if "code" in event or "error" in event:
            raise faults.broken_stream(event, self._origin, self.text)
        message, reason = event.get("message"), event.get("finishReason")
        chunks: list[ChatChunk] = []
        if message or reason:
            index = int(event.get("index") or 0)
            choice: dict[str, Any] = {"index": index, "delta": {}, "finish_reason": None}
            delta = choice["delta"]
            self._begin(index, delta)
            if message:
                text = _joined_text(message, self._origin)
                if text:
                    delta["content"] = text
                    if index == 0:
                        self._texts.append(text)
                if message.get("reasoningContent"):
                    delta["reasoning_content"] = message["reasoningContent"]
            if reason:
                finish.put(choice, str(reason))
                self._ended.add(index)
            if delta or reason:
                chunks.append(self._chunk(choice))
        return chunks + self._count(usage.decode(event.get("usage")))


def stream_encoder() -> StreamEncoder:
    """An encoder for one GENERIC stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks as GENERIC's deltas."""

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """One event for each choice that says something, and one for token counts."""
        events: list[dict[str, Any]] = []
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or {}
            message: dict[str, Any] = {"role": "ASSISTANT"}
            if delta.get("content"):
                message["content"] = [{"type": "TEXT", "text": delta["content"]}]
            if delta.get("reasoning_content"):
                message["reasoningContent"] = delta["reasoning_content"]
            reason = choice.get("finish_reason")
            if len(message) == 1 and not reason:
                continue
            event = {"index": choice.get("index", 0), "message": message}
            if reason:
                event["finishReason"] = reason
            events.append(event)
        counts = chunk.get("usage")
        if counts:
            events.append({"usage": usage.encode(counts)})
        return events
