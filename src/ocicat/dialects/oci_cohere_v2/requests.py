"""The body of a COHEREV2 request, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import (
    checks,
    cohere_answers,
    cohere_citations,
    parameters,
    reasoning,
    serving,
    tools,
)
from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.messages import check_content, turns
from ocicat.dialects.oci_cohere_v2.messages import decode_message, encode_turn
from ocicat.dialects.parameters import (
    BOOKKEEPING,
    NATIVE_STREAM_OPTIONS,
    REPLACED,
    TEXT_ONLY,
    Dropped,
    Own,
    Parameter,
    Refused,
)
from ocicat.dialects.schemas import simplified
from ocicat.dialects.tools import Tool
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.target import Target

__all__ = ["CONTENT", "PARAMETERS", "decode_request", "encode_request"]

_NAME = "the native COHEREV2 format"


def _thinking(value: Any) -> dict[str, Any]:
    """A check for ``thinking``."""
    thinks, budget = reasoning.thinking(value)
    wire: dict[str, Any] = {"type": "ENABLED" if thinks else "DISABLED"}
    if budget is not None:
        wire["tokenBudget"] = budget
    return wire


def _neutral_thinking(wire: dict[str, Any]) -> dict[str, Any]:
    neutral: dict[str, Any] = {"type": wire["type"].lower()}
    if wire.get("tokenBudget") is not None:
        neutral["budget_tokens"] = wire["tokenBudget"]
    return neutral


def _thinking_of_effort(value: Any) -> dict[str, Any]:
    """A check for ``reasoning_effort``, of which COHEREV2 knows only some and none."""
    return {"type": "DISABLED" if reasoning.effort(value) == "none" else "ENABLED"}


_citation_mode = checks.choice("fast", "accurate", "off", upper=True)

#: What becomes of each parameter of a request.
PARAMETERS: Mapping[str, Entry] = {
    "temperature": Parameter("temperature", checks.number(0, 1)),
    "top_p": Parameter("topP", checks.number(0, 1)),
    "top_k": Parameter("topK", checks.integer(0, 500)),
    "n": Own("Each answer is asked for by a call of its own.", "emulated", checks.one),
    "max_tokens": Own("Sent as maxTokens."),
    "max_completion_tokens": Own("Sent as maxTokens."),
    "stop": Parameter("stopSequences", checks.texts),
    "seed": Parameter("seed", checks.integer()),
    "presence_penalty": Parameter("presencePenalty", checks.number(0, 1)),
    "frequency_penalty": Parameter("frequencyPenalty", checks.number(0, 1)),
    "logit_bias": Refused("Cohere takes no biases.", "Use temperature, top_p or top_k."),
    # Before `thinking`, whose row is the one to read the wire's `thinking` by.
    "reasoning_effort": Parameter(
        "thinking",
        _thinking_of_effort,
        note="Sent as thinking: off for none, on for any other.",
        way="emulated",
    ),
    "thinking": Parameter("thinking", _thinking, back=_neutral_thinking),
    "verbosity": Dropped("Cohere has no such setting; say it in a system message."),
    "stream_options": NATIVE_STREAM_OPTIONS,
    "tools": Own("Schemas are simplified."),
    "tool_choice": Own("A function by name: only that one is offered, and a call required."),
    "parallel_tool_calls": Dropped("An answer may always call several tools."),
    "strict_tools": Parameter("isStrictToolsEnabled", checks.boolean),
    "response_format": Own("A schema is sent as that of a JSON_OBJECT."),
    "logprobs": Parameter("isLogProbsEnabled", checks.boolean),
    "top_logprobs": Dropped("Only the tokens that were chosen have their likelihoods told."),
    "metadata": Dropped("The format has no place for it."),
    "prediction": Dropped("It would only make the answer come faster."),
    "service_tier": Dropped(
        "The format has no place for it; `priority` says how early a request is served."
    ),
    "web_search_options": Refused(
        "Cohere does not search by itself.", "Give it what you have found as `documents`."
    ),
    "echo": Refused("It does not repeat prompts."),
    "documents": Parameter("documents", cohere_citations.documents),
    "citation_quality": Parameter(
        "citationOptions",
        lambda value: {"mode": _citation_mode(value)},
        back=lambda options: (options.get("mode") or "accurate").lower(),
    ),
    "safety_mode": Parameter(
        "safetyMode",
        checks.choice("contextual", "strict", "off", upper=True),
        back=str.lower,
    ),
    "search_queries_only": Parameter("isSearchQueriesOnly", checks.boolean),
    "force_single_step": Refused(
        "Only COHERE, the format before it, has it.",
        "Leave it out: each reply is one step, and the next request may have no tools.",
    ),
    "preamble": Own("Sent as a system message before all others.", "emulated", checks.text),
    "raw_prompting": Parameter("isRawPrompting", checks.boolean),
    "prompt_truncation": Refused(
        "Only COHERE, the format before it, has it.", "Shorten the conversation yourself."
    ),
    "max_input_tokens": Refused(
        "Only COHERE, the format before it, has it.", "Shorten the conversation yourself."
    ),
    "priority": Parameter("priority", checks.integer()),
    **TEXT_ONLY,
    **REPLACED,
    **BOOKKEEPING,
}

#: What becomes of each kind of content.
CONTENT: Mapping[str, Entry] = {
    "image": Own("As a data URI or an address."),
    "document": Refused("Give its text, or give texts to answer from as `documents`."),
    "audio": Refused("Use a model of another vendor."),
    "video": Refused("Use a model of another vendor."),
}

_STRUCTURE = frozenset({"apiFormat", "messages", "tools", "toolsChoice", *cohere_answers.KEYS})


def encode_request(
    request: ChatRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The ``ChatDetails`` that ask ``target`` for this chat."""
    facts = target.facts
    request = parameters.settled(request, notes)
    spoken = check_content(turns(request), CONTENT, facts, notes, dialect=_NAME)
    conversation = [encode_turn(turn, facts, notes) for turn in spoken]
    if request.get("thinking") is not None and request.get("reasoning_effort") is not None:
        notes.add("reasoning_effort", "Left out: `thinking` says it already.")
        request = {**request, "reasoning_effort": None}
    simple = parameters.encode(request, PARAMETERS, facts, notes, dialect=_NAME)
    asked = parameters.remaining(request, PARAMETERS, facts, notes)
    if asked.get("reasoning_effort") is not None and simple["thinking"]["type"] == "ENABLED":
        notes.add("reasoning_effort", "Said as thinking, of which the format knows no degrees.")
    chat = {
        "apiFormat": "COHEREV2",
        "messages": [*_preamble(asked.get("preamble")), *conversation],
        **_tools(asked, notes),
        **simple,
        **cohere_answers.encode(request, asked.get("response_format"), facts, notes),
    }
    return {**serving.encode(target, compartment_id), "chatRequest": chat}


def _preamble(text: str | None) -> list[dict[str, Any]]:
    return [{"role": "SYSTEM", "content": [{"type": "TEXT", "text": text}]}] if text else []


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
    request.update(cohere_answers.decode(chat))
    return request


def _neutral_tool(function: dict[str, Any]) -> dict[str, Any]:
    return tools.neutral(
        Tool(function["name"], function.get("description") or "", function["parameters"])
    )
