"""What the stream decoders of all dialects keep in mind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ocicat.dialects import json_text
from ocicat.dialects.dialect import Origin
from ocicat.vocabulary.chat import ChatChunk, Usage

__all__ = ["CALLS_APART", "CallFragment", "StreamState", "ToolCallAssembler"]


@dataclass(frozen=True, slots=True)
class CallFragment:
    """A piece of a tool call, as it came: any of it may be missing."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    #: Where the wire says it belongs, if it says so.
    position: int | None = None


class _OpenCall:
    __slots__ = ("arguments", "id", "index", "name")

    def __init__(self, index: int, id: str, name: str) -> None:
        self.index, self.id, self.name = index, id, name
        self.arguments: list[str] = []

    @property
    def is_whole(self) -> bool:
        return json_text.is_whole("".join(self.arguments))


class ToolCallAssembler:
    """Puts the tool calls of one answer together, whichever way a family cuts them.

    Some send the id and the name first and then only arguments, some a new id with each piece, some
    none; some send whole calls and put all of them at position 0; some send the pieces of several
    calls by turns. What comes out has a stable id and an index of its own for each call.
    """

    def __init__(self, origin: Origin, first: int = 0) -> None:
        self._origin = origin
        self._first = first
        self._calls: list[_OpenCall] = []
        self._by_id: dict[str, _OpenCall] = {}
        self._by_position: dict[int, _OpenCall] = {}

    def __bool__(self) -> bool:
        """Whether there has been any call."""
        return bool(self._calls)

    def feed(self, fragments: Iterable[CallFragment]) -> list[dict[str, Any]]:
        """The deltas, in OpenAI's form, that these pieces make."""
        return [self._take(fragment) for fragment in fragments]

    def close(self) -> list[dict[str, Any]]:
        """The deltas that make calls without arguments whole JSON, which is what callers read."""
        empty = [call for call in self._calls if not any(call.arguments)]
        for call in empty:
            call.arguments.append("{}")
        return [{"index": call.index, "function": {"arguments": "{}"}} for call in empty]

    def _take(self, piece: CallFragment) -> dict[str, Any]:
        call = self._call_of(piece)
        opened = call is None
        if call is None:
            index = len(self._calls)
            known = not piece.id or piece.id in self._by_id
            id = self._origin.call_id(self._first + index) if known else piece.id
            call = _OpenCall(index, id, piece.name)
            self._calls.append(call)
        if piece.id:
            self._by_id[piece.id] = call
        if piece.position is not None:
            self._by_position[piece.position] = call
        call.arguments.append(piece.arguments)
        if opened:
            return {
                "index": call.index,
                "id": call.id,
                "type": "function",
                "function": {"name": piece.name, "arguments": piece.arguments},
            }
        return {"index": call.index, "function": {"arguments": piece.arguments}}

    def _call_of(self, piece: CallFragment) -> _OpenCall | None:
        """The call that a piece goes on with; ``None`` if it begins a new one."""
        if not self._calls:
            return None
        if piece.id and piece.id in self._by_id:
            known = self._by_id[piece.id]
            # An id may serve for several calls: one of another tool, or one after a whole one.
            another = piece.name != known.name or (piece.arguments and known.is_whole)
            return None if piece.name and another else known
        last = self._calls[-1]
        if piece.position is not None:
            last = self._by_position.get(piece.position, last)
        if not piece.name:
            return last
        if piece.id or (piece.position is not None and piece.position not in self._by_position):
            return None
        # A name without an id: a new call, unless it only repeats the name of one that is open.
        return last if piece.name == last.name and not last.is_whole else None


#: The numbers of the calls of one answer and the next are so far apart.
CALLS_APART = 1000


class StreamState:
    """How far one stream has come: which answers have begun and ended, and what was said."""

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        self._origin = origin
        self._with_usage = with_usage
        #: What every chunk of this stream says.
        self._head: ChatChunk = {
            "id": origin.reply_id,
            "object": "chat.completion.chunk",
            "created": origin.received,
            "model": origin.model,
            "opc_request_id": origin.opc_request_id,
        }
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._counted = False
        self._texts: list[str] = []
        self._calls: dict[int, ToolCallAssembler] = {}

    @property
    def text(self) -> str:
        """The text that has arrived so far, of the first choice."""
        return "".join(self._texts)

    @property
    def finished(self) -> bool:
        """Whether every answer that began has ended."""
        return bool(self._ended) and self._begun <= self._ended

    @property
    def complete(self) -> bool:
        """Whether nothing more is expected: all has ended, and usage came where asked for."""
        return self.finished and (self._counted or not self._with_usage)

    def _assemble(self, index: int, fragments: Iterable[CallFragment]) -> list[dict[str, Any]]:
        """The deltas that pieces of tool calls of one answer make."""
        calls = self._calls.get(index)
        if calls is None:
            calls = self._calls[index] = ToolCallAssembler(self._origin, CALLS_APART * index)
        return calls.feed(fragments)

    def _called(self, index: int) -> bool:
        """Whether an answer has called tools."""
        return bool(self._calls.get(index))

    def _end(self, choice: dict[str, Any]) -> None:
        """Note that an answer has ended with ``choice``, and end its tool calls with it.

        Where the answer was cut off, arguments may be missing and must not be made up.
        """
        index = choice["index"]
        self._ended.add(index)
        calls = self._calls.get(index)
        closing = calls.close() if calls and choice["finish_reason"] != "length" else []
        if closing:
            choice["delta"]["tool_calls"] = [*choice["delta"].get("tool_calls", ()), *closing]

    def _begin(self, index: int, delta: dict[str, Any]) -> None:
        """Say in the first delta of an answer who speaks."""
        if index not in self._begun:
            self._begun.add(index)
            delta["role"] = "assistant"

    def _chunk(self, choice: dict[str, Any]) -> ChatChunk:
        return {**self._head, "choices": [choice]}  # type: ignore[list-item]  # built key by key

    def _count(self, usage: Usage | None) -> list[ChatChunk]:
        """The chunk that tells token counts, where there are any and they were asked for."""
        if usage is None:
            return []
        self._counted = True
        return [{**self._head, "choices": [], "usage": usage}] if self._with_usage else []
