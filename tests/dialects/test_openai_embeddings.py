"""OpenAI's Embeddings, as they are said to deployments of Data Science."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from ocicat.dialects import openai_embeddings
from ocicat.dialects.dialect import Notes, Origin
from ocicat.errors import (
    APIStatusError,
    InvalidParameter,
    InvalidRequest,
    MalformedReply,
    UnsupportedFeature,
)
from ocicat.routing.resolve import Place, resolve

DEPLOYMENT = "ocid1.datasciencemodeldeployment.oc1.iad.x"
TARGET = resolve(DEPLOYMENT, Place(), operation="embeddings")
ORIGIN = Origin(DEPLOYMENT, "id-1", 0)
VECTOR = [0.5, -1.0]
PACKED = base64.b64encode(struct.pack("<2f", *VECTOR)).decode()


def encode(notes: Notes | None = None, **request: Any) -> dict[str, Any]:
    asked: Any = {"model": DEPLOYMENT, **request}
    return openai_embeddings.encode_request(asked, TARGET, "compartment", notes or Notes())


def decode(body: dict[str, Any], **request: Any) -> Any:
    asked: Any = {"model": DEPLOYMENT, "input": "a", **request}
    return openai_embeddings.decode_reply(body, asked, ORIGIN)


def item(vector: Any, index: int = 0) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": vector}


def test_openais_own_parameters_are_said_as_they_are() -> None:
    body = encode(
        input=["a", "b"], dimensions=2, encoding_format="BASE64", user="me", truncate=None
    )
    assert body == {
        "model": "odsc-llm",
        "input": ["a", "b"],
        "dimensions": 2,
        "encoding_format": "base64",
        "user": "me",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("input_type", "search_query"), ("truncate", "end"), ("embedding_types", ["int8"])],
)
def test_what_openai_has_no_words_for_is_refused_or_left_out_with_a_note(
    name: str, value: Any
) -> None:
    with pytest.raises(UnsupportedFeature, match=name) as caught:
        encode(input="a", **{name: value})
    assert caught.value.hint
    notes = Notes(drop=True)
    assert encode(notes, input="a", **{name: value}) == {"model": "odsc-llm", "input": ["a"]}
    assert [note["parameter"] for note in notes.items] == [name]


@pytest.mark.parametrize(
    ("request_", "error", "parameter"),
    [
        ({"input": "data:image/png;base64,iVBORw0KGgo="}, UnsupportedFeature, "input"),
        ({"input": []}, InvalidParameter, "input"),
        ({"input": "a", "dimensions": 0}, InvalidParameter, "dimensions"),
        ({"input": "a", "encoding_format": "int8"}, InvalidParameter, "encoding_format"),
        ({"input": "a", "user": 5}, InvalidParameter, "user"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    request_: dict[str, Any], error: type[InvalidRequest], parameter: str
) -> None:
    with pytest.raises(error) as caught:
        encode(**request_)
    assert caught.value.parameter == parameter


def test_many_texts_are_several_requests() -> None:
    texts = [str(number) for number in range(70)]
    parts = openai_embeddings.split({"model": "m", "input": texts, "user": "me"}, TARGET.facts)
    assert [len(part["input"]) for part in parts] == [32, 32, 6]
    assert [text for part in parts for text in part["input"]] == texts
    assert all(part["user"] == "me" for part in parts)


@pytest.mark.parametrize("sent", [VECTOR, PACKED])
@pytest.mark.parametrize(
    ("asked", "given"), [(None, VECTOR), ("float", VECTOR), ("base64", PACKED), ("BASE64", PACKED)]
)
def test_vectors_have_the_form_that_was_asked_for_whichever_the_server_sends(
    sent: Any, asked: str | None, given: Any
) -> None:
    reply = decode({"data": [item(sent)]}, encoding_format=asked)
    assert reply["data"] == [item(given)]


def test_vectors_are_in_the_order_of_the_inputs() -> None:
    reply = decode({"id": "x", "data": [item([2.0], 1), item([1.0], 0)]}, input=["a", "b"])
    assert reply["data"] == [item([1.0], 0), item([2.0], 1)]
    assert (reply["model"], reply["opc_request_id"], reply["id"]) == (DEPLOYMENT, "id-1", "x")


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 3, "total_tokens": 4}, {"prompt_tokens": 3, "total_tokens": 4}),
        ({"prompt_tokens": 3}, {"prompt_tokens": 3, "total_tokens": 3}),
        ({"total_tokens": 4}, {"prompt_tokens": 4, "total_tokens": 4}),
        (None, None),
    ],
)
def test_token_counts_are_read_where_there_are_any(usage: Any, read: Any) -> None:
    assert decode({"data": [item(VECTOR)], "usage": usage})["usage"] == read


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"data": []}, MalformedReply),
        ({"embeddings": [VECTOR]}, MalformedReply),
        ({"error": {"message": "out of memory"}}, APIStatusError),
    ],
)
def test_what_is_no_reply_is_an_error(body: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        decode(body)
