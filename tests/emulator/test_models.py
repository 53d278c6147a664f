"""The management API's list of models."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.tenancy import IMPORTED, model_ocid
from ocicat.routing import catalog
from support.emulator_client import LLAMA, Answer, ask


def listed(emulator: Emulator, *more: tuple[str, str], **query: str) -> Answer:
    pairs = [("compartmentId", emulator.compartment_id), *query.items(), *more]
    return ask(emulator, "GET", f"/20231130/models?{urlencode(pairs)}")


def names(answer: Answer) -> list[str]:
    assert answer.status == 200
    return [item["displayName"] for item in answer.json["items"]]


def test_every_model_is_listed(emulator: Emulator) -> None:
    answer = listed(emulator)

    assert names(answer) == [*(facts.id for facts in catalog.models()), IMPORTED.id]
    assert "opc-next-page" not in answer.headers
    assert answer.headers["content-type"] == "application/json"


def test_an_imported_model_is_a_custom_one_of_the_compartment(emulator: Emulator) -> None:
    item = listed(emulator, vendor="qwen").json["items"][0]

    assert (item["type"], item["compartmentId"]) == ("CUSTOM", emulator.compartment_id)
    assert item["id"] == model_ocid(IMPORTED.id)


def test_an_added_model_is_listed(emulator: Emulator) -> None:
    emulator.add_model("xai.grok-99")
    assert names(listed(emulator, displayName="xai.grok-99")) == ["xai.grok-99"]


def test_an_item_says_what_the_catalogue_knows(emulator: Emulator) -> None:
    item = listed(emulator, displayName=LLAMA).json["items"][0]

    assert item["id"] == model_ocid(LLAMA)
    assert item["vendor"] == "meta"
    assert item["capabilities"] == ["CHAT"]
    assert item["lifecycleState"] == "ACTIVE"
    assert item["type"] == "BASE"
    assert item["timeDeprecated"] is None


def test_retirement_and_deprecation_are_told(emulator: Emulator) -> None:
    item = listed(emulator, displayName="cohere.embed-english-v3.0").json["items"][0]

    assert item["timeDeprecated"]
    assert item["timeOnDemandRetired"] == "2026-09-30T00:00:00.000Z"


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"vendor": "xai"}, lambda facts: facts.vendor == "xai"),
        ({"id": model_ocid(LLAMA)}, lambda facts: facts.id == LLAMA),
        ({"lifecycleState": "ACTIVE"}, lambda facts: True),
        ({"lifecycleState": "DELETED"}, lambda facts: False),
        ({"capability": "TEXT_RERANK"}, lambda facts: "TEXT_RERANK" in facts.capabilities),
    ],
)
def test_filters_choose_models(emulator: Emulator, query: dict[str, str], fits: Any) -> None:
    expected = [facts.id for facts in (*catalog.models(), IMPORTED) if fits(facts)]
    assert names(listed(emulator, **query)) == expected


def test_capabilities_may_be_asked_for_together(emulator: Emulator) -> None:
    answer = listed(emulator, ("capability", "TEXT_EMBEDDINGS"), ("capability", "TEXT_RERANK"))
    kinds = {item["capabilities"][0] for item in answer.json["items"]}
    assert kinds == {"TEXT_EMBEDDINGS", "TEXT_RERANK"}


def test_pages_follow_each_other(emulator: Emulator) -> None:
    everything = names(listed(emulator))
    found: list[str] = []
    query = {"limit": "7"}
    while True:
        answer = listed(emulator, **query)
        found += names(answer)
        if "opc-next-page" not in answer.headers:
            break
        assert len(names(answer)) == 7
        query["page"] = answer.headers["opc-next-page"]

    assert found == everything


@pytest.mark.parametrize(("order", "reverse"), [("ASC", False), ("DESC", True)])
def test_models_can_be_sorted(emulator: Emulator, order: str, reverse: bool) -> None:
    sorted_names = names(listed(emulator, sortBy="displayName", sortOrder=order))
    assert sorted_names == sorted(sorted_names, reverse=reverse)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "many"},
        {"page": "nonsense"},
        {"page": "%%%"},
        {"sortBy": "id"},
        {"sortOrder": "UP"},
        {"lifecycleState": "ALIVE"},
        {"capability": "TALKING"},
        {"displayname": "x"},
    ],
)
def test_wrong_parameters_are_refused(emulator: Emulator, query: dict[str, str]) -> None:
    answer = listed(emulator, **query)

    assert answer.status == 400
    assert answer.json["code"] == "InvalidParameter"
    assert next(iter(query)) in answer.reason


def test_a_parameter_given_twice_is_refused(emulator: Emulator) -> None:
    assert listed(emulator, ("limit", "5"), limit="5").status == 400


def test_the_compartment_must_be_given_and_known(emulator: Emulator) -> None:
    missing = ask(emulator, "GET", "/20231130/models")
    unknown = ask(emulator, "GET", "/20231130/models?compartmentId=ocid1.compartment.oc1..x")

    assert (missing.status, missing.json["code"]) == (400, "MissingParameter")
    assert (unknown.status, unknown.json["code"]) == (404, "NotAuthorizedOrNotFound")


def test_the_list_must_be_signed_for(emulator: Emulator) -> None:
    answer = ask(emulator, "GET", "/20231130/models?compartmentId=x", sign=False)
    assert answer.status == 401


def test_a_model_is_found_by_its_ocid(emulator: Emulator) -> None:
    found = ask(emulator, "GET", f"/20231130/models/{model_ocid(LLAMA)}")
    missing = ask(emulator, "GET", f"/20231130/models/{LLAMA}")

    assert found.json["displayName"] == LLAMA
    assert (missing.status, missing.json["code"]) == (404, "NotAuthorizedOrNotFound")
