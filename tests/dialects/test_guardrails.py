"""ApplyGuardrails both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.dialects import guardrails
from ocicat.dialects.dialect import Origin
from ocicat.emulator.schema.guardrails import check_apply_guardrails_details
from ocicat.errors import InvalidParameter, MalformedReply, UnsupportedFeature
from support.sdk_models import check_details, check_result

ORIGIN = Origin("guardrails", "A/B/C", 0)
PNG = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "image_url", "image_url": {"url": PNG}}


def encoded(**request: Any) -> dict[str, Any]:
    """The wire body, which the emulator's schema and the SDK's class have both accepted."""
    body = guardrails.encode_request({"input": "a", **request}, "c")  # type: ignore[typeddict-item]
    check_apply_guardrails_details(json.dumps(body).encode())
    check_details(body, "ApplyGuardrailsDetails")
    assert body.pop("compartmentId") == "c"
    return body


@pytest.mark.parametrize(
    ("request_", "configs"),
    [
        (
            {"content_moderation": True},
            {"contentModerationConfig": {"categories": ["OVERALL", "BLOCKLIST"]}},
        ),
        (
            {"content_moderation": ["overall"], "pii": False},
            {"contentModerationConfig": {"categories": ["OVERALL"]}},
        ),
        (
            {"pii": True},
            {
                "personallyIdentifiableInformationConfig": {
                    "types": ["PERSON", "ADDRESS", "EMAIL", "TELEPHONE_NUMBER"]
                }
            },
        ),
        (
            {"pii": ["email", "PASSPORT"], "prompt_injection": True},
            {
                "personallyIdentifiableInformationConfig": {"types": ["EMAIL", "PASSPORT"]},
                "promptInjectionConfig": {},
            },
        ),
    ],
)
def test_each_check_is_asked_for_in_ocis_words(
    request_: dict[str, Any], configs: dict[str, Any]
) -> None:
    assert encoded(**request_) == {
        "guardrailConfigs": configs,
        "input": {"type": "TEXT", "content": "a"},
    }


@pytest.mark.parametrize(
    ("request_", "content"),
    [
        (
            {"input": "a", "language": "en"},
            {"input": {"type": "TEXT", "content": "a", "languageCode": "en"}},
        ),
        ({"input": ["a"]}, {"multimodalInput": [{"type": "TEXT", "content": "a"}]}),
        ({"input": PNG}, {"multimodalInput": [{"type": "IMAGE", "imageUrl": {"url": PNG}}]}),
        (
            {"input": ["a", IMAGE], "language": "en"},
            {
                "multimodalInput": [
                    {"type": "TEXT", "content": "a", "languageCode": "en"},
                    {"type": "IMAGE", "imageUrl": {"url": PNG}},
                ]
            },
        ),
        (
            {"input": "a", "guardrail_version": "1.0"},
            {
                "input": {"type": "TEXT", "content": "a"},
                "guardrailVersionConfig": {"guardrailVersion": "1.0"},
            },
        ),
    ],
)
def test_texts_and_images_find_their_places(
    request_: dict[str, Any], content: dict[str, Any]
) -> None:
    body = encoded(prompt_injection=True, **request_)
    assert body.pop("guardrailConfigs") == {"promptInjectionConfig": {}}
    assert body == content


@pytest.mark.parametrize(
    "request_",
    [
        {"input": "a", "pii": ["EMAIL"], "language": "en"},
        {"input": ["a", IMAGE], "content_moderation": ["OVERALL"], "guardrail_version": "1.0.0"},
        {"input": "a", "prompt_injection": True},
    ],
)
def test_a_request_is_read_as_it_was_meant(request_: Any) -> None:
    assert guardrails.decode_request(guardrails.encode_request(request_, "c")) == request_


def test_the_single_input_goes_before_the_list() -> None:
    body = {
        "guardrailConfigs": {},
        "input": {"type": "TEXT", "content": "a"},
        "multimodalInput": [{"type": "TEXT", "content": "b"}],
    }
    assert guardrails.decode_request(body) == {"input": "a"}


@pytest.mark.parametrize(
    ("request_", "kind", "parameter", "words"),
    [
        ({}, InvalidParameter, "content_moderation", "No check"),
        ({"pii": False, "prompt_injection": False}, InvalidParameter, "", "No check"),
        ({"pii": []}, InvalidParameter, "", "No check"),
        ({"pii": 3}, InvalidParameter, "pii", "EMAIL"),
        ({"prompt_injection": "yes"}, InvalidParameter, "prompt_injection", "true or false"),
        ({"pii": True, "guardrail_version": 1.0}, InvalidParameter, "guardrail_version", "a text"),
        ({"pii": True, "language": 1}, InvalidParameter, "language", "a text"),
        ({"pii": True, "input": []}, InvalidParameter, "input", "not empty"),
        ({"pii": True, "input": [[1]]}, UnsupportedFeature, "input[0]", "tokens"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    request_: dict[str, Any], kind: Any, parameter: str, words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        encoded(**request_)
    assert caught.value.parameter.startswith(parameter)


FOUND: dict[str, Any] = {
    "results": {
        "contentModeration": {
            "categories": [{"name": "OVERALL", "score": 0.0, "flaggedModalities": []}]
        },
        "personallyIdentifiableInformation": [
            {"text": "a@b.org", "label": "EMAIL", "offset": 3, "length": 7, "score": 0.97}
        ],
        "promptInjection": {"score": 0.0, "flaggedModalities": None},
    },
    "guardrailVersion": {"version": "1.0.1"},
}


def test_scores_are_kept_in_full() -> None:
    check_result(FOUND, "ApplyGuardrailsResult")
    assert guardrails.decode_reply(FOUND, ORIGIN) == {
        "flagged": True,
        "results": {
            "content_moderation": {
                "categories": [{"name": "OVERALL", "score": 0.0, "flagged_modalities": []}]
            },
            "personally_identifiable_information": [
                {"text": "a@b.org", "label": "EMAIL", "offset": 3, "length": 7, "score": 0.97}
            ],
            "prompt_injection": {"score": 0.0},
        },
        "guardrail_version": "1.0.1",
        "opc_request_id": "A/B/C",
    }


@pytest.mark.parametrize(
    ("results", "flagged"),
    [
        ({}, False),
        ({"personallyIdentifiableInformation": []}, False),
        ({"contentModeration": {"categories": [{"name": "OVERALL", "score": 1.0}]}}, True),
        ({"contentModeration": {"categories": [{"name": "OVERALL", "score": 0.0}]}}, False),
        ({"promptInjection": {"score": 1.0}}, True),
        ({"promptInjection": {"score": 0.0}}, False),
        ({"contentModeration": None, "promptInjection": None}, False),
    ],
)
def test_anything_found_is_flagged(results: dict[str, Any], flagged: bool) -> None:
    reply = guardrails.decode_reply({"results": results, "guardrailVersion": "1.0.0"}, ORIGIN)
    assert reply["flagged"] is flagged
    assert reply["guardrail_version"] == "1.0.0"


def test_a_reply_survives_the_way_there_and_back() -> None:
    reply = guardrails.decode_reply(FOUND, ORIGIN)
    wire = guardrails.encode_reply(reply)
    check_result(wire, "ApplyGuardrailsResult")
    assert guardrails.decode_reply(wire, ORIGIN) == reply


def test_an_answer_without_results_is_an_error() -> None:
    with pytest.raises(MalformedReply, match="results"):
        guardrails.decode_reply({}, ORIGIN)
