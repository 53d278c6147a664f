"""Chunks as OpenAI cuts them: of a whole reply, and of a chunk that says too much at once."""

from __future__ import annotations

from typing import Any

from ocicat.vocabulary.chat import ChatChunk, ChatReply

__all__ = ["apart", "chunks"]

_ENDING = ("finish_reason", "oci_finish_reason")
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


def apart(chunk: ChatChunk) -> list[ChatChunk]:
    """The chunk in pieces with at most one tool call each.

    Backends that send whole calls send several at once. OpenAI never does, and there are clients
    that look at the first one only.
    """
    for choice in chunk["choices"]:
        if len(choice["delta"].get("tool_calls") or ()) > 1:
            break
    else:
        return [chunk]
    pieces: list[dict[str, Any]] = []
    for choice in chunk["choices"]:
        said: dict[str, Any] = {**choice}
        calls: list[Any] = choice["delta"].get("tool_calls") or []
        first, more = calls[:1], calls[1:]
        ending = {key: said.pop(key) for key in _ENDING if more and key in said}
        if more:
            said["delta"] = {**choice["delta"], "tool_calls": first}
        pieces.append({"finish_reason": None, **said})
        pieces += [
            {"index": said["index"], "delta": {"tool_calls": [call]}, "finish_reason": None}
            for call in more
        ]
        pieces[-1].update(ending)
    return [{**chunk, "choices": [piece]} for piece in pieces]  # type: ignore[list-item]
