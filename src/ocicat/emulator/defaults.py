"""What the emulator answers without a rule: something that shows the round trip.

It repeats what was asked, says what it was shown, quotes documents and the results of tools, calls
the tools that it has to call, and writes the JSON that it is asked for. The same chat always gets
the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from ocicat.dialects import content, tools
from ocicat.dialects.content import Media
from ocicat.dialects.dialect import Notes
from ocicat.dialects.tools import Tool
from ocicat.emulator.examples import example
from ocicat.emulator.script import Answer, Citation, ScriptedCall, last_user_text
from ocicat.emulator.sources import document_ids
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts

__all__ = ["default_answer", "texts_of"]

_MAX_QUOTED: Final = 200
_MAX_SHOWN: Final = 60

# The sampling parameters that the answer mentions.
_MENTIONED: Final = (
    *("temperature", "top_p", "top_k", "n", "max_tokens", "max_completion_tokens", "stop", "seed"),
    *("presence_penalty", "frequency_penalty", "reasoning_effort", "verbosity"),
)


def default_answer(request: ChatRequest, facts: ModelFacts) -> Answer:
    """The answer to a chat that no rule answers."""
    reasoning = _reasoning(request) if _reasons(request, facts) else ""
    if request.get("search_queries_only"):
        return Answer(texts=("",), search_queries=(last_user_text(request),))
    calls = _calls(request)
    if calls:
        return Answer(calls=calls, reasoning=reasoning)
    document = _document_asked_for(request)
    if document is not None:
        return Answer(texts=(document,), reasoning=reasoning)
    sentences, citations = _sentences(request)
    text = " ".join(sentences)
    wanted = request.get("n") or 1
    texts = [f"Answer {number} of {wanted}. {text}" for number in range(1, wanted + 1)]
    return Answer(
        texts=tuple(texts) if wanted > 1 else (text,), reasoning=reasoning, citations=citations
    )


def texts_of(request: ChatRequest) -> Iterator[tuple[str, str]]:
    """Every text of a request, with the role that says it."""
    for message in request.get("messages") or []:
        said = message.get("content") or ""
        parts = [said] if isinstance(said, str) else [part.get("text") for part in said]
        for part in parts:
            yield message.get("role", ""), part or ""


def _reasons(request: ChatRequest, facts: ModelFacts) -> bool:
    effort, thinking = request.get("reasoning_effort"), request.get("thinking") or {}
    wanted = (effort and effort != "none") or thinking.get("type") == "enabled"
    return bool(facts.reasoning and wanted and thinking.get("type") != "disabled")


def _reasoning(request: ChatRequest) -> str:
    return f'They ask: "{_quoted(last_user_text(request))}" I shall say so.'


# --- tools --------------------------------------------------------------------------------------


def _calls(request: ChatRequest) -> tuple[ScriptedCall, ...]:
    """Calls of the tools that must be used, or that the question names."""
    choice = tools.choice(request)
    kind = choice.kind if choice is not None else "auto"
    if kind == "auto" and _is_told_to_call(request):
        kind = "required"
    if kind == "none":
        return ()
    offered = tools.tools(request, Notes(drop=True))
    if choice is not None and kind == "function":
        wanted = [tool for tool in offered if tool.name == choice.function]
    else:
        wanted = _named(offered, request)
        if not wanted and kind == "required":
            # The next one, so that an agent that must always call a tool comes to its end.
            called = _called(request)
            wanted = [tool for tool in offered if tool.name not in called][:1] or offered[:1]
    if request.get("parallel_tool_calls") is False:
        wanted = wanted[:1]
    return tuple(ScriptedCall(tool.name, _arguments(tool)) for tool in wanted)


def _is_told_to_call(request: ChatRequest) -> bool:
    """Whether the instructions say that a tool must be called; a model would follow them."""
    return not _results(request) and any(
        role in ("system", "developer") and "must call" in text for role, text in texts_of(request)
    )


def _called(request: ChatRequest) -> set[str]:
    """The tools that have been called since the question."""
    names = set()
    for message in reversed(request.get("messages") or []):
        if message.get("role") == "user":
            break
        names |= {call["function"]["name"] for call in message.get("tool_calls") or ()}
    return names


def _named(offered: Sequence[Tool], request: ChatRequest) -> list[Tool]:
    """The tools that the question names, unless it is the results of tools that are to be read."""
    if _results(request):
        return []
    question = last_user_text(request)
    return [
        tool for tool in offered if re.search(rf"(?<!\w){re.escape(tool.name)}(?!\w)", question)
    ]


def _arguments(tool: Tool) -> str:
    given = example(tool.parameters) if tool.parameters else {}
    return msgspec.json.encode(given if isinstance(given, dict) else {}).decode()


def _results(request: ChatRequest) -> list[tuple[str, str]]:
    """The results of tools at the end of a chat: which tool, and what it gave."""
    names = {
        call.get("id"): (call.get("function") or {}).get("name")
        for message in request.get("messages") or []
        for call in message.get("tool_calls") or ()
    }
    results = []
    for message in reversed(request.get("messages") or []):
        if message.get("role") != "tool":
            break
        said = content.texts_of(content.read(message.get("content"), "content"))
        results.append((names.get(message.get("tool_call_id")) or "a tool", " ".join(said)))
    return results[::-1]


# --- what is written ----------------------------------------------------------------------------


def _document_asked_for(request: ChatRequest) -> str | None:
    """The JSON that the request's ``response_format`` asks for."""
    format = request.get("response_format")
    if not isinstance(format, Mapping) or format.get("type") not in ("json_schema", "json_object"):
        return None
    schema = (format.get("json_schema") or format).get("schema")
    value = example(schema) if schema else {"question": _quoted(last_user_text(request))}
    return msgspec.json.encode(value).decode()


def _sentences(request: ChatRequest) -> tuple[list[str], tuple[Citation, ...]]:
    results = _results(request)
    if results:
        return [f'The tool {name} gave: "{_quoted(result)}"' for name, result in results], ()
    said = [
        f'You asked {request["model"]}: "{_quoted(last_user_text(request))}"',
        "This is the ocicat emulator, not a model.",
    ]
    instructions = [text for role, text in texts_of(request) if role in ("system", "developer")]
    if instructions:
        together = " ".join(" ".join(instructions).split())
        said.append(f'Your instructions were: "{_quoted(together)}"')
    turns = [message.get("role") for message in request.get("messages") or []]
    earlier = sum(role in ("user", "assistant") for role in turns) - 1
    if earlier > 0:
        said.append(f"Before that there were {earlier} turns of the conversation.")
    shown = _shown(request)
    if shown:
        said.append(f"I was shown {' and '.join(shown)}.")
    citations = []
    for id, document in document_ids(request).items():
        quoted = _gist(document)
        said.append(f'The document {id} says: "{quoted}"')
        if quoted:
            citations.append(Citation(quoted, (id,)))
    given = [f"{name}={request[name]!r}" for name in _MENTIONED if request.get(name) is not None]
    if given:
        said.append(f"You set {', '.join(given)}.")
    return said, tuple(citations)


def _quoted(text: str) -> str:
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"


def _gist(document: Mapping[str, Any]) -> str:
    """The beginning of what a document says."""
    for key in ("text", "snippet", "content", "title"):
        if document.get(key):
            return str(document[key])[:_MAX_SHOWN]
    return " ".join(str(value) for key, value in document.items() if key != "id")[:_MAX_SHOWN]


def _shown(request: ChatRequest) -> list[str]:
    """The media of a request, as ``2 images (png, 68 bytes; jpeg, 12 bytes)``."""
    media = [
        part
        for message in request.get("messages") or []
        for part in content.read(message.get("content"), "content")
        if isinstance(part, Media)
    ]
    media.sort(key=lambda part: part.kind)
    described = []
    for kind, group in groupby(media, key=lambda part: part.kind):
        pieces = [_description(part) for part in group]
        plural = "s" if len(pieces) > 1 else ""
        noun = "audio recording" if kind == "audio" else kind
        described.append(f"{len(pieces)} {noun}{plural} ({'; '.join(pieces)})")
    return described


def _description(part: Media) -> str:
    if part.data is None:
        return (part.file_id or part.url)[:_MAX_SHOWN]
    type, encoded = part.data
    size = len(encoded) * 3 // 4 - encoded.count("=")
    return f"{type.rpartition('/')[2] or 'unknown'}, {size} bytes"
