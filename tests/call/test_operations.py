"""The flows of embeddings, rerankings and guardrails, fed by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.call.attempts import Ask
from ocicat.call.operations import embed, guard, rerank
from ocicat.errors import (
    BadRequestError,
    InvalidParameter,
    InvalidRequest,
    MalformedReply,
    NotAuthorizedOrNotFound,
    RateLimitError,
    UnsupportedFeature,
)
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.flow import Response, Together
from ocicat.vocabulary.retry import RetryPolicy
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
    assert together.at_once == 8


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


# --- what models refuse -------------------------------------------------------------------------


def refused(parameter: str) -> Response:
    message = f"Unsupported parameter: '{parameter}' is not supported with this model."
    return json_response({"code": "400", "message": message}, 400)


def ranks(*indices: int) -> Response:
    return json_response(
        {"documentRanks": [{"index": index, "relevanceScore": 0.5} for index in indices]}
    )


def noted(fed: Feed) -> list[str]:
    assert fed.error is None
    return [note["parameter"] for note in fed.result.get("oci_notes", [])]


EMBED: dict[str, Any] = {"model": V4, "input": "a"}
RANK: dict[str, Any] = {"model": RERANK, "query": "q", "documents": ["a", "b"]}
GUARD: dict[str, Any] = {"input": "a", "pii": True}


@pytest.mark.parametrize(
    ("flow", "request_", "parameter", "wire", "answer"),
    [
        (embed, EMBED | {"truncate": "end"}, "truncate", "truncate", vectors(0, 1)),
        (
            rerank,
            RANK | {"max_tokens_per_doc": 9},
            "max_tokens_per_doc",
            "maxTokensPerDocument",
            ranks(0, 1),
        ),
        (
            guard,
            GUARD | {"language": "en"},
            "language",
            "languageCode",
            json_response({"results": {}}),
        ),
    ],
)
def test_a_refused_parameter_is_left_out_once_and_for_all_and_reported(
    flow: Any, request_: Any, parameter: str, wire: str, answer: Response
) -> None:
    asked = ask(request_.get("model", V4), "rerank" if flow is rerank else "embeddings")
    fed = feed(flow(asked, request_), [refused(wire), answer])
    assert [wire.encode() in request.body for request in fed.requests] == [True, False]
    assert noted(fed) == [parameter]
    fed = feed(flow(asked, request_), [answer])
    assert len(fed.requests) == 1
    assert noted(fed) == [parameter]
    del request_[parameter]
    assert noted(feed(flow(asked, request_), [answer])) == []


def test_a_type_of_inputs_that_nobody_asked_for_is_left_out_without_a_word() -> None:
    asked = ask(V4, "embeddings")
    fed = feed(embed(asked, EMBED), [refused("inputType"), vectors(0, 1)])  # type: ignore[arg-type]
    assert [body.get("inputType") for body in sent(fed)] == ["SEARCH_DOCUMENT", None]
    assert noted(fed) == []
    query: Any = EMBED | {"input_type": "search_query"}
    assert isinstance(feed(embed(asked, query), []).error, UnsupportedFeature)
    asked.drop_params = True
    assert noted(feed(embed(asked, query), [vectors(0, 1)])) == ["input_type"]


@pytest.mark.parametrize(
    ("parameter", "wire", "value"),
    [
        ("dimensions", "outputDimensions", 256),
        ("embedding_types", "embeddingTypes", ["int8", "float"]),
    ],
)
def test_what_the_vectors_depend_on_is_left_out_only_where_that_is_wanted(
    parameter: str, wire: str, value: Any
) -> None:
    request: Any = EMBED | {parameter: value}
    asked = ask(V4, "embeddings")
    assert isinstance(feed(embed(asked, request), [refused(wire)]).error, BadRequestError)
    asked.drop_params = True
    fed = feed(embed(asked, request), [refused(wire), vectors(0, 1)])
    assert noted(fed) == [parameter]
    assert fed.result["data"][0]["embedding"] == [0.0]
    assert "embeddings_by_type" not in fed.result


def test_what_a_reranker_refuses_to_do_with_its_answer_is_done_here() -> None:
    request: Any = RANK | {"top_n": 1, "return_documents": True}
    asked = ask(RERANK, "rerank")
    fed = feed(rerank(asked, request), [refused("topN"), refused("isEcho"), ranks(1, 0)])
    assert fed.result["results"] == [
        {"index": 1, "relevance_score": 0.5, "document": {"text": "b"}}
    ]
    assert noted(fed) == ["top_n", "return_documents"]


def test_requests_side_by_side_that_are_refused_alike_all_go_out_again() -> None:
    asked = ask(V4, "embeddings")
    request: Any = {"model": V4, "input": ["t"] * 97, "truncate": "end"}
    together = next(embed(asked, request))
    assert isinstance(together, Together)
    for flow in together.flows:
        next(flow)  # both are on their way before either is refused
    again = [flow.send(refused("truncate")) for flow in together.flows]
    assert all(b"truncate" not in request.body for request in again)


@pytest.mark.parametrize("wanted", [False, True])
def test_a_check_is_never_left_out(wanted: bool) -> None:
    asked = ask(V4, "embeddings", drop_params=wanted)
    fed = feed(guard(asked, GUARD), [refused("personallyIdentifiableInformationConfig")])  # type: ignore[arg-type]
    assert isinstance(fed.error, BadRequestError)
    assert len(fed.requests) == 1


# --- what fails, and what no JSON can say -------------------------------------------------------


def test_the_request_that_failed_among_several_is_named() -> None:
    once = ask(V4, "embeddings", retry=RetryPolicy(max_retries=0))
    throttled = json_response({"code": "429", "message": "slow"}, 429)
    texts: Any = {"model": V4, "input": ["t"] * 193}
    fed = feed(embed(once, texts), [vectors(0, 96), throttled])
    assert "input[96] to input[191]" in str(fed.error)
    fed = feed(embed(once, texts), [vectors(0, 96), vectors(96, 96), throttled])
    assert "for input[192] that" in str(fed.error)
    assert "input[" not in str(feed(embed(once, EMBED), [throttled]).error)  # type: ignore[arg-type]


class Derived(str):
    """A text of a class of its own, as numpy's are."""


@pytest.mark.parametrize(
    ("flow", "request_", "answer"),
    [
        (embed, {"model": V4, "input": [Derived("a")]}, vectors(0, 1)),
        (rerank, {"model": RERANK, "query": Derived("q"), "documents": [Derived("a")]}, ranks(0)),
    ],
)
def test_texts_of_derived_classes_are_texts(flow: Any, request_: Any, answer: Response) -> None:
    fed = feed(flow(ask(RERANK, "rerank"), request_), [answer])
    assert fed.error is None


@pytest.mark.parametrize(
    ("flow", "request_", "parameter"),
    [
        (embed, EMBED | {"input": ["a", "\ud800"]}, "input"),
        (rerank, RANK | {"query": "\ud800"}, "query"),
        (rerank, RANK | {"documents": ["\ud800"]}, "documents"),
        (guard, GUARD | {"pii": ["\ud800"]}, "pii"),
    ],
)
def test_what_no_json_can_say_is_refused_by_name(flow: Any, request_: Any, parameter: str) -> None:
    fed = feed(flow(ask(RERANK, "rerank"), request_), [])
    assert isinstance(fed.error, InvalidParameter)
    assert fed.error.parameter == parameter


@pytest.mark.parametrize("index", [-1, 2, "0"])
def test_a_rank_of_a_document_that_there_is_not_is_malformed(index: Any) -> None:
    fed = feed(rerank(ask(RERANK, "rerank"), RANK), [ranks(index)])  # type: ignore[arg-type]
    assert isinstance(fed.error, MalformedReply)
