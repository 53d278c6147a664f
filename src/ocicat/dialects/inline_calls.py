"""Tool calls that a model writes into its text, found and made real tool calls.

Servers of imported models do not always read the markup in which their models call tools. Which
markups are read here is told in ``call_markups.py``.

Only what is whole, stands in the open (not quoted, not in code) and calls a tool that was offered
becomes a call. Everything else stays text, just as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ocicat.dialects.call_markups import MARKUPS, OPENINGS, Tools
from ocicat.dialects.decoding import CALLS_APART
from ocicat.dialects.dialect import Origin
from ocicat.dialects.markup_text import Call, Text, Undecided
from ocicat.dialects.messages import ToolCall, neutral_calls
from ocicat.vocabulary.chat import ChatChunk, ChatReply

__all__ = ["Lifter", "lift"]

#: Markup of more characters is looked at again only when some more has come that may end it.
_LONG = 500
#: The calls that OCI itself tells of are numbered from 0 on.
_FIRST = CALLS_APART // 2


def _any_of(markers: Iterable[str]) -> str:
    return f"({'|'.join(map(re.escape, markers))})"


_ANYWHERE = re.compile(_any_of(MARKUPS))
_AT_FIRST = re.compile(rf"\s*{_any_of(OPENINGS)}")
_READERS = {**MARKUPS, **OPENINGS}
_BEGINNINGS = frozenset(marker[:end] for marker in MARKUPS for end in range(1, len(marker)))
_LONGEST = max(map(len, _BEGINNINGS))


def lift(reply: ChatReply, tools: Tools, origin: Origin) -> ChatReply:
    """The reply with the calls of these tools taken out of its text.

    Answers that have tool calls already stay as they are.
    """
    for choice in reply["choices"]:
        message = choice["message"]
        text = message.get("content")
        if message.get("tool_calls") or not isinstance(text, str):
            continue
        scanner = _Scanner(tools)
        said = scanner.read(text) + scanner.end()
        if scanner.calls:
            message["content"] = said or None
            message["tool_calls"] = _neutral(scanner.calls, choice["index"], origin)
            if choice.get("finish_reason") == "stop":
                choice["finish_reason"] = "tool_calls"
    return reply


class Lifter:
    """The same for the chunks of a stream.

    Text that may begin a call is held back until that is decided, at the answer's end at the
    latest. Once an answer has tool calls that OCI tells of, its text is left alone.
    """

    def __init__(self, tools: Tools, origin: Origin) -> None:
        self._tools = tools
        self._origin = origin
        self._scanners: dict[int, _Scanner] = {}

    def feed(self, chunk: ChatChunk) -> list[ChatChunk]:
        """The chunks that one chunk becomes: itself in other words, or none."""
        if not chunk["choices"]:
            return [chunk]
        said = [made for choice in chunk["choices"] if (made := self._choice(choice))]  # type: ignore[arg-type]
        return [{**chunk, "choices": said}] if said else []  # type: ignore[typeddict-item]

    def _choice(self, choice: dict[str, Any]) -> dict[str, Any] | None:
        """What a choice becomes; ``None`` if there is nothing left to say in it."""
        index = choice["index"]
        scanner = self._scanners.get(index)
        if scanner is None:
            scanner = self._scanners[index] = _Scanner(self._tools)
        delta, ends = dict(choice["delta"]), bool(choice.get("finish_reason"))
        text, native = delta.pop("content", None), delta.pop("tool_calls", None)
        if not (text or native or ends):
            return choice
        known = len(scanner.calls)
        said = scanner.read(text) if text else ""
        if native or ends:
            said += scanner.end()
        if said:
            delta["content"] = said
        calls = _neutral(scanner.calls, index, self._origin)
        pieces = [{"index": place, **call} for place, call in enumerate(calls) if place >= known]
        if native:
            scanner.closed = True
            pieces += [{**piece, "index": len(calls) + piece["index"]} for piece in native]
        if pieces:
            delta["tool_calls"] = pieces
        made = {**choice, "delta": delta}
        if calls and choice.get("finish_reason") == "stop":
            made["finish_reason"] = "tool_calls"
        return made if delta or ends or choice.get("logprobs") else None


def _neutral(calls: list[Call], index: int, origin: Origin) -> list[dict[str, Any]]:
    first = CALLS_APART * index + _FIRST
    return neutral_calls(
        [
            ToolCall(origin.call_id(first + number), call.name, call.arguments)
            for number, call in enumerate(calls)
        ]
    )


class _Scanner:
    """Reads the text of one answer, piece by piece: what is text, and what are calls."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self.calls: list[Call] = []
        #: Whether nothing more is to be taken for a call.
        self.closed = False
        #: What is not decided yet; begins with what may be a marker.
        self._held = ""
        #: White space at the beginning and behind calls is text only if text follows it.
        self._bare = True
        self._space = ""
        #: Where the text that was let pass ends: in its last line, and maybe in a block of code.
        self._line = ""
        self._in_code = False

    def read(self, text: str) -> str:
        """The text that is settled with this piece. Calls are added to ``calls``."""
        if self.closed:
            return text
        waits = len(self._held) > _LONG and not any(mark in text for mark in "}]>")
        self._held += text
        return "" if waits else self._settle(final=False)

    def end(self) -> str:
        """The text that was still held back, once no more can follow."""
        said = self._settle(final=True)
        if not self.calls:
            said += self._space
        self._space = ""
        return said

    def _settle(self, *, final: bool) -> str:
        said = []
        while self._held:
            found = (self._bare and _AT_FIRST.match(self._held)) or _ANYWHERE.search(self._held)
            if not found:
                kept = 0 if final else _may_begin(self._held)
                said.append(self._pass(len(self._held) - kept))
                break
            marker = found[1]
            said.append(self._pass(found.start(1)))
            if self._is_quoted():
                said.append(self._pass(len(marker)))
                continue
            reader = Text(self._held, len(marker), final)
            try:
                calls = _READERS[marker](reader, self._tools)
            except Undecided:
                if not final:
                    break
                calls = []
            if calls:
                self.calls += calls
                self._held = self._held[reader.at :]
                self._bare, self._space = True, ""
            else:
                said.append(self._pass(len(marker)))
        return "".join(said)

    def _pass(self, length: int) -> str:
        """Let so many of the characters pass as text."""
        text, self._held = self._held[:length], self._held[length:]
        if self._bare:
            text, self._space = self._space + text, ""
            if not text.strip():
                self._space = text
                return ""
            self._bare = False
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            if line.lstrip().startswith(("```", "~~~")):
                self._in_code = not self._in_code
        return text

    def _is_quoted(self) -> bool:
        """Whether what comes next is an example rather than a call."""
        line = self._line
        return (
            self._in_code
            or line.count("`") % 2 == 1
            or line.count('"') % 2 == 1
            or line.count("“") > line.count("”")
            or line.endswith("'")
            or line.lstrip().startswith(">")
        )


def _may_begin(text: str) -> int:
    """How many characters at the end of the text may be the beginning of a marker."""
    for length in range(min(len(text), _LONGEST), 0, -1):
        if text[-length:] in _BEGINNINGS:
            return length
    return 0
