"""The strict schema of ``generateContent`` below ``/google``: the part of it that chats need.

Texts and media, functions, JSON and thoughts. What is not listed here is refused. Sources: Google's
API reference for ``v1beta``, and what the ``google-genai`` SDK sends.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.reading import Integer, Violation, read

__all__ = ["GenerateContentRequest", "check_generate_content"]


class Shape(
    msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename="camel"
):
    """An object with camelCase names and no others than those listed."""


class Blob(Shape):
    """Something to look at or listen to; ``data`` is base64."""

    mime_type: str
    data: str
    display_name: str | None = None


class FunctionCall(Shape):
    """A call of a function."""

    name: str
    args: dict[str, Any] | None = None
    id: str | None = None


class FunctionResponse(Shape):
    """What a function gave."""

    name: str
    response: dict[str, Any]
    id: str | None = None


class Part(Shape):
    """A piece of a turn."""

    text: str | None = None
    inline_data: Blob | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    thought: bool | None = None
    thought_signature: str | None = None

    def __post_init__(self) -> None:
        said = (self.text, self.inline_data, self.function_call, self.function_response)
        if sum(each is not None for each in said) != 1:
            raise ValueError("a part is exactly one of text, inlineData, functionCall and so on")


class Content(Shape):
    """A turn."""

    parts: Annotated[list[Part], Meta(min_length=1)]
    role: Literal["user", "model"] | None = None


class FunctionDeclaration(Shape):
    """A function that may be called. ``parameters`` is a schema of Google's."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.:-]{0,63}\Z")]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    parameters_json_schema: dict[str, Any] | None = None
    response_json_schema: dict[str, Any] | None = None


class Tool(Shape):
    """Functions."""

    function_declarations: list[FunctionDeclaration]


class FunctionCallingConfig(Shape):
    """Whether functions are to be called, and which."""

    mode: Literal["AUTO", "ANY", "NONE", "VALIDATED"] | None = None
    allowed_function_names: list[str] | None = None


class ToolConfig(Shape):
    """How tools are used."""

    function_calling_config: FunctionCallingConfig | None = None


class ThinkingConfig(Shape):
    """Whether to think, and whether to tell."""

    include_thoughts: bool | None = None
    thinking_budget: Integer | None = None


class GenerationConfig(Shape):
    """How to answer."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: float | None = None
    candidate_count: Annotated[int, Meta(ge=1, le=8)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1, le=2**31)] | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=5)] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: Integer | None = None
    response_mime_type: Literal["text/plain", "application/json"] | None = None
    response_schema: dict[str, Any] | None = None
    response_json_schema: dict[str, Any] | None = None
    thinking_config: ThinkingConfig | None = None


class GenerateContentRequest(Shape):
    """The whole body."""

    contents: Annotated[list[Content], Meta(min_length=1)]
    system_instruction: Content | None = None
    tools: list[Tool] | None = None
    tool_config: ToolConfig | None = None
    safety_settings: list[dict[str, Any]] | None = None
    generation_config: GenerationConfig | None = None


_DECODER: Final = msgspec.json.Decoder(GenerateContentRequest)
#: What holds names of the caller's own.
_OPEN: Final = frozenset(
    {
        *("args", "response", "parameters", "parametersJsonSchema", "responseSchema"),
        "responseJsonSchema",
    }
)


def check_generate_content(raw: bytes) -> dict[str, Any]:
    """The body as plain values, its names in camelCase. Raises :class:`~.reading.SchemaRefused`.

    Google reads its names in either case, and its SDK mixes the two.
    """
    try:
        raw = msgspec.json.encode(_in_camel_case(msgspec.json.decode(raw)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # the schema says what is wrong
    return read(_DECODER, raw, _error_body)


def _in_camel_case(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_camel_case(each) for each in value]
    if not isinstance(value, dict):
        return value
    renamed = {}
    for name, each in value.items():
        first, *others = name.split("_")
        camel = first + "".join(map(str.title, others))
        renamed[camel] = each if camel in _OPEN else _in_camel_case(each)
    return renamed


def _error_body(violation: Violation) -> dict[str, Any]:
    return {"message": f"Invalid JSON payload received. {violation}"}
