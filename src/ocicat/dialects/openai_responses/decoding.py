"""The event stream of a response, read.

Every event says in its ``type`` what it is. What never came in pieces is taken from the events that
say it whole: the end of a part, of an item, of the response.
"""

from __future__ import annotations

from typing import Any

from ocicat.dialects import faults
from ocicat.dialects.decoding import CallFragment, StreamState
from ocicat.dialects.dialect import Origin
from ocicat.dialects.openai_responses import replies
from ocicat.vocabulary.chat import ChatChunk

__all__ = ["StreamDecoder", "stream_decoder"]

# A part of an item, by (output_index, content_index or summary_index, kind).
Place = tuple[int, int, str]


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """Chunks from the events of one stream."""

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        super().__init__(origin, with_usage)
        #: Where each part of text begins within the whole text; what is here has come.
        self._starts: dict[Place, int] = {}
        self._length = 0
        self._said: set[str] = set()
        self._annotations: dict[Place, int] = {}
        self._arguments: set[int] = set()
        self._open_calls: dict[int, str] = {}

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """The chunks of one event. Unknown events have none, nor has the work of hosted tools."""
        match event.get("type"):
            case "response.created" | "response.in_progress":
                return self._begin_response(event["response"])
            case "response.output_text.delta":
                return self._speak("content", event, event["delta"])
            case "response.output_text.done":
                return self._speak_whole("content", event, event["text"])
            case "response.output_text.annotation.added":
                return self._annotate(_place("content", event), [event["annotation"]])
            case "response.refusal.delta":
                return self._speak("refusal", event, event["delta"])
            case "response.refusal.done":
                return self._speak_whole("refusal", event, event["refusal"])
            case "response.reasoning_text.delta":
                return self._think("thoughts", event, event["delta"])
            case "response.reasoning_summary_text.delta":
                return self._think("summary", event, event["delta"])
            case "response.output_item.added":
                return self._begin_item(event)
            case "response.function_call_arguments.delta":
                return self._argue(event, event["delta"])
            case "response.function_call_arguments.done":
                return self._argue_whole(event, event["arguments"])
            case "response.output_item.done":
                return self._end_item(event)
            case "response.completed" | "response.incomplete":
                return self._end_response(event["response"])
            case "response.failed" | "response.cancelled":
                report = (event.get("response") or event).get("error")
                raise self._broken({"error": report or {}})
            case "error":
                raise self._broken(event)
            case None if "error" in event or "code" in event:
                raise self._broken(event)
        return []

    def _broken(self, report: dict[str, Any]) -> Exception:
        return faults.broken_stream(report, self._origin, self.text)

    def _begin_response(self, response: dict[str, Any]) -> list[ChatChunk]:
        head = self._head
        head["id"] = response.get("id") or head["id"]
        head["created"] = int(response.get("created_at") or head["created"])
        head["model"] = response.get("model") or head["model"]
        return []

    # Words

    def _speak(self, key: str, event: dict[str, Any], text: str) -> list[ChatChunk]:
        place = _place(key, event)
        self._starts.setdefault(place, self._length)
        choice = self._words(key, text)
        if event.get("logprobs"):
            choice["logprobs"] = {"content": event["logprobs"]}
        return [self._chunk(choice)]

    def _speak_whole(self, key: str, event: dict[str, Any], text: str) -> list[ChatChunk]:
        came = _place(key, event) in self._starts
        return [] if came or not text else self._speak(key, event, text)

    def _think(self, kind: str, event: dict[str, Any], text: str) -> list[ChatChunk]:
        """Thoughts, or their summary; where both come, what came first is told."""
        other = "summary" if kind == "thoughts" else "thoughts"
        index = event["output_index"]
        if any(place[0] == index and place[2] == other for place in self._starts):
            return []
        place = (index, event.get("content_index") or event.get("summary_index") or 0, kind)
        if place not in self._starts:
            self._starts[place] = 0
            if "reasoning_content" in self._said:
                text = f"\n\n{text}"
        return [self._chunk(self._words("reasoning_content", text))]

    def _words(self, key: str, text: str) -> dict[str, Any]:
        if not isinstance(text, str):
            raise TypeError(f"{key} is {text!r}")
        self._said.add(key)
        if key == "content":
            self._texts.append(text)
            self._length += len(text)
        return self._said_by_model({key: text})

    def _annotate(self, place: Place, annotations: list[dict[str, Any]]) -> list[ChatChunk]:
        if not annotations:
            return []
        made = replies.annotated(annotations, self._starts.get(place, self._length))
        self._annotations[place] = self._annotations.get(place, 0) + len(made)
        self._said.add("annotations")
        return [self._chunk(self._said_by_model({"annotations": made}))]

    # Items

    def _begin_item(self, event: dict[str, Any]) -> list[ChatChunk]:
        item, index = event["item"], event["output_index"]
        if item.get("type") != "function_call" or index in self._open_calls:
            return []
        count = len(self._open_calls)
        call_id = item.get("call_id") or item.get("id") or self._origin.call_id(count)
        self._open_calls[index] = call_id
        arguments = item.get("arguments") or ""
        if arguments:
            self._arguments.add(index)
        return self._call(CallFragment(call_id, item["name"], arguments, index))

    def _argue(self, event: dict[str, Any], text: str) -> list[ChatChunk]:
        index = event["output_index"]
        fragment = CallFragment(self._open_calls[index], "", text, index)
        self._arguments.add(index)
        return self._call(fragment)

    def _argue_whole(self, event: dict[str, Any], text: str) -> list[ChatChunk]:
        came = event["output_index"] in self._arguments
        return [] if came or not text else self._argue(event, text)

    def _call(self, fragment: CallFragment) -> list[ChatChunk]:
        self._said.add("tool_calls")
        deltas = self._assemble(0, [fragment])
        return [self._chunk(self._said_by_model({"tool_calls": deltas}))]

    def _end_item(self, event: dict[str, Any]) -> list[ChatChunk]:
        item = event["item"]
        chunks: list[ChatChunk] = []
        if replies.is_beside(item):
            chunks += self._think_whole(event) if item["type"] == "reasoning" else []
            self._said.add("response_items")
            return [*chunks, self._chunk(self._said_by_model({"response_items": [item]}))]
        match item.get("type"):
            case "function_call":
                chunks += self._begin_item(event)
                chunks += self._argue_whole(event, item.get("arguments") or "")
            case "reasoning":
                chunks += self._think_whole(event)
            case "message":
                for number, part in enumerate(item["content"]):
                    here = {"output_index": event["output_index"], "content_index": number}
                    chunks += self._end_part(here, part)
        return chunks

    def _think_whole(self, event: dict[str, Any]) -> list[ChatChunk]:
        """The thoughts of a reasoning item, unless they came in pieces."""
        index = event["output_index"]
        if any(place[0] == index for place in self._starts):
            return []
        chunks: list[ChatChunk] = []
        for number, text in enumerate(replies.thoughts(event["item"])):
            part = {"output_index": index, "content_index": number}
            chunks += self._think("thoughts", part, text)
        return chunks

    def _end_part(self, event: dict[str, Any], part: dict[str, Any]) -> list[ChatChunk]:
        match part["type"]:
            case "output_text":
                event["logprobs"] = part.get("logprobs")
                chunks = self._speak_whole("content", event, part["text"])
                place = _place("content", event)
                rest = (part.get("annotations") or [])[self._annotations.get(place, 0) :]
                return chunks + self._annotate(place, rest)
            case "refusal":
                return self._speak_whole("refusal", event, part["refusal"])
        return []

    # The end

    def _end_response(self, response: dict[str, Any]) -> list[ChatChunk]:
        chunks = self._missed(response.get("output") or [])
        choice = self._said_by_model({})
        replies.set_reason(choice, response, called=self._called(0))
        if response.get("service_tier"):
            self._head["service_tier"] = response["service_tier"]
        self._end(choice)
        chunks.append(self._chunk(choice))
        chunks += self._count(replies.counted(response.get("usage")))
        self._counted = True  # nothing comes after this
        return chunks

    def _missed(self, output: list[dict[str, Any]]) -> list[ChatChunk]:
        """What the whole response says and no event before it has.

        Whole kinds of things only, as the places of items in it are not always those in the stream.
        """
        message, logprobs = replies.said(output, self._origin)
        delta: dict[str, Any] = {
            key: value for key, value in message.items() if value and key not in self._said
        }
        if not delta:
            return []
        self._texts.append(delta.get("content", ""))
        for call in delta.pop("tool_calls", ()):
            function = call["function"]
            fragment = CallFragment(call["id"], function["name"], function["arguments"])
            delta.setdefault("tool_calls", []).extend(self._assemble(0, [fragment]))
        choice = self._said_by_model(delta)
        if logprobs and "content" in delta:
            choice["logprobs"] = {"content": logprobs}
        return [self._chunk(choice)]

    def _said_by_model(self, delta: dict[str, Any]) -> dict[str, Any]:
        """A choice that adds ``delta``; the first says who speaks."""
        self._begin(0, delta)
        return {"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}


def _place(kind: str, event: dict[str, Any]) -> Place:
    return event["output_index"], event.get("content_index") or 0, kind
