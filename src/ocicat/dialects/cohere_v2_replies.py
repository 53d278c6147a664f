"""What COHEREV2 answers: whole replies and the events of streams, read and said.

An event of a stream is a ``CohereChatResponseV2`` that says only what is new, without anything
around it. Source of the names: the ``oci`` SDK's ``CohereChatResponseV2``,
``CohereAssistantMessageV2`` and ``LogProbability``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ocicat.dialects import faults, finish, usage
from ocicat.dialects.cohere_v2_messages import encode_said, listed, said
from ocicat.dialects.decoding import CallFragment, StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.messages import ToolCall, neutral_calls
from ocicat.vocabulary.chat import ChatChunk, ChatReply

__all__ = [
    "StreamDecoder",
    "StreamEncoder",
    "decode_reply",
    "encode_reply",
    "stream_decoder",
    "stream_encoder",
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
    if _failed(chat):
        raise faults.failed_answer(chat, origin)
    message = said(chat.get("message") or {})
    calls = _calls(message.pop("tool_calls", ()), origin)
    message = {"role": "assistant", "content": None if calls else "", **message}
    if calls:
        message["tool_calls"] = calls
    choice: dict[str, Any] = {
        "index": 0,
        "message": message,
        "logprobs": _decode_logprobs(listed(chat.get("logProbabilities"))),
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


def _failed(chat: Mapping[str, Any]) -> bool:
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


def _decode_logprobs(wire: list[Any]) -> dict[str, Any] | None:
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


def _encode_logprobs(logprobs: Mapping[str, Any]) -> list[dict[str, Any]]:
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
        "finishReason": _ending(choice),
    }
    likelihoods = _encode_logprobs(choice.get("logprobs") or {})
    if likelihoods:
        chat["logProbabilities"] = likelihoods
    counts = reply.get("usage")
    if counts:
        chat["usage"] = usage.encode(counts)
    return {"modelId": reply["model"], "modelVersion": "1.0", "chatResponse": chat}


def _ending(choice: Mapping[str, Any]) -> str:
    neutral = _ENDINGS.get(choice.get("finish_reason") or "stop", "COMPLETE")
    return str(choice.get("oci_finish_reason") or neutral)


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one COHEREV2 stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """COHEREV2's deltas.

    Whether the last event repeats the whole message, brings a last piece or says nothing, is not
    documented: what it says is compared with what was said before, and only the rest is new.
    """

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        super().__init__(origin, with_usage)
        #: What has been said: texts in pieces, lists of items, and chunks with their likelihoods.
        self._pieces = {"content": self._texts, "reasoning_content": [], "tool_plan": []}
        self._items: dict[str, list[Any]] = {
            key: [] for key in ("citations", "annotations", "documents", "oci_content")
        }
        self._likelihoods: list[Any] = []
        #: The tool calls: id, name, and the arguments in pieces.
        self._made: list[tuple[str, str, list[str]]] = []

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """Chunks for one event: a delta, the ending, token counts, or several of these."""
        if event.get("code") or event.get("error"):
            raise faults.broken_stream(event, self._origin, self.text)
        if _failed(event):
            failure = {**event, "finishReason": event.get("finishReason") or "ERROR"}
            raise faults.broken_stream(failure, self._origin, self.text)
        choice = None if self._ended else self._choice(event)
        chunks = [self._chunk(choice)] if choice else []
        return chunks + self._count(usage.decode(event.get("usage")))

    def _choice(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """What an event adds to the answer, if anything."""
        message, reason = event.get("message"), event.get("finishReason")
        likelihoods = self._new_likelihoods(event, last=bool(reason))
        if not (message or reason or likelihoods):
            return None
        if event.get("id") and not self._begun:
            self._head["id"] = event["id"]
        delta: dict[str, Any] = {}
        self._begin(0, delta)
        delta.update(self._new(said(message or {}), last=bool(reason)))
        choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": None}
        if likelihoods:
            choice["logprobs"] = _decode_logprobs(likelihoods)
        if reason:
            finish.put(choice, str(reason), called=self._called(0))
            self._ended.add(0)
        return choice if delta or likelihoods or reason else None

    def _new(self, message: Mapping[str, Any], *, last: bool) -> dict[str, Any]:
        """What is new in a message, or in a piece of one."""
        delta: dict[str, Any] = {}
        for key, pieces in self._pieces.items():
            text = message.get(key, "")
            if last:
                text = text.removeprefix("".join(pieces))
            if text:
                delta[key] = text
                pieces.append(text)
        for key, known in self._items.items():
            items = [item for item in message.get(key, ()) if item not in known]
            if items:
                delta[key] = items
                known.extend(items)
        calls = message.get("tool_calls", [])
        calls = self._assemble(0, self._untold(calls) if last else calls)
        if calls:
            delta["tool_calls"] = calls
            self._remember(calls)
        return delta

    def _new_likelihoods(self, event: dict[str, Any], *, last: bool) -> list[Any]:
        chunks, known = listed(event.get("logProbabilities")), self._likelihoods
        if last and chunks[: len(known)] == known:
            chunks = chunks[len(known) :]
        known.extend(chunks)
        return chunks

    def _untold(self, calls: list[CallFragment]) -> list[CallFragment]:
        """What the tool calls of the last event add to those before it."""
        rest = []
        for position, call in enumerate(calls):
            known = self._known(call, position)
            if known is None:
                rest.append(call)
                continue
            id, _, told = known
            arguments = call.arguments.removeprefix("".join(told))
            if arguments:
                rest.append(CallFragment(id, arguments=arguments))
        return rest

    def _known(self, call: CallFragment, position: int) -> tuple[str, str, list[str]] | None:
        """The call that has this id; where it has none, that in its place, if of the same name."""
        if call.id:
            return next((made for made in self._made if made[0] == call.id), None)
        made = self._made[position] if position < len(self._made) else None
        return made if made and made[1] == call.name else None

    def _remember(self, deltas: list[dict[str, Any]]) -> None:
        for delta in deltas:
            function = delta["function"]
            if delta["index"] == len(self._made):
                self._made.append((delta["id"], function["name"], []))
            self._made[delta["index"]][2].append(function["arguments"])


def stream_encoder() -> StreamEncoder:
    """An encoder for one COHEREV2 stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks as COHEREV2's deltas.

    Tool calls are told whole, before the ending. Counts in the same chunk as the ending ride on it.
    """

    def __init__(self) -> None:
        self._calls: list[dict[str, Any]] = []

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """Events for what is said, the calls once they are whole, the ending and the counts."""
        events: list[dict[str, Any]] = []
        for choice in chunk.get("choices") or ():
            delta: dict[str, Any] = {**(choice.get("delta") or {})}
            self._collect(delta.pop("tool_calls", None) or ())
            likelihoods = _encode_logprobs(choice.get("logprobs") or {})
            event = _event(delta, **({"logProbabilities": likelihoods} if likelihoods else {}))
            if len(event["message"]) > 1 or likelihoods:
                events.append(event)
            if choice.get("finish_reason"):
                if self._calls:
                    events.append(_event({"tool_calls": self._calls}))
                events.append(_event({}, finishReason=_ending(choice)))
        counts = chunk.get("usage")
        if counts:
            if events and "finishReason" in events[-1]:
                events[-1]["usage"] = usage.encode(counts)
            else:
                events.append({"apiFormat": "COHEREV2", "usage": usage.encode(counts)})
        return events

    def _collect(self, pieces: Iterable[dict[str, Any]]) -> None:
        for piece in pieces:
            function = piece["function"]
            if piece["index"] == len(self._calls):
                begun = {"name": function["name"], "arguments": ""}
                self._calls.append({"id": piece["id"], "function": begun})
            self._calls[piece["index"]]["function"]["arguments"] += function.get("arguments") or ""

    def end(self) -> list[dict[str, Any]]:
        """Nothing: the last chunk has said it all."""
        return []


def _event(delta: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An event whose message says ``delta``."""
    message = {key: value for key, value in encode_said(delta).items() if value}
    return {"apiFormat": "COHEREV2", "message": message, **more}
