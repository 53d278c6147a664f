"""COHERE's streams, read and said.

An event is a piece of the ``oci`` SDK's ``CohereChatResponse``, without anything around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ocicat.dialects import cohere_citations, faults, finish, usage
from ocicat.dialects.decoding import CallFragment, StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.oci_cohere.replies import called, ending, failed, findings
from ocicat.vocabulary.chat import ChatChunk

__all__ = ["StreamDecoder", "StreamEncoder", "stream_decoder", "stream_encoder"]


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one COHERE stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """COHERE's deltas, and its last event, which repeats all of them."""

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        super().__init__(origin, with_usage)
        self._said_calls: list[tuple[str, str]] = []
        self._citations: list[dict[str, Any]] = []
        # What is told with the ending, wherever it came.
        self._found: dict[str, Any] = {"documents": [], "searchQueries": []}

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """Chunks for one event: a delta, the ending, token counts, or several of these."""
        if "code" in event or "error" in event:
            raise faults.broken_stream(event, self._origin, self.text)
        reason = event.get("finishReason")
        if failed(reason or "", event.get("errorMessage")):
            raise faults.broken_stream({"finishReason": "ERROR", **event}, self._origin, self.text)
        chunks: list[ChatChunk] = []
        if not self._ended:
            delta = self._delta(event, ended=bool(reason))
            self._find(event)
            if delta or reason or event.get("prompt"):
                chunks.append(self._answer(delta, reason, event))
        return chunks + self._count(usage.decode(event.get("usage")))

    def _answer(self, delta: dict[str, Any], reason: Any, event: Mapping[str, Any]) -> ChatChunk:
        choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": None}
        self._begin(0, choice["delta"])
        choice["delta"].update(delta)
        if reason:
            if event.get("errorMessage"):
                choice["delta"]["refusal"] = event["errorMessage"]
            choice["delta"].update(findings(self._found, self._citations))
            finish.put(choice, str(reason), called=self._called(0))
            self._end(choice)
        chunk = self._chunk(choice)
        if event.get("prompt"):
            chunk["oci_prompt"] = event["prompt"]
        return chunk

    def _find(self, event: Mapping[str, Any]) -> None:
        for key in ("documents", "searchQueries"):
            if event.get(key):
                _unsaid(event[key], self._found[key])
        if event.get("isSearchRequired") is not None:
            self._found["isSearchRequired"] = event["isSearchRequired"]

    def _delta(self, event: Mapping[str, Any], *, ended: bool) -> dict[str, Any]:
        """What an event says that was not said before it."""
        delta: dict[str, Any] = {}
        text = event.get("text") or ""
        if ended:
            text = self._unsaid_text(text)
        if text:
            if not isinstance(text, str):
                raise TypeError(f"text is {text!r}")
            delta["content"] = text
            self._texts.append(text)
        if event.get("toolCalls"):
            calls = _unsaid([called(call) for call in event["toolCalls"]], self._said_calls)
            pieces = [CallFragment(name=name, arguments=arguments) for name, arguments in calls]
            if pieces:
                delta["tool_calls"] = self._assemble(0, pieces)
        if event.get("citations"):
            citations = _unsaid(cohere_citations.decode(event["citations"]), self._citations)
            if citations:
                delta["citations"] = citations
        return delta

    def _unsaid_text(self, text: str) -> str:
        """What the ending's text adds to the deltas.

        It usually repeats all of them, but a short answer may come in this one event, and a last
        piece may come with it.
        """
        if text.strip() == self.text.strip():
            return ""
        return text.removeprefix(self.text)


_Item = TypeVar("_Item")


def _unsaid(items: list[_Item], said: list[_Item]) -> list[_Item]:
    """The items that have not been ``said`` yet, which they are from now on.

    One said twice at once is meant twice: a model may call a tool so.
    """
    if not items:
        return items  # as with most events: nothing to compare with what may be long by now
    before = list(said)
    new = []
    for item in items:
        if item in before:
            before.remove(item)
        else:
            new.append(item)
    said += new
    return new


def stream_encoder() -> StreamEncoder:
    """An encoder for one COHERE stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks as COHERE's deltas. Counts in the same chunk as the ending ride on it."""

    def __init__(self) -> None:
        # The message as far as it has come; its text in pieces, its calls by their index.
        self._message: dict[str, Any] = {}
        self._texts: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._prompt = ""

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """Events for what is said, the ending (which repeats all of it) and the token counts."""
        events: list[dict[str, Any]] = []
        self._prompt = chunk.get("oci_prompt") or self._prompt
        for choice in chunk.get("choices") or []:
            events += self._delta(choice.get("delta") or {})
            if choice.get("finish_reason"):
                events += self._end(choice)
        counts = chunk.get("usage")
        if counts:
            if events and "finishReason" in events[-1]:
                events[-1]["usage"] = usage.encode(counts)
            else:
                events.append({"apiFormat": "COHERE", "usage": usage.encode(counts)})
        return events

    def _delta(self, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        if delta.get("content"):
            self._texts.append(delta["content"])
            events.append({"apiFormat": "COHERE", "text": delta["content"]})
        for piece in delta.get("tool_calls") or ():
            call = self._calls.setdefault(
                piece.get("index", 0), {"function": {"name": "", "arguments": ""}}
            )
            for key, text in (piece.get("function") or {}).items():
                call["function"][key] += text or ""
        if delta.get("citations"):
            wire = cohere_citations.encode(delta["citations"])
            events.append({"apiFormat": "COHERE", "citations": wire})
        for key in ("citations", "documents", "search_queries"):
            if delta.get(key):
                self._message[key] = [*self._message.get(key, ()), *delta[key]]
        for key in ("refusal", "search_required"):
            if delta.get(key) is not None:
                self._message[key] = delta[key]
        return events

    def _end(self, choice: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The calls, which go whole, and the ending."""
        calls = [self._calls[index] for index in sorted(self._calls)]
        self._message.update(content="".join(self._texts), tool_calls=calls)
        last = ending(self._message, choice)
        if self._prompt:
            last["prompt"] = self._prompt
        if not calls:
            return [last]
        return [{"apiFormat": "COHERE", "toolCalls": last["toolCalls"]}, last]

    def end(self) -> list[dict[str, Any]]:
        """Nothing: the last chunk has said it all."""
        return []
