"""The flows of embeddings, rerankings and guardrails, fed by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.call.attempts import Ask
from ocicat.call.operations import embed, guard, rerank
from ocicat.call.retry import RetryPolicy
from ocicat.errors import (
    InvalidRequest,
    MalformedReply,
    NotAuthorizedOrNotFound,
    RateLimitError,
)
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.flow import Response, Together
from ocicat.vocabulary.target import Operation
from support.flows import Feed, Names, Stopped, feed, json_response

V4 = "cohere.embed-v4.0"
RERANK = "cohere.rerank-v4.0-fast"


def ask(model: str, operation: Operation, **more: Any) -> Ask:
    return Ask(
        target=resolve(model, Place(region="us-chicago-1"), operation=operation),
        compartment_id="ocid1.compartment.oc1..test",
        identities=more.pop("identities", None) or Names("me"),
        ambient=Stopped(),
        user_agent="test",
        **more,
    )


def embedded(answers: list[Any], model: str = V4, **request: Any) -> Feed:
    return feed(embed(ask(model, "embeddings"), {"model": model, **request}), answers)  # type: ignore[typeddict-item]


def vectors(first: int, count: int, tokens: int | None = None, **more: Any) -> Response:
    usage = {"usage": {"promptTokens": tokens, "totalTokens": tokens}} if tokens else {}
    numbers = [[float(number)] for number in range(first, first + count)]
    return json_response({"embeddings": numbers, **usage, **more})


def sent(fed: Feed) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in fed.requests]


def test_an_embedding_is_one_signed_request() -> None:
    fed = embedded([vectors(0, 1, 5)], input="a")
    [request] = fed.requests
    assert request.target == "/20231130/actions/embedText"
    assert request.headers["authorization"].startswith("me at")
    assert "opc-compartment-id" not in request.headers
    assert sent(fed)[0]["inputs"] == ["a"]
    assert fed.result["data"][0]["embedding"] == [0.0]
    assert fed.result["opc_request_id"] == "A/B/C"
    assert "opc_request_ids" not in fed.result
    assert "oci_notes" not in fed.result


def test_more_inputs_than_one_request_takes_are_joined_in_order() -> None:
    texts = [str(number) for number in range(200)]
    answers = [vectors(0, 96, 100), vectors(96, 96), vectors(192, 8, 10)]
    fed = embedded(answers, input=texts, user="me")
    assert [body["inputs"] for body in sent(fed)] == [texts[:96], texts[96:192], texts[192:]]
    data = fed.result["data"]
    assert [item["index"] for item in data] == list(range(200))
    assert [item["embedding"] for item in data] == [[float(number)] for number in range(200)]
    assert fed.result["usage"] == {"prompt_tokens": 110, "total_tokens": 110}
    assert fed.result["opc_request_ids"] == ["A/B/C"] * 3
    assert [note["parameter"] for note in fed.result["oci_notes"]] == ["user"]


def test_requests_of_one_call_go_side_by_side() -> None:
    flow = embed(ask(V4, "embeddings"), {"model": V4, "input": ["t"] * 200})
    together = next(flow)
    assert isinstance(together, Together)
    assert len(together.flows) == 3


def test_requests_have_retry_tokens_of_their_own() -> None:
    fed = embedded([vectors(0, 96), vectors(96, 1)], input=["t"] * 97)
    first, second = fed.requests
    assert first.headers["opc-retry-token"] != second.headers["opc-retry-token"]


def test_every_type_is_joined() -> None:
    answers = [
        vectors(0, 96, embeddingsByType={"int8": [[1]] * 96}),
        vectors(96, 1, embeddingsByType={"int8": [[2]]}),
    ]
    fed = embedded(answers, input=["t"] * 97, embedding_types=["int8", "float"])
    by_type = fed.result["embeddings_by_type"]
    assert by_type["int8"] == [[1]] * 96 + [[2]]
    assert by_type["float"] == [[float(number)] for number in range(97)]
    assert fed.result["data"][96]["embedding"] == [2]


def test_usage_that_nobody_tells_stays_unknown() -> None:
    assert embedded([vectors(0, 96), vectors(0, 1)], input=["t"] * 97).result["usage"] is None


def test_one_batch_that_fails_fails_the_call() -> None:
    once = ask(V4, "embeddings", retry=RetryPolicy(max_retries=0))
    flow = embed(once, {"model": V4, "input": ["t"] * 97})
    fed = feed(flow, [vectors(0, 96), json_response({"code": "429", "message": "slow"}, 429)])
    assert isinstance(fed.error, RateLimitError)
    assert fed.result is None


def test_what_is_wrong_with_any_input_is_found_before_anything_is_sent() -> None:
    fed = embedded([], input=["t"] * 150 + [[1, 2]])
    assert isinstance(fed.error, InvalidRequest)
    assert fed.error.parameter == "input[150]"
    assert fed.requests == []


def test_a_failure_in_passing_is_repeated() -> None:
    fed = embedded([json_response({"code": "503"}, 503), vectors(0, 1)], input="a")
    assert len(fed.requests) == 2
    assert len(fed.pauses) == 1
    assert fed.result["data"][0]["embedding"] == [0.0]


def test_a_refused_identity_is_renewed() -> None:
    asked = ask(V4, "embeddings", identities=Names("old", "new", renewable=True))
    refusal = json_response({"code": "NotAuthenticated", "message": "no"}, 401)
    fed = feed(embed(asked, {"model": V4, "input": "a"}), [refusal, vectors(0, 1)])
    assert fed.requests[1].headers["authorization"].startswith("new at")
    assert fed.error is None


def test_a_reranking_is_one_request() -> None:
    request: Any = {"model": RERANK, "query": "q", "documents": ["a"], "rank_fields": ["f"]}
    answer = json_response({"id": "r", "documentRanks": [{"index": 0, "relevanceScore": 0.5}]})
    fed = feed(rerank(ask(RERANK, "rerank"), request), [answer])
    assert fed.requests[0].target == "/20231130/actions/rerankText"
    assert fed.result["results"] == [{"index": 0, "relevance_score": 0.5}]
    assert [note["parameter"] for note in fed.result["oci_notes"]] == ["rank_fields"]


def test_guardrails_are_one_request() -> None:
    answer = json_response({"results": {"promptInjection": {"score": 1.0}}})
    fed = feed(
        guard(ask(V4, "embeddings"), {"input": "a", "prompt_injection": True}),
        [answer],
    )
    assert sent(fed)[0]["compartmentId"] == "ocid1.compartment.oc1..test"
    assert fed.result["flagged"] is True


REQUESTS: list[Any] = [
    (embed, {"model": V4, "input": "a"}),
    (rerank, {"model": RERANK, "query": "q", "documents": ["a"]}),
    (guard, {"input": "a", "pii": True}),
]


@pytest.mark.parametrize(("flow", "request_"), REQUESTS, ids=["embed", "rerank", "guard"])
@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"embeddings": 7, "documentRanks": [7], "results": {"promptInjection": 7}}',
        b'{"embeddingsByType": 7, "documentRanks": [{}], "results": {"promptInjection": {}}}',
    ],
)
def test_an_answer_of_no_known_shape_is_a_typed_error(
    flow: Any, request_: Any, body: bytes
) -> None:
    answer = Response(200, {"opc-request-id": "A/B/C"}, body)
    fed = feed(flow(ask(V4, "embeddings"), request_), [answer])
    assert isinstance(fed.error, MalformedReply)
    assert fed.error.opc_request_id == "A/B/C"


@pytest.mark.parametrize(("flow", "request_"), REQUESTS, ids=["embed", "rerank", "guard"])
def test_the_real_target_is_found_first(flow: Any, request_: Any) -> None:
    asked = ask(V4, "embeddings")

    def locate(ambient: Any) -> Any:
        yield from ()
        return resolve(V4, Place(region="eu-frankfurt-1"), operation="embeddings")

    asked.locate = locate
    fed = feed(flow(asked, request_), [json_response({})])
    assert "eu-frankfurt-1" in fed.requests[0].host


@pytest.mark.parametrize(("flow", "request_"), REQUESTS, ids=["embed", "rerank", "guard"])
def test_a_404_explains_the_disguise(flow: Any, request_: Any) -> None:
    absent = json_response(
        {"code": "404", "message": "Authorization failed or requested resource not found."}, 404
    )
    fed = feed(flow(ask(V4, "embeddings"), request_), [absent])
    assert isinstance(fed.error, NotAuthorizedOrNotFound)
    assert "Allow group" in fed.error.hint
