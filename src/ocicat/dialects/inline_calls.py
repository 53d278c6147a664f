"""Tool calls that a model writes into its text, found and made real tool calls.

Servers of imported models do not always read the markup in which their models call tools. Read
here are the markups of these families:

* Hermes and Qwen: ``<tool_call>{"name": …, "arguments": {…}}</tool_call>``;
* Qwen3-Coder: ``<function=NAME><parameter=KEY>VALUE</parameter></function>`` in ``<tool_call>``;
* GLM: ``<tool_call>NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value></tool_call>``;
* Mistral: ``[TOOL_CALLS][{"name": …, "arguments": {…}}]`` and ``[TOOL_CALLS]NAME{…}``;
* Llama: ``<|python_tag|>{"name": …, "parameters": {…}}``.

Only what is whole, stands in the open (not quoted, not in code) and calls a tool that was offered
becomes a call. Everything else stays text, just as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ocicat.dialects.decoding import CALLS_APART
from ocicat.dialects.dialect import Origin
from ocicat.vocabulary.chat import ChatChunk, ChatReply

__all__ = ["Lifter", "lift"]

_CLOSED = "</tool_call>"
# A string, whole or cut off, or a bracket.
_STEP = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_.:-]*")
#: Markup of more characters is looked at again only when some more has come that may end it.
_LONG = 500
#: The calls that OCI itself tells of are numbered from 0 on.
_FIRST = CALLS_APART // 2


def lift(reply: ChatReply, names: frozenset[str], origin: Origin) -> ChatReply:
    """The reply with the calls of the tools called ``names`` taken out of its text.

    Answers that have tool calls already stay as they are.
    """
    for choice in reply["choices"]:
        message = choice["message"]
        text = message.get("content")
        if message.get("tool_calls") or not isinstance(text, str):
            continue
        scanner = _Scanner(names)
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

    def __init__(self, names: frozenset[str], origin: Origin) -> None:
        self._names = names
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
            scanner = self._scanners[index] = _Scanner(self._names)
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


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: str


def _neutral(calls: list[_Call], index: int, origin: Origin) -> list[dict[str, Any]]:
    return [
        {
            "id": origin.call_id(CALLS_APART * index + _FIRST + number),
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for number, call in enumerate(calls)
    ]


class _Undecided(Exception):
    """More text is needed to tell what this is."""


class _Scanner:
    """Reads the text of one answer, piece by piece: what is text, and what are calls."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self.calls: list[_Call] = []
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
            at, marker = _next_marker(self._held)
            if not marker:
                kept = 0 if final else _may_begin(self._held)
                at = len(self._held) - kept
                said.append(self._pass(at))
                break
            said.append(self._pass(at))
            if self._is_quoted():
                said.append(self._pass(len(marker)))
                continue
            reader = _Text(self._held, len(marker), final)
            try:
                calls = _MARKUPS[marker](reader, self._names)
            except _Undecided:
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


def _next_marker(text: str) -> tuple[int, str]:
    found = [(at, marker) for marker in _MARKUPS if (at := text.find(marker)) >= 0]
    return min(found, default=(0, ""))


def _may_begin(text: str) -> int:
    """How many characters at the end of the text may be the beginning of a marker."""
    for length in range(min(len(text), _LONGEST - 1), 0, -1):
        tail = text[-length:]
        if any(marker.startswith(tail) for marker in _MARKUPS):
            return length
    return 0


class _Text:
    """Text that is read from one place on. ``final`` says that no more follows."""

    def __init__(self, text: str, at: int, final: bool) -> None:
        self._text, self.at, self._final = text, at, final

    def skip_space(self) -> None:
        rest = self._text[self.at :]
        self.at += len(rest) - len(rest.lstrip())

    def takes(self, *words: str, or_end: bool = False) -> bool:
        """Whether it goes on with one of these words, which is then passed over.

        With ``or_end``, the end of all text will do, also in the middle of a word.
        """
        for word in words:
            if self._text.startswith(word, self.at):
                self.at += len(word)
                return True
        rest = self._text[self.at :]
        if any(word.startswith(rest) for word in words):
            if not self._final:
                raise _Undecided
            if or_end:
                self.at = len(self._text)
                return True
        return False

    def name(self, names: frozenset[str]) -> str:
        """The one of these names that comes next; empty if none does."""
        match = _NAME.match(self._text, self.at)
        name = match[0] if match else ""
        if self.at + len(name) == len(self._text) and not self._final:
            if any(known.startswith(name) for known in names):
                raise _Undecided
            return ""
        self.at += len(name)
        return name if name in names else ""

    def until(self, word: str) -> str:
        """The text before ``word``, which is passed over too."""
        end = self._text.find(word, self.at)
        if end < 0:
            raise _Undecided
        text = self._text[self.at : end]
        self.at = end + len(word)
        return text

    def value(self, opening: str) -> str:
        """The JSON that comes next, if it begins with one of these brackets; else empty."""
        if self.at == len(self._text):
            raise _Undecided
        if self._text[self.at] not in opening:
            return ""
        depth = 0
        for step in _STEP.finditer(self._text, self.at):
            token = step[0]
            depth += (token in "[{") - (token in "]}")
            if depth == 0:
                json = self._text[self.at : step.end()]
                self.at = step.end()
                return json
        raise _Undecided


# --- the markups: the calls in the text, or none ------------------------------------------------


def _tagged(text: _Text, names: frozenset[str]) -> list[_Call]:
    text.skip_space()
    json = text.value("[{")
    if json:
        calls = _said_in_json(json, names)
    elif text.takes("<function="):
        calls = _qwen_coder(text, names)
    else:
        calls = _glm(text, names)
    if not calls:
        return []
    text.skip_space()
    return calls if text.takes(_CLOSED, or_end=True) else []


def _qwen_coder(text: _Text, names: frozenset[str]) -> list[_Call]:
    name = text.name(names)
    arguments = {}
    if not name or not text.takes(">"):
        return []
    text.skip_space()
    while text.takes("<parameter="):
        key = text.until(">")
        arguments[key] = _value(text.until("</parameter>"))
        text.skip_space()
    if not text.takes("</function>", or_end=True):
        return []
    return [_Call(name, msgspec.json.encode(arguments).decode())]


def _glm(text: _Text, names: frozenset[str]) -> list[_Call]:
    name = text.name(names)
    arguments = {}
    if not name:
        return []
    text.skip_space()
    while text.takes("<arg_key>"):
        key = text.until("</arg_key>").strip()
        text.skip_space()
        if not text.takes("<arg_value>"):
            return []
        arguments[key] = _value(text.until("</arg_value>"))
        text.skip_space()
    return [_Call(name, msgspec.json.encode(arguments).decode())]


def _value(text: str) -> Any:
    """A value that stands in a tag. What reads as JSON other than a text is taken for that."""
    text = text.removeprefix("\n").removesuffix("\n")
    if text.lstrip().startswith('"'):
        return text
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text


def _mistral(text: _Text, names: frozenset[str]) -> list[_Call]:
    text.skip_space()
    json = text.value("[{")
    if json:
        return _said_in_json(json, names)
    name = text.name(names)
    if not name:
        return []
    text.takes("[ARGS]")
    text.skip_space()
    arguments = text.value("{")
    return [_Call(name, arguments)] if _is_json(arguments) else []


def _llama(text: _Text, names: frozenset[str]) -> list[_Call]:
    text.skip_space()
    calls = _said_in_json(text.value("{"), names)
    if calls:
        text.takes("<|eom_id|>", "<|eot_id|>", or_end=True)
    return calls


_MARKUPS: dict[str, Callable[[_Text, frozenset[str]], list[_Call]]] = {
    "<tool_call>": _tagged,
    "[TOOL_CALLS]": _mistral,
    "<|python_tag|>": _llama,
}
_LONGEST = max(map(len, _MARKUPS))


class _Said(msgspec.Struct):
    name: str
    arguments: msgspec.Raw = msgspec.Raw()
    parameters: msgspec.Raw = msgspec.Raw()


_ONE = msgspec.json.Decoder(_Said)
_SEVERAL = msgspec.json.Decoder(list[_Said])


def _said_in_json(json: str, names: frozenset[str]) -> list[_Call]:
    """The calls that an object, or a list of them, says; none if any is of another tool."""
    try:
        said = _SEVERAL.decode(json) if json.startswith("[") else [_ONE.decode(json)]
    except (ValueError, RecursionError):
        return []
    if not all(one.name in names for one in said):
        return []
    return [_Call(one.name, _arguments(one.arguments or one.parameters)) for one in said]


def _arguments(raw: msgspec.Raw) -> str:
    """Arguments as JSON text, which some models write as a JSON string."""
    text = bytes(raw).decode()
    if text.startswith('"'):
        return str(msgspec.json.decode(text))
    return "{}" if text in ("", "null") else text


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return False
    return True
