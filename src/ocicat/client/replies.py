"""Replies and chunks as Python objects.

A reply is a ``dict`` of OpenAI's shape that also answers as an object: ``reply["choices"][0]`` and
``reply.choices[0]`` are the same thing. Being plain dictionaries, replies pickle, copy, compare and
print as such. Nested parts become objects when they are first looked at, so that a stream of a
thousand chunks does not pay for what nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any, ClassVar

__all__ = [
    "ChatCompletion",
    "ChatCompletionChunk",
    "Choice",
    "ChunkChoice",
    "CompletionUsage",
    "ContentModeration",
    "Delta",
    "Embedding",
    "EmbeddingResponse",
    "EmbeddingUsage",
    "Function",
    "FunctionDelta",
    "GuardrailCategory",
    "GuardrailResults",
    "GuardrailsResponse",
    "Message",
    "PersonalInformation",
    "PromptInjection",
    "Record",
    "RerankResponse",
    "RerankResult",
    "ToolCall",
    "ToolCallDelta",
]


class Record(dict[str, Any]):
    """A dictionary whose keys are attributes too.

    An annotated key that is absent reads as ``None``, either way, as in the ``openai`` SDK; any
    other name that is absent raises ``KeyError`` or ``AttributeError``.
    """

    __slots__ = ()

    # The keys whose values, or whose list's items, are records of another class.
    _parts: ClassVar[dict[str, type[Record]]] = {}

    def __init_subclass__(cls, *, parts: dict[str, type[Record]] | None = None) -> None:
        cls._parts = parts or {}
        # Real properties: streams read a few of them for each chunk, and a lookup that has to fail
        # before __getattr__ is asked costs four times as much.
        for name in cls.__annotations__:
            if name in cls._parts:
                getter = _part_getter(name, cls._parts[name])
            else:
                getter = methodcaller("get", name)
            setattr(cls, name, property(getter))

    def __getitem__(self, name: str) -> Any:
        if name in self._parts and name in self:
            return getattr(self, name)
        return super().__getitem__(name)

    def __missing__(self, name: str) -> None:
        if name not in type(self).__annotations__:
            raise KeyError(name)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """A plain dictionary of plain values, independent of this object."""
        plain = _plain(self, exclude_none)
        assert isinstance(plain, dict)
        return plain

    def model_dump_json(self, *, indent: int | None = None, exclude_none: bool = False) -> str:
        """The same as JSON text."""
        import json

        separators = (",", ":") if indent is None else None
        return json.dumps(
            self.model_dump(exclude_none=exclude_none),
            indent=indent,
            separators=separators,
            ensure_ascii=False,
        )

    to_dict = model_dump


def _part_getter(name: str, kind: type[Record]) -> Callable[[Record], Any]:
    """Reads a part, and makes it a record the first time."""

    def get(record: Record) -> Any:
        value = record.get(name)
        if type(value) is dict:
            value = kind(value)
            record[name] = value
        elif type(value) is list and value and type(value[0]) is dict:
            value[:] = [kind(item) for item in value]
        return value

    return get


def _plain(value: Any, exclude_none: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _plain(item, exclude_none)
            for key, item in value.items()
            # What was parsed is of the caller's own class, and says only what `content` says.
            if key != "parsed" and not (exclude_none and item is None)
        }
    if isinstance(value, list):
        return [_plain(item, exclude_none) for item in value]
    return value


class CompletionUsage(Record):
    """Token counts, as OCI gave them."""

    __slots__ = ()

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int] | None
    completion_tokens_details: dict[str, int] | None


class Function(Record):
    """Which function a tool call calls. ``arguments`` is JSON text, as the model wrote it."""

    __slots__ = ()

    name: str
    arguments: str


class ToolCall(Record, parts={"function": Function}):
    """A call that the model asks for."""

    __slots__ = ()

    id: str
    type: str
    function: Function


class Message(Record, parts={"tool_calls": ToolCall}):
    """What the model said. The keys after ``annotations`` are OCI's own; see ``ChatMessage``."""

    __slots__ = ()

    role: str
    content: str | None
    refusal: str | None
    tool_calls: list[ToolCall] | None
    annotations: list[dict[str, Any]] | None
    reasoning_content: str | None
    tool_plan: str | None
    citations: list[dict[str, Any]] | None
    documents: list[dict[str, Any]] | None
    search_queries: list[str] | None
    search_required: bool | None
    parsed: Any


class Choice(Record, parts={"message": Message}):
    """One answer. ``oci_finish_reason`` is set where OCI's reason has no word in OpenAI's API."""

    __slots__ = ()

    index: int
    message: Message
    finish_reason: str
    logprobs: dict[str, Any] | None
    oci_finish_reason: str | None
    grounding_metadata: dict[str, Any] | None


class ChatCompletion(Record, parts={"choices": Choice, "usage": CompletionUsage}):
    """A whole reply. ``created`` is in seconds since the epoch.

    ``oci_notes`` says what was not done just as it was asked, each ``{"parameter", "message"}``.
    """

    __slots__ = ()

    id: str
    object: str
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage | None
    service_tier: str | None
    opc_request_id: str
    oci_notes: list[dict[str, str]] | None
    oci_prompt: str | None
    model_deprecation_info: str | None


class FunctionDelta(Record):
    """A piece of a function's name and arguments."""

    __slots__ = ()

    name: str | None
    arguments: str | None


class ToolCallDelta(Record, parts={"function": FunctionDelta}):
    """A piece of a tool call. The first piece of each has its ``id`` and the function's name."""

    __slots__ = ()

    index: int
    id: str | None
    type: str | None
    function: FunctionDelta


class Delta(Record, parts={"tool_calls": ToolCallDelta}):
    """What a chunk adds to the answer."""

    __slots__ = ()

    role: str | None
    content: str | None
    refusal: str | None
    tool_calls: list[ToolCallDelta] | None
    annotations: list[dict[str, Any]] | None
    reasoning_content: str | None
    tool_plan: str | None
    citations: list[dict[str, Any]] | None
    documents: list[dict[str, Any]] | None
    search_queries: list[str] | None
    search_required: bool | None


class ChunkChoice(Record, parts={"delta": Delta}):
    """What a chunk adds to one choice."""

    __slots__ = ()

    index: int
    delta: Delta
    finish_reason: str | None
    logprobs: dict[str, Any] | None
    oci_finish_reason: str | None
    grounding_metadata: dict[str, Any] | None


class ChatCompletionChunk(Record, parts={"choices": ChunkChoice, "usage": CompletionUsage}):
    """One event of a streamed reply."""

    __slots__ = ()

    id: str
    object: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: CompletionUsage | None
    service_tier: str | None
    opc_request_id: str
    oci_notes: list[dict[str, str]] | None
    oci_prompt: str | None
    model_deprecation_info: str | None


class EmbeddingUsage(Record):
    """Token counts, as OCI gave them."""

    __slots__ = ()

    prompt_tokens: int
    total_tokens: int


class Embedding(Record):
    """The vector of the input at ``index``: numbers, or base64 where that was asked for."""

    __slots__ = ()

    object: str
    index: int
    embedding: list[float] | str


class EmbeddingResponse(Record, parts={"data": Embedding, "usage": EmbeddingUsage}):
    """Vectors, in the order of the inputs.

    ``embeddings_by_type`` is there where several types were asked for, ``opc_request_ids`` where
    the inputs took several requests.
    """

    __slots__ = ()

    object: str
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage | None
    embeddings_by_type: dict[str, list[Any]] | None
    opc_request_id: str
    opc_request_ids: list[str] | None
    oci_notes: list[dict[str, str]] | None


class RerankResult(Record):
    """How relevant a document is. ``document`` is there where it was asked for."""

    __slots__ = ()

    index: int
    relevance_score: float
    document: dict[str, str] | None


class RerankResponse(Record, parts={"results": RerankResult}):
    """Documents, the most relevant first."""

    __slots__ = ()

    id: str
    model: str
    results: list[RerankResult]
    meta: dict[str, Any]
    opc_request_id: str
    oci_notes: list[dict[str, str]] | None


class GuardrailCategory(Record):
    """A category of content and its score: 0.0 is nothing found, 1.0 is found."""

    __slots__ = ()

    name: str
    score: float
    flagged_modalities: list[str] | None


class ContentModeration(Record, parts={"categories": GuardrailCategory}):
    """What content moderation found."""

    __slots__ = ()

    categories: list[GuardrailCategory]


class PersonalInformation(Record):
    """A piece of personal information and where it is in the text."""

    __slots__ = ()

    text: str
    label: str
    offset: int
    length: int
    score: float


class PromptInjection(Record):
    """Whether somebody tries to take over the model: 0.0 is no, 1.0 is yes."""

    __slots__ = ()

    score: float
    flagged_modalities: list[str] | None


class GuardrailResults(
    Record,
    parts={
        "content_moderation": ContentModeration,
        "personally_identifiable_information": PersonalInformation,
        "prompt_injection": PromptInjection,
    },
):
    """What each check found. A check that was not asked for is absent."""

    __slots__ = ()

    content_moderation: ContentModeration | None
    personally_identifiable_information: list[PersonalInformation] | None
    prompt_injection: PromptInjection | None


class GuardrailsResponse(Record, parts={"results": GuardrailResults}):
    """The outcome of guardrails. ``flagged`` says whether any check has found anything."""

    __slots__ = ()

    flagged: bool
    results: GuardrailResults
    guardrail_version: str | None
    opc_request_id: str
    oci_notes: list[dict[str, str]] | None
