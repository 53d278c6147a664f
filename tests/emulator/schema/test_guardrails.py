"""The schema of ApplyGuardrails, held against the ``oci`` SDK, and put to the test."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.emulator.schema.guardrails import (
    ApplyGuardrailsDetails,
    check_apply_guardrails_details,
)
from ocicat.emulator.schema.reading import SchemaRefused
from support.sdk_shapes import differences, structs

WHOLE: dict[str, Any] = {
    "compartmentId": "c",
    "guardrailConfigs": {"promptInjectionConfig": {}},
    "input": {"type": "TEXT", "content": "a"},
}


def check(**more: Any) -> dict[str, Any]:
    return check_apply_guardrails_details(json.dumps({**WHOLE, **more}).encode())


def test_every_field_is_the_sdks() -> None:
    assert differences(ApplyGuardrailsDetails) == []
    assert len(structs(ApplyGuardrailsDetails)) == 9


def test_an_empty_configuration_is_one() -> None:
    assert check() == WHOLE


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"input": None}, "either input or multimodalInput"),
        ({"input": {"type": "AUDIO"}}, "input.type"),
        ({"input": {"type": "TEXT", "text": "a"}}, "input.text: unknown field"),
        ({"multimodalInput": []}, "multimodalInput: "),
        ({"guardrailConfigs": {"contentModerationConfig": {}}}, "categories: required"),
        ({"guardrailConfigs": {"promptInjectionConfig": {"a": 1}}}, "a: unknown field"),
        ({"guardrailVersionConfig": {}}, "guardrailVersion: required"),
    ],
)
def test_what_breaks_the_schema_is_refused(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(SchemaRefused, match=reason):
        check(**more)
