"""A whole reply as the chunks of a stream, for models that do not stream."""

from __future__ import annotations

from typing import Any

from ocicat.vocabulary.chat import ChatChunk, ChatReply

__all__ = ["chunks"]

# Keys of a reply that its chunks say in their own way, or not at all.
_NOT_IN_CHUNKS = frozenset({"choices", "usage", "object"})


def chunks(reply: ChatReply, *, with_usage: bool) -> list[ChatChunk]:
    """For each answer a chunk with all of it and a chunk with its end; then the token counts."""
    head: dict[str, Any] = {key: reply[key] for key in reply if key not in _NOT_IN_CHUNKS}  # type: ignore[literal-required]
    head["object"] = "chat.completion.chunk"
    made: list[dict[str, Any]] = []
    for choice in reply["choices"]:
        said: dict[str, Any] = {**choice}
        delta = {key: value for key, value in said.pop("message").items() if value is not None}
        calls = delta.get("tool_calls")
        if calls:
            delta["tool_calls"] = [{"index": index, **call} for index, call in enumerate(calls)]
        end = {"index": said["index"], "delta": {}, "finish_reason": said["finish_reason"]}
        if "oci_finish_reason" in said:
            end["oci_finish_reason"] = said.pop("oci_finish_reason")
        made.append({**head, "choices": [{**said, "delta": delta, "finish_reason": None}]})
        made.append({**head, "choices": [end]})
    usage = reply.get("usage")
    if with_usage and usage:
        made.append({**head, "choices": [], "usage": usage})
    return made  # type: ignore[return-value]  # built key by key
