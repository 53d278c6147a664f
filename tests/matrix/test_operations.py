"""Embeddings, rerankings and guardrails, sync and async, on demand and dedicated, on real sockets.

The emulator checks each request's signature and form, so each of these tests also says that
nothing ocicat sends is refused.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ocicat import (
    aapply_guardrails,
    aembedding,
    apply_guardrails,
    arerank,
    embedding,
    errors,
    rerank,
)
from ocicat.emulator import Emulator
from ocicat.emulator.tenancy import model_ocid

V4 = "cohere.embed-v4.0"
V3 = "cohere.embed-english-v3.0"
V3_IMAGE = "cohere.embed-english-image-v3.0"
FAST = "cohere.rerank-v4.0-fast"
PNG = "data:image/png;base64,iVBORw0KGgo="
JPEG = "data:image/jpeg;base64,/9j/4AAQ"


@dataclass(frozen=True)
class Colour:
    """The three functions, called the same way whether they are coroutines or not."""

    embedding: Callable[..., Any]
    rerank: Callable[..., Any]
    apply_guardrails: Callable[..., Any]


def waited_for(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments, **options: asyncio.run(function(*arguments, **options))


COLOURS = {
    "sync": Colour(embedding, rerank, apply_guardrails),
    "async": Colour(waited_for(aembedding), waited_for(arerank), waited_for(aapply_guardrails)),
}

pytestmark = pytest.mark.parametrize(
    "colour", [pytest.param(colour, id=name) for name, colour in COLOURS.items()]
)


def dedicated(emulator: Emulator, model: str) -> dict[str, str]:
    """The options that lead to an endpoint of its own for ``model``."""
    ocid = f"ocid1.generativeaiendpoint.oc1.us-chicago-1.{model.replace('.', '-')}"
    emulator.add_endpoint(ocid, model)
    return {"oci_endpoint_id": ocid}


@pytest.mark.parametrize("prefix", ["", "oci/", "oci:"])
def test_a_text_becomes_a_vector(oci_emulator: Emulator, colour: Colour, prefix: str) -> None:
    reply = colour.embedding(prefix + V4, "hello")
    [item] = reply.data
    assert len(item.embedding) == 1536
    received = oci_emulator.ledger.last
    assert received.verified
    assert received.path == "/20231130/actions/embedText"
    assert received.json["servingMode"] == {"servingType": "ON_DEMAND", "modelId": V4}
    assert reply.opc_request_id == received.opc_request_id


def test_a_cluster_of_ones_own_is_asked_by_its_ocid(oci_emulator: Emulator, colour: Colour) -> None:
    place = dedicated(oci_emulator, V3)
    reply = colour.embedding(V3, ["a", "b"], **place)
    assert [len(item.embedding) for item in reply.data] == [1024, 1024]
    assert oci_emulator.ledger.last.json["servingMode"] == {
        "servingType": "DEDICATED",
        "endpointId": place["oci_endpoint_id"],
    }
    assert len(colour.embedding(place["oci_endpoint_id"], "a").data[0].embedding) == 1024

    place = dedicated(oci_emulator, FAST)
    assert colour.rerank(FAST, "q", ["a"], **place).results[0].index == 0
    assert colour.rerank(place["oci_endpoint_id"], "q", ["a"]).results[0].index == 0


def test_any_number_of_inputs_keeps_its_order(oci_emulator: Emulator, colour: Colour) -> None:
    texts = [f"text number {number}" for number in range(250)]
    reply = colour.embedding(V4, texts, dimensions=256)
    assert [item.index for item in reply.data] == list(range(250))
    assert len(oci_emulator.ledger) == 3
    assert sorted(len(entry.json["inputs"]) for entry in oci_emulator.ledger) == [58, 96, 96]
    assert reply.usage.prompt_tokens == 750
    sent = {tuple(entry.json["inputs"]): entry.opc_request_id for entry in oci_emulator.ledger}
    batches = [tuple(texts[start : start + 96]) for start in (0, 96, 192)]
    assert reply.opc_request_ids == [sent[batch] for batch in batches]
    for number in (0, 95, 96, 191, 192, 249):
        alone = colour.embedding(V4, texts[number], dimensions=256)
        assert reply.data[number].embedding == alone.data[0].embedding


def test_texts_and_images_keep_their_order_on_every_version(
    oci_emulator: Emulator, colour: Colour
) -> None:
    place = dedicated(oci_emulator, V3_IMAGE)
    inputs = ["a", {"type": "image_url", "image_url": {"url": PNG}}, JPEG, "b"]
    for model, options, requests in ((V4, {}, 1), (V3_IMAGE, place, 4)):
        oci_emulator.ledger.clear()
        reply = colour.embedding(model, inputs, **options)
        assert len(oci_emulator.ledger) == requests
        alone = [colour.embedding(model, [item], **options).data[0].embedding for item in inputs]
        assert [item.embedding for item in reply.data] == alone


def test_queries_and_documents_are_kept_apart(oci_emulator: Emulator, colour: Colour) -> None:
    usual = colour.embedding(V4, "hello").data[0].embedding
    document = colour.embedding(V4, "hello", input_type="search_document").data[0].embedding
    query = colour.embedding(V4, "hello", input_type="SEARCH_QUERY").data[0].embedding
    assert usual == document
    assert query != document
    assert oci_emulator.ledger.last.json["inputType"] == "SEARCH_QUERY"


def test_base64_says_the_same_as_floats(oci_emulator: Emulator, colour: Colour) -> None:
    floats = colour.embedding(V4, "hello", dimensions=256).data[0].embedding
    packed = colour.embedding(V4, "hello", dimensions=256, encoding_format="base64")
    unpacked = struct.unpack("<256f", base64.b64decode(packed.data[0].embedding))
    assert list(unpacked) == pytest.approx(floats)


def test_each_type_of_numbers_is_to_be_had(oci_emulator: Emulator, colour: Colour) -> None:
    types = ["int8", "uint8", "binary", "ubinary", "base64", "float"]
    reply = colour.embedding(V4, ["a"] * 100, dimensions=256, embedding_types=types)
    assert list(reply.embeddings_by_type) == types
    assert {len(vectors) for vectors in reply.embeddings_by_type.values()} == {100}
    assert reply.data[99].embedding == reply.embeddings_by_type["int8"][99]
    assert len(reply.embeddings_by_type["binary"][0]) == 32


def test_documents_are_ranked(oci_emulator: Emulator, colour: Colour) -> None:
    documents = ["Berlin", {"text": "Paris is the capital"}, {"title": "capital", "year": 1}]
    reply = colour.rerank(FAST, "the capital", documents, return_documents=True, top_n=2)
    assert [result.index for result in reply.results] == [1, 2]
    assert reply.results[0].document == {"text": "Paris is the capital"}
    assert oci_emulator.ledger.last.path == "/20231130/actions/rerankText"
    assert oci_emulator.ledger.last.verified


def test_guardrails_report_what_they_find(oci_emulator: Emulator, colour: Colour) -> None:
    reply = colour.apply_guardrails("Mail a@b.org", pii=True, prompt_injection=True)
    assert reply.flagged
    assert reply.results.personally_identifiable_information[0].label == "EMAIL"
    assert reply.results.prompt_injection.score == 0.0
    assert reply.results.content_moderation is None
    assert not colour.apply_guardrails(["fine", PNG], content_moderation=True).flagged
    assert oci_emulator.ledger.last.verified


def calls(colour: Colour) -> list[Callable[..., Any]]:
    return [
        lambda **options: colour.embedding(V4, "a", **options),
        lambda **options: colour.embedding(V4, ["a"] * 200, **options),
        lambda **options: colour.rerank(FAST, "q", ["a"], **options),
        lambda **options: colour.apply_guardrails("a", pii=True, **options),
    ]


@pytest.mark.parametrize("number", range(4))
def test_another_compartment_gets_the_disguise_and_the_policy(
    oci_emulator: Emulator, colour: Colour, number: int
) -> None:
    with pytest.raises(errors.NotAuthorizedOrNotFound, match="Allow group") as caught:
        calls(colour)[number](oci_compartment_id="ocid1.compartment.oc1..other")
    assert caught.value.attempts == 1
    assert caught.value.opc_request_id


@pytest.mark.parametrize("number", range(4))
def test_an_unknown_key_is_an_authentication_error(
    oci_emulator: Emulator, colour: Colour, number: int
) -> None:
    with pytest.raises(errors.AuthenticationError):
        calls(colour)[number](oci_user="ocid1.user.oc1..stranger")


@pytest.mark.parametrize("number", range(4))
def test_nobody_there_is_a_connection_error(
    oci_emulator: Emulator, colour: Colour, number: int
) -> None:
    with pytest.raises(errors.APIConnectionError):
        calls(colour)[number](api_base="http://127.0.0.1:9", max_retries=0)


def test_an_unknown_model_is_named(oci_emulator: Emulator, colour: Colour) -> None:
    with pytest.raises(errors.ModelNotFound, match="cohere.embed-v9.0"):
        colour.embedding("cohere.embed-v9.0", "a")
    with pytest.raises(errors.ModelNotFound, match="cohere.rerank-v9.0"):
        colour.rerank("cohere.rerank-v9.0", "q", ["a"])


def test_a_text_that_is_too_long_is_an_error_of_its_own(
    oci_emulator: Emulator, colour: Colour
) -> None:
    place = dedicated(oci_emulator, V3)
    with pytest.raises(errors.ContextLengthExceeded):
        colour.embedding(V3, "word " * 600, **place)
    assert colour.embedding(V3, "word " * 600, truncate="end", **place).usage.prompt_tokens == 512


def test_all_checks_are_made_where_none_is_named(oci_emulator: Emulator, colour: Colour) -> None:
    found = colour.apply_guardrails("mail ann@example.org")
    assert found.results.content_moderation
    assert found.results.personally_identifiable_information
    assert found.results.prompt_injection


EMBED = "/20231130/actions/embedText"
RERANK = "/20231130/actions/rerankText"
GUARD = "/20231130/actions/applyGuardrails"


def noted(reply: Any) -> list[str]:
    return [note["parameter"] for note in reply.oci_notes or []]


@pytest.mark.parametrize("shape", ["nested", "text"])
def test_what_a_model_refuses_is_learned(
    oci_emulator: Emulator, colour: Colour, shape: Any
) -> None:
    oci_emulator.at(EMBED).refuse_parameter("truncate", shape=shape)
    oci_emulator.at(RERANK).refuse_parameter("topN", shape=shape)
    oci_emulator.at(GUARD).refuse_parameter("languageCode", shape=shape)
    for statuses in ([400, 200] * 3, [200] * 3):
        oci_emulator.ledger.clear()
        assert noted(colour.embedding(V4, "a", truncate="end")) == ["truncate"]
        ranked = colour.rerank(FAST, "a", ["b", "a"], top_n=1)
        assert [result.index for result in ranked.results] == [1]
        assert noted(ranked) == ["top_n"]
        assert noted(colour.apply_guardrails("a", pii=True, language="en")) == ["language"]
        assert [received.status for received in oci_emulator.ledger] == statuses


def test_what_many_requests_are_refused_side_by_side_is_left_out_of_all(
    oci_emulator: Emulator, colour: Colour
) -> None:
    oci_emulator.at(EMBED).refuse_parameter("outputDimensions")
    with pytest.raises(errors.BadRequestError, match="outputDimensions"):
        colour.embedding(V4, ["a"] * 300, dimensions=256)
    reply = colour.embedding(V4, ["a"] * 300, dimensions=256, drop_params=True)
    assert {len(item.embedding) for item in reply.data} == {1536}
    assert noted(reply) == ["dimensions"]


def test_drop_params_leaves_out_a_size_that_the_model_has_not(
    oci_emulator: Emulator, colour: Colour
) -> None:
    place = dedicated(oci_emulator, V3)
    reply = colour.embedding(V3, "a", dimensions=256, drop_params=True, **place)
    assert len(reply.data[0].embedding) == 1024
    assert noted(reply) == ["dimensions"]


@pytest.mark.parametrize("number", range(4))
def test_a_failure_in_passing_is_repeated(
    oci_emulator: Emulator, colour: Colour, number: int
) -> None:
    for path in (EMBED, RERANK, GUARD):
        oci_emulator.at(path).fail(429, retry_after=0.01).times(1)
        oci_emulator.at(path).fail(503, html=True).times(1)
    assert calls(colour)[number]().opc_request_id
    statuses = sorted(received.status or 0 for received in oci_emulator.ledger)
    assert statuses[-2:] == [429, 503]


def test_one_request_of_many_that_fails_fails_the_call_and_is_named(
    oci_emulator: Emulator, colour: Colour
) -> None:
    texts = ["a"] * 96 + ["word " * 600] + ["a"] * 95
    place = dedicated(oci_emulator, V3)
    with pytest.raises(errors.ContextLengthExceeded, match=r"input\[96\] to input\[191\]"):
        colour.embedding(V3, texts, **place)


def test_nothing_is_looked_up_for_texts_and_images_are_sent_as_their_model_takes_them(
    oci_emulator: Emulator, colour: Colour
) -> None:
    endpoint = dedicated(oci_emulator, V3_IMAGE)["oci_endpoint_id"]
    colour.embedding(endpoint, ["a", "b"])
    assert [received.path for received in oci_emulator.ledger] == [EMBED]
    for _ in range(2):
        assert len(colour.embedding(endpoint, ["a", PNG]).data) == 2
    paths = [received.path for received in oci_emulator.ledger]
    assert len([path for path in paths if path.startswith("/20231130/endpoints/")]) == 1
    assert oci_emulator.ledger.last.status == 200


def test_what_cannot_be_looked_up_is_taken_for_the_newest_kind(
    oci_emulator: Emulator, colour: Colour
) -> None:
    endpoint = dedicated(oci_emulator, V4)["oci_endpoint_id"]
    oci_emulator.at(f"/20231130/endpoints/{endpoint}").fail(404)
    assert len(colour.embedding(endpoint, ["a", PNG]).data) == 2


def test_a_look_up_that_fails_in_passing_is_tried_again_at_the_next_call(
    oci_emulator: Emulator, colour: Colour
) -> None:
    endpoint = dedicated(oci_emulator, V3_IMAGE)["oci_endpoint_id"]
    oci_emulator.at(f"/20231130/endpoints/{endpoint}").fail(503).times(2)
    with pytest.raises(errors.BadRequestError):
        colour.embedding(endpoint, [PNG])
    assert len(colour.embedding(endpoint, [PNG]).data) == 1


def test_a_model_is_asked_by_its_ocid_too(oci_emulator: Emulator, colour: Colour) -> None:
    assert (
        len(colour.embedding(model_ocid(V4), ["a", PNG], dimensions=256).data[0].embedding) == 256
    )
    assert colour.rerank(model_ocid(FAST), "q", ["a"]).results[0].index == 0
    assert oci_emulator.ledger.last.json["servingMode"] == {
        "servingType": "ON_DEMAND",
        "modelId": model_ocid(FAST),
    }
