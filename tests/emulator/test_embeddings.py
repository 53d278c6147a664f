"""EmbedText at the emulator, asked by a stranger's client."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator import Emulator
from support.emulator_client import Answer, ask
from support.sdk_models import check_result

V4 = "cohere.embed-v4.0"
PNG = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "IMAGE", "imageUrl": {"url": PNG}}
ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.embed"


def embed(emulator: Emulator, model: str = V4, **more: Any) -> Answer:
    """Ask ``model``: on demand, or behind an endpoint where it is of version 3."""
    serving: dict[str, str] = {"servingType": "ON_DEMAND", "modelId": model}
    if "v3" in model:
        emulator.add_endpoint(ENDPOINT, model)
        serving = {"servingType": "DEDICATED", "endpointId": ENDPOINT}
    body = {"compartmentId": emulator.compartment_id, "servingMode": serving, **more}
    return ask(emulator, "POST", "/20231130/actions/embedText", body)


def test_vectors_come_in_the_sdks_shape(emulator: Emulator) -> None:
    answer = embed(emulator, inputs=["one two", "three"])
    assert answer.status == 200
    check_result(answer.json, "EmbedTextResult")
    assert [len(vector) for vector in answer.json["embeddings"]] == [1536, 1536]
    assert answer.json["modelId"] == V4
    assert answer.json["usage"] == {"promptTokens": 3, "totalTokens": 3}
    assert "embeddingsByType" not in answer.json
    assert "inputs" not in answer.json
    assert emulator.ledger.last.verified


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("cohere.embed-english-v3.0", 1024),
        ("cohere.embed-multilingual-light-v3.0", 384),
        ("cohere.embed-english-light-image-v3.0", 384),
    ],
)
def test_each_model_has_its_size(emulator: Emulator, model: str, size: int) -> None:
    answer = embed(emulator, model, inputs=["a"])
    assert len(answer.json["embeddings"][0]) == size
    assert answer.json["modelId"] == ENDPOINT


@pytest.mark.parametrize("size", [256, 512, 1024, 1536])
def test_the_size_is_the_one_asked_for(emulator: Emulator, size: int) -> None:
    answer = embed(emulator, inputs=["a"], outputDimensions=size)
    assert len(answer.json["embeddings"][0]) == size


def test_each_type_is_there_by_its_name(emulator: Emulator) -> None:
    types = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
    answer = embed(emulator, inputs=["a"], embeddingTypes=types, outputDimensions=256)
    by_type = answer.json["embeddingsByType"]
    assert list(by_type) == types
    assert by_type["float"] == answer.json["embeddings"]
    assert len(by_type["ubinary"][0]) == 32
    assert isinstance(by_type["base64"][0], str)


def test_floats_that_were_not_asked_for_do_not_come(emulator: Emulator) -> None:
    answer = embed(emulator, inputs=["a"], embeddingTypes=["int8"])
    assert answer.json["embeddings"] == []
    assert list(answer.json["embeddingsByType"]) == ["int8"]


def test_texts_and_images_stand_side_by_side(emulator: Emulator) -> None:
    contents = [{"type": "TEXT", "text": "a"}, IMAGE]
    answer = embed(emulator, embedContents=contents, isEcho=True)
    assert len(answer.json["embeddings"]) == 2
    assert answer.json["embedContents"] == contents
    alone = embed(emulator, inputs=["a"]).json["embeddings"]
    assert answer.json["embeddings"][:1] == alone


def test_an_image_alone_is_an_input_of_an_image_model(emulator: Emulator) -> None:
    model = "cohere.embed-english-image-v3.0"
    answer = embed(emulator, model, inputs=[PNG], inputType="IMAGE", isEcho=True)
    assert len(answer.json["embeddings"]) == 1
    assert answer.json["inputs"] == [PNG]


def test_what_is_too_long_is_refused_or_cut_off(emulator: Emulator) -> None:
    model = "cohere.embed-english-v3.0"
    words = [f"w{number}" for number in range(600)]
    long = " ".join(words)
    refused = embed(emulator, model, inputs=[long])
    assert refused.status == 400
    assert "600 tokens" in refused.json["message"]

    start = embed(emulator, model, inputs=[long], truncate="END").json
    end = embed(emulator, model, inputs=[long], truncate="START").json
    assert start["usage"]["promptTokens"] == end["usage"]["promptTokens"] == 512
    first = embed(emulator, model, inputs=[" ".join(words[:512])]).json
    last = embed(emulator, model, inputs=[" ".join(words[-512:])]).json
    assert start["embeddings"] == first["embeddings"]
    assert end["embeddings"] == last["embeddings"]


@pytest.mark.parametrize(
    ("model", "more", "status", "reason"),
    [
        (V4, {"inputs": ["a"] * 97}, 400, "length <= 96"),
        (V4, {"inputs": ["a"], "outputDimensions": 300}, 400, "256, 512, 1024, 1536"),
        ("cohere.embed-english-v3.0", {"inputs": ["a"], "outputDimensions": 1024}, 400, "one size"),
        ("cohere.embed-english-v3.0", {"embedContents": [IMAGE]}, 400, "takes inputs only"),
        (V4, {"inputs": [PNG, PNG], "inputType": "IMAGE"}, 400, "2 inputs instead of one"),
        (V4, {"inputs": ["a"], "inputType": "IMAGE"}, 400, "no data URI"),
        (
            "cohere.embed-english-v3.0",
            {"inputs": [PNG], "inputType": "IMAGE"},
            400,
            "embeds no images",
        ),
        (V4, {"embedContents": [{"type": "TEXT"}]}, 400, "a TEXT without text"),
        (V4, {"embedContents": [{"type": "IMAGE"}]}, 400, "an IMAGE without imageUrl"),
        ("meta.llama-3.3-70b-instruct", {"inputs": ["a"]}, 400, "is asked for TEXT_EMBEDDINGS"),
        ("cohere.rerank-v4.0-fast", {"inputs": ["a"]}, 400, "can TEXT_RERANK"),
        ("nobody.knows", {"inputs": ["a"]}, 404, "no model"),
        (V4, {"inputs": ["a"], "compartmentId": "other"}, 404, "no compartment"),
    ],
)
def test_what_oci_would_refuse_is_refused(
    emulator: Emulator, model: str, more: dict[str, Any], status: int, reason: str
) -> None:
    answer = embed(emulator, model, **more)
    assert answer.status == status
    assert answer.json["code"] == str(status)
    assert reason in answer.reason
    assert emulator.ledger.last.refusal == answer.reason


def test_a_retired_model_is_gone(emulator: Emulator) -> None:
    body = {
        "compartmentId": emulator.compartment_id,
        "servingMode": {"servingType": "ON_DEMAND", "modelId": "cohere.embed-english-v3.0"},
        "inputs": ["a"],
    }
    answer = ask(emulator, "POST", "/20231130/actions/embedText", body)
    assert answer.status == 404
    assert answer.json["message"] == "Entity with key cohere.embed-english-v3.0 not found"


def test_an_unsigned_request_is_refused(emulator: Emulator) -> None:
    answer = ask(emulator, "POST", "/20231130/actions/embedText", b"{}", sign=False)
    assert answer.status == 401


def test_the_content_type_must_be_json(emulator: Emulator) -> None:
    headers = {"content-type": "text/plain"}
    answer = ask(emulator, "POST", "/20231130/actions/embedText", b"{}", headers)
    assert answer.status == 400
    assert "content-type" in answer.reason


def test_a_rule_meets_the_requests_to_its_path(emulator: Emulator) -> None:
    rule = emulator.at("/20231130/actions/embedText").fail(429, retry_after=3).times(1)
    emulator.at("/20231130/actions/rerankText").fail(500)
    throttled = embed(emulator, inputs=["a"])
    assert (throttled.status, throttled.headers["retry-after"]) == (429, "3")
    assert embed(emulator, inputs=["a"]).status == 200
    assert rule.used == 1
    emulator.at("/20231130/actions/embedText").reply_raw(200, body="odd")
    assert embed(emulator, inputs=["a"]).body == b"odd"
    emulator.script.clear()
    assert embed(emulator, inputs=["a"]).status == 200


@pytest.mark.parametrize(("shape", "begins"), [(None, "{"), ("text", "Unsupported")])
def test_a_rule_refuses_what_a_request_comes_with(
    emulator: Emulator, shape: Any, begins: str
) -> None:
    emulator.at("/20231130/actions/embedText").refuse_parameter("truncate", shape=shape)
    refused = embed(emulator, inputs=["a"], truncate="END")
    assert refused.status == 400
    assert refused.json["message"].startswith(begins)
    assert "'truncate' is not supported" in refused.json["message"]
    assert embed(emulator, inputs=["truncate"]).status == 200
