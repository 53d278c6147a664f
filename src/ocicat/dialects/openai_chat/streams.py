"""Streams of chunks, read and said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import faults, finish, json_text
from ocicat.dialects.decoding import CallFragment, StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.openai_chat.replies import even_reasoning
from ocicat.vocabulary.chat import ChatChunk, Usage

__all__ = ["StreamDecoder", "StreamEncoder", "stream_decoder", "stream_encoder"]


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """Chunks that are nearly neutral already; this evens them out and watches for their end."""

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        super().__init__(origin, with_usage)
        #: The newest token counts that came, and the newest that were told.
        self._usage: Usage | None = None
        self._told: Usage | None = None

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """The chunks of one event: what it adds to the answers, then token counts."""
        choices = event.get("choices") or ()
        if event.get("error") or (not choices and event.get("code")):
            raise faults.broken_stream(event, self._origin, self.text)
        if event.get("usage"):
            self._usage = event.pop("usage")
        elif not choices:
            return []  # a keep-alive
        late = False
        for choice in choices:
            index = choice.get("index")
            if index is None:
                index = choice["index"] = 0
            elif type(index) is not int:
                raise TypeError(f"index is {index!r}")
            delta = choice.get("delta")
            if delta is None:
                delta = choice["delta"] = {}
            if index not in self._begun:
                self._begin(index, delta)
            if len(delta) > 1 or "content" not in delta:
                self._even(index, delta)
            text = delta.get("content")
            if text:
                if type(text) is not str:
                    raise TypeError(f"content is {text!r}")
                if index == 0:
                    self._texts.append(text)
            if index in self._ended:
                choice["finish_reason"] = None  # said before
                late = True
            elif choice.get("finish_reason"):
                finish.put(choice, str(choice["finish_reason"]), called=self._called(index))
                self._end(choice)
        if late:
            event["choices"] = choices = [choice for choice in choices if _says(choice)]
        event = {**self._head, **event}
        chunks: list[ChatChunk] = [event] if choices else []  # type: ignore[list-item]  # evened out
        if self._usage is not None and (not choices or self.finished):
            chunks += self._counts(event)
        return chunks

    def _counts(self, event: dict[str, Any]) -> list[ChatChunk]:
        """The chunk that tells token counts, where they were asked for.

        Some models tell them, so far, with every event, and then once more at the end.
        """
        self._counted = True
        usage, self._usage = self._usage, None
        if not self._with_usage or usage == self._told:
            return []
        self._told = usage
        return [{**event, "choices": [], "usage": usage}]  # type: ignore[typeddict-item]

    def _even(self, index: int, delta: dict[str, Any]) -> None:
        even_reasoning(delta)
        if "tool_calls" not in delta:
            return
        wire = filter(None, delta.pop("tool_calls", None) or ())
        pieces = self._assemble(index, map(_fragment, wire))
        if pieces:
            delta["tool_calls"] = pieces


def _says(choice: Mapping[str, Any]) -> bool:
    """Whether a choice says anything but who speaks."""
    delta = choice["delta"]
    return bool(choice.get("finish_reason")) or any(delta[key] for key in delta if key != "role")


def _fragment(piece: Mapping[str, Any]) -> CallFragment:
    function = piece.get("function") or {}
    return CallFragment(
        piece.get("id") or "",
        function.get("name") or "",
        json_text.as_text(function.get("arguments")),
        piece.get("index"),
    )


def stream_encoder() -> StreamEncoder:
    """An encoder for one stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks, as they are. The request id goes into a header instead."""

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """The one event of a chunk."""
        return [{key: value for key, value in chunk.items() if key != "opc_request_id"}]

    def end(self) -> list[dict[str, Any]]:
        """Nothing: the last chunk has said it all."""
        return []
