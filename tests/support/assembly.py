"""Streams put together again: what a stream says, as the reply that it amounts to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["assembled"]

_TEXTS = ("content", "reasoning_content", "tool_plan", "refusal")
_LISTS = ("annotations", "citations", "documents", "search_queries", "response_items")


def assembled(chunks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """``{"choices": [{"index", "message", "finish_reason", …}], "usage"}`` of a stream.

    Checks on the way what every stream must keep to: the role comes first and once, a tool call's
    id and name come first and once, nothing follows an answer's end.
    """
    choices: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = {"usage": None}
    for chunk in chunks:
        assert chunk["object"] == "chat.completion.chunk"
        if chunk.get("oci_notes"):
            whole["oci_notes"] = [*whole.get("oci_notes", []), *chunk["oci_notes"]]
        for key in ("model_deprecation_info", "service_tier", "oci_prompt"):
            if chunk.get(key):
                whole[key] = chunk[key]
        if chunk.get("usage"):
            whole["usage"] = dict(chunk["usage"])
        for piece in chunk["choices"]:
            choice = choices.setdefault(
                piece["index"],
                {"index": piece["index"], "message": {}, "finish_reason": None, "logprobs": None},
            )
            assert choice["finish_reason"] is None, "something follows the end of an answer"
            _add(choice["message"], piece["delta"])
            _add_logprobs(choice, piece.get("logprobs"))
            for key in ("oci_finish_reason", "grounding_metadata"):
                if piece.get(key):
                    choice[key] = piece[key]
            choice["finish_reason"] = piece.get("finish_reason")
    for choice in choices.values():
        choice["message"].setdefault("content", "")
    whole["choices"] = [choices[index] for index in sorted(choices)]
    return whole


def _add(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    if delta.get("role"):
        assert message.get("role", delta["role"]) == delta["role"]
        message["role"] = delta["role"]
    for key in _TEXTS:
        if delta.get(key):
            message[key] = message.get(key, "") + delta[key]
    for key in _LISTS:
        if delta.get(key):
            message[key] = [*message.get(key, []), *delta[key]]
    if delta.get("search_required") is not None:
        message["search_required"] = delta["search_required"]
    for piece in delta.get("tool_calls") or []:
        calls = message.setdefault("tool_calls", [])
        if piece["index"] == len(calls):
            assert piece["id"]
            assert piece["type"] == "function"
            assert piece["function"]["name"]
            calls.append({"id": piece["id"], "type": "function", "function": {"arguments": ""}})
            calls[-1]["function"]["name"] = piece["function"]["name"]
        else:
            assert not piece.get("id") or piece["id"] == calls[piece["index"]]["id"]
            assert not piece["function"].get("name")
        calls[piece["index"]]["function"]["arguments"] += piece["function"].get("arguments") or ""


def _add_logprobs(choice: dict[str, Any], logprobs: Mapping[str, Any] | None) -> None:
    if not logprobs or not logprobs.get("content"):
        return
    known = choice["logprobs"] or {"content": []}
    choice["logprobs"] = {"content": [*known["content"], *logprobs["content"]]}
