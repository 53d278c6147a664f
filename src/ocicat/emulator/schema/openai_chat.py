"""The strict schema of ``POST …/chat/completions`` on OCI's OpenAI-compatible surface.

It is OpenAI's own request, whole: what a given model then does with it is not decided here.
Unknown parameters are refused. An explicit null for an optional parameter counts as absent.

Sources: OpenAI's API reference for Chat Completions (ranges, and which parameters need another),
and the parameter types of the ``openai`` SDK (fields, types, enumerations, what is required).
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
from ocicat.emulator.schema.reading import Integer, read

__all__ = ["ChatCompletionRequest", "check_chat_completion"]

Penalty = Annotated[float, Meta(ge=-2, le=2)]
#: A function's or a format's name.
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


# Parts of a message


class TextPart(Shape, tag_field="type", tag="text"):
    """A text."""

    text: str
    prompt_cache_breakpoint: PromptCacheBreakpoint | None = None


class ImageUrl(Shape):
    """``url`` is an address or a data URI."""

    url: str
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(Shape, tag_field="type", tag="image_url"):
    """An image."""

    image_url: ImageUrl
    prompt_cache_breakpoint: PromptCacheBreakpoint | None = None


class InputAudio(Shape):
    """``data`` is base64."""

    data: str
    format: Literal["wav", "mp3"]


class InputAudioPart(Shape, tag_field="type", tag="input_audio"):
    """A sound."""

    input_audio: InputAudio
    prompt_cache_breakpoint: PromptCacheBreakpoint | None = None


class File(Shape):
    """A file that is uploaded already (``file_id``) or travels along (``file_data``, base64)."""

    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class FilePart(Shape, tag_field="type", tag="file"):
    """A file."""

    file: File
    prompt_cache_breakpoint: PromptCacheBreakpoint | None = None


class RefusalPart(Shape, tag_field="type", tag="refusal"):
    """A model's refusal to answer."""

    refusal: str


class OnlyTextPart(Shape):
    """A text, where nothing else may stand."""

    type: Literal["text"]
    text: str
    prompt_cache_breakpoint: PromptCacheBreakpoint | None = None


TextParts = Annotated[list[OnlyTextPart], Meta(min_length=1)]
UserParts = Annotated[list[TextPart | ImagePart | InputAudioPart | FilePart], Meta(min_length=1)]
AssistantParts = Annotated[list[TextPart | RefusalPart], Meta(min_length=1)]


# Messages


class DeveloperMessage(Shape, tag_field="role", tag="developer"):
    """Instructions to a reasoning model."""

    content: str | TextParts
    name: str | None = None


class SystemMessage(Shape, tag_field="role", tag="system"):
    """Instructions."""

    content: str | TextParts
    name: str | None = None


class UserMessage(Shape, tag_field="role", tag="user"):
    """The user's turn."""

    content: str | UserParts
    name: str | None = None


class CalledFunction(Shape):
    """``arguments`` is JSON text."""

    name: str
    arguments: str


class FunctionToolCall(Shape, tag_field="type", tag="function"):
    """A call of a function."""

    id: str
    function: CalledFunction


class CalledCustomTool(Shape):
    """``input`` is free text."""

    name: str
    input: str


class CustomToolCall(Shape, tag_field="type", tag="custom"):
    """A call of a custom tool."""

    id: str
    custom: CalledCustomTool


class PreviousAudio(Shape):
    """A spoken answer that the model gave before."""

    id: str


class AssistantMessage(Shape, tag_field="role", tag="assistant"):
    """The model's turn."""

    audio: PreviousAudio | None = None
    content: str | AssistantParts | None = None
    function_call: CalledFunction | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[FunctionToolCall | CustomToolCall] | None = None

    def __post_init__(self) -> None:
        said = (self.content, self.tool_calls, self.function_call, self.refusal, self.audio)
        if all(part is None for part in said):
            raise ValueError("content: is required unless there are tool_calls")


class ToolMessage(Shape, tag_field="role", tag="tool"):
    """What a tool gave."""

    content: str | TextParts
    tool_call_id: str


class FunctionMessage(Shape, tag_field="role", tag="function"):
    """What a function gave; older than tools. ``content`` must be there but may be null."""

    content: str | None
    name: str


Message = (
    DeveloperMessage
    | SystemMessage
    | UserMessage
    | AssistantMessage
    | ToolMessage
    | FunctionMessage
)


# Tools


class FunctionDefinition(Shape):
    """``parameters`` is a JSON Schema."""

    name: Name
    description: str | None = None
    parameters: AnyObject | None = None
    strict: bool | None = None


class FunctionTool(Shape, tag_field="type", tag="function"):
    """A function that the model may call."""

    function: FunctionDefinition


class Grammar(Shape):
    """What a custom tool's input must match."""

    definition: str
    syntax: Literal["lark", "regex"]


class GrammarFormat(Shape, tag_field="type", tag="grammar"):
    """Input that follows a grammar."""

    grammar: Grammar


class TextFormat(Shape, tag_field="type", tag="text"):
    """Any text."""


class CustomToolDefinition(Shape):
    """A tool whose input is text."""

    name: str
    description: str | None = None
    format: TextFormat | GrammarFormat | None = None


class CustomTool(Shape, tag_field="type", tag="custom"):
    """A custom tool that the model may call."""

    custom: CustomToolDefinition


class Named(Shape):
    """A function or a tool, by its name."""

    name: str


class NamedFunctionChoice(Shape, tag_field="type", tag="function"):
    """This function."""

    function: Named


class NamedCustomChoice(Shape, tag_field="type", tag="custom"):
    """This custom tool."""

    custom: Named


class AllowedTools(Shape):
    """Those of the tools that the model may or must choose from."""

    mode: Literal["auto", "required"]
    tools: list[AnyObject]


class AllowedToolsChoice(Shape, tag_field="type", tag="allowed_tools"):
    """Some of the tools."""

    allowed_tools: AllowedTools


ToolChoice = (
    Literal["none", "auto", "required"]
    | AllowedToolsChoice
    | NamedFunctionChoice
    | NamedCustomChoice
)


class LegacyFunction(Shape):
    """A function in the form that came before tools."""

    name: Name
    description: str | None = None
    parameters: AnyObject | None = None


# The other options


class JsonSchema(Shape):
    """The schema that an answer must follow."""

    name: Name
    description: str | None = None
    schema: AnyObject | None = None
    strict: bool | None = None


class TextResponseFormat(Shape, tag_field="type", tag="text"):
    """Any text."""


class JsonObjectResponseFormat(Shape, tag_field="type", tag="json_object"):
    """Some JSON object."""


class JsonSchemaResponseFormat(Shape, tag_field="type", tag="json_schema"):
    """JSON that follows a schema."""

    json_schema: JsonSchema


class VoiceId(Shape):
    """A voice of the caller's own."""

    id: str


class AudioOutput(Shape):
    """How a spoken answer is to sound."""

    format: Literal["wav", "aac", "mp3", "flac", "opus", "pcm16"]
    voice: str | VoiceId


class ModerationStep(Shape):
    """Whether to score a text only, or to block it."""

    mode: Literal["score", "block"]


class ModerationPolicy(Shape):
    """What to moderate."""

    input: ModerationStep | None = None
    output: ModerationStep | None = None


class Moderation(Shape):
    """The moderation of question and answer."""

    model: str
    policy: ModerationPolicy | None = None


class Prediction(Shape):
    """Text that most of the answer is expected to repeat."""

    type: Literal["content"]
    content: str | TextParts


class PromptCacheOptions(Shape):
    """How the prompt is cached."""

    mode: Literal["implicit", "explicit"] | None = None
    ttl: Literal["30m"] | None = None


class StreamOptions(Shape):
    """What a stream carries beside the answer."""

    include_obfuscation: bool | None = None
    include_usage: bool | None = None


class ApproximateLocation(Shape):
    """Where the user is. ``country`` has two letters, ``timezone`` is an IANA name."""

    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class UserLocation(Shape):
    """Where the user is."""

    type: Literal["approximate"]
    approximate: ApproximateLocation


class WebSearchOptions(Shape):
    """How the model searches the web."""

    search_context_size: Literal["low", "medium", "high"] | None = None
    user_location: UserLocation | None = None


class ChatCompletionRequest(Shape):
    """The body of a chat request."""

    messages: Annotated[list[Message], Meta(min_length=1)]
    model: str
    audio: AudioOutput | None = None
    frequency_penalty: Penalty | None = None
    function_call: Literal["none", "auto"] | Named | None = None
    functions: Annotated[list[LegacyFunction], Meta(min_length=1, max_length=128)] | None = None
    logit_bias: dict[str, Annotated[int, Meta(ge=-100, le=100)]] | None = None
    logprobs: bool | None = None
    max_completion_tokens: PositiveInteger | None = None
    max_tokens: PositiveInteger | None = None
    metadata: (
        Annotated[
            dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
            Meta(max_length=16),
        ]
        | None
    ) = None
    modalities: list[Literal["text", "audio"]] | None = None
    moderation: Moderation | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    parallel_tool_calls: bool | None = None
    prediction: Prediction | None = None
    presence_penalty: Penalty | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: PromptCacheOptions | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = (
        None
    )
    response_format: (
        TextResponseFormat | JsonObjectResponseFormat | JsonSchemaResponseFormat | None
    ) = None
    safety_identifier: Annotated[str, Meta(max_length=128)] | None = None
    seed: Integer | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    stop: str | Annotated[list[str], Meta(min_length=1, max_length=4)] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    tool_choice: ToolChoice | None = None
    tools: Annotated[list[FunctionTool | CustomTool], Meta(max_length=128)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    web_search_options: WebSearchOptions | None = None

    def __post_init__(self) -> None:
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options: is only allowed when stream is true")
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs: is only allowed when logprobs is true")
        if self.audio is None and "audio" in (self.modalities or ()):
            raise ValueError("audio: is required when modalities has it")


_DECODER: Final = msgspec.json.Decoder(ChatCompletionRequest)


def check_chat_completion(raw: bytes) -> dict[str, Any]:
    """The body of a chat request as plain values, without the optional fields that are null.

    Raises :class:`~ocicat.emulator.schema.reading.SchemaRefused`, whose ``body`` has the form of
    OpenAI's errors.
    """
    return read(_DECODER, raw, error_body)
