"""The markups in which models write tool calls into their text.

* Hermes and Qwen: ``<tool_call>{"name": …, "arguments": {…}}</tool_call>``;
* Qwen3-Coder: ``<function=NAME><parameter=KEY>VALUE</parameter></function>`` in ``<tool_call>``;
* GLM: ``<tool_call>NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value></tool_call>``;
* Mistral: ``[TOOL_CALLS][{"name": …, "arguments": {…}}]`` and ``[TOOL_CALLS]NAME{…}``;
* Llama: ``<|python_tag|>{"name": …, "parameters": {…}}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ocicat.dialects import json_text

__all__ = ["MARKUPS", "Call", "Text", "Undecided"]

_CLOSED = "</tool_call>"
# A string, whole or cut off, or a bracket.
_STEP = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_.:-]*")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a model wrote. ``arguments`` is JSON text."""

    name: str
    arguments: str


class Undecided(Exception):
    """More text is needed to tell what this is."""


class Text:
    """Text that is read from one place on. ``final`` says that no more follows."""

    def __init__(self, text: str, at: int, final: bool) -> None:
        self._text, self.at, self._final = text, at, final

    def skip_space(self) -> None:
        """Pass over white space."""
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
                raise Undecided
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
                raise Undecided
            return ""
        self.at += len(name)
        return name if name in names else ""

    def until(self, word: str) -> str:
        """The text before ``word``, which is passed over too."""
        end = self._text.find(word, self.at)
        if end < 0:
            raise Undecided
        text = self._text[self.at : end]
        self.at = end + len(word)
        return text

    def value(self, opening: str) -> str:
        """The JSON that comes next, if it begins with one of these brackets; else empty."""
        if self.at == len(self._text):
            raise Undecided
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
        raise Undecided


def _tagged(text: Text, names: frozenset[str]) -> list[Call]:
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


def _qwen_coder(text: Text, names: frozenset[str]) -> list[Call]:
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
    return [Call(name, msgspec.json.encode(arguments).decode())]


def _glm(text: Text, names: frozenset[str]) -> list[Call]:
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
    return [Call(name, msgspec.json.encode(arguments).decode())]


def _value(text: str) -> Any:
    """A value that stands in a tag. What reads as JSON other than a text is taken for that."""
    text = text.removeprefix("\n").removesuffix("\n")
    if text.lstrip().startswith('"'):
        return text
    return json_text.read(text, text)


def _mistral(text: Text, names: frozenset[str]) -> list[Call]:
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
    return [Call(name, arguments)] if json_text.is_whole(arguments) else []


def _llama(text: Text, names: frozenset[str]) -> list[Call]:
    text.skip_space()
    calls = _said_in_json(text.value("{"), names)
    if calls:
        text.takes("<|eom_id|>", "<|eot_id|>", or_end=True)
    return calls


#: What reads the calls behind each marker: the calls, or none where there is something else.
MARKUPS: dict[str, Callable[[Text, frozenset[str]], list[Call]]] = {
    "<tool_call>": _tagged,
    "[TOOL_CALLS]": _mistral,
    "<|python_tag|>": _llama,
}


class _Said(msgspec.Struct):
    name: str
    arguments: msgspec.Raw = msgspec.Raw()
    parameters: msgspec.Raw = msgspec.Raw()


_ONE = msgspec.json.Decoder(_Said)
_SEVERAL = msgspec.json.Decoder(list[_Said])


def _said_in_json(json: str, names: frozenset[str]) -> list[Call]:
    """The calls that an object, or a list of them, says; none if any is of another tool."""
    try:
        said = _SEVERAL.decode(json) if json.startswith("[") else [_ONE.decode(json)]
    except (ValueError, RecursionError):
        return []
    if not all(one.name in names for one in said):
        return []
    return [Call(one.name, _arguments(one.arguments or one.parameters)) for one in said]


def _arguments(raw: msgspec.Raw) -> str:
    """Arguments as JSON text, which some models write as a JSON string."""
    text = bytes(raw).decode()
    if text.startswith('"'):
        return str(msgspec.json.decode(text))
    return "{}" if text in ("", "null") else text
