"""The neutral shapes of a chat: the JSON of OpenAI's Chat Completions, as plain typed values.

Every door and every dialect speaks these; there is no second vocabulary. Keys that are not listed
are carried along untouched. What OCI has and OpenAI has not travels under the extension keys
named here. Source of the shapes: OpenAI's API reference for Chat Completions.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

__all__ = [
    "ChatChunk",
    "ChatMessage",
    "ChatParameters",
    "ChatReply",
    "ChatRequest",
    "Choice",
    "ChunkChoice",
    "Delta",
    "FinishReason",
    "Usage",
]

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


class ChatMessage(TypedDict, total=False):
    """A turn. ``content`` is a text, a list of parts (``{"type": "text", "text": …}``) or null."""

    role: str
    content: str | list[dict[str, Any]] | None
    name: str
    refusal: str | None
    reasoning_content: str | None
    tool_calls: list[dict[str, Any]]
    tool_call_id: str


class ChatParameters(TypedDict, total=False):
    """How to answer, in OpenAI's names, types and meanings; ``top_k`` is an extension.

    All of OpenAI's parameters are known by name. Which of them a model can be told is its dialect's
    business; what a dialect cannot say it refuses.
    """

    temperature: float | None
    top_p: float | None
    top_k: int | None
    n: int | None
    max_tokens: int | None
    max_completion_tokens: int | None
    stop: str | list[str] | None
    seed: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logit_bias: dict[str, float] | None
    reasoning_effort: str | None
    verbosity: str | None
    user: str | None
    stream_options: dict[str, Any] | None
    tools: list[dict[str, Any]] | None
    tool_choice: str | dict[str, Any] | None
    parallel_tool_calls: bool | None
    response_format: Any
    logprobs: bool | None
    top_logprobs: int | None
    metadata: dict[str, str] | None
    modalities: list[str] | None
    audio: dict[str, Any] | None
    prediction: dict[str, Any] | None
    service_tier: str | None
    store: bool | None
    web_search_options: dict[str, Any] | None
    functions: list[dict[str, Any]] | None
    function_call: str | dict[str, Any] | None


class ChatRequest(ChatParameters, total=False):
    """A whole request."""

    model: str
    messages: list[ChatMessage]
    stream: bool | None


class Usage(TypedDict, total=False):
    """Token counts. The ``*_details`` carry ``cached_tokens`` and ``reasoning_tokens``."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int]
    completion_tokens_details: dict[str, int]


class Choice(TypedDict, total=False):
    """One answer. ``oci_finish_reason`` (extension) keeps a reason that OpenAI has no word for."""

    index: int
    message: ChatMessage
    finish_reason: str | None
    logprobs: dict[str, Any] | None
    oci_finish_reason: str


class ChatReply(TypedDict, total=False):
    """A whole answer (``object`` is ``"chat.completion"``, ``created`` in epoch seconds).

    Extension key: ``opc_request_id``, the id under which Oracle's support finds the call.
    """

    id: str
    object: str
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None
    opc_request_id: str


class Delta(TypedDict, total=False):
    """What a chunk adds to a message."""

    role: str
    content: str | None
    refusal: str | None
    reasoning_content: str | None
    tool_calls: list[dict[str, Any]]


class ChunkChoice(TypedDict, total=False):
    """What a chunk adds to one choice."""

    index: int
    delta: Delta
    finish_reason: str | None
    logprobs: dict[str, Any] | None
    oci_finish_reason: str


class ChatChunk(TypedDict, total=False):
    """One event of a streamed answer (``object`` is ``"chat.completion.chunk"``).

    As with OpenAI, the chunk that carries ``usage`` has no choices.
    """

    id: str
    object: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None
    opc_request_id: str
