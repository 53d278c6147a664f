"""The management API's view of dedicated endpoints."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.tenancy import ENDPOINTS, model_ocid
from support.emulator_client import Answer, ask


def listed(emulator: Emulator, **query: str) -> Answer:
    pairs = {"compartmentId": emulator.compartment_id, **query}
    return ask(emulator, "GET", f"/20231130/endpoints?{urlencode(pairs)}")


def test_every_endpoint_is_listed_with_its_model(emulator: Emulator) -> None:
    items = listed(emulator).json["items"]

    assert {item["id"]: item["modelId"] for item in items} == {
        ocid: model_ocid(model) for ocid, model in ENDPOINTS.values()
    }
    assert {item["lifecycleState"] for item in items} == {"ACTIVE"}


@pytest.mark.parametrize("kind", ["GENERIC", "COHERE", "COHEREV2", "IMPORTED"])
def test_an_endpoint_leads_to_its_model(emulator: Emulator, kind: str) -> None:
    endpoint = ask(emulator, "GET", f"/20231130/endpoints/{emulator.endpoints[kind]}").json
    model = ask(emulator, "GET", f"/20231130/models/{endpoint['modelId']}").json

    assert model["displayName"] == ENDPOINTS[kind][1]
    assert endpoint["compartmentId"] == emulator.compartment_id


def test_an_added_endpoint_is_there_too(emulator: Emulator) -> None:
    emulator.add_endpoint("ocid1.generativeaiendpoint.oc1..mine", "meta.llama-3.3-70b-instruct")
    found = listed(emulator, id="ocid1.generativeaiendpoint.oc1..mine").json["items"]
    assert [item["id"] for item in found] == ["ocid1.generativeaiendpoint.oc1..mine"]


def test_an_unknown_endpoint_is_not_found(emulator: Emulator) -> None:
    answer = ask(emulator, "GET", "/20231130/endpoints/ocid1.generativeaiendpoint.oc1..x")
    assert (answer.status, answer.json["code"]) == (404, "NotAuthorizedOrNotFound")


def test_endpoints_are_filtered_sorted_and_come_in_pages(emulator: Emulator) -> None:
    names = [item["displayName"] for item in listed(emulator).json["items"]]
    ordered = listed(emulator, sortBy="displayName", sortOrder="DESC").json["items"]
    first = listed(emulator, limit="3")
    rest = listed(emulator, limit="3", page=first.headers["opc-next-page"])

    assert [item["displayName"] for item in ordered] == sorted(names, reverse=True)
    assert len(listed(emulator, displayName=names[0]).json["items"]) == 1
    assert listed(emulator, lifecycleState="FAILED").json["items"] == []
    assert len(first.json["items"] + rest.json["items"]) == len(names)


def test_the_tenancy_itself_has_no_endpoints(emulator: Emulator) -> None:
    assert listed(emulator, compartmentId=emulator.home.tenancy_id).json["items"] == []


def test_wrong_parameters_are_refused(emulator: Emulator) -> None:
    assert listed(emulator, sortBy="id").status == 400
    assert listed(emulator, vendor="meta").status == 400
