"""A model's text while calls are looked for in it, and what can be read at one place of it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["JSON", "PYTHON", "Call", "Text", "Undecided"]

# What counts for where a value ends: a string, whole or cut off, or a bracket.
JSON = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
PYTHON = re.compile(rf"{JSON.pattern}|'(?:[^'\\]|\\.)*(?:'|\\?\Z)|[()]", re.DOTALL)

_NAME = re.compile(r"[A-Za-z0-9_.:-]*")
_NO_SPACE = re.compile(r"\S|\Z")
#: Brackets in brackets that still are arguments. Without an end, hostile text would be read again
#: and again.
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a model wrote. ``arguments`` is JSON text."""

    name: str
    arguments: str


class Undecided(Exception):
    """More text is needed to tell what this is; once all is there, it is nothing."""


class Text:
    """Text that is read from the place ``at`` on. ``final`` says that no more follows.

    White space before what is asked for is passed over with it, and stays where that is not found.
    What is told of a text never changes once more of it is there: until then it is undecided.
    """

    def __init__(self, text: str, at: int, final: bool) -> None:
        self._text, self.at, self._final = text, at, final

    def takes(self, *words: str, or_end: bool = False) -> bool:
        """Whether it goes on with one of these words, which is then passed over.

        With ``or_end``, the end of all text will do, also in the middle of a word.
        """
        start = self._next()
        for word in words:
            if self._text.startswith(word, start):
                self.at = start + len(word)
                return True
        rest = self._text[start : start + max(map(len, words), default=0)]
        if any(word.startswith(rest) for word in words):
            self._await_more()
            if or_end:
                self.at = len(self._text)
                return True
        return False

    def takes_each(self, *words: str) -> bool:
        """Whether it goes on with these words, one after the other; those that come are passed."""
        return all(self.takes(word) for word in words)

    def ends_line(self) -> bool:
        """Whether nothing else stands in this line."""
        start = self._next()
        if start == len(self._text):
            self._await_more()
        return start == len(self._text) or "\n" in self._text[self.at : start]

    def name(self, names: Collection[str]) -> str:
        """The one of these names that comes next; empty if none does."""
        start = self._next()
        match = _NAME.match(self._text, start)
        name = match[0] if match else ""
        end = start + len(name)
        if end == len(self._text) and any(known.startswith(name) for known in names):
            self._await_more()
        if name not in names:
            return ""
        self.at = end
        return name

    def until(self, word: str) -> str:
        """The text before ``word``, which is passed over too."""
        end = self._text.find(word, self.at)
        if end < 0:
            raise Undecided
        text = self._text[self.at : end]
        self.at = end + len(word)
        return text

    def value(self, opening: str, steps: re.Pattern[str] = JSON) -> str:
        """The value that comes next, if it begins with one of these brackets; else empty."""
        start = self._next()
        if start == len(self._text):
            self._await_more()
            return ""
        if self._text[start] not in opening:
            return ""
        depth = 0
        for step in steps.finditer(self._text, start):
            token = step[0]
            depth += (token in "[{(") - (token in "]})")
            if depth == 0:
                self.at = step.end()
                return self._text[start : self.at]
            if depth > _DEEPEST:
                return ""
        raise Undecided

    def _next(self) -> int:
        """Where the white space ends that comes next."""
        match = _NO_SPACE.search(self._text, self.at)
        return match.start() if match else self.at

    def _await_more(self) -> None:
        if not self._final:
            raise Undecided
