"""COHEREV2's streams, read and said.

An event is a ``CohereChatResponseV2`` of the ``oci`` SDK's that says only what is new, without
anything around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ocicat.dialects import faults, finish, usage
from ocicat.dialects.decoding import CallFragment, StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.oci_cohere_v2.messages import decode_said, encode_said, listed
from ocicat.dialects.oci_cohere_v2.replies import (
    decode_logprobs,
    encode_logprobs,
    failed,
    wire_reason,
)
from ocicat.vocabulary.chat import ChatChunk

__all__ = ["StreamDecoder", "StreamEncoder", "stream_decoder", "stream_encoder"]


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
        if failed(event):
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
        delta.update(self._new(decode_said(message or {}), last=bool(reason)))
        choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": None}
        if likelihoods:
            choice["logprobs"] = decode_logprobs(likelihoods)
        if reason:
            finish.put(choice, str(reason), called=self._called(0))
            self._end(choice)
        return choice if delta or likelihoods or reason else None

    def _new(self, message: Mapping[str, Any], *, last: bool) -> dict[str, Any]:
        """What is new in a message, or in a piece of one."""
        delta: dict[str, Any] = {}
        for key, value in message.items():
            if key in self._pieces:
                pieces = self._pieces[key]
                text = value.removeprefix("".join(pieces)) if last else value
                if text:
                    delta[key] = text
                    pieces.append(text)
            elif key in self._items:
                known = self._items[key]
                items = [item for item in value if item not in known]
                if items:
                    delta[key] = items
                    known.extend(items)
        calls = message.get("tool_calls")
        if calls:
            calls = self._assemble(0, self._untold(calls) if last else calls)
        if calls:
            delta["tool_calls"] = calls
            self._remember(calls)
        return delta

    def _new_likelihoods(self, event: dict[str, Any], *, last: bool) -> list[Any]:
        if not event.get("logProbabilities"):
            return []
        chunks, known = listed(event["logProbabilities"]), self._likelihoods
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
            likelihoods = encode_logprobs(choice.get("logprobs") or {})
            event = _event(delta, **({"logProbabilities": likelihoods} if likelihoods else {}))
            if len(event["message"]) > 1 or likelihoods:
                events.append(event)
            if choice.get("finish_reason"):
                if self._calls:
                    events.append(_event({"tool_calls": self._calls}))
                events.append(_event({}, finishReason=wire_reason(choice)))
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
