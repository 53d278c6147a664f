"""The body of a Responses request, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import answer_formats, checks, parameters, reasoning, web_search
from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.messages import check_content, turns
from ocicat.dialects.openai_responses import items, tools
from ocicat.dialects.parameters import Dropped, Own, Parameter, Refused
from ocicat.dialects.schemas import for_answers, simplified
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import Target

__all__ = ["CONTENT", "PARAMETERS", "decode_request", "encode_request"]

_NAME = "OpenAI's Responses"
_LOGPROBS = "message.output_text.logprobs"
_THOUGHTS = "reasoning.encrypted_content"
_SUMMARIES = checks.choice("auto", "concise", "detailed")
_TRUNCATIONS = {"off": "disabled", "auto_preserve_order": "auto"}


def _reasoning(value: Any) -> dict[str, Any]:
    """How hard to think; as a dictionary, also whether to sum the thoughts up in the reply."""
    if not isinstance(value, dict):
        return {"effort": reasoning.effort(value)}
    if not value or set(value) - {"effort", "summary"}:
        raise ValueError('must be an effort, or {"effort": …, "summary": …}')
    checks = {"effort": reasoning.effort, "summary": _SUMMARIES}
    return {name: checks[name](word) for name, word in value.items()}


def _format(value: Any) -> dict[str, Any]:
    asked = answer_formats.read(value)
    if asked.kind != "json_schema":
        return {"type": asked.kind}
    said: dict[str, Any] = {"type": "json_schema", "name": asked.name, "schema": asked.schema}
    if asked.description:
        said["description"] = asked.description
    if asked.strict is not None:
        said["strict"] = asked.strict
    return said


def _chat_format(wire: dict[str, Any]) -> dict[str, Any]:
    if wire["type"] != "json_schema":
        return wire
    described = {key: value for key, value in wire.items() if key != "type"}
    return {"type": "json_schema", "json_schema": described}


def _truncation(value: Any) -> str:
    return _TRUNCATIONS[checks.choice(*_TRUNCATIONS)(value)]


def _prompt_truncation(wire: str) -> str:
    return next((word for word, said in _TRUNCATIONS.items() if said == wire), wire)


def _included(value: Any) -> list[str]:
    return [_LOGPROBS] if checks.boolean(value) else []


def _web_search(value: Any) -> list[dict[str, Any]]:
    """The hosted tool that searches as Chat Completions' option says."""
    size, place = web_search.read(value)
    tool: dict[str, Any] = {"type": "web_search"}
    if size:
        tool["search_context_size"] = size
    if place:
        tool["user_location"] = {"type": "approximate", **place}
    return [tool]


_NO_SAMPLING = Refused("Responses has only temperature and top_p.")
_COHERE_ONLY = Refused("Only Cohere's models take it.")

#: Names with a dot are fields of an object in the body.
PARAMETERS: Mapping[str, Entry] = {
    "temperature": Parameter("temperature", checks.number(0, 2)),
    "top_p": Parameter("top_p", checks.number(0, 1)),
    "top_k": _NO_SAMPLING,
    "n": Parameter("n", checks.integer(1), note="One call for each answer.", way="emulated"),
    "max_tokens": Own("As max_output_tokens."),
    "max_completion_tokens": Own("As max_output_tokens."),
    "stop": Refused("Responses has no stop sequences.", "Cut the answer yourself."),
    "seed": Dropped("Responses has no seed; answers vary."),
    "presence_penalty": _NO_SAMPLING,
    "frequency_penalty": _NO_SAMPLING,
    "logit_bias": _NO_SAMPLING,
    "thinking": Own(reasoning.AS_EFFORT),
    "reasoning_effort": Parameter(
        "reasoning",
        _reasoning,
        back=lambda wire: wire.get("effort"),
        note='Also {"effort": …, "summary": "auto", "concise" or "detailed"}.',
    ),
    "verbosity": Parameter("text.verbosity", checks.choice("low", "medium", "high")),
    "user": Parameter("user", checks.text),
    "stream_options": Parameter(
        "stream_options",
        checks.usage_option("include_usage"),
        note="Token counts come at the end of every stream.",
    ),
    "tools": Own("With the hosted ones: web_search, file_search, code_interpreter and mcp."),
    "tool_choice": Own(),
    "parallel_tool_calls": Parameter("parallel_tool_calls", checks.boolean),
    "response_format": Parameter("text.format", _format, back=_chat_format),
    "logprobs": Parameter("include", _included),
    "top_logprobs": Parameter("top_logprobs", checks.integer(0, 20)),
    "metadata": Parameter("metadata", checks.metadata),
    **parameters.TEXT_ONLY,
    "prediction": Dropped("It would only speed the answer up."),
    "service_tier": Parameter(
        "service_tier",
        checks.choice("auto", "default", "flex", "scale", "priority", "fast", "ultrafast"),
    ),
    "store": Parameter("store", checks.boolean, note="False unless asked for."),
    "web_search_options": Parameter("tools", _web_search, note="The hosted tool web_search."),
    **parameters.REPLACED,
    "prompt_cache_key": Parameter("prompt_cache_key", checks.text),
    "prompt_cache_retention": Parameter(
        "prompt_cache_retention",
        checks.choice("in_memory", "24h", synonyms={"in-memory": "in_memory"}),
    ),
    "safety_identifier": Parameter("safety_identifier", checks.text),
    "echo": Refused("Responses does not repeat the prompt."),
    "documents": Refused(
        "Only Cohere's models take it.", "Put them into a message, or use the tool file_search."
    ),
    "citation_quality": _COHERE_ONLY,
    "safety_mode": _COHERE_ONLY,
    "search_queries_only": _COHERE_ONLY,
    "force_single_step": _COHERE_ONLY,
    "preamble": Refused("Only Cohere's models have one.", "Use a system message."),
    "raw_prompting": _COHERE_ONLY,
    "prompt_truncation": Parameter("truncation", _truncation, back=_prompt_truncation),
    "max_input_tokens": _COHERE_ONLY,
    "strict_tools": Own("With it, every function is said to be strict."),
    "priority": Dropped("It has no place there."),
}

CONTENT: Mapping[str, Entry] = {
    "image": Own("By data, address or file id."),
    "document": Own("By data, address or file id."),
    "audio": Own("wav and mp3, in base64."),
    "video": Refused("Responses has no part for it."),
}

# What is checked, and said by what Responses does in any case.
_UNSAID = ("n", "stream_options")
# What is read here, not by the table. Whether and where to keep a response, and how its stream is
# padded, is no matter of the chat.
_STRUCTURE = frozenset(
    {
        *("model", "input", "instructions", "tools", "tool_choice", "max_output_tokens", "stream"),
        *("text", "include", "store", "stream_options"),
    }
)

# What clients say of habit, and a chat need not be told.
_DEFAULTS = {
    "background": False,
    "metadata": {},
    "parallel_tool_calls": True,
    "service_tier": "auto",
    "text.format": {"type": "text"},
    "truncation": "disabled",
}


def encode_request(
    request: ChatRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The body that asks ``target`` for this chat."""
    facts = target.facts
    request = parameters.settled(request, notes)
    request = reasoning.said_as_effort(request, PARAMETERS, facts, notes)
    said = parameters.encode(request, PARAMETERS, facts, notes, dialect=_NAME)
    for name in _UNSAID:
        said.pop(name, None)
    if "text.format" in said and not facts.full_schemas:
        said["text.format"] = _simple(said["text.format"])
    if facts.reasoning and not said.get("store"):
        # Nobody keeps them for the next turn, so they must come back with it.
        said["include"] = [*said.get("include", ()), _THOUGHTS]
    offered = [*_offered(request, facts, notes), *said.pop("tools", ())]
    body: dict[str, Any] = {
        "model": target.serving.id,
        "input": items.encode(
            check_content(turns(request), CONTENT, facts, notes, dialect=_NAME), notes
        ),
        "store": False,
        **_nested(said),
    }
    if offered:
        body["tools"] = offered
    choice = tools.encode_choice(request) if _told("tool_choice", facts, notes) else None
    if choice is not None and offered:
        body["tool_choice"] = choice
    elif choice not in (None, "auto", "none"):
        notes.add("tool_choice", "Left out: there are no tools to choose from.")
    limit = parameters.length_limit(request, facts)
    if limit:
        body["max_output_tokens"] = limit[1]
    if request.get("stream"):
        body["stream"] = True
    return body


def _told(name: str, facts: ModelFacts, notes: Notes) -> bool:
    """Whether the model may be told of something that is said here and not by the table."""
    entry = parameters.for_model(name, PARAMETERS[name], facts)
    return name not in notes.learned and entry.way == "mapped"


def _offered(request: ChatRequest, facts: ModelFacts, notes: Notes) -> list[dict[str, Any]]:
    if not _told("tools", facts, notes):
        return []
    strict = bool(request.get("strict_tools")) and _told("strict_tools", facts, notes)
    offered = tools.encode(request, notes, strict=strict)
    for tool in offered:
        if tool["type"] == "function" and not facts.full_schemas:
            tool["parameters"] = simplified(tool["parameters"])
    return offered


def _simple(format: dict[str, Any]) -> dict[str, Any]:
    if "schema" not in format:
        return format
    return {**format, "schema": for_answers(format["schema"])}


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The body that names with dots describe; empty lists say nothing."""
    body: dict[str, Any] = {}
    for name, value in flat.items():
        outer, _, inner = name.partition(".")
        if inner:
            body.setdefault(outer, {})[inner] = value
        elif value != []:
            body[outer] = value
    return body


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that a body says.

    ``instructions`` become a system message before all others. Tools that are no functions are left
    as they are, for the dialect that asks the model. What a response needs of earlier ones
    (``previous_response_id``, ``conversation``) must have been put into ``input`` already. Raises
    :class:`~ocicat.errors.UnsupportedFeature`.
    """
    flat = {**body, **{f"text.{key}": value for key, value in (body.get("text") or {}).items()}}
    said = {key: value for key, value in flat.items() if value != _DEFAULTS.get(key)}
    request = parameters.decode(said, PARAMETERS, known=_STRUCTURE, dialect=_NAME)
    if request.get("reasoning_effort", "") is None:
        del request["reasoning_effort"]
    request["model"] = body["model"]
    request["messages"] = items.decode(body.get("instructions"), body["input"])
    if body.get("tools"):
        request["tools"] = [tools.decode(tool) for tool in body["tools"]]
    if body.get("tool_choice") is not None:
        request["tool_choice"] = tools.decode_choice(body["tool_choice"])
    if body.get("max_output_tokens") is not None:
        request["max_tokens"] = body["max_output_tokens"]
    if _LOGPROBS in (body.get("include") or ()):
        request["logprobs"] = True
    if body.get("store"):
        request["store"] = True
    if body.get("stream"):
        request["stream"] = True
        request["stream_options"] = {"include_usage": True}  # as every stream of Responses has
    turns(request)
    return request
