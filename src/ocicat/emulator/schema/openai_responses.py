"""The strict schema of ``POST …/responses`` on OCI's OpenAI-compatible surface.

It is OpenAI's own request with the tools that OCI documents (functions, file search, code
interpreter, MCP and web search) and the items that come with them. What OCI does not offer, such as
computers, shells and custom tools, is refused. An explicit null for an optional parameter counts as
absent.

Sources: OCI's documentation of the surface, OpenAI's API reference for Responses (ranges, and which
parameters exclude others), and the parameter types of the ``openai`` SDK (fields, types,
enumerations, what is required).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.openai import (
    AnyObject,
    PositiveInteger,
    PromptCacheBreakpoint,
    Shape,
    error_body,
)
from ocicat.emulator.schema.reading import read

__all__ = [
    "Item",
    "ResponseRequest",
    "check_response_request",
    "with_types",
]

Status = Literal["in_progress", "completed", "incomplete"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
#: A function's name.
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,128}\Z")]
#: A format's name.
FormatName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


# Parts of a message


class InputText(Shape, tag_field="type", tag="input_text"):
    """A text."""

    text: str
    prompt_cache_breakpoint: PromptCacheBreakpoint | None = None


class InputImage(Shape, tag_field="type", tag="input_image"):
    """An image; ``image_url`` is an address or a data URI."""

    detail: Literal["low", "high", "auto", "original"] | None = None
    file_id: str | None = None
    image_url: str | None = None
    prompt_cache_breakpoint: PromptCacheBreakpoint | None = None

    def __post_init__(self) -> None:
        if (self.file_id is None) == (self.image_url is None):
            raise ValueError("image_url: is required, or else file_id, and not both")


class InputFile(Shape, tag_field="type", tag="input_file"):
    """A file; ``file_data`` is a data URI or base64, and needs a name."""

    detail: Literal["auto", "low", "high"] | None = None
    file_data: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    filename: str | None = None
    prompt_cache_breakpoint: PromptCacheBreakpoint | None = None

    def __post_init__(self) -> None:
        if [self.file_data, self.file_id, self.file_url].count(None) != 2:
            raise ValueError("file_data: is required, or else file_id or file_url, and only one")
        if self.file_data is not None and self.filename is None:
            raise ValueError("filename: is required with file_data")


class Sound(Shape):
    """``data`` is base64."""

    data: str
    format: Literal["mp3", "wav"]


class InputAudio(Shape, tag_field="type", tag="input_audio"):
    """A sound."""

    input_audio: Sound


class FileCitation(Shape, tag_field="type", tag="file_citation"):
    """A file that the model relied on."""

    file_id: str
    filename: str
    index: int


class UrlCitation(Shape, tag_field="type", tag="url_citation"):
    """A page that the model relied on."""

    end_index: int
    start_index: int
    title: str
    url: str


class ContainerFileCitation(Shape, tag_field="type", tag="container_file_citation"):
    """A file that the model made."""

    container_id: str
    end_index: int
    file_id: str
    filename: str
    start_index: int


class FilePath(Shape, tag_field="type", tag="file_path"):
    """Where a file is."""

    file_id: str
    index: int


class TopLogprob(Shape):
    """One of the likeliest tokens at a place."""

    token: str
    bytes: list[int]
    logprob: float


class Logprob(Shape):
    """A token, and what might have stood in its place."""

    token: str
    bytes: list[int]
    logprob: float
    top_logprobs: list[TopLogprob]


class OutputText(Shape, tag_field="type", tag="output_text"):
    """A text of the model's."""

    annotations: list[FileCitation | UrlCitation | ContainerFileCitation | FilePath]
    text: str
    logprobs: list[Logprob] | None = None


class Refusal(Shape, tag_field="type", tag="refusal"):
    """A model's refusal to answer."""

    refusal: str


# Items: words and thoughts


class Message(Shape, tag_field="type", tag="message"):
    """A turn. Only the assistant's has an ``id`` and a ``phase``, and consists of output."""

    role: Literal["user", "system", "developer", "assistant"]
    content: str | list[InputText | InputImage | InputFile | InputAudio | OutputText | Refusal]
    id: str | None = None
    status: Status | None = None
    phase: Literal["commentary", "final_answer"] | None = None

    def __post_init__(self) -> None:
        by_model = self.role == "assistant"
        if isinstance(self.content, str):
            pass
        elif not all(isinstance(part, (OutputText, Refusal)) == by_model for part in self.content):
            kinds = "output_text and refusal" if by_model else "input_text and other input"
            raise ValueError(f"content: holds only {kinds} where the role is {self.role}")
        if not by_model and self.id is not None:
            raise ValueError("id: is only allowed where the role is assistant")
        if not by_model and self.phase is not None:
            raise ValueError("phase: is only allowed where the role is assistant")


class SummaryText(Shape, tag_field="type", tag="summary_text"):
    """A summary of thoughts."""

    text: str


class ReasoningText(Shape, tag_field="type", tag="reasoning_text"):
    """Thoughts."""

    text: str


class Reasoning(Shape, tag_field="type", tag="reasoning"):
    """What the model thought before."""

    id: str
    summary: list[SummaryText]
    content: list[ReasoningText] | None = None
    encrypted_content: str | None = None
    status: Status | None = None


class ItemReference(Shape, tag_field="type", tag="item_reference"):
    """An item that is stored."""

    id: str


class Compaction(Shape, tag_field="type", tag="compaction"):
    """A conversation that was made shorter."""

    encrypted_content: str
    id: str | None = None


# Items: calls, and what they gave


class FunctionCall(Shape, tag_field="type", tag="function_call"):
    """A call of a function. ``arguments`` is JSON text."""

    arguments: str
    call_id: str
    name: str
    id: str | None = None
    status: Status | None = None


class FunctionCallOutput(Shape, tag_field="type", tag="function_call_output"):
    """What a function gave."""

    output: str | list[InputText | InputImage | InputFile]
    call_id: str
    id: str | None = None
    status: Status | None = None


class FileSearchResult(Shape):
    """A piece of a file that was found."""

    attributes: dict[str, str | float | bool] | None = None
    file_id: str | None = None
    filename: str | None = None
    score: float | None = None
    text: str | None = None


class FileSearchCall(Shape, tag_field="type", tag="file_search_call"):
    """A search in vector stores."""

    id: str
    queries: list[str]
    status: Literal["in_progress", "searching", "completed", "incomplete", "failed"]
    results: list[FileSearchResult] | None = None


class Source(Shape, tag_field="type", tag="url"):
    """A page that was found."""

    url: str


class Search(Shape, tag_field="type", tag="search"):
    """To search the web."""

    queries: list[str] | None = None
    query: str | None = None
    sources: list[Source] | None = None


class OpenPage(Shape, tag_field="type", tag="open_page"):
    """To open a page."""

    url: str | None = None


class FindInPage(Shape, tag_field="type", tag="find_in_page"):
    """To look for something on a page."""

    pattern: str
    url: str


class WebSearchCall(Shape, tag_field="type", tag="web_search_call"):
    """A search of the web."""

    id: str
    action: Search | OpenPage | FindInPage
    status: Literal["in_progress", "searching", "completed", "failed", "incomplete"]


class Logs(Shape, tag_field="type", tag="logs"):
    """What a program wrote."""

    logs: str


class Picture(Shape, tag_field="type", tag="image"):
    """What a program drew."""

    url: str


class CodeInterpreterCall(Shape, tag_field="type", tag="code_interpreter_call"):
    """A program that ran. ``code`` and ``outputs`` must be there but may be null."""

    id: str
    code: str | None
    container_id: str
    outputs: list[Logs | Picture] | None
    status: Literal["in_progress", "completed", "incomplete", "interpreting", "failed"]


class McpTool(Shape):
    """A tool of a server's."""

    input_schema: Any
    name: str
    annotations: Any = None
    description: str | None = None


class McpListTools(Shape, tag_field="type", tag="mcp_list_tools"):
    """The tools of a server."""

    id: str
    server_label: str
    tools: list[McpTool]
    error: str | None = None


class McpApprovalRequest(Shape, tag_field="type", tag="mcp_approval_request"):
    """A call that somebody must allow."""

    id: str
    arguments: str
    name: str
    server_label: str


class McpApprovalResponse(Shape, tag_field="type", tag="mcp_approval_response"):
    """Whether it is allowed."""

    approval_request_id: str
    approve: bool
    id: str | None = None
    reason: str | None = None


class McpProtocolError(Shape, tag_field="type", tag="mcp_protocol_error"):
    """The server broke the protocol."""

    code: int
    message: str


class McpToolExecutionError(Shape, tag_field="type", tag="mcp_tool_execution_error"):
    """The tool failed."""

    content: Any


class HttpError(Shape, tag_field="type", tag="http_error"):
    """The server could not be asked."""

    code: int
    message: str


class McpCall(Shape, tag_field="type", tag="mcp_call"):
    """A call of a server's tool."""

    id: str
    arguments: str
    name: str
    server_label: str
    approval_request_id: str | None = None
    error: McpProtocolError | McpToolExecutionError | HttpError | None = None
    output: str | None = None
    status: Literal["in_progress", "completed", "incomplete", "calling", "failed"] | None = None


Item = (
    Message
    | Reasoning
    | ItemReference
    | Compaction
    | FunctionCall
    | FunctionCallOutput
    | FileSearchCall
    | WebSearchCall
    | CodeInterpreterCall
    | McpListTools
    | McpApprovalRequest
    | McpApprovalResponse
    | McpCall
)


# Tools


class FunctionTool(Shape, tag_field="type", tag="function"):
    """A function that the model may call. It is strict unless it says otherwise."""

    name: Name
    parameters: AnyObject | None = None
    strict: bool | None = None
    description: str | None = None


class HybridSearch(Shape):
    """How much likeness of meaning and likeness of words count."""

    embedding_weight: float
    text_weight: float


class RankingOptions(Shape):
    """Which results are good enough, and who says so."""

    hybrid_search: HybridSearch | None = None
    ranker: Literal["auto", "default-2024-11-15"] | None = None
    score_threshold: Annotated[float, Meta(ge=0, le=1)] | None = None


class FileSearchTool(Shape, tag_field="type", tag="file_search"):
    """A search in vector stores."""

    vector_store_ids: list[str]
    filters: AnyObject | None = None
    max_num_results: Annotated[int, Meta(ge=1, le=50)] | None = None
    ranking_options: RankingOptions | None = None


class WebSearchFilters(Shape):
    """Where to search."""

    allowed_domains: list[str] | None = None


class UserLocation(Shape):
    """Where the user is, roughly."""

    type: Literal["approximate"] | None = None
    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class WebSearch(Shape):
    """What both forms of web search have."""

    search_context_size: Literal["low", "medium", "high"] | None = None
    user_location: UserLocation | None = None


class WebSearchTool(WebSearch, tag_field="type", tag="web_search"):
    """A search of the web."""

    external_web_access: bool | None = None
    filters: WebSearchFilters | None = None


class DatedWebSearchTool(WebSearchTool, tag_field="type", tag="web_search_2025_08_26"):
    """The same, by its date."""


class WebSearchPreviewTool(WebSearch, tag_field="type", tag="web_search_preview"):
    """The search that came before."""

    search_content_types: list[Literal["text", "image"]] | None = None


class DatedWebSearchPreviewTool(
    WebSearchPreviewTool, tag_field="type", tag="web_search_preview_2025_03_11"
):
    """The same, by its date."""


class AutoContainer(Shape):
    """A container that is made for the purpose."""

    type: Literal["auto"]
    file_ids: Annotated[list[str], Meta(max_length=50)] | None = None
    memory_limit: Literal["1g", "4g", "16g", "64g"] | None = None
    network_policy: AnyObject | None = None


class CodeInterpreterTool(Shape, tag_field="type", tag="code_interpreter"):
    """A place where the model's programs run: a container, or its id."""

    container: str | AutoContainer


class McpToolFilter(Shape):
    """Some of a server's tools."""

    read_only: bool | None = None
    tool_names: list[str] | None = None


class McpApproval(Shape):
    """Which calls must always, and which need never, be allowed by somebody."""

    always: McpToolFilter | None = None
    never: McpToolFilter | None = None


class McpServerTool(Shape, tag_field="type", tag="mcp"):
    """A server of tools."""

    server_label: str
    allowed_tools: list[str] | McpToolFilter | None = None
    authorization: str | None = None
    connector_id: str | None = None
    headers: dict[str, str] | None = None
    require_approval: Literal["always", "never"] | McpApproval | None = None
    server_description: str | None = None
    server_url: str | None = None

    def __post_init__(self) -> None:
        if self.server_url is None and self.connector_id is None:
            raise ValueError("server_url: is required unless there is a connector_id")


Tool = (
    FunctionTool
    | FileSearchTool
    | WebSearchTool
    | DatedWebSearchTool
    | WebSearchPreviewTool
    | DatedWebSearchPreviewTool
    | CodeInterpreterTool
    | McpServerTool
)


class AllowedToolsChoice(Shape, tag_field="type", tag="allowed_tools"):
    """Some of the tools."""

    mode: Literal["auto", "required"]
    tools: list[AnyObject]


class FunctionChoice(Shape, tag_field="type", tag="function"):
    """This function."""

    name: str


class McpChoice(Shape, tag_field="type", tag="mcp"):
    """A tool of this server."""

    server_label: str
    name: str | None = None


class FileSearchChoice(Shape, tag_field="type", tag="file_search"):
    """A search in vector stores."""


class CodeInterpreterChoice(Shape, tag_field="type", tag="code_interpreter"):
    """A program."""


class WebSearchChoice(Shape, tag_field="type", tag="web_search"):
    """A search of the web."""


class WebSearchPreviewChoice(Shape, tag_field="type", tag="web_search_preview"):
    """A search of the web, in the form that came before."""


class DatedWebSearchPreviewChoice(Shape, tag_field="type", tag="web_search_preview_2025_03_11"):
    """The same, by its date."""


ToolChoice = (
    Literal["none", "auto", "required"]
    | AllowedToolsChoice
    | FunctionChoice
    | McpChoice
    | FileSearchChoice
    | CodeInterpreterChoice
    | WebSearchChoice
    | WebSearchPreviewChoice
    | DatedWebSearchPreviewChoice
)


# The other options


class TextFormat(Shape, tag_field="type", tag="text"):
    """Any text."""


class JsonObjectFormat(Shape, tag_field="type", tag="json_object"):
    """Some JSON object."""


class JsonSchemaFormat(Shape, tag_field="type", tag="json_schema"):
    """JSON that follows a schema."""

    name: FormatName
    schema: AnyObject
    description: str | None = None
    strict: bool | None = None


class TextConfig(Shape):
    """What the text is to be like."""

    format: TextFormat | JsonObjectFormat | JsonSchemaFormat | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class ReasoningConfig(Shape):
    """How to think, and what to tell of it."""

    context: Literal["auto", "current_turn", "all_turns"] | None = None
    effort: Effort | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None
    mode: str | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


class ContextManagement(Shape):
    """When to make a conversation shorter."""

    type: str
    compact_threshold: int | None = None


class Conversation(Shape):
    """A stored conversation."""

    id: str


class Prompt(Shape):
    """A stored prompt, and what to put into it."""

    id: str
    variables: dict[str, Any] | None = None
    version: str | None = None


class PromptCacheOptions(Shape):
    """How to cache the prompt."""

    comparison_response_id: str | None = None
    mode: Literal["implicit", "explicit"] | None = None
    prewarm: bool | None = None
    ttl: Literal["30m", "12h"] | None = None


class StreamOptions(Shape):
    """How to stream."""

    include_obfuscation: bool | None = None


class ResponseRequest(Shape):
    """The body of a request for a response."""

    input: str | list[Item]
    model: str
    background: bool | None = None
    context_management: list[ContextManagement] | None = None
    conversation: str | Conversation | None = None
    include: (
        list[
            Literal[
                "file_search_call.results",
                "web_search_call.results",
                "web_search_call.action.sources",
                "message.input_image.image_url",
                "computer_call_output.output.image_url",
                "code_interpreter_call.outputs",
                "reasoning.encrypted_content",
                "message.output_text.logprobs",
            ]
        ]
        | None
    ) = None
    instructions: str | None = None
    max_output_tokens: PositiveInteger | None = None
    max_tool_calls: PositiveInteger | None = None
    metadata: (
        Annotated[
            dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
            Meta(max_length=16),
        ]
        | None
    ) = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    prompt: Prompt | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: PromptCacheOptions | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    reasoning: ReasoningConfig | None = None
    safety_identifier: Annotated[str, Meta(max_length=128)] | None = None
    service_tier: (
        Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None
    ) = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    text: TextConfig | None = None
    tool_choice: ToolChoice | None = None
    tools: Annotated[list[Tool], Meta(max_length=128)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options: is only allowed when stream is true")
        if self.conversation is not None and self.previous_response_id is not None:
            raise ValueError("conversation: is not allowed together with previous_response_id")
        if self.background and self.store is False:
            raise ValueError("background: is only allowed when the response is stored")


_DECODER: Final = msgspec.json.Decoder(ResponseRequest)
_ANY: Final = msgspec.json.Decoder()


def check_response_request(raw: bytes) -> dict[str, Any]:
    """The body of a request for a response as plain values, without optional fields that are null.

    Items of ``input`` may leave out their ``type`` where they are messages or references; here they
    have it. Raises :class:`~ocicat.emulator.schema.reading.SchemaRefused`, whose ``body`` has the
    form of OpenAI's errors.
    """
    return read(_DECODER, with_types(raw, "input"), error_body)


def with_types(raw: bytes, name: str) -> bytes:
    """The body with the ``type`` of those items in the list ``name`` that have none.

    As it is where it cannot be read.
    """
    try:
        body = _ANY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw
    items = body.get(name) if isinstance(body, dict) else None
    untyped = [
        item
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and item.get("type") is None
    ]
    for item in untyped:
        if "role" in item:
            item["type"] = "message"
        elif item.keys() - {"type"} == {"id"}:
            item["type"] = "item_reference"
    return msgspec.json.encode(body) if untyped else raw
