"""EmbedText both ways: what is said to OCI, and what is made of its answers."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from ocicat.dialects import embeddings
from ocicat.dialects.dialect import Notes, Origin
from ocicat.emulator.schema.embeddings import check_embed_text_details
from ocicat.errors import (
    BadRequestError,
    InvalidParameter,
    InvalidRequest,
    MalformedReply,
    UnsupportedFeature,
)
from ocicat.routing.resolve import Place, resolve
from support.sdk_models import check_details, check_result

V4 = "cohere.embed-v4.0"
V3 = "cohere.embed-english-v3.0"
V3_IMAGE = "cohere.embed-english-image-v3.0"
FUTURE = "cohere.embed-v9.0"
PNG = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "image_url", "image_url": {"url": PNG}}
ORIGIN = Origin("m", "A/B/C", 0)


def encoded(model: str, input: Any, notes: Notes | None = None, **more: Any) -> dict[str, Any]:
    """The wire body, which the emulator's schema and the SDK's class have both accepted."""
    target = resolve(model, Place(region="us-chicago-1"), operation="embeddings")
    request: Any = {"model": model, "input": input, **more}
    before = json.dumps(request)
    body = embeddings.encode_request(request, target, "c", notes or Notes())
    assert json.dumps(request) == before, "the caller's request was changed"
    check_embed_text_details(json.dumps(body).encode())
    check_details(body, "EmbedTextDetails")
    assert body.pop("compartmentId") == "c"
    assert body.pop("servingMode") == {"servingType": "ON_DEMAND", "modelId": model}
    return body


@pytest.mark.parametrize(
    ("model", "neutral", "wire"),
    [
        (V4, {"input": "a"}, {"inputs": ["a"], "inputType": "SEARCH_DOCUMENT"}),
        (V3, {"input": ["a", "b"]}, {"inputs": ["a", "b"], "inputType": "SEARCH_DOCUMENT"}),
        (
            V4,
            {"input": "a", "input_type": "Search_Query"},
            {"inputs": ["a"], "inputType": "SEARCH_QUERY"},
        ),
        (
            V3,
            {"input": "a", "input_type": "CLUSTERING", "truncate": "end"},
            {"inputs": ["a"], "inputType": "CLUSTERING", "truncate": "END"},
        ),
        (
            V4,
            {"input": "a", "dimensions": 256, "embedding_types": ["int8", "Float", "int8"]},
            {
                "inputs": ["a"],
                "inputType": "SEARCH_DOCUMENT",
                "outputDimensions": 256,
                "embeddingTypes": ["int8", "float"],
            },
        ),
        (
            V4,
            {"input": "a", "embedding_types": "ubinary", "encoding_format": "base64"},
            {"inputs": ["a"], "inputType": "SEARCH_DOCUMENT", "embeddingTypes": ["ubinary"]},
        ),
        (V3, {"input": "a", "dimensions": 1024}, {"inputs": ["a"], "inputType": "SEARCH_DOCUMENT"}),
        (
            FUTURE,
            {"input": "a", "dimensions": 2048},
            {"inputs": ["a"], "inputType": "SEARCH_DOCUMENT", "outputDimensions": 2048},
        ),
        (
            V4,
            {"input": ["a", {"type": "image_url", "image_url": {"url": PNG, "detail": "auto"}}]},
            {
                "embedContents": [
                    {"type": "TEXT", "text": "a"},
                    {"type": "IMAGE", "imageUrl": {"url": PNG, "detail": "AUTO"}},
                ],
                "inputType": "SEARCH_DOCUMENT",
            },
        ),
        (
            V4,
            {"input": PNG, "input_type": "image"},
            {
                "embedContents": [{"type": "IMAGE", "imageUrl": {"url": PNG}}],
                "inputType": "IMAGE",
            },
        ),
        (V3_IMAGE, {"input": [IMAGE]}, {"inputs": [PNG], "inputType": "IMAGE"}),
        (V3_IMAGE, {"input": "a"}, {"inputs": ["a"], "inputType": "SEARCH_DOCUMENT"}),
    ],
)
def test_a_request_is_said_in_ocis_words(
    model: str, neutral: dict[str, Any], wire: dict[str, Any]
) -> None:
    assert encoded(model, **neutral) == wire


@pytest.mark.parametrize(
    ("model", "neutral", "kind", "parameter", "words"),
    [
        (V4, {"dimensions": 300}, InvalidParameter, "dimensions", "1536, 256, 512 or 1024"),
        (V4, {"dimensions": "256"}, InvalidParameter, "dimensions", "whole number"),
        (V3, {"dimensions": 256}, UnsupportedFeature, "dimensions", "have 1024"),
        (V4, {"encoding_format": "int8"}, InvalidParameter, "encoding_format", "embedding_types="),
        (V4, {"encoding_format": "hex"}, InvalidParameter, "encoding_format", "float, base64"),
        (V4, {"embedding_types": ["int4"]}, InvalidParameter, "embedding_types", "ubinary"),
        (V4, {"embedding_types": []}, InvalidParameter, "embedding_types", "at least one"),
        (V4, {"truncate": "left"}, InvalidParameter, "truncate", "none, start, end"),
        (V4, {"input_type": "query"}, InvalidParameter, "input_type", "search_query"),
        (V4, {"input_type": "image"}, InvalidParameter, "input_type", "there is a text"),
        (V3, {"input": [PNG]}, UnsupportedFeature, "input", "embeds no images"),
        (
            V3_IMAGE,
            {"input": [{"type": "image_url", "image_url": {"url": "https://host/a.png"}}]},
            UnsupportedFeature,
            "input",
            "does not fetch",
        ),
        (V4, {"prompt": "x"}, UnsupportedFeature, "prompt", "EmbedText"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(
    model: str, neutral: dict[str, Any], kind: type[InvalidRequest], parameter: str, words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        encoded(model, **{"input": "a", **neutral})
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    ("model", "neutral", "parameter"),
    [
        (V4, {"input": "a", "user": "me"}, "user"),
        (V3_IMAGE, {"input": [PNG], "input_type": "search_query"}, "input_type"),
    ],
)
def test_what_is_left_out_is_noted(model: str, neutral: dict[str, Any], parameter: str) -> None:
    notes = Notes()
    encoded(model, notes=notes, **neutral)
    assert [note["parameter"] for note in notes.items] == [parameter]


@pytest.mark.parametrize(
    ("model", "input", "sizes"),
    [
        (V4, ["t"] * 96, [96]),
        (V4, ["t"] * 97, [96, 1]),
        (V4, [IMAGE, "t"] * 60, [96, 24]),
        (V3_IMAGE, ["t", "t", IMAGE, IMAGE, "t"], [2, 1, 1, 1]),
        (V3_IMAGE, ["t"] * 200, [96, 96, 8]),
        (FUTURE, [IMAGE, "t"], [2]),
    ],
)
def test_inputs_are_split_as_the_model_takes_them(
    model: str, input: list[Any], sizes: list[int]
) -> None:
    facts = resolve(model, Place(region="us-chicago-1"), operation="embeddings").facts
    parts = embeddings.split({"model": model, "input": input, "truncate": "end"}, facts)
    assert [len(part["input"]) for part in parts] == sizes
    assert [item for part in parts for item in part["input"]] == input
    assert all(part["truncate"] == "end" for part in parts)


@pytest.mark.parametrize(
    "request_",
    [
        {"input": ["a", "b"], "input_type": "search_query"},
        {"input": [IMAGE, "a"], "input_type": "search_document", "dimensions": 512},
        {"input": ["a"], "input_type": "clustering", "truncate": "start"},
        {"input": ["a"], "input_type": "classification", "embedding_types": ["int8", "float"]},
    ],
)
def test_a_request_is_read_as_it_was_meant(request_: dict[str, Any]) -> None:
    target = resolve(V4, Place(region="us-chicago-1"), operation="embeddings")
    body = embeddings.encode_request({"model": V4, **request_}, target, "c", Notes())  # type: ignore[typeddict-item]
    assert embeddings.decode_request(body) == {"model": V4, **request_}


def decoded(body: dict[str, Any], input: Any = ("a", "b"), **request: Any) -> Any:
    return embeddings.decode_reply(body, {"input": list(input), **request}, ORIGIN)  # type: ignore[typeddict-item]


def test_floats_are_openais_list() -> None:
    reply = decoded(
        {
            "id": "r",
            "embeddings": [[1.0, 0.0], [0.0, 1.0]],
            "usage": {"promptTokens": 3, "totalTokens": 3},
        }
    )
    assert reply == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [1.0, 0.0]},
            {"object": "embedding", "index": 1, "embedding": [0.0, 1.0]},
        ],
        "model": "m",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
        "id": "r",
        "opc_request_id": "A/B/C",
    }


def test_base64_is_made_of_little_endian_floats() -> None:
    reply = decoded({"embeddings": [[1.5, -2.0], [0.0, 1.0]]}, encoding_format="base64")
    packed = base64.b64decode(reply["data"][0]["embedding"])
    assert struct.unpack("<2f", packed) == (1.5, -2.0)


@pytest.mark.parametrize("key", ["int8", "INT8", "int8_"])
def test_one_type_is_the_data(key: str) -> None:
    reply = decoded(
        {"embeddings": [], "embeddingsByType": {key: [[1], [2]]}}, embedding_types=["int8"]
    )
    assert [item["embedding"] for item in reply["data"]] == [[1], [2]]
    assert "embeddings_by_type" not in reply


def test_a_lone_type_may_come_where_floats_do() -> None:
    reply = decoded({"embeddings": [[1], [2]]}, embedding_types=["int8"])
    assert [item["embedding"] for item in reply["data"]] == [[1], [2]]


def test_several_types_are_all_there_and_the_first_is_the_data() -> None:
    reply = decoded(
        {"embeddings": [[0.5], [1.0]], "embeddingsByType": {"int8": [[1], [2]]}},
        embedding_types=["int8", "float"],
    )
    assert reply["embeddings_by_type"] == {"int8": [[1], [2]], "float": [[0.5], [1.0]]}
    assert [item["embedding"] for item in reply["data"]] == [[1], [2]]


@pytest.mark.parametrize(
    ("more", "usage"),
    [
        ({}, None),
        ({"usage": None}, None),
        ({"usage": {"totalTokens": 4}}, {"prompt_tokens": 4, "total_tokens": 4}),
        ({"usage": {"promptTokens": 4}}, {"prompt_tokens": 4, "total_tokens": 4}),
        ({"inputTextTokenCounts": [1, 2]}, {"prompt_tokens": 3, "total_tokens": 3}),
    ],
)
def test_token_counts_come_from_wherever_they_are(more: dict[str, Any], usage: Any) -> None:
    assert decoded({"embeddings": [[1.0], [2.0]], **more})["usage"] == usage


@pytest.mark.parametrize(
    ("body", "request_", "kind", "words"),
    [
        ({}, {}, MalformedReply, "`embeddings of type float` is missing"),
        ({"embeddings": [[1.0]]}, {}, MalformedReply, "1 vectors for 2 inputs"),
        (
            {"embeddings": [[1.0], [2.0]]},
            {"embedding_types": ["float", "int8"]},
            MalformedReply,
            "type int8",
        ),
        ({"code": "400", "message": "no"}, {}, BadRequestError, "no"),
    ],
)
def test_an_answer_without_a_vector_for_each_input_is_an_error(
    body: dict[str, Any], request_: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        decoded(body, **request_)


@pytest.mark.parametrize("types", [None, ["int8"], ["float", "ubinary"]])
def test_a_reply_survives_the_way_there_and_back(types: list[str] | None) -> None:
    request: Any = {"input": ["a"], "embedding_types": types}
    by_type: Any = {"float": [[0.5]], "int8": [[64]], "ubinary": [[128]]}
    made: Any = {
        "id": "r",
        "model": "m",
        "embeddings_by_type": by_type,
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }
    wire = embeddings.encode_reply(made, request)
    check_result(wire, "EmbedTextResult")
    reply = embeddings.decode_reply(wire, request, ORIGIN)
    assert reply["data"][0]["embedding"] == by_type[(types or ["float"])[0]][0]
    assert reply.get("embeddings_by_type", {}).keys() == set(types if len(types or []) > 1 else [])
    assert reply["usage"] == made["usage"]
