"""OpenAI Chat Completions, as OCI's compatible surface speaks it.

The neutral vocabulary is this wire, so there is little to translate: this dialect checks what goes
out, and evens out what comes back. The compartment travels in a header, not in the body.

Source of names, types and ranges: OpenAI's API reference for Chat Completions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from ocicat.dialects import faults, finish, openai_messages, parameters, schemas, tools
from ocicat.dialects.decoding import CALLS_APART, CallFragment, StreamState
from ocicat.dialects.dialect import Entry, Notes, Origin
from ocicat.dialects.messages import check_content, turns
from ocicat.dialects.parameters import Own, Parameter, Refused
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest, Usage
from ocicat.vocabulary.model import ModelFacts
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

_NAME = "the OpenAI-compatible surface"
_FORMAT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


# --- what can be said ---------------------------------------------------------------------------


def _as_given(value: Any) -> Any:
    return value


def _stop(value: Any) -> Any:
    parameters.texts(value)
    return value


def _metadata(value: Any) -> Any:
    if not isinstance(value, dict) or not all(
        isinstance(text, str) for pair in value.items() for text in pair
    ):
        raise ValueError("must map texts to texts")
    if len(value) > 16 or any(len(key) > 64 or len(text) > 512 for key, text in value.items()):
        raise ValueError("must have at most 16 keys of 64 characters, with texts of 512")
    return value


def _prediction(value: Any) -> Any:
    match value:
        case {"type": "content", "content": str() | [*_]}:
            return value
    raise ValueError('must be {"type": "content", "content": …}')


_search_size = parameters.choice("low", "medium", "high")


def _web_search(value: Any) -> Any:
    if not isinstance(value, dict) or set(value) - {"search_context_size", "user_location"}:
        raise ValueError('must be {"search_context_size": …, "user_location": …}')
    wire = {}
    if value.get("search_context_size") is not None:
        try:
            wire["search_context_size"] = _search_size(value["search_context_size"])
        except ValueError as problem:
            raise ValueError(f"has a `search_context_size` that {problem}") from None
    match value.get("user_location"):
        case None:
            pass
        case {"approximate": {**place}} | {**place}:  # the latter as OpenAI's Responses has it
            wire["user_location"] = {
                "type": "approximate",
                "approximate": {key: place[key] for key in place if key != "type"},
            }
        case _:
            raise ValueError("has a `user_location` that is no dictionary")
    return wire


_COHERE = Refused("Cohere's models have it, which are not served there.")
_NATIVE = 'Use transport="native".'

PARAMETERS: Mapping[str, Entry] = {
    "temperature": Parameter("temperature", parameters.number(0, 2)),
    "top_p": Parameter("top_p", parameters.number(0, 1)),
    "top_k": Refused("OpenAI has no such parameter.", _NATIVE),
    "n": Parameter("n", parameters.integer(1)),
    "max_tokens": Own("As the one of the two that the model takes."),
    "max_completion_tokens": Own("As the one of the two that the model takes."),
    "stop": Parameter("stop", _stop),
    "seed": Parameter("seed", parameters.integer()),
    "presence_penalty": Parameter("presence_penalty", parameters.number(-2, 2)),
    "frequency_penalty": Parameter("frequency_penalty", parameters.number(-2, 2)),
    "logit_bias": Parameter("logit_bias", parameters.numbers_by_token),
    "reasoning_effort": Parameter(
        "reasoning_effort",
        parameters.choice(
            *("none", "minimal", "low", "medium", "high", "xhigh", "max"),
            synonyms={"disable": "none", "disabled": "none"},
        ),
    ),
    "thinking": Own("As reasoning_effort: disabled is none, enabled without a budget medium."),
    "verbosity": Parameter("verbosity", parameters.choice("low", "medium", "high")),
    "user": Parameter("user", parameters.text),
    "stream_options": Parameter("stream_options", _as_given, note="Only include_usage."),
    "tools": Parameter("tools", _as_given, note="Functions only."),
    "tool_choice": Parameter("tool_choice", _as_given),
    "parallel_tool_calls": Parameter("parallel_tool_calls", parameters.boolean),
    "response_format": Parameter("response_format", _as_given),
    "logprobs": Parameter("logprobs", parameters.boolean),
    "top_logprobs": Parameter("top_logprobs", parameters.integer(0, 20)),
    "metadata": Parameter("metadata", _metadata),
    "modalities": Own("Text, which need not be said."),
    "audio": Refused("No model answers in sounds there."),
    "prediction": Parameter("prediction", _prediction),
    "service_tier": Parameter(
        "service_tier",
        parameters.choice("auto", "default", "flex", "scale", "priority", "fast"),
    ),
    "store": Parameter("store", parameters.boolean),
    "web_search_options": Parameter("web_search_options", _web_search),
    "functions": Refused("OpenAI has replaced it.", "Give `tools`."),
    "function_call": Refused("OpenAI has replaced it.", "Give `tool_choice`."),
    "prompt_cache_key": Parameter("prompt_cache_key", parameters.text),
    "prompt_cache_retention": Parameter(
        "prompt_cache_retention",
        parameters.choice("in_memory", "24h", synonyms={"in-memory": "in_memory"}),
    ),
    "safety_identifier": Parameter("safety_identifier", parameters.text),
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
}

CONTENT: Mapping[str, Entry] = {
    "image": Own("As image_url, in messages of the user."),
    "document": Own("As file, with its content or the id of an uploaded file."),
    "audio": Own("As input_audio: wav or mp3, with its content."),
    "video": Refused(f"OpenAI has no part for it. {_NATIVE}"),
}


# --- requests -----------------------------------------------------------------------------------


def encode_request(
    request: ChatRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The body that asks ``target`` for this chat."""
    facts = target.facts
    _check_modalities(request, notes)
    said = parameters.encode(_with_effort(request, notes), PARAMETERS, facts, notes, dialect=_NAME)
    _settle_tools(said, request, facts, notes)
    _settle_options(said, request, notes)
    if "response_format" in said:
        said["response_format"] = _response_format(said["response_format"], facts)
    conversation = check_content(turns(request), CONTENT, facts, notes, dialect=_NAME)
    if "tools" in said and not facts.tools_after_system:
        conversation = openai_messages.system_in_first_question(conversation, notes)
    body: dict[str, Any] = {
        "model": target.serving.id,
        "messages": openai_messages.encode(conversation, notes),
        **said,
    }
    limit = parameters.length_limit(request, facts)
    if limit:
        body[limit[0]] = limit[1]
    if request.get("stream"):
        body["stream"] = True
    return body


def _check_modalities(request: ChatRequest, notes: Notes) -> None:
    kinds = request.get("modalities")
    if kinds is not None and list(kinds) != ["text"]:
        notes.refuse(
            "modalities",
            f"`modalities` asks for more than text, which is all that models give over {_NAME}.",
            hint='Leave it out, or give ["text"].',
        )


def _with_effort(request: ChatRequest, notes: Notes) -> ChatRequest:
    """The request with what ``thinking`` says said as ``reasoning_effort``."""
    thinking = request.get("thinking")
    if thinking is None:
        return request
    match thinking:
        case {"type": "disabled"}:
            effort = "none"
        case {"type": "enabled" | "adaptive"}:
            effort = "medium"
        case _:
            raise InvalidParameter(
                '`thinking` must be {"type": "enabled"} or {"type": "disabled"}, not'
                f" {str(thinking)[:60]}.",
                parameter="thinking",
            )
    if thinking.get("budget_tokens") is not None:
        notes.refuse(
            "thinking",
            f"`thinking.budget_tokens` cannot be said to {request.get('model')} over {_NAME}.",
            hint="Give `reasoning_effort` instead: low, medium or high.",
        )
    given = request.get("reasoning_effort")
    if given is not None and (given in ("none", "disable", "disabled")) != (effort == "none"):
        raise InvalidParameter(
            f"`thinking` is {thinking['type']}, and `reasoning_effort` is {given!r}.",
            parameter="thinking",
            hint="Give one of them.",
        )
    return {**request, "thinking": None, "reasoning_effort": given or effort}


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


def _settle_options(said: dict[str, Any], request: ChatRequest, notes: Notes) -> None:
    """Leave out options that only go with another, and options that OCI does not know."""
    if said.get("stop") == []:
        del said["stop"]
    if said.get("logprobs") is False and said.pop("top_logprobs", None) is not None:
        notes.add("top_logprobs", "Left out: `logprobs` is false.")
    elif "top_logprobs" in said:
        said["logprobs"] = True
    options = said.pop("stream_options", None)
    if options is None:
        return
    if not isinstance(options, dict) or not isinstance(options.get("include_usage", True), bool):
        raise InvalidParameter(
            '`stream_options` must be {"include_usage": true or false}.',
            parameter="stream_options",
        )
    for name in options:
        if name != "include_usage":
            notes.add(f"stream_options.{name}", "Left out: OCI does not document it.")
    if not request.get("stream"):
        notes.add("stream_options", "Left out: the answer is not streamed.")
    elif "include_usage" in options:
        said["stream_options"] = {"include_usage": options["include_usage"]}


def _response_format(given: Any, facts: ModelFacts) -> dict[str, Any]:
    match given:
        case {"type": "text" | "json_object" as kind}:
            return {"type": kind}
        # The latter as OpenAI's Responses has it.
        case {"type": "json_schema", "json_schema": {**wanted}} | {"type": "json_schema", **wanted}:
            schema = wanted.get("schema")
        case _:
            schema = None
    if not isinstance(schema, Mapping):
        raise InvalidParameter(
            f"`response_format` is {str(given)[:60]!r}.",
            parameter="response_format",
            hint='Give {"type": "json_schema", "json_schema": {"name": …, "schema": …}},'
            ' {"type": "json_object"} or {"type": "text"}.',
        )
    name = wanted.get("name") or "answer"
    if not isinstance(name, str) or not _FORMAT_NAME.fullmatch(name):
        raise InvalidParameter(
            f"`response_format.json_schema.name` must be a name of letters, digits, _ and -, not"
            f" {name!r}.",
            parameter="response_format",
        )
    format: dict[str, Any] = {
        "name": name,
        "schema": schema if facts.full_schemas else schemas.for_answers(schema),
    }
    for key in ("description", "strict"):
        if wanted.get(key) is not None:
            format[key] = wanted[key]
    return {"type": "json_schema", "json_schema": format}


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that a body says: itself."""
    return {key: value for key, value in body.items() if value is not None}  # type: ignore[return-value]


# --- replies ------------------------------------------------------------------------------------


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The body that says this reply. The request id goes into a header instead."""
    return {key: value for key, value in reply.items() if key != "opc_request_id"}


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a body says.

    Raises :class:`~ocicat.errors.MalformedReply` where there are no choices in it, and the error it
    reports where it reports one (some errors come with status 200).
    """
    choices = body.get("choices")
    failed = body.get("error") or (not choices and body.get("code"))
    if failed or not isinstance(choices, list):
        raise faults.unusable_reply(body, origin, expected="choices")
    for position, choice in enumerate(choices):
        if not isinstance(choice, dict) or not _is_answer(choice):
            raise faults.unusable_reply(body, origin, expected="choices")
        if choice.get("index") is None:
            choice["index"] = position
        message = choice["message"] = choice.get("message") or {}
        if not message.get("role"):
            message["role"] = "assistant"
        message.setdefault("content", None)
        _even_reasoning(message)
        calls = message.pop("tool_calls", None)
        if calls:
            message["tool_calls"] = _calls(calls, choice["index"], origin)
        finish.put(choice, str(choice.get("finish_reason") or "stop"), called=bool(calls))
    for name, value in (
        ("id", origin.reply_id),
        ("object", "chat.completion"),
        ("created", origin.received),
        ("model", origin.model),
    ):
        if body.get(name) is None:
            body[name] = value
    body.setdefault("usage", None)
    body["opc_request_id"] = origin.opc_request_id
    return body  # type: ignore[return-value]  # checked above, and the rest is carried along


def _is_answer(choice: Mapping[str, Any]) -> bool:
    message = choice.get("message")
    # A model that has used up its tokens by reasoning may end without a message.
    return isinstance(message, dict) or (message is None and bool(choice.get("finish_reason")))


def _even_reasoning(message: dict[str, Any]) -> None:
    """Keep what a model thought under one name, and only where it did think."""
    other = message.get("reasoning")
    if other is None or isinstance(other, str):
        message.pop("reasoning", None)
        thoughts = message.pop("reasoning_content", None) or other
        if thoughts:
            message["reasoning_content"] = thoughts


def _calls(wire: Sequence[Any], index: int, origin: Origin) -> list[dict[str, Any]]:
    """The tool calls of one answer, each with an id of its own."""
    calls: list[dict[str, Any]] = []
    for call in filter(None, wire):
        function = call.get("function") or {}
        id = call.get("id")
        if not id or any(id == other["id"] for other in calls):
            id = origin.call_id(CALLS_APART * index + len(calls))
        # A call without arguments has none; text is passed on just as the model wrote it.
        arguments = "{}" if function.get("arguments") is None else _arguments(function)
        calls.append(
            {
                **call,
                "id": id,
                "type": call.get("type") or "function",
                "function": {**function, "arguments": arguments},
            }
        )
    return calls


def _arguments(function: Mapping[str, Any]) -> str:
    """A call's arguments as text. Some backends give the object itself."""
    arguments = function.get("arguments")
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return msgspec.json.encode(arguments).decode()


# --- streams ------------------------------------------------------------------------------------


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """Chunks that are nearly neutral already; this evens them out and watches for their end."""

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        super().__init__(origin, with_usage)
        #: The newest token counts that came, and the newest that were told.
        self._usage: Usage | None = None
        self._told: Usage | None = None

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """The chunks of one event: what it adds to the answers, then token counts."""
        choices = event.get("choices") or ()
        if event.get("error") or (not choices and event.get("code")):
            raise faults.broken_stream(event, self._origin, self.text)
        if event.get("usage"):
            self._usage = event.pop("usage")
        elif not choices:
            return []  # a keep-alive
        late = False
        for choice in choices:
            index = choice.get("index")
            if index is None:
                index = choice["index"] = 0
            delta = choice.get("delta")
            if delta is None:
                delta = choice["delta"] = {}
            if index not in self._begun:
                self._begin(index, delta)
            if len(delta) > 1 or "content" not in delta:
                self._even(index, delta)
            text = delta.get("content")
            if text:
                if type(text) is not str:
                    raise TypeError(f"content is {text!r}")
                if index == 0:
                    self._texts.append(text)
            if index in self._ended:
                choice["finish_reason"] = None  # said before
                late = True
            elif choice.get("finish_reason"):
                finish.put(choice, str(choice["finish_reason"]), called=self._called(index))
                self._ended.add(index)
        if late:
            event["choices"] = choices = [choice for choice in choices if _says(choice)]
        event = {**self._head, **event}
        chunks: list[ChatChunk] = [event] if choices else []  # type: ignore[list-item]  # evened out
        if self._usage is not None and (not choices or self.finished):
            chunks += self._counts(event)
        return chunks

    def _counts(self, event: dict[str, Any]) -> list[ChatChunk]:
        """The chunk that tells token counts, where they were asked for.

        Some models tell them, so far, with every event, and then once more at the end.
        """
        self._counted = True
        usage, self._usage = self._usage, None
        if not self._with_usage or usage == self._told:
            return []
        self._told = usage
        return [{**event, "choices": [], "usage": usage}]  # type: ignore[typeddict-item]

    def _even(self, index: int, delta: dict[str, Any]) -> None:
        _even_reasoning(delta)
        if "tool_calls" not in delta:
            return
        wire = filter(None, delta.pop("tool_calls", None) or ())
        pieces = self._assemble(index, map(_fragment, wire))
        if pieces:
            delta["tool_calls"] = pieces


def _says(choice: Mapping[str, Any]) -> bool:
    """Whether a choice says anything but who speaks."""
    delta = choice["delta"]
    return bool(choice.get("finish_reason")) or any(delta[key] for key in delta if key != "role")


def _fragment(piece: Mapping[str, Any]) -> CallFragment:
    function = piece.get("function") or {}
    return CallFragment(
        piece.get("id") or "",
        function.get("name") or "",
        _arguments(function),
        piece.get("index"),
    )


def stream_encoder() -> StreamEncoder:
    """An encoder for one stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks, as they are. The request id goes into a header instead."""

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """The one event of a chunk."""
        return [{key: value for key, value in chunk.items() if key != "opc_request_id"}]

    def end(self) -> list[dict[str, Any]]:
        """Nothing: the last chunk has said it all."""
        return []
