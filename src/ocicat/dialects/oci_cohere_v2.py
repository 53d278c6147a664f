"""COHEREV2: OCI's native format for Cohere's models that reason, see and use tools by JSON Schema.

Requests are here, messages in ``cohere_v2_messages``, replies and streams in
``cohere_v2_replies``. Source of names, types and ranges: the ``oci`` SDK's
``CohereChatRequestV2`` and OCI's API reference for Chat (2023-11-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import cohere_citations, cohere_response_format, parameters, serving, tools
from ocicat.dialects.cohere_v2_messages import decode_message, encode_turn
from ocicat.dialects.cohere_v2_replies import (
    decode_reply,
    encode_reply,
    stream_decoder,
    stream_encoder,
)
from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.messages import check_content, turns
from ocicat.dialects.parameters import BOOKKEEPING, Dropped, Own, Parameter, Refused
from ocicat.dialects.schemas import simplified
from ocicat.dialects.tools import Tool
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.target import Target

__all__ = [
    "CONTENT",
    "PARAMETERS",
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "stream_decoder",
    "stream_encoder",
]

_NAME = "the native COHEREV2 format"


def _thinking(value: Any) -> dict[str, Any]:
    """A check for ``thinking``."""
    if isinstance(value, Mapping) and not set(value) - {"type", "budget_tokens"}:
        kind, budget = str(value.get("type")).lower(), value.get("budget_tokens")
        if kind == "disabled":
            return {"type": "DISABLED"}
        if kind == "enabled" and budget is None:
            return {"type": "ENABLED"}
        if kind == "enabled" and type(budget) is int and budget > 0:
            return {"type": "ENABLED", "tokenBudget": budget}
    raise ValueError('must be {"type": "enabled", "budget_tokens": tokens} or {"type": "disabled"}')


def _neutral_thinking(wire: dict[str, Any]) -> dict[str, Any]:
    neutral: dict[str, Any] = {"type": wire["type"].lower()}
    if wire.get("tokenBudget") is not None:
        neutral["budget_tokens"] = wire["tokenBudget"]
    return neutral


_effort = parameters.choice(
    *("none", "minimal", "low", "medium", "high", "xhigh"),
    synonyms={"disable": "none", "disabled": "none", "max": "xhigh"},
)


def _thinking_of_effort(value: Any) -> dict[str, Any]:
    """A check for ``reasoning_effort``, of which COHEREV2 knows only some and none."""
    return {"type": "DISABLED" if _effort(value) == "none" else "ENABLED"}


_citation_mode = parameters.choice("fast", "accurate", "off", upper=True)

#: What becomes of each parameter of a request.
PARAMETERS: Mapping[str, Entry] = {
    "temperature": Parameter("temperature", parameters.number(0, 1)),
    "top_p": Parameter("topP", parameters.number(0, 1)),
    "top_k": Parameter("topK", parameters.integer(0, 500)),
    "n": Own("Each answer is asked for by a call of its own.", way="emulated"),
    "max_tokens": Own("As maxTokens."),
    "max_completion_tokens": Own("As maxTokens."),
    "stop": Parameter("stopSequences", parameters.texts),
    "seed": Parameter("seed", parameters.integer()),
    "presence_penalty": Parameter("presencePenalty", parameters.number(0, 1)),
    "frequency_penalty": Parameter("frequencyPenalty", parameters.number(0, 1)),
    "logit_bias": Refused("Cohere takes no biases.", "Use temperature, top_p or top_k."),
    # Before `thinking`, whose row is the one to read the wire's `thinking` by.
    "reasoning_effort": Parameter(
        "thinking",
        _thinking_of_effort,
        note="As thinking that is on, or off for `none`.",
        way="emulated",
    ),
    "thinking": Parameter("thinking", _thinking, back=_neutral_thinking),
    "verbosity": Dropped("Cohere has no such setting; say it in a system message."),
    "stream_options": Parameter(
        "streamOptions",
        parameters.usage_option("isIncludeUsage"),
        back=lambda options: {"include_usage": bool(options.get("isIncludeUsage"))},
    ),
    "tools": Own("Schemas are simplified."),
    "tool_choice": Own("A function by name: only that one is offered, and a call required."),
    "parallel_tool_calls": Dropped("One answer may call several tools."),
    "strict_tools": Parameter("isStrictToolsEnabled", parameters.boolean),
    "response_format": Own("A schema goes with JSON_OBJECT."),
    "logprobs": Parameter("isLogProbsEnabled", parameters.boolean),
    "top_logprobs": Dropped("Cohere tells the likelihood of the tokens it chose only."),
    "metadata": Dropped("It has no place there."),
    "modalities": Refused("Cohere's models answer with text.", "Leave it out."),
    "audio": Refused("Cohere's models answer with text.", "Leave it out."),
    "prediction": Dropped("It has no place there, and only serves speed."),
    "service_tier": Dropped(
        "It has no place there; `priority` says how early a request is served."
    ),
    "web_search_options": Refused(
        "Cohere does not search by itself.", "Give it what you have found as `documents`."
    ),
    "functions": Refused("OpenAI has replaced it.", "Give `tools`."),
    "function_call": Refused("OpenAI has replaced it.", "Give `tool_choice`."),
    "echo": Refused("It does not repeat prompts."),
    "documents": Parameter("documents", cohere_citations.documents),
    "citation_quality": Parameter(
        "citationOptions",
        lambda value: {"mode": _citation_mode(value)},
        back=lambda options: (options.get("mode") or "accurate").lower(),
    ),
    "safety_mode": Parameter(
        "safetyMode",
        parameters.choice("contextual", "strict", "off", upper=True),
        back=str.lower,
    ),
    "search_queries_only": Parameter("isSearchQueriesOnly", parameters.boolean),
    "force_single_step": Refused(
        "Only COHERE, the format before it, has it.",
        "Leave it out: each reply is one step, and the next request may have no tools.",
    ),
    "preamble": Own("As a system message before all others.", way="emulated"),
    "raw_prompting": Parameter("isRawPrompting", parameters.boolean),
    "prompt_truncation": Refused(
        "Only COHERE, the format before it, has it.", "Shorten the conversation yourself."
    ),
    "max_input_tokens": Refused(
        "Only COHERE, the format before it, has it.", "Shorten the conversation yourself."
    ),
    "priority": Parameter("priority", parameters.integer()),
    **BOOKKEEPING,
}

#: What becomes of each kind of content.
CONTENT: Mapping[str, Entry] = {
    "image": Own("As IMAGE_URL, with its detail."),
    "document": Refused("Give its text, or give texts to answer from as `documents`."),
    "audio": Refused("Use a model of another vendor."),
    "video": Refused("Use a model of another vendor."),
}

# What clients say by default, and what is so anyway.
_ANYWAY: Mapping[str, Any] = {
    "echo": False,
    "force_single_step": False,
    "modalities": ["text"],
    "parallel_tool_calls": True,
    "prompt_truncation": "off",
    "tools": [],
    "top_logprobs": 0,
}
_STRUCTURE = frozenset(
    {
        *("apiFormat", "messages", "tools", "toolsChoice", "responseFormat"),
        *("maxTokens", "isStream"),
    }
)


def encode_request(
    request: ChatRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The ``ChatDetails`` that ask ``target`` for this chat."""
    facts = target.facts
    spoken = check_content(turns(request), CONTENT, facts, notes, dialect=_NAME)
    conversation = [encode_turn(turn, facts, notes) for turn in spoken]
    asked = _without(request, {name for name in _ANYWAY if request.get(name) == _ANYWAY[name]})
    if asked.get("thinking") is not None and asked.get("reasoning_effort") is not None:
        notes.add("reasoning_effort", "Left out: `thinking` says it already.")
        asked = _without(asked, {"reasoning_effort"})
    simple = parameters.encode(asked, PARAMETERS, facts, notes, dialect=_NAME)
    asked = _without(asked, _left_out(notes))
    _check_count(asked.get("n"))
    if asked.get("reasoning_effort") is not None and simple["thinking"]["type"] == "ENABLED":
        notes.add("reasoning_effort", "Said as thinking, of which the format knows no degrees.")
    chat = {
        "apiFormat": "COHEREV2",
        "messages": [*_preamble(asked), *conversation],
        **_tools(asked, notes),
        **simple,
    }
    if asked.get("response_format") is not None:
        chat["responseFormat"] = cohere_response_format.encode(asked["response_format"], notes)
    limit = parameters.length_limit(request, facts)
    if limit:
        chat["maxTokens"] = limit[1]
    if request.get("stream"):
        chat["isStream"] = True
    return {**serving.encode(target, compartment_id), "chatRequest": chat}


def _without(request: ChatRequest, names: set[str]) -> ChatRequest:
    return {name: value for name, value in request.items() if name not in names}  # type: ignore[return-value]


def _left_out(notes: Notes) -> set[str]:
    """The parameters that will not be said. Without tools there is no choice among them."""
    names = {note["parameter"] for note in notes.items}
    return names | {"tool_choice"} if "tools" in names else names


def _check_count(count: Any) -> None:
    """COHEREV2 always gives one answer and has no field to say so."""
    if count is not None and (isinstance(count, bool) or count != 1):
        raise InvalidParameter(
            f"`n` must be 1: Cohere gives one answer per call, not {count!r}.", parameter="n"
        )


def _preamble(asked: ChatRequest) -> list[dict[str, Any]]:
    preamble = asked.get("preamble")
    if preamble is not None and not isinstance(preamble, str):
        raise InvalidParameter("`preamble` must be a text.", parameter="preamble")
    return [{"role": "SYSTEM", "content": [{"type": "TEXT", "text": preamble}]}] if preamble else []


def _tools(asked: ChatRequest, notes: Notes) -> dict[str, Any]:
    """The tools, whether one must be used, and whether calls must follow their schemas."""
    offered = tools.tools(asked, notes)
    choice = tools.choice(asked)
    kind = choice.kind if choice else "auto"
    if not offered:
        if kind == "required":
            raise InvalidParameter(
                "`tool_choice` requires a call, and there are no tools.", parameter="tool_choice"
            )
        return {}
    if choice and choice.function:
        offered = [tool for tool in offered if tool.name == choice.function]
        notes.add(
            "tool_choice",
            f"Only {choice.function} is offered, and a call required: {_NAME} names no function.",
        )
    wire: dict[str, Any] = {"tools": [_tool(tool) for tool in offered]}
    if kind != "auto":
        wire["toolsChoice"] = "NONE" if kind == "none" else "REQUIRED"
    if all(tool.strict for tool in offered):
        wire["isStrictToolsEnabled"] = True
    elif any(tool.strict for tool in offered) and asked.get("strict_tools") is None:
        notes.add("tools", f"`strict` is for all tools or none over {_NAME}; here it is for none.")
    return wire


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    schema = simplified(tool.parameters) if tool.parameters else {}
    function["parameters"] = schema or {"type": "object", "properties": {}}
    return {"type": "FUNCTION", "function": function}


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that ``ChatDetails`` with a COHEREV2 chat request say."""
    chat = body["chatRequest"]
    request = parameters.decode(chat, PARAMETERS, known=_STRUCTURE, dialect=_NAME)
    request["model"] = serving.decode(body)
    request["messages"] = [decode_message(message) for message in chat["messages"]]
    if chat.get("tools"):
        request["tools"] = [_neutral_tool(tool["function"]) for tool in chat["tools"]]
    if chat.get("toolsChoice"):
        request["tool_choice"] = chat["toolsChoice"].lower()
    if chat.get("responseFormat") is not None:
        request["response_format"] = cohere_response_format.decode(chat["responseFormat"])
    if chat.get("maxTokens") is not None:
        request["max_tokens"] = chat["maxTokens"]
    if chat.get("isStream"):
        request["stream"] = True
    return request


def _neutral_tool(function: dict[str, Any]) -> dict[str, Any]:
    return tools.neutral(
        Tool(function["name"], function.get("description") or "", function["parameters"])
    )
