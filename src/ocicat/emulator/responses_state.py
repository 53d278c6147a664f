"""Responses that are remembered: continued, polled, cancelled, listed and streamed again.

A response in the background is queued when it is asked for, in progress at the first look, and done
at the second. Encrypted thoughts are not really encrypted, but only the emulator's own are taken
back. Sources: OpenAI's API reference for Responses, and OCI's documentation of its own.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from ocicat.dialects import content, openai_responses, whole
from ocicat.emulator.call import EVENT_STREAM
from ocicat.emulator.conversations import Conversation, shown_item
from ocicat.emulator.hosted_tools import hosted_items
from ocicat.emulator.objects import (
    SURFACE,
    ObjectOperation,
    Project,
    Visit,
    deleted,
    found,
    invalid,
    listed,
)
from ocicat.emulator.refusals import Refused
from ocicat.emulator.streams import StreamStyle, encode_event
from ocicat.vocabulary.chat import ChatChunk, ChatReply

__all__ = ["RESPONSE_OPERATIONS", "ResponseTurn", "StoredResponse"]

_ECHOED: Final = (
    *("instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls"),
    *("previous_response_id", "prompt_cache_key", "safety_identifier", "temperature", "tools"),
    *("tool_choice", "top_logprobs", "top_p", "truncation", "user"),
)
#: What the model itself is not told of.
_NO_CHAT: Final = frozenset(
    {"previous_response_id", "conversation", "background", "max_tool_calls", "prompt_cache_options"}
)
_ENCRYPTED: Final = "reasoning.encrypted_content"
_SEAL: Final = "emulated-"
_ENDS: Final = ("response.completed", "response.incomplete", "response.failed")


@dataclass(slots=True)
class StoredResponse:
    """A response that is kept: how it ends, the items before it, and the events of its stream."""

    ended: dict[str, Any]
    earlier: list[dict[str, Any]]
    input: list[dict[str, Any]]
    events: list[dict[str, Any]] = field(default_factory=list)
    #: How many looks it still takes until it has ended.
    looks_left: int = 0

    @property
    def shown(self) -> dict[str, Any]:
        """The response as it stands."""
        if self.looks_left == 0:
            return self.ended
        return _unfinished(self.ended, "queued" if self.looks_left > 1 else "in_progress")


def _unfinished(ended: dict[str, Any], status: str) -> dict[str, Any]:
    return {**ended, "status": status, "output": [], "usage": None, "incomplete_details": None}


class ResponseTurn:
    """One request for a response: what came before it, and what becomes of its answer.

    It writes the answer as the dialect does, with what belongs to a response that is remembered.
    Raises :class:`~.refusals.Refused` for what the request names and the project has not.
    """

    def __init__(self, body: dict[str, Any], project: Project, now: int) -> None:
        self._body = body
        self._project = project
        self._now = now
        self._conversation = _conversation(body, project)
        self._earlier = _earlier(body, project, self._conversation)
        given = body["input"]
        if isinstance(given, str):
            given = [{"type": "message", "role": "user", "content": given}]
        self._input = [shown_item(_resolved(item, project)) for item in given]
        for item in self._input:
            _check_seal(item)

    @property
    def in_background(self) -> bool:
        """Whether the response is made whether or not anybody waits for it."""
        return bool(self._body.get("background"))

    @property
    def chat_body(self) -> dict[str, Any]:
        """The request as one that needs no memory."""
        told = {key: value for key, value in self._body.items() if key not in _NO_CHAT}
        items = [*self._earlier, *self._input]
        told["input"] = [item for item in items if item["type"] != "mcp_approval_response"]
        return told

    def encode_reply(self, reply: ChatReply) -> dict[str, Any]:
        """The response that says this reply, which is remembered."""
        encoder = self.stream_encoder()
        for chunk in whole.chunks(reply, with_usage=True):
            encoder.feed(chunk)
        encoder.end()
        stored = encoder.stored
        if self.in_background:
            stored.looks_left = 2
        return stored.shown

    def stream_encoder(self) -> _Encoder:
        """An encoder for one stream."""
        return _Encoder(self)

    def hosted(self) -> list[dict[str, Any]]:
        """What hosted tools do before the answer: nothing, where a function has just answered."""
        if self._input and self._input[-1]["type"] == "function_call_output":
            return []
        return hosted_items(self._body, self._question(), self._project, self._now)

    def _question(self) -> str:
        for item in reversed([*self._earlier, *self._input]):
            if item["type"] == "message" and item["role"] == "user":
                return " ".join(content.texts_of(content.read(item["content"], "content")))
        return ""

    def dressed(self, response: dict[str, Any]) -> dict[str, Any]:
        """A response with what it repeats of its request."""
        body = self._body
        conversation = self._conversation
        return {
            **response,
            **{name: body[name] for name in _ECHOED if name in body},
            "background": self.in_background,
            "conversation": {"id": conversation.shown["id"]} if conversation else None,
            "output": [self.sealed(item) for item in response["output"]],
            "reasoning": {"effort": None, "summary": None, **body.get("reasoning", {})},
            "store": body.get("store", True),
            "text": {"format": {"type": "text"}, **body.get("text", {})},
        }

    def sealed(self, item: dict[str, Any]) -> dict[str, Any]:
        """An item with its thoughts encrypted too, where that is asked for."""
        if item["type"] != "reasoning" or _ENCRYPTED not in self._body.get("include", ()):
            return item
        thoughts = "".join(part["text"] for part in item.get("content") or ())
        sealed = base64.b64encode(thoughts.encode()).decode()
        return {**item, "encrypted_content": _SEAL + sealed}

    def remember(self, ended: dict[str, Any], events: list[dict[str, Any]]) -> StoredResponse:
        """Keep a response that has ended, unless it is not to be kept."""
        stored = StoredResponse(ended, self._earlier, self._input, events)
        if ended["store"]:
            self._project.responses[ended["id"]] = stored
        if self._conversation is not None:
            self._conversation.add([*self._input, *ended["output"]])
        return stored


class _Encoder:
    """The events of one remembered response."""

    def __init__(self, turn: ResponseTurn) -> None:
        self._turn = turn
        self._inner = openai_responses.stream_encoder()
        self._events: list[dict[str, Any]] = []
        self._stored: StoredResponse | None = None

    @property
    def stored(self) -> StoredResponse:
        """The response, once it has ended."""
        assert self._stored is not None
        return self._stored

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """The events of one chunk."""
        first: list[dict[str, Any]] = []
        items = self._turn.hosted() if not self._events else []
        if items:
            delta: Any = {"role": "assistant", "response_items": items}
            choice: Any = {"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}
            head = {key: value for key, value in chunk.items() if key != "usage"}
            first = self._inner.feed({**head, "choices": [choice]})  # type: ignore[typeddict-item]
        return self._dressed([*first, *self._inner.feed(chunk)])

    def end(self) -> list[dict[str, Any]]:
        """The events after the last chunk."""
        return self._dressed(self._inner.end())

    def _dressed(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for event in events:
            if "response" in event:
                event["response"] = self._turn.dressed(event["response"])
            if event["type"] == "response.output_item.done":
                event["item"] = self._turn.sealed(event["item"])
        self._events += events
        if events and events[-1]["type"] in _ENDS:
            self._stored = self._turn.remember(events[-1]["response"], self._events)
        return events


# --- what a request names -----------------------------------------------------------------------


def _conversation(body: dict[str, Any], project: Project) -> Conversation | None:
    given = body.get("conversation")
    if given is None:
        return None
    id = given if isinstance(given, str) else given["id"]
    conversation: Conversation = found(project.conversations, id, "Conversation")
    return conversation


def _earlier(
    body: dict[str, Any], project: Project, conversation: Conversation | None
) -> list[dict[str, Any]]:
    """The items that came before this turn."""
    if conversation is not None:
        return list(conversation.items.values())
    id = body.get("previous_response_id")
    if id is None:
        return []
    previous: StoredResponse | None = project.responses.get(id)
    if previous is None:
        raise invalid(
            "previous_response_id",
            f"Previous response with id '{id}' not found.",
            code="previous_response_not_found",
        )
    if previous.shown["status"] in ("queued", "in_progress"):
        raise invalid("previous_response_id", f"Previous response '{id}' has not ended yet.")
    return [*previous.earlier, *previous.input, *previous.shown["output"]]


def _resolved(item: dict[str, Any], project: Project) -> dict[str, Any]:
    """The item itself, or the one that it refers to."""
    if item["type"] != "item_reference":
        return item
    for stored in project.responses.values():
        for known in (*stored.input, *stored.ended["output"]):
            if known["id"] == item["id"]:
                resolved: dict[str, Any] = known
                return resolved
    kept = [each.items for each in project.conversations.values() if item["id"] in each.items]
    if kept:
        return kept[0][item["id"]]  # type: ignore[no-any-return]  # of a conversation
    raise invalid("input", f"Item with id '{item['id']}' not found.", code="not_found")


def _check_seal(item: dict[str, Any]) -> None:
    sealed = item.get("encrypted_content") if item["type"] == "reasoning" else None
    if sealed is not None and not sealed.startswith(_SEAL):
        raise invalid(
            "input",
            f"The encrypted content for item {item['id']} could not be verified.",
            code="invalid_encrypted_content",
        )


# --- operations ---------------------------------------------------------------------------------


def _find(visit: Visit) -> StoredResponse:
    stored: StoredResponse = found(visit.project.responses, visit.ids[0], "Response")
    return stored


def _get(visit: Visit) -> web.StreamResponse:
    stored = _find(visit)
    query = visit.query("include", "stream", "starting_after", "include_obfuscation")
    if query.get("stream") == "true":
        return _stream_again(visit, stored, query.get("starting_after", "-1"))
    stored.looks_left = max(0, stored.looks_left - 1)
    return visit.reply(stored.shown)


def _stream_again(visit: Visit, stored: StoredResponse, after: str) -> web.StreamResponse:
    if not stored.ended["background"]:
        raise invalid(
            "stream", "Only responses created with background=true can be streamed again."
        )
    if not after.removeprefix("-").isdecimal():
        raise invalid("starting_after", "Invalid 'starting_after': must be a whole number.")
    stored.looks_left = 0
    visit.call.record(200)
    events = [event for event in stored.events if event["sequence_number"] > int(after)]
    style = StreamStyle()
    body = b"".join(encode_event(event, style) for event in events)
    return visit.call.whole(200, body, EVENT_STREAM)


def _delete(visit: Visit) -> web.StreamResponse:
    id = _find(visit).ended["id"]
    del visit.project.responses[id]
    return visit.reply(deleted(id, "response"))


def _cancel(visit: Visit) -> web.StreamResponse:
    stored = _find(visit)
    if not stored.ended["background"]:
        raise _uncancellable("Only responses created with background=true can be cancelled.")
    if stored.looks_left == 0 and stored.ended["status"] != "cancelled":
        raise _uncancellable("Cannot cancel a completed response.")
    stored.looks_left = 0
    stored.ended = _unfinished(stored.ended, "cancelled")
    return visit.reply(stored.shown)


def _uncancellable(message: str) -> Refused:
    return invalid("response_id", message, code="invalid_request_error")


def _list_input(visit: Visit) -> web.StreamResponse:
    stored = _find(visit)
    query = visit.query("limit", "order", "after", "include")
    return visit.reply(listed([*stored.earlier, *stored.input], query))


_ONE: Final = re.compile(SURFACE + "/responses/([^/]+)")

RESPONSE_OPERATIONS: Final = (
    ObjectOperation("GET", _ONE, _get),
    ObjectOperation("DELETE", _ONE, _delete),
    ObjectOperation("POST", re.compile(SURFACE + "/responses/([^/]+)/cancel"), _cancel),
    ObjectOperation("GET", re.compile(SURFACE + "/responses/([^/]+)/input_items"), _list_input),
)
