"""Scripted behaviour: rules that say how the emulator meets certain chats.

A rule is written in one line::

    oci.when("weather").answer("Sunny.")
    oci.when(re.compile("^hi", re.I)).fail(429, retry_after=2).times(2)
    oci.when(lambda request: request.get("temperature") == 0).answer("Cold.").cut_after(events=3)

Rules are tried in the order in which they were made, and the first that fits and is not used up
decides; a chat that fits none gets the emulator's default answer. A text or a pattern is looked for
in the last user message. A rule meets chats that passed every check: a request with a bad
signature, or of a wrong form, is refused before any rule is asked.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ocicat.vocabulary.chat import ChatRequest

__all__ = [
    "Behaviour",
    "Cut",
    "ErrorEvent",
    "Failure",
    "Match",
    "RawReply",
    "Rule",
    "Script",
    "Stall",
    "last_user_text",
]

#: What a rule looks for: a text within the last user message (case matters), a pattern to be found
#: in it, or a function over the neutral request. ``None`` fits every chat.
Match = str | re.Pattern[str] | Callable[[ChatRequest], bool] | None


@dataclass(frozen=True, slots=True)
class Failure:
    """An error answer."""

    status: int
    retry_after: float | None = None
    html: bool = False
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class RawReply:
    """An answer given byte for byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence of so many seconds; before the headers where ``after_events`` is ``None``."""

    seconds: float
    after_events: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of a stream before its end."""

    events: int
    mid_event: bool = False
    clean: bool = False


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An event that reports a failure in mid-stream, and ends the stream."""

    event: Mapping[str, Any]
    after_events: int = 1


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one chat is met. The default is an ordinary answer."""

    text: str | None = None
    finish_reason: str | None = None
    failure: Failure | None = None
    raw: RawReply | None = None
    reset: bool = False
    stalls: tuple[Stall, ...] = ()
    cut: Cut | None = None
    error_event: ErrorEvent | None = None


@dataclass(eq=False, slots=True)
class Rule:
    """One rule. Each method changes it and returns it, so that they can be chained.

    ``answer``, ``fail``, ``reply_raw`` and ``reset`` say what is answered, and the last of them
    counts; ``stall``, ``cut_after`` and ``error_event`` say what happens on the way.
    """

    match: Match
    behaviour: Behaviour = Behaviour()
    limit: int | None = None
    used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def answer(self, text: str, *, finish_reason: str | None = None) -> Rule:
        """Answer with ``text``, of which length limit and stop sequences still apply.

        ``finish_reason`` is one of OpenAI's words, such as ``"content_filter"``; by default it is
        what comes of the limits, ``"stop"`` or ``"length"``.
        """
        return self._only(text=text, finish_reason=finish_reason)

    def fail(
        self,
        status: int,
        *,
        retry_after: float | None = None,
        html: bool = False,
        code: str | None = None,
        message: str | None = None,
    ) -> Rule:
        """Answer with an error status, in OCI's JSON, or as the HTML page of a load balancer.

        ``retry_after`` is in seconds. ``code`` is by default the status as text.
        """
        return self._only(failure=Failure(status, retry_after, html, code, message))

    def reply_raw(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes | str = b""
    ) -> Rule:
        """Answer with exactly these headers and this body (text is sent as UTF-8)."""
        content = body.encode() if isinstance(body, str) else body
        return self._only(raw=RawReply(status, dict(headers or {}), content))

    def reset(self) -> Rule:
        """Break the connection off (TCP reset) without an answer."""
        return self._only(reset=True)

    def stall(self, seconds: float, *, after_events: int | None = None) -> Rule:
        """Be silent for so long: before the headers, or after so many events of the stream."""
        with self._lock:
            stalls = (*self.behaviour.stalls, Stall(seconds, after_events))
            self.behaviour = replace(self.behaviour, stalls=stalls)
        return self

    def cut_after(self, events: int, *, mid_event: bool = False, clean: bool = False) -> Rule:
        """End the stream after so many events, or after half of the next one (``mid_event``).

        The connection is closed in the middle of the HTTP body; with ``clean`` the body ends as it
        should, as a proxy in between may make it. An answer that is no stream is cut in half.
        """
        with self._lock:
            self.behaviour = replace(self.behaviour, cut=Cut(events, mid_event, clean))
        return self

    def error_event(self, event: Mapping[str, Any], *, after_events: int = 1) -> Rule:
        """Send ``event`` after so many events and end the stream.

        An answer that is no stream has ``event`` as its whole body, with status 200.
        """
        with self._lock:
            error = ErrorEvent(dict(event), after_events)
            self.behaviour = replace(self.behaviour, error_event=error)
        return self

    def times(self, count: int) -> Rule:
        """The rule is used up after ``count`` chats."""
        with self._lock:
            self.limit = count
        return self

    def fits(self, request: ChatRequest) -> bool:
        """Whether the rule speaks of this chat."""
        match = self.match
        if match is None:
            return True
        if isinstance(match, str):
            return match in last_user_text(request)
        if isinstance(match, re.Pattern):
            return match.search(last_user_text(request)) is not None
        return bool(match(request))

    def take(self) -> Behaviour | None:
        """Use the rule once; ``None`` if it is used up."""
        with self._lock:
            if self.limit is not None and self.used >= self.limit:
                return None
            self.used += 1
            return self.behaviour

    def _only(self, **changes: Any) -> Rule:
        """Replace what is answered, and keep what happens on the way."""
        with self._lock:
            kept = self.behaviour
            self.behaviour = Behaviour(
                stalls=kept.stalls, cut=kept.cut, error_event=kept.error_event, **changes
            )
        return self


class Script:
    """The rules of an emulator, in order. It may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []

    def when(self, match: Match = None) -> Rule:
        """A new rule for the chats that ``match`` fits."""
        rule = Rule(match)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()

    def choose(self, request: ChatRequest) -> Behaviour:
        """How to meet this chat."""
        with self._lock:
            rules = list(self._rules)
        for rule in rules:
            if rule.fits(request):
                behaviour = rule.take()
                if behaviour is not None:
                    return behaviour
        return Behaviour()


def last_user_text(request: ChatRequest) -> str:
    """The text of the last user message, its parts on lines of their own; empty without one."""
    for message in reversed(request.get("messages") or []):
        if message.get("role") == "user":
            content = message.get("content") or ""
            if isinstance(content, str):
                return content
            return "\n".join(part.get("text") or "" for part in content)
    return ""
