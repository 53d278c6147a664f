"""How each family of models cuts and spells its answers on the wire, as users of OCI report it.

* GPT, gpt-oss, Llama and whatever else runs on OCI: a tool call begins with its id and name, and
  its arguments follow in pieces that have neither.
* Grok: each call is whole and in an event of its own.
* Gemini: the same, and calls have no id; the native API has finish reasons in Google's words.
* Cohere: calls are whole.

OpenAI's Responses are the same for all: their protocol streams arguments in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ocicat.vocabulary.chat import ChatChunk
from ocicat.vocabulary.model import ModelFacts

__all__ = ["Cutter", "Style", "style_of"]

_PIECE: Final = 7


@dataclass(frozen=True, slots=True)
class Style:
    """How a family does it. ``reasons`` are its words for native finish reasons."""

    whole_calls: bool = False
    call_ids: bool = True
    reasons: Mapping[str, str] = field(default_factory=dict)

    def dress(self, body: dict[str, Any]) -> dict[str, Any]:
        """A whole reply, or an event of a stream, as the family spells it."""
        if self.call_ids and not self.reasons:
            return body
        for choice in _choices(body):
            message = choice.get("message") or choice.get("delta") or {}
            for call in message.get("toolCalls") or message.get("tool_calls") or ():
                if not self.call_ids:
                    call.pop("id", None)
            if reason := self.reasons.get(str(choice.get("finishReason"))):
                choice["finishReason"] = reason
        return body


def _choices(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The choices of a reply or an event of Chat Completions or GENERIC."""
    holder = body.get("chatResponse") or body
    # An event of GENERIC is a choice itself.
    choices: list[dict[str, Any]] = holder.get("choices") or [holder]
    return choices


_PIECES: Final = Style()
_WHOLE: Final = Style(whole_calls=True)
_GEMINI: Final = Style(
    whole_calls=True,
    call_ids=False,
    reasons={"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"},
)
_STYLES: Final = {"grok": _WHOLE, "gemini": _GEMINI, "command": _WHOLE, "command-v2": _WHOLE}


def style_of(facts: ModelFacts, *, responses: bool) -> Style:
    """The style of a model; ``responses`` says whether it is asked through OpenAI's Responses."""
    return _PIECES if responses else _STYLES.get(facts.family, _PIECES)


class Cutter:
    """Cuts the tool calls of one stream as a family does, however its source has cut them."""

    def __init__(self, style: Style) -> None:
        self._whole = style.whole_calls
        #: The calls of each answer that have not been sent.
        self._held: dict[int, dict[int, dict[str, Any]]] = {}

    def feed(self, chunk: ChatChunk) -> Iterator[ChatChunk]:
        """The chunks to send for one."""
        choices = chunk.get("choices") or []
        if not choices:
            yield chunk
        for choice in choices:
            delta: dict[str, Any] = dict(choice["delta"])
            calls = delta.pop("tool_calls", None) or []
            ends = choice.get("finish_reason") is not None
            if ends:
                yield from self._release(chunk, choice)
            if delta or ends or not calls:
                yield _with(chunk, {**choice, "delta": delta})
            for call in calls:
                if self._whole:
                    self._hold(choice["index"], call)
                else:
                    for piece in _pieces(call):
                        yield _calling(chunk, choice, piece)

    def _hold(self, index: int, piece: dict[str, Any]) -> None:
        calls = self._held.setdefault(index, {})
        call = calls.get(piece["index"])
        if call is None:
            calls[piece["index"]] = {**piece, "function": dict(piece["function"])}
        else:
            call["function"]["arguments"] += piece["function"].get("arguments") or ""

    def _release(self, chunk: ChatChunk, choice: Any) -> Iterator[ChatChunk]:
        for call in self._held.pop(choice["index"], {}).values():
            yield _calling(chunk, choice, call)


def _pieces(call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The call without arguments, and then its arguments in pieces; a piece stays one."""
    function = call["function"]
    arguments = function.get("arguments") or ""
    if function.get("name"):
        yield {**call, "function": {**function, "arguments": ""}}
    for start in range(0, len(arguments), _PIECE):
        piece = arguments[start : start + _PIECE]
        yield {"index": call["index"], "function": {"arguments": piece}}


def _calling(chunk: ChatChunk, choice: Any, call: dict[str, Any]) -> ChatChunk:
    delta = {"tool_calls": [call]}
    calling = _with(chunk, {"index": choice["index"], "delta": delta, "finish_reason": None})
    calling.pop("usage", None)
    return calling


def _with(chunk: ChatChunk, choice: Any) -> ChatChunk:
    return {**chunk, "choices": [choice]}
