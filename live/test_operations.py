"""Embeddings and reranking with real models."""

from __future__ import annotations

import pytest
from recording import Recording
from test_chat import pytestmark

from ocicat.call import operations
from ocicat.client.operations import prepare
from ocicat.transport import sync

__all__ = ["pytestmark"]


@pytest.mark.parametrize("input_type", ["search_query", "search_document"])
def test_vectors(input_type: str) -> None:
    recording = Recording()
    model = "cohere.embed-v4.0"
    request = {"model": model, "input": ["sky", "sea"], "input_type": input_type}
    ask = prepare(request, "embeddings", {}, function="embedding")
    try:
        reply = sync.run(recording.of(operations.embed(ask, request)))  # type: ignore[arg-type]
    finally:
        recording.write(f"{model}-{input_type}")
    assert [len(entry["embedding"]) for entry in reply["data"]] == [1536, 1536]


def test_a_ranking() -> None:
    recording = Recording()
    model = "cohere.rerank-v4.0-fast"
    request = {"model": model, "query": "What is blue?", "documents": ["grass", "the sky"]}
    ask = prepare(request, "rerank", {}, function="rerank")
    try:
        reply = sync.run(recording.of(operations.rerank(ask, request)))  # type: ignore[arg-type]
    finally:
        recording.write(model)
    assert sorted(result["index"] for result in reply["results"]) == [0, 1]
