"""The body of a Chat Completions request, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ocicat.dialects import (
    answer_formats,
    checks,
    parameters,
    reasoning,
    schemas,
    tools,
    web_search,
)
from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.messages import check_content, turns
from ocicat.dialects.openai_chat import messages
from ocicat.dialects.parameters import REPLACED, TEXT_ONLY, Own, Parameter, Refused
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import Target

__all__ = ["CONTENT", "PARAMETERS", "decode_request", "encode_request"]

_NAME = "the OpenAI-compatible surface"


def _stop(value: Any) -> Any:
    checks.texts(value)
    return value


def _prediction(value: Any) -> Any:
    match value:
        case {"type": "content", "content": str() | [*_]}:
            return value
    raise ValueError('must be {"type": "content", "content": …}')


def _web_search(value: Any) -> Any:
    size, place = web_search.read(value)
    wire: dict[str, Any] = {}
    if size:
        wire["search_context_size"] = size
    if place:
        wire["user_location"] = {"type": "approximate", "approximate": place}
    return wire


_COHERE = Refused("Only Cohere's models take it, and they are not served there.")
_NATIVE = 'Use transport="native".'

#: What becomes of each parameter of a request.
PARAMETERS: Mapping[str, Entry] = {
    "temperature": Parameter("temperature", checks.number(0, 2)),
    "top_p": Parameter("top_p", checks.number(0, 1)),
    "top_k": Refused("OpenAI has no such parameter.", _NATIVE),
    "n": Parameter("n", checks.integer(1)),
    "max_tokens": Own("Sent under whichever of the two names the model takes."),
    "max_completion_tokens": Own("Sent under whichever of the two names the model takes."),
    "stop": Parameter("stop", _stop),
    "seed": Parameter("seed", checks.integer()),
    "presence_penalty": Parameter("presence_penalty", checks.number(-2, 2)),
    "frequency_penalty": Parameter("frequency_penalty", checks.number(-2, 2)),
    "logit_bias": Parameter("logit_bias", checks.numbers_by_token),
    "reasoning_effort": Parameter("reasoning_effort", reasoning.effort),
    "thinking": Own(reasoning.AS_EFFORT),
    "verbosity": Parameter("verbosity", checks.choice("low", "medium", "high")),
    "user": Parameter("user", checks.text),
    "stream_options": Parameter(
        "stream_options", checks.usage_option("include_usage"), note="Only include_usage."
    ),
    "tools": Parameter("tools", checks.anything, note="Functions only."),
    "tool_choice": Parameter("tool_choice", checks.anything),
    "parallel_tool_calls": Parameter("parallel_tool_calls", checks.boolean),
    "response_format": Parameter("response_format", checks.anything),
    "logprobs": Parameter("logprobs", checks.boolean),
    "top_logprobs": Parameter("top_logprobs", checks.integer(0, 20)),
    "metadata": Parameter("metadata", checks.metadata),
    "prediction": Parameter("prediction", _prediction),
    "service_tier": Parameter(
        "service_tier",
        checks.choice("auto", "default", "flex", "scale", "priority", "fast"),
    ),
    "store": Parameter("store", checks.boolean),
    "web_search_options": Parameter("web_search_options", _web_search),
    "prompt_cache_key": Parameter("prompt_cache_key", checks.text),
    "prompt_cache_retention": Parameter(
        "prompt_cache_retention",
        checks.choice("in_memory", "24h", synonyms={"in-memory": "in_memory"}),
    ),
    "safety_identifier": Parameter("safety_identifier", checks.text),
    "echo": Refused("OpenAI has no such parameter.", _NATIVE),
    "documents": _COHERE,
    "citation_quality": _COHERE,
    "safety_mode": _COHERE,
    "search_queries_only": _COHERE,
    "force_single_step": _COHERE,
    "preamble": Refused("OpenAI has no such parameter.", "Give it as a system message."),
    "raw_prompting": _COHERE,
    "prompt_truncation": _COHERE,
    "max_input_tokens": _COHERE,
    "strict_tools": Refused("Each tool says it for itself.", "Set `strict` in each function."),
    "priority": Refused("OpenAI has no such parameter.", "`service_tier` comes nearest."),
    **TEXT_ONLY,
    **REPLACED,
}

#: What becomes of each kind of content.
CONTENT: Mapping[str, Entry] = {
    "image": Own("In messages of the user."),
    "document": Own("With its content, or the id of an uploaded file; in messages of the user."),
    "audio": Own("wav or mp3, with its content; in messages of the user."),
    "video": Refused(f"OpenAI has no part for it. {_NATIVE}"),
}


def encode_request(
    request: ChatRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The body that asks ``target`` for this chat."""
    facts = target.facts
    request = parameters.settled(request, notes)
    request = reasoning.said_as_effort(request, PARAMETERS, facts, notes)
    said = parameters.encode(request, PARAMETERS, facts, notes, dialect=_NAME)
    _settle_tools(said, request, facts, notes)
    if "response_format" in said:
        said["response_format"] = _response_format(said["response_format"], facts)
    conversation = check_content(turns(request), CONTENT, facts, notes, dialect=_NAME)
    if "tools" in said and not facts.tools_after_system:
        conversation = messages.system_in_first_question(conversation, notes)
    body: dict[str, Any] = {
        "model": target.serving.id,
        "messages": messages.encode(conversation, notes),
        **said,
    }
    limit = parameters.length_limit(request, facts)
    if limit:
        body[limit[0]] = limit[1]
    if request.get("stream"):
        body["stream"] = True
    return body


def _settle_tools(
    said: dict[str, Any], request: ChatRequest, facts: ModelFacts, notes: Notes
) -> None:
    """Say tools in OpenAI's form, and nothing about their use where there are none."""
    offered = tools.tools(request, notes) if "tools" in said else []
    if offered:
        said["tools"] = [tools.neutral(_understood(tool, facts)) for tool in offered]
        choice = tools.choice(request) if "tool_choice" in said else None
        if choice is not None:
            said["tool_choice"] = tools.neutral_choice(choice)
        return
    said.pop("tools", None)
    said.pop("parallel_tool_calls", None)
    if said.pop("tool_choice", "none") not in ("none", "auto"):
        notes.add("tool_choice", "Left out: there are no tools to choose from.")


def _understood(tool: tools.Tool, facts: ModelFacts) -> tools.Tool:
    """The tool with a schema that the model understands."""
    if tool.parameters is None or facts.full_schemas:
        return tool
    return replace(tool, parameters=schemas.simplified(tool.parameters))


def _response_format(given: Any, facts: ModelFacts) -> dict[str, Any]:
    asked = checks.checked("response_format", given, answer_formats.read)
    if asked.kind != "json_schema":
        return {"type": asked.kind}
    format: dict[str, Any] = {
        "name": asked.name,
        "schema": asked.schema if facts.full_schemas else schemas.for_answers(asked.schema),
    }
    if asked.description:
        format["description"] = asked.description
    if asked.strict is not None:
        format["strict"] = asked.strict
    return {"type": "json_schema", "json_schema": format}


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that a body says: itself."""
    return {key: value for key, value in body.items() if value is not None}  # type: ignore[return-value]
