"""Finding out which model answers at an endpoint, fed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.call.lookup import find_facts
from ocicat.errors import APIConnectionError
from ocicat.routing.addresses import Address
from ocicat.vocabulary.flow import Response
from support.flows import Feed, Names, Stopped, feed, json_response

ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.abc"
MODEL = "ocid1.generativeaimodel.oc1.us-chicago-1.abc"
PLACE = Address("https", "generativeai.us-chicago-1.oci.oraclecloud.com", "")


def look_up(id: str, *answers: Response | Exception) -> Feed:
    flow = find_facts(id, PLACE, Names("me"), Stopped(), user_agent="test")
    return feed(flow, answers)


def test_an_endpoint_tells_its_model_and_the_model_its_format() -> None:
    fed = look_up(
        ENDPOINT,
        json_response({"id": ENDPOINT, "modelId": MODEL}),
        json_response({"displayName": "cohere.command-a-03-2025", "vendor": "cohere"}),
    )
    assert [request.target for request in fed.requests] == [
        f"/20231130/endpoints/{ENDPOINT}",
        f"/20231130/models/{MODEL}",
    ]
    assert all(request.headers["authorization"] for request in fed.requests)
    assert fed.result.api_format == "COHERE"


def test_the_ocid_of_a_model_is_looked_up_at_once() -> None:
    fed = look_up(MODEL, json_response({"displayName": "mine", "vendor": "meta"}))
    assert len(fed.requests) == 1
    assert fed.result.family == "llama"


@pytest.mark.parametrize(
    "answer",
    [
        json_response({"code": "404", "message": "no"}, 404),
        json_response({"code": "500", "message": "no"}, 500),
        json_response([]),
        json_response({}),
        Response(200, {}, b"<html>"),
        APIConnectionError("no route"),
    ],
)
def test_what_oci_will_not_say_is_not_known_and_no_error(answer: Any) -> None:
    assert look_up(ENDPOINT, answer).result is None
    assert look_up(ENDPOINT, answer).error is None
