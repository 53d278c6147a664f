"""The neutral shapes of reranking: the JSON of Cohere's Rerank, which OpenAI has no word for."""

from __future__ import annotations

from typing import Any, TypedDict

from ocicat.vocabulary.chat import Note

__all__ = ["Rank", "RerankReply", "RerankRequest"]


class RerankRequest(TypedDict, total=False):
    """Which documents to order by how well they answer ``query``.

    A document is a text, or a dictionary. Of a dictionary the ``rank_fields`` are read; without
    them its ``text``, and the whole of it where it has none. ``top_n`` is how many to return,
    ``return_documents`` whether with their text.
    """

    model: str
    query: str
    documents: list[str | dict[str, Any]]
    top_n: int | None
    return_documents: bool | None
    max_chunks_per_doc: int | None
    max_tokens_per_doc: int | None
    rank_fields: list[str] | None


class Rank(TypedDict, total=False):
    """How relevant the document at ``index`` is, from 0 to 1. ``document`` is ``{"text": …}``."""

    index: int
    relevance_score: float
    document: dict[str, str]


class RerankReply(TypedDict, total=False):
    """The documents, the most relevant first.

    ``meta`` holds what OCI tells beside the ranks: its ``model_version``. The last two keys are
    those of an :class:`~ocicat.vocabulary.embedding.EmbeddingReply`.
    """

    id: str
    model: str
    results: list[Rank]
    meta: dict[str, Any]
    opc_request_id: str
    oci_notes: list[Note]
