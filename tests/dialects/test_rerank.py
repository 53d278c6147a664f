"""RerankText both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.dialects import rerank
from ocicat.dialects.dialect import Notes, Origin
from ocicat.emulator.schema.rerank import check_rerank_text_details
from ocicat.errors import InvalidParameter, MalformedReply, UnsupportedFeature
from ocicat.routing.resolve import Place, resolve
from support.sdk_models import check_details, check_result

ORIGIN = Origin("m", "A/B/C", 0)
MODELS = ["cohere.rerank-v4.0-fast", "cohere.rerank.v3-5", "cohere.rerank-v3.5"]


def encoded(model: str = MODELS[0], notes: Notes | None = None, **request: Any) -> dict[str, Any]:
    """The wire body, which the emulator's schema and the SDK's class have both accepted."""
    target = resolve(model, Place(region="us-chicago-1"), operation="rerank")
    asked: Any = {"model": model, "query": "q", "documents": ["a"], **request}
    body = rerank.encode_request(asked, target, "c", notes or Notes())
    check_rerank_text_details(json.dumps(body).encode())
    check_details(body, "RerankTextDetails")
    return body


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_named_as_the_caller_spells_it(model: str) -> None:
    assert encoded(model)["servingMode"] == {"servingType": "ON_DEMAND", "modelId": model}


def test_every_parameter_has_its_word() -> None:
    body = encoded(
        documents=["a", "b"],
        top_n=1,
        return_documents=True,
        max_chunks_per_doc=2,
        max_tokens_per_doc=3,
    )
    assert body == {
        "compartmentId": "c",
        "servingMode": {"servingType": "ON_DEMAND", "modelId": MODELS[0]},
        "input": "q",
        "documents": ["a", "b"],
        "topN": 1,
        "isEcho": True,
        "maxChunksPerDocument": 2,
        "maxTokensPerDocument": 3,
    }
    assert rerank.decode_request(body) == {
        "model": MODELS[0],
        "query": "q",
        "documents": ["a", "b"],
        "top_n": 1,
        "return_documents": True,
        "max_chunks_per_doc": 2,
        "max_tokens_per_doc": 3,
    }


@pytest.mark.parametrize(
    ("document", "fields", "text"),
    [
        ({"text": "a", "title": "b"}, None, "a"),
        ({"title": "b", "year": 1}, None, '{"title":"b","year":1}'),
        ({"text": "a", "title": "b", "tags": ["c"]}, ["title", "tags"], 'title: b\ntags: ["c"]'),
        ({"text": "a", "title": "b"}, ["title", "none"], "title: b"),
        ({"text": "a", "title": "b"}, "title", "title: b"),
        ("plain", ["title"], "plain"),
    ],
)
def test_a_document_becomes_a_text(document: Any, fields: Any, text: str) -> None:
    assert encoded(documents=[document, {"title": "x"}], rank_fields=fields)["documents"][0] == text


def test_fields_of_texts_are_noted() -> None:
    notes = Notes()
    encoded(notes=notes, rank_fields=["title"])
    assert [note["parameter"] for note in notes.items] == ["rank_fields"]


@pytest.mark.parametrize(
    ("request_", "parameter", "words"),
    [
        ({"query": ""}, "query", "must be a text"),
        ({"query": ["q"]}, "query", "must be a text"),
        ({"documents": []}, "documents", "not an empty one"),
        ({"documents": "a"}, "documents", "list"),
        ({"documents": ["a", 1]}, "documents[1]", "a text or a dictionary"),
        ({"documents": [{"a": 1}], "rank_fields": ["b"]}, "documents[0]", "none of the fields b"),
        ({"rank_fields": 7}, "rank_fields", "list of texts"),
        ({"top_n": 0}, "top_n", "at least 1"),
        ({"return_documents": "yes"}, "return_documents", "true or false"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    request_: dict[str, Any], parameter: str, words: str
) -> None:
    with pytest.raises(InvalidParameter, match=words) as caught:
        encoded(**request_)
    assert caught.value.parameter == parameter


def test_what_has_no_place_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFeature, match="RerankText"):
        encoded(overlap=3)


def test_ranks_are_coheres() -> None:
    body = {
        "id": "r",
        "modelId": "m",
        "modelVersion": "1.0",
        "documentRanks": [
            {"index": 1, "relevanceScore": 0.9, "document": {"text": "b"}},
            {"index": 0, "relevanceScore": 0.1, "document": None},
        ],
    }
    check_result(body, "RerankTextResult")
    request: Any = {"documents": ["a", "b"], "return_documents": True}
    reply = rerank.decode_reply(body, request, ORIGIN)
    assert reply == {
        "id": "r",
        "model": "m",
        "results": [
            {"index": 1, "relevance_score": 0.9, "document": {"text": "b"}},
            {"index": 0, "relevance_score": 0.1, "document": {"text": "a"}},
        ],
        "meta": {"model_version": "1.0"},
        "opc_request_id": "A/B/C",
    }
    assert rerank.decode_reply(rerank.encode_reply(reply), request, ORIGIN) == reply


def test_documents_come_only_where_they_were_asked_for() -> None:
    body = {"documentRanks": [{"index": 0, "relevanceScore": 0.9, "document": {"text": "a"}}]}
    reply = rerank.decode_reply(body, {"documents": ["a"]}, ORIGIN)
    assert reply["results"] == [{"index": 0, "relevance_score": 0.9}]
    assert reply["meta"] == {}


def test_an_answer_without_ranks_is_an_error() -> None:
    with pytest.raises(MalformedReply, match="documentRanks"):
        rerank.decode_reply({"id": "r"}, {"documents": ["a"]}, ORIGIN)
