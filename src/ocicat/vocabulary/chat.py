"""The neutral shapes of a chat: the JSON of OpenAI's Chat Completions, as plain typed values.

Every door and every dialect speaks these; there is no second vocabulary. Keys that are not listed
are carried along untouched. What OCI has and OpenAI has not travels under the extension keys
named here. Source of the shapes: OpenAI's API reference for Chat Completions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    "Note",
    "Usage",
]

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


class ChatMessage(TypedDict, total=False):
    """A turn. ``content`` is a text, a list of parts (``{"type": "text", "text": …}``) or null.

    Beside OpenAI's parts there are ``{"type": "audio_url", "audio_url": {"url": …}}`` and
    ``video_url`` in the same form, and ``{"type": "input_image", "file_id": …}``.

    Extension keys of an assistant's message:

    * ``reasoning_content``: what the model thought before it answered (``str``).
    * ``tool_plan``: what Cohere's models say they will do with their tools (``str``).
    * ``citations``: Cohere's citations in full, each ``{"start", "end", "text"}`` with
      ``document_ids`` (a list of ids; COHERE) or ``content_index``, ``type`` and ``sources``
      (COHEREV2). ``annotations`` says the same in OpenAI's poorer form.
    * ``documents``: the documents that Cohere's model used, as they were given (a list of
      dictionaries).
    * ``search_queries``: what Cohere's model would search for (a list of ``str``).
    * ``search_required``: whether Cohere's model holds a search to be needed (``bool``).
    * ``oci_content``: parts of an answer that are no text, as OCI gives them (a list of
      dictionaries, each with its ``type``).
    * ``response_items``: what an answer through OpenAI's Responses has beside words and calls:
      encrypted thoughts, and what hosted tools did (a list of OpenAI's items). Sent back with the
      message, as it came.
    """

    role: str
    content: str | list[dict[str, Any]] | None
    name: str
    refusal: str | None
    tool_calls: list[dict[str, Any]]
    tool_call_id: str
    annotations: list[dict[str, Any]]
    reasoning_content: str | None
    tool_plan: str
    citations: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    search_queries: list[str]
    search_required: bool
    oci_content: list[dict[str, Any]]
    response_items: list[dict[str, Any]]


class ChatParameters(TypedDict, total=False):
    """How to answer, in OpenAI's names, types and meanings, and OCI's own as extensions.

    All of OpenAI's parameters are known by name. Which of them a model can be told is its dialect's
    business; what a dialect cannot say it refuses by name, or leaves out with a note in the reply.

    Extensions:

    * ``reasoning_effort`` may also be ``{"effort": …, "summary": "auto"}`` (or ``"concise"``,
      ``"detailed"``), where the model is asked through OpenAI's Responses.
    * ``tools`` may also have Anthropic's form, and hosted ones that Responses knows.
    * ``top_k``: sample from the so-many likeliest tokens (``int``).
    * ``thinking``: ``{"type": "enabled", "budget_tokens": 2000}`` or ``{"type": "disabled"}``.
    * ``echo``: repeat the prompt in the reply (``bool``).
    * ``documents``: what to answer from; a list of texts, or of dictionaries of texts.
    * ``citation_quality``: ``"accurate"``, ``"fast"`` or ``"off"``.
    * ``safety_mode``: ``"contextual"``, ``"strict"`` or ``"off"``.
    * ``search_queries_only``: only say what to search for (``bool``).
    * ``force_single_step``: use tools in one step (``bool``).
    * ``preamble``: replaces the model's own; system messages are added to it (``str``).
    * ``raw_prompting``: send the message to the model without its template (``bool``).
    * ``prompt_truncation``: ``"off"`` or ``"auto_preserve_order"``.
    * ``max_input_tokens``: cut the prompt to so many tokens (``int``).
    * ``strict_tools``: tool calls must follow their schemas (``bool``).
    * ``priority``: a lower number is served earlier (``int``).
    """

    temperature: float | None
    top_p: float | None
    top_k: int | None
    n: int | None
    max_tokens: int | None
    max_completion_tokens: int | None
    stop: str | Sequence[str] | None
    seed: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logit_bias: Mapping[str, float] | None
    reasoning_effort: str | Mapping[str, str] | None
    verbosity: str | None
    user: str | None
    stream_options: Mapping[str, Any] | None
    tools: Sequence[Mapping[str, Any]] | None
    tool_choice: str | Mapping[str, Any] | None
    parallel_tool_calls: bool | None
    response_format: Any
    logprobs: bool | None
    top_logprobs: int | None
    metadata: Mapping[str, str] | None
    modalities: Sequence[str] | None
    audio: Mapping[str, Any] | None
    prediction: Mapping[str, Any] | None
    service_tier: str | None
    store: bool | None
    web_search_options: Mapping[str, Any] | None
    functions: Sequence[Mapping[str, Any]] | None
    function_call: str | Mapping[str, Any] | None
    prompt_cache_key: str | None
    prompt_cache_retention: str | None
    safety_identifier: str | None
    thinking: Mapping[str, Any] | None
    echo: bool | None
    documents: Sequence[Any] | None
    citation_quality: str | None
    safety_mode: str | None
    search_queries_only: bool | None
    force_single_step: bool | None
    preamble: str | None
    raw_prompting: bool | None
    prompt_truncation: str | None
    max_input_tokens: int | None
    strict_tools: bool | None
    priority: int | None


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


class Note(TypedDict):
    """Something that was not done just as it was asked: which parameter, and what became of it."""

    parameter: str
    message: str


class Choice(TypedDict, total=False):
    """One answer.

    Extension keys:

    * ``oci_finish_reason``: a reason that OpenAI has no word for, as it came (``str``).
    * ``grounding_metadata``: what a search found, as OCI gives it (its ``GroundingMetadata``).
    """

    index: int
    message: ChatMessage
    finish_reason: str | None
    logprobs: dict[str, Any] | None
    oci_finish_reason: str
    grounding_metadata: dict[str, Any]


class ChatReply(TypedDict, total=False):
    """A whole answer (``object`` is ``"chat.completion"``, ``created`` in epoch seconds).

    Extension keys:

    * ``opc_request_id``: the id under which Oracle's support finds the call (``str``).
    * ``oci_notes``: what was not done just as it was asked (a list of :class:`Note`); absent where
      there is nothing.
    * ``oci_prompt``: the prompt, where ``echo`` asked for it (``str``).
    * ``model_deprecation_info``: OCI's warning that the model will go (``str``).
    """

    id: str
    object: str
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None
    service_tier: str | None
    opc_request_id: str
    oci_notes: list[Note]
    oci_prompt: str
    model_deprecation_info: str


class Delta(TypedDict, total=False):
    """What a chunk adds to a message. Lists are added to; the extension keys are the message's."""

    role: str
    content: str | None
    refusal: str | None
    tool_calls: list[dict[str, Any]]
    annotations: list[dict[str, Any]]
    reasoning_content: str | None
    tool_plan: str
    citations: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    search_queries: list[str]
    search_required: bool
    oci_content: list[dict[str, Any]]
    response_items: list[dict[str, Any]]


class ChunkChoice(TypedDict, total=False):
    """What a chunk adds to one choice."""

    index: int
    delta: Delta
    finish_reason: str | None
    logprobs: dict[str, Any] | None
    oci_finish_reason: str
    grounding_metadata: dict[str, Any]


class ChatChunk(TypedDict, total=False):
    """One event of a streamed answer (``object`` is ``"chat.completion.chunk"``).

    As with OpenAI, the chunk that carries ``usage`` has no choices. The first chunk carries
    ``oci_notes`` and ``model_deprecation_info``, where there are any.
    """

    id: str
    object: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None
    service_tier: str | None
    opc_request_id: str
    oci_notes: list[Note]
    oci_prompt: str
    model_deprecation_info: str
