"""OCI's own Responses, read as the chats that they are: what ``spans.py`` needs of them.

What cannot be read so is left out; the call itself is none the worse for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.call.attempts import WRONG_SHAPE
from ocicat.dialects import openai_responses
from ocicat.dialects.dialect import Origin
from ocicat.dialects.openai_responses import items, tools
from ocicat.errors import InvalidRequest, OcicatError, StreamBroken

__all__ = ["Reading", "request"]

_SAME = ("model", "temperature", "top_p", "stream", "conversation")
_UNFINISHED = ("queued", "in_progress")
_HEAD = ("id", "model", "opc_request_id")


def request(body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat that a body asks for."""
    said: dict[str, Any] = {name: body[name] for name in _SAME if name in body}
    said["max_tokens"] = body.get("max_output_tokens")
    said["response_format"] = body.get("text", {}).get("format")
    try:
        said["messages"] = items.decode(body.get("instructions"), body["input"])
    except (*WRONG_SHAPE, InvalidRequest):
        pass  # some items mean something to OCI only
    try:
        said["tools"] = [tools.decode(tool) for tool in body.get("tools", ())]
    except WRONG_SHAPE:
        pass
    return said


class Reading:
    """The responses and events of one call, as neutral replies and chunks."""

    def __init__(self, model: str) -> None:
        self.failure: OcicatError | None = None
        self._origin = Origin(model=model, opc_request_id="", received=0)
        self._decoder = openai_responses.stream_decoder(self._origin, with_usage=True)
        self._begun = False

    def chunks(self, event: dict[str, Any]) -> list[Mapping[str, Any]]:
        """The chunks of an event."""
        made: list[Mapping[str, Any]] = []
        if not self._begun and "response" in event:
            self._begun = True
            made.append(_head(event["response"]))
        try:
            made += self._decoder.feed(event)
        except WRONG_SHAPE:
            pass
        except StreamBroken as broken:
            cause = broken.__cause__
            self.failure = cause if isinstance(cause, OcicatError) else broken
        return made

    def reply(self, response: Any) -> Any:
        """The reply that a response says; ``None`` for none, as streams have it."""
        if response is None or response.get("status") in _UNFINISHED:
            return response and _head(response)
        try:
            reply = openai_responses.decode_reply(response, self._origin)
        except WRONG_SHAPE:
            return _head(response)
        except OcicatError as failure:
            self.failure = failure
            return _head(response)
        return {**_head(response), **reply, "opc_request_id": response.get("opc_request_id")}


def _head(response: Any) -> dict[str, Any]:
    known = response if isinstance(response, dict) else {}
    return {"choices": [], **{name: known[name] for name in _HEAD if known.get(name)}}
