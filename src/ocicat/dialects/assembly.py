"""A stream put together again: its chunks, as the reply that they amount to.

The way back from a reply to chunks is in ``whole.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Assembly"]

#: What every chunk has: id, object, created, model, opc_request_id, choices. Most have no more,
#: and streams are long.
_LEAST = 6
#: Its index, delta and finish_reason.
_LEAST_OF_A_CHOICE = 3
_OWN_WAY = ("choices", "object", "oci_notes", "usage")


class Assembly:
    """Takes the chunks of one stream, in their order."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._choices: dict[int, _Choice] = {}
        self._notes: list[dict[str, Any]] = []
        self._usage: dict[str, Any] | None = None

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Take the next chunk, which is not changed."""
        if not self._head or len(chunk) > _LEAST:
            self._head = {**chunk, **self._head}
            self._notes += chunk.get("oci_notes") or ()
            self._usage = chunk.get("usage") or self._usage
        for choice in chunk["choices"]:
            index = choice["index"]
            if index not in self._choices:
                self._choices[index] = _Choice(index)
            self._choices[index].add(choice)

    def reply(self) -> dict[str, Any]:
        """What has come so far, in the shape of a reply. A choice that goes on has no reason."""
        reply = {name: value for name, value in self._head.items() if name not in _OWN_WAY}
        reply["object"] = "chat.completion"
        reply["choices"] = [self._choices[index].whole() for index in sorted(self._choices)]
        reply["usage"] = self._usage
        if self._notes:
            reply["oci_notes"] = [*self._notes]
        return reply


class _Choice:
    def __init__(self, index: int) -> None:
        self._said: dict[str, Any] = {"index": index, "finish_reason": None}
        self._message: dict[str, Any] = {"role": "assistant", "content": None}
        self._texts: dict[str, list[str]] = {}
        self._calls: dict[int, tuple[Mapping[str, Any], list[str]]] = {}
        self._logprobs: dict[str, list[Any]] = {}

    def add(self, choice: Mapping[str, Any]) -> None:
        for name, value in choice["delta"].items():
            if value is None:
                continue
            if isinstance(value, str) and name != "role":
                if name not in self._texts:
                    self._texts[name] = []
                self._texts[name].append(value)
            elif name == "tool_calls":
                self._add_calls(value)
            elif isinstance(value, list):
                self._message[name] = [*self._message.get(name, ()), *value]
            else:
                self._message[name] = value
        if choice.get("finish_reason") or len(choice) > _LEAST_OF_A_CHOICE:
            self._add_rest(choice)

    def _add_rest(self, choice: Mapping[str, Any]) -> None:
        for name, value in choice.items():
            if value is None or name == "delta":
                continue
            if name == "logprobs":
                for kind, tokens in value.items():
                    self._logprobs.setdefault(kind, []).extend(tokens or ())
            else:
                self._said[name] = value

    def _add_calls(self, pieces: list[dict[str, Any]]) -> None:
        for piece in pieces:
            # The first piece of a call is the one with its id and its name.
            _, arguments = self._calls.setdefault(piece["index"], (piece, []))
            arguments.append(piece["function"].get("arguments") or "")

    def whole(self) -> dict[str, Any]:
        texts = {name: "".join(pieces) for name, pieces in self._texts.items()}
        message = {**self._message, **texts}
        if not message["content"]:
            message["content"] = None if self._calls or "refusal" in message else ""
        if self._calls:
            message["tool_calls"] = [
                {
                    **{name: value for name, value in first.items() if name != "index"},
                    "function": {**first["function"], "arguments": "".join(arguments)},
                }
                for first, arguments in self._calls.values()
            ]
        whole = {**self._said, "message": message}
        if self._logprobs:
            whole["logprobs"] = {**self._logprobs}
        return whole
