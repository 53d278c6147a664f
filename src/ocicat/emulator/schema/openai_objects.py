"""The strict schemas of requests about what a project keeps: conversations, stores, containers.

An explicit null for an optional field counts as absent. Sources: OpenAI's API reference, the
parameter types of the ``openai`` SDK, and OCI's documentation of conversation memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.openai import Shape, error_body
from ocicat.emulator.schema.openai_responses import Item, with_types
from ocicat.emulator.schema.reading import read

__all__ = [
    "check_attributes",
    "check_batch",
    "check_container",
    "check_container_file",
    "check_conversation",
    "check_conversation_items",
    "check_conversation_update",
    "check_search",
    "check_store",
    "check_store_file",
    "check_store_update",
]

Key = Annotated[str, Meta(max_length=64)]
Metadata = Annotated[dict[Key, Annotated[str, Meta(max_length=512)]], Meta(max_length=16)]
Attributes = Annotated[
    dict[Key, Annotated[str, Meta(max_length=512)] | float | bool], Meta(max_length=16)
]
FileIds = Annotated[list[str], Meta(max_length=2000)]

_POLICIES: Final = ("recall_and_store", "recall_only", "store_only", "none")


class NewConversation(Shape):
    """A conversation to be made."""

    items: Annotated[list[Item], Meta(max_length=20)] | None = None
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        policy = (self.metadata or {}).get("memory_access_policy")
        if policy is not None and policy not in _POLICIES:
            raise ValueError(f"metadata: memory_access_policy is one of {', '.join(_POLICIES)}")


class ConversationUpdate(Shape):
    """Other labels for a conversation."""

    metadata: Metadata


class NewItems(Shape):
    """Items to be added to a conversation."""

    items: Annotated[list[Item], Meta(min_length=1, max_length=20)]


class StoreExpiry(Shape):
    """When a store expires."""

    anchor: Literal["last_active_at"]
    days: Annotated[int, Meta(ge=1, le=365)]


class AutoChunking(Shape, tag_field="type", tag="auto"):
    """Chunks of the usual size."""


class StaticSizes(Shape):
    """Sizes in tokens."""

    max_chunk_size_tokens: Annotated[int, Meta(ge=100, le=4096)]
    chunk_overlap_tokens: Annotated[int, Meta(ge=0)]


class StaticChunking(Shape, tag_field="type", tag="static"):
    """Chunks of a given size."""

    static: StaticSizes


Chunking = AutoChunking | StaticChunking


class NewStore(Shape):
    """A vector store to be made."""

    chunking_strategy: Chunking | None = None
    description: str | None = None
    expires_after: StoreExpiry | None = None
    file_ids: FileIds | None = None
    metadata: Metadata | None = None
    name: str | None = None


class StoreUpdate(Shape):
    """What is to change of a vector store."""

    expires_after: StoreExpiry | None = None
    metadata: Metadata | None = None
    name: str | None = None


class NewStoreFile(Shape):
    """A file to be put into a vector store."""

    file_id: str
    attributes: Attributes | None = None
    chunking_strategy: Chunking | None = None


class StoreFileUpdate(Shape):
    """Other attributes for a file in a vector store."""

    attributes: Attributes


class NewBatch(Shape):
    """Several files to be put into a vector store."""

    attributes: Attributes | None = None
    chunking_strategy: Chunking | None = None
    file_ids: FileIds | None = None
    files: Annotated[list[NewStoreFile], Meta(max_length=2000)] | None = None

    def __post_init__(self) -> None:
        if (self.file_ids is None) == (self.files is None):
            raise ValueError("file_ids: is required, or else files, and not both")


class Comparison(Shape):
    """A condition on one attribute."""

    key: str
    type: Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]
    value: str | float | bool | list[str | float]


class Compound(Shape):
    """Several conditions."""

    type: Literal["and", "or"]
    filters: list[dict[str, Any]]


class SearchRanking(Shape):
    """Which results are good enough, and who says so."""

    ranker: Literal["none", "auto", "default-2024-11-15"] | None = None
    score_threshold: Annotated[float, Meta(ge=0, le=1)] | None = None


class SearchRequest(Shape):
    """A search in a vector store."""

    query: str | list[str]
    filters: dict[str, Any] | None = None
    max_num_results: Annotated[int, Meta(ge=1, le=50)] | None = None
    ranking_options: SearchRanking | None = None
    rewrite_query: bool | None = None

    def __post_init__(self) -> None:
        if self.filters is not None:
            _check_filter(self.filters)


def _check_filter(given: dict[str, Any]) -> None:
    try:
        if given.get("type") in ("and", "or"):
            for each in msgspec.convert(given, Compound).filters:
                _check_filter(each)
        else:
            msgspec.convert(given, Comparison)
    except msgspec.ValidationError as problem:
        reason = str(problem).partition(" - at ")[0]
        raise ValueError(f"filters: {reason}") from None


class ContainerExpiry(Shape):
    """When a container expires."""

    anchor: Literal["last_active_at"]
    minutes: Annotated[int, Meta(ge=1, le=20)]


class NewContainer(Shape):
    """A container to be made."""

    name: str
    expires_after: ContainerExpiry | None = None
    file_ids: FileIds | None = None
    memory_limit: Literal["1g", "4g", "16g", "64g"] | None = None
    network_policy: dict[str, Any] | None = None


class NewContainerFile(Shape):
    """A file of the project's to be put into a container."""

    file_id: str


def _check(kind: type[Shape]) -> Callable[[bytes], dict[str, Any]]:
    """Reads the body of a request as plain values, without optional fields that are null.

    It raises :class:`~ocicat.emulator.schema.reading.SchemaRefused`.
    """
    decoder = msgspec.json.Decoder(kind)

    def check(raw: bytes) -> dict[str, Any]:
        return read(decoder, with_types(raw or b"{}", "items"), error_body)

    return check


check_attributes = _check(StoreFileUpdate)
check_batch = _check(NewBatch)
check_container = _check(NewContainer)
check_container_file = _check(NewContainerFile)
check_conversation = _check(NewConversation)
check_conversation_items = _check(NewItems)
check_conversation_update = _check(ConversationUpdate)
check_search = _check(SearchRequest)
check_store = _check(NewStore)
check_store_file = _check(NewStoreFile)
check_store_update = _check(StoreUpdate)
