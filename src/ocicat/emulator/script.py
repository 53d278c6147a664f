"""Scripted behaviour: rules that say how the emulator meets certain chats.

A rule is written in one line::

    oci.when("weather").answer("Sunny.")
    oci.when(re.compile("^hi", re.I)).fail(429, retry_after=2).times(2)
    oci.when(lambda request: request.get("temperature") == 0).answer("Cold.").cut_after(events=3)

Rules are tried in the order in which they were made, and the first that fits and is not used up
decides; a chat that fits none gets the emulator's default answer. A text or a pattern is looked for
in the last user message. A rule meets chats that passed every check: a request with a bad
signature, or of a wrong form, is refused before any rule is asked.

What an answer consists of adds up, so one rule may think, say something and call two tools::

    oci.when("weather").think("Two cities.").call_tool("weather", {"city": "Oslo"}).times(1)

A rule that calls tools needs ``times``, or a match that looks at more than the last user message:
the chat that brings the tool's result back has the same last user message.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import msgspec

from ocicat.emulator.refusals import Shape
from ocicat.vocabulary.chat import ChatRequest

__all__ = [
    "Answer",
    "Behaviour",
    "Citation",
    "Cut",
    "ErrorEvent",
    "Failure",
    "Markup",
    "Match",
    "ParameterRefusal",
    "RawReply",
    "Rule",
    "Script",
    "ScriptedCall",
    "Stall",
    "last_user_text",
]

#: What a rule looks for: a text within the last user message (case matters), a pattern to be found
#: in it, or a function over the neutral request. ``None`` fits every chat.
Match = str | re.Pattern[str] | Callable[[ChatRequest], bool] | None


#: In whose way calls are written into the text. ``hermes`` is also Qwen's.
Markup = Literal[
    "hermes",
    "qwen-coder",
    "glm",
    "mistral",
    "mistral-v13",
    "llama",
    "llama-4",
    "deepseek-r1",
    "deepseek-v3.1",
    "deepseek-v3.2",
    "gemma-3",
    "gemma-4",
    "functiongemma",
    "gpt-oss",
    "kimi-k2",
    "minimax-m1",
    "minimax-m2",
    "granite",
    "phi",
    "nemotron",
    "seed",
]


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """A tool call. ``arguments`` is the text that the model writes, JSON or not.

    Without an ``id`` it is given one, where its model's family gives ids at all.
    """

    name: str
    arguments: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A stretch of the answer, and where it comes from: documents by their ids, or a web page."""

    text: str
    documents: tuple[str, ...] = ()
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer consists of.

    * ``texts``: one for each of several answers; the last of them serves for those that have none.
      Without texts and calls, the emulator says what it says without a rule.
    * ``markup``: calls are written into the text, in this way.
    * ``grounding``: what a search found, as OCI gives it.
    """

    texts: tuple[str, ...] = ()
    finish_reason: str | None = None
    reasoning: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    markup: Markup | None = None
    citations: tuple[Citation, ...] = ()
    search_queries: tuple[str, ...] = ()
    grounding: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ParameterRefusal:
    """A parameter (by its neutral name) that is refused, and the shape of the error."""

    parameter: str
    shape: Shape | None = None


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
    """How one chat is met. The default is an ordinary answer.

    ``deprecation`` is what OCI says of a model that will go, in a header of the answer.
    """

    answer: Answer | None = None
    failure: Failure | None = None
    raw: RawReply | None = None
    reset: bool = False
    stalls: tuple[Stall, ...] = ()
    cut: Cut | None = None
    error_event: ErrorEvent | None = None
    refused_parameters: tuple[ParameterRefusal, ...] = ()
    refuses_streaming: bool = False
    deprecation: str | None = None


_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(eq=False, slots=True)
class Rule:
    """One rule. Each method changes it and returns it, so that they can be chained.

    An answer (``answer``, ``answers``, ``think``, ``call_tool``, ``cite``, ``search``, ``ground``,
    ``write_tool_markup``), ``fail``, ``reply_raw`` and ``reset`` say what is answered, and the last
    of the four counts; the other methods say what happens besides.
    """

    match: Match
    behaviour: Behaviour = Behaviour()
    limit: int | None = None
    used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def answer(self, text: str, *, finish_reason: str | None = None) -> Rule:
        """Answer with ``text``, of which length limit and stop sequences still apply.

        ``finish_reason`` is one of OpenAI's words, such as ``"content_filter"``; by default it is
        what comes of the limits, ``"stop"`` or ``"length"``, or ``"tool_calls"``.
        """
        return self._say(texts=(text,), finish_reason=finish_reason)

    def answers(self, texts: Iterable[str]) -> Rule:
        """Answer with these texts where several answers (``n``) are asked for."""
        return self._say(texts=tuple(texts))

    def think(self, text: str) -> Rule:
        """Reason before answering, whatever the model can do."""
        return self._say(reasoning=text)

    def call_tool(
        self, name: str, arguments: Mapping[str, Any] | str = "{}", id: str | None = None
    ) -> Rule:
        """Call a tool; once more for another call in parallel.

        A text as ``arguments`` is sent as it is, so that broken JSON can be sent too.
        """
        if not isinstance(arguments, str):
            arguments = msgspec.json.encode(arguments).decode()
        return self._say(more={"calls": (ScriptedCall(name, arguments, id),)})

    def write_tool_markup(self, markup: Markup = "hermes") -> Rule:
        """Write the calls into the text, in the way of these models.

        So do imported models whose server does not read what they write.
        """
        return self._say(markup=markup)

    def cite(
        self, text: str, documents: Iterable[str] = (), *, url: str = "", title: str = ""
    ) -> Rule:
        """Cite sources for ``text``, which must be part of the answer.

        ``documents`` are ids of documents, which Cohere's models cite; others cite a ``url``.
        """
        return self._say(more={"citations": (Citation(text, tuple(documents), url, title),)})

    def search(self, queries: Iterable[str]) -> Rule:
        """Say what to search for, as Cohere's models do."""
        return self._say(search_queries=tuple(queries))

    def ground(self, metadata: Mapping[str, Any]) -> Rule:
        """Ground the answer: ``metadata`` is the ``groundingMetadata`` of OCI's GENERIC format."""
        return self._say(grounding=dict(metadata))

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
        return self._besides(more={"stalls": (Stall(seconds, after_events),)})

    def cut_after(self, events: int, *, mid_event: bool = False, clean: bool = False) -> Rule:
        """End the stream after so many events, or after half of the next one (``mid_event``).

        The connection is closed in the middle of the HTTP body; with ``clean`` the body ends as it
        should, as a proxy in between may make it. An answer that is no stream is cut in half.
        """
        return self._besides(cut=Cut(events, mid_event, clean))

    def error_event(self, event: Mapping[str, Any], *, after_events: int = 1) -> Rule:
        """Send ``event`` after so many events and end the stream.

        An answer that is no stream has ``event`` as its whole body, with status 200.
        """
        return self._besides(error_event=ErrorEvent(dict(event), after_events))

    def refuse_parameter(self, parameter: str, *, shape: Shape | None = None) -> Rule:
        """Refuse chats that come with ``parameter`` (its OpenAI name), with a 400.

        ``shape`` is ``"openai"`` (an OpenAI error object), ``"nested"`` (the JSON text of one as
        the message of OCI's own error) or ``"text"`` (words alone); by default it is that of the
        surface. Without the parameter the rule does whatever else it says.
        """
        return self._besides(more={"refused_parameters": (ParameterRefusal(parameter, shape),)})

    def refuse_streaming(self) -> Rule:
        """Refuse chats that ask for a stream, with a 400, as some dedicated endpoints do."""
        return self._besides(refuses_streaming=True)

    def deprecate(self, info: str) -> Rule:
        """Say in the header ``model-deprecation-info`` that the model will go."""
        return self._besides(deprecation=info)

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

    def _say(self, *, more: Mapping[str, Any] = _NOTHING, **changes: Any) -> Rule:
        """Answer, with these ingredients beside those that there are."""
        with self._lock:
            answer = _changed(self.behaviour.answer or Answer(), more, changes)
            self.behaviour = replace(
                self.behaviour, answer=answer, failure=None, raw=None, reset=False
            )
        return self

    def _only(self, **changes: Any) -> Rule:
        """Do this in place of any answer, and keep what happens besides."""
        nothing = {"answer": None, "failure": None, "raw": None, "reset": False}
        return self._besides(**{**nothing, **changes})

    def _besides(self, *, more: Mapping[str, Any] = _NOTHING, **changes: Any) -> Rule:
        with self._lock:
            self.behaviour = _changed(self.behaviour, more, changes)
        return self


def _changed(value: Any, more: Mapping[str, Any], changes: Mapping[str, Any]) -> Any:
    """The dataclass with ``changes``; what is in ``more`` is added to the tuples there."""
    added = {name: (*getattr(value, name), *items) for name, items in more.items()}
    return replace(value, **added, **changes)


class Script:
    """The rules of an emulator, in order. It may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._rules_by_path: dict[str, list[Rule]] = {}

    def when(self, match: Match = None) -> Rule:
        """A new rule for the chats that ``match`` fits."""
        rule = Rule(match)
        with self._lock:
            self._rules.append(rule)
        return rule

    def at(self, path: str) -> Rule:
        """A new rule for the requests to ``path``, one of the operations that are no chats."""
        rule = Rule(None)
        with self._lock:
            self._rules_by_path.setdefault(path, []).append(rule)
        return rule

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()
            self._rules_by_path.clear()

    def choose(self, request: ChatRequest) -> Behaviour:
        """How to meet this chat."""
        with self._lock:
            rules = list(self._rules)
        return _first(rule for rule in rules if rule.fits(request))

    def choose_at(self, path: str) -> Behaviour:
        """How to meet this request, which is no chat."""
        with self._lock:
            rules = list(self._rules_by_path.get(path, ()))
        return _first(rules)


def _first(rules: Iterable[Rule]) -> Behaviour:
    """What the first rule says that is not used up."""
    for rule in rules:
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
            return "\n".join(part["text"] for part in content if part.get("text"))
    return ""
