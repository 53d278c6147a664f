"""Model discovery."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from ocicat.emulator import Emulator
from ocicat.routing import catalog
from support.emulator_client import Answer, ask

GROK = "xai.grok-4.3"


def discovered(emulator: Emulator, *more: tuple[str, str], **query: str) -> Answer:
    pairs = [("compartmentId", emulator.compartment_id), *query.items(), *more]
    return ask(emulator, "GET", f"/20231130/modelDiscovery?{urlencode(pairs)}")


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.reason
    return [item["modelId"] for item in answer.json["items"]]


def test_every_model_that_is_served_somewhere_is_found(emulator: Emulator) -> None:
    served = [facts.id for facts in catalog.models() if facts.regions or facts.dedicated_regions]
    assert ids(discovered(emulator)) == served


def test_an_item_says_what_the_catalogue_knows(emulator: Emulator) -> None:
    (item,) = discovered(emulator, modelId=GROK).json["items"]

    assert item["vendor"] == "xai"
    assert item["capabilities"] == ["CHAT"]
    assert {"OPENAI_V1_CHAT_COMPLETIONS", "OPENAI_V1_RESPONSES"} <= set(item["apiCapability"])
    assert item["modalitySupport"] == [
        {"input": "TEXT", "output": "TEXT"},
        {"input": "IMAGE", "output": "TEXT"},
    ]
    assert item["modelAccess"] == "PROXY"
    assert [place["region"] for place in item["availability"]] == list(catalog.facts(GROK).regions)
    assert item["availability"][0]["servingModes"] == ["ON_DEMAND"]


def test_a_region_chooses_models_and_places(emulator: Emulator) -> None:
    answer = discovered(emulator, region="eu-frankfurt-1")
    places = {place["region"] for item in answer.json["items"] for place in item["availability"]}

    assert places == {"eu-frankfurt-1"}
    assert GROK not in ids(answer)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"servingMode": "DEDICATED"}, lambda facts: facts.dedicated_regions),
        ({"apiCapability": "OPENAI_V1_RESPONSES"}, lambda facts: "responses" in facts.transports),
        ({"capability": "TEXT_RERANK"}, lambda facts: "TEXT_RERANK" in facts.capabilities),
        ({"modelAccess": "PROXY"}, lambda facts: facts.vendor in ("xai", "google")),
        ({"isDeprecated": "true"}, lambda facts: facts.deprecated),
        ({"isDeprecated": "false"}, lambda facts: not facts.deprecated),
        ({"isOnDemandRetired": "true"}, lambda facts: facts.retired_on_demand),
        ({"realm": "oc9"}, lambda facts: False),
    ],
)
def test_filters_choose_models(emulator: Emulator, query: dict[str, str], fits: Any) -> None:
    expected = [
        facts.id
        for facts in catalog.models()
        if (facts.regions or facts.dedicated_regions) and fits(facts)
    ]
    assert ids(discovered(emulator, **query)) == expected


def test_values_may_be_asked_for_together_and_come_in_pages(emulator: Emulator) -> None:
    both = discovered(emulator, ("capability", "TEXT_RERANK"), ("capability", "TEXT_EMBEDDINGS"))
    first = discovered(emulator, limit="1")

    assert len(ids(both)) > 1
    assert len(ids(first)) == 1
    assert ids(discovered(emulator, limit="1", page=first.headers["opc-next-page"])) != ids(first)


@pytest.mark.parametrize("query", [{"modelAccess": "X"}, {"isDeprecated": "yes"}, {"vendor": "x"}])
def test_wrong_parameters_are_refused(emulator: Emulator, query: dict[str, str]) -> None:
    answer = discovered(emulator, **query)
    assert (answer.status, answer.json["code"]) == (400, "InvalidParameter")
