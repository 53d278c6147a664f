"""What editors and type checkers know of the other functions. Checked, never run."""

from typing import assert_type

from ocicat import (
    EmbeddingResponse,
    ModelList,
    RerankResponse,
    TokenEstimate,
    aembedding,
    alist_models,
    apply_guardrails,
    arerank,
    completion,
    cost_of,
    count_tokens,
    embedding,
    list_models,
    rerank,
)

QUESTION = [{"role": "user", "content": "hi"}]


def vectors() -> None:
    reply = embedding("cohere.embed-v4.0", ["a", "b"], dimensions=256, oci_region="ORD")
    assert_type(reply, EmbeddingResponse)
    assert_type(reply.data[0].index, int)


def rankings() -> None:
    reply = rerank("cohere.rerank-v4.0-fast", "q", ["a", {"text": "b"}], top_n=1)
    assert_type(reply, RerankResponse)
    assert_type(reply.results[0].relevance_score, float)


def guardrails() -> None:
    assert_type(apply_guardrails("text", pii=["EMAIL"], timeout=3).flagged, bool)


def lists_and_costs() -> None:
    assert_type(list_models(oci_region="ORD"), ModelList)
    assert_type(list_models().data[0].id, str)
    assert_type(cost_of(completion("m", QUESTION), input_price=1.0, output_price=2), float | None)
    assert_type(count_tokens("m", QUESTION), TokenEstimate)
    assert_type(count_tokens("m", QUESTION).tokens, int)


async def asynchronous() -> None:
    assert_type(await aembedding("m", "a"), EmbeddingResponse)
    assert_type(await arerank("m", "q", ["a"]), RerankResponse)
    assert_type(await alist_models(), ModelList)


def mistakes() -> None:
    embedding("m", "a", dimension=3)  # type: ignore[call-arg]
    rerank("m", 5, ["a"])  # type: ignore[arg-type]
