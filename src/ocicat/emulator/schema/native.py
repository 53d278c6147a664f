"""The strict schema of ``POST /20231130/actions/chat``: ChatDetails and all that is in it.

Names and nesting are those of the API, so each struct bears the name of its model in the ``oci``
SDK. It knows nothing of models or of what the emulator can answer: a request may be right here and
still be more than the emulator has an answer for.

Sources: the models of ``oci.generative_ai_inference`` (fields, types, enumerations, what is
required) and OCI's API reference for the 2023-11-30 inference API (ranges). OCI refuses unknown
fields. An explicit null for an optional field counts as absent.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.reading import Integer, read
from ocicat.emulator.schema.refusing import error_body

__all__ = ["ChatDetails", "check_chat_details"]

AnyObject = dict[str, Any]

PositiveInteger = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Probability = Annotated[float, Meta(ge=0, le=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]

Detail = Literal["AUTO", "HIGH", "LOW"]
SafetyMode = Literal["CONTEXTUAL", "STRICT", "OFF"]


class Shape(
    msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename="camel"
):
    """An object with camelCase names and no others than those listed."""


# Where the request goes


class OnDemandServingMode(Shape, tag_field="servingType", tag="ON_DEMAND"):
    """``modelId`` is a model name or a model OCID."""

    model_id: str


class DedicatedServingMode(Shape, tag_field="servingType", tag="DEDICATED"):
    """``endpointId`` is the OCID of an endpoint on a dedicated AI cluster."""

    endpoint_id: str


ServingMode = OnDemandServingMode | DedicatedServingMode


class StreamOptions(Shape):
    """What a stream carries beside the answer."""

    is_include_usage: bool | None = None


# GENERIC: content


class TextContent(Shape, tag_field="type", tag="TEXT"):
    """A text."""

    text: str | None = None


class ImageUrl(Shape):
    """``url`` is a data URI, or ``data:<type>;uri,<uri>``."""

    url: str
    detail: Detail | None = None


class ImageContent(Shape, tag_field="type", tag="IMAGE"):
    """An image."""

    image_url: ImageUrl | None = None


class DocumentUrl(Shape):
    """``url`` is a data URI, or ``data:<type>;uri,<uri>``."""

    url: str
    detail: Detail | None = None


class DocumentContent(Shape, tag_field="type", tag="DOCUMENT"):
    """A document, such as a PDF."""

    document_url: DocumentUrl | None = None


class AudioUrl(Shape):
    """``url`` is a data URI, or ``data:<type>;uri,<uri>``."""

    url: str
    detail: Detail | None = None


class AudioContent(Shape, tag_field="type", tag="AUDIO"):
    """A sound."""

    audio_url: AudioUrl | None = None


class VideoUrl(Shape):
    """``url`` is a data URI, or ``data:<type>;uri,<uri>``."""

    url: str
    detail: Detail | None = None


class VideoContent(Shape, tag_field="type", tag="VIDEO"):
    """A video."""

    video_url: VideoUrl | None = None


ChatContent = TextContent | ImageContent | DocumentContent | AudioContent | VideoContent


# GENERIC: messages


class UrlCitation(Shape):
    """A web page that an answer cites."""

    start_index: Integer | None = None
    end_index: Integer | None = None
    title: str | None = None
    url: str | None = None


class Annotation(Shape):
    """A remark on an answer."""

    type: str | None = None
    url_citation: UrlCitation | None = None


class FunctionCall(Shape):
    """A call that the model asked for. ``arguments`` is JSON text."""

    type: Literal["FUNCTION"]
    id: str
    name: str | None = None
    arguments: str | None = None


class SystemMessage(Shape, tag_field="role", tag="SYSTEM"):
    """Instructions."""

    content: list[ChatContent] | None = None
    name: str | None = None


class DeveloperMessage(Shape, tag_field="role", tag="DEVELOPER"):
    """Instructions to a reasoning model."""

    content: list[ChatContent] | None = None
    name: str | None = None


class UserMessage(Shape, tag_field="role", tag="USER"):
    """The user's turn."""

    content: list[ChatContent] | None = None
    name: str | None = None


class AssistantMessage(Shape, tag_field="role", tag="ASSISTANT"):
    """The model's turn."""

    content: list[ChatContent] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[FunctionCall] | None = None
    annotations: list[Annotation] | None = None
    reasoning_content: str | None = None


class ToolMessage(Shape, tag_field="role", tag="TOOL"):
    """What a tool gave."""

    content: list[ChatContent] | None = None
    tool_call_id: str | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


# GENERIC: options


class FunctionDefinition(Shape):
    """A tool. ``parameters`` is a JSON Schema."""

    type: Literal["FUNCTION"]
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")] | None = None
    description: str | None = None
    parameters: AnyObject | None = None


class ToolChoiceNone(Shape, tag_field="type", tag="NONE"):
    """No tool."""


class ToolChoiceAuto(Shape, tag_field="type", tag="AUTO"):
    """A tool or none, as the model sees fit."""


class ToolChoiceRequired(Shape, tag_field="type", tag="REQUIRED"):
    """Some tool."""


class ToolChoiceFunction(Shape, tag_field="type", tag="FUNCTION"):
    """This tool."""

    name: str | None = None


ToolChoice = ToolChoiceNone | ToolChoiceAuto | ToolChoiceRequired | ToolChoiceFunction


class ResponseJsonSchema(Shape):
    """The schema that the answer must follow."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+\Z")]
    description: str | None = None
    schema: AnyObject | None = None
    is_strict: bool | None = None


class TextResponseFormat(Shape, tag_field="type", tag="TEXT"):
    """Any text."""


class JsonObjectResponseFormat(Shape, tag_field="type", tag="JSON_OBJECT"):
    """Some JSON object."""


class JsonSchemaResponseFormat(Shape, tag_field="type", tag="JSON_SCHEMA"):
    """JSON that follows a schema."""

    json_schema: ResponseJsonSchema | None = None


ResponseFormat = TextResponseFormat | JsonObjectResponseFormat | JsonSchemaResponseFormat


class PredictedText(Shape):
    """A text within a prediction."""

    type: Literal["TEXT"]
    text: str | None = None


class StaticContent(Shape):
    """Text that most of the answer is expected to repeat."""

    type: Literal["CONTENT"]
    content: list[PredictedText] | None = None


class ApproximateLocation(Shape):
    """Where the user is. ``country`` has two letters, ``timezone`` is an IANA name."""

    city: str | None = None
    region: str | None = None
    country: str | None = None
    timezone: str | None = None


class WebSearchOptions(Shape):
    """How the model searches the web."""

    search_context_size: Literal["HIGH", "MEDIUM", "LOW"] | None = None
    user_location: ApproximateLocation | None = None


class GenericChatRequest(Shape, tag_field="apiFormat", tag="GENERIC"):
    """The request of every family but Cohere."""

    messages: Annotated[list[Message], Meta(min_length=1)]
    reasoning_effort: Literal["NONE", "MINIMAL", "LOW", "MEDIUM", "HIGH"] | None = None
    verbosity: Literal["LOW", "MEDIUM", "HIGH"] | None = None
    metadata: (
        Annotated[
            dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
            Meta(max_length=16),
        ]
        | None
    ) = None
    is_stream: bool | None = None
    stream_options: StreamOptions | None = None
    num_generations: Annotated[int, Meta(ge=1, le=5)] | None = None
    seed: Integer | None = None
    is_echo: bool | None = None
    top_k: Annotated[int, Meta(ge=-1, le=2**63 - 1)] | None = None
    top_p: Probability | None = None
    # The upper end differs from model to model, so it is no part of the schema.
    temperature: Annotated[float, Meta(ge=0)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    stop: list[str] | None = None
    log_probs: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    max_tokens: PositiveInteger | None = None
    max_completion_tokens: PositiveInteger | None = None
    logit_bias: dict[str, float] | None = None
    prediction: StaticContent | None = None
    response_format: ResponseFormat | None = None
    tool_choice: ToolChoice | None = None
    is_parallel_tool_calls: bool | None = None
    tools: Annotated[list[FunctionDefinition], Meta(max_length=128)] | None = None
    web_search_options: WebSearchOptions | None = None
    service_tier: Literal["AUTO", "DEFAULT", "PRIORITY"] | None = None


# COHERE


class CohereParameterDefinition(Shape):
    """A parameter of a tool. ``type`` is the name of a Python type, such as ``List[int]``."""

    type: str
    description: str | None = None
    is_required: bool | None = None


class CohereTool(Shape):
    """A tool."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z")]
    description: str
    parameter_definitions: dict[str, CohereParameterDefinition] | None = None


class CohereToolCall(Shape):
    """A call that the model asked for."""

    name: str
    parameters: AnyObject


class CohereToolResult(Shape):
    """What a tool gave, with the call that it answers."""

    call: CohereToolCall
    outputs: list[AnyObject]


class CohereUserMessage(Shape, tag_field="role", tag="USER"):
    """The user's turn."""

    message: str


class CohereSystemMessage(Shape, tag_field="role", tag="SYSTEM"):
    """Instructions."""

    message: str


class CohereChatBotMessage(Shape, tag_field="role", tag="CHATBOT"):
    """The model's turn."""

    message: str | None = None
    tool_calls: list[CohereToolCall] | None = None


class CohereToolMessage(Shape, tag_field="role", tag="TOOL"):
    """What tools gave."""

    tool_results: list[CohereToolResult]


CohereMessage = CohereUserMessage | CohereSystemMessage | CohereChatBotMessage | CohereToolMessage


class CohereResponseTextFormat(Shape, tag_field="type", tag="TEXT"):
    """Any text."""


class CohereResponseJsonFormat(Shape, tag_field="type", tag="JSON_OBJECT"):
    """JSON, following ``schema`` if there is one."""

    schema: AnyObject | None = None


CohereResponseFormat = CohereResponseTextFormat | CohereResponseJsonFormat


class CohereChatRequest(Shape, tag_field="apiFormat", tag="COHERE"):
    """The request of Cohere's Command R family."""

    message: str
    chat_history: list[CohereMessage] | None = None
    documents: list[dict[str, str]] | None = None
    response_format: CohereResponseFormat | None = None
    is_search_queries_only: bool | None = None
    preamble_override: str | None = None
    is_stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: PositiveInteger | None = None
    max_input_tokens: Integer | None = None
    temperature: Probability | None = None
    top_k: Annotated[int, Meta(ge=0, le=500)] | None = None
    top_p: Probability | None = None
    prompt_truncation: Literal["OFF", "AUTO_PRESERVE_ORDER"] | None = None
    frequency_penalty: Probability | None = None
    presence_penalty: Probability | None = None
    seed: Integer | None = None
    is_echo: bool | None = None
    tools: list[CohereTool] | None = None
    tool_results: list[CohereToolResult] | None = None
    is_force_single_step: bool | None = None
    stop_sequences: list[str] | None = None
    is_raw_prompting: bool | None = None
    citation_quality: Literal["ACCURATE", "FAST"] | None = None
    safety_mode: SafetyMode | None = None


# COHEREV2


class CohereTextContentV2(Shape, tag_field="type", tag="TEXT"):
    """A text."""

    text: str | None = None


class CohereImageUrlV2(Shape):
    """``url`` is a data URI."""

    url: str
    detail: Detail | None = None


class CohereImageContentV2(Shape, tag_field="type", tag="IMAGE_URL"):
    """An image."""

    image_url: CohereImageUrlV2 | None = None


class CohereDocumentContentV2(Shape, tag_field="type", tag="DOCUMENT"):
    """A document, with keys of the caller's choice."""

    document: AnyObject | None = None


class CohereThinkingContentV2(Shape, tag_field="type", tag="THINKING"):
    """What the model thought."""

    thinking: str | None = None


CohereContentV2 = (
    CohereTextContentV2 | CohereImageContentV2 | CohereDocumentContentV2 | CohereThinkingContentV2
)


class CohereFunctionCallV2(Shape):
    """The function of a call. ``arguments`` is JSON text."""

    name: str | None = None
    arguments: str | None = None


class CohereToolCallV2(Shape):
    """A call that the model asked for."""

    id: str | None = None
    type: Literal["FUNCTION"] | None = None
    function: CohereFunctionCallV2 | None = None


class CohereCitationToolV2(Shape):
    """A tool's output that is cited."""

    id: str | None = None
    tool_output: AnyObject | None = None


class CohereCitationDocument(Shape):
    """A document that is cited."""

    id: str | None = None
    document: AnyObject | None = None


class CohereCitationSourceV2(Shape):
    """Where a citation comes from."""

    type: Literal["TOOL", "DOCUMENT"]
    tool: CohereCitationToolV2 | None = None
    document: CohereCitationDocument | None = None


class CohereCitationV2(Shape):
    """A stretch of an answer and its sources."""

    start: Integer | None = None
    end: Integer | None = None
    text: str | None = None
    content_index: Integer | None = None
    type: Literal["TEXT_CONTENT", "THINKING_CONTENT", "PLAN"] | None = None
    sources: list[CohereCitationSourceV2] | None = None


class CohereUserMessageV2(Shape, tag_field="role", tag="USER"):
    """The user's turn."""

    content: list[CohereContentV2]


class CohereSystemMessageV2(Shape, tag_field="role", tag="SYSTEM"):
    """Instructions."""

    content: list[CohereContentV2]


class CohereAssistantMessageV2(Shape, tag_field="role", tag="ASSISTANT"):
    """The model's turn."""

    content: list[CohereContentV2]
    tool_plan: str | None = None
    tool_calls: list[CohereToolCallV2] | None = None
    citations: list[CohereCitationV2] | None = None


class CohereToolMessageV2(Shape, tag_field="role", tag="TOOL"):
    """What a tool gave."""

    content: list[CohereContentV2]
    tool_call_id: str


CohereMessageV2 = (
    CohereUserMessageV2 | CohereSystemMessageV2 | CohereAssistantMessageV2 | CohereToolMessageV2
)


class Function(Shape):
    """The function of a tool. ``parameters`` is a JSON Schema."""

    name: str
    parameters: AnyObject
    description: str | None = None


class CohereToolV2(Shape):
    """A tool."""

    type: Literal["FUNCTION"]
    function: Function


class CitationOptionsV2(Shape):
    """How the model cites."""

    mode: Literal["FAST", "ACCURATE", "OFF"] | None = None


class CohereThinkingV2(Shape):
    """Whether and how much the model may think."""

    type: Literal["ENABLED", "DISABLED"]
    token_budget: PositiveInteger | None = None


class CohereChatRequestV2(Shape, tag_field="apiFormat", tag="COHEREV2"):
    """The request of Cohere's Command A family."""

    messages: list[CohereMessageV2]
    documents: list[AnyObject] | None = None
    citation_options: CitationOptionsV2 | None = None
    tools_choice: Literal["REQUIRED", "NONE"] | None = None
    tools: list[CohereToolV2] | None = None
    is_strict_tools_enabled: bool | None = None
    is_log_probs_enabled: bool | None = None
    thinking: CohereThinkingV2 | None = None
    response_format: CohereResponseFormat | None = None
    is_search_queries_only: bool | None = None
    stream_options: StreamOptions | None = None
    is_stream: bool | None = None
    max_tokens: PositiveInteger | None = None
    temperature: Probability | None = None
    top_k: Annotated[int, Meta(ge=0, le=500)] | None = None
    top_p: Probability | None = None
    frequency_penalty: Probability | None = None
    presence_penalty: Probability | None = None
    seed: Integer | None = None
    stop_sequences: list[str] | None = None
    priority: Integer | None = None
    is_raw_prompting: bool | None = None
    safety_mode: SafetyMode | None = None


# The whole


class ChatDetails(Shape):
    """The body of a chat request."""

    compartment_id: str
    serving_mode: ServingMode
    chat_request: GenericChatRequest | CohereChatRequest | CohereChatRequestV2


_DECODER: Final = msgspec.json.Decoder(ChatDetails)


def check_chat_details(raw: bytes) -> dict[str, Any]:
    """The body of a chat request as plain values, without the optional fields that are null.

    Raises :class:`~ocicat.emulator.schema.reading.SchemaRefused`, whose ``body`` is OCI's: it does
    not say what is wrong; the exception's ``reason`` does.
    """
    return read(_DECODER, raw, error_body)
