"""COHERE: OCI's native format for Cohere's Command models (version 1).

The question stands alone in ``message``; everything before it is ``chatHistory``. System messages
at the start are the preamble; later ones keep their place in the history. Source of names, types
and ranges: the ``oci`` SDK's ``CohereChatRequest``, ``CohereChatResponse`` and OCI's API reference.
"""

from __future__ import annotations

from typing import Any

from ocicat.dialects import faults, finish, parameters, usage
from ocicat.dialects.decoding import StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.messages import Turn, turns
from ocicat.dialects.oci_generic import envelope, serving_id
from ocicat.dialects.parameters import Parameter
from ocicat.errors import InvalidParameter, UnsupportedFeature
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

_NAME = "the native COHERE format"
_SPEAKERS = {"system": "SYSTEM", "developer": "SYSTEM", "user": "USER", "assistant": "CHATBOT"}
_ROLES = {"SYSTEM": "system", "USER": "user", "CHATBOT": "assistant"}


def _one(value: Any) -> None:
    """COHERE always gives one answer and has no field to say so."""
    if parameters.integer()(value) != 1:
        raise ValueError("must be 1: Cohere gives one answer per call")


_PARAMETERS = {
    "temperature": Parameter("temperature", parameters.number(0, 1)),
    "top_p": Parameter("topP", parameters.number(0, 1)),
    "top_k": Parameter("topK", parameters.integer(0, 500)),
    "stop": Parameter("stopSequences", parameters.texts),
    "seed": Parameter("seed", parameters.integer()),
    "presence_penalty": Parameter("presencePenalty", parameters.number(0, 1)),
    "frequency_penalty": Parameter("frequencyPenalty", parameters.number(0, 1)),
    "stream_options": Parameter(
        "streamOptions",
        parameters.usage_option("isIncludeUsage"),
        back=lambda options: {"include_usage": bool(options.get("isIncludeUsage"))},
    ),
    "n": Parameter("n", _one),
}
_STRUCTURE = frozenset(
    {"apiFormat", "message", "chatHistory", "preambleOverride", "isStream", "maxTokens"}
)


def encode_request(request: ChatRequest, target: Target, compartment_id: str) -> dict[str, Any]:
    """The ``ChatDetails`` that ask ``target`` for this chat."""
    preamble, history, question = _conversation(turns(request))
    chat: dict[str, Any] = {"apiFormat": "COHERE", "message": question}
    if preamble:
        chat["preambleOverride"] = preamble
    if history:
        chat["chatHistory"] = history
    chat.update(parameters.encode(request, _PARAMETERS, dialect=_NAME))
    chat.pop("n", None)
    limit = parameters.length_limit(request, target.facts)
    if limit:
        chat["maxTokens"] = limit[1]
    if request.get("stream"):
        chat["isStream"] = True
    return envelope(chat, target, compartment_id)


def _conversation(spoken: list[Turn]) -> tuple[str, list[dict[str, Any]], str]:
    """The preamble, the history and the question of a conversation.

    The question is the last user turn. System messages after it go before it, as the format has no
    place behind the question; an assistant's turn there cannot be said at all.
    """
    for index, turn in enumerate(spoken):
        if turn.name:
            raise UnsupportedFeature(
                f"`messages[{index}].name` cannot be said over {_NAME}.",
                parameter=f"messages[{index}].name",
            )
    asked = next((i for i in range(len(spoken) - 1, -1, -1) if spoken[i].role == "user"), None)
    if asked is None:
        raise InvalidParameter(
            "`messages` has no user message, and Cohere needs one to answer.", parameter="messages"
        )
    behind = spoken[asked + 1 :]
    if any(turn.role == "assistant" for turn in behind):
        raise UnsupportedFeature(
            "`messages` ends with an assistant's turn; Cohere answers a user's.",
            parameter="messages",
            hint="End with a user message.",
        )
    before = spoken[:asked]
    opening = 0
    while opening < len(before) and before[opening].role in ("system", "developer"):
        opening += 1
    preamble = "\n\n".join(_text(turn) for turn in before[:opening])
    history = [
        {"role": _SPEAKERS[turn.role], "message": _text(turn)} for turn in before[opening:] + behind
    ]
    return preamble, history, _text(spoken[asked])


def _text(turn: Turn) -> str:
    """A turn's parts as the one text that COHERE has room for."""
    return "\n".join(turn.texts)


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that ``ChatDetails`` with a COHERE chat request say."""
    chat = body["chatRequest"]
    request = parameters.decode(chat, _PARAMETERS, known=_STRUCTURE, dialect=_NAME)
    request["model"] = serving_id(body)
    messages: list[ChatMessage] = []
    if chat.get("preambleOverride"):
        messages.append({"role": "system", "content": chat["preambleOverride"]})
    for entry in chat.get("chatHistory") or []:
        if entry["role"] not in _ROLES or entry.get("toolCalls"):
            raise UnsupportedFeature("Tools are not supported yet.", parameter="chatHistory")
        messages.append({"role": _ROLES[entry["role"]], "content": entry.get("message") or ""})
    messages.append({"role": "user", "content": chat["message"]})
    request["messages"] = messages
    if chat.get("maxTokens") is not None:
        request["max_tokens"] = chat["maxTokens"]
    if chat.get("isStream"):
        request["stream"] = True
    return request


_WIRE_REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "content_filter": "ERROR_TOXIC"}


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The ``ChatResult`` that says this reply (its first choice: COHERE has one)."""
    choice = reply["choices"][0]
    text = str(choice["message"].get("content") or "")
    chat = _encode_ending(text, choice.get("finish_reason") or "stop")
    counts = reply.get("usage")
    if counts:
        chat["usage"] = usage.encode(counts)
    return {"modelId": reply["model"], "modelVersion": "1.0", "chatResponse": chat}


def _encode_ending(text: str, reason: str) -> dict[str, Any]:
    return {
        "apiFormat": "COHERE",
        "text": text,
        "chatHistory": [{"role": "CHATBOT", "message": text}],
        "finishReason": _WIRE_REASONS.get(reason, "COMPLETE"),
    }


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a ``ChatResult`` says.

    Raises :class:`~ocicat.errors.MalformedReply` where there is no chat response in it, and
    :class:`~ocicat.errors.InternalServerError` where the model reports that it failed.
    """
    chat = body.get("chatResponse")
    if not isinstance(chat, dict) or "text" not in chat:
        raise faults.unusable_reply(body, origin, expected="chatResponse.text")
    if chat.get("finishReason") == "ERROR":
        raise faults.failed_answer(chat, origin)
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": chat["text"] or ""},
        "logprobs": None,
    }
    finish.put(choice, str(chat.get("finishReason") or "COMPLETE"))
    return {
        "id": origin.reply_id,
        "object": "chat.completion",
        "created": origin.received,
        "model": origin.model,
        "choices": [choice],  # type: ignore[list-item]
        "usage": usage.decode(chat.get("usage")),
        "opc_request_id": origin.opc_request_id,
    }


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one COHERE stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """COHERE's deltas, and its last event, which repeats the whole text."""

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """Chunks for one event: a delta, the ending, token counts, or several of these."""
        if "code" in event or "error" in event:
            raise faults.broken_stream(event, self._origin, self.text)
        text, reason = event.get("text") or "", event.get("finishReason")
        if reason == "ERROR" or (reason == "USER_CANCEL" and event.get("errorMessage")):
            raise faults.broken_stream(event, self._origin, self.text)
        if reason:
            # The ending repeats the whole text, but a short answer may come in this one event, and
            # a last piece may come with it: only what has not been said yet is new.
            text = text.removeprefix(self.text)
        chunks: list[ChatChunk] = []
        if text or reason:
            choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": None}
            self._begin(0, choice["delta"])
            if text:
                choice["delta"]["content"] = text
                self._texts.append(text)
            if reason:
                finish.put(choice, str(reason))
                self._ended.add(0)
            chunks.append(self._chunk(choice))
        return chunks + self._count(usage.decode(event.get("usage")))


def stream_encoder() -> StreamEncoder:
    """An encoder for one COHERE stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks as COHERE's deltas. Counts in the same chunk as the ending ride on it."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """Events for the text, the ending (which repeats all text) and the token counts."""
        events: list[dict[str, Any]] = []
        for choice in chunk.get("choices") or []:
            text = (choice.get("delta") or {}).get("content")
            if text:
                self._texts.append(text)
                events.append({"apiFormat": "COHERE", "text": text})
            reason = choice.get("finish_reason")
            if reason:
                events.append(_encode_ending("".join(self._texts), reason))
        counts = chunk.get("usage")
        if counts:
            if events and "finishReason" in events[-1]:
                events[-1]["usage"] = usage.encode(counts)
            else:
                events.append({"apiFormat": "COHERE", "usage": usage.encode(counts)})
        return events
