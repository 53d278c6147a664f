"""What is refused before an answer: schema, compartment, model, format, features."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.tenancy import model_ocid
from support.emulator_client import (
    COHERE,
    LLAMA,
    Answer,
    ask,
    chat_body,
    cohere_body,
    openai_body,
    openai_headers,
)

CHAT = "/20231130/actions/chat"
COMPLETIONS = "/openai/v1/chat/completions"
FORMAT = {"code": "400", "message": "Please pass in correct format of request."}
NOT_FOUND = {"code": "404", "message": "Authorization failed or requested resource not found."}


def native(emulator: Emulator, body: Any) -> Answer:
    return ask(emulator, "POST", CHAT, body)


def completions(emulator: Emulator, body: Any, path: str = COMPLETIONS) -> Answer:
    return ask(emulator, "POST", path, body, openai_headers(emulator))


def test_an_unknown_field_is_refused_and_named_in_the_reason(emulator: Emulator) -> None:
    answer = native(emulator, chat_body(emulator, maxtokens=5))

    assert answer.status == 400
    assert answer.json == FORMAT
    assert "maxtokens" in answer.reason
    assert emulator.ledger.last.refusal == answer.reason
    assert emulator.ledger.last.verified


def test_an_invalid_cohere_request_is_refused(emulator: Emulator) -> None:
    answer = native(emulator, cohere_body(emulator, temperature=1.5))

    assert (answer.status, answer.json) == (400, FORMAT)
    assert "temperature" in answer.reason


def cohere_v2_body(emulator: Emulator, **chat: Any) -> dict[str, Any]:
    body = cohere_body(emulator)
    content = [{"type": "TEXT", "text": "What is OCI?"}]
    messages = [{"role": "USER", "content": content}]
    body["chatRequest"] = {"apiFormat": "COHEREV2", "messages": messages, **chat}
    return body


def test_coherev2_is_answered(emulator: Emulator) -> None:
    emulator.when("OCI").answer("A cloud.")
    valid = native(emulator, cohere_v2_body(emulator))
    invalid = native(emulator, cohere_v2_body(emulator, toolChoice="NONE"))

    assert valid.json["chatResponse"]["message"] == {
        "role": "ASSISTANT",
        "content": [{"type": "TEXT", "text": "A cloud."}],
    }
    assert valid.json["chatResponse"]["finishReason"] == "COMPLETE"
    assert (invalid.status, invalid.json) == (400, FORMAT)


def test_cohere_s_newer_models_do_not_take_the_older_format(emulator: Emulator) -> None:
    body = cohere_body(emulator)
    body["servingMode"] = {"servingType": "DEDICATED", "endpointId": emulator.endpoints["COHEREV2"]}
    answer = native(emulator, body)

    assert (answer.status, answer.json) == (400, FORMAT)
    assert "asked in COHEREV2" in answer.reason


def test_a_content_type_other_than_json_is_refused(emulator: Emulator) -> None:
    body = json.dumps(chat_body(emulator)).encode()
    answer = ask(emulator, "POST", CHAT, body, {"content-type": "text/plain"})

    assert (answer.status, answer.json) == (400, FORMAT)
    assert "text/plain" in answer.reason


def test_an_unknown_compartment_looks_like_a_missing_permission(emulator: Emulator) -> None:
    body = chat_body(emulator)
    body["compartmentId"] = "ocid1.compartment.oc1..unknown"
    refused = native(emulator, body)
    emulator.add_compartment("ocid1.compartment.oc1..unknown")
    accepted = native(emulator, body)

    assert (refused.status, refused.json) == (404, NOT_FOUND)
    assert "ocid1.compartment.oc1..unknown" in refused.reason
    assert accepted.status == 200


def test_the_tenancy_is_a_compartment_too(emulator: Emulator) -> None:
    body = chat_body(emulator)
    body["compartmentId"] = emulator.home.tenancy_id
    assert native(emulator, body).status == 200


def test_an_unknown_model_is_not_found(emulator: Emulator) -> None:
    refused = native(emulator, chat_body(emulator, model="xai.grok-99"))
    emulator.add_model("xai.grok-99")
    accepted = native(emulator, chat_body(emulator, model="xai.grok-99"))

    assert refused.status == 404
    assert refused.json == {"code": "404", "message": "Entity with key xai.grok-99 not found"}
    assert accepted.status == 200
    assert accepted.json["modelId"] == "xai.grok-99"


def test_a_retired_model_is_not_found_on_demand(emulator: Emulator) -> None:
    answer = native(emulator, cohere_body(emulator, model="cohere.embed-english-v3.0"))

    assert answer.status == 404
    assert "not served on demand since" in answer.reason


def test_a_model_is_known_by_its_ocid(emulator: Emulator) -> None:
    answer = native(emulator, chat_body(emulator, model=model_ocid(LLAMA)))

    assert answer.status == 200
    assert answer.json["modelId"] == model_ocid(LLAMA)


def test_a_model_that_does_not_chat_is_refused(emulator: Emulator) -> None:
    answer = native(emulator, cohere_body(emulator, model="cohere.embed-v4.0"))

    assert (answer.status, answer.json) == (400, FORMAT)
    assert "is asked for CHAT" in answer.reason


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE"])
def test_the_wrong_format_for_the_family_is_refused(emulator: Emulator, api_format: str) -> None:
    body = (
        chat_body(emulator, model=COHERE)
        if api_format == "GENERIC"
        else cohere_body(emulator, model=LLAMA)
    )
    answer = native(emulator, body)

    assert (answer.status, answer.json) == (400, FORMAT)
    assert f"apiFormat is {api_format}" in answer.reason


def test_dedicated_endpoints_answer_under_their_own_name(emulator: Emulator) -> None:
    for api_format, make in (("GENERIC", chat_body), ("COHERE", cohere_body)):
        ocid = emulator.endpoints[api_format]  # type: ignore[index]
        body = make(emulator)
        body["servingMode"] = {"servingType": "DEDICATED", "endpointId": ocid}
        answer = native(emulator, body)

        assert answer.status == 200
        assert answer.json["modelId"] == ocid
        assert answer.json["chatResponse"]["apiFormat"] == api_format


def test_an_unknown_endpoint_is_not_found_until_it_is_added(emulator: Emulator) -> None:
    ocid = "ocid1.generativeaiendpoint.oc1.us-chicago-1.mine"
    body = cohere_body(emulator)
    body["servingMode"] = {"servingType": "DEDICATED", "endpointId": ocid}
    refused = native(emulator, body)
    emulator.add_model("my.fine-tuned", api_format="COHERE")
    emulator.add_endpoint(ocid, "my.fine-tuned")

    assert refused.status == 404
    assert refused.json["message"] == f"Entity with key {ocid} not found"
    assert native(emulator, body).status == 200


def test_what_no_answer_can_be_made_of_is_a_400_that_says_so(emulator: Emulator) -> None:
    result = {"role": "TOOL", "toolCallId": "x", "content": [{"type": "TEXT", "text": "1"}]}
    body = chat_body(emulator)
    body["chatRequest"]["messages"].append(result)
    answer = native(emulator, body)

    assert answer.status == 400
    assert answer.json["code"] == "400"
    assert "The ocicat emulator cannot answer this" in answer.json["message"]
    assert "messages[1]" in answer.reason


@pytest.mark.parametrize("path", [COMPLETIONS, "/20231130/actions/v1/chat/completions"])
def test_both_openai_paths_answer(emulator: Emulator, path: str) -> None:
    answer = completions(emulator, openai_body(), path)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["object"] == "chat.completion"
    assert answer.json["choices"][0]["finish_reason"] == "stop"
    assert "What is OCI?" in answer.json["choices"][0]["message"]["content"]
    assert "opc_request_id" not in answer.json


@pytest.mark.parametrize("name", ["opc-compartment-id", "CompartmentId"])
def test_either_compartment_header_will_do(emulator: Emulator, name: str) -> None:
    answer = ask(emulator, "POST", COMPLETIONS, openai_body(), {name: emulator.compartment_id})
    assert answer.status == 200


@pytest.mark.parametrize("headers", [{}, {"opc-compartment-id": "ocid1.compartment.oc1..no"}])
def test_without_a_known_compartment_header_openai_calls_are_refused(
    emulator: Emulator, headers: dict[str, str]
) -> None:
    answer = ask(emulator, "POST", COMPLETIONS, openai_body(), headers)
    assert (answer.status, answer.json) == (404, NOT_FOUND)


def test_invalid_openai_requests_are_refused_in_openais_shape(emulator: Emulator) -> None:
    answer = completions(emulator, openai_body(temperature=3))

    assert answer.status == 400
    assert answer.json["error"]["param"] == "temperature"
    assert "temperature" in answer.reason


def test_a_content_type_other_than_json_is_refused_in_openais_shape(emulator: Emulator) -> None:
    headers = {"content-type": "text/plain", **openai_headers(emulator)}
    answer = ask(emulator, "POST", COMPLETIONS, json.dumps(openai_body()).encode(), headers)

    assert answer.status == 400
    assert answer.json["error"]["code"] == "invalid_content_type"


def test_cohere_is_not_served_by_the_openai_surface(emulator: Emulator) -> None:
    answer = completions(emulator, openai_body(model=COHERE))

    assert answer.status == 400
    assert answer.json["error"]["code"] == "unsupported_model"


def test_an_unknown_model_on_the_openai_surface_is_not_found(emulator: Emulator) -> None:
    answer = completions(emulator, openai_body(model="nobody.knows"))

    assert answer.status == 404
    assert answer.json == {"code": "404", "message": "Entity with key nobody.knows not found"}


def test_a_dedicated_endpoint_is_a_model_on_the_openai_surface(emulator: Emulator) -> None:
    ocid = emulator.endpoints["GENERIC"]
    answer = completions(emulator, openai_body(model=ocid))

    assert answer.status == 200
    assert answer.json["model"] == ocid


def test_a_model_that_only_has_responses_is_refused_on_both_surfaces(emulator: Emulator) -> None:
    model = "xai.grok-4.20-multi-agent"

    assert native(emulator, chat_body(emulator, model=model)).status == 400
    assert completions(emulator, openai_body(model=model)).status == 400
