"""RerankText at the emulator, asked by a stranger's client."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator import Emulator
from support.emulator_client import Answer, ask
from support.sdk_models import check_result

FAST = "cohere.rerank-v4.0-fast"
DOCUMENTS = ["Berlin is in Germany.", "Paris is the capital of France.", "The capital."]


def rerank(emulator: Emulator, model: str = FAST, **more: Any) -> Answer:
    body = {
        "compartmentId": emulator.compartment_id,
        "servingMode": {"servingType": "ON_DEMAND", "modelId": model},
        "input": "capital of France",
        "documents": DOCUMENTS,
        **more,
    }
    return ask(emulator, "POST", "/20231130/actions/rerankText", body)


def test_documents_with_more_of_the_querys_words_come_first(emulator: Emulator) -> None:
    answer = rerank(emulator)
    check_result(answer.json, "RerankTextResult")
    ranks = answer.json["documentRanks"]
    assert [rank["index"] for rank in ranks] == [1, 2, 0]
    scores = [rank["relevanceScore"] for rank in ranks]
    assert 1 >= scores[0] > scores[1] > scores[2] == 0
    assert all("document" not in rank for rank in ranks)


def test_only_the_best_come_and_with_their_texts(emulator: Emulator) -> None:
    [best] = rerank(emulator, topN=1, isEcho=True).json["documentRanks"]
    assert best["document"] == {"text": DOCUMENTS[1]}


def test_only_the_beginning_of_a_document_may_be_read(emulator: Emulator) -> None:
    ranks = rerank(emulator, maxTokensPerDocument=2).json["documentRanks"]
    assert [rank["index"] for rank in ranks] == [2, 0, 1]


@pytest.mark.parametrize("model", ["cohere.rerank.v3-5", "cohere.rerank-v3.5"])
def test_a_model_may_be_spelt_both_ways(emulator: Emulator, model: str) -> None:
    assert rerank(emulator, model).json["modelId"] == model


@pytest.mark.parametrize(
    ("model", "more", "status", "reason"),
    [
        (FAST, {"documents": []}, 400, "documents"),
        ("cohere.embed-v4.0", {}, 400, "is asked for TEXT_RERANK"),
        ("nobody.knows", {}, 404, "no model"),
        (FAST, {"compartmentId": "other"}, 404, "no compartment"),
    ],
)
def test_what_oci_would_refuse_is_refused(
    emulator: Emulator, model: str, more: dict[str, Any], status: int, reason: str
) -> None:
    answer = rerank(emulator, model, **more)
    assert answer.status == status
    assert reason in answer.reason
