"""Finding out which model answers at an endpoint, fed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.call.attempts import Ask
from ocicat.call.lookup import find_facts
from ocicat.errors import APIConnectionError, AuthenticationError, InternalServerError
from ocicat.vocabulary.flow import Response
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import ServingMode, Target
from support.flows import Feed, Names, Stopped, feed, json_response

ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.abc"
MODEL = "ocid1.generativeaimodel.oc1.us-chicago-1.abc"
HOST = "generativeai.us-chicago-1.oci.oraclecloud.com"


def look_up(id: str, *answers: Response | Exception, identities: Names | None = None) -> Feed:
    management = Ask(
        target=Target(
            model="models",
            facts=ModelFacts("models"),
            transport="native",
            dialect="",
            scheme="https",
            host=HOST,
            path="/prefix",
            serving=ServingMode("ON_DEMAND", "models"),
        ),
        compartment_id="c",
        identities=identities or Names("me"),
        ambient=Stopped(),
        user_agent="test",
    )
    return feed(find_facts(id, management), answers)


def test_an_endpoint_tells_its_model_and_the_model_its_format() -> None:
    fed = look_up(
        ENDPOINT,
        json_response({"id": ENDPOINT, "modelId": MODEL}),
        json_response({"displayName": "cohere.command-a-03-2025", "vendor": "cohere"}),
    )
    assert [(request.method, request.target) for request in fed.requests] == [
        ("GET", f"/prefix/20231130/endpoints/{ENDPOINT}"),
        ("GET", f"/prefix/20231130/models/{MODEL}"),
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
        json_response({"code": "NotAuthorized", "message": "no"}, 403),
        json_response([]),
        json_response({}),
        Response(200, {}, b"<html>"),
        APIConnectionError("no route"),
    ],
)
def test_what_oci_will_not_say_is_not_known_and_no_error(answer: Any) -> None:
    fed = look_up(ENDPOINT, answer, answer)
    assert fed.result is None
    assert fed.error is None


BUSY = json_response({"code": "503", "message": "busy"}, 503)


def test_a_failure_in_passing_is_repeated_once_and_then_no_answer_at_all() -> None:
    found = json_response({"displayName": "mine", "vendor": "meta"})
    assert look_up(MODEL, BUSY, found).result.family == "llama"
    assert isinstance(look_up(MODEL, BUSY, BUSY).error, InternalServerError)


def test_a_refused_identity_is_renewed_and_an_unknown_one_is_no_answer() -> None:
    no = json_response({"code": "NotAuthenticated", "message": "no"}, 401)
    found = json_response({"displayName": "mine", "vendor": "meta"})
    fed = look_up(MODEL, no, found, identities=Names("old", "new", renewable=True))
    assert fed.result.family == "llama"
    assert fed.requests[1].headers["authorization"].startswith("new")
    assert isinstance(look_up(MODEL, no).error, AuthenticationError)
