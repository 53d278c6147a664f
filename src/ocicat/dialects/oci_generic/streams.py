"""GENERIC's streams, read and said.

An event is a ``ChatChoice`` of the ``oci`` SDK's that says only what is new, without anything
around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ocicat.dialects import faults, finish, json_text, usage
from ocicat.dialects.decoding import CallFragment, StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.oci_generic import grounding, logprobs
from ocicat.dialects.oci_generic.messages import encode_call
from ocicat.dialects.oci_generic.replies import decode_said, encode_said
from ocicat.vocabulary.chat import ChatChunk

__all__ = [
    "StreamDecoder",
    "StreamEncoder",
    "stream_decoder",
    "stream_encoder",
]


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
        if index is not None and type(index) is not int:
            raise TypeError(f"index is {index!r}")
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
            self._end(choice)
        return choice if delta or found or tokens or reason else None

    def _heard(self, index: int, message: dict[str, Any]) -> dict[str, Any]:
        """The delta that a message says."""
        delta = decode_said(message)
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
                json_text.as_text(call.get("arguments")),
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
        said = encode_said(delta, choice, so_far)
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
