"""OpenAI Chat Completions, as OCI's compatible surface speaks it.

The neutral vocabulary is this wire, so there is little to translate: this dialect checks what goes
out, and evens out what comes back. The compartment travels in a header, not in the body. On this
path a message is text.
"""

from __future__ import annotations

from typing import Any

from ocicat.dialects import faults, finish, parameters
from ocicat.dialects.decoding import StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.messages import turns
from ocicat.dialects.parameters import Parameter
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest
from ocicat.vocabulary.target import Target

__all__ = [
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "stream_decoder",
    "stream_encoder",
]

_NAME = "the OpenAI-compatible surface"


def _stop(value: Any) -> Any:
    parameters.texts(value)
    return value


_PARAMETERS = {
    "temperature": Parameter("temperature", parameters.number(0, 2)),
    "top_p": Parameter("top_p", parameters.number(0, 1)),
    "n": Parameter("n", parameters.integer(1)),
    "stop": Parameter("stop", _stop),
    "seed": Parameter("seed", parameters.integer()),
    "presence_penalty": Parameter("presence_penalty", parameters.number(-2, 2)),
    "frequency_penalty": Parameter("frequency_penalty", parameters.number(-2, 2)),
    "logit_bias": Parameter("logit_bias", parameters.numbers_by_token),
    "user": Parameter("user", parameters.text),
    "reasoning_effort": Parameter(
        "reasoning_effort", parameters.choice("none", "minimal", "low", "medium", "high", "xhigh")
    ),
    "verbosity": Parameter("verbosity", parameters.choice("low", "medium", "high")),
    "stream_options": Parameter("stream_options", parameters.usage_option("include_usage")),
}
_STRUCTURE = frozenset({"model", "messages", "stream", "max_tokens", "max_completion_tokens"})


def encode_request(request: ChatRequest, target: Target, compartment_id: str) -> dict[str, Any]:
    """The body that asks ``target`` for this chat."""
    body: dict[str, Any] = {
        "model": target.serving.id,
        "messages": [
            {
                "role": turn.role,
                "content": (
                    turn.texts[0]
                    if len(turn.texts) == 1
                    else [{"type": "text", "text": text} for text in turn.texts]
                ),
                **({"name": turn.name} if turn.name else {}),
            }
            for turn in turns(request)
        ],
        **parameters.encode(request, _PARAMETERS, dialect=_NAME),
    }
    limit = parameters.length_limit(request, target.facts)
    if limit:
        body[limit[0]] = limit[1]
    if request.get("stream"):
        body["stream"] = True
    return body


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that a body says: itself, once it holds nothing but text."""
    request = parameters.decode(body, _PARAMETERS, known=_STRUCTURE, dialect=_NAME)
    request["model"] = body["model"]
    request["messages"] = body["messages"]
    for key in ("stream", "max_tokens", "max_completion_tokens"):
        if body.get(key) is not None:
            request[key] = body[key]
    turns(request)
    return request


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The body that says this reply. The request id goes into a header instead."""
    return {key: value for key, value in reply.items() if key != "opc_request_id"}


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a body says.

    Raises :class:`~ocicat.errors.MalformedReply` where there are no choices in it, and the error it
    reports where it reports one (some errors come with status 200).
    """
    choices = body.get("choices")
    if not isinstance(choices, list) or not all(
        isinstance(choice, dict) and isinstance(choice.get("message"), dict) for choice in choices
    ):
        raise faults.unusable_reply(body, origin, expected="choices")
    for choice in choices:
        if choice.get("finish_reason"):
            finish.put(choice, str(choice["finish_reason"]))
    body.setdefault("id", origin.reply_id)
    body.setdefault("object", "chat.completion")
    body.setdefault("created", origin.received)
    body.setdefault("model", origin.model)
    body.setdefault("usage", None)
    body["opc_request_id"] = origin.opc_request_id
    return body  # type: ignore[return-value]  # checked above, and the rest is carried along


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """Chunks that are neutral already; this watches for their end and for failures."""

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """The chunk of one event, if it says anything."""
        choices = event.get("choices")
        if choices is None and ("error" in event or "code" in event):
            raise faults.broken_stream(event, self._origin, self.text)
        for choice in choices or ():
            index = choice.get("index") or 0
            self._begun.add(index)
            delta = choice.get("delta")
            if delta is None:
                delta = choice["delta"] = {}
            elif index == 0 and (text := delta.get("content")):
                self._texts.append(text)
            if choice.get("finish_reason"):
                finish.put(choice, str(choice["finish_reason"]))
                self._ended.add(index)
        if event.get("usage"):
            self._counted = True
        elif not choices:
            return []  # a keep-alive: no choices, nothing counted
        if choices is None:
            event["choices"] = []
        for name, value in self._head.items():
            if name not in event:
                event[name] = value
        return [event]  # type: ignore[list-item]  # neutral but for what was evened out above


def stream_encoder() -> StreamEncoder:
    """An encoder for one stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks, as they are. The request id goes into a header instead."""

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """The one event of a chunk."""
        return [{key: value for key, value in chunk.items() if key != "opc_request_id"}]
