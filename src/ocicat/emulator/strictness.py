"""What one model takes and another does not, although the API has words for it.

Sources: OCI's pages on its models, and refusals that users of the API have reported. Of a model of
which nothing is known, nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, Final

from ocicat.dialects import content
from ocicat.dialects.content import Media
from ocicat.dialects.messages import seen_as
from ocicat.emulator.refusals import FORMAT, Refused, in_openai_style, of_parameter, refusal
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts

__all__ = ["check_model"]

#: Keywords that native GENERIC does not understand in a JSON Schema.
_NOT_NATIVE: Final = ("$ref", "anyOf", "title")
#: Keywords that Gemini does not understand.
_NOT_GOOGLE: Final = ("exclusiveMinimum", "exclusiveMaximum")
# Where a JSON Schema holds schemas: one, a list of them, or several by names that are no keywords.
_ONE: Final = ("items", "additionalProperties", "not", "contains", "propertyNames")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED: Final = ("properties", "patternProperties", "$defs", "definitions")


def check_model(request: ChatRequest, facts: ModelFacts, *, native: bool) -> None:
    """Refuse what the model does not take. Raises :class:`~.refusals.Refused`."""
    _check_length_parameter(request, facts, native=native)
    if facts.known:
        _check_media(request, facts, native=native)
        _check_tools(request, facts, native=native)
    _check_schemas(request, facts, native=native)
    if native:
        _check_empty_texts(request)
    if facts.vendor == "google":
        _check_every_call_has_its_result(request, native=native)


def _refused(message: str, reason: str, parameter: str, *, native: bool) -> Refused:
    """A refusal in the words of the surface: the native API has one sentence for everything."""
    if native:
        return refusal(400, FORMAT, reason)
    return in_openai_style(400, message, reason, param=parameter, code="invalid_value")


def _check_length_parameter(request: ChatRequest, facts: ModelFacts, *, native: bool) -> None:
    if facts.length_parameter == "max_completion_tokens" and request.get("max_tokens") is not None:
        raise of_parameter(
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            f"{facts.id} takes the limit of length as "
            f"{'maxCompletionTokens' if native else 'max_completion_tokens'} only",
            # Errors of the model's vendor come as JSON text within OCI's own body.
            shape="nested" if native else "openai",
        )


def _check_media(request: ChatRequest, facts: ModelFacts, *, native: bool) -> None:
    for index, message in enumerate(request["messages"]):
        for part in content.read(message.get("content"), "content"):
            if isinstance(part, Media) and part.kind not in seen_as(facts):
                raise _refused(
                    f"The model {facts.id} does not support {part.kind} input.",
                    f"messages[{index}]: {part.kind}, which {facts.id} does not take; it takes "
                    f"{', '.join(facts.input_modalities)}",
                    f"messages[{index}].content",
                    native=native,
                )


def _check_tools(request: ChatRequest, facts: ModelFacts, *, native: bool) -> None:
    if not request.get("tools"):
        return
    if not facts.tools:
        message = f"The model {facts.id} does not support tools."
        raise _refused(message, f"tools: {facts.id} uses none", "tools", native=native)
    begins = request["messages"][0].get("role")
    if not native and not facts.tools_after_system and begins in ("system", "developer"):
        raise _refused(
            f"The model {facts.id} does not support tools after a system message.",
            f"tools: on this surface {facts.id} takes none where the first message is a system "
            "message; the native API does",
            "tools",
            native=native,
        )


def _check_schemas(request: ChatRequest, facts: ModelFacts, *, native: bool) -> None:
    if facts.full_schemas:
        return
    refused: tuple[str, ...] = _NOT_NATIVE if native and facts.api_format == "GENERIC" else ()
    if facts.vendor == "google":
        refused += _NOT_GOOGLE
    for where, schema in _schemas(request):
        for keyword in refused:
            if keyword in set(_keywords(schema)):
                raise _refused(
                    f"Invalid JSON payload received. Unknown name \"{keyword}\" at '{where}': "
                    "Cannot find field.",
                    f"{where}: {facts.id} does not understand {keyword} in a JSON Schema",
                    where,
                    native=native,
                )


def _schemas(request: ChatRequest) -> Iterator[tuple[str, Any]]:
    """The JSON Schemas of a request, and where they are."""
    for index, tool in enumerate(request.get("tools") or []):
        yield f"tools[{index}]", (tool.get("function") or {}).get("parameters")
    format = request.get("response_format")
    if isinstance(format, Mapping):
        yield "response_format", (format.get("json_schema") or {}).get("schema")


def _keywords(schema: Any) -> Iterator[str]:
    """The keywords in a JSON Schema at any depth. Names of properties are none."""
    if not isinstance(schema, Mapping):
        return
    yield from schema
    for keyword in _ONE:
        yield from _keywords(schema.get(keyword))
    for keyword in _LISTS:
        for each in schema.get(keyword) or ():
            yield from _keywords(each)
    for keyword in _NAMED:
        for each in (schema.get(keyword) or {}).values():
            yield from _keywords(each)


def _check_empty_texts(request: ChatRequest) -> None:
    """The native API refuses messages that say nothing; what a tool gives may be empty."""
    # Over COHERE the last message may be empty, beside the results of tools.
    for index, message in enumerate(request["messages"][:-1]):
        said = message.get("content")
        parts = content.read(said, "content")
        says_nothing = not parts or content.texts_of(parts) == [""]
        if message.get("role") != "tool" and not message.get("tool_calls") and says_nothing:
            raise refusal(400, FORMAT, f"messages[{index}]: a message of the history is empty")


def _check_every_call_has_its_result(request: ChatRequest, *, native: bool) -> None:
    messages = request["messages"]
    for index, message in enumerate(messages):
        calls = len(message.get("tool_calls") or ())
        after = takewhile(lambda each: each.get("role") == "tool", messages[index + 1 :])
        results = sum(1 for _ in after)
        if calls and calls != results:
            text = (
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
            reason = f"messages[{index}]: {calls} tool calls are followed by {results} results"
            if native:
                raise refusal(400, text, reason)
            raise in_openai_style(400, text, reason, param="messages", code="invalid_value")
