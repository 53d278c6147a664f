"""A response, written: as the events of a stream, or whole, which is what its last event says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import json_text, whole
from ocicat.vocabulary.chat import ChatChunk, ChatReply, Usage

__all__ = ["StreamEncoder", "encode_reply", "error_event", "stream_encoder"]

# For each kind of part: the item that it stands in, the letters of that item's id, and the key of
# its text, which is also the name of its events.
_PARTS = {
    "reasoning_text": ("reasoning", "rs", "text", "response.reasoning_text"),
    "output_text": ("message", "msg", "text", "response.output_text"),
    "refusal": ("message", "msg", "refusal", "response.refusal"),
}
# What is told of a hosted tool's work before it is done: the ends of the events' names, which begin
# with the item's type, and the fields that repeat keys of the item.
_PROGRESS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "web_search_call": ((".in_progress", {}), (".searching", {}), (".completed", {})),
    "file_search_call": ((".in_progress", {}), (".searching", {}), (".completed", {})),
    "code_interpreter_call": (
        (".in_progress", {}),
        ("_code.delta", {"delta": "code"}),
        ("_code.done", {"code": "code"}),
        (".interpreting", {}),
        (".completed", {}),
    ),
    "mcp_list_tools": ((".in_progress", {}), (".completed", {})),
    "mcp_call": (
        (".in_progress", {}),
        ("_arguments.delta", {"delta": "arguments"}),
        ("_arguments.done", {"arguments": "arguments"}),
        (".completed", {}),
    ),
    "image_generation_call": ((".in_progress", {}), (".generating", {}), (".completed", {})),
}
# What such an item does not say yet when its work begins.
_NOT_YET: dict[str, dict[str, Any]] = {
    "file_search_call": {"queries": [], "results": None},
    "code_interpreter_call": {"code": "", "outputs": None},
    "mcp_list_tools": {"tools": []},
    "mcp_call": {"arguments": "", "output": None},
    "image_generation_call": {"result": None},
}
_BROKE_OFF = {
    "message": "The answer broke off.",
    "type": "server_error",
    "param": None,
    "code": "server_error",
}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The response that says this reply (its first choice, as a response is one answer).

    What a response repeats of its request has the values of a request that says nothing.
    """
    encoder = StreamEncoder()
    events = [
        event for chunk in whole.chunks(reply, with_usage=True) for event in encoder.feed(chunk)
    ]
    response: dict[str, Any] = (events + encoder.end())[-1]["response"]
    return response


def error_event(error: Mapping[str, Any], sequence_number: int) -> dict[str, Any]:
    """The event that tells of ``error``, which is in OpenAI's shape."""
    # Flat as it is documented, and nested as the API sends it.
    flat = {name: error[name] for name in ("code", "message", "param")}
    return {"type": "error", "sequence_number": sequence_number, **flat, "error": {**error}}


def stream_encoder() -> StreamEncoder:
    """An encoder for one stream."""
    return StreamEncoder()


class StreamEncoder:
    """The events of one stream, in OpenAI's order.

    The last event tells token counts, which come after the answer's end: it is sent with them, or
    by :meth:`end` where there are none.
    """

    def __init__(self) -> None:
        self._response: dict[str, Any] = {}
        self._stem = ""
        self._events = 0
        #: What is being said: the item's place, and the texts of its last part so far.
        self._speaking: int | None = None
        self._texts: list[str] = []
        #: The places of calls that are being made, by their index in the chunks.
        self._calls: dict[int, int] = {}
        self._ended = False

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """The events of one chunk."""
        events = [] if self._response else self._begin(chunk)
        for choice in chunk["choices"]:
            if choice["index"] == 0:
                events += self._add(choice)  # type: ignore[arg-type]  # a TypedDict is a dict
        usage = chunk.get("usage")
        if usage:
            self._response["usage"] = _counts(usage)
            if self._response["status"] != "in_progress":
                events += self.end()
        return events

    def end(self, error: Mapping[str, Any] = _BROKE_OFF) -> list[dict[str, Any]]:
        """The events that are still to come after the last chunk.

        An answer that has not ended is one that failed, by ``error``, which is in OpenAI's shape.
        """
        if self._ended or not self._response:
            return []
        self._ended = True
        response = self._response
        events: list[dict[str, Any]] = []
        if response["status"] == "in_progress":
            events = self._close("incomplete")
            events.append(error_event(error, self._events))
            self._events += 1
            # A response's own error has one of a few codes.
            failure = {"code": "server_error", "message": error["message"]}
            response |= {"status": "failed", "error": failure}
        kind = f"response.{response['status']}"
        return [*events, self._event(kind, response=_copied(response))]

    def _begin(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        self._stem = chunk["id"].removeprefix("chatcmpl-").removeprefix("resp_")
        # What a response repeats of its request has the values of a request that says nothing.
        self._response = {
            "id": f"resp_{self._stem}",
            "object": "response",
            "created_at": chunk["created"],
            "status": "in_progress",
            "background": False,
            "completed_at": None,
            "error": None,
            "frequency_penalty": 0.0,
            "incomplete_details": None,
            "instructions": None,
            "max_output_tokens": None,
            "max_tool_calls": None,
            "metadata": {},
            "model": chunk["model"],
            "output": [],
            "parallel_tool_calls": True,
            "presence_penalty": 0.0,
            "previous_response_id": None,
            "prompt_cache_key": None,
            "prompt_cache_retention": None,
            "reasoning": {"effort": None, "summary": None},
            "safety_identifier": None,
            "service_tier": chunk.get("service_tier"),
            "store": True,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_logprobs": 0,
            "top_p": None,
            "truncation": "disabled",
            "usage": None,
            "user": None,
        }
        return [
            self._event("response.created", response=_copied(self._response)),
            self._event("response.in_progress", response=_copied(self._response)),
        ]

    def _add(self, choice: dict[str, Any]) -> list[dict[str, Any]]:
        delta = choice["delta"]
        events: list[dict[str, Any]] = []
        beside = delta.get("response_items") or ()
        # Items that came whole say their thoughts themselves.
        if delta.get("reasoning_content") and not any(i["type"] == "reasoning" for i in beside):
            events += self._speak("reasoning_text", delta["reasoning_content"])
        for item in beside:
            events += self._pass_on(item)
        if delta.get("content"):
            logprobs = [
                _logprob(token) for token in (choice.get("logprobs") or {}).get("content") or ()
            ]
            events += self._speak("output_text", delta["content"], logprobs)
        for annotation in delta.get("annotations") or ():
            events += self._annotate(annotation)
        if delta.get("refusal"):
            events += self._speak("refusal", delta["refusal"])
        for piece in delta.get("tool_calls") or ():
            events += self._call(piece)
        if choice.get("finish_reason"):
            events += self._finish(choice["finish_reason"])
        return events

    # Words

    def _speak(
        self, kind: str, text: str, logprobs: list[dict[str, Any]] | None = None
    ) -> list[dict[str, Any]]:
        events = self._open_part(kind)
        self._texts.append(text)
        extra: dict[str, Any] = {}
        if kind == "output_text":
            extra["logprobs"] = logprobs or []
            self._part["logprobs"] += logprobs or []
        name = f"{_PARTS[kind][3]}.delta"
        return [*events, self._event(name, **self._place(), delta=text, **extra)]

    def _annotate(self, annotation: dict[str, Any]) -> list[dict[str, Any]]:
        kind = annotation.get("type", "")
        if not isinstance(annotation.get(kind), dict):
            return []
        events = self._open_part("output_text")
        said = {"type": kind, **annotation[kind]}
        annotations = self._part["annotations"]
        annotations.append(said)
        event = self._event(
            "response.output_text.annotation.added",
            **self._place(),
            annotation_index=len(annotations) - 1,
            annotation=said,
        )
        return [*events, event]

    @property
    def _part(self) -> dict[str, Any]:
        """The part that is being said."""
        assert self._speaking is not None
        part: dict[str, Any] = self._response["output"][self._speaking]["content"][-1]
        return part

    def _place(self) -> dict[str, Any]:
        """Where the part that is being said stands."""
        assert self._speaking is not None
        item = self._response["output"][self._speaking]
        return {
            "item_id": item["id"],
            "output_index": self._speaking,
            "content_index": len(item["content"]) - 1,
        }

    def _open_part(self, kind: str) -> list[dict[str, Any]]:
        """Make ``kind`` what is being said."""
        item_type, letters, key, _ = _PARTS[kind]
        events: list[dict[str, Any]] = []
        if self._speaking is not None:
            if self._part["type"] == kind:
                return []
            if self._response["output"][self._speaking]["type"] == item_type:
                events += self._close_part()
            else:
                events += self._close_speech("completed")
        if self._speaking is None:
            events += self._close_calls("completed", whole_only=True)
            item: dict[str, Any] = {"type": item_type, "status": "in_progress", "content": []}
            if item_type == "message":
                item["role"] = "assistant"
            else:
                item["summary"] = []
            self._speaking, added = self._open_item(letters, item)
            events += added
        part: dict[str, Any] = {"type": kind, key: ""}
        if kind == "output_text":
            part |= {"annotations": [], "logprobs": []}
        self._response["output"][self._speaking]["content"].append(part)
        self._texts = []
        return [
            *events,
            self._event("response.content_part.added", **self._place(), part=_copied(part)),
        ]

    def _close_part(self) -> list[dict[str, Any]]:
        part = self._part
        key, name = _PARTS[part["type"]][2:]
        part[key] = "".join(self._texts)
        done = {key: part[key]}
        if "logprobs" in part:
            done["logprobs"] = part["logprobs"]
        return [
            self._event(f"{name}.done", **self._place(), **done),
            self._event("response.content_part.done", **self._place(), part=_copied(part)),
        ]

    def _close_speech(self, status: str) -> list[dict[str, Any]]:
        if self._speaking is None:
            return []
        events = [*self._close_part(), self._close_item(self._speaking, status)]
        self._speaking = None
        return events

    # Calls

    def _call(self, piece: dict[str, Any]) -> list[dict[str, Any]]:
        events = self._close_speech("completed")
        function = piece.get("function") or {}
        if piece["index"] not in self._calls:
            events += self._close_calls("completed", whole_only=True)
            item = {
                "type": "function_call",
                "status": "in_progress",
                "call_id": piece.get("id") or "",
                "name": function.get("name") or "",
                "arguments": "",
            }
            self._calls[piece["index"]], added = self._open_item("fc", item)
            events += added
        index = self._calls[piece["index"]]
        item = self._response["output"][index]
        text = function.get("arguments") or ""
        if not text or item["status"] != "in_progress":
            return events
        item["arguments"] += text
        return [
            *events,
            self._event(
                "response.function_call_arguments.delta",
                item_id=item["id"],
                output_index=index,
                delta=text,
            ),
        ]

    def _close_calls(self, status: str, *, whole_only: bool) -> list[dict[str, Any]]:
        """End the calls that are being made; with ``whole_only``, those that need no more.

        The pieces of several calls may come by turns.
        """
        events = []
        for index in self._calls.values():
            item = self._response["output"][index]
            if item["status"] != "in_progress":
                continue
            if whole_only and not json_text.is_whole(item["arguments"]):
                continue
            done = self._event(
                "response.function_call_arguments.done",
                item_id=item["id"],
                output_index=index,
                arguments=item["arguments"],
            )
            events += [done, self._close_item(index, status)]
        return events

    # What is no message's: encrypted thoughts, and the work of hosted tools

    def _pass_on(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        """Tell of an item that stays as it is."""
        if item["type"] == "reasoning" and self._speaking is not None:
            spoken = self._response["output"][self._speaking]
            if spoken["type"] == "reasoning":  # the thoughts that have just been told
                spoken["encrypted_content"] = item["encrypted_content"]
                return self._close_speech("completed")
        events = self._close_speech("completed") + self._close_calls("completed", whole_only=True)
        output = self._response["output"]
        index = len(output)
        begun = _copied(item) | _NOT_YET.get(item["type"], {})
        if "status" in item:
            begun["status"] = "in_progress"
        output.append(_copied(item))
        events.append(self._event("response.output_item.added", output_index=index, item=begun))
        for name, fields in _PROGRESS.get(item["type"], ()):
            said = {field: item.get(key) or "" for field, key in fields.items()}
            if name == ".completed" and item.get("status") == "failed":
                name = ".failed"
            place = {"output_index": index, "item_id": item["id"]}
            events.append(self._event(f"response.{item['type']}{name}", **place, **said))
        done = self._event("response.output_item.done", output_index=index, item=_copied(item))
        return [*events, done]

    # Items, and the end

    def _open_item(self, letters: str, item: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        output = self._response["output"]
        index = len(output)
        item = {"id": f"{letters}_{self._stem}_{index}", **item}
        output.append(item)
        added = self._event("response.output_item.added", output_index=index, item=_copied(item))
        return index, [added]

    def _close_item(self, index: int, status: str) -> dict[str, Any]:
        item = self._response["output"][index]
        item["status"] = status
        return self._event("response.output_item.done", output_index=index, item=_copied(item))

    def _finish(self, reason: str) -> list[dict[str, Any]]:
        why = _INCOMPLETE.get(reason)
        status = "incomplete" if why else "completed"
        events = [] if self._response["output"] else self._open_part("output_text")
        events += self._close(status)
        self._response["status"] = status
        if why:
            self._response["incomplete_details"] = {"reason": why}
        return events

    def _close(self, status: str) -> list[dict[str, Any]]:
        return [*self._close_speech(status), *self._close_calls(status, whole_only=False)]

    def _event(self, type: str, **fields: Any) -> dict[str, Any]:
        event = {"type": type, "sequence_number": self._events, **fields}
        self._events += 1
        return event


def _counts(usage: Usage) -> dict[str, Any]:
    prompt: Any = usage.get("prompt_tokens_details") or {}
    completion: Any = usage.get("completion_tokens_details") or {}
    return {
        "input_tokens": usage.get("prompt_tokens", 0),
        "input_tokens_details": {
            "cached_tokens": prompt.get("cached_tokens") or 0,
            "cache_write_tokens": 0,
        },
        "output_tokens": usage.get("completion_tokens", 0),
        "output_tokens_details": {"reasoning_tokens": completion.get("reasoning_tokens") or 0},
        "total_tokens": usage.get("total_tokens", 0),
    }


def _logprob(token: dict[str, Any]) -> dict[str, Any]:
    likeliest = [_token(top) for top in token.get("top_logprobs") or ()]
    return {**_token(token), "top_logprobs": likeliest}


def _token(token: dict[str, Any]) -> dict[str, Any]:
    bytes = token.get("bytes")
    return {
        "token": token["token"],
        "bytes": list(token["token"].encode()) if bytes is None else bytes,
        "logprob": token["logprob"],
    }


def _copied(value: Any) -> Any:
    """The value as it is now, in an event that later changes must not reach."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
