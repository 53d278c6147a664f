"""The schema of EmbedText, held against the ``oci`` SDK, and put to the test."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.emulator.schema.embeddings import EmbedTextDetails, check_embed_text_details
from ocicat.emulator.schema.reading import SchemaRefused
from support.sdk_shapes import differences, structs

WHOLE: dict[str, Any] = {
    "compartmentId": "c",
    "servingMode": {"servingType": "ON_DEMAND", "modelId": "cohere.embed-v4.0"},
    "inputs": ["a"],
}


def check(**more: Any) -> dict[str, Any]:
    return check_embed_text_details(json.dumps({**WHOLE, **more}).encode())


def test_every_field_is_the_sdks() -> None:
    assert differences(EmbedTextDetails) == []
    assert structs(EmbedTextDetails).keys() == {
        "EmbedTextDetails",
        "EmbedTextContent",
        "EmbedImageContent",
        "ImageUrl",
        "OnDemandServingMode",
        "DedicatedServingMode",
    }


def test_nulls_are_as_good_as_absent() -> None:
    assert check(embedContents=None, truncate=None) == WHOLE


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"texts": ["a"]}, "texts: unknown field"),
        ({"inputs": None}, "either inputs or embedContents"),
        ({"embedContents": [{"type": "TEXT", "text": "a"}]}, "and not both"),
        ({"inputs": []}, "inputs: "),
        ({"inputs": ["a"] * 97}, "inputs: "),
        ({"inputs": [1]}, r"inputs\[0\]: expected str"),
        ({"embeddingTypes": ["FLOAT"]}, "embeddingTypes"),
        ({"inputType": "search_query"}, "inputType"),
        ({"truncate": "LEFT"}, "truncate"),
        ({"outputDimensions": "256"}, "outputDimensions"),
        ({"servingMode": None}, "servingMode"),
    ],
)
def test_what_breaks_the_schema_is_refused(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(SchemaRefused, match=reason) as refused:
        check(**more)
    assert refused.value.body == {
        "code": "400",
        "message": "Please pass in correct format of request.",
    }
