"""The body of a GENERIC request, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import (
    answer_formats,
    checks,
    parameters,
    reasoning,
    serving,
    web_search,
)
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

# Efforts that OCI has no words for.
_BEYOND = ("xhigh", "max")
_LENGTHS = {"max_tokens": "maxTokens", "max_completion_tokens": "maxCompletionTokens"}
_STRUCTURE = frozenset(
    {"apiFormat", "messages", "isStream", "tools", "toolChoice", *_LENGTHS.values()}
)


def _response_format(value: Any) -> Any:
    asked = answer_formats.read(value)
    if asked.kind != "json_schema":
        return {"type": asked.kind.upper()}
    wire: dict[str, Any] = {"name": asked.name}
    if asked.description:
        wire["description"] = asked.description
    wire["schema"] = for_answers(asked.schema)
    if asked.strict is not None:
        wire["isStrict"] = asked.strict
    return {"type": "JSON_SCHEMA", "jsonSchema": wire}


def _effort(value: Any) -> str:
    effort: str = reasoning.effort(value)
    return "HIGH" if effort in _BEYOND else effort.upper()


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


def _web_search(value: Any) -> Any:
    size, place = web_search.read(value)
    wire: dict[str, Any] = {}
    if size:
        wire["searchContextSize"] = size.upper()
    if place:
        wire["userLocation"] = place
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
        _effort,
        back=str.lower,
        note="xhigh and max are sent as high.",
    ),
    "thinking": Own(reasoning.AS_EFFORT),
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
    request = parameters.settled(request, notes)
    request = reasoning.said_as_effort(request, PARAMETERS, target.facts, notes)
    conversation = check_content(turns(request), CONTENT, target.facts, notes, dialect=_NAME)
    chat: dict[str, Any] = {
        "apiFormat": "GENERIC",
        "messages": [encode_turn(turn, notes) for turn in conversation],
        **parameters.encode(request, PARAMETERS, target.facts, notes, dialect=_NAME),
    }
    asked = parameters.remaining(request, PARAMETERS, target.facts, notes)
    if str(asked.get("reasoning_effort")).lower() in _BEYOND:
        notes.add("reasoning_effort", "Said as high, which is the highest here.")
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
