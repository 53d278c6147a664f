"""COHERE: OCI's native format for Cohere's Command models (version 1).

Conversations are told in ``cohere_history``, tools in ``cohere_tools``, documents and citations in
``cohere_citations``. Source of names, types and ranges: the ``oci`` SDK's ``CohereChatRequest``,
``CohereChatResponse`` and OCI's API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from ocicat.dialects import (
    cohere_citations,
    cohere_history,
    cohere_tools,
    faults,
    finish,
    messages,
    parameters,
    serving,
    tools,
    usage,
)
from ocicat.dialects.decoding import CallFragment, StreamState
from ocicat.dialects.dialect import Entry, Notes, Origin
from ocicat.dialects.parameters import BOOKKEEPING, Dropped, Own, Parameter, Refused
from ocicat.dialects.schemas import for_answers
from ocicat.dialects.tools import Tool, ToolChoice
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest
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

_NAME = "the native COHERE format"
_V2 = "Models of the COHEREV2 format have it, such as Cohere's reasoning and vision models."
_NO_REASONING = Dropped("Models of the COHERE format do not reason.")

PARAMETERS: Mapping[str, Entry] = {
    "temperature": Parameter("temperature", parameters.number(0, 1)),
    "top_p": Parameter("topP", parameters.number(0, 1)),
    "top_k": Parameter("topK", parameters.integer(0, 500)),
    "n": Own("Several answers are asked for one by one.", way="emulated"),
    "max_tokens": Own("Without it, the catalogue's limit is sent."),
    "max_completion_tokens": Own("The same as max_tokens."),
    "stop": Parameter("stopSequences", parameters.texts),
    "seed": Parameter("seed", parameters.integer()),
    "presence_penalty": Parameter("presencePenalty", parameters.number(0, 1)),
    "frequency_penalty": Parameter("frequencyPenalty", parameters.number(0, 1)),
    "stream_options": Parameter(
        "streamOptions",
        parameters.usage_option("isIncludeUsage"),
        back=lambda options: {"include_usage": bool(options.get("isIncludeUsage"))},
    ),
    "tools": Own("Their parameters become Python types; what these cannot say is described."),
    "tool_choice": Own("By the tools that are offered, and by the preamble.", way="emulated"),
    "parallel_tool_calls": Own("The preamble asks for one call at a time.", way="emulated"),
    "response_format": Own("A schema goes with JSON_OBJECT."),
    "documents": Parameter("documents", cohere_citations.documents),
    "citation_quality": Parameter(
        "citationQuality", parameters.choice("accurate", "fast", upper=True), back=str.lower
    ),
    "safety_mode": Parameter(
        "safetyMode", parameters.choice("contextual", "strict", "off", upper=True), back=str.lower
    ),
    "search_queries_only": Parameter("isSearchQueriesOnly", parameters.boolean),
    "force_single_step": Parameter("isForceSingleStep", parameters.boolean),
    "preamble": Own("System messages at the start are added to it."),
    "raw_prompting": Parameter("isRawPrompting", parameters.boolean),
    "prompt_truncation": Parameter(
        "promptTruncation",
        parameters.choice("off", "auto_preserve_order", upper=True),
        back=str.lower,
    ),
    "max_input_tokens": Parameter("maxInputTokens", parameters.integer(1)),
    "echo": Parameter("isEcho", parameters.boolean),
    "reasoning_effort": _NO_REASONING,
    "thinking": _NO_REASONING,
    "verbosity": Dropped("Cohere's models have no such setting; say it in a system message."),
    "prediction": Dropped("It would only make the answer come faster."),
    "service_tier": Dropped("The format has no place for it."),
    "metadata": Dropped("The format has no place for it."),
    "priority": Dropped(f"The format has no place for it. {_V2}"),
    "strict_tools": Refused("Arguments cannot be made to follow their schema.", _V2),
    "logprobs": Refused("The answer has no probabilities in it.", _V2),
    "top_logprobs": Refused("The answer has no probabilities in it.", _V2),
    "logit_bias": Refused("Cohere's models take no bias.", "Use a model of another vendor."),
    "modalities": Refused("Cohere's models answer with text.", "Leave it out."),
    "audio": Refused("Cohere's models answer with text.", "Leave it out."),
    "web_search_options": Refused(
        "Cohere's models do not search the web.",
        "Give what was found as `documents`; `search_queries_only` says what to search for.",
    ),
    "functions": Refused("OpenAI has replaced it by `tools`.", "Give `tools`."),
    "function_call": Refused("OpenAI has replaced it by `tool_choice`.", "Give `tool_choice`."),
    **BOOKKEEPING,
}

CONTENT: Mapping[str, Entry] = {
    "image": Refused("Cohere's vision models take images; they speak COHEREV2."),
    "document": Refused("Give its text as `documents`."),
    "audio": Refused("Use a model of another vendor."),
    "video": Refused("Use a model of another vendor."),
}

# What clients say by default, and what is so anyway.
_ANYWAY: Mapping[str, Any] = {
    "logprobs": False,
    "modalities": ["text"],
    "parallel_tool_calls": True,
    "reasoning_effort": "none",
    "strict_tools": False,
    "thinking": {"type": "disabled"},
    "tools": [],
}
_STRUCTURE = frozenset(
    {
        *("apiFormat", "message", "chatHistory", "toolResults", "preambleOverride"),
        *("isStream", "maxTokens", "tools", "responseFormat"),
    }
)


def encode_request(
    request: ChatRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The ``ChatDetails`` that ask ``target`` for this chat."""
    facts = target.facts
    spoken = messages.check_content(messages.turns(request), CONTENT, facts, notes, dialect=_NAME)
    conversation = cohere_history.encode(spoken, notes)
    asked = _without(request, {name for name in _ANYWAY if request.get(name) == _ANYWAY[name]})
    simple = parameters.encode(asked, PARAMETERS, facts, notes, dialect=_NAME)
    asked = _without(asked, _left_out(notes))
    _check_count(asked.get("n"))
    offered, orders = _offer(asked, notes)
    chat: dict[str, Any] = {"apiFormat": "COHERE", "message": conversation.question}
    preamble = [*_preamble(asked), *conversation.preamble, *orders]
    if preamble:
        chat["preambleOverride"] = "\n\n".join(preamble)
    if conversation.history:
        chat["chatHistory"] = conversation.history
    if conversation.results:
        chat["toolResults"] = conversation.results
    if offered:
        chat["tools"] = [cohere_tools.encode(tool) for tool in offered]
    if asked.get("response_format") is not None:
        chat["responseFormat"] = _format(asked["response_format"], notes)
    chat.update(simple)
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
    """COHERE always gives one answer and has no field to say so."""
    if count is not None and (isinstance(count, bool) or count != 1):
        raise InvalidParameter(
            f"`n` must be 1: Cohere gives one answer per call, not {count!r}.", parameter="n"
        )


def _preamble(asked: ChatRequest) -> list[str]:
    preamble = asked.get("preamble")
    if preamble is not None and not isinstance(preamble, str):
        raise InvalidParameter("`preamble` must be a text.", parameter="preamble")
    return [preamble] if preamble else []


def _offer(asked: ChatRequest, notes: Notes) -> tuple[list[Tool], list[str]]:
    """The tools to offer, and what the preamble must say of their use, for want of a field."""
    offered = [tool for tool in tools.tools(asked, notes) if _has_a_name(tool, notes)]
    if any(tool.strict for tool in offered):
        notes.add("tools", "Left out: `strict`; arguments need not follow their schema here.")
    choice = tools.choice(asked) or ToolChoice("auto")
    orders = []
    if choice.kind == "none" and offered:
        offered = []
        notes.add("tool_choice", "Done by ocicat: no tool was offered.")
    if choice.kind == "function":
        offered = [tool for tool in offered if tool.name == choice.function]
        orders.append(f"You must call the tool {choice.function} before you answer.")
        notes.add("tool_choice", "Done by ocicat: only it was offered, and must be called.")
    if choice.kind == "required":
        orders.append("You must call at least one of the tools before you answer.")
        notes.add("tool_choice", "Done by ocicat: the preamble says that one must be called.")
    if choice.kind in ("function", "required") and not offered:
        raise InvalidParameter(
            "`tool_choice` asks for a tool, and none is offered.", parameter="tool_choice"
        )
    if offered and asked.get("parallel_tool_calls") is False:
        orders.append("Never call more than one tool at a time.")
        notes.add("parallel_tool_calls", "Done by ocicat: the preamble asks for one at a time.")
    return offered, orders


def _has_a_name(tool: Tool, notes: Notes) -> bool:
    if cohere_tools.is_name(tool.name):
        return True
    notes.refuse(
        "tools",
        f"The tool {tool.name!r} has a name that Cohere's models do not take.",
        hint="Use letters, digits and _ only, and no digit first.",
    )
    return False


def _format(given: Any, notes: Notes) -> dict[str, Any]:
    """The ``CohereResponseFormat`` of a ``response_format``."""
    match given:
        case {"type": "text"}:
            return {"type": "TEXT"}
        case {"type": "json_object"}:
            return {"type": "JSON_OBJECT"}
        case {"type": "json_schema", "json_schema": {"schema": Mapping() as schema} as named}:
            if named.get("strict"):
                notes.add("response_format", "Left out: `strict`, for which there is no field.")
            schema = for_answers(schema)
            if named.get("description"):
                schema = {"description": named["description"], **schema}
            return {"type": "JSON_OBJECT", "schema": schema}
    raise InvalidParameter(
        f"`response_format` is {str(given)[:60]!r}.",
        parameter="response_format",
        hint='Give {"type": "json_schema", "json_schema": {"name": …, "schema": …}}, '
        '{"type": "json_object"} or {"type": "text"}.',
    )


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that ``ChatDetails`` with a COHERE chat request say."""
    chat = body["chatRequest"]
    request = parameters.decode(chat, PARAMETERS, known=_STRUCTURE, dialect=_NAME)
    request["model"] = serving.decode(body)
    request["messages"] = cohere_history.decode(chat)
    if chat.get("tools") is not None:
        request["tools"] = [tools.neutral(cohere_tools.decode(tool)) for tool in chat["tools"]]
    if chat.get("responseFormat") is not None:
        request["response_format"] = _neutral_format(chat["responseFormat"])
    if chat.get("maxTokens") is not None:
        request["max_tokens"] = chat["maxTokens"]
    if chat.get("isStream"):
        request["stream"] = True
    return request


def _neutral_format(wire: Mapping[str, Any]) -> dict[str, Any]:
    if wire["type"] == "TEXT":
        return {"type": "text"}
    if wire.get("schema") is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": wire["schema"]}}


_WIRE_REASONS = {"length": "MAX_TOKENS", "content_filter": "ERROR_TOXIC"}


def encode_reply(reply: ChatReply) -> dict[str, Any]:
    """The ``ChatResult`` that says this reply (its first choice: COHERE has one)."""
    choice: Mapping[str, Any] = reply["choices"][0]
    message = choice["message"]
    chat = _ending(message, choice)
    if message.get("refusal"):
        chat["errorMessage"] = message["refusal"]
    if reply.get("oci_prompt"):
        chat["prompt"] = reply["oci_prompt"]
    counts = reply.get("usage")
    if counts:
        chat["usage"] = usage.encode(counts)
    return {"modelId": reply["model"], "modelVersion": "1.0", "chatResponse": chat}


def _ending(message: Mapping[str, Any], choice: Mapping[str, Any]) -> dict[str, Any]:
    """A whole answer, as a reply has it and a stream's last event."""
    turn: dict[str, Any] = {"role": "CHATBOT", "message": message.get("content") or ""}
    wire: dict[str, Any] = {"apiFormat": "COHERE", "text": turn["message"]}
    if message.get("tool_calls"):
        wire["toolCalls"] = turn["toolCalls"] = _wire_calls(message["tool_calls"])
    wire["chatHistory"] = [turn]
    reason = choice.get("finish_reason") or "stop"
    wire["finishReason"] = choice.get("oci_finish_reason") or _WIRE_REASONS.get(reason, "COMPLETE")
    if message.get("citations"):
        wire["citations"] = cohere_citations.encode(message["citations"])
    if message.get("documents"):
        wire["documents"] = message["documents"]
    if message.get("search_queries"):
        wire["searchQueries"] = [{"text": query} for query in message["search_queries"]]
    if message.get("search_required") is not None:
        wire["isSearchRequired"] = message["search_required"]
    return wire


def _wire_calls(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": call["function"]["name"],
            "parameters": cohere_history.parameters(call["function"]["arguments"]),
        }
        for call in calls
    ]


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a ``ChatResult`` says.

    Raises :class:`~ocicat.errors.MalformedReply` where there is no chat response in it, and
    :class:`~ocicat.errors.InternalServerError` where the model reports that it failed.
    """
    chat = body.get("chatResponse")
    if not isinstance(chat, dict) or not ("text" in chat or chat.get("toolCalls")):
        raise faults.unusable_reply(body, origin, expected="chatResponse.text")
    reason, problem = str(chat.get("finishReason") or "COMPLETE"), chat.get("errorMessage")
    if _failed(reason, problem) and reason != "ERROR_TOXIC":
        raise faults.failed_answer(chat, origin)
    message: dict[str, Any] = {"role": "assistant", "content": chat.get("text") or ""}
    calls = [
        messages.ToolCall(origin.call_id(number), name, arguments)
        for number, (name, arguments) in enumerate(map(_called, chat.get("toolCalls") or ()))
    ]
    if calls:
        message["content"] = message["content"] or None
        message["tool_calls"] = messages.neutral_calls(calls)
    if problem:
        message["refusal"] = problem
    citations = cohere_citations.decode(chat.get("citations"))
    if citations:
        message["citations"] = citations
    message.update(_findings(chat, citations))
    choice: dict[str, Any] = {"index": 0, "message": message, "logprobs": None}
    finish.put(choice, reason, called=bool(calls))
    reply: ChatReply = {
        "id": origin.reply_id,
        "object": "chat.completion",
        "created": origin.received,
        "model": origin.model,
        "choices": [choice],  # type: ignore[list-item]
        "usage": usage.decode(chat.get("usage")),
        "opc_request_id": origin.opc_request_id,
    }
    if chat.get("prompt"):
        reply["oci_prompt"] = chat["prompt"]
    return reply


def _failed(reason: str, problem: Any) -> bool:
    """Whether an answer's end reports a failure."""
    return reason == "ERROR" or bool(problem and reason not in ("COMPLETE", "MAX_TOKENS"))


def _called(call: Mapping[str, Any]) -> tuple[str, str]:
    """The name and the arguments of a call."""
    return call["name"], cohere_history.arguments(call.get("parameters"))


def _findings(chat: Mapping[str, Any], citations: list[dict[str, Any]]) -> dict[str, Any]:
    """What an answer says beside its text, in a message's keys."""
    found: dict[str, Any] = {}
    documents = [_document(document) for document in chat.get("documents") or ()]
    if documents:
        found["documents"] = documents
    annotations = cohere_citations.annotations(citations, documents)
    if annotations:
        found["annotations"] = annotations
    if chat.get("searchQueries"):
        found["search_queries"] = [query["text"] for query in chat["searchQueries"]]
    if chat.get("isSearchRequired") is not None:
        found["search_required"] = chat["isSearchRequired"]
    return found


def _document(document: Any) -> Any:
    """A document; the API reference calls it a JSON string, and shows an object."""
    if not isinstance(document, str):
        return document
    try:
        return msgspec.json.decode(document)
    except (ValueError, RecursionError):
        return {"text": document}


def stream_decoder(origin: Origin, *, with_usage: bool) -> StreamDecoder:
    """A decoder for one COHERE stream."""
    return StreamDecoder(origin, with_usage)


class StreamDecoder(StreamState):
    """COHERE's deltas, and its last event, which repeats all of them."""

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        super().__init__(origin, with_usage)
        self._said_calls: list[tuple[str, str]] = []
        self._citations: list[dict[str, Any]] = []
        # What is told with the ending, wherever it came.
        self._found: dict[str, Any] = {"documents": [], "searchQueries": []}

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """Chunks for one event: a delta, the ending, token counts, or several of these."""
        if "code" in event or "error" in event:
            raise faults.broken_stream(event, self._origin, self.text)
        reason = event.get("finishReason")
        if _failed(reason or "", event.get("errorMessage")):
            raise faults.broken_stream({"finishReason": "ERROR", **event}, self._origin, self.text)
        chunks: list[ChatChunk] = []
        if not self._ended:
            delta = self._delta(event, ended=bool(reason))
            self._find(event)
            if delta or reason or event.get("prompt"):
                chunks.append(self._answer(delta, reason, event))
        return chunks + self._count(usage.decode(event.get("usage")))

    def _answer(self, delta: dict[str, Any], reason: Any, event: Mapping[str, Any]) -> ChatChunk:
        choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": None}
        self._begin(0, choice["delta"])
        choice["delta"].update(delta)
        if reason:
            choice["delta"].update(_findings(self._found, self._citations))
            finish.put(choice, str(reason), called=self._called(0))
            self._ended.add(0)
        chunk = self._chunk(choice)
        if event.get("prompt"):
            chunk["oci_prompt"] = event["prompt"]
        return chunk

    def _find(self, event: Mapping[str, Any]) -> None:
        for key in ("documents", "searchQueries"):
            _unsaid(event.get(key) or [], self._found[key])
        if event.get("isSearchRequired") is not None:
            self._found["isSearchRequired"] = event["isSearchRequired"]

    def _delta(self, event: Mapping[str, Any], *, ended: bool) -> dict[str, Any]:
        """What an event says that was not said before it."""
        delta: dict[str, Any] = {}
        text = event.get("text") or ""
        if ended:
            text = self._unsaid_text(text)
        if text:
            if not isinstance(text, str):
                raise TypeError(f"text is {text!r}")
            delta["content"] = text
            self._texts.append(text)
        calls = _unsaid([_called(call) for call in event.get("toolCalls") or ()], self._said_calls)
        if calls:
            delta["tool_calls"] = self._assemble(
                0, [CallFragment(name=name, arguments=arguments) for name, arguments in calls]
            )
        citations = _unsaid(cohere_citations.decode(event.get("citations")), self._citations)
        if citations:
            delta["citations"] = citations
        return delta

    def _unsaid_text(self, text: str) -> str:
        """What the ending's text adds to the deltas.

        It usually repeats all of them, but a short answer may come in this one event, and a last
        piece may come with it.
        """
        if text.strip() == self.text.strip():
            return ""
        return text.removeprefix(self.text)


_Item = TypeVar("_Item")


def _unsaid(items: list[_Item], said: list[_Item]) -> list[_Item]:
    """The items that have not been ``said`` yet, which they are from now on.

    One said twice at once is meant twice: a model may call a tool so.
    """
    before = list(said)
    new = []
    for item in items:
        if item in before:
            before.remove(item)
        else:
            new.append(item)
    said += new
    return new


def stream_encoder() -> StreamEncoder:
    """An encoder for one COHERE stream."""
    return StreamEncoder()


class StreamEncoder:
    """Neutral chunks as COHERE's deltas. Counts in the same chunk as the ending ride on it."""

    def __init__(self) -> None:
        # The message as far as it has come; its text in pieces, its calls by their index.
        self._message: dict[str, Any] = {}
        self._texts: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._prompt = ""

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """Events for what is said, the ending (which repeats all of it) and the token counts."""
        events: list[dict[str, Any]] = []
        self._prompt = chunk.get("oci_prompt") or self._prompt
        for choice in chunk.get("choices") or []:
            events += self._delta(choice.get("delta") or {})
            if choice.get("finish_reason"):
                events += self._end(choice)
        counts = chunk.get("usage")
        if counts:
            if events and "finishReason" in events[-1]:
                events[-1]["usage"] = usage.encode(counts)
            else:
                events.append({"apiFormat": "COHERE", "usage": usage.encode(counts)})
        return events

    def _delta(self, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        if delta.get("content"):
            self._texts.append(delta["content"])
            events.append({"apiFormat": "COHERE", "text": delta["content"]})
        for piece in delta.get("tool_calls") or ():
            call = self._calls.setdefault(
                piece.get("index", 0), {"function": {"name": "", "arguments": ""}}
            )
            for key, text in (piece.get("function") or {}).items():
                call["function"][key] += text or ""
        if delta.get("citations"):
            wire = cohere_citations.encode(delta["citations"])
            events.append({"apiFormat": "COHERE", "citations": wire})
        for key in ("citations", "documents", "search_queries"):
            if delta.get(key):
                self._message[key] = [*self._message.get(key, ()), *delta[key]]
        if delta.get("search_required") is not None:
            self._message["search_required"] = delta["search_required"]
        return events

    def _end(self, choice: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The calls, which go whole, and the ending."""
        calls = [self._calls[index] for index in sorted(self._calls)]
        self._message.update(content="".join(self._texts), tool_calls=calls)
        ending = _ending(self._message, choice)
        if self._prompt:
            ending["prompt"] = self._prompt
        if not calls:
            return [ending]
        return [{"apiFormat": "COHERE", "toolCalls": ending["toolCalls"]}, ending]

    def end(self) -> list[dict[str, Any]]:
        """Nothing: the last chunk has said it all."""
        return []
