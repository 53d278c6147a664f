"""The schema of RerankText, held against the ``oci`` SDK, and put to the test."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.emulator.schema.reading import SchemaRefused
from ocicat.emulator.schema.rerank import RerankTextDetails, check_rerank_text_details
from support.sdk_shapes import differences

WHOLE: dict[str, Any] = {
    "compartmentId": "c",
    "servingMode": {"servingType": "DEDICATED", "endpointId": "e"},
    "input": "q",
    "documents": ["a"],
}


def check(**more: Any) -> dict[str, Any]:
    return check_rerank_text_details(json.dumps({**WHOLE, **more}).encode())


def test_every_field_is_the_sdks() -> None:
    assert differences(RerankTextDetails) == []


def test_nulls_are_as_good_as_absent() -> None:
    assert check(topN=None) == WHOLE


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"query": "q"}, "query: unknown field"),
        ({"documents": []}, "documents: "),
        ({"documents": [{"text": "a"}]}, r"documents\[0\]: expected str"),
        ({"topN": 0}, "topN: "),
        ({"input": None}, "input: "),
    ],
)
def test_what_breaks_the_schema_is_refused(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(SchemaRefused, match=reason):
        check(**more)
