"""What GENERIC answers: whole replies and the events of streams, read and said.

Source: the ``oci`` SDK's ``GenericChatResponse`` and ``ChatChoice``. An event of a stream is a
``ChatChoice`` that says only what is new, without anything around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from ocicat.dialects import faults, finish, grounding, logprobs, usage
from ocicat.dialects.decoding import CALLS_APART, CallFragment, StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.generic_messages import (
    arguments_of,
    decode_annotations,
    encode_annotations,
    encode_call,
)
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


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a ``ChatResult`` says.

    Raises :class:`~ocicat.errors.MalformedReply` where there is no chat response in it, and the
    error it reports where it reports one.
    """
    chat = body.get("chatResponse")
    # Answers that are null are none; where nothing speaks of answers, it is no reply.
    if not isinstance(chat, dict) or not isinstance(chat.get("choices", ""), list | None):
        raise faults.unusable_reply(body, origin, expected="chatResponse.choices")
    answers = chat["choices"] or []
    reply: ChatReply = {
        "id": origin.reply_id,
        "object": "chat.completion",
        "created": _seconds(chat.get("timeCreated"), origin.received),
        "model": origin.model,
        "choices": [],
        "usage": usage.decode(chat.get("usage")),
        "opc_request_id": origin.opc_request_id,
    }
    tier = chat.get("serviceTier")
    for position, wire in enumerate(answers):
        if not isinstance(wire, dict):
            raise faults.unusable_reply(body, origin, expected="chatResponse.choices")
        reply["choices"].append(_choice(wire, position, origin))  # type: ignore[arg-type]
        tier = tier or wire.get("serviceTier")
        if reply["usage"] is None:
            reply["usage"] = usage.decode(wire.get("usage"))
    if tier:
        reply["service_tier"] = tier.lower()
    return reply


def _seconds(moment: Any, otherwise: int) -> int:
    """Epoch seconds of an RFC 3339 moment; the SDK's documentation speaks of epoch seconds."""
    if isinstance(moment, (int, float)):
        return int(moment)
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (TypeError, ValueError):
        return otherwise


def _choice(wire: dict[str, Any], position: int, origin: Origin) -> dict[str, Any]:
    index = wire.get("index")
    if index is None:
        index = position
    # A model that has used up its tokens by reasoning gives no message.
    given = wire.get("message") or {}
    calls = _calls(given.get("toolCalls") or (), index, origin)
    message = {"role": "assistant", "content": "", **_said(given)}
    text = message["content"]
    if calls:
        message["tool_calls"] = calls
    if not text and (calls or "refusal" in message):
        message["content"] = None
    choice: dict[str, Any] = {
        "index": index,
        "message": message,
        "logprobs": logprobs.decode(wire.get("logprobs")),
    }
    found = wire.get("groundingMetadata")
    if found:
        choice["grounding_metadata"] = found
        cited = grounding.citations(found, text)
        if cited and "annotations" not in message:
            message["annotations"] = cited
    finish.put(choice, str(wire.get("finishReason") or "stop"), called=bool(calls))
    return choice


def _said(wire: dict[str, Any]) -> dict[str, Any]:
    """What a message, or a delta of one, says beside tool calls. It may hold nulls anywhere."""
    said: dict[str, Any] = {}
    content = wire.get("content")
    if content:
        texts = []
        for part in [{"text": content}] if isinstance(content, str) else content:
            if part and part.get("type", "TEXT") == "TEXT":
                texts.append(part.get("text") or "")
            elif part:
                said.setdefault("oci_content", []).append(part)
        text = "".join(texts)
        if text:
            said["content"] = text
    if wire.get("reasoningContent"):
        said["reasoning_content"] = wire["reasoningContent"]
    if wire.get("refusal"):
        said["refusal"] = wire["refusal"]
    if wire.get("annotations"):
        said["annotations"] = decode_annotations(wire["annotations"])
    return said


def _calls(wire: Iterable[Any], index: int, origin: Origin) -> list[dict[str, Any]]:
    """The tool calls of one answer, each with an id of its own."""
    calls: list[ToolCall] = []
    for call in wire:
        if not call:
            continue
        id = call.get("id")
        if not id or any(id == other.id for other in calls):
            id = origin.call_id(CALLS_APART * index + len(calls))
        # A call without arguments has none; text is passed on just as the model wrote it.
        arguments = "{}" if call.get("arguments") is None else arguments_of(call)
        calls.append(ToolCall(id, call.get("name") or "", arguments))
    return neutral_calls(calls)


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The ``ChatResult`` that says this reply."""
    created = datetime.fromtimestamp(reply.get("created", 0), UTC)
    chat: dict[str, Any] = {
        "apiFormat": "GENERIC",
        "timeCreated": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "choices": [_encode_choice(choice) for choice in reply["choices"]],  # type: ignore[arg-type]
    }
    counts = reply.get("usage")
    if counts:
        chat["usage"] = usage.encode(counts)
    if reply.get("service_tier"):
        chat["serviceTier"] = str(reply["service_tier"]).upper()
    return {"modelId": reply["model"], "modelVersion": "1.0.0", "chatResponse": chat}


def _encode_choice(choice: dict[str, Any]) -> dict[str, Any]:
    message = choice["message"]
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    wire = {"role": "ASSISTANT", **_encode_said(message, choice, text)}
    if content is not None:
        wire["content"] = [{"type": "TEXT", "text": text}, *wire.get("content", [])]
    calls = message.get("tool_calls")
    if calls:
        functions = [(call["id"], call["function"]) for call in calls]
        wire["toolCalls"] = [
            encode_call(id, function["name"], function["arguments"]) for id, function in functions
        ]
    encoded = {
        "index": choice["index"],
        "message": wire,
        "finishReason": choice.get("oci_finish_reason") or choice.get("finish_reason") or "stop",
        "logprobs": logprobs.encode(choice.get("logprobs")),
    }
    if choice.get("grounding_metadata"):
        encoded["groundingMetadata"] = choice["grounding_metadata"]
    return encoded


def _encode_said(said: dict[str, Any], choice: dict[str, Any], text: str) -> dict[str, Any]:
    """What a message, or a delta, says beside its text and tool calls. ``text`` is the answer's."""
    wire: dict[str, Any] = {}
    if said.get("oci_content"):
        wire["content"] = [*said["oci_content"]]
    if said.get("reasoning_content"):
        wire["reasoningContent"] = said["reasoning_content"]
    if said.get("refusal"):
        wire["refusal"] = said["refusal"]
    # What the grounding says already is not said twice.
    known = grounding.citations(choice.get("grounding_metadata"), text)
    annotations = [each for each in said.get("annotations") or () if each not in known]
    if annotations:
        wire["annotations"] = encode_annotations(annotations)
    return wire


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one GENERIC stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """GENERIC's untagged deltas, told apart by ``index`` where several answers were asked for."""

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        super().__init__(origin, with_usage)
        #: The answers that bring annotations of their own.
        self._annotated: set[int] = set()
        #: The annotations that were made for each answer of what a search found.
        self._cited: dict[int, list[dict[str, Any]]] = {}

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """Chunks for one event: a delta, an ending, token counts, or several of these."""
        if event.get("code") or event.get("error"):
            raise faults.broken_stream(event, self._origin, self.text)
        index = event.get("index")
        chunks = []
        for speaker in self._unnamed(event) if index is None else (index,):
            choice = self._choice(speaker, event)
            if choice:
                chunks.append(self._chunk(choice))
        tier = event.get("serviceTier")
        if tier:
            for chunk in chunks:
                chunk["service_tier"] = tier.lower()
        counts = event.get("usage")
        return chunks + self._count(usage.decode(counts)) if counts else chunks

    def _unnamed(self, event: dict[str, Any]) -> Sequence[int]:
        """Which answers an event is about that names none: an ending ends all that are open."""
        if event.get("finishReason") and not event.get("message"):
            return sorted(self._begun - self._ended) or (0,)
        return (0,)

    def _choice(self, index: int, event: dict[str, Any]) -> dict[str, Any] | None:
        """What an event adds to one answer, if anything."""
        message, reason = event.get("message"), event.get("finishReason")
        found, likely = event.get("groundingMetadata"), event.get("logprobs")
        if reason and index in self._ended:
            reason = None  # said before
        if not (message or reason or found or likely):
            return None
        delta = self._heard(index, message) if message else {}
        self._begin(index, delta)
        choice: dict[str, Any] = {"index": index, "delta": delta, "finish_reason": None}
        if found:
            choice["grounding_metadata"] = found
            self._cite(index, found, delta)
        tokens = logprobs.decode(likely) if likely else None
        if tokens:
            choice["logprobs"] = tokens
        if reason:
            finish.put(choice, str(reason), called=self._called(index))
            self._ended.add(index)
        return choice if delta or found or tokens or reason else None

    def _heard(self, index: int, message: dict[str, Any]) -> dict[str, Any]:
        """The delta that a message says."""
        delta = _said(message)
        if index == 0 and "content" in delta:
            self._texts.append(delta["content"])
        calls = message.get("toolCalls")
        if calls:
            pieces = self._assemble(index, _fragments(calls))
            if pieces:
                delta["tool_calls"] = pieces
        if "annotations" in delta:
            self._annotated.add(index)
        return delta

    def _cite(self, index: int, found: dict[str, Any], delta: dict[str, Any]) -> None:
        """Add annotations for what a search found, which may be told several times over."""
        if index in self._annotated:
            return
        cited = self._cited.setdefault(index, [])
        made = grounding.citations(found, self.text if index == 0 else "")
        new = [annotation for annotation in made if annotation not in cited]
        if new:
            delta["annotations"] = new
            cited.extend(new)


def _fragments(calls: Sequence[Any]) -> Iterator[CallFragment]:
    """The pieces of tool calls in one event.

    The first place is used by whichever call comes, so a place says something only where an event
    has several.
    """
    for position, call in enumerate(calls):
        if call:
            yield CallFragment(
                call.get("id") or "",
                call.get("name") or "",
                arguments_of(call),
                position if len(calls) > 1 else None,
            )


def stream_encoder() -> StreamEncoder:
    """An encoder for one GENERIC stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks as GENERIC's deltas."""

    def __init__(self) -> None:
        #: The ids of the tool calls of each answer.
        self._ids: dict[int, list[str]] = {}
        #: The text of the first answer.
        self._texts: list[str] = []

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """One event for each choice that says something, and one for token counts."""
        events: list[dict[str, Any]] = []
        for choice in chunk.get("choices") or []:
            event = self._event(choice)  # type: ignore[arg-type]  # a TypedDict is a dict
            if event and chunk.get("service_tier"):
                event["serviceTier"] = str(chunk["service_tier"]).upper()
            if event:
                events.append(event)
        counts = chunk.get("usage")
        if counts:
            events.append({"usage": usage.encode(counts)})
        return events

    def _event(self, choice: dict[str, Any]) -> dict[str, Any] | None:
        index, delta = choice.get("index", 0), choice.get("delta") or {}
        text = delta.get("content")
        if text and index == 0:
            self._texts.append(text)
        so_far = "".join(self._texts) if index == 0 and choice.get("grounding_metadata") else ""
        said = _encode_said(delta, choice, so_far)
        if text:
            said["content"] = [{"type": "TEXT", "text": text}, *said.get("content", [])]
        if delta.get("tool_calls"):
            said["toolCalls"] = self._pieces(index, delta["tool_calls"])
        event: dict[str, Any] = {"index": index, "message": {"role": "ASSISTANT", **said}}
        reason = choice.get("oci_finish_reason") or choice.get("finish_reason")
        found, tokens = choice.get("grounding_metadata"), logprobs.encode(choice.get("logprobs"))
        for name, value in (
            ("finishReason", reason),
            ("groundingMetadata", found),
            ("logprobs", tokens),
        ):
            if value:
                event[name] = value
        return event if said or reason or found or tokens else None

    def _pieces(self, index: int, pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids = self._ids.setdefault(index, [])
        wire = []
        for piece in pieces:
            function, place = piece.get("function") or {}, piece["index"]
            opens = place == len(ids)
            if opens:
                ids.append(piece["id"])
            # A piece without an id goes on with the newest call; any other has to be named.
            newest = place == len(ids) - 1 and len(pieces) == 1
            id = ids[place] if opens or not newest else None
            wire.append(encode_call(id, function.get("name"), function.get("arguments") or ""))
        return wire

    def end(self) -> list[dict[str, Any]]:
        """Nothing: the last chunk has said it all."""
        return []
