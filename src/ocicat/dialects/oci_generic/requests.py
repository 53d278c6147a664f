"""The body of a GENERIC request, in both directions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ocicat.dialects import checks, parameters, serving
from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.messages import check_content, turns
from ocicat.dialects.oci_generic import tools
from ocicat.dialects.oci_generic.messages import decode_message, encode_turn
from ocicat.dialects.parameters import (
    BOOKKEEPING,
    NATIVE_STREAM_OPTIONS,
    REPLACED,
    TEXT_ONLY,
    Own,
    Parameter,
    Refused,
)
from ocicat.dialects.schemas import for_answers
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.target import Target

__all__ = ["CONTENT", "PARAMETERS", "decode_request", "encode_request"]

_NAME = "the native GENERIC format"

_SCHEMA_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LENGTHS = {"max_tokens": "maxTokens", "max_completion_tokens": "maxCompletionTokens"}
_STRUCTURE = frozenset(
    {"apiFormat", "messages", "isStream", "tools", "toolChoice", *_LENGTHS.values()}
)
# The effort that a budget of so many tokens amounts to; more is HIGH.
_BUDGETS = ((4_000, "LOW"), (16_000, "MEDIUM"))


def _response_format(value: Any) -> Any:
    match value:
        case {"type": "text" | "json_object" as kind}:
            return {"type": kind.upper()}
        case {"type": "json_schema", "json_schema": {"name": str(name)} as format}:
            return {"type": "JSON_SCHEMA", "jsonSchema": _json_schema(name, format)}
    raise ValueError(
        'must be {"type": "text"}, {"type": "json_object"} or'
        ' {"type": "json_schema", "json_schema": {"name": …, "schema": …}}'
    )


def _json_schema(name: str, format: Mapping[str, Any]) -> dict[str, Any]:
    if not _SCHEMA_NAME.fullmatch(name):
        raise ValueError("must have a name of letters, digits, _ and -")
    wire: dict[str, Any] = {"name": name}
    if format.get("description"):
        wire["description"] = format["description"]
    schema, strict = format.get("schema"), format.get("strict")
    if schema is not None:
        if not isinstance(schema, Mapping):
            raise ValueError("must have a JSON Schema")
        wire["schema"] = for_answers(schema)
    if strict is not None:
        wire["isStrict"] = checks.boolean(strict)
    return wire


def _neutral_response_format(wire: dict[str, Any]) -> dict[str, Any]:
    kind = wire["type"].lower()
    if kind != "json_schema":
        return {"type": kind}
    names = {"isStrict": "strict"}
    schema = wire.get("jsonSchema") or {}
    return {"type": kind, kind: {names.get(name, name): schema[name] for name in schema}}


def _prediction(value: Any) -> Any:
    match value:
        case {"type": "content", "content": str(text)}:
            texts = [text]
        case {"type": "content", "content": [*parts]} if all(
            isinstance(part, Mapping) and isinstance(part.get("text"), str) for part in parts
        ):
            texts = [part["text"] for part in parts]
        case _:
            raise ValueError('must be {"type": "content", "content": a text or a list of texts}')
    return {"type": "CONTENT", "content": [{"type": "TEXT", "text": text} for text in texts]}


def _neutral_prediction(wire: dict[str, Any]) -> dict[str, Any]:
    texts = [part.get("text") or "" for part in wire.get("content") or []]
    parts = [{"type": "text", "text": text} for text in texts]
    return {"type": "content", "content": texts[0] if len(texts) == 1 else parts}


_PLACE = ("city", "country", "region", "timezone")
_search_context_size = checks.choice("low", "medium", "high", upper=True)


def _web_search(value: Any) -> Any:
    if not isinstance(value, Mapping) or set(value) - {"search_context_size", "user_location"}:
        raise ValueError("may have search_context_size and user_location")
    wire: dict[str, Any] = {}
    if value.get("search_context_size") is not None:
        wire["searchContextSize"] = _search_context_size(value["search_context_size"])
    match value.get("user_location"):
        case None:
            pass
        case {"type": "approximate", "approximate": {**place}} if not set(place) - set(_PLACE):
            wire["userLocation"] = {key: name for key, name in place.items() if name is not None}
        case _:
            raise ValueError(
                'must have a user_location of {"type": "approximate", "approximate":'
                f" {{{', '.join(_PLACE)}}}}}"
            )
    return wire


def _neutral_web_search(wire: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if wire.get("searchContextSize"):
        options["search_context_size"] = wire["searchContextSize"].lower()
    if wire.get("userLocation") is not None:
        options["user_location"] = {"type": "approximate", "approximate": wire["userLocation"]}
    return options


def _only_cohere(instead: str = "") -> Refused:
    return Refused(
        "Only Cohere's models take it.",
        instead or "`ocicat models --vendor cohere` lists the models that take it.",
    )


#: What becomes of each parameter of a request.
PARAMETERS: Mapping[str, Entry] = {
    "temperature": Parameter("temperature", checks.number(0)),
    "top_p": Parameter("topP", checks.number(0, 1)),
    "top_k": Parameter("topK", checks.integer(-1)),
    "n": Parameter("numGenerations", checks.integer(1, 5), note="At most 5."),
    "max_tokens": Own("Sent under whichever of the two names the model takes."),
    "max_completion_tokens": Own("Sent under whichever of the two names the model takes."),
    "stop": Parameter("stop", checks.texts),
    "seed": Parameter("seed", checks.integer()),
    "presence_penalty": Parameter("presencePenalty", checks.number(-2, 2)),
    "frequency_penalty": Parameter("frequencyPenalty", checks.number(-2, 2)),
    "logit_bias": Parameter("logitBias", checks.numbers_by_token),
    "logprobs": Own("Sent as logProbs, which counts the likeliest tokens to tell."),
    "top_logprobs": Parameter("logProbs", checks.integer(0), note="Together with logprobs only."),
    "reasoning_effort": Parameter(
        "reasoningEffort",
        checks.choice(
            *("none", "minimal", "low", "medium", "high"),
            upper=True,
            synonyms={"disable": "none", "xhigh": "high"},
        ),
        back=str.lower,
        note="xhigh is sent as high.",
    ),
    "thinking": Own("Sent as reasoningEffort, which is coarser than a budget."),
    "verbosity": Parameter(
        "verbosity", checks.choice("low", "medium", "high", upper=True), back=str.lower
    ),
    "metadata": Parameter("metadata", checks.metadata),
    "service_tier": Parameter(
        "serviceTier", checks.choice("auto", "default", "priority", upper=True), back=str.lower
    ),
    "prediction": Parameter("prediction", _prediction, back=_neutral_prediction),
    "response_format": Parameter("responseFormat", _response_format, back=_neutral_response_format),
    "tools": Own("Schemas are simplified; strict is left out with a note."),
    "tool_choice": Own(),
    "parallel_tool_calls": Parameter("isParallelToolCalls", checks.boolean),
    "web_search_options": Parameter("webSearchOptions", _web_search, back=_neutral_web_search),
    "stream_options": NATIVE_STREAM_OPTIONS,
    "echo": Parameter("isEcho", checks.boolean, note="Not in streams."),
    "documents": _only_cohere("Put what the documents say into a message, or use Cohere's models."),
    "preamble": _only_cohere("Say it in a system message."),
    "strict_tools": _only_cohere("Check a call's arguments before you run it."),
    **{
        name: _only_cohere()
        for name in (
            *("citation_quality", "safety_mode", "search_queries_only", "force_single_step"),
            *("raw_prompting", "prompt_truncation", "max_input_tokens", "priority"),
        )
    },
    **TEXT_ONLY,
    **REPLACED,
    **BOOKKEEPING,
}

#: What becomes of each kind of content.
CONTENT: Mapping[str, Entry] = {
    "image": Own("As a data URI or an address."),
    "document": Own("As a data URI or an address, without its name."),
    "audio": Own("As a data URI or an address."),
    "video": Own("As a data URI or an address."),
}


def encode_request(
    request: ChatRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The ``ChatDetails`` that ask ``target`` for this chat."""
    conversation = check_content(turns(request), CONTENT, target.facts, notes, dialect=_NAME)
    chat: dict[str, Any] = {
        "apiFormat": "GENERIC",
        "messages": [encode_turn(turn, notes) for turn in conversation],
        **parameters.encode(request, PARAMETERS, target.facts, notes, dialect=_NAME),
    }
    asked = parameters.remaining(request, PARAMETERS, target.facts, notes)
    _say_reasoning(asked, chat, notes)
    _say_logprobs(asked, chat, notes)
    chat.update(tools.encode(asked, notes))
    if "tools" not in chat:
        chat.pop("isParallelToolCalls", None)
    if request.get("stream"):
        chat["isStream"] = True
        if chat.get("isEcho"):
            notes.refuse("echo", "OCI repeats the prompt in whole replies only, not in streams.")
            del chat["isEcho"]
    limit = parameters.length_limit(request, target.facts)
    if limit:
        chat[_LENGTHS[limit[0]]] = limit[1]
    return {**serving.encode(target, compartment_id), "chatRequest": chat}


def _say_reasoning(request: ChatRequest, chat: dict[str, Any], notes: Notes) -> None:
    effort, thinking = request.get("reasoning_effort"), request.get("thinking")
    if str(effort).lower() == "xhigh":
        notes.add("reasoning_effort", "Said as high, which is the highest here.")
    if thinking is None:
        return
    match thinking:
        case {"type": "disabled"}:
            said = "NONE"
        case {"type": "enabled", **rest}:
            said = _effort(rest.get("budget_tokens"))
        case _:
            raise InvalidParameter(
                '`thinking` must be {"type": "enabled", "budget_tokens": …} or'
                ' {"type": "disabled"}.',
                parameter="thinking",
            )
    if effort is not None or "reasoning_effort" in notes.learned:
        notes.add("thinking", "Left out: it would be said as `reasoning_effort`.")
        return
    chat["reasoningEffort"] = said
    if said != "NONE":
        notes.add("thinking", f"Said as a reasoning effort of {said}: there is no budget here.")


def _effort(budget: Any) -> str:
    if budget is None:
        return "MEDIUM"
    if not isinstance(budget, int) or budget < 1:
        raise InvalidParameter(
            f"`thinking.budget_tokens` must be at least 1, not {budget!r}.", parameter="thinking"
        )
    return next((effort for most, effort in _BUDGETS if budget <= most), "HIGH")


def _say_logprobs(request: ChatRequest, chat: dict[str, Any], notes: Notes) -> None:
    """``logProbs`` counts the likeliest tokens; the one that was chosen comes in any case."""
    wanted = request.get("logprobs", False)
    if not isinstance(wanted, bool):
        raise InvalidParameter(
            f"`logprobs` must be true or false, not {wanted!r}.",
            parameter="logprobs",
            hint="How many of the likeliest tokens to tell is `top_logprobs`.",
        )
    if wanted:
        chat.setdefault("logProbs", 0)
    elif "logprobs" in notes.learned:
        chat.pop("logProbs", None)
    elif "logProbs" in chat:
        raise InvalidParameter(
            "`top_logprobs` says how many, and `logprobs` has to be true for it.",
            parameter="top_logprobs",
        )


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that ``ChatDetails`` with a GENERIC chat request say."""
    chat = body["chatRequest"]
    request = parameters.decode(chat, PARAMETERS, known=_STRUCTURE, dialect=_NAME)
    request.update(tools.decode(chat))
    request["model"] = serving.decode(body)
    request["messages"] = [decode_message(message) for message in chat.get("messages") or []]
    if "top_logprobs" in request:
        request["logprobs"] = True
        if not request["top_logprobs"]:
            del request["top_logprobs"]
    if chat.get("maxTokens") is not None:
        request["max_tokens"] = chat["maxTokens"]
    if chat.get("maxCompletionTokens") is not None:
        request["max_completion_tokens"] = chat["maxCompletionTokens"]
    if chat.get("isStream"):
        request["stream"] = True
    return request
