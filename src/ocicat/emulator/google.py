"""Chats in the words of Google's Gemini API, as OCI takes them below ``/google``.

Sources: Google's API reference for ``v1beta``, what the ``google-genai`` SDK sends and reads, and
the base URL and the stripped API keys of Oracle's ``oci-genai-auth``. Whether OCI wants a
compartment in a header is not documented, so none is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from ocicat.dialects.dialect import Dialect
from ocicat.emulator.call import Call
from ocicat.emulator.chats import Chat
from ocicat.emulator.inference import check_compartment
from ocicat.emulator.refusals import Refused, refusal
from ocicat.emulator.schema.google import check_generate_content
from ocicat.emulator.schema.reading import SchemaRefused
from ocicat.emulator.strictness import check_model
from ocicat.emulator.tenancy import Served, Tenancy
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest, Usage

__all__ = ["GENERATE_CONTENT", "read_google"]

#: The path of both operations: the model, and which of the two.
GENERATE_CONTENT: Final = re.compile(
    r"/google/v1(?:beta)?/models/(?P<model>[^/:]+):(?P<verb>generateContent|streamGenerateContent)"
)
_STATUSES: Final = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}
_FINISH_REASONS: Final = {"length": "MAX_TOKENS", "content_filter": "SAFETY"}
_KINDS: Final = {"image": "image_url", "audio": "audio_url", "video": "video_url"}

# --- the request --------------------------------------------------------------------------------

#: The names of Google's parameters that have a neutral one of the same meaning.
_PARAMETERS: Final = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "candidateCount": "n",
    "maxOutputTokens": "max_tokens",
    "stopSequences": "stop",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "seed": "seed",
}


@dataclass(frozen=True, slots=True)
class GoogleChat(Chat):
    """A chat that came in Google's words; its stream ends without a ``[DONE]``."""

    @property
    def sends_done(self) -> bool:
        """Never."""
        return False


def read_google(call: Call, tenancy: Tenancy) -> Chat:
    """The chat of ``POST /google/v1beta/models/{model}:generateContent``, or of its stream.

    Raises :class:`Refused`, with an error body in Google's form.
    """
    try:
        return _read(call, tenancy)
    except Refused as refused:
        said = refused.body.get("error") or refused.body
        error = {
            "code": refused.status,
            "message": said["message"],
            "status": _STATUSES.get(refused.status, "UNKNOWN"),
        }
        raise Refused(refused.status, {"error": error}, refused.reason) from None


def _read(call: Call, tenancy: Tenancy) -> Chat:
    path = GENERATE_CONTENT.fullmatch(call.path)
    assert path is not None, "this is where such paths lead"
    streams = path["verb"] == "streamGenerateContent"
    _check_query(call, streams=streams)
    for header in ("opc-compartment-id", "compartmentid"):
        if compartment := call.headers.get(header):
            check_compartment(compartment, f"the header {header}", tenancy)
    try:
        body = check_generate_content(call.body)
    except SchemaRefused as refused:
        raise Refused(refused.status, refused.body, refused.reason) from None
    served = _find(path["model"], tenancy)
    request = _neutral(body, served.id, streams=streams)
    check_model(request, served.facts, native=False)
    return GoogleChat(request, served, cast("Dialect", _Google()))


def _check_query(call: Call, *, streams: bool) -> None:
    wanted = [("alt", "sse")] if streams else []
    if call.query != wanted:
        raise refusal(
            400,
            "Invalid query parameters.",
            f"the query is {call.query}, and should be {wanted}: streams are served as events "
            "only, and a signed request brings no API key",
        )


def _find(model: str, tenancy: Tenancy) -> Served:
    try:
        served = tenancy.on_demand(model)
    except LookupError as absent:
        message = f"models/{model} is not found for API version v1beta"
        raise refusal(404, message, str(absent.args[0])) from None
    if served.facts.vendor != "google":
        message = f"models/{model} is not supported for generateContent"
        raise refusal(400, message, f"{model} is not one of Google's models")
    return served


def _neutral(body: dict[str, Any], model: str, *, streams: bool) -> ChatRequest:
    config = body.get("generationConfig") or {}
    request: dict[str, Any] = {"model": model, "messages": list(_messages(body))}
    request |= {_PARAMETERS[name]: config[name] for name in config if name in _PARAMETERS}
    if tools := [
        _function(each) for tool in body.get("tools") or () for each in tool["functionDeclarations"]
    ]:
        request["tools"] = tools
        request["tool_choice"] = _choice(body)
    if config.get("responseMimeType") == "application/json":
        schema = config.get("responseJsonSchema") or _json_schema(config.get("responseSchema"))
        request["response_format"] = (
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
            if schema
            else {"type": "json_object"}
        )
    if thinking := config.get("thinkingConfig"):
        wanted = thinking.get("includeThoughts") and thinking.get("thinkingBudget") != 0
        request["thinking"] = {"type": "enabled" if wanted else "disabled"}
    if streams:
        request |= {"stream": True, "stream_options": {"include_usage": True}}
    return cast("ChatRequest", request)


def _messages(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if system := body.get("systemInstruction"):
        yield {"role": "system", "content": list(_seen(system["parts"]))}
    open_calls: list[tuple[str, str]] = []
    made = 0
    for turn in body["contents"]:
        parts = turn["parts"]
        results = [part["functionResponse"] for part in parts if "functionResponse" in part]
        for result in results:
            yield {
                "role": "tool",
                "tool_call_id": _answered(result, open_calls),
                "content": msgspec.json.encode(result["response"]).decode(),
            }
        calls = []
        for part in parts:
            if "functionCall" in part:
                call = part["functionCall"]
                id = call.get("id") or f"call_{made}"
                made += 1
                open_calls.append((call["name"], id))
                arguments = msgspec.json.encode(call.get("args") or {}).decode()
                function = {"name": call["name"], "arguments": arguments}
                calls.append({"id": id, "type": "function", "function": function})
        content = list(_seen(parts))
        if content or calls:
            role = "assistant" if turn.get("role") == "model" else "user"
            called = {"tool_calls": calls} if calls else {}
            yield {"role": role, "content": content or None, **called}


def _answered(result: dict[str, Any], open_calls: list[tuple[str, str]]) -> str:
    """The id of the call that a result is of: the first open one of that name, or its own id."""
    for index, (name, id) in enumerate(open_calls):
        if result.get("id", id) == id and name == result["name"]:
            del open_calls[index]
            return id
    raise refusal(400, "Function response without its call.", f"{result['name']} was not called")


def _seen(parts: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What is said and shown. Thoughts that come back are no part of it."""
    for part in parts:
        if part.get("thought"):
            continue
        if "text" in part:
            yield {"type": "text", "text": part["text"]}
        elif blob := part.get("inlineData"):
            # Google takes both alphabets of base64.
            data = blob["data"].replace("-", "+").replace("_", "/")
            url = f"data:{blob['mimeType']};base64,{data}"
            kind = _KINDS.get(blob["mimeType"].partition("/")[0])
            if kind is None:
                yield {"type": "file", "file": {"file_data": url}}
            else:
                yield {"type": kind, kind: {"url": url}}


def _function(declared: dict[str, Any]) -> dict[str, Any]:
    schema = declared.get("parametersJsonSchema") or _json_schema(declared.get("parameters"))
    function = {
        "name": declared["name"],
        "description": declared.get("description", ""),
        "parameters": schema or {"type": "object", "properties": {}},
    }
    return {"type": "function", "function": function}


def _choice(body: dict[str, Any]) -> Any:
    config = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    allowed = config.get("allowedFunctionNames") or []
    match config.get("mode"):
        case "ANY" if len(allowed) == 1:
            return {"type": "function", "function": {"name": allowed[0]}}
        case "ANY":
            return "required"
        case "NONE":
            return "none"
    return "auto"


def _json_schema(schema: Any) -> Any:
    """JSON Schema for a schema of Google's, whose types are in capitals."""
    if isinstance(schema, list):
        return [_json_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _json_schema(value) for name, value in schema.items()}
    if isinstance(kept.get("type"), str):
        kept["type"] = kept["type"].lower()
    return kept


# --- the answer ---------------------------------------------------------------------------------


class _Google:
    """The answering half of a dialect, which is all that an emulator needs."""

    PARAMETERS: Final[dict[str, Any]] = {}

    def encode_reply(self, reply: ChatReply) -> dict[str, Any]:
        """The body of a whole answer."""
        return _response(
            reply,
            [
                _candidate(choice["index"], choice["message"], choice["finish_reason"])
                for choice in reply["choices"]
            ],
            reply["usage"],
        )

    def stream_encoder(self) -> _Stream:
        """An encoder for one stream."""
        return _Stream()


class _Stream:
    """Holds the end of an answer back until the count of tokens is there, to send both as one."""

    def __init__(self) -> None:
        self._last: ChatChunk | None = None

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """Event payloads for one chunk."""
        choices = chunk["choices"]
        if any(choice.get("finish_reason") for choice in choices):
            before = self._last["choices"] if self._last else []
            self._last = {**chunk, "choices": [*before, *choices]}
            return []
        if not choices:
            last, self._last = self._last or chunk, None
            return [_event(last, chunk.get("usage"))]
        return [_event(chunk)] if _parts(choices[0]["delta"]) else []

    def end(self) -> list[dict[str, Any]]:
        """The end of an answer whose tokens nobody counted."""
        return [_event(self._last)] if self._last else []


def _event(chunk: ChatChunk, usage: Usage | None = None) -> dict[str, Any]:
    candidates = [
        _candidate(choice["index"], choice["delta"], choice.get("finish_reason"))
        for choice in chunk["choices"]
    ]
    return _response(chunk, candidates, usage)


def _response(
    said: ChatReply | ChatChunk, candidates: list[dict[str, Any]], usage: Usage | None
) -> dict[str, Any]:
    response: dict[str, Any] = {
        "candidates": candidates,
        "modelVersion": said["model"],
        "responseId": said["id"],
    }
    if usage is not None:
        thoughts = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
        response["usageMetadata"] = {
            "promptTokenCount": usage["prompt_tokens"],
            "candidatesTokenCount": usage["completion_tokens"] - thoughts,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": usage["total_tokens"],
        }
    return response


def _candidate(index: int, message: Any, reason: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {
        "content": {"role": "model", "parts": _parts(message)},
        "index": index,
    }
    if reason:
        candidate["finishReason"] = _FINISH_REASONS.get(reason, "STOP")
    return candidate


def _parts(message: Any) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if thought := message.get("reasoning_content"):
        parts.append({"text": thought, "thought": True})
    if text := message.get("content"):
        parts.append({"text": text})
    for call in message.get("tool_calls") or ():
        function = call["function"]
        arguments = msgspec.json.decode(function["arguments"] or "{}")
        parts.append({"functionCall": {"name": function["name"], "args": arguments}})
    return parts
